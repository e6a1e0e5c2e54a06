package words

import (
	"strings"
	"testing"

	"almirah/internal/promise"
)

// TestEverySentenceIsSaidInEveryLanguage: no sentence of the policy, and no condition of one, is in English only, and no translation is left of a
// sentence that has gone. English itself is the register's own text.
func TestEverySentenceIsSaidInEveryLanguage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-languages")
	b := open(t)
	known := map[string]string{}
	for _, s := range promise.Register {
		known["promise."+s.ID] = s.Text
	}
	for _, l := range Languages() {
		said := b.Tongue(l.Code).said
		for key, s := range said {
			if strings.HasPrefix(key, "promise.") && (known[key] == "" || l.Code == "en" && s.fixed[0] != known[key]) {
				t.Errorf("%s says %s, which the register does not have, or says otherwise", l.Code, key)
			}
		}
		if l.Code == "en" {
			continue
		}
		for key, text := range known {
			s, there := said[key]
			switch {
			case !there:
				t.Errorf("%s does not say %s: %s", l.Code, key, text)
			case s.plural || len(s.holes) > 0 || strings.TrimSpace(s.fixed[0]) == "" || s.fixed[0] == text:
				t.Errorf("%s says nothing of its own at %s", l.Code, key)
			case ends(s.fixed[0]) == 0:
				t.Errorf("%s: %s does not end like a sentence: %s", l.Code, key, s.fixed[0])
			}
		}
	}
}

// ends is how many ends of sentences a text has.
func ends(text string) int { return strings.Count(text, ".") + strings.Count(text, "।") }
