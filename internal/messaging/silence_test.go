package messaging_test

import (
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestSilenceOneInstantBeforeTheSend: a message of every kind waits on every channel, due; then, one instant before its
// sender takes it, consent is withdrawn, the appointment moved or cancelled, the patient restricted, or the clinic
// closed. Nothing is handed over.
func TestSilenceOneInstantBeforeTheSend(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "consent-withdrawn")
	causes := map[string]func(x *talk, a scheduling.Appointment){
		"restricted": func(x *talk, a scheduling.Appointment) {
			x.do(access.PatientWrite, x.owner, func(tx *store.Tx) error { return consent.Restrict(tx, a.Patient, true, consent.DoorDesk) })
		},
		"closed": func(x *talk, a scheduling.Appointment) {
			x.do(access.ClinicSettings, x.owner, func(tx *store.Tx) error {
				tx.Housekeeping("the test closes the clinic")
				_, err := tx.Exec(`UPDATE clinic SET status = 'closed' WHERE clinic_id = $1`)
				return err
			})
		},
		"withdrawn": func(x *talk, a scheduling.Appointment) {
			x.do(access.PatientWrite, x.owner, func(tx *store.Tx) error {
				return consent.Record(tx, a.Patient, []consent.Choice{{Purpose: consent.Reminder}, {Purpose: consent.Followup}, {Purpose: consent.Review}}, consent.DoorDesk, "en", id.Zero)
			})
		},
		"moved": func(x *talk, a scheduling.Appointment) {
			o, err := x.desk.Open(background, x.owner, a.ID)
			if err == nil && o.Status.Ahead() {
				_, err = x.desk.Move(background, x.owner, a.ID, scheduling.Move{StartsAt: a.StartsAt.Add(30 * time.Minute), Version: o.Version})
			}
			if err != nil {
				x.t.Fatal(err)
			}
		},
		"cancelled": func(x *talk, a scheduling.Appointment) {
			o, err := x.desk.Open(background, x.owner, a.ID)
			if err == nil && o.Status.Ahead() {
				_, err = x.desk.Cancel(background, x.owner, a.ID, o.Version)
			}
			if err != nil {
				x.t.Fatal(err)
			}
		},
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		n := 0
		for cause, happens := range causes {
			one := *b // the same database, a clinic of its own
			one.Clinic = b.Found(t, "silent-"+cause)
			x := talking(t, &one)
			x.approves()
			sent := map[messaging.Channel]*talker{messaging.WhatsApp: x.whatsapp.talker, messaging.SMS: x.sms, messaging.Email: x.mail}
			n = 0
			begun := x.Clock.Now().Sub(rig.Start)
			type waiting struct {
				what    string
				a       scheduling.Appointment
				message id.ID
			}
			var all []waiting
			for _, k := range messaging.Kinds() {
				visited := k == messaging.Missed || k == messaging.Visited || k == messaging.Recall || k == messaging.Review
				switch {
				case cause == "withdrawn" && !k.Asked(), (cause == "moved" || cause == "cancelled") && (visited || k == messaging.Receipted), k == messaging.Cancelled && cause != "restricted" && cause != "closed":
					continue // it goes out all the same, or cannot happen any more
				}
				for c := range sent {
					n++
					// The visits that are over have been in the future when they were booked.
					after := time.Duration(100+n) * time.Hour
					if visited {
						after = time.Duration(24+n%20) * time.Hour
					}
					a := x.books("Asha "+letters(n), fmt.Sprintf("+9198450%05d", 30000+n), fmt.Sprintf("s%d@example.org", n), begun+after)
					all = append(all, waiting{what: fmt.Sprintf("%s by %s", k, c), a: a})
				}
			}
			x.tick() // the confirmations, which nothing keeps back
			x.Clock.Set(rig.Start.Add(begun + 48*time.Hour))
			for i := range all {
				w := &all[i]
				var k messaging.Kind
				var c messaging.Channel
				if _, err := fmt.Sscanf(w.what, "%s by %s", &k, &c); err != nil {
					t.Fatal(err)
				}
				x.stands(w.a, k)
				o, err := x.desk.Open(background, x.owner, w.a.ID)
				if err != nil {
					t.Fatal(err)
				}
				x.do(access.Work, x.system, func(tx *store.Tx) (err error) {
					w.message, err = messaging.Send(tx, messaging.Letter{Patient: w.a.Patient, Appointment: w.a.ID, Occurrence: o.Occurrence, Rule: tx.NewID(), Kind: k, Channel: c, StartsAt: w.a.StartsAt, Provider: w.a.Provider})
					return err
				})
				if w.message.IsZero() {
					t.Fatalf("%s: it could not be planned", w.what)
				}
			}
			before := map[messaging.Channel]int{}
			for c, p := range sent {
				before[c] = len(p.all())
			}
			for i, w := range all {
				if cause != "closed" || i == 0 {
					happens(x, w.a)
				}
				if err := x.messages.Deliver(background, x.system, w.message); err != nil {
					t.Fatal(err)
				}
			}
			for c, p := range sent {
				for _, m := range p.all()[before[c]:] {
					for _, w := range all {
						if w.message == m.ID {
							t.Errorf("%s: %s went out", cause, w.what)
						}
					}
				}
			}
		}
	})
}

// stands brings the appointment to where a message of the kind tells the truth.
func (x *talk) stands(a scheduling.Appointment, k messaging.Kind) {
	x.t.Helper()
	to := map[messaging.Kind]scheduling.Status{messaging.Missed: scheduling.NoShow, messaging.Visited: scheduling.Arrived, messaging.Recall: scheduling.Arrived, messaging.Review: scheduling.Arrived, messaging.Cancelled: scheduling.Cancelled}[k]
	if to == "" {
		return
	}
	o, err := x.desk.Open(background, x.owner, a.ID)
	if err == nil {
		_, err = x.desk.SetStatus(background, x.owner, a.ID, o.Version, to)
	}
	if err != nil {
		x.t.Fatal(err)
	}
}
