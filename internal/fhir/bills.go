package fhir

import (
	"almirah/internal/archives"
	"almirah/internal/money"
)

func sum(minor int64, currency string) thing {
	return thing{"value": digits(minor, money.Digits(currency)), "currency": currency}
}

func invoice(r archives.Row, lines []archives.Row, house archives.Surroundings) []any {
	status := map[string]string{"draft": "draft", "issued": "issued", "part": "issued", "owing": "issued", "paid": "balanced", "cancelled": "cancelled", "noted": "balanced"}[r.Text("state")]
	if status == "" {
		status = "issued"
	}
	currency := r.Text("currency")
	ids := own(r.Text("id"))
	if l := r.Text("label"); l != "" {
		ids = append(ids, thing{"type": text("number"), "value": l})
	}
	var items []any
	for i, l := range lines {
		items = append(items, thing{"sequence": i + 1, "chargeItemCodeableConcept": text(first(words(l.Text("words")), "service")),
			"priceComponent": list(thing{"type": "base", "factor": digits(l.Number("quantity"), 0), "amount": sum(l.Number("price"), currency)}, thing{"type": "tax", "amount": sum(l.Number("tax"), currency)})})
	}
	date := at(r.Number("issued_at"))
	if date == "" {
		date = day(r.Text("day"))
	}
	kind := "invoice"
	if r.Text("kind") == "credit-note" {
		kind = "credit note"
	}
	return list(resource("Invoice", r.Text("id"), thing{"identifier": ids, "status": status, "type": text(kind), "subject": ref("Patient", r.Text("patient_id"), ""), "date": date, "issuer": ref("Organization", house.Clinic.ID.String(), house.Clinic.Name),
		"lineItem": items, "totalNet": sum(r.Number("net"), currency), "totalGross": sum(r.Number("total"), currency)}))
}

func payment(r archives.Row, _ []archives.Row, house archives.Surroundings) []any {
	clinic := ref("Organization", house.Clinic.ID.String(), house.Clinic.Name)
	var asked any
	if i := r.Text("invoice_id"); i != "" {
		asked = ref("Invoice", i, "")
	}
	return list(resource("PaymentNotice", r.Text("id"), thing{"identifier": own(r.Text("id")), "status": "active", "request": asked, "created": at(r.Number("booked_at")), "provider": clinic, "payee": clinic, "recipient": clinic,
		"payment": thing{"display": r.Text("method"), "identifier": thing{"value": first(r.Text("external_id"), r.Text("id"))}}, "paymentDate": day(r.Text("day")), "amount": sum(r.Number("amount"), r.Text("currency"))}))
}
