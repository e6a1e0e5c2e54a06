package messaging_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// Listen makes drafting a provider that has to be asked to post its news.
func (d *drafting) Listen(_ context.Context, c messaging.Connection) error {
	if d.deaf != "" {
		return fault.New(fault.Invalid, "fault.whatsapp.refused").With("Code", d.deaf)
	}
	d.to = c.HookURL
	return nil
}

// Listening says where it posts.
func (d *drafting) Listening(_ context.Context, c messaging.Connection) (bool, error) {
	return d.to == c.HookURL && !d.elsewhere, nil
}

// whatsappAccount is the account as its card shows it.
func (x *talk) whatsappAccount() messaging.Account {
	x.t.Helper()
	list, err := x.messages.Accounts(x.t.Context(), x.owner)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, a := range list {
		if a.Channel == messaging.WhatsApp {
			return a
		}
	}
	x.t.Fatal("no account")
	return messaging.Account{}
}

// TestAskedToPost: after an account is connected, tried or given other keys, its provider is asked to post its news to us; that it does
// not is no refusal, and is shown with its code.
func TestAskedToPost(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		a := x.whatsappAccount()
		if a.Hears != messaging.HearingOn || x.whatsapp.to != a.HookURL || a.HearsAt == 0 {
			t.Errorf("after it was connected: %q, posts to %q", a.Hears, x.whatsapp.to)
		}
		x.whatsapp.deaf = "200"
		if err := x.messages.TestAccount(t.Context(), x.owner, a.ID); err != nil {
			t.Errorf("an account that works is refused because its provider does not post: %v", err)
		}
		if a = x.whatsappAccount(); a.Hears != "200" || a.State != messaging.AccountActive {
			t.Errorf("%q %s", a.Hears, a.State)
		}
		x.whatsapp.deaf, x.whatsapp.elsewhere = "", true
		if err := x.messages.ChangeKeys(t.Context(), x.owner, a.ID, a.Version, map[string]string{}); err != nil {
			t.Fatal(err)
		}
		if a = x.whatsappAccount(); a.Hears != messaging.HearingOff {
			t.Errorf("it posts elsewhere, and we say %q", a.Hears)
		}
	})
}

// TestStrangeReportsAreCounted: what nobody understands is counted by day, and of the newest its kind is told and nothing else.
func TestStrangeReportsAreCounted(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "strange-reports")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		if s := x.whatsappAccount().Strange; s != (messaging.Strange{}) {
			t.Errorf("before anything came: %+v", s)
		}
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.Unknown, Name: "calls", Raw: []byte(`{"from":"919845012345"}`)})
		b.Clock.Move(26 * time.Hour)
		news := messaging.Event{Kind: messaging.Unknown, Key: "same", Name: "Asha Rao, +91 98450", Raw: []byte("x")}
		x.hears(messaging.WhatsApp, news, messaging.Event{Kind: messaging.Unknown, Name: "message_echoes"})
		x.hears(messaging.WhatsApp, news) // a replay
		s := x.whatsappAccount().Strange
		if s.Count != 3 || s.At.Time().Sub(b.Clock.Now()).Abs() > time.Minute || s.Kind != "message_echoes" && s.Kind != "" {
			t.Errorf("%+v", s)
		}
		err := b.DB.View(t.Context(), x.owner, "message.settings", func(_ context.Context, v *store.View) error {
			var n int
			err := v.Row(`SELECT COUNT(*) FROM heard WHERE clinic_id = $1 AND news = 'unknown' AND event IS NOT NULL`).Scan(&n)
			if err == nil && n > 0 {
				t.Errorf("the content of %d is kept", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(31 * 24 * time.Hour)
		if s := x.whatsappAccount().Strange; s.Count != 0 {
			t.Errorf("a month later: %+v", s)
		}
	})
}

// TestSomebodyUnknownIsFound: by the end of the number or the whole of it, and by no other; once it is said who is meant, as the patient.
func TestSomebodyUnknownIsFound(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "unknown-found")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		a := x.books("Asha Rao", asha, "", 50*time.Hour)
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: "+919845077123"}, Text: "Who is this?"})
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: "+919911177123"}, Text: "And this?"})
		x.hears(messaging.Email, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Address: "somebody@example.org"}, Text: "Hello"})
		found := func(typed string) (out []string) {
			t.Helper()
			list, err := x.messages.Inbox(t.Context(), x.owner, messaging.InboxFilter{Typed: typed})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				out = append(out, s.Snippet)
			}
			return out
		}
		for typed, want := range map[string]string{"7123": "And this?|Who is this?", "+91 98450 77123": "Who is this?", "098450 77123": "Who is this?", "77123": "And this?|Who is this?", "9845077124": "", "123": "",
			"somebody@example.org": "Hello", "SOMEBODY@example.org": "Hello", "somebody": "", "asha": ""} {
			if got := strings.Join(found(typed), "|"); got != want {
				t.Errorf("%q finds %q, want %q", typed, got, want)
			}
		}
		list, err := x.messages.Inbox(t.Context(), x.owner, messaging.InboxFilter{Typed: "9845077123"})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if _, err := x.messages.Meant(t.Context(), x.owner, list[0].ID, a.Patient); err != nil {
			t.Fatal(err)
		}
		if got := found("9845077123"); len(got) != 0 {
			t.Errorf("it is still somebody unknown: %q", got)
		}
		// A copy of the database confirms no number: what is stored is shared by one in 65,536, and is no token of the whole number.
		var buckets, wide int
		err = b.DB.View(t.Context(), x.owner, "message.settings", func(_ context.Context, v *store.View) error {
			if err := v.Row(`SELECT COUNT(*) FROM peer_bucket WHERE clinic_id = $1 AND bucket >= 0`).Scan(&buckets); err != nil {
				return err
			}
			return v.Row(`SELECT COUNT(*) FROM peer_bucket WHERE clinic_id = $1 AND bucket >= 524288`).Scan(&wide) // 16 bits behind a number of one digit
		})
		if err != nil || buckets != 2 || wide != 0 {
			t.Errorf("%d buckets, %d of them wider than 16 bits, %v", buckets, wide, err)
		}
	})
}
