package backup

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

const (
	fillLite = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $6)
	INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, note, created_at)
	SELECT $1, randomblob(16), $2, $3, $4, $5 + i * 300000000, $5 + (i + 1) * 300000000, 0, 0, '2026-11-24', 'completed', 'desk', randomblob(90), $5 FROM n`
	fillPostgres = `INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, note, created_at)
	SELECT $1::bytea, uuid_send(gen_random_uuid()), $2::bytea, $3::bytea, $4::bytea, $5::bigint + i * 300000000, $5::bigint + (i + 1) * 300000000, 0, 0, '2026-11-24', 'completed', 'desk',
	uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), $5::bigint FROM generate_series(1, $6::bigint) AS i`
)

// TestALargeClinicComesBack: as TestABackupComesBack, with many appointments; how long each part took and how large it was is told. In a soak there are a million
// on either engine; otherwise a few thousand, on SQLite.
func TestALargeClinicComesBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "restore-drill")
	many, engines := 3_000, []store.Engine{store.SQLite}
	if os.Getenv("ALMIRAH_SOAK") != "" {
		many, engines = 1_000_000, append(engines, store.Postgres)
	}
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			b := rig.New(t, engine, store.Options{})
			shop := practice.Open(t, b, 1)
			p := open(t, b)
			p.room.o.Clock = clock.System{} // so that times are told
			driver, at, fill := "sqlite", "file:"+b.DB.Path(), fillLite
			if engine == store.Postgres {
				driver, at, fill = "pgx", p.room.o.ServerURL, fillPostgres
			}
			pool, err := sql.Open(driver, at)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Exec(fill, b.Clinic, p.people[0], shop.Providers[0], shop.Service, int64(clock.At(rig.Start)), many); err != nil {
				t.Fatal(err)
			}
			if err := pool.Close(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			m := p.run(t)
			t.Logf("soak: %s: a backup of %d rows took %s with its drill (%d ms): %s of data, %s sealed", engine, m.Rows(), time.Since(began).Round(time.Millisecond), m.Checked.Millis, size(m.Data.Plain), size(m.Data.Size))
			if m.Before.Tables["appointment"] != int64(many) {
				t.Fatalf("%d appointments", m.Before.Tables["appointment"])
			}
			began = time.Now()
			r, err := p.elsewhere(t).Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("soak: %s: the restore of %d rows took %s", engine, r.Rows, time.Since(began).Round(time.Millisecond))
		})
	}
}
