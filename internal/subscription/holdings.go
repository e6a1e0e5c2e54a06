package subscription

import "almirah/internal/holdings"

// Holdings are the tables of this room, column by column. They are the books of whoever runs the installation.
func Holdings() []holdings.Table {
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	own := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Business, Whose: holdings.OfClinic, Purpose: purpose, Keep: "as long as tax law asks for the invoice"}
	}
	return []holdings.Table{
		{Name: "subscription", Scope: holdings.Platform, Columns: plain("clinic_id", "plan", "term", "trial_until", "paid_until", "told", "version")},
		{Name: "subscription_payment", Scope: holdings.Platform, Columns: plain("id", "clinic_id", "plan", "term", "currency", "amount", "page", "url", "state", "code", "made_at", "settled_at")},
		{Name: "subscription_series", Scope: holdings.Platform, Columns: plain("series", "last")},
		{Name: "subscription_invoice", Scope: holdings.Platform, Columns: append(plain("series", "number", "clinic_id", "payment_id", "plan", "term", "from_at", "until_at", "currency", "net", "tax", "total", "taxes", "issued_at"),
			own("buyer", "to name the clinic on its invoice"), own("seller", "to name whoever runs the installation"))},
	}
}
