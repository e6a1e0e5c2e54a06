package whatsapp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/messaging"
	"almirah/internal/rig/oracle"
	rig "almirah/internal/rig/whatsapp"
)

// kindsSent sends one message of every kind that we have, and answers the request of each.
func kindsSent(t *testing.T, d *desk) map[string]rig.Request {
	t.Helper()
	d.server.AddTemplate("reminder", "en", "UTILITY", "Hello {{1}}, you are expected at {{2}}, please come.", "Confirm", "Cancel")
	d.server.AddTemplate("named", "pt_BR", "UTILITY", "Hello {{name}}, you are expected at {{when}}, please come.")
	d.server.AddTemplate("bare", "en", "UTILITY", "We are closed today.")
	out := map[string]rig.Request{}
	changes := map[string]func(*messaging.Outgoing){
		"text":  func(*messaging.Outgoing) {},
		"reply": func(m *messaging.Outgoing) { m.InReply = "wamid.ABC=" },
		"by id": func(m *messaging.Outgoing) { m.To, m.ToUser = "", "IN.1349" },
		"template": func(m *messaging.Outgoing) {
			m.Call = &messaging.Call{Name: "reminder", Language: "en", Values: []messaging.Value{{Text: "Asha"}, {Text: "10:00"}}, Payloads: []string{"yes:1", "no:1"}}
		},
		"template by name": func(m *messaging.Outgoing) {
			m.Call = &messaging.Call{Name: "named", Language: "pt_BR", Values: []messaging.Value{{Name: "name", Text: "Asha"}, {Name: "when", Text: "10:00"}}}
		},
		"template without values": func(m *messaging.Outgoing) { m.Call = &messaging.Call{Name: "bare", Language: "en"} },
		"buttons":                 func(m *messaging.Outgoing) { m.Buttons = answers(2) },
		"list":                    func(m *messaging.Outgoing) { m.Buttons = answers(4) },
	}
	for _, kind := range sorted(changes) { // the first goes to a number
		m := d.text(asha)
		changes[kind](&m)
		if r := d.Send(t.Context(), m, func() error { return nil }); r.Outcome != messaging.Accepted {
			t.Fatalf("%s: %+v", kind, r)
		}
		all := d.server.Requests()
		out[kind] = all[len(all)-1]
	}
	return out
}

// kindsPosted is news of every kind that Meta has, from the stand-in.
func kindsPosted(d *desk, ours string) map[string]rig.Change {
	s := d.server
	picture := s.AddMedia("image/jpeg", []byte("a picture"), "")
	template := s.AddTemplate("posted", "en", "UTILITY", "Hello {{1}}, please come.")
	return map[string]rig.Change{
		"text": s.Text(person, "नमस्ते 👍 \"/\" <b>", ""), "answer": s.Text(person, "Yes", ours), "number hidden": s.Text(hidden, "Hello", ""),
		"quick reply": s.Touch(person, ours, "confirm:1", "Confirm"), "button": s.ButtonReply(person, ours, "cancel:1", "Cancel"), "list": s.ListReply(person, ours, "slot:4", "10:00"),
		"image": s.Attachment(person, "image", picture, "my knee"), "audio": s.Attachment(person, "audio", picture, ""), "video": s.Attachment(person, "video", picture, ""),
		"document": s.Attachment(person, "document", picture, "report"), "sticker": s.Attachment(person, "sticker", picture, ""),
		"location": s.Location(person, "Home", "1 Road", 12.5, 77.25), "contacts": s.ContactCard(person, "Dr Iyer", "+91 11 2345"), "reaction": s.Reaction(person, ours, "👍"),
		"order": s.Order(person), "unsupported": s.Unsupported(person), "new number": s.NumberChanged(person, "12195555358"),
		"sent": s.Status(ours, "sent", 0), "delivered": s.Status(ours, "delivered", 0), "read": s.Status(ours, "read", 0), "failed": s.Status(ours, "failed", 131026), "played": s.Status(ours, "played", 0),
		"user_preferences": s.Preference(person, "stop"), "user_id_update": s.UserIDChanged(person, "IN.2"),
		"message_template_status_update": s.Decide(template, "APPROVED", ""), "template_category_update": s.Reclass(template, "MARKETING"), "message_template_quality_update": s.Rate(template, "RED"),
		"phone_number_quality_update": s.News("phone_number_quality_update", map[string]any{"display_phone_number": "15550783881", "event": "DOWNGRADE", "current_limit": "TIER_250"}),
		"account_update":              s.News("account_update", map[string]any{"event": "DISABLED_UPDATE", "ban_info": map[string]any{"waba_ban_state": "DISABLE"}}),
		"business_capability_update":  s.News("business_capability_update", map[string]any{"max_daily_conversation_per_phone": 250}),
	}
}

