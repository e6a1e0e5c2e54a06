package prescriptions

import (
	"almirah/internal/clinics"
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
	return law.Signed(law.Scripts, "prescription", all["prescription"], c.Location()), nil
}
