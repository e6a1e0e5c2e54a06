package promise

// gaps: appointments that arrive in a list, a person's copy for another clinic's system, and what stays of a clinic that has gone.
var gaps = []Sentence{
	{
		ID:       "list-appointments",
		Text:     "A list of appointments from another program is looked over line by line before anything is made. What lies ahead takes its time through the same lock as any booking: nothing that is here is moved or overwritten, and every line that is left out is named with its reason. It can be taken back: that removes what it made and nobody has touched since.",
		Sources:  []string{"L1"},
		Kind:     Enforced,
		KeptBy:   []string{"archives.Service.BringVisits", "scheduling.Weigh", "scheduling.BringIn", "scheduling.Withdraw"},
		ProvedBy: []string{"archives.TestAListOfAppointments", "archives.TestHostileListsOfAppointments"},
		Twins: []Twin{
			{
				Name: "what is in the way is not asked",
				File: "internal/scheduling/brought.go", Old: "	if out.Clash, err = whatHolds(v, b.Provider.ID, span); err != nil || b.Behind(v.Now()) {", New: "	if b.Behind(v.Now()) {",
				Red: []string{"archives.TestAListOfAppointments"},
			},
			{
				Name: "it takes no time",
				File: "internal/scheduling/brought.go", Old: "	if b.Held(c, tx.Now()) != (Span{}) {", New: "	if false {",
				Red: []string{"archives.TestAListOfAppointments"},
			},
			{
				Name: "what was touched goes too",
				File: "internal/archives/visits.go", Old: "if named || !untouched {", New: "if named && !untouched {",
				Red: []string{"archives.TestAListOfAppointments"},
			},
		},
		Probe: "list-appointments",
	},
	{
		ID:       "list-appointments-silent",
		Text:     "Bringing in a list of appointments sends nobody anything. The page says before whether patients will be reminded of those ahead; unless the clinic chose so, nobody is, and of visits that were over nobody is written to.",
		Sources:  []string{"L1"},
		Kind:     Enforced,
		KeptBy:   []string{"scheduling.BringIn", "internal/followup/reminders.go", "internal/followup/visits.go", "internal/journeys/table.go"},
		ProvedBy: []string{"archives.TestAListOfAppointments", "archives.TestAListWithoutReminders"},
		Twins: []Twin{
			{
				Name: "a list books like a patient",
				File: "internal/scheduling/brought.go", Old: "return a.ID, tx.Announce(EventListed, a.ID, 0)", New: "return a.ID, tx.Announce(EventBooked, a.ID, 0)",
				Red: []string{"archives.TestAListOfAppointments"},
			},
			{
				Name: "a changed rule reminds of all",
				File: "internal/followup/store.go", Old: " AND door <> 'list' ORDER BY day, id", New: " ORDER BY day, id",
				Red: []string{"archives.TestAListWithoutReminders"},
			},
			{
				Name: "a changed rule writes after what was over",
				File: "internal/followup/visits.go", Old: "AND status = 'no-show' AND service_id = COALESCE($5, service_id) AND (door <> 'list' OR created_at < starts_at) ON", New: "AND status = 'no-show' AND service_id = COALESCE($5, service_id) ON",
				Red: []string{"archives.TestAListWithoutReminders"},
			},
		},
		Probe: "list-appointments-silent",
	},
	{
		ID:       "own-copy-fhir",
		Text:     "A patient takes her copy from her own page also in the form that another clinic's system reads: FHIR, sheets and her files, signed, at once and free of charge. It holds nobody else, and the log says that she took it.",
		Sources:  []string{"L2", "L3", "J1"},
		Kind:     Enforced,
		KeptBy:   []string{"web.ownCopyTaken", "archives.Service.Person"},
		ProvedBy: []string{"app.TestAPatientTakesHerCopyAlong"},
		Twins: []Twin{
			{
				Name: "anybody's copy by her own link",
				File: "internal/archives/person.go", Old: "if who.Patient() != patient {", New: "if who.Patient() != patient && false {",
				Red: []string{"app.TestAPatientTakesHerCopyAlong"},
			},
			{
				Name: "her copy without her resources",
				File: "internal/archives/person.go", Old: "		if err := x.bundle(patient); err != nil {\n			return err\n		}\n", New: "",
				Red: []string{"app.TestAPatientTakesHerCopyAlong", "app.TestThereAndBack"},
			},
		},
	},
	{
		ID:       "closing-holds",
		Text:     "When a clinic goes, only what a law wants kept of its patients stays: sealed anew, under a key for each kind and last day, which is destroyed after that day and not sooner. Everything else opens to nobody, also out of a backup from before. A signed certificate, open to everybody, says what is held until when and who answers for it; after the last day nothing is left.",
		Sources:  []string{"K1", "D5", "A12"},
		Kind:     Enforced,
		KeptBy:   []string{"privacy.Service.KeepAtClosing", "privacy.Service.KeptAtClosing", "privacy.Service.EndCustodies", "retention.Service.Destroy"},
		ProvedBy: []string{"privacy.TestWhatIsHeldOutlivesItsClinic"},
		Twins: []Twin{
			{
				Name: "keys of the clinic alone",
				File: "internal/retention/closing.go", Old: "	if s.o.Keep != nil {", New: "	if false {",
				Red: []string{"privacy.TestWhatIsHeldOutlivesItsClinic"},
			},
			{
				Name: "a day longer",
				File: "internal/privacy/custodian.go", Old: "if !gone && h.Last >= today {", New: "if !gone && h.Last.AddDays(2) >= today {",
				Red: []string{"privacy.TestWhatIsHeldOutlivesItsClinic"},
			},
			{
				Name: "an older database has lost it",
				File: "internal/retention/closing.go", Old: "	if s.o.Kept != nil {", New: "	if s.o.Kept != nil && false {",
				Red: []string{"privacy.TestWhatIsHeldOutlivesItsClinic"},
			},
		},
		Probe: "closing-holds",
	},
	{
		ID:       "erasure-asked",
		Text:     "When somebody is erased, those outside who carried messages or files of hers are asked to erase them too, until they answer. To whoever takes no such call, cannot be asked, or does not answer for a week, the clinic is given the letter to send. Nobody is called to whom the gate is closed. Each outcome stands on the page of the erasure and in the second certificate.",
		Sources:  []string{"D5", "K1"},
		Kind:     Enforced,
		KeptBy:   []string{"privacy.Service.AskCarriers", "messaging.Service.CopiesOf", "messaging.Service.ForgetCopy", "internal/carriers/sms/twilio_forget.go", "internal/carriers/whatsapp/forget.go"},
		ProvedBy: []string{"privacy.TestCarriersAreAsked", "privacy.TestCarriersThatCannotBeAsked", "privacy.TestWhatSheSentIsAskedFor", "carriers/sms.TestTwilioForgets", "carriers/sms.TestTwilioForgetsBadly", "carriers/whatsapp.TestFilesAreForgotten"},
		Twins: []Twin{
			{
				Name: "no carrier is asked",
				File: "internal/privacy/asking.go", Old: "		if got, err = s.o.Ask(ctx, who, a.Account, what, a.File); err != nil {", New: "		if got = (messaging.Forgotten{Outcome: messaging.Accepted}); err != nil {",
				Red: []string{"privacy.TestCarriersAreAsked", "privacy.TestCarriersThatCannotBeAsked", "privacy.TestWhatSheSentIsAskedFor"},
			},
			{
				Name: "a refusal counts as done",
				File: "internal/privacy/asking.go", Old: "messaging.Refused: AskRefused}", New: "messaging.Refused: AskDone}",
				Red: []string{"privacy.TestCarriersAreAsked"},
			},
			{
				Name: "asked though the gate is closed",
				File: "internal/messaging/copies.go", Old: "	if s.abroad.Shut != nil {", New: "	if s.abroad.Shut != nil && false {",
				Red: []string{"privacy.TestCarriersThatCannotBeAsked"},
			},
			{
				Name: "what she wrote stays",
				File: "internal/messaging/copies.go", Old: "	if err := c.theirs(sqlTheirLines, \"post\", patient); err != nil {", New: "	if err := c.theirs(sqlTheirLines, \"post\", id.Zero); err != nil {",
				Red: []string{"privacy.TestWhatSheSentIsAskedFor"},
			},
			{
				Name: "an older database has forgotten it",
				File: "internal/privacy/asking.go", Old: "	return s.o.Vault.AddAside(ctx, tx.Clinic(), of[0].Patient, a)", New: "	_ = a\n	return err",
				Red: []string{"privacy.TestCarriersAreAsked"},
			},
			{
				Name: "somebody else's 404",
				File: "internal/carriers/sms/twilio_forget.go", Old: "s == http.StatusNotFound && e.Code == twilioAbsent", New: "s == http.StatusNotFound",
				Red: []string{"carriers/sms.TestTwilioForgetsBadly"},
			},
			{
				Name: "a file stays at Meta",
				File: "internal/carriers/whatsapp/forget.go", Old: "http.MethodDelete, []string{what}", New: "http.MethodGet, []string{what}",
				Red: []string{"carriers/whatsapp.TestFilesAreForgotten"},
			},
		},
		Probe: "erasure-asked",
	},
}
