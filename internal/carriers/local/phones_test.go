package local_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/carriers/local"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

const asha = "+919999910001"

// ward is a clinic with an account at both providers, and a house that takes what they report.
type ward struct {
	*local.Phones
	box    *local.Outbox
	fake   *clock.Fake
	clinic id.ID
	via    map[messaging.Channel]*messaging.Connection
	by     map[messaging.Channel]messaging.Provider

	mu     sync.Mutex
	status int
	hooks  []messaging.Hook
	events []messaging.Event
}

func openWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{box: &local.Outbox{}, fake: clock.NewFake(noon), clinic: id.New(noon), via: map[messaging.Channel]*messaging.Connection{}, by: map[messaging.Channel]messaging.Provider{}, status: http.StatusOK}
	w.Phones = local.NewPhones(w.box, w.fake, w.take)
	for _, p := range w.Providers() {
		kept, sender, last4, err := p.Check(map[string]string{"number": "+91 99999 00010"})
		if err != nil || sender != "+919999900010" || len(last4) != 4 || !strings.Contains(string(kept), last4+`"`) {
			t.Fatalf("%s: %v, sender %q, last four %q", p.Name(), err, sender, last4)
		}
		one := id.New(noon)
		c := &messaging.Connection{ID: one, Provider: p.Name(), Sender: sender, Credentials: kept, HookURL: "http://clinic.example/hooks/" + p.Name() + "/" + messaging.HookPath(w.clinic, one)}
		w.via[p.Channel()], w.by[p.Channel()] = c, p
	}
	return w
}

// take is the house: it reads the report with the account that the address names.
func (w *ward) take(r *http.Request) (int, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err
	}
	h := messaging.Hook{Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: body}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status != http.StatusOK {
		return w.status, nil
	}
	for channel, c := range w.via {
		if c.HookURL == h.URL {
			events, _, err := w.by[channel].Read(r.Context(), *c, h)
			if err != nil {
				return http.StatusForbidden, nil
			}
			w.hooks, w.events = append(w.hooks, h), append(w.events, events...)
			return http.StatusOK, nil
		}
	}
	return http.StatusNotFound, nil
}

func (w *ward) send(t *testing.T, c messaging.Channel, change func(*messaging.Outgoing)) messaging.Receipt {
	t.Helper()
	m := messaging.Outgoing{ID: id.New(noon), Channel: c, To: asha, ToName: "Asha", FromName: "Sunrise", Text: "See you", Language: "en", Via: w.via[c]}
	if change != nil {
		change(&m)
	}
	return w.by[c].Send(t.Context(), m, func() error { return nil })
}

// news are the events since the last call, each as "kind reached text button".
func (w *ward) news() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		out = append(out, strings.Join(strings.Fields(string(e.Kind)+" "+string(e.Reached)+" "+e.Text+" "+e.Button), " "))
	}
	w.events = nil
	return out
}

func template(m *messaging.Outgoing) {
	m.Call = &messaging.Call{Name: "booked", Language: "en", Use: messaging.Utility, Payloads: []string{"p1", "p2"}}
	m.Buttons = []messaging.Button{{Payload: "p1", Title: "I will come"}, {Payload: "p2", Title: "I cannot"}}
}

