package ses

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

var (
	_ messaging.Provider = (*Carrier)(nil)
	_ messaging.Lists    = (*Carrier)(nil)
)

// probePatience is how long Amazon's answer about an account is waited for.
const probePatience = 25 * time.Second

// Check reads the form of an Amazon SES account: access_key_id, secret_access_key, region, from,
// configuration_set, open_set and topic_arns (divided by spaces or commas). fault.Invalid over those names.
func (c *Carrier) Check(typed map[string]string) (credentials []byte, sender, last4 string, err error) {
	a := Credentials{AccessKeyID: typed["access_key_id"], SecretAccessKey: typed["secret_access_key"], Region: typed["region"], From: typed["from"],
		ConfigurationSet: typed["configuration_set"], OpenSet: typed["open_set"], TopicARNs: strings.FieldsFunc(typed["topic_arns"], func(r rune) bool { return r == ',' || r == ';' || r <= ' ' })}
	if err := a.Validate(); err != nil {
		return nil, "", "", err
	}
	if credentials, err = json.Marshal(a); err != nil {
		return nil, "", "", err
	}
	return credentials, a.From, a.Last4(), nil
}

// Probe asks Amazon whether the account may send (GetAccount), which sends nothing. It fails with
//
//	fault.ses.account      Invalid      the key is refused, may not do this, or sending is switched off
//	fault.ses.sandbox      Invalid      the account may write to verified addresses alone: no patient would get anything
//	fault.ses.unreachable  Unavailable  no answer, or one without meaning
//
// each but the second with Code. Whether the sender is verified shows with the first message: asking
// for it would need a key that may do more.
func (c *Carrier) Probe(ctx context.Context, via messaging.Connection) error {
	a, err := readCredentials(via.Credentials)
	if err != nil {
		return fault.New(fault.Invalid, "fault.ses.account").With("Code", "credentials")
	}
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	got, err := c.account(a, short{c.client}).GetAccount(ctx, &sesv2.GetAccountInput{})
	switch {
	case err != nil:
		r := outcome(err, false)
		if r.Outcome == messaging.Broken || r.Outcome == messaging.Refused {
			return fault.New(fault.Invalid, "fault.ses.account").With("Code", r.Code)
		}
		return fault.New(fault.Unavailable, "fault.ses.unreachable").With("Code", r.Code)
	case !got.SendingEnabled:
		return fault.New(fault.Invalid, "fault.ses.account").With("Code", "SendingPaused")
	case !got.ProductionAccessEnabled:
		return fault.New(fault.Invalid, "fault.ses.sandbox")
	}
	return nil
}

// List is the regions, each with the place where it lies.
func (c *Carrier) List(field string) []messaging.Choice {
	if field != "region" {
		return nil
	}
	var out []messaging.Choice
	for _, r := range Regions() {
		where, _ := place(r)
		out = append(out, messaging.Choice{Value: r, Beside: where})
	}
	return out
}

// Place is where an account keeps what it is given: the country of its region.
func (c *Carrier) Place(credentials []byte) string {
	k, err := readCredentials(credentials)
	if err != nil {
		return ""
	}
	where, _ := place(k.Region)
	return where
}

// short is a client whose answers are cut at a megabyte. Each request has a connection of its own,
// like a mail session: one that had lain idle may have been hung up at the other end this very
// moment, and a message would be uncertain for nothing.
type short struct{ client Client }

// Do sends the request.
func (s short) Do(r *http.Request) (*http.Response, error) {
	r.Close = true
	res, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, 1<<20), res.Body}
	return res, nil
}
