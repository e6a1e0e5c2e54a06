package email_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/carriers/email"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig/smtp"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func settings(s *smtp.Server, o smtp.Options) email.Settings {
	if o.TLS == "" {
		o.TLS = "starttls"
	}
	return email.Settings{Host: s.Host(), Port: s.Port(), TLS: o.TLS, User: o.User, Password: o.Password, CAFile: s.CAFile(),
		From: "appointments@clinic.example", FromName: "Almirah", Timeout: 5 * time.Second}
}

func carrier(t *testing.T, set email.Settings) (*email.Carrier, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	gate := egress.New([]egress.Processor{{ID: "smtp", Name: "Test server", Hosts: []string{set.Address()}, Local: true}}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	c, err := email.New(gate.DialContext("smtp"), clock.NewFake(noon), log, set)
	if err != nil {
		t.Fatal(err)
	}
	return c, &logged
}

func outgoing() messaging.Outgoing {
	return messaging.Outgoing{ID: id.New(noon), Channel: messaging.Email, To: "asha@example.org", ToName: "Asha Rao", FromName: "Sunrise Clinic",
		Subject: "Your appointment", Text: "Tuesday at 10:00.\n.\nSee you.\n", HTML: "<p>Tuesday at 10:00.</p>", Language: "en"}
}

func same(a, b messaging.Receipt) bool { return reflect.DeepEqual(a, b) }

// handOver counts how often it is called.
type counter struct{ n atomic.Int64 }

func (c *counter) yes() error { c.n.Add(1); return nil }

func TestOutcomes(t *testing.T) {
	t.Parallel()
	// heard: what a busy machine says late is heard before the dot all the same: it listens for 200 ms
	const heard = 10 * time.Minute
	big := strings.Repeat("A long line of text that does not matter at all. ", 400_000) // more than sockets hold
	for name, c := range map[string]struct {
		behave    smtp.Behaviour
		everyone  bool
		text      string
		timeout   time.Duration
		want      messaging.Receipt
		handed    int64
		delivered int
	}{
		"accepted":                       {want: messaging.Receipt{Outcome: messaging.Accepted, Code: "250"}, handed: 1, delivered: 1},
		"accepted after a wait":          {behave: smtp.Behaviour{Delay: 600 * time.Millisecond}, timeout: 300 * time.Millisecond, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "250"}, handed: 1, delivered: 1},
		"sender refused":                 {behave: smtp.Behaviour{Sender: 553}, everyone: true, want: messaging.Receipt{Outcome: messaging.Refused, Code: "553"}},
		"sender not now":                 {behave: smtp.Behaviour{Sender: 451}, everyone: true, want: messaging.Receipt{Outcome: messaging.Later, Code: "451"}},
		"recipient refused":              {behave: smtp.Behaviour{Recipient: 550}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "550"}},
		"recipient not now":              {behave: smtp.Behaviour{Recipient: 450}, want: messaging.Receipt{Outcome: messaging.Later, Code: "450"}},
		"dropped at the recipient":       {behave: smtp.Behaviour{Drop: smtp.AtRecipient}, want: messaging.Receipt{Outcome: messaging.Later, Code: "lost"}},
		"dropped before the dot":         {behave: smtp.Behaviour{Drop: smtp.InData}, timeout: heard, want: messaging.Receipt{Outcome: messaging.Later, Code: "lost"}},
		"dropped in a big message":       {behave: smtp.Behaviour{Drop: smtp.InData}, text: big, want: messaging.Receipt{Outcome: messaging.Later, Code: "lost"}},
		"an answer before the dot":       {behave: smtp.Behaviour{Drop: smtp.EarlyReply}, timeout: heard, want: messaging.Receipt{Outcome: messaging.Later, Code: "421"}},
		"refused at the dot":             {behave: smtp.Behaviour{Dot: 554}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "554"}, handed: 1},
		"not now at the dot":             {behave: smtp.Behaviour{Dot: 451}, want: messaging.Receipt{Outcome: messaging.Later, Code: "451"}, handed: 1},
		"dropped after the dot":          {behave: smtp.Behaviour{Drop: smtp.AfterDot}, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "lost"}, handed: 1, delivered: 1},
		"silence after the dot":          {behave: smtp.Behaviour{Delay: 3 * time.Second}, timeout: 200 * time.Millisecond, want: messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}, handed: 1, delivered: 1},
		"refused, but only after a wait": {behave: smtp.Behaviour{Dot: 550, Delay: 400 * time.Millisecond}, timeout: 300 * time.Millisecond, want: messaging.Receipt{Outcome: messaging.Refused, Code: "550"}, handed: 1},
	} {
		for _, kind := range []string{"starttls", "implicit", "none"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				o := smtp.Options{TLS: kind, User: "clinic", Password: "correct horse"}
				server := smtp.Start(t, o)
				set := settings(server, o)
				if c.timeout != 0 {
					set.Timeout = c.timeout
				}
				sender, logged := carrier(t, set)
				m := outgoing()
				if c.text != "" {
					m.Text = c.text
				}
				who := m.To
				if c.everyone {
					who = ""
				}
				server.Behave(who, c.behave)
				var handed counter
				got := sender.Send(t.Context(), m, handed.yes)
				if !same(got, c.want) || handed.n.Load() != c.handed {
					t.Errorf("%+v, handed over %d times; want %+v and %d", got, handed.n.Load(), c.want, c.handed)
				}
				if n := len(server.Messages()); n != c.delivered {
					t.Errorf("the server has %d messages, want %d", n, c.delivered)
				}
				for _, secret := range []string{"asha", "Rao", "correct", "Tuesday", "appointment"} {
					if strings.Contains(logged.String(), secret) {
						t.Errorf("%q is in the log: %s", secret, logged)
					}
				}
			})
		}
	}
}

