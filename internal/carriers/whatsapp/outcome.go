package whatsapp

import (
	"net/http"
	"strconv"
	"time"

	"almirah/internal/messaging"
)

// verdict is what one of Meta's error codes says about a message. The same codes come in the
// answer to a message and, later, in the news of its failure.
type verdict struct {
	outcome   messaging.Outcome // empty: nobody can tell from the code
	elsewhere bool              // this person cannot be reached here; another channel may be tried
	wait      time.Duration     // with Later: at least so long, where Meta names no time of its own
	holds     holding           // with Later: what has to wait with this message
}

// holding says what else has to wait when a message has to.
type holding int

const (
	holdsNothing holding = iota
	holdsPair            // this number's other messages to the same person
	holdsNumber          // everything that this number sends
)

// verdicts are Meta's error codes (developers.facebook.com, WhatsApp error codes, 15 May 2026).
// What is not here is judged by the status of the answer.
func verdicts(code int) (verdict, bool) {
	broken, refused := verdict{outcome: messaging.Broken}, verdict{outcome: messaging.Refused}
	unreachable := verdict{outcome: messaging.Refused, elsewhere: true}
	later := func(wait time.Duration, holds holding) verdict {
		return verdict{outcome: messaging.Later, wait: wait, holds: holds}
	}
	switch {
	case code >= 200 && code <= 299: // a permission that the token lacks
		return broken, true
	}
	switch code {
	// The account: its owner has to mend something; nothing will go through until then.
	case 0, 190: // the token is wrong, expired or taken back
		return broken, true
	case 3, 10: // the app may not do this
		return broken, true
	case 33: // the number was deleted
		return broken, true
	case 368: // blocked for breaking a policy
		return broken, true
	case 131031: // the account is locked
		return broken, true
	case 131042: // payment trouble
		return broken, true
	case 131048: // too many people blocked or reported this number: every further message makes it worse
		return broken, true
	case 133010: // the number is not registered
		return broken, true

	// Not now.
	case 4: // calls of the app, counted by the hour
		return later(10*time.Minute, holdsNumber), true
	case 80007: // calls of the account, counted by the hour
		return later(10*time.Minute, holdsNumber), true
	case 130429: // messages a second of this number
		return later(5*time.Second, holdsNumber), true
	case 131056: // messages to this person: one in six seconds, 45 borrowed
		return later(time.Minute, holdsPair), true
	case 131016: // the service is down
		return later(time.Minute, holdsNumber), true
	case 131057: // the account is being looked after
		return later(5*time.Minute, holdsNumber), true
	case 131049: // Meta holds this person to be written to enough by businesses for today
		return later(24*time.Hour, holdsNothing), true

	// The person cannot be reached here.
	case 131026: // not on WhatsApp, an old app, terms not accepted; says nothing about the number as such
		return unreachable, true
	case 131030: // a test number reaches only the people on its list
		return unreachable, true
	case 130472: // is in an experiment of Meta's, with no messages of this kind
		return unreachable, true

	// The message itself.
	case 131050: // this person stopped marketing from this business: nor is she chased elsewhere
		return refused, true
	case 131047: // more than 24 hours since she wrote: only a template may go
		return refused, true
	case 131021: // to the number itself
		return refused, true
	case 131008, 131009, 100: // a parameter is missing or wrong
		return refused, true
	case 131051: // a kind of message that is not taken
		return refused, true
	case 131052, 131053: // media could not be fetched or stored
		return refused, true
	case 132000, 132012: // the values do not fit the template, in number or in form
		return refused, true
	case 132001: // no such template in this language
		return refused, true
	case 132005: // too long once the values are in
		return refused, true
	case 132007: // the template breaks a policy
		return refused, true
	case 132015, 132016: // the template is paused or disabled
		return refused, true

	case 131000: // "something went wrong": the status decides
		return verdict{}, true
	}
	return verdict{}, false
}

// judged turns an error answer to a message that was handed over into a receipt. code is 0 and
// read false where the answer held no error of Meta's.
func judged(status int, code int, read bool, asked time.Duration) messaging.Receipt {
	name := strconv.Itoa(status)
	if read {
		name = strconv.Itoa(code)
		if v, _ := verdicts(code); v.outcome != "" {
			r := messaging.Receipt{Outcome: v.outcome, Code: name, Elsewhere: v.elsewhere, Stopped: code == 131050}
			if v.outcome == messaging.Later {
				r.Wait = max(v.wait, asked)
			}
			return r
		}
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return messaging.Receipt{Outcome: messaging.Broken, Code: name}
	case status == http.StatusTooManyRequests:
		return messaging.Receipt{Outcome: messaging.Later, Code: name, Wait: max(time.Minute, asked)}
	case status == http.StatusRequestTimeout: // the server gave up waiting for the rest of the request
		return messaging.Receipt{Outcome: messaging.Later, Code: name}
	case status >= 300 && status < 400: // somebody on the way sends us elsewhere; the message was not taken
		return messaging.Receipt{Outcome: messaging.Later, Code: name}
	case status < 500: // also an unknown error in an answer of 200
		return messaging.Receipt{Outcome: messaging.Refused, Code: name}
	}
	return messaging.Receipt{Outcome: messaging.Uncertain, Code: name}
}

// lasting says whether a failure that comes as news will not go away, so that another channel
// may be tried.
func lasting(code int) bool {
	v, _ := verdicts(code)
	return v.elsewhere
}
