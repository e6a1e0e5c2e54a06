package email_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"almirah/internal/carriers/email"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// postman takes every letter and remembers the last.
type postman struct{ last messaging.Outgoing }

func (p *postman) Channel() messaging.Channel { return messaging.Email }
func (p *postman) Name() string               { return "postman" }
func (p *postman) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if handOver() != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	p.last = m
	return messaging.Receipt{Outcome: messaging.Accepted}
}

// TestEachMailIsAnsweredToItsOwnAddress: the answer that comes to it names the message, whoever it says that it is from.
func TestEachMailIsAnsweredToItsOwnAddress(t *testing.T) {
	t.Parallel()
	var out postman
	a := email.NewAnswering(&out, clock.NewFake(noon))
	credentials, sender, last4, err := a.Check(map[string]string{"domain": " Reply.Clinic.example ", "secrets": secretNow + "\r\n" + secretOld})
	if err != nil || sender != "*@"+domain || last4 != "-new" {
		t.Fatalf("%v, %q, %q", err, sender, last4)
	}
	c := messaging.Connection{ID: id.New(noon), Provider: "mail", Sender: sender, Credentials: credentials}
	m := messaging.Outgoing{ID: id.New(noon), Channel: messaging.Email, To: "asha@example.org", From: sender, ReplyTo: "clinic@example.org", Subject: "s", Text: "t", Via: &c}
	if r := a.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
		t.Fatalf("%+v", r)
	}
	if out.last.Via != nil || out.last.From != "" || !strings.HasPrefix(out.last.ReplyTo, "r.") || !strings.HasSuffix(out.last.ReplyTo, "@"+domain) {
		t.Errorf("it left as from %q, to be answered to %q", out.last.From, out.last.ReplyTo)
	}
	raw := "From: Asha <asha@example.org>\r\nTo: " + out.last.ReplyTo + "\r\nMessage-ID: <x@y>\r\nSubject: Re: s\r\n\r\nMay I come at five?\r\n"
	events, _, err := a.Read(t.Context(), c, posted([]byte(raw), "message/rfc822"))
	if err != nil || len(events) != 1 || events[0].Message != m.ID || events[0].ReplyTo != "" || strings.TrimSpace(events[0].Text) != "May I come at five?" {
		t.Fatalf("%v %+v", err, events)
	}
	for name, via := range map[string]*messaging.Connection{"no account": nil, "broken credentials": {Credentials: json.RawMessage(`{}`)}} {
		m.Via = via
		if r := a.Send(t.Context(), m, func() error { t.Error("it was handed over"); return nil }); r.Outcome != messaging.Broken {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, _, _, err := a.Check(map[string]string{"domain": "nonsense", "secrets": "short"}); err == nil {
		t.Error("nonsense is taken")
	}
	one, other := email.NewSecret(), email.NewSecret()
	if len(one) < 32 || one == other {
		t.Error("a secret that is none")
	}
}
