package requests

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

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
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Options are what this room is handed of the rest of the house.
type Options struct {
	Book *words.Book
	// Collect copies out everything that every room holds of a patient, by table.
	Collect func(v *store.View, patient id.ID) (map[string][]map[string]string, error)
	// Erase deletes a patient in every room, by the clinic's own work. It asks still in the Change that deletes, before anything is destroyed, whether the reason is
	// still there, and answers what still answered.
	Erase func(ctx context.Context, who access.Caller, patient id.ID, still func(v *store.View) error) error
	// EndLinks ends every link that was sent to a patient, when an address of hers is on file no more; nil: those to her own page.
	EndLinks func(tx *store.Tx, patient id.ID) error
	// Believed says whether the clock can be believed: nothing that nobody decided is deleted under one that jumped. nil: it always is.
	Believed func(ctx context.Context) (bool, error)
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	if o.EndLinks == nil {
		o.EndLinks = scheduling.EndLinks
	}
	return &Service{db: db, log: log, o: o}
}

const (
	mostListed = 200
	// beforeErasing is how long a deletion waits after it was decided, so that its confirmation leaves while there is an address.
	beforeErasing = 15 * time.Minute
)

// What a message about a request says, so that each is sent once; a change of its kind by the version that was changed.
const (
	confirmed   = 0
	lengthened  = 1
	answered    = 2
	changedKind = 10
)

// Line is a request in a list.
type Line struct {
	Request
	Name        patients.Name
	Late        bool
	Unconfirmed bool
}

// List are the requests: those that wait, the most urgent first, then those that are over.
func (s *Service) List(ctx context.Context, who access.Caller) (out []Line, err error) {
	err = s.db.View(ctx, who, access.RequestRead, func(_ context.Context, v *store.View) error {
		out = nil
		open, err := read(v, sqlOpen, mostListed)
		if err != nil {
			return err
		}
		over, err := read(v, sqlOver, mostListed)
		if err != nil {
			return err
		}
		var ids []id.ID
		for _, r := range append(open, over...) {
			if !r.Patient.IsZero() {
				ids = append(ids, r.Patient)
			}
		}
		names, err := patients.Names(v, ids)
		if err != nil {
			return err
		}
		for _, r := range append(open, over...) {
			out = append(out, Line{r, names[r.Patient], r.Late(v.Now()), r.Unconfirmed(v.Now())})
		}
		if len(ids) > 0 {
			v.Listed("data-request", "all", ids)
		}
		return nil
	})
	return out, err
}

// Ahead is how many requests wait, when the next answer is due, and how many are overdue.
func (s *Service) Ahead(ctx context.Context, who access.Caller) (n, late int, next clock.Instant, err error) {
	err = s.db.View(ctx, who, access.RequestRead, func(_ context.Context, v *store.View) error {
		list, err := clocks(v)
		n, late, next = len(list), 0, 0
		for _, r := range list {
			if r.Late(v.Now()) || r.Unconfirmed(v.Now()) {
				late++
			}
			if at := r.Next(); next == 0 || at < next {
				next = at
			}
		}
		return err
	})
	return n, late, next, err
}

// Overdue says how many answers, and how many confirmations, are overdue.
func Overdue(v *store.View) (late, unconfirmed int, err error) {
	list, err := clocks(v)
	for _, r := range list {
		if r.Late(v.Now()) {
			late++
		}
		if r.Unconfirmed(v.Now()) {
			unconfirmed++
		}
	}
	return late, unconfirmed, err
}

// Case is one request with what is needed to answer it.
type Case struct {
	Request
	Name       patients.Name
	Reached    []string // where she is written to, masked; empty: by hand
	Nominee    *Nomination
	Guardians  []string
	Statements []Statement
	Alike      []Hit // whose the address is that came with it, while nobody knows who asks
	Letter     string
	Now        clock.Instant
}

// Hit is a patient whose address came with a request.
type Hit struct {
	ID   id.ID
	Name patients.Name
}

// Get is one request. That it was seen is in the log, as a look at her record. fault.NotFound when the clinic has none of that id.
func (s *Service) Get(ctx context.Context, who access.Caller, one id.ID) (out Case, err error) {
	err = s.db.View(ctx, who, access.RequestRead, func(_ context.Context, v *store.View) error {
		r, err := get(v, one)
		if err != nil {
			return err
		}
		out = Case{Request: r, Now: v.Now()}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		v.Opened("data-request", one, r.Patient)
		if r.Patient.IsZero() {
			if r.Over() && r.Ground == Unknown {
				out.Letter = Letter(s.o.Book, "", c, r)
			}
			return s.alike(v, &out, c)
		}
		p, err := patients.Find(v, r.Patient)
		if err != nil {
			return err
		}
		out.Name = patients.Name{Text: p.Name, Minor: p.MinorOn(clock.DateOf(v.Now().In(c.Location())), c.MinorAge()), Broken: p.Broken}
		for _, g := range p.Guardians {
			out.Guardians = append(out.Guardians, g.Name)
		}
		phone, email, language, err := patients.Contact(v, r.Patient)
		if err != nil {
			return err
		}
		if email != "" {
			out.Reached = append(out.Reached, contact.Email(email).Masked())
		}
		if phone != "" {
			out.Reached = append(out.Reached, contact.Phone(phone).Masked())
		}
		list, err := nominees(v, sqlNomineeNow, r.Patient)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			out.Nominee = &list[0]
		}
		if out.Statements, err = statements(v, r.Patient); err != nil {
			return err
		}
		if r.Over() {
			out.Letter, err = s.letter(v, language, c, r)
		}
		return err
	})
	return out, err
}

