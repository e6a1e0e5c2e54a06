package store_test

import (
	"cmp"
	"context"
	"database/sql"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/rig"
	"almirah/internal/store"
)

// everythingOfAClinic is a step of a plan that reads all rows of the clinic.
var everythingOfAClinic = regexp.MustCompile(`USING (PRIMARY KEY|(COVERING )?INDEX \w+) \(clinic_id=\?\)`)

// TestSQLiteLooksOneUp: what asks for the rows of one patient, one appointment or one moment finds them by an index, and
// does not read the clinic through. Without what tellShapes tells, it would.
func TestSQLiteLooksOneUp(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"sqlMessagesAbout": true, "sqlMessagePlanned": true, "sqlMessagePlannedTo": true, "sqlMessageTold": true, "sqlMessageDue": true, "sqlMessageEnded": true,
		"sqlMessageErase": true, "sqlAskedRule": true, "sqlReachedFind": true, "sqlAboutFind": true, "sqlMessageHandOver": true, "sqlClaimsDrop": true, "sqlLinkStretch": true,
		"sqlInvoicesOfPatient": true, "sqlInvoicesOfVisit": true, "sqlPaymentsOfPatient": true, "sqlAfterLayCame": true, "sqlPeerOf": true, "sqlDueAbout": true, "sqlEraseAppts": true}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		if b.Engine != store.SQLite {
			return
		}
		pool := behind(t, b)
		pool.SetMaxOpenConns(1)
		seen, whole := 0, 0
		for _, s := range everyStatement(t) {
			if !want[s.Name] {
				continue
			}
			seen++
			if p := plan(t, pool, s.Text); everythingOfAClinic.MatchString(p) {
				t.Errorf("%s reads the whole clinic:\n%s", s.Name, p)
			}
		}
		if seen < len(want) {
			t.Errorf("%d of %d statements were found", seen, len(want))
		}
		// What is in flight is few by itself: its index holds nothing else.
		for _, s := range everyStatement(t) {
			if s.Name == "sqlMessageLost" || s.Name == "sqlMessageNextLost" {
				if p := plan(t, pool, s.Text); !strings.Contains(p, "message_flight") {
					t.Errorf("%s:\n%s", s.Name, p)
				}
			}
		}
		// The negative: untold, SQLite reads everything.
		for _, text := range []string{`DELETE FROM sqlite_stat1`, `ANALYZE sqlite_schema`} {
			if _, err := pool.ExecContext(context.Background(), text); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range everyStatement(t) {
			if want[s.Name] && everythingOfAClinic.MatchString(plan(t, pool, s.Text)) {
				whole++
			}
		}
		if whole < 5 {
			t.Fatalf("untold, only %d statements read the whole clinic: this test proves nothing", whole)
		}
		// A second start puts it right.
		if _, _, err := b.Open(t, store.Options{}).Migrate(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := pool.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM sqlite_stat1`).Scan(&n); err != nil || n < 100 {
			t.Fatalf("%d shapes after a second start: %v", n, err)
		}
	})
}

// grow are the tables of which a clinic has more rows each year.
var grow = regexp.MustCompile(`^(appointment|audit_\w+|booking_log|claim|consent|encounter|invoice|message|message_event|patient|payment|prescription|reminder_due)$`)

// once names the statements that may read a growing table of the clinic again for each row of another, and why that stays small.
var once = map[string]string{
	"sqlProbeUnconfirmed": "its c is the clinic, one row",
	"sqlProbeTermsUntold": "one version of a policy waits, and is looked at against each patient once",
	"sqlArrivals":         "a clinic arrives once or twice, and the first message answers",
}

// TestNothingIsReadAgainForEachRow: no subquery that hangs on the row, and no inner loop, reads a table that grows by its clinic alone. A live look that did took
// minutes in a large clinic, every ten minutes.
func TestNothingIsReadAgainForEachRow(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		if b.Engine != store.SQLite {
			return
		}
		pool := behind(t, b)
		pool.SetMaxOpenConns(1)
		for _, s := range everyStatement(t) {
			if strings.HasPrefix(s.File, "internal/vault/") || strings.HasPrefix(s.Text, "CREATE ") {
				continue // another database, and nothing that is read
			}
			again := readAgain(s.Text, explain(t, pool, s.Text))
			if _, known := once[s.Name]; (len(again) > 0) != known {
				t.Errorf("%s: reads %q again for each row; known: %v\n%s", s.Name, again, known, s.Text)
			}
		}
		// The negative: a subquery that asks for what no index knows.
		bad := `SELECT COUNT(*) FROM message m WHERE m.clinic_id = $1 AND NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = m.clinic_id AND e.at >= m.state_at)`
		if len(readAgain(bad, explain(t, pool, bad))) == 0 {
			t.Fatal("this test proves nothing")
		}
	})
}

// step is one line of a plan.
type step struct {
	id, parent int
	text       string
}

var (
	reads  = regexp.MustCompile(`^(?:SEARCH|SCAN) (\w+)(?: EXISTS)?(?: USING .*\((.*)\))?`)
	called = regexp.MustCompile(`(?:FROM|JOIN) (\w+) (?:AS )?(\w+)`)
)

// readAgain are the steps that read everything of a clinic, or everything, in a growing table, more than once: within a correlated subquery, or beside an
// outer loop.
func readAgain(text string, plan []step) (out []string) {
	table := map[string]string{}
	for _, m := range called.FindAllStringSubmatch(text, -1) {
		table[m[2]] = m[1]
	}
	up := map[int]step{}
	outer := map[int]int{}
	for _, s := range plan {
		up[s.id] = s
	}
	for _, s := range plan {
		m := reads.FindStringSubmatch(s.text)
		if m == nil {
			continue
		}
		first, inner := outer[s.parent], false
		if first == 0 {
			outer[s.parent] = s.id
		} else {
			inner = true
		}
		for p, ok := up[s.parent]; ok && !inner; p, ok = up[p.parent] {
			inner = strings.Contains(p.text, "CORRELATED")
		}
		if inner && (m[2] == "" || m[2] == "clinic_id=?") && grow.MatchString(cmp.Or(table[m[1]], m[1])) {
			out = append(out, s.text)
		}
	}
	return out
}

func plan(t *testing.T, pool *sql.DB, text string) string {
	var out []string
	for _, s := range explain(t, pool, text) {
		out = append(out, s.text)
	}
	return strings.Join(out, "\n")
}

func explain(t *testing.T, pool *sql.DB, text string) (out []step) {
	t.Helper()
	numbers := regexp.MustCompile(`\$[0-9]+`)
	rows, err := pool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+numbers.ReplaceAllString(text, "NULL"))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s step
		var c int
		if err := rows.Scan(&s.id, &s.parent, &c, &s.text); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}
