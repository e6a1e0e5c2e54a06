package consent

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const (
		proof = "to prove what the patient chose and what she was told"
		while = "while the patient is with the clinic"
	)
	said := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Security, Whose: holdings.Patient, Purpose: proof, Keep: while})
		}
		return out
	}
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	return []holdings.Table{
		{Name: "notice", Scope: holdings.Clinic, Columns: append([]holdings.Column{
			{Name: "body", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to tell patients what they are asked", Keep: "while the clinic is with us"},
		}, plain("clinic_id", "purpose", "version", "language", "created_at")...)},
		{Name: "notice_text", Scope: holdings.Clinic, Columns: append([]holdings.Column{
			{Name: "body", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to show what was said to whoever agreed, word for word", Keep: "while the clinic is with us"},
		}, plain("clinic_id", "digest", "purpose", "version", "language", "kept_at")...)},
		{Name: "consent", Scope: holdings.Clinic, Keeper: "consent", Life: law.Consents, From: holdings.Ended, Columns: append(
			said("purpose", "channel", "given", "notice_version", "language", "door", "guardian_id", "at"), plain("clinic_id", "patient_id", "id", "digest")...)},
	}
}
