package requests

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// How requests come in: by letter or at the desk, out of a conversation, and through the operator. What a person asks on her own page is in own.go.

// Taken is a request as staff write it down.
type Taken struct {
	Kind    law.Request
	Door    Door // ByLetter or ByVisit
	Asker   Asker
	Patient id.ID // whose data it is about; zero: nobody knows yet
	Proof   Proof // how it was made sure who asks; empty: it was not
	Came    clock.Date
	Contact string // as it stands in the letter; nothing is sent there
	Words   string
}

func (s *Service) began(v *store.View, kind law.Request, door Door, asker Asker, came clock.Instant) (Request, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return Request{}, err
	}
	r := Request{ID: v.NewID(), Kind: kind, Door: door, Asker: asker, State: Received, Law: c.Jurisdiction, CameAt: came}
	r.DueAt, r.ConfirmDue = Due(r.Law, kind, came, 0, c.Location()), ConfirmDue(r.Law, kind, came, c.Location())
	return r, nil
}

// known makes the request one of a person who is known. The clock goes on from where it stood: for the week at most in which it is to be made sure who asks. That a clinic
// takes longer is no time of hers.
func known(tx *store.Tx, r *Request, patient id.ID, how Proof, by id.ID) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	if _, err := patients.Find(&tx.View, patient); err != nil {
		return err
	}
	was := r.DueAt
	r.Patient, r.Proof, r.ProvedBy, r.State, r.Contact, r.KnownAt = patient, how, by, Open, "", tx.Now()
	paused := min(r.KnownAt, r.SureBy()).Sub(r.CameAt)
	if how == OwnLink || clock.DateOf(r.CameAt.In(c.Location())) == clock.DateOf(r.KnownAt.In(c.Location())) {
		paused = 0 // a letter of this morning waited for the one who writes it down, not for her
	}
	r.DueAt = Due(r.Law, r.Kind, r.CameAt, paused, c.Location())
	if r.WasKind != "" { // whatever it was called meanwhile may be answered sooner (promise request-clock)
		r.DueAt = min(r.DueAt, was.Add(paused))
	}
	return nil
}

// Take writes down what somebody asked by letter or at the desk. fault.Invalid names "kind", "door", "asker", "came", "proof", "patient" and "words".
func (s *Service) Take(ctx context.Context, who access.Caller, n Taken) (one id.ID, err error) {
	err = s.db.Change(ctx, who, access.RequestTake, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		if !slices.Contains(law.Requests(), n.Kind) {
			f.Add("kind", "field.kind.needed")
		}
		if n.Door != ByLetter && n.Door != ByVisit {
			f.Add("door", "field.request.door")
		}
		if !slices.Contains(Askers(), n.Asker) {
			f.Add("asker", "field.request.asker")
		}
		today := clock.DateOf(tx.Now().In(c.Location()))
		if n.Came == "" {
			n.Came = today
		}
		came := tx.Now()
		if n.Came > today || n.Came < today.AddDays(-60) {
			f.Add("came", "field.request.came")
		} else if n.Came < today { // it came at some hour of that day: its beginning counts
			came = clock.At(clock.StartOfDay(n.Came, c.Location()))
		}
		if n.Proof != "" && !slices.Contains(Proofs(), n.Proof) {
			f.Add("proof", "field.request.proof")
		} else if n.Proof != "" && n.Patient.IsZero() {
			f.Add("patient", "field.patient.whose")
		}
		least := 0
		if n.Kind != law.Access && n.Kind != law.Portability {
			least = 5
		}
		wants := text(n.Words, "words", least, &f)
		typed := text(n.Contact, "contact", 0, &f)
		if err := f.Err(); err != nil {
			return err
		}
		r, err := s.began(&tx.View, n.Kind, n.Door, n.Asker, came)
		if err != nil {
			return err
		}
		r.Words, r.Contact = wants, typed
		if n.Proof != "" {
			if err := known(tx, &r, n.Patient, n.Proof, who.Actor()); err != nil {
				return err
			}
			r.DueAt = Due(r.Law, r.Kind, r.CameAt, 0, c.Location()) // that it is written down days later is no time in which nobody knew who asks
		}
		one = r.ID
		return s.enter(tx, r)
	})
	return one, err
}

