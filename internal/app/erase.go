package app

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/disclosures"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/intake"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/prescriptions"
	"almirah/internal/privacy"
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
	return append(erasers(), store.Keeper{}, accounts.Keeper{}, clinics.Keeper{}, privacy.Keeper{})
}

// erasers are the keepers that hold rows about patients, in the order in which these may go.
func erasers() []keeper {
	return []keeper{archives.Keeper{}, disclosures.Keeper{}, requests.Keeper{}, retention.Keeper{}, incidents.Keeper{}, support.Keeper{}, programs.Keeper{}, oversight.Keeper{}, messaging.Keeper{}, followup.Keeper{}, billing.Keeper{}, billing.GatewayKeeper{}, prescriptions.Keeper{}, visits.Keeper{}, intake.Keeper{}, scheduling.Keeper{}, policies.Keeper{}, consent.Keeper{}, patients.Keeper{}}
}

// privacy is the room that erases people, over the keepers of all others.
func (h *House) privacy() *privacy.Service {
	var rooms []privacy.Room
	for _, k := range erasers() {
		rooms = append(rooms, k)
	}
	return privacy.New(h.DB, h.Log, privacy.Options{Vault: h.Vault, Rooms: rooms, Order: retention.Held, Head: h.head, Older: h.olderThan, Spread: h.spread, After: h.afterErasure, Copies: h.Messages.CopiesOf, Ask: h.Messages.ForgetCopy, Platform: jobs.Platform, Anyone: accounts.Public(id.Zero)})
}

// afterErasure removes the archives of the clinic that wait to be fetched on this host: they hold whoever was erased.
func (h *House) afterErasure(ctx context.Context, clinic id.ID) error {
	return h.Archives.Expire(ctx, jobs.ForClinic(clinic))
}

// DeletePatient erases a patient in every room and destroys her key, with which everything that a copy, a log or a backup still holds of her becomes unreadable (promise D5);
// what a law wants kept is sealed anew before (see privacy.Service.Erase).
func (h *House) DeletePatient(ctx context.Context, who access.Caller, patient id.ID) error {
	_, err := h.erase(ctx, who, patient)
	return err
}

// erase is DeletePatient; it answers the erasure.
func (h *House) erase(ctx context.Context, who access.Caller, patient id.ID) (id.ID, error) {
	return h.Erasure.Erase(ctx, who, patient, "deleted_by_clinic")
}

// eraseAsDecided is DeletePatient by the clinic's own work, for what staff decided before, or what the law sets a day for.
// still is asked in the Change that destroys, whether the reason is still there.
func (h *House) eraseAsDecided(ctx context.Context, who access.Caller, patient id.ID, still func(v *store.View) error) error {
	_, err := h.Erasure.EraseWhile(ctx, who, access.Work, patient, "deleted_by_clinic", still)
	return err
}

// keyCopy is how long a copy of the key store may be under way.
const keyCopy = time.Hour

// olderThan says what of the backups is left from before a moment, as the places were last seen: when the newest backup of the data from then is deleted (zero when there is none), and whether a copy of
// the key store is there. A place that did not answer counts as one where everything is left.
func (h *House) olderThan(ctx context.Context, before clock.Instant) (expires time.Time, keys bool, err error) {
	if !h.Backups.On() {
		return time.Time{}, false, nil
	}
	return h.Backups.Left(ctx, before.Add(keyCopy).Time())
}

// spread copies the list of destroyed keys to the places of the backups, and what lies beside the keys with them: should this machine be lost now, what the law holds comes back
// from there. A place that does not answer is tried again every minute.
func (h *House) spread(ctx context.Context, held bool) {
	h.journalOut(ctx)
	if held && h.Backups.On() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = h.Backups.CopyKeys(limited) // it has been marked and logged
	}
}

// journalOut has the list of destroyed keys copied to the places of the backups: without it she could come back out of one. A place that does not answer
// undoes nothing; it is tried again every minute, and the page of the backups tells.
func (h *House) journalOut(ctx context.Context) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = h.Backups.CopyJournal(limited) // it has been marked and logged
}

// eraseColleague erases somebody who worked at the clinic: her name, her addresses, every way in, and her key.
func (h *House) eraseColleague(ctx context.Context, who access.Caller, person id.ID) error {
	err := h.Accounts.EraseFormer(ctx, who, person, func(ctx context.Context) error { return h.Vault.Shred(ctx, id.Zero, person, "erased_by_clinic") })
	h.journalOut(ctx)
	return err
}

// finishColleagues takes away what is left of people whose key was destroyed.
func (h *House) finishColleagues(ctx context.Context, who access.Caller, since clock.Instant) error {
	gone, err := h.Vault.Shredded(ctx, id.Zero, since)
	if err != nil {
		return err
	}
	return h.Accounts.FinishErased(ctx, who, gone)
}

// lookBack is how far back deletions are looked through for one that stopped half-way.
const lookBack = 14 * 24 * time.Hour

// FinishDeletions completes the erasures of the clinic's patients whose key was destroyed in the last fortnight and whose
// rows are still there: one that a crash broke off, or a data file that came back from a backup.
func (h *House) FinishDeletions(ctx context.Context, who access.Caller) error {
	return h.finishDeletions(ctx, who, clock.At(h.Clock.Now().Add(-lookBack)))
}

func (h *House) finishDeletions(ctx context.Context, who access.Caller, since clock.Instant) error {
	return h.Erasure.Finish(ctx, who, since)
}

// askCarriers asks those who carried messages of people who were erased to erase them. After a restore nothing leaves the house before somebody lets go.
func (h *House) askCarriers(ctx context.Context, who access.Caller) error {
	if h.Held() {
		return nil
	}
	return h.Erasure.AskCarriers(ctx, who)
}
