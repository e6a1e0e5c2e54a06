package app

import (
	"bytes"
	"context"
	"io"
	"testing"

	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// TestThereAndBack: the demo's clinic, with something in nearly every table, leaves a house on one engine, arrives in an empty one on the other, and
// leaves that one again: the canonical hash is the same, and so is every table.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from := emptyHouse(t, store.SQLite)
	if err := from.LoadDemo(ctx, func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	first, made := exported(t, from, demoSlug)
	to := emptyHouse(t, store.Postgres)
	o, err := archives.Open(bytes.NewReader(first), int64(len(first)), nil)
	if err != nil {
		t.Fatal(err)
	}
	arrived, err := to.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if arrived.Canonical != made.Canonical {
		t.Errorf("arrived as %s, left as %s", arrived.Canonical, made.Canonical)
	}
	second, again := exported(t, to, arrived.Slug)
	if again.Canonical != made.Canonical {
		t.Errorf("left again as %s, first as %s", again.Canonical, made.Canonical)
	}
	two, err := archives.Open(bytes.NewReader(second), int64(len(second)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range o.Tables {
		if two.Tables[i] != c {
			t.Errorf("the table %s: %d rows went, %d came back", c.Table, c.Rows, two.Tables[i].Rows)
		}
	}
	t.Logf("%d rows, %d members, %d bytes, %d unreadable", made.Rows, made.Members, len(first), made.Unreadable)
}

// exported is the archive of the clinic.
func exported(t testing.TB, h *House, slug string) ([]byte, archives.Made) {
	t.Helper()
	ctx := context.Background()
	clinic, err := h.Clinics.BySlug(ctx, slug)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	made, err := h.Archives.Export(ctx, jobs.ForClinic(clinic), io.Writer(&b), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), made
}

// emptyHouse is a house of the engine with no clinic in it.
func emptyHouse(t testing.TB, engine store.Engine) *House {
	t.Helper()
	h, err := Open(context.Background(), settingsIn(t, t.TempDir(), engine, nil), clock.NewFake(morning), silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}
