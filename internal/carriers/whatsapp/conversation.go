package whatsapp

import (
	"encoding/json"
	"strconv"
	"strings"

	"almirah/internal/messaging"
)

// talk is the value of the field "messages": what people wrote, and how far our messages came.
type talk struct {
	Contacts []contact         `json:"contacts"`
	Messages []json.RawMessage `json:"messages"`
	Statuses []json.RawMessage `json:"statuses"`
	Errors   []problem         `json:"errors"`
}

// contact is a person as Meta knows her; the number is missing where she hides it.
type contact struct {
	WaID    string `json:"wa_id"`
	UserID  string `json:"user_id"`
	Profile struct {
		Name string `json:"name"`
	} `json:"profile"`
}

// UnmarshalJSON takes what it can read: a contact in a strange form must not lose the message.
func (c *contact) UnmarshalJSON(b []byte) error {
	type bareContact contact
	var x bareContact
	if json.Unmarshal(b, &x) == nil {
		*c = contact(x)
	}
	return nil
}

func conversation(c change, at stamp) ([]messaging.Event, bool) {
	var v talk
	if json.Unmarshal(c.Value, &v) != nil || len(v.Messages)+len(v.Statuses)+len(v.Errors) == 0 {
		return nil, false
	}
	var out []messaging.Event
	for i, raw := range v.Messages {
		if e, ok := v.message(raw); ok {
			out = append(out, e)
			continue
		}
		out = append(out, messaging.Event{Kind: messaging.Unknown, Key: hashed("message", string(raw)), At: at.instant(), Name: "messages." + strconv.Itoa(i), Raw: raw})
	}
	for i, raw := range v.Statuses {
		if e, ok := v.status(raw); ok {
			out = append(out, e...)
			continue
		}
		out = append(out, messaging.Event{Kind: messaging.Unknown, Key: hashed("status", string(raw)), At: at.instant(), Name: "statuses." + strconv.Itoa(i), Raw: raw})
	}
	for i, p := range v.Errors { // trouble of the number, not of one message
		e := messaging.Event{Kind: messaging.AccountNews, Key: c.key(at, i), At: at.instant(), Name: "errors", Status: "error"}
		if p.Code != nil {
			e.Code = strconv.Itoa(*p.Code)
		}
		out = append(out, e)
	}
	return out, true
}

// status reads how far one message came. Someone who stopped marketing says so by the failure
// of a message: that is news of a choice as well.
func (v talk) status(raw json.RawMessage) ([]messaging.Event, bool) {
	var s struct {
		ID            string          `json:"id"`
		Status        string          `json:"status"`
		Timestamp     stamp           `json:"timestamp"`
		Recipient     string          `json:"recipient_id"`
		RecipientUser string          `json:"recipient_user_id"`
		RecipientType string          `json:"recipient_type"`
		Pricing       json.RawMessage `json:"pricing"`
		Errors        []problem       `json:"errors"`
	}
	if json.Unmarshal(raw, &s) != nil || s.ID == "" || s.RecipientType == "group" {
		return nil, false
	}
	e := messaging.Event{Kind: messaging.StateNews, Key: named("status", s.ID, s.Status, string(s.Timestamp)), At: s.Timestamp.instant(), ProviderID: short(s.ID)}
	switch s.Status {
	case "sent":
		e.Reached = messaging.ReachedSent
	case "delivered":
		e.Reached = messaging.ReachedDelivered
	case "read", "played": // a voice note that was heard
		e.Reached = messaging.ReachedRead
	case "failed":
		e.Reached = messaging.ReachedFailed
	default:
		return nil, false
	}
	e.From = v.person(s.Recipient, s.RecipientUser)
	e.From.Name = "" // of a message of ours, nobody has to be told who got it
	if string(s.Pricing) != "null" {
		e.Pricing = s.Pricing
	}
	out := []messaging.Event{e}
	for _, p := range s.Errors {
		if p.Code == nil {
			continue
		}
		if out[0].Code == "" {
			out[0].Code, out[0].Permanent = strconv.Itoa(*p.Code), s.Status == "failed" && lasting(*p.Code)
		}
		if *p.Code == 131050 && s.Status == "failed" {
			out = append(out, messaging.Event{Kind: messaging.ChoiceNews, Key: named("stopped", s.ID), At: e.At, From: e.From, Stop: true, Class: "marketing_messages", Code: "131050"})
			break
		}
	}
	return out, true
}

