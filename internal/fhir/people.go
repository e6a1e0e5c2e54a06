package fhir

import (
	"almirah/internal/archives"
)

func organization(_ archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	c := house.Clinic
	return list(resource("Organization", c.ID.String(), thing{"identifier": own(c.ID.String()), "active": true, "name": c.Name, "alias": list(c.LegalEntity), "telecom": telecom(c.Phone, c.Email), "address": list(text(c.Address))}))
}

func service(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	return list(resource("HealthcareService", r.Text("id"), thing{"identifier": own(r.Text("id")), "active": r.Number("retired_at") == 0, "name": r.Text("name"), "comment": r.Text("about"),
		"providedBy": ref("Organization", house.Clinic.ID.String(), house.Clinic.Name)}))
}

func practitioner(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	ids := own(r.Text("id"))
	if n := r.Text("registration_no"); n != "" {
		ids = append(ids, thing{"type": text("registration"), "value": n})
	}
	return list(resource("Practitioner", r.Text("id"), thing{"identifier": ids, "active": r.Number("retired_at") == 0, "name": list(text(r.Text("name"))), "qualification": qualification(r)}))
}

func qualification(r archives.Row) []any {
	if words(r.Text("qualification")) == "" {
		return nil
	}
	return list(thing{"code": text(r.Text("qualification"))})
}

func role(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	return list(resource("PractitionerRole", "role-"+r.Text("id"), thing{"active": r.Number("retired_at") == 0, "practitioner": ref("Practitioner", r.Text("id"), r.Text("name")),
		"organization": ref("Organization", house.Clinic.ID.String(), house.Clinic.Name), "specialty": list(text(r.Text("speciality")))}))
}

func gender(s string) string {
	switch s {
	case "male", "female", "other":
		return s
	case "":
		return ""
	}
	return "unknown"
}

func patient(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	var speaks []any
	if l := r.Text("language"); l != "" {
		speaks = list(thing{"language": coding("urn:ietf:bcp:47", l, l), "preferred": true})
	}
	return list(resource("Patient", r.Text("id"), thing{"identifier": own(r.Text("id")), "active": true, "name": list(text(r.Text("name"))), "telecom": telecom(r.Text("phone"), r.Text("email")),
		"gender": gender(r.Text("sex")), "birthDate": day(r.Text("birth_date")), "address": list(text(r.Text("address"))), "communication": speaks,
		"managingOrganization": ref("Organization", house.Clinic.ID.String(), house.Clinic.Name)}))
}

func guardian(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	return list(resource("RelatedPerson", r.Text("id"), thing{"identifier": own(r.Text("id")), "active": true, "patient": ref("Patient", r.Text("patient_id"), ""), "relationship": list(text(r.Text("relation"))),
		"name": list(text(r.Text("name"))), "telecom": telecom(r.Text("phone"), r.Text("email"))}))
}

// purposes are what people agree to, in words of the standard's reader.
func consent(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	status, kind := "active", "permit"
	if !r.Flag("given") {
		status, kind = "rejected", "deny"
	}
	what := r.Text("purpose")
	if ch := r.Text("channel"); ch != "" {
		what += " by " + ch
	}
	performer := list(ref("Patient", r.Text("patient_id"), ""))
	if g := r.Text("guardian_id"); g != "" {
		performer = list(ref("RelatedPerson", g, ""))
	}
	return list(resource("Consent", r.Text("id"), thing{"status": status, "scope": coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent"),
		"category": list(coding("http://loinc.org", "59284-0", "Patient Consent")), "patient": ref("Patient", r.Text("patient_id"), ""), "dateTime": at(r.Number("at")), "performer": performer,
		"organization": list(ref("Organization", house.Clinic.ID.String(), house.Clinic.Name)), "policyRule": text("what was said, in version " + string(digits(r.Number("notice_version"), 0)) + " of the clinic's notice"),
		"provision": thing{"type": kind, "code": list(text(what))}}))
}
