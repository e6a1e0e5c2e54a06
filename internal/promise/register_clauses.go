package promise

// clauses: what the policy says of itself.
var clauses = []Sentence{
	{
		ID:       "policy-from-register",
		Text:     "This policy is made from the list of promises by which the software is tested. Each sentence says whether it was found kept, and leads to a page that tells how that is proved.",
		Sources:  []string{"R1", "R5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/trust.go", "app.House.Promises"},
		ProvedBy: []string{"web.TestTrustPageSaysHowEachSentenceStands", "web.TestProofOfASentence"},
		Twins: []Twin{
			{
				Name: "every sentence is called kept",
				File: "internal/web/trust.go", Old: "Text: sentenceText(v.Tongue, k.Sentence), Status: k.Status}", New: "Text: sentenceText(v.Tongue, k.Sentence), Status: \"enforced\"}",
				Red: []string{"web.TestTrustPageSaysHowEachSentenceStands", "web.TestProofOfASentence"},
			},
			{
				Name: "a proof forgets what the looks said",
				File: "internal/web/trust.go", Old: "page.Spells = spells", New: "page.Spells = spells[:0]",
				Red: []string{"web.TestProofOfASentence"},
			},
		},
		Probe: "policy-from-register",
	},
	{
		ID:       "policy-who-and-when",
		Text:     "The policy says who is responsible and whom to ask, since when it is in force and when it was last changed, and whom each of its parts concerns.",
		Sources:  []string{"R1", "R8", "Q4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/trust.go", "web.TrustPage"},
		ProvedBy: []string{"web.TestPolicySaysWhoAndWhen"},
		Twins: []Twin{
			{
				Name: "the policy has no date",
				File: "internal/web/templates/trust.html", Old: `{{t "trust.updated"}} <time>{{date .Updated}}</time>`, New: ``,
				Red: []string{"web.TestPolicySaysWhoAndWhen"},
			},
			{
				Name: "a clinic's policy names nobody to write to",
				File: "internal/web/trust.go", Old: "page.Responsible, page.Reply = responsible(v.Clinic)", New: "page.Responsible, _ = responsible(v.Clinic)",
				Red: []string{"web.TestPolicySaysWhoAndWhen", "web.TestPolicyPageNamesTheClinic"},
			},
		},
		Probe: "policy-who-and-when",
	},
	{
		ID:       "policy-languages",
		Text:     "The whole policy can be read in English, Hindi, Tamil and Arabic, in the words that the screens use.",
		Sources:  []string{"R10", "C8", "A20"},
		Kind:     Enforced,
		KeptBy:   []string{"words.Load", "internal/web/trust.go"},
		ProvedBy: []string{"words.TestEverySentenceIsSaidInEveryLanguage", "web.TestNoEnglishIsLeftInThePolicy", "app.TestTheProcessorsAreSaidInEveryLanguage", "app.TestThePolicyIsCleanForEverybody"},
		Probe:    "policy-languages",
		Twins: []Twin{
			{
				Name: "sentences stay in English",
				File: "internal/web/trust.go", Old: `if key := "promise." + x.ID; t.Lang() != "en" && t.Has(key) {`, New: `if key := "promise." + x.ID; t.Lang() == "none" && t.Has(key) {`,
				Red: []string{"web.TestNoEnglishIsLeftInThePolicy"},
			},
			{
				Name: "a sentence has no Tamil",
				File: "internal/words/catalogue/ta/promise_house.json", Old: `"promise.clinic-apart":`, New: `"promise.clinic-apart-no-more":`,
				Red: []string{"words.TestEverySentenceIsSaidInEveryLanguage", "web.TestNoEnglishIsLeftInThePolicy"},
			},
		},
	},
	{
		ID:       "rights-by-region",
		Text:     "For each region the policy says which rights its law gives, by when you are answered, from which age a person decides for herself, and to which authority you can complain. A clinic's own page shows the law of its place first.",
		Sources:  []string{"I11", "J13", "R10", "R11", "R12"},
		Kind:     Enforced,
		KeptBy:   []string{"law.Rights", "law.Complaints", "internal/web/trust_law.go"},
		ProvedBy: []string{"law.TestEveryPlaceHasRights", "web.TestEachRegionHasItsRights"},
		Twins: []Twin{
			{
				Name: "a clinic's page shows another law first",
				File: "internal/web/trust_law.go", Old: "if a != b && a == home {", New: "if a != b && a == \"\" {",
				Red: []string{"web.TestEachRegionHasItsRights"},
			},
			{
				Name: "nobody in Europe may object",
				File: "internal/law/rights.go", Old: `{"object", "GDPR, article 21"}, `, New: ``,
				Red: []string{"law.TestEveryPlaceHasRights"},
			},
		},
		Probe: "rights-by-region",
	},
	{
		ID:       "broken-is-an-incident",
		Text:     "When a promise is found broken, this page says so and since when, an incident is opened, and whoever runs the platform is told by mail. When it is kept again, that is noted in the incident.",
		Sources:  []string{"M12", "S1", "S6"},
		Kind:     Enforced,
		KeptBy:   []string{"app.House.Probe", "incidents.Service.Over"},
		ProvedBy: []string{"app.TestABrokenPromiseIsAnIncident"},
		Twins: []Twin{
			{
				Name: "since when it is broken is forgotten at each look",
				File: "internal/app/promises.go", Old: "CASE WHEN probe_result.status = excluded.status THEN probe_result.since ELSE excluded.since END", New: "excluded.since",
				Red: []string{"app.TestABrokenPromiseIsAnIncident"},
			},
			{
				Name: "a broken promise opens nothing",
				File: "internal/app/promises.go", Old: `case k.Status == "broken":`, New: `case k.Status == "gone":`,
				Red: []string{"app.TestABrokenPromiseIsAnIncident", "app.TestIncidentDrill"},
			},
			{
				Name: "an incident goes on for ever",
				File: "internal/app/promises.go", Old: "return kept[e.Named()]", New: "return 0",
				Red: []string{"app.TestABrokenPromiseIsAnIncident"},
			},
		},
		Probe: "broken-is-an-incident",
	},
	{
		ID:       "cookies-blocked",
		Text:     "Everything works without the cookie that remembers what you prefer. Where a browser blocks the essential ones too, signing in says so, and what to do.",
		Sources:  []string{"R7", "T4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/token.go", "internal/web/error.go"},
		ProvedBy: []string{"web.TestSignInSaysThatCookiesAreBlocked", "app.TestSignInWithCookiesBlocked"},
		Probe:    "cookies-blocked",
		Twins: []Twin{{
			Name: "a browser without cookies is told that its form is old",
			File: "internal/web/token.go", Old: "if v.Method != http.MethodGet && len(v.Cookies()) == 0 {", New: "if v.Method != http.MethodGet && len(v.Cookies()) > 99 {",
			Red: []string{"web.TestSignInSaysThatCookiesAreBlocked", "app.TestSignInWithCookiesBlocked", "app.TestTwoClinicSweep"},
		}},
	},
	{
		ID:       "browser-storage",
		Text:     "What stays in a browser without being a cookie stands in the list of cookies too: one checksum of the audit log, in the browsers of owners and managers, and nothing else.",
		Sources:  []string{"R6", "T5"},
		Kind:     Enforced,
		KeptBy:   []string{"web.Storage", "internal/web/token.go"},
		ProvedBy: []string{"web.TestOnlyDeclaredStorage", "app.TestEveryPageIsAccessible"},
		Probe:    "browser-storage",
		Twins: []Twin{{
			Name: "the list leaves the browser's storage out",
			File: "internal/web/trust.go", Old: "for _, c := range Storage() {", New: "for _, c := range Storage()[:0] {",
			Red: []string{"web.TestOnlyDeclaredStorage"},
		}},
	},
	{
		ID:       "preferences-chosen",
		Text:     "Language and colours are remembered only when you choose them: in one cookie, and with your account if you have one.",
		Sources:  []string{"A19", "A20"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/preference.go"},
		ProvedBy: []string{"web.TestMySettings"},
		Probe:    "preferences-chosen",
		Twins: []Twin{{
			Name: "the colours are not remembered",
			File: "internal/web/preference.go", Old: `parts = append(parts, "theme:"+theme)`, New: `parts = append(parts, "theme:light")`,
			Red: []string{"web.TestMySettings"},
		}},
	},
}
