package sms_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/carriers/sms"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	fake "almirah/internal/rig/sms"
)

const (
	authKey    = "authkey-of-the-clinic-1234"
	hookSecret = "hook-secret-of-the-clinic-0001"
	oldSecret  = "hook-secret-of-the-clinic-0000"
	reminder   = "608d315c1a91bf72b63ec83a"
	hook91     = "https://clinic.example/hooks/msg91/0192f0c1-0000-7000-8000-000000000002"
)

type rig91 struct {
	fake    *fake.MSG91
	carrier *sms.MSG91
	via     *messaging.Connection
	logged  *bytes.Buffer
	clock   *clock.Fake
}

func credentials91() sms.MSG91Credentials {
	return sms.MSG91Credentials{AuthKey: authKey, Sender: "SUNRIS", PEID: "1101234567890123456", UserID: "277777", HookSecrets: []string{hookSecret, oldSecret}}
}

func msg91Rig(t *testing.T, o sms.MSG91Options, change func(*sms.MSG91Credentials)) *rig91 {
	t.Helper()
	clk := clock.NewFake(noon)
	f := fake.StartMSG91(t, authKey, map[string][]string{reminder: {"VAR1", "VAR2"}, "named": {"when"}}, clk)
	c := credentials91()
	if change != nil {
		change(&c)
	}
	o.BaseURL = f.URL()
	var logged bytes.Buffer
	return &rig91{
		fake: f, logged: &logged, clock: clk,
		carrier: sms.NewMSG91(through(t, "msg91", f.Host()), clk, slog.New(slog.NewTextHandler(&logged, nil)), o),
		via:     &messaging.Connection{ID: id.New(noon), Provider: "msg91", Sender: "SUNRIS", Credentials: sealed(t, c), HookURL: hook91},
	}
}

func (r *rig91) outgoing() messaging.Outgoing {
	return messaging.Outgoing{ID: id.New(noon), Channel: messaging.SMS, To: asha, Text: "Tuesday at 10:00 with Dr Rao.", Via: r.via,
		Call: &messaging.Call{Name: reminder, Use: messaging.Utility, Values: []messaging.Value{{Text: "Tuesday at 10:00"}, {Text: "Dr Rao"}}}}
}

