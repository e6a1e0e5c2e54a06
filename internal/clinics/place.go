package clinics

import (
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"almirah/internal/law"
)

// Elsewhere is the jurisdiction of clinics whose law the house has no table for: the strictest rule applies.
const Elsewhere = law.Elsewhere

// MinorAge is the age, in completed years, from which a person books without a guardian in the clinic's jurisdiction.
func (c Clinic) MinorAge() int { return law.MinorAge(c.Jurisdiction) }

// Jurisdictions are the laws that a clinic can stand under, in the order of menus.
func Jurisdictions() []string { return law.Places() }

// Regions are the places where a clinic's data can lie, in the order of menus.
func Regions() []string { return []string{"IN", "EU", "GB", "US", "CA"} }

// noCountries are codes that the tables of languages know, but that ISO 3166 only reserves or has withdrawn.
var noCountries = strings.Fields("AC AN CP CQ CS DG EA EZ FQ IC NT PC SU TA UN YU")

// isCountry says whether the code is a country of ISO 3166 in its usual spelling ("IN").
func isCountry(code string) bool {
	if len(code) != 2 || slices.Contains(noCountries, code) {
		return false
	}
	r, err := language.ParseRegion(code)
	return err == nil && r.IsCountry() && r.String() == code && r.Canonicalize() == r
}

// Countries are all countries of ISO 3166, sorted by code.
func Countries() []string {
	var out []string
	for a := byte('A'); a <= 'Z'; a++ {
		for b := byte('A'); b <= 'Z'; b++ {
			if code := string([]byte{a, b}); isCountry(code) {
				out = append(out, code)
			}
		}
	}
	return out
}

// isCurrency says whether the code is a currency that is legal tender somewhere today.
func isCurrency(code string) bool {
	u, err := currency.ParseISO(code)
	if err != nil || u.String() != code {
		return false
	}
	for it := currency.Query(); it.Next(); {
		if it.Unit() == u {
			return true
		}
	}
	return false
}

// zoneOf reads an IANA zone; nil when there is none of that name. The folders "right" (which counts leap seconds) and
// "posix" of some machines are no names of zones, and "Local" would be the machine's own.
func zoneOf(name string) *time.Location {
	head, _, _ := strings.Cut(name, "/")
	if name == "" || len(name) > 64 || slices.Contains([]string{"Local", "right", "posix", "posixrules", "Factory", "localtime"}, head) {
		return nil
	}
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, z)
	return z
}

// zones remembers what the machine's zone tables say: reading them takes longer than reading the
// clinic. A zone does not change while the program runs, and there are a few hundred names.
var zones sync.Map
