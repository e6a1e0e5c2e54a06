package archives

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Lists of appointments from another program (promise list-appointments): looked over line by line like lists of patients, brought in through the same claims as
// any booking, and taken back where nobody has touched what they made. What is not brought in is named with its reason, and nobody is told of any of it.

// What a list is of.
const (
	OfPatients     = "patients"
	OfAppointments = "appointments"
)

// The fields that a column of a list of appointments can be, beside the patient's name, phone and e-mail address.
const (
	FieldPatient      = "patient_id"
	FieldPractitioner = "practitioner"
	FieldService      = "service"
	FieldStart        = "start"
	FieldDate         = "date"
	FieldTime         = "time"
	FieldDuration     = "duration"
	FieldStatus       = "status"
	FieldNote         = "note"
)

// What a line of a list of appointments is, beside what any line is.
const (
	LinePast  = "past"  // it lies behind and becomes history
	LineClash = "clash" // something is in its way
)

// What is in a line's way; the argument is from when to when, in microseconds since 1970, or the number of a line.
const (
	ClashBooked = "list.clash.booked"
	ClashLine   = "list.clash.line"
)

// VisitFields are what a column of a list of appointments can be, in the order of the page. A note is brought in where the clinic keeps notes.
func VisitFields(notes bool) []string {
	out := []string{FieldName, FieldPhone, FieldEmail, FieldPatient, FieldPractitioner, FieldService, FieldStart, FieldDate, FieldTime, FieldDuration, FieldStatus}
	if notes {
		out = append(out, FieldNote)
	}
	return out
}

// fieldsOf are what a column of the list can be at this clinic.
func fieldsOf(kind string, c clinics.Clinic) []string {
	if kind == OfAppointments {
		return VisitFields(c.Has(clinics.ModuleNotes))
	}
	return Fields()
}

const (
	sqlVisitListAdd  = `INSERT INTO list_import (clinic_id, id, person_id, state, kind, columns, order_of, lines, added_at, state_at) VALUES ($1, $2, $3, 'read', 'appointments', $4, $5, 0, $6, $6)`
	sqlVisitListRead = `UPDATE list_import SET lines = $3, order_of = $4, state_at = $5 WHERE clinic_id = $1 AND id = $2 AND lines = 0`
	sqlListDropLines = `DELETE FROM list_line WHERE clinic_id = $1 AND import_id = $2`
	sqlListDrop      = `DELETE FROM list_import WHERE clinic_id = $1 AND id = $2`
	sqlListRemind    = `UPDATE list_import SET remind = $3 WHERE clinic_id = $1 AND id = $2`
	sqlLineOf        = `UPDATE list_line SET verdict = $4, faults = $5, patient_id = $6 WHERE clinic_id = $1 AND import_id = $2 AND number = $3`
	sqlLineNoted     = `SELECT number, cells, verdict, faults, made_id FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND verdict IN ('new', 'past', 'made') AND faults <> '' ORDER BY number LIMIT $3`
	sqlLinesLeft     = `SELECT number, cells, verdict, faults, made_id FROM list_line WHERE clinic_id = $1 AND import_id = $2 AND number > $3 AND verdict NOT IN ('', 'new', 'past', 'made', 'gone') ORDER BY number LIMIT $4`
)

