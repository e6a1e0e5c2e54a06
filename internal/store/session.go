package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"almirah/internal/id"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

// ErrNoRows says that a row that must exist does not (or belongs to another clinic, which is the same).
var ErrNoRows = sql.ErrNoRows

// session is one transaction on one connection of either engine.
type session struct {
	db     *DB
	lane   *lane
	lanes  *lanes
	ctx    context.Context
	done   bool
	broken bool
	count  int // statements run, for the tested budgets

	queued []queued // on PostgreSQL: statements that travel with the COMMIT

	group *group // of a Change on SQLite
	inner bool   // it has a savepoint in the group's transaction
}

// begin opens a transaction in which the clinic is bound. On SQLite a writing transaction takes
// the write lock at once: one that upgraded later could be refused. On PostgreSQL the
// clinic travels with BEGIN in one round trip and is forgotten with the transaction.
func (db *DB) begin(ctx context.Context, clinic id.ID, write bool) (*session, error) {
	lanes := db.readers
	if write {
		lanes = db.writers
	}
	l, err := lanes.take(ctx)
	if err != nil {
		return nil, classify(err)
	}
	s := &session{db: db, lane: l, lanes: lanes, ctx: ctx}
	if db.engine == SQLite {
		if write {
			err = s.join()
		} else {
			err = s.plain(context.WithoutCancel(ctx), "BEGIN")
		}
	} else {
		mode := "READ ONLY"
		if write {
			mode = "READ WRITE"
		}
		err = s.opening(ctx, "BEGIN "+mode+`; SET LOCAL almirah.clinic = '\x`+hex.EncodeToString(clinic[:])+"'")
	}
	if err != nil {
		if s.group != nil {
			s.lanes.fail(s.lane, err)
			return nil, classify(err)
		}
		s.broken = true
		s.finish()
		return nil, classify(err)
	}
	return s, nil
}

func (s *session) plain(ctx context.Context, text string) error {
	st, err := s.lane.prepared(ctx, text)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

func (s *session) pgSimple(ctx context.Context, text string) error {
	return s.lane.conn.Raw(func(c any) error {
		_, err := c.(*stdlib.Conn).Conn().PgConn().Exec(ctx, text).ReadAll()
		return err
	})
}

// queued is a statement whose answer nobody needs before the end.
type queued struct {
	text string
	args []any
}

// later runs a statement with the commit: on PostgreSQL in one round trip with it, which is how an audit entry of
// three rows does not cost three; on SQLite just before it, many rows of one table in one statement.
func (s *session) later(text string, args []any) error {
	plain := args
	if s.db.engine == Postgres {
		plain = make([]any, len(args))
		for i, a := range args {
			v, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				return err
			}
			plain[i] = v
		}
	}
	s.count++
	s.queued = append(s.queued, queued{text, plain})
	return nil
}

// pgCommit sends what waits and commits, and tells a COMMIT that PostgreSQL turned into a ROLLBACK (because a statement
// failed and its error was swallowed) from one that took place.
func (s *session) pgCommit(ctx context.Context) error {
	return s.lane.conn.Raw(func(c any) error {
		var batch pgx.Batch
		for _, q := range s.queued {
			batch.Queue(q.text, q.args...)
		}
		batch.Queue("COMMIT")
		conn := c.(*stdlib.Conn).Conn()
		delete(conn.PgConn().CustomData(), unconfirmed)
		sent := conn.SendBatch(ctx, &batch)
		var tag pgconn.CommandTag
		var err error
		for range batch.Len() {
			if tag, err = sent.Exec(); err != nil {
				break
			}
		}
		if err = errors.Join(err, sent.Close()); err == nil && tag.String() != "COMMIT" {
			err = errors.New("store: a statement of this transaction failed and its error was swallowed; nothing was saved")
		}
		if err == nil {
			err = confirmed(conn.PgConn())
		}
		return err
	})
}

func (s *session) commit() error {
	if s.done {
		return errors.New("store: the transaction has ended")
	}
	if s.group != nil {
		if err := s.flush(); err != nil {
			s.leave()
			return err
		}
		return s.keep()
	}
	// A commit is not broken off half-way because a browser went away: the client would not
	// know whether it happened.
	err := s.finally("COMMIT")
	if err != nil {
		s.rollback()
		return classify(err)
	}
	if s.db.watch != nil {
		for _, q := range s.queued {
			s.db.watch(q.text, q.args)
		}
	}
	s.done = true
	s.finish()
	return nil
}

func (s *session) rollback() {
	if s.done {
		return
	}
	if s.group != nil {
		s.leave()
		return
	}
	s.done = true
	err := s.finally("ROLLBACK")
	s.broken = s.broken || err != nil
	s.finish()
}

// finally ends the transaction, whether or not anybody still waits for it.
func (s *session) finally(text string) error {
	if s.db.engine == SQLite {
		return s.plain(context.Background(), text)
	}
	ctx, cancel := quick()
	defer cancel()
	if text == "COMMIT" {
		return s.pgCommit(ctx)
	}
	return s.pgSimple(ctx, text)
}

