package intake

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// A patient answers and signs through her own link; for a child one of the guardians does. A signature is a typed name, a tick, the moment, and
// the exact version of the text.

const (
	answerColumns = `a.id, a.form_id, a.hash, a.answers, a.signed_name, a.guardian_id, a.signed_at, a.changed_at, a.version, t.body`
	sqlAnswersFor = `SELECT ` + answerColumns + ` FROM intake_answer a JOIN intake_text t ON t.clinic_id = a.clinic_id AND t.form_id = a.form_id AND t.hash = a.hash
	WHERE a.clinic_id = $1 AND a.appointment_id = $2 ORDER BY a.id`
	sqlAnswersOf = `SELECT ` + answerColumns + ` FROM intake_answer a JOIN intake_text t ON t.clinic_id = a.clinic_id AND t.form_id = a.form_id AND t.hash = a.hash
	WHERE a.clinic_id = $1 AND a.patient_id = $2 ORDER BY a.id`
	sqlAnswerPut = `INSERT INTO intake_answer (clinic_id, id, patient_id, appointment_id, form_id, hash, answers, signed_name, guardian_id, signed_at, changed_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (clinic_id, appointment_id, form_id) DO NOTHING`
	sqlAnswerChange = `UPDATE intake_answer SET hash = $4, answers = $5, signed_name = $6, guardian_id = $7, signed_at = $8, changed_at = $9, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND signed_at = 0`
)

// Item is one question with its answer, in the words of the version that was answered.
type Item struct {
	Question, Kind, Answer string
}

// Answered is a form that was answered and signed, with the text as it was then.
type Answered struct {
	ID, Form   id.ID
	Body       Body
	Hash       string // of the text that was signed
	Items      []Item
	SignedName string
	ByGuardian bool
	SignedAt   clock.Instant
	Broken     bool // the answers cannot be opened
	answers    Answers
	guardian   id.ID
	changedAt  clock.Instant
	version    int64
	rawHash    []byte
}

func scanAnswer(v *store.View, patient id.ID, row interface{ Scan(...any) error }) (Answered, error) {
	var a Answered
	var answers, name []byte
	var body string
	if err := row.Scan(&a.ID, &a.Form, &a.rawHash, &answers, &name, &a.guardian, &a.SignedAt, &a.changedAt, &a.version, &body); err != nil {
		return a, err
	}
	a.Hash, a.ByGuardian = hexOf(a.rawHash), !a.guardian.IsZero()
	if err := json.Unmarshal([]byte(body), &a.Body); err != nil {
		return a, err
	}
	text, err := v.Unseal(patient, "intake_answer", "answers", a.ID, answers)
	a.Broken = err != nil || text != "" && json.Unmarshal([]byte(text), &a.answers) != nil
	if a.SignedName, err = v.Unseal(patient, "intake_answer", "signed_name", a.ID, name); err != nil {
		a.Broken = true
	}
	for _, q := range a.Body.Questions {
		a.Items = append(a.Items, Item{q.Label, q.Kind, a.answers[q.ID]})
	}
	return a, nil
}

