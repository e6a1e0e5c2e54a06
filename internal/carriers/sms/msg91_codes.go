package sms

import (
	"time"

	"almirah/internal/messaging"
)

// msg91Codes says what MSG91's error codes mean. They are those of its older interfaces; the flow
// interface brings some of them in "code" or "apiError", and often none.
var msg91Codes = map[string]verdict{
	// The account, its balance, this machine's address: every message would meet them.
	"106": {outcome: messaging.Broken}, // no key
	"201": {outcome: messaging.Broken}, // wrong key
	"207": {outcome: messaging.Broken}, // wrong key
	"208": {outcome: messaging.Broken}, // address not allowed
	"301": {outcome: messaging.Broken}, // no balance
	"302": {outcome: messaging.Broken}, // account expired
	"303": {outcome: messaging.Broken}, // account banned
	"401": {outcome: messaging.Broken},
	"418": {outcome: messaging.Broken}, // address not allowed
	"505": {outcome: messaging.Broken}, // a demo account

	// The person.
	"101": {outcome: messaging.Refused, elsewhere: true}, // no number
	"202": {outcome: messaging.Refused, elsewhere: true}, // not a number

	// This message.
	"102": {outcome: messaging.Refused},
	"103": {outcome: messaging.Refused},
	"105": {outcome: messaging.Refused},
	"107": {outcome: messaging.Refused},
	"203": {outcome: messaging.Refused}, // header
	"205": {outcome: messaging.Refused},
	"209": {outcome: messaging.Refused},
	"210": {outcome: messaging.Refused},
	"211": {outcome: messaging.Refused}, // template
	"307": {outcome: messaging.Refused},
	"308": {outcome: messaging.Refused},
	"309": {outcome: messaging.Refused},
	"310": {outcome: messaging.Refused}, // too long

	// Not now.
	"001": {outcome: messaging.Later, wait: time.Minute},
	"002": {outcome: messaging.Later, wait: time.Minute},
	"306": {outcome: messaging.Later, wait: time.Hour}, // this route is closed at night
	"429": {outcome: messaging.Later, wait: 10 * time.Second},
	"506": {outcome: messaging.Later, wait: time.Hour}, // too many small campaigns in a day

	// "The same request within ten seconds" says that an earlier one may have been taken, and an
	// internal error says nothing: a person looks.
	"311": {outcome: messaging.Uncertain},
	"601": {outcome: messaging.Uncertain},
}

// msg91Words are the sentences of answers without a code, in lower case, with the code that we
// give them. The first that fits counts. The wording is not documented, so an unknown sentence is
// a plain refusal.
var msg91Words = []struct {
	says, code string
	verdict
}{
	{"authkey", "auth", verdict{outcome: messaging.Broken}},
	{"auth key", "auth", verdict{outcome: messaging.Broken}},
	{"authentication", "auth", verdict{outcome: messaging.Broken}},
	{"unauthorized", "auth", verdict{outcome: messaging.Broken}},
	{"ip not whitelist", "address", verdict{outcome: messaging.Broken}},
	{"ip is not whitelist", "address", verdict{outcome: messaging.Broken}},
	{"ip is blacklisted", "address", verdict{outcome: messaging.Broken}},
	{"api security", "address", verdict{outcome: messaging.Broken}},
	{"balance", "balance", verdict{outcome: messaging.Broken}},
	{"blocked account", "account", verdict{outcome: messaging.Broken}},
	{"account expired", "account", verdict{outcome: messaging.Broken}},
	{"too many", "rate", verdict{outcome: messaging.Later, wait: 10 * time.Second}},
	{"rate limit", "rate", verdict{outcome: messaging.Later, wait: 10 * time.Second}},
	{"try again", "busy", verdict{outcome: messaging.Later, wait: time.Minute}},
	{"mobile", "number", verdict{outcome: messaging.Refused, elsewhere: true}},
	{"template", "template", verdict{outcome: messaging.Refused}},
	{"flow", "template", verdict{outcome: messaging.Refused}},
	{"dlt", "dlt", verdict{outcome: messaging.Refused}},
}

// msg91States says what the numbers in MSG91's delivery reports mean; permanent says that another
// channel may be tried.
var msg91States = map[string]struct {
	reached   messaging.Reached
	permanent bool
}{
	"1":  {messaging.ReachedDelivered, false},
	"2":  {messaging.ReachedFailed, false},
	"5":  {messaging.ReachedAccepted, false}, // pending
	"8":  {messaging.ReachedSent, false},     // submitted
	"9":  {messaging.ReachedFailed, true},    // on the do-not-call register (promotional messages)
	"16": {messaging.ReachedFailed, true},    // rejected
	"17": {messaging.ReachedFailed, true},    // blocked number
	"25": {messaging.ReachedFailed, true},    // rejected

	// The newer webhooks write words where the older ones write numbers.
	"delivered":      {messaging.ReachedDelivered, false},
	"sent":           {messaging.ReachedSent, false},
	"submitted":      {messaging.ReachedSent, false},
	"pending":        {messaging.ReachedAccepted, false},
	"queued":         {messaging.ReachedAccepted, false},
	"failed":         {messaging.ReachedFailed, false},
	"undelivered":    {messaging.ReachedFailed, false},
	"rejected":       {messaging.ReachedFailed, true},
	"blocked":        {messaging.ReachedFailed, true},
	"blocked number": {messaging.ReachedFailed, true},
	"ndnc":           {messaging.ReachedFailed, true},
}
