package scheduling

import (
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	providerColumns = `id, name, speciality, qualification, registration_no, about, show_speciality, show_qualification,
		show_registration, show_about, online, colour, position, weekly, daily_cap, retired_at, version`
	sqlProviders     = `SELECT ` + providerColumns + ` FROM provider WHERE clinic_id = $1 AND retired_at = 0 ORDER BY position, id`
	sqlProvidersAll  = `SELECT ` + providerColumns + ` FROM provider WHERE clinic_id = $1 ORDER BY position, id`
	sqlProviderGet   = `SELECT ` + providerColumns + ` FROM provider WHERE clinic_id = $1 AND id = $2`
	sqlProviderNames = `SELECT id, name FROM provider WHERE clinic_id = $1 AND id IN `
	sqlProviderLock  = `UPDATE provider SET version = version WHERE clinic_id = $1 AND id = $2 AND retired_at = 0`
	sqlProviderIDs   = `SELECT id FROM provider WHERE clinic_id = $1 AND retired_at = 0`

	serviceColumns  = `id, name, about, duration, buffer_before, buffer_after, price, show_price, online, position, retired_at, version`
	sqlServices     = `SELECT ` + serviceColumns + ` FROM service WHERE clinic_id = $1 AND retired_at = 0 ORDER BY position, id`
	sqlServicesAll  = `SELECT ` + serviceColumns + ` FROM service WHERE clinic_id = $1 ORDER BY position, id`
	sqlServiceGet   = `SELECT ` + serviceColumns + ` FROM service WHERE clinic_id = $1 AND id = $2`
	sqlServiceNames = `SELECT id, name FROM service WHERE clinic_id = $1 AND id IN `
	sqlOffers       = `SELECT sp.service_id, sp.provider_id FROM service_provider sp
		JOIN provider p ON p.clinic_id = sp.clinic_id AND p.id = sp.provider_id
		WHERE sp.clinic_id = $1 AND p.retired_at = 0 ORDER BY p.position, p.id`
	sqlOffersOf = `SELECT sp.provider_id FROM service_provider sp
		JOIN provider p ON p.clinic_id = sp.clinic_id AND p.id = sp.provider_id
		WHERE sp.clinic_id = $1 AND sp.service_id = $2 AND p.retired_at = 0 ORDER BY p.position, p.id`

	sqlHoursChanges = `SELECT provider_id, day, open, intervals FROM hours_change WHERE clinic_id = $1 AND day >= $2 AND day <= $3`
	sqlLeaves       = `SELECT id, provider_id, starts_at, ends_at, reason FROM leave WHERE clinic_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY starts_at`
	sqlLeavesOf     = `SELECT id, provider_id, starts_at, ends_at, reason FROM leave WHERE clinic_id = $1 AND provider_id = $2 AND ends_at > $3 AND starts_at < $4 ORDER BY starts_at`
	sqlClosures     = `SELECT id, starts_at, ends_at, name FROM closure WHERE clinic_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY starts_at`
)

func scanProvider(v *store.View, row interface{ Scan(...any) error }) (Provider, error) {
	var p Provider
	var name, qualification, registration, about []byte
	var weekly string
	if err := row.Scan(&p.ID, &name, &p.Speciality, &qualification, &registration, &about, &p.ShowSpeciality, &p.ShowQualification,
		&p.ShowRegistration, &p.ShowAbout, &p.Online, &p.Colour, &p.Position, &weekly, &p.DailyCap, &p.RetiredAt, &p.Version); err != nil {
		return p, err
	}
	var err error
	if p.Weekly, err = decodeWeekly(weekly); err != nil {
		p.Broken = true // a damaged row is shown as such; it never blanks the page
	}
	for _, f := range []struct {
		column string
		sealed []byte
		into   *string
	}{{"name", name, &p.Name}, {"qualification", qualification, &p.Qualification}, {"registration_no", registration, &p.Registration}, {"about", about, &p.About}} {
		if *f.into, err = v.Unseal(vault.ClinicData, "provider", f.column, p.ID, f.sealed); err != nil {
			p.Broken = true
		}
	}
	return p, nil
}

