package promise

// inbound: what comes in beside words, and what is written where health must not stand.
var inbound = []Sentence{
	{
		ID:       "patients-files",
		Text:     "A picture, voice message or document that a patient sends is fetched only where the clinic keeps what is said, and is deleted with the words beside it. It is encrypted under her key, what it is is decided by its content, and a picture loses what it tells of place and camera. Videos are not fetched; what comes by e-mail is only named.",
		Sources:  []string{"F1", "F3", "F12", "K12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/attached.go", "internal/messaging/media.go", "internal/picture/picture.go"},
		ProvedBy: []string{"messaging.TestFilesOfPatients", "picture.TestOnlyWhatIsSeenIsKept", "web.TestFilesInAConversation"},
		Twins: []Twin{
			{
				Name: "files are fetched though the clinic keeps nothing",
				File: "internal/messaging/attached.go", Old: "case x.Content == ContentNone:", New: "case x.Content == ContentNone && len(media) > 99:",
				Red: []string{"messaging.TestFilesOfPatients"},
			},
			{
				Name: "a picture is kept as it came",
				File: "internal/messaging/media.go", Old: "		return body, kind, \"\"\n	}\n	if kind", New: "		return content, kind, \"\"\n	}\n	if kind",
				Red: []string{"messaging.TestFilesOfPatients"},
			},
			{
				Name: "a file outlives the words beside it",
				File: "internal/messaging/keeper.go", Old: "[]string{sqlPostExpire, sqlAttachedExpire}", New: "[]string{sqlPostExpire}",
				Red: []string{"messaging.TestFilesOfPatients"},
			},
			{
				Name: "a browser may open a patient's file as a page",
				File: "internal/web/files.go", Old: `"attachment; filename="`, New: `"inline; filename="`,
				Red: []string{"web.TestFilesInAConversation"},
			},
		},
		Probe: "patients-files",
	},
	{
		ID:       "unknown-found",
		Text:     "A conversation with somebody whom the clinic does not know yet is found by the number that wrote. Nobody can confirm a number from a copy of the database: what it is found by is shared by many numbers.",
		Sources:  []string{"F12", "M2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/seeking.go", "vault.Bucket"},
		ProvedBy: []string{"messaging.TestSomebodyUnknownIsFound"},
		Twins: []Twin{{
			Name: "whoever shares the last four digits is taken for the one who was looked for",
			File: "internal/messaging/seeking.go", Old: `return c.Phone != "" && strings.HasSuffix(c.Phone, tail)`, New: `return c.Phone != ""`,
			Red: []string{"messaging.TestSomebodyUnknownIsFound"},
		}},
		Probe: "unknown-found",
	},
	{
		ID:       "strange-reports",
		Text:     "Reports of a provider that are not understood are counted for each account and day, and the clinic sees how many came and of which kind. Their content is not kept.",
		Sources:  []string{"F6", "K12"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/listening.go", "internal/messaging/heard.go"},
		ProvedBy: []string{"messaging.TestStrangeReportsAreCounted"},
		Twins: []Twin{{
			Name: "they are not counted",
			File: "internal/messaging/heard.go", Old: "err = wonder(tx, channel, e)", New: "err = nil",
			Red: []string{"messaging.TestStrangeReportsAreCounted"},
		}},
		Probe: "strange-reports",
	},
	{
		ID:       "not-at-night",
		Text:     "Nobody is reminded between nine in the evening and eight in the morning where she is, as her number tells: what would fall into her night goes out on the evening before. What is late waits for her morning, or does not go.",
		Sources:  []string{"F7", "F13"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/messaging/quiet.go", "internal/followup/rules.go"},
		ProvedBy: []string{"followup.TestHerNight", "messaging.TestQuietHoursAreLookedAtAgain"},
		Twins: []Twin{{
			Name: "reminders are planned by the clinic's clock alone",
			File: "internal/messaging/round.go", Old: "return r.zones(x.Phone, c.Location(), at), nil", New: "return r.zones(x.Phone[:0], c.Location(), at), nil",
			Red: []string{"followup.TestHerNight"},
		}},
		Probe: "not-at-night",
	},
	{
		ID:       "texts-without-health",
		Text:     "A text that goes out only with the patient's agreement, such as a reminder, is looked through for words about health before the clinic takes it into use. Where there are some it is used only after the writer was shown them and was sure.",
		Sources:  []string{"D9", "F10"},
		Kind:     Enforced,
		KeptBy:   []string{"messaging.Publish", "contact.HealthWords"},
		ProvedBy: []string{"messaging.TestTemplatesOfAClinic", "web.TestHealthWordsAskOnce"},
		Twins: []Twin{{
			Name: "nobody is asked",
			File: "internal/messaging/wording.go", Old: "if k.Asked() && !sure && slices", New: "if k.Asked() && !sure && len(x.Body) < 0 && slices",
			Red: []string{"messaging.TestTemplatesOfAClinic", "web.TestHealthWordsAskOnce"},
		}},
		Probe: "texts-without-health",
	},
}
