package sms

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"almirah/internal/clock"
)

// Account is an account at the fake Twilio. The zero value of a field gets a usual one.
type Account struct {
	SID, Token        string
	KeySID, KeySecret string // as well as the token; none when empty
	Status, Kind      string // active, Full
}

// Message is a message that Twilio has.
type Message struct {
	SID, To, From, Service, Body, ContentSID, ContentVariables string
	StatusCallback, Validity                                   string
	Status                                                     string
}

// Twilio is a fake of api.twilio.com and lookups.twilio.com for one account.
type Twilio struct {
	desk
	account Account
	clock   clock.Clock

	messages []*Message
	stopped  map[string]bool
	lines    map[string]string
	media    map[string]medium // by message/file
	received map[string]bool   // messages that somebody sent with files

	deletes      func(w http.ResponseWriter) bool // nil: nobody stands in between
	deletesAfter bool
	tickets      map[string]time.Time // of the addresses of files: until when each is good
	next         int
}

// StartTwilio runs a Twilio until the test ends.
func StartTwilio(t testing.TB, a Account, clk clock.Clock) *Twilio {
	t.Helper()
	if a.SID == "" {
		a.SID = "AC" + strings.Repeat("0a", 16)
	}
	if a.Token == "" {
		a.Token = strings.Repeat("5e", 16)
	}
	if a.Status == "" {
		a.Status = "active"
	}
	if a.Kind == "" {
		a.Kind = "Full"
	}
	tw := &Twilio{account: a, clock: clk, stopped: map[string]bool{}, lines: map[string]string{}, media: map[string]medium{}, tickets: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", tw.create)
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{message}", tw.fetch)
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}", tw.lead)
	mux.HandleFunc("DELETE /2010-04-01/Accounts/{account}/Messages/{message}", tw.deletion(tw.remove))
	mux.HandleFunc("DELETE /2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}", tw.deletion(tw.removeMedium))
	mux.HandleFunc("GET /stored/{message}/{media}", tw.stored)
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}", tw.about)
	mux.HandleFunc("GET /v2/PhoneNumbers/{number}", tw.look)
	tw.open(t, mux)
	return tw
}

// Account is the account with everything filled in.
func (tw *Twilio) Account() Account { return tw.account }

// Messages are the messages that Twilio has taken, in their order.
func (tw *Twilio) Messages() []Message {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	var out []Message
	for _, m := range tw.messages {
		out = append(out, *m)
	}
	return out
}

// Line sets what Lookup says about a number: a type such as "landline", or "invalid", or "" for no answer about it.
func (tw *Twilio) Line(number, kind string) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	tw.lines[number] = kind
}

// problem is an answer as Twilio says no.
func problem(w http.ResponseWriter, status, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": code, "message": text, "more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(code), "status": status,
	})
}

// signedIn checks the sign-in the way Twilio does, and that the account is the caller's.
func (tw *Twilio) signedIn(w http.ResponseWriter, r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	a := tw.account
	if !ok || (user != a.SID || password != a.Token) && (a.KeySID == "" || user != a.KeySID || password != a.KeySecret) {
		problem(w, 401, 20003, "Authenticate")
		return false
	}
	if sid := strings.TrimSuffix(r.PathValue("account"), ".json"); sid != "" && sid != a.SID {
		problem(w, 404, 20404, "The requested resource "+r.URL.Path+" was not found")
		return false
	}
	return true
}

var (
	number   = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
	sender   = regexp.MustCompile(`^(\+[1-9][0-9]{7,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11})$`)
	service  = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	template = regexp.MustCompile(`^HX[0-9a-fA-F]{32}$`)
)

