package visits

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCodes reads lists of codes of any form.
func FuzzCodes(f *testing.F) {
	for _, s := range []string{"A00.1,Cholera\n", "code;name\nA00;x\na001;y", "A00\t\"x\n", "\xef\xbb\xbfA00.1,x", strings.Repeat("A00,x\n", 3), "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := ReadCodes(content)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range r.Codes {
			if !codeForm.MatchString(c.Code) || c.Name == "" || !utf8.ValidString(c.Name) || utf8.RuneCountInString(c.Name) > 300 || seen[c.Code] {
				t.Errorf("%+v", c)
			}
			seen[c.Code] = true
		}
	})
}

// FuzzFile looks at files of any form: what is taken for a PDF runs nothing when it says so in plain letters, and no name leads anywhere.
func FuzzFile(f *testing.F) {
	f.Add([]byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"), "x.pdf")
	f.Add([]byte("%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(x)>>>>endobj\n%%EOF"), "../../etc/passwd")
	f.Add([]byte("%PDF-1.4\n1 0 obj<</Filter/FlateDecode/Length 3>>stream\nxyz\nendstream endobj"), "a\r\nb\"c.pdf")
	f.Add([]byte("\x89PNG\r\n\x1a\n"), "")
	f.Add([]byte("<svg onload=x>"), "x.svg")
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		if n := fileName(name); n == "" || strings.ContainsAny(n, "/\\\r\n\x00\"") || utf8.RuneCountInString(n) > 80 {
			t.Errorf("%q becomes %q", name, n)
		}
		if strings.HasPrefix(string(content), "%PDF-") && quietPDF(content) == nil && strings.Contains(string(content), "<</S/JavaScript") {
			t.Errorf("a script was taken: %q", content)
		}
	})
}
