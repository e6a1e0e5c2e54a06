package patients

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/holdings"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/words"
)

func india() clinics.Clinic {
	return clinics.Clinic{Country: "IN", Jurisdiction: "IN", Zone: "Asia/Kolkata", Languages: []string{"en", "hi"}}
}

// wrongIn lists the wrong fields as "name: key".
func wrongIn(err error) []string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return nil
	}
	var out []string
	for _, x := range f.Fields {
		out = append(out, x.Name+": "+x.Key)
	}
	return out
}

func TestCheck(t *testing.T) {
	t.Parallel()
	mother := &GuardianDraft{Name: "Meena Rao", Phone: "98765 43211", Relation: "mother"}
	for name, c := range map[string]struct {
		d    Draft
		want []string
	}{
		"all at once": {Draft{Name: " ", Phone: "12", Email: "x", BirthDate: "2026-02-30", Language: "fr", Sex: "f", Address: "a\x00"}, []string{
			"name: field.name.empty", "phone: field.phone.invalid", "email: field.email.invalid", "birth_date: field.birth_date.invalid",
			"address: field.patient.characters", "language: field.language.not_offered", "sex: field.sex.unknown"}},
		"no address on a public door":     {Draft{Name: "Asha Rao", Source: SourceOnline}, []string{"phone: field.contact.either"}},
		"an unknown door is a public one": {Draft{Name: "Asha Rao", Source: "?"}, []string{"phone: field.contact.either"}},
		"no address at the desk":          {Draft{Name: "Asha Rao", Source: SourceDesk}, nil},
		"phone alone":                     {Draft{Name: "Asha Rao", Phone: "98765 43210", Source: SourceAPI}, nil},
		"tomorrow's child":                {Draft{Name: "Asha Rao", Phone: "98765 43210", BirthDate: "2026-11-24"}, []string{"birth_date: field.birth_date.future"}},
		"a child alone":                   {Draft{Name: "Asha Rao", Phone: "98765 43210", BirthDate: "2015-01-02"}, []string{"guardian_name: field.guardian.needed"}},
		"a child by her mother's phone":   {Draft{Name: "Asha Rao", BirthDate: "2015-01-02", Guardian: mother}, nil},
		"a guardian's faults":             {Draft{Name: "Asha Rao", BirthDate: "2015-01-02", Guardian: &GuardianDraft{Phone: "1", Relation: "cat"}}, []string{"guardian_name: field.name.empty", "guardian_phone: field.phone.invalid", "guardian_relation: field.guardian.relation"}},
		"long address":                    {Draft{Name: "Asha Rao", Phone: "98765 43210", Address: strings.Repeat("x", MaxAddress+1)}, []string{"address: field.patient.text_long"}},
		"a name that turns the page":      {Draft{Name: "Asha\u202eRao", Phone: "98765 43210"}, []string{"name: field.name.characters"}},
	} {
		var f fault.Fields
		_, ok := Check(c.d, india(), "2026-11-23", &f)
		if got := wrongIn(f.Err()); !slices.Equal(got, c.want) || ok != (c.want == nil) {
			t.Errorf("%s: ok=%v, got %q, want %q", name, ok, got, c.want)
		}
	}
	var f fault.Fields
	f.Add("start", "of another room")
	if _, ok := Check(Draft{Name: "Asha Rao", Phone: "98765 43210"}, india(), "2026-11-23", &f); !ok {
		t.Error("another room's wrong field makes the draft wrong")
	}
}

// TestChildhood: the day before and the day on which childhood ends, in every jurisdiction.
func TestChildhood(t *testing.T) {
	t.Parallel()
	for _, j := range clinics.Jurisdictions() {
		c := india()
		c.Jurisdiction = j
		for _, birth := range []clock.Date{"2000-02-29", "2010-11-23", "2008-01-01", "2009-12-31"} {
			turns := clock.Date(strings.Replace(string(birth), string(birth)[:4], itoa(birth.Year()+c.MinorAge()), 1))
			if !turns.Valid() {
				turns = turns[:5] + "03-01"
			}
			for day, child := range map[clock.Date]bool{turns.AddDays(-1): true, turns: false, turns.AddDays(1): false} {
				var f fault.Fields
				_, ok := Check(Draft{Name: "A B", Phone: "98765 43210", BirthDate: string(birth)}, c, day, &f)
				if ok == child {
					t.Errorf("%s: born %s, on %s: child should be %v", j, birth, day, child)
				}
			}
		}
	}
}

