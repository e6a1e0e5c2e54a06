package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/backup"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vendors"
	"almirah/internal/web"
)

// The outside parties: what is on file about them, what clinics allow, and what went to whom.

// guarding is how clinics' choices go with this deployment's own configuration, and the keeping of counts.
type guarding struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup

	asking  sync.Mutex // held while clinics are asked, so that one asks for all who wait
	mu      sync.Mutex
	against []vendors.Against
	askedAt time.Time // when every clinic was asked last, and each answered; zero: never
}

// choicesFor is how long what the clinics answered counts: one that arrived, or that chose at another process, is heard then.
const choicesFor = 3 * time.Minute

// compareEvery is after how many minutes all clinics are asked again while nothing is laid.
const compareEvery = 30

// vendors makes the room, and has the gate ask it.
func (h *House) vendors() *vendors.Service {
	return vendors.New(h.DB, h.Log, vendors.Options{Gate: h.Gate, Mail: mailProcessor, Backup: h.Config.Saves.target(),
		Changed: func(tx *store.Tx, _ clinics.Clinic) error { return h.adopt(tx) }})
}

// target is where the second copy of the backups goes.
func (s Saves) target() vendors.Target {
	t := vendors.Target{Name: s.Second, Place: law.PlaceOf(s.Region), There: s.Second != ""}
	if p, _, company := s.processor(); company {
		t.Party, t.Name = p.ID, p.Name
	}
	return t
}

// partyOf is the id on the list of the party behind a provider or carrier.
func partyOf(via string) string {
	if via == "mail" { // answers come back to the deployment's own mail server, by which they went out
		return mailProcessor
	}
	return via
}

// allows is what messaging asks before anything is dialled for a clinic.
func (h *House) allows() messaging.Outside {
	return messaging.Outside{Fresh: h.Vendors.Fresh, Refused: func(c clinics.Clinic, via, place string) string { return h.Vendors.Refused(c, partyOf(via), place) },
		Shut: func(via string) string { return h.Vendors.Shut(partyOf(via)) }}
}

// keepUse compares every clinic's choice with the configuration, and keeps what went to whom each minute, until the house closes.
func (h *House) keepUse(ctx context.Context) {
	if h.guarding.cancel != nil {
		return // a house may be started again; this goes on until it closes
	}
	ctx, h.guarding.cancel = context.WithCancel(context.WithoutCancel(ctx))
	compare := func() {
		if _, err := h.compareChoices(ctx); err != nil && ctx.Err() == nil {
			h.Log.Error("clinics' choices of outside parties cannot be compared with the configuration; no second copy of a backup is laid", "error", err)
		}
	}
	h.guarding.ended.Go(func() {
		compare()
		every := time.NewTicker(time.Minute)
		defer every.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				h.flushUse(ctx)
				if n%compareEvery == 0 { // who lays a copy asks by herself; this one is for whoever reads the log
					compare()
				}
			}
		}
	})
}

func (h *House) flushUse(ctx context.Context) {
	if err := h.Vendors.Flush(ctx, jobs.Platform()); err != nil && ctx.Err() == nil {
		h.Log.Warn("what went to whom cannot be kept; it is tried again", "error", err)
	}
}

// end stops it, and keeps what was counted last.
func (g *guarding) end(flush func(context.Context)) {
	if g.cancel == nil {
		return
	}
	g.cancel()
	g.ended.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	flush(ctx)
}

// compareChoices answers what does not go together, and says in the log what is new. Clinics are asked when they were not within choicesFor, whether the
// house was started or only opened for one verb of the console. It fails while one of them cannot be asked.
func (h *House) compareChoices(ctx context.Context) ([]vendors.Against, error) {
	if h.Config.Mail.Host == "" && h.Config.Saves.Second == "" {
		return nil, nil // nothing of the deployment's own goes anywhere
	}
	g := &h.guarding
	g.asking.Lock()
	defer g.asking.Unlock()
	now := h.Clock.Now()
	known := h.goingAgainst()
	if !g.askedAt.IsZero() && now.Sub(g.askedAt).Abs() < choicesFor {
		return known, nil
	}
	g.askedAt = time.Time{}
	out, err := h.Vendors.CheckAll(ctx, jobs.Platform(), jobs.ForClinic)
	for _, x := range out {
		if !slices.Contains(known, x) {
			h.Log.Error("the configuration goes against what a clinic allows outside; it gets nothing of the clinic’s", "clinic", x.Clinic.String(), "part", x.What, "reason", x.Why)
		}
	}
	if err != nil {
		return nil, err
	}
	g.askedAt = now
	g.mu.Lock()
	defer g.mu.Unlock()
	g.against = out
	return out, nil
}

// goingAgainst is what was found.
func (h *House) goingAgainst() []vendors.Against {
	h.guarding.mu.Lock()
	defer h.guarding.mu.Unlock()
	return slices.Clone(h.guarding.against)
}

// outsideChecks says on the operator's page which clinics' choices the configuration does not go with, and which parties are closed.
func (h *House) outsideChecks(add func(name string, err error, state, words string)) {
	var words []string
	for _, x := range h.Vendors.States() {
		if x.Shut != "" {
			words = append(words, x.ID+": "+x.Shut)
		}
	}
	for i, x := range h.goingAgainst() {
		if i == 5 {
			words = append(words, "…")
			break
		}
		words = append(words, fmt.Sprintf("%s: %s (%s)", x.Slug, x.What, x.Why))
	}
	if len(words) == 0 {
		add("outside", nil, web.WatchGood, "")
		return
	}
	add("outside", nil, web.WatchLate, strings.Join(words, "; "))
}

// barredPlace is the place of the second copy. Nothing is laid there while a clinic forbids it: a backup holds the data of every clinic.
type barredPlace struct {
	backup.Place
	h *House
}

var errBarred = errors.New("the place of the second copy is outside of what a clinic allows; the operator's page says which")

// Put asks the clinics itself, whoever makes the backup: the night's work or a verb of the console. Where one cannot be asked, nothing is laid.
func (b barredPlace) Put(ctx context.Context, name, file string) error {
	against, err := b.h.compareChoices(ctx)
	if err != nil {
		return fmt.Errorf("nothing is laid at the place of the second copy before every clinic could be asked whether it allows that: %w", err)
	}
	if slices.ContainsFunc(against, func(x vendors.Against) bool { return x.What == "backups" && x.Why != vendors.NoBAA }) {
		return errBarred
	}
	return b.Place.Put(ctx, name, file)
}

// refusals are the parties that were refused today, over all processes.
func (h *House) refusals(ctx context.Context, who access.Caller) (map[string]int64, error) {
	if err := h.Vendors.Flush(ctx, who); err != nil {
		return nil, err
	}
	today := clock.DateOf(h.Clock.Now().UTC())
	list, err := h.Vendors.By(ctx, today)
	out := map[string]int64{}
	for _, u := range list {
		if u.Refused > 0 {
			out[u.Processor] += u.Refused
		}
	}
	return out, err
}
