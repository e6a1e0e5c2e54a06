package scheduling

import (
	"errors"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Answer does what a patient answered to a message about her appointment: she comes (Confirmed) or does not
// (Cancelled). Who may answer, and whether the appointment is still the one that the message told of, the caller has
// looked at. What is so already stays as it is.
func Answer(tx *store.Tx, appointment id.ID, to Status) error {
	a, err := get(&tx.View, appointment)
	if err != nil {
		return err
	}
	if to == Cancelled {
		if err := lockWhoever(tx, a.Provider); err != nil {
			return err
		}
		if a, err = get(&tx.View, appointment); err != nil {
			return err
		}
		if !a.Status.Ahead() {
			return nil
		}
		_, err = cancel(tx, a, "")
		return err
	}
	if a.Status != Booked || to != Confirmed {
		return nil
	}
	a.Status = Confirmed
	if err := setStatus(tx, &a, 0, 0); err != nil {
		return err
	}
	if err := log(tx, string(Confirmed), a); err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "status", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: Booked, New: Confirmed})
	return announce(tx, EventStatus, a)
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
