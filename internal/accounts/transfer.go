package accounts

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// A clinic goes over to a new owner in three steps: an owner offers it to somebody who works there, she accepts, and it is done after a
// waiting time, or at once when the owner confirms while both are there. Until then each of them, and every other owner, can take it back.
// The new owner is one before the old one is no longer (promise handed-over).

const (
	transferWaits = 72 * time.Hour   // from the acceptance on, when nobody confirms
	bothThere     = 30 * time.Minute // after the acceptance, in which the old owner's word does it at once
	transferLife  = 14 * 24 * time.Hour
)

const (
	sqlTransferAdd = `INSERT INTO ownership_transfer (id, clinic_id, from_id, to_id, stays_as, state, offered_at) VALUES ($1, $2, $3, $4, $5, 'offered', $6)`
	sqlTransferNow = `SELECT id, from_id, to_id, stays_as, state, offered_at, accepted_at, version FROM ownership_transfer
	WHERE clinic_id = $1 AND state IN ('offered', 'accepted')`
	sqlTransferAccept = `UPDATE ownership_transfer SET state = 'accepted', accepted_at = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'offered'`
	sqlTransferSettle = `UPDATE ownership_transfer SET state = $4, settled_at = $5, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state IN ('offered', 'accepted')`
	sqlTransferDue    = `SELECT clinic_id FROM ownership_transfer WHERE (state = 'accepted' AND accepted_at <= $1) OR (state = 'offered' AND offered_at <= $2) ORDER BY clinic_id LIMIT 200`
	sqlTransferOld    = `DELETE FROM ownership_transfer WHERE state IN ('done', 'taken-back') AND settled_at <= $1`
)

// keepTransfers is how long a settled transfer stays listed; the audit log keeps that it happened.
const keepTransfers = 365 * 24 * time.Hour

// Transfer is a clinic on its way to a new owner.
type Transfer struct {
	ID                   id.ID
	From, To             id.ID
	StaysAs              access.Role // what the old owner becomes; empty: she leaves
	State                string      // "offered" or "accepted"
	Offered, Accepted    clock.Instant
	Version              int64
	DoneBy, ConfirmUntil clock.Instant // zero before the acceptance
}

func (t Transfer) over(now clock.Instant) bool {
	return t.State == "accepted" && now >= t.DoneBy || t.State == "offered" && now >= t.Offered.Add(transferLife)
}

// readTransfer is the clinic's transfer that is under way.
func readTransfer(p *store.Platform, clinic id.ID) (t Transfer, under bool, err error) {
	var role string
	err = p.Row(sqlTransferNow, clinic).Scan(&t.ID, &t.From, &t.To, &role, &t.State, &t.Offered, &t.Accepted, &t.Version)
	if errors.Is(err, store.ErrNoRows) {
		return t, false, nil
	}
	t.StaysAs = access.Role(role)
	if t.Accepted > 0 {
		t.DoneBy, t.ConfirmUntil = t.Accepted.Add(transferWaits), t.Accepted.Add(bothThere)
	}
	return t, err == nil, err
}

// Transfer is the transfer of the caller's clinic that is under way, for its owners and for whom it is offered to; under is false for
// everybody else, and when there is none.
func (s *Service) Transfer(ctx context.Context, who access.Caller) (t Transfer, under bool, err error) {
	if !who.May(access.OwnerHand) {
		return t, false, forbidden()
	}
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		t, under, err = readTransfer(p, who.Clinic())
		return err
	})
	if under && who.Role() != access.Owner && who.Actor() != t.To {
		return Transfer{}, false, nil
	}
	return t, under, err
}

