package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/practice"
	"almirah/internal/store"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// ran is one statement as the doorway ran it for a clinic.
type ran struct {
	text string
	args []any
}

// recorder keeps what the doorway runs for one clinic.
type recorder struct {
	mu     sync.Mutex
	clinic id.ID
	list   []ran
}

// take hands out what was recorded since the last time.
func (r *recorder) take() []ran {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.list
	r.list = nil
	return out
}

func (r *recorder) watch(text string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clinic.IsZero() || len(args) == 0 {
		return
	}
	switch first := args[0].(type) {
	case []byte:
		if !bytes.Equal(first, r.clinic[:]) {
			return
		}
	case id.ID:
		if first != r.clinic {
			return
		}
	default:
		return
	}
	r.list = append(r.list, ran{text, slices.Clone(args)})
}

// TestEveryStatementStaysInItsClinic runs a clinic's whole work through the real verbs and keeps
// every statement with its arguments. Before and after each step all rows of the clinic are copied
// to two others (A and B) with the same ids, and each statement of the step is run again for B. It
// must touch no row of A, and must answer the same as when A's rows are not there at all. On
// PostgreSQL it is run as a role that row-level security does not bind, so that the statements
// alone keep apart, and as the program's role, which it binds.
//
// Each statement is also run with its clinic forgotten: that must be found out, or the test
// proves nothing.
func TestEveryStatementStaysInItsClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-apart")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			rec := &recorder{}
			b := rig.New(t, engine, store.Options{Watch: rec.watch})
			p := practice.Open(t, b, 3)
			r := newReplay(t, b)
			r.twin()
			rec.mu.Lock()
			rec.clinic = b.Clinic
			rec.mu.Unlock()
			workday(t, p, func() {
				t.Helper()
				list := rec.take()
				if len(list) == 0 {
					return
				}
				r.all(list) // beside the rows as they were before the step
				if slices.ContainsFunc(list, func(s ran) bool { return writes.MatchString(s.text) }) {
					r.twin()
					r.all(list) // and as they are after it
				}
			})
			r.report()
		})
	}
}

// replay runs statements for clinic B beside clinic A.
type replay struct {
	t       *testing.T
	engine  store.Engine
	own     id.ID     // the clinic that works
	a, b    id.ID     // its copies: the other clinic, and the one that the statements run for
	free    *sql.Conn // bound by nothing but the statements themselves
	fenced  *sql.Conn // PostgreSQL: the role of the program, under row-level security
	columns map[string][]string
	ran     map[string]bool // statement: found out when it forgets its clinic, or has none to forget
	times   map[string]int
	others  []string // tables with rows of the clinic that works or of A
}

