package razorpay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/rig/oracle"
	rig "almirah/internal/rig/razorpay"
)

func start(t *testing.T) (*rig.Server, *Client, billing.Till, *clock.Fake) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC))
	s := rig.Start(t, rig.Options{Clock: now, OldSecret: "webhook-secret-of-last-year"})
	c := New(http.DefaultClient, Options{BaseURL: s.URL(), Timeout: 5 * time.Second})
	k, err := c.Check(s.Typed())
	if err != nil {
		t.Fatal(err)
	}
	return s, c, billing.Till{ID: id.New(now.Now()), Provider: "razorpay", Credentials: k.Credentials}, now
}

func ask(now clock.Clock, amount int64) billing.Ask {
	return billing.Ask{Reference: billing.Reference(id.New(now.Now())), Amount: amount, Currency: "INR", Description: "Bill 1 of Sunrise Clinic",
		ExpiresAt: clock.At(now.Now().Add(24 * time.Hour)), ReturnURL: "https://clinic.example.org/m/x/paid"}
}

func TestALinkLivesOnce(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	ctx := context.Background()
	if err := c.Probe(ctx, till); err != nil {
		t.Fatal(err)
	}
	a := ask(now, 50000)
	s.Behave("link", rig.Behaviour{Drop: rig.AfterTaking}) // taken, and no answer
	if _, err := c.Open(ctx, till, a); !billing.Uncertain(err) {
		t.Fatalf("a call without an answer is uncertain: %v", err)
	}
	first, err := c.Open(ctx, till, a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Open(ctx, till, a)
	if err != nil || second.ID != first.ID {
		t.Fatalf("one reference made two links: %v %v", second, err)
	}
	if first.URL == "" || !strings.HasPrefix(first.OrderID, "order_") {
		t.Fatalf("%+v", first)
	}
	s.Behave("link", rig.Behaviour{Lie: true})
	if _, err := c.Open(ctx, till, ask(now, 70000)); err == nil {
		t.Fatal("a link over another amount was taken for ours")
	}
	tried := s.Try(first.ID)
	if st, err := c.Look(ctx, till, first.ID, ""); err != nil || len(st.Captures) != 1 || st.Captures[0].State != billing.Failed || st.Page.State != billing.PageOpen {
		t.Fatalf("%+v %v", st, err)
	}
	s.Capture(tried) // the same payment, later
	st, err := c.Look(ctx, till, "", a.Reference)
	if err != nil || len(st.Captures) != 1 || st.Captures[0].State != billing.Captured || st.Captures[0].Amount != 50000 || st.Page.State != billing.PagePaid || st.Captures[0].Reference != a.Reference {
		t.Fatalf("%+v %v", st, err)
	}
	if err := c.Close(ctx, till, first.ID); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a paid link was closed: %v", err)
	}
	other, err := c.Open(ctx, till, ask(now, 100))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(ctx, till, other.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Look(ctx, till, "", strings.Repeat("a", 32)); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

func TestARefundHappensOnce(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	ctx := context.Background()
	a := ask(now, 50000)
	p, err := c.Open(ctx, till, a)
	if err != nil {
		t.Fatal(err)
	}
	paid := s.Pay(p.ID, 0)
	b := billing.Back{Reference: billing.Reference(id.New(now.Now())), PaymentID: paid, Amount: 20000, Currency: "INR"}
	s.Behave("refund", rig.Behaviour{Drop: rig.AfterTaking})
	if _, err := c.GiveBack(ctx, till, b); !billing.Uncertain(err) {
		t.Fatal(err)
	}
	r, err := c.GiveBack(ctx, till, b)
	if err != nil || r.State != billing.ReturnPending {
		t.Fatal(r, err)
	}
	list, err := c.Returns(ctx, till, paid)
	if err != nil || len(list) != 1 || list[0].Reference != b.Reference || list[0].ID != r.ID {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := c.GiveBack(ctx, till, billing.Back{Reference: billing.Reference(id.New(now.Now())), PaymentID: paid, Amount: 40000, Currency: "INR"}); !fault.Is(err, fault.Invalid) {
		t.Fatalf("more than was paid: %v", err)
	}
	s.Settle(r.ID, true)
	s.Dispute(paid, "created")
	now.Move(time.Minute)
	got, err := c.Statement(ctx, till, clock.At(now.Now().Add(-time.Hour)), clock.At(now.Now()))
	if err != nil || len(got.Captures) != 1 || len(got.Returns) != 1 || got.Returns[0].State != billing.ReturnProcessed || len(got.Disputes) != 1 || got.Disputes[0].State != "open" {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestManyPaymentsAreAllListed(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	for range 205 {
		p, err := c.Open(context.Background(), till, ask(now, 500))
		if err != nil {
			t.Fatal(err)
		}
		s.Pay(p.ID, 0)
	}
	now.Move(time.Minute)
	got, err := c.Statement(context.Background(), till, 0, clock.At(now.Now()))
	if err != nil || len(got.Captures) != 205 {
		t.Fatal(len(got.Captures), err)
	}
}

func TestTroubleHasNoSentences(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	for status, kind := range map[int]fault.Kind{400: fault.Invalid, 401: fault.Invalid, 409: fault.Unavailable, 429: fault.TooMany, 500: fault.Unavailable, 502: fault.Unavailable} {
		s.Behave("list", rig.Behaviour{Status: status, Code: "card " + rig.Card})
		err := c.Probe(context.Background(), till)
		if !fault.Is(err, kind) || strings.Contains(fmt.Sprintf("%+v", err), "4111") {
			t.Errorf("%d: %v", status, err)
		}
	}
	if _, err := c.Look(context.Background(), till, "../payments", ""); !fault.Is(err, fault.Invalid) {
		t.Fatalf("an id that changes the address: %v", err)
	}
	bad := till
	bad.Credentials = []byte(`{}`)
	if err := c.Probe(context.Background(), bad); !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
	if _, err := c.Open(context.Background(), till, ask(now, 5)); !fault.Is(err, fault.Invalid) {
		t.Fatalf("less than the least amount: %v", err)
	}
}

func TestTheFormNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s, c, _, _ := start(t)
	for name, v := range map[string]string{"key_id": "sk_live_x", "key_secret": "", "webhook_secret": "short"} {
		typed := s.Typed()
		typed[name] = v
		_, err := c.Check(typed)
		var f *fault.Fault
		if f, _ = err.(*fault.Fault); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	k, err := c.Check(s.Typed())
	if err != nil || !k.Trial || k.Last4 != "ic01" {
		t.Fatal(k.Last4, k.Trial, err)
	}
	var a Credentials
	_ = json.Unmarshal(k.Credentials, &a)
	if text := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(text, "key-secret") || strings.Contains(text, "webhook-secret") {
		t.Fatal(text)
	}
}

func TestReportsAreReadAndForgedOnesAreNot(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	p, err := c.Open(context.Background(), till, ask(now, 50000))
	if err != nil {
		t.Fatal(err)
	}
	pay := s.Pay(p.ID, 0)
	b, err := c.GiveBack(context.Background(), till, billing.Back{Reference: billing.Reference(id.New(now.Now())), PaymentID: pay, Amount: 50000, Currency: "INR"})
	if err != nil {
		t.Fatal(err)
	}
	s.Settle(b.ID, true)
	s.Dispute(pay, "created")
	seen := map[string]billing.News{}
	for _, x := range s.Posts() {
		n, err := c.Read(till, billing.GatewayHook{Header: x.Header, Body: x.Body}, clock.At(now.Now()))
		if err != nil || !n.Known || n.Key == "" {
			t.Fatalf("%s: %+v %v", x.Event, n, err)
		}
		seen[n.Kind] = n
		changed := append([]byte{}, x.Body...)
		changed[len(changed)/2] ^= 1
		if _, err := c.Read(till, billing.GatewayHook{Header: x.Header, Body: changed}, 0); err != billing.ErrHookForged {
			t.Fatalf("a changed report passed: %v", err)
		}
	}
	paid := seen["payment_link.paid"]
	if len(paid.Captures) != 1 || paid.Captures[0].PageID != p.ID || paid.Captures[0].State != billing.Captured || paid.Pages[0].OrderID != p.OrderID {
		t.Fatalf("%+v", paid)
	}
	if n := seen["refund.processed"]; n.Returns[0].State != billing.ReturnProcessed || n.Captures[0].State != billing.Captured {
		t.Fatalf("%+v", n)
	}
	if n := seen["payment.dispute.created"]; n.Disputes[0].PaymentID != pay {
		t.Fatalf("%+v", n)
	}
	old := s.Sign([]byte(`{"entity":"event","event":"settlement.processed","payload":{"settlement":{"entity":{"id":"setl_1"}}}}`), "evt_old", "webhook-secret-of-last-year")
	if n, err := c.Read(till, billing.GatewayHook{Header: old.Header, Body: old.Body}, 0); err != nil || n.Known || n.Key != "evt_old" {
		t.Fatalf("the old secret, and a kind that is unknown: %+v %v", n, err)
	}
	for _, h := range []http.Header{{}, {"X-Razorpay-Signature": {""}}, {"X-Razorpay-Signature": {"zz"}}, {"X-Razorpay-Signature": {old.Header.Get("X-Razorpay-Signature"), "aa"}}} {
		if _, err := c.Read(till, billing.GatewayHook{Header: h, Body: old.Body}, 0); err != billing.ErrHookForged {
			t.Fatal(err)
		}
	}
	nameless := s.Sign([]byte(`{"entity":"event","event":"order.paid","payload":{}}`), "", "")
	n1, err := c.Read(till, billing.GatewayHook{Header: nameless.Header, Body: nameless.Body}, 0)
	if err != nil || !strings.HasPrefix(n1.Key, "sha256-") {
		t.Fatal(n1, err)
	}
	junk := s.Sign([]byte(`[1]`), "evt_x", "")
	if _, err := c.Read(till, billing.GatewayHook{Header: junk.Header, Body: junk.Body}, 0); err != billing.ErrHookUnreadable {
		t.Fatal(err)
	}
}

// TestTheDocumentedSamples reads reports as Razorpay's documentation prints them, traps included.
func TestTheDocumentedSamples(t *testing.T) {
	t.Parallel()
	s, c, till, _ := start(t)
	for name, want := range map[string]func(n billing.News) bool{
		"payment_link_paid": func(n billing.News) bool {
			return n.Captures[0].Reference == "TSsd1989" && n.Pages[0].OrderID == "order_QflczVVaNJciLq" && n.Captures[0].OrderID == "order_QflczVVaNJciLq" && n.Captures[0].Amount == 1000
		},
		"payment_captured_no_notes": func(n billing.News) bool {
			return n.Captures[0].State == billing.Captured && n.Captures[0].Method == "wallet"
		},
		"payment_failed": func(n billing.News) bool { return n.Captures[0].State == billing.Failed && n.Captures[0].Code != "" },
		"refund_created": func(n billing.News) bool {
			return n.Returns[0].State == billing.ReturnPending || n.Returns[0].State == billing.ReturnProcessed
		},
		"dispute_created": func(n billing.News) bool { return n.Disputes[0].Amount == 39000 && n.Disputes[0].State == "open" },
	} {
		body, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		x := s.Sign(body, "evt_"+name, "")
		n, err := c.Read(till, billing.GatewayHook{Header: x.Header, Body: body}, 0)
		if err != nil || !n.Known || !want(n) {
			t.Errorf("%s: %+v %v", name, n, err)
		}
	}
}

// TestNothingOfACardHasAPlace holds the structures to the list of fields that may be read (H3, E8).
func TestNothingOfACardHasAPlace(t *testing.T) {
	t.Parallel()
	may := map[string]bool{}
	for _, f := range strings.Fields("id entity event created_at payload payment_link order payment refund dispute order_id reference_id short_url amount currency status payments payment_id method error_code error_reason notes receipt reason_code respond_by code field reason") {
		may[f] = true
	}
	var walk func(x reflect.Type)
	walk = func(x reflect.Type) {
		switch x.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(x.Elem())
		case reflect.Map, reflect.Interface:
			t.Errorf("%s would take anything", x)
		case reflect.Struct:
			for i := range x.NumField() {
				if f := x.Field(i); !may[f.Tag.Get("json")] {
					t.Errorf("%s reads %q", x, f.Tag.Get("json"))
				}
				walk(x.Field(i).Type)
			}
		}
	}
	for _, v := range []any{event{}, wireLink{}, wirePayment{}, wireRefund{}, wireDispute{}, refusal{}} {
		walk(reflect.TypeOf(v))
	}
}

// TestReferenceNpmSignatures holds our signatures beside those of the npm package razorpay, in both directions.
func TestReferenceNpmSignatures(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	p, err := c.Open(context.Background(), till, ask(now, 50000))
	if err != nil {
		t.Fatal(err)
	}
	s.Pay(p.ID, 0)
	type one struct {
		Body, Signature, Secret string
	}
	var in struct {
		Sign  []one `json:"sign"`
		Check []one `json:"check"`
	}
	secret := s.Typed()["webhook_secret"]
	posts := s.Posts()
	for _, x := range posts {
		in.Sign = append(in.Sign, one{Body: string(x.Body), Secret: secret})
		in.Check = append(in.Check, one{string(x.Body), x.Header.Get("X-Razorpay-Signature"), secret}, one{string(x.Body) + " ", x.Header.Get("X-Razorpay-Signature"), secret})
	}
	in.Sign = append(in.Sign, one{Body: `{"entity":"event","event":"order.paid","payload":{},"note":"नमस्ते é"}`, Secret: secret})
	var out struct {
		Signed  []string `json:"signed"`
		Checked []bool   `json:"checked"`
	}
	oracle.Ask(t, "razorpay.mjs", in, &out)
	good := 0
	for i, x := range in.Sign {
		h := http.Header{"X-Razorpay-Signature": {out.Signed[i]}}
		if _, err := c.Read(till, billing.GatewayHook{Header: h, Body: []byte(x.Body)}, 0); err != nil {
			t.Errorf("npm signed, we refuse: %v", err)
		}
		h.Set("X-Razorpay-Signature", out.Signed[(i+1)%len(in.Sign)])
		if _, err := c.Read(till, billing.GatewayHook{Header: h, Body: []byte(x.Body)}, 0); err == nil {
			t.Error("the signature of another report passed")
		}
		good++
	}
	for i, ok := range out.Checked {
		if ok != (i%2 == 0) {
			t.Errorf("check %d: npm says %v", i, ok)
		}
	}
	t.Logf("razorpay npm: %d reports signed by npm and read by us; %d signed by the stand-in and checked by npm, half of them tampered with: all agree", good, len(out.Checked))
}
