package clinics

import (
	"net/url"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Get is the clinic of the passage, in one statement. fault.NotFound when there is none.
func Get(v *store.View) (Clinic, error) {
	c, err := readClinic(v)
	if err == store.ErrNoRows {
		return Clinic{}, fault.Missing()
	}
	return c, err
}

// Must is the clinic of the passage, where it turned the module on; elsewhere what was asked for does not exist
// (fault.NotFound), whoever asks (promises A18, D6).
func Must(v *store.View, module string) (Clinic, error) {
	c, err := Get(v)
	if err == nil && !c.Has(module) {
		err = fault.Missing()
	}
	return c, err
}

const sqlClinicHold = `UPDATE clinic SET version = version WHERE clinic_id = $1`

// Hold takes the lock on the clinic's row until the Change ends, for acts of which a clinic does one after the other. Reading is not held up, nor is whatever does not hold the clinic too.
func Hold(tx *store.Tx) error { return tx.Must(sqlClinicHold) }

// SetHost says with which host name the links of the clinic begin; empty: with the deployment's own. The caller records why.
func SetHost(tx *store.Tx, host string) error { return tx.Must(sqlHostSet, host) }

// SetClosing says that the clinic leaves, or that it stays after all: nobody books online while it leaves. fault.Conflict when it does so already. The
// caller records why.
func SetClosing(tx *store.Tx, leaves bool) error {
	from, to, at := Open, Closing, tx.Now()
	if !leaves {
		from, to, at = Closing, Open, 0
	}
	n, err := tx.Exec(sqlStatusSet, to, at, from)
	if err == nil && n != 1 {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}

const (
	sqlRouteDrop = `DELETE FROM clinic_route WHERE clinic_id = $1`
	sqlRouteSlug = `SELECT slug FROM clinic_route WHERE clinic_id = $1`
)

// Free gives back the name of a clinic that has gone.
func Free(p *store.Platform, clinic id.ID) error {
	_, err := p.Exec(sqlRouteDrop, clinic)
	return err
}

// SlugOf is the name in the address of the clinic's public page; empty when it has none.
func SlugOf(p *store.Platform, clinic id.ID) (slug string, err error) {
	err = p.Row(sqlRouteSlug, clinic).Scan(&slug)
	if err == store.ErrNoRows {
		err = nil
	}
	return slug, err
}

// Reach is the beginning of addresses of the clinic's pages, without a slash at the end: its own name while that works, else public,
// the deployment's. Scheme and port are those of public.
func (c Clinic) Reach(public string) string {
	u, err := url.Parse(public)
	if c.Host == "" || err != nil || u.Host == "" {
		return public
	}
	if u.Port() != "" {
		return u.Scheme + "://" + c.Host + ":" + u.Port()
	}
	return u.Scheme + "://" + c.Host
}
