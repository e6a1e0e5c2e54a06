package billing_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// waiting is how many calls of a kind the clinic still has to make.
func (c *counter) waiting(kind string) (n int) {
	c.t.Helper()
	c.must(c.DB.View(background, c.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		return v.Row(`SELECT COUNT(*) FROM gateway_work WHERE clinic_id = $1 AND kind = $2`, kind).Scan(&n)
	}))
	return n
}

// lock puts something in the place of the account's sealed keys, and answers what was there.
func (c *counter) lock(with []byte) (was []byte) {
	c.t.Helper()
	c.must(c.do(access.Work, access.System, func(tx *store.Tx) error {
		tx.Housekeeping("keys that cannot be opened")
		if err := tx.Row(`SELECT credentials FROM gateway_account WHERE clinic_id = $1 AND id = $2`, c.account.ID).Scan(&was); err != nil {
			return err
		}
		return tx.Must(`UPDATE gateway_account SET credentials = $3 WHERE clinic_id = $1 AND id = $2`, c.account.ID, with)
	}))
	return was
}

func TestANightWithoutTheGatewayIsNotTheLast(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-books-compared")
		owner := c.As(access.Owner)
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		night := func(what string, compared bool) {
			t.Helper()
			c.Clock.Move(24 * time.Hour)
			begun := c.Clock.Now()
			c.work()
			if at := c.accounts()[0].CheckedAt; !at.Time().Before(begun) != compared {
				t.Fatalf("%s: the books were compared at %s, the night began at %s", what, at.Time(), begun)
			}
		}
		night("an ordinary night", true)

		all := []string{clinics.ModuleBilling, clinics.ModuleScheduling}
		c.modules(all[1:]...)
		c.Clock.Move(24 * time.Hour)
		c.work()
		c.modules(all...)
		night("the night after the module was off", true)

		c.breaks.away.Store(true)
		night("something does not find the gateway", false)
		c.breaks.away.Store(false)
		night("the night after that", true)

		r, err := c.ask(d.Patient, d.ID)
		c.must(err)
		c.bank.pay(billing.Reference(r.ID)) // and nobody hears of it
		c.bank.posts()
		keys := c.lock([]byte("no key opens this"))
		night("keys that cannot be opened", false)
		if c.waiting("look") != 1 {
			t.Fatal("the page that was asked for is asked about no more")
		}
		c.lock(keys)
		night("the night after the keys could be opened again", true)
		c.is(d.ID, billing.Paid, 0)

		// New keys, and an account that is taken into use again, do not wait for the night; and neither does somebody who asks by hand. A call that an earlier release
		// struck off for ever comes back.
		begin := func(what string, how func(a billing.GatewayAccount) error) {
			t.Helper()
			c.must(c.do(access.Work, access.System, func(tx *store.Tx) error {
				tx.Housekeeping("a call that was struck off")
				_, err := tx.Exec(`DELETE FROM gateway_work WHERE clinic_id = $1 AND kind = 'check'`)
				return err
			}))
			begun := c.Clock.Now()
			c.must(how(c.accounts()[0]))
			c.work()
			if at := c.accounts()[0].CheckedAt; at.Time().Before(begun) || c.waiting("check") != 1 {
				t.Fatalf("%s: compared at %s, %d comparisons are to come", what, at.Time(), c.waiting("check"))
			}
		}
		begin("new keys", func(a billing.GatewayAccount) error {
			return c.pay.ChangeKeys(background, owner, a.ID, a.Version, c.bank.typed())
		})
		begin("taken into use again", func(a billing.GatewayAccount) error {
			c.must(c.pay.SetAccount(background, owner, a.ID, a.Version, false))
			return c.pay.SetAccount(background, owner, a.ID, a.Version+1, true)
		})
		begin("compared by hand", func(a billing.GatewayAccount) error { return c.pay.Check(background, c.As(access.Billing), a.ID) })

		a := c.accounts()[0]
		c.must(c.pay.Revoke(background, owner, a.ID, a.Version))
		c.Clock.Move(24 * time.Hour)
		c.work()
		if n := c.waiting("check"); n != 0 {
			t.Fatalf("%d comparisons of a revoked account are to come", n)
		}
		c.books()
	})
}
