package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// talker is a provider at the edge of this room, over any channel. It remembers what it took and makes a receipt as
// it is told; the real ones have their own tests.
type talker struct {
	channel messaging.Channel
	mu      sync.Mutex
	got     []messaging.Outgoing
	answer  func(m messaging.Outgoing) messaging.Receipt
}

func (k *talker) Channel() messaging.Channel { return k.channel }
func (k *talker) Name() string               { return "talker-" + string(k.channel) }
func (k *talker) Provider() string           { return k.Name() }
func (k *talker) Check(map[string]string) ([]byte, string, string, error) {
	return []byte(`{}`), "+911234500000", "cret", nil
}
func (k *talker) Probe(context.Context, messaging.Connection) error { return nil }
func (k *talker) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r := messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "wamid." + m.To + "." + m.ID.String()}
	if k.answer != nil {
		r = k.answer(m)
	}
	if r.Outcome == messaging.Accepted {
		k.got = append(k.got, m)
	}
	return r
}
func (k *talker) Read(_ context.Context, _ messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	var news []messaging.Event
	err := json.Unmarshal(h.Body, &news)
	return news, messaging.Answer{}, err
}
func (k *talker) all() []messaging.Outgoing {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]messaging.Outgoing{}, k.got...)
}

// drafting is a talker that wants every text approved first, as WhatsApp does.
type drafting struct {
	meanwhile func(messaging.Proposal) error // happens before Propose answers; nil for nothing
	*talker
	asked []messaging.Proposal
	shelf shelf

	to, deaf  string // where its news is posted; with which code it refuses to
	elsewhere bool   // it takes the question and posts elsewhere
}

func (d *drafting) Propose(_ context.Context, _ messaging.Connection, p messaging.Proposal) (messaging.Verdict, error) {
	d.asked = append(d.asked, p)
	if d.meanwhile != nil {
		if err := d.meanwhile(p); err != nil {
			return messaging.Verdict{}, err
		}
	}
	return messaging.Verdict{Name: p.Name, Language: p.Language, Ref: "1", State: messaging.ApprovalPending}, nil
}
func (d *drafting) Verdicts(context.Context, messaging.Connection) ([]messaging.Verdict, error) {
	return nil, nil
}
func (d *drafting) Retract(context.Context, messaging.Connection, messaging.Verdict) error {
	return nil
}

// talk is a surgery whose clinic has an account for every channel.
type talk struct {
	*surgery
	whatsapp *drafting
	sms      *talker
	mail     *talker
	account  map[messaging.Channel]messaging.Account
	owner    access.Caller
	keys     int
}

func talking(t *testing.T, b *rig.Base) *talk {
	t.Helper()
	x := &talk{surgery: opened(t, b), whatsapp: &drafting{talker: &talker{channel: messaging.WhatsApp}}, sms: &talker{channel: messaging.SMS}, mail: &talker{channel: messaging.Email},
		account: map[messaging.Channel]messaging.Account{}, owner: b.As(access.Owner)}
	x.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: x.book, Carriers: []messaging.Carrier{x.carrier}, Accounts: []messaging.Provider{x.whatsapp, x.sms, x.mail}, Public: "https://clinic.example", Sender: "post@clinic.example"})
	for _, p := range []messaging.Provider{x.whatsapp, x.sms, x.mail} {
		a, err := x.messages.Connect(t.Context(), x.owner, p.Name(), map[string]string{}, true)
		if err != nil {
			t.Fatal(err)
		}
		x.account[p.Channel()] = a
	}
	return x
}

// approves has every kind's text approved in English.
func (x *talk) approves() {
	x.t.Helper()
	for _, k := range append(messaging.Kinds(), messaging.Reopening) {
		a, err := x.messages.ProposeText(x.t.Context(), x.owner, x.account[messaging.WhatsApp].ID, k, "en")
		if err != nil {
			x.t.Fatalf("%s: %v", k, err)
		}
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.TemplateNews, Name: a.Name, Lang: "en", Status: messaging.ApprovalApproved, Class: "utility"})
	}
}

