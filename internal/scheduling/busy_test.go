package scheduling

import (
	"fmt"
	"strings"
	"testing"

	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestWhoIsTakenIsReadOfEachProvider: PostgreSQL plans "who is taken when" before it knows the days, and then reads each provider's times from the index
// that holds all of it. It does not go through the days of the whole clinic and look each row up.
func TestWhoIsTakenIsReadOfEachProvider(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	ctx, conn := t.Context(), b.Bare(t)
	for _, text := range []string{
		`DO $$ DECLARE x text; BEGIN FOR x IN SELECT conname FROM pg_constraint WHERE conrelid = 'appointment'::regclass AND contype = 'f' LOOP EXECUTE 'ALTER TABLE appointment DROP CONSTRAINT ' || x; END LOOP; END $$`,
		`ALTER TABLE appointment NO FORCE ROW LEVEL SECURITY`,
		`INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, created_at)
			SELECT decode(lpad(to_hex(c), 32, '0'), 'hex'), decode(lpad(to_hex(c * 100000 + p * 1000 + d), 32, '0'), 'hex'), 'x', decode(lpad(to_hex(c * 100 + p), 32, '0'), 'hex'), 'x',
				d * 300000000::bigint, (d + 1) * 300000000::bigint, d, d, to_char(date '2026-01-01' + d, 'YYYY-MM-DD'), 'booked', 'online', 0
			FROM generate_series(1, 40) c, generate_series(1, 20) p, generate_series(1, 60) d`,
		`ALTER TABLE appointment FORCE ROW LEVEL SECURITY`,
		`VACUUM ANALYZE appointment`,
		`SET plan_cache_mode = force_generic_plan`, `PREPARE busy AS ` + busyOf(20)} {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	one := fmt.Sprintf(`'\x%x'`, b.Clinic[:])
	rows, err := conn.QueryContext(ctx, `EXPLAIN EXECUTE busy(`+one+`, '2026-01-05', '2026-01-19'`+strings.Repeat(", "+one, 20)+`)`)
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
	if n := strings.Count(plan.String(), "Index Only Scan using appointment_busy "); rows.Err() != nil || n != 20 || strings.Contains(plan.String(), "appointment_day") {
		t.Errorf("%v, %d of 20\n%s", rows.Err(), n, plan.String())
	}
}
