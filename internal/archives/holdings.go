package archives

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const (
		exported = "two years; that it was taken stays in the clinic's audit log"
		listed   = "30 days after the list was brought in, so that it can be taken back"
	)
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	return []h.Table{
		{Name: "arrival", Scope: h.Clinic, Columns: plain("clinic_id", "manifest", "signer", "canonical", "at_table", "at_row", "begun_at", "done_at")},
		{Name: "export_run", Scope: h.Clinic, Keeper: "archives", Life: law.Watch, From: h.Made, Columns: append([]h.Column{
			{Name: "person_id", Class: h.Plain, Whose: h.Staff, Purpose: "to know who took the clinic or a patient's copy along", Keep: exported},
			{Name: "patient_id", Class: h.Plain, Whose: h.Patient, Purpose: "to know whose copy was taken", Keep: exported},
		}, plain("clinic_id", "id", "state", "step", "rows_done", "size", "pieces", "canonical", "asked_at", "state_at", "ends_at", "taken_at", "takes")...)},
		{Name: "list_import", Scope: h.Clinic, Columns: append([]h.Column{
			{Name: "person_id", Class: h.Plain, Whose: h.Staff, Purpose: "to know who brought a list in", Keep: listed},
		}, plain("clinic_id", "id", "state", "columns", "order_of", "lines", "line_done", "made", "skipped", "kind", "remind", "added_at", "state_at", "version")...)},
		{Name: "list_line", Scope: h.Clinic, Keeper: "archives", Life: law.Passing, From: h.Made, Columns: append([]h.Column{
			{Name: "cells", Class: h.Identity, Whose: h.Patient, Purpose: "to bring a list in, line by line", Keep: "until the list was brought in, a week at most", Sealed: true},
			{Name: "made_id", Class: h.Plain, Whose: h.Patient, Purpose: "to take back what a list made", Keep: listed},
			{Name: "patient_id", Class: h.Plain, Whose: h.Patient, Purpose: "to know whose line of a list it is, so that it goes with her", Keep: listed},
		}, plain("clinic_id", "import_id", "number", "verdict", "faults")...)},
	}
}
