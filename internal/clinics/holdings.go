package clinics

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const while, shown = "while the clinic is with us", "is shown to the clinic's patients"
	own := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Business, Whose: holdings.OfClinic, Purpose: purpose, Keep: while}
	}
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	clinic := []holdings.Column{
		own("slug", "to find the public page"), own("name", "to say whose page and message it is"),
		own("legal_entity", "to say who answers for the clinic"), own("address", "to tell patients where to come"),
		{Name: "phone", Class: holdings.Contact, Whose: holdings.OfClinic, Purpose: "to let patients call the clinic", Keep: while, Why: shown},
		{Name: "email", Class: holdings.Contact, Whose: holdings.OfClinic, Purpose: "to let patients write to the clinic", Keep: while, Why: shown},
		own("tax_numbers", "to print on invoices"),
		{Name: "contact", Class: holdings.Identity, Whose: holdings.Staff, Purpose: "to reach the person who answers for the business", Keep: while, Sealed: true},
		own("colour", "to show the clinic's own look"), own("host", "to find the public page by the clinic's own name"), own("logo", "to show the clinic's own look"),
	}
	return []holdings.Table{
		{Name: "clinic", Scope: holdings.Clinic, Keeper: "clinics", Life: law.Account, From: holdings.Leaving, Columns: append(clinic, plain("clinic_id", "zone", "country", "jurisdiction", "region",
			"currency", "languages", "logo_type", "modules", "online", "show_phone", "show_email", "min_notice", "horizon_days", "step_minutes", "status",
			"closed_at", "created_at", "version", "baa", "outside", "held", "canary", "ages_behind", "ages_at", "ages_for")...)},
		{Name: "agreement_text", Scope: holdings.Clinic, Columns: plain("clinic_id", "digest", "kind", "text", "kept_at")},
		{Name: "agreement", Scope: holdings.Clinic, Keeper: "clinics", Life: law.Account, From: holdings.Leaving, Columns: append(plain("clinic_id", "id", "digest", "person_id", "signed_at"),
			holdings.Column{Name: "signer", Class: holdings.Identity, Whose: holdings.Staff, Purpose: "to say who signed", Keep: while, Sealed: true},
			holdings.Column{Name: "capacity", Class: holdings.Identity, Whose: holdings.Staff, Purpose: "to say as what she signed", Keep: while, Sealed: true})},
		{Name: "clinic_route", Scope: holdings.Platform, Columns: append([]holdings.Column{own("slug", "to find the public page")}, plain("clinic_id", "opened_at", "canary", "reserved_until")...)},
	}
}
