package insight_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/policies"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestAChildIsCountedAsAgreed: a clinic that begins to count the visits of children counts those whose guardians agreed, and nobody else's.
func TestAChildIsCountedAsAgreed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-agreed-first")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 20)
		c.write(func(tx *store.Tx) error {
			x, err := clinics.Get(&tx.View)
			if err == nil {
				_, err = policies.Adopt(tx, policies.Standard(x))
			}
			return err
		})
		b.Clock.Move(time.Hour)
		set, err := c.s.Setting(ctx, c.As(access.Owner))
		if err != nil {
			t.Fatal(err)
		}
		set.Children = true
		if err := c.s.SaveSetting(ctx, c.As(access.Owner), set); err != nil {
			t.Fatal(err)
		}
		var young []id.ID
		for _, p := range c.people {
			if c.child[p] {
				young = append(young, p)
			}
		}
		if len(young) < 2 {
			t.Fatal("too few children")
		}
		if err := policies.New(b.DB).Answer(ctx, c.As(access.FrontDesk), young[0], 2, true); err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(31 * 24 * time.Hour)
		c.last = c.Day(0)
		visitsOf := func(p id.ID) {
			c.people = []id.ID{p}
			c.grow(6, 1, 3)
		}
		attended := func() (n int64) {
			if err := c.s.Work(ctx, c.As(access.System)); err != nil {
				t.Fatal(err)
			}
			c.write(func(tx *store.Tx) error {
				return tx.Row(`SELECT COALESCE(SUM(attended + missed + cancelled + unmarked), 0) FROM insight_day WHERE clinic_id = $1`).Scan(&n)
			})
			return n
		}
		visitsOf(young[1])
		if n := attended(); n != 0 {
			t.Errorf("%d visits of a child whose guardian did not agree were counted", n)
		}
		visitsOf(young[0])
		if n := attended(); n == 0 {
			t.Error("no visit of a child whose guardian agreed was counted")
		}
	})
}
