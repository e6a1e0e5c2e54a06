package clinics

import (
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
