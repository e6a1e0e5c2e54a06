package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/store"
	"almirah/internal/words"
)

// OpenClinicPage is /open-clinic, the page "open-clinic": a person opens a clinic of her own.
type OpenClinicPage struct {
	Shell
	ClinicName, Slug string
	Zone, Country    string
	Zones, Countries []Option
	Belongs          bool // she belongs to a clinic already
}

// accountRoutes are the pages about people who sign in.
func accountRoutes() []Route {
	return []Route{
		{Pattern: "GET /sign-in", Door: Open, Script: true, Handle: signInPage},
		{Pattern: "POST /sign-in", Door: Open, Script: true, Handle: signInSave},
		{Pattern: "POST /sign-out", Door: Person, Enrol: true, Handle: signOut},
		{Pattern: "GET /sign-up", Door: Open, Script: true, Handle: signUpPage},
		{Pattern: "POST /sign-up", Door: Open, Script: true, Handle: signUpSave},
		{Pattern: "GET /terms", Door: Open, Handle: termsPage},
		{Pattern: "GET /check-mail", Door: Open, Handle: checkMail},
		{Pattern: "GET /verify", Door: Open, Handle: verifyPage},
		{Pattern: "POST /verify", Door: Open, Handle: verifySave},
		{Pattern: "GET /forgot", Door: Open, Handle: forgotPage},
		{Pattern: "POST /forgot", Door: Open, Handle: forgotSave},
		{Pattern: "GET /reset", Door: Open, Script: true, Handle: resetPage},
		{Pattern: "POST /reset", Door: Open, Script: true, Handle: resetSave},
		{Pattern: "GET /invitation", Door: Open, Script: true, Handle: invitationPage},
		{Pattern: "POST /invitation", Door: Open, Script: true, Handle: invitationSave},
		{Pattern: "GET /choose-clinic", Door: Person, Handle: chooseClinicPage},
		{Pattern: "POST /choose-clinic", Door: Person, Handle: chooseClinicSave},
		{Pattern: "GET /setup", Door: Open, Script: true, Handle: setupPage},
		{Pattern: "POST /setup", Door: Open, Script: true, Handle: setupSave},
		{Pattern: "GET /open-clinic", Door: Person, Handle: openClinicPage},
		{Pattern: "POST /open-clinic", Door: Person, Handle: openClinicSave},

		{Pattern: "GET /app/me", Door: Staff, Right: access.ClinicRead, Handle: mePage},
		{Pattern: "POST /app/me", Door: Staff, Right: access.ClinicRead, Handle: meSave},
		{Pattern: "POST /app/me/preferences", Door: Staff, Right: access.ClinicRead, Handle: preferencesSave},
		{Pattern: "POST /app/me/lists", Door: Staff, Right: access.ClinicRead, Handle: listsSave},
		{Pattern: "POST /app/me/password", Door: Staff, Right: access.ClinicRead, Handle: passwordSave},
		{Pattern: "POST /app/me/sessions/{session}/end", Door: Staff, Right: access.ClinicRead, Handle: sessionEnd},
		{Pattern: "POST /app/me/sign-out-everywhere", Door: Person, Handle: signOutEverywhere},
	}
}

func setupPage(s *Site, w http.ResponseWriter, v *Visit) error {
	token := v.URL.Query().Get("token")
	if err := s.Accounts.CheckLink(v.Context(), "setup", token); err != nil {
		return err
	}
	page := s.signUp(v)
	page.Token = token
	return s.views.Render(w, http.StatusOK, "setup", page)
}

// setupSave lets the first owner in and opens her clinic. The clinic is looked at first, so that a wrong field of it
// does not use the link up; wrong fields of both are named together.
func setupSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	d := draft(v, f.Get("country"))
	_, wrong := clinics.CheckOpening(opening(v, f.Get("clinic_name"), standIn, f.Get("country"), f.Get("zone")))
	var started accounts.Started
	var err error
	if wrong != nil {
		dry := d
		dry.Terms = "\x00" // no version: nothing is done, and every other wrong field is named
		_, err = s.Accounts.SetUp(v.Context(), f.Get("token"), dry, s.device(v))
		err = joinFields(renamed(wrong, openingFields), without(renamed(err, accountFields), "terms", d.Terms == s.Accounts.Terms()))
	} else {
		started, err = s.Accounts.SetUp(v.Context(), f.Get("token"), d, s.device(v))
	}
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := s.signUp(v)
		return s.views.Render(w, report(w, &page.Shell, renamed(err, accountFields)), "setup", page)
	}
	s.setSession(w, started)
	in, err := s.Accounts.Session(v.Context(), started.Cookie)
	if err != nil {
		return err
	}
	c, err := s.openClinic(v, in, f.Get("clinic_name"), "", f.Get("country"), f.Get("zone"))
	if refusal(err) { // she is in; the page of the opening says what is wrong
		http.Redirect(w, v.Request, "/open-clinic", http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return s.enterClinic(w, v, started.Cookie, c)
}

// without takes a field out of a fault when it was right after all.
func without(err error, field string, right bool) error {
	var f *fault.Fault
	if !right || !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(x fault.Field) bool { return x.Name == field })
	if len(out.Fields) == 0 {
		return nil
	}
	return &out
}

// joinFields makes one fault of the wrong fields of two; what is no fault about fields wins.
func joinFields(a, b error) error {
	var x, y *fault.Fault
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case !errors.As(b, &y) || len(y.Fields) == 0:
		return b
	case !errors.As(a, &x) || len(x.Fields) == 0:
		return a
	}
	out := *x
	out.Fields = append(slices.Clone(y.Fields), x.Fields...)
	return &out
}