// Offer offers the caller's clinic to one of its people. staysAs is what the caller becomes then; empty: she leaves. fault.Invalid with
// "to" or "stays_as"; fault.Conflict "fault.transfer_under_way" when one is under way.
func (s *Service) Offer(ctx context.Context, who access.Caller, to id.ID, staysAs access.Role, clinicName string) error {
	var f fault.Fields
	if staysAs != "" && (!staysAs.IsStaff() || staysAs == access.Owner) {
		f.Add("stays_as", "field.role.invalid")
	}
	if to == who.Actor() || to.IsZero() {
		f.Add("to", "field.to.needed")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.handing(ctx, who, func(p *store.Platform) (audit.Note, error) {
		note := audit.Note{Action: "offer-clinic", Kind: "membership", Subject: to, New: string(staysAs)}
		if who.Role() != access.Owner {
			return note, forbidden()
		}
		role, _, err := standing(p, who.Clinic(), to)
		if fault.Is(err, fault.NotFound) || err == nil && role == access.Owner {
			f.Add("to", "field.to.needed")
			return note, f.Err()
		}
		if err != nil {
			return note, err
		}
		if _, under, err := readTransfer(p, who.Clinic()); err != nil || under {
			if err == nil {
				err = fault.New(fault.Conflict, "fault.transfer_under_way")
			}
			return note, err
		}
		if _, err := p.Exec(sqlTransferAdd, p.NewID(), who.Clinic(), who.Actor(), to, string(staysAs), p.Now()); err != nil {
			return note, err
		}
		return note, plan(p, to, letter{Kind: mailNotice + NoticeTransferOffered, Link: "/app/hand-over", Clinic: clinicName}, false)
	})
}

// Accept takes the offer. fault.NotFound for anybody else than whom it is offered to; fault.Conflict when it was changed meanwhile.
func (s *Service) Accept(ctx context.Context, who access.Caller, version int64, clinicName string) error {
	return s.handing(ctx, who, func(p *store.Platform) (audit.Note, error) {
		note := audit.Note{Action: "accept-clinic", Kind: "membership", Subject: who.Actor()}
		t, under, err := readTransfer(p, who.Clinic())
		if err != nil {
			return note, err
		}
		if !under || t.To != who.Actor() {
			return note, fault.Missing()
		}
		if n, err := p.Exec(sqlTransferAccept, who.Clinic(), t.ID, version, p.Now()); err != nil || n != 1 {
			if err == nil {
				err = fault.New(fault.Conflict, "fault.changed_meanwhile")
			}
			return note, err
		}
		return note, OwnersTold(p, who.Clinic(), clinicName, NoticeTransferAccepted, "/app/hand-over")
	})
}

// Confirm does it at once: the owner who offered says so within half an hour after the acceptance. fault.Conflict "fault.transfer_waits" at
// another time.
func (s *Service) Confirm(ctx context.Context, who access.Caller, version int64, clinicName string) error {
	return s.handing(ctx, who, func(p *store.Platform) (audit.Note, error) {
		t, under, err := readTransfer(p, who.Clinic())
		note := audit.Note{Action: "hand-over-clinic", Kind: "membership", Subject: t.To, Old: t.From, New: string(t.StaysAs)}
		switch {
		case err != nil:
			return note, err
		case !under || t.From != who.Actor():
			return note, fault.Missing()
		case t.State != "accepted" || p.Now() >= t.ConfirmUntil:
			return note, fault.New(fault.Conflict, "fault.transfer_waits")
		case t.Version != version:
			return note, fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return note, handOver(p, who.Clinic(), clinicName, t)
	})
}

// TakeBack ends the transfer before it is done: any owner may, and whom it is offered to.
func (s *Service) TakeBack(ctx context.Context, who access.Caller, version int64) error {
	return s.handing(ctx, who, func(p *store.Platform) (audit.Note, error) {
		t, under, err := readTransfer(p, who.Clinic())
		note := audit.Note{Action: "take-back-clinic", Kind: "membership", Subject: t.To}
		if err != nil {
			return note, err
		}
		if !under || who.Role() != access.Owner && who.Actor() != t.To {
			return note, fault.Missing()
		}
		return note, settleTransfer(p, who.Clinic(), t.ID, version, "taken-back")
	})
}

func settleTransfer(p *store.Platform, clinic, one id.ID, version int64, state string) error {
	n, err := p.Exec(sqlTransferSettle, clinic, one, version, state, p.Now())
	if err == nil && n != 1 {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}

// handOver makes the new owner one first, and the old one what she becomes then. Whoever left meanwhile makes it void: a clinic is never
// left without an owner.
func handOver(p *store.Platform, clinic id.ID, clinicName string, t Transfer) error {
	if _, err := p.Exec(sqlOwnersHold, clinic); err != nil {
		return err
	}
	_, toVersion, err := standing(p, clinic, t.To)
	if err != nil {
		return void(p, clinic, t, err)
	}
	now, fromVersion, err := standing(p, clinic, t.From)
	if err != nil || now != access.Owner {
		return void(p, clinic, t, err)
	}
	if err := p.Must(sqlMemberRole, clinic, t.To, toVersion, string(access.Owner)); err != nil {
		return err
	}
	if err := keepsOwner(p, clinic); err != nil {
		return err
	}
	if t.StaysAs == "" {
		if _, err := p.Exec(sqlSessionLeave, t.From, clinic); err != nil {
			return err
		}
		err = p.Must(sqlMemberEnd, clinic, t.From, fromVersion, p.Now())
	} else {
		err = p.Must(sqlMemberRole, clinic, t.From, fromVersion, string(t.StaysAs))
	}
	if err != nil {
		return err
	}
	if _, err := p.Exec(sqlInvitationBy, clinic, t.From, p.Now()); err != nil {
		return err
	}
	if err := settleTransfer(p, clinic, t.ID, t.Version, "done"); err != nil {
		return err
	}
	for _, person := range []id.ID{t.From, t.To} {
		if err := plan(p, person, letter{Kind: mailNotice + NoticeTransferDone, Link: "/app", Clinic: clinicName}, false); err != nil {
			return err
		}
	}
	return nil
}

func void(p *store.Platform, clinic id.ID, t Transfer, err error) error {
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return settleTransfer(p, clinic, t.ID, t.Version, "taken-back")
}

// handing is one step: the platform's chain has the entry with the act, the clinic's own right after it.
func (s *Service) handing(ctx context.Context, who access.Caller, do func(p *store.Platform) (audit.Note, error)) error {
	if err := owns(who); err != nil {
		return err
	}
	if !who.May(access.OwnerHand) {
		return forbidden()
	}
	var note audit.Note
	err := s.db.Across(ctx, atTheDoor(who.Actor(), who.Session()), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var err error
		note, err = do(p)
		mine := note
		mine.Patient = note.Subject
		p.Record(mine)
		return err
	})
	if err != nil {
		return err
	}
	s.planned()
	return s.db.Change(ctx, who, access.OwnerHand, func(_ context.Context, tx *store.Tx) error {
		tx.Record(note)
		return nil
	})
}

// FinishTransfers does what has waited its time, in every clinic, and lets go what nobody answered; who is the platform's own work. Where it
// fails it goes on with the other clinics, and answers every failure at the end.
// name says what a clinic is called; inClinic is the clinic's own work, which writes it into the clinic's log.
func (s *Service) FinishTransfers(ctx context.Context, who access.Caller, name func(clinic id.ID) string, inClinic func(clinic id.ID) access.Caller) error {
	var due []id.ID
	err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("transfers of long ago")
		if _, err := p.Exec(sqlTransferOld, p.Now().Add(-keepTransfers)); err != nil {
			return err
		}
		due = nil
		rows, err := p.Query(sqlTransferDue, p.Now().Add(-transferWaits), p.Now().Add(-transferLife))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c id.ID
			if err := rows.Scan(&c); err != nil {
				return err
			}
			due = append(due, c)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, clinic := range due { // what one clinic cannot do keeps no other waiting
		if err := s.finishTransfer(ctx, who, clinic, name(clinic), inClinic); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (s *Service) finishTransfer(ctx context.Context, who access.Caller, clinic id.ID, called string, inClinic func(clinic id.ID) access.Caller) error {
	var note audit.Note
	err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		note = audit.Note{}
		t, under, err := readTransfer(p, clinic)
		if err != nil || !under || !t.over(p.Now()) {
			return err
		}
		note = audit.Note{Action: "hand-over-clinic", Kind: "membership", Subject: t.To, Old: t.From, New: string(t.StaysAs)}
		if t.State == "offered" {
			note.Action = "take-back-clinic"
			err = settleTransfer(p, clinic, t.ID, t.Version, "taken-back")
		} else {
			err = handOver(p, clinic, called, t)
		}
		mine := note
		mine.Patient = note.Subject
		p.Record(mine)
		return err
	})
	if err != nil || note.Action == "" {
		return err
	}
	return s.db.Change(ctx, inClinic(clinic), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Record(note)
		return nil
	})
}
