package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/programs"
	"almirah/internal/scheduling"
	"almirah/internal/words"
)

// maxBody is how many bytes a request may have.
const maxBody = 64 << 10

//go:embed openapi.json
var description []byte

// Options are what the door needs to know of the deployment.
type Options struct {
	PublicURL string // without a slash at the end; manage links start with it
	// Limit answers how long a booking from the request's address has to wait, zero for not at all.
	Limit func(r *http.Request) time.Duration
	// Payments hears the reports of payment gateways; nil: none is known.
	Payments *billing.Gateways
	// Forged is told of each report whose signature is wrong; nil: nobody counts.
	Forged func()
	// Address is the caller's address, as the deployment's own proxies say; nil: nobody's is known.
	Address func(r *http.Request) string

	Programs *programs.Service
	Patients *patients.Service
	Bills    *billing.Service
	Held     func() bool // says that the database came back from a backup and nobody has let go yet; nil for never
	Clock    clock.Clock
}

// API answers the public JSON routes.
type API struct {
	clinics  *clinics.Service
	desk     *scheduling.Desk
	messages *messaging.Service
	book     *words.Book
	log      *slog.Logger
	o        Options
	rate     *rate
}

// New makes the door.
func New(c *clinics.Service, d *scheduling.Desk, m *messaging.Service, book *words.Book, log *slog.Logger, o Options) *API {
	return &API{clinics: c, desk: d, messages: m, book: book, log: log, o: o, rate: newRate(o.Clock)}
}

// Route is one route of this door.
type Route struct {
	Pattern string
	Right   access.Right
	handle  func(*API, http.ResponseWriter, *http.Request) error
	// Token marks what a program of the clinic's own may ask with a token, and Scope what the token must open; zero: any token does.
	Token bool
	Scope access.ProgramScope
	// program answers a route with Token.
	program func(*API, http.ResponseWriter, *http.Request, programs.Entered) error
}

// Routes are all routes of this door, each with the right that it asks for.
func Routes() []Route {
	return append([]Route{
		{Pattern: "GET /api/v1/openapi.json", Right: access.PublicRead, handle: (*API).describe},
		{Pattern: "GET /api/v1/clinics/{slug}", Right: access.PublicRead, handle: (*API).clinic},
		{Pattern: "GET /api/v1/clinics/{slug}/services", Right: access.PublicRead, handle: (*API).services},
		{Pattern: "GET /api/v1/clinics/{slug}/providers", Right: access.PublicRead, handle: (*API).providers},
		{Pattern: "GET /api/v1/clinics/{slug}/slots", Right: access.PublicRead, handle: (*API).slots},
		{Pattern: "POST /api/v1/clinics/{slug}/bookings", Right: access.PublicBook, handle: (*API).bookings},
		{Pattern: "GET /hooks/{provider}/{channel}", Right: access.MessageHear, handle: (*API).hook},
		{Pattern: "POST /hooks/{provider}/{channel}", Right: access.MessageHear, handle: (*API).hook},
	}, programRoutes()...)
}

// Mount adds the routes to mux.
func (a *API) Mount(mux *http.ServeMux) {
	for _, r := range Routes() {
		mux.HandleFunc(r.Pattern, func(w http.ResponseWriter, req *http.Request) {
			var err error
			if r.Right != access.MessageHear { // providers' reports are signed as they are; what is kept of them is blanked there
				err = cardsInQuery(req)
			}
			switch {
			case err != nil:
			case r.Token:
				err = a.asProgram(w, req, r)
			default:
				err = r.handle(a, w, req)
			}
			if err != nil {
				a.problem(w, req, err)
			}
		})
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, req *http.Request) { a.problem(w, req, fault.Missing()) })
}

// enter finds the clinic of the address and the caller who speaks for the public in it.
func (a *API) enter(r *http.Request) (access.Caller, error) {
	clinic, err := a.clinics.BySlug(r.Context(), r.PathValue("slug"))
	if err != nil {
		return access.Caller{}, err
	}
	return accounts.Public(clinic), nil
}

func (a *API) describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(description)
	return err
}

type list[T any] struct {
	Items []T `json:"items"`
}

type clinicOut struct {
	ID        id.ID    `json:"id"`
	Slug      string   `json:"slug"`
	Name      string   `json:"name"`
	Address   string   `json:"address,omitempty"`
	Phone     string   `json:"phone,omitempty"`
	Email     string   `json:"email,omitempty"`
	Zone      string   `json:"zone"`
	Currency  string   `json:"currency"`
	Languages []string `json:"languages"`
	Online    bool     `json:"online_booking"`
	Notice    int      `json:"min_notice_minutes"`
	Horizon   int      `json:"horizon_days"`
	Page      string   `json:"booking_url"`
	Policy    string   `json:"privacy_url"`
}

func (a *API) clinic(w http.ResponseWriter, r *http.Request) error {
	who, err := a.enter(r)
	if err != nil {
		return err
	}
	c, err := a.clinics.Get(r.Context(), who)
	if err != nil {
		return err
	}
	out := clinicOut{ID: c.ID, Slug: c.Slug, Name: c.Name, Address: c.Address, Zone: c.Zone, Currency: c.Currency, Languages: c.Languages, Online: c.Online,
		Notice: int(c.MinNotice / time.Minute), Horizon: c.Horizon, Page: a.o.PublicURL + "/c/" + c.Slug, Policy: a.o.PublicURL + "/c/" + c.Slug + "/privacy"}
	if c.ShowPhone {
		out.Phone = c.Phone
	}
	if c.ShowEmail {
		out.Email = c.Email
	}
	return write(w, http.StatusOK, out)
}

