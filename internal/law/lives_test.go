package law

import (
	"testing"
	"time"

	"almirah/internal/clock"
)

// TestOverIsTheDayAfterTheLast: what happened on a day lives through the last day of its span, in the clinic's zone, and is over when the next day begins.
func TestOverIsTheDayAfterTheLast(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Span{{Days: 1}, {Days: 30}, {Days: 90}, {Days: 180}, {Days: 365}, {Months: 1}, {Months: 12}, {Months: 13}, {Months: 24}, {Years: 1}, {Years: 2}, {Years: 6}, {BusinessDays: 10}} {
		l := Lives{Zone: zone, Chosen: func(Class) Span { return s }}
		for _, from := range []clock.Date{"2024-02-29", "2026-01-31", "2026-11-24", "2027-12-31"} {
			made := clock.At(clock.StartOfDay(from.AddDays(1), zone)) - 1 // the last moment of the day
			end := s.End(made, zone)
			if made < l.Over(Events, end) {
				t.Errorf("%+v from %s: over on its last day", s, from)
			}
			if made >= l.Over(Events, end+1) {
				t.Errorf("%+v from %s: not over on the day after", s, from)
			}
		}
	}
	if (Lives{Chosen: func(Class) Span { return Span{} }}).Over(People, clock.Instant(1<<50)) != 0 {
		t.Error("what has no time set is over")
	}
	india := Lives{Place: India, Zone: zone}
	now := clock.At(clock.StartOfDay("2027-11-24", zone))
	if got, want := india.Hidden(Events, now), india.OverAfter(Events, Span{Days: 180}, now); got != want || got <= india.Over(Events, now) {
		t.Errorf("hidden at %v, want %v", got, want)
	}
	told := Lives{Zone: zone, Until: func(Class) clock.Instant { return now.Add(-48 * time.Hour) }}
	if told.Over(Opinions, now) != (Lives{Zone: zone}).Over(Opinions, now.Add(-48*time.Hour)) {
		t.Error("goes before it was told")
	}
	for _, place := range Places() {
		for _, c := range Classes() {
			x := LifeOf(place, c)
			day := clock.Date("2026-03-31")
			if !x.Ceiling.IsZero() && (x.Floor.Day(day) > x.Ceiling.Day(day) || x.Usual.Day(day) > x.Ceiling.Day(day) || x.Usual.Day(day) < x.Floor.Day(day) || x.Usual.IsZero()) {
				t.Errorf("%s %s: floor, usual and ceiling do not stand in a row: %+v", place, c, x)
			}
		}
	}
}
