package promise

// givenAway: what is given to authorities and courts.
var givenAway = []Sentence{
	{
		ID:       "disclosure-two-people",
		Text:     "When an authority, a court or an emergency needs a patient's data, one person writes the demand and its ground down, and another of those who lead the clinic decides. The database itself refuses that one person does both.",
		Sources:  []string{"I7", "T1"},
		Kind:     Enforced,
		KeptBy:   []string{"disclosures.Service.Ask", "disclosures.Service.Decide"},
		ProvedBy: []string{"disclosures.TestTwoPeopleGiveTheLeast", "disclosures.TestWhoJoinedAfterDecidesNothing"},
		Twins: []Twin{
			{
				Name: "who joined after a demand decides about it",
				File: "internal/disclosures/service.go", Old: "if here > d.AskedAt {", New: "if here > d.AskedAt && false {",
				Red: []string{"disclosures.TestWhoJoinedAfterDecidesNothing"},
			},
			{
				Name: "whoever wrote a demand down decides about it",
				File: "internal/disclosures/service.go", Old: "if d.By == tx.Caller().Actor() {", New: "if d.By.IsZero() {",
				Red: []string{"disclosures.TestTwoPeopleGiveTheLeast"},
			},
			{
				Name: "the database lets one person ask and decide",
				File: "internal/store/migrations/common/00072_disclosure.sql", Old: "CHECK (decided_by IS NULL OR decided_by <> asked_by)", New: "CHECK (decided_by IS NULL OR decided_by <> clinic_id)",
				Red: []string{"disclosures.TestTwoPeopleGiveTheLeast"},
			},
		},
		Probe: "disclosure-two-people",
	},
	{
		ID:       "disclosure-least",
		Text:     "Only the parts of a record that were asked for are given: they are named one by one, about one patient at a time, and nothing is given in bulk.",
		Sources:  []string{"I7", "T1"},
		Kind:     Enforced,
		KeptBy:   []string{"disclosures.Service.File", "internal/app/disclosures.go"},
		ProvedBy: []string{"disclosures.TestTwoPeopleGiveTheLeast", "app.TestAnAuthorityGetsNoMore"},
		Twins: []Twin{
			{
				Name: "the file holds every part",
				File: "internal/disclosures/service.go", Old: "for _, p := range d.Parts {\n\t\t\ttables", New: "for _, p := range Parts() {\n\t\t\ttables",
				Red: []string{"disclosures.TestTwoPeopleGiveTheLeast", "app.TestAnAuthorityGetsNoMore"}, Long: true,
			},
			{
				Name: "how she is reached comes with who she is",
				File: "internal/app/disclosures.go", Old: `identityFields = []string{"name", "birth_date", "sex"}`, New: `identityFields = []string{"name", "birth_date", "sex", "phone"}`,
				Red: []string{"app.TestAnAuthorityGetsNoMore"}, Long: true,
			},
		},
		Probe: "disclosure-least",
	},
	{
		ID:       "disclosure-told",
		Text:     "A patient is told what was given about her, to whom and why, as soon as it is given. Where a law or an order forbids that until a day, she is told after that day, by itself.",
		Sources:  []string{"I7", "T1", "I11"},
		Kind:     Enforced,
		KeptBy:   []string{"disclosures.Service.TellDue", "disclosures.Of"},
		ProvedBy: []string{"disclosures.TestSheIsToldWhatWasGiven"},
		Twins: []Twin{
			{
				Name: "she is told on the last forbidden day",
				File: "internal/disclosures/disclosure.go", Old: `return d.Gag != "" && today <= d.Gag`, New: `return d.Gag != "" && today < d.Gag`,
				Red: []string{"disclosures.TestSheIsToldWhatWasGiven"},
			},
			{
				Name: "nobody is told later",
				File: "internal/disclosures/store.go", Old: "AND state = 'given' AND told_at = 0 AND id > $2", New: "AND state = 'asked' AND told_at = 0 AND id > $2",
				Red: []string{"disclosures.TestSheIsToldWhatWasGiven"},
			},
			{
				Name: "she finds herself on the list of demands",
				File: "internal/disclosures/service.go", Old: `v.Listed("disclosure", audit.Withheld, silent)`, New: `v.Listed("disclosure", audit.Withheld[:0], silent)`,
				Red: []string{"disclosures.TestSheIsToldWhatWasGiven"},
			},
		},
		Probe: "disclosure-told",
	},
}
