package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/web"
)

// TestBeThePatient: the page shows a phone of the demo and takes what its owner does; there is none outside the demo.
func TestBeThePatient(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const page = "/app/outbox/phone/tok-1"
	wants(t, o.owner.get(page), 404) // this is no demo
	wants(t, o.owner.send(page, "text", "hello", "channel", "sms"), 404)

	var did []string
	var refuse error
	phone := web.DemoPhone{Token: "tok-1", Number: "+919999910001", Name: "Asha Marigold", From: "Desk Clinic", Unread: 2, Channels: []string{"whatsapp", "sms"}, Bubbles: []web.DemoBubble{
		{ID: "local.1", Channel: "whatsapp", Text: "Old question", At: o.Clock.Now(), Buttons: []web.DemoButton{{Title: "Old button"}}},
		{ID: "local.2", Channel: "whatsapp", Text: "Will you come? See https://almirah.test/m/abc. <b>Bye</b>", Reached: "read", At: o.Clock.Now(), Buttons: []web.DemoButton{{Title: "I will come", Touched: true}, {Title: "I cannot"}}},
		{ID: "local.3", Channel: "sms", Text: "Yes", Mine: true, At: o.Clock.Now()},
	}}
	o.rehouse(func(d *web.Deps) {
		d.Demo = true
		d.Outbox = func() []web.Delivered { return nil }
		d.Phones = &web.DemoPhones{
			List: func(id.ID) []web.DemoPhone { return []web.DemoPhone{phone} },
			Open: func(_ id.ID, token string) (web.DemoPhone, bool) { return phone, token == phone.Token },
			Write: func(_ context.Context, _ id.ID, _, channel, text string) error {
				did = append(did, channel+": "+text)
				return refuse
			},
			Tap: func(_ context.Context, _ id.ID, _, message string, n int) error {
				if n > 1 {
					return fault.Missing()
				}
				did = append(did, message+" "+string([]byte{'0' + byte(n)}))
				return refuse
			},
		}
	})
	wants(t, o.owner.get("/app/outbox"), 200, page, "Asha Marigold", "New: 2", "!"+url.QueryEscape(phone.Number))
	wants(t, o.owner.get(page), 200, "I will come", `aria-pressed="true"`, "!Old button", `<a href="https://almirah.test/m/abc" dir="ltr">`, "Told to the clinic", `value="sms" checked`, "+91 99999 10001")
	wants(t, o.owner.get("/app/outbox/phone/tok-2"), 404)
	wants(t, o.guest().get(page), 303)
	leads(t, o.owner.send(page, "text", " See you ", "channel", "sms"), page+"#write")
	leads(t, o.owner.send(page, "tap", "1", "message", "local.2"), page+"#write")
	if got := strings.Join(did, "|"); got != "sms: See you|local.2 1" {
		t.Errorf("the phone did %q", got)
	}
	wants(t, o.owner.send(page, "text", "  ", "channel", "sms"), 422, "Write something first")
	wants(t, o.owner.send(page, "tap", "7", "message", "local.2"), 404)
	wants(t, o.owner.send(page, "tap", "x", "message", "local.2"), 404)
	refuse = fault.New(fault.Unavailable, "fault.phone.not_taken")
	wants(t, o.owner.send(page, "text", "still here", "channel", "whatsapp"), 503, "did not take", "still here", `value="whatsapp" checked`)
	refuse = fault.New(fault.Conflict, "fault.phone.no_way")
	wants(t, o.owner.send(page, "text", "still here", "channel", "whatsapp"), 409, "no account on this channel", "still here")
}
