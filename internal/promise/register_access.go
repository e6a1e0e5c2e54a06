package promise

// access: accounts, clinics, and who may do what.
var access = []Sentence{
	{
		ID:       "account-minimal",
		Text:     "An account asks for a name, an e-mail address, a phone number and a job title. It asks for nothing else about the person.",
		Sources:  []string{"A1", "A2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/holdings.go"},
		ProvedBy: []string{"accounts.TestHoldingsAreTheTables", "web.TestFormsAskLittle"},
		Twins: []Twin{
			{
				Name: "an account has a home address",
				File: "internal/accounts/holdings.go", Old: `sealed("job_title", h.Identity, "to say who does what in the clinic", account),`, New: `sealed("job_title", h.Identity, "to say who does what in the clinic", account), sealed("home", h.Contact, "to write letters", account),`,
				Red: []string{"accounts.TestHoldingsAreTheTables"},
			},
			{
				Name: "signing up asks for a date of birth",
				File: "internal/web/templates/sign.html", Old: `{{define "new-account"}}<fieldset class="group"><legend>{{t "sign.you"}}</legend>`, New: `{{define "new-account"}}<fieldset class="group"><legend>{{t "sign.you"}}</legend>{{template "field" (.Field "birth" "field.birth" "")}}`,
				Red: []string{"web.TestFormsAskLittle"},
			},
		},
	},
	{
		ID:       "account-verified",
		Text:     "A new account can do nothing until the link sent to its e-mail address has been opened.",
		Sources:  []string{"A1", "A5"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/service.go"},
		ProvedBy: []string{"accounts.TestSignUpVerifySignIn"},
		Twins: []Twin{
			{
				Name: "an account works before its link was opened",
				File: "internal/accounts/signup.go", Old: "if err := s.addPerson(p, newPerson{id: person, token: randomToken(), clean: c, hash: hash}); err != nil {", New: "real, _ := signInToken(p, c.email.Key())\n\t\tif err := s.addPerson(p, newPerson{id: person, token: real, clean: c, hash: hash, verified: true}); err != nil {",
				Red: []string{"accounts.TestSignUpVerifySignIn", "accounts.TestAnswersDoNotTell", "accounts.TestEndOfMembershipEndsItsSessions", "accounts.TestGuessingIsSlow",
					"accounts.TestRolesCountAtOnce", "accounts.TestSignOut", "accounts.TestTheCookieIsRotatedAndOnlyItsHashIsKept"},
			},
		},
	},
	{
		ID:       "account-adults",
		Text:     "Accounts are for adults. Whoever opens one says so, and nobody else gets one.",
		Sources:  []string{"I6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/person.go"},
		ProvedBy: []string{"accounts.TestWrongFieldsAreNamedAtOnce", "web.TestFormsAskLittle"},
		Twins: []Twin{
			{
				Name: "the tick of the terms is not looked at",
				File: "internal/accounts/person.go", Old: "if d.Terms != s.o.Terms {", New: `if d.Terms == "none" {`,
				Red: []string{"accounts.TestWrongFieldsAreNamedAtOnce", "web.TestFormsAskLittle"},
			},
		},
	},
	{
		ID:       "terms-on-record",
		Text:     "Which version of the terms a person accepted, and when, is on record.",
		Sources:  []string{"A15"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/service.go"},
		ProvedBy: []string{"accounts.TestSignUpVerifySignIn"},
		Twins: []Twin{
			{
				Name: "the accepted terms are not written down",
				File: "internal/accounts/store.go", Old: "_, err = p.Exec(sqlAcceptanceAdd, n.id, documentTerms, s.o.Terms, p.Now())", New: "err = nil",
				Red: []string{"accounts.TestSignUpVerifySignIn"},
			},
		},
	},
	{
		ID:       "clinic-named",
		Text:     "Each clinic's own policy page names the legal entity that is responsible for the data, its address, and whom to write to.",
		Sources:  []string{"A3", "A6", "C3", "R8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/clinics/clinic.go", "internal/web/trust.go"},
		ProvedBy: []string{"web.TestPolicyPageNamesTheClinic"},
		Twins: []Twin{
			{
				Name: "the policy page names no legal entity",
				File: "internal/web/trust.go", Old: "name := c.LegalEntity", New: "name := c.Name",
				Red: []string{"web.TestPolicyPageNamesTheClinic"},
			},
		},
		Probe: "clinic-named",
	},
	{
		ID:       "practitioner-shown-by-choice",
		Text:     "Of a practitioner, patients see the name alone. Qualification, registration number and every other detail are shown only when the clinic has switched on that very field.",
		Sources:  []string{"A4", "A10", "C4"},
		Kind:     Enforced,
		KeptBy:   []string{"scheduling.Provider.shown"},
		ProvedBy: []string{"scheduling.TestAPatientSeesOfAProviderWhatSheShows"},
		Twins: []Twin{
			{
				Name: "the registration number is always shown",
				File: "internal/scheduling/find.go", Old: "if p.ShowRegistration {", New: `if p.Registration != "" {`,
				Red: []string{"scheduling.TestAPatientSeesOfAProviderWhatSheShows"},
			},
		},
		Probe: "practitioner-shown-by-choice",
	},
	{
		ID:       "clinic-apart",
		Text:     "A clinic's data belongs to that clinic. Nobody of another clinic can see it, change it, or learn that it exists.",
		Sources:  []string{"A7"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.View", "store.DB.Change"},
		ProvedBy: []string{"store.TestAnotherClinicSeesAndChangesNothing", "store.TestEveryStatementStaysInItsClinic", "app.TestTwoClinicSweep"},
		Twins: []Twin{{
			Name: "a statement need not name the clinic",
			File: "internal/store/doorway.go", Old: `if !strings.Contains(text, "$1") {`, New: `if text == "" {`,
			Red: []string{"store.TestAnotherClinicSeesAndChangesNothing"},
		}},
		Probe: "clinic-apart",
	},
	{
		ID:       "staff-by-invitation",
		Text:     "Each member of staff has an account of her own, by invitation of the clinic. When the clinic ends it, every open session of it ends too.",
		Sources:  []string{"A11"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/service.go"},
		ProvedBy: []string{"accounts.TestEndOfMembershipEndsItsSessions"},
		Twins: []Twin{
			{
				Name: "sessions outlive the membership",
				File: "internal/accounts/staff.go", Old: "if _, err := p.Exec(sqlSessionLeave, person, who.Clinic()); err != nil {", New: "if err := error(nil); err != nil {",
				Red: []string{"accounts.TestEndOfMembershipEndsItsSessions"},
			},
		},
	},
	{
		ID:       "roles-and-rights",
		Text:     "What somebody may do follows from her role, by one published table. What is not in the table is forbidden.",
		Sources:  []string{"M4"},
		Kind:     Enforced,
		KeptBy:   []string{"access.Table", "access.Holds"},
		ProvedBy: []string{"archtest.TestRights", "archtest.TestWhoMay", "app.TestRolesAndRoutes", "app.TestEachRoleComesInWhereItMay"},
		Twins: []Twin{{
			Name: "the front desk may change settings",
			File: "internal/access/table.go", Old: "\tleads  = []Role{Owner, Manager}\n", New: "\tleads  = []Role{Owner, Manager, FrontDesk}\n",
			Red: []string{"archtest.TestWhoMay", "app.TestRolesAndRoutes"},
		}},
		Probe: "roles-and-rights",
	},
	{
		ID:       "same-rules-at-every-door",
		Text:     "The pages and the programming interface pass through the same check of rights and leave the same record.",
		Sources:  []string{"A14", "M4"},
		Kind:     Enforced,
		KeptBy:   []string{"store.DB.Change", "archtest.Arrows"},
		ProvedBy: []string{"archtest.TestHouseRules", "app.TestPublicAPINamesWhatIsWrong"},
		Twins: []Twin{{
			Name: "a room opens the database past the doorway",
			File: "internal/messaging/calendar.go", Old: "package messaging\n", New: "package messaging\n\nimport _ \"modernc.org/sqlite\"\n",
			Red: []string{"archtest.TestHouseRules"},
		}},
	},
	{
		ID:       "operator-outside",
		Text:     "Whoever runs the platform holds no role in any clinic and sees no patient through it.",
		Sources:  []string{"A23", "M4"},
		Kind:     Enforced,
		KeptBy:   []string{"access.Table"},
		ProvedBy: []string{"archtest.TestOperatorStandsOutside"},
		Twins: []Twin{{
			Name: "the operator may open a patient's page",
			File: "internal/access/table.go", Old: `{PatientRead, "Open a patient's page.", staff},`, New: `{PatientRead, "Open a patient's page.", append([]Role{Operator}, staff...)},`,
			Red: []string{"archtest.TestOperatorStandsOutside", "archtest.TestWhoMay"},
		}},
	},
	{
		ID:       "dashboard-tells",
		Text:     "What waits for a person's decision, and what the clinic ought to know, stands on the clinic's dashboard.",
		Sources:  []string{"A13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/dashboard.go"},
		ProvedBy: []string{"web.TestWeekAndDashboard", "web.TestMessagesThatWaitForAPerson"},
		Twins: []Twin{
			{
				Name: "the dashboard is silent about messages",
				File: "internal/web/dashboard.go", Old: "if x.n > 0 {", New: "if x.n < 0 {",
				Red: []string{"web.TestMessagesThatWaitForAPerson"},
			},
		},
	},
	{
		ID:       "scheduling-only",
		Text:     "A clinic starts with scheduling alone. Notes can be written only where the clinic has turned them on, and there is no place to store diagnoses or medical records.",
		Sources:  []string{"A18", "D3", "D6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/clinics/clinic.go"},
		ProvedBy: []string{"web.TestNotes"},
		Twins: []Twin{
			{
				Name: "notes are kept where they are off",
				File: "internal/web/patient.go", Old: "return v.Clinic.Has(clinics.ModuleNotes) && v.Who.May(access.PatientNotes)", New: "_ = clinics.ModuleNotes\n\treturn v.Who.May(access.PatientNotes)",
				Red: []string{"web.TestNotes"},
			},
		},
		Probe: "scheduling-only",
	},
	{
		ID:       "password-hashed",
		Text:     "Passwords are kept only as Argon2id hashes, each with a salt of its own.",
		Sources:  []string{"M3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/password.go"},
		ProvedBy: []string{"accounts.TestTheHashKeepsTheFloor"},
		Twins: []Twin{
			{
				Name: "every hash has the same salt",
				File: "internal/accounts/password.go", Old: "_, _ = rand.Read(salt) // crypto/rand ends the program rather than fail", New: "",
				Red: []string{"accounts.TestTheHashKeepsTheFloor"},
			},
		},
		Probe: "password-hashed",
	},
	{
		ID:       "session-cookies",
		Text:     "A sign-in is kept in one cookie that scripts cannot read, that travels over encrypted connections only, and whose copy in the database opens nothing.",
		Sources:  []string{"M7"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/session.go", "internal/web/token.go"},
		ProvedBy: []string{"web.TestSessionCookie", "app.TestEachRoleComesInWhereItMay", "accounts.TestTheCookieIsRotatedAndOnlyItsHashIsKept"},
		Twins: []Twin{
			{
				Name: "scripts can read the session cookie",
				File: "internal/web/signin.go", Old: `Value: started.Cookie, Path: "/", Secure: true, HttpOnly: true,`, New: `Value: started.Cookie, Path: "/", Secure: true,`,
				Red: []string{"web.TestSessionCookie", "web.TestOnlyRegisteredCookies"},
			},
			{
				Name: "the value of the cookie is stored",
				File: "internal/accounts/session.go", Old: "csrf := make([]byte, secretSize)\n\t_, _ = rand.Read(csrf)", New: "csrf, _ := spelling.DecodeString(text)\n\t_, _ = rand.Read(nil)",
				Red: []string{"accounts.TestTheCookieIsRotatedAndOnlyItsHashIsKept"},
			},
		},
		Probe: "session-cookies",
	},
	{
		ID:       "forged-requests",
		Text:     "A form or request that another website sends in your name is refused and changes nothing.",
		Sources:  []string{"M8", "C6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/site.go"},
		ProvedBy: []string{"web.TestEveryUnsafeRouteRefusesForgedRequests", "app.TestForgedRequestsChangeNothing"},
		Twins: []Twin{{
			Name: "any token is taken",
			File: "internal/web/token.go", Old: "v.csrf == nil || !hmac.Equal(b[16:], v.mac(b[:16]))", New: "v.csrf == nil",
			Red: []string{"web.TestEveryUnsafeRouteRefusesForgedRequests", "app.TestForgedRequestsChangeNothing"},
		}},
		Probe: "forged-requests",
	},
	{
		ID:       "guessing-slowed",
		Text:     "Repeated wrong passwords slow further tries down. The answer never tells whether an account exists.",
		Sources:  []string{"M9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/throttle.go"},
		ProvedBy: []string{"accounts.TestGuessingIsSlow", "accounts.TestAnswersDoNotTell"},
		Twins: []Twin{
			{
				Name: "wrong passwords make nobody wait",
				File: "internal/accounts/throttle.go", Old: "until, seen = now.Add(r.wait(n)), now", New: "until, seen = now, now",
				Red: []string{"accounts.TestGuessingIsSlow"},
			},
			{
				Name: "a forgotten password tells who exists",
				File: "internal/accounts/signup.go", Old: "until = p.Now() // a link that never works", New: "return fault.Missing()",
				Red: []string{"accounts.TestAnswersDoNotTell"},
			},
		},
	},
	{
		ID:       "sign-in-traces",
		Text:     "With a sign-in, the name of the browser or device is kept, sealed, so that a person can recognise her sessions and end them all. It is deleted with the session.",
		Sources:  []string{"M10"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/accounts/session.go"},
		ProvedBy: []string{"accounts.TestSignOut"},
		Twins: []Twin{
			{
				Name: "the browser is stored unsealed",
				File: "internal/accounts/session.go", Old: `device, err := p.Seal(person, "session", "device", session, at.text())`, New: "device, err := []byte(at.text()), error(nil)",
				Red: []string{"accounts.TestSignOut"},
			},
		},
	},
}
