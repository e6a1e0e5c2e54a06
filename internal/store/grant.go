package store

import (
	"errors"
	"fmt"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Somebody of support passes the doorway of a clinic under a grant of that clinic alone. The doorway reads the grant in the same
// transaction as what it guards, so that a grant that has run out, or was ended a moment ago at another process, opens nothing; it refuses
// every Change; and its ring opens nobody's fields but those of the patient whom the grant names (promise support-by-grant, decision 45).

const sqlGrantRuns = `SELECT scopes, patient_id, ends_at FROM support_grant WHERE clinic_id = $1 AND id = $2 AND helper_id = $3 AND state = 'running' AND ends_at > $4`

// grantOver is the answer to whoever comes under a grant that does not run.
func grantOver() error { return fault.New(fault.Forbidden, "fault.grant_over") }

// helps refuses a passage of somebody of support that no running grant of the clinic opens. Asking needs no grant.
func (v *View) helps() error {
	if !v.who.Helps() || v.right == access.SupportAsk {
		return nil
	}
	g := v.who.Grant()
	var scopes access.Scope
	var patient id.ID
	var ends clock.Instant
	err := v.Row(sqlGrantRuns, g.ID, v.who.Actor(), v.now).Scan(&scopes, &patient, &ends)
	if errors.Is(err, ErrNoRows) {
		return grantOver()
	}
	if err == nil && (scopes != g.Scopes || patient != g.Patient) {
		err = fmt.Errorf("store: the caller's grant is not the clinic's: %w", grantOver())
	}
	return err
}

// onlyLooks refuses every Change of somebody of support but her asking.
func onlyLooks(who access.Caller, right access.Right) error {
	if who.Helps() && right != access.SupportAsk {
		return fault.New(fault.Forbidden, "fault.grant_looks")
	}
	return nil
}
