package scheduling_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
)

// TestLinksEndWithTheirAddress: a link that was sent opens nothing any more once the number or the address is not on file, or she or the desk ends it. What does
// not change an address ends nothing, a later link opens, and so does the one of a booking page, which was sent nowhere.
func TestLinksEndWithTheirAddress(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p, desk := practice.Open(t, b, 1), b.As(access.FrontDesk)
		people := patients.New(b.DB, b.Log, scheduling.EndLinks)
		want := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		want.Patient.Phone = "+919876543210"
		r := p.Booked(t, p.Public(), want)
		a := r.Appointment
		other := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "11:00"), 2)).Appointment
		theirs := p.Link(t, other)
		opens := func(what, token string, want bool) {
			t.Helper()
			if _, _, err := p.Desk.Enter(ctx, token); (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: opens %v, want %v: %v", what, err == nil, want, err)
			}
		}
		saved := func(d patients.Draft) {
			t.Helper()
			now, err := people.Open(ctx, desk, a.Patient)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = people.Save(ctx, desk, a.Patient, d, now.Version); err != nil {
				t.Fatal(err)
			}
		}
		person := want.Patient
		sent := p.Link(t, a)
		person.Address = "1 Lake Road"
		saved(person)
		opens("another address of a house", sent, true)
		steps := []struct {
			what string
			do   func()
		}{
			{"another e-mail address", func() { person.Email = "elsewhere@example.org" }},
			{"another number", func() { person.Phone = "+919876543211" }},
			{"no number any more", func() { person.Phone = "" }},
			{"a guardian is added", func() {
				person.Guardian = &patients.GuardianDraft{Name: "Ravi Rao", Phone: "+919876543212", Email: "ravi@example.org", Relation: "father"}
			}},
			{"another address of her guardian", func() { person.Guardian.Email = "ravi.rao@example.org" }},
			{"a number of her own in the place of her guardian's", func() { person.Phone = "+919876543213" }},
		}
		for _, s := range steps {
			sent = p.Link(t, a)
			s.do()
			saved(person)
			opens(s.what, sent, s.what == "a guardian is added")
		}
		sent = p.Link(t, a)
		now, err := people.Open(ctx, desk, a.Patient)
		if err == nil {
			err = people.RemoveGuardian(ctx, desk, a.Patient, now.Guardians[0].ID, now.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		opens("her guardian is taken away", sent, false)

		// At her own wish: the page on which she is stays open.
		sent, here := p.Link(t, a), p.Link(t, a)
		who, _, err := p.Desk.Enter(ctx, here)
		if err == nil {
			err = p.Desk.EndOwnLinks(ctx, who)
		}
		if err != nil {
			t.Fatal(err)
		}
		opens("ended by herself", sent, false)
		opens("the one by which she is here", here, true)
		if err := p.Desk.EndLinksOf(ctx, desk, a.Patient); err != nil {
			t.Fatal(err)
		}
		opens("ended by the desk", here, false)
		opens("sent afterwards", p.Link(t, a), true)
		opens("the booking page's", r.Token, true)
		opens("somebody else's", theirs, true)
		if n := p.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'own-link' AND action = 'end'`); n != "8" {
			t.Errorf("%s entries say that links ended", n)
		}

		// Nobody ends another's, and nobody the links of whom there is not.
		untouched(t, p, "links of others", func() {
			booker, _, err := p.Desk.Enter(ctx, r.Token)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, "by a booking's link", p.Desk.EndOwnLinks(ctx, booker), fault.Forbidden, "")
			refused(t, "by a patient at the desk's verb", p.Desk.EndLinksOf(ctx, who, other.Patient), fault.Forbidden, "")
			refused(t, "of nobody", p.Desk.EndLinksOf(ctx, desk, a.ID), fault.NotFound, "")
		})
	})
}

// TestTheDeskFillsAndLinksEnd: a desk that books for a child whom it knows, and types an address of her own, ends what went to her guardian's.
func TestTheDeskFillsAndLinksEnd(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		child := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		child.Patient.Email, child.Patient.BirthDate = "", string(clock.DateOf(b.Clock.Now().AddDate(-9, 0, 0)))
		child.Patient.Guardian = &patients.GuardianDraft{Name: "Ravi Rao", Email: "ravi@example.org", Relation: "father"}
		a := p.Booked(t, p.Public(), child).Appointment
		sent := p.Link(t, a)
		again := child
		again.StartsAt, again.Patient.Email = p.At(1, "12:00"), "own@example.org"
		if more := p.Booked(t, b.As(access.FrontDesk), again).Appointment; more.Patient != a.Patient {
			t.Fatal("the rig books for somebody else")
		}
		if _, _, err := p.Desk.Enter(context.Background(), sent); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link that went to her guardian still opens: %v", err)
		}
	})
}
