package sms_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/carriers/sms"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

func TestDLTText(t *testing.T) {
	t.Parallel()
	const body = "Dear {#var#}, your visit is on {#var#}{#var#}. Sunrise"
	for name, c := range map[string]struct {
		body, text string
		want       bool
	}{
		"as registered":             {body, "Dear Asha, your visit is on 24 Nov 10:00. Sunrise", true},
		"another script":            {"प्रिय {#var#}, समय {#var#}", "प्रिय आशा, समय १० बजे", true},
		"a full stop less":          {body, "Dear Asha, your visit is on 24 Nov 10:00 Sunrise", false},
		"a blank more":              {body, "Dear Asha,  your visit is on 24 Nov 10:00. Sunrise", false},
		"a blank at the end":        {body, "Dear Asha, your visit is on 24 Nov 10:00. Sunrise ", false},
		"another case":              {body, "dear Asha, your visit is on 24 Nov 10:00. Sunrise", false},
		"the text inside a value":   {body, "Dear A, your visit is on B, your visit is on C. Sunrise", true},
		"40 characters":             {"A {#var#}!", "A " + strings.Repeat("अ", 40) + "!", true},
		"41 characters":             {"A {#var#}!", "A " + strings.Repeat("अ", 41) + "!", false},
		"80 for two beside another": {"A {#var#}{#var#}!", "A " + strings.Repeat("x", 80) + "!", true},
		"81 for two beside another": {"A {#var#}{#var#}!", "A " + strings.Repeat("x", 81) + "!", false},
		"nothing filled in":         {"A {#var#}!", "A !", true},
		"no variable":               {"Closed today.", "Closed today.", true},
		"no variable, other text":   {"Closed today.", "Closed today", false},
		"at its ends":               {"{#var#} x {#var#}", "a x b", true},
		"the hole itself":           {"A {#var#}!", "A {#var#}!", true}, // seven characters like any others
		"broken UTF-8":              {"A {#var#}!", "A \xff!", false},
		"empty":                     {"A {#var#}!", "", false},
	} {
		if got := (sms.Registered{Body: c.body}).Matches(c.text); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	r := sms.Registered{Body: body}
	if text, ok := r.Fill([]string{"Asha", "24 Nov ", "10:00"}); !ok || !r.Matches(text) {
		t.Errorf("%q %v", text, ok)
	}
	for _, values := range [][]string{{"Asha"}, {"a", "b", "c", "d"}, {strings.Repeat("x", 41), "", ""}} {
		if text, ok := r.Fill(values); ok {
			t.Errorf("%q", text)
		}
	}
	// A text that could be shared out in very many ways is refused as fast as any other.
	start := time.Now()
	if (sms.Registered{Body: strings.Repeat("a{#var#}", 60) + "b"}).Matches(strings.Repeat("a", 1500)) || time.Since(start) > 5*time.Second {
		t.Errorf("it took %v", time.Since(start))
	}
}

// TestDLTTextByChance holds Matches against a regular expression, which follows the ways one by one.
func TestDLTTextByChance(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(7, 7))
	yes := 0
	for range 4000 {
		var body, pattern, text strings.Builder
		for range 1 + dice.IntN(5) {
			if dice.IntN(2) == 0 {
				body.WriteString("{#var#}")
				pattern.WriteString("(?s:.{0,40})")
				text.WriteString(strings.Repeat([]string{"a", "b", "अ"}[dice.IntN(3)], dice.IntN(44)))
				continue
			}
			piece := []string{"a", "ab", "b a", "अ", "."}[dice.IntN(5)]
			body.WriteString(piece)
			pattern.WriteString(regexp.QuoteMeta(piece))
			if dice.IntN(8) > 0 {
				text.WriteString(piece)
			}
		}
		want := regexp.MustCompile(`^(?:` + pattern.String() + `)$`).MatchString(text.String())
		if got := (sms.Registered{Body: body.String()}).Matches(text.String()); got != want {
			t.Fatalf("%q against %q: %v", text.String(), body.String(), got)
		}
		if want {
			yes++
		}
	}
	if yes < 500 || yes > 3900 {
		t.Errorf("only one answer was tried: %d of 4000 fit", yes)
	}
}

func TestDLTHours(t *testing.T) {
	t.Parallel()
	india := time.FixedZone("IST", 19800)
	for at, want := range map[string]time.Duration{
		"2026-11-24 10:00:00": 0, "2026-11-24 20:59:59": 0, "2026-11-24 21:00:00": 13 * time.Hour, "2026-11-24 09:59:30": 30 * time.Second,
		"2026-11-24 00:00:00": 10 * time.Hour, "2026-12-31 23:00:00": 11 * time.Hour,
	} {
		moment, err := time.ParseInLocation("2006-01-02 15:04:05", at, india)
		if err != nil {
			t.Fatal(err)
		}
		if wait, may := sms.Promotion(sms.Promotional, moment.UTC()); wait != want || may != (want == 0) {
			t.Errorf("%s: %v %v", at, wait, may)
		}
		for _, c := range []sms.Category{sms.Transactional, sms.ServiceImplicit, sms.ServiceExplicit} {
			if wait, may := sms.Promotion(c, moment); wait != 0 || !may {
				t.Errorf("%s at %s: %v", c, at, wait)
			}
		}
	}
	night := time.Date(2026, 11, 24, 16, 30, 0, 0, time.UTC) // ten at night in India
	r := sms.Registered{Body: "Hello {#var#}", Category: sms.Promotional}
	for text, want := range map[string]messaging.Receipt{
		"Hello Asha": {Outcome: messaging.Later, Code: "dlt_hours", Wait: 12 * time.Hour}, "Hullo Asha": {Outcome: messaging.Refused, Code: "dlt_text"},
	} {
		if got := r.Verdict(text, night); !same(got, want) {
			t.Errorf("%s: %+v", text, got)
		}
	}
	if got := r.Verdict("Hello Asha", noon); got.Outcome != messaging.Accepted {
		t.Errorf("%+v", got)
	}
}

func TestDLTRegistered(t *testing.T) {
	t.Parallel()
	good := sms.Registered{TemplateID: "1107161234567890123", EntityID: "1101234567890123456", Header: "SUNRIS", Category: sms.ServiceImplicit, Body: "Hi {#var#}, see you."}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*sms.Registered){
		"template_id": func(r *sms.Registered) { r.TemplateID = "1107" },
		"entity_id":   func(r *sms.Registered) { r.EntityID = "x" },
		"header":      func(r *sms.Registered) { r.Header = "SUN" },
		"category":    func(r *sms.Registered) { r.Category = "other" },
		"body":        func(r *sms.Registered) { r.Body = "Hi {#Var#}" },
	} {
		r := good
		change(&r)
		var f *fault.Fault
		if err := r.Validate(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if r := (sms.Registered{Body: "{#var#}"}); r.Validate() == nil {
		t.Error("a text that is nothing but a variable")
	}
}

func FuzzMatches(f *testing.F) {
	f.Add("Dear {#var#}, see you.", "Dear Asha, see you.")
	f.Add("{#var#}{#var#}", "aaaa")
	f.Add("{#var#}\xb4", "\xc5") // two halves of a character
	f.Fuzz(func(t *testing.T, body, text string) {
		if len(body) > 500 || len(text) > 500 {
			return
		}
		r := sms.Registered{Body: body}
		if filled, ok := r.Fill(strings.Split(text, "|")); ok && !r.Matches(filled) {
			t.Fatalf("%q does not match what it was filled into, %q", filled, body)
		}
		r.Matches(text)
	})
}
