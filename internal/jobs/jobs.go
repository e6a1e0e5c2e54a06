package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/programs"
	"almirah/internal/store"

	"github.com/riverqueue/river"
)

// Chore is something that has to be done every so often. Doing it twice, or in two processes at
// once, must do no harm.
type Chore struct {
	Name    string        // a word, such as "tidy-claims"
	Every   time.Duration // at least a second
	Clinics bool          // run once for each clinic, with a caller of that clinic; otherwise once, with the platform's
	Soon    bool          // somebody waits for it, and it is quick: it stands in line with the ticks, not with other chores; never one of all clinics
	Run     func(ctx context.Context, who access.Caller) error
}

// Options are what Jobs is told.
type Options struct {
	DatabaseURL string // of PostgreSQL; not needed on SQLite
	Chores      []Chore
	Gateways    *billing.Gateways // the calls to payment gateways that are due; nil for none
	Programs    *programs.Service // what the clinics' own programs are told; nil for nothing
	Held        func() bool       // says that nothing may leave the house: the database came back from a backup; nil for never
}

// Jobs is the house's own work in this process.
type Jobs struct {
	db       *store.DB
	messages *messaging.Service
	gateways *billing.Gateways
	programs *programs.Service
	clock    clock.Clock
	log      *slog.Logger
	url      string
	chores   map[string]Chore
	process  id.ID
	held     func() bool

	queue    queue
	cancel   context.CancelFunc
	stopping chan struct{} // closed when no tour goes on to another clinic
	ended    sync.WaitGroup

	turn, each, hold time.Duration // how chores of all clinics go round: see tour.go

	mu    sync.Mutex
	tired map[id.ID]pause // clinics whose tick failed
	again map[id.ID]bool  // clinics to look at again at the next poll
}

type pause struct {
	failures int
	until    time.Time
}

// New makes the jobs; Start begins them.
func New(db *store.DB, messages *messaging.Service, clk clock.Clock, log *slog.Logger, o Options) *Jobs {
	j := &Jobs{db: db, messages: messages, gateways: o.Gateways, programs: o.Programs, held: o.Held, clock: clk, log: log, url: o.DatabaseURL, chores: map[string]Chore{}, process: id.New(clk.Now()), tired: map[id.ID]pause{}, again: map[id.ID]bool{},
		turn: tourTurn, each: tourClinic, hold: tourHold}
	if j.held == nil {
		j.held = func() bool { return false }
	}
	for _, c := range o.Chores {
		j.chores[c.Name] = c
	}
	return j
}

// forClinic mints the caller of one clinic's own work.
func forClinic(clinic id.ID) access.Caller {
	return access.Mint(clinic, id.Zero, id.Zero, id.Zero, access.System, access.Care)
}

// platform mints the caller of work that belongs to no clinic.
func platform() access.Caller {
	return access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
}

// Start opens the queue and begins to work. It fails when the queue cannot be opened or a chore
// is not complete; nothing runs then. The work goes on until Stop, whatever becomes of ctx.
func (j *Jobs) Start(ctx context.Context) error {
	if j.cancel != nil {
		return errors.New("jobs: started already")
	}
	quiet := slog.New(warnings{j.log.Handler()})
	c := settings(quiet)
	c.Workers = river.NewWorkers()
	river.AddWorker(c.Workers, &worker[tickArgs]{jobs: j, run: func(ctx context.Context, job *river.Job[tickArgs]) error { return j.tick(ctx, job.Args.Clinic) }})
	// What leaves the house is asked for anew once it may.
	river.AddWorker(c.Workers, &worker[deliverArgs]{jobs: j, run: func(ctx context.Context, job *river.Job[deliverArgs]) error {
		if j.held() {
			return nil
		}
		return j.messages.Deliver(ctx, forClinic(job.Args.Clinic), job.Args.Message)
	}})
	river.AddWorker(c.Workers, &worker[fetchArgs]{jobs: j, run: func(ctx context.Context, job *river.Job[fetchArgs]) error {
		if j.held() {
			return nil
		}
		return j.messages.FetchMedia(ctx, forClinic(job.Args.Clinic), job.Args.File)
	}})
	river.AddWorker(c.Workers, &worker[gatewayArgs]{jobs: j, run: func(ctx context.Context, job *river.Job[gatewayArgs]) error {
		if j.held() {
			return nil
		}
		return j.gateways.Work(ctx, forClinic(job.Args.Clinic))
	}})
	river.AddWorker(c.Workers, &worker[hookArgs]{jobs: j, run: func(ctx context.Context, job *river.Job[hookArgs]) error {
		if j.held() {
			return nil
		}
		return j.programs.Work(ctx, forClinic(job.Args.Clinic), job.Args.Endpoint)
	}})
	river.AddWorker(c.Workers, &worker[choreArgs]{jobs: j, run: j.chore, limit: j.choreLimit})
	for name, chore := range j.chores {
		if name == "" || chore.Every < time.Second || chore.Run == nil || chore.Soon && chore.Clinics {
			return fmt.Errorf("jobs: the chore %q needs a name, a span of at least a second and something to do, and nobody waits for one of all clinics", name)
		}
		c.PeriodicJobs = append(c.PeriodicJobs, river.NewPeriodicJob(j.moments(chore), func() (river.JobArgs, *river.InsertOpts) {
			o := once(chore.queue())
			return choreArgs{name, j.process}, &o
		}, &river.PeriodicJobOpts{ID: name, RunOnStart: true}))
	}
	q, err := openQueue(ctx, j.db, j.url, c, quiet)
	if err != nil {
		return err
	}
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	j.queue, j.stopping = q, make(chan struct{}) // jobs of an earlier process may begin at once
	if err := q.start(working); err != nil {
		cancel()
		return errors.Join(fmt.Errorf("jobs: the queue does not start: %w", err), q.close())
	}
	j.cancel = cancel
	woken := j.db.Woken()
	j.ended.Add(2)
	go func() {
		defer j.ended.Done()
		j.watch(working, woken)
	}()
	go func() {
		defer j.ended.Done()
		j.sequence(working)
	}()
	return nil
}

