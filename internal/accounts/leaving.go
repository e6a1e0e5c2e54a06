package accounts

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlClinicPeople      = `SELECT person_id FROM membership WHERE clinic_id = $1`
	sqlClinicSessions    = `DELETE FROM session WHERE clinic_id = $1`
	sqlClinicInvitations = `DELETE FROM invitation WHERE clinic_id = $1`
	sqlClinicRule        = `DELETE FROM sign_in_rule WHERE clinic_id = $1`
	sqlClinicTransfers   = `DELETE FROM ownership_transfer WHERE clinic_id = $1`
	sqlClinicMembers     = `DELETE FROM membership WHERE clinic_id = $1`
	sqlElsewhere         = `SELECT (SELECT COUNT(*) FROM membership WHERE person_id = $1 AND ended_at = 0) + (SELECT COUNT(*) FROM helper WHERE person_id = $1 AND ended_at = 0)`

	sqlGoSessions   = `DELETE FROM session WHERE person_id = $1`
	sqlGoChallenges = `DELETE FROM challenge WHERE person_id = $1`
	sqlGoDevices    = `DELETE FROM known_device WHERE person_id = $1`
	sqlGoCodes      = `DELETE FROM recovery_code WHERE person_id = $1`
	sqlGoFactors    = `DELETE FROM authenticator WHERE person_id = $1`
	sqlGoEvents     = `DELETE FROM sign_in_event WHERE person_id = $1`
	sqlGoChoices    = `DELETE FROM mail_choice WHERE person_id = $1`
	sqlGoMembers    = `DELETE FROM membership WHERE person_id = $1`
	sqlGoHelper     = `DELETE FROM helper WHERE person_id = $1`
	sqlGoPerson     = `DELETE FROM person WHERE id = $1`
)

// ForgetClinic ends every membership, sign-in, invitation and rule of a clinic that goes, and answers whose account has nothing else to be for: they are
// nobody's helper, and belong to no other clinic.
func ForgetClinic(p *store.Platform, clinic id.ID) (alone []id.ID, err error) {
	people, err := persons(p, clinic)
	if err != nil {
		return nil, err
	}
	for _, text := range []string{sqlClinicSessions, sqlClinicInvitations, sqlClinicRule, sqlClinicTransfers, sqlClinicMembers} {
		if _, err := p.Exec(text, clinic); err != nil {
			return nil, err
		}
	}
	for _, one := range people {
		var n int64
		if err := p.Row(sqlElsewhere, one).Scan(&n); err != nil {
			return nil, err
		}
		if n == 0 {
			alone = append(alone, one)
		}
	}
	return alone, nil
}

func persons(p *store.Platform, clinic id.ID) ([]id.ID, error) {
	rows, err := p.Query(sqlClinicPeople, clinic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// ForgetPerson deletes an account with everything that hangs on it. Her key is destroyed by the caller.
func ForgetPerson(p *store.Platform, person id.ID) error {
	for _, text := range []string{sqlGoSessions, sqlGoChallenges, sqlGoDevices, sqlGoCodes, sqlGoFactors, sqlGoEvents, sqlGoChoices, sqlUnprovenLinks, sqlUnprovenMails, sqlUnprovenAcceptance, sqlToldForget, sqlGoMembers, sqlGoHelper, sqlGoPerson} {
		if _, err := p.Exec(text, person); err != nil {
			return err
		}
	}
	return nil
}
