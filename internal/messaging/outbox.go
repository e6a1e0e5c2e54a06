package messaging

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// sendTimeout is how long a carrier may take. It ends well before InFlight, so that nobody
// looks after a message whose sender is still at work.
const sendTimeout = 75 * time.Second

// perPerson is how far the attempts jump when a person has a message sent anew. Attempts only
// ever grow, so that an old sender that wakes up late finds its number gone; the attempts of
// one run are those modulo perPerson.
const perPerson = 100

// MaxTries is how often a message is tried before it is given up; MaxWaits, how often a provider
// may ask to come again later beside that.
const (
	MaxTries = 5
	MaxWaits = 50
)

// failures are the tries of one run: its attempts without its waits, in which the message did not fail. A process of the
// release before starts a run anew and leaves the waits standing, so there are never more of them than attempts.
func failures(attempts, waits int64) int64 {
	return min((attempts-waits)%perPerson, attempts%perPerson)
}

// whilePaused is when a message whose account is paused is looked at again; resuming does not wait for it.
const whilePaused = 10 * time.Minute

// backoff is how long to wait after the n-th try (from 1).
func backoff(n int64) time.Duration {
	switch n {
	case 1:
		return time.Minute
	case 2:
		return 5 * time.Minute
	}
	return 30 * time.Minute
}

// attempt is one try of one message by this process. Its number fences off every other.
type attempt struct {
	message, patient id.ID
	number           int64
	sender           id.ID
	account          id.ID        // the clinic's own; zero for the deployment's
	right            access.Right // by which the sender writes down what it does
	draft            *draft       // what the message says, to be written outside the Change; nil where it is written already
	waits            int64        // of the attempts before this one
}

// errLost says that another sender has the message: a carrier that hears it must break off.
var errLost = errors.New("messaging: the message is no longer this sender's")

// Deliver sends one planned message that is due. It answers nil when there was nothing to do
// (another sender has it, it was taken back, it is not due) and when the message moved on to
// any state, refused and uncertain included: those are states that people see, not errors. An
// error means that the database did not answer; the message is then found again by Recover.
//
// What a crash leaves behind, step by step: before the Change that takes it, a planned message;
// after that and before the carrier's handOver has committed, a "sending" one, of which nothing
// has left, so Recover plans it again; after handOver and before the last Change, a
// "handing-over" one, of which nobody knows, so Recover makes it uncertain and a person decides.
func (s *Service) Deliver(ctx context.Context, who access.Caller, message id.ID) error {
	s.fresh()
	out, carrier, a, err := s.take(ctx, who, message)
	if err != nil || carrier == nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	receipt := carrier.Send(limited, out, func() error { return s.handOver(limited, who, a) })
	return s.finish(context.WithoutCancel(ctx), who, a, receipt)
}

// take looks at the message again and, if everything still holds, makes it this process's. A
// nil carrier says that there is nothing to send.
func (s *Service) take(ctx context.Context, who access.Caller, message id.ID) (Outgoing, Carrier, attempt, error) {
	var out Outgoing
	var carrier Carrier
	var a attempt
	err := s.together(ctx, who, access.Work, &errand{message: message, do: func(tx *store.Tx, d *Round) (err error) {
		out, carrier, a, err = s.taken(tx, d, message)
		return err
	}})
	if err != nil {
		carrier = nil
	}
	if carrier != nil && a.draft != nil { // no other sender waits for the writing of it
		x := a.draft.fill()
		out.Subject, out.Text, out.HTML = x.Subject, x.Text, x.HTML
	}
	return out, carrier, a, err
}