// person puts together what is known of somebody: a number, an id of this business's own, a
// name; any of them may be missing. An id where a number should be is taken for what it is.
func (v talk) person(number, user string) messaging.Sender {
	if number != "" && !digits(strings.TrimPrefix(number, "+"), 6, 15) {
		if user == "" && word(number) != "" {
			user = number
		}
		number = ""
	}
	number = strings.TrimPrefix(number, "+")
	// A number and its wa_id may differ: with one contact and one message there is no doubt.
	alone := len(v.Contacts) == 1 && (len(v.Messages) == 1 || number == "" && user == "" && len(v.Messages) == 0 && len(v.Statuses) < 2)
	name := ""
	for _, c := range v.Contacts {
		if alone || number != "" && c.WaID == number || user != "" && c.UserID == user {
			if number == "" && digits(c.WaID, 6, 15) {
				number = c.WaID
			}
			if user == "" {
				user = c.UserID
			}
			name = plain(c.Profile.Name)
			break
		}
	}
	s := messaging.Sender{UserID: short(user), Name: name}
	if number != "" {
		s.Phone = "+" + number
	}
	return s
}

// inboundMessage is a message that somebody wrote.
type inboundMessage struct {
	From      string `json:"from"`
	FromUser  string `json:"from_user_id"`
	Group     string `json:"group_id"`
	ID        string `json:"id"`
	Timestamp stamp  `json:"timestamp"`
	Type      string `json:"type"`
	Context   struct {
		ID string `json:"id"`
	} `json:"context"`
	Text struct {
		Body string `json:"body"`
	} `json:"text"`
	Button struct {
		Payload string `json:"payload"`
		Text    string `json:"text"`
	} `json:"button"`
	Interactive struct {
		Type   string   `json:"type"`
		Button *touched `json:"button_reply"`
		List   *touched `json:"list_reply"`
	} `json:"interactive"`
	Image    *attached `json:"image"`
	Audio    *attached `json:"audio"`
	Video    *attached `json:"video"`
	Document *attached `json:"document"`
	Sticker  *attached `json:"sticker"`
	Location struct {
		Name      string      `json:"name"`
		Address   string      `json:"address"`
		Latitude  json.Number `json:"latitude"`
		Longitude json.Number `json:"longitude"`
	} `json:"location"`
	Contacts []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		} `json:"name"`
		Phones []struct {
			Phone string `json:"phone"`
		} `json:"phones"`
	} `json:"contacts"`
	Reaction struct {
		MessageID string `json:"message_id"`
		Emoji     string `json:"emoji"`
	} `json:"reaction"`
	Order struct {
		Text  string `json:"text"`
		Items []struct {
			Product  string      `json:"product_retailer_id"`
			Quantity json.Number `json:"quantity"`
		} `json:"product_items"`
	} `json:"order"`
	System struct {
		Type         string `json:"type"`
		WaID         string `json:"wa_id"`
		NewWaID      string `json:"new_wa_id"` // until v11
		UserID       string `json:"user_id"`
		PreviousUser string `json:"previous_user_id"`
		Marketing    string `json:"marketing"`
	} `json:"system"`
	Errors []problem `json:"errors"`
}

type touched struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type attached struct {
	ID       string `json:"id"`
	Type     string `json:"mime_type"`
	SHA256   string `json:"sha256"`
	FileName string `json:"filename"`
	Caption  string `json:"caption"`
}

