package incidents

import (
	"context"
	"errors"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// What went wrong at the platform itself, or at a party that it uses. The platform's people see no clinic's patients here: where a processor was
// hit, each clinic that used it in that time gets an incident of its own, with the people whom it touched, and its owners are told by mail
// (GDPR, article 33(2); 45 CFR 164.410).

// Event is one line of the platform's register.
type Event struct {
	ID        id.ID
	Rule      Rule
	Cause     string
	State     State
	Processor string
	From, To  clock.Instant
	Times     int64
	FoundAt   clock.Instant
	LastAt    clock.Instant
	Person    id.ID // who wrote it down; zero: a rule
	Words     string
	Lessons   string
	ClosedBy  id.ID
	ClosedAt  clock.Instant
	Version   int64
	Clinics   []id.ID // that were told
}

const (
	eventColumns = `id, rule, cause, state, processor, from_at, to_at, times, found_at, last_at, person_id, words, lessons, closed_by, closed_at, version FROM platform_incident`
	sqlEventAdd  = `INSERT INTO platform_incident (id, cause, rule, state, processor, from_at, to_at, times, found_at, last_at, person_id, words, aware_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $9) ON CONFLICT (cause) DO NOTHING`
	sqlEventMore    = `UPDATE platform_incident SET times = $2, last_at = $3 WHERE cause = $1 AND state <> 'closed' AND times < $2`
	sqlEventGoingOn = `SELECT ` + eventColumns + ` WHERE to_at = 0 AND state <> 'closed' ORDER BY found_at LIMIT 500`
	sqlEventOver    = `UPDATE platform_incident SET to_at = $2, last_at = $3, version = version + 1 WHERE id = $1 AND to_at = 0 AND state <> 'closed'`
	sqlEventList    = `SELECT ` + eventColumns + ` ORDER BY CASE state WHEN 'closed' THEN 1 ELSE 0 END, found_at DESC, id DESC LIMIT 100`
	sqlEventGet     = `SELECT ` + eventColumns + ` WHERE id = $1`
	sqlEventClose   = `UPDATE platform_incident SET state = 'closed', lessons = $3, closed_by = $4, closed_at = $5, version = version + 1 WHERE id = $1 AND version = $2 AND state <> 'closed'`
	sqlEventClinics = `SELECT clinic_id FROM platform_incident_clinic WHERE incident_id = $1 ORDER BY told_at, clinic_id`
	sqlEventTold    = `INSERT INTO platform_incident_clinic (incident_id, clinic_id, told_at) VALUES ($1, $2, $3) ON CONFLICT (incident_id, clinic_id) DO NOTHING`
	sqlEventOpen    = `SELECT COUNT(*), COALESCE(MIN(found_at), 0) FROM platform_incident WHERE state <> 'closed'`
	sqlEventUntold  = `SELECT COUNT(*) FROM platform_incident WHERE mailed_at = 0 AND state <> 'closed'`
	sqlEventMailed  = `UPDATE platform_incident SET mailed_at = $1 WHERE mailed_at = 0`
	sqlEventOldTold = `DELETE FROM platform_incident_clinic WHERE incident_id IN (SELECT id FROM platform_incident WHERE state = 'closed' AND closed_at <= $1)`
	sqlEventOld     = `DELETE FROM platform_incident WHERE state = 'closed' AND closed_at <= $1`
	sqlEveryClinic  = `SELECT clinic_id FROM clinic_route WHERE opened_at > 0 AND NOT canary ORDER BY clinic_id`
)

func events(p *store.Platform, text string, args ...any) ([]Event, error) {
	rows, err := p.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		var words, lessons []byte
		if err := rows.Scan(&e.ID, &e.Rule, &e.Cause, &e.State, &e.Processor, &e.From, &e.To, &e.Times, &e.FoundAt, &e.LastAt, &e.Person, &words, &lessons, &e.ClosedBy, &e.ClosedAt, &e.Version); err != nil {
			return nil, err
		}
		if e.Words, err = p.Unseal(vault.ClinicData, "platform_incident", "words", e.ID, words); err != nil {
			return nil, err
		}
		if e.Lessons, err = p.Unseal(vault.ClinicData, "platform_incident", "lessons", e.ID, lessons); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

func addEvent(p *store.Platform, e Event) (id.ID, error) {
	one := p.NewID()
	sealed, err := p.Seal(vault.ClinicData, "platform_incident", "words", one, e.Words)
	if err != nil {
		return id.Zero, err
	}
	n, err := p.Exec(sqlEventAdd, one, e.Cause, string(e.Rule), string(e.State), e.Processor, e.From, e.To, max(1, e.Times), p.Now(), id.Null(e.Person), sealed)
	if err != nil {
		return id.Zero, err
	}
	if n == 1 {
		p.Record(audit.Note{Action: "suspect", Kind: "incident", Subject: one, New: map[string]any{"rule": e.Rule, "cause": e.Cause}})
		return one, nil
	}
	p.Housekeeping("a known incident was noticed again; that it was noticed is recorded")
	_, err = p.Exec(sqlEventMore, e.Cause, max(1, e.Times), p.Now())
	return id.Zero, err
}

// Happened writes down what the platform's own watch noticed: of e it reads the rule, the cause, the processor and how often. who is the
// platform's own work. A From of zero is now. A known cause is counted and opens nothing again.
func (s *Service) Happened(ctx context.Context, who access.Caller, list ...Event) error {
	if len(list) == 0 {
		return nil
	}
	return s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		for _, e := range list {
			if e.State = Suspected; e.From == 0 {
				e.From = p.Now()
			}
			if _, err := addEvent(p, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Over asks for every open incident that goes on whether it is over, and since when, and notes that in it; zero: it is not. It stays open until
// somebody has written down what was learnt. who is the platform's own work.
func (s *Service) Over(ctx context.Context, who access.Caller, ended func(Event) clock.Instant) error {
	return s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("an incident that is over is noted; the note is recorded")
		list, err := events(p, sqlEventGoingOn)
		if err != nil {
			return err
		}
		for _, e := range list {
			at := ended(e)
			if at <= e.From {
				continue
			}
			p.Record(audit.Note{Action: "over", Kind: "incident", Subject: e.ID})
			if _, err := p.Exec(sqlEventOver, e.ID, at, p.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Events is the platform's register: what is open first, the newest first.
func (s *Service) Events(ctx context.Context, who access.Caller) (out []Event, err error) {
	err = s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the platform's own register; no clinic's data are in it")
		out, err = events(p, sqlEventList)
		return err
	})
	return out, err
}

// Event is one of them, with the clinics that were told. fault.NotFound when there is none of that id.
func (s *Service) Event(ctx context.Context, who access.Caller, one id.ID) (e Event, err error) {
	err = s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the platform's own register; no clinic's data are in it")
		list, err := events(p, sqlEventGet, one)
		if err == nil && len(list) == 0 {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		e = list[0]
		e.Clinics, err = clinicsOf(p, sqlEventClinics, one)
		return err
	})
	return e, err
}

func clinicsOf(p *store.Platform, text string, args ...any) ([]id.ID, error) {
	rows, err := p.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var c id.ID
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// Struck is what a person of the platform writes down by hand: something that happened at a processor, or at the platform itself.
type Struck struct {
	Processor string // id in the register of processors; empty: the platform itself
	From, To  clock.Instant
	Words     string
}

// Write opens an incident of the platform. known says whether there is such a processor. fault.Invalid names "processor", "from", "to" and "words".
func (s *Service) Write(ctx context.Context, who access.Caller, x Struck, known func(processor string) bool) (one id.ID, err error) {
	now := clock.At(s.db.Clock().Now())
	var f fault.Fields
	if x.Processor != "" && !known(x.Processor) {
		f.Add("processor", "field.kind.needed")
	}
	if x.From <= 0 || x.From > now {
		f.Add("from", "field.incident.from")
	}
	if x.To < x.From || x.To.Sub(x.From) > mostSpan {
		f.Add("to", "field.incident.to")
	}
	words := text(x.Words, "words", 10, &f)
	if err := f.Err(); err != nil {
		return id.Zero, err
	}
	err = s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		e := Event{Rule: Other, State: Confirmed, Processor: x.Processor, From: x.From, To: x.To, Person: who.Actor(), Words: words}
		if x.Processor != "" {
			e.Rule = Processor
		}
		e.Cause = string(e.Rule) + ":" + p.NewID().String()
		one, err = addEvent(p, e)
		return err
	})
	return one, err
}

// TellClinics opens an incident in each clinic that used the processor in that time, has the owners told by mail, and answers how many clinics were
// told now. A clinic that was told is not told again; one that cannot be told keeps no other waiting, and is told by the next call. caller mints the work of a clinic. fault.Conflict "fault.incident_no_processor" where none was named.
func (s *Service) TellClinics(ctx context.Context, who access.Caller, one id.ID, caller func(clinic id.ID) access.Caller) (n int, err error) {
	e, err := s.Event(ctx, who, one)
	if err != nil {
		return 0, err
	}
	carries := s.o.Carries(e.Processor)
	if e.Processor == "" || e.State == Closed {
		return 0, fault.New(fault.Conflict, "fault.incident_no_processor")
	}
	var all []id.ID
	err = s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("which clinics there are")
		all, err = clinicsOf(p, sqlEveryClinic)
		return err
	})
	if err != nil {
		return 0, err
	}
	told := map[id.ID]bool{}
	for _, c := range e.Clinics {
		told[c] = true
	}
	var failed []error
	for _, c := range all {
		if told[c] {
			continue
		}
		if ctx.Err() != nil {
			return n, errors.Join(append(failed, ctx.Err())...)
		}
		used, err := s.struck(ctx, caller(c), e, carries)
		if err != nil || !used {
			failed = append(failed, err)
			continue
		}
		err = s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
			p.Record(audit.Note{Action: "tell-clinic", Kind: "incident", Subject: one, New: c})
			_, err := p.Exec(sqlEventTold, one, c, p.Now())
			return err
		})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		n++
	}
	return n, errors.Join(failed...)
}