func (s *session) finish() {
	if s.lane != nil {
		s.lanes.give(s.lane, s.broken)
		s.lane = nil
	}
	s.done = true
}

func (s *session) exec(text string, args []any) (int64, error) {
	if s.done {
		return 0, errors.New("store: the transaction has ended")
	}
	s.count++
	begun := s.begun()
	var res sql.Result
	var err error
	if s.db.engine == SQLite {
		var st *sql.Stmt
		var ctx context.Context
		if ctx, err = s.quiet(); err == nil {
			st, err = s.lane.prepared(ctx, text)
		}
		if err == nil {
			res, err = st.ExecContext(ctx, args...)
		}
	} else {
		res, err = s.lane.conn.ExecContext(s.ctx, text, args...)
	}
	if err != nil {
		return 0, s.failed(err, text)
	}
	s.timed(text, begun)
	if s.db.watch != nil {
		s.db.watch(text, args)
	}
	return res.RowsAffected()
}

func (s *session) query(text string, args []any) (*Rows, error) {
	if s.done {
		return nil, errors.New("store: the transaction has ended")
	}
	s.count++
	begun := s.begun()
	var rows *sql.Rows
	var err error
	if s.db.engine == SQLite {
		var st *sql.Stmt
		var ctx context.Context
		if ctx, err = s.quiet(); err == nil {
			st, err = s.lane.prepared(ctx, text)
		}
		if err == nil {
			rows, err = st.QueryContext(ctx, args...)
		}
	} else {
		rows, err = s.lane.conn.QueryContext(s.ctx, text, args...)
	}
	if err != nil {
		return nil, s.failed(err, text)
	}
	if s.db.watch != nil {
		s.db.watch(text, args)
	}
	return &Rows{Rows: rows, s: s, text: text, begun: begun}, nil
}

// quiet is the passage's context as SQLite's driver is given it: it asks once, here, whether
// anybody still waits, and not again while the statement runs. A context that can end would cost
// two goroutines for each statement, more than most statements take; inside the process a
// statement is over sooner than anyone could give up on it.
func (s *session) quiet() (context.Context, error) {
	return context.WithoutCancel(s.ctx), s.ctx.Err()
}

// failed names the statement by its first words only: its arguments may be personal.
func (s *session) failed(err error, text string) error {
	return fmt.Errorf("store: %s: %w", firstWords(text), classify(err))
}

func firstWords(text string) string {
	f := strings.Fields(text)
	if len(f) > 4 {
		f = f[:4]
	}
	return strings.Join(f, " ")
}

// Rows is a result that is read row by row. Close it.
type Rows struct {
	*sql.Rows
	s     *session // nil when closed
	text  string
	begun time.Time
}

// RowScanner is a result of at most one row.
type RowScanner struct {
	rows *Rows
	err  error
}

// Scan reads the row. It answers ErrNoRows when there is none.
func (r RowScanner) Scan(dst ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return classify(err)
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dst...); err != nil {
		return err
	}
	return r.rows.Close()
}

// The classes of engine errors that callers tell apart.
var (
	ErrUnique = errors.New("a row with this key is there already")
	ErrFenced = errors.New("the database refused the row: a rule of the table")
	ErrRetry  = errors.New("the database asks to try again")
	ErrGone   = errors.New("the connection to the database was lost; the work may or may not have been saved")
)

// classify tells errors apart by the engine's code, never by its words. The engine's own
// text may repeat values, so it does not travel further than the code.
func classify(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505":
			return fmt.Errorf("%w (%s)", ErrUnique, pg.Code)
		case strings.HasPrefix(pg.Code, "23"), pg.Code == "42501", pg.Code == "P0001":
			return fmt.Errorf("%w (%s %s)", ErrFenced, pg.Code, pg.ConstraintName)
		case pg.Code == "40001", pg.Code == "40P01":
			return fmt.Errorf("%w (%s)", ErrRetry, pg.Code)
		case strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "08"), pg.Code == "25006":
			return fmt.Errorf("%w (%s)", ErrGone, pg.Code)
		}
		return fmt.Errorf("database error %s in %s%s", pg.Code, pg.TableName, pgPlace(pg))
	}
	if err != nil && !errors.Is(err, ErrGone) && lost(err) {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch c := lite.Code(); {
		case c == 1555 || c == 2067:
			return fmt.Errorf("%w (%d)", ErrUnique, c)
		case c&0xff == 19:
			return fmt.Errorf("%w (%d)", ErrFenced, c)
		case c&0xff == 5 || c&0xff == 6:
			return fmt.Errorf("%w (%d)", ErrRetry, c)
		default:
			return fmt.Errorf("database error %d", c)
		}
	}
	return err
}

// pgPlace helps a developer with a statement that PostgreSQL cannot read: such messages
// speak of the text, which is ours, and never of values.
func pgPlace(pg *pgconn.PgError) string {
	if strings.HasPrefix(pg.Code, "42") {
		return ": " + pg.Message
	}
	return ""
}
