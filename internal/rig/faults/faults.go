// Package faults wraps a message provider and lets it misbehave as real ones do: reports come twice, in another
// order, a week late or not at all, an answer is lost after the message was taken, the account is refused in the middle of a
// batch. Everything is drawn from a seed, so that a schedule of ten thousand messages can be run again. Nothing goes over HTTP:
// the reports are handed out as events, and as a hook that the wrapper itself reads.
package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/messaging"
)

// Chances are how often each thing happens, from 0 (never) to 1 (always).
type Chances struct {
	Duplicate     float64 // a report comes twice
	Reorder       float64 // a report comes at any place among the others that come with it
	TimeOut       float64 // the message is taken, but the answer to the sender is lost: Uncertain, without an id
	SkipDelivered float64 // "delivered" is never reported, only what comes after it
	Unread        float64 // the message is never read
	Fail          float64 // instead of "delivered" comes "failed" with code 131026
	NoPhone       float64 // whoever writes is told by the provider's own id alone
	Broken        float64 // the account is refused (190), and nothing is taken
	Later         float64 // the provider asks to come again (131056), and nothing is taken
	Replay        float64 // a report comes again a week later
}

// Week is how much later a replayed report comes.
const Week = 7 * 24 * time.Hour

// The codes that the wrapper answers.
const (
	CodeBroken = "190"
	CodeLater  = "131056"
	CodeFailed = "131026"
)

// Provider is a messaging.Provider round another one. It is safe for concurrent use. What happens to a message
// depends on the seed, its recipient and how many were sent to her before, not on what is sent at the same time.
type Provider struct {
	messaging.Provider
	clock   clock.Clock
	seed    uint64
	chances Chances

	mu      sync.Mutex
	sends   map[string]int // by recipient: tries so far
	writes  map[string]int // by writer
	waiting []due
	takes   uint64
	counts  Counts
}

// Counts is what happened so far.
type Counts struct {
	Tries, Accepted, TimedOut, Broken, Later, Failed, Skipped, NoPhone, Duplicates, Replays int
}

// due is one report that waits: key orders what was sent at the same time, in whatever order it came in.
type due struct {
	at    time.Time
	key   string
	event messaging.Event
}

// Wrap puts the faults round a provider.
func Wrap(p messaging.Provider, clk clock.Clock, seed uint64, c Chances) *Provider {
	return &Provider{Provider: p, clock: clk, seed: seed, chances: c, sends: map[string]int{}, writes: map[string]int{}}
}

// draws is the source of one thing's luck.
func (p *Provider) draws(what string, n int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s %d", what, n) // a hash never fails
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}

// Send lets the wrapped provider take the message, unless luck has it that nothing is taken.
func (p *Provider) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	whom := cmp.Or(m.To, m.ToUser)
	p.mu.Lock()
	n := p.sends[whom]
	p.sends[whom]++
	p.counts.Tries++
	p.mu.Unlock()
	r := p.draws("send "+whom, n)
	// All draws are made each time, so that one chance does not move the others.
	broken, later, lost := r.Float64() < p.chances.Broken, r.Float64() < p.chances.Later, r.Float64() < p.chances.TimeOut
	switch {
	case broken:
		p.count(func(c *Counts) { c.Broken++ })
		return messaging.Receipt{Outcome: messaging.Broken, Code: CodeBroken}
	case later:
		p.count(func(c *Counts) { c.Later++ })
		return messaging.Receipt{Outcome: messaging.Later, Code: CodeLater, Wait: time.Duration(1+r.IntN(30)) * time.Second}
	}
	got := p.Provider.Send(ctx, m, handOver)
	if got.Outcome != messaging.Accepted {
		return got
	}
	p.report(r, whom, n, m, got.ProviderID)
	if lost {
		p.count(func(c *Counts) { c.TimedOut++ })
		return messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}
	}
	return got
}

func (p *Provider) count(add func(*Counts)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	add(&p.counts)
}

