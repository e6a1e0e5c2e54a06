package promise

// backups: the copies from which a clinic comes back, how long they live, and what a restore may not do.
var backups = []Sentence{
	{
		ID:       "backups",
		Applies:  "where the operator set up backups; where not, owners are told on every page",
		Text:     "Encrypted backups are made every night and laid in a second place too. Each is fetched back from there, opened and counted before it is called a backup.",
		Sources:  []string{"O1", "O2", "S3"},
		Kind:     Enforced,
		KeptBy:   []string{"backup.Room.Run", "internal/backup/check.go"},
		ProvedBy: []string{"backup.TestABackupComesBack", "backup.TestASecondPlaceInABucket"},
		Probe:    "backups",
		Twins: []Twin{
			{
				Name: "a backup counts before it was looked over",
				File: "internal/backup/room.go", Old: "m.Checked, err = r.check(ctx, dir, r.far(), m, passing, need, \"\", say)", New: "_ = need",
				Red: []string{"backup.TestABackupComesBack", "backup.TestASecondPlaceInABucket"},
			},
		},
	},
	{
		ID:       "backups-thirty-days",
		Applies:  "where the operator set up backups; where not, owners are told on every page",
		Text:     "A backup lives for 30 days. Then it is deleted in every place, and so is its line in the list.",
		Sources:  []string{"K4", "O1"},
		Kind:     Enforced,
		KeptBy:   []string{"backup.Room.Expire"},
		ProvedBy: []string{"backup.TestGoneAfterThirtyDays", "backup.TestASecondPlaceInABucket", "backup.TestWhatABucketRefusesToDelete", "backup.TestAServiceWithoutVersions", "backup.TestDraftsOfAKilledProcess", "backup.TestTheSpansAreThoseOfThePolicy"},
		Probe:    "backups-thirty-days",
		Twins: []Twin{
			{
				Name: "backups live for ever",
				File: "internal/backup/expire.go", Old: "if m.Expired(now) {", New: "if m.Expired(now) && false {",
				Red: []string{"backup.TestGoneAfterThirtyDays", "backup.TestASecondPlaceInABucket", "backup.TestWhatABucketRefusesToDelete", "backup.TestAServiceWithoutVersions"},
			},
			{
				Name: "a backup goes an instant too early",
				File: "internal/backup/manifest.go", Old: "const Keep = 30 * 24 * time.Hour", New: "const Keep = 30*24*time.Hour - time.Second",
				Red: []string{"backup.TestTheSpansAreThoseOfThePolicy"},
			},
			{
				Name: "a deletion that a bucket refuses counts as done",
				File: "internal/backup/s3_versions.go", Old: "if e.Code != \"NoSuchVersion\" && e.Code != \"NoSuchKey\" {", New: "if e.Code == \"\" {",
				Red: []string{"backup.TestWhatABucketRefusesToDelete"},
			},
		},
	},
	{
		ID:       "backups-unreadable",
		Applies:  "where the operator set up backups; where not, owners are told on every page",
		Text:     "The machine that makes the backups cannot read them: it has a public key, and the private one is on paper. The keys of the records are not in them.",
		Sources:  []string{"O1", "S3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/backup/seal.go", "internal/backup/key.go"},
		ProvedBy: []string{"backup.TestABackupComesBack", "backup.TestWrongKeyAndDamagedFile"},
		Probe:    "backups-unreadable",
		Twins: []Twin{
			{
				Name: "an open copy is left beside it",
				File: "internal/backup/room.go", Old: "return need, os.Remove(file)", New: "return need, r.o.First.Put(ctx, dataFolder+m.Name+\"-open\"+sealedTail, file)",
				Red: []string{"backup.TestABackupComesBack"},
			},
		},
	},
	{
		ID:       "erased-in-backups",
		Text:     "Whoever was erased stays erased, whatever backup is restored: the list of destroyed keys is copied to the second place after every erasure and replayed before anything is served.",
		Sources:  []string{"O3"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Vault.Shred", "vault.Vault.TakeJournal", "internal/backup/restore.go"},
		ProvedBy: []string{"backup.TestABackupComesBack", "backup.TestWrongKeyAndDamagedFile", "backup.TestTheKeyOfTheBackupsIsReplaced", "vault.TestACopyOfTheKeyStore"},
		Probe:    "erased-in-backups",
		Twins: []Twin{
			{
				Name: "the journal is not replayed",
				File: "internal/vault/copy.go", Old: "destroyed, err = v.replay(ctx, theirs)", New: "destroyed, err = 0, nil",
				Red: []string{"backup.TestABackupComesBack", "vault.TestACopyOfTheKeyStore", "vault.TestARetentionKey"},
			},
			{
				Name: "a journal that was cut is believed",
				File: "internal/backup/restore.go", Old: "if all < m.Journal && !o.Force {", New: "if all < m.Journal && false {",
				Red: []string{"backup.TestWrongKeyAndDamagedFile"},
			},
			{
				Name: "a newer journal that does not open is passed over",
				File: "internal/backup/restore.go", Old: "if s.name > newest && !o.Force {", New: "if s.name > newest && false {",
				Red: []string{"backup.TestTheKeyOfTheBackupsIsReplaced"},
			},
		},
	},
	{
		ID:       "restore-drill",
		Applies:  "where the operator set up backups; where not, owners are told on every page",
		Text:     "Every night’s backup is restored in a place of its own and compared: rows of each table, the audit log and its tree, everybody’s key, and a sample of records opened. The operator repeats this with the key from paper.",
		Sources:  []string{"O1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/backup/check.go", "backup.Room.Drill"},
		ProvedBy: []string{"backup.TestABackupComesBack", "backup.TestADrillFindsWhatIsWrong", "backup.TestAMomentInBetween", "backup.TestRowsThatComeAndGo", "backup.TestALargeClinicComesBack"},
		Probe:    "restore-drill",
		Twins: []Twin{
			{
				Name: "what comes back is not compared",
				File: "internal/backup/check.go", Old: "if !there || !within {", New: "if !there {",
				Red: []string{"backup.TestADrillFindsWhatIsWrong", "backup.TestRowsThatComeAndGo"},
			},
			{
				Name: "a copy of a server in use never comes back",
				File: "internal/backup/check.go", Old: "if m.After != nil && !slices.Contains(growing, name) {", New: "if m.After != nil && slices.Contains(passing, \"\") {",
				Red: []string{"backup.TestRowsThatComeAndGo"},
			},
		},
	},
	{
		ID:       "restored-held",
		Text:     "After a restore nothing is sent, paid back or charged until the operator lets it. What fell due since the backup is marked as uncertain, so that nobody gets a message, and nobody a payment, twice.",
		Sources:  []string{"O1"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Held", "egress.Gate.Hold", "internal/app/restored.go"},
		ProvedBy: []string{"app.TestYesterdaysBackupSendsNothingTwice"},
		Probe:    "restored-held",
		Twins: []Twin{
			{
				Name: "nothing is held",
				File: "internal/app/restored.go", Old: "h.held.Store(ok)", New: "h.held.Store(ok && false)",
				Red: []string{"app.TestYesterdaysBackupSendsNothingTwice", "app.TestWhatCameBackIsNotDestroyedUnasked", "app.TestNoKeyOfTheErasedOpens", "app.TestYesterdaysBackupForgetsNoOrder"},
			},
			{
				Name: "what fell due is sent again",
				File: "internal/messaging/restored.go", Old: "to := Unsure", New: "to := Planned",
				Red: []string{"app.TestYesterdaysBackupSendsNothingTwice", "app.TestWhatTheOldHouseSentIsNotSentAgain"},
			},
		},
	},
}
