package clinics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Options are what app hands in.
type Options struct {
	// Anyone looks up which clinic a name belongs to: the public, outside every clinic.
	Anyone access.Caller
	// HasUpcoming says whether appointments lie ahead. A zone is not changed under them: the day on which an appointment
	// stands was worked out in the zone. Scheduling stands to the right, so app hands its verb in; nil means that nothing can lie ahead.
	HasUpcoming func(tx *store.Tx) (bool, error)
	// Outside is which outside parties a new clinic allows; nil for anybody who is listed.
	Outside func(p Profile) string
	// Founded writes down how a new clinic stands, in the Change that opens it; Changed is told, in the Change itself, that the clinic's law or its
	// modules changed. The terms of patients stand to the right, so app hands both in; nil: nobody is told.
	Founded, Changed func(tx *store.Tx, c Clinic) error
}

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
	o   Options

	mu    sync.Mutex
	names map[string]known
}

// known is a name that was looked up a moment ago.
type known struct {
	clinic id.ID
	canary bool
	until  time.Time
}

const (
	knownFor   = 10 * time.Second
	knownNames = 4096
)

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	return &Service{db: db, log: log, o: o, names: map[string]known{}}
}

// BySlug finds the clinic with the name in the address of its public page. fault.NotFound when there is none. Only names
// that exist are remembered, for ten seconds.
func (s *Service) BySlug(ctx context.Context, slug string) (id.ID, error) {
	slug = strings.ToLower(slug)
	if len(slug) > 40 || !slugForm.MatchString(slug) {
		return id.Zero, fault.Missing()
	}
	now := s.db.Clock().Now()
	s.mu.Lock()
	k, ok := s.names[slug]
	s.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.found(ctx)
	}
	k = known{until: now.Add(knownFor)}
	err := s.db.Across(ctx, s.o.Anyone, access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var openedAt int64
		err := p.Row(sqlRouteGet, slug).Scan(&k.clinic, &openedAt, &k.canary)
		if err == store.ErrNoRows || err == nil && openedAt == 0 {
			return fault.Missing()
		}
		return err
	})
	if err != nil {
		return id.Zero, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.names) >= knownNames {
		clear(s.names)
	}
	s.names[slug] = k
	return k.found(ctx)
}

// Opening is a clinic that is to be opened.
type Opening struct {
	Slug string
	Profile
	Rules *Rules // nil: StandardRules
	// Canary makes it the invented patient's clinic (see AsCanary).
	Canary bool

	// Enrol runs in the transaction that makes the clinic reachable: whoever opens it becomes its owner there, or it does
	// not open. It may be nil.
	Enrol func(p *store.Platform, c Clinic) error
}

// CheckOpening names every wrong field of an opening at once and gives it back normalised.
func CheckOpening(o Opening) (Opening, error) {
	var f fault.Fields
	o.Slug = checkSlug(o.Slug, &f)
	o.Profile = Check(o.Profile, &f)
	if o.Rules == nil {
		r := StandardRules()
		o.Rules = &r
	}
	checkRules(*o.Rules, &f)
	return o, f.Err()
}

