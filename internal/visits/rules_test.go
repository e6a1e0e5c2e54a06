package visits

import (
	"strings"
	"testing"
)

// TestStarterList: every line of the list that comes with the program is a code with a name, none stands there twice, and it is found.
func TestStarterList(t *testing.T) {
	t.Parallel()
	r, err := ReadCodes([]byte(starterList))
	if err != nil || len(r.Codes) < 150 || r.Twice > 0 || r.Unread > 0 {
		t.Fatalf("%d codes, %d twice, %d unread (lines %v), %v", len(r.Codes), r.Twice, r.Unread, r.Wrong, err)
	}
	for query, want := range map[string]string{"e119": "E11.9", "E11": "E11.9", "fev den": "A90", "asthma": "J45.9", "hypert ess": "I10", "J06.9": "J06.9", "ANKLE": "S93.4"} {
		found := find(r.Codes, query)
		ok := false
		for _, c := range found {
			ok = ok || c.Code == want
		}
		if !ok {
			t.Errorf("%q finds %v, not %s", query, found, want)
		}
	}
	if len(find(r.Codes, "unspecified")) != MostFound || find(r.Codes, "  ") != nil || find(r.Codes, "zzzz") != nil {
		t.Error("a search brings too much, or something for nothing")
	}
}

// TestReadCodes: lists come in several forms; what is none is counted and named.
func TestReadCodes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"commas": "code,name\na000,\"Cholera, classical\"\nA01.0,Typhoid\n", "semicolons": "\ufeffA00.0;Cholera, classical\r\nA01.0;Typhoid\r\n", "tabs": "A00.0\tCholera, classical\nA01.0†\tTyphoid"} {
		r, err := ReadCodes([]byte(text))
		if err != nil || len(r.Codes) != 2 || r.Codes[0] != (Code{"A00.0", "Cholera, classical"}) || r.Codes[1].Code != "A01.0" || r.Unread != 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	r, err := ReadCodes([]byte("A00.0,Cholera\nnot a code,x\nA00.0,again\nB01\nC34.1,\n"))
	if err != nil || len(r.Codes) != 1 || r.Twice != 1 || r.Unread != 3 || r.Wrong[0] != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, text := range []string{"", "nothing,here\n", "\xff\xfe"} {
		if _, err := ReadCodes([]byte(text)); err == nil {
			t.Errorf("%q is a list", text)
		}
	}
	body, one, err := packed(r.Codes)
	if err != nil {
		t.Fatal(err)
	}
	back, err := unpacked(body)
	if err != nil || len(back) != 1 || back[0] != r.Codes[0] || one == ([32]byte{}) {
		t.Errorf("%v, %v", back, err)
	}
}

// TestVitals: what was typed in a country's units comes back as it was typed; what cannot be is refused; what is unusual is said in a word.
func TestVitals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country string
		measure Measure
		typed   string
		kept    int64
	}{
		{"IN", Temperature, "37.4", 37400}, {"US", Temperature, "98.6", 37000}, {"IN", Weight, "68,5", 68500}, {"US", Weight, "150", 68039}, {"IN", Height, "164", 1640}, {"US", Height, "64.5", 1638},
		{"IN", Glucose, "100", 5551}, {"GB", Glucose, "5.6", 5600}, {"IN", Pulse, "72", 72},
	} {
		got, err := Typed{c.measure: c.typed}.Read(c.country)
		if err != nil || got[c.measure] != c.kept {
			t.Errorf("%s %s in %s: %d, %v", c.measure, c.typed, c.country, got[c.measure], err)
		}
		if back := UnitOf(c.measure, c.country).Show(c.kept); back != strings.ReplaceAll(c.typed, ",", ".") {
			t.Errorf("%s %s in %s comes back as %s", c.measure, c.typed, c.country, back)
		}
	}
	for _, bad := range []Typed{{Pulse: "700"}, {Pulse: "x"}, {Temperature: "98.6"}, {Oxygen: "101"}, {Systolic: "120"}, {Systolic: "80", Diastolic: "120"}, {Weight: "NaN"}, {Height: "1e9"}} {
		if _, err := bad.Read("IN"); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	v, err := Typed{Systolic: "142", Diastolic: "88", Weight: "68.5", Height: "164", Oxygen: "93", Pulse: "900"}.Read("IN")
	if err == nil || v[Systolic] != 142 || v[Pulse] != 0 {
		t.Errorf("one wrong value spoils the others: %v, %v", v, err)
	}
	if bmi, ok := v.BMI(); !ok || UnitOf(BodyMass, "IN").Show(bmi) != "25.5" || Unusual(BodyMass, bmi, true) != "high" {
		t.Errorf("BMI %d", bmi)
	}
	if Unusual(Systolic, 142, true) != "high" || Unusual(Oxygen, 93, true) != "low" || Unusual(Diastolic, 88, true) != "" || Unusual(Systolic, 142, false) != "" {
		t.Error("what is unusual is not said, or said of a child")
	}
}

// TestTemplatesFillOnlyWhatIsEmpty: nothing that was written is changed.
func TestTemplatesFillOnlyWhatIsEmpty(t *testing.T) {
	t.Parallel()
	specialities := map[string]bool{}
	for _, s := range Starters() {
		if err := s.check(); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		specialities[s.Speciality] = true
		n := s.Fill(Note{Complaint: "Cough"})
		if n.Complaint != "Cough" || n.Findings != s.Findings || n.Plan != s.Plan {
			t.Errorf("%s fills %+v", s.Name, n)
		}
	}
	for _, want := range []string{"general", "dental", "paediatric", "physiotherapy", "dermatology"} {
		if !specialities[want] {
			t.Errorf("there is no starter for %s", want)
		}
	}
}
