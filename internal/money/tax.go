package money

import (
	"cmp"
	"errors"
	"slices"
)

// PerMillion is a rate of tax in millionths: 180000 is 18 %, 88750 is 8.875 %.
type PerMillion int64

const million = 1_000_000

// Scheme is by which rules tax is reckoned.
type Scheme string

// The schemes.
const (
	NoTax Scheme = "none" // the clinic charges none
	GST   Scheme = "gst"  // India: CGST and SGST inside the state, IGST across states
	VAT   Scheme = "vat"  // one tax, by the rate table of the country
	Own   Scheme = "own"  // one tax whose name and rate the clinic entered (sales tax of a state or a town)
)

// Class says how one kind of service or thing is taxed.
type Class struct {
	Code string     // stays as it is: it stands in the books
	Rate PerMillion // of everything together: for GST, central and state part
}

// Classes that every scheme has.
const (
	Exempt = "exempt" // by law: health services of a clinic in most countries
	Zero   = "zero"   // taxed, at nought
)

// HealthCode is the service accounting code of human health services (heading 9993 of the scheme of classification of services annexed to notification
// 11/2017 Central Tax (Rate)), which entry 74 of notification 12/2017 exempts where a clinical establishment gives them.
const HealthCode = "9993"

// rates are the rates by country, the usual one first. None of this is advice; the clinic chooses the class of each service, with whoever keeps its books.
var rates = map[string][]Class{
	// Central Goods and Services Tax Act 2017 with the rates in force since 22 September 2025, and the older ones that still stand on some things.
	"IN": {{"gst-18", 180000}, {"gst-5", 50000}, {"gst-12", 120000}, {"gst-28", 280000}, {"gst-40", 400000}},
	"GB": {{"vat-20", 200000}, {"vat-5", 50000}},                                           // Value Added Tax Act 1994, ss. 2, 29A
	"DE": {{"vat-19", 190000}, {"vat-7", 70000}},                                           // UStG s. 12
	"FR": {{"vat-20", 200000}, {"vat-10", 100000}, {"vat-5.5", 55000}, {"vat-2.1", 21000}}, // CGI arts. 278 to 281 octies
	"IE": {{"vat-23", 230000}, {"vat-13.5", 135000}, {"vat-9", 90000}},
	"NL": {{"vat-21", 210000}, {"vat-9", 90000}},
	"ES": {{"vat-21", 210000}, {"vat-10", 100000}, {"vat-4", 40000}},
	"IT": {{"vat-22", 220000}, {"vat-10", 100000}, {"vat-5", 50000}, {"vat-4", 40000}},
	"AE": {{"vat-5", 50000}},
	"SA": {{"vat-15", 150000}},
	"SG": {{"vat-9", 90000}},
	"AU": {{"vat-10", 100000}},
	"NZ": {{"vat-15", 150000}},
	"ZA": {{"vat-15", 150000}},
	"KE": {{"vat-16", 160000}},
	"NP": {{"vat-13", 130000}},
	"LK": {{"vat-18", 180000}},
	"BD": {{"vat-15", 150000}},
	"CA": {{"vat-5", 50000}, {"vat-13", 130000}, {"vat-14", 140000}, {"vat-15", 150000}}, // Excise Tax Act, s. 165: GST, and HST of the provinces
	"JP": {{"vat-10", 100000}, {"vat-8", 80000}},
}

// SchemeOf is the scheme of a country where a clinic that is registered charges tax; Own where the house has no table.
func SchemeOf(country string) Scheme {
	switch {
	case country == "IN":
		return GST
	case len(rates[country]) > 0:
		return VAT
	}
	return Own
}

// Classes are the classes that a clinic of the country can give to a service, exempt first. own is the rate that the clinic entered itself.
func Classes(scheme Scheme, country string, own PerMillion) []Class {
	out := []Class{{Exempt, 0}}
	switch scheme {
	case GST, VAT:
		out = append(out, rates[country]...)
		out = append(out, Class{Zero, 0})
	case Own:
		out = append(out, Class{"own", own}, Class{Zero, 0})
	case NoTax:
	}
	return out
}

// Item is one line of a bill before tax.
type Item struct {
	Price    int64 // of one, minor units; with the tax in it when the bill is inclusive
	Quantity int64 // above zero
	Discount int64 // off the whole line
	Class    Class
}

// Reckoned is one line with its tax.
type Reckoned struct {
	Discount int64 // the line's own and its share of the bill's
	Net, Tax int64
}

// TaxLine is one row of the bill's table of taxes.
type TaxLine struct {
	Tax    string // "cgst", "sgst", "igst", "vat", "own"
	Rate   PerMillion
	Base   int64
	Amount int64
}

// Bill is what a bill comes to. Net + Tax + Rounding = Total.
type Bill struct {
	Lines                               []Reckoned
	Taxes                               []TaxLine
	Discount, Net, Tax, Rounding, Total int64
}

