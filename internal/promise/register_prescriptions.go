package promise

// prescriptions: what is prescribed, what is looked up before it is signed, and who may read it afterwards.
var prescriptions = []Sentence{
	{
		ID:       "prescriptions-off",
		Text:     "Prescriptions exist only where a clinic turned them on. Elsewhere their pages do not exist and their tables take no row.",
		Sources:  []string{"A18", "D6", "E1"},
		Kind:     Enforced,
		KeptBy:   []string{"clinics.Must", "internal/prescriptions/service.go"},
		ProvedBy: []string{"prescriptions.TestWithoutTheModuleThereIsNothing", "app.TestModuleOffHoldsNothing"},
		Twins: []Twin{
			{
				Name: "a drug is found where prescriptions are off",
				File: "internal/prescriptions/lists.go", Old: "func (s *Service) Search(ctx context.Context, who access.Caller, letters string) (Found, error) {\n\tvar out Found\n\terr := s.db.View(ctx, who, access.RxWrite, func(_ context.Context, v *store.View) error {\n\t\tif _, err := clinics.Must(v, clinics.ModulePrescriptions); err != nil {",
				New: "func (s *Service) Search(ctx context.Context, who access.Caller, letters string) (Found, error) {\n\tvar out Found\n\terr := s.db.View(ctx, who, access.RxWrite, func(_ context.Context, v *store.View) error {\n\t\tif _, err := clinics.Get(v); err != nil {",
				Red: []string{"prescriptions.TestWithoutTheModuleThereIsNothing"},
			},
			{
				Name: "the database takes prescriptions where they are off",
				File: "internal/store/migrations/sqlite/00021_prescription_fence.sql", Old: "CREATE TRIGGER prescription_module BEFORE INSERT ON prescription\nWHEN NOT", New: "CREATE TRIGGER prescription_module BEFORE INSERT ON prescription\nWHEN 1 = 0 AND NOT",
				Red: []string{"prescriptions.TestWithoutTheModuleThereIsNothing", "app.TestModuleOffHoldsNothing"},
			},
		},
		Probe: "prescriptions-off",
	},
	{
		ID:       "prescriptions-stay",
		Text:     "A signed prescription is never changed, not even by a later change of the clinic or the practitioner: it is cancelled with a reason, or replaced by a new one, and both stay readable.",
		Sources:  []string{"E1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/sign.go", "internal/prescriptions/store.go"},
		ProvedBy: []string{"prescriptions.TestASignedSheetIsNeverChanged"},
		Twins: []Twin{
			{
				Name: "the database lets a signed sheet be changed",
				File: "internal/store/migrations/sqlite/00021_prescription_fence.sql", Old: "WHEN OLD.signed_at > 0", New: "WHEN OLD.signed_at < 0",
				Red: []string{"prescriptions.TestASignedSheetIsNeverChanged"},
			},
		},
		Probe: "prescriptions-stay",
	},
	{
		ID:       "prescriptions-signed",
		Text:     "Only a practitioner whose registration number is on record signs a prescription. Name, qualification and number stand on it as they were when it was signed.",
		Sources:  []string{"A4", "E2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/sign.go", "internal/access/table.go"},
		ProvedBy: []string{"prescriptions.TestOnlyAPractitionerWithANumberSigns"},
		Twins: []Twin{
			{
				Name: "signing without a registration number",
				File: "internal/prescriptions/sign.go", Old: `case strings.TrimSpace(p.Registration) == "":`, New: `case p.Name == "" && strings.TrimSpace(p.Registration) == "":`,
				Red: []string{"prescriptions.TestOnlyAPractitionerWithANumberSigns"},
			},
		},
		Probe: "prescriptions-signed",
	},
	{
		ID:       "prescriptions-warned",
		Text:     "Before signing, drugs are compared with the patient's allergies, with each other and with what she takes. A warning is overridden only with a reason, which is kept, encrypted, and recorded.",
		Sources:  []string{"E1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/warning.go", "internal/prescriptions/told.go", "internal/prescriptions/sign.go"},
		ProvedBy: []string{"prescriptions.TestWarningsAreOverriddenWithAReason", "prescriptions.TestWhatSheSaysSheTakesIsCompared", "prescriptions.TestWhatSheIsAllergicToIsFoundByItsBox"},
		Twins: []Twin{
			{
				Name: "a mild allergy needs no reason",
				File: "internal/prescriptions/warning.go", Old: "(w.Kind == WarnAllergy || w.Severity != Mild)", New: "w.Severity == Severe && w.Kind != WarnAllergy",
				Red: []string{"prescriptions.TestWarningsAreOverriddenWithAReason", "prescriptions.TestWhatSheIsAllergicToIsFoundByItsBox"},
			},
			{
				Name: "an allergy is known by its bare name alone",
				File: "internal/prescriptions/service.go", Old: "k.Allergies[i].Means, _ = l.meant([]string{a.Substance})", New: "k.Allergies[i].Means, _ = l.meant(nil)",
				Red: []string{"prescriptions.TestWhatSheIsAllergicToIsFoundByItsBox"},
			},
			{
				Name: "what she takes is not looked at",
				File: "internal/prescriptions/service.go", Old: "if !m.Broken && (d.Replaces.IsZero() || m.Source != d.Replaces) {", New: "if m.Broken {",
				Red: []string{"prescriptions.TestWarningsAreOverriddenWithAReason", "prescriptions.TestWhatSheSaysSheTakesIsCompared"},
			},
			{
				Name: "what she takes is known by its bare name alone",
				File: "internal/prescriptions/service.go", Old: "k.Taking, k.Unlisted = l.meant(k.Taking)", New: "_, k.Unlisted = l.meant(k.Taking)",
				Red: []string{"prescriptions.TestWhatSheSaysSheTakesIsCompared"},
			},
		},
		Probe: "prescriptions-warned",
	},
	{
		ID:       "prescriptions-unchecked",
		Text:     "When a list of drugs or warnings cannot be read, or is no longer what was imported, or an allergy cannot be opened, the page of the prescription says so and the signed prescription too: silence never stands for \"no warnings\".",
		Sources:  []string{"E1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/lists.go", "internal/prescriptions/service.go", "internal/prescriptions/sign.go"},
		ProvedBy: []string{"prescriptions.TestAListThatCannotBeReadSaysSo"},
		Twins: []Twin{
			{
				Name: "a list that was changed is used",
				File: "internal/prescriptions/lists.go", Old: "!bytes.Equal(hash, fingerprint(body))", New: "len(hash) == 0 && !bytes.Equal(hash, fingerprint(body))",
				Red: []string{"prescriptions.TestAListThatCannotBeReadSaysSo"},
			},
			{
				Name: "an allergy that cannot be opened is none",
				File: "internal/prescriptions/service.go", Old: "k.Unread = k.Unread || a.Broken", New: "_ = a.Broken",
				Red: []string{"prescriptions.TestAListThatCannotBeReadSaysSo"},
			},
		},
		Probe: "prescriptions-lists",
	},
	{
		ID:       "prescriptions-controlled",
		Text:     "In India, drugs of Schedule X and narcotic and psychotropic drugs are marked, and refused when the patient was seen by video or phone.",
		Applies:  "to clinics in India",
		Sources:  []string{"E1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/sign.go", "internal/prescriptions/list.go"},
		ProvedBy: []string{"prescriptions.TestControlledDrugsAndDistance", "prescriptions.TestControlledDrugsHoweverTheyAreWritten"},
		Twins: []Twin{
			{
				Name: "narcotics by telephone",
				File: "internal/prescriptions/list.go", Old: `slices.Contains(d.Schedules, "X") || slices.Contains(d.Schedules, "NDPS")`, New: `slices.Contains(d.Schedules, "X")`,
				Red: []string{"prescriptions.TestControlledDrugsAndDistance", "prescriptions.TestControlledDrugsHoweverTheyAreWritten"},
			},
			{
				Name: "narcotics in a mixture, or in a form that is not on the list",
				File: "internal/prescriptions/list.go", Old: "if l.keys[i] == key && d.Restricted() {", New: "if l.keys[i] == key && d.Restricted() && false {",
				Red: []string{"prescriptions.TestControlledDrugsHoweverTheyAreWritten"},
			},
		},
		Probe: "prescriptions-controlled",
	},
	{
		ID:       "prescription-paper",
		Text:     "A prescription is printed with the practitioner's qualification and registration number, each drug by its generic name, and how to take it in the patient's language. What is copied out of the file is what stands on it.",
		Sources:  []string{"E2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/paper.go", "internal/prescriptions/instruction.go"},
		ProvedBy: []string{"prescriptions.TestPaperSaysWhatWasSigned"},
		Twins: []Twin{
			{
				Name: "the paper leaves the registration number out",
				File: "internal/prescriptions/paper.go", Old: `return append(out, say("rx.paper.registration", "Number", sh.Registration))`, New: `return out`,
				Red: []string{"prescriptions.TestPaperSaysWhatWasSigned"},
			},
		},
		Probe: "prescription-paper",
	},
	{
		ID:       "prescription-link",
		Text:     "A prescription is sent as a link only, to a patient who agreed to that, in a message without a word about health. The link ends after days that the clinic sets, can be taken back at once, and shows how often it was opened.",
		Sources:  []string{"E2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/share.go", "internal/messaging/paper.go", "messaging.Send"},
		ProvedBy: []string{"prescriptions.TestLinksEnd", "messaging.TestAPaperIsToldByALink"},
		Twins: []Twin{
			{
				Name: "a link without consent",
				File: "internal/prescriptions/share.go", Old: "\t\tif !ok {\n\t\t\tf.Add(\"agreed\"", New: "\t\tif !ok && agreed {\n\t\t\tf.Add(\"agreed\"",
				Red: []string{"prescriptions.TestLinksEnd"},
			},
			{
				Name: "a link that never ends",
				File: "internal/prescriptions/share.go", Old: "case revoked > 0 || expires <= v.Now():", New: "case revoked > 0 && expires <= v.Now():",
				Red: []string{"prescriptions.TestLinksEnd", "prescriptions.TestLinksEndWithTheirAddress"},
			},
			{
				Name: "a link that was taken back is sent",
				File: "internal/messaging/paper.go", Old: "if err == nil && (!ok || x.Patient != r.patient) {", New: "if err == nil && !ok && x.Patient != r.patient {",
				Red: []string{"messaging.TestAPaperIsToldByALink"},
			},
		},
		Probe: "prescription-link",
	},
	{
		ID:       "prescription-genuine",
		Text:     "Whoever holds a printed prescription can see whether it is genuine, when and by whom it was signed, and whether it was cancelled. That page shows nothing about the patient or the drugs, and its codes cannot be guessed or told apart by trying.",
		Sources:  []string{"E2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/prescriptions/verify.go", "internal/web/rx_sheet.go"},
		ProvedBy: []string{"prescriptions.TestAnybodyVerifiesAndLearnsNothing"},
		Twins: []Twin{
			{
				Name: "a cancelled paper passes for a good one",
				File: "internal/prescriptions/verify.go", Old: "Cancelled: ended > 0}", New: "Cancelled: ended < 0}",
				Red: []string{"prescriptions.TestAnybodyVerifiesAndLearnsNothing"},
			},
		},
		Probe: "prescription-genuine",
	},
}
