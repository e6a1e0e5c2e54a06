package support

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// How long what is over stays.
const (
	keepGrants  = 2 * 365 * 24 * time.Hour // the clinic's audit log keeps for ever that they were
	keepTickets = 365 * 24 * time.Hour     // after they were closed
	keepNotices = 365 * 24 * time.Hour
	keepAsked   = 90 * 24 * time.Hour
	keepSeats   = 12 * time.Hour // no session is longer
)

// Keeper copies out, erases and expires what this room holds of a clinic and its patients. What belongs to the platform goes by
// Service.Tidy, which needs no clinic.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "support" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	var out []string
	for _, t := range Holdings() {
		if t.Keeper != "" {
			out = append(out, t.Name)
		}
	}
	return out
}

// Collect copies out who of support could see the patient's record, and when.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	list, err := grants(v, sqlGrantOf, patient)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, g := range list {
		line := map[string]string{"id": g.ID.String(), "by": g.HelperName, "reason": g.Reason, "from": g.DecidedAt.Time().Format(time.RFC3339)}
		if over := g.Over(v.Now()); over > 0 {
			line["until"] = over.Time().Format(time.RFC3339)
		}
		out["support_grant"] = append(out["support_grant"], line)
	}
	return out, nil
}

// Erase ends every grant for the patient's record and forgets whose it was for.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlGrantForget, patient, tx.Now())
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "grant", Subject: patient, New: n})
	}
	return err
}

// Due does what EndGrants does, and deletes what is long over. It answers how many were deleted.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	if err := EndGrants(tx); err != nil {
		return 0, err
	}
	n, err := tx.Exec(sqlGrantOld, max(tx.Now().Add(-keepGrants), k.Lives.Over(law.Help, tx.Now())))
	k.Lives.Went(law.Help, n)
	return int(n), err
}

// EndGrants writes down which grants the clock has ended, and takes back what nobody answered.
func EndGrants(tx *store.Tx) error {
	tx.Housekeeping("grants that are over")
	rows, err := tx.Query(sqlGrantOver, tx.Now())
	if err != nil {
		return err
	}
	defer rows.Close()
	var over []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return err
		}
		over = append(over, one)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, one := range over {
		if _, err := tx.Exec(sqlGrantClock, one, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "access-ran-out", Kind: "grant", Subject: one})
	}
	_, err = tx.Exec(sqlGrantStale, tx.Now(), tx.Now().Add(-askedFor))
	return err
}

// Tidy takes away what is over of the platform's own: tickets that were closed a year ago, old notices, where helpers stood. who is the
// platform's own work.
func (s *Service) Tidy(ctx context.Context, who access.Caller) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what is over goes")
		// One that nobody closes goes as long after its last word as anything lives that was written to support.
		rows, err := p.Query(sqlTicketOld, p.Now().Add(-keepTickets), law.Lives{}.Over(law.Help, p.Now()))
		if err != nil {
			return err
		}
		defer rows.Close()
		var old []id.ID
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				return err
			}
			old = append(old, one)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for _, one := range old {
			for _, text := range []string{sqlLineForget, sqlTicketForget} {
				if _, err := p.Exec(text, one); err != nil {
					return err
				}
			}
		}
		for _, x := range []struct {
			text string
			age  time.Duration
		}{{sqlNoticeOld, keepNotices}, {sqlAskedOld, keepAsked}, {sqlSeatOld, keepSeats}} {
			if _, err := p.Exec(x.text, p.Now().Add(-x.age)); err != nil {
				return err
			}
		}
		return nil
	})
}
