package archives_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

func (h *house) looked(t testing.TB, list id.ID) archives.Looked {
	t.Helper()
	l, err := h.s.List(context.Background(), h.As(access.Owner), list)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestAListIsLookedOverBroughtInAndTakenBack: nothing is made before it is asked for, nobody who is here is changed, and what is taken back is what the
// list made and nobody has touched.
func TestAListIsLookedOverBroughtInAndTakenBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "list-import")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		h := open(t, b)
		h.fill(t, 3) // Asha Rao with 9198 00000000 is here
		owner, work := h.As(access.Owner), h.As(access.System)
		text := "\ufeffPatient Name;Mobile No.;Date of Birth;Gender;Remarks\r\n"
		text += "Asha Rao;098" + pad(0) + ";;F;here\r\n" // is here
		for i := range 230 {
			text += fmt.Sprintf("New Person%d;+9196%s;3/%d/1990;M;x\r\n", i, pad(i), 1+i%12)
		}
		text += "New Person7;096" + pad(7) + ";;;twice\r\n" // once more
		text += "No Number;12;;;wrong\r\n"                  // no number
		text += "No Day;096" + pad(900) + ";31/02/1990;;wrong\r\n"
		text += ";096" + pad(901) + ";;;wrong\r\n"
		list, err := h.s.Bring(ctx, owner, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		l := h.looked(t, list)
		if got := strings.Join(l.Columns, ","); got != "name,phone,birth_date,sex," || l.Lines != 235 {
			t.Errorf("guessed %s of %d lines", got, l.Lines)
		}
		if err := h.s.Take(ctx, owner, list, l.Version); !fault.Is(err, fault.Conflict) {
			t.Errorf("brought in before it was looked over: %v", err)
		}
		if err := h.s.Look(ctx, owner, list, []string{"phone", "phone", "", "", ""}, archives.DayFirst, false, l.Version); !fault.Is(err, fault.Invalid) {
			t.Errorf("a field twice: %v", err)
		}
		if err := h.s.Look(ctx, owner, list, l.Columns, archives.DayFirst, false, l.Version); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Work(ctx, work); err != nil {
			t.Fatal(err)
		}
		l = h.looked(t, list)
		if l.State != archives.ListChecked || l.Counts[archives.LineNew] != 230 || l.Counts[archives.LineHere] != 1 || l.Counts[archives.LineTwice] != 1 || l.Counts[archives.LineWrong] != 3 {
			t.Fatalf("%s: %v", l.State, l.Counts)
		}
		if len(l.Wrong) != 3 || len(l.Wrong[0].Faults) == 0 || l.Wrong[0].Faults[0].Field != "phone" || l.Wrong[0].Number != 233 {
			t.Errorf("wrong lines: %+v", l.Wrong)
		}
		if found, _ := h.people.Search(ctx, owner, "New Person12", 5); len(found) != 0 {
			t.Error("somebody was made before it was asked for")
		}
		if err := h.s.Take(ctx, owner, list, l.Version); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Work(ctx, work); err != nil {
			t.Fatal(err)
		}
		l = h.looked(t, list)
		if l.State != archives.ListDone || l.Made != 230 || l.Skipped != 5 {
			t.Fatalf("%s: %d made, %d left out", l.State, l.Made, l.Skipped)
		}
		found, err := h.people.Search(ctx, owner, "96"+pad(12), 5)
		if err != nil || len(found) != 1 {
			t.Fatalf("a new patient is found by her number: %d, %v", len(found), err)
		}
		// Somebody touches one of them.
		err = h.DB.Change(ctx, owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error { return patients.Touch(tx, found[0].ID) })
		if err == nil {
			h.Clock.Move(time.Minute)
			err = h.DB.Change(ctx, owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("seen at the desk")
				return patients.Touch(tx, found[0].ID)
			})
		}
		if err != nil && !errors.Is(err, store.ErrUnaccounted) {
			t.Fatal(err)
		}
		if err := h.s.TakeBack(ctx, owner, list, l.Version); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Work(ctx, work); err != nil {
			t.Fatal(err)
		}
		l = h.looked(t, list)
		if l.State != archives.ListUndone || l.Counts[archives.LineGone] != 229 || l.Counts[archives.LineKept] != 1 {
			t.Fatalf("%s: %v", l.State, l.Counts)
		}
		if found, _ := h.people.Search(ctx, owner, "9198"+pad(0), 5); len(found) != 1 {
			t.Error("somebody who was here before the list is gone")
		}
		if found, _ := h.people.Search(ctx, owner, "96"+pad(12), 5); len(found) != 1 {
			t.Error("somebody who was touched is gone")
		}
		if found, _ := h.people.Search(ctx, owner, "96"+pad(13), 5); len(found) != 0 {
			t.Error("somebody whom nobody touched is still here")
		}
	})
}

