package sms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/carriers/sms"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig/oracle"
	fake "almirah/internal/rig/sms"
)

var noon = time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC) // noon in India

const (
	asha    = "+919876543210"
	clinic  = "+14155550100"
	hook    = "https://clinic.example/hooks/twilio/0192f0c1-0000-7000-8000-000000000001?v=1"
	service = "MG0123456789abcdef0123456789abcdef"
)

// discard is a log that nobody reads.
func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func through(t *testing.T, processor string, hosts ...string) *http.Client {
	t.Helper()
	gate := egress.New([]egress.Processor{{ID: processor, Name: "Test", Hosts: hosts, Local: true}}, discard())
	return gate.HTTPClient(processor)
}

// rig is a fake Twilio, the carrier, a connection to it and what was logged.
type rig struct {
	fake    *fake.Twilio
	carrier *sms.Twilio
	via     *messaging.Connection
	logged  *bytes.Buffer
	clock   *clock.Fake
}

func sealed(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func twilioRig(t *testing.T, o sms.TwilioOptions, change func(*sms.TwilioCredentials)) *rig {
	t.Helper()
	clk := clock.NewFake(noon)
	f := fake.StartTwilio(t, fake.Account{KeySID: "SK" + strings.Repeat("1b", 16), KeySecret: "key-secret-of-the-clinic"}, clk)
	a := f.Account()
	c := sms.TwilioCredentials{AccountSID: a.SID, KeySID: a.KeySID, KeySecret: a.KeySecret, AuthTokens: []string{a.Token}, From: clinic}
	if change != nil {
		change(&c)
	}
	o.BaseURL, o.LookupURL = f.URL(), f.URL()
	var logged bytes.Buffer
	return &rig{
		fake: f, logged: &logged, clock: clk,
		carrier: sms.NewTwilio(through(t, "twilio", f.Host()), clk, slog.New(slog.NewTextHandler(&logged, nil)), o),
		via:     &messaging.Connection{ID: id.New(noon), Provider: "twilio", Sender: clinic, Credentials: sealed(t, c), HookURL: hook},
	}
}

func (r *rig) outgoing() messaging.Outgoing {
	return messaging.Outgoing{ID: id.New(noon), Channel: messaging.SMS, To: asha, ToName: "Asha Rao", FromName: "Sunrise Clinic",
		Text: "Tuesday at 10:00. See you.", Language: "en", Via: r.via}
}

type counter struct{ n atomic.Int64 }

func (c *counter) yes() error { c.n.Add(1); return nil }

// secrets are what must never stand in a log, an error or an address.
var secrets = []string{"9876543210", "Asha", "Tuesday", "key-secret", strings.Repeat("5e", 8), "clinic.example", "authkey-of", "hook-secret"}

func noSecrets(t *testing.T, where, text string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%q is in %s: %s", s, where, text)
		}
	}
}

func same(a, b messaging.Receipt) bool { return reflect.DeepEqual(a, b) }

