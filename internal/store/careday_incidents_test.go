package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/words"
)

// troubled is the part of the day at which something went wrong: noticed, reported, looked into, told and closed; and a party that was hit.
func troubled(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	book, err := words.Load()
	must(err)
	people := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	s := incidents.New(p.DB, p.Log, incidents.Options{Accounts: people, Clinics: house, Carries: func(string) bool { return true }})
	owner, work := p.As(access.Owner), p.As(access.System)
	folk := patients.New(p.DB, p.Log)
	who, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Ravi Touched", Email: "touched@example.org", Phone: "+919876500011", Language: "en"}, true)
	must(err)
	bare, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Sita Touched", Phone: "+919876500012", Language: "en"}, true)
	must(err)
	now := p.Clock.Now()
	thief := rig.SignedIn(p.Clinic, id.New(now), id.New(now), access.FrontDesk)
	for _, one := range []id.ID{who.ID, bare.ID} {
		_, err = folk.Open(ctx, thief, one)
		must(err)
	}
	must(p.DB.View(ctx, thief, access.ScheduleRead, func(_ context.Context, v *store.View) error {
		v.Listed("day", "2026-11-24", []id.ID{who.ID})
		return nil
	}))
	must(p.DB.Change(ctx, thief, access.PatientWrite, func(_ context.Context, tx *store.Tx) error { // in one piece, and about a demand
		tx.Record(audit.Note{Action: "export-fetched", Kind: "clinic", Subject: p.Clinic, New: map[string]any{"until": tx.Now()}})
		tx.Record(audit.Note{Action: audit.ActionOpen, Kind: "disclosure", Subject: tx.NewID()})
		return nil
	}))
	for range 3 {
		must(p.DB.Change(ctx, owner, access.AuditRead, func(_ context.Context, tx *store.Tx) error {
			tx.Record(audit.Note{Action: "export", Kind: "audit", Subject: p.Clinic})
			return nil
		}))
	}
	must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "pause", Kind: "channel", Subject: p.Clinic})
		return nil
	}))
	for range 2 {
		must(s.Watch(ctx, work))
		must(s.SeenTwice(ctx, thief))
	}
	demanded(ctx, p, owner, who.ID, must)
	_, err = s.Report(ctx, p.As(access.FrontDesk), incidents.Other, "A letter lay in the street")
	must(err)
	must(s.TellOwners(ctx, work, func(string) error { return nil }))
	_, err = s.Ahead(ctx, owner)
	must(err)
	list, err := s.List(ctx, owner)
	must(err)
	var one id.ID
	for _, l := range list {
		if l.Rule == incidents.TwoDevices {
			one = l.ID
		}
	}
	must(s.Confirm(ctx, owner, one, 1))
	must(s.SetScope(ctx, owner, one, 2, incidents.Scope{Person: thief.Actor(), Session: thief.Session(), From: clock.At(now.Add(-time.Hour))}))
	must(s.Compute(ctx, owner, one))
	must(s.Decide(ctx, owner, one, 3, "yes", "A stranger saw names."))
	lookedAfter(ctx, p, must)
	for range 2 {
		must(s.SetTexts(ctx, owner, one, []messaging.SecurityNotice{{Language: "en", Text: messaging.Text{Subject: "Your data", Body: "Dear {{.PatientName}}"}}}))
	}
	_, err = s.Notify(ctx, owner, one)
	must(err)
	c, err := s.Get(ctx, owner, one)
	must(err)
	for _, x := range c.People {
		if x.ToldAt == 0 {
			must(s.ToldByHand(ctx, owner, one, x.ID))
		}
	}
	for _, x := range c.Tasks {
		if x.To == law.ToAuthority {
			must(s.HandedOver(ctx, owner, one, x.Key, "By mail"))
		}
	}
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
		if _, err := (incidents.Keeper{}).Collect(&tx.View, bare.ID); err != nil {
			return err
		}
		return incidents.Keeper{}.Erase(tx, bare.ID)
	}))
	must(s.Close(ctx, owner, one, 4, "Tablets lock themselves."))
	must(s.Sign(ctx, owner, one, true))
	operator := accounts.Operator()
	event, err := s.Write(ctx, operator, incidents.Struck{Processor: "smtp", From: clock.At(now.Add(-9000 * time.Hour)), To: clock.At(now), Words: "A copy of the queue was taken."}, func(string) bool { return true })
	must(err)
	_, err = s.TellClinics(ctx, operator, event, func(clinic id.ID) access.Caller { return p.In(clinic, access.System) })
	must(err)
	for _, n := range []int64{1, 2} {
		must(s.Happened(ctx, operator, incidents.Event{Rule: incidents.Forged, Cause: "forged-reports:2026-11-24", Times: n}))
	}
	_, err = s.Events(ctx, operator)
	must(err)
	_, _, err = s.Waiting(ctx, operator)
	must(err)
	must(s.Finish(ctx, operator, event, 1, "The queue is encrypted now."))
	must(s.Tidy(ctx, operator))
	p.Clock.Move(7 * 366 * 24 * time.Hour)
	must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := incidents.Keeper{}.Due(tx)
		return err
	}))
}
