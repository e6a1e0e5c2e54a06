package programs

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

func changedMeanwhile() error { return fault.New(fault.Conflict, "fault.changed_meanwhile") }

// Endpoints are the clinic's addresses, the oldest first.
func (s *Service) Endpoints(ctx context.Context, who access.Caller) (out []Endpoint, err error) {
	err = s.db.View(ctx, who, access.ProgramRead, func(_ context.Context, v *store.View) error {
		out, err = endpoints(v, sqlEndpoints)
		return err
	})
	return out, err
}

// Hosts are the hosts of the addresses that are told of something now, for the page on which the clinic says who gets data.
func (s *Service) Hosts(ctx context.Context, who access.Caller) (out []string, err error) {
	err = s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		out = nil
		rows, err := v.Query(sqlHosts)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var h string
			if err := rows.Scan(&h); err != nil {
				return err
			}
			out = append(out, h)
		}
		return rows.Err()
	})
	return out, err
}

// Endpoint is one address with its last tellings, the newest first, at most limit of them. fault.NotFound when it is none of the clinic's.
func (s *Service) Endpoint(ctx context.Context, who access.Caller, one id.ID, limit int) (e Endpoint, list []Delivery, err error) {
	err = s.db.View(ctx, who, access.ProgramRead, func(_ context.Context, v *store.View) error {
		if e, err = endpoint(v, one); err == nil {
			list, err = deliveries(v, sqlDeliveries, one, limit)
		}
		return err
	})
	return e, list, err
}

// AddEndpoint adds an address and answers its secret, which is shown this once. fault.Invalid with "url" or "events"; fault.Conflict when the
// clinic has as many as it may have.
func (s *Service) AddEndpoint(ctx context.Context, who access.Caller, d EndpointDraft) (secret string, one id.ID, err error) {
	host, err := d.check(true)
	if err != nil {
		return "", id.Zero, err
	}
	err = s.db.Change(ctx, who, access.ProgramSettings, func(_ context.Context, tx *store.Tx) error {
		if err := s.allowed(&tx.View); err != nil {
			return err
		}
		there, err := endpoints(&tx.View, sqlEndpoints)
		if err != nil {
			return err
		}
		if len(there) >= maxEndpoints {
			return tooMany("webhooks", maxEndpoints)
		}
		secret, one = newSecret(), tx.NewID()
		url, err := tx.Seal(vault.ClinicData, "webhook_endpoint", "url", one, d.URL)
		if err != nil {
			return err
		}
		sealed, err := sealSecret(tx, one, secret)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "add", Kind: "webhook", Subject: one, New: map[string]any{"host": host, "events": d.Events.Words()}})
		_, err = tx.Exec(sqlEndpointAdd, one, url, host, d.Events, sealed, tx.Now(), who.Actor())
		return err
	})
	return secret, one, err
}

func sealSecret(tx *store.Tx, one id.ID, secret string) ([]byte, error) {
	return tx.Seal(vault.ClinicData, "webhook_endpoint", "secret", one, secret)
}

// settle changes one address that was seen at version. fault.NotFound, or fault.Conflict when somebody was faster.
func (s *Service) settle(ctx context.Context, who access.Caller, one id.ID, do func(tx *store.Tx, e Endpoint) (int64, error)) error {
	return s.db.Change(ctx, who, access.ProgramSettings, func(_ context.Context, tx *store.Tx) error {
		e, err := endpoint(&tx.View, one)
		if err != nil {
			return err
		}
		n, err := do(tx, e)
		if err == nil && n != 1 {
			err = changedMeanwhile()
		}
		return err
	})
}

// SetEvents says what the address is told of.
func (s *Service) SetEvents(ctx context.Context, who access.Caller, one id.ID, version int64, events Event) error {
	if _, err := (&EndpointDraft{Events: events}).check(false); err != nil {
		return err
	}
	return s.settle(ctx, who, one, func(tx *store.Tx, e Endpoint) (int64, error) {
		tx.Record(audit.Note{Action: "change", Kind: "webhook", Subject: one, Old: e.Events.Words(), New: events.Words()})
		return tx.Exec(sqlEndpointHow, one, version, events)
	})
}

