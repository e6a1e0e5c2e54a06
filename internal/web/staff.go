package web

import (
	"io"
	"net/http"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
)

// What the pages of the staff share. Every action is a plain form that comes back to a page; our
// scripts send the same forms with X-Fragment and are answered with a fragment, with nothing
// (204), or with the sentence of what went wrong as plain text.

func staffRoutes() []Route {
	live := newWatching()
	return []Route{
		{Pattern: "GET /app", Door: Staff, Right: access.ClinicRead, Handle: dashboardPage},
		{Pattern: "GET /app/day", Door: Staff, Right: access.ScheduleRead, Handle: dayPage},
		{Pattern: "GET /app/day/column", Door: Staff, Right: access.ScheduleRead, Quiet: true, Handle: dayColumn},
		{Pattern: "GET /app/day/columns", Door: Staff, Right: access.ScheduleRead, Quiet: true, Handle: dayColumns},
		{Pattern: "GET /app/live", Door: Staff, Right: access.ScheduleRead, Quiet: true, Handle: live.follow},
		{Pattern: "GET /app/week", Door: Staff, Right: access.ScheduleRead, Handle: weekPage},
		{Pattern: "GET /app/book", Door: Staff, Right: access.ScheduleBook, Handle: bookPage},
		{Pattern: "GET /app/free", Door: Staff, Right: access.ScheduleBook, Handle: freeSlots},
		{Pattern: "POST /app/search", Door: Staff, Right: access.PatientSearch, Handle: searchHits},
		{Pattern: "POST /app/appointments", Door: Staff, Right: access.ScheduleBook, Handle: bookAppointment},
		{Pattern: "GET /app/appointments/{id}", Door: Staff, Right: access.ScheduleRead, Handle: appointmentPage},
		{Pattern: "POST /app/appointments/{id}/move", Door: Staff, Right: access.ScheduleBook, Handle: moveAppointment},
		{Pattern: "POST /app/appointments/{id}/status", Door: Staff, Right: access.ScheduleBook, Handle: markAppointment},
		{Pattern: "POST /app/appointments/{id}/cancel", Door: Staff, Right: access.ScheduleCancel, Handle: cancelAppointment},
		{Pattern: "POST /app/appointments/{id}/note", Door: Staff, Right: access.ScheduleBook, Handle: noteAppointment},
		{Pattern: "GET /app/reviews", Door: Staff, Right: access.ReviewSettle, Handle: reviewsPage},
		{Pattern: "POST /app/reviews/{id}/settle", Door: Staff, Right: access.ReviewSettle, Handle: reviewSettle},
		{Pattern: "GET /app/patients", Door: Staff, Right: access.PatientSearch, Handle: patientsPage},
		{Pattern: "GET /app/patients/new", Door: Staff, Right: access.PatientWrite, Handle: patientNewPage},
		{Pattern: "POST /app/patients/new", Door: Staff, Right: access.PatientWrite, Handle: patientAdded},
		{Pattern: "GET /app/patients/{id}", Door: Staff, Right: access.PatientRead, Handle: patientPage},
		{Pattern: "POST /app/patients/{id}", Door: Staff, Right: access.PatientWrite, Handle: patientSaved},
		{Pattern: "POST /app/patients/{id}/consents", Door: Staff, Right: access.PatientWrite, Handle: patientConsents},
		{Pattern: "POST /app/patients/{id}/links", Door: Staff, Right: access.PatientWrite, Handle: patientLinksEnded},
		{Pattern: "POST /app/patients/{id}/guardian", Door: Staff, Right: access.PatientWrite, Handle: patientGuardianStays},
		// Where notes are off, or not for this role, there is no such page: the handler answers 404.
		{Pattern: "POST /app/patients/{id}/notes", Door: Staff, Right: access.PatientRead, Handle: patientNoted},
		{Pattern: "GET /app/patients/{id}/delete", Door: Staff, Right: access.PatientDelete, Handle: patientDeleteAsk},
		{Pattern: "POST /app/patients/{id}/delete", Door: Staff, Right: access.PatientDelete, Handle: patientDelete},
	}
}

// script says whether one of our scripts asks, as opposed to a browser going to a page.
// inZone is a moment as the clinic's clocks say it; zero for none.
func (v *Visit) inZone(i clock.Instant) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return i.In(v.Clinic.Location())
}

func (v *Visit) script() bool { return v.Header.Get("X-Fragment") != "" }

// plain answers a script in words.
func plain(w http.ResponseWriter, v *Visit, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Language", v.Tongue.Lang())
	w.WriteHeader(status)
	_, err := io.WriteString(w, text)
	return err
}

// pathID reads the {id} of the address; what is no id is not there.
func pathID(v *Visit) (id.ID, error) {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return id.Zero, fault.Missing()
	}
	return one, nil
}

// today is the clinic's present day.
func (s *Site) today(v *Visit) clock.Date { return clock.Today(s.Clock, v.Clinic.Location()) }

// dayAsked reads a day of the address; an empty one is today.
func (s *Site) dayAsked(v *Visit, text string) (clock.Date, error) {
	if text == "" {
		return s.today(v), nil
	}
	d, err := clock.ParseDate(text)
	if err != nil || d.Year() < 1900 || d.Year() > 2200 {
		return "", fault.Missing()
	}
	return d, nil
}

// called is the provider's name, or that it cannot be opened.
func called(v *Visit, p scheduling.Provider) string {
	if p.Name == "" {
		return v.Tongue.Say("day.broken")
	}
	return p.Name
}

func hitOf(v *Visit, h patients.Hit) PatientHit {
	out := PatientHit{ID: h.ID.String(), Name: h.Name, Phone: h.Phone, Broken: h.Name == ""}
	if h.BirthYear > 0 {
		out.Age = v.Tongue.Say("age.years", "Count", h.Age)
	}
	return out
}

func hitsOf(v *Visit, hits []patients.Hit) []PatientHit {
	var out []PatientHit
	for _, h := range hits {
		out = append(out, hitOf(v, h))
	}
	return out
}
