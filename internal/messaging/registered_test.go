package messaging

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestAValueIsSharedOut: what is filled into a registered text is never empty and never too long, and a link comes out whole.
func TestAValueIsSharedOut(t *testing.T) {
	t.Parallel()
	const public = "https://a-rather-long-name-of-a-house.example.org"
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.IntRange(20, 60).Draw(t, "longest")
		token := strings.Repeat("x", tokenLetters-3) + rapid.StringMatching(`[A-Za-z0-9_-]{3}`).Draw(t, "token")
		for variable, value := range map[string]string{"ManageURL": public + "/m/" + token, "ReviewURL": ReviewPath(public + "/m/" + token), "PaperURL": public + "/r/" + token, "BookURL": public + "/c/sunrise",
			"PatientName": rapid.String().Draw(t, "name")} {
			x := standing(public, variable, longest)
			parts := x.share(value, longest)
			if len(parts) != x.places {
				t.Fatalf("%s: %d parts in %d places", variable, len(parts), x.places)
			}
			for _, p := range parts {
				if n := utf8.RuneCountInString(p); n == 0 || n > longest {
					t.Fatalf("%s: a part of %d letters", variable, n)
				}
			}
			if whole := x.before + strings.Join(parts, "") + x.after; variable != "PatientName" && whole != value {
				t.Fatalf("%s becomes %s", value, whole)
			}
		}
	})
	if got := standing(public, "ManageURL", 40).share("https://elsewhere.example/m/x", 40); len(got) != 2 || got[0] != "https://elsewhere.example/m/x" {
		t.Errorf("an address of another house is shared out: %q", got)
	}
	if got := standing(public, "ManageURL", 0).share(public+"/m/x", 0); len(got) != 1 || got[0] != public+"/m/x" {
		t.Errorf("where a value may have any length it is cut: %q", got)
	}
}
