package messaging

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Delivery is one message as the delivery page lists it.
type Delivery struct {
	ID, Patient, Appointment id.ID
	Name                     patients.Name
	Kind                     Kind
	Channel                  Channel
	Language                 string
	State                    State
	Reason                   string // a word of the catalogue, or a provider's reply code
	StartsAt                 clock.Instant
	SendAt, StateAt          clock.Instant
	CreatedAt                clock.Instant
	Tries                    int
	Reached                  Reached       // how far it came, as its provider reports; empty: nothing was reported
	ReachedAt                clock.Instant // by the provider's clock
}

// Place is where the list goes on behind this message.
func (d Delivery) Place() Place { return Place{At: d.CreatedAt, ID: d.ID} }

// Step is one line of a message's history.
type Step struct {
	At    clock.Instant
	State State
	Code  string // the carrier's name, a reply code or a reason; never a person's data
}

// Opened is one message with everything that is known of it. Its text is not kept.
type Opened struct {
	Delivery
	Passport   Passport
	Unreadable bool   // the passport cannot be opened
	ProviderID string // the provider's own; empty when it gave none, or it cannot be opened
	Parts      int    // of an SMS: how many parts were charged; zero when nobody said
	Pricing    string // cost fields as the provider gave them, JSON; empty when it gave none
	Steps      []Step
	Settle     bool  // a person may decide what becomes of it
	Thread     id.ID // the patient's conversation; zero when there is none
}

// Filter narrows a list. The zero Filter is everything, the newest first.
type Filter struct {
	State   State
	Patient id.ID
	After   Place // the place of the last row of the page before; zero for the newest
	Limit   int   // 1 to 200; zero is 50
}

// Recent lists messages, the newest first. Broken rows come with a broken name.
func (s *Service) Recent(ctx context.Context, who access.Caller, f Filter) ([]Delivery, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	var out []Delivery
	err := s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		if f.After == (Place{}) {
			f.After.At = v.Now().Add(time.Second)
		}
		var rows []row
		var err error
		switch {
		case !f.Patient.IsZero():
			rows, err = list(v, sqlMessageOfPatient, f.Patient, f.After.At, f.After.ID, f.Limit)
		case f.State != "":
			rows, err = list(v, inState(f.State), string(f.State), f.After.At, f.After.ID, f.Limit)
		default:
			rows, err = list(v, sqlMessageRecent, f.After.At, f.After.ID, f.Limit)
		}
		if err != nil {
			return err
		}
		var who []id.ID
		seen := map[id.ID]bool{}
		for _, r := range rows {
			if !seen[r.patient] {
				seen[r.patient] = true
				who = append(who, r.patient)
			}
		}
		names, err := patients.Names(v, who)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if f.Patient.IsZero() || f.State == "" || r.state == f.State {
				out = append(out, r.delivery(names[r.patient]))
			}
		}
		if len(who) > 0 {
			v.Listed("messages", string(clock.DateOf(v.Now().Time())), who)
		}
		return nil
	})
	return out, err
}

func (r row) delivery(n patients.Name) Delivery {
	return Delivery{ID: r.id, Patient: r.patient, Appointment: r.appointment, Name: n, Kind: r.kind, Channel: r.channel, Language: r.language, State: r.state,
		Reason: r.reason, StartsAt: r.starts, SendAt: r.sendAt, StateAt: r.stateAt, CreatedAt: r.createdAt, Tries: int(r.attempts % perPerson), Reached: r.reached, ReachedAt: r.reachedAt}
}

// One opens a message with its passport and its history. fault.NotFound when it is not this clinic's.
func (s *Service) One(ctx context.Context, who access.Caller, message id.ID) (Opened, error) {
	var out Opened
	err := s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		r, found, err := get(v, message)
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing()
		}
		names, err := patients.Names(v, []id.ID{r.patient})
		if err != nil {
			return err
		}
		out = Opened{Delivery: r.delivery(names[r.patient]), ProviderID: providerID(v, r), Parts: int(r.parts), Pricing: r.pricing, Settle: r.state == Unsure || r.state == GivenUp}
		if r.kind.Talk() { // it belongs to a conversation and to no appointment
			out.Thread, out.Appointment = r.appointment, id.Zero
		} else if err := v.Row(sqlPeerThread, r.patient).Scan(&out.Thread); err != nil && !errors.Is(err, store.ErrNoRows) {
			return err
		}
		if r.kind.alone() {
			out.Appointment = id.Zero
		}
		p, err := openPassport(v, r)
		out.Passport, out.Unreadable = p, err != nil
		rows, err := v.Query(sqlStepList, message)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var st Step
			if err := rows.Scan(&st.At, &st.State, &st.Code); err != nil {
				return err
			}
			out.Steps = append(out.Steps, st)
		}
		v.Opened("message", message, r.patient)
		return rows.Err()
	})
	return out, err
}

// Counts is what the dashboard says about messages.
type Counts struct {
	Uncertain int // a person has to decide
	GivenUp   int // a person has to decide
	Refused   int // in the last seven days
	Waiting   int // planned, or with a sender
}

// Counts counts the messages that wait for a person or for their time.
func (s *Service) Counts(ctx context.Context, who access.Caller) (Counts, error) {
	var out Counts
	err := s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlMessageCounts, v.Now().Add(-7*24*time.Hour))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var st State
			var n int
			if err := rows.Scan(&st, &n); err != nil {
				return err
			}
			switch st {
			case Unsure:
				out.Uncertain = n
			case GivenUp:
				out.GivenUp = n
			case Rejected:
				out.Refused = n
			default:
				out.Waiting += n
			}
		}
		return rows.Err()
	})
	return out, err
}

// Waiting is what else the dashboard says: conversations in which a patient wrote and nobody has looked, and accounts that are paused.
type Waiting struct{ Answers, Paused int }

// Waiting counts what waits for a person beside the messages themselves.
func (s *Service) Waiting(ctx context.Context, who access.Caller) (Waiting, error) {
	var out Waiting
	err := s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		if err := v.Row(sqlThreadUnread).Scan(&out.Answers); err != nil {
			return err
		}
		return v.Row(sqlAccountHeld).Scan(&out.Paused)
	})
	return out, err
}

// What a person can decide about a message whose fate is unknown.
const (
	Arrived   = "arrived"    // the patient has it
	SendAgain = "send-again" // she has not: send it anew
)

// Settle writes down what a person decided about an uncertain message, or one that was given
// up. Any other message, and one that somebody else has settled, is fault.Conflict.
func (s *Service) Settle(ctx context.Context, who access.Caller, message id.ID, decision string) error {
	if decision != Arrived && decision != SendAgain {
		var f fault.Fields
		f.Add("decision", "field.required")
		return f.Err()
	}
	return s.db.Change(ctx, who, access.MessageSettle, func(_ context.Context, tx *store.Tx) error {
		r, found, err := get(&tx.View, message)
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing()
		}
		if r.state != Unsure && r.state != GivenUp {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		to, reason, attempts := Sent, ReasonArrived, r.attempts
		if decision == SendAgain && r.kind == Answered {
			return fault.New(fault.Conflict, "fault.inbox.not_kept")
		}
		if decision == SendAgain {
			to, reason, attempts = Planned, ReasonAgain, (r.attempts/perPerson+1)*perPerson
			tx.DueBy(tx.Now())
		}
		n, err := tx.Exec(sqlMessageSettle, message, string(r.state), string(to), reason, tx.Now(), attempts)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "settle", Kind: "message", Subject: message, Patient: r.patient, Old: r.state, New: map[string]any{"state": to, "decision": decision}})
		return step(tx, message, to, reason)
	})
}
