package datamap

import (
	"slices"
	"strings"
	"time"

	"almirah/internal/holdings"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/words"
)

// Who is somebody who answers for data: a clinic, or whoever runs the installation.
type Who struct {
	Name    string   `json:"name"`
	Address []string `json:"address,omitempty"`
	Contact string   `json:"contact,omitempty"`
	Law     string   `json:"law,omitempty"`
}

// Line is an activity as the record tells of it.
type Line struct {
	Key     string   `json:"key"`
	Title   string   `json:"title"`
	Purpose string   `json:"purpose"`
	Grounds []string `json:"grounds"`
	People  []string `json:"people"`
	Data    []string `json:"data"`
	Health  bool     `json:"health"` // it tells of somebody's health (GDPR, article 9)
	Parties []string `json:"recipients"`
	Lives   []string `json:"kept"`
	Sealed  int      `json:"columns_sealed"`
	Columns int      `json:"columns_about_people"`
	Off     bool     `json:"switched_off"` // the clinic turned its module off: nothing new is written
}

// Recipient is an outside party.
type Recipient struct {
	Name      string   `json:"name"`
	Purpose   string   `json:"purpose"`
	Data      []string `json:"data"`
	Region    string   `json:"region"`
	Safeguard string   `json:"safeguard,omitempty"`
	Contract  string   `json:"contract,omitempty"`     // what is on file about it
	Why       string   `json:"gets_nothing,omitempty"` // why this clinic gives it nothing
}

// Life is how long a class of records lives.
type Life struct {
	Place  string `json:"place"`
	What   string `json:"what"`
	Now    string `json:"now"`
	Least  string `json:"least,omitempty"` // empty: no law wants it kept
	Most   string `json:"most"`
	Source string `json:"source"`
}

// Measure is a sentence of the register that protects data, as it stands.
type Measure struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Status string `json:"status"` // enforced, human, not-yet, broken, not-applicable
}

// Record is a record of processing activities (GDPR, article 30), in words of one language.
type Record struct {
	As         string      `json:"as"` // "controller": a clinic's; "processor": that of whoever runs the installation; "program": of the program itself, for nobody in particular
	Language   string      `json:"language"`
	Made       string      `json:"made,omitempty"` // RFC 3339
	Map        string      `json:"map"`            // the fingerprint of the whole map
	Controller *Who        `json:"controller,omitempty"`
	Processor  *Who        `json:"processor,omitempty"`
	For        []Who       `json:"on_behalf_of,omitempty"`
	ForCount   int         `json:"on_behalf_of_count,omitempty"` // all of them; For may hold the first alone
	Activities []Line      `json:"activities"`
	Own        []Line      `json:"own_activities,omitempty"` // what whoever runs the installation answers for itself
	Recipients []Recipient `json:"recipients"`
	Lives      []Life      `json:"time_limits"`
	Measures   []Measure   `json:"security"`
}

// Sentence is a sentence of the register with how it stands.
type Sentence struct {
	promise.Sentence
	Status string
}

// Source is what a record is made from.
type Source struct {
	Rooms     []Room
	Parties   []Party
	Sentences []Sentence
	Made      time.Time // zero: none is written
}

// Controller is the record of a clinic. has says whether it turned a module on, life how long it keeps a class of records (the zero span: for as long as
// somebody is a patient).
func (s Source) Controller(t *words.Tongue, who, operator Who, place string, has func(module string) bool, life func(law.Class) law.Span) Record {
	r := s.record(t, "controller")
	r.Controller, r.Processor = &who, &operator
	for _, a := range Activities() {
		line := s.line(t, a, nil)
		line.Off = a.Module != "" && !has(a.Module)
		for _, c := range lived(a.tables(s.Rooms)) {
			line.Lives = append(line.Lives, t.Say("policy.class."+string(c))+": "+spanSaid(t, c, life(c)))
		}
		r.Activities = append(r.Activities, line)
	}
	r.Lives = livesOf(t, place, life)
	return r
}

// Processor is the record of whoever runs the installation, for its clinics; places are the laws under which these stand, count is how many they are in all.
func (s Source) Processor(t *words.Tongue, who Who, clinics []Who, count int, places []string) Record {
	r := s.record(t, "processor")
	r.Processor, r.For, r.ForCount = &who, clinics, count
	s.all(t, &r, places)
	for _, a := range Activities() {
		own := slices.DeleteFunc(a.tables(s.Rooms), func(x holdings.Table) bool { return x.Scope != holdings.Platform || !x.Personal() })
		if len(own) > 0 {
			r.Own = append(r.Own, s.line(t, a, own))
		}
	}
	return r
}

// Program is the record of the program itself, as it is released: under every law, for nobody in particular.
func (s Source) Program(t *words.Tongue) Record {
	r := s.record(t, "program")
	s.all(t, &r, law.Places())
	return r
}

