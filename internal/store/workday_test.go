package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/journeys"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/words"
)

// silent is a carrier that accepts everything and sends nothing.
type silent struct{}

func (silent) Channel() messaging.Channel { return messaging.Email }
func (silent) Name() string               { return "silent" }
func (silent) Send(_ context.Context, _ messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "1", Code: "250"}
}

// texts is a provider of SMS that takes everything. What it "reports" is the news that the request holds, as JSON.
type texts struct{}

func (texts) Channel() messaging.Channel { return messaging.SMS }
func (texts) Name() string               { return "texts" }
func (texts) Provider() string           { return "texts" }
func (texts) Check(typed map[string]string) ([]byte, string, string, error) {
	return []byte(`{}`), typed["from"], "1234", nil
}
func (texts) Probe(context.Context, messaging.Connection) error { return nil }
func (texts) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	if m.Text == "" {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "empty"}
	}
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "SM-" + m.ID.String()}
}
func (texts) Read(_ context.Context, _ messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	var news []messaging.Event
	err := json.Unmarshal(h.Body, &news)
	return news, messaging.Answer{}, err
}

// workday runs the verbs of every room that works on a clinic's rows, and leaves rows behind in
// nearly every table. after is called behind each step.
func workday(t *testing.T, p *practice.Practice, after func()) {
	t.Helper()
	ctx := context.Background()
	owner, desk, system := p.As(access.Owner), p.As(access.FrontDesk), p.As(access.System)
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	people, consents, house := patients.New(p.DB, p.Log), consent.New(p.DB, p.Log), clinics.New(p.DB, p.Log, clinics.Options{})
	rules := followup.New(p.DB)
	letters := messaging.New(p.DB, p.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{silent{}}, Accounts: []messaging.Provider{texts{}}, Public: "https://clinic.example/", Sender: "post@clinic.example"})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		after()
	}
	booked := func(who access.Caller, b scheduling.Booking) scheduling.Receipt {
		t.Helper()
		r := p.Booked(t, who, b)
		after()
		return r
	}
	inside := func(right access.Right, who access.Caller, fn func(tx *store.Tx) error) {
		t.Helper()
		must(p.DB.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a step of the workday")
			return fn(tx)
		}))
	}
	look := func(right access.Right, who access.Caller, fn func(v *store.View) error) {
		t.Helper()
		must(p.DB.View(ctx, who, right, func(_ context.Context, v *store.View) error { return fn(v) }))
	}
	tick := func() {
		t.Helper()
		inside(access.Work, system, func(tx *store.Tx) error {
			if err := tx.HoldPulse(); err != nil {
				return err
			}
			due, err := journeys.Due(&tx.View, 100)
			if err != nil {
				return err
			}
			for _, e := range due {
				if err := journeys.Act(tx, e); err != nil {
					return err
				}
			}
			if _, err := followup.Due(tx, 100); err != nil {
				return err
			}
			if _, err := journeys.NextDue(&tx.View); err != nil {
				return err
			}
			if _, err := followup.NextDue(&tx.View); err != nil {
				return err
			}
			next, err := messaging.NextDue(&tx.View)
			if err != nil {
				return err
			}
			return tx.Quiet(next)
		})
		due, err := letters.DueMessages(ctx, system, 100)
		must(err)
		for _, m := range due {
			must(letters.Deliver(ctx, system, m))
		}
	}

	// The clinic itself.
	c, err := house.Get(ctx, owner)
	must(err)
	must(house.SetModules(ctx, owner, []string{clinics.ModuleScheduling, clinics.ModuleNotes}, c.Version))
	less := c.Rules()
	less.MinNotice = 30 * time.Minute
	must(house.SaveRules(ctx, owner, less, c.Version+1))
	profile := c.Profile()
	profile.Name, profile.Phone, profile.Contact = "Sunrise Clinic", "+919845012345", "Ravi Rao"
	must(house.Save(ctx, owner, profile, c.Version+2))
	var picture bytes.Buffer
	must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))))
	must(house.SetLogo(ctx, owner, picture.Bytes()))
	_, _, err = house.Logo(ctx, p.Public())
	must(err)
	account(ctx, t, p, house, must)
	mapped(ctx, t, p, must)
	named(ctx, t, p, house, must)
	outsiders(ctx, t, p, must)
	takenAlong(ctx, t, p, house, must)
	inside(access.ScheduleSettings, owner, followup.Found)
	_, err = consents.Publish(ctx, owner, consent.Reminder, map[string]string{"en": "We remind you of your appointments by e-mail. You can stop this at any time.", "hi": "हम आपको अपॉइंटमेंट की याद दिलाते हैं।"}, 1)
	must(err)

	// Settings of the schedule.
	first, other := p.Providers[0], p.Providers[1]
	roster, err := p.Desk.Roster(ctx, owner)
	must(err)
	one := roster.Providers[0]
	one.About = "Long walks"
	must(p.Desk.SaveProvider(ctx, owner, one))
	must(p.Desk.SaveWeekly(ctx, owner, one.ID, one.Version+1, practice.Hours(8, 18)))
	must(p.Desk.SetDay(ctx, owner, first, scheduling.Change{Day: p.Day(20), Open: true, Intervals: []scheduling.Interval{{From: 600, To: 660}}}, false))
	must(p.Desk.SetDay(ctx, owner, first, scheduling.Change{Day: p.Day(21)}, false))
	must(p.Desk.SetDay(ctx, owner, first, scheduling.Change{Day: p.Day(21)}, true))
	_, err = p.Desk.AddLeave(ctx, owner, scheduling.Leave{Provider: first, From: p.At(22, "09:00"), To: p.At(22, "12:00"), Reason: "a wedding"})
	must(err)
	_, err = p.Desk.AddLeave(ctx, owner, scheduling.Leave{Provider: first, From: p.At(23, "09:00"), To: p.At(23, "12:00")})
	must(err)
	for _, name := range []string{"Holiday", "Flood"} {
		_, err = p.Desk.AddClosure(ctx, owner, scheduling.Closure{From: p.At(24, "00:00"), To: p.At(25, "00:00"), Name: name})
		must(err)
	}
	week, err := p.Desk.Week(ctx, owner, first)
	must(err)
	must(p.Desk.DropLeave(ctx, owner, week.Leaves[1].ID))
	must(p.Desk.DropClosure(ctx, owner, week.Closures[1].ID))
	extra := p.Offer(t, scheduling.Service{Name: "Extra", Minutes: 45, Online: true, Providers: p.Providers})
	extra.Minutes = 30
	must(p.Desk.SaveService(ctx, owner, extra, true))
	extra.Version += 2
	must(p.Desk.SaveService(ctx, owner, extra, false))
	var offered []id.ID
	for _, x := range roster.Services {
		offered = append(offered, x.ID)
	}
	for i, list := range [][]id.ID{nil, append(offered, extra.ID)} { // she offers nothing, and all of it again
		one.Version = roster.Providers[0].Version + 2 + int64(i)
		_, err = p.Desk.SavePractice(ctx, owner, one, list)
		must(err)
	}

	// Bookings from all doors.
	want := p.Booking(first, p.At(1, "10:00"), 1)
	want.Key, want.Note, want.Patient.Phone = "k1", "about the bill", "98450 12345"
	want.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
	mine := booked(p.Public(), want)
	booked(p.Public(), want) // the same again
	child := p.Booking(id.Zero, p.At(1, "11:00"), 2)
	child.Patient.BirthDate, child.Patient.Guardian = "2018-03-04", &patients.GuardianDraft{Name: "Ravi Rao", Email: "ravi@example.org", Relation: "father"}
	kid := booked(p.Public(), child).Appointment
	capped := p.Provider(t, scheduling.Provider{Name: "Dr. Full", Online: true, Weekly: practice.Hours(9, 17), DailyCap: 3})
	busy := p.Offer(t, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: []id.ID{capped.ID, first}})
	booked(p.Public(), scheduling.Booking{Service: busy.ID, Provider: capped.ID, StartsAt: p.At(1, "10:00"), Patient: practice.Person(3)})
	over := p.Booking(first, p.At(1, "10:15"), 4)
	over.Overbook = "an emergency"
	second := booked(desk, over).Appointment
	tick()
	b := booked(desk, p.Booking(first, p.At(2, "10:00"), 5)).Appointment
	b, err = p.Desk.Move(ctx, desk, b.ID, scheduling.Move{Provider: other, StartsAt: p.At(2, "11:00"), Version: b.Version})
	must(err)
	must(p.Desk.SetNote(ctx, desk, b.ID, b.Version, "second thoughts"))
	b, err = p.Desk.SetStatus(ctx, desk, b.ID, b.Version+1, scheduling.Arrived)
	must(err)
	who, a, err := p.Desk.Enter(ctx, mine.Token)
	must(err)
	_, err = p.Desk.ShownOf(ctx, who, mine.Token)
	must(err)
	own, err := p.Desk.Own(ctx, who, a)
	must(err)
	_, err = p.Desk.OwnFree(ctx, who, a, true, p.Day(1), p.Day(4))
	must(err)
	_, err = p.Desk.Cancel(ctx, who, a, own.Version) // the one booked over it moves down
	must(err)
	_, err = p.Desk.SetStatus(ctx, desk, second.ID, second.Version, scheduling.NoShow)
	must(err)
	c2 := booked(desk, p.Booking(other, p.At(3, "10:00"), 6)).Appointment
	c2, err = p.Desk.Cancel(ctx, desk, c2.ID, c2.Version)
	must(err)
	_, err = p.Desk.SetStatus(ctx, desk, c2.ID, c2.Version, scheduling.Booked)
	must(err)
	tick()

	// Pages.
	_, err = p.Desk.Days(ctx, desk, p.Day(1), p.Day(1), id.Zero)
	must(err)
	_, err = p.Desk.Days(ctx, desk, p.Day(1), p.Day(1), first)
	must(err)
	_, err = p.Desk.Outside(ctx, desk)
	must(err)
	_, err = p.Desk.Days(ctx, desk, p.Day(0), p.Day(6), id.Zero)
	must(err)
	_, err = p.Desk.Open(ctx, desk, b.ID)
	must(err)
	_, err = p.Desk.OfPatient(ctx, desk, b.Patient, 10)
	must(err)
	_, err = p.Desk.CountDay(ctx, desk, p.Day(1))
	must(err)
	_, err = p.Desk.Offered(ctx, p.Public())
	must(err)
	_, err = p.Desk.FreeTimes(ctx, p.Public(), p.Service, id.Zero, p.Day(1), p.Day(9))
	must(err)
	_, err = p.Desk.FreeTimes(ctx, p.Public(), p.Service, id.Zero, p.Day(18), p.Day(26))
	must(err)
	look(access.ClinicRead, owner, func(v *store.View) error { _, err := scheduling.HasUpcoming(v); return err })
	look(access.ScheduleRead, desk, func(v *store.View) error { _, err := scheduling.FactsOf(v, b.ID); return err })
	if _, err := p.DB.Counter(ctx, desk, access.ScheduleRead); err != nil {
		t.Fatal(err)
	}

	// People and what they agreed to.
	added, _, err := people.Add(ctx, desk, patients.Draft{Name: "Meena Kumari", Phone: "98450 54321", Email: "meena@example.org", BirthDate: "1980-01-02", Language: "en"}, false)
	must(err)
	_, _, err = people.Add(ctx, desk, patients.Draft{Name: "Meena Kumari", Phone: "98450 54321", Sex: "female", Address: "1 Lake Road", Language: "en"}, false)
	must(err)
	full, err := people.Open(ctx, owner, added.ID)
	must(err)
	full, err = people.Save(ctx, desk, added.ID, patients.Draft{Name: "Meena Kumari Rao", Phone: "98450 99999", Email: "meena@example.org", Language: "en"}, full.Version)
	must(err)
	must(people.SaveNotes(ctx, owner, added.ID, "prefers mornings", full.Version))
	for _, typed := range []string{"mee", "meena ku", "9999", "98450 99999", "meena@example.org"} {
		_, err = people.Search(ctx, desk, typed, 10)
		must(err)
	}
	_, err = people.Recent(ctx, desk, 10)
	must(err)
	_, err = people.LikelyDuplicates(ctx, desk, patients.Draft{Name: "Mina Kumari", Phone: "98450 99999", BirthDate: "1980-01-02"})
	must(err)
	young, err := people.Open(ctx, owner, kid.Patient)
	must(err)
	changedKid, err := people.Save(ctx, desk, kid.Patient, patients.Draft{Name: young.Name, BirthDate: "2018-03-04", Language: "en", Guardian: &patients.GuardianDraft{Name: "Ravi Rao", Email: "ravi2@example.org", Relation: "father"}}, young.Version)
	must(err)
	changedKid, err = people.Save(ctx, desk, kid.Patient, patients.Draft{Name: young.Name, BirthDate: "2018-03-04", Language: "en", Guardian: &patients.GuardianDraft{Name: "Sita Rao", Email: "sita@example.org", Relation: "mother"}}, changedKid.Version)
	must(err)
	must(people.RemoveGuardian(ctx, desk, kid.Patient, changedKid.Guardians[0].ID, changedKid.Version))
	must(p.Desk.EndLinksOf(ctx, desk, kid.Patient))
	changedKid, err = people.Open(ctx, owner, kid.Patient)
	must(err)
	must(people.SpeakForAdult(ctx, desk, kid.Patient, changedKid.Guardians[0].ID, changedKid.Version))
	_, _ = people.OwnGuardian(ctx, who)
	_, err = consents.Of(ctx, desk, added.ID)
	must(err)
	must(consents.Set(ctx, desk, added.ID, consent.Choice{Purpose: consent.Followup, Given: true}))
	must(consents.Set(ctx, desk, added.ID, consent.Choice{Purpose: consent.Followup}))
	must(consents.SetRestriction(ctx, owner, added.ID, true))
	_, err = consents.Notices(ctx, owner, "en")
	must(err)
	_, err = consents.Notice(ctx, owner, consent.Reminder, 2, "en")
	must(err)
	tick()

	// Messages and rules.
	all, err := rules.Rules(ctx, owner)
	must(err)
	more, err := rules.Add(ctx, owner, followup.Draft{Channel: messaging.Email, Minutes: 600, Active: true})
	must(err)
	must(rules.Save(ctx, owner, more, followup.Draft{Channel: messaging.Email, Minutes: 660, Active: true}, 1))
	must(rules.Remove(ctx, owner, more, 2))
	_ = all
	_, err = rules.Figures(ctx, desk, 90)
	must(err)
	// What is written after a visit, and what is said of it.
	reviews, err := rules.AddAfter(ctx, owner, followup.AfterDraft{Kind: messaging.Review, Channel: messaging.Email, Days: 1, At: 600, Buffer: 90, Active: true})
	must(err)
	_, err = rules.AddAfter(ctx, owner, followup.AfterDraft{Kind: messaging.Recall, Channel: messaging.Email, Days: 2, At: 600, Service: p.Service, Active: true})
	must(err)
	missedRule, err := rules.AddAfter(ctx, owner, followup.AfterDraft{Kind: messaging.Missed, Channel: messaging.Email, Days: 2, At: 600, Active: true})
	must(err)
	must(rules.SaveAfter(ctx, owner, reviews, followup.AfterDraft{Channel: messaging.Email, Days: 2, At: 660, Buffer: 90, Active: true}, 1))
	must(rules.PauseAfter(ctx, owner, missedRule, 1, true))
	must(rules.PauseAfter(ctx, owner, missedRule, 2, false))
	_, _, err = rules.Afters(ctx, owner)
	must(err)
	_, err = rules.Asks(ctx, p.Public())
	must(err)
	must(rules.SetPublicLink(ctx, owner, "https://reviews.example.com/x", 0))
	must(rules.SetPublicLink(ctx, owner, "https://reviews.example.com/y", 1))
	_, _, err = rules.PublicLink(ctx, owner)
	must(err)
	must(consents.Set(ctx, desk, b.Patient, consent.Choice{Purpose: consent.Review, Given: true}))
	must(consents.Set(ctx, desk, b.Patient, consent.Choice{Purpose: consent.Followup, Given: true}))
	inside(access.Work, system, func(tx *store.Tx) error { return followup.Plan(tx, b.ID, second.ID) })
	_, err = rules.Outlook(ctx, owner, reviews, p.Day(4), true)
	must(err)
	inside(access.Work, system, func(tx *store.Tx) error {
		return messaging.CancelTo(tx, b.Patient, messaging.ReasonFeedback, messaging.Review)
	})
	x := messaging.Text{Subject: "Your appointment", Body: "Dear {{.PatientName}}, we see you on {{.When}} at {{.ClinicName}}. {{.ManageURL}}"}
	_, err = letters.Publish(ctx, owner, messaging.Reminder, messaging.Email, "en", x, 0, false)
	must(err)
	_, err = letters.Templates(ctx, owner)
	must(err)
	_, _, err = letters.Template(ctx, owner, messaging.Reminder, messaging.Email, "en")
	must(err)
	reminded := p.Booking(first, p.At(4, "10:00"), 8)
	reminded.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
	r := booked(p.Public(), reminded).Appointment
	tick()
	look(access.MessageRead, owner, func(v *store.View) error { _, err := followup.Upcoming(v, r.ID); return err })
	p.Clock.Move(3 * 24 * time.Hour)
	tick()
	p.Clock.Move(20 * time.Hour)
	tick()
	sent, err := letters.Recent(ctx, owner, messaging.Filter{Limit: 50})
	must(err)
	if len(sent) == 0 {
		t.Fatal("the workday sent nothing")
	}
	been := accounts.ForPatient(p.Clinic, b.Patient, id.New(p.Clock.Now()))
	must(rules.Give(ctx, been, b.ID, 1, "The stairs were steep."))
	must(rules.Give(ctx, been, b.ID, 2, "They were."))
	_, err = rules.Follow(ctx, been, b.ID)
	must(err)
	_, err = rules.Own(ctx, been, b.ID)
	must(err)
	complaints, err := rules.Said(ctx, desk, true, 0, 10)
	must(err)
	_, err = rules.Said(ctx, desk, false, 0, 10)
	must(err)
	_, err = rules.Complaints(ctx, desk)
	must(err)
	must(rules.Settle(ctx, desk, complaints[0].ID, complaints[0].GivenAt))
	look(access.PatientRead, owner, func(v *store.View) error { _, err := followup.Keeper{}.Collect(v, b.Patient); return err })
	must(rules.RemoveAfter(ctx, owner, missedRule, 3))
	booked(desk, p.Booking(first, p.At(2, "15:00"), 1)) // somebody who was here days ago
	far := p.Booking(p.Providers[2], p.At(3, "15:00"), 11)
	far.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
	moved := booked(p.Public(), far).Appointment
	_, err = p.Desk.Move(ctx, desk, moved.ID, scheduling.Move{StartsAt: p.At(9, "15:00"), Version: moved.Version})
	must(err)
	must(consents.Set(ctx, desk, moved.Patient, consent.Choice{Purpose: consent.Reminder}))
	lookedAfter(ctx, p, must)
	supported(ctx, t, p, house, r.Patient, must)
	lookedAfter(ctx, p, must)
	integrated(ctx, t, p, house, r.Patient, must)
	glancedAtAll(ctx, p, must)
	_, err = people.LikelyDuplicates(ctx, desk, patients.Draft{Name: young.Name, Email: "sita@example.org", BirthDate: "2018-03-04"})
	must(err)
	_, err = letters.One(ctx, owner, sent[0].ID)
	must(err)
	_, err = letters.Counts(ctx, owner)
	must(err)
	_, _ = letters.Calendar(ctx, who, a)
	_ = letters.Settle(ctx, desk, sent[0].ID, "delivered")
	// An account of the clinic's own: connected, used, reported to, paused, and revoked.
	account, err := letters.Connect(ctx, owner, "texts", map[string]string{"from": "+911234500000"}, true)
	must(err)
	_, err = letters.Accounts(ctx, owner)
	must(err)
	must(letters.TestAccount(ctx, owner, account.ID))
	for _, k := range []messaging.Kind{messaging.Booked, messaging.Reopening} {
		_, err = letters.ProposeText(ctx, owner, account.ID, k, "en")
		must(err)
	}
	booked(p.Public(), scheduling.Booking{Service: want.Service, Provider: first, StartsAt: p.At(6, "15:00"), Patient: patients.Draft{Name: "Phone Only", Phone: "+919845010007", BirthDate: "1980-02-03"}})
	tick()
	texted, err := letters.Recent(ctx, owner, messaging.Filter{State: messaging.Sent, Limit: 5})
	must(err)
	hear := func(news ...messaging.Event) {
		t.Helper()
		body, err := json.Marshal(news)
		must(err)
		_, err = letters.Hear(ctx, p.Public(), "texts", account.ID, messaging.Hook{Body: body})
		must(err)
		tick()
	}
	from := messaging.Sender{Phone: "+919845010007"}
	hear(messaging.Event{Kind: messaging.StateNews, Key: "1", ProviderID: "SM-" + texted[0].ID.String(), Reached: messaging.ReachedSent},
		messaging.Event{Kind: messaging.StateNews, Key: "2", Message: texted[0].ID, Reached: messaging.ReachedDelivered},
		messaging.Event{Kind: messaging.MessageNews, Key: "3", From: from, Text: "stop"}, messaging.Event{Kind: messaging.MessageNews, Key: "4", From: from, Text: "When are you open?"},
		messaging.Event{Kind: messaging.AccountNews, Key: "5", Status: "disabled"})
	_, err = letters.Waiting(ctx, desk)
	must(err)
	conversations(ctx, t, p, letters, account, hear, must)
	treated := care(ctx, t, p, must)
	bills(ctx, t, p, must)
	figures(ctx, t, p, must)
	scripts(ctx, t, p, treated, must)
	online(ctx, t, p, must)
	list, err := letters.Accounts(ctx, owner)
	must(err)
	must(letters.SetAccount(ctx, owner, account.ID, list[0].Version, true))
	must(letters.SetAccount(ctx, owner, account.ID, list[0].Version+1, false))
	must(letters.ChangeKeys(ctx, owner, account.ID, list[0].Version+2, map[string]string{"from": "+911234500000"}))
	must(letters.Revoke(ctx, owner, account.ID, list[0].Version+3))
	must(letters.Recover(ctx, system))
	restored(ctx, t, p, must)
	late := booked(desk, p.Booking(first, p.At(5, "10:00"), 9)).Appointment
	must(letters.Restore(ctx, owner, messaging.Reminder, messaging.Email, "en", 1))
	inside(access.Work, system, func(tx *store.Tx) error { return messaging.CancelPlanned(tx, late.ID, messaging.ReasonGone) })
	inside(access.Work, system, func(tx *store.Tx) error { return messaging.CancelUnconsented(tx, added.ID) })
	inside(access.Work, system, func(tx *store.Tx) error { return followup.Postpone(tx, time.Minute) })
	inside(access.Work, system, func(tx *store.Tx) error {
		events, err := journeys.Due(&tx.View, 1)
		if err != nil || len(events) == 0 {
			return err
		}
		return journeys.Postpone(tx, events[0].ID, time.Minute)
	})

	// A provider leaves and comes back; what has served goes; a person is copied out and erased.
	_, err = p.Desk.AddLeave(ctx, owner, scheduling.Leave{Provider: first, From: p.At(5, "10:00"), To: p.At(5, "12:00")})
	must(err)
	_, _, err = p.Desk.Retire(ctx, owner, scheduling.Retirement{Provider: other, Version: version2(t, p, other), To: p.Providers[2]})
	must(err)
	_, err = p.Desk.Upcoming(ctx, desk, first)
	must(err)
	must(p.Desk.Return(ctx, owner, other))
	must(p.Desk.Tidy(ctx, system))
	leaving := p.Booking(first, p.At(6, "10:00"), 10)
	leaving.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
	leaving.Patient.Guardian = &patients.GuardianDraft{Name: "Ravi Rao", Email: "ravi@example.org", Relation: "father"}
	gone := booked(p.Public(), leaving).Appointment
	tick()
	var schedule scheduling.Keeper
	look(access.PatientRead, owner, func(v *store.View) error {
		for _, k := range []interface {
			Collect(*store.View, id.ID) (map[string][]map[string]string, error)
		}{schedule, patients.Keeper{}, consent.Keeper{}, messaging.Keeper{}, followup.Keeper{}} {
			if _, err := k.Collect(v, kid.Patient); err != nil {
				return err
			}
		}
		return nil
	})
	inside(access.PatientDelete, owner, func(tx *store.Tx) error {
		for _, k := range []interface {
			Erase(*store.Tx, id.ID) error
		}{messaging.Keeper{}, followup.Keeper{}, schedule, consent.Keeper{}, patients.Keeper{}} {
			if err := k.Erase(tx, gone.Patient); err != nil {
				return err
			}
		}
		return nil
	})
	inside(access.PatientDelete, owner, func(tx *store.Tx) error { return followup.Keeper{}.Erase(tx, b.Patient) })
	oversee(ctx, t, p, must)
	lookedAfter(ctx, p, must)
	// Two years later everything that has a term has reached it.
	p.Clock.Move(800 * 24 * time.Hour)
	must(p.Desk.Tidy(ctx, system))
	overseen(ctx, p, must)
	prescribed(ctx, p, treated, must)
	cared(ctx, t, p, treated, must)
	for _, k := range []interface{ Due(*store.Tx) (int, error) }{messaging.Keeper{}, followup.Keeper{}, support.Keeper{}, billing.GatewayKeeper{}, billing.Keeper{}, schedule} {
		inside(access.Work, system, func(tx *store.Tx) error {
			_, err := k.Due(tx)
			return err
		})
	}
	troubled(ctx, t, p, house, must)
	lookedAfter(ctx, p, must)
	agreed(ctx, t, p, house, must)
	asked(ctx, t, p, house, must)
	kept(ctx, t, p, house, must)
	erased(ctx, t, p, house, must)
}

// version2 is the provider's present version.
func version2(t *testing.T, p *practice.Practice, one id.ID) int64 {
	t.Helper()
	r, err := p.Desk.Roster(context.Background(), p.As(access.Owner))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Providers {
		if x.ID == one {
			return x.Version
		}
	}
	t.Fatal("the provider is gone")
	return 0
}
