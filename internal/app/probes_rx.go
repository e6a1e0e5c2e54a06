package app

import "context"

// Live checks of what is promised about prescriptions. Each counts what must not be there.

const (
	sqlProbeSheets    = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0 AND (sheet IS NULL OR signed_as IS NULL OR code_hash IS NULL)`
	sqlProbeSigners   = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0 AND (provider_id IS NULL OR signed_by IS NULL)`
	sqlProbeUnchecked = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0 AND checked NOT IN ('checked', 'not-checked')`
	sqlProbeShares    = `SELECT COUNT(*) FROM prescription_share s WHERE s.clinic_id = $1 AND s.revoked_at = 0 AND (s.expires_at > s.created_at + 7776000000000
	OR EXISTS (SELECT 1 FROM prescription_end e WHERE e.clinic_id = $1 AND e.prescription_id = s.prescription_id))`
)

func (p probe) sheets(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSheets, "signed prescriptions lack what stood on them when they were signed")
}

func (p probe) signers(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSigners, "signed prescriptions name no practitioner")
}

func (p probe) unchecked(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeUnchecked, "signed prescriptions do not say whether they were checked")
}

func (p probe) shares(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeShares, "links to prescriptions last longer than 90 days, or outlive the prescription")
}