func newReplay(t *testing.T, b *rig.Base) *replay {
	t.Helper()
	r := &replay{t: t, engine: b.Engine, own: b.Clinic, a: id.New(b.Clock.Now()), b: id.New(b.Clock.Now()), columns: map[string][]string{}, ran: map[string]bool{}, times: map[string]int{}}
	schema, err := b.Open(t, store.Options{}).Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for table, columns := range schema {
		if slices.Contains(columns, "clinic_id") && (table == "pulse" || !slices.Contains(store.PlatformTables, table)) {
			r.columns[table] = columns
		}
	}
	if len(r.columns) < 25 {
		t.Fatalf("only %d tables belong to a clinic", len(r.columns))
	}
	views := `SELECT table_name FROM information_schema.views WHERE table_schema = 'public'`
	if b.Engine == store.SQLite {
		views = `SELECT name FROM sqlite_master WHERE type = 'view'`
	}
	defer func() {
		if list := r.texts(views); len(list) > 0 {
			t.Errorf("there are views (%v): a statement may read tables that it does not name", list)
		}
	}()
	if b.Engine == store.SQLite {
		r.free = r.connect(opened(t, "sqlite", "file:"+b.DB.Path()))
		for _, name := range r.texts(`SELECT name FROM sqlite_master WHERE type = 'trigger'`) {
			r.must(`DROP TRIGGER ` + name)
		}
		return r
	}
	admin, err := url.Parse(pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	admin.Path = own.Path
	r.free, r.fenced = r.connect(opened(t, "pgx", admin.String())), r.connect(opened(t, "pgx", b.URL))
	r.must(`SET session_replication_role = replica`) // no triggers, no foreign keys: rows may be taken away
	for _, name := range r.texts(`SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)`) {
		t.Logf("row-level security does not bind %s", name)
		return r
	}
	t.Fatal("the second role is bound by row-level security")
	return nil
}

func (r *replay) connect(pool *sql.DB) *sql.Conn {
	r.t.Helper()
	c, err := pool.Conn(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (r *replay) must(text string, args ...any) {
	r.t.Helper()
	if _, err := r.free.ExecContext(context.Background(), text, args...); err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
}

func (r *replay) texts(text string) []string {
	r.t.Helper()
	rows, err := r.free.QueryContext(context.Background(), text)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// held lists the tables with rows of any of the clinics.
func (r *replay) held(clinics ...id.ID) []string {
	r.t.Helper()
	var ask []string
	for table := range r.columns {
		ask = append(ask, `SELECT '`+table+`' WHERE EXISTS (SELECT 1 FROM `+table+` WHERE clinic_id IN (`+r.literals(clinics...)+`))`)
	}
	return r.texts(strings.Join(ask, " UNION ALL "))
}

// literals writes clinics as the engine reads them, for texts of many statements, which take no arguments.
func (r *replay) literals(clinics ...id.ID) string {
	var out []string
	for _, c := range clinics {
		if r.engine == store.Postgres {
			out = append(out, `'\x`+hex.EncodeToString(c[:])+`'`)
		} else {
			out = append(out, `x'`+hex.EncodeToString(c[:])+`'`)
		}
	}
	return strings.Join(out, ", ")
}

// twin copies the clinic's rows, as they are now, to A and to B: the same ids, the same sealed
// cells. B's moments and versions are a little later, so that no row of A passes for one of B.
func (r *replay) twin() {
	r.t.Helper()
	begin := "BEGIN"
	if r.engine == store.SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	r.must(begin)
	for _, table := range r.held(r.own, r.a, r.b) {
		columns := r.columns[table]
		r.must(`DELETE FROM `+table+` WHERE clinic_id IN ($1, $2)`, r.a[:], r.b[:])
		for _, to := range []id.ID{r.a, r.b} {
			var pick []string
			for _, c := range columns {
				switch {
				case c == "clinic_id" && r.engine == store.Postgres:
					pick = append(pick, "CAST($1 AS BYTEA)")
				case c == "clinic_id":
					pick = append(pick, "$1")
				case to == r.b && c == "version":
					pick = append(pick, c+" + 1000")
				case to == r.b && (c == "at" || strings.HasSuffix(c, "_at") && c != "starts_at" && c != "ends_at"):
					pick = append(pick, `CASE WHEN `+c+` > 0 THEN `+c+` + 1000 ELSE `+c+` END`) // zero means never
				default:
					pick = append(pick, c)
				}
			}
			r.must(`INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) SELECT `+strings.Join(pick, ", ")+` FROM `+table+` WHERE clinic_id = $2`, to[:], r.own[:])
		}
	}
	r.must("COMMIT")
}

var (
	writes  = regexp.MustCompile(`(?is)^\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)`)
	bound   = regexp.MustCompile(`\b(?:\w+\.)?clinic_id = \$1\b`)
	tokens  = regexp.MustCompile(`\w+`)
	tables  = regexp.MustCompile(`(?i)\b(?:FROM|INTO|UPDATE|JOIN)\s+(\w+)`)
	version = regexp.MustCompile(`version = \$(\d+)`)
)

// outcome is what a statement answered: its rows, or how many it touched, or the class of its error.
type outcome struct {
	answer string
	hurt   bool // a row of A was changed
}

// run runs one statement for B in a transaction that is rolled back.
func (r *replay) run(conn *sql.Conn, s ran, withA bool) outcome {
	r.t.Helper()
	ctx := context.Background()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	fenced := conn == r.fenced
	within := func(clinic id.ID) {
		if fenced {
			if _, err := tx.ExecContext(ctx, `SET LOCAL almirah.clinic = '\x`+hex.EncodeToString(clinic[:])+"'"); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	prepare := func(text string, args ...any) {
		r.t.Helper()
		for _, clinic := range []id.ID{r.a, r.b} {
			if within(clinic); fenced || clinic == r.a {
				if _, err := tx.ExecContext(ctx, text, args...); err != nil {
					r.t.Fatalf("%s: %v", text, err)
				}
			}
		}
	}
	w := writes.FindStringSubmatch(s.text)
	if !withA {
		// There is no view, and no trigger fires here: a statement reads the tables that it names.
		var away strings.Builder
		reads := tokens.FindAllString(s.text, -1)
		for _, table := range r.others {
			if !slices.Contains(reads, table) {
				continue
			}
			away.WriteString(`DELETE FROM ` + table + ` WHERE clinic_id IN (` + r.literals(r.a, r.own) + "); ")
		}
		if _, err := tx.ExecContext(ctx, away.String()); err != nil {
			r.t.Fatal(err)
		}
	}
	if w != nil {
		// A guarded change finds its row in both clinics, as it did when it was recorded.
		if v := version.FindStringSubmatch(s.text); v != nil && strings.EqualFold(w[1], "UPDATE") {
			var n int
			_, _ = fmt.Sscan(v[1], &n)
			prepare(`UPDATE `+w[2]+` SET version = $1`, s.args[n-1])
		}
		// A row that is to be put in is not there yet.
		if strings.HasPrefix(strings.ToUpper(w[1]), "INSERT") && !fenced && w[2] != "audit_pending" {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+w[2]+` WHERE clinic_id = $1`, r.b[:]); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	before := ""
	if w != nil && withA {
		within(r.a)
		before = r.hash(tx, w[2])
	}
	within(r.b)
	args := slices.Clone(s.args)
	args[0] = r.b[:]
	answer, failed := execute(ctx, tx, s.text, args, w != nil)
	out := outcome{answer: answer}
	if before != "" && !failed { // a statement that failed changed nothing, on either engine
		within(r.a)
		out.hurt = r.hash(tx, w[2]) != before
	}
	return out
}

func execute(ctx context.Context, tx *sql.Tx, text string, args []any, write bool) (answer string, failed bool) {
	if write {
		res, err := tx.ExecContext(ctx, text, args...)
		if err != nil {
			return class(err), true
		}
		n, err := res.RowsAffected()
		return fmt.Sprintf("%d rows (%v)", n, err), false
	}
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return class(err), true
	}
	defer rows.Close()
	lines, err := dump(rows)
	if err != nil {
		return class(err), true
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), false
}

func class(err error) string {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return "error " + p.Code
	}
	var l *sqlite.Error
	if errors.As(err, &l) {
		return fmt.Sprint("error ", l.Code())
	}
	return "error " + err.Error()
}

// dump reads rows as lines of text.
func dump(rows *sql.Rows) ([]string, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		line := ""
		for _, c := range cells {
			line += fmt.Sprintf("|%v", *c.(*any))
		}
		out = append(out, line)
	}
	return out, rows.Err()
}

// hash is over every row of A in the table.
func (r *replay) hash(tx *sql.Tx, table string) string {
	r.t.Helper()
	if _, ok := r.columns[table]; !ok {
		return "" // a platform table whose rows bear other keys
	}
	rows, err := tx.QueryContext(context.Background(), `SELECT * FROM `+table+` WHERE clinic_id = $1`, r.a[:])
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	lines, err := dump(rows)
	if err != nil {
		r.t.Fatal(err)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// verdict says what is wrong with a statement; nothing when it stays in its clinic.
func (r *replay) verdict(s ran) string {
	r.t.Helper()
	alone := r.run(r.free, s, false)
	beside := r.run(r.free, s, true)
	switch {
	case beside.hurt:
		return "it changed rows of the other clinic"
	case beside.answer != alone.answer:
		return fmt.Sprintf("the other clinic's rows change its answer:\n%.300s\nalone:\n%.300s", beside.answer, alone.answer)
	case r.fenced == nil || strings.HasPrefix(strings.ToUpper(strings.TrimSpace(s.text)), "INSERT"):
		return ""
	}
	// Under row-level security it answers the same: the fence takes nothing away that belongs to it.
	behind := r.run(r.fenced, s, true)
	if behind.hurt || behind.answer != alone.answer && !strings.HasPrefix(behind.answer, "error") {
		return fmt.Sprintf("under row-level security: %.300s\nalone: %.300s", behind.answer, alone.answer)
	}
	return ""
}

// forgetful is the statement without its clinic; false when its form has none to forget.
func forgetful(text string) (string, bool) {
	w := writes.FindStringSubmatch(text)
	if !bound.MatchString(text) || w != nil && strings.HasPrefix(strings.ToUpper(w[1]), "INSERT") {
		return "", false
	}
	return bound.ReplaceAllString(text, "CAST($$1 AS BYTEA) IS NOT NULL"), true
}

func (r *replay) all(list []ran) {
	r.t.Helper()
	r.others = r.held(r.own, r.a)
	for _, s := range list {
		// A few runs of each are enough once one of them has shown that a mistake would be seen.
		// One that has shown nothing yet is tried again now and then: what it would mix up may come late in the day.
		if r.times[s.text]++; r.times[s.text] > 3 && r.ran[s.text] || r.times[s.text] > 30 && r.times[s.text]%8 != 0 {
			continue
		}
		if what := r.verdict(s); what != "" {
			r.t.Fatalf("%s\n%s", s.text, what)
		}
		text, ok := forgetful(s.text)
		r.ran[s.text] = r.ran[s.text] || !ok || r.verdict(ran{text, s.args}) != ""
	}
}

// report tells what was proved, and complains when it is too little.
func (r *replay) report() {
	r.t.Helper()
	blind := []string{}
	for text, found := range r.ran {
		if !found {
			blind = append(blind, strings.Join(strings.Fields(text), " "))
		}
	}
	slices.Sort(blind)
	r.t.Logf("%d statements of a clinic; %d of them would not be found out without it:\n%s", len(r.ran), len(blind), strings.Join(blind, "\n"))
	if 8*len(blind) > len(r.ran) {
		r.t.Errorf("%d of %d statements would not be found out if they forgot their clinic", len(blind), len(r.ran))
	}
	r.coverage()
}

// coverage wants the workday to run nearly every statement that is bound to a clinic, and all of
// scheduling's.
func (r *replay) coverage() {
	t := r.t
	t.Helper()
	seen := r.ran
	whole, missed := 0, []string{}
	for _, s := range everyStatement(t) {
		if !strings.Contains(s.Text, "clinic_id = $1") && !regexp.MustCompile(`\(clinic_id[^)]*\)\s+VALUES\s+\(\$1`).MatchString(s.Text) {
			continue
		}
		if m := tables.FindStringSubmatch(s.Text); m != nil && slices.Contains(store.PlatformTables, m[1]) && m[1] != "pulse" {
			continue
		}
		whole++
		head, _, _ := strings.Cut(s.Text, "($2,") // lists are as long as they are
		if s.Name == "sqlClaimsInsert" {
			head, _, _ = strings.Cut(s.Text, "VALUES")
		}
		hit := false
		for text := range seen {
			if hit = strings.HasPrefix(text, head) || strings.HasPrefix(head, text); hit {
				break
			}
		}
		if !hit && completed()[s.Name] != "" {
			stem := strings.TrimSuffix(s.Text, completed()[s.Name])
			for text := range seen {
				hit = hit || strings.HasPrefix(text, stem)
			}
		}
		if !hit {
			missed = append(missed, s.File+" "+s.Name)
			if strings.HasPrefix(s.File, "internal/scheduling/") {
				t.Errorf("the workday never runs %s: give it a step in workday_test.go", s.Name)
			}
		}
	}
	t.Logf("%d of %d statements of a clinic were run; not run: %s", whole-len(missed), whole, strings.Join(missed, ", "))
	if len(missed)*5 > whole {
		t.Errorf("the workday runs too little: %d of %d statements were not run", len(missed), whole)
	}
}
