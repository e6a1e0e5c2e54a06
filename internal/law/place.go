package law

import "strings"

// The laws that a clinic can stand under.
const (
	India      = "IN"
	EU         = "EU"
	Britain    = "GB"
	US         = "US"
	California = "US-CA" // the law of the United States, and what California adds
	Canada     = "CA"
	Elsewhere  = "ZZ" // the house has no table for it: the strictest rule applies
)

// Places are the laws that a clinic can stand under, in the order of menus.
func Places() []string { return []string{India, EU, Britain, US, California, Canada, Elsewhere} }

// row is the line of a table for the place: its own, or that of the country it lies in, or the strictest.
func row[T any](table map[string]T, place string) T {
	if x, ok := table[place]; ok {
		return x
	}
	if country, _, inside := strings.Cut(place, "-"); inside {
		if x, ok := table[country]; ok {
			return x
		}
	}
	return table[Elsewhere]
}

// minorAges says from which age a person decides about her own visit. Where the law differs inside a place the stricter common rule stands here.
var minorAges = map[string]int{
	// Digital Personal Data Protection Act 2023, s. 2(f): a child has not completed eighteen years; Majority Act 1875, s. 3.
	India: 18,
	// General Data Protection Regulation, art. 8(1): sixteen, unless a member state chose a lower age (not below thirteen).
	EU: 16,
	// Family Law Reform Act 1969, s. 8: consent to treatment at sixteen (England and Wales); Age of Legal Capacity (Scotland)
	// Act 1991, s. 1: sixteen.
	Britain: 16,
	// 45 CFR 164.502(g)(3) leaves it to the states; the age of majority is eighteen in all but a few, which have more.
	US: 18,
	// No federal age. Medical Consent of Minors Act (New Brunswick), s. 2: sixteen; the common law's mature minor elsewhere.
	Canada: 16,
	// The strictest of the rows above.
	Elsewhere: 18,
}

// MinorAge is the age, in completed years, from which a person decides about her own visit.
func MinorAge(place string) int { return row(minorAges, place) }

// HIPAA says whether the place is under the United States' law on health data: a clinic there signs a Business Associate Agreement first.
func HIPAA(place string) bool { return place == US || strings.HasPrefix(place, US+"-") }

// Authority is to whom a person can complain. Its name is a proper noun; Page is where complaints are taken, without a promise that it answers.
type Authority struct{ Name, Page string }

var authorities = map[string]Authority{
	India:      {"Data Protection Board of India", "https://www.dpb.gov.in"},
	EU:         {"the data protection authority of your country", "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en"},
	Britain:    {"Information Commissioner's Office", "https://ico.org.uk/make-a-complaint/"},
	US:         {"Office for Civil Rights, U.S. Department of Health and Human Services", "https://www.hhs.gov/ocr/complaints/"},
	California: {"California Privacy Protection Agency", "https://cppa.ca.gov/webapplications/complaint"},
	Canada:     {"Office of the Privacy Commissioner of Canada", "https://www.priv.gc.ca/en/report-a-concern/"},
	Elsewhere:  {"the data protection authority of your country", ""},
}

// Complaints is the authority of the place to which a person can complain.
func Complaints(place string) Authority { return row(authorities, place) }
