package backup

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestRowsThatComeAndGo: while a PostgreSQL server is copied, entries of the audit log come and are given their place. The copy between has more that wait than there were before and after, and is good
// all the same; one that lacks an entry of the log, or a table, is not.
func TestRowsThatComeAndGo(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "restore-drill")
	b := rig.New(t, store.Postgres, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	look := func() store.Survey {
		t.Helper()
		s, err := store.TakeSurvey(ctx, p.room.o.ServerURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	placed := func() {
		t.Helper()
		if _, err := b.DB.Sequence(ctx, b.As(access.Operator)); err != nil {
			t.Fatal(err)
		}
	}
	placed()
	m := Manifest{Kind: KindBase, Before: look()}
	p.add(t, 30)
	between := look()
	placed()
	after := look()
	m.After = &after
	if m.Before.Tables["audit_pending"] >= between.Tables["audit_pending"] || between.Tables["audit_pending"] <= after.Tables["audit_pending"] {
		t.Fatalf("nothing came and went: %d, %d, %d", m.Before.Tables["audit_pending"], between.Tables["audit_pending"], after.Tables["audit_pending"])
	}
	if exact, err := compare(m, between); err != nil || exact {
		t.Errorf("a copy of a server in use: %v %v", exact, err)
	}
	// What a clinic has many of comes back but for a few that came and went.
	m.Before.Tables["patient"], after.Tables["patient"], between.Tables["patient"] = 5000, 5200, 4700
	if _, err := compare(m, between); err != nil {
		t.Errorf("some patients were taken in and away again meanwhile: %v", err)
	}
	for name, change := range map[string]func(tables map[string]int64){
		"patients that are missing":      func(x map[string]int64) { x["patient"] = 4000 },
		"patients that nobody entered":   func(x map[string]int64) { x["patient"] = 6000 },
		"an entry of the audit log less": func(x map[string]int64) { x["audit_leaf"] = m.Before.Tables["audit_leaf"] - 1 },
		"an entry too many":              func(x map[string]int64) { x["audit_leaf"] = after.Tables["audit_leaf"] + 1 },
		"a table less":                   func(x map[string]int64) { delete(x, "audit_pending") },
		"a table too many":               func(x map[string]int64) { x["another"] = 1 },
	} {
		got := between
		got.Tables = maps.Clone(between.Tables)
		change(got.Tables)
		if _, err := compare(m, got); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, table := range growing {
		var triggers string
		if err := ask(p.room.o.ServerURL, `SELECT COALESCE(string_agg(pg_get_triggerdef(oid), ' '), '') FROM pg_trigger WHERE tgrelid = '`+table+`'::regclass`, &triggers); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(triggers, "DELETE") || strings.Contains(triggers, " WHEN ") {
			t.Errorf("%s does not only grow: %s", table, triggers)
		}
	}
}
