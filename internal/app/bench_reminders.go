package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Operation 15: reminders that fell due at one moment are planned and handed over, each through consent, passport and
// the three commits that tell a crash apart, by as many senders as a process has. Beside it the limit program commits
// one audit row after the other: half as many reminders a second is the goal.

// benchReminders is the key of the operation.
const benchReminders = "15"

// reminderRounds is how often the reminders of the large clinic are timed.
const reminderRounds = 5

// postbox takes every mail at once.
type postbox struct{}

func (postbox) Channel() messaging.Channel { return messaging.Email }
func (postbox) Name() string               { return "postbox" }
func (postbox) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}
	}
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: m.ID.String(), Code: "250"}
}

// These are not the house's own statements, which is why their names do not begin with sql.
const (
	benchAheadText = `SELECT id, patient_id, occurrence FROM appointment WHERE clinic_id = $1 AND day > $2 AND status = 'booked' ORDER BY day, starts_at, id LIMIT $3`
	benchRuleText  = `SELECT id FROM reminder_rule WHERE clinic_id = $1 AND kind = 'reminder' ORDER BY minutes_before LIMIT 1`
)

// remindersDue makes n reminders of the clinic fall due now, of patients who have an address and agreed.
func (b *benchHouse) remindersDue(ctx context.Context, n int, round int) error {
	if b.mailed == nil {
		b.mailed = map[id.ID]bool{}
		for i, p := range b.patients {
			b.mailed[p] = i%8 != 0
		}
	}
	var rule id.ID
	c := b.clinic.ID[:]
	if err := b.bare.Read.QueryRowContext(ctx, benchRuleText, c).Scan(&rule); err != nil {
		return err
	}
	rows, err := b.bare.Read.QueryContext(ctx, benchAheadText, c, string(b.today), 100*n)
	if err != nil {
		return err
	}
	var due [][]any
	var people []id.ID
	now := int64(clock.At(b.Clock.Now()))
	skip := round * n // those of earlier rounds were reminded
	for rows.Next() && len(due) < n {
		var one, patient id.ID
		var occurrence int64
		if err := rows.Scan(&one, &patient, &occurrence); err != nil {
			return errors.Join(err, rows.Close())
		}
		if !b.mailed[patient] {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		due = append(due, []any{c, now, one[:], occurrence, rule[:]})
		people = append(people, patient)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if len(due) < n {
		return fmt.Errorf("bench: %d appointments can be reminded of, %d are needed", len(due), n)
	}
	for from := 0; from < n; from += benchBatch {
		err := b.DB.Change(ctx, b.owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("they agreed in an earlier round")
			for _, p := range people[from:min(n, from+benchBatch)] {
				if err := consent.Record(tx, p, []consent.Choice{{Purpose: consent.Reminder, Given: true}}, consent.DoorDesk, "en", id.Zero); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return b.bare.Fill(ctx, "reminder_due", []string{"clinic_id", "due_at", "appointment_id", "occurrence", "rule_id"}, due)
}

// remindAll plans what is due and hands it over, as a clinic's tick and its senders do; it answers how many left.
func (b *benchHouse) remindAll(ctx context.Context) (int, error) {
	system := jobs.ForClinic(b.clinic.ID)
	for {
		planned := 0
		err := b.DB.Change(ctx, system, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
			tx.Housekeeping("a tick of the bench")
			planned, err = followup.Due(tx, 100)
			return err
		})
		if err != nil {
			return 0, err
		}
		if planned == 0 {
			break
		}
	}
	sent := 0
	for {
		due, err := b.Messages.DueMessages(ctx, system, 100)
		if err != nil || len(due) == 0 {
			return sent, err
		}
		work := make(chan id.ID)
		failed := make(chan error, len(due))
		var crew sync.WaitGroup
		for range jobs.Senders {
			crew.Go(func() {
				for m := range work {
					failed <- b.Messages.Deliver(ctx, system, m)
				}
			})
		}
		for _, m := range due {
			work <- m
		}
		close(work)
		crew.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				return sent, err
			}
		}
		sent += len(due)
	}
}

// commits is how long one commit of one audit row takes, one after the other.
func (l *benchLimit) commits(ctx context.Context, n int) (time.Duration, error) {
	begun := clock.System{}.Now()
	for range n {
		if err := l.alone(ctx, func(ctx context.Context, tx *sql.Tx) error { return l.auditIn(ctx, tx, []byte("x")) }); err != nil {
			return 0, err
		}
	}
	return clock.System{}.Now().Sub(begun) / time.Duration(n), nil
}

// reminders is the row of operation 15, and the line that says whether its goal is met.
func (r *benchRun) reminders(ctx context.Context, engine store.Engine) (string, error) {
	n := min(1000, r.plan.small.patients/5) // 200 with --quick
	round := func(b *benchHouse, i int) (time.Duration, error) {
		if err := b.remindersDue(ctx, n, i); err != nil {
			return 0, err
		}
		begun := clock.System{}.Now()
		sent, err := b.remindAll(ctx)
		if err == nil && sent != n {
			err = fmt.Errorf("bench: %d of %d reminders left", sent, n)
		}
		return clock.System{}.Now().Sub(begun) / time.Duration(n), err
	}
	stop, err := r.profiled(benchReminders)
	if err != nil {
		return "", err
	}
	defer stop()
	// The disk of a shared machine changes its pace within seconds, so each round stands between two of the limit, and
	// the ratio is the median of the rounds' own.
	var large, small, limit []time.Duration
	var ratios []float64
	before, err := r.limit.commits(ctx, n)
	if err != nil {
		return "", err
	}
	limit = append(limit, before)
	for i := range reminderRounds {
		one, err := round(r.large, i)
		if err != nil {
			return "", err
		}
		after, err := r.limit.commits(ctx, n)
		if err != nil {
			return "", err
		}
		large, limit = append(large, one), append(limit, after)
		ratios = append(ratios, float64(2*one)/float64(before+after))
		before = after
		if i >= 3 {
			continue // the small clinic has fewer who can be reminded
		}
		if one, err = round(r.small, i); err != nil {
			return "", err
		}
		small = append(small, one)
	}
	slices.Sort(ratios)
	took, base := median(large), median(limit)
	row := benchRow{Op: benchReminders, Engine: string(engine), P50: float64(took.Nanoseconds()) / 1000, P99: float64(maxOf(large).Nanoseconds()) / 1000, RPS: float64(time.Second) / float64(took),
		Limit: float64(base.Nanoseconds()) / 1000, Ratio: ratios[len(ratios)/2], Growth: float64(took) / float64(median(small))}
	r.rows = append(r.rows, row)
	word := "ok"
	if row.Ratio > 2 {
		word = "MISSED"
	}
	if row.Growth > 1.3 {
		word += ", GROWS"
	}
	return fmt.Sprintf("15  %d due reminders planned and handed over: %.0f a second, %.0f us each; one commit after the other: %.0f a second (goal: half of that or more; the median of %d rounds is %.0f %%, from %.0f to %.0f: %s); growth with ten times the appointments: %.2f",
		n, row.RPS, row.P50, 1e6/row.Limit, len(ratios), 100/row.Ratio, 100/ratios[len(ratios)-1], 100/ratios[0], word, row.Growth), nil
}
