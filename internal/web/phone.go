package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/fault"
	"almirah/internal/id"
)

// "Be the patient": the phones of the demo's people, on which a visitor reads what the clinic wrote by WhatsApp and
// SMS, and answers. Outside the demo none of it is there.

// DemoPhones are the phones of the demo and what their owner can do. The clinic is the visitor's own, so that nobody
// sees another clinic's.
type DemoPhones struct {
	List  func(clinic id.ID) []DemoPhone // the one with the newest message first
	Open  func(clinic id.ID, token string) (DemoPhone, bool)
	Write func(ctx context.Context, clinic id.ID, token, channel, text string) error       // fault.NotFound, Conflict or Unavailable
	Tap   func(ctx context.Context, clinic id.ID, token, message string, button int) error // as Write
}

// DemoPhone is one phone. Its token stands in addresses, its number never does.
type DemoPhone struct {
	Token, Number, Name, From string
	Unread                    int
	Channels                  []string // by which its owner can write
	Bubbles                   []DemoBubble
}

// DemoBubble is one message on a phone.
type DemoBubble struct {
	ID, Channel, Text, Language string
	At                          time.Time
	Mine                        bool   // its owner wrote it
	Reached                     string // what its provider last reported to the clinic
	Buttons                     []DemoButton
}

// DemoButton is one button under a message.
type DemoButton struct {
	Title   string
	Touched bool
}

// PhoneCard is one phone in the list on /app/outbox.
type PhoneCard struct {
	URL, Name, Number, Newest string
	Channel                   string
	At                        time.Time
	Unread                    int
}

// PhonePage is /app/outbox/phone/{phone}, the page "phone".
type PhonePage struct {
	Shell
	URL, Name, Number, From string
	Bubbles                 []PhoneBubble
	Earlier                 bool     // there are more than are shown
	Channels                []string // by which the owner can write
	Channel                 string   // the one that is chosen
	Text                    string   // as typed
}

// PhoneBubble is one message as the phone shows it.
type PhoneBubble struct {
	ID, Channel, Language, Reached string
	At                             time.Time
	NewDay                         bool // the first of its day
	Mine                           bool
	Parts                          []PhonePart
	Buttons                        []PhoneButton
}

// PhonePart is a piece of a text: a link where it has an address.
type PhonePart struct{ Text, URL string }

// PhoneButton is a button that can be touched; Touched: it was.
type PhoneButton struct {
	Number  int
	Title   string
	Touched bool
}

const (
	phonesShown  = 12 // on the outbox page, unless all are asked for
	bubblesShown = 60
	newestShown  = 90 // characters of the newest message in the list
)

func phoneURL(token string) string { return "/app/outbox/phone/" + url.PathEscape(token) }

// phoneCards are the newest phones, and the address of all of them where there are more.
func (s *Site) phoneCards(v *Visit) (out []PhoneCard, all string) {
	if s.Phones == nil {
		return nil, ""
	}
	list := s.Phones.List(v.Clinic.ID)
	if len(list) > phonesShown && v.URL.Query().Get("phones") != "all" {
		list, all = list[:phonesShown], "/app/outbox?phones=all"
	}
	for _, p := range list {
		c := PhoneCard{URL: phoneURL(p.Token), Name: p.Name, Number: p.Number, Unread: p.Unread}
		if n := len(p.Bubbles); n > 0 {
			b := p.Bubbles[n-1]
			c.Channel, c.At = b.Channel, b.At.In(v.Clinic.Location())
			c.Newest = strings.Join(strings.Fields(b.Text), " ")
			if r := []rune(c.Newest); len(r) > newestShown {
				c.Newest = string(r[:newestShown]) + "…"
			}
		}
		out = append(out, c)
	}
	return out, all
}

func phonePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.phone(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "phone", page)
}

