package scheduling_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

var ctx = context.Background()

// events lists what was announced of appointments so far: kind, subject, occurrence and how long it waits.
func events(t *testing.T, p *practice.Practice) []string {
	t.Helper()
	var out []string
	err := p.DB.View(ctx, p.As(access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(`SELECT kind, number, due_at FROM event WHERE clinic_id = $1 AND kind LIKE 'appointment.%' ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kind string
			var number int64
			var due clock.Instant
			if err := rows.Scan(&kind, &number, &due); err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%s %d after %s", strings.TrimPrefix(kind, "appointment."), number, due.Sub(v.Now())))
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// entries lists the audit entries about a subject: role, action, kind.
func entries(t *testing.T, p *practice.Practice, subject id.ID) []string {
	t.Helper()
	var out []string
	for _, r := range p.Rows(t, `SELECT role, action, kind FROM audit_leaf WHERE clinic_id = $1 AND subject_id = $2 ORDER BY id`, subject) {
		out = append(out, strings.Join(r, " "))
	}
	return out
}

// detail opens the sealed details of the newest audit entry with the action.
func detail(t *testing.T, p *practice.Practice, action string) string {
	t.Helper()
	var out string
	err := p.DB.View(ctx, p.As(access.Owner), access.AuditRead, func(_ context.Context, v *store.View) error {
		var leaf, owner id.ID
		var sealed []byte
		if err := v.Row(`SELECT d.leaf_id, d.owner_id, d.sealed FROM audit_detail d JOIN audit_leaf l ON l.clinic_id = d.clinic_id AND l.id = d.leaf_id
			WHERE d.clinic_id = $1 AND l.action = $2 ORDER BY l.id DESC LIMIT 1`, action).Scan(&leaf, &owner, &sealed); err != nil {
			return err
		}
		r, err := v.Ring()
		if err != nil {
			return err
		}
		b, err := r.Open(vault.Cell{Subject: owner, Table: "audit_detail", Column: "sealed", Row: leaf}, sealed)
		out = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// fields are the names of the wrong fields of a fault.
func fields(err error) []string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return nil
	}
	var out []string
	for _, x := range f.Fields {
		out = append(out, x.Name)
	}
	slices.Sort(out)
	return out
}

// untouched ends the test when act wrote anything: rows, events, audit entries.
func untouched(t *testing.T, p *practice.Practice, what string, act func()) {
	t.Helper()
	count := func() string {
		var all []string
		for _, table := range []string{"appointment", "claims", "booking_log", "patient", "patient_link", "event", "consent", "idempotency", "leave", "closure", "hours_change"} {
			all = append(all, p.Count(t, `SELECT COUNT(*) FROM `+table+` WHERE clinic_id = $1`))
		}
		all = append(all, p.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action NOT IN ('open', 'list')`),
			fmt.Sprint(p.Rows(t, `SELECT status, starts_at, version FROM appointment WHERE clinic_id = $1 ORDER BY id`)))
		return strings.Join(all, " ")
	}
	before := count()
	act()
	if after := count(); after != before {
		t.Fatalf("%s changed rows:\n%s\n%s", what, before, after)
	}
}

func refused(t *testing.T, what string, err error, kind fault.Kind, key string) {
	t.Helper()
	practice.Refused(t, what, err, kind, key)
}

