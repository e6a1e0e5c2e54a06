package app

import (
	"slices"
	"strings"

	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// partsKept says which rooms keep a part of a patient's record. What the house keeps about its own dealings (incidents, support, the audit log) is no part of it.
var partsKept = map[disclosures.Part][]string{
	disclosures.Identity:      {"patients"},
	disclosures.Contact:       {"patients"},
	disclosures.Appointments:  {"scheduling"},
	disclosures.Clinical:      {"visits", "intake"},
	disclosures.Prescriptions: {"prescriptions"},
	disclosures.Invoices:      {"billing", "gateways"},
	disclosures.Messages:      {"messaging", "followup"},
	disclosures.Consents:      {"consent"},
}

// Of the patient's own row, what says who she is and what says how she is reached; what else stands there (notes) belongs to the clinical part.
var (
	identityFields = []string{"name", "birth_date", "sex"}
	contactFields  = []string{"phone", "email", "address", "language"}
)

// collectPart copies out one part of a patient's record, for a disclosure.
func collectPart(v *store.View, patient id.ID, part disclosures.Part) (map[string][]map[string]string, error) {
	out := map[string][]map[string]string{}
	for _, k := range erasers() {
		clinical := part == disclosures.Clinical && k.Name() == "patients"
		if !clinical && !slices.Contains(partsKept[part], k.Name()) {
			continue
		}
		tables, err := k.Collect(v, patient)
		if err != nil {
			return nil, err
		}
		delete(tables, "contact_proof") // an address that waits to be proved is not hers yet, and no message
		if k.Name() != "patients" {
			for t, rows := range tables {
				out[t] = append(out[t], rows...)
			}
			continue
		}
		keep := map[disclosures.Part][]string{disclosures.Identity: identityFields, disclosures.Contact: contactFields, disclosures.Clinical: {"notes"}}[part]
		for _, row := range tables["patient"] {
			some := map[string]string{}
			for _, f := range keep {
				if row[f] != "" {
					some[f] = row[f]
				}
			}
			if len(some) > 0 {
				out["patient"] = append(out["patient"], some)
			}
		}
		if part == disclosures.Contact {
			out["guardian"] = tables["guardian"]
		}
	}
	return out, nil
}

// disclosureTexts are what a patient is told, in the clinic's languages.
func (h *House) disclosureTexts(languages []string, d disclosures.Disclosure) []messaging.SecurityNotice {
	var out []messaging.SecurityNotice
	for _, l := range languages {
		t := h.Book.Tongue(l)
		var parts []string
		for _, p := range d.Parts {
			parts = append(parts, t.Say("disclosure.part."+string(p)))
		}
		n := messaging.SecurityNotice{Language: l}
		// A name in double braces would be taken for a variable of the message.
		recipient := strings.NewReplacer("{{", "{ {", "}}", "} }").Replace(d.Recipient)
		n.Subject = t.Say("disclosure.letter.subject")
		n.Body = t.Say("disclosure.letter.body", "Patient", "{{.PatientName}}", "Recipient", recipient, "Ground", t.Say("disclosure.ground."+string(d.Ground)), "Parts", strings.Join(parts, ", "), "Number", d.ID.String())
		out = append(out, n)
	}
	return out
}
