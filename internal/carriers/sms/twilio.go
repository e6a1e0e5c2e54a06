package sms

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/carriers/handover"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// Where Twilio answers.
const (
	TwilioURL       = "https://api.twilio.com"
	TwilioLookupURL = "https://lookups.twilio.com"
)

// MaxTwilioText is how long a text may be, in characters; Twilio refuses a longer one.
const MaxTwilioText = 1600

// TwilioOptions are the settings of the deployment. Zero values have defaults.
type TwilioOptions struct {
	BaseURL   string        // TwilioURL
	LookupURL string        // TwilioLookupURL
	Validity  time.Duration // how long Twilio may try before it gives up: 4 hours; 1 second to 10 hours
	Timeout   time.Duration // for a whole answer: 30 seconds
	Limit     Limit         // of each sender number
}

// Twilio sends and receives over clinics' own accounts at Twilio. It is safe for concurrent use.
type Twilio struct {
	wire     wire
	log      *slog.Logger
	base     string
	lookup   string
	validity int // seconds
	limit    *limiter
}

var (
	_ messaging.Carrier = (*Twilio)(nil)
	_ messaging.Inbound = (*Twilio)(nil)
)

// NewTwilio makes the carrier. The client is egress's for the processor "twilio"; nothing is asked yet.
func NewTwilio(client Client, clk clock.Clock, log *slog.Logger, o TwilioOptions) *Twilio {
	if o.Validity == 0 {
		o.Validity = 4 * time.Hour
	}
	return &Twilio{
		wire: wire{client, clk, orElse(o.Timeout, defaultTimeout)}, log: log,
		base: strings.TrimRight(orElse(o.BaseURL, TwilioURL), "/"), lookup: strings.TrimRight(orElse(o.LookupURL, TwilioLookupURL), "/"),
		validity: int(min(max(o.Validity, time.Second), 10*time.Hour) / time.Second),
		limit:    newLimiter(clk, o.Limit),
	}
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Channel is SMS.
func (t *Twilio) Channel() messaging.Channel { return messaging.SMS }

// Name is "twilio".
func (t *Twilio) Name() string { return "twilio" }

// Provider is "twilio".
func (t *Twilio) Provider() string { return "twilio" }

// Send hands one message over with the account of m.Via. Refused before the hand-over: what is no
// E.164 number (Elsewhere), an empty text, one of more than MaxTwilioText characters. Broken
// before it: no account, or credentials that cannot be read. Later before it: the sender number
// has used up its Limit. What an error code of Twilio means is in twilioCodes. An answer that
// says neither yes nor no is Uncertain.
func (t *Twilio) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	return handover.Told(t.log, "twilio", m, t.send(ctx, m, handOver))
}

func (t *Twilio) send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if m.Via == nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "no_account"}
	}
	c, err := read[TwilioCredentials](m.Via.Credentials)
	if err != nil || c.check(m.Via.Sender) != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}
	}
	form, refused := t.form(m, c)
	if refused != nil {
		return *refused
	}
	if wait := t.limit.take(c.AccountSID + " " + form.Get("From") + form.Get("MessagingServiceSid")); wait > 0 {
		return messaging.Receipt{Outcome: messaging.Later, Code: "limit", Wait: wait}
	}
	r, err := t.request(ctx, http.MethodPost, t.base+"/2010-04-01/Accounts/"+c.AccountSID+"/Messages.json", c, form)
	if err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "address"}
	}
	got, receipt, answered := t.wire.handTo(ctx, r, handOver)
	if !answered {
		return receipt
	}
	return got.about(t.answer(got, m))
}

// check is Validate for a connection, which may know the sender where the credentials do not.
func (c TwilioCredentials) check(sender string) error {
	if c.From == "" && c.MessagingServiceSID == "" {
		c.From = sender
	}
	return c.Validate()
}

var contentSID = regexp.MustCompile(`^HX[0-9a-fA-F]{32}$`)

