package contact

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"almirah/internal/fault"
)

// keyOf is the catalogue key of a refusal, and "" of none. An error that is no Invalid fault is a failure.
func keyOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.Invalid || !strings.HasPrefix(f.Key, "field.") {
		t.Errorf("not a fault of a field: %v", err)
		return "?"
	}
	return f.Key
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, region string
		want        Phone
		key         string
	}{
		{"98765 43210", "IN", "+919876543210", ""},
		{"098765-43210", "in", "+919876543210", ""},
		{"+91 (98765) 43210", "US", "+919876543210", ""},
		{"0091 98765 43210", "IN", "+919876543210", ""},
		{"91 98765 43210", "IN", "+919876543210", ""},
		{"९८७६५ ४३२१०", "IN", "+919876543210", ""},
		{"௯௮௭௬௫௪௩௨௧௦", "IN", "+919876543210", ""},
		{"٠٥٠ ١٢٣ ٤٥٦٧", "AE", "+971501234567", ""},
		{"۰۵۰ ۱۲۳ ۴۵۶۷", "AE", "+971501234567", ""},
		{"＋９１９８７６５４３２１０", "", "+919876543210", ""},
		{"\u202a+91 98765\u00a043210\u202c", "", "+919876543210", ""}, // as an address book copies it
		{"(650) 253-0000", "US", "+16502530000", ""},
		{"020 7946 0018", "GB", "+442079460018", ""},
		{"+39 06 6982", "US", "+39066982", ""},
		{"", "IN", "", "field.phone.empty"},
		{" -- ", "IN", "", "field.phone.empty"},
		{"98765 43210", "", "", "field.phone.country"},
		{"98765 43210", "ZZ", "", "field.phone.country"},
		{"+", "IN", "", "field.phone.invalid"},
		{"12345", "IN", "", "field.phone.invalid"},
		{"98765 432101", "IN", "", "field.phone.invalid"},
		{"0000000000", "IN", "", "field.phone.invalid"},
		{"+999 12345678", "IN", "", "field.phone.invalid"},
		{"98765 43210 ext 5", "IN", "", "field.phone.invalid"},
		{"98765+43210", "IN", "", "field.phone.invalid"},
		{"1-800-FLOWERS", "US", "", "field.phone.invalid"},
		{"98765 43210\x00", "IN", "", "field.phone.invalid"},
		{"98765 43210;phone-context=+1", "IN", "", "field.phone.invalid"},
		{"\xff98765 43210", "IN", "", "field.phone.invalid"},
		{strings.Repeat("9", 200), "IN", "", "field.phone.invalid"},
	} {
		got, err := ParsePhone(c.raw, c.region)
		if got != c.want || keyOf(t, err) != c.key {
			t.Errorf("%q in %q: %q %v, want %q %q", c.raw, c.region, got, err, c.want, c.key)
		}
	}
}

func TestPhoneInPrint(t *testing.T) {
	t.Parallel()
	for p, want := range map[Phone][3]string{
		"+919876543210": {"+91 •••• ••3210", "098765 43210", "3210"},
		"+16502530000":  {"+1 •••• ••0000", "+1 650-253-0000", "0000"},
		"+39066982":     {"+39 •••982", "+39 06 6982", "6982"}, // six digits behind the country: half are shown
		"+4721234567":   {"+47 •••• 4567", "+47 21 23 45 67", "4567"},
		"+6834002":      {"+683 ••02", "+683 4002", "4002"},
		"":              {"••••", "", ""},
		"nonsense":      {"••••", "nonsense", ""},
	} {
		if got := [3]string{p.Masked(), p.National("in"), p.LastFour()}; got != want {
			t.Errorf("%q: %q, want %q", p, got, want)
		}
	}
}

func TestLooksLikePhone(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"321": "321", "3210": "3210", "+91 987": "91987", "٣٢١٠": "3210", "98-76": "9876", "12": "", "": "", "+": "", "ravi": "", "3210 ravi": "", "12a": "",
	} {
		if got, ok := LooksLikePhone(typed); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", typed, got, ok, want)
		}
	}
}

