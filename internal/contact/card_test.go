package contact

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"almirah/internal/promise"
)

// cards are test numbers that the networks and the payment companies publish.
var cards = []string{"4111111111111111", "4242424242424242", "4012888888881881", "4222222222222", "4917610000000000003", "5555555555554444", "5105105105105100", "2223003122003222",
	"378282246310005", "371449635398431", "30569309025904", "38520000023237", "36227206271667", "6011111111111117", "6011000990139424", "3530111333300000", "3566002020360505",
	"6200000000000005", "6759649826438453", "6304000000000000", "5018000000000009", "8171999927660000", "6082015309577308", "2200000000000004"}

// disguises are ways to write a number.
func disguises(card string) map[string]string {
	cut := func(by string, at ...int) string {
		var parts []string
		rest := card
		for _, n := range at {
			if n < len(rest) {
				parts, rest = append(parts, rest[:n]), rest[n:]
			}
		}
		return strings.Join(append(parts, rest), by)
	}
	script := func(zero rune) string {
		return strings.Map(func(r rune) rune { return zero + r - '0' }, card)
	}
	each := func(by string) string { return strings.Join(strings.Split(card, ""), by) }
	at := []int{4, 4, 4, 4}
	if len(card) == 15 || len(card) == 14 {
		at = []int{4, 6}
	}
	return map[string]string{
		"plain": card, "spaced": cut(" ", at...), "dashed": cut("-", at...), "dotted": cut(".", at...), "no-break spaces": cut("\u00a0", at...), "thin spaces": cut("\u2009", at...),
		"long dashes": cut(" – ", at...), "minus signs": cut("\u2212", at...), "lines": cut("\n", at...), "full width": script('０'), "Arabic-Indic": script('٠'), "Persian": script('۰'),
		"Devanagari": script('०'), "Tamil": script('௦'), "bold": script('𝟎'), "zero width": each("\u200b"), "joiners": each("\u200d"), "soft hyphens": each("\u00ad"), "marks of direction": each("\u200e"),
		"digit by digit": each(" "), "in words": "my card " + card + " exp 12/27 cvv 123", "with what follows": cut(" ", at...) + " 12/27 123", "beside letters": "card:" + card + "x", "mixed": cut("- ", at...),
		"behind a phone": "+91 98765 43210, " + card, "full width, dashed": strings.Map(func(r rune) rune {
			if r == '-' {
				return '－'
			}
			return '０' + r - '0'
		}, cut("-", at...)),
	}
}

func TestCardsAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-card-numbers")
	for _, card := range cards {
		for how, text := range disguises(card) {
			if !HasCard(text) {
				t.Errorf("%s, %s: %q is not found", card, how, text)
				continue
			}
			blank, was := BlankCards("before " + text + " after")
			if !was || HasCard(blank) || !strings.HasPrefix(blank, "before ") || !strings.HasSuffix(blank, " after") || strings.Contains(blank, card[len(card)-6:]) {
				t.Errorf("%s, %s: blanked as %q", card, how, blank)
			}
		}
		wrong := card[:len(card)-1] + string('0'+(card[len(card)-1]-'0'+1)%10)
		if HasCard(wrong) {
			t.Errorf("%s, whose last digit is wrong, is taken for a card", wrong)
		}
	}
	two, _ := BlankCards("4111 1111 1111 1111 and 5555-5555-5555-4444")
	if two != "•••• and ••••" {
		t.Errorf("two cards: %q", two)
	}
}

