package datamap

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/words"
)

// JSON is the record for other programs.
func (r Record) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// Sheet is the record as a table: one row for each activity, each party, each class of records and each measure.
func (r Record) Sheet(t *words.Tongue) document.Sheet {
	var s document.Sheet
	say := t.Say
	list := func(x []string) string { return strings.Join(x, "; ") }
	row := func(cells ...string) {
		var out []document.Value
		for _, c := range cells {
			out = append(out, document.Words(c))
		}
		s.Row(out...)
	}
	s.Head(say("datamap.title"), "")
	for _, f := range r.Facts(t) {
		row(f[0], f[1])
	}
	for _, w := range r.For {
		row(say("datamap.for"), w.said())
	}
	for _, part := range []struct {
		title string
		lines []Line
	}{{say("datamap.activities"), r.Activities}, {say("datamap.own"), r.Own}} {
		if len(part.lines) == 0 {
			continue
		}
		s.Row()
		s.Head(part.title, say("datamap.purpose"), say("datamap.grounds"), say("datamap.people"), say("datamap.data"), say("datamap.recipients"), say("datamap.limits"), say("datamap.sealed"))
		for _, l := range part.lines {
			row(l.Title+r.off(t, l), l.Purpose, list(l.Grounds), list(l.People), list(l.Data)+r.health(t, l), list(l.Parties), list(l.Lives), say("datamap.sealed_of", "Sealed", l.Sealed, "Count", l.Columns))
		}
	}
	s.Row()
	s.Head(say("datamap.recipients"), say("datamap.purpose"), say("datamap.data"), say("trust.region"), say("trust.safeguard"), say("vendor.contract"), say("datamap.nothing"))
	for _, p := range r.Recipients {
		row(p.Name, p.Purpose, list(p.Data), p.Region, p.Safeguard, p.Contract, p.Why)
	}
	s.Row()
	s.Head(say("datamap.limits"), say("policy.param.jurisdiction"), say("policy.now"), say("life.least"), say("life.most"), say("datamap.source"))
	for _, l := range r.Lives {
		row(l.What, say("jurisdiction."+l.Place), l.Now, l.Least, l.Most, l.Source)
	}
	s.Row()
	s.Head(say("datamap.measures"), "", "")
	for _, m := range r.Measures {
		row(m.ID, m.Text, say("trust."+m.Status))
	}
	return s
}

func (r Record) off(t *words.Tongue, l Line) string {
	if l.Off {
		return " (" + t.Say("datamap.off") + ")"
	}
	return ""
}

func (r Record) health(t *words.Tongue, l Line) string {
	if l.Health {
		return " (" + t.Say("datamap.health") + ")"
	}
	return ""
}

func (w Who) said() string {
	parts := append([]string{w.Name}, w.Address...)
	if w.Contact != "" {
		parts = append(parts, w.Contact)
	}
	if w.Law != "" {
		parts = append(parts, w.Law)
	}
	return strings.Join(parts, ", ")
}

// Facts are who answers for the data, what is said and what it is, in the order of the page.
func (r Record) Facts(t *words.Tongue) [][2]string {
	var out [][2]string
	add := func(key, text string) {
		if text != "" {
			out = append(out, [2]string{t.Say(key), text})
		}
	}
	if r.Controller != nil {
		add("datamap.controller", r.Controller.said())
	}
	if r.Processor != nil {
		said := r.Processor.said()
		if said == "" {
			said = t.Say("trust.unnamed")
		}
		add("datamap.processor", said)
	}
	if r.ForCount > 0 {
		add("datamap.for", t.Say("datamap.clinics", "Count", r.ForCount))
	}
	if at, err := time.Parse(time.RFC3339, r.Made); err == nil {
		add("datamap.made", t.Date(clock.DateOf(at)))
	}
	if r.As != "program" { // its parties are nobody's
		add("datamap.digest", r.Map)
	}
	return out
}