// BringVisits reads a list of appointments and keeps it, sealed, until it was brought in. It is read as it comes: a long one never stands in memory. fault.Invalid "file" says what is
// wrong with it; then nothing of it is kept.
func (s *Service) BringVisits(ctx context.Context, who access.Caller, r io.Reader) (id.ID, error) {
	var list id.ID
	var columns, days []string
	var c clinics.Clinic
	var batch [][]string
	first := int64(0)
	begin := func(head []string) error {
		return s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) (err error) {
			tx.Housekeeping("a list is read; when all its lines are there it is recorded")
			if c, err = clinics.Get(&tx.View); err != nil {
				return err
			}
			if err := clinics.MayHoldPatients(&tx.View); err != nil {
				return err
			}
			columns, list = guess(head, fieldsOf(OfAppointments, c)), tx.NewID()
			_, err = tx.Exec(sqlVisitListAdd, list, who.Actor(), strings.Join(columns, ","), DayFirst, tx.Now())
			return err
		})
	}
	put := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("lines of a list that is read; when all its lines are there it is recorded")
			for i, l := range batch {
				if err := addLine(tx, list, first+int64(i), l); err != nil {
					return err
				}
			}
			return nil
		})
		first, batch = first+int64(len(batch)), batch[:0]
		return err
	}
	lines, err := eachLine(r, mostVisitLines, func(number int64, cells []string) error {
		if number == 0 {
			if err := begin(cells); err != nil {
				return err
			}
		} else if at := max(slices.Index(columns, FieldStart), slices.Index(columns, FieldDate)); at >= 0 && at < len(cells) && len(days) < 2000 {
			days = append(days, digits(cells[at]))
		}
		if batch = append(batch, cells); len(batch) == linesWrittenPer {
			return put()
		}
		return nil
	})
	if err == nil {
		err = put()
	}
	if err != nil {
		if !list.IsZero() {
			s.forget(ctx, who, list)
		}
		return id.Zero, err
	}
	err = s.db.Change(ctx, who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "bring", Kind: "list", Subject: list, New: lines})
		return tx.Must(sqlVisitListRead, list, lines, orderOf(days, usualOrder(c)), tx.Now())
	})
	return list, err
}

// forget takes away what was written down of a list that turned out to be none. What a crash leaves goes with the old ones.
func (s *Service) forget(ctx context.Context, who access.Caller, list id.ID) {
	err := s.db.Change(context.WithoutCancel(ctx), who, access.ClinicImport, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a list that is none")
		if _, err := tx.Exec(sqlListDropLines, list); err != nil {
			return err
		}
		_, err := tx.Exec(sqlListDrop, list)
		return err
	})
	if err != nil {
		s.log.Warn("a list that is none is kept until it is old", "error", err.Error())
	}
}

// usualOrder is how people of the clinic's country write a day.
func usualOrder(c clinics.Clinic) string {
	if c.Country == "US" {
		return MonthFirst
	}
	return DayFirst
}

func addLine(tx *store.Tx, list id.ID, number int64, cells []string) error {
	text, err := json.Marshal(cells)
	if err != nil {
		return err
	}
	table, column := lineCell(list, number)
	sealed, err := tx.Seal(vault.ClinicData, table, column, list, string(text))
	if err != nil {
		return err
	}
	return tx.Later(sqlLineAdd, list, number, sealed)
}

// checkVisitColumns adds what is missing to name an appointment.
func checkVisitColumns(seen map[string]bool, oneProvider, oneService bool, f *fault.Fields) {
	switch {
	case !seen[FieldPatient] && (!seen[FieldName] || !seen[FieldPhone] && !seen[FieldEmail]):
		f.Add("columns", "field.list.no_patient")
	case !seen[FieldStart] && (!seen[FieldDate] || !seen[FieldTime]):
		f.Add("columns", "field.list.no_start")
	case !seen[FieldPractitioner] && !oneProvider:
		f.Add("columns", "field.list.no_practitioner")
	case !seen[FieldService] && !oneService:
		f.Add("columns", "field.list.no_service")
	}
}

// roster is what the lines of a list of appointments name, read once for a part of it.
type roster struct {
	clinic    clinics.Clinic
	zone      *time.Location
	today     time.Time
	now       clock.Instant
	providers map[string][]scheduling.Provider // by folded name
	services  map[string][]scheduling.Service
	providing []scheduling.Provider // those who work now
	serving   []scheduling.Service
}

func readRoster(v *store.View) (r roster, err error) {
	if r.clinic, err = clinics.Get(v); err != nil {
		return r, err
	}
	r.zone, r.now = r.clinic.Location(), v.Now()
	r.today = v.Now().In(r.zone)
	who, what, err := scheduling.ForLists(v)
	r.providers, r.services = map[string][]scheduling.Provider{}, map[string][]scheduling.Service{}
	for _, p := range who {
		r.providers[folded(p.Name)] = append(r.providers[folded(p.Name)], p)
		if p.RetiredAt == 0 {
			r.providing = append(r.providing, p)
		}
	}
	for _, x := range what {
		r.services[folded(x.Name)] = append(r.services[folded(x.Name)], x)
		if x.RetiredAt == 0 {
			r.serving = append(r.serving, x)
		}
	}
	return r, err
}

