package followup

import (
	"bytes"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Plan lays the clinic's rules over appointments as they are now: what was planned of them before is
// forgotten, reminders are planned of those still ahead, and what is written after a visit of the others.
func Plan(tx *store.Tx, appointments ...id.ID) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	rules, err := Rules(&tx.View)
	if err != nil {
		return err
	}
	round := messaging.NewRound(&tx.View)
	for _, one := range appointments {
		stood, err := standing(&tx.View, sqlDueAbout+store.In(2, 1), one)
		if err != nil {
			return err
		}
		if err := Cancel(tx, one); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlAfterForget, one); err != nil {
			return err
		}
		f, err := scheduling.FactsOf(&tx.View, one)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := messaging.CancelFallen(tx, f.Appointment); err != nil {
			return err
		}
		if !f.Status.Ahead() {
			if err := planAfter(tx, rules, f, c.Location()); err != nil {
				return err
			}
			continue
		}
		if f.StartsAt > tx.Now() { // whoever comes again needs not be asked to
			if err := messaging.CancelTo(tx, f.Patient, messaging.ReasonChanged, messaging.Missed, messaging.Recall); err != nil {
				return err
			}
		}
		if f.Door == scheduling.DoorList { // it came without reminders, and stays without
			continue
		}
		told, err := messaging.LastTold(&tx.View, one)
		if err != nil {
			return err
		}
		known := clock.Instant(0)
		if told.StartsAt == f.StartsAt {
			known = told.At
		}
		zones, err := round.Where(f.Patient, f.StartsAt)
		if err != nil {
			return err
		}
		for _, d := range moments(rules, f.StartsAt, known, tx.Now(), stood[visit{one, f.Occurrence}], zones, messaging.Night()) {
			if err := add(tx, d, one, f.Occurrence); err != nil {
				return err
			}
		}
	}
	return nil
}

func add(tx *store.Tx, d due, appointment id.ID, occurrence int64) error {
	_, err := tx.Exec(sqlDueAdd, d.at, appointment, occurrence, d.rule.ID)
	tx.DueBy(d.at)
	return err
}

// Cancel forgets what was planned for the appointment.
func Cancel(tx *store.Tx, appointment id.ID) error {
	_, err := tx.Exec(sqlDueForget, appointment)
	return err
}

// Due hands what has fallen due to messaging, at most limit rows, reminders first, and answers how many
// rows it cleared. Of several reminders of one appointment that fell due together (the program had
// stood still) only the last goes out, and one that was held up for more than half its span not at all.
func Due(tx *store.Tx, limit int) (int, error) {
	n, err := dueReminders(tx, limit)
	if err != nil || n == limit {
		return n, err
	}
	more, err := dueAfter(tx, limit-n)
	return n + more, err
}

func dueReminders(tx *store.Tx, limit int) (int, error) {
	rows, err := fallenDue(&tx.View, sqlDueList, limit)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	list, err := Rules(&tx.View)
	if err != nil {
		return 0, err
	}
	rules := map[id.ID]Rule{}
	for _, r := range list {
		rules[r.ID] = r
	}
	about := make([]id.ID, len(rows))
	for i, f := range rows {
		about[i] = f.appointment
	}
	last, err := lastDue(&tx.View, rules, about)
	if err != nil {
		return 0, err
	}
	round := messaging.NewRound(&tx.View)
	if err := round.About(about...); err != nil {
		return 0, err
	}
	for _, f := range rows {
		n, err := tx.Exec(sqlDueTake, f.at, f.appointment, f.occurrence, f.rule)
		if err != nil {
			return 0, err
		}
		r, known := rules[f.rule]
		if n == 0 || !known || !r.Active || last[f.reminds(r)] != f {
			continue
		}
		if err := remind(tx, round, f, r); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// reminded is what one reminder is enough for.
type reminded struct {
	appointment id.ID
	occurrence  int64
	channel     messaging.Channel
}

func (f fallen) reminds(r Rule) reminded { return reminded{f.appointment, f.occurrence, r.Channel} }

// lastDue is the last row of each that has fallen due, whether it is among those that are taken now or comes after them: they may
// be taken one by one, and others lie between them.
func lastDue(v *store.View, rules map[id.ID]Rule, appointments []id.ID) (map[reminded]fallen, error) {
	out := map[reminded]fallen{}
	err := store.Each(appointments, func(args []any, width int) error {
		rows, err := v.Query(sqlDueAbout+store.In(2, width), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var f fallen
			if err := rows.Scan(&f.at, &f.appointment, &f.occurrence, &f.rule); err != nil {
				return err
			}
			r := rules[f.rule]
			if f.at > v.Now() || !r.Active {
				continue
			}
			if was := out[f.reminds(r)]; f.at > was.at || f.at == was.at && bytes.Compare(f.rule[:], was.rule[:]) > 0 {
				out[f.reminds(r)] = f
			}
		}
		return rows.Err()
	})
	return out, err
}

// Postpone has the first row that has fallen due wait: it failed, and must not hold up the others.
func Postpone(tx *store.Tx, wait time.Duration) error {
	rows, err := fallenDue(&tx.View, sqlDueList, 1)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return postponeAfter(tx, wait)
	}
	f := rows[0]
	if n, err := tx.Exec(sqlDueTake, f.at, f.appointment, f.occurrence, f.rule); err != nil || n == 0 {
		return err
	}
	return add(tx, due{tx.Now().Add(wait), Rule{ID: f.rule}}, f.appointment, f.occurrence)
}

// remind asks for one reminder, if the appointment is still the one that it was planned for.
func remind(tx *store.Tx, round *messaging.Round, f fallen, r Rule) error {
	facts, there, err := round.Visit(f.appointment)
	if err != nil || !there {
		return err
	}
	if facts.Occurrence != f.occurrence || !facts.Status.Ahead() || facts.StartsAt <= tx.Now() || r.stale(facts.StartsAt, tx.Now()) {
		return nil
	}
	verdict := messaging.VerdictDay
	if f.at < facts.StartsAt-clock.Instant(r.Minutes)*60_000_000 {
		verdict = messaging.VerdictEarlier
	}
	channel, err := round.Best(facts.Patient, r.Channel, messaging.Reminder)
	if err != nil {
		return err
	}
	_, err = round.Send(tx, messaging.Letter{Patient: facts.Patient, Appointment: facts.ID, Occurrence: facts.Occurrence, Rule: r.ID, Kind: messaging.Reminder,
		Channel: channel, StartsAt: facts.StartsAt, Provider: facts.Provider, Quiet: verdict})
	return err
}

// Upcoming lists when the rules will remind of one appointment, the earliest first.
func Upcoming(v *store.View, appointment id.ID) ([]clock.Instant, error) {
	rows, err := v.Query(sqlDueOf, appointment)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []clock.Instant
	for rows.Next() {
		var at clock.Instant
		var rule id.ID
		if err := rows.Scan(&at, &rule); err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	return out, rows.Err()
}