func TestBookingFromThePublicPage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "booking-asks-little")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		at := p.At(1, "10:00")
		want := p.Booking(p.Providers[0], at, 1)
		want.Note = "  a question about the bill  "
		want.Overbook = "let me in" // a public door cannot, whatever it sends
		want.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
		r := p.Booked(t, p.Public(), want)
		a := r.Appointment
		if a.StartsAt != at || a.Length() != 30*time.Minute || a.Status != scheduling.Booked || a.Lane != 0 || a.OverbookReason != "" || a.Day != p.Day(1) || a.Version != 1 || a.Door != "online" {
			t.Fatalf("booked %+v", a)
		}
		if r.Token == "" || r.Repeated {
			t.Fatalf("receipt %+v", r)
		}
		same(t, "events", events(t, p), "booked 0 after 0s")
		same(t, "audit", entries(t, p, a.ID), "public book appointment")
		o, err := p.Desk.Open(ctx, p.As(access.FrontDesk), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if o.Note != "a question about the bill" || o.Name.Text != want.Patient.Name || len(o.Log) != 1 || o.Log[0].Action != "book" || o.Log[0].Role != "public" {
			t.Fatalf("opened %+v", o)
		}
		// No word of hers stands readable in the row.
		for _, cell := range p.Rows(t, `SELECT note FROM appointment WHERE clinic_id = $1 AND id = $2`, a.ID) {
			if strings.Contains(cell[0], "question") || cell[0] == "<nil>" {
				t.Fatalf("the note is stored as %q", cell[0])
			}
		}
		// She gave an e-mail address alone; a phone number alone is as good, and one of them there must be.
		other := p.Booking(p.Providers[0], p.At(1, "11:00"), 2)
		other.Patient.Email = ""
		untouched(t, p, "nobody to reach", func() {
			_, err := p.Desk.Book(ctx, p.Public(), other)
			refused(t, "neither phone nor e-mail", err, fault.Invalid, "")
			same(t, "fields", fields(err), "phone")
		})
		other.Patient.Phone = "+919811198110"
		p.Booked(t, p.Public(), other)
		p.Agree(t)
	})
}

func TestBookingAtTheDesk(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		first := p.Booked(t, p.As(access.FrontDesk), p.Booking(p.Providers[0], p.At(0, "10:00"), 1)) // no notice binds the desk
		if first.Token != "" {
			t.Error("the desk is handed the patient's own link")
		}
		same(t, "events", events(t, p), "booked 0 after 3m0s")

		known := scheduling.Booking{Service: p.Service, Provider: p.Providers[0], StartsAt: p.At(0, "10:35"), PatientID: first.Appointment.Patient} // nor does the grid
		second := p.Booked(t, p.As(access.Practitioner), known)
		if second.Appointment.Patient != first.Appointment.Patient {
			t.Error("the known patient was not taken")
		}
		again := p.Booked(t, p.As(access.FrontDesk), p.Booking(p.Providers[0], p.At(0, "11:30"), 1))
		if again.Appointment.Patient != first.Appointment.Patient {
			t.Error("the same name and address made another person")
		}
		untouched(t, p, "refused bookings", func() {
			known.PatientID, known.StartsAt = id.New(b.Clock.Now()), p.At(0, "13:00")
			_, err := p.Desk.Book(ctx, p.As(access.FrontDesk), known)
			refused(t, "a patient who is not there", err, fault.NotFound, "")
			known.PatientID = first.Appointment.Patient
			_, err = p.Desk.Book(ctx, p.Public(), known)
			refused(t, "the public naming a patient by id", err, fault.NotFound, "")
			_, err = p.Desk.Book(ctx, p.As(access.Billing), known)
			refused(t, "billing booking", err, fault.Forbidden, "")
			_, err = p.Desk.Book(ctx, accounts.ForPatient(p.Clinic, first.Appointment.Patient, id.New(b.Clock.Now())), known)
			refused(t, "a patient's link booking anew", err, fault.Forbidden, "")
			other := p.Found(t, "moonrise")
			_, err = p.Desk.Book(ctx, p.In(other, access.Owner), known)
			refused(t, "another clinic booking here", err, fault.NotFound, "")
		})
	})
}

