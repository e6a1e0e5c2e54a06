package prescriptions

import (
	"context"
	"errors"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/visits"
	"almirah/internal/words"
)

// Service is this room's verbs for doors. It may be shared.
type Service struct {
	db     *store.DB
	book   *words.Book
	public string // ALMIRAH_PUBLIC_URL without a slash at the end
	press  *document.Press
	parsed parsed
}

// New makes the service. public is where links begin; the press is the one of the house, which reads its fonts once.
func New(db *store.DB, book *words.Book, press *document.Press, public string) *Service {
	return &Service{db: db, book: book, public: strings.TrimRight(public, "/"), press: press}
}

// Page is all that the page of a sheet shows while it is written, or after.
type Page struct {
	Prescription
	Clinic   clinics.Clinic
	Patient  patients.Patient
	Known    Known
	Checking Checking // of the rows as they are now; a signed sheet keeps its own
	Drugs    ListName
	List     ListName // of warnings
	Sets     []Set
	Last     id.ID // her last signed sheet, to be copied; zero for none
	Said     []string
	Shares   []Share
	Setting  Setting
	Own      bool // of Typed: whoever typed saved the draft since, and Version is the one that it has now
	Met      bool // of Typed: somebody else saved the draft since, or it was signed
}

// Begin reads what the page of a new sheet of the patient needs: copy is a sheet of hers whose drugs stand on it already, replaces a
// signed one that it takes the place of, set a favourite; zero for none. Nothing is written.
func (s *Service) Begin(ctx context.Context, who access.Caller, d Draft, from, set id.ID) (Page, error) {
	var out Page
	err := s.db.View(ctx, who, access.RxWrite, func(_ context.Context, v *store.View) error {
		c, err := clinics.Must(v, clinics.ModulePrescriptions)
		if err != nil {
			return err
		}
		if err := encounterOf(v, d); err != nil {
			return err
		}
		if !d.Replaces.IsZero() {
			if p, err := get(v, from); !from.IsZero() && (err != nil || p.Patient != d.Patient) {
				return fault.Missing()
			}
			from = d.Replaces
		}
		if !from.IsZero() {
			p, err := get(v, from)
			if err == nil && (p.Patient != d.Patient || p.State == Drafted || !d.Replaces.IsZero() && p.State != Signed) {
				err = fault.Missing()
			}
			if err != nil {
				return err
			}
			d.Rows, d.Advice, d.Language = p.Rows, p.Advice, p.Language
			v.Opened("prescription", p.ID, p.Patient)
		}
		if !set.IsZero() {
			one, err := setOf(v, set)
			if err != nil {
				return err
			}
			d.Rows = append(d.Rows, one.Rows...)
		}
		out, err = s.page(v, c, Prescription{Draft: d, State: Drafted})
		return err
	})
	return out, err
}

// Open reads a sheet.
func (s *Service) Open(ctx context.Context, who access.Caller, one id.ID) (Page, error) {
	var out Page
	err := s.db.View(ctx, who, access.RxRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Must(v, clinics.ModulePrescriptions)
		if err != nil {
			return err
		}
		p, err := get(v, one)
		if err != nil {
			return err
		}
		v.Opened("prescription", p.ID, p.Patient)
		out, err = s.page(v, c, p)
		return err
	})
	return out, err
}

// Typed is the page of a sheet as it was typed and not saved. Whoever saved the draft last herself has missed an answer of ours: she is given
// the version that it has now, and goes on from there. Nobody else is, so that what somebody saved is not written over unseen.
func (s *Service) Typed(ctx context.Context, who access.Caller, d Draft) (Page, error) {
	var out Page
	err := s.db.View(ctx, who, access.RxWrite, func(_ context.Context, v *store.View) error {
		c, err := clinics.Must(v, clinics.ModulePrescriptions)
		if err != nil {
			return err
		}
		if err := encounterOf(v, d); err != nil {
			return err
		}
		now, err := get(v, d.ID)
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			return err
		case now.Draft.Patient != d.Patient:
			return fault.Missing()
		}
		typed := d
		own := err == nil && now.State == Drafted && now.Version != d.Version && now.Author == v.Caller().Actor()
		if own {
			typed.Version = now.Version
		}
		met := err == nil && !own && (now.State != Drafted || now.Version != d.Version)
		out, err = s.page(v, c, Prescription{Draft: typed, State: Drafted})
		out.Own, out.Met = own, met
		return err
	})
	return out, err
}

