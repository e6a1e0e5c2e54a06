package whatsapp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/messaging"
)

// MaxHook is how many bytes of a webhook are read at most; Meta batches up to a thousand pieces of news.
const MaxHook = 1 << 20

// Inbound reads what Meta posts. It keeps nothing and is safe for concurrent use.
type Inbound struct{}

var _ messaging.Inbound = Inbound{}

// Provider is "whatsapp".
func (Inbound) Provider() string { return "whatsapp" }

// Read answers Meta's question whether the address is ours (GET), or reads signed news (POST).
// ErrForged: the verify token is another, the signature fits none of the app secrets, or the
// news is of another account or number; the answer is then a 403. ErrUnreadable: another method,
// more than MaxHook bytes, or signed bytes that are no news at all.
//
// The news of a message that somebody wrote has Kind MessageNews whatever it is: of kinds that
// we cannot show, Code says why and Raw holds it. A change of number or of id is IdentityNews:
// From is who the person was, Text her new number or id, Name which of the two.
func (Inbound) Read(_ context.Context, c messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	if len(h.Body) > MaxHook {
		return nil, messaging.Answer{Status: http.StatusRequestEntityTooLarge}, messaging.ErrUnreadable
	}
	account, err := opened(&c)
	if err != nil { // without secrets nothing can be believed
		return nil, messaging.Answer{Status: http.StatusForbidden}, messaging.ErrForged
	}
	switch h.Method {
	case http.MethodGet:
		answer, err := challenge(account, h.URL)
		return nil, answer, err
	case http.MethodPost:
	default:
		return nil, messaging.Answer{Status: http.StatusMethodNotAllowed}, messaging.ErrUnreadable
	}
	if !signed(account.AppSecrets, h.Header, h.Body) {
		return nil, messaging.Answer{Status: http.StatusForbidden}, messaging.ErrForged
	}
	var p parcel
	if json.Unmarshal(h.Body, &p) != nil || p.Object == "" || len(p.Entry) == 0 {
		return nil, messaging.Answer{Status: http.StatusBadRequest}, messaging.ErrUnreadable
	}
	if !p.belongs(account) {
		return nil, messaging.Answer{Status: http.StatusForbidden}, messaging.ErrForged
	}
	return p.events(), messaging.Answer{}, nil
}

// challenge is the question of subscribing: who knows the verify token gets the challenge back,
// as plain text and only if it could never be anything else.
func challenge(a Credentials, address string) (messaging.Answer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return messaging.Answer{Status: http.StatusBadRequest}, messaging.ErrUnreadable
	}
	q := u.Query()
	if q.Get("hub.mode") != "subscribe" || !same(q.Get("hub.verify_token"), a.VerifyToken) {
		return messaging.Answer{Status: http.StatusForbidden}, messaging.ErrForged
	}
	said := q.Get("hub.challenge")
	if said == "" || word(said) != said {
		return messaging.Answer{Status: http.StatusBadRequest}, messaging.ErrUnreadable
	}
	return messaging.Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(said)}, nil
}

// same compares in constant time, also of the length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return hmac.Equal(x[:], y[:])
}

// signed says whether the body carries the signature of one of the secrets. Every secret is
// tried, so that the time tells nothing about which one fits.
func signed(secrets []string, h http.Header, body []byte) bool {
	values := h.Values("X-Hub-Signature-256")
	if len(values) != 1 {
		return false
	}
	text, ok := strings.CutPrefix(values[0], "sha256=")
	given, err := hex.DecodeString(text)
	if !ok || err != nil || len(given) != sha256.Size {
		return false
	}
	fits := false
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), given) {
			fits = true
		}
	}
	return fits
}

// parcel is one post of Meta's.
type parcel struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

type entry struct {
	ID      string   `json:"id"`
	Time    stamp    `json:"time"` // of account news; seconds
	Changes []change `json:"changes"`
}

type change struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
}

