package scheduling

import (
	"fmt"
	"strings"
	"testing"

	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestTheIndexOfDaysHoldsWhoIsTaken: where many clinics share a PostgreSQL, it expects one row of a clinic's days and goes by the index of days;
// all that "who is taken when" asks stands in it, so that no row is looked up.
func TestTheIndexOfDaysHoldsWhoIsTaken(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	ctx, conn := t.Context(), b.Bare(t)
	for _, text := range []string{`BEGIN`, `DROP INDEX appointment_busy`, `SET LOCAL enable_seqscan = off`, `SET LOCAL enable_bitmapscan = off`, `SET LOCAL plan_cache_mode = force_generic_plan`,
		`PREPARE busy AS ` + sqlBusy + `($4, $5)`} {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	rows, err := conn.QueryContext(ctx, fmt.Sprintf(`EXPLAIN EXECUTE busy('\x%x', '2026-01-05', '2026-01-19', '\x%[1]x', '\x%[1]x')`, b.Clinic[:]))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, line)
	}
	if err := rows.Err(); err != nil || !strings.Contains(plan.String(), "Index Only Scan using appointment_day ") {
		t.Errorf("%v\n%s", err, plan.String())
	}
}
