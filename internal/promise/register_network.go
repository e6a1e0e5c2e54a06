package promise

// network: who is called, and where links lead.
var network = []Sentence{
	{
		ID:       "nothing-else-called",
		Text:     "No page loads anything from anybody else, and the program calls nobody but those on the list. This is not only read in the code: the tests of the pages run where nothing but the machine itself can be reached, and every attempt to reach anybody else is seen.",
		Sources:  []string{"I9", "R6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/egress/gate.go", "internal/web/views.go", "internal/rig/alone/alone.go"},
		ProvedBy: []string{"rig/alone.TestStrayCallsAreSeen", "rig/alone.TestTheBrowserSuiteAlone", "rig/alone.TestWhatCounts"},
		Twins: []Twin{
			{
				Name: "whoever watches does not see who is asked for a name",
				File: "internal/rig/alone/alone.go", Old: "c.Name = question(rest[8:])", New: "return Call{}, false",
				Red: []string{"rig/alone.TestStrayCallsAreSeen", "rig/alone.TestWhatCounts"},
			},
		},
		Probe: "public-page-alone",
	},
	{
		ID:       "request-log-life",
		Text:     "The log of requests ends. Where the program keeps it, it lies in one file for each day, sealed to a key that the server does not have, and each file is deleted after 180 days, or after a year where a clinic of this installation is under India’s law. Where the program hands it to the machine’s own log, whoever runs this installation sets that time there. Failed sign-ins are forgotten after 30 days.",
		Sources:  []string{"T7"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/requestlog.go", "internal/accounts/work.go"},
		ProvedBy: []string{"app.TestTheRequestLogEnds", "accounts.TestTidy"},
		Twins: []Twin{
			{
				Name: "the log of requests stays",
				File: "internal/app/requestlog.go", Old: "if life.Day(day) < today {", New: "if life.Day(day).AddDays(4000) < today {",
				Red: []string{"app.TestTheRequestLogEnds"},
			},
			{
				Name: "the law of the clinics is not asked how long the log of requests lives",
				File: "internal/app/requestlog.go", Old: "err == nil && s.Day(today) > out.Day(today) {", New: "err == nil && s.Day(today) < out.Day(today) {",
				Red: []string{"app.TestTheRequestLogEnds"},
			},
			{
				Name: "failed sign-ins are remembered for years",
				File: "internal/accounts/work.go", Old: "{sqlTidyEvents, []any{now.Add(-keepEvents)}},", New: "{sqlTidyEvents, []any{now.Add(-keepEvents * 40)}},",
				Red: []string{"accounts.TestTidy"},
			},
		},
		Probe: "request-log-life",
	},
	{
		ID:       "request-log-visitor",
		Text:     "Whoever runs this installation may choose that the sealed log of requests also says from which network address, with which browser and in which language a page was asked for. No other log ever says that.",
		Applies:  "where the operator chose so for the sealed log",
		Sources:  []string{"N3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/requestlog.go"},
		ProvedBy: []string{"app.TestWhoAskedStandsInTheSealedLogAlone"},
		Twins: []Twin{
			{
				Name: "who asked is written down without anybody's choice",
				File: "internal/app/requestlog.go", Old: "if h.daybook == nil || !h.Config.Requests.Visitor {", New: "if h.daybook == nil {",
				Red: []string{"app.TestWhoAskedStandsInTheSealedLogAlone"},
			},
		},
		Probe: "request-log-visitor",
	},
	{
		ID:       "links-out-marked",
		Text:     "A link to somebody else’s website is marked, for a screen reader too, and does not tell that website which page you came from.",
		Sources:  []string{"R9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/trust.go", "internal/app/server.go"},
		ProvedBy: []string{"web.TestLinksThatLeadAwayAreMarked"},
		Twins: []Twin{
			{
				Name: "the mark of a link that leads away is for the eye only",
				File: "internal/web/templates/layout.html", Old: `<span class="vh"> ({{t "trust.other_site"}})</span>`, New: "",
				Red: []string{"web.TestLinksThatLeadAwayAreMarked"},
			},
			{
				Name: "the website of an authority learns who comes",
				File: "internal/web/templates/trust.html", Old: `rel="external noreferrer noopener"`, New: `rel="external"`,
				Red: []string{"web.TestLinksThatLeadAwayAreMarked"},
			},
		},
		Probe: "links-out-marked",
	},
}
