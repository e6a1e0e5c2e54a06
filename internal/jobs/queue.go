package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"almirah/internal/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// queue is the job queue of either engine.
type queue interface {
	// insert answers how many of the jobs were there already.
	insert(ctx context.Context, jobs []river.InsertManyParams) (skipped int, err error)
	start(ctx context.Context) error
	stop(ctx context.Context) error
	close() error
}

// schema is where the queue's tables live on PostgreSQL, apart from the house's own.
const schema = "jobs"

// The queue's file can be lost without loss (see the package comment), so it syncs at checkpoints only.
const litePragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-2048)&_txlock=immediate&_dqs=0&_time_format=sqlite&_timezone=UTC&_texttotime=1"

const (
	makeSchema = `CREATE SCHEMA IF NOT EXISTS ` + schema
	lockStart  = `SELECT pg_advisory_xact_lock(4711, 2)`
	mayMake    = `SELECT CASE WHEN to_regnamespace('` + schema + `') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
		ELSE has_schema_privilege('` + schema + `', 'CREATE') END`
)

// openQueue opens and migrates the queue beside the house's data.
func openQueue(ctx context.Context, db *store.DB, url string, c river.Config, log *slog.Logger) (queue, error) {
	if db.Engine() == store.SQLite {
		pool, err := sql.Open("sqlite", "file:"+filepath.Join(filepath.Dir(db.Path()), "jobs.db")+litePragmas)
		if err != nil {
			return nil, fmt.Errorf("jobs: the queue's file cannot be opened: %w", err)
		}
		pool.SetMaxOpenConns(1)
		return newClient[*sql.Tx](ctx, riversqlite.New(pool), &c, log, true, pool.Close)
	}
	pool, err := openPool(ctx, db, url)
	if err != nil {
		return nil, err
	}
	c.Schema = schema
	maker, release, err := alone(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, err
	}
	if !maker {
		c.ReindexerSchedule = river.NeverSchedule() // only the owner of an index may build it anew
	}
	q, err := newClient[pgx.Tx](ctx, riverpgxv5.New(pool), &c, log, maker, func() error { pool.Close(); return nil })
	release()
	return q, err
}

func openPool(ctx context.Context, db *store.DB, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("jobs: the address of the queue's database cannot be read")
	}
	db.Guard(&cfg.ConnConfig.Config)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, errors.New("jobs: the address of the queue's database cannot be read")
	}
	return pool, nil
}

// alone makes the queue's schema where it is not there, and holds off other processes that start until release: one prepares the tables, the others
// wait. The lock is a transaction's, because a pooler lends connections for no longer. maker is false for a role that may not make tables.
func alone(ctx context.Context, pool *pgxpool.Pool) (maker bool, release func(), err error) {
	if err := pool.QueryRow(ctx, mayMake).Scan(&maker); err != nil {
		return false, nil, fmt.Errorf("jobs: the queue's database does not answer: %w", err)
	}
	if !maker {
		return false, func() {}, nil
	}
	lock, err := pool.Begin(ctx)
	if err != nil {
		return false, nil, fmt.Errorf("jobs: the queue's database does not answer: %w", err)
	}
	release = func() { _ = lock.Rollback(context.WithoutCancel(ctx)) }
	if _, err = lock.Exec(ctx, lockStart); err == nil {
		_, err = pool.Exec(ctx, makeSchema)
	}
	if err != nil {
		release()
		return false, nil, fmt.Errorf("jobs: the queue's schema cannot be made: %w", err)
	}
	return true, release, nil
}

// Prepare makes the queue's tables, or brings them up to date, as the owner of the database, whom url names. The program's small role may not.
func Prepare(ctx context.Context, db *store.DB, url string, log *slog.Logger) error {
	if db.Engine() == store.SQLite {
		return nil
	}
	pool, err := openPool(ctx, db, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	maker, release, err := alone(ctx, pool)
	if err != nil {
		return err
	}
	defer release()
	if !maker {
		return errors.New("jobs: the owner may not make the queue's schema: GRANT CREATE ON DATABASE to it (almirah postgres roles)")
	}
	return prepare[pgx.Tx](ctx, riverpgxv5.New(pool), schema, slog.New(warnings{log.Handler()}))
}

// client is River over one kind of transaction.
type client[T any] struct {
	river *river.Client[T]
	done  func() error
}

func newClient[T any](ctx context.Context, driver riverdriver.Driver[T], c *river.Config, log *slog.Logger, maker bool, done func() error) (queue, error) {
	fail := func(err error) (queue, error) {
		_ = done()
		return nil, fmt.Errorf("jobs: the queue cannot be prepared: %w", err)
	}
	if maker {
		if err := prepare(ctx, driver, c.Schema, log); err != nil {
			return fail(err)
		}
	} else if err := prepared(ctx, driver, c.Schema, log); err != nil {
		return fail(err)
	}
	r, err := river.NewClient(driver, c)
	if err != nil {
		return fail(err)
	}
	return &client[T]{r, done}, nil
}

// prepare brings the queue's tables up to date.
func prepare[T any](ctx context.Context, driver riverdriver.Driver[T], schema string, log *slog.Logger) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log, Schema: schema})
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	return err
}

// prepared fails when the queue's tables are not up to date.
func prepared[T any](ctx context.Context, driver riverdriver.Driver[T], schema string, log *slog.Logger) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log, Schema: schema})
	if err != nil {
		return err
	}
	v, err := m.Validate(ctx, nil)
	if err == nil && !v.OK {
		err = errors.New("its tables are not those of this program, and the role of ALMIRAH_DATABASE_URL may not make them (as it should be): run `almirah migrate` with ALMIRAH_DATABASE_OWNER_URL")
	}
	return err
}

func (c *client[T]) insert(ctx context.Context, jobs []river.InsertManyParams) (skipped int, err error) {
	if len(jobs) == 0 {
		return 0, nil
	}
	results, err := c.river.InsertMany(ctx, jobs)
	for _, r := range results {
		if r.UniqueSkippedAsDuplicate {
			skipped++
		}
	}
	return skipped, err
}

func (c *client[T]) start(ctx context.Context) error { return c.river.Start(ctx) }
func (c *client[T]) stop(ctx context.Context) error  { return c.river.Stop(ctx) }
func (c *client[T]) close() error                    { return c.done() }

// unhurried is how often it is asked for what nobody waits for.
const unhurried = 500 * time.Millisecond

// settings are what River is told. It asks for work five times a second instead of listening,
// because listening does not survive a connection pooler.
func settings(log *slog.Logger) river.Config {
	return river.Config{
		Logger:                      log,
		PollOnly:                    true,
		FetchPollInterval:           200 * time.Millisecond,
		FetchCooldown:               50 * time.Millisecond,
		JobTimeout:                  2 * time.Minute,
		RescueStuckJobsAfter:        3 * time.Minute,
		SoftStopTimeout:             10 * time.Second,
		CompletedJobRetentionPeriod: 10 * time.Minute,
		CancelledJobRetentionPeriod: 24 * time.Hour,
		DiscardedJobRetentionPeriod: 7 * 24 * time.Hour,
		Queues: map[string]river.QueueConfig{queueClinic: {MaxWorkers: 4}, queueSend: {MaxWorkers: Senders}, queueFetch: {MaxWorkers: 2}, queueHook: {MaxWorkers: 8},
			queueHouse: {MaxWorkers: 4, FetchPollInterval: unhurried}, queueTour: {MaxWorkers: 2, FetchPollInterval: unhurried}},
	}
}
