package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"almirah/internal/store"
	"almirah/internal/web"
)

// naughty are texts that people should not type, and that somebody will. Where one could come
// out of its place, it would become an element or an attribute whose name begins with zqx.
var naughty = map[string]string{
	"a script":             `Zoya <script>zqx()</script>`,
	"an element":           `"><zqxelement zqxattribute=1>`,
	"an attribute":         `Zoya" zqxattribute="1" onfocus="zqx()" x='`,
	"a quote":              `Zoya' zqxattribute='1`,
	"an end of text":       `</textarea></title></option></select><zqxelement>`,
	"an address of script": `javascript:zqx()`,
	"a template":           `{{.Zqx}} ${7*7} <%= zqx %>`,
	"a new line":           "Zoya\r\nZqx-Header: 1\r\n\r\nzqx",
	"a lonely return":      "Zoya\rZqx-Header: 1",
	"a line separator":     "Zoya\u2028Zqx-Header: 1\u0085x",
	"a change of order":    "Zoya \u202exqz\u202c \u2066x",
	"a zero":               "Zoya\x00Zqx",
	"a bell":               "Zoya\x07\x1b[31mZqx",
	"an invisible":         "Zo\u200bya\ufeff",
	"a face":               "Zoya 👩🏽‍⚕️🏳️‍🌈",
	"marks on marks":       "Z" + strings.Repeat("\u0301\u0489", 60),
	"broken bytes":         "Zoya\xff\xfe\xc0\xaf",
	"half a pair":          "Zoya\xed\xa0\x80",
	"a very long one":      strings.Repeat("Zoya ä ", 4000),
	"a very long word":     strings.Repeat("Z", 9000),
	"a statement":          `Zoya'); DROP TABLE patient; --`,
	"a number":             "-1e309",
	"a path":               "../../etc/passwd",
	"nothing but spaces":   " \t\u00a0\u3000 ",
}

// ofEngine are those that a database could take differently from the other: the second engine gets these.
var ofEngine = []string{"a script", "a zero", "broken bytes", "half a pair", "a very long one", "a statement"}

// naughtyForm is a form with right values, and the fields that take text.
type naughtyForm struct {
	name   string
	page   string // where the form stands
	action string
	set    url.Values // over what the page has
	fields []string
	others map[string]string // field -> another name under which it may be reported: that of the group that it belongs to
	anyone bool              // is not signed in
	fresh  func(form url.Values)
}

// TestNaughtyStrings types every naughty text into every text field. Either it is refused, with
// the field named and what was typed still in the form, or it is taken and shown as the text it
// is, on every page and in every letter.
func TestNaughtyStrings(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		a, _ := twoPlaces(t, engine)
		h := a.h
		tried := 0
		for _, f := range a.naughtyForms(t) {
			v := a.owner
			if f.anyone {
				v = h.visitor()
			}
			for _, field := range f.fields {
				for what, typed := range naughty {
					if engine == store.Postgres && !slices.Contains(ofEngine, what) {
						continue
					}
					form := v.page(t, f.page).form(t, f.action)
					for k, x := range f.set {
						form[k] = slices.Clone(x)
					}
					if f.fresh != nil {
						f.fresh(form)
					}
					form.Set(field, typed)
					tried++
					f.try(t, v, form, field, what, typed)
				}
			}
		}
		if tried < 200 {
			t.Errorf("only %d texts were typed", tried)
		}
		// What was taken goes out to patients, and is then on every page, and everywhere it is text.
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.Fake.Move(4 * time.Minute)
		was := len(h.Outbox.List())
		h.until(t, "patients are written to", func() bool { return len(h.Outbox.List()) >= was+10 })
		a.everyPageIsClean(t)
	})
}

func (f naughtyForm) try(t *testing.T, v *visitor, form url.Values, field, what, typed string) {
	t.Helper()
	name := fmt.Sprintf("%s: %s as %s", f.name, what, field)
	got := v.submit(t, f.action, form)
	clean(t, name, got.body)
	for header, values := range got.head {
		if strings.HasPrefix(strings.ToLower(header), "zqx") || strings.ContainsAny(strings.Join(values, ""), "\r\n") {
			t.Errorf("%s: comes out as a header: %s: %q", name, header, values)
		}
	}
	switch got.status {
	case http.StatusSeeOther, http.StatusOK:
		if to := got.head.Get("Location"); to != "" {
			if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%s: leads away, to %q", name, to)
				return
			}
			next := v.get(t, to)
			if next.status >= 500 {
				t.Errorf("%s: the page after it: %s", name, next)
			}
			clean(t, name+", the page after it", next.body)
		}
	case http.StatusUnprocessableEntity:
		if group := f.others[field]; !named(t, got.body, field) && (group == "" || !named(t, got.body, group)) {
			t.Errorf("%s: is refused without the field being named: %s", name, problems(got.body))
		}
		now := ""
		for _, x := range formsIn(t, got.body) {
			if x.action == f.action && x.method == "POST" {
				now = x.values.Get(field)
			}
		}
		if asField(now) != asField(typed) {
			t.Errorf("%s: what was typed is not in the form any more: %.80q, typed %.80q", name, now, typed)
		}
	default:
		t.Errorf("%s: %s", name, got)
	}
}

