package privacy

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// A clinic that is taken along takes what a law wants kept of people who were erased with it: the law binds the clinic wherever its data lies. In the archive it is opened, as all else is,
// and the house where the clinic arrives seals it under retention keys of its own, with the same last days.

// Along is a hold that a clinic takes along. Beyond says that it opens though its last day is over.
type Along struct {
	Hold
	Beyond bool
}

// TakenAlong are the sealed holds that have not ended. order says whether an order of two people keeps what is about a patient beyond its last day; without it every hold opens beyond
// its day: for a house where they arrive, which takes them as they come and ends them by its own clock.
func TakenAlong(v *store.View, order func(v *store.View, patient id.ID) (clock.Date, bool, error)) ([]Along, error) {
	_, zone, err := clinicOf(v)
	if err != nil {
		return nil, err
	}
	today := dayOf(v.Now(), zone)
	list, err := notices(v, sqlHoldsOpen)
	if err != nil {
		return nil, err
	}
	var out []Along
	for _, n := range list {
		a := Along{Hold: n.Hold, Beyond: order == nil}
		if order != nil && n.Last < today {
			of, err := erasures(v, sqlGet, n.Erasure)
			if err != nil {
				return nil, err
			}
			if len(of) == 1 {
				if _, a.Beyond, err = order(v, of[0].Patient); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, a)
	}
	return out, nil
}
