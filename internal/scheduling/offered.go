package scheduling

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The hours of every practitioner, without her name: sealed fields stay sealed.
const sqlWorkingHours = `SELECT id, weekly, created_at, retired_at FROM provider WHERE clinic_id = $1 ORDER BY id`

// Offered says for how many minutes each practitioner worked on each of the local days from..to by the hours as they stand now: leave,
// closures and one-off changes are taken into account, and nobody worked before she was entered or after she retired. Days without work are left out.
func Offered(v *store.View, from, to clock.Date, zone *time.Location) (map[id.ID]map[clock.Date]int, error) {
	rows, err := v.Query(sqlWorkingHours)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Provider
	since := map[id.ID]clock.Date{}
	for rows.Next() {
		var p Provider
		var weekly string
		var created clock.Instant
		if err := rows.Scan(&p.ID, &weekly, &created, &p.RetiredAt); err != nil {
			return nil, err
		}
		since[p.ID] = clock.DateOf(created.In(zone))
		if p.Weekly, err = decodeWeekly(weekly); err != nil {
			p.Weekly = Weekly{} // damaged hours offer nothing
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, nil
	}
	hours, err := hoursOf(v, list, from, to, zone)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]map[clock.Date]int{}
	for _, p := range list {
		out[p.ID] = map[clock.Date]int{}
		for day := max(from, since[p.ID]); day <= to; day = day.AddDays(1) {
			minutes := 0
			for _, s := range hours[p.ID].Open(day) {
				if p.RetiredAt > 0 {
					s.To = min(s.To, p.RetiredAt)
				}
				minutes += max(0, int(s.To.Sub(s.From)/time.Minute))
			}
			if minutes > 0 {
				out[p.ID][day] = minutes
			}
		}
	}
	return out, nil
}
