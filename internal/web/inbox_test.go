package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/journeys"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// wire is a provider at the edge of the house, over any channel: it remembers what it took, and answers as it is told.
type wire struct {
	channel messaging.Channel
	got     []messaging.Outgoing
	receipt messaging.Receipt // what it says; zero: it takes everything
}

func (k *wire) Channel() messaging.Channel { return k.channel }
func (k *wire) Name() string               { return "wire-" + string(k.channel) }
func (k *wire) Provider() string           { return k.Name() }
func (k *wire) Check(map[string]string) ([]byte, string, string, error) {
	return []byte(`{}`), "+911234500000", "cret", nil
}
func (k *wire) Probe(context.Context, messaging.Connection) error { return nil }
func (k *wire) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	if k.receipt.Outcome != "" {
		return k.receipt
	}
	k.got = append(k.got, m)
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "its." + m.ID.String()}
}
func (k *wire) Read(_ context.Context, _ messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	var news []messaging.Event
	return news, messaging.Answer{}, json.Unmarshal(h.Body, &news)
}

// approving is a wire that wants every text approved first, as WhatsApp does.
type approving struct{ *wire }

func (approving) Propose(_ context.Context, _ messaging.Connection, p messaging.Proposal) (messaging.Verdict, error) {
	return messaging.Verdict{Name: p.Name, Language: p.Language, Ref: "1", State: messaging.ApprovalPending}, nil
}
func (approving) Verdicts(context.Context, messaging.Connection) ([]messaging.Verdict, error) {
	return nil, nil
}
func (approving) Retract(context.Context, messaging.Connection, messaging.Verdict) error { return nil }

// post is an office that patients write to.
type post struct {
	*office
	whatsapp, sms *wire
	account       map[messaging.Channel]messaging.Account
	news          int
}

func openPost(t *testing.T) *post {
	t.Helper()
	x := &post{whatsapp: &wire{channel: messaging.WhatsApp}, sms: &wire{channel: messaging.SMS}, account: map[messaging.Channel]messaging.Account{}}
	x.office = openOfficeWith(t, func(*office) []messaging.Provider { return []messaging.Provider{approving{x.whatsapp}, x.sms} })
	for _, k := range []*wire{x.whatsapp, x.sms} {
		a, err := x.messages.Connect(t.Context(), x.owner.who, k.Name(), map[string]string{}, true)
		if err != nil {
			t.Fatal(err)
		}
		x.account[k.channel] = a
	}
	return x
}

// hears lets a provider report news, which the house takes in.
func (x *post) hears(c messaging.Channel, e messaging.Event) {
	x.t.Helper()
	x.news++
	e.Key, e.At = fmt.Sprint("news ", x.news), clock.At(x.Clock.Now())
	body, err := json.Marshal([]messaging.Event{e})
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.messages.Hear(x.t.Context(), accounts.Public(x.Clinic), x.account[c].Provider, x.account[c].ID, messaging.Hook{Body: body}); err != nil {
		x.t.Fatal(err)
	}
	err = x.DB.Change(x.t.Context(), x.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a tick by hand")
		events, err := journeys.Due(&tx.View, 100)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := journeys.Act(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *post) writes(c messaging.Channel, from, text string) {
	x.t.Helper()
	x.hears(c, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: from}, Text: text})
}

// approves has the text approved that opens a conversation again.
func (x *post) approves() {
	x.t.Helper()
	a, err := x.messages.ProposeText(x.t.Context(), x.owner.who, x.account[messaging.WhatsApp].ID, messaging.Reopening, "en")
	if err != nil {
		x.t.Fatal(err)
	}
	x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.TemplateNews, Name: a.Name, Lang: "en", Status: messaging.ApprovalApproved, Class: "utility"})
}

var talkLink = regexp.MustCompile(`href="(/app/inbox/[0-9a-z-]{36})"`)

// talks are the addresses of the conversations that the page lists, in its order.
func talks(body string) (out []string) {
	for _, m := range talkLink.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

// field is the value of the first hidden field of the name.
func field(t *testing.T, body, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no field %s", name)
	}
	return html.UnescapeString(m[1])
}

const ashaPhone, shared = "+919845012345", "+919845054321"

