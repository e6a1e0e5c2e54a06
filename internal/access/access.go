// Package access answers one question: who may do this? A Caller says who is at the door, in
// which clinic and for what purpose; the table in table.go says which role holds which right.
// Nothing else in the house decides about permission (promises M4, A7, A23).
package access

import (
	"almirah/internal/id"
)

// Role is what a caller is to the clinic. A person has one role in each clinic.
type Role string

// The roles. The last seven are not held by clinic staff.
const (
	Owner        Role = "owner"
	Manager      Role = "manager"
	Practitioner Role = "practitioner"
	Assistant    Role = "assistant"
	FrontDesk    Role = "front-desk"
	Billing      Role = "billing"

	Patient  Role = "patient"  // holds a link to the patient's own page, which was sent to an address on file
	Booker   Role = "booker"   // holds the link that the booking page or interface handed out; who that is nobody made sure
	Public   Role = "public"   // anyone at a clinic's public page
	System   Role = "system"   // our own jobs, for one clinic at a time
	Operator Role = "operator" // runs the deployment; stands outside every clinic
	Support  Role = "support"  // helps a clinic by a grant of that clinic; holds nothing without one
	Program  Role = "program"  // a program of the clinic's own, with a token; holds what the token lends and nothing else
)

// StaffRoles are the roles that a clinic can give, in the order in which pages list them.
var StaffRoles = []Role{Owner, Manager, Practitioner, Assistant, FrontDesk, Billing}

// AllRoles are all roles in the order of the generated table.
var AllRoles = append(append([]Role{}, StaffRoles...), Patient, Booker, Public, System, Operator, Support, Program)

// IsStaff says whether the role is one that a clinic gives to its people.
func (r Role) IsStaff() bool {
	for _, s := range StaffRoles {
		if s == r {
			return true
		}
	}
	return false
}

// Caller is who stands at the door. Its fields are closed: only the rooms that may mint one
// (accounts and jobs; archtest keeps it so) can say which clinic it speaks for. The zero
// Caller holds no right.
type Caller struct {
	clinic  id.ID
	actor   id.ID
	patient id.ID
	only    id.ID // the one appointment of a booker
	session id.ID
	role    Role
	purpose Purpose
	grant   Grant // of somebody of support in a clinic; zero for everyone else
	maker   Role  // of a program: what the maker of its token is to the clinic
	scopes  ProgramScope
}

// Purpose says what the caller looks for, in the words of the purpose registry. There is no
// purpose for advertising, so nothing can be done for it (promise D10).
type Purpose string

// The purposes of the registry (promise I3).
const (
	Care     Purpose = "care"     // looking after the patient: booking, visiting, reminding
	Running  Purpose = "running"  // running the clinic: its settings, its people, its day
	Own      Purpose = "own"      // the patient about herself
	Security Purpose = "security" // keeping the system safe and proving it

	Helping   Purpose = "helping"   // support looks at what the clinic granted
	Emergency Purpose = "emergency" // support looks without having been let in; every owner is told at once
)

// Mint makes a caller. Only accounts and jobs may call it.
//
// clinic is zero for people who stand outside clinics (operator); actor is the person or,
// for jobs, the zero ID; patient is set for patient links only; session tells one sign-in from another.
func Mint(clinic, actor, patient, session id.ID, role Role, purpose Purpose) Caller {
	return Caller{clinic: clinic, actor: actor, patient: patient, session: session, role: role, purpose: purpose}
}

// Clinic is the clinic that the caller speaks for; zero for none.
func (c Caller) Clinic() id.ID { return c.clinic }

// Actor is the person behind the caller; zero for the public and for jobs.
func (c Caller) Actor() id.ID { return c.actor }

// Patient is the patient of a link to her page or to her appointment; zero for everyone else.
func (c Caller) Patient() id.ID { return c.patient }

// Only is the caller for one appointment and for nothing else.
func (c Caller) Only(appointment id.ID) Caller {
	c.only = appointment
	return c
}

// About is the one appointment of a booker; zero for everyone else.
func (c Caller) About() id.ID { return c.only }

// Session tells one sign-in from another, for the rule that a list seen again within a
// quarter of an hour is not written down again.
func (c Caller) Session() id.ID { return c.session }

// Role is what the caller is to the clinic.
func (c Caller) Role() Role { return c.role }

// Purpose is what the caller looks for.
func (c Caller) Purpose() Purpose { return c.purpose }

// May says whether the table gives the caller's role the right; for somebody of support inside a clinic, whether her grant
// lends it; for a program, whether its token does and its maker may.
func (c Caller) May(r Right) bool {
	if c.Helps() {
		return c.grant.lends(r)
	}
	if c.role == Program {
		return c.scopes.lends(r) && Holds(c.maker, r)
	}
	return Holds(c.role, r)
}

// Holds says whether the table gives the role the right. An unknown right is held by nobody.
func Holds(role Role, right Right) bool {
	row, ok := rows[right]
	if !ok || role == "" {
		return false
	}
	for _, x := range row.Roles {
		if x == role {
			return true
		}
	}
	return false
}
