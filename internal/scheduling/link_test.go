package scheduling_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/consent"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

func TestThePatientsOwnLink(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		want := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		want.Note = "for the desk"
		r := p.Booked(t, p.Public(), want)
		a := r.Appointment
		stranger := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "11:00"), 2)).Appointment
		token := p.Link(t, a)
		who, one, err := p.Desk.Enter(ctx, token)
		if err != nil || one != a.ID || who.Role() != access.Patient || who.Patient() != a.Patient || who.Clinic() != p.Clinic {
			t.Fatalf("entered as %+v to %s: %v", who, one, err)
		}
		o, err := p.Desk.Own(ctx, who, one)
		if err != nil {
			t.Fatal(err)
		}
		if o.StartsAt != a.StartsAt || o.Note != "" || o.Name.Text != want.Patient.Name || o.Provider.Name == "" || o.Service.Name != "Check-up" {
			t.Fatalf("own page %+v", o)
		}
		same(t, "audit", entries(t, p, a.ID), "public book appointment", "patient open appointment")

		untouched(t, p, "another's appointment", func() {
			_, err := p.Desk.Own(ctx, who, stranger.ID)
			refused(t, "reading", err, fault.NotFound, "")
			_, err = p.Desk.OwnFree(ctx, who, stranger.ID, true, p.Day(1), p.Day(2))
			refused(t, "its free times", err, fault.NotFound, "")
			_, err = p.Desk.Move(ctx, who, stranger.ID, scheduling.Move{StartsAt: p.At(1, "12:00"), Version: stranger.Version})
			refused(t, "moving", err, fault.NotFound, "")
			_, err = p.Desk.Cancel(ctx, who, stranger.ID, stranger.Version)
			refused(t, "cancelling", err, fault.NotFound, "")
			_, err = p.Desk.SetStatus(ctx, who, stranger.ID, stranger.Version, scheduling.Confirmed)
			refused(t, "confirming", err, fault.NotFound, "")
			_, err = p.Desk.SetStatus(ctx, who, a.ID, a.Version, scheduling.Completed)
			refused(t, "a state that is the desk's", err, fault.NotFound, "")
			refused(t, "a note", p.Desk.SetNote(ctx, who, a.ID, a.Version, "x"), fault.Forbidden, "")
			_, err = p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: stranger.StartsAt, Version: a.Version, Overbook: "please"})
			refused(t, "over another", err, fault.Conflict, "fault.slot_taken")
			_, err = p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: p.At(1, "12:05"), Version: a.Version})
			refused(t, "off the grid", err, fault.Conflict, "fault.start_not_offered")
			_, err = p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: p.At(0, "10:00"), Version: a.Version})
			refused(t, "inside the notice", err, fault.Conflict, "fault.start_too_soon")
		})

		before := len(events(t, p))
		far := p.At(50, "10:00")
		moved, err := p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: far, Version: a.Version})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Desk.SetStatus(ctx, who, a.ID, moved.Version, scheduling.Confirmed); err != nil {
			t.Fatal(err)
		}
		same(t, "events", events(t, p)[before:], "moved 1 after 0s", "status 1 after 0s")
		// The link lives as long as the moved visit needs it, and thirty days more.
		b.Clock.Set(far.Time().Add(-time.Hour))
		if _, _, err := p.Desk.Enter(ctx, token); err != nil {
			t.Fatalf("the link died before the visit that was moved: %v", err)
		}
		b.Clock.Set(far.Time().Add(time.Hour))
		_, err = p.Desk.Cancel(ctx, who, a.ID, moved.Version+1)
		refused(t, "cancelling what is over", err, fault.Conflict, "fault.not_ahead")
		_, err = p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: p.At(3, "10:00"), Version: moved.Version + 1})
		refused(t, "moving what is over", err, fault.Conflict, "fault.not_ahead")
		b.Clock.Set(moved.EndsAt.Time().Add(scheduling.LinkLife))
		_, _, err = p.Desk.Enter(ctx, token)
		refused(t, "an expired link", err, fault.NotFound, "")
		if err := p.Desk.Tidy(ctx, p.As(access.System)); err != nil {
			t.Fatal(err)
		}
	})
}

