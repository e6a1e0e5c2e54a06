package scheduling_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// find is one provider of the roster.
func find(t testing.TB, p *practice.Practice, one id.ID) scheduling.Provider {
	t.Helper()
	r, err := p.Desk.Roster(ctx, p.As(access.Owner))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Providers, func(x scheduling.Provider) bool { return x.ID == one })
	if i < 0 {
		t.Fatalf("%s is not in the roster", one)
	}
	return r.Providers[i]
}

// TestABookingDoesNotSpoilAnOpenSettingsPage: somebody edits a provider while patients book with
// her. Only another edit makes the page stale.
func TestABookingDoesNotSpoilAnOpenSettingsPage(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		owner := p.As(access.Owner)
		page := find(t, p, p.Providers[0])
		p.Booked(t, p.Public(), p.Booking(page.ID, p.At(1, "10:00"), 1))
		page.Name = "Dr. Meera Iyer-Rao"
		if err := p.Desk.SaveProvider(ctx, owner, page); err != nil {
			t.Fatalf("a booking made the page stale: %v", err)
		}
		refused(t, "an edit on top of another", p.Desk.SaveProvider(ctx, owner, page), fault.Conflict, "fault.changed_meanwhile")
		refused(t, "hours on top of another edit", p.Desk.SaveWeekly(ctx, owner, page.ID, page.Version, practice.Hours(10, 12)), fault.Conflict, "fault.changed_meanwhile")
		if err := p.Desk.SaveWeekly(ctx, owner, page.ID, page.Version+1, practice.Hours(10, 12)); err != nil {
			t.Fatal(err)
		}
		if now := find(t, p, page.ID); now.Name != page.Name || now.Weekly[1][0].From != 600 {
			t.Fatalf("saved %+v", now)
		}
		for _, role := range []access.Role{access.Practitioner, access.FrontDesk, access.Billing} {
			refused(t, string(role), p.Desk.SaveWeekly(ctx, p.As(role), page.ID, page.Version+2, practice.Hours(9, 17)), fault.Forbidden, "")
		}
		refused(t, "another clinic's owner", p.Desk.SaveProvider(ctx, p.In(p.Found(t, "moonrise"), access.Owner), page), fault.NotFound, "")
	})
}

func TestLeaveAndClosuresTellWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		owner := p.As(access.Owner)
		in := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1)).Appointment
		edge := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "11:30"), 2)).Appointment
		p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "12:00"), 3)) // begins when the leave ends
		other := p.Booked(t, p.Public(), p.Booking(p.Providers[1], p.At(1, "10:00"), 4)).Appointment
		gone := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:30"), 5)).Appointment
		if _, err := p.Desk.Cancel(ctx, p.As(access.FrontDesk), gone.ID, gone.Version); err != nil {
			t.Fatal(err)
		}
		before := len(events(t, p))
		told, err := p.Desk.AddLeave(ctx, owner, scheduling.Leave{Provider: p.Providers[0], From: p.At(1, "10:15"), To: p.At(1, "12:00"), Reason: "a wedding"})
		if err != nil || len(told) != 2 || told[0].ID != in.ID || told[1].ID != edge.ID {
			t.Fatalf("in the way of the leave: %+v, %v", told, err)
		}
		all, err := p.Desk.AddClosure(ctx, owner, scheduling.Closure{From: p.At(1, "00:00"), To: p.At(1, "10:05"), Name: "Holiday"})
		if err != nil || len(all) != 2 || !slices.ContainsFunc(all, func(a scheduling.Appointment) bool { return a.ID == other.ID }) {
			t.Fatalf("in the way of the closure: %+v, %v", all, err)
		}
		if len(events(t, p)) != before {
			t.Error("leave alone told a patient something")
		}
		w, err := p.Desk.Week(ctx, owner, p.Providers[0])
		if err != nil || len(w.Leaves) != 1 || w.Leaves[0].Reason != "a wedding" || len(w.Closures) != 1 || w.Closures[0].Name != "Holiday" {
			t.Fatalf("%+v, %v", w, err)
		}
		if raw := p.Count(t, `SELECT reason FROM leave WHERE clinic_id = $1`); strings.Contains(raw, "wedding") {
			t.Error("the reason is stored readable")
		}
		try := func(at string) error {
			_, err := p.Desk.Book(ctx, p.Public(), p.Booking(p.Providers[0], p.At(1, at), 9))
			return err
		}
		refused(t, "on leave", try("10:30"), fault.Conflict, "fault.start_on_leave")
		refused(t, "closed", try("09:00"), fault.Conflict, "fault.start_on_leave")
		if err := p.Desk.DropLeave(ctx, owner, w.Leaves[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := p.Desk.DropClosure(ctx, owner, w.Closures[0].ID); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"leave": p.Desk.DropLeave(ctx, owner, w.Leaves[0].ID), "closure": p.Desk.DropClosure(ctx, owner, w.Closures[0].ID)} {
			refused(t, what+" twice", err, fault.NotFound, "")
		}
		if err := try("10:30"); err != nil {
			t.Fatal(err)
		}
		refused(t, "leave of nobody", err2nd(p.Desk.AddLeave(ctx, owner, scheduling.Leave{Provider: id.New(b.Clock.Now()), From: 1, To: 2})), fault.NotFound, "")
	})
}

