package archives_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// visiting is a practice whose appointments come from elsewhere.
type visiting struct {
	*practice.Practice
	h *house
	t testing.TB
}

func visits(t testing.TB, b *rig.Base, people int) *visiting {
	t.Helper()
	h := open(t, b)
	h.fill(t, people)
	v := &visiting{h: h, Practice: practice.Open(t, b, 2), t: t}
	v.Change(t, followup.Found)
	return v
}

func (v *visiting) bring(text string) (id.ID, archives.Looked) {
	v.t.Helper()
	list, err := v.h.s.BringVisits(context.Background(), v.As(access.Owner), strings.NewReader(text))
	if err != nil {
		v.t.Fatal(err)
	}
	return list, v.h.looked(v.t, list)
}

func (v *visiting) work() {
	v.t.Helper()
	if err := v.h.s.Work(context.Background(), v.As(access.System)); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visiting) looks(list id.ID, remind bool) archives.Looked {
	v.t.Helper()
	l := v.h.looked(v.t, list)
	if err := v.h.s.Look(context.Background(), v.As(access.Owner), list, l.Columns, l.Order, remind, l.Version); err != nil {
		v.t.Fatal(err)
	}
	v.work()
	return v.h.looked(v.t, list)
}

func (v *visiting) takes(list id.ID) archives.Looked {
	v.t.Helper()
	l := v.h.looked(v.t, list)
	if err := v.h.s.Take(context.Background(), v.As(access.Owner), list, l.Version); err != nil {
		v.t.Fatal(err)
	}
	v.work()
	return v.h.looked(v.t, list)
}

// journeyed acts on what the list announced, as the queue would (journeys.Table).
func (v *visiting) journeyed() {
	v.t.Helper()
	for _, e := range v.Rows(v.t, `SELECT kind FROM event WHERE clinic_id = $1`) {
		if strings.HasPrefix(e[0], "appointment.") && e[0] != scheduling.EventListed {
			v.t.Errorf("a list announces %s", e[0])
		}
	}
	v.Change(v.t, func(tx *store.Tx) error {
		about, err := store.IDs(&tx.View, `SELECT subject_id FROM event WHERE clinic_id = $1 AND kind = 'appointment.listed'`)
		if err != nil {
			return err
		}
		return followup.Plan(tx, about...)
	})
}

func (v *visiting) stamp(at clock.Instant) string { return at.In(v.Zone).Format("02/01/2006 15:04") }

func says(list []archives.Line) (out []string) {
	for _, l := range list {
		text := fmt.Sprint(l.Number)
		for _, f := range l.Faults {
			text += " " + f.Key
			if f.Key == archives.ClashLine {
				text += "=" + f.Arg
			}
		}
		out = append(out, text)
	}
	return out
}

