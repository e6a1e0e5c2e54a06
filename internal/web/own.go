package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
)

// A patient's own page: she sees her appointment, moves or cancels it, takes it into her
// calendar and changes what she agreed to (promises C7, I4). The link is the key.

func number(n int) string { return strconv.Itoa(n) }

func bookingCard(v *Visit, o scheduling.Own, now clock.Instant) BookingCard {
	z := v.Clinic.Location()
	ahead := o.Status.Ahead() && o.StartsAt > now
	c := BookingCard{ID: o.ID.String(), Service: o.Service.Name, Provider: o.Provider.Name, At: o.StartsAt.In(z), Ends: o.EndsAt.In(z),
		Minutes: int(o.Length() / time.Minute), State: stateOf(o.Status), Version: o.Version, Patient: o.Name.Text, ManageURL: "/m/" + v.PathValue("token"),
		CanMove: ahead && o.Movable, CallToMove: ahead && !o.Movable, CanStop: ahead}
	if o.Service.ShowPrice && o.Service.Price > 0 {
		c.Price = &Price{o.Service.Price, v.Clinic.Currency}
	}
	return c
}

// stateOf names a status as the style sheets and catalogues do.
func stateOf(s scheduling.Status) string {
	if s == scheduling.InProgress {
		return "with"
	}
	return string(s)
}

func (s *Site) own(v *Visit) (scheduling.Own, error) {
	return s.Desk.Own(v.Context(), v.Who, v.Appointment)
}

func ownPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.ownPage(w, v, nil)
}

func (s *Site) ownPage(w http.ResponseWriter, v *Visit, refused error) error {
	if v.Appointment.IsZero() { // a link to her data, and to no appointment
		http.Redirect(w, v.Request, v.ownPath(""), http.StatusSeeOther)
		return nil
	}
	o, err := s.own(v)
	if err != nil {
		return err
	}
	now := clock.At(s.Clock.Now())
	if v.URL.Query().Get("booked") == "1" && refused == nil {
		page := &PublicBooked{Shell: s.Shell(v), Booking: bookingCard(v, o, now)}
		if err := s.whereTo(v, page); err != nil {
			return err
		}
		return s.views.Render(w, http.StatusOK, "public-booked", page)
	}
	page := &OwnPage{Shell: s.Shell(v), Token: v.PathValue("token"), Booking: bookingCard(v, o, now)}
	status := http.StatusOK
	if refused != nil {
		status = page.Report(refused)
	} else if v.URL.Query().Get("saved") == "1" {
		page.Flash = v.Tongue.Say("own.saved")
	}
	if page.Booker = v.Who.Role() == access.Booker; page.Booker { // who that is nobody made sure: the appointment, and nothing else of hers
		return s.views.Render(w, status, "own", page)
	}
	states, err := s.Consent.Of(v.Context(), v.Who, v.Who.Patient())
	if err != nil {
		return err
	}
	asked, err := s.asked(v)
	if err != nil {
		return err
	}
	notices, err := s.noticesFor(v)
	if err != nil {
		return err
	}
	page.CanSay = o.Status.Came()
	if page.IntakeOpen, page.Intake, err = s.intakeOpen(v); err != nil {
		return err
	}
	for _, st := range states {
		// What was given once can always be taken back here, whatever the clinic does today.
		if st.Channel != "" || !slices.Contains(asked, st.Purpose) && !st.Given {
			continue
		}
		c := OwnConsent{ConsentChoice: ConsentChoice{Purpose: string(st.Purpose), Sentence: v.Tongue.Say("consent.ask." + string(st.Purpose)), Hint: v.Tongue.Say("consent.ask.hint"), Notice: notices[st.Purpose]}, Given: st.Given, Older: st.Older}
		if st.At > 0 {
			c.Since = clock.DateOf(st.At.In(v.Clinic.Location()))
		}
		page.Consents = append(page.Consents, c)
	}
	if err := s.figuresChoice(v, v.Who.Patient(), &page.Consents); err != nil {
		return err
	}
	if page.Wish, err = s.wishOf(v, v.Who.Patient()); err != nil {
		return err
	}
	t, err := s.Messages.ThreadOf(v.Context(), v.Who, v.Who.Patient())
	if err != nil {
		return err
	}
	if page.Bills, err = s.ownBills(v); err != nil {
		return err
	}
	if page.Terms, err = s.termsAsked(v, v.Who.Patient(), "/m/"+page.Token+"/terms"); err != nil {
		return err
	}
	page.Said, _ = talkDays(v, t.Lines, nil, s.Clock.Now().In(v.Clinic.Location()))
	page.Said = page.Said[max(0, len(page.Said)-mostSaid):]
	return s.views.Render(w, status, "own", page)
}

