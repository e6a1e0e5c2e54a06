package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"
)

// FuzzStripe reads reports of any form, signed so that what is inside is read, and with a signature that is too old, when nothing may come of them.
func FuzzStripe(f *testing.F) {
	for _, body := range []string{`{"object":"event","id":"evt_1","type":"checkout.session.completed","created":1,"data":{"object":{"id":"cs_1","payment_intent":"pi_1","payment_status":"paid","amount_total":100,"currency":"usd"}}}`,
		`{"object":"event","id":"evt_1","type":"charge.refunded","data":{"object":{}}}`, `{"object":"event","id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}`, `[]`, `{"object":"event","id":"evt_1","type":"x"}`} {
		f.Add([]byte(body), true)
	}
	f.Add([]byte("{}"), false)
	const secret = "a secret of the account"
	account, err := json.Marshal(Credentials{Key: "sk_test_1", Secrets: []string{secret}})
	till := billing.Till{Provider: "stripe", Credentials: account}
	if _, bad := opened(till); err != nil || bad != nil {
		f.Fatal(err, bad)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte, timely bool) {
		at := now
		if !timely {
			at = now.Add(-time.Hour)
		}
		m := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(m, "%d.", at.Unix())
		m.Write(body)
		h := http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(m.Sum(nil)))}}
		n, err := (&Client{}).Read(till, billing.GatewayHook{Header: h, Body: body}, clock.At(now))
		if err != nil && (n.Key != "" || len(n.Pages)+len(n.Captures)+len(n.Returns) > 0) || err == nil && (n.Key == "" || !timely) {
			t.Errorf("%+v, %v", n, err)
		}
	})
}
