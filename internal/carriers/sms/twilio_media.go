package sms

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/carriers/handover"
	"almirah/internal/messaging"
)

var _ messaging.Fetcher = (*Twilio)(nil)

// MediaHosts are where Twilio keeps the files that people send; its answer leads there.
func MediaHosts() []string { return []string{"mms.twiliocdn.com", "media.twiliocdn.com"} }

var mediaID = regexp.MustCompile(`^(?:SM|MM)[0-9a-fA-F]{32}/ME[0-9a-fA-F]{32}$`)

// Bring fetches a file in two steps: Twilio is asked for it with the account's own secret, and answers with an address
// at one of MediaHosts that is good for a while; that one is asked without any secret. Nothing else is followed.
func (t *Twilio) Bring(ctx context.Context, via messaging.Connection, m messaging.Media, most int64) messaging.Fetched {
	c, err := read[TwilioCredentials](via.Credentials)
	if err != nil {
		return messaging.Fetched{Outcome: messaging.Broken, Code: "credentials"}
	}
	message, file, _ := strings.Cut(m.ID, "/")
	if !mediaID.MatchString(m.ID) {
		return messaging.Fetched{Outcome: messaging.Refused, Code: "id"}
	}
	ctx, cancel := context.WithTimeout(ctx, t.wire.timeout)
	defer cancel()
	r, err := t.request(ctx, http.MethodGet, t.base+"/2010-04-01/Accounts/"+c.AccountSID+"/Messages/"+message+"/Media/"+file, c, nil)
	if err != nil {
		return messaging.Fetched{Outcome: messaging.Later, Code: "address"}
	}
	r.Header.Set("Accept", "*/*")
	res, out := t.step(r, most)
	if out.Outcome != "" {
		return out
	}
	if res.StatusCode < 300 || res.StatusCode > 399 {
		return messaging.Fetched{Outcome: messaging.Accepted, Body: out.Body}
	}
	to, err := res.Location()
	if err != nil || !t.holdsMedia(to) {
		return messaging.Fetched{Outcome: messaging.Refused, Code: "host"}
	}
	r, err = http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return messaging.Fetched{Outcome: messaging.Refused, Code: "host"}
	}
	r.Header.Set("User-Agent", userAgent)
	res, out = t.step(r, most)
	switch {
	case out.Outcome == messaging.Refused && (out.Code == "403" || out.Code == "404"), out.Outcome == messaging.Broken: // the address has run out: ask for a new one
		out.Outcome = messaging.Later
	case out.Outcome == "" && res.StatusCode != http.StatusOK:
		out = messaging.Fetched{Outcome: messaging.Refused, Code: "host"}
	case out.Outcome == "":
		out.Outcome = messaging.Accepted
	}
	return out
}

// step makes one request. An outcome says that it ended there; otherwise the answer is a body or leads elsewhere.
func (t *Twilio) step(r *http.Request, most int64) (*http.Response, messaging.Fetched) {
	res, err := t.wire.client.Do(r)
	if err != nil {
		return nil, messaging.Fetched{Outcome: messaging.Later, Code: handover.Trouble(err, true)}
	}
	defer func() { _ = res.Body.Close() }()
	code := strconv.Itoa(res.StatusCode)
	switch s := res.StatusCode; {
	case s >= 300 && s < 400:
		return res, messaging.Fetched{}
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return res, messaging.Fetched{Outcome: messaging.Broken, Code: code}
	case s == http.StatusTooManyRequests:
		return res, messaging.Fetched{Outcome: messaging.Later, Code: code, Wait: t.wire.retryAfter(res.Header)}
	case s >= 500:
		return res, messaging.Fetched{Outcome: messaging.Later, Code: code}
	case s != http.StatusOK:
		return res, messaging.Fetched{Outcome: messaging.Refused, Code: code}
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	switch {
	case err != nil:
		return res, messaging.Fetched{Outcome: messaging.Later, Code: handover.Trouble(err, true)}
	case int64(len(body)) > most:
		return res, messaging.Fetched{Outcome: messaging.Refused, Code: "size"}
	}
	return res, messaging.Fetched{Body: body}
}

// holdsMedia says whether a file may be fetched from the address: Twilio's own hosts, over HTTPS (over HTTP only where the
// whole interface is, in tests).
func (t *Twilio) holdsMedia(u *url.URL) bool {
	own, err := url.Parse(t.base)
	if err != nil || u.User != nil {
		return false
	}
	if own.Scheme == "http" && u.Scheme == own.Scheme && u.Host == own.Host {
		return true
	}
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && slices.Contains(MediaHosts(), strings.ToLower(u.Hostname()))
}
