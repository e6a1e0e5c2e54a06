package prescriptions

import (
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Held are the patient's signed sheets, which a law may want kept when she is erased, with who signed them. Drafts and links are none.
func (k Keeper) Held(v *store.View, patient id.ID) ([]law.Record, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	all, err := k.Collect(v, patient)
	if err != nil {
		return nil, err
	}
	var out []law.Record
	for _, line := range all["prescription"] {
		if at, err := time.Parse(time.RFC3339, line["signed"]); err == nil {
			out = append(out, law.Record{Class: law.Scripts, Table: "prescription", Day: clock.DateOf(at.In(c.Location())), Body: line})
		}
	}
	return out, nil
}
