package clinics

import (
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// The states of a clinic.
const (
	Open    = "open"
	Closing = "closing" // the owner is leaving: nobody books online, everything else works, and she can change her mind
	Closed  = "closed"
)

// Clinic is one clinic as the other rooms see it. Contact is filled for the clinic's own people only.
type Clinic struct {
	ID           id.ID
	Slug         string // name in the address of the public page
	Name         string
	LegalEntity  string
	Address      string // lines divided by \n
	Phone        string // E.164
	Email        string
	TaxNumbers   string // free text, one a line
	Contact      string // the person to turn to about the business
	Zone         string // IANA
	Country      string // ISO 3166
	Jurisdiction string // see Jurisdictions
	Region       string // where the data lie, see Regions
	Outside      string // which outside parties may get something of the clinic's: see OutsideChoices
	Currency     string // ISO 4217
	Languages    []string
	Colour       string // "#rrggbb", readable under white text; empty for the house's own
	LogoType     string // empty: no logo
	Host         string // the clinic's own host name while it works; empty: none does
	Held         bool   // it arrived from another house and nobody has let its messages leave yet
	Canary       bool   // the invented patient's: nothing leaves it, and its name leads nowhere but for her walk
	Modules      []string
	Online       bool // the public page takes bookings
	ShowPhone    bool
	ShowEmail    bool
	MinNotice    time.Duration
	Horizon      int // days ahead that can be booked
	Step         time.Duration
	Status       string
	ClosingSince clock.Instant // when the owner said that she leaves; zero: never, or she changed her mind
	Version      int64

	baa       string // the version of the Business Associate Agreement that was signed last; empty: none
	createdAt clock.Instant
	zone      *time.Location
}

// Location is the clinic's zone. It is UTC when the machine has lost its zone tables.
func (c Clinic) Location() *time.Location {
	if c.zone != nil {
		return c.zone
	}
	if z, err := time.LoadLocation(c.Zone); err == nil && c.Zone != "" {
		return z
	}
	return time.UTC
}

// Has says whether the clinic turned the module on. Scheduling is always on.
func (c Clinic) Has(module string) bool {
	return module == ModuleScheduling || slices.Contains(c.Modules, module)
}

// The modules that a clinic can have.
const (
	ModuleScheduling    = "scheduling"    // always on
	ModuleNotes         = "notes"         // plain notes beside a patient
	ModuleClinical      = "clinical"      // visits, diagnoses, allergies, files, questions before a visit
	ModulePrescriptions = "prescriptions" // prescriptions; they need the allergies of the clinical records
	ModuleBilling       = "billing"       // invoices and payments
)

// Modules are the modules that a clinic can choose, in the order of the settings page.
func Modules() []string {
	return []string{ModuleScheduling, ModuleNotes, ModuleClinical, ModulePrescriptions, ModuleBilling}
}

// Requires is the module without which the named one cannot be on; empty when it stands alone.
func Requires(module string) string {
	if module == ModulePrescriptions {
		return ModuleClinical
	}
	return ""
}

// Profile is what the profile page changes.
type Profile struct {
	Name, LegalEntity, Address, Phone, Email, TaxNumbers, Contact string
	Zone, Country, Jurisdiction, Region, Currency                 string
	Languages                                                     []string
	Colour                                                        string
}

// Profile is the clinic's present profile.
func (c Clinic) Profile() Profile {
	return Profile{Name: c.Name, LegalEntity: c.LegalEntity, Address: c.Address, Phone: c.Phone, Email: c.Email,
		TaxNumbers: c.TaxNumbers, Contact: c.Contact, Zone: c.Zone, Country: c.Country, Jurisdiction: c.Jurisdiction,
		Region: c.Region, Currency: c.Currency, Languages: slices.Clone(c.Languages), Colour: c.Colour}
}

// Rules are what the pages for booking and for the public page change.
type Rules struct {
	MinNotice time.Duration // whole minutes, 0 to 30 days
	Horizon   int           // days, 1 to 400
	Step      time.Duration // 5, 10, 15, 20, 30 or 60 minutes
	Online    bool
	ShowPhone bool
	ShowEmail bool
}

// Rules are the clinic's present rules.
func (c Clinic) Rules() Rules {
	return Rules{MinNotice: c.MinNotice, Horizon: c.Horizon, Step: c.Step, Online: c.Online, ShowPhone: c.ShowPhone, ShowEmail: c.ShowEmail}
}

// StandardRules are the rules of a new clinic.
func StandardRules() Rules {
	return Rules{MinNotice: time.Hour, Horizon: 60, Step: 15 * time.Minute, Online: true, ShowPhone: true, ShowEmail: true}
}

// values are the profile's fields by name, for the audit entry.
func (p Profile) values() map[string]string {
	return map[string]string{"name": p.Name, "legal_entity": p.LegalEntity, "address": p.Address, "phone": p.Phone, "email": p.Email,
		"tax_numbers": p.TaxNumbers, "contact": p.Contact, "zone": p.Zone, "country": p.Country, "jurisdiction": p.Jurisdiction,
		"region": p.Region, "currency": p.Currency, "languages": strings.Join(p.Languages, ","), "colour": p.Colour}
}

func (r Rules) values() map[string]any {
	return map[string]any{"min_notice_minutes": int(r.MinNotice / time.Minute), "horizon_days": r.Horizon, "step_minutes": int(r.Step / time.Minute),
		"online": r.Online, "show_phone": r.ShowPhone, "show_email": r.ShowEmail}
}

// changed keeps of two sets of values those that differ.
func changed[V comparable](old, now map[string]V) (was, is map[string]V) {
	was, is = map[string]V{}, map[string]V{}
	for k, v := range now {
		if old[k] != v {
			was[k], is[k] = old[k], v
		}
	}
	return was, is
}