// message reads what somebody wrote. It is not ok for what nobody wrote to us: groups, and kinds
// of system notes that we do not know.
func (v talk) message(raw json.RawMessage) (messaging.Event, bool) {
	var m inboundMessage
	if json.Unmarshal(raw, &m) != nil || m.Group != "" || m.Type == "request_welcome" {
		return messaging.Event{}, false
	}
	e := messaging.Event{Kind: messaging.MessageNews, Key: named("message", m.ID), At: m.Timestamp.instant(), ProviderID: short(m.ID),
		From: v.person(m.From, m.FromUser), ReplyTo: short(m.Context.ID)}
	if m.ID == "" {
		e.Key = hashed("message", string(raw))
	}
	if m.Type == "system" {
		return m.system(e)
	}
	if !m.content(&e) {
		e.Code, e.Raw = "unsupported", raw
		if len(m.Errors) > 0 && m.Errors[0].Code != nil {
			e.Code = strconv.Itoa(*m.Errors[0].Code)
		}
	}
	e.Text, e.Button = plain(e.Text), plain(e.Button)
	return e, true
}

// content reads the message by its type; false when there is nothing that we can show.
func (m inboundMessage) content(e *messaging.Event) bool {
	switch m.Type {
	case "text":
		e.Text = m.Text.Body
	case "button":
		e.Text, e.Button = m.Button.Text, m.Button.Payload
	case "interactive":
		t := m.Interactive.Button
		if m.Interactive.Type == "list_reply" {
			t = m.Interactive.List
		}
		if t == nil {
			return false
		}
		e.Text, e.Button = t.Title, t.ID
	case "image", "audio", "video", "document", "sticker":
		a := map[string]*attached{"image": m.Image, "audio": m.Audio, "video": m.Video, "document": m.Document, "sticker": m.Sticker}[m.Type]
		if a == nil || a.ID == "" {
			return false
		}
		e.Text = a.Caption
		e.Media = []messaging.Media{{ID: short(a.ID), ContentType: lower(a.Type), FileName: short(a.FileName), SHA256: short(a.SHA256)}}
	case "location":
		place := ""
		if m.Location.Latitude != "" && m.Location.Longitude != "" {
			place = m.Location.Latitude.String() + ", " + m.Location.Longitude.String()
		}
		e.Text = lines(m.Location.Name, m.Location.Address, place)
		return e.Text != ""
	case "contacts":
		var all []string
		for _, c := range m.Contacts {
			all = append(all, c.Name.Formatted)
			for _, p := range c.Phones {
				all = append(all, p.Phone)
			}
		}
		e.Text = lines(all...)
		return e.Text != ""
	case "reaction": // no emoji: it was taken back
		e.Text, e.ReplyTo = m.Reaction.Emoji, short(m.Reaction.MessageID)
	case "order":
		all := []string{m.Order.Text}
		for _, i := range m.Order.Items {
			all = append(all, i.Quantity.String()+" × "+i.Product)
		}
		e.Text = lines(all...)
		return e.Text != ""
	default:
		return false
	}
	return true
}

// system reads a note of Meta's that comes as a message: it has no contacts.
func (m inboundMessage) system(e messaging.Event) (messaging.Event, bool) {
	e.ReplyTo = ""
	switch m.System.Type {
	case "user_changed_number", "customer_changed_number":
		number := m.System.WaID
		if number == "" {
			number = m.System.NewWaID
		}
		if !digits(number, 6, 15) {
			return e, false
		}
		e.Text, e.Name = "+"+number, "number"
		if e.From.UserID = short(m.System.PreviousUser); e.From.UserID == "" {
			e.From.UserID = short(m.FromUser)
		}
	case "user_changed_user_id":
		if m.System.UserID == "" || word(m.System.UserID) == "" {
			return e, false
		}
		e.Text, e.Name = m.System.UserID, "user_id"
		e.From.UserID = short(m.System.PreviousUser)
	case "user_preference_changed": // how user_preferences came until its field was there
		stop, ok := stopped(m.System.Marketing)
		e.Kind, e.Stop, e.Class = messaging.ChoiceNews, stop, "marketing_messages"
		return e, ok
	default:
		return e, false
	}
	e.Kind = messaging.IdentityNews
	return e, true
}

// lines joins what is not empty, a line each.
func lines(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n")
}
