package promise

// outsiders: who outside may get something, and what went to whom.
var outsiders = []Sentence{
	{
		ID:       "vendor-contract-ends",
		Text:     "When the contract with a company on the list is over, nothing goes to it any more: from the day after its last day every connection is refused.",
		Sources:  []string{"I9"},
		Kind:     Enforced,
		KeptBy:   []string{"vendors.Vendor.Closed", "egress.Gate.Shut"},
		ProvedBy: []string{"vendors.TestContractEnds"},
		Twins: []Twin{
			{
				Name: "a contract that is over counts",
				File: "internal/vendors/vendor.go", Old: "case v.Ends != \"\" && today > v.Ends:", New: "case v.Ends != \"\" && today > v.Ends.AddDays(400):",
				Red: []string{"vendors.TestContractEnds"},
			},
			{
				Name: "the gate does not ask",
				File: "internal/egress/gate.go", Old: "if err := g.closed(ctx, processorID); err != nil {", New: "if err := g.closed(ctx, \"\"); err != nil {",
				Red: []string{"vendors.TestContractEnds", "vendors.TestReviewIsYearly"},
			},
		},
		Probe: "vendors-closed",
	},
	{
		ID:       "vendor-review-yearly",
		Text:     "The security of every company on the list is reviewed at least every twelve months. One that was not gets nothing until it was.",
		Sources:  []string{"I9"},
		Kind:     Enforced,
		KeptBy:   []string{"vendors.Vendor.Closed", "egress.Gate.Shut"},
		ProvedBy: []string{"vendors.TestReviewIsYearly"},
		Twins: []Twin{
			{
				Name: "a late review of a company is called in time",
				File: "internal/vendors/vendor.go", Old: "case today > ReviewEvery.Day(v.Reviewed):", New: "case today > ReviewEvery.Day(v.Reviewed).AddDays(400):",
				Red: []string{"vendors.TestReviewIsYearly"},
			},
		},
		Probe: "vendors-reviewed",
	},
	{
		ID:       "vendors-bound",
		Text:     "Every company on the list of sub-processors is bound by contract to confidentiality, and the record of it is on file. Where it is not, this page says so.",
		Sources:  []string{"I9"},
		Kind:     Enforced,
		KeptBy:   []string{"vendors.Vendor.Missing", "internal/web/vendors.go"},
		ProvedBy: []string{"vendors.TestRecordsAreRead"},
		Twins: []Twin{
			{
				Name: "a contract without confidentiality is enough",
				File: "internal/vendors/vendor.go", Old: "case !v.Confidential:", New: "case !v.Confidential && v.Note == \"\":",
				Red: []string{"vendors.TestRecordsAreRead"},
			},
		},
		Probe: "vendors-bound",
	},
	{
		ID:       "vendor-baa",
		Text:     "What a clinic under the United States’ HIPAA has of its patients goes only to companies with which a Business Associate Agreement is on record.",
		Sources:  []string{"D8"},
		Kind:     Enforced,
		KeptBy:   []string{"vendors.Service.Refused"},
		ProvedBy: []string{"vendors.TestHIPAAAsksForAnAgreement"},
		Twins: []Twin{
			{
				Name: "a contract is taken for the agreement",
				File: "internal/vendors/allowed.go", Old: "!s.record(party).BAA:", New: "!s.record(party).Confidential:",
				Red: []string{"vendors.TestHIPAAAsksForAnAgreement"},
			},
		},
		Probe: "vendor-baa",
	},
	{
		ID:       "region",
		Text:     "A clinic chooses the region in which its data stays, and outside services of another region are refused.",
		Sources:  []string{"A21", "I8"},
		Kind:     Enforced,
		KeptBy:   []string{"vendors.Service.Refused", "internal/messaging/outside.go", "internal/app/vendors.go"},
		ProvedBy: []string{"vendors.TestOnlyItsOwnRegion", "app.TestOneClinicInItsRegion", "app.TestTheSecondCopyAsksEveryClinic", "app.TestTheVerbsAskEveryClinic"},
		Twins: []Twin{
			{
				Name: "a message goes whatever the clinic chose",
				File: "internal/messaging/outbox.go", Old: "if why, err := s.barred(d, via, own); err != nil || why != \"\" {", New: "if why, err := s.barred(d, via, own); err != nil || why == \"?\" {",
				Red: []string{"app.TestOneClinicInItsRegion"},
			},
			{
				Name: "backups lie where the clinic forbids",
				File: "internal/vendors/allowed.go", Old: "\treturn OutOfArea\n}", New: "\treturn \"\"\n}",
				Red: []string{"vendors.TestOnlyItsOwnRegion", "app.TestTheSecondCopyAsksEveryClinic", "app.TestTheVerbsAskEveryClinic"},
			},
			{
				Name: "the second copy asks nobody itself",
				File: "internal/app/vendors.go", Old: "against, err := b.h.compareChoices(ctx)", New: "against, err := b.h.goingAgainst(), error(nil)",
				Red: []string{"app.TestTheSecondCopyAsksEveryClinic", "app.TestTheVerbsAskEveryClinic"},
			},
			{
				Name: "a clinic that cannot be asked forbids nothing",
				File: "internal/vendors/service.go", Old: "return out, errors.Join(failed...)", New: "return out, errors.Join(failed[:0]...)",
				Red: []string{"app.TestTheSecondCopyAsksEveryClinic"},
			},
		},
		Probe: "clinic-regions",
	},
	{
		ID:       "nobody-outside",
		Text:     "A clinic can allow nobody outside at all. Then no company on this list gets anything of its patients: no message leaves, nobody pays online, and its own programs are told nothing.",
		Sources:  []string{"I8"},
		Kind:     Enforced,
		KeptBy:   []string{"vendors.Service.Refused", "internal/messaging/outside.go"},
		ProvedBy: []string{"vendors.TestNobodyOutside", "app.TestTheSecondCopyAsksEveryClinic", "app.TestTheVerbsAskEveryClinic"},
		Twins: []Twin{
			{
				Name: "nobody is somebody",
				File: "internal/vendors/allowed.go", Old: "case c.Outside == clinics.OutsideNobody:", New: "case c.Outside == clinics.OutsideNobody && p.Local:",
				Red: []string{"vendors.TestNobodyOutside"},
			},
		},
		Probe: "nobody-outside",
	},
	{
		ID:       "vendor-use-shown",
		Text:     "This page shows what went to whom in the last 30 days: how often, how much, and what was refused, over all processes of this installation.",
		Sources:  []string{"I9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/vendors/use.go", "internal/web/vendors.go"},
		ProvedBy: []string{"vendors.TestUseIsKept"},
		Twins: []Twin{
			{
				Name: "only the last process counts",
				File: "internal/vendors/store.go", Old: "refused = egress_use.refused + excluded.refused", New: "refused = excluded.refused",
				Red: []string{"vendors.TestUseIsKept"},
			},
		},
		Probe: "vendor-use",
	},
	{
		ID:       "egress-alarm",
		Text:     "An attempt to reach anybody who is not on the list is refused, counted and reported to whoever runs this installation, and this sentence counts as broken for the rest of the day and the next.",
		Sources:  []string{"I9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/vendors.go", "internal/app/incidents.go"},
		ProvedBy: []string{"app.TestRogueAdapter"},
		Twins: []Twin{
			{
				Name: "a refusal is counted and not reported",
				File: "internal/app/vendors.go", Old: "if u.Refused > 0 {", New: "if u.Refused > 1000 {",
				Red: []string{"app.TestRogueAdapter"},
			},
		},
		Probe: "egress-quiet",
	},
}
