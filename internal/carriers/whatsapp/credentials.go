package whatsapp

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// Credentials are a clinic's own account at Meta: what messaging.Connection.Credentials holds,
// as JSON. The token is a system user's permanent one.
type Credentials struct {
	PhoneNumberID     string   `json:"phone_number_id"`
	BusinessAccountID string   `json:"business_account_id"`
	Token             string   `json:"token"`
	AppSecrets        []string `json:"app_secrets"` // one, or two while the secret is being changed
	VerifyToken       string   `json:"verify_token"`

	// Coexistence says that the number is used in the WhatsApp Business app as well, as a small
	// clinic's usually is; Meta then takes 20 messages a second instead of 80.
	Coexistence bool `json:"coexistence,omitempty"`
}

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid. It never
// repeats what was typed, and connects to nothing.
func (c Credentials) Validate() error {
	var wrong fault.Fields
	number := func(name, value string) {
		switch {
		case value == "":
			wrong.Add(name, "field.whatsapp."+name+".required")
		case !digits(value, 5, 32):
			wrong.Add(name, "field.whatsapp."+name+".invalid")
		}
	}
	word := func(name, value string, least, most int) {
		switch {
		case value == "":
			wrong.Add(name, "field.whatsapp."+name+".required")
		case !secretWord(value, least, most):
			wrong.Add(name, "field.whatsapp."+name+".invalid")
		}
	}
	number("phone_number_id", c.PhoneNumberID)
	number("business_account_id", c.BusinessAccountID)
	word("token", c.Token, 16, 2048)
	switch {
	case len(c.AppSecrets) == 0:
		wrong.Add("app_secrets", "field.whatsapp.app_secrets.required")
	case len(c.AppSecrets) > 2:
		wrong.Add("app_secrets", "field.whatsapp.app_secrets.many")
	default:
		for _, s := range c.AppSecrets {
			if !secretWord(s, 16, 256) && !wrong.Has("app_secrets") {
				wrong.Add("app_secrets", "field.whatsapp.app_secrets.invalid")
			}
		}
	}
	word("verify_token", c.VerifyToken, 16, 256)
	return wrong.Err()
}

// Last4 is the end of the token, by which its owner recognises it; empty for a token so short
// that its end would give it away.
func (c Credentials) Last4() string {
	if len(c.Token) < 16 {
		return ""
	}
	return c.Token[len(c.Token)-4:]
}

// String shows the account without its secrets.
func (c Credentials) String() string {
	return "whatsapp number=" + c.PhoneNumberID + " account=" + c.BusinessAccountID + " token=*** secrets=" + strconv.Itoa(len(c.AppSecrets))
}

// GoString keeps %#v from showing the secrets.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps a log from showing the secrets.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// opened reads the credentials of a connection. The error tells nothing of them.
func opened(c *messaging.Connection) (Credentials, error) {
	var out Credentials
	if c == nil {
		return out, fault.New(fault.Invalid, "fault.whatsapp.account").With("Code", "no-account")
	}
	if json.Unmarshal(c.Credentials, &out) != nil || out.Validate() != nil {
		return Credentials{}, fault.New(fault.Invalid, "fault.whatsapp.account").With("Code", "credentials")
	}
	return out, nil
}

// digits says whether s is nothing but ASCII digits, between least and most of them.
func digits(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// secretWord says whether s is printable ASCII without a space, as tokens and secrets are.
func secretWord(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
