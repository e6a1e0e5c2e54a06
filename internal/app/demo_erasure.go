package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/patients"
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

// demoErasure shows an erasure with what the law holds, its clock and its first certificate.
func (h *House) demoErasure(ctx context.Context, owner access.Caller) error {
	_, err := h.erasedPatient(ctx, owner, "Penicillin")
	return err
}