// TestABookingIsNoProof: whoever knows the name and the number of a patient can book in her name, and gets a link to that appointment, which opens
// nothing else of hers, tells nothing of her, and starts nothing again that she stopped.
func TestABookingIsNoProof(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		hers := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		hers.Patient.Phone = "+919876543210"
		known := p.Booked(t, p.Public(), hers).Appointment
		said := consent.New(b.DB, b.Log)
		for _, c := range []consent.Choice{{Purpose: consent.Reminder, Given: true}, {Purpose: consent.Reminder, Channel: "email"}} {
			if err := said.Set(ctx, p.As(access.FrontDesk), known.Patient, c); err != nil {
				t.Fatal(err)
			}
		}
		want := p.Booking(p.Providers[0], p.At(1, "11:00"), 1)
		want.Patient.Phone, want.Patient.Email = "+919876543210", "thief@example.org"
		want.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}, {Purpose: consent.Followup, Given: true}}
		r := p.Booked(t, p.Public(), want)
		if r.Appointment.Patient != known.Patient {
			t.Fatal("the rig books for somebody else")
		}
		who, one, err := p.Desk.Enter(ctx, r.Token)
		if err != nil || one != r.Appointment.ID || who.Role() != access.Booker || who.About() != one || !who.Actor().IsZero() {
			t.Fatalf("entered as %+v to %s: %v", who, one, err)
		}
		for _, right := range access.Table {
			if may := who.May(right.Right); may != (right.Right == access.BookedRead || right.Right == access.BookedChange || right.Right == access.PublicRead) {
				t.Errorf("%s: %v", right.Right, may)
			}
		}
		if shown, err := p.Desk.ShownOf(ctx, who, r.Token); err != nil || shown != (scheduling.Shown{Phone: contact.Phone("+919876543210").Masked(), Email: contact.Email("thief@example.org").Masked(), Reminders: true}) {
			t.Errorf("the page after it shows %+v: %v", shown, err)
		}
		for _, row := range p.Rows(t, `SELECT shown FROM patient_link WHERE clinic_id = $1 AND shown IS NOT NULL`) {
			if strings.Contains(row[0], "example.org") || strings.Contains(row[0], "3210") {
				t.Error("what was typed lies there unsealed")
			}
		}
		untouched(t, p, "her other appointment", func() {
			_, err := p.Desk.Own(ctx, who, known.ID)
			refused(t, "reading", err, fault.NotFound, "")
			_, err = p.Desk.OwnFree(ctx, who, known.ID, true, p.Day(1), p.Day(2))
			refused(t, "its free times", err, fault.NotFound, "")
			_, err = p.Desk.Move(ctx, who, known.ID, scheduling.Move{StartsAt: p.At(1, "12:00"), Version: known.Version})
			refused(t, "moving", err, fault.NotFound, "")
			_, err = p.Desk.Cancel(ctx, who, known.ID, known.Version)
			refused(t, "cancelling", err, fault.NotFound, "")
			_, err = said.Of(ctx, who, known.Patient)
			if err == nil {
				t.Error("her consents are read")
			}
		})
		err = b.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
			for purpose, want := range map[consent.Purpose]bool{consent.Reminder: false, consent.Followup: true} {
				if may, why, err := consent.May(v, known.Patient, purpose, "email"); err != nil || may != want {
					t.Errorf("after a stranger's ticks she may be written to for %s: %v, %s (%v)", purpose, may, why, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		moved, err := p.Desk.Move(ctx, who, one, scheduling.Move{StartsAt: p.At(1, "12:00"), Version: r.Appointment.Version})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Desk.Cancel(ctx, who, one, moved.Version); err != nil {
			t.Fatal(err)
		}
		// A row of an earlier release does not say where its link went: it counts as handed out.
		p.Change(t, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE patient_link SET wide = FALSE WHERE clinic_id = $1`)
			return err
		})
		if who, _, err := p.Desk.Enter(ctx, p.Link(t, known)); err != nil || who.Role() != access.Patient {
			t.Errorf("a link that is sent: %+v %v", who, err)
		}
	})
}

func TestLinksThatOpenNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		r := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1))
		other := p.Found(t, "moonrise")
		// The same secret half under another clinic's name, and under nobody's.
		elsewhere := func(clinic id.ID) string {
			_, hash, err := scheduling.ClinicOf(r.Token)
			if err != nil || len(hash) != 32 {
				t.Fatal(err)
			}
			return rename(t, r.Token, clinic)
		}
		last := "A"
		if strings.HasSuffix(r.Token, "A") {
			last = "E"
		}
		for what, token := range map[string]string{
			"nothing": "", "garbage": "garbage", "too long": r.Token + "AAAA", "cut short": r.Token[:len(r.Token)-2], "with padding": r.Token + "=",
			"one letter changed": r.Token[:len(r.Token)-1] + last, "another clinic's": elsewhere(other), "no clinic's": elsewhere(id.Zero), "an unknown clinic's": elsewhere(id.New(b.Clock.Now())),
			"not base64": strings.Repeat("!", len(r.Token)), "very long": strings.Repeat("A", 1<<16),
		} {
			who, one, err := p.Desk.Enter(ctx, token)
			if !fault.Is(err, fault.NotFound) || who != (access.Caller{}) || !one.IsZero() {
				t.Errorf("%s: %+v %v", what, who, err)
			}
		}
		if _, _, err := p.Desk.Enter(ctx, r.Token); err != nil {
			t.Fatal(err)
		}
		p.Change(t, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE patient_link SET revoked_at = $2 WHERE clinic_id = $1`, tx.Now())
			return err
		})
		_, _, err := p.Desk.Enter(ctx, r.Token)
		refused(t, "a revoked link", err, fault.NotFound, "")
		// What is stored cannot be turned into the link.
		for _, row := range p.Rows(t, `SELECT token_hash FROM patient_link WHERE clinic_id = $1`) {
			if strings.Contains(row[0], r.Token) {
				t.Error("the link itself is stored")
			}
		}
	})
}