// one is the only one of the list, or the only one of it who is there still.
func one[T any](list []T, retired func(T) bool) (out T, key string) {
	if len(list) > 1 {
		list = slices.DeleteFunc(slices.Clone(list), retired)
	}
	switch len(list) {
	case 0:
		return out, "unknown"
	case 1:
		return list[0], ""
	}
	return out, "two"
}

// visit is a line read as an appointment.
type visit struct {
	scheduling.Brought
	notes []LineFault // what was taken otherwise than it was written
}

func (r roster) find(v *store.View, cells map[string]string, people map[string]id.ID, wrong *[]LineFault) (id.ID, error) {
	if text := cells[FieldPatient]; text != "" {
		p, err := id.Parse(strings.ToLower(text))
		if err == nil {
			if _, err := patients.Find(v, p); err == nil {
				return p, nil
			} else if !fault.Is(err, fault.NotFound) {
				return id.Zero, err
			}
		}
		*wrong = append(*wrong, LineFault{Field: FieldPatient, Key: "field.list.no_such"})
		return id.Zero, nil
	}
	key := cells[FieldName] + "\n" + cells[FieldPhone] + "\n" + cells[FieldEmail]
	if p, known := people[key]; known {
		return p, nil
	}
	var f fault.Fields
	clean, ok := patients.Check(patients.Draft{Name: cells[FieldName], Phone: number(cells[FieldPhone]), Email: cells[FieldEmail], Source: patients.SourceDesk}, r.clinic, clock.DateOf(r.today), &f)
	if !ok {
		*wrong = append(*wrong, readFaults(faultWords(f.Err()))...)
		return id.Zero, nil
	}
	p, found, err := patients.Same(v, clean)
	if err != nil {
		return id.Zero, err
	}
	if !found {
		*wrong = append(*wrong, LineFault{Field: FieldName, Key: "field.list.no_such"})
		return id.Zero, nil
	}
	people[key] = p
	return p, nil
}

// read makes an appointment out of a line; wrong is what keeps it from being one.
func (r roster) read(v *store.View, l List, line []string, people map[string]id.ID) (out visit, wrong []LineFault, err error) {
	cells := map[string]string{}
	for i, f := range l.Columns {
		if f != "" && i < len(line) {
			cells[f] = line[i]
		}
	}
	bad := func(field, key string) { wrong = append(wrong, LineFault{Field: field, Key: key}) }
	if out.Patient, err = r.find(v, cells, people, &wrong); err != nil {
		return out, nil, err
	}
	who, what := r.providing, r.serving
	if name := cells[FieldPractitioner]; name != "" || slices.Contains(l.Columns, FieldPractitioner) {
		who = r.providers[folded(name)]
	}
	if name := cells[FieldService]; name != "" || slices.Contains(l.Columns, FieldService) {
		what = r.services[folded(name)]
	}
	key := ""
	if out.Provider, key = one(who, func(p scheduling.Provider) bool { return p.RetiredAt > 0 }); key != "" {
		bad(FieldPractitioner, "field.list."+key+"_practitioner")
	}
	if out.Service, key = one(what, func(x scheduling.Service) bool { return x.RetiredAt > 0 }); key != "" {
		bad(FieldService, "field.list."+key+"_service")
	}
	s := startOf(cells[FieldStart], cells[FieldDate], cells[FieldTime], l.Order, r.today, r.zone)
	if s.fault != "" {
		bad(FieldStart, s.fault)
	} else if s.repeat {
		out.notes = append(out.notes, LineFault{Field: FieldStart, Key: "list.note.twice"})
	}
	behind := s.at <= r.now
	length, ok := minutesOf(cells[FieldDuration])
	if !ok {
		bad(FieldDuration, "field.list.duration")
	}
	if length == 0 {
		length = out.Service.Minutes
	}
	grain := int(scheduling.Grain / time.Minute)
	out.StartsAt, out.Minutes = s.at, (length+grain-1)/grain*grain
	if rest := clock.Instant(int64(s.at) % int64(scheduling.Grain/time.Microsecond)); rest != 0 && s.fault == "" {
		if !behind {
			bad(FieldStart, "field.start.grain")
		}
		if out.StartsAt -= rest; rest < 0 {
			out.StartsAt -= clock.Instant(scheduling.Grain / time.Microsecond)
		}
	}
	if len(wrong) == 0 && (out.StartsAt != s.at || out.Minutes != length) {
		out.notes = append(out.notes, LineFault{Field: FieldStart, Key: "list.note.rounded"})
	}
	if out.Status, ok = statusOf(cells[FieldStatus]); !ok {
		bad(FieldStatus, "field.list.status")
	}
	switch {
	case behind && (out.Status.Ahead() || out.Status.Came()):
		out.Status = scheduling.Completed
	case !behind && (out.Status.Came() || out.Status == scheduling.NoShow):
		bad(FieldStatus, "field.list.status_ahead")
	case !behind && out.Status != scheduling.Cancelled && len(wrong) == 0 && !scheduling.OffersIt(out.Provider, out.Service):
		bad(FieldService, "field.list.not_offered")
	}
	if out.Note = cells[FieldNote]; len([]rune(out.Note)) > scheduling.NoteLimit {
		bad(FieldNote, "field.list.note_long")
	}
	if !r.clinic.Has(clinics.ModuleNotes) {
		out.Note = ""
	}
	out.Remind = l.Remind
	return out, wrong, nil
}

