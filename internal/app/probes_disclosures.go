package app

import (
	"context"

	"almirah/internal/clock"
)

// Live checks of what is promised about data that authorities demand.

const (
	sqlProbeOnePerson   = `SELECT COUNT(*) FROM disclosure WHERE clinic_id = $1 AND (decided_by = asked_by OR state IN ('approved', 'given') AND decided_by IS NULL)`
	sqlProbeBulk        = `SELECT COUNT(*) FROM audit_leaf l WHERE l.clinic_id = $1 AND l.kind = 'disclosure' AND l.action = 'export' AND NOT EXISTS (SELECT 1 FROM disclosure d WHERE d.clinic_id = $1 AND d.id = l.subject_id) AND l.at > $2`
	sqlProbeGivenUntold = `SELECT COUNT(*) FROM disclosure d JOIN patient p ON p.clinic_id = d.clinic_id AND p.id = d.patient_id WHERE d.clinic_id = $1 AND d.state = 'given' AND d.told_at = 0 AND p.email IS NOT NULL AND d.given_at < $2 AND (d.gag = '' OR d.gag < $3)`
)

func (p probe) twoPeople(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeOnePerson, "demands were decided by whoever wrote them down, or by nobody")
}

func (p probe) leastGiven(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeBulk, "files of no demand were taken", clock.At(p.Clock.Now().AddDate(-1, 0, 0)))
}

// toldOfGiving looks for whoever could have been told for a day and was not.
func (p probe) toldOfGiving(ctx context.Context) (string, error) {
	now := p.Clock.Now()
	return p.none(ctx, sqlProbeGivenUntold, "patients were not told what was given about them", clock.At(now.AddDate(0, 0, -1)), clock.DateOf(now.AddDate(0, 0, -2)))
}