func TestAPatientSeesOfAProviderWhatSheShows(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "practitioner-shown-by-choice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 0)
		one := p.Provider(t, scheduling.Provider{Name: "Dr. Meera Iyer", Speciality: "Cardiology", Qualification: "MD", Registration: "KA 123", About: "Long walks",
			Online: true, Weekly: practice.Hours(9, 17), ShowQualification: true})
		s := p.Offer(t, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: []id.ID{one.ID}})
		o, err := p.Desk.Offered(ctx, p.Public())
		if err != nil || len(o.Providers) != 1 || len(o.Services) != 1 {
			t.Fatalf("%+v, %v", o, err)
		}
		if got := o.Providers[0]; got.Name != one.Name || got.Qualification != "MD" || got.Speciality+got.Registration+got.About != "" {
			t.Errorf("the page shows %+v", got)
		}
		free, err := p.Desk.FreeTimes(ctx, p.Public(), s.ID, id.Zero, p.Day(1), p.Day(1))
		if err != nil || len(free.Slots) == 0 {
			t.Fatal(err)
		}
		for _, x := range free.Providers {
			if x.Speciality+x.Registration+x.About != "" {
				t.Errorf("free times carry %+v", x)
			}
		}
		r := p.Booked(t, p.Public(), scheduling.Booking{Service: s.ID, Provider: one.ID, StartsAt: free.Slots[0].StartsAt, Patient: practice.Person(1)})
		who, a, err := p.Desk.Enter(ctx, r.Token)
		if err != nil {
			t.Fatal(err)
		}
		own, err := p.Desk.Own(ctx, who, a)
		if err != nil || own.Provider.Registration+own.Provider.About != "" || own.Provider.Qualification != "MD" {
			t.Fatalf("her page shows %+v, %v", own.Provider, err)
		}
	})
}

// rename puts another clinic's name into a token.
func rename(t *testing.T, token string, clinic id.ID) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	copy(raw, clinic[:])
	return base64.RawURLEncoding.EncodeToString(raw)
}
