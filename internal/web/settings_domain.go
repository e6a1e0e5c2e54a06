package web

import (
	"net/http"
	"net/netip"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/domains"
	"almirah/internal/fault"
)

// The clinic's own host name: claimed, shown with the records that prove it, looked up, and given up.

func domainRoutes() []Route {
	own := access.ClinicDomain
	return []Route{
		{Pattern: "GET /app/settings/domain", Door: Staff, Right: own, Handle: domainPage},
		{Pattern: "POST /app/settings/domain", Door: Staff, Right: own, Handle: domainClaim},
		{Pattern: "POST /app/settings/domain/check", Door: Staff, Right: own, Handle: domainCheck},
		{Pattern: "POST /app/settings/domain/remove", Door: Staff, Right: own, Handle: domainRemove},
	}
}

// DomainSettings is /app/settings/domain, the page "settings-domain".
type DomainSettings struct {
	SettingsPage
	Off       bool // not offered here
	Host      string
	Typed     string
	State     string // "waiting", "works" or "fails"; empty: nothing is claimed
	Problem   string // of the last look; empty: none
	Found     string // the addresses to which the name led instead
	Target    string // the name to which a CNAME leads
	Addresses []string
	ProofName string
	Proof     string
	Proven    time.Time
	Checked   time.Time // zero: never
	LetGo     time.Time // when a name that fails is served no longer
	Certified time.Time // until when; zero: not yet, or not by us
	Reach     string    // the address of the public page by the name
}

// TargetKind is the kind of record that leads to the deployment: one that runs under an address alone has no name for a CNAME.
func (p *DomainSettings) TargetKind() string {
	if _, err := netip.ParseAddr(p.Target); err == nil {
		return p.Kind(p.Target)
	}
	return "CNAME"
}

// Bare says whether the name is directly under an ending, where many providers allow no CNAME record.
func (p *DomainSettings) Bare() bool { return dots(p.Host) == 1 }

func dots(s string) (n int) {
	for _, r := range s {
		if r == '.' {
			n++
		}
	}
	return n
}

func domainPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.domain(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-domain", page)
}

func (s *Site) domain(v *Visit) (*DomainSettings, error) {
	page := &DomainSettings{SettingsPage: s.settings(v, "settings.domain", access.ClinicDomain), Off: s.Domains == nil || !s.Domains.Offered()}
	if s.Domains == nil {
		return page, nil
	}
	d, there, err := s.Domains.Get(v.Context(), v.Who)
	if err != nil || !there {
		return page, err
	}
	z := v.Clinic.Location()
	in := func(at clock.Instant) time.Time {
		if at == 0 {
			return time.Time{}
		}
		return at.In(z)
	}
	target, addresses := s.Domains.Target()
	for _, a := range addresses {
		page.Addresses = append(page.Addresses, a.String())
	}
	page.Host, page.Problem, page.Found, page.Target, page.ProofName, page.Proof = d.Host, d.Problem, d.Found, target, domains.ProofName(d.Host), d.Proof
	page.Proven, page.Checked, page.LetGo = in(d.Proven), in(d.Checked), in(d.LetGo())
	switch {
	case d.Proven == 0:
		page.State = "waiting"
	case d.Failing > 0:
		page.State = "fails"
	default:
		page.State = "works"
	}
	c := v.Clinic
	c.Host = d.Host
	page.Reach = c.Reach(s.PublicURL)
	until, err := s.Domains.CertifiedUntil(v.Context(), d.Host)
	page.Certified = in(until)
	return page, err
}

func domainClaim(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if s.Domains == nil {
		return fault.Missing()
	}
	typed := v.PostForm.Get("host")
	err := s.Domains.Claim(v.Context(), v.Who, typed)
	return s.answer(w, v, err, "/app/settings/domain?done=saved", "settings-domain", func() (Page, error) {
		page, err := s.domain(v)
		if err == nil {
			page.Typed = typed
		}
		return page, err
	})
}

func domainCheck(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.Domains == nil {
		return fault.Missing()
	}
	_, err := s.Domains.Check(v.Context(), v.Who)
	return s.answer(w, v, err, "/app/settings/domain", "settings-domain", func() (Page, error) { return s.domain(v) })
}

func domainRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.Domains == nil {
		return fault.Missing()
	}
	err := s.Domains.Remove(v.Context(), v.Who)
	return s.answer(w, v, err, "/app/settings/domain?done=domain-removed", "settings-domain", func() (Page, error) { return s.domain(v) })
}

// Kind is the type of the record that holds the address.
func (p *DomainSettings) Kind(address string) string {
	for _, r := range address {
		if r == ':' {
			return "AAAA"
		}
	}
	return "A"
}
