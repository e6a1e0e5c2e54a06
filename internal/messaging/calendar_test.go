package messaging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode/utf8"

	"almirah/internal/messaging"
	"almirah/internal/promise"
)

// lacking skips by name what the machine cannot run; a strict run fails instead.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("ALMIRAH_STRICT") == "1" {
		t.Fatalf("%s is missing (npm ci installs the packages)", what)
	}
	t.Skipf("%s is missing", what)
}

type readPerson struct{ Name, Address, RSVP string }

type readEvent struct {
	Error                                    string
	Events, Sequence                         int
	Components, CalendarProperties           []string
	EventProperties                          []string
	Method, UID, Status, TZID, Class, Transp string
	Start, End, Stamp                        float64
	Summary, Location, Description, URL      string
	Organizer, Attendee                      *readPerson
}

type reading struct {
	Name             string
	ICalJS, NodeICal readEvent
}

type written struct {
	Name string `json:"name"`
	ICS  string `json:"ics"`
}

// readBack has both independent readers read the files.
func readBack(t *testing.T, files []written) []reading {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		lacking(t, "node")
	}
	for _, dir := range []string{"ical.js", "node-ical"} {
		if _, err := os.Stat("../../node_modules/" + dir); err != nil {
			lacking(t, "the npm package "+dir)
		}
	}
	in, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "testdata/parse-ics.mjs")
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	var out []reading
	if err := json.Unmarshal(raw, &out); err != nil || len(out) != len(files) {
		t.Fatalf("node's answer: %v, %d of %d", err, len(out), len(files))
	}
	for _, r := range out {
		for reader, e := range map[string]readEvent{"ical.js": r.ICalJS, "node-ical": r.NodeICal} {
			if e.Error != "" {
				t.Errorf("%s: %s cannot read it: %s", r.Name, reader, e.Error)
			}
		}
	}
	return out
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func example(t *testing.T) messaging.Invitation {
	return messaging.Invitation{
		UID: "019375f2-0000-7000-8000-000000000001@clinic.example", Sequence: 0, Method: messaging.Request,
		Start: time.Date(2026, 11, 24, 4, 30, 0, 0, time.UTC), End: time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC), Zone: zone(t, "Asia/Kolkata"),
		Summary: "Appointment", Location: "12 Lake Road, Pune", Description: "Bring earlier reports.",
		OrganizerName: "Sunrise Clinic", OrganizerEmail: "desk@clinic.example", AttendeeName: "Asha Rao", AttendeeEmail: "asha@example.org",
		Stamp: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), URL: "https://clinic.example/m/abc",
	}
}

