package messaging_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestWhatWaitsForAnAccountIsLookedAt: a message whose account is paused, or whose clinic is held, waits; its history says so once.
// When it no longer stands it is dropped, as one whose account is open would be, and goes when its time is over.
func TestWhatWaitsForAnAccountIsLookedAt(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "message-events-aged")
	holds := map[string]func(x *talk){
		"paused": func(x *talk) {
			a := x.account[messaging.WhatsApp]
			if err := x.messages.SetAccount(x.t.Context(), x.owner, a.ID, a.Version, false); err != nil {
				x.t.Fatal(err)
			}
		},
		"its provider is no longer offered": func(x *talk) {
			x.messages = messaging.New(x.DB, x.Log, messaging.Options{Book: x.book, Public: "https://clinic.example", Sender: "post@clinic.example"})
		},
		"the clinic came from another house": func(x *talk) {
			x.do(access.ScheduleSettings, x.owner, func(tx *store.Tx) error {
				tx.Housekeeping("a test holds the clinic")
				return tx.Must(`UPDATE clinic SET held = $2 WHERE clinic_id = $1`, true)
			})
		},
	}
	ends := map[string]func(x *talk, a scheduling.Appointment) (reason string){
		"over": func(x *talk, _ scheduling.Appointment) string {
			x.Clock.Move(51 * time.Hour)
			return messaging.ReasonPast
		},
		"changed": func(x *talk, a scheduling.Appointment) string {
			x.do(access.ScheduleBook, x.owner, func(tx *store.Tx) error {
				tx.Record(audit.Note{Action: "test", Kind: "appointment", Subject: a.ID})
				return tx.Must(`UPDATE appointment SET occurrence = 1 WHERE clinic_id = $1 AND id = $2`, a.ID)
			})
			x.Clock.Move(10 * time.Minute)
			return messaging.ReasonChanged
		},
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		for how, hold := range holds {
			for what, end := range ends {
				t.Run(how+", "+what, func(t *testing.T) {
					x := talking(t, rig.New(t, b.Engine, store.Options{}))
					a := x.books("Asha Rao", asha, "asha@example.org", 50*time.Hour)
					x.wishes(a.Patient, messaging.WhatsApp)
					x.plan()
					hold(x)
					for n := range 3 {
						x.deliver()
						r := x.rows()[0]
						if r.State != messaging.Planned || r.Reason != messaging.ReasonPaused || r.SendAt.Time().Sub(x.Clock.Now()) != 10*time.Minute {
							t.Fatalf("look %d: %s, %s, due %v", n+1, r.State, r.Reason, r.SendAt.Time())
						}
						o, err := x.messages.One(t.Context(), x.owner, r.ID)
						if err != nil || len(o.Steps) != 2 || o.Steps[1].Code != messaging.ReasonPaused || o.StateAt != o.Steps[1].At {
							t.Fatalf("look %d: %v, its history: %+v", n+1, err, o.Steps)
						}
						x.Clock.Move(10 * time.Minute)
					}
					reason := end(x, a)
					x.deliver()
					if all := x.rows(); len(all) != 1 || all[0].State != messaging.Dropped || all[0].Reason != reason {
						t.Fatalf("it waits on: %d messages, %s, %s", len(all), all[0].State, all[0].Reason)
					}
					x.Clock.Move(500 * 24 * time.Hour)
					x.do(access.Work, x.system, func(tx *store.Tx) error {
						n, err := messaging.Keeper{}.Due(tx)
						if n != 1 {
							t.Errorf("%d went when their time was over", n)
						}
						return err
					})
				})
			}
		}
	})
}
