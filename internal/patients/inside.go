package patients

import (
	"errors"
	"maps"
	"slices"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// maxGuardians bounds what public doors can add to one child.
const maxGuardians = 8

// Ensure finds or makes the person. With match, the same person (the same name, and the same phone
// number or e-mail address, her own or a guardian's) is found again: existed is then true. A
// shared family phone with another name, or with another birth date, is another person. Without
// match a new person is always made. Whoever is found counts as seen now; what was made or completed
// is recorded here, finding alone is not: the caller's own note says what for.
//
// Whoever is found by a public door is not changed by it: somebody who knows a name and a number
// must not be able to put another address there, a guardian's as little as her own: links and letters go to it where she has
// none. A guardian of a child whose name is new is added all the same, without an address, as evidence of who spoke. The desk
// fills what was empty; where that takes the place of a guardian's address, the answer says that she Moved: the caller ends the links that went there.
func Ensure(tx *store.Tx, clean Clean, match bool) (p Patient, existed bool, err error) {
	if clean.name == "" {
		return Patient{}, false, errors.New("patients: Ensure takes what Check answered with true")
	}
	if !match {
		p, err = enter(tx, clean)
		return p, false, err
	}
	p, found, err := findSame(&tx.View, clean)
	if err != nil {
		return Patient{}, false, err
	}
	if found {
		p, err = meet(tx, p, clean)
		return p, true, err
	}
	// Two doors may both have found nobody. The second waits here until the first is decided, and
	// then looks again.
	gate, err := tx.Bucket(vault.IndexName, markGate+nameKey(clean.name))
	if err != nil {
		return Patient{}, false, err
	}
	if _, err := tx.Exec(sqlGateTake, gate); err != nil {
		return Patient{}, false, err
	}
	if p, found, err = findSame(&tx.View, clean); err != nil {
		return Patient{}, false, err
	}
	if found {
		p, err = meet(tx, p, clean)
	} else {
		p, err = enter(tx, clean)
	}
	if err != nil {
		return Patient{}, false, err
	}
	_, err = tx.Exec(sqlGateGive, gate)
	return p, found, err
}

// findSame looks for the person among those who share the name and an address.
func findSame(v *store.View, c Clean) (Patient, bool, error) {
	var spoken []Guardian
	if c.guardian != nil {
		spoken = []Guardian{*c.guardian}
	}
	phones, emails := reach(c.phone, c.email, spoken)
	keys, err := buckets(v, sameTokens(c.name, phones, emails))
	if err != nil || len(keys) == 0 {
		return Patient{}, false, err
	}
	rows, err := listedAlike(v, keys, chunk)
	if err != nil {
		return Patient{}, false, err
	}
	people, err := openListed(v, rows)
	if err != nil {
		return Patient{}, false, err
	}
	people = slices.DeleteFunc(people, func(p Patient) bool {
		return p.Broken || !sameName(p.Name, c.name) || c.birth != "" && p.BirthDate != "" && c.birth != p.BirthDate
	})
	if err := withGuardians(v, people); err != nil {
		return Patient{}, false, err
	}
	var best id.ID
	var seen clock.Instant
	most := 0
	for _, p := range people {
		n := 0
		theirs, mails := reach(p.Phone, p.Email, p.Guardians)
		for _, x := range phones {
			if slices.Contains(theirs, x) {
				n++
			}
		}
		for _, x := range emails {
			if slices.Contains(mails, x) {
				n++
			}
		}
		if n > 0 && c.birth != "" && c.birth == p.BirthDate {
			n++
		}
		if n > most || n == most && n > 0 && p.SeenAt > seen {
			best, seen, most = p.ID, p.SeenAt, n
		}
	}
	if most == 0 {
		return Patient{}, false, nil
	}
	p, err := Find(v, best)
	return p, err == nil, err
}

// enter makes a new person.
func enter(tx *store.Tx, c Clean) (Patient, error) {
	if err := clinics.MayHoldPatients(&tx.View); err != nil {
		return Patient{}, err
	}
	p := made(tx, c)
	if err := tx.NewSubject(p.ID); err != nil {
		return Patient{}, err
	}
	if err := write(tx, p); err != nil {
		return Patient{}, err
	}
	return p, tx.Announce(EventCreated, p.ID, 0)
}

// EnterAll makes a new person of each, without looking for the same person first: for lists that
// are taken over. Their keys are committed in one batch, which is what makes many fast.
func EnterAll(tx *store.Tx, list []Clean) ([]Patient, error) {
	people, ids := make([]Patient, len(list)), make([]id.ID, len(list))
	for i, c := range list {
		if c.name == "" {
			return nil, errors.New("patients: EnterAll takes what Check answered with true")
		}
		people[i] = made(tx, c)
		ids[i] = people[i].ID
		for j := range people[i].Guardians {
			if c.birth != "" && !c.minor { // an old list has whoever spoke for her as a child
				people[i].Guardians[j].adult = fromList
			}
		}
	}
	if err := clinics.MayHoldPatients(&tx.View); err != nil {
		return nil, err
	}
	if err := tx.NewSubject(ids...); err != nil {
		return nil, err
	}
	if err := tx.Load(ids); err != nil {
		return nil, err
	}
	for _, p := range people {
		if err := write(tx, p); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// made is the new person before anything is written.
func made(tx *store.Tx, c Clean) Patient {
	p := Patient{ID: tx.NewID(), Name: c.name, Phone: c.phone, Email: c.email, BirthDate: c.birth, Language: c.language, Sex: c.sex, Address: c.address,
		Source: c.door, Minor: c.minor, SeenAt: tx.Now(), CreatedAt: tx.Now(), Version: 1}
	if c.guardian != nil {
		g := *c.guardian
		g.ID = tx.NewID()
		p.Guardians = []Guardian{g}
	}
	return p
}

// write writes the rows of a new person who has her key.
func write(tx *store.Tx, p Patient) error {
	if err := addPatient(tx, p); err != nil {
		return err
	}
	for _, g := range p.Guardians {
		if err := addGuardian(tx, p.ID, g); err != nil {
			return err
		}
	}
	if err := writeTokens(tx, p, nil); err != nil {
		return err
	}
	_, added := changes(Patient{}, p)
	tx.Record(audit.Note{Action: "add", Kind: "patient", Subject: p.ID, Patient: p.ID, New: added})
	return nil
}

// meet adds to a person who was found again what the door may add.
func meet(tx *store.Tx, p Patient, c Clean) (Patient, error) {
	if err := Touch(tx, p.ID); err != nil {
		return Patient{}, err
	}
	p.SeenAt = max(p.SeenAt, tx.Now())
	old := p
	old.Guardians = slices.Clone(p.Guardians)
	changed := false
	if c.door == SourceDesk {
		fill := func(have *string, field, now string) {
			if *have == "" && now != "" && !p.unread(field) {
				*have, changed = now, true
			}
		}
		phone, email, birth := string(p.Phone), string(p.Email), string(p.BirthDate)
		fill(&phone, "phone", string(c.phone))
		fill(&email, "email", string(c.email))
		fill(&birth, "birth_date", string(c.birth))
		fill(&p.Sex, "sex", c.sex)
		fill(&p.Address, "address", c.address)
		p.Phone, p.Email, p.BirthDate = contact.Phone(phone), contact.Email(email), clock.Date(birth)
		if c.birth != "" && p.BirthDate == c.birth && p.AdultAge == 0 {
			changed = changed || p.Minor != c.minor
			p.Minor = c.minor
		}
	}
	if changed {
		_, row, err := readPatient(&tx.View, p.ID)
		if err != nil {
			return Patient{}, err
		}
		saved, err := savePatient(tx, p, row)
		if err != nil {
			return Patient{}, err
		}
		if saved {
			p.Version = row.version + 1
		} else {
			p, changed = old, false // somebody edits this person right now, and knows better
		}
	}
	if c.guardian != nil && len(p.Guardians) < maxGuardians && (c.door == SourceDesk || p.Minor || c.minor) {
		if _, known := p.GuardianNamed(c.guardian.Name); !known {
			g := *c.guardian
			g.ID = tx.NewID()
			if c.door != SourceDesk {
				g.Phone, g.Email = "", ""
			}
			if err := addGuardian(tx, p.ID, g); err != nil {
				return Patient{}, err
			}
			p.Guardians = append(p.Guardians, g)
			changed = true
		}
	}
	if !changed {
		return p, nil
	}
	was, is := changes(old, p)
	p.Moved = moved(old, p)
	tx.Record(audit.Note{Action: "complete", Kind: "patient", Subject: p.ID, Patient: p.ID, Old: was, New: is})
	return p, refreshTokens(tx, p)
}

// changes lists the fields that differ, for the sealed part of the audit entry.
func changes(old, now Patient) (was, is map[string]string) {
	was, is = map[string]string{}, map[string]string{}
	before, after := fields(old), fields(now)
	for k, v := range after {
		if before[k] != v {
			was[k], is[k] = before[k], v
		}
	}
	for k, v := range before {
		if _, still := after[k]; !still {
			was[k], is[k] = v, ""
		}
	}
	return was, is
}

func fields(p Patient) map[string]string {
	out := map[string]string{"name": p.Name, "phone": string(p.Phone), "email": string(p.Email), "birth_date": string(p.BirthDate), "sex": p.Sex, "address": p.Address, "language": p.Language}
	if p.Minor {
		out["minor"] = "yes"
	}
	for _, g := range p.Guardians {
		k := "guardian " + g.ID.String()
		out[k], out[k+" phone"], out[k+" email"], out[k+" relation"] = g.Name, string(g.Phone), string(g.Email), g.Relation
	}
	return out
}

// Name is what a calendar shows of a person. Broken says that her row is not there or cannot be
// opened; Text is empty then.
type Name struct {
	Text   string
	Minor  bool
	Broken bool
}

const patientsHere = `SELECT id FROM patient WHERE clinic_id = $1 AND id IN `

// Here says which of many patients are there: who was erased is not. It opens nothing.
func Here(v *store.View, ids []id.ID) (map[id.ID]bool, error) {
	out := make(map[id.ID]bool, len(ids))
	return out, store.Each(ids, func(args []any, width int) error {
		rows, err := v.Query(patientsHere+store.In(2, width), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p id.ID
			if err := rows.Scan(&p); err != nil {
				return err
			}
			out[p] = true
		}
		return rows.Err()
	})
}

// Names opens the names of many patients: a statement and a key-store batch for each 256 of them.
// Every id has an answer; a row that cannot be opened is Broken and spoils nobody else's.
func Names(v *store.View, ids []id.ID) (map[id.ID]Name, error) {
	out := make(map[id.ID]Name, len(ids))
	distinct := make([]id.ID, 0, len(ids))
	for _, p := range ids {
		if _, twice := out[p]; !twice {
			out[p] = Name{Broken: true}
			distinct = append(distinct, p)
		}
	}
	for part := range slices.Chunk(distinct, store.Widest) {
		if err := v.Load(part); err != nil {
			return nil, err
		}
		if err := names(v, part, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func names(v *store.View, ids []id.ID, out map[id.ID]Name) error {
	args, width := store.Filled(ids)
	rows, err := v.Query(sqlPatientNames+store.In(2, width), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p id.ID
		var sealed []byte
		var n Name
		if err := rows.Scan(&p, &sealed, &n.Minor); err != nil {
			return err
		}
		o := &opener{v: v, subject: p, table: "patient", row: p}
		n.Text = o.text("name", sealed)
		n.Broken = n.Text == ""
		out[p] = n
	}
	return rows.Err()
}

// Find opens one patient with her guardians. fault.NotFound when she is not there. Notes are among
// the fields: whoever shows them asks for the right first. Nothing is written to the audit log; a
// door calls Service.Open.
func Find(v *store.View, patient id.ID) (Patient, error) {
	p, _, err := find(v, patient)
	return p, err
}

func find(v *store.View, patient id.ID) (Patient, sealedRow, error) {
	p, row, err := readPatient(v, patient)
	if errors.Is(err, store.ErrNoRows) {
		return Patient{}, row, fault.Missing()
	}
	if err != nil {
		return Patient{}, row, err
	}
	p.Guardians, err = readGuardians(v, patient)
	return p, row, err
}

// Contact is where and in which language the patient is written to. An address that she has not is
// that of her first guardian who speaks for her today; one that nobody has is "". fault.NotFound when she is not there. A cell
// that does not open counts as no address: nothing goes out to a guess.
func Contact(v *store.View, patient id.ID) (phone, email, lang string, err error) {
	all, err := Reaches(v, patient)
	if err != nil {
		return "", "", "", err
	}
	r, there := all[patient]
	if !there {
		return "", "", "", fault.Missing()
	}
	return r.Phone, r.Email, r.Language, nil
}

// Reach is how a patient is called and written to; see Contact.
type Reach struct {
	Name                   Name
	Phone, Email, Language string
	Grown                  bool // she has come of age, and her guardian's address is used no more
}

// Reaches is the Reach of many patients, in a few statements. Who is not there is not in the answer.
func Reaches(v *store.View, ids ...id.ID) (map[id.ID]Reach, error) {
	out := make(map[id.ID]Reach, len(ids))
	lacking := map[id.ID]Patient{} // no telephone or no address: cells that are empty, not those that do not open
	err := v.Load(ids)
	if err == nil {
		err = store.Each(ids, func(args []any, width int) error { return reaches(v, args, width, out, lacking) })
	}
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(slices.Collect(maps.Keys(lacking)), store.Widest) {
		guardians, err := guardiansOf(v, part)
		if err != nil {
			return nil, err
		}
		if len(guardians) == 0 {
			continue
		}
		c, err := clinics.Get(v)
		if err != nil {
			return nil, err
		}
		for one, all := range guardians {
			r, p := out[one], lacking[one]
			p.Guardians = all
			speak := speaking(v, p, c)
			r.Grown = len(speak) < len(all)
			for _, g := range speak {
				if r.Phone == "" && !p.unread("phone") {
					r.Phone = string(g.Phone)
				}
				if r.Email == "" && !p.unread("email") {
					r.Email = string(g.Email)
				}
			}
			out[one] = r
		}
	}
	return out, nil
}

func reaches(v *store.View, args []any, width int, out map[id.ID]Reach, lacking map[id.ID]Patient) error {
	rows, err := v.Query(sqlPatientReach+store.In(2, width), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p id.ID
		var name, phone, email, birth []byte
		var r Reach
		var age int
		if err := rows.Scan(&p, &name, &r.Name.Minor, &phone, &email, &birth, &age, &r.Language); err != nil {
			return err
		}
		o := &opener{v: v, subject: p, table: "patient", row: p}
		r.Name.Text, r.Phone, r.Email = o.text("name", name), o.text("phone", phone), o.text("email", email)
		r.Name.Broken = r.Name.Text == ""
		out[p] = r
		if len(phone) == 0 || len(email) == 0 {
			born := clock.Date(o.text("birth_date", birth))
			lacking[p] = Patient{ID: p, BirthDate: born, Minor: r.Name.Minor, AdultAge: age, Unreadable: o.unreadable}
		}
	}
	return rows.Err()
}

// Touch notes that the patient booked or came just now: recent visitors are found first.
func Touch(tx *store.Tx, patient id.ID) error {
	_, err := tx.Exec(sqlPatientTouch, patient, tx.Now())
	return err
}

const sqlPatientBirth = `SELECT birth_date, minor, adult_age FROM patient WHERE clinic_id = $1 AND id = $2`

// IsMinor says whether the patient is a child today, by her birth date, the clinic's zone, and the higher age of its
// jurisdiction and of the terms under which she is; without a readable birth date the flag of the last save answers. fault.NotFound
// when she is not there.
func IsMinor(v *store.View, patient id.ID, c clinics.Clinic) (bool, error) {
	var sealed []byte
	var p Patient
	err := v.Row(sqlPatientBirth, patient).Scan(&sealed, &p.Minor, &p.AdultAge)
	if errors.Is(err, store.ErrNoRows) {
		return false, fault.Missing()
	}
	if err != nil {
		return false, err
	}
	o := &opener{v: v, subject: patient, table: "patient", row: patient}
	p.BirthDate = clock.Date(o.text("birth_date", sealed))
	return p.MinorOn(clock.DateOf(v.Now().In(c.Location())), c.MinorAge()), nil
}

const (
	sqlPatientSince  = `SELECT created_at FROM patient WHERE clinic_id = $1 AND id = $2`
	sqlUnguarded     = `SELECT p.id FROM patient p WHERE p.clinic_id = $1 AND p.minor = TRUE AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.clinic_id = p.clinic_id AND g.patient_id = p.id) ORDER BY p.id LIMIT $2`
	sqlGuardianCount = `SELECT COUNT(*) FROM guardian WHERE clinic_id = $1 AND patient_id = $2`
)

// Since is when the patient was entered. fault.NotFound when she is not there.
func Since(v *store.View, patient id.ID) (at clock.Instant, err error) {
	err = v.Row(sqlPatientSince, patient).Scan(&at)
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return at, err
}

// Unguarded are children for whom nobody speaks, at most limit: those who were children when they were last saved, and still are. Whose mark has grown
// old is found by Ages.
func Unguarded(v *store.View, c clinics.Clinic, limit int) ([]id.ID, error) {
	rows, err := v.Query(sqlUnguarded, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	var out []id.ID
	for _, one := range all {
		young, err := IsMinor(v, one, c)
		if err != nil {
			return nil, err
		}
		if young {
			out = append(out, one)
		}
	}
	return out, nil
}

// Alone says whether the patient is a child for whom nobody speaks. fault.NotFound when she is not there.
func Alone(v *store.View, patient id.ID, c clinics.Clinic) (bool, error) {
	young, err := IsMinor(v, patient, c)
	if err != nil || !young {
		return false, err
	}
	var n int
	err = v.Row(sqlGuardianCount, patient).Scan(&n)
	return n == 0, err
}

// SetContact puts a telephone number or an address on file that was proved to be the patient's, and answers the one that stood there, and whether she
// Moved: the caller ends the links that went there. Nothing else of her is touched.
func SetContact(tx *store.Tx, patient id.ID, phone contact.Phone, email contact.Email) (was string, moved bool, err error) {
	old, row, err := find(&tx.View, patient)
	if err != nil {
		return "", false, err
	}
	if old.keyless {
		return "", false, editable(old, old.Version)
	}
	c := Clean{name: old.Name, phone: old.Phone, email: old.Email, birth: old.BirthDate, language: old.Language, sex: old.Sex, address: old.Address, minor: old.Minor}
	if phone != "" {
		was, c.phone = string(old.Phone), phone
	}
	if email != "" {
		was, c.email = string(old.Email), email
	}
	p, err := rewrite(tx, old, row, c)
	return was, p.Moved, err
}

// Guardians are the adults who speak for the patient, the first entered first.
func Guardians(v *store.View, patient id.ID) ([]Guardian, error) { return readGuardians(v, patient) }
