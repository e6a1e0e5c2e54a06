package messaging

import "almirah/internal/holdings"

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
	return []holdings.Table{
		{Name: "template", Scope: holdings.Clinic, Columns: append([]holdings.Column{own("subject", "to write to patients in the clinic's words"), own("body", "to write to patients in the clinic's words")},
			plain("clinic_id", "kind", "channel", "language", "version", "created_at")...)},
		{Name: "message", Scope: holdings.Clinic, Keeper: "messaging", Columns: append([]holdings.Column{
			of("patient_id", "to know to whom a message went"), of("appointment_id", "to know what a message was about"),
			of("reached", "to know whether a message arrived"),
			{Name: "passport", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to prove why a message was sent", Keep: kept, Sealed: true},
		}, plain("clinic_id", "id", "occurrence", "rule_id", "kind", "channel", "starts_at", "provider_told", "purpose", "language", "template", "state", "reason", "attempts",
			"send_at", "sender", "provider_id", "state_at", "created_at", "channel_id", "reached_at")...)},
		{Name: "message_event", Scope: holdings.Clinic, Keeper: "messaging", Columns: append([]holdings.Column{of("state", "to know what became of a message")},
			plain("clinic_id", "message_id", "id", "at", "code")...)},
		{Name: "channel", Scope: holdings.Clinic, Keeper: "messaging", Columns: append([]holdings.Column{
			own("sender", "to say from which number or address the clinic writes"), own("last4", "to tell one secret from another"),
			{Name: "credentials", Leaves: []string{"twilio", "msg91", "whatsapp", "ses"}, Class: holdings.Secret, Whose: holdings.OfClinic, Purpose: "to send the clinic's own messages through its own account, and for nothing else", Keep: "until it is revoked", Sealed: true},
			{Name: "agreed_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to prove who agreed to the use of the account", Keep: "while the clinic is with us"},
		}, plain("clinic_id", "id", "kind", "provider", "state", "reason", "agreed_text", "tested_at", "state_at", "created_at", "version")...)},
		{Name: "channel_use", Scope: holdings.Clinic, Keeper: "messaging", Columns: plain("clinic_id", "channel_id", "day", "sent", "failed", "received")},
		{Name: "heard", Scope: holdings.Clinic, Keeper: "messaging", Columns: append([]holdings.Column{
			{Name: "event", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to act on what a provider reports, and to show the clinic what a patient answered", Keep: "until it was dealt with, a day at most", Sealed: true},
		}, plain("clinic_id", "channel_id", "key", "id", "news", "heard_at", "done_at")...)},
	}
}
