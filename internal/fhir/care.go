package fhir

import (
	"encoding/json"
	"fmt"
	"slices"

	"almirah/internal/archives"
	"almirah/internal/prescriptions"
	"almirah/internal/visits"
)

func opened(s string, into any) bool { return s != "" && json.Unmarshal([]byte(s), into) == nil }

func encounter(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	status := "in-progress"
	if r.Number("signed_at") > 0 {
		status = "finished"
	}
	var appointment []any
	if a := r.Text("appointment_id"); a != "" {
		appointment = list(ref("Appointment", a, ""))
	}
	return list(resource("Encounter", r.Text("id"), thing{"identifier": own(r.Text("id")), "status": status, "class": thing{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"},
		"subject": ref("Patient", r.Text("patient_id"), ""), "appointment": appointment, "period": thing{"start": at(r.Number("starts_at"))}, "serviceType": text(house.Services[r.Text("service_id")]),
		"participant":     list(thing{"individual": ref("Practitioner", r.Text("provider_id"), house.Names[r.Text("provider_id")])}),
		"serviceProvider": ref("Organization", house.Clinic.ID.String(), house.Clinic.Name)}))
}

// impression is what the practitioner wrote of a visit.
func impression(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	var n visits.Note
	if !opened(r.Text("note"), &n) || n.Complaint == "" && n.Findings == "" && n.Plan == "" {
		return nil
	}
	status := "in-progress"
	if r.Number("signed_at") > 0 {
		status = "completed"
	}
	var plan []any
	if words(n.Plan) != "" {
		plan = list(thing{"text": n.Plan})
	}
	return list(resource("ClinicalImpression", "note-"+r.Text("id"), thing{"status": status, "subject": ref("Patient", r.Text("patient_id"), ""), "encounter": ref("Encounter", r.Text("id"), ""),
		"effectiveDateTime": at(r.Number("starts_at")), "date": at(r.Number("changed_at")), "assessor": ref("Practitioner", r.Text("provider_id"), house.Names[r.Text("provider_id")]),
		"description": n.Complaint, "summary": n.Findings, "note": plan}))
}

const icd10 = "http://hl7.org/fhir/sid/icd-10"

func diagnosed(code, name string) thing {
	if code == "" {
		return text(name)
	}
	return coding(icd10, code, name)
}

func diagnoses(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	var n visits.Note
	if !opened(r.Text("note"), &n) {
		return nil
	}
	var out []any
	for i, d := range n.Diagnoses {
		out = append(out, resource("Condition", fmt.Sprintf("diagnosis-%s-%d", r.Text("id"), i+1), thing{"clinicalStatus": coding("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
			"category": list(coding("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis", "Encounter Diagnosis")), "code": diagnosed(d.Code, d.Name),
			"subject": ref("Patient", r.Text("patient_id"), ""), "encounter": ref("Encounter", r.Text("id"), ""), "recordedDate": at(r.Number("changed_at"))}))
	}
	return out
}

// measured says how a measure is called in LOINC, in which unit of UCUM, and how many decimals what is kept has of it.
var measured = map[visits.Measure]struct {
	code, name, unit string
	decimals         int
}{
	visits.Systolic: {"8480-6", "Systolic blood pressure", "mm[Hg]", 0}, visits.Diastolic: {"8462-4", "Diastolic blood pressure", "mm[Hg]", 0}, visits.Pulse: {"8867-4", "Heart rate", "/min", 0},
	visits.Temperature: {"8310-5", "Body temperature", "Cel", 3}, visits.Oxygen: {"2708-6", "Oxygen saturation in Arterial blood", "%", 0}, visits.Breaths: {"9279-1", "Respiratory rate", "/min", 0},
	visits.Weight: {"29463-7", "Body weight", "kg", 3}, visits.Height: {"8302-2", "Body height", "m", 3}, visits.Glucose: {"15074-8", "Glucose [Moles/volume] in Blood", "mmol/L", 3},
}

func vitals(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	var all visits.Vitals
	if !opened(r.Text("vitals"), &all) {
		return nil
	}
	status := "preliminary"
	if r.Number("signed_at") > 0 {
		status = "final"
	}
	var out []any
	for _, m := range visits.Measures() {
		n, there := all[m]
		as, known := measured[m]
		if !there || !known {
			continue
		}
		out = append(out, resource("Observation", string(m)+"-"+r.Text("id"), thing{"status": status, "category": list(coding("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "Vital Signs")),
			"code": coding("http://loinc.org", as.code, as.name), "subject": ref("Patient", r.Text("patient_id"), ""), "encounter": ref("Encounter", r.Text("id"), ""), "effectiveDateTime": at(r.Number("starts_at")),
			"valueQuantity": thing{"value": digits(n, as.decimals), "unit": as.unit, "system": "http://unitsofmeasure.org", "code": as.unit}}))
	}
	return out
}

// known makes resources of rows of what is known of a patient, of one sort.
func known(sort string, as func(r archives.Row) []any) func(archives.Row, []archives.Row, archives.Surroundings) []any {
	return func(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
		kind := r.Text("kind")
		if sort != "" && kind != sort || sort == "" && kind != "allergy" && kind != "no-allergies" {
			return nil
		}
		return as(r)
	}
}

func clinical(system string, r archives.Row) thing {
	if r.Number("ended_at") > 0 {
		return coding(system, "inactive", "Inactive")
	}
	return coding(system, "active", "Active")
}

func condition(r archives.Row) []any {
	var c visits.Condition
	if !opened(r.Text("body"), &c) {
		return nil
	}
	x := thing{"clinicalStatus": clinical("http://terminology.hl7.org/CodeSystem/condition-clinical", r), "category": list(coding("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item", "Problem List Item")),
		"code": diagnosed(c.Code, c.Name), "subject": ref("Patient", r.Text("patient_id"), ""), "onsetString": c.Since, "recordedDate": at(r.Number("added_at"))}
	return list(resource("Condition", r.Text("id"), x))
}

func allergy(r archives.Row) []any {
	x := thing{"clinicalStatus": clinical("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", r), "verificationStatus": coding("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "confirmed", "Confirmed"),
		"patient": ref("Patient", r.Text("patient_id"), ""), "recordedDate": at(r.Number("added_at"))}
	if r.Text("kind") == "no-allergies" {
		x["code"] = coding("http://snomed.info/sct", "716186003", "No known allergy")
		return list(resource("AllergyIntolerance", r.Text("id"), x))
	}
	var a visits.Allergy
	if !opened(r.Text("body"), &a) {
		return nil
	}
	x["code"] = text(a.Substance)
	if words(a.Reaction) != "" {
		reaction := thing{"manifestation": list(text(a.Reaction))}
		if slices.Contains(visits.Severities(), a.Severity) {
			reaction["severity"] = a.Severity
		}
		x["reaction"] = list(reaction)
	} else if a.Severity == visits.Severe {
		x["criticality"] = "high"
	}
	return list(resource("AllergyIntolerance", r.Text("id"), x))
}

func medicine(r archives.Row) []any {
	var m visits.Medicine
	if !opened(r.Text("body"), &m) {
		return nil
	}
	status := "active"
	if r.Number("ended_at") > 0 {
		status = "stopped"
	}
	var dose []any
	if words(m.Dose) != "" {
		dose = list(thing{"text": m.Dose})
	}
	return list(resource("MedicationStatement", r.Text("id"), thing{"status": status, "medicationCodeableConcept": text(m.Name), "subject": ref("Patient", r.Text("patient_id"), ""), "dateAsserted": at(r.Number("added_at")),
		"effectivePeriod": thing{"end": day(string(m.Until))}, "dosage": dose}))
}

func document(r archives.Row, _ []archives.Row, _ archives.Surroundings) []any {
	var visit any
	if e := r.Text("encounter_id"); e != "" {
		visit = thing{"encounter": list(ref("Encounter", e, ""))}
	}
	return list(resource("DocumentReference", r.Text("id"), thing{"identifier": own(r.Text("id")), "status": "current", "subject": ref("Patient", r.Text("patient_id"), ""), "date": at(r.Number("added_at")),
		"content": list(thing{"attachment": thing{"contentType": r.Text("kind"), "url": archives.FilePath(r.Text("patient_id"), r.Text("id"), r.Text("kind")), "title": r.Text("name"), "size": r.Number("size"), "creation": at(r.Number("added_at"))}}),
		"context": visit}))
}

func prescription(r archives.Row, ends []archives.Row, house archives.Surroundings) []any {
	var b struct {
		Rows   []prescriptions.Row `json:"rows"`
		Advice string              `json:"advice"`
	}
	if !opened(r.Text("body"), &b) {
		return nil
	}
	status, why := "draft", ""
	if r.Number("signed_at") > 0 {
		status = "active"
	}
	for _, e := range ends {
		status, why = "cancelled", e.Text("reason")
	}
	var visit any
	if e := r.Text("encounter_id"); e != "" {
		visit = ref("Encounter", e, "")
	}
	var out []any
	for i, d := range b.Rows {
		x := thing{"identifier": list(thing{"system": "urn:ietf:rfc:3986", "value": fmt.Sprintf("urn:uuid:%s", r.Text("id"))}), "status": status, "intent": "order", "medicationCodeableConcept": text(d.Line()),
			"groupIdentifier": thing{"value": r.Text("id")}, "subject": ref("Patient", r.Text("patient_id"), ""), "encounter": visit, "authoredOn": at(r.Number("signed_at")),
			"requester": ref("Practitioner", r.Text("provider_id"), house.Names[r.Text("provider_id")])}
		if why != "" {
			x["statusReason"] = text(why)
		}
		dose := d.Dose
		for _, more := range []string{d.Timing, d.Route, d.Note} {
			if more != "" {
				dose += ", " + more
			}
		}
		x["dosageInstruction"] = list(thing{"sequence": 1, "text": dose})
		supply := thing{}
		if d.Quantity > 0 {
			supply["quantity"] = thing{"value": d.Quantity}
		}
		if d.Days > 0 {
			supply["expectedSupplyDuration"] = thing{"value": d.Days, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
		}
		x["dispenseRequest"] = supply
		if i == 0 && words(b.Advice) != "" {
			x["note"] = list(thing{"text": b.Advice})
		}
		out = append(out, resource("MedicationRequest", fmt.Sprintf("%s-%d", r.Text("id"), i+1), x))
	}
	return out
}
