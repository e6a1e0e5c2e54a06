package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/store"
)

// The numbers of payment cards stay out (promise H3). This is the one place where pages look for them: every field of every form, every
// word of an address's query, and every file of text that comes with a form. The digits are blanked before any page sees them; then the
// page does its work as ever, in a request whose writes are refused, so that it comes back with all else that was typed.

// withoutCards blanks the numbers and names the fields in which they stood.
func withoutCards(fields url.Values) (where []string) {
	for name, list := range fields {
		for i, x := range list {
			blank, was := contact.BlankCards(x)
			if was {
				list[i] = blank
				if !slices.Contains(where, name) {
					where = append(where, name)
				}
			}
		}
	}
	slices.Sort(where)
	return where
}

// guardQuery looks at the address. Its answer must be asked for before the address is used for anything.
func (v *Visit) guardQuery() {
	q := v.URL.Query()
	changed := legible(q)
	if where := withoutCards(q); len(where) > 0 {
		v.hold(where)
		changed = true
	}
	if changed {
		v.URL.RawQuery = q.Encode()
		v.RequestURI = v.URL.RequestURI()
	}
}

// guardForm looks at the form, which was read by then, in every shape in which handlers read it.
func (v *Visit) guardForm() error {
	if err := v.multipart(); err != nil {
		return err
	}
	where := withoutCards(v.Form)
	where = append(where, withoutCards(v.PostForm)...)
	if m := v.MultipartForm; m != nil {
		where = append(where, withoutCards(m.Value)...)
		for name, files := range m.File {
			for _, f := range files {
				held, err := holdsCards(f)
				if err != nil {
					return err
				}
				if held {
					f.Size = 0 // as if no file had been chosen
					where = append(where, name)
				}
				f.Filename, _ = contact.BlankCards(f.Filename)
			}
		}
	}
	slices.Sort(where)
	v.hold(slices.Compact(where))
	return nil
}

// holdsCards looks through an uploaded file when it is text, as an imported list is.
func holdsCards(f *multipart.FileHeader) (bool, error) {
	file, err := f.Open()
	if err != nil {
		return false, err
	}
	defer file.Close()
	data, err := io.ReadAll(file) // no larger than a form may be
	if err != nil {
		return false, err
	}
	return !bytes.ContainsRune(data, 0) && utf8.Valid(data) && contact.HasCard(string(data)), nil
}

// hold makes the rest of the request one in which nothing is written.
func (v *Visit) hold(where []string) {
	for _, name := range where {
		if !slices.Contains(v.cards, name) {
			v.cards = append(v.cards, name)
		}
	}
	if len(v.cards) > 0 {
		v.Request = v.WithContext(store.Withhold(v.Context(), fault.New(fault.Invalid, keyCard)))
	}
}

// keyCard is the sentence about a card's number.
const keyCard = "fault.card_number"

// problemsOfCards are the fields in which a card's number stood, for the summary of the page.
func (v *Visit) problemsOfCards() []Problem {
	var out []Problem
	for _, name := range v.cards {
		out = append(out, Problem{Field: name, Message: v.Tongue.Say(keyCard)})
	}
	return out
}

// halted keeps a page from leading on as if what was typed had been taken: the visitor is told instead.
type halted struct {
	http.ResponseWriter
	led bool
}

// WriteHeader swallows a redirect.
func (h *halted) WriteHeader(status int) {
	if h.led = h.led || status >= 300 && status < 400; h.led {
		h.Header().Del("Location")
		return
	}
	h.ResponseWriter.WriteHeader(status)
}

// Write swallows what would follow a redirect.
func (h *halted) Write(b []byte) (int, error) {
	if h.led {
		return len(b), nil
	}
	return h.ResponseWriter.Write(b)
}

// answerWithoutCards lets the page answer a form that held a card's number.
func (s *Site) answerWithoutCards(w http.ResponseWriter, v *Visit, route Route) error {
	h := &halted{ResponseWriter: w}
	err := route.Handle(s, h, v)
	if err == nil && h.led {
		err = fault.New(fault.Invalid, keyCard)
	}
	return err
}
