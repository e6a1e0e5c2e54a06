package web_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	letters "almirah/internal/carriers/ses"
	carrier "almirah/internal/carriers/sms"
	"almirah/internal/carriers/whatsapp"
	"almirah/internal/egress"
	"almirah/internal/messaging"
	amazon "almirah/internal/rig/ses"
	"almirah/internal/rig/sms"
	meta "almirah/internal/rig/whatsapp"
)

const channels = "/app/settings/channels"

// withTwilio is an office in a house that works with Twilio, and the Twilio.
func withTwilio(t *testing.T) (*office, *sms.Twilio) {
	t.Helper()
	var tw *sms.Twilio
	o := openOfficeWith(t, func(o *office) []messaging.Provider {
		tw = sms.StartTwilio(t, sms.Account{KeySID: "SK" + strings.Repeat("1b", 16), KeySecret: "not-for-anybodys-eyes"}, o.Clock)
		gate := egress.New([]egress.Processor{{ID: "twilio", Name: "Twilio", Hosts: []string{tw.Host()}, Local: true}}, o.Log)
		return []messaging.Provider{carrier.NewTwilio(gate.HTTPClient("twilio"), o.Clock, o.Log, carrier.TwilioOptions{BaseURL: tw.URL()})}
	})
	return o, tw
}

// signsIn is a form that is right, with these fields changed.
func signsIn(tw *sms.Twilio, more ...string) []string {
	a := tw.Account()
	f := pairs([]string{"account_sid", a.SID, "auth_token", a.Token, "key_sid", a.KeySID, "key_secret", a.KeySecret, "from", "+14155550100", "agreed", "1"})
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	var out []string
	for k := range f {
		out = append(out, k, f.Get(k))
	}
	return out
}

var revokeLink = regexp.MustCompile(channels + `/([0-9a-z-]{20,})/revoke`)

func TestConnectAnAccount(t *testing.T) {
	t.Parallel()
	o, tw := withTwilio(t)
	v, a := o.owner, tw.Account()
	body := wants(t, v.get(channels), 200, "Connect an account at Twilio", "No account is connected", `name="auth_token" type="password"`, `autocomplete="off"`, "for the clinic’s own messages and nothing else")
	if strings.Contains(body, "checked") {
		t.Error("the agreement is ticked already")
	}

	// What is wrong is named, what was typed stays, and what is secret does not.
	body = wants(t, v.send(channels+"/twilio", "account_sid", "AC-typed", "auth_token", "short", "key_sid", a.KeySID, "key_secret", a.KeySecret, "from", "a name that is too long"), 422,
		"#f-account_sid", "#f-auth_token", "#f-from", "#f-agreed", `value="AC-typed"`, `value="a name that is too long"`, a.KeySID, "!"+a.KeySecret, "!value=\"short\"")
	if strings.Contains(body, "checked") {
		t.Error("the agreement is ticked by the page")
	}
	wants(t, v.send(channels+"/twilio", signsIn(tw, "agreed", "")...), 422, "#f-agreed", "!#f-account_sid", "!"+a.Token, a.SID)
	// Twilio is asked before anything is kept.
	wants(t, v.send(channels+"/twilio", signsIn(tw, "key_secret", "another")...), 422, "code: 20003", a.SID, "Connect an account at Twilio")
	wants(t, v.send(channels+"/nobody", "agreed", "1"), 404)
	if list, err := o.messages.Accounts(context.Background(), v.who); err != nil || len(list) != 0 {
		t.Fatalf("%d accounts, %v", len(list), err)
	}

	leads(t, v.send(channels+"/twilio", signsIn(tw)...), channels+"?done=channel-connected")
	last4 := a.KeySecret[len(a.KeySecret)-4:]
	wants(t, v.get(channels+"?done=channel-connected"), 200, "The account is connected.", "••••••••"+last4, "+14155550100", "In use", "https://almirah.test/hooks/twilio/", "Nothing has gone over this account yet",
		"!"+a.Token, "!"+a.KeySecret, "!Connect an account at Twilio")
	wants(t, v.send(channels+"/twilio", signsIn(tw)...), 409, "has an account for this channel already")
	wants(t, v.get("/app/audit?what=channel"), 200, "Connected", "Message account", "!"+a.Token, "!"+a.KeySecret)
}