func TestBreakingOffLeavesNothing(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	sender, _ := carrier(t, settings(server, smtp.Options{}))
	got := sender.Send(t.Context(), outgoing(), func() error { return errors.New("the row is no longer ours") })
	if !same(got, messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}) {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var handed counter
	if got := sender.Send(ctx, outgoing(), handed.yes); got.Outcome != messaging.Later || handed.n.Load() != 0 {
		t.Errorf("cancelled before: %+v, handed over %d times", got, handed.n.Load())
	}
	// Ended at the very last moment before the dot: the answer is waited for all the same.
	ctx, cancel = context.WithCancel(t.Context())
	if got := sender.Send(ctx, outgoing(), func() error { cancel(); return nil }); got.Outcome != messaging.Accepted {
		t.Errorf("cancelled after handing over: %+v", got)
	}
	if len(server.Await(t, 1, time.Second)) != 1 {
		t.Errorf("%d messages", len(server.Messages()))
	}
	for end := time.After(5 * time.Second); server.Broken() < 1; {
		select {
		case <-end:
			t.Fatal("the message that was broken off did not reach the server without its dot")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestSessionsThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server smtp.Options
		change func(*email.Settings)
		key    string
		code   string
	}{
		"STARTTLS stripped":        {server: smtp.Options{TLS: "none"}, change: func(s *email.Settings) { s.TLS = email.StartTLS }, key: "fault.mail.no_starttls", code: "starttls"},
		"wrong name":               {server: smtp.Options{Certificate: smtp.WrongName}, key: "fault.mail.certificate_name", code: "certificate"},
		"wrong name, implicit":     {server: smtp.Options{TLS: "implicit", Certificate: smtp.WrongName}, key: "fault.mail.certificate_name", code: "certificate"},
		"expired":                  {server: smtp.Options{Certificate: smtp.Expired}, key: "fault.mail.certificate_expired", code: "certificate"},
		"unknown authority":        {server: smtp.Options{Certificate: smtp.UnknownCompany}, key: "fault.mail.certificate_unknown", code: "certificate"},
		"no authority named":       {server: smtp.Options{TLS: "implicit"}, change: func(s *email.Settings) { s.CAFile = "" }, key: "fault.mail.certificate_unknown", code: "certificate"},
		"TLS 1.1":                  {server: smtp.Options{TLS: "implicit", OldTLS: true}, key: "fault.mail.tls", code: "tls"},
		"TLS 1.1 by STARTTLS":      {server: smtp.Options{OldTLS: true}, key: "fault.mail.tls", code: "tls"},
		"plain where TLS is meant": {server: smtp.Options{TLS: "none"}, change: func(s *email.Settings) { s.TLS = email.ImplicitTLS }, key: "fault.mail.not_tls", code: "tls"},
		"wrong password":           {server: smtp.Options{User: "clinic", Password: "right"}, change: func(s *email.Settings) { s.Password = "wrong" }, key: "fault.mail.sign_in", code: "535"},
		"wrong password, PLAIN":    {server: smtp.Options{User: "clinic", Password: "right", Mechanisms: []string{"PLAIN"}}, change: func(s *email.Settings) { s.Password = "wrong" }, key: "fault.mail.sign_in", code: "535"},
		"no way to sign in":        {server: smtp.Options{User: "clinic", Password: "right", Mechanisms: []string{"NTLM"}}, key: "fault.mail.no_mechanism", code: "mechanism"},
		"nobody listens":           {change: func(s *email.Settings) { s.Port = 1 }, key: "fault.mail.unreachable", code: "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smtp.Start(t, c.server)
			set := settings(server, c.server)
			if c.change != nil {
				c.change(&set)
			}
			sender, logged := carrier(t, set)
			var handed counter
			if got := sender.Send(t.Context(), outgoing(), handed.yes); !same(got, messaging.Receipt{Outcome: messaging.Later, Code: c.code}) || handed.n.Load() != 0 {
				t.Errorf("%+v, handed over %d times; want later %s", got, handed.n.Load(), c.code)
			}
			err := sender.Probe(t.Context())
			var f *fault.Fault
			if !errors.As(err, &f) || f.Key != c.key || f.Kind != fault.Unavailable {
				t.Errorf("probe: %v, want %s", err, c.key)
			}
			if !strings.Contains(words(t)[c.key], "mail server") || f.Args["Host"] != set.Host {
				t.Errorf("no clear words for %s", c.key)
			}
			if n := len(server.Messages()); n != 0 {
				t.Errorf("%d messages were sent", n)
			}
			for _, secret := range []string{"right", "wrong", set.User + ":"} {
				if secret != ":" && strings.Contains(logged.String()+fmt.Sprint(err), secret) {
					t.Errorf("%q shows: %s %v", secret, logged, err)
				}
			}
		})
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"", "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"} {
		for _, kind := range []string{"implicit", "starttls", "none"} {
			t.Run(mechanism+" "+kind, func(t *testing.T) {
				t.Parallel()
				o := smtp.Options{TLS: kind}
				if mechanism != "" {
					o.User, o.Password, o.Mechanisms = "clinic@example.org", "correct horse", []string{mechanism, "XOAUTH2"}
				}
				server := smtp.Start(t, o)
				sender, _ := carrier(t, settings(server, o))
				if err := sender.Probe(t.Context()); err != nil {
					t.Fatal(err)
				}
				if len(server.Messages()) != 0 {
					t.Error("the probe sent a message")
				}
				if r := sender.Send(t.Context(), outgoing(), func() error { return nil }); r.Outcome != messaging.Accepted {
					t.Fatalf("%+v", r)
				}
				m := server.Messages()[0]
				if m.Mechanism != mechanism || (kind != "none") != (m.TLS >= 0x0303) {
					t.Errorf("signed in by %q over %x", m.Mechanism, m.TLS)
				}
			})
		}
	}
}

