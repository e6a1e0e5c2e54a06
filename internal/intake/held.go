package intake

import (
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Held are the answers that the patient signed, which belong to her record; a law may want them kept when she is erased.
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
	for _, line := range all["intake_answer"] {
		if at, err := time.Parse(time.RFC3339, line["signed"]); err == nil {
			out = append(out, law.Record{Class: law.Clinical, Table: "intake_answer", Day: clock.DateOf(at.In(c.Location())), Body: line})
		}
	}
	return out, nil
}