// whereTo says (masked) where the confirmation goes, and whether reminders will come: as it was typed and ticked, whoever is on file.
func (s *Site) whereTo(v *Visit, page *PublicBooked) error {
	shown, err := s.Desk.ShownOf(v.Context(), v.Who, v.PathValue("token"))
	if err != nil {
		return err
	}
	page.Reminders = shown.Reminders
	if shown.Email != "" {
		page.SentTo = append(page.SentTo, shown.Email)
	} else if shown.Phone != "" && slices.ContainsFunc(s.Messages.Channels(), func(c messaging.Channel) bool { return c != messaging.Email }) {
		page.SentTo = append(page.SentTo, shown.Phone)
	}
	return nil
}

// ownChange chooses another time, and then asks once before it moves.
func ownChange(s *Site, w http.ResponseWriter, v *Visit) error {
	o, err := s.own(v)
	if err != nil {
		return err
	}
	now := clock.At(s.Clock.Now())
	card := bookingCard(v, o, now)
	if card.CallToMove {
		return s.ownPage(w, v, fault.New(fault.Conflict, "fault.online_booking_off"))
	}
	if !card.CanMove {
		return s.ownPage(w, v, fault.New(fault.Conflict, "fault.not_ahead"))
	}
	at := v.URL.Query().Get("at")
	if at == "" {
		return s.ownTimes(w, v, o, 0, "")
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return fault.Missing()
	}
	page := &OwnChange{Shell: s.Shell(v), Token: v.PathValue("token"), Booking: card, At: t.In(v.Clinic.Location()), Ends: t.Add(o.Length()).In(v.Clinic.Location()), Provider: cardOf(o.Provider), Key: newKey()}
	return s.views.Render(w, http.StatusOK, "own-change", page)
}

// ownTimes shows where the appointment may go; taken is a time that is gone, and why what the page says of it.
func (s *Site) ownTimes(w http.ResponseWriter, v *Visit, o scheduling.Own, taken clock.Instant, why string) error {
	wish := wish{service: o.Service.ID, provider: o.Provider.ID}
	if d := v.URL.Query().Get("day"); d != "" {
		day, err := clock.ParseDate(d)
		if err != nil {
			return fault.Missing()
		}
		wish.day = day
	}
	card := bookingCard(v, o, clock.At(s.Clock.Now()))
	page := &TimesPage{Shell: s.Shell(v), Token: v.PathValue("token"), Current: &card}
	_, err := s.fillTimes(v, page, wish, func(from, to clock.Date) (scheduling.Free, error) {
		return s.Desk.OwnFree(v.Context(), v.Who, v.Appointment, false, from, to)
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if taken > 0 {
		page.Taken, page.TakenWhy, status = taken.In(v.Clinic.Location()), why, http.StatusConflict
	}
	return s.views.Render(w, status, "own-times", page)
}

func ownMove(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, v.PostForm.Get("starts_at"))
	if err != nil {
		return fault.Missing()
	}
	version, err := strconv.ParseInt(v.PostForm.Get("version"), 10, 64)
	if err != nil {
		return fault.Missing()
	}
	moved, err := s.Desk.Move(v.Context(), v.Who, v.Appointment, scheduling.Move{StartsAt: clock.At(t), Version: version})
	var f *fault.Fault
	if errors.As(err, &f) && f.Kind == fault.Conflict {
		o, oerr := s.own(v)
		if oerr != nil {
			return oerr
		}
		if o.Version != version || !o.Movable {
			return s.ownPage(w, v, err)
		}
		why := v.Tongue.Say("own.taken_text")
		if f.Key != scheduling.Taken().Key {
			why = v.Tongue.SayMap(f.Key, f.Args)
		}
		return s.ownTimes(w, v, o, clock.At(t), why)
	}
	if err != nil {
		return err
	}
	return s.ownDone(w, v, "changed", moved.ID)
}

func (s *Site) ownDone(w http.ResponseWriter, v *Visit, what string, _ id.ID) error {
	o, err := s.own(v)
	if err != nil {
		return err
	}
	card := bookingCard(v, o, clock.At(s.Clock.Now()))
	return s.views.Render(w, http.StatusOK, "own-done", &OwnDone{Shell: s.Shell(v), Token: v.PathValue("token"), What: what, Booking: &card})
}

func ownCancelAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	o, err := s.own(v)
	if err != nil {
		return err
	}
	card := bookingCard(v, o, clock.At(s.Clock.Now()))
	if !card.CanStop {
		return s.ownPage(w, v, fault.New(fault.Conflict, "fault.not_ahead"))
	}
	return s.views.Render(w, http.StatusOK, "own-cancel", &OwnCancel{Shell: s.Shell(v), Token: v.PathValue("token"), Booking: card, Key: newKey()})
}

func ownCancel(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	version, err := strconv.ParseInt(v.PostForm.Get("version"), 10, 64)
	if err != nil {
		return fault.Missing()
	}
	a, err := s.Desk.Cancel(v.Context(), v.Who, v.Appointment, version)
	if fault.Is(err, fault.Conflict) {
		return s.ownPage(w, v, err)
	}
	if err != nil {
		return err
	}
	return s.ownDone(w, v, "cancelled", a.ID)
}

