package vendors

import (
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlVendorList = `SELECT party, signed_on, ends_on, safeguard, confidential, baa, reviewed_on, note, changed_by, changed_at, version FROM vendor ORDER BY party`
	sqlVendorAdd  = `INSERT INTO vendor (party, signed_on, ends_on, safeguard, confidential, baa, reviewed_on, note, changed_by, changed_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (party) DO NOTHING`
	sqlVendorSet = `UPDATE vendor SET signed_on = $3, ends_on = $4, safeguard = $5, confidential = $6, baa = $7, reviewed_on = $8, note = $9, changed_by = $10, changed_at = $11, version = version + 1
	WHERE party = $1 AND version = $2`

	sqlUseAdd = `INSERT INTO egress_use (party, day, calls, failed, refused, sent, received) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (party, day) DO UPDATE SET calls = egress_use.calls + excluded.calls, failed = egress_use.failed + excluded.failed, refused = egress_use.refused + excluded.refused,
	sent = egress_use.sent + excluded.sent, received = egress_use.received + excluded.received`
	sqlUseSince = `SELECT party, day, calls, failed, refused, sent, received FROM egress_use WHERE day >= $1 ORDER BY day DESC, party`
	sqlUseOld   = `DELETE FROM egress_use WHERE day < $1`
)

func vendors(p *store.Platform) (map[string]Vendor, error) {
	rows, err := p.Query(sqlVendorList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]Vendor{}
	for rows.Next() {
		var v Vendor
		if err := rows.Scan(&v.Party, &v.Signed, &v.Ends, &v.Safeguard, &v.Confidential, &v.BAA, &v.Reviewed, &v.Note, &v.ChangedBy, &v.ChangedAt, &v.Version); err != nil {
			return nil, err
		}
		out[v.Party] = v
	}
	return out, rows.Err()
}

// put writes a record; 0 rows when somebody else wrote it meanwhile.
func put(p *store.Platform, v Vendor, by id.ID) (int64, error) {
	if v.Version == 0 {
		return p.Exec(sqlVendorAdd, v.Party, v.Signed, v.Ends, v.Safeguard, v.Confidential, v.BAA, v.Reviewed, v.Note, by, p.Now())
	}
	return p.Exec(sqlVendorSet, v.Party, v.Version, v.Signed, v.Ends, v.Safeguard, v.Confidential, v.BAA, v.Reviewed, v.Note, by, p.Now())
}

func uses(p *store.Platform, since clock.Date) ([]egress.Use, error) {
	rows, err := p.Query(sqlUseSince, since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []egress.Use
	for rows.Next() {
		var u egress.Use
		if err := rows.Scan(&u.Processor, &u.Day, &u.Calls, &u.Failed, &u.Refused, &u.Sent, &u.Received); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}