func err2nd(_ []scheduling.Appointment, err error) error { return err }

func TestOneOffHours(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		owner, one := p.As(access.Owner), p.Providers[0]
		slots := func(days int) int {
			t.Helper()
			f, err := p.Desk.FreeTimes(ctx, p.Public(), p.Service, one, p.Day(days), p.Day(days))
			if err != nil {
				t.Fatal(err)
			}
			return len(f.Slots)
		}
		usual := slots(2)
		set := func(c scheduling.Change, drop bool) {
			t.Helper()
			if err := p.Desk.SetDay(ctx, owner, one, c, drop); err != nil {
				t.Fatal(err)
			}
		}
		set(scheduling.Change{Day: p.Day(2), Open: true, Intervals: []scheduling.Interval{{From: 600, To: 660}}}, false)
		set(scheduling.Change{Day: p.Day(3)}, false)
		if slots(2) != 3 || slots(3) != 0 || slots(4) != usual {
			t.Fatalf("%d %d %d times", slots(2), slots(3), slots(4))
		}
		set(scheduling.Change{Day: p.Day(2), Open: true, Intervals: []scheduling.Interval{{From: 600, To: 720}}}, false)
		if slots(2) != 7 {
			t.Fatalf("%d times", slots(2))
		}
		w, err := p.Desk.Week(ctx, owner, one)
		if err != nil || len(w.Changes) != 2 {
			t.Fatalf("%+v, %v", w.Changes, err)
		}
		set(scheduling.Change{Day: p.Day(2)}, true)
		if slots(2) != usual {
			t.Fatalf("%d times", slots(2))
		}
		refused(t, "taking back what is not there", p.Desk.SetDay(ctx, owner, one, scheduling.Change{Day: p.Day(2)}, true), fault.NotFound, "")
	})
}

