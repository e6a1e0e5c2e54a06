package scheduling

import (
	"context"
	"sort"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Slot is one time that can be booked now.
type Slot struct {
	StartsAt, EndsAt clock.Instant
	Provider         id.ID
}

// Free is what can be booked of a service in a window of days.
type Free struct {
	Clinic    clinics.Clinic
	Service   Service
	Providers []Provider // those who offer it and may be asked for
	Slots     []Slot     // sorted by time; for any provider, one slot a time (of the least booked)
	From, To  clock.Date
}

// MaxWindow is the longest window of days that one question may cover.
const MaxWindow = 62

// question is one look for free time: the rules are read once, whatever the number of providers.
type question struct {
	clinic    clinics.Clinic
	zone      *time.Location
	service   Service
	providers []Provider
	public    bool
	moving    Appointment // that is to be moved: it keeps its length, and is not in its own way
}

func ask(v *store.View, treatment, one id.ID, public bool, moving Appointment) (question, error) {
	q := question{public: public, moving: moving}
	var err error
	if q.clinic, err = clinics.Get(v); err != nil {
		return q, err
	}
	q.zone = q.clinic.Location()
	if q.service, err = service(v, treatment); err != nil {
		return q, err
	}
	// What is booked may be moved even when the service is no longer booked anew.
	if public && !q.clinic.Online || moving.ID.IsZero() && (q.service.RetiredAt > 0 || public && !q.service.Online) {
		return q, fault.Missing()
	}
	var all []Provider
	if one.IsZero() {
		all, err = providers(v, false)
	} else {
		all, err = justOne(v, one)
	}
	if err != nil {
		return q, err
	}
	for _, p := range all {
		if p.RetiredAt == 0 && (q.service.offeredBy(p.ID) || p.ID == moving.Provider) && (!public || p.Online) && (one.IsZero() || p.ID == one) {
			q.providers = append(q.providers, p)
		}
	}
	if !one.IsZero() && len(q.providers) == 0 {
		return q, fault.Missing()
	}
	return q, nil
}

// free works out the free starts of each provider, and what is taken of her. Its cost follows
// the window, not the history: three statements for the hours and one for what is taken.
func (q question) free(v *store.View, from, to clock.Date) (map[id.ID][]clock.Instant, map[id.ID]Busy, error) {
	hours, err := hoursOf(v, q.providers, from, to, q.zone)
	if err != nil {
		return nil, nil, err
	}
	busy := map[id.ID]Busy{}
	args := []any{from.AddDays(-1), to.AddDays(1)}
	ids := make([]id.ID, len(q.providers))
	for i, p := range q.providers {
		ids[i] = p.ID
		busy[p.ID] = Busy{PerDay: map[clock.Date]int{}}
	}
	rows, err := v.Query(sqlBusy+store.In(4, len(ids))+` ORDER BY provider_id, claims_from`, append(args, store.Args(ids)...)...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	own := q.moving.ID.IsZero()
	for rows.Next() {
		var p id.ID
		var day clock.Date
		var s Span
		if err := rows.Scan(&p, &day, &s.From, &s.To); err != nil {
			return nil, nil, err
		}
		if !own && p == q.moving.Provider && day == q.moving.Day && s == q.moving.claims {
			own = true // once: another that was booked over it stays in the way
			continue
		}
		b := busy[p]
		b.Spans = append(b.Spans, s)
		b.PerDay[day]++
		busy[p] = b
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	out := map[id.ID][]clock.Instant{}
	for _, p := range q.providers {
		o := q.service.offer(q.clinic, p)
		if !q.moving.ID.IsZero() {
			o.Duration = q.moving.Length()
		}
		if !q.public { // the desk may book at once and far ahead, but sees the same grid of starts
			o.MinNotice, o.Horizon = 0, 3650
		}
		out[p.ID] = Slots(hours[p.ID], o, busy[p.ID], from, to, v.Now())
	}
	return out, busy, nil
}

// FreeTimes lists the free times of a service, with one provider or (zero) with any. It tells
// nothing of who has the times that are taken.
func (d *Desk) FreeTimes(ctx context.Context, who access.Caller, treatment, one id.ID, from, to clock.Date) (Free, error) {
	return d.freeTimes(ctx, who, treatment, one, from, to, Appointment{})
}

func (d *Desk) freeTimes(ctx context.Context, who access.Caller, treatment, one id.ID, from, to clock.Date, moving Appointment) (Free, error) {
	var out Free
	if !from.Valid() || !to.Valid() || from.DaysUntil(to) < 0 {
		var f fault.Fields
		f.Add("from", "field.window.dates")
		return out, f.Err()
	}
	if from.DaysUntil(to) >= MaxWindow {
		to = from.AddDays(MaxWindow - 1)
	}
	public := !who.Role().IsStaff()
	err := d.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		q, err := ask(v, treatment, one, public, moving)
		if err != nil {
			return err
		}
		free, busy, err := q.free(v, from, to)
		if err != nil {
			return err
		}
		out = Free{Clinic: q.clinic, Service: q.service, From: from, To: to}
		for _, p := range q.providers {
			if public {
				p = p.shown()
			}
			out.Providers = append(out.Providers, p)
		}
		length := time.Duration(q.service.Minutes) * time.Minute
		if !moving.ID.IsZero() {
			length = moving.Length()
		}
		for _, p := range q.providers {
			for _, s := range free[p.ID] {
				out.Slots = append(out.Slots, Slot{s, s.Add(length), p.ID})
			}
		}
		sort.SliceStable(out.Slots, func(i, j int) bool {
			a, b := out.Slots[i], out.Slots[j]
			if a.StartsAt != b.StartsAt {
				return a.StartsAt < b.StartsAt
			}
			return len(busy[a.Provider].Spans) < len(busy[b.Provider].Spans)
		})
		if one.IsZero() {
			out.Slots = firstOfEach(out.Slots)
		}
		return nil
	})
	return out, err
}

func firstOfEach(list []Slot) []Slot {
	out := list[:0]
	for _, s := range list {
		if len(out) == 0 || out[len(out)-1].StartsAt != s.StartsAt {
			out = append(out, s)
		}
	}
	return out
}

// Offering is what a clinic shows to everyone.
type Offering struct {
	Clinic    clinics.Clinic
	Services  []Service
	Providers []Provider
	Today     clock.Date
}

// Offered reads what the public page and the public API show: services and providers that can
// be booked online, and of each provider only the fields that she shows.
func (d *Desk) Offered(ctx context.Context, who access.Caller) (Offering, error) {
	var out Offering
	err := d.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		var err error
		if out.Clinic, err = clinics.Get(v); err != nil {
			return err
		}
		out.Today = clock.DateOf(v.Now().In(out.Clinic.Location()))
		all, err := providers(v, false)
		if err != nil {
			return err
		}
		online := map[id.ID]bool{}
		for _, p := range all {
			if p.Online && !p.Broken {
				online[p.ID] = true
				out.Providers = append(out.Providers, p.shown())
			}
		}
		list, err := services(v, false)
		if err != nil {
			return err
		}
		for _, s := range list {
			var who []id.ID
			for _, p := range s.Providers {
				if online[p] {
					who = append(who, p)
				}
			}
			s.Providers = who
			if s.Online && len(who) > 0 && out.Clinic.Online {
				out.Services = append(out.Services, s)
			}
		}
		return nil
	})
	return out, err
}

// shown keeps only what the practitioner lets patients see (promise C4).
func (p Provider) shown() Provider {
	out := Provider{ID: p.ID, Name: p.Name, Online: p.Online, Colour: p.Colour, Position: p.Position, Weekly: p.Weekly}
	if p.ShowSpeciality {
		out.Speciality = p.Speciality
	}
	if p.ShowQualification {
		out.Qualification = p.Qualification
	}
	if p.ShowRegistration {
		out.Registration = p.Registration
	}
	if p.ShowAbout {
		out.About = p.About
	}
	return out
}
