package web

import (
	"net/http"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// What somebody changes about herself: how the pages look, who she is, her password, and where she is signed in.

// staffShell starts a page of the staff with the menu in which the word at key is marked. Messages that wait for a person are counted in it.
func (s *Site) staffShell(v *Visit, key string) Shell {
	sh := s.Shell(v)
	if v.Who.Helps() {
		s.lentShell(v, &sh)
		return sh
	}
	waiting := 0
	if v.Who.May(access.MessageRead) {
		c, err := s.Messages.Counts(v.Context(), v.Who)
		if err == nil { // a count that cannot be had spoils no page
			waiting = c.Uncertain + c.GivenUp
		}
	}
	sh.Nav = StaffNav(key, waiting, s.unread(v), v.offered)
	sh.Demo = s.Demo
	sh.Flash = done(v)
	sh.Notices = append(sh.Notices, s.standing(v)...)
	sh.Notices = append(sh.Notices, s.backupNotices(v)...)
	s.watched(v, &sh)
	return sh
}

// offered says whether a page of a right is worth a place in a menu: the visitor holds the right, and the clinic turned on what it is about.
func (v *Visit) offered(r access.Right) bool {
	switch r {
	case access.BillRead, access.BillSettings:
		return v.Who.May(r) && v.Clinic.Has(clinics.ModuleBilling)
	}
	return v.Who.May(r)
}

func mePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.me(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "me", page)
}

func (s *Site) me(v *Visit) (*MePage, error) {
	p, err := s.Accounts.Person(v.Context(), *v.Signed)
	if err != nil {
		return nil, err
	}
	places, err := s.Accounts.Sessions(v.Context(), *v.Signed)
	if err != nil {
		return nil, err
	}
	lists, err := s.Accounts.ListChoices(v.Context(), *v.Signed)
	if err != nil {
		return nil, err
	}
	page := &MePage{Lists: lists, Shell: s.staffShell(v, ""), PersonName: p.Name, Email: p.Email, Phone: p.Phone, JobTitle: p.JobTitle, Language: p.Language, ThemeNow: p.Theme, Keys: p.Shortcuts, Version: p.Version, Strong: v.Signed.Has}
	if page.Language == "" {
		page.Language = v.Tongue.Lang()
	}
	for _, x := range places {
		page.Sessions = append(page.Sessions, sessionRow(x, v.Clinic.Location()))
	}
	return page, nil
}

func sessionRow(x accounts.Place, z *time.Location) SessionRow {
	return SessionRow{ID: x.ID.String(), Device: x.Device.Words(), Address: x.Device.Address, Since: x.Since.In(z), Seen: x.Seen.In(z), Current: x.Current}
}

// typedVersion is the version that the form was made from; otherwise, which no row has, when the form says none.
func typedVersion(v *Visit, otherwise int64) int64 {
	if n, err := strconv.ParseInt(v.PostForm.Get("version"), 10, 64); err == nil {
		return n
	}
	return otherwise
}

func meSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	p, err := s.Accounts.Person(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	f := v.PostForm
	err = s.Accounts.SavePreferences(v.Context(), *v.Signed, accounts.Preferences{Name: f.Get("person"), Phone: f.Get("phone"), JobTitle: f.Get("job_title"),
		Country: v.Clinic.Country, Language: p.Language, Theme: p.Theme, Shortcuts: p.Shortcuts}, typedVersion(v, 0))
	return s.meDone(w, v, renamed(err, accountFields), "/app/me?done=saved", func(page *MePage) {
		page.PersonName, page.Phone, page.JobTitle = f.Get("person"), f.Get("phone"), f.Get("job_title")
	})
}

// meDone leads on after an act of the page, or shows the page again with what was typed.
func (s *Site) meDone(w http.ResponseWriter, v *Visit, err error, to string, typed func(page *MePage)) error {
	if err == nil {
		http.Redirect(w, v.Request, to, http.StatusSeeOther)
		return nil
	}
	if !refusal(err) {
		return err
	}
	page, bad := s.me(v)
	if bad != nil {
		return bad
	}
	typed(page)
	return s.views.Render(w, report(w, &page.Shell, err), "me", page)
}

// preferencesSave changes language, look and keys; the page of the keys changes the last alone. The cookie follows, because it
// wins over the account.
func preferencesSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	p, err := s.Accounts.Person(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	f := v.PostForm
	d := accounts.Preferences{Name: p.Name, Phone: p.Phone, JobTitle: p.JobTitle, Country: v.Clinic.Country, Language: p.Language, Theme: p.Theme, Shortcuts: f.Get("keys") != ""}
	to := "/app/settings/keys?done=saved"
	if f.Get("only") != "keys" {
		d.Language, d.Theme, to = f.Get("language"), f.Get("theme"), "/app/me?done=saved"
	}
	err = s.Accounts.SavePreferences(v.Context(), *v.Signed, d, typedVersion(v, 0))
	if err == nil && f.Get("only") != "keys" {
		setPreference(w, d.Theme, d.Language)
	}
	return s.meDone(w, v, err, to, func(page *MePage) { page.Language, page.ThemeNow, page.Keys = d.Language, d.Theme, d.Shortcuts })
}

func passwordSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := s.Accounts.ChangePassword(v.Context(), *v.Signed, v.PostForm.Get("password"), v.PostForm.Get("new_password"), s.device(v))
	return s.meDone(w, v, renamed(err, map[string]string{"old_password": "password", "password": "new_password"}), "/app/me?done=password", func(*MePage) {})
}

func sessionEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("session"))
	if err != nil {
		return fault.Missing()
	}
	if err := s.Accounts.EndSession(v.Context(), *v.Signed, one); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/me?done=session-ended", http.StatusSeeOther)
	return nil
}

func signOutEverywhere(s *Site, w http.ResponseWriter, v *Visit) error {
	if _, err := s.Accounts.SignOutEverywhere(v.Context(), *v.Signed); err != nil {
		return err
	}
	leave(w)
	http.Redirect(w, v.Request, "/sign-in?done=out-everywhere", http.StatusSeeOther)
	return nil
}