func TestSilenceIsNotWaitedForEver(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	set := email.Settings{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: email.NoTLS, From: "a@clinic.example", Timeout: 200 * time.Millisecond}
	sender, _ := carrier(t, set)
	if err := sender.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "fault.mail.timeout") {
		t.Errorf("%v, want fault.mail.timeout", err)
	}
	set.Timeout = time.Minute
	sender, _ = carrier(t, set)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if got := sender.Send(ctx, outgoing(), func() error { t.Error("handed over"); return nil }); got.Outcome != messaging.Later {
		t.Errorf("%+v", got)
	}
}

func TestEgressDecides(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	set := settings(server, smtp.Options{})
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for key, p := range map[string]egress.Processor{
		"fault.egress.not_listed":      {ID: "smtp", Hosts: []string{"mail.example.test:587"}, Local: true},
		"fault.egress.private_address": {ID: "smtp", Hosts: []string{set.Address()}},
	} {
		sender, err := email.New(egress.New([]egress.Processor{p}, log).DialContext("smtp"), clock.NewFake(noon), log, set)
		if err != nil {
			t.Fatal(err)
		}
		var f *fault.Fault
		if err := sender.Probe(t.Context()); !errors.As(err, &f) || f.Key != key {
			t.Errorf("%v, want %s", err, key)
		}
		if got := sender.Send(t.Context(), outgoing(), func() error { return nil }); !same(got, messaging.Receipt{Outcome: messaging.Later, Code: "egress"}) {
			t.Errorf("%+v", got)
		}
	}
	if server.Sessions() != 0 {
		t.Error("the server was reached")
	}
}