func TestTwilioOutcomes(t *testing.T) {
	t.Parallel()
	sid := "SM00000000000000000000000000000001"
	for name, c := range map[string]struct {
		behave fake.Behaviour
		change func(*messaging.Outgoing)
		creds  func(*sms.TwilioCredentials)
		want   messaging.Receipt
		handed int64
		kept   int
	}{
		"accepted":                          {want: messaging.Receipt{Outcome: messaging.Accepted, Code: "201", ProviderID: sid, Parts: 1}, handed: 1, kept: 1},
		"accepted by a service":             {creds: func(c *sms.TwilioCredentials) { c.MessagingServiceSID = service }, behave: fake.Behaviour{LostParts: true}, change: func(m *messaging.Outgoing) { m.Text = strings.Repeat("अ", 71) }, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "201", ProviderID: sid, Parts: 2}, handed: 1, kept: 1},
		"with the account's own token":      {creds: func(c *sms.TwilioCredentials) { c.KeySID, c.KeySecret = "", "" }, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "201", ProviderID: sid, Parts: 1}, handed: 1, kept: 1},
		"1600 characters":                   {change: func(m *messaging.Outgoing) { m.Text = strings.Repeat("ஆ", 1600) }, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "201", ProviderID: sid, Parts: 1}, handed: 1, kept: 1},
		"1601 characters":                   {change: func(m *messaging.Outgoing) { m.Text = strings.Repeat("ஆ", 1601) }, want: messaging.Receipt{Outcome: messaging.Refused, Code: "too_long"}},
		"no text":                           {change: func(m *messaging.Outgoing) { m.Text = " \n" }, want: messaging.Receipt{Outcome: messaging.Refused, Code: "empty"}},
		"no number":                         {change: func(m *messaging.Outgoing) { m.To = "098765 43210" }, want: messaging.Receipt{Outcome: messaging.Refused, Code: "number", Elsewhere: true}},
		"no account":                        {change: func(m *messaging.Outgoing) { m.Via = nil }, want: messaging.Receipt{Outcome: messaging.Broken, Code: "no_account"}},
		"credentials that are none":         {change: func(m *messaging.Outgoing) { v := *m.Via; v.Credentials = []byte("{"); m.Via = &v }, want: messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}},
		"wrong key":                         {creds: func(c *sms.TwilioCredentials) { c.KeySecret = "another-one-altogether" }, want: messaging.Receipt{Outcome: messaging.Broken, Code: "20003"}, handed: 1},
		"another account":                   {creds: func(c *sms.TwilioCredentials) { c.AccountSID = "AC" + strings.Repeat("f", 32) }, want: messaging.Receipt{Outcome: messaging.Broken, Code: "20404"}, handed: 1},
		"401 without a body":                {behave: fake.Behaviour{Status: 401}, want: messaging.Receipt{Outcome: messaging.Broken, Code: "401"}, handed: 1},
		"not valid":                         {behave: fake.Behaviour{Status: 400, Code: 21211}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "21211", Elsewhere: true}, handed: 1},
		"not a mobile":                      {behave: fake.Behaviour{Status: 400, Code: 21614}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "21614", Elsewhere: true}, handed: 1},
		"stopped":                           {behave: fake.Behaviour{Status: 400, Code: 21610}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "21610", Elsewhere: true, Stopped: true}, handed: 1},
		"region":                            {behave: fake.Behaviour{Status: 400, Code: 21408}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "21408", Elsewhere: true}, handed: 1},
		"landline":                          {behave: fake.Behaviour{Status: 400, Code: 30006}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "30006", Elsewhere: true}, handed: 1},
		"a code from the future":            {behave: fake.Behaviour{Status: 400, Code: 29999}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "29999"}, handed: 1},
		"sender not the account's":          {behave: fake.Behaviour{Status: 400, Code: 21606}, want: messaging.Receipt{Outcome: messaging.Broken, Code: "21606"}, handed: 1},
		"rate":                              {behave: fake.Behaviour{Status: 429, Code: 20429}, want: messaging.Receipt{Outcome: messaging.Later, Code: "20429", Wait: 10 * time.Second}, handed: 1},
		"rate with a wait":                  {behave: fake.Behaviour{Status: 429, Code: 20429, RetryAfter: "7"}, want: messaging.Receipt{Outcome: messaging.Later, Code: "20429", Wait: 7 * time.Second}, handed: 1},
		"rate with a date":                  {behave: fake.Behaviour{Status: 429, RetryAfter: noon.Add(90 * time.Second).Format(http.TimeFormat)}, want: messaging.Receipt{Outcome: messaging.Later, Code: "429", Wait: 90 * time.Second}, handed: 1},
		"rate without a body":               {behave: fake.Behaviour{Status: 429}, want: messaging.Receipt{Outcome: messaging.Later, Code: "429"}, handed: 1},
		"not available, and says so":        {behave: fake.Behaviour{Status: 503, Code: 20503}, want: messaging.Receipt{Outcome: messaging.Later, Code: "20503", Wait: time.Minute}, handed: 1},
		"500 with a code that says nothing": {behave: fake.Behaviour{Status: 500, Code: 20500}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "20500"}, handed: 1},
		"502 from something between":        {behave: fake.Behaviour{Status: 502, Body: "<html>"}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "502"}, handed: 1},
		"408 from something between":        {behave: fake.Behaviour{Status: 408}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "408"}, handed: 1},
		"a redirect":                        {behave: fake.Behaviour{Status: 302}, want: messaging.Receipt{Outcome: messaging.Later, Code: "302"}, handed: 1},
		"dropped without a word":            {behave: fake.Behaviour{Drop: fake.AtOnce}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "lost"}, handed: 1},
		"dropped after accepting":           {behave: fake.Behaviour{Drop: fake.AfterAccept}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "lost"}, handed: 1, kept: 1},
		"dropped within the answer":         {behave: fake.Behaviour{Drop: fake.InTheAnswer}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "lost"}, handed: 1, kept: 1},
		"timed out after accepting":         {behave: fake.Behaviour{Hang: 20 * time.Second}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}, handed: 1, kept: 1},
		"201 that cannot be read":           {behave: fake.Behaviour{Garbage: true}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}, handed: 1, kept: 1},
		"200 that says nothing":             {behave: fake.Behaviour{Status: 202, Body: "{}"}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}, handed: 1},
		"already failed in the answer":      {behave: fake.Behaviour{Status: 201, Body: `{"sid":"` + sid + `","status":"failed","error_code":30006}`}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "30006", Elsewhere: true, ProviderID: sid}, handed: 1},
		"accepted with a price":             {behave: fake.Behaviour{Status: 201, Body: `{"sid":"` + sid + `","status":"queued","num_segments":"3","price":"-0.0225","price_unit":"USD"}`}, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "201", Parts: 3, ProviderID: sid, Pricing: json.RawMessage(`{"price":"-0.0225","price_unit":"USD"}`)}, handed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := twilioRig(t, sms.TwilioOptions{Timeout: 2 * time.Second}, c.creds)
			r.fake.Behave("", c.behave)
			m := r.outgoing()
			if c.change != nil {
				c.change(&m)
			}
			var handed counter
			got := r.carrier.Send(t.Context(), m, handed.yes)
			if !same(got, c.want) || handed.n.Load() != c.handed {
				t.Errorf("%+v, handed over %d times; want %+v and %d", got, handed.n.Load(), c.want, c.handed)
			}
			if n := len(r.fake.Messages()); n != c.kept {
				t.Errorf("Twilio has %d messages, want %d", n, c.kept)
			}
			if n := len(r.fake.Requests()); int64(n) != c.handed {
				t.Errorf("%d requests for %d hand-overs", n, c.handed)
			}
			noSecrets(t, "the log", r.logged.String())
		})
	}
}

