package programs

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const (
		life   = "half a year after the token ended; that it was stays in the clinic's audit log"
		here   = "while the address is told of anything"
		told   = "30 days"
		random = "it is the hash of 256 random bits, which cannot be turned back"
	)
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	return []h.Table{
		{Name: "api_token", Scope: h.Clinic, Keeper: "programs", Life: law.Watch, From: h.Ended, Columns: append([]h.Column{
			{Name: "person_id", Class: h.Plain, Whose: h.Staff, Purpose: "to know who made the token, whose rights bound it", Keep: life},
			{Name: "name", Class: h.Business, Whose: h.OfClinic, Purpose: "to know which program it is for", Keep: life, Sealed: true},
			{Name: "token_hash", Class: h.Security, Whose: h.OfClinic, Purpose: "to know the token again", Keep: life, Why: random},
			{Name: "used_from", Class: h.Security, Whose: h.OfClinic, Purpose: "to notice a token in other hands; the network, not the address", Keep: life},
			{Name: "ended_by", Class: h.Plain, Whose: h.Staff, Purpose: "to know who ended it", Keep: life},
		}, plain("clinic_id", "id", "hint", "scopes", "created_at", "expires_at", "used_on", "ended_at", "told_at")...)},
		{Name: "webhook_endpoint", Scope: h.Clinic, Keeper: "programs", Life: law.Account, From: h.Leaving, Columns: append([]h.Column{
			{Name: "url", Class: h.Business, Whose: h.OfClinic, Purpose: "to tell the clinic's own program what happened", Keep: here, Sealed: true},
			{Name: "host", Class: h.Business, Whose: h.OfClinic, Purpose: "to say who is told, on the clinic's policy page", Keep: here},
			{Name: "secret", Class: h.Secret, Whose: h.OfClinic, Purpose: "to sign what is told", Keep: here, Sealed: true},
			{Name: "old_secret", Class: h.Secret, Whose: h.OfClinic, Purpose: "to sign with the earlier secret too", Keep: "a day after the secret was changed", Sealed: true},
			{Name: "created_by", Class: h.Plain, Whose: h.Staff, Purpose: "to know who added the address", Keep: here},
		}, plain("clinic_id", "id", "events", "old_until", "state", "reason", "state_at", "failing_since", "told_at", "busy_until", "created_at", "version")...)},
		{Name: "webhook_delivery", Scope: h.Clinic, Keeper: "programs", Life: law.Passing, From: h.Made, Columns: append([]h.Column{
			{Name: "subject_id", Class: h.Plain, Whose: h.Patient, Purpose: "to tell which appointment, patient or invoice it is about", Keep: told},
			{Name: "patient_id", Class: h.Plain, Whose: h.Patient, Purpose: "to tell whom it is about, and to take it back when she is erased", Keep: told, Leaves: []string{"clinic-programs"}},
		}, plain("clinic_id", "id", "endpoint_id", "event_id", "kind", "happened_at", "state", "due_at", "attempts", "answer", "reason", "tried_at")...)},
	}
}
