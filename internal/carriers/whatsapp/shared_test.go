package whatsapp_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/carriers/whatsapp"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig"
	meta "almirah/internal/rig/whatsapp"
	"almirah/internal/store"
)

// TestProcessesShareTheLimits: carriers of two processes, each with connections of its own to one PostgreSQL, press as many messages through
// one number as they can. Together they send what one alone may, to the message: 80 at once and 80 in each second after it, and to one
// person 45 and then one in six seconds. What did not leave is given back, and what Meta says to one process holds for the other.
func TestProcessesShareTheLimits(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	worker := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
	d := open(t, meta.Options{}, whatsapp.Options{})
	var both []*whatsapp.Carrier
	var paces []*messaging.SharedPace
	for range 2 {
		pace := messaging.NewSharedPace(b.Open(t, store.Options{}), worker)
		paces = append(paces, pace)
		both = append(both, whatsapp.New(door(t, d.server.Address()), b.Clock, slog.New(slog.NewTextHandler(io.Discard, nil)), whatsapp.Options{BaseURL: d.server.URL(), Pace: pace}))
	}
	yes := func() error { return nil }
	next := 0
	press := func(n int, to string) (sent int64) {
		t.Helper()
		var went atomic.Int64
		var all sync.WaitGroup
		room := make(chan struct{}, 16)
		for i := range n {
			m := d.text(to)
			if to == "" {
				next++
				m.To = fmt.Sprintf("+1415%07d", next)
			}
			all.Add(1)
			room <- struct{}{}
			go func() {
				defer all.Done()
				defer func() { <-room }()
				switch r := both[i%2].Send(context.Background(), m, yes); {
				case r.Outcome == messaging.Accepted:
					went.Add(1)
				case r.Outcome != messaging.Later || r.Code != "pace" || r.Wait <= 0:
					t.Errorf("%+v", r)
				}
			}()
		}
		all.Wait()
		return went.Load()
	}
	for second := range 3 {
		if n := press(130, ""); n != 80 {
			t.Errorf("second %d: %d messages of one number, want 80", second, n)
		}
		b.Clock.Move(time.Second)
	}
	b.Clock.Move(time.Minute)
	const asha = "+14155550123"
	if n := press(60, asha); n != 45 {
		t.Errorf("%d messages to one person, want 45", n)
	}
	for range 2 {
		b.Clock.Move(6 * time.Second)
		if n := press(6, asha); n != 1 {
			t.Errorf("%d messages to one person in six seconds, want 1", n)
		}
	}

	// What did not leave after all takes no place; what one process is told to hold, the other holds.
	b.Clock.Move(time.Hour)
	one := messaging.Limit{Account: "a number", Every: time.Second, Borrow: 1}
	wait, undo, err := paces[0].Take(t.Context(), one)
	if err != nil || wait != 0 {
		t.Fatal(wait, err)
	}
	if wait, _, err := paces[1].Take(t.Context(), one); err != nil || wait != time.Second {
		t.Errorf("the other process waits %v, %v", wait, err)
	}
	undo()
	if wait, _, err := paces[1].Take(t.Context(), one); err != nil || wait != 0 {
		t.Errorf("a place that was given back is not free: %v, %v", wait, err)
	}
	if err := paces[0].Hold(t.Context(), one, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if wait, _, err := paces[1].Take(t.Context(), one); err != nil || wait != 10*time.Second {
		t.Errorf("what Meta said to one process is %v to the other, %v", wait, err)
	}
	b.Clock.Move(time.Hour)
	if err := paces[1].Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := -1
	if err := b.DB.Across(t.Context(), worker, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a test counts")
		return p.Row(`SELECT COUNT(*) FROM pace`).Scan(&left)
	}); err != nil || left != 0 {
		t.Errorf("%d rows stay, %v", left, err)
	}
}
