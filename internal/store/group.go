package store

import (
	"context"
	"fmt"
)

// SQLite has one writer, and each commit waits for the disk. Writers that queue for it share one
// commit: whoever is done hands the connection on with the transaction still open, and the first
// to get it back, when nobody else waits, commits for all. Nobody is answered before that commit,
// so an acknowledged booking survives a power cut as before; what one of them takes back is taken
// back to its own savepoint. On a disk that takes five milliseconds, 32 desks then wait for one
// flush and not for 32.

// group is the Changes that share one commit.
type group struct {
	done    chan struct{}
	err     error // read after done
	members int   // Changes that are kept
}

// mostInGroup bounds how long the first of a group waits for the last.
const mostInGroup = 64

// join opens the transaction, or a savepoint in the one that the writer before left open.
func (s *session) join() error {
	l := s.lane
	if l.group != nil {
		s.group, s.inner = l.group, true
		return s.plain(context.Background(), "SAVEPOINT change")
	}
	if err := s.plain(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	l.group = &group{done: make(chan struct{})}
	s.group = l.group
	return nil
}

// keep ends a Change that is to stay, and returns when its group is on the disk.
func (s *session) keep() error {
	l, g := s.lane, s.group
	s.lane, s.done = nil, true
	if s.inner {
		if err := l.run("RELEASE change"); err != nil {
			s.lanes.fail(l, err)
			return classify(err)
		}
	}
	if g.members++; g.members >= mostInGroup {
		s.lanes.settle(l)
		return g.err
	}
	s.lanes.put(l)
	select {
	case <-g.done:
		return g.err
	case <-s.lanes.free:
	}
	if l = s.lanes.pop(); l.group != g { // g was committed at this very moment
		s.lanes.put(l)
		<-g.done
		return g.err
	}
	s.lanes.settle(l)
	return g.err
}

// leave takes back a Change, and nothing of those that share its transaction.
func (s *session) leave() {
	l, g := s.lane, s.group
	s.lane, s.done = nil, true
	if s.inner {
		for _, text := range []string{"ROLLBACK TO change", "RELEASE change"} {
			if err := l.run(text); err != nil { // the engine has given up the whole transaction (a full disk)
				s.lanes.fail(l, err)
				return
			}
		}
		s.lanes.put(l) // whoever is in the group waits for it
		return
	}
	l.group = nil
	close(g.done)
	s.lanes.give(l, l.run("ROLLBACK") != nil)
}

// settle commits the lane's group and makes the lane free.
func (s *lanes) settle(l *lane) {
	if err := l.run("COMMIT"); err != nil {
		s.fail(l, err)
		return
	}
	g := l.group
	l.group = nil
	close(g.done)
	s.give(l, false)
}

// fail tells everybody in the group that nothing was saved; each tries again by itself.
func (s *lanes) fail(l *lane, err error) {
	g := l.group
	l.group = nil
	_ = l.run("ROLLBACK") // there may be nothing to roll back any more
	g.err = fmt.Errorf("%w (a commit shared with others failed: %w)", ErrRetry, classify(err))
	close(g.done)
	s.give(l, true)
}

// run executes a statement without values.
func (l *lane) run(text string) error {
	st, err := l.prepared(context.Background(), text)
	if err == nil {
		_, err = st.ExecContext(context.Background())
	}
	return err
}
