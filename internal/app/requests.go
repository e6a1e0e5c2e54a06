package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/requests"
	"almirah/internal/store"
)

// What people ask about their own data reaches every room: this hands the room of requests what the others do.

// collectAll copies out what every room holds of a patient.
func collectAll(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	out := map[string][]map[string]string{}
	for _, k := range erasers() {
		tables, err := k.Collect(v, patient)
		if err != nil {
			return nil, err
		}
		for table, rows := range tables {
			out[table] = append(out[table], rows...)
		}
	}
	return out, nil
}

// eraseFor deletes a patient for a request of hers, or because she is a child for whom nobody speaks.
func (h *House) eraseFor(ctx context.Context, who access.Caller, patient id.ID, still func(v *store.View) error) error {
	return h.eraseAsDecided(ctx, who, patient, still)
}

// watchRequests is the clinic's own work on its requests.
func (h *House) watchRequests(ctx context.Context, who access.Caller) error {
	return h.Requests.Work(ctx, who, func(clinic, what string) error {
		notice := accounts.NoticeRequest
		if what == requests.TellYoung {
			notice = accounts.NoticeYoung
		}
		return h.Accounts.TellOwners(ctx, who, clinic, notice, "/app/requests")
	})
}

// handRequest gives the clinic of a name what a person asked whoever runs the installation, and answers what the clinic is called.
func (h *House) handRequest(ctx context.Context, slug string, kind law.Request, contact, words string) (string, error) {
	clinic, err := h.Clinics.BySlug(ctx, slug)
	if fault.Is(err, fault.NotFound) {
		var f fault.Fields
		f.Add("slug", "field.request.slug")
		return "", f.Err()
	}
	if err != nil {
		return "", err
	}
	who := jobs.ForClinic(clinic)
	if _, err := h.Requests.HandOver(ctx, who, kind, contact, words); err != nil {
		return "", err
	}
	var name string
	err = h.DB.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		name = c.Name
		return err
	})
	return name, err
}

// staffNames are the names of those who work or worked in a clinic, for a patient who is shown who looked.
func (h *House) staffNames(ctx context.Context, clinic id.ID) (map[id.ID]string, error) {
	return h.Accounts.Names(ctx, jobs.ForClinic(clinic))
}
