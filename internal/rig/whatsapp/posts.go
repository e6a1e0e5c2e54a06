package whatsapp

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Person is somebody on WhatsApp.
type Person struct {
	Phone  string // digits
	UserID string // her id towards this business, such as "IN.13491208655302741918"
	Name   string
	Hidden bool // shows a name only: her number is in nothing that is posted
}

// Change is one piece of news before it is posted.
type Change struct {
	Field string
	Value map[string]any
	At    time.Time
}

// Post is one request of Meta's to a webhook, signed.
type Post struct {
	Header http.Header
	Body   []byte
}

func (s *Server) change(field string, value map[string]any) Change {
	return Change{field, value, s.options.Clock.Now()}
}

func (s *Server) value() map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "metadata": map[string]any{"display_phone_number": s.options.Display, "phone_number_id": s.options.PhoneNumberID}}
}

func (p Person) contact() map[string]any {
	c := map[string]any{"profile": map[string]any{"name": p.Name}}
	if !p.Hidden {
		c["wa_id"] = p.Phone
	}
	if p.UserID != "" {
		c["user_id"] = p.UserID
	}
	return c
}

// inbound is a message of the kind with its content, from a person; it opens her window.
func (s *Server) inbound(p Person, kind string, content any, replyTo string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Clock.Now()
	s.windows[p.Phone] = now
	m := map[string]any{"id": s.wamid(), "timestamp": strconv.FormatInt(now.Unix(), 10), "type": kind}
	if !p.Hidden {
		m["from"] = p.Phone
	}
	if p.UserID != "" {
		m["from_user_id"] = p.UserID
	}
	if content != nil {
		m[kind] = content
	}
	if replyTo != "" {
		m["context"] = map[string]any{"from": s.options.Display, "id": replyTo}
	}
	v := s.value()
	v["contacts"] = []any{p.contact()}
	v["messages"] = []any{m}
	return s.change("messages", v)
}

// Text is a message in words; replyTo is the id of the message that it answers, or empty.
func (s *Server) Text(p Person, body, replyTo string) Change {
	return s.inbound(p, "text", map[string]any{"body": body}, replyTo)
}

// Touch is a touch on a quick reply of a template message.
func (s *Server) Touch(p Person, replyTo, payload, title string) Change {
	return s.inbound(p, "button", map[string]any{"payload": payload, "text": title}, replyTo)
}

// ButtonReply is a touch on a button under a free question.
func (s *Server) ButtonReply(p Person, replyTo, id, title string) Change {
	return s.inbound(p, "interactive", map[string]any{"type": "button_reply", "button_reply": map[string]any{"id": id, "title": title}}, replyTo)
}

// ListReply is a choice from a list.
func (s *Server) ListReply(p Person, replyTo, id, title string) Change {
	return s.inbound(p, "interactive", map[string]any{"type": "list_reply", "list_reply": map[string]any{"id": id, "title": title, "description": ""}}, replyTo)
}

// Attachment is an image, audio, video, document or sticker; id is of AddMedia.
func (s *Server) Attachment(p Person, kind, id, caption string) Change {
	s.mu.Lock()
	m := s.media[id]
	s.mu.Unlock()
	sum := sha256.Sum256(m.body)
	c := map[string]any{"id": id, "mime_type": m.kind, "sha256": base64.StdEncoding.EncodeToString(sum[:])}
	switch kind {
	case "audio":
		c["voice"] = true
	case "sticker":
		c["animated"] = false
	case "document":
		c["filename"] = "report.pdf"
	}
	if caption != "" {
		c["caption"] = caption
	}
	return s.inbound(p, kind, c, "")
}

// Location is a place.
func (s *Server) Location(p Person, name, address string, latitude, longitude float64) Change {
	return s.inbound(p, "location", map[string]any{"name": name, "address": address, "latitude": latitude, "longitude": longitude}, "")
}

// ContactCard is somebody's card.
func (s *Server) ContactCard(p Person, name, phone string) Change {
	return s.inbound(p, "contacts", []any{map[string]any{"name": map[string]any{"formatted_name": name, "first_name": name}, "phones": []any{map[string]any{"phone": phone, "type": "HOME"}}}}, "")
}

// Reaction is a picture put under a message.
func (s *Server) Reaction(p Person, message, emoji string) Change {
	return s.inbound(p, "reaction", map[string]any{"message_id": message, "emoji": emoji}, "")
}

// Order is an order from a catalogue, which clinics do not have.
func (s *Server) Order(p Person) Change {
	return s.inbound(p, "order", map[string]any{"catalog_id": "194836987003835", "text": "", "product_items": []any{
		map[string]any{"product_retailer_id": "checkup", "quantity": 2, "item_price": 30, "currency": "USD"}}}, "")
}

// Unsupported is a message that the API cannot show.
func (s *Server) Unsupported(p Person) Change {
	c := s.inbound(p, "unsupported", nil, "")
	first(c, "messages")["errors"] = []any{map[string]any{"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
		"error_data": map[string]any{"details": "Message type is currently not supported."}}}
	return c
}

// NumberChanged is Meta's note that a person has another number now. It has no contacts.
func (s *Server) NumberChanged(p Person, to string) Change {
	c := s.inbound(p, "system", map[string]any{"type": "user_changed_number", "wa_id": to, "body": "User " + p.Name + " changed from " + p.Phone + " to " + to}, "")
	delete(c.Value, "contacts")
	return c
}

