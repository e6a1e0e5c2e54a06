package scheduling

import (
	"fmt"
	"slices"
	"sort"
	"testing"
	"time"
	_ "time/tzdata" // the binary carries zone data; so must this test

	"pgregory.net/rapid"

	"almirah/internal/clock"
	"almirah/internal/promise"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t testing.TB, z *time.Location, s string) clock.Instant {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, z)
	if err != nil {
		t.Fatal(err)
	}
	return clock.At(v)
}

func minutes(s string) clock.Minute {
	m, err := clock.ParseMinute(s)
	if err != nil {
		panic(err)
	}
	return m
}

func hours(list ...string) []Interval {
	var out []Interval
	for i := 0; i+1 < len(list); i += 2 {
		out = append(out, Interval{minutes(list[i]), minutes(list[i+1])})
	}
	return out
}

func everyDay(list ...string) Weekly {
	var w Weekly
	for d := range w {
		w[d] = hours(list...)
	}
	return w
}

func show(z *time.Location, list []clock.Instant) []string {
	out := []string{}
	for _, i := range list {
		out = append(out, i.In(z).Format("02 15:04 -07"))
	}
	return out
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestSlotsOnAnOrdinaryDay(t *testing.T) {
	t.Parallel()
	z := zone(t, "Asia/Kolkata")
	h := Hours{Zone: z, Weekly: everyDay("09:00", "10:00", "14:00", "15:00")}
	o := Offer{Duration: 20 * time.Minute, Before: 5 * time.Minute, After: 10 * time.Minute, Step: 15 * time.Minute, Horizon: 30}
	now := at(t, z, "2026-03-02 18:00")
	day := clock.Date("2026-03-03")
	// The buffers may lie outside the hours: 09:00 needs 08:55, and 09:40 to 09:50 is after the last visit.
	same(t, "free day", show(z, Slots(h, o, Busy{}, day, day, now)),
		[]string{"03 09:00 +05", "03 09:15 +05", "03 09:30 +05", "03 14:00 +05", "03 14:15 +05", "03 14:30 +05"})

	taken := o.Held(at(t, z, "2026-03-03 14:00"))
	if taken.From != at(t, z, "2026-03-03 13:55") || taken.To != at(t, z, "2026-03-03 14:30") {
		t.Errorf("held %v", taken)
	}
	same(t, "one taken", show(z, Slots(h, o, Busy{Spans: []Span{taken}}, day, day, now)),
		[]string{"03 09:00 +05", "03 09:15 +05", "03 09:30 +05"})

	early := o
	early.MinNotice = 15*time.Hour + 20*time.Minute // until 09:20
	same(t, "notice", show(z, Slots(h, early, Busy{}, day, day, now)),
		[]string{"03 09:30 +05", "03 14:00 +05", "03 14:15 +05", "03 14:30 +05"})

	capped := o
	capped.DailyCap = 3
	if got := Slots(h, capped, Busy{PerDay: map[clock.Date]int{day: 3}}, day, day, now); got != nil {
		t.Errorf("a full day shows %v", show(z, got))
	}
	if got := Slots(h, capped, Busy{PerDay: map[clock.Date]int{day: 2}}, day, day, now); len(got) != 6 {
		t.Errorf("a day below its cap shows %v", show(z, got))
	}
	if got := Slots(h, Offer{Duration: o.Duration, Horizon: 1}, Busy{}, "2026-03-01", "2026-03-31", now); len(got) != 6 {
		t.Errorf("a horizon of one day shows %v", show(z, got))
	}
}

func TestChangesAndLeave(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "times-as-entered")
	z := zone(t, "Asia/Kolkata")
	h := Hours{Zone: z, Weekly: everyDay("09:00", "12:00"), Changes: map[clock.Date]Change{
		"2026-03-03": {Day: "2026-03-03", Open: true, Intervals: hours("16:00", "17:00")},
		"2026-03-04": {Day: "2026-03-04", Intervals: hours("09:30", "10:10")},
		"2026-03-05": {Day: "2026-03-05"},
		"2026-03-06": {Day: "2026-03-06", Open: true},
	}, Away: []Away{{at(t, z, "2026-03-07 11:10"), at(t, z, "2026-03-08 09:50")}, {at(t, z, "2026-03-07 09:00"), at(t, z, "2026-03-07 10:20")}}}
	o := Offer{Duration: 30 * time.Minute, Horizon: 30}
	now := at(t, z, "2026-03-02 18:00")
	same(t, "changes", show(z, Slots(h, o, Busy{}, "2026-03-03", "2026-03-08", now)), []string{
		"03 16:00 +05", "03 16:30 +05",
		"04 09:00 +05", "04 10:10 +05", "04 10:40 +05", "04 11:10 +05", // the grid begins again after the closing
		"07 10:30 +05", // and does not after leave
		"08 10:00 +05", "08 10:30 +05", "08 11:00 +05", "08 11:30 +05",
	})
	open := h.Open("2026-03-07")
	if len(open) != 1 || open[0].From != at(t, z, "2026-03-07 10:20") || open[0].To != at(t, z, "2026-03-07 11:10") {
		t.Errorf("leave is not cut out: %v", open)
	}
	for start, want := range map[string]Refusal{
		"2026-03-03 09:00": OutsideHours, "2026-03-04 09:05": OutsideHours, "2026-03-05 09:00": OutsideHours,
		"2026-03-07 09:00": OnLeave, "2026-03-07 11:00": OnLeave, "2026-03-08 11:45": OutsideHours, "2026-03-08 10:05": "",
	} {
		if ok, why := Fits(h, o, at(t, z, start)); why != want || ok != (want == "") {
			t.Errorf("%s: %v %q, want %q", start, ok, why, want)
		}
	}
	if ok, why := Fits(h, o, at(t, z, "2026-03-08 10:00")+1); ok || why != NotOffered {
		t.Errorf("a start off the grain: %v %q", ok, why)
	}
	for start, want := range map[string]Refusal{"2026-03-08 10:05": NotOffered, "2026-03-08 10:00": "", "2026-03-02 11:00": TooSoon, "2026-04-08 10:00": TooFar} {
		if _, why := Bookable(h, o, at(t, z, start), now, 5); why != want {
			t.Errorf("%s: %q, want %q", start, why, want)
		}
	}
	o.DailyCap = 5
	if _, why := Bookable(h, o, at(t, z, "2026-03-08 10:00"), now, 5); why != DayFull {
		t.Errorf("a full day: %q", why)
	}
}