// TestAListOfAppointments: what lies behind becomes history, what lies ahead takes its time through the claims, nothing that is here is touched, everything left out is
// named, nobody is told, and it can be taken back.
func TestAListOfAppointments(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "list-appointments")
	promise.Proves(t, "list-appointments-silent")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		v := visits(t, b, 3)
		owner := b.As(access.Owner)
		here := v.Booked(t, b.As(access.FrontDesk), scheduling.Booking{Service: v.Service, Provider: v.Providers[0], StartsAt: v.At(3, "10:00"), Patient: practice.Person(7)})
		asha, doctor := "Asha Rao;098"+pad(0), "dr meera iyer a"
		line := func(who, doc, at, length, status string) string {
			return strings.Join([]string{who, doc, "Check-up", at, length, status}, ";") + "\r\n"
		}
		text := "\ufeffPatient;Mobile;Doctor;Type;Start;Minutes;Status\r\n" +
			line(asha, doctor, v.stamp(v.At(-400, "11:00")), "20", "") + // 1: past, done
			line(asha, doctor, v.At(-30, "11:03").In(v.Zone).Format("02/01/2006 3:04 PM"), "", "No Show") + // 2: past, rounded
			line(asha, doctor, v.stamp(v.At(3, "10:15")), "", "booked") + // 3: overlaps what is here
			line(asha, doctor, v.stamp(v.At(3, "11:00")), "45 min", "Confirmed") + // 4: new
			line(asha, "Meera Iyer B", v.At(3, "11:00").Time().Format(time.RFC3339), "", "") + // 5: the same patient at the same time, with an offset
			line(asha, doctor, v.stamp(v.At(3, "11:40")), "", "") + // 6: overlaps line 4
			line(asha, doctor, v.stamp(v.At(4, "20:00")), "", "") + // 7: outside the hours
			line(asha, doctor, v.stamp(v.At(5, "09:00")), "", "cancelled") + // 8: cancelled, takes no time
			line("Nobody Here;09812345678", doctor, v.stamp(v.At(5, "09:00")), "", "") + // 9
			line(asha, "Dr Who", v.stamp(v.At(5, "12:00")), "", "") + // 10
			line(asha, doctor, "soon", "", "") + // 11
			line(asha, doctor, v.stamp(v.At(5, "12:02")), "", "") + // 12
			line(asha, doctor, v.stamp(v.At(5, "13:00")), "long", "") + // 13
			line(asha, doctor, v.stamp(v.At(5, "14:00")), "", "done") + // 14: done, though it is ahead
			line(asha, doctor, v.stamp(v.At(5, "15:00")), "", "perhaps") // 15
		list, l := v.bring(text)
		if got := strings.Join(l.Columns, ","); got != "name,phone,practitioner,service,start,duration,status" || l.Lines != 15 {
			t.Fatalf("guessed %s of %d lines", got, l.Lines)
		}
		for _, columns := range [][]string{{"name", "", "practitioner", "service", "start", "", ""}, {"name", "phone", "practitioner", "service", "date", "", ""}, {"name", "phone", "", "service", "start", "", ""}, {"name", "phone", "practitioner", "service", "start", "note", ""}} {
			if err := v.h.s.Look(ctx, owner, list, columns, archives.DayFirst, false, l.Version); !fault.Is(err, fault.Invalid) && columns[5] != "note" {
				t.Errorf("%v: %v", columns, err)
			}
		}
		before := v.Count(t, `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1`)
		l = v.looks(list, true)
		if after := v.Count(t, `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1`); after != before {
			t.Fatal("looking it over made something")
		}
		if l.State != archives.ListChecked || l.Counts[archives.LinePast] != 2 || l.Counts[archives.LineNew] != 3 || l.Counts[archives.LineClash] != 2 || l.Counts[archives.LineTwice] != 1 || l.Counts[archives.LineWrong] != 7 {
			t.Fatalf("%s: %v", l.State, l.Counts)
		}
		want := "[3 list.clash.booked 6 list.clash.line=5] [2 list.note.rounded 7 list.note.outside] [9 field.list.no_such 10 field.list.unknown_practitioner 11 field.list.time 12 field.start.grain 13 field.list.duration 14 field.list.status_ahead 15 field.list.status]"
		if got := fmt.Sprint(says(l.Clash), says(l.Noted), says(l.Wrong)); got != want {
			t.Errorf("said\n%s\nnot\n%s", got, want)
		}
		// Somebody books the time of line 7 after it was looked over.
		v.Booked(t, b.As(access.FrontDesk), scheduling.Booking{Service: v.Service, Provider: v.Providers[0], StartsAt: v.At(4, "20:15"), Patient: practice.Person(8), Overbook: "late"})
		l = v.takes(list)
		if l.State != archives.ListDone || l.Made != 4 || l.Skipped != 11 || l.Counts[archives.LineClash] != 3 {
			t.Fatalf("%s: %d made, %d left out, %v", l.State, l.Made, l.Skipped, l.Counts)
		}
		left := 0
		if err := v.h.s.EachLeft(ctx, owner, list, func(_ archives.List, _ []string, x archives.Line) { left++ }); err != nil || left != 11 {
			t.Errorf("named as left out: %d, %v", left, err)
		}
		got := v.Rows(t, `SELECT status, door, lane FROM appointment WHERE clinic_id = $1 AND door <> 'desk' ORDER BY starts_at`)
		if fmt.Sprint(got) != "[[completed list 0] [no-show list 0] [confirmed list-told 0] [cancelled list 0]]" {
			t.Errorf("made: %v", got)
		}
		if n := v.Count(t, `SELECT COUNT(*) FROM claims WHERE clinic_id = $1 AND appointment_id IN (SELECT id FROM appointment WHERE clinic_id = $1 AND door = 'list-told')`); n != "9" {
			t.Errorf("45 minutes hold %s grains", n)
		}
		_, err := v.Desk.Book(ctx, b.As(access.FrontDesk), scheduling.Booking{Service: v.Service, Provider: v.Providers[0], StartsAt: v.At(3, "11:15"), Patient: practice.Person(9)})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("its time is sold again: %v", err)
		}
		// Nobody is told; the one ahead is reminded of, because the list was brought in so.
		v.Change(t, func(tx *store.Tx) error { // what the desk booked
			_, err := tx.Exec(`DELETE FROM event WHERE clinic_id = $1 AND kind = 'appointment.booked'`)
			return err
		})
		v.journeyed()
		if n := v.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s messages", n)
		}
		if n := v.Count(t, `SELECT COUNT(DISTINCT appointment_id) FROM reminder_due WHERE clinic_id = $1`); n != "1" {
			t.Errorf("reminders of %s appointments", n)
		}
		// The same list again: what is here is here.
		again, _ := v.bring(text)
		if l := v.looks(again, false); l.Counts[archives.LineNew] != 0 || l.Counts[archives.LinePast] != 0 || l.Counts[archives.LineHere] != 5 {
			t.Errorf("the same list again: %v", l.Counts)
		}
		// The desk touches one of them; it stays when the list is taken back.
		var past scheduling.Appointment
		all, err := v.Desk.OfPatient(ctx, owner, v.ashas(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			if a.Status == scheduling.NoShow {
				past = a
			}
		}
		if _, err := v.Desk.SetStatus(ctx, b.As(access.FrontDesk), past.ID, past.Version, scheduling.Arrived); err != nil {
			t.Fatal(err)
		}
		l = v.h.looked(t, list)
		if err := v.h.s.TakeBack(ctx, owner, list, l.Version); err != nil {
			t.Fatal(err)
		}
		v.work()
		l = v.h.looked(t, list)
		if l.State != archives.ListUndone || l.Counts[archives.LineGone] != 3 || l.Counts[archives.LineKept] != 1 {
			t.Fatalf("%s: %v", l.State, l.Counts)
		}
		if n := v.Count(t, `SELECT COUNT(*) FROM reminder_due WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s reminders of what was taken back", n)
		}
		if n := v.Count(t, `SELECT COUNT(*) FROM claims WHERE clinic_id = $1 AND appointment_id NOT IN (SELECT id FROM appointment WHERE clinic_id = $1)`); n != "0" {
			t.Errorf("%s claims of nothing", n)
		}
		if _, err := v.Desk.Open(ctx, owner, here.Appointment.ID); err != nil {
			t.Errorf("what was here before: %v", err)
		}
	})
}

func (v *visiting) ashas() (one id.ID) {
	v.t.Helper()
	found, err := v.h.people.Search(context.Background(), v.As(access.Owner), "98"+pad(0), 5)
	if err != nil || len(found) != 1 {
		v.t.Fatal(len(found), err)
	}
	return found[0].ID
}

// TestAListWithoutReminders: brought in without them, no rule reminds of what lies ahead, and none writes after what lay behind, not even a rule that changes later.
func TestAListWithoutReminders(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "list-appointments-silent")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx, owner := context.Background(), b.As(access.Owner)
	v := visits(t, b, 3)
	text := "Name,Phone,Practitioner,Date,Time,Status\n" +
		"Asha Rao,098" + pad(0) + ",Dr. Meera Iyer A," + v.At(4, "10:00").In(v.Zone).Format("2006-01-02,15:04") + ",\n" +
		"Asha Rao,098" + pad(0) + ",Dr. Meera Iyer A," + v.At(-1, "10:00").In(v.Zone).Format("2006-01-02,1504") + ",missed\n"
	list, l := v.bring(text)
	if l.Rules == 0 {
		t.Fatal("no rule reminds, and the proof proves nothing")
	}
	v.looks(list, false)
	if l := v.takes(list); l.Made != 2 {
		t.Fatal(l.Made, l.Counts, says(l.Wrong))
	}
	v.journeyed()
	f := followup.New(b.DB)
	rules, err := f.Rules(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules { // a rule that changes is laid anew over everything ahead
		if r.Kind == messaging.Reminder {
			err = f.Save(ctx, owner, r.ID, followup.Draft{Channel: messaging.Email, Minutes: r.Minutes + 60, Active: true}, r.Version)
			break
		}
	}
	if err == nil {
		_, err = f.AddAfter(ctx, owner, followup.AfterDraft{Kind: messaging.Missed, Channel: messaging.Email, Days: 2, At: 10 * 60, Active: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"reminder_due", "followup_due", "message"} {
		if n := v.Count(t, `SELECT COUNT(*) FROM `+table+` WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s: %s", table, n)
		}
	}
}

