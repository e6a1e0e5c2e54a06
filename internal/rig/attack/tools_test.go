package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWhatIsSavedRunsNothing: a stored script that is seen again counts, unless the answer is a table that the browser saves.
func TestWhatIsSavedRunsNothing(t *testing.T) {
	t.Parallel()
	table := map[string]string{"Content-Type": "text/csv; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Disposition": `attachment; filename="a.csv"`}
	for _, c := range []struct {
		name, value string
		status      int
		saved       bool
	}{
		{"", "", 200, true},
		{"Content-Type", "text/html; charset=utf-8", 200, false},
		{"Content-Type", "", 200, false},
		{"X-Content-Type-Options", "", 200, false},
		{"Content-Disposition", "inline", 200, false},
		{"", "", 429, false},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range table {
				w.Header().Set(name, value)
			}
			if c.name != "" {
				w.Header().Set(c.name, c.value)
			}
			w.WriteHeader(c.status)
		}))
		found := "POST /app/incidents/1/note words: Permanent XSS vulnerability found in " + srv.URL + "/app/audit/entries.csv by injecting the parameter words of " + srv.URL + "/note.\nWarning: Content-Security-Policy is present!"
		if got := saved(t.Context(), found); (got != "") != c.saved {
			t.Errorf("%s %q, %d: %q", c.name, c.value, c.status, got)
		}
		if got := saved(t.Context(), strings.Replace(found, "Permanent XSS", "XSS", 1)); got != "" {
			t.Errorf("another finding is excused: %q", got)
		}
		srv.Close()
		if got := saved(t.Context(), found); got != "" {
			t.Errorf("what does not answer is excused: %q", got)
		}
	}
}