func TestTwilioWritesTheMessage(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{Validity: time.Hour}, nil)
	m := r.outgoing()
	m.Text = "कल १० बजे & 100% + ☎️ = ok?"
	if got := r.carrier.Send(t.Context(), m, (&counter{}).yes); got.Outcome != messaging.Accepted {
		t.Fatalf("%+v", got)
	}
	kept := r.fake.Messages()[0]
	if kept.Body != m.Text || kept.To != asha || kept.From != clinic || kept.StatusCallback != hook || kept.Validity != "3600" {
		t.Errorf("%+v", kept)
	}
	// A template of Twilio's own goes by its id, and the values by their places.
	m.Call = &messaging.Call{Name: "HX" + strings.Repeat("0", 32), Values: []messaging.Value{{Text: "Asha"}, {Name: "when", Text: "10:00"}}}
	r.carrier.Send(t.Context(), m, (&counter{}).yes)
	if kept = r.fake.Messages()[1]; kept.Body != "" || kept.ContentSID != m.Call.Name || kept.ContentVariables != `{"1":"Asha","when":"10:00"}` {
		t.Errorf("%+v", kept)
	}
	// Twilio refuses callbacks to hosts with an underscore: the message goes out without one.
	via := *r.via
	via.HookURL = "https://my_clinic.example/hooks/twilio/1"
	m = r.outgoing()
	m.Via = &via
	if got := r.carrier.Send(t.Context(), m, (&counter{}).yes); got.Outcome != messaging.Accepted || r.fake.Messages()[2].StatusCallback != "" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(r.logged.String(), "status callback") {
		t.Error("nobody is told that there will be no callbacks")
	}
	// The sender may be known to the connection alone.
	var c sms.TwilioCredentials
	if err := json.Unmarshal(r.via.Credentials, &c); err != nil {
		t.Fatal(err)
	}
	c.From = ""
	via.Credentials, via.Sender = sealed(t, c), "+14155550177"
	if got := r.carrier.Send(t.Context(), m, (&counter{}).yes); got.Outcome != messaging.Accepted || r.fake.Messages()[3].From != "+14155550177" {
		t.Errorf("%+v", got)
	}
	for _, q := range r.fake.Requests() {
		if q.Header.Get("Idempotency-Key") != "" {
			t.Error("an Idempotency-Key lets net/http repeat the request")
		}
		noSecrets(t, "the address", q.URL)
	}
}

