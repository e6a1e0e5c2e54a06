package messaging

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Method is what a calendar part asks of the calendar that reads it (RFC 5546).
type Method string

// The methods.
const (
	Request Method = "REQUEST" // put it in, or move it: same UID, higher Sequence
	Cancel  Method = "CANCEL"  // take it out: same UID, higher Sequence
	Publish Method = "PUBLISH" // a file to download; nobody is invited
)

// Invitation is an appointment as a calendar needs it. UID is the same for the appointment's
// life; Sequence starts at 0 and grows with every change of time or place and with
// cancellation.
type Invitation struct {
	UID            string
	Sequence       int
	Method         Method
	Start, End     time.Time      // the instants, in any zone
	Zone           *time.Location // the clinic's zone, in which the calendar shows them; nil is UTC
	Summary        string
	Location       string
	Description    string
	OrganizerName  string // the clinic
	OrganizerEmail string
	AttendeeName   string // the patient
	AttendeeEmail  string
	Status         string    // CONFIRMED, TENTATIVE or CANCELLED; empty is CONFIRMED, or CANCELLED for Cancel
	Stamp          time.Time // when this message was made
	URL            string    // the patient's own page; http or https
}

// ErrInvitation says which part of an Invitation is missing or wrong, and never quotes it.
var ErrInvitation = errors.New("messaging: not a valid invitation")

// ICS is the invitation as an iCalendar file (RFC 5545): CRLF, lines of at most 75 octets,
// cut between characters. Values cannot leave their property: line breaks become the escaped
// kind, other control characters are dropped, and names lose what no parameter can carry.
//
// Times are given in the clinic's zone together with that zone's definition, except where the
// wall clock shows the time twice (the repeated hour in autumn): there UTC is the only form
// that every calendar reads as the same instant.
func (v Invitation) ICS() ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	zone := v.Zone
	if zone == nil || !namedZone(zone) || repeated(v.Start.In(zone)) || repeated(v.End.In(zone)) {
		zone = time.UTC
	}
	var w lines
	w.line("BEGIN:VCALENDAR")
	w.line("VERSION:2.0")
	w.line("PRODID:-//Almirah//Appointments//EN")
	w.line("CALSCALE:GREGORIAN")
	w.line("METHOD:" + string(v.Method))
	if v.Zone != nil && zone == time.UTC && namedZone(v.Zone) {
		w.line("X-WR-TIMEZONE:" + v.Zone.String())
	}
	if zone != time.UTC {
		w.zone(zone, v.Start, v.End)
	}
	w.line("BEGIN:VEVENT")
	w.line("UID:" + text(v.UID))
	w.line(fmt.Sprintf("SEQUENCE:%d", v.Sequence))
	w.line("DTSTAMP:" + utcTime(v.Stamp))
	w.line("DTSTART" + at(v.Start, zone))
	w.line("DTEND" + at(v.End, zone))
	w.text("SUMMARY", v.Summary)
	w.text("LOCATION", v.Location)
	w.text("DESCRIPTION", v.Description)
	if v.URL != "" {
		u, _ := url.Parse(v.URL)
		w.line("URL:" + uri(u.String()))
	}
	if v.OrganizerEmail != "" {
		w.line("ORGANIZER" + commonName(v.OrganizerName) + ":mailto:" + mailto(v.OrganizerEmail))
	}
	if v.Method != Publish {
		w.line("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE" +
			commonName(v.AttendeeName) + ":mailto:" + mailto(v.AttendeeEmail))
	}
	w.line("STATUS:" + v.status())
	w.line("CLASS:PRIVATE")
	w.line("TRANSP:OPAQUE")
	w.line("END:VEVENT")
	w.line("END:VCALENDAR")
	return []byte(w.String()), nil
}

func (v Invitation) status() string {
	switch {
	case v.Method == Cancel:
		return "CANCELLED"
	case v.Status == "":
		return "CONFIRMED"
	}
	return v.Status
}

func (v Invitation) check() error {
	wrong := func(what string) error { return fmt.Errorf("%w: %s", ErrInvitation, what) }
	switch {
	case text(v.UID) == "":
		return wrong("no UID")
	case v.Sequence < 0:
		return wrong("the sequence is negative")
	case v.Method != Request && v.Method != Cancel && v.Method != Publish:
		return wrong("unknown method")
	case v.Stamp.IsZero():
		return wrong("no stamp")
	case v.Start.IsZero() || !v.End.After(v.Start):
		return wrong("it does not end after its start")
	case v.Start.UTC().Year() < 1971 || v.End.UTC().Year() > 9997 || v.Stamp.UTC().Year() > 9999:
		return wrong("the year cannot be written")
	case !slices.Contains([]string{"", "CONFIRMED", "TENTATIVE", "CANCELLED"}, v.Status):
		return wrong("unknown status")
	case v.Method != Publish && !oneAddress(v.OrganizerEmail), v.OrganizerEmail != "" && !oneAddress(v.OrganizerEmail):
		return wrong("the organizer's address")
	case v.Method != Publish && !oneAddress(v.AttendeeEmail):
		return wrong("the attendee's address")
	}
	if v.URL != "" {
		if u, err := url.Parse(v.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return wrong("the URL")
		}
	}
	return nil
}

