package ses

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Notice is what SNS posts, before it is signed. Empty fields are filled with what is right.
type Notice struct {
	Type, MessageID, Topic, Message string
	Subject                         *string
	At                              time.Time
	Version                         string // of the signature
	Seal                            Seal
	SealURL                         string // instead of the seal's own
	SubscribeURL                    string
	Host                            string // of the seal's address, instead of the region's
}

// host is where SNS is.
func (s *Server) host() string { return "sns." + s.options.Region + ".amazonaws.com" }

// Sign makes the body that SNS would post.
func (s *Server) Sign(n Notice) []byte {
	or := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	s.mu.Lock()
	s.count++
	count := s.count
	s.mu.Unlock()
	or(&n.Type, "Notification")
	or(&n.MessageID, fmt.Sprintf("22b80b92-fdea-4c2c-8f9d-%012x", count))
	or(&n.Topic, s.options.Topic)
	or(&n.Version, s.options.Version)
	or((*string)(&n.Seal), string(Good))
	or(&n.Host, s.host())
	or(&n.SealURL, "https://"+n.Host+"/"+string(n.Seal))
	if n.At.IsZero() {
		n.At = time.Now()
	}
	stamp := n.At.UTC().Format("2006-01-02T15:04:05.000Z")
	body := map[string]string{"Type": n.Type, "MessageId": n.MessageID, "TopicArn": n.Topic, "Message": n.Message, "Timestamp": stamp,
		"SignatureVersion": n.Version, "SigningCertURL": n.SealURL}
	keys := []string{"Message", "MessageId", "Timestamp", "TopicArn", "Type"}
	if n.Type == "Notification" {
		body["UnsubscribeURL"] = "https://" + s.host() + "/?Action=Unsubscribe&SubscriptionArn=" + n.Topic + ":c9135db0-26c4-47ec-8998-413945fb5a96"
		if n.Subject != nil {
			body["Subject"] = *n.Subject
			keys = append(keys, "Subject")
		}
	} else {
		body["Token"] = strings.Repeat(fmt.Sprintf("%08x", count), 16)
		or(&n.Message, "You have chosen to subscribe to the topic "+n.Topic+".\nTo confirm the subscription, visit the SubscribeURL included in this message.")
		body["Message"] = n.Message
		or(&n.SubscribeURL, "https://"+s.host()+"/?Action=ConfirmSubscription&TopicArn="+n.Topic+"&Token="+body["Token"])
		body["SubscribeURL"] = n.SubscribeURL
		keys = append(keys, "SubscribeURL", "Token")
	}
	slices.Sort(keys)
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(k + "\n" + body[k] + "\n")
	}
	body["Signature"] = s.signature(n.Version, text.String())
	out, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		panic(err) // strings alone
	}
	return out
}

func (s *Server) signature(version, text string) string {
	kind, sum := crypto.SHA1, sha1.Sum([]byte(text))
	hashed := sum[:]
	if version == "2" {
		wide := sha256.Sum256([]byte(text))
		kind, hashed = crypto.SHA256, wide[:]
	}
	out, err := rsa.SignPKCS1v15(rand.Reader, s.authority.key, kind, hashed)
	if err != nil {
		panic(err) // the key is our own
	}
	return base64.StdEncoding.EncodeToString(out)
}

// Certificate is the file of a seal, for readers that fetch nothing.
func (s *Server) Certificate(x Seal) string { return string(s.authority.files[x]) }

// confirm is the other end of SubscribeURL.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("TopicArn") != s.options.Topic || len(r.URL.Query().Get("Token")) != 128 {
		http.Error(w, "Invalid token", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.confirmed++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, "<ConfirmSubscriptionResponse><ConfirmSubscriptionResult><SubscriptionArn>%s:c9135db0</SubscriptionArn></ConfirmSubscriptionResult></ConfirmSubscriptionResponse>", s.options.Topic)
}

// fate is what becomes of a message, as events, by the addresses of Amazon's own simulator: a
// local part of bounce, suppressionlist, ooto (out of the office), complaint, or anything else,
// which is delivered and opened twice.
func (s *Server) fate(m Message) []string {
	local, _, _ := strings.Cut(m.To, "@")
	send, delivery := Event(m, "Send", `{}`), Event(m, "Delivery", `{"timestamp":"2026-11-24T12:00:05.321Z","processingTimeMillis":546,"recipients":[`+quote(m.To)+`],"smtpResponse":"250 ok:  Message 64111812 accepted","reportingMTA":"a8-70.smtp-out.amazonses.com","remoteMtaIp":"127.0.2.0"}`)
	switch local {
	case "bounce":
		return []string{send, Bounce(m, "Permanent", "General", "5.1.1")}
	case "suppressionlist":
		return []string{send, Bounce(m, "Permanent", "OnAccountSuppressionList", "")}
	case "ooto":
		return []string{send, delivery, Bounce(m, "Transient", "General", "")}
	case "complaint":
		return []string{send, delivery, Complaint(m, "abuse", "")}
	}
	open := Event(m, "Open", `{"timestamp":"2026-11-24T12:10:05.321Z","ipAddress":"192.0.2.1","userAgent":"Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}`)
	return []string{send, delivery, open, open}
}

