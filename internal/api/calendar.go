package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/scheduling"
)

// The calendar, for programs of the clinic's own.

type ownServiceOut struct {
	ID        id.ID   `json:"id"`
	Name      string  `json:"name"`
	About     string  `json:"about"`
	Minutes   int     `json:"duration_minutes"`
	Price     int64   `json:"price_minor"`
	Currency  string  `json:"currency"`
	Online    bool    `json:"online"`
	Providers []id.ID `json:"providers"`
}

func (a *API) allServices(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	roster, err := a.desk.Roster(r.Context(), in.Caller)
	if err != nil {
		return err
	}
	out := list[ownServiceOut]{Items: []ownServiceOut{}}
	for _, s := range roster.Services {
		if s.RetiredAt > 0 {
			continue
		}
		if s.Providers == nil {
			s.Providers = []id.ID{}
		}
		out.Items = append(out.Items, ownServiceOut{s.ID, s.Name, s.About, s.Minutes, s.Price, roster.Clinic.Currency, s.Online, s.Providers})
	}
	return write(w, http.StatusOK, out)
}

type ownProviderOut struct {
	ID         id.ID  `json:"id"`
	Name       string `json:"name"`
	Speciality string `json:"speciality"`
	Online     bool   `json:"online"`
}

func (a *API) allProviders(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	roster, err := a.desk.Roster(r.Context(), in.Caller)
	if err != nil {
		return err
	}
	out := list[ownProviderOut]{Items: []ownProviderOut{}}
	for _, p := range roster.Providers {
		if p.RetiredAt == 0 && !p.Broken {
			out.Items = append(out.Items, ownProviderOut{p.ID, p.Name, p.Speciality, p.Online})
		}
	}
	return write(w, http.StatusOK, out)
}

func (a *API) programSlots(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	return a.free(w, r, in.Caller)
}

type appointmentOut struct {
	ID       id.ID  `json:"id"`
	Patient  id.ID  `json:"patient"`
	Provider id.ID  `json:"provider"`
	Service  id.ID  `json:"service"`
	StartsAt string `json:"starts_at"`
	EndsAt   string `json:"ends_at"`
	Status   string `json:"status"`
	Version  int64  `json:"version"`
}

func appointmentOf(x scheduling.Appointment, z *time.Location) appointmentOut {
	return appointmentOut{x.ID, x.Patient, x.Provider, x.Service, stamp(x.StartsAt, z), stamp(x.EndsAt, z), string(x.Status), x.Version}
}

type appointmentsOut struct {
	Items []appointmentOut `json:"items"`
	Next  string           `json:"next_cursor,omitempty"`
}

// The sizes of a part of a list.
const (
	usualPart = 100
	mostPart  = 200
)

// cursor marks where a part ended; only we read it.
func cursor(x scheduling.Appointment) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(x.StartsAt), 10) + " " + x.ID.String()))
}

func readCursor(text string) (clock.Instant, id.ID, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	at, one, both := strings.Cut(string(b), " ")
	n, err2 := strconv.ParseInt(at, 10, 64)
	i, err3 := id.Parse(one)
	return clock.Instant(n), i, err == nil && both && err2 == nil && err3 == nil
}

func (a *API) appointments(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	q := r.URL.Query()
	var f fault.Fields
	onlyQuery(q, &f, "from", "to", "cursor", "limit")
	ask := scheduling.Range{Limit: usualPart}
	ask.From, ask.To = window(q, &f)
	if q.Has("cursor") {
		var ok bool
		if ask.After, ask.AfterID, ok = readCursor(q.Get("cursor")); !ok {
			f.Add("cursor", "field.cursor.form")
		}
	}
	ask.Limit = readLimit(q, &f, usualPart, mostPart)
	if err := f.Err(); err != nil {
		return err
	}
	got, err := a.desk.InRange(r.Context(), in.Caller, ask)
	if err != nil {
		return err
	}
	out := appointmentsOut{Items: []appointmentOut{}}
	for _, x := range got.List {
		out.Items = append(out.Items, appointmentOf(x, got.Clinic.Location()))
	}
	if got.More {
		out.Next = cursor(got.List[len(got.List)-1])
	}
	return write(w, http.StatusOK, out)
}

