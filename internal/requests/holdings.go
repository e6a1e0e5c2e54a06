package requests

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column. None of them has a place for a fee.
func Holdings() []h.Table {
	const keep = "six years after the answer, or after it was closed because nobody could make sure who asked; without the name of who was deleted"
	const while = "while the patient is with the clinic"
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
	sealed := func(name string, class h.Class, purpose, keep string) h.Column {
		return h.Column{Name: name, Class: class, Whose: h.Patient, Purpose: purpose, Keep: keep, Sealed: true}
	}
	return []h.Table{
		{Name: "data_request", Scope: h.Clinic, Keeper: "requests", Life: law.Answers, From: h.Ended, Columns: append([]h.Column{
			of("patient_id", h.Patient, "to answer the person who asks", keep), of("kind", h.Patient, "to know what she asks", keep), of("did", h.Patient, "to prove what the answer did", keep), of("was_kind", h.Patient, "to prove what was written down at first", keep), of("outcome", h.Patient, "to prove how she was answered", keep),
			of("ground", h.Patient, "to prove on which ground something was refused", keep), of("proved_by", h.Staff, "to prove who made sure who asks", keep), of("decided_by", h.Staff, "to prove who answered", keep),
			sealed("words", h.Message, "to know what she asks", keep), sealed("contact", h.Contact, "to find out who asks", "until it is known, or the request is closed because nobody could"), sealed("why", h.Message, "to prove why something was refused", keep),
		}, plain("clinic_id", "id", "door", "asker", "state", "law", "came_at", "known_at", "proof", "thread_id", "due_at", "confirm_due", "confirmed_at", "longer_at", "decided_at", "told_at", "told_by", "erase_at", "kind_at",
			"warned", "mailed", "version")...)},
		{Name: "data_statement", Scope: h.Clinic, Keeper: "requests", Life: law.People, From: h.Leaving, Columns: append([]h.Column{
			of("patient_id", h.Patient, "to show her words beside her data", while), sealed("words", h.Care, "to show her words beside data that she contests", while),
		}, plain("clinic_id", "id", "about", "at", "ended_at")...)},
		{Name: "nominee", Scope: h.Clinic, Keeper: "requests", Life: law.People, From: h.Leaving, Columns: append([]h.Column{
			of("patient_id", h.Patient, "to know for whom somebody may act", while), sealed("name", h.Identity, "to know who acts for her when she cannot", while), sealed("contact", h.Contact, "to reach who acts for her when she cannot", while),
		}, plain("clinic_id", "id", "at", "ended_at")...)},
		{Name: "young_found", Scope: h.Clinic, Keeper: "requests", Life: law.People, From: h.Leaving, Columns: append([]h.Column{
			of("patient_id", h.Patient, "to delete a child's data for whom nobody speaks", "14 days, or until somebody speaks for her"),
		}, plain("clinic_id", "found_at", "delete_at", "mailed_at")...)},
		{Name: "request_setting", Scope: h.Clinic, Columns: plain("clinic_id", "staff_names")},
		{Name: "link_asked", Scope: h.Clinic, Keeper: "requests", Life: law.Passing, From: h.Made, Columns: append([]h.Column{
			{Name: "contact", Class: h.Contact, Whose: h.Patient, Purpose: "to send somebody her own link, where she is on file", Keep: "moments; a day at most", Sealed: true},
		}, plain("clinic_id", "id", "at")...)},
	}
}
