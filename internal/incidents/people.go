package incidents

import (
	"errors"
	"slices"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Affected is one patient whom an incident touched.
type Affected struct {
	ID          id.ID // her line
	Patient     id.ID
	Name        patients.Name
	Reach       bool // she has an address to which a message can go
	Acts        []Act
	Classes     []Class
	First, Last clock.Instant
	Entries     int64
	ToldAt      clock.Instant
	ToldBy      string // "message" or "hand"
}

// Entry is one entry of the log that belongs to an incident.
type Entry struct {
	ID, Actor, Subject, Patient, Session id.ID
	At                                   clock.Instant
	Role, Action, Kind                   string
}

// touch is what was done with one patient's data.
type touch struct {
	acts        map[Act]bool
	classes     map[Class]bool
	first, last clock.Instant
	entries     int64
}

type touched map[id.ID]*touch

func (t touched) add(patient id.ID, act Act, classes []Class, first, last clock.Instant, entries int64) {
	x := t[patient]
	if x == nil {
		x = &touch{acts: map[Act]bool{}, classes: map[Class]bool{}, first: first}
		t[patient] = x
	}
	x.acts[act] = true
	for _, c := range classes {
		x.classes[c] = true
	}
	x.first, x.last, x.entries = min(x.first, first), max(x.last, last), x.entries+entries
}

// atOnce is how many entries of the log are read at a time.
const atOnce = 2000

// about are the arguments that choose the entries of an incident. There is none without a person or a sign-in: what everybody did is no trail.
func (i Incident) about(after id.ID, now clock.Instant) []any {
	end := i.To
	if end == 0 {
		end = now
	}
	flag := func(one id.ID) int {
		if one.IsZero() {
			return 0
		}
		return 1
	}
	person := i.Person
	if !i.Session.IsZero() { // the sign-in says more than the person: a stolen one is hers in name only
		person = id.Zero
	}
	from := firstID(i.From)
	if string(after[:]) > string(from[:]) {
		from = after
	}
	// Ids never run backwards, also when the clock is set back: an id may be later than its moment, and never earlier.
	return []any{from, i.From, end, flag(person), person, flag(i.Session), i.Session}
}

// hasTrail says whether the log can tell what belongs to the incident.
func (i Incident) hasTrail() bool { return !i.Person.IsZero() || !i.Session.IsZero() }

// trail reads entries of the log that belong to the incident, the oldest first, after the given one.
func trail(v *store.View, i Incident, after id.ID, limit int) ([]Entry, error) {
	if !i.hasTrail() {
		return nil, nil
	}
	rows, err := v.Query(sqlTrail, append(i.about(after, v.Now()), limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.ID, &e.At, &e.Actor, &e.Role, &e.Action, &e.Kind, &e.Subject, &e.Patient, &e.Session); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Seat is one sign-in that was used in the span of an incident.
type Seat struct {
	Session     id.ID
	First, Last clock.Instant
	Entries     int64
}

// seats are the sign-ins of the incident's person in its span.
func seats(v *store.View, i Incident) ([]Seat, error) {
	if i.Person.IsZero() {
		return nil, nil
	}
	all := i
	all.Session = id.Zero
	rows, err := v.Query(sqlSeats, append(all.about(id.Zero, v.Now()), 50)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Seat
	for rows.Next() {
		var s Seat
		if err := rows.Scan(&s.Session, &s.First, &s.Last, &s.Entries); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// look finds whom the incident touched: from the log for a sign-in or a person, from the messages for a processor.
func look(v *store.View, i Incident, carries bool) (touched, error) {
	out := touched{}
	if carries {
		end := i.To
		if end == 0 {
			end = v.Now()
		}
		list, err := messaging.Passed(v, i.Processor, i.From, end+1)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			out.add(p.Patient, Passed, []Class{Identity, Visits, Messages}, p.First, p.Last, p.Count)
		}
	}
	for after := id.Zero; ; {
		list, err := trail(v, i, after, atOnce)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if err := out.entry(v, e); err != nil {
				return nil, err
			}
			after = e.ID
		}
		if len(list) < atOnce {
			return out, nil
		}
	}
}

// entry adds those whom one entry names: its patient, everybody who appeared in a list, or whom it is about without naming her.
func (t touched) entry(v *store.View, e Entry) error {
	switch {
	case e.archive():
		return t.everybody(v, e)
	case e.demand() && e.Patient.IsZero():
		return t.demanded(v, e)
	case e.deleted():
		t.add(e.Subject, Changed, Classes(), e.At, e.At, 1)
		return nil
	case !e.Patient.IsZero():
		t.add(e.Patient, actOf(e.Action), e.classes(), e.At, e.At, 1)
		return nil
	}
	if e.Action != audit.ActionList {
		return nil
	}
	var said struct {
		New audit.Seen `json:"new"`
	}
	if there, err := details(v, e.ID, &said); err != nil || !there {
		return err
	}
	if e.Kind == "prescriptions" { // its ids are of papers; the list is one patient's
		p, err := id.Parse(said.New.Day)
		if err != nil {
			return err
		}
		said.New.IDs = []id.ID{p}
	}
	for _, p := range said.New.IDs {
		t.add(p, Read, classOf(e.Kind), e.At, e.At, 1)
	}
	return nil
}

// compute writes down whom the incident touched. Whoever was told already stays, and so does the line of everybody who is found again: her message's key
// is made of it, so that nobody is told twice. Whoever was erased is counted and not named. The caller holds the incident (sqlHold).
func compute(tx *store.Tx, i Incident, carries bool) error {
	found, err := look(&tx.View, i, carries)
	if err != nil {
		return err
	}
	all := make([]id.ID, 0, len(found))
	for p := range found {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	there, err := patients.Here(&tx.View, all)
	if err != nil {
		return err
	}
	before, err := notTold(&tx.View, sqlPeopleThere, i.ID)
	if err != nil {
		return err
	}
	for _, a := range before {
		if there[a.Patient] {
			continue
		}
		if _, err := tx.Exec(sqlPersonGone, i.ID, a.ID); err != nil {
			return err
		}
	}
	for _, p := range all {
		if !there[p] {
			continue
		}
		x := found[p]
		if _, err := tx.Exec(sqlPersonAdd, tx.NewID(), i.ID, p, joined(Acts(), x.acts), joined(Classes(), x.classes), x.first, x.last, x.entries); err != nil {
			return err
		}
	}
	_, err = tx.Exec(sqlComputed, i.ID, tx.Now(), len(all)-len(there))
	return err
}

// untold reads the next of those who were not told, and whether a message can reach them.
func untold(v *store.View, incident, behind id.ID, limit int) ([]Affected, error) {
	out, err := notTold(v, sqlNotTold, incident, behind, limit)
	if err != nil || len(out) == 0 {
		return out, err
	}
	ids := make([]id.ID, len(out))
	for i, a := range out {
		ids[i] = a.Patient
	}
	reach, err := patients.Reaches(v, ids...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Reach = reach[out[i].Patient].Email != ""
	}
	return out, nil
}

func notTold(v *store.View, text string, args ...any) ([]Affected, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Affected
	for rows.Next() {
		var a Affected
		if err := rows.Scan(&a.ID, &a.Patient); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// reachable counts those who were not told: whom a message can reach, and whom somebody has to tell by hand.
func reachable(v *store.View, incident id.ID) (reach, byHand int, err error) {
	for behind := id.Zero; ; {
		some, err := untold(v, incident, behind, toldAtOnce)
		if err != nil || len(some) == 0 {
			return reach, byHand, err
		}
		for _, a := range some {
			if a.Reach {
				reach++
			} else {
				byHand++
			}
		}
		behind = some[len(some)-1].ID
	}
}

// affected reads whom the incident touched, those first who were not told, with names and whether a message can reach them.
func affected(v *store.View, incident id.ID, limit int) ([]Affected, error) {
	rows, err := v.Query(sqlPeople, incident, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Affected
	var ids []id.ID
	for rows.Next() {
		var a Affected
		var acts, classes string
		if err := rows.Scan(&a.ID, &a.Patient, &acts, &classes, &a.First, &a.Last, &a.Entries, &a.ToldAt, &a.ToldBy); err != nil {
			return nil, err
		}
		a.Acts, a.Classes = parted(acts, Acts()), parted(classes, Classes())
		out, ids = append(out, a), append(ids, a.Patient)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(ids) == 0 {
		return out, err
	}
	names, err := patients.Names(v, ids)
	if err != nil {
		return nil, err
	}
	reach, err := patients.Reaches(v, ids...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Name, out[i].Reach = names[out[i].Patient], reach[out[i].Patient].Email != ""
	}
	return out, nil
}
