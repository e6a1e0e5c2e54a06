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
}
