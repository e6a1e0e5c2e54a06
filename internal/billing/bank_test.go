package billing_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/gateways/stripe"
	"almirah/internal/id"
	"almirah/internal/rig"
	rigrazorpay "almirah/internal/rig/razorpay"
	rigstripe "almirah/internal/rig/stripe"
	"almirah/internal/store"

	stripego "github.com/stripe/stripe-go/v85"
)

// report is one signed report of a bank's.
type report struct {
	event  string
	header http.Header
	body   []byte
}

// truth is what a bank's own books say of one payment or refund.
type truth struct {
	id, of, mark string // mark: our reference, empty for none
	good         bool   // captured; given back
	amount       int64
}

// bank is a gateway's stand-in, whichever it is.
type bank interface {
	gateway() billing.Gateway
	typed() map[string]string
	pay(ref string) string
	try(ref string) string
	late(payment string) bool // the bank's late answer to an attempt that was refused
	settle(refund string, well bool) bool
	console(payment string, amount int64) string
	dispute(payment, state string) string
	posts() []report
	sign(report, time.Time) report
	open() map[string]int64
	payments() []truth
	refunds() []truth
	misbehave(kind string, how string)
	calls(kind string) int
}

type razorpayBank struct{ s *rigrazorpay.Server }

func (b razorpayBank) gateway() billing.Gateway {
	return razorpay.New(http.DefaultClient, razorpay.Options{BaseURL: b.s.URL(), Timeout: 10 * time.Second})
}
func (b razorpayBank) typed() map[string]string              { return b.s.Typed() }
func (b razorpayBank) pay(ref string) string                 { return b.s.Pay(ref, 0) }
func (b razorpayBank) try(ref string) string                 { return b.s.Try(ref) }
func (b razorpayBank) late(p string) bool                    { return b.s.Capture(p) }
func (b razorpayBank) settle(r string, well bool) bool       { return b.s.Settle(r, well) }
func (b razorpayBank) console(p string, amount int64) string { return b.s.RefundAtConsole(p, amount) }
func (b razorpayBank) dispute(p, state string) string        { return b.s.Dispute(p, state) }
func (b razorpayBank) open() map[string]int64                { return b.s.Open() }
func (b razorpayBank) calls(kind string) int                 { return b.s.Calls(kind) }
func (b razorpayBank) sign(r report, _ time.Time) report     { return r } // signed once, and no time in it

func (b razorpayBank) posts() (out []report) {
	for _, p := range b.s.Posts() {
		out = append(out, report{p.Event, p.Header, p.Body})
	}
	return out
}

func (b razorpayBank) payments() (out []truth) {
	for _, p := range b.s.Payments() {
		out = append(out, truth{p.ID, "", p.Reference, p.Status == "captured" || p.Status == "refunded", p.Amount})
	}
	return out
}

func (b razorpayBank) refunds() (out []truth) {
	for _, r := range b.s.Refunds() {
		out = append(out, truth{r.ID, r.Payment, r.Receipt, r.Status == "processed", r.Amount})
	}
	return out
}

func (b razorpayBank) misbehave(kind, how string) {
	if kind == "page" {
		kind = "link"
	}
	b.s.Behave(kind, map[string]rigrazorpay.Behaviour{"before": {Drop: rigrazorpay.BeforeTaking}, "after": {Drop: rigrazorpay.AfterTaking}, "500": {Status: 502}, "429": {Status: 429}, "lie": {Lie: true}, "401": {Status: 401}}[how])
}

type stripeBank struct{ s *rigstripe.Server }

func (b stripeBank) gateway() billing.Gateway {
	return stripe.New(stripego.BackendConfig{HTTPClient: &http.Client{Transport: http.DefaultTransport}}, stripe.Options{BaseURL: b.s.URL(), Timeout: 10 * time.Second})
}
func (b stripeBank) typed() map[string]string              { return b.s.Typed() }
func (b stripeBank) pay(ref string) string                 { return b.s.Pay(ref) }
func (b stripeBank) try(ref string) string                 { return b.s.PayLater(ref) }
func (b stripeBank) late(p string) bool                    { return b.s.Decide(p, true) }
func (b stripeBank) settle(r string, well bool) bool       { return b.s.Settle(r, well) }
func (b stripeBank) console(p string, amount int64) string { return b.s.RefundAtConsole(p, amount) }
func (b stripeBank) dispute(p, state string) string        { return b.s.Dispute(p, state) }
func (b stripeBank) open() map[string]int64                { return b.s.Open() }
func (b stripeBank) calls(kind string) int                 { return b.s.Calls(kind) }

