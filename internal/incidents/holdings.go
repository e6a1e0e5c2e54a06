package incidents

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const keep = "six years after the incident was closed"
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	of := func(name string, whose h.Whose, purpose string) h.Column {
		return h.Column{Name: name, Class: h.Plain, Whose: whose, Purpose: purpose, Keep: keep}
	}
	words := func(name, purpose string) h.Column {
		return h.Column{Name: name, Class: h.Business, Whose: h.OfClinic, Purpose: purpose, Keep: keep, Sealed: true}
	}
	return []h.Table{
		{Name: "incident", Scope: h.Clinic, Keeper: "incidents", Life: law.Troubles, From: h.Ended, Columns: append([]h.Column{
			of("person_id", h.Staff, "to know whose sign-in was misused"), of("opened_by", h.Staff, "to ask who reported it"), of("decided_by", h.Staff, "to prove who decided"),
			of("closed_by", h.Staff, "to prove who closed it"), of("signed_by", h.Staff, "to prove who looked at it a second time"),
			words("words", "to know what happened"), words("why", "to prove why somebody was told, or not"), words("lessons", "to do better"),
		}, plain("clinic_id", "id", "cause", "rule", "state", "session_id", "processor", "from_at", "to_at", "times", "found_at", "last_at", "aware_at", "mailed_at", "computed_at", "erased", "notifiable",
			"decided_at", "closed_at", "signed_at", "version")...)},
		{Name: "incident_patient", Scope: h.Clinic, Keeper: "incidents", Life: law.Troubles, From: h.Ended, Columns: append([]h.Column{
			of("patient_id", h.Patient, "to tell a patient what happened to her data"), of("acts", h.Patient, "to tell a patient what was done with her data"),
			of("classes", h.Patient, "to tell a patient which data"), of("told_at", h.Patient, "to tell her once"), of("told_by", h.Patient, "to prove how she was told"),
		}, plain("clinic_id", "id", "incident_id", "first_at", "last_at", "entries")...)},
		{Name: "incident_step", Scope: h.Clinic, Keeper: "incidents", Life: law.Troubles, From: h.Ended, Columns: append([]h.Column{
			of("person_id", h.Staff, "to prove who did it"), words("words", "to prove what was handed over, and to whom"),
		}, plain("clinic_id", "id", "incident_id", "kind", "duty", "at")...)},
		{Name: "platform_incident", Scope: h.Platform, Keeper: "incidents", Life: law.Troubles, From: h.Ended, Columns: append([]h.Column{
			of("person_id", h.Staff, "to know who wrote it down"), of("closed_by", h.Staff, "to prove who closed it"),
			{Name: "words", Class: h.Business, Whose: h.Nobody, Purpose: "to know what happened", Keep: keep, Sealed: true}, {Name: "lessons", Class: h.Business, Whose: h.Nobody, Purpose: "to do better", Keep: keep, Sealed: true},
		}, plain("id", "cause", "rule", "state", "processor", "from_at", "to_at", "times", "found_at", "last_at", "aware_at", "mailed_at", "closed_at", "version")...)},
		{Name: "platform_incident_clinic", Scope: h.Platform, Columns: plain("incident_id", "clinic_id", "told_at")},
	}
}