// grainOf is a grain of a provider's time.
type grainOf struct {
	provider id.ID
	grain    scheduling.GrainNo
}

// wanted is an appointment of a list: a cancelled one does not stand in the way of one that holds.
type wanted struct {
	patient   id.ID
	at        clock.Instant
	cancelled bool
}

// memory is what stands further up in a list while it is looked over, by the numbers of the lines: a Change that is tried again meets its own lines here, and they do not
// stand further up.
type memory struct {
	met    met               // people whom lines make
	seen   map[wanted]int64  // the first line that makes the appointment
	people map[string]id.ID  // patients by what the list says of them
	taken  map[grainOf]int64 // the line that gets the time
}

func newMemory() *memory {
	return &memory{met: met{}, seen: map[wanted]int64{}, people: map[string]id.ID{}, taken: map[grainOf]int64{}}
}

// weigh says what a line is and why; b is the appointment that it would make.
func (s *Service) weigh(v *store.View, r roster, l List, x lineRow, m *memory) (b visit, verdict string, says []LineFault, err error) {
	b, wrong, err := r.read(v, l, x.Cells, m.people)
	if err != nil || len(wrong) > 0 {
		return b, LineWrong, wrong, err
	}
	w, err := scheduling.Weigh(v, r.clinic, b.Brought)
	if err != nil {
		return b, "", nil, err
	}
	above := func(line int64) bool { return line > 0 && line < x.Number }
	this := wanted{b.Patient, b.StartsAt, b.Status == scheduling.Cancelled}
	twice := above(m.seen[this]) || this.cancelled && above(m.seen[wanted{this.patient, this.at, false}])
	switch {
	case w.Here:
		return b, LineHere, nil, nil
	case twice:
		return b, LineTwice, nil, nil
	case w.Clash != scheduling.Span{}:
		return b, LineClash, []LineFault{{Field: FieldStart, Key: ClashBooked, Arg: strconv.FormatInt(int64(w.Clash.From), 10) + "-" + strconv.FormatInt(int64(w.Clash.To), 10)}}, nil
	}
	span := b.Held(r.clinic, v.Now())
	grains := scheduling.Grains(span.From, span.To)
	for _, g := range grains {
		if other := m.taken[grainOf{b.Provider.ID, g}]; above(other) {
			return b, LineClash, []LineFault{{Field: FieldStart, Key: ClashLine, Arg: strconv.FormatInt(other+1, 10)}}, nil
		}
	}
	for _, g := range grains {
		m.taken[grainOf{b.Provider.ID, g}] = x.Number
	}
	if m.seen[this] == 0 {
		m.seen[this] = x.Number
	}
	if w.Outside {
		b.notes = append(b.notes, LineFault{Field: FieldStart, Key: "list.note.outside"})
	}
	if b.Behind(v.Now()) {
		return b, LinePast, b.notes, nil
	}
	return b, LineNew, b.notes, nil
}

// lookOverVisits says of each line what it is; nothing is made.
func (s *Service) lookOverVisits(tx *store.Tx, l List, lines []lineRow, m *memory) error {
	r, err := readRoster(&tx.View)
	if err != nil {
		return err
	}
	for _, x := range lines {
		b, verdict, says, err := s.weigh(&tx.View, r, l, x, m)
		if err != nil {
			return err
		}
		if err := tx.Later(sqlLineOf, l.ID, x.Number, verdict, faultText(says), id.Null(b.Patient)); err != nil {
			return err
		}
	}
	return nil
}