// asField is a text as a browser's field would hold it: unreadable bytes replaced, lines alike.
func asField(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.NewReplacer("\x00", "\ufffd", "\r\n", "\n", "\r", "\n").Replace(s)
	s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
	for strings.Contains(s, "\ufffd\ufffd") {
		s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
	}
	return strings.TrimSpace(s)
}

// named says whether the page points at the field: its error stands at it, or the summary leads to it.
func named(t *testing.T, body, field string) bool {
	t.Helper()
	found := false
	walk(parsed(t, body), func(n *html.Node) {
		at, _ := attr(n, "id")
		to, _ := attr(n, "href")
		found = found || at == "f-"+field+"-e" || to == "#f-"+field || strings.HasPrefix(at, "f-"+field+"-") && strings.HasSuffix(at, "-e") || strings.HasPrefix(to, "#f-"+field+"-")
	})
	return found
}

// clean says that nothing typed has become more than text.
func clean(t *testing.T, where, body string) {
	t.Helper()
	for _, out := range gotOut(t, body) {
		t.Errorf("%s: %s", where, out)
	}
}

// gotOut is what of the typed has become more than text.
func gotOut(t *testing.T, body string) (out []string) {
	t.Helper()
	if !strings.Contains(strings.ToLower(body), "zqx") {
		return nil
	}
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if !utf8.ValidString(body) {
		bad("the page is not valid UTF-8")
	}
	walk(parsed(t, body), func(n *html.Node) {
		if n.Type == html.CommentNode && strings.Contains(n.Data, "zqx") {
			bad("comes out in a comment")
		}
		if n.Type != html.ElementNode {
			return
		}
		if strings.HasPrefix(n.Data, "zqx") || (n.Data == "script" || n.Data == "style") && strings.Contains(strings.ToLower(text(n)), "zqx") {
			bad("comes out as the element %s", n.Data)
		}
		for _, x := range n.Attr {
			key := strings.ToLower(x.Key)
			if strings.HasPrefix(key, "zqx") || strings.HasPrefix(key, "on") {
				bad("comes out as the attribute %s", x.Key)
			}
			if (key == "href" || key == "src" || key == "action") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(x.Val)), "javascript:") {
				bad("comes out as an address of script: %s=%q", key, x.Val)
			}
		}
	})
	return out
}

