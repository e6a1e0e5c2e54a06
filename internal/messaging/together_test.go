package messaging_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// deliverAll has every message delivered by a sender of its own, all at once, and answers what each came back with.
func deliverAll(process *messaging.Service, who access.Caller, due []id.ID) map[id.ID]error {
	var mu sync.Mutex
	out := map[id.ID]error{}
	var crew sync.WaitGroup
	for _, m := range due {
		crew.Go(func() {
			err := process.Deliver(background, who, m)
			mu.Lock()
			defer mu.Unlock()
			out[m] = err
		})
	}
	crew.Wait()
	return out
}

// TestStepsAreTakenTogether: forty senders at once need far fewer Changes than three for each message, and yet each message
// went out once, has its own history and its own entries in the audit log.
func TestStepsAreTakenTogether(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var changes, planned, sent atomic.Int64
			b := rig.New(t, engine, store.Options{Watch: func(statement string, args []any) {
				switch {
				case strings.HasPrefix(statement, "INSERT INTO pulse"): // the end of every Change that wrote
					changes.Add(1)
				case strings.HasPrefix(statement, "INSERT INTO audit_leaf") && args[6] == "message" && args[5] == "plan":
					planned.Add(1)
				case strings.HasPrefix(statement, "INSERT INTO audit_leaf") && args[6] == "message" && args[5] == "send":
					sent.Add(1)
				}
			}})
			s := opened(t, b)
			const n = 40
			for i := range n {
				s.booking(rig.Start.Add(50*time.Hour+time.Duration(i)*30*time.Minute), false)
			}
			s.plan()
			due, err := s.messages.DueMessages(background, s.system, 100)
			if err != nil || len(due) != n {
				t.Fatalf("%d are due: %v", len(due), err)
			}
			before := changes.Load()
			for m, err := range deliverAll(s.messages, s.system, due) {
				if err != nil {
					t.Errorf("%s: %v", m, err)
				}
			}
			if took := changes.Load() - before; took > 2*n {
				t.Errorf("%d messages took %d Changes; alone they take %d", n, took, 3*n)
			}
			if planned.Load() != n || sent.Load() != n {
				t.Errorf("%d plans and %d sends were recorded of %d messages", planned.Load(), sent.Load(), n)
			}
			seen := map[id.ID]int{}
			for _, m := range s.carrier.all() {
				seen[m.ID]++
			}
			for _, r := range s.rows() {
				one, err := s.messages.One(background, s.As(access.FrontDesk), r.ID)
				if err != nil {
					t.Fatal(err)
				}
				var steps []string
				for _, x := range one.Steps {
					steps = append(steps, string(x.State))
				}
				if r.State != messaging.Sent || seen[r.ID] != 1 || !slices.Equal(steps, []string{"planned", "sending", "handing-over", "sent"}) {
					t.Errorf("%s: %s, handed over %d times, %v", r.ID, r.State, seen[r.ID], steps)
				}
			}
		})
	}
}

// TestOneThatFailsFailsAlone has a step of one message panic, whoever it is together with. The others go out; it stays where it stood
// and goes out when the step no longer does.
func TestOneThatFailsFailsAlone(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var poison atomic.Pointer[id.ID]
			b := rig.New(t, engine, store.Options{Watch: func(statement string, args []any) {
				if p := poison.Load(); p != nil && strings.HasPrefix(statement, "UPDATE message SET state = 'sending'") && args[1] == any(*p) {
					panic("a step")
				}
			}})
			s := opened(t, b)
			for i := range 12 {
				s.booking(rig.Start.Add(50*time.Hour+time.Duration(i)*30*time.Minute), false)
			}
			s.plan()
			due, err := s.messages.DueMessages(background, s.system, 100)
			if err != nil || len(due) != 12 {
				t.Fatalf("%d are due: %v", len(due), err)
			}
			poison.Store(&due[5])
			for m, err := range deliverAll(s.messages, s.system, due) {
				if (err != nil) != (m == due[5]) {
					t.Errorf("%s (the broken one: %v): %v", m, m == due[5], err)
				}
			}
			for _, r := range s.rows() {
				want := messaging.Sent
				if r.ID == due[5] {
					want = messaging.Planned
				}
				if r.State != want {
					t.Errorf("%s: %s", r.ID, r.State)
				}
			}
			poison.Store(nil)
			s.deliver()
			if n := len(s.carrier.all()); n != 12 {
				t.Errorf("%d of 12 went out", n)
			}
		})
	}
}

