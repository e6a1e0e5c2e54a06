package messaging_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
)

// TestACardInAMessageIsBlanked: what a patient writes cannot be refused; the digits of a card are gone before anything of it is kept.
func TestACardInAMessageIsBlanked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-card-numbers")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		set, err := x.messages.Setting(t.Context(), x.owner)
		if err != nil {
			t.Fatal(err)
		}
		set.Content, set.Days = messaging.ContentDays, 30
		if err := x.messages.SaveSetting(t.Context(), x.owner, set); err != nil {
			t.Fatal(err)
		}
		a := x.books("Asha Rao", asha, "asha@example.org", 50*time.Hour)
		x.hears(messaging.WhatsApp,
			messaging.Event{Kind: messaging.MessageNews, ProviderID: "wamid.1", From: messaging.Sender{Phone: asha, Name: "Asha 4111111111111111"}, Text: "my card is 4111 1111-1111 1111, until 12/27"},
			messaging.Event{Kind: messaging.MessageNews, ProviderID: "wamid.2", From: messaging.Sender{Phone: asha}, Text: "or ५५५५५५५५५५५५४४४४", Media: []messaging.Media{{ID: "1", ContentType: "image/png", FileName: "4242424242424242.png"}}},
			messaging.Event{Kind: messaging.Unknown, Raw: []byte(`{"note":"378282246310005"}`)})
		kept := fmt.Sprintf("%+v", x.thread(a.Patient))
		for _, card := range []string{"4111", "1111", "५५५५", "4242", "378282"} {
			if strings.Contains(kept, card) {
				t.Errorf("%s is kept: %s", card, kept)
			}
		}
		for _, rest := range []string{"my card is ••••, until 12/27", "or ••••"} {
			if !strings.Contains(kept, rest) {
				t.Errorf("the rest is lost, %q: %s", rest, kept)
			}
		}
	})
}
