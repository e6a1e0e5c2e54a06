package web

import (
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
)

// The modules: which kinds of data the clinic keeps here at all (promises A18, D6). Each one says what turning it on means; it is
// turned on and off on a page of its own that asks once more.

func modulesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &ModulesSettings{SettingsPage: s.settings(v, "settings.modules", access.ClinicModules), Policy: "/c/" + v.Clinic.Slug + "/privacy"}
	for _, m := range clinics.Modules() {
		page.Modules = append(page.Modules, moduleCard(v.Clinic, m))
	}
	return s.views.Render(w, http.StatusOK, "settings-modules", page)
}

func moduleCard(c clinics.Clinic, name string) ModuleCard {
	card := ModuleCard{Name: name, On: c.Has(name), Always: name == clinics.ModuleScheduling}
	if need := clinics.Requires(name); !card.On && need != "" && !c.Has(need) {
		card.Needs = need
	}
	if card.On {
		for _, m := range clinics.Modules() {
			if clinics.Requires(m) == name && c.Has(m) {
				card.NeededBy = m
			}
		}
	}
	return card
}

// modulePage asks once more; fault.NotFound for what is no module or is always on.
func modulePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.modulePage(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-module", page)
}

func (s *Site) modulePage(v *Visit) (*ModuleSettings, error) {
	name := v.PathValue("module")
	if name == clinics.ModuleScheduling || !slices.Contains(clinics.Modules(), name) {
		return nil, fault.Missing()
	}
	c, err := s.Clinics.Get(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &ModuleSettings{SettingsPage: s.settings(v, "settings.modules", access.ClinicModules), ModuleCard: moduleCard(c, name)}
	page.Version = c.Version
	return page, nil
}

func moduleSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	page, err := s.modulePage(v)
	if err != nil {
		return err
	}
	on := v.PostForm.Get("turn") == "on"
	again := func() (Page, error) { return s.modulePage(v) }
	if on && page.Needs != "" || !on && page.NeededBy != "" {
		return s.answer(w, v, fault.New(fault.Invalid, "field.modules.requires"), "", "settings-module", again)
	}
	modules := slices.DeleteFunc(slices.Clone(v.Clinic.Modules), func(m string) bool { return m == page.Name })
	if on {
		modules = append(modules, page.Name)
	}
	err = s.Clinics.SetModules(v.Context(), v.Who, modules, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/modules?done=saved", "settings-module", again)
}