func TestAVisitMayRunPastMidnight(t *testing.T) {
	t.Parallel()
	z := zone(t, "Asia/Kolkata")
	h := Hours{Zone: z, Weekly: everyDay("00:00", "01:00", "23:00", "24:00")}
	o := Offer{Duration: 30 * time.Minute, Step: 20 * time.Minute, Horizon: 9}
	now := at(t, z, "2026-03-02 22:00")
	same(t, "over midnight", show(z, Slots(h, o, Busy{}, "2026-03-02", "2026-03-02", now)), []string{"02 23:00 +05", "02 23:20 +05", "02 23:40 +05"})
}

func TestTheClocksChange(t *testing.T) {
	t.Parallel()
	// The hour from 02:00 does not exist in New York on 8 March 2026 and comes twice from 01:00 on 1 November.
	ny := zone(t, "America/New_York")
	h := Hours{Zone: ny, Weekly: everyDay("00:30", "03:30")}
	o := Offer{Duration: 30 * time.Minute, Horizon: 365}
	now := at(t, ny, "2026-02-20 00:00")
	same(t, "gap", show(ny, Slots(h, o, Busy{}, "2026-03-08", "2026-03-08", now)),
		[]string{"08 00:30 -05", "08 01:00 -05", "08 01:30 -05", "08 03:00 -04"})
	same(t, "repeated hour", show(ny, Slots(h, o, Busy{}, "2026-11-01", "2026-11-01", now)),
		[]string{"01 00:30 -04", "01 01:00 -04", "01 01:30 -04", "01 02:00 -05", "01 02:30 -05", "01 03:00 -05"})
	if got := h.Open("2026-03-08"); len(got) != 1 || got[0].To.Sub(got[0].From) != 2*time.Hour {
		t.Errorf("00:30 to 03:30 across a gap is two hours in one piece, got %v", got)
	}
	if got := h.Open("2026-11-01"); len(got) != 2 || got[1].From.Sub(got[0].To) != time.Hour {
		t.Errorf("the second pass of the repeated hour is not worked, got %v", got)
	}
	second := clock.At(time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)) // 01:00 for the second time
	if ok, why := Fits(h, o, second); ok || why != OutsideHours {
		t.Errorf("the second pass fits: %v %q", ok, why)
	}

	// Midnight itself is skipped in Havana, and a whole day was skipped in Apia.
	hav := zone(t, "America/Havana")
	h = Hours{Zone: hav, Weekly: everyDay("00:00", "24:00")}
	o = Offer{Duration: time.Hour, Horizon: 365}
	got := show(hav, Slots(h, o, Busy{}, "2026-03-08", "2026-03-08", now))
	if len(got) != 23 || got[0] != "08 01:00 -04" || got[22] != "08 23:00 -04" {
		t.Errorf("Havana: %v", got)
	}
	apia := Hours{Zone: zone(t, "Pacific/Apia"), Weekly: everyDay("09:00", "10:00")}
	then := clock.At(time.Date(2011, 12, 28, 0, 0, 0, 0, time.UTC))
	same(t, "Apia", show(apia.Zone, Slots(apia, o, Busy{}, "2011-12-29", "2011-12-31", then)), []string{"29 09:00 -10", "31 09:00 +14"})
}

