package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/vault"
)

// Programming errors of whoever passes the doorway. They are ours, not a person's.
var (
	ErrNested      = errors.New("store: a passage inside a passage; hand the Tx on instead (a room offers such verbs in inside.go)")
	ErrUnaccounted = errors.New("store: rows were written and no subject was named; call Record, or Housekeeping with a reason")
	ErrNoCaller    = errors.New("store: nobody is at the door (zero Caller)")
)

type passage struct{}

// admit is the first half of the one act: who, where, by which right.
func (db *DB) admit(ctx context.Context, who access.Caller, right access.Right, platform bool) error {
	if ctx.Value(passage{}) != nil {
		return ErrNested
	}
	if who == (access.Caller{}) {
		return ErrNoCaller
	}
	if !who.May(right) {
		return fault.New(fault.Forbidden, "fault.forbidden").Because(fmt.Errorf("%s lacks %s", who.Role(), right))
	}
	if isPlatform := strings.HasPrefix(string(right), "platform."); isPlatform != platform {
		return fmt.Errorf("store: the right %s does not open this door", right)
	}
	if !platform && who.Clinic().IsZero() {
		return ErrNoCaller
	}
	return nil
}

// View is a passage that reads. What it opened or listed is written down before View returns;
// if that cannot be written, View fails and its result must not be used.
func (db *DB) View(ctx context.Context, who access.Caller, right access.Right, fn func(ctx context.Context, v *View) error) error {
	if err := db.admit(ctx, who, right, false); err != nil {
		return err
	}
	s, err := db.begin(ctx, who.Clinic(), false)
	if err != nil {
		return err
	}
	defer s.rollback()
	v := &View{s: s, who: who, right: right, now: clock.At(db.clock.Now())}
	defer v.close()
	inside := context.WithValue(ctx, passage{}, true)
	v.ctx, s.ctx = inside, inside
	if err := v.helps(); err != nil {
		return err
	}
	if err := fn(inside, v); err != nil {
		return err
	}
	notes, err := v.unseen()
	if err != nil {
		return err
	}
	s.rollback()
	if len(notes) == 0 {
		return nil
	}
	return db.writeSeen(ctx, v, notes)
}

// attempts is how often a Change is tried when the engine asks for it (a deadlock, a
// serialization failure); the function must therefore have no effect outside its Tx.
const attempts = 5

// Change is a passage that writes, in one transaction. It is rolled back when fn fails, when
// fn wrote rows and named no subject, and when an audit entry cannot be written.
func (db *DB) Change(ctx context.Context, who access.Caller, right access.Right, fn func(ctx context.Context, tx *Tx) error) error {
	if err := db.admit(ctx, who, right, false); err != nil {
		return err
	}
	if err := onlyLooks(who, right); err != nil {
		return err
	}
	if err := db.owes(ctx, who, right); err != nil {
		return err
	}
	return db.again(ctx, func() error { return db.change(ctx, who, right, fn) })
}

