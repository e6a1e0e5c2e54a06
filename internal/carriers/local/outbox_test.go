package local_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"almirah/internal/carriers/local"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func message(n id.ID) messaging.Outgoing {
	return messaging.Outgoing{ID: n, Channel: messaging.SMS, To: "+919812345678", FromName: "Sunrise Clinic", Subject: "s", Text: "t", HTML: "<p>t</p>", Language: "hi",
		Calendar: &messaging.Invite{Method: "REQUEST", ICS: []byte("BEGIN")}, UnsubscribeURL: "https://clinic.example/u/1"}
}

func TestOutboxKeepsWhatWasSent(t *testing.T) {
	t.Parallel()
	var box local.Outbox
	c := local.New(&box, clock.NewFake(noon), messaging.SMS)
	if c.Channel() != messaging.SMS || c.Name() != "local" {
		t.Errorf("channel %q, name %q", c.Channel(), c.Name())
	}
	m := message(id.New(noon))
	handed := 0
	r := c.Send(t.Context(), m, func() error {
		handed++
		if len(box.List()) != 0 {
			t.Error("the message was kept before it was handed over")
		}
		return nil
	})
	l, ok := box.Get(m.ID)
	if r.Outcome != messaging.Accepted || handed != 1 || !ok {
		t.Fatalf("receipt %+v, handed over %d times, kept %v", r, handed, ok)
	}
	if l.Text != "t" || l.HTML != "<p>t</p>" || string(l.ICS) != "BEGIN" || !l.At.Equal(noon) || l.Channel != messaging.SMS {
		t.Errorf("kept %+v", l)
	}
	want := []local.Header{{Name: "From", Value: "Sunrise Clinic"}, {Name: "To", Value: m.To}, {Name: "Subject", Value: "s"}, {Name: "Content-Language", Value: "hi"}, {Name: "Calendar", Value: "REQUEST"},
		{Name: "List-Unsubscribe", Value: "<https://clinic.example/u/1>"}, {Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"}}
	if len(l.Headers) != len(want) {
		t.Fatalf("headers %v", l.Headers)
	}
	for i := range want {
		if l.Headers[i] != want[i] {
			t.Errorf("header %v, want %v", l.Headers[i], want[i])
		}
	}
	l.ICS[0] = 'X'
	if again, _ := box.Get(m.ID); string(again.ICS) != "BEGIN" {
		t.Error("a reader can change a letter")
	}
}

func TestNothingIsKeptWhenBrokenOff(t *testing.T) {
	t.Parallel()
	var box local.Outbox
	c := local.New(&box, clock.NewFake(noon), messaging.SMS)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	other := message(id.New(noon))
	other.Channel = messaging.Email
	nobody := message(id.New(noon))
	nobody.To = ""
	fine := func() error { return nil }
	for name, got := range map[string][2]messaging.Receipt{
		"handOver fails":  {c.Send(t.Context(), message(id.New(noon)), func() error { return errors.New("no") }), {Outcome: messaging.Later, Code: "stopped"}},
		"cancelled":       {c.Send(over, message(id.New(noon)), fine), {Outcome: messaging.Later, Code: "cancelled"}},
		"another channel": {c.Send(t.Context(), other, fine), {Outcome: messaging.Refused, Code: "channel"}},
		"to nobody":       {c.Send(t.Context(), nobody, fine), {Outcome: messaging.Refused, Code: "address"}},
	} {
		if got[0].Outcome != got[1].Outcome || got[0].Code != got[1].Code {
			t.Errorf("%s: %+v, want %+v", name, got[0], got[1])
		}
	}
	if n := len(box.List()); n != 0 {
		t.Errorf("%d messages were kept", n)
	}
}

func TestOutboxIsBoundedAndNewestFirst(t *testing.T) {
	t.Parallel()
	var box local.Outbox
	c := local.New(&box, clock.NewFake(noon), messaging.SMS)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				c.Send(context.Background(), message(id.New(noon)), func() error { return nil })
				box.List()
			}
		})
	}
	all.Wait()
	first, last := message(id.New(noon)), message(id.New(noon))
	c.Send(t.Context(), first, func() error { return nil })
	c.Send(t.Context(), last, func() error { return nil })
	l := box.List()
	if len(l) != 500 || l[0].ID != last.ID || l[1].ID != first.ID {
		t.Errorf("%d letters, newest %s and %s, want 500, %s and %s", len(l), l[0].ID, l[1].ID, last.ID, first.ID)
	}
}
