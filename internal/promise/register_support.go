package promise

// helping: what support and operators may see of a clinic, what clinics write to them, and what the platform tells.
var helping = []Sentence{
	{
		ID:       "support-by-grant",
		Text:     "Nobody of support and no operator sees anything of a clinic without its grant: named things, to look at and never to change, for four hours at most. A grant ends by itself, and it never becomes longer or wider.",
		Sources:  []string{"M11", "Q5", "A23"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/store/grant.go", "internal/access/grant.go", "vault.Ring.Only", "internal/support/access.go", "internal/web/seen.go"},
		ProvedBy: []string{"support.TestAGrantFromAskingToItsEnd", "support.TestWhatIsSeenIsLoggedUnderTheGrant", "support.TestAGrantHasItsBounds", "support.TestNobodyOfThePlatformHoldsARight", "app.TestEveryPageIsClosedToSupport"},
		Probe:    "support-by-grant",
		Twins: []Twin{
			{
				Name: "the doorway does not ask whether the grant still runs",
				File: "internal/store/grant.go", Old: "AND state = 'running' AND ends_at > $4`", New: "AND state <> 'none' AND ends_at + $4 > 0`",
				Red: []string{"support.TestAGrantFromAskingToItsEnd", "support.TestEndedByAPress", "support.TestAnEmergencyTellsEveryOwnerFirst", "support.TestNobodyOfThePlatformHoldsARight"},
			},
			{
				Name: "support may change things",
				File: "internal/store/grant.go", Old: "if who.Helps() && right != access.SupportAsk {", New: "if who.Helps() && right == access.Work {",
				Red: []string{"support.TestAGrantFromAskingToItsEnd"},
			},
			{
				Name: "a grant opens everybody's record",
				File: "internal/store/doorway.go", Old: "r.Only(v.who.Grant().Patient)", New: "_ = r.Only",
				Red: []string{"support.TestWhatIsSeenIsLoggedUnderTheGrant"},
			},
			{
				Name: "a grant of five hours",
				File: "internal/support/grant.go", Old: "mostMinutes      = 240", New: "mostMinutes      = 300",
				Red: []string{"support.TestAGrantHasItsBounds"},
			},
			{
				Name: "a grant opens pages that nobody listed",
				File: "internal/web/seen.go", Old: "|| v.Who.Grant().Scopes.Has(route.Lent) {", New: "|| route.Right != \"\" {",
				Red: []string{"app.TestEveryPageIsClosedToSupport"},
			},
		},
	},
	{
		ID:       "support-logged",
		Text:     "Everything that support does in a clinic is written into the clinic's own log, under the helper's name and the grant, from the asking to the end.",
		Sources:  []string{"N5", "M11", "Q5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/store/account.go", "internal/support/access.go"},
		ProvedBy: []string{"support.TestAGrantFromAskingToItsEnd", "support.TestWhatIsSeenIsLoggedUnderTheGrant"},
		Probe:    "support-logged",
		Twins: []Twin{
			{
				Name: "the log forgets under which grant",
				File: "internal/store/account.go", Old: "id.Null(who.Grant().ID), id", New: "id.Null(id.Zero), id",
				Red: []string{"support.TestWhatIsSeenIsLoggedUnderTheGrant", "support.TestAGrantFromAskingToItsEnd"},
			},
		},
	},
	{
		ID:       "support-visible",
		Text:     "While support looks, everybody in the clinic sees who it is and until when, and can end it at once.",
		Sources:  []string{"N5", "Q5"},
		Kind:     Enforced,
		KeptBy:   []string{"support.Service.End", "internal/web/support_pages.go"},
		ProvedBy: []string{"support.TestEndedByAPress", "app.TestSupportByHand"},
		Probe:    "support-visible",
		Twins: []Twin{
			{
				Name: "a press that ends nothing",
				File: "internal/support/store.go", Old: "SET state = 'ended', ended_at = $3, ended_by = $4 WHERE", New: "SET state = state, ended_at = $3, ended_by = $4 WHERE",
				Red: []string{"support.TestEndedByAPress", "app.TestSupportByHand", "app.TestEveryPageIsClosedToSupport", "app.TestEveryPageIsAccessible"},
			},
		},
	},
	{
		ID:       "support-emergency",
		Text:     "Where nobody of a clinic can be reached, an operator may open its settings, and its calendar without names, for one hour. Every owner is told before anything opens, the log marks every entry of it, and an owner looks back at it afterwards.",
		Sources:  []string{"Q5", "M11"},
		Kind:     Enforced,
		KeptBy:   []string{"support.Service.Ask", "support.Service.Review"},
		ProvedBy: []string{"support.TestAnEmergencyTellsEveryOwnerFirst"},
		Probe:    "support-emergency",
		Twins: []Twin{
			{
				Name: "owners are not told of an emergency",
				File: "internal/support/access.go", Old: "return accounts.OwnersTold(p, clinic, c.Name, notice, \"/app/support/access\")", New: "if w.Emergency {\n\t\t\treturn nil\n\t\t}\n\t\treturn accounts.OwnersTold(p, clinic, c.Name, notice, \"/app/support/access\")",
				Red: []string{"support.TestAnEmergencyTellsEveryOwnerFirst"},
			},
		},
	},
	{
		ID:       "tickets",
		Text:     "What a clinic writes to support is encrypted under the key of who wrote it. Others of the clinic see it only if they lead it, other clinics never; a mail about an answer holds nothing of it. A year after a ticket was closed it is deleted.",
		Sources:  []string{"Q1", "Q2", "K12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/support/ticket.go", "support.Service.Tidy"},
		ProvedBy: []string{"support.TestTickets"},
		Twins: []Twin{
			{
				Name: "tickets of another clinic",
				File: "internal/support/ticket.go", Old: "!who.Clinic().IsZero() && t.Clinic == who.Clinic() && (allOf(who)", New: "!who.Clinic().IsZero() && (allOf(who)",
				Red: []string{"support.TestTickets"},
			},
			{
				Name: "closed tickets stay",
				File: "internal/support/keeper.go", Old: "p.Query(sqlTicketOld, p.Now().Add(-keepTickets), ", New: "p.Query(sqlTicketOld, p.Now().Add(-9*keepTickets), ",
				Red: []string{"support.TestTickets"},
			},
		},
		Probe: "tickets",
	},
	{
		ID:       "help-inside",
		Text:     "Help stands inside the product, in every language of it, by task, and is found by searching. Searching it sends nothing anywhere else.",
		Sources:  []string{"Q3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/support/help/help.go"},
		ProvedBy: []string{"support/help.TestEveryTaskInEveryLanguage", "support/help.TestHelpIsFound", "app.TestSupportByHand"},
		Probe:    "help-inside",
		Twins: []Twin{
			{
				Name: "words that only begin alike are not found",
				File: "internal/support/help/help.go", Old: "case strings.HasPrefix(e.word, a):", New: "case e.word == a+a:",
				Red: []string{"support/help.TestHelpIsFound"},
			},
		},
	},
	{
		ID:       "letters-by-choice",
		Text:     "News of the product goes only to those who asked for it, alerts about security to everybody who has not declined them, each once.",
		Sources:  []string{"F11", "M13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/lists.go", "support.Service.MailNotices"},
		ProvedBy: []string{"support.TestLettersGoToThoseWhoWantThem", "accounts.TestANoticeOutlivesAnOutage"},
		Twins: []Twin{
			{
				Name: "everybody gets the news",
				File: "internal/accounts/lists.go", Old: "func byDefault(list string) bool { return list == ListSecurity }", New: "func byDefault(list string) bool { return list != \"\" }",
				Red: []string{"support.TestLettersGoToThoseWhoWantThem"},
			},
			{
				Name: "who left the list gets what waited",
				File: "internal/accounts/mail.go", Old: "if wanted, err := wants(p, person, m.Kind); err != nil || !wanted {", New: "if wanted, err := wants(p, person, m.Kind); err != nil || !wanted && m.Kind == \"\" {",
				Red: []string{"accounts.TestANoticeOutlivesAnOutage"},
			},
		},
		Probe: "letters-by-choice",
	},
	{
		ID:       "handed-over",
		Text:     "A clinic goes over to a new owner when one owner offers it, the other accepts, and either both are there or three days have passed. Until then any owner can take it back, and a clinic is never without an owner.",
		Sources:  []string{"A17"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/transfer.go"},
		ProvedBy: []string{"support.TestAClinicIsHandedOver", "accounts.TestOneClinicKeepsNoOtherWaiting"},
		Probe:    "handed-over",
		Twins: []Twin{
			{
				Name: "no waiting time",
				File: "internal/accounts/transfer.go", Old: "transferWaits = 72 * time.Hour", New: "transferWaits = 0 * time.Hour",
				Red: []string{"support.TestAClinicIsHandedOver"},
			},
			{
				Name: "the first clinic that fails ends the round",
				File: "internal/accounts/transfer.go", Old: "\t\t\tfailed = append(failed, err)\n", New: "\t\t\treturn err\n",
				Red: []string{"accounts.TestOneClinicKeepsNoOtherWaiting"},
			},
		},
	},
}