func TestDisorderlyRowsStillGiveADay(t *testing.T) {
	t.Parallel()
	z := zone(t, "Asia/Kolkata")
	h := Hours{Zone: z, Weekly: everyDay("14:00", "15:00", "09:00", "10:00", "09:30", "10:30", "12:00", "11:00")}
	o := Offer{Duration: time.Hour, Horizon: 9}
	now := at(t, z, "2026-03-02 00:00")
	same(t, "mended", show(z, Slots(h, o, Busy{}, "2026-03-03", "2026-03-03", now)), []string{"03 09:00 +05", "03 14:00 +05"})
	for _, bad := range []Offer{{}, {Duration: -time.Hour}, {Duration: 7 * time.Minute}, {Duration: time.Hour, Step: time.Minute}, {Duration: time.Hour, Before: -1}} {
		bad.Horizon = 9
		if got := Slots(h, bad, Busy{}, "2026-03-03", "2026-03-03", now); got != nil {
			t.Errorf("%+v shows %v", bad, got)
		}
		if ok, why := Fits(h, bad, at(t, z, "2026-03-03 09:00")); ok || why != NotOffered {
			t.Errorf("%+v fits: %q", bad, why)
		}
	}
	for _, d := range []clock.Date{"", "2026-02-30", "never"} {
		if h.Open(d) != nil || Slots(h, o, Busy{}, d, d, now) != nil {
			t.Errorf("%q is no day", d)
		}
	}
	var utc Hours // no zone: UTC, and no panic
	utc.Weekly = everyDay("09:00", "10:00")
	if got := utc.Open("2026-03-03"); len(got) != 1 || got[0].From.Time().Hour() != 9 {
		t.Errorf("no zone: %v", got)
	}
}

// drawHours draws hours as a clinic might enter them, within the rules of CheckWeekly.
func drawIntervals(t *rapid.T, label string) []Interval {
	edges := rapid.SliceOfNDistinct(rapid.IntRange(0, 288), 0, 6, rapid.ID).Draw(t, label)
	sort.Ints(edges)
	var out []Interval
	for i := 0; i+1 < len(edges); i += 2 {
		out = append(out, Interval{clock.Minute(edges[i] * 5), clock.Minute(edges[i+1] * 5)})
	}
	if len(out) == 2 && rapid.Bool().Draw(t, label+" touch") {
		out[1].From = out[0].To
	}
	return out
}

