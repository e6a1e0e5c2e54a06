package prescriptions

import (
	"strings"

	"almirah/internal/words"
)

// slots are the parts of the day of a pattern with so many doses.
var slots = map[int][]string{2: {"morning", "night"}, 3: {"morning", "noon", "night"}, 4: {"morning", "noon", "evening", "night"}}

// unmarked takes the marks out that isolate a name in a sentence: on paper each text has its own direction.
var unmarked = strings.NewReplacer("\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

// Instruction is the row's sentence in the patient's language, with Latin digits: "Take 1 tablet in the morning and 1 tablet at night,
// after food, for 5 days." A free dose stands in it as it was typed.
func Instruction(t *words.Tongue, r Row) string {
	unit := Unit(r.Form)
	p, ok := ParseDose(r.Dose)
	var doses string
	switch {
	case !ok:
		doses = r.Dose
	case p.Needed:
		doses = t.Say("rx.say.needed", "Dose", many(t, unit, p.Halves[0]))
	default:
		doses = daily(t, unit, p)
	}
	if r.Timing != "" {
		doses = t.Say("rx.say.timing", "Doses", doses, "Timing", t.Say("rx.timing."+r.Timing))
	}
	if r.Days > 0 {
		doses = t.Say("rx.say.days", "Doses", doses, "Days", t.Say("rx.days_for", "Count", r.Days))
	}
	return unmarked.Replace(t.Say("rx.say."+verb(r.Form), "Doses", doses))
}

func daily(t *words.Tongue, unit string, p Pattern) string {
	var parts []string
	for i, h := range p.Halves {
		if h > 0 {
			parts = append(parts, t.Say("rx.say."+slots[len(p.Halves)][i], "Dose", many(t, unit, h)))
		}
	}
	out := parts[0]
	for i, next := range parts[1:] {
		key := "rx.say.more"
		if i == len(parts)-2 {
			key = "rx.say.last"
		}
		out = t.Say(key, "Before", out, "Next", next)
	}
	return out
}

// many says so many halves of the unit: "1 tablet", "half a tablet", "1.5 tablets".
func many(t *words.Tongue, unit string, halves int) string {
	switch {
	case unit == "":
		return t.Say("rx.once", "Count", max(1, halves/2))
	case halves == 1 && t.Has("rx.half."+unit):
		return t.Say("rx.half." + unit)
	case halves%2 == 1:
		return t.Say("rx.part."+unit, "Amount", amount(halves))
	}
	return t.Say("rx.unit."+unit, "Count", halves/2)
}

// verb is what is done with the form.
func verb(form string) string {
	switch form {
	case "cream", "ointment", "gel", "lotion", "powder", "patch":
		return "apply"
	case "drops", "eye drops", "ear drops", "nasal drops":
		if form == "drops" {
			return "take"
		}
		return "drop"
	case "inhaler", "spray":
		return "inhale"
	case "injection", "suppository":
		return "use"
	}
	return "take"
}

// QuantityWords says how much is needed: "10 tablets"; empty where it cannot be worked out.
func QuantityWords(t *words.Tongue, r Row) string {
	if r.Quantity == 0 {
		return ""
	}
	return unmarked.Replace(t.Say("rx.unit."+Unit(r.Form), "Count", r.Quantity))
}
