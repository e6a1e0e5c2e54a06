package archtest

import (
	"strings"
	"testing"

	"almirah/internal/words"
)

// TestTheLogIsSpoken: whoever reads the log of her clinic reads it in her language.
func TestTheLogIsSpoken(t *testing.T) {
	t.Parallel()
	h, err := source()
	if err != nil {
		t.Fatal(err)
	}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "hi", "ta", "ar"} {
		for _, breach := range Unspoken(h, book.Tongue(lang).Has) {
			t.Errorf("%s: %s", lang, breach)
		}
	}
}

func TestUnspokenWordsAreFound(t *testing.T) {
	t.Parallel()
	h, err := Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Add("internal/visits/x.go", `package visits
func f() {
	tx.Record(audit.Note{Action: "sign", Kind: "encounter", Subject: e})
	tx.Record(audit.Note{Action: "leave", Kind: "provider"})
	tx.Record(audit.Note{Action: "dance", Kind: "encounter"})
	v.Opened("chart", p, p)
	v.ListedPart("ball", a, b, ids)
}`); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"audit.kind.encounter": true, "audit.kind.provider": true, "audit.kind.chart": true, "audit.act.sign": true, "audit.act.provider.leave": true}
	got := Unspoken(h, func(key string) bool { return known[key] })
	if len(got) != 2 || !strings.Contains(got[0], "write audit.act.dance, or audit.act.encounter.dance,") || !strings.Contains(got[1], "write audit.kind.ball") {
		t.Errorf("found %q", got)
	}
}
