package web_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/carriers/local"
	carrier "almirah/internal/carriers/sms"
	"almirah/internal/carriers/whatsapp"
	"almirah/internal/egress"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig/sms"
	meta "almirah/internal/rig/whatsapp"
)

// withTexts is an office in a house that works with Meta, MSG91 and Twilio's stand-in. Nothing is connected yet.
func withTexts(t *testing.T) (*office, *meta.Server) {
	t.Helper()
	var wa *meta.Server
	o := openOfficeWith(t, func(o *office) []messaging.Provider {
		wa = meta.Start(t, meta.Options{Clock: o.Clock})
		m91 := sms.StartMSG91(t, "authkey-of-the-clinic-1234", nil, o.Clock)
		gate := egress.New([]egress.Processor{{ID: "whatsapp", Name: "Meta", Hosts: []string{wa.Address()}, Local: true}, {ID: "msg91", Name: "MSG91", Hosts: []string{m91.Host()}, Local: true}}, o.Log)
		phones := local.NewPhones(&local.Outbox{}, o.Clock, nil)
		return append([]messaging.Provider{whatsapp.New(gate.HTTPClient("whatsapp"), o.Clock, o.Log, whatsapp.Options{BaseURL: wa.URL()}),
			carrier.NewMSG91(gate.HTTPClient("msg91"), o.Clock, o.Log, carrier.MSG91Options{BaseURL: m91.URL()})}, phones.Providers()[1:]...)
	})
	return o, wa
}

// texted connects an account and answers the address of its texts.
func (o *office) texted(provider string, typed map[string]string) string {
	o.t.Helper()
	a, err := o.messages.Connect(context.Background(), o.owner.who, provider, typed, true)
	if err != nil {
		o.t.Fatal(err)
	}
	return channels + "/" + a.ID.String() + "/texts"
}

func (o *office) withMeta(wa *meta.Server) string {
	a := wa.Account()
	return o.texted("whatsapp", map[string]string{"phone_number_id": a.PhoneNumberID, "business_account_id": a.BusinessAccountID, "token": a.Token, "app_secrets": a.AppSecret, "sender": "+15550783881", "coexistence": "no"})
}

// TestTextsOfEachChannel: a text of a telephone has no subject, is counted in parts of an SMS, and its earlier versions
// can be gone back to. What cannot be filled in is refused at its field.
func TestTextsOfEachChannel(t *testing.T) {
	t.Parallel()
	o, wa := withTexts(t)
	v := o.owner
	const page = "/app/settings/messages/reminder/en"
	wants(t, v.get("/app/settings/messages"), 200, "!WhatsApp", "!channel=sms")
	wants(t, v.get(page+"?channel=sms"), 404)
	wants(t, v.send(page+"?channel=sms", "body", "x", "version", "0"), 404)
	o.withMeta(wa)
	o.texted("local-sms", map[string]string{"number": "+919999900011"})
	wants(t, v.get("/app/settings/messages"), 200, "/app/settings/messages/reminder/hi?channel=sms", "/app/settings/messages/reopening/hi?channel=whatsapp", "!reopening/hi?channel=sms")
	wants(t, v.get(page+"?channel=pigeon"), 404)
	wants(t, v.get("/app/settings/messages/reopening/en"), 404)

	short := page + "?channel=sms"
	wants(t, v.get(short), 200, `name="body"`, `!name="subject"`, "channel=whatsapp", "Reply STOP", "!Texts and approvals")
	wants(t, v.send(short, "version", "0", "body", "See {{.Diagnosis}}", "do", "save"), 422, "#f-body", "!#f-subject", "{{.Diagnosis}}", "Diagnosis is not known here", `aria-invalid="true"`)
	wants(t, v.send(short, "version", "0", "body", strings.Repeat("x", 1001), "do", "save"), 422, "#f-body", "At most 1,000")
	leads(t, v.send(short, "version", "0", "body", "First, {{.When}} {{.ManageURL}}"), short+"&done=saved")
	leads(t, v.send(short, "version", "1", "body", "Second, {{.When}} {{.ManageURL}}"), short+"&done=saved")
	wants(t, v.get(short), 200, "Second, ", "Version 2", "Version 1", "First, {{.When}}", "Go back to this one", "<time datetime=")
	wants(t, v.get(page), 200, "!Second, ", "!Version 1")
	wants(t, v.send(short, "version", "1", "back", "1"), 409, "Somebody changed this")
	leads(t, v.send(short, "version", "2", "back", "1"), short+"&done=text-back")
	wants(t, v.get(short+"&done=text-back"), 200, "The earlier text is the present one again", "Version 3")
	leads(t, v.send(short, "version", "3", "do", "ours"), short+"&done=saved")
	wants(t, v.get(short), 200, "The standard text", "!Back to the standard text")
	wants(t, v.send(short, "version", "4", "back", "9"), 404)

	// The text that opens a conversation again is about no appointment.
	again := "/app/settings/messages/reopening/en?channel=whatsapp"
	wants(t, v.get(again), 200, "{{.ClinicPhone}}", "!{{.When}}", "Texts and approvals")
	wants(t, v.send(again, "version", "0", "body", "{{.ClinicName}}: on {{.When}}"), 422, "#f-body", "When is not known here")
}

