package sms

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // Twilio's choice; as an HMAC it still cannot be forged
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/messaging"
)

// What Twilio never exceeds. Larger requests are not looked at.
const (
	maxTwilioBody   = 64 << 10
	maxTwilioParams = 300
	maxMedia        = 10
)

// Read reads a status callback or an inbound message. The signature is checked over the address
// that Twilio called, as the door knows it, and over Connection.HookURL, with and without the
// port: Twilio sorts the query before it calls, but signs what it was given. A callback carries
// no time in a zone, so At stays zero; the carrier's own minute (RawDlrDoneDate, zone unknown)
// is in Reason. There is no time in the signature either: an old request comes again with the
// same Key, and that is all that stops it.
func (t *Twilio) Read(_ context.Context, conn messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	refuse := func(err error) ([]messaging.Event, messaging.Answer, error) { return nil, messaging.Answer{}, err }
	if len(h.Body) > maxTwilioBody || len(h.URL) > 4096 {
		return refuse(messaging.ErrUnreadable)
	}
	signature, err := base64.StdEncoding.DecodeString(h.Header.Get("X-Twilio-Signature"))
	if err != nil || len(signature) != sha1.Size {
		return refuse(messaging.ErrForged)
	}
	c, err := read[TwilioCredentials](conn.Credentials)
	if err != nil {
		return refuse(messaging.ErrForged)
	}
	address, err := url.Parse(h.URL)
	if err != nil {
		return refuse(messaging.ErrUnreadable)
	}
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return refuse(messaging.ErrUnreadable)
	}
	said := query // of a GET, everything stands in the address
	var signed url.Values
	hash, hashed := query["bodySHA256"]
	ours := "" // HookURL counts where the address says nothing of its own
	switch {
	case hashed: // any body; the address carries its hash, and the signature covers the address
		sum := sha256.Sum256(h.Body)
		if len(hash) != 1 || !hmac.Equal([]byte(strings.ToLower(hash[0])), []byte(hex.EncodeToString(sum[:]))) {
			return refuse(messaging.ErrForged)
		}
	case h.Method == http.MethodPost || h.Method == "":
		if signed, err = url.ParseQuery(string(h.Body)); err != nil || len(signed) > maxTwilioParams {
			return refuse(messaging.ErrUnreadable)
		}
		said, ours = signed, conn.HookURL
	}
	if !fits(signature, c.signing(), addresses(h.URL, ours), signed) {
		return refuse(messaging.ErrForged)
	}
	if hashed {
		return otherNews(c, h.Body)
	}
	if said.Get("AccountSid") != c.AccountSID {
		return refuse(messaging.ErrForged)
	}
	return twilioNews(said), twiml(), nil
}

// twiml tells Twilio to answer nothing to the person.
func twiml() messaging.Answer {
	return messaging.Answer{Status: http.StatusOK, ContentType: "text/xml", Body: []byte("<Response/>")}
}

// addresses are the spellings of the address that the signature may have been made over.
func addresses(called, ours string) []string {
	list := []string{called}
	if ours != "" && ours != called {
		list = append(list, ours)
	}
	var out []string
	for _, s := range list {
		out = append(out, s)
		scheme, rest, ok := strings.Cut(s, "://")
		if !ok {
			continue
		}
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		host, path := rest[:end], rest[end:]
		port := ":443"
		if strings.EqualFold(scheme, "http") {
			port = ":80"
		}
		if without, had := strings.CutSuffix(host, port); had {
			out = append(out, scheme+"://"+without+path)
		} else if !portAtEnd.MatchString(host) {
			out = append(out, scheme+"://"+host+port+path)
		}
	}
	return out
}

var portAtEnd = regexp.MustCompile(`:[0-9]+$`)

// fits tries every live token over every spelling, all of them each time, so that the time it
// takes does not tell which fitted.
func fits(signature []byte, tokens, addresses []string, form url.Values) bool {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	var params strings.Builder
	for _, name := range names {
		// A name that comes twice counts once for each different value, in the order of the alphabet.
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			params.WriteString(name)
			params.WriteString(v)
		}
	}
	ok := false
	for _, token := range tokens {
		for _, a := range addresses {
			mac := hmac.New(sha1.New, []byte(token))
			mac.Write([]byte(a))
			mac.Write([]byte(params.String()))
			ok = hmac.Equal(mac.Sum(nil), signature) || ok
		}
	}
	return ok
}

// otherNews is what comes as something else than a form. It is kept and counted.
func otherNews(c TwilioCredentials, body []byte) ([]messaging.Event, messaging.Answer, error) {
	var account struct {
		SID   string `json:"AccountSid"` // encoding/json does not heed the case
		Snake string `json:"account_sid"`
	}
	if json.Unmarshal(body, &account) == nil {
		for _, sid := range []string{account.SID, account.Snake} {
			if sid != "" && sid != c.AccountSID {
				return nil, messaging.Answer{}, messaging.ErrForged
			}
		}
	}
	return []messaging.Event{unknown(body)}, twiml(), nil
}

