package sms_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"almirah/internal/carriers/sms"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	"almirah/internal/rig/oracle"
	fake "almirah/internal/rig/sms"
)

func asHook(c fake.Call) messaging.Hook {
	return messaging.Hook{Method: c.Method, URL: c.URL, Header: c.Header, Body: c.Body}
}

// readAll reads calls one after the other and joins what they say.
func readAll(t *testing.T, in messaging.Inbound, conn messaging.Connection, calls []fake.Call) []messaging.Event {
	t.Helper()
	var out []messaging.Event
	for _, c := range calls {
		events, _, err := in.Read(t.Context(), conn, asHook(c))
		if err != nil {
			t.Fatalf("%s: %v", c.Body, err)
		}
		out = append(out, events...)
	}
	return out
}

func reachedOf(events []messaging.Event) []messaging.Reached {
	var out []messaging.Reached
	for _, e := range events {
		out = append(out, e.Reached)
	}
	return out
}

func TestTwilioCallbacks(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	var sids []string
	for range 6 {
		sids = append(sids, r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes).ProviderID)
	}
	got := readAll(t, r.carrier, *r.via, r.fake.Callbacks(sids[0], fake.Story{States: []string{"queued", "sending", "sent", "delivered", "read"}, Extra: true}))
	want := []messaging.Reached{messaging.ReachedAccepted, messaging.ReachedAccepted, messaging.ReachedSent, messaging.ReachedDelivered, messaging.ReachedRead}
	if !slices.Equal(reachedOf(got), want) {
		t.Errorf("%v", reachedOf(got))
	}
	for _, e := range got {
		if e.Kind != messaging.StateNews || e.ProviderID != sids[0] || !strings.HasPrefix(e.Key, sids[0]+".") || e.At != 0 || e.Permanent || e.Code != "" {
			t.Errorf("%+v", e)
		}
	}
	if got[3].Reason != "2611240630" || got[2].Reason != "" {
		t.Errorf("the carrier's own minute: %q", got[3].Reason)
	}
	// Reordered and doubled: the same keys, in the order of arrival.
	got = readAll(t, r.carrier, *r.via, r.fake.Callbacks(sids[1], fake.Story{Reverse: true, Duplicate: true, OmitNumber: true}))
	if !slices.Equal(reachedOf(got), []messaging.Reached{messaging.ReachedDelivered, messaging.ReachedDelivered, messaging.ReachedSent, messaging.ReachedSent}) ||
		got[0].Key != got[1].Key || got[1].Key == got[2].Key {
		t.Errorf("%+v", got)
	}
	got = readAll(t, r.carrier, *r.via, r.fake.Callbacks(sids[2], fake.Story{States: []string{"sent", "delivered", "read"}, SkipDelivered: true}))
	if !slices.Equal(reachedOf(got), []messaging.Reached{messaging.ReachedSent, messaging.ReachedRead}) {
		t.Errorf("%v", reachedOf(got))
	}
	for code, permanent := range map[int]bool{30003: false, 30005: true, 30006: true, 30007: true, 30008: false, 30034: true, 30036: false, 21610: true, 39999: false} {
		got = readAll(t, r.carrier, *r.via, r.fake.Callbacks(sids[3], fake.Story{States: []string{"undelivered"}, ErrorCode: code}))
		if got[0].Reached != messaging.ReachedFailed || got[0].Permanent != permanent || len(got[0].Code) != 5 {
			t.Errorf("%d: %+v", code, got[0])
		}
	}
	// A week later, from an earlier clock or a later one: nothing new, because nothing has another key.
	first := readAll(t, r.carrier, *r.via, r.fake.Callbacks(sids[4], fake.Story{Shift: 400 * 24 * 3600e9}))
	r.clock.Move(7 * 24 * 3600e9)
	keys := map[string]int{}
	for _, e := range readAll(t, r.carrier, *r.via, r.fake.Replay()) {
		keys[e.Key]++
	}
	for _, e := range first {
		if keys[e.Key] != 1 || e.At != 0 {
			t.Errorf("%s came %d times", e.Key, keys[e.Key])
		}
	}
	noSecrets(t, "the log", r.logged.String())
}