// TestHealthWordsAskOnce: what goes out only with the patient's agreement, and seems to speak of health, asks once more.
func TestHealthWordsAskOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "texts-without-health")
	o := openOffice(t)
	v := o.owner
	const reminder, booked = "/app/settings/messages/reminder/en", "/app/settings/messages/confirmation/en"
	typed := []string{"version", "0", "subject", "Your diabetes check", "body", "On {{.When}}: {{.ManageURL}}"}
	body := wants(t, v.send(reminder, typed...), 422, "#f-sure", `id="f-sure"`, "may be about health", "diabetes", `value="Your diabetes check"`)
	if strings.Contains(body, "checked") {
		t.Error("the page ticks that the clinic is sure")
	}
	wants(t, v.get("/app/settings/messages"), 200, "!your words")
	leads(t, v.send(reminder, append(typed, "sure", "1")...), reminder+"?done=saved")
	wants(t, v.get(reminder), 200, "may be about health", "diabetes", `!id="f-sure"`)
	// A confirmation belongs to the booking itself: it is pointed out there, and no more.
	leads(t, v.send(booked, typed...), booked+"?done=saved")
	wants(t, v.get(booked), 200, "may be about health")
	// Somebody who was faster is noticed although the question came in between.
	wants(t, v.send(reminder, typed...), 422, `name="version" value="0"`)
	wants(t, v.send(reminder, append(typed, "sure", "1")...), 409, "Somebody changed this")
}

var removal = regexp.MustCompile(channels + `/[0-9a-z-]+/texts/[0-9a-z-]+/remove`)

// TestTextsAtTheProvider: what Meta says of each text is shown in words, and what it says no to loses nothing.
func TestTextsAtTheProvider(t *testing.T) {
	t.Parallel()
	o, wa := withTexts(t)
	v := o.owner
	texts := o.withMeta(wa)
	wants(t, v.get(channels), 200, texts)
	wants(t, o.as("front-desk").get(texts), 403)
	wants(t, v.get(texts), 200, "Ask for all that are missing (20)", "not asked for", "Opening a conversation again", "/app/settings/messages/reminder/hi?channel=whatsapp")
	wants(t, v.send(texts, "ask", "nothing.en"), 404)
	wants(t, v.send(texts, "ask", "reminder.xx"), 404)
	wants(t, v.send(texts, "register", "reminder.en", "name", "x"), 404)

	// Two variables beside each other are against Meta's rules: the others are asked for all the same.
	page := "/app/settings/messages/reminder/en?channel=whatsapp"
	leads(t, v.send(page, "version", "0", "body", "Come: {{.When}} {{.ManageURL}} please"), page+"&done=saved")
	wants(t, v.send(texts, "do", "all"), 422, "#f-ask-reminder.en", `id="f-ask-reminder.en"`, "waiting", "Ask for all that are missing (1)")
	if n := len(wa.Templates()); n != 19 {
		t.Fatalf("Meta was asked for %d texts", n)
	}
	leads(t, v.send(page, "version", "1", "body", "Come {{.When}}, or change it: {{.ManageURL}} please"), page+"&done=saved")
	leads(t, v.send(texts, "ask", "reminder.en"), texts+"?done=text-asked")
	wants(t, v.get(texts), 200, "!Ask for all", "!not asked for")

	// A report was missed: the provider is asked.
	ref := wa.Templates()[19].ID
	wa.Decide(ref, "REJECTED", "INVALID_FORMAT")
	wants(t, v.get(texts), 200, "!rejected")
	leads(t, v.send(texts, "do", "verdicts"), texts+"?done=text-verdicts")
	wants(t, v.get(texts), 200, "rejected", "two variables beside each other", "Ask once more as it is")
	// "All" does not send the same words once more.
	leads(t, v.send(texts, "do", "all"), texts+"?done=text-asked")
	if n := len(wa.Templates()); n != 20 {
		t.Fatalf("the refused text was sent again: %d", n)
	}
	wa.Decide(ref, "PAUSED", "")
	leads(t, v.send(texts, "do", "verdicts"), texts+"?done=text-verdicts")
	wants(t, v.get(texts), 200, "paused by the provider", "!Ask once more")

	away := removal.FindString(wants(t, v.get(texts), 200))
	wants(t, v.get(away), 200, "Take this text away?", "deleted at", "stays as it is")
	wants(t, v.get(texts+"/"+o.service.ID.String()+"/remove"), 404)
	// Whatever Meta says, the page says it, and the text is there still.
	wa.Revoke()
	wants(t, v.send(away), 422, "Take this text away?", `role="alert"`)
	wants(t, v.send(texts, "do", "verdicts"), 422, `role="alert"`, "waiting")
	wants(t, v.send(texts, "ask", "recall.en"), 409, `role="alert"`) // it waits for Meta already
	if n := len(wa.Templates()); n != 20 {
		t.Errorf("%d texts at Meta", n)
	}
	wants(t, v.get("/app/audit?what=template"), 200, "Message")
}

