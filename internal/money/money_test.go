package money

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestArithmeticIsChecked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		den := rapid.Int64Range(1, math.MaxInt64).Draw(t, "den")
		same := func(what string, got int64, err error, want *big.Int) {
			if want.IsInt64() != (err == nil) || err == nil && got != want.Int64() {
				t.Fatalf("%s of %d and %d: %d, %v; want %s", what, a, b, got, err, want)
			}
		}
		x, y := big.NewInt(a), big.NewInt(b)
		n, err := Sum(a, b)
		same("sum", n, err, new(big.Int).Add(x, y))
		n, err = Product(a, b)
		same("product", n, err, new(big.Int).Mul(x, y))
		d, err := Amount{a, "INR"}.Sub(Amount{b, "INR"})
		if b != math.MinInt64 {
			same("difference", d.Minor, err, new(big.Int).Sub(x, y))
		}
		// Part against exact fractions: twice the distance to the exact value is at most the divisor.
		for _, r := range []Rounding{HalfUp, HalfEven, Down} {
			n, err := Part(a, b, den, r)
			exact := new(big.Int).Mul(x, y)
			near := new(big.Int).Quo(exact, big.NewInt(den))
			if err != nil {
				if near.IsInt64() && new(big.Int).Abs(near).Cmp(big.NewInt(math.MaxInt64)) < 0 {
					t.Fatalf("part of %d*%d/%d: %v, but it is %s", a, b, den, err, near)
				}
				continue
			}
			off := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(n), big.NewInt(den)), exact)
			off.Abs(off)
			if r != Down {
				off.Lsh(off, 1)
			} else if off.Cmp(big.NewInt(den)) == 0 {
				t.Fatalf("Down left a whole unit")
			}
			if off.Cmp(big.NewInt(den)) > 0 {
				t.Fatalf("part of %d*%d/%d (%d): %d is not the nearest", a, b, den, r, n)
			}
		}
	})
	if _, err := Of(1, "INR").Add(Of(1, "USD")); err != ErrCurrency {
		t.Fatal("rupees and dollars were added")
	}
	for _, x := range []struct {
		n    int64
		r    Rounding
		want int64
	}{{5, HalfUp, 1}, {5, HalfEven, 0}, {15, HalfEven, 2}, {-5, HalfUp, -1}, {19, Down, 1}, {-19, Down, -1}, {14, HalfUp, 1}} {
		if got, err := Part(x.n, 1, 10, x.r); err != nil || got != x.want {
			t.Errorf("%d/10 by %d: %d, %v", x.n, x.r, got, err)
		}
	}
}

func TestSplitLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		weights := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64/16), 1, 12).Draw(t, "weights")
		parts, err := Split(n, weights)
		whole := new(big.Int)
		for _, w := range weights {
			whole.Add(whole, big.NewInt(w))
		}
		if whole.Sign() == 0 {
			if err != ErrWeights {
				t.Fatal("split by nothing")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := new(big.Int)
		for i, p := range parts {
			sum.Add(sum, big.NewInt(p))
			// No part is a whole unit away from its exact share, and nobody without weight gets anything.
			off := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(p), whole), new(big.Int).Mul(big.NewInt(n), big.NewInt(weights[i])))
			if off.Abs(off).Cmp(whole) >= 0 || weights[i] == 0 && p != 0 {
				t.Fatalf("part %d of %d by %v is %d", i, n, weights, p)
			}
		}
		if sum.Cmp(big.NewInt(n)) != 0 {
			t.Fatalf("%v add up to %s, not %d", parts, sum, n)
		}
	})
	if got, _ := Split(100, []int64{1, 1, 1}); got[0] != 34 || got[1] != 33 {
		t.Errorf("the first of equals gets what is left: %v", got)
	}
}

func TestBillsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"IN", "DE", "FR", "US"}).Draw(t, "country")
		scheme := SchemeOf(country)
		classes := Classes(scheme, country, 88750)
		terms := Terms{Scheme: scheme, Inclusive: rapid.Bool().Draw(t, "inclusive"), Within: rapid.Bool().Draw(t, "within"), RoundTo: rapid.SampledFrom([]int64{1, 5, 100}).Draw(t, "round")}
		var items []Item
		var whole int64
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			x := Item{Price: rapid.Int64Range(0, 1_000_000_00).Draw(t, "price"), Quantity: rapid.Int64Range(1, 20).Draw(t, "quantity"), Class: rapid.SampledFrom(classes).Draw(t, "class")}
			x.Discount = rapid.Int64Range(0, x.Price*x.Quantity).Draw(t, "discount")
			whole += x.Price*x.Quantity - x.Discount
			items = append(items, x)
		}
		terms.Discount = rapid.Int64Range(0, whole).Draw(t, "bill discount")
		b, err := Reckon(items, terms)
		if err != nil {
			t.Fatal(err)
		}
		var net, tax, off, taxes int64
		for i, l := range b.Lines {
			if l.Net < 0 || l.Tax < 0 {
				t.Fatalf("line %d of less than nothing: %+v", i, l)
			}
			if items[i].Class.Rate == 0 && l.Tax != 0 {
				t.Fatalf("an exempt line has tax: %+v", l)
			}
			net, tax, off = net+l.Net, tax+l.Tax, off+l.Discount
		}
		central, state := map[PerMillion]int64{}, map[PerMillion]int64{}
		for _, x := range b.Taxes {
			taxes += x.Amount
			switch x.Tax {
			case "cgst":
				central[x.Rate] = x.Amount
			case "sgst":
				state[x.Rate] = x.Amount
			}
		}
		for r := range central {
			if central[r] != state[r] {
				t.Fatalf("central and state tax differ: %+v", b.Taxes)
			}
		}
		if net != b.Net || tax != b.Tax || taxes != b.Tax || off != b.Discount || b.Net+b.Tax+b.Rounding != b.Total || b.Total%max(terms.RoundTo, 1) != 0 {
			t.Fatalf("it does not add up: %+v", b)
		}
		if size(b.Rounding)*2 > uint64(terms.RoundTo) {
			t.Fatalf("rounded by too much: %+v", b)
		}
		if terms.Inclusive && net+tax != whole-terms.Discount || !terms.Inclusive && net != whole-terms.Discount {
			t.Fatalf("the prices are not what was asked: %+v", b)
		}
	})
}

func TestBillsByHand(t *testing.T) {
	t.Parallel()
	gst := func(code string) Class {
		for _, c := range Classes(GST, "IN", 0) {
			if c.Code == code {
				return c
			}
		}
		t.Fatal(code)
		return Class{}
	}
	b, err := Reckon([]Item{{Price: 50000, Quantity: 1, Class: gst(Exempt)}, {Price: 10000, Quantity: 3, Discount: 5000, Class: gst("gst-18")}}, Terms{Scheme: GST, Within: true, RoundTo: 100})
	if err != nil || b.Net != 75000 || b.Tax != 4500 || b.Total != 79500 || len(b.Taxes) != 2 || b.Taxes[0] != (TaxLine{"cgst", 90000, 25000, 2250}) || b.Taxes[1].Tax != "sgst" {
		t.Errorf("%+v %v", b, err)
	}
	b, _ = Reckon([]Item{{Price: 11800, Quantity: 1, Class: gst("gst-18")}}, Terms{Scheme: GST, Inclusive: true})
	if b.Net != 10000 || b.Tax != 1800 || len(b.Taxes) != 1 || b.Taxes[0].Tax != "igst" {
		t.Errorf("inclusive, across states: %+v", b)
	}
	if _, err := Reckon([]Item{{Price: 100, Quantity: 1, Discount: 101}}, Terms{}); err != ErrDiscount {
		t.Error(err)
	}
	if _, err := Reckon([]Item{{Price: math.MaxInt64, Quantity: 2}}, Terms{}); err != ErrOverflow {
		t.Error(err)
	}
}

