package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"almirah/internal/carriers/handover"
	"almirah/internal/messaging"
)

var _ messaging.Eraser = (*Twilio)(nil)

// Forgets is true: Twilio erases messages and files when it is asked.
func (t *Twilio) Forgets(bool) bool { return true }

// Keeps is 0: Twilio's terms name no day.
func (t *Twilio) Keeps(bool) int { return 0 }

// Forget deletes a message, with its text, or a file that came with one. A message that is still under way is asked for again later. Only Twilio's own word counts for what is not
// there: a 404 without its code may be anybody's on the way.
func (t *Twilio) Forget(ctx context.Context, via messaging.Connection, what string, file bool) messaging.Forgotten {
	c, err := read[TwilioCredentials](via.Credentials)
	if err != nil {
		return messaging.Forgotten{Outcome: messaging.Broken, Code: "credentials"}
	}
	message, medium, _ := strings.Cut(what, "/")
	if file && !mediaID.MatchString(what) || !file && !messageSID.MatchString(what) {
		return messaging.Forgotten{Outcome: messaging.Refused, Code: "id"}
	}
	at := t.base + "/2010-04-01/Accounts/" + c.AccountSID + "/Messages/" + message
	if file {
		at += "/Media/" + medium
	}
	ctx, cancel := context.WithTimeout(ctx, t.wire.timeout)
	defer cancel()
	r, err := t.request(ctx, http.MethodDelete, at+".json", c, nil)
	if err != nil {
		return messaging.Forgotten{Outcome: messaging.Later, Code: "address"}
	}
	got, err := t.wire.do(ctx, r)
	if err != nil && got.status == 0 {
		return messaging.Forgotten{Outcome: messaging.Later, Code: handover.Trouble(err, true)}
	}
	return t.forgot(got)
}

// Twilio's codes for what cannot be deleted yet, because it has neither arrived nor failed, and for what is not there.
const (
	twilioMoving = 20009
	twilioAbsent = 20404
)

// forgot reads the answer to a deletion.
func (t *Twilio) forgot(got reply) messaging.Forgotten {
	var e twilioError
	_ = json.Unmarshal(got.body, &e) // what is not Twilio's has no code
	out := messaging.Forgotten{Outcome: messaging.Later, Code: strconv.Itoa(got.status)}
	if e.Code != 0 {
		out.Code = strconv.Itoa(e.Code)
	}
	switch s := got.status; {
	case s == http.StatusNoContent:
		out.Outcome = messaging.Accepted
	case s == http.StatusNotFound && e.Code == twilioAbsent:
		out.Outcome = messaging.Absent
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		out.Outcome = messaging.Broken
	case s == http.StatusTooManyRequests, s >= 500:
		out.Wait = t.wire.retryAfter(got.header)
	case s >= 400 && e.Code != 0 && e.Code != twilioMoving:
		out.Outcome = messaging.Refused
	}
	return out
}
