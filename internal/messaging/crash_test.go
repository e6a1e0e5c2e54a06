package messaging_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// crashes is how a process dies in this test: the goroutine that sends ends on the spot, like a
// process that is killed, at one of the points that the run passes. Deferred rollbacks run, as the
// database would do for a dead client; nothing else does.
type crashes struct {
	mu   sync.Mutex
	left int // points still to be passed; negative never
}

func (c *crashes) point() {
	c.mu.Lock()
	c.left--
	dead := c.left == 0
	c.mu.Unlock()
	if dead {
		runtime.Goexit()
	}
}

// alive runs fn as a process and says whether it came to its end.
func alive(fn func()) bool {
	end := make(chan bool, 1)
	go func() {
		whole := false
		defer func() { end <- whole }()
		fn()
		whole = true
	}()
	return <-end
}

// TestCrashBetweenAnyTwoSteps kills senders at random points (after any statement before its
// commit, before and after the hand-over, after the provider has accepted) and lets the next
// process go on. Never is a message accepted twice without a person's word, and none is lost: each
// was accepted once and says sent, or is an uncertain row, and that only if it was being handed over.
func TestCrashBetweenAnyTwoSteps(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-once")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			schedules := map[store.Engine]int{store.SQLite: 400, store.Postgres: 100}[engine]
			if testing.Short() {
				schedules = 25
			}
			var c crashes
			var armed bool
			b := rig.New(t, engine, store.Options{Watch: func(statement string, _ []any) {
				if armed && !strings.HasPrefix(statement, "SELECT") { // a query's rows are still open there
					c.point()
				}
			}})
			s := opened(t, b)
			random := rand.New(rand.NewPCG(7, uint64(len(engine))))
			handed, accepted := map[id.ID]int{}, map[id.ID]int{}
			carrier := &recorder{}
			for n := range schedules {
				s.booking(rig.Start.Add(50*time.Hour+time.Duration(n)*30*time.Minute), false)
				s.plan()
				var current id.ID
				due, err := s.messages.DueMessages(background, s.system, 10)
				if err != nil || len(due) != 1 {
					t.Fatalf("%d are due: %v", len(due), err)
				}
				current = due[0]
				carrier.before = func() { c.point() }
				carrier.after = func() { handed[current]++; c.point() }
				carrier.answer = func(messaging.Outgoing) messaging.Receipt {
					r := messaging.Receipt{Outcome: messaging.Accepted}
					switch random.IntN(10) {
					case 0:
						return messaging.Receipt{Outcome: messaging.Later, Code: "451"}
					case 1:
						r = messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}
					}
					accepted[current]++ // the provider has it, whether or not its answer is heard
					c.point()
					return r
				}
				for life := 0; ; life++ {
					if life > 60 {
						t.Fatal("the message comes to no end")
					}
					c.left = -1
					if random.IntN(4) > 0 {
						c.left = 1 + random.IntN(24)
					}
					process := s.process(b.DB, carrier)
					armed = true
					whole := alive(func() {
						if err := process.Recover(background, s.system); err != nil {
							t.Error(err)
						}
						due, err := process.DueMessages(background, s.system, 10)
						if err != nil {
							t.Error(err)
						}
						for _, m := range due {
							if err := process.Deliver(background, s.system, m); err != nil {
								t.Error(err)
							}
						}
					})
					armed = false
					if !whole {
						s.Clock.Move(2*time.Minute + time.Second) // on PostgreSQL a sender counts as dead only then
						continue
					}
					r := s.rows()[0]
					if r.ID != current {
						t.Fatal("another row is the newest")
					}
					if r.State == messaging.Planned {
						s.Clock.Set(r.SendAt.Time())
						continue
					}
					switch r.State {
					case messaging.Sent:
						if accepted[current] != 1 {
							t.Fatalf("schedule %d: it says sent, and was accepted %d times", n, accepted[current])
						}
					case messaging.Unsure:
						if accepted[current] > 1 || handed[current] == 0 && r.Reason != messaging.ReasonKilled {
							t.Fatalf("schedule %d: uncertain after %d hand-overs, %d accepted", n, handed[current], accepted[current])
						}
					case messaging.GivenUp:
						if accepted[current] != 0 {
							t.Fatalf("schedule %d: given up, and was accepted", n)
						}
					default:
						t.Fatalf("schedule %d: left as %s", n, r.State)
					}
					break
				}
			}
			states := map[messaging.State]int{}
			twice := 0
			for _, n := range accepted {
				if n > 1 {
					twice++
				}
			}
			for _, r := range s.rows() {
				states[r.State]++
			}
			if twice > 0 {
				t.Fatalf("%d messages were accepted twice", twice)
			}
			if states[messaging.Sent] == 0 || states[messaging.Unsure] == 0 {
				t.Fatalf("the schedules did not reach both ends: %v", states)
			}
		})
	}
}
