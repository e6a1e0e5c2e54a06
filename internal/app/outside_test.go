package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"almirah/internal/carriers/ses"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	amazon "almirah/internal/rig/ses"
	"almirah/internal/rig/sms"
	meta "almirah/internal/rig/whatsapp"
	"almirah/internal/store"
)

// TestOutsideSettings: a company that is not switched on is not on the list, so it cannot be reached; one that is has an entry that
// the gate understands.
func TestOutsideSettings(t *testing.T) {
	t.Parallel()
	read := func(set map[string]string) (Config, error) { return FromEnv(func(n string) string { return set[n] }) }
	on := map[string]string{"ALMIRAH_TWILIO_URL": "on", "ALMIRAH_MSG91_URL": "on", "ALMIRAH_WHATSAPP_URL": "on", "ALMIRAH_WHATSAPP_REGION": "Ireland", "ALMIRAH_WHATSAPP_VERSION": "v24.0", "ALMIRAH_SES": "on"}
	c, err := read(on)
	if err != nil {
		t.Fatal(err)
	}
	list := processors(c)
	hosts := map[string][]string{}
	for _, p := range companies(c) {
		hosts[p.ID] = p.Hosts
		if p.Local {
			t.Errorf("%s may be reached without TLS", p.ID)
		}
	}
	var amazons []string
	for _, r := range ses.Regions() {
		amazons = append(amazons, "email."+r+".amazonaws.com:443", "sns."+r+".amazonaws.com:443")
	}
	want := map[string][]string{"twilio": {"api.twilio.com:443", "mms.twiliocdn.com:443", "media.twiliocdn.com:443"}, "msg91": {"control.msg91.com:443"}, "whatsapp": {"graph.facebook.com:443", "lookaside.fbsbx.com:443"}, "ses": amazons}
	if err := egress.Check(list); err != nil || !maps.EqualFunc(hosts, want, slices.Equal) {
		t.Errorf("%v, %v", err, hosts)
	}
	text := strings.Join(c.Masked(), "\n")
	for _, line := range []string{"ALMIRAH_WHATSAPP_URL=https://graph.facebook.com", "ALMIRAH_WHATSAPP_REGION=Ireland", "ALMIRAH_WHATSAPP_VERSION=v24.0", "ALMIRAH_MSG91_URL=https://control.msg91.com", "ALMIRAH_MSG91_REGION=India", "ALMIRAH_SES=on"} {
		if !strings.Contains(text, line) {
			t.Errorf("the settings do not say %s", line)
		}
	}
	if c, err := read(nil); err != nil || len(companies(c)) != 0 {
		t.Errorf("%v, %d companies can be reached without being switched on", err, len(companies(c)))
	}
	stand := map[string]string{"ALMIRAH_WHATSAPP_URL": "http://127.0.0.1:9/", "ALMIRAH_MSG91_URL": "https://stand-in.example", "ALMIRAH_SES": "on", "ALMIRAH_SES_URL": "http://127.0.0.1:9"}
	if c, err = read(stand); err != nil {
		t.Fatal(err)
	}
	for _, p := range companies(c) {
		if at := (map[string]string{"whatsapp": "127.0.0.1:9", "msg91": "stand-in.example:443", "ses": "127.0.0.1:9"})[p.ID]; !slices.Equal(p.Hosts, []string{at}) || p.Local != (p.ID != "msg91") {
			t.Errorf("the stand-in: %+v", p)
		}
	}
	for name, v := range map[string]string{"ALMIRAH_WHATSAPP_URL": "yes", "ALMIRAH_MSG91_URL": "https://user:geheim@stand-in.example", "ALMIRAH_TWILIO_URL": "ftp://geheim.example", "ALMIRAH_SES": "geheim",
		"ALMIRAH_SES_URL": "https://geheim.example", "ALMIRAH_WHATSAPP_VERSION": "geheim"} {
		if _, err := read(map[string]string{name: v}); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s=%s: %v", name, v, err)
		}
	}
}