// alike says whose the address is that came with the request. It proves nothing: anybody can write an address.
func (s *Service) alike(v *store.View, out *Case, c clinics.Clinic) error {
	all, err := reached(v, out.Contact, c)
	if err != nil || len(all) == 0 {
		return err
	}
	names, err := patients.Names(v, all)
	for _, p := range all {
		out.Alike = append(out.Alike, Hit{p, names[p]})
	}
	v.Listed("data-request", out.ID.String(), all)
	return err
}

// act is one Change about a request that is not over.
func (s *Service) act(ctx context.Context, who access.Caller, one id.ID, do func(tx *store.Tx, r Request) error) error {
	return s.db.Change(ctx, who, access.RequestAct, func(_ context.Context, tx *store.Tx) error {
		r, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if r.Over() {
			return fault.New(fault.Conflict, "fault.request_over")
		}
		return do(tx, r)
	})
}

// Identify says whose the request is and how it was made sure; the clock goes on. fault.Invalid names "patient" and "proof".
func (s *Service) Identify(ctx context.Context, who access.Caller, one id.ID, version int64, patient id.ID, how Proof) error {
	return s.act(ctx, who, one, func(tx *store.Tx, r Request) error {
		var f fault.Fields
		if !slices.Contains(Proofs(), how) {
			f.Add("proof", "field.request.proof")
		}
		if patient.IsZero() {
			f.Add("patient", "field.patient.whose")
		}
		if r.State != Received {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if err := known(tx, &r, patient, how, who.Actor()); err != nil {
			return err
		}
		words, err := seal(tx, r, "words", r.Words)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "identify", Kind: "data-request", Subject: one, Patient: patient, New: map[string]any{"proof": how, "due": r.DueAt}})
		if err := changed(tx.Exec(sqlKnown, one, version, patient, string(how), who.Actor(), r.KnownAt, r.DueAt, words)); err != nil {
			return err
		}
		return s.confirm(tx, r)
	})
}

// SetKind says that the request asks for something else than staff wrote down. Its clock is that of the sooner of the two kinds, from the same beginning, and she is told in
// writing. What came by her own page stays what she asked: fault.Conflict "fault.request_hers".
func (s *Service) SetKind(ctx context.Context, who access.Caller, one id.ID, version int64, kind law.Request) error {
	return s.act(ctx, who, one, func(tx *store.Tx, r Request) error {
		if !slices.Contains(law.Requests(), kind) {
			var f fault.Fields
			f.Add("kind", "field.kind.needed")
			return f.Err()
		}
		if r.Hers() {
			return fault.New(fault.Conflict, "fault.request_hers")
		}
		if kind == r.Kind {
			tx.Housekeeping("it is of that kind already")
			return nil
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		paused := time.Duration(0)
		if r.KnownAt > 0 {
			paused = max(0, r.DueAt.Sub(Due(r.Law, r.Kind, r.CameAt, 0, c.Location())))
		}
		due := min(r.DueAt, Due(r.Law, kind, r.CameAt, paused, c.Location())) // never later than it was: another word for it makes nobody wait
		tx.Record(audit.Note{Action: "change-kind", Kind: "data-request", Subject: one, Patient: r.Patient, Old: r.Kind, New: kind})
		if err := changed(tx.Exec(sqlKind, one, version, string(kind), due, tx.Now())); err != nil || r.Patient.IsZero() {
			return err
		}
		_, err = messaging.TellPrivately(tx, messaging.PrivacyTold, r.Patient, one, changedKind+version)
		return err
	})
}

// Confirmed says that the person was told by hand that her request came.
func (s *Service) Confirmed(ctx context.Context, who access.Caller, one id.ID) error {
	return s.act(ctx, who, one, func(tx *store.Tx, r Request) error {
		tx.Record(audit.Note{Action: "confirm", Kind: "data-request", Subject: one, Patient: r.Patient})
		return changed(tx.Exec(sqlConfirmed, one, tx.Now()))
	})
}

// TakeLonger puts the answer off by what the law allows, once, before the time is over, and tells the person why. fault.Invalid names "why";
// fault.Conflict "fault.request_no_longer" where the law knows no such thing, or it is too late.
func (s *Service) TakeLonger(ctx context.Context, who access.Caller, one id.ID, version int64, typed string) error {
	return s.act(ctx, who, one, func(tx *store.Tx, r Request) error {
		var f fault.Fields
		why := text(typed, "why", 10, &f)
		if err := f.Err(); err != nil {
			return err
		}
		if !r.CanTakeLonger(tx.Now()) {
			return fault.New(fault.Conflict, "fault.request_no_longer")
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		due := Longer(r.Law, r.Kind, r.DueAt, c.Location())
		sealed, err := seal(tx, r, "why", why)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "extend", Kind: "data-request", Subject: one, Patient: r.Patient, Old: r.DueAt, New: due})
		if err := changed(tx.Exec(sqlLonger, one, version, due, tx.Now(), sealed)); err != nil {
			return err
		}
		_, err = messaging.TellPrivately(tx, messaging.PrivacyTold, r.Patient, one, lengthened)
		return err
	})
}

