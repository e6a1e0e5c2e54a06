package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/vault"
)

// Live checks of what is promised about keys.

func (p probe) keysReplaced(ctx context.Context) (string, error) {
	s, err := p.Vault.Standing(ctx)
	if err != nil {
		return "", err
	}
	now := p.Clock.Now()
	switch {
	case now.Sub(p.turningSince(s)) <= turnGrace: // what is overdue is made within the hour
	case now.Sub(s.EpochAt.Time()) > turnLate:
		return "", fmt.Errorf("the epoch key is %s old", spanOf(now.Sub(s.EpochAt.Time())))
	case now.Sub(s.ClinicAt.Time()) > clinicLate:
		return "", fmt.Errorf("a clinic's key is %s old", spanOf(now.Sub(s.ClinicAt.Time())))
	case s.Unfinished && now.Sub(s.EpochAt.Time()) > 6*time.Hour:
		return "", fmt.Errorf("%d clinics and %d people still hang on older keys, and %d epoch keys exist", s.ClinicsOld, s.PeopleOld, s.Epochs)
	}
	return fmt.Sprintf("epoch key of %s; %d clinics’ and %d people’s keys hang on it, %d on older ones", s.EpochAt.Time().Format(time.DateTime), s.Clinics, s.People, s.ClinicsOld+s.PeopleOld), nil
}

func (p probe) erasedForGood(ctx context.Context) (string, error) {
	s, err := p.Vault.Standing(ctx)
	switch {
	case err != nil:
		return "", err
	case s.Erased == 0:
		return "nobody was erased yet", nil
	case s.Waiting > 0 && p.Clock.Now().Sub(s.WaitingFor.Time()) > erasureLate && p.Clock.Now().Sub(p.turningSince(s)) > turnGrace:
		return "", fmt.Errorf("the keys above %d erased people’s were due to be destroyed", s.Waiting)
	}
	// Copies of the key store that are older than they may be would still bring keys back.
	b, off, err := p.backupState(ctx)
	if err != nil {
		return "", err
	}
	if !off {
		for _, shelf := range b.Shelves {
			if !shelf.KeysOld.IsZero() && p.Clock.Now().Sub(shelf.KeysOld) > keyCopiesLive+2*time.Hour {
				return "", errors.New("a copy of the key store is older than two days")
			}
		}
	}
	return fmt.Sprintf("%d erased; %d wait for the next turn; gone everywhere by %s", s.Erased, s.Waiting, goneBy(s).Format(time.DateTime)), nil
}

func (p probe) keeperAsked(ctx context.Context) (string, error) {
	silent, grace, ok := p.Vault.Heard()
	switch {
	case !ok:
		return "the root key lies in a file of this machine, outside the data; no service is asked", nil
	case silent > grace:
		return "", fmt.Errorf("%w: for %s", vault.ErrKeeperAway, spanOf(silent))
	}
	if err := p.hear(ctx); err != nil {
		return fmt.Sprintf("the service has not answered for %s; records open for %s more", spanOf(silent), spanOf(grace-silent)), nil
	}
	return fmt.Sprintf("%s answers", p.Vault.Keeper()), nil
}

func (p probe) keysOnPaper(ctx context.Context) (string, error) {
	s, err := p.Vault.Standing(ctx)
	switch {
	case err != nil:
		return "", err
	case s.SheetAt == 0:
		return "the sheet was printed; nobody has typed it in yet to try it (almirah keys check)", nil
	case !s.SheetFits:
		return "", errors.New("the sheet that was tried last is of an earlier root key: print the present one and try it")
	}
	words := "the present sheet was tried on " + s.SheetAt.Time().Format(time.DateOnly)
	if p.Clock.Now().Sub(s.SheetAt.Time()) > sheetLate {
		words += ", more than half a year ago"
	}
	if s.DrillAt > 0 {
		words += "; with it the backup of " + s.DrillAt.Time().Format(time.DateOnly) + " opened"
	}
	return words, nil
}
