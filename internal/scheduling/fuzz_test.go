package scheduling

import (
	"testing"

	"almirah/internal/id"
)

// FuzzLinks reads tokens of links: each link has one spelling, and nothing else is one.
func FuzzLinks(f *testing.F) {
	token, _ := newToken(id.ID{1, 2, 3})
	for _, s := range []string{token, token + "=", token[:42], "", "....", token[:42] + "_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clinic, hash, err := ClinicOf(text)
		if err != nil && (len(hash) != 0 || !clinic.IsZero()) || err == nil && (len(text) != 43 || len(hash) != 32) {
			t.Errorf("%q: %v, %d bytes, %v", text, clinic, len(hash), err)
		}
	})
}
