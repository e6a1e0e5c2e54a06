package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Signing in and out, signing up, and the links that are mailed for it. What is answered to an address that is
// known and to one that is not is the same (promise M9).

// setSession gives the browser the session's value. It ends with the session, is read by no script, and is
// sent to this host only (promise M7).
func (s *Site) setSession(w http.ResponseWriter, started accounts.Started) {
	http.SetCookie(w, &http.Cookie{Name: SessionCookie, Value: started.Cookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Expires: started.Expires, MaxAge: max(1, int(started.Expires.Sub(s.Clock.Now()).Seconds()))})
	if started.Mark != "" {
		http.SetCookie(w, &http.Cookie{Name: DeviceCookie, Value: started.Mark, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int((180 * 24 * time.Hour).Seconds())})
	}
}

// afterSignIn leads on from a session that was begun: to its second factor, to the set-up of one, to the choice of a clinic, or where she wanted to go.
func afterSignIn(w http.ResponseWriter, v *Visit, started accounts.Started, to string) {
	switch {
	case started.Half:
		to = "/sign-in/second?next=" + url.QueryEscape(to)
	case started.Enrol:
		to = "/second-factor"
	case started.Clinic.IsZero():
		to = "/choose-clinic?next=" + url.QueryEscape(to)
	}
	http.Redirect(w, v.Request, to, http.StatusSeeOther)
}

func clearSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: SessionCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

// device is where the visitor signs in from, for the list in which she recognises her sessions.
func (s *Site) device(v *Visit) accounts.Device {
	at := accounts.Device{}
	at.Agent, _ = contact.BlankCards(v.UserAgent())
	if c, err := v.Cookie(DeviceCookie); err == nil {
		at.Mark = c.Value
	}
	if s.Address != nil {
		at.Address = s.Address(v.Request)
	}
	return at
}

// cookie is the session value that the browser sent; empty for none.
func (v *Visit) cookie() string {
	c, err := v.Cookie(SessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// renamed gives the wrong fields of a room the names that they have in the form, and leaves the others.
func renamed(err error, names map[string]string) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = nil
	for _, x := range f.Fields {
		if n, ok := names[x.Name]; ok {
			x.Name = n
		}
		out.Fields = append(out.Fields, x)
	}
	return &out
}

// refusal says whether err is a fault that belongs on the page where it happened, as opposed to a page of its own.
func refusal(err error) bool {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return false
	}
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.TooMany:
		return true
	case fault.Unauthenticated:
		return f.Key == "fault.sign_in_wrong" || f.Key == "fault.passkey_wrong"
	case fault.Forbidden:
		return f.Key == "fault.forbidden"
	}
	return false
}

// report puts the fault on the page and answers the status; it adds Retry-After when somebody has to wait.
func report(w http.ResponseWriter, sh *Shell, err error) int {
	var f *fault.Fault
	if errors.As(err, &f) && f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	return sh.Report(err)
}

// done is what the page that follows an act says was done: a word of a closed list, so that an address cannot make it
// say anything else.
func done(v *Visit) string {
	if word := v.URL.Query().Get("done"); word != "" && len(word) < 30 && v.Tongue.Has("done."+word) {
		return v.Tongue.Say("done." + word)
	}
	return ""
}

// next is the page that a sign-in leads to.
func next(raw string) string { return back(raw, "/app") }

func signInPage(s *Site, w http.ResponseWriter, v *Visit) error {
	if v.Signed != nil {
		http.Redirect(w, v.Request, next(v.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	page := s.signIn(v)
	page.Flash = done(v)
	page.Next = next(v.URL.Query().Get("next"))
	return s.views.Render(w, http.StatusOK, "sign-in", page)
}

func (s *Site) signIn(v *Visit) *SignInPage {
	page := &SignInPage{Shell: s.Shell(v), Open: true, PasskeyName: s.Accounts.PasskeyName()}
	for _, d := range s.DemoLogins {
		page.Demos = append(page.Demos, DemoSignIn{Role: access.Role(d.Role), Email: d.Email, Password: d.Password})
	}
	return page
}

func signInSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	to := next(v.PostForm.Get("next"))
	started, err := s.Accounts.SignIn(v.Context(), v.PostForm.Get("email"), v.PostForm.Get("password"), s.device(v), v.cookie())
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := s.signIn(v)
		page.Email, page.Next = v.PostForm.Get("email"), to
		return s.views.Render(w, report(w, &page.Shell, err), "sign-in", page)
	}
	s.setSession(w, started)
	afterSignIn(w, v, started, to)
	return nil
}

func signOut(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := s.Accounts.SignOut(v.Context(), v.cookie()); err != nil {
		return err
	}
	leave(w)
	http.Redirect(w, v.Request, "/sign-in?done=signed-out", http.StatusSeeOther)
	return nil
}

// leave ends what the browser holds of a session: the cookie, and whatever it kept of pages although each forbade it.
// The last head of the audit log stays: it is nobody's datum, and a witness that forgets is none.
func leave(w http.ResponseWriter) {
	clearSession(w)
	w.Header().Set("Clear-Site-Data", `"cache"`)
}

func signUpPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "sign-up", s.signUp(v))
}

