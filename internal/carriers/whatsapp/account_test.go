package whatsapp_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	rig "almirah/internal/rig/whatsapp"
)

// failed checks a fault of a call: kind, key and code, and that it tells nothing else.
func failed(t *testing.T, what string, err error, kind fault.Kind, key, code string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != kind || f.Key != key || whatsapp.Code(err) != code {
		t.Errorf("%s: %v with code %q, want %s %s with %q", what, err, whatsapp.Code(err), kind, key, code)
		return
	}
	for _, secret := range []string{"127.0.0.1", "EAAtest", "0123456789abcdef", "verify-token", "Asha"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %q shows %q", what, err, secret)
		}
	}
}

func TestTheNumberIsTested(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	got, err := d.Test(t.Context(), *d.via)
	if err != nil || got != (whatsapp.Number{Display: "+15550783881", Name: "Sunrise Clinic", Quality: "GREEN"}) {
		t.Errorf("%+v %v", got, err)
	}
	var c whatsapp.Credentials
	if err := json.Unmarshal(d.via.Credentials, &c); err != nil {
		t.Fatal(err)
	}
	c.PhoneNumberID = "999999999"
	other := *d.via
	other.Credentials, _ = json.Marshal(c)
	_, err = d.Test(t.Context(), other)
	failed(t, "another number", err, fault.Invalid, "fault.whatsapp.refused", "100")
	d.server.Revoke()
	_, err = d.Test(t.Context(), *d.via)
	failed(t, "revoked", err, fault.Invalid, "fault.whatsapp.account", "190")
	_, err = d.Test(t.Context(), messaging.Connection{})
	failed(t, "no credentials", err, fault.Invalid, "fault.whatsapp.account", "credentials")
	if err := d.server.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = d.Test(t.Context(), *d.via)
	failed(t, "nobody there", err, fault.Unavailable, "fault.whatsapp.unreachable", "lost")
	for _, r := range d.server.Requests() {
		if strings.Contains(r.Path+r.Query, "EAAtest") {
			t.Errorf("the token is in an address: %s?%s", r.Path, r.Query)
		}
	}
}

func TestSubscribeAndMarkRead(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	if err := d.Subscribe(t.Context(), *d.via); err != nil {
		t.Error(err)
	}
	d.via.HookURL = "https://clinic.example/hooks/whatsapp/0197"
	if err := d.Subscribe(t.Context(), *d.via); err != nil {
		t.Error(err)
	}
	got := d.server.Subscribed()
	if len(got) != 2 || len(got[0]) != 0 || got[1]["override_callback_uri"] != d.via.HookURL || got[1]["verify_token"] != d.server.Account().VerifyToken {
		t.Errorf("%v", got)
	}
	if err := d.MarkRead(t.Context(), *d.via, "wamid.ABC="); err != nil {
		t.Error(err)
	}
	if got := d.server.Read(); len(got) != 1 || got[0] != "wamid.ABC=" {
		t.Errorf("%v", got)
	}
	failed(t, "no message", d.MarkRead(t.Context(), *d.via, ""), fault.Invalid, "fault.whatsapp.refused", "100")
}

func draft() whatsapp.Template {
	return whatsapp.Template{Name: "appointment_reminder", Language: "en", Use: messaging.Utility, Header: "Sunrise Clinic",
		Body: "Hello {{1}}, you are expected at {{2}}. Please come.", Footer: "Sent by your clinic", Buttons: []string{"Confirm", "Cancel"},
		Examples: map[string]string{"1": "Asha", "2": "Tuesday, 10:00"}}
}

