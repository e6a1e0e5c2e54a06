package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support/help"
	"almirah/internal/words"
)

// Live checks that ask the house's own pages and its interface as a stranger would, in this process.

// publicClinic is a clinic whose booking page is open.
type publicClinic struct {
	clinic clinics.Clinic
	slug   string
}

func (x publicClinic) path(rest string) string { return "/c/" + url.PathEscape(x.slug) + rest }

// eachPublic goes through some clinics that have a public page.
func (p probe) eachPublic(ctx context.Context, do func(x publicClinic) error) error {
	slugs, err := p.slugs(ctx)
	if err != nil {
		return err
	}
	for _, slug := range slugs {
		one, err := p.Clinics.BySlug(ctx, slug)
		if err != nil {
			return err
		}
		c, err := p.Clinics.Get(ctx, accounts.Public(one))
		if err != nil {
			return err
		}
		if err := do(publicClinic{c, slug}); err != nil {
			return err
		}
	}
	return nil
}

// offer is a free time as the programming interface tells it.
type offer struct {
	service id.ID
	text    string // RFC 3339, as it was told
	at      time.Time
	free    scheduling.Free // what the pages show of the same days
}

// offered asks the interface and the desk for the free times of the next days of a clinic's first service; false where patients can book nothing.
func (p probe) offered(ctx context.Context, x publicClinic) (o offer, ok bool, err error) {
	who := accounts.Public(x.clinic.ID)
	list, err := p.Desk.Offered(ctx, who)
	if err != nil || len(list.Services) == 0 || !x.clinic.Online || !x.clinic.MayHoldPatients() {
		return o, false, err
	}
	o.service = list.Services[0].ID
	from := clock.DateOf(p.Clock.Now().In(x.clinic.Location()))
	o.free, err = p.Desk.FreeTimes(ctx, who, o.service, id.Zero, from, from.AddDays(6))
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) || err == nil && len(o.free.Slots) == 0 {
		return o, false, nil
	}
	if err != nil {
		return o, false, err
	}
	got, err := p.ask(ctx, http.MethodGet, fmt.Sprintf("/api/v1/clinics/%s/slots?service=%s&provider=any&from=%s&to=%s", url.PathEscape(x.slug), o.service, from, from.AddDays(6)), nil)
	if err != nil {
		return o, false, err
	}
	var told struct {
		Items []struct {
			StartsAt string `json:"starts_at"`
		} `json:"items"`
	}
	if err := json.Unmarshal(got.body.Bytes(), &told); err != nil || len(told.Items) == 0 {
		return o, false, errors.Join(fmt.Errorf("the interface tells no free time where the pages show some: %d", got.status), err)
	}
	o.text = told.Items[len(told.Items)-1].StartsAt // the one that is least likely to go while it is looked at
	o.at, err = time.Parse(time.RFC3339, o.text)
	return o, err == nil, err
}

// bookingForms opens the last page before a booking in some clinics and answers how many.
func (p probe) bookingForms(ctx context.Context, look func(x publicClinic, o offer, got *page) error) (n int, err error) {
	return n, p.eachPublic(ctx, func(x publicClinic) error {
		o, ok, err := p.offered(ctx, x)
		if err != nil || !ok {
			return err
		}
		got, err := p.ask(ctx, http.MethodGet, x.path(fmt.Sprintf("/book?service=%s&provider=any&at=%s", o.service, url.QueryEscape(o.text))), nil)
		if err != nil {
			return err
		}
		if got.status != http.StatusOK {
			return fmt.Errorf("the booking form of a free time answers %d", got.status)
		}
		n++
		return look(x, o, got)
	})
}

// timesAsEntered holds the free times that patients are shown against the hours as they were entered, minute by minute on the wall clock; and looks for bookings
// by the public into time that was closed.
func (p probe) timesAsEntered(ctx context.Context) (string, error) {
	shown := 0
	err := p.eachPublic(ctx, func(x publicClinic) error {
		o, ok, err := p.offered(ctx, x)
		if err != nil || !ok {
			return err
		}
		return probe{p.House, []id.ID{x.clinic.ID}}.each(ctx, func(v *store.View, _ id.ID) error {
			from := clock.DateOf(v.Now().In(x.clinic.Location()))
			hours, err := scheduling.Entered(v, from, from.AddDays(7))
			if err != nil {
				return err
			}
			services, err := scheduling.Services(v)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(services, func(s scheduling.Service) bool { return s.ID == o.service })
			if at < 0 {
				return nil
			}
			for _, s := range o.free.Slots {
				h, ok := hours[s.Provider]
				if !ok || !worked(h, s.StartsAt, time.Duration(services[at].Minutes)*time.Minute) {
					return errors.New("patients are shown a time at which nobody works, as the hours were entered")
				}
				shown++
			}
			return nil
		})
	})
	if err != nil {
		return "", err
	}
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return scheduling.Looked(v, "times-as-entered") })
	return fmt.Sprintf("%d free times and %d bookings lie within the hours as they were entered", shown, n), err
}