// Open makes a clinic: its name is reserved, its keys are made and committed, its row and what the hooks of other rooms write
// are one Change, and only then the name leads to it. fault.Invalid names every wrong field, "slug" too when the name is taken;
// when a hook fails nothing of the clinic can be reached and its name is free again.
func (s *Service) Open(ctx context.Context, who access.Caller, o Opening, then ...func(ctx context.Context, tx *store.Tx, c Clinic) error) (Clinic, error) {
	o, err := CheckOpening(o)
	if err != nil {
		return Clinic{}, err
	}
	clinic := id.New(s.db.Clock().Now())
	err = s.db.Across(ctx, who, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a name waits for its clinic; the opening itself is recorded with the clinic")
		free, err := reserve(p, o.Slug, clinic, reservation)
		if err == nil && !free {
			return taken()
		}
		return err
	})
	if err != nil {
		return Clinic{}, err
	}
	var c Clinic
	err = s.db.FoundClinic(ctx, who, clinic, func(ctx context.Context, tx *store.Tx) error {
		outside := OutsideAnyone
		if s.o.Outside != nil {
			outside = s.o.Outside(o.Profile)
		}
		if err := addClinic(tx, o.Slug, o.Profile, *o.Rules, outside, o.Canary); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "open", Kind: "clinic", Subject: clinic, New: o.Profile.values()})
		var err error
		if c, err = Get(&tx.View); err != nil {
			return err
		}
		for _, hook := range then {
			if err := hook(ctx, tx, c); err != nil {
				return err
			}
		}
		if s.o.Founded != nil {
			return s.o.Founded(tx, c)
		}
		return nil
	})
	if err == nil {
		err = s.db.Across(ctx, who, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
			n, err := p.Exec(sqlRouteOpen, o.Slug, clinic, p.Now(), o.Canary)
			if err != nil {
				return err
			}
			if n != 1 {
				return taken()
			}
			p.Record(audit.Note{Action: "open", Kind: "clinic", Subject: clinic})
			if o.Enrol != nil {
				return o.Enrol(p, c)
			}
			return nil
		})
	}
	if err != nil {
		s.release(ctx, who, o.Slug, clinic)
		return Clinic{}, err
	}
	return c, nil
}

func taken() error {
	var f fault.Fields
	f.Add("slug", "field.slug.taken")
	return f.Err()
}

// release gives back a name whose clinic did not come into being. When that fails too, the name is free after ten minutes.
func (s *Service) release(ctx context.Context, who access.Caller, slug string, clinic id.ID) {
	err := s.db.Across(context.WithoutCancel(ctx), who, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the name of a clinic that was not made is free again")
		_, err := p.Exec(sqlRouteRelease, slug, clinic)
		return err
	})
	if err != nil {
		s.log.ErrorContext(ctx, "a reserved clinic name could not be given back", "clinic", clinic.String(), "error", err)
	}
}

// Get is the caller's clinic: with its business contact for its own people, without it for others.
func (s *Service) Get(ctx context.Context, who access.Caller) (Clinic, error) {
	right := access.PublicRead
	if who.Role().IsStaff() {
		right = access.ClinicRead
	}
	var c Clinic
	err := s.db.View(ctx, who, right, func(_ context.Context, v *store.View) error {
		var err error
		c, err = Get(v)
		return err
	})
	return c, err
}