func TestAMinorNeedsAGuardian(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "minor-with-guardian")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		want := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		want.Patient.BirthDate = "2015-05-05"
		want.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
		untouched(t, p, "a child alone", func() {
			_, err := p.Desk.Book(ctx, p.Public(), want)
			refused(t, "a child alone", err, fault.Invalid, "")
			same(t, "fields", fields(err), "guardian_name")
			_, err = p.Desk.Book(ctx, p.As(access.FrontDesk), want)
			refused(t, "a child alone at the desk", err, fault.Invalid, "")
			silent := want // without a consent it is the booking itself that asks for the guardian
			silent.Consents = nil
			_, err = p.Desk.Book(ctx, p.Public(), silent)
			refused(t, "a child alone who agrees to nothing", err, fault.Invalid, "")
			same(t, "fields", fields(err), "guardian_name")
			want.Patient.Guardian = &patients.GuardianDraft{Name: "Ravi Rao"}
			want.Patient.Email = ""
			_, err = p.Desk.Book(ctx, p.Public(), want)
			refused(t, "a guardian who cannot be reached", err, fault.Invalid, "")
			want.Patient.Guardian = &patients.GuardianDraft{Name: "Ravi Rao", Email: "ravi@example.org", Relation: "father"}
			want.Consents = []consent.Choice{{Purpose: consent.News, Given: true}}
			_, err = p.Desk.Book(ctx, p.Public(), want)
			refused(t, "a consent that is not for children", err, fault.Invalid, "")
		})
		want.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
		r := p.Booked(t, p.Public(), want)
		guardian := p.Rows(t, `SELECT g.id, c.guardian_id FROM guardian g JOIN consent c ON c.clinic_id = g.clinic_id AND c.patient_id = g.patient_id WHERE g.clinic_id = $1 AND g.patient_id = $2`, r.Appointment.Patient)
		if len(guardian) != 1 || guardian[0][0] != guardian[0][1] {
			t.Fatalf("the consent was not given by the guardian: %v", guardian)
		}
		adult := p.Booking(p.Providers[0], p.At(1, "11:00"), 2)
		adult.Patient.BirthDate = string(p.Day(0).AddDays(-18*365 - 10))
		p.Booked(t, p.Public(), adult)
	})
}

// TestWhoCameOfAgeChoosesHerself: from her birthday on the consent in a booking is her own, though she was a child when her record was saved.
func TestWhoCameOfAgeChoosesHerself(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "minor-with-guardian")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		want := p.Booking(p.Providers[0], p.At(2, "10:00"), 1)
		want.Patient.BirthDate = p.At(1, "00:00").In(p.Zone).AddDate(-18, 0, 0).Format(time.DateOnly)
		want.Patient.Guardian = &patients.GuardianDraft{Name: "Ravi Rao", Email: "ravi@example.org", Relation: "father"}
		want.Consents = []consent.Choice{{Purpose: consent.Reminder, Given: true}}
		r := p.Booked(t, p.Public(), want)
		p.Clock.Move(24 * time.Hour)
		want.StartsAt, want.Patient.Guardian = p.At(2, "11:00"), nil
		again := p.Booked(t, p.Public(), want)
		if again.Appointment.Patient != r.Appointment.Patient {
			t.Error("she was not found again")
		}
		said := p.Rows(t, `SELECT given, CASE WHEN guardian_id IS NULL THEN 'herself' ELSE 'a guardian' END FROM consent WHERE clinic_id = $1 AND patient_id = $2 ORDER BY at`, r.Appointment.Patient)
		if len(said) != 2 || said[0][1] != "a guardian" || said[1][1] != "herself" {
			t.Errorf("who chose: %v", said)
		}
	})
}

func TestAnyProviderIsTheLeastBooked(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 3)
		busy := map[id.ID]int{}
		for i := range 6 {
			at := p.At(1, "10:00").Add(time.Duration(i) * 30 * time.Minute)
			busy[p.Booked(t, p.Public(), p.Booking(id.Zero, at, i)).Appointment.Provider]++
		}
		for _, one := range p.Providers {
			if busy[one] != 2 {
				t.Fatalf("six bookings fell %v", busy)
			}
		}
		at := p.At(2, "10:00")
		for i := range 3 {
			p.Booked(t, p.Public(), p.Booking(id.Zero, at, 10+i))
		}
		untouched(t, p, "a fourth", func() {
			_, err := p.Desk.Book(ctx, p.Public(), p.Booking(id.Zero, at, 20))
			refused(t, "a fourth", err, fault.Conflict, "fault.slot_taken")
		})
		if off := p.Booked(t, p.As(access.FrontDesk), p.Booking(id.Zero, p.At(3, "10:05"), 21)).Appointment; off.StartsAt != p.At(3, "10:05") {
			t.Errorf("booked %+v", off)
		}
		p.Agree(t)
	})
}

