package requests

import (
	"context"
	"errors"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// What a person does about her own data on her own page. She is known by her link. What can be instant is done at once, and written down as a
// request that was answered; the rest goes to the clinic with a clock.

// Mine is what her page shows of her data.
type Mine struct {
	Name       patients.Name
	Phone      string // masked
	Email      string // masked
	Law        string
	Held       []Held
	Requests   []Request
	Statements []Statement
	Nominee    *Nomination
	Restricted bool
	Proof      *messaging.Proof // an address that waits for its code
}

// Held is how many entries of a kind are held. Its words are at request.table.<table>.
type Held struct {
	Table string
	Count int
}

// mostOwn is how many of her requests a page shows, and mostOpen how many of them can wait at once: whoever has more to say writes it into one that waits, or to the clinic.
const (
	mostOwn  = 50
	mostOpen = 20
)

// Mine is what her page shows. That she looked is in the log.
func (s *Service) Mine(ctx context.Context, who access.Caller) (out Mine, err error) {
	err = s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		p, err := patients.Find(v, who.Patient())
		if err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		out = Mine{Name: patients.Name{Text: p.Name, Minor: p.MinorOn(clock.DateOf(v.Now().In(c.Location())), c.MinorAge()), Broken: p.Broken}, Law: c.Jurisdiction}
		phone, email, _, err := patients.Contact(v, p.ID)
		if err != nil {
			return err
		}
		if phone != "" {
			out.Phone = contact.Phone(phone).Masked()
		}
		if email != "" {
			out.Email = contact.Email(email).Masked()
		}
		tables, err := s.o.Collect(v, p.ID)
		if err != nil {
			return err
		}
		for t, rows := range tables {
			out.Held = append(out.Held, Held{t, len(rows)})
		}
		slices.SortFunc(out.Held, func(a, b Held) int { return strings.Compare(a.Table, b.Table) })
		if out.Requests, err = read(v, sqlOf, p.ID, mostOwn); err != nil {
			return err
		}
		if out.Statements, err = statements(v, p.ID); err != nil {
			return err
		}
		list, err := nominees(v, sqlNomineeNow, p.ID)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			out.Nominee = &list[0]
		}
		if out.Restricted, err = consent.Restricted(v, p.ID); err != nil {
			return err
		}
		proof, there, err := messaging.OpenProof(v, p.ID)
		if there {
			out.Proof = &proof
		}
		v.Opened("own-data", p.ID, p.ID)
		return err
	})
	return out, err
}

// Answer is one of her requests with its letter; the letter is empty while there is no answer. fault.NotFound when it is not hers.
func (s *Service) Answer(ctx context.Context, who access.Caller, one id.ID) (r Request, letter string, err error) {
	err = s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		if r, err = get(v, one); err != nil {
			return err
		}
		if r.Patient != who.Patient() {
			return fault.Missing()
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		_, _, language, err := patients.Contact(v, r.Patient)
		if err == nil && r.Over() {
			letter, err = s.letter(v, language, c, r)
		}
		v.Opened("data-request", one, r.Patient)
		return err
	})
	return r, letter, err
}

// own is one Change of the person about herself.
func (s *Service) own(ctx context.Context, who access.Caller, do func(tx *store.Tx, patient id.ID) error) error {
	if who.Patient().IsZero() {
		return fault.Missing()
	}
	return s.db.Change(ctx, who, access.OwnChange, func(_ context.Context, tx *store.Tx) error { return do(tx, who.Patient()) })
}

// begin makes a request of the person at the link: herself, or the guardian of a child, whose link it is.
func (s *Service) begin(tx *store.Tx, patient id.ID, kind law.Request, said string) (Request, error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return Request{}, err
	}
	young, err := patients.IsMinor(&tx.View, patient, c)
	if err != nil {
		return Request{}, err
	}
	asker := Self
	if young {
		asker = Guardian
	}
	r, err := s.began(&tx.View, kind, ByLink, asker, tx.Now())
	if err != nil {
		return r, err
	}
	r.Words = said
	return r, known(tx, &r, patient, OwnLink, id.Zero)
}

