package patients

import (
	"slices"

	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlPatientsBehind = `SELECT id FROM patient WHERE clinic_id = $1 AND id > $2 ORDER BY id LIMIT $3`
	sqlPatientHold    = `UPDATE patient SET version = version WHERE clinic_id = $1 AND id = $2`
)

// FindAgain makes the next patients behind the one findable under the keys of this house, at most limit of them, and answers whom: for a clinic that
// arrived from another house. It answers nobody when everybody is. The caller records why.
func FindAgain(tx *store.Tx, behind id.ID, limit int) ([]id.ID, error) {
	list, err := store.IDs(&tx.View, sqlPatientsBehind, behind, limit)
	if err != nil {
		return nil, err
	}
	if err := tx.Load(list); err != nil {
		return nil, err
	}
	for _, one := range list {
		p, err := Find(&tx.View, one)
		if err != nil {
			return nil, err
		}
		if err := writeTokens(tx, p, nil); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Behind are the ids of the next patients behind the one, at most limit of them; none when there are no more.
func Behind(v *store.View, behind id.ID, limit int) ([]id.ID, error) {
	return store.IDs(v, sqlPatientsBehind, behind, limit)
}

// Same is the patient of the name who is reached at the same number or address, for a list that is brought in; false when there is none.
func Same(v *store.View, c Clean) (id.ID, bool, error) {
	p, found, err := findSame(v, c)
	return p.ID, found, err
}

// Unreached is the patient of the name and the date of birth whom nothing reaches, for somebody in a list whom nothing reaches either; false when there is none. Two of
// one list may be two people: it is asked before the list makes anybody.
func Unreached(v *store.View, c Clean) (id.ID, bool, error) {
	names := contact.NameKeys(c.name)
	if phones, emails := c.reach(); c.birth == "" || len(names) == 0 || len(phones)+len(emails) > 0 {
		return id.Zero, false, nil
	}
	r, err := v.Ring()
	if err != nil {
		return id.Zero, false, err
	}
	born := bornToken(c.birth)
	rows, err := scanListed(v.Query(sqlListedBuckets, r.Bucket(born.kind, born.value), r.Bucket(vault.IndexName, names[0]), none, chunk))
	if err != nil {
		return id.Zero, false, err
	}
	people, err := openListed(v, rows)
	if err == nil {
		err = withGuardians(v, people)
	}
	if err != nil {
		return id.Zero, false, err
	}
	for _, p := range people {
		phones, emails := reach(p.Phone, p.Email, p.Guardians)
		if !p.Broken && sameName(p.Name, c.name) && p.BirthDate == c.birth && len(phones)+len(emails) == 0 {
			return p.ID, true, nil
		}
	}
	return id.Zero, false, nil
}

// Hold locks the patient's row until the Change ends, so that what touches her beside it waits; false when she is not there. Nothing in the row changes.
func Hold(tx *store.Tx, patient id.ID) (there bool, err error) {
	n, err := tx.Exec(sqlPatientHold, patient)
	return n == 1, err
}

// SameAs says whether two who are to be entered are one person, by the rule by which Same finds one who is here: the same name, no other date of birth, and one
// number or address, their own or a guardian's, at which both are reached.
func (c Clean) SameAs(other Clean) bool {
	if !sameName(c.name, other.name) || c.birth != "" && other.birth != "" && c.birth != other.birth {
		return false
	}
	phones, emails := c.reach()
	theirs, mails := other.reach()
	return slices.ContainsFunc(phones, func(x contact.Phone) bool { return slices.Contains(theirs, x) }) ||
		slices.ContainsFunc(emails, func(x string) bool { return slices.Contains(mails, x) })
}

// Is says whether the patient is the person who is to be entered, by that rule; nobody is whose name cannot be read.
func (p Patient) Is(c Clean) bool {
	if p.Broken || !sameName(p.Name, c.name) || c.birth != "" && p.BirthDate != "" && c.birth != p.BirthDate {
		return false
	}
	phones, emails := c.reach()
	theirs, mails := reach(p.Phone, p.Email, p.Guardians)
	return slices.ContainsFunc(phones, func(x contact.Phone) bool { return slices.Contains(theirs, x) }) ||
		slices.ContainsFunc(emails, func(x string) bool { return slices.Contains(mails, x) })
}

func (c Clean) reach() (phones []contact.Phone, emails []string) {
	if c.guardian == nil {
		return reach(c.phone, c.email, nil)
	}
	return reach(c.phone, c.email, []Guardian{*c.guardian})
}

// NameKey is equal for two who may be SameAs each other.
func (c Clean) NameKey() string { return nameKey(c.name) }
