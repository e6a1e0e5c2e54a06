package email_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/carriers/email"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

const (
	secretNow = "Zr1nJ0s8mQ4tY7uB2vC5xD9eF3gH6iKk-new"
	secretOld = "Aa1nJ0s8mQ4tY7uB2vC5xD9eF3gH6iKk-old"
	domain    = "reply.clinic.example"
	thread    = "aebagbafaydqqcikbmga2dqpca" // of the bytes 1 to 16
	address   = "r." + thread + "@" + domain
)

func mailbox() messaging.Connection {
	raw, err := json.Marshal(email.Mailbox{Secrets: []string{secretNow, secretOld}, Domain: domain})
	if err != nil {
		panic(err)
	}
	return messaging.Connection{ID: id.New(noon), Provider: "mail", Credentials: raw}
}

func signature(secret string, at time.Time, body []byte) string {
	t := fmt.Sprint(at.Unix())
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(t + "."))
	h.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(h.Sum(nil))
}

func posted(body []byte, kind string) messaging.Hook {
	return messaging.Hook{Method: http.MethodPost, Header: http.Header{"Content-Type": {kind}, "X-Almirah-Signature": {signature(secretNow, noon, body)}}, Body: body}
}

// read posts a mail and answers its one event.
func read(t *testing.T, raw string) messaging.Event {
	t.Helper()
	events, _, err := email.NewInbox(clock.NewFake(noon)).Read(t.Context(), mailbox(), posted([]byte(raw), "message/rfc822"))
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %d events: %.200s", err, len(events), raw)
	}
	return events[0]
}

// letterOf is a mail of Asha's with more header lines and a body.
func letterOf(header, body string) string {
	return "From: Asha Rao <asha@example.org>\r\nTo: " + address + "\r\nMessage-ID: <abc@mail.example.org>\r\nSubject: Re: Your appointment\r\n" + header + "\r\n" + body
}

