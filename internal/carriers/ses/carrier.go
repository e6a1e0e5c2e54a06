package ses

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"almirah/internal/carriers/handover"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	"almirah/internal/messaging/letter"
)

var errCredentials = errors.New("ses: the credentials are not whole")

// Client is what requests go through: egress's HTTPClient("ses").
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Options are for tests and for networks with doors of their own.
type Options struct {
	BaseURL func(region string) string // where SES is; nil or an empty answer leaves it to AWS
	Roots   *x509.CertPool             // authorities behind SNS's certificates; nil for the machine's
}

// Carrier hands messages to SES and reads SNS. It is safe for concurrent use and holds no
// clinic's keys.
type Carrier struct {
	client  Client
	clock   clock.Clock
	log     *slog.Logger
	options Options
	seals   *certificates
}

var (
	_ messaging.Carrier = (*Carrier)(nil)
	_ messaging.Inbound = (*Carrier)(nil)
)

// New makes the carrier; it connects to nothing.
func New(client Client, clk clock.Clock, log *slog.Logger, o Options) *Carrier {
	return &Carrier{client: client, clock: clk, log: log, options: o, seals: newCertificates(client, clk, o.Roots)}
}

// Channel is e-mail.
func (c *Carrier) Channel() messaging.Channel { return messaging.Email }

// Name is "ses".
func (c *Carrier) Name() string { return "ses" }

// Send hands one message over. Before the connection stands, trouble is Later. After handOver
// SES's own answer decides (see outcome), and no answer is Uncertain: SES has no idempotency key,
// so nothing is ever tried twice here. Once handOver has been called, the end of ctx is no longer
// heeded: the answer is waited for as long as the client allows.
func (c *Carrier) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	return handover.Told(c.log, "ses", m, c.send(ctx, m, handOver))
}

func (c *Carrier) send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if m.Via == nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}
	}
	account, err := readCredentials(m.Via.Credentials)
	if err != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}
	}
	sender := m.Via.Sender
	if sender == "" {
		sender = account.From
	}
	l, err := letter.Write(m, letter.Sender{Address: sender}, c.clock.Now())
	if err != nil {
		var why letter.Unwritable
		errors.As(err, &why)
		return messaging.Receipt{Outcome: messaging.Refused, Code: string(why), Elsewhere: why == "address"}
	}
	if l.To.UTF8 || l.From.UTF8 { // SES takes local parts of plain ASCII only
		return messaging.Receipt{Outcome: messaging.Refused, Code: "smtputf8", Elsewhere: l.To.UTF8}
	}

	set := account.ConfigurationSet
	if m.Opens && account.OpenSet != "" { // Amazon puts its picture into what goes through this set, and into nothing else (F8)
		set = account.OpenSet
	}
	h, within := handover.Begin(ctx, 0, handOver)
	defer h.Close()
	out, err := c.account(account, gate{c.client, h}).SendEmail(within, &sesv2.SendEmailInput{
		FromEmailAddress:     aws.String(l.From.String()),
		Destination:          &types.Destination{ToAddresses: []string{l.To.String()}},
		Content:              &types.EmailContent{Raw: &types.RawMessage{Data: l.Raw}},
		ConfigurationSetName: optional(set),
		EmailTags:            []types.MessageTag{{Name: aws.String(tagName), Value: aws.String(m.ID.String())}},
	})
	handed, stopped := h.End()
	switch {
	case stopped != "":
		return messaging.Receipt{Outcome: messaging.Later, Code: stopped}
	case err != nil:
		return outcome(err, handed)
	}
	if id := aws.ToString(out.MessageId); handed && code(id) != "" {
		return messaging.Receipt{Outcome: messaging.Accepted, Code: "200", ProviderID: id}
	}
	return messaging.Receipt{Outcome: messaging.Uncertain, Code: "unreadable"}
}

// tagName is the one tag that goes with a message: our own id of it, which comes back with
// every event, so that also a message whose answer was lost is recognised.
const tagName = "msg"

// account is a client for one call. Nothing of it comes from the machine's environment or files.
func (c *Carrier) account(a Credentials, way Client) *sesv2.Client {
	o := sesv2.Options{
		Region:     a.Region,
		HTTPClient: way,
		Retryer:    aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey}, nil
		}),
	}
	if c.options.BaseURL != nil {
		o.BaseEndpoint = optional(c.options.BaseURL(a.Region))
	}
	return sesv2.New(o)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// gate stands between the SDK and the network: the body of the request is the message's.
type gate struct {
	client Client
	of     *handover.Handover
}

var errBody = errors.New("ses: a request without a body")

// Do sends the request.
func (g gate) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.ContentLength <= 0 {
		return nil, errBody // handing over hangs on the body
	}
	r.Body, r.GetBody = g.of.Body(r.Body), nil
	return short{g.client}.Do(r)
}

// code keeps what can be a code or an id: nothing that could be a person's.
func code(s string) string {
	if s == "" || len(s) > 100 || strings.ContainsFunc(s, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return ""
	}
	return s
}
