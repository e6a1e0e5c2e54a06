package retention

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const keep, while = "six years after the hold was over", "until the clinic is closed, or stays"
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	of := func(name string, whose h.Whose, purpose, keep string) h.Column {
		return h.Column{Name: name, Class: h.Plain, Whose: whose, Purpose: purpose, Keep: keep}
	}
	return []h.Table{
		{Name: "legal_hold", Scope: h.Clinic, Keeper: "retention", Life: law.Consents, From: h.Ended, Columns: append([]h.Column{
			of("patient_id", h.Patient, "to keep what the law wants kept", keep), of("until", h.Patient, "to keep it no longer", keep),
			{Name: "reason", Class: h.Business, Whose: h.OfClinic, Purpose: "to prove why something was kept longer", Keep: keep, Sealed: true},
			of("asked_by", h.Staff, "to prove that two people decided", keep), of("approved_by", h.Staff, "to prove that two people decided", keep), of("ended_by", h.Staff, "to prove who lifted it", keep),
		}, plain("clinic_id", "id", "state", "asked_at", "approved_at", "ended_at", "version")...)},
		{Name: "retention_run", Scope: h.Clinic, Columns: plain("clinic_id", "day", "at", "ended_at", "gone", "ahead", "broken")},
		{Name: "retention_notice", Scope: h.Clinic, Columns: plain("clinic_id", "id", "class", "records", "noticed_at", "until_at", "mailed_at")},
		{Name: "closing", Scope: h.Clinic, Keeper: "retention", Life: law.Account, From: h.Leaving, Columns: append([]h.Column{
			of("asked_by", h.Staff, "to know which owner leaves", while), of("now_by", h.Staff, "to know which owner wants it sooner", while), of("second_by", h.Staff, "to know that a second owner agreed", while),
			{Name: "custodian", Class: h.Business, Whose: h.OfClinic, Purpose: "to know who answers for what a law wants kept", Keep: while, Sealed: true},
		}, plain("clinic_id", "asked_at", "goes_at", "remainder", "noticed_at", "now_at", "second_at", "version")...)},
		{Name: "clinic_gone", Scope: h.Platform, Columns: plain("clinic_id", "begun_at", "gone_at", "records")},
		{Name: "remainder", Scope: h.Platform, Columns: plain("place", "month", "action", "times")},
		{Name: "retention_clock", Scope: h.Platform, Columns: plain("id", "seen_at", "refused_at", "confirmed_at")},
		{Name: "suspension", Scope: h.Platform, Keeper: "retention", Life: law.Troubles, From: h.Ended, Columns: append([]h.Column{
			{Name: "words", Class: h.Business, Whose: h.OfClinic, Purpose: "to tell the clinic what has to change", Keep: keep, Sealed: true},
			of("asked_by", h.Staff, "to prove that two people decided", keep), of("approved_by", h.Staff, "to prove that two people decided", keep), of("lifted_by", h.Staff, "to prove who lifted it", keep),
		}, plain("id", "clinic_id", "state", "ground", "asked_at", "approved_at", "begins_at", "told_before", "told_after", "lifted_at", "version")...)},
	}
}
