package app

import (
	"testing"

	"almirah/internal/gateways/demo"
)

// TestEachGatewayIsAParty: the patient's terms can only be asked about a gateway whose party is known; the demo's leads nowhere.
func TestEachGatewayIsAParty(t *testing.T) {
	t.Parallel()
	h := &House{}
	for provider, want := range map[string]string{"razorpay": "razorpay", "stripe": "stripe", demo.Name: ""} {
		if got := h.payee(provider); got != want {
			t.Errorf("%s is the party %q, want %q", provider, got, want)
		}
	}
	h.Config.Demo = true
	if got := h.payee("stripe"); got != "" {
		t.Errorf("the demo sends bills to %q", got)
	}
}
