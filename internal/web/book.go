package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
)

// Booking at the desk: the panel of the day page by script, and the same without script as a page
// that is also the answer to whatever was refused.

// choice is what a booking at the desk says so far.
type choice struct {
	service, provider, patient id.ID
	day                        clock.Date
	at                         clock.Instant
}

// readChosen reads the address of the page or the posted form. at is RFC 3339.
func (s *Site) readChosen(v *Visit, q url.Values, at string) (choice, error) {
	var c choice
	for _, x := range []struct {
		text string
		into *id.ID
	}{{q.Get("service"), &c.service}, {q.Get("provider"), &c.provider}, {q.Get("patient"), &c.patient}} {
		if x.text == "" || x.text == "any" {
			continue
		}
		one, err := id.Parse(x.text)
		if err != nil {
			return c, fault.Missing()
		}
		*x.into = one
	}
	if at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return c, fault.Missing()
		}
		c.at = clock.At(t)
		c.day = clock.DateOf(t.In(v.Clinic.Location()))
	}
	if d := q.Get("day"); d != "" || c.day == "" {
		day, err := s.dayAsked(v, d)
		if err != nil {
			return c, err
		}
		c.day = day
	}
	return c, nil
}

// book is the page /app/book.
func bookPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	c, err := s.readChosen(v, q, q.Get("at"))
	if err != nil {
		return err
	}
	page := &BookPage{Shell: s.staffShell(v, "nav.day"), Query: v.typed("q"), Sought: q.Get(sought), Key: newKey()}
	if c.patient.IsZero() && page.Query != "" {
		hits, err := s.Patients.Search(v.Context(), v.Who, page.Query, mostFound)
		if err != nil {
			return err
		}
		page.Hits, page.Searched = hitsOf(v, hits), true
		if _, digits := contact.LooksLikePhone(page.Query); digits { // whoever is not found is typed once
			page.New.Phone = page.Query
		} else {
			page.New.Name = page.Query
		}
	}
	if err := s.fillBook(v, page, c); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "book", page)
}

// fillBook adds what can be choice: services, providers and the free times of the day.
func (s *Site) fillBook(v *Visit, page *BookPage, c choice) error {
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	z := roster.Clinic.Location()
	services := map[id.ID]scheduling.Service{}
	for _, x := range roster.Services {
		services[x.ID] = x
	}
	page.Services = serviceOptions(services, c.service)
	if c.service.IsZero() && len(page.Services) > 0 {
		c.service, _ = id.Parse(page.Services[0].Value)
	}
	x := services[c.service]
	page.Providers = []Option{{Value: "any", Label: v.Tongue.Say("public.any"), On: c.provider.IsZero()}}
	page.Service, page.Provider, page.Day = c.service.String(), "any", c.day
	for _, p := range roster.Providers {
		if p.RetiredAt == 0 && offers(x, p.ID) {
			page.Providers = append(page.Providers, Option{Value: p.ID.String(), Label: called(v, p), On: p.ID == c.provider})
		}
		if p.ID == c.provider {
			page.Provider = c.provider.String()
		}
	}
	if !c.patient.IsZero() {
		if page.Patient, err = s.patientHit(v, c.patient); err != nil {
			return err
		}
	}
	if c.at > 0 {
		page.At = c.at.In(z)
	}
	if len(page.Services) == 0 || page.Patient == nil && !page.Searched && !page.Wrong() && page.Conflict == nil {
		return nil
	}
	free, err := s.Desk.FreeTimes(v.Context(), v.Who, c.service, c.provider, c.day, c.day.AddDays(fortnight))
	if err != nil {
		if fault.Is(err, fault.NotFound) { // this provider does not offer this service: nothing is free
			return nil
		}
		return err
	}
	for _, slot := range free.Slots {
		at := slot.StartsAt.In(z)
		if clock.DateOf(at) == c.day {
			if slot.StartsAt != c.at {
				page.Slots = append(page.Slots, SlotChoice{At: at, Provider: page.Provider})
			}
		} else if page.NextDay == "" {
			page.NextDay = clock.DateOf(at)
		}
	}
	return nil
}

