package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestWatch: a slow statement is told of with its text and without its values; the database says how large it is and what waits.
func TestWatch(t *testing.T) {
	t.Parallel()
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var slow []string
			b := rig.New(t, e, store.Options{Slow: func(text string, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				slow = append(slow, text+" "+took.String())
			}})
			err := b.DB.View(context.Background(), b.As(access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
				for _, wait := range []time.Duration{0, store.SlowStatement} {
					rows, err := v.Query(`SELECT id FROM patient WHERE clinic_id = $1 AND language = $2`, "somebody's")
					if err != nil {
						return err
					}
					b.Clock.Move(wait)
					if err := rows.Close(); err != nil {
						return err
					}
					_ = rows.Close()
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(slow) != 1 || !strings.HasPrefix(slow[0], "SELECT id FROM patient") || strings.Contains(slow[0], "somebody") {
				t.Errorf("slow: %q", slow)
			}
			w, err := b.DB.Watch(context.Background(), accounts.Operator())
			newest, nerr := b.DB.Newest()
			if err != nil || nerr != nil || w.Bytes < 1<<16 || w.Version != newest || newest < 41 || w.Clinics < 1 || w.Open < 1 {
				t.Errorf("%+v, newest %d, %v, %v", w, newest, err, nerr)
			}
		})
	}
}
