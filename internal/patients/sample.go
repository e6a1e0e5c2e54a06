package patients

import (
	"errors"

	"almirah/internal/store"
	"almirah/internal/vault"
)

// OpenSome opens the names of at most n patients, those who were seen last, and answers how many it opened: a database that came back from a backup
// proves so that data and keys belong together. Whoever was erased is passed over; any other name that does not open is an error.
func OpenSome(v *store.View, n int) (int, error) {
	rows, err := scanListed(v.Query(sqlListedRecent, n))
	if err != nil {
		return 0, err
	}
	opened := 0
	for _, r := range rows {
		name, err := v.Unseal(r.id, "patient", "name", r.id, r.name)
		switch {
		case errors.Is(err, vault.ErrShredded):
		case err != nil:
			return opened, err
		case name != "":
			opened++
		}
	}
	return opened, nil
}
