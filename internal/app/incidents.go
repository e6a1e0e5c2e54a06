package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/jobs"
)

// What the program watches of itself, and how clinics and operators hear of it.

// carries says whether a party carries messages of clinics.
func carries(processor string) bool {
	switch processor {
	case mailProcessor, twilioProcessor, msg91Processor, whatsAppProcessor, sesProcessor:
		return true
	}
	return false
}

// forgeries counts reports with a wrong signature in the present hour.
type forgeries struct {
	mu   sync.Mutex
	hour time.Time
	n    int64
}

func (f *forgeries) add() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
}

// turn answers the count of the hour, which begins anew with the next one.
func (f *forgeries) turn(now time.Time) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h := now.Truncate(time.Hour); !h.Equal(f.hour) {
		f.hour, f.n = h, 0
	}
	return f.n
}

// The thresholds of the platform's own watch; ours.
const (
	manyForged  = 20  // reports with a wrong signature in an hour: a provider whose secret changed brings a few
	manySprayed = 100 // wrong passwords at addresses that nobody has, in an hour: people mistype their own
)

// watchClinic applies the rules to a clinic, and has the owners told of what is new. What is old goes with the run of the night, which announces it first.
func (h *House) watchClinic(ctx context.Context, who access.Caller) error {
	if err := h.Trouble.Watch(ctx, who); err != nil {
		return err
	}
	return h.Trouble.TellOwners(ctx, who, func(clinic string) error {
		return h.Accounts.TellOwners(ctx, who, clinic, accounts.NoticeIncident, "/app/incidents")
	})
}

// watchPlatform looks at the promises that turned red, at parties that were refused, at forged reports and at passwords that are tried on many.
func (h *House) watchPlatform(ctx context.Context, who access.Caller) error {
	var out []incidents.Event
	now := h.Clock.Now()
	day := string(clock.DateOf(now))
	if err := h.brokenPromises(ctx, who); err != nil {
		return err
	}
	refused, err := h.refusals(ctx, who)
	if err != nil {
		return err
	}
	for _, party := range slices.Sorted(maps.Keys(refused)) {
		if !h.Held() {
			out = append(out, incidents.Event{Rule: incidents.EgressRefused, Cause: string(incidents.EgressRefused) + ":" + party + ":" + day, Processor: party, Times: refused[party]})
		}
	}
	if n := h.forged.turn(now); n >= manyForged {
		out = append(out, incidents.Event{Rule: incidents.Forged, Cause: string(incidents.Forged) + ":" + day, Times: n})
	}
	counts, err := h.Accounts.SignalCounts(ctx, now.Add(-time.Hour))
	if err != nil {
		return err
	}
	for _, c := range counts {
		if c.Kind == "wrong-password" && c.Empty >= manySprayed {
			out = append(out, incidents.Event{Rule: incidents.Spraying, Cause: string(incidents.Spraying) + ":" + day, Times: c.Empty})
		}
	}
	if err := h.Trouble.Happened(ctx, who, out...); err != nil {
		return err
	}
	return h.Trouble.Tidy(ctx, who)
}

// tellClinics opens the incident of a processor in each clinic that used it.
func (h *House) tellClinics(ctx context.Context, who access.Caller, one id.ID) (int, error) {
	return h.Trouble.TellClinics(ctx, who, one, jobs.ForClinic)
}