func TestRetiring(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 3)
		owner, desk := p.As(access.Owner), p.As(access.FrontDesk)
		one, two, three := p.Providers[0], p.Providers[1], p.Providers[2]
		past := p.Booked(t, desk, p.Booking(one, p.At(0, "10:00"), 1)).Appointment
		b.Clock.Move(2 * time.Hour) // 11:30: she was never marked, and is not ahead
		first := p.Booked(t, p.Public(), p.Booking(one, p.At(1, "10:00"), 2)).Appointment
		second := p.Booked(t, p.Public(), p.Booking(one, p.At(90-60, "10:00"), 3)).Appointment
		in := p.Booked(t, p.Public(), p.Booking(two, p.At(1, "10:15"), 4)).Appointment
		if ahead, err := p.Desk.Upcoming(ctx, desk, one); err != nil || len(ahead) != 2 {
			t.Fatalf("%d ahead, %v", len(ahead), err)
		}
		v := find(t, p, one).Version
		before := len(events(t, p))
		retire := func(r scheduling.Retirement) error {
			_, _, err := p.Desk.Retire(ctx, owner, r)
			return err
		}
		untouched(t, p, "refused retirements", func() {
			refused(t, "no choice made", retire(scheduling.Retirement{Provider: one, Version: v}), fault.Conflict, "fault.retire_has_appointments")
			refused(t, "into somebody's time", retire(scheduling.Retirement{Provider: one, Version: v, To: two}), fault.Conflict, "fault.retire_does_not_fit")
			refused(t, "stale", retire(scheduling.Retirement{Provider: one, Version: v - 1, Cancel: true}), fault.Conflict, "fault.changed_meanwhile")
			refused(t, "to herself", retire(scheduling.Retirement{Provider: one, Version: v, To: one}), fault.NotFound, "")
			refused(t, "to nobody", retire(scheduling.Retirement{Provider: one, Version: v, To: id.New(b.Clock.Now())}), fault.NotFound, "")
		})
		p.Agree(t)
		moved, cancelled, err := p.Desk.Retire(ctx, owner, scheduling.Retirement{Provider: one, Version: v, To: three})
		if err != nil || moved != 2 || cancelled != 0 {
			t.Fatalf("moved %d, cancelled %d, %v", moved, cancelled, err)
		}
		same(t, "events", events(t, p)[before:], "moved 1 after 3m0s", "moved 1 after 3m0s")
		for _, a := range []scheduling.Appointment{first, second} {
			if o, err := p.Desk.Open(ctx, desk, a.ID); err != nil || o.Appointment.Provider != three || o.StartsAt != a.StartsAt {
				t.Fatalf("%+v, %v", o.Appointment, err)
			}
		}
		if o, err := p.Desk.Open(ctx, desk, past.ID); err != nil || o.Status != scheduling.Booked || o.Appointment.Provider != one {
			t.Fatalf("the visit that is over was touched: %+v, %v", o.Appointment, err)
		}
		p.Agree(t)

		// Nobody books with her any more; what she had can still be marked and cancelled.
		untouched(t, p, "booking with a retired provider", func() {
			for _, who := range []access.Caller{p.Public(), desk} {
				_, err := p.Desk.Book(ctx, who, p.Booking(one, p.At(2, "10:00"), 5))
				refused(t, "a retired provider", err, fault.NotFound, "")
			}
			_, err := p.Desk.Move(ctx, desk, first.ID, scheduling.Move{Provider: one, StartsAt: p.At(2, "10:00"), Version: first.Version + 1})
			refused(t, "moving to her", err, fault.NotFound, "")
			refused(t, "twice", retire(scheduling.Retirement{Provider: one, Version: v + 1, Cancel: true}), fault.NotFound, "")
		})
		if a := p.Booked(t, p.Public(), p.Booking(id.Zero, p.At(2, "10:00"), 6)).Appointment; a.Provider == one {
			t.Error("any provider was the retired one")
		}
		if _, err := p.Desk.Cancel(ctx, desk, past.ID, past.Version); err != nil {
			t.Errorf("cancelling at a retired provider: %v", err)
		}
		if c, err := p.Desk.Days(ctx, desk, p.Day(0), p.Day(0), id.Zero); err != nil || len(c.Providers) != 3 {
			t.Errorf("her column is gone from the day on which she has entries: %d, %v", len(c.Providers), err)
		}

		moved, cancelled, err = p.Desk.Retire(ctx, owner, scheduling.Retirement{Provider: two, Version: find(t, p, two).Version, Cancel: true})
		if err != nil || moved != 0 || cancelled == 0 {
			t.Fatalf("moved %d, cancelled %d, %v", moved, cancelled, err)
		}
		if o, err := p.Desk.Open(ctx, desk, in.ID); err != nil || o.Status != scheduling.Cancelled {
			t.Fatalf("%+v, %v", o.Appointment, err)
		}
		p.Agree(t)
		if err := p.Desk.Return(ctx, owner, one); err != nil {
			t.Fatal(err)
		}
		refused(t, "returning twice", p.Desk.Return(ctx, owner, one), fault.NotFound, "")
		p.Booked(t, p.Public(), p.Booking(one, p.At(2, "11:00"), 7))
	})
}

