package sms

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/messaging"
)

// What one request of MSG91 may hold. Larger ones are not looked at.
const (
	maxMSG91Body   = 1 << 20
	maxMSG91Events = 2000
	maxMSG91Depth  = 6
)

// Where MSG91 may bring the secret: a header of our own (its newer webhooks), or, where nothing
// else can be set, the address: ?secret=..., or a last step of the path.
const (
	HookSecretHeader = "X-Webhook-Secret"
	HookSecretQuery  = "secret"
)

// Read reads delivery reports of every version (v2: a form with JSON in its field data; v3: one
// flat object; the newer, freely named ones) and inbound messages. MSG91 signs nothing: what is
// believed is a secret in the header, the query or the path, compared in constant time with
// every live one, from one of the addresses that the account allows. Reports of the fourth version name no message and stay Unknown. The key of a
// report is its request, a short mark of the number and the state: the number itself is in no key.
// A date without a zone is taken for India's.
func (s *MSG91) Read(_ context.Context, conn messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	refuse := func(err error) ([]messaging.Event, messaging.Answer, error) { return nil, messaging.Answer{}, err }
	if len(h.Body) > maxMSG91Body || len(h.URL) > 4096 {
		return refuse(messaging.ErrUnreadable)
	}
	c, err := read[MSG91Credentials](conn.Credentials)
	if err != nil {
		return refuse(messaging.ErrForged)
	}
	if !brought(h, live(c.HookSecrets)) || !c.Allows(h.Remote) {
		return refuse(messaging.ErrForged)
	}
	w := &reportReader{user: c.UserID}
	if err := w.body(h.Body); err != nil {
		return refuse(err)
	}
	return w.events, messaging.Answer{}, nil
}

// brought says whether the request brings a live secret. Every place is compared with every
// secret, by their hashes, so that neither time nor length tells anything.
func brought(h messaging.Hook, secrets []string) bool {
	at, err := url.Parse(h.URL)
	if err != nil {
		return false
	}
	last := at.Path[strings.LastIndexByte(at.Path, '/')+1:]
	places := []string{h.Header.Get(HookSecretHeader), at.Query().Get(HookSecretQuery), last}
	ok := 0
	for _, place := range places {
		given := sha256.Sum256([]byte(place))
		for _, secret := range secrets {
			if len(secret) < minHookSecret { // never let in with what could be guessed, whoever saved it
				continue
			}
			want := sha256.Sum256([]byte(secret))
			ok |= subtle.ConstantTimeCompare(given[:], want[:])
		}
	}
	return ok == 1
}

// reportReader walks through one request.
type reportReader struct {
	user   string // the account's number, where it is known
	events []messaging.Event
}

func (w *reportReader) body(raw []byte) error {
	text := bytes.TrimSpace(raw)
	if len(text) == 0 {
		return messaging.ErrUnreadable
	}
	if text[0] == '{' || text[0] == '[' { // its content types are not to be relied on
		return w.json(text, 0)
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return messaging.ErrUnreadable
	}
	if data := form.Get("data"); data != "" {
		return w.json([]byte(data), 0)
	}
	flat := map[string]any{}
	for name := range form {
		flat[name] = form.Get(name)
	}
	return w.object(flat, nil, 0)
}

func (w *reportReader) json(raw []byte, depth int) error {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil || d.More() {
		return messaging.ErrUnreadable
	}
	return w.value(v, nil, depth)
}

