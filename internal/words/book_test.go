package words

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"almirah/internal/promise"
)

func open(t *testing.T) *Book {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestEveryKeyInEveryLanguage lists what a language has not got yet. Under ALMIRAH_STRICT a gap fails.
func TestEveryKeyInEveryLanguage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-language")
	b := open(t)
	if len(b.doubled) > 0 {
		t.Errorf("keys said twice in one language: %v", b.doubled)
	}
	for _, l := range Languages()[1:] {
		gaps := b.Missing(l.Code)
		if len(gaps) == 0 {
			continue
		}
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Errorf("%s lacks %d of %d sentences: %s", l.Code, len(gaps), len(b.Keys()), strings.Join(gaps, " "))
		} else {
			t.Logf("%s lacks %d of %d sentences, the first: %s", l.Code, len(gaps), len(b.Keys()), strings.Join(gaps[:min(5, len(gaps))], " "))
		}
	}
}

// TestSamePlaceholders keeps a translation from losing or inventing a value.
func TestSamePlaceholders(t *testing.T) {
	t.Parallel()
	b := open(t)
	en := b.Tongue("en")
	for _, l := range Languages()[1:] {
		for key, s := range b.Tongue(l.Code).said {
			if strings.HasPrefix(key, "promise.") || strings.HasPrefix(key, "declared.") {
				continue // their English is what the program declares: TestEverySentenceIsSaidInEveryLanguage looks at them
			}
			base, ok := en.said[key]
			if !ok {
				t.Errorf("%s says %s, which English does not", l.Code, key)
				continue
			}
			if s.plural || base.plural {
				if s.plural != base.plural {
					t.Errorf("%s: %s is plural in one language only", l.Code, key)
				}
				continue
			}
			if holes(s) != holes(base) {
				t.Errorf("%s: %s has placeholders %q, English has %q", l.Code, key, holes(s), holes(base))
			}
		}
	}
}