func sorted[V any](m map[string]V) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// theirs is what whatsapp-api-js makes of one post.
type theirs struct {
	Signed, Tampered bool
	News             struct {
		Kind, PhoneID, From, User, Name, Type, ID, Text, Payload, Media, ReplyTo, Status, Timestamp string
		Billable                                                                                    *bool
		Code                                                                                        int
	}
}

// TestBesideAnotherClient holds the stand-in and our reading beside npm whatsapp-api-js: it
// verifies what the stand-in signs, reads the same out of it as we do, and what it sends is taken
// by the stand-in and equals what we send.
func TestBesideAnotherClient(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{Choose: func(string) string { return "Choose" }})
	sent := kindsSent(t, d)
	ours := d.server.Messages()[0].ID
	posted := kindsPosted(d, ours)
	account := d.server.Account()
	type post struct {
		Signature string `json:"signature"`
		Body      string `json:"body"`
	}
	var posts []post
	packed := map[string]rig.Post{}
	for _, kind := range sorted(posted) {
		p := d.server.Pack(posted[kind])
		packed[kind] = p
		posts = append(posts, post{p.Header.Get("X-Hub-Signature-256"), string(p.Body)})
	}
	var out struct {
		Posts   []theirs
		Answers []*string
		Sent    []struct{ Kind, ID, Error string }
	}
	before := len(d.server.Messages())
	oracle.Ask(t, "whatsapp.mjs", map[string]any{
		"account": map[string]string{"token": account.Token, "secret": account.AppSecret, "verify": account.VerifyToken, "number": account.PhoneNumberID},
		"posts":   posts, "to": d.server.URL(), "send": asha,
		"questions": []map[string]string{{"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": account.VerifyToken}, {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "wrong"}},
	}, &out)
	if len(out.Posts) != len(posts) {
		t.Fatalf("%d posts were read, of %d", len(out.Posts), len(posts))
	}
	for i, kind := range sorted(posted) {
		got, n := out.Posts[i], out.Posts[i].News
		if !got.Signed || got.Tampered {
			t.Errorf("%s: signed %v, tampered %v", kind, got.Signed, got.Tampered)
		}
		events, _, err := hooked(d, packed[kind])
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %v", kind, err)
		}
		e, reading := events[0], "signature"
		switch n.Kind {
		case "message":
			reading = "signature, content"
			text, media := e.Text, ""
			if len(e.Media) > 0 {
				text, media = "", e.Media[0].ID // it gives captions with the media
			}
			if e.Kind == messaging.IdentityNews || n.Type == "location" || n.Type == "contacts" || n.Type == "order" {
				text = ""
			}
			number, user := strings.TrimPrefix(e.From.Phone, "+"), e.From.UserID
			if number == "" {
				number = user // it falls back to the id
			}
			if n.From != number || n.User != user && n.Type != "system" || n.Name != e.From.Name || n.ID != e.ProviderID || n.Text != text || n.Payload != e.Button || n.Media != media || n.ReplyTo != e.ReplyTo || n.PhoneID != account.PhoneNumberID {
				t.Errorf("%s: we read %s, they %+v", kind, show(e), n)
			}
		case "status":
			reading = "signature, content"
			code := fmt.Sprint(n.Code)
			if n.Code == 0 {
				code = ""
			}
			if n.ID != e.ProviderID || n.Timestamp != fmt.Sprint(e.At.Time().Unix()) || "+"+n.From != e.From.Phone || code != e.Code || (n.Billable != nil) != (len(e.Pricing) > 0) || n.Status != kind {
				t.Errorf("%s: we read %s, they %+v", kind, show(e), n)
			}
		}
		t.Logf("%-34s %s", "posted: "+kind, reading)
	}
	if a := out.Answers; len(a) != 2 || a[0] == nil || *a[0] != "1158201444" || a[1] != nil {
		t.Errorf("answers to hub.challenge: %v", a)
	}
	all := d.server.Messages()[before:]
	for i, s := range out.Sent {
		if s.ID == "" || s.Error != "" {
			t.Errorf("%s: the stand-in did not take it: %s", s.Kind, s.Error)
			continue
		}
		if s.Kind == "mark read" {
			continue
		}
		if a, b := normal(t, sent[s.Kind].Body), normal(t, all[i].Request.Body); a != b {
			t.Errorf("%s:\n  we %s\nthey %s", s.Kind, a, b)
		}
		t.Logf("%-34s equal to ours", "sent: "+s.Kind)
	}
	if len(out.Sent) != 8 || len(d.server.Read()) != 1 {
		t.Errorf("%d kinds were sent", len(out.Sent))
	}
}