func TestTheSameKeyIsAnsweredTheSame(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		for i, provider := range []id.ID{p.Providers[0], id.Zero} {
			want := p.Booking(provider, p.At(1+i, "10:00"), i)
			want.Key = fmt.Sprint("key ", i)
			first := p.Booked(t, p.Public(), want)
			untouched(t, p, "a repeated request", func() {
				second := p.Booked(t, p.Public(), want)
				if !second.Repeated || second.Token != first.Token || second.Appointment.ID != first.Appointment.ID {
					t.Fatalf("repeated: %+v, first: %+v", second, first)
				}
				other := want
				other.StartsAt = p.At(1+i, "11:00")
				_, err := p.Desk.Book(ctx, p.Public(), other)
				refused(t, "the key with another request", err, fault.Invalid, "")
				same(t, "fields", fields(err), "idempotency_key")
			})
		}
		for i, provider := range []id.ID{p.Providers[0], id.Zero} {
			want := p.Booking(provider, p.At(4, "10:00").Add(time.Duration(i)*time.Hour), 10+i)
			want.Key = fmt.Sprint("at once ", i)
			var mu sync.Mutex
			seen := map[id.ID]int{}
			first := 0
			got := rush(20, func(int) error {
				r, err := p.Desk.Book(ctx, p.Public(), want)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					seen[r.Appointment.ID]++
					if !r.Repeated {
						first++
					}
				}
				return err
			})
			if got.Won != 20 || len(seen) != 1 || first != 1 {
				t.Fatalf("20 requests with one key: %+v, %d appointments, %d first", got, len(seen), first)
			}
		}
		// A request that was refused leaves its key unused.
		want := p.Booking(p.Providers[0], p.At(1, "10:00"), 30)
		want.Key = "refused"
		_, err := p.Desk.Book(ctx, p.Public(), want)
		refused(t, "taken", err, fault.Conflict, "fault.slot_taken")
		want.StartsAt = p.At(1, "12:00")
		p.Booked(t, p.Public(), want)
		p.Agree(t)
		// Two days later the key is forgotten, and System tidies what has served.
		b.Clock.Move(49 * time.Hour)
		if err := p.Desk.Tidy(ctx, p.As(access.System)); err != nil {
			t.Fatal(err)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM idempotency WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s keys are still there", n)
		}
	})
}

