package promise

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEnglishIsTheRegisters: the English of the catalogues of promises is the register's own, so that no page says another sentence than the one
// that is proved.
func TestEnglishIsTheRegisters(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../words/catalogue/en/promise_*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var said map[string]string
		if err := json.Unmarshal(text, &said); err != nil {
			t.Fatal(file, err)
		}
		for key, words := range said {
			if s, there := Find(strings.TrimPrefix(key, "promise.")); !there || s.Text != words {
				t.Errorf("%s: %s is not what the register says", filepath.Base(file), key)
			}
		}
	}
}
