package archives

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// The lives of what this room keeps.
const (
	keepRun   = 2 * 365 * 24 * time.Hour
	keepList  = 30 * 24 * time.Hour
	keepCells = 7 * 24 * time.Hour
)

const (
	sqlRunsOf       = `SELECT id, state, asked_at FROM export_run WHERE clinic_id = $1 AND patient_id = $2 ORDER BY asked_at, id`
	sqlRunsErase    = `DELETE FROM export_run WHERE clinic_id = $1 AND patient_id = $2`
	sqlRunsStale    = `UPDATE export_run SET ends_at = 0 WHERE clinic_id = $1 AND state = 'ready'`
	sqlRunsAgain    = `UPDATE export_run SET state = 'asked', step = '', rows_done = 0, takes = takes + 1 WHERE clinic_id = $1 AND state = 'running'`
	sqlRunsOld      = `DELETE FROM export_run WHERE clinic_id = $1 AND asked_at < $2 AND (patient_id IS NULL OR patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlLinesErase   = `UPDATE list_line SET made_id = NULL, patient_id = NULL, cells = NULL, verdict = CASE WHEN verdict = 'here' THEN 'erased' ELSE verdict END WHERE clinic_id = $1 AND (made_id = $2 OR patient_id = $2)`
	sqlListsAge     = `UPDATE list_import SET state = 'undone', line_done = -1, version = version + 1 WHERE clinic_id = $1 AND state IN ('read', 'checking', 'checked') AND added_at < $2` // ListOld
	sqlLinesUnmade  = `UPDATE list_line SET cells = NULL WHERE clinic_id = $1 AND cells IS NOT NULL AND import_id IN (SELECT id FROM list_import WHERE clinic_id = $1 AND (state IN ('done', 'undone') OR state = 'undoing' AND kind = 'patients' OR added_at < $2))`
	sqlListLinesOld = `DELETE FROM list_line WHERE clinic_id = $1 AND import_id IN (SELECT id FROM list_import WHERE clinic_id = $1 AND added_at < $2)`
	sqlListsOld     = `DELETE FROM list_import WHERE clinic_id = $1 AND added_at < $2`
)

// Until is when the list is forgotten, and with it what it made: until then it can be taken back.
func (l List) Until() clock.Instant { return l.AddedAt.Add(keepList) }

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "archives" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"export_run", "list_line"} }

// Collect copies out when copies of her were taken.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	rows, err := v.Query(sqlRunsOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]map[string]string{}
	for rows.Next() {
		var one id.ID
		var state string
		var at int64
		if err := rows.Scan(&one, &state, &at); err != nil {
			return nil, err
		}
		out["export_run"] = append(out["export_run"], map[string]string{"id": one.String(), "state": state, "asked": time.UnixMicro(at).UTC().Format(time.RFC3339)})
	}
	return out, rows.Err()
}

// Erase forgets whose copies were taken and which lines of lists were hers, or are about her. An archive of the whole clinic that waits to be fetched holds her, so
// that its time is over at once; one that is being made may hold her, too, and is begun again: whoever makes it finds that it is no longer its own.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	for _, text := range []string{sqlRunsErase, sqlLinesErase} {
		if _, err := tx.Exec(text, patient); err != nil {
			return err
		}
	}
	if err := forgetLines(tx, patient); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlLinesUnmade, clock.Instant(0)); err != nil { // of lists that were brought in nobody needs the cells any more
		return err
	}
	for _, text := range []string{sqlRunsStale, sqlRunsAgain} {
		if _, err := tx.Exec(text); err != nil {
			return err
		}
	}
	return nil
}

// Due deletes what is over.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("copies that were taken and lists that were brought in long ago")
	over := func(keep time.Duration, class law.Class) clock.Instant {
		return max(tx.Now().Add(-keep), k.Lives.Over(class, tx.Now()))
	}
	if _, err := tx.Exec(sqlListsAge, over(keepCells, law.Passing)); err != nil { // nobody is to bring in lines of which nothing is left
		return 0, err
	}
	all := 0
	for _, x := range []struct {
		text  string
		keep  time.Duration
		class law.Class
	}{{sqlRunsOld, keepRun, law.Watch}, {sqlLinesUnmade, keepCells, law.Passing}, {sqlListLinesOld, keepList, law.Passing}, {sqlListsOld, keepList, law.Passing}} {
		n, err := tx.Exec(x.text, over(x.keep, x.class))
		if err != nil {
			return all, err
		}
		k.Lives.Went(x.class, n)
		all += int(n)
	}
	return all, nil
}
