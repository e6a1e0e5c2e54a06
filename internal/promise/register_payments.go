package promise

// gateways: payments by the clinic's own account at a gateway.
var gateways = []Sentence{
	{
		ID:       "gateway-own-account",
		Text:     "Online payments go through the clinic's own account at Razorpay or Stripe. Its owner connects it after agreeing to what it is used for; its keys are encrypted under a key of their own, never shown again, can be paused at any time, and are destroyed when the account is revoked.",
		Sources:  []string{"H1", "H2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/online.go", "internal/gateways/razorpay/client.go", "internal/gateways/stripe/client.go"},
		ProvedBy: []string{"billing.TestAPatientPaysOnHerPage", "billing.TestKeysAreSealedAndDestroyed", "gateways/razorpay.TestALinkLivesOnce", "gateways/stripe.TestASessionLivesOnce"},
		Probe:    "gateway-own-account",
		Twins: []Twin{
			{
				Name: "an account without its owner's agreement",
				File: "internal/billing/online.go", Old: "if !agreed {", New: "if !agreed && err != nil {",
				Red: []string{"billing.TestKeysAreSealedAndDestroyed"},
			},
			{
				Name: "a paused account asks for money",
				File: "internal/billing/online.go", Old: "FROM gateway_account WHERE clinic_id = $1 AND state = 'active' ORDER BY", New: "FROM gateway_account WHERE clinic_id = $1 AND state <> 'revoked' ORDER BY",
				Red: []string{"billing.TestKeysAreSealedAndDestroyed"},
			},
		},
	},
	{
		ID:       "gateway-only-signed",
		Text:     "That a payment was made is believed of the gateway alone: of a report that is signed with the clinic's own secret, or of the gateway's answer when it is asked. What a browser brings back counts for nothing.",
		Sources:  []string{"H1", "H2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/gateways/razorpay/inbound.go", "internal/gateways/stripe/inbound.go", "internal/billing/hearing.go", "internal/billing/calling.go"},
		ProvedBy: []string{"billing.TestForgedReportsChangeNothing", "gateways/razorpay.TestReportsAreReadAndForgedOnesAreNot", "gateways/stripe.TestReportsAreReadAndForgedOnesAreNot"},
		Twins: []Twin{
			{
				Name: "Razorpay's signature is not looked at",
				File: "internal/gateways/razorpay/inbound.go", Old: "if err != nil || !signed(a.Secrets, h) {", New: "if err != nil || !signed(a.Secrets, h) && len(h.Body) == 0 {",
				Red: []string{"billing.TestForgedReportsChangeNothing", "gateways/razorpay.TestReportsAreReadAndForgedOnesAreNot"},
			},
			{
				Name: "a signature of the future",
				File: "internal/gateways/stripe/inbound.go", Old: "return d <= tolerance && d >= -tolerance", New: "return d <= tolerance",
				Red: []string{"gateways/stripe.TestReportsAreReadAndForgedOnesAreNot"},
			},
		},
		Probe: "gateway-only-signed",
	},
	{
		ID:       "gateway-counted-once",
		Text:     "A payment counts once and a refund goes out once, however often and in whatever order the gateway tells of it, and whatever breaks off in between. Money that fits no open bill waits until a person of the clinic has decided.",
		Sources:  []string{"H1", "H2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/folding.go", "internal/billing/returning.go", "billing.Receive", "billing.GiveBack"},
		ProvedBy: []string{"billing.TestMoneyGoesBackOnce", "billing.TestEverybodyAsksAtOnce", "billing.TestGatewayHistories", "billing.TestTheLedgerIsLinearizable", "gateways/razorpay.TestARefundHappensOnce", "gateways/stripe.TestARefundHappensOnce"},
		Probe:    "gateway-counted-once",
		Twins: []Twin{
			{
				Name: "each try is a refund of its own",
				File: "internal/billing/returning.go", Old: "Back{Reference: Reference(r.ID), PaymentID", New: "Back{Reference: Reference(id.New(o.db.Clock().Now())), PaymentID",
				Red: []string{"billing.TestMoneyGoesBackOnce", "billing.TestGatewayHistories"},
			},
			{
				Name: "a payment is booked by each report",
				File: "internal/billing/inside.go", Old: "sqlPaymentAdd, one, r.Source, r.External,", New: "sqlPaymentAdd, one, r.Source, r.External+one.String(),",
				Red: []string{"billing.TestMoneyGoesBackOnce", "billing.TestGatewayHistories", "billing.TestTheLedgerIsLinearizable", "billing.TestMoneyIsBookedOnce", "billing.TestNothingOfACardStays", "billing.TestTheNightFindsWhatNoReportBrought"},
			},
		},
	},
	{
		ID:       "gateway-no-cards",
		Text:     "Of a payment by a gateway we keep its ids, amount, currency, kind, state and moments. The program that reads a gateway's words has no place for a card number, its last digits, a name, a phone number or an address, so that none can be stored.",
		Sources:  []string{"H3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/gateway.go", "internal/gateways/razorpay/wire.go", "internal/gateways/stripe/wire.go"},
		ProvedBy: []string{"billing.TestNothingOfACardStays", "gateways/razorpay.TestNothingOfACardHasAPlace", "gateways/stripe.TestNothingOfACardHasAPlace"},
		Twins: []Twin{
			{
				Name: "the payer's address instead of the kind of payment",
				File: "internal/gateways/razorpay/wire.go", Old: "Method    string `json:\"method\"`\n\tErrorCode", New: "Method    string `json:\"email\"`\n\tErrorCode",
				Red: []string{"gateways/razorpay.TestNothingOfACardHasAPlace"},
			},
			{
				Name: "whatever stands in an id is kept",
				File: "internal/billing/gateway.go", Old: "if run++; run > mostDigits {", New: "if run++; run > 99 {",
				Red: []string{"billing.TestNothingOfACardStays"},
			},
		},
		Probe: "gateway-no-cards",
	},
	{
		ID:       "gateway-books-compared",
		Text:     "Every night the gateway's books are held beside the clinic's. Each difference is listed until somebody of the clinic has looked after it.",
		Sources:  []string{"H1", "H2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/reconcile.go", "internal/billing/calling.go"},
		ProvedBy: []string{"billing.TestTheNightFindsWhatNoReportBrought", "billing.TestANightWithoutTheGatewayIsNotTheLast"},
		Probe:    "gateway-books-compared",
		Twins: []Twin{
			{
				Name: "the gateway's payments are not compared",
				File: "internal/billing/reconcile.go", Old: "for _, c := range s.Captures {\n\t\t\ttheirs", New: "for _, c := range s.Captures[:0] {\n\t\t\ttheirs",
				Red: []string{"billing.TestTheNightFindsWhatNoReportBrought", "billing.TestNothingOfACardStays"},
			},
			{
				Name: "the first night is the last",
				File: "internal/billing/calling.go", Old: "wait = nextNight(v.Now(), c).Sub(v.Now())", New: "wait = 0 * nextNight(v.Now(), c).Sub(v.Now())",
				Red: []string{"billing.TestANightWithoutTheGatewayIsNotTheLast"},
			},
		},
	},
	{
		ID:       "gateway-fraud-records",
		Text:     "Disputes and refused payments are kept against fraud, by the gateway's ids, amounts and words and without a name: a refused payment for 180 days, a dispute for two years after the last news of it. Erasing a patient leaves them until then.",
		Sources:  []string{"H7"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/billing/dispute.go", "internal/billing/onlinekeep.go"},
		ProvedBy: []string{"billing.TestRefusedThenCapturedIsOnePayment"},
		Probe:    "gateway-fraud-records",
		Twins: []Twin{
			{
				Name: "refused payments stay for a year",
				File: "internal/billing/dispute.go", Old: "keepRefused = 180 * 24 * time.Hour", New: "keepRefused = 365 * 24 * time.Hour",
				Red: []string{"billing.TestRefusedThenCapturedIsOnePayment"},
			},
		},
	},
}