func (db *DB) again(ctx context.Context, fn func() error) error {
	for i := 1; ; i++ {
		err := fn()
		if err == nil || !errors.Is(err, ErrRetry) || i == attempts {
			return err
		}
		select {
		case <-time.After(time.Duration(i*i) * 3 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (db *DB) change(ctx context.Context, who access.Caller, right access.Right, fn func(ctx context.Context, tx *Tx) error) error {
	s, err := db.begin(ctx, who.Clinic(), true)
	if err != nil {
		return err
	}
	defer s.rollback()
	tx := &Tx{View: View{s: s, who: who, right: right, now: clock.At(db.clock.Now())}}
	defer tx.close()
	inside := context.WithValue(ctx, passage{}, true)
	tx.ctx, s.ctx = inside, inside
	if err := fn(inside, tx); err != nil {
		return err
	}
	if why := reasonToWithhold(ctx); why != nil {
		return why
	}
	if tx.writes > 0 && len(tx.notes) == 0 && tx.chore == "" {
		return ErrUnaccounted
	}
	seen, err := tx.unseen()
	if err != nil {
		return err
	}
	if err := tx.account(seen); err != nil {
		return err
	}
	if tx.writes > 0 {
		if err := tx.bump(); err != nil {
			return err
		}
	}
	if err := s.commit(); err != nil {
		return err
	}
	if tx.due > 0 {
		db.wakeUp()
	}
	return nil
}

// View reads one clinic's rows at one moment.
type View struct {
	s      *session
	ctx    context.Context
	who    access.Caller
	right  access.Right
	now    clock.Instant
	ring   *vault.Ring
	opened []audit.Note
	lists  []seenList
}

// Tx reads and writes one clinic's rows in one transaction.
type Tx struct {
	View
	writes int
	notes  []audit.Note
	chore  string
	due    clock.Instant
}

// Context is the passage's context. A passage opened with it is refused.
func (v *View) Context() context.Context { return v.ctx }

// Caller is who passes.
func (v *View) Caller() access.Caller { return v.who }

// Clinic is the clinic whose rows this passage sees.
func (v *View) Clinic() id.ID { return v.who.Clinic() }

// Now is the one moment of this transaction. SQL never asks the engine for the time.
func (v *View) Now() clock.Instant { return v.now }

// NewID makes an id at this transaction's moment.
func (v *View) NewID() id.ID { return id.New(v.now.Time()) }

// Engine is needed by nobody but tests and the few places that docs/decisions/0001 lists.
func (v *View) Engine() Engine { return v.s.db.engine }

// Statements is how many statements this passage ran: pages have a tested budget.
func (v *View) Statements() int { return v.s.count }

func (v *View) bind(args []any) []any {
	out := make([]any, 0, len(args)+1)
	c := v.who.Clinic()
	return append(append(out, c[:]), args...)
}

// Query runs a statement whose $1 is the clinic; args start at $2.
func (v *View) Query(text string, args ...any) (*Rows, error) {
	if err := bound(text); err != nil {
		return nil, err
	}
	return v.s.query(text, v.bind(args))
}

// Row is Query for at most one row.
func (v *View) Row(text string, args ...any) RowScanner {
	rows, err := v.Query(text, args...)
	return RowScanner{rows: rows, err: err}
}

// bound refuses a statement that does not mention the clinic at all. It is the first and
// cheapest of three fences; the others are the two-clinic replay and row-level security.
func bound(text string) error {
	if !strings.Contains(text, "$1") {
		return fmt.Errorf("store: %s: the statement does not bind $1, the clinic", firstWords(text))
	}
	return nil
}

// Exec runs a writing statement whose $1 is the clinic, and answers how many rows it touched.
func (t *Tx) Exec(text string, args ...any) (int64, error) {
	if err := bound(text); err != nil {
		return 0, err
	}
	n, err := t.s.exec(text, t.bind(args))
	if err == nil && n > 0 {
		t.writes++
	}
	return n, err
}

// Later is Exec for a row that nothing else in this Change reads or counts: on PostgreSQL it travels
// with the commit, and what is wrong with it shows there.
func (t *Tx) Later(text string, args ...any) error {
	if err := bound(text); err != nil {
		return err
	}
	t.writes++
	return t.s.later(text, t.bind(args))
}

// Must is Exec for a statement that has to touch exactly one row; otherwise the row is not
// there (or not this clinic's), which is a fault.NotFound.
func (t *Tx) Must(text string, args ...any) error {
	n, err := t.Exec(text, args...)
	if err == nil && n != 1 {
		return fault.Missing()
	}
	return err
}

// Ring seals and opens this clinic's fields. Its unwrapped patient keys end with the passage.
// A failure to reach the key store shows at the first Seal or Open.
func (v *View) Ring() (*vault.Ring, error) {
	if v.ring == nil {
		r, err := v.s.db.vault.Ring(v.ctx, v.who.Clinic())
		if err != nil {
			return nil, err
		}
		if v.who.Helps() {
			r.Only(v.who.Grant().Patient)
		}
		v.ring = r
	}
	return v.ring, nil
}

// Seal seals a text of the subject for its cell. Empty text is stored as NULL.
func (v *View) Seal(subject id.ID, table, column string, row id.ID, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	r, err := v.Ring()
	if err != nil {
		return nil, err
	}
	return r.Seal(vault.Cell{Subject: subject, Table: table, Column: column, Row: row}, []byte(text))
}

// Unseal opens what Seal sealed. A key that was destroyed gives vault.ErrShredded.
func (v *View) Unseal(subject id.ID, table, column string, row id.ID, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	r, err := v.Ring()
	if err != nil {
		return "", err
	}
	b, err := r.Open(vault.Cell{Subject: subject, Table: table, Column: column, Row: row}, sealed)
	return string(b), err
}

// Load fetches the keys of many subjects at once, before their fields are opened one by one.
func (v *View) Load(subjects []id.ID) error {
	if len(subjects) == 0 {
		return nil
	}
	r, err := v.Ring()
	if err != nil {
		return err
	}
	return r.Load(subjects...)
}

// Bucket is the search bucket of a value of this clinic (see vault).
func (v *View) Bucket(kind, value string) (int64, error) {
	r, err := v.Ring()
	if err != nil {
		return 0, err
	}
	return r.Bucket(kind, value), nil
}

// Beside shows what anybody else reads of the clinic at this moment: what was committed, and nothing of this Change. On PostgreSQL others commit while a Change runs, so that what it reads
// twice may differ; whoever deleted rows for which something read before has to be true looks here whether it still is. On SQLite there is one writer, nothing comes in between, and fn is
// not called. What fn opens is not written down: it is read for the Change, whose subject is recorded.
func (t *Tx) Beside(fn func(v *View) error) error {
	if t.Engine() == SQLite {
		return nil
	}
	s, err := t.s.db.begin(t.ctx, t.who.Clinic(), false)
	if err != nil {
		return err
	}
	defer s.rollback()
	v := &View{s: s, ctx: t.ctx, who: t.who, right: t.right, now: t.now}
	defer v.close()
	return fn(v)
}

// NewSubject makes and commits the keys of new patients, many in one batch, before their first
// rows are written.
func (t *Tx) NewSubject(subjects ...id.ID) error {
	return t.s.db.vault.AddSubjects(t.ctx, t.who.Clinic(), subjects...)
}

func (v *View) close() {
	if v.ring != nil {
		v.ring.Close()
		v.ring = nil
	}
}

// Record names the subject of what this Change writes. Old and New are sealed.
func (t *Tx) Record(n audit.Note) { t.notes = append(t.notes, n) }

// Housekeeping says why a Change that concerns no subject writes rows: a sender's bookkeeping,
// an expired hold. The reason is for the reader of the code; nothing is audited.
func (t *Tx) Housekeeping(reason string) { t.chore = reason }

// DueBy makes sure that the clinic's tick runs at that moment or soon after.
func (t *Tx) DueBy(at clock.Instant) {
	if t.due == 0 || at < t.due {
		t.due = at
	}
}

const sqlEventAdd = `INSERT INTO event (clinic_id, id, kind, subject_id, number, due_at) VALUES ($1, $2, $3, $4, $5, $6)`

// Announce writes down that something happened, for the journeys: the kind, the id of the
// subject and a number (an occurrence); never a person's data. It becomes visible with the commit.
func (t *Tx) Announce(kind string, subject id.ID, number int64) error {
	return t.AnnounceLater(kind, subject, number, 0)
}

// AnnounceLater is Announce with a pause: staff changes wait, so that an undo sends nothing.
func (t *Tx) AnnounceLater(kind string, subject id.ID, number int64, wait time.Duration) error {
	at := t.now.Add(wait)
	if err := t.s.later(sqlEventAdd, t.bind([]any{t.NewID(), kind, subject, number, at})); err != nil {
		return err
	}
	t.DueBy(at)
	return nil
}

// In makes "($2,$3,$4)" for n values from parameter first on. It is the only way to expand a
// list into a statement; a list of none matches nothing.
func In(first, n int) string {
	if n == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}

// Args makes a list of ids into arguments for In.
func Args(ids []id.ID) []any {
	out := make([]any, len(ids))
	for i := range ids {
		out[i] = ids[i]
	}
	return out
}

// widths are the lengths of list that statements are made for. A list is filled up to the next one
// with its last id, so that an engine keeps a few prepared statements instead of hundreds.
var widths = [...]int{1, 8, 32, 128, Widest}

// Widest is the longest list that Filled takes.
const Widest = 256

// Filled is the ids, at least one and at most Widest of them, as arguments for In, filled up to a length
// that is often used.
func Filled(ids []id.ID) (args []any, width int) {
	for _, w := range widths {
		if width = w; len(ids) <= w {
			break
		}
	}
	args = Args(ids)
	for len(args) < width {
		args = append(args, ids[len(ids)-1])
	}
	return args, width
}

// Each calls do for parts of the ids that Filled takes, each id once. It ends with the first error.
func Each(ids []id.ID, do func(args []any, width int) error) error {
	seen := make(map[id.ID]bool, len(ids))
	distinct := make([]id.ID, 0, len(ids))
	for _, one := range ids {
		if !seen[one] {
			seen[one] = true
			distinct = append(distinct, one)
		}
	}
	for part := range slices.Chunk(distinct, Widest) {
		args, width := Filled(part)
		if err := do(args, width); err != nil {
			return err
		}
	}
	return nil
}

// IDs runs a query of one column of ids and answers them in its order.
func IDs(v *View, text string, args ...any) ([]id.ID, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
