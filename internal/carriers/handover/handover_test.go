package handover_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/carriers/handover"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// asked counts, and says yes or no.
type asked struct {
	n  atomic.Int64
	no error
}

func (a *asked) ask() error { a.n.Add(1); return a.no }

func TestTheFirstByteAsks(t *testing.T) {
	t.Parallel()
	var a asked
	h, within := handover.Begin(t.Context(), time.Minute, a.ask)
	defer h.Close()
	b := h.Body(strings.NewReader("a message"))
	if a.n.Load() != 0 || within.Err() != nil {
		t.Fatal("it asks before the connection stands")
	}
	text, err := io.ReadAll(b)
	if err != nil || string(text) != "a message" || a.n.Load() != 1 {
		t.Errorf("%q %v, asked %d times", text, err, a.n.Load())
	}
	if handed, stopped := h.End(); !handed || stopped != "" {
		t.Errorf("%v %q", handed, stopped)
	}
}

func TestNoKeepsItBack(t *testing.T) {
	t.Parallel()
	a := asked{no: errors.New("the outbox says no")}
	h, _ := handover.Begin(t.Context(), 0, a.ask)
	defer h.Close()
	b := h.Body(strings.NewReader("a message"))
	for range 3 { // a transport that tries again gets nothing either
		if text, err := io.ReadAll(b); err == nil || len(text) != 0 {
			t.Errorf("%q leaves", text)
		}
	}
	if handed, stopped := h.End(); handed || stopped != "stopped" || a.n.Load() != 1 {
		t.Errorf("%v %q, asked %d times", handed, stopped, a.n.Load())
	}
}

func TestGivingUpCountsOnlyBefore(t *testing.T) {
	t.Parallel()
	var a asked
	ctx, giveUp := context.WithCancel(t.Context())
	h, within := handover.Begin(ctx, time.Minute, a.ask)
	defer h.Close()
	b := h.Body(strings.NewReader("a message"))
	giveUp()
	<-within.Done() // the connection is given up as well
	if _, err := io.ReadAll(b); err == nil || a.n.Load() != 0 {
		t.Errorf("%v, asked %d times", err, a.n.Load())
	}
	if handed, stopped := h.End(); handed || stopped != "cancelled" {
		t.Errorf("%v %q", handed, stopped)
	}

	ctx, giveUp = context.WithCancel(t.Context())
	h, within = handover.Begin(ctx, time.Minute, a.ask)
	defer h.Close()
	b = h.Body(strings.NewReader("a message"))
	if _, err := b.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	giveUp()
	if rest, err := io.ReadAll(b); err != nil || string(rest) != " message" || within.Err() != nil {
		t.Errorf("%q %v: giving up after the first byte is heeded", rest, err)
	}
	h.Close()
	if within.Err() == nil {
		t.Error("nothing is given back")
	}
}

// TestAfterTheEndNothingLeaves: a write that outlives its call finds the gate shut, and End waits for an asking under way.
func TestAfterTheEndNothingLeaves(t *testing.T) {
	t.Parallel()
	for range 200 {
		var a asked
		h, _ := handover.Begin(t.Context(), time.Minute, a.ask)
		var left []byte
		var late sync.WaitGroup
		late.Go(func() { left, _ = io.ReadAll(h.Body(strings.NewReader("a message"))) })
		handed, _ := h.End()
		late.Wait()
		if !handed && len(left) > 0 || handed != (a.n.Load() == 1) {
			t.Fatalf("handed over %v, asked %d times, %q left", handed, a.n.Load(), left)
		}
		h.Close()
	}
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Forbidden, "fault.egress.not_listed")
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, slow.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, late := http.DefaultClient.Do(r)
	for _, c := range []struct {
		err    error
		handed bool
		want   string
	}{
		{refused, false, "egress"}, {late, false, "timeout"}, {late, true, "timeout"}, {context.Canceled, false, "cancelled"}, {context.Canceled, true, "lost"},
		{io.ErrUnexpectedEOF, true, "lost"}, {io.ErrUnexpectedEOF, false, "unreachable"},
	} {
		if got := handover.Trouble(c.err, c.handed); got != c.want {
			t.Errorf("%v, handed over %v: %q, want %q", c.err, c.handed, got, c.want)
		}
	}
}

func TestToldWithoutThePerson(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	m := messaging.Outgoing{ID: id.New(time.Unix(1_800_000_000, 0)), To: "+919845012345", ToName: "Asha", Text: "At ten."}
	say := func(o messaging.Outcome) string {
		log.Reset()
		if got := handover.Told(slog.New(slog.NewTextHandler(&log, nil)), "twilio", m, messaging.Receipt{Outcome: o, Code: "30007"}, "trace", "AbC"); got.Code != "30007" {
			t.Errorf("%+v", got)
		}
		return log.String()
	}
	if got := say(messaging.Accepted); got != "" {
		t.Errorf("what went well is logged: %s", got)
	}
	got := say(messaging.Refused)
	for _, s := range []string{"carrier=twilio", m.ID.String(), "30007", "trace=AbC"} {
		if !strings.Contains(got, s) {
			t.Errorf("%s does not say %s", got, s)
		}
	}
	if strings.Contains(got, "98450") || strings.Contains(got, "Asha") || strings.Contains(got, "ten") {
		t.Errorf("the person is in the log: %s", got)
	}
}