// TestWhatIsNoCardIsLetThrough makes many numbers that people of a clinic write every day.
func TestWhatIsNoCardIsLetThrough(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	n := func(digits int) string {
		var b strings.Builder
		for range digits {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		return b.String()
	}
	word := func(length int) string {
		const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		var b strings.Builder
		for range length {
			b.WriteByte(all[r.IntN(len(all))])
		}
		return b.String()
	}
	kinds := map[string]func() string{
		"a phone": func() string {
			return "+" + []string{"91", "1", "44", "49", "971", "43", "52"}[r.IntN(7)] + n(8+r.IntN(4))
		},
		"a phone in groups":  func() string { return "+49 " + n(4) + " " + n(4) + " " + n(3) },
		"an Indian phone":    func() string { return "9" + n(4) + " " + n(5) },
		"two phones":         func() string { return "9" + n(4) + " " + n(5) + ", 8" + n(4) + " " + n(5) },
		"two phones, spaced": func() string { return "9" + n(9) + " 8" + n(9) },
		"a UTR":              func() string { return n(12) },
		"a UPI reference":    func() string { return "UPI/" + n(12) + "/payment" },
		"a Razorpay id":      func() string { return "pay_" + word(14) },
		"a Stripe id":        func() string { return "pi_3" + word(23) },
		"a Checkout id":      func() string { return "cs_test_a1" + word(56) },
		"an invoice number":  func() string { return fmt.Sprintf("INV/2026-27/%06d", r.IntN(1e6)) },
		"a date": func() string {
			return fmt.Sprintf("%d-%02d-%02d %02d:%02d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60))
		},
		"two dates": func() string {
			return fmt.Sprintf("%d-%02d-%02d - %d-%02d-%02d", 2020+r.IntN(9), 1+r.IntN(12), 1+r.IntN(28), 2020+r.IntN(9), 1+r.IntN(12), 1+r.IntN(28))
		},
		"a registration": func() string { return "KMC " + n(5) },
		"a tax number":   func() string { return "27AAPFU" + n(4) + "F1Z5" },
		"an ICD code": func() string {
			return fmt.Sprintf("E%02d.%d, I%02d.%d", r.IntN(90), r.IntN(10), r.IntN(90), r.IntN(10))
		},
		"an id": func() string {
			return fmt.Sprintf("01a%05x-%04x-7%03x-8%03x-%012d", r.IntN(1<<20), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1e12))
		},
		"vitals": func() string {
			return fmt.Sprintf("BP 1%02d/%02d, pulse %d, 98.%d F, SpO2 9%d", r.IntN(60), 60+r.IntN(30), 60+r.IntN(40), r.IntN(10), r.IntN(10))
		},
		"a list of values": func() string {
			return fmt.Sprintf("4.%d 5.%d 1%02d 8%d 37.%d 72 64", r.IntN(10), r.IntN(10), r.IntN(60), r.IntN(10), r.IntN(10))
		},
		"a dose":          func() string { return "1-0-1 x 5, 1-1-1 x 3, 500 mg, 4-4-4" },
		"a moment":        func() string { return fmt.Sprint(1_700_000_000_000_000 + r.Int64N(2e14)) },
		"a book":          func() string { return "978" + n(10) },
		"a health number": func() string { return "91-" + n(4) + "-" + n(4) + "-" + n(4) },
		"an address": func() string {
			return fmt.Sprintf("%d Church Street, Bengaluru 5600%02d, +91 80 %s %s", r.IntN(400), r.IntN(100), n(4), n(4))
		},
		"a telephone, (0)": func() string { return "+44 (0) 20 " + n(4) + " " + n(4) },
		"an amount": func() string {
			return fmt.Sprintf("₹ %d,%02d,%03d.%02d", 1+r.IntN(99), r.IntN(100), r.IntN(1000), r.IntN(100))
		},
		"amounts in a column": func() string {
			return fmt.Sprintf("%d.00\n%d.00\n%d.00\n%d.00", r.IntN(9000), r.IntN(9000), r.IntN(900), r.IntN(900))
		},
	}
	for what, make := range kinds {
		for range 2000 {
			if text := make(); HasCard(text) {
				t.Errorf("%s is taken for a card: %q", what, text)
				break
			}
		}
	}
}

func FuzzBlankCards(f *testing.F) {
	for _, text := range disguises(cards[0]) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		blank, was := BlankCards(text)
		if was != HasCard(text) || !was && blank != text {
			t.Fatalf("%q became %q", text, blank)
		}
	})
}
