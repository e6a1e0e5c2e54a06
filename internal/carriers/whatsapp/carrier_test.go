package whatsapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	rig "almirah/internal/rig/whatsapp"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// desk is a carrier with its provider, clock and log.
type desk struct {
	*whatsapp.Carrier
	server *rig.Server
	clock  *clock.Fake
	logged *bytes.Buffer
	via    *messaging.Connection
}

func open(t *testing.T, so rig.Options, o whatsapp.Options) *desk {
	t.Helper()
	clk := clock.NewFake(noon)
	so.Clock = clk
	server := rig.Start(t, so)
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	client := door(t, server.Address())
	if o.BaseURL == "" {
		o.BaseURL = server.URL()
	}
	return &desk{whatsapp.New(client, clk, log, o), server, clk, &logged, &messaging.Connection{ID: id.New(noon), Provider: "whatsapp", Credentials: server.Credentials()}}
}

// door is egress's client for the addresses.
func door(t *testing.T, addresses ...string) *http.Client {
	t.Helper()
	gate := egress.New([]egress.Processor{{ID: "whatsapp", Name: "Test", Hosts: addresses, Local: true}}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	client := gate.HTTPClient("whatsapp")
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func (d *desk) text(to string) messaging.Outgoing {
	return messaging.Outgoing{ID: id.New(noon), Channel: messaging.WhatsApp, To: to, ToName: "Asha Rao", FromName: "Sunrise Clinic", Text: "See you on Tuesday at ten.", Language: "en", Via: d.via}
}

// handed counts how often a message was handed over.
type handed struct{ n atomic.Int64 }

func (h *handed) yes() error { h.n.Add(1); return nil }

const asha = "+919876543210"

func TestEveryCodeHasItsOutcome(t *testing.T) {
	t.Parallel()
	const (
		broken    = messaging.Broken
		refused   = messaging.Refused
		later     = messaging.Later
		uncertain = messaging.Uncertain
	)
	for name, c := range map[string]struct {
		behave rig.Behaviour
		want   messaging.Receipt
	}{
		"token expired":           {rig.Behaviour{Status: 401, Code: 190}, messaging.Receipt{Outcome: broken, Code: "190"}},
		"token wrong":             {rig.Behaviour{Status: 401, Code: -1}, messaging.Receipt{Outcome: broken, Code: "0"}},
		"capability":              {rig.Behaviour{Status: 400, Code: 3}, messaging.Receipt{Outcome: broken, Code: "3"}},
		"permission":              {rig.Behaviour{Status: 403, Code: 10}, messaging.Receipt{Outcome: broken, Code: "10"}},
		"permission 200":          {rig.Behaviour{Status: 403, Code: 200}, messaging.Receipt{Outcome: broken, Code: "200"}},
		"permission 299":          {rig.Behaviour{Status: 403, Code: 299}, messaging.Receipt{Outcome: broken, Code: "299"}},
		"number deleted":          {rig.Behaviour{Code: 33}, messaging.Receipt{Outcome: broken, Code: "33"}},
		"policy block":            {rig.Behaviour{Status: 403, Code: 368}, messaging.Receipt{Outcome: broken, Code: "368"}},
		"account locked":          {rig.Behaviour{Status: 403, Code: 131031}, messaging.Receipt{Outcome: broken, Code: "131031"}},
		"payment":                 {rig.Behaviour{Code: 131042}, messaging.Receipt{Outcome: broken, Code: "131042"}},
		"spam":                    {rig.Behaviour{Code: 131048}, messaging.Receipt{Outcome: broken, Code: "131048"}},
		"not registered":          {rig.Behaviour{Code: 133010}, messaging.Receipt{Outcome: broken, Code: "133010"}},
		"app rate":                {rig.Behaviour{Code: 4}, messaging.Receipt{Outcome: later, Code: "4", Wait: 10 * time.Minute}},
		"account rate":            {rig.Behaviour{Code: 80007}, messaging.Receipt{Outcome: later, Code: "80007", Wait: 10 * time.Minute}},
		"throughput":              {rig.Behaviour{Status: 429, Code: 130429}, messaging.Receipt{Outcome: later, Code: "130429", Wait: 5 * time.Second}},
		"pair":                    {rig.Behaviour{Code: 131056}, messaging.Receipt{Outcome: later, Code: "131056", Wait: time.Minute}},
		"service down":            {rig.Behaviour{Status: 500, Code: 131016}, messaging.Receipt{Outcome: later, Code: "131016", Wait: time.Minute}},
		"maintenance":             {rig.Behaviour{Status: 500, Code: 131057}, messaging.Receipt{Outcome: later, Code: "131057", Wait: 5 * time.Minute}},
		"enough for today":        {rig.Behaviour{Code: 131049}, messaging.Receipt{Outcome: later, Code: "131049", Wait: 24 * time.Hour}},
		"undeliverable":           {rig.Behaviour{Code: 131026}, messaging.Receipt{Outcome: refused, Code: "131026", Elsewhere: true}},
		"test number":             {rig.Behaviour{Code: 131030}, messaging.Receipt{Outcome: refused, Code: "131030", Elsewhere: true}},
		"experiment":              {rig.Behaviour{Code: 130472}, messaging.Receipt{Outcome: refused, Code: "130472", Elsewhere: true}},
		"stopped marketing":       {rig.Behaviour{Code: 131050}, messaging.Receipt{Outcome: refused, Code: "131050", Stopped: true}},
		"window closed":           {rig.Behaviour{Code: 131047}, messaging.Receipt{Outcome: refused, Code: "131047"}},
		"to itself":               {rig.Behaviour{Code: 131021}, messaging.Receipt{Outcome: refused, Code: "131021"}},
		"missing parameter":       {rig.Behaviour{Code: 131008}, messaging.Receipt{Outcome: refused, Code: "131008"}},
		"wrong parameter":         {rig.Behaviour{Code: 131009}, messaging.Receipt{Outcome: refused, Code: "131009"}},
		"bad parameter":           {rig.Behaviour{Code: 100}, messaging.Receipt{Outcome: refused, Code: "100"}},
		"kind":                    {rig.Behaviour{Code: 131051}, messaging.Receipt{Outcome: refused, Code: "131051"}},
		"media down":              {rig.Behaviour{Code: 131052}, messaging.Receipt{Outcome: refused, Code: "131052"}},
		"media up":                {rig.Behaviour{Code: 131053}, messaging.Receipt{Outcome: refused, Code: "131053"}},
		"template count":          {rig.Behaviour{Code: 132000}, messaging.Receipt{Outcome: refused, Code: "132000"}},
		"template name":           {rig.Behaviour{Status: 404, Code: 132001}, messaging.Receipt{Outcome: refused, Code: "132001"}},
		"template long":           {rig.Behaviour{Code: 132005}, messaging.Receipt{Outcome: refused, Code: "132005"}},
		"template policy":         {rig.Behaviour{Code: 132007}, messaging.Receipt{Outcome: refused, Code: "132007"}},
		"template form":           {rig.Behaviour{Code: 132012}, messaging.Receipt{Outcome: refused, Code: "132012"}},
		"template paused":         {rig.Behaviour{Code: 132015}, messaging.Receipt{Outcome: refused, Code: "132015"}},
		"template disabled":       {rig.Behaviour{Code: 132016}, messaging.Receipt{Outcome: refused, Code: "132016"}},
		"something wrong, 500":    {rig.Behaviour{Status: 500, Code: 131000}, messaging.Receipt{Outcome: uncertain, Code: "131000"}},
		"something wrong, 400":    {rig.Behaviour{Status: 400, Code: 131000}, messaging.Receipt{Outcome: refused, Code: "131000"}},
		"unknown, 400":            {rig.Behaviour{Status: 400, Code: 999999}, messaging.Receipt{Outcome: refused, Code: "999999"}},
		"unknown, 500":            {rig.Behaviour{Status: 503, Code: 999999}, messaging.Receipt{Outcome: uncertain, Code: "999999"}},
		"unknown, 401":            {rig.Behaviour{Status: 401, Code: 999999}, messaging.Receipt{Outcome: broken, Code: "999999"}},
		"unknown, 429":            {rig.Behaviour{Status: 429, Code: 999999}, messaging.Receipt{Outcome: later, Code: "999999", Wait: time.Minute}},
		"an error in a 200":       {rig.Behaviour{Status: 200, Body: `{"error":{"code":131026}}`}, messaging.Receipt{Outcome: refused, Code: "131026", Elsewhere: true}},
		"an error without a code": {rig.Behaviour{Status: 500, Body: `{"error":{"message":"x"}}`}, messaging.Receipt{Outcome: uncertain, Code: "500"}},
		"no JSON, 502":            {rig.Behaviour{Status: 502, Body: "<html>bad gateway"}, messaging.Receipt{Outcome: uncertain, Code: "502"}},
		"no JSON, 200":            {rig.Behaviour{Status: 200, Body: "<html>hello"}, messaging.Receipt{Outcome: uncertain, Code: "unreadable"}},
		"no id":                   {rig.Behaviour{Status: 200, Body: `{"messages":[]}`}, messaging.Receipt{Outcome: uncertain, Code: "unreadable"}},
		"no JSON, 404":            {rig.Behaviour{Status: 404, Body: "nothing here"}, messaging.Receipt{Outcome: refused, Code: "404"}},
		"a redirect":              {rig.Behaviour{Status: 302, Header: map[string]string{"Location": "http://127.0.0.1:1/"}, Body: "x"}, messaging.Receipt{Outcome: later, Code: "302"}},
		"asked to wait":           {rig.Behaviour{Status: 429, Code: 130429, Header: map[string]string{"Retry-After": "90"}}, messaging.Receipt{Outcome: later, Code: "130429", Wait: 90 * time.Second}},
		"asked to wait by usage": {rig.Behaviour{Code: 80007, Header: map[string]string{"x-business-use-case-usage": `{"4195":[{"type":"messaging","call_count":100,"estimated_time_to_regain_access":23}]}`}},
			messaging.Receipt{Outcome: later, Code: "80007", Wait: 23 * time.Minute}},
		"a silly wait": {rig.Behaviour{Code: 80007, Header: map[string]string{"Retry-After": "99999999"}}, messaging.Receipt{Outcome: later, Code: "80007", Wait: 24 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, rig.Options{}, whatsapp.Options{})
			c.behave.Details = "Asha Rao +919876543210 Tuesday"
			d.server.Behave(asha, c.behave)
			var h handed
			got := d.Send(t.Context(), d.text(asha), h.yes)
			if !equal(got, c.want) || h.n.Load() != 1 {
				t.Errorf("%+v, handed over %d times; want %+v once", got, h.n.Load(), c.want)
			}
			if n := len(d.server.Messages()); n != 0 {
				t.Errorf("the server took %d messages", n)
			}
			if n := len(d.server.Requests()); n != 1 {
				t.Errorf("%d requests: one message is one request", n)
			}
			quiet(t, d)
		})
	}
}

// quiet says that the log holds a line, and in it no person and no secret.
func quiet(t *testing.T, d *desk) {
	t.Helper()
	if !strings.Contains(d.logged.String(), "not sent") {
		t.Error("nothing was logged")
	}
	for _, secret := range []string{"Asha", "Rao", "98765", "Tuesday", d.server.Account().Token, d.server.Account().AppSecret, d.server.Account().PhoneNumberID, "127.0.0.1"} {
		if strings.Contains(d.logged.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, d.logged)
		}
	}
}

