package incidents

import (
	"context"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The thresholds of the rules. No law names such numbers; each is ours, and says what it rests on.
const (
	manyOpened  = 40               // records of different patients opened by one sign-in: three times what a desk opens for a queue
	withinSpan  = 20 * time.Minute // within which that is much; a little more than the pause between two looks
	manyExports = 3                // files taken along by one person
	exportSpan  = time.Hour        // within that time
	manyGuessed = 5                // people of one clinic whose password was typed wrongly
	guessSpan   = time.Hour        // within that time; one who forgot hers is one
)

// Signal is something that a rule noticed. One incident stands for one cause.
type Signal struct {
	Rule      Rule
	Cause     string // what makes it the same again, such as "many-opened:<sign-in>"; ids and days only
	Person    id.ID
	Session   id.ID
	Processor string
	From, To  clock.Instant // To is zero while it may go on
	Times     int64         // how many it is about; zero: one more than before
	OpenedBy  id.ID
	Words     string
}

// Suspect writes down what was noticed, in the Change of whoever noticed it: an incident of its own for a new cause, one more for a known
// one. Of two who notice it at once, one opens it. It answers the incident, and whether it is new.
func Suspect(tx *store.Tx, s Signal) (one id.ID, fresh bool, err error) {
	one = tx.NewID()
	sealed, err := tx.Seal(vault.ClinicData, "incident", "words", one, s.Words)
	if err != nil {
		return id.Zero, false, err
	}
	times := max(s.Times, 1)
	n, err := tx.Exec(sqlAdd, one, s.Cause, string(s.Rule), id.Null(s.Person), id.Null(s.Session), s.Processor, s.From, s.To, times, tx.Now(), id.Null(s.OpenedBy), sealed)
	if err != nil {
		return id.Zero, false, err
	}
	if n == 1 {
		tx.Record(audit.Note{Action: "suspect", Kind: "incident", Subject: one, New: map[string]any{"rule": s.Rule, "words": s.Words}})
		return one, true, nil
	}
	tx.Housekeeping("a known incident was noticed again; that it was noticed is recorded")
	if s.Times > 0 {
		_, err = tx.Exec(sqlMore, s.Cause, s.Times, tx.Now())
	} else {
		_, err = tx.Exec(sqlAgain, s.Cause, tx.Now())
	}
	if err != nil {
		return id.Zero, false, err
	}
	err = tx.Row(sqlByCause, s.Cause).Scan(&one)
	return one, false, err
}

// Watch applies the rules to what happened lately. who is the clinic's own work.
func (s *Service) Watch(ctx context.Context, who access.Caller) error {
	guessed, err := s.o.Accounts.Guessed(ctx, who, guessSpan)
	if err != nil {
		return err
	}
	var found []Signal
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		found, err = noticed(v)
		return err
	})
	if guessed >= manyGuessed {
		now := clock.At(s.db.Clock().Now())
		found = append(found, Signal{Rule: Guessing, Cause: "guessing:" + string(clock.DateOf(now.Time())), From: now.Add(-guessSpan), Times: int64(guessed)})
	}
	if err != nil || len(found) == 0 {
		return err
	}
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		for _, x := range found {
			if _, _, err := Suspect(tx, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// noticed asks the log what the rules are about.
func noticed(v *store.View) ([]Signal, error) {
	var out []Signal
	lately := v.Now().Add(-withinSpan)
	rows, err := v.Query(sqlManyOpened, firstID(lately), id.Zero, manyOpened)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		x := Signal{Rule: ManyOpened}
		if err := rows.Scan(&x.Session, &x.Person, &x.Times, &x.From); err != nil {
			_ = rows.Close()
			return nil, err
		}
		x.Cause, x.From = "many-opened:"+x.Session.String(), x.From.Add(-sessionLife)
		out = append(out, x)
	}
	if err := firstOf(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	if rows, err = v.Query(sqlExports, firstID(v.Now().Add(-exportSpan)), id.Zero, manyExports); err != nil {
		return nil, err
	}
	for rows.Next() {
		x := Signal{Rule: Exports}
		if err := rows.Scan(&x.Person, &x.Times, &x.From); err != nil {
			_ = rows.Close()
			return nil, err
		}
		x.Cause = fmt.Sprintf("exports:%s:%s", x.Person, clock.DateOf(x.From.Time()))
		out = append(out, x)
	}
	if err := firstOf(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	more, err := marked(v, lately)
	return append(out, more...), err
}

// marked are the signals of single entries of the log: an emergency, and a carrier that refused an account.
func marked(v *store.View, since clock.Instant) (out []Signal, err error) {
	rows, err := v.Query(sqlMarked, firstID(since))
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var action, kind string
		var subject, actor id.ID
		var at clock.Instant
		if err := rows.Scan(&action, &kind, &subject, &actor, &at); err != nil {
			_ = rows.Close()
			return nil, err
		}
		x := Signal{Rule: BreakGlass, Cause: "break-glass:" + subject.String(), Person: actor, From: at, Times: 1}
		if kind == "channel" {
			x = Signal{Rule: Refused, Cause: fmt.Sprintf("carrier-refused:%s:%s", subject, clock.DateOf(at.Time())), From: at, Times: 1}
		}
		out = append(out, x)
	}
	return out, firstOf(rows.Err(), rows.Close())
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// SeenTwice says that one sign-in of the caller was used from two browsers at once.
func (s *Service) SeenTwice(ctx context.Context, who access.Caller) error {
	return s.db.Change(ctx, who, access.IncidentReport, func(_ context.Context, tx *store.Tx) error {
		_, _, err := Suspect(tx, Signal{Rule: TwoDevices, Cause: "two-devices:" + who.Session().String(), Person: who.Actor(), Session: who.Session(), From: tx.Now().Add(-sessionLife)})
		return err
	})
}

// Report is what a member of staff says: what it is, and in a few words what happened. A device or a sign-in is
// her own. fault.Invalid names "rule" and "words".
func (s *Service) Report(ctx context.Context, who access.Caller, rule Rule, typed string) (one id.ID, err error) {
	var f fault.Fields
	known := false
	for _, r := range Reportable() {
		known = known || r == rule
	}
	if !known {
		f.Add("rule", "field.kind.needed")
	}
	least := 0
	if rule == Other || rule == WrongHands {
		least = 5
	}
	words := text(typed, "words", least, &f)
	if err := f.Err(); err != nil {
		return id.Zero, err
	}
	err = s.db.Change(ctx, who, access.IncidentReport, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		x := Signal{Rule: rule, Words: words, OpenedBy: who.Actor(), From: tx.Now().Add(-24 * time.Hour), Times: 1}
		// Pressed twice is reported once: the same kind by the same person within the day is the same cause unless she says something else.
		x.Cause = fmt.Sprintf("%s:%s:%s:%d", rule, who.Actor(), clock.DateOf(tx.Now().In(c.Location())), len(words))
		if rule == LostDevice || rule == Strange {
			x.Person = who.Actor()
		}
		var fresh bool
		if one, fresh, err = Suspect(tx, x); err != nil || fresh {
			return err
		}
		if was, err := get(&tx.View, one); err != nil || was.Words == words && was.State != Closed {
			return err
		}
		x.Cause += ":" + tx.NewID().String() // as long as another, and not the same
		one, _, err = Suspect(tx, x)
		return err
	})
	return one, err
}

// TellOwners has the owners told by mail that something was noticed, once for each batch. who is the clinic's own work.
func (s *Service) TellOwners(ctx context.Context, who access.Caller, tell func(clinic string) error) error {
	return clinics.TellOwners(ctx, s.db, who, sqlUntold, sqlMailed, "owners were told; what they were told of is recorded", tell)
}
