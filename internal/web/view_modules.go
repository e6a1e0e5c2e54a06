package web

// ModuleCard is one module with what turning it on or off means.
type ModuleCard struct {
	Name     string // catalogue keys "module.<Name>" and "module.<Name>.text"
	On       bool
	Always   bool   // it cannot be turned off
	Needs    string // another module, which has to be turned on first; empty: none
	NeededBy string // another module, which has to be turned off first; empty: none
}

// ModulesSettings is /app/settings/modules, the page "settings-modules".
type ModulesSettings struct {
	SettingsPage
	Modules []ModuleCard
	Policy  string // the address of the clinic's policy page
}

// ModuleSettings is /app/settings/modules/{module}, the page "settings-module", which asks once more.
type ModuleSettings struct {
	SettingsPage
	ModuleCard
}

// ModuleSaid is what a policy page says of one module.
type ModuleSaid struct {
	Title, Text string // in the language of the page
	On          bool
}
