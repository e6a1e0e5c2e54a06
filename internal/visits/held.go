package visits

import (
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Held are the records of the patient that a law may want kept when she is erased: visits with what was added to them, what is known of her health, and files. A text that met
// another one is none.
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
	for _, x := range []struct {
		table string
		days  []string // the columns of which the latest day counts
	}{{"encounter", []string{"starts_at", "signed"}}, {"amendment", []string{"at"}}, {"health", []string{"added", "ended"}}, {"file", []string{"added"}}} {
		for _, line := range all[x.table] {
			r := law.Record{Class: law.Clinical, Table: x.table, Body: line}
			for _, name := range x.days {
				if at, err := time.Parse(time.RFC3339, line[name]); err == nil {
					r.Day = max(r.Day, clock.DateOf(at.In(c.Location())))
				}
			}
			out = append(out, r)
		}
	}
	return out, nil
}
