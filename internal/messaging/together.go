package messaging

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The steps of a message each need a Change of their own: taken, about to be handed over, answered. Senders whose
// messages stand before such a step at the same moment take it together, in one Change (decision 0037): what the step
// says of each message, its history and its audit entry is as if it had been alone, and nobody goes on before the
// Change is committed. Whoever comes alone goes alone, and those who come meanwhile go next. The one thing that is waited
// for, on SQLite, is that those whom the Change before has answered come back for their next step (decision 0040).

// mostTogether bounds a Change: what is in it waits for all of it.
const mostTogether = 64

// backSoon is how long after a Change the next one waits for those whom it has answered. Whoever is at a provider by then
// is not waited for; it is less than one more commit costs.
const backSoon = 300 * time.Microsecond

// patience is how long the Change of several errands may take. One that is alone has its own.
const patience = 30 * time.Second

// errBroken says that the step of a message broke off; the message stands where it stood.
var errBroken = errors.New("messaging: a step of a message broke off")

// errand is one step of one message.
type errand struct {
	message id.ID // to be read by the step; zero when it reads none
	patient id.ID // whose fields the step seals; zero when it seals none, or reads the message
	do      func(tx *store.Tx, d *Round) error
	hands   *attempt // is about to be handed over: a step that is done for all such at once, and do is nil
	lost    bool     // hands has gone to another sender meanwhile

	ctx  context.Context
	done chan struct{}
	err  error // read after done
}

// company is the errands of one caller that wait for their Change.
type company struct {
	turn    chan struct{} // one for each Change that runs
	mu      sync.Mutex
	waiting []*errand
	members int // who holds it, under companies.mu

	answered int              // how many the Change before has answered together, where they are waited for
	soon     <-chan time.Time // tells when they are not waited for any more
	back     chan struct{}    // tells that as many wait again; it holds one
}

// companies are the companies of a process. Callers differ by clinic, and where a person sends by herself by her too:
// a Change has one caller.
type companies struct {
	mu  sync.Mutex
	all map[companyKey]*company
}

type companyKey struct {
	who   access.Caller
	right access.Right
}

func (s *companies) enter(k companyKey, turns int) *company {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.all[k]
	if c == nil {
		c = &company{turn: make(chan struct{}, turns), back: make(chan struct{}, 1)}
		if s.all == nil {
			s.all = map[companyKey]*company{}
		}
		s.all[k] = c
	}
	c.members++
	return c
}

func (s *companies) leave(k companyKey, c *company) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.members--; c.members == 0 {
		delete(s.all, k)
	}
}

// together does the errand in a Change of the caller, with those that wait for one just now, and answers when it is
// committed. An errand that fails does not keep the others from theirs.
func (s *Service) together(ctx context.Context, who access.Caller, right access.Right, e *errand) error {
	key := companyKey{who, right}
	turns := 2 // on PostgreSQL one Change waits for the disk while the next is made
	if s.db.Engine() == store.SQLite {
		turns = 1 // there is one writer
	}
	c := s.companies.enter(key, turns)
	defer s.companies.leave(key, c)
	e.ctx, e.done = ctx, make(chan struct{})
	c.mu.Lock()
	c.waiting = append(c.waiting, e)
	if c.answered > 0 && len(c.waiting) >= c.answered {
		select {
		case c.back <- struct{}{}:
		default: // it is told already
		}
	}
	c.mu.Unlock()
	for {
		select {
		case <-e.done:
			return e.err
		case <-ctx.Done():
			if c.takeBack(e) {
				return ctx.Err()
			}
			<-e.done // it is under way, and its Change has its bounds
			return e.err
		case c.turn <- struct{}{}:
		}
		s.serve(c, who, right)
		select {
		case <-e.done:
			return e.err
		default: // more were waiting than one Change takes, or another has it under way
		}
		if !c.has(e) {
			<-e.done
			return e.err
		}
	}
}

func (c *company) has(e *errand) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.waiting, e)
}

func (c *company) takeBack(e *errand) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, e)
	if i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	return i >= 0
}

