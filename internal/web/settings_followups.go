package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
)

// What is written after a visit: the clinic's rules of it, whom each would reach, and the clinic's public review page.

func followupsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.followupsSettings(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-followups", page)
}

func (s *Site) followupsSettings(v *Visit) (*FollowupsSettings, error) {
	list, _, err := s.Followup.Afters(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &FollowupsSettings{SettingsPage: s.settings(v, "settings.followups", access.MessageSettings)}
	var present []followup.Rule
	for _, r := range list {
		present = append(present, r.Rule)
		page.add(r)
	}
	for _, d := range followup.Suggested(present) {
		page.Suggested = append(page.Suggested, FollowupRow{Kind: kindName(d.Kind), Channel: string(d.Channel), Days: d.Days, At: d.At, Buffer: d.Buffer})
	}
	for _, k := range followup.AfterKinds() {
		page.Kinds = append(page.Kinds, kindName(k))
	}
	page.URL, page.LinkVersion, err = s.Followup.PublicLink(v.Context(), v.Who)
	return page, err
}

// add puts a rule on the page.
func (p *FollowupsSettings) add(r followup.After) {
	p.Rules = append(p.Rules, FollowupRow{ID: r.ID.String(), Kind: kindName(r.Kind), Channel: string(r.Channel), Days: r.Days, At: r.At, Buffer: r.Buffer, Service: r.ServiceName,
		On: r.Active, Version: r.Version, Sent: sentCounts(r.Sent)})
}

// sentCounts lists what a rule sent, by state, the states in the order of their names.
func sentCounts(sent map[messaging.State]int) []StateCount {
	var out []StateCount
	for st, n := range sent {
		out = append(out, StateCount{string(st), n})
	}
	slices.SortFunc(out, func(a, b StateCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.State, b.State)
	})
	return out
}

// followupRule is the rule of the address; a new one, of the kind that is asked for, at ".../new".
func (s *Site) followupRule(v *Visit, kind string) (followup.After, []scheduling.Service, error) {
	list, services, err := s.Followup.Afters(v.Context(), v.Who)
	if err != nil {
		return followup.After{}, nil, err
	}
	if v.PathValue("id") == "" {
		for _, k := range followup.AfterKinds() {
			if kindName(k) != kind {
				continue
			}
			r := followup.Rule{Kind: k, Channel: messaging.Email, Days: 1, At: 10 * 60, Active: true}
			if k == messaging.Review {
				r.Buffer = followup.BufferDays
			}
			if k == messaging.Recall {
				r.Days = 180
			}
			return followup.After{Rule: r}, services, nil
		}
		return followup.After{}, nil, fault.Missing()
	}
	one, err := pathID(v)
	if err != nil {
		return followup.After{}, nil, err
	}
	i := slices.IndexFunc(list, func(r followup.After) bool { return r.ID == one })
	if i < 0 {
		return followup.After{}, nil, fault.Missing()
	}
	return list[i], services, nil
}

func followupPage(s *Site, w http.ResponseWriter, v *Visit) error {
	r, services, err := s.followupRule(v, v.URL.Query().Get("kind"))
	if err != nil {
		return err
	}
	page, err := s.followupSettings(v, r, services)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if page.Day = v.URL.Query().Get("day"); page.Day != "" && page.ID != "" {
		day, err := clock.ParseDate(page.Day)
		if today := s.today(v); err != nil || today.DaysUntil(day) > 1100 || today.DaysUntil(day) < 0 {
			var f fault.Fields
			f.Add("day", "field.after.day")
			status = page.Report(f.Err())
		} else {
			reach, err := s.Followup.Outlook(v.Context(), v.Who, r.ID, day, false)
			if err != nil {
				return err
			}
			page.Dry = reachOf(reach)
		}
	}
	return s.views.Render(w, status, "settings-followup", page)
}

// followupSettings is the page of one rule, with whom it would reach tomorrow.
func (s *Site) followupSettings(v *Visit, r followup.After, services []scheduling.Service) (*FollowupSettings, error) {
	page := &FollowupSettings{SettingsPage: s.settings(v, "settings.followups", access.MessageSettings), Kind: kindName(r.Kind), Channel: string(r.Channel), Days: strconv.Itoa(r.Days),
		At: r.At.Clock(), Active: r.Active, Sent: sentCounts(r.Sent), Language: v.Clinic.Languages[0]}
	page.Version = r.Version
	if r.Kind == messaging.Review {
		page.Buffer = strconv.Itoa(r.Buffer)
	}
	for _, c := range s.Messages.Channels() {
		page.Channels = append(page.Channels, string(c))
	}
	if !slices.Contains(page.Channels, page.Channel) {
		page.Channels = append(page.Channels, page.Channel)
	}
	page.services(v, services, r.Service)
	if r.ID.IsZero() {
		return page, nil
	}
	page.ID = r.ID.String()
	reach, err := s.Followup.Outlook(v.Context(), v.Who, r.ID, s.today(v).AddDays(1), true)
	page.Tomorrow = reachOf(reach)
	return page, err
}

