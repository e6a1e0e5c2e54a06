package messaging_test

import (
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
)

// TestWhatIsWrittenWhileItIsAnswered: an answer ends the waiting of what was shown to whoever gave it. What the patient wrote since, before it was sent
// or while the provider was asked, keeps its words and stays unread.
func TestWhatIsWrittenWhileItIsAnswered(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "answers-a-day")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		a := x.books("Asha Rao", asha, "", 500*time.Hour)
		x.wishes(a.Patient, messaging.WhatsApp)
		x.tick()
		desk := b.As(access.FrontDesk)
		writes := func(text string) {
			b.Clock.Move(time.Second)
			x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Text: text})
		}
		opened := func() (shown id.ID) {
			t.Helper()
			th, err := x.messages.OpenThread(t.Context(), desk, x.thread(a.Patient).ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range th.Lines {
				if l.Way == messaging.LineIn {
					shown = l.ID
				}
			}
			return shown
		}
		answers := func(shown id.ID) {
			t.Helper()
			if _, err := x.messages.Answer(t.Context(), desk, x.thread(a.Patient).ID, messaging.AnswerDraft{Channel: messaging.WhatsApp, Text: "Yes.", Shown: shown}); err != nil {
				t.Fatal(err)
			}
		}
		waits := func(when string, unread int, want ...string) {
			t.Helper()
			th := x.thread(a.Patient)
			var got []string
			for _, l := range th.Lines {
				if l.Way == messaging.LineIn && l.Kept {
					got = append(got, l.Text)
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) || th.Unread != unread {
				t.Errorf("%s: %q waits with %d unread, %q with %d is wanted", when, got, th.Unread, want, unread)
			}
		}
		writes("May I eat before?")
		shown := opened()
		writes("And my pain is worse")
		answers(shown)
		waits("written before the answer was sent", 1, "And my pain is worse")
		// Nobody says what was shown: what came while the provider was asked is new all the same.
		x.whatsapp.answer = func(m messaging.Outgoing) messaging.Receipt {
			x.whatsapp.answer = nil
			x.whatsapp.mu.Unlock()
			defer x.whatsapp.mu.Lock()
			writes("Please call me")
			writes("stop")
			return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "wamid." + m.ID.String()}
		}
		answers(id.Zero)
		waits("written while the provider was asked", 1, "Please call me")
		if th := x.thread(a.Patient); th.LastAt != th.WroteAt {
			t.Errorf("in the list it stands where it was answered (%d), not where she wrote (%d)", th.LastAt, th.WroteAt)
		}

		// A line of another conversation says nothing about this one.
		x.books("Ravi Rao", ravi, "", 510*time.Hour)
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: ravi}, Text: "Hello"})
		writes("Hello?")
		list, err := x.messages.Inbox(t.Context(), desk, messaging.InboxFilter{Box: messaging.BoxUnread})
		if err != nil || len(list) != 2 {
			t.Fatalf("%v, %d conversations", err, len(list))
		}
		for _, other := range list {
			if other.Patient != a.Patient {
				th, err := x.messages.OpenThread(t.Context(), desk, other.ID)
				if err != nil {
					t.Fatal(err)
				}
				answers(th.Lines[len(th.Lines)-1].ID)
			}
		}
		waits("after an answer to everything", 0)
	})
}
