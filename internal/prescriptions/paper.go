package prescriptions

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/words"
)

// Paper is a signed sheet as PDF, in the patient's language: the drug itself always in Latin capitals, for the pharmacy. The logo is PNG or
// JPEG; empty for none. It never shows more than was signed; what holds no more says so on its face. It fails with document's errors.
func (s *Service) Paper(p Page, logo []byte) ([]byte, error) {
	t := s.book.Tongue(p.Language)
	size := document.A5
	if p.Setting.Paper == "A4" {
		size = document.A4
	}
	sh := p.Sheet
	day := clock.Date(sh.Day)
	say := func(key string, args ...any) string { return unmarked.Replace(t.Say(key, args...)) }
	paper := s.press.New(document.Options{Size: size, Language: t.Lang(), Title: say("rx.paper.title"), Author: first(sh.Clinic), Created: p.SignedAt.Time(), Accent: accent(p.Clinic.Colour),
		Foot: first(sh.Clinic), PageOf: func(page, pages int) string { return say("rx.paper.page", "Page", page, "Pages", pages) }})
	signer := []document.Span{{Text: sh.Signer, Bold: true}}
	for _, x := range []string{sh.Qualified, sh.Speciality, say("rx.paper.registration", "Number", sh.Registration)} {
		if x != "" {
			signer = append(signer, document.Span{Text: x, Colour: document.Muted})
		}
	}
	var lines []string
	if len(sh.Clinic) > 1 {
		lines = sh.Clinic[1:]
	}
	paper.Add(document.Header{Name: first(sh.Clinic), Lines: lines, Logo: logo, Note: signer}, document.Title{Text: say("rx.paper.title"), Note: t.Date(day)})
	if p.State == Cancelled {
		key := "rx.paper.cancelled"
		if !p.Next.IsZero() {
			key = "rx.paper.replaced"
		}
		paper.Add(document.Text{Words: say(key, "Date", t.Date(clock.DateOf(p.EndedAt.In(p.Clinic.Location())))), Language: t.Lang(), Bold: true, Colour: document.Alert})
	}
	facts := []document.Fact{{Label: say("rx.paper.patient"), Value: sh.Patient, Bold: true}}
	if who := aged(t, sh); who != "" {
		facts = append(facts, document.Fact{Label: say("rx.paper.age"), Value: who})
	}
	paper.Add(document.Facts{Columns: 2, Items: facts}, drugs(t, p, say))
	if p.Advice != "" {
		paper.Add(document.Title{Text: say("rx.advice"), Small: true}, document.Text{Words: p.Advice})
	}
	if p.Remote {
		paper.Add(document.Text{Words: say("rx.paper.remote"), Language: t.Lang(), Size: 8, Colour: document.Muted})
	}
	if sh.Checking.State == NotChecked {
		paper.Add(document.Text{Words: say("rx.paper.unchecked"), Language: t.Lang(), Size: 8, Colour: document.Muted})
	}
	paper.Add(document.Space(10), document.Beside{Share: 0.42,
		Near: []document.Block{document.QR{Text: s.public + "/v/" + sh.Code, Side: 62, Caption: say("rx.paper.verify")}},
		Far:  []document.Block{document.Signature{Name: sh.Signer, Lines: signature(sh, say), Label: say("rx.paper.signed", "Date", t.Date(day))}}})
	return paper.PDF()
}

func signature(sh Sheet, say func(string, ...any) string) []string {
	var out []string
	if sh.Qualified != "" {
		out = append(out, sh.Qualified)
	}
	return append(out, say("rx.paper.registration", "Number", sh.Registration))
}

// aged is the patient's age on the day of signing, and her sex where it is known.
func aged(t *words.Tongue, sh Sheet) string {
	var out string
	if sh.Born != "" {
		out = t.Age(clock.Date(sh.Born), clock.Date(sh.Day))
	}
	if sh.Sex != "" {
		if out != "" {
			out += t.Say("page.comma") + " "
		}
		out += t.Say("sex." + sh.Sex)
	}
	return out
}

func drugs(t *words.Tongue, p Page, say func(string, ...any) string) document.Table {
	out := document.Table{Columns: []document.Column{{Title: say("rx.paper.drug"), Share: 3.2}, {Title: say("rx.dose"), Share: 1.2}, {Title: say("rx.paper.instruction"), Share: 3.6}}}
	for i, r := range p.Rows {
		drug := document.Cell{Text: r.Line(), Bold: true, Language: "en"}
		if q := at(p.Sheet.Quantities, i); q != "" {
			drug.Notes = append(drug.Notes, document.Span{Text: say("rx.paper.quantity", "Quantity", q), Language: t.Lang()})
		}
		dose := document.Cell{Text: r.Dose}
		if _, ok := ParseDose(r.Dose); ok {
			dose.Language = "en"
		}
		how := document.Cell{Text: at(p.Sheet.Instructions, i), Language: t.Lang()}
		if r.Note != "" {
			how.Notes = append(how.Notes, document.Span{Text: r.Note})
		}
		out.Rows = append(out.Rows, document.Row{Cells: []document.Cell{drug, dose, how}})
	}
	return out
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// accent is the clinic's colour "#rrggbb"; the zero Colour where it has none.
func accent(text string) document.Colour {
	var n [3]uint8
	if len(text) != 7 || text[0] != '#' {
		return document.Colour{}
	}
	for i := range n {
		for _, c := range []byte(text[1+2*i : 3+2*i]) {
			switch {
			case '0' <= c && c <= '9':
				n[i] = n[i]<<4 | (c - '0')
			case 'a' <= c|0x20 && c|0x20 <= 'f':
				n[i] = n[i]<<4 | (c | 0x20 - 'a' + 10)
			default:
				return document.Colour{}
			}
		}
	}
	return document.Colour{R: n[0], G: n[1], B: n[2]}
}

// OfSheet reads a signed sheet to be printed, and the time by which its page says when. A draft is fault.NotFound: there is no paper of it.
func (s *Service) OfSheet(ctx context.Context, who access.Caller, one id.ID) (Page, error) {
	p, err := s.Open(ctx, who, one)
	if err == nil && p.State == Drafted {
		err = fault.Missing()
	}
	return p, err
}
