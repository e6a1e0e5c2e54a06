package archives

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Lists of patients from another program: read, looked over line by line before anything is made, brought in, and taken back where nobody has touched
// what they made. A patient who is here already is never changed by a list (promise list-import).

// The states of a list.
const (
	ListRead     = "read"     // its columns are to be named
	ListChecking = "checking" // it is looked over
	ListChecked  = "checked"
	ListRunning  = "running"
	ListDone     = "done"
	ListUndoing  = "undoing"
	ListUndone   = "undone"
)

// What a line is.
const (
	LineNew   = "new"
	LineHere  = "here"  // the same name at the same number or address is here already
	LineTwice = "twice" // it stands further up in the list, too
	LineWrong = "wrong"
	LineMade  = "made"
	LineKept  = "kept" // it was not taken back: somebody has touched it since
	LineGone  = "gone" // it was taken back
)

// List is a list that somebody brought in.
type List struct {
	ID            id.ID
	By            id.ID
	State         string
	Columns       []string // the field of each column; empty for none
	Order         string   // of days: DayFirst or MonthFirst
	Lines, Done   int64
	Made, Skipped int64
	AddedAt       clock.Instant
	Version       int64
}

// Line is one line of a list.
type Line struct {
	Number  int64 // 0 is the line of titles
	Cells   []string
	Verdict string
	Faults  []LineFault
}

// LineFault is what is wrong with one field of a line.
type LineFault struct{ Field, Key string }

const (
	listColumns = `id, person_id, state, columns, order_of, lines, line_done, made, skipped, added_at, version`
	sqlListAdd  = `INSERT INTO list_import (clinic_id, id, person_id, state, columns, order_of, lines, added_at, state_at) VALUES ($1, $2, $3, 'read', $4, $5, $6, $7, $7)`
	sqlListGet  = `SELECT ` + listColumns + ` FROM list_import WHERE clinic_id = $1 AND id = $2`
	sqlLists    = `SELECT ` + listColumns + ` FROM list_import WHERE clinic_id = $1 ORDER BY added_at DESC, id LIMIT 30`
	sqlListMap  = `UPDATE list_import SET columns = $4, order_of = $5, state = 'checking', line_done = 0, made = 0, skipped = 0, state_at = $6, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state IN ('read', 'checked')`
	sqlListTo = `UPDATE list_import SET state = $5, line_done = 0, made = CASE WHEN $5 = 'running' THEN 0 ELSE made END, state_at = $6, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = $4`
	sqlListAt    = `UPDATE list_import SET line_done = $4, made = made + $5, skipped = skipped + $6, state = $7, state_at = $8 WHERE clinic_id = $1 AND id = $2 AND line_done = $3`
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
	err = row.Scan(&l.ID, &l.By, &l.State, &columns, &l.Order, &l.Lines, &l.Done, &l.Made, &l.Skipped, &l.AddedAt, &l.Version)
	l.Columns = strings.Split(columns, ",")
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
		for _, f := range strings.Fields(faults) {
			field, key, _ := strings.Cut(f, ":")
			l.Faults = append(l.Faults, LineFault{field, key})
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// Bring reads a list and keeps it, sealed, until it was brought in. fault.Invalid "file" says what is wrong with it.
func (s *Service) Bring(ctx context.Context, who access.Caller, raw []byte) (id.ID, error) {
	lines, err := Lines(raw)
	if err != nil {
		return id.Zero, err
	}
	columns := guess(lines[0])
	var list id.ID
	err = s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if err := clinics.MayHoldPatients(&tx.View); err != nil {
			return err
		}
		other := DayFirst
		if c.Country == "US" {
			other = MonthFirst
		}
		var days []string
		if i := slices.Index(columns, FieldBirth); i >= 0 {
			for _, l := range lines[1:] {
				if i < len(l) {
					days = append(days, l[i])
				}
			}
		}
		list = tx.NewID()
		if _, err := tx.Exec(sqlListAdd, list, who.Actor(), strings.Join(columns, ","), orderOf(days, other), int64(len(lines)-1), tx.Now()); err != nil {
			return err
		}
		for i, l := range lines {
			text, err := json.Marshal(l)
			if err != nil {
				return err
			}
			table, column := lineCell(list, int64(i))
			sealed, err := tx.Seal(vault.ClinicData, table, column, list, string(text))
			if err != nil {
				return err
			}
			if err := tx.Later(sqlLineAdd, list, int64(i), sealed); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "bring", Kind: "list", Subject: list, New: len(lines) - 1})
		return nil
	})
	return list, err
}

// Lists are the lists that were brought in, the latest first.
func (s *Service) Lists(ctx context.Context, who access.Caller) (out []List, err error) {
	err = s.db.View(ctx, who, access.ClinicImport, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlLists)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			l, err := scanList(rows)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return rows.Err()
	})
	return out, err
}