// TestWhoeverNobodyWaitsForIsLeftOut: a sender whose time is over before its step began takes no step.
func TestWhoeverNobodyWaitsForIsLeftOut(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		s.booking(rig.Start.Add(50*time.Hour), false)
		s.plan()
		due, err := s.messages.DueMessages(background, s.system, 10)
		if err != nil || len(due) != 1 {
			t.Fatal(len(due), err)
		}
		over, cancel := context.WithCancel(background)
		cancel()
		if err := s.messages.Deliver(over, s.system, due[0]); err == nil {
			t.Error("it answered that all is well")
		}
		want(t, "rows", s.states(), "appointment.booked planned")
	})
}

// TestCrashOfManyAtOnce kills a process whose senders have several messages in their hands: from one moment on every sender of
// it ends at the next statement, or at the next word with the provider. The next process goes on. No message is accepted twice, and
// each ends as sent, once, or as uncertain.
func TestCrashOfManyAtOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-once")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			schedules := map[store.Engine]int{store.SQLite: 60, store.Postgres: 20}[engine]
			if testing.Short() {
				schedules = 6
			}
			const together = 6
			var left atomic.Int64
			var armed, atOnce atomic.Bool // atOnce: the process dies when the first message is accepted
			point := func() {
				if armed.Load() && left.Add(-1) < 0 {
					runtime.Goexit()
				}
			}
			b := rig.New(t, engine, store.Options{Watch: func(statement string, _ []any) {
				if !strings.HasPrefix(statement, "SELECT") {
					point()
				}
			}})
			s := opened(t, b)
			random := rand.New(rand.NewPCG(11, uint64(len(engine))))
			var mu sync.Mutex
			accepted := map[id.ID]int{}
			carrier := &recorder{before: point, after: point, answer: func(m messaging.Outgoing) messaging.Receipt {
				mu.Lock()
				accepted[m.ID]++
				mu.Unlock()
				if atOnce.Swap(false) {
					left.Store(0)
				}
				point()
				return messaging.Receipt{Outcome: messaging.Accepted}
			}}
			uncertain := 0
			for n := range schedules {
				for i := range together {
					s.booking(rig.Start.Add(50*time.Hour+time.Duration(n*together+i)*30*time.Minute), false)
				}
				s.plan()
				for life := 0; ; life++ {
					if life > 40 {
						t.Fatal("the messages come to no end")
					}
					left.Store(1 << 40)
					if atOnce.Store(life == 0 && n%2 == 0); life < 3 && n%2 == 1 {
						left.Store(int64(1 + random.IntN(90)))
					}
					process := s.process(b.DB, carrier)
					armed.Store(true)
					alive(func() {
						if err := process.Recover(background, s.system); err != nil {
							t.Error(err)
						}
						due, err := process.DueMessages(background, s.system, 50)
						if err != nil {
							t.Error(err)
						}
						deliverAll(process, s.system, due)
					})
					armed.Store(false)
					open := 0
					for _, r := range s.rows()[:together] {
						if r.State == messaging.Planned || r.State == messaging.Sending || r.State == messaging.HandingOver {
							open++
						}
					}
					if open == 0 {
						break
					}
					s.Clock.Move(2*time.Minute + time.Second) // on PostgreSQL a sender counts as dead only then
				}
				for _, r := range s.rows()[:together] {
					switch got := accepted[r.ID]; {
					case r.State == messaging.Sent && got == 1:
					case r.State == messaging.Unsure && got <= 1:
						uncertain++
					default:
						t.Fatalf("schedule %d: %s, and it was accepted %d times", n, r.State, got)
					}
				}
			}
			if uncertain == 0 {
				t.Fatal("no schedule left a message uncertain: the kills did not reach the hand-over")
			}
		})
	}
}
