package messaging_test

import (
	"testing"
	"time"

	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
)

// linked has somebody write over the channel, and the desk say that the patient is meant.
func (x *talk) linked(c messaging.Channel, from messaging.Sender, patient id.ID) {
	x.t.Helper()
	x.hears(c, messaging.Event{Kind: messaging.MessageNews, From: from, Text: "This is my number"})
	list, err := x.messages.Inbox(x.t.Context(), x.owner, messaging.InboxFilter{Box: messaging.BoxUnread})
	if err != nil || len(list) != 1 || !list[0].Patient.IsZero() {
		x.t.Fatalf("%v, %+v", err, list)
	}
	if _, err := x.messages.Meant(x.t.Context(), x.owner, list[0].ID, patient); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.messages.OpenThread(x.t.Context(), x.owner, x.thread(patient).ID); err != nil {
		x.t.Fatal(err)
	}
}

// TestStopFromALinkedNumber: STOP from a number that only the desk, or the provider, linked to a patient closes for her and is answered
// there once. START from there opens again where she has no other number from which STOP can have come, and waits for a person otherwise.
func TestStopFromALinkedNumber(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "stop-is-heard")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		says := func(c messaging.Channel, from messaging.Sender, word string) {
			t.Helper()
			x.hears(c, messaging.Event{Kind: messaging.MessageNews, From: from, Text: word})
		}
		open := func(p id.ID, c messaging.Channel, want bool, when string) {
			t.Helper()
			for _, use := range []consent.Purpose{consent.Reminder, consent.Followup, consent.Review} {
				if x.may(p, use, c) != want {
					t.Errorf("%s: %s by %s is open: %v", when, use, c, !want)
				}
			}
		}
		var devi id.ID
		sent := map[messaging.Channel]*talker{messaging.WhatsApp: x.whatsapp.talker, messaging.SMS: x.sms, messaging.Email: x.mail}
		for i, c := range []messaging.Channel{messaging.WhatsApp, messaging.SMS, messaging.Email} {
			phone, email, from := "", "devi@example.org", messaging.Sender{Phone: "+919845070001"}
			if c == messaging.Email {
				phone, email, from = "+919845070009", "", messaging.Sender{Address: "devi.new@example.org"}
			}
			p := x.books([]string{"Devi Rao", "Gita Rao", "Hema Rao"}[i], phone, email, time.Duration(300+i)*time.Hour).Patient
			if c != messaging.Email { // the next one writes from a number of her own
				from.Phone = "+91984507000" + string(rune('1'+i))
			}
			if i == 0 {
				devi = p
			}
			x.linked(c, from, p)
			before := len(sent[c].all())
			says(c, from, "STOP")
			says(c, from, "stop")
			open(p, c, false, "after STOP from a linked number")
			if got := sent[c].all()[before:]; len(got) != 1 || got[0].To != from.Phone+from.Address {
				t.Errorf("STOP by %s was answered with %+v", c, got)
			}
			says(c, from, "START")
			open(p, c, true, "after START from a linked number")
			// Said to the provider itself, it counts as much.
			x.hears(c, messaging.Event{Kind: messaging.ChoiceNews, From: from, Stop: true})
			open(p, c, false, "stopped with the provider")
			x.hears(c, messaging.Event{Kind: messaging.ChoiceNews, From: from})
			open(p, c, true, "resumed with the provider")
		}
		// Another number is on file. It may have been she who stopped there, and the link may be wrong.
		tara, other := x.books("Tara Rao", ravi, "", 320*time.Hour).Patient, messaging.Sender{Phone: "+919845070005"}
		x.linked(messaging.WhatsApp, other, tara)
		says(messaging.WhatsApp, messaging.Sender{Phone: ravi}, "STOP")
		says(messaging.WhatsApp, other, "START")
		open(tara, messaging.WhatsApp, false, "after START from a number that may be a stranger's")
		if n := x.thread(tara).Unread; n != 1 {
			t.Errorf("%d unread: nobody learns that START was not acted on", n)
		}
		says(messaging.WhatsApp, messaging.Sender{Phone: ravi}, "START")
		open(tara, messaging.WhatsApp, true, "after START from her own number")
		says(messaging.WhatsApp, other, "STOP")
		open(tara, messaging.WhatsApp, false, "after STOP from a linked number beside her own")
		// She has a new number, as the provider says.
		a := x.books("Asha Rao", asha, "", 330*time.Hour)
		x.wishes(a.Patient, messaging.WhatsApp)
		says(messaging.WhatsApp, messaging.Sender{Phone: asha}, "Hello")
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.IdentityNews, From: messaging.Sender{Phone: asha}, Name: "phone", Text: "+919845070006"})
		says(messaging.WhatsApp, messaging.Sender{Phone: "+919845070006"}, "STOP")
		open(a.Patient, messaging.WhatsApp, false, "after STOP from her new number")
		// The number has become another patient's: her START opens nothing of whom it was linked to.
		mina := x.books("Mina Rao", "+919845070001", "", 340*time.Hour).Patient
		for _, stop := range []bool{true, false} {
			x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.ChoiceNews, From: messaging.Sender{Phone: "+919845070001"}, Stop: stop})
			open(mina, messaging.WhatsApp, !stop, "stopped or resumed from her number")
			open(devi, messaging.WhatsApp, false, "stopped or resumed from what is another's number by now")
		}
	})
}
