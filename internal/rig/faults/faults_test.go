package faults_test

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"almirah/internal/carriers/local"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig/faults"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// batch sends n messages to ten people each in three goroutines, and lets half of them write. It answers the reports of
// the first and of the eighth day as lines that hold no chance id, and every outcome by recipient and turn.
func batch(t *testing.T, seed uint64, n int, c faults.Chances) (p *faults.Provider, today, later []string, outcomes map[string]string) {
	t.Helper()
	clk := clock.NewFake(noon)
	inner := local.NewPhones(&local.Outbox{}, clk, nil).Providers()[1] // nobody reports for it: the wrapper does
	p = faults.Wrap(inner, clk, seed, c)
	kept, sender, _, err := inner.Check(map[string]string{"number": "+919999900010"})
	if err != nil {
		t.Fatal(err)
	}
	one := id.New(noon)
	via := &messaging.Connection{ID: one, Provider: p.Name(), Sender: sender, Credentials: kept, HookURL: "http://x/hooks/local-sms/" + messaging.HookPath(id.New(noon), one)}
	outcomes = map[string]string{}
	whose := map[id.ID]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for lane := range 3 {
		all.Go(func() {
			for person := lane; person < n; person += 3 {
				to := fmt.Sprintf("+9199999%05d", 10000+person)
				for turn := range 10 {
					m := messaging.Outgoing{ID: id.New(noon), Channel: messaging.SMS, To: to, Text: "t", Via: via}
					r := p.Send(t.Context(), m, func() error { return nil })
					mu.Lock()
					whose[m.ID] = fmt.Sprintf("%s %d", to, turn)
					outcomes[whose[m.ID]] = fmt.Sprint(r.Outcome, r.Code, r.Wait, r.ProviderID == "")
					mu.Unlock()
				}
				if person%2 == 0 {
					p.Say(messaging.Event{Kind: messaging.MessageNews, Key: "w" + to, ProviderID: "w" + to, From: messaging.Sender{Phone: to}, Text: "yes"})
				}
			}
		})
	}
	all.Wait()
	lines := func(events []messaging.Event) (out []string) {
		for _, e := range events {
			out = append(out, fmt.Sprint(whose[e.Message], e.Kind, e.Reached, e.Code, e.From, e.Text, e.At))
		}
		return out
	}
	events := p.Take()
	h, err := p.Hook(events)
	if err != nil {
		t.Fatal(err)
	}
	if read, _, err := p.Read(t.Context(), *via, h); err != nil || !reflect.DeepEqual(read, events) {
		t.Errorf("what was packed is not what is read: %v", err)
	}
	today = lines(events)
	if again := p.Take(); len(again) != 0 {
		t.Errorf("%d reports come twice by themselves", len(again))
	}
	clk.Move(faults.Week)
	return p, today, lines(p.Take()), outcomes
}

func TestTheSameSeedGivesTheSameDay(t *testing.T) {
	t.Parallel()
	all := faults.Chances{Duplicate: .1, Reorder: .3, TimeOut: .05, SkipDelivered: .1, Unread: .2, Fail: .05, NoPhone: .5, Broken: .01, Later: .05, Replay: .1}
	p, today, later, outcomes := batch(t, 7, 1000, all)
	_, today2, later2, outcomes2 := batch(t, 7, 1000, all)
	_, today3, _, _ := batch(t, 8, 1000, all)
	if !slices.Equal(today, today2) || !slices.Equal(later, later2) || !reflect.DeepEqual(outcomes, outcomes2) {
		t.Error("the same seed gave another day")
	}
	if slices.Equal(today, today3) {
		t.Error("another seed gave the same day")
	}
	c := p.Counts()
	if c.Tries != 10000 || c.Accepted != c.Tries-c.Broken-c.Later || c.NoPhone < 150 || c.Duplicates < 1000 || c.Replays != len(later) || c.TimedOut < 300 || c.Skipped < 500 || c.Failed < 300 || c.Broken < 50 || c.Later < 300 {
		t.Errorf("what happened: %+v, %d reports today and %d a week later", c, len(today), len(later))
	}
	if p.Left() != 0 {
		t.Errorf("%d reports are left", p.Left())
	}
}

// TestEachFaultAlone: a chance of one shows what each fault is, and none of them happens by itself.
func TestEachFaultAlone(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		c            faults.Chances
		today, later int
		want         faults.Counts
	}{
		"none":      {faults.Chances{}, 31, 0, faults.Counts{Tries: 10, Accepted: 10}},
		"duplicate": {faults.Chances{Duplicate: 1}, 62, 0, faults.Counts{Tries: 10, Accepted: 10, Duplicates: 31}},
		"reorder":   {faults.Chances{Reorder: 1}, 31, 0, faults.Counts{Tries: 10, Accepted: 10}},
		"time out":  {faults.Chances{TimeOut: 1}, 31, 0, faults.Counts{Tries: 10, Accepted: 10, TimedOut: 10}},
		"skip":      {faults.Chances{SkipDelivered: 1}, 21, 0, faults.Counts{Tries: 10, Accepted: 10, Skipped: 10}},
		"unread":    {faults.Chances{Unread: 1}, 21, 0, faults.Counts{Tries: 10, Accepted: 10}},
		"fail":      {faults.Chances{Fail: 1}, 21, 0, faults.Counts{Tries: 10, Accepted: 10, Failed: 10}},
		"no phone":  {faults.Chances{NoPhone: 1}, 31, 0, faults.Counts{Tries: 10, Accepted: 10, NoPhone: 1}},
		"broken":    {faults.Chances{Broken: 1}, 1, 0, faults.Counts{Tries: 10, Broken: 10}},
		"later":     {faults.Chances{Later: 1}, 1, 0, faults.Counts{Tries: 10, Later: 10}},
		"replay":    {faults.Chances{Replay: 1}, 31, 31, faults.Counts{Tries: 10, Accepted: 10, Replays: 31}},
	} {
		p, today, later, _ := batch(t, 1, 1, x.c)
		if len(today) != x.today || len(later) != x.later || p.Counts() != x.want {
			t.Errorf("%s: %d reports and %d a week later, %+v; want %d, %d, %+v", name, len(today), len(later), p.Counts(), x.today, x.later, x.want)
		}
	}
}