// enter writes a new request down and confirms to whoever is known that it came.
func (s *Service) enter(tx *store.Tx, r Request) error {
	if r.Door == ByLink {
		r.ConfirmedAt = tx.Now() // her own page says so
	}
	if err := add(tx, r); err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "ask", Kind: "data-request", Subject: r.ID, Patient: r.Patient, New: map[string]any{"kind": r.Kind, "door": r.Door, "asker": r.Asker, "due": r.DueAt}})
	if r.Patient.IsZero() || r.Door == ByLink {
		return nil
	}
	return s.confirm(tx, r)
}

// confirm tells the person that her request came, at what is on file. Where nothing is on file, staff tell her.
func (s *Service) confirm(tx *store.Tx, r Request) error {
	m, err := messaging.TellPrivately(tx, messaging.PrivacyTold, r.Patient, r.ID, confirmed)
	if err != nil || m.IsZero() {
		return err
	}
	_, err = tx.Exec(sqlConfirmed, r.ID, tx.Now())
	return err
}

// FromTalk makes a request of what was written in a conversation. Who writes from where the patient is on file today is taken for her. Where somebody else's number or
// address wrote in it, as one that the desk said is hers, the request waits until staff made sure who asks. fault.Conflict "fault.request_whose" while nobody said
// whose the conversation is.
func (s *Service) FromTalk(ctx context.Context, who access.Caller, thread id.ID, kind law.Request) (one id.ID, err error) {
	if !slices.Contains(law.Requests(), kind) {
		var f fault.Fields
		f.Add("kind", "field.kind.needed")
		return id.Zero, f.Err()
	}
	err = s.db.Change(ctx, who, access.RequestTake, func(_ context.Context, tx *store.Tx) error {
		patient, wrote, err := messaging.WhoseThread(&tx.View, thread)
		if err != nil {
			return err
		}
		if patient.IsZero() {
			return fault.New(fault.Conflict, "fault.request_whose")
		}
		came := tx.Now()
		if wrote > 0 {
			came = wrote
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		child, err := patients.IsMinor(&tx.View, patient, c)
		if err != nil {
			return err
		}
		asker := Self
		if child { // what is on file for a child is where her guardian writes from
			asker = Guardian
		}
		r, err := s.began(&tx.View, kind, ByTalk, asker, came)
		if err != nil {
			return err
		}
		r.Thread, one = thread, r.ID
		sure, err := messaging.WroteFromFile(&tx.View, thread, patient)
		if err != nil {
			return err
		}
		if !sure {
			if r.Contact, err = messaging.WroteFrom(&tx.View, thread); err != nil {
				return err
			}
			return s.enter(tx, r)
		}
		if err := known(tx, &r, patient, OnFile, who.Actor()); err != nil {
			return err
		}
		r.DueAt = Due(r.Law, r.Kind, r.CameAt, 0, c.Location()) // she was known when she wrote
		return s.enter(tx, r)
	})
	return one, err
}

// HandOver gives a clinic what reached whoever runs the installation. who is the clinic's own work. Whoever is on file with the address gets a link
// to her page, which tells her that the clinic has it; nobody else is written to.
func (s *Service) HandOver(ctx context.Context, who access.Caller, kind law.Request, typed, said string) (one id.ID, err error) {
	var f fault.Fields
	if !slices.Contains(law.Requests(), kind) {
		f.Add("kind", "field.kind.needed")
	}
	words := text(said, "words", 5, &f)
	contacts := text(typed, "contact", 3, &f)
	if err := f.Err(); err != nil {
		return id.Zero, err
	}
	err = s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		r, err := s.began(&tx.View, kind, ByOperator, Self, tx.Now())
		if err != nil {
			return err
		}
		r.Words, r.Contact = words, contacts
		one = r.ID
		if err := s.enter(tx, r); err != nil {
			return err
		}
		return sendLinks(tx, contacts)
	})
	return one, err
}
