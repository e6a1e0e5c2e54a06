package archives

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	listColumns = `id, person_id, state, columns, order_of, lines, line_done, made, skipped, kind, remind, added_at, version`
	sqlListAdd  = `INSERT INTO list_import (clinic_id, id, person_id, state, columns, order_of, lines, added_at, state_at) VALUES ($1, $2, $3, 'read', $4, $5, $6, $7, $7)`
	sqlListGet  = `SELECT ` + listColumns + ` FROM list_import WHERE clinic_id = $1 AND id = $2`
	sqlLists    = `SELECT ` + listColumns + ` FROM list_import WHERE clinic_id = $1 AND lines > 0 ORDER BY added_at DESC, id LIMIT 30`
	sqlListMap  = `UPDATE list_import SET columns = $4, order_of = $5, state = 'checking', line_done = 0, made = 0, skipped = 0, state_at = $6, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND lines > 0 AND state IN ('read', 'checked')`
	sqlListTo = `UPDATE list_import SET state = $5, line_done = 0, made = CASE WHEN $5 = 'running' THEN 0 ELSE made END, state_at = $6, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = $4`
	sqlListAt    = `UPDATE list_import SET line_done = $4, made = made + $5, skipped = skipped + $6, state = $7, state_at = $8 WHERE clinic_id = $1 AND id = $2 AND line_done = $3`
	sqlListHold  = `UPDATE list_import SET state_at = $3 WHERE clinic_id = $1 AND id = $2`
	sqlListNext  = `SELECT id FROM list_import WHERE clinic_id = $1 AND state IN ('checking', 'running', 'undoing') ORDER BY added_at LIMIT 1`
	sqlLineAdd   = `INSERT INTO list_line (clinic_id, import_id, number, cells) VALUES ($1, $2, $3, $4)`
	sqlLinesFrom = `SELECT number, cells, verdict, faults, made_id FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND number > $3 ORDER BY number LIMIT $4`
	sqlLinesOf   = `SELECT number, cells, verdict, faults, made_id FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND verdict = $3 ORDER BY number LIMIT $4`
	sqlLineSays  = `UPDATE list_line SET verdict = $4, faults = $5 WHERE clinic_id = $1 AND import_id = $2 AND number = $3`
	sqlLineMade  = `UPDATE list_line SET verdict = 'made', made_id = $4 WHERE clinic_id = $1 AND import_id = $2 AND number = $3`
	sqlLineCount = `SELECT verdict, COUNT(*) FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND number > 0 GROUP BY verdict`
)

func scanList(row interface{ Scan(...any) error }) (l List, err error) {
	var columns string
	err = row.Scan(&l.ID, &l.By, &l.State, &columns, &l.Order, &l.Lines, &l.Done, &l.Made, &l.Skipped, &l.Kind, &l.Remind, &l.AddedAt, &l.Version)
	l.Columns = strings.Split(columns, ",")
	if l.State == ListUndone && l.Done < 0 {
		l.State, l.Done = ListOld, 0
	}
	return l, err
}

func lineCell(list id.ID, number int64) (table, column string) {
	return "list_line", fmt.Sprintf("cells %d", number)
}

type lineRow struct {
	Line
	made id.ID
}

func readLines(v *store.View, list id.ID, text string, args ...any) ([]lineRow, error) {
	rows, err := v.Query(text, append([]any{list}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []lineRow
	for rows.Next() {
		var l lineRow
		var sealed []byte
		var faults string
		if err := rows.Scan(&l.Number, &sealed, &l.Verdict, &faults, &l.made); err != nil {
			return nil, err
		}
		table, column := lineCell(list, l.Number)
		if text, err := v.Unseal(vault.ClinicData, table, column, list, sealed); err == nil && text != "" {
			_ = json.Unmarshal([]byte(text), &l.Cells) // a damaged line is wrong: it has no name
		}
		l.Faults = readFaults(faults)
		out = append(out, l)
	}
	return out, rows.Err()
}

// readFaults reads what faultText wrote.
func readFaults(text string) (out []LineFault) {
	for _, f := range strings.Fields(text) {
		field, key, _ := strings.Cut(f, ":")
		key, arg, _ := strings.Cut(key, "=")
		out = append(out, LineFault{field, key, arg})
	}
	return out
}

func faultText(list []LineFault) string {
	var out []string
	for _, f := range list {
		text := f.Field + ":" + f.Key
		if f.Arg != "" {
			text += "=" + f.Arg
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// Looked is a list with what was found in it.
type Looked struct {
	List
	Head   []string
	First  [][]string       // a few lines, to see what a column is
	Counts map[string]int64 // lines by what they are
	Wrong  []Line           // at most a hundred
	Here   []Line           // at most a hundred: who is here already, or twice in the list
	Clash  []Line           // at most a hundred: what something is in the way of
	Noted  []Line           // at most a hundred: what is taken otherwise than it was written, or lies outside the hours
	Fields []string         // that a column can be
	Rules  int              // of a list of appointments: how many of the clinic's rules remind
}

// mostShown is how many lines a page shows of each sort.
const mostShown = 100

// List is one list. fault.NotFound when there is none such.
func (s *Service) List(ctx context.Context, who access.Caller, list id.ID) (out Looked, err error) {
	err = s.db.View(ctx, who, access.ClinicImport, func(_ context.Context, v *store.View) error {
		out = Looked{Counts: map[string]int64{}}
		if out.List, err = getList(v, list); err != nil {
			return err
		}
		first, err := readLines(v, list, sqlLinesFrom, int64(-1), int64(4))
		if err != nil {
			return err
		}
		for _, l := range first {
			if l.Number == 0 {
				out.Head = l.Cells
			} else if len(l.Cells) > 0 {
				out.First = append(out.First, l.Cells)
			}
		}
		rows, err := v.Query(sqlLineCount, list)
		if err != nil {
			return err
		}
		for rows.Next() {
			var verdict string
			var n int64
			if err := rows.Scan(&verdict, &n); err != nil {
				_ = rows.Close()
				return err
			}
			out.Counts[verdict] = n
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		out.Fields = fieldsOf(out.Kind, c)
		shown := []struct {
			into *[]Line
			text string
			args []any
		}{{&out.Wrong, sqlLinesOf, []any{LineWrong}}, {&out.Here, sqlLinesOf, []any{LineHere}}, {&out.Here, sqlLinesOf, []any{LineTwice}}}
		if out.Kind == OfAppointments {
			shown = append(shown, struct {
				into *[]Line
				text string
				args []any
			}{&out.Clash, sqlLinesOf, []any{LineClash}}, struct {
				into *[]Line
				text string
				args []any
			}{&out.Noted, sqlLineNoted, nil})
			rules, err := followup.Rules(v)
			if err != nil {
				return err
			}
			for _, r := range rules {
				if r.Active && r.Kind == messaging.Reminder {
					out.Rules++
				}
			}
		}
		for _, x := range shown {
			list, err := readLines(v, list, x.text, append(x.args, int64(mostShown))...)
			if err != nil {
				return err
			}
			for _, l := range list {
				*x.into = append(*x.into, l.Line)
			}
		}
		return nil
	})
	return out, err
}

func getList(v *store.View, list id.ID) (List, error) {
	l, err := scanList(v.Row(sqlListGet, list))
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return l, err
}
