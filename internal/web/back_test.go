package web

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzBack asks to be led anywhere: the way is always to a page of ours.
func FuzzBack(f *testing.F) {
	for _, s := range []string{"/app", "//evil.example", "/\\evil.example", "https://evil.example", "/%2f%2fevil.example", "/\t/evil.example", "javascript:x", "/app?next=//x", "/..//evil.example", "", "/\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := back(to, "/app")
		u, err := url.Parse(got)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("%q leads to %q: %v", to, got, err)
		}
	})
}
