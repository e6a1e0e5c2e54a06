package razorpay

import (
	"encoding/json"
	"log/slog"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/fault"
)

// Credentials are a clinic's own account at Razorpay: what billing.Till.Credentials holds, as JSON.
type Credentials struct {
	KeyID     string   `json:"key_id"`
	KeySecret string   `json:"key_secret"`
	Secrets   []string `json:"webhook_secrets"` // one, or two while the secret is being changed: retries keep the old one
}

// Check reads the form of an account: key_id, key_secret, webhook_secret, and webhook_secret_old while the secret is being
// changed. fault.Invalid over those names.
func (c *Client) Check(typed map[string]string) (billing.Checked, error) {
	a := Credentials{KeyID: typed["key_id"], KeySecret: typed["key_secret"]}
	var wrong fault.Fields
	trial := strings.HasPrefix(a.KeyID, "rzp_test_")
	switch {
	case a.KeyID == "":
		wrong.Add("key_id", "field.gateway.key_id.required")
	case !trial && !strings.HasPrefix(a.KeyID, "rzp_live_") || !plain(a.KeyID, 13, 64):
		wrong.Add("key_id", "field.gateway.key_id.razorpay")
	}
	secret := func(name string, needed bool, least int) {
		v := typed[name]
		switch {
		case v == "" && needed:
			wrong.Add(name, "field.gateway."+name+".required")
		case v != "" && !plain(v, least, 256):
			wrong.Add(name, "field.gateway.secret.invalid")
		case v != "" && name != "key_secret":
			a.Secrets = append(a.Secrets, v)
		}
	}
	secret("key_secret", true, 8)
	secret("webhook_secret", true, 12)
	secret("webhook_secret_old", false, 8)
	if err := wrong.Err(); err != nil {
		return billing.Checked{}, err
	}
	text, err := json.Marshal(a)
	if err != nil {
		return billing.Checked{}, err
	}
	return billing.Checked{Credentials: text, Last4: a.KeyID[len(a.KeyID)-4:], Trial: trial}, nil
}

// String shows nothing of the account but its key's name.
func (c Credentials) String() string { return "razorpay key=" + c.KeyID + " secret=***" }

// GoString keeps %#v from showing the secrets.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps a log from showing the secrets.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// opened reads the credentials of a till. The error tells nothing of them.
func opened(t billing.Till) (Credentials, error) {
	var out Credentials
	if json.Unmarshal(t.Credentials, &out) != nil || out.KeyID == "" || out.KeySecret == "" || len(out.Secrets) == 0 {
		return Credentials{}, billing.TroubleAccount.Fault("credentials")
	}
	return out, nil
}

// plain says whether s is printable ASCII without a space.
func plain(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
