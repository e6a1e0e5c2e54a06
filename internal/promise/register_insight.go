package promise

// insights: the figures of a clinic, and the watching of the program.
var insights = []Sentence{
	{
		ID:       "counts-only",
		Text:     "Reports hold counts of at least five, never fewer, and no difference between two reports tells of fewer. Nobody is named in them.",
		Sources:  []string{"I12", "P1", "P6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/insight/carry.go"},
		ProvedBy: []string{"insight.TestNoDifferenceTellsOfFewer", "insight.TestReportsTellNoFewer"},
		Twins: []Twin{
			{
				Name: "small groups are shown",
				File: "internal/insight/carry.go", Old: "if waiting.cases >= LeastGroup {", New: "if waiting.cases >= 1 {",
				Red: []string{"insight.TestNoDifferenceTellsOfFewer", "insight.TestReportsTellNoFewer"},
			},
		},
	},
	{
		ID:       "reports-counted",
		Text:     "The clinic’s owner sees how many visits there were, how full the practitioners’ hours are, who waited how long and what reminders do: the kept counts equal a count of the appointments, also after old days are changed.",
		Sources:  []string{"B10", "P1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/insight/count.go", "internal/insight/work.go"},
		ProvedBy: []string{"insight.TestKeptCountsEqualADirectCount", "app.TestReportsInABrowser"},
		Twins: []Twin{
			{
				Name: "old days that were changed are not counted again",
				File: "internal/insight/work.go", Old: "for _, text := range []string{sqlTouched, sqlObjected,", New: "for _, text := range []string{sqlObjected,",
				Red: []string{"insight.TestKeptCountsEqualADirectCount"},
			},
		},
	},
	{
		ID:       "figures-objection",
		Text:     "Who says so on her own page, or at the desk, is left out of the clinic’s figures, of earlier days too; so is who stopped every use of her data. In India children are left out unless the clinic decides otherwise.",
		Sources:  []string{"I12", "P4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/insight/count.go", "internal/consent/inside.go"},
		ProvedBy: []string{"insight.TestKeptCountsEqualADirectCount"},
		Twins: []Twin{
			{
				Name: "who objected is counted",
				File: "internal/insight/count.go", Old: "return patient.IsZero() || g.said[patient] && (g.children || !child)", New: "return patient.IsZero() || (g.children || !child)",
				Red: []string{"insight.TestKeptCountsEqualADirectCount"},
			},
		},
	},
	{
		ID:       "use-switchable",
		Text:     "Whether it is counted how the program is used and how often the public pages are looked at, the owner decides; at first it is not. Neither person nor address is kept, no cookie is set, and a browser that asks not to be followed is not counted.",
		Sources:  []string{"P2", "P3", "P4", "P5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/insight/usage.go"},
		ProvedBy: []string{"insight.TestUseIsCountedWhereItIsSwitchedOn"},
		Probe:    "use-switched-off",
		Twins: []Twin{
			{
				Name: "a browser that asks not to be followed is counted",
				File: "internal/insight/usage.go", Old: "if !follow {", New: "if !follow && agent == \"\" {",
				Red: []string{"insight.TestUseIsCountedWhereItIsSwitchedOn"},
			},
			{
				Name: "use is counted without being switched on",
				File: "internal/insight/usage.go", Old: "if set.Features {", New: "if set.Features || len(features) > 0 {",
				Red: []string{"insight.TestUseIsCountedWhereItIsSwitchedOn"},
			},
		},
	},
}
