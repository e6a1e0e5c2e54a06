package sample

import (
	"html/template"

	"almirah/internal/web"
)

// picture stands for the QR code of a code app.
const picture = template.URL("data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA4IDgiPjxwYXRoIGQ9Ik0xIDFoNnY2SDF6Ii8+PC9zdmc+")

// factorPages are the pages about second factors.
func (m *maker) factorPages() {
	both := web.ProofCard{App: true, Codes: true, PasskeyName: "book.example"}
	m.add("second", "bare", &web.SecondPage{Shell: m.shell()})
	m.add("second", "", &web.SecondPage{Shell: m.shell(), ProofCard: both, Next: "/app/day"})
	m.add("second", "demo", &web.SecondPage{Shell: problems(m.shell(), "proof_code"), ProofCard: web.ProofCard{App: true, Codes: true, DemoCode: "492038"}, Next: "/app"})
	m.add("second", "passkey", &web.SecondPage{Shell: m.shell(), ProofCard: web.ProofCard{Codes: true, PasskeyName: "book.example"}, Next: "/app"})
	kept := []web.KeptField{{Name: "email", Value: "new@sunrise.example"}, {Name: "role", Value: "manager"}}
	m.add("prove", "bare", &web.ProvePage{Shell: m.shell(), Action: "/prove"})
	m.add("prove", "", &web.ProvePage{Shell: m.shell(), ProofCard: both, Action: "/app/settings/staff/invite", Kept: kept, Files: true})
	m.add("prove", "password", &web.ProvePage{Shell: problems(m.shell(), "proof_password"), Action: "/second-factor/app/begin", Password: true})
	m.add("factors", "bare", &web.FactorsPage{Shell: m.shell()})
	m.add("factors", "first", &web.FactorsPage{Shell: m.shell(), Enrolling: true, Must: true, PasskeyName: "book.example"})
	m.add("factors", "", &web.FactorsPage{Shell: m.shell(), Must: true, Home: true, CodesLeft: 8, PasskeyName: "book.example",
		Factors: []web.FactorRow{{ID: ident(901), Kind: "app", Made: today, Used: m.at(8, 55)}, {ID: ident(902), Kind: "passkey", Name: "Laptop at the desk", Made: today, Used: m.at(9, 5)}}})
	m.add("factor-app", "bare", &web.AppPage{Shell: m.shell()})
	m.add("factor-app", "", &web.AppPage{Shell: problems(m.shell(), "code"), Picture: picture, Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", Email: "meera@sunrise.example", DemoCode: "492038"})
	m.add("factor-codes", "bare", &web.CodesPage{Shell: m.shell(), Day: today})
	m.add("factor-codes", "", &web.CodesPage{Shell: m.shell(), Email: "meera@sunrise.example", Day: today, Codes: []string{"7KQ2-M9TX-4HWC-P3RD", "B6NZ-8VYA-2JLE-K5GS", "QW3F-T7CH-9XMU-4DPR", "H2SY-6KBN-V8GA-7ZEJ", "M4LT-R9QD-3WXC-F6PH", "Y8UA-5NZK-B2GJ-S7VE", "C3RM-W6TH-9QLP-4XDF", "K7JY-G2VB-8ENZ-5SAU", "T9DX-4PCH-M6WR-Q3LF", "Z5GE-7KSA-J8YN-B2VU"}})
	m.add("settings-sign-in", "bare", &web.SignInSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}})
	wrong := m.settings("settings.sign-in")
	wrong.Shell = problems(wrong.Shell, "idle")
	m.add("settings-sign-in", "", &web.SignInSettings{SettingsPage: wrong, Everybody: true, Idle: "90", House: 15, Days: 7,
		Counts:  []web.SignalCount{{Kind: "wrong-password", Count: 14, Latest: m.at(9, 12)}, {Kind: "wrong-code"}, {Kind: "locked"}, {Kind: "new-device", Count: 1, Latest: m.at(8, 1)}, {Kind: "recovery-code"}, {Kind: "factor-changed"}},
		Signals: []web.SignalRow{{Kind: "wrong-password", Who: "Meera Pillai", At: m.at(9, 12)}, {Kind: "new-device", Who: "علي حسن", At: m.at(8, 1)}}})
}
