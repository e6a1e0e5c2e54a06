package promise

// messages: what goes out, to whom, and how often.
var messages = []Sentence{
	{
		ID:       "confirmation-at-once",
		Text:     "Every booking is confirmed at once, by a message that says when and where, with an entry for the patient's calendar.",
		Sources:  []string{"C5", "F7"},
		Applies:  "where the patient left an e-mail address",
		Kind:     Enforced,
		KeptBy:   []string{"internal/journeys/table.go", "internal/messaging/calendar.go", "internal/jobs/tour.go"},
		ProvedBy: []string{"jobs.TestConfirmationWithinASecond", "messaging.TestCalendarsReadRequestMoveAndCancel", "jobs.TestChoresHoldUpNoTick"},
		Twins: []Twin{
			{
				Name: "nobody is told of a booking",
				File: "internal/journeys/table.go", Old: "{scheduling.EventBooked, []Step{tell, plan, hook(", New: "{scheduling.EventBooked, []Step{plan, hook(",
				Red:  []string{"jobs.TestConfirmationWithinASecond", "jobs.TestTwoProcessesSendOnce", "jobs.TestChoresHoldUpNoTick"},
				Long: true,
			},
			{
				Name: "confirmations wait behind the chores of all clinics",
				File: "internal/jobs/tour.go", Old: "return queueTour", New: "return queueClinic",
				Red:  []string{"jobs.TestChoresHoldUpNoTick"},
				Long: true,
			},
		},
		Probe: "confirmation-at-once",
	},
	{
		ID:       "messages-for-a-reason",
		Text:     "No message leaves without a consent or another stated ground, a purpose, a rule and a template on record. Messages are confirmations, changes, reminders, verification and notices of the service.",
		Sources:  []string{"F7", "F10"},
		Kind:     Enforced,
		KeptBy:   []string{"messaging.Send"},
		ProvedBy: []string{"messaging.TestNothingLeavesWithoutAPassport"},
		Twins: []Twin{
			{
				Name: "a message needs no rule",
				File: "internal/messaging/send.go", Old: " || r.Rule.IsZero() ||", New: " ||",
				Red: []string{"messaging.TestNothingLeavesWithoutAPassport"},
			},
			{
				Name: "a reminder needs no consent",
				File: "internal/messaging/state.go", Old: "case Reminder:\n\t\treturn consent.Reminder\n", New: "case \"\":\n\t\treturn consent.Reminder\n",
				Red: []string{"messaging.TestNothingLeavesWithoutAPassport", "messaging.TestMailsCarryNoTracker", "messaging.TestQuietHoursAreLookedAtAgain", "messaging.TestTemplatesOfAClinic"},
			},
		},
		Probe: "messages-for-a-reason",
	},
	{
		ID:       "reminder-once",
		Text:     "A reminder goes out once at most. Where it cannot be known whether one went out, it is not sent again: a person decides.",
		Sources:  []string{"F13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/outbox.go"},
		ProvedBy: []string{"messaging.TestCrashBetweenAnyTwoSteps", "messaging.TestCrashOfManyAtOnce", "messaging.TestBadDays", "app.TestKilledSenderNeverSendsTwice"},
		Twins: []Twin{
			{
				Name: "what may have left is sent again",
				File: "internal/messaging/outbox.go", Old: "\t\t\tto = Unsure\n\t\tcase l.kind", New: "\t\t\tto = Planned\n\t\tcase l.kind",
				Red: []string{"messaging.TestCrashBetweenAnyTwoSteps", "messaging.TestCrashOfManyAtOnce", "messaging.TestBadDays"},
			},
		},
		Probe: "reminder-once",
	},
	{
		ID:       "reminder-stops",
		Text:     "When an appointment is moved or cancelled, reminders of the old time no longer go out.",
		Sources:  []string{"F13", "B6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/reminders.go"},
		ProvedBy: []string{"followup.TestMovedOrCancelledMeansSilence", "followup.TestTheOldReminderInThePause"},
		Twins: []Twin{
			{
				Name: "a reminder does not look at the appointment again",
				File: "internal/followup/reminders.go", Old: "if facts.Occurrence != f.occurrence || !facts.Status.Ahead() ||", New: "if",
				Red: []string{"followup.TestTheOldReminderInThePause"},
			},
			{
				Name: "the old plan is not forgotten",
				File: "internal/followup/reminders.go", Old: "_, err := tx.Exec(sqlDueForget, appointment)\n\treturn err", New: "_ = sqlDueForget\n\treturn nil",
				Red: []string{"followup.TestMovedOrCancelledMeansSilence"},
			},
		},
		Probe: "reminder-stops",
	},
	{
		ID:       "reminder-unsubscribe",
		Text:     "Every reminder can be stopped with one click, without signing in.",
		Sources:  []string{"F13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/own.go"},
		ProvedBy: []string{"app.TestOneClickUnsubscribe"},
		Twins: []Twin{
			{
				Name: "stopping reminders takes a form of ours",
				File: "internal/web/own.go", Old: "OneClick: true,", New: "OneClick: false,",
				Red: []string{"app.TestOneClickUnsubscribe", "app.TestForgedRequestsChangeNothing", "app.TestRolesAndRoutes", "app.TestTwoClinicSweep"},
			},
		},
		Probe: "reminder-unsubscribe",
	},
	{
		ID:       "delivery-metadata",
		Text:     "Of each e-mail, its fate is kept: sent, refused, or unknown. Nothing records whether it was opened, unless the clinic turned that on.",
		Sources:  []string{"F8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/state.go"},
		ProvedBy: []string{"messaging.TestMailsCarryNoTracker", "messaging.TestOutcomes"},
		Twins: []Twin{
			{
				Name: "mails tell when they are opened",
				File: "internal/messaging/render.go", Old: "b.WriteString(foot)\n", New: "b.WriteString(foot + \"<img alt=\\\"\\\" src=\\\"https://clinic.example/o.gif\\\">\")\n",
				Red: []string{"messaging.TestMailsCarryNoTracker"},
			},
			{
				Name: "a refused mail counts as sent",
				File: "internal/messaging/outbox.go", Old: "to = Rejected\n", New: "to = Sent\n",
				Red: []string{"messaging.TestOutcomes", "messaging.TestBadDays", "messaging.TestTheWindow"},
			},
		},
		Probe: "delivery-metadata",
	},
	{
		ID:       "own-account-alone",
		Text:     "SMS and WhatsApp messages go through an account of the clinic's own, connected only after its owner agreed to that. The account sends that clinic's messages and nothing else; revoking it takes back what waits and destroys what signs in to it.",
		Sources:  []string{"A9", "F5", "F6", "M17"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/account.go"},
		ProvedBy: []string{"app.TestSMSByTheClinicsOwnAccount", "app.TestABrokenAccountLosesNothing", "app.TestWhatsAppByTheClinicsOwnAccount"},
		Twins: []Twin{
			{
				Name: "an account is connected though nobody agreed",
				File: "internal/messaging/account.go", Old: "if !agreed {", New: "if false {",
				Red:  []string{"app.TestABrokenAccountLosesNothing"},
				Long: true,
			},
			{
				Name: "a revoked account's key is kept",
				File: "internal/messaging/account.go", Old: `return s.db.Vault().Shred(ctx, tx.Clinic(), one, "channel_revoked")`, New: `return ctx.Err()`,
				Red:  []string{"app.TestABrokenAccountLosesNothing"},
				Long: true,
			},
		},
		Probe: "own-account-alone",
	},
	{
		ID:       "stop-is-heard",
		Text:     "Whoever answers STOP to a message, in her own words, gets no more of what needs her consent that way, from that moment on. She is told so once. START opens it again.",
		Sources:  []string{"F6", "I4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/heard.go", "internal/contact/stop.go"},
		ProvedBy: []string{"app.TestSMSByTheClinicsOwnAccount", "contact.TestStopWords", "messaging.TestStopFromALinkedNumber", "messaging.TestStopInTwelveLanguagesOnEachChannel"},
		Twins: []Twin{
			{
				Name: "STOP is taken for a question",
				File: "internal/contact/stop.go", Old: "return SaysStop\n", New: "return SaysElse\n",
				Red: []string{"contact.TestStopWords"},
			},
			{
				Name: "STOP closes nothing",
				File: "internal/messaging/heard.go", Old: "did, err = consent.StopBy(tx, p, string(a.Channel))", New: "did = true",
				Red: []string{"messaging.TestStopInTwelveLanguagesOnEachChannel", "messaging.TestAFamilysNumber", "messaging.TestStopFromALinkedNumber"},
			},
		},
		Probe: "stop-is-heard",
	},
	{
		ID:       "sms-fate",
		Text:     "Of each message by SMS or WhatsApp, its fate is kept as the carrier reports it: sent, delivered, or failed. In whatever order reports come, and however often, the end is the same.",
		Sources:  []string{"F6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/heard.go"},
		ProvedBy: []string{"messaging.TestReportsInAnyOrder"},
		Twins: []Twin{{
			Name: "a failure counts for more than a delivery",
			File: "internal/messaging/heard.go", Old: "\t\treturn 3\n", New: "\t\treturn 7\n",
			Red: []string{"messaging.TestReportsInAnyOrder", "messaging.TestBadDays"},
		}},
		Probe: "sms-fate",
	},
	{
		ID:       "answers-a-day",
		Text:     "What a patient writes waits encrypted for the clinic, a day at most, or until it was answered; then its text is deleted, and only that somebody wrote is kept. It is kept longer only where the clinic chose that, for as long as its page says.",
		Sources:  []string{"F3", "F4", "F12", "K12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/heard.go", "internal/messaging/keeper.go"},
		ProvedBy: []string{"messaging.TestWhatSomebodyWroteIsForgottenAfterADay", "messaging.TestContentIsKeptAsTheClinicChose", "messaging.TestWhatIsWrittenWhileItIsAnswered"},
		Twins: []Twin{
			{
				Name: "answers are kept for a week",
				File: "internal/messaging/heard.go", Old: "keptUnread = 24 * time.Hour", New: "keptUnread = 7 * 24 * time.Hour",
				Red: []string{"messaging.TestWhatSomebodyWroteIsForgottenAfterADay"},
			},
			{
				Name: "what was said is kept though nobody chose that",
				File: "internal/messaging/answer.go", Old: "if err != nil || set.Content == ContentNone {", New: "if err != nil {",
				Red: []string{"messaging.TestContentIsKeptAsTheClinicChose", "messaging.TestTheWindow"},
			},
		},
		Probe: "answers-a-day",
	},
}
