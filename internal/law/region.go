package law

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// members are the states of the European Union, and the three of the European Economic Area in which the General Data Protection Regulation holds as
// well (Decision 154/2018 of the EEA Joint Committee).
var members = strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO")

// Within says whether data that lie at the place lie in the region. Both are codes: a country of ISO 3166, or "EU". A place that nobody stated lies in
// no region.
func Within(place, region string) bool {
	return place != "" && (place == region || region == EU && slices.Contains(members, place))
}

// clouds are the regions of AWS by the beginning of their names, where these are not those of the country: docs.aws.amazon.com, "AWS Regions".
var clouds = []struct{ start, place string }{
	{"ap-south-", India}, {"ap-southeast-1", "SG"}, {"ap-southeast-2", "AU"}, {"ap-southeast-3", "ID"}, {"ap-southeast-4", "AU"}, {"ap-southeast-5", "MY"}, {"ap-southeast-7", "TH"},
	{"ap-northeast-1", "JP"}, {"ap-northeast-2", "KR"}, {"ap-northeast-3", "JP"}, {"ap-east-1", "HK"}, {"ap-east-2", "TW"},
	{"eu-west-1", "IE"}, {"eu-west-2", Britain}, {"eu-west-3", "FR"}, {"eu-central-1", "DE"}, {"eu-central-2", "CH"}, {"eu-north-1", "SE"}, {"eu-south-1", "IT"}, {"eu-south-2", "ES"},
	{"us-", US}, {"ca-", Canada}, {"mx-", "MX"}, {"sa-east-", "BR"}, {"me-south-", "BH"}, {"me-central-", "AE"}, {"il-", "IL"}, {"af-south-", "ZA"},
}

// others are usual spellings that the tables of names do not have.
var others = map[string]string{"european union": EU, "eu": EU, "eea": EU, "europe (eu)": EU, "usa": US, "united states of america": US, "uk": Britain, "great britain": Britain, "england": Britain, "uae": "AE"}

// countries are the English names of countries, in lower case, with their codes.
var countries = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	english := display.English.Regions()
	for a := byte('A'); a <= 'Z'; a++ {
		for b := byte('A'); b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]byte{a, b}))
			if err == nil && r.IsCountry() && r.Canonicalize() == r && r.String() == string([]byte{a, b}) {
				out[strings.ToLower(english.Name(r))], out[strings.ToLower(r.String())] = r.String(), r.String()
			}
		}
	}
	return out
})

// PlaceOf reads where something lies out of the words of a setting: a code, the English name of a country or of the European Union, or a region of
// AWS. It is empty for anything else: what is not stated plainly is not stated.
func PlaceOf(words string) string {
	w := strings.ToLower(strings.Join(strings.Fields(words), " "))
	if p, ok := others[w]; ok {
		return p
	}
	if i := strings.LastIndexByte(w, '-'); i > 0 && i == len(w)-2 && w[i+1] >= '1' && w[i+1] <= '9' {
		for _, c := range clouds {
			if strings.HasPrefix(w, c.start) {
				return c.place
			}
		}
		return ""
	}
	if w == "" {
		return ""
	}
	return countries()[w]
}
