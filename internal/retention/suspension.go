package retention

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Ground is why a clinic is suspended. There are no others: what is not one of these is settled in words.
type Ground string

// The grounds. Their words are at suspension.ground.<ground>.
const (
	Unlawful Ground = "unlawful" // used for what the law forbids
	Mistaken Ground = "identity" // whoever opened it is not who she says
	Spam     Ground = "spam"     // messages to people who are no patients, or did not agree
	Attack   Ground = "attack"   // used to attack this or another system
	Danger   Ground = "danger"   // an open hole, or a stolen sign-in, by which patients come to harm now
)

// Grounds are all grounds, in the order of pages.
func Grounds() []Ground { return []Ground{Unlawful, Mistaken, Spam, Attack, Danger} }

// Before is how long before it begins the owners are told. Where patients come to harm meanwhile it is an hour. Ours.
func (g Ground) Before() time.Duration {
	if g == Danger || g == Attack {
		return time.Hour
	}
	return 72 * time.Hour
}

// Suspension is that a clinic may only read for a while, because it breaks the terms (promise suspension).
type Suspension struct {
	ID         id.ID
	Clinic     id.ID
	State      string // asked, announced, refused, lifted
	Ground     Ground
	Words      string // what has to change; sealed
	AskedBy    id.ID
	AskedAt    clock.Instant
	ApprovedBy id.ID // another operator; zero: nobody yet
	ApprovedAt clock.Instant
	BeginsAt   clock.Instant
	LiftedAt   clock.Instant
	Version    int64
}

// Stands says whether the clinic may only read at the moment.
func (x Suspension) Stands(now clock.Instant) bool {
	return x.State == "announced" && now >= x.BeginsAt
}