func TestTwilioBeforeTheHandOver(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	if got := r.carrier.Send(t.Context(), r.outgoing(), func() error { return errors.New("no longer ours") }); !same(got, messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}) {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var handed counter
	if got := r.carrier.Send(ctx, r.outgoing(), handed.yes); got.Outcome != messaging.Later || got.Code != "cancelled" || handed.n.Load() != 0 {
		t.Errorf("%+v, handed over %d times", got, handed.n.Load())
	}
	if n := len(r.fake.Requests()); n != 0 {
		t.Errorf("%d requests were made all the same", n)
	}
	// Ended at the very last moment: the answer is waited for all the same.
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	if got := r.carrier.Send(ctx, r.outgoing(), func() error { cancel(); return nil }); got.Outcome != messaging.Accepted {
		t.Errorf("%+v", got)
	}
	// Nobody listens, and a host that is not listed: not a byte has left.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for code, hosts := range map[string][]string{"unreachable": {at}, "egress": {"127.0.0.1:9"}} {
		c := sms.NewTwilio(through(t, "twilio", hosts...), r.clock, discard(), sms.TwilioOptions{BaseURL: "http://" + at})
		var asked counter
		if got := c.Send(t.Context(), r.outgoing(), asked.yes); !same(got, messaging.Receipt{Outcome: messaging.Later, Code: code}) || asked.n.Load() != 0 {
			t.Errorf("%s: %+v, announced %d times", code, got, asked.n.Load())
		}
	}
}

// TestTwilioMidBatch: an error in the middle of a day's messages touches none of the others.
func TestTwilioMidBatch(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	r.fake.Behave("", fake.Behaviour{After: 2, Status: 401, Code: 20003})
	var got []messaging.Outcome
	for i := range 5 {
		if i == 4 {
			r.fake.Behave("", fake.Behaviour{})
		}
		got = append(got, r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes).Outcome)
	}
	if want := []messaging.Outcome{messaging.Accepted, messaging.Accepted, messaging.Broken, messaging.Broken, messaging.Accepted}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestTwilioLimit(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{Limit: sms.Limit{PerSecond: 0.5, Burst: 2}}, nil)
	var handed counter
	send := func(via *messaging.Connection) messaging.Receipt {
		m := r.outgoing()
		m.Via = via
		return r.carrier.Send(t.Context(), m, handed.yes)
	}
	for range 2 {
		if got := send(r.via); got.Outcome != messaging.Accepted {
			t.Fatalf("%+v", got)
		}
	}
	if got := send(r.via); !same(got, messaging.Receipt{Outcome: messaging.Later, Code: "limit", Wait: 2 * time.Second}) || handed.n.Load() != 2 {
		t.Errorf("%+v, handed over %d times", got, handed.n.Load())
	}
	r.clock.Move(1500 * time.Millisecond)
	if got := send(r.via); got.Wait != 500*time.Millisecond {
		t.Errorf("%+v", got)
	}
	r.clock.Move(500 * time.Millisecond)
	if got := send(r.via); got.Outcome != messaging.Accepted {
		t.Errorf("%+v", got)
	}
	var c sms.TwilioCredentials
	if err := json.Unmarshal(r.via.Credentials, &c); err != nil {
		t.Fatal(err)
	}
	c.From = "+14155550199"
	other := *r.via
	other.Credentials = sealed(t, c)
	if got := send(&other); got.Outcome != messaging.Accepted {
		t.Errorf("another number waits with it: %+v", got)
	}
}

