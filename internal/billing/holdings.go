package billing

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

// gateways are the parties that take payments: they are told what is to be paid, and for which bill.
var gateways = []string{"razorpay", "stripe"}

// Holdings are the tables of this room, column by column. What was done and for whom is sealed under the patient's key; numbers, amounts and days stand open, because the tax office asks for
// them after she is gone.
func Holdings() []holdings.Table {
	const byLaw = "as long as tax byLaw asks for it after the financial year"
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	open := func(purpose string, names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Patient, Purpose: purpose, Keep: byLaw})
		}
		return out
	}
	staff := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who did it", Keep: byLaw})
		}
		return out
	}
	own := func(purpose string, names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Business, Whose: holdings.OfClinic, Purpose: purpose, Keep: "while the clinic is with us"})
		}
		return out
	}
	sealed := func(name string, class holdings.Class, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: class, Whose: holdings.Patient, Purpose: purpose, Keep: byLaw + "; of an erased patient, until she is erased", Sealed: true}
	}
	return []holdings.Table{
		{Name: "billing_setting", Scope: holdings.Clinic, Columns: append(own("to bill as the clinic has to", "tax_id", "upi_id", "upi_name", "footer"),
			plain("clinic_id", "scheme", "place", "prefix", "credit_prefix", "inclusive", "round_to", "own_tax", "own_rate", "changed_at", "version")...)},
		{Name: "billing_service", Scope: holdings.Clinic, Columns: plain("clinic_id", "service_id", "class", "code", "free_days", "changed_at", "version")},
		{Name: "invoice_series", Scope: holdings.Clinic, Columns: plain("clinic_id", "kind", "year", "last")},
		{Name: "invoice", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: join(
			open("to know who was billed, and for which visit", "patient_id", "appointment_id", "corrects_id"),
			open("to bill, and to account for it", "number", "day", "issued_at", "discount", "net", "tax", "rounding", "total", "state", "paid", "credited"),
			[]holdings.Column{open("to name the bill, also where it is paid online", "label")[0].To(gateways...), sealed("particulars", holdings.Identity, "to name on the invoice who was billed"), sealed("note", holdings.Care, "to say on the invoice what has to be said")},
			staff("issued_by", "created_by"),
			plain("clinic_id", "id", "kind", "year", "keep_until", "currency", "scheme", "tax_id", "place", "inclusive", "created_at", "version"))},
		{Name: "invoice_line", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: join(
			open("to bill what was done, by its tax code", "service_id", "code", "class", "rate", "quantity", "price", "discount", "net", "tax", "free_of"),
			[]holdings.Column{sealed("words", holdings.Care, "to name on the invoice what was done")}, plain("clinic_id", "invoice_id", "id", "position"))},
		{Name: "invoice_tax", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: append(open("to account for taxes", "base", "amount"), plain("clinic_id", "invoice_id", "tax", "rate")...)},
		{Name: "payment", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: join(
			open("to know what was paid, and by whom", "patient_id", "invoice_id", "amount", "method", "reference", "external_id", "received_at", "day", "applied", "advance", "undecided", "refunded"),
			staff("taken_by"), plain("clinic_id", "id", "source", "currency", "booked_at", "version"))},
		{Name: "refund", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: join(
			open("to know what was given back", "payment_id", "amount", "method", "external_id", "returned_at", "day"),
			[]holdings.Column{sealed("reason", holdings.Care, "to know why it was given back")}, staff("given_by"), plain("clinic_id", "id", "source", "currency", "booked_at"))},
		{Name: "ledger_entry", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: append(open("to keep books", "invoice_id", "payment_id", "refund_id", "amount"),
			plain("clinic_id", "id", "at", "day", "kind", "debit", "credit", "currency")...)},
		{Name: "day_close", Scope: holdings.Clinic, Columns: append([]holdings.Column{
			{Name: "note", Class: holdings.Business, Whose: holdings.OfClinic, Purpose: "to say why a count differs", Keep: "while the clinic is with us", Sealed: true}, staff("closed_by")[0]},
			plain("clinic_id", "day", "method", "currency", "expected", "counted", "closed_at")...)},
		{Name: "invoice_hold", Scope: holdings.Clinic, Keeper: "billing", Life: law.Invoices, From: holdings.Issued, Columns: append([]holdings.Column{
			{Name: "particulars", Class: holdings.Identity, Whose: holdings.Patient, Purpose: "to name who was billed where tax byLaw asks for the name", Keep: byLaw, Sealed: true}},
			plain("clinic_id", "invoice_id", "reason", "until_day", "held_at")...)},
		{Name: "invoice_gone", Scope: holdings.Clinic, Columns: plain("clinic_id", "invoice_id", "kind", "year", "number", "gone_at")},
	}
}

func join(parts ...[]holdings.Column) []holdings.Column {
	var out []holdings.Column
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
