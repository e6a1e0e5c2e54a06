package billing_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// history is one random story of a bill: pages asked for, paid, refused, captured late, given back, reports twice, late, out of order or never, calls without an answer,
// processes that die, the desk taking cash meanwhile, bills that change.
type history struct {
	*counter
	r        *rand.Rand
	bill     billing.Document
	held     []report // reports that the gateway still has to bring
	old      []report // reports that came, and may come again
	attempts []string
	requests []billing.Request
	said     []string
	credited bool
	keys     int
	wishes   int // refunds that were asked for
}

func (h *history) note(format string, args ...any) {
	h.said = append(h.said, fmt.Sprintf(format, args...))
}

// ctx is the context of one act; now and then the process dies at its first call to the gateway, before or after it.
func (h *history) ctx() (context.Context, func()) {
	ctx, cancel := context.WithCancel(background)
	h.breaks.only, h.breaks.die = "", cancel
	if h.r.IntN(6) == 0 {
		h.breaks.after.Store(h.r.IntN(2) == 0)
		h.breaks.fuse.Store(int64(1 + h.r.IntN(3)))
		h.note("dies at call %d", h.breaks.fuse.Load())
	}
	return ctx, func() { h.breaks.fuse.Store(0); cancel() }
}

// collect takes what the gateway posted, and loses some of it for ever.
func (h *history) collect() {
	for _, p := range h.bank.posts() {
		if h.r.IntN(8) == 0 {
			h.note("lost %s", p.event)
			continue
		}
		h.held = append(h.held, p)
	}
}

func (h *history) deliver(p report) {
	p = h.bank.sign(p, h.Clock.Now())
	ctx, done := h.ctx()
	defer done()
	err := h.pay.Hear(ctx, accounts.Public(h.Clinic), h.account.Provider, h.account.ID, billing.GatewayHook{Header: p.header, Body: p.body})
	if err != nil && ctx.Err() == nil {
		h.t.Fatal(err)
	}
}

// payments of this story in our own ledger, by the gateway's id.
func (h *history) booked() map[string]billing.Payment {
	out := map[string]billing.Payment{}
	h.must(h.DB.View(background, h.As(access.Billing), access.BillRead, func(_ context.Context, v *store.View) error {
		for _, p := range h.bank.payments() {
			x, err := billing.FindPayment(v, h.account.Provider+":"+h.account.ID.String(), p.id)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			out[p.id] = x
		}
		return nil
	}))
	return out
}

