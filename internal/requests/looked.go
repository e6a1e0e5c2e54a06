package requests

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Look is one entry of the log that concerns a person: who did what with her data, as what and what for.
type Look struct {
	ID      id.ID
	At      clock.Instant
	Actor   id.ID // zero for the program itself, and where the clinic names its staff by role only
	Role    string
	Purpose string
	Action  string
	Kind    string
}

const (
	mostLooksOfCopy = 5000
	// MostLooks is how many entries a page of them has at most.
	MostLooks = 100
	mostLists = 1000
)

func notThere() error { return fault.Missing() }

func showsNames(v *store.View) (yes bool, err error) {
	err = v.Row(sqlSetting).Scan(&yes)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	return yes, err
}

// looksAt are the newest entries about the patient that are older than one; with the zero id, the newest of all.
func looksAt(v *store.View, patient, before id.ID, limit int) ([]Look, error) {
	if before.IsZero() {
		for i := range before {
			before[i] = 0xff
		}
	}
	rows, err := v.Query(sqlLooks, patient, before, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Look
	for rows.Next() {
		var l Look
		var body []byte
		if err := rows.Scan(&l.ID, &l.At, &l.Actor, &l.Role, &l.Action, &l.Kind, &body); err != nil {
			return nil, err
		}
		if e, err := audit.ParseEntry(body); err == nil {
			l.Purpose = string(e.Purpose)
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// Looked is who saw, changed, copied or sent what stands about the person: the newest entries older than the one named, at most MostLooks. Staff are
// named by their role, and by name only where the clinic shows names. Looking is an entry too.
func (s *Service) Looked(ctx context.Context, who access.Caller, before id.ID) (out []Look, err error) {
	if who.Patient().IsZero() {
		return nil, fault.Missing()
	}
	err = s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		names, err := showsNames(v)
		if err != nil {
			return err
		}
		if out, err = looksAt(v, who.Patient(), before, MostLooks); err != nil {
			return err
		}
		if !names {
			for i := range out {
				out[i].Actor = id.Zero
			}
		}
		v.Opened("own-looks", who.Patient(), who.Patient())
		return nil
	})
	return out, err
}

// ListsFor is for how long back the lists of a day can be asked for, in days: the log is walked from that day on.
const ListsFor = 92

// OnLists are the lists of one day on which the person appeared: a calendar, a search, an inbox. Appearing is not being opened.
func (s *Service) OnLists(ctx context.Context, who access.Caller, day clock.Date) (out []Look, err error) {
	if who.Patient().IsZero() {
		return nil, fault.Missing()
	}
	err = s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		if day < clock.DateOf(v.Now().In(c.Location())).AddDays(-ListsFor) {
			return fault.Missing()
		}
		names, err := showsNames(v)
		if err != nil {
			return err
		}
		out = nil
		// Ids never run backwards, also when the clock is set back: an id may be later than its moment, and never earlier.
		from, to := clock.At(clock.StartOfDay(day, c.Location())), clock.At(clock.StartOfDay(day.AddDays(1), c.Location()))
		rows, err := v.Query(sqlLists, firstID(from), from, to, mostLists)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			l := Look{Action: audit.ActionList}
			var owner id.ID
			var sealed []byte
			if err := rows.Scan(&l.ID, &l.At, &l.Actor, &l.Role, &l.Kind, &owner, &sealed); err != nil {
				return err
			}
			on, err := onList(v, who.Patient(), l.ID, owner, sealed)
			if err != nil {
				return err
			}
			if on {
				if !names {
					l.Actor = id.Zero
				}
				out = append(out, l)
			}
		}
		v.Opened("own-looks", who.Patient(), who.Patient())
		return rows.Err()
	})
	return out, err
}

// onList says whether the patient appeared in a list of the log. A list whose details are gone tells nothing.
func onList(v *store.View, patient, leaf, owner id.ID, sealed []byte) (bool, error) {
	text, err := v.Unseal(owner, "audit_detail", "sealed", leaf, sealed)
	if err != nil {
		return false, nil // what was destroyed says nothing about anybody
	}
	if len(text) < audit.SaltSize {
		return false, errors.New("requests: an entry of the log has no salt")
	}
	var said struct {
		New audit.Seen `json:"new"`
	}
	if err := json.Unmarshal([]byte(text[audit.SaltSize:]), &said); err != nil {
		return false, err
	}
	if said.New.Day == audit.Withheld {
		return false, nil
	}
	return slices.Contains(said.New.IDs, patient), nil
}

// ShowsNames says whether the clinic shows patients by name who of its staff looked at their records.
func (s *Service) ShowsNames(ctx context.Context, who access.Caller) (yes bool, err error) {
	err = s.db.View(ctx, who, access.RequestRead, func(_ context.Context, v *store.View) error {
		yes, err = showsNames(v)
		return err
	})
	return yes, err
}

// ShowNames says whether patients see who of the staff looked, by name; otherwise they see the role.
func (s *Service) ShowNames(ctx context.Context, who access.Caller, yes bool) error {
	return s.db.Change(ctx, who, access.RequestAct, func(_ context.Context, tx *store.Tx) error {
		was, err := showsNames(&tx.View)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change", Kind: "request-setting", Subject: tx.Clinic(), Old: was, New: yes})
		_, err = tx.Exec(sqlSettingSet, yes)
		return err
	})
}
