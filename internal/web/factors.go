package web

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// The second factor: showing it at a sign-in, setting it up, showing it again, and what a clinic asks of its people. A code works
// without any script; a passkey needs one, because the browser hands it to nobody else.

// factorRoutes are the pages about second factors.
func factorRoutes() []Route {
	return []Route{
		{Pattern: "GET /sign-in/second", Door: Open, Script: true, Handle: secondPage},
		{Pattern: "POST /sign-in/second", Door: Open, Script: true, Handle: secondSave},
		{Pattern: "POST /sign-in/passkey/ask", Door: Open, Handle: passkeyAsk},
		{Pattern: "POST /sign-in/passkey", Door: Open, Script: true, Handle: passkeySignIn},

		{Pattern: "GET /second-factor", Door: Person, Enrol: true, Script: true, Handle: factorsPage},
		{Pattern: "POST /second-factor/app/begin", Door: Person, Enrol: true, Again: true, Script: true, Handle: appBegin},
		{Pattern: "GET /second-factor/app", Door: Person, Enrol: true, Script: true, Handle: appPage},
		{Pattern: "POST /second-factor/app", Door: Person, Enrol: true, Again: true, Script: true, Handle: appSave},
		{Pattern: "POST /second-factor/passkey/begin", Door: Person, Enrol: true, Again: true, Handle: passkeyBegin},
		{Pattern: "POST /second-factor/passkey", Door: Person, Enrol: true, Again: true, Script: true, Handle: passkeySave},
		{Pattern: "POST /second-factor/codes", Door: Person, Again: true, Script: true, Handle: codesSave},
		{Pattern: "POST /second-factor/{factor}/remove", Door: Person, Again: true, Script: true, Handle: factorRemove},
		{Pattern: "POST /prove/ask", Door: Person, Handle: passkeyAsk},
		{Pattern: "POST /prove", Door: Person, Enrol: true, Again: true, Script: true, Handle: proved},

		{Pattern: "GET /app/settings/sign-in", Door: Staff, Right: access.ClinicSignIn, Handle: signInSettingsPage},
		{Pattern: "POST /app/settings/sign-in", Door: Staff, Right: access.ClinicSignIn, Handle: signInSettingsSave},
		{Pattern: "POST /app/settings/staff/{person}/second-factor", Door: Staff, Right: access.ClinicStaff, Handle: staffFactors},
	}
}

// jsonText answers one of our scripts.
func jsonText(w http.ResponseWriter, text []byte) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := w.Write(text)
	return err
}

// passkeyAsk answers what a passkey has to sign: of whoever holds the session or the half session of the cookie, or of anybody.
func passkeyAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	text, err := s.Accounts.AskPasskey(v.Context(), v.cookie(), s.device(v))
	if err != nil {
		return err
	}
	return jsonText(w, text)
}

func passkeySignIn(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	to := next(v.PostForm.Get("next"))
	started, err := s.Accounts.PasskeySignIn(v.Context(), v.PostForm.Get("proof_passkey"), s.device(v), v.cookie())
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := s.signIn(v)
		page.Next, page.Path = to, "/sign-in?next="+url.QueryEscape(to)
		return s.views.Render(w, report(w, &page.Shell, err), "sign-in", page)
	}
	s.setSession(w, started)
	afterSignIn(w, v, started, to)
	return nil
}

// proof reads what was shown from the form.
func proof(v *Visit) accounts.Proof {
	f := v.PostForm
	return accounts.Proof{Code: f.Get("proof_code"), Passkey: f.Get("proof_passkey"), Password: f.Get("proof_password")}
}

// proofFields are the names of what is shown in the forms.
var proofFields = map[string]string{"code": "proof_code", "passkey": "proof_passkey", "password": "proof_password"}

// proofCard is what a page says of the factors that can be shown.
func (s *Site) proofCard(app, passkey bool, email string, used int64) ProofCard {
	c := ProofCard{App: app, Codes: app || passkey}
	if passkey {
		c.PasskeyName = s.Accounts.PasskeyName()
	}
	if s.DemoCode != nil && app {
		c.DemoCode = s.DemoCode(email, used)
	}
	return c
}

func secondPage(s *Site, w http.ResponseWriter, v *Visit) error {
	to := next(v.URL.Query().Get("next"))
	if v.Signed != nil {
		http.Redirect(w, v.Request, to, http.StatusSeeOther)
		return nil
	}
	page, err := s.second(v, to)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "second", page)
}

func (s *Site) second(v *Visit, to string) (*SecondPage, error) {
	half, err := s.Accounts.Half(v.Context(), v.cookie())
	if err != nil {
		return nil, err
	}
	return &SecondPage{Shell: s.Shell(v), Next: to, ProofCard: s.proofCard(half.App, half.Passkey, half.Email, half.Used)}, nil
}

func secondSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	to := next(v.PostForm.Get("next"))
	started, err := s.Accounts.ProveSecond(v.Context(), v.cookie(), proof(v), s.device(v))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page, bad := s.second(v, to)
		if bad != nil {
			return bad
		}
		page.Path = "/sign-in/second?next=" + url.QueryEscape(to)
		return s.views.Render(w, report(w, &page.Shell, renamed(err, proofFields)), "second", page)
	}
	s.setSession(w, started)
	afterSignIn(w, v, started, to)
	return nil
}

// proofNeeded is the answer to who has to show a factor once more; err is why the last one was not taken.
type proofNeeded struct{ err error }

func (*proofNeeded) Error() string { return "a factor has to be shown again" }

// freshly is the one place that holds what asks for a factor shortly before (access.AsksAgain, Route.Again) until one is shown. The proof
// comes with the very form that waits for it, so nothing that was typed is lost.
func (s *Site) freshly(w http.ResponseWriter, v *Visit, route Route, acts bool) error {
	if v.Signed == nil || !route.Again && !access.AsksAgain(route.Right, acts) || v.Signed.Fresh(s.Clock.Now()) {
		return nil
	}
	shown := accounts.Proof{}
	if acts {
		shown = proof(v)
	}
	if shown == (accounts.Proof{}) {
		return &proofNeeded{}
	}
	started, err := s.Accounts.ProveAgain(v.Context(), *v.Signed, v.cookie(), shown, s.device(v))
	if err != nil {
		if refusal(err) {
			return &proofNeeded{err}
		}
		return err
	}
	s.setSession(w, started)
	in, err := s.Accounts.Glance(v.Context(), started.Cookie)
	if err != nil {
		return err
	}
	v.Signed, v.csrf = &in, []byte(in.CSRF)
	if route.Door == Staff {
		v.Who = in.Caller
	}
	cookies := v.Cookies()
	v.Header.Del("Cookie")
	for _, c := range cookies {
		if c.Name == SessionCookie {
			c.Value = started.Cookie
		}
		v.AddCookie(c)
	}
	return nil
}

// askProof shows the page that interrupts. It holds everything that the form held.
func (s *Site) askProof(w http.ResponseWriter, v *Visit, why *proofNeeded) error {
	if v.Header.Get("X-Fragment") != "" || v.Header.Get("X-CSRF") != "" {
		return fault.New(fault.Forbidden, "fault.prove_again")
	}
	list, _, err := s.Accounts.Factors(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	var app, passkey bool
	var used int64
	for _, f := range list {
		if f.Kind == accounts.FactorApp {
			app, used = true, f.Step
		}
		passkey = passkey || f.Kind == accounts.FactorPasskey
	}
	page := &ProvePage{Shell: s.Shell(v), ProofCard: s.proofCard(app, passkey, v.Signed.Person.Email, used), Action: v.URL.RequestURI(), Password: !v.Signed.Has}
	if v.Method == http.MethodGet || v.Method == http.MethodHead {
		page.Kept, page.Action = []KeptField{{"next", v.URL.RequestURI()}}, "/prove"
	} else {
		for name, values := range v.PostForm {
			for _, x := range values {
				if name != "csrf" && !strings.HasPrefix(name, "proof_") {
					page.Kept = append(page.Kept, KeptField{name, x})
				}
			}
		}
		page.Files = v.MultipartForm != nil && len(v.MultipartForm.File) > 0
		page.Path = back(pageBefore(v), "/app")
	}
	page.Clinic = nil
	w.Header().Set("Content-Security-Policy", policyStaff)
	status := http.StatusForbidden
	if why.err != nil {
		status = report(w, &page.Shell, renamed(why.err, proofFields))
	}
	return s.views.Render(w, status, "prove", page)
}

// proved leads on to the page that was asked for.
func proved(_ *Site, w http.ResponseWriter, v *Visit) error {
	http.Redirect(w, v.Request, next(v.PostForm.Get("next")), http.StatusSeeOther)
	return nil
}

func factorsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.factors(v)
	if err != nil {
		return err
	}
	page.Flash = done(v)
	return s.views.Render(w, http.StatusOK, "factors", page)
}

