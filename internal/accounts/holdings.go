package accounts

import (
	h "almirah/internal/holdings"
	"almirah/internal/law"
)

// passing are the tables whose rows go before the account does.
var passing = map[string]struct {
	life law.Class
	from h.Trigger
}{
	"session": {law.Passing, h.Ended}, "known_device": {law.Watch, h.Seen}, "throttle": {law.Passing, h.Seen}, "sign_in_event": {law.Passing, h.Made},
	"challenge": {law.Passing, h.Ended}, "invitation": {law.Passing, h.Ended}, "one_time_link": {law.Passing, h.Ended}, "outgoing_mail": {law.Passing, h.Made},
}

// Holdings are the tables of this room, column by column.
func Holdings() []h.Table {
	const account = "while the account exists; 48 hours when its address is never confirmed"
	const factor = "until it is taken away; a code app that was never confirmed: an hour"
	plain := func(names ...string) []h.Column {
		var out []h.Column
		for _, n := range names {
			out = append(out, h.Column{Name: n, Class: h.Plain, Whose: h.Nobody})
		}
		return out
	}
	sealed := func(name string, class h.Class, purpose, keep string, leaves ...string) h.Column {
		return h.Column{Name: name, Class: class, Whose: h.Staff, Purpose: purpose, Keep: keep, Sealed: true, Leaves: leaves}
	}
	guard := func(name, purpose, keep string) h.Column {
		return h.Column{Name: name, Class: h.Security, Whose: h.Staff, Purpose: purpose, Keep: keep}
	}
	table := func(name string, columns []h.Column, rest ...string) h.Table {
		t := h.Table{Name: name, Scope: h.Platform, Columns: append(columns, plain(rest...)...)}
		if t.Personal() {
			t.Keeper, t.Life, t.From = "accounts", law.Account, h.Leaving
			if over, ok := passing[name]; ok {
				t.Life, t.From = over.life, over.from
			}
		}
		return t
	}
	return []h.Table{
		table("person", []h.Column{
			guard("email_token", "to find the account at sign-in", account),
			sealed("email", h.Contact, "to write about the account", account, "smtp"),
			sealed("name", h.Identity, "to say who does what in the clinic", account, "smtp"),
			sealed("phone", h.Contact, "to reach the person about the account", account),
			sealed("job_title", h.Identity, "to say who does what in the clinic", account),
			{Name: "password", Class: h.Secret, Whose: h.Staff, Purpose: "to check the password at sign-in", Keep: account,
				Why: "is an Argon2id hash with its own salt: it is compared, never opened"},
		}, "id", "language", "theme", "shortcuts", "verified_at", "disabled_at", "created_at", "version"),
		table("membership", nil, "clinic_id", "person_id", "role", "provider_id", "ended_at", "created_at", "version"),
		table("session", []h.Column{
			guard("token_hash", "to recognise the browser", "12 hours at most"), guard("csrf", "to recognise the browser's own forms", "12 hours at most"),
			sealed("device", h.Security, "to show where one is signed in", "12 hours at most"),
		}, "id", "person_id", "clinic_id", "created_at", "seen_at", "expires_at", "level", "proved_at"),
		table("authenticator", []h.Column{
			sealed("name", h.Security, "to tell one's passkeys apart", factor),
			sealed("secret", h.Secret, "to check codes and passkeys at sign-in", factor),
			guard("handle", "to find the owner of a passkey at sign-in", factor),
		}, "person_id", "id", "kind", "used_step", "created_at", "confirmed_at", "used_at"),
		table("recovery_code", []h.Column{guard("code_hash", "to recognise a recovery code", factor)}, "person_id", "created_at", "used_at"),
		table("challenge", []h.Column{
			guard("hash", "to recognise what a passkey signed", "5 minutes"),
			sealed("body", h.Security, "to check what a passkey signed", "5 minutes"),
		}, "id", "kind", "person_id", "session_id", "expires_at"),
		table("known_device", []h.Column{guard("mark", "to recognise a browser and tell of a new one", "180 days after its last sign-in")}, "person_id", "first_at", "seen_at"),
		table("sign_in_event", []h.Column{guard("kind", "to show that somebody tries to get in", "30 days"), guard("at", "to show when", "30 days")}, "id", "person_id"),
		table("confidentiality_text", nil, "digest", "text", "kept_at"),
		table("document_text", nil, "digest", "kind", "text", "kept_at", "from_at"),
		table("told_once", nil, "what", "person_id", "at"),
		table("confidentiality", []h.Column{sealed("signer", h.Identity, "to prove that she promised to keep silent", "six years after she left")}, "person_id", "digest", "signed_at"),
		table("sign_in_rule", nil, "clinic_id", "everybody", "idle", "version"),
		table("invitation", []h.Column{
			guard("token_hash", "to recognise the link", "30 days after its end"), guard("email_token", "to bind the invitation to its address", "30 days after its end"),
			sealed("email", h.Contact, "to send the invitation", "30 days after its end", "smtp"),
		}, "id", "clinic_id", "role", "provider_id", "invited_by", "created_at", "expires_at", "used_at"),
		table("one_time_link", []h.Column{guard("token_hash", "to recognise the link", "7 days after its end")},
			"kind", "person_id", "created_at", "expires_at", "used_at"),
		table("acceptance", nil, "person_id", "document", "version", "accepted_at"),
		table("throttle", []h.Column{guard("bucket", "to slow down guessing", "30 days after the last try; a locked account until it is reset")},
			"failures", "until", "seen_at"),
		table("outgoing_mail", []h.Column{sealed("body", h.Message, "to send the mail", "until it is sent", "smtp")},
			"id", "person_id", "kind", "state", "attempts", "due_at", "created_at"),
		table("helper", nil, "person_id", "role", "added_at", "ended_at"),
		table("mail_choice", nil, "person_id", "list", "wanted", "changed_at"),
		table("ownership_transfer", nil, "id", "clinic_id", "from_id", "to_id", "stays_as", "state", "offered_at", "accepted_at", "settled_at", "version"),
	}
}
