package scheduling

import (
	"strconv"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds of a patient.
type Keeper struct{}

// Name is the room.
func (Keeper) Name() string { return "scheduling" }

// Tables are the tables with something personal in them.
func (Keeper) Tables() []string { return []string{"provider", "leave", "appointment", "patient_link"} }

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

// Due removes what has outlived its clause and answers how many rows.
func (Keeper) Due(tx *store.Tx) (int, error) {
	links, err := tx.Exec(sqlLinkAge, tx.Now())
	if err != nil {
		return 0, err
	}
	leaves, err := tx.Exec(sqlLeaveOld, tx.Now().Add(-400*24*time.Hour))
	return int(links + leaves), err
}
