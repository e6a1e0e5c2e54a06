package app

import (
	"net/url"
	"strings"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/messaging"
	"almirah/internal/rig/sms"
	"almirah/internal/store"
)

// TestALinkByMSG91: a patient who is reached by an account at MSG91 gets the whole link to her page, though no value that is filled in may
// have more than 40 characters there; and the link opens her page.
func TestALinkByMSG91(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(morning)
	m91 := sms.StartMSG91(t, "authkey-of-the-clinic-1234", nil, fake)
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_MSG91_URL": m91.URL()})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner := h.signIn(t, demoPeople[0].email)
	account, err := h.Messages.Connect(t.Context(), h.Owner, "msg91", map[string]string{"authkey": "authkey-of-the-clinic-1234", "sender": "SUNRIS", "pe_id": "1101234567890123456", "user_id": "277777"}, true)
	if err != nil {
		t.Fatal(err)
	}
	page := "/app/settings/channels/" + account.ID.String() + "/texts"
	list, err := h.Messages.Approvals(t.Context(), h.Owner, account.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if a.Kind != messaging.Booked || a.Language != "en" {
			continue
		}
		text := h.Messages.Registerable("msg91", a.Present)
		if want := h.Config.PublicURL + "/m/{#var#}{#var#}"; !strings.Contains(text, want) || strings.Contains(text, "{{") {
			t.Fatalf("what is to be registered does not hold %s: %s", want, text)
		}
		owner.shows(t, page, "{#var#}{#var#}")
		m91.Register("flow-booked", text)
	}
	owner.fill(t, page, page, url.Values{"register": {"confirmation.en"}, "name": {"flow-booked"}})
	x := &texting{opened: h, t: t, account: account}
	const phone = "+919845012377"
	x.books(phone, 2)
	h.until(t, "the text is with MSG91", func() bool { return len(m91.Texts()) == 1 })
	got := m91.Texts()[0]
	_, link, found := strings.Cut(got.Body, h.Config.PublicURL+"/m/")
	token := strings.FieldsFunc(link, func(r rune) bool { return r == ' ' || r == '\n' })[0]
	if !found || strings.Contains(got.Body, "{#") {
		t.Fatalf("the patient reads %q", got.Body)
	}
	if own := h.visitor().get(t, "/m/"+strings.TrimRight(token, ".")); own.status != 200 || !strings.Contains(own.body, words4(phone)) {
		t.Fatalf("the link leads to %s", own)
	}
}