const (
	suspendColumns = `id, clinic_id, state, ground, words, asked_by, asked_at, approved_by, approved_at, begins_at, lifted_at, version FROM suspension`
	sqlSuspendAdd  = `INSERT INTO suspension (id, clinic_id, state, ground, words, asked_by, asked_at) VALUES ($1, $2, 'asked', $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	sqlSuspendGet  = `SELECT ` + suspendColumns + ` WHERE id = $1`
	sqlSuspendList = `SELECT ` + suspendColumns + ` ORDER BY CASE WHEN state IN ('asked', 'announced') THEN 0 ELSE 1 END, asked_at DESC, id LIMIT 100`
	sqlSuspendOf   = `SELECT ` + suspendColumns + ` WHERE clinic_id = $1 AND state = 'announced'`
	sqlSuspendYes  = `UPDATE suspension SET state = 'announced', approved_by = $3, approved_at = $4, begins_at = $5, told_before = $4, version = version + 1 WHERE id = $1 AND version = $2 AND state = 'asked'`
	sqlSuspendNo   = `UPDATE suspension SET state = $3, lifted_by = $4, lifted_at = $5, version = version + 1 WHERE id = $1 AND version = $2 AND state IN ('asked', 'announced')`
	sqlSuspendDue  = `SELECT ` + suspendColumns + ` WHERE state = 'announced' AND told_after = 0 AND begins_at <= $1 LIMIT 100`
	sqlSuspendOld  = `DELETE FROM suspension WHERE state IN ('refused', 'lifted') AND lifted_at > 0 AND lifted_at < $1`
	sqlSuspendTold = `UPDATE suspension SET told_after = $2 WHERE id = $1 AND told_after = 0`
)

func suspensions(p *store.Platform, text string, args ...any) ([]Suspension, error) {
	rows, err := p.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Suspension
	for rows.Next() {
		var x Suspension
		var words []byte
		if err := rows.Scan(&x.ID, &x.Clinic, &x.State, &x.Ground, &words, &x.AskedBy, &x.AskedAt, &x.ApprovedBy, &x.ApprovedAt, &x.BeginsAt, &x.LiftedAt, &x.Version); err != nil {
			return nil, err
		}
		if x.Words, err = p.Unseal(vault.ClinicData, "suspension", "words", x.ID, words); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// Suspensions are those that stand or wait, and the last that are over.
func (s *Service) Suspensions(ctx context.Context, who access.Caller) (out []Suspension, err error) {
	err = s.db.Across(ctx, who, access.PlatformSuspend, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("which clinics are suspended")
		out, err = suspensions(p, sqlSuspendList)
		return err
	})
	return out, err
}

// Suspended is the suspension that stands or is announced, for the clinic's owners. there is false when there is none.
func (s *Service) Suspended(ctx context.Context, who access.Caller) (out Suspension, there bool, err error) {
	err = s.db.Across(ctx, who, access.PlatformAccount, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("an owner looks at why her clinic is suspended")
		list, err := suspensions(p, sqlSuspendOf, who.Clinic())
		if err == nil && len(list) > 0 {
			out, there = list[0], true
		}
		return err
	})
	return out, there, err
}

// AskSuspend asks for a clinic to be suspended on a ground, with words that say what has to change; they are for its owners. Nothing happens before another
// operator agrees. fault.Invalid names "clinic", "ground" and "reason"; fault.Conflict when one stands or waits already.
func (s *Service) AskSuspend(ctx context.Context, who access.Caller, clinic id.ID, g Ground, words string) error {
	var f fault.Fields
	words = reasonOf(words, &f)
	known := false
	for _, x := range Grounds() {
		known = known || x == g
	}
	if !known {
		f.Add("ground", "field.kind.needed")
	}
	if clinic.IsZero() {
		f.Add("clinic", "field.clinic.needed")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformSuspend, func(_ context.Context, p *store.Platform) error {
		one := p.NewID()
		sealed, err := p.Seal(vault.ClinicData, "suspension", "words", one, words)
		if err != nil {
			return err
		}
		n, err := p.Exec(sqlSuspendAdd, one, clinic, string(g), sealed, who.Actor(), p.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.suspension_there")
		}
		p.Record(audit.Note{Action: "ask-suspend", Kind: "suspension", Subject: one, New: map[string]any{"clinic": clinic, "ground": g}})
		return err
	})
}

// ApproveSuspend announces the suspension to the clinic's owners; it begins when they have had the time that its ground leaves them. fault.Forbidden for
// whoever asked, or became an operator after it was asked; fault.NotFound when there is none of that id; fault.Conflict when it no longer waits.
func (s *Service) ApproveSuspend(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	here, err := s.here(ctx, who)
	if err != nil {
		return err
	}
	return s.decideSuspend(ctx, who, one, accounts.NoticeSuspendSoon, "announce-suspend", func(p *store.Platform, x Suspension) error {
		if x.AskedBy == who.Actor() {
			return fault.New(fault.Forbidden, "fault.another_person")
		}
		if here > x.AskedAt {
			return accounts.TooNew()
		}
		begins := p.Now().Add(x.Ground.Before())
		if err := changed(p.Exec(sqlSuspendYes, one, version, who.Actor(), p.Now(), begins)); err != nil {
			return err
		}
		return p.SuspendedFrom(x.Clinic, begins)
	})
}

// Lift ends a suspension, before it began or after, or refuses one that waits: one operator is enough for it. Its faults are those of ApproveSuspend.
func (s *Service) Lift(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.decideSuspend(ctx, who, one, accounts.NoticeSuspendLifted, "lift-suspend", func(p *store.Platform, x Suspension) error {
		to := "lifted"
		if x.State == "asked" {
			to = "refused"
		}
		if err := changed(p.Exec(sqlSuspendNo, one, version, to, who.Actor(), p.Now())); err != nil {
			return err
		}
		return p.SuspendedFrom(x.Clinic, 0)
	})
}

// decideSuspend decides and has the owners told in one passage, so that nothing is announced of which they do not learn; then it is written into the clinic's own log.
// Of what was only asked, and is refused, the clinic was never told.
func (s *Service) decideSuspend(ctx context.Context, who access.Caller, one id.ID, notice, action string, do func(p *store.Platform, x Suspension) error) error {
	find := func(p *store.Platform) (Suspension, error) {
		list, err := suspensions(p, sqlSuspendGet, one)
		if err == nil && len(list) == 0 {
			err = fault.Missing()
		}
		if err != nil {
			return Suspension{}, err
		}
		return list[0], nil
	}
	var x Suspension
	err := s.db.Across(ctx, who, access.PlatformSuspend, func(_ context.Context, p *store.Platform) (err error) {
		p.Housekeeping("whose suspension is decided")
		x, err = find(p)
		return err
	})
	if err != nil {
		return err
	}
	name, err := s.nameOf(ctx, x.Clinic)
	if err != nil {
		return err
	}
	quiet := false
	err = s.db.Across(ctx, who, access.PlatformSuspend, func(_ context.Context, p *store.Platform) (err error) {
		if x, err = find(p); err != nil {
			return err
		}
		p.Record(audit.Note{Action: action, Kind: "suspension", Subject: one, Old: x.State, New: map[string]any{"clinic": x.Clinic, "ground": x.Ground}})
		if err := do(p, x); err != nil {
			return err
		}
		if quiet = notice == accounts.NoticeSuspendLifted && x.State == "asked"; quiet {
			return nil
		}
		return accounts.OwnersTold(p, x.Clinic, name, notice, "/app/account")
	})
	if err != nil || quiet {
		return err
	}
	return s.noted(ctx, x, action)
}

// nameOf is what the clinic is called.
func (s *Service) nameOf(ctx context.Context, clinic id.ID) (name string, err error) {
	if s.o.ForClinic == nil {
		return "", nil
	}
	err = s.db.View(ctx, s.o.ForClinic(clinic), access.Work, func(_ context.Context, v *store.View) error {
		return v.Row(sqlClinicName).Scan(&name)
	})
	return name, err
}

// noted writes it into the clinic's own log.
func (s *Service) noted(ctx context.Context, x Suspension, action string) error {
	if s.o.ForClinic == nil {
		return nil
	}
	return s.db.Change(ctx, s.o.ForClinic(x.Clinic), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: action, Kind: "clinic", Subject: x.Clinic, New: map[string]any{"ground": x.Ground}})
		return nil
	})
}

const sqlClinicName = `SELECT name FROM clinic WHERE clinic_id = $1`

// WatchSuspensions tells the owners of clinics whose suspension began. It is run every few minutes.
func (s *Service) WatchSuspensions(ctx context.Context, who access.Caller) error {
	var due []Suspension
	err := s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) (err error) {
		p.Housekeeping("suspensions that began, and what was lifted long ago")
		if _, err := p.Exec(sqlSuspendOld, p.Now().Add(-keepHolds)); err != nil {
			return err
		}
		due, err = suspensions(p, sqlSuspendDue, p.Now())
		return err
	})
	for _, x := range due {
		if err != nil {
			return err
		}
		name, failed := s.nameOf(ctx, x.Clinic)
		if failed == nil {
			failed = s.noted(ctx, x, "suspend")
		}
		if failed != nil {
			return failed
		}
		err = s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("the owners are told that it began")
			if n, err := p.Exec(sqlSuspendTold, x.ID, p.Now()); err != nil || n == 0 { // another process was faster
				return err
			}
			return accounts.OwnersTold(p, x.Clinic, name, accounts.NoticeSuspended, "/app/account")
		})
	}
	return err
}