// ownConsents saves the ticks that were changed: one that was set is given, one that was taken away is withdrawn.
// Withdrawing takes as many presses as giving.
func ownConsents(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	states, err := s.Consent.Of(v.Context(), v.Who, v.Who.Patient())
	if err != nil {
		return err
	}
	asked, err := s.asked(v)
	if err != nil {
		return err
	}
	for _, st := range states {
		yes, changed := chosenNow(v, st)
		if yes && st.Older && st.Channel == "" && slices.Contains(v.PostForm["renew"], string(st.Purpose)) {
			changed = true // she read the new text, and agrees to it
		}
		if !changed || yes && !slices.Contains(asked, st.Purpose) {
			continue
		}
		if err := s.setOwn(v, consent.Choice{Purpose: st.Purpose, Given: yes}); err != nil {
			return err
		}
	}
	if err := s.chooseFigures(v, v.Who.Patient(), func(c consent.Choice) error { return s.setOwn(v, c) }); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/m/"+v.PathValue("token")+"?saved=1", http.StatusSeeOther)
	return nil
}

// setOwn records a choice made on the patient's own page. The link of a child is in her
// guardian's hands, who therefore is the one who chooses.
func (s *Site) setOwn(v *Visit, c consent.Choice) error {
	guardian, err := s.Patients.OwnGuardian(v.Context(), v.Who)
	if err != nil {
		return err
	}
	return s.Consent.SetBy(v.Context(), v.Who, v.Who.Patient(), c, guardian)
}

func ownCalendar(s *Site, w http.ResponseWriter, v *Visit) error {
	ics, err := s.Messages.Calendar(v.Context(), v.Who, v.Appointment)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="appointment.ics"`)
	_, err = w.Write(ics)
	return err
}

func ownUnsubscribeAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	// A GET never unsubscribes: mail scanners open every link.
	p, err := stopped(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-unsubscribe", &OwnUnsubscribe{Shell: s.Shell(v), Token: v.PathValue("token"), Purpose: v.Tongue.Say("consent.purpose." + string(p)),
		Action: messaging.StopPath(v.PathValue("token"), p)})
}

// stopped is what the address stops: what the message that held it was sent for.
func stopped(v *Visit) (consent.Purpose, error) {
	of := v.URL.Query().Get("of")
	if of == "" {
		return consent.Reminder, nil
	}
	if p := consent.Purpose(of); consent.Askable(p) {
		return p, nil
	}
	return "", fault.Missing()
}

// ownUnsubscribe stops messages of one purpose. Mail programs post it with one click, no cookie and no form
// (RFC 8058); a person posts it from the page.
func ownUnsubscribe(s *Site, w http.ResponseWriter, v *Visit) error {
	p, err := stopped(v)
	if err != nil {
		return err
	}
	if err := s.setOwn(v, consent.Choice{Purpose: p, Given: false}); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-done", &OwnDone{Shell: s.Shell(v), Token: v.PathValue("token"), What: "unsubscribed"})
}

// publicRoutes are the addresses of patients.
func publicRoutes() []Route {
	return []Route{
		{Pattern: "GET /c/{slug}", Door: Clinic, Right: access.PublicRead, Handle: publicClinic},
		{Pattern: "GET /c/{slug}/book", Door: Clinic, Right: access.PublicRead, Handle: publicBook},
		{Pattern: "POST /c/{slug}/book", Door: Clinic, Right: access.PublicBook, Handle: publicBooked},
		{Pattern: "GET /c/{slug}/logo", Door: Clinic, Right: access.PublicRead, Handle: publicLogo},
		{Pattern: "GET /c/{slug}/brand.css", Door: Clinic, Right: access.PublicRead, Handle: publicBrand},
		{Pattern: "GET /m/{token}", Door: Link, Right: access.BookedRead, Handle: ownPage},
		{Pattern: "GET /m/{token}/change", Door: Link, Right: access.BookedRead, Handle: ownChange},
		{Pattern: "POST /m/{token}/change", Door: Link, Right: access.BookedChange, Handle: ownMove},
		{Pattern: "GET /m/{token}/cancel", Door: Link, Right: access.BookedRead, Handle: ownCancelAsk},
		{Pattern: "POST /m/{token}/cancel", Door: Link, Right: access.BookedChange, Handle: ownCancel},
		{Pattern: "POST /m/{token}/consents", Door: Link, Right: access.OwnChange, Handle: ownConsents},
		{Pattern: "GET /m/{token}/appointment.ics", Door: Link, Right: access.BookedRead, Handle: ownCalendar},
		{Pattern: "GET /m/{token}/review", Door: Link, Right: access.OwnRead, Handle: ownReview},
		{Pattern: "POST /m/{token}/review", Door: Link, Right: access.OwnChange, Handle: ownReviewed},
		{Pattern: "POST /m/{token}/review/leave", Door: Link, Right: access.OwnChange, Handle: ownLeave},
		{Pattern: "GET /m/{token}/unsubscribe", Door: Link, Right: access.OwnRead, Handle: ownUnsubscribeAsk},
		{Pattern: "POST /m/{token}/unsubscribe", Door: Link, Right: access.OwnChange, OneClick: true, Handle: ownUnsubscribe},
	}
}
