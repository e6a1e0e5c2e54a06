package promise

// lives: how long things are kept, what keeps one longer, and how a clinic goes.
var lives = []Sentence{
	{
		ID:       "legal-hold",
		Text:     "Only two people together can keep a patient's records longer than their life, for a court or a claim: with a reason and a last day. It is seen on the patient's page and ends by itself.",
		Sources:  []string{"K6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/hold.go"},
		ProvedBy: []string{"retention.TestAHoldNeedsTwoAndEnds"},
		Twins: []Twin{{
			Name: "whoever asks for a hold approves it",
			File: "internal/retention/hold.go", Old: "if h.AskedBy == who.Actor() {", New: "if h.AskedBy == who.Actor() && false {",
			Red: []string{"retention.TestAHoldNeedsTwoAndEnds"},
		}},
		Probe: "legal-hold",
	},
}
