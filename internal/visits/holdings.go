package visits

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const while = "while the patient is with the clinic"
	care := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Care, Whose: holdings.Patient, Purpose: purpose, Keep: while, Sealed: true}
	}
	open := func(whose holdings.Whose, purpose string, names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: whose, Purpose: purpose, Keep: while})
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
	all := func(parts ...[]holdings.Column) (out []holdings.Column) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	signer := holdings.Column{Name: "signer", Class: holdings.Identity, Whose: holdings.Staff, Purpose: "to say who signed, as it was then", Keep: while, Sealed: true}
	const whose, which, who = "to know whose record it is", "to know of which visit it is", "to know who wrote it"
	aside := care("note", "to lose nothing when two people write at once")
	aside.Keep = "until its writer has seen both texts, 30 days at most"
	return []holdings.Table{
		{Name: "encounter", Scope: holdings.Clinic, Keeper: "visits", Life: law.Clinical, From: holdings.Visit, Columns: all([]holdings.Column{
			care("note", "to look after the patient: complaint, findings, diagnoses, plan"), care("vitals", "to look after the patient: what was measured"), signer,
		}, open(holdings.Patient, whose, "patient_id"), open(holdings.Patient, which, "appointment_id"), open(holdings.Staff, who, "provider_id", "changed_by", "signed_by"),
			plain("clinic_id", "id", "service_id", "starts_at", "day", "measured", "created_at", "changed_at", "signed_at", "version"))},
		{Name: "encounter_aside", Scope: holdings.Clinic, Keeper: "visits", Life: law.Passing, From: holdings.Made, Columns: all([]holdings.Column{aside},
			open(holdings.Patient, whose, "patient_id"), open(holdings.Staff, who, "person_id"), plain("clinic_id", "encounter_id", "id", "at"))},
		{Name: "amendment", Scope: holdings.Clinic, Keeper: "visits", Life: law.Clinical, From: holdings.Visit, Columns: all([]holdings.Column{
			care("reason", "to say why something was added after the visit was signed"), care("body", "to add to a signed visit without changing it"), signer,
		}, open(holdings.Patient, whose, "patient_id"), open(holdings.Staff, who, "person_id"), plain("clinic_id", "encounter_id", "id", "part", "at"))},
		{Name: "health", Scope: holdings.Clinic, Keeper: "visits", Life: law.Clinical, From: holdings.Visit, Columns: all([]holdings.Column{care("body", "to know what the patient must not be given, lives with and takes")},
			open(holdings.Patient, whose, "patient_id"), open(holdings.Staff, who, "added_by", "ended_by"), plain("clinic_id", "id", "kind", "source_id", "added_at", "ended_at"))},
		{Name: "file", Scope: holdings.Clinic, Keeper: "visits", Life: law.Clinical, From: holdings.Visit, Columns: all([]holdings.Column{care("name", "to find a report or a picture again")},
			open(holdings.Patient, whose, "patient_id"), open(holdings.Staff, who, "added_by"), plain("clinic_id", "id", "encounter_id", "kind", "size", "pieces", "added_at"))},
		{Name: "file_piece", Scope: holdings.Clinic, Keeper: "visits", Life: law.Clinical, From: holdings.Visit, Columns: all([]holdings.Column{care("bytes", "to keep a report or a picture")}, plain("clinic_id", "file_id", "number"))},
		{Name: "visit_template", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "name", "speciality", "body", "changed_at", "retired_at", "version")},
		{Name: "code_list", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "title", "hash", "codes", "body", "added_at", "added_by")},
	}
}
