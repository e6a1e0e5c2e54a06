package web

import (
	"net/http"

	"almirah/internal/clock"
	"almirah/internal/oversight"
)

// DutyRow is one thing that people look at regularly, and how it stands.
type DutyRow struct {
	Kind, Why  string // its words
	Source     string
	Last, Due  clock.Date
	By, Report string // of the last time
	State      string // late, soon, well
	Page       string // where it is looked at and signed; empty: in the form below
}

// DutyDone is one signature.
type DutyDone struct {
	Kind, By, Report string
	Day              clock.Date
}

// PlatformDuties is /platform/duties, the page "platform-duties".
type PlatformDuties struct {
	Shell
	Rows        []DutyRow
	Done        []DutyDone
	Kinds       []Option
	Day, Report string
	Today       clock.Date
}

// dutyHistory is how many signatures the page lists.
const dutyHistory = 40

func (s *Site) platformDuties(v *Visit) (*PlatformDuties, error) {
	states, all, err := s.Watch.DutyStates(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	people, err := s.Accounts.Helpers(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	name := func(d oversight.Done) string {
		for _, p := range people {
			if p.Person.ID == d.By {
				return p.Person.Name
			}
		}
		return ""
	}
	today := clock.DateOf(s.Clock.Now().UTC())
	page := &PlatformDuties{Shell: s.platformShell(v, "platform.duties"), Today: today, Day: string(today)}
	kind := v.URL.Query().Get("kind")
	if f := v.PostForm; f != nil {
		kind, page.Day, page.Report = f.Get("kind"), f.Get("day"), f.Get("report")
	}
	for _, d := range states {
		r := DutyRow{Kind: v.Tongue.Say("duty." + d.Kind), Why: v.Tongue.Say("duty." + d.Kind + ".why"), Source: d.Source, Due: d.Due, State: "well", Page: d.Page}
		if d.Last.Day != "" {
			r.Last, r.By, r.Report = d.Last.Day, name(d.Last), d.Last.Report
		}
		switch {
		case d.Late:
			r.State = "late"
		case d.Soon:
			r.State = "soon"
		}
		page.Rows = append(page.Rows, r)
		if d.Page == "" {
			page.Kinds = append(page.Kinds, Option{Value: d.Kind, Label: r.Kind, On: d.Kind == kind})
		}
	}
	for _, d := range all[:min(len(all), dutyHistory)] {
		page.Done = append(page.Done, DutyDone{Kind: v.Tongue.Say("duty." + d.Kind), By: name(d), Report: d.Report, Day: d.Day})
	}
	return page, nil
}

func platformDuties(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.platformDuties(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-duties", page)
}

func platformSignDuty(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	err := s.Watch.SignDuty(v.Context(), v.Who, f.Get("kind"), f.Get("day"), f.Get("report"))
	return s.answer(w, v, err, "/platform/duties?done=saved", "platform-duties", func() (Page, error) { return s.platformDuties(v) })
}
