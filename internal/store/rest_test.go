package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"almirah/internal/access"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestRest: who rests while others work disturbs nobody; afterwards hardly a connection is open, and
// the next to come opens what he needs.
func TestRest(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	owner := b.As(access.Owner)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if err := b.DB.Change(t.Context(), owner, access.ScheduleSettings, addOne("x", true, nil)); err != nil {
					t.Error(err)
				}
				err := b.DB.View(t.Context(), owner, access.ClinicRead, func(_ context.Context, v *store.View) error {
					var n int
					return v.Row(countClosure).Scan(&n)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		if err := b.DB.Rest(t.Context()); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
	if err := b.DB.Rest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.DB.OpenConnections(); n > 2 {
		t.Errorf("%d connections are open after a rest", n)
	}
	if n := closures(t, b, b.Clinic); n != 160 {
		t.Errorf("%d rows, 160 are wanted", n)
	}
}

// TestGently: long work rests where somebody is served meanwhile, and only there; told to end, it does not rest out.
func TestGently(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	done := 0
	piece := func() error { done++; return nil }
	if err := b.DB.Gently(over, piece); err != nil {
		t.Errorf("nobody is served, and it rests: %v", err)
	}
	err := b.DB.View(t.Context(), b.As(access.Owner), access.ClinicRead, func(context.Context, *store.View) error {
		if err := b.DB.Gently(over, piece); !errors.Is(err, context.Canceled) {
			t.Errorf("somebody is served, and it does not rest: %v", err)
		}
		return b.DB.Gently(t.Context(), piece)
	})
	if err != nil || done != 3 {
		t.Errorf("%d pieces: %v", done, err)
	}
}
