package app

import (
	"context"
	"io"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/store"
)

// TestYesterdaysBackupForgetsNoOrder: after the backup two people order that a patient's records stay, and somebody speaks for a child whose fortnight is nearly over. The backup comes back to another
// machine: the order stands before any night could take what it keeps, also one that is begun by hand at once, and the child has her whole fortnight again, of which the clinic is told.
func TestYesterdaysBackupForgetsNoOrder(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold", "young-data-deleted")
	engines(t, func(t *testing.T, engine store.Engine) {
		y, ctx := newYesterday(t, engine), context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		clinic := y.owner.Clinic()
		patient := y.book(t, y.House, 0).Patient
		mother := &patients.GuardianDraft{Name: "Leela Teak", Phone: "+919845010099", Relation: "mother"}
		child, _, err := y.Patients.Add(ctx, y.owner, patients.Draft{Name: "Tara Teak", BirthDate: "2019-02-03", Language: "en", Guardian: mother}, true)
		must(err)
		must(y.DB.Change(ctx, y.owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error { // as another law would leave her
			tx.Housekeeping("a test takes a guardian away")
			_, err := tx.Exec(`DELETE FROM guardian WHERE clinic_id = $1 AND patient_id = $2`, child.ID)
			return err
		}))
		must(y.watchRequests(ctx, jobs.ForClinic(clinic)))
		y.time.Move(requests.YoungFor - time.Hour)
		_, err = y.Backups.Run(ctx, t.Logf)
		must(err)

		_, err = y.Patients.Save(ctx, y.owner, child.ID, patients.Draft{Name: child.Name, BirthDate: "2019-02-03", Language: "en", Guardian: mother}, child.Version) // somebody speaks for her
		must(err)
		until := clock.DateOf(y.time.Now()).AddDays(60)
		one, err := y.Lives.AskHold(ctx, y.owner, patient, "A letter of the court of 3 May", until)
		must(err)
		must(y.Lives.ApproveHold(ctx, access.Mint(clinic, id.New(y.time.Now()), id.Zero, id.New(y.time.Now()), access.Manager, access.Running), one, 1))

		h := y.elsewhere(t)
		con := &console{get: func(name string) string { return y.set[name] }, out: io.Discard, err: io.Discard, time: y.time}
		must(con.retentionRun(ctx, nil)) // a night by hand, before the house has begun
		must(h.Settle(ctx, t.Logf))
		hold, there, err := h.Lives.HoldOf(ctx, y.owner, patient)
		must(err)
		if !there || hold.ID != one || hold.State != retention.Holds || hold.Until != until || hold.Reason != "A letter of the court of 3 May" {
			t.Errorf("what two people ordered after the backup: %+v", hold)
		}
		y.time.Move(2 * time.Hour)
		must(h.watchRequests(ctx, jobs.ForClinic(clinic)))
		list, err := h.Requests.Young(ctx, y.owner)
		must(err)
		if len(list) != 1 || list[0].Patient != child.ID || list[0].DeleteAt.Sub(clock.At(y.time.Now())) < requests.YoungFor-3*time.Hour {
			t.Errorf("the children for whom nobody speaks: %+v", list)
		}
		if _, err := h.DB.VerifyAudit(ctx, accounts.Operator(), nil); err != nil {
			t.Errorf("the audit log of what came back: %v", err)
		}
	})
}
