package oversight

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// A head that lies in somebody's mailbox is out of reach of whoever runs the installation, even if he also wrote the pages and scripts that
// a browser is given. So owners get it by mail, once a day, until they say that they do not want it; managers when they ask for it.

// everyMail is how long after a mail the next one goes out; a quarter of an hour less than a day, so that the hourly chore keeps its hour.
const everyMail = 24*time.Hour - 15*time.Minute

const (
	sqlMailGet  = `SELECT wanted, sent_at FROM oversight_mail WHERE clinic_id = $1 AND person_id = $2`
	sqlMailWant = `INSERT INTO oversight_mail (clinic_id, person_id, wanted, sent_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (clinic_id, person_id) DO UPDATE SET wanted = excluded.wanted`
	sqlMailSent = `UPDATE oversight_mail SET sent_at = $3 WHERE clinic_id = $1 AND person_id = $2`
)

func wish(v *store.View, person id.ID) (wanted, known bool, sent clock.Instant, err error) {
	var n int64
	err = v.Row(sqlMailGet, person).Scan(&n, &sent)
	if err == store.ErrNoRows {
		return false, false, 0, nil
	}
	return n == 1, err == nil, sent, err
}

// Mailed says whether the caller gets the head of the log by mail.
func (s *Service) Mailed(ctx context.Context, who access.Caller) (bool, error) {
	wanted := who.Role() == access.Owner
	err := s.db.View(ctx, who, access.AuditRead, func(_ context.Context, v *store.View) error {
		w, known, _, err := wish(v, who.Actor())
		if known {
			wanted = w
		}
		return err
	})
	return wanted, err
}

// Mail notes whether the caller wants it.
func (s *Service) Mail(ctx context.Context, who access.Caller, wanted bool) error {
	return s.db.Change(ctx, who, access.AuditRead, func(_ context.Context, tx *store.Tx) error {
		n := 0
		if wanted {
			n = 1
		}
		if _, err := tx.Exec(sqlMailWant, who.Actor(), n, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change", Kind: "audit", Subject: who.Actor(), New: map[string]bool{"mail": wanted}})
		return nil
	})
}

// DueMail says who of the leads gets the head by mail now, and notes that it is on its way. Whoever was not seen before gets the first one
// a day later, so that nobody is written to because she just signed up.
func (s *Service) DueMail(ctx context.Context, who access.Caller, leads map[id.ID]access.Role) ([]id.ID, error) {
	var out []id.ID
	err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		out = nil
		tx.Housekeeping("to whom the head of the log is mailed")
		for _, person := range sortedLeads(leads) {
			wanted, known, sent, err := wish(&tx.View, person)
			switch {
			case err != nil:
				return err
			case !known && leads[person] == access.Owner:
				if _, err := tx.Exec(sqlMailWant, person, 1, tx.Now()); err != nil {
					return err
				}
			case wanted && tx.Now().Sub(sent) >= everyMail:
				if _, err := tx.Exec(sqlMailSent, person, tx.Now()); err != nil {
					return err
				}
				out = append(out, person)
			}
		}
		return nil
	})
	return out, err
}

func sortedLeads(leads map[id.ID]access.Role) []id.ID {
	m := map[id.ID]bool{}
	for p := range leads {
		m[p] = true
	}
	return sortedIDs(m)
}
