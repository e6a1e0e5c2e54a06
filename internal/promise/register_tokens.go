package promise

// ownPrograms: what a clinic's own programs may do, and what they are told.
var ownPrograms = []Sentence{
	{
		ID:       "tokens-hashed",
		Text:     "A program of a clinic comes in with a token that its owner made. The token is shown once, and only a hash of it is kept: nobody can read it out of the database or a backup. It opens the interface for programs and no page.",
		Sources:  []string{"A14", "M17"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/programs/token.go", "programs.Service.Enter", "internal/api/program.go"},
		ProvedBy: []string{"programs.TestATokenIsShownOnceAndKeptAsAHash", "app.TestATokenOpensTheInterfaceAlone"},
		Probe:    "tokens-hashed",
		Twins: []Twin{
			{
				Name: "a checksum that nobody looks at",
				File: "internal/programs/token.go", Old: "|| rest[bodyLength:] != checksum(body) {", New: "{",
				Red: []string{"programs.TestATokenIsShownOnceAndKeptAsAHash"},
			},
			{
				Name: "a session cookie opens the interface",
				File: "internal/api/program.go", Old: "if text == \"\" {\n\t\treturn", New: "if text == \"\" {\n\t\tif _, err := r.Cookie(\"__Host-session\"); err == nil {\n\t\t\treturn nil\n\t\t}\n\t\tif _, err := r.Cookie(\"session\"); err == nil {\n\t\t\treturn nil\n\t\t}\n\t\treturn",
				Red: []string{"app.TestATokenOpensTheInterfaceAlone", "app.TestSiblingRoutes"},
			},
		},
	},
	{
		ID:       "token-scopes",
		Text:     "A token opens a few named things, and never more than whoever made it may do at that moment. No token opens an export, a key, a role or a setting, and none deletes anybody. What a program does stands in the clinic's own log under its token.",
		Sources:  []string{"A14", "M4", "A23"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/access/program.go", "accounts.Service.ForProgram"},
		ProvedBy: []string{"programs.TestATokenOpensNoMoreThanItsMakerMay", "programs.TestScopesLendNothingDangerous", "app.TestATokenOpensTheInterfaceAlone"},
		Probe:    "token-scopes",
		Twins: []Twin{
			{
				Name: "a token may what its maker may no more",
				File: "internal/access/access.go", Old: "return c.scopes.lends(r) && Holds(c.maker, r)", New: "return c.scopes.lends(r)",
				Red: []string{"programs.TestATokenOpensNoMoreThanItsMakerMay"},
			},
			{
				Name: "a token may everything that its maker may",
				File: "internal/access/access.go", Old: "return c.scopes.lends(r) && Holds(c.maker, r)", New: "return Holds(c.maker, r)",
				Red: []string{"programs.TestATokenOpensNoMoreThanItsMakerMay", "programs.TestScopesLendNothingDangerous"},
			},
			{
				Name: "the log does not say which program it was",
				File: "internal/access/program.go", Old: "actor: token, session: token", New: "actor: clinic, session: token",
				Red: []string{"programs.TestATokenIsShownOnceAndKeptAsAHash", "app.TestATokenOpensTheInterfaceAlone"},
			},
		},
	},
	{
		ID:       "token-ends",
		Text:     "A token ends within a year, and its owners are told before. Ended by a press, or with the leaving of whoever made it, it is refused from the next request on, and it never comes back.",
		Sources:  []string{"A14", "M11"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/programs/store.go", "accounts.Service.ForProgram", "internal/programs/token.go"},
		ProvedBy: []string{"programs.TestATokenEnds", "programs.TestOwnersAreToldBeforeATokenEnds"},
		Probe:    "token-ends",
		Twins: []Twin{
			{
				Name: "a token that never ends",
				File: "internal/programs/store.go", Old: "AND token_hash = $2 AND ended_at = 0 AND expires_at > $3`", New: "AND token_hash = $2 AND expires_at <> $3`",
				Red: []string{"programs.TestATokenEnds"},
			},
			{
				Name: "a token outlives its maker's leaving",
				File: "internal/accounts/program.go", Old: "AND m.ended_at = 0 AND m.created_at <= $3", New: "AND m.created_at <= $3",
				Red: []string{"programs.TestATokenEnds"},
			},
			{
				Name: "owners are not told",
				File: "internal/programs/service.go", Old: "counts[TellTokens] = n", New: "counts[TellTokens] = n - n",
				Red: []string{"programs.TestOwnersAreToldBeforeATokenEnds"},
			},
		},
	},
	{
		ID:       "webhooks-thin",
		Text:     "What a clinic's own program is told of by itself is that something happened, when, and ids: no name, no contact, nothing about health. Each host that is told anything stands on the clinic's policy page.",
		Sources:  []string{"M14", "R5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/programs/sign.go", "internal/web/trust.go"},
		ProvedBy: []string{"programs.TestAProgramIsToldIdsAlone", "app.TestTheLoopOfAProgram"},
		Probe:    "webhooks-thin",
		Twins: []Twin{
			{
				Name: "the address goes out with the news",
				File: "internal/programs/work.go", Old: "r.Header.Set(\"User-Agent\", \"Almirah-Webhooks/1\")", New: "r.Header.Set(\"User-Agent\", \"Almirah-Webhooks/1\")\n\tr.Header.Set(\"X-Clinic\", e.URL)",
				Red: []string{"programs.TestAProgramIsToldIdsAlone"},
			},
			{
				Name: "hosts are not named",
				File: "internal/web/trust.go", Old: "page.Processors = append(ProcessorRows(v.Tongue, s.Processors()), s.ownPrograms(v)...)", New: "_ = s.ownPrograms",
				Red: []string{"app.TestTheLoopOfAProgram", "app.TestTwoClinicSweep"},
			},
		},
	},
	{
		ID:       "webhooks-signed",
		Text:     "Everything that a clinic's program is told is signed, by a secret that is shown once and kept encrypted. When the secret is changed, both sign for a day, and then the earlier one is deleted.",
		Sources:  []string{"M17", "A14"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/programs/sign.go", "programs.Service.Rotate"},
		ProvedBy: []string{"programs.TestAProgramIsToldIdsAlone", "programs.TestTwoSecretsSignForADay"},
		Probe:    "webhooks-signed",
		Twins: []Twin{
			{
				Name: "the moment is not signed",
				File: "internal/programs/sign.go", Old: "m.Write([]byte(message + \".\" + strconv.FormatInt(at.Unix(), 10) + \".\"))", New: "m.Write([]byte(message + \".\" + strconv.FormatInt(0*at.Unix(), 10) + \".\"))",
				Red: []string{"programs.TestAProgramIsToldIdsAlone", "programs.TestTwoSecretsSignForADay", "programs.TestWhatFailsComesAgainAndThenStops"},
			},
			{
				Name: "the earlier secret signs for ever",
				File: "internal/programs/work.go", Old: "if e.OldUntil > clock.At(now) {", New: "if e.OldUntil < clock.At(now)*2 {",
				Red: []string{"programs.TestTwoSecretsSignForADay"},
			},
		},
	},
	{
		ID:       "webhooks-again",
		Text:     "What could not be told to a clinic's program is told again for three days under the same id, and the owner can have it told once more for a month. An address that fails for five days, or wants no more, is switched off, and the owners are told.",
		Sources:  []string{"S2", "A14"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/programs/work.go", "programs.Service.Replay"},
		ProvedBy: []string{"programs.TestWhatFailsComesAgainAndThenStops"},
		Probe:    "webhooks-again",
		Twins: []Twin{
			{
				Name: "an address that fails stays on",
				File: "internal/programs/work.go", Old: "tx.Now().Sub(e.FailingSince) >= failDays:", New: "tx.Now().Sub(e.FailingSince) >= 100*failDays:",
				Red: []string{"programs.TestWhatFailsComesAgainAndThenStops"},
			},
		},
	},
	{
		ID:       "webhooks-guarded",
		Text:     "An address that a clinic entered never leads into the network of this installation: only https to a public address is dialled, checked at every connection, and no answer leads anywhere else.",
		Sources:  []string{"M14", "R5"},
		Kind:     Enforced,
		KeptBy:   []string{"egress.Gate.Receiver", "internal/programs/endpoint.go", "internal/programs/work.go"},
		ProvedBy: []string{"egress.TestAReceiverIsOnePublicHost", "programs.TestAHostileReceiverHarmsNobody"},
		Probe:    "webhooks-guarded",
		Twins: []Twin{
			{
				Name: "any host is the clinic's own",
				File: "internal/egress/gate.go", Old: "return err == nil && !p.wild && PublicName(p.host) && p.matches(host, port)", New: "return err == nil && p.port == port && host != \"\"",
				Red: []string{"egress.TestAReceiverIsOnePublicHost"},
			},
			{
				Name: "a redirect is followed",
				File: "internal/programs/work.go", Old: "res, err := way.RoundTrip(r) // a redirect is an answer like another", New: "res, err := (&http.Client{Transport: way}).Do(r)",
				Red: []string{"programs.TestAHostileReceiverHarmsNobody"},
			},
		},
	},
	{
		ID:       "webhooks-held",
		Text:     "After a backup was put back, a clinic's programs are told nothing and let in to nothing until somebody lets go, and what may have been told before is told again only by the owner's word. What was to be told of a deleted patient is deleted with her.",
		Sources:  []string{"O2", "D5"},
		Kind:     Enforced,
		KeptBy:   []string{"programs.AfterRestore", "internal/app/restored.go", "programs.Keeper"},
		ProvedBy: []string{"programs.TestARestoredHouseTellsNothingTwice"},
		Probe:    "webhooks-held",
		Twins: []Twin{
			{
				Name: "what waited goes out after a restore",
				File: "internal/programs/store.go", Old: "SET state = 'uncertain' WHERE clinic_id = $1 AND state = 'planned'`", New: "SET state = 'uncertain' WHERE clinic_id = $1 AND state = 'failed'`",
				Red: []string{"programs.TestARestoredHouseTellsNothingTwice"},
			},
			{
				Name: "the deleted are told of",
				File: "internal/programs/store.go", Old: "sqlDeliveryGone = `DELETE FROM webhook_delivery WHERE clinic_id = $1 AND patient_id = $2`", New: "sqlDeliveryGone = `DELETE FROM webhook_delivery WHERE clinic_id = $1 AND patient_id = $2 AND state = 'missed'`",
				Red: []string{"programs.TestARestoredHouseTellsNothingTwice"},
			},
		},
	},
}
