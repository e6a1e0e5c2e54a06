package messaging_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// outside finds whatever a mail program would fetch when the mail is opened.
var outside = regexp.MustCompile(`(?i)<(img|link|script|iframe|object|embed|video|audio|source|svg|style|base|meta[^>]*http-equiv)|url\(|background=|srcset=|@import`)

func TestMailsCarryNoTracker(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "delivery-metadata")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		a := s.booking(rig.Start.Add(50*time.Hour), true)
		s.tick()
		s.Clock.Move(26*time.Hour + time.Minute)
		s.tick()
		if _, err := s.desk.Cancel(background, s.As(access.Owner), a.ID, a.Version); err != nil {
			t.Fatal(err)
		}
		s.Clock.Move(4 * time.Minute)
		s.tick()
		got := s.carrier.all()
		if len(got) != 3 {
			t.Fatalf("%d mails", len(got))
		}
		for _, m := range got {
			if found := outside.FindString(m.HTML); found != "" {
				t.Errorf("the mail would fetch something: %s", found)
			}
			for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(m.HTML, -1) {
				if !strings.HasPrefix(href[1], "https://clinic.example/m/") {
					t.Errorf("a link leads elsewhere: %s", href[1])
				}
				if !strings.Contains(m.Text, href[1]) {
					t.Error("the HTML has a link that the text has not")
				}
			}
		}
		if r := got[1]; !strings.HasSuffix(r.UnsubscribeURL, strings.TrimPrefix(messaging.StopPath("T", consent.Reminder), "/m/T")) || !strings.Contains(r.Text, r.UnsubscribeURL) || r.Calendar != nil {
			t.Errorf("the reminder %q cannot be stopped from within: %q, calendar %v\n%s", r.Subject, r.UnsubscribeURL, r.Calendar != nil, r.Text)
		}
	})
}

func TestTemplatesOfAClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "texts-without-health")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		owner := s.As(access.Owner)
		list, err := s.messages.Templates(background, owner)
		if err != nil || len(list) != 2*len(messaging.Kinds()) { // four kinds, English and Hindi
			t.Fatalf("%d templates, %v", len(list), err)
		}
		for _, x := range list {
			if !x.House || strings.Contains(x.Subject+x.Body, "[") || !strings.Contains(x.Body, "{{.PatientName}}") {
				t.Errorf("the house's %s in %s: %q", x.Kind, x.Language, x.Subject)
			}
		}
		for name, c := range map[string]struct {
			text  messaging.Text
			field string
		}{
			"unknown":     {messaging.Text{Subject: "Hello", Body: "{{.Diagnosis}}"}, "body"},
			"no dot":      {messaging.Text{Subject: "{{When}}", Body: "x"}, "subject"},
			"a function":  {messaging.Text{Subject: "Hello", Body: "{{.When | print}}"}, "body"},
			"open braces": {messaging.Text{Subject: "Hello", Body: "{{.When"}, "body"},
			"stray":       {messaging.Text{Subject: "Hello }}", Body: "x"}, "subject"},
			"empty":       {messaging.Text{Subject: "", Body: "x"}, "subject"},
			"long":        {messaging.Text{Subject: strings.Repeat("x", 151), Body: "x"}, "subject"},
			"lines":       {messaging.Text{Subject: "a\nb", Body: "x"}, "subject"},
		} {
			for _, do := range []func() error{
				func() error {
					_, err := s.messages.Preview(background, owner, messaging.Booked, messaging.Email, "en", c.text)
					return err
				},
				func() error {
					_, err := s.messages.Publish(background, owner, messaging.Booked, messaging.Email, "en", c.text, 0, false)
					return err
				},
			} {
				var f *fault.Fault
				if err := do(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != c.field {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		text := messaging.Text{Subject: "See you, {{.PatientName}}", Body: "<b>{{.PatientName}}</b>\nOn {{.When}}\n\nRoom: {{.Address}}\n{{.ManageURL}}"}
		warned, err := s.messages.Publish(background, owner, messaging.Booked, messaging.Email, "en", text, 0, false)
		if err != nil || len(warned) != 0 {
			t.Fatal(warned, err)
		}
		if _, err := s.messages.Publish(background, owner, messaging.Booked, messaging.Email, "en", text, 0, false); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a lost race: %v", err)
		}
		if _, err := s.messages.Publish(background, s.As(access.FrontDesk), messaging.Booked, messaging.Email, "en", text, 1, false); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("the front desk publishes: %v", err)
		}
		a := s.booking(rig.Start.Add(50*time.Hour), false)
		s.do(access.PatientWrite, owner, func(tx *store.Tx) error {
			tx.Record(audit.Note{Action: "test", Kind: "patient", Subject: a.Patient})
			sealed, err := tx.Seal(a.Patient, "patient", "name", a.Patient, "<i>Asha</i>\r\nBcc: x {{.When}}")
			if err != nil {
				return err
			}
			return tx.Must(`UPDATE patient SET name = $3 WHERE clinic_id = $1 AND id = $2`, a.Patient, sealed)
		})
		s.tick()
		m := s.carrier.all()[0]
		if m.Subject != "See you, <i>Asha</i> Bcc: x {{.When}}" {
			t.Errorf("the subject is %q", m.Subject)
		}
		if !strings.Contains(m.HTML, "&lt;b&gt;&lt;i&gt;Asha") || strings.Contains(m.HTML, "<i>") {
			t.Errorf("a name is not escaped: %s", m.HTML)
		}
		if strings.Contains(m.Text, "Room") {
			t.Error("a line without its value was left standing")
		}
		one, err := s.messages.One(background, owner, m.ID)
		if err != nil || one.Passport.Template != 1 || !slices.Contains(one.Passport.Fields, "When") {
			t.Errorf("the passport says %+v, %v", one.Passport, err)
		}
		if err := s.messages.Restore(background, owner, messaging.Booked, messaging.Email, "en", 1); err != nil {
			t.Fatal(err)
		}
		now, earlier, err := s.messages.Template(background, owner, messaging.Booked, messaging.Email, "en")
		if err != nil || !now.House || now.Version != 2 || len(earlier) != 2 || earlier[1].Subject != text.Subject {
			t.Errorf("after going back: %+v, %d earlier, %v", now, len(earlier), err)
		}
		p, err := s.messages.Preview(background, owner, messaging.Reminder, messaging.Email, "en", messaging.Text{Subject: "Your diabetes check", Body: "On {{.When}}"})
		if err != nil || len(p.Warnings) != 2 || p.Warnings[0].Code != messaging.WarnHealth || !slices.Contains(p.Warnings[0].Words, "diabetes") {
			t.Errorf("warnings %+v, %v", p.Warnings, err)
		}
		// What goes out only with agreement and seems to speak of health is not taken into use until the writer is sure.
		health := messaging.Text{Subject: "Your diabetes check", Body: "On {{.When}}"}
		_, err = s.messages.Publish(background, owner, messaging.Reminder, messaging.Email, "en", health, 0, false)
		var asked *fault.Fault
		if !errors.As(err, &asked) || len(asked.Fields) != 1 || asked.Fields[0].Name != "sure" {
			t.Errorf("words about health are taken without a question: %v", err)
		}
		if _, err = s.messages.Publish(background, owner, messaging.Reminder, messaging.Email, "en", health, 0, true); err != nil {
			t.Errorf("the writer is sure: %v", err)
		}
		if !strings.Contains(p.Text, "10:30 am") || !strings.Contains(p.HTML, "<html lang=\"en\" dir=\"ltr\">") {
			t.Errorf("the preview:\n%s", p.Text)
		}
	})
}

func TestNamesThatRunTheOtherWay(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	s := opened(t, b)
	p, err := s.messages.Preview(background, s.As(access.Owner), messaging.Booked, messaging.Email, "ar", messaging.Text{Subject: "x", Body: "{{.ClinicName}} x"})
	if err != nil || !strings.Contains(p.Text, "\u2068Clinic sunrise\u2069") || !strings.Contains(p.HTML, `dir="rtl"`) {
		t.Fatalf("%q, %v", p.Text, err)
	}
}

// TestMessagesComeInThePatientsLanguage books for a patient who is written to in Hindi, at a desk that speaks English.
func TestMessagesComeInThePatientsLanguage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-language")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		_, err := s.desk.Book(background, accounts.Public(b.Clinic), scheduling.Booking{Service: s.service, Provider: s.provider, StartsAt: clock.At(rig.Start.Add(50 * time.Hour)),
			Language: "en", Patient: patients.Draft{Name: "Asha Rao", Email: "asha@example.org", Language: "hi"}})
		if err != nil {
			t.Fatal(err)
		}
		s.tick()
		got := s.carrier.all()
		if len(got) != 1 || got[0].Language != "hi" || !strings.Contains(got[0].HTML, `lang="hi"`) || !strings.ContainsFunc(got[0].Text, func(r rune) bool { return unicode.Is(unicode.Devanagari, r) }) {
			t.Fatalf("%d mails: %+v", len(got), got)
		}
	})
}