func (tw *Twilio) create(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	tw.mu.Lock()
	tw.requests = append(tw.requests, Call{r.Method, r.URL.Path, r.Header.Clone(), raw})
	tw.mu.Unlock()
	if !tw.signedIn(w, r) {
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		problem(w, 415, 20415, "Unsupported media type")
		return
	}
	f, err := url.ParseQuery(string(raw))
	if err != nil {
		problem(w, 400, 20001, "Unreadable form")
		return
	}
	tw.mu.Lock()
	b := tw.behaviour(f.Get("To"))
	if status, code := tw.refusal(f); code != 0 && b.Status == 0 && b.Drop != AtOnce {
		tw.mu.Unlock()
		problem(w, status, code, "refused")
		return
	}
	if b.Drop == AtOnce || b.Status != 0 {
		tw.mu.Unlock()
		tw.misbehave(w, b)
		return
	}
	m := tw.keep(f)
	answer := tw.describe(m, b.LostParts)
	tw.mu.Unlock()
	if b.Hang > 0 {
		select {
		case <-time.After(b.Hang):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case b.Drop == AfterAccept:
		hangUp(w)
	case b.Drop == InTheAnswer:
		half(w, "201 Created")
	case b.Garbage:
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "<html>Created</html>")
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (tw *Twilio) misbehave(w http.ResponseWriter, b Behaviour) {
	switch {
	case b.Drop == AtOnce:
		hangUp(w)
	case b.RetryAfter != "":
		w.Header().Set("Retry-After", b.RetryAfter)
		fallthrough
	default:
		if b.Code != 0 {
			problem(w, b.Status, b.Code, "refused")
			return
		}
		w.WriteHeader(b.Status)
		_, _ = io.WriteString(w, b.Body)
	}
}

// refusal is what Twilio would find wrong with a message.
func (tw *Twilio) refusal(f url.Values) (status, code int) {
	switch {
	case tw.account.Status != "active":
		return 403, 20005
	case f.Get("To") == "":
		return 400, 21604
	case f.Get("From") == "" && f.Get("MessagingServiceSid") == "":
		return 400, 21603
	case f.Get("From") != "" && !sender.MatchString(f.Get("From")), f.Get("MessagingServiceSid") != "" && !service.MatchString(f.Get("MessagingServiceSid")):
		return 400, 21212
	case !number.MatchString(f.Get("To")):
		return 400, 21211
	case f.Get("Body") == "" && f.Get("ContentSid") == "":
		return 400, 21602
	case f.Get("ContentSid") != "" && !template.MatchString(f.Get("ContentSid")):
		return 400, 21655
	case utf8.RuneCountInString(f.Get("Body")) > 1600:
		return 400, 21617
	case tw.stopped[f.Get("To")]:
		return 400, 21610
	}
	if v := f.Get("ValidityPeriod"); v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 36000 {
			return 400, 20001
		}
	}
	if cb := f.Get("StatusCallback"); cb != "" {
		if u, err := url.Parse(cb); err != nil || u.Host == "" || strings.Contains(u.Host, "_") {
			return 400, 21609
		}
	}
	return 0, 0
}

func (tw *Twilio) keep(f url.Values) *Message {
	tw.next++
	m := &Message{SID: fmt.Sprintf("SM%032x", tw.next), To: f.Get("To"), From: f.Get("From"), Service: f.Get("MessagingServiceSid"), Body: f.Get("Body"),
		ContentSID: f.Get("ContentSid"), ContentVariables: f.Get("ContentVariables"),
		StatusCallback: f.Get("StatusCallback"), Validity: f.Get("ValidityPeriod"), Status: "queued"}
	if m.Service != "" {
		m.Status = "accepted"
	}
	tw.messages = append(tw.messages, m)
	return m
}

// describe is a message as Twilio shows it. The lock is held.
func (tw *Twilio) describe(m *Message, lost bool) map[string]any {
	now := tw.clock.Now().UTC().Format(time.RFC1123Z)
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	parts := "1"
	if lost {
		parts = "0"
	}
	at := "/2010-04-01/Accounts/" + tw.account.SID + "/Messages/" + m.SID
	return map[string]any{
		"account_sid": tw.account.SID, "api_version": "2010-04-01", "body": m.Body, "date_created": now, "date_sent": nil, "date_updated": now,
		"direction": "outbound-api", "error_code": nil, "error_message": nil, "from": orNull(m.From), "messaging_service_sid": orNull(m.Service),
		"num_media": "0", "num_segments": parts, "price": nil, "price_unit": "USD", "sid": m.SID, "status": m.Status, "to": m.To,
		"uri": at + ".json", "subresource_uris": map[string]any{"media": at + "/Media.json"},
	}
}

func (tw *Twilio) fetch(w http.ResponseWriter, r *http.Request) {
	if !tw.signedIn(w, r) {
		return
	}
	tw.mu.Lock()
	defer tw.mu.Unlock()
	for _, m := range tw.messages {
		if m.SID+".json" == r.PathValue("message") {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(tw.describe(m, false))
			return
		}
	}
	problem(w, 404, 20404, "not found")
}

func (tw *Twilio) about(w http.ResponseWriter, r *http.Request) {
	if !tw.signedIn(w, r) {
		return
	}
	now, a := tw.clock.Now().UTC().Format(time.RFC1123Z), tw.account
	at := "/2010-04-01/Accounts/" + a.SID
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"sid": a.SID, "auth_token": a.Token, "friendly_name": "Sunrise Clinic", "status": a.Status, "type": a.Kind, "owner_account_sid": a.SID,
		"date_created": now, "date_updated": now, "uri": at + ".json", "subresource_uris": map[string]any{"messages": at + "/Messages.json"},
	})
}

