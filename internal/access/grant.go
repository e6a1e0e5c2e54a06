package access

import (
	"slices"

	"almirah/internal/id"
)

// Whoever helps a clinic (a person of the platform, in no clinic) holds no right there by her role. What she may see, a grant of that
// clinic says: a few scopes, named plainly, for a few hours (promise support-by-grant). The doorway reads the grant again in every passage.

// Scope is what a grant opens; a grant may have several, as bits.
type Scope int64

// The scopes. Each opens looking, never doing.
const (
	SeeSettings Scope = 1 << iota // how the clinic set itself up: hours, services, what can be booked
	SeeCalendar                   // the calendar without anybody's name
	SeePatient                    // one patient's record: identity, contact, consents
)

// Scopes are all of them in the order in which pages list them.
var Scopes = []Scope{SeeSettings, SeeCalendar, SeePatient}

// Word names one scope in addresses and the catalogue: "settings", "calendar", "patient".
func (s Scope) Word() string {
	switch s {
	case SeeSettings:
		return "settings"
	case SeeCalendar:
		return "calendar"
	case SeePatient:
		return "patient"
	}
	return ""
}

// Has says whether the scopes hold all of the other.
func (s Scope) Has(other Scope) bool { return s&other == other && other != 0 }

// lent are the rights that each scope lends, for looking alone: the doorway refuses a Change whatever the grant says.
var lent = map[Scope][]Right{
	SeeSettings: {ClinicRead, ClinicSettings, ScheduleSettings},
	SeeCalendar: {ScheduleRead},
	SeePatient:  {PatientRead},
}

// Grant is what a clinic lets somebody of support see. The zero Grant lets her ask, and see how her asking stands.
type Grant struct {
	ID      id.ID
	Scopes  Scope
	Patient id.ID // whose record, with SeePatient; zero otherwise
}

func (g Grant) lends(r Right) bool {
	if r == SupportAsk {
		return true
	}
	if g.ID.IsZero() {
		return false
	}
	if r == PublicRead { // what the clinic shows to everybody
		return true
	}
	for _, s := range Scopes {
		if g.Scopes.Has(s) && slices.Contains(lent[s], r) {
			return true
		}
	}
	return false
}

// MintHelper makes the caller of somebody of support in a clinic, under a grant. Only accounts may call it. A helper's purpose is
// Helping, or Emergency where nobody of the clinic was asked first: it stands in every entry that she leaves in the clinic's log.
func MintHelper(clinic, actor, session id.ID, g Grant, purpose Purpose) Caller {
	return Caller{clinic: clinic, actor: actor, session: session, role: Support, purpose: purpose, grant: g}
}

// Helps says whether the caller is somebody of support inside a clinic.
func (c Caller) Helps() bool { return c.role == Support && !c.clinic.IsZero() }

// Grant is what lets a helper in; zero for everyone else.
func (c Caller) Grant() Grant { return c.grant }
