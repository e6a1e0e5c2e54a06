package archives_test

import (
	"strings"
	"testing"

	"almirah/internal/archives"
)

// TestOddBytesSpoilTheirLineAlone: one byte of the old code page in a list of UTF-8 leaves the other names as they are.
func TestOddBytesSpoilTheirLineAlone(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("र", 1000) + ","
	text := "\ufeffName,Phone\nआशा राव,1\nJos\xe9 \x93O\x94,2\nسارة,3\n" + strings.Repeat(long, 50) + "\n"
	lines, err := archives.Lines([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Name|Phone", "आशा राव|1", "José “O”|2", "سارة|3"} {
		if got := strings.Join(lines[i], "|"); got != want {
			t.Errorf("line %d: %q, not %q", i, got, want)
		}
	}
	if len(lines) != 5 || lines[4][49] != strings.TrimSuffix(long, ",") {
		t.Errorf("%d lines, or the longest is not as it was", len(lines))
	}
}
