package messaging_test

import (
	"errors"
	"strings"
	"testing"

	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/rig"
)

// fields are the fields that an error is about.
func fields(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return ""
	}
	var out []string
	for _, x := range f.Fields {
		out = append(out, x.Name)
	}
	return strings.Join(out, " ")
}

// TestTextsByChannel: each channel has words of its own, with what it can carry and the warnings of its kind; an SMS is
// measured with a link as long as a real one.
func TestTextsByChannel(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		measured := ""
		s := messaging.New(b.DB, b.Log, messaging.Options{Book: x.book, Carriers: []messaging.Carrier{x.carrier}, Accounts: []messaging.Provider{x.whatsapp, x.sms, x.mail}, Public: "https://clinic.example",
			Measure: func(text string) messaging.Length {
				measured = text
				return messaging.Length{Parts: 2, Encoding: "GSM-7", Left: 7}
			}})
		list, err := s.Templates(background, x.owner)
		if err != nil || len(list) != 2*(3*len(messaging.Kinds())+1) { // English and Hindi, three channels, and what opens a WhatsApp conversation again
			t.Fatalf("%d templates, %v", len(list), err)
		}
		preview := func(k messaging.Kind, c messaging.Channel, text messaging.Text) messaging.Preview {
			t.Helper()
			p, err := s.Preview(background, x.owner, k, c, "en", text)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		p := preview(messaging.Reminder, messaging.SMS, messaging.Text{Subject: "left out", Body: "On {{.When}}: {{.ManageURL}}"})
		if p.Length.Parts != 2 || p.Subject != "" || strings.Contains(p.Text, "-- ") || len(measured) < len(p.Text)+30 {
			t.Errorf("an SMS: %+v, measured %q", p, measured)
		}
		p = preview(messaging.Reminder, messaging.WhatsApp, messaging.Text{Body: "{{.ClinicName}} on {{.When}}: {{.ManageURL}}"})
		if len(p.Buttons) != 3 || p.Length.Parts != 0 || !strings.Contains(p.Text, "STOP") {
			t.Errorf("WhatsApp: %+v", p)
		}
		for name, c := range map[string]struct {
			kind    messaging.Kind
			channel messaging.Channel
			text    messaging.Text
			want    string
		}{
			"an e-mail wants a subject":         {messaging.Booked, messaging.Email, messaging.Text{Body: "x"}, "subject"},
			"an SMS does not":                   {messaging.Booked, messaging.SMS, messaging.Text{}, "body"},
			"an SMS is short":                   {messaging.Booked, messaging.SMS, messaging.Text{Body: strings.Repeat("x", 1001)}, "body"},
			"no appointment in a conversation":  {messaging.Reopening, messaging.WhatsApp, messaging.Text{Body: "On {{.When}}"}, "body"},
			"nothing that the passport has not": {messaging.Reminder, messaging.WhatsApp, messaging.Text{Body: "{{.Complaint}}"}, "body"},
			"health in a reminder":              {messaging.Reminder, messaging.WhatsApp, messaging.Text{Body: "Your diabetes check: {{.ManageURL}}"}, "sure"},
			"health in a recall":                {messaging.Recall, messaging.Email, messaging.Text{Subject: "Your diabetes", Body: "{{.BookURL}}"}, "sure"},
		} {
			if _, err := s.Publish(background, x.owner, c.kind, c.channel, "en", c.text, 0, false); fields(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Publish(background, x.owner, messaging.Reopening, messaging.SMS, "en", messaging.Text{Body: "x"}, 0, false); !fault.Is(err, fault.NotFound) {
			t.Errorf("where an answer just goes, nothing opens a conversation again: %v", err)
		}
		if _, err := s.Publish(background, x.owner, messaging.Reminder, messaging.WhatsApp, "en", messaging.Text{Body: "Your diabetes check: {{.ManageURL}}"}, 0, true); err != nil {
			t.Error(err)
		}
		mail, err := s.Templates(background, x.owner)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mail {
			if own := m.Kind == messaging.Reminder && m.Channel == messaging.WhatsApp && m.Language == "en"; own == m.House {
				t.Errorf("%s by %s in %s: of the house %v", m.Kind, m.Channel, m.Language, m.House)
			}
		}
		if err := s.GoBack(background, x.owner, messaging.Reminder, messaging.WhatsApp, "en", 7, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("a version that is not there: %v", err)
		}
	})
}
