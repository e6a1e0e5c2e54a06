package policies

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"almirah/internal/law"
	"almirah/internal/promise"

	"pgregory.net/rapid"
)

func anyTerms(t *rapid.T, name string) Terms {
	subset := func(what string, of ...string) []string {
		return sorted(rapid.SliceOfDistinct(rapid.SampledFrom(of), func(s string) string { return s }).Draw(t, name+what))
	}
	x := Terms{Jurisdiction: rapid.SampledFrom(law.Places()).Draw(t, name+"law"), Keep: map[law.Class]string{},
		Content: rapid.SampledFrom([]int{0, 30, 180, 365, Full}).Draw(t, name+"content"), MinorAge: rapid.SampledFrom([]int{13, 16, 18}).Draw(t, name+"age"),
		Remainder: rapid.SampledFrom([]int{0, 10, 20}).Draw(t, name+"rest"),
		Regions:   subset("regions", "IN", "EU", "US"), Recipients: subset("parties", "smtp", "twilio", "ses"), Purposes: subset("purposes", "booking", "news", "review"),
		Rights: subset("rights", "access", "deletion", "nomination"), Modules: subset("modules", "notes", "clinical", "billing"), Analytics: subset("counts", CountsUse, CountsVisitors)}
	for _, k := range law.Classes() {
		x.Keep[k] = rapid.SampledFrom([]string{"PT72H", "P30D", "P180D", "P6M", "P365D", "P12M", "P6Y", Forever}).Draw(t, name+string(k))
	}
	return x.clean()
}

// atMost says whether nobody is worse off under a than under b.
func atMost(a, b Terms) bool { return !Weakens(Compare(b, a)) }

// TestTheOrderIsAnOrder: whatever the terms, weaker and stricter are each other's opposite, what is weaker than the weaker is weaker, one part that weakens
// makes the whole weaken, and of two terms the strictest is no worse than either.
func TestTheOrderIsAnOrder(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-weakening")
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyTerms(t, "a"), anyTerms(t, "b"), anyTerms(t, "c")
		if len(Compare(a, a)) != 0 {
			t.Fatal("terms differ from themselves")
		}
		there, back := Compare(a, b), Compare(b, a)
		if len(there) != len(back) {
			t.Fatalf("%d changes one way and %d the other", len(there), len(back))
		}
		turned := map[Way]Way{Stricter: Weaker, Weaker: Stricter, Neutral: Neutral}
		for _, x := range there {
			if !slices.Contains(back, Change{x.Param, x.Item, x.New, x.Old, turned[x.Way]}) {
				t.Fatalf("%+v has no opposite", x)
			}
		}
		if atMost(a, b) && atMost(b, c) && !atMost(a, c) {
			t.Fatal("stricter than what is stricter, and not stricter")
		}
		if atMost(a, b) && atMost(b, a) {
			for _, x := range there {
				if x.Way != Neutral {
					t.Fatalf("neither is weaker, and %+v", x)
				}
			}
		}
		least := Strictest(a, b)
		if !atMost(least, a) || !atMost(least, b) {
			t.Fatal("the strictest of two is worse than one of them")
		}
		if atMost(c, a) && atMost(c, b) && !atMost(c, least) {
			t.Fatal("the strictest is stricter than it has to be")
		}
		// One part that is weaker makes the whole weaker, however much stricter the rest is.
		mixed := least
		mixed.Keep = maps.Clone(least.Keep)
		mixed.Rights = nil
		if len(least.Rights) > 0 && !Weakens(Compare(least, mixed)) {
			t.Fatal("a right was taken away, and nothing weakened")
		}
		var again Terms
		text, _ := json.Marshal(a)
		if err := json.Unmarshal(text, &again); err != nil || Digest(again, "{}") != Digest(a, "{}") {
			t.Fatal("what is written is not what was")
		}
		if len(there) > 0 && Digest(a, "{}") == Digest(b, "{}") {
			t.Fatal("two terms have one address")
		}
	})
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"P180D", "P12M", "P6Y", "PT72H"} {
		if s, ok := ParseSpan(text); !ok || SpanText(s) != text {
			t.Errorf("%s: %v %v", text, s, ok)
		}
	}
	for _, bad := range []string{"P", "P0D", "P-1D", "P+1D", "180", "P1W", "PT1D", "PTH", "P99999999D", "X1D", "P1H"} {
		if _, ok := ParseSpan(bad); ok {
			t.Errorf("%q is a length", bad)
		}
	}
	if hours("P12M") <= hours("P365D") || hours("P1Y") != hours("P12M") || hours(Forever) <= hours("P100Y") || hours("what") != hours(Forever) {
		t.Error("lengths are in the wrong order")
	}
	for _, x := range []struct {
		place string
		class law.Class
		text  string
		want  bool
	}{{law.EU, law.Events, "P180D", true}, {law.EU, law.Events, "P90D", true}, {law.EU, law.Events, "P181D", false}, {law.India, law.Clinical, "P2Y", false}, {law.India, law.Clinical, "P3Y", true},
		{law.India, law.Clinical, Forever, true}, {law.EU, law.Opinions, Forever, false}, {law.EU, law.Invoices, "P9Y", false}, {law.California, law.Clinical, "P10Y", true}} {
		if got := Allowed(x.place, x.class, x.text); got != x.want {
			t.Errorf("%s keeps %s for %q: %v", x.place, x.class, x.text, got)
		}
	}
}
