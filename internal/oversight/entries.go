package oversight

import (
	"context"
	"math"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Question is which entries of the log are wanted. What is zero or empty asks nothing.
type Question struct {
	Who, Patient id.ID
	Kind, Action string
	From, To     time.Time // half-open
	Before       id.ID     // entries older than this one
}

// Entry is one entry of the log with its sealed details.
type Entry struct {
	ID, Actor, Subject, Patient, Owner id.ID
	At                                 clock.Instant
	Grant                              id.ID // under which somebody of support did it; zero otherwise
	Role, Action, Kind                 string
	Sealed                             []byte
}

// No id is older than its moment, so that the key of the table finds where a range of time begins; but an id is later than its moment where the clock was
// set back, so that which entries are in the range is asked of their moments.
const (
	entryColumns = `l.id, l.at, l.actor_id, l.role, l.action, l.kind, l.subject_id, l.patient_id, d.owner_id, d.sealed, l.grant_id
		FROM audit_leaf l LEFT JOIN audit_detail d ON d.clinic_id = l.clinic_id AND d.leaf_id = l.id
		WHERE l.clinic_id = $1 AND l.id < $2 AND l.id >= $3 AND l.at >= $4 AND l.at < $5
		AND (CAST($6 AS BIGINT) = 0 OR l.actor_id = $7) AND (CAST($8 AS TEXT) = '' OR l.kind = $8) AND (CAST($9 AS TEXT) = '' OR l.action = $9)`
	sqlEntryList  = `SELECT ` + entryColumns + ` ORDER BY l.id DESC LIMIT $10`
	sqlEntriesOf  = `SELECT ` + entryColumns + ` AND l.patient_id = $11 ORDER BY l.id DESC LIMIT $10`
	leafBodies    = `SELECT id, body, commitment FROM audit_leaf WHERE clinic_id = $1 AND id IN `
	sqlEntryCount = `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND at >= $3 AND at < $4`
)

// span is what a question asks for: ids before one and from another on, and moments from one up to another.
func (q Question) span() (before, first id.ID, from, to clock.Instant) {
	for i := range before {
		before[i] = 0xff
	}
	if !q.Before.IsZero() {
		before = q.Before
	}
	to = math.MaxInt64
	if !q.To.IsZero() {
		to = clock.At(q.To)
	}
	if !q.From.IsZero() {
		first, from = id.First(q.From), clock.At(q.From)
	}
	return before, first, from, to
}

// Entries are the newest entries that answer the question, at most limit of them.
func Entries(v *store.View, q Question, limit int) ([]Entry, error) {
	before, first, from, to := q.span()
	some := 0
	if !q.Who.IsZero() {
		some = 1
	}
	args := []any{before, first, from, to, some, q.Who, q.Kind, q.Action, limit}
	text := sqlEntryList
	if !q.Patient.IsZero() {
		text, args = sqlEntriesOf, append(args, q.Patient)
	}
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.ID, &e.At, &e.Actor, &e.Role, &e.Action, &e.Kind, &e.Subject, &e.Patient, &e.Owner, &e.Sealed, &e.Grant); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Taken writes down that a part of the log was taken along as a file: of which form, and how many entries.
func (s *Service) Taken(ctx context.Context, who access.Caller, form string, entries int) error {
	return s.db.Change(ctx, who, access.AuditRead, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "export", Kind: "audit", Subject: tx.Clinic(), New: map[string]any{"form": form, "entries": entries}})
		return nil
	})
}

// Leaves are the bytes of the leaves as the tree hashes them, of the newest entries that answer the question.
func (s *Service) Leaves(ctx context.Context, who access.Caller, q Question, limit int) (map[id.ID][]byte, error) {
	out := map[id.ID][]byte{}
	err := s.db.View(ctx, who, access.AuditRead, func(_ context.Context, v *store.View) error {
		list, err := Entries(v, q, limit)
		if err != nil {
			return err
		}
		ids := make([]id.ID, len(list))
		for i := range list {
			ids[i] = list[i].ID
		}
		return store.Each(ids, func(args []any, width int) error {
			rows, err := v.Query(leafBodies+store.In(2, width), args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var one id.ID
				var body, commitment []byte
				if err := rows.Scan(&one, &body, &commitment); err != nil {
					return err
				}
				out[one] = audit.Leaf(body, commitment)
			}
			return rows.Err()
		})
	})
	return out, err
}