func words(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../words/catalogue/en/mail.json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]string
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSettingsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := email.Settings{Host: "mail.example.org", From: "desk@clinic.example"}
	if err := good.Validate(); err != nil || good.Address() != "mail.example.org:587" {
		t.Fatalf("%v %s", err, good.Address())
	}
	for key, change := range map[string]func(*email.Settings){
		"field.mail.host.required":      func(s *email.Settings) { s.Host = "" },
		"field.mail.host.invalid":       func(s *email.Settings) { s.Host = "smtp://mail.example.org" },
		"field.mail.port.invalid":       func(s *email.Settings) { s.Port = 70000 },
		"field.mail.tls.needed":         func(s *email.Settings) { s.TLS = "none" },
		"field.mail.tls.invalid":        func(s *email.Settings) { s.TLS = "ssl" },
		"field.mail.password.pair":      func(s *email.Settings) { s.User = "clinic" },
		"field.mail.password.invalid":   func(s *email.Settings) { s.User, s.Password = "clinic", "a\r\nQUIT" },
		"field.mail.from.required":      func(s *email.Settings) { s.From = "" },
		"field.mail.from.invalid":       func(s *email.Settings) { s.From = "Clinic <desk@clinic.example>" },
		"field.mail.hello_name.invalid": func(s *email.Settings) { s.HelloName = "a b" },
		"field.mail.timeout.invalid":    func(s *email.Settings) { s.Timeout = -1 },
		"field.mail.ca_file.invalid":    func(s *email.Settings) { s.CAFile = "carrier_test.go" },
	} {
		s := good
		change(&s)
		var f *fault.Fault
		if err := s.Validate(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Key != key {
			t.Errorf("%v, want %s", err, key)
		}
		if words(t)[key] == "" {
			t.Errorf("no words for %s", key)
		}
		if _, err := email.New(nil, nil, nil, s); err == nil {
			t.Errorf("%s: a carrier was made", key)
		}
	}
}

func TestSettingsHideThePassword(t *testing.T) {
	t.Parallel()
	s := email.Settings{Host: "mail.example.org", TLS: email.ImplicitTLS, User: "person@example.org", Password: "correct horse", From: "desk@clinic.example"}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "settings", s)
	j, _ := json.Marshal(s)
	for _, shown := range []string{s.String(), fmt.Sprint(s), fmt.Sprintf("%+v %#v %s", s, s, &s), logged.String()} {
		if strings.Contains(shown, "horse") || strings.Contains(shown, "person") || !strings.Contains(shown, "mail.example.org:465") {
			t.Errorf("shown: %s", shown)
		}
	}
	if strings.Contains(string(j), "horse") {
		t.Errorf("JSON: %s", j)
	}
}

