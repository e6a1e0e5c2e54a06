package jobs_test

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/rig"
)

// TestChoresHoldUpNoTick: chores of all clinics, and of the platform, hold every hand that they can get; bookings are confirmed and letters go out meanwhile.
func TestChoresHoldUpNoTick(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "confirmation-at-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		var held, letters atomic.Int32
		release := make(chan struct{})
		hold := func(ctx context.Context, _ access.Caller) error {
			held.Add(1)
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		}
		list := []jobs.Chore{{Name: "letters", Every: time.Second, Soon: true, Run: func(context.Context, access.Caller) error { letters.Add(1); return nil }}}
		for i := range 6 {
			list = append(list, jobs.Chore{Name: "each-" + strconv.Itoa(i), Every: time.Second, Clinics: true, Run: hold},
				jobs.Chore{Name: "one-" + strconv.Itoa(i), Every: time.Second, Run: hold})
		}
		j := h.start(jobs.Options{Chores: list})
		t.Cleanup(func() { close(release) })
		if !b.Within(t, 20*time.Second, func() bool { return held.Load() >= 4 }) {
			t.Fatalf("%d chores run", held.Load())
		}
		time.Sleep(1500 * time.Millisecond) // those that wait have stood in line by now
		for _, c := range list {
			if err := j.AskAs(background, c.Name, true); err != nil { // a process of the release before has every chore stand in line with the ticks
				t.Fatal(err)
			}
		}
		time.Sleep(500 * time.Millisecond)
		was := letters.Load()
		h.book(accounts.Public(b.Clinic), 50*time.Hour)
		h.await(10 * time.Second)
		if !b.Within(t, 10*time.Second, func() bool { return letters.Load() >= was+3 }) {
			t.Errorf("%d letters went out while the chores were busy", letters.Load()-was)
		}
	})
}

// visited notes to which clinics a chore came, one after the other.
type visited struct {
	mu  sync.Mutex
	all []id.ID
}

func (v *visited) add(clinic id.ID) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, clinic)
	return len(v.all)
}

func (v *visited) list() []id.ID {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.all)
}

// clinics are some clinics in the order in which a tour comes to them.
func (h *house) clinics(n int) []id.ID {
	h.t.Helper()
	out := []id.ID{h.Clinic}
	for i := 1; i < n; i++ {
		out = append(out, h.Found(h.t, "clinic-"+strconv.Itoa(i)))
	}
	slices.SortFunc(out, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// begin starts jobs that the test stops itself.
func (h *house) begin(turn, each, hold time.Duration, list ...jobs.Chore) *jobs.Jobs {
	h.t.Helper()
	j := jobs.New(h.DB, h.messages, h.Clock, h.Log, jobs.Options{DatabaseURL: h.URL, Chores: list})
	j.Pace(turn, each, hold)
	if err := j.Start(background); err != nil {
		h.t.Fatal(err)
	}
	return j
}

func (h *house) end(j *jobs.Jobs) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(background, 20*time.Second)
	defer cancel()
	if err := j.Stop(ctx); err != nil {
		h.t.Error(err)
	}
}

func (h *house) reaches(seen *visited, n int) {
	h.t.Helper()
	if !h.Within(h.t, 20*time.Second, func() bool { return len(seen.list()) >= n }) {
		h.t.Fatalf("the chore came %d times to a clinic, want %d", len(seen.list()), n)
	}
}

// TestATourThatIsCutOffGoesOn stops the house between two clinics and then in the middle of one: each time the chore goes on behind the last clinic with
// which it was through, and does not begin with the same clinics again.
func TestATourThatIsCutOffGoesOn(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		list := h.clinics(5)
		var seen visited
		closing := make(chan struct{})
		chore := jobs.Chore{Name: "round", Every: 24 * time.Hour, Clinics: true, Run: func(ctx context.Context, who access.Caller) error {
			switch seen.add(who.Clinic()) {
			case 2: // through with it while the house closes
				<-closing
				time.Sleep(500 * time.Millisecond)
			case 4: // the house does not wait so long
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		first := h.begin(time.Minute, time.Minute, time.Minute, chore)
		h.reaches(&seen, 2)
		close(closing)
		h.end(first)
		second := h.begin(time.Minute, time.Minute, time.Minute, chore)
		h.reaches(&seen, 4)
		h.end(second)
		third := h.begin(time.Minute, time.Minute, time.Minute, chore)
		h.reaches(&seen, 6)
		h.end(third)
		if got, want := seen.list()[:6], slices.Concat(list[:4], list[3:]); !slices.Equal(got, want) {
			t.Errorf("it came to %v of %v, want %v", got, list, want)
		}
	})
}

// TestATourOfAProcessThatDied is left alone while its process may live, and goes on where it was when nothing was heard of it for a while. After a
// long standstill it begins at the first clinic, whose turn lies furthest back.
func TestATourOfAProcessThatDied(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		list := h.clinics(4)
		died := func() {
			t.Helper()
			other := id.New(b.Clock.Now())
			if _, wait, err := b.DB.TakeTour(background, jobs.Platform(), "round", other, time.Second, time.Hour); err != nil || wait > 0 {
				t.Fatal(wait, err)
			}
			if ours, err := b.DB.NoteTour(background, jobs.Platform(), "round", other, list[1], time.Second); err != nil || !ours {
				t.Fatal(ours, err)
			}
		}
		var seen visited
		chore := jobs.Chore{Name: "round", Every: time.Minute, Clinics: true, Run: func(_ context.Context, who access.Caller) error { seen.add(who.Clinic()); return nil }}
		var looks atomic.Int32
		look := jobs.Chore{Name: "look", Every: time.Second, Run: func(context.Context, access.Caller) error { looks.Add(1); return nil }}
		died()
		j := h.begin(time.Minute, time.Minute, time.Second, chore, look)
		if !b.Within(t, 20*time.Second, func() bool { return looks.Load() >= 3 }) {
			t.Fatal("no chore runs")
		}
		if got := seen.list(); len(got) > 0 {
			t.Errorf("two processes are on one tour: %v", got)
		}
		b.Clock.Move(2 * time.Second)
		h.reaches(&seen, 2)
		h.end(j)
		if got := seen.list(); !slices.Equal(got[:2], list[2:]) {
			t.Errorf("it went on with %v of %v, want %v", got, list, list[2:])
		}
		b.Clock.Move(time.Minute)
		died()
		b.Clock.Move(2 * time.Hour)
		had := len(seen.list())
		j = h.begin(time.Minute, time.Minute, time.Second, chore)
		h.reaches(&seen, had+1)
		h.end(j)
		if got := seen.list()[had]; got != list[0] {
			t.Errorf("after two hours it began with %v of %v", got, list)
		}
	})
}

