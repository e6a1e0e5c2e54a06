package billing

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The calls that can be due. The subject is an event, a request, a request, a refund, an account.
const (
	workEvent  = "event"
	workLook   = "look"
	workClose  = "close"
	workReturn = "return"
	workCheck  = "check"
)

const (
	lease      = 3 * time.Minute    // how long a call may take before somebody else may do it
	lookAfter  = 3 * time.Minute    // after which a request whose page never came is asked about
	lookLong   = 7 * 24 * time.Hour // after the end of a page, in which it is still asked about
	returnLook = 30 * time.Minute   // after which a refund that is pending is asked about
	workBatch  = 50
)

const (
	sqlWorkAdd = `INSERT INTO gateway_work (clinic_id, kind, subject, due_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (clinic_id, kind, subject) DO UPDATE SET due_at = excluded.due_at, tries = 0`
	sqlWorkDue   = `SELECT kind, subject, due_at, tries FROM gateway_work WHERE clinic_id = $1 AND due_at <= $2 ORDER BY due_at, kind, subject LIMIT $3`
	sqlWorkNext  = `SELECT CAST(COALESCE(MIN(due_at), 0) AS BIGINT) FROM gateway_work WHERE clinic_id = $1`
	sqlWorkTake  = `UPDATE gateway_work SET due_at = $5, tries = tries + 1 WHERE clinic_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4`
	sqlWorkDone  = `DELETE FROM gateway_work WHERE clinic_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4`
	sqlWorkDrop  = `DELETE FROM gateway_work WHERE clinic_id = $1 AND kind = $2 AND subject = $3`
	sqlWorkAgain = `UPDATE gateway_work SET due_at = $5 WHERE clinic_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4`
)

type call struct {
	kind    string
	subject id.ID
	at      clock.Instant
	tries   int64
}

// due makes a call due, whatever it was before, and the clinic with it.
func due(tx *store.Tx, kind string, subject id.ID, at clock.Instant) error {
	_, err := tx.Exec(sqlWorkAdd, kind, subject, at)
	tx.DueBy(at)
	return err
}

// NextDue is when the clinic has to be looked at for its next call to a gateway; zero for never. A call that is due now is in somebody's hands: should these lose
// it, the clinic is looked at again in a quarter of a minute.
func NextDue(v *store.View) (clock.Instant, error) {
	var at clock.Instant
	err := v.Row(sqlWorkNext).Scan(&at)
	if at > 0 && at <= v.Now() {
		at = v.Now().Add(15 * time.Second)
	}
	return at, err
}

// Waiting says whether a call to a gateway is due now.
func (o *Gateways) Waiting(ctx context.Context, who access.Caller) (bool, error) {
	waiting := false
	err := o.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		var at clock.Instant
		err := v.Row(sqlWorkNext).Scan(&at)
		waiting = at > 0 && at <= v.Now()
		return err
	})
	return waiting, err
}

// Work makes the calls that are due. It may run in several processes at once: each call is taken first, and what a crash leaves is due again.
func (o *Gateways) Work(ctx context.Context, who access.Caller) error {
	for {
		var list []call
		err := o.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
			rows, err := v.Query(sqlWorkDue, v.Now(), workBatch)
			if err != nil {
				return err
			}
			defer rows.Close()
			list = nil
			for rows.Next() {
				var c call
				if err := rows.Scan(&c.kind, &c.subject, &c.at, &c.tries); err != nil {
					return err
				}
				list = append(list, c)
			}
			return rows.Err()
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if err := o.make(ctx, who, c); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if len(list) < workBatch {
			return nil
		}
	}
}

