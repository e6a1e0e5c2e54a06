package clock

import (
	"fmt"
	"time"
)

// Date is a local calendar day, kept as "2026-11-24". It has no zone of its own: the
// clinic's zone gives it one. Dates of this form sort as text.
type Date string

// DateOf is the calendar day on which t falls in its own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// ParseDate reads "2026-11-24" and refuses days that do not exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return "", fmt.Errorf("clock: not a date of the form 2026-11-24")
	}
	return Date(t.Format(time.DateOnly)), nil
}

// Valid says whether the date is a real calendar day.
func (d Date) Valid() bool { _, err := ParseDate(string(d)); return err == nil }

// AddDays is the calendar day n days later (earlier if n is negative).
func (d Date) AddDays(n int) Date { return DateOf(d.noon().AddDate(0, 0, n)) }

// AddYears is the same day n years later; the 29th of February becomes the 1st of March where there is none.
func (d Date) AddYears(n int) Date { return DateOf(d.noon().AddDate(n, 0, 0)) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.noon().Weekday() }

// DaysUntil counts the calendar days from d to o.
func (d Date) DaysUntil(o Date) int { return int(o.noon().Sub(d.noon()).Hours() / 24) }

// Year, Month and Day are the parts of the date.
func (d Date) Year() int { return d.noon().Year() }

// Month is the month of the date.
func (d Date) Month() time.Month { return d.noon().Month() }

// Day is the day of the month.
func (d Date) Day() int { return d.noon().Day() }

// noon in UTC carries the calendar arithmetic: no zone can shift it to another day.
func (d Date) noon() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}

// Minute is a wall-clock time as minutes after local midnight, 0 to 1440 (1440 is the end of the day).
type Minute int

// Clock is "09:05".
func (m Minute) Clock() string { return fmt.Sprintf("%02d:%02d", int(m)/60, int(m)%60) }

// ParseMinute reads "9:05" or "09:05" (and "24:00" for the end of the day).
func ParseMinute(s string) (Minute, error) {
	var h, m int
	var rest string
	if n, _ := fmt.Sscanf(s+" .", "%d:%d %s", &h, &m, &rest); n != 3 || rest != "." || h < 0 || m < 0 || m > 59 || h*60+m > 1440 || len(s) > 5 {
		return 0, fmt.Errorf("clock: not a time of the form 09:30")
	}
	return Minute(h*60 + m), nil
}

// Resolve finds the instants that the wall clock in zone z shows as minute m of day d.
// There is one on an ordinary day, none when the clocks jump over it, and two when an hour
// is repeated (the earlier first).
func Resolve(d Date, m Minute, z *time.Location) []time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return nil
	}
	wall := t.Add(time.Duration(m) * time.Minute) // the wall clock written as if it were UTC
	var out []time.Time
	seen := map[int]bool{}
	for _, probe := range []time.Time{wall.Add(-36 * time.Hour), wall, wall.Add(36 * time.Hour)} {
		_, off := probe.In(z).Zone()
		if seen[off] {
			continue
		}
		seen[off] = true
		at := wall.Add(-time.Duration(off) * time.Second)
		if _, o := at.In(z).Zone(); o == off {
			out = append(out, at.UTC())
		}
	}
	if len(out) == 2 && out[1].Before(out[0]) {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// StartOfDay is the first instant of the calendar day d in zone z. Where midnight itself is
// skipped, it is the first instant after the gap.
func StartOfDay(d Date, z *time.Location) time.Time {
	for m := Minute(0); m < 1440; m += 5 {
		if at := Resolve(d, m, z); len(at) > 0 {
			return at[0]
		}
	}
	return time.Time{} // a day that a zone skipped whole (Samoa, 30 December 2011)
}

// Today is the calendar day that the wall clock in z shows at c's present moment.
func Today(c Clock, z *time.Location) Date { return DateOf(c.Now().In(z)) }
