package patients

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const while = "while the patient is with the clinic"
	sealed := func(class holdings.Class, name, purpose string, leaves ...string) holdings.Column {
		return holdings.Column{Name: name, Class: class, Whose: holdings.Patient, Purpose: purpose, Keep: while, Leaves: leaves, Sealed: true}
	}
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	bucket := holdings.Column{Name: "bucket", Class: holdings.Security, Whose: holdings.Patient, Keep: while,
		Purpose: "to find a patient by name, phone or e-mail: 16 bits that many people share"}
	gate := bucket
	gate.Purpose, gate.Keep = "to keep one person from being made twice at the same moment", "for the length of one transaction"
	return []holdings.Table{
		{Name: "patient", Scope: holdings.Clinic, Keeper: "patients", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			sealed(holdings.Identity, "name", "to know whom an appointment is for", "smtp", "ses"),
			sealed(holdings.Contact, "phone", "to reach the patient about appointments", "twilio", "msg91", "whatsapp"),
			sealed(holdings.Contact, "email", "to reach the patient about appointments", "smtp", "ses"),
			sealed(holdings.Identity, "birth_date", "to tell people of one name apart, and to know who is a child"),
			sealed(holdings.Identity, "sex", "to address the patient rightly, where the clinic asks"),
			sealed(holdings.Contact, "address", "to write letters, where the clinic asks"),
			sealed(holdings.Care, "notes", "plain notes, where the clinic turned them on"),
			{Name: "minor", Class: holdings.Identity, Whose: holdings.Patient, Purpose: "to ask for a guardian", Keep: while,
				Why: "one bit without a name; every page that books reads it"},
		}, plain("clinic_id", "id", "language", "source", "seen_at", "created_at", "version", "adult_age")...)},
		{Name: "patient_token", Scope: holdings.Clinic, Keeper: "patients", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{bucket}, plain("clinic_id", "patient_id")...)},
		{Name: "patient_gate", Scope: holdings.Clinic, Keeper: "patients", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{gate}, plain("clinic_id")...)},
		{Name: "guardian", Scope: holdings.Clinic, Keeper: "patients", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			sealed(holdings.Identity, "name", "to know who speaks for a child", "smtp", "ses"),
			sealed(holdings.Contact, "phone", "to reach who speaks for a child", "twilio", "msg91", "whatsapp"),
			sealed(holdings.Contact, "email", "to reach who speaks for a child", "smtp", "ses"),
			{Name: "relation", Class: holdings.Identity, Whose: holdings.Patient, Purpose: "to know what the guardian is to the child", Keep: while,
				Why: "one of five words without a name"},
		}, plain("clinic_id", "patient_id", "id", "created_at", "adult_at")...)},
	}
}
