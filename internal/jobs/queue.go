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
	lockStart  = `SELECT pg_advisory_lock(4711, 2)`
	freeStart  = `SELECT pg_advisory_unlock(4711, 2)`
)

// openQueue opens and migrates the queue beside the house's data.
func openQueue(ctx context.Context, db *store.DB, url string, c river.Config, log *slog.Logger) (queue, error) {
	if db.Engine() == store.SQLite {
		pool, err := sql.Open("sqlite", "file:"+filepath.Join(filepath.Dir(db.Path()), "jobs.db")+litePragmas)
		if err != nil {
			return nil, fmt.Errorf("jobs: the queue's file cannot be opened: %w", err)
		}
		pool.SetMaxOpenConns(1)
		return newClient[*sql.Tx](ctx, riversqlite.New(pool), &c, log, pool.Close)
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, errors.New("jobs: the address of the queue's database cannot be read")
	}
	done := func() error { pool.Close(); return nil }
	c.Schema = schema
	// Several processes may start at once: one prepares the schema, the others wait.
	lock, err := pool.Acquire(ctx)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("jobs: the queue's database does not answer: %w", err)
	}
	defer lock.Release()
	for _, text := range []string{lockStart, makeSchema} {
		if _, err := lock.Exec(ctx, text); err != nil {
			lock.Release()
			pool.Close()
			return nil, fmt.Errorf("jobs: the queue's schema cannot be made: %w", err)
		}
	}
	q, err := newClient[pgx.Tx](ctx, riverpgxv5.New(pool), &c, log, done)
	if err != nil {
		return nil, err // the pool is closed, and the lock with its connection
	}
	_, err = lock.Exec(ctx, freeStart)
	return q, err
}

// client is River over one kind of transaction.
type client[T any] struct {
	river *river.Client[T]
	done  func() error
}

func newClient[T any](ctx context.Context, driver riverdriver.Driver[T], c *river.Config, log *slog.Logger, done func() error) (queue, error) {
	fail := func(err error) (queue, error) {
		_ = done()
		return nil, fmt.Errorf("jobs: the queue cannot be prepared: %w", err)
	}
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log, Schema: c.Schema})
	if err != nil {
		return fail(err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fail(err)
	}
	r, err := river.NewClient(driver, c)
	if err != nil {
		return fail(err)
	}
	return &client[T]{r, done}, nil
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
		Queues:                      map[string]river.QueueConfig{queueClinic: {MaxWorkers: 4}, queueSend: {MaxWorkers: Senders}, queueFetch: {MaxWorkers: 2}, queueHook: {MaxWorkers: 8}},
	}
}
