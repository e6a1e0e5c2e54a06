package sms

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"almirah/internal/clock"
)

// Text is a message that MSG91 has.
type Text struct {
	Request, Flow, Number, CRQID string
	Variables                    map[string]string
	Body                         string // as the patient reads it; empty for a flow whose text was not registered
}

// MSG91 is a fake of control.msg91.com for one account.
type MSG91 struct {
	desk
	clock  clock.Clock
	key    string
	flows  map[string][]string
	bodies map[string]string // registered texts of flows

	texts []Text
	next  int
}

// StartMSG91 runs an MSG91 until the test ends. flows are its flows with the names of their variables.
func StartMSG91(t testing.TB, key string, flows map[string][]string, clk clock.Clock) *MSG91 {
	t.Helper()
	m := &MSG91{key: key, flows: flows, clock: clk}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v5/flow", m.flow)
	m.open(t, mux)
	return m
}

// Register gives a flow the text that stands in the operators' register, with {#var#} wherever VAR1, VAR2 ... are filled in. From then on
// the operators' rule holds for it: no variable is empty or longer than 40 characters.
func (m *MSG91) Register(flow, body string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.flows == nil {
		m.flows = map[string][]string{}
	}
	if m.bodies == nil {
		m.bodies = map[string]string{}
	}
	m.bodies[flow], m.flows[flow] = body, nil
	for i := range strings.Count(body, "{#var#}") {
		m.flows[flow] = append(m.flows[flow], fmt.Sprintf("VAR%d", i+1))
	}
}

// Texts are the messages that MSG91 has taken, in their order.
func (m *MSG91) Texts() []Text {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Text(nil), m.texts...)
}