// lookOver brings a list in and has it looked over, with the columns that were guessed.
func (h *house) lookOver(t testing.TB, text string) archives.Looked {
	t.Helper()
	ctx := context.Background()
	list, err := h.s.Bring(ctx, h.As(access.Owner), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l := h.looked(t, list)
	if err := h.s.Look(ctx, h.As(access.Owner), list, l.Columns, archives.DayFirst, false, l.Version); err != nil {
		t.Fatal(err)
	}
	if err := h.s.Work(ctx, h.As(access.System)); err != nil {
		t.Fatal(err)
	}
	return h.looked(t, list)
}

// TestWhoWasTouchedMeanwhileStays: between the look that chose whom to take back and the deleting somebody comes to the desk, or is at it right then.
func TestWhoWasTouchedMeanwhileStays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "list-import")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		h := open(t, b)
		owner, work := h.As(access.Owner), h.As(access.System)
		l := h.lookOver(t, "Name,Phone\nBefore Desk,+9196"+pad(1)+"\nBeside Desk,+9196"+pad(2)+"\nNever Came,+9196"+pad(3)+"\n")
		if err := errors.Join(h.s.Take(ctx, owner, l.ID, l.Version), h.s.Work(ctx, work)); err != nil {
			t.Fatal(err)
		}
		var people []id.ID
		for n := 1; n <= 3; n++ {
			found, err := h.people.Search(ctx, owner, "96"+pad(n), 5)
			if err != nil || len(found) != 1 {
				t.Fatalf("line %d: %d, %v", n, len(found), err)
			}
			people = append(people, found[0].ID)
		}
		h.Clock.Move(time.Minute)
		seen := func(one id.ID, then func()) error {
			return h.DB.Change(ctx, owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("seen at the desk")
				err := patients.Touch(tx, one)
				then()
				return err
			})
		}
		if err := seen(people[0], func() {}); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		err := seen(people[1], func() {
			go func() { done <- h.s.TakeAway(ctx, work, people) }()
			time.Sleep(500 * time.Millisecond) // it comes as far as it can while this one is at the desk
		})
		if err := errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{1, 1, 0} {
			if found, err := h.people.Search(ctx, owner, "96"+pad(i+1), 5); err != nil || len(found) != want {
				t.Errorf("line %d: %d are here, not %d: %v", i+1, len(found), want, err)
			}
		}
	})
}

// TestTwiceInAListIsTheSamePerson: what stands twice in a list is told by the rule by which somebody who is here is found again. The list makes as many people as there are.
func TestTwiceInAListIsTheSamePerson(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "list-import")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		h := open(t, b)
		text, twice, people := "Name,Phone,Email,Birth,Guardian,Guardian Phone\n", []int64{}, int64(0)
		for i, c := range []struct {
			line  string
			twice bool
		}{
			{line: "Asha Rao,+9196" + pad(1) + ",,,,"},
			{line: "Rao  Asha,+9196" + pad(1) + ",,,,", twice: true},                            // the words in another order
			{line: "asha rao,+9196" + pad(1) + ",,1980-02-03,,", twice: true},                   // a day of birth where there was none
			{line: "Asha Rao,+9196" + pad(2) + ",,,,"},                                          // another number
			{line: "Bela Rao,+9196" + pad(1) + ",,,,"},                                          // the family's number
			{line: "Chaya Rao,,chaya@example.org,1980-02-03,,"},                                 // reached by mail only
			{line: "Chaya Rao,,chaya@example.org,1981-02-03,,"},                                 // born on another day
			{line: "Chaya Rao,+9196" + pad(3) + ",chaya@example.org,1980-02-03,,", twice: true}, // the same address
			{line: "Mira Rao,,,2019-02-03,Asha Rao,+9196" + pad(1)},                             // a child, reached through her guardian
			{line: "Mira Rao,,,2019-02-03,Dev Shah,+9196" + pad(9)},                             // another guardian's
			{line: "Mira Rao,+9196" + pad(9) + ",,2019-02-03,Dev Shah,", twice: true},           // the same number, as her own
			{line: "Mira Rao,,,2018-02-03,Dev Shah,+9196" + pad(9)},                             // born on another day
			{line: "Nobody Calls,,,,,"}, {line: "Nobody Calls,,,,,"},                            // nothing says that these are one
		} {
			if text += c.line + "\n"; c.twice {
				twice = append(twice, int64(i+1))
			} else {
				people++
			}
		}
		said := func(l archives.Looked) (out []int64) {
			for _, x := range l.Here {
				if x.Verdict != archives.LineTwice {
					t.Errorf("line %d: %s", x.Number, x.Verdict)
				}
				out = append(out, x.Number)
			}
			return out
		}
		l := h.lookOver(t, text)
		if got := said(l); !slices.Equal(got, twice) || l.Counts[archives.LineNew] != people {
			t.Fatalf("twice: %v, not %v; %v", got, twice, l.Counts)
		}
		// A process that died while it looked over has forgotten the lines further up: bringing in doubles nobody all the same.
		err := h.DB.Change(ctx, h.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test's look that broke off")
			_, err := tx.Exec(`UPDATE list_line SET verdict = 'new' WHERE clinic_id = $1 AND import_id = $2 AND verdict = 'twice'`, l.ID)
			return err
		})
		if err := errors.Join(err, h.s.Take(ctx, h.As(access.Owner), l.ID, l.Version), h.s.Work(ctx, h.As(access.System))); err != nil {
			t.Fatal(err)
		}
		l = h.looked(t, l.ID)
		if got := said(l); l.Made != people || l.Skipped != int64(len(twice)) || !slices.Equal(got, twice) {
			t.Errorf("%d made, not %d; %d left out; twice: %v", l.Made, people, l.Skipped, got)
		}
	})
}

