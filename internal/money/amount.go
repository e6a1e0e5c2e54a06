package money

import (
	"errors"
	"math"
	"math/bits"
)

// The ways in which arithmetic can fail.
var (
	ErrOverflow = errors.New("money: the amount does not fit")
	ErrCurrency = errors.New("money: amounts of two currencies")
	ErrWeights  = errors.New("money: nothing to split by")
)

// Amount is so many minor units of a currency: 150050 of INR are 1,500.50 rupees.
type Amount struct {
	Minor    int64
	Currency string // ISO 4217
}

// Of is an amount in minor units.
func Of(minor int64, currency string) Amount { return Amount{minor, currency} }

// IsZero says whether there is nothing.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Add is a + b. ErrCurrency when they are of two currencies, ErrOverflow when the sum does not fit.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrCurrency
	}
	n, err := Sum(a.Minor, b.Minor)
	return Amount{n, a.Currency}, err
}

// Sub is a - b, with the failures of Add.
func (a Amount) Sub(b Amount) (Amount, error) {
	if b.Minor == math.MinInt64 {
		return Amount{}, ErrOverflow
	}
	return a.Add(Amount{-b.Minor, b.Currency})
}

// Times is n times a. ErrOverflow when that does not fit.
func (a Amount) Times(n int64) (Amount, error) {
	m, err := Product(a.Minor, n)
	return Amount{m, a.Currency}, err
}

// Sum adds minor units of one currency. ErrOverflow when the sum does not fit.
func Sum(list ...int64) (int64, error) {
	var total int64
	for _, n := range list {
		if n > 0 && total > math.MaxInt64-n || n < 0 && total < math.MinInt64-n {
			return 0, ErrOverflow
		}
		total += n
	}
	return total, nil
}

// Product multiplies. ErrOverflow when the product does not fit.
func Product(a, b int64) (int64, error) {
	hi, lo := bits.Mul64(size(a), size(b))
	return signed(hi, lo, (a < 0) != (b < 0))
}

// size is |n|, which the smallest int64 has no room for.
func size(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

func signed(hi, lo uint64, negative bool) (int64, error) {
	switch {
	case hi == 0 && lo <= math.MaxInt64 && negative:
		return -int64(lo), nil
	case hi == 0 && lo <= math.MaxInt64:
		return int64(lo), nil
	case hi == 0 && negative && lo == 1<<63:
		return math.MinInt64, nil
	}
	return 0, ErrOverflow
}

// Rounding says what becomes of a half and of less.
type Rounding int

// The roundings.
const (
	HalfUp   Rounding = iota // a half goes away from zero: what tax offices expect
	HalfEven                 // a half goes to the even neighbour: no drift over many
	Down                     // towards zero
)

// Part is n * num / den, rounded once, whatever the product in between is. ErrOverflow when the result does not fit or den is not above zero.
func Part(n, num, den int64, r Rounding) (int64, error) {
	if den <= 0 {
		return 0, ErrOverflow
	}
	negative := (n < 0) != (num < 0)
	hi, lo := bits.Mul64(size(n), size(num))
	d := uint64(den)
	if hi >= d {
		return 0, ErrOverflow
	}
	q, rest := bits.Div64(hi, lo, d)
	up := false
	switch r {
	case HalfUp:
		up = rest >= d-rest
	case HalfEven:
		up = rest > d-rest || rest == d-rest && q%2 == 1
	case Down:
	}
	if up && rest != 0 {
		if q == math.MaxUint64 {
			return 0, ErrOverflow
		}
		q++
	}
	return signed(0, q, negative)
}

// RoundTo is n to the nearest multiple of step, which is how a total becomes whole rupees (step 100 paise) or a price of 5 cents (step 5).
func RoundTo(n, step int64, r Rounding) (int64, error) {
	if step <= 1 {
		return n, nil
	}
	q, err := Part(n, 1, step, r)
	if err != nil {
		return 0, err
	}
	return Product(q, step)
}

// Split shares n among the weights so that the parts add up to n exactly: each gets its share rounded towards zero, and what is left goes, one unit
// each, to those who lost most by the rounding, the earlier first. ErrWeights when no weight is above zero or one is below.
func Split(n int64, weights []int64) ([]int64, error) {
	var whole int64
	for _, w := range weights {
		if w < 0 {
			return nil, ErrWeights
		}
		var err error
		if whole, err = Sum(whole, w); err != nil {
			return nil, err
		}
	}
	if whole == 0 {
		return nil, ErrWeights
	}
	out, lost := make([]int64, len(weights)), make([]uint64, len(weights))
	left := size(n)
	for i, w := range weights {
		hi, lo := bits.Mul64(size(n), uint64(w))
		q, rest := bits.Div64(hi, lo, uint64(whole)) // w <= whole, so the quotient fits
		lost[i] = rest
		left -= q
		part, err := signed(0, q, n < 0)
		if err != nil {
			return nil, err
		}
		out[i] = part
	}
	one := int64(1)
	if n < 0 {
		one = -1
	}
	for ; left > 0; left-- {
		most := -1
		for i := range lost {
			if lost[i] > 0 && (most < 0 || lost[i] > lost[most]) {
				most = i
			}
		}
		out[most] += one
		lost[most] = 0
	}
	return out, nil
}