func TestMSG91Outcomes(t *testing.T) {
	t.Parallel()
	request := "000000000000000033656001"
	later := func(code string, wait time.Duration) messaging.Receipt {
		return messaging.Receipt{Outcome: messaging.Later, Code: code, Wait: wait}
	}
	said := func(o messaging.Outcome, code string) messaging.Receipt {
		return messaging.Receipt{Outcome: o, Code: code}
	}
	for name, c := range map[string]struct {
		behave fake.Behaviour
		change func(*messaging.Outgoing)
		creds  func(*sms.MSG91Credentials)
		at     time.Duration // after noon
		want   messaging.Receipt
		handed int64
		kept   int
	}{
		"accepted": {want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: request, Parts: 1}, handed: 1, kept: 1},
		"accepted, by name": {change: func(m *messaging.Outgoing) {
			m.Call = &messaging.Call{Name: "named", Values: []messaging.Value{{Name: "when", Text: "10:00"}}}
			m.Text = ""
		}, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: request}, handed: 1, kept: 1},
		"free text":                 {change: func(m *messaging.Outgoing) { m.Call = nil }, want: said(messaging.Refused, "dlt_template")},
		"no flow":                   {change: func(m *messaging.Outgoing) { m.Call.Name = "" }, want: said(messaging.Refused, "flow")},
		"no number":                 {change: func(m *messaging.Outgoing) { m.To = "9876543210" }, want: messaging.Receipt{Outcome: messaging.Refused, Code: "number", Elsewhere: true}},
		"a value of 40":             {change: func(m *messaging.Outgoing) { m.Call.Values[0].Text = strings.Repeat("अ", 40) }, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: request, Parts: 1}, handed: 1, kept: 1},
		"a value of 41":             {change: func(m *messaging.Outgoing) { m.Call.Values[0].Text = strings.Repeat("अ", 41) }, want: said(messaging.Refused, "variable_length")},
		"a value that is a number":  {change: func(m *messaging.Outgoing) { m.Call.Values[0].Name = "mobiles" }, want: said(messaging.Refused, "variable_name")},
		"or another of theirs":      {change: func(m *messaging.Outgoing) { m.Call.Values[0].Name = "crqid" }, want: said(messaging.Refused, "variable_name")},
		"two of one name":           {change: func(m *messaging.Outgoing) { m.Call.Values[1].Name = "VAR1" }, want: said(messaging.Refused, "variable_name")},
		"no account":                {change: func(m *messaging.Outgoing) { m.Via = nil }, want: said(messaging.Broken, "no_account")},
		"credentials that are none": {creds: func(c *sms.MSG91Credentials) { c.AuthKey = "" }, want: said(messaging.Broken, "credentials")},
		"wrong key":                 {creds: func(c *sms.MSG91Credentials) { c.AuthKey = "another-authkey-of-someone" }, want: said(messaging.Broken, "201"), handed: 1},
		"no such flow, with 200":    {change: func(m *messaging.Outgoing) { m.Call.Name = "nothing" }, want: said(messaging.Refused, "template"), handed: 1},
		"missing value, with 200":   {change: func(m *messaging.Outgoing) { m.Call.Values = m.Call.Values[:1] }, want: said(messaging.Refused, "template"), handed: 1},
		"marketing at noon":         {change: func(m *messaging.Outgoing) { m.Call.Use = messaging.Marketing }, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: request, Parts: 1}, handed: 1, kept: 1},
		"marketing at ten at night": {at: 10 * time.Hour, change: func(m *messaging.Outgoing) { m.Call.Use = messaging.Marketing }, want: later("dlt_hours", 12*time.Hour)},
		"marketing abroad at night": {at: 10 * time.Hour, change: func(m *messaging.Outgoing) { m.Call.Use, m.To = messaging.Marketing, "+14155550123" }, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: request, Parts: 1}, handed: 1, kept: 1},
		"a reminder at night":       {at: 10 * time.Hour, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: request, Parts: 1}, handed: 1, kept: 1},

		"error with 200: number":      {behave: fake.Behaviour{Status: 200, Body: "error: Please provide valid mobile number 919876543210"}, want: messaging.Receipt{Outcome: messaging.Refused, Code: "number", Elsewhere: true}, handed: 1},
		"error with 200: address":     {behave: fake.Behaviour{Status: 200, Body: "error: IP not whitelisted", Code: 418}, want: said(messaging.Broken, "418"), handed: 1},
		"error with 200: balance":     {behave: fake.Behaviour{Status: 200, Body: "error: Insufficient balance"}, want: said(messaging.Broken, "balance"), handed: 1},
		"error with 200: key":         {behave: fake.Behaviour{Status: 200, Body: "error: Invalid authkey"}, want: said(messaging.Broken, "auth"), handed: 1},
		"error with 200: rate":        {behave: fake.Behaviour{Status: 200, Body: "error: Too many requests"}, want: later("rate", 10*time.Second), handed: 1},
		"error with 200: unknown":     {behave: fake.Behaviour{Status: 200, Body: "error: The moon is full over 919876543210"}, want: said(messaging.Refused, "error"), handed: 1},
		"error: twice in ten seconds": {behave: fake.Behaviour{Status: 200, Code: 311}, want: said(messaging.Uncertain, "311"), handed: 1},
		"error: their own":            {behave: fake.Behaviour{Status: 200, Code: 601}, want: said(messaging.Uncertain, "601"), handed: 1},
		"error: closed at night":      {behave: fake.Behaviour{Status: 200, Code: 306}, want: later("306", time.Hour), handed: 1},
		"429":                         {behave: fake.Behaviour{Status: 429, RetryAfter: "30"}, want: later("429", 30*time.Second), handed: 1},
		"429 with an error":           {behave: fake.Behaviour{Status: 429, RetryAfter: "30", Body: "error: slow down"}, want: later("429", 30*time.Second), handed: 1},
		"503 that says error":         {behave: fake.Behaviour{Status: 503, Body: "error: under maintenance"}, want: later("503", 0), handed: 1},
		"503 that says nothing":       {behave: fake.Behaviour{Status: 503, Body: "<html>"}, want: said(messaging.Uncertain, "503"), handed: 1},
		"400 that says nothing":       {behave: fake.Behaviour{Status: 400}, want: said(messaging.Refused, "400"), handed: 1},
		"200 that says nothing":       {behave: fake.Behaviour{Garbage: true}, want: said(messaging.Uncertain, "unreadable"), handed: 1, kept: 1},
		"200 of neither type":         {behave: fake.Behaviour{Status: 200, Body: `{"type":"pending","message":"x"}`}, want: said(messaging.Uncertain, "unreadable"), handed: 1},
		"success with status 500":     {behave: fake.Behaviour{Status: 500, Body: `{"type":"success","message":"x"}`}, want: said(messaging.Uncertain, "500"), handed: 1},
		"success without an id":       {behave: fake.Behaviour{Status: 200, Body: `{"type":"success","message":"SMS sent successfully."}`}, want: messaging.Receipt{Outcome: messaging.Accepted, Code: "200", Parts: 1}, handed: 1},
		"dropped without a word":      {behave: fake.Behaviour{Drop: fake.AtOnce}, want: said(messaging.Uncertain, "lost"), handed: 1},
		"dropped after accepting":     {behave: fake.Behaviour{Drop: fake.AfterAccept}, want: said(messaging.Uncertain, "lost"), handed: 1, kept: 1},
		"dropped within the answer":   {behave: fake.Behaviour{Drop: fake.InTheAnswer}, want: said(messaging.Uncertain, "lost"), handed: 1, kept: 1},
		"timed out after accepting":   {behave: fake.Behaviour{Hang: 20 * time.Second}, want: said(messaging.Uncertain, "timeout"), handed: 1, kept: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := msg91Rig(t, sms.MSG91Options{Timeout: 2 * time.Second}, c.creds)
			r.clock.Move(c.at)
			r.fake.Behave("", c.behave)
			m := r.outgoing()
			if c.change != nil {
				c.change(&m)
			}
			var handed counter
			got := r.carrier.Send(t.Context(), m, handed.yes)
			if !same(got, c.want) || handed.n.Load() != c.handed {
				t.Errorf("%+v, handed over %d times; want %+v and %d", got, handed.n.Load(), c.want, c.handed)
			}
			if n := len(r.fake.Texts()); n != c.kept {
				t.Errorf("MSG91 has %d messages, want %d", n, c.kept)
			}
			if n := len(r.fake.Requests()); int64(n) != c.handed {
				t.Errorf("%d requests for %d hand-overs", n, c.handed)
			}
			noSecrets(t, "the log", r.logged.String())
		})
	}
}