func TestTwilioTestAndLookup(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	if a, err := r.carrier.Test(t.Context(), *r.via); err != nil || a != (sms.Account{Name: "Sunrise Clinic", Status: "active"}) {
		t.Errorf("%+v %v", a, err)
	}
	wrong := twilioRig(t, sms.TwilioOptions{}, func(c *sms.TwilioCredentials) { c.KeySecret = "another-one-altogether" })
	_, err := wrong.carrier.Test(t.Context(), *wrong.via)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Key != "fault.sms.credentials" || f.Args["Code"] != "20003" {
		t.Errorf("%v", err)
	}
	noSecrets(t, "the error", err.Error())
	missing := twilioRig(t, sms.TwilioOptions{}, func(c *sms.TwilioCredentials) { c.AuthTokens = nil })
	if _, err := missing.carrier.Test(t.Context(), *missing.via); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
	closed := sms.NewTwilio(through(t, "twilio", "127.0.0.1:9"), r.clock, discard(), sms.TwilioOptions{BaseURL: "http://127.0.0.1:9", LookupURL: "http://127.0.0.1:9"})
	if _, err := closed.Test(t.Context(), *r.via); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	r.fake.Line("+912212345678", "landline")
	r.fake.Line("+911", "invalid")
	r.fake.Line("+14155550111", "")
	for number, want := range map[contact.Phone]sms.Line{
		asha:            {Valid: true, Kind: "mobile", Carrier: "Airtel", MCC: "404", MNC: "45", Source: sms.AskedToday},
		"+912212345678": {Valid: true, Kind: "landline", Carrier: "Airtel", MCC: "404", MNC: "45", Source: sms.AskedToday},
		"+14155550111":  {Valid: true, Source: sms.AskedToday},
	} {
		if got, err := r.carrier.Lookup(t.Context(), *r.via, number); err != nil || got != want {
			t.Errorf("%+v %v, want %+v", got, err, want)
		}
	}
	if _, err := r.carrier.Lookup(t.Context(), *r.via, "98765"); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
	if _, err := closed.Lookup(t.Context(), *r.via, asha); !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "98765") {
		t.Errorf("%v", err)
	}
	// What the numbering plans say is never without its label.
	if got := sms.AllocatedLine(asha, "en"); got.Carrier == "" || got.Kind != "mobile" || got.Source != sms.OriginalAllocation || !strings.Contains(string(got.Source), "may have moved") {
		t.Errorf("%+v", got)
	}
	if got := sms.AllocatedLine("nonsense", ""); got.Valid || got.Source != sms.OriginalAllocation {
		t.Errorf("%+v", got)
	}
}

