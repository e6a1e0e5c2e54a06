package followup

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// When the rules that write after a visit fall due, and what keeps each from writing. A due row holds ids and a moment; whether
// the visit is still what the rule speaks of is asked when the row falls due, and by messaging once more when the message leaves.

const (
	sqlAfterPlan     = `INSERT INTO followup_due (clinic_id, appointment_id, occurrence, rule_id, due_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	sqlAfterForget   = `DELETE FROM followup_due WHERE clinic_id = $1 AND appointment_id = $2`
	sqlAfterUnlay    = `DELETE FROM followup_due WHERE clinic_id = $1 AND rule_id = $2`
	sqlAfterList     = `SELECT due_at, appointment_id, occurrence, rule_id FROM followup_due WHERE clinic_id = $1 AND due_at <= $2 ORDER BY due_at, appointment_id, occurrence, rule_id LIMIT $3`
	sqlAfterTake     = `DELETE FROM followup_due WHERE clinic_id = $1 AND appointment_id = $2 AND occurrence = $3 AND rule_id = $4 AND due_at = $5`
	sqlAfterPostpone = `UPDATE followup_due SET due_at = $5 WHERE clinic_id = $1 AND appointment_id = $2 AND occurrence = $3 AND rule_id = $4`
	sqlAfterNext     = `SELECT COALESCE(MIN(due_at), 0) FROM followup_due WHERE clinic_id = $1`

	// Appointments are scheduling's table. They are read here, never written: a rule is laid over all visits of a day in one
	// statement, because their moment is the same.
	sqlAfterLayCame = `INSERT INTO followup_due (clinic_id, appointment_id, occurrence, rule_id, due_at) SELECT clinic_id, id, occurrence, $2, $3
	FROM appointment WHERE clinic_id = $1 AND day = $4 AND ends_at < $3 AND status IN ('arrived', 'in-progress', 'completed') AND service_id = COALESCE($5, service_id) AND (door <> 'list' OR created_at < starts_at) ON CONFLICT DO NOTHING`
	sqlAfterLayMissed = `INSERT INTO followup_due (clinic_id, appointment_id, occurrence, rule_id, due_at) SELECT clinic_id, id, occurrence, $2, $3
	FROM appointment WHERE clinic_id = $1 AND day = $4 AND ends_at < $3 AND status = 'no-show' AND service_id = COALESCE($5, service_id) AND (door <> 'list' OR created_at < starts_at) ON CONFLICT DO NOTHING`
)

// fits says whether the rule speaks of such a visit: of the kind, and of the service where it names one. Of one that lay behind when a list brought it in
// nobody writes (promise list-appointments).
func (r Rule) fits(a scheduling.Appointment) bool {
	if a.Door == scheduling.DoorList && a.CreatedAt >= a.StartsAt {
		return false
	}
	if !r.Service.IsZero() && r.Service != a.Service {
		return false
	}
	if r.Kind == messaging.Missed {
		return a.Status == scheduling.NoShow
	}
	return a.Status.Came()
}

// moment is when the rule writes about a visit. A visit that was marked when its moment had passed is made up for at the
// rule's hour of the next days, and after that not at all: it would come out of the blue.
func (r Rule) moment(a scheduling.Appointment, now clock.Instant, zone *time.Location) (clock.Instant, bool) {
	for late := range tardy + 1 {
		if at := dayAt(a.Day.AddDays(r.Days+late), r.At, zone); at >= now && at > a.EndsAt {
			return at, true
		}
	}
	return 0, false
}

// planAfter lays the rules over a visit that is over, or was missed.
func planAfter(tx *store.Tx, rules []Rule, f scheduling.Facts, zone *time.Location) error {
	for _, r := range rules {
		if !r.After() || !r.Active || !r.fits(f.Appointment) {
			continue
		}
		at, ok := r.moment(f.Appointment, tx.Now(), zone)
		if !ok {
			continue
		}
		if _, err := tx.Exec(sqlAfterPlan, f.ID, f.Occurrence, r.ID, at); err != nil {
			return err
		}
		tx.DueBy(at)
	}
	return nil
}

// relay lays a rule that has changed anew over the visits whose moment is still to come. Its cost is that of the days that the
// rule looks back, one statement each, whatever the number of visits.
func relay(tx *store.Tx, r Rule) error {
	if _, err := tx.Exec(sqlAfterUnlay, r.ID); err != nil || !r.Active {
		return err
	}
	zone, _, err := zoneOf(&tx.View)
	if err != nil {
		return err
	}
	text := sqlAfterLayCame
	if r.Kind == messaging.Missed {
		text = sqlAfterLayMissed
	}
	today := clock.DateOf(tx.Now().In(zone))
	for back := range r.Days + 1 {
		day := today.AddDays(-back)
		at := dayAt(day.AddDays(r.Days), r.At, zone)
		if at < tx.Now() {
			continue
		}
		n, err := tx.Exec(text, r.ID, at, day, id.Null(r.Service))
		if err != nil {
			return err
		}
		if n > 0 {
			tx.DueBy(at)
		}
	}
	return nil
}

// dueAfter hands what has fallen due to messaging, and answers how many rows it cleared.
func dueAfter(tx *store.Tx, limit int) (int, error) {
	rows, err := fallenDue(&tx.View, sqlAfterList, limit)
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
	_, closed, err := zoneOf(&tx.View)
	if err != nil {
		return 0, err
	}
	for _, f := range rows {
		n, err := tx.Exec(sqlAfterTake, f.appointment, f.occurrence, f.rule, f.at)
		if err != nil {
			return 0, err
		}
		r, known := rules[f.rule]
		if n == 0 || closed || !known || !r.Active || tx.Now().Sub(f.at) > r.patience() {
			continue
		}
		if err := write(tx, f, r); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// patience is how late a message of the rule may still go out after a standstill of the program.
func (r Rule) patience() time.Duration {
	if r.Kind == messaging.Recall {
		return heldRecall
	}
	return heldUp
}

func postponeAfter(tx *store.Tx, wait time.Duration) error {
	rows, err := fallenDue(&tx.View, sqlAfterList, 1)
	if err != nil || len(rows) == 0 {
		return err
	}
	at := tx.Now().Add(wait)
	_, err = tx.Exec(sqlAfterPostpone, rows[0].appointment, rows[0].occurrence, rows[0].rule, at)
	tx.DueBy(at)
	return err
}

// write asks messaging for one message, if nothing keeps the rule from it.
func write(tx *store.Tx, f fallen, r Rule) error {
	facts, err := scheduling.FactsOf(&tx.View, f.appointment)
	if fault.Is(err, fault.NotFound) || err == nil && facts.Occurrence != f.occurrence {
		return nil
	}
	if err != nil {
		return err
	}
	channel, why, err := kept(&tx.View, r, facts.Appointment)
	if err != nil || why != "" {
		return err
	}
	_, err = messaging.Send(tx, messaging.Letter{Patient: facts.Patient, Appointment: facts.ID, Occurrence: facts.Occurrence, Rule: r.ID, Kind: r.Kind,
		Channel: channel, StartsAt: facts.StartsAt, Provider: facts.Provider, Quiet: messaging.VerdictDay})
	return err
}

// Why is what keeps a rule from writing about a visit. Its words are at after.why.<word>.
type Why string

// The reasons.
const (
	WhyNotOver   Why = "not-over"   // the visit is still to come, or nobody has marked it yet
	WhyOther     Why = "other"      // it is not what the rule speaks of: cancelled, missed, or not missed
	WhyAsked     Why = "asked"      // the rule has written about it; of a review, any rule has
	WhyAnswered  Why = "answered"   // the patient has said how it was
	WhyComplaint Why = "complaint"  // she has complained, and nobody has settled it
	WhyBuffer    Why = "buffer"     // she was asked for a review not long ago
	WhyComes     Why = "comes"      // she has an appointment ahead
	WhyNewer     Why = "newer"      // she has come for it again since
	WhyConsent   Why = "no-consent" // she has not agreed, has taken it back, or stopped every use; of a review: she is a child
	WhyAddress   Why = "no-address"
)

// Whys are all reasons, in the order in which the page counts them.
func Whys() []Why {
	return []Why{WhyNotOver, WhyOther, WhyAsked, WhyAnswered, WhyComplaint, WhyBuffer, WhyComes, WhyNewer, WhyConsent, WhyAddress}
}

// kept says by which channel the rule writes about the visit now, or what keeps it from writing. The preview of the settings page
// asks the same question as the moment itself (promises G1, G3, G4).
func kept(v *store.View, r Rule, a scheduling.Appointment) (messaging.Channel, Why, error) {
	if a.Status.Ahead() || a.EndsAt > v.Now() {
		return "", WhyNotOver, nil
	}
	if !r.fits(a) {
		return "", WhyOther, nil
	}
	yes, err := messaging.AskedBy(v, a.ID, r.ID)
	if err != nil || yes {
		return "", WhyAsked, err
	}
	if r.Kind == messaging.Review {
		if why, err := keptReview(v, r, a); err != nil || why != "" {
			return "", why, err
		}
	}
	if r.Kind == messaging.Missed || r.Kind == messaging.Recall {
		if yes, err = scheduling.ComesAgain(v, a.Patient); err != nil || yes {
			return "", WhyComes, err
		}
		if yes, err = scheduling.CameAgain(v, a.Patient, a.Service, a.StartsAt); err != nil || yes {
			return "", WhyNewer, err
		}
	}
	channel, err := messaging.Best(v, a.Patient, r.Channel, r.Kind)
	if err != nil {
		return "", "", err
	}
	may, err := messaging.May(v, a.Patient, r.Kind, channel)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", "", err
	}
	if !may {
		return "", WhyConsent, nil
	}
	phone, email, _, err := patients.Contact(v, a.Patient)
	if fault.Is(err, fault.NotFound) {
		return "", WhyAddress, nil
	}
	if err != nil {
		return "", "", err
	}
	if channel == messaging.Email && email == "" || channel != messaging.Email && phone == "" {
		return "", WhyAddress, nil
	}
	return channel, "", nil
}

// keptReview is what keeps the clinic from asking how a visit was: once a visit whatever the rule or the channel, not when she has said
// it by herself, never after a complaint that nobody has settled, and seldom.
func keptReview(v *store.View, r Rule, a scheduling.Appointment) (Why, error) {
	yes, err := messaging.AskedAbout(v, a.ID, messaging.Review)
	if err != nil || yes {
		return WhyAsked, err
	}
	if yes, err = answered(v, a.ID); err != nil || yes {
		return WhyAnswered, err
	}
	if yes, err = complained(v, a.Patient); err != nil || yes {
		return WhyComplaint, err
	}
	if yes, err = messaging.AskedSince(v, a.Patient, messaging.Review, v.Now().Add(-time.Duration(r.Buffer)*24*time.Hour)); err != nil || yes {
		return WhyBuffer, err
	}
	return "", nil
}

// visitsOf reads the visits that a rule would write about on a day: those of the day that lies so far back, and those that were
// marked late and wait for it.
func visitsOf(v *store.View, r Rule, on clock.Date, zone *time.Location) ([]id.ID, error) {
	var out []id.ID
	seen := map[id.ID]bool{}
	from, to := clock.At(clock.StartOfDay(on, zone)), clock.At(clock.StartOfDay(on.AddDays(1), zone))
	for _, q := range []struct {
		text string
		args []any
	}{{sqlVisitsOn, []any{on.AddDays(-r.Days)}}, {sqlVisitsWaiting, []any{r.ID, from, to}}} {
		rows, err := v.Query(q.text, q.args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				_ = rows.Close()
				return nil, err
			}
			if !seen[one] {
				seen[one] = true
				out = append(out, one)
			}
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const (
	sqlVisitsOn      = `SELECT id FROM appointment WHERE clinic_id = $1 AND day = $2 AND status <> 'cancelled' ORDER BY starts_at, id`
	sqlVisitsWaiting = `SELECT appointment_id FROM followup_due WHERE clinic_id = $1 AND rule_id = $2 AND due_at >= $3 AND due_at < $4 ORDER BY due_at, appointment_id`
)
