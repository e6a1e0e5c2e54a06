package promise

// protection: encryption, connections, cookies, running the service.
var protection = []Sentence{
	{
		ID:       "sealed-at-rest",
		Text:     "Names, phone numbers, e-mail addresses, notes and messages are encrypted with AES-256 before they reach the database, each patient's under a key of her own.",
		Sources:  []string{"M2"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Ring.Seal"},
		ProvedBy: []string{"app.TestNoMarkIsFoundInTheFiles", "vault.TestSealAndOpen"},
		Twins: []Twin{{
			Name: "fields are stored as they were typed",
			File: "internal/vault/ring.go", Old: "body, err := c.Encrypt(plain, bound)", New: "body, err := append(make([]byte, len(bound)), plain...), error(nil)\n\t_ = c",
			Red: []string{"vault.TestSealAndOpen", "vault.TestCellsCannotBeMoved", "vault.TestShred"},
		}},
		Probe: "sealed-at-rest",
	},
	{
		ID:       "sealed-in-place",
		Text:     "An encrypted field that is copied to another patient, column or clinic does not open.",
		Sources:  []string{"M2", "M14", "A7"},
		Kind:     Enforced,
		KeptBy:   []string{"vault.Ring.Seal", "vault.Ring.Open"},
		ProvedBy: []string{"vault.TestCellsCannotBeMoved"},
		Twins: []Twin{{
			Name: "a field is not bound to its row",
			File: "internal/vault/ring.go", Old: "\tb = append(b, c.Row[:]...)\n", New: "",
			Red: []string{"vault.TestCellsCannotBeMoved"},
		}},
	},
	{
		ID:       "connections-out",
		Text:     "Connections to other services are encrypted with TLS 1.2 or newer, and the other side's certificate is checked.",
		Sources:  []string{"M1"},
		Kind:     Enforced,
		KeptBy:   []string{"egress.Gate.HTTPClient"},
		ProvedBy: []string{"egress.TestHTTPAsksForTLS"},
		Twins: []Twin{{
			Name: "any version of TLS will do",
			File: "internal/egress/gate.go", Old: "trust.MinVersion = max(trust.MinVersion, tls.VersionTLS12)", New: "_ = tls.VersionTLS12",
			Red: []string{"egress.TestHTTPAsksForTLS"},
		}},
	},
	{
		ID:       "connections-in",
		Text:     "Where this platform answers HTTPS by itself, it speaks TLS 1.2 or newer and nothing older.",
		Sources:  []string{"M1"},
		Kind:     Enforced,
		KeptBy:   []string{"app.ServerTLS"},
		ProvedBy: []string{"app.TestOldTLSIsRefused"},
		Twins: []Twin{{
			Name: "old visitors are welcome",
			File: "internal/app/certificates.go", Old: "&tls.Config{MinVersion: tls.VersionTLS12,", New: "&tls.Config{MinVersion: tls.VersionTLS10,",
			Red: []string{"app.TestOldTLSIsRefused"},
		}},
	},
	{
		ID:      "connections-proxy",
		Text:    "Where another server answers in front of it, the people who run this platform let that server speak HTTPS with TLS 1.2 or newer.",
		Sources: []string{"M1"},
		Kind:    Human,
	},
	{
		ID:       "only-listed-parties",
		Text:     "Data goes to the parties on the list of sub-processors and to nobody else: a connection to any other host is refused.",
		Sources:  []string{"R5", "M14", "I2"},
		Kind:     Enforced,
		KeptBy:   []string{"egress.Gate.DialContext"},
		ProvedBy: []string{"egress.TestOnlyListedHostsAreReached", "egress.TestPrivateAddressesAreRefusedAfterResolution"},
		Twins: []Twin{{
			Name: "any host is dialled",
			File: "internal/egress/gate.go", Old: `!strings.HasPrefix(network, "tcp") || !d.lists(host, port, chosen)`, New: `!strings.HasPrefix(network, "tcp") || port == 0`,
			Red: []string{"egress.TestOnlyListedHostsAreReached"},
		}, {
			Name: "a listed name may lead into the operator's own network",
			File: "internal/egress/gate.go", Old: "if err != nil || !mayConnect(at.Addr(), d.Local) {", New: "if err != nil || !at.IsValid() {",
			Red: []string{"egress.TestPrivateAddressesAreRefusedAfterResolution"},
		}},
		Probe: "only-listed-parties",
	},
	{
		ID:       "secrets-kept-apart",
		Text:     "Passwords and keys for other services are never stored in plain text in the database, and are never printed or logged.",
		Sources:  []string{"M17"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/config.go"},
		ProvedBy: []string{"app.TestSecretsAreMasked"},
		Twins: []Twin{
			{
				Name: "settings are printed with their passwords",
				File: "internal/app/config.go", Old: "return u.Redacted()", New: "return u.String()",
				Red: []string{"app.TestSecretsAreMasked"},
			},
		},
	},
	{
		ID:       "essential-cookies",
		Text:     "The only cookies are those that keep you signed in, that protect forms, and that remember language and colours. There is none to follow you, and none to find the same server again.",
		Sources:  []string{"R6", "S2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/token.go"},
		ProvedBy: []string{"web.TestOnlyRegisteredCookies", "app.TestEachRoleComesInWhereItMay", "app.TestSiblingRoutes"},
		Twins: []Twin{
			{
				Name: "every page sets a cookie that knows a visitor again",
				File: "internal/web/site.go", Old: `h.Set("Cache-Control", "no-store")`, New: "h.Set(\"Cache-Control\", \"no-store\")\n\thttp.SetCookie(w, &http.Cookie{Name: \"visitor\", Value: \"1\", Path: \"/\", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 1 << 25})",
				Red: []string{"web.TestOnlyRegisteredCookies", "web.TestSessionCookie"},
			},
		},
		Probe: "essential-cookies",
	},
	{
		ID:       "several-servers",
		Text:     "Several servers can serve one clinic at the same time; none of them needs to know which one you used before.",
		Sources:  []string{"S2"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/store/open.go"},
		ProvedBy: []string{"jobs.TestTwoProcessesSendOnce", "scheduling.TestRaceTwoProcesses"},
	},
	{
		ID:       "measured-without-people",
		Text:     "What is measured to keep the service fast and sound are counts and times. No measurement carries a person or a clinic's patient.",
		Sources:  []string{"S1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/metrics.go"},
		ProvedBy: []string{"app.TestMetricsCarryNobody"},
		Twins: []Twin{
			{
				Name: "a measurement names the visitor",
				File: "internal/app/metrics.go", Old: "route := r.Pattern", New: "route := r.URL.Path",
				Red: []string{"app.TestMetricsCarryNobody"},
			},
		},
	},
	{
		ID:       "searches-sealed",
		Text:     "What staff type to find a patient stands in no address of a page: neither the history of a browser nor a log of addresses on the way gets to know whom somebody looked for.",
		Sources:  []string{"M14", "N3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/web/seek.go", "internal/api/people.go"},
		ProvedBy: []string{"web.TestWhatIsLookedForStandsInNoAddress", "web.TestNoFormPutsAPersonIntoAnAddress"},
		Twins: []Twin{
			{
				Name: "what was typed goes on in clear",
				File: "internal/web/seek.go", Old: "case slices.Contains(typedNames, name):", New: "case slices.Contains(typedNames, name) && list[0] == \"\":",
				Red: []string{"web.TestWhatIsLookedForStandsInNoAddress"},
			},
			{
				Name: "an address opens in every sign-in",
				File: "internal/web/seek.go", Old: "hkdf.Key(sha256.New, v.csrf, nil,", New: "hkdf.Key(sha256.New, []byte(\"almirah\"), nil,",
				Red: []string{"web.TestWhatIsLookedForStandsInNoAddress"},
			},
		},
	},
	{
		ID:      "patched",
		Text:    "The people who build this platform compare it with a database of known weaknesses before it is put to use, and mend what is found.",
		Sources: []string{"M16", "S5"},
		Applies: "to builds that run make check-reference",
		Kind:    Human,
	},
}