// TestAccountsAtEveryCompany: a clinic connects an account on each channel by the page; each company's reports come in as it makes
// them, and what cannot be checked now is asked for again.
func TestAccountsAtEveryCompany(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "mail-providers")
	logs := &lockedBuffer{}
	fake := clock.NewFake(morning)
	wa := meta.Start(t, meta.Options{Clock: fake})
	m91 := sms.StartMSG91(t, "authkey-of-the-clinic-1234", nil, fake)
	mail := amazon.Start(t, amazon.Options{Plain: true})
	h := openLogging(t, store.SQLite, Options{}, slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})), map[string]string{"ALMIRAH_WHATSAPP_URL": wa.URL(),
		"ALMIRAH_MSG91_URL": m91.URL(), "ALMIRAH_SES": "on", "ALMIRAH_SES_URL": mail.BaseURL(""), "ALMIRAH_PROXIES": "127.0.0.0/8"})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner := h.signIn(t, demoPeople[0].email)
	a := wa.Account()
	const page, topic = "/app/settings/channels", "arn:aws:sns:eu-central-1:123456789012:ses-events"
	owner.fill(t, page, page+"/whatsapp", url.Values{"phone_number_id": {a.PhoneNumberID}, "business_account_id": {a.BusinessAccountID}, "token": {a.Token}, "app_secrets": {a.AppSecret},
		"sender": {"+15550783881"}, "coexistence": {"no"}, "agreed": {"1"}})
	owner.fill(t, page, page+"/msg91", url.Values{"authkey": {"authkey-of-the-clinic-1234"}, "sender": {"SUNRIS"}, "pe_id": {"1101234567890123456"}, "allowed_ips": {"203.0.113.7"}, "agreed": {"1"}})
	owner.fill(t, page, page+"/ses", url.Values{"access_key_id": {"AKIAIOSFODNN7EXAMPLE"}, "secret_access_key": {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, "region": {"eu-central-1"},
		"from": {"visits@sunrise.example"}, "topic_arns": {topic}, "agreed": {"1"}})
	list, err := h.Messages.Accounts(t.Context(), h.Owner)
	if err != nil || len(list) != 3 || list[0].HookWord == "" || list[1].HookWord == "" || list[2].HookWord != "" {
		t.Fatalf("%v, %d accounts", err, len(list))
	}
	at := map[string]messaging.Account{}
	for _, x := range list {
		at[x.Provider] = x
	}
	ask := func(method, address string, body []byte, header ...string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}

	// Meta asks whether the address is ours, with the token that the page shows.
	token := at["whatsapp"].HookWord
	question := at["whatsapp"].HookURL + "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
	var said bytes.Buffer
	res := ask(http.MethodGet, question+token, nil)
	if _, err := said.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK || said.String() != "1158201444" {
		t.Errorf("Meta's question: %s %q %v", res.Status, said.String(), err)
	}
	if res := ask(http.MethodGet, question+"another-token-of-somebody", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("somebody else's question: %s", res.Status)
	}

	// MSG91 brings its secret, from an address that the clinic named, as our own proxy tells it.
	secret := at["msg91"].HookWord
	report := []byte(`{"requestId":"346539676a6b313230363130","status":"1","number":"919876543210"}`)
	for name, c := range map[string]struct {
		address, from, header string
		want                  int
	}{
		"the header":               {at["msg91"].HookURL, "203.0.113.7", secret, http.StatusOK},
		"the address":              {at["msg91"].HookURL + "?secret=" + secret, "203.0.113.7", "", http.StatusOK},
		"from elsewhere":           {at["msg91"].HookURL + "?secret=" + secret, "203.0.113.8", "", http.StatusForbidden},
		"from behind somebody":     {at["msg91"].HookURL, "203.0.113.7, 198.51.100.9", secret, http.StatusForbidden},
		"without the secret":       {at["msg91"].HookURL, "203.0.113.7", "", http.StatusForbidden},
		"the secret in a path":     {at["msg91"].HookURL + "/" + secret, "203.0.113.7", "", http.StatusForbidden}, // no such route
		"from a visitor's machine": {at["msg91"].HookURL, "", secret, http.StatusForbidden},
	} {
		header := []string{"Content-Type", "application/json", "X-Forwarded-For", c.from}
		if c.header != "" {
			header = append(header, "X-Webhook-Secret", c.header)
		}
		if res := ask(http.MethodPost, c.address, report, header...); res.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", name, res.Status, c.want)
		}
	}

	// SNS's certificate cannot be had from here: SNS is told to come again. A topic that is none of ours is refused at once.
	res = ask(http.MethodPost, at["ses"].HookURL, mail.Sign(amazon.Notice{Message: "{}"}), "Content-Type", "text/plain")
	var problem struct{ Code string }
	if err := json.NewDecoder(res.Body).Decode(&problem); err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || problem.Code != "fault.hook.later" {
		t.Errorf("SNS: %s, again after %q, %+v %v", res.Status, res.Header.Get("Retry-After"), problem, err)
	}
	if res = ask(http.MethodPost, at["ses"].HookURL, mail.Sign(amazon.Notice{Message: "{}", Topic: topic + "-other"}), "Content-Type", "text/plain"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another topic: %s", res.Status)
	}

	// A letter of the clinic's goes over its own account.
	h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	h.until(t, "the letter is with Amazon", func() bool { return len(mail.Messages()) == 1 })
	var others []string
	for _, l := range h.Outbox.List() {
		if _, house := h.letters.Load(l.ID); !house { // to owners, of accounts and incidents: the house's own, which no clinic sends
			others = append(others, fmt.Sprint(l.Headers, l.Subject))
		}
	}
	if m := mail.Messages()[0]; !strings.Contains(m.From, "visits@sunrise.example") || len(others) != 0 {
		t.Errorf("from %q, and another way went: %s", m.From, strings.Join(others, "; "))
	}
	for what, s := range map[string]string{"the verify token": token, "the secret of the reports": secret, "Meta's token": a.Token, "the app secret": a.AppSecret, "the authkey": "authkey-of-the-clinic", "Amazon's key": "wJalrXUtnFEMI"} {
		if bytes.Contains(logs.Bytes(), []byte(s)) {
			t.Errorf("%s is in the log", what)
		}
	}
	shown := owner.get(t, page)
	for _, s := range []string{token, secret} {
		if !strings.Contains(shown.body, s) {
			t.Error("the page does not show what the company's console asks for")
		}
	}
	// Whoever closes the clinic reads who keeps her messages all the same: these are her accounts, not ours.
	if shown := owner.get(t, "/app/account/closing"); !strings.Contains(shown.body, "Your messages stay under your own accounts after the end: Meta (WhatsApp), MSG91, Amazon SES.") {
		t.Errorf("the plan of closing does not name the companies: %s", regexp.MustCompile(`[^<>]*Your messages stay[^<>]*`).FindString(shown.body))
	}
}

// companies are the processors that the operator switches on; what an owner entered for her own programs has no host in the settings.
func companies(c Config) []egress.Processor {
	return slices.DeleteFunc(processors(c), func(p egress.Processor) bool { return p.Chosen })
}
