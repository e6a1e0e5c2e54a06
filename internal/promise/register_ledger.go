package promise

// ledgers: the audit log that others can check.
var ledgers = []Sentence{
	{
		ID:       "audit-signed",
		Text:     "Within a second each entry stands under a signed checksum over the whole record. The key lies outside the database, and a record that was written again or put back to an earlier day is not signed any further.",
		Sources:  []string{"N1", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Sequence", "vault.Vault.LogSigner", "jobs.Sequence"},
		ProvedBy: []string{"store.TestHeadsAreSigned", "store.TestARewrittenLogIsNotSigned", "store.TestWhoeverOwnsTheDatabaseIsCaught", "jobs.TestEntriesGetTheirPlaceWithinASecond"},
		Twins: []Twin{{
			Name: "a log that was put back to an earlier day is signed",
			File: "internal/store/sequence.go", Old: "if size < seen.Size {", New: "if size < 0 {",
			Red: []string{"store.TestARewrittenLogIsNotSigned"},
		}, {
			Name: "a log that was written again is signed",
			File: "internal/store/sequence.go", Old: "if err == nil && now.Hash != seen.Hash {", New: "if err == nil && now.Size != seen.Size {",
			Red: []string{"store.TestARewrittenLogIsNotSigned"},
		}, {
			Name: "any key signs",
			File: "internal/store/sequence.go", Old: `if last != "" {`, New: `if last == "never" {`,
			Red: []string{"store.TestHeadsAreSigned"},
		}},
		Probe: "audit-signed",
	},
	{
		ID:       "audit-whole-or-nothing",
		Text:     "When the program is killed at any step, an act and its entry are both there or neither is, and the record goes on.",
		Sources:  []string{"N1", "N2"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Change", "store.DB.Sequence"},
		ProvedBy: []string{"store.TestKilledAtAnyStep"},
		Probe:    "audit-whole-or-nothing",
		Twins: []Twin{{
			Name: "an act is saved before its entry",
			File: "internal/store/doorway.go", Old: "\tif err := tx.account(seen); err != nil {\n\t\treturn err\n\t}\n\tif tx.writes > 0 {", New: "\tif err := tx.account(nil); err != nil && len(seen) > 0 {\n\t\treturn err\n\t}\n\tif len(tx.notes) > 0 && tx.writes > 0 {\n\t\ts.queued = nil\n\t}\n\tif tx.writes > 0 {",
			Red: []string{"store.TestKilledAtAnyStep", "store.TestARewrittenLogIsNotSigned", "store.TestHeadsAreSigned", "store.TestTheTreeTakesEveryEntry", "store.TestWhoeverOwnsTheDatabaseIsCaught"},
		}},
	},
	{
		ID:       "audit-browser-witness",
		Text:     "The browsers of owners and managers keep the newest checksum of the record and say so on every page when the record no longer continues it.",
		Sources:  []string{"M14"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Growth", "web.LogStorage", "internal/app/ledger.go"},
		ProvedBy: []string{"web/gen.TestBrowsersCheckWhatTheLogProves", "web.TestOnlyDeclaredStorage", "app.TestTheBrowserIsAWitness"},
		Twins: []Twin{{
			Name: "browsers keep something that is not declared",
			File: "internal/web/token.go", Old: `const LogStorage = "almirah-log"`, New: `const LogStorage = "almirah-something"`,
			Red: []string{"web.TestOnlyDeclaredStorage", "app.TestTheBrowserIsAWitness", "app.TestTwoClinicSweep", "web.TestNoEnglishIsLeftInThePolicy", "app.TestEveryPageIsAccessible"},
		}},
		Probe: "audit-browser-witness",
	},
	{
		ID:       "audit-mailed",
		Text:     "Owners get the checksum of the record by mail once a day until they say that they do not want it. The mail says nothing about anybody.",
		Sources:  []string{"M14"},
		Kind:     Enforced,
		KeptBy:   []string{"oversight.Service.DueMail", "accounts.Service.TellHead"},
		ProvedBy: []string{"oversight.TestTheHeadIsMailedOnceADay"},
		Probe:    "audit-mailed",
		Twins: []Twin{{
			Name: "who said no gets it too",
			File: "internal/oversight/mail.go", Old: "case wanted && tx.Now().Sub(sent) >= everyMail:", New: "case (wanted || known) && tx.Now().Sub(sent) >= everyMail:",
			Red: []string{"oversight.TestTheHeadIsMailedOnceADay"},
		}},
	},
	{
		ID:       "audit-checked-elsewhere",
		Text:     "A part of the record can be taken along with a proof of each entry and checked by a small program of its own, which anybody may write again; another computer can keep the checksum and refuses a record that was written again.",
		Sources:  []string{"N1", "L1", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/audit/verifier/verifier.go", "audit.Witness.See", "store.DB.Prove"},
		ProvedBy: []string{"audit/verifier.TestEveryTouchOfAFileIsNamed", "audit/verifier.TestTheVerifierStandsAlone", "audit.TestAWitnessRefusesARewrittenLog", "app.TestWitnessOfAnotherHost", "store.TestWhoeverOwnsTheDatabaseIsCaught"},
		Probe:    "audit-checked-elsewhere",
		Twins: []Twin{{
			Name: "an entry of a file needs no true proof",
			File: "internal/audit/verifier/verifier.go", Old: "if tlog.CheckRecord(l.Proof, c.rep.Size, c.root, l.N, h) != nil {", New: "if tlog.CheckRecord(l.Proof, c.rep.Size, c.root, l.N, h) != nil && len(l.Leaf) == 0 {",
			Red: []string{"audit/verifier.TestEveryTouchOfAFileIsNamed"},
		}, {
			Name: "a witness believes whatever is signed",
			File: "internal/audit/witness.go", Old: "if err := CheckGrowth(proof, mine, shown); err != nil {", New: "if err := CheckGrowth(proof, mine, shown); err != nil && shown.Size < 0 {",
			Red: []string{"audit.TestAWitnessRefusesARewrittenLog"},
		}},
	},
	{
		ID:       "audit-looked-through",
		Text:     "Unusual looks at patients’ records are noticed the night after and listed with the reason, until somebody other than the one who looked has explained them. Who looked through the record of which days, and when, is signed and stays.",
		Sources:  []string{"N1", "N5"},
		Kind:     Enforced,
		KeptBy:   []string{"oversight.Service.Examine", "oversight.Service.Settle", "oversight.Service.SignOff"},
		ProvedBy: []string{"oversight.TestTheRules", "oversight.TestTheLogIsLookedThrough"},
		Twins: []Twin{{
			Name: "who looked explains it herself",
			File: "internal/oversight/finding.go", Old: "if list[0].Person == who.Actor() && !alone {", New: "if list[0].Person == who.Actor() && alone {",
			Red: []string{"oversight.TestTheLogIsLookedThrough"},
		}, {
			Name: "a name like one's own says nothing",
			File: "internal/oversight/rules.go", Old: `if same && theirs != "" && !d.near[patient]`, New: `if same && theirs == "" && !d.near[patient]`,
			Red: []string{"oversight.TestTheRules", "oversight.TestTheLogIsLookedThrough"},
		}},
		Probe: "audit-looked-through",
	},
	{
		ID:       "audit-not-stuck",
		Text:     "When entries wait too long for their place in the record, the pages of owners and managers say so, and the service calls itself not ready.",
		Sources:  []string{"N1", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Waits", "internal/app/ledger.go"},
		ProvedBy: []string{"app.TestEntriesThatWaitAreSaid"},
		Twins: []Twin{{
			Name: "the service is ready though entries wait",
			File: "internal/app/ledger.go", Old: "if err == nil && since > entriesWait {", New: "if err == nil && since < 0 {",
			Red: []string{"app.TestEntriesThatWaitAreSaid"},
		}},
		Probe: "audit-not-stuck",
	},
}