// TestTwoProcessesAreNotOnOneTour: each has been asked for the chore, and they go one after the other. A chore that runs for longer than a tour is
// kept for a silent process keeps it.
func TestTwoProcessesAreNotOnOneTour(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		h.clinics(3)
		var at, most atomic.Int32
		var seen visited
		list := []jobs.Chore{{Name: "round", Every: 24 * time.Hour, Clinics: true, Run: func(_ context.Context, who access.Caller) error {
			n := at.Add(1)
			defer at.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			b.Clock.Move(400 * time.Millisecond) // three steps, each shorter than the hold
			time.Sleep(300 * time.Millisecond)
			b.Clock.Move(400 * time.Millisecond)
			time.Sleep(300 * time.Millisecond)
			seen.add(who.Clinic())
			return nil
		}}}
		one := h.begin(0, time.Minute, 600*time.Millisecond, list...)
		defer h.end(one)
		two := h.begin(0, time.Minute, 600*time.Millisecond, list...)
		defer h.end(two)
		for _, j := range []*jobs.Jobs{one, two, one} {
			if err := j.AskAs(background, "round", false); err != nil {
				t.Fatal(err)
			}
		}
		h.reaches(&seen, 9)
		if most.Load() > 1 {
			t.Errorf("%d were on one tour at once", most.Load())
		}
	})
}

// TestToursTakeTurns: no chore waits until another has been through all clinics.
func TestToursTakeTurns(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		n := len(h.clinics(6))
		var all, begun visited
		var list []jobs.Chore
		for i := range 4 {
			var own visited
			list = append(list, jobs.Chore{Name: "round-" + strconv.Itoa(i), Every: 24 * time.Hour, Clinics: true, Run: func(_ context.Context, who access.Caller) error {
				time.Sleep(100 * time.Millisecond)
				switch own.add(who.Clinic()) {
				case 1:
					begun.add(who.Clinic())
				case n:
					if began := len(begun.list()); began < 4 {
						t.Errorf("a chore was through when %d of 4 had begun", began)
					}
					all.add(who.Clinic())
				}
				return nil
			}})
		}
		j := h.begin(0, time.Minute, time.Minute, list...)
		defer h.end(j)
		h.reaches(&all, 4)
	})
}

// TestAClinicWhoseChoreHangsFailsAlone, and so does one whose chore panics: the tour goes on behind it.
func TestAClinicWhoseChoreHangsFailsAlone(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		list := h.clinics(4)
		var seen visited
		j := h.begin(0, 300*time.Millisecond, time.Minute, jobs.Chore{Name: "round", Every: 24 * time.Hour, Clinics: true, Run: func(ctx context.Context, who access.Caller) error {
			switch seen.add(who.Clinic()) {
			case 1:
				panic("asha@example.org")
			case 2:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}})
		h.reaches(&seen, 4)
		time.Sleep(time.Second)
		h.end(j)
		if got := seen.list(); !slices.Equal(got, list) {
			t.Errorf("it came to %v of %v", got, list)
		}
	})
}

// TestChoresAreSpread: those of an hour are asked for one after the other over the hour, each once an hour, whenever the house began.
func TestChoresAreSpread(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		var list []jobs.Chore
		for i := range 12 {
			list = append(list, jobs.Chore{Name: "hourly-" + strconv.Itoa(i), Every: time.Hour})
		}
		list = append(list, jobs.Chore{Name: "often", Every: 2 * time.Second})
		j := jobs.New(b.DB, nil, b.Clock, b.Log, jobs.Options{Chores: list})
		var first []time.Time
		for _, c := range list[:12] {
			m := j.Moments(c.Name, rig.Start, 3)
			if d := m[0].Sub(rig.Start); d <= 0 || d > time.Hour || m[1].Sub(m[0]) != time.Hour || m[2].Sub(m[1]) != time.Hour {
				t.Errorf("%s is asked for at %v", c.Name, m)
			}
			if again := j.Moments(c.Name, rig.Start.Add(7*time.Hour+time.Second), 1)[0]; again.Sub(m[0])%time.Hour != 0 {
				t.Errorf("%s is asked for at %v, and at %v after another start", c.Name, m[0], again)
			}
			first = append(first, m[0])
		}
		slices.SortFunc(first, time.Time.Compare)
		for i := 1; i < len(first); i++ {
			if d := first[i].Sub(first[i-1]); d != 5*time.Minute {
				t.Errorf("two chores of an hour are %v apart", d)
			}
		}
	})
}
