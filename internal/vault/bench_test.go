package vault

import (
	"context"
	"path/filepath"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// BenchmarkDay is what a day page does: one ring, 50 patients, two fields each.
func BenchmarkDay(b *testing.B) {
	folder := b.TempDir()
	root := filepath.Join(folder, "root.key")
	if _, err := CreateRootKey(root); err != nil {
		b.Fatal(err)
	}
	v, err := Open(context.Background(), Config{RootKeyFile: root, StoreURL: "sqlite://" + filepath.Join(folder, "k.db")}, clock.NewFake(noon))
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	clinic := id.New(noon)
	people := make([]id.ID, 50)
	for i := range people {
		people[i] = id.New(noon)
	}
	if err := v.OpenClinic(context.Background(), clinic); err != nil {
		b.Fatal(err)
	}
	if err := v.AddSubjects(context.Background(), clinic, people...); err != nil {
		b.Fatal(err)
	}
	r, err := v.Ring(context.Background(), clinic)
	if err != nil {
		b.Fatal(err)
	}
	sealed := make([][]byte, len(people))
	for i, p := range people {
		if sealed[i], err = r.Seal(nameOf(p), []byte("Asha Rao")); err != nil {
			b.Fatal(err)
		}
	}
	r.Close()
	b.Run("ring", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := v.Ring(context.Background(), clinic)
			if err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
	b.Run("fifty patients", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := v.Ring(context.Background(), clinic)
			if err != nil {
				b.Fatal(err)
			}
			if err := r.Load(people...); err != nil {
				b.Fatal(err)
			}
			for i, p := range people {
				for range 2 {
					if _, err := r.Open(nameOf(p), sealed[i]); err != nil {
						b.Fatal(err)
					}
				}
			}
			r.Close()
		}
	})
}