func TestOnlyTheOwnerConnects(t *testing.T) {
	t.Parallel()
	o, tw := withTwilio(t)
	manager, desk := o.as("manager"), o.as("front-desk")
	wants(t, manager.get(channels), 200, "Only the owner", "!auth_token")
	wants(t, manager.send(channels+"/twilio", signsIn(tw)...), 403)
	wants(t, desk.get(channels), 403)
	leads(t, o.owner.send(channels+"/twilio", signsIn(tw)...), channels+"?done=channel-connected")
	one := revokeLink.FindStringSubmatch(wants(t, o.owner.get(channels), 200))[1]
	wants(t, manager.get(channels), 200, "In use", "+14155550100", "!/revoke", "!/state")
	for _, act := range []string{"/test", "/state", "/revoke"} {
		wants(t, manager.send(channels+"/"+one+act, "to", "pause", "version", "1"), 403)
	}
	wants(t, manager.get(channels+"/"+one+"/revoke"), 403)
	wants(t, o.owner.get(channels), 200, "In use")
}

func TestPauseResumeRevoke(t *testing.T) {
	t.Parallel()
	o, tw := withTwilio(t)
	v := o.owner
	leads(t, v.send(channels+"/twilio", signsIn(tw)...), channels+"?done=channel-connected")
	one := channels + "/" + revokeLink.FindStringSubmatch(wants(t, v.get(channels), 200))[1]
	first := v.version(channels)
	leads(t, v.send(one+"/test", "version", first), channels+"?done=channel-tested")
	leads(t, v.send(one+"/state", "version", first, "to", "pause"), channels+"?done=channel-pause")
	wants(t, v.get(channels), 200, "Paused", "Somebody at the clinic paused it", "Resume it when", `value="resume"`, `!value="pause"`)
	wants(t, v.get("/app"), 200, "1 message account is paused", channels)
	wants(t, o.as("front-desk").get("/app"), 200, "!message account is paused")
	wants(t, v.send(one+"/state", "version", first, "to", "resume"), 409, "Somebody changed this", "Paused")
	wants(t, v.send(one+"/state", "version", v.version(channels), "to", "else"), 404)
	leads(t, v.send(one+"/state", "version", v.version(channels), "to", "resume"), channels+"?done=channel-resume")
	wants(t, v.get(channels), 200, "In use")
	wants(t, v.get("/app"), 200, "!message account is paused")

	wants(t, v.get(one+"/revoke"), 200, "Revoke this account?", "are taken back", "destroyed in every copy", "+14155550100")
	wants(t, v.send(one+"/revoke", "version", first), 409, "Somebody changed this", "Revoke this account?")
	leads(t, v.send(one+"/revoke", "version", v.version(one+"/revoke")), channels+"?done=channel-revoked")
	wants(t, v.get(channels), 200, "No account is connected", "Connect an account at Twilio", "!••••••••", "!/revoke")
	wants(t, v.get(one+"/revoke"), 404)
	wants(t, v.send(one+"/test", "version", "1"), 404)
}

