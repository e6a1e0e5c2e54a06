package sample

import (
	"almirah/internal/access"
	"almirah/internal/datamap"
	"almirah/internal/holdings"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/web"
)

// mapRecord is a record of processing as the pages show it.
func (m *maker) mapRecord(base string, full bool) web.MapRecord {
	say := m.t.Say
	fact := func(what, is string) web.MapFact { return web.MapFact{What: say(what), Is: is} }
	out := web.MapRecord{As: "controller", Base: base, Facts: []web.MapFact{fact("datamap.controller", "Sunrise Health LLP (Sunrise Clinic), 12 Church Street, Bengaluru 560001, desk@sunrise.example"), fact("datamap.digest", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")}}
	if !full {
		return out
	}
	source := datamap.Source{Rooms: []datamap.Room{{Name: "patients", Tables: []holdings.Table{{Name: "patient", Scope: holdings.Platform, Life: law.People, From: holdings.Leaving, Columns: []holdings.Column{{Name: "name", Class: holdings.Identity, Whose: holdings.Patient, Sealed: true, Leaves: []string{"smtp"}}}}}}},
		Parties:   []datamap.Party{{ID: "smtp", Name: "Mail of the house", Purpose: "carries e-mail: confirmations, reminders, sign-in letters", Data: []string{"e-mail address", "name"}, Region: "India", Safeguard: "no name, no contact, nothing about health; each clinic names its hosts on its own policy page", Why: "It keeps data elsewhere.", Contract: &datamap.Contract{Cover: "clauses", Signed: "2026-01-05", Ends: "2027-01-04", Reviewed: "2026-02-01", Confidential: true}}},
		Sentences: []datamap.Sentence{{Sentence: promise.Sentence{ID: "sealed-at-rest", Text: "What tells something about a person is sealed.", Sources: []string{"M1"}}, Status: "broken"}}, Made: m.at(9, 0)}
	r := source.Processor(m.t, datamap.Who{Name: "Almirah Hosting LLP"}, []datamap.Who{{Name: "Sunrise Clinic", Address: []string{"12 Church Street"}, Contact: "desk@sunrise.example", Law: say("jurisdiction.IN")}}, 54, []string{law.India})
	out.As, out.For, out.More, out.Recipients, out.Measures = "processor", r.For, 53, r.Recipients, r.Measures
	lines := func(list []datamap.Line) (out []web.MapLine) {
		for i, l := range list {
			x := web.MapLine{Title: l.Title, Purpose: l.Purpose, Off: i == 2}
			for _, f := range l.Facts(m.t) {
				x.Facts = append(x.Facts, web.MapFact{What: f[0], Is: f[1]})
			}
			out = append(out, x)
		}
		return out
	}
	out.Activities, out.Own = lines(r.Activities), lines(r.Own)
	out.Lives = []web.MapLives{{Place: law.India, Name: say("jurisdiction.IN"), Lives: r.Lives}}
	return out
}

func (m *maker) mapPages() {
	settings := func() web.SettingsPage {
		return web.SettingsPage{Shell: m.staff(""), Menu: web.SettingsMenu("settings.datamap", func(access.Right) bool { return true }, func(string) bool { return true })}
	}
	m.add("settings-datamap", "", &web.OwnMap{SettingsPage: settings(), Record: m.mapRecord("/app/settings/datamap", true)})
	m.add("settings-datamap", "bare", &web.OwnMap{SettingsPage: settings(), Record: m.mapRecord("/app/settings/datamap", false)})
	late := &web.HouseMap{Shell: m.helper(false), Record: m.mapRecord("/platform/datamap", true), Digest: "9f86", State: "late", Last: "2025-11-20", Due: "2026-11-20", By: "Omar Haddad", Read: true, More: 3, Sure: true,
		Changes: []web.MapChange{{Line: "column patient.nickname: identity of patient, to call her by it; kept while the patient is with the clinic; sealed", Came: true}, {Line: "party smtp: Old mail, carries e-mail; gets e-mail address; in India"}}}
	late.Shell = problems(late.Shell, "sure")
	m.add("platform-datamap", "", late)
	m.add("platform-datamap", "bare", &web.HouseMap{Shell: m.helper(false), Record: m.mapRecord("/platform/datamap", false), State: "well"})
	m.add("platform-datamap", "same", &web.HouseMap{Shell: m.helper(false), Record: m.mapRecord("/platform/datamap", false), State: "soon", Last: today, Read: true})
}