// TestLinesInEachOthersWay: a cancelled appointment does not stand in the way of the one that was booked in its place, a line that becomes nothing stands in nobody's, and a line
// never stands in its own, though the database asks to try its Change again.
func TestLinesInEachOthersWay(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		v := visits(t, b, 3)
		line := func(patient int, doctor string, at clock.Instant, status string) string {
			name := []string{"Asha Rao", "मीरा शर्मा"}[patient]
			return name + ";098" + pad(patient) + ";Meera Iyer " + doctor + ";Check-up;" + v.stamp(at) + ";" + status + "\n"
		}
		text := "Patient;Mobile;Doctor;Type;Start;Status\n" +
			line(0, "A", v.At(3, "11:00"), "cancelled") +
			line(0, "A", v.At(3, "11:00"), "booked") +
			line(0, "A", v.At(3, "11:00"), "booked") + // twice
			line(0, "A", v.At(3, "11:00"), "cancelled") // twice
		list, _ := v.bring(text)
		if err := v.h.s.LookTriedAgain(context.Background(), v.As(access.System), list); err != nil {
			t.Fatal(err)
		}
		if got := v.h.looked(t, list).Counts; got[archives.LineNew] != 2 || got[archives.LineTwice] != 2 {
			t.Errorf("after a second try the list has %v", got)
		}
		if l := v.looks(list, false); l.Counts[archives.LineNew] != 2 || l.Counts[archives.LineTwice] != 2 {
			t.Errorf("looked over: %v", l.Counts)
		}
		if l := v.takes(list); l.Made != 2 {
			t.Errorf("brought in: %d, %v", l.Made, l.Counts)
		}
		if got := fmt.Sprint(v.Rows(t, `SELECT status, COUNT(*) FROM appointment WHERE clinic_id = $1 AND starts_at = $2 GROUP BY status ORDER BY status`, v.At(3, "11:00"))); got != "[[booked 1] [cancelled 1]]" {
			t.Errorf("the clinic has %s", got)
		}

		// Another patient has the time with the first practitioner now; she is booked with the second at the same time.
		list, _ = v.bring("Patient;Mobile;Doctor;Type;Start;Status\n" + line(1, "A", v.At(3, "11:00"), "booked") + line(1, "B", v.At(3, "11:00"), "booked"))
		if l := v.looks(list, false); l.Counts[archives.LineClash] != 1 || l.Counts[archives.LineNew] != 1 {
			t.Errorf("a line that becomes nothing stands in the way: %v", l.Counts)
		}
	})
}

