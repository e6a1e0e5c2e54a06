package sms

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"

	"almirah/internal/fault"
)

var errCredentials = errors.New("sms: the connection's credentials cannot be read")

// Patterns of what the providers hand out.
var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	keySID     = regexp.MustCompile(`^SK[0-9a-fA-F]{32}$`)
	serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	messageSID = regexp.MustCompile(`^(SM|MM)[0-9a-fA-F]{32}$`)
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	shortCode  = regexp.MustCompile(`^[0-9]{3,8}$`)
	senderName = regexp.MustCompile(`^[A-Za-z0-9 +&_-]{1,11}$`)
	hasLetter  = regexp.MustCompile(`[A-Za-z]`)
	dltHeader  = regexp.MustCompile(`^([A-Za-z]{6}|[0-9]{6})$`)
	dltID      = regexp.MustCompile(`^[0-9]{19}$`)
	urlSafe    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// TwilioCredentials are a clinic's account at Twilio. Requests are signed in with a key
// (KeySID and KeySecret), or with the account's own token where there is no key. What Twilio
// sends is signed with the account's token in either case, so that is needed too.
type TwilioCredentials struct {
	AccountSID string `json:"account_sid"`
	KeySID     string `json:"key_sid,omitempty"`
	KeySecret  string `json:"key_secret,omitempty"`
	AuthToken  string `json:"auth_token,omitempty"`

	// AuthTokens are the tokens that a signature may be made with: one, or two while the token
	// is being changed. Empty: AuthToken alone.
	AuthTokens []string `json:"auth_tokens,omitempty"`

	MessagingServiceSID string `json:"messaging_service_sid,omitempty"` // goes before From
	From                string `json:"from,omitempty"`                  // E.164, short code or a name of at most 11 characters
}

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid. It asks nobody.
func (c TwilioCredentials) Validate() error {
	var wrong fault.Fields
	switch {
	case c.AccountSID == "":
		wrong.Add("account_sid", "field.twilio.account_sid.required")
	case !accountSID.MatchString(c.AccountSID):
		wrong.Add("account_sid", "field.twilio.account_sid.invalid")
	}
	switch {
	case c.KeySID != "" && !keySID.MatchString(c.KeySID):
		wrong.Add("key_sid", "field.twilio.key_sid.invalid")
	case (c.KeySID == "") != (c.KeySecret == ""):
		wrong.Add("key_secret", "field.twilio.key_secret.pair")
	}
	if !printable(c.KeySecret) {
		wrong.Add("key_secret", "field.twilio.key_secret.invalid")
	}
	tokens := c.signing()
	switch {
	case len(tokens) == 0:
		wrong.Add("auth_token", "field.twilio.auth_token.required")
	case len(c.AuthTokens) > maxLive:
		wrong.Add("auth_token", "field.twilio.auth_token.many")
	}
	for _, t := range append(tokens, c.AuthToken) {
		if t != "" && (len(t) < 16 || !printable(t)) {
			wrong.Add("auth_token", "field.twilio.auth_token.invalid")
			break
		}
	}
	if c.MessagingServiceSID != "" && !serviceSID.MatchString(c.MessagingServiceSID) {
		wrong.Add("messaging_service_sid", "field.twilio.messaging_service_sid.invalid")
	}
	switch {
	case c.From == "" && c.MessagingServiceSID == "":
		wrong.Add("from", "field.twilio.from.required")
	case c.From != "" && !mayBeFrom(c.From):
		wrong.Add("from", "field.twilio.from.invalid")
	}
	return wrong.Err()
}

// mayBeFrom says whether Twilio takes s as a sender: a number, a short code, or a name with a letter in it.
func mayBeFrom(s string) bool {
	return e164.MatchString(s) || shortCode.MatchString(s) || senderName.MatchString(s) && hasLetter.MatchString(s)
}

// signing are the live tokens that a signature may be made with.
func (c TwilioCredentials) signing() []string {
	if len(c.AuthTokens) == 0 {
		return live([]string{c.AuthToken})
	}
	return live(c.AuthTokens)
}

// signIn is the user and the password of a request.
func (c TwilioCredentials) signIn() (user, password string) {
	if c.KeySID != "" {
		return c.KeySID, c.KeySecret
	}
	if c.AuthToken != "" {
		return c.AccountSID, c.AuthToken
	}
	if tokens := c.signing(); len(tokens) > 0 {
		return c.AccountSID, tokens[0]
	}
	return c.AccountSID, ""
}

