package policies

import (
	"maps"
	"slices"
	"strconv"

	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/law"
)

// Full is the Content of a clinic that keeps what is written for as long as the conversation.
const Full = 1_000_000

// LeastK is the smallest group in which the rest of somebody's data may stay after she has left, without her name.
const LeastK = 10

// Terms are what a clinic promises its patients, as values. Sets are sorted.
type Terms struct {
	Jurisdiction string               `json:"jurisdiction"` // see law.Places; it says which numbers hold and is neither stricter nor weaker by itself
	Regions      []string             `json:"regions"`      // where the data lie; fewer is stricter
	Keep         map[law.Class]string `json:"keep"`         // how long each class lives, see SpanText; shorter is stricter
	Content      int                  `json:"content"`      // days for which the words of messages are kept; 0: not at all; Full
	Recipients   []string             `json:"recipients"`   // the outside parties that the running system can reach; fewer is stricter
	Purposes     []string             `json:"purposes"`     // what data may serve (see consent.Registry); fewer is stricter
	Rights       []string             `json:"rights"`       // what a patient can ask for (see law.Requests); more is stricter
	Modules      []string             `json:"modules"`      // which kinds of data are kept at all; fewer is stricter
	Analytics    []string             `json:"analytics"`    // what is counted beyond visits; fewer is stricter
	MinorAge     int                  `json:"minor_age"`    // from which age somebody decides for herself; higher is stricter
	Remainder    int                  `json:"remainder"`    // the least group in which data without a name stay after somebody left; 0: nothing stays
}

// The things that can be counted beyond visits.
const (
	CountsUse      = "features" // which parts of the program the staff use
	CountsVisitors = "visitors" // how often the public pages are looked at
	CountsChildren = "children" // visits of children in the reports
)

// Standard are the strictest terms of a clinic: what the law and the house hold by themselves. What is a setting of another room is added by who knows it.
func Standard(c clinics.Clinic) Terms {
	t := Terms{Jurisdiction: c.Jurisdiction, Regions: []string{c.Region}, Keep: map[law.Class]string{}, MinorAge: c.MinorAge(), Modules: sorted(c.Modules)}
	for _, k := range law.Classes() {
		t.Keep[k] = SpanText(Usual(c.Jurisdiction, k))
	}
	for _, e := range consent.Registry() {
		t.Purposes = append(t.Purposes, string(e.Purpose))
	}
	for _, r := range law.Requests() {
		t.Rights = append(t.Rights, string(r))
	}
	t.Purposes, t.Rights = sorted(t.Purposes), sorted(t.Rights)
	return t
}

// Usual is how long records of a class live where the clinic chose nothing: the shortest that the law of the place lets them.
func Usual(place string, k law.Class) law.Span {
	l := law.LifeOf(place, k)
	if l.Usual.IsZero() {
		return l.Ceiling
	}
	return l.Usual
}