func TestTheNumberIsChecked(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"", "12", "hello"} {
		if _, _, _, err := openWard(t).Providers()[0].Check(map[string]string{"number": typed}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// TestTheWholeLoop: a template comes, is delivered and read; a button and a text go back; then a free text may come, for a day.
func TestTheWholeLoop(t *testing.T) {
	t.Parallel()
	w := openWard(t)
	if r := w.send(t, messaging.WhatsApp, nil); r.Outcome != messaging.Refused || r.Code != "131047" {
		t.Errorf("a free text before she wrote: %+v", r)
	}
	r := w.send(t, messaging.WhatsApp, template)
	if r.Outcome != messaging.Accepted || r.ProviderID == "" || len(r.ProviderID) > 100 {
		t.Fatalf("the template: %+v", r)
	}
	if l := w.box.List(); len(l) != 1 || l[0].ProviderID != r.ProviderID || len(l[0].Buttons) != 2 || l[0].Buttons[1].Title != "I cannot" || l[0].Text != "See you" {
		t.Fatalf("the outbox: %+v", l)
	}
	w.Report(t.Context())
	if got := w.news(); !slices.Equal(got, []string{"state sent", "state delivered"}) || len(w.hooks) != 1 {
		t.Errorf("reported: %q in %d reports", got, len(w.hooks))
	}
	list := w.List(w.clinic)
	if len(list) != 1 || list[0].Unread != 1 || list[0].Number != asha || strings.Contains(list[0].Token, "9999") {
		t.Fatalf("the phones: %+v", list)
	}
	token := list[0].Token
	if _, ok := w.Open(id.New(noon), token); ok {
		t.Error("another clinic looks at the phone")
	}
	phone, ok := w.Open(w.clinic, token)
	if !ok || phone.Unread != 0 || phone.Name != "Asha" || phone.From != "Sunrise" || !slices.Equal(phone.Channels, []messaging.Channel{messaging.WhatsApp}) {
		t.Fatalf("the phone: %+v", phone)
	}
	w.Report(t.Context())
	if got := w.news(); !slices.Equal(got, []string{"state read"}) {
		t.Errorf("opened: %q", got)
	}
	if err := w.Tap(t.Context(), w.clinic, token, r.ProviderID, 1); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	if e := w.events[0]; e.From.Phone != asha || e.From.UserID != token || e.ReplyTo != r.ProviderID || e.Key == "" {
		t.Errorf("the button: %+v", e)
	}
	w.mu.Unlock()
	if got := w.news(); !slices.Equal(got, []string{"message I cannot p2"}) {
		t.Errorf("touched: %q", got)
	}
	if r := w.send(t, messaging.WhatsApp, func(m *messaging.Outgoing) { m.To, m.ToUser = "", token }); r.Outcome != messaging.Accepted {
		t.Errorf("a free text after she wrote, by her id alone: %+v", r)
	}
	w.fake.Move(24 * time.Hour)
	if r := w.send(t, messaging.WhatsApp, nil); r.Code != "131047" {
		t.Errorf("a day later: %+v", r)
	}
	if r := w.send(t, messaging.SMS, func(m *messaging.Outgoing) { m.Buttons = []messaging.Button{{Title: "x"}} }); r.Outcome != messaging.Accepted {
		t.Errorf("a text message: %+v", r)
	}
	if err := w.Write(t.Context(), w.clinic, token, messaging.SMS, "  STOP "); err != nil {
		t.Fatal(err)
	}
	if err := w.Choose(t.Context(), w.clinic, token, messaging.WhatsApp, true); err != nil {
		t.Fatal(err)
	}
	if got := w.news(); !slices.Equal(got, []string{"message STOP", "choice"}) {
		t.Errorf("written: %q", got)
	}
	phone, _ = w.Open(w.clinic, token)
	if n := len(phone.Bubbles); n != 5 || phone.Bubbles[0].Touched != "p2" || !phone.Bubbles[1].Mine || phone.Bubbles[3].Buttons != nil || len(phone.Channels) != 2 {
		t.Errorf("%d bubbles: %+v", n, phone.Bubbles)
	}
}

func TestWhatTheHouseDoesNotTakeIsNotOnThePhone(t *testing.T) {
	t.Parallel()
	w := openWard(t)
	w.send(t, messaging.WhatsApp, template)
	token := w.List(w.clinic)[0].Token
	w.status = http.StatusServiceUnavailable
	if err := w.Write(t.Context(), w.clinic, token, messaging.WhatsApp, "hello"); !errors.Is(err, local.ErrNotTaken) {
		t.Error(err)
	}
	w.Report(t.Context())
	w.status = http.StatusOK
	w.Report(t.Context()) // what was not taken comes with the next report
	if got := w.news(); len(got) != 2 {
		t.Errorf("reported again: %q", got)
	}
	if err := w.Write(t.Context(), w.clinic, token, messaging.SMS, "hello"); !errors.Is(err, local.ErrNoWay) {
		t.Error(err)
	}
	if err := w.by[messaging.SMS].Probe(t.Context(), *w.via[messaging.SMS]); err != nil {
		t.Error(err)
	}
	if err := w.Write(t.Context(), w.clinic, token, messaging.SMS, "hello"); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{"a strange phone": w.Write(t.Context(), w.clinic, "x", messaging.SMS, "hello"), "nothing": w.Write(t.Context(), w.clinic, token, messaging.SMS, " "),
		"a strange button": w.Tap(t.Context(), w.clinic, token, "x", 0)} {
		if !errors.Is(err, local.ErrNoPhone) {
			t.Errorf("%s: %v", what, err)
		}
	}
	w.status = http.StatusNotFound // the account was revoked
	if err := w.Write(t.Context(), w.clinic, token, messaging.SMS, "hello"); !errors.Is(err, local.ErrNotTaken) {
		t.Error(err)
	}
	if p, _ := w.Open(w.clinic, token); len(p.Bubbles) != 2 || len(p.Channels) != 1 {
		t.Errorf("%d bubbles, channels %v", len(p.Bubbles), p.Channels)
	}
}

func TestForgedReportsAreRefused(t *testing.T) {
	t.Parallel()
	w := openWard(t)
	w.send(t, messaging.SMS, nil)
	w.Report(t.Context())
	good := w.hooks[0]
	c, p := w.via[messaging.SMS], w.by[messaging.SMS]
	other := *c
	other.ID = id.New(noon)
	head := func(v string) http.Header { return http.Header{local.SignatureHeader: {v}} }
	for what, x := range map[string]struct {
		c    messaging.Connection
		h    messaging.Hook
		want error
	}{
		"as it came":        {*c, good, nil},
		"no signature":      {*c, messaging.Hook{Method: "POST", Header: head(""), Body: good.Body}, messaging.ErrForged},
		"another signature": {*c, messaging.Hook{Method: "POST", Header: head(strings.Repeat("ab", 32)), Body: good.Body}, messaging.ErrForged},
		"another body":      {*c, messaging.Hook{Method: "POST", Header: good.Header, Body: bytes.Replace(good.Body, []byte("sent"), []byte("read"), 1)}, messaging.ErrForged},
		"another secret":    {*w.via[messaging.WhatsApp], good, messaging.ErrForged},
		"another account":   {other, good, messaging.ErrForged},
		"no secret":         {messaging.Connection{ID: c.ID}, good, messaging.ErrForged},
		"another method":    {*c, messaging.Hook{Method: "GET", Header: good.Header, Body: good.Body}, messaging.ErrUnreadable},
	} {
		if _, _, err := p.Read(t.Context(), x.c, x.h); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", what, err, x.want)
		}
	}
	if r := p.Send(t.Context(), messaging.Outgoing{ID: id.New(noon), Channel: messaging.SMS, To: asha}, func() error { return nil }); r.Outcome != messaging.Broken {
		t.Errorf("without an account: %+v", r)
	}
	if r := p.Send(t.Context(), messaging.Outgoing{ID: id.New(noon), Channel: messaging.SMS, To: asha, Via: c}, func() error { return errors.New("no") }); r.Outcome != messaging.Later {
		t.Errorf("broken off: %+v", r)
	}
}

// TestReportsComeByThemselves: Run reports without being asked, and the phones stay bounded under load.
func TestReportsComeByThemselves(t *testing.T) {
	t.Parallel()
	w := openWard(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx, time.Millisecond); close(done) }()
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 300 {
				w.send(t, messaging.SMS, func(m *messaging.Outgoing) {
					m.To = "+9199999" + string([]byte{'0' + byte(n), '0' + byte(i%10)}) + "000"
				})
				w.List(w.clinic)
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		n := len(w.events)
		w.mu.Unlock()
		if n == 2400 {
			break
		}
	}
	cancel()
	<-done
	bubbles := 0
	for _, p := range w.List(w.clinic) {
		bubbles += len(p.Bubbles)
	}
	if n := len(w.news()); n != 2400 || bubbles != 1000 {
		t.Errorf("%d pieces of news, 2400 are wanted; %d bubbles, 1000 are wanted", n, bubbles)
	}
}