// Event is an event of the kind about the message, as a configuration set tells it.
func Event(m Message, kind, inner string) string {
	to, subject := quote(m.To), quote(m.Header.Get("Subject"))
	field := strings.ToLower(kind[:1]) + kind[1:]
	if kind == "Rendering Failure" {
		field = "failure"
	}
	tags := map[string][]string{"ses:configuration-set": {m.Set}, "ses:source-ip": {"192.0.2.7"}, "ses:operation": {"SendRawEmail"}}
	for k, v := range m.Tags {
		tags[k] = []string{v}
	}
	marked, err := json.Marshal(tags)
	if err != nil {
		panic(err) // strings alone
	}
	return `{"eventType":"` + kind + `","mail":{"timestamp":"2026-11-24T12:00:00.000Z","source":` + quote(m.From) + `,"sourceArn":"arn:aws:ses:eu-central-1:123456789012:identity/clinic.example","sendingAccountId":"123456789012","messageId":"` +
		m.ID + `","destination":[` + to + `],"headersTruncated":false,"headers":[{"name":"To","value":` + to + `},{"name":"Subject","value":` + subject + `}],"commonHeaders":{"to":[` + to + `],"subject":` + subject + `},"tags":` + string(marked) + `},"` + field + `":` + inner + `}`
}

// Bounce is a bounce of the message; a status of "" leaves that out.
func Bounce(m Message, kind, sub, status string) string {
	r := map[string]string{"emailAddress": m.To, "action": "failed"}
	if status != "" {
		r["status"], r["diagnosticCode"] = status, "smtp; 550 "+status+" <"+m.To+">: no such person"
	}
	who, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings alone
	}
	return Event(m, "Bounce", `{"bounceType":"`+kind+`","bounceSubType":"`+sub+`","bouncedRecipients":[`+string(who)+`],"timestamp":"2026-11-24T12:00:06.042Z","feedbackId":"0107019af0-000000","reportingMTA":"dns; b224-13.smtp-out.eu-central-1.amazonses.com"}`)
}

// Complaint is a complaint about the message.
func Complaint(m Message, kind, sub string) string {
	return Event(m, "Complaint", `{"feedbackId":"0107019af1-000000","complaintSubType":`+null(sub)+`,"complainedRecipients":[{"emailAddress":`+quote(m.To)+`}],"timestamp":"2026-11-24T13:00:00.000Z","userAgent":"Yahoo!-Mail-Feedback/2.0","complaintFeedbackType":"`+kind+`","arrivalDate":"2026-11-24T13:00:00.000Z"}`)
}

// Identity turns an event into the form that an identity without a configuration set tells.
func Identity(event string) string {
	return strings.Replace(event, `"eventType":`, `"notificationType":`, 1)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string
	}
	return string(b)
}

func null(s string) string {
	if s == "" {
		return "null"
	}
	return quote(s)
}

// Flaws are what is wrong with a round of posts.
type Flaws struct {
	Twice         bool          // every notice comes twice, under the same id
	Backwards     bool          // the newest first
	SkipDelivered bool          // no Delivery is told
	Late          time.Duration // each is told this long after it happened
	Early         time.Duration // the clock of SNS is ahead by this
}

// Flush signs every event that was not told yet.
func (s *Server) Flush(f Flaws) [][]byte {
	s.mu.Lock()
	pending := s.pending
	s.pending = nil
	s.mu.Unlock()
	if f.SkipDelivered {
		pending = slices.DeleteFunc(pending, func(e string) bool { return strings.HasPrefix(e, `{"eventType":"Delivery"`) })
	}
	var out [][]byte
	for _, e := range pending {
		body := s.Sign(Notice{Message: e, At: time.Now().Add(f.Early - f.Late)})
		out = append(out, body)
		if f.Twice {
			out = append(out, body)
		}
	}
	if f.Backwards {
		slices.Reverse(out)
	}
	return out
}

// Post posts a body to a hook as SNS does, and again when it is not answered well: three times in
// all, without the pauses. It answers the last status; 0 when nobody answered.
func (s *Server) Post(hook string, body []byte) int {
	var head struct{ Type, MessageId, TopicArn string }
	_ = json.Unmarshal(body, &head)
	status := 0
	for range 3 {
		r, err := http.NewRequest(http.MethodPost, hook, strings.NewReader(string(body)))
		if err != nil {
			return 0
		}
		for k, v := range map[string]string{"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
			"x-amz-sns-message-type": head.Type, "x-amz-sns-message-id": head.MessageId, "x-amz-sns-topic-arn": head.TopicArn} {
			r.Header.Set(k, v)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if status = res.StatusCode; status < 300 {
			break
		}
	}
	return status
}

// Subscribe asks a hook whether it wants the topic's news and says whether it confirmed.
func (s *Server) Subscribe(hook string) bool {
	before := s.Confirmed()
	s.Post(hook, s.Sign(Notice{Type: "SubscriptionConfirmation"}))
	return s.Confirmed() > before
}
