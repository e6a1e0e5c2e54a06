package policies

import "almirah/internal/store"

// What the live checks of the promises look at.

// Ungated is the number of the first version that came in as stricter and is weaker than what held before it; zero when there is none.
func Ungated(v *store.View) (int64, error) {
	list, err := versions(v)
	if err != nil {
		return 0, err
	}
	g := Governing{versions: list}
	for i, x := range list {
		if i > 0 && x.Gate == GateStricter && Weakens(Compare(g.before(x), x.Terms)) {
			return x.N, nil
		}
	}
	return 0, nil
}

// OutOfBounds counts the classes of records that the terms in force let live longer or shorter than the law and the house allow at the place.
func OutOfBounds(v *store.View, place string) (int, error) {
	list, err := versions(v)
	if err != nil {
		return 0, err
	}
	force := InForce(list, v.Now())
	if len(force) == 0 {
		return 0, nil
	}
	n := 0
	t := force[len(force)-1].Terms
	if t.Jurisdiction != place { // the clinic stands under another law since a moment ago
		return 0, nil
	}
	for k, text := range t.Keep {
		if !Allowed(place, k, text) {
			n++
		}
	}
	return n, nil
}
