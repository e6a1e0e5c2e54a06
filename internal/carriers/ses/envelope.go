package ses

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"

	"almirah/internal/messaging"
)

// maxBody is far above what SNS delivers (256 KiB and its frame).
const maxBody = 1 << 20

// The kinds of envelopes.
const (
	notification = "Notification"
	confirmation = "SubscriptionConfirmation"
	farewell     = "UnsubscribeConfirmation"
)

// envelope is what SNS posts.
type envelope struct {
	Type             string
	MessageID        string `json:"MessageId"`
	TopicARN         string `json:"TopicArn"`
	Subject          *string
	Message          string
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
	SubscribeURL     string
	Token            string

	region string
	at     time.Time
}

var (
	messageID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)
	token     = regexp.MustCompile(`^[A-Za-z0-9]{1,1000}$`)
	sealPath  = regexp.MustCompile(`^/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$`)
)

// readEnvelope reads the body; messaging.ErrUnreadable for what SNS would not send. The parts of
// the string to sign are divided by line ends alone, so a line end is allowed in the message and
// nowhere else: otherwise one signed text could be read in two ways.
func readEnvelope(body []byte) (*envelope, error) {
	var e envelope
	if len(body) > maxBody || json.Unmarshal(body, &e) != nil {
		return nil, messaging.ErrUnreadable
	}
	arn := topicARN.FindStringSubmatch(e.TopicARN)
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if arn == nil || err != nil || !messageID.MatchString(e.MessageID) || e.Subject != nil && strings.ContainsAny(*e.Subject, "\r\n") {
		return nil, messaging.ErrUnreadable
	}
	e.region, e.at = arn[1], at
	switch e.Type {
	case notification:
	case confirmation, farewell:
		if !token.MatchString(e.Token) || strings.ContainsAny(e.SubscribeURL, "\r\n") {
			return nil, messaging.ErrUnreadable
		}
	default:
		return nil, messaging.ErrUnreadable
	}
	return &e, nil
}

// signed is the string that SNS signs.
func (e *envelope) signed() string {
	var b strings.Builder
	add := func(key, value string) { b.WriteString(key + "\n" + value + "\n") }
	add("Message", e.Message)
	add("MessageId", e.MessageID)
	if e.Type == notification {
		if e.Subject != nil {
			add("Subject", *e.Subject)
		}
	} else {
		add("SubscribeURL", e.SubscribeURL)
	}
	add("Timestamp", e.Timestamp)
	if e.Type != notification {
		add("Token", e.Token)
	}
	add("TopicArn", e.TopicARN)
	add("Type", e.Type)
	return b.String()
}

// checks says whether the signature is that of the key: version 1 is over SHA-1, which topics
// have unless they are told otherwise, version 2 over SHA-256.
func (e *envelope) checks(key *rsa.PublicKey) bool {
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		return false
	}
	switch e.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(e.signed()))
		return rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature) == nil
	case "2":
		sum := sha256.Sum256([]byte(e.signed()))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

// ours reads an address that an envelope names and says whether it is the topic's own SNS over
// HTTPS: the exact host of the region, no other port, no user, no fragment. Nothing else is ever
// fetched, whatever a body says.
func (e *envelope) ours(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 4096 || u.Scheme != "https" || u.Host != snsHost(e.region) || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, false
	}
	return u, true
}

// seal is where the certificate of the signature lies.
func (e *envelope) seal() (string, bool) {
	u, ok := e.ours(e.SigningCertURL)
	if !ok || u.RawQuery != "" || !sealPath.MatchString(u.Path) || u.RawPath != "" {
		return "", false
	}
	return u.String(), true
}

// yes is the address that confirms the subscription, when it confirms this one and does nothing else.
func (e *envelope) yes() (string, bool) {
	u, ok := e.ours(e.SubscribeURL)
	if !ok || u.Path != "/" && u.Path != "" {
		return "", false
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(q) != 3 || q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != e.TopicARN || q.Get("Token") != e.Token {
		return "", false
	}
	return u.String(), true
}