// naughtyForms are the forms that take text.
func (p *place) naughtyForms(t *testing.T) []naughtyForm {
	t.Helper()
	ids := p.ids
	service := ids["service"]
	slots := p.json(t, "GET", "/slots?service="+service+"&provider=any&from=2026-11-26&to=2026-12-24", "", "")["items"].([]any)
	next := 0
	slot := func(form url.Values) {
		form.Set("starts_at", slots[next%len(slots)].(map[string]any)["starts_at"].(string))
		form.Set("key", mark(""))
		next++
	}
	wizard := "/c/" + p.slug + "/book?service=" + service + "&provider=any&at=" + url.QueryEscape(slots[len(slots)-1].(map[string]any)["starts_at"].(string))
	patient := "/app/patients/" + ids["patient"]
	provider := "/app/settings/providers/" + ids["provider"]
	return []naughtyForm{
		{name: "booking online", page: wizard, action: "/c/" + p.slug + "/book", anyone: true, fields: []string{"name", "email", "phone", "note"}, fresh: slot, others: map[string]string{"email": "phone"},
			set: url.Values{"whom": {"self"}, "name": {"Ravi Teak"}, "email": {"ravi@example.org"}, "birth_day": {"1"}, "birth_month": {"2"}, "birth_year": {"1980"}}},
		{name: "booking online for a child", page: wizard, action: "/c/" + p.slug + "/book", anyone: true, fields: []string{"guardian_name", "guardian_email", "guardian_phone", "birth_year"}, fresh: slot,
			others: map[string]string{"birth_year": "birth", "guardian_email": "phone"},
			set:    url.Values{"whom": {"other"}, "name": {"Tara Teak"}, "birth_day": {"1"}, "birth_month": {"2"}, "birth_year": {"2019"}, "guardian_name": {"Ravi Teak"}, "guardian_email": {"ravi@example.org"}, "guardian_kin": {"parent"}}},
		{name: "a new patient", page: "/app/patients/new", action: "/app/patients/new", fields: []string{"name", "phone", "email", "address", "guardian_name", "birth_day"},
			others: map[string]string{"birth_day": "birth"},
			set:    url.Values{"name": {"Ravi Teak"}, "phone": {"+91 98450 12345"}, "different": {"1"}}},
		{name: "a patient's details", page: patient + "?edit=identity", action: patient, fields: []string{"name", "email", "address"}, set: url.Values{"name": {"Asha Marigold"}}},
		{name: "a note", page: patient, action: patient + "/notes", fields: []string{"note"}},
		{name: "a practitioner", page: provider, action: provider, fields: []string{"provider_name", "qualification", "registration", "about", "daily_cap"}},
		{name: "a service", page: "/app/settings/services/" + service, action: "/app/settings/services/" + service, fields: []string{"service_name", "about", "minutes", "price", "after"}},
		{name: "a closure", page: "/app/settings/closures", action: "/app/settings/closures", fields: []string{"leave_words", "leave_from"}, set: url.Values{"leave_from": {"2029-01-26"}, "leave_words": {"x"}}},
		{name: "leave", page: provider + "/hours", action: provider + "/leave", fields: []string{"leave_words", "leave_to"}, set: url.Values{"leave_from": {"2029-03-01"}, "leave_to": {"2029-03-01"}}},
		{name: "a text of messages", page: "/app/settings/messages/reminder/en", action: "/app/settings/messages/reminder/en", fields: []string{"subject", "body"}},
		{name: "the profile", page: "/app/settings/clinic", action: "/app/settings/clinic", fields: []string{"clinic_name", "legal_name", "contact_name", "contact_email", "contact_phone", "address1", "city", "tax_number"}, others: map[string]string{"city": "address1"}},
		{name: "booking rules", page: "/app/settings/booking", action: "/app/settings/booking", fields: []string{"notice_hours", "horizon_days"}},
		{name: "an invitation", page: "/app/settings/staff", action: "/app/settings/staff/invite", fields: []string{"email"}, set: url.Values{"role": {"billing"}}},
		{name: "oneself", page: "/app/me", action: "/app/me", fields: []string{"person", "phone", "job_title"}, set: url.Values{"person": {"Anjali Mehta"}, "phone": {"+91 99999 00001"}}},
	}
}

// everyPageIsClean reads all pages of the staff and of the public, and all letters.
func (p *place) everyPageIsClean(t *testing.T) {
	t.Helper()
	seen := 0
	look := func(where string, a answered) {
		if a.status >= 500 {
			t.Errorf("%s: %s", where, a)
		}
		if strings.HasPrefix(a.head.Get("Content-Type"), "text/html") {
			clean(t, where, a.body)
			if strings.Contains(strings.ToLower(a.body), "zqx") {
				seen++
			}
		}
		if strings.HasPrefix(a.head.Get("Content-Type"), "text/calendar") {
			cleanLines(t, where, a.body)
		}
	}
	for _, r := range web.Routes() {
		if strings.HasPrefix(r.Pattern, "GET ") && !strings.HasSuffix(r.Pattern, "/live") {
			look(r.Pattern, request{r.Pattern, p, nil}.by(t, p.owner, nil))
		}
	}
	for _, typed := range naughty {
		look("search", p.owner.submit(t, "/app/search", url.Values{"q": {typed}, "links": {"1"}}))
		look("search", p.owner.seek(t, "/app/patients", url.Values{"q": {typed}}))
		look("search", p.owner.seek(t, "/app/book", url.Values{"q": {typed}}))
		for _, path := range []string{"/sign-in?next=", "/c/" + p.slug + "/book?service=", "/app/day?day=", "/app/audit?what=", "/app/messages?state=", "/app/patients/", "/c/", "/m/", "/verify?token="} {
			look(path, p.owner.get(t, path+url.QueryEscape(typed)))
		}
	}
	if seen < 10 {
		t.Errorf("only %d pages show what was typed: it was not taken, or is not shown", seen)
	}
	for _, l := range p.h.Outbox.List() {
		clean(t, "a letter", l.HTML)
		for _, x := range l.Headers {
			if strings.ContainsAny(x.Value, "\r\n\x00") || strings.HasPrefix(strings.ToLower(x.Name), "zqx") {
				t.Errorf("a letter's header %s: %q", x.Name, x.Value)
			}
		}
		cleanLines(t, "a letter's calendar entry", string(l.ICS))
	}
}