// holes are the placeholders of a sentence, each once, in order of the alphabet: a
// translation may say them in another order.
func holes(s sentence) string {
	names := slices.Clone(s.holes)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

func TestSay(t *testing.T) {
	t.Parallel()
	b, err := load(fstest.MapFS{
		"catalogue/en/a.json": {Data: []byte(`{"hello":"Hello {{.Name}}, {{ .Name }}","plain":"Plain","n":{"one":"{{.Count}} time","other":"{{.Count}} times"}}`)},
		"catalogue/ar/a.json": {Data: []byte(`{"hello":"مرحبا {{.Name}} {{.Name}}","n":{"zero":"لا أوقات","one":"وقت","two":"وقتان","few":"{{.Count}} أوقات","many":"{{.Count}} وقتا","other":"{{.Count}} وقت"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lang, want, got string }{
		{"en", "Hello Asha, Asha", b.Tongue("en").Say("hello", "Name", "Asha")},
		{"en", "Hello \u2068علي\u2069, \u2068علي\u2069", b.Tongue("en").Say("hello", "Name", "علي")},
		{"ar", "مرحبا \u2068Asha\u2069 \u2068Asha\u2069", b.Tongue("ar").Say("hello", "Name", "Asha")},
		{"ar", "Plain", b.Tongue("ar").Say("plain")},
		{"ar", "وقتان", b.Tongue("ar").Say("n", "Count", 2)},
		{"ar", "3 أوقات", b.Tongue("ar").Say("n", "Count", 3)},
		{"en", "1 time", b.Tongue("en").Say("n", "Count", 1)},
		{"hi", "5 times", b.Tongue("hi").Say("n", "Count", 5)},
		{"en", "[nope]", b.Tongue("hi").Say("nope")},
		{"en", "Hello [Name], [Name]", b.Tongue("en").Say("hello")},
		{"xx", "Plain", b.Tongue("xx").Say("plain")},
	} {
		if c.got != c.want {
			t.Errorf("%s: said %q, want %q", c.lang, c.got, c.want)
		}
	}
	if p := b.Tongue(pseudo).Say("plain"); len(p) < 7 {
		t.Errorf("the make-believe language is too short: %q", p)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no json": `{`, "a list": `{"a":["b"]}`, "a pipe": `{"a":"{{.A | b}}"}`, "an open brace": `{"a":"{{.A"}`,
	} {
		if _, err := load(fstest.MapFS{"catalogue/en/a.json": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-language")
	b := open(t)
	for _, c := range []struct{ cookie, user, clinic, accept, want string }{
		{"ta", "hi", "en", "ar", "ta"},
		{"", "hi", "en", "ar", "hi"},
		{"", "", "hi", "ar-EG,ar;q=0.9,en;q=0.5", "ar"},
		{"", "", "hi", "fi", "hi"},
		{"", "", "", "", "en"},
		{"xx", "", "", "ta-IN", "ta"},
		{"'; --", "", "", "%%%", "en"},
	} {
		if got := b.Match(c.cookie, c.user, c.clinic, c.accept).Lang(); got != c.want {
			t.Errorf("Match(%q,%q,%q,%q) = %s, want %s", c.cookie, c.user, c.clinic, c.accept, got, c.want)
		}
	}
}

func TestDatesTimesMoney(t *testing.T) {
	t.Parallel()
	b := open(t)
	en, hi, ta, ar := b.Tongue("en"), b.Tongue("hi"), b.Tongue("ta"), b.Tongue("ar")
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	accra, err := time.LoadLocation("Africa/Accra")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 9, 5, 0, 0, kolkata)
	for _, c := range []struct{ got, want string }{
		{en.Date("2026-11-24"), "24 Nov 2026"},
		{en.Date("2026-02-30"), ""},
		{en.LongDate("2026-11-24"), "Tuesday 24 November 2026"},
		{hi.LongDate("2026-11-24"), "मंगलवार, 24 नवंबर 2026"},
		{ar.Date("2026-11-24"), "24 نوفمبر 2026"},
		{en.Time(at), "9:05 am"},
		{en.Minute(0), "12:00 am"},
		{en.Minute(720), "12:00 pm"},
		{en.Minute(1440), "12:00 am"},
		{hi.Time(at), "सुबह 9:05"},
		{ta.Minute(17 * 60), "மாலை 5:00"},
		{ar.Time(at), "9:05 ص"},
		{en.DateTime(at), "24 Nov 2026, 9:05 am"},
		{en.ShortDateTime(at), "24 Nov, 9:05 am"},
		{ar.ShortDateTime(at), "24 نوفمبر، 9:05 ص"},
		{en.List([]string{"Meta", "Twilio"}), "Meta, Twilio"},
		{ar.List([]string{"Meta", "Twilio"}), "Meta، Twilio"},
		{en.ZoneName(at), "India Standard Time"},
		{en.ZoneName(at.In(accra)), "Accra time (GMT)"},
		{en.Money(12345650, "INR"), "₹1,23,456.50"},
		{en.Money(50000, "INR"), "₹500"},
		{hi.Money(12345600, "INR"), "₹1,23,456"},
		{en.Money(12345605, "USD"), "$123,456.05"},
		{en.Money(-1205, "EUR"), "-€12.05"},
		{en.Money(1500, "KWD"), "KWD\u00a01.500"},
		{en.Money(1500, "XYZ"), "XYZ\u00a015"},
		{ar.Money(50000, "INR"), "\u2066500\u00a0₹\u2069"},
		{en.Number(1234567), "12,34,567"},
		{ar.Number(1234567), "1,234,567"},
		{en.Number(0), "0"},
		{en.Number(-45), "-45"},
		{en.Age("1984-03-15", "2026-11-24"), "42 y"},
		{en.Age("2026-06-15", "2026-11-24"), "5 m"},
		{en.Age("2026-11-12", "2026-11-24"), "12 d"},
		{en.Age("2027-11-12", "2026-11-24"), ""},
		{en.Age("1984-11-25", "2026-11-24"), "41 y"},
	} {
		if c.got != c.want {
			t.Errorf("said %q, want %q", c.got, c.want)
		}
	}
}
