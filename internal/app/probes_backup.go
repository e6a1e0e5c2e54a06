package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"almirah/internal/backup"
)

// Live checks of what is promised about backups.

// notSetUp is the evidence where an operator has set up no backups: the promise does not apply, and the owners read so on every page.
const notSetUp = "no backups are set up here; owners and managers are told on every page"

func (p probe) backupState(ctx context.Context) (s backup.State, off bool, err error) {
	s, err = p.Backups.State(ctx)
	return s, err == nil && !s.On, err
}

func (p probe) nightly(ctx context.Context) (string, error) {
	s, off, err := p.backupState(ctx)
	switch {
	case err != nil || off:
		return notSetUp, err
	case s.LastAt.IsZero() && s.TriedAt.IsZero():
		return "the first backup has not been due yet", nil
	case s.Overdue():
		return "", errors.New("the backups are wrong: " + strings.Join(s.Wrong, ", "))
	}
	return fmt.Sprintf("the last good one is of %s, in %d places", s.LastAt.UTC().Format(time.DateTime), len(s.Last.Places)), nil
}

func (p probe) expired(ctx context.Context) (string, error) {
	s, off, err := p.backupState(ctx)
	if err != nil || off {
		return notSetUp, err
	}
	n := 0
	for _, shelf := range s.Shelves {
		n += shelf.Backups
		if !shelf.Expires.IsZero() && p.Clock.Now().Sub(shelf.Expires) > 2*time.Hour { // it is looked each hour
			return "", fmt.Errorf("a backup of %s has not been deleted", shelf.Oldest.UTC().Format(time.DateTime))
		}
	}
	return fmt.Sprintf("%d backups in %d places, none past its day", n, len(s.Shelves)), nil
}

func (p probe) drilled(ctx context.Context) (string, error) {
	s, off, err := p.backupState(ctx)
	switch {
	case err != nil || off:
		return notSetUp, err
	case s.LastAt.IsZero():
		return "the first backup has not been due yet", nil
	case s.DrillAt.Before(s.LastAt.Add(-time.Hour)):
		return "", errors.New("the last backup was not restored and compared")
	}
	return fmt.Sprintf("restored and compared %s: %d rows, %d entries of the audit log, %d records opened", s.DrillAt.UTC().Format(time.DateTime), s.Drill.Rows, s.Drill.Entries, s.Drill.Opened), nil
}

func (p probe) heldBack(ctx context.Context) (string, error) {
	r, ok, err := p.DB.Held(ctx)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "nothing is held", nil
	case !p.Held():
		return "", errors.New("the database came back from a backup, and things leave all the same")
	}
	return fmt.Sprintf("held since %s; %d messages and letters are marked uncertain", r.RestoredAt.Time().Format(time.DateTime), r.Uncertain), nil
}