func (b stripeBank) sign(r report, at time.Time) report {
	p := b.s.Sign(rigstripe.Post{Event: r.event, Body: r.body}, at, "")
	return report{r.event, p.Header, p.Body}
}

func (b stripeBank) posts() (out []report) {
	for _, p := range b.s.Posts() {
		out = append(out, report{p.Event, p.Header, p.Body})
	}
	return out
}

func (b stripeBank) payments() (out []truth) {
	for _, p := range b.s.Payments() {
		out = append(out, truth{p.ID, "", p.Reference, p.Status == "succeeded", p.Amount})
	}
	return out
}

func (b stripeBank) refunds() (out []truth) {
	for _, r := range b.s.Refunds() {
		out = append(out, truth{r.ID, r.Payment, r.Mark, r.Status == "succeeded", r.Amount})
	}
	return out
}

func (b stripeBank) misbehave(kind, how string) {
	if kind == "page" {
		kind = "session"
	}
	b.s.Behave(kind, map[string]rigstripe.Behaviour{"before": {Drop: rigstripe.BeforeTaking}, "after": {Drop: rigstripe.AfterTaking}, "500": {Status: 502}, "429": {Status: 429}, "lie": {Lie: true}, "401": {Status: 401}}[how])
}

// breaking is a gateway at whose calls the process can be made to die: fuse counts calls down, and at zero the context of the caller ends, before or after the call.
type breaking struct {
	billing.Gateway
	fuse  atomic.Int64 // 0: never; n: at the n-th call from now
	after atomic.Bool
	only  string // the call; empty for any
	die   context.CancelFunc
	away  atomic.Bool // whatever stands between us and the gateway does not find it
}

func (b *breaking) Statement(ctx context.Context, t billing.Till, from, to clock.Instant) (billing.Statement, error) {
	if b.away.Load() {
		return billing.Statement{}, fault.Missing()
	}
	return b.Gateway.Statement(ctx, t, from, to)
}

func (b *breaking) now(call string, after bool) bool {
	if b.only != "" && b.only != call || after != b.after.Load() || b.fuse.Load() == 0 || b.fuse.Add(-1) != 0 {
		return false
	}
	b.die()
	return true
}

func (b *breaking) Open(ctx context.Context, t billing.Till, a billing.Ask) (billing.Page, error) {
	b.now("Open", false)
	out, err := b.Gateway.Open(ctx, t, a)
	b.now("Open", true)
	return out, err
}

func (b *breaking) Look(ctx context.Context, t billing.Till, id, ref string) (billing.Standing, error) {
	b.now("Look", false)
	out, err := b.Gateway.Look(ctx, t, id, ref)
	b.now("Look", true)
	return out, err
}

func (b *breaking) Close(ctx context.Context, t billing.Till, id string) error {
	b.now("Close", false)
	err := b.Gateway.Close(ctx, t, id)
	b.now("Close", true)
	return err
}

func (b *breaking) GiveBack(ctx context.Context, t billing.Till, x billing.Back) (billing.Return, error) {
	b.now("GiveBack", false)
	out, err := b.Gateway.GiveBack(ctx, t, x)
	b.now("GiveBack", true)
	return out, err
}

func (b *breaking) Returns(ctx context.Context, t billing.Till, p string) ([]billing.Return, error) {
	b.now("Returns", false)
	out, err := b.Gateway.Returns(ctx, t, p)
	b.now("Returns", true)
	return out, err
}

// counter is a clinic that takes payments by a gateway.
type counter struct {
	*till
	bank    bank
	pay     *billing.Gateways
	breaks  *breaking
	account billing.GatewayAccount
}

