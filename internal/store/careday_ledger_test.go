package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// oversee is the part of the day with the audit log: entries found, days examined, findings settled, days signed off, the head mailed.
func oversee(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	owner, snoop, system := p.As(access.Owner), p.As(access.Practitioner), p.As(access.System)
	s, people := oversight.New(p.DB), patients.New(p.DB, p.Log)
	one, _, err := people.Add(ctx, p.As(access.FrontDesk), patients.Draft{Name: "Kavita Nair", BirthDate: "1980-02-03"}, true)
	must(err)
	var open []oversight.Finding
	for try := range 9 { // ids of one process never go back: another test whose clock runs ahead pulls them along
		if at := id.New(p.Clock.Now()).Time(); at.After(p.Clock.Now()) {
			p.Clock.Set(at)
		}
		if try > 0 {
			must(p.DB.Change(ctx, system, access.Work, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("the days before are not of interest")
				_, err := tx.Exec(`DELETE FROM oversight_state WHERE clinic_id = $1`)
				return err
			}))
		}
		must(s.Examine(ctx, system, nil))
		_, err = people.Open(ctx, snoop, one.ID)
		must(err)
		p.Clock.Move(24 * time.Hour)
		must(s.Examine(ctx, system, map[id.ID]string{snoop.Actor(): "Leela Nair"}))
		open, _, err = s.Findings(ctx, owner, 10)
		must(err)
		if len(open) > 0 {
			break
		}
	}
	if len(open) == 0 {
		t.Fatal("nothing was noticed")
	}
	_, err = s.Unsettled(ctx, owner)
	must(err)
	must(s.Settle(ctx, owner, open[0].ID, "Her mother, who asked", open[0].Version, false))
	_, _, err = s.Findings(ctx, owner, 10)
	must(err)
	_, err = people.Open(ctx, snoop, one.ID)
	must(err)
	p.Clock.Move(24 * time.Hour)
	must(s.Examine(ctx, system, nil))
	today := p.Day(0)
	must(s.SignOff(ctx, owner, today.AddDays(-1), today, "All is well", "12 abc="))
	_, err = s.Reviews(ctx, owner, 10)
	must(err)
	for range 2 {
		_, err = s.DueMail(ctx, system, map[id.ID]access.Role{owner.Actor(): access.Owner})
		must(err)
		p.Clock.Move(24 * time.Hour)
	}
	_, err = s.Mailed(ctx, owner)
	must(err)
	must(s.Mail(ctx, owner, false))
	glanced(ctx, p, must, since(oversight.Unmailed))
	must(s.Taken(ctx, owner, "table", 3))
	for _, q := range []oversight.Question{{Action: "open", Kind: "patient", Who: snoop.Actor()}, {Patient: one.ID}} {
		_, err = s.Leaves(ctx, owner, q, 20)
		must(err)
	}
	must(p.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		_, err := oversight.Keeper{}.Collect(v, one.ID)
		return err
	}))
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return oversight.Keeper{}.Erase(tx, one.ID) }))
}

// overseen is what remains of it two years later: nothing.
func overseen(ctx context.Context, p *practice.Practice, must func(error)) {
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := oversight.Keeper{}.Due(tx)
		return err
	}))
}