func TestTwilioCredentials(t *testing.T) {
	t.Parallel()
	good := sms.TwilioCredentials{AccountSID: "AC" + strings.Repeat("a", 32), AuthToken: strings.Repeat("t", 28) + "last", From: clinic}
	if err := good.Validate(); err != nil || good.Last4() != "last" {
		t.Errorf("%v %q", err, good.Last4())
	}
	for field, change := range map[string]func(*sms.TwilioCredentials){
		"account_sid":           func(c *sms.TwilioCredentials) { c.AccountSID = "AC1" },
		"key_sid":               func(c *sms.TwilioCredentials) { c.KeySID, c.KeySecret = "AC"+strings.Repeat("a", 32), "x" },
		"key_secret":            func(c *sms.TwilioCredentials) { c.KeySID = "SK" + strings.Repeat("a", 32) },
		"auth_token":            func(c *sms.TwilioCredentials) { c.AuthToken = "" },
		"messaging_service_sid": func(c *sms.TwilioCredentials) { c.MessagingServiceSID = "MG1" },
		"from":                  func(c *sms.TwilioCredentials) { c.From = "A name that is too long" },
	} {
		c := good
		change(&c)
		var f *fault.Fault
		if err := c.Validate(); !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	three := good
	three.AuthTokens = []string{strings.Repeat("a", 32), strings.Repeat("b", 32), strings.Repeat("c", 32)}
	if err := three.Validate(); err == nil {
		t.Error("three live tokens")
	}
	for _, from := range []string{"12345", "SUNRISE", "+14155550100"} {
		c := good
		c.From = from
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "credentials", good)
	for _, s := range []string{good.String(), b.String()} {
		if strings.Contains(s, "tttt") {
			t.Errorf("the token shows: %s", s)
		}
	}
}

// TestTwilioClientOfTwilioItself: the fake is faithful enough for Twilio's own client.
func TestTwilioClientOfTwilioItself(t *testing.T) {
	t.Parallel()
	f := fake.StartTwilio(t, fake.Account{}, clock.NewFake(noon))
	a := f.Account()
	var out struct {
		Created struct {
			SID, Status, Parts, Direction string
			Dated                         bool
		}
		Fetched struct{ SID, To string }
		Account struct{ Status, Type string }
		Line    struct {
			Valid         bool
			Type, Carrier string
		}
		BadNumber, TooLong, WrongToken struct{ Code, Status int }
	}
	oracle.Ask(t, "twilio-client.mjs", map[string]string{"base": f.URL(), "sid": a.SID, "user": a.SID, "password": a.Token, "to": asha, "from": clinic, "bad": "12"}, &out)
	if c := out.Created; c.SID != "SM00000000000000000000000000000001" || c.Status != "queued" || c.Parts != "1" || !c.Dated || c.Direction != "outbound-api" {
		t.Errorf("created %+v", c)
	}
	if out.Fetched.SID != out.Created.SID || out.Fetched.To != asha || out.Account.Status != "active" || out.Account.Type != "Full" {
		t.Errorf("%+v %+v", out.Fetched, out.Account)
	}
	if !out.Line.Valid || out.Line.Type != "mobile" || out.Line.Carrier != "Airtel" {
		t.Errorf("%+v", out.Line)
	}
	if out.BadNumber.Code != 21211 || out.TooLong.Code != 21617 || out.WrongToken.Code != 20003 || out.WrongToken.Status != 401 {
		t.Errorf("%+v", out)
	}
	t.Log("by npm twilio's own client: create, fetch, account, lookup v2, errors 21211, 21617, 20003")
}

// TestReferenceTwilio: what we send is held against Twilio's OpenAPI description, and the fake
// answers with the same fields as the description's example.
func TestReferenceTwilio(t *testing.T) {
	t.Parallel()
	at := oracle.Prism(t, "twilio-api-v2010.json")
	base, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	toPrism := sms.NewTwilio(through(t, "twilio", base.Host), r.clock, discard(), sms.TwilioOptions{BaseURL: at})
	table := []string{}
	for name, change := range map[string]func(*messaging.Outgoing, *sms.TwilioCredentials){
		"text from a number":   func(*messaging.Outgoing, *sms.TwilioCredentials) {},
		"text by a service":    func(_ *messaging.Outgoing, c *sms.TwilioCredentials) { c.MessagingServiceSID = service },
		"signed in by a token": func(_ *messaging.Outgoing, c *sms.TwilioCredentials) { c.KeySID, c.KeySecret = "", "" },
		"several scripts": func(m *messaging.Outgoing, _ *sms.TwilioCredentials) {
			m.Text = "कल १० बजे & 100% + ☎️"
		},
		"content template": func(m *messaging.Outgoing, _ *sms.TwilioCredentials) {
			m.Call = &messaging.Call{Name: "HX" + strings.Repeat("0", 32), Values: []messaging.Value{{Text: "Asha"}}}
		},
		"without a callback": func(m *messaging.Outgoing, _ *sms.TwilioCredentials) { v := *m.Via; v.HookURL = ""; m.Via = &v },
	} {
		m := r.outgoing()
		var c sms.TwilioCredentials
		if err := json.Unmarshal(r.via.Credentials, &c); err != nil {
			t.Fatal(err)
		}
		v := *m.Via
		m.Via = &v
		change(&m, &c)
		m.Via.Credentials = sealed(t, c)
		got := toPrism.Send(t.Context(), m, (&counter{}).yes)
		if got.Outcome != messaging.Accepted || got.ProviderID == "" {
			t.Errorf("%s: %+v", name, got)
		}
		if own := r.carrier.Send(t.Context(), m, (&counter{}).yes); own.Outcome != got.Outcome {
			t.Errorf("%s: the fake says %+v", name, own)
		}
		table = append(table, name+": prism "+got.Code+", fake the same")
	}
	if a, err := toPrism.Test(t.Context(), *r.via); err == nil || a.Status == "" {
		t.Errorf("prism's example is another account, and must be refused after it was read: %+v %v", a, err)
	}
	for what, file := range map[string]bool{"SM" + strings.Repeat("0a", 16): false, "MM" + strings.Repeat("0a", 16) + "/ME" + strings.Repeat("0b", 16): true} {
		if got := toPrism.Forget(t.Context(), *r.via, what, file); got.Outcome != messaging.Accepted || got.Code != "204" {
			t.Errorf("deleting (a file: %v): %+v", file, got)
		}
		table = append(table, fmt.Sprintf("deleting (a file: %v): prism 204, fake the same", file))
	}
	// Prism must be able to say no: the same request without a sign-in, with a wrong account, with a wrong value.
	bare := func(address string, sign bool, form url.Values) int {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if sign {
			q.SetBasicAuth("AC", "x")
		}
		res, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	good := url.Values{"To": {asha}, "From": {clinic}, "Body": {"x"}}
	bad := url.Values{"To": {asha}, "From": {clinic}, "Body": {"x"}, "MessagingServiceSid": {"nonsense"}}
	messages := at + "/2010-04-01/Accounts/AC" + strings.Repeat("0a", 16) + "/Messages.json"
	for name, got := range map[string][2]int{
		"no sign-in":         {bare(messages, false, good), 401},
		"a wrong account":    {bare(at+"/2010-04-01/Accounts/AC1/Messages.json", true, good), 422},
		"a wrong service":    {bare(messages, true, bad), 422},
		"all that is needed": {bare(messages, true, good), 201},
	} {
		if got[0] != got[1] {
			t.Errorf("prism answers %s with %d, want %d", name, got[0], got[1])
		}
	}
	for what, address := range map[string][2]string{
		"message": {messages, r.fake.URL() + "/2010-04-01/Accounts/" + r.fake.Account().SID + "/Messages.json"},
	} {
		var keys [2][]string
		for i, a := range address {
			q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a, strings.NewReader(good.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.SetBasicAuth(r.fake.Account().SID, r.fake.Account().Token)
			res, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			var o map[string]any
			if err := json.NewDecoder(res.Body).Decode(&o); err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			for k := range o {
				keys[i] = append(keys[i], k)
			}
			slices.Sort(keys[i])
		}
		if !slices.Equal(keys[0], keys[1]) {
			t.Errorf("%s: the description has the fields %v, the fake %v", what, keys[0], keys[1])
		}
		table = append(table, what+": the fake answers with the description's "+strings.Join(keys[1], " "))
	}
	slices.Sort(table)
	t.Logf("held against twilio-api-v2010.json:\n%s", strings.Join(table, "\n"))
}
