package store

import "fmt"

// Doubted runs a statement that answers how many rows it looked at and how many of them are not as they must be. It answers the first number, and
// an error with the words when the second is not zero: a room's looks for the live checks are made of it. $1 is the clinic, as in Query.
func (v *View) Doubted(text, wrong string, args ...any) (int64, error) {
	var all, bad int64
	if err := v.Row(text, args...).Scan(&all, &bad); err != nil {
		return 0, err
	}
	if bad > 0 {
		return all, fmt.Errorf("%d %s", bad, wrong)
	}
	return all, nil
}