func TestHeaderNamesNobody(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	sender, _ := carrier(t, settings(server, smtp.Options{}))
	m := outgoing()
	m.UnsubscribeURL = "https://clinic.example/u/opaque?a=b,c"
	m.ReplyTo = "desk@clinic.example"
	for range 2 {
		if r := sender.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
			t.Fatalf("%+v", r)
		}
	}
	got := server.Messages()[0]
	want := map[string]string{
		"Message-Id": "<" + m.ID.String() + "@clinic.example>", "Date": "Tue, 24 Nov 2026 12:00:00 +0000", "From": `"Sunrise Clinic" <appointments@clinic.example>`,
		"To": "<asha@example.org>", "Reply-To": "<desk@clinic.example>", "Subject": "Your appointment", "Auto-Submitted": "auto-generated", "Content-Language": "en",
		"Mime-Version": "1.0", "List-Unsubscribe": "<https://clinic.example/u/opaque?a=b,c>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}
	for name, values := range got.Header {
		if name == "Content-Type" {
			continue
		}
		if len(values) != 1 || values[0] != want[name] {
			t.Errorf("%s: %q, want %q", name, values, want[name])
		}
		delete(want, name)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
	if strings.Contains(string(got.Raw), "Asha") {
		t.Error("the message names the patient where the text does not")
	}
	if got.From != "appointments@clinic.example" || !slices.Equal(got.To, []string{"asha@example.org"}) {
		t.Errorf("envelope: %s to %v", got.From, got.To)
	}
	if n := server.Deliveries()["<"+m.ID.String()+"@clinic.example>"]; n != 2 {
		t.Errorf("the server counts %d deliveries of the message sent twice", n)
	}
	m.UnsubscribeURL, m.ID = "", id.New(noon)
	sender.Send(t.Context(), m, func() error { return nil })
	for name := range server.Messages()[2].Header {
		if strings.HasPrefix(name, "List-") {
			t.Errorf("%s, though nobody asked for it", name)
		}
	}
}

func TestPartsArriveAsWritten(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	sender, _ := carrier(t, settings(server, smtp.Options{}))
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	ics, err := messaging.Invitation{UID: "u@clinic.example", Method: messaging.Request, Start: noon, End: noon.Add(time.Hour), Zone: kolkata, Summary: "नियुक्ति " + strings.Repeat("x", 100),
		OrganizerEmail: "desk@clinic.example", AttendeeEmail: "asha@example.org", Stamp: noon}.ICS()
	if err != nil {
		t.Fatal(err)
	}
	m := outgoing()
	m.Subject = "आपकी अपॉइंटमेंट 24 नवंबर को सुबह 10:00 बजे (भारतीय मानक समय) है, कृपया समय पर आएँ 👩🏽‍⚕️"
	m.Text = ".\r\n..\n.\nQUIT\r\nनमस्ते " + strings.Repeat("लंबी पंक्ति ", 200) + "\rend =3D \x00 \xff"
	m.HTML = "<p>" + strings.Repeat("é", 2000) + "</p>\n.\n"
	m.Calendar = &messaging.Invite{Method: "REQUEST", ICS: ics}
	if r := sender.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
		t.Fatalf("%+v", r)
	}
	got := server.Messages()[0]
	if s := got.Decoded("Subject"); s != m.Subject {
		t.Errorf("subject %q, want %q", s, m.Subject)
	}
	var kinds []string
	for _, p := range got.Parts {
		kinds = append(kinds, p.Type)
		if _, named := p.Header["Content-Disposition"]; named {
			t.Error("a part has a file name")
		}
	}
	if !slices.Equal(kinds, []string{"text/plain", "text/html", "text/calendar"}) || !strings.HasPrefix(got.Header["Content-Type"][0], "multipart/alternative") {
		t.Fatalf("parts: %v in %v", kinds, got.Header["Content-Type"])
	}
	lines := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	text := strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(m.Text, "\uFFFD"), "\r\n", "\n"), "\r", "\n")
	if b := string(got.Parts[0].Body); b != lines(text) {
		t.Errorf("text %q\nwant %q", b, lines(text))
	}
	if b := string(got.Parts[1].Body); b != lines(m.HTML) {
		t.Errorf("HTML differs")
	}
	c := got.Part("text/calendar")
	if !bytes.Equal(c.Body, ics) || c.Params["method"] != "REQUEST" || !strings.EqualFold(c.Params["charset"], "utf-8") {
		t.Errorf("calendar %v %q", c.Params, c.Body)
	}
	for _, l := range strings.Split(string(got.Raw), "\r\n") {
		if len(l) > 78 || strings.ContainsAny(l, "\r\n\x00") || strings.ContainsFunc(l, func(r rune) bool { return r > '~' }) {
			t.Errorf("a line is not fit for the wire: %q", l)
		}
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	sender, _ := carrier(t, settings(server, smtp.Options{}))
	for _, c := range []struct{ typed, shown string }{
		{"Clinic\r\nBcc: evil@example.net", "Clinic Bcc: evil@example.net"}, {"a\nb", "a b"}, {"a\rb", "a b"}, {"a\x00b\tc\x0bd", "a b c d"}, {"\r\n\r\n<html>", "<html>"},
		{`Dr. "Bob" <evil@example.net>, x@y.example`, `Dr. "Bob" <evil@example.net>, x@y.example`}, {`back\slash" <a@b.example>`, `back\slash" <a@b.example>`},
		{"=?utf-8?q?Evil=0D=0ABcc:_x?=", "=?utf-8?q?Evil=0D=0ABcc:_x?="}, {"a =?utf-8?b?8J+mtw==?= सूर्योदय =? ?=", "a =?utf-8?b?8J+mtw==?= सूर्योदय =? ?="},
		{"\u202Egnp.exe\u2066 عيادة", "\u202Egnp.exe\u2066 عيادة"}, {"line\u2028two\u2029three\u0085four", "line two three four"}, {"சூரிய உதயம் மருத்துவமனை 🦷🦷🦷🦷🦷🦷🦷🦷", "சூரிய உதயம் மருத்துவமனை 🦷🦷🦷🦷🦷🦷🦷🦷"},
		{"two  blanks   and (comments) ; , : @ []", "two blanks and (comments) ; , : @ []"}, {"bad \xff utf8", "bad \uFFFD utf8"},
	} {
		m := outgoing()
		m.Subject, m.FromName = c.typed, c.typed
		if r := sender.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
			t.Errorf("%q: %+v", c.typed, r)
			continue
		}
		all := server.Messages()
		got := all[len(all)-1]
		if s := got.Decoded("Subject"); s != c.shown {
			t.Errorf("subject %q is read as %q, want %q", c.typed, s, c.shown)
		}
		from, err := mail.ParseAddressList(got.Header["From"][0])
		if err != nil || len(from) != 1 || from[0].Name != c.shown || from[0].Address != "appointments@clinic.example" {
			t.Errorf("sender %q is read as %v (%v)", c.typed, from, err)
		}
		if n := len(got.Header); n != 9 || got.Header["Bcc"] != nil {
			t.Errorf("%q: %d header fields: %v", c.typed, n, got.Header)
		}
	}
}