// make takes one call, makes it, and strikes it off or puts it later. An error of the call itself is no error of Work.
func (o *Gateways) make(ctx context.Context, who access.Caller, c call) error {
	taken := int64(0)
	var mine clock.Instant
	err := o.change(ctx, who, access.Work, "a call to a gateway is taken", func(tx *store.Tx) (err error) {
		mine = tx.Now().Add(lease)
		taken, err = tx.Exec(sqlWorkTake, c.kind, c.subject, c.at, mine)
		tx.DueBy(mine)
		return err
	})
	if err != nil || taken == 0 {
		return err
	}
	again, err := o.once(ctx, who, c)
	if errors.Is(err, vault.ErrShredded) { // the clinic is being erased
		return nil
	}
	if err != nil {
		again = backoff(c.tries)
		kind := fault.KindOf(err)
		o.log.Warn("a call to a gateway did not succeed and is made again", "call", c.kind, "subject", c.subject.String(), "fault", string(kind), "code", codeOf(err), "tries", c.tries+1)
		if kind == fault.Internal {
			o.log.Error("work of a gateway failed", "call", c.kind, "subject", c.subject.String(), "error", err)
		}
	}
	return o.change(ctx, who, access.Work, "a call to a gateway is struck off, or put later", func(tx *store.Tx) error {
		if code, keys := refusedKeys(err); keys {
			if err := o.pauseOf(tx, c, code); err != nil {
				return err
			}
		}
		if again == 0 {
			_, err := tx.Exec(sqlWorkDone, c.kind, c.subject, mine)
			return err
		}
		at := tx.Now().Add(again)
		tx.DueBy(at)
		_, err := tx.Exec(sqlWorkAgain, c.kind, c.subject, mine, at)
		return err
	})
}

// backoff is how long a call waits that did not succeed so many times before.
func backoff(tries int64) time.Duration {
	if tries < 8 {
		return min(30*time.Second<<tries, time.Hour)
	}
	return 3 * time.Hour
}

// calledAccount is the account that a call goes to; zero for a report that lies here.
func calledAccount(v *store.View, c call) (id.ID, error) {
	switch c.kind {
	case workLook, workClose:
		r, err := scanRequest(v.Row(sqlRequestGet, c.subject))
		return r.Account, err
	case workReturn:
		r, err := scanReturn(v.Row(sqlReturnGet, c.subject))
		return r.Account, err
	case workCheck:
		return c.subject, nil
	}
	return id.Zero, nil
}

// pauseOf pauses the account that a call went to.
func (o *Gateways) pauseOf(tx *store.Tx, c call, code string) error {
	account, err := calledAccount(&tx.View, c)
	if err != nil || account.IsZero() {
		return err
	}
	return pause(tx, account, code)
}

