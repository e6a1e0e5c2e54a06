package domains

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Options are what app hands in.
type Options struct {
	Clinics   *clinics.Service
	Names     *egress.Names // nil: this deployment offers clinics no names of their own
	Canonical string        // the deployment's own name, to which a clinic's name leads
	Own       []string      // every name of the deployment
	Addresses []netip.Addr  // at which it is reached, besides those to which Canonical leads
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options

	mu    sync.Mutex
	hosts map[string]known
}

// known is a host that was looked up a moment ago; clinic is zero when it is nobody's.
type known struct {
	clinic id.ID
	slug   string
	until  time.Time
}

const (
	knownFor   = 10 * time.Second
	knownHosts = 4096
)

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	return &Service{db: db, log: log, o: o, hosts: map[string]known{}}
}

// Offered says whether clinics can have names of their own here.
func (s *Service) Offered() bool { return s.o.Names != nil }

// Target is where a clinic's name has to lead: the deployment's own name, and its addresses as they are configured.
func (s *Service) Target() (canonical string, addresses []netip.Addr) {
	return s.o.Canonical, s.o.Addresses
}

// Of is the clinic whose proven name the host is, with the name of its public page. fault.NotFound when it is nobody's. What was
// found is gone by for ten seconds.
func (s *Service) Of(ctx context.Context, host string) (clinic id.ID, slug string, err error) {
	if s.o.Names == nil || len(host) > 253 || !strings.Contains(host, ".") {
		return id.Zero, "", fault.Missing()
	}
	now := s.db.Clock().Now()
	s.mu.Lock()
	k, ok := s.hosts[host]
	s.mu.Unlock()
	if !ok || !now.Before(k.until) {
		k = known{until: now.Add(knownFor)}
		err = s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
			err := p.Row(sqlDomainOf, host).Scan(&k.clinic, &k.slug)
			if errors.Is(err, store.ErrNoRows) {
				return nil
			}
			return err
		})
		if err != nil {
			return id.Zero, "", err
		}
		s.mu.Lock()
		if len(s.hosts) >= knownHosts {
			clear(s.hosts)
		}
		s.hosts[host] = k
		s.mu.Unlock()
	}
	if k.clinic.IsZero() {
		return id.Zero, "", fault.Missing()
	}
	return k.clinic, k.slug, nil
}

func (s *Service) forget(hosts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range hosts {
		delete(s.hosts, h)
	}
}

// Get is the name of the caller's clinic; there is false when it has claimed none.
func (s *Service) Get(ctx context.Context, who access.Caller) (d Domain, there bool, err error) {
	if !who.May(access.ClinicDomain) && who.Role() != access.System {
		return d, false, fault.New(fault.Forbidden, "fault.forbidden")
	}
	err = s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		d, there, err = readDomain(p, who.Clinic())
		return err
	})
	return d, there, err
}

// Claim says that the clinic wants the name. It keeps nobody else from it before it is proven. The clinic's earlier name, if it is another,
// is served no longer. fault.Invalid with the field "host"; fault.NotFound where names are not offered.
func (s *Service) Claim(ctx context.Context, who access.Caller, typed string) error {
	if s.o.Names == nil {
		return fault.Missing()
	}
	host, err := Parse(typed, s.o.Own)
	if err != nil {
		return err
	}
	was, there, err := s.Get(ctx, who)
	if err != nil || there && was.Host == host {
		return err
	}
	if err := s.mark(ctx, who, access.ClinicDomain, "", audit.Note{Action: "claim-domain", Kind: "domain", Subject: who.Clinic(), Old: was.Host, New: host}); err != nil {
		return err
	}
	err = s.db.Across(ctx, who, access.PlatformDomain, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "claim-domain", Kind: "domain", Subject: who.Clinic()})
		_, err := p.Exec(sqlDomainClaim, who.Clinic(), host, newProof(), p.Now(), p.Now().Add(eager))
		return err
	})
	s.forget(was.Host, host)
	return err
}

// Remove gives the name up; links begin with the deployment's own name from then on. fault.NotFound when there is none.
func (s *Service) Remove(ctx context.Context, who access.Caller) error {
	return s.remove(ctx, who, access.ClinicDomain)
}

func (s *Service) remove(ctx context.Context, who access.Caller, right access.Right) error {
	was, there, err := s.Get(ctx, who)
	if err != nil {
		return err
	}
	if !there {
		return fault.Missing()
	}
	if err := s.mark(ctx, who, right, "", audit.Note{Action: "remove-domain", Kind: "domain", Subject: who.Clinic(), Old: was.Host}); err != nil {
		return err
	}
	err = s.db.Across(ctx, who, access.PlatformDomain, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "remove-domain", Kind: "domain", Subject: who.Clinic()})
		by, err := holder(p, was.Host)
		if err != nil {
			return err
		}
		if by.IsZero() || by == who.Clinic() { // its key is nobody's any more; whose claim was never proven has none, and another clinic may
			if _, err := p.Exec(sqlCertificateDrop, was.Host); err != nil {
				return err
			}
		}
		_, err = p.Exec(sqlDomainRemove, who.Clinic())
		return err
	})
	s.forget(was.Host)
	return err
}