// form is the message as Twilio takes it, or why it is refused here.
func (t *Twilio) form(m messaging.Outgoing, c TwilioCredentials) (url.Values, *messaging.Receipt) {
	refuse := func(code string, elsewhere bool) (url.Values, *messaging.Receipt) {
		return nil, &messaging.Receipt{Outcome: messaging.Refused, Code: code, Elsewhere: elsewhere}
	}
	if !e164.MatchString(m.To) {
		return refuse("number", true)
	}
	f := url.Values{"To": {m.To}, "ValidityPeriod": {strconv.Itoa(t.validity)}}
	switch {
	case c.MessagingServiceSID != "":
		f.Set("MessagingServiceSid", c.MessagingServiceSID)
	case c.From != "":
		f.Set("From", c.From)
	default:
		f.Set("From", m.Via.Sender)
	}
	text := strings.ToValidUTF8(m.Text, "\uFFFD")
	switch {
	case m.Call != nil && contentSID.MatchString(m.Call.Name):
		values := map[string]string{}
		for i, v := range m.Call.Values {
			values[orElse(v.Name, strconv.Itoa(i+1))] = v.Text
		}
		list, err := json.Marshal(values)
		if err != nil {
			return refuse("values", false)
		}
		f.Set("ContentSid", m.Call.Name)
		f.Set("ContentVariables", string(list))
	case strings.TrimSpace(text) == "":
		return refuse("empty", false)
	case utf8.RuneCountInString(text) > MaxTwilioText:
		return refuse("too_long", false)
	default:
		f.Set("Body", text)
	}
	if back, err := url.Parse(m.Via.HookURL); m.Via.HookURL != "" {
		// Twilio refuses a message whose callback has an underscore in its host. Better a message of
		// which nothing more is heard than none.
		if err != nil || back.Host == "" || strings.Contains(back.Host, "_") {
			t.log.Warn("twilio: sent without a status callback, the public address cannot be used for one", "connection", m.Via.ID.String())
		} else {
			f.Set("StatusCallback", m.Via.HookURL)
		}
	}
	return f, nil
}

// request is one request with its sign-in. A nil form has no body.
func (t *Twilio) request(ctx context.Context, method, address string, c TwilioCredentials, form url.Values) (*http.Request, error) {
	var body string
	if form != nil {
		body = form.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("sms: the provider's address cannot be read")
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", userAgent)
	r.SetBasicAuth(c.signIn())
	return r, nil
}

const userAgent = "almirah/1.0"

// twilioError is what Twilio says when it says no.
type twilioError struct {
	Code int `json:"code"`
}

// answer reads what Twilio said to a message.
func (t *Twilio) answer(got reply, m messaging.Outgoing) messaging.Receipt {
	if got.status == http.StatusCreated || got.status == http.StatusOK {
		var a struct {
			SID       string  `json:"sid"`
			Status    string  `json:"status"`
			Segments  string  `json:"num_segments"`
			ErrorCode *int    `json:"error_code"`
			Price     *string `json:"price"`
			Unit      *string `json:"price_unit"`
		}
		if err := json.Unmarshal(got.body, &a); err != nil || !messageSID.MatchString(a.SID) {
			return messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}
		}
		if reached(a.Status) == messaging.ReachedFailed {
			out := messaging.Receipt{Outcome: messaging.Refused, Code: orElse(a.Status, "failed")}
			if a.ErrorCode != nil && *a.ErrorCode != 0 {
				out = messaging.Receipt{Outcome: messaging.Refused, Code: strconv.Itoa(*a.ErrorCode), Elsewhere: twilioCodes[*a.ErrorCode].elsewhere}
			}
			out.ProviderID = a.SID
			return out
		}
		out := messaging.Receipt{Outcome: messaging.Accepted, ProviderID: a.SID, Code: strconv.Itoa(got.status)}
		// With a messaging service the number of parts is not known yet and comes as 0.
		if out.Parts, _ = strconv.Atoi(a.Segments); out.Parts <= 0 {
			out.Parts = Count(m.Text).Parts
		}
		if a.Price != nil && *a.Price != "" {
			out.Pricing, _ = json.Marshal(map[string]any{"price": a.Price, "price_unit": a.Unit})
		}
		return out
	}
	var e twilioError
	if json.Unmarshal(got.body, &e) == nil && e.Code > 0 {
		if v, known := twilioCodes[e.Code]; known {
			return v.receipt(strconv.Itoa(e.Code), t.wire.retryAfter(got.header))
		}
		out := t.wire.byStatus(got, messaging.Refused)
		out.Code = strconv.Itoa(e.Code)
		return out
	}
	if got.status >= 200 && got.status < 300 {
		return messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}
	}
	return t.wire.byStatus(got, messaging.Broken) // 404: there is no such account
}

