package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/prescriptions"
	"almirah/internal/privacy"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/visits"
	"almirah/internal/words"
)

// oneHeld is a keeper with one record, so that this part of the day needs no visit.
type oneHeld struct{ patients.Keeper }

// Held is one record of today.
func (oneHeld) Held(v *store.View, _ id.ID) ([]law.Record, error) {
	return []law.Record{{Class: law.Clinical, Table: "encounter", Day: clock.DateOf(v.Now().Time()), Body: map[string]string{"note": "Cough"}}}, nil
}

// Collect is hers, and a message that was carried to her.
func (k oneHeld) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	out, err := k.Keeper.Collect(v, patient)
	if len(out) > 0 {
		out["message"] = []map[string]string{{"state": string(messaging.Sent), "channel": "email"}}
	}
	return out, err
}

// erased is the part of the day at which a patient asks to be erased: plan, erasure, custodian, certificates, the end of what is held and of its proof; and somebody who worked here.
func erased(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	owner, work := p.As(access.Owner), p.As(access.System)
	s := privacy.New(p.DB, p.Log, privacy.Options{Vault: p.Vault, Anyone: accounts.Public(id.Zero), Copies: copies, Ask: (&answers{}).next, Platform: func() access.Caller { return rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System) },
		Rooms: []privacy.Room{messaging.Keeper{}, followup.Keeper{}, billing.Keeper{}, prescriptions.Keeper{}, visits.Keeper{}, intake.Keeper{}, scheduling.Keeper{}, consent.Keeper{}, oneHeld{}}})
	folk := patients.New(p.DB, p.Log)
	for range 2 {
		who, _, err := folk.Add(ctx, owner, patients.Draft{Name: "Ravi Erased", Phone: "+919876500021", Language: "en"}, true)
		must(err)
		_, err = s.Plan(ctx, owner, who.ID)
		must(err)
		one, err := s.Erase(ctx, owner, who.ID, "deleted_by_clinic")
		must(err)
		glanced(ctx, p, must, privacy.Unruled)
		e, err := s.Get(ctx, owner, one)
		must(err)
		_, err = s.Public(ctx, p.Public(), one)
		must(err)
		_, err = s.OpenHeld(ctx, owner, one, e.Holds[0].ID, "A court asked")
		must(err)
		_, err = s.Ahead(ctx, owner)
		must(err)
		for range 3 {
			must(s.AskCarriers(ctx, work))
			p.Clock.Move(2 * time.Minute)
		}
		_, err = s.Letter(ctx, owner, one, "mailer")
		must(err)
		must(s.Finish(ctx, work, clock.At(p.Clock.Now().Add(-time.Hour)))) // with something that is open still
		must(s.LetterSent(ctx, owner, one, "mailer", 1))
		_, err = s.List(ctx, owner)
		must(err)
		must(s.Finish(ctx, work, clock.At(p.Clock.Now().Add(-time.Hour))))
	}
	heldByPlatform(ctx, t, p, house, s, must)
	// Somebody who worked here.
	book, err := words.Load()
	must(err)
	people := accounts.New(p.DB, p.Log, accounts.Options{Clinics: house, Book: book, PublicURL: "https://almirah.test", Terms: "1"})
	if _, err := people.Former(ctx, owner, owner.Actor()); err == nil {
		t.Error("somebody who never was a colleague is one")
	}
	must(people.FinishErased(ctx, work, []id.ID{owner.Actor()}))
	now := p.Clock.Now()
	for _, later := range []time.Duration{26 * time.Hour, 40 * 24 * time.Hour, (3*365 - 1) * 24 * time.Hour, (3*365 + 3) * 24 * time.Hour, (3*365 + 6) * 24 * time.Hour, 11 * 366 * 24 * time.Hour} {
		p.Clock.Set(now.Add(later))
		_, err := p.Vault.Turn(ctx, false, nil)
		must(err)
		for range 2 {
			must(s.Work(ctx, work))
			must(s.EndCustodies(ctx))
		}
	}
}