// patientHit shows whom the booking is for. Her record is opened for it.
func (s *Site) patientHit(v *Visit, one id.ID) (*PatientHit, error) {
	p, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	h := &PatientHit{ID: one.String(), Name: p.Name, Phone: p.Phone.Masked()}
	if p.Phone == "" {
		h.Phone = ""
	}
	if p.Name == "" {
		h.Name, h.Broken = v.Tongue.Say("day.broken"), true
	}
	if p.BirthDate != "" {
		h.Age = v.Tongue.Age(p.BirthDate, s.today(v))
	}
	return h, nil
}

// soonest is how many times the panel offers.
const soonest = 3

// freeSlots is the fragment of the next free times. A time that was pressed in the grid comes
// first even when it is not free: what stands in its way is told when it is booked.
func freeSlots(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	c, err := s.readChosen(v, q, q.Get("at"))
	if err != nil {
		return err
	}
	from := max(c.day, s.today(v))
	page := &FreeFragment{Shell: s.Shell(v), Service: q.Get("service"), Patient: q.Get("patient"), Key: newKey()}
	z := v.Clinic.Location()
	for _, days := range []int{6, scheduling.MaxWindow - 1} { // the near week first: it is enough on almost every day
		free, err := s.Desk.FreeTimes(v.Context(), v.Who, c.service, c.provider, from, from.AddDays(days))
		if fault.Is(err, fault.NotFound) && !c.provider.IsZero() {
			break // this provider does not offer this service
		}
		if err != nil {
			return err
		}
		name := map[id.ID]string{}
		for _, p := range free.Providers {
			name[p.ID] = called(v, p)
		}
		page.Slots = nil
		if c.at > 0 && !c.provider.IsZero() && name[c.provider] != "" {
			page.Slots = append(page.Slots, SlotChoice{At: c.at.In(z), Provider: c.provider.String(), Name: name[c.provider]})
		}
		for _, slot := range free.Slots {
			if len(page.Slots) < soonest && slot.StartsAt > c.at {
				page.Slots = append(page.Slots, SlotChoice{At: slot.StartsAt.In(z), Provider: slot.Provider.String(), Name: name[slot.Provider]})
			}
		}
		if len(page.Slots) >= soonest {
			break
		}
	}
	page.None = len(page.Slots) == 0
	return s.views.Render(w, http.StatusOK, "free-slots", page)
}

// wanted is a posted booking: as typed, and as the scheduling room takes it.
type wanted struct {
	choice
	form    NewPatientForm
	booking scheduling.Booking
	reason  string
	lost    bool // the time is not free, and may be booked over with a reason
}

func (s *Site) readBooking(v *Visit) (wanted, error) {
	if err := v.form(); err != nil {
		return wanted{}, err
	}
	p := v.PostForm
	c, err := s.readChosen(v, url.Values{"service": {p.Get("service")}, "provider": {p.Get("provider")}, "patient": {p.Get("patient")}}, p.Get("starts_at"))
	if err != nil {
		return wanted{}, err
	}
	if c.service.IsZero() {
		return wanted{}, fault.Missing()
	}
	out := wanted{choice: c, reason: p.Get("reason")}
	form, draft := patientForm(p)
	if draft.Language == "" && len(v.Clinic.Languages) > 0 {
		draft.Language = v.Clinic.Languages[0]
	}
	form.Key = p.Get("key")
	out.form = form
	out.booking = scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: c.at, PatientID: c.patient, Note: p.Get("note"), Language: draft.Language, Key: form.Key}
	if c.patient.IsZero() {
		out.booking.Patient = draft
	}
	return out, nil
}

// bookAppointment books. Likely duplicates of a new patient and words of health in the note are shown
// first; then the form says that they were seen, and what was typed is taken.
func bookAppointment(s *Site, w http.ResponseWriter, v *Visit) error {
	b, err := s.readBooking(v)
	if err != nil {
		return err
	}
	if b.at == 0 {
		var f fault.Fields
		f.Add("starts_at", "field.start.choose")
		return s.refusedBooking(w, v, b, nil, f.Err())
	}
	if b.patient.IsZero() && v.PostForm.Get("different") == "" {
		alike, err := s.alike(v, b.booking.Patient)
		if err != nil {
			return err
		}
		if len(alike) > 0 {
			return s.refusedBooking(w, v, b, alike, fault.New(fault.Invalid, "staff.book.alike"))
		}
	}
	if b.booking.Note != "" && v.PostForm.Get("note_seen") == "" && len(contact.HealthWords(b.booking.Note, v.Clinic.Languages)) > 0 {
		return s.refusedBooking(w, v, b, nil, fault.New(fault.Invalid, "staff.book.health"))
	}
	r, err := s.Desk.Book(v.Context(), v.Who, b.booking)
	b.lost = overbookable(err) && !b.provider.IsZero()
	if b.lost && v.PostForm.Get("insist") != "" {
		if b.booking.Overbook, err = reasonGiven(v); err == nil {
			if b.booking.Key != "" { // the wish is another one now, and so is its key
				b.booking.Key += "+"
			}
			r, err = s.Desk.Book(v.Context(), v.Who, b.booking)
		}
	}
	if err != nil {
		return s.refusedBooking(w, v, b, nil, err)
	}
	return acted(w, v, r.Appointment, "booked")
}

