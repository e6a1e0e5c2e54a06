package store_test

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// demanded is the part of the day on which courts ask: one demand is given, one refused, one dropped, one given that nobody may be told of yet.
func demanded(ctx context.Context, p *practice.Practice, owner access.Caller, patient id.ID, must func(error)) {
	s := disclosures.New(p.DB, disclosures.Options{
		Collect: func(*store.View, id.ID, disclosures.Part) (map[string][]map[string]string, error) { return nil, nil },
		Texts: func([]string, disclosures.Disclosure) []messaging.SecurityNotice {
			return []messaging.SecurityNotice{{Language: "en", Text: messaging.Text{Subject: "Given", Body: "Dear {{.PatientName}}"}}}
		},
	})
	now := p.Clock.Now()
	asks := rig.SignedIn(p.Clinic, id.New(now), id.New(now), access.Manager)
	ask := func(gag clock.Date) id.ID {
		d := disclosures.Draft{Patient: patient, Ground: disclosures.Life, Recipient: "Ambulance", Why: "She lies unconscious.", Parts: []disclosures.Part{disclosures.Identity}, Gag: gag}
		if gag != "" {
			d.GagWhy = "An order"
		}
		one, err := s.Ask(ctx, asks, d)
		must(err)
		return one
	}
	given, silent := ask(""), ask(clock.DateOf(now).AddDays(9))
	for _, one := range []id.ID{given, silent} {
		must(s.Decide(ctx, owner, one, 1, true, "Yes."))
		_, _, err := s.File(ctx, owner, one)
		must(err)
	}
	must(s.Decide(ctx, owner, ask(""), 1, false, "No."))
	must(s.Drop(ctx, asks, ask(""), 1))
	must(s.TellDue(ctx, p.As(access.System)))
	_, err := s.List(ctx, owner)
	must(err)
	_, err = s.Get(ctx, owner, given)
	must(err)
	must(p.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		_, err := disclosures.Keeper{}.Collect(v, patient)
		return err
	}))
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return disclosures.Keeper{}.Erase(tx, patient) }))
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE disclosure SET asked_at = $2 WHERE clinic_id = $1 AND state = 'dropped'`, clock.At(now.Add(-8*366*24*time.Hour)))
		if err != nil {
			return err
		}
		_, err = disclosures.Keeper{}.Due(tx)
		return err
	}))
}