// TestRetiringOneWithVeryManyAppointments: none of them is forgotten, however many there are.
func TestRetiringOneWithVeryManyAppointments(t *testing.T) {
	t.Parallel()
	p := practice.OpenWith(t, rig.New(t, store.SQLite, store.Options{}), 1, practice.Hours(0, 24))
	const many = 510
	for i := range many {
		one := p.Booking(p.Providers[0], p.At(1, "00:00").Add(time.Duration(i)*30*time.Minute), 1)
		p.Booked(t, p.As(access.FrontDesk), one)
	}
	_, cancelled, err := p.Desk.Retire(ctx, p.As(access.Owner), scheduling.Retirement{Provider: p.Providers[0], Version: 1, Cancel: true})
	if err != nil || cancelled != many {
		t.Fatalf("%d of %d were cancelled: %v", cancelled, many, err)
	}
	p.Agree(t)
}

// TestEverySlotShownIsBookableAndNoOther draws calendars, books at random, and then asks for
// every five minutes of a day: the public can book exactly what it is shown.
func TestEverySlotShownIsBookableAndNoOther(t *testing.T) {
	t.Parallel()
	calendars := 5
	if soaking() {
		calendars = 150
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 0)
		shown, hidden := 0, 0
		n := calendars
		if b.Engine == store.Postgres { // each of a calendar's hundreds of questions costs more there
			n = max(2, n/3)
		}
		for seed := range n {
			c := rapid.Custom(draw).Example(seed)
			provider, service := c.enter(t, p)
			want := func(at clock.Instant, n int) scheduling.Booking {
				return scheduling.Booking{Service: service, Provider: provider, StartsAt: at, Patient: practice.Person(n), Language: "en"}
			}
			day := p.Day(c.Day)
			begin := clock.At(clock.StartOfDay(day, p.Zone))
			for i, g := range c.Taken {
				if _, err := p.Desk.Book(ctx, p.As(access.FrontDesk), want(begin.Add(time.Duration(g)*5*time.Minute), i)); err != nil && !fault.Is(err, fault.Conflict) {
					t.Fatal(err)
				}
			}
			offered := map[clock.Instant]bool{}
			look := func() {
				t.Helper()
				free, err := p.Desk.FreeTimes(ctx, p.Public(), service, provider, day, day)
				if err != nil {
					t.Fatal(err)
				}
				clear(offered)
				for _, s := range free.Slots {
					offered[s.StartsAt] = true
				}
			}
			look()
			for g := range 24 * 12 {
				at := begin.Add(time.Duration(g) * 5 * time.Minute)
				r, err := p.Desk.Book(ctx, p.Public(), want(at, g))
				switch {
				case offered[at] && err != nil:
					t.Fatalf("calendar %d: %s is shown and was refused: %v (%+v)", seed, at.In(p.Zone), err, c)
				case !offered[at] && err == nil:
					t.Fatalf("calendar %d: %s is not shown and was booked (%+v)", seed, at.In(p.Zone), c)
				case !offered[at] && !fault.Is(err, fault.Conflict):
					t.Fatalf("calendar %d: %s: %v", seed, at.In(p.Zone), err)
				case !offered[at]:
					hidden++
					continue
				}
				shown++
				if g%16 > 0 { // mostly given back, so that the day does not fill up at once
					if _, err := p.Desk.Cancel(ctx, p.As(access.FrontDesk), r.Appointment.ID, 1); err != nil {
						t.Fatal(err)
					}
				}
				look()
			}
		}
		p.Agree(t)
		if shown < 10*n || hidden < 10*n {
			t.Fatalf("%d times were shown and %d were not: the calendars prove nothing", shown, hidden)
		}
		t.Logf("soak: %d shown times could be booked, %d others could not, on %s", shown, hidden, b.Engine)
	})
}

// drawn is a provider with hours, an exception, leave and a cap, a service with buffers, and what is taken.
type drawn struct {
	Week                        scheduling.Weekly
	Cap, Minutes, Before, After int
	Day                         int      // after today
	Leaves                      [][2]int // begin in grains after the day's beginning, length in sevens of minutes
	Exception, Open             bool
	Step                        int   // of the clinic's starts, in minutes
	Taken                       []int // grains after the day's beginning
}

