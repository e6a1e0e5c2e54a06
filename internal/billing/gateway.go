package billing

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// What a gateway tells us is decoded into the types of this file and into nothing else. They have ids, amounts,
// currencies, states and times; there is no field for a card, its last digits, a name, a number or an
// address, so that none can be stored (promises H3, E8). Every word of a gateway's passes Token.

// Till is a clinic's own account at a gateway, opened for one call or one report. Whoever holds it lets go of
// it when the call returns.
type Till struct {
	ID          id.ID  // the account: the second half of {channel} in /hooks/{provider}/{channel}
	Provider    string // "razorpay", "stripe", "demo"
	Credentials []byte // the gateway's own JSON, sealed wherever it is kept
	HookURL     string // where the gateway reports to
}

// Checked is a form that was filled in rightly.
type Checked struct {
	Credentials []byte
	Last4       string // of the key's name, by which its owner recognises it
	Trial       bool   // keys of the gateway's test mode: no money moves
}

// Ask is one payment that we ask for.
type Ask struct {
	Reference   string // ours, of letters and digits, at most 40: the same reference never makes a second page
	Amount      int64  // in minor units of Currency
	Currency    string // ISO 4217
	Description string // the bill's number and the clinic's name; nothing about health, and no name of a person
	ExpiresAt   clock.Instant
	ReturnURL   string // where the browser comes back to; what it brings along is not read
}

// PageState is how a payment page of a gateway stands.
type PageState string

// The states of a payment page.
const (
	PageOpen   PageState = "open"
	PagePartly PageState = "partly" // some of it was paid
	PagePaid   PageState = "paid"
	PageClosed PageState = "closed" // cancelled or expired: nobody can pay there any more
)

// Page is a payment page that a gateway hosts.
type Page struct {
	ID        string // the gateway's: plink_…, cs_…
	OrderID   string // what its payments name, where the gateway has such a thing
	Reference string // ours
	URL       string // empty in reports
	Amount    int64
	Currency  string
	State     PageState
}

// CaptureState is how one attempt to pay stands. Only Captured is money.
type CaptureState string

// The states of a payment at a gateway, lowest first: a payment never goes back.
const (
	Started    CaptureState = "started"
	Failed     CaptureState = "failed" // may still be captured: a bank may answer late
	Authorized CaptureState = "authorized"
	Captured   CaptureState = "captured"
)

// Rank orders the states, so that the end is the same in whatever order reports come; 0 for an unknown word.
func (s CaptureState) Rank() int {
	switch s {
	case Started:
		return 1
	case Failed:
		return 2
	case Authorized:
		return 3
	case Captured:
		return 4
	}
	return 0
}

// Capture is one payment at a gateway.
type Capture struct {
	ID        string // pay_…, pi_…
	PageID    string // what ties it to us; empty where the report does not say
	OrderID   string
	Reference string
	Amount    int64
	Currency  string
	State     CaptureState
	Method    string // a kind, such as "upi" or "card"; never an instrument
	Code      string // of a failure
	At        clock.Instant
}

// ReturnState is how giving money back stands.
type ReturnState string

// The states of a refund at a gateway.
const (
	ReturnPending   ReturnState = "pending"
	ReturnProcessed ReturnState = "processed"
	ReturnFailed    ReturnState = "failed"
)

// Return is one refund at a gateway.
type Return struct {
	ID        string // rfnd_…, re_…
	PaymentID string
	Reference string // ours; empty when it was made in the gateway's own console
	Amount    int64
	Currency  string // empty where the gateway leaves it out: that of the payment
	State     ReturnState
	Code      string
	At        clock.Instant
}

// Back asks to give money back.
type Back struct {
	Reference string // ours: the same reference never gives back twice
	PaymentID string
	Amount    int64
	Currency  string
}

// Dispute is money that a bank takes back, or asks about (promise H7).
type Dispute struct {
	ID        string // disp_…, dp_…
	PaymentID string
	Amount    int64
	Currency  string
	State     string // the gateway's word: "open", "won", "lost" …
	Reason    string // the gateway's word
	RespondBy clock.Instant
	At        clock.Instant
}

// News is one report of a gateway, verified.
type News struct {
	Key      string // the gateway's id of the report: the same key twice is the same report
	Kind     string // the gateway's word, such as "payment.captured"
	Known    bool   // false: a kind that we do not act on; it is counted
	At       clock.Instant
	Pages    []Page
	Captures []Capture
	Returns  []Return
	Disputes []Dispute
	Ask      []string // payments of whose refunds the report speaks without naming them
}

// Standing is what a gateway says of a page when it is asked.
type Standing struct {
	Page     Page
	Captures []Capture
}

// Statement is what a gateway says happened between two moments.
type Statement struct {
	Captures []Capture
	Returns  []Return
	Disputes []Dispute
}

