package sms

import (
	"time"

	"almirah/internal/messaging"
)

// twilioCodes says what Twilio's error codes mean for a message. They come as the answer to a
// message and, later, in a status callback; there Elsewhere becomes Event.Permanent. A code that
// is not here counts by its HTTP status, and in a callback as a failure that may pass.
//
// Broken are those that every message of this connection would meet: the account, its balance,
// the sender. They pause the channel instead of burning one message after another. 20500 and
// 20504 are missing on purpose: "internal error" and "gateway timeout" do not say whether the
// message was taken. None of this was tried against Twilio itself: it follows its published
// list, which changes.
var twilioCodes = map[int]verdict{
	// Sign-in and account.
	20003: {outcome: messaging.Broken}, // authentication or permission
	20005: {outcome: messaging.Broken}, // account not active
	20006: {outcome: messaging.Broken}, // access denied
	20008: {outcome: messaging.Broken}, // test credentials
	20403: {outcome: messaging.Broken}, // forbidden
	20404: {outcome: messaging.Broken}, // there is no such account
	21218: {outcome: messaging.Broken}, // account not active
	30002: {outcome: messaging.Broken}, // account suspended
	30009: {outcome: messaging.Refused},

	// Not now.
	14107: {outcome: messaging.Later, wait: time.Minute},      // rate exceeded
	20429: {outcome: messaging.Later, wait: 10 * time.Second}, // too many requests
	20503: {outcome: messaging.Later, wait: time.Minute},      // service unavailable
	21611: {outcome: messaging.Later, wait: time.Minute},      // this sender's queue is full
	30001: {outcome: messaging.Later, wait: time.Minute},      // queue overflow
	30022: {outcome: messaging.Later, wait: time.Minute},      // US 10DLC rate
	30023: {outcome: messaging.Later, wait: time.Hour},        // US 10DLC daily cap

	// The sender.
	21212: {outcome: messaging.Broken}, // not a valid sender
	21603: {outcome: messaging.Broken}, // no sender
	21606: {outcome: messaging.Broken}, // the number is not the account's, or cannot send SMS
	21659: {outcome: messaging.Broken}, // not the account's
	21660: {outcome: messaging.Broken}, // another account's
	21661: {outcome: messaging.Broken}, // cannot send SMS
	21701: {outcome: messaging.Broken}, // there is no such messaging service
	21703: {outcome: messaging.Broken}, // the messaging service has no number
	21704: {outcome: messaging.Broken}, // the messaging service has no number that can send this
	30032: {outcome: messaging.Broken}, // toll-free number not verified
	30034: {outcome: messaging.Broken}, // US 10DLC: number not registered
	30037: {outcome: messaging.Broken}, // sending switched off for the account

	// The person: nothing will reach her by SMS, another channel may.
	21211: {outcome: messaging.Refused, elsewhere: true},                // not a valid number
	21214: {outcome: messaging.Refused, elsewhere: true},                // cannot be reached
	21217: {outcome: messaging.Refused, elsewhere: true},                // does not look valid
	21265: {outcome: messaging.Refused, elsewhere: true},                // a short code
	21408: {outcome: messaging.Refused, elsewhere: true},                // the account may not send to this region
	21608: {outcome: messaging.Refused, elsewhere: true},                // a trial account: number not verified
	21610: {outcome: messaging.Refused, elsewhere: true, stopped: true}, // she has stopped messages from this sender
	21612: {outcome: messaging.Refused, elsewhere: true},                // not reachable from this sender
	21614: {outcome: messaging.Refused, elsewhere: true},                // not a mobile number
	21635: {outcome: messaging.Refused, elsewhere: true},                // a landline
	30004: {outcome: messaging.Refused, elsewhere: true},                // blocked
	30005: {outcome: messaging.Refused, elsewhere: true},                // unknown number
	30006: {outcome: messaging.Refused, elsewhere: true},                // a landline, or a network that cannot be reached
	30007: {outcome: messaging.Refused, elsewhere: true},                // filtered on the way; the same text would be again
	30011: {outcome: messaging.Refused, elsewhere: true},                // no MMS in this region
	30453: {outcome: messaging.Refused, elsewhere: true},                // held for fraud protection

	// This message, or this moment: the person may be reached by the next one.
	20001: {outcome: messaging.Refused}, // a parameter
	20422: {outcome: messaging.Refused}, // a parameter
	21602: {outcome: messaging.Refused}, // no text
	21604: {outcome: messaging.Refused}, // no recipient
	21605: {outcome: messaging.Refused}, // too long
	21609: {outcome: messaging.Refused}, // the callback's address
	21617: {outcome: messaging.Refused}, // too long
	21619: {outcome: messaging.Refused}, // no text
	21620: {outcome: messaging.Refused}, // media address
	21656: {outcome: messaging.Refused}, // values of a content template
	30003: {outcome: messaging.Refused}, // phone off or out of reach
	30008: {outcome: messaging.Refused}, // unknown
	30010: {outcome: messaging.Refused}, // dearer than the price given
	30036: {outcome: messaging.Refused}, // not delivered within its validity
}
