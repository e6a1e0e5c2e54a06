package disclosures

import (
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

var clinicData = vault.ClinicData

// takenAgain is how long the file of a disclosure can be taken again: a download can fail.
const takenAgain = 7 * 24 * time.Hour

// Of are the disclosures about a patient that she may know of, the oldest first.
func Of(v *store.View, patient id.ID) ([]Disclosure, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	list, err := read(v, sqlOf, patient)
	if err != nil {
		return nil, err
	}
	today := clock.DateOf(v.Now().In(c.Location()))
	var out []Disclosure
	for _, d := range list {
		if !d.Gagged(today) {
			out = append(out, d)
		}
	}
	return out, nil
}
