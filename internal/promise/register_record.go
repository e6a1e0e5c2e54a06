package promise

// record: the audit log and the logs of the server.
var record = []Sentence{
	{
		ID:       "looks-recorded",
		Text:     "Who opened a patient's record, when, in which role and what for, is written down. A list is one entry that says who appeared in it.",
		Sources:  []string{"N1"},
		Kind:     Enforced,
		KeptBy:   []string{"store.View.Opened", "store.View.Listed"},
		ProvedBy: []string{"store.TestWhatWasShownIsWrittenDown", "patients.TestSearchIsAudited", "scheduling.TestADayIsListedOnceAndEachListByItself"},
		Twins: []Twin{{
			Name: "opening a record leaves no trace",
			File: "internal/store/account.go", Old: "v.opened = append(v.opened, audit.Note{Action: audit.ActionOpen,", New: "_ = append(v.opened, audit.Note{Action: audit.ActionOpen,",
			Red: []string{"store.TestWhatWasShownIsWrittenDown"},
		}, {
			Name: "a list that was shown leaves no trace",
			File: "internal/store/account.go", Old: "v.lists = append(v.lists, seenList{kind: kind, key: key, ids: ids})", New: "_ = append(v.lists, seenList{kind: kind, key: key, ids: ids})",
			Red: []string{"store.TestWhatWasShownIsWrittenDown"},
		}},
		Probe: "looks-recorded",
	},
	{
		ID:       "no-act-without-record",
		Text:     "An act that cannot be written down does not happen.",
		Sources:  []string{"N1", "N2"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Change"},
		ProvedBy: []string{"store.TestAPassageNeedsCallerRightAndSubject"},
		Probe:    "no-act-without-record",
		Twins: []Twin{{
			Name: "a change need not say what it did",
			File: "internal/store/doorway.go", Old: `if tx.writes > 0 && len(tx.notes) == 0 && tx.chore == "" {`, New: "if tx.writes < 0 {",
			Red: []string{"store.TestAPassageNeedsCallerRightAndSubject"},
		}},
	},
	{
		ID:       "changes-of-power",
		Text:     "Changes of roles, settings and policy are kept with the old and the new value.",
		Sources:  []string{"N1"},
		Kind:     Enforced,
		KeptBy:   []string{"audit.Note"},
		ProvedBy: []string{"accounts.TestRolesCountAtOnce", "clinics.TestSettingsKeepOldAndNew"},
		Probe:    "changes-of-power",
		Twins: []Twin{
			{
				Name: "a change of role forgets what was before",
				File: "internal/accounts/staff.go", Old: "note.Old = string(now)\n\t\tif now == access.Owner && role", New: "if now == access.Owner && role",
				Red: []string{"accounts.TestRolesCountAtOnce"},
			},
			{
				Name: "a change of the rules forgets what was before",
				File: "internal/clinics/service.go", Old: `Action: "change-rules", Kind: "clinic", Subject: c.ID, Old: was, New: is`, New: `Action: "change-rules", Kind: "clinic", Subject: c.ID, Old: len(was), New: is`,
				Red: []string{"clinics.TestSettingsKeepOldAndNew"},
			},
		},
	},
	{
		ID:       "audit-tamper-evident",
		Text:     "The record cannot be altered unseen: an entry that is edited, taken out, added or moved is found, and with a kept checksum a cut-off end is found too.",
		Sources:  []string{"N1", "M14"},
		Kind:     Enforced,
		KeptBy:   []string{"audit.Verify", "audit.Append"},
		ProvedBy: []string{"audit.TestEveryTouchIsFound", "audit.TestAnUntouchedLogVerifies", "store.TestTheTreeTakesEveryEntry"},
		Twins: []Twin{
			{
				Name: "an edited leaf is not noticed",
				File: "internal/audit/verify.go", Old: "\tif h != r.Hash {\n", New: "\tif h != r.Hash && r.Hash == (tlog.Hash{}) {\n",
				Red: []string{"audit.TestEveryTouchIsFound"},
			},
			{
				Name: "a kept head is not compared",
				File: "internal/audit/verify.go", Old: "if v.heads[0].Hash != v.head().Hash {", New: "if v.heads[0].Size != v.head().Size {",
				Red: []string{"audit.TestEveryTouchIsFound"},
			},
			{
				Name: "stored hashes start one entry late",
				File: "internal/audit/tree.go", Old: "tlog.StoredHashes(size+int64(i), Leaf(", New: "tlog.StoredHashes(size+int64(i)/2*2, Leaf(",
				Red: []string{"audit.TestAnUntouchedLogVerifies", "audit.TestEveryTouchIsFound", "audit.TestAWitnessRefusesARewrittenLog"},
			},
		},
		Probe: "audit-tamper-evident",
	},
	{
		ID:       "audit-no-person-in-a-leaf",
		Text:     "The part of the record that stays for ever holds no name, address or number of a person. What it says about a person is encrypted and goes when she is deleted.",
		Sources:  []string{"N1", "D5"},
		Kind:     Enforced,
		KeptBy:   []string{"audit.Entry.Body"},
		ProvedBy: []string{"audit.TestALeafHoldsNoFreeText"},
		Twins: []Twin{{
			Name: "any text may stand in a leaf",
			File: "internal/audit/entry.go", Old: "if len(w.is) > longest || !word.MatchString(w.is) {", New: "if len(w.is) > longest {",
			Red: []string{"audit.TestALeafHoldsNoFreeText"},
		}},
		Probe: "audit-no-person-in-a-leaf",
	},
	{
		ID:       "request-log",
		Text:     "The server's log of requests says which kind of page was asked for, when, how it ended and how long it took. It holds no name, no address of a person, no link and nothing that was typed.",
		Sources:  []string{"N3", "N4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/server.go"},
		ProvedBy: []string{"app.TestNoMarkIsFoundInTheFiles", "archtest.TestHouseRules"},
		Probe:    "request-log",
	},
}
