package support

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const (
		grants  = "two years after it was asked for; that it was stays in the clinic's audit log"
		tickets = "a year after the ticket was closed; at once when the account of who wrote it goes"
	)
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	sealed := func(name string, class h.Class, purpose, keep string) h.Column {
		return h.Column{Name: name, Class: class, Whose: h.Staff, Purpose: purpose, Keep: keep, Sealed: true}
	}
	of := func(name string, whose h.Whose, purpose, keep string) h.Column {
		return h.Column{Name: name, Class: h.Plain, Whose: whose, Purpose: purpose, Keep: keep}
	}
	return []h.Table{
		{Name: "support_grant", Scope: h.Clinic, Keeper: "support", Life: law.Help, From: h.Ended, Columns: append([]h.Column{
			of("helper_id", h.Staff, "to know who of support was let in", grants),
			sealed("helper_name", h.Identity, "to show the clinic who asks, and who looks", grants),
			sealed("reason", h.Message, "to show the clinic why somebody asks", grants),
			of("patient_id", h.Patient, "to know whose record was opened to support", grants),
			of("decided_by", h.Staff, "to know who let support in", grants),
			of("ended_by", h.Staff, "to know who ended it", grants),
			of("reviewed_by", h.Staff, "to know who looked back at an emergency", grants),
		}, plain("clinic_id", "id", "scopes", "minutes", "emergency", "state", "asked_at", "decided_at", "ends_at", "ended_at", "reviewed_at")...)},
		{Name: "support_asked", Scope: h.Platform, Columns: plain("person_id", "clinic_id", "asked_at")},
		{Name: "support_seat", Scope: h.Platform, Columns: plain("session_id", "person_id", "clinic_id", "grant_id", "taken_at")},
		{Name: "ticket", Scope: h.Platform, Keeper: "support", Life: law.Help, From: h.Ended, Columns: append([]h.Column{
			of("person_id", h.Staff, "to answer who asked", tickets),
			sealed("subject", h.Message, "to help the clinic", tickets),
		}, plain("id", "clinic_id", "kind", "page", "state", "opened_at", "changed_at", "version")...)},
		{Name: "ticket_line", Scope: h.Platform, Keeper: "support", Life: law.Help, From: h.Ended, Columns: append([]h.Column{
			of("person_id", h.Staff, "to know who said it", tickets),
			sealed("words", h.Message, "to help the clinic", tickets),
		}, plain("id", "ticket_id", "from_us", "said_at")...)},
		{Name: "service_notice", Scope: h.Platform, Columns: plain("id", "kind", "texts", "starts_at", "ends_at", "published_at", "withdrawn_at", "mailed_to", "mailed_at")},
	}
}
