package messaging_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/messaging"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestAnAnswerThatWentIsNotOfferedAgain: where the provider took an answer, or may have, and the database fails before that is written down, whoever sent it is
// told that it may have gone; pressed again, the same answer does not go twice.
func TestAnAnswerThatWentIsNotOfferedAgain(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		a := x.books("Asha Rao", asha, "", 500*time.Hour)
		x.tick()
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Text: "May I eat before?"})
		one := x.thread(a.Patient).ID
		another := func() (*messaging.Service, *store.DB) {
			db := b.Open(t, store.Options{})
			return messaging.New(db, b.Log, messaging.Options{Book: x.book, Accounts: []messaging.Provider{x.whatsapp, x.sms, x.mail}, Public: "https://clinic.example", Sender: "post@clinic.example"}), db
		}
		uncertain := func(what string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), "fault.inbox.uncertain") {
				t.Errorf("%s: %v", what, err)
			}
		}
		for i, outcome := range []messaging.Outcome{messaging.Accepted, messaging.Uncertain} {
			process, db := another()
			taken := 0
			x.whatsapp.answer = func(messaging.Outgoing) messaging.Receipt {
				taken++
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				return messaging.Receipt{Outcome: outcome}
			}
			d := messaging.AnswerDraft{Channel: messaging.WhatsApp, Text: "Yes.", Key: string(outcome)}
			_, err := process.Answer(t.Context(), x.owner, one, d)
			uncertain("the database is gone when the provider said "+string(outcome), err)
			if _, err := x.messages.Answer(t.Context(), x.owner, one, d); err != nil || taken != 1 {
				t.Errorf("%d: pressed again: %v, %d went out", i, err, taken)
			}
		}
		// Written down, but the conversation is gone meanwhile.
		x.whatsapp.answer = func(messaging.Outgoing) messaging.Receipt {
			x.do(access.PatientDelete, x.owner, func(tx *store.Tx) error { return messaging.Keeper{}.Erase(tx, a.Patient) })
			return messaging.Receipt{Outcome: messaging.Accepted}
		}
		_, err := x.messages.Answer(t.Context(), x.owner, one, messaging.AnswerDraft{Channel: messaging.WhatsApp, Text: "Yes.", Key: "last"})
		uncertain("the conversation is gone", err)
		if errors.Unwrap(err) == nil {
			t.Error("nobody learns why")
		}
	})
}
