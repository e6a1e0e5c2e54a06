package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// Live checks of a clinic's hold on what it keeps about a patient: to see it, to correct it, and to have it gone.

const (
	sqlProbeRemains = `SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND id = $2`
	sqlProbeTickets = `SELECT COUNT(*) FROM ticket WHERE state = 'closed' AND changed_at < $1`
	sqlProbeTalk    = `SELECT words FROM ticket_line ORDER BY id DESC LIMIT 50`
	sqlProbeUnread  = `SELECT COUNT(*) FROM outgoing_mail m WHERE m.state = 'planned' AND m.created_at >= $1 AND (m.kind = 'list-product' AND NOT EXISTS (SELECT 1 FROM mail_choice c WHERE c.person_id = m.person_id AND c.list = 'product' AND (c.wanted OR c.changed_at > m.created_at))
	OR m.kind = 'list-security' AND EXISTS (SELECT 1 FROM mail_choice c WHERE c.person_id = m.person_id AND c.list = 'security' AND NOT c.wanted AND c.changed_at <= m.created_at))`
	sqlProbeLeaves = `SELECT body FROM audit_leaf WHERE clinic_id = $1 ORDER BY id DESC LIMIT 200`
)

// inCharge looks whether the owner of a clinic may see, correct and delete a patient, and whether there is an address for each.
func (p probe) inCharge(context.Context) (string, error) {
	if err := ownersMay(access.Table, web.Routes()); err != nil {
		return "", err
	}
	return "a clinic's owner may see, correct and delete a patient, and there is a page for each", nil
}

func ownersMay(table []access.Row, routes []web.Route) error {
	for _, need := range []access.Right{access.PatientRead, access.PatientWrite, access.PatientDelete} {
		if !slices.ContainsFunc(table, func(r access.Row) bool { return r.Right == need && slices.Contains(r.Roles, access.Owner) }) {
			return fmt.Errorf("a clinic's owner does not hold the right %s", need)
		}
		if !slices.ContainsFunc(routes, func(r web.Route) bool { return r.Door == web.Staff && r.Right == need }) {
			return fmt.Errorf("no page asks for the right %s", need)
		}
	}
	return nil
}

// mostErased is how many deletions of a clinic one look follows.
const mostErased = 20

// erased looks at those who were deleted in this month: their key is gone, so that nothing more can be sealed or opened for them, and two
// hours later their row too.
func (p probe) erased(ctx context.Context) (string, error) {
	n := 0
	for _, c := range p.clinics {
		gone, err := p.Vault.Shredded(ctx, c, p.ago(month))
		if err != nil {
			return "", err
		}
		fresh, err := p.Vault.Shredded(ctx, c, p.ago(2*time.Hour))
		if err != nil {
			return "", err
		}
		err = probe{p.House, []id.ID{c}}.each(ctx, func(v *store.View, _ id.ID) error {
			for i, one := range gone {
				if i >= mostErased {
					break
				}
				if _, err := v.Seal(one, "patient", "name", one, "probe"); !errors.Is(err, vault.ErrShredded) {
					return errors.New("something can still be sealed for somebody who was deleted")
				}
				var rows int
				if err := v.Row(sqlProbeRemains, one).Scan(&rows); err != nil {
					return err
				}
				if rows > 0 && !slices.Contains(fresh, one) {
					return errors.New("the row of a patient who was deleted is still there")
				}
				n++
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d keys were destroyed this month, and nothing can be sealed or opened with them", n), nil
}

// leaves reads the newest entries of each clinic: each is words of the house and ids, and nothing else fits into it.
func (p probe) leaves(ctx context.Context) (string, error) {
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeLeaves)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			if _, err := audit.ParseEntry(body); err != nil {
				return errors.New("an entry of the record holds more than words of the house and ids")
			}
			n++
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d entries hold words of the house and ids alone", n), err
}

// tickets looks at what clinics wrote to support: it is sealed, and gone a year after it was settled.
func (p probe) tickets(ctx context.Context) (string, error) {
	n := 0
	err := p.across(ctx, func(x *store.Platform) error {
		var old int
		if err := x.Row(sqlProbeTickets, p.ago(367*24*time.Hour)).Scan(&old); err != nil {
			return err
		}
		if old > 0 {
			return fmt.Errorf("%d conversations with support are older than a year", old)
		}
		rows, err := x.Query(sqlProbeTalk)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var words []byte
			if err := rows.Scan(&words); err != nil {
				return err
			}
			if n++; len(words) > 0 && !vault.Sealed(words) {
				return errors.New("what a clinic wrote to support is stored unsealed")
			}
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d lines of conversations with support are sealed, and none is older than a year", n), err
}

// lists looks at the letters to many that wait: none is to somebody who did not ask for news, or who declined alerts.
func (p probe) lists(ctx context.Context) (string, error) {
	err := p.across(ctx, func(x *store.Platform) error {
		var n int
		if err := x.Row(sqlProbeUnread, p.ago(week)).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%d letters go to people who do not want them", n)
		}
		return nil
	})
	return "no letter to many waits for anybody who does not want it", err
}
