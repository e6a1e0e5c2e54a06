package policies

import (
	"maps"
	"slices"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

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

// Unagreed counts, of the patients who ever answered, those who are under terms that are weaker than those under which they came, in a part to which no yes of theirs
// stands: none was said, or a later no ended it. It follows the answers by itself, so that For is compared with something.
func Unagreed(v *store.View) (wrong, looked int, err error) {
	rows, err := v.Query(sqlAnswersAll)
	if err != nil {
		return 0, 0, err
	}
	all := map[id.ID][]Said{}
	if err := collect(rows, all); err != nil {
		_ = rows.Close()
		return 0, 0, err
	}
	if err := rows.Close(); err != nil {
		return 0, 0, err
	}
	g, err := Over(v, slices.Collect(maps.Keys(all))...)
	if err != nil || len(g.force) == 0 || !g.read {
		return 0, len(all), err
	}
	for p := range all {
		t, _ := g.For(p)
		if g.unagreed(p, t) {
			wrong++
		}
	}
	return wrong, len(all), nil
}

// unagreed says whether something in the terms is weaker than what the patient came under and stands in no version to which she said yes last.
func (g *Governing) unagreed(patient id.ID, t Terms) bool {
	came := g.force[0].Terms
	for _, x := range g.force {
		if x.EffectiveAt <= g.came[patient] {
			came = x.Terms
		}
	}
	standing := map[clock.Instant]Terms{} // by the announcement, whichever numbers it had
	for _, a := range g.answers[patient] {
		for _, x := range g.versions {
			switch {
			case x.N == a.N && a.Yes:
				standing[x.NoticedAt] = x.Terms
			case x.N == a.N:
				delete(standing, x.NoticedAt)
			}
		}
	}
	for _, c := range Compare(came, t) {
		if c.Way == Weaker && !slices.ContainsFunc(slices.Collect(maps.Values(standing)), func(yes Terms) bool {
			return !slices.ContainsFunc(Compare(yes, t), func(x Change) bool { return x.Way == Weaker && x.Param == c.Param && x.Item == c.Item })
		}) {
			return true
		}
	}
	return false
}
