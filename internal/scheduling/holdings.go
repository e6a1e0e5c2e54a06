package scheduling

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

const (
	whilePatient = "while the patient is with the clinic"
	whileClinic  = "while the clinic is open"
)

func plain(names ...string) []holdings.Column {
	out := make([]holdings.Column, len(names))
	for i, n := range names {
		out[i] = holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody}
	}
	return out
}

func sealedOf(whose holdings.Whose, class holdings.Class, name, purpose, keep string) holdings.Column {
	return holdings.Column{Name: name, Class: class, Whose: whose, Purpose: purpose, Keep: keep, Sealed: true}
}

// carriers are the parties that carry confirmations and reminders, which say when, what for and with whom.
var carriers = []string{"smtp", "ses", "twilio", "msg91", "whatsapp"}

// Holdings are the columns of this room.
func Holdings() []holdings.Table {
	return []holdings.Table{
		{Name: "provider", Scope: holdings.Clinic, Keeper: "scheduling", Life: law.Account, From: holdings.Leaving, Columns: append(plain("clinic_id", "id", "show_speciality", "show_qualification",
			"show_registration", "show_about", "online", "colour", "position", "weekly", "daily_cap", "retired_at", "created_at", "version"),
			sealedOf(holdings.Staff, holdings.Identity, "name", "to tell patients and colleagues who has the time", whileClinic).To(carriers...),
			holdings.Column{Name: "speciality", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to choose the right practitioner", Keep: whileClinic},
			sealedOf(holdings.Staff, holdings.Identity, "qualification", "to tell patients what she is trained in, where she allows it", whileClinic),
			sealedOf(holdings.Staff, holdings.Identity, "registration_no", "to show that she may practise", whileClinic),
			sealedOf(holdings.Staff, holdings.Identity, "about", "to introduce her to patients, where she allows it", whileClinic))},
		{Name: "hours_change", Scope: holdings.Clinic, Columns: plain("clinic_id", "provider_id", "day", "open", "intervals")},
		{Name: "leave", Scope: holdings.Clinic, Keeper: "scheduling", Life: law.Account, From: holdings.Leaving, Columns: append(plain("clinic_id", "provider_id", "id", "starts_at", "ends_at", "created_at"),
			sealedOf(holdings.Staff, holdings.Identity, "reason", "to remember why she is away", "400 days after the leave"))},
		{Name: "closure", Scope: holdings.Clinic, Columns: append(plain("clinic_id", "id", "starts_at", "ends_at", "created_at"),
			holdings.Column{Name: "name", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to say why the clinic is closed", Keep: whileClinic})},
		{Name: "service", Scope: holdings.Clinic, Columns: append(plain("clinic_id", "id", "duration", "buffer_before", "buffer_after", "show_price", "online", "position", "retired_at", "created_at", "version"),
			holdings.Column{Name: "name", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to choose what to book", Keep: whileClinic}.To(carriers...),
			holdings.Column{Name: "about", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to choose what to book", Keep: whileClinic},
			holdings.Column{Name: "price", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to know what it costs", Keep: whileClinic})},
		{Name: "service_provider", Scope: holdings.Clinic, Columns: plain("clinic_id", "service_id", "provider_id")},
		{Name: "appointment", Scope: holdings.Clinic, Keeper: "scheduling", Life: law.People, From: holdings.Leaving, Columns: append(plain("clinic_id", "id", "patient_id", "provider_id", "service_id", "ends_at",
			"claims_from", "claims_to", "day", "status", "lane", "occurrence", "sequence", "door", "language", "status_at", "created_at", "version"),
			holdings.Column{Name: "starts_at", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to know and to say when the patient comes", Keep: whilePatient}.To(carriers...),
			sealedOf(holdings.Patient, holdings.Message, "note", "to prepare the visit", whilePatient),
			sealedOf(holdings.Patient, holdings.Message, "overbook_reason", "to say why two patients share a time", whilePatient))},
		{Name: "claims", Scope: holdings.Clinic, Columns: plain("clinic_id", "resource_id", "grain", "lane", "appointment_id", "held_until")},
		{Name: "booking_count", Scope: holdings.Clinic, Columns: plain("clinic_id", "month", "action", "times")},
		{Name: "booking_log", Scope: holdings.Clinic, Keeper: "scheduling", Life: law.BookingLog, From: holdings.Made, Columns: plain("clinic_id", "appointment_id", "id", "at", "action", "role", "actor_id", "starts_at", "provider_id", "status")},
		{Name: "patient_link", Scope: holdings.Clinic, Keeper: "scheduling", Life: law.Passing, From: holdings.Ended, Columns: append(plain("clinic_id", "patient_id", "appointment_id", "created_at", "expires_at", "revoked_at", "wide"),
			sealedOf(holdings.Patient, holdings.Contact, "shown", "to show whoever booked what she typed, masked", "30 days after the visit"),
			holdings.Column{Name: "token_hash", Class: holdings.Security, Whose: holdings.Patient, Purpose: "to know the patient's own link again", Keep: "30 days after the visit",
				Why: "it is the hash of 128 random bits, which cannot be turned back"})},
		{Name: "idempotency", Scope: holdings.Clinic, Columns: append(plain("clinic_id", "created_at"),
			holdings.Column{Name: "key_hash", Class: holdings.Security, Whose: holdings.Nobody, Purpose: "to know a repeated request again", Keep: "48 hours"},
			holdings.Column{Name: "request_hash", Class: holdings.Security, Whose: holdings.Nobody, Purpose: "to tell a repeated request from another", Keep: "48 hours"},
			holdings.Column{Name: "answer", Class: holdings.Secret, Whose: holdings.Nobody, Purpose: "to answer a repeated request the same", Keep: "48 hours", Sealed: true})},
	}
}
