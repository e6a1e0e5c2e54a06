package app

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/incidents"
	"almirah/internal/law"
)

// demoTrouble lets two invented things go wrong at the clinic: a letter to the wrong address, which was looked into and closed, and a tablet that
// is missing, which is looked into now. The tablet's sign-in read a few records before.
func (h *House) demoTrouble(ctx context.Context, owner access.Caller) error {
	past, err := h.Trouble.Report(ctx, owner, incidents.WrongHands, "An envelope with an appointment card went to the neighbouring house. It was brought back unopened.")
	if err != nil {
		return err
	}
	if err := h.Trouble.Close(ctx, owner, past, 1, "Nothing was read. Envelopes have a window now, so that no address is copied by hand."); err != nil {
		return err
	}
	desk, err := h.drillSignIn(ctx, demoPeople[drillVictim].email)
	if err != nil {
		return err
	}
	if _, err := h.drillRead(ctx, desk.Caller, 12); err != nil {
		return err
	}
	one, err := h.Trouble.Report(ctx, desk.Caller, incidents.LostDevice, "The tablet of the front desk is not in its drawer. It was signed in.")
	if err != nil {
		return err
	}
	now := clock.At(h.Clock.Now())
	scope := incidents.Scope{Person: desk.Person.ID, Session: desk.SessionID, From: now.Add(-2 * time.Hour)}
	if err := h.Trouble.SetScope(ctx, owner, one, 1, scope); err != nil {
		return err
	}
	if err := h.Trouble.Confirm(ctx, owner, one, 2); err != nil {
		return err
	}
	if err := h.Accounts.SignOut(ctx, desk.cookie); err != nil {
		return err
	}
	if err := h.Trouble.Note(ctx, owner, one, "The cleaner has not seen it. The sign-in was ended from the list of devices."); err != nil {
		return err
	}
	// What the law asks was done, by hand and on paper: a demo sends no letters, and its clocks must not run out. Only what was learnt is missing.
	if err := h.Trouble.Decide(ctx, owner, one, 3, "yes", "Whoever has the tablet may have seen names and visits. No medical record was opened."); err != nil {
		return err
	}
	c, err := h.Trouble.Get(ctx, owner, one)
	if err != nil {
		return err
	}
	for _, p := range c.People {
		if err := h.Trouble.ToldByHand(ctx, owner, one, p.ID); err != nil {
			return err
		}
	}
	for _, t := range c.Tasks {
		if t.To != law.ToAuthority {
			continue
		}
		if err := h.Trouble.HandedOver(ctx, owner, one, t.Key, "Handed over on paper by the owner; invented number DEMO-4711"); err != nil {
			return err
		}
	}
	return nil
}
