package scheduling

import (
	"slices"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/promise"
)

// fortyZones: every kind of clock change that a clinic can meet.
var fortyZones = []string{
	"Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Johannesburg", "Africa/Lagos", "Africa/Tripoli",
	"America/Asuncion", "America/Bogota", "America/Chicago", "America/Havana", "America/Mexico_City", "America/New_York", "America/Nuuk",
	"America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/Scoresbysund", "America/St_Johns",
	"Antarctica/Troll", "Asia/Amman", "Asia/Beirut", "Asia/Dubai", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata",
	"Asia/Singapore", "Asia/Tehran", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney",
	"Europe/Berlin", "Europe/Chisinau", "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter",
}

// changes finds every change of the clocks in [from, to) by reading the offset every three hours and
// halving: it knows nothing of how the zone is stored.
func changes(z *time.Location, from, to time.Time) []time.Time {
	offset := func(t time.Time) int { _, o := t.In(z).Zone(); return o }
	var out []time.Time
	for t := from; t.Before(to); t = t.Add(3 * time.Hour) {
		lo, hi := t, t.Add(3*time.Hour)
		if offset(lo) == offset(hi) {
			continue
		}
		for hi.Sub(lo) > time.Second {
			if mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Second); offset(mid) == offset(lo) {
				lo = mid
			} else {
				hi = mid
			}
		}
		out = append(out, hi)
	}
	return out
}

// TestEveryClockChangeOf40Zones: around every change of the clocks from 2020 to 2040, hours stand still
// on the wall clock, what the clocks skip is not offered, what they repeat is sold once, every slot shown
// can be booked and every start that can be booked is shown. It takes a few seconds, so
// only -short takes a sample.
func TestEveryClockChangeOf40Zones(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "times-as-entered")
	if len(fortyZones) != 40 {
		t.Fatalf("%d zones", len(fortyZones))
	}
	every := 1
	if testing.Short() {
		every = 7
	}
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)
	total := 0
	for _, name := range fortyZones {
		z := zone(t, name)
		list := changes(z, from, to)
		for i, c := range list {
			if i%every == 0 {
				checkChange(t, z, c, i)
				total++
			}
		}
		if t.Failed() {
			t.Fatalf("%s is wrong; the other zones were not looked at", name)
		}
	}
	// A zone whose clocks still stand still would prove nothing.
	if every == 1 && total < 900 {
		t.Errorf("only %d changes of the clocks were looked at", total)
	}
	// What is no change in these years: Sao Paulo's last summers, and the day that Apia never had.
	z := zone(t, "America/Sao_Paulo")
	for i, c := range changes(z, time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC), from) {
		checkChange(t, z, c, i)
		total++
	}
	z = zone(t, "Pacific/Apia")
	for i, c := range changes(z, time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2012, 12, 31, 0, 0, 0, 0, time.UTC)) {
		checkChange(t, z, c, i)
		total++
	}
	t.Logf("%d changes of the clocks", total)
}

// weeks are hours that meet a change of the clocks from every side.
func weeks() []Weekly {
	return []Weekly{
		everyDay("00:00", "24:00"),
		everyDay("00:30", "02:30", "02:30", "03:15", "03:40", "05:00", "22:10", "23:35"),
		everyDay("01:15", "01:45", "02:00", "03:00", "09:00", "17:00", "23:00", "24:00"),
	}
}

func checkChange(t *testing.T, z *time.Location, change time.Time, n int) {
	t.Helper()
	day := clock.DateOf(change.In(z))
	from, to := day.AddDays(-1), day.AddDays(1)
	now := clock.At(change.Add(-96 * time.Hour))
	week := weeks()[n%3]
	h := Hours{Zone: z, Weekly: week}
	o := Offer{Duration: time.Duration(5*(1+n%9)) * time.Minute, Step: time.Duration(5*(1+n%5)) * time.Minute, Before: 5 * time.Minute, After: 10 * time.Minute, Horizon: 30}
	or := newOracle(h, o, Busy{}, from, to, now, Grain)

	got := Slots(h, o, Busy{}, from, to, now)
	if want := or.slots(from, to); !slices.Equal(got, want) {
		t.Errorf("%s %s: slots\n got %v\nwant %v", z, day, show(z, got), show(z, want))
	}
	type wall struct {
		day    clock.Date
		minute int
	}
	sold := map[wall]bool{}
	shown := map[clock.Instant]bool{}
	for _, s := range got {
		shown[s] = true
		// Every five minutes of the visit: on the wall clock inside the hours, and sold for the first time.
		for i := s; i < s.Add(o.Duration); i = i.Add(Grain) {
			local := i.In(z)
			w := wall{clock.DateOf(local), local.Hour()*60 + local.Minute()}
			inside := false
			for _, iv := range week[local.Weekday()] {
				inside = inside || int(iv.From) <= w.minute && w.minute < int(iv.To)
			}
			if !inside {
				t.Errorf("%s: a visit at %s runs outside the hours", z, s.In(z))
			}
		}
		local := s.In(z)
		w := wall{clock.DateOf(local), local.Hour()*60 + local.Minute()}
		if sold[w] {
			t.Errorf("%s: %v is sold twice", z, w)
		}
		sold[w] = true
	}
	for i := clock.At(change.Add(-30 * time.Hour)); i < clock.At(change.Add(30*time.Hour)); i = i.Add(Grain) {
		d := clock.DateOf(i.In(z))
		if d < from || d > to {
			continue
		}
		if ok, why := Bookable(h, o, i.Add(0), now, 0); ok != shown[i] {
			t.Errorf("%s: %s is shown %v and bookable %v %q", z, i.In(z), shown[i], ok, why)
		}
	}
	checkWallClock(t, z, h, week, from, to)
}

// checkWallClock compares Open with the hours as written. Every open span must begin and end on the wall
// clock where an interval does or where the clocks jump, and every minute of an interval that the wall
// clock shows must be open exactly once. The wall clock is asked through clock.Resolve, another piece of code.
func checkWallClock(t *testing.T, z *time.Location, h Hours, week Weekly, from, to clock.Date) {
	t.Helper()
	for day := from; day <= to; day = day.AddDays(1) {
		open := h.Open(day)
		var worked, written time.Duration
		for i, s := range open {
			worked += s.To.Sub(s.From)
			if i > 0 && open[i-1].To >= s.From {
				t.Errorf("%s %s: spans touch: %v", z, day, open)
			}
		}
		for _, iv := range week[day.Weekday()] {
			for m := iv.From; m < iv.To; m += 5 {
				pass := clock.Resolve(day, m, z)
				if len(pass) == 0 {
					continue // the clocks skip it
				}
				written += Grain
				for k, p := range pass {
					in := slices.ContainsFunc(open, func(s Span) bool { return s.From <= clock.At(p) && clock.At(p) < s.To })
					if in != (k == 0) {
						t.Errorf("%s %s %s, pass %d: open %v", z, day, m.Clock(), k+1, in)
					}
				}
			}
		}
		if worked != written {
			t.Errorf("%s %s: %v of work in %v of hours", z, day, worked, written)
		}
	}
}
