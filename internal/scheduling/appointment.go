package scheduling

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/patients"
)

// Status is where an appointment stands. The three states that the policies speak of (booked,
// rescheduled, cancelled) are all here: rescheduled is a booked appointment whose occurrence
// has grown, and its history is in the booking log.
type Status string

// The states.
const (
	Booked     Status = "booked"
	Confirmed  Status = "confirmed"
	Arrived    Status = "arrived"
	InProgress Status = "in-progress"
	Completed  Status = "completed"
	NoShow     Status = "no-show"
	Cancelled  Status = "cancelled"
)

// next says which state may follow which by hand; the way back is there too, because the
// desk presses the wrong button.
var next = map[Status][]Status{
	Booked:     {Confirmed, Arrived, InProgress, NoShow},
	Confirmed:  {Booked, Arrived, InProgress, NoShow},
	Arrived:    {Booked, InProgress, Completed, NoShow},
	InProgress: {Arrived, Completed},
	Completed:  {InProgress, Arrived},
	NoShow:     {Booked, Arrived},
}

// Ahead says whether the patient is still expected.
func (s Status) Ahead() bool { return s == Booked || s == Confirmed }

// Came says whether the patient was seen at the clinic.
func (s Status) Came() bool { return s == Arrived || s == InProgress || s == Completed }

// Appointment is one patient's time with one provider.
type Appointment struct {
	ID, Patient, Provider, Service id.ID
	StartsAt, EndsAt               clock.Instant
	Day                            clock.Date // local day in the clinic's zone
	Status                         Status
	Lane                           int   // above 0 where it was booked over another
	Occurrence                     int64 // grows with each reschedule: each occurrence is reminded of once
	Sequence                       int64 // of the calendar entry: grows with each reschedule and with a cancellation
	Door                           string
	Note                           string
	OverbookReason                 string
	Language                       string
	StatusAt, CreatedAt            clock.Instant
	Version                        int64
	claims                         Span
	insisted                       bool // staff booked it over another or outside the hours, for a reason
}

// Length is how long the visit is.
func (a Appointment) Length() time.Duration { return a.EndsAt.Sub(a.StartsAt) }

// Booking is what somebody asks for.
type Booking struct {
	Service  id.ID
	Provider id.ID // zero means any
	StartsAt clock.Instant

	PatientID id.ID          // a patient who is known, or
	Patient   patients.Draft // one who may be new

	Consents []consent.Choice
	Note     string
	Language string
	Key      string // idempotency key: the same key with the same request is answered the same; empty at the desk means none
	Program  bool   // asked through the public JSON interface by another program
	Overbook string // the reason for booking over another appointment or outside the hours; staff only
}

// Receipt is what a booking brings back.
type Receipt struct {
	Appointment Appointment
	Token       string // opens the patient's own page; empty at the desk, where messages carry it
	Repeated    bool   // the same key had booked it before
}

// LogEntry is one line of an appointment's history.
type LogEntry struct {
	At       clock.Instant
	Action   string
	Role     string
	Actor    id.ID
	StartsAt clock.Instant
	Provider id.ID
	Status   Status
}

// MaxMinutes bounds how far before a day its last appointment can have begun.
const MaxMinutes = 720
