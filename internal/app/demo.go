package app

import (
	"context"
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"sync/atomic"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/web"
)

// demoPassword is printed at every start of the demo. It protects nothing: the demo's people are invented.
const demoPassword = "open the steel cupboard"

// demoPeople are the sign-ins of the demo.
var demoPeople = []struct {
	email, name string
	role        access.Role
	title       string
}{
	{"owner@sunrise.example.org", "Anjali Mehta", access.Owner, "Medical director"},
	{"manager@sunrise.example.org", "Prakash Iyer", access.Manager, "Practice manager"},
	{"desk@sunrise.example.org", "Sunita Rao", access.FrontDesk, "Receptionist"},
	{"doctor@sunrise.example.org", "Suresh Nair", access.Practitioner, "Paediatrician"},
}

func demoLogins(demo bool) []web.DemoLogin {
	if !demo {
		return nil
	}
	var out []web.DemoLogin
	for _, p := range demoPeople {
		out = append(out, web.DemoLogin{Email: p.email, Password: demoPassword, Role: string(p.role)})
	}
	for _, p := range demoHelpers {
		out = append(out, web.DemoLogin{Email: p.email, Password: demoPassword, Role: string(p.role)})
	}
	return out
}

// demoSeed makes the secret of a demo person's code app from her address: it protects nobody, as the printed password does not. Without it
// her codes could not be shown on the demo's sign-in page.
func demoSeed(email string) []byte {
	for _, p := range demoLogins(true) {
		if p.Email == email {
			sum := sha1.Sum([]byte("almirah demo " + email))
			return sum[:]
		}
	}
	return nil
}

// demoCode is the code that the app of a demo person shows, or the next one when that was used; empty while both were.
func (h *House) demoCode(email string, used int64) string {
	seed := demoSeed(email)
	if seed == nil {
		return ""
	}
	return accounts.CodeAfter(base32.StdEncoding.EncodeToString(seed), h.Clock.Now(), used)
}

// demoSlug is the name of the demo clinic.
const demoSlug = "sunrise"

