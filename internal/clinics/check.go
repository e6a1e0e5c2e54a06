package clinics

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/words"
)

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// reserved are the names that would pass for a page of the house, or for the house itself.
var reserved = strings.Fields(`about account accounts admin administrator almirah api app assets audit auth billing book booking
	clinic clinics contact demo docs doctor export favicon fhir forgot healthz help home hooks import info internal invitation legal
	login logout mail manage me metrics operator outbox owner patient patients privacy promises public readyz register reset robots
	root security session settings setup sign-in sign-out sign-up signin signout signup sitemap staff static status support system
	terms test trust verify well-known webmaster www`)

// checkSlug reads the name in the address of the public page: 3 to 40 small letters, digits and single dashes.
func checkSlug(raw string, f *fault.Fields) string {
	s := strings.ToLower(strings.TrimSpace(raw))
	switch {
	case s == "":
		f.Add("slug", "field.slug.empty")
	case len(s) < 3 || len(s) > 40 || !slugForm.MatchString(s):
		f.Add("slug", "field.slug.invalid")
	case slices.Contains(reserved, s):
		f.Add("slug", "field.slug.reserved")
	}
	return s
}

// Check reads a profile as it was typed: trimmed, normalised, every wrong field named in f at once. The result is whole only
// when f stayed empty.
func Check(p Profile, f *fault.Fields) Profile {
	out := Profile{
		LegalEntity: text("legal_entity", p.LegalEntity, 200, false, f),
		Address:     text("address", p.Address, 500, true, f),
		TaxNumbers:  text("tax_numbers", p.TaxNumbers, 300, true, f),
		Contact:     text("contact", p.Contact, 200, true, f),
		Zone:        strings.TrimSpace(p.Zone), Country: strings.ToUpper(strings.TrimSpace(p.Country)),
		Jurisdiction: strings.TrimSpace(p.Jurisdiction), Region: strings.TrimSpace(p.Region), Currency: strings.ToUpper(strings.TrimSpace(p.Currency)),
	}
	name, err := contact.CleanName(p.Name)
	wrong("name", err, f)
	out.Name = name
	if zoneOf(out.Zone) == nil {
		f.Add("zone", "field.zone.invalid")
	}
	country := isCountry(out.Country)
	if !country {
		f.Add("country", "field.country.invalid")
	}
	if !slices.Contains(Jurisdictions(), out.Jurisdiction) {
		f.Add("jurisdiction", "field.jurisdiction.invalid")
	}
	if !slices.Contains(Regions(), out.Region) {
		f.Add("region", "field.region.invalid")
	}
	if !isCurrency(out.Currency) {
		f.Add("currency", "field.currency.invalid")
	}
	if strings.TrimSpace(p.Phone) != "" {
		phone, err := contact.ParsePhone(p.Phone, out.Country)
		if country || !fault.Is(err, fault.Invalid) {
			wrong("phone", err, f)
		}
		out.Phone = string(phone)
	}
	if strings.TrimSpace(p.Email) != "" {
		mail, err := contact.ParseEmail(p.Email)
		wrong("email", err, f)
		out.Email = string(mail)
	}
	if out.Country == "IN" && !gstinsRight(out.TaxNumbers) {
		f.Add("tax_numbers", "field.tax_numbers.gstin")
	}
	out.Languages = languages(p.Languages, f)
	c, ok := colour(p.Colour)
	if !ok {
		f.Add("colour", "field.colour.invalid")
	}
	out.Colour = c
	return out
}

// languages keeps the order: the first is the clinic's own.
func languages(raw []string, f *fault.Fields) []string {
	var out []string
	for _, l := range raw {
		l = strings.TrimSpace(l)
		if !slices.ContainsFunc(words.Languages(), func(x words.Language) bool { return x.Code == l }) {
			f.Add("languages", "field.languages.invalid")
			return nil
		}
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		f.Add("languages", "field.languages.empty")
	}
	return out
}

// checkRules names the wrong fields of the rules.
func checkRules(r Rules, f *fault.Fields) {
	if r.MinNotice < 0 || r.MinNotice > 30*24*time.Hour || r.MinNotice%time.Minute != 0 {
		f.Add("min_notice", "field.min_notice.invalid")
	}
	if r.Horizon < 1 || r.Horizon > 400 {
		f.Add("horizon", "field.horizon.invalid")
	}
	if r.Step%time.Minute != 0 || !slices.Contains([]time.Duration{5, 10, 15, 20, 30, 60}, r.Step/time.Minute) {
		f.Add("step", "field.step.invalid")
	}
}

// checkModules keeps the order of the registry.
func checkModules(raw []string, f *fault.Fields) []string {
	for _, m := range raw {
		if !slices.Contains(Modules(), m) {
			f.Add("modules", "field.modules.invalid")
			return nil
		}
	}
	for _, m := range raw {
		if r := Requires(m); r != "" && !slices.Contains(raw, r) {
			f.Add("modules", "field.modules.requires")
			return nil
		}
	}
	out := []string{ModuleScheduling}
	for _, m := range Modules()[1:] {
		if slices.Contains(raw, m) {
			out = append(out, m)
		}
	}
	return out
}

// wrong puts a contact's complaint under the field.
func wrong(field string, err error, f *fault.Fields) {
	if err == nil {
		return
	}
	var x *fault.Fault
	if errors.As(err, &x) {
		f.Add(field, x.Key)
		return
	}
	f.Add(field, "field."+field+".invalid")
}

// text reads free text of the clinic's own: single spaces, no control characters, line ends only where lines are wanted.
func text(field, raw string, most int, lines bool, f *fault.Fields) string {
	if len(raw) > 8*most || !utf8.ValidString(raw) {
		f.AddWith(field, "field.clinic_text.too_long", map[string]any{"Most": most})
		return ""
	}
	s := norm.NFC.String(strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\r", "\n"))
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			out = append(out, line)
		}
	}
	if !lines && len(out) > 1 {
		f.Add(field, "field.clinic_text.one_line")
		return ""
	}
	s = strings.Join(out, "\n")
	if utf8.RuneCountInString(s) > most {
		f.AddWith(field, "field.clinic_text.too_long", map[string]any{"Most": most})
		return ""
	}
	for _, r := range s {
		turning := '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
		if r != '\n' && (unicode.IsControl(r) || turning || r == '\u2028' || r == '\u2029') {
			f.Add(field, "field.clinic_text.characters")
			return ""
		}
	}
	return s
}