func (tw *Twilio) look(w http.ResponseWriter, r *http.Request) {
	if !tw.signedIn(w, r) {
		return
	}
	tw.mu.Lock()
	kind, set := tw.lines[r.PathValue("number")]
	tw.mu.Unlock()
	if !set {
		kind = "mobile"
	}
	out := map[string]any{"phone_number": r.PathValue("number"), "valid": kind != "invalid", "validation_errors": []string{}, "line_type_intelligence": nil}
	if kind == "invalid" {
		out["validation_errors"] = []string{"TOO_SHORT"}
	} else if r.URL.Query().Get("Fields") == "line_type_intelligence" {
		line := map[string]any{"mobile_country_code": "404", "mobile_network_code": "45", "carrier_name": "Airtel", "type": kind, "error_code": nil}
		if kind == "" {
			line = map[string]any{"mobile_country_code": nil, "mobile_network_code": nil, "carrier_name": nil, "type": nil, "error_code": 60601}
		}
		out["line_type_intelligence"] = line
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

// SignTwilio is the value of X-Twilio-Signature for a form.
func SignTwilio(token, address string, form url.Values) string {
	text := address
	var names []string
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		had := map[string]bool{}
		values := append([]string(nil), form[name]...)
		sort.Strings(values)
		for _, v := range values {
			if !had[v] {
				text += name + v
			}
			had[v] = true
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TwilioForm is a signed call of a webhook with a form.
func TwilioForm(token, address string, form url.Values) Call {
	return Call{Method: http.MethodPost, URL: address, Body: []byte(form.Encode()), Header: http.Header{
		"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}, "X-Twilio-Signature": {SignTwilio(token, address, form)},
		"I-Twilio-Idempotency-Token": {"00000000-0000-0000-0000-000000000000"}, "User-Agent": {"TwilioProxy/1.1"},
	}}
}

// TwilioJSON is a signed call of a webhook with a JSON body, whose hash stands in the address.
func TwilioJSON(token, address string, body []byte) Call {
	sum := sha256.Sum256(body)
	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	address += joint + "bodySHA256=" + hex.EncodeToString(sum[:])
	return Call{Method: http.MethodPost, URL: address, Body: body, Header: http.Header{
		"Content-Type": {"application/json"}, "X-Twilio-Signature": {SignTwilio(token, address, nil)}}}
}

// Callbacks are the status callbacks of a message, told as the story says. They also move the
// message on. None when the message asked for none.
func (tw *Twilio) Callbacks(sid string, s Story) []Call {
	tw.mu.Lock()
	var m *Message
	for _, x := range tw.messages {
		if x.SID == sid {
			m = x
		}
	}
	tw.mu.Unlock()
	if m == nil || m.StatusCallback == "" {
		return nil
	}
	states := s.States
	if len(states) == 0 {
		states = []string{"sent", "delivered"}
	}
	var calls []Call
	for _, state := range states {
		tw.mu.Lock()
		m.Status = state
		tw.mu.Unlock()
		if s.SkipDelivered && state == "delivered" {
			continue
		}
		f := url.Values{"MessageSid": {sid}, "MessageStatus": {state}, "SmsSid": {sid}, "SmsStatus": {state}, "AccountSid": {tw.account.SID},
			"ApiVersion": {"2010-04-01"}, "From": {m.From}, "To": {m.To}}
		if m.Service != "" {
			f.Set("MessagingServiceSid", m.Service)
		}
		if s.OmitNumber {
			f.Del("To")
		}
		if s.Extra {
			f["ChannelToAddress"] = []string{"b", "a", "b"}
			f.Set("Ümlaut", "ä & ö")
		}
		if state == "delivered" || state == "undelivered" {
			f.Set("RawDlrDoneDate", tw.clock.Now().Add(s.Shift).Format("0601021504"))
		}
		if s.ErrorCode != 0 && (state == "failed" || state == "undelivered") {
			f.Set("ErrorCode", strconv.Itoa(s.ErrorCode))
		}
		calls = append(calls, TwilioForm(tw.account.Token, m.StatusCallback, f))
	}
	return tw.made(s.told(calls))
}

// Writes is a person's message to the number at the address. STOP and START are heeded: from
// then on messages to her are refused or taken again. choice is what Advanced Opt-Out makes of
// it (STOP, START, HELP), empty without it.
func (tw *Twilio) Writes(address, from, to, text, choice string, s Story) []Call {
	tw.mu.Lock()
	tw.next++
	sid := fmt.Sprintf("SM%032x", 0xfeed0000+tw.next)
	switch strings.ToUpper(strings.TrimSpace(text)) {
	case "STOP", "UNSUBSCRIBE":
		tw.stopped[from] = true
	case "START", "UNSTOP":
		delete(tw.stopped, from)
	}
	tw.mu.Unlock()
	f := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "SmsStatus": {"received"}, "AccountSid": {tw.account.SID}, "ApiVersion": {"2010-04-01"},
		"From": {from}, "To": {to}, "Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"}, "FromCountry": {"IN"}, "ToCountry": {"US"}, "FromCity": {""}}
	if choice != "" {
		f.Set("OptOutType", choice)
	}
	if s.OmitNumber {
		f.Del("From")
	}
	return tw.made(s.told([]Call{TwilioForm(tw.account.Token, address, f)}))
}