// openingFields are the names of a clinic's fields in the forms that open one.
var openingFields = map[string]string{"name": "clinic_name"}

// opening is a clinic with what the house works out of its country, to be changed in the settings.
func opening(v *Visit, name, slug, country, zone string) clinics.Opening {
	o := clinics.Opening{Slug: slug, Profile: clinics.Profile{Name: name, Country: country, Zone: zone, Jurisdiction: jurisdictionOf(country),
		Region: regionOf(country), Currency: currencyOf(country), Languages: []string{v.Tongue.Lang()}}}
	if !slices.ContainsFunc(words.Languages(), func(l words.Language) bool { return l.Code == v.Tongue.Lang() }) {
		o.Languages = nil
	}
	if !slices.Contains(o.Languages, "en") {
		o.Languages = append(o.Languages, "en")
	}
	return o
}

// openClinic opens the clinic. Without a name for its address, one is made of the clinic's name, and numbered when it is taken.
func (s *Site) openClinic(v *Visit, in accounts.SignedIn, name, slug, country, zone string) (clinics.Clinic, error) {
	found := func(_ context.Context, tx *store.Tx, _ clinics.Clinic) error { return followup.Found(tx) }
	if slug != "" {
		return s.Accounts.OpenOwnClinic(v.Context(), in, opening(v, name, slug, country, zone), found)
	}
	base := slugOf(name)
	for n := 1; ; n++ {
		try := base
		if n > 1 {
			try += "-" + strconv.Itoa(n)
		}
		c, err := s.Accounts.OpenOwnClinic(v.Context(), in, opening(v, name, try, country, zone), found)
		var f *fault.Fault
		if n < 20 && errors.As(err, &f) && len(f.Fields) == 1 && f.Fields[0].Name == "slug" {
			continue
		}
		return c, err
	}
}

func (s *Site) enterClinic(w http.ResponseWriter, v *Visit, cookie string, c clinics.Clinic) error {
	started, err := s.Accounts.ChooseClinic(v.Context(), cookie, c.ID)
	if err != nil {
		return err
	}
	s.setSession(w, started)
	http.Redirect(w, v.Request, "/app/settings?done=opened", http.StatusSeeOther)
	return nil
}

func openClinicPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "open-clinic", s.openingPage(v))
}

func (s *Site) openingPage(v *Visit) *OpenClinicPage {
	page := &OpenClinicPage{Shell: s.Shell(v), Belongs: len(v.Signed.Clinics) > 0}
	page.Title = v.Tongue.Say("open.title")
	if f := v.PostForm; f != nil {
		page.ClinicName, page.Slug, page.Zone, page.Country = f.Get("clinic_name"), f.Get("slug"), f.Get("zone"), f.Get("country")
	}
	page.Zones, page.Countries = zoneOptions(page.Zone), countryOptions(v.Tongue, page.Country)
	return page
}

func openClinicSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	c, err := s.openClinic(v, *v.Signed, f.Get("clinic_name"), strings.TrimSpace(f.Get("slug")), f.Get("country"), f.Get("zone"))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := s.openingPage(v)
		return s.views.Render(w, report(w, &page.Shell, renamed(err, openingFields)), "open-clinic", page)
	}
	return s.enterClinic(w, v, v.cookie(), c)
}

// slugOf makes the name in the address of a clinic's page of its name: letters without their marks, or a stand-in for a name in
// a script that addresses do not have.
func slugOf(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	if len(s) > 36 {
		s = s[:36]
	}
	if s = strings.Trim(s, "-"); len(s) < 3 {
		return standIn
	}
	return s
}

const standIn = "practice"

// union are the members of the European Union.
var union = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

func jurisdictionOf(country string) string {
	switch {
	case slices.Contains(union, country):
		return "EU"
	case slices.Contains(clinics.Jurisdictions(), country):
		return country
	}
	return clinics.Elsewhere
}

func regionOf(country string) string {
	if slices.Contains(clinics.Regions(), country) {
		return country
	}
	return "EU"
}

func currencyOf(country string) string {
	if r, err := language.ParseRegion(country); err == nil {
		if u, ok := currency.FromRegion(r); ok {
			return u.String()
		}
	}
	return "EUR"
}

func zoneOptions(current string) []Option {
	out := []Option{{On: current == ""}}
	seen := current == ""
	for _, z := range zones() {
		out = append(out, Option{Value: z, Label: strings.ReplaceAll(z, "_", " "), On: z == current})
		seen = seen || z == current
	}
	if !seen && len(current) < 65 { // a zone by one of its older names
		out = append(out, Option{Value: current, Label: current, On: true})
	}
	return out
}

// countryOptions names the countries in the language of the page, in the order of their names there.
func countryOptions(t *words.Tongue, current string) []Option {
	tag, err := language.Parse(t.Lang())
	names := display.Regions(tag)
	if err != nil || names == nil {
		names = display.Regions(language.English)
	}
	out := make([]Option, 0, 250)
	for _, code := range clinics.Countries() {
		label := names.Name(language.MustParseRegion(code))
		if label == "" {
			label = code
		}
		out = append(out, Option{Value: code, Label: label, On: code == current})
	}
	slices.SortStableFunc(out, func(a, b Option) int { return strings.Compare(a.Label, b.Label) })
	return append([]Option{{On: current == ""}}, out...)
}
