package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/carriers/handover"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// MSG91URL is where MSG91 answers.
const MSG91URL = "https://control.msg91.com"

// MSG91Options are the settings of the deployment. Zero values have defaults.
type MSG91Options struct {
	BaseURL string        // MSG91URL
	Timeout time.Duration // for a whole answer: 30 seconds
	Limit   Limit         // of each account
}

// MSG91 sends and receives over clinics' own accounts at MSG91. It is safe for concurrent use.
type MSG91 struct {
	wire  wire
	log   *slog.Logger
	base  string
	limit *limiter
}

var (
	_ messaging.Carrier = (*MSG91)(nil)
	_ messaging.Inbound = (*MSG91)(nil)
)

// NewMSG91 makes the carrier. The client is egress's for the processor "msg91"; nothing is asked yet.
func NewMSG91(client Client, clk clock.Clock, log *slog.Logger, o MSG91Options) *MSG91 {
	return &MSG91{wire: wire{client, clk, orElse(o.Timeout, defaultTimeout)}, log: log,
		base: strings.TrimRight(orElse(o.BaseURL, MSG91URL), "/"), limit: newLimiter(clk, o.Limit)}
}

// Channel is SMS.
func (s *MSG91) Channel() messaging.Channel { return messaging.SMS }

// Name is "msg91".
func (s *MSG91) Name() string { return "msg91" }

// Provider is "msg91".
func (s *MSG91) Provider() string { return "msg91" }

// Send hands one message over with the account of m.Via. m.Call is a flow of MSG91 and its
// values; the text that goes out is the one registered with it, m.Text is only counted. Refused
// before the hand-over: a free text (India's DLT lets nobody send one), a number that is none
// (Elsewhere), a value that is longer than MaxVariable or cannot be named so. Later before it:
// marketing to an Indian number outside its hours, or the account's Limit. What MSG91's answers
// mean is in msg91Codes and msg91Words; one that says neither yes nor no is Uncertain.
func (s *MSG91) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	return handover.Told(s.log, "msg91", m, s.send(ctx, m, handOver))
}

func (s *MSG91) send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if m.Via == nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "no_account"}
	}
	c, err := read[MSG91Credentials](m.Via.Credentials)
	if err != nil || c.Validate() != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}
	}
	recipient, refused := msg91Recipient(m)
	if refused != nil {
		return *refused
	}
	if m.Call.Use == messaging.Marketing && strings.HasPrefix(m.To, "+91") {
		if wait, may := Promotion(Promotional, s.wire.clock.Now()); !may {
			return messaging.Receipt{Outcome: messaging.Later, Code: "dlt_hours", Wait: wait}
		}
	}
	if wait := s.limit.take(m.Via.ID.String()); wait > 0 {
		return messaging.Receipt{Outcome: messaging.Later, Code: "limit", Wait: wait}
	}
	r, err := s.flow(ctx, c, m.Call.Name, recipient)
	if err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "address"}
	}
	got, receipt, answered := s.wire.handTo(ctx, r, handOver)
	if !answered {
		return receipt
	}
	receipt = got.about(s.answer(got))
	if receipt.Outcome == messaging.Accepted && strings.TrimSpace(m.Text) != "" {
		receipt.Parts = Count(m.Text).Parts // MSG91 does not say
	}
	return receipt
}

// flow asks for a flow to be sent to the recipients.
func (s *MSG91) flow(ctx context.Context, c MSG91Credentials, flow string, recipients ...map[string]string) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{
		"template_id": flow,
		"short_url":   "0", // a shortened address would be one more party that learns who opened what
		"recipients":  append([]map[string]string{}, recipients...),
	})
	if err != nil {
		return nil, errors.New("sms: the message cannot be written")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/api/v5/flow", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("sms: the provider's address cannot be read")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("authkey", c.AuthKey)
	return r, nil
}

