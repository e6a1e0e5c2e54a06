package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/document"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/prescriptions"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// scripts is the part of the day in which something is prescribed: lists, drafts, a signed sheet, its link, its end.
func scripts(ctx context.Context, t *testing.T, p *practice.Practice, patient id.ID, must func(error)) {
	t.Helper()
	owner, doctor := p.As(access.Owner), p.As(access.Practitioner)
	house := clinics.New(p.DB, p.Log, clinics.Options{})
	c, err := house.Get(ctx, owner)
	must(err)
	must(house.SetModules(ctx, owner, append(c.Modules, clinics.ModulePrescriptions), c.Version))
	book, err := words.Load()
	must(err)
	rx := prescriptions.New(p.DB, book, document.ThePress(), "https://book.example")
	signer := p.Provider(t, scheduling.Provider{Name: "Dr Signing", Registration: "KMC 1", Position: 9}).ID
	_, err = rx.Settings(ctx, owner)
	must(err)
	_, err = rx.Import(ctx, owner, prescriptions.ListDrugs, "One", []byte("generic,form\nParacetamol,tablet\nZinc,tablet\n"))
	must(err)
	must(rx.SaveAlias(ctx, owner, prescriptions.Alias{Brand: "Dolomol", Generic: "Paracetamol"}))
	must(rx.SaveAlias(ctx, owner, prescriptions.Alias{Brand: "Dolomol"}))
	for v := range int64(2) {
		must(rx.SaveSetting(ctx, owner, prescriptions.Setting{Days: 5, Paper: "A4", Version: v}))
	}
	draft := func() prescriptions.Draft {
		return prescriptions.Draft{ID: id.New(p.Clock.Now()), Patient: patient, Language: "en", Rows: []prescriptions.Row{{Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "101", Days: 3}}}
	}
	d := draft()
	page, err := rx.Begin(ctx, doctor, d, id.Zero, id.Zero)
	must(err)
	_, err = rx.Save(ctx, doctor, page.Draft, signer)
	must(err)
	d = page.Draft
	d.Version = 1
	_, err = rx.Save(ctx, doctor, d, signer)
	must(err)
	must(rx.Drop(ctx, doctor, d.ID, 2))
	signed, err := rx.Sign(ctx, doctor, draft(), signer, false)
	must(err)
	must(rx.AddSet(ctx, doctor, signed.ID, "fe", "Fever"))
	found, err := rx.Search(ctx, doctor, "fe")
	must(err)
	must(rx.RemoveSet(ctx, doctor, found.Sets[0].ID))
	share, err := rx.Send(ctx, doctor, signed.ID, "email", true)
	must(err)
	var token string
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a link is made and told")
		if token, err = prescriptions.NewLink(tx, share.ID); err != nil {
			return err
		}
		_, err = messaging.TellPaper(tx, share.ID)
		return err
	}))
	who, one, err := rx.Enter(ctx, token)
	must(err)
	_, _, err = rx.Shared(ctx, who, one, true)
	must(err)
	_, err = rx.Verify(ctx, signed.Sheet.Code)
	must(err)
	next := draft()
	next.Replaces = signed.ID
	last, err := rx.Sign(ctx, doctor, next, signer, false)
	must(err)
	_, err = rx.Open(ctx, doctor, last.ID)
	must(err)
	_, err = rx.OfPatient(ctx, doctor, patient)
	must(err)
	again, err := rx.Send(ctx, doctor, last.ID, "email", false)
	must(err)
	must(rx.Revoke(ctx, doctor, last.ID, again.ID))
	must(rx.Cancel(ctx, doctor, last.ID, "no longer needed"))
	must(p.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		if _, _, err := rx.Unmarked(v); err != nil {
			return err
		}
		_, err := rx.Recheck(v, 1, 5)
		return err
	}))
	keeper := prescriptions.Keeper{}
	must(p.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		_, err := keeper.Collect(v, patient)
		return err
	}))
	_, err = rx.Save(ctx, doctor, draft(), signer)
	must(err)
}

// prescribed ages and erases what was prescribed.
func prescribed(ctx context.Context, p *practice.Practice, patient id.ID, must func(error)) {
	var keeper prescriptions.Keeper
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := keeper.Due(tx)
		return err
	}))
	must(p.DB.Change(ctx, p.As(access.Owner), access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return keeper.Erase(tx, patient) }))
}
