package messaging_test

import (
	"testing"

	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/rig"
)

// TestADecisionBeforeTheAnswer: a provider reports its decision about a text before it has answered the request that proposed it. The
// decision counts. A text that it refuses to look at leaves nothing behind.
func TestADecisionBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		account := x.account[messaging.WhatsApp].ID
		states := func() (out []string) {
			t.Helper()
			list, err := x.messages.Approvals(background, x.owner, account)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range list {
				if a.State != "" {
					out = append(out, string(a.Kind)+" "+a.State+" "+a.Class+" "+a.Ref)
				}
			}
			return out
		}
		x.whatsapp.meanwhile = func(p messaging.Proposal) error {
			x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.TemplateNews, Name: p.Name, Lang: p.Language, Status: messaging.ApprovalApproved, Class: "utility"})
			return nil
		}
		a, err := x.messages.ProposeText(background, x.owner, account, messaging.Reminder, "en")
		if err != nil || a.State != messaging.ApprovalApproved {
			t.Fatalf("%s: %v", a.State, err)
		}
		want(t, "decided before the answer", states(), "reminder approved utility 1")
		x.whatsapp.meanwhile = func(messaging.Proposal) error { return fault.New(fault.Invalid, "fault.invalid") }
		if _, err := x.messages.ProposeText(background, x.owner, account, messaging.Recall, "en"); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a text that the provider refused: %v", err)
		}
		want(t, "nothing is left of what was refused", states(), "reminder approved utility 1")
	})
}
