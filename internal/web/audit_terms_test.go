package web

import (
	"slices"
	"strings"
	"testing"

	"almirah/internal/words"
)

// TestAuditTermsAreThere: each family of words by which the audit page says a value exists.
func TestAuditTermsAreThere(t *testing.T) {
	t.Parallel()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for value, family := range auditTerms {
		if !slices.ContainsFunc(book.Keys(), func(key string) bool { return strings.HasPrefix(key, family) }) {
			t.Errorf("%s: the catalogue holds no word that begins with %s", value, family)
		}
	}
}
