package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig/oracle"
	rig "almirah/internal/rig/stripe"

	"github.com/stripe/stripe-go/v85"
)

func start(t *testing.T) (*rig.Server, *Client, billing.Till, *clock.Fake) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC))
	s := rig.Start(t, rig.Options{Clock: now, OldSecret: "whsec_SunriseClinicOldSecret"})
	c := New(stripe.BackendConfig{HTTPClient: &http.Client{Transport: http.DefaultTransport}}, Options{BaseURL: s.URL(), Timeout: 5 * time.Second})
	k, err := c.Check(s.Typed())
	if err != nil {
		t.Fatal(err)
	}
	return s, c, billing.Till{ID: id.New(now.Now()), Provider: "stripe", Credentials: k.Credentials}, now
}

func ask(now clock.Clock, amount int64) billing.Ask {
	return billing.Ask{Reference: billing.Reference(id.New(now.Now())), Amount: amount, Currency: "USD", Description: "Bill 1 of Sunrise Clinic",
		ExpiresAt: clock.At(now.Now().Add(23 * time.Hour)), ReturnURL: "https://clinic.example.org/m/x/paid"}
}

func TestASessionLivesOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "gateway-own-account")
	s, c, till, now := start(t)
	ctx := context.Background()
	if err := c.Probe(ctx, till); err != nil {
		t.Fatal(err)
	}
	a := ask(now, 5000)
	s.Behave("session", rig.Behaviour{Drop: rig.AfterTaking})
	if _, err := c.Open(ctx, till, a); !billing.Uncertain(err) {
		t.Fatalf("a call without an answer is uncertain: %v", err)
	}
	first, err := c.Open(ctx, till, a)
	if err != nil || first.URL == "" {
		t.Fatal(first, err)
	}
	if again, err := c.Open(ctx, till, a); err != nil || again.ID != first.ID {
		t.Fatal(again, err)
	}
	if s.Calls("session") != 3 {
		t.Fatalf("the library tried again by itself: %d calls", s.Calls("session"))
	}
	other := a
	other.Amount = 6000
	if _, err := c.Open(ctx, till, other); !fault.Is(err, fault.Invalid) {
		t.Fatalf("one key, two requests: %v", err)
	}
	s.Behave("session", rig.Behaviour{Lie: true})
	if _, err := c.Open(ctx, till, ask(now, 7000)); err == nil {
		t.Fatal("a session over another amount was taken for ours")
	}
	if st, err := c.Look(ctx, till, "", a.Reference); err != nil || st.Page.ID != first.ID || len(st.Captures) != 0 {
		t.Fatalf("%+v %v", st, err)
	}
	tried := s.Try(first.ID)
	if st, err := c.Look(ctx, till, first.ID, a.Reference); err != nil || st.Captures[0].State != billing.Failed || st.Captures[0].Code != "generic_decline" {
		t.Fatalf("%+v %v", st, err)
	}
	if paid := s.Pay(first.ID); paid != tried {
		t.Fatal("the stand-in made a second payment")
	}
	st, err := c.Look(ctx, till, first.ID, "")
	if err != nil || len(st.Captures) != 1 || st.Captures[0].State != billing.Captured || st.Captures[0].Amount != 5000 || st.Captures[0].Currency != "USD" || st.Page.State != billing.PagePaid {
		t.Fatalf("%+v %v", st, err)
	}
	if err := c.Close(ctx, till, first.ID); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a paid session was closed: %v", err)
	}
	unpaid, err := c.Open(ctx, till, ask(now, 900))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(ctx, till, unpaid.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Look(ctx, till, "cs_none", ""); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

func TestARefundHappensOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "gateway-counted-once")
	s, c, till, now := start(t)
	ctx := context.Background()
	p, err := c.Open(ctx, till, ask(now, 5000))
	if err != nil {
		t.Fatal(err)
	}
	paid := s.Pay(p.ID)
	b := billing.Back{Reference: billing.Reference(id.New(now.Now())), PaymentID: paid, Amount: 2000, Currency: "USD"}
	s.Behave("refund", rig.Behaviour{Drop: rig.AfterTaking})
	if _, err := c.GiveBack(ctx, till, b); !billing.Uncertain(err) {
		t.Fatal(err)
	}
	r, err := c.GiveBack(ctx, till, b)
	if err != nil || r.State != billing.ReturnPending {
		t.Fatal(r, err)
	}
	list, err := c.Returns(ctx, till, paid)
	if err != nil || len(list) != 1 || list[0].Reference != b.Reference {
		t.Fatalf("%+v %v", list, err)
	}
	s.Settle(r.ID, true)
	s.Dispute(paid, "needs_response")
	for range 120 {
		p, err := c.Open(ctx, till, ask(now, 500))
		if err != nil {
			t.Fatal(err)
		}
		s.Pay(p.ID)
	}
	now.Move(time.Minute)
	got, err := c.Statement(ctx, till, clock.At(now.Now().Add(-time.Hour)), clock.At(now.Now()))
	if err != nil || len(got.Captures) != 121 || len(got.Returns) != 1 || got.Returns[0].State != billing.ReturnProcessed || got.Disputes[0].Reason != "fraudulent" {
		t.Fatalf("%d captures, %+v %v", len(got.Captures), got.Returns, err)
	}
}