// TestSlotsAgainstTheOracle compares Slots, Bookable, Fits and Open with a walk through every minute.
func TestSlotsAgainstTheOracle(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "times-as-entered")
	zones := []*time.Location{zone(t, "Asia/Kolkata"), zone(t, "Europe/Dublin"), zone(t, "Australia/Lord_Howe"), zone(t, "America/Havana"), zone(t, "America/Asuncion"), zone(t, "America/Sao_Paulo")}
	days := []clock.Date{"2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31", "2024-03-23", "2018-02-17", "2018-11-03", "2026-06-15"}
	rapid.Check(t, func(t *rapid.T) {
		h := Hours{Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Changes: map[clock.Date]Change{}}
		for d := range h.Weekly {
			h.Weekly[d] = drawIntervals(t, fmt.Sprint("weekday ", d))
		}
		from := rapid.SampledFrom(days).Draw(t, "from")
		to := from.AddDays(rapid.IntRange(0, 2).Draw(t, "days"))
		for i := -1; i < 4; i++ {
			if rapid.IntRange(0, 3).Draw(t, "changed") == 0 {
				d := from.AddDays(i)
				h.Changes[d] = Change{Day: d, Open: rapid.Bool().Draw(t, "open"), Intervals: drawIntervals(t, "change")}
			}
		}
		noon, _ := time.Parse(time.DateOnly, string(from))
		now := clock.At(noon.Add(time.Duration(rapid.IntRange(-3*1440, 1440).Draw(t, "now")) * time.Minute))
		instant := func(label string) clock.Instant {
			return clock.At(noon.Add(time.Duration(rapid.IntRange(-1440, 4*1440).Draw(t, label)) * time.Minute))
		}
		five := func(label string, lo, hi int) time.Duration {
			return time.Duration(rapid.IntRange(lo, hi).Draw(t, label)) * Grain
		}
		for range rapid.IntRange(0, 3).Draw(t, "away") {
			a := instant("away from")
			h.Away = append(h.Away, Away{a, a.Add(five("away", -1, 200))})
		}
		o := Offer{Duration: five("duration", 1, 30), Before: time.Duration(rapid.IntRange(0, 30).Draw(t, "before")) * time.Minute, After: five("after", 0, 6),
			Step: five("step", 0, 24), MinNotice: time.Duration(rapid.IntRange(-60, 2000).Draw(t, "notice")) * time.Minute, Horizon: rapid.IntRange(0, 6).Draw(t, "horizon"),
			DailyCap: rapid.IntRange(0, 3).Draw(t, "cap")}
		b := Busy{PerDay: map[clock.Date]int{from: rapid.IntRange(0, 3).Draw(t, "taken")}}
		for range rapid.IntRange(0, 12).Draw(t, "busy") {
			a := instant("busy from")
			b.Spans = append(b.Spans, Span{a, a.Add(five("busy", 0, 30))})
		}
		sort.Slice(b.Spans, func(i, j int) bool { return b.Spans[i].From < b.Spans[j].From })

		or := newOracle(h, o, b, from, to, now, time.Minute)
		got, want := Slots(h, o, b, from, to, now), or.slots(from, to)
		if !slices.Equal(got, want) {
			t.Fatalf("slots\n got %v\nwant %v", show(h.Zone, got), show(h.Zone, want))
		}
		for day := from; day <= to; day = day.AddDays(1) {
			for _, s := range h.Open(day) {
				if s.From >= s.To {
					t.Fatalf("an empty span on %s", day)
				}
			}
		}
		for i := clock.At(noon); i < clock.At(noon.Add(48*time.Hour)); i = i.Add(Grain) {
			day := clock.DateOf(i.In(h.Zone))
			if ok, why := Bookable(h, o, i, now, b.PerDay[day]); ok != or.bookable(i) || ok != (why == "") {
				t.Fatalf("%s: Bookable %v %q, oracle %v", i.In(h.Zone), ok, why, or.bookable(i))
			}
			if ok, _ := Fits(h, o, i); ok != or.fits(i) {
				t.Fatalf("%s: Fits %v, oracle %v", i.In(h.Zone), ok, or.fits(i))
			}
			open := or.state[i].open
			for _, a := range h.Away {
				open = open && !(a.From <= i && i < a.To)
			}
			in := false
			for _, s := range h.Open(day) {
				in = in || s.From <= i && i < s.To
			}
			if in != open {
				t.Fatalf("%s: Open %v, oracle %v", i.In(h.Zone), in, open)
			}
		}
	})
}

func BenchmarkSlots(b *testing.B) {
	z := zone(b, "Europe/Berlin")
	h := Hours{Zone: z, Weekly: everyDay("09:00", "13:00", "14:00", "18:00"), Changes: map[clock.Date]Change{"2026-03-30": {Day: "2026-03-30", Intervals: hours("09:00", "10:00")}}}
	for i := range 20 {
		f := at(b, z, "2025-01-01 00:00").Add(time.Duration(i) * 30 * 24 * time.Hour)
		h.Away = append(h.Away, Away{f, f.Add(24 * time.Hour)})
	}
	o := Offer{Duration: 15 * time.Minute, After: 5 * time.Minute, Step: 15 * time.Minute, MinNotice: time.Hour, Horizon: 60, DailyCap: 40}
	busy := Busy{PerDay: map[clock.Date]int{}}
	now := at(b, z, "2026-03-20 08:00")
	for d := range 14 {
		for i := range 15 {
			f := at(b, z, "2026-03-20 09:00").Add(time.Duration(d)*24*time.Hour + time.Duration(i)*30*time.Minute)
			busy.Spans = append(busy.Spans, o.Held(f))
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = len(Slots(h, o, busy, "2026-03-20", "2026-04-02", now))
	}
	b.ReportMetric(float64(n), "slots")
}

func BenchmarkBookable(b *testing.B) {
	z := zone(b, "Europe/Berlin")
	h := Hours{Zone: z, Weekly: everyDay("09:00", "13:00", "14:00", "18:00")}
	o := Offer{Duration: 15 * time.Minute, Step: 15 * time.Minute, Horizon: 60}
	now, start := at(b, z, "2026-03-20 08:00"), at(b, z, "2026-03-30 11:15")
	b.ReportAllocs()
	for b.Loop() {
		if ok, why := Bookable(h, o, start, now, 0); !ok {
			b.Fatal(why)
		}
	}
}
