package visits

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/fault"
)

// What a visit's text is made of.

// MostLetters bounds one part of a note; MostDiagnoses how many diagnoses a visit has.
const (
	MostLetters   = 20000
	MostDiagnoses = 20
)

// Diagnosis is one diagnosis: with a code of the list, or in the practitioner's own words alone.
type Diagnosis struct {
	Code string `json:"code,omitempty"` // ICD-10
	Name string `json:"name"`
}

// Text is the diagnosis as one line: "J06.9 Acute upper respiratory infection".
func (d Diagnosis) Text() string { return strings.TrimSpace(d.Code + " " + d.Name) }

// Note is what the practitioner wrote.
type Note struct {
	Complaint string      `json:"complaint,omitempty"`
	Findings  string      `json:"findings,omitempty"`
	Diagnoses []Diagnosis `json:"diagnoses,omitempty"`
	Plan      string      `json:"plan,omitempty"`
}

// Empty says that nothing was written.
func (n Note) Empty() bool {
	return n.Complaint == "" && n.Findings == "" && n.Plan == "" && len(n.Diagnoses) == 0
}

// The parts of a visit, for amendments.
const (
	PartComplaint = "complaint"
	PartFindings  = "findings"
	PartDiagnoses = "diagnoses"
	PartPlan      = "plan"
	PartVitals    = "vitals"
)

// Parts are the parts of a visit in the order of its page.
func Parts() []string {
	return []string{PartComplaint, PartVitals, PartFindings, PartDiagnoses, PartPlan}
}

// prose cleans a text of several lines and says under the field what is wrong with it.
func prose(f *fault.Fields, field, text string, most int) string {
	text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		f.Add(field, "field.care.characters")
	case utf8.RuneCountInString(text) > most:
		f.AddWith(field, "field.care.long", map[string]any{"Most": most})
	}
	return text
}

func (n *Note) check(f *fault.Fields) {
	n.Complaint = prose(f, PartComplaint, n.Complaint, MostLetters)
	n.Findings = prose(f, PartFindings, n.Findings, MostLetters)
	n.Plan = prose(f, PartPlan, n.Plan, MostLetters)
	var list []Diagnosis
	for _, d := range n.Diagnoses {
		d.Code, d.Name = strings.ToUpper(line(f, PartDiagnoses, d.Code, 10)), line(f, PartDiagnoses, d.Name, 300)
		if d.Name != "" && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	if n.Diagnoses = list; len(list) > MostDiagnoses {
		f.AddWith(PartDiagnoses, "field.care.diagnoses", map[string]any{"Most": MostDiagnoses})
	}
}

func encode(x any) (string, error) {
	b, err := json.Marshal(x)
	return string(b), err
}