// Rotate gives the address a new secret and answers it, this once. For a day both sign, so that the program can change in its own time.
func (s *Service) Rotate(ctx context.Context, who access.Caller, one id.ID, version int64) (secret string, err error) {
	err = s.settle(ctx, who, one, func(tx *store.Tx, e Endpoint) (int64, error) {
		secret = newSecret()
		sealed, err := sealSecret(tx, one, secret)
		if err != nil {
			return 0, err
		}
		old, err := tx.Seal(vault.ClinicData, "webhook_endpoint", "old_secret", one, e.secret)
		if err != nil {
			return 0, err
		}
		tx.Record(audit.Note{Action: "rotate", Kind: "webhook", Subject: one})
		return tx.Exec(sqlEndpointNew, one, version, sealed, old, tx.Now().Add(overlap))
	})
	return secret, err
}

// Switch turns an address on or off. What happens while it is off is kept as missed, for a replay.
func (s *Service) Switch(ctx context.Context, who access.Caller, one id.ID, version int64, on bool) error {
	return s.settle(ctx, who, one, func(tx *store.Tx, e Endpoint) (int64, error) {
		to, reason := On, ""
		if !on {
			to, reason = Off, ByHand
			if _, err := tx.Exec(sqlDeliveryStop, one); err != nil {
				return 0, err
			}
		}
		tx.Record(audit.Note{Action: "switch", Kind: "webhook", Subject: one, Old: e.State, New: to})
		return tx.Exec(sqlEndpointSet, one, version, to, reason, tx.Now())
	})
}

// Remove takes an address away, with everything that waits for it and what became of it.
func (s *Service) Remove(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.settle(ctx, who, one, func(tx *store.Tx, e Endpoint) (int64, error) {
		tx.Record(audit.Note{Action: "remove", Kind: "webhook", Subject: one, Old: e.Host})
		if _, err := tx.Exec(sqlDeliveryAway, one); err != nil {
			return 0, err
		}
		return tx.Exec(sqlEndpointOut, one, version)
	})
}

// Test has the address told of nothing, so that its program can be tried.
func (s *Service) Test(ctx context.Context, who access.Caller, one id.ID) error {
	return s.settle(ctx, who, one, func(tx *store.Tx, e Endpoint) (int64, error) {
		if e.State != On {
			return 0, fault.New(fault.Conflict, "fault.webhook_off")
		}
		tx.Record(audit.Note{Action: "test", Kind: "webhook", Subject: one})
		tx.DueBy(tx.Now())
		return tx.Exec(sqlDeliveryAdd, tx.NewID(), one, tx.NewID(), TestKind, one, nil, tx.Now(), Planned, tx.Now())
	})
}

// Replay tells the address once more, under the same id: one telling, or everything that happened from one moment up to another. It answers
// how many. fault.Conflict while the address is off; fault.NotFound for a telling of another address.
func (s *Service) Replay(ctx context.Context, who access.Caller, one, delivery id.ID, from, to clock.Instant) (n int, err error) {
	err = s.settle(ctx, who, one, func(tx *store.Tx, e Endpoint) (int64, error) {
		if e.State != On {
			return 0, fault.New(fault.Conflict, "fault.webhook_off")
		}
		var list []id.ID
		if !delivery.IsZero() {
			d, err := scanDelivery(tx.Row(sqlDeliveryGet, delivery))
			if err == store.ErrNoRows || err == nil && d.Endpoint != one {
				err = fault.Missing()
			}
			if err != nil {
				return 0, err
			}
			list = []id.ID{delivery}
		} else if list, err = store.IDs(&tx.View, sqlReplayRange, one, from, to, mostReplayed); err != nil {
			return 0, err
		}
		n = 0
		for i, d := range list { // a long replay is spread, so that what happens now is not behind all of it
			done, err := tx.Exec(sqlDeliveryOnce, d, tx.Now().Add(time.Duration(i)*50*time.Millisecond))
			if err != nil {
				return 0, err
			}
			n += int(done)
		}
		tx.Record(audit.Note{Action: "replay", Kind: "webhook", Subject: one, New: n})
		tx.DueBy(tx.Now())
		return 1, nil
	})
	return n, err
}