// hears has the provider of the channel report news, and the house act on it.
func (x *talk) hears(c messaging.Channel, news ...messaging.Event) {
	x.t.Helper()
	for i := range news {
		if news[i].Key == "" {
			x.keys++
			news[i].Key = fmt.Sprint("key ", x.keys)
		}
		if news[i].At == 0 {
			news[i].At = clock.At(x.Clock.Now())
		}
	}
	body, err := json.Marshal(news)
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.messages.Hear(x.t.Context(), accounts.Public(x.Clinic), x.account[c].Provider, x.account[c].ID, messaging.Hook{Body: body}); err != nil {
		x.t.Fatal(err)
	}
	x.tick()
}

// books books for somebody with a number and an address, who agreed to everything.
func (x *talk) books(name, phone, email string, after time.Duration) scheduling.Appointment {
	x.t.Helper()
	a, err := x.tryBook(name, phone, email, after)
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

func (x *talk) tryBook(name, phone, email string, after time.Duration) (scheduling.Appointment, error) {
	r, err := x.desk.Book(x.t.Context(), accounts.Public(x.Clinic), scheduling.Booking{Service: x.service, Provider: x.provider, StartsAt: clock.At(rig.Start.Add(after)), Language: "en",
		Patient:  patients.Draft{Name: name, Phone: phone, Email: email, BirthDate: "1980-02-03", Language: "en"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Given: true}, {Purpose: consent.Followup, Given: true}, {Purpose: consent.Review, Given: true}}})
	return r.Appointment, err
}

func (x *talk) wishes(patient id.ID, c messaging.Channel) {
	x.t.Helper()
	if err := x.messages.SetWish(x.t.Context(), x.owner, patient, c); err != nil {
		x.t.Fatal(err)
	}
}

func (x *talk) status(a scheduling.Appointment) scheduling.Status {
	x.t.Helper()
	o, err := x.desk.Open(x.t.Context(), x.owner, a.ID)
	if err != nil {
		x.t.Fatal(err)
	}
	return o.Status
}

func (x *talk) thread(patient id.ID) messaging.Thread {
	x.t.Helper()
	out, err := x.messages.ThreadOf(x.t.Context(), x.owner, patient)
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

func (x *talk) may(patient id.ID, p consent.Purpose, c messaging.Channel) bool {
	x.t.Helper()
	var ok bool
	err := x.DB.View(x.t.Context(), x.owner, access.PatientRead, func(_ context.Context, v *store.View) (err error) {
		ok, _, err = consent.May(v, patient, p, string(c))
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return ok
}

const asha, ravi = "+919845010001", "+919845010002"

// TestAnotherChannelOnlyWhenOneIsClosedForGood: the patient's wish comes first; what a provider refuses for good for this
// person goes over the next channel, once; what is only late, or refused for another reason, does not.
func TestAnotherChannelOnlyWhenOneIsClosedForGood(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "one-channel")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		a := x.books("Asha Rao", asha, "asha@example.org", 50*time.Hour)
		x.wishes(a.Patient, messaging.WhatsApp)
		x.tick()
		if n := len(x.whatsapp.all()); n != 1 || len(x.sms.all())+len(x.mail.all()) != 0 {
			t.Fatalf("%d by WhatsApp, %d by SMS, %d by mail: she wished for WhatsApp", n, len(x.sms.all()), len(x.mail.all()))
		}
		m := x.whatsapp.all()[0]
		if m.Call == nil || len(m.Call.Payloads) != 3 || m.Call.Payloads[0] != "confirm:"+m.ID.String() || strings.Contains(strings.Join(m.Call.Payloads, " "), asha) || strings.Contains(m.Text, "{{") {
			t.Fatalf("the template: %+v\n%s", m.Call, m.Text)
		}
		// It is reported to have failed, but not for good: silence. Then for good: by mail, which costs nothing; once.
		sent := messaging.Event{Kind: messaging.StateNews, ProviderID: "wamid." + asha + "." + m.ID.String(), Reached: messaging.ReachedFailed, Code: "131026"}
		x.hears(messaging.WhatsApp, sent)
		if n := len(x.sms.all()) + len(x.mail.all()); n != 0 {
			t.Fatalf("%d more went out for what is only late", n)
		}
		b2 := x.books("Ravi Rao", ravi, "ravi@example.org", 52*time.Hour)
		x.wishes(b2.Patient, messaging.WhatsApp)
		x.tick()
		m = x.whatsapp.all()[1]
		gone := messaging.Event{Kind: messaging.StateNews, ProviderID: "wamid." + ravi + "." + m.ID.String(), Reached: messaging.ReachedFailed, Code: "131026", Permanent: true}
		x.hears(messaging.WhatsApp, gone)
		x.hears(messaging.WhatsApp, gone)
		if n := len(x.mail.all()); n != 1 || len(x.sms.all()) != 0 {
			t.Fatalf("%d by mail and %d by SMS instead", n, len(x.sms.all()))
		}
		// Refused at once by WhatsApp and by mail: then by SMS, and then nowhere.
		x.whatsapp.answer = func(messaging.Outgoing) messaging.Receipt {
			return messaging.Receipt{Outcome: messaging.Refused, Code: "131026", Elsewhere: true}
		}
		x.mail.answer, x.sms.answer = x.whatsapp.answer, x.whatsapp.answer
		c := x.books("Mina Rao", "+919845010003", "mina@example.org", 54*time.Hour)
		x.wishes(c.Patient, messaging.WhatsApp)
		for range 6 {
			x.tick()
		}
		list, err := x.messages.Recent(t.Context(), x.owner, messaging.Filter{Patient: c.Patient})
		if err != nil || len(list) != 3 {
			t.Fatalf("%v, %d messages, one a channel is wanted", err, len(list))
		}
		// Refused for another reason: nowhere else.
		x.whatsapp.answer = func(messaging.Outgoing) messaging.Receipt {
			return messaging.Receipt{Outcome: messaging.Refused, Code: "132001"}
		}
		d := x.books("Tara Rao", "+919845010004", "tara@example.org", 56*time.Hour)
		x.wishes(d.Patient, messaging.WhatsApp)
		x.tick()
		x.tick()
		if list, err = x.messages.Recent(t.Context(), x.owner, messaging.Filter{Patient: d.Patient}); err != nil || len(list) != 1 {
			t.Fatalf("%v, %d messages", err, len(list))
		}
	})
}