func (s *Site) factors(v *Visit) (*FactorsPage, error) {
	list, left, err := s.Accounts.Factors(v.Context(), *v.Signed)
	if err != nil {
		return nil, err
	}
	page := &FactorsPage{Shell: s.Shell(v), Enrolling: v.Signed.Enrolling, Must: v.Signed.Must, CodesLeft: int(left), PasskeyName: s.Accounts.PasskeyName(), Home: !v.Signed.Clinic.IsZero()}
	page.Clinic = nil // the page is the person's own
	z, err := s.zoneOf(v)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		page.Factors = append(page.Factors, FactorRow{ID: f.ID.String(), Kind: f.Kind, Name: f.Name, Made: clock.DateOf(f.Made.In(z)), Used: f.Used.In(z)})
	}
	return page, nil
}

// zoneOf is the zone of the clinic that the person works for now.
func (s *Site) zoneOf(v *Visit) (*time.Location, error) {
	if v.Signed.Enrolling || v.Signed.Shut() || v.Signed.Clinic.IsZero() {
		return time.UTC, nil
	}
	c, err := s.Clinics.Get(v.Context(), v.Signed.Caller)
	if err != nil {
		return nil, err
	}
	return c.Location(), nil
}

func appBegin(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := s.Accounts.BeginApp(v.Context(), *v.Signed); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/second-factor/app", http.StatusSeeOther)
	return nil
}

func appPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.app(v)
	if fault.Is(err, fault.NotFound) {
		http.Redirect(w, v.Request, "/second-factor", http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "factor-app", page)
}

func (s *Site) app(v *Visit) (*AppPage, error) {
	setup, err := s.Accounts.PendingApp(v.Context(), *v.Signed)
	if err != nil {
		return nil, err
	}
	code, err := document.Code(setup.URI)
	if err != nil {
		return nil, err
	}
	page := &AppPage{Shell: s.Shell(v), Picture: template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(code)), Email: v.Signed.Person.Email}
	for i, r := range setup.Secret {
		if i > 0 && i%4 == 0 {
			page.Secret += " "
		}
		page.Secret += string(r)
	}
	page.Clinic = nil
	if s.DemoCode != nil {
		page.DemoCode = s.DemoCode(v.Signed.Person.Email, 0)
	}
	return page, nil
}

func appSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	started, codes, err := s.Accounts.ConfirmApp(v.Context(), *v.Signed, v.cookie(), v.PostForm.Get("code"), s.device(v))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page, bad := s.app(v)
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, &page.Shell, err), "factor-app", page)
	}
	return s.factorAdded(w, v, started, codes)
}

func passkeyBegin(s *Site, w http.ResponseWriter, v *Visit) error {
	text, err := s.Accounts.BeginPasskey(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	return jsonText(w, text)
}

func passkeySave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	started, codes, err := s.Accounts.FinishPasskey(v.Context(), *v.Signed, v.cookie(), v.PostForm.Get("passkey_name"), v.PostForm.Get("made"), s.device(v))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page, bad := s.factors(v)
		if bad != nil {
			return bad
		}
		page.Path = "/second-factor"
		return s.views.Render(w, report(w, &page.Shell, err), "factors", page)
	}
	return s.factorAdded(w, v, started, codes)
}

// factorAdded goes on under the new cookie: with the first factor to its recovery codes.
func (s *Site) factorAdded(w http.ResponseWriter, v *Visit, started accounts.Started, codes []string) error {
	s.setSession(w, started)
	if len(codes) == 0 {
		http.Redirect(w, v.Request, "/second-factor?done=factor-added", http.StatusSeeOther)
		return nil
	}
	return s.showCodes(w, v, codes)
}

// showCodes shows recovery codes, this once.
func (s *Site) showCodes(w http.ResponseWriter, v *Visit, codes []string) error {
	page := &CodesPage{Shell: s.Shell(v), Codes: codes, Email: v.Signed.Person.Email, Day: clock.Today(s.Clock, time.UTC)}
	page.Clinic, page.Person, page.Path = nil, nil, "/second-factor"
	return s.views.Render(w, http.StatusOK, "factor-codes", page)
}

func codesSave(s *Site, w http.ResponseWriter, v *Visit) error {
	codes, err := s.Accounts.NewCodes(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	return s.showCodes(w, v, codes)
}

func factorRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("factor"))
	if err != nil {
		return fault.Missing()
	}
	err = s.Accounts.RemoveFactor(v.Context(), *v.Signed, one)
	return s.answer(w, v, err, "/second-factor?done=factor-removed", "factors", func() (Page, error) {
		page, err := s.factors(v)
		if err == nil {
			page.Path = "/second-factor"
		}
		return page, err
	})
}

// staffFactors takes the second factors of a colleague away who lost them.
func staffFactors(s *Site, w http.ResponseWriter, v *Visit) error {
	one, version, err := member(v)
	if err != nil {
		return err
	}
	return s.staffDone(w, v, s.Accounts.ResetFactors(v.Context(), v.Who, one, version), "factors-reset")
}