// TestChangeKeys: an account that its provider refused gets new keys, and stays the same account.
func TestChangeKeys(t *testing.T) {
	t.Parallel()
	o, tw := withTwilio(t)
	v, a := o.owner, tw.Account()
	leads(t, v.send(channels+"/twilio", signsIn(tw)...), channels+"?done=channel-connected")
	one := channels + "/" + revokeLink.FindStringSubmatch(wants(t, v.get(channels), 200))[1]
	keys := func(more ...string) []string { return append(signsIn(tw, more...), "version", v.version(one+"/keys")) }
	wants(t, v.get(one+"/keys"), 200, "+14155550100", "never shown again", "!"+a.KeySecret, "!"+a.Token, `!name="agreed"`)
	wants(t, v.send(one+"/keys", keys("from", "+14155550199")...), 422, "writes from +14155550100", `value="+14155550199"`, "!"+a.KeySecret)
	wants(t, v.send(one+"/keys", keys("key_secret", "another")...), 422, "code: 20003")
	wants(t, v.send(one+"/keys", append(signsIn(tw), "version", "77")...), 409, "Somebody changed this")
	manager := o.as("manager")
	wants(t, manager.get(one+"/keys"), 403)
	wants(t, manager.send(one+"/keys", signsIn(tw)...), 403)

	// Paused by hand it stays paused; what the provider refused is in use again.
	leads(t, v.send(one+"/state", "version", v.version(channels), "to", "pause"), channels+"?done=channel-pause")
	leads(t, v.send(one+"/keys", keys()...), channels+"?done=channel-keys")
	wants(t, v.get(channels+"?done=channel-keys"), 200, "The account has its new keys", "Paused", "Somebody at the clinic paused it")
	leads(t, v.send(one+"/state", "version", v.version(channels), "to", "resume"), channels+"?done=channel-resume")
	leads(t, v.send(one+"/keys", keys("key_sid", "", "key_secret", "")...), channels+"?done=channel-keys")
	wants(t, v.get(channels), 200, "In use", "••••••••"+a.Token[len(a.Token)-4:], "!"+a.Token)
	wants(t, v.get("/app/audit?what=channel"), 200, "Keys changed", "!"+a.Token, "!"+a.KeySecret)
	leads(t, v.send(one+"/revoke", "version", v.version(one+"/revoke")), channels+"?done=channel-revoked")
	wants(t, v.get(one+"/keys"), 404)
	wants(t, v.send(one+"/keys", signsIn(tw)...), 404)
}

// TestNoProvider: a house that works with nobody says so, and has no form.
func TestNoProvider(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	wants(t, o.owner.get(channels), 200, "offers no provider", "!auth_token")
	wants(t, o.owner.send(channels+"/twilio", "agreed", "1"), 404)
}

// TestProviderOutOfReach: what was typed stays when nobody answers, but for the secrets.
func TestProviderOutOfReach(t *testing.T) {
	t.Parallel()
	o := openOfficeWith(t, func(o *office) []messaging.Provider {
		gate := egress.New([]egress.Processor{{ID: "twilio", Name: "Twilio", Hosts: []string{"127.0.0.1:9"}, Local: true}}, o.Log)
		return []messaging.Provider{carrier.NewTwilio(gate.HTTPClient("twilio"), o.Clock, o.Log, carrier.TwilioOptions{BaseURL: "http://127.0.0.1:9"})}
	})
	sid, token := "AC"+strings.Repeat("0a", 16), strings.Repeat("5e", 16)
	wants(t, o.owner.send(channels+"/twilio", "account_sid", sid, "auth_token", token, "from", "+14155550100", "agreed", "1"), 503, "gave no usable answer", sid, "!"+token)
}

