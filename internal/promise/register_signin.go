package promise

// signin: who comes in, by how much proof, for how long, and who is told.
var signin = []Sentence{
	{
		ID:       "second-factor",
		Text:     "Whoever runs a clinic or the platform, or may take data along, signs in with two factors, and so does everybody who has set a second one up or whose clinic asks for it. No other way in leads past it.",
		Sources:  []string{"M5"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.Session", "access.NeedsSecondFactor"},
		ProvedBy: []string{"accounts.TestASecondFactorIsDemanded", "app.TestNoWayPastTheSecondFactor"},
		Twins: []Twin{
			{
				Name: "half a sign-in is a whole one",
				File: "internal/accounts/session.go", Old: "case x.half():\n\t\treturn looked{}, secondFirst()", New: "case x.half() && cookie == \"\":\n\t\treturn looked{}, secondFirst()",
				Red: []string{"accounts.TestASecondFactorIsDemanded", "accounts.TestTheCookieIsRotatedAndOnlyItsHashIsKept"},
			},
			{
				Name: "nobody has to have one",
				File: "internal/accounts/level.go", Old: "return everybody || access.NeedsSecondFactor(role)", New: "return everybody && access.NeedsSecondFactor(role)",
				Red: []string{"accounts.TestASecondFactorIsDemanded", "app.TestNoWayPastTheSecondFactor", "app.TestPasskeyInABrowser"},
			},
			{
				Name: "pages do not look whether a second factor is set up",
				File: "internal/web/site.go", Old: "if signed.Enrolling && !route.Enrol {", New: "if signed.Enrolling && route.Door == Open {",
				Red: []string{"app.TestNoWayPastTheSecondFactor"},
			},
		},
		Probe: "second-factor",
	},
	{
		ID:       "codes-once",
		Text:     "A code that lets somebody in works once, and so does a recovery code. Wrong ones are slowed down on every server alike. What codes are made from is kept sealed, recovery codes as fingerprints only.",
		Sources:  []string{"M5", "M9"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.ProveSecond"},
		ProvedBy: []string{"accounts.TestACodeWorksOnce", "accounts.TestGuessingCodesIsSlow", "accounts.TestAResetOpensForCodesAgain"},
		Twins: []Twin{
			{
				Name: "a code works as often as it is typed",
				File: "internal/accounts/factor.go", Old: "WHERE person_id = $1 AND id = $2 AND used_step < $3`", New: "WHERE person_id = $1 AND id = $2 AND $3 > 0`",
				Red: []string{"accounts.TestACodeWorksOnce"},
			},
			{
				Name: "a recovery code works for ever",
				File: "internal/accounts/factor.go", Old: "WHERE person_id = $1 AND code_hash = $2 AND used_at = 0`", New: "WHERE person_id = $1 AND code_hash = $2 AND used_at >= 0`",
				Red: []string{"accounts.TestACodeWorksOnce"},
			},
			{
				Name: "wrong codes make nobody wait",
				File: "internal/accounts/proof.go", Old: "var codeRule = rule{free: 5, first: time.Second, most: 15 * time.Minute, hard: 100}", New: "var codeRule = rule{free: 1e6, first: time.Second, most: 15 * time.Minute}",
				Red: []string{"accounts.TestGuessingCodesIsSlow", "accounts.TestAResetOpensForCodesAgain"},
			},
			{
				Name: "a reset forgets no wrong codes",
				File: "internal/accounts/factor.go", Old: "if err := forgive(p, codes); err != nil {", New: "if err := error(nil); err != nil && codes != nil {",
				Red: []string{"accounts.TestAResetOpensForCodesAgain"},
			},
		},
		Probe: "codes-once",
	},
	{
		ID:       "passkeys",
		Text:     "You can sign in with a passkey. Your device checks that it is you, and signs a challenge of ours that is used once and is worth nothing after five minutes.",
		Sources:  []string{"M5"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.PasskeySignIn"},
		ProvedBy: []string{"accounts.TestPasskeys", "app.TestPasskeyInABrowser"},
		Twins: []Twin{
			{
				Name: "a challenge never grows old",
				File: "internal/accounts/passkey.go", Old: "if until <= p.Now() || kind != kinds", New: "if until <= 0 || kind != kinds",
				Red: []string{"accounts.TestPasskeys"},
			},
			{
				Name: "a challenge may be answered twice",
				File: "internal/accounts/passkey.go", Old: "sqlChallengeTake = `DELETE FROM challenge WHERE hash = $1`", New: "sqlChallengeTake = `UPDATE challenge SET kind = kind WHERE hash = $1`",
				Red: []string{"accounts.TestPasskeys"},
			},
			{
				Name: "the device need not look who it is",
				File: "internal/accounts/passkey.go", Old: "options, data, err = s.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))", New: "options, data, err = s.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationDiscouraged))",
				Red: []string{"accounts.TestPasskeys"},
			},
		},
		Probe: "passkeys",
	},
	{
		ID:       "session-limits",
		Text:     "A sign-in of staff ends after fifteen minutes without use, or after the five to sixty minutes that the clinic chose, and after twelve hours in any case.",
		Sources:  []string{"M7"},
		Kind:     Enforced,
		KeptBy:   []string{"accounts.Service.Session"},
		ProvedBy: []string{"accounts.TestSessionsEndInTime"},
		Twins: []Twin{
			{
				Name: "showing a factor again puts the end off",
				File: "internal/accounts/proof.go", Old: `return s.show(ctx, x, proof, at, "prove-again", func(*store.Platform, *sessionRow) {})`, New: `return s.show(ctx, x, proof, at, "prove-again", func(p *store.Platform, r *sessionRow) { r.expires = p.Now().Add(absolute) })`,
				Red: []string{"accounts.TestSessionsEndInTime", "accounts.TestPasskeys"},
			},
			{
				Name: "the clinic's own minutes do not count",
				File: "internal/accounts/level.go", Old: "	if minutes <= 0 {\n		return s.o.Idle", New: "	if minutes <= 1000 {\n		return s.o.Idle",
				Red: []string{"accounts.TestSessionsEndInTime"},
			},
		},
		Probe: "session-limits",
	},
	{
		ID:       "step-up",
		Text:     "Roles and invitations, keys of message and payment accounts, closing the clinic, deleting a patient and taking figures along ask for a factor that was shown within the last ten minutes. What was typed is kept meanwhile.",
		Sources:  []string{"M4", "M5"},
		Kind:     Enforced,
		KeptBy:   []string{"access.AsksAgain", "internal/web/factors.go"},
		ProvedBy: []string{"web.TestWhatIsDangerousAsksAgain", "app.TestPasskeyInABrowser"},
		Probe:    "step-up",
		Twins: []Twin{
			{
				Name: "a factor counts for a whole day",
				File: "internal/accounts/level.go", Old: "freshFor = 10 * time.Minute", New: "freshFor = 10 * time.Hour",
				Red: []string{"web.TestWhatIsDangerousAsksAgain", "app.TestPasskeyInABrowser"},
			},
			{
				Name: "the interruption forgets what was typed",
				File: "internal/web/factors.go", Old: `if name != "csrf" && !strings.HasPrefix(name, "proof_") {`, New: `if name == "csrf" {`,
				Red: []string{"web.TestWhatIsDangerousAsksAgain", "app.TestPasskeyInABrowser"},
			},
		},
	},
	{
		ID:       "revoked-at-once",
		Text:     "When somebody's access to a clinic ends, everything that she has open there ends within a second, on every server.",
		Sources:  []string{"A14", "M4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/session.go", "internal/web/live.go"},
		ProvedBy: []string{"web.TestRevokedAtOnce"},
		Probe:    "revoked-at-once",
		Twins: []Twin{
			{
				Name: "open pages are not told that somebody may have to go",
				File: "internal/web/live.go", Old: "if knows && n != last && !s.stillHere(v) {", New: "if knows && n == last && !s.stillHere(v) {",
				Red: []string{"web.TestRevokedAtOnce"},
			},
		},
	},
	{
		ID:       "new-device-told",
		Text:     "A sign-in from a browser that you have not used before is told to you by mail, and so is every change to your second factors. The mail names the kind of browser and the time. Your list of sessions ends any of them.",
		Sources:  []string{"M10", "M13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/device.go"},
		ProvedBy: []string{"accounts.TestANewBrowserIsReported", "accounts.TestANoticeOutlivesAnOutage"},
		Twins: []Twin{
			{
				Name: "nobody is told of a new browser",
				File: "internal/accounts/device.go", Old: "return mark, plan(p, person, letter{Kind: mailDevice, Link: \"/app/me\", Device: at.Words(), At: p.Now()}, false)", New: "return mark, nil",
				Red: []string{"accounts.TestANewBrowserIsReported", "accounts.TestANoticeOutlivesAnOutage"},
			},
		},
		Probe: "new-device-told",
	},
	{
		ID:       "passwords-not-guessed",
		Text:     "A password has at least fifteen characters. One that people choose often, that walks along the keys, or that is made of your own or your clinic's name is refused. Nothing else is asked of it, and the list is looked through here, with nobody outside asked.",
		Sources:  []string{"M3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/password.go"},
		ProvedBy: []string{"accounts.TestEasyPasswordsAreRefused"},
		Probe:    "passwords-not-guessed",
		Twins: []Twin{
			{
				Name: "no list of passwords is looked through",
				File: "internal/accounts/password.go", Old: "leastGuesses = 1e10", New: "leastGuesses = 0",
				Red: []string{"accounts.TestEasyPasswordsAreRefused"},
			},
		},
	},
	{
		ID:       "sign-in-signals",
		Text:     "An owner sees how often signing in went wrong in her clinic, which accounts were locked, and which new browsers came, with times and without addresses. It is kept for thirty days.",
		Sources:  []string{"M9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/device.go", "internal/web/settings_signin.go"},
		ProvedBy: []string{"web.TestAnOwnerSeesWhatWentWrong"},
		Twins: []Twin{
			{
				Name: "wrong passwords leave no trace",
				File: "internal/accounts/signin.go", Old: "if err := noteEvent(p, a.person.id, eventWrong); err != nil {", New: "if err := error(nil); err != nil {",
				Red: []string{"web.TestAnOwnerSeesWhatWentWrong"},
			},
		},
		Probe: "sign-in-signals",
	},
}
