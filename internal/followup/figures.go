package followup

import (
	"context"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What reminders do: of the appointments of which a clinic reminded, how many were confirmed after it, and how many patients came.
// Counts alone leave this file, so whoever sees the messages may see them (promise F13).

// FigureDays are the periods for which the figures are made.
func FigureDays() []int { return []int{30, 90} }

// LeastGroup is the smallest group that is shown by itself: fewer would speak of persons.
const LeastGroup = 5

// Success counts what became of appointments of which the patient was reminded. Each is counted once, however many reminders went out.
type Success struct {
	Messages  int // reminders that went out
	Reminded  int // appointments of which they reminded
	Delivered int // of those: the provider reported that one arrived
	Confirmed int // the patient, or the desk for her, confirmed after the first
	Came      int
	Missed    int
	Off       int // cancelled, or moved to another time, after the reminder
	Open      int // still ahead, or nobody has marked it
}

// Over are the appointments of which it is known whether the patient came.
func (s Success) Over() int { return s.Came + s.Missed }

func (s *Success) add(o Success) {
	s.Messages += o.Messages
	s.Reminded += o.Reminded
	s.Delivered += o.Delivered
	s.Confirmed += o.Confirmed
	s.Came += o.Came
	s.Missed += o.Missed
	s.Off += o.Off
	s.Open += o.Open
}

// Share is the success with one practitioner's patients; the zero Provider is all whose groups are too small, together.
type Share struct {
	Provider id.ID
	Success
}

// Figures is the success of a clinic's reminders.
type Figures struct {
	Days int
	All  Success
	By   []Share // the largest first; empty where they could be told apart no further
}

// Messages and appointments are other rooms' tables: read here, never written, because the figures join them in one statement. It
// reads the reminders of the period by the time at which they were made, and of each its appointment and its log by their keys:
// CROSS JOIN keeps SQLite in that order, and "+ 0" keeps it from walking the log by age. Otherwise it would read all appointments.
const sqlFigures = `SELECT provider, SUM(messages), COUNT(*), SUM(delivered), SUM(confirmed), SUM(came), SUM(missed), SUM(off)
	FROM (SELECT a.provider_id AS provider, m.messages AS messages, m.delivered AS delivered,
		CASE WHEN EXISTS (SELECT 1 FROM booking_log l WHERE l.clinic_id = $1 AND l.appointment_id = m.appointment_id AND l.action = 'confirmed' AND l.starts_at = m.starts AND l.at + 0 >= m.first) THEN 1 ELSE 0 END AS confirmed,
		CASE WHEN a.occurrence = m.occurrence AND a.status IN ('arrived', 'in-progress', 'completed') THEN 1 ELSE 0 END AS came,
		CASE WHEN a.occurrence = m.occurrence AND a.status = 'no-show' THEN 1 ELSE 0 END AS missed,
		CASE WHEN a.occurrence <> m.occurrence OR a.status = 'cancelled' THEN 1 ELSE 0 END AS off
		FROM (SELECT appointment_id, occurrence, COUNT(*) AS messages, MIN(state_at) AS first, MAX(starts_at) AS starts,
			MAX(CASE WHEN reached IN ('delivered', 'opened', 'read') THEN 1 ELSE 0 END) AS delivered
			FROM message WHERE clinic_id = $1 AND created_at >= $2 AND kind = 'reminder' AND state = 'sent' GROUP BY appointment_id, occurrence) m
		CROSS JOIN appointment a WHERE a.clinic_id = $1 AND a.id = m.appointment_id) f
	GROUP BY provider ORDER BY COUNT(*) DESC, provider`

// Figures measures the reminders of the last 30 or 90 days; fault.NotFound for any other period.
func (s *Service) Figures(ctx context.Context, who access.Caller, days int) (Figures, error) {
	var out Figures
	err := s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		var err error
		out, err = FiguresOf(v, days)
		return err
	})
	return out, err
}

// FiguresOf is Figures inside a passage of the caller's.
func FiguresOf(v *store.View, days int) (Figures, error) {
	out := Figures{Days: days}
	if !slices.Contains(FigureDays(), days) {
		return out, fault.Missing()
	}
	rows, err := v.Query(sqlFigures, v.Now().Add(-time.Duration(days)*24*time.Hour))
	if err != nil {
		return out, err
	}
	defer rows.Close()
	var by []Share
	for rows.Next() {
		var x Share
		if err := rows.Scan(&x.Provider, &x.Messages, &x.Reminded, &x.Delivered, &x.Confirmed, &x.Came, &x.Missed, &x.Off); err != nil {
			return out, err
		}
		x.Open = x.Reminded - x.Came - x.Missed - x.Off
		out.All.add(x.Success)
		by = append(by, x)
	}
	out.By = apart(by)
	return out, rows.Err()
}

// apart puts the groups that are too small together, the smallest first, until what is together is large enough: otherwise the
// total less the others would tell it.
func apart(by []Share) []Share {
	var rest Share
	for len(by) > 0 && (by[len(by)-1].Reminded < LeastGroup || rest.Reminded > 0 && rest.Reminded < LeastGroup) {
		rest.add(by[len(by)-1].Success)
		by = by[:len(by)-1]
	}
	switch {
	case len(by) == 0: // all of them together are the total
		return nil
	case rest.Reminded > 0:
		by = append(by, rest)
	}
	return by
}
