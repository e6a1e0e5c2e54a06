package promise

// erased: what happens when somebody is erased, what a law holds, and how it is proved.
var erased = []Sentence{
	{
		ID:       "erasure-plan",
		Text:     "Before anybody is erased, a page shows what goes at once, what a law makes the clinic keep, until which day and by which rule.",
		Sources:  []string{"K6", "J8", "K7"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/privacy/plan.go", "internal/law/keep_until.go", "internal/web/erasure.go"},
		ProvedBy: []string{"privacy.TestPlan", "app.TestBrowserErasure"},
		Probe:    "erasure-plan",
		Twins: []Twin{
			{
				Name: "a child's time is an adult's",
				File: "internal/law/keep_until.go", Old: "if birth != \"\" && life.ChildAge > 0", New: "if birth == \"never\" && life.ChildAge > 0",
				Red: []string{"privacy.TestPlan", "privacy.TestErased", "privacy.TestWhatIsHeldOutlivesItsClinic"},
			},
			{
				Name: "an order of two people is not looked for",
				File: "internal/privacy/plan.go", Old: "if s.o.Order != nil {", New: "if s.o.Order == nil {",
				Red: []string{"privacy.TestPlan"},
			},
		},
	},
	{
		ID:       "held-by-law-alone",
		Text:     "When somebody is erased, contact details, messages, appointments and everything else go at once. Nothing is held back but what a law names: clinical records, signed prescriptions and invoices, where the clinic keeps such.",
		Sources:  []string{"K6", "D5", "J8", "K5"},
		Kind:     Enforced,
		KeptBy:   []string{"privacy.Service.Erase", "internal/law/keep_until.go", "vault.Vault.AddHeld"},
		ProvedBy: []string{"privacy.TestPlan", "privacy.TestSavedMeanwhile", "archives.TestWhoIsErasedIsInNoArchive", "archives.TestNoListBringsBackWhoWasErased", "vault.TestARetentionKey"},
		Probe:    "held-by-law-alone",
		Twins: []Twin{
			{
				Name: "a list that was not brought in keeps whoever was erased",
				File: "internal/archives/keeper.go", Old: "if err := forgetLines(tx, patient); err != nil {", New: "if err := error(nil); err != nil {",
				Red: []string{"archives.TestNoListBringsBackWhoWasErased"},
			},
			{
				Name: "an archive that is being made is handed out with whoever is erased meanwhile",
				File: "internal/archives/keeper.go", Old: "for _, text := range []string{sqlRunsStale, sqlRunsAgain} {", New: "for _, text := range []string{sqlRunsStale} {",
				Red: []string{"archives.TestWhoIsErasedIsInNoArchive"},
			},
			{
				Name: "what is saved during an erasure is destroyed and not held",
				File: "internal/privacy/erase.go", Old: "if err == nil && now != was {", New: "if err == nil && now != was && false {",
				Red: []string{"privacy.TestSavedMeanwhile"},
			},
			{
				Name: "what no law wants is held all the same",
				File: "internal/law/keep_until.go", Old: "last := life.Floor.Day(day)", New: "last := life.Floor.Day(day).AddYears(7)",
				Red: []string{"privacy.TestPlan", "privacy.TestHeldToTheDay", "privacy.TestOneHoldStopsNoOther", "privacy.TestCertificate", "privacy.TestWhatIsHeldOutlivesItsClinic"},
			},
			{
				Name: "the last day can be changed in the key store",
				File: "internal/vault/wrap.go", Old: "kind = kindHeld + string(last)", New: "kind = kindHeld",
				Red: []string{"vault.TestARetentionKey"},
			},
		},
	},
	{
		ID:       "held-to-custodian",
		Text:     "What a law holds of an erased person is in no list, search or page. It opens to the clinic’s owner alone, who proves who it is again and says why; each opening is in the audit log. A clinic that moves takes it along in its archive, and the log says so.",
		Sources:  []string{"K6", "M11"},
		Kind:     Enforced,
		KeptBy:   []string{"privacy.Service.OpenHeld", "vault.Ring.Custody", "internal/privacy/along.go", "internal/access/table.go"},
		ProvedBy: []string{"privacy.TestErased", "privacy.TestBrokenOff", "app.TestThereAndBack"},
		Probe:    "held-to-custodian",
		Twins: []Twin{
			{
				Name: "every ring opens what is held",
				File: "internal/vault/held.go", Old: "	if !asked {", New: "	if !asked && subject == r.clinic {",
				Red: []string{"vault.TestARetentionKey"},
			},
			{
				Name: "an opening leaves no trace",
				File: "internal/privacy/service.go", Old: "tx.Record(audit.Note{Action: \"open\", Kind: \"held-record\"", New: "tx.Record(audit.Note{Action: \"read\", Kind: \"held-record\"",
				Red: []string{"privacy.TestErased"},
			},
			{
				Name: "what is held leaves with the clinic and leaves no trace",
				File: "internal/archives/write.go", Old: "Kind: \"held-record\", Subject: h.ID", New: "Kind: \"clinic\", Subject: tx.Clinic()",
				Red: []string{"app.TestThereAndBack"},
			},
			{
				Name: "what is held stays behind when the clinic moves",
				File: "internal/archives/cell.go", Old: "names = []string{\"hold_id\"}", New: "names = nil",
				Red: []string{"app.TestThereAndBack", "app.TestNoMarkIsFoundInTheFiles"},
			},
			{
				Name: "nothing lies beside the keys",
				File: "internal/privacy/erase.go", Old: "aside = append(aside, vault.Aside{ID: p.id", New: "_ = append(aside, vault.Aside{ID: p.id",
				Red: []string{"privacy.TestBrokenOff", "privacy.TestHeldToTheDay"},
			},
		},
	},
	{
		ID:       "held-until-its-day",
		Text:     "Two days before the law’s time is over the clinic is told. The day after the last one, the key of what was held is destroyed and the rows go; no backup brings them back.",
		Sources:  []string{"K6", "K5"},
		Kind:     Enforced,
		KeptBy:   []string{"privacy.Service.Work", "vault.Vault.EndHeld"},
		ProvedBy: []string{"privacy.TestHeldToTheDay", "privacy.TestOneHoldStopsNoOther", "vault.TestARetentionKey", "privacy.TestTheProofOfAnotherHouseGoesToo"},
		Probe:    "held-until-its-day",
		Twins: []Twin{
			{
				Name: "it goes a day too soon",
				File: "internal/vault/held.go", Old: "if today <= last {", New: "if today < last {",
				Red: []string{"vault.TestARetentionKey"},
			},
			{
				Name: "nobody is told before what was held ends",
				File: "internal/privacy/work.go", Old: "noticeDays = 1 ", New: "noticeDays = 0 ",
				Red: []string{"privacy.TestHeldToTheDay", "privacy.TestOneHoldStopsNoOther"},
			},
			{
				Name: "it stays for ever",
				File: "internal/privacy/work.go", Old: "if h.Last >= today ||", New: "if h.Last <= today ||",
				Red: []string{"privacy.TestHeldToTheDay", "privacy.TestOneHoldStopsNoOther", "privacy.TestTheProofOfAnotherHouseGoesToo"},
			},
			{
				Name: "the proof of another house stays for ever",
				File: "internal/privacy/store.go", Old: "AND e.second_at = 0 AND e.first_at < $2", New: "AND e.second_at < 0 AND e.first_at < $2",
				Red: []string{"privacy.TestTheProofOfAnotherHouseGoesToo"},
			},
			{
				Name: "a hold that cannot be ended keeps the others",
				File: "internal/privacy/work.go", Old: "failed = append(failed, fmt.Errorf(\"privacy: the hold %s: %w\", h.ID, err))", New: "return err",
				Red: []string{"privacy.TestOneHoldStopsNoOther"},
			},
		},
	},
	{
		ID:       "erasure-certified",
		Text:     "An erasure is certified when the running system holds nothing of the person any more. The certificate is signed, names nobody, and anybody can check it without us; a changed one is refused, and the check says where.",
		Sources:  []string{"J5", "K9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/privacy/certificate.go", "vault.Vault.Certify"},
		ProvedBy: []string{"privacy.TestErased", "privacy.TestCertificate", "app.TestEveryErasureIsCertified", "app.TestBrowserErasure"},
		Probe:    "erasure-certified",
		Twins: []Twin{
			{
				Name: "what stays of a disclosure holds the certificate up for ever",
				File: "internal/disclosures/held.go", Old: "Stays: true", New: "Stays: false",
				Red: []string{"app.TestEveryErasureIsCertified"},
			},
			{
				Name: "a field that was changed is believed",
				File: "internal/privacy/certificate.go", Old: "if c.Sums[name] != sumOf(all[name]) {", New: "if c.Sums[name] == \"\" {",
				Red: []string{"privacy.TestCertificate"},
			},
		},
	},
	{
		ID:       "erasure-through-backups",
		Text:     "A deletion reaches the backups too: no backup of the data holds the key that was destroyed, every restore erases again, and a second certificate is issued by itself when the last old copy has expired or nothing that exists can open it.",
		Sources:  []string{"J5", "K7", "K9", "K10", "O3"},
		Kind:     Enforced,
		KeptBy:   []string{"privacy.Service.Finish", "privacy.Service.Work", "vault.Vault.Forgotten", "backup.Room.Left"},
		ProvedBy: []string{"privacy.TestCertificateTwoIsTheOldHouses", "privacy.TestHeldToTheDay", "privacy.TestBrokenOff", "vault.TestARetentionKey", "app.TestYesterdaysBackupSendsNothingTwice", "app.TestNoKeyOfTheErasedOpens", "backup.TestWhatABucketRefusesToDelete"},
		Probe:    "erasure-through-backups",
		Twins: []Twin{
			{
				Name: "certificate two waits for nothing",
				File: "internal/privacy/work.go", Old: "return p.forgotten && (p.none || !p.copies)", New: "return p.forgotten || p.none || !p.copies",
				Red: []string{"privacy.TestHeldToTheDay"},
			},
			{
				Name: "the new house certifies what the old one did",
				File: "internal/privacy/work.go", Old: "ours, err = s.o.Vault.Gone(ctx, v.Clinic(), e.Patient)", New: "ours = true",
				Red: []string{"privacy.TestCertificateTwoIsTheOldHouses"},
			},
			{
				Name: "a restore does not erase again",
				File: "internal/privacy/erase.go", Old: "_, err := s.finish(ctx, tx, one)", New: "tx.Housekeeping(\"nothing\")\n\t\t\t\t_ = one\n\t\t\t\tvar err error",
				Red: []string{"privacy.TestBrokenOff", "privacy.TestCarriersAreAsked"},
			},
		},
	},
	{
		ID:       "staff-erased",
		Text:     "Somebody who worked at a clinic can be erased: name, addresses and every way in go, and the key with them. The audit log keeps a number and still verifies; what was signed keeps the name on it.",
		Sources:  []string{"D5", "J1", "N5"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.EraseFormer", "accounts.Service.FinishErased"},
		ProvedBy: []string{"accounts.TestEraseFormer"},
		Probe:    "staff-erased",
		Twins: []Twin{
			{
				Name: "her password still lets her in",
				File: "internal/accounts/erase.go", Old: "job_title = NULL, password = '', theme", New: "job_title = NULL, theme",
				Red: []string{"accounts.TestEraseFormer"},
			},
			{
				Name: "somebody who works here is erased",
				File: "internal/accounts/erase.go", Old: "		if f.Elsewhere {", New: "		if f.Elsewhere && f.Name != \"\" {",
				Red: []string{"accounts.TestEraseFormer"},
			},
		},
	},
	{
		ID:      "carriers-copies",
		Text:    "Whoever carried a message keeps what they keep: mail servers, telephone companies and messengers have copies that no program here can erase. The page of an erasure says how many messages went to whom, so that the clinic can ask them.",
		Sources: []string{"T6", "K9"},
		Kind:    Human,
	},
}