// normal is a request with what may be said in two ways said in one.
func normal(t *testing.T, body []byte) string {
	t.Helper()
	body = bytes.ReplaceAll(body, []byte(`,"preview_url":false`), nil) // the default
	body = regexp.MustCompile(`"index":(\d)`).ReplaceAll(body, []byte(`"index":"$1"`))
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return show(v)
}

// singles are the things that the description has at the same path.
var singles = map[string]string{"Phone-Number-ID": "/as-number", "Media-ID": "/as-media", "TEMPLATE_ID": "/as-template"}

const description = "whatsapp-business-messaging-v23.yaml"

// corrected writes Meta's description anew where putting its parts together broke it, and
// answers its path from the folder of the reference data. The quirks, each of which makes the
// file as it is refuse what Meta's own documentation shows:
//
//   - the schemas of what people write refer to those of what businesses send (TextMessage for
//     TextMessage_2 and so on), so that no message of a person fits;
//   - the pattern of a button's index is a footnote, ^[2-6, 11-14]$, which leaves out 0;
//   - the context of an answer in words is described only for questions about a product;
//   - marking a message as read has a schema that nothing refers to;
//   - a number, a file and a template share the path /{Version}/{id}, and Prism takes the last one;
//     the copy puts a word behind each, and the test does the same with its requests.
//
// Not corrected: language.policy is demanded, and User-Agent has to look like name/1.2.3; we send
// both; a post to a webhook is said to carry a bearer token, which Meta does not send and the
// test adds. recipient (a business-scoped id), "played" and all fields but "messages" are not in it.
func corrected(t *testing.T) string {
	t.Helper()
	file := oracle.Reference(t, description)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	swap := func(old, new string) {
		t.Helper()
		if strings.Count(text, old) != 1 {
			t.Fatalf("the description holds %q %d times: it is another one", old, strings.Count(text, old))
		}
		text = strings.Replace(text, old, new, 1)
	}
	from, to := strings.Index(text, "\n    BaseMessageProperties_1:\n"), strings.Index(text, "\n  parameters:\n    UserAgent:")
	if from < 0 || to < from {
		t.Fatal("the description is another one")
	}
	inbound := text[from:to]
	for _, m := range regexp.MustCompile(`\n    ([A-Za-z]+)(_[0-9]+):\n`).FindAllStringSubmatch(inbound, -1) {
		inbound = strings.ReplaceAll(inbound, "schemas/"+m[1]+"'", "schemas/"+m[1]+m[2]+"'")
	}
	inbound = strings.Replace(inbound, "\n      - from\n      - id\n      - referred_product\n", "\n      - from\n      - id\n", 1)
	text = text[:from] + inbound + text[to:]
	text = strings.ReplaceAll(text, "pattern: ^[2-6, 11-14]$", "pattern: ^[0-9]$")
	swap("\n              $ref: '#/components/schemas/Message'\n", "\n              anyOf:\n              - $ref: '#/components/schemas/Message'\n              - $ref: '#/components/schemas/MarkMessageRequestPayload'\n")
	for part, suffix := range singles {
		swap("\n  /{Version}/{"+part+"}:\n", "\n  /{Version}/{"+part+"}"+suffix+":\n")
	}
	own := filepath.Join(t.TempDir(), description)
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(filepath.Dir(file), own)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// TestReferenceDescription shows every request that we really send, and every post of the
// stand-in, to Meta's own description.
func TestReferenceDescription(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	requests := kindsSent(t, d)
	last := func(kind string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		all := d.server.Requests()
		requests[kind] = all[len(all)-1]
	}
	_, err := d.Test(t.Context(), *d.via)
	last("number", err)
	d.via.HookURL = "https://clinic.example/hooks/whatsapp/0197"
	last("subscribe", d.Subscribe(t.Context(), *d.via))
	on, err := d.Listening(t.Context(), *d.via)
	if last("subscribed", err); !on {
		t.Error("the subscription is not found again")
	}
	last("mark read", d.MarkRead(t.Context(), *d.via, "wamid.ABC="))
	made, err := d.CreateTemplate(t.Context(), *d.via, draft())
	last("template create", err)
	_, _, err = d.ListTemplates(t.Context(), *d.via, "")
	last("template list", err)
	last("template edit", d.EditTemplate(t.Context(), *d.via, made))
	media := d.server.AddMedia("image/jpeg", []byte("a picture"), "")
	_, err = d.Fetch(t.Context(), *d.via, messaging.Media{ID: media}, 100)
	if err != nil {
		t.Fatal(err)
	}
	all := d.server.Requests()
	requests["media"] = all[len(all)-2] // the second step is a plain download
	if got := d.Forget(t.Context(), *d.via, media, true); got.Outcome != messaging.Accepted {
		t.Fatalf("deleting a file: %+v", got)
	}
	last("media delete", nil)
	last("template delete", d.DeleteTemplate(t.Context(), *d.via, made.Name, made.ID))

	at := oracle.Prism(t, corrected(t))
	ask := func(method, path string, header http.Header, body []byte) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, at+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header.Clone()
		req.Header.Del("Content-Length")
		req.Header.Del("Accept-Encoding")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		said, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(said)
	}
	for _, kind := range sorted(requests) {
		r := requests[kind]
		path := r.Path + singles[map[string]string{"number": "Phone-Number-ID", "media": "Media-ID", "media delete": "Media-ID", "template edit": "TEMPLATE_ID"}[kind]]
		if r.Query != "" {
			path += "?" + r.Query
		}
		status, said := ask(r.Method, path, r.Header, r.Body)
		verdict := "fits"
		if kind == "by id" { // newer than the description: with a number in its place it fits
			verdict = "recipient is not in it; the rest fits"
			if status != 422 {
				t.Errorf("%s: %d: the description knows recipient now", kind, status)
			}
			status, said = ask(r.Method, path, r.Header, bytes.Replace(r.Body, []byte(`"recipient":`), []byte(`"to":`), 1))
		}
		if status != http.StatusOK {
			t.Errorf("%s: %d %s\n%s", kind, status, said, r.Body)
			verdict = "DOES NOT FIT"
		}
		t.Logf("%-34s %-7s %s", "sent: "+kind, r.Method, verdict)
	}
	ours := d.server.Messages()[0].ID
	posted := kindsPosted(d, ours)
	for _, kind := range sorted(posted) {
		p := d.server.Pack(posted[kind])
		p.Header.Set("Authorization", "Bearer x")
		status, said := ask(http.MethodPost, "/whatsapp/webhooks", p.Header, p.Body)
		absent := posted[kind].Field != "messages" || kind == "played" || kind == "number hidden"
		switch {
		case absent && status == http.StatusOK:
			t.Errorf("%s: the description knows it now", kind)
		case absent:
			t.Logf("%-34s not in it", "posted: "+kind)
			continue
		case status != http.StatusOK:
			t.Errorf("%s: %d %s\n%s", kind, status, said, p.Body)
			continue
		}
		t.Logf("%-34s fits", "posted: "+kind)
	}
	// That a wrong one is refused shows that anything is looked at.
	text := requests["text"]
	template := requests["template"]
	for name, c := range map[string]struct {
		path   string
		header http.Header
		body   []byte
	}{
		"another key":          {text.Path, text.Header, bytes.Replace(text.Body, []byte(`"body":`), []byte(`"words":`), 1)},
		"no policy":            {template.Path, template.Header, bytes.Replace(template.Body, []byte(`"policy":"deterministic",`), nil, 1)},
		"a button without one": {template.Path, template.Header, bytes.Replace(template.Body, []byte(`"index":"0"`), []byte(`"index":"zero"`), 1)},
		"a long title":         {text.Path, text.Header, bytes.Replace(requests["buttons"].Body, []byte("Answer 1"), bytes.Repeat([]byte("x"), 21), 1)},
		"another user agent":   {text.Path, agent(text.Header, "almirah"), text.Body},
		"a time as a number":   {"/whatsapp/webhooks", text.Header, d.server.Pack(with(d.server.Text(person, "x", ""), "messages", map[string]any{"timestamp": 1})).Body},
		"a status unheard of":  {"/whatsapp/webhooks", text.Header, d.server.Pack(d.server.Status(ours, "teleported", 0)).Body},
		"a text without words": {"/whatsapp/webhooks", text.Header, d.server.Pack(with(d.server.Text(person, "x", ""), "messages", map[string]any{"text": nil})).Body},
		"a note with contacts": {"/whatsapp/webhooks", text.Header, d.server.Pack(valued(d.server.NumberChanged(person, "12195555358"), map[string]any{"contacts": []any{}})).Body},
	} {
		if status, _ := ask(http.MethodPost, c.path, c.header, c.body); status != 422 && status != 400 {
			t.Errorf("%s was let through: %d", name, status)
		}
	}
}

func agent(h http.Header, name string) http.Header {
	h = h.Clone()
	h.Set("User-Agent", name)
	return h
}