// Ask makes a request that the clinic has to look into: a correction, a deletion, an objection, a complaint. What she may have at once has verbs of
// its own. The same asked twice while the first waits is asked once; fault.Conflict
// while twenty of hers wait. fault.Invalid names "kind", "about" and "words".
func (s *Service) Ask(ctx context.Context, who access.Caller, kind law.Request, about, typed string) (one id.ID, err error) {
	err = s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		var f fault.Fields
		if !slices.Contains([]law.Request{law.Correction, law.Deletion, law.Objection, law.Complaint}, kind) {
			f.Add("kind", "field.kind.needed")
		}
		least := 5
		if kind == law.Deletion {
			least = 0
		}
		said := text(typed, "words", least, &f)
		if kind == law.Correction && !slices.Contains(Abouts(), about) {
			f.Add("about", "field.request.about")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if kind == law.Correction {
			said = about + ": " + said
		}
		mine, err := read(&tx.View, sqlOf, patient, mostOwn)
		if err != nil {
			return err
		}
		open := 0
		for _, r := range mine {
			if !r.Over() && r.Kind == kind && r.Words == said {
				one = r.ID
				tx.Housekeeping("it was asked already; that is recorded")
				return nil
			}
			if !r.Over() {
				open++
			}
		}
		if open >= mostOpen { // one person's must not hide everybody else's
			return fault.New(fault.Conflict, "fault.request_many").With("Most", mostOpen)
		}
		r, err := s.begin(tx, patient, kind, said)
		if err != nil {
			return err
		}
		one = r.ID
		return s.enter(tx, r)
	})
	return one, err
}

// TakeOwnBack takes back a request that is not answered. fault.NotFound when it is not hers, fault.Conflict when it is over.
func (s *Service) TakeOwnBack(ctx context.Context, who access.Caller, one id.ID) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		r, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if r.Patient != patient {
			return fault.Missing()
		}
		if r.Over() {
			return fault.New(fault.Conflict, "fault.request_over")
		}
		tx.Record(audit.Note{Action: "withdraw", Kind: "data-request", Subject: r.ID, Patient: r.Patient})
		return changed(tx.Exec(sqlWithdraw, r.ID, tx.Now()))
	})
}

// atOnce writes down that something was asked and done at once.
func (s *Service) atOnce(tx *store.Tx, patient id.ID, kind law.Request, said string) (Request, error) {
	r, err := s.begin(tx, patient, kind, said)
	if err != nil {
		return r, err
	}
	if err := s.enter(tx, r); err != nil {
		return r, err
	}
	return r, s.answer(tx, r, 1, Decision{Outcome: Granted}, id.Zero)
}

// Restrict stops every use of her data beyond keeping it and looking after her, or lets it go on, at once.
func (s *Service) Restrict(ctx context.Context, who access.Caller, on bool) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		if !on {
			tx.Housekeeping("a restriction was lifted, which records itself")
			return consent.Restrict(tx, patient, false, consent.DoorLink)
		}
		_, err := s.atOnce(tx, patient, law.Restriction, "") // the answer restricts
		return err
	})
}

// Nominate names somebody who acts for her when she cannot; whoever was named before is named no more. fault.Invalid names "name" and "contact".
func (s *Service) Nominate(ctx context.Context, who access.Caller, name, reach string) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		var f fault.Fields
		name, reach := text(name, "name", 2, &f), text(reach, "contact", 5, &f)
		if err := f.Err(); err != nil {
			return err
		}
		if err := nominate(tx, patient, name, reach); err != nil {
			return err
		}
		_, err := s.atOnce(tx, patient, law.Nomination, "")
		return err
	})
}

// nominate writes down whom she named, in the place of whoever was named before.
func nominate(tx *store.Tx, patient id.ID, name, reach string) error {
	if _, err := tx.Exec(sqlNomineeEnd, patient, tx.Now()); err != nil {
		return err
	}
	one := tx.NewID()
	sealed, err := tx.Seal(patient, "nominee", "name", one, name)
	if err != nil {
		return err
	}
	where, err := tx.Seal(patient, "nominee", "contact", one, reach)
	if err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "nominate", Kind: "nominee", Subject: one, Patient: patient, New: map[string]string{"name": name, "contact": reach}})
	_, err = tx.Exec(sqlNomineeAdd, one, patient, sealed, where, tx.Now())
	return err
}

// EndNomination takes back whom she named.
func (s *Service) EndNomination(ctx context.Context, who access.Caller) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		tx.Record(audit.Note{Action: "end", Kind: "nominee", Subject: patient, Patient: patient})
		_, err := tx.Exec(sqlNomineeEnd, patient, tx.Now())
		return err
	})
}