func TestWhoMayPost(t *testing.T) {
	t.Parallel()
	body := []byte(letterOf("", "Yes, I come.\r\n"))
	good := signature(secretNow, noon, body)
	for name, c := range map[string]struct {
		signature string
		body      []byte
		change    func(*messaging.Connection, *messaging.Hook)
		want      error
	}{
		"signed":              {signature: good},
		"by the other secret": {signature: signature(secretOld, noon, body)},
		"twice, one good":     {signature: "t=" + fmt.Sprint(noon.Unix()) + ",v1=" + strings.Repeat("0", 64) + "," + good[strings.Index(good, "v1"):]},
		"four minutes ago":    {signature: signature(secretNow, noon.Add(-4*time.Minute), body)},
		"six minutes ago":     {signature: signature(secretNow, noon.Add(-6*time.Minute), body), want: messaging.ErrForged},
		"four minutes ahead":  {signature: signature(secretNow, noon.Add(4*time.Minute), body)},
		"six minutes ahead":   {signature: signature(secretNow, noon.Add(6*time.Minute), body), want: messaging.ErrForged},
		"a week ago":          {signature: signature(secretNow, noon.Add(-7*24*time.Hour), body), want: messaging.ErrForged},
		"another time":        {signature: strings.Replace(good, "t=", "t=0", 1), want: messaging.ErrForged},
		"two times":           {signature: good + ",t=" + fmt.Sprint(noon.Unix()), want: messaging.ErrForged},
		"not signed":          {want: messaging.ErrForged},
		"no v1":               {signature: "t=" + fmt.Sprint(noon.Unix()), want: messaging.ErrForged},
		"an empty v1":         {signature: "t=" + fmt.Sprint(noon.Unix()) + ",v1=", want: messaging.ErrForged},
		"another scheme":      {signature: strings.Replace(good, "v1", "v0", 1), want: messaging.ErrForged},
		"a stranger's secret": {signature: signature(strings.Repeat("x", 36), noon, body), want: messaging.ErrForged},
		"another body":        {signature: good, body: []byte(letterOf("", "No.\r\n")), want: messaging.ErrForged},
		"a very long header":  {signature: good + strings.Repeat(",v1=00", 400), want: messaging.ErrForged},
		"no secrets": {signature: good, change: func(c *messaging.Connection, _ *messaging.Hook) {
			c.Credentials = []byte(`{"domain":"reply.clinic.example"}`)
		}, want: messaging.ErrForged},
		"no credentials":       {signature: good, change: func(c *messaging.Connection, _ *messaging.Hook) { c.Credentials = nil }, want: messaging.ErrForged},
		"GET":                  {signature: good, change: func(_ *messaging.Connection, h *messaging.Hook) { h.Method = http.MethodGet }, want: messaging.ErrUnreadable},
		"too big":              {signature: "x", body: make([]byte, 1<<20+1), want: messaging.ErrUnreadable},
		"no mail":              {signature: signature(secretNow, noon, []byte("hello")), body: []byte("hello"), want: messaging.ErrUnreadable},
		"nothing at all":       {signature: signature(secretNow, noon, []byte{}), body: []byte{}, want: messaging.ErrUnreadable},
		"JSON that is none":    {signature: signature(secretNow, noon, []byte("{")), body: []byte("{"), change: asJSON, want: messaging.ErrUnreadable},
		"JSON without a mail":  {signature: signature(secretNow, noon, []byte("{}")), body: []byte("{}"), change: asJSON, want: messaging.ErrUnreadable},
		"JSON with half a one": {signature: signature(secretNow, noon, []byte(`{"raw":"aGVsbG8="}`)), body: []byte(`{"raw":"aGVsbG8="}`), change: asJSON, want: messaging.ErrUnreadable},
	} {
		at, h := mailbox(), messaging.Hook{Method: http.MethodPost, Header: http.Header{"Content-Type": {"message/rfc822"}, email.SignatureHeader: {c.signature}}, Body: body}
		if c.body != nil {
			h.Body = c.body
		}
		if c.change != nil {
			c.change(&at, &h)
		}
		events, answer, err := email.NewInbox(clock.NewFake(noon)).Read(t.Context(), at, h)
		if !errors.Is(err, c.want) || (len(events) == 1) != (c.want == nil) || !reflect.DeepEqual(answer, messaging.Answer{}) {
			t.Errorf("%s: %v, %d events; want %v", name, err, len(events), c.want)
		}
	}
}

func asJSON(_ *messaging.Connection, h *messaging.Hook) {
	h.Header.Set("Content-Type", "application/json; charset=utf-8")
}