func (h *history) step() {
	h.collect()
	h.Clock.Move(time.Duration(1+h.r.IntN(90)) * time.Second)
	pick := func() billing.Request { return h.requests[h.r.IntN(len(h.requests))] }
	switch n := h.r.IntN(20); {
	case n < 3:
		if h.r.IntN(3) == 0 {
			how := []string{"before", "after", "500", "429", "lie"}[h.r.IntN(5)]
			h.bank.misbehave("page", how)
			h.note("page %s", how)
		}
		ctx, done := h.ctx()
		r, err := h.pay.Ask(ctx, h.patient(h.bill.Patient), h.bill.ID, back)
		done()
		if err == nil {
			h.requests = append(h.requests, r)
		}
		h.note("ask: %s %v", r.State, err)
	case n < 5: // whoever has a page open pays, whatever became of the bill
		for _, ref := range slices.Sorted(maps.Keys(h.bank.open())) {
			if p := h.bank.pay(ref); p != "" {
				h.attempts = append(h.attempts, p)
				h.note("pays %s", p)
				break
			}
		}
	case n < 6:
		for _, ref := range slices.Sorted(maps.Keys(h.bank.open())) {
			if p := h.bank.try(ref); p != "" {
				h.attempts = append(h.attempts, p)
				h.note("is refused %s", p)
				break
			}
		}
	case n < 7 && len(h.attempts) > 0:
		p := h.attempts[h.r.IntN(len(h.attempts))]
		h.note("late answer of the bank %s: %v", p, h.bank.late(p))
	case n < 10 && len(h.held) > 0:
		for range 1 + h.r.IntN(4) {
			if len(h.held) == 0 {
				break
			}
			i := h.r.IntN(len(h.held))
			p := h.held[i]
			h.deliver(p)
			if h.old = append(h.old, p); h.r.IntN(4) > 0 {
				h.held = slices.Delete(h.held, i, i+1)
			}
			h.note("report %s", p.event)
		}
	case n < 11 && len(h.old) > 0:
		p := h.old[h.r.IntN(len(h.old))]
		h.deliver(p)
		h.note("again %s", p.event)
	case n < 13 && len(h.requests) > 0:
		if h.r.IntN(4) == 0 {
			h.bank.misbehave("look", []string{"before", "500", "429"}[h.r.IntN(3)])
		}
		ctx, done := h.ctx()
		r, _, err := h.pay.Came(ctx, h.patient(h.bill.Patient), pick().ID)
		done()
		h.note("comes back: %s %v", r.State, err)
	case n < 16:
		for _, kind := range []string{"refund", "refunds", "look", "cancel", "expire"} {
			if h.r.IntN(9) == 0 {
				h.bank.misbehave(kind, []string{"before", "after", "500", "429"}[h.r.IntN(4)])
			}
		}
		ctx, done := h.ctx()
		err := h.pay.Work(ctx, h.As(access.System))
		if err != nil && ctx.Err() == nil {
			h.t.Fatal(err)
		}
		done()
		h.note("work")
	case n < 17:
		h.keys++
		amount := int64(1 + h.r.IntN(int(h.bill.Total)))
		_, err := h.bills.Take(background, h.As(access.FrontDesk), h.bill.ID, billing.Pay{Method: billing.Cash, Amount: amount, Key: fmt.Sprintf("cash %s %d", h.bill.ID, h.keys)})
		h.allow(err, fault.Conflict, fault.Invalid)
		h.note("cash %d: %v", amount, err)
	case n < 18:
		for ext, p := range h.booked() {
			if p.Invoice != h.bill.ID || p.Amount == p.Refunded {
				continue
			}
			amount := int64(1 + h.r.IntN(int(p.Amount)))
			if h.account.Provider == "razorpay" {
				amount = max(amount, 100)
			}
			_, err := h.pay.Return(background, h.As(access.Billing), p.ID, amount, h.bill.ID, "history", id.New(h.Clock.Now()))
			h.allow(err, fault.Invalid, fault.Conflict)
			if err == nil {
				h.wishes++
			}
			h.note("give back %d of %s: %v", amount, ext, err)
			break
		}
	case n < 19:
		for _, x := range h.bank.refunds() {
			if h.settleOne(x) {
				break
			}
		}
	default:
		if len(h.attempts) > 0 && h.r.IntN(2) == 0 {
			p := h.attempts[h.r.IntN(len(h.attempts))]
			h.note("console gives back: %s", h.bank.console(p, 100))
		} else if !h.credited && h.r.IntN(3) == 0 {
			h.credited = true
			_, _, err := h.bills.Credit(background, h.As(access.Billing), h.bill.ID, billing.CreditDraft{Amount: h.bill.Total / 2, Reason: "history"})
			h.note("credit note: %v", err)
		}
	}
}

func (h *history) settleOne(x truth) bool {
	well := h.r.IntN(4) > 0
	if !h.bank.settle(x.id, well) {
		return false
	}
	h.note("refund %s settled: %v", x.id, well)
	return true
}

// run plays one story and holds our books beside the gateway's own.
func (h *history) run(steps int) {
	defer func() {
		if h.t.Failed() {
			h.t.Logf("the story:\n%s", fmt.Sprint(h.said))
		}
	}()
	for range steps {
		h.step()
	}
	for _, x := range h.bank.refunds() {
		h.settleOne(x)
	}
	h.breaks.fuse.Store(0)
	h.r.Shuffle(len(h.held), func(i, j int) { h.held[i], h.held[j] = h.held[j], h.held[i] })
	for _, p := range h.held[:len(h.held)/2] { // the rest never comes
		h.deliver(p)
	}
	h.breaks.fuse.Store(0)
	for _, kind := range []string{"page", "look", "refund", "refunds", "cancel", "expire", "list"} {
		h.bank.misbehave(kind, "")
	}
	// What the processes left is done by whoever comes next, and the night compares the books.
	for range 2 {
		h.Clock.Move(25 * time.Hour)
		h.work()
		for _, x := range h.bank.refunds() { // refunds that were asked for only now
			h.settleOne(x)
		}
		h.must(h.pay.Check(background, h.As(access.Billing), h.account.ID))
	}
	h.Clock.Move(time.Hour)
	h.work()
	h.bank.posts()
	h.verify()
}

