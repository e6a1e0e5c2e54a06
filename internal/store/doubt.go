package store

import "fmt"

// Doubted runs a statement that answers how many rows it looked at and how many of them are not as they must be. It answers the first number, and
// an error with the words when the second is not zero: a room's looks for the live checks are made of it. $1 is the clinic, as in Query.
func (v *View) Doubted(text, wrong string, args ...any) (int64, error) {
	bad, all, err := Tally(v, text, args...)
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d %s", bad, wrong)
	}
	return all, err
}
