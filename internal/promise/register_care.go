package promise

// care: visits, what is known of a patient, files, and what is asked before a visit.
var care = []Sentence{
	{
		ID:       "visits-kept",
		Text:     "A clinic that keeps clinical records keeps each visit with its date, its service and its practitioner, encrypted under the patient's own key, and deletes all of them with her.",
		Sources:  []string{"D2", "D4"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"internal/visits/write.go", "visits.Keeper"},
		ProvedBy: []string{"visits.TestVisitsArePagedAndSealed"},
		Twins: []Twin{
			{
				Name: "a deleted patient's visits stay",
				File: "internal/visits/keeper.go", Old: "sqlAmendmentsErase, sqlEncountersErase, sqlHealthErase", New: "sqlAmendmentsErase, sqlHealthErase",
				Red: []string{"visits.TestVisitsArePagedAndSealed"},
			},
		},
		Probe: "visits-kept",
	},
	{
		ID:       "signed-stays",
		Text:     "A practitioner signs a visit, and from then on its text cannot be changed, not even by us. What is missing is added beside it, with who, when and why.",
		Sources:  []string{"D4"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"internal/visits/write.go"},
		ProvedBy: []string{"visits.TestSignedStays"},
		Twins: []Twin{
			{
				Name: "a signed visit is written over",
				File: "internal/store/migrations/sqlite/00019_visits_fence.sql", Old: "ON encounter WHEN OLD.signed_at > 0", New: "ON encounter WHEN OLD.signed_at < 0",
				Red: []string{"visits.TestSignedStays"},
			},
			{
				Name: "whoever may write signs",
				File: "internal/visits/write.go", Old: "return s.write(ctx, who, access.VisitSign, one, d, &provider)", New: "return s.write(ctx, who, access.VisitWrite, one, d, &provider)",
				Red: []string{"visits.TestSignedStays"},
			},
			{
				Name: "an account that is no practitioner's signs",
				File: "internal/visits/write.go", Old: "if fault.Is(err, fault.NotFound) || err == nil && (p.Broken || p.RetiredAt > 0) {", New: "if err == nil && (p.Broken || p.RetiredAt > 0) {",
				Red: []string{"visits.TestSignedStays"},
			},
		},
		Probe: "signed-stays",
	},
	{
		ID:       "notes-not-lost",
		Text:     "What a practitioner writes is kept while she writes. When two people write about one visit at once, neither text is lost: the later one is kept beside the other until both were seen, 30 days at most.",
		Sources:  []string{"D3"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"internal/visits/write.go", "internal/web/visit.go"},
		ProvedBy: []string{"visits.TestNothingIsLost"},
		Twins: []Twin{
			{
				Name: "the later text is thrown away",
				File: "internal/visits/write.go", Old: "if d.Note.Empty() && len(d.Vitals) == 0 {", New: "if d.Version > 0 || d.Note.Empty() && len(d.Vitals) == 0 {",
				Red: []string{"visits.TestNothingIsLost", "visits.TestSignedStays"},
			},
			{
				Name: "texts that were put aside stay for ever",
				File: "internal/visits/keeper.go", Old: "k.Lives.Over(law.Passing, tx.Now())", New: "k.Lives.Over(law.Passing, tx.Now()) - 3000*86_400_000_000",
				Red: []string{"visits.TestNothingIsLost"},
			},
		},
		Probe: "notes-not-lost",
	},
	{
		ID:       "files-cleaned",
		Text:     "Reports and pictures are taken by what they are, not by their name. A picture loses what its camera said of place, device and time; a PDF that would do something by itself is refused. They are encrypted in pieces, and handed out for saving only.",
		Sources:  []string{"D4"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"internal/visits/file.go", "picture.Redraw", "internal/visits/pdf.go", "internal/web/care.go"},
		ProvedBy: []string{"visits.TestFilesAreCleanedAndSealed", "visits.TestWhatIsNoPlainFileIsRefused", "web.TestFilesAreSavedNotShown"},
		Twins: []Twin{
			{
				Name: "a picture in the record is kept as it came",
				File: "internal/visits/file.go", Old: "return redraw(content)", New: "_, kind, err := redraw(content)\n\treturn content, kind, err",
				Red: []string{"visits.TestFilesAreCleanedAndSealed"},
			},
			{
				Name: "packed objects are not looked into",
				File: "internal/visits/pdf.go", Old: "if err := judge(objects); err != nil {", New: "if err := judge(objects); err != nil && false {",
				Red: []string{"visits.TestWhatIsNoPlainFileIsRefused"},
			},
			{
				Name: "a file is shown inside our pages",
				File: "internal/web/care.go", Old: `h.Set("Content-Disposition", attachment(f.FileName()))`, New: `_ = attachment(f.FileName())`,
				Red: []string{"web.TestFilesAreSavedNotShown"},
			},
		},
		Probe: "files-cleaned",
	},
	{
		ID:       "allergies-asked",
		Text:     "The record tells an allergy that nobody asked about from one that the patient does not have: who asked, and when, stands beside it. What was entered and ended later stays in the record.",
		Sources:  []string{"D4"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"internal/visits/about.go"},
		ProvedBy: []string{"visits.TestBanner"},
		Twins: []Twin{
			{
				Name: "no known allergies stands beside one",
				File: "internal/visits/read.go", Old: "if len(now.Allergies) > 0 {", New: "if len(now.Allergies) > 100 {",
				Red: []string{"visits.TestBanner"},
			},
		},
		Probe: "allergies-asked",
	},
	{
		ID:       "clinical-few",
		Text:     "Visits, files and answers given before a visit are health data: marked as such, encrypted, and read only by practitioners, their assistants and the clinic's owner. The front desk, billing and managers see nothing of them, and the audit log tells that something was written, not what.",
		Sources:  []string{"D8", "D10"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"access.Table", "visits.Holdings", "intake.Holdings"},
		ProvedBy: []string{"visits.TestBanner", "web.TestTheDeskSeesNothingClinical"},
		Twins: []Twin{
			{
				Name: "the front desk reads visits",
				File: "internal/access/table.go", Old: `where the clinic keeps clinical records.", []Role{Owner, Practitioner, Assistant}},` + "\n\t{VisitWrite,", New: `where the clinic keeps clinical records.", desk},` + "\n\t{VisitWrite,",
				Red: []string{"visits.TestBanner", "visits.TestFilesAreCleanedAndSealed", "web.TestFilesAreSavedNotShown", "web.TestTheDeskSeesNothingClinical"},
			},
			{
				Name: "the log repeats what was written",
				File: "internal/visits/about.go", Old: "Subject: row, Patient: patient}) // what", New: "Subject: row, Patient: patient, New: body}) // what",
				Red: []string{"web.TestTheDeskSeesNothingClinical"},
			},
		},
		Probe: "clinical-few",
	},
	{
		ID:       "intake-signed",
		Text:     "What a patient signs before a visit keeps the exact text that it was given to, with the name, the moment and a fingerprint of the text; neither can be changed afterwards. For a child, a guardian signs. Answers that were begun and never signed are deleted after 30 days.",
		Sources:  []string{"B9"},
		Applies:  "where the clinic keeps clinical records",
		Kind:     Enforced,
		KeptBy:   []string{"internal/intake/sign.go", "internal/intake/keeper.go"},
		ProvedBy: []string{"intake.TestTheTextThatWasSigned", "intake.TestAChildsGuardianSigns", "intake.TestWhoCameOfAgeSignsHerself", "intake.TestDraftsGo"},
		Twins: []Twin{
			{
				Name: "a text is signed that was not the one read",
				File: "internal/intake/sign.go", Old: "case f.Hash != r.Hash:", New: "case f.Hash != r.Hash && false:",
				Red: []string{"intake.TestTheTextThatWasSigned"},
			},
			{
				Name: "a child signs for herself",
				File: "internal/intake/sign.go", Old: "if !slices.ContainsFunc(o.Guardians,", New: "if false && !slices.ContainsFunc(o.Guardians,",
				Red: []string{"intake.TestAChildsGuardianSigns"},
			},
			{
				Name: "what was begun stays for ever",
				File: "internal/intake/keeper.go", Old: "k.Lives.Over(law.Passing, tx.Now())", New: "k.Lives.Over(law.Passing, tx.Now()) - 3000*86_400_000_000",
				Red: []string{"intake.TestDraftsGo"},
			},
			{
				Name: "who came of age is a child still when she signs",
				File: "internal/intake/sign.go", Old: "out.Minor = p.MinorOn(clock.DateOf(v.Now().In(c.Location())), c.MinorAge())", New: "out.Minor = p.Minor",
				Red: []string{"intake.TestWhoCameOfAgeSignsHerself"},
			},
		},
		Probe: "intake-signed",
	},
}