// oneAddress says whether s looks like a single address; messaging has checked it long
// before, this only keeps a broken one from breaking the line.
func oneAddress(s string) bool {
	return strings.Count(s, "@") == 1 && !strings.HasPrefix(s, "@") && !strings.HasSuffix(s, "@") &&
		utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>(),;:\[]`, r) })
}

// namedZone says whether the zone has a name that calendars know ("Asia/Kolkata"); "Local"
// and zones made up of an offset have none, and UTC needs none.
func namedZone(z *time.Location) bool {
	name := z.String()
	if name == "UTC" || name == "Local" || !strings.Contains(name, "/") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/_+-", r)
	})
}

// repeated says whether the wall clock shows t's time at another instant too.
func repeated(t time.Time) bool {
	const wall = "2006-01-02T15:04:05"
	start, end := t.ZoneBounds()
	_, off := t.Zone()
	same := func(beyond time.Time) bool {
		_, other := beyond.Zone()
		twin := t.Add(time.Duration(off-other) * time.Second)
		_, is := twin.Zone()
		return is == other && other != off && twin.Format(wall) == t.Format(wall)
	}
	return !start.IsZero() && same(start.Add(-time.Second)) || !end.IsZero() && same(end)
}

func at(t time.Time, zone *time.Location) string {
	if zone == time.UTC {
		return ":" + utcTime(t)
	}
	return ";TZID=" + zone.String() + ":" + t.In(zone).Format("20060102T150405")
}

func utcTime(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// lines writes content lines.
type lines struct{ strings.Builder }

// line writes one content line, folded.
func (w *lines) line(s string) {
	const limit = 75
	room := limit
	for len(s) > room {
		cut := room
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		w.WriteString(s[:cut])
		w.WriteString("\r\n ")
		s, room = s[cut:], limit-1 // the space that begins a continuation counts
	}
	w.WriteString(s)
	w.WriteString("\r\n")
}

// text writes a property with a TEXT value; an empty one is left out.
func (w *lines) text(name, value string) {
	if value = text(value); value != "" {
		w.line(name + ":" + value)
	}
}

// zone writes the definition of the zone as it is around the event: every change of the clocks
// from a year before to a year after, so that a calendar that lets the event be moved still
// knows the clocks. Each change is written out; no rule is guessed from them.
func (w *lines) zone(z *time.Location, from, to time.Time) {
	w.line("BEGIN:VTIMEZONE")
	w.line("TZID:" + z.String())
	w.line("X-LIC-LOCATION:" + z.String())
	t := from.AddDate(-1, 0, 0).In(z)
	_, off := t.Zone()
	w.clocks(t, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), off, off)
	for {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.After(to.AddDate(1, 0, 0)) {
			break
		}
		_, after := next.Zone()
		w.clocks(next, next.UTC().Add(time.Duration(off)*time.Second), off, after)
		t, off = next, after
	}
	w.line("END:VTIMEZONE")
}

// clocks writes one observance: which offset holds from a wall-clock time on, as the clocks
// showed it before the change.
func (w *lines) clocks(t, onset time.Time, before, after int) {
	kind, name := "STANDARD", ""
	if t.IsDST() {
		kind = "DAYLIGHT"
	}
	name, _ = t.Zone()
	w.line("BEGIN:" + kind)
	w.line("DTSTART:" + onset.Format("20060102T150405"))
	w.line("TZOFFSETFROM:" + offset(before))
	w.line("TZOFFSETTO:" + offset(after))
	w.text("TZNAME", name)
	w.line("END:" + kind)
}

func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}

// text is a value of type TEXT: valid UTF-8, one kind of line break (escaped), no other
// control characters. The Unicode line separators count as line breaks, because some readers
// split lines at them.
func text(s string) string {
	var b strings.Builder
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for _, r := range s {
		switch {
		case r == '\n', r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
			b.WriteString(`\n`)
		case r == '\\', r == ';', r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case control(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// commonName is the CN parameter in double quotes, or nothing. A parameter has no escape for a
// double quote or a line break, so they go. Backslash, caret and semicolon would be legal, but
// readers in use unescape the first two or end the parameter at the last: the name does
// without them, so that every calendar shows the same name.
func commonName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == ';':
			return ','
		case r == '"', r == '\\', r == '^', r == '\t', r == 0x2028, r == 0x2029, control(r):
			return -1
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	return `;CN="` + s + `"`
}

func control(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r <= 0x9f }

// mailto is an address inside a mailto URI, where percent, question mark and hash have a meaning.
func mailto(address string) string {
	return uri(strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23").Replace(address))
}

// uri is a value of type URI: what may not stand in one is percent-encoded, byte by byte.
func uri(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
