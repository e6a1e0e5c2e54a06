package email_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"almirah/internal/carriers/email"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/rig/oracle"
	"almirah/internal/rig/smtp"
)

// keyFile writes a key as PEM.
func keyFile(t *testing.T, key any) string {
	t.Helper()
	var block pem.Block
	if old, ok := key.(*rsa.PrivateKey); ok && old.N.BitLen() == 2048 { // the older form
		block = pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(old)}
	} else {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		block = pem.Block{Type: "PRIVATE KEY", Bytes: der}
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&block), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSignatures lets npm mailauth verify what arrived, over real SMTP, and what somebody made of it.
func TestSignatures(t *testing.T) {
	t.Parallel()
	_, small, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, key := range map[string]any{"rsa-sha256": rsaKey(t, 2048), "ed25519-sha256": small} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			server := smtp.Start(t, smtp.Options{})
			set := settings(server, smtp.Options{})
			set.DKIM = email.DKIM{Domain: "clinic.example", Selector: "s2026.mail", KeyFile: keyFile(t, key)}
			name, record, err := set.DKIM.Record()
			if err != nil || name != "s2026.mail._domainkey.clinic.example" {
				t.Fatal(name, err)
			}
			sender, _ := carrier(t, set)
			m := outgoing()
			m.UnsubscribeURL, m.ReplyTo, m.Subject = "https://clinic.example/u/opaque", "desk@clinic.example", "आपकी अपॉइंटमेंट मंगलवार को सुबह 10:00 बजे है, कृपया समय पर आएँ"
			m.Text += ".\n trailing blanks  \n\n\n"
			plain := m
			plain.UnsubscribeURL = ""
			for _, x := range []messaging.Outgoing{m, plain} {
				if r := sender.Send(t.Context(), x, func() error { return nil }); r.Outcome != messaging.Accepted {
					t.Fatalf("%+v", r)
				}
			}
			raw, without := string(server.Messages()[0].Raw), string(server.Messages()[1].Raw)
			change := func(old, new string) string {
				if !strings.Contains(raw, old) {
					t.Fatalf("there is no %q in it", old)
				}
				return strings.Replace(raw, old, new, 1)
			}
			cases := map[string]struct{ raw, want string }{
				"as it arrived":               {raw, "pass"},
				"without a way out":           {without, "pass"},
				"folded anew":                 {change("List-Unsubscribe: ", "List-Unsubscribe:\r\n\t"), "pass"},
				"a changed text":              {change("Tuesday", "Monday"), "neutral"},
				"another way out":             {change("u/opaque", "u/evil"), "fail"},
				"no way out":                  {change("List-Unsubscribe: <https://clinic.example/u/opaque>\r\n", ""), "fail"},
				"no promise of one click":     {change("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""), "fail"},
				"another subject":             {change("\r\nSubject:", "\r\nSubject: x"), "fail"},
				"another sender":              {change("\r\nFrom: ", "\r\nFrom: x"), "fail"},
				"a second sender":             {change("\r\nFrom: ", "\r\nFrom: evil@example.net\r\nFrom: "), "fail"},
				"a second subject":            {change("\r\nSubject:", "\r\nSubject: You won\r\nSubject:"), "fail"},
				"another type":                {change("Content-Type: multipart", "Content-Type: x-multipart"), "fail"},
				"a way out where there is no": {"List-Unsubscribe: <https://evil.example/>\r\n" + without, "fail"},
			}
			mails := map[string][]byte{}
			for what, c := range cases {
				mails[what] = []byte(c.raw)
			}
			var all map[string][]struct{ Result, Comment, Domain, Selector, Algorithm, Format string }
			oracle.Ask(t, "mailauth.mjs", map[string]any{"mails": mails, "records": map[string]string{name: record}}, &all)
			for what, c := range cases {
				said := all[what]
				if len(said) != 1 || said[0].Result != c.want {
					t.Errorf("%s: %+v, want %s", what, said, c.want)
				} else if s := said[0]; s.Domain != "clinic.example" || s.Selector != "s2026.mail" || s.Algorithm != algorithm || s.Format != "relaxed/relaxed" {
					t.Errorf("%s: %+v", what, s)
				}
			}
		})
	}
}

func TestKeysThatAreTooWeak(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := email.DKIM{Domain: "clinic.example", Selector: "a", KeyFile: keyFile(t, rsaKey(t, 2048))}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*email.DKIM)
		key    string
	}{
		"no domain":      {func(d *email.DKIM) { d.Domain = "" }, "field.mail.dkim_domain.invalid"},
		"one word":       {func(d *email.DKIM) { d.Domain = "localhost" }, "field.mail.dkim_domain.invalid"},
		"no selector":    {func(d *email.DKIM) { d.Selector = "" }, "field.mail.dkim_selector.invalid"},
		"two tags":       {func(d *email.DKIM) { d.Selector = "a; l=0" }, "field.mail.dkim_selector.invalid"},
		"no key":         {func(d *email.DKIM) { d.KeyFile = "" }, "field.mail.dkim_key.invalid"},
		"not a key":      {func(d *email.DKIM) { d.KeyFile = "dkim_test.go" }, "field.mail.dkim_key.invalid"},
		"RSA of 1024":    {func(d *email.DKIM) { d.KeyFile = keyFile(t, rsaKey(t, 1024)) }, "field.mail.dkim_key.invalid"},
		"another family": {func(d *email.DKIM) { d.KeyFile = keyFile(t, curve) }, "field.mail.dkim_key.invalid"},
	} {
		d := good
		c.change(&d)
		set := email.Settings{Host: "mail.example.org", From: "desk@clinic.example", DKIM: d}
		var f *fault.Fault
		if err := set.Validate(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Key != c.key {
			t.Errorf("%s: %v, want %s", name, err, c.key)
		}
		if _, err := email.New(nil, nil, nil, set); err == nil {
			t.Errorf("%s: a carrier was made", name)
		}
		if _, _, err := d.Record(); err == nil {
			t.Errorf("%s: a record was made", name)
		}
	}
	if shown := fmt.Sprint(email.Settings{Host: "mail.example.org", DKIM: good}); !strings.Contains(shown, "dkim=a._domainkey.clinic.example") || strings.Contains(shown, good.KeyFile) {
		t.Error(shown)
	}
}

func TestAnswersAreThreaded(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	sender, _ := carrier(t, settings(server, smtp.Options{}))
	for i, c := range []struct{ id, want string }{{"<abc@mail.example.org>", "<abc@mail.example.org>"}, {"abc@mail.example.org", "<abc@mail.example.org>"}, {"a@b>\r\nBcc: evil@example.net", ""}, {"", ""}} {
		m := outgoing()
		m.InReply = c.id
		if r := sender.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
			t.Fatalf("%+v", r)
		}
		h := server.Messages()[i].Header
		if got := strings.Join(h["In-Reply-To"], ""); got != c.want || strings.Join(h["References"], "") != c.want || (c.want == "") != (len(h["Auto-Submitted"]) == 1) || h["Bcc"] != nil {
			t.Errorf("%q: %v", c.id, h)
		}
	}
}