// TestEveryProvidersForm: each form names what is wrong with it, keeps what was typed but for the secrets,
// and becomes an account whose page shows what the provider's console asks for.
func TestEveryProvidersForm(t *testing.T) {
	t.Parallel()
	var wa *meta.Server
	o := openOfficeWith(t, func(o *office) []messaging.Provider {
		wa = meta.Start(t, meta.Options{Clock: o.Clock})
		m91 := sms.StartMSG91(t, "authkey-of-the-clinic-1234", nil, o.Clock)
		mail := amazon.Start(t, amazon.Options{Plain: true})
		gate := egress.New([]egress.Processor{{ID: "whatsapp", Name: "Meta", Hosts: []string{wa.Address()}, Local: true}, {ID: "msg91", Name: "MSG91", Hosts: []string{m91.Host()}, Local: true},
			{ID: "ses", Name: "Amazon", Hosts: []string{mail.Addr()}, Local: true}}, o.Log)
		return []messaging.Provider{whatsapp.New(gate.HTTPClient("whatsapp"), o.Clock, o.Log, whatsapp.Options{BaseURL: wa.URL()}),
			carrier.NewMSG91(gate.HTTPClient("msg91"), o.Clock, o.Log, carrier.MSG91Options{BaseURL: m91.URL()}),
			letters.New(gate.HTTPClient("ses"), o.Clock, o.Log, letters.Options{BaseURL: mail.BaseURL})}
	})
	v, a := o.owner, wa.Account()
	wants(t, v.get(channels), 200, "Connect an account at Meta (WhatsApp)", "Connect an account at MSG91", "Connect an account at Amazon SES", `<option value="eu-central-1" dir="auto">eu-central-1 (EU)`, `<option value="ap-south-1" dir="auto">ap-south-1 (IN)`,
		`name="token" type="password" value="" maxlength="4096"`, "!<details open")

	const amazonKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for _, f := range []struct {
		provider string
		typed    []string // which is right
		wrong    []string // in place of some of it
		says     []string
		secrets  []string
		shown    []string // once it is connected
	}{
		{"whatsapp", []string{"phone_number_id", a.PhoneNumberID, "business_account_id", a.BusinessAccountID, "token", a.Token, "app_secrets", a.AppSecret, "sender", "+1 555 078 3881", "coexistence", "yes"},
			[]string{"phone_number_id", "+91 98", "sender", "98450 12345", "app_secrets", "brief-secret"}, []string{"#f-phone_number_id", "#f-sender", "#f-app_secrets", `value="+91 98"`, `value="98450 12345"`, `<option value="yes" selected`},
			[]string{a.Token, a.AppSecret, "brief-secret"}, []string{"+15550783881", "https://almirah.test/hooks/whatsapp/", "Verify token", "callback URL"}},
		{"msg91", []string{"authkey", "authkey-of-the-clinic-1234", "sender", "SUNRIS", "pe_id", "1101234567890123456", "user_id", "277777", "allowed_ips", "203.0.113.7"},
			[]string{"sender", "Sunrise", "pe_id", "11", "allowed_ips", "everywhere"}, []string{"#f-sender", "#f-pe_id", "#f-allowed_ips", `value="Sunrise"`, `value="everywhere"`, `value="277777"`},
			[]string{"authkey-of-the-clinic"}, []string{"SUNRIS", "https://almirah.test/hooks/msg91/", "Secret of the reports", "X-Webhook-Secret"}},
		{"ses", []string{"access_key_id", "AKIAIOSFODNN7EXAMPLE", "secret_access_key", amazonKey, "region", "eu-central-1", "from", "visits@sunrise.example", "topic_arns", "arn:aws:sns:eu-central-1:123456789012:ses-events"},
			[]string{"region", "", "from", "Sunrise"}, []string{"#f-region", "#f-from", `value="Sunrise"`, `value="AKIAIOSFODNN7EXAMPLE"`}, []string{amazonKey},
			[]string{"visits@sunrise.example", "https://almirah.test/hooks/ses/", "HTTPS subscription", "••••••••MPLE"}},
	} {
		form := func(change ...string) []string {
			x := pairs(append(append([]string{}, f.typed...), "agreed", "1"))
			for i := 0; i+1 < len(change); i += 2 {
				x.Set(change[i], change[i+1])
			}
			var out []string
			for k := range x {
				out = append(out, k, x.Get(k))
			}
			return out
		}
		body := wants(t, v.send(channels+"/"+f.provider, form(f.wrong...)...), 422, f.says...)
		for _, s := range f.secrets {
			if strings.Contains(body, s) {
				t.Errorf("%s: the page repeats a secret", f.provider)
			}
		}
		if strings.Count(body, "<details open") != 1 && f.provider != "ses" {
			t.Errorf("%s: %d forms are open", f.provider, strings.Count(body, "<details open"))
		}
		leads(t, v.send(channels+"/"+f.provider, form()...), channels+"?done=channel-connected")
		body = wants(t, v.get(channels), 200, f.shown...)
		for _, s := range f.secrets {
			if strings.Contains(body, s) {
				t.Errorf("%s: the page shows a secret", f.provider)
			}
		}
	}
	list, err := o.messages.Accounts(context.Background(), v.who)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d accounts, %v", len(list), err)
	}
	manager := o.as("manager")
	for _, x := range list {
		leads(t, v.send(channels+"/"+x.ID.String()+"/test", "version", "1"), channels+"?done=channel-tested")
		if x.HookWord == "" {
			continue
		}
		// Who may not connect an account does not see what lets reports in.
		wants(t, v.get(channels), 200, x.HookWord)
		wants(t, manager.get(channels), 200, x.HookURL, "!"+x.HookWord)
	}
	wants(t, v.get("/app/audit?what=channel"), 200, "Connected", "!"+a.Token, "!"+amazonKey)
}
