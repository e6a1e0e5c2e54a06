package incidents

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Options are the rooms that this one stands on.
type Options struct {
	Accounts *accounts.Service
	Clinics  *clinics.Service
	// Carries says whether the processor carries messages: whose they were is then known. nil: none does.
	Carries func(processor string) bool
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	if o.Carries == nil {
		o.Carries = func(string) bool { return false }
	}
	return &Service{db: db, log: log, o: o}
}

// mostListed is how many incidents, entries or people a page lists.
const (
	mostListed  = 100
	mostEntries = 300
	mostPeople  = 1000
)

// Line is an incident in a list, with what the law asks next.
type Line struct {
	Incident
	Next  clock.Instant // the next deadline that is not met; zero for none
	Late  bool
	Count int // affected people
}

// List is the register: what is open first, the newest first.
func (s *Service) List(ctx context.Context, who access.Caller) (out []Line, err error) {
	err = s.db.View(ctx, who, access.IncidentRead, func(_ context.Context, v *store.View) error {
		list, err := read(v, sqlList, mostListed)
		if err != nil {
			return err
		}
		out, err = lines(v, list)
		return err
	})
	return out, err
}

func lines(v *store.View, list []Incident) ([]Line, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	var out []Line
	for _, i := range list {
		l := Line{Incident: i}
		if i.State != Closed {
			tasks, all, err := tasksOf(v, c, i)
			if err != nil {
				return nil, err
			}
			l.Count = all
			for _, t := range tasks {
				if t.Done == 0 && (l.Next == 0 || t.Due < l.Next) {
					l.Next, l.Late = t.Due, t.Late
				}
			}
		}
		out = append(out, l)
	}
	return out, nil
}

func tasksOf(v *store.View, c clinics.Clinic, i Incident) ([]Task, int, error) {
	list, err := steps(v, i.ID)
	if err != nil {
		return nil, 0, err
	}
	all, told, last, err := count(v, i.ID)
	if err != nil {
		return nil, 0, err
	}
	if i.ComputedAt == 0 || told < all || all == 0 {
		last = 0
	}
	return Tasks(i, c.Jurisdiction, c.Location(), all+int(i.Erased), list, last, v.Now()), all, nil
}

// Ahead are the open incidents with their clocks, for the bar on every page of those who lead the clinic.
func (s *Service) Ahead(ctx context.Context, who access.Caller) (out []Line, err error) {
	err = s.db.View(ctx, who, access.IncidentRead, func(_ context.Context, v *store.View) error {
		out, err = Open(v)
		return err
	})
	return out, err
}

// Open are the clinic's open incidents with their clocks.
func Open(v *store.View) ([]Line, error) {
	list, err := read(v, sqlOpen)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return lines(v, list)
}

// LookedAtIn is how long a suspicion may wait for somebody to look at it before it counts as forgotten; ours.
const LookedAtIn = 72 * time.Hour

// Overdue says how many clocks of the law have run out, and how many suspicions nobody looked at.
func Overdue(v *store.View) (late, forgotten int, err error) {
	list, err := Open(v)
	for _, l := range list {
		if l.Late {
			late++
		}
		if l.State == Suspected && v.Now().Sub(l.FoundAt) > LookedAtIn {
			forgotten++
		}
	}
	return late, forgotten, err
}

// Case is one incident with everything about it.
type Case struct {
	Incident
	Trail  []Entry // the newest, at most mostEntries
	Seats  []Seat
	People []Affected // at most mostPeople, those first who were not told
	Told   int
	All    int
	// Of those who were not told: whom a message can reach, and whom somebody has to tell by hand.
	Reachable, ByHand int
	Steps             []Step
	Tasks             []Task
	Texts             map[string]messaging.Text
	Now               clock.Instant
	CanTrail          bool
}

// Get is one incident. That its list of people was seen is in the log. fault.NotFound when the clinic has none of that id.
func (s *Service) Get(ctx context.Context, who access.Caller, one id.ID) (out Case, err error) {
	err = s.db.View(ctx, who, access.IncidentRead, func(_ context.Context, v *store.View) error {
		out = Case{Now: v.Now()}
		if out.Incident, err = get(v, one); err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		out.CanTrail = out.hasTrail()
		if out.Trail, err = trail(v, out.Incident, id.Zero, mostEntries); err != nil {
			return err
		}
		if out.Seats, err = seats(v, out.Incident); err != nil {
			return err
		}
		if out.People, err = affected(v, one, mostPeople); err != nil {
			return err
		}
		if out.All, out.Told, _, err = count(v, one); err != nil {
			return err
		}
		if out.Reachable, out.ByHand, err = reachable(v, one); err != nil {
			return err
		}
		if out.Steps, err = steps(v, one); err != nil {
			return err
		}
		if out.Tasks, _, err = tasksOf(v, c, out.Incident); err != nil {
			return err
		}
		if out.Texts, err = messaging.SecurityTexts(v, one); err != nil {
			return err
		}
		v.Opened("incident", one, id.Zero)
		if len(out.People) > 0 {
			ids := make([]id.ID, len(out.People))
			for i, p := range out.People {
				ids[i] = p.Patient
			}
			v.Listed("incident", one.String(), ids)
		}
		return nil
	})
	return out, err
}