// report plans what the provider will say of a message that it took.
func (p *Provider) report(r *rand.Rand, whom string, n int, m messaging.Outgoing, sent string) {
	skip, fail, unread := r.Float64() < p.chances.SkipDelivered, r.Float64() < p.chances.Fail, r.Float64() < p.chances.Unread
	at := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Accepted++
	state := func(to messaging.Reached, after time.Duration) {
		e := messaging.Event{Kind: messaging.StateNews, Key: sent + " " + string(to), At: clock.At(at.Add(after)), ProviderID: sent, Message: m.ID, Reached: to}
		if to == messaging.ReachedFailed {
			e.Code, e.Permanent = CodeFailed, true
		}
		p.plan(r, fmt.Sprintf("%s %06d %s", whom, n, after), at, e)
	}
	state(messaging.ReachedSent, time.Second)
	switch {
	case fail:
		p.counts.Failed++
		state(messaging.ReachedFailed, 2*time.Second)
		return
	case skip:
		p.counts.Skipped++
	default:
		state(messaging.ReachedDelivered, 2*time.Second)
	}
	if !unread {
		state(messaging.ReachedRead, 3*time.Second)
	}
}

// Say lets somebody write, touch a button or stop: e comes with the next reports, under the same faults. Its key must
// be set; it should not depend on chance.
func (p *Provider) Say(e messaging.Event) {
	whom := cmp.Or(e.From.Phone, e.From.UserID, e.From.Address)
	at := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.writes[whom]
	p.writes[whom]++
	r := p.draws("say "+whom, n)
	if e.At == 0 {
		e.At = clock.At(at)
	}
	if e.From.Phone != "" && r.Float64() < p.chances.NoPhone {
		p.counts.NoPhone++
		if e.From.UserID == "" {
			e.From.UserID = UserID(e.From.Phone)
		}
		e.From.Phone = ""
	}
	p.plan(r, fmt.Sprintf("%s said %06d", whom, n), at, e)
}

// UserID is the provider's own id of the person with the number.
func UserID(phone string) string { return "user." + strings.TrimPrefix(phone, "+") }

// plan queues a report, perhaps twice, perhaps again a week later. p.mu is held.
func (p *Provider) plan(r *rand.Rand, key string, at time.Time, e messaging.Event) {
	p.waiting = append(p.waiting, due{at, key, e})
	if r.Float64() < p.chances.Duplicate {
		p.counts.Duplicates++
		p.waiting = append(p.waiting, due{at, key, e})
	}
	if r.Float64() < p.chances.Replay {
		p.counts.Replays++
		p.waiting = append(p.waiting, due{at.Add(Week), key, e})
	}
}

// Take hands out the reports whose time has come, in the order in which the provider would post them.
func (p *Provider) Take() []messaging.Event {
	now := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	var ready, left []due
	for _, d := range p.waiting {
		if d.at.After(now) {
			left = append(left, d)
		} else {
			ready = append(ready, d)
		}
	}
	p.waiting = left
	if len(ready) == 0 {
		return nil
	}
	slices.SortStableFunc(ready, func(a, b due) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.key, b.key)) })
	r := p.draws("take", int(p.takes))
	p.takes++
	for i := range ready {
		if r.Float64() < p.chances.Reorder {
			j := r.IntN(len(ready))
			ready[i], ready[j] = ready[j], ready[i]
		}
	}
	out := make([]messaging.Event, len(ready))
	for i, d := range ready {
		out[i] = d.event
	}
	return out
}

// Left is how many reports still wait for their time, replays among them.
func (p *Provider) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// Counts is what happened so far.
func (p *Provider) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// hookURL marks a hook of the wrapper's own; nothing else has such an address.
const hookURL = "faults://reports"

// Hook packs events as one request, which Read takes: so they go through messaging.Service.Hear without a wire.
func (p *Provider) Hook(events []messaging.Event) (messaging.Hook, error) {
	body, err := json.Marshal(events)
	return messaging.Hook{Method: "POST", URL: hookURL, Body: body}, err
}

// Read reads what Hook packed, and leaves everything else to the wrapped provider.
func (p *Provider) Read(ctx context.Context, c messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	if h.URL != hookURL {
		return p.Provider.Read(ctx, c, h)
	}
	var events []messaging.Event
	if err := json.Unmarshal(h.Body, &events); err != nil {
		return nil, messaging.Answer{}, messaging.ErrUnreadable
	}
	for i := range events { // no price is written as null
		if string(events[i].Pricing) == "null" {
			events[i].Pricing = nil
		}
	}
	return events, messaging.Answer{}, nil
}
