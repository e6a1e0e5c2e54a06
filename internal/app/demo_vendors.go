package app

import (
	"context"

	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/vendors"
)

// inventedNote stands beside the invented parties wherever they are shown.
const inventedNote = "invented for the demonstration; nothing is ever sent there"

// inventedParties are companies that the demo lists, so that its pages show what contracts, reviews and choices look like. They do not exist, their
// names say so, and no part of the program has an adapter that would call them.
func inventedParties() []egress.Processor {
	return []egress.Processor{
		{ID: "example-post", Name: "Example Post Ltd (invented)", Purpose: "would carry e-mail", Categories: []string{"e-mail address", "name", "subject and text of the message"}, Patients: true, Region: "India",
			Hosts: []string{"smtp.post.example:465"}, Notes: inventedNote},
		{ID: "example-store", Name: "Example Storage GmbH (invented)", Purpose: "would keep the second copy of the backups", Categories: []string{"encrypted backups"}, Patients: true, Region: "Germany",
			Hosts: []string{"store.backup.example:443"}, Notes: inventedNote},
	}
}

// demoVendors puts invented contracts on file for them, once.
func (h *House) demoVendors(ctx context.Context) error {
	today := clock.DateOf(h.Clock.Now().UTC())
	for _, v := range []vendors.Vendor{
		{Party: "example-post", Signed: today.AddDays(-420), Ends: today.AddDays(310), Safeguard: vendors.SafeguardNone, Confidential: true, Reviewed: today.AddDays(-35), Note: "Folder 12 in the office (invented)"},
		{Party: "example-store", Signed: today.AddDays(-200), Safeguard: vendors.SafeguardClauses, Confidential: true, BAA: true, Reviewed: today.AddDays(-90), Note: "Folder 13 in the office (invented)"},
	} {
		for _, x := range h.Vendors.States() {
			if x.ID != v.Party || x.Version > 0 && x.Closed(today) == "" {
				continue
			}
			v.Version = x.Version // a demo that is opened again after a year has reviewed them meanwhile
			if err := h.Vendors.Save(ctx, accounts.Operator(), v); err != nil {
				return err
			}
		}
	}
	return nil
}
