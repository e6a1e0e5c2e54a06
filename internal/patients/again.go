package patients

import (
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
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

// Hold locks the patient's row until the Change ends, so that what touches her beside it waits; false when she is not there. Nothing in the row changes.
func Hold(tx *store.Tx, patient id.ID) (there bool, err error) {
	n, err := tx.Exec(sqlPatientHold, patient)
	return n == 1, err
}

// PhoneOf is the person's own number as it was cleaned; empty for none.
func (c Clean) PhoneOf() contact.Phone { return c.phone }