func TestAnAnswer(t *testing.T) {
	t.Parallel()
	got := read(t, letterOf("Date: Tue, 24 Nov 2020 12:00:00 +0000\r\n", "Yes, I come.\r\n\r\nOn Tue, 24 Nov 2026 at 10:00, Sunrise Clinic <desk@clinic.example> wrote:\r\n> Tuesday at 10:00.\r\n"))
	want := messaging.Event{Kind: messaging.MessageNews, Key: got.Key, At: clock.At(noon), ProviderID: "abc@mail.example.org", From: messaging.Sender{Address: "asha@example.org", Name: "Asha Rao"}, Text: "Yes, I come.", ReplyTo: thread}
	if !reflect.DeepEqual(got, want) || !strings.HasPrefix(got.Key, "mail-") {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	// The same mail, as JSON with the mail in it, with its envelope; and taken apart. All are one piece of news.
	raw := letterOf("", "Yes, I come.\r\n")
	for name, body := range map[string]string{
		"whole": `{"raw":"` + base64.StdEncoding.EncodeToString([]byte(raw)) + `"}`,
		"with its envelope": `{"recipient":"` + strings.ToUpper(address) + `","return_path":"asha@example.org","raw":"` +
			base64.StdEncoding.EncodeToString([]byte(strings.Replace(raw, "To: "+address, "To: undisclosed recipients:;", 1))) + `"}`,
		"in fields": `{"recipient":"` + address + `","from":"Asha Rao <asha@example.org>","subject":"Re: Your appointment","text":"Yes, I come.\n","message_id":"<abc@mail.example.org>"}`,
		"in HTML":   `{"recipient":"` + address + `","from":"\"Asha Rao\" <asha@example.org>","html":"<p>Yes, I&nbsp;come.</p>","message_id":"abc@mail.example.org"}`,
	} {
		events, _, err := email.NewInbox(clock.NewFake(noon)).Read(t.Context(), mailbox(), posted([]byte(body), "application/json"))
		if err != nil || len(events) != 1 || !reflect.DeepEqual(events[0], want) {
			t.Errorf("%s: %v %+v", name, err, events)
		}
	}
	// A mail with the line of a mailbox before it, and one with the other line ends.
	for _, raw := range []string{"From asha@example.org Tue Nov 24 12:00:00 2026\n" + raw, strings.ReplaceAll(raw, "\r\n", "\n"), "Delivered-To: " + address + "\r\n" + strings.Replace(raw, "To: "+address, "To: x@example.org", 1)} {
		if got := read(t, raw); got.Text != want.Text || got.ReplyTo != thread || got.Key != want.Key {
			t.Errorf("%+v", got)
		}
	}
	// Somebody else's address is no thread; without a Message-ID the bytes decide.
	for _, to := range []string{"r." + thread + "@evil.example", "r.aaaa@" + domain, "desk@" + domain, thread + "@" + domain, "r." + strings.Repeat("a", 25) + "b@" + domain} {
		if got := read(t, strings.Replace(raw, address, to, 1)); got.ReplyTo != "" || got.Kind != messaging.MessageNews || got.Key == want.Key {
			t.Errorf("%s: %+v", to, got)
		}
	}
	bare := strings.Replace(raw, "Message-ID: <abc@mail.example.org>\r\n", "", 1)
	if a, b, c := read(t, bare), read(t, bare), read(t, bare+"x"); a.Key != b.Key || a.Key == c.Key || a.ProviderID != "" {
		t.Errorf("%s %s %s", a.Key, b.Key, c.Key)
	}
}

func TestWhatMachinesAnswer(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"out of office": "Auto-Submitted: auto-replied (vacation)\r\n", "generated": "Auto-Submitted: Auto-Generated; x=y\r\n", "empty return path": "Return-Path: <>\r\n", "bulk": "Precedence: bulk\r\n",
		"old style": "Precedence: auto_reply\r\n", "X-Autoreply": "X-Autoreply: yes\r\n", "a list": "List-Id: <news.example.org>\r\n",
	} {
		got := read(t, letterOf(header, "STOP I am away until Monday.\r\n"))
		if want := (messaging.Event{Kind: messaging.Unknown, Key: got.Key, At: clock.At(noon), ReplyTo: thread, Name: "auto-reply"}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := read(t, strings.Replace(letterOf("", "x"), "asha@", "MAILER-DAEMON@", 1)); got.Kind != messaging.Unknown {
		t.Errorf("mailer-daemon: %+v", got)
	}
	body := `{"recipient":"` + address + `","return_path":"<>","from":"asha@example.org","text":"x"}`
	if events, _, err := email.NewInbox(clock.NewFake(noon)).Read(t.Context(), mailbox(), posted([]byte(body), "application/json")); err != nil || events[0].Kind != messaging.Unknown {
		t.Errorf("empty return path in JSON: %v %+v", err, events)
	}
	for name, header := range map[string]string{"said to be by hand": "Auto-Submitted: no\r\n", "from Outlook": "X-Auto-Response-Suppress: All\r\n", "with a return path": "Return-Path: <asha@example.org>\r\n"} {
		if got := read(t, letterOf(header, "Yes.\r\n")); got.Kind != messaging.MessageNews || got.Text != "Yes." {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBounces(t *testing.T) {
	t.Parallel()
	sent := id.New(noon)
	report := func(action, status, about string) string {
		return "Return-Path: <>\r\nFrom: Mail Delivery System <mailer-daemon@mail.example.org>\r\nTo: " + address + "\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <dsn@mail.example.org>\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"b\"\r\n\r\n--b\r\n\r\nasha@example.org: no such person\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
			"Reporting-MTA: dns; mail.example.org\r\n\r\nFinal-Recipient: rfc822; asha@example.org\r\nAction: " + action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; 550 asha@example.org\r\n\r\n--b\r\n" +
			"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: " + about + "\r\nSubject: Your appointment\r\n--b--\r\n"
	}
	ours := "<" + sent.String() + "@clinic.example>"
	for name, c := range map[string]struct {
		raw  string
		want messaging.Event
	}{
		"no such person":   {report("failed", "5.1.1", ours), messaging.Event{Kind: messaging.StateNews, Message: sent, Reached: messaging.ReachedFailed, Code: "5.1.1", Permanent: true}},
		"given up":         {report("failed", "4.4.7 (over)", ours), messaging.Event{Kind: messaging.StateNews, Message: sent, Reached: messaging.ReachedFailed, Code: "4.4.7"}},
		"late":             {report("delayed", "4.4.1", ours), messaging.Event{Kind: messaging.StateNews, Message: sent, Reached: messaging.ReachedSent, Code: "4.4.1"}},
		"delivered":        {report("delivered", "2.0.0", ours), messaging.Event{Kind: messaging.StateNews, Message: sent, Reached: messaging.ReachedDelivered, Code: "2.0.0"}},
		"a strange status": {report("failed", "asha@example.org", ours), messaging.Event{Kind: messaging.StateNews, Message: sent, Reached: messaging.ReachedFailed}},
		"not ours":         {report("failed", "5.1.1", "<x@example.org>"), messaging.Event{Kind: messaging.Unknown, Name: "bounce"}},
		"a strange action": {report("sung", "5.1.1", ours), messaging.Event{Kind: messaging.Unknown, Name: "bounce"}},
		"of Exim":          {letterOf("X-Failed-Recipients: asha@example.org\r\n", "This message was created automatically.\r\n"), messaging.Event{Kind: messaging.Unknown, Name: "bounce"}},
	} {
		got := read(t, c.raw)
		c.want.Key, c.want.At, c.want.ReplyTo = got.Key, clock.At(noon), thread
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTextsOfAllKinds(t *testing.T) {
	t.Parallel()
	qp := "Content-Transfer-Encoding: quoted-printable\r\n"
	deep := ""
	for i := range 12 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d.\r\n\r\n--b%d.\r\n", i, i)
	}
	deep += "\r\ntoo deep\r\n"
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 5000)
	for name, c := range map[string]struct{ header, body, want string }{
		"plain":                   {"", "Yes.\r\n", "Yes."},
		"quoted-printable UTF-8":  {"Content-Type: text/plain; charset=utf-8\r\n" + qp, "=E0=A4=B9=E0=A4=BE=E0=A4=81, I c=\r\nome\r\n", "हाँ, I come"},
		"Latin-1":                 {"Content-Type: text/plain; charset=iso-8859-1\r\n" + qp, "Fr=E4nzi", "Fränzi"},
		"Windows, nobody says":    {"", "Fr\xe4nzi \x93ok\x94", "Fränzi “ok”"},
		"Japanese":                {"Content-Type: text/plain; charset=ISO-2022-JP\r\n", "\x1b$B$O$$\x1b(B", "はい"},
		"Arabic":                  {"Content-Type: text/plain; charset=windows-1256\r\n", "\xe4\xda\xe3", "نعم"},
		"a charset of nobody":     {"Content-Type: text/plain; charset=x-none\r\n", "हाँ", "हाँ"},
		"base64":                  {"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", "4KS54KS+\r\n4KSB\r\n", "हाँ"},
		"base64 that breaks off":  {"Content-Transfer-Encoding: base64\r\n", "WWVzLg==!!!", "Yes."},
		"control characters":      {"", "Y\x00e\x07s\x1b[31m\x7f", "Yes[31m"},
		"both kinds":              {"Content-Type: multipart/alternative; boundary=b\r\n", "--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>page</p>\r\n--b--\r\n", "plain"},
		"an empty plain":          {"Content-Type: multipart/alternative; boundary=b\r\n", "--b\r\n\r\n  \r\n--b\r\nContent-Type: text/html\r\n\r\n<style>p{}</style><title>t</title><script>x()</script><p>page &amp; more<br>next</p>\r\n--b--\r\n", "page & more\nnext"},
		"a page of Gmail's":       {"Content-Type: text/html\r\n", `<div dir="ltr">Yes</div><br><div class="gmail_quote"><div>On Tue wrote:</div><blockquote>Tuesday</blockquote></div>`, "Yes"},
		"a page of Outlook's":     {"Content-Type: text/html\r\n", `<div>Yes</div><div id="divRplyFwdMsg"><b>From:</b> Clinic</div>Tuesday`, "Yes"},
		"not closed":              {"Content-Type: text/html\r\n", `<html><head><body><p>Yes<b`, "Yes"},
		"no type that is known":   {"Content-Type: ;;;\r\n", "Yes", "Yes"},
		"a parted mail with none": {"Content-Type: multipart/mixed\r\n", "Yes", ""},
		"too deep":                {"", "x", "x"},
		"STOP":                    {"", "STOP\r\n", "STOP"},
		"STOP above a quotation":  {"", "Stop\r\n\r\n-----Original Message-----\r\nFrom: Clinic\r\nSent: Tuesday\r\n\r\nTuesday", "Stop"},
		"many parts":              {"", "x", "x"},
	} {
		raw := letterOf(c.header, c.body)
		switch name {
		case "too deep":
			raw, c.want = letterOf("", "")[:len(letterOf("", ""))-2]+deep, ""
		case "many parts":
			raw = letterOf("", "")[:len(letterOf("", ""))-2] + many
			if got := read(t, raw); len(got.Text) > 300 || !strings.HasPrefix(got.Text, "x") {
				t.Errorf("%s: %d characters", name, len(got.Text))
			}
			continue
		}
		if got := read(t, raw); got.Kind != messaging.MessageNews || got.Text != c.want {
			t.Errorf("%s: %q, want %q", name, got.Text, c.want)
		}
	}
	if got := read(t, letterOf("", strings.Repeat("long ", 100_000))); len(got.Text) > 20_010 {
		t.Errorf("%d characters", len(got.Text))
	}
	// What stands in the subject of a mail of her own counts when there is nothing else.
	for subject, want := range map[string]string{"STOP": "STOP", "=?utf-8?q?=E0=A4=B9=E0=A4=BE=E0=A4=81?=": "हाँ", "Re: Your appointment": "", "AW: x": ""} {
		if got := read(t, strings.Replace(letterOf("", " \r\n"), "Re: Your appointment", subject, 1)); got.Text != want {
			t.Errorf("subject %q: %q", subject, got.Text)
		}
	}
	got := read(t, letterOf("Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nSee the picture.\r\n--b\r\nContent-Type: image/jpeg; name=\"=?utf-8?q?r=C3=B6ntgen.jpg?=\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\naGVsbG8=\r\n--b--\r\n"))
	sum := sha256.Sum256([]byte("hello"))
	if got.Text != "See the picture." || !reflect.DeepEqual(got.Media, []messaging.Media{{ContentType: "image/jpeg", FileName: "röntgen.jpg", SHA256: hex.EncodeToString(sum[:])}}) {
		t.Errorf("%+v", got)
	}
	got = read(t, strings.Replace(letterOf("", "x"), "Asha Rao <asha@example.org>", "=?iso-8859-1?q?Fr=E4nzi?= <f@example.org>", 1))
	if got.From != (messaging.Sender{Address: "f@example.org", Name: "Fränzi"}) {
		t.Errorf("%+v", got.From)
	}
	if got = read(t, strings.Replace(letterOf("", "x"), "Asha Rao <asha@example.org>", "nobody, (really", 1)); got.From != (messaging.Sender{}) || got.Text != "x" {
		t.Errorf("%+v", got)
	}
}

func TestQuotations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"Gmail":                {"Yes\n\nOn Tue, 24 Nov 2026 at 10:00, Clinic <desk@clinic.example> wrote:\n\n> Tuesday\n> 10:00\n", "Yes"},
		"Gmail, broken":        {"Yes\n\nOn Tue, Nov 24, 2026 at 10:00 AM Sunrise Clinic\n<desk@clinic.example> wrote:\n\n> Tuesday\n", "Yes"},
		"Apple, not quoted":    {"Yes\n\nOn 24. Nov 2026, at 10:00, Clinic <desk@clinic.example> wrote:\n\nTuesday at 10:00\n", "Yes"},
		"German":               {"Ja\n\nAm 24.11.26 um 10:00 schrieb Praxis:\n> Dienstag\n", "Ja"},
		"French":               {"Oui\n\nLe 24 nov. 2026 à 10:00, Clinique a écrit :\n> mardi\n", "Oui"},
		"Spanish":              {"Sí\n\nEl mar, 24 nov 2026 a las 10:00, Clínica (<desk@clinic.example>) escribió:\n> martes\n", "Sí"},
		"Hindi":                {"हाँ\n\n24 नव॰ 2026 को 10:00 बजे को Clinic <desk@clinic.example> ने लिखा:\n> मंगलवार\n", "हाँ"},
		"Arabic":               {"نعم\n\nفي الثلاثاء، 24 نوفمبر 2026 في 10:00 كتب Clinic:\n> الثلاثاء\n", "نعم"},
		"Tamil, unknown words": {"ஆம்\n\n24 நவ., 2026 10:00 அன்று, Clinic <desk@clinic.example> :\n> செவ்வாய்\n", "ஆம்"},
		"Outlook":              {"Yes\n\n________________________________\nFrom: Clinic <desk@clinic.example>\nSent: Tuesday\nTo: Asha\n\nTuesday\n", "Yes"},
		"Outlook, no rule":     {"Yes\n\nFrom: Clinic <desk@clinic.example>\nSent: Tuesday\nTo: Asha\n\nTuesday\n", "Yes"},
		"below the quotation":  {"Hello,\n\nOn Tue, 24 Nov 2026 Clinic wrote:\n> Tuesday?\n\nNo, Wednesday please.\n", "Hello,\n\nNo, Wednesday please."},
		"between":              {"> Tuesday?\nNo.\n> Wednesday?\nYes.\n", "No.\nYes."},
		"only below":           {"On Tue, 24 Nov 2026 Clinic wrote:\n> Tuesday?\n\nYes.\n", "Yes."},
		"nothing":              {"On Tue, 24 Nov 2026 Clinic wrote:\n> Tuesday?\n", ""},
		"a signature":          {"Yes\n-- \nAsha Rao\n+91 98765 43210\n", "Yes"},
		"a colon of her own":   {"I can come at 10:\nor at 11:\nplease choose", "I can come at 10:\nor at 11:\nplease choose"},
		"on a day":             {"On Monday 24 I wrote to you about my knee.\nPlease answer.", "On Monday 24 I wrote to you about my knee.\nPlease answer."},
		"dashes of her own":    {"--- important ---\nI come later", "--- important ---\nI come later"},
		"From as a word":       {"From: Monday on I am away\nThanks: Asha", "From: Monday on I am away\nThanks: Asha"},
		"a forward and no word": {"---------- Forwarded message ---------\nFrom: X <x@example.org>\nDate: Tuesday\n\nSee this\n",
			"---------- Forwarded message ---------\nFrom: X <x@example.org>\nDate: Tuesday\n\nSee this"},
	} {
		if got := read(t, letterOf("Content-Type: text/plain; charset=utf-8\r\n", strings.ReplaceAll(c.body, "\n", "\r\n"))); got.Text != c.want {
			t.Errorf("%s: %q, want %q", name, got.Text, c.want)
		}
	}
}

func TestMailsThatWouldTakeLong(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty lines": strings.Repeat("\n", 1_000_000), "a letter in empty lines": strings.Repeat("x\n\n\n\n\n\n\n\n", 100_000), "one line": strings.Repeat("On 1 ", 200_000), "beginnings": strings.Repeat("On 1\n", 200_000),
		"quotations": strings.Repeat("On 1 x wrote:\n> y\n", 50_000), "rules": strings.Repeat("----- x -----\nFrom: <\n", 40_000), "tags": strings.Repeat("<div><blockquote>", 50_000), "colons": strings.Repeat("1:", 500_000), "short colons": strings.Repeat(strings.Repeat("On 1:", 70)+"\n", 2_500),
	} {
		for _, header := range []string{"", "Content-Type: text/html\r\n"} {
			before := time.Now()
			read(t, letterOf(header, body))
			if took := time.Since(before); took > 5*time.Second {
				t.Errorf("%s %s took %s", name, header, took)
			}
		}
	}
}

func TestAddressesOfThreads(t *testing.T) {
	t.Parallel()
	var token email.ReplyToken
	for i := range token {
		token[i] = byte(i + 1)
	}
	made, err := email.ReplyAddress(token, domain)
	if err != nil || made != address || token.String() != thread {
		t.Fatalf("%s %v", made, err)
	}
	for _, a := range []string{address, strings.ToUpper(address), "R." + thread + "@Reply.Clinic.EXAMPLE"} {
		if got, err := email.ReadReplyAddress(a, domain); err != nil || got != token {
			t.Errorf("%s: %v", a, err)
		}
	}
	last := thread[:25] + "b" // the same bytes, spelled with bits that no byte has
	for _, a := range []string{"", "r.@" + domain, "r." + thread, "r." + last + "@" + domain, "r." + thread + "x@" + domain, "s." + thread + "@" + domain, address + ".evil.example", "x" + address, address + "\n", "r." + thread + "@clinic.example"} {
		if _, err := email.ReadReplyAddress(a, domain); err == nil || strings.Contains(err.Error(), thread) {
			t.Errorf("%q: %v", a, err)
		}
	}
	if _, err := email.ReplyAddress(token, "no domain"); err == nil {
		t.Error("an address at no domain")
	}
}

func TestMailboxSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := email.Mailbox{Secrets: []string{secretNow}, Domain: domain}
	if err := good.Validate(); err != nil || good.Last4() != "-new" {
		t.Fatal(err, good.Last4())
	}
	for key, change := range map[string]func(*email.Mailbox){
		"field.mail.secrets.number":       func(m *email.Mailbox) { m.Secrets = []string{secretNow, secretOld, secretNow} },
		"field.mail.secrets.invalid":      func(m *email.Mailbox) { m.Secrets = []string{"short"} },
		"field.mail.reply_domain.invalid": func(m *email.Mailbox) { m.Domain = "@x" },
	} {
		m := good
		change(&m)
		var f *fault.Fault
		if err := m.Validate(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Key != key {
			t.Errorf("%v, want %s", err, key)
		}
	}
	var shown strings.Builder
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "box", good)
	fmt.Fprintf(&shown, "%v %+v %#v %s", good, good, good, &good)
	if strings.Contains(shown.String(), secretNow) {
		t.Error(shown.String())
	}
}

// TestOperatorsScript runs the shell command of docs/mail.md against the reader.
func TestOperatorsScript(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "openssl", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("ALMIRAH_STRICT") == "1" {
				t.Fatalf("%s is not here: run make deps", tool)
			}
			t.Skipf("%s is not here: run make deps", tool)
		}
	}
	text, err := os.ReadFile("../../../docs/mail.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(text), "```sh\n#!/bin/sh\n")
	script, _, found := strings.Cut(script, "```")
	if !found || strings.Count(script, "\n") > 10 {
		t.Fatalf("no script of ten lines in docs/mail.md: %d", strings.Count(script, "\n"))
	}
	var mu sync.Mutex
	var seen []messaging.Event
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		events, _, err := email.NewInbox(clock.System{}).Read(r.Context(), mailbox(), messaging.Hook{Method: r.Method, Header: r.Header, Body: body})
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, events...)
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer door.Close()
	dir := t.TempDir()
	run := func(secret, mail string) (int, string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		own := strings.NewReplacer("https://clinic.example.org/hooks/mail/CHANNEL", door.URL, "/etc/almirah/mail.secret", filepath.Join(dir, "secret")).Replace(script)
		cmd := exec.Command("sh", "-c", own)
		cmd.Stdin = strings.NewReader(mail)
		out, err := cmd.CombinedOutput()
		var ended *exec.ExitError
		if err != nil && !errors.As(err, &ended) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	raw := letterOf("", "Ünïcode, %s $HOME `x` \\n and a line.\r\n\r\n\r\n")
	if code, said := run(secretNow, raw); code != 0 || len(seen) != 1 || seen[0].Text != "Ünïcode, %s $HOME `x` \\n and a line." || seen[0].ReplyTo != thread {
		t.Errorf("ended with %d: %s %+v", code, said, seen)
	}
	if code, said := run(strings.Repeat("x", 36), raw); code != 75 || len(seen) != 1 {
		t.Errorf("with a wrong secret it ended with %d, not with 75 (try again): %s", code, said)
	}
	door.Close()
	if code, said := run(secretNow, raw); code != 75 {
		t.Errorf("with nobody there it ended with %d, not with 75: %s", code, said)
	}
}