// TestInboxFromQuestionToAnswer: what a patient writes is listed unread, opened, answered by the channel that she used,
// noted about, given to somebody and closed.
func TestInboxFromQuestionToAnswer(t *testing.T) {
	t.Parallel()
	x := openPost(t)
	v := x.as("front-desk")
	wants(t, v.get("/app/inbox"), 200, "Nobody waits", "!class=\"talk ")
	a := x.booked("Asha Rao", ashaPhone, 0, tuesday, "10:00")
	x.writes(messaging.SMS, ashaPhone, "Can <b>we</b> come at five?")
	wants(t, v.get("/app"), 200, "1 conversation is unread", "/app/inbox?box=unread")
	body := wants(t, v.get("/app/inbox"), 200, "Asha Rao", "Can <b>we</b> come at five?", "SMS", `<b class="n">1<`, "!"+ashaPhone)
	if strings.Contains(body, "<b>we</b>") {
		t.Error("what somebody wrote comes through as markup")
	}
	wants(t, v.get("/app/messages"), 200, "!Can <b>we</b>")
	talk := talks(body)[0]
	wants(t, v.part("/app/inbox/rows"), 200, "Asha Rao", `data-part="rows"`, "!<!doctype")
	wants(t, v.seek("/app/inbox", "q", "2345"), 200, "Asha Rao")
	wants(t, v.seek("/app/inbox", "q", "Mina"), 200, "Nothing found here", "!Asha Rao")
	wants(t, v.get("/app/inbox?box=lost"), 404)
	wants(t, v.get("/app/inbox/"+a.ID.String()), 404)

	body = wants(t, v.get(talk), 200, "Can <b>we</b> come at five?", "Next appointment", "24 Nov 2026, 10:00 am", "Dr Nair", "/app/patients/"+a.Patient.String(), `value="sms"`, "keeps no texts", "!"+ashaPhone, "!Who is meant", "Inbox")
	wants(t, v.get("/app/inbox?box=unread"), 200, "Everything is read")

	// An answer: what is wrong is named, what was typed stays, pressing twice sends once.
	wants(t, v.send(talk+"/answer", "channel", "sms", "text", "  ", "key", "k0"), 422, "#f-text", `<textarea class="in" id="f-text"`)
	wants(t, v.send(talk+"/answer", "channel", "pigeon", "text", "Yes, do.", "key", "k0"), 422, "#f-channel", "Yes, do.")
	key := field(t, body, "key")
	leads(t, v.send(talk+"/answer", "channel", "sms", "text", "Yes, do.", "key", key), talk+"?done=inbox-sent")
	leads(t, v.send(talk+"/answer", "channel", "sms", "text", "Yes, do.", "key", key), talk)
	if n := len(x.sms.got); n != 1 || x.sms.got[0].Text != "Yes, do.\n" {
		t.Fatalf("%d went out: %+v", n, x.sms.got)
	}
	wants(t, v.get(talk+"?done=inbox-sent"), 200, "Sent.", "The text is not kept", "/app/messages/", "You</b>", "!Can <b>we</b>", "!Yes, do.")

	// A refusal keeps the text, and a fresh key: the same words can be sent again.
	x.sms.receipt = messaging.Receipt{Outcome: messaging.Later, Code: "30001"}
	body = wants(t, v.send(talk+"/answer", "channel", "sms", "text", "And bring the report.", "key", "k1"), 409, "And bring the report.</textarea>", "cannot take the message just now")
	if field(t, body, "key") == "k1" {
		t.Error("a refused answer cannot be sent again under its key")
	}
	x.sms.receipt = messaging.Receipt{Outcome: messaging.Uncertain}
	body = wants(t, v.send(talk+"/answer", "channel", "sms", "text", "And bring the report.", "key", "k2"), 409, "And bring the report.</textarea>", "not known whether the message went out")
	if field(t, body, "key") != "k2" {
		t.Error("what may have gone would go twice under another key")
	}
	leads(t, v.send(talk+"/answer", "channel", "sms", "text", "And bring the report.", "key", "k2"), talk)
	x.sms.receipt = messaging.Receipt{}

	// A ready reply, a note, somebody to look after it.
	if _, err := x.messages.SaveCanned(t.Context(), x.owner.who, messaging.Canned{Title: "Lift", Body: "There is a <lift>."}); err != nil {
		t.Fatal(err)
	}
	body = wants(t, v.get(talk), 200, "Ready replies", "There is a <lift>.")
	ready := field(t, strings.ReplaceAll(body, `name="insert" value`, `name="ready" value`), "ready")
	wants(t, v.send(talk+"/answer", "insert", ready, "text", "Hello Asha.", "channel", "sms"), 200, "Hello Asha.\nThere is a <lift>.</textarea>")
	wants(t, v.send(talk+"/answer", "insert", a.ID.String(), "text", "x"), 404)
	if len(x.sms.got) != 1 {
		t.Error("a ready reply was sent by itself")
	}
	wants(t, v.send(talk+"/note", "note", ""), 422, "#f-note", "<details class=\"noting\" open>")
	leads(t, v.send(talk+"/note", "note", "She comes by bus."), talk+"?done=inbox-note")
	body = wants(t, v.get(talk), 200, "Private note", "She comes by bus.", "Nobody", "Person front-desk")
	version := field(t, body, "version")
	person := v.who.Actor().String()
	wants(t, v.send(talk+"/assign", "version", version, "person", a.Patient.String()), 404)
	billing := x.as("billing")
	wants(t, v.send(talk+"/assign", "version", version, "person", billing.who.Actor().String()), 404)
	leads(t, v.send(talk+"/assign", "version", version, "person", person, "box", "mine"), talk+"?box=mine&done=inbox-assigned")
	wants(t, v.send(talk+"/assign", "version", version, "person", ""), 409, "Somebody changed this")
	wants(t, v.get("/app/inbox?box=mine"), 200, "Asha Rao", "Yours")
	wants(t, x.owner.get("/app/inbox"), 200, "Person front-desk", "!Yours")
	wants(t, x.owner.get("/app/inbox?box=mine"), 200, "No open conversation is yours")

	// Closed, and open again.
	version = field(t, wants(t, v.get(talk), 200), "version")
	wants(t, v.send(talk+"/state", "version", version, "to", "lost"), 404)
	leads(t, v.send(talk+"/state", "version", version, "to", "done"), "/app/inbox?done=inbox-closed")
	wants(t, v.get("/app/inbox?done=inbox-closed"), 200, "The conversation is closed", "!Asha Rao")
	wants(t, v.get("/app/inbox?box=done"), 200, "Asha Rao", "Closed")
	leads(t, v.send(talk+"/state", "version", field(t, wants(t, v.get(talk), 200, "Open again"), "version"), "to", "open"), talk+"?done=inbox-opened")
	wants(t, v.part(talk+"/live"), 200, `data-part="lines"`, `data-part="routes"`, `data-part="acts"`, "!<textarea", "!<!doctype")

	// The patient's page shows the same, for those who may read it.
	page := "/app/patients/" + a.Patient.String()
	wants(t, v.get(page), 200, "Conversation", "She comes by bus.", talk, "Open in the inbox")
	wants(t, billing.get(page), 200, "!She comes by bus.", "!/app/inbox")
	wants(t, billing.get("/app/inbox"), 403)
	wants(t, billing.get(talk), 403)
	wants(t, billing.send(talk+"/answer", "channel", "sms", "text", "x"), 403)
	wants(t, x.owner.get("/app/audit?what=thread"), 200, "Answered", "Wrote a private note", "Conversation", "!She comes by bus.", "!Yes, do.")
}

