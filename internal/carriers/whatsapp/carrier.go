package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"almirah/internal/carriers/handover"
	"almirah/internal/clock"
	"almirah/internal/messaging"
)

// Options say how Meta is reached and how fast. The zero values have defaults.
type Options struct {
	BaseURL   string // https://graph.facebook.com
	Version   string // v23.0
	UserAgent string // almirah/1.0.0; Meta's description wants name/1.2.3

	// Timeout is for one whole call, the answer included: 25 seconds. An answer that comes
	// later leaves a message uncertain.
	Timeout time.Duration

	PerSecond            int           // messages of one number: 80
	CoexistencePerSecond int           // of a number that the WhatsApp Business app uses too: 20
	PairEvery            time.Duration // one message to one person in so long: 6 seconds
	PairBurst            int           // of which so many may be borrowed: 45

	// Pace keeps these limits. Without one they are this process's own.
	Pace messaging.Pace

	// Choose is the word on the button that opens a list of more than three answers, in the
	// language of the message, at most 20 characters; without it the button shows three lines.
	Choose func(language string) string

	// MediaHosts are the hosts that pictures and documents are fetched from: lookaside.fbsbx.com.
	// The token is sent to no other.
	MediaHosts []string
}

func (o Options) filled() Options {
	text := func(s *string, otherwise string) {
		if *s == "" {
			*s = otherwise
		}
	}
	text(&o.BaseURL, "https://graph.facebook.com")
	text(&o.Version, "v23.0")
	text(&o.UserAgent, "almirah/1.0.0")
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	if o.Timeout <= 0 {
		o.Timeout = 25 * time.Second
	}
	if o.PerSecond <= 0 {
		o.PerSecond = 80
	}
	if o.CoexistencePerSecond <= 0 {
		o.CoexistencePerSecond = 20
	}
	if o.PairEvery <= 0 {
		o.PairEvery = 6 * time.Second
	}
	if o.PairBurst <= 0 {
		o.PairBurst = 45
	}
	if o.Choose == nil {
		o.Choose = func(string) string { return "☰" }
	}
	if len(o.MediaHosts) == 0 {
		o.MediaHosts = []string{"lookaside.fbsbx.com"}
	}
	return o
}

// Client is egress's way to Meta (an http.Client of a gate): one request, one answer.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Carrier sends WhatsApp messages from clinics' own accounts. It is safe for concurrent use and
// keeps nobody's credentials.
type Carrier struct {
	client  Client
	log     *slog.Logger
	options Options
	pace    messaging.Pace
}

var _ messaging.Carrier = (*Carrier)(nil)

// New makes a carrier; it connects to nothing. The client is egress's for the processor
// "whatsapp": it must follow no redirect.
func New(client Client, clk clock.Clock, log *slog.Logger, o Options) *Carrier {
	c := &Carrier{client: client, log: log, options: o.filled(), pace: o.Pace}
	if c.pace == nil {
		c.pace = newPace(clk)
	}
	return c
}

// Channel is WhatsApp.
func (c *Carrier) Channel() messaging.Channel { return messaging.WhatsApp }

// Name is "whatsapp".
func (c *Carrier) Name() string { return "whatsapp" }

// Send hands one message over: the template of m.Call, else m.Text with m.Buttons under it,
// else m.Text. Everything before the request's body is Later (no connection, a limit of the
// number or of the recipient, with Wait), Broken (no usable account) or Refused (a message that
// Meta's rules do not allow). Meta's answer is judged by its error code. No answer, or one that
// says nothing, is Uncertain: Meta has no idempotency key, so nothing is ever sent twice from
// here. Once handOver has been called the end of ctx is no longer heeded, because giving up
// would only make certain messages uncertain; the answer is waited for up to Options.Timeout.
// An accepted message has Meta's message_status as its code: "accepted",
// "held_for_quality_assessment" or "paused".
func (c *Carrier) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	r, trace := c.send(ctx, m, handOver)
	return handover.Told(c.log, "whatsapp", m, r, "trace", trace)
}

