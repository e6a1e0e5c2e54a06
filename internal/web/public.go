package web

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
)

// The public pages: a wizard of plain links and one form. They run no script, set no cookie but
// the form's own, and load nothing from anybody else (promises C1, C2, C6).

// fortnight is how many days the choice of a day shows.
const fortnight = 14

// asked are the purposes that patients are asked about: reminders, and what the clinic's rules would really write after a visit.
func (s *Site) asked(v *Visit) ([]consent.Purpose, error) {
	out := []consent.Purpose{consent.Reminder}
	more, err := s.Followup.Asks(v.Context(), v.Who)
	for _, p := range more {
		out = append(out, consent.Purpose(p))
	}
	if v.Clinic.Has(clinics.ModulePrescriptions) {
		out = append(out, consent.Papers)
	}
	return out, err
}

func offerOf(c clinics.Clinic, s scheduling.Service) ServiceOffer {
	o := ServiceOffer{ID: s.ID.String(), Name: s.Name, About: s.About, Minutes: s.Minutes, Providers: len(s.Providers)}
	if s.ShowPrice && s.Price > 0 {
		o.Price = &Price{s.Price, c.Currency}
	}
	return o
}

func cardOf(p scheduling.Provider) ProviderCard {
	return ProviderCard{ID: p.ID.String(), Name: p.Name, Qualification: join(p.Speciality, p.Qualification), Registration: p.Registration, About: p.About}
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

func publicClinic(s *Site, w http.ResponseWriter, v *Visit) error {
	o, err := s.Desk.Offered(v.Context(), v.Who)
	if err != nil {
		return err
	}
	z := o.Clinic.Location()
	page := &PublicClinic{Shell: s.Shell(v), Paused: !o.Clinic.Online || s.readOnly(v, o.Clinic.ID), NotYet: !o.Clinic.MayHoldPatients()}
	page.Title = o.Clinic.Name
	for _, x := range o.Services {
		page.Services = append(page.Services, offerOf(o.Clinic, x))
	}
	for _, p := range o.Providers {
		page.Team = append(page.Team, cardOf(p))
	}
	page.Hours = openingHours(o.Providers, clock.DateOf(s.Clock.Now().In(z)).Weekday())
	return s.views.Render(w, http.StatusOK, "public-clinic", page)
}

// openingHours joins the providers' ordinary weeks into the clinic's: open when anybody works.
func openingHours(list []scheduling.Provider, today time.Weekday) []HoursLine {
	var out []HoursLine
	for i := range 7 {
		day := time.Weekday((i + 1) % 7) // Monday first
		var open [1441]bool
		for _, p := range list {
			for _, iv := range p.Weekly[day] {
				for m := max(iv.From, 0); m < min(iv.To, 1440); m++ {
					open[m] = true
				}
			}
		}
		line := HoursLine{Day: day, Today: day == today}
		for m := 0; m < 1440; m++ {
			if open[m] && (m == 0 || !open[m-1]) {
				line.Spans = append(line.Spans, Span{From: clock.Minute(m)})
			}
			if open[m] && !open[m+1] {
				line.Spans[len(line.Spans)-1].To = clock.Minute(m + 1)
			}
		}
		out = append(out, line)
	}
	return out
}

// wish is what the address of the wizard says so far.
type wish struct {
	service  id.ID
	provider id.ID // zero for any
	chosen   bool  // a provider or "any" was chosen
	day      clock.Date
	at       clock.Instant
}

func readWish(q url.Values) (wish, error) {
	var w wish
	var err error
	if w.service, err = id.Parse(q.Get("service")); err != nil {
		return w, fault.Missing()
	}
	if p := q.Get("provider"); p != "" {
		w.chosen = true
		if p != "any" {
			if w.provider, err = id.Parse(p); err != nil {
				return w, fault.Missing()
			}
		}
	}
	if d := q.Get("day"); d != "" {
		if w.day, err = clock.ParseDate(d); err != nil {
			return w, fault.Missing()
		}
	}
	if a := q.Get("at"); a != "" {
		t, err := time.Parse(time.RFC3339, a)
		if err != nil {
			return w, fault.Missing()
		}
		w.at = clock.At(t)
	}
	return w, nil
}

// publicBook is each step of the wizard, by what the address already says.
func publicBook(s *Site, w http.ResponseWriter, v *Visit) error {
	wish, err := readWish(v.URL.Query())
	if err != nil {
		return err
	}
	o, err := s.Desk.Offered(v.Context(), v.Who)
	if err != nil {
		return err
	}
	var service *scheduling.Service
	for i := range o.Services {
		if o.Services[i].ID == wish.service {
			service = &o.Services[i]
		}
	}
	if service == nil {
		return fault.Missing()
	}
	if !wish.chosen && len(service.Providers) == 1 {
		wish.provider, wish.chosen = service.Providers[0], true
	}
	if !wish.chosen {
		return s.publicProviders(w, v, o, *service)
	}
	if wish.at == 0 {
		return s.publicTimes(w, v, wish, 0, "")
	}
	return s.publicDetails(w, v, o, *service, wish)
}

func (s *Site) publicProviders(w http.ResponseWriter, v *Visit, o scheduling.Offering, service scheduling.Service) error {
	page := &PublicProviders{Shell: s.Shell(v), Service: offerOf(o.Clinic, service)}
	z := o.Clinic.Location()
	free, err := s.Desk.FreeTimes(v.Context(), v.Who, service.ID, id.Zero, o.Today, o.Today.AddDays(fortnight-1))
	if err != nil {
		return err
	}
	for _, p := range o.Providers {
		offers := false
		for _, x := range service.Providers {
			offers = offers || x == p.ID
		}
		if !offers {
			continue
		}
		card := cardOf(p)
		if first, ok := free.First[p.ID]; ok {
			card.NextFree = first.In(z)
			if page.NextFree.IsZero() || card.NextFree.Before(page.NextFree) {
				page.NextFree = card.NextFree
			}
		}
		page.Providers = append(page.Providers, card)
	}
	return s.views.Render(w, http.StatusOK, "public-providers", page)
}

// publicTimes shows days and times; taken is a time that is gone, and why what the page says of it.
func (s *Site) publicTimes(w http.ResponseWriter, v *Visit, wish wish, taken clock.Instant, why string) error {
	page := &TimesPage{Shell: s.Shell(v)}
	free, err := s.fillTimes(v, page, wish, func(from, to clock.Date) (scheduling.Free, error) {
		return s.Desk.FreeTimes(v.Context(), v.Who, wish.service, wish.provider, from, to)
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if taken > 0 {
		page.Taken, page.TakenWhy = taken.In(free.Clinic.Location()), why
		status = http.StatusConflict
	}
	return s.views.Render(w, status, "public-times", page)
}

// fillTimes fills the choice of day and time. It asks once for the fortnight, and once more for
// the next free day when the fortnight has none.
func (s *Site) fillTimes(v *Visit, page *TimesPage, wish wish, ask func(from, to clock.Date) (scheduling.Free, error)) (scheduling.Free, error) {
	z := v.Clinic.Location()
	today := clock.DateOf(s.Clock.Now().In(z))
	from := today
	if wish.day > today {
		from = today.AddDays(today.DaysUntil(wish.day) / fortnight * fortnight)
	}
	last := today.AddDays(v.Clinic.Horizon)
	if from > last {
		return scheduling.Free{}, fault.Missing()
	}
	to := from.AddDays(fortnight - 1)
	free, err := ask(from, to)
	if err != nil {
		return free, err
	}
	page.Service = offerOf(free.Clinic, free.Service)
	page.Provider = ProviderCard{ID: "any"}
	if !wish.provider.IsZero() && len(free.Providers) == 1 {
		page.Provider = cardOf(free.Providers[0])
	}
	perDay := map[clock.Date]int{}
	for _, slot := range free.Slots {
		perDay[clock.DateOf(slot.StartsAt.In(z))]++
	}
	page.Day = wish.day
	for d := from; d <= to && d <= last; d = d.AddDays(1) {
		if page.Day == "" && perDay[d] > 0 {
			page.Day = d
		}
		page.Days = append(page.Days, DayChoice{Date: d, Free: perDay[d], Closed: perDay[d] == 0 && closedOn(free.Providers, d), Current: d == page.Day})
	}
	for _, slot := range free.Slots {
		if at := slot.StartsAt.In(z); clock.DateOf(at) == page.Day {
			page.Slots = append(page.Slots, SlotChoice{At: at, Provider: page.Provider.ID})
		}
	}
	if from > today {
		page.Earlier = from.AddDays(-fortnight)
	}
	if to < last {
		page.Later = to.AddDays(1)
	}
	if len(page.Slots) == 0 {
		next := page.Day
		if next == "" {
			next = to
		}
		ahead, err := ask(next.AddDays(1), next.AddDays(scheduling.MaxWindow))
		if err != nil {
			return free, err
		}
		if len(ahead.Slots) > 0 {
			page.NextDay = clock.DateOf(ahead.Slots[0].StartsAt.In(z))
		}
	}
	return free, nil
}

// closedOn says whether nobody ordinarily works on the day: closed, as opposed to full.
func closedOn(list []scheduling.Provider, d clock.Date) bool {
	for _, p := range list {
		if len(p.Weekly[d.Weekday()]) > 0 {
			return false
		}
	}
	return true
}

func (s *Site) publicDetails(w http.ResponseWriter, v *Visit, o scheduling.Offering, service scheduling.Service, wish wish) error {
	z := o.Clinic.Location()
	day := clock.DateOf(wish.at.In(z))
	free, err := s.Desk.FreeTimes(v.Context(), v.Who, wish.service, wish.provider, day, day)
	if err != nil {
		return err
	}
	for _, slot := range free.Slots {
		if slot.StartsAt == wish.at {
			page, err := s.details(v, o, service, wish)
			if err != nil {
				return err
			}
			page.Form.Key = newKey()
			return s.views.Render(w, http.StatusOK, "public-details", page)
		}
	}
	wish.day = day
	// Gone since the page before was made, or she booked it herself and went back: who has it cannot be told from a look.
	return s.publicTimes(w, v, wish, wish.at, v.Tongue.Say("public.taken_seen"))
}

func (s *Site) details(v *Visit, o scheduling.Offering, service scheduling.Service, wish wish) (*PublicDetails, error) {
	z := o.Clinic.Location()
	page := &PublicDetails{Shell: s.Shell(v), Service: offerOf(o.Clinic, service), Provider: ProviderCard{ID: "any"}, At: wish.at.In(z),
		Ends: wish.at.Add(time.Duration(service.Minutes) * time.Minute).In(z), AdultAge: o.Clinic.MinorAge()}
	for _, p := range o.Providers {
		if p.ID == wish.provider {
			page.Provider = cardOf(p)
		}
	}
	page.Form.Consents = map[string]bool{}
	asked, err := s.asked(v)
	if err != nil {
		return nil, err
	}
	notices, err := s.noticesFor(v)
	if err != nil {
		return nil, err
	}
	for _, p := range asked {
		page.Consents = append(page.Consents, ConsentChoice{Purpose: string(p), Sentence: v.Tongue.Say("consent.ask." + string(p)), Hint: v.Tongue.Say("consent.ask.hint"), Notice: notices[p]})
	}
	return page, nil
}

func newKey() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// publicBooked books. Whatever is wrong, the form comes back as it was typed.
func publicBooked(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	q := url.Values{"service": {v.PostForm.Get("service")}, "provider": {v.PostForm.Get("provider")}, "at": {v.PostForm.Get("starts_at")}}
	wish, err := readWish(q)
	if err != nil || wish.at == 0 {
		return fault.Missing()
	}
	o, err := s.Desk.Offered(v.Context(), v.Who)
	if err != nil {
		return err
	}
	if !o.Clinic.Online {
		return fault.New(fault.Conflict, "fault.online_booking_off")
	}
	var service scheduling.Service
	for _, x := range o.Services {
		if x.ID == wish.service {
			service = x
		}
	}
	if service.ID.IsZero() {
		return fault.Missing()
	}
	page, err := s.details(v, o, service, wish)
	if err != nil {
		return err
	}
	form, booking := bookingForm(v, wish, page.Consents)
	page.Form = form
	if form.Note != "" && v.PostForm.Get("note_seen") == "" && len(contact.HealthWords(form.Note, o.Clinic.Languages)) > 0 {
		page.NoteHint = true // said once, gently; the same note is taken the second time (promise C9)
		return s.views.Render(w, http.StatusUnprocessableEntity, "public-details", page)
	}
	if wait := s.Limit(v.Request); wait > 0 {
		f := fault.New(fault.TooMany, "fault.too_many_bookings")
		f.RetryAfter = int(wait/time.Second) + 1
		w.Header().Set("Retry-After", number(f.RetryAfter))
		return s.views.Render(w, page.Report(f), "public-details", page)
	}
	done, err := s.Desk.Book(v.Context(), v.Who, booking)
	var f *fault.Fault
	if errors.As(err, &f) {
		return s.publicRefused(w, v, page, wish, f)
	}
	if err != nil {
		return err
	}
	// The receipt is a page of its own, so that going back or reloading never books again.
	http.Redirect(w, v.Request, "/m/"+done.Token+"?booked=1", http.StatusSeeOther)
	return nil
}

// publicRefused shows the form as it was typed, and says what is wrong: with the time, with a field, or that the form was sent before.
func (s *Site) publicRefused(w http.ResponseWriter, v *Visit, page *PublicDetails, wish wish, f *fault.Fault) error {
	switch {
	case f.Key == scheduling.Taken().Key:
		return s.publicTaken(w, v, page, wish, v.Tongue.Say("public.taken_text"))
	case ofTime[scheduling.Refusal(f.Key)]:
		return s.publicTaken(w, v, page, wish, v.Tongue.SayMap(f.Key, f.Args))
	case slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Key == "field.key.reused" }):
		// She went back, changed something and sent the form again. What it booked stands, and with a new key it may book once more.
		page.Form.Key, page.Alert = newKey(), v.Tongue.Say("public.form_used")
		return s.views.Render(w, StatusOf(f.Kind), "public-details", page)
	}
	return s.views.Render(w, page.Report(forForm(f)), "public-details", page)
}

// ofTime are the refusals after which another time may do.
var ofTime = map[scheduling.Refusal]bool{scheduling.NotOffered: true, scheduling.TooSoon: true, scheduling.TooFar: true,
	scheduling.OutsideHours: true, scheduling.OnLeave: true, scheduling.DayFull: true}

// publicTaken shows the form as it was typed, with other times to choose from; why is what became of the one that was chosen.
func (s *Site) publicTaken(w http.ResponseWriter, v *Visit, page *PublicDetails, wish wish, why string) error {
	z := v.Clinic.Location()
	day := clock.DateOf(wish.at.In(z))
	free, err := s.Desk.FreeTimes(v.Context(), v.Who, wish.service, wish.provider, day, day.AddDays(6))
	if err != nil {
		return err
	}
	if len(free.Slots) == 0 {
		wish.day = ""
		return s.publicTimes(w, v, wish, wish.at, why)
	}
	page.Taken, page.TakenWhy = wish.at.In(z), why
	page.Form.Key = newKey()
	for _, slot := range free.Slots {
		if len(page.Alternatives) == 6 {
			break
		}
		page.Alternatives = append(page.Alternatives, SlotChoice{At: slot.StartsAt.In(z), Provider: page.Provider.ID})
	}
	return s.views.Render(w, http.StatusConflict, "public-details", page)
}

// bookingForm reads the form twice over: as typed, to show it again, and as a booking.
func bookingForm(v *Visit, wish wish, asked []ConsentChoice) (BookingForm, scheduling.Booking) {
	p := v.PostForm
	form := BookingForm{Whom: p.Get("whom"), Name: p.Get("name"), Phone: p.Get("phone"), Email: p.Get("email"),
		Birth:        BirthTyped{p.Get("birth_day"), p.Get("birth_month"), p.Get("birth_year")},
		GuardianName: p.Get("guardian_name"), GuardianPhone: p.Get("guardian_phone"), GuardianEmail: p.Get("guardian_email"), GuardianKin: p.Get("guardian_kin"),
		Note: p.Get("note"), Key: p.Get("key"), Consents: map[string]bool{}}
	b := scheduling.Booking{Service: wish.service, Provider: wish.provider, StartsAt: wish.at, Note: form.Note, Language: v.Tongue.Lang(), Key: form.Key,
		Patient: patients.Draft{Name: form.Name, Phone: form.Phone, Email: form.Email, BirthDate: form.Birth.text()}}
	if slices.Contains(v.Clinic.Languages, v.Tongue.Lang()) { // the page speaks more languages than the clinic writes letters in
		b.Patient.Language = v.Tongue.Lang()
	}
	for _, c := range p["consent"] {
		form.Consents[c] = true
	}
	for _, c := range asked {
		if form.Consents[c.Purpose] {
			b.Consents = append(b.Consents, consent.Choice{Purpose: consent.Purpose(c.Purpose), Given: true})
		}
	}
	if form.Whom == "other" || form.GuardianName != "" {
		b.Patient.Guardian = &patients.GuardianDraft{Name: form.GuardianName, Phone: form.GuardianPhone, Email: form.GuardianEmail, Relation: form.GuardianKin}
	}
	return form, b
}

// text is the date of birth as the patients room reads it; empty when nothing was typed.
func (b BirthTyped) text() string {
	d, m, y := strings.TrimSpace(b.Day), strings.TrimSpace(b.Month), strings.TrimSpace(b.Year)
	if d == "" && m == "" && y == "" {
		return ""
	}
	pad := func(s string) string {
		if len(s) == 1 {
			return "0" + s
		}
		return s
	}
	return y + "-" + pad(m) + "-" + pad(d)
}

// forForm names fields as this form does.
func forForm(f *fault.Fault) *fault.Fault {
	out := *f
	out.Fields = nil
	for _, x := range f.Fields {
		switch x.Name {
		case "birth_date":
			x.Name = "birth"
		case "guardian_relation":
			x.Name = "guardian_kin"
		case "guardian":
			x.Name = "guardian_name"
		case "consents":
			x.Name = "consent"
		case "contact":
			x.Name = "phone"
		}
		out.Fields = append(out.Fields, x)
	}
	return &out
}

func publicLogo(s *Site, w http.ResponseWriter, v *Visit) error {
	data, kind, err := s.Clinics.Logo(v.Context(), v.Who)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, err = w.Write(data)
	return err
}

func publicBrand(s *Site, w http.ResponseWriter, v *Visit) error {
	if v.Clinic.Colour == "" {
		return fault.Missing()
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := w.Write([]byte(BrandCSS(v.Clinic.Colour)))
	return err
}
