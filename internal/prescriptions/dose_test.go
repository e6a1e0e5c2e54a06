package prescriptions_test

import (
	"strings"
	"testing"

	"almirah/internal/fault"
	"almirah/internal/prescriptions"
	"almirah/internal/rig"
	"almirah/internal/words"
)

func TestDosesAreRead(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"101": "1-0-1", "1-0-1": "1-0-1", "1111": "1-1-1-1", "1-1-1-1": "1-1-1-1", "½-0-½": "0.5-0-0.5", ".5-0-.5": "0.5-0-0.5", "0.5-0-1.5": "0.5-0-1.5", "1½-0-0": "1.5-0-0",
		"1/2-0-1/2": "0.5-0-0.5", "BD": "1-0-1", "tds": "1-1-1", "hs": "0-0-1", "SOS": "1 SOS", "2 sos": "2 SOS", "½ sos": "0.5 SOS", "prn": "1 SOS", "5-0-5": "5-0-5", "10-10-10": "10-10-10", "1 + 0 + 1": "1-0-1", "1–0–1": "1-0-1", "1-1": "1-1",
		"100": "1-0-0", "001": "0-0-1", "110": "1-1-0", "202": "2-0-2", "222": "2-2-2", "1010": "1-0-1-0", "0001": "0-0-0-1"} {
		p, ok := prescriptions.ParseDose(typed)
		if !ok || p.String() != want {
			t.Errorf("%q is read as %q, %v", typed, p, ok)
		}
		if again, ok := prescriptions.ParseDose(p.String()); !ok || again.String() != want {
			t.Errorf("what is printed for %q is read as %q", typed, again)
		}
	}
	for _, free := range []string{"", "0-0-0", "000", "once a week", "1", "10", "12345", "1-0-1-0-1", "-1-0-1", "1--1", "9999-0-1", "a-b-c", "+1-0-1", "0 sos", "1.25-0-0",
		"650", "625", "500", "400", "303", "375", "200", "120", "1000", "1100", "1200", "2000", "0004"} { // what stands on a box is no pattern
		if p, ok := prescriptions.ParseDose(free); ok {
			t.Errorf("%q is taken for the pattern %q", free, p)
		}
	}
}

// TestOnlyOneReadingOfADoseIsSigned: a strength in the field of the dose, a range, and more at a time than anybody swallows are asked about
// before they are signed. What was typed stays, and is kept.
func TestOnlyOneReadingOfADoseIsSigned(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		try := func(form, dose string) (prescriptions.Page, error) {
			t.Helper()
			d := r.draft("Paracetamol/" + dose)
			d.Rows[0].Form, d.Rows[0].Strength = form, "1"
			return r.scripts.Sign(background, r.doctor, d, r.signer, false)
		}
		for _, c := range []struct{ form, dose string }{{"tablet", "650"}, {"tablet", "500"}, {"tablet", "200"}, {"tablet", "1000"}, {"tablet", "1"}, {"tablet", "½"}, {"tablet", "12345"}, {"tablet", "5-10"}, {"tablet", "1-2"}, {"syrup", "5-10"},
			{"tablet", "5-0-5"}, {"tablet", "6-5-0"}, {"tablet", "650-0-650"}, {"tablet", "500 sos"}, {"tablet", "650 sos"}, {"capsule", "10-0-8"}, {"injection", "10-0-8"}, {"inhaler", "100-0-100"}, {"syrup", "250-0-250"}, {"syrup", "5"}} {
			p, err := try(c.form, c.dose)
			wants(t, err, fault.Invalid, "dose-1")
			if p.State != prescriptions.Drafted || len(p.Rows) != 1 || !strings.EqualFold(p.Rows[0].Dose, c.dose) {
				t.Errorf("%s of %s is kept as %+v", c.dose, c.form, p.Draft)
			}
		}
		for _, c := range []struct{ form, dose, kept string }{{"tablet", "101", "1-0-1"}, {"tablet", "4-0-4", "4-0-4"}, {"tablet", "½-0-½", "0.5-0-0.5"}, {"tablet", "1-1", "1-1"}, {"tablet", "0-1", "0-1"}, {"tablet", "2-1", "2-1"}, {"tablet", "2 sos", "2 SOS"},
			{"syrup", "5-5-5", "5-5-5"}, {"syrup", "10-5", "10-5"}, {"syrup", "15 sos", "15 SOS"}, {"drops", "10-10-10", "10-10-10"}, {"injection", "10-0-8 units", "10-0-8 units"}, {"syrup", "5 ml", "5 ml"}, {"syrup", "5-10 ml", "5-10 ml"},
			{"tablet", "650 mg bd", "650 mg bd"}, {"tablet", "1-0-1-0-1", "1-0-1-0-1"}, {"tablet", "once a week", "once a week"}} {
			p, err := try(c.form, c.dose)
			if err != nil || p.State != prescriptions.Signed || p.Rows[0].Dose != c.kept {
				t.Errorf("%s of %s: %+v, %v", c.dose, c.form, p.Rows, err)
			}
		}
	})
}

