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