func TestDigitsOfEveryScript(t *testing.T) {
	t.Parallel()
	n := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if d, ok := digit(r); ok != unicode.IsDigit(r) || ok && (d < '0' || d > '9') {
			t.Fatalf("%U: %q %v", r, d, ok)
		} else if ok {
			n++
		}
	}
	if n < 600 {
		t.Errorf("only %d digits", n)
	}
}

func TestParseEmail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "com"
	for _, c := range []struct {
		raw  string
		want Email
		key  string
	}{
		{" Asha.Rao@Example.ORG ", "Asha.Rao@example.org", ""},
		{"asha+clinic@example.co.in", "asha+clinic@example.co.in", ""},
		{"o'brien@example.ie", "o'brien@example.ie", ""},
		{"info@münchen.de", "info@xn--mnchen-3ya.de", ""},
		{"info@उदाहरण.भारत", "info@xn--p1b6ci4b4b3a.xn--h2brj9c", ""},
		{"info@مثال.إختبار", "info@xn--mgbh0fb.xn--kgbechtv", ""},
		{"info@ＥＸＡＭＰＬＥ．com", "info@example.com", ""},
		{"\u200basha@example.org\ufeff", "asha@example.org", ""},
		{long, Email(long), ""},
		{"", "", "field.email.empty"},
		{" \t", "", "field.email.empty"},
		{"a" + long, "", "field.email.invalid"}, // 65 before the @
		{strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 4) + "com", "", "field.email.too_long"},
		{strings.Repeat("a", 5000), "", "field.email.too_long"},
		{"asha", "", "field.email.invalid"},
		{"asha@", "", "field.email.invalid"},
		{"@example.org", "", "field.email.invalid"},
		{"asha@localhost", "", "field.email.invalid"},
		{"asha@127.0.0.1", "", "field.email.invalid"},
		{"asha@[127.0.0.1]", "", "field.email.invalid"},
		{"asha@example.123", "", "field.email.invalid"},
		{"asha@example..org", "", "field.email.invalid"},
		{"asha@example.org.", "", "field.email.invalid"},
		{"asha@-example.org", "", "field.email.invalid"},
		{"asha@exa_mple.org", "", "field.email.invalid"},
		{"asha@" + strings.Repeat("b", 64) + ".org", "", "field.email.invalid"},
		{".asha@example.org", "", "field.email.invalid"},
		{"as..ha@example.org", "", "field.email.invalid"},
		{"asha rao@example.org", "", "field.email.invalid"},
		{`"asha rao"@example.org`, "", "field.email.invalid"},
		{"asha@example.org\r\nBcc: x@example.org", "", "field.email.invalid"},
		{"asha@example.org\n", "", "field.email.invalid"},
		{"asha\x00@example.org", "", "field.email.invalid"},
		{"asha@exam\u202eple.org", "", "field.email.invalid"},
		{"Asha Rao <asha@example.org>", "", "field.email.only_address"},
		{"asha@example.org, ravi@example.org", "", "field.email.only_address"},
		{"asha@ravi@example.org", "", "field.email.only_address"},
		{"आशा@example.org", "", "field.email.local"},
		{"\xff@example.org", "", "field.email.invalid"},
	} {
		got, err := ParseEmail(c.raw)
		if got != c.want || keyOf(t, err) != c.key {
			t.Errorf("%q: %q %v, want %q %q", c.raw, got, err, c.want, c.key)
		}
	}
	for e, want := range map[Email]string{"asha@example.org": "a•••@example.org", "a@example.org": "a•••@example.org", "": "•••", "@x": "•••"} {
		if got := e.Masked(); got != want {
			t.Errorf("%q masked is %q", e, got)
		}
	}
	if Email("Asha@example.org").Key() != Email("asha@example.org").Key() {
		t.Error("one mailbox has two keys")
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want, key string }{
		{"  Asha \t  Rao ", "Asha Rao", ""},
		{"Asha\u00a0\u2003Rao", "Asha Rao", ""},
		{"e\u0301milie", "émilie", ""},
		{"प्रिया शर्मा", "प्रिया शर्मा", ""},
		{"முத்துலட்சுமி", "முத்துலட்சுமி", ""},
		{"فاطمة الزهراء", "فاطمة الزهراء", ""},
		{"می\u200cنا", "می\u200cنا", ""}, // the joiner is part of the spelling
		{"王小明", "王小明", ""},
		{"D'Souza-Pinto, Jr. (2)", "D'Souza-Pinto, Jr. (2)", ""},
		{"S/O Ramesh", "S/O Ramesh", ""},
		{"\u200eAsha\ufeff", "Asha", ""},
		{strings.Repeat("अ", 120), strings.Repeat("अ", 120), ""},
		{strings.Repeat("अ", 121), "", "field.name.too_long"},
		{strings.Repeat("a", 9000), "", "field.name.too_long"},
		{"", "", "field.name.empty"},
		{"   ", "", "field.name.empty"},
		{"12345", "", "field.name.empty"},
		{"...", "", "field.name.empty"},
		{"Asha\r\nBcc: x", "", "field.name.characters"},
		{"Asha\nRao", "", "field.name.characters"},
		{"Asha\x00", "", "field.name.characters"},
		{"Asha\u0085Rao", "", "field.name.characters"},
		{"Asha\u2028Rao", "", "field.name.characters"},
		{"\u202eohsA", "", "field.name.characters"},
		{"A\u2066sha", "", "field.name.characters"},
		{"Asha\ue000", "", "field.name.characters"},
		{"Asha\uffff", "", "field.name.characters"},
		{"A" + strings.Repeat("\u0335", 20), "", "field.name.characters"},
		{"\xffAsha", "", "field.name.characters"},
		{"Win at https://example.com", "", "field.name.link"},
		{"WWW.example.com", "", "field.name.link"},
	} {
		got, err := CleanName(c.raw)
		if got != c.want || keyOf(t, err) != c.key {
			t.Errorf("%q: %q %v, want %q %q", c.raw, got, err, c.want, c.key)
		}
		if again, err := CleanName(got); c.key == "" && (again != got || err != nil) {
			t.Errorf("%q cleaned again is %q %v", got, again, err)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"98765 43210", "+91 98765 43210", "९८७६५४३२१०", "0091-98765 43210", "(650) 253-0000", "+", "tel:+1", "٠٥٠١٢٣٤٥٦٧"} {
		f.Add(s, "IN")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		p, err := ParsePhone(raw, region)
		if key := keyOf(t, err); key != "" {
			if p != "" {
				t.Fatalf("%q with a refusal", p)
			}
			if len(raw) > 5 && strings.Contains(err.Error(), raw) {
				t.Fatalf("the error repeats what was typed: %v", err)
			}
			return
		}
		if len(p) < 4 || len(p) > 18 || p[0] != '+' || strings.Trim(string(p[1:]), "0123456789") != "" {
			t.Fatalf("%q is no E.164 number", p)
		}
		if again, err := ParsePhone(string(p), ""); again != p || err != nil {
			t.Fatalf("%q read again is %q %v", p, again, err)
		}
		m := p.Masked()
		if !utf8.ValidString(m) || strings.Contains(strings.ReplaceAll(m, " ", ""), strings.TrimPrefix(string(p), "+")) || strings.Count(m, "•") < 2 {
			t.Fatalf("%q masked is %q", p, m)
		}
		if back, err := ParsePhone(p.National("IN"), "IN"); err == nil && back != p {
			t.Fatalf("%q printed as %q is read as %q", p, p.National("IN"), back)
		}
	})
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"asha@example.org", "A <a@b.c>", "a@münchen.de", "a@[::1]", "a\r\n@b.c", "a@b..c", "आशा@उदाहरण.भारत", "a@xn--a.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := ParseEmail(raw)
		if keyOf(t, err) != "" {
			if e != "" {
				t.Fatalf("%q with a refusal", e)
			}
			return
		}
		if len(e) > maxEmail || strings.Count(string(e), "@") != 1 {
			t.Fatalf("%q is no address", e)
		}
		for _, r := range e {
			if r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"(),:;[]\\", r) {
				t.Fatalf("%q holds %q", e, r)
			}
		}
		if again, err := ParseEmail(string(e)); again != e || err != nil {
			t.Fatalf("%q read again is %q %v", e, again, err)
		}
	})
}
