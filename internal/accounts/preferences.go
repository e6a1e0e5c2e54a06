package accounts

import (
	"context"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Themes are the looks that a person can choose; the empty one follows the device.
func Themes() []string { return []string{"", "light", "dark", "contrast"} }

// Preferences are what a person changes about herself.
type Preferences struct {
	Name, Phone, JobTitle string
	Country               string // reads a phone number without a country of its own
	Language, Theme       string
	Shortcuts             bool
}

// Person is the signed-in person with all her fields.
func (s *Service) Person(ctx context.Context, in SignedIn) (Person, error) {
	var out Person
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var err error
		out, err = readPerson(p, in.Person.ID, true)
		if err == store.ErrNoRows {
			return fault.Missing()
		}
		return err
	})
	return out, err
}

// SavePreferences changes the person's own details. fault.Invalid names wrong fields; fault.Conflict when the version is no
// longer the one.
func (s *Service) SavePreferences(ctx context.Context, in SignedIn, d Preferences, version int64) error {
	var f fault.Fields
	var c clean
	var err error
	c.name, err = contact.CleanName(d.Name)
	under("name", err, &f)
	if strings.TrimSpace(d.Phone) != "" {
		phone, err := contact.ParsePhone(d.Phone, d.Country)
		under("phone", err, &f)
		c.phone = string(phone)
	}
	c.job = jobTitle(d.JobTitle, false, &f)
	if c.language = language(d.Language); c.language != d.Language {
		f.Add("language", "field.language.invalid")
	}
	if !slices.Contains(Themes(), d.Theme) {
		f.Add("theme", "field.theme.invalid")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		old, err := readPerson(p, in.Person.ID, true)
		if err != nil {
			return err
		}
		cells, err := sealPerson(p, in.Person.ID, c)
		if err != nil {
			return err
		}
		n, err := p.Exec(sqlPersonPrefer, in.Person.ID, version, cells[0], cells[1], cells[2], c.language, d.Theme, d.Shortcuts)
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		p.Record(audit.Note{Action: "change-person", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID,
			Old: Preferences{old.Name, old.Phone, old.JobTitle, "", old.Language, old.Theme, old.Shortcuts},
			New: Preferences{c.name, c.phone, c.job, "", c.language, d.Theme, d.Shortcuts}})
		return nil
	})
}

// AcceptTerms writes down that the person accepted a version of the terms; twice is once. fault.Invalid with "terms" when it is
// not the present version.
func (s *Service) AcceptTerms(ctx context.Context, in SignedIn, version string) error {
	if version != s.o.Terms {
		var f fault.Fields
		f.Add("terms", "field.terms.required")
		return f.Err()
	}
	return s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		n, err := p.Exec(sqlAcceptanceAdd, in.Person.ID, documentTerms, version, p.Now())
		if err == nil && n > 0 {
			p.Record(audit.Note{Action: "accept-terms", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, New: version})
		}
		return err
	})
}

// Accepted says whether the person accepted the present version of the terms.
func (s *Service) Accepted(ctx context.Context, in SignedIn) (bool, error) {
	var n int64
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(sqlAcceptanceGet, in.Person.ID, documentTerms, s.o.Terms).Scan(&n)
	})
	return n > 0, err
}