// Preference is a person's word to WhatsApp itself: "stop" or "resume".
func (s *Server) Preference(p Person, word string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := map[string]any{"detail": "User requested to " + word + " marketing messages", "category": "marketing_messages", "value": word, "timestamp": s.options.Clock.Now().Unix()}
	if !p.Hidden {
		one["wa_id"] = p.Phone
	}
	if p.UserID != "" {
		one["user_id"] = p.UserID
	}
	v := s.value()
	v["contacts"], v["user_preferences"] = []any{p.contact()}, []any{one}
	return s.change("user_preferences", v)
}

// UserIDChanged is the news that a person has another id towards this business.
func (s *Server) UserIDChanged(p Person, to string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.value()
	v["user_id_update"] = []any{map[string]any{"wa_id": p.Phone, "detail": "User ID changed", "user_id": map[string]any{"previous": p.UserID, "current": to}, "timestamp": s.options.Clock.Now().Unix()}}
	return s.change("user_id_update", v)
}

// News is any other news of the account, such as account_update.
func (s *Server) News(field string, value map[string]any) Change { return s.change(field, value) }

// Status is how far a message came: "sent", "delivered", "read", "failed", "played". code is of a failure, 0 for none.
func (s *Server) Status(message, status string, code int) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := map[string]any{"id": message, "status": status, "timestamp": strconv.FormatInt(s.options.Clock.Now().Unix(), 10)}
	category := "service"
	for _, m := range s.messages {
		if m.ID != message {
			continue
		}
		if strings.Trim(m.To, "0123456789") == "" {
			one["recipient_id"] = m.To
		} else {
			one["recipient_user_id"] = m.To
		}
		if m.Type == "template" {
			category = "utility"
		}
	}
	if status == "sent" || status == "delivered" {
		one["pricing"] = map[string]any{"billable": true, "pricing_model": "PMP", "category": category, "type": "regular"}
	}
	if code != 0 {
		one["errors"] = []any{map[string]any{"code": code, "title": "Message undeliverable", "message": "Message undeliverable",
			"error_data": map[string]any{"details": "Message Undeliverable."}, "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}}
	}
	v := s.value()
	v["statuses"] = []any{one}
	return s.change("messages", v)
}

// Mischief is how the news of a message can go wrong on its way.
type Mischief struct {
	SkipDelivered bool          // "read" comes without "delivered" before it
	Reorder       bool          // the last comes first
	Duplicate     bool          // everything comes twice
	HidePhone     bool          // nobody's number is named
	Shift         time.Duration // the timestamps are off: stale, or of the future
	Batch         bool          // all in one post
}

// Journey is the news of one message on its way to having been read.
func (s *Server) Journey(message string, m Mischief) []Post {
	var changes []Change
	for _, status := range []string{"sent", "delivered", "read"} {
		if m.SkipDelivered && status == "delivered" {
			continue
		}
		c := s.Status(message, status, 0)
		one := first(c, "statuses")
		if m.HidePhone {
			delete(one, "recipient_id")
			one["recipient_user_id"] = "IN.13491208655302741918"
		}
		if m.Shift != 0 {
			one["timestamp"] = strconv.FormatInt(s.options.Clock.Now().Add(m.Shift).Unix(), 10)
		}
		changes = append(changes, c)
	}
	if m.Reorder {
		slices.Reverse(changes)
	}
	if m.Duplicate {
		changes = slices.Concat(changes, changes)
	}
	if m.Batch {
		return []Post{s.Pack(changes...)}
	}
	var out []Post
	for _, c := range changes {
		out = append(out, s.Pack(c))
	}
	return out
}

// first is the first element of a list in the change's value.
func first(c Change, list string) map[string]any {
	all, _ := c.Value[list].([]any)
	one, _ := all[0].(map[string]any)
	return one
}

// Pack puts changes into one post, an entry each, and signs it.
func (s *Server) Pack(changes ...Change) Post {
	var entries []any
	for _, c := range changes {
		e := map[string]any{"id": s.options.BusinessAccountID, "changes": []any{map[string]any{"field": c.Field, "value": c.Value}}}
		if c.Field != "messages" {
			e["time"] = c.At.Unix()
		}
		entries = append(entries, e)
	}
	return s.Sign(map[string]any{"object": "whatsapp_business_account", "entry": entries})
}

// Sign makes a post of any payload, written and signed as Meta does: everything beyond ASCII as
// \uXXXX, the signature over those bytes.
func (s *Server) Sign(payload any) Post {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err) // the test gave something that is no JSON
	}
	body := escaped(text)
	mac := hmac.New(sha256.New, []byte(s.options.AppSecret))
	mac.Write(body)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "facebookexternalua")
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return Post{h, body}
}

func escaped(text []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// Question is the address with which Meta asks whether a webhook is ours.
func (s *Server) Question(hook, challenge string) string {
	q := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {s.options.VerifyToken}}
	return hook + "?" + q.Encode()
}

// Deliver posts to a webhook over HTTP, one after another, and answers the statuses. What was
// posted is kept for Replay. It stops at the first that finds nobody.
func (s *Server) Deliver(ctx context.Context, hook string, posts ...Post) ([]int, error) {
	s.mu.Lock()
	s.posted = append(s.posted, posts...)
	s.mu.Unlock()
	return deliver(ctx, hook, posts)
}

// Replay posts everything again, byte for byte, as Meta may for a week.
func (s *Server) Replay(ctx context.Context, hook string) ([]int, error) {
	s.mu.Lock()
	posts := slices.Clone(s.posted)
	s.mu.Unlock()
	return deliver(ctx, hook, posts)
}

func deliver(ctx context.Context, hook string, posts []Post) ([]int, error) {
	var out []int
	for _, p := range posts {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(p.Body))
		if err != nil {
			return out, err
		}
		req.Header = p.Header.Clone()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return out, err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		out = append(out, res.StatusCode)
	}
	return out, nil
}
