package requests

import (
	"context"
	"errors"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/incidents"
	"almirah/internal/store"
)

// The notices for the owners of a clinic.
const (
	TellDue   = "due"   // an answer is due, or overdue
	TellYoung = "young" // data of a child was found for whom nobody speaks
)

// Work is the clinic's own work on its requests: owners are told at half of the time, at four fifths and when it is over (of the week in which it is made sure who asks as of
// the time for the answer, which opens an incident);
// deletions whose confirmation has left are done; children for whom nobody speaks are found. tell writes to the owners.
func (s *Service) Work(ctx context.Context, who access.Caller, tell func(clinic, what string) error) error {
	if err := s.warn(ctx, who); err != nil {
		return err
	}
	errs := []error{s.erase(ctx, who), s.seeAges(ctx, who), s.findYoung(ctx, who)}
	errs = append(errs, clinics.TellOwners(ctx, s.db, who, sqlUntold, sqlMailed, "owners were told; the requests they were told of are recorded", func(clinic string) error { return tell(clinic, TellDue) }))
	errs = append(errs, clinics.TellOwners(ctx, s.db, who, sqlYoungUntold, sqlYoungMailed, "owners were told; what was found is recorded", func(clinic string) error { return tell(clinic, TellYoung) }))
	return errors.Join(errs...)
}

func (s *Service) warn(ctx context.Context, who access.Caller) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("how far the clocks of requests are; the requests are recorded")
		list, err := clocks(&tx.View)
		if err != nil {
			return err
		}
		for _, r := range list {
			share := warning(r.CameAt, r.Next(), tx.Now())
			if share == 0 {
				continue
			}
			n, err := tx.Exec(sqlWarned, r.ID, share)
			if err != nil {
				return err
			}
			if n == 0 || !r.Late(tx.Now()) || r.State != Open { // while nobody knows who asks, nobody waits for an answer whose lack is an incident; the probe is red
				continue
			}
			if _, _, err := incidents.Suspect(tx, incidents.Signal{Rule: incidents.LateAnswer, Cause: "late-answer:" + r.ID.String(), From: r.DueAt, Times: 1}); err != nil {
				return err
			}
		}
		return nil // answered requests go with the run of the night, which owners are told of and which looks at the clock
	})
}

// erasedAtOnce is how many deletions are read at once.
const erasedAtOnce = 20

// errSettled says that the reason of an erasure has gone since it was looked for.
var errSettled = errors.New("requests: nothing is to be erased any more")

// erase does the deletions that were decided. One that cannot be done keeps no other waiting; one that an order of two people holds up waits for its end.
func (s *Service) erase(ctx context.Context, who access.Caller) (err error) {
	var last Request
	for {
		var due []Request
		failed := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
			due, err = read(v, sqlErasing, v.Now(), last.EraseAt, last.ID, erasedAtOnce)
			return err
		})
		if failed != nil {
			return errors.Join(err, failed)
		}
		for _, r := range due {
			last = r
			err = errors.Join(err, unlessHeld(s.eraseOne(ctx, who, r)))
		}
		if len(due) < erasedAtOnce || ctx.Err() != nil {
			return err
		}
	}
}

func (s *Service) eraseOne(ctx context.Context, who access.Caller, r Request) error {
	err := s.o.Erase(ctx, who, r.Patient, func(v *store.View) error {
		now, err := get(v, r.ID)
		if err == nil && (now.State != Answered || now.Outcome == Refused || now.EraseAt != r.EraseAt || now.Patient != r.Patient) {
			err = errSettled
		}
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("she was deleted already, which is recorded")
		_, err := tx.Exec(sqlErased, r.ID)
		return err
	})
}

// unlessHeld passes over that an order of two people holds an erasure up, or that its reason has gone meanwhile, which are no failures: it is looked at again.
func unlessHeld(err error) error {
	if fault.Is(err, fault.Conflict) || errors.Is(err, errSettled) {
		return nil
	}
	return err
}