func TestMSG91WritesTheMessage(t *testing.T) {
	t.Parallel()
	r := msg91Rig(t, sms.MSG91Options{}, nil)
	m := r.outgoing()
	if got := r.carrier.Send(t.Context(), m, (&counter{}).yes); got.Outcome != messaging.Accepted {
		t.Fatalf("%+v", got)
	}
	q := r.fake.Requests()[0]
	var body struct {
		Template   string              `json:"template_id"`
		ShortURL   string              `json:"short_url"`
		Recipients []map[string]string `json:"recipients"`
	}
	d := json.NewDecoder(bytes.NewReader(q.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		t.Fatal(err)
	}
	if body.Template != reminder || body.ShortURL != "0" || len(body.Recipients) != 1 || len(body.Recipients[0]) != 4 {
		t.Errorf("%+v", body)
	}
	for name, want := range map[string]string{"mobiles": "919876543210", "CRQID": m.ID.String(), "VAR1": "Tuesday at 10:00", "VAR2": "Dr Rao"} {
		if got := body.Recipients[0][name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if q.Header.Get("authkey") != authKey || q.URL != "/api/v5/flow" || strings.Contains(string(q.Body), authKey) {
		t.Errorf("%+v", q)
	}
	if got := r.carrier.Send(t.Context(), m, func() error { return errors.New("no longer ours") }); !same(got, messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}) || len(r.fake.Requests()) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestMSG91Test(t *testing.T) {
	t.Parallel()
	r := msg91Rig(t, sms.MSG91Options{}, nil)
	if err := r.carrier.Test(t.Context(), *r.via); err != nil || len(r.fake.Texts()) != 0 {
		t.Errorf("%v", err)
	}
	wrong := msg91Rig(t, sms.MSG91Options{}, func(c *sms.MSG91Credentials) { c.AuthKey = "another-authkey-of-someone" })
	err := wrong.carrier.Test(t.Context(), *wrong.via)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Key != "fault.sms.credentials" || f.Args["Code"] != "201" {
		t.Errorf("%v", err)
	}
	closed := sms.NewMSG91(through(t, "msg91", "127.0.0.1:9"), r.clock, discard(), sms.MSG91Options{BaseURL: "http://127.0.0.1:9"})
	if err := closed.Test(t.Context(), *r.via); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestMSG91Reports(t *testing.T) {
	t.Parallel()
	for v, address := range map[fake.Version]string{fake.V2: hook91 + "/" + hookSecret, fake.V3: hook91 + "?secret=" + oldSecret, fake.New: hook91} {
		r := msg91Rig(t, sms.MSG91Options{}, nil)
		var requests []string
		for range 5 {
			requests = append(requests, r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes).ProviderID)
		}
		read := func(calls []fake.Call) []messaging.Event { return readAll(t, r.carrier, *r.via, calls) }
		got := read(r.fake.Reports(address, hookSecret, requests[0], v, fake.Story{Extra: true}))
		if !slices.Equal(reachedOf(got), []messaging.Reached{messaging.ReachedSent, messaging.ReachedDelivered}) {
			t.Fatalf("%s: %+v", v, got)
		}
		for _, e := range got {
			if e.Kind != messaging.StateNews || e.ProviderID != requests[0] || !strings.HasPrefix(e.Key, requests[0]+".") || strings.Contains(e.Key, "9876543210") ||
				e.At != clock.At(noon) || !json.Valid(e.Pricing) || e.Code != "" {
				t.Errorf("%s: %+v", v, e)
			}
		}
		got = read(r.fake.Reports(address, hookSecret, requests[1], v, fake.Story{Reverse: true, Duplicate: true, OmitNumber: true, Shift: -400 * 24 * time.Hour}))
		if len(got) != 4 || got[0].Key != got[1].Key || got[1].Key == got[2].Key || got[0].At != clock.At(noon.Add(-400*24*time.Hour)) {
			t.Errorf("%s: %+v", v, got)
		}
		got = read(r.fake.Reports(address, hookSecret, requests[2], v, fake.Story{SkipDelivered: true, Shift: 48 * time.Hour}))
		if !slices.Equal(reachedOf(got), []messaging.Reached{messaging.ReachedSent}) {
			t.Errorf("%s: %+v", v, got)
		}
		for state, permanent := range map[string]bool{"2": false, "9": true, "16": true, "17": true, "25": true} {
			got = read(r.fake.Reports(address, hookSecret, requests[3], v, fake.Story{States: []string{state}}))
			if len(got) != 1 || got[0].Reached != messaging.ReachedFailed || got[0].Permanent != permanent || got[0].Code == "" {
				t.Errorf("%s %s: %+v", v, state, got)
			}
			if state == "2" && got[0].Reason != "absent_subscriber" {
				t.Errorf("%s: %+v", v, got[0])
			}
		}
		r.clock.Move(7 * 24 * time.Hour)
		before, after := map[string]bool{}, 0
		for _, e := range read(r.fake.Replay()) {
			before[e.Key] = true
		}
		for _, e := range read(r.fake.Replay()) {
			if !before[e.Key] {
				after++
			}
		}
		if after != 0 {
			t.Errorf("%s: %d keys are new when all comes again", v, after)
		}
		if r.logged.Len() != 0 {
			t.Errorf("logged: %s", r.logged)
		}
	}
}

// TestMSG91Bodies are real bodies as MSG91 documents them, and some that it might send.
func TestMSG91Bodies(t *testing.T) {
	t.Parallel()
	r := msg91Rig(t, sms.MSG91Options{}, nil)
	v2 := `[{"senderId":"SUNRIS","requestId":"346539676a6b313230363130","report":[{"date":"2024-05-22 10:06:20","amount":"0.01","clientid":"","INMSID":"0","CRQID":"0","ctCode":"900","number":"919876543210","credit":"1","status":"1","desc":"DELIVERED","failedReason":""},` +
		`{"date":"2024-05-22 10:06:21","number":"919876543211","status":"2","desc":"FAILED","failedReason":"Subscriber 919876543211 absent"}],"userId":"277777","campaignName":"Sendhttp"},` +
		`{"senderId":"SUNRIS","requestId":"346539676a6b313230363131","report":[{"date":"0000-00-00 00:00:00","number":"919876543212","status":16,"desc":"REJECTED"}],"userId":"277777"}]`
	type want struct {
		n    int
		err  error
		kind messaging.News
	}
	for name, c := range map[string]struct {
		body string
		want
	}{
		"v2, a batch":        {url.Values{"data": {v2}}.Encode(), want{3, nil, messaging.StateNews}},
		"v2 as JSON":         {string(sealed(t, map[string]string{"data": v2})), want{3, nil, messaging.StateNews}},
		"v2 bare":            {v2, want{3, nil, messaging.StateNews}},
		"v3":                 {`{"date":"2024-05-22 09:58:16","number":"919876543210","senderId":"SUNRIS","amount":"0.01","requestId":"346539676a6b313230363130","INMSID":"0","CRQID":"0","credit":"1","userId":"277777","campaignName":"Sendhttp","status":"1","desc":"DELIVERED"}`, want{1, nil, messaging.StateNews}},
		"v3 with numbers":    {`{"requestId":"346539676a6b313230363130","status":1,"number":919876543210,"date":1716351980}`, want{1, nil, messaging.StateNews}},
		"a list of v3":       {`[{"requestId":"346539676a6b313230363130","status":"1","number":"91"},{"requestId":"346539676a6b313230363130","status":"2","number":"91"}]`, want{2, nil, messaging.StateNews}},
		"v4":                 {`[{"data":[{"meta":"0","INMSID":"0","description":"DELIVERED","ts":1726729500}],"event":"delivered"}]`, want{1, nil, messaging.Unknown}},
		"a state unheard of": {`{"requestId":"346539676a6b313230363130","status":"77","number":"919876543210"}`, want{1, nil, messaging.Unknown}},
		"its word is known":  {`{"requestId":"346539676a6b313230363130","status":"26","desc":"Delivered","number":"919876543210"}`, want{1, nil, messaging.StateNews}},
		"no request":         {`{"status":"1","number":"919876543210"}`, want{1, nil, messaging.Unknown}},
		"inbound JSON":       {`{"requestId":"346539676a6b313230363130","number":"919876543210","message":"Can I come later?","receiver":"9220592205"}`, want{1, nil, messaging.MessageNews}},
		"inbound form":       {"number=9876543210&message=Can+I+come+later%3F&id=12345678", want{1, nil, messaging.MessageNews}},
		"of another account": {`{"requestId":"346539676a6b313230363130","status":"1","userId":"1"}`, want{0, messaging.ErrForged, ""}},
		"nothing":            {"", want{0, messaging.ErrUnreadable, ""}},
		"a scalar":           {`{"data":"7"}`, want{0, messaging.ErrUnreadable, ""}},
		"two values":         {`{"a":1}{"b":2}`, want{0, messaging.ErrUnreadable, ""}},
		"broken":             {`[{"requestId":`, want{0, messaging.ErrUnreadable, ""}},
		"too deep":           {strings.Repeat("[", 50) + strings.Repeat("]", 50), want{0, messaging.ErrUnreadable, ""}},
		"data in data":       {nested(20), want{0, messaging.ErrUnreadable, ""}},
		"too many":           {"[" + strings.Repeat(`{"a":1},`, 2500) + `{"a":1}]`, want{0, messaging.ErrUnreadable, ""}},
		"too large":          {strings.Repeat(" ", 1<<20) + "{}", want{0, messaging.ErrUnreadable, ""}},
	} {
		h := messaging.Hook{Method: http.MethodPost, URL: hook91, Header: http.Header{sms.HookSecretHeader: {hookSecret}}, Body: []byte(c.body)}
		events, _, err := r.carrier.Read(t.Context(), *r.via, h)
		if !errors.Is(err, c.err) || c.err == nil && (len(events) != c.n || events[0].Kind != c.kind) {
			t.Errorf("%s: %+v %v, want %+v", name, events, err, c.want)
		}
		sound(t, events, err)
		keys := map[string]bool{}
		for _, e := range events {
			if keys[e.Key] || strings.Contains(e.Key, "98765432") || strings.Contains(e.Reason, "98765432") {
				t.Errorf("%s: %+v", name, e)
			}
			keys[e.Key] = true
			if e.Kind == messaging.MessageNews && (e.From.Phone != asha || e.Text != "Can I come later?" || e.ProviderID == "") {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

func nested(n int) string {
	s := `{"a":1}`
	for range n {
		b, _ := json.Marshal(map[string]string{"data": s})
		if s = string(b); len(s) > 1<<19 {
			break
		}
	}
	return s
}

func TestMSG91Secret(t *testing.T) {
	t.Parallel()
	body := []byte(`{"requestId":"346539676a6b313230363130","status":"1","number":"919876543210"}`)
	r := msg91Rig(t, sms.MSG91Options{}, nil)
	header := func(s string) http.Header { return http.Header{sms.HookSecretHeader: {s}} }
	for name, c := range map[string]struct {
		hook messaging.Hook
		want error
	}{
		"header":              {messaging.Hook{URL: hook91, Header: header(hookSecret)}, nil},
		"the old one":         {messaging.Hook{URL: hook91, Header: header(oldSecret)}, nil},
		"path":                {messaging.Hook{URL: hook91 + "/" + hookSecret}, nil},
		"query":               {messaging.Hook{URL: hook91 + "?secret=" + hookSecret}, nil},
		"none":                {messaging.Hook{URL: hook91}, messaging.ErrForged},
		"a wrong one":         {messaging.Hook{URL: hook91, Header: header("hook-secret-of-the-clinic-0002")}, messaging.ErrForged},
		"the beginning of it": {messaging.Hook{URL: hook91, Header: header(hookSecret[:len(hookSecret)-1])}, messaging.ErrForged},
		"empty":               {messaging.Hook{URL: hook91 + "/?secret=", Header: header("")}, messaging.ErrForged},
		"no address":          {messaging.Hook{URL: "%zz"}, messaging.ErrForged},
	} {
		c.hook.Method, c.hook.Body = http.MethodPost, body
		if c.hook.Header == nil {
			c.hook.Header = http.Header{}
		}
		events, answer, err := r.carrier.Read(t.Context(), *r.via, c.hook)
		if !errors.Is(err, c.want) || (err == nil) != (len(events) == 1) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (answer.Status != 0 || len(answer.Body) != 0) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	// Credentials without a secret, or with one that could be guessed, let nobody in.
	for _, creds := range []any{sms.MSG91Credentials{}, sms.MSG91Credentials{HookSecrets: []string{"", "short"}}, "x"} {
		conn := *r.via
		conn.Credentials = sealed(t, creds)
		for _, s := range []string{"", "short"} {
			if _, _, err := r.carrier.Read(t.Context(), conn, messaging.Hook{URL: hook91 + "/" + s, Header: header(s), Body: body}); !errors.Is(err, messaging.ErrForged) {
				t.Errorf("%v %q: %v", creds, s, err)
			}
		}
	}
	if r.logged.Len() != 0 {
		t.Errorf("a forged request is logged: %s", r.logged)
	}
}

func TestMSG91Written(t *testing.T) {
	t.Parallel()
	r := msg91Rig(t, sms.MSG91Options{}, nil)
	for _, form := range []bool{false, true} {
		got := readAll(t, r.carrier, *r.via, r.fake.Writes(hook91+"/"+hookSecret, "919876543210", "STOP", form, fake.Story{Duplicate: true}))
		if len(got) != 2 || got[0].Kind != messaging.MessageNews || got[0].Text != "STOP" || got[0].From.Phone != asha || got[0].Key != got[1].Key || got[0].At != clock.At(noon) {
			t.Errorf("%+v", got)
		}
		got = readAll(t, r.carrier, *r.via, r.fake.Writes(hook91+"/"+hookSecret, "919876543210", "hi", form, fake.Story{OmitNumber: true}))
		if len(got) != 1 || got[0].From != (messaging.Sender{}) || got[0].Text != "hi" {
			t.Errorf("%+v", got)
		}
	}
}

func TestMSG91Credentials(t *testing.T) {
	t.Parallel()
	good := credentials91()
	if err := good.Validate(); err != nil || good.Last4() != "1234" {
		t.Errorf("%v %q", err, good.Last4())
	}
	for field, change := range map[string]func(*sms.MSG91Credentials){
		"authkey":      func(c *sms.MSG91Credentials) { c.AuthKey = "with a space in it" },
		"sender":       func(c *sms.MSG91Credentials) { c.Sender = "SUNRISE" },
		"pe_id":        func(c *sms.MSG91Credentials) { c.PEID = "123" },
		"hook_secrets": func(c *sms.MSG91Credentials) { c.HookSecrets = []string{"short"} },
		"allowed_ips":  func(c *sms.MSG91Credentials) { c.AllowedIPs = []string{"example.org"} },
	} {
		c := good
		change(&c)
		var f *fault.Fault
		if err := c.Validate(); !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if s := good.String(); strings.Contains(s, "authkey-of") || strings.Contains(s, "hook-secret") {
		t.Error(s)
	}
	c := good
	c.AllowedIPs = []string{"203.0.113.7", "2001:db8::/32"}
	for addr, want := range map[string]bool{"203.0.113.7": true, "::ffff:203.0.113.7": true, "203.0.113.8": false, "2001:db8::1": true, "2001:db9::1": false} {
		if got := c.Allows(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if c.Allows(netip.Addr{}) || !good.Allows(netip.Addr{}) {
		t.Error("an unknown address is allowed exactly where there is no list")
	}
}

func FuzzMSG91Read(f *testing.F) {
	for _, s := range []string{
		`data=%5B%7B%22requestId%22%3A%22346539676a6b313230363130%22%2C%22report%22%3A%5B%7B%22number%22%3A%2291%22%2C%22status%22%3A%221%22%7D%5D%7D%5D`,
		`{"requestId":"346539676a6b313230363130","status":"1","number":"919876543210","date":"2024-05-22 09:58:16"}`, `[{"data":[{"ts":1}],"event":"delivered"}]`,
		`{"data":"[{}]"}`, `number=91&message=hi`, `[[[]]]`, `{"message":null}`, `{"STATUS":"1","Status":"2","requestId":"aaaaaaaa"}`,
	} {
		f.Add([]byte(s))
	}
	carrier := sms.NewMSG91(nil, clock.NewFake(noon), discard(), sms.MSG91Options{})
	conn := messaging.Connection{Credentials: sealed(f, credentials91())}
	f.Fuzz(func(t *testing.T, body []byte) {
		h := messaging.Hook{Method: http.MethodPost, URL: hook91, Header: http.Header{sms.HookSecretHeader: {hookSecret}}, Body: body}
		events, _, err := carrier.Read(t.Context(), conn, h)
		sound(t, events, err)
		again, _, _ := carrier.Read(t.Context(), conn, h)
		if len(again) != len(events) {
			t.Fatal("the same body says something else the second time")
		}
		for i := range events {
			if events[i].Key != again[i].Key {
				t.Fatalf("%q and %q for the same body", events[i].Key, again[i].Key)
			}
		}
		h.Header.Set(sms.HookSecretHeader, "wrong")
		if _, _, err := carrier.Read(t.Context(), conn, h); err == nil {
			t.Fatal("a forged request is believed")
		}
	})
}
