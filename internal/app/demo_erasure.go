package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// erasedPatient is an invented patient with an allergy on record, who is erased: a law holds the one line, and nothing else is left.
func (h *House) erasedPatient(ctx context.Context, owner access.Caller, substance string) (id.ID, error) {
	p, _, err := h.Patients.Add(ctx, owner, patients.Draft{Name: "Tara Snowdrop", Phone: "+919999911999", Language: "en"}, true)
	if err != nil {
		return id.Zero, err
	}
	if err := h.Visits.AddAllergy(ctx, owner, p.ID, visits.Allergy{Substance: substance}); err != nil {
		return id.Zero, err
	}
	return h.erase(ctx, owner, p.ID)
}

// toldPatient is an invented patient who got a text message, and is erased: who carried it is asked to erase it.
func (h *House) toldPatient(ctx context.Context, owner access.Caller) error {
	p, _, err := h.Patients.Add(ctx, owner, patients.Draft{Name: "Tara Snowdrop", Phone: "+919999911998", Language: "en"}, true)
	if err != nil {
		return err
	}
	work := jobs.ForClinic(owner.Clinic())
	var sent id.ID
	err = h.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
		sent, err = messaging.TellPrivately(tx, messaging.PrivacyTold, p.ID, tx.NewID(), 1)
		return err
	})
	if err == nil && !sent.IsZero() {
		err = h.Messages.Deliver(ctx, work, sent)
	}
	if err == nil {
		_, err = h.erase(ctx, owner, p.ID)
	}
	return err
}

// demoErasure shows an erasure with what the law holds, its clock and its first certificate; and one of which a carrier is asked to erase its copy.
func (h *House) demoErasure(ctx context.Context, owner access.Caller) error {
	if err := h.toldPatient(ctx, owner); err != nil {
		return err
	}
	_, err := h.erasedPatient(ctx, owner, "Penicillin")
	return err
}
