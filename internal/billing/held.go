package billing

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Held are the patient's issued invoices and what she paid, also before there was an invoice. They stay where they are, with their numbers and amounts; who was billed is kept only where the law asks for the name, and then aside as well,
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
	paid, err := paymentsOf(v, sqlPaymentsOfPatient, patient)
	if err != nil {
		return nil, err
	}
	today := clock.DateOf(v.Now().In(c.Location()))
	for _, p := range paid {
		// What is still owed to her stays beyond its time.
		until := max(law.LifeOf(c.Jurisdiction, law.Invoices).Usual.Day(clock.DateOf(p.ReceivedAt.In(c.Location()))), today)
		out = append(out, law.Record{Class: law.Invoices, Table: "payment", Day: p.Day, Until: until, Stays: true})
	}
	return out, nil
}