// struck opens the incident of one clinic, when messages of it went through the processor in that time; where it is not known whose data went there,
// every clinic is told. The owners' letter goes out with those of every new incident.
func (s *Service) struck(ctx context.Context, who access.Caller, e Event, carries bool) (used bool, err error) {
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		used = !carries
		if used {
			return nil
		}
		end := e.To
		if end == 0 { // it goes on
			end = v.Now()
		}
		list, err := messaging.Passed(v, e.Processor, e.From, end+1)
		used = len(list) > 0
		return err
	})
	if err != nil || !used {
		return false, err
	}
	err = s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		one, _, err := Suspect(tx, Signal{Rule: Processor, Cause: "processor:" + e.ID.String(), Processor: e.Processor, From: e.From, To: e.To, Times: 1, Words: e.Words})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlHold, one); err != nil {
			return err
		}
		i, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		return compute(tx, i, carries)
	})
	return err == nil, err
}

// Finish closes an incident of the platform with what was learnt. fault.Invalid names "lessons".
func (s *Service) Finish(ctx context.Context, who access.Caller, one id.ID, version int64, typed string) error {
	var f fault.Fields
	lessons := text(typed, "lessons", 10, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		sealed, err := p.Seal(vault.ClinicData, "platform_incident", "lessons", one, lessons)
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "close", Kind: "incident", Subject: one})
		return changed(p.Exec(sqlEventClose, one, version, sealed, id.Null(who.Actor()), p.Now()))
	})
}

