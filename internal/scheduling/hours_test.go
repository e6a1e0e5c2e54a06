package scheduling

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

func TestGrains(t *testing.T) {
	t.Parallel()
	if got := Grains(0, 0); got != nil {
		t.Errorf("an empty span touches %v", got)
	}
	at := clock.At(time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC))
	g := GrainOf(at)
	if got := Grains(at, at.Add(15*time.Minute)); !slices.Equal(got, []GrainNo{g, g + 1, g + 2}) {
		t.Errorf("a quarter of an hour is %v", got)
	}
	if got := Grains(at-1, at+1); !slices.Equal(got, []GrainNo{g - 1, g}) {
		t.Errorf("two microseconds over a border touch %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := clock.Instant(rapid.Int64Range(-1<<52, 1<<52).Draw(t, "instant"))
		g := GrainOf(i)
		if g.Instant() > i || (g+1).Instant() <= i || GrainOf(g.Instant()) != g {
			t.Fatalf("grain %d of %d begins at %d", g, i, g.Instant())
		}
		to := i + clock.Instant(rapid.Int64Range(1, 1<<40).Draw(t, "length"))
		all := Grains(i, to)
		w := outward(Span{i, to})
		if all[0] != g || all[len(all)-1] != GrainOf(to-1) || w.From != g.Instant() || w.To != (all[len(all)-1]+1).Instant() {
			t.Fatalf("%d to %d: %d grains, outward %v", i, to, len(all), w)
		}
	})
}

func TestCheckWeekly(t *testing.T) {
	t.Parallel()
	good := everyDay("09:00", "12:00", "12:00", "13:05", "23:00", "24:00")
	if err := CheckWeekly(good); err != nil {
		t.Fatal(err)
	}
	if err := CheckWeekly(Weekly{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		list []Interval
		want []fault.Field
	}{
		"backwards": {hours("12:00", "09:00"), []fault.Field{{Name: "weekly.2.0", Key: "field.hours.backwards"}}},
		"empty":     {hours("09:00", "09:00"), []fault.Field{{Name: "weekly.2.0", Key: "field.hours.backwards"}}},
		"overlap":   {hours("09:00", "12:00", "11:55", "13:00"), []fault.Field{{Name: "weekly.2.1", Key: "field.hours.overlap"}}},
		"order":     {hours("14:00", "15:00", "09:00", "10:00"), []fault.Field{{Name: "weekly.2.1", Key: "field.hours.order"}}},
		"minutes":   {hours("09:01", "10:00"), []fault.Field{{Name: "weekly.2.0", Key: "field.hours.five_minutes"}}},
		"too late":  {[]Interval{{1200, 1445}}, []fault.Field{{Name: "weekly.2.0", Key: "field.hours.outside_day"}}},
		"too early": {[]Interval{{-5, 60}}, []fault.Field{{Name: "weekly.2.0", Key: "field.hours.outside_day"}}},
		"too many":  {make([]Interval, maxIntervals+1), []fault.Field{{Name: "weekly.2", Key: "field.hours.too_many"}}},
	} {
		var w Weekly
		w[time.Tuesday] = c.list
		var f *fault.Fault
		if err := CheckWeekly(w); !errors.As(err, &f) || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.EqualFunc(f.Fields, c.want, func(a, b fault.Field) bool { return a.Name == b.Name && a.Key == b.Key }) {
			t.Errorf("%s: %v", name, f.Fields)
		}
	}
	if err := CheckChange(Change{Day: "2026-03-03", Open: true, Intervals: hours("09:00", "10:00")}); err != nil {
		t.Error(err)
	}
	var f *fault.Fault
	if err := CheckChange(Change{Day: "2026-02-30", Intervals: hours("10:00", "09:00")}); !errors.As(err, &f) || len(f.Fields) != 2 {
		t.Errorf("a day that does not exist: %v", err)
	}
}

// TestWhatCheckWeeklyAcceptsIsUsedAsWritten: orderly mends nothing that the form would have let in.
func TestWhatCheckWeeklyAcceptsIsUsedAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []Interval
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			list = append(list, Interval{clock.Minute(5 * rapid.IntRange(-1, 290).Draw(t, "from")), clock.Minute(5 * rapid.IntRange(-1, 290).Draw(t, "to"))})
		}
		var w Weekly
		w[0] = list
		mended := orderly(list)
		if CheckWeekly(w) == nil && !slices.Equal(mended, list) {
			t.Fatalf("%v became %v", list, mended)
		}
		w[0] = mended
		if err := CheckWeekly(w); err != nil {
			t.Fatalf("%v became %v: %v", list, mended, err)
		}
	})
}

func TestRefusalsAreConflicts(t *testing.T) {
	t.Parallel()
	for _, r := range []Refusal{NotOffered, TooSoon, TooFar, OutsideHours, OnLeave, DayFull} {
		if f := r.Fault(); f.Kind != fault.Conflict || f.Key != string(r) {
			t.Errorf("%q: %v", r, f)
		}
	}
}