// Text is the record as a text with headings, for paper and for the command line.
func (r Record) Text(t *words.Tongue) string {
	var b strings.Builder
	say := t.Say
	fmt.Fprintf(&b, "# %s\n\n%s\n", say("datamap.title"), say("datamap.form."+r.As))
	for i, f := range r.Facts(t) {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s: %s\n", f[0], f[1])
	}
	if len(r.For) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n", say("datamap.for"))
		for _, w := range r.For {
			fmt.Fprintf(&b, "- %s\n", w.said())
		}
		if n := r.ForCount - len(r.For); n > 0 {
			fmt.Fprintf(&b, "- %s\n", say("datamap.more", "Count", n))
		}
	}
	for _, part := range []struct {
		title string
		lines []Line
	}{{say("datamap.activities"), r.Activities}, {say("datamap.own"), r.Own}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(&b, "\n## %s\n", part.title)
		}
		for _, l := range part.lines {
			fmt.Fprintf(&b, "\n### %s%s\n\n%s\n\n", l.Title, r.off(t, l), l.Purpose)
			for _, f := range l.Facts(t) {
				fmt.Fprintf(&b, "- %s: %s\n", f[0], f[1])
			}
		}
	}
	fmt.Fprintf(&b, "\n## %s\n\n", say("datamap.recipients"))
	if len(r.Recipients) == 0 {
		fmt.Fprintf(&b, "%s\n", say("trust.nobody"))
	}
	for _, p := range r.Recipients {
		fmt.Fprintf(&b, "- %s: %s. %s: %s. %s: %s.", p.Name, p.Purpose, say("datamap.data"), strings.Join(p.Data, ", "), say("trust.region"), p.Region)
		for _, more := range []string{p.Safeguard, p.Contract, p.Why} {
			if more != "" {
				fmt.Fprintf(&b, " %s.", strings.TrimSuffix(more, "."))
			}
		}
		b.WriteString("\n")
	}
	place := ""
	for _, l := range r.Lives {
		if l.Place != place {
			place = l.Place
			fmt.Fprintf(&b, "\n## %s: %s\n\n| | %s | %s | %s | %s |\n|---|---|---|---|---|\n", say("datamap.limits"), say("jurisdiction."+place), say("policy.now"), say("life.least"), say("life.most"), say("datamap.source"))
		}
		least := l.Least
		if least == "" {
			least = say("life.nothing")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", l.What, l.Now, least, l.Most, l.Source)
	}
	fmt.Fprintf(&b, "\n## %s\n\n", say("datamap.measures"))
	for _, m := range r.Measures {
		fmt.Fprintf(&b, "- %s", m.Text)
		if r.As != "program" { // of the program itself nothing runs that could be looked at
			fmt.Fprintf(&b, " (%s)", say("trust."+m.Status))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Facts are what the record says of an activity: what is said, and what it is.
func (l Line) Facts(t *words.Tongue) [][2]string {
	list := func(x []string) string { return strings.Join(x, t.Say("page.comma")+" ") }
	data := list(l.Data)
	if data == "" {
		data = t.Say("datamap.ids")
	}
	out := [][2]string{{t.Say("datamap.grounds"), list(l.Grounds)}, {t.Say("datamap.people"), list(l.People)}, {t.Say("datamap.data"), data}}
	if l.Health {
		out = append(out, [2]string{t.Say("datamap.special"), t.Say("datamap.health")})
	}
	parties := list(l.Parties)
	if parties == "" {
		parties = t.Say("datamap.nobody")
	}
	out = append(out, [2]string{t.Say("datamap.recipients"), parties})
	if len(l.Lives) > 0 {
		out = append(out, [2]string{t.Say("datamap.limits"), strings.Join(l.Lives, "; ")})
	}
	if l.Columns > 0 {
		out = append(out, [2]string{t.Say("datamap.sealed"), t.Say("datamap.sealed_of", "Sealed", l.Sealed, "Count", l.Columns)})
	}
	return out
}
