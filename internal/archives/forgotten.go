package archives

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

const (
	sqlListsOpen  = `SELECT ` + listColumns + ` FROM list_import WHERE clinic_id = $1 AND kind = 'patients' AND lines > 0 AND state IN ('read', 'checking', 'checked', 'running') ORDER BY id`
	sqlLinesFull  = `SELECT number, cells, verdict, faults, made_id FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND number > $3 AND cells IS NOT NULL ORDER BY number LIMIT $4`
	sqlLineForget = `UPDATE list_line SET verdict = 'erased', faults = '', cells = NULL, patient_id = NULL WHERE clinic_id = $1 AND import_id = $2 AND number = $3`
)

// forgetLines clears whatever stands about the patient in lists of patients that were not brought in yet: under the clinic's key it would outlive hers, and bring her back. A line is hers by the rule by which
// the list finds who is here. Somebody who works on a list waits until the erasure is over, and reads what is left.
func forgetLines(tx *store.Tx, patient id.ID) error {
	p, err := patients.Find(&tx.View, patient)
	if fault.Is(err, fault.NotFound) || err == nil && p.Broken { // her rows are gone, or her key is: nothing is left to know her by
		return nil
	}
	if err != nil {
		return err
	}
	lists, err := openLists(&tx.View)
	if err != nil {
		return err
	}
	for _, l := range lists {
		if _, err := tx.Exec(sqlListHold, l.ID, tx.Now()); err != nil {
			return err
		}
		for last, more := int64(0), true; more; {
			lines, err := readLines(&tx.View, l.ID, sqlLinesFull, last, int64(linesAtOnce))
			if err != nil {
				return err
			}
			for _, x := range lines {
				last = x.Number
				if !x.made.IsZero() { // somebody else's, whom the list made
					continue
				}
				hers, err := l.is(&tx.View, p, x.Cells)
				if err == nil && hers {
					_, err = tx.Exec(sqlLineForget, l.ID, x.Number)
				}
				if err != nil {
					return err
				}
			}
			more = len(lines) == linesAtOnce
		}
	}
	return nil
}

func openLists(v *store.View) (out []List, err error) {
	rows, err := v.Query(sqlListsOpen)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		l, err := scanList(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// is says whether a line is about the patient. One that is wrong in something is known by its name and how she is reached: what else it says does not matter then.
func (l List) is(v *store.View, p patients.Patient, cells []string) (bool, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return false, err
	}
	today := v.Now().In(c.Location())
	d := l.draft(cells, today)
	var f fault.Fields
	clean, ok := patients.Check(d, c, clock.DateOf(today), &f)
	if !ok {
		d.BirthDate, d.Sex, d.Address, d.Language = "", "", "", ""
		clean, _ = patients.Check(d, c, clock.DateOf(today), &f)
	}
	return p.Is(clean), nil
}
