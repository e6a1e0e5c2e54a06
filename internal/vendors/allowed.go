package vendors

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/law"
)

// Why a party gets nothing of a clinic. Their words are at vendor.refused.<why>.
const (
	Nobody    = "nobody"    // the clinic wants nobody outside
	OutOfArea = "elsewhere" // it keeps what it gets outside of the clinic's region, or nobody says where
	NoBAA     = "no-baa"    // under HIPAA, and no Business Associate Agreement is on file
)

// party is the one of the list with the id; false for what is not on it, which leads nowhere outside.
func (s *Service) party(id string) (egress.Processor, bool) {
	p, ok := s.parties[id]
	return p, ok
}

// Refused says why the party may get nothing of the clinic; empty when it may. place is where the clinic's own account there keeps what it gets, when
// the clinic chose it (a region of a cloud); empty: where the list says. It is asked before anything is dialled, with what was on file at the last
// Fresh; whether a contract is over is asked by the gate itself at every connection.
func (s *Service) Refused(c clinics.Clinic, party, place string) string {
	p, listed := s.party(party)
	if !listed {
		return ""
	}
	own := place == "" && p.Local // in the operator's own network, where the data lie anyhow
	if place == "" {
		place = p.Place
	}
	switch {
	case c.Outside == clinics.OutsideNobody:
		return Nobody
	case c.Outside == clinics.OutsideRegion && !p.Chosen && !(own && place == "") && !law.Within(place, c.Region):
		return OutOfArea
	case p.Bound() && p.Patients && law.HIPAA(c.Jurisdiction) && !s.record(party).BAA:
		return NoBAA
	}
	return ""
}

// Target is where the second copy of the backups goes, which holds the data of every clinic.
type Target struct {
	Party string // id on the list; empty for a folder of the operator's own
	Name  string // for the operator
	Place string // code; empty: not stated
	There bool   // false: there is no second copy
}

// forbids says why the clinic's choice does not go with where the backups are kept; empty when it does. A folder in a place that nobody stated is taken
// for the operator's own network.
func (s *Service) forbids(c clinics.Clinic, to string) string {
	b := s.o.Backup
	switch {
	case !b.There || to == clinics.OutsideAnyone:
		return ""
	case to == clinics.OutsideNobody && b.Party != "":
		return Nobody
	case b.Place == "" && b.Party == "" || law.Within(b.Place, c.Region):
		return ""
	}
	return OutOfArea
}

// Default is which outside parties a new clinic allows: only those of its own region, wherever all that this deployment uses or offers lies there;
// else whoever is listed, because what is offered has to work out of the box. Its owner can choose stricter in any case.
func (s *Service) Default(p clinics.Profile) string {
	c := clinics.Clinic{Region: p.Region, Jurisdiction: p.Jurisdiction, Outside: clinics.OutsideRegion}
	if s.forbids(c, clinics.OutsideRegion) != "" {
		return clinics.OutsideAnyone
	}
	for _, x := range s.parties {
		if x.Patients && s.Refused(c, x.ID, "") == OutOfArea {
			return clinics.OutsideAnyone
		}
	}
	return clinics.OutsideRegion
}

// shut says why nothing goes to a party now; empty when it is open.
func (s *Service) shut(p egress.Processor, today clock.Date) string {
	if !p.Bound() || p.Vital {
		return ""
	}
	v, known := s.known(p.ID)
	if !known {
		return Unread
	}
	return v.Closed(today)
}