// TestButtons: a touch confirms, cancels, or brings the link to another time; one that comes too late, or from somebody
// else's phone, changes nothing and waits for a person.
func TestButtons(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "replies")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		book := func(name, phone string, after time.Duration) (scheduling.Appointment, messaging.Outgoing) {
			a := x.books(name, phone, "", after)
			x.wishes(a.Patient, messaging.WhatsApp)
			x.tick()
			all := x.whatsapp.all()
			return a, all[len(all)-1]
		}
		touch := func(phone string, m messaging.Outgoing, n int) {
			x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: phone}, Button: m.Call.Payloads[n], ReplyTo: "unknown"})
		}
		x.books("Ravi Rao", ravi, "", 48*time.Hour)
		a, m := book("Asha Rao", asha, 50*time.Hour)
		touch(ravi, m, 0)
		if s := x.status(a); s != scheduling.Booked {
			t.Fatalf("somebody else's touch made it %s", s)
		}
		touch(asha, m, 0)
		if s := x.status(a); s != scheduling.Confirmed {
			t.Fatalf("it is %s after Confirm", s)
		}
		touch(asha, m, 0)
		if th := x.thread(a.Patient); th.Unread != 0 || len(th.Lines) != 3 || th.Lines[1].Kind != "button.confirm" || th.Lines[1].Way != messaging.LineIn {
			t.Errorf("the conversation: %d unread, %+v", th.Unread, th.Lines)
		}
		before := len(x.whatsapp.all())
		touch(asha, m, 1)
		all := x.whatsapp.all()
		if len(all) != before+1 || all[before].Call != nil || !strings.Contains(all[before].Text, "https://clinic.example/m/") {
			t.Fatalf("after Change %d messages", len(all)-before)
		}
		// Only the provider's own id is told: the message that was answered says who it is.
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{UserID: "IN.77"}, Button: m.Call.Payloads[2], ReplyTo: "wamid." + asha + "." + m.ID.String()})
		if s := x.status(a); s != scheduling.Cancelled {
			t.Fatalf("it is %s after Cancel", s)
		}
		touch(asha, m, 0)
		if th := x.thread(a.Patient); x.status(a) != scheduling.Cancelled || th.Unread != 1 {
			t.Errorf("a touch that came too late: %s, %d unread", x.status(a), th.Unread)
		}
		// The id alone is known from then on.
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{UserID: "IN.77"}, Text: "And on Friday?"})
		if th := x.thread(a.Patient); th.Unread != 2 {
			t.Errorf("%d unread", th.Unread)
		}
	})
}

