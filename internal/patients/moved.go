package patients

import (
	"cmp"
	"slices"

	"almirah/internal/id"
	"almirah/internal/store"
)

// Links to her own page went to the addresses that are on file. Where one of them is no longer hers, whoever made the links ends them, in the same Change
// (promise own-link): this room knows when, and stands to the left of the one that makes them.

// moved says whether an address by which the patient was reached is on file no more, or is not the one that she is written to by now: it was changed,
// emptied, taken away with a guardian, or an address of her own took the place of a guardian's.
func moved(old, now Patient) bool {
	phone, email := reachedAt(old)
	phoneNow, emailNow := reachedAt(now)
	if phone != "" && phone != phoneNow || email != "" && email != emailNow {
		return true
	}
	// What could not be read may have been any address.
	if old.unread("phone") && now.Phone != "" || old.unread("email") && now.Email != "" {
		return true
	}
	for _, g := range old.Guardians {
		i := slices.IndexFunc(now.Guardians, func(x Guardian) bool { return x.ID == g.ID })
		if gone := i < 0; gone && (g.Broken || g.Phone != "" || g.Email != "") {
			return true
		} else if !gone && (g.Phone != "" && g.Phone != now.Guardians[i].Phone || g.Email != "" && g.Email != now.Guardians[i].Email) {
			return true
		}
	}
	return false
}

// reachedAt is her own number and address, or the first that a guardian of hers has.
func reachedAt(p Patient) (phone, email string) {
	phone, email = string(p.Phone), string(p.Email)
	for _, g := range p.Guardians {
		phone, email = cmp.Or(phone, string(g.Phone)), cmp.Or(email, string(g.Email))
	}
	return phone, email
}

// tellMoved lets the links end where the Change took an address off file.
func (s *Service) tellMoved(tx *store.Tx, patient id.ID, moved bool) error {
	if !moved || s.ended == nil {
		return nil
	}
	return s.ended(tx, patient)
}
