package ses

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// told is what SES tells about one message. With a configuration set the kind is in eventType,
// with feedback of the identity itself in notificationType.
type told struct {
	EventType        string `json:"eventType"`
	NotificationType string `json:"notificationType"`
	Mail             struct {
		MessageID string              `json:"messageId"`
		Tags      map[string][]string `json:"tags"`
	} `json:"mail"`
	Bounce struct {
		Type       string      `json:"bounceType"`
		SubType    string      `json:"bounceSubType"`
		Recipients []recipient `json:"bouncedRecipients"`
		At         string      `json:"timestamp"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []recipient `json:"complainedRecipients"`
		Kind       string      `json:"complaintFeedbackType"`
		SubType    string      `json:"complaintSubType"`
		At         string      `json:"timestamp"`
	} `json:"complaint"`
	Delivery struct {
		At string `json:"timestamp"`
	} `json:"delivery"`
	Reject struct {
		Reason string `json:"reason"`
	} `json:"reject"`
	Open struct {
		At string `json:"timestamp"`
	} `json:"open"`
	Click struct {
		At string `json:"timestamp"`
	} `json:"click"`
	Delay struct {
		Type string `json:"delayType"`
		At   string `json:"timestamp"`
	} `json:"deliveryDelay"`
}

type recipient struct {
	Address string `json:"emailAddress"`
	Status  string `json:"status"`
}

// statusCode is an enhanced status code of RFC 3463.
var statusCode = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// news turns a notification into events. What is no news of a message is Unknown, and kept as it
// came. Diagnostic texts, addresses of readers and the addresses behind links are left out: they
// say more about a person than anybody here needs.
func news(e *envelope) []messaging.Event {
	unknown := []messaging.Event{{Kind: messaging.Unknown, Key: e.MessageID, At: clock.At(e.at), Raw: []byte(e.Message)}}
	var t told
	if err := json.Unmarshal([]byte(e.Message), &t); err != nil || code(t.Mail.MessageID) == "" {
		return unknown
	}
	kind := t.EventType
	if kind == "" {
		kind = t.NotificationType
	}
	out := messaging.Event{Kind: messaging.StateNews, Key: e.MessageID, At: clock.At(e.at), ProviderID: t.Mail.MessageID, Message: t.ours()}
	moment := func(s string) {
		if at, err := time.Parse(time.RFC3339, s); err == nil {
			out.At = clock.At(at)
		}
	}
	switch kind {
	case "Send":
		out.Reached = messaging.ReachedSent
	case "Delivery":
		moment(t.Delivery.At)
		out.Reached = messaging.ReachedDelivered
	case "Open": // may come often, and from machines
		moment(t.Open.At)
		out.Reached = messaging.ReachedOpened
	case "Click": // the same; the link itself may be a patient's key to her page
		moment(t.Click.At)
		out.Reached = messaging.ReachedOpened
	case "DeliveryDelay":
		moment(t.Delay.At)
		out.Reached, out.Code = messaging.ReachedSent, code(t.Delay.Type)
	case "Reject":
		out.Reached, out.Permanent, out.Code = messaging.ReachedFailed, true, "reject"
	case "Rendering Failure":
		out.Reached, out.Permanent, out.Code = messaging.ReachedFailed, true, "rendering"
	case "Bounce":
		moment(t.Bounce.At)
		out.Reached, out.Permanent = messaging.ReachedFailed, t.Bounce.Type == "Permanent"
		out.Code, out.Reason = t.bounceCode(), reason(t.Bounce.Type, t.Bounce.SubType)
	case "Complaint":
		moment(t.Complaint.At)
		return t.complaint(out, unknown)
	default:
		return unknown
	}
	return []messaging.Event{out}
}

// ours is the id that we sent with the message as its tag; zero when it did not come back.
func (t *told) ours() id.ID {
	if tags := t.Mail.Tags[tagName]; len(tags) == 1 {
		if x, err := id.Parse(tags[0]); err == nil {
			return x
		}
	}
	return id.Zero
}

// bounceCode is the status code of the one recipient, else what kind of bounce it was.
func (t *told) bounceCode() string {
	if r := t.Bounce.Recipients; len(r) == 1 && statusCode.MatchString(r[0].Status) {
		return r[0].Status
	}
	if s := code(t.Bounce.SubType); s != "" {
		return s
	}
	return "bounce"
}

// complaint makes a stop of it: whoever calls a message spam gets none by mail again. Where
// Amazon stopped the message itself, because of an older complaint, it has also failed.
func (t *told) complaint(out messaging.Event, unknown []messaging.Event) []messaging.Event {
	if t.Complaint.Kind == "not-spam" { // somebody takes a complaint back: a person decides about that
		return unknown
	}
	stop := out
	stop.Kind, stop.Stop, stop.Code, stop.Reason = messaging.ChoiceNews, true, "complaint", reason(t.Complaint.Kind, t.Complaint.SubType)
	if r := t.Complaint.Recipients; len(r) == 1 && len(r[0].Address) <= 320 {
		stop.From.Address = r[0].Address
	}
	if !strings.HasPrefix(t.Complaint.SubType, "OnAccountSuppressionList") {
		return []messaging.Event{stop}
	}
	out.Key += ".state"
	out.Reached, out.Permanent, out.Code = messaging.ReachedFailed, true, "OnAccountSuppressionList"
	return []messaging.Event{stop, out}
}

// reason is the provider's words, as far as they are words.
func reason(a, b string) string {
	return strings.Trim(code(a)+"/"+code(b), "/")
}
