package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/rig/practice"
	"almirah/internal/vendors"
)

// outsiders is the part of the day with outside parties: what is on file, what the clinic allows, what went to whom.
func outsiders(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	gate := egress.New([]egress.Processor{{ID: "post", Name: "Post", Purpose: "carries", Categories: []string{"mail"}, Region: "India", Place: "IN", Hosts: []string{"192.0.2.1:465"}, Patients: true}}, p.Log, egress.WithClock(p.Clock))
	s := vendors.New(p.DB, p.Log, vendors.Options{Gate: gate, Mail: "post"})
	today := clock.DateOf(p.Clock.Now().UTC())
	v := vendors.Vendor{Party: "post", Signed: today, Safeguard: vendors.SafeguardNone, Confidential: true, Reviewed: today}
	must(s.Save(ctx, p.As(access.Operator), v))
	v.Version, v.Note = 1, "shelf 4"
	must(s.Save(ctx, p.As(access.Operator), v))
	var c clinics.Clinic
	house := clinics.New(p.DB, p.Log, clinics.Options{})
	c, err := house.Get(ctx, p.As(access.Owner))
	must(err)
	must(s.Choose(ctx, p.As(access.Owner), clinics.OutsideRegion, c.Version))
	must(s.Choose(ctx, p.As(access.Owner), clinics.OutsideAnyone, c.Version+1))
	_, err = s.Check(ctx, p.As(access.System))
	must(err)
	_, _ = gate.DialContext("nobody")(ctx, "tcp", "192.0.2.9:443")
	must(s.Flush(ctx, p.As(access.System)))
	_, err = s.Used(ctx)
	must(err)
}
