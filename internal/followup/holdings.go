package followup

import "almirah/internal/holdings"

// Holdings are the tables of this room, column by column. They hold ids and moments only; a due
// row of an erased patient finds no appointment and is cleared at its moment.
func Holdings() []holdings.Table {
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	return []holdings.Table{
		{Name: "reminder_rule", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "kind", "channel", "minutes_before", "active", "created_at", "version")},
		{Name: "reminder_due", Scope: holdings.Clinic, Columns: plain("clinic_id", "due_at", "appointment_id", "occurrence", "rule_id")},
	}
}
