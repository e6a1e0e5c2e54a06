package stripe

import (
	"encoding/json"
	"log/slog"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/fault"
)

// Credentials are a clinic's own account at Stripe: what billing.Till.Credentials holds, as JSON.
type Credentials struct {
	Key     string   `json:"key"`             // a secret or restricted key
	Secrets []string `json:"webhook_secrets"` // one, or two while the secret is being rolled
}

// Check reads the form of an account: secret_key, webhook_secret, and webhook_secret_old while the secret is being rolled.
// fault.Invalid over those names.
func (c *Client) Check(typed map[string]string) (billing.Checked, error) {
	a := Credentials{Key: typed["secret_key"]}
	var wrong fault.Fields
	kind, rest, _ := strings.Cut(a.Key, "_")
	mode, _, _ := strings.Cut(rest, "_")
	switch {
	case a.Key == "":
		wrong.Add("secret_key", "field.gateway.secret_key.required")
	case kind != "sk" && kind != "rk" || mode != "live" && mode != "test" || !plain(a.Key, 16, 256):
		wrong.Add("secret_key", "field.gateway.secret_key.stripe")
	}
	for _, name := range []string{"webhook_secret", "webhook_secret_old"} {
		v := typed[name]
		switch {
		case v == "" && name == "webhook_secret":
			wrong.Add(name, "field.gateway.webhook_secret.required")
		case v != "" && (!strings.HasPrefix(v, "whsec_") || !plain(v, 16, 256)):
			wrong.Add(name, "field.gateway.webhook_secret.stripe")
		case v != "":
			a.Secrets = append(a.Secrets, v)
		}
	}
	if err := wrong.Err(); err != nil {
		return billing.Checked{}, err
	}
	text, err := json.Marshal(a)
	if err != nil {
		return billing.Checked{}, err
	}
	return billing.Checked{Credentials: text, Last4: a.Key[len(a.Key)-4:], Trial: mode == "test"}, nil
}

// String shows nothing of the account.
func (c Credentials) String() string { return "stripe key=*** secrets=***" }

// GoString keeps %#v from showing the secrets.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps a log from showing the secrets.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// opened reads the credentials of a till. The error tells nothing of them.
func opened(t billing.Till) (Credentials, error) {
	var out Credentials
	if json.Unmarshal(t.Credentials, &out) != nil || out.Key == "" || len(out.Secrets) == 0 {
		return Credentials{}, billing.TroubleAccount.Fault("credentials")
	}
	return out, nil
}

// plain says whether s is printable ASCII without a space.
func plain(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
