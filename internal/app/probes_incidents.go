package app

import (
	"context"
	"fmt"

	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/store"
)

// Live checks of what is promised about incidents.

const (
	sqlProbeStray     = `SELECT COUNT(*) FROM incident_patient p WHERE p.clinic_id = $1 AND NOT EXISTS (SELECT 1 FROM patient x WHERE x.clinic_id = p.clinic_id AND x.id = p.patient_id)`
	sqlProbeUnwritten = `SELECT COUNT(*) FROM incident_patient p WHERE p.clinic_id = $1 AND p.told_by = 'message' AND p.told_at >= $2 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.clinic_id = $1 AND m.patient_id = p.patient_id AND m.kind = 'security.notice' AND m.rule_id = p.incident_id)`
	sqlProbeToldTwice = `SELECT COUNT(*) FROM (SELECT patient_id FROM message WHERE clinic_id = $1 AND kind = 'security.notice' GROUP BY patient_id, rule_id HAVING COUNT(*) > 1) t`
)

// incidentClocks looks for clocks of the law that have run out, and for suspicions that nobody looked at.
func (p probe) incidentClocks(ctx context.Context) (string, error) {
	late, forgotten := 0, 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		l, f, err := incidents.Overdue(v)
		late, forgotten = late+l, forgotten+f
		return err
	})
	switch {
	case err != nil:
		return "", err
	case late > 0:
		return "", fmt.Errorf("%d incidents have a clock of the law that has run out", late)
	case forgotten > 0:
		return "", fmt.Errorf("%d suspicions were looked at by nobody for three days", forgotten)
	}
	return fmt.Sprintf("no clock has run out in %d clinics", len(p.clinics)), nil
}

// incidentsApart looks for somebody in an incident who is no patient of the clinic, as an erased one would be.
func (p probe) incidentsApart(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeStray, "people stand in an incident of a clinic whose patients they are not")
}

// incidentTold looks for notices that are said to be sent and were not, and for such as were planned twice.
func (p probe) incidentTold(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeToldTwice, "patients have two notices of one incident"); err != nil {
		return "", err
	}
	if _, err := p.none(ctx, sqlProbeUnwritten, "patients are said to have been written to of an incident, and there is no message", p.ago(month)); err != nil {
		return "", err
	}
	return "each affected patient was told once at most", nil
}
