package jobs

import (
	"context"
	"errors"
	"time"

	"almirah/internal/fault"
	"almirah/internal/id"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

const (
	queueClinic = "clinic" // ticks, and chores that somebody waits for: quick, in the database
	queueHouse  = "house"  // chores of the platform: some take their time
	queueTour   = "tour"   // chores of all clinics: they take turns
	queueSend   = "send"   // messages: they wait for other people's machines
	queueHook   = "hook"   // the clinics' own programs: as slow as they like, in nobody's way
	queueFetch  = "fetch"  // files that patients sent: few at a time, because each is held in memory
)

// Senders is how many messages a process hands over at a time. They wait for other people's machines, and those that
// come to a step at the same moment take it together (decision 0037), so many of them cost little.
const Senders = 32

// Every job names the process that asked for it. A job is there once per process, so that one
// that a dead process left half-way does not keep the others from asking again; what it does is
// guarded in the rooms.
type tickArgs struct {
	Clinic  id.ID `json:"clinic"`
	Process id.ID `json:"process"`
}

// Kind is the job's name in the queue.
func (tickArgs) Kind() string { return "tick" }

type deliverArgs struct {
	Clinic  id.ID `json:"clinic"`
	Message id.ID `json:"message"`
	Process id.ID `json:"process"`
}

// Kind is the job's name in the queue.
func (deliverArgs) Kind() string { return "deliver" }

type fetchArgs struct {
	Clinic  id.ID `json:"clinic"`
	File    id.ID `json:"file"`
	Process id.ID `json:"process"`
}

// Kind is the job's name in the queue.
func (fetchArgs) Kind() string { return "fetch" }

type gatewayArgs struct {
	Clinic  id.ID `json:"clinic"`
	Process id.ID `json:"process"`
}

// Kind is the job's name in the queue.
func (gatewayArgs) Kind() string { return "gateway" }

// InsertOpts is how the job waits in the queue.
func (gatewayArgs) InsertOpts() river.InsertOpts { return once(queueSend) }

type hookArgs struct {
	Clinic   id.ID `json:"clinic"`
	Endpoint id.ID `json:"endpoint"`
	Process  id.ID `json:"process"`
}

// Kind is the job's name in the queue.
func (hookArgs) Kind() string { return "hook" }

// InsertOpts is how the job waits in the queue.
func (hookArgs) InsertOpts() river.InsertOpts { return once(queueHook) }

type choreArgs struct {
	Name    string `json:"name"`
	Process id.ID  `json:"process"`
}

// Kind is the job's name in the queue.
func (choreArgs) Kind() string { return "chore" }

// once has a job wait in the queue or run at most once with the same arguments. It is tried
// once: what failed is found again from the rooms' tables.
func once(queue string) river.InsertOpts {
	return river.InsertOpts{Queue: queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled, rivertype.JobStateRetryable}}}
}

// InsertOpts is how the job waits in the queue.
func (tickArgs) InsertOpts() river.InsertOpts { return once(queueClinic) }

// InsertOpts is how the job waits in the queue.
func (deliverArgs) InsertOpts() river.InsertOpts { return once(queueSend) }

// InsertOpts is how the job waits in the queue.
func (fetchArgs) InsertOpts() river.InsertOpts { return once(queueFetch) }

// worker runs a func for each job of a kind.
type worker[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	jobs  *Jobs
	run   func(ctx context.Context, job *river.Job[A]) error
	limit func(a A) time.Duration // how long it may take, where that is not what all jobs may
}

// Timeout is how long the job may take; zero is what all jobs may.
func (w *worker[A]) Timeout(job *river.Job[A]) time.Duration {
	if w.limit == nil {
		return 0
	}
	return w.limit(job.Args)
}

// Work runs the job. What the queue keeps of a failure is its kind alone; the log has the rest.
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.jobs.log.Error("a job panicked", "kind", job.Kind, "job", job.ID)
			err = errors.New("panic")
		}
	}()
	err = w.run(ctx, job)
	var again *rivertype.JobSnoozeError
	if errors.As(err, &again) {
		return err
	}
	if err != nil {
		w.jobs.log.Error("a job failed", "kind", job.Kind, "job", job.ID, "error", err)
		return errors.New(string(fault.KindOf(err)))
	}
	return nil
}