// page completes the page of a sheet.
func (s *Service) page(v *store.View, c clinics.Clinic, p Prescription) (Page, error) {
	out := Page{Prescription: p, Clinic: c}
	var err error
	if out.Patient, err = patients.Find(v, p.Draft.Patient); err != nil {
		return out, err
	}
	v.Opened("patient", p.Draft.Patient, p.Draft.Patient)
	if out.Language == "" {
		out.Language = out.Patient.Language
	}
	if out.Setting, err = setting(v); err != nil {
		return out, err
	}
	if p.State != Drafted {
		out.Checking, out.Said = p.Sheet.Checking, p.Sheet.Instructions
		out.Shares, err = sharesOf(v, p.ID)
		return out, err
	}
	l, err := s.lists(v)
	if err != nil {
		return out, err
	}
	out.Drugs, out.List = l.drugName, l.warningName
	if out.Known, err = known(v, out.Draft); err != nil {
		return out, err
	}
	out.Checking = l.check(out.Draft, out.Known)
	t := s.book.Tongue(out.Language)
	for _, r := range out.Rows {
		out.Said = append(out.Said, Instruction(t, r))
	}
	if out.Sets, err = sets(v); err != nil {
		return out, err
	}
	last, err := scan(v, v.Row(sqlPrescriptionLast, p.Draft.Patient))
	if err == nil {
		out.Last = last.ID
	} else if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return out, err
}

// encounterOf looks whether the visit of the draft is the patient's.
func encounterOf(v *store.View, d Draft) error {
	if d.Encounter.IsZero() {
		return nil
	}
	e, err := visits.Of(v, d.Encounter)
	if err == nil && e.Patient != d.Patient {
		err = fault.Missing()
	}
	return err
}

// known reads what is known of the patient. Medicines that stand on the sheet which this one replaces are not taken beside it.
func known(v *store.View, d Draft) (Known, error) {
	about, err := visits.AboutPatient(v, d.Patient)
	if err != nil {
		return Known{}, err
	}
	k := Known{Asked: about.NoKnownAllergies || len(about.Allergies) > 0}
	for _, a := range about.Allergies {
		k.Unread = k.Unread || a.Broken
		k.Allergies = append(k.Allergies, KnownAllergy{Substance: a.Substance, Key: a.Key, Severity: a.Severity, Reaction: a.Reaction, Broken: a.Broken})
	}
	for _, m := range about.Medicines {
		k.Unread = k.Unread || m.Broken
		if !m.Broken && (d.Replaces.IsZero() || m.Source != d.Replaces) {
			taken := m.Name
			if m.Key != "" && m.Key != visits.MatchKey(m.Name) { // a sheet says which generic it is
				taken = m.Key
			}
			k.Taking = append(k.Taking, taken)
		}
	}
	return k, nil
}

// check looks the rows up, and says so where it could not.
func (l lists) check(d Draft, k Known) Checking {
	c := Checking{State: Checked, Demo: l.warningName.Demo, List: l.warningName.Title}
	switch {
	case l.warnings == nil:
		c.State, c.Why = NotChecked, WhyWarnings
	case l.drugs == nil:
		c.State, c.Why = NotChecked, WhyDrugs
	case k.Unread:
		c.State, c.Why = NotChecked, WhyPatient
	}
	warnings, drugs := l.warnings, l.drugs
	if warnings == nil {
		warnings = &WarningList{}
	}
	if drugs == nil {
		drugs = &DrugList{}
	}
	k.Taking, k.Unlisted = l.meant(k.Taking)
	for i, a := range k.Allergies {
		if !a.Broken {
			k.Allergies[i].Means, _ = l.meant([]string{a.Substance})
		}
	}
	c.Warnings = warnings.Check(d.Rows, k, drugs)
	for i := range c.Warnings {
		c.Warnings[i].Reason = d.Reasons[c.Warnings[i].Key]
	}
	return c
}

// mostSheets is how many sheets of a patient are listed.
const mostSheets = 50

