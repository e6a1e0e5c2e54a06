package scheduling

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEverySentenceOfHoursIsWritten: a key in this room's source without an English sentence would show the
// person a key, and a sentence that no key asks for is dead.
func TestEverySentenceOfHoursIsWritten(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../words/catalogue/en/hours.json")
	if err != nil {
		t.Fatal(err)
	}
	sentences := map[string]string{}
	if err := json.Unmarshal(text, &sentences); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, file := range []string{"hours.go", "slots.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"((?:field|fault)\.[a-z_.]+)"`).FindAllStringSubmatch(string(source), -1) {
			used[m[1]] = true
			if sentences[m[1]] == "" {
				t.Errorf("%s: no sentence for %q", file, m[1])
			}
		}
	}
	for key := range sentences {
		if !used[key] && !strings.HasPrefix(key, "hint.") {
			t.Errorf("nothing asks for the sentence %q", key)
		}
	}
}
