package api

import (
	"net/http"
	"time"

	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

type guardianIn struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
	Relation string `json:"relation"`
}

type patientIn struct {
	Name      string      `json:"name"`
	Phone     string      `json:"phone"`
	Email     string      `json:"email"`
	BirthDate string      `json:"birth_date"`
	Guardian  *guardianIn `json:"guardian"`
}

type bookingIn struct {
	Service  string    `json:"service"`
	Provider string    `json:"provider"`
	StartsAt string    `json:"starts_at"`
	Language string    `json:"language"`
	Note     string    `json:"note"`
	Patient  patientIn `json:"patient"`
	Consents []string  `json:"consents"`
}

type bookingOut struct {
	ID        id.ID  `json:"id"`
	ManageURL string `json:"manage_url"`
	StartsAt  string `json:"starts_at"`
	EndsAt    string `json:"ends_at"`
	Provider  id.ID  `json:"provider"`
	Status    string `json:"status"`
}

// bookings books a free time. The Idempotency-Key makes a repeated request safe: it is
// answered with what the first one booked.
func (a *API) bookings(w http.ResponseWriter, r *http.Request) error {
	who, err := a.enter(r)
	if err != nil {
		return err
	}
	if a.o.Limit != nil {
		if wait := a.o.Limit(r); wait > 0 {
			f := fault.New(fault.TooMany, "fault.too_many_bookings")
			f.RetryAfter = int((wait + time.Second - 1) / time.Second)
			return f
		}
	}
	var in bookingIn
	if err := read(w, r, &in); err != nil {
		return err
	}
	b, err := in.booking(r.Header.Get("Idempotency-Key"))
	if err != nil {
		return err
	}
	done, err := a.desk.Book(r.Context(), who, b)
	if err != nil {
		return prefixed(err)
	}
	c, err := a.clinics.Get(r.Context(), who)
	if err != nil {
		return err
	}
	z, ap := c.Location(), done.Appointment
	w.Header().Set("Location", a.o.PublicURL+"/m/"+done.Token)
	return write(w, http.StatusCreated, bookingOut{ID: ap.ID, ManageURL: a.o.PublicURL + "/m/" + done.Token,
		StartsAt: stamp(ap.StartsAt, z), EndsAt: stamp(ap.EndsAt, z), Provider: ap.Provider, Status: string(ap.Status)})
}

// booking reads the request's fields; all wrong ones are told at once.
func (in bookingIn) booking(key string) (scheduling.Booking, error) {
	var f fault.Fields
	b := scheduling.Booking{Language: in.Language, Note: in.Note, Key: key, Program: true}
	var err error
	if key == "" {
		f.Add("Idempotency-Key", "field.key.missing")
	}
	if b.Service, err = id.Parse(in.Service); err != nil {
		f.Add("service", "field.service.choose")
	}
	if in.Provider != "any" && in.Provider != "" {
		if b.Provider, err = id.Parse(in.Provider); err != nil {
			f.Add("provider", "field.provider.choose")
		}
	}
	at, err := time.Parse(time.RFC3339, in.StartsAt)
	if err != nil {
		f.Add("starts_at", "field.start.form")
	} else {
		b.StartsAt = clock.At(at)
	}
	b.Patient = in.Patient.draft(in.Language)
	b.Consents = consent.Choices(in.Consents, &f)
	return b, f.Err()
}

// prefixed names the fields of a person as they stand in the request.
func prefixed(err error) error {
	f, ok := err.(*fault.Fault)
	if !ok {
		return err
	}
	out := *f
	out.Fields = nil
	for _, x := range f.Fields {
		switch x.Name {
		case "name", "phone", "email", "birth_date", "birth", "guardian", "guardian_name", "guardian_phone", "guardian_email", "guardian_relation", "contact":
			x.Name = "patient." + x.Name
		}
		out.Fields = append(out.Fields, x)
	}
	return &out
}