// TestAFamilysNumber: what comes from a number that several patients share waits until a person says who is meant, and
// shows in nobody's conversation until then; an answer to one of our messages is that patient's.
func TestAFamilysNumber(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "replies")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		one, two := x.books("Asha Rao", asha, "", 50*time.Hour), x.books("Kiran Rao", asha, "", 52*time.Hour)
		x.wishes(one.Patient, messaging.WhatsApp)
		x.wishes(two.Patient, messaging.WhatsApp)
		x.tick()
		from := messaging.Sender{Phone: asha}
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: from, Text: "The result please"})
		for _, p := range []id.ID{one.Patient, two.Patient} {
			if th := x.thread(p); th.Unread != 0 || !th.ID.IsZero() {
				t.Errorf("it shows in a conversation of %v", th.Name)
			}
		}
		list, err := x.messages.Inbox(t.Context(), x.owner, messaging.InboxFilter{})
		if err != nil || len(list) != 1 || !list[0].Patient.IsZero() || list[0].From == "" || strings.Contains(list[0].From, "45010001") || list[0].Snippet != "The result please" {
			t.Fatalf("%v %+v", err, list)
		}
		open, err := x.messages.OpenThread(t.Context(), x.owner, list[0].ID)
		if err != nil || len(open.Candidates) != 2 || len(open.Routes) != 0 || len(open.Lines) != 1 {
			t.Fatalf("%v %+v", err, open)
		}
		if _, err := x.messages.Answer(t.Context(), x.owner, list[0].ID, messaging.AnswerDraft{Channel: messaging.WhatsApp, Text: "It is here"}); !fault.Is(err, fault.Conflict) {
			t.Errorf("it is answered though nobody knows whom: %v", err)
		}
		into, err := x.messages.Meant(t.Context(), x.owner, list[0].ID, two.Patient)
		if err != nil {
			t.Fatal(err)
		}
		if th := x.thread(two.Patient); th.ID != into || th.Lines[len(th.Lines)-1].Text != "The result please" {
			t.Errorf("it did not come to whom it is meant for: %+v", th.Lines)
		}
		for _, l := range x.thread(one.Patient).Lines {
			if l.Way != messaging.LineAuto {
				t.Errorf("the other one's conversation has %q", l.Text)
			}
		}
		// The next question is asked anew; an answer to a message of ours needs no asking.
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: from, Text: "And the bill?"})
		if list, err = x.messages.Inbox(t.Context(), x.owner, messaging.InboxFilter{Box: messaging.BoxUnread}); err != nil || len(list) != 1 || !list[0].Patient.IsZero() {
			t.Fatalf("%v, %d conversations", err, len(list))
		}
		var m messaging.Outgoing
		for _, sent := range x.whatsapp.all() {
			if sent.ToName == "Asha Rao" {
				m = sent
			}
		}
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: from, Text: "I shall be late", ReplyTo: "wamid." + asha + "." + m.ID.String()})
		if th := x.thread(one.Patient); th.Unread != 1 {
			t.Errorf("%d unread", th.Unread)
		}
		// Nor does the provider's own id tell them apart, with the number or without it.
		seen := map[id.ID]int{one.Patient: x.thread(one.Patient).Unread, two.Patient: x.thread(two.Patient).Unread}
		for _, who := range []messaging.Sender{{Phone: asha, UserID: "IN.9"}, {UserID: "IN.9"}} {
			x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: who, Text: "One question more"})
		}
		for p, n := range seen {
			if now := x.thread(p).Unread; now != n {
				t.Errorf("it shows in the conversation of one of them: %d unread, %d before", now, n)
			}
		}
		// STOP closes for everybody who is reached there, and is answered once.
		before := len(x.whatsapp.all())
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: from, Text: "STOP"})
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: from, Text: "stop!"})
		if x.may(one.Patient, consent.Reminder, messaging.WhatsApp) || x.may(two.Patient, consent.Reminder, messaging.WhatsApp) {
			t.Error("STOP closed for one of them only")
		}
		if n := len(x.whatsapp.all()) - before; n != 1 {
			t.Errorf("STOP was answered %d times", n)
		}
	})
}

