package law_test

import (
	"testing"

	"almirah/internal/law"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"India": "IN", " india ": "IN", "IN": "IN", "United States": "US", "USA": "US", "EU": "EU", "European Union": "EU", "Germany": "DE", "ap-south-1": "IN", "eu-west-2": "GB", "eu-central-2": "CH",
		"us-gov-west-1": "US", "": "", "not stated": "", "where it likes": "", "India or the United States": "", "xx-moon-1": "", "the region of AWS that the clinic chooses": "",
	} {
		if got := law.PlaceOf(words); got != want {
			t.Errorf("%q is %q, want %q", words, got, want)
		}
	}
	for _, x := range []struct {
		place, region string
		want          bool
	}{{"IN", "IN", true}, {"US", "IN", false}, {"", "IN", false}, {"DE", "EU", true}, {"NO", "EU", true}, {"GB", "EU", false}, {"CH", "EU", false}, {"EU", "EU", true}, {"EU", "GB", false}, {"DE", "DE", true}} {
		if law.Within(x.place, x.region) != x.want {
			t.Errorf("%q within %q", x.place, x.region)
		}
	}
}