func TestTwilioWritten(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	read := func(calls []fake.Call) []messaging.Event { return readAll(t, r.carrier, *r.via, calls) }
	got := read(r.fake.Writes(hook, asha, clinic, "Can I come later? कल", "", fake.Story{}))
	if len(got) != 1 || got[0].Kind != messaging.MessageNews || got[0].From.Phone != asha || got[0].Text != "Can I come later? कल" || got[0].Key != got[0].ProviderID {
		t.Errorf("%+v", got)
	}
	for word, stop := range map[string]bool{"STOP": true, "START": false} {
		got = read(r.fake.Writes(hook, asha, clinic, word, word, fake.Story{}))
		if len(got) != 2 || got[0].Kind != messaging.MessageNews || got[1].Kind != messaging.ChoiceNews || got[1].Stop != stop || got[1].From.Phone != asha || got[0].Key == got[1].Key {
			t.Errorf("%s: %+v", word, got)
		}
		// Twilio heeds it too: the next message says so.
		if said := r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes); (said.Code == "21610") != stop {
			t.Errorf("after %s: %+v", word, said)
		}
	}
	// HELP neither stops nor resumes: as a choice it would be read as "wants messages again".
	if got = read(r.fake.Writes(hook, asha, clinic, "HELP", "HELP", fake.Story{})); len(got) != 1 || got[0].Kind != messaging.MessageNews {
		t.Errorf("%+v", got)
	}
	if got = read(r.fake.Writes(hook, asha, clinic, "hi", "", fake.Story{OmitNumber: true})); len(got) != 1 || got[0].From != (messaging.Sender{}) {
		t.Errorf("%+v", got)
	}
	if got = read(r.fake.Writes(hook, "56161", clinic, "hi", "", fake.Story{})); got[0].From != (messaging.Sender{UserID: "56161"}) {
		t.Errorf("%+v", got)
	}
	if got = read(r.fake.Writes(hook, "whatsapp:"+asha, clinic, "hi", "", fake.Story{})); got[0].Kind != messaging.Unknown {
		t.Errorf("another channel's message is taken for an SMS: %+v", got)
	}
	_, answer, err := r.carrier.Read(t.Context(), *r.via, asHook(r.fake.Writes(hook, asha, clinic, "hi", "", fake.Story{})[0]))
	if err != nil || answer.Status != 200 || answer.ContentType != "text/xml" || string(answer.Body) != "<Response/>" {
		t.Errorf("%+v %v", answer, err)
	}
	// Pictures are named, and nobody's address is fetched.
	a := r.fake.Account()
	mm, me := "MM"+strings.Repeat("1", 32), "ME"+strings.Repeat("2", 32)
	f := url.Values{"MessageSid": {mm}, "SmsStatus": {"received"}, "AccountSid": {a.SID}, "From": {asha}, "Body": {""}, "NumMedia": {"3"}, "ButtonPayload": {"conf"},
		"OriginalRepliedMessageSid": {"SM" + strings.Repeat("3", 32)},
		"MediaUrl0":                 {"https://api.twilio.com/2010-04-01/Accounts/" + a.SID + "/Messages/" + mm + "/Media/" + me}, "MediaContentType0": {"image/jpeg"},
		"MediaUrl1": {"http://169.254.169.254/latest"}, "MediaUrl2": {"::"}}
	got = read([]fake.Call{fake.TwilioForm(a.Token, hook, f)})
	if len(got) != 1 || len(got[0].Media) != 1 || got[0].Media[0] != (messaging.Media{ID: mm + "/" + me, ContentType: "image/jpeg"}) || got[0].Button != "conf" || got[0].ReplyTo == "" {
		t.Errorf("%+v", got)
	}
	// What nobody has told us about is kept, under a key of its own.
	for _, strange := range []url.Values{
		{"AccountSid": {a.SID}, "MessageSid": {mm}, "MessageStatus": {"teleported"}}, {"AccountSid": {a.SID}, "EventType": {"onConversationAdded"}}, {"AccountSid": {a.SID}, "MessageSid": {mm}},
	} {
		got = read([]fake.Call{fake.TwilioForm(a.Token, hook, strange), fake.TwilioForm(a.Token, hook, strange)})
		if len(got) != 2 || got[0].Kind != messaging.Unknown || got[0].Key == "" || got[0].Key != got[1].Key || len(got[0].Raw) == 0 {
			t.Errorf("%+v", got)
		}
	}
	got = read([]fake.Call{fake.TwilioJSON(a.Token, hook, []byte(`{"AccountSid":"`+a.SID+`","x":1}`)), fake.TwilioJSON(a.Token, "https://clinic.example/x", []byte(`[1]`))})
	if got[0].Kind != messaging.Unknown || got[1].Kind != messaging.Unknown {
		t.Errorf("%+v", got)
	}
	// A number's own setting may be GET: then everything stands in the address.
	q := url.Values{"MessageSid": {mm}, "SmsStatus": {"received"}, "AccountSid": {a.SID}, "From": {asha}, "Body": {"hi"}}
	address := "https://clinic.example/hooks/twilio/1?" + q.Encode()
	get := messaging.Hook{Method: http.MethodGet, URL: address, Header: http.Header{"X-Twilio-Signature": {fake.SignTwilio(a.Token, address, nil)}}}
	if events, _, err := r.carrier.Read(t.Context(), *r.via, get); err != nil || len(events) != 1 || events[0].Text != "hi" {
		t.Errorf("%+v %v", events, err)
	}
	// And a signature over the bare address lets nobody add to it.
	get.Header.Set("X-Twilio-Signature", fake.SignTwilio(a.Token, hook, nil))
	if _, _, err := r.carrier.Read(t.Context(), *r.via, get); !errors.Is(err, messaging.ErrForged) {
		t.Errorf("%v", err)
	}
}

