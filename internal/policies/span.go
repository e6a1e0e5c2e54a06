package policies

import (
	"cmp"
	"fmt"
	"math"
	"strconv"

	"almirah/internal/clock"
	"almirah/internal/law"
)

// Forever is the length of what is kept for as long as somebody is a patient of the clinic: longer than any other.
const Forever = ""

// SpanText writes a length of time as ISO 8601 does ("P180D", "P12M", "P6Y", "PT72H"); no time at all is Forever.
func SpanText(s law.Span) string {
	switch {
	case s.Hours > 0:
		return fmt.Sprintf("PT%dH", s.Hours)
	case s.Days > 0:
		return fmt.Sprintf("P%dD", s.Days)
	case s.BusinessDays > 0: // Monday to Friday: the calendar's days that they may take at most
		return fmt.Sprintf("P%dD", s.BusinessDays*7/5+2)
	case s.Months > 0:
		return fmt.Sprintf("P%dM", s.Months)
	case s.Years > 0:
		return fmt.Sprintf("P%dY", s.Years)
	}
	return Forever
}

// ParseSpan reads what SpanText wrote; ok is false for anything else, also for a length of nothing.
func ParseSpan(text string) (s law.Span, ok bool) {
	if text == Forever {
		return law.Span{}, true
	}
	hours := len(text) > 3 && text[:2] == "PT"
	from := 1
	if hours {
		from = 2
	}
	if len(text) < from+2 || text[0] != 'P' {
		return law.Span{}, false
	}
	n, err := strconv.Atoi(text[from : len(text)-1])
	if err != nil || n < 1 || n > 100_000 || text[from] == '+' {
		return law.Span{}, false
	}
	switch unit := text[len(text)-1]; {
	case hours && unit == 'H':
		return law.Span{Hours: n}, true
	case !hours && unit == 'D':
		return law.Span{Days: n}, true
	case !hours && unit == 'M':
		return law.Span{Months: n}, true
	case !hours && unit == 'Y':
		return law.Span{Years: n}, true
	}
	return law.Span{}, false
}

// measured is the day from which lengths are compared: a leap year begins with it, so that months and years have their greatest length.
const measured = clock.Date("2000-01-01")

// hours measures a length, so that any two can be compared; one that nobody can read is as long as Forever.
func hours(text string) int {
	s, ok := ParseSpan(text)
	switch {
	case !ok || text == Forever:
		return math.MaxInt
	case s.Hours > 0:
		return s.Hours
	}
	return 24 * measured.DaysUntil(s.Day(measured))
}

// Longer orders two lengths, the shorter first.
func Longer(a, b string) int { return cmp.Compare(hours(a), hours(b)) }
