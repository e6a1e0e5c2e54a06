package clinics

import (
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlClinicGet = `SELECT slug, name, legal_entity, address, phone, email, tax_numbers, contact, zone, country, jurisdiction, region,
	currency, languages, colour, logo_type, modules, online, show_phone, show_email, min_notice, horizon_days, step_minutes, status, closed_at, created_at, version, baa, host, outside, held, canary
	FROM clinic WHERE clinic_id = $1`
	sqlClinicAdd = `INSERT INTO clinic (clinic_id, slug, name, legal_entity, address, phone, email, tax_numbers, contact, zone, country,
	jurisdiction, region, currency, languages, colour, modules, online, show_phone, show_email, min_notice, horizon_days, step_minutes, status, created_at, outside, canary)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`
	sqlProfileSet = `UPDATE clinic SET name = $3, legal_entity = $4, address = $5, phone = $6, email = $7, tax_numbers = $8, contact = $9,
	zone = $10, country = $11, jurisdiction = $12, currency = $13, languages = $14, colour = $15, version = version + 1
	WHERE clinic_id = $1 AND version = $2`
	sqlRulesSet = `UPDATE clinic SET min_notice = $3, horizon_days = $4, step_minutes = $5, online = $6, show_phone = $7, show_email = $8,
	version = version + 1 WHERE clinic_id = $1 AND version = $2`
	sqlModulesSet = `UPDATE clinic SET modules = $3, version = version + 1 WHERE clinic_id = $1 AND version = $2`
	sqlOutsideSet = `UPDATE clinic SET outside = $3, version = version + 1 WHERE clinic_id = $1 AND version = $2`
	sqlStatusSet  = `UPDATE clinic SET status = $2, closed_at = $3 WHERE clinic_id = $1 AND status = $4`
	sqlHostSet    = `UPDATE clinic SET host = $2 WHERE clinic_id = $1`
	sqlLogoSet    = `UPDATE clinic SET logo = $2, logo_type = $3 WHERE clinic_id = $1`
	sqlLogoGet    = `SELECT logo, logo_type FROM clinic WHERE clinic_id = $1`

	sqlRouteGet     = `SELECT clinic_id, opened_at, canary FROM clinic_route WHERE slug = $1`
	sqlRouteHeld    = `SELECT clinic_id, opened_at, reserved_until FROM clinic_route WHERE slug = $1`
	sqlRouteReserve = `INSERT INTO clinic_route (slug, clinic_id, opened_at, reserved_until) VALUES ($1, $2, 0, $3) ON CONFLICT (slug) DO NOTHING`
	sqlRouteTake    = `UPDATE clinic_route SET clinic_id = $3, reserved_until = $4 WHERE slug = $1 AND clinic_id = $2 AND opened_at = 0`
	sqlRouteOpen    = `UPDATE clinic_route SET opened_at = $3, canary = $4 WHERE slug = $1 AND clinic_id = $2 AND opened_at = 0`
	sqlRouteRelease = `DELETE FROM clinic_route WHERE slug = $1 AND clinic_id = $2 AND opened_at = 0`
)

// readClinic reads the one row. The sealed business contact is opened for the clinic's own people only.
func readClinic(v *store.View) (Clinic, error) {
	c := Clinic{ID: v.Clinic()}
	var sealed []byte
	var languages, modules string
	var notice, step int64
	err := v.Row(sqlClinicGet).Scan(&c.Slug, &c.Name, &c.LegalEntity, &c.Address, &c.Phone, &c.Email, &c.TaxNumbers, &sealed, &c.Zone,
		&c.Country, &c.Jurisdiction, &c.Region, &c.Currency, &languages, &c.Colour, &c.LogoType, &modules, &c.Online, &c.ShowPhone,
		&c.ShowEmail, &notice, &c.Horizon, &step, &c.Status, &c.ClosingSince, &c.createdAt, &c.Version, &c.baa, &c.Host, &c.Outside, &c.Held, &c.Canary)
	if err != nil {
		return Clinic{}, err
	}
	c.Languages, c.Modules = strings.Split(languages, ","), strings.Split(modules, ",")
	c.MinNotice, c.Step = time.Duration(notice)*time.Minute, time.Duration(step)*time.Minute
	c.zone = zoneOf(c.Zone)
	if v.Caller().Role() == access.Public && (c.Status != Open || !c.MayHoldPatients()) {
		c.Online = false // nobody can be entered, so nobody is asked to book
	}
	if v.Caller().Role().IsStaff() {
		if c.Contact, err = v.Unseal(vault.ClinicData, "clinic", "contact", c.ID, sealed); err != nil {
			return Clinic{}, err
		}
	}
	return c, nil
}

func addClinic(tx *store.Tx, slug string, p Profile, r Rules, outside string, canary bool) error {
	sealed, err := sealContact(tx, p.Contact)
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlClinicAdd, slug, p.Name, p.LegalEntity, p.Address, p.Phone, p.Email, p.TaxNumbers, sealed, p.Zone, p.Country,
		p.Jurisdiction, p.Region, p.Currency, strings.Join(p.Languages, ","), p.Colour, ModuleScheduling, r.Online, r.ShowPhone, r.ShowEmail,
		int64(r.MinNotice/time.Minute), int64(r.Horizon), int64(r.Step/time.Minute), Open, tx.Now(), outside, canary)
	return err
}

// setProfile answers whether the clinic still had the version.
func setProfile(tx *store.Tx, p Profile, version int64) (bool, error) {
	sealed, err := sealContact(tx, p.Contact)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(sqlProfileSet, version, p.Name, p.LegalEntity, p.Address, p.Phone, p.Email, p.TaxNumbers, sealed, p.Zone, p.Country,
		p.Jurisdiction, p.Currency, strings.Join(p.Languages, ","), p.Colour)
	return n == 1, err
}

func sealContact(tx *store.Tx, text string) ([]byte, error) {
	return tx.Seal(vault.ClinicData, "clinic", "contact", tx.Clinic(), text)
}

// reserve takes the name for a clinic that is about to be made, or that arrives; false when it is taken. A reservation whose maker died is
// free again after a while: the id tells when it was made, and that of a clinic which arrives, with an id as old as itself, says so.
func reserve(p *store.Platform, slug string, clinic id.ID, wait time.Duration) (bool, error) {
	until := p.Now().Add(wait)
	n, err := p.Exec(sqlRouteReserve, slug, clinic, until)
	if err != nil || n == 1 {
		return n == 1, err
	}
	var holder id.ID
	var openedAt int64
	var waits clock.Instant
	if err := p.Row(sqlRouteHeld, slug).Scan(&holder, &openedAt, &waits); err != nil {
		return false, err
	}
	if openedAt != 0 || p.Now() < waits || p.Now().Time().Sub(made(holder)) < reservation {
		return false, nil
	}
	n, err = p.Exec(sqlRouteTake, slug, holder, clinic, until)
	return n == 1, err
}

// reservation is how long a name waits for a clinic that is being made, arrival for one that arrives: a large one takes hours, and an import that broke
// off is begun again the next morning.
const (
	reservation = 10 * time.Minute
	arrival     = 24 * time.Hour
)

// made is the moment in a UUIDv7.
func made(i id.ID) time.Time {
	ms := int64(i[0])<<40 | int64(i[1])<<32 | int64(i[2])<<24 | int64(i[3])<<16 | int64(i[4])<<8 | int64(i[5])
	return time.UnixMilli(ms).UTC()
}
