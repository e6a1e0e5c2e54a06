package incidents_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/words"
)

type house struct {
	*practice.Practice
	t      *testing.T
	s      *incidents.Service
	people *patients.Service
	owner  access.Caller
}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Practice: practice.Open(t, b, 1), t: t}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	cs := clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	people := accounts.New(b.DB, b.Log, accounts.Options{Clinics: cs, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	h.s = incidents.New(b.DB, b.Log, incidents.Options{Accounts: people, Clinics: cs, Carries: func(p string) bool { return p == "smtp" }})
	h.people, h.owner = patients.New(b.DB, b.Log), b.As(access.Owner)
	return h
}

// patient adds one with an address unless bare.
func (h *house) patient(n int, bare bool) id.ID {
	h.t.Helper()
	d := practice.Person(n)
	d.Phone = fmt.Sprintf("+9198765432%02d", n)
	if bare {
		d.Email = ""
	}
	p, _, err := h.people.Add(context.Background(), h.owner, d, true)
	if err != nil {
		h.t.Fatal(err)
	}
	return p.ID
}

// signedIn is one of the clinic's people with a sign-in of her own.
func (h *house) signedIn(person, session id.ID) access.Caller {
	return rig.SignedIn(h.Clinic, person, session, access.FrontDesk)
}

func (h *house) opens(who access.Caller, all ...id.ID) {
	h.t.Helper()
	for _, p := range all {
		if _, err := h.people.Open(context.Background(), who, p); err != nil {
			h.t.Fatal(err)
		}
	}
}

func is(t *testing.T, err error, k fault.Kind, key, what string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != k || key != "" && f.Key != key {
		t.Errorf("%s: %v", what, err)
	}
}

func touched(c incidents.Case) []id.ID {
	var out []id.ID
	for _, p := range c.People {
		out = append(out, p.Patient)
	}
	slices.SortFunc(out, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	return out
}

func sorted(all ...id.ID) []id.ID {
	slices.SortFunc(all, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	return all
}

// TestExactlyWhomASignInRead: of one person's two sign-ins one is stolen. Whom it touched are those that it opened and those on lists that it
// was shown, the one who came onto a list a minute later too; not those whom her other sign-in, or another clinic, saw. Somebody who was deleted
// is counted and not named.
func TestExactlyWhomASignInRead(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-exact")
	promise.Proves(t, "incident-apart")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		person, stolen, own := id.New(b.Clock.Now()), id.New(b.Clock.Now()), id.New(b.Clock.Now())
		thief, she := h.signedIn(person, stolen), h.signedIn(person, own)
		var p []id.ID
		for n := range 6 {
			p = append(p, h.patient(n, n == 3))
		}
		h.opens(thief, p[0], p[1])
		h.opens(she, p[2])
		list := func(who access.Caller, all ...id.ID) {
			err := b.DB.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) error {
				v.Listed("day", "2026-11-24", all)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		list(thief, p[3])
		b.Clock.Move(time.Minute)
		list(thief, p[3], p[4])
		if err := h.s.SeenTwice(ctx, thief); err != nil {
			t.Fatal(err)
		}
		all, err := h.s.List(ctx, h.owner)
		if err != nil || len(all) != 1 || all[0].Rule != incidents.TwoDevices || all[0].Session != stolen {
			t.Fatalf("%+v %v", all, err)
		}
		one := all[0].ID
		if err := h.s.Confirm(ctx, h.owner, one, 1); err != nil {
			t.Fatal(err)
		}
		c, err := h.s.Get(ctx, h.owner, one)
		if want := sorted(p[0], p[1], p[3], p[4]); err != nil || !slices.Equal(touched(c), want) || len(c.Trail) < 4 {
			t.Fatalf("touched %v, want %v (%v, %d entries)", touched(c), want, err, len(c.Trail))
		}
		for _, x := range c.People {
			if seen := x.Patient == p[3] || x.Patient == p[4]; slices.Contains(x.Classes, incidents.Visits) != seen || !slices.Equal(x.Acts, []incidents.Act{incidents.Read}) {
				t.Errorf("classes %v, acts %v", x.Classes, x.Acts)
			}
		}
		// All of her sign-ins: the other one's too. And the list of sign-ins says which there were.
		if len(c.Seats) != 2 {
			t.Errorf("%d sign-ins", len(c.Seats))
		}
		if err := h.s.SetScope(ctx, h.owner, one, 2, incidents.Scope{Person: person, From: c.From}); err != nil {
			t.Fatal(err)
		}
		if c, err = h.s.Get(ctx, h.owner, one); err != nil || c.All != 5 {
			t.Errorf("%d by the person: %v", c.All, err)
		}
		// Deleted: counted, not named, also when it is computed again.
		h.Change(t, func(tx *store.Tx) error {
			if got, err := (incidents.Keeper{}).Collect(&tx.View, p[0]); err != nil || len(got["incident_patient"]) != 1 {
				t.Errorf("her copy holds %v, %v", got, err)
			}
			if err := (incidents.Keeper{}).Erase(tx, p[0]); err != nil {
				return err
			}
			return (patients.Keeper{}).Erase(tx, p[0])
		})
		for range 2 {
			if c, err = h.s.Get(ctx, h.owner, one); err != nil || c.All != 4 || c.Erased != 1 || slices.Contains(touched(c), p[0]) {
				t.Errorf("after she was deleted: %d, %d erased, %v", c.All, c.Erased, err)
			}
			if err := h.s.Compute(ctx, h.owner, one); err != nil {
				t.Fatal(err)
			}
		}
		// Nothing of it is another clinic's, and nobody without the right sees it.
		other := b.In(b.Found(t, "elsewhere"), access.Owner)
		if list, err := h.s.List(ctx, other); err != nil || len(list) != 0 {
			t.Errorf("another clinic sees %d, %v", len(list), err)
		}
		_, err = h.s.Get(ctx, other, one)
		is(t, err, fault.NotFound, "", "another clinic's owner")
		is(t, h.s.Confirm(ctx, other, one, 3), fault.NotFound, "", "another clinic's owner acts")
		for _, r := range []access.Role{access.FrontDesk, access.Practitioner, access.Assistant, access.Billing} {
			_, err := h.s.Get(ctx, b.As(r), one)
			is(t, err, fault.Forbidden, "", string(r))
			_, err = h.s.List(ctx, b.As(r))
			is(t, err, fault.Forbidden, "", string(r))
		}
	})
}

// TestOneIncidentForOneCause: what the rules notice opens one incident however often and by however many it is noticed; what a person reports
// twice by mistake is one, and two things are two.
func TestOneIncidentForOneCause(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-noticed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx, work := open(t, b), context.Background(), b.As(access.System)
		who := h.signedIn(id.New(b.Clock.Now()), id.New(b.Clock.Now()))
		for n := range 45 {
			p := id.New(b.Clock.Now())
			err := b.DB.View(ctx, who, access.PatientRead, func(_ context.Context, v *store.View) error {
				v.Opened("patient", p, p)
				return nil
			})
			if err != nil {
				t.Fatal(n, err)
			}
		}
		var both sync.WaitGroup
		for range 4 {
			both.Go(func() {
				if err := h.s.Watch(ctx, work); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		all, err := h.s.List(ctx, h.owner)
		if err != nil || len(all) != 1 || all[0].Rule != incidents.ManyOpened || all[0].Times != 45 || all[0].Session != who.Session() {
			t.Fatalf("%+v %v", all, err)
		}
		told := 0
		for range 2 {
			if err := h.s.TellOwners(ctx, work, func(string) error { told++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if told != 1 {
			t.Errorf("owners were told %d times", told)
		}
		// Export after export, an emergency, refused credentials.
		mark := func(by access.Caller, right access.Right, action, kind string, n int) {
			for range n {
				err := b.DB.Change(ctx, by, right, func(_ context.Context, tx *store.Tx) error {
					tx.Record(audit.Note{Action: action, Kind: kind, Subject: id.New(b.Clock.Now())})
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		mark(h.owner, access.AuditRead, "export", "audit", 3)
		mark(work, access.Work, "pause", "channel", 1)
		mark(h.owner, access.AuditRead, "break-glass", "grant", 1)
		if err := h.s.Watch(ctx, work); err != nil {
			t.Fatal(err)
		}
		all, err = h.s.List(ctx, h.owner)
		rules := map[incidents.Rule]int{}
		for _, l := range all {
			rules[l.Rule]++
		}
		if err != nil || rules[incidents.Exports] != 1 || rules[incidents.Refused] != 1 || rules[incidents.BreakGlass] != 1 || len(all) != 4 {
			t.Errorf("%v %v", rules, err)
		}
		// Anybody of the staff reports; pressed twice is one.
		desk := b.As(access.FrontDesk)
		for range 2 {
			if _, err := h.s.Report(ctx, desk, incidents.LostDevice, ""); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.s.Report(ctx, desk, incidents.Other, "A letter lay in the street"); err != nil {
			t.Fatal(err)
		}
		if all, err = h.s.List(ctx, h.owner); err != nil || len(all) != 6 {
			t.Errorf("%d incidents, %v", len(all), err)
		}
		_, err = h.s.Report(ctx, desk, incidents.ManyOpened, "x")
		is(t, err, fault.Invalid, "", "a rule that nobody reports")
		_, err = h.s.Report(ctx, b.As(access.Public), incidents.Other, "something else")
		is(t, err, fault.Forbidden, "", "a stranger")
	})
}

// TestTheLawsClocks: each law's moments, across the change to summer time and back.
func TestTheLawsClocks(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-clocks")
	at := func(zone, when string) (clock.Instant, *time.Location) {
		z, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		x, err := time.ParseInLocation("2006-01-02 15:04", when, z)
		if err != nil {
			t.Fatal(err)
		}
		return clock.At(x), z
	}
	for _, c := range []struct {
		law, zone, noticed, duty, due string
		people                        int
	}{
		{"IN", "Asia/Kolkata", "2026-11-24 22:00", "in-cert", "2026-11-25 04:00", 3},
		{"IN", "Asia/Kolkata", "2026-11-24 22:00", "in-board-detail", "2026-11-27 22:00", 3},
		{"EU", "Europe/Berlin", "2026-03-28 12:00", "eu-authority", "2026-03-31 13:00", 3}, // one night of 23 hours
		{"EU", "Europe/Berlin", "2026-10-24 12:00", "eu-authority", "2026-10-27 11:00", 3}, // one of 25
		{"GB", "Europe/London", "2026-03-28 23:30", "gb-authority", "2026-04-01 00:30", 3},
		{"US", "America/New_York", "2026-02-01 09:00", "us-people", "2026-04-02 23:59", 3}, // whole days, whatever the clocks do
		{"US", "America/New_York", "2026-02-01 09:00", "us-hhs", "2026-04-02 23:59", 500},
		{"US", "America/New_York", "2026-02-01 09:00", "us-media", "2026-04-02 23:59", 501},
		{"US", "America/New_York", "2026-02-01 09:00", "us-hhs-year", "2027-03-01 23:59", 499},
		{"CA", "America/Toronto", "2026-06-01 09:00", "ca-authority", "2026-06-04 09:00", 1},
		{"elsewhere", "Asia/Dubai", "2026-06-01 09:00", "other-authority", "2026-06-04 09:00", 1},
	} {
		aware, z := at(c.zone, c.noticed)
		found := false
		for _, d := range law.Duties(c.law, c.people) {
			if d.Key != c.duty {
				continue
			}
			found = true
			if got := d.Due(aware, z).In(z).Format("2006-01-02 15:04"); got != c.due || d.Source == "" {
				t.Errorf("%s: due %s, want %s", c.duty, got, c.due)
			}
		}
		if !found {
			t.Errorf("%s is not asked of %d people", c.duty, c.people)
		}
	}
	for place, lacks := range map[string][]string{"US": {"us-media", "us-hhs"}} {
		for _, d := range law.Duties(place, 499) {
			if slices.Contains(lacks, d.Key) {
				t.Errorf("%s is asked of 499 people", d.Key)
			}
		}
	}
	if n := len(law.Duties("US", 501)); n != 4 {
		t.Errorf("%d duties in the US for 501", n)
	}
}

// TestEverybodyIsTold: a leak that touched more people than one piece of the work holds: all of them who can be reached are told, once, and those who have to be
// told by hand stand first in the list.
func TestEverybodyIsTold(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-people-told")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		const many = 2*250 + 3
		thief := h.signedIn(id.New(b.Clock.Now()), id.New(b.Clock.Now()))
		bare := h.patient(99, true)
		var all []id.ID
		for n := range many {
			d := practice.Person(n)
			d.Phone = fmt.Sprintf("+919876%06d", n)
			p, _, err := h.people.Add(ctx, h.owner, d, true)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p.ID)
		}
		h.opens(thief, append(all, bare)...)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(h.s.SeenTwice(ctx, thief))
		list, err := h.s.List(ctx, h.owner)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		one := list[0].ID
		must(h.s.Confirm(ctx, h.owner, one, 1))
		must(h.s.Decide(ctx, h.owner, one, 2, "yes", "A stranger saw names and visits."))
		must(h.s.SetTexts(ctx, h.owner, one, []messaging.SecurityNotice{{Language: "en", Text: messaging.Text{Subject: "{{.ClinicName}}: your data", Body: "Dear {{.PatientName}},\nsomebody saw your data.\n{{.ClinicPhone}}"}}}))
		c, err := h.s.Get(ctx, h.owner, one)
		if err != nil || c.Reachable != many || c.ByHand != 1 {
			t.Fatalf("%d can be reached and %d not, want %d and 1: %v", c.Reachable, c.ByHand, many, err)
		}
		for i, want := range []int{many, 0} {
			if n, err := h.s.Notify(ctx, h.owner, one); err != nil || n != want {
				t.Fatalf("press %d told %d, want %d: %v", i+1, n, want, err)
			}
		}
		if got := h.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND kind = 'security.notice'`); got != fmt.Sprint(many) {
			t.Errorf("%s letters for %d", got, many)
		}
		c, err = h.s.Get(ctx, h.owner, one)
		if err != nil || c.Told != many || c.Reachable != 0 || c.ByHand != 1 || c.People[0].Patient != bare {
			t.Errorf("told %d, to be told %d and %d by hand, first %v: %v", c.Told, c.Reachable, c.ByHand, c.People[0].Patient == bare, err)
		}
		steps := 0
		for _, x := range c.Steps {
			if x.Kind == incidents.StepTold {
				steps++
			}
		}
		if steps != 1 {
			t.Errorf("%d steps for one telling", steps)
		}
	})
}

// TestFromNoticedToSigned: the whole way, with the letter to those whom it touched: each once, however often it is pressed, whatever she agreed to.
func TestFromNoticedToSigned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-people-told")
	promise.Proves(t, "incident-clocks")
	promise.Proves(t, "incident-register")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		thief := h.signedIn(id.New(b.Clock.Now()), id.New(b.Clock.Now()))
		mailed, stopped, bare := h.patient(1, false), h.patient(2, false), h.patient(3, true)
		h.Change(t, func(tx *store.Tx) error { return consent.Restrict(tx, stopped, true, consent.DoorDesk) })
		h.opens(thief, mailed, stopped, bare)
		if err := h.s.SeenTwice(ctx, thief); err != nil {
			t.Fatal(err)
		}
		list, err := h.s.List(ctx, h.owner)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		one := list[0].ID
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		letter := messaging.SecurityNotice{Language: "en", Text: messaging.Text{Subject: "{{.ClinicName}}: your data", Body: "Dear {{.PatientName}},\nsomebody saw your data.\n{{.ClinicPhone}}"}}
		_, err = h.s.Notify(ctx, h.owner, one)
		is(t, err, fault.Conflict, "fault.incident_not_yet", "before anybody decided")
		must(h.s.Confirm(ctx, h.owner, one, 1))
		is(t, h.s.Confirm(ctx, h.owner, one, 1), fault.Conflict, "fault.changed_meanwhile", "confirmed twice")
		is(t, h.s.Decide(ctx, h.owner, one, 2, "maybe", "x"), fault.Invalid, "", "no decision")
		must(h.s.Decide(ctx, h.owner, one, 2, "yes", "A stranger saw names and visits."))
		_, err = h.s.Notify(ctx, h.owner, one)
		is(t, err, fault.Conflict, "fault.incident_no_text", "without a letter")
		bad := letter
		bad.Body = "{{.ManageURL}}"
		is(t, h.s.SetTexts(ctx, h.owner, one, []messaging.SecurityNotice{bad}), fault.Invalid, "", "a link in such a letter")
		must(h.s.SetTexts(ctx, h.owner, one, []messaging.SecurityNotice{letter}))
		var pressed sync.WaitGroup
		for range 3 {
			pressed.Go(func() {
				if _, err := h.s.Notify(ctx, h.owner, one); err != nil {
					t.Error(err)
				}
			})
		}
		pressed.Wait()
		if got := h.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND kind = 'security.notice'`); got != "2" {
			t.Errorf("%s letters for two with an address", got)
		}
		// Her line forgets, as after a restore: the message's own key does not.
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("a test takes back what was noted")
			_, err := tx.Exec(`UPDATE incident_patient SET told_at = 0, told_by = '' WHERE clinic_id = $1 AND incident_id = $2 AND patient_id = $3`, one, mailed)
			return err
		})
		_, err = h.s.Notify(ctx, h.owner, one)
		must(err)
		if got := h.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND kind = 'security.notice'`); got != "2" {
			t.Errorf("%s letters after what was noted was lost", got)
		}
		is(t, h.s.Close(ctx, h.owner, one, 3, "Tablets lock themselves now."), fault.Conflict, "fault.incident_open", "with open duties")
		c, err := h.s.Get(ctx, h.owner, one)
		must(err)
		if c.Told != 2 || c.All != 3 {
			t.Errorf("%d of %d told", c.Told, c.All)
		}
		for _, p := range c.People {
			if p.Patient == bare {
				must(h.s.ToldByHand(ctx, h.owner, one, p.ID))
				is(t, h.s.ToldByHand(ctx, h.owner, one, p.ID), fault.NotFound, "", "told twice by hand")
			}
		}
		// A clock that runs out is seen; one that is met is not.
		late := func() (n int) {
			t.Helper()
			must(b.DB.View(ctx, b.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
				n, _, err = incidents.Overdue(v)
				return err
			}))
			return n
		}
		if late() != 0 {
			t.Error("late at once")
		}
		b.Clock.Move(7 * time.Hour)
		if late() != 1 {
			t.Error("six hours ran out and nobody sees it")
		}
		must(h.s.HandedOver(ctx, h.owner, one, "in-cert", "By mail, number 4711"))
		is(t, h.s.HandedOver(ctx, h.owner, one, "in-cert", "again"), fault.Conflict, "", "handed over twice")
		is(t, h.s.HandedOver(ctx, h.owner, one, "eu-authority", "what"), fault.NotFound, "", "another law's duty")
		if late() != 0 {
			t.Error("still late")
		}
		must(h.s.HandedOver(ctx, h.owner, one, "in-board", "Portal"))
		must(h.s.HandedOver(ctx, h.owner, one, "in-board-detail", "Portal"))
		must(h.s.Note(ctx, h.owner, one, "Asked the desk."))
		must(h.s.Close(ctx, h.owner, one, 3, "Tablets lock themselves now."))
		is(t, h.s.Decide(ctx, h.owner, one, 4, "no", "On second thoughts, no"), fault.Conflict, "fault.incident_closed", "after it was closed")
		is(t, h.s.Sign(ctx, h.owner, one, false), fault.Forbidden, "fault.incident_own", "signed by who closed it")
		must(h.s.Sign(ctx, rig.SignedIn(h.Clinic, id.New(b.Clock.Now()), id.New(b.Clock.Now()), access.Manager), one, false))
		if err := b.DB.Change(ctx, h.owner, access.IncidentAct, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test tries to open it again")
			_, err := tx.Exec(`UPDATE incident SET state = 'suspected' WHERE clinic_id = $1 AND id = $2`, one)
			return err
		}); err == nil {
			t.Error("a closed incident was opened again")
		}
		// The register stays for six years, and not longer.
		for _, x := range []struct{ days, want int }{{365 * 5, 1}, {375, 0}} {
			b.Clock.Move(time.Duration(x.days) * 24 * time.Hour)
			h.Change(t, func(tx *store.Tx) error {
				_, err := incidents.Keeper{}.Due(tx)
				return err
			})
			if all, err := h.s.List(ctx, h.owner); err != nil || len(all) != x.want {
				t.Errorf("%d in the register, want %d: %v", len(all), x.want, err)
			}
		}
	})
}

// TestAPartyThatWasHit: the operator writes down what a processor told. Each clinic whose messages went through it then gets an incident of its own
// with its patients, once; the operator sees names of clinics alone.
func TestAPartyThatWasHit(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-processor")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx, operator := open(t, b), context.Background(), accounts.Operator()
		p := h.patient(1, false)
		now := clock.At(b.Clock.Now())
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("a message that left")
			_, err := tx.Exec(`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, send_at, state_at, created_at)
				VALUES ($1, $2, $3, $2, 0, $2, 'reminder', 'email', $4, $2, 'reminder', 'en', 'sent', $4, $4, $4)`, tx.NewID(), p, now)
			return err
		})
		b.Found(t, "elsewhere")
		known := func(x string) bool { return x == "smtp" }
		_, err := h.s.Write(ctx, operator, incidents.Struck{Processor: "nobody", Words: "x"}, known)
		is(t, err, fault.Invalid, "", "a party that is not listed")
		one, err := h.s.Write(ctx, operator, incidents.Struck{Processor: "smtp", From: now.Add(-time.Hour), To: now, Words: "A copy of the outgoing queue was taken."}, known)
		if err != nil {
			t.Fatal(err)
		}
		as := func(c id.ID) access.Caller { return b.In(c, access.System) }
		for i, want := range []int{1, 0} {
			if n, err := h.s.TellClinics(ctx, operator, one, as); err != nil || n != want {
				t.Errorf("round %d told %d clinics, want %d: %v", i, n, want, err)
			}
		}
		e, err := h.s.Event(ctx, operator, one)
		if err != nil || !slices.Equal(e.Clinics, []id.ID{h.Clinic}) {
			t.Errorf("%v %v", e.Clinics, err)
		}
		list, err := h.s.List(ctx, h.owner)
		if err != nil || len(list) != 1 || list[0].Rule != incidents.Processor {
			t.Fatal(list, err)
		}
		c, err := h.s.Get(ctx, h.owner, list[0].ID)
		if err != nil || !slices.Equal(touched(c), []id.ID{p}) || !slices.Equal(c.People[0].Acts, []incidents.Act{incidents.Passed}) || c.Words == "" {
			t.Errorf("%+v %v", c.People, err)
		}
		// What the platform's own watch notices is one line a cause, counted; clinics' people do not see it.
		for _, n := range []int64{1, 7} {
			if err := h.s.Happened(ctx, operator, incidents.Event{Rule: incidents.PromiseBroken, Cause: "promise-broken:backups:2026-11-24", Times: n}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := h.s.Events(ctx, operator)
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, x := range all {
			if x.Rule == incidents.PromiseBroken && (x.Times != 7 || x.Named() != "backups") {
				t.Errorf("%+v", x)
			}
		}
		if err := h.s.Tidy(ctx, operator); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Events(ctx, h.owner)
		is(t, err, fault.Forbidden, "", "a clinic's owner")
		if err := h.s.Finish(ctx, operator, one, 1, "The queue is encrypted now."); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.TellClinics(ctx, operator, one, as)
		is(t, err, fault.Conflict, "", "after it was closed")
	})
}
