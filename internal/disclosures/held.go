package disclosures

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Held are the disclosures that happened and of which the patient may know. They stay where they are for as long as the law asks to prove them, without why and beside a number that
// leads to nobody. What the law forbids to tell her stands in no certificate either.
func (Keeper) Held(v *store.View, patient id.ID) ([]law.Record, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	list, err := Of(v, patient)
	var out []law.Record
	for _, d := range list {
		day := clock.DateOf(d.GivenAt.In(c.Location()))
		out = append(out, law.Record{Class: law.Disclosures, Table: "disclosure", Day: day, Until: law.LifeOf(c.Jurisdiction, law.Disclosures).Usual.Day(day), Stays: true})
	}
	return out, err
}