// TestStartsAsListsWriteThem: days, times and offsets as programs write them, on days on which the clocks change too.
func TestStartsAsListsWriteThem(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][5]string{
		{"2026-11-24 09:30", "", "", "dmy", "2026-11-24T09:30:00+01:00"}, {"24/11/2026 09:30", "", "", "dmy", "2026-11-24T09:30:00+01:00"}, {"11/24/2026, 9:30 PM", "", "", "mdy", "2026-11-24T21:30:00+01:00"},
		{"24.11.26 09.30", "", "", "dmy", "2026-11-24T09:30:00+01:00"}, {"2026-11-24T09:30:00Z", "", "", "dmy", "2026-11-24T10:30:00+01:00"}, {"2026-11-24 09:30:00+05:30", "", "", "dmy", "2026-11-24T05:00:00+01:00"},
		{"46350.395833333", "", "", "dmy", "2026-11-24T09:30:00+01:00"}, {"24 Nov 2026 9 am", "", "", "dmy", "2026-11-24T09:00:00+01:00"}, {"", "24/11/27", "0930", "dmy", "2027-11-24T09:30:00+01:00"}, {"", "24-11-2026", "12:00 a.m.", "dmy", "2026-11-24T00:00:00+01:00"},
		{"", "२४/११/२०२६", "०९:३०", "dmy", "2026-11-24T09:30:00+01:00"}, {"", "٢٤/١١/٢٠٢٦", "٠٩:٣٠", "dmy", "2026-11-24T09:30:00+01:00"}, {"", "46350", "0.5", "dmy", "2026-11-24T12:00:00+01:00"},
		{"2027-03-28 02:30", "", "", "dmy", "field.list.gap"}, {"2026-10-25 02:30", "", "", "dmy", "2026-10-25T02:30:00+02:00 twice"}, {"2026-11-24", "", "", "dmy", "field.list.time"}, {"31/02/2026 10:00", "", "", "dmy", "field.list.time"},
		{"", "24/11/2026", "25:00", "dmy", "field.list.time"}, {"", "24/11/2026", "9", "dmy", "field.list.time"}, {"2126-11-24 09:30", "", "", "dmy", "field.list.far"}, {"1026-11-24 09:30", "", "", "dmy", "field.list.far"}, {"", "", "", "dmy", "field.list.time"}, {"13:00 PM", "", "", "dmy", "field.list.time"},
	} {
		at, key, twice := archives.StartOf(c[0], c[1], c[2], c[3], rig.Start.In(berlin), berlin)
		got := key
		if key == "" {
			got = at.In(berlin).Format(time.RFC3339)
		}
		if twice {
			got += " twice"
		}
		if got != c[4] {
			t.Errorf("%q: %s, not %s", c[:4], got, c[4])
		}
	}
}