// phone is the page, with what was typed; fault.NotFound outside the demo, and for a phone that the clinic never wrote to.
func (s *Site) phone(v *Visit) (*PhonePage, error) {
	if s.Phones == nil {
		return nil, fault.Missing()
	}
	p, ok := s.Phones.Open(v.Clinic.ID, v.PathValue("phone"))
	if !ok {
		return nil, fault.Missing()
	}
	page := &PhonePage{Shell: s.staffShell(v, ""), URL: phoneURL(p.Token), Name: p.Name, Number: p.Number, From: p.From, Channels: p.Channels,
		Channel: v.PostForm.Get("channel"), Text: v.PostForm.Get("text")}
	if page.From == "" {
		page.From = v.Clinic.Name
	}
	if extra := len(p.Bubbles) - bubblesShown; extra > 0 {
		p.Bubbles, page.Earlier = p.Bubbles[extra:], true
	}
	day, last := "", -1
	for i, b := range p.Bubbles {
		at := b.At.In(v.Clinic.Location())
		x := PhoneBubble{ID: b.ID, Channel: b.Channel, Language: b.Language, Reached: b.Reached, At: at, Mine: b.Mine, Parts: linked(b.Text), NewDay: at.Format(time.DateOnly) != day}
		day = at.Format(time.DateOnly)
		for n, t := range b.Buttons {
			x.Buttons = append(x.Buttons, PhoneButton{Number: n, Title: t.Title, Touched: t.Touched})
		}
		if !b.Mine && b.Channel == "whatsapp" {
			last = i
		}
		page.Bubbles = append(page.Bubbles, x)
	}
	for i := range page.Bubbles { // only the newest question can still be answered by a button
		if i != last {
			page.Bubbles[i].Buttons = nil
		}
	}
	if !slices.Contains(page.Channels, page.Channel) && len(p.Bubbles) > 0 {
		page.Channel = p.Bubbles[len(p.Bubbles)-1].Channel
	}
	if !slices.Contains(page.Channels, page.Channel) && len(page.Channels) > 0 {
		page.Channel = page.Channels[0]
	}
	return page, nil
}

// linked takes the addresses out of a text.
func linked(text string) []PhonePart {
	var out []PhonePart
	for text != "" {
		from := strings.Index(text, "http://")
		if secure := strings.Index(text, "https://"); from < 0 || secure >= 0 && secure < from {
			from = secure
		}
		if from < 0 {
			return append(out, PhonePart{Text: text})
		}
		if from > 0 {
			out = append(out, PhonePart{Text: text[:from]})
		}
		text = text[from:]
		end := strings.IndexAny(text, " \t\r\n<>\"")
		if end < 0 {
			end = len(text)
		}
		link := strings.TrimRight(text[:end], ".,;:!?)")
		if u, err := url.Parse(link); err == nil && u.Host != "" {
			out = append(out, PhonePart{Text: link, URL: link})
		} else {
			out = append(out, PhonePart{Text: link})
		}
		text = text[len(link):]
	}
	return out
}

// phoneAnswer does what the phone's owner did: touched a button, or wrote.
func phoneAnswer(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.Phones == nil {
		return fault.Missing()
	}
	if err := v.form(); err != nil {
		return err
	}
	token, text := v.PathValue("phone"), strings.TrimSpace(v.PostForm.Get("text"))
	var err error
	if tapped := v.PostForm.Get("tap"); tapped != "" {
		n, bad := strconv.Atoi(tapped)
		if bad != nil {
			return fault.Missing()
		}
		err = s.Phones.Tap(v.Context(), v.Clinic.ID, token, v.PostForm.Get("message"), n)
	} else if text == "" {
		var f fault.Fields
		f.Add("text", "phone.text_needed")
		err = f.Err()
	} else {
		err = s.Phones.Write(v.Context(), v.Clinic.ID, token, v.PostForm.Get("channel"), text)
	}
	var refused *fault.Fault
	if errors.As(err, &refused) && refused.Kind == fault.Unavailable { // the page says so; what was typed stays
		page, bad := s.phone(v)
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, page.shell(), err), "phone", page)
	}
	return s.answer(w, v, err, phoneURL(token)+"#write", "phone", func() (Page, error) { return s.phone(v) })
}