func (s Source) all(t *words.Tongue, r *Record, places []string) {
	for _, a := range Activities() {
		line := s.line(t, a, nil)
		for _, c := range lived(a.tables(s.Rooms)) {
			line.Lives = append(line.Lives, t.Say("policy.class."+string(c)))
		}
		r.Activities = append(r.Activities, line)
	}
	for _, place := range places {
		r.Lives = append(r.Lives, livesOf(t, place, func(c law.Class) law.Span { return law.LifeOf(place, c).Usual })...)
	}
}

func (s Source) record(t *words.Tongue, as string) Record {
	r := Record{As: as, Language: t.Lang(), Map: Digest(joined(lines(s.Rooms, s.Parties)))}
	if !s.Made.IsZero() {
		r.Made = s.Made.UTC().Format(time.RFC3339)
	}
	for _, p := range s.Parties {
		x := Recipient{Name: t.Declared(p.Name), Purpose: t.Declared(p.Purpose), Region: t.Declared(p.Region), Safeguard: t.Declared(p.Safeguard), Why: p.Why}
		if p.Contract != nil {
			x.Contract = p.Contract.said(t)
		}
		for _, d := range p.Data {
			x.Data = append(x.Data, t.Declared(d))
		}
		r.Recipients = append(r.Recipients, x)
	}
	for _, x := range s.Sentences {
		if !protects(x.Sentence) {
			continue
		}
		text := x.Text
		if key := "promise." + x.ID; t.Lang() != "en" && t.Has(key) {
			text = t.Say(key)
		}
		r.Measures = append(r.Measures, Measure{x.ID, text, x.Status})
	}
	return r
}

// protects says whether a sentence is a measure of security: its first source is of the ledger's parts on the log (M), on protection (N), on incidents and reviews (S)
// or on copies (O). What is not built protects nobody.
func protects(x promise.Sentence) bool {
	return len(x.Sources) > 0 && strings.ContainsAny(x.Sources[0][:1], "MNOS") && x.Kind != promise.NotYet
}

// line tells of an activity; only are the tables that it speaks of, nil for all of the activity.
func (s Source) line(t *words.Tongue, a Activity, only []holdings.Table) Line {
	l := Line{Key: a.Key, Title: t.Say("datamap.activity." + a.Key), Purpose: t.Say("datamap.activity." + a.Key + ".why"), Parties: []string{}, People: []string{}, Data: []string{}}
	for _, g := range a.Grounds {
		l.Grounds = append(l.Grounds, t.Say("datamap.ground."+g))
	}
	if only == nil {
		only = a.tables(s.Rooms)
	}
	var goes []string
	for _, whose := range []holdings.Whose{holdings.Patient, holdings.Staff} {
		there := false
		for _, class := range []holdings.Class{holdings.Identity, holdings.Contact, holdings.Care, holdings.Message, holdings.Business, holdings.Security, holdings.Secret} {
			n := 0
			for _, table := range only {
				for _, c := range table.Columns {
					there = there || c.Whose == whose
					if c.Whose == whose && c.Class == class {
						n++
						if l.Columns++; c.Sealed {
							l.Sealed++
						}
					}
				}
			}
			if n > 0 {
				l.Data = append(l.Data, t.Say("holding."+string(whose)+"."+string(class)))
			}
			l.Health = l.Health || n > 0 && class == holdings.Care && whose == holdings.Patient
		}
		if there {
			l.People = append(l.People, t.Say("datamap.people."+string(whose)))
		}
	}
	for _, table := range only {
		for _, c := range table.Columns {
			goes = append(goes, c.Leaves...)
		}
	}
	for _, p := range s.Parties {
		if p.All || slices.Contains(goes, p.ID) {
			l.Parties = append(l.Parties, t.Declared(p.Name))
		}
	}
	return l
}

// lived are the classes of the tables, in the order of pages.
func lived(tables []holdings.Table) []law.Class {
	return slices.DeleteFunc(law.Classes(), func(c law.Class) bool {
		return !slices.ContainsFunc(tables, func(t holdings.Table) bool { return t.Life == c })
	})
}

func livesOf(t *words.Tongue, place string, life func(law.Class) law.Span) []Life {
	var out []Life
	for _, c := range law.Classes() {
		x := law.LifeOf(place, c)
		l := Life{Place: place, What: t.Say("policy.class." + string(c)), Now: spanSaid(t, c, life(c)), Most: spanSaid(t, c, x.Ceiling), Source: x.Source}
		if !x.Floor.IsZero() {
			l.Least = spanSaid(t, c, x.Floor)
		}
		out = append(out, l)
	}
	return out
}

// spanSaid says how long a class of records lives; agreements live as long as the clinic, not as long as somebody is a patient.
func spanSaid(t *words.Tongue, c law.Class, s law.Span) string {
	switch {
	case s.IsZero() && c == law.Papers:
		return t.Say("policy.span.kept")
	case s.IsZero():
		return t.Say("policy.span.forever")
	case s.Hours > 0:
		return t.Say("policy.span.hours", "Count", s.Hours)
	case s.Days > 0:
		return t.Say("policy.span.days", "Count", s.Days)
	case s.Months > 0:
		return t.Say("policy.span.months", "Count", s.Months)
	}
	return t.Say("policy.span.years", "Count", s.Years)
}