func TestWhatThePublicMayNotBook(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		one := p.Providers[0]
		capped := p.Provider(t, scheduling.Provider{Name: "Dr. Full", Online: true, Weekly: practice.Hours(9, 17), DailyCap: 1}).ID
		hidden := p.Provider(t, scheduling.Provider{Name: "Dr. Hidden", Weekly: practice.Hours(9, 17)}).ID
		visit := p.Offer(t, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: []id.ID{one, capped, hidden}}).ID
		offline := p.Offer(t, scheduling.Service{Name: "Surgery", Minutes: 30, Providers: []id.ID{one}}).ID
		gone := p.Offer(t, scheduling.Service{Name: "Old", Minutes: 30, Online: true, Providers: []id.ID{one}})
		if err := p.Desk.SaveService(ctx, p.As(access.Owner), gone, true); err != nil {
			t.Fatal(err)
		}
		p.Booked(t, p.Public(), scheduling.Booking{Service: visit, Provider: capped, StartsAt: p.At(1, "10:00"), Patient: practice.Person(90)})
		if _, err := p.Desk.AddLeave(ctx, p.As(access.Owner), scheduling.Leave{Provider: one, From: p.At(2, "12:00"), To: p.At(2, "14:00"), Reason: "a wedding"}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Desk.AddClosure(ctx, p.As(access.Owner), scheduling.Closure{From: p.At(3, "00:00"), To: p.At(4, "00:00"), Name: "Holiday"}); err != nil {
			t.Fatal(err)
		}
		untouched(t, p, "refused bookings", func() {
			for _, c := range []struct {
				what              string
				service, provider id.ID
				at                clock.Instant
				kind              fault.Kind
				key               string
				desk              fault.Kind // what the desk is answered; empty when it may
			}{
				{"before the hours", visit, one, p.At(1, "08:30"), fault.Conflict, "fault.start_outside_hours", fault.Conflict},
				{"over the end of the hours", visit, one, p.At(1, "16:45"), fault.Conflict, "fault.start_outside_hours", fault.Conflict},
				{"off the grid of starts", visit, one, p.At(1, "10:05"), fault.Conflict, "fault.start_not_offered", ""},
				{"inside the notice", visit, one, p.At(0, "10:15"), fault.Conflict, "fault.start_too_soon", ""},
				{"beyond the horizon", visit, one, p.At(61, "10:00"), fault.Conflict, "fault.start_too_far", ""},
				{"on leave", visit, one, p.At(2, "11:45"), fault.Conflict, "fault.start_on_leave", fault.Conflict},
				{"at a closure", visit, one, p.At(3, "10:00"), fault.Conflict, "fault.start_on_leave", fault.Conflict},
				{"a full day", visit, capped, p.At(1, "12:00"), fault.Conflict, "fault.day_full", fault.Conflict},
				{"a hidden provider", visit, hidden, p.At(1, "10:00"), fault.NotFound, "", ""},
				{"a service that is not online", offline, one, p.At(1, "13:00"), fault.NotFound, "", ""},
				{"a retired service", gone.ID, one, p.At(1, "10:00"), fault.NotFound, "", fault.NotFound},
				{"a provider who does not offer it", offline, capped, p.At(1, "10:00"), fault.NotFound, "", fault.NotFound},
				{"no such service", id.New(b.Clock.Now()), one, p.At(1, "10:00"), fault.NotFound, "", fault.NotFound},
				{"no such provider", visit, id.New(b.Clock.Now()), p.At(1, "10:00"), fault.NotFound, "", fault.NotFound},
			} {
				want := scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: c.at, Patient: practice.Person(1)}
				_, err := p.Desk.Book(ctx, p.Public(), want)
				refused(t, c.what, err, c.kind, c.key)
				if c.desk != "" {
					_, err = p.Desk.Book(ctx, p.As(access.FrontDesk), want)
					refused(t, c.what+", at the desk", err, c.desk, "")
				}
			}
		})
	})
}

func TestWhatOnlyTheDeskMayBook(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		one := p.Providers[0]
		hidden := p.Provider(t, scheduling.Provider{Name: "Dr. Hidden", Weekly: practice.Hours(9, 17)}).ID
		offline := p.Offer(t, scheduling.Service{Name: "Surgery", Minutes: 30, Providers: []id.ID{one, hidden}}).ID
		for i, c := range []struct {
			provider id.ID
			at       clock.Instant
		}{{one, p.At(1, "10:05")}, {one, p.At(0, "09:35")}, {one, p.At(61, "10:00")}, {hidden, p.At(1, "10:00")}} {
			p.Booked(t, p.As(access.FrontDesk), scheduling.Booking{Service: offline, Provider: c.provider, StartsAt: c.at, Patient: practice.Person(i)})
		}
		free, err := p.Desk.FreeTimes(ctx, p.Public(), offline, id.Zero, p.Day(1), p.Day(1))
		refused(t, "free times of a service that is not online", err, fault.NotFound, "")
		if len(free.Slots) > 0 {
			t.Error("free times were told")
		}
	})
}

func TestBuffersAreKeptFree(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		padded := p.Offer(t, scheduling.Service{Name: "Cleaning", Minutes: 30, BufferBefore: 10, BufferAfter: 20, Online: true, Providers: p.Providers}).ID
		p.Booked(t, p.Public(), scheduling.Booking{Service: padded, Provider: p.Providers[0], StartsAt: p.At(1, "11:00"), Patient: practice.Person(1)})
		// 10:50 to 11:50 is held.
		for at, free := range map[string]bool{"10:15": true, "10:30": false, "10:45": false, "11:30": false, "11:45": false, "12:00": true} {
			_, err := p.Desk.Book(ctx, p.Public(), p.Booking(p.Providers[0], p.At(1, at), int(at[3])*100+int(at[1])))
			if free != (err == nil) {
				t.Fatalf("%s: %v", at, err)
			}
		}
		p.Agree(t)
	})
}

