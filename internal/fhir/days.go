package fhir

import (
	"almirah/internal/archives"
)

func schedule(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	return list(resource("Schedule", "schedule-"+r.Text("id"), thing{"active": r.Number("retired_at") == 0, "actor": list(ref("Practitioner", r.Text("id"), r.Text("name")))}))
}

func slot(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	status := "busy"
	if r.Text("status") == "cancelled" {
		status = "free"
	}
	return list(resource("Slot", "slot-"+r.Text("id"), thing{"schedule": ref("Schedule", "schedule-"+r.Text("provider_id"), ""), "status": status, "start": at(r.Number("starts_at")), "end": at(r.Number("ends_at")),
		"overbooked": r.Number("lane") > 0}))
}

func away(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	return list(resource("Slot", "slot-"+r.Text("id"), thing{"schedule": ref("Schedule", "schedule-"+r.Text("provider_id"), ""), "status": "busy-unavailable", "start": at(r.Number("starts_at")), "end": at(r.Number("ends_at")),
		"comment": r.Text("reason")}))
}

func appointment(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	status := map[string]string{"booked": "booked", "confirmed": "booked", "arrived": "arrived", "in-progress": "checked-in", "completed": "fulfilled", "no-show": "noshow", "cancelled": "cancelled"}[r.Text("status")]
	if status == "" {
		status = "pending"
	}
	accepted := "accepted"
	var why any
	if status == "cancelled" {
		accepted = "declined"
		why = text("cancelled")
	}
	minutes := (r.Number("ends_at") - r.Number("starts_at")) / 60_000_000
	return list(resource("Appointment", r.Text("id"), thing{"identifier": own(r.Text("id")), "status": status, "cancelationReason": why, "serviceType": list(text(house.Services[r.Text("service_id")])),
		"start": at(r.Number("starts_at")), "end": at(r.Number("ends_at")), "minutesDuration": minutes, "slot": list(ref("Slot", "slot-"+r.Text("id"), "")), "created": at(r.Number("created_at")), "comment": r.Text("note"),
		"participant": list(thing{"actor": ref("Patient", r.Text("patient_id"), ""), "required": "required", "status": accepted},
			thing{"actor": ref("Practitioner", r.Text("provider_id"), house.Names[r.Text("provider_id")]), "required": "required", "status": accepted})}))
}

func message(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	status := map[string]string{"planned": "preparation", "sending": "in-progress", "handing-over": "in-progress", "sent": "completed", "uncertain": "unknown"}[r.Text("state")]
	if status == "" {
		status = "not-done"
	}
	sent := ""
	if status == "completed" {
		sent = at(r.Number("state_at"))
	}
	var about []any
	if a := r.Text("appointment_id"); a != "" && a != nobody {
		about = list(ref("Appointment", a, ""))
	}
	var why any
	if status == "not-done" {
		why = text(first(r.Text("reason"), r.Text("state")))
	}
	return list(resource("Communication", r.Text("id"), thing{"status": status, "statusReason": why, "category": list(text(r.Text("kind"))), "medium": list(text(r.Text("channel"))), "subject": ref("Patient", r.Text("patient_id"), ""),
		"recipient": list(ref("Patient", r.Text("patient_id"), "")), "about": about, "sent": sent, "received": at(r.Number("reached_at"))}))
}

// nobody is the id that stands for none.
const nobody = "00000000-0000-0000-0000-000000000000"

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// post is a line of a conversation. A private note of the clinic is no communication with anybody.
func post(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	x := thing{"status": "completed", "category": list(text("conversation")), "medium": list(text(r.Text("channel"))), "subject": ref("Patient", r.Text("patient_id"), "")}
	if body := words(r.Text("body")); body != "" {
		x["payload"] = list(thing{"contentString": body})
	}
	clinic := ref("Organization", house.Clinic.ID.String(), house.Clinic.Name)
	switch r.Text("way") {
	case "in":
		x["received"], x["recipient"] = at(r.Number("at")), list(clinic)
		x["sender"] = ref("Patient", r.Text("patient_id"), "")
	case "out":
		x["sent"], x["sender"] = at(r.Number("at")), clinic
		x["recipient"] = list(ref("Patient", r.Text("patient_id"), ""))
	default:
		return nil
	}
	return list(resource("Communication", r.Text("id"), x))
}
