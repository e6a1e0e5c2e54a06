package sample

import "almirah/internal/web"

// modulePages are the pages on which a clinic decides what it keeps here at all.
func (m *maker) modulePages() {
	cards := []web.ModuleCard{{Name: "scheduling", On: true, Always: true}, {Name: "notes", On: true}, {Name: "clinical", On: true, NeededBy: "prescriptions"}, {Name: "prescriptions", On: true}, {Name: "billing"}}
	m.add("settings-modules", "", &web.ModulesSettings{SettingsPage: m.settings("settings.modules"), Modules: cards, Policy: "/c/sunrise/privacy"})
	seen := m.settings("settings.modules")
	seen.CanEdit = false
	m.add("settings-modules", "read", &web.ModulesSettings{SettingsPage: seen, Modules: []web.ModuleCard{{Name: "scheduling", On: true, Always: true}, {Name: "notes"}, {Name: "clinical"}, {Name: "prescriptions", Needs: "clinical"}, {Name: "billing"}}, Policy: "/c/sunrise/privacy"})
	bare := web.SettingsPage{Shell: m.staff("")}
	m.add("settings-modules", "bare", &web.ModulesSettings{SettingsPage: bare})
	m.add("settings-module", "bare", &web.ModuleSettings{SettingsPage: bare, ModuleCard: web.ModuleCard{Name: "notes"}})
	m.add("settings-module", "on", &web.ModuleSettings{SettingsPage: m.settings("settings.modules"), ModuleCard: web.ModuleCard{Name: "clinical"}})
	m.add("settings-module", "off", &web.ModuleSettings{SettingsPage: m.settings("settings.modules"), ModuleCard: web.ModuleCard{Name: "billing", On: true}})
	m.add("settings-module", "needed", &web.ModuleSettings{SettingsPage: m.settings("settings.modules"), ModuleCard: web.ModuleCard{Name: "prescriptions", Needs: "clinical"}})
}
