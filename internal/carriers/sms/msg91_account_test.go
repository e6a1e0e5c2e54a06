package sms_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"almirah/internal/carriers/sms"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

func typed91(more ...string) map[string]string {
	out := map[string]string{"authkey": authKey, "sender": "SUNRIS", "pe_id": "1101234567890123456", "user_id": "277777", "allowed_ips": "203.0.113.7, 198.51.100.0/24"}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func TestMSG91Form(t *testing.T) {
	t.Parallel()
	r := msg91Rig(t, sms.MSG91Options{}, nil)
	raw, sender, last4, err := r.carrier.Check(typed91())
	var c sms.MSG91Credentials
	if err != nil || json.Unmarshal(raw, &c) != nil || sender != "SUNRIS" || last4 != "1234" || len(c.AllowedIPs) != 2 || len(c.HookSecrets) != 1 || len(c.HookSecrets[0]) < 24 {
		t.Fatalf("%+v %q %q %v", c, sender, last4, err)
	}
	if r.carrier.HookWord(raw) != c.HookSecrets[0] || r.carrier.HookWord([]byte("x")) != "" {
		t.Error("the secret that reports bring is not shown")
	}
	if again, _, _, err := r.carrier.Check(typed91()); err != nil || strings.Contains(string(again), c.HookSecrets[0]) {
		t.Errorf("two accounts have one secret, %v", err)
	}
	for name, change := range map[string][]string{
		"authkey": {"authkey", "typed wrong"}, "sender": {"sender", "Sunrise Clinic"}, "pe_id": {"pe_id", "12"}, "allowed_ips": {"allowed_ips", "everywhere"}, "hook_secrets": {"hook_secrets", "short"},
	} {
		_, _, _, err := r.carrier.Check(typed91(change...))
		var f *fault.Fault
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != name || strings.Contains(err.Error(), change[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The account that was entered is the one that MSG91 is asked about, and nobody gets a message.
	via := *r.via
	via.Credentials = raw
	if err := r.carrier.Probe(t.Context(), via); err != nil || len(r.fake.Texts()) != 0 {
		t.Errorf("%v, %d messages", err, len(r.fake.Texts()))
	}
	via.Credentials, _, _, _ = r.carrier.Check(typed91("authkey", "another-authkey-of-someone"))
	if err := r.carrier.Probe(t.Context(), via); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}

// TestMSG91AllowedAddresses: with the right secret from the wrong address is not enough.
func TestMSG91AllowedAddresses(t *testing.T) {
	t.Parallel()
	body := []byte(`{"requestId":"346539676a6b313230363130","status":"1","number":"919876543210"}`)
	r := msg91Rig(t, sms.MSG91Options{}, func(c *sms.MSG91Credentials) {
		c.AllowedIPs = []string{"203.0.113.7", "198.51.100.0/24", "2001:db8::/32"}
	})
	for from, want := range map[string]error{"203.0.113.7": nil, "198.51.100.200": nil, "::ffff:203.0.113.7": nil, "2001:db8::1": nil, "203.0.113.8": messaging.ErrForged, "": messaging.ErrForged} {
		h := messaging.Hook{Method: http.MethodPost, URL: hook91, Header: http.Header{sms.HookSecretHeader: {hookSecret}}, Body: body}
		if from != "" {
			h.Remote = netip.MustParseAddr(from)
		}
		if _, _, err := r.carrier.Read(t.Context(), *r.via, h); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", from, err, want)
		}
		h.Header = http.Header{}
		if _, _, err := r.carrier.Read(t.Context(), *r.via, h); !errors.Is(err, messaging.ErrForged) {
			t.Errorf("%q without the secret: %v", from, err)
		}
	}
}
