package requests

import (
	"strings"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/law"
	"almirah/internal/retention"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Letter is the answer in writing, in the person's language: what she asked, what was decided, on which ground and why, what she can do about it and
// to whom she can complain. It costs her nothing, and says so.
func Letter(book *words.Book, language string, c clinics.Clinic, r Request) string {
	if !book.Speaks(language) {
		language = "en"
		if len(c.Languages) > 0 && book.Speaks(c.Languages[0]) {
			language = c.Languages[0]
		}
	}
	t := book.Tongue(language)
	day := func(at clock.Instant) string { return t.Date(clock.DateOf(at.In(c.Location()))) }
	lines := []string{t.Say("request.letter.asked", "Clinic", c.Name, "Day", day(r.CameAt), "Kind", t.Say("request.kind."+string(r.Kind)))}
	if r.WasKind != "" {
		lines = append(lines, t.Say("request.was_kind", "Day", day(r.KindAt), "Kind", t.Say("request.kind."+string(r.WasKind))))
	}
	if r.Closed() { // as the clinic has it
		return strings.Join(append(lines, t.Say("request.letter.closed", "Day", day(r.DecidedAt)), r.Why, t.Say("request.letter.not_so"), complain(t, r.Law), t.Say("request.letter.free")), "\n\n")
	}
	if r.State == Withdrawn {
		return strings.Join(append(lines, t.Say("request.letter.withdrawn", "Day", day(r.DecidedAt))), "\n\n")
	}
	lines = append(lines, t.Say("request.letter."+string(r.Outcome), "Day", day(r.DecidedAt)))
	if r.Outcome != Refused && r.HeldUntil != "" { // by whom and why it was ordered, she is not told here: those who lead the clinic alone know it
		lines = append(lines, t.Say("request.letter.held", "Date", t.Date(r.HeldUntil)))
	} else if did := strings.Fields(r.Did); r.Kind == law.Objection && len(did) > 0 {
		var stopped []string
		for _, p := range did {
			stopped = append(stopped, t.Say("consent.purpose."+p))
		}
		lines = append(lines, t.Say("request.letter.does.objection", "Uses", strings.Join(stopped, t.Say("page.comma")+" ")))
	} else if r.Outcome != Refused && r.Kind != law.Objection && (r.Kind != law.Nomination || r.Did == didName || r.Hers()) { // it says that something is done only where something was
		if key := "request.letter.does." + string(r.Kind); t.Has(key) {
			lines = append(lines, t.Say(key))
		}
	}
	if r.Ground != "" {
		lines = append(lines, t.Say("request.letter.ground", "Ground", t.Say("request.ground."+string(r.Ground))))
	}
	if r.Why != "" {
		lines = append(lines, r.Why)
	}
	if r.Ground != "" {
		lines = append(lines, t.Say("request.letter.again"))
		lines = append(lines, complain(t, r.Law))
	}
	return strings.Join(append(lines, t.Say("request.letter.free")), "\n\n")
}

// complain says to whom somebody can complain under the law of the place.
func complain(t *words.Tongue, place string) string {
	a := law.Complaints(place)
	name := a.Name
	if place != law.India && place != law.Britain && place != law.US && place != law.California && place != law.Canada {
		name = t.Say("request.letter.some_authority")
	}
	if a.Page == "" {
		return t.Say("request.letter.complain", "Authority", name)
	}
	return t.Say("request.letter.complain_at", "Authority", name, "Page", a.Page)
}

// letter is Letter as things stand now: a deletion that an order of two people holds up is not told as done shortly.
func (s *Service) letter(v *store.View, language string, c clinics.Clinic, r Request) (string, error) {
	if r.EraseAt > 0 && !r.Patient.IsZero() {
		until, held, err := retention.Held(v, r.Patient)
		if err != nil {
			return "", err
		}
		if held {
			r.HeldUntil = until
		}
	}
	return Letter(s.o.Book, language, c, r), nil
}
