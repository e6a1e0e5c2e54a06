package fhir

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"almirah/internal/archives"
	"almirah/internal/clock"
)

// Packer makes resources out of rows.
type Packer struct{}

// kind names which function makes a kind of resource.
type kind struct {
	archives.Kind
	make func(r archives.Row, with []archives.Row, house archives.Surroundings) []any
}

var kinds = []kind{
	{archives.Kind{Type: "Organization", Table: "clinic"}, organization},
	{archives.Kind{Type: "HealthcareService", Table: "service"}, service},
	{archives.Kind{Type: "Practitioner", Table: "provider"}, practitioner},
	{archives.Kind{Type: "PractitionerRole", Table: "provider"}, role},
	{archives.Kind{Type: "Schedule", Table: "provider"}, schedule},
	{archives.Kind{Type: "Slot", Table: "appointment"}, slot},
	{archives.Kind{Type: "Slot", Table: "leave"}, away},
	{archives.Kind{Type: "Patient", Table: "patient"}, patient},
	{archives.Kind{Type: "RelatedPerson", Table: "guardian"}, guardian},
	{archives.Kind{Type: "Appointment", Table: "appointment"}, appointment},
	{archives.Kind{Type: "Encounter", Table: "encounter"}, encounter},
	{archives.Kind{Type: "ClinicalImpression", Table: "encounter"}, impression},
	{archives.Kind{Type: "Condition", Table: "encounter"}, diagnoses},
	{archives.Kind{Type: "Observation", Table: "encounter"}, vitals},
	{archives.Kind{Type: "Condition", Table: "health"}, known("condition", condition)},
	{archives.Kind{Type: "AllergyIntolerance", Table: "health"}, known("", allergy)},
	{archives.Kind{Type: "MedicationStatement", Table: "health"}, known("medicine", medicine)},
	{archives.Kind{Type: "DocumentReference", Table: "file"}, document},
	{archives.Kind{Type: "MedicationRequest", Table: "prescription", With: "prescription_end", By: "prescription_id"}, prescription},
	{archives.Kind{Type: "Consent", Table: "consent"}, consent},
	{archives.Kind{Type: "Invoice", Table: "invoice", With: "invoice_line", By: "invoice_id"}, invoice},
	{archives.Kind{Type: "PaymentNotice", Table: "payment"}, payment},
	{archives.Kind{Type: "Communication", Table: "message"}, message},
	{archives.Kind{Type: "Communication", Table: "post"}, post},
}

// Kinds are the resources that are made, in the order of an archive.
func (Packer) Kinds() []archives.Kind {
	var out []archives.Kind
	for _, k := range kinds {
		out = append(out, k.Kind)
	}
	return out
}

// Pack makes the resources of one row; of a row whose key is destroyed, none that would say nothing.
func (Packer) Pack(want archives.Kind, r archives.Row, with []archives.Row, house archives.Surroundings) ([]any, error) {
	for _, k := range kinds {
		if k.Kind == want {
			var out []any
			for _, x := range k.make(r, with, house) {
				if x = cleaned(x); x != nil {
					out = append(out, x)
				}
			}
			return out, nil
		}
	}
	return nil, fmt.Errorf("fhir: %s is made of no rows of %s", want.Type, want.Table)
}

// thing is an object of FHIR.
type thing map[string]any

// cleaned takes away what FHIR does not have: empty texts, lists and objects, and nothing at all.
func cleaned(x any) any {
	switch v := x.(type) {
	case nil:
		return nil
	case string:
		if v = words(v); v == "" {
			return nil
		}
		return v
	case thing:
		out := thing{}
		for name, y := range v {
			if y = cleaned(y); y != nil {
				out[name] = y
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, y := range v {
			if y = cleaned(y); y != nil {
				out = append(out, y)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	return x
}

// words is a text as FHIR may hold it: no control signs but line ends and tabs.
func words(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' || !unicode.IsControl(r) && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return -1
	}, s))
}

func list(x ...any) []any { return x }

func text(s string) thing { return thing{"text": s} }

func coding(system, code, display string) thing {
	return thing{"coding": list(thing{"system": system, "code": code, "display": display}), "text": display}
}

// ref points to a resource; nothing where there is no id.
func ref(kind, id string, display string) thing {
	if id == "" {
		return nil
	}
	return thing{"reference": kind + "/" + id, "display": display}
}

// at is an instant with its zone; empty for none.
func at(micros int64) string {
	if micros <= 0 {
		return ""
	}
	return clock.Instant(micros).Time().UTC().Format(time.RFC3339)
}

// day is a date that exists; empty otherwise: a schema lets 31 February pass.
func day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return s
	}
	return ""
}

// digits is a number in its own precision.
func digits(n int64, decimals int) json.Number {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%0*d", decimals+1, n)
	if decimals == 0 {
		return json.Number(sign + s)
	}
	return json.Number(sign + s[:len(s)-decimals] + "." + s[len(s)-decimals:])
}

// resource is what every resource has.
func resource(kind, id string, more thing) thing {
	more["resourceType"], more["id"] = kind, id
	return more
}

// own says under which name this house knows something.
func own(id string) []any {
	return list(thing{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:" + id})
}

func telecom(phone, email string) []any {
	var out []any
	if phone != "" {
		out = append(out, thing{"system": "phone", "value": phone})
	}
	if email != "" {
		out = append(out, thing{"system": "email", "value": email})
	}
	return out
}