func equal(a, b messaging.Receipt) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]string{"": "accepted", "held_for_quality_assessment": "held_for_quality_assessment", "paused": "paused", "-": "accepted"} {
		d := open(t, rig.Options{}, whatsapp.Options{})
		d.server.Behave("", rig.Behaviour{State: state, NoWaID: true})
		var h handed
		got := d.Send(t.Context(), d.text(asha), h.yes)
		if got.Outcome != messaging.Accepted || got.Code != want || h.n.Load() != 1 {
			t.Errorf("%q: %+v, handed over %d times", state, got, h.n.Load())
		}
		if m := d.server.Messages(); len(m) != 1 || got.ProviderID != m[0].ID || !strings.HasPrefix(got.ProviderID, "wamid.") {
			t.Errorf("%q: provider id %q", state, got.ProviderID)
		}
		if d.logged.Len() != 0 {
			t.Errorf("logged: %s", d.logged)
		}
	}
}

func TestConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave  rig.Behaviour
		timeout time.Duration
		want    messaging.Outcome
		code    string
		taken   int
	}{
		"dropped before it was taken": {behave: rig.Behaviour{Drop: rig.BeforeTaking}, want: messaging.Uncertain, code: "lost"},
		"dropped after it was taken":  {behave: rig.Behaviour{Drop: rig.AfterTaking}, want: messaging.Uncertain, code: "lost", taken: 1},
		"dropped inside the answer":   {behave: rig.Behaviour{Drop: rig.InAnswer}, want: messaging.Uncertain, code: "unreadable", taken: 1},
		"silence after it was taken":  {behave: rig.Behaviour{Delay: 2 * time.Second}, timeout: 200 * time.Millisecond, want: messaging.Uncertain, code: "timeout", taken: 1},
		"a late answer":               {behave: rig.Behaviour{Delay: 200 * time.Millisecond}, timeout: 5 * time.Second, want: messaging.Accepted, code: "accepted", taken: 1},
	} {
		for _, warm := range []bool{false, true} { // on a connection that has served before, the transport may want to try again
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := open(t, rig.Options{}, whatsapp.Options{Timeout: c.timeout})
				taken, asked := c.taken, 1
				if warm {
					if r := d.Send(t.Context(), d.text("+14155550100"), func() error { return nil }); r.Outcome != messaging.Accepted {
						t.Fatal(r)
					}
					taken, asked = taken+1, 2
				}
				d.server.Behave(asha, c.behave)
				var h handed
				got := d.Send(t.Context(), d.text(asha), h.yes)
				if got.Outcome != c.want || got.Code != c.code || h.n.Load() != 1 {
					t.Errorf("warm %v: %+v, handed over %d times; want %s %s", warm, got, h.n.Load(), c.want, c.code)
				}
				if n, r := len(d.server.Messages()), len(d.server.Requests()); n != taken || r != asked {
					t.Errorf("warm %v: the server has %d messages from %d requests, want %d from %d", warm, n, r, taken, asked)
				}
			})
		}
	}
}

