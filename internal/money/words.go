package money

import (
	"slices"
	"strings"
)

// InWords says an amount in words, as it stands on an invoice: "Rupees one lakh twenty-three thousand four hundred fifty-six and paise fifty only". The
// languages whose number words the house knows are English and Hindi; others are said in English, and spoken answers the language that was used. Hindi knows
// rupees only.
func InWords(a Amount, lang string) (text, spoken string) {
	unit := uint64(Unit(a.Currency))
	whole, rest := size(a.Minor)/unit, size(a.Minor)%unit
	if lang == "hi" && a.Currency == "INR" {
		text = hindi(whole) + " रुपये"
		if rest > 0 {
			text += " और " + hindi(rest) + " पैसे"
		}
		if a.Minor < 0 {
			text = "ऋण " + text
		}
		return text + " मात्र", "hi"
	}
	say := western
	if lakhs[a.Currency] {
		say = indian
	}
	names, ok := coins[a.Currency]
	if !ok {
		names = [2]string{a.Currency, "hundredths"}
		switch Digits(a.Currency) {
		case 3:
			names[1] = "thousandths"
		case 4:
			names[1] = "ten-thousandths"
		}
	}
	text = names[0] + " " + say(whole)
	if rest > 0 {
		text += " and " + names[1] + " " + say(rest)
	}
	if a.Minor < 0 {
		text = "minus " + text
	}
	text += " only"
	return strings.ToUpper(text[:1]) + text[1:], "en"
}

// coins are the names of currencies and their minor units, in the plural, which stands before the number.
var coins = map[string][2]string{
	"INR": {"rupees", "paise"}, "USD": {"US dollars", "cents"}, "EUR": {"euros", "cents"}, "GBP": {"pounds", "pence"}, "CAD": {"Canadian dollars", "cents"},
	"AUD": {"Australian dollars", "cents"}, "SGD": {"Singapore dollars", "cents"}, "JPY": {"yen", ""}, "KWD": {"Kuwaiti dinars", "fils"}, "BHD": {"Bahraini dinars", "fils"},
	"AED": {"UAE dirhams", "fils"}, "SAR": {"Saudi riyals", "halalas"}, "LKR": {"Sri Lankan rupees", "cents"}, "NPR": {"Nepalese rupees", "paisa"},
	"PKR": {"Pakistani rupees", "paisa"}, "BDT": {"taka", "poisha"}, "KES": {"Kenyan shillings", "cents"}, "ZAR": {"rand", "cents"}, "NGN": {"naira", "kobo"},
}

var (
	ones = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
)

// below says a number under a thousand.
func below(n uint64) string {
	switch {
	case n < 20:
		return ones[n]
	case n < 100 && n%10 == 0:
		return tens[n/10]
	case n < 100:
		return tens[n/10] + "-" + ones[n%10]
	case n%100 == 0:
		return ones[n/100] + " hundred"
	}
	return ones[n/100] + " hundred " + below(n%100)
}

func western(n uint64) string {
	if n < 1000 {
		return below(n)
	}
	var parts []string
	for _, name := range []string{"", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion"} {
		if part := n % 1000; part > 0 {
			parts = append(parts, below(part)+name)
		}
		n /= 1000
	}
	slices.Reverse(parts)
	return strings.Join(parts, " ")
}

// indian counts in thousands, lakhs and crores; above a crore of crores the crores themselves are counted so.
func indian(n uint64) string { return inLakhs(n, below, " thousand", " lakh", " crore") }

func inLakhs(n uint64, small func(uint64) string, thousand, lakh, crore string) string {
	var parts []string
	if n >= 1_00_00_000 {
		parts = append(parts, inLakhs(n/1_00_00_000, small, thousand, lakh, crore)+crore)
		n %= 1_00_00_000
		if n == 0 {
			return parts[0]
		}
	}
	if n >= 1_00_000 {
		parts = append(parts, small(n/1_00_000)+lakh)
		n %= 1_00_000
	}
	if n >= 1000 {
		parts = append(parts, small(n/1000)+thousand)
		n %= 1000
	}
	if n > 0 || len(parts) == 0 {
		parts = append(parts, small(n))
	}
	return strings.Join(parts, " ")
}

func hindi(n uint64) string {
	return inLakhs(n, hindiBelow, " हज़ार", " लाख", " करोड़")
}

func hindiBelow(n uint64) string {
	if n < 100 {
		return sau[n]
	}
	text := sau[n/100] + " सौ"
	if n%100 > 0 {
		text += " " + sau[n%100]
	}
	return text
}

// sau are the Hindi numbers below a hundred, each of which has a word of its own.
var sau = strings.Fields(`शून्य एक दो तीन चार पाँच छह सात आठ नौ
दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस
बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस
तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस
चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास
पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ
साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर
सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी
अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी
नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे`)
