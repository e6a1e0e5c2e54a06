package scheduling

import (
	"errors"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Answer does what a patient answered to a message about her appointment: she comes (Confirmed) or does not (Cancelled).
// occurrence is the one that the message told of. done is false, and nothing is written, when the appointment is no longer
// that one or no longer lies ahead: somebody may have been moving it at the very moment. Who may answer, the caller has looked
// at. What is confirmed already stays as it is.
func Answer(tx *store.Tx, appointment id.ID, occurrence int64, to Status) (done bool, err error) {
	a, err := get(&tx.View, appointment)
	if err != nil {
		return false, err
	}
	if to == Cancelled {
		locked := a.Provider
		if err := lockWhoever(tx, locked); err != nil {
			return false, err
		}
		// Again, now that nobody else can move it: on PostgreSQL a move may have been committed while this waited for the lock,
		// and what she does not come to is the time that she was told of, not the one that she has not heard of yet.
		if a, err = get(&tx.View, appointment); err != nil {
			return false, err
		}
		if a.Occurrence != occurrence || a.Provider != locked || !a.Status.Ahead() {
			return false, nil
		}
		_, err = cancel(tx, a, "")
		return err == nil, err
	}
	if a.Occurrence != occurrence || !a.Status.Ahead() {
		return false, nil
	}
	if a.Status != Booked || to != Confirmed {
		return true, nil
	}
	a.Status = Confirmed
	if err := setStatus(tx, &a, 0, 0); err != nil {
		return false, err
	}
	if err := log(tx, string(Confirmed), a); err != nil {
		return false, err
	}
	tx.Record(audit.Note{Action: "status", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: Booked, New: Confirmed})
	return true, announce(tx, EventStatus, a)
}

const sqlLastOf = `SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id = $2 ORDER BY starts_at DESC, id DESC LIMIT 1`

// LastOf is the appointment of the patient that begins last, to which a link to her own page can lead; zero when she never had one.
func LastOf(v *store.View, patient id.ID) (id.ID, error) {
	var one id.ID
	err := v.Row(sqlLastOf, patient).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return id.Zero, nil
	}
	return one, err
}

// ProviderOf reads one practitioner, for a room to the right that says who signed. fault.NotFound when she is not there.
func ProviderOf(v *store.View, one id.ID) (Provider, error) { return provider(v, one) }

// ServiceThere is nil when the clinic has the service, retired or not; fault.NotFound otherwise.
func ServiceThere(v *store.View, one id.ID) error {
	_, err := service(v, one)
	return err
}

// WorkedOn is from when to when anybody works on such a day of an ordinary week; open is false when nobody does.
func WorkedOn(v *store.View, day time.Weekday) (from, to clock.Minute, open bool, err error) {
	all, err := providers(v, false)
	for _, p := range all {
		for _, x := range p.Weekly[day] {
			if !open || x.From < from {
				from = x.From
			}
			to, open = max(to, x.To), true
		}
	}
	return from, to, open, err
}
