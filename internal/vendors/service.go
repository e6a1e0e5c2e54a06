package vendors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	Gate   *egress.Gate
	Mail   string // id of the deployment's own mail server on the list
	Backup Target

	// Changed lets the terms of the clinic follow what it allows, in the same Change; nil for none. Rooms of terms stand to the right.
	Changed func(tx *store.Tx, c clinics.Clinic) error
}

// Service are the verbs for the doors, and what the gate asks.
type Service struct {
	db      *store.DB
	log     *slog.Logger
	o       Options
	parties map[string]egress.Processor

	mu     sync.Mutex
	read   bool // it was read at all
	readAt time.Time
	file   map[string]Vendor
	used   []Total
	usedAt time.Time
}

// freshFor is how old what is on file may be when a connection is opened: another process may have changed it.
const freshFor = 3 * time.Second

// New makes the service, and has the gate ask it.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	s := &Service{db: db, log: log, o: o, parties: map[string]egress.Processor{}}
	for _, p := range o.Gate.List() {
		s.parties[p.ID] = p
	}
	o.Gate.Shut(func(party string) string {
		p, listed := s.party(party)
		if !listed || !p.Bound() || p.Vital {
			return ""
		}
		s.Fresh()
		return s.shut(p, s.today())
	})
	return s
}

// Shut says why the gate lets nothing go to the party now, with what was on file at the last Fresh; empty when it is open. Whoever can wait asks before it dials: an attempt counts as refused.
func (s *Service) Shut(party string) string {
	p, listed := s.party(party)
	if !listed {
		return ""
	}
	return s.shut(p, s.today())
}

func (s *Service) today() clock.Date { return clock.DateOf(s.db.Clock().Now().UTC()) }

// Fresh reads what is on file, unless it was read a moment ago. It is called outside of every Change. When it cannot be read, what was known stands.
func (s *Service) Fresh() {
	now := s.db.Clock().Now()
	s.mu.Lock()
	young := s.read && now.Sub(s.readAt).Abs() < freshFor
	s.mu.Unlock()
	if young {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), freshFor)
	defer cancel()
	var file map[string]Vendor
	err := s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) (err error) {
		file, err = vendors(p)
		return err
	})
	if err != nil {
		s.log.Warn("the record of outside parties cannot be read; what was known of it stands", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file, s.read, s.readAt = file, true, now
}

func (s *Service) known(party string) (Vendor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file[party], s.read
}

func (s *Service) record(party string) Vendor {
	v, _ := s.known(party)
	return v
}

// States are all parties of the list with what is on file, by name.
func (s *Service) States() []State {
	s.Fresh()
	var out []State
	for _, p := range s.o.Gate.List() {
		out = append(out, State{Processor: p, Vendor: s.record(p.ID), Shut: s.shut(p, s.today())})
	}
	return out
}

// Save writes what is on file about a party of the list that needs a contract: an operator's act. fault.NotFound for any other; fault.Invalid names the
// wrong fields; fault.Conflict when somebody else wrote it meanwhile.
func (s *Service) Save(ctx context.Context, who access.Caller, v Vendor) error {
	p, listed := s.party(v.Party)
	if !listed || !p.Bound() {
		return fault.Missing()
	}
	v, err := check(v, s.today())
	if err != nil {
		return err
	}
	err = s.db.Across(ctx, who, access.PlatformVendors, func(_ context.Context, p *store.Platform) error {
		all, err := vendors(p)
		if err != nil {
			return err
		}
		now := v
		now.Version = max(now.Version, 1)
		p.Record(audit.Note{Action: "change-vendor", Kind: "vendor", Subject: p.NewID(), Old: all[v.Party].values(), New: map[string]any{"party": v.Party, "record": now.values()}})
		n, err := put(p, v, who.Actor())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
	s.forget()
	return err
}

func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readAt, s.usedAt = time.Time{}, time.Time{}
}

// Choose changes which outside parties may get something of the clinic's: the owner's act. fault.Invalid names "outside", also where the deployment's
// backups lie elsewhere, so that the choice could not be kept; fault.Conflict when the clinic no longer has the version.
func (s *Service) Choose(ctx context.Context, who access.Caller, to string, version int64) error {
	return s.db.Change(ctx, who, access.ClinicOutside, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if s.forbids(c, to) != "" {
			var f fault.Fields
			f.AddWith("outside", "field.outside.backups", map[string]any{"Name": s.o.Backup.Name})
			return f.Err()
		}
		tx.Housekeeping("a choice that is the same changes nothing")
		if err := clinics.SetOutside(tx, to, version); err != nil || s.o.Changed == nil || c.Outside == to {
			return err
		}
		c.Outside = to
		return s.o.Changed(tx, c)
	})
}

// Allowed are the parties that can get something of clinics' patients, each with why it gets nothing of this clinic; empty: it may.
func (s *Service) Allowed(c clinics.Clinic) []Allowed {
	s.Fresh()
	var out []Allowed
	for _, p := range s.o.Gate.List() {
		if p.Patients || p.Chosen {
			x := Allowed{Processor: p, Why: s.Refused(c, p.ID, "")}
			if p.ID == s.o.Backup.Party {
				x.Why = s.forbids(c, c.Outside)
			}
			out = append(out, x)
		}
	}
	return out
}

// Allowed is a party, and why it gets nothing of a clinic.
type Allowed struct {
	egress.Processor
	Why string
}

// Against is a clinic whose choice this deployment's configuration does not go with.
type Against struct {
	Clinic id.ID
	Slug   string
	What   string // "mail" or "backups"
	Why    string
}

// Check compares a clinic's choice with the deployment's own mail server and the place of its backups. who is the clinic's own work.
func (s *Service) Check(ctx context.Context, who access.Caller) (out []Against, err error) {
	s.Fresh()
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		out = nil
		if why := s.Refused(c, s.o.Mail, ""); why != "" {
			out = append(out, Against{c.ID, c.Slug, "mail", why})
		}
		if why := s.forbids(c, c.Outside); why != "" {
			out = append(out, Against{c.ID, c.Slug, "backups", why})
		}
		b, listed := s.party(s.o.Backup.Party)
		if listed && b.Bound() && c.Outside == clinics.OutsideAnyone && s.Refused(c, b.ID, "") == NoBAA {
			out = append(out, Against{c.ID, c.Slug, "backups", NoBAA})
		}
		return nil
	})
	return out, err
}

// CheckAll is Check for every clinic whose data lie here, those too that are only arriving. Where one cannot be asked, the others are asked all the
// same, and the answer is an error beside what was found. who is the platform's own work, of is a clinic's.
func (s *Service) CheckAll(ctx context.Context, who access.Caller, of func(clinic id.ID) access.Caller) (out []Against, err error) {
	list, err := s.db.ClinicsHere(ctx, who)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, c := range list {
		found, err := s.Check(ctx, of(c))
		if err != nil && !fault.Is(err, fault.NotFound) { // a clinic that has gone meanwhile
			failed = append(failed, fmt.Errorf("what clinic %s allows outside cannot be read: %w", c, err))
		}
		out = append(out, found...)
	}
	return out, errors.Join(failed...)
}

// Unbound are the parties for which no contract, or no confidentiality, is on file.
func Unbound(list []State) []State {
	return slices.DeleteFunc(slices.Clone(list), func(x State) bool { return !x.Bound() || x.Missing() == "" })
}