// mark writes into the clinic's own row with which name its links begin, and into its own log what happened.
func (s *Service) mark(ctx context.Context, who access.Caller, right access.Right, host string, note audit.Note) error {
	return s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		tx.Record(note)
		return clinics.SetHost(tx, host)
	})
}

// Check looks the name up now and goes by what it finds: see Domain. fault.NotFound when the clinic has claimed none. Its owners are
// told when it begins to work, stops to work, and is let go.
func (s *Service) Check(ctx context.Context, who access.Caller) (Domain, error) {
	d, there, err := s.Get(ctx, who)
	if err != nil {
		return d, err
	}
	if !there || s.o.Names == nil {
		return d, fault.Missing()
	}
	c, err := s.o.Clinics.Get(ctx, who)
	if err != nil {
		return d, err
	}
	right := access.ClinicDomain
	if who.Role() == access.System {
		right = access.Work
	}
	if c.Status == clinics.Closed || d.stale(clock.At(s.db.Clock().Now())) {
		return d, s.remove(ctx, who, right)
	}
	problem, found := s.look(ctx, d)
	var next Domain
	err = s.db.Across(ctx, who, access.PlatformDomain, func(_ context.Context, p *store.Platform) error {
		by, err := holder(p, d.Host)
		if err != nil {
			return err
		}
		if problem == "" && !by.IsZero() && by != who.Clinic() {
			problem = Taken
		}
		next = d.seen(p.Now(), problem, found)
		n, err := p.Exec(sqlDomainSeen, who.Clinic(), d.Version, next.Claimed, next.Proven, next.Checked, next.Failing, next.dueAt, next.Problem, next.Found)
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		next.Version++
		notice := turn(d, next, c.Host != "", p.Now())
		if notice == "" {
			p.Housekeeping("a clinic's name was looked up and stands as it stood")
			return nil
		}
		p.Record(audit.Note{Action: "check-domain", Kind: "domain", Subject: who.Clinic(), New: notice})
		return accounts.OwnersTold(p, who.Clinic(), c.Name, notice, "/app/settings/domain")
	})
	s.forget(d.Host)
	if err != nil {
		return d, err
	}
	link := ""
	if next.ForLinks(next.Checked) {
		link = next.Host
	}
	if link != c.Host {
		err = s.mark(ctx, who, right, link, audit.Note{Action: "change-domain", Kind: "domain", Subject: who.Clinic(), Old: c.Host, New: link})
	}
	return next, err
}

// turn is what the owners are told of the step from one standing to the next; empty: nothing. linked says that links begin with the name.
func turn(was, is Domain, linked bool, now clock.Instant) string {
	switch {
	case was.Proven > 0 && is.Proven == 0:
		return accounts.NoticeDomainLost
	case is.ForLinks(now) && !linked:
		return accounts.NoticeDomainWorks
	case linked && !is.ForLinks(now):
		return accounts.NoticeDomainFails
	}
	return ""
}

// look asks the name servers whether the name leads here and carries the proof.
func (s *Service) look(ctx context.Context, d Domain) (problem, found string) {
	at, err := s.o.Names.Addresses(ctx, d.Host)
	switch {
	case errors.Is(err, egress.ErrNoRecord):
		return NoName, ""
	case err != nil:
		return NoAnswer, ""
	}
	ours, err := s.o.Names.Addresses(ctx, s.o.Canonical)
	if err != nil && len(s.o.Addresses) == 0 {
		return NoAnswer, "" // of ourselves: nobody is to blame for that
	}
	ours = append(ours, s.o.Addresses...)
	var strange []string
	for _, a := range at {
		if !slices.Contains(ours, a) {
			strange = append(strange, a.String())
		}
	}
	if len(strange) > 0 {
		return Elsewhere, strings.Join(strange[:min(len(strange), 8)], ", ")
	}
	texts, err := s.o.Names.Texts(ctx, ProofName(d.Host))
	switch {
	case errors.Is(err, egress.ErrNoRecord):
		return NoProof, ""
	case err != nil:
		return NoAnswer, ""
	case !slices.ContainsFunc(texts, func(t string) bool { return strings.TrimSpace(t) == d.Proof }):
		return WrongProof, ""
	}
	return "", ""
}

// Sweep looks up every name whose time has come; who is the platform's own work, inClinic a clinic's own. What fails is logged and comes
// again.
func (s *Service) Sweep(ctx context.Context, who access.Caller, inClinic func(clinic id.ID) access.Caller) error {
	var list []id.ID
	err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("certificates of names that nobody renewed")
		if _, err := p.Exec(sqlCertificateOld, p.Now().Add(-keepEnded)); err != nil {
			return err
		}
		var err error
		list, err = due(p, p.Now())
		return err
	})
	if err != nil || s.o.Names == nil {
		return err
	}
	for _, clinic := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := s.Check(ctx, inClinic(clinic)); err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
			s.log.ErrorContext(ctx, "a clinic's name could not be looked after", "clinic", clinic.String(), "error", err)
		}
	}
	return nil
}