// services are those to choose from: any (but for a recall, which follows one), those that are offered, and the chosen one.
func (p *FollowupSettings) services(v *Visit, list []scheduling.Service, chosen id.ID) {
	p.Services = nil
	any := v.Tongue.Say("after.any")
	if p.Kind == kindName(messaging.Recall) {
		any = "–"
	}
	p.Services = append(p.Services, Option{Label: any, On: chosen.IsZero()})
	for _, x := range list {
		if x.RetiredAt == 0 || x.ID == chosen {
			p.Services = append(p.Services, Option{Value: x.ID.String(), Label: x.Name, On: x.ID == chosen})
		}
	}
}

func reachOf(r followup.Reach) *FollowupReach {
	out := &FollowupReach{Day: r.Day, Visits: r.Visits, Count: len(r.People), More: r.More}
	for _, p := range r.People {
		if p.Name.Text != "" || p.Name.Broken {
			out.People = append(out.People, Reached{ID: p.Patient.String(), Name: p.Name.Text, Broken: p.Name.Broken})
		}
	}
	for _, why := range followup.Whys() {
		if n := r.Kept[why]; n > 0 {
			out.Kept = append(out.Kept, WhyCount{"after.why." + string(why), n})
		}
	}
	return out
}

func followupSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	was, services, err := s.followupRule(v, f.Get("kind"))
	if err != nil {
		return err
	}
	d := followup.AfterDraft{Kind: was.Kind, Channel: messaging.Channel(f.Get("channel")), Days: whole(f.Get("days")), At: -1, Active: f.Get("active") != ""}
	if m, err := clock.ParseMinute(f.Get("at")); err == nil {
		d.At = m
	}
	if was.Kind == messaging.Review {
		d.Buffer = whole(f.Get("buffer"))
	}
	if d.Channel != was.Channel && !slices.Contains(s.Messages.Channels(), d.Channel) {
		d.Channel = "" // a channel without a carrier would reach nobody
	}
	if text := f.Get("service"); text != "" {
		if d.Service, err = id.Parse(text); err != nil {
			return fault.Missing()
		}
		if !slices.ContainsFunc(services, func(x scheduling.Service) bool { return x.ID == d.Service }) {
			return fault.Missing()
		}
	}
	if was.ID.IsZero() {
		_, err = s.Followup.AddAfter(v.Context(), v.Who, d)
	} else {
		err = s.Followup.SaveAfter(v.Context(), v.Who, was.ID, d, typedVersion(v, 0))
	}
	return s.answer(w, v, err, "/app/settings/followups?done=followup-saved", "settings-followup", func() (Page, error) {
		page, err := s.followupSettings(v, was, services)
		if err != nil {
			return nil, err
		}
		page.Days, page.At, page.Buffer, page.Active = f.Get("days"), f.Get("at"), f.Get("buffer"), d.Active
		if d.Channel != "" {
			page.Channel = string(d.Channel)
		}
		page.services(v, services, d.Service)
		return page, nil
	})
}

func followupState(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := pathID(v)
	to := v.PostForm.Get("to")
	if err != nil || to != "pause" && to != "resume" {
		return fault.Missing()
	}
	err = s.Followup.PauseAfter(v.Context(), v.Who, one, typedVersion(v, 0), to == "pause")
	done := map[string]string{"pause": "followup-paused", "resume": "followup-on"}[to]
	return s.answer(w, v, err, "/app/settings/followups?done="+done, "settings-followups", func() (Page, error) { return s.followupsSettings(v) })
}

func followupRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := pathID(v)
	if err != nil {
		return err
	}
	err = s.Followup.RemoveAfter(v.Context(), v.Who, one, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/followups?done=followup-removed", "settings-followups", func() (Page, error) { return s.followupsSettings(v) })
}

func followupLink(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	address := v.PostForm.Get("url")
	err := s.Followup.SetPublicLink(v.Context(), v.Who, address, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/followups?done=saved", "settings-followups", func() (Page, error) {
		page, err := s.followupsSettings(v)
		if err == nil {
			page.URL = address
		}
		return page, err
	})
}