// Looked is a list with what was found in it.
type Looked struct {
	List
	Head   []string
	First  [][]string       // a few lines, to see what a column is
	Counts map[string]int64 // lines by what they are
	Wrong  []Line           // at most a hundred
	Here   []Line           // at most a hundred: who is here already, or twice in the list
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
		for _, x := range []struct {
			verdict string
			into    *[]Line
		}{{LineWrong, &out.Wrong}, {LineHere, &out.Here}, {LineTwice, &out.Here}} {
			list, err := readLines(v, list, sqlLinesOf, x.verdict, int64(mostShown))
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

// Look names the columns of a list and has it looked over; nothing is made. fault.Invalid names "columns" when no column is the name, or a field stands twice.
func (s *Service) Look(ctx context.Context, who access.Caller, list id.ID, columns []string, order string, version int64) error {
	var f fault.Fields
	seen := map[string]bool{}
	for _, c := range columns {
		if c != "" && (seen[c] || !slices.Contains(Fields(), c)) {
			f.Add("columns", "field.list.twice")
			break
		}
		seen[c] = true
	}
	if !seen[FieldName] {
		f.Add("columns", "field.list.no_name")
	}
	if order != MonthFirst {
		order = DayFirst
	}
	if err := f.Err(); err != nil {
		return err
	}
	err := s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "look", Kind: "list", Subject: list})
		return s.move(tx, list, func() (int64, error) {
			return tx.Exec(sqlListMap, list, version, strings.Join(columns, ","), order, tx.Now())
		})
	})
	return s.planned(who, err)
}

// move is a step of a list that somebody may have taken meanwhile.
func (s *Service) move(tx *store.Tx, list id.ID, step func() (int64, error)) error {
	n, err := step()
	if err == nil && n == 0 {
		if _, err = getList(&tx.View, list); err == nil {
			err = fault.New(fault.Conflict, "fault.list.moved")
		}
	}
	return err
}

func (s *Service) planned(who access.Caller, err error) error {
	if err == nil && s.o.Planned != nil {
		s.o.Planned(who.Clinic())
	}
	return err
}

// Take brings in the lines that were found to be new. fault.Conflict when the list has not been looked over as it stands.
func (s *Service) Take(ctx context.Context, who access.Caller, list id.ID, version int64) error {
	return s.step(ctx, who, list, version, ListChecked, ListRunning, "take")
}

// TakeBack removes exactly what the list made and nobody has touched since.
func (s *Service) TakeBack(ctx context.Context, who access.Caller, list id.ID, version int64) error {
	return s.step(ctx, who, list, version, ListDone, ListUndoing, "take-back")
}

func (s *Service) step(ctx context.Context, who access.Caller, list id.ID, version int64, from, to, action string) error {
	err := s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: action, Kind: "list", Subject: list})
		return s.move(tx, list, func() (int64, error) { return tx.Exec(sqlListTo, list, version, from, to, tx.Now()) })
	})
	return s.planned(who, err)
}

// linesAtOnce is how many lines one Change works on.
const linesAtOnce = 100

// Work goes on with the lists of the clinic that are being looked over, brought in or taken back, until none is. What a process that died had done
// stays done: every hundred lines are one Change with how far it is.
func (s *Service) Work(ctx context.Context, who access.Caller) error {
	for {
		var list id.ID
		err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
			err := v.Row(sqlListNext).Scan(&list)
			if errors.Is(err, store.ErrNoRows) {
				err = nil
			}
			return err
		})
		if err != nil || list.IsZero() {
			return err
		}
		seen := map[string]bool{}
		for more := true; more; {
			err := s.db.Gently(ctx, func() (err error) {
				more, err = s.part(ctx, who, list, seen)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
}

// part does the next hundred lines; false when the list is through, or somebody else is at it.
func (s *Service) part(ctx context.Context, who access.Caller, list id.ID, seen map[string]bool) (more bool, err error) {
	var undo []id.ID
	err = s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		more, undo = false, nil
		tx.Housekeeping("lines of a list; that it was asked for was recorded, and so is every patient whom it makes")
		l, err := getList(&tx.View, list)
		if err != nil {
			return err
		}
		lines, err := readLines(&tx.View, list, sqlLinesFrom, max(l.Done, 0), int64(linesAtOnce))
		if err != nil {
			return err
		}
		var made, skipped int64
		state := l.State
		switch l.State {
		case ListChecking:
			err = s.lookOver(tx, l, lines, seen)
		case ListRunning:
			made, skipped, err = s.bringIn(tx, l, lines)
		case ListUndoing:
			undo, err = s.untouched(tx, l, lines)
		default:
			return nil
		}
		if err != nil {
			return err
		}
		done := l.Done
		if len(lines) > 0 {
			done = lines[len(lines)-1].Number
		}
		if more = len(lines) == linesAtOnce; !more {
			state = map[string]string{ListChecking: ListChecked, ListRunning: ListDone, ListUndoing: ListUndone}[l.State]
			done = 0
		}
		if len(undo) > 0 { // what is taken back goes one by one, each with its key, before the mark moves on
			return nil
		}
		n, err := tx.Exec(sqlListAt, list, l.Done, done, made, skipped, state, tx.Now())
		more = more && n == 1
		return err
	})
	if err != nil || len(undo) == 0 {
		return more, err
	}
	if err := s.o.Undo(ctx, who, undo); err != nil {
		return false, err
	}
	return true, nil // the same lines again: what is gone is gone
}