// LoadDemo opens the demo clinic with its people and a day that looks like one, through the same
// verbs as everyone uses. When the clinic is there already it keeps everything, and fills the days that
// are less than half full: a demo that is opened again next week shows a day at work, too.
func (h *House) LoadDemo(ctx context.Context, say func(string, ...any)) error {
	if err := h.demoVendors(ctx); err != nil {
		return fmt.Errorf("demo: outside parties: %w", err)
	}
	if _, err := h.Clinics.BySlug(ctx, demoSlug); err == nil {
		n, err := h.refillDemo(ctx)
		if n > 0 {
			say("  %d more appointments", n)
		}
		return err
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	say("Loading the demo clinic ...")
	owner, clinic, err := h.demoClinic(ctx)
	if err != nil {
		return fmt.Errorf("demo: the clinic: %w", err)
	}
	if err := h.connectPhones(ctx, owner); err != nil {
		return fmt.Errorf("demo: the phones: %w", err)
	}
	practice, err := h.demoPractice(ctx, owner)
	if err != nil {
		return fmt.Errorf("demo: the practice: %w", err)
	}
	who, err := h.demoPatients(ctx, owner)
	if err != nil {
		return fmt.Errorf("demo: the patients: %w", err)
	}
	say("  %d patients", len(who))
	n, err := h.demoDays(ctx, owner, clinic, practice, who)
	if err != nil {
		return fmt.Errorf("demo: the appointments: %w", err)
	}
	say("  %d appointments", n)
	if err := h.demoCare(ctx, owner, practice); err != nil {
		return fmt.Errorf("demo: the records: %w", err)
	}
	if n, err = h.demoBills(ctx, owner); err != nil {
		return fmt.Errorf("demo: the bills: %w", err)
	}
	say("  %d bills", n)
	if n, err = h.demoScripts(ctx, owner, practice, who); err != nil {
		return fmt.Errorf("demo: the prescriptions: %w", err)
	}
	say("  %d prescriptions", n)
	if err := h.demoLog(ctx, owner); err != nil {
		return fmt.Errorf("demo: the log: %w", err)
	}
	if err := h.connectBank(ctx, owner); err != nil {
		return fmt.Errorf("demo: the bank: %w", err)
	}
	if err := h.demoPast(ctx, owner, clinic, practice); err != nil {
		return fmt.Errorf("demo: the reports: %w", err)
	}
	if err := h.demoPrograms(ctx, owner); err != nil {
		return fmt.Errorf("demo: its programs: %w", err)
	}
	if err := h.Domains.Claim(ctx, owner, "book.sunrise-clinic.example"); err != nil { // claimed, and never to be proven
		return fmt.Errorf("demo: its name: %w", err)
	}
	if err := h.demoSupport(ctx, owner); err != nil {
		return fmt.Errorf("demo: support: %w", err)
	}
	if err := h.demoTrouble(ctx, owner); err != nil {
		return fmt.Errorf("demo: incidents: %w", err)
	}
	if err := h.demoTerms(ctx, owner); err != nil {
		return fmt.Errorf("demo: its terms: %w", err)
	}
	if err := h.demoAsked(ctx, owner, who); err != nil {
		return fmt.Errorf("demo: requests: %w", err)
	}
	if err := h.demoErasure(ctx, owner); err != nil {
		return fmt.Errorf("demo: an erasure: %w", err)
	}
	if err := h.demoList(ctx, owner, clinic, practice, who); err != nil {
		return fmt.Errorf("demo: a list: %w", err)
	}
	return nil
}

// demoClinic sets up the first person, opens the clinic for her and lets the others in, as it
// happens in a real deployment.
func (h *House) demoClinic(ctx context.Context) (access.Caller, clinics.Clinic, error) {
	var none access.Caller
	var clinic clinics.Clinic
	device := accounts.Device{Agent: "demo", Address: "127.0.0.1"}
	draft := func(i int) accounts.Draft {
		return demoDraft(demoPeople[i].name, demoPeople[i].email, demoPeople[i].title)
	}
	link, err := h.Accounts.FirstOwnerLink(ctx, true)
	if err != nil {
		return none, clinic, err
	}
	begun, err := h.Accounts.SetUp(ctx, link, draft(0), device)
	if err != nil {
		return none, clinic, err
	}
	in, err := h.Accounts.Session(ctx, begun.Cookie)
	if err != nil {
		return none, clinic, err
	}
	clinic, err = h.Accounts.OpenOwnClinic(ctx, in, clinics.Opening{Slug: demoSlug, Profile: clinics.Profile{
		Name: "Sunrise Clinic", LegalEntity: "Sunrise Clinic (demonstration)", Address: "12 Banyan Street\nIndiranagar\nBengaluru 560038",
		Phone: "+91 80 4000 0000", Email: "hello@sunrise.example.org", Contact: "Anjali Mehta",
		Zone: "Asia/Kolkata", Country: "IN", Jurisdiction: "IN", Region: "IN", Currency: "INR", Languages: []string{"en", "hi", "ta", "ar"}}},
		func(_ context.Context, tx *store.Tx, _ clinics.Clinic) error { return followup.Found(tx) })
	if err != nil {
		return none, clinic, err
	}
	if begun, err = h.Accounts.ChooseClinic(ctx, begun.Cookie, clinic.ID); err != nil {
		return none, clinic, err
	}
	if _, in, err = h.withApp(ctx, begun.Cookie, device); err != nil {
		return none, clinic, err
	}
	for i := 1; i < len(demoPeople); i++ {
		if err := h.Accounts.Enrol(ctx, in.Caller, draft(i), demoPeople[i].role); err != nil {
			return none, clinic, err
		}
	}
	return in.Caller, clinic, nil
}

// withApp sets a code app up for whoever holds the cookie, as she would, and answers her session under its new cookie.
func (h *House) withApp(ctx context.Context, cookie string, at accounts.Device) (string, accounts.SignedIn, error) {
	in, err := h.Accounts.Session(ctx, cookie)
	if err != nil {
		return "", in, err
	}
	if err := h.Accounts.BeginApp(ctx, in); err != nil {
		return "", in, err
	}
	set, err := h.Accounts.PendingApp(ctx, in)
	if err != nil {
		return "", in, err
	}
	begun, _, err := h.Accounts.ConfirmApp(ctx, in, cookie, accounts.CodeAfter(set.Secret, h.Clock.Now(), 0), at)
	if err != nil {
		return "", in, err
	}
	if in, err = h.Accounts.Session(ctx, begun.Cookie); err != nil {
		return "", in, err
	}
	if err := h.Accounts.SignStatement(ctx, in, accounts.Statement().Version, true); err != nil {
		return "", in, err
	}
	in, err = h.Accounts.Session(ctx, begun.Cookie)
	return begun.Cookie, in, err
}

func demoDraft(name, email, title string) accounts.Draft {
	return accounts.Draft{Name: name, Email: email, Phone: "+91 99999 00001", Password: demoPassword, JobTitle: title, Language: "en", Country: "IN", Terms: TermsVersion}
}

// refillDemo fills today and the next days, signed in as the demo's owner. Who has changed her password or
// renamed the clinic's services finds nothing refilled.
func (h *House) refillDemo(ctx context.Context) (int, error) {
	begun, err := h.Accounts.SignIn(ctx, demoPeople[0].email, demoPassword, accounts.Device{Agent: "demo", Address: "127.0.0.1"}, "")
	if err != nil {
		return 0, nil
	}
	if begun.Half {
		half, err := h.Accounts.Half(ctx, begun.Cookie)
		if err != nil {
			return 0, err
		}
		if begun, err = h.Accounts.ProveSecond(ctx, begun.Cookie, accounts.Proof{Code: h.demoCode(half.Email, half.Used)}, accounts.Device{Agent: "demo", Address: "127.0.0.1"}); err != nil {
			return 0, nil
		}
	}
	in, err := h.Accounts.Session(ctx, begun.Cookie)
	if err != nil || in.Clinic.IsZero() || in.Unsigned {
		return 0, err
	}
	defer func() { _ = h.Accounts.SignOut(ctx, begun.Cookie) }() // it ends by itself otherwise
	clinic, err := h.Clinics.Get(ctx, in.Caller)
	if err != nil || clinic.Slug != demoSlug {
		return 0, err
	}
	if err := h.connectPhones(ctx, in.Caller); err != nil {
		return 0, err
	}
	if err := h.connectBank(ctx, in.Caller); err != nil {
		return 0, err
	}
	r, err := h.Desk.Roster(ctx, in.Caller)
	if err != nil || len(r.Providers) < len(practitioners) || len(r.Services) < len(treatments) {
		return 0, err
	}
	recent, err := h.Patients.Recent(ctx, in.Caller, 100)
	if err != nil || len(recent) == 0 {
		return 0, err
	}
	who := make([]id.ID, len(recent))
	for i, p := range recent {
		who[i] = p.ID
	}
	return h.demoDays(ctx, in.Caller, clinic, demoPractice{r.Providers[:len(practitioners)], r.Services[:len(treatments)]}, who)
}

type demoPractice struct {
	providers []scheduling.Provider
	services  []scheduling.Service
}

// demoPractice adds the practitioners and what they offer. They work every day, so that
// today is full whenever the demo is opened.
func (h *House) demoPractice(ctx context.Context, owner access.Caller) (demoPractice, error) {
	var out demoPractice
	for i, p := range practitioners {
		var w scheduling.Weekly
		for d := range w {
			w[d] = []scheduling.Interval{{From: 9 * 60, To: 13 * 60}, {From: 14 * 60, To: 19 * 60}}
		}
		made, err := h.Desk.AddProvider(ctx, owner, scheduling.Provider{Name: p.name, Speciality: p.speciality, Qualification: p.qualification, Registration: p.registration,
			About: p.about, ShowSpeciality: true, ShowQualification: i%2 == 0, ShowAbout: p.about != "", Online: true, Colour: i + 1, Position: i, Weekly: w})
		if err != nil {
			return out, err
		}
		out.providers = append(out.providers, made)
	}
	for i, t := range treatments {
		s := scheduling.Service{Name: t.name, About: t.about, Minutes: t.minutes, BufferAfter: t.rest, Price: t.price, ShowPrice: true, Online: true, Position: i}
		for n, p := range practitioners {
			for _, offered := range p.services {
				if offered == i {
					s.Providers = append(s.Providers, out.providers[n].ID)
				}
			}
		}
		made, err := h.Desk.AddService(ctx, owner, s)
		if err != nil {
			return out, err
		}
		out.services = append(out.services, made)
	}
	return out, nil
}

const demoPatientCount = 240

func (h *House) demoPatients(ctx context.Context, owner access.Caller) ([]id.ID, error) {
	var out []id.ID
	for n := range demoPatientCount {
		name, language := person(n)
		d := patients.Draft{Name: name, Phone: fmt.Sprintf("+9199999%05d", 10000+n*37%90000), Language: language}
		if n%2 == 0 {
			d.Email = fmt.Sprintf("patient%d@example.org", n)
		}
		if n%5 != 3 {
			d.BirthDate = fmt.Sprintf("%d-%02d-%02d", 1945+n*13%60, 1+n%12, 1+n%28)
		}
		p, _, err := h.Patients.Add(ctx, owner, d, true)
		if err != nil {
			return nil, err
		}
		if n%4 != 0 && d.Email != "" {
			if err := h.Consent.Set(ctx, owner, p.ID, consent.Choice{Purpose: consent.Reminder, Given: true}); err != nil {
				return nil, err
			}
		}
		out = append(out, p.ID)
	}
	return out, nil
}

// demoClock is the time of a House that shows the demo: the given clock's, or, while the demo is
// loaded, that of the morning. A day that begins to be filled in the afternoon would stay half empty.
type demoClock struct {
	clock.Clock
	behind atomic.Int64 // nanoseconds
}

func (d *demoClock) Now() time.Time { return d.Clock.Now().Add(-time.Duration(d.behind.Load())) }

// demoMorning is when the demo's desk books the day, on the clinic's clock.
const demoMorning = 7 * time.Hour

// demoDays books today full (120 appointments), and the next days thinner and thinner, so that
// there is free time on each of the next 14 days. Then it lets today have happened so far. Before noon, and at night, when that is little or nothing,
// the day before is booked too, so that there are visits and bills whenever the demo is opened.
func (h *House) demoDays(ctx context.Context, owner access.Caller, c clinics.Clinic, practice demoPractice, who []id.ID) (int, error) {
	today := clock.Today(h.Clock, c.Location())
	var made []scheduling.Appointment
	if d, ok := h.Clock.(*demoClock); ok {
		defer d.behind.Store(0)
		morning := func(day clock.Date) time.Duration {
			return max(0, d.Clock.Now().Sub(clock.StartOfDay(day, c.Location()).Add(demoMorning)))
		}
		if morning(today) < 12*time.Hour-demoMorning {
			yesterday := today.AddDays(-1)
			there, err := h.Desk.CountDay(ctx, owner, yesterday)
			if err != nil {
				return 0, err
			}
			d.behind.Store(int64(morning(yesterday)))
			if made, err = h.demoDay(ctx, owner, practice, who, yesterday, max(0, 40-there.Kept()), 0); err != nil {
				return len(made), err
			}
		}
		d.behind.Store(int64(morning(today)))
	}
	for offset, want := range []int{120, 62, 48, 40, 36, 30, 26, 22, 18, 14, 12, 10, 8, 6, 4} {
		day := today.AddDays(offset)
		there, err := h.Desk.CountDay(ctx, owner, day)
		if err != nil {
			return len(made), err
		}
		if there.Kept() >= want/2 {
			continue
		}
		more, err := h.demoDay(ctx, owner, practice, who, day, want-there.Kept(), len(made))
		if made = append(made, more...); err != nil {
			return len(made), err
		}
	}
	if d, ok := h.Clock.(*demoClock); ok {
		d.behind.Store(0)
	}
	now := clock.At(h.Clock.Now())
	for n, a := range made {
		if err := h.demoStatus(ctx, owner, a, now, n); err != nil {
			return len(made), err
		}
	}
	return len(made), nil
}

func (h *House) demoDay(ctx context.Context, owner access.Caller, practice demoPractice, who []id.ID, day clock.Date, want, from int) ([]scheduling.Appointment, error) {
	var made []scheduling.Appointment
	for slot := 0; len(made) < want; slot++ {
		if slot > 40 {
			return made, fmt.Errorf("%s holds no %d appointments", day, want)
		}
		for i, p := range practice.providers {
			if len(made) == want {
				break
			}
			s := practice.services[practitioners[i].services[(slot+i)%len(practitioners[i].services)]]
			free, err := h.Desk.FreeTimes(ctx, owner, s.ID, p.ID, day, day)
			if err != nil {
				return made, err
			}
			if len(free.Slots) == 0 {
				continue
			}
			at := free.Slots[0].StartsAt
			if want < 100 && len(free.Slots) > 8 { // thinner days are booked here and there
				at = free.Slots[(slot*5+i*3)%len(free.Slots)].StartsAt
			}
			r, err := h.Desk.Book(ctx, owner, scheduling.Booking{Service: s.ID, Provider: p.ID, StartsAt: at, PatientID: who[(from+len(made))*7%len(who)], Language: "en"})
			if err != nil {
				return made, err
			}
			made = append(made, r.Appointment)
		}
	}
	return made, nil
}

// demoStatus lets what lies behind us have happened: most came, some did not, one is inside.
func (h *House) demoStatus(ctx context.Context, owner access.Caller, a scheduling.Appointment, now clock.Instant, n int) error {
	var steps []scheduling.Status
	switch {
	case n%17 == 5 && a.StartsAt > now.Add(24*time.Hour): // today keeps its 120
		_, err := h.Desk.Cancel(ctx, owner, a.ID, a.Version)
		return err
	case a.EndsAt <= now && n%11 == 3:
		steps = []scheduling.Status{scheduling.NoShow}
	case a.EndsAt <= now:
		steps = []scheduling.Status{scheduling.Arrived, scheduling.Completed}
	case a.StartsAt <= now:
		steps = []scheduling.Status{scheduling.Arrived, scheduling.InProgress}
	case a.StartsAt <= now.Add(30*time.Minute) && n%2 == 0:
		steps = []scheduling.Status{scheduling.Arrived}
	case n%3 == 0:
		steps = []scheduling.Status{scheduling.Confirmed}
	}
	for _, s := range steps {
		var err error
		if a, err = h.Desk.SetStatus(ctx, owner, a.ID, a.Version, s); err != nil {
			return err
		}
	}
	return nil
}
