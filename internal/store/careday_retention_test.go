package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// kept is the part of the day at which holds are asked for and lifted, nights take away what is over, the clinic thinks of leaving, and the platform of
// suspending it.
func kept(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	book, err := words.Load()
	must(err)
	people := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	owner, manager, work := p.As(access.Owner), p.As(access.Manager), p.As(access.System)
	second := rig.SignedIn(p.Clinic, id.New(p.Clock.Now()), id.New(p.Clock.Now()), access.Owner)
	one, other := rig.SignedIn(id.Zero, id.New(p.Clock.Now()), id.Zero, access.Operator), rig.SignedIn(id.Zero, id.New(p.Clock.Now()), id.Zero, access.Operator)
	s := retention.New(p.DB, p.Log, retention.Options{Accounts: people, ForClinic: func(c id.ID) access.Caller { return p.In(c, access.System) }, Platform: func() access.Caller { return rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System) },
		Doers: func(l law.Lives) []retention.Doer {
			return []retention.Doer{messaging.Keeper{Lives: l}, followup.Keeper{Lives: l}, scheduling.Keeper{Lives: l}, consent.Keeper{Lives: l}, retention.Keeper{}, store.Keeper{Lives: l}}
		}})
	folk := patients.New(p.DB, p.Log)
	who, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Ravi Kept", Phone: "+919876500021", Language: "en"}, true)
	must(err)
	today := clock.DateOf(p.Clock.Now().In(p.Zone))
	hold, err := s.AskHold(ctx, owner, who.ID, "A letter of the court", today.AddDays(3))
	must(err)
	must(s.ApproveHold(ctx, manager, hold, 1))
	must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a database of before")
		_, err := tx.Exec(`DELETE FROM legal_hold WHERE clinic_id = $1 AND id = $2`, hold)
		return err
	}))
	must(s.OrdersAfterRestore(ctx, work))
	_, err = s.Holds(ctx, owner)
	must(err)
	_, _, err = s.HoldOf(ctx, owner, who.ID)
	must(err)
	must(s.EndHold(ctx, owner, hold, 1))
	_, err = s.AskHold(ctx, owner, who.ID, "Another letter of the court", today)
	must(err)
	change := func(do func(tx *store.Tx) error) {
		must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error { return do(tx) }))
	}
	now := clock.At(p.Clock.Now())
	message := id.New(p.Clock.Now())
	change(func(tx *store.Tx) error {
		tx.Housekeeping("rows that grow old")
		if _, err := tx.Exec(`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, send_at, state_at, created_at)
			VALUES ($1, $2, $3, $2, 1, $2, 'booked', 'email', $4, $2, 'booking', 'en', 'sent', $4, $4, $4)`, message, who.ID, now); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO thread (clinic_id, id, last_at, created_at) VALUES ($1, $2, $3, $3)`, message, now); err != nil {
			return err
		}
		for range 12 {
			if _, err := tx.Exec(`INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, starts_at, provider_id, status) VALUES ($1, $2, $3, $4, 'book', 'public', $4, $2, 'booked')`, message, tx.NewID(), now); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, given_at) VALUES ($1, $2, $3, $2, 5, $4)`, message, who.ID, now)
		return err
	})
	for _, days := range []int{1, 200, 300, 760, 3, 7 * 366} {
		p.Clock.Move(time.Duration(days) * 24 * time.Hour)
		if err := s.Beat(ctx, work); err != nil && !errors.Is(err, retention.ErrClock) {
			must(err)
		}
		must(s.ClockIsRight(ctx, one))
		must(s.Nightly(ctx, work))
		_, err := s.Run(ctx, work, false)
		must(err)
	}
	_, err = s.Plan(ctx, owner)
	must(err)
	_, err = s.Announced(ctx, owner)
	must(err)
	must(p.DB.View(ctx, work, access.Work, func(_ context.Context, v *store.View) error {
		if _, err := scheduling.MonthCounts(v); err != nil {
			return err
		}
		if _, err := scheduling.LogCounts(v, p.Zone); err != nil {
			return err
		}
		_, err := retention.Keeper{}.Collect(v, who.ID)
		return err
	}))
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return retention.Keeper{}.Erase(tx, who.ID) }))

	must(s.Close(ctx, owner, false))
	must(s.Now(ctx, owner, 1))
	must(s.Later(ctx, second, 2))
	_, _, err = s.ClosingOf(ctx, owner)
	must(err)
	p.Clock.Move(89 * 24 * time.Hour)
	must(s.WatchClosing(ctx, work))
	must(s.NameCustodian(ctx, owner, "Ravi Rao, 98450 12345", 3))
	must(s.Now(ctx, owner, 4))
	must(s.Now(ctx, second, 5))
	change(func(tx *store.Tx) error { // it was thought better of at the last moment
		tx.Housekeeping("test")
		_, err := tx.Exec(`UPDATE closing SET second_at = 0, second_by = NULL, goes_at = goes_at + 900000000000 WHERE clinic_id = $1`)
		return err
	})
	must(s.Reopen(ctx, owner))

	must(s.AskSuspend(ctx, one, p.Clinic, retention.Danger, "A stolen sign-in reads records."))
	list, err := s.Suspensions(ctx, one)
	must(err)
	must(s.ApproveSuspend(ctx, other, list[0].ID, 1))
	_, _, err = s.Suspended(ctx, owner)
	must(err)
	p.Clock.Move(2 * time.Hour)
	must(s.WatchSuspensions(ctx, work))
	must(s.Lift(ctx, one, list[0].ID, 2))
}