// ErrDiscount says that a discount is more than what it is taken from; ErrItem that a line is not possible.
var (
	ErrDiscount = errors.New("money: the discount is more than the amount")
	ErrItem     = errors.New("money: a line of less than nothing")
)

// Terms are how a bill is reckoned.
type Terms struct {
	Scheme    Scheme
	Inclusive bool  // prices have the tax in them
	Within    bool  // the place of supply is the clinic's own state (GST)
	Discount  int64 // off the whole bill, shared among the lines by their amounts, before tax
	RoundTo   int64 // the total is rounded to a multiple of this; 1 for none
}

// Reckon works out a bill. Tax is reckoned once for each rate over all lines of it, which is what the tax return adds up, and shared among the lines by
// largest remainder, so that the lines add up to the bill. Central and state tax are each half of the rate and equal to the paisa. ErrItem, ErrDiscount and ErrOverflow.
func Reckon(items []Item, terms Terms) (Bill, error) {
	var b Bill
	worth := make([]int64, len(items))
	b.Lines = make([]Reckoned, len(items))
	var whole int64
	for i, x := range items {
		if x.Price < 0 || x.Quantity <= 0 || x.Discount < 0 || x.Class.Rate < 0 || x.Class.Rate > million {
			return b, ErrItem
		}
		full, err := Product(x.Price, x.Quantity)
		if err != nil {
			return b, err
		}
		if x.Discount > full {
			return b, ErrDiscount
		}
		worth[i], b.Lines[i].Discount = full-x.Discount, x.Discount
		if whole, err = Sum(whole, worth[i]); err != nil {
			return b, err
		}
		if b.Discount, err = Sum(b.Discount, x.Discount); err != nil {
			return b, err
		}
	}
	if terms.Discount < 0 || terms.Discount > whole {
		return b, ErrDiscount
	}
	if terms.Discount > 0 {
		shares, err := Split(terms.Discount, worth)
		if err != nil {
			return b, err
		}
		for i, n := range shares {
			worth[i] -= n
			b.Lines[i].Discount += n
		}
		if b.Discount, err = Sum(b.Discount, terms.Discount); err != nil {
			return b, err
		}
	}
	if err := b.taxes(items, worth, terms); err != nil {
		return b, err
	}
	for _, l := range b.Lines {
		var err error
		if b.Net, err = Sum(b.Net, l.Net); err != nil {
			return b, err
		}
		if b.Tax, err = Sum(b.Tax, l.Tax); err != nil {
			return b, err
		}
	}
	exact, err := Sum(b.Net, b.Tax)
	if err != nil {
		return b, err
	}
	if b.Total, err = RoundTo(exact, terms.RoundTo, HalfUp); err != nil {
		return b, err
	}
	b.Rounding = b.Total - exact
	return b, nil
}

// taxes reckons rate by rate.
func (b *Bill) taxes(items []Item, worth []int64, terms Terms) error {
	byRate := map[PerMillion][]int{}
	for i, x := range items {
		rate := x.Class.Rate
		if terms.Scheme == NoTax {
			rate = 0
		}
		byRate[rate] = append(byRate[rate], i)
	}
	for rate, lines := range byRate {
		weights := make([]int64, len(lines))
		var sum int64
		for k, i := range lines {
			weights[k], sum = worth[i], sum+worth[i]
			b.Lines[i].Net = worth[i]
		}
		if rate == 0 || sum == 0 {
			continue
		}
		tax, err := taxOf(sum, rate, terms)
		if err != nil {
			return err
		}
		shares, err := Split(tax, weights)
		if err != nil {
			return err
		}
		for k, i := range lines {
			b.Lines[i].Tax = shares[k]
			if terms.Inclusive {
				b.Lines[i].Net -= shares[k]
			}
		}
		base := sum
		if terms.Inclusive {
			base -= tax
		}
		switch {
		case terms.Scheme == GST && terms.Within:
			b.Taxes = append(b.Taxes, TaxLine{"cgst", rate / 2, base, tax / 2}, TaxLine{"sgst", rate - rate/2, base, tax - tax/2})
		case terms.Scheme == GST:
			b.Taxes = append(b.Taxes, TaxLine{"igst", rate, base, tax})
		default:
			b.Taxes = append(b.Taxes, TaxLine{string(terms.Scheme), rate, base, tax})
		}
	}
	slices.SortFunc(b.Taxes, func(x, y TaxLine) int {
		return cmp.Or(cmp.Compare(x.Rate, y.Rate), cmp.Compare(x.Tax, y.Tax))
	})
	return nil
}

// taxOf is the tax of an amount at a rate. Within a state it is twice the rounded half, because central and state tax are two taxes of the same amount.
func taxOf(sum int64, rate PerMillion, terms Terms) (int64, error) {
	den := int64(million)
	if terms.Inclusive {
		den += int64(rate)
	}
	if terms.Scheme == GST && terms.Within {
		half, err := Part(sum, int64(rate), 2*den, HalfUp)
		return 2 * half, err
	}
	return Part(sum, int64(rate), den, HalfUp)
}
