package messaging_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/carriers/local"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestNothingLeavesTheCanaryClinic: the invented patient's clinic sends by its loop and by nothing else, whatever the deployment and the clinic itself have; a loop that leads outside
// is none, and its messages are dropped where everybody sees it.
func TestNothingLeavesTheCanaryClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-apart")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b) // with accounts of its own on every channel
		x.do(access.Work, x.system, func(tx *store.Tx) error {
			tx.Housekeeping("the clinic becomes that of the invented patient")
			_, err := tx.Exec(`UPDATE clinic SET canary = $2 WHERE clinic_id = $1`, true)
			return err
		})
		// Its accounts lead outside: nothing goes.
		x.booking(rig.Start.Add(50*time.Hour), false)
		x.tick()
		want(t, "with accounts that lead outside", x.states(), "appointment.booked dropped")

		// The deployment's own carrier leads outside as well, and so does a loop that is none.
		for _, a := range x.account {
			if err := x.messages.Revoke(t.Context(), x.owner, a.ID, a.Version); err != nil {
				t.Fatal(err)
			}
		}
		outside := &recorder{}
		for what, loop := range map[string][]messaging.Carrier{"without a loop": nil, "with a loop that leads outside": {outside}} {
			x.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: x.book, Carriers: []messaging.Carrier{x.carrier}, Loop: loop, Public: "https://clinic.example", Sender: "post@clinic.example"})
			x.booking(rig.Start.Add(time.Duration(52+len(loop))*time.Hour), false)
			x.tick()
			if got := x.states(); got[0] != "appointment.booked dropped" {
				t.Errorf("%s: %v", what, got)
			}
		}

		// By a loop that stays it goes, and comes no further than the process's memory.
		box := &local.Outbox{}
		phones := local.NewPhones(box, b.Clock, nil)
		x.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: x.book, Carriers: []messaging.Carrier{x.carrier}, Loop: []messaging.Carrier{local.New(box, b.Clock, messaging.Email)}, Loops: phones.Providers(),
			Public: "https://clinic.example", Sender: "post@clinic.example"})
		x.booking(rig.Start.Add(56*time.Hour), false)
		x.tick()
		if got := x.states(); got[0] != "appointment.booked sent" || len(box.List()) != 1 {
			t.Errorf("by the loop: %v, and %d letters went round", got, len(box.List()))
		}
		if err := x.messages.ConnectLoop(t.Context(), x.system, local.SMSName, map[string]string{"number": "+447400000000"}); err != nil {
			t.Errorf("an account that stays: %v", err)
		}
		if err := x.messages.ConnectLoop(t.Context(), x.system, x.sms.Name(), map[string]string{}); !fault.Is(err, fault.NotFound) {
			t.Errorf("an account that leads outside: %v", err)
		}
		for _, c := range x.messages.Channels() {
			if c != messaging.Email {
				t.Errorf("the loop is offered to other clinics, on %s", c)
			}
		}
		if n := len(x.carrier.all()) + len(outside.all()) + len(x.sms.all()) + len(x.mail.all()) + len(x.whatsapp.all()); n > 0 {
			t.Errorf("%d messages of the canary clinic left", n)
		}
		other := b.Found(t, "moonrise")
		if err := x.messages.ConnectLoop(t.Context(), b.In(other, access.System), local.SMSName, map[string]string{"number": "+447400000000"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic gets an account that leads nowhere: %v", err)
		}
	})
}