// lookOver says of each line what it is. seen are the people further up in the list.
func (s *Service) lookOver(tx *store.Tx, l List, lines []lineRow, seen map[string]bool) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	for _, x := range lines {
		var f fault.Fields
		draft := l.draft(x.Cells, tx.Now().In(c.Location()))
		clean, ok := patients.Check(draft, c, clock.DateOf(tx.Now().In(c.Location())), &f)
		verdict, faults := LineNew, ""
		if !ok {
			verdict, faults = LineWrong, faultWords(f.Err())
		} else {
			key := strings.ToLower(draft.Name) + "\n" + string(clean.PhoneOf())
			_, here, err := patients.Same(&tx.View, clean)
			switch {
			case err != nil:
				return err
			case here:
				verdict = LineHere
			case seen[key]:
				verdict = LineTwice
			}
			seen[key] = true
		}
		if _, err := tx.Exec(sqlLineSays, l.ID, x.Number, verdict, faults); err != nil {
			return err
		}
	}
	return nil
}

func faultWords(err error) string {
	var bad *fault.Fault
	if !errors.As(err, &bad) {
		return ""
	}
	var out []string
	for _, f := range bad.Fields {
		out = append(out, f.Name+":"+f.Key)
	}
	return strings.Join(out, " ")
}

// draft is a line as a patient is typed.
func (l List) draft(cells []string, today time.Time) patients.Draft {
	d := patients.Draft{Source: patients.SourceDesk}
	g := patients.GuardianDraft{}
	for i, f := range l.Columns {
		if i >= len(cells) {
			break
		}
		c := cells[i]
		switch f {
		case FieldName:
			d.Name = c
		case FieldPhone:
			d.Phone = number(c)
		case FieldEmail:
			d.Email = c
		case FieldBirth:
			d.BirthDate = Day(c, l.Order, today)
		case FieldSex:
			d.Sex = sexOf(c)
		case FieldAddress:
			d.Address = c
		case FieldLanguage:
			d.Language = strings.ToLower(c)
		case FieldGuardian:
			g.Name = c
		case FieldGPhone:
			g.Phone = number(c)
		case FieldRelation:
			g.Relation = strings.ToLower(c)
		}
	}
	if g.Name != "" {
		d.Guardian = &g
	}
	return d
}

// bringIn makes the patients of lines that were found to be new, and still are.
func (s *Service) bringIn(tx *store.Tx, l List, lines []lineRow) (made, skipped int64, err error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return 0, 0, err
	}
	var list []patients.Clean
	var at []int64
	for _, x := range lines {
		if x.Verdict != LineNew {
			skipped++
			continue
		}
		var f fault.Fields
		clean, ok := patients.Check(l.draft(x.Cells, tx.Now().In(c.Location())), c, clock.DateOf(tx.Now().In(c.Location())), &f)
		if !ok {
			skipped++
			continue
		}
		if _, here, err := patients.Same(&tx.View, clean); err != nil {
			return 0, 0, err
		} else if here { // she came to the desk since the list was looked over
			skipped++
			if _, err := tx.Exec(sqlLineSays, l.ID, x.Number, LineHere, ""); err != nil {
				return 0, 0, err
			}
			continue
		}
		list, at = append(list, clean), append(at, x.Number)
	}
	if len(list) == 0 {
		return 0, skipped, nil
	}
	people, err := patients.EnterAll(tx, list)
	if err != nil {
		return 0, 0, err
	}
	for i, p := range people {
		if _, err := tx.Exec(sqlLineMade, l.ID, at[i], p.ID); err != nil {
			return 0, 0, err
		}
	}
	return int64(len(people)), skipped, nil
}

// untouched are the patients whom these lines made and nobody has touched since: no other table names them, and their own row is as it was made.
func (s *Service) untouched(tx *store.Tx, l List, lines []lineRow) ([]id.ID, error) {
	var out []id.ID
	for _, x := range lines {
		if x.Verdict == LineMade && x.made.IsZero() { // deleted, by this or by somebody
			if _, err := tx.Exec(sqlLineSays, l.ID, x.Number, LineGone, ""); err != nil {
				return nil, err
			}
			continue
		}
		if x.Verdict != LineMade {
			continue
		}
		touched, err := s.touched(tx, x.made)
		if err != nil {
			return nil, err
		}
		if touched {
			if _, err := tx.Exec(sqlLineSays, l.ID, x.Number, LineKept, ""); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, x.made)
	}
	return out, nil
}