type serviceOut struct {
	ID        id.ID   `json:"id"`
	Name      string  `json:"name"`
	About     string  `json:"about,omitempty"`
	Minutes   int     `json:"duration_minutes"`
	Price     *int64  `json:"price_minor,omitempty"`
	Currency  string  `json:"currency,omitempty"`
	Providers []id.ID `json:"providers"`
}

func (a *API) services(w http.ResponseWriter, r *http.Request) error {
	who, err := a.enter(r)
	if err != nil {
		return err
	}
	offered, err := a.desk.Offered(r.Context(), who)
	if err != nil {
		return err
	}
	out := list[serviceOut]{Items: []serviceOut{}}
	for _, s := range offered.Services {
		o := serviceOut{ID: s.ID, Name: s.Name, About: s.About, Minutes: s.Minutes, Providers: s.Providers}
		if s.ShowPrice {
			o.Price, o.Currency = &s.Price, offered.Clinic.Currency
		}
		out.Items = append(out.Items, o)
	}
	return write(w, http.StatusOK, out)
}

type providerOut struct {
	ID            id.ID  `json:"id"`
	Name          string `json:"name"`
	Speciality    string `json:"speciality,omitempty"`
	Qualification string `json:"qualification,omitempty"`
	Registration  string `json:"registration_number,omitempty"`
	About         string `json:"about,omitempty"`
}

func (a *API) providers(w http.ResponseWriter, r *http.Request) error {
	who, err := a.enter(r)
	if err != nil {
		return err
	}
	offered, err := a.desk.Offered(r.Context(), who)
	if err != nil {
		return err
	}
	out := list[providerOut]{Items: []providerOut{}}
	for _, p := range offered.Providers {
		out.Items = append(out.Items, providerOut{p.ID, p.Name, p.Speciality, p.Qualification, p.Registration, p.About})
	}
	return write(w, http.StatusOK, out)
}

type slotOut struct {
	StartsAt string `json:"starts_at"`
	EndsAt   string `json:"ends_at"`
	Provider id.ID  `json:"provider"`
}

// slots lists free times. from and to are local days of the clinic; to defaults to from.
func (a *API) slots(w http.ResponseWriter, r *http.Request) error {
	who, err := a.enter(r)
	if err != nil {
		return err
	}
	return a.free(w, r, who)
}

// onlyQuery refuses parameters that the route does not know.
func onlyQuery(q url.Values, f *fault.Fields, known ...string) {
	for name, list := range q {
		switch {
		case !slices.Contains(known, name):
			f.Add(name, "field.query.unknown")
		case len(list) > 1:
			f.Add(name, "field.query.twice")
		}
	}
}

// window reads the days of a question; to is from when it is not said.
func window(q url.Values, f *fault.Fields) (from, to clock.Date) {
	from, err := clock.ParseDate(q.Get("from"))
	if err != nil {
		f.Add("from", "field.date.form")
	}
	to = from
	if q.Has("to") {
		if to, err = clock.ParseDate(q.Get("to")); err != nil {
			f.Add("to", "field.date.form")
		}
	}
	if from != "" && to != "" && (from.DaysUntil(to) < 0 || from.DaysUntil(to) >= scheduling.MaxWindow) {
		f.AddWith("to", "field.window.length", map[string]any{"Max": scheduling.MaxWindow})
	}
	return from, to
}

func (a *API) free(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := r.URL.Query()
	var f fault.Fields
	onlyQuery(q, &f, "service", "provider", "from", "to")
	service, err := id.Parse(q.Get("service"))
	if err != nil {
		f.Add("service", "field.service.choose")
	}
	provider := id.Zero
	if p := q.Get("provider"); p != "" && p != "any" {
		if provider, err = id.Parse(p); err != nil {
			f.Add("provider", "field.provider.choose")
		}
	}
	from, to := window(q, &f)
	if err := f.Err(); err != nil {
		return err
	}
	free, err := a.desk.FreeTimes(r.Context(), who, service, provider, from, to)
	if err != nil {
		return err
	}
	z := free.Clinic.Location()
	out := list[slotOut]{Items: make([]slotOut, 0, len(free.Slots))}
	for _, s := range free.Slots {
		out.Items = append(out.Items, slotOut{stamp(s.StartsAt, z), stamp(s.EndsAt, z), s.Provider})
	}
	return write(w, http.StatusOK, out)
}

// stamp writes an instant with the clinic's offset: an in-person visit is always in the clinic's zone.
func stamp(t clock.Instant, z *time.Location) string { return t.In(z).Format(time.RFC3339) }

func write(w http.ResponseWriter, status int, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// read decodes one JSON object with no unknown fields and nothing after it.
func read(w http.ResponseWriter, r *http.Request, into any) error {
	var f fault.Fields
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		f.Add("Content-Type", "field.body.json")
		return f.Err()
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err = d.Decode(into); err == nil {
			if _, err = d.Token(); errors.Is(err, io.EOF) {
				return cardsIn(data)
			}
			err = errors.New("more than one value")
		}
	}
	var large *http.MaxBytesError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &large):
		f.AddWith("body", "field.body.large", map[string]any{"Max": maxBody >> 10})
	case errors.As(err, &kind) && kind.Field != "":
		f.Add(kind.Field, "field.body.type")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name, uerr := strconv.Unquote(strings.TrimPrefix(err.Error(), "json: unknown field "))
		if uerr != nil || len(name) > 60 || contact.HasCard(name) {
			name = "body"
		}
		f.Add(name, "field.body.unknown")
	default:
		f.Add("body", "field.body.json")
	}
	return f.Err()
}