func readLimit(q url.Values, f *fault.Fields, usual, most int) int {
	if !q.Has("limit") {
		return usual
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > most {
		f.AddWith("limit", "field.limit.bounds", map[string]any{"Max": most})
		return usual
	}
	return n
}

type openedOut struct {
	appointmentOut
	Note      string `json:"note"`
	CreatedAt string `json:"created_at"`
}

func (a *API) appointment(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	one, err := pathID(r)
	if err != nil {
		return err
	}
	x, err := a.desk.Open(r.Context(), in.Caller, one)
	if err != nil {
		return err
	}
	z := x.Clinic.Location()
	return write(w, http.StatusOK, openedOut{appointmentOf(x.Appointment, z), x.Note, stamp(x.CreatedAt, z)})
}

type ownBookingIn struct {
	Service  string     `json:"service"`
	Provider string     `json:"provider"`
	StartsAt string     `json:"starts_at"`
	Patient  string     `json:"patient"`
	New      *patientIn `json:"new_patient"`
	Note     string     `json:"note"`
	Language string     `json:"language"`
	Consents []string   `json:"consents"`
}

// bookForProgram books a free time for a patient who is known, or, where the token may add patients, for a new one. The Idempotency-Key makes a repeated
// request safe.
func (a *API) bookForProgram(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	var typed ownBookingIn
	if err := read(w, r, &typed); err != nil {
		return err
	}
	var f fault.Fields
	b := scheduling.Booking{Note: typed.Note, Language: typed.Language, Program: true, Key: repeatKey(in, r, &f)}
	var err error
	if b.Service, err = id.Parse(typed.Service); err != nil {
		f.Add("service", "field.service.choose")
	}
	if typed.Provider != "any" && typed.Provider != "" {
		if b.Provider, err = id.Parse(typed.Provider); err != nil {
			f.Add("provider", "field.provider.choose")
		}
	}
	b.StartsAt = startOf(typed.StartsAt, &f)
	switch {
	case (typed.Patient == "") == (typed.New == nil):
		f.Add("patient", "field.patient.one_of")
	case typed.New != nil && !in.Caller.May(access.PatientWrite):
		f.AddWith("new_patient", "field.patient.scope", map[string]any{"Scope": access.ProgramContacts.Word()})
	case typed.New != nil:
		b.Patient = typed.New.draft(typed.Language)
	default:
		if b.PatientID, err = id.Parse(typed.Patient); err != nil {
			f.Add("patient", "field.patient.choose")
		}
	}
	b.Consents = consent.Choices(typed.Consents, &f)
	if err := f.Err(); err != nil {
		return err
	}
	done, err := a.desk.Book(r.Context(), in.Caller, b)
	if err != nil {
		return placed(prefixed(err))
	}
	w.Header().Set("Location", a.o.PublicURL+"/api/v1/appointments/"+done.Appointment.ID.String())
	return write(w, http.StatusCreated, appointmentOf(done.Appointment, in.Clinic.Location()))
}

// placed names the fields of a new patient, and the key, as they stand in this request.
func placed(err error) error {
	f, ok := err.(*fault.Fault)
	if !ok {
		return err
	}
	for i, x := range f.Fields {
		if rest, of := strings.CutPrefix(x.Name, "patient."); of {
			f.Fields[i].Name = "new_patient." + rest
		}
		if x.Name == "idempotency_key" {
			f.Fields[i].Name = "Idempotency-Key"
		}
	}
	return f
}

func startOf(text string, f *fault.Fields) clock.Instant {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		f.Add("starts_at", "field.start.form")
		return 0
	}
	return clock.At(at)
}

type moveIn struct {
	StartsAt string `json:"starts_at"`
	Provider string `json:"provider"`
	Version  int64  `json:"version"`
}

// move moves an appointment that was seen at a version. A repeated request finds another version and changes nothing.
func (a *API) move(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	one, err := pathID(r)
	if err != nil {
		return err
	}
	var typed moveIn
	if err := read(w, r, &typed); err != nil {
		return err
	}
	var f fault.Fields
	m := scheduling.Move{StartsAt: startOf(typed.StartsAt, &f), Version: typed.Version}
	if typed.Provider != "" {
		if m.Provider, err = id.Parse(typed.Provider); err != nil {
			f.Add("provider", "field.provider.choose")
		}
	}
	needVersion(typed.Version, &f)
	if err := f.Err(); err != nil {
		return err
	}
	x, err := a.desk.Move(r.Context(), in.Caller, one, m)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, appointmentOf(x, in.Clinic.Location()))
}

func needVersion(n int64, f *fault.Fields) {
	if n < 1 {
		f.Add("version", "field.version.needed")
	}
}

type cancelIn struct {
	Version int64  `json:"version"`
	Why     string `json:"why"`
}

func (a *API) cancel(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	one, err := pathID(r)
	if err != nil {
		return err
	}
	var typed cancelIn
	if err := read(w, r, &typed); err != nil {
		return err
	}
	var f fault.Fields
	needVersion(typed.Version, &f)
	if err := f.Err(); err != nil {
		return err
	}
	x, err := a.desk.CancelBecause(r.Context(), in.Caller, one, typed.Version, typed.Why)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, appointmentOf(x, in.Clinic.Location()))
}
