package scheduling

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
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
	Providers []Provider              // those who offer it and may be asked for
	Slots     []Slot                  // sorted by time; for any provider, one slot a time (of the least booked)
	First     map[id.ID]clock.Instant // each provider's first free time; who has none is not in it
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
	// Whoever has an appointment is told why she cannot move it herself: it is no secret from her that it is there.
	off := fault.New(fault.Conflict, "fault.online_booking_off")
	if public && !q.clinic.Online && !moving.ID.IsZero() {
		return q, off
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
		if public && !moving.ID.IsZero() {
			return q, off
		}
		return q, fault.Missing()
	}
	return q, nil
}

// free works out the free starts of each provider, and what is taken of her. Its cost follows
// the window, not the history: three statements for the hours and one for what is taken (more for hundreds of providers).
func (q question) free(v *store.View, from, to clock.Date) (map[id.ID][]clock.Instant, map[id.ID]Busy, error) {
	hours, err := hoursOf(v, q.providers, from, to, q.zone)
	if err != nil {
		return nil, nil, err
	}
	busy := make(map[id.ID]Busy, len(q.providers))
	capped := make(map[id.ID]bool, len(q.providers))
	ids := make([]id.ID, len(q.providers))
	for i, p := range q.providers {
		ids[i], capped[p.ID] = p.ID, p.DailyCap > 0
		busy[p.ID] = Busy{PerDay: map[clock.Date]int{}}
	}
	for part := range slices.Chunk(ids, store.Widest) {
		if err := q.taken(v, part, from, to, capped, busy); err != nil {
			return nil, nil, err
		}
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

// taken reads what is taken of some providers into busy, and how many a day of those who are capped.
func (q question) taken(v *store.View, providers []id.ID, from, to clock.Date, capped map[id.ID]bool, busy map[id.ID]Busy) error {
	rows, err := v.Query(busyOf(len(providers)), append([]any{from.AddDays(-1), to.AddDays(1)}, store.Args(providers)...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	own := q.moving.ID.IsZero()
	// Thousands of rows where a clinic is large: they are read into plain values, and put away
	// when the next provider begins.
	var at id.ID
	var taken Busy
	for rows.Next() {
		var who, day sql.RawBytes
		var a, b int64
		if err := rows.Scan(&who, &day, &a, &b); err != nil {
			return err
		}
		if !bytes.Equal(who, at[:]) {
			if !at.IsZero() {
				busy[at] = taken
			}
			if err := at.Scan([]byte(who)); err != nil {
				return err
			}
			taken = busy[at]
		}
		s := Span{clock.Instant(a), clock.Instant(b)}
		if !own && at == q.moving.Provider && string(day) == string(q.moving.Day) && s == q.moving.claims {
			own = true // once: another that was booked over it stays in the way
			continue
		}
		taken.Spans = append(taken.Spans, s)
		if capped[at] {
			taken.PerDay[clock.Date(day)]++
		}
	}
	if !at.IsZero() {
		busy[at] = taken
	}
	return rows.Err()
}

// busyOf is sqlBusy for so many providers, each asked for by herself. PostgreSQL plans before it knows the days and expects one row of them: asked for
// all at once it goes through the days of the whole clinic and looks each row up, instead of reading each provider's from the index that holds all of it.
func busyOf(providers int) string {
	var b strings.Builder
	b.WriteString(sqlBusy)
	for n := 5; n < 4+providers; n++ {
		b.WriteString(" UNION ALL " + strings.TrimSuffix(sqlBusy, "$4") + "$" + strconv.Itoa(n))
	}
	b.WriteString(" ORDER BY provider_id, claims_from")
	return b.String()
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
	public := !who.Role().IsStaff() && who.Role() != access.Program
	err := d.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		q, err := ask(v, treatment, one, public, moving)
		if err != nil {
			return err
		}
		free, busy, err := q.free(v, from, to)
		if err != nil {
			return err
		}
		out = Free{Clinic: q.clinic, Service: q.service, From: from, To: to, First: map[id.ID]clock.Instant{}}
		for _, p := range q.providers {
			if public {
				p = p.shown()
			}
			out.Providers = append(out.Providers, p)
			if len(free[p.ID]) > 0 {
				out.First[p.ID] = free[p.ID][0]
			}
		}
		length := time.Duration(q.service.Minutes) * time.Minute
		if !moving.ID.IsZero() {
			length = moving.Length()
		}
		if !one.IsZero() { // one provider's times are in order already
			for _, s := range free[one] {
				out.Slots = append(out.Slots, Slot{s, s.Add(length), one})
			}
			return nil
		}
		out.Slots = leastBooked(q.providers, free, busy, length)
		return nil
	})
	return out, err
}

// leastBooked gives each free time once, in order, with the provider who has the fewest
// appointments in the window; of several, the one who stands first.
func leastBooked(list []Provider, free map[id.ID][]clock.Instant, busy map[id.ID]Busy, length time.Duration) []Slot {
	type best struct {
		provider id.ID
		load     int
	}
	who := map[clock.Instant]best{}
	for _, p := range list {
		load := len(busy[p.ID].Spans)
		for _, s := range free[p.ID] {
			if b, there := who[s]; !there || load < b.load {
				who[s] = best{p.ID, load}
			}
		}
	}
	out := make([]Slot, 0, len(who))
	for s, b := range who {
		out = append(out, Slot{s, s.Add(length), b.provider})
	}
	slices.SortFunc(out, func(a, b Slot) int { return cmp.Compare(a.StartsAt, b.StartsAt) })
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