// act is one Change about an incident that is not closed, at the version that was shown.
func (s *Service) act(ctx context.Context, who access.Caller, one id.ID, do func(tx *store.Tx, i Incident) error) error {
	return s.db.Change(ctx, who, access.IncidentAct, func(_ context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(sqlHold, one); err != nil {
			return err
		}
		i, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if i.State == Closed {
			return fault.New(fault.Conflict, "fault.incident_closed")
		}
		return do(tx, i)
	})
}

func changed(n int64, err error) error {
	if err == nil && n != 1 {
		return fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}

// SetScope says what the incident is about, and computes anew whom it touched. fault.Invalid names "person", "from" and "to"; fault.NotFound for a
// person who neither works in the clinic nor did anything in it in that time, and for a sign-in that did nothing in it.
func (s *Service) SetScope(ctx context.Context, who access.Caller, one id.ID, version int64, x Scope) error {
	people, _, err := s.o.Accounts.Staff(ctx, who)
	if err != nil {
		return err
	}
	return s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		var f fault.Fields
		switch end := x.To; {
		case x.From <= 0 || x.From > tx.Now():
			f.Add("from", "field.incident.from")
		case end != 0 && (end < x.From || end.Sub(x.From) > mostSpan):
			f.Add("to", "field.incident.to")
		}
		if err := f.Err(); err != nil {
			return err
		}
		known := x.Person.IsZero() || x.Person == i.Person || slices.ContainsFunc(people, func(m accounts.StaffMember) bool { return m.Person.ID == x.Person })
		if !known {
			if err := tx.Row(sqlActed, firstID(x.From), x.Person).Scan(&known); err != nil {
				return err
			}
		}
		if known && !x.Session.IsZero() {
			if err := tx.Row(sqlSat, firstID(x.From), x.Session).Scan(&known); err != nil {
				return err
			}
		}
		if !known {
			return fault.Missing()
		}
		if err := changed(tx.Exec(sqlScope, one, version, id.Null(x.Person), id.Null(x.Session), x.From, x.To)); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "set-scope", Kind: "incident", Subject: one, New: x})
		i.Person, i.Session, i.From, i.To = x.Person, x.Session, x.From, x.To
		return compute(tx, i, s.o.Carries(i.Processor))
	})
}

// Compute finds anew whom the incident touched.
func (s *Service) Compute(ctx context.Context, who access.Caller, one id.ID) error {
	return s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		tx.Record(audit.Note{Action: "compute", Kind: "incident", Subject: one})
		return compute(tx, i, s.o.Carries(i.Processor))
	})
}

// Confirm says that it happened, and computes whom it touched.
func (s *Service) Confirm(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		if err := changed(tx.Exec(sqlConfirm, one, version)); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "confirm", Kind: "incident", Subject: one})
		return compute(tx, i, s.o.Carries(i.Processor))
	})
}

// Decide says whether the law asks for telling anybody, and why. fault.Invalid names "notifiable" and "why".
func (s *Service) Decide(ctx context.Context, who access.Caller, one id.ID, version int64, notifiable, typed string) error {
	var f fault.Fields
	if notifiable != "yes" && notifiable != "no" {
		f.Add("notifiable", "field.kind.needed")
	}
	why := text(typed, "why", 10, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.act(ctx, who, one, func(tx *store.Tx, _ Incident) error {
		sealed, err := seal(tx, "why", one, why)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "decide", Kind: "incident", Subject: one, New: map[string]any{"notifiable": notifiable, "why": why}})
		return changed(tx.Exec(sqlDecide, one, version, notifiable, sealed, who.Actor(), tx.Now()))
	})
}

