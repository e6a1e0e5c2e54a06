// Package sample holds a made-up clinic's pages, empty and full, for the tests that render
// every template in every language and for the gallery in which people look at them. Nothing
// here is anybody's data.
package sample

import (
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/web"
	"almirah/internal/words"
)

// Page is one page with the name of its template and of its picture.
type Page struct {
	Template string
	Name     string // of the picture: the template's, with a word for the variant
	Status   int
	Page     web.Page
}

// maker makes the pages of one language.
type maker struct {
	t     *words.Tongue
	theme string
	zone  *time.Location
	out   []Page
}

// The people of the sample, in four scripts.
var people = []string{"Asha Rao", "मीना शर्मा", "கவிதா ராஜன்", "فاطمة الشيخ", "Ravi Kumar", "John D’Souza", "Lakshmi Iyer", "Imran Khan", "अर्जुन देशपांडे", "Subramaniam Venkataraghavan Krishnamurthy", "علي حسن", "முருகன்"}

var providers = []string{"Dr Anil Mehta", "Dr Leela Nair", "Dr Neha Gupta", "Dr S. Das", "Anu Thomas"}

const today clock.Date = "2026-11-24"

const mark = "0192f1a0-0000-7000-8000-%012d"

func ident(n int) string { return fmt.Sprintf(mark, n) }

func (m *maker) at(h, min int) time.Time { return time.Date(2026, 11, 24, h, min, 0, 0, m.zone) }

func (m *maker) shell() web.Shell {
	return web.Shell{Tongue: m.t, Theme: m.theme, CSRF: "token-of-the-form", Path: "/here?x=1"}
}

func (m *maker) clinic() *web.ClinicHead {
	return &web.ClinicHead{Name: "Sunrise Clinic", Slug: "sunrise", Address: []string{"12 Church Street", "Bengaluru 560001"}, Phone: "+91 80 4567 8900", Email: "desk@sunrise.example", LegalName: "Sunrise Health LLP", BrandURL: "/brand.css"}
}

func (m *maker) public() web.Shell {
	s := m.shell()
	s.Clinic = m.clinic()
	return s
}

func (m *maker) staff(current string) web.Shell {
	s := m.shell()
	s.Clinic = m.clinic()
	s.Clinic.BrandURL = ""
	s.Person = &web.PersonHead{Name: "Meera Pillai", Role: access.Owner, Keys: true, Clinics: []web.ClinicChoice{{ID: ident(1), Name: "Sunrise Clinic", Role: access.Owner, Current: true}, {ID: ident(2), Name: "Harbour Physio", Role: access.Manager}}}
	s.Demo = true
	s.Nav = web.StaffNav(current, 2, 3, func(access.Right) bool { return true })
	return s
}

func (m *maker) add(template, variant string, p web.Page) {
	name := template
	if variant != "" {
		name += "-" + variant
	}
	m.out = append(m.out, Page{Template: template, Name: name, Status: 200, Page: p})
}

// Pages are all pages in the language t: every template once with almost nothing in it and at
// least once with everything.
func Pages(t *words.Tongue, theme string) ([]Page, error) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	m := &maker{t: t, theme: theme, zone: zone}
	m.publicPages()
	m.ownPages()
	m.signPages()
	m.dayPages()
	m.deskPages()
	m.messagePages()
	m.inboxPages()
	m.settingsPages()
	m.billPages()
	m.paymentPages()
	m.modulePages()
	m.policyPages()
	m.accountPages()
	m.factorPages()
	m.supportPages()
	m.incidentPages()
	m.disclosurePages()
	m.requestPages()
	m.retentionPages()
	m.erasurePages()
	m.platformPages()
	m.mapPages()
	m.documentPages()
	m.bareSupport()
	m.bareIncidents()
	m.bareDisclosures()
	m.bareRequests()
	m.empties()
	return m.out, nil
}

func problems(s web.Shell, fields ...string) web.Shell {
	for _, f := range fields {
		s.Problems = append(s.Problems, web.Problem{Field: f, Message: "Type a value that we can use."})
	}
	return s
}