// night is the time to the next night, for a call that could not be made now: the module is off, the account's keys cannot be opened, or whatever stands between us and the gateway
// does not find it. Zero, for never, when the account is revoked or not there at all.
func (o *Gateways) night(ctx context.Context, who access.Caller, right access.Right, one call) (time.Duration, error) {
	var wait time.Duration
	err := o.db.View(ctx, who, right, func(_ context.Context, v *store.View) error {
		wait = 0
		account, err := calledAccount(v, one)
		if err != nil {
			return err
		}
		a, err := scanGatewayAccount(v.Row(sqlGatewayAccountGet, account))
		if err != nil || a.State == AccountRevoked {
			return err
		}
		c, err := clinics.Get(v)
		wait = nextNight(v.Now(), c).Sub(v.Now())
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return wait, err
}

// codeOf is the gateway's code in an error.
func codeOf(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return ""
	}
	code, _ := f.Args["Code"].(string)
	return code
}

// once makes one call. It answers after how long it is due again; zero for never.
func (o *Gateways) once(ctx context.Context, who access.Caller, c call) (time.Duration, error) {
	switch c.kind {
	case workEvent:
		settled, err := o.digest(ctx, who, c.subject)
		if err == nil && !settled {
			return min(2*time.Second<<min(c.tries, 8), 2*time.Minute), nil
		}
		return 0, err
	case workLook:
		return o.look(ctx, who, access.Work, c.subject)
	case workClose:
		return o.close(ctx, who, c.subject)
	case workReturn:
		done, err := o.give(ctx, who, c.subject)
		if err == nil && !done {
			return returnLook << min(c.tries, 6), nil
		}
		return 0, err
	case workCheck:
		return o.check(ctx, who, c.subject)
	}
	return 0, nil
}

// Came asks the gateway about a request just now, because its patient came back from the gateway's page: what her browser brings along is not believed.
// The errors of Trouble when it does not answer: a report will come.
func (o *Gateways) Came(ctx context.Context, who access.Caller, one id.ID) (Request, Asked, error) {
	r, d, err := o.RequestOf(ctx, who, one)
	if err != nil || r.State == RequestPaid || r.State == RequestClosed || r.State == RequestAsking {
		return r, d, err
	}
	if _, err := o.look(ctx, who, whoAsks(who), one); err != nil {
		return r, d, err
	}
	return o.RequestOf(ctx, who, one)
}

// look asks a gateway how a request stands, and takes that into the books.
func (o *Gateways) look(ctx context.Context, who access.Caller, right access.Right, one id.ID) (time.Duration, error) {
	var r Request
	var a GatewayAccount
	var g Gateway
	var t Till
	var now clock.Instant
	err := o.db.View(ctx, who, right, func(_ context.Context, v *store.View) error {
		var err error
		now = v.Now()
		if r, err = scanRequest(v.Row(sqlRequestGet, one)); err == nil {
			_, err = clinics.Must(v, clinics.ModuleBilling)
		}
		if err == nil {
			a, g, t, err = o.open(v, r.Account)
		}
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		if now > r.ExpiresAt.Add(lookLong) {
			return 0, nil
		}
		return o.night(ctx, who, right, call{kind: workLook, subject: one})
	}
	if err != nil {
		return 0, err
	}
	s, err := g.Look(ctx, t, r.PageID, Reference(r.ID))
	if fault.Is(err, fault.NotFound) {
		if now < r.ExpiresAt.Add(time.Hour) && r.PageID == "" { // the call that makes the page may still be under way, or come again
			return time.Hour, nil
		}
		return 0, o.change(ctx, who, right, "a page that was never made", func(tx *store.Tx) error { return o.over(tx, one) })
	}
	if err != nil {
		return 0, err
	}
	wait := time.Duration(0)
	err = o.change(ctx, who, right, "what a gateway says of a request; what it books records itself", func(tx *store.Tx) error {
		if _, err := fold(tx, a, News{Pages: []Page{s.Page}, Captures: s.Captures}, true); err != nil {
			return err
		}
		r, err := scanRequest(tx.Row(sqlRequestGet, one))
		if err != nil {
			return err
		}
		wait = 0
		switch r.State {
		case RequestAsking: // the page is there, and whoever asked for it never learned of it
			if s.Page.State == PageOpen && s.Page.URL != "" {
				_, err = o.opened(tx, one, s.Page)
			}
			fallthrough
		case RequestOpen, RequestPartly: // once more when its time is over, should no report have come
			if wait = max(time.Minute, r.ExpiresAt.Add(5*time.Minute).Sub(tx.Now())); tx.Now() > r.ExpiresAt.Add(lookLong) {
				wait = 0
			}
		}
		return err
	})
	return wait, err
}

// over ends a request without a page.
func (o *Gateways) over(tx *store.Tx, one id.ID) error {
	if err := tx.Must(sqlRequestLock, one); err != nil {
		return err
	}
	r, err := scanRequest(tx.Row(sqlRequestGet, one))
	if err != nil || r.State == RequestPaid || r.State == RequestPartly || r.State == RequestClosed {
		return err
	}
	_, err = tx.Exec(sqlRequestState, one, string(RequestClosed), tx.Now())
	return err
}

// close has a gateway close a page. When it was paid meanwhile, that is taken into the books, where a person sees it.
func (o *Gateways) close(ctx context.Context, who access.Caller, one id.ID) (time.Duration, error) {
	var r Request
	var g Gateway
	var t Till
	var now clock.Instant
	err := o.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		var err error
		now = v.Now()
		if r, err = scanRequest(v.Row(sqlRequestGet, one)); err == nil {
			_, g, t, err = o.open(v, r.Account)
		}
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		if now > r.ExpiresAt.Add(lookLong) { // nobody can pay there any more
			return 0, nil
		}
		return o.night(ctx, who, access.Work, call{kind: workClose, subject: one})
	}
	if err != nil {
		return 0, err
	}
	page := r.PageID
	if page == "" {
		s, err := g.Look(ctx, t, "", Reference(r.ID))
		if fault.Is(err, fault.NotFound) {
			if now < r.AskedAt.Add(10*time.Minute) { // the call that makes it may still be under way
				return 2 * time.Minute, nil
			}
			return 0, o.change(ctx, who, access.Work, "a page that was never made", func(tx *store.Tx) error { return o.over(tx, one) })
		}
		if err != nil {
			return 0, err
		}
		page = s.Page.ID
	}
	if err := g.Close(ctx, t, page); err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	return o.look(ctx, who, access.Work, one)
}
