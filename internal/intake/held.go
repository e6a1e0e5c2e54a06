package intake

import (
	"almirah/internal/clinics"
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
	return law.Signed(law.Clinical, "intake_answer", all["intake_answer"], c.Location()), nil
}
