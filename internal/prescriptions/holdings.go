package prescriptions

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const while = "while the patient is with the clinic, and as long as the law asks"
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
	const whose = "to know whose prescription it is"
	link := holdings.Column{Name: "token_hash", Class: holdings.Security, Whose: holdings.Patient, Purpose: "to know the patient by the link that she was sent", Keep: "30 days after the link has ended"}
	return []holdings.Table{
		{Name: "prescription", Scope: holdings.Clinic, Keeper: "prescriptions", Life: law.Scripts, From: holdings.Visit, Columns: all([]holdings.Column{
			care("body", "to prescribe: drugs, doses, advice, and why a warning was overridden"), care("sheet", "to print the prescription as it was signed"),
			{Name: "signed_as", Class: holdings.Identity, Whose: holdings.Staff, Purpose: "to tell whoever has the paper that it is genuine, when and by whom it was signed", Keep: while, Sealed: true},
			{Name: "code_hash", Class: holdings.Security, Whose: holdings.Patient, Purpose: "to find the prescription by the code on its paper", Keep: while},
		}, open(holdings.Patient, whose, "patient_id"), open(holdings.Patient, "to know of which visit it is", "encounter_id"), open(holdings.Staff, "to know who wrote and who signed it", "provider_id", "author_id", "signed_by"),
			plain("clinic_id", "id", "replaces", "language", "remote", "checked", "created_at", "saved_at", "signed_at", "version"))},
		{Name: "prescription_end", Scope: holdings.Clinic, Keeper: "prescriptions", Life: law.Scripts, From: holdings.Visit, Columns: all([]holdings.Column{care("reason", "to say why a prescription was cancelled")},
			open(holdings.Patient, whose, "patient_id"), open(holdings.Staff, "to know who cancelled it", "ended_by"), plain("clinic_id", "prescription_id", "next_id", "ended_at"))},
		{Name: "prescription_share", Scope: holdings.Clinic, Keeper: "prescriptions", Life: law.Passing, From: holdings.Ended, Columns: all(open(holdings.Patient, whose, "patient_id"), open(holdings.Staff, "to know who sent it", "created_by"),
			open(holdings.Patient, "to know whether the link was opened", "opened", "opened_at"), plain("clinic_id", "id", "prescription_id", "channel", "created_at", "expires_at", "revoked_at"))},
		{Name: "prescription_link", Scope: holdings.Clinic, Keeper: "prescriptions", Life: law.Passing, From: holdings.Ended, Columns: all([]holdings.Column{link}, plain("clinic_id", "share_id", "created_at"))},
		{Name: "prescription_set", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "letters", "title", "body", "changed_at")},
		{Name: "drug_list", Scope: holdings.Clinic, Columns: all(open(holdings.Staff, "to know who imported a list", "added_by"), plain("clinic_id", "kind", "number", "title", "hash", "lines", "body", "added_at"))},
		{Name: "drug_alias", Scope: holdings.Clinic, Columns: plain("clinic_id", "alias", "generic")},
		{Name: "prescription_setting", Scope: holdings.Clinic, Columns: plain("clinic_id", "days", "paper", "version")},
	}
}
