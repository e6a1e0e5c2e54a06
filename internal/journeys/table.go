package journeys

import (
	"almirah/internal/billing"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/prescriptions"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Event is something that happened: ids and a number, never a person's data.
type Event struct {
	ID      id.ID
	Kind    string
	Subject id.ID
	Number  int64
}

// Step is one thing that is done. It works inside the Change that takes the event away and is
// written so that doing it twice does nothing the second time.
type Step struct {
	Name string
	Do   func(tx *store.Tx, e Event) error
}

// Row is one line of the table.
type Row struct {
	When string
	Then []Step
}

// Table is WHAT HAPPENS AFTER X. The steps look at the appointment as it is now, not at what
// the event says: staff changes are acted on minutes later, and an undo may have come first.
func Table() []Row {
	tell := Step{"tell the patient what is new to her", tellPatient}
	hook := func(event programs.Event, about aboutEvent) Step {
		return Step{"tell the clinic's own programs", func(tx *store.Tx, e Event) error { return tellPrograms(tx, e, event, about) }}
	}
	plan := Step{"lay the reminder rules over the appointment", planReminders}
	return []Row{
		{scheduling.EventBooked, []Step{tell, plan, hook(programs.AppointmentBooked, ofAppointment)}},
		{scheduling.EventMoved, []Step{tell, plan, hook(programs.AppointmentMoved, ofAppointment)}},
		{scheduling.EventCancelled, []Step{tell, plan, hook(programs.AppointmentCancelled, ofAppointment)}},
		{scheduling.EventStatus, []Step{plan, hook(programs.AppointmentStatus, ofAppointment)}},
		{scheduling.EventListed, []Step{plan}},
		{patients.EventCreated, []Step{hook(programs.PatientCreated, ofPatient)}},
		{patients.EventChanged, []Step{hook(programs.PatientChanged, ofPatient)}},
		{prescriptions.EventShared, []Step{{"send the patient the link to her paper", tellPaper}}},
		{messaging.EventHeard, []Step{{"take in what a provider reported", takeIn}}},
		{billing.EventPaid, []Step{{"send the patient her receipt", sendReceipt}, hook(programs.InvoicePaid, ofPayment)}},
		{policies.EventAnswered, []Step{{"keep of her conversation what she agreed to", keepAsAgreed}}},
		{requests.EventAsked, []Step{{"send whoever is on file the link to her own page", func(tx *store.Tx, e Event) error { return requests.SendLink(tx, e.Subject) }}}},
		{consent.EventWithdrawn, []Step{{"take back what may no longer go out", takeBack}}},
	}
}
