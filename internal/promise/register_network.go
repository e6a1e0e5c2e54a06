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
		ID:       "links-out-marked",
		Text:     "A link to somebody else’s website is marked, for a screen reader too, and does not tell that website which page you came from.",
		Sources:  []string{"R9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/templates/layout.html", "internal/app/server.go"},
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
