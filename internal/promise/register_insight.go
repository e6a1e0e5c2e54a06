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
		Probe:    "counts-only",
		Twins: []Twin{
			{
				Name: "small groups are shown",
				File: "internal/insight/carry.go", Old: "if waiting.cases >= LeastGroup {", New: "if waiting.cases >= 1 {",
				Red: []string{"insight.TestNoDifferenceTellsOfFewer", "insight.TestReportsTellNoFewer", "insight.TestUseIsCountedWhereItIsSwitchedOn"},
			},
		},
	},
	{
		ID:       "reports-counted",
		Text:     "The clinic’s owner sees how many visits there were, how full the practitioners’ hours are, who waited how long and what reminders do: the kept counts equal a count of the appointments, also after old days are changed.",
		Sources:  []string{"B10", "P1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/insight/count.go", "internal/insight/work.go"},
		ProvedBy: []string{"insight.TestKeptCountsEqualADirectCount", "insight.TestWhatCanBeCountedNoMoreStays", "app.TestReportsInABrowser"},
		Probe:    "reports-counted",
		Twins: []Twin{
			{
				Name: "old days are counted anew from what is gone",
				File: "internal/insight/work.go", Old: "if k.day < logged {", New: "if k.day < logged && logged == told {",
				Red: []string{"insight.TestWhatCanBeCountedNoMoreStays"},
			},
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
		ProvedBy: []string{"insight.TestKeptCountsEqualADirectCount", "insight.TestWhoObjectsTakesHerRefundsAlong"},
		Probe:    "figures-objection",
		Twins: []Twin{
			{
				Name: "who objected is counted",
				File: "internal/insight/count.go", Old: "return patient.IsZero() || g.said[patient] && (!child || g.children && g.agreed[patient])", New: "return patient.IsZero() || (!child || g.children && g.agreed[patient])",
				Red: []string{"insight.TestKeptCountsEqualADirectCount", "insight.TestWhoObjectsTakesHerRefundsAlong", "insight.TestWhatCanBeCountedNoMoreStays"},
			},
			{
				Name: "who objected leaves her refunds behind",
				File: "internal/insight/work.go", Old: "sqlObjectedPaid, sqlObjectedRefunded, sqlObjectedBilled}", New: "sqlObjectedPaid, sqlObjectedBilled}",
				Red: []string{"insight.TestWhoObjectsTakesHerRefundsAlong"},
			},
		},
	},
	{
		ID:       "use-switchable",
		Text:     "Whether it is counted how the program is used and how often the public pages are looked at, the owner decides; at first it is not. Neither person nor address is kept, no cookie is set, and a browser that asks not to be followed is not counted.",
		Sources:  []string{"P2", "P3", "P4", "P5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/insight/usage.go"},
		ProvedBy: []string{"insight.TestUseIsCountedWhereItIsSwitchedOn", "web.TestABrowserThatAsksNotToBeFollowed"},
		Probe:    "use-switched-off",
		Twins: []Twin{
			{
				Name: "the page does not read that a browser asks not to be followed",
				File: "internal/web/reports.go", Old: `v.Header.Get("Sec-GPC") != "1"`, New: `v.Header.Get("Sec-GPC") != "yes"`,
				Red: []string{"web.TestABrowserThatAsksNotToBeFollowed"},
			},
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
	{
		ID:       "watched-by-operators",
		Text:     "Whoever runs the servers sees sizes, times, statements without their values and errors by kind. These pages are for the machine itself and who knows the operator’s token, and name no clinic and nobody.",
		Sources:  []string{"P3", "S1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/watching.go", "internal/app/metrics.go", "internal/store/watch.go"},
		ProvedBy: []string{"app.TestWatchingIsForOperators"},
		Probe:    "watched-by-operators",
		Twins: []Twin{
			{
				Name: "strangers see the operator's page",
				File: "internal/app/watching.go", Old: "if !h.operator(r) {", New: "if !h.operator(r) && r.Method != http.MethodGet {",
				Red: []string{"app.TestWatchingIsForOperators", "app.TestMetricsCarryNobody", "app.TestTwoClinicSweep"},
			},
		},
	},
	{
		ID:       "log-declared",
		Text:     "A line of the log has only fields that were declared beforehand, none of which holds a person’s data; each request has one id, in its answer, in the log and on its error page.",
		Sources:  []string{"N3", "S1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/logbook.go", "internal/fault/logfields.go"},
		ProvedBy: []string{"app.TestLogKeepsDeclaredFields", "app.TestRequestsHaveOneID"},
		Probe:    "log-declared",
		Twins: []Twin{
			{
				Name: "the log takes any field",
				File: "internal/app/logbook.go", Old: "clean.AddAttrs(slog.String(\"undeclared\", a.Key))", New: "clean.AddAttrs(a)",
				Red: []string{"app.TestLogKeepsDeclaredFields", "app.TestTwoClinicSweep"},
			},
			{
				Name: "strangers name their requests",
				File: "internal/app/server.go", Old: "len(given) <= 64 && trusted(r) &&", New: "len(given) <= 64 &&",
				Red: []string{"app.TestRequestsHaveOneID", "app.TestTwoClinicSweep"},
			},
		},
	},
}