// Tidy tells the operators by mail of what is new, and lets go what was closed six years ago. who is the platform's own work.
func (s *Service) Tidy(ctx context.Context, who access.Caller) error {
	return s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("operators are told of what is recorded; what is old goes")
		var n int64
		if err := p.Row(sqlEventUntold).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			if err := accounts.OperatorsTold(p, accounts.NoticePlatformIncident, "/platform/incidents"); err != nil {
				return err
			}
			if _, err := p.Exec(sqlEventMailed, p.Now()); err != nil {
				return err
			}
		}
		for _, text := range []string{sqlEventOldTold, sqlEventOld} {
			if _, err := p.Exec(text, p.Now().Add(-keepFor)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Waiting is how many incidents of the platform are open, and since when the oldest is.
func (s *Service) Waiting(ctx context.Context, who access.Caller) (n int, since clock.Instant, err error) {
	err = s.db.Across(ctx, who, access.PlatformIncident, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a count")
		return p.Row(sqlEventOpen).Scan(&n, &since)
	})
	return n, since, err
}

// Named says which promise or party an event of the platform is about: the part of its cause behind the rule.
func (e Event) Named() string {
	_, rest, _ := strings.Cut(e.Cause, ":")
	name, _, _ := strings.Cut(rest, ":")
	if e.Rule == Processor || e.Rule == Other {
		return e.Processor
	}
	return name
}
