package access

import (
	"slices"

	"almirah/internal/id"
)

// A clinic's own programs come with a token that its owner made. A program holds no right by its role: what it may do is what the token's
// scopes lend, and never more than whoever made the token may do herself at that moment (promise token-scopes).

// ProgramScope is what a token opens to a program; a token may have several, as bits.
type ProgramScope int64

// The scopes. Each lends rights that are in the table; none of them lends an export, a key, a role or a setting.
const (
	ProgramCalendar     ProgramScope = 1 << iota // services, practitioners, free times, appointments
	ProgramAppointments                          // book, move and cancel
	ProgramPatients                              // find and open patients
	ProgramContacts                              // add patients and change how they are reached
	ProgramInvoices                              // see invoices
	ProgramNews                                  // see which addresses are told what
)

// ProgramScopes are all of them in the order in which pages list them.
var ProgramScopes = []ProgramScope{ProgramCalendar, ProgramAppointments, ProgramPatients, ProgramContacts, ProgramInvoices, ProgramNews}

var programWords = map[ProgramScope]string{ProgramCalendar: "calendar.read", ProgramAppointments: "appointments.write", ProgramPatients: "patients.read",
	ProgramContacts: "patients.write", ProgramInvoices: "invoices.read", ProgramNews: "webhooks.read"}

// Word names one scope in forms, answers and the catalogue: "calendar.read".
func (s ProgramScope) Word() string { return programWords[s] }

// Words are the words of all scopes in s.
func (s ProgramScope) Words() []string {
	out := []string{}
	for _, x := range ProgramScopes {
		if s.Has(x) {
			out = append(out, x.Word())
		}
	}
	return out
}

// ParseProgramScope finds a scope by its word; zero when there is none of that word.
func ParseProgramScope(word string) ProgramScope {
	for _, x := range ProgramScopes {
		if x.Word() == word {
			return x
		}
	}
	return 0
}

// Has says whether the scopes hold all of the other.
func (s ProgramScope) Has(other ProgramScope) bool { return s&other == other && other != 0 }

// programRights are the rights that each scope lends.
var programRights = map[ProgramScope][]Right{
	ProgramCalendar:     {PublicRead, ClinicRead, ScheduleRead},
	ProgramAppointments: {PublicRead, ClinicRead, ScheduleRead, ScheduleBook, ScheduleCancel},
	ProgramPatients:     {PatientSearch, PatientRead},
	ProgramContacts:     {PatientSearch, PatientRead, PatientWrite},
	ProgramInvoices:     {BillRead},
	ProgramNews:         {ProgramRead},
}

// Rights are what one scope lends.
func (s ProgramScope) Rights() []Right { return slices.Clone(programRights[s]) }

// Within says whether the role holds everything that the scopes lend: nobody makes a token that may do more than she may.
func (s ProgramScope) Within(role Role) bool {
	for _, x := range ProgramScopes {
		if s.Has(x) && slices.ContainsFunc(programRights[x], func(r Right) bool { return !Holds(role, r) }) {
			return false
		}
	}
	return true
}

func (s ProgramScope) lends(r Right) bool {
	for _, x := range ProgramScopes {
		if s.Has(x) && slices.Contains(programRights[x], r) {
			return true
		}
	}
	return false
}

// MintProgram makes the caller of a program that came with a token. maker is what the token's maker is to the clinic now. Only accounts may
// call it. The token itself is the actor: it stands so in every entry that the program leaves in the clinic's log.
func MintProgram(clinic, token id.ID, maker Role, scopes ProgramScope) Caller {
	return Caller{clinic: clinic, actor: token, session: token, role: Program, maker: maker, scopes: scopes, purpose: Running}
}

// ProgramScopes are what the token of a program opens; none for everyone who is no program.
func (c Caller) ProgramScopes() ProgramScope { return c.scopes }
