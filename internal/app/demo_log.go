package app

import (
	"context"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/oversight"
	"almirah/internal/store"
)

// demoLog shows what the rules of the audit log notice and who signed off: invented, like everybody in the demo.
func (h *House) demoLog(ctx context.Context, owner access.Caller) error {
	people, err := h.Accounts.Colleagues(ctx, owner)
	if err != nil {
		return err
	}
	named := func(word string) accounts.Colleague {
		for _, p := range people {
			if strings.Contains(p.Name, word) {
				return p
			}
		}
		return people[0]
	}
	doctor, desk := named("Nair"), named(demoPeople[2].name)
	err = h.DB.Change(ctx, owner, access.AuditReview, func(_ context.Context, tx *store.Tx) error {
		yesterday := clock.DateOf(tx.Now().Time()).AddDays(-1)
		for _, f := range []oversight.Finding{
			{Rule: oversight.Night, Day: yesterday, Person: doctor.ID, Count: 4},
			{Rule: oversight.Volume, Day: yesterday.AddDays(-1), Person: desk.ID, Count: 210, Usual: 34},
		} {
			if err := oversight.Notice(tx, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	today := clock.DateOf(h.Clock.Now())
	return h.Watch.SignOff(ctx, owner, today.AddDays(-8), today.AddDays(-2), "Looked through with Dr Nair; nothing unusual.", "")
}
