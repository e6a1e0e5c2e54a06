package scheduling

import (
	"strconv"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Taken is the sentence of a lost race: nothing was changed.
func Taken() *fault.Fault { return fault.New(fault.Conflict, "fault.slot_taken") }

const (
	sqlHoldsExpire  = `DELETE FROM claims WHERE clinic_id = $1 AND resource_id = $2 AND grain >= $3 AND grain < $4 AND held_until > 0 AND held_until <= $5`
	sqlClaimsInsert = `INSERT INTO claims (clinic_id, resource_id, grain, lane, appointment_id) VALUES `
	sqlClaimsTop    = `SELECT grain, MAX(lane) FROM claims WHERE clinic_id = $1 AND resource_id = $2 AND grain >= $3 AND grain < $4 GROUP BY grain`
	sqlClaimsDrop   = `DELETE FROM claims WHERE clinic_id = $1 AND appointment_id = $2`
	sqlClaimsAbove  = `SELECT grain, MIN(lane) FROM claims WHERE clinic_id = $1 AND resource_id = $2 AND grain >= $3 AND grain < $4
		GROUP BY grain HAVING MIN(lane) > 0`
	sqlClaimsDown  = `UPDATE claims SET lane = 0 WHERE clinic_id = $1 AND resource_id = $2 AND grain = $3 AND lane = $4`
	sqlClaimsPurge = `DELETE FROM claims WHERE clinic_id = $1 AND grain < $2`
)

// take claims the span of a resource for an appointment. Without overbooking it wants lane 0 of
// every grain and answers Taken when one is short; the transaction is then rolled back by
// its owner, so that nothing is half taken. With overbooking it takes lane 0 wherever that is
// free and the next free lane elsewhere. It answers the highest lane used.
func take(tx *store.Tx, resource, appointment id.ID, span Span, over bool) (lane int, err error) {
	grains := Grains(span.From, span.To)
	first, last := grains[0], grains[len(grains)-1]+1
	if _, err := tx.Exec(sqlHoldsExpire, resource, first, last, tx.Now()); err != nil {
		return 0, err
	}
	top := map[GrainNo]int{}
	if over {
		if top, err = lanes(tx, sqlClaimsTop, resource, first, last); err != nil {
			return 0, err
		}
	}
	var b strings.Builder
	b.WriteString(sqlClaimsInsert)
	args := []any{resource, appointment}
	for i, g := range grains { // sorted: two takers of one span meet at its first grain
		at := 0
		if t, ok := top[g]; ok {
			at = t + 1
		}
		lane = max(lane, at)
		if i > 0 {
			b.WriteByte(',')
		}
		args = append(args, g)
		b.WriteString("($1,$2,$" + strconv.Itoa(len(args)+1) + "," + strconv.Itoa(at) + ",$3)")
	}
	b.WriteString(" ON CONFLICT DO NOTHING")
	n, err := tx.Exec(b.String(), args...)
	if err != nil {
		return 0, err
	}
	if int(n) != len(grains) {
		return 0, Taken()
	}
	return lane, nil
}

// release gives an appointment's claims back. Where it held lane 0 and somebody was booked over
// it, that claim moves down, so that the grain stays taken and no hole is sold beside it.
func release(tx *store.Tx, resource, appointment id.ID, span Span) error {
	if _, err := tx.Exec(sqlClaimsDrop, appointment); err != nil {
		return err
	}
	above, err := lanes(tx, sqlClaimsAbove, resource, GrainOf(span.From), GrainOf(span.To)+1)
	if err != nil {
		return err
	}
	for g, l := range above {
		if _, err := tx.Exec(sqlClaimsDown, resource, g, l); err != nil {
			return err
		}
	}
	return nil
}

func lanes(tx *store.Tx, text string, resource id.ID, first, last GrainNo) (map[GrainNo]int, error) {
	rows, err := tx.Query(text, resource, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[GrainNo]int{}
	for rows.Next() {
		var g GrainNo
		var l int
		if err := rows.Scan(&g, &l); err != nil {
			return nil, err
		}
		out[g] = l
	}
	return out, rows.Err()
}