func draw(rt *rapid.T) drawn {
	number := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(rt, name) }
	c := drawn{Step: rapid.SampledFrom([]int{5, 5, 10, 15, 20}).Draw(rt, "step"), Cap: rapid.SampledFrom([]int{0, 0, 0, 6, 20}).Draw(rt, "cap"), Minutes: 5 * number("minutes", 1, 12), Before: 5 * number("before", 0, 3), After: 5 * number("after", 0, 3),
		Day: number("day", 1, 3), Exception: number("exception", 0, 3) == 0, Open: rapid.Bool().Draw(rt, "open")}
	for d := range c.Week {
		at := clock.Minute(5 * number("begin", 60, 140))
		for range number("intervals", 1, 3) {
			to := at + clock.Minute(5*number("long", 20, 60))
			if to > 1440 {
				break
			}
			c.Week[d] = append(c.Week[d], scheduling.Interval{From: at, To: to})
			at = to + clock.Minute(5*number("break", 0, 12))
		}
	}
	for range number("leaves", 0, 2) {
		c.Leaves = append(c.Leaves, [2]int{number("leave from", 0, 288), number("leave", 1, 20)})
	}
	for range number("bookings", 0, 5) {
		c.Taken = append(c.Taken, number("taken", 84, 220))
	}
	return c
}