// serve does what waits, at most mostTogether, and gives the turn on.
func (s *Service) serve(c *company, who access.Caller, right access.Right) {
	c.gather()
	c.mu.Lock()
	n := min(len(c.waiting), mostTogether)
	batch := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	c.mu.Unlock()
	for _, e := range batch {
		e.err = errBroken // should this sender come to no end
	}
	defer func() {
		c.answer(batch)
		<-c.turn
	}()
	if n > 1 {
		err := s.change(batch[0].ctx, who, right, batch)
		if err == nil {
			return
		}
		if errors.Is(err, store.ErrGone) || errors.Is(err, context.DeadlineExceeded) { // it would be the same for each
			for _, e := range batch {
				e.err = err
			}
			return
		}
	}
	for _, e := range batch { // alone, so that one that fails fails alone
		if e.err = e.ctx.Err(); e.err != nil {
			continue
		}
		if err := s.change(e.ctx, who, right, []*errand{e}); err != nil {
			e.err = err
		}
	}
}

// gather lets those whom the Change before has just answered come to their next step and along. It costs the one who is
// alone nothing.
func (c *company) gather() {
	runtime.Gosched() // whoever can run at once runs first
	c.mu.Lock()
	missing, soon := c.answered > len(c.waiting), c.soon
	c.mu.Unlock()
	if missing {
		select {
		case <-c.back:
		case <-soon:
		}
	}
}

// answer tells all of the batch that their Change is over.
func (c *company) answer(batch []*errand) {
	c.mu.Lock()
	select {
	case <-c.back:
	default:
	}
	c.answered, c.soon = 0, nil
	if len(batch) > 1 && cap(c.turn) == 1 {
		c.answered, c.soon = len(batch), time.After(backSoon)
	}
	c.mu.Unlock()
	for _, e := range batch {
		close(e.done)
	}
}

// change is one Change with the errands in it. Its error is that of the Change, and none of the errands has taken place then.
func (s *Service) change(ctx context.Context, who access.Caller, right access.Right, batch []*errand) (err error) {
	whole := false
	defer func() {
		// What a step panics with may be personal; one that panics must not keep the others from theirs.
		if !whole && recover() != nil {
			err = errBroken
		}
	}()
	if len(batch) > 1 {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		ctx = limited
	}
	err = s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("senders' own bookkeeping: a message's history is message_event, and what left the house is recorded")
		// What became of messages is written down first: a provider may say that somebody stopped, and whoever
		// reads afterwards whether she may be written to has to see that.
		d := NewRound(&tx.View)
		if err := d.seals(batch); err != nil {
			return err
		}
		each := func(reads bool) error {
			for _, e := range batch {
				if e.do == nil || e.message.IsZero() == reads {
					continue
				}
				if e.err = e.ctx.Err(); e.err != nil {
					continue // nobody waits for it any more
				}
				if err := e.do(tx, d); err != nil {
					return err
				}
			}
			return nil
		}
		if err := handing(tx, batch); err != nil {
			return err
		}
		if err := each(false); err != nil {
			return err
		}
		if err := d.open(batch); err != nil {
			return err
		}
		return each(true)
	})
	whole = true
	return err
}

// seals fetches the keys of those whose fields the errands seal.
func (r *Round) seals(batch []*errand) error {
	var people []id.ID
	for _, e := range batch {
		if !e.patient.IsZero() {
			people = append(people, e.patient)
		}
	}
	return r.v.Load(people)
}

// open reads the messages of the errands, and announces what they are about.
func (r *Round) open(batch []*errand) error {
	var messages []id.ID
	for _, e := range batch {
		if !e.message.IsZero() {
			messages = append(messages, e.message)
		}
	}
	r.messages = make(map[id.ID]row, len(messages))
	return r.each(sqlMessagesIn, messages, func(rows *store.Rows) error {
		var m row
		err := m.scan(rows)
		r.messages[m.id] = m
		r.written = append(r.written, m.patient)
		if !m.kind.Talk() {
			r.visited = append(r.visited, m.appointment)
		}
		return err
	})
}

// message is one of those that open has read.
func (r *Round) message(one id.ID) (m row, found bool) {
	m, found = r.messages[one]
	return m, found
}
