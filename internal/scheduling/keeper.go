package scheduling

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds of a patient.
type Keeper struct{ Lives law.Lives }

// Name is the room.
func (Keeper) Name() string { return "scheduling" }

// Tables are the tables with something personal in them.
func (Keeper) Tables() []string {
	return []string{"provider", "leave", "appointment", "patient_link", "booking_log"}
}

// Collect copies out everything about the patient, by table.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	list, err := many(v.Query(sqlAppointmentsOf, patient, 100000))
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, a := range list {
		full, err := get(v, a.ID)
		if err != nil {
			return nil, err
		}
		out["appointment"] = append(out["appointment"], map[string]string{
			"id": a.ID.String(), "provider_id": a.Provider.String(), "service_id": a.Service.String(), "starts_at": a.StartsAt.Time().Format(time.RFC3339),
			"ends_at": a.EndsAt.Time().Format(time.RFC3339), "status": string(a.Status), "door": a.Door, "note": full.Note, "overbook_reason": full.OverbookReason,
			"occurrence": strconv.FormatInt(a.Occurrence, 10),
		})
		if err := collectLog(v, a.ID, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// collectLog copies out what was done about an appointment, by whom in which role.
func collectLog(v *store.View, appointment id.ID, out map[string][]map[string]string) error {
	rows, err := v.Query(sqlLogOf, appointment)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at, starts clock.Instant
		var action, role, status string
		var actor, provider id.ID
		if err := rows.Scan(&at, &action, &role, &actor, &starts, &provider, &status); err != nil {
			return err
		}
		out["booking_log"] = append(out["booking_log"], map[string]string{"appointment_id": appointment.String(), "at": at.Time().Format(time.RFC3339), "action": action, "role": role,
			"starts_at": starts.Time().Format(time.RFC3339), "provider_id": provider.String(), "status": status})
	}
	return rows.Err()
}

const (
	sqlEraseLinks  = `DELETE FROM patient_link WHERE clinic_id = $1 AND patient_id = $2`
	sqlEraseLog    = `DELETE FROM booking_log WHERE clinic_id = $1 AND appointment_id IN (SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id = $2)`
	sqlEraseClaims = `DELETE FROM claims WHERE clinic_id = $1 AND appointment_id IN (SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id = $2)`
	sqlEraseAppts  = `DELETE FROM appointment WHERE clinic_id = $1 AND patient_id = $2`
	sqlLeaveOld    = `DELETE FROM leave WHERE clinic_id = $1 AND ends_at < $2`
)

// Erase removes everything about the patient. Time that she still held is given back first, so
// that no overbooked neighbour is left on a lane of her own.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	list, err := many(tx.Query(sqlAppointmentsOf, patient, 100000))
	if err != nil {
		return err
	}
	var providers []id.ID
	for _, a := range list {
		if a.Status != Cancelled {
			providers = append(providers, a.Provider)
		}
	}
	if err := lockWhoever(tx, providers...); err != nil {
		return err
	}
	for _, a := range list {
		if a.Status != Cancelled {
			if err := release(tx, a.Provider, a.ID, a.claims); err != nil {
				return err
			}
		}
	}
	for _, text := range []string{sqlEraseLinks, sqlEraseLog, sqlEraseClaims, sqlEraseAppts} {
		if _, err := tx.Exec(text, patient); err != nil {
			return err
		}
	}
	return nil
}

// Due removes what has outlived its clause and answers how many rows. The booking log goes by whole months, when the last day of a month is over: what
// is left of a month is counted once, from everything that was in it (promise booking-log-aged).
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("links, leaves and months of the booking log that are over")
	links, err := tx.Exec(sqlLinkAge, tx.Now())
	if err != nil {
		return 0, err
	}
	k.Lives.Went(law.Passing, links)
	leaves, err := tx.Exec(sqlLeaveOld, tx.Now().Add(-400*24*time.Hour))
	if err != nil {
		return 0, err
	}
	log, err := k.months(tx)
	return int(links+leaves) + log, err
}

// fewest is the least number of acts of one kind in one month that is kept as a count: a smaller one could tell of somebody.
const fewest = 10

