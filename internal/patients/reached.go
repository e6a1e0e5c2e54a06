package patients

import (
	"slices"

	"almirah/internal/clinics"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Reached lists who is written to at a number or an address: patients who have it, and those whose
// guardian has it and speaks for them today. A family shares a phone, so there may be several. Nothing is written to the audit log: whoever
// shows them does that.
func Reached(v *store.View, phone contact.Phone, email contact.Email) ([]id.ID, error) {
	q := question{guardians: true}
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	switch {
	case phone != "":
		q.field, q.ways = "phone", [][]token{{{vault.IndexPhone, string(phone)}}}
		q.fits = func(p Patient, all bool) bool {
			return p.Phone == phone || all && slices.ContainsFunc(speaking(v, p, c), func(g Guardian) bool { return g.Phone == phone })
		}
	case email != "":
		key := email.Key()
		q.field, q.ways = "email", [][]token{{{vault.IndexEmail, key}}}
		q.fits = func(p Patient, all bool) bool {
			return p.Email.Key() == key || all && slices.ContainsFunc(speaking(v, p, c), func(g Guardian) bool { return g.Email.Key() == key })
		}
	default:
		return nil, nil
	}
	people, err := seek(v, q, mostHits)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, p := range people {
		if !p.Broken { // a row that cannot be compared is nobody's say
			out = append(out, p.ID)
		}
	}
	return out, nil
}
