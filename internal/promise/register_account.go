package promise

// account: what a clinic decides and signs, what it pays, and what is never taken in.
var account = []Sentence{
	{
		ID:       "modules-are-said",
		Text:     "Only the owner of a clinic turns a module on or off, after reading what it means. The clinic's own policy page says from the same moment what the clinic keeps and what it does not.",
		Sources:  []string{"A18", "D6"},
		Kind:     Enforced,
		KeptBy:   []string{"clinics.Service.SetModules", "internal/web/settings_modules.go", "internal/web/trust.go"},
		ProvedBy: []string{"web.TestModulesAreTheOwnersAct"},
		Twins: []Twin{
			{
				Name: "every lead turns modules on",
				File: "internal/access/table.go", Old: `the clinic keeps here at all.", []Role{Owner}}`, New: `the clinic keeps here at all.", leads}`,
				Red: []string{"web.TestModulesAreTheOwnersAct"},
			},
			{
				Name: "the policy page is silent about what is on",
				File: "internal/web/trust.go", Old: "if said.On {", New: "if !v.Clinic.Has(m) && said.On {",
				Red: []string{"web.TestModulesAreTheOwnersAct"},
			},
		},
	},
}
