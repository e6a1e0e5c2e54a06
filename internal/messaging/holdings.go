package messaging

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// carriers are the parties that carry what is written to patients.
var carriers = []string{"smtp", "ses", "twilio", "msg91", "whatsapp"}

// Holdings are the tables of this room, column by column. The text of a message is no column: it is not kept.
func Holdings() []holdings.Table {
	const kept = "13 months after it was sent"
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
	own := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Business, Whose: holdings.OfClinic, Purpose: purpose, Keep: "while the clinic is with us"}
	}
	sealed := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Message, Whose: holdings.OfClinic, Purpose: purpose, Keep: "as long as the incident stands in the register", Sealed: true}
	}
	return []holdings.Table{
		{Name: "template", Scope: holdings.Clinic, Columns: append([]holdings.Column{own("subject", "to write to patients in the clinic's words").To(carriers...), own("body", "to write to patients in the clinic's words").To(carriers...)},
			plain("clinic_id", "kind", "channel", "language", "version", "created_at")...)},
		{Name: "message", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Events, From: holdings.Made, Columns: append([]holdings.Column{
			of("patient_id", "to know to whom a message went"), of("appointment_id", "to know what a message was about"),
			of("reached", "to know whether a message arrived"),
			{Name: "passport", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to prove why a message was sent", Keep: kept, Sealed: true},
			{Name: "provider_sealed", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to ask a provider about a message by its own id of it, which may hold a number", Keep: kept, Sealed: true},
		}, plain("clinic_id", "id", "occurrence", "rule_id", "kind", "channel", "starts_at", "provider_told", "purpose", "language", "template", "state", "reason", "attempts",
			"send_at", "sender", "provider_id", "state_at", "created_at", "channel_id", "reached_at", "parts", "pricing", "waits")...)},
		{Name: "message_event", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Events, From: holdings.Made, Columns: append([]holdings.Column{{Name: "state", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to know what became of a message", Keep: "180 days"}},
			plain("clinic_id", "message_id", "id", "at", "code")...)},
		{Name: "channel", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Account, From: holdings.Leaving, Columns: append([]holdings.Column{
			own("sender", "to say from which number or address the clinic writes"), own("last4", "to tell one secret from another"),
			{Name: "credentials", Leaves: []string{"twilio", "msg91", "whatsapp", "ses"}, Class: holdings.Secret, Whose: holdings.OfClinic, Purpose: "to send the clinic's own messages through its own account, and for nothing else", Keep: "until it is revoked", Sealed: true},
			{Name: "agreed_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to prove who agreed to the use of the account", Keep: "while the clinic is with us"},
		}, plain("clinic_id", "id", "kind", "provider", "state", "reason", "agreed_text", "tested_at", "state_at", "created_at", "version", "told_at", "listens", "listens_at")...)},
		// A bucket of pace is one of 16 million, of a sender, for minutes: it tells of nobody.
		{Name: "pace", Scope: holdings.Platform, Columns: plain("account", "bucket", "free_at")},
		{Name: "channel_use", Scope: holdings.Clinic, Columns: plain("clinic_id", "channel_id", "day", "sent", "failed", "received")},
		{Name: "statutory_key", Scope: holdings.Clinic, Columns: plain("clinic_id", "month", "key_id", "made_at", "destroyed_at")},
		{Name: "statutory_copy", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Events, From: holdings.Made, Columns: append([]holdings.Column{
			{Name: "body", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to keep for a year what the law of India wants kept, where nobody sees it", Keep: "one year after the message; the key goes with the last of its month", Sealed: true},
		}, plain("clinic_id", "id", "month", "at")...)},
		{Name: "heard", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Letters, From: holdings.Made, Columns: append([]holdings.Column{
			{Name: "event", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to act on what a provider reports, and to show the clinic what a patient answered", Keep: "until it was dealt with, a day at most", Sealed: true},
		}, plain("clinic_id", "channel_id", "key", "id", "news", "heard_at", "done_at")...)},
		{Name: "message_setting", Scope: holdings.Clinic, Columns: append([]holdings.Column{own("content", "to keep of conversations what the clinic chose, and no more")},
			plain("clinic_id", "days", "ways", "opens", "version")...)},
		{Name: "security_text", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Troubles, From: holdings.Ended, Columns: append([]holdings.Column{sealed("subject", "to tell patients what happened to their data").To(carriers...), sealed("body", "to tell patients what happened to their data").To(carriers...)},
			plain("clinic_id", "id", "incident_id", "language", "version")...)},
		{Name: "contact_proof", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Passing, From: holdings.Ended, Columns: append([]holdings.Column{
			{Name: "patient_id", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to know whose address is to be proved", Keep: "seven days"},
			{Name: "address", Class: holdings.Contact, Whose: holdings.Patient, Purpose: "to see that an address is hers before it stands on file", Keep: "seven days", Sealed: true, Leaves: carriers},
			{Name: "code", Class: holdings.Secret, Whose: holdings.Patient, Purpose: "to see that an address is hers before it stands on file", Keep: "seven days", Sealed: true, Leaves: carriers},
		}, plain("clinic_id", "id", "channel", "tries", "ends_at")...)},
		{Name: "wish", Scope: holdings.Clinic, Keeper: "messaging", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			{Name: "patient_id", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to write to a patient the way she wishes", Keep: "until she is deleted"},
			{Name: "channel", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to write to a patient the way she wishes", Keep: "until she is deleted"},
		}, plain("clinic_id", "set_at")...)},
		{Name: "thread", Scope: holdings.Clinic, Keeper: "messaging", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			of("patient_id", "to know with whom the clinic talks"), of("wrote_at", "to know until when she can be answered freely"),
			{Name: "assigned", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who answers", Keep: "while the conversation is there"},
		}, plain("clinic_id", "id", "state", "unread", "channel", "last_at", "created_at", "version")...)},
		{Name: "correspondent", Scope: holdings.Clinic, Keeper: "messaging", Life: law.People, From: holdings.Leaving, Columns: append([]holdings.Column{
			of("patient_id", "to know who writes"),
			{Name: "peer", Class: holdings.Security, Whose: holdings.Patient, Purpose: "to find who writes, without storing her number", Keep: "until she is deleted"},
			{Name: "address", Class: holdings.Contact, Whose: holdings.Patient, Purpose: "to answer where she wrote from", Keep: "until she is deleted", Sealed: true, Leaves: carriers},
		}, plain("clinic_id", "channel_id", "thread_id", "wrote_at", "closed_at")...)},
		{Name: "post", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Texts, From: holdings.Made, Columns: append([]holdings.Column{
			of("patient_id", "to know whose conversation it is"),
			{Name: "body", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to send and to read again what was said, where the clinic chose to keep it; and the clinic's own notes, which leave for nobody", Keep: "as long as the clinic chose; 13 months at most", Sealed: true, Leaves: carriers},
			{Name: "theirs", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to ask a provider to erase what a patient wrote, by its own id of it", Keep: "as long as the line; 13 months at most", Sealed: true},
			{Name: "author", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who answered", Keep: kept},
		}, plain("clinic_id", "thread_id", "id", "way", "kind", "channel_id", "channel", "at", "message_id", "heard_id", "until")...)},
		{Name: "attached", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Texts, From: holdings.Made, Columns: append([]holdings.Column{
			of("patient_id", "to know whose file it is"), of("kind", "to say that a file came"), of("state", "to say what became of a file"),
			{Name: "about", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to fetch a file that a patient sent, and to say what she called it", Keep: "as long as the clinic chose; 13 months at most", Sealed: true},
			{Name: "theirs", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to ask a provider to erase a file that a patient sent, by its own id of it", Keep: "as long as the line that it came with; 13 months at most", Sealed: true},
			{Name: "body", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to look at what a patient sent, where the clinic chose to keep what is said", Keep: "as long as the clinic chose; 13 months at most", Sealed: true},
		}, plain("clinic_id", "id", "thread_id", "post_id", "channel_id", "place", "reason", "type", "size", "tries", "due_at", "at", "until")...)},
		{Name: "peer_bucket", Scope: holdings.Clinic, Keeper: "messaging", Life: law.Letters, From: holdings.Seen, Columns: append([]holdings.Column{
			{Name: "bucket", Class: holdings.Security, Whose: holdings.Patient, Purpose: "to find a conversation by the number that wrote, without storing the number", Keep: "until it is known who wrote"},
		}, plain("clinic_id", "thread_id")...)},
		{Name: "strange", Scope: holdings.Clinic, Columns: plain("clinic_id", "channel_id", "day", "count", "last_at", "last_kind")},
		{Name: "canned", Scope: holdings.Clinic, Columns: append([]holdings.Column{own("title", "to answer in the clinic's words"), own("body", "to answer in the clinic's words")},
			plain("clinic_id", "id", "created_at", "version")...)},
		{Name: "approval", Scope: holdings.Clinic, Columns: append([]holdings.Column{own("body", "to know which text a provider approved")},
			plain("clinic_id", "channel_id", "name", "language", "id", "kind", "text", "ref", "state", "reason", "class", "asked_at", "state_at")...)},
	}
}
