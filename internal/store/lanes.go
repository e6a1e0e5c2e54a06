package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
)

// lane is one connection with the statements that were prepared on it.
type lane struct {
	pool *sql.DB
	conn *sql.Conn
	stmt map[string]*sql.Stmt

	wide map[wide]widened // see rows

	group *group // on SQLite's writer: the transaction that is open for the next to join
}

const lanePrepared = 400 // statements kept prepared on one connection; the house has fewer

// lanes are the connections of one kind. The one that was used last is lent first: its pages are
// in its cache and its statements are prepared, and a quiet house opens few of them.
type lanes struct {
	free chan struct{} // one for each lane that nobody has
	mu   sync.Mutex
	idle []*lane // the one used last stands last
}

func newLanes(n int) *lanes { return &lanes{free: make(chan struct{}, n)} }

func (s *lanes) size() int { return cap(s.free) }

// put makes a lane free for the next taker.
func (s *lanes) put(l *lane) {
	s.mu.Lock()
	s.idle = append(s.idle, l)
	s.mu.Unlock()
	s.free <- struct{}{}
}

// get waits for a free lane, open or not.
func (s *lanes) get(ctx context.Context) (*lane, error) {
	select {
	case <-s.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.pop(), nil
}

// pop gives the lane that was used last, to whoever took a turn from free.
func (s *lanes) pop() *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.idle) - 1
	l := s.idle[last]
	s.idle = s.idle[:last]
	return l
}

// take waits for a free connection, and opens it where it is not open.
func (s *lanes) take(ctx context.Context) (*lane, error) {
	l, err := s.get(ctx)
	if err != nil || l.conn != nil {
		return l, err
	}
	c, err := l.pool.Conn(ctx)
	if err != nil {
		s.put(l)
		return nil, err
	}
	l.conn, l.stmt = c, map[string]*sql.Stmt{}
	return l, nil
}

// give hands a connection back; a broken one is closed first, and opened anew by the next taker.
func (s *lanes) give(l *lane, broken bool) {
	if broken && l.conn != nil {
		l.drop()
	}
	s.put(l)
}

// hangUp closes every connection as soon as its user is done; the next taker opens it anew.
func (s *lanes) hangUp(ctx context.Context) error {
	var all []*lane
	defer func() {
		for _, l := range all {
			s.put(l)
		}
	}()
	for range s.size() {
		l, err := s.get(ctx)
		if err != nil {
			return err
		}
		for l.group != nil {
			s.settle(l)
			if l, err = s.get(ctx); err != nil {
				return err
			}
		}
		all = append(all, l)
		if l.conn != nil {
			l.drop()
		}
	}
	return nil
}

func (l *lane) drop() {
	for _, s := range l.stmt {
		_ = s.Close()
	}
	_ = l.conn.Close()
	l.conn, l.stmt = nil, nil
}

// unnumbered writes ? for the values of a statement that names each of them once and in order. SQLite's driver asks the
// engine for the name of each value each time, and the engine goes through all names to find one: for a row of ten
// values that is little, for 32 rows of them it is more than their insertion. Any other statement stays as it is.
func unnumbered(text string) string {
	var b strings.Builder
	n, quoted := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\'' {
			quoted = !quoted
		}
		if c != '$' || quoted {
			b.WriteByte(c)
			continue
		}
		n++
		number := strconv.Itoa(n)
		rest, found := strings.CutPrefix(text[i+1:], number)
		if !found || rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return text
		}
		b.WriteByte('?')
		i += len(number)
	}
	return b.String()
}

// prepared gives the statement, prepared once on this connection. PostgreSQL's driver keeps
// its own prepared statements, so there the text goes through as it is.
func (l *lane) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := l.stmt[text]; ok {
		return s, nil
	}
	s, err := l.conn.PrepareContext(ctx, unnumbered(text))
	if err != nil {
		return nil, err
	}
	if len(l.stmt) >= lanePrepared { // only expanded lists can bring it here
		for k, old := range l.stmt {
			_ = old.Close()
			delete(l.stmt, k)
			break
		}
	}
	l.stmt[text] = s
	return s, nil
}
