package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/scheduling"
)

// What can be booked, how long it takes, what it costs and who offers it.

func servicesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	names := map[id.ID]string{}
	for _, p := range r.Providers {
		names[p.ID] = p.Name
	}
	page := &ServicesSettings{SettingsPage: s.settings(v, "settings.services", access.ScheduleSettings)}
	for _, x := range r.Services {
		row := ServiceRow{ID: x.ID.String(), Name: x.Name, Minutes: x.Minutes, Before: x.BufferBefore, After: x.BufferAfter, Public: x.Online, Retired: x.RetiredAt > 0}
		if x.Price > 0 {
			row.Price = &Price{x.Price, r.Clinic.Currency}
		}
		for _, p := range x.Providers {
			row.Providers = append(row.Providers, names[p])
		}
		page.Services = append(page.Services, row)
	}
	return s.views.Render(w, http.StatusOK, "settings-services", page)
}

// treatment is the service of the address; a new one at ".../new".
func (s *Site) treatment(v *Visit) (scheduling.Roster, scheduling.Service, error) {
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return r, scheduling.Service{}, err
	}
	if v.PathValue("id") == "" {
		return r, scheduling.Service{Minutes: 15, Online: true, ShowPrice: true, Position: len(r.Services)}, nil
	}
	one, err := id.Parse(v.PathValue("id"))
	i := slices.IndexFunc(r.Services, func(x scheduling.Service) bool { return x.ID == one })
	if err != nil || i < 0 {
		return r, scheduling.Service{}, fault.Missing()
	}
	return r, r.Services[i], nil
}

func servicePage(s *Site, w http.ResponseWriter, v *Visit) error {
	r, x, err := s.treatment(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-service", s.serviceSettings(v, r, x))
}

func (s *Site) serviceSettings(v *Visit, r scheduling.Roster, x scheduling.Service) *ServiceSettings {
	page := &ServiceSettings{SettingsPage: s.settings(v, "settings.services", access.ScheduleSettings), ServiceName: x.Name, About: x.About,
		Minutes: strconv.Itoa(x.Minutes), Before: count(x.BufferBefore), After: count(x.BufferAfter), Currency: r.Clinic.Currency, Public: x.Online, Retired: x.RetiredAt > 0}
	page.Version = x.Version
	if !x.ID.IsZero() {
		page.ID = x.ID.String()
	}
	if x.Price > 0 {
		page.Price = amount(x.Price, r.Clinic.Currency)
	}
	for _, p := range r.Providers {
		if p.RetiredAt == 0 {
			page.Providers = append(page.Providers, Option{Value: p.ID.String(), Label: p.Name, On: slices.Contains(x.Providers, p.ID)})
		}
	}
	return page
}

// count is a number as a field shows it; nothing for none.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// amount writes minor units as a field shows them: "500" or "500.50".
func amount(minor int64, currency string) string { return money.Typed(money.Of(minor, currency)) }

// minor reads an amount as it is typed; nothing is zero, and -1 when it is none.
func minor(text, currency string) int64 {
	if strings.TrimSpace(text) == "" {
		return 0
	}
	a, err := money.Parse(text, currency)
	if err != nil {
		return -1
	}
	return a.Minor
}

// whole reads a number of a field; empty is 0, what is no number is -1, which every check refuses.
func whole(text string) int {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// serviceFields are the names of a service's fields in the form.
var serviceFields = map[string]string{"name": "service_name", "buffer_before": "before", "buffer_after": "after"}

func serviceSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	r, was, err := s.treatment(v)
	if err != nil {
		return err
	}
	f := v.PostForm
	x := was
	x.Name, x.About, x.Minutes, x.BufferBefore, x.BufferAfter = f.Get("service_name"), f.Get("about"), whole(f.Get("minutes")), whole(f.Get("before")), whole(f.Get("after"))
	x.Price, x.Online, x.Version, x.Providers = minor(f.Get("price"), r.Clinic.Currency), f.Get("public") != "", typedVersion(v, 0), chosen(f["providers"])
	switch {
	case x.ID.IsZero():
		_, err = s.Desk.AddService(v.Context(), v.Who, x)
	default:
		err = s.Desk.SaveService(v.Context(), v.Who, x, f.Get("retired") != "")
	}
	return s.answer(w, v, renamed(err, serviceFields), "/app/settings/services?done=saved", "settings-service", func() (Page, error) {
		page := s.serviceSettings(v, r, x)
		page.Minutes, page.Before, page.After, page.Price, page.Version = f.Get("minutes"), f.Get("before"), f.Get("after"), f.Get("price"), was.Version
		page.Retired = f.Get("retired") != ""
		return page, nil
	})
}

// chosen reads ids of checkboxes; what is none is left out.
func chosen(list []string) []id.ID {
	var out []id.ID
	for _, x := range list {
		if one, err := id.Parse(x); err == nil && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
