package disclosures

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const keep = "six years after it was given, or decided"
	of := func(name string, whose h.Whose, purpose string) h.Column {
		return h.Column{Name: name, Class: h.Plain, Whose: whose, Purpose: purpose, Keep: keep}
	}
	sealed := func(name string, class h.Class, whose h.Whose, purpose, keep string) h.Column {
		return h.Column{Name: name, Class: class, Whose: whose, Purpose: purpose, Keep: keep, Sealed: true}
	}
	columns := []h.Column{
		of("patient_id", h.Patient, "to tell her what was given, and to whom"), of("parts", h.Patient, "to tell her what was given"), of("ground", h.Patient, "to prove why it was lawful"),
		of("asked_by", h.Staff, "to prove that two people looked at it"), of("decided_by", h.Staff, "to prove that two people looked at it"),
		sealed("why", h.Care, h.Patient, "to prove why it was lawful", "while the patient is with the clinic"),
		sealed("recipient", h.Business, h.OfClinic, "to know who asked", keep), sealed("reference", h.Business, h.OfClinic, "to find the demand on paper", keep),
		sealed("gag_why", h.Business, h.OfClinic, "to prove why she was not told at once", keep), sealed("words", h.Business, h.OfClinic, "to know why somebody refused", keep),
	}
	for _, n := range []string{"clinic_id", "id", "gag", "state", "asked_at", "decided_at", "given_at", "told_at", "told_by", "version"} {
		columns = append(columns, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
	}
	return []h.Table{{Name: "disclosure", Scope: h.Clinic, Keeper: "disclosures", Life: law.Disclosures, From: h.Ended, Columns: columns}}
}
