package promise

// booking: free times, appointments and the public page.
var booking = []Sentence{
	{
		ID:       "times-as-entered",
		Text:     "Times offered to patients follow the working hours, leave and closures that the clinic entered, day by day, also when the clocks change.",
		Sources:  []string{"B1", "B2", "B3", "B7", "B8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/scheduling/hours.go", "internal/scheduling/slots.go"},
		ProvedBy: []string{"scheduling.TestEveryClockChangeOf40Zones", "scheduling.TestSlotsAgainstTheOracle", "scheduling.TestChangesAndLeave"},
		Probe:    "times-as-entered",
		Twins: []Twin{{
			Name: "in New York an hour that the clocks jump over is offered",
			File: "internal/clock/local.go", Old: "if _, o := at.In(z).Zone(); o == off {", New: `if _, o := at.In(z).Zone(); o == off || z.String() == "America/New_York" {`,
			Red: []string{"scheduling.TestEveryClockChangeOf40Zones"},
		}, {
			Name: "leave is not cut out of the working hours",
			File: "internal/scheduling/hours.go", Old: "for _, a := range h.Away {", New: "for _, a := range h.Away[:0] {",
			Red: []string{"scheduling.TestSlotsAgainstTheOracle", "scheduling.TestChangesAndLeave"},
		}},
	},
	{
		ID:       "one-time-one-patient",
		Text:     "A free time is given to one patient only, however many people ask for it in the same moment. Whoever comes second is told at once, and nothing half-done remains.",
		Sources:  []string{"B4", "C1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/scheduling/claims.go"},
		ProvedBy: []string{"scheduling.TestOneTimeOnePatient"},
		Twins: []Twin{{
			Name: "a claim that came second is not noticed",
			File: "internal/scheduling/claims.go", Old: "if int(n) != len(grains) {", New: "if int(n) > len(grains) {",
			Red: []string{"scheduling.TestOneTimeOnePatient", "scheduling.TestRaceTwoProcesses", "scheduling.TestOverbookingNeedsAReason", "scheduling.TestThePatientsOwnLink"},
		}},
		Probe: "one-time-one-patient",
	},
	{
		ID:       "overbooking-by-staff",
		Text:     "Only staff can book over another appointment. They see the conflict first and give a reason, and the reason is kept.",
		Sources:  []string{"B4", "N2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/scheduling/claims.go"},
		ProvedBy: []string{"scheduling.TestOverbookingNeedsAReason"},
		Probe:    "overbooking-by-staff",
		Twins: []Twin{
			{
				Name: "the public may overbook",
				File: "internal/scheduling/book.go", Old: `b.Overbook = "" // no public door`, New: "_ = b.Overbook // no public door",
				Red: []string{"scheduling.TestOverbookingNeedsAReason", "scheduling.TestBookingFromThePublicPage"},
			},
			{
				Name: "blanks are a reason",
				File: "internal/scheduling/book.go", Old: `b.Overbook = checkText(&f, "overbook", b.Overbook, 200)`, New: `_ = checkText(&f, "overbook", b.Overbook, 200)`,
				Red: []string{"scheduling.TestOverbookingNeedsAReason"},
			},
		},
	},
	{
		ID:       "clinic-time",
		Text:     "The page, the message, the calendar entry and the programming interface name the same moment, in the clinic's time zone and with its name.",
		Sources:  []string{"B7", "A6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/calendar.go", "clock.Resolve"},
		ProvedBy: []string{"messaging.TestEveryChangeOfTheClocksIsReadAsTheSameInstant", "app.TestOneMomentEverywhere"},
		Probe:    "clinic-time",
		Twins: []Twin{
			{
				Name: "calendars are told the time of another zone",
				File: "internal/messaging/calendar.go", Old: `return ";TZID=" + zone.String() + ":" + t.In(zone).Format(`, New: `return ";TZID=" + zone.String() + ":" + t.UTC().Format(`,
				Red:  []string{"messaging.TestEveryChangeOfTheClocksIsReadAsTheSameInstant", "messaging.TestCalendarsReadRequestMoveAndCancel", "app.TestOneMomentEverywhere", "app.TestTwoClinicSweep"},
				Long: true,
			},
		},
	},
	{
		ID:       "changes-kept",
		Text:     "Every booking, move, cancellation and missed visit is kept in the appointment's history: what, when, and by whom.",
		Sources:  []string{"B5", "B6", "B11", "N2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/scheduling/change.go"},
		ProvedBy: []string{"scheduling.TestEveryChangeIsInTheBookingLog"},
		Probe:    "changes-kept",
		Twins: []Twin{
			{
				Name: "a move is not in the history",
				File: "internal/scheduling/change.go", Old: `if err := log(tx, "reschedule", a); err != nil {`, New: "if err := error(nil); err != nil {",
				Red: []string{"scheduling.TestEveryChangeIsInTheBookingLog"},
			},
		},
	},
	{
		ID:       "minor-with-guardian",
		Text:     "Below the age that the clinic's law sets, a patient is booked together with a guardian, who gives a name, a way to be reached, and consent.",
		Sources:  []string{"B9", "I5", "I6"},
		Kind:     Enforced,
		KeptBy:   []string{"patients.IsMinor"},
		ProvedBy: []string{"scheduling.TestAMinorNeedsAGuardian", "scheduling.TestWhoCameOfAgeChoosesHerself"},
		Twins: []Twin{
			{
				Name: "nobody counts as a child",
				File: "internal/patients/patient.go", Old: "Age(out.birth, today) < max(c.MinorAge(), d.adultAge)", New: "Age(out.birth, today) < 0*max(c.MinorAge(), d.adultAge)",
				Red: []string{"scheduling.TestAMinorNeedsAGuardian"},
			},
			{
				Name: "who came of age is a child still when she books",
				File: "internal/scheduling/book.go", Old: "if p.MinorOn(clock.DateOf(now.In(c.Location())), c.MinorAge()) && len(p.Guardians) > 0 {", New: "if p.Minor && len(p.Guardians) > 0 {",
				Red: []string{"scheduling.TestWhoCameOfAgeChoosesHerself"},
			},
		},
		Probe: "minor-with-guardian",
	},
	{
		ID:       "booking-asks-little",
		Text:     "Booking asks for a name and a phone number or an e-mail address. It needs no account.",
		Sources:  []string{"C1", "C2", "D1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/public.go", "patients.Check"},
		ProvedBy: []string{"scheduling.TestBookingFromThePublicPage", "web.TestFormsAskLittle"},
		Twins: []Twin{
			{
				Name: "a phone number alone is not enough",
				File: "internal/patients/patient.go", Old: `return c.phone != "" || c.guardian != nil && c.guardian.Phone != ""`, New: "return false",
				Red: []string{"scheduling.TestBookingFromThePublicPage"},
			},
			{
				Name: "booking asks for an address",
				File: "internal/web/templates/public.html", Old: `{{template "field" ((.Field "guardian_name" "field.guardian_name" .Form.GuardianName).Unmarked)}}`, New: `{{template "field" (.Field "address" "field.address" "")}}{{template "field" ((.Field "guardian_name" "field.guardian_name" .Form.GuardianName).Unmarked)}}`,
				Red: []string{"web.TestFormsAskLittle"},
			},
		},
		Probe: "booking-asks-little",
	},
	{
		ID:       "public-page-alone",
		Text:     "The booking page loads nothing from any other company and works without scripts.",
		Sources:  []string{"C2", "R6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/site.go"},
		ProvedBy: []string{"web.TestPublicPagesRunNoScript", "app.TestPatientBooksWithoutScript"},
		Twins: []Twin{
			{
				Name: "the booking page has a script",
				File: "internal/web/templates/public.html", Old: `{{define "public-clinic"}}{{template "open-public" .}}`, New: `{{define "public-clinic"}}{{template "open-public" .}}<script src="/assets/staff.js"></script>`,
				Red: []string{"web.TestPublicPagesRunNoScript"},
			},
			{
				Name: "the booking page has a picture from elsewhere",
				File: "internal/web/templates/public.html", Old: `{{define "public-times"}}{{template "open-public" .}}`, New: `{{define "public-times"}}{{template "open-public" .}}<img alt="" src="https://pictures.example/clinic.png">`,
				Red: []string{"web.TestLinksThatLeadAwayAreMarked", "web.TestPublicPagesRunNoScript"},
			},
		},
		Probe: "public-page-alone",
	},
	{
		ID:       "health-words-noticed",
		Text:     "The booking form asks people not to write about their health, and points it out when a text looks as if it did. Staff get the same hint in the free text of an appointment.",
		Sources:  []string{"C9", "D9"},
		Kind:     Enforced,
		KeptBy:   []string{"contact.HealthWords"},
		ProvedBy: []string{"contact.TestHealthWordsAreNoticed"},
		Probe:    "health-words-noticed",
		Twins: []Twin{{
			Name: "no list of health words is used",
			File: "internal/contact/health.go", Old: "lists = append(lists, health[l]())", New: "_ = health[l]",
			Red: []string{"contact.TestHealthWordsAreNoticed"},
		}},
	},
	{
		ID:       "abuse-limited",
		Text:     "A flood of bookings from one place is slowed down. A family that shares one connection does not notice.",
		Sources:  []string{"C6", "M9"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/limit.go"},
		ProvedBy: []string{"app.TestPublicLimitTellsWhenToComeBack"},
		Probe:    "abuse-limited",
		Twins: []Twin{
			{
				Name: "an address may book without end",
				File: "internal/app/limit.go", Old: "if b.tokens >= 1 {", New: "if b.tokens >= -1000 {",
				Red: []string{"app.TestPublicLimitTellsWhenToComeBack"},
			},
		},
	},
	{
		ID:       "own-link",
		Text:     "By the link in the confirmation, a patient can see, move and cancel her own appointment, and nothing of anybody else. The link that the booking page shows opens that appointment alone. A link that was sent ends when the address it went to is no longer on file, and when she or the clinic ends it.",
		Sources:  []string{"C7", "B6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/scheduling/link.go", "scheduling.EndLinks", "internal/patients/moved.go", "prescriptions.EndShares"},
		ProvedBy: []string{"scheduling.TestThePatientsOwnLink", "scheduling.TestLinksThatOpenNothing", "scheduling.TestABookingIsNoProof", "scheduling.TestLinksEndWithTheirAddress", "prescriptions.TestLinksEndWithTheirAddress", "requests.TestANewAddressEndsTheOldLinks", "web.TestABookingLinkOpensItsAppointmentAlone"},
		Probe:    "own-link",
		Twins: []Twin{
			{
				Name: "a link reaches every appointment",
				File: "internal/scheduling/change.go", Old: "return !byLink(who) || who.Patient() == a.Patient", New: "return !byLink(who) || !a.Patient.IsZero()",
				Red: []string{"scheduling.TestThePatientsOwnLink"},
			},
			{
				Name: "a booking in her name opens all that is hers",
				File: "internal/scheduling/link.go", Old: "if !wide && !appointment.IsZero() {", New: "if !wide && appointment.IsZero() {",
				Red: []string{"scheduling.TestABookingIsNoProof", "scheduling.TestLinksEndWithTheirAddress", "web.TestABookingLinkOpensItsAppointmentAlone"},
			},
			{
				Name: "who booked reaches her other appointments",
				File: "internal/scheduling/change.go", Old: "if who.Role() == access.Booker && who.About() != a.ID {", New: "if who.Role() == access.Booker && who.About().IsZero() {",
				Red: []string{"scheduling.TestABookingIsNoProof"},
			},
			{
				Name: "a link that was taken back still opens",
				File: "internal/scheduling/link.go", Old: "err == nil && (revoked > 0 || expires <= v.Now())", New: "err == nil && (revoked < 0 || expires <= v.Now())",
				Red: []string{"scheduling.TestLinksThatOpenNothing", "scheduling.TestLinksEndWithTheirAddress", "requests.TestANewAddressEndsTheOldLinks", "requests.TestTheTourFindsEveryChild"},
			},
			{
				Name: "what the desk changes leaves the links that went to the old address",
				File: "internal/patients/moved.go", Old: "if !moved || s.ended == nil {", New: "if moved || s.ended == nil {",
				Red: []string{"scheduling.TestLinksEndWithTheirAddress", "prescriptions.TestLinksEndWithTheirAddress"},
			},
			{
				Name: "what she changes herself leaves them",
				File: "internal/requests/own.go", Old: "		if moved {", New: "		if !moved {",
				Red: []string{"requests.TestANewAddressEndsTheOldLinks"},
			},
			{
				Name: "a link to a sheet outlives the number that it went to",
				File: "internal/prescriptions/store.go", Old: "AND patient_id = $2 AND revoked_at = 0 AND expires_at > $3", New: "AND patient_id = $2 AND revoked_at = 0 AND expires_at < $3",
				Red: []string{"prescriptions.TestLinksEndWithTheirAddress"},
			},
		},
	},
	{
		ID:       "own-language",
		Text:     "The booking page and the messages come in the patient's own language where the clinic offers it.",
		Sources:  []string{"C8"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/words/tongue.go"},
		ProvedBy: []string{"words.TestEveryKeyInEveryLanguage", "words.TestMatch", "messaging.TestMessagesComeInThePatientsLanguage"},
		Probe:    "own-language",
		Twins: []Twin{
			{
				Name: "what the browser asks for is not heard",
				File: "internal/words/book.go", Old: `if t := b.close(acceptLanguage); t != nil && acceptLanguage != "" {`, New: `if t := b.close(acceptLanguage); t != nil && acceptLanguage == "" {`,
				Red: []string{"words.TestMatch"},
			},
			{
				Name: "messages come in the language of the desk",
				File: "internal/messaging/compose.go", Old: "s.book.Tongue(firstOf(to.Language, now.facts.Language,", New: "s.book.Tongue(firstOf(now.facts.Language, to.Language,",
				Red: []string{"messaging.TestMessagesComeInThePatientsLanguage"},
			},
		},
	},
}