// GatewayHook is one request of a gateway as it came over the wire.
type GatewayHook struct {
	Header http.Header
	Body   []byte // raw: signatures are over bytes
}

// Errors of GatewayInbound.Read. Neither is logged with the body.
var (
	ErrHookForged     = errors.New("billing: the signature does not fit")
	ErrHookUnreadable = errors.New("billing: the report cannot be read")
)

// GatewayInbound reads what a gateway reports.
type GatewayInbound interface {
	// Read checks the signature in constant time against every live secret of the till. ErrHookForged when
	// none fits or it is out of time, ErrHookUnreadable for signed bytes that are no report. A kind of news that it
	// does not know is News with Known false, never an error. It asks nobody.
	Read(t Till, h GatewayHook, now clock.Instant) (News, error)
}

// Gateway takes payments for clinics, each by an account of the clinic's own. Its errors are those of Trouble.
type Gateway interface {
	GatewayInbound
	// Provider is its name in addresses and rows.
	Provider() string
	// Check reads what a person typed into the form; fault.Invalid over the fields of the form. It asks nobody.
	Check(typed map[string]string) (Checked, error)
	// Probe asks the gateway whether the keys work. No money moves.
	Probe(ctx context.Context, t Till) error
	// Open makes a payment page, or answers the one that was made with this reference.
	Open(ctx context.Context, t Till, a Ask) (Page, error)
	// Look asks how a page stands, with every payment on it. id is the gateway's; when it is empty the page is found by
	// its reference. fault.NotFound when the gateway has no such page.
	Look(ctx context.Context, t Till, id, reference string) (Standing, error)
	// Close ends a page, so that nobody can pay there any more. It is no error when it had ended; fault.Conflict when it was
	// paid meanwhile.
	Close(ctx context.Context, t Till, id string) error
	// GiveBack gives money back once for each reference. After an error that is Uncertain it may have happened.
	GiveBack(ctx context.Context, t Till, b Back) (Return, error)
	// Returns are the refunds of a payment.
	Returns(ctx context.Context, t Till, paymentID string) ([]Return, error)
	// Statement is everything that happened from one moment (inclusive) to another (exclusive).
	Statement(ctx context.Context, t Till, from, to clock.Instant) (Statement, error)
}

// Trouble is why a gateway did not do what it was asked.
type Trouble string

// The kinds of trouble, with the fault that Fault makes of each.
const (
	TroubleAccount Trouble = "account"     // Invalid: the keys are refused
	TroubleRefused Trouble = "refused"     // Invalid: it will not do this
	TroubleLater   Trouble = "later"       // TooMany: asked too often; nothing happened
	TroubleUnsure  Trouble = "unreachable" // Unavailable: no answer; it may have happened
)

// Fault makes the error of a gateway. It holds the gateway's code and none of its sentences: a sentence may quote a person.
func (t Trouble) Fault(code string) error {
	kind := fault.Invalid
	switch t {
	case TroubleLater:
		kind = fault.TooMany
	case TroubleUnsure:
		kind = fault.Unavailable
	}
	f := fault.New(kind, "fault.gateway."+string(t)).With("Code", Token(code))
	if t == TroubleLater {
		f.RetryAfter = 60
	}
	return f
}

// Uncertain says whether what was asked may have happened although err came back.
func Uncertain(err error) bool { return err != nil && fault.KindOf(err) == fault.Unavailable }

// mostDigits is the longest run of digits that a gateway's word may hold: a card number has at least twelve.
const mostDigits = 11

// Token keeps what can be an id or a word of a gateway: letters, digits, '_', '-' and '.', at most 128 bytes, and no
// run of digits that could be a card number. Anything else is dropped whole (promise H3).
func Token(s string) string {
	if len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("_-.", r)
	}) {
		return ""
	}
	run := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if run++; run > mostDigits {
				return ""
			}
		case r == '-' || r == '.': // the digits of a card are often written in groups
		default:
			run = 0
		}
	}
	return s
}

// referenceWords is how our ids are written for gateways: letters only, so that no run of digits looks like a card.
const referenceWords = "abcdefghijklmnop"

// Reference writes an id of ours as a gateway keeps it: 32 letters.
func Reference(one id.ID) string {
	out := make([]byte, 0, 32)
	for _, b := range one {
		out = append(out, referenceWords[b>>4], referenceWords[b&15])
	}
	return string(out)
}

// ReadReference reads what Reference wrote; id.Zero for anything else.
func ReadReference(s string) id.ID {
	var out id.ID
	if len(s) != 2*len(out) {
		return id.Zero
	}
	for i := range out {
		hi, lo := strings.IndexByte(referenceWords, s[2*i]), strings.IndexByte(referenceWords, s[2*i+1])
		if hi < 0 || lo < 0 {
			return id.Zero
		}
		out[i] = byte(hi<<4 | lo)
	}
	return out
}
