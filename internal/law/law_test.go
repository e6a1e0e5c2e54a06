package law_test

import (
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/law"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestSpansEndWhenLawsSay: hours over a change of clocks, the end of months, leap days, days without weekends.
func TestSpansEndWhenLawsSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		span             law.Span
		zone, from, ends string
	}{
		{law.Span{Hours: 72}, "Europe/Berlin", "2026-10-24T12:00:00+02:00", "2026-10-27T11:00:00+01:00"},
		{law.Span{Days: 30}, "Europe/Berlin", "2026-10-01T12:00:00+02:00", "2026-10-31T23:59:59.999999+01:00"},
		{law.Span{Days: 1}, "Asia/Kolkata", "2026-02-28T23:59:00+05:30", "2026-03-01T23:59:59.999999+05:30"},
		{law.Span{Months: 1}, "Europe/London", "2028-01-31T08:00:00Z", "2028-02-29T23:59:59.999999Z"},
		{law.Span{Months: 1}, "Europe/London", "2027-01-31T08:00:00Z", "2027-02-28T23:59:59.999999Z"},
		{law.Span{Years: 1}, "Asia/Kolkata", "2028-02-29T08:00:00+05:30", "2029-02-28T23:59:59.999999+05:30"},
		{law.Span{BusinessDays: 10}, "America/Los_Angeles", "2026-11-27T09:00:00-08:00", "2026-12-11T23:59:59.999999-08:00"},
		{law.Span{BusinessDays: 1}, "America/Los_Angeles", "2026-11-28T09:00:00-08:00", "2026-11-30T23:59:59.999999-08:00"},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		z := zone(t, c.zone)
		if got := c.span.End(clock.At(from), z).In(z).Format(time.RFC3339Nano); got != c.ends {
			t.Errorf("%+v from %s ends %s, want %s", c.span, c.from, got, c.ends)
		}
	}
}

// TestEveryPlaceHasEveryRow: no law is without an answer, an authority, a duty or a life, and no floor is above its ceiling.
func TestEveryPlaceHasEveryRow(t *testing.T) {
	t.Parallel()
	z := zone(t, "Asia/Kolkata")
	came := clock.At(time.Date(2026, 11, 2, 9, 0, 0, 0, z))
	for _, place := range append(law.Places(), "??") {
		if law.MinorAge(place) < 13 || law.Complaints(place).Name == "" || len(law.Duties(place, 1000)) == 0 {
			t.Errorf("%s: no age, authority or duty", place)
		}
		for _, kind := range law.Requests() {
			a := law.AnswerTo(place, kind)
			if a.Within.IsZero() || a.Source == "" {
				t.Errorf("%s %s: %+v", place, kind, a)
			}
			if due := law.Due(place, kind, came, z); due > law.Promised.End(came, z) || due <= came {
				t.Errorf("%s %s is due %v", place, kind, due.In(z))
			}
		}
		for _, c := range law.Classes() {
			l := law.LifeOf(place, c)
			day := clock.DateOf(came.In(z))
			switch {
			case l.Source == "":
				t.Errorf("%s %s has no source", place, c)
			case !l.Ceiling.IsZero() && l.Floor.Day(day) > l.Ceiling.Day(day):
				t.Errorf("%s %s: the floor is above the ceiling", place, c)
			case !l.Usual.IsZero() && (l.Usual.Day(day) < l.Floor.Day(day) || !l.Ceiling.IsZero() && l.Usual.Day(day) > l.Ceiling.Day(day)):
				t.Errorf("%s %s: the usual life is outside its bounds", place, c)
			}
		}
	}
	if got := law.Due(law.India, law.Access, came, z).Sub(came); got != 72*time.Hour {
		t.Errorf("an Indian record is due after %v", got)
	}
	if got := law.AnswerTo(law.California, law.Access).Confirm; got != (law.Span{BusinessDays: 10}) {
		t.Errorf("California confirms after %+v", got)
	}
}
