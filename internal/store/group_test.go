package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestWritersShareACommit has many write at once, some of whom think better of it, and reads the
// file through a connection of its own each time one of them is answered: what was acknowledged
// is committed then, what was taken back is not there, and far fewer commits than Changes were made.
func TestWritersShareACommit(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	outside, err := sql.Open("sqlite", "file:"+filepath.Join(b.Dir, "almirah.db")+"?_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	there := func(name string) (n int) {
		if err := outside.QueryRow(`SELECT COUNT(*) FROM closure WHERE name = ?`, name).Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	owner, changed := b.As(access.Owner), errors.New("thought better of it")
	const writers, each = 24, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				name := fmt.Sprintf("w%d-%d", w, i)
				ctx, cancel := context.WithCancel(t.Context())
				var fail error
				switch (w + i) % 4 {
				case 0:
					fail = changed
				case 1: // nobody waits for the answer any more: what was begun still ends
					fail = nil
					defer cancel()
				}
				err := b.DB.Change(ctx, owner, access.ScheduleSettings, addOne(name, true, fail))
				cancel()
				if !errors.Is(err, fail) {
					t.Errorf("%s: %v", name, err)
				}
				if n := there(name); err == nil && n != 1 || err != nil && n != 0 {
					t.Errorf("%s answered %v, and %d rows are there", name, err, n)
				}
			}
		})
	}
	group.Wait()
}

// TestAFailedCommitIsNobodys fills the disk (a page limit on the writer's connection) while many
// write: whoever was told that it is saved finds it, whoever was told no finds nothing.
func TestAFailedCommitIsNobodys(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	owner := b.As(access.Owner)
	limit := func(pages int) {
		t.Helper()
		err := b.DB.Change(t.Context(), owner, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test's own")
			var n int
			return tx.Row(fmt.Sprintf(`PRAGMA max_page_count = %d -- $1`, pages)).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var pages int
	err := b.DB.View(t.Context(), owner, access.ClinicRead, func(_ context.Context, v *store.View) error {
		return v.Row(`PRAGMA page_count -- $1`).Scan(&pages)
	})
	if err != nil {
		t.Fatal(err)
	}
	limit(pages + 150)
	type result struct {
		name string
		err  error
	}
	results := make(chan result, 400)
	var group sync.WaitGroup
	for w := range 20 {
		group.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("w%d-%d", w, i)
				err := b.DB.Change(t.Context(), owner, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
					for k := range 4 { // enough to fill pages
						one := tx.NewID()
						tx.Record(audit.Note{Action: "add", Kind: "closure", Subject: one, New: fmt.Sprintf("%0900d", k)})
						if _, err := tx.Exec(addClosure, one, tx.Now(), tx.Now().Add(time.Hour), name); err != nil {
							return err
						}
					}
					return nil
				})
				results <- result{name, err}
			}
		})
	}
	group.Wait()
	close(results)
	saved, refused := 0, 0
	for r := range results {
		var n int
		err := b.DB.View(t.Context(), owner, access.ClinicRead, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT COUNT(*) FROM closure WHERE clinic_id = $1 AND name = $2`, r.name).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case r.err == nil && n == 4:
			saved++
		case r.err != nil && n == 0:
			refused++
		default:
			t.Errorf("%s: %v, and %d rows are there", r.name, r.err, n)
		}
	}
	if refused == 0 || saved == 0 {
		t.Errorf("%d saved, %d refused: the disk was to become full half-way", saved, refused)
	}
	limit(1 << 30)
	if err := b.DB.Change(t.Context(), owner, access.ScheduleSettings, addOne("afterwards", true, nil)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
