package promise

// lives: how long things are kept, what keeps one longer, and how a clinic goes.
var lives = []Sentence{
	{
		ID:       "legal-hold",
		Text:     "Only two people together can keep a patient's records longer than their life, for a court or a claim: with a reason and a last day. It is seen on the patient's page and ends by itself.",
		Sources:  []string{"K6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/hold.go", "internal/retention/beside.go"},
		ProvedBy: []string{"retention.TestAHoldNeedsTwoAndEnds", "retention.TestAnOrderOutlivesARestore", "app.TestYesterdaysBackupForgetsNoOrder", "retention.TestNothingGoesUnannounced", "retention.TestEachRecordKnowsItsDeath", "retention.TestTheSecondWordIsNobodysWhoCameLater", "retention.TestAJumpOfTheClockEndsNoHold", "retention.TestAHoldWaitsForAnErasure", "retention.TestWhatSheWroteIsHeld", "retention.TestEveryAgeingStatementSparesWhatIsHeld"},
		Twins: []Twin{{
			Name: "what a patient wrote goes by its days though an order keeps it",
			File: "internal/messaging/keeper.go", Old: "until > 0 AND until <= $2 AND thread_id NOT IN ` + heldTalks", New: "until > 0 AND until <= $2`",
			Red: []string{"retention.TestWhatSheWroteIsHeld"},
		}, {
			Name: "a hold is approved of somebody who is being erased",
			File: "internal/retention/hold.go", Old: "there, err := patients.Hold(tx, h.Patient)", New: "there, err := true, error(nil)",
			Red: []string{"retention.TestAHoldWaitsForAnErasure"},
		}, {
			Name: "a wrong clock ends every hold",
			File: "internal/retention/hold.go", Old: "if !patient.IsZero() && h.Patient != patient {", New: "if !patient.IsZero() && h.Patient != patient && false {",
			Red: []string{"retention.TestAJumpOfTheClockEndsNoHold"},
		}, {
			Name: "whoever asks for a hold approves it",
			File: "internal/retention/hold.go", Old: "if h.AskedBy == who.Actor() {", New: "if h.AskedBy == who.Actor() && false {",
			Red: []string{"retention.TestAHoldNeedsTwoAndEnds"},
		}, {
			Name: "an order of two people lies in the data alone",
			File: "internal/retention/beside.go", Old: "return s.db.Vault().AddAside(ctx, tx.Clinic(), tx.Clinic(), vault.Aside{ID: h.ID, Owner: h.ID, Body: sealed})", New: "_ = sealed\n\treturn nil",
			Red: []string{"retention.TestAnOrderOutlivesARestore", "app.TestYesterdaysBackupForgetsNoOrder"},
		}, {
			Name: "a database of before forgets what two people ordered since",
			File: "internal/app/restored.go", Old: "if err := h.Lives.OrdersAfterRestore(ctx, who); err != nil {", New: "if err := error(nil); err != nil {",
			Red: []string{"app.TestYesterdaysBackupForgetsNoOrder"},
		}},
		Probe: "legal-hold",
	},
	{
		ID:       "retention",
		Text:     "Each kind of data has a stated life, within what the law asks for. A run every night takes away what is over: nothing is kept more than a day longer than said, and nothing goes before the law lets it.",
		Sources:  []string{"K1", "K5", "K12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/law/keep.go", "internal/retention/run.go", "holdings.Check"},
		ProvedBy: []string{"app.TestNothingOutlivesItsTime", "retention.TestThreeYears", "retention.TestOneRoomStopsNoOther", "holdings.TestNothingIsHeldUndeclared"},
		Twins: []Twin{{
			Name: "opinions stay a year longer",
			File: "internal/followup/keeper.go", Old: "k.Lives.Over(law.Opinions, tx.Now())", New: "k.Lives.Over(law.Opinions, tx.Now()) - 365*86_400_000_000",
			Red: []string{"retention.TestThreeYears", "retention.TestOneRoomStopsNoOther", "retention.TestNothingGoesUnannounced", "retention.TestAShorterLifeIsToldAnew"},
		}, {
			Name: "a room that fails ends the night for those behind it",
			File: "internal/retention/run.go", Old: "failed.add(doer.Name(), err)\n\t\t\t\tbreak", New: "failed.add(doer.Name(), err)\n\t\t\t\treturn all",
			Red: []string{"retention.TestOneRoomStopsNoOther"},
		}, {
			Name: "what was paid stays with its patient for ever",
			File: "internal/billing/keeper.go", Old: "cut, err := tx.Exec(sqlPayerCut, k.Lives.Over(law.Invoices, tx.Now()))", New: "cut, err := tx.Exec(sqlPayerCut, k.Lives.Over(law.Invoices, tx.Now())-999*365*86_400_000_000)",
			Red: []string{"app.TestNothingOutlivesItsTime"},
		}, {
			Name: "a table needs no life",
			File: "internal/holdings/holdings.go", Old: "!slices.Contains(law.Classes(), t.Life) {", New: "!slices.Contains(law.Classes(), t.Life) && false {",
			Red: []string{"holdings.TestNothingIsHeldUndeclared"},
		}},
		Probe: "retention",
	},
	{
		ID:       "retention-told",
		Text:     "Before something goes that a clinic could still want, such as opinions, texts or invoices, its owners are told at least 48 hours earlier.",
		Sources:  []string{"K5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/run.go"},
		ProvedBy: []string{"retention.TestNothingGoesUnannounced", "retention.TestAShorterLifeIsToldAnew"},
		Twins: []Twin{{
			Name: "an old notice speaks for a shorter life",
			File: "internal/retention/run.go", Old: "if n.At >= shorter[n.Class] {", New: "if n.At >= shorter[n.Class] || true {",
			Red: []string{"retention.TestAShorterLifeIsToldAnew"},
		}, {
			Name: "nobody is told before",
			File: "internal/retention/run.go", Old: "if !Told(c) {\n\t\treturn now\n\t}\n\tvar out", New: "if Told(c) || !Told(c) {\n\t\treturn now\n\t}\n\tvar out",
			Red: []string{"retention.TestNothingGoesUnannounced", "retention.TestAShorterLifeIsToldAnew", "retention.TestOneRoomStopsNoOther"},
		}},
		Probe: "retention-told",
	},
	{
		ID:       "clock-jump",
		Text:     "Nothing is taken away because a clock went wrong: when it moves by more than 26 hours at once, deletion stops until a person has looked.",
		Sources:  []string{"K5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/guard.go"},
		ProvedBy: []string{"retention.TestTheClockIsBelievedStepByStep", "retention.TestThreeYears"},
		Twins: []Twin{{
			Name: "any clock is believed",
			File: "internal/retention/guard.go", Old: "func far(a, b clock.Instant) bool { return a.Sub(b) > Jump || b.Sub(a) > Jump }", New: "func far(a, b clock.Instant) bool { return false && a.Sub(b) > Jump }",
			Red: []string{"retention.TestAShorterLifeIsToldAnew", "retention.TestNightsGoOnAfterAMove", "retention.TestNothingGoesUnannounced", "retention.TestTheClockIsBelievedStepByStep", "retention.TestThreeYears", "retention.TestWhatSheWroteIsHeld"},
		}},
		Probe: "clock-jump",
	},
	{
		ID:       "booking-log-aged",
		Text:     "Who booked, moved or cancelled what is kept for 12 to 24 months. Of a month that is over only counts stay, none below ten, and none that can be worked out by taking one report from another.",
		Sources:  []string{"K2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/scheduling/keeper.go"},
		ProvedBy: []string{"retention.TestThreeYears", "app.TestNothingOutlivesItsTime", "retention.TestCountsTellOfNobody"},
		Twins: []Twin{{
			Name: "a single small count is left out alone",
			File: "internal/scheduling/keeper.go", Old: "n < fewest || hidden == 1 || hidden > 0 && sum < fewest", New: "n < fewest",
			Red: []string{"retention.TestCountsTellOfNobody"},
		}, {
			Name: "months stay in the log",
			File: "internal/scheduling/keeper.go", Old: "\tn, err := tx.Exec(sqlLogDrop, start, next)", New: "\treturn total, nil\n\t\tn, err := tx.Exec(sqlLogDrop, start, next)",
			Red: []string{"retention.TestThreeYears", "retention.TestOneRoomStopsNoOther"},
		}},
		Probe: "booking-log-aged",
	},
	{
		ID:       "message-events-aged",
		Text:     "What became of a message, with its address, the provider's number and whom it was about, is deleted after 180 days. In India, where the law wants it for a year, a copy lies sealed under a key of its own that no page can open; both go after the year.",
		Sources:  []string{"K3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/keeper.go", "internal/messaging/statutory.go", "internal/messaging/outbox.go"},
		ProvedBy: []string{"retention.TestThreeYears", "retention.TestNightsGoOnAfterAMove", "app.TestNothingOutlivesItsTime", "messaging.TestWhatWaitsForAnAccountIsLookedAt"},
		Twins: []Twin{
			{
				Name: "the sealed copy stays",
				File: "internal/messaging/statutory.go", Old: "if _, err := tx.Exec(sqlAsideOver, over); err != nil {", New: "if _, err := tx.Exec(sqlAsideOver, over-999*86_400_000_000); err != nil {",
				Red: []string{"retention.TestThreeYears", "retention.TestNightsGoOnAfterAMove", "retention.TestOneRoomStopsNoOther"},
			},
			{
				Name: "a month's key that another house made is taken for one of this house",
				File: "internal/messaging/statutory.go", Old: "return key, tx.NewSubject(key)", New: "return key, nil",
				Red: []string{"retention.TestNightsGoOnAfterAMove"},
			},
			{
				Name: "what waits for an account waits for ever",
				File: "internal/messaging/outbox.go", Old: "case reason != \"\":\n\t\treturn none(s.drop(tx, r, reason))\n\tcase held", New: "case reason != \"\" && held == \"\":\n\t\treturn none(s.drop(tx, r, reason))\n\tcase held",
				Red: []string{"messaging.TestWhatWaitsForAnAccountIsLookedAt"},
			},
		},
		Probe: "message-events-aged",
	},
	{
		ID:       "account-closing",
		Text:     "A clinic that leaves has 90 days to come back, and then everything is as it was. After that its keys are destroyed and its rows deleted, in backups too: it cannot come back, and nobody of it can sign in.",
		Sources:  []string{"A12", "K1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/closing.go", "internal/vault/gone.go", "internal/store/leaving.go"},
		ProvedBy: []string{"retention.TestNinetyDaysToComeBack", "vault.TestAClinicGoesWhole", "app.TestNoKeyOfTheErasedOpens", "app.TestWhatCameBackIsNotDestroyedUnasked", "retention.TestWhereverAnEndBreaksOffNobodyStays"},
		Twins: []Twin{{
			Name: "a clinic that went gets a new key",
			File: "internal/vault/clinic.go", Old: "err != nil || gone {\n\t\treturn firstOf(err, ErrShredded)", New: "err != nil || gone && false {\n\t\treturn firstOf(err, ErrShredded)",
			Red: []string{"retention.TestNinetyDaysToComeBack", "vault.TestAClinicGoesWhole", "retention.TestSoonerWhenOwnersWantIt"},
		}, {
			Name: "a clinic is destroyed while the house is held after a restore",
			File: "internal/app/retention.go", Old: "if h.Held() {", New: "if h.Held() && false {",
			Red: []string{"app.TestWhatCameBackIsNotDestroyedUnasked"},
		}, {
			Name: "what owners were told before a restore stands",
			File: "internal/retention/closing.go", Old: "SET noticed_at = 0 WHERE clinic_id = $1 AND second_at = 0", New: "SET noticed_at = noticed_at WHERE clinic_id = $1 AND second_at = 0",
			Red: []string{"app.TestWhatCameBackIsNotDestroyedUnasked"},
		}, {
			Name: "a key store of before brings a clinic back",
			File: "internal/vault/shred.go", Old: "if err := replayClinics(ctx, tx, clock.Instant(now)); err != nil {", New: "if err := error(nil); err != nil {",
			Red: []string{"vault.TestAClinicGoesWhole"},
		}},
		Probe: "account-closing",
	},
	{
		ID:       "closing-sooner",
		Text:     "Owners can have their clinic destroyed sooner: two of them at once, one alone after 72 hours in which every owner can stop it.",
		Sources:  []string{"K10"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/closing.go", "internal/accounts/second.go"},
		ProvedBy: []string{"retention.TestSoonerWhenOwnersWantIt", "retention.TestNoEndWithoutNotice", "retention.TestTheSecondWordIsNobodysWhoCameLater"},
		Twins: []Twin{{
			Name: "owners count as told before they are",
			File: "internal/retention/closing.go", Old: "second_at = 0, noticed_at = 0, version = version + 1 WHERE clinic_id = $1 AND version = $2 AND now_at = 0", New: "second_at = 0, noticed_at = $4, version = version + 1 WHERE clinic_id = $1 AND version = $2 AND now_at = 0",
			Red: []string{"retention.TestNoEndWithoutNotice"},
		}, {
			Name: "who comes later says the second word",
			File: "internal/accounts/second.go", Old: "if who.Actor().IsZero() {", New: "if who.Actor().IsZero() || true {",
			Red: []string{"retention.TestTheSecondWordIsNobodysWhoCameLater", "retention.TestSuspendedByTwo"},
		}, {
			Name: "one owner counts twice",
			File: "internal/retention/closing.go", Old: "if !there || x.NowBy == who.Actor() {", New: "if !there {",
			Red: []string{"retention.TestSoonerWhenOwnersWantIt"},
		}},
		Probe: "closing-sooner",
	},
	{
		ID:       "remainder-counts",
		Text:     "Nothing of a clinic stays for statistics unless its owner allowed it when closing; then only monthly counts of ten or more, added to those of other clinics, without anything that names a clinic or a person.",
		Sources:  []string{"K8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/closing.go", "scheduling.Suppressed"},
		ProvedBy: []string{"retention.TestNinetyDaysToComeBack", "retention.TestSoonerWhenOwnersWantIt"},
		Twins: []Twin{{
			Name: "counts stay without being allowed",
			File: "internal/retention/closing.go", Old: "if !x.Remainder {", New: "if !x.Remainder && false {",
			Red: []string{"retention.TestSoonerWhenOwnersWantIt"},
		}},
		Probe: "remainder-counts",
	},
	{
		ID:       "suspended-by-two",
		Text:     "A clinic that breaks the terms is suspended by two operators together, on a named ground, and its owners are told before and after. It reads and exports on, patients keep their own pages, and nothing is deleted.",
		Sources:  []string{"T3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/retention/suspension.go", "internal/store/standing.go"},
		ProvedBy: []string{"retention.TestSuspendedByTwo"},
		Twins: []Twin{{
			Name: "one operator suspends alone",
			File: "internal/retention/suspension.go", Old: "if x.AskedBy == who.Actor() {", New: "if x.AskedBy == who.Actor() && false {",
			Red: []string{"retention.TestSuspendedByTwo"},
		}, {
			Name: "an operator who came after the first word says the second",
			File: "internal/retention/suspension.go", Old: "if here > x.AskedAt {", New: "if here > x.AskedAt && false {",
			Red: []string{"retention.TestSuspendedByTwo"},
		}, {
			Name: "a suspended clinic writes on",
			File: "internal/store/standing.go", Old: "db.paid && past(s.until) || past(s.suspended)", New: "db.paid && past(s.until)",
			Red: []string{"retention.TestSuspendedByTwo"},
		}},
		Probe: "suspended-by-two",
	},
}
