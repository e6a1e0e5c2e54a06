package jobs

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/journeys"
	"almirah/internal/messaging"
	"almirah/internal/programs"
	"almirah/internal/store"

	"github.com/riverqueue/river"
)

const (
	bounded = 100             // events, and reminders, of one round
	rounds  = 20              // rounds of one tick; what is left is due again at once
	aside   = 5 * time.Minute // how long an event or a reminder waits that failed
)

const tidyTick = "a clinic's tick: messages record themselves; the rest is the house's own bookkeeping"

// tick does what a clinic has due: what follows from events, reminders, messages of senders
// that died; then it works out when the clinic is next due, and hands due messages to the queue.
func (j *Jobs) tick(ctx context.Context, clinic id.ID) error {
	err := j.rounds(ctx, clinic)
	j.ticked(clinic, err)
	return err
}

// Settle does everything that a clinic has due and hands nothing out, after a restore: what is planned then is what the clinic would
// have sent since the backup.
func (j *Jobs) Settle(ctx context.Context, clinic id.ID) error {
	if !j.held() {
		return errors.New("jobs: a clinic is settled while nothing may leave")
	}
	return j.Plan(ctx, clinic)
}

// Plan does everything that a clinic has due and hands nothing out: what is planned then is what was to be sent by now.
func (j *Jobs) Plan(ctx context.Context, clinic id.ID) error {
	for {
		more, err := j.round(ctx, forClinic(clinic))
		if err != nil {
			return j.pieces(ctx, forClinic(clinic))
		}
		if !more {
			return nil
		}
	}
}

func (j *Jobs) rounds(ctx context.Context, clinic id.ID) error {
	who := forClinic(clinic)
	for range rounds {
		more, err := j.round(ctx, who)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			j.log.Error("a clinic's tick failed as a whole and is done piece by piece", "clinic", clinic.String(), "error", err)
			if err := j.pieces(ctx, who); err != nil {
				return err
			}
		}
		if err := j.hand(ctx, who); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	return nil
}

// round is one Change. The pulse is held first: what another Change announces meanwhile either is
// seen here or makes the clinic due again after us.
func (j *Jobs) round(ctx context.Context, who access.Caller) (more bool, err error) {
	err = j.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping(tidyTick)
		if err := tx.HoldPulse(); err != nil {
			return err
		}
		events, err := journeys.Due(&tx.View, bounded)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := journeys.Act(tx, e); err != nil {
				return err
			}
		}
		reminders, err := followup.Due(tx, bounded)
		if err != nil {
			return err
		}
		more = len(events) == bounded || reminders == bounded
		if err := j.messages.RecoverIn(tx); err != nil {
			return err
		}
		return quiet(tx)
	})
	return more, err
}

// quiet sets when the clinic is next due.
func quiet(tx *store.Tx) error {
	var next clock.Instant
	for _, ask := range []func(*store.View) (clock.Instant, error){journeys.NextDue, followup.NextDue, messaging.NextDue, messaging.NextMedia, billing.NextDue, programs.NextDue} {
		at, err := ask(&tx.View)
		if err != nil {
			return err
		}
		if at > 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return tx.Quiet(next)
}

// pieces does a round's work one Change at a time, so that one broken row holds up only itself.
func (j *Jobs) pieces(ctx context.Context, who access.Caller) error {
	change := func(fn func(tx *store.Tx) error) error {
		return j.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping(tidyTick)
			return fn(tx)
		})
	}
	var events []journeys.Event
	err := j.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		var err error
		events, err = journeys.Due(v, bounded)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range events {
		err := change(func(tx *store.Tx) error { return journeys.Act(tx, e) })
		if err == nil {
			continue
		}
		if errors.Is(err, store.ErrGone) || ctx.Err() != nil {
			return err
		}
		j.log.Error("an event cannot be acted on and is put aside", "clinic", who.Clinic().String(), "event", e.ID.String(), "subject", e.Subject.String(), "error", err)
		if err := change(func(tx *store.Tx) error { return journeys.Postpone(tx, e.ID, aside) }); err != nil {
			return err
		}
	}
	for range bounded {
		n := 0
		err := change(func(tx *store.Tx) error {
			var err error
			n, err = followup.Due(tx, 1)
			return err
		})
		if err != nil {
			if errors.Is(err, store.ErrGone) || ctx.Err() != nil {
				return err
			}
			j.log.Error("a reminder cannot be planned and is put aside", "clinic", who.Clinic().String(), "error", err)
			if err := change(func(tx *store.Tx) error { return followup.Postpone(tx, aside) }); err != nil {
				return err
			}
			continue
		}
		if n == 0 {
			break
		}
	}
	return change(func(tx *store.Tx) error {
		if err := tx.HoldPulse(); err != nil {
			return err
		}
		if err := j.messages.RecoverIn(tx); err != nil {
			return err
		}
		return quiet(tx)
	})
}

// hand asks for the sending of the messages that are due, and for the fetching of files. Should these jobs be lost, the
// clinic is due again in a quarter of a minute. A message whose job is at its end just now, and
// that came to be planned again meanwhile, cannot be asked for until that job has gone: the
// clinic is looked at again at the next poll.
func (j *Jobs) hand(ctx context.Context, who access.Caller) error {
	if j.held() {
		return nil
	}
	due, err := j.messages.DueMessages(ctx, who, bounded)
	if err != nil {
		return err
	}
	list := make([]river.InsertManyParams, len(due))
	for i, m := range due {
		list[i] = river.InsertManyParams{Args: deliverArgs{who.Clinic(), m, j.process}}
	}
	files, err := j.messages.DueMedia(ctx, who, bounded)
	if err != nil {
		return err
	}
	for _, f := range files {
		list = append(list, river.InsertManyParams{Args: fetchArgs{who.Clinic(), f, j.process}})
	}
	if j.gateways != nil {
		calls, err := j.gateways.Waiting(ctx, who)
		if err != nil {
			return err
		}
		if calls {
			list = append(list, river.InsertManyParams{Args: gatewayArgs{who.Clinic(), j.process}})
		}
	}
	if j.programs != nil {
		told, err := j.programs.Waiting(ctx, who)
		if err != nil {
			return err
		}
		for _, e := range told {
			list = append(list, river.InsertManyParams{Args: hookArgs{who.Clinic(), e, j.process}})
		}
	}
	waiting, err := j.queue.insert(ctx, list)
	if err == nil && waiting > 0 {
		j.lookAgain(who.Clinic())
	}
	return err
}
