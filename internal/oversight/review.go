package oversight

import (
	"context"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Review says that somebody looked through the log of some days and stands for it.
type Review struct {
	ID        id.ID
	From, To  clock.Date
	Entries   int    // that were there
	Unsettled int    // findings that nobody had settled
	Head      string // the newest head of the log at that moment
	By        id.ID
	At        clock.Instant
	Words     string
}

// longestReview is how many days one sign-off may stand for.
const longestReview = 366

// mostWords is how many characters an explanation may have.
const mostWords = 500

const (
	sqlReviewAdd  = `INSERT INTO oversight_review (clinic_id, id, from_day, to_day, entries, unsettled, head, by_id, at, words) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlReviewList = `SELECT id, from_day, to_day, entries, unsettled, head, by_id, at, words FROM oversight_review WHERE clinic_id = $1 ORDER BY id DESC LIMIT $2`
	sqlUnsettled  = `SELECT COUNT(*) FROM oversight_finding WHERE clinic_id = $1 AND closed_at = 0`
)

// SignOff writes down that the caller looked through the log of these days. head is the newest head of the log. Wrong fields come back as a fault.
func (s *Service) SignOff(ctx context.Context, who access.Caller, from, to clock.Date, words, head string) error {
	words = strings.TrimSpace(words)
	return s.db.Change(ctx, who, access.AuditReview, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		z := c.Location()
		var f fault.Fields
		switch today := clock.DateOf(tx.Now().In(z)); {
		case !from.Valid():
			f.Add("from", "field.oversight.day")
		case !to.Valid() || to < from || to > today:
			f.Add("to", "field.oversight.to")
		case from.DaysUntil(to) >= longestReview:
			f.Add("to", "field.oversight.long")
		}
		if len([]rune(words)) > mostWords {
			f.Add("words", "field.oversight.words")
		}
		if err := f.Err(); err != nil {
			return err
		}
		r := Review{ID: tx.NewID(), From: from, To: to, Head: head}
		begins := clock.StartOfDay(from, z)
		if err := tx.Row(sqlEntryCount, id.First(begins), clock.At(begins), clock.At(clock.StartOfDay(to.AddDays(1), z))).Scan(&r.Entries); err != nil {
			return err
		}
		if err := tx.Row(sqlUnsettled).Scan(&r.Unsettled); err != nil {
			return err
		}
		sealed, err := tx.Seal(vault.ClinicData, "oversight_review", "words", r.ID, words)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlReviewAdd, r.ID, from, to, r.Entries, r.Unsettled, head, who.Actor(), tx.Now(), sealed); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "sign-off", Kind: "audit", Subject: r.ID, New: map[string]any{"from": from, "to": to, "entries": r.Entries, "unsettled": r.Unsettled}})
		return nil
	})
}

// Reviews are the newest sign-offs.
func (s *Service) Reviews(ctx context.Context, who access.Caller, limit int) ([]Review, error) {
	var out []Review
	err := s.db.View(ctx, who, access.AuditRead, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlReviewList, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r Review
			var sealed []byte
			if err := rows.Scan(&r.ID, &r.From, &r.To, &r.Entries, &r.Unsettled, &r.Head, &r.By, &r.At, &sealed); err != nil {
				return err
			}
			if r.Words, err = v.Unseal(vault.ClinicData, "oversight_review", "words", r.ID, sealed); err != nil {
				return err
			}
			out = append(out, r)
		}
		return rows.Err()
	})
	return out, err
}