func itoa(n int) string {
	return string([]byte{byte('0' + n/1000), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}

func TestSameAndSimilarNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b          string
		same, similar bool
	}{
		{"Asha Rao", "asha  RAO", true, true},
		{"Asha Rao", "Rao, Asha", true, true},
		{"José Núñez", "Jose Nunez", true, true},
		{"सुनील", "सुनीला", false, true},
		{"राम", "रामा", false, true},
		{"Ram", "Rama", false, true}, // one letter, heard alike
		{"Ravi", "Rani", false, false},
		{"Ram Ramesh", "Ramesh", false, true},
		{"R Ramesh", "Ramesh", false, true},
		{"R Ramesh", "Ramesh R", true, true},
		{"Lakshmi Iyer", "Laxmi Iyer", false, true},
		{"Mohammed Farooq", "Mohamed Faruk", false, true},
		{"Krishnamurthy", "Krishnamurti", false, true},
		{"Asha Rao", "Asha Patil", false, false},
		{"Asha Rao", "Vikram Rao", false, false},
		{"A R", "Asha Rao", false, false},
		{"أحمد علي", "احمد على", true, true},
		{"", "Asha", false, false},
	} {
		if got := sameName(c.a, c.b); got != c.same || sameName(c.b, c.a) != got {
			t.Errorf("same %q %q: %v", c.a, c.b, got)
		}
		if got := similarName(c.a, c.b); got != c.similar || similarName(c.b, c.a) != got {
			t.Errorf("similar %q %q: %v", c.a, c.b, got)
		}
	}
}

// forbidden are words that a field for a government's number or a part of the body would carry. A voice is one where it is a word by itself: an invoice is none.
var forbidden = regexp.MustCompile(`(?i)aadhaa?r|passport|\bssn|social_?security|national_?id|government|gov_?id|identity_?(number|card|no)|id_?(number|card|no)\b|\bpan\b|voter|licen[cs]e|ration_?card|biometric|finger|iris|retina|face|(?:^|_)voice(?:_?print|_|$)|(?-i:(?:^|[a-z0-9])Voice(?:[A-Z0-9]|$))|palm|photo|portrait|selfie|dna`)

// TestNoFieldForGovernmentIDsOrBiometrics looks at the schema of both engines and at what a door can hand in (D7).
func TestNoFieldForGovernmentIDsOrBiometrics(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-government-id")
	for _, bad := range []string{"aadhaar", "AadharNumber", "id_number", "passport_no", "FaceTemplate", "fingerprint", "pan", "voice", "Voice", "voice_sample", "patient_voice", "VoiceSample", "HerVoice", "voiceprint", "voice_print"} {
		if !forbidden.MatchString(bad) {
			t.Fatalf("the rule does not know %q", bad)
		}
	}
	for _, good := range []string{"invoice", "invoice_id", "invoice_print", "InvoiceID", "Invoice", "LastInvoice"} {
		if forbidden.MatchString(good) {
			t.Fatalf("the rule takes %q for a part of the body", good)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Draft](), reflect.TypeFor[GuardianDraft](), reflect.TypeFor[Clean](), reflect.TypeFor[Patient](), reflect.TypeFor[Guardian]()} {
		for i := range typ.NumField() {
			if forbidden.MatchString(typ.Field(i).Name) {
				t.Errorf("%s has a field %s", typ, typ.Field(i).Name)
			}
		}
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		schema, err := b.DB.Schema(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		// The list is closed: whoever adds a column about a patient changes this line and reads why.
		want := map[string][]string{
			"patient":  {"address", "adult_age", "birth_date", "clinic_id", "created_at", "email", "id", "language", "minor", "name", "notes", "phone", "seen_at", "sex", "source", "version"},
			"guardian": {"adult_at", "clinic_id", "created_at", "email", "id", "name", "patient_id", "phone", "relation"},
		}
		for table, columns := range want {
			if !slices.Equal(schema[table], columns) {
				t.Errorf("%s has the columns %v", table, schema[table])
			}
		}
		for table, columns := range schema {
			for _, c := range columns {
				// A message's passport says why it may go out; nobody's passport is meant.
				if forbidden.MatchString(c) && table+"."+c != "message.passport" {
					t.Errorf("%s.%s could hold a government's number or a part of a body", table, c)
				}
			}
		}
		own := map[string][]string{}
		for _, h := range Holdings() {
			own[h.Name] = schema[h.Name]
		}
		if err := holdings.Check(Holdings(), own); err != nil {
			t.Error(err)
		}
		if err := holdings.Keepers(Holdings(), []string{Keeper{}.Name()}); err != nil {
			t.Error(err)
		}
	})
}

// TestWordsAreThere: every sentence that the room can ask for is in the English catalogue.
func TestWordsAreThere(t *testing.T) {
	t.Parallel()
	b, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	tongue := b.Tongue("en")
	keys := []string{"field.birth_date.invalid", "field.birth_date.future", "field.birth_date.too_old", "field.contact.either", "field.language.not_offered", "field.sex.unknown",
		"field.guardian.needed", "field.guardian.relation", "field.patient.text_long", "field.patient.characters", "field.patient.unreadable", "fault.too_many_guardians", "fault.patient_sealed", "fault.last_guardian"}
	for _, s := range Sexes {
		keys = append(keys, "patient.sex."+s)
	}
	for _, r := range Relations {
		keys = append(keys, "patient.relation."+r)
	}
	for _, k := range keys {
		if got := tongue.SayMap(k, map[string]any{"Max": 3}); got == "" || strings.Contains(got, k) {
			t.Errorf("%s has no words: %q", k, got)
		}
	}
}
