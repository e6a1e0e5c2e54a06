package whatsapp_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	rig "almirah/internal/rig/whatsapp"
)

// typed is the form of the server's account, with these fields changed.
func typed(s *rig.Server, more ...string) map[string]string {
	a := s.Account()
	out := map[string]string{"phone_number_id": a.PhoneNumberID, "business_account_id": a.BusinessAccountID, "token": a.Token, "app_secrets": a.AppSecret, "sender": "+1 (555) 078-3881"}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// connects is what a form that is right becomes.
func connects(t *testing.T, d *desk, more ...string) (whatsapp.Credentials, messaging.Connection) {
	t.Helper()
	raw, sender, last4, err := d.Check(typed(d.server, more...))
	if err != nil || sender != "+15550783881" || last4 != "6789" {
		t.Fatalf("%q %q %v", sender, last4, err)
	}
	var c whatsapp.Credentials
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	via := *d.via
	via.Credentials, via.Sender = raw, sender
	return c, via
}

func TestFormOfAnAccount(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	c, via := connects(t, d)
	again, _ := connects(t, d)
	if len(c.VerifyToken) < 24 || c.VerifyToken == again.VerifyToken || d.HookWord(via.Credentials) != c.VerifyToken || d.HookWord(nil) != "" || c.Coexistence || len(c.AppSecrets) != 1 {
		t.Errorf("%d letters, %+v", len(c.VerifyToken), c)
	}
	two, _ := connects(t, d, "app_secret_old", strings.Repeat("b", 32), "coexistence", "yes", "verify_token", "one-of-the-owners-own")
	if len(two.AppSecrets) != 2 || !two.Coexistence || two.VerifyToken != "one-of-the-owners-own" {
		t.Errorf("%+v", two)
	}
	// Meta's question about the address is answered with the token that was made.
	hook := messaging.Hook{Method: http.MethodGet, URL: "https://clinic.example/hooks/whatsapp/x?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + c.VerifyToken}
	if _, answer, err := d.Read(t.Context(), via, hook); err != nil || string(answer.Body) != "1158201444" || d.Provider() != "whatsapp" {
		t.Errorf("%+v %v", answer, err)
	}
	for name, change := range map[string][]string{
		"phone_number_id": {"phone_number_id", "+91 98"}, "business_account_id": {"business_account_id", ""}, "token": {"token", "typed wrong"}, "app_secrets": {"app_secrets", "short"},
		"sender": {"sender", "98450-12345"}, "verify_token": {"verify_token", "too short"},
	} {
		_, _, _, err := d.Check(typed(d.server, change...))
		var f *fault.Fault
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != name || change[1] != "" && strings.Contains(err.Error(), change[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, _, err := d.Check(map[string]string{})
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) != 5 {
		t.Errorf("nothing typed: %v", err)
	}
}

func TestMetaIsAskedAboutAnAccount(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	_, via := connects(t, d)
	via.HookURL = "https://clinic.example/hooks/whatsapp/0197"
	if err := d.Probe(t.Context(), via); err != nil {
		t.Fatal(err)
	}
	if got := d.server.Subscribed(); len(got) != 1 || len(got[0]) != 0 || len(d.server.Messages()) != 0 {
		t.Errorf("subscribed %v, %d messages", got, len(d.server.Messages()))
	}
	other := via
	other.Sender = "+919845012345"
	var f *fault.Fault
	if err := d.Probe(t.Context(), other); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Key != "field.whatsapp.sender.other" {
		t.Errorf("another number: %v", err)
	}
	_, elsewhere := connects(t, d, "business_account_id", "100000000000001")
	failed(t, "another account", d.Probe(t.Context(), elsewhere), fault.Invalid, "fault.whatsapp.refused", "100")
	_, elsewhere = connects(t, d, "phone_number_id", "999999999")
	failed(t, "another number's id", d.Probe(t.Context(), elsewhere), fault.Invalid, "fault.whatsapp.refused", "100")
	d.server.Revoke()
	failed(t, "revoked", d.Probe(t.Context(), via), fault.Invalid, "fault.whatsapp.account", "190")
	if d.logged.Len() != 0 {
		t.Errorf("logged %s", d.logged)
	}
}