func encode(t *testing.T, v messaging.Invitation) string {
	t.Helper()
	b, err := v.ICS()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wellFormed checks what RFC 5545 says about lines, whatever stands in them.
func wellFormed(t *testing.T, name, ics string) {
	t.Helper()
	if !strings.HasSuffix(ics, "\r\nEND:VCALENDAR\r\n") {
		t.Errorf("%s: does not end as a calendar", name)
	}
	for i, l := range strings.Split(strings.TrimSuffix(ics, "\r\n"), "\r\n") {
		if len(l) > 75 || !utf8.ValidString(l) || strings.ContainsAny(l, "\r\n\x00\x0b\x0c\u0085\u2028\u2029") {
			t.Errorf("%s: line %d (%d octets) is not well formed: %q", name, i, len(l), l)
		}
	}
}

func TestInvitationAsWritten(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Almirah//Appointments//EN", "CALSCALE:GREGORIAN", "METHOD:REQUEST",
		"BEGIN:VTIMEZONE", "TZID:Asia/Kolkata", "X-LIC-LOCATION:Asia/Kolkata",
		"BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0530", "TZOFFSETTO:+0530", "TZNAME:IST", "END:STANDARD", "END:VTIMEZONE",
		"BEGIN:VEVENT", "UID:019375f2-0000-7000-8000-000000000001@clinic.example", "SEQUENCE:0", "DTSTAMP:20261122T090000Z",
		"DTSTART;TZID=Asia/Kolkata:20261124T100000", "DTEND;TZID=Asia/Kolkata:20261124T103000",
		"SUMMARY:Appointment", `LOCATION:12 Lake Road\, Pune`, "DESCRIPTION:Bring earlier reports.", "URL:https://clinic.example/m/abc",
		`ORGANIZER;CN="Sunrise Clinic":mailto:desk@clinic.example`,
		"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=", ` TRUE;CN="Asha Rao":mailto:asha@example.org`,
		"STATUS:CONFIRMED", "CLASS:PRIVATE", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR", "",
	}, "\r\n")
	if got := encode(t, example(t)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCalendarsReadRequestMoveAndCancel(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "confirmation-at-once")
	first := example(t)
	moved := first
	moved.Sequence, moved.Start, moved.End = 1, first.Start.Add(24*time.Hour), first.End.Add(24*time.Hour)
	gone := moved
	gone.Sequence, gone.Method = 2, messaging.Cancel
	file := first
	file.Method, file.AttendeeEmail, file.AttendeeName = messaging.Publish, "", ""
	all := []messaging.Invitation{first, moved, gone, file}
	var files []written
	for i, v := range all {
		files = append(files, written{fmt.Sprint(i), encode(t, v)})
		wellFormed(t, files[i].Name, files[i].ICS)
	}
	for i, r := range readBack(t, files) {
		v := all[i]
		status := map[messaging.Method]string{messaging.Request: "CONFIRMED", messaging.Cancel: "CANCELLED", messaging.Publish: "CONFIRMED"}[v.Method]
		for reader, e := range map[string]readEvent{"ical.js": r.ICalJS, "node-ical": r.NodeICal} {
			if e.Events != 1 || e.Method != string(v.Method) || e.UID != v.UID || e.Sequence != v.Sequence || e.Status != status ||
				e.TZID != "Asia/Kolkata" || e.Class != "PRIVATE" || e.Transp != "OPAQUE" || e.URL != v.URL ||
				int64(e.Start) != v.Start.Unix() || int64(e.End) != v.End.Unix() || int64(e.Stamp) != v.Stamp.Unix() {
				t.Errorf("%s reads %d as %+v", reader, i, e)
			}
			if e.Organizer == nil || *e.Organizer != (readPerson{"Sunrise Clinic", "mailto:desk@clinic.example", ""}) {
				t.Errorf("%s reads the organizer of %d as %+v", reader, i, e.Organizer)
			}
			if v.Method == messaging.Publish {
				if e.Attendee != nil {
					t.Errorf("%s: a published file names an attendee", reader)
				}
			} else if e.Attendee == nil || e.Attendee.Name != "Asha Rao" || e.Attendee.Address != "mailto:asha@example.org" || !strings.EqualFold(e.Attendee.RSVP, "true") {
				t.Errorf("%s reads the attendee of %d as %+v", reader, i, e.Attendee)
			}
		}
	}
}

// hostile are values that broke other encoders, or could end a property early.
var hostile = []string{
	"Asha\r\nATTENDEE:mailto:evil@example.net", "one\ntwo", "one\rtwo", "BEGIN:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	`say "hi"`, `quote" ;CN="x:mailto:evil@example.net`, `back\slash \n \N \, \;`, "semi;colon,comma:colon", `\`, `trailing\`, `^n ^' ^^ ^`,
	"\u202Etxt.exe\u2066 bidi \u2069\u200F", "आशा राव — डॉ. शर्मा के साथ", "அகிலா", "عائشة", "👩🏽‍⚕️ 👨‍👩‍👧‍👦 🇮🇳", strings.Repeat("🦷", 60), strings.Repeat("க்ஷ", 60), strings.Repeat("x", 400),
	"line\u2028separator\u2029paragraph\u0085next", "nul\x00 vt\x0b ff\x0c esc\x1b del\x7f c1\u0090 tab\there", "bad utf8 \xff\xfe end", " lead and trail ", "\uFEFFbom", "=?utf-8?q?x?=", "%0d%0aX:1", "a=b;c=\"d\"",
}

// shownText is what a reader must see of a TEXT value.
func shownText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	return dropControls(s, "\n\t")
}

