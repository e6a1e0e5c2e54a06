package programs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	lease     = 2 * time.Minute  // how long a process has an address for itself
	sitting   = 45 * time.Second // after which a job makes room for others
	patience  = 15 * time.Second // for one answer
	mostRead  = 4 << 10          // bytes of an answer that are read before the connection is dropped
	restAfter = 5 * time.Second  // how long an address is left alone after it failed
	restIdle  = 10 * time.Minute // and where the clinic lets nothing leave: what waits is looked at again then
	mostWait  = 24 * time.Hour   // that a receiver may ask for
)

// Why an attempt failed without an answer.
const (
	reasonTimeout = "timeout"
	reasonRefused = "refused" // the address leads to a place that is not public, or is not its own
	reasonNetwork = "network"
)

// Waiting are the addresses for which something is due.
func (s *Service) Waiting(ctx context.Context, who access.Caller) (out []id.ID, err error) {
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		out, err = store.IDs(v, sqlEndpointsDue, v.Now())
		return err
	})
	return out, err
}

// Work tells one address what is due for it, one telling after the other, for a while at most. One process at a time does so; what a process
// that died left behind is found again. Each attempt is written down before it is made, so that a telling is made at least once and never goes on for ever.
func (s *Service) Work(ctx context.Context, who access.Caller, one id.ID) error {
	taken := false
	err := s.change(ctx, who, func(tx *store.Tx) error {
		n, err := tx.Exec(sqlEndpointTake, one, tx.Now(), tx.Now().Add(lease))
		taken = n == 1
		return err
	})
	if err != nil || !taken {
		return err
	}
	rest := time.Duration(0)
	begun := s.db.Clock().Now()
	for err == nil && s.db.Clock().Now().Sub(begun) < sitting {
		var more bool
		if more, rest, err = s.next(ctx, who, one); !more || rest > 0 {
			break
		}
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(err, s.change(ctx, who, func(tx *store.Tx) error {
		at := tx.Now().Add(rest)
		tx.DueBy(at)
		_, err := tx.Exec(sqlEndpointGive, one, at)
		return err
	}))
}

func (s *Service) change(ctx context.Context, who access.Caller, fn func(tx *store.Tx) error) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("the tellings of a webhook are their own record")
		return fn(tx)
	})
}

// next makes one attempt; more says whether there was one to make, rest how long the address is left alone now.
func (s *Service) next(ctx context.Context, who access.Caller, one id.ID) (more bool, rest time.Duration, err error) {
	var d Delivery
	var e Endpoint
	err = s.change(ctx, who, func(tx *store.Tx) error {
		more, rest = false, 0
		if e, err = endpoint(&tx.View, one); fault.Is(err, fault.NotFound) || err == nil && e.State != On {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.allowed(&tx.View); err != nil { // it stays as it is, for when it is allowed again
			if fault.Is(err, fault.Conflict) {
				rest = restIdle
				return nil
			}
			return err
		}
		d, err = scanDelivery(tx.Row(sqlDeliveryNext, one, tx.Now()))
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlDeliveryTry, d.ID, d.Attempts, tx.Now(), tx.Now().Add(pause(d.Attempts, 0)))
		d.Attempts++
		more = n == 1
		return err
	})
	if err != nil || !more {
		return false, rest, err
	}
	got := s.post(ctx, e, d)
	if errors.Is(got.err, egress.ErrHeld) { // nothing may leave: it stays as it is, and comes again
		return false, restIdle, nil
	}
	if !got.well() {
		rest = restAfter
	}
	return true, rest, s.change(ctx, who, func(tx *store.Tx) error { return s.answered(tx, e, d, got) })
}

// pause is how long after an attempt (the first is number 0) the next one is made, a little off so that many do not come at once.
func pause(attempt int, asked time.Duration) time.Duration {
	wait := schedule[min(attempt, len(schedule)-1)]
	wait += time.Duration(rand.Int64N(int64(wait)/10 + 1))
	return max(wait, min(asked, mostWait))
}

// answer is what came of one attempt.
type answer struct {
	status int
	wait   time.Duration // that the receiver asks for
	reason string
	err    error
}

func (a answer) well() bool { return a.status >= 200 && a.status < 300 }

// post makes the request. No redirect is followed, and of the answer a few thousand bytes are read and none is kept.
func (s *Service) post(ctx context.Context, e Endpoint, d Delivery) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := s.db.Clock().Now()
	body := d.body()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return answer{reason: reasonNetwork, err: err}
	}
	secrets := []string{e.secret}
	if e.OldUntil > clock.At(now) {
		secrets = append(secrets, e.old)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Almirah-Webhooks/1")
	r.Header.Set("webhook-id", d.MessageID())
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", sign(d.MessageID(), now, body, secrets...))
	way := s.o.Reach(e.Host)
	if c, ok := way.(interface{ CloseIdleConnections() }); ok {
		defer c.CloseIdleConnections()
	}
	res, err := way.RoundTrip(r) // a redirect is an answer like another
	if err != nil {
		return answer{reason: reasonOf(err), err: err}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, mostRead) // whatever it says: the status is the answer
	out := answer{status: res.StatusCode}
	if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && n > 0 && n < int(mostWait/time.Second) {
		out.wait = time.Duration(n) * time.Second
	}
	return out
}

// reasonOf names a failure of the network in one word. The errors of net/http quote the whole address, which may hold a secret.
func reasonOf(err error) string {
	var slow net.Error
	switch {
	case errors.Is(err, egress.ErrPrivate), errors.Is(err, egress.ErrNotListed), errors.Is(err, egress.ErrPlain):
		return reasonRefused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return reasonTimeout
	}
	return reasonNetwork
}

// answered writes down what came of an attempt. An address that wants no more, or that failed for days on end, is switched off.
func (s *Service) answered(tx *store.Tx, e Endpoint, d Delivery, got answer) error {
	if got.well() {
		if _, err := tx.Exec(sqlDeliveryDone, d.ID, d.Attempts, Delivered, got.status, "", tx.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(sqlEndpointWell, e.ID)
		return err
	}
	state, due := Planned, tx.Now().Add(pause(d.Attempts-1, got.wait))
	if d.Attempts > len(schedule) {
		state = Failed
	}
	if _, err := tx.Exec(sqlDeliveryDone, d.ID, d.Attempts, state, got.status, got.reason, due); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlEndpointIll, e.ID, tx.Now()); err != nil {
		return err
	}
	switch {
	case got.status == http.StatusGone:
		return stop(tx, e, Gone)
	case e.FailingSince > 0 && tx.Now().Sub(e.FailingSince) >= failDays:
		return stop(tx, e, Failing)
	}
	return nil
}

// stop switches an address off; its owners are told by mail (TellOwners).
func stop(tx *store.Tx, e Endpoint, why string) error {
	n, err := tx.Exec(sqlEndpointStop, e.ID, why, tx.Now())
	if err != nil || n == 0 {
		return err
	}
	tx.Record(audit.Note{Action: "switch", Kind: "webhook", Subject: e.ID, Old: On, New: map[string]any{"state": Off, "why": why}})
	_, err = tx.Exec(sqlDeliveryStop, e.ID)
	return err
}