// value walks into lists and objects; outer is the object round it, which knows the request.
func (w *reportReader) value(v any, outer map[string]any, depth int) error {
	if depth > maxMSG91Depth {
		return messaging.ErrUnreadable
	}
	switch x := v.(type) {
	case []any:
		for _, item := range x {
			if err := w.value(item, outer, depth+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		return w.object(x, outer, depth)
	}
	return messaging.ErrUnreadable
}

func (w *reportReader) object(o, outer map[string]any, depth int) error {
	if user := named(o, "userId"); user != "" && w.user != "" && user != w.user {
		return messaging.ErrForged
	}
	if list, ok := o["report"].([]any); ok {
		return w.value(list, o, depth+1)
	}
	if text, ok := o["data"].(string); ok {
		return w.json([]byte(text), depth+1)
	}
	request := named(o, "requestId", "request_id")
	if request == "" && outer != nil {
		request = named(outer, "requestId", "request_id")
	}
	if len(w.events) >= maxMSG91Events {
		return messaging.ErrUnreadable
	}
	if e, ok := report(o, request); ok {
		w.events = append(w.events, e)
		return nil
	}
	if e, ok := inbound(o); ok {
		w.events = append(w.events, e)
		return nil
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return messaging.ErrUnreadable
	}
	w.events = append(w.events, unknown(raw))
	return nil
}

// report reads one delivery report.
func report(o map[string]any, request string) (messaging.Event, bool) {
	number := named(o, "number", "telNum", "mobile", "mobiles")
	status := strings.ToLower(named(o, "status"))
	state, known := msg91States[status]
	if !known {
		state, known = msg91States[strings.ToLower(named(o, "desc", "description"))]
	}
	if !requestID.MatchString(request) || status == "" || !known {
		return messaging.Event{}, false
	}
	e := messaging.Event{
		Kind: messaging.StateNews, ProviderID: request, Key: request + "." + mark(request, number) + "." + codeOnly(status),
		At: moment(named(o, "date", "deliveryTime", "ts")), Reached: state.reached,
	}
	if e.Reached == messaging.ReachedFailed {
		e.Code, e.Permanent = codeOnly(status), state.permanent
		if why := codeOnly(strings.ToLower(named(o, "failedReason", "failureReason"))); !manyDigits.MatchString(why) {
			e.Reason = why
		}
	}
	cost := map[string]string{}
	for _, name := range []string{"amount", "credit", "ctCode"} {
		if v := named(o, name); v != "" {
			cost[name] = bounded(v, 40)
		}
	}
	if len(cost) > 0 {
		e.Pricing, _ = json.Marshal(cost)
	}
	return e, true
}

// manyDigits is what a phone number in a sentence looks like; such a sentence is not kept.
var manyDigits = regexp.MustCompile(`[0-9]{7}`)

// mark tells the recipients of one request apart, as far as that is needed to know a report
// again: 16 bits, which thousands of numbers share, so that a key does not give a number away.
func mark(request, number string) string {
	sum := sha256.Sum256([]byte(request + "|" + number))
	return hex.EncodeToString(sum[:2])
}

// codeOnly keeps what can be a code, with _ for the rest.
func codeOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, bounded(s, 60))
}

// inbound reads a message of a person. MSG91 lets the account name the fields of its webhook and
// documents no fixed form for SMS, so the usual names are tried.
func inbound(o map[string]any) (messaging.Event, bool) {
	_, hasText := field(o, "message", "text", "content", "msg")
	from := named(o, "number", "mobile", "sender", "from", "customerNumber", "telNum")
	if !hasText || named(o, "status") != "" {
		return messaging.Event{}, false
	}
	e := messaging.Event{
		Kind: messaging.MessageNews, Text: named(o, "message", "text", "content", "msg"), From: msg91Sender(from),
		At: moment(named(o, "date", "datetime", "requestedAt", "receivedAt", "ts", "time")),
	}
	e.ProviderID = named(o, "requestId", "request_id", "messageId", "uuid", "UUID", "id")
	if !requestID.MatchString(e.ProviderID) {
		e.ProviderID = ""
	}
	e.Key = "in." + e.ProviderID
	if e.ProviderID == "" { // then only the whole of it tells it from another
		raw, err := json.Marshal(o)
		if err != nil {
			return messaging.Event{}, false
		}
		e.Key = unknown(raw).Key
	}
	return e, true
}

// msg91Sender reads a number without a plus; ten digits alone are Indian.
func msg91Sender(s string) messaging.Sender {
	for _, try := range []string{"+" + strings.TrimPrefix(s, "+"), s} {
		if p, err := contact.ParsePhone(try, "IN"); err == nil {
			return messaging.Sender{Phone: string(p)}
		}
	}
	return messaging.Sender{UserID: bounded(s, 64)}
}

// field is the first of the names that the object has, whatever its case.
func field(o map[string]any, names ...string) (any, bool) {
	for _, name := range names {
		if v, ok := o[name]; ok {
			return v, true
		}
	}
	best := "" // a second walk, for accounts that spell them otherwise; the same one each time
	for have := range o {
		for _, name := range names {
			if strings.EqualFold(have, name) && (best == "" || have < best) {
				best = have
			}
		}
	}
	v, ok := o[best]
	return v, ok && best != ""
}

// named is field as text: a string or a number; "" for anything else.
func named(o map[string]any, names ...string) string {
	v, _ := field(o, names...)
	switch x := v.(type) {
	case string:
		return strings.TrimSpace(x)
	case json.Number:
		return x.String()
	}
	return ""
}

// moment reads a date of MSG91; zero when it is none.
func moment(s string) clock.Instant {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case len(s) == 10:
			return clock.At(time.Unix(n, 0))
		case len(s) == 13:
			return clock.At(time.UnixMilli(n))
		}
		return 0
	}
	for _, form := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(form, s, india()); err == nil {
			return clock.At(t)
		}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return clock.At(t)
	}
	return 0
}
