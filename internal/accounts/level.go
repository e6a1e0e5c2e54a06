package accounts

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// How many factors a session was begun with.
const (
	oneFactor  = 1
	twoFactors = 2
)

// halfLife is how long a password that was shown waits for its second factor; freshFor is how long a factor that was shown counts
// for what asks for one again.
const (
	halfLife = 10 * time.Minute
	freshFor = 10 * time.Minute
)

// half says that the person has a second factor and this session has not seen it: nobody is signed in by it.
func (x looked) half() bool { return x.in.Has && x.in.level < twoFactors }

// needsSecond says whether a password alone does not do: by the role (access.NeedsSecondFactor), or because the clinic asks it of everybody.
func needsSecond(role access.Role, everybody bool) bool {
	return everybody || access.NeedsSecondFactor(role)
}

func secondFirst() error { return fault.New(fault.Unauthenticated, "fault.second_factor") }

// Strong says whether the session was begun with two factors, or with a passkey.
func (in SignedIn) Strong() bool { return in.level >= twoFactors }

// Fresh says whether a factor was shown so shortly before now that nothing asks for it again.
func (in SignedIn) Fresh(now time.Time) bool { return clock.At(now).Sub(in.Proved) <= freshFor }

// idle is after how long without use a session in a clinic ends: the clinic's own minutes within the bounds, or the house's.
func (s *Service) idle(minutes int64) time.Duration {
	if minutes <= 0 {
		return s.o.Idle
	}
	return min(max(time.Duration(minutes)*time.Minute, leastIdle), mostIdle)
}

const leastIdle = 5 * time.Minute

const (
	sqlRuleGet = `SELECT everybody, idle, version FROM sign_in_rule WHERE clinic_id = $1`
	sqlRuleSet = `INSERT INTO sign_in_rule (clinic_id, everybody, idle, version) VALUES ($1, $2, $3, 1)
	ON CONFLICT (clinic_id) DO UPDATE SET everybody = excluded.everybody, idle = excluded.idle, version = sign_in_rule.version + 1 WHERE sign_in_rule.version = $4`
)

// Rule is what a clinic asks of its people when they sign in, beyond what the house asks.
type Rule struct {
	Everybody bool  // a second factor of every role
	Idle      int64 // minutes without use after which a session ends; zero: the house's
	Version   int64 // zero: never set
}

// Rule is the rule of the caller's clinic. house is the idle time that holds without one, in minutes.
func (s *Service) Rule(ctx context.Context, who access.Caller) (r Rule, house int64, err error) {
	if !who.May(access.ClinicSignIn) {
		return r, 0, forbidden()
	}
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		r, err = readRule(p, who.Clinic())
		return err
	})
	return r, int64(s.o.Idle / time.Minute), err
}

func readRule(p *store.Platform, clinic id.ID) (Rule, error) {
	var r Rule
	err := p.Row(sqlRuleGet, clinic).Scan(&r.Everybody, &r.Idle, &r.Version)
	if err == store.ErrNoRows {
		err = nil
	}
	return r, err
}

// SetRule changes the rule; it counts from the next request of everybody. fault.Invalid with "idle" outside five minutes to an hour;
// fault.Conflict when somebody changed it meanwhile.
func (s *Service) SetRule(ctx context.Context, who access.Caller, r Rule) error {
	if !who.May(access.ClinicSignIn) {
		return forbidden()
	}
	if r.Idle != 0 && s.idle(r.Idle) != time.Duration(r.Idle)*time.Minute {
		var f fault.Fields
		f.AddWith("idle", "field.idle.bounds", map[string]any{"Least": int64(leastIdle / time.Minute), "Most": int64(mostIdle / time.Minute)})
		return f.Err()
	}
	var note audit.Note
	err := s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		old, err := readRule(p, who.Clinic())
		if err != nil {
			return err
		}
		type words struct {
			Everybody bool  `json:"everybody"`
			Idle      int64 `json:"idle"`
		}
		note = audit.Note{Action: "change-sign-in", Kind: "clinic", Subject: who.Clinic(), Old: words{old.Everybody, old.Idle}, New: words{r.Everybody, r.Idle}}
		p.Record(note)
		n, err := p.Exec(sqlRuleSet, who.Clinic(), r.Everybody, r.Idle, r.Version)
		if err == nil && (n != 1 || old.Version != r.Version) {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicSignIn, func(_ context.Context, tx *store.Tx) error {
		tx.Record(note)
		return nil
	})
}
