package store_test

import (
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
		"sqlInvoicesOfPatient": true, "sqlInvoicesOfVisit": true, "sqlPaymentsOfPatient": true, "sqlAfterLayCame": true, "sqlPeerOf": true, "sqlEraseAppts": true}
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

func plan(t *testing.T, pool *sql.DB, text string) string {
	t.Helper()
	numbers := regexp.MustCompile(`\$[0-9]+`)
	rows, err := pool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+numbers.ReplaceAllString(text, "NULL"))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			t.Fatal(err)
		}
		out = append(out, step)
	}
	return strings.Join(out, "\n")
}
