package whatsapp_test

import (
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/messaging"
	rig "almirah/internal/rig/whatsapp"
)

// Meta speaks HTTP/2, where many messages share one connection and a request can be given up in
// the middle: the moment of handing over has to hold there too.
func TestTheMomentHoldsOverHTTP2(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	front := httptest.NewUnstartedServer(d.server)
	front.EnableHTTP2 = true
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	t.Cleanup(front.Close)
	c := whatsapp.New(front.Client(), d.clock, slog.New(slog.NewTextHandler(io.Discard, nil)), whatsapp.Options{BaseURL: front.URL, Timeout: 2 * time.Second})
	var h handed
	for range 2 {
		if got := c.Send(t.Context(), d.text(asha), func() error { return errors.New("the row is no longer ours") }); got.Outcome != messaging.Later || got.Code != "stopped" {
			t.Errorf("broken off: %+v", got)
		}
		if got := c.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Accepted {
			t.Errorf("%+v", got)
		}
	}
	if n := len(d.server.Messages()); n != 2 || h.n.Load() != 2 {
		t.Errorf("%d messages, handed over %d times", n, h.n.Load())
	}
	for _, drop := range []rig.Moment{rig.BeforeTaking, rig.AfterTaking} {
		d.server.Behave(asha, rig.Behaviour{Drop: drop, Times: 1})
		asked := len(d.server.Requests())
		if got := c.Send(t.Context(), d.text(asha), h.yes); got.Outcome != messaging.Uncertain || got.Code != "lost" {
			t.Errorf("%s: %+v", drop, got)
		}
		if n := len(d.server.Requests()) - asked; n != 1 {
			t.Errorf("%s: %d requests", drop, n)
		}
	}
	if n := len(d.server.Messages()); n != 3 {
		t.Errorf("%d messages", n)
	}
}
