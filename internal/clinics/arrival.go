package clinics

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlRouteOf      = `SELECT slug, opened_at FROM clinic_route WHERE clinic_id = $1`
	sqlRouteWait    = `UPDATE clinic_route SET reserved_until = $2 WHERE clinic_id = $1 AND opened_at = 0`
	sqlRouteForget  = `DELETE FROM clinic_route WHERE clinic_id = $1 AND slug <> $2 AND opened_at = 0`
	sqlRouteArrived = `UPDATE clinic_route SET opened_at = $3 WHERE slug = $1 AND clinic_id = $2`
	sqlSlugSet      = `UPDATE clinic SET slug = $2 WHERE clinic_id = $1 AND slug <> $2`
	sqlHeldSet      = `UPDATE clinic SET held = $2 WHERE clinic_id = $1 AND held = $3`
)

// Reserve keeps the name for a day for a clinic that arrives from another house; it keeps the one that it reserved before, or gives that up for another.
// fault.Invalid "slug" when the name is taken or is none.
func (s *Service) Reserve(ctx context.Context, who access.Caller, slug string, clinic id.ID) error {
	var f fault.Fields
	slug = checkSlug(slug, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a name waits for a clinic that arrives; the arrival itself is recorded with the clinic")
		var have string
		var opened int64
		err := p.Row(sqlRouteOf, clinic).Scan(&have, &opened)
		if err != nil && err != store.ErrNoRows {
			return err
		}
		if opened != 0 {
			return nil
		}
		if have == slug { // and waits a day more
			_, err := p.Exec(sqlRouteWait, clinic, p.Now().Add(arrival))
			return err
		}
		if _, err := p.Exec(sqlRouteForget, clinic, slug); err != nil {
			return err
		}
		free, err := reserve(p, slug, clinic, arrival)
		if err == nil && !free {
			return taken()
		}
		return err
	})
}

// Leads says whether a name leads to the clinic already.
func (s *Service) Leads(ctx context.Context, who access.Caller, clinic id.ID) (yes bool, err error) {
	err = s.db.Across(ctx, who, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
		var slug string
		var opened int64
		err := p.Row(sqlRouteOf, clinic).Scan(&slug, &opened)
		if err == store.ErrNoRows {
			err = nil
		}
		yes = opened != 0
		return err
	})
	return yes, err
}

// Named writes the name of the clinic's pages into its row, for one that arrives under another than an earlier try of its import had.
func Named(tx *store.Tx, slug string) error {
	_, err := tx.Exec(sqlSlugSet, slug)
	return err
}

// Arrived lets the reserved name lead to the clinic. fault.Invalid "slug" when somebody else has it by now.
func (s *Service) Arrived(ctx context.Context, who access.Caller, slug string, clinic id.ID) error {
	return s.db.Across(ctx, who, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "open", Kind: "clinic", Subject: clinic})
		n, err := p.Exec(sqlRouteArrived, slug, clinic, p.Now())
		if err == nil && n != 1 {
			return taken()
		}
		return err
	})
}

// LetGo lets messages leave a clinic that arrived from another house; false when nothing was held.
func LetGo(tx *store.Tx) (bool, error) {
	n, err := tx.Exec(sqlHeldSet, false, true)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "release", Kind: "clinic", Subject: tx.Clinic()})
	}
	return n > 0, err
}
