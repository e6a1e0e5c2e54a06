package accounts

import (
	"almirah/internal/access"
	"almirah/internal/id"
)

// Public is anyone at the public page of a clinic, or, with id.Zero, at the house's own pages.
func Public(clinic id.ID) access.Caller {
	return access.Mint(clinic, id.Zero, id.Zero, id.Zero, access.Public, access.Care)
}

// ForPatient is a patient who came by her own link, which was sent to an address on file. The link stands for the sign-in.
func ForPatient(clinic, patient, link id.ID) access.Caller {
	return access.Mint(clinic, patient, patient, link, access.Patient, access.Own)
}

// ForBooker is whoever holds the link that the booking page handed out, for its one appointment: that she is the patient in whose name it was
// booked nobody made sure (promise own-link).
func ForBooker(clinic, patient, appointment, link id.ID) access.Caller {
	return access.Mint(clinic, id.Zero, patient, link, access.Booker, access.Care).Only(appointment)
}

// Operator is whoever runs the deployment, at its console. The operator belongs to no clinic.
func Operator() access.Caller {
	return access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.Operator, access.Security)
}

// atTheDoor is somebody who is about to prove who she is, or has proved it but speaks for no clinic.
func atTheDoor(person, session id.ID) access.Caller {
	return access.Mint(id.Zero, person, id.Zero, session, access.Public, access.Security)
}

// founder is a person who opens a clinic of her own.
func founder(person, session id.ID) access.Caller {
	return access.Mint(id.Zero, person, id.Zero, session, access.Public, access.Running)
}

// staff is a person in one of her clinics.
func staff(clinic, person, session id.ID, role access.Role) access.Caller {
	purpose := access.Running
	switch role {
	case access.Practitioner, access.Assistant, access.FrontDesk:
		purpose = access.Care
	}
	return access.Mint(clinic, person, id.Zero, session, role, purpose)
}

// MayGrant says whether somebody of the role may give the other role, or change somebody who holds it: an owner all of them, a
// manager all but the owner's.
func MayGrant(by, role access.Role) bool {
	if !role.IsStaff() || !access.Holds(by, access.ClinicStaff) {
		return false
	}
	return by == access.Owner || role != access.Owner
}