func TestTroubleHasNoSentences(t *testing.T) {
	t.Parallel()
	s, c, till, _ := start(t)
	for status, kind := range map[int]fault.Kind{400: fault.Invalid, 401: fault.Invalid, 402: fault.Invalid, 409: fault.Unavailable, 429: fault.TooMany, 500: fault.Unavailable, 503: fault.Unavailable} {
		s.Behave("list", rig.Behaviour{Status: status, Code: "card " + rig.Card})
		err := c.Probe(context.Background(), till)
		if !fault.Is(err, kind) || strings.Contains(fmt.Sprintf("%+v", err), "4242") {
			t.Errorf("%d: %v", status, err)
		}
	}
	for name, v := range map[string]string{"secret_key": "rzp_test_x", "webhook_secret": "secret"} {
		typed := s.Typed()
		typed[name] = v
		_, err := c.Check(typed)
		f, _ := err.(*fault.Fault)
		if f == nil || len(f.Fields) != 1 || f.Fields[0].Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	var a Credentials
	_ = json.Unmarshal(till.Credentials, &a)
	if text := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(text, "sk_test") || strings.Contains(text, "whsec") {
		t.Fatal(text)
	}
}

func TestReportsAreReadAndForgedOnesAreNot(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "gateway-only-signed")
	s, c, till, now := start(t)
	ctx := context.Background()
	read := func(p rig.Post, at time.Time, secret string) (billing.News, error) {
		x := s.Sign(p, at, secret)
		return c.Read(till, billing.GatewayHook{Header: x.Header, Body: x.Body}, clock.At(now.Now()))
	}
	p, err := c.Open(ctx, till, ask(now, 5000))
	if err != nil {
		t.Fatal(err)
	}
	s.Try(p.ID)
	pay := s.Pay(p.ID)
	b, err := c.GiveBack(ctx, till, billing.Back{Reference: billing.Reference(id.New(now.Now())), PaymentID: pay, Amount: 5000, Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	s.Settle(b.ID, true)
	s.Dispute(pay, "needs_response")
	late, err := c.Open(ctx, till, ask(now, 900))
	if err != nil {
		t.Fatal(err)
	}
	s.PayLater(late.ID)
	seen := map[string]billing.News{}
	for _, x := range s.Posts() {
		n, err := read(x, now.Now(), "")
		if err != nil || n.Known == (x.Event == "charge.succeeded") {
			t.Fatalf("%s: %+v %v", x.Event, n, err)
		}
		if x.Event == "checkout.session.completed" && n.Pages[0].ID == late.ID {
			if n.Captures[0].State != billing.Started {
				t.Fatalf("complete, but not paid, was taken for money: %+v", n)
			}
			continue
		}
		seen[n.Kind] = n
	}
	if n := seen["checkout.session.completed"]; n.Captures[0].ID != pay || n.Captures[0].State != billing.Captured || n.Captures[0].PageID != p.ID {
		t.Fatalf("%+v", n)
	}
	if n := seen["charge.refunded"]; len(n.Ask) != 1 || n.Ask[0] != pay {
		t.Fatalf("%+v", n)
	}
	if n := seen["payment_intent.payment_failed"]; n.Captures[0].State != billing.Failed {
		t.Fatalf("%+v", n)
	}
	one := rig.Post{Body: []byte(`{"id":"evt_1","object":"event","type":"price.created","created":1,"data":{"object":{"id":"price_1"}}}`)}
	for _, x := range []struct {
		at     time.Duration
		secret string
		good   bool
	}{{0, "", true}, {0, "whsec_SunriseClinicOldSecret", true}, {-299 * time.Second, "", true}, {299 * time.Second, "", true}, {-301 * time.Second, "", false}, {301 * time.Second, "", false}, {4000 * time.Second, "", false},
		{0, "whsec_SomebodyElsesSecret", false}} {
		n, err := read(one, now.Now().Add(x.at), x.secret)
		if (err == nil) != x.good || x.good && n.Known {
			t.Errorf("%v %q: %v", x.at, x.secret, err)
		}
	}
	for _, h := range []http.Header{{}, {"Stripe-Signature": {""}}, {"Stripe-Signature": {"t=1,v1=aa"}}, {"Stripe-Signature": {"v1=aa"}}} {
		if _, err := c.Read(till, billing.GatewayHook{Header: h, Body: one.Body}, clock.At(now.Now())); err != billing.ErrHookForged {
			t.Fatal(err)
		}
	}
	if _, err := read(rig.Post{Body: []byte(`[]`)}, now.Now(), ""); err != billing.ErrHookUnreadable {
		t.Fatal(err)
	}
}

// TestAPaymentIsDatedByWhenItWasPaid leaves a page open for hours before somebody pays on it, at once or by a bank that answers later.
func TestAPaymentIsDatedByWhenItWasPaid(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	var pages []string
	for range 2 {
		p, err := c.Open(context.Background(), till, ask(now, 5000))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p.ID)
	}
	now.Move(7 * time.Hour)
	paid := map[string]clock.Instant{s.Pay(pages[0]): clock.At(now.Now())}
	later := s.PayLater(pages[1])
	now.Move(5 * time.Hour)
	if !s.Decide(later, true) {
		t.Fatal("the bank did not answer")
	}
	paid[later] = clock.At(now.Now())
	seen := 0
	for _, x := range s.Posts() {
		x = s.Sign(x, now.Now(), "")
		n, err := c.Read(till, billing.GatewayHook{Header: x.Header, Body: x.Body}, clock.At(now.Now()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(n.Kind, "checkout.session.") || len(n.Captures) != 1 || n.Captures[0].State != billing.Captured {
			continue
		}
		seen++
		if got, want := n.Captures[0].At, paid[n.Captures[0].ID]; got.Time().Unix() != want.Time().Unix() {
			t.Errorf("%s says that %s was paid at %s; it was at %s", n.Kind, n.Captures[0].ID, got.Time(), want.Time())
		}
	}
	if seen != 2 {
		t.Fatalf("%d reports of money", seen)
	}
}

// TestNothingOfACardHasAPlace holds the structures to the list of fields that may be read (H3, E8).
func TestNothingOfACardHasAPlace(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "gateway-no-cards")
	may := map[string]bool{}
	for _, f := range strings.Fields("id object type created data has_more client_reference_id url amount_total currency status payment_status payment_intent amount amount_received payment_method_types metadata almirah last_payment_error code decline_code failure_reason reason evidence_details due_by") {
		may[f] = true
	}
	var walk func(x reflect.Type)
	walk = func(x reflect.Type) {
		switch {
		case x == reflect.TypeOf(json.RawMessage(nil)): // what a report speaks of, read into one of these again
		case x.Kind() == reflect.Pointer, x.Kind() == reflect.Slice:
			walk(x.Elem())
		case x.Kind() == reflect.Map, x.Kind() == reflect.Interface:
			t.Errorf("%s would take anything", x)
		case x.Kind() == reflect.Struct:
			for i := range x.NumField() {
				f := x.Field(i)
				if f.Type == reflect.TypeOf(forgetful{}) {
					continue
				}
				if !may[f.Tag.Get("json")] {
					t.Errorf("%s reads %q", x, f.Tag.Get("json"))
				}
				walk(f.Type)
			}
		}
	}
	for _, v := range []any{event{}, wireSession{}, wireIntent{}, wireRefund{}, wireDispute{}, wireCharge{}, listOf[wireIntent]{}} {
		walk(reflect.TypeOf(v))
	}
}

// TestReferenceNpmSignatures holds our reading of signatures beside the npm package stripe, in both directions.
func TestReferenceNpmSignatures(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	p, err := c.Open(context.Background(), till, ask(now, 5000))
	if err != nil {
		t.Fatal(err)
	}
	s.Pay(p.ID)
	type one struct {
		Body, Signature, Secret string
		At                      int64
	}
	var in struct {
		Sign  []one `json:"sign"`
		Check []one `json:"check"`
	}
	secret, at := s.Typed()["webhook_secret"], now.Now().Unix()
	for _, x := range s.Posts() {
		signed := s.Sign(x, now.Now(), "")
		in.Sign = append(in.Sign, one{Body: string(x.Body), Secret: secret, At: at})
		in.Check = append(in.Check, one{string(x.Body), signed.Header.Get("Stripe-Signature"), secret, at}, one{string(x.Body) + " ", signed.Header.Get("Stripe-Signature"), secret, at})
	}
	in.Sign = append(in.Sign, one{Body: `{"id":"evt_x","object":"event","type":"x","data":{"object":{"note":"नमस्ते é"}}}`, Secret: secret, At: at})
	var out struct {
		Signed  []string `json:"signed"`
		Checked []bool   `json:"checked"`
	}
	oracle.Ask(t, "stripe.mjs", in, &out)
	for i, x := range in.Sign {
		h := http.Header{"Stripe-Signature": {out.Signed[i]}}
		if _, err := c.Read(till, billing.GatewayHook{Header: h, Body: []byte(x.Body)}, clock.At(now.Now())); err != nil {
			t.Errorf("npm signed, we refuse: %v", err)
		}
		h.Set("Stripe-Signature", out.Signed[(i+1)%len(in.Sign)])
		if _, err := c.Read(till, billing.GatewayHook{Header: h, Body: []byte(x.Body)}, clock.At(now.Now())); err == nil {
			t.Error("the signature of another report passed")
		}
	}
	for i, ok := range out.Checked {
		if ok != (i%2 == 0) {
			t.Errorf("check %d: npm says %v", i, ok)
		}
	}
	t.Logf("stripe npm: %d reports signed by npm and read by us; %d signed by the stand-in and checked by npm, half of them tampered with: all agree", len(in.Sign), len(out.Checked))
}

// TestReferenceStripeMock sends every request that the client makes to stripe-mock, which checks it against Stripe's own description. It keeps nothing and answers
// with samples, so only what it says of the requests counts; its samples are read as well.
func TestReferenceStripeMock(t *testing.T) {
	t.Parallel()
	at := oracle.StripeMock(t)
	watch := &watching{t: t}
	c := New(stripe.BackendConfig{HTTPClient: &http.Client{Transport: watch}}, Options{BaseURL: at, Timeout: 20 * time.Second})
	k, err := c.Check(map[string]string{"secret_key": "sk_test_123456789012", "webhook_secret": "whsec_1234567890"})
	if err != nil {
		t.Fatal(err)
	}
	till, ctx, now := billing.Till{Credentials: k.Credentials}, context.Background(), clock.System{}
	a := ask(now, 5000)
	_ = c.Probe(ctx, till)
	_, _ = c.Open(ctx, till, a)
	_, _ = c.Look(ctx, till, "", a.Reference)
	if s, err := c.Look(ctx, till, "cs_test_sample", ""); err == nil {
		t.Log(s.Page.State)
	}
	_ = c.Close(ctx, till, "cs_test_sample")
	_, _ = c.GiveBack(ctx, till, billing.Back{Reference: a.Reference, PaymentID: "pi_sample", Amount: 500, Currency: "USD"})
	if list, err := c.Returns(ctx, till, "pi_sample"); err != nil || len(list) == 0 || list[0].ID == "" {
		t.Errorf("the sample of a refund cannot be read: %+v %v", list, err)
	}
	s, err := c.Statement(ctx, till, clock.At(now.Now().Add(-time.Hour)), clock.At(now.Now()))
	if err != nil || len(s.Captures) == 0 || s.Captures[0].ID == "" || s.Captures[0].Currency == "" || len(s.Disputes) == 0 || s.Disputes[0].State == "" {
		t.Errorf("the samples of a statement cannot be read: %+v %v", s, err)
	}
	if watch.n < 9 {
		t.Fatalf("only %d requests were made", watch.n)
	}
	// The oracle must be able to say no.
	bad := &watching{t: t, wrong: true}
	odd := New(stripe.BackendConfig{HTTPClient: &http.Client{Transport: bad}}, Options{BaseURL: at})
	if err := odd.get(ctx, till, "/v1/checkout/sessions", "status=sideways", &listOf[wireSession]{}); err == nil {
		t.Error("stripe-mock takes anything")
	}
	t.Logf("stripe-mock: %d requests of the client, all accepted", watch.n)
}

// watching counts requests and names those that were refused.
type watching struct {
	t     *testing.T
	n     int
	wrong bool
}

func (w *watching) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	w.n++
	if err == nil && res.StatusCode != http.StatusOK && !w.wrong {
		w.t.Errorf("stripe-mock refuses %s %s: %d", r.Method, r.URL.Path, res.StatusCode)
	}
	return res, err
}