// Decide answers the request. What the answer grants is done here where the program can: a restriction, an objection, a nomination, a deletion (after the confirmation has
// left). The person is told in writing. fault.Invalid names "outcome", "ground", "why", "reviewed", "stops", "nominee" and "reach".
func (s *Service) Decide(ctx context.Context, who access.Caller, one id.ID, version int64, d Decision) error {
	return s.act(ctx, who, one, func(tx *store.Tx, r Request) error {
		if err := d.check(r); err != nil {
			return err
		}
		return s.answer(tx, r, version, d, who.Actor())
	})
}

// answer writes an answer down, does what it grants, and tells the person.
func (s *Service) answer(tx *store.Tx, r Request, version int64, d Decision, by id.ID) error {
	why, err := seal(tx, r, "why", d.Why)
	if err != nil {
		return err
	}
	erase, did := clock.Instant(0), ""
	if d.Outcome != Refused && !r.Patient.IsZero() {
		switch r.Kind {
		case law.Deletion:
			erase = tx.Now().Add(beforeErasing)
			if err := consent.Restrict(tx, r.Patient, true, r.door()); err != nil {
				return err
			}
		case law.Objection:
			stopped, err := consent.Object(tx, r.Patient, d.Stops, r.door())
			if err != nil {
				return err
			}
			did = joined(stopped)
		case law.Nomination:
			if r.Door != ByLink { // on her own page she named somebody a moment ago
				if err := nominate(tx, r.Patient, d.Nominee, d.Reach); err != nil {
					return err
				}
			}
			did = didName
		case law.Restriction:
			if err := consent.Restrict(tx, r.Patient, true, r.door()); err != nil {
				return err
			}
		}
	}
	tx.Record(audit.Note{Action: "answer", Kind: "data-request", Subject: r.ID, Patient: r.Patient, New: map[string]any{"outcome": d.Outcome, "ground": d.Ground}})
	if err := changed(tx.Exec(sqlDecide, r.ID, version, string(d.Outcome), string(d.Ground), why, id.Null(by), tx.Now(), erase, did)); err != nil {
		return err
	}
	return tell(tx, r)
}

// didName says that whom she nominated is on record.
const didName = "nominee"

func joined(list []consent.Purpose) string {
	var out []string
	for _, p := range list {
		out = append(out, string(p))
	}
	return strings.Join(out, " ")
}

// door is through which the clinic heard of what the request restricts.
func (r Request) door() string {
	if r.Door == ByLink {
		return consent.DoorLink
	}
	return consent.DoorDesk
}

// ToldByHand says that the letter was handed to the person, or sent on paper. fault.Conflict when she was told already, or there is no answer.
func (s *Service) ToldByHand(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.RequestAct, func(_ context.Context, tx *store.Tx) error {
		r, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if r.State != Answered && !r.Closed() || r.ToldAt > 0 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "told-by-hand", Kind: "data-request", Subject: one, Patient: r.Patient})
		return tx.Must(sqlTold, one, tx.Now(), "hand")
	})
}

// TakeBack closes a request that the person took back by word or by letter; it has a sentence, and she is told in writing, so that she can say that it is not so. What came by
// her own page she alone takes back: fault.Conflict "fault.request_hers". fault.Invalid names "back".
func (s *Service) TakeBack(ctx context.Context, who access.Caller, one id.ID, typed string) error {
	return s.act(ctx, who, one, func(tx *store.Tx, r Request) error {
		if r.Hers() {
			return fault.New(fault.Conflict, "fault.request_hers")
		}
		var f fault.Fields
		why := text(typed, "back", 10, &f)
		if err := f.Err(); err != nil {
			return err
		}
		sealed, err := seal(tx, r, "why", why)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "withdraw", Kind: "data-request", Subject: r.ID, Patient: r.Patient})
		if err := changed(tx.Exec(sqlClosed, r.ID, sealed, who.Actor(), tx.Now())); err != nil {
			return err
		}
		return tell(tx, r)
	})
}

// tell tells the person that the answer, or that her request was closed, stands on her page. Where nothing is on file, staff hand over the letter.
func tell(tx *store.Tx, r Request) error {
	if r.Patient.IsZero() {
		return nil
	}
	m, err := messaging.TellPrivately(tx, messaging.PrivacyTold, r.Patient, r.ID, answered)
	if err != nil {
		return err
	}
	switch {
	case !m.IsZero():
		_, err = tx.Exec(sqlTold, r.ID, tx.Now(), "message")
	case r.Door == ByLink:
		_, err = tx.Exec(sqlTold, r.ID, tx.Now(), "page")
	}
	return err
}
