package web

import (
	"time"

	"almirah/internal/clock"
)

// PatientsPage is /app/patients, the page "patients".
type PatientsPage struct {
	Shell
	Query  string
	Hits   []PatientHit // found, or the last seen when nothing was searched
	CanAdd bool
	Total  int // patients of the clinic; -1 unknown
}

// NewPatientForm is a new patient as typed.
type NewPatientForm struct {
	Name, Phone, Email string
	Birth              BirthTyped
	Sex                string
	Language           string
	GuardianName       string
	GuardianPhone      string
	GuardianEmail      string
	GuardianKin        string
	Address            string
	Consents           map[string]bool
	Key                string
}

// PatientNewPage is /app/patients/new, the page "patient-new". With Likely filled the form
// comes back with the question whether it is one of them.
type PatientNewPage struct {
	Shell
	Form     NewPatientForm
	Likely   []PatientHit
	Consents []ConsentChoice
	AdultAge int
}

// PatientPage is /app/patients/{id}, the page "patient".
type PatientPage struct {
	Shell
	Terms         *TermsQuestion // what she is asked about changed terms; nil: nothing
	CanAudit      bool           // may see who looked
	Statements    []StatementRow // what she says of data that she contests
	CanHold       bool           // may ask for a hold of the law
	Hold          *HoldRow
	KeptUntil     clock.Date // until when the law wants the record kept at least; empty: it wants nothing, or there is none
	KeptBy        string     // where that stands
	ID            string
	Version       int64
	Patient       string
	Age           string
	Born          clock.Date
	Sex           string // "", "female", "male", "other"
	Phone, Email  string
	Address       string
	Language      string // code
	Since         clock.Date
	Minor         bool
	Grown         bool // has come of age, and nobody can write to her: her guardian's address is used no more
	Guardians     []GuardianCard
	Coming, Past  []BookingCard
	Consents      []OwnConsent
	Said          []TalkDay // her conversation, the last days of it
	SaidMore      bool      // there is more of it in the inbox
	ThreadID      string    // empty while nobody has written
	Unread        int
	Wish          WishForm
	Messages      []MessageLine // what went out and stands in no conversation
	Notes         []NoteCard
	NotesOn       bool // the clinic turned notes on, and this person may read them
	NoteTyped     string
	Editing       string // "identity", "guardian", "": the part that is being edited
	Form          NewPatientForm
	Likely        []PatientHit
	CanWrite      bool
	CanDelete     bool
	CanCopy       bool
	CanDisclose   bool // she may write down that an authority asks for the data
	CanBook       bool
	Broken        bool // the record could not be opened
	Today         clock.Date
	Bills         BillsOfPatient
	Care          Care
	RxOn          bool // the clinic has prescriptions, and this person may read them
	CanPrescribe  bool
	Prescriptions []RxOfPatient
}

// GuardianCard is a person who answers for a patient.
type GuardianCard struct {
	ID, Name, Phone, Email, Kin string
	Silent                      bool // spoke for the child, and not for the adult
}

// NoteCard is one plain note.
type NoteCard struct {
	ID, Text, By string
	At           time.Time
	Broken       bool
}

// PatientDeletePage is /app/patients/{id}/delete, the page "patient-delete": the plan of an erasure.
type PatientDeletePage struct {
	Shell
	PlanShown
	ID      string
	Patient string
	Born    clock.Date
	Coming  int
	Version int64
}

// DashboardPage is /app, the page "dashboard".
type DashboardPage struct {
	Shell
	Today    clock.Date
	Now      time.Time
	Counts   []StateCount
	Total    int
	Waiting  []WaitingItem
	Next     []NextCard
	Share    string // the address of the public page
	Starting []Step // first steps of a new clinic, done or not; empty when all are done
	CanBook  bool
}

// WaitingItem is something that waits for a person.
type WaitingItem struct {
	Words string // in the language of the page
	URL   string
	Grave bool
}

// NextCard is one of the next appointments.
type NextCard struct {
	ID, Patient, Service, Provider, State string
	At                                    time.Time
}

// Step is one first step of a new clinic.
type Step struct {
	Key, URL string
	Done     bool
}
