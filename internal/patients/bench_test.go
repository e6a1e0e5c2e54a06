package patients

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// BenchmarkSearch is one search among 2,000 patients, audit and decryption included.
func BenchmarkSearch(t *testing.B) {
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		b := rig.New(t, e, store.Options{})
		crowd(t, b, 0, 2000)
		add(t, b, Draft{Name: "Zubin Mehta", Phone: "99999 12345"})
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		for name, typed := range map[string]string{"rare": "zub", "common": "anj", "digits": "2345", "two words": "anjali desaia"} {
			t.Run(string(e)+"/"+name, func(t *testing.B) {
				for t.Loop() {
					if hits, err := s.Search(ctx, desk, typed, 20); err != nil || len(hits) == 0 {
						t.Fatal(len(hits), err)
					}
				}
			})
		}
	}
}
