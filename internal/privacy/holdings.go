package privacy

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const proof = "until the last hold has ended, and then as long as answers to requests"
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	return []h.Table{
		{Name: "erasure", Scope: h.Clinic, Keeper: "privacy", Life: law.Answers, From: h.Ended, Columns: append([]h.Column{
			{Name: "patient_id", Class: h.Plain, Whose: h.Patient, Purpose: "to erase again whoever comes back with a backup: an id that leads nowhere", Keep: proof},
			{Name: "by_id", Class: h.Plain, Whose: h.Staff, Purpose: "to prove who erased", Keep: proof},
		}, plain("clinic_id", "id", "reason", "erased_at", "first_at", "first", "second_at", "second", "bridged")...)},
		{Name: "erasure_hold", Scope: h.Clinic, Columns: plain("clinic_id", "id", "erasure_id", "class", "last_day", "source", "number", "sealed", "noticed_at", "ended_at")},
		{Name: "held_part", Scope: h.Clinic, Keeper: "privacy", Life: law.Clinical, From: h.Visit, Columns: append([]h.Column{
			{Name: "body", Class: h.Care, Whose: h.Patient, Purpose: "because a law wants it kept", Keep: "until the last day that the law names, and not a day longer", Sealed: true},
		}, plain("clinic_id", "id", "hold_id", "part")...)},
		{Name: "erasure_carrier", Scope: h.Clinic, Columns: plain("clinic_id", "id", "erasure_id", "carrier", "number", "asked_at")},
		{Name: "erasure_ask", Scope: h.Clinic, Keeper: "privacy", Life: law.Answers, From: h.Ended, Columns: append([]h.Column{
			{Name: "what", Class: h.Message, Whose: h.Patient, Purpose: "to ask a carrier to erase what it keeps, by its own id of it", Keep: "until it was erased there, or a letter about it was sent", Sealed: true},
			{Name: "by_id", Class: h.Plain, Whose: h.Staff, Purpose: "to prove who says that a letter was sent", Keep: proof},
		}, plain("clinic_id", "id", "erasure_id", "carrier", "account_id", "file", "state", "code", "tries", "due_at", "asked_at", "state_at")...)},
		{Name: "custody", Scope: h.Platform, Keeper: "privacy", Life: law.Clinical, From: h.Visit, Columns: append([]h.Column{
			{Name: "answers", Class: h.Business, Whose: h.OfClinic, Purpose: "to know who answers for what a law wants kept of a clinic that has gone", Keep: "until the last day of what is held, 90 days when nothing is", Sealed: true},
		}, plain("clinic_id", "zone", "last_day", "closed_at", "bridged", "certificate")...)},
		{Name: "custody_hold", Scope: h.Platform, Columns: plain("clinic_id", "id", "class", "last_day", "source", "number", "ended_at")},
		{Name: "custody_part", Scope: h.Platform, Keeper: "privacy", Life: law.Clinical, From: h.Visit, Columns: append([]h.Column{
			{Name: "body", Class: h.Care, Whose: h.Patient, Purpose: "because a law wants it kept though the clinic has gone", Keep: "until the last day that the law names, and not a day longer", Sealed: true},
		}, plain("clinic_id", "id", "hold_id", "part")...)},
	}
}
