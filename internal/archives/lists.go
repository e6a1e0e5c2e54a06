package archives

import (
	"context"
	"errors"
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
	ListOld      = "old" // its cells were deleted before it was brought in; in the table it is undone, at the line -1, which the release before this one can read
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

	LineErased = "erased" // whoever it was about was erased meanwhile; nothing of it is left, and it is not brought in
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
	Kind          string // OfPatients or OfAppointments
	Remind        bool   // the clinic's rules remind of the appointments ahead
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
type LineFault struct {
	Field, Key string
	Arg        string // what the words speak of: a line's number, or two moments; empty for nothing
}

// Bring reads a list and keeps it, sealed, until it was brought in. fault.Invalid "file" says what is wrong with it.
func (s *Service) Bring(ctx context.Context, who access.Caller, raw []byte) (id.ID, error) {
	lines, err := Lines(raw)
	if err != nil {
		return id.Zero, err
	}
	columns := guess(lines[0], Fields())
	var list id.ID
	err = s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if err := clinics.MayHoldPatients(&tx.View); err != nil {
			return err
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
		if _, err := tx.Exec(sqlListAdd, list, who.Actor(), strings.Join(columns, ","), orderOf(days, usualOrder(c)), int64(len(lines)-1), tx.Now()); err != nil {
			return err
		}
		for i, l := range lines {
			if err := addLine(tx, list, int64(i), l); err != nil {
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

// Look names the columns of a list and has it looked over; nothing is made. remind says whether the clinic's rules remind of the appointments ahead that a list of
// appointments brings in. fault.Invalid names "columns" when no column says whose a line is, or what else it must, or a field stands twice.
func (s *Service) Look(ctx context.Context, who access.Caller, list id.ID, columns []string, order string, remind bool, version int64) error {
	if order != MonthFirst {
		order = DayFirst
	}
	err := s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		l, err := getList(&tx.View, list)
		if err != nil {
			return err
		}
		if err := checkColumns(&tx.View, l.Kind, columns); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlListRemind, list, remind && l.Kind == OfAppointments); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "look", Kind: "list", Subject: list})
		return s.move(tx, list, func() (int64, error) {
			return tx.Exec(sqlListMap, list, version, strings.Join(columns, ","), order, tx.Now())
		})
	})
	return s.planned(who, err)
}

// checkColumns refuses columns that cannot say what a line is.
func checkColumns(v *store.View, kind string, columns []string) error {
	r, err := readRoster(v)
	if err != nil {
		return err
	}
	var f fault.Fields
	seen, known := map[string]bool{}, fieldsOf(kind, r.clinic)
	for _, c := range columns {
		if c != "" && (seen[c] || !slices.Contains(known, c)) {
			f.Add("columns", "field.list.twice")
			break
		}
		seen[c] = true
	}
	if kind == OfAppointments {
		checkVisitColumns(seen, len(r.providing) == 1, len(r.serving) == 1, &f)
	} else if !seen[FieldName] {
		f.Add("columns", "field.list.no_name")
	}
	return f.Err()
}