func TestNothingIsHandedOver(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	got := d.Send(t.Context(), d.text(asha), func() error { return errors.New("the row is no longer ours") })
	if !equal(got, messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}) {
		t.Errorf("broken off: %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var h handed
	if got := d.Send(ctx, d.text(asha), h.yes); !equal(got, messaging.Receipt{Outcome: messaging.Later, Code: "cancelled"}) {
		t.Errorf("cancelled before: %+v", got)
	}
	nobody := *d
	nobody.Carrier = whatsapp.New(door(t, "127.0.0.1:1"), d.clock, slog.New(slog.NewTextHandler(io.Discard, nil)), whatsapp.Options{BaseURL: "http://127.0.0.1:1"})
	if got := nobody.Send(t.Context(), d.text(asha), h.yes); !equal(got, messaging.Receipt{Outcome: messaging.Later, Code: "unreachable"}) {
		t.Errorf("nobody listens: %+v", got)
	}
	unlisted := whatsapp.New(door(t, "127.0.0.1:2"), d.clock, slog.New(slog.NewTextHandler(io.Discard, nil)), whatsapp.Options{BaseURL: d.server.URL()})
	if got := unlisted.Send(t.Context(), d.text(asha), h.yes); !equal(got, messaging.Receipt{Outcome: messaging.Later, Code: "egress"}) {
		t.Errorf("not in the register: %+v", got)
	}
	for name, credentials := range map[string][]byte{"none": nil, "no JSON": []byte("x"), "no token": []byte(`{"phone_number_id":"12345"}`)} {
		m := d.text(asha)
		m.Via = &messaging.Connection{Credentials: credentials}
		if got := d.Send(t.Context(), m, h.yes); !equal(got, messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	m := d.text(asha)
	m.Via = nil
	if got := d.Send(t.Context(), m, h.yes); !equal(got, messaging.Receipt{Outcome: messaging.Broken, Code: "no-account"}) {
		t.Errorf("no account: %+v", got)
	}
	if n := len(d.server.Messages()); n != 0 || h.n.Load() != 0 {
		t.Errorf("%d messages were taken, %d handed over", n, h.n.Load())
	}
	// What was begun and given up leaves no trace in the limits: a whole burst still goes.
	for range 45 {
		if got := d.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Accepted {
			t.Fatalf("%+v", got)
		}
	}
}

func TestTheEndOfTheJobIsNotHeededOnceHandedOver(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	d.server.Behave(asha, rig.Behaviour{Delay: 100 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if got := d.Send(ctx, d.text(asha), func() error { cancel(); return nil }); got.Outcome != messaging.Accepted {
		t.Errorf("%+v", got)
	}
	if n := len(d.server.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestATokenThatEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	var h handed
	first := d.Send(t.Context(), d.text(asha), h.yes)
	d.server.Revoke()
	second := d.Send(t.Context(), d.text(asha), h.yes)
	if first.Outcome != messaging.Accepted || !equal(second, messaging.Receipt{Outcome: messaging.Broken, Code: "190"}) {
		t.Errorf("%+v, then %+v", first, second)
	}
	quiet(t, d)
}

func TestPace(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{PerSecond: 3, CoexistencePerSecond: 1, PairBurst: 2})
	var h handed
	send := func(to string) messaging.Receipt { return d.Send(t.Context(), d.text(to), h.yes) }
	pace := func(wait time.Duration) messaging.Receipt {
		return messaging.Receipt{Outcome: messaging.Later, Code: "pace", Wait: wait}
	}
	accepted := func(r messaging.Receipt) {
		t.Helper()
		if r.Outcome != messaging.Accepted {
			t.Errorf("%+v", r)
		}
	}
	// Two at once to one person are borrowed, the third waits six seconds.
	accepted(send(asha))
	accepted(send(asha))
	if got := send(asha); !equal(got, pace(6*time.Second)) {
		t.Errorf("pair: %+v", got)
	}
	// Another person may be written to, until the number has had its three of this second.
	accepted(send("+14155550100"))
	if got := send("+14155550101"); !equal(got, pace(333333333)) {
		t.Errorf("number: %+v", got)
	}
	d.clock.Move(334 * time.Millisecond)
	accepted(send("+14155550101"))
	d.clock.Move(6 * time.Second)
	accepted(send(asha))
	if got := send(asha); got.Code != "pace" || got.Wait != 6*time.Second-334*time.Millisecond {
		t.Errorf("pair again: %+v", got)
	}
	before := h.n.Load()
	// A number shared with the app is slower, and another clinic's number is its own.
	m := d.text("+14155550102")
	var c whatsapp.Credentials
	if err := json.Unmarshal(d.via.Credentials, &c); err != nil {
		t.Fatal(err)
	}
	c.PhoneNumberID, c.Coexistence = "999999999", true
	text, _ := json.Marshal(c)
	m.Via = &messaging.Connection{Credentials: text}
	if got := d.Send(t.Context(), m, h.yes); got.Outcome != messaging.Refused { // the server has no such number
		t.Errorf("%+v", got)
	}
	if got := d.Send(t.Context(), m, h.yes); !equal(got, pace(time.Second)) {
		t.Errorf("coexistence: %+v", got)
	}
	if h.n.Load() != before+1 {
		t.Error("what has to wait was handed over")
	}
}

func TestMetaSlowsDown(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	var h handed
	// One pair is held, others go on.
	d.server.Behave(asha, rig.Behaviour{Code: 131056, Times: 1})
	d.Send(t.Context(), d.text(asha), h.yes)
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Code != "pace" || got.Wait != time.Minute {
		t.Errorf("held pair: %+v", got)
	}
	if got := d.Send(t.Context(), d.text("+14155550100"), h.yes); got.Outcome != messaging.Accepted {
		t.Errorf("another person: %+v", got)
	}
	d.clock.Move(time.Minute)
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Accepted {
		t.Errorf("after the wait: %+v", got)
	}
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Code != "pace" || got.Wait != 6*time.Second {
		t.Errorf("nothing is borrowed once Meta complained: %+v", got)
	}
	// The whole number is held.
	d.clock.Move(time.Minute)
	d.server.Behave(asha, rig.Behaviour{Status: 429, Code: 130429, Times: 1})
	d.Send(t.Context(), d.text(asha), h.yes)
	if got := d.Send(t.Context(), d.text("+14155550100"), h.yes); got.Code != "pace" || got.Wait != 5*time.Second {
		t.Errorf("held number: %+v", got)
	}
	// "Not this person, with marketing, today" holds nothing else.
	d.clock.Move(time.Minute)
	d.server.Behave(asha, rig.Behaviour{Code: 131049, Times: 1})
	d.Send(t.Context(), d.text(asha), h.yes)
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Accepted {
		t.Errorf("a reminder after a refused request for a review: %+v", got)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{Choose: func(language string) string { return "Choose " + language }})
	d.server.AddTemplate("reminder", "en", "UTILITY", "Hello {{1}}, you are expected at {{2}}, please come.", "Confirm", "Cancel")
	d.server.AddTemplate("named", "pt_BR", "UTILITY", "Hello {{name}}, you are expected at {{when}}, please come.")
	d.server.AddTemplate("bare", "en", "UTILITY", "We are closed today.")
	for name, c := range map[string]struct {
		change func(*messaging.Outgoing)
		want   string // of the request, without what is always there
	}{
		"text":             {func(m *messaging.Outgoing) {}, `{"to":"+919876543210","type":"text","text":{"body":"See you on Tuesday at ten.","preview_url":false}}`},
		"reply":            {func(m *messaging.Outgoing) { m.InReply = "wamid.ABC=" }, `{"to":"+919876543210","type":"text","context":{"message_id":"wamid.ABC="},"text":{"body":"See you on Tuesday at ten.","preview_url":false}}`},
		"by id":            {func(m *messaging.Outgoing) { m.To, m.ToUser = "", "IN.1349" }, `{"recipient":"IN.1349","type":"text","text":{"body":"See you on Tuesday at ten.","preview_url":false}}`},
		"both: the number": {func(m *messaging.Outgoing) { m.ToUser = "IN.1349" }, `{"to":"+919876543210","type":"text","text":{"body":"See you on Tuesday at ten.","preview_url":false}}`},
		"template": {func(m *messaging.Outgoing) {
			m.Call = &messaging.Call{Name: "reminder", Language: "en", Values: []messaging.Value{{Text: "Asha"}, {Text: " Tuesday,\n\t10:00 "}}, Payloads: []string{"yes:1", "no:1"}}
		}, `{"to":"+919876543210","type":"template","template":{"name":"reminder","language":{"policy":"deterministic","code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Asha"},{"type":"text","text":"Tuesday, 10:00"}]},{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"yes:1"}]},{"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"no:1"}]}]}}`},
		"template by name": {func(m *messaging.Outgoing) {
			m.Call = &messaging.Call{Name: "named", Language: "pt_BR", Values: []messaging.Value{{Name: "name", Text: "Ásha"}, {Name: "when", Text: "10:00"}}}
		}, `{"to":"+919876543210","type":"template","template":{"name":"named","language":{"policy":"deterministic","code":"pt_BR"},"components":[{"type":"body","parameters":[{"type":"text","parameter_name":"name","text":"Ásha"},{"type":"text","parameter_name":"when","text":"10:00"}]}]}}`},
		"template without values": {func(m *messaging.Outgoing) { m.Call = &messaging.Call{Name: "bare", Language: "en"} },
			`{"to":"+919876543210","type":"template","template":{"name":"bare","language":{"policy":"deterministic","code":"en"}}}`},
		"buttons": {func(m *messaging.Outgoing) { m.Buttons = answers(2) },
			`{"to":"+919876543210","type":"interactive","interactive":{"type":"button","body":{"text":"See you on Tuesday at ten."},"action":{"buttons":[{"type":"reply","reply":{"id":"p1","title":"Answer 1"}},{"type":"reply","reply":{"id":"p2","title":"Answer 2"}}]}}}`},
		"list": {func(m *messaging.Outgoing) { m.Buttons = answers(4) },
			`{"to":"+919876543210","type":"interactive","interactive":{"type":"list","body":{"text":"See you on Tuesday at ten."},"action":{"button":"Choose en","sections":[{"rows":[{"id":"p1","title":"Answer 1"},{"id":"p2","title":"Answer 2"},{"id":"p3","title":"Answer 3"},{"id":"p4","title":"Answer 4"}]}]}}}`},
	} {
		var h handed
		m := d.text(asha)
		c.change(&m)
		got := d.Send(t.Context(), m, h.yes)
		if got.Outcome != messaging.Accepted {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		all := d.server.Messages()
		last := all[len(all)-1]
		var want map[string]any
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		want["messaging_product"], want["recipient_type"] = "whatsapp", "individual"
		x, _ := json.Marshal(want)
		if y, _ := json.Marshal(last.Body); !bytes.Equal(x, y) {
			t.Errorf("%s:\n got %s\nwant %s", name, y, x)
		}
		if p := last.Request; p.Path != "/v23.0/106540352242922/messages" || p.Query != "" || p.Header.Get("User-Agent") != "almirah/1.0.0" || p.Header.Get("Content-Type") != "application/json" || p.Header.Get("Content-Length") == "" {
			t.Errorf("%s: %s?%s %v", name, p.Path, p.Query, p.Header)
		}
	}
}

func answers(n int) (out []messaging.Button) {
	for i := range n {
		s := string(rune('1' + i))
		out = append(out, messaging.Button{Payload: "p" + s, Title: "Answer " + s})
	}
	return out
}

func TestMessagesThatCanNeverGo(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	call := func(c messaging.Call) func(*messaging.Outgoing) {
		return func(m *messaging.Outgoing) { m.Call = &c }
	}
	for name, c := range map[string]struct {
		change func(*messaging.Outgoing)
		code   string
	}{
		"nobody":           {func(m *messaging.Outgoing) { m.To = "" }, "recipient"},
		"no plus":          {func(m *messaging.Outgoing) { m.To = "919876543210" }, "recipient"},
		"letters":          {func(m *messaging.Outgoing) { m.To = "+91 98765" }, "recipient"},
		"id with a space":  {func(m *messaging.Outgoing) { m.To, m.ToUser = "", "IN. 1" }, "recipient"},
		"no text":          {func(m *messaging.Outgoing) { m.Text = " \n" }, "text"},
		"no UTF-8":         {func(m *messaging.Outgoing) { m.Text = "\xff" }, "text"},
		"long":             {func(m *messaging.Outgoing) { m.Text = strings.Repeat("अ", 4097) }, "text-length"},
		"reply to nothing": {func(m *messaging.Outgoing) { m.InReply = "a b" }, "reply"},
		"no template":      {call(messaging.Call{Language: "en"}), "template"},
		"no language":      {call(messaging.Call{Name: "x"}), "template"},
		"empty value":      {call(messaging.Call{Name: "x", Language: "en", Values: []messaging.Value{{Text: " \n"}}}), "value"},
		"long value":       {call(messaging.Call{Name: "x", Language: "en", Values: []messaging.Value{{Text: strings.Repeat("x", 1025)}}}), "value-length"},
		"long payload":     {call(messaging.Call{Name: "x", Language: "en", Payloads: []string{strings.Repeat("x", 257)}}), "payload"},
		"empty payload":    {call(messaging.Call{Name: "x", Language: "en", Payloads: []string{""}}), "payload"},
		"eleven answers":   {func(m *messaging.Outgoing) { m.Buttons = answers(11) }, "buttons"},
		"long title": {func(m *messaging.Outgoing) {
			m.Buttons = []messaging.Button{{Payload: "x", Title: strings.Repeat("x", 21)}}
		}, "title"},
		"title twice": {func(m *messaging.Outgoing) {
			m.Buttons = []messaging.Button{{Payload: "x", Title: "A"}, {Payload: "y", Title: "A"}}
		}, "title"},
		"payload twice": {func(m *messaging.Outgoing) {
			m.Buttons = []messaging.Button{{Payload: "x", Title: "A"}, {Payload: "x", Title: "B"}}
		}, "payload"},
		"long question": {func(m *messaging.Outgoing) { m.Buttons, m.Text = answers(1), strings.Repeat("x", 1025) }, "text-length"},
		"list payload":  {func(m *messaging.Outgoing) { m.Buttons = answers(4); m.Buttons[0].Payload = strings.Repeat("x", 201) }, "payload"},
	} {
		var h handed
		m := d.text(asha)
		c.change(&m)
		if got := d.Send(t.Context(), m, h.yes); !equal(got, messaging.Receipt{Outcome: messaging.Refused, Code: c.code}) || h.n.Load() != 0 {
			t.Errorf("%s: %+v, handed over %d times", name, got, h.n.Load())
		}
	}
	if n := len(d.server.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestTheWindowIsMetas(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{KeepWindow: true}, whatsapp.Options{})
	var h handed
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Refused || got.Code != "131047" || got.Elsewhere {
		t.Errorf("closed: %+v", got)
	}
	d.server.Text(rig.Person{Phone: "919876543210", Name: "Asha"}, "Hello", "")
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Accepted {
		t.Errorf("open: %+v", got)
	}
	d.clock.Move(24*time.Hour + time.Second)
	if got := d.Send(t.Context(), d.text(asha), h.yes); got.Code != "131047" {
		t.Errorf("closed again: %+v", got)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	good := whatsapp.Credentials{PhoneNumberID: "106540352242922", BusinessAccountID: "419561257915477", Token: "EAAtoken.that-is-long-AbCd",
		AppSecrets: []string{"0123456789abcdef0123456789abcdef"}, VerifyToken: "a-verify-token-of-ours"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	if good.Last4() != "AbCd" || (whatsapp.Credentials{Token: "short"}).Last4() != "" {
		t.Errorf("last four: %q", good.Last4())
	}
	for name, c := range map[string]struct {
		change func(*whatsapp.Credentials)
		fields string
	}{
		"nothing":      {func(c *whatsapp.Credentials) { *c = whatsapp.Credentials{} }, "phone_number_id business_account_id token app_secrets verify_token"},
		"a number":     {func(c *whatsapp.Credentials) { c.PhoneNumberID = "+1 555" }, "phone_number_id"},
		"a slash":      {func(c *whatsapp.Credentials) { c.BusinessAccountID = "12345/../6" }, "business_account_id"},
		"a line break": {func(c *whatsapp.Credentials) { c.Token += "\r\nX: y" }, "token"},
		"three":        {func(c *whatsapp.Credentials) { c.AppSecrets = []string{"1", "2", "3"} }, "app_secrets"},
		"two bad":      {func(c *whatsapp.Credentials) { c.AppSecrets = []string{"1", "2"} }, "app_secrets"},
		"two good": {func(c *whatsapp.Credentials) {
			c.AppSecrets = append([]string{"fedcba9876543210fedcba9876543210"}, c.AppSecrets...)
		}, ""},
		"short word": {func(c *whatsapp.Credentials) { c.VerifyToken = "x" }, "verify_token"},
	} {
		x := good
		c.change(&x)
		err := x.Validate()
		if got := strings.Join(fieldsOf(err), " "); got != c.fields {
			t.Errorf("%s: %q, want %q", name, got, c.fields)
		}
		for _, shown := range []string{x.String(), slog.AnyValue(x).Resolve().String(), strings.TrimSpace(errText(err))} {
			for _, secret := range append([]string{x.Token, x.VerifyToken}, x.AppSecrets...) {
				if len(secret) > 3 && strings.Contains(shown, secret) {
					t.Errorf("%s: %q shows %q", name, shown, secret)
				}
			}
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func fieldsOf(err error) (out []string) {
	var f *fault.Fault
	if errors.As(err, &f) {
		for _, x := range f.Fields {
			out = append(out, x.Name)
		}
	}
	return out
}