func (c *Carrier) send(ctx context.Context, m messaging.Outgoing, handOver func() error) (r messaging.Receipt, trace string) {
	account, err := opened(m.Via)
	if err != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: Code(err)}, ""
	}
	body, wrong := compose(m, c.options.Choose(m.Language))
	if wrong != "" {
		return messaging.Receipt{Outcome: messaging.Refused, Code: wrong}, ""
	}
	number, pair := c.limits(account, m)
	wait, undo, err := c.pace.Take(ctx, number, pair)
	if err != nil { // nobody knows how many have gone: it is asked again in a moment
		return messaging.Receipt{Outcome: messaging.Later, Code: "pace", Wait: unknownPace}, ""
	}
	if wait > 0 {
		return messaging.Receipt{Outcome: messaging.Later, Code: "pace", Wait: wait}, ""
	}
	answer, handed, code := c.handOver(ctx, account, body, handOver)
	if !handed && answer == nil {
		undo()
		return messaging.Receipt{Outcome: messaging.Later, Code: code}, ""
	}
	if answer == nil {
		return messaging.Receipt{Outcome: messaging.Uncertain, Code: code}, ""
	}
	r = answer.receipt(handed)
	if r.Outcome == messaging.Later && r.Wait > 0 {
		switch answer.holds() {
		case holdsPair:
			err = c.pace.Hold(ctx, pair, r.Wait)
		case holdsNumber:
			err = c.pace.Hold(ctx, number, r.Wait)
		}
	}
	if err != nil {
		c.log.Warn("whatsapp", "error", err.Error())
	}
	return r, answer.trace
}

// unknownPace is how long a message waits whose limits could not be read.
const unknownPace = 5 * time.Second

// limits are those of the number that sends and of the pair that it makes with the recipient.
func (c *Carrier) limits(a Credentials, m messaging.Outgoing) (number, pair messaging.Limit) {
	rate := c.options.PerSecond
	if a.Coexistence {
		rate = c.options.CoexistencePerSecond
	}
	to := m.To
	if to == "" {
		to = m.ToUser
	}
	return messaging.Limit{Account: a.PhoneNumberID, Every: time.Second / time.Duration(rate), Borrow: rate},
		messaging.Limit{Account: a.PhoneNumberID, To: to, Every: c.options.PairEvery, Borrow: c.options.PairBurst}
}

// handOver posts the message. A nil answer comes with a code: of before the handing over, or of after it.
func (c *Carrier) handOver(ctx context.Context, a Credentials, body []byte, handOver func() error) (out *answer, handed bool, code string) {
	h, own := handover.Begin(ctx, c.options.Timeout, handOver)
	defer h.Close()
	req, err := http.NewRequestWithContext(own, http.MethodPost, c.address(a.PhoneNumberID, "messages"), h.Body(bytes.NewReader(body)))
	if err != nil {
		return nil, false, "address"
	}
	req.ContentLength = int64(len(body)) // and no GetBody: the transport must never send it a second time
	c.dress(req, a)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	handed, code = h.End()
	switch {
	case err != nil && code != "":
		return nil, false, code
	case err != nil:
		return nil, handed, handover.Trouble(err, handed)
	}
	defer res.Body.Close()
	return heard(res), handed, ""
}

// answer is what came back, read as far as it could be.
type answer struct {
	status int
	failed bool   // it holds an error of Meta's
	code   int    // of that error
	id     string // of the message
	state  string // its message_status
	trace  string // Meta's own number of the call, for asking them
	asked  time.Duration
}

// problem is Meta's error. Its sentences are not read: they may quote the recipient.
type problem struct {
	Code  *int   `json:"code"` // zero is a code, none is not
	Sub   int    `json:"error_subcode"`
	Trace string `json:"fbtrace_id"`
}

const maxAnswer = 64 << 10

func heard(res *http.Response) *answer {
	a := &answer{status: res.StatusCode, asked: waitAsked(res.Header), trace: word(res.Header.Get("x-fb-trace-id"))}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	var said struct {
		Error    *problem `json:"error"`
		Messages []struct {
			ID     string `json:"id"`
			Status string `json:"message_status"`
		} `json:"messages"`
	}
	if err != nil || json.Unmarshal(body, &said) != nil {
		return a
	}
	if said.Error != nil && said.Error.Code != nil {
		a.failed, a.code = true, *said.Error.Code
		if t := word(said.Error.Trace); t != "" {
			a.trace = t
		}
	}
	if len(said.Messages) == 1 {
		a.id, a.state = said.Messages[0].ID, word(said.Messages[0].Status)
	}
	return a
}

// holds says what has to wait after a "not now"; one without a code is about the number.
func (a *answer) holds() holding {
	if v, known := verdicts(a.code); a.failed && known {
		return v.holds
	}
	return holdsNumber
}

// receipt judges the answer to a message.
func (a *answer) receipt(handed bool) messaging.Receipt {
	switch {
	case a.failed || a.status < 200 || a.status > 299:
		return judged(a.status, a.code, a.failed, a.asked)
	case !handed: // a yes to something that was never said
		return messaging.Receipt{Outcome: messaging.Later, Code: "early"}
	case a.id == "":
		return messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}
	case a.state == "":
		return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: a.id, Code: "accepted"}
	}
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: a.id, Code: a.state}
}
