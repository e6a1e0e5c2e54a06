package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"almirah/internal/id"

	"github.com/riverqueue/river"
)

// A chore of all clinics goes on a tour. Tours take turns: after its turn a tour notes behind which clinic it goes on and stands in line again, so that
// those of a minute do not wait until those of an hour have been through ten thousand clinics, and one that is cut off, or whose process dies, goes on
// where it was instead of beginning with the same clinics each time (decision 0069).
const (
	tourTurn   = 10 * time.Second // a turn; it ends between two clinics
	tourClinic = 10 * time.Minute // what one clinic's chore may take; the tour then goes on behind it
	tourHold   = 30 * time.Second // how long a tour is kept for a process that says nothing, because it died
	tourFresh  = time.Hour        // after a longer standstill, and longer than the chore's span, a tour begins at the first clinic
	tourPage   = 1000             // clinics of one look
	tourNote   = 5 * time.Second  // what the last note of a process that ends may take
)

var (
	errLost = errors.New("jobs: another process has taken the tour")
	errLate = errors.New("jobs: the clinic's chore took too long")
)

// queue is where the chore waits for its turn.
func (c Chore) queue() string {
	switch {
	case c.Clinics:
		return queueTour
	case c.Soon:
		return queueClinic
	}
	return queueHouse
}

// moments are when the chore is asked for: those of the same span are spread over it, in the order of their names, by the clock on the wall.
type moments struct{ every, offset time.Duration }

// Next is the chore's first moment after t.
func (m moments) Next(t time.Time) time.Time {
	return t.Add(-m.offset).Truncate(m.every).Add(m.every + m.offset)
}

func (j *Jobs) moments(c Chore) moments {
	var names []string
	for name, o := range j.chores {
		if o.Every == c.Every {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return moments{c.Every, c.Every / time.Duration(len(names)) * time.Duration(slices.Index(names, c.Name))}
}

// choreLimit keeps the queue from ending a turn before the turn ends itself.
func (j *Jobs) choreLimit(a choreArgs) time.Duration {
	if j.chores[a.Name].Clinics {
		return j.turn + j.each + time.Minute
	}
	return 0
}

// chore runs one chore, or a turn of it.
func (j *Jobs) chore(ctx context.Context, job *river.Job[choreArgs]) error {
	c, ok := j.chores[job.Args.Name]
	if !ok {
		return nil // of another version of the program
	}
	if job.Queue != c.queue() { // asked for by the release before, whose chores all stood in line with the ticks
		o := once(c.queue())
		_, err := j.queue.insert(ctx, []river.InsertManyParams{{Args: choreArgs{c.Name, j.process}, InsertOpts: &o}})
		return err
	}
	if !c.Clinics {
		return c.Run(ctx, platform())
	}
	return j.tour(ctx, c.Name, c)
}

// tour takes one turn of a chore of all clinics, or stands in line again when another process is on the tour.
func (j *Jobs) tour(ctx context.Context, chore string, c Chore) error {
	holder := id.New(j.clock.Now())
	behind, wait, err := j.db.TakeTour(ctx, platform(), chore, holder, j.hold, max(c.Every, tourFresh))
	if err != nil {
		return err
	}
	if wait > 0 {
		return river.JobSnooze(min(wait, j.hold))
	}
	var at atomic.Pointer[id.ID]
	at.Store(&behind)
	going, end := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		j.keepTour(going, end, chore, holder, &at)
	}()
	done, err := j.walk(going, chore, c, &at)
	lost := context.Cause(going) == errLost
	end(nil)
	<-kept
	if lost {
		j.log.Warn("another process went on with a chore", "chore", chore)
		return nil
	}
	place := *at.Load()
	if done {
		place = id.Zero
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), tourNote)
	defer cancel()
	if _, noted := j.db.NoteTour(last, platform(), chore, holder, place, 0); noted != nil {
		return errors.Join(err, fmt.Errorf("jobs: it cannot be noted how far a chore is: %w", noted))
	}
	if !done && err == nil {
		return river.JobSnooze(0)
	}
	return err
}

// keepTour says every so often that the holder is alive, and where it is.
func (j *Jobs) keepTour(ctx context.Context, end context.CancelCauseFunc, chore string, holder id.ID, at *atomic.Pointer[id.ID]) {
	beat := time.NewTicker(j.hold / 3)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		ours, err := j.db.NoteTour(ctx, platform(), chore, holder, *at.Load(), j.hold)
		if err == nil && !ours {
			end(errLost)
		}
	}
}

// walk goes from clinic to clinic until the turn is over; done says that it came to the end. A clinic whose chore fails does not keep the others
// from theirs: err is the first failure of the turn that came to the end, or what ended it.
func (j *Jobs) walk(ctx context.Context, chore string, c Chore, at *atomic.Pointer[id.ID]) (done bool, err error) {
	turn := time.NewTimer(j.turn)
	defer turn.Stop()
	over, first := false, error(nil)
	for {
		clinics, err := j.db.ClinicsBehind(ctx, platform(), *at.Load(), tourPage)
		if err != nil {
			if ctx.Err() != nil {
				return false, nil
			}
			return false, err
		}
		for _, clinic := range clinics {
			select {
			case <-ctx.Done():
				over = true
			case <-j.stopping:
				over = true
			default:
			}
			if over {
				return false, nil
			}
			err := j.inClinic(ctx, c, clinic)
			if err != nil && ctx.Err() != nil {
				return false, nil // cut off in the middle: this clinic has not had its turn
			}
			if err != nil {
				j.log.Error("a clinic's chore failed", "chore", chore, "clinic", clinic.String(), "error", err)
				if first == nil {
					first = err
				}
			}
			at.Store(&clinic)
			select {
			case <-turn.C:
				over = true
			default:
			}
		}
		if len(clinics) < tourPage {
			return true, first
		}
	}
}

// inClinic runs the chore in one clinic. One that panics, or that takes too long, fails alone.
func (j *Jobs) inClinic(ctx context.Context, c Chore, clinic id.ID) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("panic")
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, j.each, errLate)
	defer cancel()
	err = c.Run(ctx, forClinic(clinic))
	if err != nil && context.Cause(ctx) == errLate {
		err = errors.Join(errLate, err)
	}
	return err
}
