package whatsapp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	rig "almirah/internal/rig/whatsapp"
)

// FuzzInbound signs whatever comes: the reader must neither fall over nor name a piece of news
// in a way that the inbox cannot keep, and reading twice must give the same.
func FuzzInbound(f *testing.F) {
	server, err := rig.Run(rig.Options{Clock: clock.NewFake(noon)})
	if err != nil {
		f.Fatal(err)
	}
	defer server.Close()
	id := server.AddTemplate("x", "en", "UTILITY", "Hello {{1}}, come.")
	for _, c := range []rig.Change{server.Text(person, "Hello", "wamid.x"), server.NumberChanged(person, "12195555358"), server.Preference(person, "stop"), server.UserIDChanged(person, "IN.2"),
		server.Status("wamid.x", "failed", 131050), server.Decide(id, "APPROVED", ""), server.News("account_update", map[string]any{"event": "x"}), server.Unsupported(person), server.Order(person),
		server.ContactCard(person, "x", "1"), server.Location(person, "", "", 1, 2), server.ListReply(person, "x", "y", "z")} {
		f.Add(server.Pack(c).Body)
	}
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"419561257915477","changes":[{"field":"messages","value":null},{"field":"x"}]}]}`))
	via := messaging.Connection{Credentials: server.Credentials()}
	f.Fuzz(func(t *testing.T, body []byte) {
		mac := hmac.New(sha256.New, []byte(server.Account().AppSecret))
		mac.Write(body)
		h := http.Header{}
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
		hook := messaging.Hook{Method: http.MethodPost, Header: h, Body: body}
		events, _, err := whatsapp.Inbound{}.Read(t.Context(), via, hook)
		if err != nil && len(events) > 0 {
			t.Error("news with an error")
		}
		again, _, _ := whatsapp.Inbound{}.Read(t.Context(), via, hook)
		for i, e := range events {
			if e.Kind == "" || e.Key == "" || len(e.Key) > 250 || e.Key != again[i].Key {
				t.Errorf("kind %q, key %q", e.Kind, e.Key)
			}
			for _, s := range []string{e.Key, e.ProviderID, e.Code, e.Name, e.Lang, e.Status, e.Reason, e.Class, e.Text, e.Button, e.ReplyTo, e.From.Name, e.From.UserID} {
				if strings.Contains(s, "\x00") || !utf8.ValidString(s) {
					t.Errorf("%q cannot be stored", s)
				}
			}
			if e.From.Phone != "" && (e.From.Phone[0] != '+' || len(e.From.Phone) > 16) {
				t.Errorf("phone %q", e.From.Phone)
			}
			if len(e.Pricing) > 0 && !json.Valid(e.Pricing) {
				t.Errorf("pricing %q", e.Pricing)
			}
		}
		h.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		if events, _, err := (whatsapp.Inbound{}).Read(t.Context(), via, hook); err == nil || len(events) > 0 {
			t.Error("a forgery was read")
		}
	})
}

// FuzzCheck: what passes has its variables in order and text around them.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"Hello {{1}}, come.", "{{1}}", "a {{name}} b {{when}} c", "a {{1}} {{2}} b", "{{{1}}}", "a {{ 1 }} b", "}}{{", "a {{१}} b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x := draft()
		x.Body, x.Header, x.Footer, x.Buttons = text, "", "", nil
		x.Examples = map[string]string{"1": "a", "2": "b", "3": "c", "name": "x", "when": "y"}
		if whatsapp.Check(x) != nil {
			return
		}
		s := strings.TrimSpace(text)
		if strings.HasPrefix(s, "{{") || strings.HasSuffix(s, "}}") || utf8.RuneCountInString(text) > 1024 || strings.Contains(s, "}}{{") {
			t.Errorf("%q passed", text)
		}
		if strings.Contains(s, "{{2}}") && !strings.Contains(s, "{{1}}") && !strings.Contains(s, "{{ 1") && !strings.Contains(s, "1 }}") && !strings.Contains(s, "1\t") {
			t.Errorf("%q passed without its first variable", text)
		}
	})
}
