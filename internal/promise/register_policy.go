package promise

// policied: under which terms a patient is, and how they change.
var policied = []Sentence{
	{
		ID:       "policy-archive",
		Text:     "Every version of a clinic's terms stays readable for ever, with the sentences and the numbers that held then and with what changed against the one before. Each is known by a fingerprint of what it says, which stands in the log; nobody can change or remove one.",
		Sources:  []string{"I10", "R1", "R2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/policies/version.go", "internal/policies/gate.go"},
		ProvedBy: []string{"policies.TestVersionsStayForEver", "web.TestTheTermsOnTheirPages"},
		Twins: []Twin{
			{
				Name: "a version of the terms can be changed",
				File: "internal/store/migrations/sqlite/00057_policy_fence.sql", Old: "BEFORE UPDATE ON policy_version", New: "BEFORE UPDATE OF n ON policy_version",
				Red: []string{"policies.TestVersionsStayForEver"},
			},
			{
				Name: "a version is known by less than it says",
				File: "internal/policies/version.go", Old: "}{t.clean(), json.RawMessage(texts)})", New: "}{t.clean(), json.RawMessage(`{}`)})\n\t_ = texts",
				Red: []string{"policies.TestVersionsStayForEver"},
			},
		},
		Probe: "policy-archive",
	},
	{
		ID:       "policy-notice",
		Text:     "A change that weakens what you were promised is announced at least 30 days before it holds for anybody: on the clinic's privacy page, on the pages of its staff, and by e-mail to its staff and to every patient with an address on file. The database refuses one that comes sooner.",
		Sources:  []string{"I3", "R3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/policies/gate.go", "internal/messaging/agreed.go", "internal/app/policies.go"},
		ProvedBy: []string{"policies.TestOldTermsGoOnForWhoDidNotAgree", "policies.TestWhatIsStricterPassesAtOnce", "policies.TestVersionsStayForEver", "messaging.TestEverybodyIsToldOnce", "web.TestTheTermsOnTheirPages"},
		Twins: []Twin{
			{
				Name: "a change is announced a day too late",
				File: "internal/store/migrations/common/00056_policy.sql", Old: "effective_at >= noticed_at + 2592000000000", New: "effective_at >= noticed_at + 2505600000000",
				Red: []string{"policies.TestVersionsStayForEver"},
			},
			{
				Name: "who was told is told again",
				File: "internal/policies/store.go", Old: "AND NOT EXISTS (SELECT 1 FROM policy_told t WHERE t.clinic_id = p.clinic_id AND t.n = $3 AND t.patient_id = p.id)", New: "AND p.created_at < $3 * 1000000000000000 + 1",
				Red: []string{"messaging.TestEverybodyIsToldOnce"},
			},
		},
		Probe: "policy-notice",
	},
	{
		ID:       "policy-agreed-first",
		Text:     "A change that weakens what you were promised holds for you only after you said yes to it, or if you became a patient after its day. Silence is no yes, however long it lasts; you can take a yes back with one press on the page where you gave it, whatever changed since; what you said last counts.",
		Sources:  []string{"I3", "R4"},
		Kind:     Enforced,
		KeptBy:   []string{"policies.For", "patients.KeepAges"},
		ProvedBy: []string{"policies.TestOldTermsGoOnForWhoDidNotAgree", "policies.TestTheNewestAnswerDecides", "policies.TestTheAgeOfConsentStaysAsAgreed", "billing.TestTheDeskAsksOnlyByWhomSheAgreedTo", "messaging.TestTheTermsGovernWhatIsKept", "insight.TestAChildIsCountedAsAgreed"},
		Twins: []Twin{
			{
				Name: "the desk hands a bill to whom she did not agree to",
				File: "internal/billing/online.go", Old: "if tx.Caller().Role() != access.Patient {", New: "if tx.Caller().Role() == access.Public {",
				Red: []string{"billing.TestTheDeskAsksOnlyByWhomSheAgreedTo"},
			},
			{
				Name: "another law makes a child of age who agreed to nothing",
				File: "internal/policies/gate.go", Old: "; until > c.MinorAge() {", New: "; until < c.MinorAge() {",
				Red: []string{"policies.TestTheAgeOfConsentStaysAsAgreed"},
			},
			{
				Name: "silence is a yes",
				File: "internal/policies/subject.go", Old: "a != nil && a.Yes {\n\t\t\treturn i, a", New: "a == nil || a.Yes {\n\t\t\treturn i, a",
				Red: []string{"policies.TestOldTermsGoOnForWhoDidNotAgree", "policies.TestWhatIsStricterPassesAtOnce", "policies.TestBeforeTheFirstPatient", "policies.TestTheNewestAnswerDecides", "messaging.TestTheTermsGovernWhatIsKept", "insight.TestAChildIsCountedAsAgreed", "policies.TestTheAgeOfConsentStaysAsAgreed"},
			},
			{
				Name: "an old yes overrules a later no",
				File: "internal/policies/subject.go", Old: "if a.N == to.N || g.carried(a.N, to) {", New: "if (a.N == to.N || g.carried(a.N, to)) && (a.Yes || last == nil) {",
				Red: []string{"policies.TestTheNewestAnswerDecides", "policies.TestOldTermsGoOnForWhoDidNotAgree", "policies.TestTheAgeOfConsentStaysAsAgreed", "messaging.TestTheTermsGovernWhatIsKept"},
			},
			{
				Name: "a stricter version brings in what nobody agreed to",
				File: "internal/policies/subject.go", Old: "n >= to.N || to.Gate != GateAnnounced {\n\t\treturn false", New: "n >= to.N || to.Gate != GateAnnounced {\n\t\treturn n < to.N",
				Red: []string{"policies.TestTheNewestAnswerDecides"},
			},
			{
				Name: "messages are kept as the clinic wishes",
				File: "internal/messaging/agreed.go", Old: "\tif ok {\n\t\tx = x.within(t)", New: "\tif ok && false {\n\t\tx = x.within(t)",
				Red: []string{"messaging.TestTheTermsGovernWhatIsKept"},
			},
			{
				Name: "a company that nobody agreed to carries messages",
				File: "internal/messaging/agreed.go", Old: "\treturn ReasonParty, nil", New: "\treturn \"\", nil",
				Red: []string{"messaging.TestTheTermsGovernWhatIsKept"},
			},
		},
		Probe: "policy-agreed-first",
	},
	{
		ID:       "policy-weakening",
		Text:     "Whether a change weakens what you were promised is worked out from the values themselves, by one order on each of them, and one part that weakens is enough. Nobody at the clinic decides it by a tick. What is stricter holds at once.",
		Sources:  []string{"I3", "R4"},
		Kind:     Enforced,
		KeptBy:   []string{"policies.Compare", "policies.Move"},
		ProvedBy: []string{"policies.TestTheOrderIsAnOrder", "policies.TestWhatIsStricterPassesAtOnce"},
		Twins: []Twin{
			{
				Name: "one stricter part makes up for a weaker one",
				File: "internal/policies/terms.go", Old: "return slices.ContainsFunc(list, func(c Change) bool { return c.Way == Weaker })", New: "return len(list) > 0 && !slices.ContainsFunc(list, func(c Change) bool { return c.Way != Weaker })",
				Red: []string{"policies.TestTheOrderIsAnOrder", "policies.TestWhatIsStricterPassesAtOnce", "policies.TestTheAgeOfConsentStaysAsAgreed", "policies.TestTheNewestAnswerDecides"},
			},
		},
		Probe: "policy-weakening",
	},
	{
		ID:       "policy-strictest",
		Text:     "Where a clinic chose nothing, the strictest choice holds: nothing of messages is kept, nothing is counted beyond visits, nobody outside gets data, nothing stays of those who left, and each kind of record lives no longer than the law asks or this policy says. No more than that can be chosen for less than the law wants kept.",
		Sources:  []string{"R1", "R4"},
		Kind:     Enforced,
		KeptBy:   []string{"policies.Standard", "policies.Allowed", "law.LifeOf"},
		ProvedBy: []string{"policies.TestBeforeTheFirstPatient"},
		Twins: []Twin{
			{
				Name: "the longest is where a clinic begins",
				File: "internal/policies/terms.go", Old: "\tif l.Usual.IsZero() {\n\t\treturn l.Ceiling", New: "\tif !l.Ceiling.IsZero() || l.Usual.IsZero() {\n\t\treturn l.Ceiling",
				Red: []string{"policies.TestBeforeTheFirstPatient", "policies.TestWhatIsStricterPassesAtOnce", "policies.TestTheNewestAnswerDecides"},
			},
		},
		Probe: "policy-strictest",
	},
	{
		ID:       "staff-confidential",
		Text:     "Whoever works for a clinic, or for us, signs a statement of confidentiality before anything of a patient opens, and signs again when its text changes. Until then a sign-in opens that statement and nothing else; the text that was signed is kept word for word.",
		Sources:  []string{"M11", "T2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/session.go", "internal/web/site.go"},
		ProvedBy: []string{"web.TestStaffSignFirst"},
		Twins: []Twin{
			{
				Name: "nobody has to sign",
				File: "internal/accounts/session.go", Old: "in.Unsigned = asked != \"\" && signed == 0", New: "in.Unsigned = asked != \"\" && signed < 0",
				Red: []string{"web.TestStaffSignFirst"},
			},
			{
				Name: "pages open to who has not signed",
				File: "internal/web/site.go", Old: "if signed.Unsigned && !route.Enrol && !route.Sign {", New: "if signed.Unsigned && !route.Enrol && !route.Sign && false {",
				Red: []string{"web.TestStaffSignFirst"},
			},
		},
		Probe: "staff-confidential",
	},
}