const (
	heldOnes     = `(SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlLogOldest = `SELECT COALESCE(MIN(at), 0) FROM booking_log WHERE clinic_id = $1 AND at < $2 AND appointment_id NOT IN ` + heldOnes
	sqlCounted   = `SELECT COALESCE(MAX(month), '') FROM booking_count WHERE clinic_id = $1`
	sqlLogCounts = `SELECT action, COUNT(*) FROM booking_log WHERE clinic_id = $1 AND at >= $2 AND at < $3 GROUP BY action ORDER BY action`
	sqlCountAdd  = `INSERT INTO booking_count (clinic_id, month, action, times) VALUES ($1, $2, $3, $4) ON CONFLICT (clinic_id, month, action) DO NOTHING`
	sqlLogDrop   = `DELETE FROM booking_log WHERE clinic_id = $1 AND at >= $2 AND at < $3 AND appointment_id NOT IN ` + heldOnes
	sqlCountList = `SELECT month, action, times FROM booking_count WHERE clinic_id = $1 ORDER BY month DESC, action`
)

// months counts and takes away the months of the log that are wholly over.
func (k Keeper) months(tx *store.Tx) (int, error) {
	zone := k.Lives.Zone
	if zone == nil {
		zone = time.UTC
	}
	over := k.Lives.Over(law.BookingLog, tx.Now())
	end := clock.DateOf(over.In(zone))
	end = end.AddDays(1 - end.Day()) // the month of the boundary is not over
	total := 0
	before := clock.At(clock.StartOfDay(end, zone))
	for {
		var oldest clock.Instant
		if err := tx.Row(sqlLogOldest, before).Scan(&oldest); err != nil || oldest == 0 {
			return total, err
		}
		month := clock.DateOf(oldest.In(zone))
		month = month.AddDays(1 - month.Day())
		start := clock.At(clock.StartOfDay(month, zone))
		next := clock.At(clock.StartOfDay(month.AddDays(31).AddDays(1-month.AddDays(31).Day()), zone))
		if err := countMonth(tx, string(month)[:7], start, next); err != nil {
			return total, err
		}
		n, err := tx.Exec(sqlLogDrop, start, next)
		if err != nil {
			return total, err
		}
		k.Lives.Went(law.BookingLog, n)
		total += int(n)
	}
}

// countMonth keeps of a month how often each thing was done, unless it, or a later month, was counted before: what was held of it then adds nothing.
func countMonth(tx *store.Tx, month string, from, to clock.Instant) error {
	var counted string
	if err := tx.Row(sqlCounted).Scan(&counted); err != nil || month <= counted {
		return err
	}
	rows, err := tx.Query(sqlLogCounts, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	times := map[string]int64{}
	for rows.Next() {
		var action string
		var n int64
		if err := rows.Scan(&action, &n); err != nil {
			return err
		}
		times[action] = n
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for action, n := range Suppressed(times) {
		if _, err := tx.Exec(sqlCountAdd, month, action, n); err != nil {
			return err
		}
	}
	tx.Record(audit.Note{Action: "count", Kind: "booking-log", Subject: tx.Clinic(), New: month})
	return nil
}

// Suppressed are of counts those that may be shown: none below ten; and of the others so many of the smallest are left out that what is left out is two
// counts at least and ten together, so that nobody works a small one out from a sum that another report gives.
func Suppressed(times map[string]int64) map[string]int64 {
	names := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(cmp.Compare(times[a], times[b]), cmp.Compare(a, b))
	})
	out, hidden, sum := map[string]int64{}, 0, int64(0)
	for _, what := range names {
		if n := times[what]; n < fewest || hidden == 1 || hidden > 0 && sum < fewest {
			hidden, sum = hidden+1, sum+n
		} else {
			out[what] = n
		}
	}
	return out
}

// MonthCount is how often one thing was done in a month that has left the booking log.
type MonthCount struct {
	Month  string // 2026-11
	Action string
	Times  int64
}

const sqlLogActs = `SELECT at, action FROM booking_log WHERE clinic_id = $1`

// LogCounts are the months that are still in the booking log, as counts that may be shown: for a clinic that goes and lets counts stay.
func LogCounts(v *store.View, zone *time.Location) ([]MonthCount, error) {
	rows, err := v.Query(sqlLogActs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]map[string]int64{}
	for rows.Next() {
		var at clock.Instant
		var action string
		if err := rows.Scan(&at, &action); err != nil {
			return nil, err
		}
		month := string(clock.DateOf(at.In(zone)))[:7]
		if all[month] == nil {
			all[month] = map[string]int64{}
		}
		all[month][action]++
	}
	var out []MonthCount
	for month, times := range all {
		for action, n := range Suppressed(times) {
			out = append(out, MonthCount{month, action, n})
		}
	}
	return out, rows.Err()
}

// MonthCounts are what is left of the months that have left the booking log, the latest first.
func MonthCounts(v *store.View) ([]MonthCount, error) {
	rows, err := v.Query(sqlCountList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []MonthCount
	for rows.Next() {
		var c MonthCount
		if err := rows.Scan(&c.Month, &c.Action, &c.Times); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