func (s *Service) taken(tx *store.Tx, d *Round, message id.ID) (out Outgoing, carrier Carrier, a attempt, err error) {
	r, found := d.message(message)
	if !found || r.state != Planned || r.sendAt > tx.Now() {
		return out, nil, a, nil
	}
	none := func(err error) (Outgoing, Carrier, attempt, error) { return Outgoing{}, nil, attempt{}, err }
	via, own, held, err := s.way(tx, d, r.channel)
	if err != nil {
		return none(err)
	}
	// What no longer stands is dropped while it waits for an account too: it would be planned for as long as that is paused, and
	// what is planned is not aged.
	now, reason, err := s.look(d, r)
	switch {
	case err != nil:
		return none(err)
	case reason != "":
		return none(s.drop(tx, r, reason))
	case held != "":
		return none(s.put(tx, r, Planned, held, tx.Now().Add(whilePaused)))
	case via == nil:
		return none(s.drop(tx, r, ReasonNoCarrier))
	}
	if why, err := s.barred(d, via, own); err != nil || why != "" {
		if err == nil {
			err = s.drop(tx, r, ReasonOutside+why)
		}
		return none(err)
	}
	if morning, night := s.night(d, now); r.kind.Asked() && r.kind != PaperReady && night {
		if r.kind == Reminder && morning.Add(leastNotice) > now.facts.StartsAt {
			return none(s.put(tx, r, Dropped, ReasonQuiet, tx.Now()))
		}
		tx.DueBy(morning)
		return none(s.put(tx, r, Planned, VerdictMorning, morning))
	}
	if reason, err = s.outside(d, r, via); err != nil {
		return none(err)
	}
	if reason != "" {
		return none(s.drop(tx, r, reason))
	}
	p, err := openPassport(&tx.View, r)
	if err != nil {
		return none(s.put(tx, r, Dropped, ReasonUnreadable, tx.Now()))
	}
	call, reason, err := s.called(d, r, now, via, own)
	if err != nil {
		return none(err)
	}
	if reason != "" {
		return none(s.drop(tx, r, reason))
	}
	var says *draft
	if out, p, says, err = s.compose(tx, d, r, now, p, call); err != nil {
		return none(err)
	}
	if out.Via = own; own != nil {
		out.From = own.Sender
	}
	sealed, err := sealPassport(tx, r.patient, r.id, p)
	if err != nil {
		return none(err)
	}
	n, err := tx.Exec(sqlMessageTake, r.id, s.process, r.attempts+1, p.Language, p.Template, sealed, tx.Now(), id.Null(out.account()))
	if err != nil || n == 0 {
		return none(err)
	}
	tx.DueBy(tx.Now() + InFlight) // so that somebody looks, should this process die
	return out, via, attempt{r.id, r.patient, r.attempts + 1, s.process, out.account(), access.Work, says, r.waits}, step(tx, r.id, Sending, via.Name())
}

// put moves a planned message on, without a sender. One that waits on for what it waited for has no news for its history.
func (s *Service) put(tx *store.Tx, r row, to State, reason string, sendAt clock.Instant) error {
	if to == r.state && reason == r.reason {
		_, err := tx.Exec(sqlMessageWaitOn, r.id, sendAt)
		return err
	}
	n, err := tx.Exec(sqlMessageFromPlanned, r.id, string(to), reason, sendAt, tx.Now())
	if err != nil || n == 0 {
		return err
	}
	return step(tx, r.id, to, reason)
}

// handOver commits that the next step may put the message into the provider's hands. When it
// fails the carrier must not take that step.
func (s *Service) handOver(ctx context.Context, who access.Caller, a attempt) error {
	e := &errand{hands: &a}
	err := s.together(ctx, who, a.right, e)
	if err == nil && e.lost {
		err = errLost
	}
	return err
}

