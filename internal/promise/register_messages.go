package promise

// messages: what goes out, to whom, and how often.
var messages = []Sentence{
	{
		ID:       "confirmation-at-once",
		Text:     "Every booking is confirmed at once, by a message that says when and where, with an entry for the patient's calendar.",
		Sources:  []string{"C5", "F7"},
		Applies:  "where the patient left an e-mail address",
		Kind:     Enforced,
		KeptBy:   []string{"internal/journeys/table.go", "internal/messaging/calendar.go"},
		ProvedBy: []string{"jobs.TestConfirmationWithinASecond", "messaging.TestCalendarsReadRequestMoveAndCancel"},
	},
	{
		ID:       "messages-for-a-reason",
		Text:     "No message leaves without a consent or another stated ground, a purpose, a rule and a template on record. Messages are confirmations, changes, reminders, verification and notices of the service.",
		Sources:  []string{"F7", "F10"},
		Kind:     Enforced,
		KeptBy:   []string{"messaging.Send"},
		ProvedBy: []string{"messaging.TestNothingLeavesWithoutAPassport"},
		Probe:    "messages-for-a-reason",
	},
	{
		ID:       "reminder-once",
		Text:     "A reminder goes out once at most. Where it cannot be known whether one went out, it is not sent again: a person decides.",
		Sources:  []string{"F13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/outbox.go"},
		ProvedBy: []string{"messaging.TestCrashBetweenAnyTwoSteps", "app.TestKilledSenderNeverSendsTwice"},
		Probe:    "reminder-once",
	},
	{
		ID:       "reminder-stops",
		Text:     "When an appointment is moved or cancelled, reminders of the old time no longer go out.",
		Sources:  []string{"F13", "B6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/followup/reminders.go"},
		ProvedBy: []string{"followup.TestMovedOrCancelledMeansSilence"},
	},
	{
		ID:       "reminder-unsubscribe",
		Text:     "Every reminder can be stopped with one click, without signing in.",
		Sources:  []string{"F13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/own.go"},
		ProvedBy: []string{"app.TestOneClickUnsubscribe"},
	},
	{
		ID:       "delivery-metadata",
		Text:     "Of each e-mail, its fate is kept: sent, refused, or unknown. Nothing records whether it was opened.",
		Sources:  []string{"F8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/state.go"},
		ProvedBy: []string{"messaging.TestMailsCarryNoTracker"},
		Probe:    "delivery-metadata",
	},
}
