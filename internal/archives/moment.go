package archives

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"almirah/internal/clock"
	"almirah/internal/scheduling"
)

// How lists write the start of an appointment, how long it is and what became of it.

// digits writes every digit as 0 to 9, whatever its script.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		for zero := r; zero > r-10; zero-- { // each script has its ten digits in a row, and none before its zero
			if !unicode.IsDigit(zero-1) || (r-zero) == 9 {
				return '0' + (r - zero)
			}
		}
		return r
	}, s)
}

var (
	timeForm = regexp.MustCompile(`^(\d{1,2})(?:[:.h](\d{2}))?(?:[:.]\d{2}(?:\.\d+)?)?\s*(?:([ap])\.?\s*m\.?)?$`)
	tailForm = regexp.MustCompile(`^(.*?)[\sT,]+(\d{1,2}(?:[:.h]\d{2}(?:[:.]\d{2}(?:\.\d+)?)?)?\s*(?:[ap]\.?\s*m\.?)?)$`)
	zoned    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})$`)
)

// timeOf reads a time of the day; false when it is none.
func timeOf(s string) (clock.Minute, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 && n < 1 && strings.Contains(s, ".") { // a part of a day, as spreadsheets count
		return clock.Minute(math.Round(n * 1440)), true
	}
	if len(s) == 4 && strings.Trim(s, "0123456789") == "" {
		s = s[:2] + ":" + s[2:]
	}
	m := timeForm.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[3] == "" {
		return 0, false
	}
	h, _ := strconv.Atoi(m[1])
	mins, _ := strconv.Atoi(m[2])
	if m[3] != "" {
		if h < 1 || h > 12 {
			return 0, false
		}
		h %= 12
		if m[3] == "p" {
			h += 12
		}
	}
	if h > 23 || mins > 59 {
		return 0, false
	}
	return clock.Minute(h*60 + mins), true
}

// start is when an appointment begins, as a list says it.
type start struct {
	at     clock.Instant
	fault  string // the key of what is wrong; empty for nothing
	repeat bool   // the clocks show that time twice, and the first was taken
}

// startOf reads a start from one cell, or from one with the day and one with the time. A time with an offset is that moment; one without is of the clinic's wall
// clock. today is the clinic's.
func startOf(whole, day, at, order string, today time.Time, zone *time.Location) start {
	whole, day, at = digits(whole), digits(day), digits(at)
	if whole != "" {
		if zoned.MatchString(whole) {
			text := strings.Replace(strings.ReplaceAll(whole, "  ", " "), " ", "T", 1)
			text = strings.ReplaceAll(text, " ", "")
			for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700"} {
				if t, err := time.Parse(layout, text); err == nil {
					return near(clock.At(t.Truncate(time.Minute)), today)
				}
			}
			return start{fault: "field.list.time"}
		}
		if n, err := strconv.ParseFloat(whole, 64); err == nil && strings.Contains(whole, ".") && n >= 1 && n < 80_000 {
			day, at = strconv.Itoa(int(n)), strconv.FormatFloat(n-math.Floor(n), 'f', -1, 64)
			if !strings.Contains(at, ".") {
				at += ".0"
			}
		} else if m := tailForm.FindStringSubmatch(strings.ToLower(whole)); m != nil {
			day, at = whole[:len(m[1])], m[2]
		} else {
			return start{fault: "field.list.time"}
		}
	}
	date, err := clock.ParseDate(Day(strings.TrimSpace(day), order, today.AddDate(3, 0, 0)))
	minute, ok := timeOf(at)
	if err != nil || !ok {
		return start{fault: "field.list.time"}
	}
	shown := clock.Resolve(date, minute, zone)
	if len(shown) == 0 {
		return start{fault: "field.list.gap"}
	}
	out := near(clock.At(shown[0]), today)
	out.repeat = len(shown) > 1
	return out
}

// near refuses a start that can only be a mistake.
func near(at clock.Instant, today time.Time) start {
	if y := at.Time().Year(); y < 1950 || at.Time().After(today.AddDate(3, 0, 0)) {
		return start{fault: "field.list.far"}
	}
	return start{at: at}
}

// minutesOf reads how long an appointment is, in minutes: 30, 30 min, 0:30, 1 h, 1h30. An empty cell is none (0); false when it cannot be read.
func minutesOf(s string) (int, bool) {
	s = strings.ToLower(strings.ReplaceAll(digits(s), " ", ""))
	if s == "" {
		return 0, true
	}
	m := lengthForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n := 0
	switch {
	case m[1] != "": // hours and minutes
		h, _ := strconv.Atoi(m[1])
		mins, _ := strconv.Atoi(m[2])
		n = h*60 + mins
	default:
		n, _ = strconv.Atoi(m[3])
	}
	return n, n > 0 && n <= scheduling.MaxMinutes
}

var lengthForm = regexp.MustCompile(`^(?:(\d{1,2})(?::|h|hr|hrs|hour|hours)(\d{2})?(?::00)?(?:m|min|mins)?|(\d{1,3})(?:\.0)?(?:m|min|mins|minute|minutes|'|मिनट|நிமிடம்|دقيقة)?)$`)

// statuses are how people call what became of an appointment, in small letters without signs.
var statuses = map[scheduling.Status][]string{
	scheduling.Booked:    {"booked", "scheduled", "pending", "open", "new", "active", "planned", "upcoming", "बुक", "பதிவு", "محجوز"},
	scheduling.Confirmed: {"confirmed", "accepted", "पुष्ट", "உறுதி", "مؤكد"},
	scheduling.Arrived:   {"arrived", "checkedin", "waiting", "inprogress", "inroom"},
	scheduling.Completed: {"completed", "complete", "done", "seen", "attended", "fulfilled", "checkedout", "finished", "visited", "closed", "पूर्ण", "முடிந்தது", "مكتمل", "تم"},
	scheduling.NoShow:    {"noshow", "missed", "dna", "didnotattend", "absent", "notattended", "failed", "अनुपस्थित", "வரவில்லை", "لميحضر"},
	scheduling.Cancelled: {"cancelled", "canceled", "cancelledbypatient", "cancelledbyclinic", "deleted", "void", "रद्द", "ரத்து", "ملغى"},
}

// statusOf reads what became of an appointment; an empty cell is booked. false when the word is not known.
func statusOf(s string) (scheduling.Status, bool) {
	key := plainTitle(s)
	if key == "" {
		return scheduling.Booked, true
	}
	for status, names := range statuses {
		for _, n := range names {
			if n == key {
				return status, true
			}
		}
	}
	return "", false
}

// folded is a name as two lists may write it differently: without title, signs and capitals.
func folded(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	if len(words) > 1 && (words[0] == "dr" || words[0] == "doctor" || words[0] == "डॉ" || words[0] == "डॉक्टर" || words[0] == "மருத்துவர்" || words[0] == "د") {
		words = words[1:]
	}
	return strings.Join(words, " ")
}