// TestHostileListsOfAppointments: whatever the sheet was written in, and whatever somebody hides in its cells.
func TestHostileListsOfAppointments(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "list-appointments")
	b := rig.New(t, store.SQLite, store.Options{})
	v := visits(t, b, 3)
	ctx, owner := context.Background(), b.As(access.Owner)
	row := func(comma string) string {
		return strings.Join([]string{"Name", "Phone", "Doctor", "Start"}, comma) + "\n" + strings.Join([]string{"Asha Rao", "'098" + pad(0), "=\"Dr. Meera Iyer A\"", v.stamp(v.At(-10, "10:00"))}, comma) + "\n"
	}
	utf16 := []byte{0xFF, 0xFE}
	for _, r := range row("\t") {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, text := range map[string]string{"commas": row(","), "semicolons with a mark": "\ufeff" + row(";"), "tabs": row("\t"), "UTF-16": string(utf16), "the old code page in one line": row(",") + "Jos\xe9,1,\x93x\x94,soon\n", "a formula": row(",") + "=HYPERLINK(\"http://x\"),1,@x,+1\n"} {
		list, _ := v.bring(text)
		l := v.looks(list, false)
		if l.Counts[archives.LinePast] != 1 {
			t.Errorf("%s: %v %v", name, l.Counts, says(l.Wrong))
		}
		for _, w := range l.Wrong {
			if strings.Contains(strings.Join(w.Cells, ""), "\ufffd") {
				t.Errorf("%s: %q", name, w.Cells)
			}
		}
	}
	for name, raw := range map[string]string{"nothing": "", "titles alone": "Name,Phone\n", "a workbook": "PK\x03\x04abc", "zeros": "Name,Phone\nA\x00,1\n", "too large": "Name\n" + strings.Repeat(strings.Repeat("x", 1000)+"\n", 17_000), "a line without an end": "Name\n" + strings.Repeat("x", 100_000), "many columns": strings.Repeat("a,", 100) + "\n1\n", "a huge cell": "Name\n" + strings.Repeat("x", 5000) + "\n"} {
		if _, err := v.h.s.BringVisits(ctx, owner, strings.NewReader(raw)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.h.s.BringVisits(ctx, b.As(access.FrontDesk), strings.NewReader(row(","))); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the front desk: %v", err)
	}
	if n := v.Count(t, `SELECT COUNT(*) FROM list_import WHERE clinic_id = $1 AND lines = 0`); n != "0" {
		t.Errorf("%s half lists are left", n)
	}
}

// TestALongListOfAppointments streams a long list through and takes all of it back; in the full form on each engine, with the longest list that is taken: 50,000 lines, of hundreds of patients.
func TestALongListOfAppointments(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALMIRAH_SOAK") != "1" {
		longList(t, rig.New(t, store.SQLite, store.Options{}), 1200, 3)
		return
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) { longList(t, b, 50_000, 2000) })
}

