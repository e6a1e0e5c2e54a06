package razorpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"testing"

	"almirah/internal/billing"
)

// FuzzRazorpay reads reports of any form, signed so that what is inside is read, and not signed, when nothing may come of them.
func FuzzRazorpay(f *testing.F) {
	for _, body := range []string{`{"entity":"event","event":"payment.captured","created_at":1,"payload":{"payment":{"entity":{"id":"pay_1","amount":100,"currency":"INR","status":"captured","notes":{"reference":"x"}}}}}`,
		`{"entity":"event","event":"refund.processed","payload":{"refund":{"entity":{"id":"rfnd_1","amount":-1}}}}`, `{"entity":"event","event":"payment_link.paid","payload":{"payment_link":{"entity":{"id":"plink_1"}},"order":{"entity":{"id":"order_1"}}}}`, `[]`, `{"entity":"event","event":"x"}`} {
		f.Add([]byte(body), true)
	}
	f.Add([]byte("{}"), false)
	const secret = "a secret of the account"
	account, err := json.Marshal(Credentials{KeyID: "rzp_test_1234567890", KeySecret: "k", Secrets: []string{secret}})
	till := billing.Till{Provider: "razorpay", Credentials: account}
	if _, bad := opened(till); err != nil || bad != nil {
		f.Fatal(err, bad)
	}
	f.Fuzz(func(t *testing.T, body []byte, sign bool) {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write(body)
		h := http.Header{"X-Razorpay-Signature": {hex.EncodeToString(m.Sum(nil))}}
		if !sign {
			h.Set("X-Razorpay-Signature", "00"+hex.EncodeToString(m.Sum(nil))[2:])
		}
		n, err := (&Client{}).Read(till, billing.GatewayHook{Header: h, Body: body}, 0)
		if err != nil && (n.Key != "" || len(n.Pages)+len(n.Captures)+len(n.Returns) > 0) || err == nil && n.Key == "" {
			t.Errorf("%+v, %v", n, err)
		}
		for _, c := range n.Captures {
			if c.ID == "" {
				t.Errorf("money without a payment: %+v", c)
			}
		}
	})
}
