package clinics

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlAgeTourGet = `SELECT ages_behind, ages_at, ages_for FROM clinic WHERE clinic_id = $1`
	sqlAgeTourSet = `UPDATE clinic SET ages_behind = $2, ages_at = $3, ages_for = $4 WHERE clinic_id = $1`
)

// AgeTour is how far the tour through the ages of all patients has come.
type AgeTour struct {
	Behind id.ID         // it goes on behind this patient; zero: it is over
	Began  clock.Instant // the newest one
	For    int           // the age of consent that it looked by
}

// AgesSeen reads how far the tour has come.
func AgesSeen(v *store.View) (t AgeTour, err error) {
	var behind *id.ID
	if err = v.Row(sqlAgeTourGet).Scan(&behind, &t.Began, &t.For); err == nil && behind != nil {
		t.Behind = *behind
	}
	return t, err
}

// SeeAges writes it. The caller records why.
func SeeAges(tx *store.Tx, t AgeTour) error {
	return tx.Must(sqlAgeTourSet, id.Null(t.Behind), t.Began, int64(t.For))
}
