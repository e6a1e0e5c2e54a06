package words

import (
	"almirah/internal/money"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

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
	return money.Short(money.Of(minor, currency), t.lang)
}

// Exact is Money with all digits of the minor unit, as it stands on invoices: "₹500.00".
func (t *Tongue) Exact(minor int64, currency string) string {
	return money.Format(money.Of(minor, currency), t.lang)
}