func TestTemplatesLiveAtMeta(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	made, err := d.CreateTemplate(t.Context(), *d.via, draft())
	if err != nil || made.ID == "" || made.Status != "pending" || made.Class != "utility" {
		t.Fatalf("%+v %v", made, err)
	}
	_, err = d.CreateTemplate(t.Context(), *d.via, draft())
	failed(t, "twice", err, fault.Invalid, "fault.whatsapp.refused", "100")

	// Before it is approved nothing can be sent with it; then it can, until it is paused.
	m := d.text(asha)
	m.Call = &messaging.Call{Name: made.Name, Language: "en", Use: messaging.Utility, Values: []messaging.Value{{Text: "Asha"}, {Text: "10:00"}}, Payloads: []string{"yes", "no"}}
	send := func() string { return d.Send(t.Context(), m, func() error { return nil }).Code }
	for _, x := range []struct{ decision, want string }{{"", "132001"}, {"APPROVED", "accepted"}, {"PAUSED", "132015"}, {"DISABLED", "132016"}, {"REJECTED", "132001"}} {
		if x.decision != "" {
			d.server.Decide(made.ID, x.decision, "")
		}
		if got := send(); got != x.want {
			t.Errorf("%s: %s, want %s", x.decision, got, x.want)
		}
	}

	named := draft()
	named.Name, named.Header = "named", "About {{clinic}}"
	named.Body = "Hello {{name}}, you are expected at {{when}}. {{name}}, please come."
	named.Examples = map[string]string{"clinic": "Sunrise", "name": "Asha", "when": "10:00"}
	if _, err := d.CreateTemplate(t.Context(), *d.via, named); err != nil {
		t.Fatal(err)
	}
	if w := d.server.Templates()[1]; w.Format != "NAMED" {
		t.Errorf("%+v", w)
	}
	for _, n := range []string{"third", "fourth", "fifth"} { // two on a page
		d.server.AddTemplate(n, "en", "UTILITY", "We are closed today.")
	}
	var all []whatsapp.Template
	pages := 0
	for after := ""; ; pages++ {
		page, next, err := d.ListTemplates(t.Context(), *d.via, after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if after = next; next == "" {
			break
		}
	}
	if len(all) != 5 || pages != 2 {
		t.Fatalf("%d templates on %d pages", len(all), pages+1)
	}
	back := all[0]
	want := draft()
	want.ID, want.Status, want.Class = made.ID, "rejected", "utility"
	want.Quality = "unknown"
	if show(back) != show(want) {
		t.Errorf("\n got %s\nwant %s", show(back), show(want))
	}
	if got := all[1]; got.Examples["name"] != "Asha" || got.Examples["clinic"] != "Sunrise" || got.Header != "About {{clinic}}" {
		t.Errorf("%s", show(got))
	}

	edited := made
	edited.Body = "Dear {{1}}, you are expected at {{2}}. Please come."
	if err := d.EditTemplate(t.Context(), *d.via, edited); err != nil {
		t.Error(err)
	}
	if now := d.server.Templates()[0]; now.Status != "PENDING" || !strings.HasPrefix(show(now.Components[1]), `{"example"`) || !strings.Contains(show(now.Components[1]), "Dear {{1}}") {
		t.Errorf("%s", show(now))
	}
	d.server.Decide(made.ID, "APPROVED", "")
	edited.Use = messaging.Marketing
	failed(t, "another class", d.EditTemplate(t.Context(), *d.via, edited), fault.Invalid, "fault.whatsapp.refused", "100")
	edited.ID = "../1"
	failed(t, "no id", d.EditTemplate(t.Context(), *d.via, edited), fault.Invalid, "fault.whatsapp.refused", "id")

	if err := d.DeleteTemplate(t.Context(), *d.via, "named", all[1].ID); err != nil {
		t.Error(err)
	}
	if err := d.DeleteTemplate(t.Context(), *d.via, "third", ""); err != nil {
		t.Error(err)
	}
	failed(t, "gone", d.DeleteTemplate(t.Context(), *d.via, "third", ""), fault.Invalid, "fault.whatsapp.refused", "100")
	if n := len(d.server.Templates()); n != 3 {
		t.Errorf("%d templates are left", n)
	}
	bad := draft()
	bad.Body = "{{1}}"
	if _, err := d.CreateTemplate(t.Context(), *d.via, bad); strings.Join(fieldsOf(err), " ") != "body" {
		t.Errorf("%v", err)
	}
	if err := d.EditTemplate(t.Context(), *d.via, bad); strings.Join(fieldsOf(err), " ") != "body" {
		t.Errorf("%v", err)
	}
}

func TestMedia(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	body := []byte(strings.Repeat("a picture ", 1000))
	hex64 := hex.EncodeToString(sum256(body))
	good := d.server.AddMedia("image/jpeg", body, "")
	for _, digest := range []string{"", hex64, sumOf(string(body))} {
		f, err := d.Fetch(t.Context(), *d.via, messaging.Media{ID: good, SHA256: digest}, 10_000)
		if err != nil || f.ContentType != "image/jpeg" || string(f.Bytes) != string(body) {
			t.Errorf("%q: %s, %d bytes, %v", digest, f.ContentType, len(f.Bytes), err)
		}
	}
	voice := d.server.AddMedia("audio/ogg; codecs=opus", body, "")
	if f, err := d.Fetch(t.Context(), *d.via, messaging.Media{ID: voice}, 10_000); err != nil || f.ContentType != "audio/ogg" {
		t.Errorf("%s %v", f.ContentType, err)
	}
	for name, c := range map[string]struct {
		media messaging.Media
		limit int64
		code  string
	}{
		"too big":                    {messaging.Media{ID: good}, 9_999, "size"},
		"bigger than said":           {messaging.Media{ID: d.server.AddMedia("image/png", body, "size")}, 9_999, "size"},
		"other bytes than announced": {messaging.Media{ID: good, SHA256: strings.Repeat("0", 64)}, 10_000, "digest"},
		"no digest at all readable":  {messaging.Media{ID: good, SHA256: "?"}, 10_000, "digest"},
		"other bytes than Meta said": {messaging.Media{ID: d.server.AddMedia("image/png", body, "digest")}, 10_000, "digest"},
		"a page":                     {messaging.Media{ID: d.server.AddMedia("text/html", body, "")}, 10_000, "type"},
		"a page in disguise":         {messaging.Media{ID: d.server.AddMedia("image/png", body, "type")}, 10_000, "type"},
		"elsewhere":                  {messaging.Media{ID: d.server.AddMedia("image/png", body, "host")}, 10_000, "host"},
		"no id":                      {messaging.Media{ID: "../x"}, 10_000, "id"},
	} {
		f, err := d.Fetch(t.Context(), *d.via, c.media, c.limit)
		failed(t, name, err, fault.Invalid, "fault.whatsapp.media", c.code)
		if f.Bytes != nil || f.ContentType != "" {
			t.Errorf("%s: something came back", name)
		}
	}
	_, err := d.Fetch(t.Context(), *d.via, messaging.Media{ID: d.server.AddMedia("image/png", body, "gone")}, 10_000)
	failed(t, "gone", err, fault.Invalid, "fault.whatsapp.refused", "404")
	_, err = d.Fetch(t.Context(), *d.via, messaging.Media{ID: "12345"}, 10_000)
	failed(t, "never there", err, fault.Invalid, "fault.whatsapp.refused", "100")
}

func sum256(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*whatsapp.Template)
		want   string // the keys, without what they all begin with
	}{
		"good":                    {func(*whatsapp.Template) {}, ""},
		"named":                   {func(x *whatsapp.Template) { body(x, "Hello {{name}}, come at {{when}} please.") }, ""},
		"repeated":                {func(x *whatsapp.Template) { body(x, "Hello {{1}}, come at {{2}}, {{1}}, please.") }, ""},
		"no variables":            {func(x *whatsapp.Template) { body(x, "We are closed today.") }, ""},
		"single braces":           {func(x *whatsapp.Template) { body(x, "We {really} are closed.") }, ""},
		"other scripts":           {func(x *whatsapp.Template) { body(x, "नमस्ते {{1}}, कृपया आइए") }, ""},
		"exactly long enough":     {func(x *whatsapp.Template) { body(x, strings.Repeat("अ", 1024)) }, ""},
		"name with a capital":     {func(x *whatsapp.Template) { x.Name = "Reminder" }, "name.invalid"},
		"name with a dash":        {func(x *whatsapp.Template) { x.Name = "a-b" }, "name.invalid"},
		"long name":               {func(x *whatsapp.Template) { x.Name = strings.Repeat("a", 513) }, "name.invalid"},
		"language":                {func(x *whatsapp.Template) { x.Language = "en-GB" }, "language.invalid"},
		"use":                     {func(x *whatsapp.Template) { x.Use = "authentication" }, "use.invalid"},
		"no body":                 {func(x *whatsapp.Template) { body(x, " ") }, "body.required"},
		"long body":               {func(x *whatsapp.Template) { body(x, strings.Repeat("अ", 1025)) }, "body.long"},
		"variable first":          {func(x *whatsapp.Template) { body(x, "{{1}}, come please.") }, "body.edge"},
		"variable first, quoted":  {func(x *whatsapp.Template) { body(x, " \"{{1}}\", come please.") }, "body.edge"},
		"variable last":           {func(x *whatsapp.Template) { body(x, "Come at {{1}}") }, "body.edge"},
		"variable last, stop":     {func(x *whatsapp.Template) { body(x, "Come at {{1}}.\n") }, "body.edge"},
		"only a variable":         {func(x *whatsapp.Template) { body(x, "{{1}}") }, "body.edge"},
		"side by side":            {func(x *whatsapp.Template) { body(x, "Hello {{1}} {{2}}, come.") }, "body.side"},
		"starts at two":           {func(x *whatsapp.Template) { body(x, "Hello {{2}}, come.") }, "body.order"},
		"a gap":                   {func(x *whatsapp.Template) { body(x, "Hello {{1}}, come at {{3}} please.") }, "body.order"},
		"turned round":            {func(x *whatsapp.Template) { body(x, "Hello {{2}}, come at {{1}} please.") }, "body.order"},
		"zero":                    {func(x *whatsapp.Template) { body(x, "Hello {{0}}, come.") }, "body.order"},
		"mixed":                   {func(x *whatsapp.Template) { body(x, "Hello {{1}}, come at {{when}} please.") }, "body.variables"},
		"capital variable":        {func(x *whatsapp.Template) { body(x, "Hello {{Name}}, come.") }, "body.variables"},
		"our own way of writing":  {func(x *whatsapp.Template) { body(x, "Hello {{.PatientName}}, come.") }, "body.variables"},
		"nothing in the braces":   {func(x *whatsapp.Template) { body(x, "Hello {{}}, come.") }, "body.variables"},
		"braces left open":        {func(x *whatsapp.Template) { body(x, "Hello {{1, come.") }, "body.braces"},
		"braces left closed":      {func(x *whatsapp.Template) { body(x, "Hello 1}}, come.") }, "body.braces"},
		"three line breaks":       {func(x *whatsapp.Template) { body(x, "Hello,\n\n\ncome.") }, "body.empty"},
		"many spaces":             {func(x *whatsapp.Template) { body(x, "Hello,     come.") }, "body.empty"},
		"long header":             {func(x *whatsapp.Template) { x.Header = strings.Repeat("x", 61) }, "header.long"},
		"two lines in the header": {func(x *whatsapp.Template) { x.Header = "a\nb" }, "header.plain"},
		"two in the header":       {func(x *whatsapp.Template) { x.Header = "a {{1}} b {{2}}" }, "header.variables"},
		"named header, counted":   {func(x *whatsapp.Template) { x.Header = "a {{clinic}}"; x.Examples["clinic"] = "x" }, "header.variables"},
		"counted header":          {func(x *whatsapp.Template) { x.Header = "a {{1}}" }, ""},
		"long footer":             {func(x *whatsapp.Template) { x.Footer = strings.Repeat("x", 61) }, "footer.long"},
		"variable in the footer":  {func(x *whatsapp.Template) { x.Footer = "by {{1}}" }, "footer.plain"},
		"long button":             {func(x *whatsapp.Template) { x.Buttons = []string{strings.Repeat("x", 21)} }, "buttons.long"},
		"empty button":            {func(x *whatsapp.Template) { x.Buttons = []string{" "} }, "buttons.long"},
		"variable on a button":    {func(x *whatsapp.Template) { x.Buttons = []string{"at {{1}}"} }, "buttons.plain"},
		"button twice":            {func(x *whatsapp.Template) { x.Buttons = []string{"A", "B", "A"} }, "buttons.twice"},
		"eleven buttons":          {func(x *whatsapp.Template) { x.Buttons = strings.Split("abcdefghijk", "") }, "buttons.many"},
		"no example":              {func(x *whatsapp.Template) { x.Examples["2"] = " " }, "examples.required"},
		"everything":              {func(x *whatsapp.Template) { *x = whatsapp.Template{} }, "name.invalid language.invalid use.invalid body.required"},
	} {
		x := draft()
		c.change(&x)
		err := whatsapp.Check(x)
		var keys []string
		var f *fault.Fault
		if errors.As(err, &f) {
			for _, field := range f.Fields {
				keys = append(keys, strings.TrimPrefix(field.Key, "field.whatsapp.template."))
			}
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// body puts in a body with examples for whatever it may hold.
func body(x *whatsapp.Template, text string) {
	x.Body = text
	x.Examples = map[string]string{"0": "a", "1": "a", "2": "b", "3": "c", "name": "a", "when": "b", "Name": "a", ".PatientName": "a", "": "a"}
}

func TestSlowManagementEnds(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{Timeout: time.Nanosecond})
	_, err := d.Test(t.Context(), *d.via)
	failed(t, "slow", err, fault.Unavailable, "fault.whatsapp.unreachable", "timeout")
}
