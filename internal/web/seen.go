package web

import (
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// What somebody of support sees of a clinic that let her in: the pages of this list and no other, to look at and never to act
// (promise support-by-grant). The doorway checks the grant again beneath each of them.

// lentPages are the pages that a grant opens, with what it must hold. A page that is not here is closed to support, whatever was granted.
var lentPages = map[string]access.Scope{
	"GET /app/settings":                      access.SeeSettings,
	"GET /app/settings/clinic":               access.SeeSettings,
	"GET /app/settings/public":               access.SeeSettings,
	"GET /app/settings/modules":              access.SeeSettings,
	"GET /app/settings/providers":            access.SeeSettings,
	"GET /app/settings/providers/{id}":       access.SeeSettings,
	"GET /app/settings/providers/{id}/hours": access.SeeSettings,
	"GET /app/settings/services":             access.SeeSettings,
	"GET /app/settings/services/{id}":        access.SeeSettings,
	"GET /app/settings/closures":             access.SeeSettings,
	"GET /app/settings/booking":              access.SeeSettings,
	"GET /app/seen/calendar":                 access.SeeCalendar,
	"GET /app/seen/patient":                  access.SeePatient,
}

// lends says whether the visitor's grant opens the route: looking alone, and only what it holds.
func (v *Visit) lends(route Route) error {
	if v.Method != http.MethodGet && v.Method != http.MethodHead {
		return fault.New(fault.Forbidden, "fault.grant_looks")
	}
	if route.Lent == 0 && route.Right == access.SupportAsk || v.Who.Grant().Scopes.Has(route.Lent) {
		return nil
	}
	return fault.New(fault.Forbidden, "fault.forbidden")
}

// seat finds the clinic in which somebody of support stands. Everybody else without a clinic has to choose one.
func (s *Site) seat(v *Visit, signed accounts.SignedIn) error {
	who, g, seated, err := s.Support.Seat(v.Context(), signed)
	if err != nil {
		return err
	}
	if !seated {
		return fault.New(fault.Unauthenticated, "fault.choose_clinic")
	}
	v.Who, v.lent = who, g
	return nil
}

// helper says whether the person who signed in is one of the platform.
func (s *Site) helper(v *Visit) bool {
	_, err := s.Accounts.Helper(v.Context(), *v.Signed)
	return err == nil || fault.Is(err, fault.Unauthenticated) // she has to show a second factor first, and is told so there
}

// lentShell is round every page that somebody of support sees of a clinic: whose clinic, until when, and the way out.
func (s *Site) lentShell(v *Visit, sh *Shell) {
	until := v.lent.EndsAt.In(v.Clinic.Location())
	sh.Notices = append(sh.Notices, Notice{Text: v.Tongue.Say("seen.under", "Clinic", v.Clinic.Name, "Until", v.Tongue.Time(until)), URL: "/app/seen", Link: v.Tongue.Say("seen.what"), Grave: v.lent.Emergency})
}

// lentMenu is the menu of the settings that were lent.
func lentMenu(current string, has func(module string) bool) []SettingsItem {
	return settingsMenu(current, has, func(x settingsEntry) bool { return lentPages["GET "+x.url] == access.SeeSettings })
}

// SeenPage is /app/seen, the page "seen": what was lent.
type SeenPage struct {
	Shell
	ID        string
	ClinicID  string
	Reason    string
	Emergency bool
	Settings  bool
	Calendar  bool
	Patient   bool
}

func seenPage(s *Site, w http.ResponseWriter, v *Visit) error {
	g := v.lent
	page := &SeenPage{Shell: s.staffShell(v, ""), ID: g.ID.String(), ClinicID: v.Clinic.ID.String(), Reason: g.Reason, Emergency: g.Emergency,
		Settings: g.Scopes.Has(access.SeeSettings), Calendar: g.Scopes.Has(access.SeeCalendar), Patient: g.Scopes.Has(access.SeePatient)}
	return s.views.Render(w, http.StatusOK, "seen", page)
}

// SeenCalendar is /app/seen/calendar, the page "seen-calendar": a day without anybody's name.
type SeenCalendar struct {
	Shell
	Day        clock.Date
	Prev, Next clock.Date
	Columns    []SeenColumn
}

// SeenColumn is one practitioner's day without names.
type SeenColumn struct {
	Provider string
	Rows     []SeenSlot
}

// SeenSlot is one appointment without a name.
type SeenSlot struct {
	From, To time.Time
	Service  string
	State    string
}

func seenCalendar(s *Site, w http.ResponseWriter, v *Visit) error {
	day, err := s.dayAsked(v, v.URL.Query().Get("day"))
	if err != nil {
		return err
	}
	cal, err := s.Desk.Days(v.Context(), v.Who, day, day, id.Zero)
	if err != nil {
		return err
	}
	page := &SeenCalendar{Shell: s.staffShell(v, ""), Day: day, Prev: day.AddDays(-1), Next: day.AddDays(1)}
	z := v.Clinic.Location()
	for _, c := range cal.Days[0].Columns {
		col := SeenColumn{Provider: called(v, c.Provider)}
		for _, e := range c.Entries {
			col.Rows = append(col.Rows, SeenSlot{From: e.StartsAt.In(z), To: e.EndsAt.In(z), Service: cal.Services[e.Service].Name, State: stateOf(e.Status)})
		}
		page.Columns = append(page.Columns, col)
	}
	return s.views.Render(w, http.StatusOK, "seen-calendar", page)
}

// SeenPatient is /app/seen/patient, the page "seen-patient": the one record that the clinic named.
type SeenPatient struct {
	Shell
	PatientName, Phone, Email, Born string
	Guardians                       []string
	Broken                          bool
}

func seenPatient(s *Site, w http.ResponseWriter, v *Visit) error {
	p, err := s.Patients.Open(v.Context(), v.Who, v.Who.Grant().Patient)
	if err != nil {
		return err
	}
	page := &SeenPatient{Shell: s.staffShell(v, ""), PatientName: p.Name, Phone: string(p.Phone), Email: string(p.Email), Born: string(p.BirthDate), Broken: p.Broken}
	for _, g := range p.Guardians {
		page.Guardians = append(page.Guardians, strings.TrimSpace(g.Name))
	}
	return s.views.Render(w, http.StatusOK, "seen-patient", page)
}
