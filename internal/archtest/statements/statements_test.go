package statements

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// house writes a one-room repository with the given source.
func house(t *testing.T, source string) string {
	t.Helper()
	top := t.TempDir()
	room := filepath.Join(top, "internal", "patients")
	if err := os.MkdirAll(room, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(room, "store.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return top
}

func TestFind(t *testing.T) {
	t.Parallel()
	found, err := Find(house(t, "package patients\n\nconst columns = `id, name`\n\nconst (\n\tsqlGet  = `SELECT ` + columns + ` FROM patients WHERE clinic_id = $1`\n\tsqlless = \"no\"\n)\n\nfunc f() { const sqlInside = \"DELETE FROM x\"; _ = sqlInside }\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Statement{
		{"internal/patients/store.go", 6, "sqlGet", "SELECT id, name FROM patients WHERE clinic_id = $1"},
		{"internal/patients/store.go", 10, "sqlInside", "DELETE FROM x"},
	}
	if len(found) != len(want) || found[0] != want[0] || found[1] != want[1] {
		t.Fatalf("found %+v", found)
	}
}

func TestFindRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"package patients\n\nimport \"x/y\"\n\nconst sqlGet = y.Select + \"z\"\n",
		"package patients\n\nconst sqlGet = sqlOther\nconst sqlOther = sqlGet\n",
		"package patients\n\nconst sqlGet = 4\n",
	} {
		if _, err := Find(house(t, source)); err == nil || !strings.Contains(err.Error(), "internal/patients/store.go:") {
			t.Errorf("%q: %v", source, err)
		}
	}
}