// TestTheWindow: answers go freely for 24 hours after the patient wrote, by the provider's clock; then the approved text
// opens the conversation again. The provider's word that it has closed is believed over our clock. Pressing twice sends once.
func TestTheWindow(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "whatsapp")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		a := x.books("Asha Rao", asha, "", 500*time.Hour)
		x.wishes(a.Patient, messaging.WhatsApp)
		x.tick()
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha, UserID: "IN.1"}, Text: "May I eat before?"})
		th := x.thread(a.Patient)
		if len(th.Routes) == 0 || th.Routes[0].Channel != messaging.WhatsApp || !th.Routes[0].Free || th.Routes[0].Until != clock.At(b.Clock.Now().Add(24*time.Hour)) {
			t.Fatalf("the routes: %+v", th.Routes)
		}
		desk := b.As(access.FrontDesk)
		say := func(d messaging.AnswerDraft) error {
			t.Helper()
			d.Channel = messaging.WhatsApp
			_, err := x.messages.Answer(t.Context(), desk, th.ID, d)
			return err
		}
		before := len(x.whatsapp.all())
		for range 2 {
			if err := say(messaging.AnswerDraft{Text: "Yes, you may.", Key: "one"}); err != nil {
				t.Fatal(err)
			}
		}
		all := x.whatsapp.all()
		if len(all) != before+1 || all[before].Text != "Yes, you may.\n" || all[before].To != asha {
			t.Fatalf("%d went out, %+v", len(all)-before, all[len(all)-1])
		}
		if got := x.thread(a.Patient); got.Unread != 0 || got.Lines[1].Kept || got.Lines[2].Kept || got.Lines[2].Way != messaging.LineOut || got.Lines[2].State != messaging.Sent {
			t.Errorf("a clinic that keeps no content: %+v", got.Lines)
		}
		var f *fault.Fault
		if err := say(messaging.AnswerDraft{Text: "  "}); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != "text" {
			t.Errorf("nothing was typed: %v", err)
		}
		// An old message that comes late opens nothing; nor does a replay.
		b.Clock.Move(24*time.Hour + time.Second)
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Text: "late", At: clock.At(b.Clock.Now().Add(-25 * time.Hour))})
		if err := say(messaging.AnswerDraft{Text: "Too late?"}); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "fault.inbox.window") {
			t.Fatalf("after the window: %v", err)
		}
		th = x.thread(a.Patient)
		if r := th.Routes[0]; r.Free || r.Template == "" || r.Reason != "" {
			t.Fatalf("the route after the window: %+v", r)
		}
		if err := say(messaging.AnswerDraft{Template: true}); err != nil {
			t.Fatal(err)
		}
		all = x.whatsapp.all()
		if m := all[len(all)-1]; m.Call == nil || !strings.HasPrefix(m.Call.Name, "inbox_reopen_") {
			t.Fatalf("%+v", m.Call)
		}
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{UserID: "IN.1"}, Text: "yes?"})
		if err := say(messaging.AnswerDraft{Text: "Here you are."}); err != nil {
			t.Fatal(err)
		}
		x.whatsapp.answer = func(messaging.Outgoing) messaging.Receipt {
			return messaging.Receipt{Outcome: messaging.Refused, Code: messaging.CodeWindow}
		}
		if err := say(messaging.AnswerDraft{Text: "And this."}); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "fault.inbox.window") {
			t.Fatalf("the provider says that it has closed: %v", err)
		}
		if r := x.thread(a.Patient).Routes[0]; r.Free {
			t.Error("our own clock is believed over the provider's word")
		}
		// Not now: nothing went out, nothing waits.
		x.whatsapp.answer = func(messaging.Outgoing) messaging.Receipt {
			return messaging.Receipt{Outcome: messaging.Later, Code: "131056", Wait: time.Second}
		}
		b.Clock.Move(time.Second)
		x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Text: "hello?"})
		if err := say(messaging.AnswerDraft{Text: "And that.", Key: "again"}); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "fault.inbox.later") {
			t.Fatalf("the provider wants to wait: %v", err)
		}
		x.whatsapp.answer = nil
		before = len(x.whatsapp.all())
		if err := say(messaging.AnswerDraft{Text: "And that.", Key: "again"}); err != nil || len(x.whatsapp.all()) != before+1 {
			t.Fatalf("the same form again: %v, %d went out", err, len(x.whatsapp.all())-before)
		}
		before = len(x.whatsapp.all())
		b.Clock.Move(time.Hour)
		x.tick()
		if n := len(x.whatsapp.all()); n != before {
			t.Errorf("%d went out by themselves", n-before)
		}
	})
}

