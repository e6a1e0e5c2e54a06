package patients

import (
	"context"
	"log/slog"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Service are the verbs for the doors.
type Service struct {
	db    *store.DB
	log   *slog.Logger
	ended func(tx *store.Tx, patient id.ID) error
}

// New makes the service. ended is called in the Change that takes an address of a patient off file: the links to her page that went there end
// (scheduling.EndLinks). A house without links needs none.
func New(db *store.DB, log *slog.Logger, ended ...func(tx *store.Tx, patient id.ID) error) *Service {
	s := &Service{db: db, log: log}
	if len(ended) > 0 {
		s.ended = ended[0]
	}
	return s
}

// today is the clinic's calendar day at the moment of the passage.
func today(v *store.View, c clinics.Clinic) clock.Date {
	return clock.DateOf(v.Now().In(c.Location()))
}

// tellBroken lets the operator know that rows do not open; the page shows them as such.
func (s *Service) tellBroken(ctx context.Context, who access.Caller, hits []Hit) {
	for _, h := range hits {
		if h.Broken {
			s.log.WarnContext(ctx, "a patient's row cannot be opened", "clinic", who.Clinic(), "patient", h.ID)
		}
	}
}

// Open opens a patient's page: one audit entry. Notes are left out unless the clinic turned notes on and the
// caller may read them. fault.NotFound when she is not there. A record that cannot be opened, or not
// whole, comes with Broken and the names of the unreadable fields.
func (s *Service) Open(ctx context.Context, who access.Caller, patient id.ID) (Patient, error) {
	var p Patient
	err := s.db.View(ctx, who, access.PatientRead, func(_ context.Context, v *store.View) error {
		var err error
		if p, err = Find(v, patient); err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		if !c.Has(clinics.ModuleNotes) || !who.May(access.PatientNotes) {
			p.Notes = ""
			p.Unreadable = slices.DeleteFunc(p.Unreadable, func(f string) bool { return f == "notes" })
			p.Broken = len(p.Unreadable) > 0
		}
		p.Minor = p.MinorOn(today(v, c), c.MinorAge())
		for i, g := range p.Guardians {
			p.Guardians[i].Silent = !g.speaksFor(p, today(v, c), c.MinorAge(), c.Location())
		}
		if p.keyless { // the entry's details cannot be sealed under a key that is gone; its subject still says who
			v.Opened("patient", patient, id.Zero)
			return nil
		}
		v.Opened("patient", patient, patient)
		return nil
	})
	if err != nil {
		return Patient{}, err
	}
	if p.Broken {
		s.log.WarnContext(ctx, "a patient's record cannot be opened whole", "clinic", who.Clinic(), "patient", patient)
	}
	return p, nil
}

// Add enters a patient at the desk. Somebody with the same name and the same phone or e-mail is
// found again (existed is true and nothing is doubled, also when the button was pressed twice)
// unless another says that this is indeed another person. fault.Invalid with one sentence per wrong field.
func (s *Service) Add(ctx context.Context, who access.Caller, d Draft, another bool) (p Patient, existed bool, err error) {
	err = s.db.Change(ctx, who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		d.Source = SourceDesk
		if who.Role() == access.Program {
			d.Source = SourceAPI
		}
		var wrong fault.Fields
		clean, ok := Check(d, c, today(&tx.View, c), &wrong)
		if !ok {
			return wrong.Err()
		}
		if p, existed, err = Ensure(tx, clean, !another); err != nil {
			return err
		}
		p.Notes = ""
		if existed {
			tx.Record(audit.Note{Action: "match", Kind: "patient", Subject: p.ID, Patient: p.ID})
		}
		return s.tellMoved(tx, p.ID, p.Moved)
	})
	if err != nil {
		return Patient{}, false, err
	}
	return p, existed, nil
}

// changedMeanwhile is the answer to whoever edits what somebody else has just changed.
func changedMeanwhile() error { return fault.New(fault.Conflict, "fault.changed_meanwhile") }

// editable says why old cannot be edited by somebody who saw that version: it is another one, or
// her key is gone, and nothing can be written about her any more.
func editable(old Patient, version int64) error {
	switch {
	case old.keyless:
		return fault.New(fault.Conflict, "fault.patient_sealed")
	case old.Version != version:
		return changedMeanwhile()
	}
	return nil
}

// Save writes the whole draft over the patient that was seen at version. The guardian of the draft,
// if there is one, is corrected when the name is known and added otherwise; guardians are taken away by
// RemoveGuardian only. A field that cannot be opened stays as it is unless the draft gives a new
// value. The language that stands there may stay when the clinic offers it no more; another one must be the clinic's. fault.Conflict "fault.changed_meanwhile" when somebody was first, and nothing was changed.
func (s *Service) Save(ctx context.Context, who access.Caller, patient id.ID, d Draft, version int64) (Patient, error) {
	var p Patient
	err := s.db.Change(ctx, who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		old, row, err := find(&tx.View, patient)
		if err != nil {
			return err
		}
		if err := editable(old, version); err != nil {
			return err
		}
		d.Source, d.adultAge = SourceDesk, old.AdultAge
		if d.Guardian == nil && len(old.Guardians) > 0 {
			if g := old.Guardians[0]; !g.Broken {
				d.Guardian = &GuardianDraft{Name: g.Name, Phone: string(g.Phone), Email: string(g.Email), Relation: g.Relation}
			}
		}
		if d.Language != "" && d.Language == old.Language && !slices.Contains(c.Languages, d.Language) {
			c.Languages = append(slices.Clone(c.Languages), d.Language)
		}
		var wrong fault.Fields
		clean, ok := Check(d, c, today(&tx.View, c), &wrong)
		if !ok {
			return wrong.Err()
		}
		if p, err = rewrite(tx, old, row, clean); err != nil {
			return err
		}
		p.Notes = ""
		return s.tellMoved(tx, p.ID, p.Moved)
	})
	if err != nil {
		return Patient{}, err
	}
	return p, nil
}