func answers(v *store.View, text string, patient, of id.ID) ([]Answered, error) {
	rows, err := v.Query(text, of)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Answered
	for rows.Next() {
		a, err := scanAnswer(v, patient, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// AnsweredFor is what the patient answered and signed before an appointment, for the page of the visit. What was begun and not signed is
// hers alone. It writes no audit entry: the caller opens the visit and says so.
func AnsweredFor(v *store.View, patient, appointment id.ID) ([]Answered, error) {
	all, err := answers(v, sqlAnswersFor, patient, appointment)
	return slices.DeleteFunc(all, func(a Answered) bool { return a.SignedAt == 0 }), err
}

// Asked is one form as the patient's page shows it.
type Asked struct {
	Form    id.ID
	Body    Body
	Hash    string // of the version that is shown, and that is signed
	Answers Answers
	Name    string        // that was signed with
	Signed  clock.Instant // zero: not yet
	Changed bool          // the text was changed since she began to answer
	Version int64         // of the answer; 0: none yet
}

// Own is what a patient is asked before her appointment.
type Own struct {
	Forms     []Asked
	Minor     bool
	Guardians []patients.Guardian // who can sign for a child
	Open      int                 // forms that are not signed
	CanSign   bool                // the appointment is still ahead, or today's
}

// Before reads what the patient of a link is asked before her appointment. It is empty where the clinic keeps no clinical records.
func (s *Service) Before(ctx context.Context, who access.Caller, appointment id.ID) (Own, error) {
	var out Own
	err := s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		var err error
		out, _, _, err = own(v, who, appointment)
		if len(out.Forms) > 0 {
			v.Opened("intake", appointment, who.Patient())
		}
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return Own{}, nil
	}
	return out, err
}

func own(v *store.View, who access.Caller, appointment id.ID) (Own, patients.Patient, []Answered, error) {
	var out Own
	var p patients.Patient
	c, err := clinics.Must(v, clinics.ModuleClinical)
	if err != nil {
		return out, p, nil, err
	}
	a, err := scheduling.FactsOf(v, appointment)
	if err != nil {
		return out, p, nil, err
	}
	if a.Patient != who.Patient() {
		return out, p, nil, fault.Missing()
	}
	all, err := forms(v)
	if err != nil {
		return out, p, nil, err
	}
	given, err := answers(v, sqlAnswersFor, a.Patient, appointment)
	if err != nil {
		return out, p, nil, err
	}
	out.CanSign = a.Status.Ahead() || a.Status.Came() && a.Day == clock.DateOf(v.Now().In(c.Location()))
	for _, f := range all {
		i := slices.IndexFunc(given, func(g Answered) bool { return g.Form == f.ID })
		asked := f.RetiredAt == 0 && (f.Service.IsZero() || f.Service == a.Service)
		switch {
		case i >= 0 && given[i].SignedAt > 0: // as it was signed, whatever the form says today
			g := given[i]
			out.Forms = append(out.Forms, Asked{Form: f.ID, Body: g.Body, Hash: g.Hash, Answers: g.answers, Name: g.SignedName, Signed: g.SignedAt, Version: g.version})
		case i >= 0 && asked:
			g := given[i]
			out.Forms = append(out.Forms, Asked{Form: f.ID, Body: f.Body, Hash: f.Hash, Answers: g.answers, Changed: g.Hash != f.Hash, Version: g.version})
			out.Open++
		case asked && out.CanSign:
			out.Forms = append(out.Forms, Asked{Form: f.ID, Body: f.Body, Hash: f.Hash})
			out.Open++
		}
	}
	if len(out.Forms) > 0 {
		if p, err = patients.Find(v, a.Patient); err != nil {
			return out, p, nil, err
		}
		if out.Minor = p.MinorOn(clock.DateOf(v.Now().In(c.Location())), c.MinorAge()); out.Minor { // today: she may have come of age since her record was saved
			out.Guardians = p.Guardians
		}
	}
	return out, p, given, nil
}

// Reply is what a patient sends: answers, and with Sign the typed name and the tick.
type Reply struct {
	Form     id.ID
	Hash     string // of the version that she read
	Answers  Answers
	Sign     bool
	Name     string
	Agreed   bool
	Guardian id.ID // who signs for a child; zero where there is only one
}

// Reply keeps what the patient of a link answered, and locks it when she signs. A form that was changed since she read it is fault.Conflict, and so is
// one that is signed. Wrong fields come back as a fault over all of them.
func (s *Service) Reply(ctx context.Context, who access.Caller, appointment id.ID, r Reply) error {
	return s.db.Change(ctx, who, access.OwnChange, func(_ context.Context, tx *store.Tx) error {
		o, p, given, err := own(&tx.View, who, appointment)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(o.Forms, func(f Asked) bool { return f.Form == r.Form })
		if i < 0 {
			return fault.Missing()
		}
		f := o.Forms[i]
		switch {
		case f.Signed > 0:
			return fault.New(fault.Conflict, "fault.intake_signed")
		case !o.CanSign:
			return fault.New(fault.Conflict, "fault.not_ahead")
		case f.Hash != r.Hash:
			return fault.New(fault.Conflict, "fault.intake_changed")
		}
		kept, err := f.Body.answered(r.Answers, r.Sign)
		if r.Sign {
			err = merge(err, r.signature(o, p))
		}
		if err != nil {
			return err
		}
		return put(tx, p.ID, appointment, f, given, kept, r)
	})
}

// signature checks the typed name and the tick, and settles which guardian signs.
func (r *Reply) signature(o Own, p patients.Patient) error {
	var f fault.Fields
	r.Name = strings.Join(strings.Fields(r.Name), " ")
	switch {
	case len([]rune(r.Name)) < 2:
		f.Add("signed_name", "field.intake.name")
	case o.Minor && strings.EqualFold(r.Name, p.Name):
		f.Add("signed_name", "field.intake.guardian_name")
	}
	bounded(&f, "signed_name", r.Name, 120, false)
	if !r.Agreed {
		f.Add("agreed", "field.intake.agreed")
	}
	if !o.Minor {
		r.Guardian = id.Zero
		return f.Err()
	}
	if r.Guardian.IsZero() && len(o.Guardians) == 1 {
		r.Guardian = o.Guardians[0].ID
	}
	if !slices.ContainsFunc(o.Guardians, func(g patients.Guardian) bool { return g.ID == r.Guardian }) {
		f.Add("guardian", "field.intake.guardian")
	}
	return f.Err()
}

// merge joins the wrong fields of two faults.
func merge(a, b error) error {
	var one, two *fault.Fault
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case !errors.As(a, &one) || !errors.As(b, &two):
		return errors.Join(a, b)
	}
	out := *one
	out.Fields = append(slices.Clone(one.Fields), two.Fields...)
	return &out
}

func put(tx *store.Tx, patient, appointment id.ID, f Asked, given []Answered, kept Answers, r Reply) error {
	one, version := tx.NewID(), int64(0)
	for _, g := range given {
		if g.Form == f.Form {
			one, version = g.ID, g.version
		}
	}
	hash, _, err := f.Body.Hash()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(patient, "intake_answer", "answers", one, string(raw))
	if err != nil {
		return err
	}
	note := audit.Note{Action: "answer", Kind: "intake", Subject: one, Patient: patient}
	var name []byte
	at, guardian := clock.Instant(0), id.Zero
	if r.Sign {
		at, guardian = tx.Now(), r.Guardian
		note.Action, note.New = "sign", map[string]any{"text": f.Hash, "guardian": !guardian.IsZero()}
		if name, err = tx.Seal(patient, "intake_answer", "signed_name", one, r.Name); err != nil {
			return err
		}
	}
	tx.Record(note)
	var n int64
	if version == 0 {
		n, err = tx.Exec(sqlAnswerPut, one, patient, appointment, f.Form, hash[:], sealed, name, id.Null(guardian), at, tx.Now())
	} else {
		n, err = tx.Exec(sqlAnswerChange, one, version, hash[:], sealed, name, id.Null(guardian), at, tx.Now())
	}
	if err == nil && n == 0 { // two presses at the same moment: the first counts
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}
