package web

import (
	"html/template"
	"strconv"

	"almirah/internal/words"
)

// The cards of the day are the one piece of a page that no template writes: a day has 120 of them,
// and the template engine would take half of the time of the whole page for them. Everything
// that a person typed passes template.HTMLEscapeString; TestCardsAgainstTheTemplate holds what is
// written here, with hostile names too, beside what html/template makes of the same cards.

// cards writes the cards of one column.
func cards(t *words.Tongue, list []DayCard) template.HTML {
	b := make([]byte, 0, 320*len(list))
	for i := range list {
		b = list[i].write(b, t)
	}
	return template.HTML(b)
}

func (c *DayCard) write(b []byte, t *words.Tongue) []byte {
	id := template.HTMLEscapeString(c.ID)
	b = append(b, `<a class="a `...)
	if c.Broken {
		b = append(b, "broken"...)
	} else {
		b = append(append(b, "st-"...), template.HTMLEscapeString(c.State)...)
	}
	for _, p := range [...]struct {
		letter string
		n      int
	}{{" s", c.Row}, {" d", c.Len}, {" c", c.Column}, {" w", c.Width}} {
		b = strconv.AppendInt(append(b, p.letter...), int64(p.n), 10)
	}
	if c.Broken {
		b = append(append(b, `" href="/app/appointments/`...), id...)
		b = append(append(b, `">`...), template.HTMLEscapeString(t.Say("day.broken"))...)
		return append(b, "</a>"...)
	}
	if c.Tall() {
		b = append(b, " tall"...)
	}
	if c.Overbooked {
		b = append(b, " over"...)
	}
	if c.NeedsAttention {
		b = append(b, " out"...)
	}
	b = append(append(b, `" href="/app/appointments/`...), id...)
	b = append(append(b, `" data-id="`...), id...)
	b = strconv.AppendInt(append(b, `" data-v="`...), c.Version, 10)
	b = append(b, '"')
	if c.Fixed {
		b = append(b, " data-fixed"...)
	}
	b = append(append(b, ` draggable="false" aria-describedby="k-`...), template.HTMLEscapeString(c.State)...)
	if c.Overbooked {
		b = append(b, " k-over"...)
	}
	if c.NeedsAttention {
		b = append(b, " k-out"...)
	}
	b = append(append(b, `"><time>`...), template.HTMLEscapeString(t.Time(c.At))...)
	b = append(append(b, `</time> <bdi>`...), template.HTMLEscapeString(c.Patient)...)
	b = append(b, "</bdi>"...)
	if c.Tall() {
		b = append(append(b, " <bdi>"...), template.HTMLEscapeString(c.Service)...)
		b = append(b, "</bdi>"...)
	}
	return append(b, "</a>"...)
}
