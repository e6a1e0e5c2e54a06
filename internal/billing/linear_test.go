package billing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"

	"github.com/anishathalye/porcupine"
)

// What is done to one bill at once: money that came is reported, money that went back is reported, and somebody looks what is due.
type ledgerIn struct {
	kind    string // "receive", "give", "look"
	payment string
	refund  string
	amount  int64
}

type ledgerOut struct {
	refused            fault.Kind
	repeated           bool
	applied, undecided int64
	left, due          int64
}

// books is the ledger as a sequence of acts would leave it.
type books struct {
	due      int64
	payments [3]struct{ amount, applied, undecided, refunded int64 }
	refunds  [4]int64
}

func (b books) step(in ledgerIn) (books, ledgerOut) {
	p := int(in.payment[0] - 'a')
	x := &b.payments[p]
	switch in.kind {
	case "receive":
		if x.amount > 0 {
			return b, ledgerOut{repeated: true}
		}
		x.amount = in.amount
		x.applied = max(0, min(in.amount, b.due))
		x.undecided = in.amount - x.applied
		b.due -= x.applied
		return b, ledgerOut{applied: x.applied, undecided: x.undecided}
	case "give":
		r := &b.refunds[int(in.refund[0]-'a')]
		switch {
		case x.amount == 0:
			return b, ledgerOut{refused: fault.NotFound}
		case *r > 0:
			return b, ledgerOut{repeated: true}
		case in.amount > x.amount-x.refunded:
			return b, ledgerOut{refused: fault.Conflict}
		}
		*r = in.amount
		x.refunded += in.amount
		first := min(in.amount, x.undecided)
		x.undecided -= first
		x.applied -= in.amount - first
		b.due += in.amount - first
		return b, ledgerOut{left: x.amount - x.refunded}
	}
	return b, ledgerOut{due: b.due}
}

// TestTheLedgerIsLinearizable reports money from many sides at once and asks porcupine whether what everybody was told could have happened one after the other.
func TestTheLedgerIsLinearizable(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		promise.Proves(t, "gateway-counted-once")
		c := open(t, b)
		patient := c.visit(0, "Asha Rao").Patient
		rounds := 6
		if soak() {
			rounds = 300
		}
		for round := range rounds {
			r := rand.New(rand.NewPCG(uint64(round), 7))
			d := c.issued(patient, 50000)
			source := fmt.Sprintf("razorpay:%s", d.ID)
			amounts := []int64{10000 * int64(1+r.IntN(5)), 50000, 20000}
			var mu sync.Mutex
			var list []porcupine.Operation
			begin := time.Now()
			var all sync.WaitGroup
			for client := range 6 {
				turns := rand.New(rand.NewPCG(uint64(round), uint64(client)+100))
				all.Go(func() {
					for range 4 {
						k := turns.IntN(3)
						in := ledgerIn{kind: []string{"receive", "receive", "give", "look"}[turns.IntN(4)], payment: string(rune('a' + k)), amount: amounts[k]}
						if in.kind == "give" {
							i := turns.IntN(4)
							k := i % 3 // a refund is of one payment, over one amount
							in.refund, in.payment, in.amount = string(rune('a'+i)), string(rune('a'+k)), amounts[k]/2
						}
						at := time.Since(begin)
						out, err := c.ledgerAct(source, d.ID, in)
						end := time.Since(begin)
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						list = append(list, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(at), Return: int64(end)})
						mu.Unlock()
					}
				})
			}
			all.Wait()
			model := porcupine.Model{
				Init: func() any { return books{due: 50000} },
				Step: func(state, in, out any) (bool, any) {
					next, want := state.(books).step(in.(ledgerIn))
					return want == out.(ledgerOut), next
				},
				Equal:             func(a, b any) bool { return a.(books) == b.(books) },
				DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
			}
			if got := porcupine.CheckOperationsTimeout(model, list, time.Minute); got != porcupine.Ok {
				for _, o := range list {
					t.Logf("%d..%d %s", o.Call, o.Return, model.DescribeOperation(o.Input, o.Output))
				}
				t.Fatalf("round %d: %s", round, got)
			}
		}
		c.books()
	})
}

// ledgerAct does one act in a Change of its own.
func (c *till) ledgerAct(source string, invoice id.ID, in ledgerIn) (ledgerOut, error) {
	var out ledgerOut
	if in.kind == "look" {
		err := c.DB.View(background, c.As(access.Billing), access.BillRead, func(_ context.Context, v *store.View) error {
			a, err := billing.OpenInvoice(v, invoice)
			out.due = a.Due.Minor
			return err
		})
		return out, err
	}
	err := c.do(access.Work, access.System, func(tx *store.Tx) error {
		out = ledgerOut{}
		if in.kind == "receive" {
			x, err := billing.Receive(tx, billing.Incoming{Source: source, External: in.payment, Method: billing.Online, Amount: money.Of(in.amount, "INR"), Invoice: invoice})
			if out.repeated = x.Repeated; !x.Repeated {
				out.applied, out.undecided = x.Applied, x.Undecided
			}
			tx.Housekeeping("test")
			return err
		}
		x, err := billing.GiveBack(tx, billing.Refunded{Source: source, Payment: in.payment, External: in.refund, Amount: money.Of(in.amount, "INR")})
		if out.repeated = x.Repeated; !x.Repeated {
			out.left = x.Left
		}
		tx.Housekeeping("test")
		return err
	})
	if k := fault.KindOf(err); err != nil && (k == fault.NotFound || k == fault.Conflict) {
		return ledgerOut{refused: k}, nil
	}
	return out, err
}
