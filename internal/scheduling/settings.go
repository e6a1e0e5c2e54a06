package scheduling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlProviderAdd = `INSERT INTO provider (clinic_id, id, name, speciality, qualification, registration_no, about, show_speciality, show_qualification,
		show_registration, show_about, online, colour, position, daily_cap, weekly, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	sqlProviderSave = `UPDATE provider SET name = $4, speciality = $5, qualification = $6, registration_no = $7, about = $8, show_speciality = $9,
		show_qualification = $10, show_registration = $11, show_about = $12, online = $13, colour = $14, position = $15, daily_cap = $16, version = version + 1
		WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlProviderWeekly = `UPDATE provider SET weekly = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlProviderRetire = `UPDATE provider SET retired_at = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlProviderBack   = `UPDATE provider SET retired_at = 0, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND retired_at > 0`

	sqlServiceAdd = `INSERT INTO service (clinic_id, id, name, about, duration, buffer_before, buffer_after, price, show_price, online, position, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlServiceSave = `UPDATE service SET name = $4, about = $5, duration = $6, buffer_before = $7, buffer_after = $8, price = $9, show_price = $10, online = $11,
		position = $12, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlServiceRetire = `UPDATE service SET retired_at = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlServiceBack   = `UPDATE service SET retired_at = 0, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlOfferDrop     = `DELETE FROM service_provider WHERE clinic_id = $1 AND service_id = $2
		AND provider_id IN (SELECT id FROM provider WHERE clinic_id = $1 AND retired_at = 0)` // who has retired finds hers again when she returns
	sqlOfferEnd = `DELETE FROM service_provider WHERE clinic_id = $1 AND service_id = $2 AND provider_id = $3`
	sqlOfferAdd = `INSERT INTO service_provider (clinic_id, service_id, provider_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

	sqlHoursSet = `INSERT INTO hours_change (clinic_id, provider_id, day, open, intervals) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (clinic_id, provider_id, day) DO UPDATE SET open = excluded.open, intervals = excluded.intervals`
	sqlHoursDrop  = `DELETE FROM hours_change WHERE clinic_id = $1 AND provider_id = $2 AND day = $3`
	sqlHoursOf    = `SELECT day, open, intervals FROM hours_change WHERE clinic_id = $1 AND provider_id = $2 AND day >= $3 ORDER BY day LIMIT 200`
	sqlLeaveAdd   = `INSERT INTO leave (clinic_id, provider_id, id, starts_at, ends_at, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlLeaveGet   = `SELECT provider_id FROM leave WHERE clinic_id = $1 AND id = $2`
	sqlLeaveDrop  = `DELETE FROM leave WHERE clinic_id = $1 AND id = $2`
	sqlClosureAdd = `INSERT INTO closure (clinic_id, id, starts_at, ends_at, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlClosureOff = `DELETE FROM closure WHERE clinic_id = $1 AND id = $2`
	sqlInTheWay   = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND day >= $2 AND day <= $3
		AND starts_at < $5 AND ends_at > $4 AND status IN ('booked', 'confirmed') ORDER BY starts_at LIMIT 500`
	sqlUpcomingAny = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND day >= $2 AND status IN ('booked', 'confirmed')`
)

// Roster is what the settings pages of services and providers show.
type Roster struct {
	Clinic    clinics.Clinic
	Providers []Provider
	Services  []Service
	Today     clock.Date
}

// Roster reads providers and services, the retired ones too.
func (d *Desk) Roster(ctx context.Context, who access.Caller) (Roster, error) {
	var out Roster
	err := d.db.View(ctx, who, access.ClinicRead, func(_ context.Context, v *store.View) (err error) {
		if out.Clinic, err = clinics.Get(v); err != nil {
			return err
		}
		out.Today = clock.DateOf(v.Now().In(out.Clinic.Location()))
		if out.Providers, err = providers(v, true); err != nil {
			return err
		}
		out.Services, err = services(v, true)
		return err
	})
	return out, err
}

// AddProvider adds a practitioner with no hours yet.
func (d *Desk) AddProvider(ctx context.Context, who access.Caller, p Provider) (Provider, error) {
	var f fault.Fields
	p.check(&f)
	for d, list := range p.Weekly {
		checkDay(&f, fmt.Sprintf("weekly.%d", d), list)
	}
	if err := f.Err(); err != nil {
		return p, err
	}
	err := d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		var err error
		p, err = AddProvider(tx, p)
		return err
	})
	return p, err
}

// AddProvider is the verb for rooms that have a Tx in hand.
func AddProvider(tx *store.Tx, p Provider) (Provider, error) {
	p.ID, p.Version = tx.NewID(), 1
	sealed, err := p.sealed(tx)
	if err != nil {
		return p, err
	}
	_, err = tx.Exec(sqlProviderAdd, p.ID, sealed[0], p.Speciality, sealed[1], sealed[2], sealed[3], p.ShowSpeciality, p.ShowQualification,
		p.ShowRegistration, p.ShowAbout, p.Online, p.Colour, p.Position, p.DailyCap, encodeWeekly(p.Weekly), tx.Now())
	tx.Record(audit.Note{Action: "add", Kind: "provider", Subject: p.ID, New: p})
	return p, err
}

func (p Provider) sealed(tx *store.Tx) (out [4][]byte, err error) {
	for i, f := range []struct{ column, text string }{{"name", p.Name}, {"qualification", p.Qualification}, {"registration_no", p.Registration}, {"about", p.About}} {
		if out[i], err = sealOwn(tx, "provider", f.column, p.ID, f.text); err != nil {
			return out, err
		}
	}
	return out, nil
}

// SaveProvider changes the details of practitioners and what patients see of them, not their hours: all of them, or none.
func (d *Desk) SaveProvider(ctx context.Context, who access.Caller, list ...Provider) error {
	var f fault.Fields
	for _, p := range list {
		p.check(&f)
	}
	if err := f.Err(); err != nil {
		return err
	}
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		for _, p := range list {
			if err := saveProvider(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveProvider(tx *store.Tx, p Provider) error {
	was, err := provider(&tx.View, p.ID)
	if err != nil {
		return err
	}
	sealed, err := p.sealed(tx)
	if err != nil {
		return err
	}
	p.Weekly = was.Weekly
	n, err := tx.Exec(sqlProviderSave, p.ID, p.Version, sealed[0], p.Speciality, sealed[1], sealed[2], sealed[3], p.ShowSpeciality, p.ShowQualification,
		p.ShowRegistration, p.ShowAbout, p.Online, p.Colour, p.Position, p.DailyCap)
	return saved(tx, n, err, audit.Note{Action: "change", Kind: "provider", Subject: p.ID, Old: was, New: p})
}

// SavePractice saves a practitioner, new where she has no id yet, together with the services that she offers: both, or
// neither. Services that are retired keep whom they had. fault.NotFound when one of the offered is not there.
func (d *Desk) SavePractice(ctx context.Context, who access.Caller, p Provider, offered []id.ID) (Provider, error) {
	var f fault.Fields
	p.check(&f)
	if err := f.Err(); err != nil {
		return p, err
	}
	out := p
	err := d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		var err error
		if out = p; p.ID.IsZero() {
			out, err = AddProvider(tx, p)
		} else {
			err = saveProvider(tx, p)
		}
		if err != nil {
			return err
		}
		all, err := services(&tx.View, true)
		if err != nil {
			return err
		}
		for _, one := range offered {
			if !slices.ContainsFunc(all, func(s Service) bool { return s.ID == one }) {
				return fault.Missing()
			}
		}
		for _, s := range all {
			has, want := slices.Contains(s.Providers, out.ID), slices.Contains(offered, s.ID)
			if s.RetiredAt > 0 || has == want {
				continue
			}
			if err := setOffer(tx, s, out.ID, want); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// setOffer adds one practitioner to those who offer a service, or takes her away, and leaves the others as they are.
func setOffer(tx *store.Tx, s Service, p id.ID, want bool) error {
	now, text := s, sqlOfferEnd
	if now.Providers = slices.DeleteFunc(slices.Clone(s.Providers), func(x id.ID) bool { return x == p }); want {
		now.Providers, text = append(now.Providers, p), sqlOfferAdd
	}
	if err := updateService(tx, s, now); err != nil {
		return err
	}
	_, err := tx.Exec(text, s.ID, p)
	return err
}

// saved turns a guarded UPDATE into its outcome: one row and an entry, or a lost race.
func saved(tx *store.Tx, n int64, err error, note audit.Note) error {
	if err != nil {
		return err
	}
	if n != 1 {
		return changed()
	}
	tx.Record(note)
	return nil
}

// SaveWeekly changes the hours of an ordinary week. Appointments that then lie outside stay;
// the dashboard counts them and the day marks them until somebody decides.
func (d *Desk) SaveWeekly(ctx context.Context, who access.Caller, one id.ID, version int64, w Weekly) error {
	if err := CheckWeekly(w); err != nil {
		return err
	}
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		was, err := provider(&tx.View, one)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlProviderWeekly, one, version, encodeWeekly(w))
		return saved(tx, n, err, audit.Note{Action: "hours", Kind: "provider", Subject: one, Old: was.Weekly, New: w})
	})
}

// SetDay changes the hours of one day: other intervals, or closed. Drop takes the exception back.
func (d *Desk) SetDay(ctx context.Context, who access.Caller, one id.ID, c Change, drop bool) error {
	if err := CheckChange(c); err != nil {
		return err
	}
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		if err := lockProviders(tx, one); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "hours", Kind: "provider", Subject: one, New: c})
		if drop {
			return tx.Must(sqlHoursDrop, one, c.Day)
		}
		_, err := tx.Exec(sqlHoursSet, one, c.Day, c.Open, encodeIntervals(c.Intervals))
		return err
	})
}

// Week is a provider's hours as the settings page shows them.
type Week struct {
	Provider Provider
	Changes  []Change
	Leaves   []Leave
	Closures []Closure
	Clinic   clinics.Clinic
	Today    clock.Date
}

// Week reads one provider's hours with what is coming of exceptions and leave.
func (d *Desk) Week(ctx context.Context, who access.Caller, one id.ID) (Week, error) {
	var out Week
	err := d.db.View(ctx, who, access.ClinicRead, func(_ context.Context, v *store.View) (err error) {
		if out.Clinic, err = clinics.Get(v); err != nil {
			return err
		}
		out.Today = clock.DateOf(v.Now().In(out.Clinic.Location()))
		if out.Provider, err = provider(v, one); err != nil {
			return err
		}
		rows, err := v.Query(sqlHoursOf, one, out.Today)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Change
			var text string
			if err := rows.Scan(&c.Day, &c.Open, &text); err != nil {
				return err
			}
			if c.Intervals, err = decodeIntervals(text); err != nil {
				continue
			}
			out.Changes = append(out.Changes, c)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if out.Leaves, err = leavesBetween(v, one, v.Now(), v.Now().Add(800*24*time.Hour), true); err != nil {
			return err
		}
		out.Closures, err = closuresBetween(v, v.Now(), v.Now().Add(800*24*time.Hour))
		return err
	})
	return out, err
}

// AddLeave enters leave. It does not touch appointments that are booked for that time: they are
// answered, so that a person moves or cancels them one by one.
func (d *Desk) AddLeave(ctx context.Context, who access.Caller, l Leave) ([]Appointment, error) {
	var f fault.Fields
	l.Reason = checkText(&f, "reason", l.Reason, 120)
	if l.From >= l.To || l.From <= 0 {
		f.Add("to", "field.leave.backwards")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	var out []Appointment
	err := d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		if err := lockProviders(tx, l.Provider); err != nil {
			return err
		}
		l.ID = tx.NewID()
		reason, err := sealOwn(tx, "leave", "reason", l.ID, l.Reason)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlLeaveAdd, l.Provider, l.ID, l.From, l.To, reason, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "leave", Kind: "provider", Subject: l.Provider, New: l})
		all, err := inTheWay(&tx.View, l.From, l.To)
		out = out[:0]
		for _, a := range all {
			if a.Provider == l.Provider {
				out = append(out, a)
			}
		}
		return err
	})
	return out, err
}

func inTheWay(v *store.View, from, to clock.Instant) ([]Appointment, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	z := c.Location()
	return many(v.Query(sqlInTheWay, clock.DateOf(from.In(z)).AddDays(-1), clock.DateOf(to.In(z)).AddDays(1), from, to))
}

// DropLeave takes leave back.
func (d *Desk) DropLeave(ctx context.Context, who access.Caller, one id.ID) error {
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		var p id.ID
		if err := tx.Row(sqlLeaveGet, one).Scan(&p); err != nil {
			return fault.Missing()
		}
		if err := lockProviders(tx, p); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "leave-end", Kind: "provider", Subject: p, Old: one})
		return tx.Must(sqlLeaveDrop, one)
	})
}

// AddClosure closes the whole clinic for a time, and answers the appointments that lie in it.
func (d *Desk) AddClosure(ctx context.Context, who access.Caller, c Closure) ([]Appointment, error) {
	var f fault.Fields
	c.Name = checkText(&f, "name", c.Name, 80)
	if c.From >= c.To || c.From <= 0 {
		f.Add("to", "field.leave.backwards")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	var out []Appointment
	err := d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		c.ID = tx.NewID()
		if _, err := tx.Exec(sqlClosureAdd, c.ID, c.From, c.To, c.Name, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "close", Kind: "clinic", Subject: tx.Clinic(), New: c})
		var err error
		out, err = inTheWay(&tx.View, c.From, c.To)
		return err
	})
	return out, err
}

// lockAll locks every provider of the clinic, in the order of everyone.
func lockAll(tx *store.Tx) error {
	rows, err := tx.Query(sqlProviderIDs)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []id.ID
	for rows.Next() {
		var p id.ID
		if err := rows.Scan(&p); err != nil {
			return err
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return lockWhoever(tx, all...)
}

// DropClosure takes a closure back.
func (d *Desk) DropClosure(ctx context.Context, who access.Caller, one id.ID) error {
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "reopen", Kind: "clinic", Subject: tx.Clinic(), Old: one})
		return tx.Must(sqlClosureOff, one)
	})
}

// AddService adds a service and who offers it.
func (d *Desk) AddService(ctx context.Context, who access.Caller, s Service) (Service, error) {
	var f fault.Fields
	s.check(&f)
	if err := f.Err(); err != nil {
		return s, err
	}
	err := d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		var err error
		s, err = AddService(tx, s)
		return err
	})
	return s, err
}

// AddService is the verb for rooms that have a Tx in hand.
func AddService(tx *store.Tx, s Service) (Service, error) {
	s.ID, s.Version = tx.NewID(), 1
	if _, err := tx.Exec(sqlServiceAdd, s.ID, s.Name, s.About, s.Minutes, s.BufferBefore, s.BufferAfter, s.Price, s.ShowPrice, s.Online, s.Position, tx.Now()); err != nil {
		return s, err
	}
	tx.Record(audit.Note{Action: "add", Kind: "service", Subject: s.ID, New: s})
	return s, offers(tx, s)
}

func offers(tx *store.Tx, s Service) error {
	for _, p := range s.Providers {
		if _, err := provider(&tx.View, p); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlOfferAdd, s.ID, p); err != nil {
			return err
		}
	}
	return nil
}

// SaveService changes a service, who offers it, and whether it is retired: such a one cannot be booked, and what
// is booked stays. Appointments that exist keep their length. fault.Conflict when the version is no longer the one.
func (d *Desk) SaveService(ctx context.Context, who access.Caller, s Service, retired bool) error {
	var f fault.Fields
	s.check(&f)
	if err := f.Err(); err != nil {
		return err
	}
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		was, err := service(&tx.View, s.ID)
		if err != nil {
			return err
		}
		if err := saveService(tx, s); err != nil || retired == (was.RetiredAt > 0) {
			return err
		}
		if retired {
			n, err := tx.Exec(sqlServiceRetire, s.ID, s.Version+1, tx.Now()) // saveService made the next version
			return saved(tx, n, err, audit.Note{Action: "retire", Kind: "service", Subject: s.ID})
		}
		n, err := tx.Exec(sqlServiceBack, s.ID, s.Version+1)
		return saved(tx, n, err, audit.Note{Action: "return", Kind: "service", Subject: s.ID})
	})
}

func saveService(tx *store.Tx, s Service) error {
	was, err := service(&tx.View, s.ID)
	if err != nil {
		return err
	}
	if err := updateService(tx, was, s); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlOfferDrop, s.ID); err != nil {
		return err
	}
	return offers(tx, s)
}

// updateService writes the service's own row.
func updateService(tx *store.Tx, was, s Service) error {
	n, err := tx.Exec(sqlServiceSave, s.ID, s.Version, s.Name, s.About, s.Minutes, s.BufferBefore, s.BufferAfter, s.Price, s.ShowPrice, s.Online, s.Position)
	return saved(tx, n, err, audit.Note{Action: "change", Kind: "service", Subject: s.ID, Old: was, New: s})
}

// HasUpcoming says whether anybody is still expected from today on: the clinic's zone cannot change then.
func HasUpcoming(v *store.View) (bool, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return false, err
	}
	var n int
	err = v.Row(sqlUpcomingAny, clock.DateOf(v.Now().In(c.Location())).AddDays(-1)).Scan(&n)
	return n > 0, err
}