// Allowed says whether a clinic at the place may keep records of the class for so long: not shorter than the law wants, and not longer than the house
// promises.
func Allowed(place string, k law.Class, text string) bool {
	if _, ok := ParseSpan(text); !ok {
		return false
	}
	l := law.LifeOf(place, k)
	n := hours(text)
	return (l.Floor.IsZero() || n >= hours(SpanText(l.Floor))) && n <= hours(SpanText(l.Ceiling))
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// Way says what a change does to whoever is under the terms.
type Way string

// The ways of a change.
const (
	Stricter Way = "stricter"
	Weaker   Way = "weaker"
	Neutral  Way = "neutral"
)

// Change is one difference between two Terms. In a set each element is a change of its own.
type Change struct {
	Param    string // "content", "minor_age", "remainder", "jurisdiction", "keep", "regions", "recipients", "purposes", "rights", "modules", "analytics", "sentence"
	Item     string // the element of a set, the class of "keep", the id of a sentence
	Old, New string // the values as the terms write them; "" on one side for an element that came or went
	Way      Way
}

// set is a parameter that is a set: its order is inclusion.
type set struct {
	name string
	of   func(*Terms) *[]string
	more Way // what one element more does
}

func sets() []set {
	return []set{
		{"regions", func(t *Terms) *[]string { return &t.Regions }, Weaker},
		{"recipients", func(t *Terms) *[]string { return &t.Recipients }, Weaker},
		{"purposes", func(t *Terms) *[]string { return &t.Purposes }, Weaker},
		{"rights", func(t *Terms) *[]string { return &t.Rights }, Stricter},
		{"modules", func(t *Terms) *[]string { return &t.Modules }, Weaker},
		{"analytics", func(t *Terms) *[]string { return &t.Analytics }, Weaker},
	}
}

// scale is a parameter that is a number: the higher its rank, the weaker.
type scale struct {
	name string
	of   func(*Terms) *int
	rank func(int) int
}

func scales() []scale {
	return []scale{
		{"content", func(t *Terms) *int { return &t.Content }, func(n int) int { return n }},
		{"minor_age", func(t *Terms) *int { return &t.MinorAge }, func(n int) int { return -n }},
		{"remainder", func(t *Terms) *int { return &t.Remainder }, func(k int) int {
			if k == 0 {
				return -Full
			}
			return -k
		}},
	}
}

// Compare lists what differs, each with its way. Which way it is follows from the order on the parameter alone.
func Compare(old, now Terms) []Change {
	var out []Change
	if old.Jurisdiction != now.Jurisdiction {
		out = append(out, Change{"jurisdiction", "", old.Jurisdiction, now.Jurisdiction, Neutral})
	}
	for _, x := range scales() {
		a, b := *x.of(&old), *x.of(&now)
		switch {
		case x.rank(b) > x.rank(a):
			out = append(out, Change{x.name, "", strconv.Itoa(a), strconv.Itoa(b), Weaker})
		case x.rank(b) < x.rank(a):
			out = append(out, Change{x.name, "", strconv.Itoa(a), strconv.Itoa(b), Stricter})
		}
	}
	for _, k := range classes(old, now) {
		a, b := kept(old, k), kept(now, k)
		switch {
		case hours(b) > hours(a):
			out = append(out, Change{"keep", string(k), a, b, Weaker})
		case hours(b) < hours(a):
			out = append(out, Change{"keep", string(k), a, b, Stricter})
		case a != b:
			out = append(out, Change{"keep", string(k), a, b, Neutral})
		}
	}
	for _, x := range sets() {
		less := Stricter
		if x.more == Stricter {
			less = Weaker
		}
		a, b := *x.of(&old), *x.of(&now)
		for _, e := range a {
			if !slices.Contains(b, e) {
				out = append(out, Change{x.name, e, e, "", less})
			}
		}
		for _, e := range b {
			if !slices.Contains(a, e) {
				out = append(out, Change{x.name, e, "", e, x.more})
			}
		}
	}
	return out
}

// kept is how long the terms let a class live. What terms do not speak of lives the usual time of their place.
func kept(t Terms, k law.Class) string {
	if text, ok := t.Keep[k]; ok {
		return text
	}
	return SpanText(Usual(t.Jurisdiction, k))
}

// classes are those that one of the two speaks of, in the order of pages.
func classes(a, b Terms) []law.Class {
	return slices.DeleteFunc(law.Classes(), func(k law.Class) bool {
		_, x := a.Keep[k]
		_, y := b.Keep[k]
		return !x && !y
	})
}

// Weakens says whether any of the changes weakens: one is enough.
func Weakens(list []Change) bool {
	return slices.ContainsFunc(list, func(c Change) bool { return c.Way == Weaker })
}

// Strictest is, of each parameter, the stricter value of the two: nobody who is under either is worse off under it. What is neither stricter nor
// weaker is as b has it.
func Strictest(a, b Terms) Terms {
	out := Terms{Jurisdiction: b.Jurisdiction, Keep: map[law.Class]string{}}
	for _, x := range scales() {
		p, q := *x.of(&a), *x.of(&b)
		if x.rank(p) < x.rank(q) {
			q = p
		}
		*x.of(&out) = q
	}
	for _, k := range classes(a, b) {
		p, q := kept(a, k), kept(b, k)
		if hours(p) < hours(q) {
			q = p
		}
		out.Keep[k] = q
	}
	for _, x := range sets() {
		p, q := *x.of(&a), *x.of(&b)
		if x.more == Stricter {
			*x.of(&out) = sorted(slices.Concat(p, q))
			continue
		}
		*x.of(&out) = sorted(slices.DeleteFunc(slices.Clone(q), func(e string) bool { return !slices.Contains(p, e) }))
	}
	return out
}

// clean gives the terms their one form, so that the same promises have the same hash.
func (t Terms) clean() Terms {
	t.Keep = maps.Clone(t.Keep)
	if t.Keep == nil {
		t.Keep = map[law.Class]string{}
	}
	for _, x := range sets() {
		*x.of(&t) = append([]string{}, sorted(*x.of(&t))...)
	}
	return t
}
