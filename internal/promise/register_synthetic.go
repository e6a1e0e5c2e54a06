package promise

// walked: the invented patient, who goes through the running installation every night.
var walked = []Sentence{
	{
		ID:       "synthetic-nightly",
		Applies:  "unless the operator switched the nightly walk off",
		Text:     "Every night an invented patient goes through this very installation by the doors that everybody uses: she books, is confirmed and reminded, writes STOP and is heard. How each step went is kept for the last 14 walks. When a step fails, or no walk was begun for 36 hours, this sentence is called broken.",
		Sources:  []string{"C5", "F6", "M12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/synthetic.go", "internal/app/synthetic_steps.go"},
		ProvedBy: []string{"app.TestTheInventedPatientWalks", "app.TestAWalkThatWasBrokenOffIsCleanedUp"},
		Probe:    "synthetic-nightly",
		Twins: []Twin{
			{
				Name: "an overdue walk is called in time",
				File: "internal/app/probes_synthetic.go", Old: "const walkOverdue = 36 * time.Hour", New: "const walkOverdue = 36000 * time.Hour",
				Red: []string{"app.TestAWalkThatWasBrokenOffIsCleanedUp"},
			},
			{
				Name: "a walk that broke off leaves its patient",
				File: "internal/app/synthetic_steps.go", Old: "left, err := w.people(ctx)", New: "left, err := w.people(ctx)\n\tleft = nil",
				Red: []string{"app.TestAWalkThatWasBrokenOffIsCleanedUp"},
			},
		},
	},
	{
		ID:       "synthetic-copy",
		Applies:  "unless the operator switched the nightly walk off",
		Text:     "The invented patient asks for a copy of her data on every walk. It holds everything that she entered, and nothing that another invented patient entered beside her.",
		Sources:  []string{"J1", "J10"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/canary/search.go", "internal/app/synthetic_steps.go"},
		ProvedBy: []string{"canary.TestACopyIsComparedWithTheMarks", "app.TestTheInventedPatientWalks"},
		Probe:    "synthetic-copy",
		Twins: []Twin{
			{
				Name: "a copy with another's data is called right",
				File: "internal/canary/search.go", Old: "for what, mark := range others.List() {", New: "for what, mark := range map[string]string{} {",
				Red: []string{"canary.TestACopyIsComparedWithTheMarks"},
			},
			{
				Name: "a copy that lacks something is called right",
				File: "internal/canary/search.go", Old: "missing = append(missing, what)", New: "_ = what",
				Red: []string{"canary.TestACopyIsComparedWithTheMarks"},
			},
		},
	},
	{
		ID:       "synthetic-gone",
		Applies:  "unless the operator switched the nightly walk off",
		Text:     "At the end of her walk the invented patient is erased and then searched for: in every table of the database, in a backup that is made after her erasure and restored to be looked through, and in every file, log and archive that the program can read. What she entered is nowhere, and none of her keys opens anything. The walk says where it looked, and where it could not.",
		Sources:  []string{"J5", "K4", "O3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/canary/search.go", "internal/app/synthetic_search.go", "store.ReadAll", "internal/vault/look.go"},
		ProvedBy: []string{"canary.TestAMarkIsFoundHoweverItIsSpelled", "app.TestTheInventedPatientWalks", "app.TestWhatIsLeftOfHerIsFound", "app.TestAWalkThatWasBrokenOffIsCleanedUp"},
		Probe:    "synthetic-gone",
		Twins: []Twin{
			{
				Name: "base64 is not looked for",
				File: "internal/canary/search.go", Old: "for shift := range 3 {", New: "for shift := range 0 {",
				Red: []string{"canary.TestAMarkIsFoundHoweverItIsSpelled"},
			},
			{
				Name: "the tables are not looked through",
				File: "internal/app/synthetic_search.go", Old: "p.find(search.In(row), table)", New: "p.find(nil, table)",
				Red: []string{"app.TestTheInventedPatientWalks", "app.TestWhatIsLeftOfHerIsFound"},
			},
			{
				Name: "the files are not looked through",
				File: "internal/app/synthetic_search.go", Old: "p.find(hits, shown)", New: "p.find(hits[:0], shown)",
				Red: []string{"app.TestTheInventedPatientWalks", "app.TestWhatIsLeftOfHerIsFound", "app.TestAWalkThatWasBrokenOffIsCleanedUp"},
			},
			{
				Name: "the log is not looked through",
				File: "internal/app/logbook.go", Old: "t.look(line)", New: "t.look(line[:0])",
				Red: []string{"app.TestTheInventedPatientWalks", "app.TestWhatIsLeftOfHerIsFound"},
			},
		},
	},
	{
		ID:       "synthetic-round-trip",
		Applies:  "unless the operator switched the nightly walk off",
		Text:     "On every walk the clinic of the invented patient is taken along: its archive is written, checked, brought into an empty installation made for the purpose, and every row arrives, by the same canonical hash.",
		Sources:  []string{"L1", "L2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/synthetic_archive.go", "archives.Service.Import"},
		ProvedBy: []string{"app.TestTheInventedPatientWalks"},
		Probe:    "synthetic-round-trip",
		Twins: []Twin{
			{
				Name: "the archive is written and never brought back",
				File: "internal/app/synthetic_archive.go", Old: "arrived, err := there.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil)", New: "arrived, err := archives.Made{Canonical: o.Canonical}, error(nil)",
				Red: []string{"app.TestTheInventedPatientWalks"},
			},
		},
	},
	{
		ID:       "synthetic-apart",
		Text:     "The clinic of the invented patient stands apart. Its pages answer to nobody but her walk, no person can book there, nothing that it sends leaves this program, and it counts in no figure about clinics.",
		Sources:  []string{"I2", "R5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/clinics/canary.go", "internal/messaging/canary.go"},
		ProvedBy: []string{"app.TestTheCanaryClinicIsApart", "app.TestTheInventedPatientWalks", "messaging.TestNothingLeavesTheCanaryClinic"},
		Probe:    "synthetic-apart",
		Twins: []Twin{
			{
				Name: "its name leads there for everybody",
				File: "internal/clinics/canary.go", Old: "if k.canary && ctx.Value(walking{}) == nil {", New: "if k.canary && false {",
				Red: []string{"app.TestTheCanaryClinicIsApart", "app.TestTheInventedPatientWalks"},
			},
			{
				Name: "any carrier may carry for it",
				File: "internal/messaging/canary.go", Old: "	if _, stays := via.(Stays); !stays {\n		return nil, nil, nil\n	}\n	return via, own, nil", New: "	return via, own, nil",
				Red: []string{"messaging.TestNothingLeavesTheCanaryClinic"},
			},
			{
				Name: "it sends as other clinics do",
				File: "internal/messaging/account.go", Old: "} else if house.Canary {", New: "} else if house.Canary && false {",
				Red: []string{"messaging.TestNothingLeavesTheCanaryClinic"},
			},
			{
				Name: "it counts among the clinics",
				File: "internal/support/store.go", Old: "opened_at > 0 AND NOT canary AND slug LIKE", New: "opened_at > 0 AND slug LIKE",
				Red: []string{"app.TestTheCanaryClinicIsApart"},
			},
		},
	},
}