// TestTextsRegisteredByHand: the register's words and numbers, error by error.
func TestTextsRegisteredByHand(t *testing.T) {
	t.Parallel()
	o, _ := withTexts(t)
	v := o.owner
	texts := o.texted("msg91", map[string]string{"authkey": "authkey-of-the-clinic-1234", "sender": "SUNRIS", "pe_id": "1101234567890123456"})
	wants(t, v.get(texts), 200, "Texts to register: 20", "{#var#}", "ID of the flow", "Desk Clinic: a reminder of your appointment", "!{{.When}}", "!Ask for all")
	wants(t, v.send(texts, "do", "all"), 404)
	wants(t, v.send(texts, "register", "reminder.en", "name", "flow 12!"), 422, "#f-name-reminder.en", `value="flow 12!"`, "<details open")
	wants(t, v.send(texts, "register", "reminder.en", "name", ""), 422, "#f-name-reminder.en")
	leads(t, v.send(texts, "register", "reminder.en", "name", " 65f1b2c3d4e5f60718293a4b "), texts+"?done=text-registered")
	wants(t, v.send(texts, "register", "reminder.hi", "name", "65f1b2c3d4e5f60718293a4b"), 422, "#f-name-reminder.hi", "stands for another text already")
	wants(t, v.get(texts), 200, "Texts to register: 19", "65f1b2c3d4e5f60718293a4b", "registered")

	// The text changes: the registered one stays in use, until the new one's number is entered under the same flow or another.
	page := "/app/settings/messages/reminder/en?channel=sms"
	leads(t, v.send(page, "version", "0", "body", "Desk Clinic sees you on {{.When}}. {{.ManageURL}}"), page+"&done=saved")
	wants(t, v.get(page), 200, "once it is registered")
	wants(t, v.get(texts), 200, "messages still use this one", "sees you on {#var#}", "Texts to register: 20")
	leads(t, v.send(texts, "register", "reminder.en", "name", "65f1b2c3d4e5f60718293a4b"), texts+"?done=text-registered")
	wants(t, v.get(texts), 200, "Texts to register: 19", "!messages still use this one")
	away := removal.FindString(wants(t, v.get(texts), 200))
	wants(t, v.get(away), 200, "Forget this registered text?", "Nothing changes at the provider")
	leads(t, v.send(away), texts+"?done=text-removed")
	wants(t, v.get(texts), 200, "Texts to register: 20", "!65f1b2c3d4e5f60718293a4b")
}

// TestTextsWhereNobodyApproves: a provider that takes any text has no such page.
func TestTextsWhereNobodyApproves(t *testing.T) {
	t.Parallel()
	o, _ := withTexts(t)
	texts := o.texted("local-sms", map[string]string{"number": "+919999900011"})
	wants(t, o.owner.get(texts), 404)
	wants(t, o.owner.send(texts, "do", "all"), 404)
	wants(t, o.owner.get(channels), 200, "!/texts")
}
