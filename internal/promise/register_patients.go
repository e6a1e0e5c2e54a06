package promise

// patients: what is held about a patient, and the patient's say in it.
var patients = []Sentence{
	{
		ID:       "clinic-in-charge",
		Text:     "The clinic can see, correct and delete a patient's data at any time.",
		Sources:  []string{"D1", "D5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/patients/inside.go", "vault.Vault.Shred"},
		ProvedBy: []string{"web.TestTwoCorrectOnePatient", "web.TestDeleting", "app.TestDeletedPatientIsGone"},
		Twins: []Twin{
			{
				Name: "deleting says so and does nothing",
				File: "internal/web/patient.go", Old: "erasure, refused = s.Close(v.Context(), v.Who, one); refused == nil {", New: "erasure = one; refused == nil {",
				Red: []string{"web.TestDeleting"},
			},
		},
		Probe: "clinic-in-charge",
	},
	{
		ID:       "deleted-is-unreadable",
		Text:     "When a patient is deleted, the key that her data was encrypted with is destroyed. What remains in a copy can no longer be read.",
		Sources:  []string{"D5", "M2"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Vault.Shred"},
		ProvedBy: []string{"vault.TestShred", "app.TestDeletedPatientIsGone", "app.TestABrokenOffDeletionIsFinished"},
		Twins: []Twin{{
			Name: "a destroyed key is kept",
			File: "internal/vault/shred.go", Old: "WHERE patient_key.wrapped IS NOT NULL`, clinic, subject, int64(e.at), int64(e.at));", New: "WHERE patient_key.wrapped IS NULL`, clinic, subject, int64(e.at), int64(e.at));",
			Red:  []string{"vault.TestShred", "app.TestDeletedPatientIsGone", "app.TestABrokenAccountLosesNothing", "app.TestABrokenOffDeletionIsFinished", "app.TestBrowserErasure", "app.TestEveryErasureIsCertified", "app.TestKeysTurnUnderLoad", "app.TestNoKeyOfTheErasedOpens", "app.TestNoKeyOnAKeyServerOpens", "app.TestTheInventedPatientWalks", "app.TestThereAndBack", "app.TestTwoClinicSweep", "app.TestYesterdaysBackupSendsNothingTwice", "vault.TestACopyOfTheKeyStore", "vault.TestARetentionKey", "vault.TestErasedForGood"},
			Long: true,
		}},
		Probe: "deleted-is-unreadable",
	},
	{
		ID:       "no-government-id",
		Text:     "There is no field for a government identity number, and none for a fingerprint, a face or any other biometric.",
		Sources:  []string{"D7"},
		Kind:     Enforced,
		KeptBy:   []string{"holdings.Check"},
		ProvedBy: []string{"patients.TestNoFieldForGovernmentIDsOrBiometrics", "app.TestNoColumnForGovernmentIDs"},
		Twins: []Twin{
			{
				Name: "a patient has a field for her Aadhaar number",
				File: "internal/store/migrations/common/00003_patient.sql", Old: "    sex        BYTEA,\n", New: "    sex        BYTEA,\n    aadhaar    BYTEA,\n",
				Red: []string{"patients.TestNoFieldForGovernmentIDsOrBiometrics"},
			},
			{
				Name: "the booking form takes a passport number",
				File: "internal/patients/patient.go", Old: "Name, Phone, Email, BirthDate, Language, Sex, Address string", New: "Name, Phone, Email, BirthDate, Language, Sex, Address, PassportNo string",
				Red: []string{"patients.TestNoFieldForGovernmentIDsOrBiometrics"},
			},
		},
		Probe: "no-government-id",
	},
	{
		ID:       "nothing-undeclared",
		Text:     "Every column of the database is declared: whose data it is, what for, how long, and who else may get it. The program does not start with a column that nobody declared.",
		Sources:  []string{"I13", "K5", "M15"},
		Kind:     Enforced,
		KeptBy:   []string{"holdings.Check"},
		ProvedBy: []string{"holdings.TestNothingIsHeldUndeclared", "app.TestHoldingsMatchTheSchema"},
		Twins: []Twin{
			{
				Name: "an undeclared column is let through",
				File: "internal/holdings/holdings.go", Old: "if !slices.ContainsFunc(t.Columns, func(d Column) bool { return d.Name == c }) {", New: "if len(c) == 0 {",
				Red: []string{"holdings.TestNothingIsHeldUndeclared"},
			},
			{
				Name: "a name may stand open",
				File: "internal/holdings/holdings.go", Old: "case Secret, Identity, Contact, Care, Message:", New: "case Secret, Contact, Care, Message:",
				Red: []string{"holdings.TestNothingIsHeldUndeclared"},
			},
		},
		Probe: "nothing-undeclared",
	},
	{
		ID:       "consent-asked",
		Text:     "Consent is asked for one purpose at a time, and no box is ticked beforehand. The text that was shown, the moment and the answer are kept.",
		Sources:  []string{"I4"},
		Kind:     Enforced,
		KeptBy:   []string{"consent.Record"},
		ProvedBy: []string{"consent.TestGiveAndTakeBack", "app.TestNoBoxIsTicked"},
		Probe:    "consent-asked",
		Twins: []Twin{
			{
				Name: "a yes to one purpose is a yes to all",
				File: "internal/consent/inside.go", Old: `if r.purpose == p && (r.channel == "" || r.channel == channel) {`, New: `if p != "" && (r.channel == "" || r.channel == channel) {`,
				Red: []string{"consent.TestGiveAndTakeBack", "consent.TestANewPurposeAsksFirst", "consent.TestAWiderPurposeAsksFirst", "consent.TestRestriction", "consent.TestTheTextIsKept"},
			},
			{
				Name: "a box is ticked beforehand",
				File: "internal/web/public.go", Old: "page.Form.Consents = map[string]bool{}", New: "page.Form.Consents = map[string]bool{string(consent.Reminder): true}",
				Red: []string{"app.TestNoBoxIsTicked", "app.TestPatientBooksWithoutScript", "app.TestTwoClinicSweep"},
			},
		},
	},
	{
		ID:       "consent-withdrawn",
		Text:     "A patient can take a consent back as easily as it was given. From that moment nothing more happens for that purpose.",
		Sources:  []string{"I4", "F13"},
		Kind:     Enforced,
		KeptBy:   []string{"consent.Record", "messaging.Send"},
		ProvedBy: []string{"messaging.TestSilenceOneInstantBeforeTheSend", "journeys.TestWithdrawnConsentTakesBackWhatIsPlanned"},
		Twins: []Twin{
			{
				Name: "what was planned is left standing",
				File: "internal/journeys/steps.go", Old: "return messaging.CancelUnconsented(tx, e.Subject)", New: "return nil",
				Red: []string{"journeys.TestWithdrawnConsentTakesBackWhatIsPlanned"},
			},
		},
		Probe: "consent-withdrawn",
	},
	{
		ID:       "no-advertising",
		Text:     "Patient data is used to run the clinic and to look after the patient. There is no purpose for advertising, so nothing can be done for it.",
		Sources:  []string{"D10", "I1"},
		Kind:     Enforced,
		KeptBy:   []string{"access.Purpose"},
		ProvedBy: []string{"archtest.TestThereIsNoPurposeForAdvertising"},
		Twins: []Twin{{
			Name: "a purpose for advertising exists",
			File: "internal/access/access.go", Old: "\tCare     Purpose = \"care\"", New: "\tAdverts Purpose = \"advertising\"\n\tCare     Purpose = \"care\"",
			Red: []string{"archtest.TestThereIsNoPurposeForAdvertising"},
		}},
		Probe: "no-advertising",
	},
	{
		ID:      "no-sale",
		Text:    "Nobody's data is sold or traded.",
		Sources: []string{"I1"},
		Kind:    Human,
	},
}
