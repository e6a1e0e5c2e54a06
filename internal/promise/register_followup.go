package promise

// followups: what is written after a visit, and what patients say of it.
var followups = []Sentence{
	{
		ID:       "followups",
		Text:     "After a visit, or a missed one, a patient is written to only if she agreed to that purpose. Everything of this is off until the clinic switches it on.",
		Sources:  []string{"G1", "G3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/visits.go", "messaging.Send"},
		ProvedBy: []string{"followup.TestEachKindGoesOutAtItsMoment", "followup.TestNobodyIsWrittenToWithoutConsent"},
		Twins: []Twin{
			{
				Name: "follow-ups need no consent",
				File: "internal/messaging/state.go", Old: "case Missed, Visited, Recall:\n\t\treturn consent.Followup", New: "case Missed, Visited, Recall:\n\t\treturn consent.Booking",
				Red: []string{"followup.TestNobodyIsWrittenToWithoutConsent", "followup.TestSilenceOneInstantBefore"},
			},
		},
		Probe: "followups",
	},
	{
		ID:       "followups-by-rule",
		Text:     "What is written after a visit follows rules of the clinic, by service and days after the visit. It stays unsent when the visit turns out to be another, when consent is taken back, and when whoever would be asked to come has an appointment already.",
		Sources:  []string{"G1", "G4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/visits.go", "internal/followup/after.go"},
		ProvedBy: []string{"followup.TestEachKindGoesOutAtItsMoment", "followup.TestSilenceOneInstantBefore", "followup.TestPlannedAndThenTakenBack", "followup.TestNobodyIsRecalledWhoComesAnyway"},
		Twins: []Twin{
			{
				Name: "who comes anyway is asked to come",
				File: "internal/followup/visits.go", Old: "if yes, err = scheduling.ComesAgain(v, a.Patient); err != nil || yes {", New: "if yes, err = scheduling.ComesAgain(v, a.Patient); err != nil {",
				Red: []string{"followup.TestNobodyIsRecalledWhoComesAnyway"},
			},
			{
				Name: "a closed clinic goes on writing",
				File: "internal/followup/visits.go", Old: "if n == 0 || closed ||", New: "if n == 0 || closed && false ||",
				Red: []string{"followup.TestSilenceOneInstantBefore"},
			},
			{
				Name: "a planned message is not taken back",
				File: "internal/followup/reminders.go", Old: "messaging.CancelTo(tx, f.Patient, messaging.ReasonChanged, messaging.Missed, messaging.Recall)", New: "messaging.CancelTo(tx, f.Patient, messaging.ReasonChanged)",
				Red: []string{"followup.TestPlannedAndThenTakenBack"},
			},
		},
		Probe: "followups-by-rule",
	},
	{
		ID:       "review-seldom",
		Text:     "A patient is asked how it was once a visit at most, seldom, never after she took her consent back, and not while a complaint of hers is unsettled. Children are never asked.",
		Sources:  []string{"G3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/visits.go"},
		ProvedBy: []string{"followup.TestReviewOnceAVisit", "followup.TestReviewBufferAndComplaint", "followup.TestPlannedAndThenTakenBack"},
		Twins: []Twin{
			{
				Name: "every rule asks about the same visit",
				File: "internal/followup/visits.go", Old: "yes, err := messaging.AskedAbout(v, a.ID, messaging.Review)\n\tif err != nil || yes {", New: "yes, err := messaging.AskedAbout(v, a.ID, messaging.Review)\n\tif err != nil {",
				Red: []string{"followup.TestReviewOnceAVisit"},
			},
			{
				Name: "whoever complained is asked again",
				File: "internal/followup/visits.go", Old: "if yes, err = complained(v, a.Patient); err != nil || yes {", New: "if yes, err = complained(v, a.Patient); err != nil {",
				Red: []string{"followup.TestReviewBufferAndComplaint"},
			},
			{
				Name: "no buffer between two requests",
				File: "internal/followup/visits.go", Old: ".Add(-time.Duration(r.Buffer)*24*time.Hour)", New: ".Add(time.Duration(r.Buffer)*24*time.Hour)",
				Red: []string{"followup.TestReviewBufferAndComplaint"},
			},
		},
		Probe: "review-seldom",
	},
	{
		ID:       "feedback-first",
		Text:     "What a patient says of her visit goes to the clinic, encrypted. The clinic's public review page is offered after that to everybody alike, whatever was said, and is marked as a page of another company.",
		Sources:  []string{"G3", "R9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/feedback.go", "internal/web/own_review.go"},
		ProvedBy: []string{"followup.TestWhatIsSaid", "web.TestAPatientSaysHowItWas"},
		Twins: []Twin{
			{
				Name: "only the happy are shown the public page",
				File: "internal/followup/feedback.go", Old: "out.Public, _, err = publicLink(v)\n", New: "if out.Public, _, err = publicLink(v); out.Said.Stars <= Low {\n\t\tout.Public = \"\"\n\t}\n",
				Red: []string{"followup.TestWhatIsSaid", "web.TestAPatientSaysHowItWas"},
			},
			{
				Name: "leaving without having told the clinic",
				File: "internal/followup/feedback.go", Old: "if !o.Given || o.Public == \"\" {", New: "if o.Public == \"\" {",
				Red: []string{"followup.TestWhatIsSaid"},
			},
			{
				Name: "the way out is not marked",
				File: "internal/web/templates/reviews.html", Old: `rel="external noreferrer noopener"`, New: `rel="noopener"`,
				Red: []string{"web.TestAPatientSaysHowItWas", "web.TestLinksThatLeadAwayAreMarked"},
			},
		},
		Probe: "feedback-first",
	},
	{
		ID:       "reminders-measured",
		Text:     "The clinic sees what its reminders do: of the appointments of which it reminded in the last 30 or 90 days, how many reminders arrived, how many were confirmed after it, and how many patients came. It sees counts alone, and no group of fewer than five.",
		Sources:  []string{"F13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/figures.go"},
		ProvedBy: []string{"followup.TestWhatRemindersDo", "followup.TestSmallGroupsStayTogether"},
		Twins: []Twin{
			{
				Name: "a confirmation before the reminder is put down to it",
				File: "internal/followup/figures.go", Old: " AND l.at + 0 >= m.first)", New: ")",
				Red: []string{"followup.TestWhatRemindersDo"},
			},
		},
		Probe: "reminders-measured",
	},
}