func TestTwilioForged(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	a := r.fake.Account()
	form := func() url.Values {
		return url.Values{"MessageSid": {"SM" + strings.Repeat("1", 32)}, "MessageStatus": {"delivered"}, "AccountSid": {a.SID}, "To": {asha}}
	}
	good := fake.TwilioForm(a.Token, hook, form())
	with := func(change func(*messaging.Hook)) messaging.Hook {
		h := asHook(good)
		h.Header = h.Header.Clone()
		change(&h)
		return h
	}
	other := form()
	other.Set("AccountSid", "AC"+strings.Repeat("e", 32))
	none := form()
	none.Del("AccountSid")
	for name, c := range map[string]struct {
		hook messaging.Hook
		want error
	}{
		"good":                     {asHook(good), nil},
		"no signature":             {with(func(h *messaging.Hook) { h.Header.Del("X-Twilio-Signature") }), messaging.ErrForged},
		"a signature that is none": {with(func(h *messaging.Hook) { h.Header.Set("X-Twilio-Signature", "???") }), messaging.ErrForged},
		"cut off": {with(func(h *messaging.Hook) {
			h.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString([]byte("short")))
		}), messaging.ErrForged},
		"another address": {with(func(h *messaging.Hook) { h.URL = "https://clinic.example/hooks/twilio/2" }), nil}, // HookURL is what was signed
		"changed":         {with(func(h *messaging.Hook) { h.Body = []byte(strings.Replace(string(h.Body), "delivered", "failed", 1)) }), messaging.ErrForged},
		"with more":       {with(func(h *messaging.Hook) { h.Body = append(slices.Clone(h.Body), "&ErrorCode=30006"...) }), messaging.ErrForged},
		"another token":   {asHook(fake.TwilioForm("ffffffffffffffffffffffffffffffff", hook, form())), messaging.ErrForged},
		"an empty token":  {asHook(fake.TwilioForm("", hook, form())), messaging.ErrForged},
		"over another address": {func() messaging.Hook {
			h := asHook(fake.TwilioForm(a.Token, "https://evil.example/", form()))
			h.URL = hook
			return h
		}(), messaging.ErrForged},
		"of another account":      {asHook(fake.TwilioForm(a.Token, hook, other)), messaging.ErrForged},
		"of no account":           {asHook(fake.TwilioForm(a.Token, hook, none)), messaging.ErrForged},
		"no form":                 {with(func(h *messaging.Hook) { h.Body = []byte("%zz") }), messaging.ErrUnreadable},
		"too large":               {with(func(h *messaging.Hook) { h.Body = make([]byte, 65<<10) }), messaging.ErrUnreadable},
		"too many parameters":     {asHook(fake.TwilioForm(a.Token, hook, many(400))), messaging.ErrUnreadable},
		"JSON of another account": {asHook(fake.TwilioJSON(a.Token, hook, []byte(`{"AccountSid":"ACother"}`))), messaging.ErrForged},
		"JSON changed": {func() messaging.Hook {
			h := asHook(fake.TwilioJSON(a.Token, hook, []byte(`{"a":1}`)))
			h.Body = []byte(`{"a":2}`)
			return h
		}(), messaging.ErrForged},
		"JSON with a hash of its own": {func() messaging.Hook {
			h := asHook(fake.TwilioJSON("x", hook, []byte(`{"a":1}`)))
			h.Header.Set("X-Twilio-Signature", fake.SignTwilio(a.Token, hook, nil))
			return h
		}(), messaging.ErrForged},
		"the port spelled out": {with(func(h *messaging.Hook) { h.URL = strings.Replace(hook, "clinic.example", "clinic.example:443", 1) }), nil},
		"signed with the port": {func() messaging.Hook {
			h := asHook(fake.TwilioForm(a.Token, strings.Replace(hook, "clinic.example", "clinic.example:443", 1), form()))
			h.URL = hook
			return h
		}(), nil},
		"plain HTTP before the proxy": {func() messaging.Hook { h := asHook(good); h.URL = strings.Replace(hook, "https", "http", 1); return h }(), nil}, // HookURL again
		"signed over plain HTTP": {func() messaging.Hook {
			h := asHook(fake.TwilioForm(a.Token, strings.Replace(hook, "https", "http", 1), form()))
			h.URL = hook
			return h
		}(), messaging.ErrForged},
	} {
		events, _, err := r.carrier.Read(t.Context(), *r.via, c.hook)
		if !errors.Is(err, c.want) || (c.want != nil) != (len(events) == 0) {
			t.Errorf("%s: %v, %d events; want %v", name, err, len(events), c.want)
		}
		if err != nil {
			noSecrets(t, "the error", err.Error())
		}
	}
	// Two live tokens, and the third is no longer one.
	c := sms.TwilioCredentials{AccountSID: a.SID, AuthTokens: []string{strings.Repeat("o", 32), strings.Repeat("n", 32), strings.Repeat("x", 32)}, From: clinic}
	conn := *r.via
	conn.Credentials = sealed(t, c)
	for token, want := range map[string]error{strings.Repeat("o", 32): nil, strings.Repeat("n", 32): nil, strings.Repeat("x", 32): messaging.ErrForged} {
		if _, _, err := r.carrier.Read(t.Context(), conn, asHook(fake.TwilioForm(token, hook, form()))); !errors.Is(err, want) {
			t.Errorf("%.1s: %v", token, err)
		}
	}
	// Credentials without a token let nobody in, least of all who signs with none.
	for _, creds := range []string{`{"account_sid":"` + a.SID + `"}`, `{"account_sid":"` + a.SID + `","auth_tokens":[""]}`, `{`, ``} {
		conn.Credentials = []byte(creds)
		if _, _, err := r.carrier.Read(t.Context(), conn, asHook(fake.TwilioForm("", hook, form()))); !errors.Is(err, messaging.ErrForged) {
			t.Errorf("%s: %v", creds, err)
		}
	}
	if r.logged.Len() != 0 {
		t.Errorf("a forged request is logged: %s", r.logged)
	}
}

