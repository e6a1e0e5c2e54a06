package policies

import (
	"slices"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Governing are the terms of many patients of one clinic, as they stand in one passage.
type Governing struct {
	versions []Version
	force    []Version
	came     map[id.ID]clock.Instant
	answers  map[id.ID][]Said // in the order in which they were given
	read     bool
}

// Over reads what the terms of the patients follow from: one statement where the clinic never weakened anything, three where it did.
func Over(v *store.View, patients ...id.ID) (*Governing, error) {
	g := &Governing{}
	list, err := versions(v)
	if err != nil || len(list) == 0 {
		return g, err
	}
	g.versions, g.force = list, lately(InForce(list, v.Now()))
	for _, x := range g.force[1:] {
		g.read = g.read || x.Gate == GateAnnounced
	}
	if !g.read || len(patients) == 0 { // everybody is under the same
		return g, nil
	}
	if g.came, err = came(v, patients); err != nil {
		return g, err
	}
	g.answers, err = answers(v, patients)
	return g, err
}

// lately leaves out what was before the clinic had its first patient: nobody came under it.
func lately(force []Version) []Version {
	for i := len(force) - 1; i > 0; i-- {
		if force[i].Gate == GateNobody {
			return force[i:]
		}
	}
	return force
}

// For is the terms under which the patient is: of all that held since those that she agreed to, or under which she came, the stricter value of each
// parameter. ok is false where the clinic has no terms on record yet: its settings alone hold.
func (g *Governing) For(patient id.ID) (t Terms, ok bool) {
	if len(g.force) == 0 {
		return Terms{}, false
	}
	from := g.base(patient)
	t = g.force[from].Terms
	for _, x := range g.force[from+1:] {
		t = Strictest(t, x.Terms)
	}
	return t, true
}

// base is the place of the newest version that the patient agreed to, or under which she came.
func (g *Governing) base(patient id.ID) int {
	at, _ := g.rests(patient)
	return at
}

// rests is base; by is the yes on which it rests, and nil where she came under it.
func (g *Governing) rests(patient id.ID) (from int, by *Said) {
	if !g.read {
		return 0, nil
	}
	if at, there := g.came[patient]; there {
		for i, x := range g.force {
			if x.EffectiveAt <= at {
				from = i
			}
		}
	}
	for i := len(g.force) - 1; i > from; i-- {
		if a := g.said(patient, g.force[i]); a != nil && a.Yes {
			return i, a
		}
	}
	return from, nil
}

// said is the last word of the patient about a version, whichever number it had when she was asked; nil where she said nothing. So a no to the later number of an
// announcement ends a yes to the earlier one, and the other way round.
func (g *Governing) said(patient id.ID, to Version) (last *Said) {
	for i, a := range g.answers[patient] {
		if a.N == to.N || g.carried(a.N, to) {
			last = &g.answers[patient][i]
		}
	}
	return last
}

// carried says whether the version is the announcement of the earlier number once more: what was made stricter meanwhile gave it another number, left it its thirty days,
// and takes nothing away from what she said. A version that only makes something stricter announces nothing: nobody agreed to it, and nothing that she kept silent about comes in with it.
func (g *Governing) carried(n int64, to Version) bool {
	if n >= to.N || to.Gate != GateAnnounced {
		return false
	}
	i := slices.IndexFunc(g.versions, func(x Version) bool { return x.N == n })
	return i >= 0 && g.versions[i].Gate == GateAnnounced && g.versions[i].NoticedAt == to.NoticedAt && !Weakens(Compare(g.versions[i].Terms, to.Terms))
}

// before are the terms that held when a version was made.
func (g *Governing) before(x Version) Terms {
	i := slices.IndexFunc(g.versions, func(y Version) bool { return y.N == x.N })
	held := InForce(g.versions[:i], x.MadeAt)
	if len(held) == 0 {
		return x.Terms
	}
	return held[len(held)-1].Terms
}

// For is Over and Governing.For for one patient.
func For(v *store.View, patient id.ID) (Terms, bool, error) {
	g, err := Over(v, patient)
	if err != nil {
		return Terms{}, false, err
	}
	t, ok := g.For(patient)
	return t, ok, nil
}

// Spread says whether patients of the clinic are under different terms, so that each has to be asked for, and the shortest time that a class lives
// for any of them.
func (g *Governing) Spread(place string, k law.Class) (shortest law.Span, differs bool) {
	all := Governing{force: g.force}
	return all.Life(place, id.Zero, k), g.read
}

// ShortenedAt is since when records of each class live less long than before, of those whose life was ever made shorter: a notice of what goes that is older spoke of less.
func ShortenedAt(v *store.View) (map[law.Class]clock.Instant, error) {
	g, err := Over(v)
	if err != nil || len(g.force) == 0 {
		return nil, err
	}
	out := map[law.Class]clock.Instant{}
	for _, k := range law.Classes() {
		least := kept(g.force[0].Terms, k)
		for _, x := range g.force[1:] {
			if now := kept(x.Terms, k); Longer(now, least) < 0 {
				least, out[k] = now, x.EffectiveAt
			}
		}
	}
	return out, nil
}

// LifeFor is how long a record of the class about the patient lives: as she agreed, and not shorter than the law wants it kept. The zero span: for as
// long as she is a patient. A class about nobody (patient zero) lives as the present terms say.
func LifeFor(v *store.View, patient id.ID, k law.Class) (law.Span, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return law.Span{}, err
	}
	g, err := Over(v, patient)
	if err != nil {
		return law.Span{}, err
	}
	return g.Life(c.Jurisdiction, patient, k), nil
}

// Life is LifeFor within what was read.
func (g *Governing) Life(place string, patient id.ID, k law.Class) law.Span {
	text := SpanText(Usual(place, k))
	if t, ok := g.For(patient); ok {
		text = kept(t, k)
	}
	if floor := law.LifeOf(place, k).Floor; !floor.IsZero() && hours(text) < hours(SpanText(floor)) {
		return floor
	}
	s, _ := ParseSpan(text)
	return s
}
