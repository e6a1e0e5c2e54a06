package promise

// requested: what people ask about their own data, and how they are answered.
var requested = []Sentence{
	{
		ID:       "request-clock",
		Text:     "Who asks about her own data gets an answer within 30 days, and sooner where the law of her clinic says so: in India a copy of a record within 72 hours. The time stands still only while nobody knows who asks, for a week at most, and is lengthened only where the law knows it, once, with a reason that she is told. A request of which nobody can make sure who asks is closed after 90 days. Half-way the clinic’s owners are told, and an answer that is overdue is an incident.",
		Sources:  []string{"J4", "J13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/clock.go", "internal/requests/work.go", "internal/law/request.go"},
		ProvedBy: []string{"requests.TestTheClockOfEachLaw", "requests.TestAskedAndAnswered", "requests.TestTakenLonger", "requests.TestLatePaperworkStopsNoClock", "requests.TestARequestOfNobodyHasAClock", "requests.TestAnotherKindGivesNoTimeToTheClinic", "requests.TestHoweverManyWait", "app.TestPutOffOnThePage"},
		Probe:    "request-clock",
		Twins: []Twin{
			{
				Name: "the pause lengthens nothing and shortens the time",
				File: "internal/requests/clock.go", Old: "law.Due(place, kind, came.Add(paused), zone)", New: "law.Due(place, kind, came.Add(-paused), zone)",
				Red: []string{"requests.TestTheClockOfEachLaw", "requests.TestWhoAsksIsMadeSure", "requests.TestARequestOfNobodyHasAClock", "requests.TestLatePaperworkStopsNoClock"},
			},
			{
				Name: "a request of nobody is never late",
				File: "internal/requests/request.go", Old: "return !r.Over() && now > r.Next()", New: "return r.State == Open && now > r.Next()",
				Red: []string{"requests.TestARequestOfNobodyHasAClock", "requests.TestHoweverManyWait"},
			},
			{
				Name: "the whole wait stops the clock",
				File: "internal/requests/take.go", Old: "min(r.KnownAt, r.SureBy()).Sub(r.CameAt)", New: "r.KnownAt.Sub(r.CameAt)",
				Red: []string{"requests.TestARequestOfNobodyHasAClock", "requests.TestLatePaperworkStopsNoClock"},
			},
			{
				Name: "who writes it down late has more time",
				File: "internal/requests/take.go", Old: "Due(r.Law, r.Kind, r.CameAt, 0, c.Location()) // that it is written down", New: "max(r.DueAt, Due(r.Law, r.Kind, r.CameAt, 0, c.Location())) // that it is written down",
				Red: []string{"requests.TestLatePaperworkStopsNoClock"},
			},
			{
				Name: "owners are not told half-way",
				File: "internal/requests/clock.go", Old: "var warnings = []int64{50, 80, 100}", New: "var warnings = []int64{100}",
				Red: []string{"requests.TestARequestOfNobodyHasAClock", "requests.TestAskedAndAnswered"},
			},
			{
				Name: "an overdue answer is no incident",
				File: "internal/requests/work.go", Old: "if n == 0 || !r.Late(tx.Now()) || r.State != Open {", New: "if n >= 0 {",
				Red: []string{"requests.TestAskedAndAnswered", "requests.TestHoweverManyWait"},
			},
			{
				Name: "every answer can take longer",
				File: "internal/requests/request.go", Old: "&& !law.AnswerTo(r.Law, r.Kind).Longer.IsZero()", New: "&& r.Law != \"\"",
				Red: []string{"requests.TestTheClockOfEachLaw", "requests.TestTakenLonger"},
			},
			{
				Name: "another word for a letter of nobody gives time",
				File: "internal/requests/take.go", Old: "r.DueAt = min(r.DueAt, was.Add(paused))", New: "r.DueAt = max(r.DueAt, was.Add(paused))",
				Red: []string{"requests.TestAnotherKindGivesNoTimeToTheClinic"},
			},
			{
				Name: "two hundred clocks are enough",
				File: "internal/requests/store.go", Old: "AND state IN ('open', 'received') ORDER BY due_at, id`", New: "AND state IN ('open', 'received') ORDER BY due_at, id LIMIT 200`",
				Red: []string{"requests.TestHoweverManyWait"},
			},
			{
				Name: "the reason for a longer time is read from another form",
				File: "internal/web/requests.go", Old: "v.PostForm.Get(\"longer\")", New: "v.PostForm.Get(\"back\")",
				Red: []string{"app.TestPutOffOnThePage"},
			},
		},
	},
	{
		ID:       "request-free",
		Text:     "What you ask about your own data costs nothing, ever: there is no place where a fee could be entered. Nothing that sets prices or gives out appointments can see who asked.",
		Sources:  []string{"J9", "H8", "I11"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/holdings.go"},
		ProvedBy: []string{"requests.TestNoPlaceForAFee"},
		Probe:    "request-free",
		Twins: []Twin{
			{
				Name: "a column for a fee",
				File: "internal/requests/holdings.go", Old: `"erase_at", "kind_at",`, New: `"erase_at", "kind_at", "fee",`,
				Red: []string{"requests.TestNoPlaceForAFee"},
			},
		},
	},
	{
		ID:       "request-who-asks",
		Text:     "It is made sure who asks, by what the clinic has on file and never by an address that came with the request. Who has come of age is no longer written to at the address of whoever spoke for the child. A link to somebody’s own page goes only to an address on file, and whoever asks for one gets the same answer whether or not there is such a patient. What reaches the operator goes to the clinic.",
		Sources:  []string{"J2", "J3", "J12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/public.go", "internal/requests/take.go", "requests.Service.Identify", "internal/messaging/privacy.go", "internal/scheduling/link.go", "internal/patients/inside.go", "internal/patients/speaks.go"},
		ProvedBy: []string{"requests.TestWhoAsksIsMadeSure", "requests.TestANumberThatIsNotOnFileProvesNothing", "requests.TestAGuardianInATalk", "requests.TestWhoCameOfAgeIsReachedBySelf", "patients.TestAGuardiansAddressEndsWithChildhood", "messaging.TestNoReminderGoesToTheMotherOfAnAdult", "patients.TestPublicDoorChangesNobody", "scheduling.TestABookingIsNoProof", "web.TestABookingLinkOpensItsAppointmentAlone"},
		Probe:    "request-who-asks",
		Twins: []Twin{
			{
				Name: "an answer is given before it is known who asks",
				File: "internal/requests/request.go", Old: "if r.State == Received && (d.Outcome != Refused || d.Ground != Unknown) {", New: "if r.State == \"\" {",
				Red: []string{"requests.TestWhoAsksIsMadeSure", "requests.TestANumberThatIsNotOnFileProvesNothing"},
			},
			{
				Name: "any word counts as a proof",
				File: "internal/requests/service.go", Old: "		if !slices.Contains(Proofs(), how) {\n			f.Add(\"proof\", \"field.request.proof\")\n		}\n		if patient.IsZero() {", New: "		if patient.IsZero() {",
				Red: []string{"requests.TestWhoAsksIsMadeSure"},
			},
			{
				Name: "a stranger's number is hers once the desk says so",
				File: "internal/messaging/privacy.go", Old: "(phone == \"\" || c.Phone != phone) &&", New: "phone == \"\" &&",
				Red: []string{"requests.TestANumberThatIsNotOnFileProvesNothing"},
			},
			{
				Name: "what a guardian writes is asked by the child",
				File: "internal/requests/take.go", Old: "		if child { // what is on file", New: "		if child && kind == \"\" { // what is on file",
				Red: []string{"requests.TestAGuardianInATalk"},
			},
			{
				Name: "a stranger puts a guardian's address on file",
				File: "internal/patients/inside.go", Old: "				g.Phone, g.Email = \"\", \"\"\n", New: "",
				Red: []string{"patients.TestPublicDoorChangesNobody"},
			},
			{
				Name: "a mother is sent what is her grown daughter's",
				File: "internal/patients/speaks.go", Old: "	case p.MinorOn(day, age):", New: "	case p.MinorOn(day, age+200):",
				Red: []string{"requests.TestWhoCameOfAgeIsReachedBySelf", "patients.TestAGuardiansAddressEndsWithChildhood", "messaging.TestNoReminderGoesToTheMotherOfAnAdult"},
			},
			{
				Name: "where she has no address the one from which her mother wrote will do",
				File: "internal/messaging/compose.go", Old: " && !to.Grown && ", New: " && ",
				Red: []string{"messaging.TestNoReminderGoesToTheMotherOfAnAdult"},
			},
			{
				Name: "what she stopped a stranger starts again",
				File: "internal/scheduling/book.go", Old: "if public && existed {", New: "if public && !existed {",
				Red: []string{"scheduling.TestABookingIsNoProof"},
			},
			{
				Name: "each asking sends a link",
				File: "internal/requests/public.go", Old: "int64(tx.Now())/int64(askedAgain/time.Microsecond)", New: "int64(tx.Now())",
				Red: []string{"requests.TestWhoAsksIsMadeSure"},
			},
		},
	},
	{
		ID:       "request-refusal",
		Text:     "Nothing that you ask is refused, in whole or in part, without one of a few stated grounds and a sentence of its own. What was answered cannot be changed afterwards. What you asked on your own page nobody but you changes or takes back; where the clinic writes down that you took something back, or asked something else, you are told in writing.",
		Sources:  []string{"J7", "J8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/request.go", "requests.Service.Decide"},
		ProvedBy: []string{"requests.TestAskedAndAnswered", "requests.TestWhatSheAskedIsHers"},
		Probe:    "request-refusal",
		Twins: []Twin{
			{
				Name: "a refusal without a sentence",
				File: "internal/requests/request.go", Old: "least = 10", New: "least = 0",
				Red: []string{"requests.TestAskedAndAnswered"},
			},
			{
				Name: "another word for it makes her wait",
				File: "internal/requests/service.go", Old: "due := min(r.DueAt, Due(r.Law, kind, r.CameAt, paused, c.Location()))", New: "due := Due(r.Law, kind, r.CameAt, paused, c.Location())",
				Red: []string{"requests.TestWhatSheAskedIsHers", "requests.TestAnotherKindGivesNoTimeToTheClinic"},
			},
			{
				Name: "taken back in her place without a sentence",
				File: "internal/requests/service.go", Old: "text(typed, \"back\", 10, &f)", New: "text(typed, \"back\", 0, &f)",
				Red: []string{"requests.TestWhatSheAskedIsHers"},
			},
			{
				Name: "any word is a ground",
				File: "internal/requests/request.go", Old: "if !slices.Contains(Grounds(), d.Ground) {", New: "if d.Ground == \"\" {",
				Red: []string{"requests.TestAskedAndAnswered"},
			},
		},
	},
	{
		ID:       "request-authority",
		Text:     "The letter of a refusal, and the page on which you ask, name the authority of your clinic’s law to which you can complain.",
		Sources:  []string{"I11", "J13", "R11"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/letter.go", "internal/law/place.go"},
		ProvedBy: []string{"requests.TestAskedAndAnswered"},
		Probe:    "request-authority",
		Twins: []Twin{
			{
				Name: "a letter that names nobody",
				File: "internal/requests/letter.go", Old: "lines = append(lines, complain(t, r.Law))", New: "_ = complain(t, r.Law)",
				Red: []string{"requests.TestAskedAndAnswered"},
			},
		},
	},
	{
		ID:       "request-in-writing",
		Text:     "Each answer is given in writing: it stands on your own page, and a message to what is on file says so. A deletion begins when its confirmation has left; until then every use has stopped. An objection that is granted stops the uses it names in the same moment, and a letter says that something was done only where it was.",
		Sources:  []string{"J1", "J6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/service.go", "internal/requests/work.go"},
		ProvedBy: []string{"requests.TestAskedAndAnswered", "requests.TestDeletionIsDone", "requests.TestManyWhoAreHeldKeepNoOtherWaiting", "requests.TestWhatIsGrantedIsDone"},
		Probe:    "request-in-writing",
		Twins: []Twin{
			{
				Name: "an objection that stops nothing",
				File: "internal/requests/service.go", Old: "stopped, err := consent.Object(tx, r.Patient, d.Stops, r.door())", New: "stopped, err := d.Stops, error(nil)",
				Red: []string{"requests.TestWhatIsGrantedIsDone"},
			},
			{
				Name: "a deletion that waits for nothing",
				File: "internal/requests/service.go", Old: "erase = tx.Now().Add(beforeErasing)", New: "erase = tx.Now()",
				Red: []string{"requests.TestDeletionIsDone"},
			},
			{
				Name: "an answer that is not told",
				File: "internal/requests/service.go", Old: "messaging.TellPrivately(tx, messaging.PrivacyTold, r.Patient, r.ID, answered)", New: "messaging.TellPrivately(tx, messaging.PrivacyTold, id.Zero, r.ID, 2)",
				Red: []string{"requests.TestAskedAndAnswered", "requests.TestDeletionIsDone", "requests.TestWhatSheAskedIsHers"},
			},
		},
	},
	{
		ID:       "request-copy-at-once",
		Text:     "A copy of everything that is held about you stands on your own page at once, to read and as a file for other programs. It holds what is yours and nobody else’s.",
		Sources:  []string{"J1", "J10", "L2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/copy.go", "internal/app/requests.go", "internal/messaging/keeper.go"},
		ProvedBy: []string{"requests.TestAtOnce", "app.TestACopyIsOnePersons", "app.TestBrowserYourData", "messaging.TestTheCopyHoldsTheWholeConversation"},
		Probe:    "request-copy-at-once",
		Twins: []Twin{
			{
				Name: "a copy without what other rooms hold",
				File: "internal/app/requests.go", Old: "out[table] = append(out[table], rows...)", New: "_ = append(out[table], rows...)",
				Red:  []string{"app.TestACopyIsOnePersons", "app.TestBrowserYourData", "app.TestNoMarkIsFoundInTheFiles", "app.TestTheInventedPatientWalks", "app.TestThereAndBack", "app.TestWhatIsLeftOfHerIsFound"},
				Long: true,
			},
			{
				Name: "a copy without who looked",
				File: "internal/requests/copy.go", Old: "looksAt(&tx.View, patient, id.Zero, mostLooksOfCopy)", New: "looksAt(&tx.View, patient, id.Zero, 0)",
				Red: []string{"requests.TestAtOnce"},
			},
			{
				Name: "a copy with the first lines of a long conversation",
				File: "internal/messaging/keeper.go", Old: "all = append(all, part...); len(part) < partOfCopy", New: "all = append(all, part...); len(part) <= partOfCopy",
				Red: []string{"messaging.TestTheCopyHoldsTheWholeConversation"},
			},
		},
	},
	{
		ID:       "request-restriction",
		Text:     "You stop every use of your data but looking after you by one press on your own page, and it stops at once.",
		Sources:  []string{"J11", "J1"},
		Kind:     Enforced,
		KeptBy:   []string{"requests.Service.Restrict", "consent.Restrict", "consent.May"},
		ProvedBy: []string{"requests.TestAtOnce"},
		Probe:    "request-restriction",
		Twins: []Twin{
			{
				Name: "a restriction that restricts nothing",
				File: "internal/requests/service.go", Old: "case law.Restriction:\n\t\t\tif err := consent.Restrict(tx, r.Patient, true,", New: "case law.Restriction:\n\t\t\tif err := consent.Restrict(tx, r.Patient, false,",
				Red: []string{"requests.TestAtOnce"},
			},
		},
	},
	{
		ID:       "request-statement",
		Text:     "Where you and the clinic disagree about what is right, your own statement stands beside the data, for whoever sees the data, and goes along with every copy.",
		Sources:  []string{"I11", "J1"},
		Kind:     Enforced,
		KeptBy:   []string{"requests.Service.State", "requests.Statements", "requests.Keeper.Collect"},
		ProvedBy: []string{"requests.TestAtOnce"},
		Probe:    "request-statement",
		Twins: []Twin{
			{
				Name: "statements are not shown",
				File: "internal/requests/own.go", Old: "return x.EndedAt > 0 }), err", New: "return x.EndedAt >= 0 }), err",
				Red: []string{"requests.TestAtOnce"},
			},
		},
	},
	{
		ID:       "request-contact-proved",
		Text:     "You change your telephone number or e-mail address yourself. It counts once you typed the code that was sent there; the one that stood there before is told.",
		Sources:  []string{"J1", "J10"},
		Kind:     Enforced,
		KeptBy:   []string{"requests.Service.ProveContact", "messaging.Prove", "patients.SetContact"},
		ProvedBy: []string{"requests.TestAtOnce"},
		Probe:    "request-contact-proved",
		Twins: []Twin{
			{
				Name: "any code is right",
				File: "internal/messaging/privacy.go", Old: "if p.code != code {", New: "if code == \"\" {",
				Red: []string{"requests.TestAtOnce"},
			},
			{
				Name: "a code can be guessed for ever",
				File: "internal/messaging/privacy.go", Old: "|| p.Tries >= codeTries {", New: "|| p.Tries < 0 {",
				Red: []string{"requests.TestAtOnce"},
			},
		},
	},
	{
		ID:       "who-looked",
		Text:     "You see who opened, changed, copied or sent what stands about you, when, in which role and what for; a list on which you appeared is told apart from your record being opened. Looking there is written down too.",
		Sources:  []string{"N1", "J1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/looked.go", "store.View.Opened"},
		ProvedBy: []string{"requests.TestWhoLooked", "app.TestBrowserYourData"},
		Probe:    "who-looked",
		Twins: []Twin{
			{
				Name: "names are shown though the clinic does not",
				File: "internal/requests/looked.go", Old: "		if !names {\n			for i := range out {", New: "		if names {\n			for i := range out {",
				Red: []string{"requests.TestWhoLooked"},
			},
			{
				Name: "lists of everybody are hers",
				File: "internal/requests/looked.go", Old: "return slices.Contains(said.New.IDs, patient), nil", New: "return !slices.Contains(said.New.IDs, patient), nil",
				Red: []string{"requests.TestWhoLooked"},
			},
		},
	},
	{
		ID:       "new-purpose-asked",
		Text:     "When your data is to serve a purpose that was not on the list when you gave it, you are asked first; until you said yes it does not.",
		Sources:  []string{"I3"},
		Kind:     Enforced,
		KeptBy:   []string{"consent.May", "internal/consent/purpose.go"},
		ProvedBy: []string{"consent.TestANewPurposeAsksFirst"},
		Probe:    "new-purpose-asked",
		Twins: []Twin{
			{
				Name: "a purpose that came later takes silence for a yes",
				File: "internal/consent/inside.go", Old: "if err != nil || here < e.Since {", New: "if err != nil || here < 0 {",
				Red: []string{"consent.TestANewPurposeAsksFirst"},
			},
		},
	},
	{
		ID:       "young-data-deleted",
		Text:     "When the data of somebody below the age of consent is found for whom no guardian speaks, the clinic is told, and the data is deleted 14 days later unless a guardian was added.",
		Sources:  []string{"I6", "K11"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/requests/young.go", "patients.Unguarded", "patients.Ages"},
		ProvedBy: []string{"requests.TestYoungDataGoes", "requests.TestTheTourFindsEveryChild", "app.TestYesterdaysBackupForgetsNoOrder"},
		Probe:    "young-data-deleted",
		Twins: []Twin{
			{
				Name: "nobody is found",
				File: "internal/requests/young.go", Old: "n, err := tx.Exec(sqlYoungAdd, p, tx.Now(), tx.Now().Add(YoungFor))", New: "n, err := tx.Exec(sqlYoungDrop, p)",
				Red: []string{"requests.TestYoungDataGoes", "requests.TestTheTourFindsEveryChild"},
			},
			{
				Name: "an old mark tells who is a child",
				File: "internal/requests/work.go", Old: "s.seeAges(ctx, who), ", New: "",
				Red: []string{"requests.TestTheTourFindsEveryChild"},
			},
			{
				Name: "a child's data goes under a wrong clock",
				File: "internal/requests/young.go", Old: "if yes, err := s.o.Believed(ctx); err != nil || !yes {", New: "if yes, err := s.o.Believed(ctx); err != nil || !yes && false {",
				Red: []string{"requests.TestYoungDataGoes"},
			},
			{
				Name: "a database of before leaves a child the rest of her fortnight",
				File: "internal/requests/young.go", Old: "_, err := tx.Exec(sqlYoungAnew, tx.Now().Add(YoungFor))", New: "_, err := tx.Exec(sqlYoungAnew, tx.Now())",
				Red: []string{"requests.TestYoungDataGoes", "app.TestYesterdaysBackupForgetsNoOrder"},
			},
			{
				Name: "a fortnight of a hundred days",
				File: "internal/requests/young.go", Old: "case y.DeleteAt <= tx.Now():", New: "case y.DeleteAt.Add(86*24*time.Hour) <= tx.Now():",
				Red: []string{"requests.TestYoungDataGoes"},
			},
		},
	},
}