// stops says STOP in twelve languages, each in a spelling of its own.
var stops = map[string]string{"English": "Stop!", "Hindi": "रोकें", "Tamil": "நிறுத்து", "Arabic": "إيقاف", "Urdu": "بند کریں", "Bengali": "বন্ধ করুন", "Telugu": "ఆపండి", "Marathi": "थांबवा",
	"Gujarati": "બંધ કરો", "Kannada": "ನಿಲ್ಲಿಸಿ", "Malayalam": "നിർത്തുക", "Punjabi": "ਬੰਦ ਕਰੋ"}

// TestStopInTwelveLanguagesOnEachChannel: STOP closes what needs consent, by that channel, at once, and is answered once there; the
// planned reminder does not go; what the appointment itself needs still does.
func TestStopInTwelveLanguagesOnEachChannel(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "stop-is-heard")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		sent := map[messaging.Channel]*talker{messaging.WhatsApp: x.whatsapp.talker, messaging.SMS: x.sms, messaging.Email: x.mail}
		n := 0
		for c, provider := range sent {
			for language, word := range stops {
				n++
				phone, email := fmt.Sprintf("+9198450%05d", 20000+n), fmt.Sprintf("p%d@example.org", n)
				a := x.books("Asha "+string(rune('A'+n/26))+string(rune('a'+n%26)), phone, email, 60*time.Hour+time.Duration(n)*time.Hour)
				x.wishes(a.Patient, c)
				x.tick()
				to := func() (out []messaging.Outgoing) {
					for _, m := range provider.all() {
						if m.To == phone || m.To == email {
							out = append(out, m)
						}
					}
					return out
				}
				from := messaging.Sender{Phone: phone}
				if c == messaging.Email {
					from = messaging.Sender{Address: email}
				}
				if len(to()) != 1 || !x.may(a.Patient, consent.Reminder, c) {
					t.Fatalf("%s by %s: %d messages", language, c, len(to()))
				}
				x.hears(c, messaging.Event{Kind: messaging.MessageNews, From: from, Text: word})
				x.hears(c, messaging.Event{Kind: messaging.MessageNews, From: from, Text: word})
				if got := to(); len(got) != 2 || !strings.Contains(got[1].Text, "understood") {
					t.Errorf("%s by %s: STOP was answered %d times", language, c, len(got)-1)
				}
				for _, p := range []consent.Purpose{consent.Reminder, consent.Followup, consent.Review} {
					if x.may(a.Patient, p, c) {
						t.Errorf("%s by %s: %s is still open", language, c, p)
					}
				}
				if other := map[messaging.Channel]messaging.Channel{messaging.WhatsApp: messaging.SMS, messaging.SMS: messaging.Email, messaging.Email: messaging.WhatsApp}[c]; !x.may(a.Patient, consent.Reminder, other) {
					t.Errorf("%s by %s closed %s", language, c, other)
				}
				if th := x.thread(a.Patient); th.Unread != 0 || !hasKind(th, "stop") {
					t.Errorf("%s by %s is not visible: %+v", language, c, th.Lines)
				}
			}
		}
		// The care of the booking goes on: a move is still told where STOP was said.
		a := x.books("Devi Rao", "+919845090001", "", 200*time.Hour)
		x.wishes(a.Patient, messaging.SMS)
		x.tick()
		x.hears(messaging.SMS, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: "+919845090001"}, Text: "stop"})
		before := len(x.sms.all())
		if _, err := x.desk.Move(t.Context(), accounts.ForPatient(b.Clinic, a.Patient, id.New(b.Clock.Now())), a.ID, scheduling.Move{StartsAt: clock.At(rig.Start.Add(210 * time.Hour)), Version: a.Version}); err != nil {
			t.Fatal(err)
		}
		x.tick()
		if n := len(x.sms.all()) - before; n != 1 {
			t.Errorf("%d messages told of the move", n)
		}
		x.hears(messaging.SMS, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: "+919845090001"}, Text: "Start"})
		if !x.may(a.Patient, consent.Reminder, messaging.SMS) {
			t.Error("START does not open again")
		}
	})
}

