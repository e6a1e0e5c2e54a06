package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// What stays of a clinic that has gone: listed, opened by the operator at the word of whoever answers for it, and destroyed on its day.

// Custodies are what stays of clinics that have gone, for the operator.
func (s *Service) Custodies(ctx context.Context, who access.Caller) (out []Custody, err error) {
	err = s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what is held of clinics that have gone was listed; it names no patient")
		out, err = custodies(p, sqlCustodies)
		return err
	})
	return out, err
}

func custodies(p *store.Platform, text string, args ...any) (out []Custody, err error) {
	rows, err := p.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c Custody
		var answers []byte
		var zone string
		var bridged int64
		if err := rows.Scan(&c.Clinic, &answers, &zone, &c.Last, &c.ClosedAt, &bridged, &c.Certificate); err != nil {
			return nil, err
		}
		if c.Answers, err = p.Unseal(vault.ClinicData, tableCustody, columnAnswers, c.Clinic, answers); err != nil {
			return nil, err
		}
		if c.zone, err = time.LoadLocation(zone); err != nil {
			c.zone = time.UTC
		}
		c.bridged = bridged == 1
		out = append(out, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Holds, err = custodyHolds(p, out[i].Clinic); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func custodyHolds(p *store.Platform, clinic id.ID) (out []Hold, err error) {
	rows, err := p.Query(sqlCustodyHolds, clinic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		h := Hold{Sealed: true}
		if err := rows.Scan(&h.ID, &h.Class, &h.Last, &h.Source, &h.Number, &h.Ended); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// OpenCustody opens what is held of a clinic that has gone, for the operator, at the word of whoever answers for it; the opening and the reason stand in the audit log before anything is
// shown. fault.NotFound when there is no such hold, or it has ended; a field fault for reason.
func (s *Service) OpenCustody(ctx context.Context, who access.Caller, clinic, hold id.ID, reason string) (out []HeldPerson, err error) {
	if f := checkReason(reason); f != nil {
		return nil, f
	}
	err = s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		out = nil
		p.Record(audit.Note{Action: "open", Kind: "custody", Subject: hold, New: map[string]string{"reason": reason, "clinic": clinic.String()}})
		holds, err := custodyHolds(p, clinic)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(holds, func(h Hold) bool { return h.ID == hold && h.Ended == 0 }) {
			return fault.Missing()
		}
		ring, err := p.Ring()
		if err != nil {
			return err
		}
		ring.Custody(false, hold)
		rows, err := p.Query(sqlCustodyParts, clinic, hold)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var part id.ID
			var body []byte
			if err := rows.Scan(&part, &body); err != nil {
				return err
			}
			text, err := ring.Open(partCell(hold, part), body)
			if errors.Is(err, vault.ErrShredded) {
				return fault.Missing()
			}
			if err != nil {
				return err
			}
			var one HeldPerson
			if err := json.Unmarshal(text, &one); err != nil {
				return err
			}
			out = append(out, one)
		}
		return rows.Err()
	})
	return out, err
}

// EndCustodies destroys the keys whose last day is over, takes away what was held by them, and in the end the record itself. It is run every hour, and may be repeated.
func (s *Service) EndCustodies(ctx context.Context) error {
	all, err := s.Custodies(ctx, s.o.Platform())
	for _, c := range all {
		if err == nil {
			err = s.endCustody(ctx, c)
		}
	}
	return err
}

func (s *Service) endCustody(ctx context.Context, c Custody) error {
	today := dayOf(clock.At(s.db.Clock().Now()), c.zone)
	open := 0
	for _, h := range c.Holds {
		if h.Ended > 0 {
			continue
		}
		gone, err := s.o.Vault.Gone(ctx, id.Zero, h.ID) // the rows came back with a backup
		if err != nil {
			return err
		}
		if !gone && h.Last >= today {
			open++
			continue
		}
		if !gone {
			if err := s.o.Vault.EndHeld(ctx, id.Zero, h.ID, today); err != nil {
				return err
			}
		}
		err = s.across(ctx, func(p *store.Platform) error {
			p.Record(audit.Note{Action: "expire", Kind: "custody", Subject: h.ID, New: map[string]string{"class": string(h.Class), "until": string(h.Last)}})
			if _, err := p.Exec(sqlCustodyPartDrop, c.Clinic, h.ID); err != nil {
				return err
			}
			_, err := p.Exec(sqlCustodyHoldEnd, c.Clinic, h.ID, p.Now())
			return err
		})
		if err != nil {
			return err
		}
	}
	if open == 0 && c.Last < today {
		return s.forgetCustody(ctx, c.Clinic)
	}
	return s.unbridge(ctx, c)
}

// forgetCustody takes the record of a clinic away of which nothing is held any more.
func (s *Service) forgetCustody(ctx context.Context, clinic id.ID) error {
	if err := s.o.Vault.DropAside(ctx, id.Zero, clinic, clinic); err != nil {
		return err
	}
	return s.across(ctx, func(p *store.Platform) error {
		p.Record(audit.Note{Action: "expire", Kind: "custody", Subject: clinic})
		if _, err := p.Exec(sqlCustodyHoldDrop, clinic); err != nil {
			return err
		}
		_, err := p.Exec(sqlCustodyDrop, clinic)
		return err
	})
}

// unbridge takes away what lies beside the keys once no backup of the data is left that lacks it.
func (s *Service) unbridge(ctx context.Context, c Custody) error {
	if !c.bridged || clock.At(s.db.Clock().Now()).Sub(c.ClosedAt) < bridge {
		return nil
	}
	if s.o.Older != nil {
		if expires, _, err := s.o.Older(ctx, c.ClosedAt); err != nil || !expires.IsZero() {
			return err
		}
	}
	for _, h := range c.Holds {
		if err := s.o.Vault.DropAside(ctx, id.Zero, c.Clinic, h.ID); err != nil {
			return err
		}
	}
	return s.across(ctx, func(p *store.Platform) error {
		p.Housekeeping("what is held of a clinic that has gone lies in the database alone from now on")
		_, err := p.Exec(sqlCustodyAlone, c.Clinic)
		return err
	})
}

// Closed is the certificate of a clinic that has gone, for whoever has its address. fault.NotFound when there is none.
func (s *Service) Closed(ctx context.Context, clinic id.ID) (out Certificate, err error) {
	var text string
	err = s.db.Across(ctx, s.o.Anyone, access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		list, err := custodies(p, sqlCustodyGet, clinic)
		if err == nil && (len(list) == 0 || list[0].Certificate == "") {
			err = fault.Missing()
		}
		if err == nil {
			text = list[0].Certificate
		}
		return err
	})
	if err != nil {
		return out, err
	}
	if out, err = Read([]byte(text)); err != nil {
		return out, fmt.Errorf("privacy: a certificate of closing: %w", err)
	}
	return out, nil
}