// worked says whether every five minutes of a visit lie in the hours as they were entered. It is written without what works the free times out.
func worked(h scheduling.Hours, start clock.Instant, length time.Duration) bool {
	for at := start; at < start.Add(length); at = at.Add(5 * time.Minute) {
		for _, a := range h.Away {
			if a.From <= at && at < a.To {
				return false
			}
		}
		local := at.In(h.Zone)
		minute := clock.Minute(local.Hour()*60 + local.Minute())
		in := func(list []scheduling.Interval) bool {
			return slices.ContainsFunc(list, func(x scheduling.Interval) bool { return x.From <= minute && minute < x.To })
		}
		open := in(h.Weekly[local.Weekday()])
		if c, changed := h.Changes[clock.DateOf(local)]; changed {
			switch {
			case c.Open:
				open = in(c.Intervals)
			case len(c.Intervals) == 0:
				open = false
			default:
				open = open && !in(c.Intervals)
			}
		}
		if !open {
			return false
		}
	}
	return true
}

// clinicTime holds the interface, the booking form and a calendar entry against each other: one moment, in the clinic's zone and with its name.
func (p probe) clinicTime(ctx context.Context) (string, error) {
	forms, err := p.bookingForms(ctx, func(x publicClinic, o offer, got *page) error {
		local := o.at.In(x.clinic.Location())
		if o.text != local.Format(time.RFC3339) {
			return errors.New("the interface tells a time in another zone than the clinic's")
		}
		return oneMoment(local, got.body.String(), p.Book)
	})
	if err != nil {
		return "", err
	}
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return scheduling.Looked(v, "clinic-time") })
	return fmt.Sprintf("%d booking forms, the interface and the calendar name the same moment; %d appointments stand under the day of their clinic", forms, n), err
}

// oneMoment looks for the moment on a page, in any language of the house, and in a calendar entry that is made of it.
func oneMoment(local time.Time, body string, book *words.Book) error {
	if !slices.ContainsFunc([]string{"en", "hi", "ta", "ar"}, func(lang string) bool {
		t := book.Tongue(lang)
		return strings.Contains(body, htmlText(t.Time(local))) && strings.Contains(body, htmlText(t.ZoneName(local)))
	}) || !strings.Contains(strings.ReplaceAll(body, "&#43;", "+"), local.Format(time.RFC3339)) {
		return errors.New("a booking form names another moment than the interface, or no zone")
	}
	ics, err := messaging.Invitation{UID: "probe", Method: messaging.Publish, Start: local, End: local.Add(time.Hour), Zone: local.Location(), Summary: "Probe", OrganizerName: "Probe", OrganizerEmail: "probe@example.org", Stamp: local}.ICS()
	if err != nil {
		return err
	}
	wall, utc := ";TZID="+local.Location().String()+":"+local.Format("20060102T150405"), ":"+local.UTC().Format("20060102T150405Z")
	if !strings.Contains(string(ics), "DTSTART"+wall) && !strings.Contains(string(ics), "DTSTART"+utc) {
		return errors.New("a calendar entry names another moment than the page")
	}
	return nil
}

// ownLink asks, as one patient, for the appointment of another, and with links that were never given.
func (p probe) ownLink(ctx context.Context) (string, error) {
	tried := 0
	for _, c := range p.clinics {
		var a, b scheduling.Owned
		both := false
		err := probe{p.House, []id.ID{c}}.each(ctx, func(v *store.View, _ id.ID) (err error) {
			a, b, both, err = scheduling.TwoPatients(v)
			return err
		})
		if err != nil {
			return "", err
		}
		if !both {
			continue
		}
		if _, err := p.Desk.Own(ctx, accounts.ForPatient(c, a.Patient, a.Patient), b.Appointment); !fault.Is(err, fault.NotFound) {
			return "", errors.Join(errors.New("by her link a patient opens the appointment of another"), err)
		}
		tried++
	}
	for _, path := range []string{"/m/" + strings.Repeat("A", 43), "/m/" + strings.Repeat("B", 42) + "A/appointment.ics"} {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusNotFound {
			return "", fmt.Errorf("a link that was never given is answered with %d", got.status)
		}
	}
	n, err := p.sum(ctx, func(v *store.View) (int64, error) { return scheduling.Looked(v, "own-link") })
	return fmt.Sprintf("%d patients did not reach each other's appointment, and %d links lead to their own", tried, n), err
}