func FuzzMail(f *testing.F) {
	for _, raw := range []string{letterOf("", "Yes"), letterOf("Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\nContent-Type: text/html\r\n\r\n<p>x<blockquote>y\r\n--b--"),
		letterOf("Content-Type: multipart/report; boundary=b\r\n", "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--"), letterOf("Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n", "GyRC")} {
		f.Add([]byte(raw), false)
	}
	f.Add([]byte(`{"raw":"RnJvbTogYQoKeA==","return_path":""}`), true)
	f.Add([]byte(`{"from":"a@b.example","text":"x","recipient":"`+address+`"}`), true)
	at := mailbox()
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		kind := "message/rfc822"
		if asJSON {
			kind = "application/json"
		}
		events, _, err := email.NewInbox(clock.NewFake(noon)).Read(t.Context(), at, posted(body, kind))
		if err != nil && !errors.Is(err, messaging.ErrUnreadable) || (err == nil) != (len(events) == 1) {
			t.Fatalf("%v, %d events", err, len(events))
		}
		for _, e := range events {
			if e.Key == "" || len([]rune(e.Text)) > 20_000 || strings.ContainsAny(e.Text+e.From.Name+e.Code+e.ProviderID, "\x00\r\x1b") || len(e.Raw) != 0 || e.Kind != messaging.MessageNews && e.Text+e.From.Address != "" {
				t.Errorf("%+v", e)
			}
			if e.ReplyTo != "" {
				if _, err := email.ParseReplyToken(e.ReplyTo); err != nil {
					t.Errorf("%q", e.ReplyTo)
				}
			}
		}
	})
}
