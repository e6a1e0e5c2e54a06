package words

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// coins are the currencies that we know: sign and how many digits the minor unit has. Others
// are written with their code and two digits.
var coins = map[string]struct {
	sign   string
	digits int
}{
	"INR": {"₹", 2}, "USD": {"$", 2}, "EUR": {"€", 2}, "GBP": {"£", 2}, "CAD": {"CA$", 2}, "AUD": {"A$", 2},
	"JPY": {"¥", 0}, "LKR": {"Rs ", 2}, "NPR": {"Rs ", 2}, "PKR": {"Rs ", 2}, "BDT": {"৳", 2}, "KES": {"KSh ", 2}, "NGN": {"₦", 2},
	"AED": {"AED ", 2}, "SAR": {"SAR ", 2}, "KWD": {"KWD ", 3}, "BHD": {"BHD ", 3}, "OMR": {"OMR ", 3}, "SGD": {"S$", 2}, "ZAR": {"R ", 2},
}

// printer groups digits as the language does, always in Latin digits.
func printer(lang string) *message.Printer {
	tag := language.MustParse(lang)
	switch lang {
	case "ar", pseudo:
		tag = language.English // Arabic pages of the house use Latin digits throughout
	case "en":
		tag = language.MustParse("en-IN")
	}
	return message.NewPrinter(tag)
}

// western groups by thousands whatever the language; used for money that is not of the subcontinent.
var western = message.NewPrinter(language.English)

// Number is a whole number with its digits grouped: "1,23,456".
func (t *Tongue) Number(n int64) string {
	if n > -10000 && n < 10000 && (n < 1000 && n > -1000) {
		return small(n)
	}
	return t.digits.Sprint(number.Decimal(n))
}

func small(n int64) string {
	if n < 0 {
		return "-" + small(-n)
	}
	if n < 10 {
		return string(rune('0' + n))
	}
	return small(n/10) + string(rune('0'+n%10))
}

// Money is an amount in the currency's minor unit (paise, cents): "₹1,23,456.50". Whole
// amounts drop the fraction. Rupees group by lakh in every language, other currencies by thousand.
func (t *Tongue) Money(minor int64, currency string) string {
	coin, known := coins[currency]
	if !known {
		coin.sign, coin.digits = currency+" ", 2
	}
	unit := int64(1)
	for range coin.digits {
		unit *= 10
	}
	sign, amount := "", minor
	if amount < 0 {
		sign, amount = "-", -amount
	}
	p := western
	switch currency {
	case "INR", "NPR", "PKR", "BDT", "LKR":
		p = lakh
	}
	text := p.Sprint(number.Decimal(amount / unit))
	if rest := amount % unit; rest != 0 {
		tail := small(rest)
		text += "." + strings.Repeat("0", coin.digits-len(tail)) + tail
	}
	if t.dir == "rtl" { // the sign follows the amount; isolated, so that it stays there
		return "\u2066" + sign + text + "\u00a0" + strings.TrimSpace(coin.sign) + "\u2069"
	}
	return sign + coin.sign + text
}

var lakh = message.NewPrinter(language.MustParse("en-IN"))