// TestAYearOrAnAgeIsNoDateOfBirth: a line that has only such a number is wrong and says what to do; a day as spreadsheets count them is read still.
func TestAYearOrAnAgeIsNoDateOfBirth(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		l := h.lookOver(t, "Name,Phone,Birth\nA Year,+9196"+pad(1)+",1985\nAn Age,+9196"+pad(2)+",34\nA Day,+9196"+pad(3)+",31120\nNo Day,+9196"+pad(4)+",soon\n")
		if l.Counts[archives.LineNew] != 1 || l.Counts[archives.LineWrong] != 3 || len(l.Wrong) != 3 {
			t.Fatalf("%v, %d named", l.Counts, len(l.Wrong))
		}
		for i, want := range []string{"field.list.birth", "field.list.birth", "field.birth_date.invalid"} {
			if f := l.Wrong[i].Faults; len(f) != 1 || f[0].Field != "birth_date" || f[0].Key != want {
				t.Errorf("line %d: %v", l.Wrong[i].Number, f)
			}
		}
	})
}

func TestListsAsSpreadsheetsWriteThem(t *testing.T) {
	t.Parallel()
	utf16 := []byte{0xFF, 0xFE}
	for _, r := range "Name\tPhone\nÀsha\t1\n" {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, c := range map[string]struct {
		raw  string
		want string
	}{
		"commas":                   {"Name,Phone\nAsha,1\n", "Asha|1"},
		"a mark and semicolons":    {"\ufeffName;Phone\r\nAsha, Rao;1\r\n", "Asha, Rao|1"},
		"tabs":                     {"Name\tPhone\nAsha\t1", "Asha|1"},
		"the old code page":        {"Name,Phone\nJos\xe9 \x93O\x94,1\n", "José “O”|1"},
		"UTF-16":                   {string(utf16), "Àsha|1"},
		"quotes and line breaks":   {"Name,Phone\n\"Asha\nRao\",\"=\"\"0123\"\"\"\n", "Asha Rao|0123"},
		"an apostrophe":            {"Name,Phone\nAsha,'0123\n", "Asha|0123"},
		"empty lines":              {"Name,Phone\n\n,,\nAsha,1\n", "Asha|1"},
		"a quote that never ends":  {"Name,Phone\nAs\"ha,1\n", "As\"ha|1"},
		"old line ends":            {"Name,Phone\r\nAsha,1\r\n", "Asha|1"},
		"more cells than titles":   {"Name,Phone\nAsha,1,2,3\n", "Asha|1|2|3"},
		"blanks that nobody sees":  {"Name,Phone\n\u00a0Asha\u00a0,1\n", "Asha|1"},
		"commas within semicolons": {"Name;Phone;a\n\"x;y\";1;\n", "x;y|1|"},
	} {
		lines, err := archives.Lines([]byte(c.raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(lines[1], "|"); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, raw := range map[string]string{"nothing": "", "titles alone": "Name,Phone\n", "a workbook": "PK\x03\x04abc", "an old workbook": "\xD0\xCF\x11\xE0abc", "zeros": "Name\x00,Phone\nA,1\n",
		"too many lines": "Name\n" + strings.Repeat("x\n", 5001), "too large": strings.Repeat("x", archives.MostList+1), "a huge cell": "Name\n" + strings.Repeat("x", 5000) + "\n", "many columns": strings.Repeat("a,", 100) + "\n1\n"} {
		if _, err := archives.Lines([]byte(raw)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	today := rig.Start
	for _, c := range [][3]string{{"2019-02-03", "dmy", "2019-02-03"}, {"3/2/2019", "dmy", "2019-02-03"}, {"3/2/2019", "mdy", "2019-03-02"}, {"03.02.19", "dmy", "2019-02-03"}, {"3-2-85", "dmy", "1985-02-03"}, {"43499", "dmy", "2019-02-03"}, {"43499.5", "dmy", "2019-02-03"},
		{"3 Feb 2019", "dmy", "2019-02-03"}, {"3-Feb-85", "dmy", "1985-02-03"}, {"31/02/2019", "dmy", "31/02/2019"}, {"soon", "dmy", "soon"}, {"", "dmy", ""}, {"2019-02-03 00:00:00", "dmy", "2019-02-03"}, {"20190203", "dmy", "2019-02-03"},
		{"1985", "dmy", "1985"}, {"34", "dmy", "34"}, {"1985.0", "dmy", "1985.0"}, {"9999", "dmy", "9999"}, {"10000", "dmy", "1927-05-18"}} {
		if got := archives.Day(c[0], c[1], today); got != c[2] {
			t.Errorf("%q (%s): %q", c[0], c[1], got)
		}
	}
}

// FuzzLines: whatever somebody hands in as a list, it is refused or read within its bounds.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"Name,Phone\nAsha,1\n", "\ufeffName;Phone\r\n\"A;\";1", "\xFF\xFEN\x00", "PK\x03\x04", "=1+1|'cmd'!A1,\n@x,\t\n", "\"", "a\tb\n'1\t=\"2\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines, err := archives.Lines(raw)
		if err != nil {
			return
		}
		if len(lines) < 2 || len(lines) > 5001 {
			t.Errorf("%d lines", len(lines))
		}
		for _, l := range lines {
			for _, c := range l {
				if strings.ContainsRune(c, 0) || strings.ContainsAny(c, "\r\n") || len(c) > 5000 {
					t.Error("a cell that is no cell")
				}
			}
		}
	})
}

// TestNoListBringsBackWhoWasErased: whatever a list that was not brought in yet says about somebody goes with her: lines that were found to be her, lines that would have made her, a second one and a wrong one, looked
// over or not. Nothing of it can be read with the clinic's keys, and the list makes everybody else.
func TestNoListBringsBackWhoWasErased(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-by-law-alone")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, h := context.Background(), open(t, b)
		h.fill(t, 1) // Asha Rao with 9198 00000000 is here
		owner, work := h.As(access.Owner), h.As(access.System)
		text := "Name,Mobile,Date of Birth\nAsha Rao,+9198" + pad(0) + ",\nMina Late,+9196" + pad(1) + ",\nMina Late,096" + pad(1) + ",1.2.1990\nMina Late,096" + pad(1) + ",31.2.1990\nMina Late,096" + pad(2) + ",\nOther Person,096" + pad(1) + ",\n"
		first := h.lookOver(t, text)
		if first.Counts[archives.LineHere] != 1 || first.Counts[archives.LineNew] != 3 || first.Counts[archives.LineTwice] != 1 || first.Counts[archives.LineWrong] != 1 {
			t.Fatalf("%v", first.Counts)
		}
		second, err := h.s.Bring(ctx, owner, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		mina, _, err := h.people.Add(ctx, owner, patients.Draft{Name: "Mina Late", Phone: "096" + pad(1), Source: patients.SourceDesk}, true) // she comes to the desk
		if err != nil {
			t.Fatal(err)
		}
		if err := h.s.TakeAway(ctx, work, []id.ID{h.patient(t, "98"+pad(0)), mina.ID}); err != nil {
			t.Fatal(err)
		}
		full := func(list id.ID) (out string) {
			t.Helper()
			if err := b.DB.View(ctx, owner, access.ClinicImport, func(_ context.Context, v *store.View) error {
				return v.Row(`SELECT COUNT(*) FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND number > 0 AND cells IS NOT NULL`, list).Scan(&out)
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		for _, list := range []id.ID{first.ID, second} {
			if n := full(list); n != "2" { // another Mina with another number, and another person with hers
				t.Errorf("%s lines can be read of the two that are about others", n)
			}
			l := h.looked(t, list)
			if err := h.s.Look(ctx, owner, list, l.Columns, archives.DayFirst, false, l.Version); err != nil {
				t.Fatal(err)
			}
			if err := h.s.Work(ctx, work); err != nil {
				t.Fatal(err)
			}
			if l = h.looked(t, list); l.Counts[archives.LineErased] != 4 || l.Counts[archives.LineWrong] != 0 {
				t.Errorf("looked over again: %v", l.Counts)
			}
			if err := h.s.Take(ctx, owner, list, l.Version); err != nil {
				t.Fatal(err)
			}
			if err := h.s.Work(ctx, work); err != nil {
				t.Fatal(err)
			}
		}
		for phone, people := range map[string]int{"98" + pad(0): 0, "96" + pad(1): 1, "96" + pad(2): 1} {
			found, err := h.people.Search(ctx, owner, phone, 5)
			if err != nil || len(found) != people {
				t.Errorf("%s: %d people of %d, %v", phone, len(found), people, err)
			}
		}
	})
}