func TestOverbookingNeedsAReason(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "overbooking-by-staff")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		desk, at := p.As(access.FrontDesk), p.At(1, "10:00")
		first := p.Booked(t, p.Public(), p.Booking(p.Providers[0], at, 1)).Appointment
		over := p.Booking(p.Providers[0], at, 2)
		untouched(t, p, "without a reason", func() {
			_, err := p.Desk.Book(ctx, desk, over)
			refused(t, "the conflict is shown", err, fault.Conflict, "fault.slot_taken")
			over.Overbook = "   "
			_, err = p.Desk.Book(ctx, desk, over)
			refused(t, "a reason of blanks", err, fault.Conflict, "fault.slot_taken")
			over.Overbook = "an emergency"
			_, err = p.Desk.Book(ctx, p.Public(), over)
			refused(t, "the public with a reason", err, fault.Conflict, "fault.slot_taken")
			_, err = p.Desk.Book(ctx, p.As(access.Billing), over)
			refused(t, "billing with a reason", err, fault.Forbidden, "")
		})
		second := p.Booked(t, desk, over).Appointment
		if second.Lane != 1 || second.OverbookReason != "an emergency" {
			t.Fatalf("booked %+v", second)
		}
		if d := detail(t, p, "book"); !strings.Contains(d, "an emergency") || !strings.Contains(d, `"overbooked":true`) {
			t.Fatalf("the audit entry says %s", d)
		}
		p.Agree(t)

		// Cancel the original: the time stays taken, in whole and in part.
		if _, err := p.Desk.Cancel(ctx, desk, first.ID, first.Version); err != nil {
			t.Fatal(err)
		}
		p.Agree(t)
		untouched(t, p, "booking beside it", func() {
			for _, x := range []string{"09:45", "10:00", "10:15"} {
				_, err := p.Desk.Book(ctx, p.Public(), p.Booking(p.Providers[0], p.At(1, x), 3))
				refused(t, "beside it at "+x, err, fault.Conflict, "fault.slot_taken")
			}
		})
		// Half over it, outside the hours: with a reason.
		late := p.Booking(p.Providers[0], p.At(1, "20:00"), 4)
		_, err := p.Desk.Book(ctx, desk, late)
		refused(t, "after the hours", err, fault.Conflict, "fault.start_outside_hours")
		late.Overbook = "she comes after work"
		if a := p.Booked(t, desk, late).Appointment; a.Lane != 0 {
			t.Fatalf("nothing was there, yet lane %d", a.Lane)
		}
		half := p.Booking(p.Providers[0], p.At(1, "10:15"), 5)
		half.Overbook = "a child with fever"
		third := p.Booked(t, desk, half).Appointment
		p.Agree(t)
		// Cancel the middle one, then the time before the third is free again and not beside it.
		if _, err := p.Desk.Cancel(ctx, desk, second.ID, second.Version); err != nil {
			t.Fatal(err)
		}
		p.Agree(t)
		_, err = p.Desk.Book(ctx, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 6))
		refused(t, "into the third", err, fault.Conflict, "fault.slot_taken")
		p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "09:45"), 7))
		if _, err := p.Desk.Cancel(ctx, desk, third.ID, third.Version); err != nil {
			t.Fatal(err)
		}
		p.Agree(t)
	})
}

func TestEveryWrongFieldIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		bad := scheduling.Booking{Service: p.Service, Provider: p.Providers[0], StartsAt: p.At(1, "10:00") + 1, Note: strings.Repeat("x", 301), Overbook: "bad\x01",
			Key: strings.Repeat("k", 201), Language: "my name is Asha", Patient: patients.Draft{Name: "", Email: "nonsense", Phone: "12", BirthDate: "2030-01-01"}}
		untouched(t, p, "a bad request", func() {
			_, err := p.Desk.Book(ctx, p.As(access.FrontDesk), bad)
			refused(t, "a bad request", err, fault.Invalid, "")
			same(t, "fields", fields(err), "birth_date", "email", "idempotency_key", "language", "name", "note", "overbook", "phone", "starts_at")
			bad.StartsAt = -bad.StartsAt
			_, err = p.Desk.Book(ctx, p.Public(), bad)
			same(t, "fields at the public door", fields(err), "birth_date", "email", "idempotency_key", "language", "name", "note", "phone", "starts_at")
			_, err = p.Desk.AddProvider(ctx, p.As(access.Owner), scheduling.Provider{About: strings.Repeat("x", 601), DailyCap: -1,
				Weekly: scheduling.Weekly{1: {{From: 600, To: 540}}}})
			same(t, "fields of a provider", fields(err), "about", "daily_cap", "name", "weekly.1.0")
			_, err = p.Desk.AddService(ctx, p.As(access.Owner), scheduling.Service{Minutes: 7, BufferBefore: 3, BufferAfter: 300, Price: -1})
			same(t, "fields of a service", fields(err), "buffer_after", "buffer_before", "minutes", "name", "price")
			_, err = p.Desk.AddLeave(ctx, p.As(access.Owner), scheduling.Leave{Provider: p.Providers[0], From: 2, To: 1, Reason: strings.Repeat("x", 121)})
			same(t, "fields of leave", fields(err), "reason", "to")
			_, err = p.Desk.AddClosure(ctx, p.As(access.Owner), scheduling.Closure{From: 2, To: 1, Name: strings.Repeat("x", 81)})
			same(t, "fields of a closure", fields(err), "name", "to")
			err = p.Desk.SetDay(ctx, p.As(access.Owner), p.Providers[0], scheduling.Change{Day: "soon", Open: true, Intervals: []scheduling.Interval{{From: 3, To: 9}}}, false)
			same(t, "fields of a day", fields(err), "day", "intervals.0")
		})
	})
}

func TestADayIsListedOnceAndEachListByItself(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "looks-recorded")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		for i, one := range p.Providers {
			p.Booked(t, p.Public(), p.Booking(one, p.At(1, "10:00"), i))
		}
		who := p.As(access.FrontDesk)
		look := func(one id.ID, from, to clock.Date) scheduling.Calendar {
			t.Helper()
			c, err := p.Desk.Days(ctx, who, from, to, one)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		c := look(p.Providers[0], p.Day(1), p.Day(1))
		if len(c.Providers) != 1 || len(c.Days) != 1 || len(c.Days[0].Columns[0].Entries) != 1 || c.Days[0].Columns[0].Entries[0].Name.Text == "" {
			t.Fatalf("one column: %+v", c)
		}
		var seen audit.Seen
		read := func() {
			t.Helper()
			d := detail(t, p, "list")
			if err := json.Unmarshal([]byte(d[strings.Index(d, `{"day"`):strings.LastIndex(d, "}")]), &seen); err != nil {
				t.Fatalf("%v in %s", err, d)
			}
		}
		read()
		if len(seen.IDs) != 1 {
			t.Fatalf("one column listed %d people", len(seen.IDs))
		}
		// The whole day shows more people than the column did: it is an entry of its own.
		look(id.Zero, p.Day(1), p.Day(1))
		read()
		if len(seen.IDs) != 2 {
			t.Fatalf("the whole day listed %d people", len(seen.IDs))
		}
		look(id.Zero, p.Day(1), p.Day(1))
		look(id.Zero, p.Day(0), p.Day(6))
		if n := p.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'list'`); n != "3" {
			t.Fatalf("%s entries, 3 are wanted", n)
		}
		if _, err := p.Desk.Days(ctx, who, p.Day(0), p.Day(7), id.Zero); !fault.Is(err, fault.NotFound) {
			t.Errorf("eight days: %v", err)
		}
	})
}