// TestInboxWhoIsMeant: a number that several people have names nobody in the conversation; whoever answers says first who is meant.
func TestInboxWhoIsMeant(t *testing.T) {
	t.Parallel()
	x := openPost(t)
	v := x.as("front-desk")
	asha := x.booked("Asha Rao", shared, 0, tuesday, "10:00")
	x.booked("Kiran Rao", shared, 1, tuesday, "10:00")
	mina := x.booked("Mina Das", "+919845099999", 1, tuesday, "11:00")
	x.writes(messaging.SMS, shared, "We are late")
	body := wants(t, v.get("/app/inbox"), 200, "Who is meant?", "4321", "We are late", "!Asha Rao", "!Kiran Rao", "!"+shared)
	talk := talks(body)[0]
	body = wants(t, v.get(talk), 200, "Several people are reached there", "Asha Rao", "Kiran Rao", "Say first who is meant", "/app/patients/new", "!f-text", "!"+shared)
	said := body[strings.Index(body, `class="said"`):]
	if strings.Contains(said, "Kiran") || strings.Contains(said, "Asha") {
		t.Error("the conversation names members of the family")
	}
	wants(t, v.seek(talk, "find", "Mina"), 200, "Mina Das", `name="patient" value="`+mina.Patient.String())
	wants(t, v.seek(talk, "find", "zz"), 200, "Nobody found")
	wants(t, v.send(talk+"/answer", "channel", "sms", "text", "Which of you?"), 409, "Say first which patient is meant")
	wants(t, v.send(talk+"/meant", "patient", asha.ID.String()), 404)
	done := v.send(talk+"/meant", "patient", asha.Patient.String())
	to := done.Header().Get("Location")
	if done.Code != 303 || !strings.HasSuffix(to, "?done=inbox-meant") {
		t.Fatalf("%d %s", done.Code, to)
	}
	wants(t, v.get(to), 200, "now this patient’s", "Asha Rao", "We are late", "f-text", "!Kiran Rao")
	wants(t, v.get(talk), 404)
	wants(t, v.send(talk+"/meant", "patient", asha.Patient.String()), 404)
	x.writes(messaging.SMS, "+919900112233", "Who is this?")
	talk = talks(wants(t, v.get("/app/inbox"), 200))[0]
	wants(t, v.get(talk), 200, "Nobody on record is reached there", "Who is this?")
}

