package app

import (
	"errors"
	"testing"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/egress"
	"almirah/internal/incidents"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// TestOneClinicInItsRegion: a clinic has an account at a carrier in the United States, and a message goes by it. Once it wants India only, the next one is dropped
// before anything is dialled, and says why.
func TestOneClinicInItsRegion(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "region")
	engines(t, func(t *testing.T, engine store.Engine) {
		x := openTexting(t, engine)
		const asha, ravi = "+919845010001", "+919845010002"
		x.books(ravi, 3)
		x.until(t, "the first message is with the carrier", func() bool { return len(x.to(ravi)) == 1 })
		mine, err := x.Clinics.Get(t.Context(), x.Owner)
		if err == nil {
			err = x.Vendors.Choose(t.Context(), x.Owner, clinics.OutsideRegion, mine.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		x.books(asha, 3)
		x.until(t, "the next one is dropped", func() bool { return x.message(asha).State == messaging.Dropped })
		if m := x.message(asha); m.Reason != messaging.ReasonOutside+"elsewhere" || len(x.to(asha)) != 0 {
			t.Errorf("%s %s, and the carrier has %d", m.State, m.Reason, len(x.to(asha)))
		}
		if err := x.Messages.TestAccount(t.Context(), x.Owner, x.account.ID); err == nil {
			t.Error("the account can be tested, which asks the carrier")
		}
	})
}

// TestRogueAdapter: an adapter that dials elsewhere is refused, counted over processes, reported as an incident, and the sentence is broken.
func TestRogueAdapter(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "egress-alarm")
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_TWILIO_URL": "on"})
	ctx := t.Context()
	status := func() string {
		if err := h.Probe(ctx); err != nil {
			t.Fatal(err)
		}
		for _, k := range h.Promises(ctx) {
			if k.ID == "egress-alarm" {
				return k.Status
			}
		}
		return ""
	}
	if got := status(); got != "enforced" {
		t.Fatalf("before: %s", got)
	}
	for _, party := range []string{twilioProcessor, "nobody"} {
		conn, err := h.Gate.DialContext(party)(ctx, "tcp", "collector.example.net:443")
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, egress.ErrNotListed) {
			t.Fatalf("%s reaches another host: %v", party, err)
		}
	}
	h.Fake.Move(15 * time.Minute)
	if got := status(); got != "broken" {
		t.Errorf("after: %s", got)
	}
	if err := h.watchPlatform(ctx, jobs.Platform()); err != nil {
		t.Fatal(err)
	}
	list, err := h.Trouble.Events(ctx, jobs.Platform())
	if err != nil {
		t.Fatal(err)
	}
	parties := map[string]int64{}
	for _, e := range list {
		if e.Rule == incidents.EgressRefused {
			parties[e.Processor] = e.Times
		}
	}
	if parties[twilioProcessor] != 1 || parties["unlisted"] != 1 {
		t.Errorf("incidents: %v", parties)
	}
}
