package retention

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Death is when a record dies and by which sentence.
type Death struct {
	Class    law.Class
	On       clock.Date // its last day in the clinic's zone; empty: it lives while its patient is with the clinic, or a hold stands
	Sentence string     // id of the sentence of the register that says so
	Source   string     // where the law says so; what is ours says that
}

// sentences are the sentences of the register by which classes die; the others die by "retention".
var sentences = map[law.Class]string{law.BookingLog: "booking-log-aged", law.Events: "message-events-aged", law.Account: "account-closing"}

// DiesOn is when a record of the class dies that lives from a day, in the clinic of the passage: a patient's after a hold that stands for her. patient is zero
// for what is about no patient.
func DiesOn(v *store.View, lives law.Lives, c law.Class, from clock.Date, patient id.ID) (Death, error) {
	d := Death{Class: c, Sentence: "retention", Source: law.LifeOf(lives.Place, c).Source}
	if s, ok := sentences[c]; ok {
		d.Sentence = s
	}
	if span := lives.Span(c); !span.IsZero() {
		d.On = span.Day(from)
	}
	if patient.IsZero() {
		return d, nil
	}
	until, held, err := Held(v, patient)
	if held && d.On != "" && until > d.On {
		d.On, d.Sentence = until, "legal-hold"
	}
	return d, err
}

// Least is until when the law wants a record of the class kept at least, whose last visit was on a day: for whoever was a child then, longer. On is empty
// when the law wants nothing. born may be empty.
func Least(place string, c law.Class, last, born clock.Date) Death {
	l := law.LifeOf(place, c)
	d := Death{Class: c, Sentence: "retention", Source: l.Source}
	if l.Floor.IsZero() {
		return d
	}
	d.On = l.Floor.Day(last)
	if born != "" && l.ChildAge > 0 && last < born.AddYears(l.ChildAge) {
		d.On = max(d.On, born.AddYears(l.ChildAge+l.ChildYears))
	}
	return d
}

// Lives is how long the clinic keeps each class, for a page.
func (s *Service) Lives(v *store.View) (law.Lives, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return law.Lives{}, err
	}
	return s.lives(v, c)
}