func many(n int) url.Values {
	v := url.Values{}
	for i := range n {
		v.Set("p"+strings.Repeat("x", i), "1")
	}
	return v
}

// TestOverTheWire posts callbacks through real HTTP to a door behind a proxy, which knows its public address from the settings alone.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	events := make(chan messaging.Event, 20)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		found, answer, err := r.carrier.Read(q.Context(), *r.via, messaging.Hook{Method: q.Method, URL: "https://clinic.example" + q.URL.RequestURI(), Header: q.Header, Body: body})
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		for _, e := range found {
			events <- e
		}
		w.Header().Set("Content-Type", answer.ContentType)
		w.WriteHeader(answer.Status)
		_, _ = w.Write(answer.Body)
	}))
	t.Cleanup(door.Close)
	reach := func(s string) string { return strings.Replace(s, "https://clinic.example", door.URL, 1) }
	sid := r.carrier.Send(t.Context(), r.outgoing(), (&counter{}).yes).ProviderID
	calls := append(r.fake.Callbacks(sid, fake.Story{}), r.fake.Writes(hook, asha, clinic, "STOP", "STOP", fake.Story{})...)
	for _, c := range calls {
		res, err := fake.Post(t.Context(), door.Client(), c, reach)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || string(said) != "<Response/>" {
			t.Errorf("%d %q %v", res.StatusCode, said, err)
		}
	}
	if len(events) != 4 {
		t.Errorf("%d events", len(events))
	}
	calls[0].Header.Set("X-Twilio-Signature", calls[1].Header.Get("X-Twilio-Signature"))
	res, err := fake.Post(t.Context(), door.Client(), calls[0], reach)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden || len(events) != 4 {
		t.Errorf("%d", res.StatusCode)
	}
}