// verify folds the gateway's own history and compares.
func (h *history) verify() {
	h.t.Helper()
	ours, mine := h.booked(), map[string]bool{}
	for _, r := range h.requests {
		mine[billing.Reference(r.ID)] = true
	}
	var captured, returned, held, gone int64
	for _, p := range h.bank.payments() {
		one := billing.ReadReference(p.mark)
		x, there := ours[p.id]
		if there != p.good {
			h.t.Errorf("payment %s: captured %v, booked %v", p.id, p.good, there)
		}
		if !there || x.Invoice != h.bill.ID {
			continue
		}
		if one.IsZero() || x.Amount != p.amount || x.Applied+x.Advance+x.Undecided+x.Refunded != x.Amount {
			h.t.Errorf("payment %s: %+v, the gateway has %d", p.id, x, p.amount)
		}
		captured += x.Amount
		gone += x.Refunded
		held += x.Undecided + x.Advance
		for _, r := range h.bank.refunds() {
			if r.of == p.id && r.good {
				returned += r.amount
			}
		}
	}
	if gone != returned {
		h.t.Errorf("the gateway gave back %d, the books say %d", returned, gone)
	}
	marks, wished := map[string]bool{}, 0
	for _, r := range h.bank.refunds() {
		if r.mark != "" && marks[r.mark] {
			h.t.Errorf("one wish, two refunds: %s", r.mark)
		}
		marks[r.mark] = true
		if x, there := ours[r.of]; r.mark != "" && there && x.Invoice == h.bill.ID {
			wished++
		}
	}
	if wished > h.wishes {
		h.t.Errorf("%d refunds were asked for, and the gateway made %d", h.wishes, wished)
	}
	s := h.sheet(h.bill.ID)
	cash := int64(0)
	for _, m := range s.Money {
		if billing.IsDesk(m.Source) {
			cash += m.Amount
			held += m.Undecided + m.Advance
			returned += m.Refunded
		}
	}
	if captured+cash-returned != s.Paid+held {
		h.t.Errorf("money came %d and %d, went %d; the invoice has %d, %d wait", captured, cash, returned, s.Paid, held)
	}
	if !h.credited && returned == 0 && s.Paid != min(s.Total, captured+cash) {
		h.t.Errorf("of %d that came for %d the invoice has %d", captured+cash, s.Total, s.Paid)
	}
	if due := s.Total - s.Credited - s.Paid; s.Due() != due || (due == 0) != (s.State == billing.Paid || s.State == billing.Cancelled) || (due < 0) != (s.State == billing.Owing) {
		h.t.Errorf("the state is %s with %d due", s.State, due)
	}
	for ref, amount := range h.bank.open() {
		if mine[ref] {
			h.t.Errorf("a page over %d is open two days later", amount)
		}
	}
}

// histories is how many stories of each kind are played: a few by default, ten thousand in all in a soak.
func histories(short int) int {
	if n, err := strconv.Atoi(os.Getenv("ALMIRAH_HISTORIES")); err == nil {
		return n
	}
	if soak() {
		return 2500
	}
	return short
}

// TestGatewayHistories plays random stories on both engines with both gateways. What it plays follows from the number that it names when something is wrong.
func TestGatewayHistories(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"razorpay", "stripe"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			for engine, short := range map[store.Engine]int{store.SQLite: 60, store.Postgres: 15} {
				t.Run(string(engine), func(t *testing.T) {
					t.Parallel()
					promise.Proves(t, "gateway-counted-once")
					var c *counter
					for i := range histories(short) {
						if i%40 == 0 { // a fresh clinic now and then, so that its books stay small
							if c != nil {
								c.books()
							}
							c = openCounter(t, rig.New(t, engine, store.Options{}), which)
						}
						seed := uint64(i) + 1
						if n, err := strconv.ParseUint(os.Getenv("ALMIRAH_HISTORY"), 10, 64); err == nil {
							seed = n
						}
						h := &history{counter: c, r: rand.New(rand.NewPCG(seed, 4711))}
						h.bill = c.issued(c.visit(i%40, "Asha Rao").Patient, int64(100*(10+h.r.IntN(900))))
						h.run(8 + h.r.IntN(22))
						if t.Failed() {
							t.Fatalf("story %d (ALMIRAH_HISTORY=%d plays it alone)", seed, seed)
						}
					}
					c.books()
					captured, back, paid := 0, 0, 0
					for _, p := range c.bank.payments() {
						if p.good {
							captured++
						}
					}
					for _, r := range c.bank.refunds() {
						if r.good {
							back++
						}
					}
					v := c.books()
					paid = int(v.Payments)
					kinds := map[string]int{}
					for _, x := range c.differences() {
						kinds[x.Kind]++
					}
					t.Logf("the last clinic: %d payments tried, %d captured, %d refunds of which %d arrived, %d payments booked in all; differences %v", len(c.bank.payments()), captured, len(c.bank.refunds()), back, paid, kinds)
				})
			}
		})
	}
}
