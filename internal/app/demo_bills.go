package app

import (
	"context"
	"fmt"
	"slices"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/scheduling"
)

// demoBills turns billing on in the demo's clinic and lets the morning's visits be billed: most are paid in cash or by UPI, some are paid in part, some not at all. It stops at
// some forty invoices, which show everything and load fast. The visits of the day before come after those of today.
func (h *House) demoBills(ctx context.Context, owner access.Caller) (int, error) {
	c, err := h.Clinics.Get(ctx, owner)
	if err != nil {
		return 0, err
	}
	if !c.Has(clinics.ModuleBilling) {
		if err := h.Clinics.SetModules(ctx, owner, append(c.Modules, clinics.ModuleBilling), c.Version); err != nil {
			return 0, err
		}
	}
	set, _, err := h.Bills.Setting(ctx, owner)
	if err != nil {
		return 0, err
	}
	if set.Version == 0 {
		set.UPIID, set.UPIName, set.Footer = "sunrise.demo@examplebank", "Sunrise Clinic", "Thank you for coming. This is a demonstration: nothing is to be paid."
		if err := h.Bills.SaveSetting(ctx, owner, set); err != nil {
			return 0, err
		}
	}
	offers, err := h.Bills.Offers(ctx, owner)
	if err != nil {
		return 0, err
	}
	for i := range offers {
		if i == 1 {
			offers[i].FreeDays = 7
		}
	}
	if err := h.Bills.SaveOffers(ctx, owner, offers); err != nil {
		return 0, err
	}
	today := clock.Today(h.Clock, c.Location())
	cal, err := h.Desk.Days(ctx, owner, today.AddDays(-1), today, id.Zero)
	if err != nil {
		return 0, err
	}
	made := 0
	for _, day := range slices.Backward(cal.Days) {
		for _, column := range day.Columns {
			for _, a := range column.Entries {
				if a.Status != scheduling.Completed || made >= 40 {
					continue
				}
				if err := h.demoBill(ctx, owner, a.ID, made); err != nil {
					return made, err
				}
				made++
			}
		}
	}
	return made, nil
}

// demoBill bills one visit in the way of its number.
func (h *House) demoBill(ctx context.Context, owner access.Caller, appointment id.ID, n int) error {
	p, err := h.Bills.Propose(ctx, owner, appointment, id.Zero)
	if err != nil {
		return err
	}
	d := p.Draft
	if n%6 == 2 {
		d.Lines = append(d.Lines, billing.LineDraft{Words: "Dressing material", Class: money.Exempt, Quantity: 2, Price: 4500})
	}
	if n%9 == 4 {
		d.Discount = 5000
	}
	switch n % 7 {
	case 3: // to be paid
		_, err = h.Bills.WriteAndIssue(ctx, owner, id.Zero, d, 0)
	case 5: // some of it was paid
		var x billing.Document
		if x, err = h.Bills.WriteAndIssue(ctx, owner, id.Zero, d, 0); err == nil && x.Due() > 20000 {
			_, err = h.Bills.Take(ctx, owner, x.ID, billing.Pay{Method: billing.Cash, Amount: 20000})
		}
	case 6:
		_, err = h.Bills.Save(ctx, owner, id.Zero, d, 0)
	default:
		pay := billing.Pay{Method: billing.Cash}
		if n%2 == 1 {
			pay = billing.Pay{Method: billing.UPI, Reference: fmt.Sprintf("4331%08d", 5000+n)}
		}
		_, _, err = h.Bills.IssueAndTake(ctx, owner, id.Zero, d, 0, pay)
	}
	return err
}