// unhealthy are words that the hint is for, and ordinary ones, by language.
var unhealthy = map[string][2]string{
	"en": {"I have had diabetes for years", "Please call before 5 pm"}, "hi": {"मुझे मधुमेह है", "सुबह का समय चाहिए"},
	"ta": {"எனக்கு நீரிழிவு உள்ளது", "காலை நேரம் வேண்டும்"}, "ar": {"عندي مرض السكري", "موعد صباحي من فضلك"},
}

// healthWords sends the booking form with a note about an illness and nothing else: it comes back with the hint. Without a name nothing could be booked.
func (p probe) healthWords(ctx context.Context) (string, error) {
	if err := noticed(contact.HealthWords); err != nil {
		return "", err
	}
	n, err := p.bookingForms(ctx, func(x publicClinic, o offer, got *page) error {
		lang := x.clinic.Languages[0]
		said := func(body, key string) bool {
			return slices.ContainsFunc([]string{"en", "hi", "ta", "ar"}, func(l string) bool { return strings.Contains(body, htmlText(p.Book.Tongue(l).Say(key))) })
		}
		if !said(got.body.String(), "field.note.hint") {
			return errors.New("a booking form does not ask people not to write about their health")
		}
		if _, ours := unhealthy[lang]; !ours {
			return nil
		}
		token := fieldValue(got.body.String(), "csrf")
		form := url.Values{"csrf": {token}, "service": {o.service.String()}, "provider": {"any"}, "starts_at": {o.text}, "note": {unhealthy[lang][0]}}
		back, err := p.send(ctx, x.path("/book"), form, got.header.Values("Set-Cookie"))
		if err != nil {
			return err
		}
		if back.status != http.StatusUnprocessableEntity || !said(back.body.String(), "public.note_health") {
			return fmt.Errorf("a note about an illness is not pointed out: %d", back.status)
		}
		return nil
	})
	return fmt.Sprintf("%d booking forms ask people not to write about their health, and point it out", n), err
}

// noticed puts a sentence about an illness and an ordinary one to whoever looks for such words, in each language.
func noticed(look func(text string, langs []string) []string) error {
	for _, lang := range contact.HealthLanguages() {
		if len(look(unhealthy[lang][0], []string{lang})) == 0 {
			return fmt.Errorf("an illness is not noticed in %s", lang)
		}
		if len(look(unhealthy[lang][1], []string{lang})) > 0 {
			return fmt.Errorf("an ordinary sentence is taken for one about an illness in %s", lang)
		}
	}
	return nil
}

