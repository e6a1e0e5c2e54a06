package policies

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column. What a patient answered is kept with her; the versions are the clinic's and stay.
func Holdings() []holdings.Table {
	const kept = "while she is a patient"
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	of := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Plain, Whose: holdings.Patient, Purpose: purpose, Keep: kept}
	}
	return []holdings.Table{
		{Name: "policy_text", Scope: holdings.Clinic, Columns: plain("clinic_id", "digest", "text", "kept_at")},
		{Name: "policy_version", Scope: holdings.Clinic, Columns: append([]holdings.Column{
			{Name: "made_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who changed the terms", Keep: "for ever"},
		}, plain("clinic_id", "n", "id", "digest", "text_digest", "terms", "gate", "made_at", "noticed_at", "effective_at")...)},
		{Name: "policy_announced", Scope: holdings.Clinic, Columns: plain("clinic_id", "n", "at")},
		{Name: "policy_answer", Scope: holdings.Clinic, Keeper: "policies", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			of("patient_id", "to know under which terms she is"), of("agreed", "to know under which terms she is"),
		}, plain("clinic_id", "id", "n", "door", "at")...)},
		{Name: "policy_told", Scope: holdings.Clinic, Keeper: "policies", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			of("patient_id", "to announce a change to everybody whom it touches, once"),
		}, plain("clinic_id", "n", "message_id", "at")...)},
	}
}