func banks(t *testing.T, now clock.Clock, which string) bank {
	if which == "stripe" {
		return stripeBank{rigstripe.Start(t, rigstripe.Options{Clock: now})}
	}
	return razorpayBank{rigrazorpay.Start(t, rigrazorpay.Options{Clock: now})}
}

func openCounter(t *testing.T, b *rig.Base, which string) *counter {
	t.Helper()
	c := &counter{till: open(t, b), bank: banks(t, b.Clock, which)}
	c.breaks = &breaking{Gateway: c.bank.gateway()}
	c.pay = billing.NewGateways(b.DB, b.Log, billing.GatewaysOptions{Gateways: []billing.Gateway{c.breaks}, Recipient: func(provider string) string { return provider }})
	var err error
	c.account, err = c.pay.Connect(background, c.As(access.Owner), which, c.bank.typed(), true)
	c.must(err)
	return c
}

// both runs a test with both gateways; the first on both engines, the second on SQLite, and on PostgreSQL in a soak: what differs between the gateways is not the engine.
func both(t *testing.T, run func(t *testing.T, c *counter)) {
	t.Helper()
	t.Run("razorpay", func(t *testing.T) {
		t.Parallel()
		rig.Engines(t, func(t *testing.T, b *rig.Base) { run(t, openCounter(t, b, "razorpay")) })
	})
	t.Run("stripe", func(t *testing.T) {
		t.Parallel()
		if soak() {
			rig.Engines(t, func(t *testing.T, b *rig.Base) { run(t, openCounter(t, b, "stripe")) })
			return
		}
		run(t, openCounter(t, rig.New(t, store.SQLite, store.Options{}), "stripe"))
	})
}

// patient is the caller of a patient's own link.
func (c *counter) patient(one id.ID) access.Caller {
	return access.Mint(c.Clinic, id.Zero, one, id.Zero, access.Patient, access.Care)
}

func back(one id.ID) string { return "https://clinic.example.org/m/x/paid/" + one.String() }

func (c *counter) ask(patient, invoice id.ID) (billing.Request, error) {
	return c.pay.Ask(background, c.patient(patient), invoice, back)
}

// hear brings reports to the door, as they are.
func (c *counter) hear(list ...report) {
	c.t.Helper()
	for _, r := range list {
		r = c.bank.sign(r, c.Clock.Now())
		c.must(c.pay.Hear(background, accounts.Public(c.Clinic), c.account.Provider, c.account.ID, billing.GatewayHook{Header: r.header, Body: r.body}))
	}
}

// work does everything that is due until nothing is, moving the clock to what is due soon.
func (c *counter) work() {
	c.t.Helper()
	for range 8 {
		c.must(c.pay.Work(background, c.As(access.System)))
		c.Clock.Move(45 * time.Second)
	}
}

// heal ends every fault, brings what the bank still has to say when asked, and compares the books.
func (c *counter) heal() {
	c.t.Helper()
	c.breaks.fuse.Store(0)
	c.hear(c.bank.posts()...)
	for range 3 {
		c.Clock.Move(2 * time.Hour)
		c.work()
	}
	c.must(c.pay.Check(background, c.As(access.Billing), c.account.ID))
	c.work()
}

// must2 keeps errors that the history expects and ends the test for others.
func (c *counter) allow(err error, kinds ...fault.Kind) {
	c.t.Helper()
	if err == nil {
		return
	}
	for _, k := range kinds {
		if fault.Is(err, k) {
			return
		}
	}
	c.t.Fatal(err)
}

func jsonOf(v any) string { b, _ := json.Marshal(v); return string(b) }

func has(text string, list ...string) string {
	for _, x := range list {
		if strings.Contains(text, x) {
			return x
		}
	}
	return ""
}

func soak() bool { return os.Getenv("ALMIRAH_SOAK") == "1" }

// newKey is a new key of a form.
func (c *counter) newKey() id.ID { return id.New(c.Clock.Now()) }

func (c *counter) public() access.Caller { return accounts.Public(c.Clinic) }