// signUp is the page with the form as it was typed so far. It is the page "setup" too.
func (s *Site) signUp(v *Visit) *SignUpPage {
	page := &SignUpPage{Shell: s.Shell(v), TermsDate: s.Accounts.Terms(), LanguageNow: v.Tongue.Lang()}
	if f := v.PostForm; f != nil {
		page.OwnName, page.Email, page.Phone, page.JobTitle = f.Get("person"), f.Get("email"), f.Get("phone"), f.Get("job_title")
		page.ClinicName, page.Zone, page.Country, page.Token = f.Get("clinic_name"), f.Get("zone"), f.Get("country"), f.Get("token")
		page.Terms = f.Get("terms") != ""
		if page.Token != "" {
			page.Path = withToken(v, page.Token)
		}
	}
	page.Zones, page.Countries = zoneOptions(page.Zone), countryOptions(v.Tongue, page.Country)
	return page
}

// accountFields are the names of an account's fields in the forms.
var accountFields = map[string]string{"name": "person"}

// draft reads the account of a form. country reads phone numbers that were typed without a country.
func draft(v *Visit, country string) accounts.Draft {
	f := v.PostForm
	return accounts.Draft{Name: f.Get("person"), Email: f.Get("email"), Phone: f.Get("phone"), JobTitle: f.Get("job_title"), Password: f.Get("password"),
		Language: v.Tongue.Lang(), Country: country, Terms: f.Get("terms"), Clinic: f.Get("clinic_name")}
}

// withToken is the address of a page that came back after its form was sent: the links to its other languages need the token again.
func withToken(v *Visit, token string) string { return v.URL.Path + "?token=" + url.QueryEscape(token) }

func signUpSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := s.Accounts.SignUp(v.Context(), draft(v, v.PostForm.Get("country")), s.device(v))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := s.signUp(v)
		return s.views.Render(w, report(w, &page.Shell, renamed(err, accountFields)), "sign-up", page)
	}
	http.Redirect(w, v.Request, "/check-mail?for=verify", http.StatusSeeOther)
	return nil
}

// termsPage shows the terms whose version a sign-up records: the paragraphs terms.1, terms.2 and so on of the catalogue.
func termsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &TermsPage{Shell: s.Shell(v), Version: s.Accounts.Terms()}
	for n := 1; v.Tongue.Has("terms." + strconv.Itoa(n)); n++ {
		page.Paragraphs = append(page.Paragraphs, v.Tongue.Say("terms."+strconv.Itoa(n)))
	}
	return s.views.Render(w, http.StatusOK, "terms", page)
}

// checkMail is the same page whatever address was typed; the address itself stands in no URL.
func checkMail(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &CheckMailPage{Shell: s.Shell(v), What: "verify"}
	if v.URL.Query().Get("for") == "reset" {
		page.What = "reset"
	}
	return s.views.Render(w, http.StatusOK, "check-mail", page)
}

func verifyPage(s *Site, w http.ResponseWriter, v *Visit) error {
	token := v.URL.Query().Get("token")
	if err := s.Accounts.CheckLink(v.Context(), "verify", token); err != nil {
		return err
	}
	page := &VerifyPage{Shell: s.Shell(v), Token: token}
	return s.views.Render(w, http.StatusOK, "verify", page)
}

func verifySave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := s.Accounts.Verify(v.Context(), v.PostForm.Get("token")); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/sign-in?done=verified", http.StatusSeeOther)
	return nil
}

func forgotPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &ForgotPage{Shell: s.Shell(v)}
	return s.views.Render(w, http.StatusOK, "forgot", page)
}

func forgotSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	email := v.PostForm.Get("email")
	err := s.Accounts.ForgotPassword(v.Context(), email, v.Tongue.Lang(), s.device(v))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := &ForgotPage{Shell: s.Shell(v), Email: email}
		return s.views.Render(w, report(w, &page.Shell, err), "forgot", page)
	}
	http.Redirect(w, v.Request, "/check-mail?for=reset", http.StatusSeeOther)
	return nil
}

func resetPage(s *Site, w http.ResponseWriter, v *Visit) error {
	token := v.URL.Query().Get("token")
	if err := s.Accounts.CheckLink(v.Context(), "reset", token); err != nil {
		return err
	}
	page := &ResetPage{Shell: s.Shell(v), Token: token}
	return s.views.Render(w, http.StatusOK, "reset", page)
}

func resetSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	token := v.PostForm.Get("token")
	err := s.Accounts.ResetPassword(v.Context(), token, v.PostForm.Get("password"))
	if err != nil {
		if !refusal(err) {
			return err
		}
		page := &ResetPage{Shell: s.Shell(v), Token: token}
		page.Path = withToken(v, token)
		return s.views.Render(w, report(w, &page.Shell, err), "reset", page)
	}
	clearSession(w) // every session of the person has ended
	http.Redirect(w, v.Request, "/sign-in?done=reset", http.StatusSeeOther)
	return nil
}

func invitationPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, _, err := s.invitation(v, v.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "invitation", page)
}

func (s *Site) invitation(v *Visit, token string) (*InvitationPage, string, error) {
	inv, err := s.Accounts.Invitation(v.Context(), token)
	if err != nil {
		return nil, "", err
	}
	c, err := s.Clinics.Get(v.Context(), accounts.Public(inv.Clinic))
	if err != nil {
		return nil, "", err
	}
	page := &InvitationPage{Shell: s.Shell(v), Token: token, ClinicName: inv.ClinicName, Role: inv.Role, InvitedBy: inv.InvitedBy, Email: inv.Email,
		Known: inv.Known, TermsDate: s.Accounts.Terms(), Expires: inv.Expires.In(c.Location())}
	page.Path = withToken(v, token)
	return page, c.Country, nil
}

func invitationSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	page, country, err := s.invitation(v, v.PostForm.Get("token"))
	if err != nil {
		return err
	}
	started, err := s.Accounts.AcceptInvitation(v.Context(), page.Token, draft(v, country), s.device(v), v.cookie())
	if err != nil {
		if !refusal(err) {
			return err
		}
		f := v.PostForm
		page.OwnName, page.Phone, page.JobTitle = f.Get("person"), f.Get("phone"), f.Get("job_title")
		return s.views.Render(w, report(w, &page.Shell, renamed(err, accountFields)), "invitation", page)
	}
	s.setSession(w, started)
	afterSignIn(w, v, started, "/app")
	return nil
}

func chooseClinicPage(s *Site, w http.ResponseWriter, v *Visit) error {
	choices, err := s.Accounts.Choices(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	if len(choices) == 0 && s.helper(v) {
		http.Redirect(w, v.Request, "/platform", http.StatusSeeOther)
		return nil
	}
	if len(choices) == 0 { // she can open one of her own, or ask to be invited: that page says both
		http.Redirect(w, v.Request, "/open-clinic", http.StatusSeeOther)
		return nil
	}
	page := &ChooseClinicPage{Shell: s.Shell(v), Next: next(v.URL.Query().Get("next"))}
	page.Flash = done(v)
	for _, c := range choices {
		page.Clinics = append(page.Clinics, ClinicChoice{ID: c.Clinic.String(), Name: c.Name, Role: c.Role, Current: c.Current})
	}
	return s.views.Render(w, http.StatusOK, "choose-clinic", page)
}

func chooseClinicSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	clinic, err := id.Parse(v.PostForm.Get("clinic"))
	if err != nil {
		return fault.Missing()
	}
	started, err := s.Accounts.ChooseClinic(v.Context(), v.cookie(), clinic)
	if err != nil {
		return err
	}
	s.setSession(w, started)
	http.Redirect(w, v.Request, next(v.PostForm.Get("next")), http.StatusSeeOther)
	return nil
}
