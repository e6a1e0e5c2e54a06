package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
)

// How the clinic's people sign in: what the owner asks of them, and what went wrong lately.

// signalDays is how far back the page looks.
const signalDays = 7

func signInSettingsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.signInSettings(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-sign-in", page)
}

func (s *Site) signInSettings(v *Visit) (*SignInSettings, error) {
	rule, house, err := s.Accounts.Rule(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	signals, err := s.Accounts.Signals(v.Context(), v.Who, s.Clock.Now().AddDate(0, 0, -signalDays))
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &SignInSettings{SettingsPage: s.settings(v, "settings.sign-in", access.ClinicSignIn), Everybody: rule.Everybody, House: int(house), Days: signalDays}
	page.Version = rule.Version
	if rule.Idle > 0 {
		page.Idle = strconv.FormatInt(rule.Idle, 10)
	}
	z := v.Clinic.Location()
	counts, latest := map[string]int{}, map[string]time.Time{}
	for i, x := range signals {
		if counts[x.Kind]++; counts[x.Kind] == 1 {
			latest[x.Kind] = x.At.In(z)
		}
		if i < 50 {
			page.Signals = append(page.Signals, SignalRow{Kind: x.Kind, At: x.At.In(z), Who: names[x.Person]})
		}
	}
	for _, kind := range accounts.SignalKinds() {
		page.Counts = append(page.Counts, SignalCount{Kind: kind, Count: counts[kind], Latest: latest[kind]})
	}
	return page, nil
}

func signInSettingsSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	rule := accounts.Rule{Everybody: f.Get("everybody") != "", Version: typedVersion(v, -1)}
	typed := strings.TrimSpace(f.Get("idle"))
	var err error
	if typed != "" {
		n, bad := strconv.ParseInt(typed, 10, 64)
		if bad != nil || n <= 0 {
			n = 1 // outside the bounds, which the answer names
		}
		rule.Idle = n
	}
	err = s.Accounts.SetRule(v.Context(), v.Who, rule)
	return s.answer(w, v, err, "/app/settings/sign-in?done=saved", "settings-sign-in", func() (Page, error) {
		page, bad := s.signInSettings(v)
		if bad == nil {
			page.Everybody, page.Idle = rule.Everybody, typed
			if !fault.Is(err, fault.Conflict) {
				page.Version = rule.Version
			}
		}
		return page, bad
	})
}
