package billing

import (
	"almirah/internal/clock"
	"almirah/internal/law"
)

// KeepYears is how long the law wants invoices kept, in whole years after the end of the financial year in which they were issued. It is the floor of
// retention (H6): an invoice of an erased patient stays so long, without what was done for her, and goes then.
func KeepYears(jurisdiction string) int { return law.LifeOf(jurisdiction, law.Invoices).Floor.Years }

// keepUntil is the last day on which an invoice of a financial year that ends on a day has to be there.
func keepUntil(jurisdiction string, ends clock.Date) clock.Date {
	return ends.AddYears(KeepYears(jurisdiction))
}

// nameAsked says whether the law wants the name of a private person on an invoice of this total. India does from fifty thousand rupees on (Central Goods and Services Tax
// Rules 2017, r. 46(f)); elsewhere a full invoice names who was billed (Directive 2006/112/EC, art. 226(5)).
func nameAsked(country, currency string, total int64) bool {
	return country != "IN" || currency != "INR" || total >= 50_000_00
}
