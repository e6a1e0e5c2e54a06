package journeys

import (
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/programs"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// tellPatient tells the patient what is new to her about the appointment: the difference between
// what she was last told and how it is now. Booked and cancelled within the pause, or moved and
// moved back, is no difference, so nothing goes out.
func tellPatient(tx *store.Tx, e Event) error {
	f, err := scheduling.FactsOf(&tx.View, e.Subject)
	if fault.Is(err, fault.NotFound) {
		return messaging.CancelPlanned(tx, e.Subject, messaging.ReasonGone)
	}
	if err != nil {
		return err
	}
	if err := messaging.CancelStale(tx, f.Appointment); err != nil {
		return err
	}
	told, err := messaging.LastTold(&tx.View, e.Subject)
	if err != nil {
		return err
	}
	kind := news(told, f.Appointment, e.Kind == scheduling.EventMoved)
	until := f.StartsAt
	if kind == messaging.Cancelled { // the pause reaches over the start of what is cancelled in the last minutes, and she may be there
		until = f.EndsAt
	}
	if kind == "" || until <= tx.Now() {
		return nil
	}
	rules, err := followup.Rules(&tx.View)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.Kind != kind || !r.Active {
			continue
		}
		channel, err := messaging.Best(&tx.View, f.Patient, r.Channel, kind)
		if err != nil {
			return err
		}
		_, err = messaging.Send(tx, messaging.Letter{Patient: f.Patient, Appointment: f.ID, Occurrence: f.Occurrence, Rule: r.ID, Kind: kind,
			Channel: channel, StartsAt: f.StartsAt, Provider: f.Provider})
		if err != nil {
			return err
		}
	}
	return nil
}

// news is the kind of message that tells the difference between what the patient was told and
// how it is; empty when there is none. Where nothing reached her she may know all the same: from
// the desk, when a confirmation was to go out and was dropped, or from the clinic before this
// house, when a list brought the appointment in with reminders. Then a cancellation and a move
// are news to her. moved says that the event is a move.
func news(told messaging.Told, now scheduling.Appointment, moved bool) messaging.Kind {
	differs := func(t messaging.Told) bool { return t.StartsAt != now.StartsAt || t.Provider != now.Provider }
	knows := told.Kind == messaging.Booked || told.Kind == messaging.Moved || told.Kind == messaging.Reminder
	listed := told.Kind == "" && told.Dropped == nil && now.Door == scheduling.DoorListTold
	switch {
	case now.Status == scheduling.Cancelled:
		if knows || listed || told.Dropped != nil {
			return messaging.Cancelled
		}
		return ""
	case !now.Status.Ahead():
		return ""
	case knows && differs(told), listed && moved, told.Kind == "" && told.Dropped != nil && differs(*told.Dropped):
		return messaging.Moved
	case !knows && !listed:
		return messaging.Booked
	}
	return ""
}

// sendReceipt tells the patient that her payment arrived, and where her receipt is: on her own page, by a link. Nothing of what was done is said. A
// payment of nobody's, or of somebody who has no appointment whose link could open her page, tells nobody.
func sendReceipt(tx *store.Tx, e Event) error {
	r, err := billing.ReceiptOf(&tx.View, e.Subject)
	if fault.Is(err, fault.NotFound) || err == nil && r.Appointment.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := scheduling.FactsOf(&tx.View, r.Appointment)
	if fault.Is(err, fault.NotFound) || err == nil && f.Patient != r.Patient {
		return nil
	}
	if err != nil {
		return err
	}
	channel, err := messaging.Best(&tx.View, r.Patient, messaging.Email, messaging.Receipted)
	if err != nil {
		return err
	}
	_, err = messaging.Send(tx, messaging.Letter{Patient: r.Patient, Appointment: f.ID, Occurrence: f.Occurrence, Rule: e.Subject, Kind: messaging.Receipted,
		Channel: channel, StartsAt: f.StartsAt, Provider: f.Provider})
	return err
}

func tellPaper(tx *store.Tx, e Event) error {
	_, err := messaging.TellPaper(tx, e.Subject)
	return err
}

func planReminders(tx *store.Tx, e Event) error { return followup.Plan(tx, e.Subject) }

func keepAsAgreed(tx *store.Tx, e Event) error { return messaging.KeepAsAgreed(tx, e.Subject) }

func takeBack(tx *store.Tx, e Event) error { return messaging.CancelUnconsented(tx, e.Subject) }

func takeIn(tx *store.Tx, e Event) error { return messaging.Digest(tx, e.Subject, e.Number) }

// aboutEvent says what an event is about, and whom. fault.NotFound: it has gone meanwhile.
type aboutEvent func(v *store.View, e Event) (subject, patient id.ID, err error)

// tellPrograms has the addresses of the clinic's own programs told: ids, a kind and a moment.
func tellPrograms(tx *store.Tx, e Event, kind programs.Event, about aboutEvent) error {
	return programs.Tell(tx, programs.News{Event: e.ID, Kind: kind, At: clock.At(e.ID.Time()), About: func() (id.ID, id.ID, error) { return about(&tx.View, e) }})
}

func ofAppointment(v *store.View, e Event) (subject, patient id.ID, err error) {
	f, err := scheduling.FactsOf(v, e.Subject)
	return e.Subject, f.Patient, err
}

func ofPatient(v *store.View, e Event) (subject, patient id.ID, err error) {
	p, err := patients.Find(v, e.Subject)
	return p.ID, p.ID, err
}

func ofPayment(v *store.View, e Event) (subject, patient id.ID, err error) {
	r, err := billing.ReceiptOf(v, e.Subject)
	if err == nil && r.Invoice.IsZero() {
		err = fault.Missing()
	}
	return r.Invoice, r.Patient, err
}