// Account is what Twilio says about an account.
type Account struct {
	Name   string // as its owner called it
	Status string // active, suspended or closed
	Trial  bool   // a trial account reaches verified numbers only, and puts a line of its own before each text
}

// Test asks for the account of the connection and sends nothing. It fails with a fault whose
// sentence says what to mend: "fault.sms.credentials" (with Code) where Twilio refuses them,
// "fault.sms.account" (with Status) where the account is not active, "fault.sms.unreachable"
// (with Code) where there was no answer to be read.
func (t *Twilio) Test(ctx context.Context, conn messaging.Connection) (Account, error) {
	c, err := read[TwilioCredentials](conn.Credentials)
	if err != nil {
		return Account{}, fault.New(fault.Invalid, "fault.sms.credentials").With("Code", "credentials").Because(err)
	}
	if err := c.check(conn.Sender); err != nil {
		return Account{}, err
	}
	var a struct {
		SID    string `json:"sid"`
		Name   string `json:"friendly_name"`
		Status string `json:"status"`
		Type   string `json:"type"`
	}
	if err := t.get(ctx, t.base+"/2010-04-01/Accounts/"+c.AccountSID+".json", c, &a); err != nil {
		return Account{}, err
	}
	out := Account{Name: a.Name, Status: a.Status, Trial: a.Type == "Trial"}
	if a.SID != c.AccountSID || a.Status != "active" {
		return out, fault.New(fault.Invalid, "fault.sms.account").With("Status", a.Status)
	}
	return out, nil
}

// get asks Twilio for something and reads it into out.
func (t *Twilio) get(ctx context.Context, address string, c TwilioCredentials, out any) error {
	r, err := t.request(ctx, http.MethodGet, address, c, nil)
	if err != nil {
		return fault.New(fault.Unavailable, "fault.sms.unreachable").With("Code", "address").Because(err)
	}
	got, err := t.wire.ask(ctx, r)
	if err != nil {
		return err
	}
	code := strconv.Itoa(got.status)
	var e twilioError
	if json.Unmarshal(got.body, &e) == nil && e.Code > 0 && got.status >= 400 {
		code = strconv.Itoa(e.Code)
	}
	switch {
	case got.status == http.StatusTooManyRequests:
		f := fault.New(fault.TooMany, "fault.sms.unreachable").With("Code", code)
		f.RetryAfter = int(t.wire.retryAfter(got.header) / time.Second)
		return f
	case got.status == http.StatusUnauthorized, got.status == http.StatusForbidden, got.status == http.StatusNotFound:
		return fault.New(fault.Invalid, "fault.sms.credentials").With("Code", code)
	case got.status != http.StatusOK:
		return fault.New(fault.Unavailable, "fault.sms.unreachable").With("Code", code)
	}
	if err := json.Unmarshal(got.body, out); err != nil {
		return fault.New(fault.Unavailable, "fault.sms.unreachable").With("Code", "unreadable")
	}
	return nil
}
