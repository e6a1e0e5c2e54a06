package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/policies"
	"almirah/internal/store"
)

// demoTerms gives the demo's clinic its first version, one that was made stricter, and one that is announced.
func (h *House) demoTerms(ctx context.Context, owner access.Caller) error {
	if err := h.DB.Change(ctx, jobs.ForClinic(owner.Clinic()), access.Work, func(_ context.Context, tx *store.Tx) error { return h.adopt(tx) }); err != nil {
		return err
	}
	for _, w := range []policies.Wish{
		{Keep: map[law.Class]string{law.Opinions: "P1Y"}},
		{Keep: map[law.Class]string{law.Opinions: "P1Y", law.BookingLog: "P18M"}},
	} {
		if _, err := h.Policies.Save(ctx, owner, w); err != nil {
			return err
		}
	}
	return nil
}