// unknown keeps a request of which nothing is understood. The same request again has the same key.
func unknown(raw []byte) messaging.Event {
	sum := sha256.Sum256(raw)
	return messaging.Event{Kind: messaging.Unknown, Key: "raw." + hex.EncodeToString(sum[:]), Raw: raw}
}

// reached is how far a state of Twilio is; "" for what is no state of a message of ours.
func reached(state string) messaging.Reached {
	switch state {
	case "accepted", "scheduled", "queued", "sending":
		return messaging.ReachedAccepted
	case "sent", "partially_delivered":
		return messaging.ReachedSent
	case "delivered":
		return messaging.ReachedDelivered
	case "read":
		return messaging.ReachedRead
	case "failed", "undelivered", "canceled":
		return messaging.ReachedFailed
	}
	return ""
}

// twilioNews reads the parameters of a request whose signature fits. New parameters appear at any
// time, so nothing is refused for what it does not need.
func twilioNews(p url.Values) []messaging.Event {
	sid := orElse(p.Get("MessageSid"), p.Get("SmsSid"))
	state := strings.ToLower(orElse(p.Get("MessageStatus"), p.Get("SmsStatus")))
	switch {
	case !messageSID.MatchString(sid):
		return []messaging.Event{unknown([]byte(p.Encode()))}
	case state == "received" || state == "receiving" || state == "" && (p.Has("Body") || p.Has("NumMedia")):
		if strings.Contains(p.Get("From"), ":") { // another channel of the same account, such as whatsapp:+1555...
			return []messaging.Event{unknown([]byte(p.Encode()))}
		}
		return written(sid, p)
	case reached(state) == "":
		return []messaging.Event{unknown([]byte(p.Encode()))}
	}
	e := messaging.Event{Kind: messaging.StateNews, Key: sid + "." + state, ProviderID: sid, Reached: reached(state)}
	if done := p.Get("RawDlrDoneDate"); done != "" {
		if _, err := time.Parse("0601021504", done); err == nil {
			e.Reason = done
		}
	}
	if e.Reached == messaging.ReachedFailed {
		if n, err := strconv.Atoi(p.Get("ErrorCode")); err == nil && n > 0 {
			e.Code, e.Permanent = strconv.Itoa(n), permanent(n)
		}
	}
	if price := p.Get("Price"); price != "" {
		e.Pricing, _ = json.Marshal(map[string]string{"price": price, "price_unit": p.Get("PriceUnit")})
	}
	return []messaging.Event{e}
}

// permanent says whether another channel may be tried after a failure: the person cannot be
// reached by SMS, or the sender cannot be used.
func permanent(code int) bool {
	v := twilioCodes[code]
	return v.elsewhere || v.outcome == messaging.Broken
}

// written is a message of a person, and her choice where Twilio has made one of it. HELP is no
// choice: it neither stops nor resumes anything, so it is a message alone.
func written(sid string, p url.Values) []messaging.Event {
	e := messaging.Event{
		Kind: messaging.MessageNews, Key: sid, ProviderID: sid, From: twilioSender(p.Get("From")), Text: p.Get("Body"),
		Button: p.Get("ButtonPayload"), Media: media(p),
	}
	if to := p.Get("OriginalRepliedMessageSid"); messageSID.MatchString(to) {
		e.ReplyTo = to
	}
	choice := strings.ToUpper(p.Get("OptOutType"))
	e.Answered = choice != ""
	out := []messaging.Event{e}
	if choice == "STOP" || choice == "START" {
		out = append(out, messaging.Event{Kind: messaging.ChoiceNews, Key: sid + "." + strings.ToLower(choice), ProviderID: sid, From: e.From,
			Stop: choice == "STOP", Status: strings.ToLower(choice)})
	}
	return out
}

// twilioSender is who wrote: a number, a short code or name of a service, or nobody known.
func twilioSender(from string) messaging.Sender {
	if e164.MatchString(from) {
		return messaging.Sender{Phone: from}
	}
	return messaging.Sender{UserID: bounded(from, 64)}
}

func bounded(s string, bytes int) string {
	if len(s) > bytes {
		return strings.ToValidUTF8(s[:bytes], "")
	}
	return s
}

var mediaPath = regexp.MustCompile(`/Messages/((?:SM|MM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})$`)

// media are the pictures of a message: which they are, not where they lie, so that nobody can
// have us fetch an address of his own.
func media(p url.Values) []messaging.Media {
	n, err := strconv.Atoi(p.Get("NumMedia"))
	if err != nil || n <= 0 {
		return nil
	}
	var out []messaging.Media
	for i := range min(n, maxMedia) {
		at, err := url.Parse(p.Get("MediaUrl" + strconv.Itoa(i)))
		if err != nil {
			continue
		}
		if m := mediaPath.FindStringSubmatch(at.Path); m != nil {
			out = append(out, messaging.Media{ID: m[1] + "/" + m[2], ContentType: bounded(p.Get("MediaContentType"+strconv.Itoa(i)), 100)})
		}
	}
	return out
}
