package stripe

import "almirah/internal/billing"

// hundredfold are currencies that have no hundredths (ISO 4217) and that Stripe counts in hundredths all the same; hundredth are those with hundredths that it counts whole
// (docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases").
var (
	hundredfold = map[string]bool{"ISK": true, "UGX": true}
	hundredth   = map[string]bool{"MGA": true}
)

// theirs is an amount as Stripe counts it. One that Stripe cannot be told, because a part of a unit would be lost, is TroubleRefused.
func theirs(minor int64, currency string) (int64, error) {
	switch {
	case hundredfold[currency]:
		return minor * 100, nil
	case hundredth[currency] && minor%100 != 0:
		return 0, billing.TroubleRefused.Fault("fraction")
	case hundredth[currency]:
		return minor / 100, nil
	}
	return minor, nil
}

// ours is an amount of Stripe's in minor units.
func ours(amount int64, currency string) int64 {
	switch {
	case hundredfold[currency]:
		return amount / 100
	case hundredth[currency]:
		return amount * 100
	}
	return amount
}
