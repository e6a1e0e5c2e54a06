package backup

import (
	"context"
	"io"
	"strings"
	"testing"
)

// FuzzKeyFiles reads keys as they are typed from paper: what is taken is a key, and a private one never passes for a public.
func FuzzKeyFiles(f *testing.F) {
	public, secret, err := NewKey()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{secret, public, Sheet(public, secret, "2026-11-28"), public + "," + public, "Line 1: " + secret, "", "AGE-SECRET-KEY-1", "age1,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKey(text); err == nil {
			if again, err := ParseKey(k.String()); err != nil || again.String() != k.String() {
				t.Errorf("a key is not read again: %v", err)
			}
		}
		if list, err := ParseRecipients(text); err == nil {
			for _, one := range list {
				if !strings.HasPrefix(one, "age1") {
					t.Errorf("%q passes for a public key", one)
				}
			}
		}
	})
}

// lies is a place that holds one file, whatever is asked for.
type lies struct {
	Place
	text string
}

func (l lies) Get(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(l.text)), nil
}

// FuzzManifest reads lists of backups from a place that somebody else can write to: one is taken only under its own name, which leads nowhere.
func FuzzManifest(f *testing.F) {
	const name = "20261128T000000Z"
	for _, s := range []string{`{"name":"` + name + `"}`, `{"name":"../../x"}`, `{"name":1}`, `[]`, ``, `{"name":"` + name + `","tables":{"x":-1},"taken_at":"2026-11-28T00:00:00Z"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := readManifest(t.Context(), lies{text: text}, dataFolder+name+manifestTail)
		if err != nil || m.Name != "" && m.Name != name {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
