package oversight

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const signed, found = "while the clinic is with us", "two years after it was settled"
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	words := func(keep string) holdings.Column {
		return holdings.Column{Name: "words", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to know why somebody looked, and what was found", Keep: keep, Sealed: true}
	}
	of := func(name string, whose holdings.Whose, purpose, keep string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Plain, Whose: whose, Purpose: purpose, Keep: keep}
	}
	return []holdings.Table{
		{Name: "oversight_review", Scope: holdings.Clinic, Columns: append([]holdings.Column{words(signed), of("by_id", holdings.Staff, "to know who looked through the log", signed)},
			plain("clinic_id", "id", "from_day", "to_day", "entries", "unsettled", "head", "at")...)},
		{Name: "oversight_finding", Scope: holdings.Clinic, Keeper: "oversight", Life: law.Watch, From: holdings.Ended, Columns: append([]holdings.Column{words(found),
			of("person_id", holdings.Staff, "to know who looked", found), of("patient_id", holdings.Patient, "to know at whom somebody looked", found),
			of("closed_by", holdings.Staff, "to know who settled it", found)}, plain("clinic_id", "id", "rule", "day", "count", "usual", "found_at", "closed_at", "version")...)},
		{Name: "oversight_count", Scope: holdings.Clinic, Columns: append([]holdings.Column{of("person_id", holdings.Staff, "to know what is usual for her", "90 days")}, plain("clinic_id", "day", "opened")...)},
		{Name: "duty_done", Scope: holdings.Platform, Columns: append([]holdings.Column{of("by_id", holdings.Staff, "to know who signed that something was looked at", "seven years after it was signed"),
			{Name: "report", Class: holdings.Business, Whose: holdings.Nobody, Purpose: "to know where the report of a review lies", Keep: "seven years after it was signed"}}, plain("id", "kind", "day", "seen", "at")...)},
		{Name: "oversight_state", Scope: holdings.Clinic, Columns: plain("clinic_id", "examined")},
		{Name: "oversight_mail", Scope: holdings.Clinic, Columns: append([]holdings.Column{of("person_id", holdings.Staff, "to know who wants the head of the log by mail", signed)}, plain("clinic_id", "wanted", "sent_at")...)},
	}
}
