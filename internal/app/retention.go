package app

import (
	"context"
	"errors"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/disclosures"
	"almirah/internal/followup"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/intake"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/policies"
	"almirah/internal/prescriptions"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/visits"
)

// doers are the keepers of all rooms that have something whose time ends, as long as the lives say.
func doers(l law.Lives) []retention.Doer {
	return []retention.Doer{archives.Keeper{Lives: l}, disclosures.Keeper{Lives: l}, requests.Keeper{Lives: l}, incidents.Keeper{Lives: l}, support.Keeper{Lives: l}, programs.Keeper{Lives: l}, oversight.Keeper{Lives: l}, messaging.Keeper{Lives: l}, followup.Keeper{Lives: l}, billing.Keeper{Lives: l},
		billing.GatewayKeeper{Lives: l}, prescriptions.Keeper{Lives: l}, visits.Keeper{Lives: l}, intake.Keeper{Lives: l}, scheduling.Keeper{Lives: l}, consent.Keeper{Lives: l}, retention.Keeper{}, store.Keeper{Lives: l}}
}

// agreedLife is how long the clinic keeps records of the class: the shortest that any of its patients was promised, so that nobody's outlive what she agreed to. A clinic that
// kept them longer later does so once the terms that said less are in force for nobody. What a law wants kept is never shorter.
func agreedLife(v *store.View, _ id.ID, c law.Class) (law.Span, error) {
	clinic, err := clinics.Get(v)
	if err != nil {
		return law.Span{}, err
	}
	g, err := policies.Over(v)
	if err != nil {
		return law.Span{}, err
	}
	shortest, _ := g.Spread(clinic.Jurisdiction, c)
	return shortest, nil
}

// stays are the tables of a clinic whose rows stay when it goes: the leaves of the audit log hold ids and moments, and keep the tree whole.
var stays = map[string]bool{"audit_leaf": true}

// clinicTables are the tables of a clinic whose rows go with it.
func clinicTables() []string {
	var out []string
	for _, t := range Holdings() {
		if t.Scope == holdings.Clinic && !stays[t.Name] {
			out = append(out, t.Name)
		}
	}
	return out
}

// headAt is the moment of the newest signed head of the audit log; zero before the first.
func (h *House) headAt(ctx context.Context) (clock.Instant, error) {
	x, err := h.DB.Head(ctx, accounts.Operator())
	if err != nil || x.Size == 0 {
		return 0, err
	}
	return x.At, nil
}

// retain is a clinic's run of the night. A clock that cannot be believed is looked at elsewhere; it is no failure of the clinic's.
func (h *House) retain(ctx context.Context, who access.Caller) error {
	err := h.Lives.Nightly(ctx, who)
	if errors.Is(err, retention.ErrClock) {
		return nil
	}
	return err
}

// watchClosing looks whether a clinic that closes is to be destroyed. Nothing is destroyed while the house is held: the letter that tells its owners does not leave before somebody lets go.
func (h *House) watchClosing(ctx context.Context, who access.Caller) error {
	if h.Held() {
		return nil
	}
	return h.Lives.WatchClosing(ctx, who)
}

// lookAtClock looks whether the clock can be believed, and says so once in the log when it cannot.
func (h *House) lookAtClock(ctx context.Context, who access.Caller) error {
	err := h.Lives.Beat(ctx, who)
	if errors.Is(err, retention.ErrClock) {
		h.Log.ErrorContext(ctx, "nothing is taken away", "error", err)
		return nil
	}
	return err
}
