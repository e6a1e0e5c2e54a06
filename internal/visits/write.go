package visits

import (
	"context"
	"encoding/json"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Service is this room's verbs for doors.
type Service struct {
	db    *store.DB
	lists *lists
	decks chan struct{} // pictures that are opened at once
}

// New makes the service.
func New(db *store.DB) *Service {
	return &Service{db: db, lists: newLists(), decks: make(chan struct{}, 2)}
}

const (
	sqlEncounterSave = `UPDATE encounter SET note = $4, vitals = $5, measured = $6, changed_at = $7, changed_by = $8, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND signed_at = 0`
	sqlEncounterSign = `UPDATE encounter SET note = $4, vitals = $5, measured = $6, changed_at = $7, changed_by = $8, signed_at = $7, signed_by = $8, signer = $9,
	version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND signed_at = 0`
	sqlAsidePut = `INSERT INTO encounter_aside (clinic_id, encounter_id, id, patient_id, note, person_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (clinic_id, encounter_id, id) DO UPDATE SET note = excluded.note, at = excluded.at`
	sqlAsideDrop = `DELETE FROM encounter_aside WHERE clinic_id = $1 AND encounter_id = $2 AND id = $3`
	sqlAsidesOf  = `SELECT id, note, person_id, at FROM encounter_aside WHERE clinic_id = $1 AND encounter_id = $2 ORDER BY at, id`

	sqlAmendmentAdd = `INSERT INTO amendment (clinic_id, encounter_id, id, patient_id, part, reason, body, signer, person_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlAmendmentsOf = `SELECT id, part, reason, body, signer, person_id, at FROM amendment WHERE clinic_id = $1 AND encounter_id = $2 ORDER BY at, id`
)

// Draft is a visit as a page sends it. Tab tells one open page from another, so that a text that meets another one is kept once.
type Draft struct {
	Note    Note
	Vitals  Vitals
	Version int64 // that the writer saw
	Tab     id.ID
}

func (d *Draft) check() error {
	var f fault.Fields
	d.Note.check(&f)
	if d.Tab.IsZero() {
		f.Add("tab", "fault.form_expired")
	}
	return f.Err()
}

// Saved is what became of a draft. Met says that somebody else had written meanwhile: nothing of theirs was touched, and the draft is kept
// beside it until its writer has seen both.
type Saved struct {
	Encounter
	Met bool
}

// sameHand is how long one person's writing on is one act for the audit log: it is written down when it begins, and when it is signed.
const sameHand = 10 * time.Minute

// Begin finds or begins the visit of an appointment.
func (s *Service) Begin(ctx context.Context, who access.Caller, appointment id.ID) (Encounter, error) {
	var out Encounter
	err := s.db.Change(ctx, who, access.VisitWrite, func(_ context.Context, tx *store.Tx) (err error) {
		out, err = Begin(tx, appointment)
		return err
	})
	return out, err
}

// Save keeps what was written so far: pages do it by themselves every few seconds. A visit that is signed is fault.Conflict, and the
// text is kept aside; wrong fields come back as a fault over all of them.
func (s *Service) Save(ctx context.Context, who access.Caller, one id.ID, d Draft) (Saved, error) {
	return s.write(ctx, who, access.VisitWrite, one, d, nil)
}

// signature is who signed, as it was then.
type signature struct {
	Name          string `json:"name"`
	Qualification string `json:"qualification,omitempty"`
	Registration  string `json:"registration,omitempty"`
}

// signerOf is the practitioner who signs. Somebody whose account is no practitioner's cannot: fault.Forbidden.
func signerOf(v *store.View, provider id.ID) (signature, error) {
	p, err := scheduling.ProviderOf(v, provider)
	if fault.Is(err, fault.NotFound) || err == nil && (p.Broken || p.RetiredAt > 0) {
		err = fault.New(fault.Forbidden, "fault.not_practitioner")
	}
	return signature{Name: p.Name, Qualification: p.Qualification, Registration: p.Registration}, err
}

// Sign keeps the draft and locks it, in one step: what is signed is what stood on the page. provider is the practitioner that the
// signer's account belongs to. An empty note is refused (fault.Invalid).
func (s *Service) Sign(ctx context.Context, who access.Caller, one, provider id.ID, d Draft) (Saved, error) {
	return s.write(ctx, who, access.VisitSign, one, d, &provider)
}

func (s *Service) write(ctx context.Context, who access.Caller, right access.Right, one id.ID, d Draft, provider *id.ID) (Saved, error) {
	if err := d.check(); err != nil {
		return Saved{}, err
	}
	var out Saved
	err := s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		e, err := scanEncounter(tx.Row(sqlEncounterGet, one))
		if err != nil {
			return err
		}
		out = Saved{Encounter: e}
		if e.Signed() || e.Version != d.Version {
			out.Met = true
			return putAside(tx, e, d)
		}
		if e, err = along(tx, e); err != nil {
			return err
		}
		out = Saved{Encounter: e}
		note, vitals, err := sealed(tx, e, d)
		if err != nil {
			return err
		}
		args := []any{one, d.Version, note, vitals, len(d.Vitals) > 0, tx.Now(), who.Actor()}
		n := int64(0)
		switch {
		case provider == nil:
			if e.ChangedBy == who.Actor() && e.Version > 1 && tx.Now().Sub(e.ChangedAt) < sameHand {
				tx.Housekeeping("the same hand writes on: the beginning is in the log, and the end will be")
			} else {
				tx.Record(audit.Note{Action: "write", Kind: "encounter", Subject: one, Patient: e.Patient})
			}
			n, err = tx.Exec(sqlEncounterSave, args...)
		case d.Note.Empty():
			var f fault.Fields
			f.Add(PartComplaint, "field.visit.empty")
			return f.Err()
		default:
			var by signature
			if by, err = signerOf(&tx.View, *provider); err != nil {
				return err
			}
			var signer []byte
			if signer, err = sealJSON(tx, e.Patient, "encounter", "signer", one, by); err != nil {
				return err
			}
			tx.Record(audit.Note{Action: "sign", Kind: "encounter", Subject: one, Patient: e.Patient}) // its text stands in the record, where it cannot change: not in a log that more people read
			n, err = tx.Exec(sqlEncounterSign, append(args, signer)...)
			out.SignedAt, out.SignedBy = tx.Now(), who.Actor()
		}
		if err != nil {
			return err
		}
		if n == 0 { // somebody wrote between our read and this write
			out = Saved{Encounter: e, Met: true}
			return putAside(tx, e, d)
		}
		out.Version, out.ChangedAt, out.ChangedBy = d.Version+1, tx.Now(), who.Actor()
		_, err = tx.Exec(sqlAsideDrop, one, d.Tab)
		return err
	})
	return out, err
}

func sealJSON(tx *store.Tx, patient id.ID, table, column string, row id.ID, x any) ([]byte, error) {
	text, err := encode(x)
	if err != nil {
		return nil, err
	}
	return tx.Seal(patient, table, column, row, text)
}

func sealed(tx *store.Tx, e Encounter, d Draft) (note, vitals []byte, err error) {
	if note, err = sealJSON(tx, e.Patient, "encounter", "note", e.ID, d.Note); err != nil {
		return nil, nil, err
	}
	if len(d.Vitals) > 0 {
		vitals, err = sealJSON(tx, e.Patient, "encounter", "vitals", e.ID, d.Vitals)
	}
	return note, vitals, err
}

// asideBody is what is kept of a draft that met another one.
type asideBody struct {
	Note   Note   `json:"note"`
	Vitals Vitals `json:"vitals,omitempty"`
}

// putAside keeps a draft that met another text.
func putAside(tx *store.Tx, e Encounter, d Draft) error {
	if d.Note.Empty() && len(d.Vitals) == 0 {
		return nil
	}
	sealed, err := sealJSON(tx, e.Patient, "encounter_aside", "note", d.Tab, asideBody{d.Note, d.Vitals})
	if err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "put-aside", Kind: "encounter", Subject: e.ID, Patient: e.Patient})
	_, err = tx.Exec(sqlAsidePut, e.ID, d.Tab, e.Patient, sealed, tx.Caller().Actor(), tx.Now())
	return err
}

// DropAside forgets a text that its reader has seen beside the other one.
func (s *Service) DropAside(ctx context.Context, who access.Caller, one, tab id.ID) error {
	return s.db.Change(ctx, who, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		e, err := scanEncounter(tx.Row(sqlEncounterGet, one))
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "drop-aside", Kind: "encounter", Subject: one, Patient: e.Patient})
		return tx.Must(sqlAsideDrop, one, tab)
	})
}

// Aside is a text that met another one, and is kept until its writer has seen both.
type Aside struct {
	ID     id.ID // of the page that it was written on
	By     id.ID
	At     clock.Instant
	Note   Note
	Vitals Vitals
	Broken bool
}

// Amendment is what was added to a signed visit: which part it concerns, why, and the words. Nothing of the visit itself changes.
type Amendment struct {
	ID                 id.ID
	Part               string // one of Parts
	Reason, Text       string
	By                 id.ID
	Name, Registration string // of who signed it, as it was then
	At                 clock.Instant
	Broken             bool
}

// Amend adds to a signed visit. provider is the practitioner that the writer's account belongs to. An unsigned visit is fault.Conflict: it
// can still be written.
func (s *Service) Amend(ctx context.Context, who access.Caller, one, provider id.ID, a Amendment) error {
	var f fault.Fields
	a.Reason, a.Text = line(&f, "reason", a.Reason, 300), prose(&f, "text", a.Text, MostLetters)
	if a.Reason == "" {
		f.Add("reason", "field.amend.reason")
	}
	if a.Text == "" {
		f.Add("text", "field.amend.text")
	}
	known := false
	for _, p := range Parts() {
		known = known || p == a.Part
	}
	if !known {
		f.Add("part", "field.amend.part")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.VisitSign, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		e, err := scanEncounter(tx.Row(sqlEncounterGet, one))
		if err != nil {
			return err
		}
		if !e.Signed() {
			return fault.New(fault.Conflict, "fault.visit_not_signed")
		}
		by, err := signerOf(&tx.View, provider)
		if err != nil {
			return err
		}
		row := tx.NewID()
		var cells [3][]byte
		for i, c := range []struct {
			column string
			what   any
		}{{"reason", a.Reason}, {"body", a.Text}, {"signer", by}} {
			if cells[i], err = sealJSON(tx, e.Patient, "amendment", c.column, row, c.what); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "amend", Kind: "encounter", Subject: one, Patient: e.Patient, New: map[string]any{"part": a.Part}})
		_, err = tx.Exec(sqlAmendmentAdd, one, row, e.Patient, a.Part, cells[0], cells[1], cells[2], who.Actor(), tx.Now())
		return err
	})
}

// unsealJSON opens a cell into x; false when it cannot be read.
func unsealJSON(v *store.View, patient id.ID, table, column string, row id.ID, sealed []byte, x any) bool {
	text, err := v.Unseal(patient, table, column, row, sealed)
	return err == nil && (text == "" || json.Unmarshal([]byte(text), x) == nil)
}

func asidesOf(v *store.View, e Encounter) ([]Aside, error) {
	rows, err := v.Query(sqlAsidesOf, e.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Aside
	for rows.Next() {
		var a Aside
		var sealed []byte
		if err := rows.Scan(&a.ID, &sealed, &a.By, &a.At); err != nil {
			return nil, err
		}
		var body asideBody
		a.Broken = !unsealJSON(v, e.Patient, "encounter_aside", "note", a.ID, sealed, &body)
		a.Note, a.Vitals = body.Note, body.Vitals
		out = append(out, a)
	}
	return out, rows.Err()
}

func amendmentsOf(v *store.View, e Encounter) ([]Amendment, error) {
	rows, err := v.Query(sqlAmendmentsOf, e.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Amendment
	for rows.Next() {
		var a Amendment
		var reason, body, signer []byte
		if err := rows.Scan(&a.ID, &a.Part, &reason, &body, &signer, &a.By, &a.At); err != nil {
			return nil, err
		}
		var by signature
		ok := unsealJSON(v, e.Patient, "amendment", "reason", a.ID, reason, &a.Reason)
		ok = unsealJSON(v, e.Patient, "amendment", "body", a.ID, body, &a.Text) && ok
		a.Broken = !(unsealJSON(v, e.Patient, "amendment", "signer", a.ID, signer, &by) && ok)
		a.Name, a.Registration = by.Name, by.Registration
		out = append(out, a)
	}
	return out, rows.Err()
}
