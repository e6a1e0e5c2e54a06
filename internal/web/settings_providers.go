package web

import (
	"context"
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// The practitioners: who they are, what they offer, who signs in as one, and what becomes of the appointments of one who leaves.

func providersPage(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	z := r.Clinic.Location()
	page := &ProvidersSettings{SettingsPage: s.settings(v, "settings.providers", access.ScheduleSettings)}
	for _, p := range r.Providers {
		row := ProviderRow{ID: p.ID.String(), Name: providerName(v, p), Qualification: p.Qualification, NoHours: true}
		if p.RetiredAt > 0 {
			row.Retired = clock.DateOf(p.RetiredAt.In(z))
		}
		for _, day := range p.Weekly {
			row.NoHours = row.NoHours && len(day) == 0
		}
		for _, x := range r.Services {
			if slices.Contains(x.Providers, p.ID) {
				row.Services = append(row.Services, x.Name)
			}
		}
		page.Providers = append(page.Providers, row)
	}
	return s.views.Render(w, http.StatusOK, "settings-providers", page)
}

func providerName(v *Visit, p scheduling.Provider) string {
	if p.Broken && p.Name == "" {
		return v.Tongue.Say("day.broken")
	}
	return p.Name
}

// practice is the practitioner of the address with what her page needs; a new one at ".../new".
type practice struct {
	roster   scheduling.Roster
	provider scheduling.Provider
	people   []accounts.StaffMember // for those who may say who signs in as whom
}

func (s *Site) practice(v *Visit) (practice, error) {
	var out practice
	var err error
	if out.roster, err = s.Desk.Roster(v.Context(), v.Who); err != nil {
		return out, err
	}
	if v.Who.May(access.ClinicStaff) {
		if out.people, _, err = s.Accounts.Staff(v.Context(), v.Who); err != nil {
			return out, err
		}
	}
	if v.PathValue("id") == "" {
		n := len(out.roster.Providers)
		out.provider = scheduling.Provider{Online: true, Colour: n % 12, Position: n}
		return out, nil
	}
	one, err := id.Parse(v.PathValue("id"))
	i := slices.IndexFunc(out.roster.Providers, func(p scheduling.Provider) bool { return p.ID == one })
	if err != nil || i < 0 {
		return out, fault.Missing()
	}
	out.provider = out.roster.Providers[i]
	return out, nil
}

// signsIn is who signs in as the practitioner; the zero member for nobody.
func (p practice) signsIn() accounts.StaffMember {
	for _, m := range p.people {
		if !p.provider.ID.IsZero() && m.Provider == p.provider.ID {
			return m
		}
	}
	return accounts.StaffMember{}
}

func providerPage(s *Site, w http.ResponseWriter, v *Visit) error {
	p, err := s.practice(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-provider", s.providerSettings(v, p))
}

func (s *Site) providerSettings(v *Visit, p practice) *ProviderSettings {
	x := p.provider
	page := &ProviderSettings{SettingsPage: s.settings(v, "settings.providers", access.ScheduleSettings), ProviderName: x.Name, Qualification: x.Qualification,
		Registration: x.Registration, Speciality: x.Speciality, About: x.About, DailyCap: count(x.DailyCap)}
	page.Version = x.Version
	if !x.ID.IsZero() {
		page.ID = x.ID.String()
	}
	if x.RetiredAt > 0 {
		page.Retired = clock.DateOf(x.RetiredAt.In(p.roster.Clinic.Location()))
	}
	for _, t := range p.roster.Services {
		if t.RetiredAt == 0 {
			page.Services = append(page.Services, Option{Value: t.ID.String(), Label: t.Name, On: slices.Contains(t.Providers, x.ID) && !x.ID.IsZero()})
		}
	}
	now := p.signsIn()
	page.AccountEmail = now.Person.Email
	fixed := !now.Person.ID.IsZero() && !accounts.MayGrant(v.Who.Role(), now.Role) // an owner signs in as her, and whoever looks may not change that
	if !fixed {
		page.Accounts = []Option{{Label: v.Tongue.Say("settings.account.nobody"), On: now.Person.ID.IsZero()}}
	}
	for _, m := range p.people {
		mine := m.Person.ID == now.Person.ID
		if mine || !fixed && m.Provider.IsZero() && accounts.MayGrant(v.Who.Role(), m.Role) {
			page.Accounts = append(page.Accounts, Option{Value: m.Person.ID.String(), Label: m.Person.Name, On: mine})
		}
	}
	return page
}

// providerFields are the names of a practitioner's fields in the form.
var providerFields = map[string]string{"name": "provider_name"}

func providerSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	p, err := s.practice(v)
	if err != nil {
		return err
	}
	f, was := v.PostForm, p
	x := &p.provider
	x.Name, x.Qualification, x.Registration, x.About, x.DailyCap = f.Get("provider_name"), f.Get("qualification"), f.Get("registration"), f.Get("about"), whole(f.Get("daily_cap"))
	x.Speciality, x.Version = f.Get("speciality"), typedVersion(v, 0)
	to := "/app/settings/providers?done=saved"
	err = s.saveProvider(v, was, x)
	if err == nil && was.provider.ID.IsZero() { // her hours come next
		to = "/app/settings/providers/" + x.ID.String() + "/hours?done=saved"
	}
	return s.answer(w, v, renamed(err, providerFields), to, "settings-provider", func() (Page, error) {
		p.provider.RetiredAt = was.provider.RetiredAt
		page := s.providerSettings(v, p)
		page.DailyCap, page.Version = f.Get("daily_cap"), was.provider.Version
		on := ticked(f["services"])
		for i := range page.Services {
			page.Services[i].On = on[page.Services[i].Value]
		}
		for i := range page.Accounts {
			page.Accounts[i].On = page.Accounts[i].Value == f.Get("account")
		}
		return page, nil
	})
}

// saveProvider saves the practitioner with what she offers, then who signs in as her (which belongs to no clinic's tables). What of that is refused is refused before
// anything is saved.
func (s *Site) saveProvider(v *Visit, was practice, x *scheduling.Provider) error {
	now, want, changes, err := was.relinked(v)
	if err != nil {
		return err
	}
	kept, err := s.Desk.SavePractice(v.Context(), v.Who, *x, chosen(v.PostForm["services"]))
	if err != nil {
		return err
	}
	*x = kept
	if !changes {
		return nil
	}
	// The new one first: when somebody changed her meanwhile, the practitioner is not left without anybody.
	if !want.Person.ID.IsZero() {
		if err := s.Accounts.SetProvider(v.Context(), v.Who, want.Person.ID, x.ID, want.Version); err != nil {
			return err
		}
	}
	if now.Person.ID.IsZero() {
		return nil
	}
	return s.Accounts.SetProvider(v.Context(), v.Who, now.Person.ID, id.Zero, now.Version)
}

// relinked are who signs in as the practitioner now and who shall by the form, where it changes that. fault.NotFound when there is no such person in the clinic,
// fault.Forbidden when the visitor may not change one of the two.
func (p practice) relinked(v *Visit) (now, want accounts.StaffMember, changes bool, err error) {
	if !v.PostForm.Has("account") || !v.Who.May(access.ClinicStaff) {
		return now, want, false, nil
	}
	now = p.signsIn()
	if account, wrong := id.Parse(v.PostForm.Get("account")); wrong == nil {
		i := slices.IndexFunc(p.people, func(m accounts.StaffMember) bool { return m.Person.ID == account })
		if i < 0 {
			return now, want, false, fault.Missing()
		}
		want = p.people[i]
	}
	if want.Person.ID == now.Person.ID {
		return now, want, false, nil
	}
	for _, m := range []accounts.StaffMember{now, want} {
		if !m.Person.ID.IsZero() && !accounts.MayGrant(v.Who.Role(), m.Role) {
			return now, want, false, fault.New(fault.Forbidden, "fault.forbidden")
		}
	}
	return now, want, true, nil
}

// mostCards is how many appointments a page of settings lists; the rest is counted.
const mostCards = 30

// cards opens the names of appointments for a page of settings: a list of patients, so one entry in the audit log.
func (s *Site) cards(v *Visit, key string, list []scheduling.Appointment, r scheduling.Roster) ([]NextCard, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > mostCards {
		list = list[:mostCards]
	}
	var ids []id.ID
	for _, a := range list {
		ids = append(ids, a.Patient)
	}
	var names map[id.ID]patients.Name
	err := s.DB.View(v.Context(), v.Who, access.ScheduleRead, func(_ context.Context, view *store.View) (err error) {
		names, err = patients.Names(view, ids)
		view.Listed("day", key, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	z := r.Clinic.Location()
	var out []NextCard
	for _, a := range list {
		card := NextCard{ID: a.ID.String(), At: a.StartsAt.In(z), State: stateOf(a.Status), Patient: names[a.Patient].Text}
		if names[a.Patient].Broken {
			card.Patient = v.Tongue.Say("day.broken")
		}
		for _, t := range r.Services {
			if t.ID == a.Service {
				card.Service = t.Name
			}
		}
		for _, p := range r.Providers {
			if p.ID == a.Provider {
				card.Provider = p.Name
			}
		}
		out = append(out, card)
	}
	return out, nil
}

func retirePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, _, err := s.retire(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-retire", page)
}

func (s *Site) retire(v *Visit) (*RetirePage, scheduling.Provider, error) {
	p, err := s.practice(v)
	if err != nil {
		return nil, p.provider, err
	}
	if p.provider.RetiredAt > 0 {
		return nil, p.provider, fault.Missing()
	}
	ahead, err := s.Desk.Upcoming(v.Context(), v.Who, p.provider.ID)
	if err != nil {
		return nil, p.provider, err
	}
	page := &RetirePage{SettingsPage: s.settings(v, "settings.providers", access.ScheduleSettings), ID: p.provider.ID.String(), ProviderName: p.provider.Name,
		More: max(0, len(ahead)-mostCards)}
	page.Version = p.provider.Version
	if page.Bookings, err = s.cards(v, "retire "+page.ID, ahead, p.roster); err != nil {
		return nil, p.provider, err
	}
	for _, o := range p.roster.Providers {
		if o.ID != p.provider.ID && o.RetiredAt == 0 {
			page.Others = append(page.Others, Option{Value: o.ID.String(), Label: o.Name})
		}
	}
	return page, p.provider, nil
}

func retireSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	page, p, err := s.retire(v)
	if err != nil {
		return err
	}
	f := v.PostForm
	r := scheduling.Retirement{Provider: p.ID, Version: typedVersion(v, 0)}
	var wrong fault.Fields
	switch choice := f.Get("choice"); {
	case choice == "move":
		if r.To, err = id.Parse(f.Get("to")); err != nil {
			wrong.Add("to", "field.retire.to")
		}
	case choice == "cancel":
		r.Cancel = true
	case len(page.Bookings) > 0:
		wrong.Add("choice", "field.retire.choice")
	}
	if err = wrong.Err(); err == nil {
		_, _, err = s.Desk.Retire(v.Context(), v.Who, r)
	}
	return s.answer(w, v, err, "/app/settings/providers?done=retired", "settings-retire", func() (Page, error) {
		page.Choice = f.Get("choice")
		for i := range page.Others {
			page.Others[i].On = page.Others[i].Value == f.Get("to")
		}
		return page, nil
	})
}

func returnSave(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return fault.Missing()
	}
	if err := s.Desk.Return(v.Context(), v.Who, one); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/settings/providers/"+one.String()+"?done=returned", http.StatusSeeOther)
	return nil
}
