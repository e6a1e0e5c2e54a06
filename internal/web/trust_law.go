package web

import (
	"slices"

	"almirah/internal/law"
	"almirah/internal/words"
)

// What the policy page takes from the one table of the laws' numbers: the rights of each region, ages, and how long records live.

// regionRows are the laws, the clinic's own first; home is empty on the page of the installation.
func regionRows(t *words.Tongue, home string) []RegionRow {
	places := law.Places()
	if home != "" && !slices.Contains(places, home) {
		home = law.Elsewhere
	}
	slices.SortStableFunc(places, func(a, b string) int {
		if a != b && a == home {
			return -1
		}
		if a != b && b == home {
			return 1
		}
		return 0
	})
	var out []RegionRow
	for _, place := range places {
		authority := law.Complaints(place)
		r := RegionRow{ID: place, Name: t.Say("trust.place." + place), First: place == home, Child: t.Say("trust.children.age", "Age", law.MinorAge(place)), Authority: Declared(t, authority.Name), Page: authority.Page}
		for _, x := range law.Rights(place) {
			r.Rights = append(r.Rights, RightRow{Text: t.Say("right." + x.Key), Source: x.Source})
		}
		within := law.AnswerTo(place, law.Access).Within
		if longer(within, law.Promised) {
			within = law.Promised
		}
		r.Answers = t.Say("trust.answers", "Access", spanText(t, within), "Others", spanText(t, law.Promised))
		out = append(out, r)
	}
	return out
}

// longer says whether the first span is certainly longer than the second, whatever month it is.
func longer(a, b law.Span) bool { return leastHours(a) > leastHours(b) }

func leastHours(s law.Span) int {
	return s.Hours + 24*(s.Days+s.BusinessDays+28*s.Months+365*s.Years)
}

// spanText is a length of time as laws count it.
func spanText(t *words.Tongue, s law.Span) string {
	switch {
	case s.Hours > 0:
		return t.Say("span.hours", "Count", s.Hours)
	case s.BusinessDays > 0:
		return t.Say("span.business", "Count", s.BusinessDays)
	case s.Days > 0:
		return t.Say("span.days", "Count", s.Days)
	case s.Months > 0:
		return t.Say("span.months", "Count", s.Months)
	}
	return t.Say("span.years", "Count", s.Years)
}

// lifeText is how long something lives: the words of a table, where those of spanText stand behind "within".
func lifeText(t *words.Tongue, s law.Span) string {
	switch {
	case s.Hours > 0:
		return t.Say("life.days", "Count", (s.Hours+23)/24)
	case s.Days > 0:
		return t.Say("life.days", "Count", s.Days)
	case s.Months > 0:
		return t.Say("life.months", "Count", s.Months)
	}
	return t.Say("life.years", "Count", s.Years)
}

// lifeRows say how long each class of records lives under the law of the place.
func lifeRows(t *words.Tongue, place string) []LifeRow {
	var out []LifeRow
	for _, c := range law.Classes() {
		l := law.LifeOf(place, c)
		r := LifeRow{What: t.Say("life." + string(c)), Most: t.Say("life.with_clinic")}
		if !l.Floor.IsZero() {
			r.Least = lifeText(t, l.Floor)
		}
		if !l.Ceiling.IsZero() {
			r.Most = lifeText(t, l.Ceiling)
		}
		switch {
		case l.ChildAge > 0 && l.ChildYears > 0:
			r.Child = t.Say("life.child_more", "Age", l.ChildAge, "Years", lifeText(t, law.Span{Years: l.ChildYears}))
		case l.ChildAge > 0:
			r.Child = t.Say("life.child", "Age", l.ChildAge)
		}
		out = append(out, r)
	}
	return out
}

// pageTerms are the words that the page explains: where the screens say the word, and the key of what it means.
var pageTerms = []struct{ word, text string }{
	{"role.patient", "term.patient"}, {"role.practitioner", "term.practitioner"}, {"audit.kind.appointment", "term.appointment"}, {"title.visit", "term.visit"}, {"module.clinical", "term.record"},
	{"bill.guardian", "term.guardian"}, {"passport.consent", "term.consent"}, {"role.operator", "term.operator"}, {"term.processor.word", "term.processor"}, {"title.audit", "term.log"},
	{"term.encrypted.word", "term.encrypted"}, {"trust.cookies", "term.cookie"}, {"kind.reminder", "term.reminder"},
}

func termRows(t *words.Tongue) []TermRow {
	var out []TermRow
	for _, x := range pageTerms {
		out = append(out, TermRow{Word: t.Say(x.word), Text: t.Say(x.text)})
	}
	return out
}