// move is a step of a list that somebody may have taken meanwhile.
func (s *Service) move(tx *store.Tx, list id.ID, step func() (int64, error)) error {
	n, err := step()
	if err == nil && n == 0 {
		var l List
		if l, err = getList(&tx.View, list); err == nil {
			err = fault.New(fault.Conflict, "fault.list.moved")
			if l.State == ListOld {
				err = fault.New(fault.Conflict, "fault.list.old")
			}
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
		seen := newMemory()
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
func (s *Service) part(ctx context.Context, who access.Caller, list id.ID, seen *memory) (more bool, err error) {
	var undo []id.ID
	err = s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		more, undo = false, nil
		tx.Housekeeping("lines of a list; that it was asked for was recorded, and so is every patient whom it makes")
		if _, err := tx.Exec(sqlListHold, list, tx.Now()); err != nil { // another process that is at the same lines waits here, and goes on behind them
			return err
		}
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
		switch {
		case l.Kind == OfAppointments && l.State == ListChecking:
			err = s.lookOverVisits(tx, l, lines, seen)
		case l.Kind == OfAppointments && l.State == ListRunning:
			made, skipped, err = s.bringInVisits(tx, l, lines)
		case l.Kind == OfAppointments && l.State == ListUndoing:
			err = s.takeBackVisits(tx, l, lines)
		case l.State == ListChecking:
			err = s.lookOver(tx, l, lines, seen.met)
		case l.State == ListRunning:
			made, skipped, err = s.bringIn(tx, l, lines)
		case l.State == ListUndoing:
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
	if err := s.takeAway(ctx, who, undo); err != nil {
		return false, err
	}
	return true, nil // the same lines again: what is gone is gone
}

// met are the people whom the lines further up make, by the key of their names.
type met map[string][]metAt

type metAt struct {
	number int64
	who    patients.Clean
}

// before says whether a line further up makes the same person, by the rule by which somebody who is here is found. A Change that is tried again meets its own lines: they
// do not stand further up.
func (m met) before(number int64, c patients.Clean) bool {
	return slices.ContainsFunc(m[c.NameKey()], func(x metAt) bool { return x.number < number && x.who.SameAs(c) })
}

func (m met) add(number int64, c patients.Clean) {
	m[c.NameKey()] = append(m[c.NameKey()], metAt{number, c})
}

// lookOver says of each line what it is. seen are the people further up in the list.
func (s *Service) lookOver(tx *store.Tx, l List, lines []lineRow, seen met) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	for _, x := range lines {
		if x.Verdict == LineErased {
			continue
		}
		var f fault.Fields
		draft := l.draft(x.Cells, tx.Now().In(c.Location()))
		clean, ok := patients.Check(draft, c, clock.DateOf(tx.Now().In(c.Location())), &f)
		verdict, faults, known := LineNew, "", id.Zero
		if !ok {
			verdict, faults = LineWrong, wrongIn(draft, f)
		} else {
			one, here, err := patients.Same(&tx.View, clean)
			if err == nil && !here {
				one, here, err = patients.Unreached(&tx.View, clean)
			}
			switch {
			case err != nil:
				return err
			case here:
				verdict, known = LineHere, one
			case seen.before(x.Number, clean):
				verdict = LineTwice
			default:
				seen.add(x.Number, clean)
			}
		}
		if _, err := tx.Exec(sqlLineOf, l.ID, x.Number, verdict, faults, id.Null(known)); err != nil {
			return err
		}
	}
	return nil
}

// wrongIn is what is wrong in a line, as its row keeps it.
func wrongIn(d patients.Draft, f fault.Fields) string {
	faults := faultWords(f.Err())
	if bare(d.BirthDate) {
		faults = strings.Replace(faults, "field.birth_date.invalid", "field.list.birth", 1)
	}
	return faults
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
	seen := met{} // those of this Change are not found as here yet
	for _, x := range lines {
		if x.Verdict != LineNew {
			skipped++
			continue
		}
		var f fault.Fields
		draft := l.draft(x.Cells, tx.Now().In(c.Location()))
		clean, ok := patients.Check(draft, c, clock.DateOf(tx.Now().In(c.Location())), &f)
		if !ok { // it passed when it was looked over: nobody is left out without being named
			skipped++
			if _, err := tx.Exec(sqlLineOf, l.ID, x.Number, LineWrong, wrongIn(draft, f), id.Null(id.Zero)); err != nil {
				return 0, 0, err
			}
			continue
		}
		one, here, err := patients.Same(&tx.View, clean)
		if err != nil {
			return 0, 0, err
		}
		verdict := ""
		if here { // she came to the desk since the list was looked over
			verdict = LineHere
		} else if seen.before(x.Number, clean) { // it was looked over by a process that died in between, and did not know her any more
			verdict = LineTwice
		}
		if verdict != "" {
			skipped++
			if _, err := tx.Exec(sqlLineOf, l.ID, x.Number, verdict, "", id.Null(one)); err != nil {
				return 0, 0, err
			}
			continue
		}
		seen.add(x.Number, clean)
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
