package followup

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column. Rules and due rows hold ids and moments only; a due
// row of an erased patient finds no appointment and is cleared at its moment.
func Holdings() []holdings.Table {
	const kept = "two years after it was said"
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
		{Name: "reminder_rule", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "kind", "channel", "minutes_before", "active", "created_at", "version",
			"days_after", "at_minute", "service_id", "buffer_days")},
		{Name: "reminder_due", Scope: holdings.Clinic, Columns: plain("clinic_id", "due_at", "appointment_id", "occurrence", "rule_id")},
		{Name: "followup_due", Scope: holdings.Clinic, Keeper: "followup", Life: law.Passing, From: holdings.Ended, Columns: append([]holdings.Column{
			{Name: "appointment_id", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to write after a visit to those who agreed to it", Keep: "until it was written"},
		}, plain("clinic_id", "due_at", "occurrence", "rule_id")...)},
		{Name: "feedback", Scope: holdings.Clinic, Keeper: "followup", Life: law.Opinions, From: holdings.Made, Columns: append([]holdings.Column{
			of("patient_id", "to know who said it"), of("appointment_id", "to know of which visit it was said"),
			of("stars", "to know how a visit was, and to look after complaints"), of("followed_at", "to know whether it was said in public too"),
			{Name: "words", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to know how a visit was, and to look after complaints", Keep: kept, Sealed: true},
			{Name: "settled_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who looked after a complaint", Keep: kept},
		}, plain("clinic_id", "id", "given_at", "settled_at")...)},
		{Name: "review_link", Scope: holdings.Clinic, Columns: append([]holdings.Column{
			{Name: "url", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to show patients where they can review the clinic in public", Keep: "while the clinic is with us"},
		}, plain("clinic_id", "changed_at", "version")...)},
	}
}