// enter enters the calendar by the desk's verbs.
func (c drawn) enter(t *testing.T, p *practice.Practice) (provider, service id.ID) {
	t.Helper()
	owner := p.As(access.Owner)
	p.Change(t, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE clinic SET step_minutes = $2 WHERE clinic_id = $1`, c.Step)
		return err
	})
	provider = p.Provider(t, scheduling.Provider{Name: "Dr. Drawn", Online: true, Weekly: c.Week, DailyCap: c.Cap}).ID
	service = p.Offer(t, scheduling.Service{Name: "Drawn", Minutes: c.Minutes, BufferBefore: c.Before, BufferAfter: c.After, Online: true, Providers: []id.ID{provider}}).ID
	for _, l := range c.Leaves {
		from := p.At(c.Day, "00:00").Add(time.Duration(l[0]) * 5 * time.Minute)
		if _, err := p.Desk.AddLeave(ctx, owner, scheduling.Leave{Provider: provider, From: from, To: from.Add(time.Duration(l[1]) * 7 * time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	if c.Exception {
		if err := p.Desk.SetDay(ctx, owner, provider, scheduling.Change{Day: p.Day(c.Day), Open: c.Open, Intervals: []scheduling.Interval{{From: 600, To: 825}}}, false); err != nil {
			t.Fatal(err)
		}
	}
	return provider, service
}

func TestTheRosterShowsTheRetiredToo(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		s := p.Offer(t, scheduling.Service{Name: "Old", Minutes: 30, Online: true, Price: 50000, Providers: p.Providers})
		if err := p.Desk.SaveService(ctx, p.As(access.Owner), s, true); err != nil {
			t.Fatal(err)
		}
		refused(t, "twice", p.Desk.SaveService(ctx, p.As(access.Owner), s, true), fault.Conflict, "fault.changed_meanwhile")
		r, err := p.Desk.Roster(ctx, p.As(access.Billing))
		if err != nil || len(r.Services) != 2 || len(r.Providers) != 2 || r.Today != p.Day(0) {
			t.Fatalf("%+v, %v", r, err)
		}
		_, err = p.Desk.Roster(ctx, p.Public())
		refused(t, "the public", err, fault.Forbidden, "")
		bad := scheduling.Service{ID: s.ID, Version: s.Version + 2, Name: "Old", Minutes: 30, Providers: []id.ID{id.New(b.Clock.Now())}}
		untouched(t, p, "a provider who is not there", func() {
			refused(t, "an unknown provider", p.Desk.SaveService(ctx, p.As(access.Owner), bad, false), fault.NotFound, "")
		})
		if got := fmt.Sprint(len(p.Rows(t, `SELECT provider_id FROM service_provider WHERE clinic_id = $1 AND service_id = $2`, s.ID))); got != "2" {
			t.Errorf("%s providers are left", got)
		}
	})
}

// TestAPracticeIsSavedWholeOrNotAtAll: a practitioner and what she offers, and the switches of several practitioners, are one
// Change each.
func TestAPracticeIsSavedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		owner := p.As(access.Owner)
		visit := p.Offer(t, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: p.Providers})
		check := p.Offer(t, scheduling.Service{Name: "Check", Minutes: 30, Online: true, Providers: p.Providers[:1]})
		old := p.Offer(t, scheduling.Service{Name: "Old", Minutes: 30, Providers: p.Providers[:1]})
		if err := p.Desk.SaveService(ctx, owner, old, true); err != nil {
			t.Fatal(err)
		}
		offers := func(s scheduling.Service) int {
			return len(p.Rows(t, `SELECT provider_id FROM service_provider WHERE clinic_id = $1 AND service_id = $2`, s.ID))
		}
		untouched(t, p, "a service that is not there", func() {
			_, err := p.Desk.SavePractice(ctx, owner, scheduling.Provider{Name: "Dr. New", Online: true}, []id.ID{visit.ID, id.New(b.Clock.Now())})
			refused(t, "a service that is not there", err, fault.NotFound, "")
		})
		made, err := p.Desk.SavePractice(ctx, owner, scheduling.Provider{Name: "Dr. New", Online: true}, []id.ID{visit.ID, check.ID})
		if err != nil || offers(visit) != 3 || offers(check) != 2 {
			t.Fatalf("%v: %d and %d offer", err, offers(visit), offers(check))
		}
		made.Name = "Dr. Newer"
		if made, err = p.Desk.SavePractice(ctx, owner, made, []id.ID{check.ID}); err != nil || offers(visit) != 2 || offers(check) != 2 || offers(old) != 1 {
			t.Fatalf("%v: %d, %d and %d offer", err, offers(visit), offers(check), offers(old))
		}
		r, err := p.Desk.Roster(ctx, owner)
		if err != nil {
			t.Fatal(err)
		}
		list := r.Providers
		for i := range list {
			list[i].ShowAbout = true
		}
		list[len(list)-1].Version--
		untouched(t, p, "one of several that was changed meanwhile", func() {
			refused(t, "one of several that was changed meanwhile", p.Desk.SaveProvider(ctx, owner, list...), fault.Conflict, "fault.changed_meanwhile")
		})
	})
}

// TestWhoReturnsOffersWhatSheOffered: services that are saved while a practitioner is away keep that she offers them.
func TestWhoReturnsOffersWhatSheOffered(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 3)
		owner := p.As(access.Owner)
		visit := p.Offer(t, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: p.Providers})
		check := p.Offer(t, scheduling.Service{Name: "Check", Minutes: 30, Online: true, Providers: p.Providers[:2]})
		gone, stays := p.Providers[0], p.Providers[1]
		who := func(one id.ID) scheduling.Provider {
			t.Helper()
			r, err := p.Desk.Roster(ctx, owner)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range r.Providers {
				if x.ID == one {
					return x
				}
			}
			t.Fatal("she is not there")
			return scheduling.Provider{}
		}
		if _, _, err := p.Desk.Retire(ctx, owner, scheduling.Retirement{Provider: gone, Version: who(gone).Version}); err != nil {
			t.Fatal(err)
		}
		visit.Price, visit.Providers = 50000, p.Providers[1:] // as the settings page sends it: she is not on it
		if err := p.Desk.SaveService(ctx, owner, visit, false); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Desk.SavePractice(ctx, owner, who(stays), []id.ID{visit.ID}); err != nil { // no longer the check
			t.Fatal(err)
		}
		if _, err := p.Desk.SavePractice(ctx, owner, who(p.Providers[2]), []id.ID{visit.ID, check.ID}); err != nil { // the check too
			t.Fatal(err)
		}
		if err := p.Desk.Return(ctx, owner, gone); err != nil {
			t.Fatal(err)
		}
		r, err := p.Desk.Roster(ctx, owner)
		if err != nil {
			t.Fatal(err)
		}
		want := map[id.ID][]id.ID{visit.ID: p.Providers, check.ID: {gone, p.Providers[2]}}
		for _, s := range r.Services {
			for _, one := range p.Providers {
				if want[s.ID] != nil && slices.Contains(s.Providers, one) != slices.Contains(want[s.ID], one) {
					t.Errorf("%s is offered by %v, not by %v", s.Name, s.Providers, want[s.ID])
					break
				}
			}
		}
	})
}