// shownName is what a reader must see of a name.
func shownName(s string) string {
	s = strings.NewReplacer(`"`, "", `\`, "", "^", "", ";", ",", "\u2028", "", "\u2029", "").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(dropControls(s, ""))
}

func dropControls(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' || r >= 0x7f && r <= 0x9f) && !strings.ContainsRune(keep, r) {
			return -1
		}
		return r
	}, s)
}

func TestHostileValuesAreReadBackEqual(t *testing.T) {
	t.Parallel()
	var files []written
	for i, h := range hostile {
		v := example(t)
		v.Summary, v.Location, v.Description, v.OrganizerName, v.AttendeeName = h, h, h, h, h
		v.UID = "uid-" + h
		v.URL = "https://clinic.example/m/a?b=c&d=" + strings.Repeat("e", 3*i)
		files = append(files, written{h, encode(t, v)})
		wellFormed(t, h, files[i].ICS)
	}
	clean := readBack(t, []written{{"clean", encode(t, example(t))}})[0].ICalJS
	for i, r := range readBack(t, files) {
		h := hostile[i]
		for reader, e := range map[string]readEvent{"ical.js": r.ICalJS, "node-ical": r.NodeICal} {
			texts := map[string]string{"summary": e.Summary, "location": e.Location, "description": e.Description}
			for what, got := range texts {
				want := shownText(h)
				if reader == "node-ical" { // it trims values, and knows no escaped backslash
					got, want = strings.TrimSpace(got), strings.TrimSpace(want)
					if strings.Contains(h, `\`) {
						continue
					}
				}
				if got != want {
					t.Errorf("%s: %s of %q is read as %q, want %q", reader, what, h, got, want)
				}
			}
			if e.Events != 1 || e.Attendee == nil || e.Attendee.Address != "mailto:asha@example.org" || e.Organizer == nil || e.Organizer.Address != "mailto:desk@clinic.example" {
				t.Errorf("%s: %q changed who is invited: %+v %+v", reader, h, e.Organizer, e.Attendee)
				continue
			}
			for _, got := range []string{e.Organizer.Name, e.Attendee.Name} {
				want := shownName(h)
				if got != want {
					t.Errorf("%s: name %q is read as %q, want %q", reader, h, got, want)
				}
			}
			if reader == "ical.js" && (!slices.Equal(e.Components, clean.Components) || !slices.Equal(e.EventProperties, clean.EventProperties) || !slices.Equal(e.CalendarProperties, clean.CalendarProperties)) {
				t.Errorf("%q added or removed properties: %v %v %v", h, e.Components, e.CalendarProperties, e.EventProperties)
			}
			if e.UID != shownText("uid-"+h) && reader == "ical.js" {
				t.Errorf("%s: UID is read as %q", reader, e.UID)
			}
		}
	}
}

var zones = strings.Fields(`Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi America/Adak America/Anchorage
America/Asuncion America/Bogota America/Chicago America/Denver America/Halifax America/Havana America/Los_Angeles America/Mexico_City America/New_York
America/Phoenix America/Santiago America/Sao_Paulo America/St_Johns Asia/Amman Asia/Beirut Asia/Dubai Asia/Jerusalem Asia/Kathmandu Asia/Kolkata Asia/Singapore
Asia/Tehran Asia/Tokyo Atlantic/Azores Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Berlin Europe/Dublin Europe/London Europe/Moscow
Pacific/Apia Pacific/Auckland Pacific/Chatham`)

func TestEveryChangeOfTheClocksIsReadAsTheSameInstant(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-time")
	var files []written
	var want []messaging.Invitation
	add := func(z *time.Location, start time.Time) {
		v := example(t)
		v.Zone, v.Start, v.End = z, start, start.Add(45*time.Minute)
		files = append(files, written{fmt.Sprintf("%s %s", z, start.UTC().Format(time.RFC3339)), encode(t, v)})
		want = append(want, v)
	}
	repeated := 0
	for _, name := range zones {
		z := zone(t, name)
		at := time.Date(2024, 1, 1, 0, 0, 0, 0, z)
		add(z, at.Add(9*time.Hour))
		for {
			_, at = at.ZoneBounds()
			if at.IsZero() || at.Year() > 2028 {
				break
			}
			for _, d := range []time.Duration{-25 * time.Hour, -75 * time.Minute, -45 * time.Minute, -15 * time.Minute, 0, 15 * time.Minute, 45 * time.Minute, 75 * time.Minute, 25 * time.Hour} {
				add(z, at.Add(d))
			}
		}
	}
	if len(files) < 1500 {
		t.Fatalf("only %d cases: the zone database is missing", len(files))
	}
	for i, r := range readBack(t, files) {
		v := want[i]
		for reader, e := range map[string]readEvent{"ical.js": r.ICalJS, "node-ical": r.NodeICal} {
			if int64(e.Start) != v.Start.Unix() || int64(e.End) != v.End.Unix() {
				t.Errorf("%s: %s reads %s to %s", files[i].Name, reader, time.Unix(int64(e.Start), 0).UTC(), time.Unix(int64(e.End), 0).UTC())
			}
		}
		if strings.Contains(files[i].ICS, "X-WR-TIMEZONE:"+v.Zone.String()) {
			repeated++
		} else if r.ICalJS.TZID != v.Zone.String() {
			t.Errorf("%s: the zone is read as %q", files[i].Name, r.ICalJS.TZID)
		}
	}
	if repeated == 0 || repeated > len(files)/2 {
		t.Errorf("%d of %d cases fell back to UTC; only those in a repeated hour should", repeated, len(files))
	}
}

func TestZonesWithoutAName(t *testing.T) {
	t.Parallel()
	for name, z := range map[string]*time.Location{"none": nil, "UTC": time.UTC, "an offset": time.FixedZone("X:Y\r\nZ", 3600), "a slash": time.FixedZone("A/B\r\nC", 3600)} {
		v := example(t)
		v.Zone = z
		if ics := encode(t, v); !strings.Contains(ics, "DTSTART:20261124T043000Z\r\n") || strings.Contains(ics, "VTIMEZONE") || strings.Contains(ics, "X-WR-TIMEZONE") {
			t.Errorf("%s: the times are not in UTC:\n%s", name, ics)
		}
	}
}

func TestBrokenInvitationsAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*messaging.Invitation){
		"no UID":                 func(v *messaging.Invitation) { v.UID = "\x00" },
		"negative sequence":      func(v *messaging.Invitation) { v.Sequence = -1 },
		"no method":              func(v *messaging.Invitation) { v.Method = "" },
		"method with a break":    func(v *messaging.Invitation) { v.Method = "REQUEST\r\nX:1" },
		"no start":               func(v *messaging.Invitation) { v.Start = time.Time{} },
		"ends before its start":  func(v *messaging.Invitation) { v.End = v.Start },
		"no stamp":               func(v *messaging.Invitation) { v.Stamp = time.Time{} },
		"status with a break":    func(v *messaging.Invitation) { v.Status = "CONFIRMED\r\nX:1" },
		"no organizer":           func(v *messaging.Invitation) { v.OrganizerEmail = "" },
		"no attendee":            func(v *messaging.Invitation) { v.AttendeeEmail = "" },
		"attendee with a break":  func(v *messaging.Invitation) { v.AttendeeEmail = "a@example.org\r\nX:1" },
		"two attendees":          func(v *messaging.Invitation) { v.AttendeeEmail = "a@example.org,b@example.org" },
		"organizer with a quote": func(v *messaging.Invitation) { v.OrganizerEmail = `a"b@example.org` },
		"script as URL":          func(v *messaging.Invitation) { v.URL = "javascript:alert(1)" },
		"URL with a break":       func(v *messaging.Invitation) { v.URL = "https://clinic.example/\r\nX:1" },
	} {
		v := example(t)
		change(&v)
		if _, err := v.ICS(); !errors.Is(err, messaging.ErrInvitation) {
			t.Errorf("%s: %v, want ErrInvitation", name, err)
		} else if strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: the error quotes an address: %v", name, err)
		}
	}
}

func FuzzInvitationStaysOneEvent(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := example(t)
		v.Summary, v.Location, v.Description, v.OrganizerName, v.AttendeeName, v.UID = s, s, s, s, s, "u"+s
		b, err := v.ICS()
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, s, string(b))
		flat := strings.ReplaceAll(string(b), "\r\n ", "")
		for _, begins := range []string{"\r\nBEGIN:VEVENT\r\n", "\r\nEND:VEVENT\r\n", "\r\nATTENDEE;", "\r\nORGANIZER"} {
			if strings.Count(flat, begins) != 1 {
				t.Errorf("%q stands %d times in the file of %q", begins, strings.Count(flat, begins), s)
			}
		}
	})
}