// OfPatient lists the patient's sheets, the newest first.
func (s *Service) OfPatient(ctx context.Context, who access.Caller, patient id.ID) ([]Prescription, error) {
	var out []Prescription
	err := s.db.View(ctx, who, access.RxRead, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModulePrescriptions); err != nil {
			return err
		}
		if _, err := patients.Find(v, patient); err != nil {
			return err
		}
		var err error
		if out, err = several(v, sqlPrescriptionOf, patient, mostSheets); err != nil {
			return err
		}
		var ids []id.ID
		for _, p := range out {
			ids = append(ids, p.ID)
		}
		v.Listed("prescriptions", patient.String(), ids)
		return nil
	})
	return out, err
}

// Save keeps a draft as it is now; provider is the practitioner for whom it is written, zero for nobody yet. A wrong field is a fault
// over all of them and keeps nothing; a draft that somebody else saved, or a signed sheet, is fault.Conflict.
func (s *Service) Save(ctx context.Context, who access.Caller, d Draft, provider id.ID) (Page, error) {
	var out Page
	err := s.db.Change(ctx, who, access.RxWrite, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Must(&tx.View, clinics.ModulePrescriptions)
		if err != nil {
			return err
		}
		d := d
		if _, err = s.keep(tx, c, &d, provider); err != nil {
			return err
		}
		p, err := get(&tx.View, d.ID)
		if err != nil {
			return err
		}
		out, err = s.page(&tx.View, c, p)
		return err
	})
	return out, err
}

// keep checks and writes a draft inside a Change. It answers which rows were filled in from the list.
func (s *Service) keep(tx *store.Tx, c clinics.Clinic, d *Draft, provider id.ID) (filled []int, err error) {
	if d.ID.IsZero() || d.Patient.IsZero() {
		return nil, errors.New("prescriptions: a draft needs an id and a patient")
	}
	old, err := get(&tx.View, d.ID)
	switch {
	case fault.Is(err, fault.NotFound) && d.Version == 0:
		if _, err := patients.Find(&tx.View, d.Patient); err != nil {
			return nil, err
		}
		if err := encounterOf(&tx.View, *d); err != nil {
			return nil, err
		}
		if !d.Replaces.IsZero() {
			p, err := get(&tx.View, d.Replaces)
			switch {
			case err != nil:
				return nil, err
			case p.Draft.Patient != d.Patient || p.State == Drafted:
				return nil, fault.Missing()
			case !p.Next.IsZero(): // another sheet took its place while this one was written: what was typed is shown again
				return nil, stale()
			}
		}
	case err != nil:
		return nil, err
	case old.State != Drafted:
		return nil, fault.New(fault.Conflict, "fault.rx.signed")
	case old.Draft.Patient != d.Patient:
		return nil, fault.Missing()
	case old.Version != d.Version:
		return nil, stale()
	case !d.Replaces.IsZero() && d.Replaces != old.Replaces, !d.Encounter.IsZero() && d.Encounter != old.Encounter:
		return nil, fault.Missing()
	default: // what a draft belongs to is settled when it begins
		d.Encounter, d.Replaces = old.Encounter, old.Replaces
	}
	l, err := s.lists(&tx.View)
	if err != nil {
		return nil, err
	}
	if !s.book.Speaks(d.Language) {
		d.Language = firstOf(c.Languages)
	}
	var f fault.Fields
	filled = d.settle(l.drugs, l.aliases, &f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if d.Version == 0 || old.Author != tx.Caller().Actor() {
		tx.Record(audit.Note{Action: "draft", Kind: "prescription", Subject: d.ID, Patient: d.Patient})
	} else {
		tx.Housekeeping("a draft is saved while it is written; its beginning and its signing are recorded")
	}
	return filled, write(tx, d, provider)
}

func firstOf(languages []string) string {
	if len(languages) == 0 {
		return "en"
	}
	return languages[0]
}

// Drop throws a draft away. A signed sheet is fault.Conflict: it can be cancelled.
func (s *Service) Drop(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.db.Change(ctx, who, access.RxWrite, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		p, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlPrescriptionDrop, one, version)
		if err == nil && n == 0 {
			return stale()
		}
		tx.Record(audit.Note{Action: "drop", Kind: "prescription", Subject: one, Patient: p.Draft.Patient})
		return err
	})
}
