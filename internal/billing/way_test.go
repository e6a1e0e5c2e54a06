package billing_test

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// paidOnItsPage is an invoice over 500 of somebody who paid it on the gateway's page, and the payment.
func (c *counter) paidOnItsPage() (billing.Document, id.ID) {
	c.t.Helper()
	patient := c.visit(0, "Asha Rao").Patient
	d := c.issued(patient, 50000)
	r, err := c.ask(patient, d.ID)
	c.must(err)
	c.bank.pay(billing.Reference(r.ID))
	c.hear(c.bank.posts()...)
	c.work()
	return d, c.sheet(d.ID).Money[0].ID
}

// askedBack is an invoice over 500 that was paid on its page, of which 400 were credited and its gateway is asked to give 300 back, and the payment.
func (c *counter) askedBack() (billing.Document, id.ID) {
	c.t.Helper()
	d, paid := c.paidOnItsPage()
	_, _, err := c.bills.Credit(background, c.As(access.Billing), d.ID, billing.CreditDraft{Amount: 40000, Reason: "not done"})
	c.must(err)
	_, err = c.pay.Return(background, c.As(access.Billing), paid, 30000, d.ID, "not done", c.newKey())
	c.must(err)
	return d, paid
}

// What a gateway was asked to give back is no longer there to be given back at the desk, or to pay another bill: it takes days until the gateway says that it went.
func TestMoneyOnItsWayBackIsNotThereASecondTime(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		d, paid := c.askedBack()

		least := func(when string, most int64) {
			t.Helper()
			if got := c.sheet(d.ID).Money[0].Most; got != most {
				t.Fatalf("%s: %d can go back, want %d", when, got, most)
			}
			back := billing.ReturnDraft{Payment: paid, Invoice: d.ID, Amount: most + 1, Method: billing.Cash, Reason: "not done"}
			if _, err := c.bills.Return(background, c.As(access.Billing), back); !fault.Is(err, fault.Invalid) {
				t.Fatalf("%s: the desk gives back what the gateway gives back: %v", when, err)
			}
		}
		least("asked", 10000)
		c.work() // the gateway has it, and it is pending there
		least("pending", 10000)
		all := billing.ReturnDraft{Payment: paid, Method: billing.Cash}
		if _, _, err := c.bills.Credit(background, c.As(access.Billing), d.ID, billing.CreditDraft{Amount: 10000, Reason: "nor this", Back: &all}); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a credit note gives back what the gateway gives back: %v", err)
		}
		_, err := c.bills.Return(background, c.As(access.Billing), billing.ReturnDraft{Payment: paid, Invoice: d.ID, Amount: 10000, Method: billing.Cash, Reason: "not done"})
		c.must(err)
		for _, x := range c.bank.refunds() {
			c.bank.settle(x.id, true)
		}
		c.hear(c.bank.posts()...)
		c.heal()
		c.is(d.ID, billing.Paid, 0)
		if x := c.differences(); len(x) != 0 {
			t.Fatalf("money went back that was not there: %+v", x)
		}
		c.books()
	})
}

// One that the gateway could not give back is there again.
func TestMoneyThatCouldNotGoBackIsThereAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		asha := c.visit(0, "Asha Rao").Patient
		d, e := c.paidTwice(asha, 50000), c.issued(asha, 20000)
		list, err := c.bills.List(background, c.As(access.Billing), billing.Unpaid, billing.Place{})
		c.must(err)
		if len(list.Undecided) != 1 {
			t.Fatalf("%+v", list.Undecided)
		}
		paid := list.Undecided[0].ID
		_, err = c.pay.Return(background, c.As(access.Billing), paid, 50000, d.ID, "paid twice", c.newKey())
		c.must(err)
		c.work()
		if _, err := c.bills.Use(background, c.As(access.FrontDesk), paid, e.ID); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a bill is paid with money that is on its way back: %v", err)
		}
		for _, x := range c.bank.refunds() {
			c.bank.settle(x.id, false)
		}
		c.hear(c.bank.posts()...)
		c.heal()
		took, err := c.bills.Use(background, c.As(access.FrontDesk), paid, e.ID)
		c.must(err)
		if took != 20000 {
			t.Fatalf("%d was used", took)
		}
		c.is(e.ID, billing.Paid, 0)
		_, err = c.bills.Return(background, c.As(access.Billing), billing.ReturnDraft{Payment: paid, Amount: 30000, Method: billing.Cash, Reason: "paid twice"})
		c.must(err)
		c.books()
	})
}

// Of an account that was revoked nothing is heard any more: what became of a refund that was on its way only a person can find out, who is then not kept from giving money back.
func TestWhatARevokedAccountGaveBackAPersonDecides(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		d, paid := c.askedBack()
		c.work()
		if most := c.sheet(d.ID).Money[0].Most; most != 10000 {
			t.Fatalf("%d can go back", most)
		}
		now := c.accounts()[0]
		c.must(c.pay.Revoke(background, c.As(access.Owner), now.ID, now.Version))
		if most := c.sheet(d.ID).Money[0].Most; most != 40000 {
			t.Fatalf("%d can go back from an account that was revoked", most)
		}
		_, err := c.bills.Return(background, c.As(access.Billing), billing.ReturnDraft{Payment: paid, Invoice: d.ID, Amount: 40000, Method: billing.Cash, Reason: "not done"})
		c.must(err)
		c.books()
	})
}