func cleanLines(t *testing.T, where, ics string) {
	t.Helper()
	for _, l := range strings.FieldsFunc(ics, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(strings.ToLower(l), "zqx") {
			t.Errorf("%s: what was typed has become a line of its own: %q", where, l)
		}
	}
}

// TestNaughtyStringsByTheInterface sends the same texts as JSON.
func TestNaughtyStringsByTheInterface(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		slots := h.slotsOf(t, "any")
		n := 0
		for what, typed := range naughty {
			for _, field := range []string{"name", "email", "note", "service", "key", "birth_date"} {
				n++
				body := map[string]any{"service": h.Practice.services[0].ID.String(), "provider": "any", "starts_at": slots[n%len(slots)]["starts_at"]}
				patient := map[string]any{"name": "Ravi Teak", "email": "ravi@example.org", "birth_date": "1980-01-02"}
				key := mark("")
				switch field {
				case "note", "service":
					body[field] = typed
				case "key":
					key = strings.Map(func(r rune) rune { // what a header can carry at all
						if r < ' ' || r > '~' {
							return 'x'
						}
						return r
					}, typed)
				default:
					patient[field] = typed
				}
				body["patient"] = patient
				b, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				if got := h.api(t, "POST", "/bookings", key, string(b)); got.status != 201 && got.status != 422 && got.status != 409 {
					t.Errorf("%s as %s: %d %s", what, field, got.status, got.raw)
				} else if got.status == 422 && len(got.fields()) == 0 {
					t.Errorf("%s as %s: is refused without the field being named: %s", what, field, got.raw)
				}
			}
		}
	})
}

// TestOversizedFormsAreAnsweredWithASentence sends more than a form may hold, and files that are none.
func TestOversizedFormsAreAnsweredWithASentence(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	s := h.signIn(t, demoPeople[0].email)
	form := s.page(t, "/app/settings/clinic").form(t, "/app/settings/clinic")
	before := h.state(t, h.Owner)
	large := strings.Repeat("x", 1<<20+1000)
	too := h.Book.Tongue("en").Say("fault.form_large")
	check := func(what string, a answered) {
		t.Helper()
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(a.body), too) {
			t.Errorf("%s: %s", what, a)
		}
	}
	form.Set("legal_name", large)
	check("an oversized form", s.submit(t, "/app/settings/clinic", form))
	public := h.visitor()
	public.page(t, "/sign-in")
	check("an oversized form of a stranger", public.submit(t, "/sign-in", url.Values{"email": {large}}))

	file := func(fill func(w *multipart.Writer)) answered {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for k, list := range s.page(t, "/app/settings/clinic").form(t, "/app/settings/clinic") {
			for _, x := range list {
				_ = w.WriteField(k, x)
			}
		}
		fill(w)
		_ = w.Close()
		return s.send(t, "POST", "/app/settings/clinic", &b, map[string]string{"Content-Type": w.FormDataContentType()})
	}
	check("an oversized file", file(func(w *multipart.Writer) {
		part, _ := w.CreateFormFile("logo", "logo.png")
		_, _ = part.Write([]byte(large))
	}))
	for what, data := range map[string]string{"a file that is no picture": "<svg onload=zqx()>", "a picture that breaks off": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a page": "<html><script>zqx()</script>", "a large file": strings.Repeat("y", 300_000)} {
		got := file(func(w *multipart.Writer) {
			part, _ := w.CreateFormFile("logo", "../../zqx\"\r\n.png")
			_, _ = part.Write([]byte(data))
		})
		if got.status != http.StatusUnprocessableEntity || !named(t, got.body, "logo") {
			t.Errorf("%s as a logo: %s", what, got)
		}
		clean(t, what, got.body)
	}
	if d := differs(before, h.state(t, h.Owner)); len(d) > 0 {
		t.Errorf("what was refused has changed %v", d)
	}
	// A body that is no form at all, and one that never was.
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "application/json", "text/plain", ""} {
		got := s.send(t, "POST", "/app/settings/clinic", strings.NewReader("%zz&;=\x00{\"a\":"), map[string]string{"Content-Type": kind, "X-CSRF": s.token})
		if got.status >= 500 || got.status < 400 {
			t.Errorf("a body that is no form, as %q: %s", kind, got)
		}
	}
}
