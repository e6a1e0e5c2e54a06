package messaging_test

import (
	"runtime"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	"almirah/internal/rig"
)

// TestWaitingUsesUpNoTry: a provider that asks to come again later, or refuses the account and not the message, uses up none of the
// message's five tries, however the two are mixed; nor does a wait of before count when a sender dies, or when a person has it sent anew.
func TestWaitingUsesUpNoTry(t *testing.T) {
	t.Parallel()
	const pace = 3 * time.Minute
	wait, fail := messaging.Receipt{Outcome: messaging.Later, Wait: pace, Code: "429"}, messaging.Receipt{Outcome: messaging.Later, Code: "451"}
	broken := messaging.Receipt{Outcome: messaging.Broken, Code: "535"}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		s.booking(rig.Start.Add(50*time.Hour), false)
		s.plan()
		var answer messaging.Receipt
		dies := false
		s.carrier.before = func() {
			if dies {
				runtime.Goexit()
			}
		}
		s.carrier.answer = func(messaging.Outgoing) messaging.Receipt { return answer }
		// is has the message tried once more, and looks where it stands then and for how long.
		is := func(what string, r messaging.Receipt, state messaging.State, until time.Duration) {
			t.Helper()
			answer = r
			if row := s.rows()[0]; row.SendAt.Sub(clock.At(s.Clock.Now())) > 0 {
				s.Clock.Set(row.SendAt.Time())
			}
			s.deliver()
			row := s.rows()[0]
			if got := row.SendAt.Sub(clock.At(s.Clock.Now())); row.State != state || state == messaging.Planned && got != until {
				t.Fatalf("%s: it is %s, %s, due in %v; %s in %v is wanted", what, row.State, row.Reason, got, state, until)
			}
		}
		killed := func(what string, state messaging.State) {
			t.Helper()
			if row := s.rows()[0]; row.SendAt.Sub(clock.At(s.Clock.Now())) > 0 {
				s.Clock.Set(row.SendAt.Time())
			}
			dies = true
			alive(s.deliver)
			dies = false
			s.Clock.Move(3 * time.Minute)
			if err := s.process(b.DB, s.carrier).Recover(background, s.system); err != nil {
				t.Fatal(err)
			}
			if row := s.rows()[0]; row.State != state {
				t.Fatalf("%s: it is %s, %s; %s is wanted", what, row.State, row.Reason, state)
			}
		}
		again := func() {
			t.Helper()
			if err := s.messages.Settle(background, s.As(access.FrontDesk), s.rows()[0].ID, messaging.SendAgain); err != nil {
				t.Fatal(err)
			}
		}
		for range 6 {
			is("asked to wait", wait, messaging.Planned, pace)
		}
		is("the first failure", fail, messaging.Planned, time.Minute)
		is("a wait between", wait, messaging.Planned, pace)
		is("the second failure", fail, messaging.Planned, 5*time.Minute)
		is("the third failure", fail, messaging.Planned, 30*time.Minute)
		for range 6 {
			is("the account is refused", broken, messaging.Planned, 10*time.Minute)
		}
		is("the fourth failure", fail, messaging.Planned, 30*time.Minute)
		is("the fifth failure", fail, messaging.GivenUp, 0)

		again()
		for range 2 {
			is("asked to wait, sent anew", wait, messaging.Planned, pace)
		}
		for _, until := range []time.Duration{1, 5, 30, 30} {
			is("a failure, sent anew", fail, messaging.Planned, until*time.Minute)
		}
		is("the fifth failure, sent anew", fail, messaging.GivenUp, 0)

		again()
		for range 7 {
			is("asked to wait before a death", wait, messaging.Planned, pace)
		}
		for range 4 {
			killed("a sender died, and nothing had left", messaging.Planned)
		}
		is("asked to wait between deaths", wait, messaging.Planned, pace)
		killed("the fifth sender died", messaging.GivenUp)

		again()
		for range messaging.MaxWaits - 1 {
			is("asked to wait for long", wait, messaging.Planned, pace)
		}
		is("asked to wait for ever", wait, messaging.GivenUp, 0)
	})
}