// belongs says whether everything in the parcel is of the connection's own account and, where a
// number is named, of its number. What people write and choose always names it.
func (p parcel) belongs(a Credentials) bool {
	for _, e := range p.Entry {
		if e.ID != a.BusinessAccountID {
			return false
		}
		for _, c := range e.Changes {
			var v struct {
				Metadata *struct {
					PhoneNumberID string `json:"phone_number_id"`
				} `json:"metadata"`
			}
			if json.Unmarshal(c.Value, &v) != nil || v.Metadata == nil {
				if c.Field == "messages" || c.Field == "user_preferences" {
					return false
				}
				continue
			}
			// Some account news has a metadata that names nothing.
			if id := v.Metadata.PhoneNumberID; id != a.PhoneNumberID && (id != "" || c.Field == "messages") {
				return false
			}
		}
	}
	return true
}

// events reads the parcel in its order.
func (p parcel) events() (out []messaging.Event) {
	for _, e := range p.Entry {
		for _, c := range e.Changes {
			out = append(out, c.events(p.Object, e.Time)...)
		}
	}
	return out
}

func (c change) events(object string, at stamp) []messaging.Event {
	if object != "whatsapp_business_account" {
		return []messaging.Event{c.unknown(at)}
	}
	var read func(change, stamp) ([]messaging.Event, bool)
	switch c.Field {
	case "messages":
		read = conversation
	case "user_preferences":
		read = preferences
	case "message_template_status_update":
		read = templateStatus
	case "template_category_update":
		read = templateClass
	case "message_template_quality_update":
		read = templateQuality
	case "phone_number_quality_update", "account_update", "business_capability_update":
		read = accountNews
	case "user_id_update":
		read = userIDs
	default:
		return []messaging.Event{c.unknown(at)}
	}
	if out, ok := read(c, at); ok {
		return out
	}
	return []messaging.Event{c.unknown(at)}
}

// unknown keeps the whole change, to be stored and counted.
func (c change) unknown(at stamp) messaging.Event {
	return messaging.Event{Kind: messaging.Unknown, Key: c.key(at, 0), At: at.instant(), Name: short(c.Field), Raw: c.Value}
}

// key is a name for a piece of news that has none of its own: the same bytes are the same news,
// unless Meta says another time. part counts the pieces of one change.
func (c change) key(at stamp, part int) string {
	return hashed(c.Field, string(at), string(c.Value), strconv.Itoa(part))
}

// hashed is a short name for the parts, which cannot run into each other.
func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		h.Write(sum[:])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)[:20])
}

// named is the key of news that has a name: as it is while it is short and plain, else hashed.
func named(kind string, parts ...string) string {
	key := kind + ":" + strings.Join(parts, ":")
	if word(strings.Join(parts, "")) == "" || len(key) > 250 {
		return hashed(append([]string{kind}, parts...)...)
	}
	return key
}

// stamp is a moment as Meta writes it: seconds since 1970, as a string or as a number.
type stamp string

// UnmarshalJSON takes whatever stands there; what is no time is no time.
func (s *stamp) UnmarshalJSON(b []byte) error {
	*s = ""
	if text := strings.Trim(string(b), `"`); digits(text, 1, 12) {
		*s = stamp(text)
	}
	return nil
}

// instant is zero where there was no time, or one that no calendar has.
func (s stamp) instant() clock.Instant {
	var n int64
	for _, r := range s {
		n = n*10 + int64(r-'0')
	}
	if n > 253402300799 { // the year 9999
		return 0
	}
	return clock.Instant(n * 1_000_000)
}

// short is a word of Meta's without anything that does not print, at most 200 bytes.
func short(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '�' {
			return -1
		}
		return r
	}, s)
	for len(s) > 200 {
		r := []rune(s)
		s = string(r[:len(r)*3/4])
	}
	return s
}

// lower is short, in lower case.
func lower(s string) string { return strings.ToLower(short(s)) }

// plain is a person's text without zero bytes, which no database keeps.
func plain(s string) string { return strings.ReplaceAll(s, "\x00", "") }
