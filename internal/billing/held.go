package billing

import (
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Held are the patient's issued invoices. They stay where they are, with their numbers and amounts; who was billed is kept only where the law asks for the name, and then aside as well,
// because an older copy of the data has it under a key that is destroyed.
func (Keeper) Held(v *store.View, patient id.ID) ([]law.Record, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	list, err := documents(v, sqlInvoicesOfPatient, patient)
	if err != nil {
		return nil, err
	}
	var out []law.Record
	for _, h := range list {
		if h.State == Draft {
			continue
		}
		r := law.Record{Class: law.Invoices, Table: "invoice", Day: h.Day, Until: h.KeepUntil, Stays: true}
		if nameAsked(c.Country, h.Currency, h.Total) {
			d, err := scanInvoice(v, v.Row(sqlInvoiceGet, h.ID), true)
			if err != nil {
				return nil, err
			}
			if !d.Broken && d.Who.Name != "" {
				r.Body = map[string]string{"number": d.Label, "day": string(d.Day), "billed_to": d.Who.Name, "guardian": d.Who.Guardian, "address": d.Who.Address, "tax_id": d.Who.TaxID}
			}
		}
		out = append(out, r)
	}
	return out, nil
}
