package store_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// takenAlong is the part of the day at what leaves and arrives: an archive asked for, made, fetched and expired; a list looked over, brought in and taken
// back; a clinic that arrives.
func takenAlong(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	a := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, PublicURL: "https://almirah.test"})
	tables := append(append([]holdings.Table{}, patients.Holdings()...), clinics.Holdings()...)
	s := archives.New(p.DB, p.Log, archives.Options{Clinics: house, Accounts: a, Holdings: tables, Operator: accounts.Operator(), Folder: t.TempDir(), Worker: func(c id.ID) access.Caller { return p.In(c, access.System) },
		Undo: func(context.Context, *store.Tx, id.ID) error { return nil }})
	owner, work := p.As(access.Owner), p.As(access.System)
	run, err := s.Ask(ctx, owner)
	must(err)
	must(s.Make(ctx, work))
	f, err := s.Fetch(ctx, owner, run)
	must(err)
	must(f.Write(io.Discard))
	_, err = s.Ask(ctx, owner)
	must(err)
	must(s.Make(ctx, work))
	_, _, err = s.Runs(ctx, owner)
	must(err)
	p.Clock.Move(archives.Waits)
	must(s.Expire(ctx, work))
	list, err := s.Bring(ctx, owner, []byte("Name,Phone\nListed Patient,+919845077001\n,1\n"))
	must(err)
	_, err = s.Lists(ctx, owner)
	must(err)
	l, err := s.List(ctx, owner, list)
	must(err)
	must(s.Look(ctx, owner, list, l.Columns, l.Order, false, l.List.Version))
	must(s.Work(ctx, work))
	l, err = s.List(ctx, owner, list)
	must(err)
	must(s.Take(ctx, owner, list, l.List.Version))
	must(s.Work(ctx, work))
	step := func(do func(tx *store.Tx) error) {
		t.Helper()
		must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test's day")
			return do(tx)
		}))
	}
	var made id.ID
	step(func(tx *store.Tx) error {
		return tx.Row(`SELECT made_id FROM list_line WHERE clinic_id = $1 AND verdict = 'made'`).Scan(&made)
	})
	step(func(tx *store.Tx) error { // somebody takes her copy along, and the clinic is said to have come from elsewhere
		tx.Record(audit.Note{Action: "export", Kind: "patient", Subject: made, Patient: made})
		_, err := tx.Exec(`INSERT INTO arrival (clinic_id, manifest, signer, canonical, at_table, at_row, begun_at, done_at) VALUES ($1, 'm', 's', 'c', '', 0, 1, 1)`)
		return err
	})
	glanced(ctx, p, must, archives.Hasty, since(archives.Nameless), func(v *store.View) (int64, int64, error) {
		_, _, looked, err := archives.Arrivals(v)
		return 0, looked, err
	})
	step(func(tx *store.Tx) error { _, err := tx.Exec(`DELETE FROM arrival WHERE clinic_id = $1`); return err })
	visitsBrought(ctx, t, p, s, must)
	step(func(tx *store.Tx) error { _, err := patients.FindAgain(tx, id.Zero, 5); return err })
	step(func(tx *store.Tx) error { _, err := patients.Hold(tx, made); return err })
	step(messaging.FindAgain)
	_, err = s.Ask(ctx, owner) // one that is ready when somebody is erased
	must(err)
	must(s.Make(ctx, work))
	step(func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO export_run (clinic_id, id, person_id, patient_id, state, asked_at, state_at) VALUES ($1, $2, $2, $3, 'gone', 1, 1)`, tx.NewID(), made)
		if err == nil { // and one is being made
			_, err = tx.Exec(`INSERT INTO export_run (clinic_id, id, person_id, state, asked_at, state_at) VALUES ($1, $2, $2, 'running', 1, 1)`, tx.NewID())
		}
		return err
	})
	step(func(tx *store.Tx) error { _, err := archives.Keeper{}.Collect(&tx.View, made); return err })
	_, err = s.Bring(ctx, owner, []byte("Name,Phone\nListed Patient,+919845077001\n")) // another list speaks of her
	must(err)
	step(func(tx *store.Tx) error { return archives.Keeper{}.Erase(tx, made) })
	_, err = s.Bring(ctx, owner, []byte("Name,Phone\nOld Patient,+919845077002\n"))
	must(err)
	step(func(tx *store.Tx) error { // two years are over
		if _, err := tx.Exec(`UPDATE export_run SET asked_at = 1 WHERE clinic_id = $1`); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE list_import SET added_at = 1 WHERE clinic_id = $1`)
		return err
	})
	step(func(tx *store.Tx) error { _, err := archives.Keeper{}.Due(tx); return err })
	must(s.Expire(ctx, work))
	// A clinic of another house arrives.
	other := rig.New(t, store.SQLite, store.Options{})
	there := archives.New(other.DB, other.Log, archives.Options{Clinics: house, Accounts: accounts.New(other.DB, other.Log, accounts.Options{Clinics: house, PublicURL: "https://almirah.test"}), Holdings: tables, Operator: accounts.Operator()})
	var b bytes.Buffer
	_, err = there.Export(ctx, other.As(access.System), &b, nil)
	must(err)
	o, err := archives.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	must(err)
	_, err = s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint, Slug: "arrived"}, nil)
	must(err)
	must(s.LetGo(ctx, p.In(other.Clinic, access.Owner)))
}
