package promise

// documented: the texts that people and clinics agree to.
var documented = []Sentence{
	{
		ID:       "documents-archive",
		Text:     "Every text that people or clinics agree to here is kept for ever under a fingerprint of what it says: the terms of use, the terms of service, the agreement on health data, what staff promise, and the policy itself. Each acceptance names the fingerprint of the text that was read, and what changed between two versions is shown paragraph by paragraph.",
		Sources:  []string{"A15", "A16", "R2"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.KeepDocuments", "internal/accounts/documents.go", "internal/web/documents.go"},
		ProvedBy: []string{"accounts.TestChangedTermsAreAcceptedFirst", "accounts.TestDifferences", "app.TestTheTextsAreOnRecord"},
		Probe:    "documents-archive",
		Twins: []Twin{
			{
				Name: "a kept text that can be changed",
				File: "internal/store/migrations/sqlite/00079_data_map_kept.sql", Old: "BEGIN SELECT RAISE(ABORT, 'what somebody agreed to is never changed'); END;", New: "BEGIN SELECT 1; END;",
				Red: []string{"accounts.TestChangedTermsAreAcceptedFirst"},
			},
			{
				Name: "a change that is shown as nothing",
				File: "internal/accounts/documents.go", Old: "for k := range max(len(went), len(came)) {", New: "for k := range min(len(went), len(came)) {",
				Red: []string{"accounts.TestDifferences"},
			},
			{
				Name: "a version that is not the hash of its text",
				File: "internal/app/documents.go", Old: "if now := clinics.TextVersion(use); now != TermsVersion {", New: "if now := clinics.TextVersion(use); now == \"\" {",
				Red: []string{"app.TestTheTextsAreOnRecord"},
			},
		},
	},
	{
		ID:       "terms-accepted-first",
		Text:     "When the terms of use change, everybody with an account is told thirty days before, once, by letter and on the first page. From that day on the next sign-in asks to accept them, and until then the terms stand that were accepted before.",
		Sources:  []string{"A15", "I10"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.KeepDocuments", "accounts.Service.TellOnce", "internal/accounts/session.go"},
		ProvedBy: []string{"accounts.TestChangedTermsAreAcceptedFirst"},
		Probe:    "terms-accepted-first",
		Twins: []Twin{
			{
				Name: "changed terms without a notice",
				File: "internal/accounts/documents.go", Old: "d.From = p.Now().Add(TermsNotice)", New: "d.From = p.Now()",
				Red: []string{"accounts.TestChangedTermsAreAcceptedFirst"},
			},
			{
				Name: "changed terms that nobody has to accept",
				File: "internal/accounts/session.go", Old: "in.TermsFrom, in.Outdated = from, p.Now() >= from", New: "in.TermsFrom, in.Outdated = from, p.Now() < 0",
				Red: []string{"accounts.TestChangedTermsAreAcceptedFirst"},
			},
			{
				Name: "a notice at every turn",
				File: "internal/accounts/documents.go", Old: "return n > 0, err", New: "return n >= 0, err",
				Red: []string{"accounts.TestChangedTermsAreAcceptedFirst"},
			},
		},
	},
	{
		ID:       "consent-text-kept",
		Text:     "Before you agree to something you can read, beside the box, what it is for, which data it uses and how you take it back. The text that you were shown is kept word for word, and your agreement names its fingerprint.",
		Sources:  []string{"I4", "R2"},
		Kind:     Enforced,
		KeptBy:   []string{"consent.Record", "internal/consent/inside.go", "internal/web/consent_texts.go"},
		ProvedBy: []string{"consent.TestTheTextIsKept"},
		Probe:    "consent-text-kept",
		Twins: []Twin{
			{
				Name: "an agreement to no text",
				File: "internal/consent/inside.go", Old: "return n.Digest(), err", New: "return \"\", err",
				Red: []string{"consent.TestTheTextIsKept"},
			},
			{
				Name: "a shown text that can be changed",
				File: "internal/store/migrations/sqlite/00079_data_map_kept.sql", Old: "BEGIN SELECT RAISE(ABORT, 'what a patient was shown is never changed'); END;", New: "BEGIN SELECT 1; END;",
				Red: []string{"consent.TestTheTextIsKept"},
			},
		},
	},
	{
		ID:       "consent-not-widened",
		Text:     "Your agreement covers what the text said that you were shown. When a text changes, you are asked whether you agree to the new one; when a purpose comes to cover more, nothing is done on your earlier yes before you were asked again.",
		Sources:  []string{"I3", "I4", "I10"},
		Kind:     Enforced,
		KeptBy:   []string{"consent.May", "consent.Service.Of", "internal/consent/purpose.go"},
		ProvedBy: []string{"consent.TestAWiderPurposeAsksFirst", "consent.TestTheTextIsKept"},
		Twins: []Twin{
			{
				Name: "a yes to less that counts for more",
				File: "internal/consent/inside.go", Old: "case r.at < e.Wider:", New: "case r.at < 0:",
				Red: []string{"consent.TestAWiderPurposeAsksFirst"},
			},
			{
				Name: "a changed text that nobody is asked about",
				File: "internal/consent/service.go", Old: "st.Older = st.Given && st.Version < max(latest[p], firstVersion)", New: "st.Older = st.Given && st.Version < min(latest[p], firstVersion)",
				Red: []string{"consent.TestTheTextIsKept"},
			},
		},
	},
}
