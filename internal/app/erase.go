package app

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/disclosures"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/intake"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/patients"
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

// keeper is how each room copies out, erases and expires what it holds of a person.
type keeper interface {
	Name() string
	Tables() []string
	Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error)
	Erase(tx *store.Tx, patient id.ID) error
	Due(tx *store.Tx) (int, error)
}

// keepers are those of all rooms. What points to a patient stands before the patient, and so do
// the keepers: in this order her rows may go.
func keepers() []keeper {
	return append(erasers(), store.Keeper{}, accounts.Keeper{}, clinics.Keeper{})
}

// erasers are the keepers that hold rows about patients, in the order in which these may go.
func erasers() []keeper {
	return []keeper{disclosures.Keeper{}, requests.Keeper{}, retention.Keeper{}, incidents.Keeper{}, support.Keeper{}, programs.Keeper{}, oversight.Keeper{}, messaging.Keeper{}, followup.Keeper{}, billing.Keeper{}, billing.GatewayKeeper{}, prescriptions.Keeper{}, visits.Keeper{}, intake.Keeper{}, scheduling.Keeper{}, policies.Keeper{}, consent.Keeper{}, patients.Keeper{}}
}

// DeletePatient deletes a patient in every room and destroys her key, with which everything that
// a copy, a log or a backup still holds of her becomes unreadable (promise D5). The key goes as the
// last thing before the rows are committed: when the process dies in between, what is left of her cannot be
// read, and FinishDeletions takes it away.
func (h *House) DeletePatient(ctx context.Context, who access.Caller, patient id.ID) error {
	return h.deletePatient(ctx, who, access.PatientDelete, patient)
}

// deletePatient is DeletePatient by a right: staff's, or the clinic's own work for what staff decided before.
func (h *House) deletePatient(ctx context.Context, who access.Caller, right access.Right, patient id.ID) error {
	if err := store.Withheld(ctx); err != nil { // a key that is destroyed is not rolled back
		return err
	}
	err := h.DB.Change(ctx, who, right, func(ctx context.Context, tx *store.Tx) error {
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		if err := eraseRows(tx, patient, "delete"); err != nil {
			return err
		}
		return h.Vault.Shred(ctx, who.Clinic(), patient, "deleted_by_clinic")
	})
	h.journalOut(ctx)
	return err
}

// journalOut has the list of destroyed keys copied to the places of the backups: without it she could come back out of one. A place that does not answer
// undoes nothing; it is tried again every minute, and the page of the backups tells.
func (h *House) journalOut(ctx context.Context) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = h.Backups.CopyJournal(limited) // it has been marked and logged
}

func eraseRows(tx *store.Tx, patient id.ID, action string) error {
	tx.Record(audit.Note{Action: action, Kind: "patient", Subject: patient})
	for _, k := range erasers() {
		if err := k.Erase(tx, patient); err != nil {
			return err
		}
	}
	return nil
}

// lookBack is how far back deletions are looked through for one that stopped half-way.
const lookBack = 14 * 24 * time.Hour

// FinishDeletions takes away the rows of patients of the clinic whose key was destroyed in the last fortnight and whose
// rows are still there: a deletion that a crash broke off, or a data file that came back from a backup.
func (h *House) FinishDeletions(ctx context.Context, who access.Caller) error {
	return h.finishDeletions(ctx, who, clock.At(h.Clock.Now().Add(-lookBack)))
}

func (h *House) finishDeletions(ctx context.Context, who access.Caller, since clock.Instant) error {
	gone, err := h.Vault.Shredded(ctx, who.Clinic(), since)
	if err != nil || len(gone) == 0 {
		return err
	}
	var left []id.ID
	err = h.DB.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		left = left[:0]
		for _, one := range gone {
			_, err := patients.Find(v, one)
			switch {
			case fault.Is(err, fault.NotFound):
			case err != nil:
				return err
			default:
				left = append(left, one)
			}
		}
		return nil
	})
	for _, one := range left {
		if err == nil {
			err = h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error { return eraseRows(tx, one, "finish-delete") })
		}
	}
	return err
}