// Save changes the profile. fault.Invalid names every wrong field, "region" when it would move and "zone" when appointments
// lie ahead; fault.Conflict when the clinic no longer has the version. Nothing is changed by a profile that says the same.
func (s *Service) Save(ctx context.Context, who access.Caller, p Profile, version int64) error {
	var f fault.Fields
	p = Check(p, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.change(ctx, who, version, func(tx *store.Tx, c Clinic) (bool, error) {
		old := c.Profile()
		var f fault.Fields
		if p.Region != old.Region {
			f.Add("region", "field.region.pinned") // data would have to be carried there first
		}
		if p.Zone != old.Zone && s.o.HasUpcoming != nil {
			ahead, err := s.o.HasUpcoming(tx)
			if err != nil {
				return false, err
			}
			if ahead {
				f.Add("zone", "field.zone.appointments_ahead")
			}
		}
		if err := f.Err(); err != nil {
			return false, err
		}
		was, is := changed(old.values(), p.values())
		if len(is) == 0 {
			return true, nil
		}
		tx.Record(audit.Note{Action: "change-profile", Kind: "clinic", Subject: c.ID, Old: was, New: is})
		same, err := setProfile(tx, p, version)
		if err != nil || !same || p.Jurisdiction == old.Jurisdiction {
			return same, err
		}
		return same, s.changed(tx)
	})
}

// SaveRules changes the rules of booking and of the public page. Its faults are those of Save.
func (s *Service) SaveRules(ctx context.Context, who access.Caller, r Rules, version int64) error {
	var f fault.Fields
	checkRules(r, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.change(ctx, who, version, func(tx *store.Tx, c Clinic) (bool, error) {
		was, is := changed(c.Rules().values(), r.values())
		if len(is) == 0 {
			return true, nil
		}
		tx.Record(audit.Note{Action: "change-rules", Kind: "clinic", Subject: c.ID, Old: was, New: is})
		n, err := tx.Exec(sqlRulesSet, version, int64(r.MinNotice/time.Minute), int64(r.Horizon), int64(r.Step/time.Minute), r.Online, r.ShowPhone, r.ShowEmail)
		return n == 1, err
	})
}

// SetModules turns modules on and off: an owner's act. Its faults are those of Save. What a module held stays, out of sight, until it is
// turned on again or its time is over.
func (s *Service) SetModules(ctx context.Context, who access.Caller, modules []string, version int64) error {
	var f fault.Fields
	modules = checkModules(modules, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return s.changeAs(ctx, who, access.ClinicModules, version, func(tx *store.Tx, c Clinic) (bool, error) {
		was, is := strings.Join(c.Modules, ","), strings.Join(modules, ",")
		if was == is {
			return true, nil
		}
		tx.Record(audit.Note{Action: "change-modules", Kind: "clinic", Subject: c.ID, Old: was, New: is})
		n, err := tx.Exec(sqlModulesSet, version, is)
		if err != nil || n != 1 {
			return false, err
		}
		return true, s.changed(tx)
	})
}

// changed tells that the clinic's law or its modules are others now.
func (s *Service) changed(tx *store.Tx) error {
	if s.o.Changed == nil {
		return nil
	}
	c, err := Get(&tx.View)
	if err != nil {
		return err
	}
	return s.o.Changed(tx, c)
}

// Leave marks the clinic as closing, or takes that back: the owner's act. While it is closing nobody books online; the staff, the
// patients who are booked and every copy of the data go on. fault.Conflict when it is as wanted already, or closed for good.
func (s *Service) Leave(ctx context.Context, who access.Caller, leave bool) error {
	return s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		from, to, at := Open, Closing, tx.Now()
		if !leave {
			from, to, at = Closing, Open, 0
		}
		n, err := tx.Exec(sqlStatusSet, to, at, from)
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err == nil {
			tx.Record(audit.Note{Action: "change-status", Kind: "clinic", Subject: tx.Clinic(), Old: from, New: to})
		}
		return err
	})
}

// change opens the one Change of a setting. do answers whether the version was still the one that the caller saw.
func (s *Service) change(ctx context.Context, who access.Caller, version int64, do func(tx *store.Tx, c Clinic) (bool, error)) error {
	return s.changeAs(ctx, who, access.ClinicSettings, version, do)
}

func (s *Service) changeAs(ctx context.Context, who access.Caller, right access.Right, version int64, do func(tx *store.Tx, c Clinic) (bool, error)) error {
	return s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		c, err := Get(&tx.View)
		if err != nil {
			return err
		}
		if c.Version != version {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		same, err := do(tx, c)
		if err == nil && !same {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
}

// SetLogo keeps the picture of a PNG or JPEG, or takes the logo away when there are no bytes. fault.Invalid with the field
// "logo" when it is neither, is broken, or is larger than 200 kB.
func (s *Service) SetLogo(ctx context.Context, who access.Caller, data []byte) error {
	var kind string
	if len(data) > 0 {
		var err error
		if data, kind, err = redraw(data); err != nil {
			return err
		}
	} else {
		data = nil
	}
	return s.db.Change(ctx, who, access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		var old []byte
		var oldKind string
		err := tx.Row(sqlLogoGet).Scan(&old, &oldKind)
		if err == store.ErrNoRows {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change-logo", Kind: "clinic", Subject: tx.Clinic(), Old: fingerprint(old), New: fingerprint(data)})
		return tx.Must(sqlLogoSet, data, kind)
	})
}

// fingerprint stands for a picture in the audit entry.
func fingerprint(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Logo is the clinic's logo with its content type, "image/png" or "image/jpeg". fault.NotFound when it has none.
func (s *Service) Logo(ctx context.Context, who access.Caller) ([]byte, string, error) {
	var data []byte
	var kind string
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		err := v.Row(sqlLogoGet).Scan(&data, &kind)
		if err == store.ErrNoRows || err == nil && kind == "" {
			return fault.Missing()
		}
		return err
	})
	return data, kind, err
}