// rewrite writes what the draft changes.
func rewrite(tx *store.Tx, old Patient, row sealedRow, c Clean) (Patient, error) {
	p := old
	p.Name, p.Phone, p.Email, p.BirthDate, p.Language, p.Sex, p.Address, p.Minor = c.name, c.phone, c.email, c.birth, c.language, c.sex, c.address, c.minor
	if c.birth == "" && old.unread("birth_date") {
		p.Minor = old.Minor
	}
	p.Guardians = slices.Clone(old.Guardians)
	if c.guardian != nil {
		if err := putGuardian(tx, &p, *c.guardian); err != nil {
			return Patient{}, err
		}
	}
	was, is := changes(old, p)
	if len(is) == 0 && len(was) == 0 {
		return old, nil
	}
	saved, err := savePatient(tx, p, row)
	if err != nil {
		return Patient{}, err
	}
	if !saved {
		return Patient{}, changedMeanwhile()
	}
	p.Version++
	p.Moved = moved(old, p)
	tx.Record(audit.Note{Action: "change", Kind: "patient", Subject: p.ID, Patient: p.ID, Old: was, New: is})
	if err := refreshTokens(tx, p); err != nil {
		return Patient{}, err
	}
	return p, tx.Announce(EventChanged, p.ID, 0)
}

// putGuardian corrects the guardian of that name or adds one.
func putGuardian(tx *store.Tx, p *Patient, g Guardian) error {
	for i, have := range p.Guardians {
		if have.Broken || !sameName(have.Name, g.Name) {
			continue
		}
		g.ID, g.since, g.adult = have.ID, have.since, have.adult
		if g == have {
			return nil
		}
		p.Guardians[i] = g
		return saveGuardian(tx, p.ID, g)
	}
	if len(p.Guardians) >= maxGuardians {
		return fault.New(fault.Invalid, "fault.too_many_guardians").With("Max", maxGuardians)
	}
	g.ID = tx.NewID()
	p.Guardians = append(p.Guardians, g)
	return addGuardian(tx, p.ID, g)
}

// RemoveGuardian takes a guardian away from the patient that was seen at version. The last guardian
// of a child stays (I5): fault.Conflict "fault.last_guardian".
func (s *Service) RemoveGuardian(ctx context.Context, who access.Caller, patient, guardian id.ID, version int64) error {
	return s.db.Change(ctx, who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		old, row, err := find(&tx.View, patient)
		if err != nil {
			return err
		}
		if err := editable(old, version); err != nil {
			return err
		}
		p := old
		p.Guardians = slices.DeleteFunc(slices.Clone(old.Guardians), func(g Guardian) bool { return g.ID == guardian })
		if len(p.Guardians) == len(old.Guardians) {
			return fault.Missing()
		}
		if len(p.Guardians) == 0 && old.MinorOn(today(&tx.View, c), c.MinorAge()) {
			return fault.New(fault.Conflict, "fault.last_guardian")
		}
		if err := tx.Must(sqlGuardianDrop, patient, guardian); err != nil {
			return err
		}
		saved, err := savePatient(tx, p, row)
		if err != nil {
			return err
		}
		if !saved {
			return changedMeanwhile()
		}
		was, is := changes(old, p)
		tx.Record(audit.Note{Action: "change", Kind: "patient", Subject: patient, Patient: patient, Old: was, New: is})
		if err := refreshTokens(tx, p); err != nil {
			return err
		}
		return s.tellMoved(tx, patient, moved(old, p))
	})
}

// SaveNotes writes the plain notes beside a patient that was seen at version. fault.NotFound where
// the clinic has not turned notes on: there is no such page then.
func (s *Service) SaveNotes(ctx context.Context, who access.Caller, patient id.ID, text string, version int64) error {
	return s.db.Change(ctx, who, access.PatientNotes, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if !c.Has(clinics.ModuleNotes) {
			return fault.Missing()
		}
		var wrong fault.Fields
		text := cleanText(text, "notes", MaxNotes, &wrong)
		if err := wrong.Err(); err != nil {
			return err
		}
		old, _, err := find(&tx.View, patient)
		if err != nil {
			return err
		}
		if err := editable(old, version); err != nil {
			return err
		}
		if old.Notes == text && !old.unread("notes") {
			return nil
		}
		sealed, err := tx.Seal(patient, "patient", "notes", patient, text)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlNotesSave, patient, version, sealed)
		if err != nil {
			return err
		}
		if n != 1 {
			return changedMeanwhile()
		}
		tx.Record(audit.Note{Action: "change-notes", Kind: "patient", Subject: patient, Patient: patient,
			Old: map[string]string{"notes": old.Notes}, New: map[string]string{"notes": text}})
		return nil
	})
}