// alike finds who may be the person of the draft already. It is nobody when one of them is her for
// certain, by name and address: she is then taken, and nobody is made twice.
func (s *Site) alike(v *Visit, d patients.Draft) ([]patients.Hit, error) {
	found, err := s.Patients.LikelyDuplicates(v.Context(), v.Who, d)
	if err != nil {
		return nil, err
	}
	var out []patients.Hit
	for _, l := range found {
		born := d.BirthDate == "" || l.BirthYear == 0 || l.SameBirth
		if born && (l.SamePhone || l.SameEmail) && strings.EqualFold(l.Name, strings.Join(strings.Fields(d.Name), " ")) {
			return nil, nil
		}
		out = append(out, l.Hit)
	}
	return out, nil
}

// refusedBooking tells a script in a sentence, and shows a browser the page with what was typed.
func (s *Site) refusedBooking(w http.ResponseWriter, v *Visit, b wanted, alike []patients.Hit, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.NotFound || f.Kind == fault.Forbidden {
		return err
	}
	page := &BookPage{Shell: s.Shell(v), New: b.form, Note: b.booking.Note, Key: b.form.Key, Likely: hitsOf(v, alike)}
	status := page.Report(forForm(f))
	page.NoteHint = f.Key == "staff.book.health"
	page.Different = v.PostForm.Get("different") != ""
	page.NoteSeen = page.NoteHint || v.PostForm.Get("note_seen") != ""
	insist := b.lost && v.Who.May(access.ScheduleOverbook)
	if insist {
		with, e := s.withWhom(v, b)
		if e != nil {
			return e
		}
		page.Conflict = &Conflict{Sentence: page.Alert, With: with, CanInsist: true, Reason: b.reason}
		if page.Alert == "" {
			page.Conflict.Sentence = v.Tongue.Say("staff.conflict")
		}
	}
	if v.script() {
		return tellBooking(w, v, f, status, page)
	}
	if insist {
		page.Alert = "" // the conflict says it
	} else if f.Kind == fault.Conflict {
		b.at = 0 // gone: the page offers others
	}
	page.Nav = s.staffShell(v, "nav.day").Nav
	if err := s.fillBook(v, page, b.choice); err != nil {
		return err
	}
	return s.views.Render(w, status, "book", page)
}

// tellBooking is the sentence for the panel: what is wrong, who stands in the way, who is alike.
func tellBooking(w http.ResponseWriter, v *Visit, f *fault.Fault, status int, page *BookPage) error {
	text := []string{problemText(v, f)}
	if page.Conflict != nil {
		w.Header().Set("X-May-Insist", "1")
		text = append(text, page.Conflict.With...)
	}
	for _, h := range page.Likely {
		text = append(text, strings.TrimSpace(h.Name+" "+h.Age+" "+h.Phone)+".")
	}
	if len(page.Likely) > 0 { // the panel shows its box, and sets its mark, by these
		w.Header().Set("X-Alike", "1")
		text = append(text, v.Tongue.Say("staff.book.tick"))
	}
	if page.NoteHint {
		w.Header().Set("X-Note-Hint", "1")
		text = append(text, v.Tongue.Say("staff.book.again"))
	}
	return plain(w, v, status, strings.Join(text, " "))
}

// withWhom names what stands at the wished time.
func (s *Site) withWhom(v *Visit, b wanted) ([]string, error) {
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	for _, x := range roster.Services {
		if x.ID == b.service {
			return s.inTheWay(v, x, b.provider, b.at, b.at.Add(time.Duration(x.Minutes)*time.Minute), id.Zero)
		}
	}
	return nil, nil
}