func hasKind(th messaging.Thread, kind string) bool {
	for _, l := range th.Lines {
		if l.Kind == kind {
			return true
		}
	}
	return false
}

// TestContentIsKeptAsTheClinicChose: by default nothing of what was said is kept beyond a day and an answer; with a
// number of days it is gone on the day after; shortening deletes at once; private notes stay.
func TestContentIsKeptAsTheClinicChose(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "answers-a-day")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		a := x.books("Asha Rao", asha, "", 1400*time.Hour)
		x.wishes(a.Patient, messaging.WhatsApp)
		x.tick()
		expire := func() {
			x.do(access.Work, x.system, func(tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
		}
		texts := func() (out []string) {
			for _, l := range x.thread(a.Patient).Lines {
				if l.Way != messaging.LineAuto && l.Text != "" {
					out = append(out, l.Text)
				}
			}
			return out
		}
		want := func(what string, expected ...string) {
			t.Helper()
			if got := texts(); fmt.Sprint(got) != fmt.Sprint(expected) {
				t.Errorf("%s: %q is kept, %q is wanted", what, got, expected)
			}
		}
		exchange := func(n string) {
			t.Helper()
			b.Clock.Move(time.Second)
			x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: asha}, Text: "question " + n})
			b.Clock.Move(time.Second)
			if _, err := x.messages.Answer(t.Context(), x.owner, x.thread(a.Patient).ID, messaging.AnswerDraft{Channel: messaging.WhatsApp, Text: "answer " + n}); err != nil {
				t.Fatal(err)
			}
		}
		set := func(c messaging.Content, days int) {
			t.Helper()
			now, err := x.messages.Setting(t.Context(), x.owner)
			if err != nil {
				t.Fatal(err)
			}
			now.Content, now.Days = c, days
			if err := x.messages.SaveSetting(t.Context(), x.owner, now); err != nil {
				t.Fatal(err)
			}
		}
		exchange("0")
		want("nothing chosen")
		if err := x.messages.Note(t.Context(), x.owner, x.thread(a.Patient).ID, "a note"); err != nil {
			t.Fatal(err)
		}
		set(messaging.ContentDays, 30)
		exchange("1")
		want("thirty days", "a note", "question 1", "answer 1")
		b.Clock.Move(30*24*time.Hour - time.Minute)
		expire()
		want("on the thirtieth day", "a note", "question 1", "answer 1")
		b.Clock.Move(2 * time.Minute)
		expire()
		want("on day 31", "a note")
		set(messaging.ContentFull, 0)
		exchange("2")
		b.Clock.Move(100 * 24 * time.Hour)
		expire()
		want("for good", "a note", "question 2", "answer 2")
		set(messaging.ContentDays, 101)
		expire()
		want("shortened to 101 days", "a note", "question 2", "answer 2")
		set(messaging.ContentDays, 99)
		expire()
		want("shortened to 99 days", "a note")
		set(messaging.ContentFull, 0)
		exchange("3")
		set(messaging.ContentNone, 0)
		want("nothing any more", "a note")
		x.do(access.PatientDelete, x.owner, func(tx *store.Tx) error { return messaging.Keeper{}.Erase(tx, a.Patient) })
		if th := x.thread(a.Patient); !th.ID.IsZero() || len(th.Lines) != 0 {
			t.Errorf("after the erasure: %+v", th)
		}
	})
}
