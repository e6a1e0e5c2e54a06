package local

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// SignatureHeader carries the HMAC-SHA256 of the raw body under the account's secret, in hexadecimal.
const SignatureHeader = "X-Local-Signature"

// maxReport is how many bytes of a report are read at most.
const maxReport = 1 << 20

// The kinds of news in a report.
const (
	newsState   = "state"
	newsMessage = "message"
	newsButton  = "button"
	newsChoice  = "choice"
)

// report is what is posted to the house.
type report struct {
	Account id.ID  `json:"account"`
	News    []news `json:"news"`
}

// news is one piece of it. ID is the message's: ours of a state, theirs otherwise.
type news struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	At      int64  `json:"at"` // microseconds, UTC
	Ours    id.ID  `json:"ours,omitzero"`
	State   string `json:"state,omitempty"`
	Code    string `json:"code,omitempty"`
	From    string `json:"from,omitempty"`
	User    string `json:"user,omitempty"`
	Name    string `json:"name,omitempty"`
	Text    string `json:"text,omitempty"`
	Button  string `json:"button,omitempty"`
	ReplyTo string `json:"reply_to,omitempty"`
	Stop    bool   `json:"stop,omitempty"`
}

func signature(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// tell posts one report of the account to the house and answers the status.
func (p *Phones) tell(ctx context.Context, a account, list []news) (int, error) {
	body, err := json.Marshal(report{Account: a.id, News: list})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.hook, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(SignatureHeader, hex.EncodeToString(signature(a.secret, body)))
	return p.post(r)
}

// Read reads a report. ErrForged when the signature does not fit the account's secret, or the report
// is of another account; ErrUnreadable for what this provider does not write.
func (a *Account) Read(_ context.Context, c messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	if len(h.Body) > maxReport || h.Method != http.MethodPost {
		return nil, messaging.Answer{}, messaging.ErrUnreadable
	}
	own, err := opened(&c)
	if err != nil {
		return nil, messaging.Answer{}, messaging.ErrForged
	}
	given, err := hex.DecodeString(h.Header.Get(SignatureHeader))
	if err != nil || !hmac.Equal(given, signature(own.Secret, h.Body)) {
		return nil, messaging.Answer{}, messaging.ErrForged
	}
	var r report
	if err := json.Unmarshal(h.Body, &r); err != nil {
		return nil, messaging.Answer{}, messaging.ErrUnreadable
	}
	if r.Account != c.ID {
		return nil, messaging.Answer{}, messaging.ErrForged
	}
	var out []messaging.Event
	for _, n := range r.News {
		if n.ID == "" {
			return nil, messaging.Answer{}, messaging.ErrUnreadable
		}
		out = append(out, n.event())
	}
	return out, messaging.Answer{}, nil
}

// event is the news in the house's words.
func (n news) event() messaging.Event {
	e := messaging.Event{Key: n.ID, ProviderID: n.ID, At: clock.Instant(n.At)}
	switch n.Kind {
	case newsState:
		switch to := messaging.Reached(n.State); to {
		case messaging.ReachedSent, messaging.ReachedDelivered, messaging.ReachedRead, messaging.ReachedFailed:
			e.Kind, e.Key, e.Message, e.Reached, e.Code = messaging.StateNews, n.ID+" "+n.State, n.Ours, to, n.Code
			return e
		}
	case newsMessage, newsButton:
		e.Kind, e.Text, e.Button, e.ReplyTo = messaging.MessageNews, n.Text, n.Button, n.ReplyTo
		e.From = messaging.Sender{Phone: n.From, UserID: n.User, Name: n.Name}
		return e
	case newsChoice:
		e.Kind, e.Stop = messaging.ChoiceNews, n.Stop
		e.From = messaging.Sender{Phone: n.From, UserID: n.User, Name: n.Name}
		return e
	}
	e.Kind = messaging.Unknown
	e.Raw, _ = json.Marshal(n) // what was just read can be written
	return e
}