func providers(v *store.View, all bool) ([]Provider, error) {
	text := sqlProviders
	if all {
		text = sqlProvidersAll
	}
	rows, err := v.Query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Provider
	for rows.Next() {
		p, err := scanProvider(v, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func provider(v *store.View, one id.ID) (Provider, error) {
	rows, err := v.Query(sqlProviderGet, one)
	if err != nil {
		return Provider{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return Provider{}, err
		}
		return Provider{}, fault.Missing()
	}
	return scanProvider(v, rows)
}

// justOne is the list of one provider, empty when she is not there: a question about one reads and
// opens one row, however many practitioners the clinic has.
func justOne(v *store.View, one id.ID) ([]Provider, error) {
	p, err := provider(v, one)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []Provider{p}, nil
}

func scanService(row interface{ Scan(...any) error }) (s Service, err error) {
	err = row.Scan(&s.ID, &s.Name, &s.About, &s.Minutes, &s.BufferBefore, &s.BufferAfter, &s.Price, &s.ShowPrice, &s.Online, &s.Position, &s.RetiredAt, &s.Version)
	return s, err
}

// services lists the services with who offers each.
func services(v *store.View, all bool) ([]Service, error) {
	out, err := servicesAlone(v, all)
	if err != nil {
		return nil, err
	}
	at := make(map[id.ID]int, len(out))
	for i, s := range out {
		at[s.ID] = i
	}
	pairs, err := v.Query(sqlOffers)
	if err != nil {
		return nil, err
	}
	defer pairs.Close()
	for pairs.Next() {
		var s, p id.ID
		if err := pairs.Scan(&s, &p); err != nil {
			return nil, err
		}
		if i, ok := at[s]; ok {
			out[i].Providers = append(out[i].Providers, p)
		}
	}
	return out, pairs.Err()
}

// servicesAlone lists the services without who offers them.
func servicesAlone(v *store.View, all bool) ([]Service, error) {
	text := sqlServices
	if all {
		text = sqlServicesAll
	}
	rows, err := v.Query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Service
	for rows.Next() {
		s, err := scanService(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func service(v *store.View, one id.ID) (Service, error) {
	s, err := scanService(v.Row(sqlServiceGet, one))
	if err == store.ErrNoRows {
		return s, fault.Missing()
	}
	if err != nil {
		return s, err
	}
	rows, err := v.Query(sqlOffersOf, one)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var p id.ID
		if err := rows.Scan(&p); err != nil {
			return s, err
		}
		s.Providers = append(s.Providers, p)
	}
	return s, rows.Err()
}

// offer is the service under the clinic's rules and one provider's cap.
func (s Service) offer(c clinics.Clinic, p Provider) Offer {
	return Offer{
		Duration: time.Duration(s.Minutes) * time.Minute,
		Before:   time.Duration(s.BufferBefore) * time.Minute,
		After:    time.Duration(s.BufferAfter) * time.Minute,
		Step:     c.Step, MinNotice: c.MinNotice, Horizon: c.Horizon, DailyCap: p.DailyCap,
	}
}

// around is the span of instants in which something can touch the local days from..to of any zone.
func around(from, to clock.Date) (clock.Instant, clock.Instant) {
	// Two days of slack stand for every offset that a zone can have, and for days that a zone skipped whole.
	utc := time.UTC
	return clock.At(clock.StartOfDay(from, utc)).Add(-48 * time.Hour), clock.At(clock.StartOfDay(to, utc)).Add(72 * time.Hour)
}

// hoursOf reads the hours of the given providers for the local days from..to: three
// statements, however many providers there are.
func hoursOf(v *store.View, list []Provider, from, to clock.Date, z *time.Location) (map[id.ID]Hours, error) {
	out := make(map[id.ID]Hours, len(list))
	changes := map[id.ID]map[clock.Date]Change{}
	rows, err := v.Query(sqlHoursChanges, from.AddDays(-1), to.AddDays(1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p id.ID
		var c Change
		var text string
		if err := rows.Scan(&p, &c.Day, &c.Open, &text); err != nil {
			return nil, err
		}
		if c.Intervals, err = decodeIntervals(text); err != nil {
			c = Change{Day: c.Day} // a damaged exception closes the day: the smaller mistake
		}
		if changes[p] == nil {
			changes[p] = map[clock.Date]Change{}
		}
		changes[p][c.Day] = c
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	a, b := around(from, to)
	var one id.ID
	if len(list) == 1 {
		one = list[0].ID
	}
	leaves, err := leavesBetween(v, one, a, b, false)
	if err != nil {
		return nil, err
	}
	closed, err := closuresBetween(v, a, b)
	if err != nil {
		return nil, err
	}
	var shut []Away
	for _, c := range closed {
		shut = append(shut, Away{c.From, c.To})
	}
	for _, p := range list {
		h := Hours{Zone: z, Weekly: p.Weekly, Changes: changes[p.ID], Away: append([]Away(nil), shut...)}
		for _, l := range leaves {
			if l.Provider == p.ID {
				h.Away = append(h.Away, Away{l.From, l.To})
			}
		}
		out[p.ID] = h
	}
	return out, nil
}

// leavesBetween reads leave that touches [from, to), of one provider or (zero) of all. The
// reason is opened only for the page that shows it.
func leavesBetween(v *store.View, one id.ID, from, to clock.Instant, reasons bool) ([]Leave, error) {
	var rows *store.Rows
	var err error
	if one.IsZero() {
		rows, err = v.Query(sqlLeaves, from, to)
	} else {
		rows, err = v.Query(sqlLeavesOf, one, from, to)
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Leave
	for rows.Next() {
		var l Leave
		var sealed []byte
		if err := rows.Scan(&l.ID, &l.Provider, &l.From, &l.To, &sealed); err != nil {
			return nil, err
		}
		if reasons {
			if l.Reason, err = v.Unseal(vault.ClinicData, "leave", "reason", l.ID, sealed); err != nil {
				l.Reason = ""
			}
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

func closuresBetween(v *store.View, from, to clock.Instant) ([]Closure, error) {
	rows, err := v.Query(sqlClosures, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Closure
	for rows.Next() {
		var c Closure
		if err := rows.Scan(&c.ID, &c.From, &c.To, &c.Name); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