func TestAddressesCannotCarryCommands(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, smtp.Options{})
	sender, _ := carrier(t, settings(server, smtp.Options{}))
	for _, to := range []string{
		"", "nobody", "@example.org", "a@", "a@b@c.example", "a@example.org\r\nRCPT TO:<evil@example.net>", `"x> ORCPT=evil@example.net"@example.org`, `"a b"@example.org`,
		"a@example.org> SIZE=1", "a,b@example.org", "Asha <asha@example.org>", "a@exa mple.org", "a@[127.0.0.1]", "a@127.0.0.1", "a@example..org", ".a@example.org", "a..b@example.org", "a\x00@example.org",
		"a@example.org\u2028", strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("x.", 130) + "org",
	} {
		m := outgoing()
		m.To = to
		if r := sender.Send(t.Context(), m, func() error { return nil }); !same(r, messaging.Receipt{Outcome: messaging.Refused, Code: "address"}) {
			t.Errorf("%q: %+v", to, r)
		}
	}
	for name, change := range map[string]func(*messaging.Outgoing){
		"sender":      func(m *messaging.Outgoing) { m.From = "a@example.org\nX: 1" },
		"reply-to":    func(m *messaging.Outgoing) { m.ReplyTo = "a@example.org,b@example.org" },
		"unsubscribe": func(m *messaging.Outgoing) { m.UnsubscribeURL = "https://clinic.example/?a=>, <https://evil.example/" },
		"calendar":    func(m *messaging.Outgoing) { m.Calendar = &messaging.Invite{Method: "REQUEST; x=y", ICS: []byte("x")} },
		"empty":       func(m *messaging.Outgoing) { m.Text, m.HTML = "", "" },
	} {
		m := outgoing()
		change(&m)
		if r := sender.Send(t.Context(), m, func() error { return nil }); !same(r, messaging.Receipt{Outcome: messaging.Refused, Code: name}) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if n := len(server.Messages()); n != 0 || server.Sessions() != 0 {
		t.Errorf("%d messages, %d sessions: want none", n, server.Sessions())
	}
}

func TestAddressesOfOtherScripts(t *testing.T) {
	t.Parallel()
	plain, knowing := smtp.Start(t, smtp.Options{}), smtp.Start(t, smtp.Options{UTF8: true})
	for to, want := range map[string]struct {
		plain messaging.Receipt
		as    string
		utf8  bool
	}{
		"asha@क्लिनिक.example": {messaging.Receipt{Outcome: messaging.Accepted, Code: "250"}, "asha@xn--11ba0dwb0db8g.example", false},
		"o'neil+x@EXAMPLE.org": {messaging.Receipt{Outcome: messaging.Accepted, Code: "250"}, "o'neil+x@example.org", false},
		"आशा@example.org":      {messaging.Receipt{Outcome: messaging.Refused, Code: "smtputf8"}, "आशा@example.org", true},
	} {
		m := outgoing()
		m.To = to
		sender, _ := carrier(t, settings(plain, smtp.Options{}))
		if r := sender.Send(t.Context(), m, func() error { return nil }); !same(r, want.plain) {
			t.Errorf("%s: %+v, want %+v", to, r, want.plain)
		}
		sender, _ = carrier(t, settings(knowing, smtp.Options{}))
		if r := sender.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
			t.Errorf("%s: %+v", to, r)
			continue
		}
		all := knowing.Messages()
		if got := all[len(all)-1]; got.To[0] != want.as || got.UTF8 != want.utf8 {
			t.Errorf("%s: sent to %v, SMTPUTF8 %v", to, got.To, got.UTF8)
		}
	}
}