// bringInVisits makes the appointments of lines that met nothing, and meet nothing still under their providers' locks. A line that meets something now is named.
func (s *Service) bringInVisits(tx *store.Tx, l List, lines []lineRow) (made, skipped int64, err error) {
	r, err := readRoster(&tx.View)
	if err != nil {
		return 0, 0, err
	}
	var lock []id.ID
	for _, p := range r.providing {
		lock = append(lock, p.ID)
	}
	if err := scheduling.LockForList(tx, lock...); err != nil {
		return 0, 0, err
	}
	if r, err = readRoster(&tx.View); err != nil { // again, now that nobody retires
		return 0, 0, err
	}
	m := newMemory()
	for _, x := range lines {
		if x.Verdict != LineNew && x.Verdict != LinePast {
			skipped++
			continue
		}
		b, verdict, says, err := s.weigh(&tx.View, r, l, x, m)
		if err != nil {
			return 0, 0, err
		}
		if verdict != LineNew && verdict != LinePast {
			skipped++
			if err := tx.Later(sqlLineOf, l.ID, x.Number, verdict, faultText(says), id.Null(b.Patient)); err != nil {
				return 0, 0, err
			}
			continue
		}
		a, err := scheduling.BringIn(tx, r.clinic, b.Brought)
		if err != nil {
			return 0, 0, err
		}
		made++
		if err := tx.Later(sqlLineMade, l.ID, x.Number, a); err != nil {
			return 0, 0, err
		}
	}
	return made, skipped, nil
}

// takeBackVisits takes the appointments of lines away that nobody has touched since.
func (s *Service) takeBackVisits(tx *store.Tx, l List, lines []lineRow) error {
	for _, x := range lines {
		if x.Verdict != LineMade {
			continue
		}
		a, untouched, there, err := scheduling.AsBrought(&tx.View, x.made)
		if err != nil {
			return err
		}
		verdict := LineGone
		if there {
			named, err := s.named(tx, a)
			if err != nil {
				return err
			}
			if named || !untouched {
				verdict = LineKept
			} else if err := s.withdraw(tx, a); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(sqlLineSays, l.ID, x.Number, verdict, ""); err != nil {
			return err
		}
	}
	return nil
}

// named says whether anything else of the patient names the appointment: a message, a visit, an answer, an invoice.
func (s *Service) named(tx *store.Tx, a scheduling.Appointment) (bool, error) {
	forms, err := s.forms(tx.Context())
	if err != nil {
		return false, err
	}
	for name, form := range forms {
		_, of := form.Field("patient_id")
		_, about := form.Field("appointment_id")
		if !of || !about || name == "patient_link" || !s.isClinic(name) {
			continue
		}
		var last store.Record
		for {
			rows, err := tx.PageOf(form, nil, a.Patient, last, 200)
			if err != nil {
				return false, err
			}
			for _, r := range rows {
				if of, ok := asID(r["appointment_id"]); ok && of == a.ID {
					return true, nil
				}
				last = r
			}
			if len(rows) < 200 {
				break
			}
		}
	}
	return false, nil
}

func (s *Service) withdraw(tx *store.Tx, a scheduling.Appointment) error {
	if err := scheduling.Withdraw(tx, a); err != nil {
		return err
	}
	return followup.Plan(tx, a.ID) // which forgets what was planned of one that is not there
}

// EachLeft gives every line that was not brought in, or will not be, in the order of the list. fault.NotFound when there is no such list.
func (s *Service) EachLeft(ctx context.Context, who access.Caller, list id.ID, do func(l List, head []string, x Line)) error {
	return s.db.View(ctx, who, access.ClinicImport, func(_ context.Context, v *store.View) error {
		l, err := getList(v, list)
		if err != nil {
			return err
		}
		first, err := readLines(v, list, sqlLinesFrom, int64(-1), int64(1))
		if err != nil || len(first) == 0 {
			return err
		}
		for last := int64(0); ; {
			rows, err := readLines(v, list, sqlLinesLeft, last, int64(linesWrittenPer))
			if err != nil {
				return err
			}
			for _, x := range rows {
				do(l, first[0].Cells, x.Line)
				last = x.Number
			}
			if len(rows) < linesWrittenPer {
				return nil
			}
		}
	})
}
