package promise

// account: what a clinic decides and signs, what it pays, and what is never taken in.
var account = []Sentence{
	{
		ID:       "modules-are-said",
		Text:     "Only the owner of a clinic turns a module on or off, after reading what it means. The clinic's own policy page says from the same moment what the clinic keeps and what it does not.",
		Sources:  []string{"A18", "D6"},
		Kind:     Enforced,
		KeptBy:   []string{"clinics.Service.SetModules", "internal/web/settings_modules.go", "internal/web/trust.go"},
		ProvedBy: []string{"web.TestModulesAreTheOwnersAct"},
		Twins: []Twin{
			{
				Name: "every lead turns modules on",
				File: "internal/access/table.go", Old: `the clinic keeps here at all.", []Role{Owner}}`, New: `the clinic keeps here at all.", leads}`,
				Red: []string{"web.TestModulesAreTheOwnersAct"},
			},
			{
				Name: "the policy page is silent about what is on",
				File: "internal/web/trust.go", Old: "if x.On {", New: "if !v.Clinic.Has(m) && x.On {",
				Red: []string{"web.TestModulesAreTheOwnersAct", "web.TestNoEnglishIsLeftInThePolicy"},
			},
		},
		Probe: "modules-are-said",
	},
	{
		ID:       "agreement-before-patients",
		Text:     "A clinic under United States law signs the Business Associate Agreement before its first patient: a name with an appointment is health information already. Until then nobody can be entered, online or at the desk.",
		Sources:  []string{"A16", "D8"},
		Kind:     Enforced,
		KeptBy:   []string{"clinics.MayHoldPatients", "internal/patients/inside.go"},
		ProvedBy: []string{"patients.TestTheAgreementComesBeforeTheFirstPatient", "web.TestAnAgreementIsSignedOnItsPage"},
		Twins: []Twin{
			{
				Name: "nobody asks for the agreement",
				File: "internal/clinics/agreement.go", Old: `return !law.HIPAA(c.Jurisdiction) || c.baa != ""`, New: `return c.baa != "none"`,
				Red: []string{"patients.TestTheAgreementComesBeforeTheFirstPatient", "web.TestAnAgreementIsSignedOnItsPage"},
			},
			{
				Name: "the table takes patients before the agreement",
				File: "internal/store/migrations/sqlite/00057_policy_fence.sql", Old: "(jurisdiction = 'US' OR jurisdiction LIKE 'US-%') AND baa = ''", New: "jurisdiction = 'US' AND baa = 'none'",
				Red: []string{"patients.TestTheAgreementComesBeforeTheFirstPatient"},
			},
		},
		Probe: "agreement-before-patients",
	},
	{
		ID:       "agreements-kept",
		Text:     "What a clinic signs is kept word for word, with the name of who signed it, as what, and when. Nobody can change or remove it, and the clinic can download it.",
		Sources:  []string{"A15", "A16"},
		Kind:     Enforced,
		KeptBy:   []string{"clinics.Service.Sign"},
		ProvedBy: []string{"clinics.TestAgreementsAreSignedAndKept", "web.TestAnAgreementIsSignedOnItsPage"},
		Twins: []Twin{
			{
				Name: "a signed text can be changed",
				File: "internal/store/migrations/sqlite/00029_agreement_fence.sql", Old: "BEFORE UPDATE ON agreement_text", New: "BEFORE UPDATE OF kind ON agreement_text",
				Red: []string{"clinics.TestAgreementsAreSignedAndKept"},
			},
			{
				Name: "any text is signed",
				File: "internal/clinics/signing.go", Old: "if now.Version != by.Version {", New: `if by.Version == "" {`,
				Red: []string{"clinics.TestAgreementsAreSignedAndKept", "web.TestAnAgreementIsSignedOnItsPage"},
			},
		},
		Probe: "agreements-kept",
	},
	{
		ID:       "leaving-always-works",
		Text:     "A clinic can leave at any time, whatever it owes. Saying so deletes nothing and can be taken back.",
		Sources:  []string{"A12", "A22"},
		Kind:     Enforced,
		KeptBy:   []string{"clinics.SetClosing"},
		ProvedBy: []string{"clinics.TestLeavingIsTheOwnersActAndCanBeTakenBack", "web.TestLeavingAsksOnceMore", "subscription.TestReadOnlyBeginsOnItsSecond"},
		Twins: []Twin{
			{
				Name: "a clinic that is closing takes bookings",
				File: "internal/clinics/store.go", Old: "(c.Status != Open || !c.MayHoldPatients())", New: "!c.MayHoldPatients()",
				Red: []string{"clinics.TestLeavingIsTheOwnersActAndCanBeTakenBack", "web.TestLeavingAsksOnceMore"},
			},
		},
		Probe: "leaving-always-works",
	},
	{
		ID:       "no-card-numbers",
		Text:     "The number of a payment card is not taken in, whoever types it and wherever: the form says so, keeps the rest and drops the digits. In a message that a patient sends, the digits are blanked before it is stored.",
		Sources:  []string{"H3"},
		Kind:     Enforced,
		KeptBy:   []string{"contact.CardNumbers", "internal/web/cards_out.go", "internal/api/card.go", "messaging.Service.Hear", "store.Withhold"},
		ProvedBy: []string{"contact.TestCardsAreFoundHoweverTheyAreWritten", "app.TestNoCardNumberIsTaken", "web.TestAFormWithACardWritesNothing", "messaging.TestACardInAMessageIsBlanked"},
		Twins: []Twin{
			{
				Name: "spaces hide a card",
				File: "internal/contact/card.go", Old: "return unicode.Is(unicode.Zs, r) || ", New: "return ",
				Red: []string{"contact.TestCardsAreFoundHoweverTheyAreWritten"},
			},
			{
				Name: "a form with a card is saved without its digits",
				File: "internal/store/withhold.go", Old: "return why\n}", New: "_ = why\n\treturn nil\n}",
				Red: []string{"web.TestAFormWithACardWritesNothing"},
			},
			{
				Name: "what a patient writes is kept with the card in it",
				File: "internal/messaging/inbound.go", Old: "for _, x := range []*string{&e.Text, &e.Button,", New: "for _, x := range []*string{&e.Button,",
				Red: []string{"messaging.TestACardInAMessageIsBlanked"},
			},
		},
		Probe: "no-card-numbers",
	},
	{
		ID:       "told-before-read-only",
		Text:     "Where whoever runs the platform asks for a fee, the owners of a clinic are told by mail a week and a day before the time that is paid for ends, at its end, three days before the clinic becomes read-only, and then. Where no fee is asked, nothing of this exists.",
		Sources:  []string{"H4", "A22"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/subscription/plan.go", "subscription.Service.Sweep"},
		ProvedBy: []string{"subscription.TestEachStateBeginsOnItsSecond", "subscription.TestOwnersAreToldOnStatedDays", "subscription.TestNobodyStopsUntold", "subscription.TestWithoutPlansNothingOfItExists", "web.TestWithoutPlansThereIsNoPageToPay"},
		Twins: []Twin{
			{
				Name: "a clinic stops without grace",
				File: "internal/subscription/plan.go", Old: "case now < h.WritesUntil(t):", New: "case now < h.Due():",
				Red: []string{"subscription.TestEachStateBeginsOnItsSecond", "subscription.TestNobodyStopsUntold"},
			},
			{
				Name: "a clinic stops though its owners could not be told",
				File: "internal/subscription/service.go", Old: "at == toldStopped && h.told < toldSoon {", New: "at == toldStopped && h.told < toldNothing {",
				Red: []string{"subscription.TestNobodyStopsUntold"},
			},
			{
				Name: "fewer days of grace count at once",
				File: "internal/subscription/plan.go", Old: "return max(h.Due().Add(t.Grace), h.stands) }", New: "return h.Due().Add(t.Grace) }",
				Red: []string{"subscription.TestNobodyStopsUntold"},
			},
			{
				Name: "nobody is told that the clinic will stop",
				File: "internal/subscription/plan.go", Old: "case now >= due && now >= stop.Add(-told):", New: "case now >= due && now >= stop:",
				Red: []string{"subscription.TestEachStateBeginsOnItsSecond", "subscription.TestOwnersAreToldOnStatedDays"},
			},
		},
		Probe: "told-before-read-only",
	},
	{
		ID:       "read-only-not-locked-out",
		Text:     "A clinic that does not pay becomes read-only, and no more than that: everything can be read, taken along and left, appointments can be cancelled, reminders go out, and patients cancel, say STOP and change their consents as ever. A payment opens it at once.",
		Sources:  []string{"H4", "A22"},
		Kind:     Enforced,
		KeptBy:   []string{"access.AlwaysWorks", "internal/store/standing.go"},
		ProvedBy: []string{"subscription.TestReadOnlyBeginsOnItsSecond", "web.TestAClinicOnItsLastDay"},
		Twins: []Twin{
			{
				Name: "an unpaid clinic is never stopped",
				File: "internal/store/standing.go", Old: "db.paid && past(s.until) || past(s.suspended)", New: "past(s.suspended)",
				Red: []string{"subscription.TestReadOnlyBeginsOnItsSecond", "web.TestAClinicOnItsLastDay", "subscription.TestNobodyStopsUntold"},
			},
			{
				Name: "patients cannot cancel in an unpaid clinic",
				File: "internal/access/table.go", Old: "var always = []Right{PublicRead, BookedRead, BookedChange,", New: "var always = []Right{PublicRead, BookedRead,",
				Red: []string{"subscription.TestReadOnlyBeginsOnItsSecond"},
			},
		},
		Probe: "read-only-not-locked-out",
	},
	{
		ID:       "plan-paid-once",
		Text:     "What a clinic pays for the platform is paid at the payment company and counted once, by what that company itself says. Each payment has an invoice whose numbers follow one on the other and which is never changed; the clinic finds all of them on its account page.",
		Sources:  []string{"H3", "H4", "A22"},
		Kind:     Enforced,
		KeptBy:   []string{"subscription.Service.Look", "internal/subscription/store.go"},
		ProvedBy: []string{"subscription.TestAPaymentCountsOnce", "web.TestAClinicOnItsLastDay"},
		Twins: []Twin{
			{
				Name: "coming back from the payment page counts as paying",
				File: "internal/subscription/service.go", Old: "case got >= x.Amount:", New: "case got >= 0:",
				Red: []string{"subscription.TestAPaymentCountsOnce", "subscription.TestOwnersAreToldOnStatedDays"},
			},
			{
				Name: "a payment counts each time it is looked at",
				File: "internal/subscription/store.go", Old: "WHERE id = $1 AND clinic_id = $2 AND state <> 'paid'`", New: "WHERE id = $1 AND clinic_id = $2`",
				Red: []string{"subscription.TestAPaymentCountsOnce"},
			},
		},
		Probe: "plan-paid-once",
	},
}
