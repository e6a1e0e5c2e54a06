package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/insight"
	"almirah/internal/messaging"
	"almirah/internal/policies"
	"almirah/internal/store"
	"almirah/internal/vendors"
)

// The terms of patients, brought together: what the clinics chose in the settings of several rooms, and what this installation is set up to reach.

// termsNow are the clinic's terms as its settings and this installation stand.
func (h *House) termsNow(v *store.View) (policies.Terms, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return policies.Terms{}, err
	}
	t := policies.Standard(c)
	for _, p := range h.Gate.List() {
		place := p.Place
		if place == "" { // the clinic may have an account there in its own region
			place = c.Region
		}
		if why := h.Vendors.Refused(c, p.ID, place); p.Patients && (why == vendors.Nobody || why == vendors.OutOfArea) {
			continue // the clinic's own choice keeps it out
		}
		t.Recipients = append(t.Recipients, p.ID)
	}
	if t.Content, err = messaging.ContentNow(v); err != nil {
		return t, err
	}
	t.Analytics, err = insight.CountsNow(v)
	return t, err
}

// founded writes the first version of a new clinic. The demo's clinic has a past that was not lived through, and gets its first one at the end of it.
func (h *House) founded(tx *store.Tx, _ clinics.Clinic) error {
	if h.Config.Demo {
		return nil
	}
	return h.adopt(tx)
}

func (h *House) adopt(tx *store.Tx) error {
	now, err := h.termsNow(&tx.View)
	if err == nil {
		_, err = policies.Adopt(tx, now)
	}
	return err
}

// keepTerms writes down what this installation changed under the clinic's terms (another outside party, other sentences), and tells of a version that is
// announced: the clinic's people once, and every patient whom it touches once.
func (h *House) keepTerms(ctx context.Context, who access.Caller) error {
	stands := false
	var untold int64
	var name string
	err := h.DB.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		now, err := h.termsNow(v)
		if err != nil {
			return err
		}
		if stands, err = policies.Stands(v, now); err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		name = c.Name
		untold, err = policies.Unannounced(v)
		return err
	})
	if err != nil {
		return err
	}
	if !stands {
		if err := h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error { return h.adopt(tx) }); err != nil {
			return err
		}
	}
	if untold > 0 {
		if err := h.Accounts.TellPeople(ctx, who, name, accounts.NoticeTerms, "/app/settings/privacy"); err != nil {
			return err
		}
		if err := h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error { return policies.Announced(tx, untold) }); err != nil {
			return err
		}
	}
	return h.Messages.AnnounceTerms(ctx, who)
}

// party is the outside party behind a carrier, as the terms call it; empty for the demo's stand-ins, which lead nowhere.
func (h *House) party(carrier string) string {
	if h.Config.Demo || !carries(carrier) {
		return ""
	}
	return carrier
}
