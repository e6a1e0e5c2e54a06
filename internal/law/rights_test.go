package law_test

import (
	"slices"
	"testing"

	"almirah/internal/law"
	"almirah/internal/promise"
)

// TestEveryPlaceHasRights: each place has its rights, each with the text that gives it, and those without which a page would mislead.
func TestEveryPlaceHasRights(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "rights-by-region")
	must := map[string][]string{
		law.India:      {"know", "correct", "delete", "withdraw", "nominate", "grievance"},
		law.EU:         {"know", "copy", "correct", "delete", "restrict", "portable", "object", "no-machine", "withdraw", "complain"},
		law.Britain:    {"know", "copy", "correct", "delete", "restrict", "portable", "object", "withdraw", "complain"},
		law.US:         {"copy", "correct", "accounting", "complain"},
		law.California: {"know", "copy", "correct", "delete", "no-sale", "equal", "complain"},
		law.Canada:     {"know", "copy", "accuracy", "withdraw", "complain"},
		law.Elsewhere:  {"know", "copy", "correct", "delete", "withdraw", "complain"},
	}
	for _, place := range append(law.Places(), "US-TX", "??") {
		given := law.Rights(place)
		seen := map[string]bool{}
		for _, r := range given {
			if r.Key == "" || r.Source == "" || seen[r.Key] {
				t.Errorf("%s: %+v has no source, or stands twice", place, r)
			}
			seen[r.Key] = true
		}
		for _, want := range must[place] {
			if !seen[want] {
				t.Errorf("%s does not give the right %q", place, want)
			}
		}
		if len(given) < 5 {
			t.Errorf("%s gives %d rights", place, len(given))
		}
	}
	if !slices.Equal(law.Rights("US-TX"), law.Rights(law.US)) || !slices.Equal(law.Rights("??"), law.Rights(law.Elsewhere)) {
		t.Error("a state without a table of its own has its country's rights, a country without one the common ones")
	}
}