// fieldValue is the value of a hidden field of a page.
func fieldValue(body, name string) string {
	_, rest, _ := strings.Cut(body, `name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// send sends a form of our own page, with the cookies that came with it.
func (p probe) send(ctx context.Context, path string, form url.Values, cookies []string) (*page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Config.PublicURL+path, io.NopCloser(strings.NewReader(form.Encode())))
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = "127.0.0.1:0"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.Config.PublicURL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range cookies {
		pair, _, _ := strings.Cut(c, ";")
		r.Header.Add("Cookie", pair)
	}
	out := &page{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(out, r)
	return out, nil
}

// abuseLimited books from an address of the documentation (RFC 5737) until it must wait, and lets the interface say so. A family's worth of bookings goes
// through before. Nothing is booked: what is sent is no booking.
func (p probe) abuseLimited(ctx context.Context) (string, error) {
	if p.Config.PublicLimit == 0 {
		if p.Config.Demo {
			return "the demo has no limit of bookings", nil
		}
		return "", errors.New("ALMIRAH_PUBLIC_LIMIT is 0: a flood of bookings is not slowed down")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Config.PublicURL, http.NoBody)
	if err != nil {
		return "", err
	}
	r.RemoteAddr = "192.0.2.99:1"
	let := 0
	for p.limit.Wait(r) == 0 {
		if let++; let > 2*p.Config.PublicLimit {
			return "", errors.New("one address may book without end")
		}
	}
	slugs, err := p.slugs(ctx)
	if err != nil || len(slugs) == 0 {
		return fmt.Sprintf("after %d bookings in a minute an address has to wait", let), err
	}
	r.URL, err = url.Parse(p.Config.PublicURL + "/api/v1/clinics/" + url.PathEscape(slugs[0]) + "/bookings")
	if err != nil {
		return "", err
	}
	out := &page{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(out, r)
	if out.status != http.StatusTooManyRequests || out.header.Get("Retry-After") == "" {
		return "", fmt.Errorf("the interface answers an address that has to wait with %d", out.status)
	}
	return fmt.Sprintf("after %d bookings in a minute an address has to wait, and is told for how long", let), nil
}

// countsOnly makes the reports of this year to now and to yesterday: no count in them is of fewer than five, and their difference tells of no fewer either.
func (p probe) countsOnly(ctx context.Context) (string, error) {
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		today := clock.DateOf(v.Now().In(c.Location()))
		for _, kind := range insight.Kinds() {
			if kind == insight.Revenue {
				continue // its columns are sums of money; the groups behind them are the same
			}
			ask := insight.Ask{Kind: kind, From: today.AddDays(-30), To: today, Step: insight.Daily}
			whole, err := insight.ReportOf(v, ask)
			if err != nil {
				return err
			}
			ask.To = today.AddDays(-1)
			part, err := insight.ReportOf(v, ask)
			if err != nil {
				return err
			}
			if err := errors.Join(fewer(whole), tellApart(whole, part)); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return fmt.Sprintf("%d reports hold no count of fewer than five", n), err
}

// fewer looks for a count of one to four in a report.
func fewer(r insight.Report) error {
	for i, c := range r.Columns {
		for _, line := range append([]insight.Line{{Values: r.Total}}, r.Lines...) {
			if c.Unit == insight.Cases && line.Values[i] > 0 && line.Values[i] < insight.LeastGroup {
				return fmt.Errorf("the report %s holds a count of fewer than five", r.Kind)
			}
		}
	}
	return nil
}

// tellApart looks for a difference of one to four between two reports.
func tellApart(a, b insight.Report) error {
	for i, c := range a.Columns {
		if d := a.Total[i] - b.Total[i]; c.Unit == insight.Cases && d != 0 && d < insight.LeastGroup && d > -insight.LeastGroup {
			return fmt.Errorf("two reports of the kind %s tell of fewer than five", a.Kind)
		}
	}
	return nil
}

// watchedByOperators asks for the operator's pages as a stranger, who is told that there is none, and from this machine: they name no clinic.
func (p probe) watchedByOperators(ctx context.Context) (string, error) {
	var named []string
	err := p.each(ctx, func(v *store.View, clinic id.ID) error {
		c, err := clinics.Get(v)
		named = append(named, clinic.String(), c.Email)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, path := range []string{"/metrics", "/operate"} {
		for _, head := range []map[string]string{{"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer forged-5e1f"}} {
			got, err := p.ask(ctx, http.MethodGet, path, head)
			if err != nil {
				return "", err
			}
			if got.status != http.StatusNotFound {
				return "", fmt.Errorf("%s answered a stranger with %d", path, got.status)
			}
		}
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		for _, name := range named {
			if name != "" && strings.Contains(got.body.String(), name) {
				return "", fmt.Errorf("%s names a clinic", path)
			}
		}
		if got.status != http.StatusOK {
			return "", fmt.Errorf("%s answered this machine with %d", path, got.status)
		}
	}
	return fmt.Sprintf("strangers are refused, and %d clinics are named nowhere", len(p.clinics)), nil
}

// helpInside looks for every task in every language by its own title.
func (p probe) helpInside(ctx context.Context) (string, error) {
	shelf, err := help.Load()
	if err != nil {
		return "", err
	}
	n, err := foundIn(shelf)
	if err != nil {
		return "", err
	}
	got, err := p.ask(ctx, http.MethodGet, "/app/help?q=book", nil)
	if err != nil {
		return "", err
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self'") || strings.Contains(policy, "connect-src *") || strings.Contains(policy, "http") {
		return "", errors.New("a page of the help may send something elsewhere")
	}
	return fmt.Sprintf("%d pages of help are found by their task, and may send nothing elsewhere", n), nil
}

// found searches for each topic by its title; it has to be among the first three.
func foundIn(shelf *help.Shelf) (n int, err error) {
	for _, l := range words.Languages() {
		topics := shelf.Topics(l.Code)
		if len(topics) == 0 {
			return n, fmt.Errorf("there is no help in %s", l.Code)
		}
		for _, t := range topics {
			list := shelf.Find(l.Code, t.Title)
			if !slices.ContainsFunc(list[:min(3, len(list))], func(x help.Topic) bool { return x.ID == t.ID }) {
				return n, fmt.Errorf("the help for %s is not found in %s", t.ID, l.Code)
			}
			n++
		}
	}
	return n, nil
}

// dashboardTells holds the dashboards that were opened in this process against the messages that had waited for a person before, and still do: each had its line.
func (p probe) dashboardTells(ctx context.Context) (string, error) {
	n, lines := 0, 0
	err := p.each(ctx, func(v *store.View, clinic id.ID) error {
		board, opened := p.site.Board(clinic)
		if !opened {
			return nil
		}
		waits, err := messaging.Undecided(v, board.At.Add(-time.Minute))
		for state := range waits {
			if !slices.Contains(board.URLs, "/app/messages?state="+string(state)) {
				return fmt.Errorf("messages are %s, and the dashboard does not say so", state)
			}
			lines++
		}
		n++
		return err
	})
	return fmt.Sprintf("%d dashboards were opened, with a line for each of %d kinds of messages that wait", n, lines), err
}
