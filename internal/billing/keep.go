package billing

import (
	"almirah/internal/clock"
)

// How long the law wants invoices kept, by jurisdiction, in whole years after the end of the financial year in which they were issued. It is the floor of retention (H6):
// an invoice of an erased patient stays so long, without what was done for her, and goes then. None of this is legal advice.
var floors = map[string]int{
	// Companies Act 2013, s. 128(5): eight financial years; Central Goods and Services Tax Act 2017, s. 36: six years from the annual return, which ends sooner.
	"IN": 8,
	// The longest of the larger member states: ten years (France, Code de commerce L123-22; Italy, Codice civile 2220). Directive 2006/112/EC, art. 247, leaves it to them.
	"EU": 10,
	// Value Added Tax Act 1994, sch. 11 para. 6(3): six years.
	"GB": 6,
	// 26 CFR 1.6001-1(e): as long as they may matter to a tax; seven years cover the longest ordinary period (26 U.S.C. 6511(d)).
	"US": 7,
	// Income Tax Regulations, s. 5800, and Excise Tax Act, s. 286(3): six years from the end of the year.
	"CA": 6,
	// Where the house has no table: the strictest of the rows above.
	"ZZ": 10,
}

// KeepYears is the floor of a jurisdiction, in years.
func KeepYears(jurisdiction string) int {
	if n, ok := floors[jurisdiction]; ok {
		return n
	}
	return floors["ZZ"]
}

// keepUntil is the last day on which an invoice of a financial year that ends on a day has to be there.
func keepUntil(jurisdiction string, ends clock.Date) clock.Date {
	return ends.AddYears(KeepYears(jurisdiction))
}

// nameAsked says whether the law wants the name of a private person on an invoice of this total. India does from fifty thousand rupees on (Central Goods and Services Tax
// Rules 2017, r. 46(f)); elsewhere a full invoice names who was billed (Directive 2006/112/EC, art. 226(5)).
func nameAsked(country, currency string, total int64) bool {
	return country != "IN" || currency != "INR" || total >= 50_000_00
}
