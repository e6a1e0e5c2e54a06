package money

// digits are the currencies whose minor unit has not two digits, by ISO 4217 (list of current currencies).
var digits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// Digits is how many digits the currency's minor unit has: 2 of INR, 0 of JPY, 3 of KWD.
func Digits(currency string) int {
	if n, ok := digits[currency]; ok {
		return n
	}
	return 2
}

// Unit is how many minor units make one of the currency: 100 of INR, 1 of JPY, 1000 of KWD.
func Unit(currency string) int64 {
	u := int64(1)
	for range Digits(currency) {
		u *= 10
	}
	return u
}

// signs are what stands before an amount where people know it; other currencies are written with their code.
var signs = map[string]string{
	"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "JPY": "¥", "LKR": "Rs ", "NPR": "Rs ", "PKR": "Rs ", "BDT": "৳", "KES": "KSh ", "NGN": "₦",
	"SGD": "S$", "ZAR": "R ", "CHF": "CHF ", "BRL": "R$",
}

// lakhs are the currencies whose amounts are grouped by lakh and crore.
var lakhs = map[string]bool{"INR": true, "NPR": true, "PKR": true, "BDT": true, "LKR": true}

func sign(currency string) string {
	if s, ok := signs[currency]; ok {
		return s
	}
	return currency + "\u00a0"
}