func say(w http.ResponseWriter, status int, kind, text string, code int) {
	out := map[string]any{"type": kind, "message": text}
	if code != 0 {
		out["code"] = fmt.Sprint(code)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

var digits = regexp.MustCompile(`^[1-9][0-9]{9,14}$`)

func (m *MSG91) flow(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	m.mu.Lock()
	m.requests = append(m.requests, Call{r.Method, r.URL.Path, r.Header.Clone(), raw})
	m.mu.Unlock()
	if r.Header.Get("authkey") != m.key {
		say(w, 401, "error", "Authentication failure", 201)
		return
	}
	var in struct {
		Template   string              `json:"template_id"`
		ShortURL   string              `json:"short_url"`
		Recipients []map[string]string `json:"recipients"`
	}
	if json.Unmarshal(raw, &in) != nil {
		say(w, 400, "error", "Invalid JSON", 0)
		return
	}
	m.mu.Lock()
	variables, known := m.flows[in.Template]
	body := m.bodies[in.Template]
	m.mu.Unlock()
	// MSG91 says no with status 200.
	switch {
	case !known:
		say(w, 200, "error", "Template ID Missing or Invalid Template", 0)
		return
	case len(in.Recipients) == 0:
		say(w, 200, "error", "Recipients missing", 0)
		return
	}
	to := in.Recipients[0]["mobiles"]
	if !digits.MatchString(to) {
		say(w, 200, "error", "Please provide valid mobile number", 0)
		return
	}
	for _, v := range variables {
		if _, ok := in.Recipients[0][v]; !ok {
			say(w, 200, "error", "Missing variable in template: "+v, 0)
			return
		}
		if n := utf8.RuneCountInString(in.Recipients[0][v]); body != "" && (n == 0 || n > 40) {
			say(w, 200, "error", "Variable length is not allowed: "+v, 0)
			return
		}
		body = strings.Replace(body, "{#var#}", in.Recipients[0][v], 1)
	}
	m.mu.Lock()
	b := m.behaviour("+" + to)
	if b.Drop == AtOnce || b.Status != 0 {
		m.mu.Unlock()
		m.misbehave(w, b)
		return
	}
	m.next++
	t := Text{Request: fmt.Sprintf("%024x", 0x33656000+m.next), Flow: in.Template, Number: to, CRQID: in.Recipients[0]["CRQID"], Variables: map[string]string{}, Body: body}
	for name, v := range in.Recipients[0] {
		if name != "mobiles" && name != "CRQID" {
			t.Variables[name] = v
		}
	}
	m.texts = append(m.texts, t)
	m.mu.Unlock()
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
		half(w, "200 OK")
	case b.Garbage:
		_, _ = io.WriteString(w, "<html>OK</html>")
	default:
		say(w, 200, "success", t.Request, 0)
	}
}

func (m *MSG91) misbehave(w http.ResponseWriter, b Behaviour) {
	if b.Drop == AtOnce {
		hangUp(w)
		return
	}
	if b.RetryAfter != "" {
		w.Header().Set("Retry-After", b.RetryAfter)
	}
	switch {
	case b.Code != 0:
		say(w, b.Status, "error", orElse(b.Body, "refused"), b.Code)
	case strings.HasPrefix(b.Body, "error: "):
		say(w, b.Status, "error", strings.TrimPrefix(b.Body, "error: "), 0)
	default:
		w.WriteHeader(b.Status)
		_, _ = io.WriteString(w, b.Body)
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Version is how MSG91 writes a delivery report.
type Version string

// The versions. New is the freely named form of the newer webhooks, V4 names no message.
const (
	V2  Version = "v2"
	V3  Version = "v3"
	V4  Version = "v4"
	New Version = "new"
)

// Reports are the delivery reports of a message, told as the story says; its states are the
// numbers of MSG91 ("1" delivered, "2" failed ...). secret goes into the header for New, which
// can send one, and stands in the address already for the others.
func (m *MSG91) Reports(address, secret, request string, v Version, s Story) []Call {
	var t Text
	for _, x := range m.Texts() {
		if x.Request == request {
			t = x
		}
	}
	states := s.States
	if len(states) == 0 {
		states = []string{"8", "1"}
	}
	var calls []Call
	for _, state := range states {
		if s.SkipDelivered && state == "1" {
			continue
		}
		calls = append(calls, m.report(address, secret, t, v, state, s))
	}
	return m.made(s.told(calls))
}

func (m *MSG91) report(address, secret string, t Text, v Version, state string, s Story) Call {
	words := map[string]string{"1": "DELIVERED", "2": "FAILED", "8": "SUBMITTED", "9": "NDNC", "16": "REJECTED", "17": "BLOCKED NUMBER", "25": "REJECTED"}
	at := m.clock.Now().Add(s.Shift).In(time.FixedZone("IST", 19800)).Format("2006-01-02 15:04:05")
	why := ""
	if state == "2" {
		why = "Absent subscriber"
	}
	one := map[string]any{"date": at, "number": t.Number, "status": state, "desc": words[state], "amount": "0.01", "credit": "1", "CRQID": t.CRQID, "INMSID": "0", "failedReason": why}
	if s.OmitNumber {
		delete(one, "number")
	}
	if s.Extra {
		one["somethingNew"] = map[string]any{"a": []int{1}}
	}
	h := http.Header{}
	body := func(x any) []byte { b, _ := json.Marshal(x); return b }
	switch v {
	case V2:
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		list := body([]any{map[string]any{"senderId": "SUNRIS", "requestId": t.Request, "userId": "277777", "campaignName": "API", "report": []any{one}}})
		return Call{http.MethodPost, address, h, []byte(url.Values{"data": {string(list)}}.Encode())}
	case V4:
		h.Set("Content-Type", "application/json")
		return Call{http.MethodPost, address, h, body([]any{map[string]any{"event": strings.ToLower(words[state]), "data": []any{map[string]any{
			"meta": "0", "INMSID": "0", "description": words[state], "ts": m.clock.Now().Unix()}}}})}
	case New:
		h.Set("Content-Type", "application/json")
		h.Set("X-Webhook-Secret", secret)
		o := map[string]any{"requestId": t.Request, "requestedAt": at, "deliveryTime": at, "status": strings.ToLower(words[state]), "telNum": t.Number, "credit": "1",
			"senderId": "SUNRIS", "campaignName": "API", "CRQID": t.CRQID, "UUID": "", "failureReason": why}
		if s.OmitNumber {
			delete(o, "telNum")
		}
		return Call{http.MethodPost, address, h, body(o)}
	}
	h.Set("Content-Type", "application/json")
	one["senderId"], one["requestId"], one["userId"], one["campaignName"] = "SUNRIS", t.Request, "277777", "API"
	return Call{http.MethodPost, address, h, body(one)}
}

// Writes is a person's message to the clinic's long number. form says whether it comes as a form.
func (m *MSG91) Writes(address, from, text string, form bool, s Story) []Call {
	m.mu.Lock()
	m.next++
	id := fmt.Sprintf("%024x", 0x77000000+m.next)
	m.mu.Unlock()
	fields := map[string]string{"requestId": id, "number": from, "message": text, "receiver": "919220592205",
		"date": m.clock.Now().Add(s.Shift).In(time.FixedZone("IST", 19800)).Format("2006-01-02 15:04:05")}
	if s.OmitNumber {
		delete(fields, "number")
	}
	c := Call{Method: http.MethodPost, URL: address, Header: http.Header{"Content-Type": {"application/json"}}}
	if form {
		v := url.Values{}
		for name, x := range fields {
			v.Set(name, x)
		}
		c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c.Body = []byte(v.Encode())
	} else {
		c.Body, _ = json.Marshal(fields)
	}
	return m.made(s.told([]Call{c}))
}
