package ses

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"almirah/internal/clock"
	"almirah/internal/messaging"
)

// How old or how far ahead a request to subscribe may be. News itself may be older: SNS tries for
// hours, and a replay is recognised by its Key.
const (
	oldest = time.Hour
	ahead  = 5 * time.Minute
)

// Provider is "ses".
func (c *Carrier) Provider() string { return "ses" }

// Read checks that SNS signed the body for a topic of the connection, then answers its news. A
// subscription to such a topic is confirmed while it is fresh, and told as AccountNews of the
// name "subscription": "confirmed", "stale" (not confirmed) or "ended".
//
// The topic is looked at first: a body for another one costs nothing and fetches nothing.
// Besides the errors of messaging.Inbound it answers messaging.ErrNotNow when SNS's certificate cannot be
// had or SNS does not take the confirmation; the door then says 503, and SNS comes again.
func (c *Carrier) Read(ctx context.Context, to messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	none := messaging.Answer{}
	if h.Method != http.MethodPost {
		return nil, none, messaging.ErrUnreadable
	}
	e, err := readEnvelope(h.Body)
	if err != nil {
		return nil, none, err
	}
	account, err := readCredentials(to.Credentials)
	if err != nil || !slices.Contains(account.TopicARNs, e.TopicARN) {
		return nil, none, messaging.ErrForged
	}
	url, ok := e.seal()
	if !ok {
		return nil, none, messaging.ErrForged
	}
	key, err := c.seals.key(ctx, url)
	if err != nil {
		return nil, none, err
	}
	if !e.checks(key) {
		return nil, none, messaging.ErrForged
	}
	if e.Type == notification {
		return news(e), none, nil
	}
	said := messaging.Event{Kind: messaging.AccountNews, Key: e.MessageID, At: clock.At(e.at), Name: "subscription", Status: "ended"}
	if e.Type == confirmation {
		if said.Status, err = c.confirm(ctx, e); err != nil {
			return nil, none, err
		}
	}
	return []messaging.Event{said}, none, nil
}

// confirm tells SNS that the topic may write here.
func (c *Carrier) confirm(ctx context.Context, e *envelope) (string, error) {
	if age := c.clock.Now().Sub(e.at); age > oldest || age < -ahead {
		return "stale", nil
	}
	url, ok := e.yes()
	if !ok {
		return "", messaging.ErrForged
	}
	ctx, cancel := context.WithTimeout(ctx, fetchPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", messaging.ErrForged
	}
	res, err := c.client.Do(r)
	if err != nil {
		return "", messaging.ErrNotNow
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, sealBytes))
	if err != nil || res.StatusCode != http.StatusOK {
		return "", messaging.ErrNotNow
	}
	return "confirmed", nil
}
