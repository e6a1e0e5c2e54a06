package scheduling

import (
	"encoding/json"
	"errors"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Provider is a practitioner with a calendar of her own.
type Provider struct {
	ID            id.ID
	Name          string
	Speciality    string
	Qualification string
	Registration  string // registration number with the medical council
	About         string
	// What patients see of a practitioner is switched on field by field (promise A10, C4);
	// only the name is shown by default.
	ShowSpeciality, ShowQualification, ShowRegistration, ShowAbout bool

	Online    bool // may be booked from the public page
	Colour    int
	Position  int
	Weekly    Weekly
	DailyCap  int // appointments per local day; 0 is no cap
	RetiredAt clock.Instant
	Version   int64
	Broken    bool // the name could not be opened
}

// Service is what can be booked: a treatment type.
type Service struct {
	ID                        id.ID
	Name, About               string
	Minutes                   int // of the visit
	BufferBefore, BufferAfter int // minutes kept free around it
	Price                     int64
	ShowPrice                 bool
	Online                    bool
	Position                  int
	Providers                 []id.ID
	RetiredAt                 clock.Instant
	Version                   int64
}

// Leave is time in which one provider is away.
type Leave struct {
	ID, Provider id.ID
	From, To     clock.Instant
	Reason       string
}

// Closure is time in which the whole clinic is closed.
type Closure struct {
	ID       id.ID
	From, To clock.Instant
	Name     string
}

const textLimit = 600 // letters of a free text about a provider or a service

func checkText(f *fault.Fields, field, text string, limit int) string {
	text = strings.TrimSpace(text)
	if len([]rune(text)) > limit {
		f.AddWith(field, "field.text.too_long", map[string]any{"Max": limit})
	}
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			f.Add(field, "field.text.control")
			break
		}
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// check cleans the provider's own fields; wrong ones are added to f.
func (p *Provider) check(f *fault.Fields) {
	name, err := contact.CleanName(p.Name)
	var wrong *fault.Fault
	if errors.As(err, &wrong) {
		f.Add("name", wrong.Key)
	}
	p.Name = name
	p.Speciality = checkText(f, "speciality", p.Speciality, 80)
	p.Qualification = checkText(f, "qualification", p.Qualification, 120)
	p.Registration = checkText(f, "registration", p.Registration, 60)
	p.About = checkText(f, "about", p.About, textLimit)
	if p.DailyCap < 0 || p.DailyCap > 500 {
		f.Add("daily_cap", "field.cap.range")
	}
	if p.Colour < 0 || p.Colour > 11 {
		p.Colour = 0
	}
}

// check cleans the service's fields; wrong ones are added to f.
func (s *Service) check(f *fault.Fields) {
	s.Name = checkText(f, "name", s.Name, 80)
	if s.Name == "" {
		f.Add("name", "field.service.name")
	}
	s.About = checkText(f, "about", s.About, textLimit)
	if s.Minutes < 5 || s.Minutes > 720 || s.Minutes%5 != 0 {
		f.Add("minutes", "field.service.minutes")
	}
	for _, b := range []struct {
		field string
		n     int
	}{{"buffer_before", s.BufferBefore}, {"buffer_after", s.BufferAfter}} {
		if b.n < 0 || b.n > 240 || b.n%5 != 0 {
			f.Add(b.field, "field.service.buffer")
		}
	}
	if s.Price < 0 || s.Price > 1e12 {
		f.Add("price", "field.service.price")
	}
}

// encodeWeekly and decodeWeekly keep the hours as one opaque text in the provider's row.
func encodeWeekly(w Weekly) string {
	b, err := json.Marshal(w)
	if err != nil {
		return "[]" // seven lists of two integers always encode
	}
	return string(b)
}

func decodeWeekly(s string) (w Weekly, err error) {
	if s == "" || s == "[]" {
		return w, nil
	}
	if w, ok := readWeekly(s); ok {
		return w, nil
	}
	err = json.Unmarshal([]byte(s), &w)
	return w, err
}

// readWeekly reads the very text that encodeWeekly writes, many times faster than a JSON decoder:
// every look for free time reads the hours of every practitioner. Any other text is left to the decoder.
func readWeekly(s string) (w Weekly, ok bool) {
	take := func(text string) bool {
		rest, found := strings.CutPrefix(s, text)
		s = rest
		return found
	}
	number := func() (n int) {
		digits := 0
		for digits < len(s) && digits < 5 && '0' <= s[digits] && s[digits] <= '9' {
			n = n*10 + int(s[digits]-'0')
			digits++
		}
		ok = ok && digits > 0 && (digits == 1 || s[0] != '0')
		s = s[digits:]
		return n
	}
	ok = take("[")
	for d := range w {
		if ok = ok && (d == 0 || take(",")); !ok {
			return w, false
		}
		if take("null") {
			continue
		}
		if !take("[") {
			return w, false
		}
		w[d] = []Interval{}
		for !take("]") {
			var iv Interval
			ok = (len(w[d]) == 0 || take(",")) && take(`{"From":`)
			iv.From = clock.Minute(number())
			ok = ok && take(`,"To":`)
			iv.To = clock.Minute(number())
			if ok = ok && take("}"); !ok {
				return w, false
			}
			w[d] = append(w[d], iv)
		}
	}
	return w, ok && s == "]"
}

func encodeIntervals(list []Interval) string {
	b, err := json.Marshal(list)
	if err != nil || list == nil {
		return "[]"
	}
	return string(b)
}

func decodeIntervals(s string) (list []Interval, err error) {
	if s == "" || s == "[]" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(s), &list)
	return list, err
}
