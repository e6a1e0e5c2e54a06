package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/programs"
)

// programRoutes are what a program of the clinic's own may ask, each with what its token must open.
func programRoutes() []Route {
	return []Route{
		{Pattern: "GET /api/v1/token", Token: true, program: (*API).token},
		{Pattern: "GET /api/v1/services", Token: true, Scope: access.ProgramCalendar, Right: access.ClinicRead, program: (*API).allServices},
		{Pattern: "GET /api/v1/providers", Token: true, Scope: access.ProgramCalendar, Right: access.ClinicRead, program: (*API).allProviders},
		{Pattern: "GET /api/v1/slots", Token: true, Scope: access.ProgramCalendar, Right: access.PublicRead, program: (*API).programSlots},
		{Pattern: "GET /api/v1/appointments", Token: true, Scope: access.ProgramCalendar, Right: access.ScheduleRead, program: (*API).appointments},
		{Pattern: "POST /api/v1/appointments", Token: true, Scope: access.ProgramAppointments, Right: access.ScheduleBook, program: (*API).bookForProgram},
		{Pattern: "GET /api/v1/appointments/{id}", Token: true, Scope: access.ProgramCalendar, Right: access.ScheduleRead, program: (*API).appointment},
		{Pattern: "POST /api/v1/appointments/{id}/move", Token: true, Scope: access.ProgramAppointments, Right: access.ScheduleBook, program: (*API).move},
		{Pattern: "POST /api/v1/appointments/{id}/cancel", Token: true, Scope: access.ProgramAppointments, Right: access.ScheduleCancel, program: (*API).cancel},
		{Pattern: "POST /api/v1/patients/search", Token: true, Scope: access.ProgramPatients, Right: access.PatientSearch, program: (*API).findPatients},
		{Pattern: "POST /api/v1/patients", Token: true, Scope: access.ProgramContacts, Right: access.PatientWrite, program: (*API).addPatient},
		{Pattern: "GET /api/v1/patients/{id}", Token: true, Scope: access.ProgramPatients, Right: access.PatientRead, program: (*API).patient},
		{Pattern: "PATCH /api/v1/patients/{id}", Token: true, Scope: access.ProgramContacts, Right: access.PatientWrite, program: (*API).changePatient},
		{Pattern: "GET /api/v1/invoices/{id}", Token: true, Scope: access.ProgramInvoices, Right: access.BillRead, program: (*API).invoice},
		{Pattern: "GET /api/v1/webhooks", Token: true, Scope: access.ProgramNews, Right: access.ProgramRead, program: (*API).webhooks},
	}
}

// retryHeld is after how many seconds a program may ask again while nothing may leave the house.
const retryHeld = 60

// asProgram lets a program in by its token and nothing else: a cookie opens nothing here.
func (a *API) asProgram(w http.ResponseWriter, r *http.Request, route Route) error {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || a.o.Programs == nil {
		text = ""
	}
	if a.o.Held != nil && a.o.Held() { // a token that was ended since the backup would be alive again
		f := fault.New(fault.Unavailable, "fault.held")
		f.RetryAfter = retryHeld
		return f
	}
	address := ""
	if a.o.Address != nil {
		address = a.o.Address(r)
	}
	if text == "" {
		return fault.New(fault.Unauthenticated, "fault.token_refused")
	}
	in, err := a.o.Programs.Enter(r.Context(), strings.TrimSpace(text), address)
	if err != nil {
		return err
	}
	if wait := a.rate.wait(in.Token.ID); wait > 0 {
		f := fault.New(fault.TooMany, "fault.too_many_requests")
		f.RetryAfter = int((wait + time.Second - 1) / time.Second)
		return f
	}
	if route.Scope != 0 && !opens(in.Caller.ProgramScopes(), route) {
		return fault.New(fault.Forbidden, "fault.scope_missing").With("Scope", route.Scope.Word())
	}
	return route.program(a, w, r, in)
}

// opens says whether the scopes open the route: by its own, or by a wider one that lends the same right.
func opens(scopes access.ProgramScope, route Route) bool {
	if scopes.Has(route.Scope) {
		return true
	}
	return route.Scope == access.ProgramCalendar && scopes.Has(access.ProgramAppointments) || route.Scope == access.ProgramPatients && scopes.Has(access.ProgramContacts)
}

// repeatKey is the idempotency key as the tables keep it: of this token alone, so that no two programs meet, and no program meets the public.
func repeatKey(in programs.Entered, r *http.Request, f *fault.Fields) string {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case key == "":
		f.Add("Idempotency-Key", "field.key.missing")
	case len(key) > 200:
		f.Add("Idempotency-Key", "field.key.too_long")
	default:
		sum := sha256.Sum256([]byte(in.Token.ID.String() + "\x00" + key))
		return "program " + hex.EncodeToString(sum[:])
	}
	return ""
}

// pathID is the id in the address. fault.NotFound for what is none.
func pathID(r *http.Request) (id.ID, error) {
	one, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return one, fault.Missing()
	}
	return one, nil
}

type tokenOut struct {
	ID        id.ID    `json:"id"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	ExpiresAt string   `json:"expires_at"`
	Clinic    id.ID    `json:"clinic"`
	Slug      string   `json:"clinic_slug"`
	Zone      string   `json:"zone"`
}

// token tells a program what its token opens.
func (a *API) token(w http.ResponseWriter, _ *http.Request, in programs.Entered) error {
	t := in.Token
	return write(w, http.StatusOK, tokenOut{t.ID, t.Name, t.Scopes.Words(), stamp(t.ExpiresAt, in.Clinic.Location()), in.Clinic.ID, in.Clinic.Slug, in.Clinic.Zone})
}

type webhookOut struct {
	ID        id.ID    `json:"id"`
	Host      string   `json:"host"`
	Events    []string `json:"events"`
	State     string   `json:"state"`
	CreatedAt string   `json:"created_at"`
}

// webhooks lists which hosts are told of what; the whole address, which may hold a secret, stays with the owner.
func (a *API) webhooks(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	all, err := a.o.Programs.Endpoints(r.Context(), in.Caller)
	if err != nil {
		return err
	}
	out := list[webhookOut]{Items: []webhookOut{}}
	for _, e := range all {
		out.Items = append(out.Items, webhookOut{e.ID, e.Host, e.Events.Words(), e.State, stamp(e.CreatedAt, in.Clinic.Location())})
	}
	return write(w, http.StatusOK, out)
}

type invoiceOut struct {
	ID       id.ID  `json:"id"`
	Number   string `json:"number"`
	Patient  *id.ID `json:"patient"`
	Day      string `json:"day"`
	State    string `json:"state"`
	Currency string `json:"currency"`
	Total    int64  `json:"total_minor"`
	Paid     int64  `json:"paid_minor"`
	Due      int64  `json:"due_minor"`
}

// invoice tells the sums of an invoice, and nothing of what was done.
func (a *API) invoice(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	one, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := a.o.Bills.Open(r.Context(), in.Caller, one)
	if err != nil {
		return err
	}
	out := invoiceOut{ID: d.ID, Number: d.Label, Day: string(d.Day), State: string(d.State), Currency: d.Currency, Total: d.Total, Paid: d.Paid, Due: d.Due()}
	if !d.Patient.IsZero() {
		out.Patient = &d.Patient
	}
	return write(w, http.StatusOK, out)
}