// State puts her own statement beside data that she contests: whoever sees the data sees it, and it goes along with every copy. fault.Invalid
// names "about" and "words".
func (s *Service) State(ctx context.Context, who access.Caller, about, typed string) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		var f fault.Fields
		if !slices.Contains(Abouts(), about) {
			f.Add("about", "field.request.about")
		}
		said := text(typed, "words", 5, &f)
		if err := f.Err(); err != nil {
			return err
		}
		all, err := statements(&tx.View, patient)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(x Statement) bool { return x.EndedAt == 0 && x.About == about && x.Words == said }) {
			tx.Housekeeping("it stands there already")
			return nil
		}
		one := tx.NewID()
		sealed, err := tx.Seal(patient, "data_statement", "words", one, said)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "state", Kind: "data-statement", Subject: one, Patient: patient, New: map[string]string{"about": about, "words": said}})
		_, err = tx.Exec(sqlStatementAdd, one, patient, about, sealed, tx.Now())
		return err
	})
}

// EndStatement takes a statement of hers away. fault.NotFound when it is not hers.
func (s *Service) EndStatement(ctx context.Context, who access.Caller, one id.ID) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		tx.Record(audit.Note{Action: "end", Kind: "data-statement", Subject: one, Patient: patient})
		return tx.Must(sqlStatementEnd, one, patient, tx.Now())
	})
}

// Statements are what a patient says of her data, for whoever sees the data. The caller's own passage says that it was seen.
func Statements(v *store.View, patient id.ID) ([]Statement, error) {
	all, err := statements(v, patient)
	return slices.DeleteFunc(all, func(x Statement) bool { return x.EndedAt > 0 }), err
}

// StatementsOf is Statements for a door: by whoever may open the patient's page, and as a look at her record.
func (s *Service) StatementsOf(ctx context.Context, who access.Caller, patient id.ID) (out []Statement, err error) {
	err = s.db.View(ctx, who, access.PatientRead, func(_ context.Context, v *store.View) error {
		if out, err = Statements(v, patient); err == nil && len(out) > 0 {
			v.Opened("data-statement", patient, patient)
		}
		return err
	})
	return out, err
}

// AskContact sends a code to a telephone number or an address that she wants on file. Nothing is changed until she typed it. fault.Invalid names "contact".
func (s *Service) AskContact(ctx context.Context, who access.Caller, typed string) error {
	return s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		phone, email := parsed(typed, c)
		var f fault.Fields
		if phone == "" && email == "" {
			f.Add("contact", "field.request.contact")
			return f.Err()
		}
		tx.Record(audit.Note{Action: "ask", Kind: "contact", Subject: patient, Patient: patient, New: map[string]string{"phone": string(phone), "email": string(email)}})
		if email != "" {
			return messaging.AskProof(tx, patient, messaging.Email, string(email))
		}
		return messaging.AskProof(tx, patient, messaging.SMS, string(phone))
	})
}

// errWrong is only for the way out of a Change that has to be kept.
var errWrong = errors.New("requests: a wrong code")

// ProveContact takes the code and puts the address on file. The address that stood there is told. fault.Invalid names "code".
func (s *Service) ProveContact(ctx context.Context, who access.Caller, code string) error {
	wrong := error(nil)
	err := s.own(ctx, who, func(tx *store.Tx, patient id.ID) error {
		wrong = nil
		p, ok, err := messaging.Prove(tx, patient, strings.TrimSpace(code))
		if err != nil {
			return err
		}
		if !ok {
			wrong = errWrong
			tx.Record(audit.Note{Action: "wrong-code", Kind: "contact", Subject: patient, Patient: patient})
			return nil
		}
		var phone contact.Phone
		var email contact.Email
		if p.Channel == messaging.Email {
			email = contact.Email(p.Address)
		} else {
			phone = contact.Phone(p.Address)
		}
		was, moved, err := patients.SetContact(tx, patient, phone, email)
		if err != nil {
			return err
		}
		if moved {
			if err := s.o.EndLinks(tx, patient); err != nil {
				return err
			}
		}
		if was != "" && was != p.Address {
			if err := messaging.TellMoved(tx, patient, p.Channel, was); err != nil {
				return err
			}
		}
		_, err = s.atOnce(tx, patient, law.Correction, "contact")
		return err
	})
	if err == nil && wrong != nil {
		var f fault.Fields
		f.Add("code", "field.request.code")
		return f.Err()
	}
	return err
}

// parsed reads what was typed as a telephone number or as an address; both are empty when it is neither.
func parsed(typed string, c clinics.Clinic) (contact.Phone, contact.Email) {
	typed = strings.TrimSpace(typed)
	if strings.Contains(typed, "@") {
		e, err := contact.ParseEmail(typed)
		if err != nil {
			return "", ""
		}
		return "", e
	}
	p, err := contact.ParsePhone(typed, c.Country)
	if err != nil {
		return "", ""
	}
	return p, ""
}