// Stop lets what is under way come to its end (at most ctx, and ten seconds before their
// contexts are cancelled) and closes the queue. What was not done is done after the next start.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.cancel == nil {
		return nil
	}
	close(j.stopping)
	err := j.queue.stop(ctx)
	j.cancel()
	j.ended.Wait()
	j.cancel = nil
	return errors.Join(err, j.queue.close())
}

const (
	everyPoll = time.Second            // how often other processes' work is looked for
	soon      = 50 * time.Millisecond  // how long to wait for a tick that is still running
	mostDue   = 500                    // clinics that one look takes
	longest   = time.Minute            // pause of a clinic whose tick keeps failing
	tiredBase = 500 * time.Millisecond // pause after the first failure
)

// watch finds clinics that have something to do and asks for their ticks.
func (j *Jobs) watch(ctx context.Context, woken <-chan struct{}) {
	// A process that died may have left messages in its hands; their clinics are due within
	// InFlight, and are looked at now.
	_, _ = j.ask(ctx, clock.At(j.clock.Now())+messaging.InFlight)
	poll := time.NewTicker(everyPoll)
	defer poll.Stop()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-woken:
		case <-poll.C:
			if err := j.askAgain(ctx); err != nil && ctx.Err() == nil {
				j.log.Error("looking again for due work failed", "error", err)
			}
		case <-again.C:
		}
		more, err := j.ask(ctx, clock.At(j.clock.Now()))
		if err != nil && ctx.Err() == nil {
			j.log.Error("looking for due work failed", "error", err)
		}
		if more {
			again.Reset(soon)
		}
	}
}

// ask inserts a tick for each clinic that is due. more says that some could not be asked for
// yet, because their tick is just running or because there are many.
func (j *Jobs) ask(ctx context.Context, until clock.Instant) (more bool, err error) {
	due, err := j.db.Due(ctx, platform(), until, mostDue)
	if err != nil {
		return false, err
	}
	var list []river.InsertManyParams
	for _, clinic := range due {
		if j.rested(clinic) {
			list = append(list, river.InsertManyParams{Args: tickArgs{clinic, j.process}})
		}
	}
	skipped, err := j.queue.insert(ctx, list)
	return err == nil && (skipped > 0 || len(due) == mostDue && len(list) > 0), err
}

// lookAgain has the clinic's tick asked for at the next poll, whatever its due time says.
func (j *Jobs) lookAgain(clinic id.ID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.again[clinic] = true
}

func (j *Jobs) askAgain(ctx context.Context) error {
	j.mu.Lock()
	var list []river.InsertManyParams
	for clinic := range j.again {
		list = append(list, river.InsertManyParams{Args: tickArgs{clinic, j.process}})
	}
	clear(j.again)
	j.mu.Unlock()
	skipped, err := j.queue.insert(ctx, list)
	if err != nil || skipped > 0 { // the tick that noted it may not have ended yet
		for _, p := range list {
			if a, ok := p.Args.(tickArgs); ok {
				j.lookAgain(a.Clinic)
			}
		}
	}
	return err
}

func (j *Jobs) rested(clinic id.ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	p, ok := j.tired[clinic]
	return !ok || !j.clock.Now().Before(p.until)
}

// ticked notes how a clinic's tick went: one that fails is asked again after ever longer pauses.
func (j *Jobs) ticked(clinic id.ID, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		delete(j.tired, clinic)
		return
	}
	p := j.tired[clinic]
	wait := min(tiredBase<<min(p.failures, 10), longest)
	j.tired[clinic] = pause{p.failures + 1, j.clock.Now().Add(wait)}
}

// warnings lets the queue say only what somebody should know.
type warnings struct{ slog.Handler }

// Enabled says whether the queue may say it.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs and WithGroup keep the limit.
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }

// WithGroup keeps the limit.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

// ForClinic is the house's own caller in one clinic, for the live checks of the promises.
func ForClinic(clinic id.ID) access.Caller { return forClinic(clinic) }

// Platform is the house's own caller outside every clinic.
func Platform() access.Caller { return platform() }
