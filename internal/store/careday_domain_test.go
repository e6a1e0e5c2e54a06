package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/rig/nameserver"
	"almirah/internal/rig/practice"
)

// named is the part of the day at the clinic's own host name: claimed, proven, served, given up; and a certificate that is kept.
func named(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	const host = "book.sunrise-clinic.org"
	dns := nameserver.Start(t)
	s := domains.New(p.DB, p.Log, domains.Options{Clinics: house, Names: egress.NewNames(dns.Addr), Canonical: "almirah.test", Own: []string{"almirah.test"}})
	owner := p.As(access.Owner)
	must(s.Claim(ctx, owner, host))
	d, _, err := s.Get(ctx, owner)
	must(err)
	dns.Lead("almirah.test", "198.51.100.7")
	dns.Alias(host, "almirah.test")
	dns.Say(domains.ProofName(host), d.Proof)
	must(s.Sweep(ctx, p.As(access.System), func(c id.ID) access.Caller { return p.In(c, access.System) }))
	if d, err = s.Check(ctx, owner); err != nil || d.Problem != "" {
		t.Fatalf("the name does not work: %q %v", d.Problem, err)
	}
	p.Clock.Move(11 * time.Second)
	_, _, err = s.Of(ctx, host)
	must(err)
	must(s.KeepCertificate(ctx, host, []byte("a certificate")))
	_, _, err = s.Certificate(ctx, host)
	must(err)
	_, err = s.CertifiedUntil(ctx, host)
	must(err)
	must(s.DropCertificate(ctx, host))
	must(s.Remove(ctx, owner))
}
