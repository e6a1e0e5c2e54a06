package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/words"
)

// agreed is the part of the day at which the terms change: a version is announced, told, answered, and governs what is kept.
func agreed(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	book, err := words.Load()
	must(err)
	letters := messaging.New(p.DB, p.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{silent{}}, Public: "https://clinic.example/", Sender: "post@clinic.example"})
	s, owner, desk, work := policies.New(p.DB), p.As(access.Owner), p.As(access.FrontDesk), p.As(access.System)
	change := func(fn func(tx *store.Tx) error) {
		t.Helper()
		must(p.DB.Change(ctx, work, access.Work, func(_ context.Context, tx *store.Tx) error { tx.Housekeeping("test"); return fn(tx) }))
	}
	who, _, err := patients.New(p.DB, p.Log).Add(ctx, desk, patients.Draft{Name: "Mira Agreed", Email: "agreed@example.org", Phone: "+919876500021", Language: "en"}, true)
	must(err)
	change(func(tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err == nil {
			_, err = policies.Adopt(tx, policies.Standard(c))
		}
		return err
	})
	p.Clock.Move(time.Second)
	_, err = s.Save(ctx, owner, policies.Wish{Keep: map[law.Class]string{law.BookingLog: "P24M"}})
	must(err)
	change(func(tx *store.Tx) error {
		_, err := policies.Move(tx, func(t *policies.Terms) { t.Content, t.Keep[law.Events] = 60, "P1Y" })
		return err
	})
	p.Clock.Move(time.Second)
	change(func(tx *store.Tx) error {
		n, _, err := policies.Unannounced(&tx.View)
		if err == nil {
			err = policies.Announced(tx, n)
		}
		return err
	})
	must(letters.AnnounceTerms(ctx, work))
	st, err := s.Standing(ctx, owner)
	must(err)
	w, waits := st.Waits()
	if !waits {
		t.Fatal("nothing waits")
	}
	_, err = s.Question(ctx, desk, who.ID)
	must(err)
	must(s.Answer(ctx, desk, who.ID, w.N, true))
	p.Clock.Move(31 * 24 * time.Hour)
	must(s.Answer(ctx, desk, who.ID, w.N, false))
	_, err = s.Published(ctx, p.Public())
	must(err)
	_, err = s.Compared(ctx, p.Public(), w.N)
	must(err)
	must(p.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		if _, _, err := policies.Genuine(v); err != nil {
			return err
		}
		if _, err := policies.LifeFor(v, who.ID, law.Opinions); err != nil {
			return err
		}
		_, err := policies.Keeper{}.Collect(v, who.ID)
		return err
	}))
	now, err := letters.Setting(ctx, owner)
	must(err)
	now.Content, now.Days = messaging.ContentDays, 90
	must(letters.SaveSetting(ctx, owner, now))
	change(func(tx *store.Tx) error { return messaging.KeepAsAgreed(tx, who.ID) })
	change(func(tx *store.Tx) error {
		if _, err := policies.Move(tx, func(t *policies.Terms) { t.Content = 0 }); err != nil {
			return err
		}
		return messaging.KeepAsAgreed(tx, who.ID)
	})
	change(func(tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
	// Steps of deliveries, where patients are under different terms.
	change(func(tx *store.Tx) error {
		_, err := policies.Move(tx, func(t *policies.Terms) { t.Keep[law.Events] = "P30D" })
		return err
	})
	change(func(tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return policies.Keeper{}.Erase(tx, who.ID) }))
	// And the statement that staff sign.
	people := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, Book: book, PublicURL: "https://almirah.test", Terms: "1", Confidential: true})
	must(people.Enrol(ctx, owner, accounts.Draft{Name: "Meera Silent", Email: "silent@example.org", Password: "correct horse battery staple 42", Terms: "1", Language: "en"}, access.FrontDesk))
	must(people.TellOnce(ctx, work, "The clinic", accounts.NoticeTerms, "/app/settings/privacy", "policy:1", false))
	must(people.KeepDocuments(ctx, p.As(access.Operator), accounts.Document{Kind: accounts.DocumentUse, Text: "Be kind."}))
	_, err = people.Documents(ctx)
	must(err)
	_, _, err = people.LastAccepted(ctx, accounts.SignedIn{})
	must(err)
}