// TestInboxWindow: after 24 hours the message that can go is offered in the place of the answer, and what was typed stays.
func TestInboxWindow(t *testing.T) {
	t.Parallel()
	x := openPost(t)
	v := x.as("front-desk")
	x.booked("Asha Rao", ashaPhone, 0, tuesday, "10:00")
	x.writes(messaging.WhatsApp, ashaPhone, "May I eat before?")
	body := wants(t, v.get("/app/inbox"), 200, "WhatsApp", "Open until 24 Nov, 9:30 am")
	talk := talks(body)[0]
	wants(t, v.get(talk), 200, "Open until 24 Nov, 9:30 am", `data-until="2026-11-24T09:30:00+05:30"`, "!Send this message")
	x.Clock.Move(24*time.Hour + time.Second)
	v = x.as("assistant") // whoever was there yesterday has to sign in anew
	wants(t, v.get("/app/inbox"), 200, "Template only")
	wants(t, v.get(talk), 200, "no message is approved that could open the conversation again", "!Send this message")
	wants(t, v.send(talk+"/answer", "channel", "whatsapp", "text", "Yes, a little.", "key", "k"), 409, "Yes, a little.</textarea>")
	x.approves()
	wants(t, v.get(talk), 200, "Send this message; you can answer freely once she replies", "Desk Clinic has an answer for you", `id="f-channel-whatsapp" value="whatsapp" checked data-shut`)
	wants(t, v.send(talk+"/answer", "channel", "whatsapp", "text", "Yes, a little.", "key", "k2"), 409, "Yes, a little.</textarea>", "Send this message")
	leads(t, v.send(talk+"/answer", "channel", "whatsapp", "text", "Yes, a little.", "template", "1", "key", "k3"), talk+"?done=inbox-sent")
	if n := len(x.whatsapp.got); n != 1 || x.whatsapp.got[0].Call == nil {
		t.Fatalf("%d went out: %+v", n, x.whatsapp.got)
	}
	x.writes(messaging.WhatsApp, ashaPhone, "yes?")
	wants(t, v.get(talk), 200, "Open until", "!Send this message")
	leads(t, v.send(talk+"/answer", "channel", "whatsapp", "text", "Yes, a little.", "key", "k4"), talk+"?done=inbox-sent")
}

