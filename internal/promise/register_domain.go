package promise

// domain: a clinic's own host name, and the certificates of the deployment.
var domain = []Sentence{
	{
		ID:       "own-domain",
		Text:     "A clinic can show its public page under a host name of its own. It is served, and a certificate is fetched for it, only after the clinic proved in the DNS that the name is its own; that is looked up again every few hours. Links in its messages begin with the name only while it works, and its owners are told when it does not.",
		Sources:  []string{"A8", "C3", "M1"},
		Kind:     Enforced,
		KeptBy:   []string{"domains.Service.Check", "domains.Service.Of", "internal/domains/domain.go"},
		ProvedBy: []string{"domains.TestANameIsProvenBeforeItIsServed", "app.TestAClinicsOwnName"},
		Probe:    "own-domain",
		Twins: []Twin{
			{
				Name: "any proof will do",
				File: "internal/domains/service.go", Old: "return strings.TrimSpace(t) == d.Proof", New: "return strings.HasPrefix(t, \"almirah=\")",
				Red: []string{"domains.TestANameIsProvenBeforeItIsServed", "domains.TestOneNameOneClinic"},
			},
			{
				Name: "a claim is served at once",
				File: "internal/domains/store.go", Old: "WHERE d.host = $1 AND d.proven_at > 0 AND", New: "WHERE d.host = $1 AND",
				Red: []string{"domains.TestANameIsProvenBeforeItIsServed", "app.TestAClinicsOwnName", "domains.TestOneNameOneClinic"},
			},
			{
				Name: "a name without a proof is kept for ever",
				File: "internal/domains/domain.go", Old: "if now >= d.LetGo() {", New: "if false {",
				Red: []string{"domains.TestANameIsProvenBeforeItIsServed"},
			},
			{
				Name: "links stay with a name that leads elsewhere",
				File: "internal/domains/domain.go", Old: "return d.Proven > 0 && (d.Failing == 0 || d.Problem == NoAnswer && now < d.Failing.Add(patience))", New: "return d.Proven > 0",
				Red: []string{"domains.TestANameIsProvenBeforeItIsServed", "app.TestAClinicsOwnName"},
			},
		},
	},
	{
		ID:       "own-domain-one",
		Text:     "Two clinics never have one host name, and a claim that is not proven keeps nobody from it. A name is free again when its clinic gives it up, closes, or does not prove it.",
		Sources:  []string{"M4", "C3"},
		Kind:     Enforced,
		KeptBy:   []string{"domains.Service.Check", "domains.Service.Sweep", "internal/domains/store.go"},
		ProvedBy: []string{"domains.TestOneNameOneClinic"},
		Probe:    "own-domain-one",
		Twins: []Twin{{
			Name: "a claim of long ago is kept",
			File: "internal/domains/domain.go", Old: "return d.Proven == 0 && now >= d.Claimed.Add(claimLife)", New: "return false",
			Red: []string{"domains.TestOneNameOneClinic"},
		}},
	},
	{
		ID:       "own-domain-pages",
		Text:     "Under a clinic's own host name there are that clinic's public pages and its patients' links and nothing else: nobody signs in there, no other clinic is shown there, and a name that is nobody's shows nothing.",
		Sources:  []string{"M4", "A7"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/hosts.go", "internal/web/ownhost.go"},
		ProvedBy: []string{"app.TestAClinicsOwnName", "app.TestANameThatIsNobodys"},
		Twins: []Twin{
			{
				Name: "another clinic is shown at a clinic's name",
				File: "internal/web/site.go", Old: "own && at.Clinic != v.Clinic.ID {", New: "own && false && at.Clinic != v.Clinic.ID {",
				Red: []string{"app.TestAClinicsOwnName"},
			},
			{
				Name: "people sign in at a clinic's name",
				File: "internal/app/hosts.go", Old: "try == at && !h.patterns[pattern] && pattern != \"/\"", New: "try == at && false",
				Red: []string{"app.TestAClinicsOwnName", "app.TestANameThatIsNobodys"},
			},
			{
				Name: "a stranger says for which host he came",
				File: "internal/app/hosts.go", Old: "!strings.Contains(given[0], \",\") && h.trusted(r)", New: "!strings.Contains(given[0], \",\")",
				Red: []string{"app.TestANameThatIsNobodys"},
			},
		},
		Probe: "own-domain-pages",
	},
	{
		ID:       "own-domain-keys",
		Text:     "The keys of the certificates that this platform fetches lie encrypted in its database, so that each of its servers can answer and no stolen copy can.",
		Sources:  []string{"M1", "M2"},
		Kind:     Enforced,
		KeptBy:   []string{"domains.Service.KeepCertificate", "domains.Service.Certificate"},
		ProvedBy: []string{"domains.TestCertificatesAreSealed"},
		Probe:    "own-domain-keys",
		Twins: []Twin{{
			Name: "certificates lie open",
			File: "internal/domains/certificate.go", Old: "sealed, err := p.Seal(vault.ClinicData, \"certificate\", \"sealed\", cell(name), string(data))", New: "sealed, err := data, error(nil)",
			Red: []string{"domains.TestCertificatesAreSealed"},
		}},
	},
}