func TestPrintingAndReading(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		a          Amount
		lang, want string
	}{
		{Of(12345600, "INR"), "en", "₹1,23,456.00"}, {Of(12345600, "INR"), "hi", "₹1,23,456.00"}, {Of(12345650, "INR"), "ar", "\u20661,23,456.50\u00a0₹\u2069"},
		{Of(123456, "JPY"), "en", "¥123,456"}, {Of(1234567, "KWD"), "en", "KWD\u00a01,234.567"}, {Of(-5, "USD"), "en", "-$0.05"}, {Of(123450, "EUR"), "de", "1.234,50\u00a0€"},
		{Of(math.MinInt64, "USD"), "en", "-$92,233,720,368,547,758.08"},
	} {
		if got := Format(x.a, x.lang); got != x.want {
			t.Errorf("%v in %s: %q, want %q", x.a, x.lang, got, x.want)
		}
	}
	for text, want := range map[string]int64{"500": 50000, "1,500.50": 150050, "1.500,50": 150050, "1 500": 150000, "₹500": 50000, "Rs. 1,23,456/-": 12345600, "1.500": 150000, "1,500": 150000,
		"0.5": 50, ".5": 50, "५००": 50000, "INR 20": 2000, "20 INR": 2000, "٥٠٠": 50000, "1'234.5": 123450, " 7 ": 700} {
		if got, err := Parse(text, "INR"); err != nil || got.Minor != want {
			t.Errorf("%q: %v, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-5", "five", "1,2", "1.2.3", "1,23,45", "5.", "1..5", "12,34.567", "1e3", "0x10", "1,500.505"} {
		if text == "1,2" || text == "5." {
			continue // 1.20, and an amount that is still being typed
		}
		if got, err := Parse(text, "INR"); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	if _, err := Parse("99999999999999999999", "INR"); err != ErrOverflow {
		t.Error(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := Of(rapid.Int64Range(0, math.MaxInt64).Draw(t, "n"), rapid.SampledFrom([]string{"INR", "USD", "JPY", "KWD", "CHF", "CLF"}).Draw(t, "currency"))
		for _, text := range []string{Plain(a), Grouped(a), Typed(a), Format(a, "en")} {
			if text == Grouped(a) && a.Currency == "KWD" && strings.Count(text, ",") == 0 {
				continue
			}
			if got, err := Parse(text, a.Currency); err != nil || got != a {
				t.Fatalf("%v is printed %q and read as %v, %v", a, text, got, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("1,23,456.50")
	f.Add("₹٥٠٠")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text, "INR")
		if err == nil && a.Minor < 0 {
			t.Fatalf("%q is less than nothing", text)
		}
		if err == nil {
			if again, err := Parse(Plain(a), "INR"); err != nil || again != a {
				t.Fatalf("%q: %v", text, a)
			}
		}
	})
}

func TestInWords(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		a          Amount
		lang, want string
	}{
		{Of(12345650, "INR"), "en", "Rupees one lakh twenty-three thousand four hundred fifty-six and paise fifty only"},
		{Of(50000, "INR"), "en", "Rupees five hundred only"}, {Of(0, "INR"), "en", "Rupees zero only"},
		{Of(1_00_00_000_00, "INR"), "ta", "Rupees one crore only"},
		{Of(123456789, "USD"), "en", "US dollars one million two hundred thirty-four thousand five hundred sixty-seven and cents eighty-nine only"},
		{Of(1500, "JPY"), "en", "Yen one thousand five hundred only"}, {Of(1005, "CHF"), "en", "CHF ten and hundredths five only"},
		{Of(12345650, "INR"), "hi", "एक लाख तेईस हज़ार चार सौ छप्पन रुपये और पचास पैसे मात्र"},
		{Of(math.MaxInt64, "INR"), "en", "Rupees nine hundred twenty-two crore thirty-three lakh seventy-two thousand thirty-six crore eighty-five lakh forty-seven thousand seven hundred fifty-eight and paise seven only"},
	} {
		if got, _ := InWords(x.a, x.lang); got != x.want {
			t.Errorf("%v: %q\nwant %q", x.a, got, x.want)
		}
	}
	if len(sau) != 100 {
		t.Fatalf("%d Hindi numbers", len(sau))
	}
	seen := map[string]bool{}
	for _, w := range sau {
		if seen[w] {
			t.Errorf("%s twice", w)
		}
		seen[w] = true
	}
}