// TestConversationSettings: more is kept only after somebody has read what it means; less is kept at once.
func TestConversationSettings(t *testing.T) {
	t.Parallel()
	x := openPost(t)
	v := x.owner
	const page = "/app/settings/conversations"
	wants(t, x.as("front-desk").get(page), 403)
	wants(t, v.get(page), 200, `value="none" aria-describedby="c-none-h" checked`, "a day at most", "carries a picture", `name="opens" value="1" aria-describedby`, `!name="sure"`)
	wants(t, v.send(page, "version", v.version(page), "content", "days", "days", "400"), 422, "#f-days", `value="400"`, "from 1 to 365")
	wants(t, v.send(page, "version", v.version(page), "content", "days", "days", "30"), 422, "#f-sure", `name="sure"`, "keep more of what patients write", `value="days" aria-describedby="c-days-h" checked`)
	wants(t, v.send(page, "version", v.version(page), "content", "none", "way1", "sms", "way2", "sms"), 422, "#f-way2")
	wants(t, v.send(page, "version", v.version(page), "content", "some"), 422, "#f-content")
	leads(t, v.send(page, "version", v.version(page), "content", "days", "days", "30", "sure", "1", "way1", "whatsapp", "way2", "sms"), page+"?done=saved")
	set, err := x.messages.Setting(t.Context(), v.who)
	if err != nil || set.Content != messaging.ContentDays || set.Days != 30 || len(set.Ways) != 2 || set.Ways[0] != messaging.WhatsApp || set.Opens {
		t.Fatalf("%+v %v", set, err)
	}
	wants(t, v.send(page, "version", "1", "content", "none"), 409, "Somebody changed this")
	leads(t, v.send(page, "version", v.version(page), "content", "days", "days", "7", "opens", "1"), page+"?done=saved")
	wants(t, v.send(page, "version", v.version(page), "content", "full"), 422, "#f-sure")
	leads(t, v.send(page, "version", v.version(page), "content", "none"), page+"?done=saved")

	// Replies.
	wants(t, v.send(page+"/replies", "title", "", "body", "There is a lift."), 422, "#f-title", "There is a lift.</textarea>")
	leads(t, v.send(page+"/replies", "title", "Lift", "body", "There is a lift."), page+"?done=saved#replies")
	body := wants(t, v.get(page), 200, "Lift", "There is a lift.")
	one := regexp.MustCompile(page + `/replies/[0-9a-z-]{36}`).FindString(body)
	wants(t, v.send(one, "version", "1", "title", "Lift", "body", ""), 422, "#f-body", "<details open>")
	leads(t, v.send(one, "version", "1", "title", "Lift", "body", "Take the lift."), page+"?done=saved#replies")
	wants(t, v.send(one, "version", "1", "title", "Lift", "body", "Again."), 409, "Somebody changed this", "Again.")
	leads(t, v.send(one+"/remove", "version", "2"), page+"?done=canned-removed#replies")
	wants(t, v.get(page), 200, "None yet", "!Take the lift.")
}

// TestWishOfAChannel: noted at the clinic or by the patient herself; her own page shows what was written, without the clinic's notes.
func TestWishOfAChannel(t *testing.T) {
	t.Parallel()
	x := openPost(t)
	v := x.as("front-desk")
	token := x.ownLink()
	found, err := x.people.Search(t.Context(), v.who, "Leela", 2)
	if err != nil || len(found) == 0 {
		t.Fatalf("nobody booked: %v", err)
	}
	patient := found[0].ID
	page, own := "/app/patients/"+patient.String(), "/m/"+token
	wants(t, v.get(page), 200, "Wishes to be written to by", "No wish")
	leads(t, v.send(page+"/channel", "channel", "sms"), page+"?done=patient_channel#channel")
	wants(t, v.get(page), 200, `value="sms" selected`)
	wants(t, v.send(page+"/channel", "channel", "pigeon"), 422, "#f-channel")
	g := x.guest()
	wants(t, g.get(own), 200, "How we write to you", `value="sms" selected`, "!<script", "!Is it far?")
	x.writes(messaging.SMS, "+919811198110", "Is it far?")
	talk := talks(wants(t, v.get("/app/inbox"), 200))[0]
	leads(t, v.send(talk+"/note", "note", "She is always late."), talk+"?done=inbox-note")
	wants(t, g.get(own), 200, "What we wrote to each other", "Is it far?", "!She is always late.", "!Person front-desk", "!/app/")
	leads(t, g.post(own, own+"/channel", "channel", ""), own+"?saved=1")
	if now, err := x.messages.Wish(t.Context(), v.who, patient); err != nil || now != "" {
		t.Errorf("%q %v", now, err)
	}
	wants(t, x.as("billing").send(page+"/channel", "channel", "sms"), 403)
}