var (
	flowID       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,31}$`)
)

// reservedNames are what MSG91 reads in a recipient besides variables, in lower case. A variable
// called "mobiles" would send the message to somebody else.
func reservedNames() []string {
	return []string{"mobiles", "mobile", "crqid", "uuid", "clientid", "metadata", "short_url", "template_id", "sender"}
}

// msg91Recipient is the recipient with her values, or why the message is refused here.
func msg91Recipient(m messaging.Outgoing) (map[string]string, *messaging.Receipt) {
	refuse := func(code string, elsewhere bool) (map[string]string, *messaging.Receipt) {
		return nil, &messaging.Receipt{Outcome: messaging.Refused, Code: code, Elsewhere: elsewhere}
	}
	switch {
	case m.Call == nil:
		return refuse("dlt_template", false)
	case !flowID.MatchString(m.Call.Name):
		return refuse("flow", false)
	case !e164.MatchString(m.To):
		return refuse("number", true)
	}
	out := map[string]string{
		"mobiles": m.To[1:],
		"CRQID":   m.ID.String(), // comes back in every report, and stands in MSG91's own list beside the message
	}
	for i, v := range m.Call.Values {
		name := orElse(v.Name, "VAR"+strconv.Itoa(i+1))
		_, twice := out[name]
		if !variableName.MatchString(name) || twice || slices.Contains(reservedNames(), strings.ToLower(name)) {
			return refuse("variable_name", false)
		}
		text := strings.ToValidUTF8(v.Text, "\uFFFD")
		if utf8.RuneCountInString(text) > MaxVariable {
			return refuse("variable_length", false)
		}
		out[name] = text
	}
	return out, nil
}

// msg91Answer is what MSG91 says. Code and apiError are there at times, as a number or a text.
type msg91Answer struct {
	Type    string          `json:"type"`
	Message json.RawMessage `json:"message"`
	Code    json.RawMessage `json:"code"`
	Error   json.RawMessage `json:"apiError"`
}

var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{6,100}$`)

// answer reads what MSG91 said to a message. An error often comes with status 200, so the body
// goes before the status. It says "error" for errors that are ours and for its own alike, and its
// sentences may quote a number: only a code goes on.
func (s *MSG91) answer(got reply) messaging.Receipt {
	var a msg91Answer
	readable := json.Unmarshal(got.body, &a) == nil
	switch {
	case readable && strings.EqualFold(a.Type, "success") && got.status < 300:
		out := messaging.Receipt{Outcome: messaging.Accepted, Code: strconv.Itoa(got.status)}
		if id := plain(a.Message); requestID.MatchString(id) {
			out.ProviderID = id
		}
		return out
	case readable && strings.EqualFold(a.Type, "error"):
		return s.no(got, a)
	case got.status >= 200 && got.status < 300:
		return messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}
	}
	return s.wire.byStatus(got, messaging.Refused)
}

// no reads an answer of the type "error".
func (s *MSG91) no(got reply, a msg91Answer) messaging.Receipt {
	asked := s.wire.retryAfter(got.header)
	for _, code := range []string{plain(a.Code), plain(a.Error)} {
		if v, known := msg91Codes[code]; known {
			return v.receipt(code, asked)
		}
	}
	words := strings.ToLower(plain(a.Message))
	for _, w := range msg91Words {
		if strings.Contains(words, w.says) {
			return w.receipt(w.code, asked)
		}
	}
	if got.status >= 500 { // it says that it has not taken it, and may next time
		return messaging.Receipt{Outcome: messaging.Later, Code: strconv.Itoa(got.status), Wait: asked}
	}
	if got.status >= 300 {
		return s.wire.byStatus(got, messaging.Refused)
	}
	return messaging.Receipt{Outcome: messaging.Refused, Code: "error"}
}

// plain is a JSON string or number as text, "" for anything else.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text)
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// Test asks MSG91 for a message to nobody, which sends nothing, and looks only at whether the
// account is let in. It fails with a fault whose sentence says what to mend:
// "fault.sms.credentials" (with Code) where MSG91 refuses the key, the balance or this machine's
// address, "fault.sms.unreachable" (with Code) where there was no answer to be read.
func (s *MSG91) Test(ctx context.Context, conn messaging.Connection) error {
	c, err := read[MSG91Credentials](conn.Credentials)
	if err != nil {
		return fault.New(fault.Invalid, "fault.sms.credentials").With("Code", "credentials").Because(err)
	}
	if err := c.Validate(); err != nil {
		return err
	}
	r, err := s.flow(ctx, c, "")
	if err != nil {
		return fault.New(fault.Unavailable, "fault.sms.unreachable").With("Code", "address").Because(err)
	}
	got, err := s.wire.ask(ctx, r)
	if err != nil {
		return err
	}
	switch said := s.answer(got); said.Outcome {
	case messaging.Broken:
		return fault.New(fault.Invalid, "fault.sms.credentials").With("Code", said.Code)
	case messaging.Later, messaging.Uncertain:
		return fault.New(fault.Unavailable, "fault.sms.unreachable").With("Code", said.Code)
	}
	return nil
}