// HandedOver says that whom the law names was told: by whom it was handed over is the caller, how and under which number the words say.
// fault.Invalid names "words"; fault.NotFound when the law asks no such thing; fault.Conflict when somebody said so already.
func (s *Service) HandedOver(ctx context.Context, who access.Caller, one id.ID, duty, typed string) error {
	var f fault.Fields
	words := text(typed, "words", 3, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		tasks, _, err := tasksOf(&tx.View, c, i)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(tasks, func(t Task) bool { return t.Key == duty })
		switch {
		case at < 0:
			return fault.Missing()
		case tasks[at].By.At > 0:
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "hand-over", Kind: "incident", Subject: one, New: map[string]any{"duty": duty, "words": words}})
		return addStep(tx, one, Step{Kind: StepHanded, Duty: duty, Words: words})
	})
}

// Note adds a remark. fault.Invalid names "words".
func (s *Service) Note(ctx context.Context, who access.Caller, one id.ID, typed string) error {
	var f fault.Fields
	words := text(typed, "words", 3, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.act(ctx, who, one, func(tx *store.Tx, _ Incident) error {
		tx.Record(audit.Note{Action: "note", Kind: "incident", Subject: one, New: map[string]any{"words": words}})
		return addStep(tx, one, Step{Kind: StepNote, Words: words})
	})
}

// EndSignIns ends every sign-in of the incident's person in the clinic, also those that are not hers. fault.NotFound without a person, or when
// she does not belong to the clinic; fault.Forbidden when the caller may not decide about her.
func (s *Service) EndSignIns(ctx context.Context, who access.Caller, one id.ID) error {
	return s.contain(ctx, who, one, StepEnded, func(person id.ID) error { return s.o.Accounts.EndSignInsOf(ctx, who, person) })
}

// Suspend takes the incident's person out of the clinic, with her sign-ins and invitations. Its faults are those of EndSignIns, and fault.Conflict
// for the last owner. She can be invited again.
func (s *Service) Suspend(ctx context.Context, who access.Caller, one id.ID) error {
	return s.contain(ctx, who, one, StepSuspended, func(person id.ID) error {
		people, _, err := s.o.Accounts.Staff(ctx, who)
		if err != nil {
			return err
		}
		for _, m := range people {
			if m.Person.ID == person {
				return s.o.Accounts.EndMembership(ctx, who, person, m.Version)
			}
		}
		return fault.Missing()
	})
}

// contain does something in another room first: what is done and not written down here is in that room's log, the other way round would be a lie.
func (s *Service) contain(ctx context.Context, who access.Caller, one id.ID, step string, do func(person id.ID) error) error {
	var person id.ID
	err := s.db.View(ctx, who, access.IncidentAct, func(_ context.Context, v *store.View) error {
		i, err := get(v, one)
		if person = i.Person; err == nil && (person.IsZero() || i.State == Closed) {
			err = fault.Missing()
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := do(person); err != nil {
		return err
	}
	return s.act(ctx, who, one, func(tx *store.Tx, _ Incident) error {
		tx.Record(audit.Note{Action: step, Kind: "incident", Subject: one})
		return addStep(tx, one, Step{Kind: step})
	})
}

// Close closes an incident with what was learnt; it stays in the register. A confirmed one has to be decided first, and what the law asks has to
// be done (fault.Conflict "fault.incident_open"). fault.Invalid names "lessons".
func (s *Service) Close(ctx context.Context, who access.Caller, one id.ID, version int64, typed string) error {
	var f fault.Fields
	lessons := text(typed, "lessons", 10, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		if i.State == Confirmed {
			c, err := clinics.Get(&tx.View)
			if err != nil {
				return err
			}
			tasks, _, err := tasksOf(&tx.View, c, i)
			if err != nil {
				return err
			}
			if i.Notifiable == "" || slices.ContainsFunc(tasks, func(t Task) bool { return t.Done == 0 }) {
				return fault.New(fault.Conflict, "fault.incident_open")
			}
		}
		sealed, err := seal(tx, "lessons", one, lessons)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "close", Kind: "incident", Subject: one, New: map[string]any{"lessons": lessons}})
		return changed(tx.Exec(sqlClose, one, version, sealed, who.Actor(), tx.Now()))
	})
}

// Sign is the second person's word on a closed incident. Who closed it cannot sign it, unless alone: nobody else leads the clinic.
func (s *Service) Sign(ctx context.Context, who access.Caller, one id.ID, alone bool) error {
	return s.db.Change(ctx, who, access.IncidentAct, func(_ context.Context, tx *store.Tx) error {
		i, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if i.ClosedBy == who.Actor() && !alone {
			return fault.New(fault.Forbidden, "fault.incident_own")
		}
		tx.Record(audit.Note{Action: "sign-off", Kind: "incident", Subject: one})
		return changed(tx.Exec(sqlSign, one, who.Actor(), tx.Now()))
	})
}