func longList(t *testing.T, b *rig.Base, n, people int) {
	v := visits(t, b, people)
	var text strings.Builder
	text.WriteString("Name,Phone,Doctor,Start,Minutes\n")
	for i := range n {
		at := v.At(-2-i/40, "09:00").Add(time.Duration(i%40) * 10 * time.Minute)
		if i%10 == 0 {
			at = v.At(2+i/400, "09:00").Add(time.Duration(i/10%40) * 10 * time.Minute)
		}
		one := i % people / 6 * 6 // she whose name this is
		fmt.Fprintf(&text, "Asha Rao,098%s,Dr. Meera Iyer %c,%s,10\n", pad(one), 'A'+i%2, v.stamp(at))
	}
	begun := time.Now()
	lap := func(what string) {
		t.Logf("soak: %d lines of appointments on %s are %s in %s", n, b.Engine, what, time.Since(begun).Round(10*time.Millisecond))
		begun = time.Now()
	}
	list, _ := v.bring(text.String())
	lap("read")
	l := v.looks(list, false)
	if got := l.Counts[archives.LineNew] + l.Counts[archives.LinePast]; got != int64(n) {
		t.Fatalf("%v %v %v", l.Counts, says(l.Wrong), says(l.Clash))
	}
	lap("looked over")
	if l = v.takes(list); l.Made != int64(n) {
		t.Fatalf("%d made of %d: %v", l.Made, n, l.Counts)
	}
	lap("brought in")
	if err := v.h.s.TakeBack(context.Background(), v.As(access.Owner), list, l.Version); err != nil {
		t.Fatal(err)
	}
	v.work()
	if l = v.h.looked(t, list); l.State != archives.ListUndone || l.Counts[archives.LineGone] != int64(n) {
		t.Fatalf("%s: %v", l.State, l.Counts)
	}
	lap("taken back")
	for _, table := range []string{"appointment", "claims"} {
		if left := v.Count(t, `SELECT COUNT(*) FROM `+table+` WHERE clinic_id = $1`); left != "0" {
			t.Errorf("%s rows of %s are left", left, table)
		}
	}
}
