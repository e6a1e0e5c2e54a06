package whatsapp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

var _ messaging.Eraser = (*Carrier)(nil)

// Forgets is true of files alone: Meta has no call by which a message is erased.
func (c *Carrier) Forgets(file bool) bool { return file }

// Keeps is 30: Meta keeps messages and files for 30 days at most (Cloud API, overview and media reference, 2026).
func (c *Carrier) Keeps(bool) int { return 30 }

// Forget deletes a file that somebody sent. Meta says of a file that is gone, and of one that this token may not see, that it is not there: both are Absent.
func (c *Carrier) Forget(ctx context.Context, via messaging.Connection, what string, file bool) messaging.Forgotten {
	a, err := opened(&via)
	if err != nil {
		return messaging.Forgotten{Outcome: messaging.Broken, Code: "credentials"}
	}
	if !file || !digits(what, 1, 64) {
		return messaging.Forgotten{Outcome: messaging.Refused, Code: "id"}
	}
	var done succeeded
	if err = c.call(ctx, a, http.MethodDelete, []string{what}, url.Values{"phone_number_id": {a.PhoneNumberID}}, nil, &done); err == nil {
		err = done.err()
	}
	out := messaging.Forgotten{Outcome: messaging.Refused, Code: Code(err)}
	var why *fault.Fault
	switch {
	case err == nil:
		out = messaging.Forgotten{Outcome: messaging.Accepted, Code: "200"}
	case !errors.As(err, &why) || why.Kind == fault.Unavailable || out.Code == "404" || out.Code == "410": // without a word of Meta's it is somebody on the way
		out.Outcome = messaging.Later
	case why.Args["Absent"] == true:
		out.Outcome = messaging.Absent
	case why.Kind == fault.TooMany:
		out.Outcome, out.Wait = messaging.Later, time.Duration(why.RetryAfter)*time.Second
	case why.Key == "fault.whatsapp.account":
		out.Outcome = messaging.Broken
	}
	return out
}