// handing is the step of all of the batch that are about to be handed over, in one statement for those of one try.
func handing(tx *store.Tx, batch []*errand) error {
	type try struct {
		sender id.ID
		number int64
	}
	groups := map[try][]*errand{}
	for _, e := range batch {
		if e.hands == nil {
			continue
		}
		e.lost = false
		if e.err = e.ctx.Err(); e.err == nil { // otherwise nobody waits for it any more
			t := try{e.hands.sender, e.hands.number}
			groups[t] = append(groups[t], e)
		}
	}
	for t, group := range groups {
		all := make([]id.ID, len(group))
		for i, e := range group {
			all[i] = e.hands.message
		}
		moved := 0
		err := store.Each(all, func(args []any, width int) error {
			n, err := tx.Exec(sqlMessageHandOver+store.In(5, width), append([]any{tx.Now(), t.sender, t.number}, args...)...)
			moved += int(n)
			return err
		})
		if err != nil {
			return err
		}
		if moved != len(group) {
			if len(group) > 1 {
				return errBroken // one of them has gone to another sender: each is asked alone
			}
			group[0].lost = true
			continue
		}
		for _, one := range all {
			if err := step(tx, one, HandingOver, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish writes down what became of the message. It is tried a few times: what the provider
// said must not be lost to a short hitch of the database.
func (s *Service) finish(ctx context.Context, who access.Caller, a attempt, receipt Receipt) error {
	var err error
	for try := range 4 {
		if try > 0 {
			time.Sleep(time.Duration(try*try) * 100 * time.Millisecond)
		}
		if err = s.written(ctx, who, a, receipt); err == nil {
			return nil
		}
	}
	return err
}

func (s *Service) written(ctx context.Context, who access.Caller, a attempt, receipt Receipt) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return s.together(ctx, who, a.right, &errand{patient: a.patient, do: func(tx *store.Tx, d *Round) error {
		to, at, waited := Unsure, tx.Now(), int64(0)
		switch receipt.Outcome {
		case Accepted:
			to = Sent
		case Refused:
			to = Rejected
		case Later:
			tries := failures(a.number, a.waits)
			most, wait := int64(MaxTries), backoff(tries)
			if receipt.Wait > 0 { // whoever is asked to wait has not failed: that is the provider's pace, and uses up no try
				waited = 1
				tries, most, wait = a.waits+waited, MaxWaits, receipt.Wait
			}
			if to = GivenUp; tries < most {
				to, at = Planned, tx.Now().Add(wait)
			}
		case Broken: // the account, not the message: it waits until somebody has seen to it
			to, at, waited = Planned, tx.Now().Add(whilePaused), 1
			if err := broken(tx, a.account, codeOnly(receipt.Code)); err != nil {
				return err
			}
		}
		code := codeOnly(receipt.Code)
		reason := code
		if receipt.Outcome == Broken {
			reason = ReasonPaused // so that resuming the account finds it
		}
		token, sealed, err := theirID(tx, a.account, a.patient, a.message, receipt.ProviderID)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlMessageFinish, a.message, a.sender, a.number, string(to), reason, token, at, tx.Now(), sealed, receipt.Parts, pricing(receipt.Pricing), waited)
		if err != nil || n == 0 {
			return err // settled by a person, or given to another sender, meanwhile
		}
		if to == Planned {
			tx.DueBy(at)
		}
		if !a.account.IsZero() && to != Planned {
			u := DayUse{Sent: 1}
			if to != Sent {
				u = DayUse{Failed: 1}
			}
			if err := used(tx, d, a.account, u); err != nil {
				return err
			}
		}
		if receipt.Outcome == Refused {
			if err := refused(tx, a, receipt); err != nil {
				return err
			}
		}
		if to == Sent || to == Unsure {
			tx.Record(audit.Note{Action: "send", Kind: "message", Subject: a.message, Patient: a.patient, New: map[string]any{"state": to}})
		}
		return step(tx, a.message, to, code)
	}})
}

// codeOnly keeps a carrier's code to what a code can be: a provider's sentence may quote an address.
func codeOnly(s string) string {
	if len(s) > 100 {
		return ""
	}
	for _, r := range s {
		ok := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' || r == '_'
		if !ok {
			return ""
		}
	}
	return s
}

// DueMessages lists planned messages whose moment has come, the longest waiting first.
func (s *Service) DueMessages(ctx context.Context, who access.Caller, limit int) ([]id.ID, error) {
	var out []id.ID
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlMessageDue, v.Now(), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m id.ID
			if err := rows.Scan(&m); err != nil {
				return err
			}
			out = append(out, m)
		}
		return rows.Err()
	})
	return out, err
}

// Recover looks after the messages of senders that died: those of which nothing had left are
// planned again, the others become uncertain. On SQLite one process serves, so every other
// sender's message is looked after at once; on PostgreSQL a sender is taken for dead when its
// message has not moved for InFlight.
func (s *Service) Recover(ctx context.Context, who access.Caller) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a dead sender's bookkeeping is put right")
		return s.RecoverIn(tx)
	})
}

// RecoverIn is Recover inside the Change of a clinic's tick.
func (s *Service) RecoverIn(tx *store.Tx) error {
	type lost struct {
		id              id.ID
		state           State
		attempts, waits int64
		kind            Kind
	}
	rows, err := tx.Query(sqlMessageLost, tx.Now()-InFlight, s.process, s.db.Engine() == store.SQLite)
	if err != nil {
		return err
	}
	var found []lost
	for rows.Next() {
		var l lost
		if err := rows.Scan(&l.id, &l.state, &l.attempts, &l.waits, &l.kind); err != nil {
			_ = rows.Close()
			return err
		}
		found = append(found, l)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, l := range found {
		to := Planned
		switch {
		case l.state == HandingOver:
			to = Unsure
		case l.kind == Answered: // its text was nowhere but with the sender that died
			to = GivenUp
		case failures(l.attempts, l.waits) >= MaxTries:
			to = GivenUp
		}
		n, err := tx.Exec(sqlMessageRecover, l.id, string(l.state), l.attempts, string(to), ReasonKilled, tx.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if to == Planned {
			tx.DueBy(tx.Now())
		}
		if err := step(tx, l.id, to, ReasonKilled); err != nil {
			return err
		}
	}
	return nil
}
