package app

import "context"

// sqlProbeUse counts what is kept of the use of the program, or of the public pages, where the clinic does not count it.
const sqlProbeUse = `SELECT (SELECT COUNT(*) FROM feature_day WHERE clinic_id = $1 AND NOT EXISTS (SELECT 1 FROM insight_setting s WHERE s.clinic_id = $1 AND s.features = TRUE))
	+ (SELECT COUNT(*) FROM visitor_day WHERE clinic_id = $1 AND NOT EXISTS (SELECT 1 FROM insight_setting s WHERE s.clinic_id = $1 AND s.visitors = TRUE))`

func (p probe) useSwitchedOff(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeUse, "the use of the program is counted where the clinic did not switch it on")
}