func FuzzDoses(f *testing.F) {
	for _, s := range []string{"101", "½-0-1.5", "2 sos", "1-1-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		p, ok := prescriptions.ParseDose(typed)
		if !ok {
			return
		}
		if again, ok := prescriptions.ParseDose(p.String()); !ok || again.String() != p.String() {
			t.Fatalf("%q became %q, which is read as %q", typed, p, again)
		}
	})
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form, dose string
		days, want int
	}{{"tablet", "1-0-1", 5, 10}, {"tablet", "0.5-0-0.5", 5, 5}, {"tablet", "0.5-0-0", 5, 3}, {"syrup", "5-5-5", 3, 45}, {"tablet", "1 SOS", 5, 0}, {"tablet", "1-0-1", 0, 0}, {"cream", "1-0-1", 5, 0}, {"eye drops", "1-1-1", 5, 0},
		{"tablet", "once a week", 30, 0}} {
		if n := prescriptions.Quantity(c.form, c.dose, c.days); n != c.want {
			t.Errorf("%s %s for %d days: %d, want %d", c.form, c.dose, c.days, n, c.want)
		}
	}
}

// What a patient reads is what a wrong dose would be read from: each sentence was looked at by eye.
func TestInstructionsInEveryLanguage(t *testing.T) {
	t.Parallel()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	rows := []prescriptions.Row{
		{Form: "tablet", Dose: "1-0-1", Timing: prescriptions.After, Days: 5},
		{Form: "tablet", Dose: "0.5-0-1.5", Days: 1},
		{Form: "capsule", Dose: "1-1-1-1", Timing: prescriptions.Before, Days: 14},
		{Form: "syrup", Dose: "5-5-5", Days: 3},
		{Form: "tablet", Dose: "1 SOS", Timing: prescriptions.Empty},
		{Form: "cream", Dose: "1-0-1", Days: 7},
		{Form: "eye drops", Dose: "2-2-2", Days: 2},
		{Form: "inhaler", Dose: "2-0-2"},
		{Form: "tablet", Dose: "once a week", Days: 28},
	}
	want := map[string][]string{
		"en": {"Take 1 tablet in the morning and 1 tablet at night, after food, for 5 days.", "Take half a tablet (0.5) in the morning and 1.5 tablets at night, for 1 day.",
			"Take 1 capsule in the morning, 1 capsule at noon, 1 capsule in the evening and 1 capsule at night, before food, for 14 days.", "Take 5 ml in the morning, 5 ml at noon and 5 ml at night, for 3 days.",
			"Take 1 tablet when needed, on an empty stomach.", "Apply once in the morning and once at night, for 7 days.", "Put in 2 drops in the morning, 2 drops at noon and 2 drops at night, for 2 days.", "Inhale 2 puffs in the morning and 2 puffs at night.", "Take once a week, for 28 days."},
		"hi": {"सुबह 1 गोली और रात को 1 गोली, खाना खाने के बाद, 5 दिन तक लें।", "सुबह आधी गोली (0.5) और रात को 1.5 गोलियाँ, 1 दिन तक लें।"},
		"ta": {"காலையில் 1 மாத்திரை, இரவில் 1 மாத்திரை, உணவுக்குப் பின், 5 நாட்கள் எடுத்துக்கொள்ளவும்.", "காலையில் அரை மாத்திரை (0.5), இரவில் 1.5 மாத்திரை, 1 நாள் எடுத்துக்கொள்ளவும்."},
		"ar": {"تناول 1 قرص صباحًا و1 قرص ليلًا، بعد الأكل، لمدة 5 أيام.", "تناول نصف قرص (0.5) صباحًا و1.5 قرص ليلًا، لمدة 1 يوم."},
	}
	for lang, list := range want {
		for i, w := range list {
			if got := prescriptions.Instruction(book.Tongue(lang), rows[i]); got != w {
				t.Errorf("%s: %q\nwant %q", lang, got, w)
			}
		}
	}
	for lang := range want {
		for _, r := range rows {
			got := prescriptions.Instruction(book.Tongue(lang), r)
			for _, c := range got {
				if c == '[' || c == '{' || '\u2066' <= c && c <= '\u2069' || '\u0660' <= c && c <= '\u0669' || '\u0966' <= c && c <= '\u096f' || '\u0be6' <= c && c <= '\u0bef' {
					t.Errorf("%s: %q holds a gap, a mark, or a figure that is not Latin", lang, got)
				}
			}
		}
	}
}
