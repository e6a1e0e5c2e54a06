package promise

// talk: conversations with patients, over every channel.
var talk = []Sentence{
	{
		ID:       "whatsapp",
		Text:     "Messages go by WhatsApp only where the clinic connected its own account there, with texts that WhatsApp has approved. In its own words a clinic answers within 24 hours after the patient wrote, as WhatsApp's rules say.",
		Sources:  []string{"F1", "F2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/approval.go", "internal/messaging/peers.go", "internal/carriers/whatsapp/carrier.go"},
		ProvedBy: []string{"app.TestWhatsAppByTheClinicsOwnAccount", "messaging.TestTheWindow"},
		Twins: []Twin{
			{
				Name: "the window never closes",
				File: "internal/messaging/peers.go", Old: "if c.wrote == 0 || end <= now || c.closed >= c.wrote {", New: "if c.wrote == 0 {",
				Red: []string{"messaging.TestTheWindow"},
			},
			{
				Name: "the provider's word about the window is not believed",
				File: "internal/messaging/peers.go", Old: "end <= now || c.closed >= c.wrote {", New: "end <= now {",
				Red: []string{"messaging.TestTheWindow"},
			},
		},
		Probe: "whatsapp",
	},
	{
		ID:       "one-channel",
		Text:     "A patient is written to by the channel that she wishes. Another one is tried only when that one turns out to be closed to her for good, and each channel once.",
		Sources:  []string{"F2", "F7"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/ways.go"},
		ProvedBy: []string{"messaging.TestAnotherChannelOnlyWhenOneIsClosedForGood"},
		Twins: []Twin{{
			Name: "what is only late goes over another channel too",
			File: "internal/messaging/heard.go", Old: "if e.Permanent {", New: "if e.Permanent || true {",
			Red: []string{"messaging.TestAnotherChannelOnlyWhenOneIsClosedForGood"},
		}},
		Probe: "one-channel",
	},
	{
		ID:       "replies",
		Text:     "What a patient writes stands in her conversation with the clinic, whatever the channel, and she sees it on her own page. What comes from a number that a family shares stands in nobody's until a person has said who is meant.",
		Sources:  []string{"D11", "F1", "F12", "G2", "L3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/talk.go", "internal/messaging/reading.go"},
		ProvedBy: []string{"messaging.TestButtons", "messaging.TestAFamilysNumber"},
		Twins: []Twin{
			{
				Name: "the first of a family is taken for the writer",
				File: "internal/messaging/talk.go", Old: "case len(people) == 1:", New: "case len(people) >= 1:",
				Red: []string{"messaging.TestAFamilysNumber"},
			},
			{
				Name: "anybody's touch is believed",
				File: "internal/messaging/talk.go", Old: "\t\tif p == r.patient {\n", New: "\t\tif p != id.Zero {\n",
				Red: []string{"messaging.TestButtons"},
			},
		},
		Probe: "replies",
	},
	{
		ID:       "mail-providers",
		Text:     "A clinic's mail can go through its own account at a provider, in the region that the clinic chose. The provider is given the recipient, the subject, the text and a number of ours, and nothing that names the patient or the visit beside them.",
		Sources:  []string{"F9", "F14"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/carriers/ses/carrier.go", "internal/carriers/ses/envelope.go"},
		ProvedBy: []string{"app.TestAccountsAtEveryCompany", "carriers/ses.TestWhatLeaves"},
		Twins: []Twin{{
			Name: "the provider is told the kind of the message",
			File: "internal/carriers/ses/carrier.go", Old: "Value: aws.String(m.ID.String())", New: "Value: aws.String(m.Subject)",
			Red: []string{"carriers/ses.TestWhatLeaves"},
		}},
		Probe: "mail-providers",
	},
	{
		ID:       "opened-if-enabled",
		Text:     "Whether a mail was opened is not asked and not kept, unless the clinic turned that on; the mail then says so.",
		Sources:  []string{"F8"},
		Kind:     Enforced,
		KeptBy:   []string{"messaging.Digest", "internal/messaging/compose.go"},
		ProvedBy: []string{"messaging.TestOpenedOnlyWhereTheClinicTurnedItOn"},
		Twins: []Twin{{
			Name: "opening is kept though nobody turned it on",
			File: "internal/messaging/heard.go", Old: "if !x.Opens {", New: "if !x.Opens && false {",
			Red: []string{"messaging.TestOpenedOnlyWhereTheClinicTurnedItOn"},
		}},
		Probe: "opened-if-enabled",
	},
	{
		ID:       "delivery-events-180",
		Text:     "The steps of a message's delivery, and the provider's number of it, are deleted after 180 days.",
		Sources:  []string{"K3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/keeper.go"},
		ProvedBy: []string{"messaging.TestDeliveryEventsAreDeletedAfter180Days"},
		Twins: []Twin{{
			Name: "the steps stay for a year",
			File: "internal/messaging/keeper.go", Old: "hidden := k.Lives.Hidden(law.Events, now)", New: "hidden := k.Lives.Hidden(law.Events, now) - 185*86_400_000_000",
			Red: []string{"messaging.TestDeliveryEventsAreDeletedAfter180Days"},
		}},
		Probe: "delivery-events-180",
	},
	{
		ID:       "service-notices",
		Text:     "Whoever runs a clinic is told by mail of what needs her: that a provider refuses the clinic's account and messages wait. She is told once, and the mail names no patient.",
		Sources:  []string{"F10", "F11", "Q2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/notice.go", "internal/clinics/tell.go", "internal/messaging/account.go"},
		ProvedBy: []string{"app.TestABrokenAccountLosesNothing", "accounts.TestANoticeOutlivesAnOutage"},
		Twins: []Twin{
			{
				Name: "owners are told every minute",
				File: "internal/clinics/tell.go", Old: "_, err := tx.Exec(told, tx.Now())\n\t\treturn err", New: "return nil",
				Red:  []string{"app.TestABrokenAccountLosesNothing"},
				Long: true,
			},
			{
				Name: "a notice dies with the day",
				File: "internal/accounts/mail.go", Old: "noticeLife  = keepMails", New: "noticeLife  = mailLife",
				Red: []string{"accounts.TestANoticeOutlivesAnOutage"},
			},
		},
		Probe: "service-notices",
	},
}
