package clinics

import (
	"net/url"

	"almirah/internal/fault"
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

// SetHost says with which host name the links of the clinic begin; empty: with the deployment's own. The caller records why.
func SetHost(tx *store.Tx, host string) error { return tx.Must(sqlHostSet, host) }

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