// TestTwilioSignaturesOfTwilioItself: what npm twilio signs is believed, and npm twilio believes what our rig signs.
func TestTwilioSignaturesOfTwilioItself(t *testing.T) {
	t.Parallel()
	r := twilioRig(t, sms.TwilioOptions{}, nil)
	a := r.fake.Account()
	type item struct {
		Token     string      `json:"token"`
		URL       string      `json:"url"`
		Form      [][2]string `json:"form"`
		Body      string      `json:"body,omitempty"`
		Signature string      `json:"signature,omitempty"`
	}
	sid := "SM" + strings.Repeat("1", 32)
	start := [][2]string{{"AccountSid", a.SID}, {"MessageSid", sid}}
	kinds := map[string]item{
		"status callback":         {Form: [][2]string{{"MessageStatus", "delivered"}, {"RawDlrDoneDate", "2611241205"}, {"To", asha}}},
		"failed":                  {Form: [][2]string{{"MessageStatus", "undelivered"}, {"ErrorCode", "30006"}}},
		"inbound":                 {Form: [][2]string{{"Body", "कल & 100% + =?"}, {"From", asha}, {"SmsStatus", "received"}}},
		"inbound STOP":            {Form: [][2]string{{"Body", "STOP"}, {"OptOutType", "STOP"}, {"From", asha}}},
		"empty values":            {Form: [][2]string{{"Body", ""}, {"FromCity", ""}, {"NumMedia", "0"}}},
		"a name twice":            {Form: [][2]string{{"MessagingBinding.Address", "+2"}, {"MessagingBinding.Address", "+1"}, {"MessageStatus", "sent"}}},
		"a name twice, one value": {Form: [][2]string{{"A", "b"}, {"A", "b"}, {"A", "a"}, {"MessageStatus", "sent"}}},
		"names that sort oddly":   {Form: [][2]string{{"a", "1"}, {"B", "2"}, {"_", "3"}, {"AA", "4"}, {"A.a", "5"}, {"MessageStatus", "sent"}}},
		"address with a port":     {URL: "https://clinic.example:8443/hooks/twilio/1", Form: [][2]string{{"MessageStatus", "sent"}}},
		"address with a query":    {URL: "https://clinic.example/h?a=b&c=%20d", Form: [][2]string{{"MessageStatus", "sent"}}},
	}
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	var ask struct {
		Sign  []item `json:"sign"`
		Check []item `json:"check"`
	}
	fill := func(k item) (item, url.Values) {
		k.Token = a.Token
		if k.URL == "" {
			k.URL = hook
		}
		k.Form = append(slices.Clone(start), k.Form...)
		f := url.Values{}
		for _, p := range k.Form {
			f.Add(p[0], p[1])
		}
		return k, f
	}
	for _, name := range names {
		k, f := fill(kinds[name])
		ask.Sign = append(ask.Sign, k)
		k.Signature = fake.SignTwilio(a.Token, k.URL, f)
		ask.Check = append(ask.Check, k)
	}
	body := `{"AccountSid":"` + a.SID + `","x":"ä"}`
	call := fake.TwilioJSON(a.Token, hook, []byte(body))
	ask.Sign = append(ask.Sign, item{Token: a.Token, URL: call.URL, Form: [][2]string{}, Body: body})
	ask.Check = append(ask.Check, item{Token: a.Token, URL: call.URL, Form: [][2]string{}, Body: body, Signature: call.Header.Get("X-Twilio-Signature")})
	for _, bad := range []item{{URL: hook + "x"}, {Token: "another"}, {Signature: "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}} { // npm must be able to say no
		k := ask.Check[0]
		k.URL, k.Token, k.Signature = orElse(bad.URL, k.URL), orElse(bad.Token, k.Token), orElse(bad.Signature, k.Signature)
		ask.Check = append(ask.Check, k)
	}
	var says struct {
		Signed, Hashes []string
		Checked        []bool
	}
	oracle.Ask(t, "twilio.mjs", ask, &says)
	var table []string
	for i, k := range ask.Sign {
		h := messaging.Hook{Method: http.MethodPost, URL: k.URL, Header: http.Header{"X-Twilio-Signature": {says.Signed[i]}}, Body: []byte(k.Body)}
		name := "JSON by its hash"
		if i < len(names) {
			name = names[i]
			_, f := fill(kinds[name])
			h.Body = []byte(f.Encode())
		} else if !strings.HasSuffix(k.URL, says.Hashes[i]) {
			t.Errorf("npm's hash of the body is %s", says.Hashes[i])
		}
		events, _, err := r.carrier.Read(t.Context(), *r.via, h)
		if err != nil || len(events) == 0 {
			t.Errorf("%s: signed by npm twilio: %v", name, err)
			continue
		}
		if !says.Checked[i] {
			t.Errorf("%s: npm twilio does not believe our rig", name)
		}
		table = append(table, name+": "+string(events[0].Kind)+", both ways")
	}
	for i := len(ask.Sign); i < len(ask.Check); i++ {
		if says.Checked[i] {
			t.Errorf("npm twilio believes a forgery: %+v", ask.Check[i])
		}
	}
	t.Logf("held against npm twilio's getExpectedTwilioSignature and validateRequest:\n%s", strings.Join(table, "\n"))
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func FuzzTwilioRead(f *testing.F) {
	const token = "0123456789abcdef0123456789abcdef"
	account := "AC" + strings.Repeat("0a", 16)
	for _, s := range []string{
		"MessageSid=SM11111111111111111111111111111111&MessageStatus=delivered&RawDlrDoneDate=2611241205", "MessageSid=SM11111111111111111111111111111111&MessageStatus=failed&ErrorCode=30006",
		"MessageSid=SM11111111111111111111111111111111&SmsStatus=received&Body=hi&From=%2B919876543210&OptOutType=STOP&NumMedia=2&MediaUrl0=x", "A=1&A=2&;=%00", "%", "",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	carrier := sms.NewTwilio(nil, clock.NewFake(noon), discard(), sms.TwilioOptions{})
	conn := messaging.Connection{Credentials: sealed(f, sms.TwilioCredentials{AccountSID: account, AuthToken: token, From: clinic}), HookURL: hook}
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		h := messaging.Hook{Method: http.MethodPost, URL: hook, Header: http.Header{"X-Twilio-Signature": {base64.StdEncoding.EncodeToString(make([]byte, 20))}}, Body: body}
		if form, err := url.ParseQuery(string(body)); err == nil && signed {
			form.Set("AccountSid", account)
			c := fake.TwilioForm(token, hook, form)
			h.Header, h.Body = c.Header, c.Body
		}
		events, _, err := carrier.Read(t.Context(), conn, h)
		sound(t, events, err)
		if !signed && err == nil {
			t.Fatal("a forged request is believed")
		}
	})
}

// sound checks what holds for whatever comes.
func sound(t *testing.T, events []messaging.Event, err error) {
	t.Helper()
	if err != nil {
		if len(events) != 0 || !errors.Is(err, messaging.ErrForged) && !errors.Is(err, messaging.ErrUnreadable) {
			t.Fatalf("%v with %d events", err, len(events))
		}
		return
	}
	for _, e := range events {
		switch {
		case e.Key == "" || len(e.Key) > 200 || e.Kind == "":
			t.Fatalf("%+v", e)
		case e.Kind == messaging.StateNews && (e.ProviderID == "" || e.Reached == ""):
			t.Fatalf("%+v", e)
		case e.Kind == messaging.Unknown && len(e.Raw) == 0:
			t.Fatalf("%+v", e)
		}
	}
}