// Last4 is the last four characters of the secret that requests are signed in with, so that a
// person can tell which one it is; "" when it is too short to show any of it.
func (c TwilioCredentials) Last4() string { _, secret := c.signIn(); return last4(secret) }

// String shows which account it is, and no secret.
func (c TwilioCredentials) String() string { return "twilio …" + last4(c.AccountSID) }

// GoString keeps %#v from showing a secret.
func (c TwilioCredentials) GoString() string { return c.String() }

// LogValue keeps a log from showing a secret.
func (c TwilioCredentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MSG91Credentials are a clinic's account at MSG91, with what the clinic registered for India's
// DLT (distributed ledger of the telecom operators, TRAI's rules of 2018).
type MSG91Credentials struct {
	AuthKey string `json:"authkey"`
	Sender  string `json:"sender"`            // the registered header, six characters
	PEID    string `json:"pe_id"`             // the clinic's own number as principal entity, 19 digits
	UserID  string `json:"user_id,omitempty"` // the account's number; reports that name another are refused

	// HookSecrets are what a report must bring, because MSG91 signs nothing: one, or two while
	// it is being changed. At least 24 characters that may stand in an address.
	HookSecrets []string `json:"hook_secrets"`
	// AllowedIPs are the addresses or networks that reports may come from. Empty: any.
	AllowedIPs []string `json:"allowed_ips,omitempty"`
}

// minHookSecret is the least length of a secret that is all the protection there is.
const minHookSecret = 24

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid. It asks nobody.
func (c MSG91Credentials) Validate() error {
	var wrong fault.Fields
	switch {
	case c.AuthKey == "":
		wrong.Add("authkey", "field.msg91.authkey.required")
	case len(c.AuthKey) < 16 || !urlSafe.MatchString(c.AuthKey):
		wrong.Add("authkey", "field.msg91.authkey.invalid")
	}
	if !dltHeader.MatchString(c.Sender) {
		wrong.Add("sender", "field.msg91.sender.invalid")
	}
	if !dltID.MatchString(c.PEID) {
		wrong.Add("pe_id", "field.msg91.pe_id.invalid")
	}
	switch {
	case len(live(c.HookSecrets)) == 0:
		wrong.Add("hook_secrets", "field.msg91.hook_secrets.required")
	case len(c.HookSecrets) > maxLive:
		wrong.Add("hook_secrets", "field.msg91.hook_secrets.many")
	}
	for _, s := range c.HookSecrets {
		if len(s) < minHookSecret || !urlSafe.MatchString(s) {
			wrong.Add("hook_secrets", "field.msg91.hook_secrets.invalid")
			break
		}
	}
	for _, s := range c.AllowedIPs {
		if _, err := network(s); err != nil {
			wrong.Add("allowed_ips", "field.msg91.allowed_ips.invalid")
			break
		}
	}
	return wrong.Err()
}

// Allows says whether a report may come from the address. With an empty list any may; with a
// list, an address that is not known may not.
func (c MSG91Credentials) Allows(from netip.Addr) bool {
	if len(c.AllowedIPs) == 0 {
		return true
	}
	for _, s := range c.AllowedIPs {
		if n, err := network(s); err == nil && from.IsValid() && n.Contains(from.Unmap()) {
			return true
		}
	}
	return false
}

// network reads an address or a network.
func network(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// Last4 is the last four characters of the key; "" when it is too short to show any of it.
func (c MSG91Credentials) Last4() string { return last4(c.AuthKey) }

// String shows which header it is, and no secret.
func (c MSG91Credentials) String() string { return "msg91 " + c.Sender }

// GoString keeps %#v from showing a secret.
func (c MSG91Credentials) GoString() string { return c.String() }

// LogValue keeps a log from showing a secret.
func (c MSG91Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// maxLive is how many secrets may be live at once: the old one and the new.
const maxLive = 2

// live leaves out empty secrets, which would fit a signature that anybody can make, and keeps
// the first two.
func live(secrets []string) []string {
	var out []string
	for _, s := range secrets {
		if s != "" && len(out) < maxLive {
			out = append(out, s)
		}
	}
	return out
}

func last4(s string) string {
	if len(s) < 12 {
		return ""
	}
	return s[len(s)-4:]
}

// printable says whether s is ASCII without spaces and control characters: what may stand in a header.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// read opens a connection's credentials. The error does not repeat them.
func read[T any](raw []byte) (T, error) {
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, errCredentials
	}
	return out, nil
}
