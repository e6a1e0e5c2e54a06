package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Room is what an erasure needs of a room: its keeper (see each room's keeper.go).
type Room interface {
	Name() string
	Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error)
	Erase(tx *store.Tx, patient id.ID) error
}

// Holder is a keeper of a room with records that a law may want kept.
type Holder interface {
	Held(v *store.View, patient id.ID) ([]law.Record, error)
}

// Going is how much of a room goes at once.
type Going struct {
	Room   string // the name of its keeper
	Number int
}

// Hold is what a law wants kept: all records of one kind with the same last day.
type Hold struct {
	ID      id.ID
	Class   law.Class
	Last    clock.Date
	Source  string // where the law stands
	Number  int
	Sealed  bool // opens to a custodian by a retention key of its own; otherwise nothing of it names her
	Noticed clock.Instant
	Ended   clock.Instant
}

// Carried is how many messages somebody outside carried: what they keep of them is theirs to erase.
type Carried struct {
	Carrier string
	Number  int
	AskedAt clock.Instant // when their service was asked to erase it; 0: it has none, and the clinic asks
}

// Plan is what an erasure will do.
type Plan struct {
	Patient    patients.Patient
	Goes       []Going
	Holds      []Hold
	Carried    []Carried
	BirthKnown bool
	Country    string     // the law that it follows
	Waits      clock.Date // an order of two people forbids it until then; empty for none
	Waiting    bool       // there is such an order
	Today      clock.Date
}

// Last is the day after which nothing is held any more; empty when nothing is.
func (p Plan) Last() (last clock.Date) {
	for _, h := range p.Holds {
		last = max(last, h.Last)
	}
	return last
}

// drawn is a plan with the records behind its holds, in the same order.
type drawn struct {
	Plan
	bodies [][]law.Record // of those that are kept aside
}

// Plan says what erasing the patient will do; nothing is changed. Who may delete her may see it. fault.NotFound.
func (s *Service) Plan(ctx context.Context, who access.Caller, patient id.ID) (out Plan, err error) {
	err = s.db.View(ctx, who, access.PatientDelete, func(_ context.Context, v *store.View) error {
		d, err := s.draw(v, patient)
		v.Opened("erasure-plan", patient, patient)
		out = d.Plan
		return err
	})
	return out, err
}

func (s *Service) draw(v *store.View, patient id.ID) (out drawn, err error) {
	if out.Patient, err = patients.Find(v, patient); err != nil {
		return out, err
	}
	c, err := clinics.Get(v)
	if err != nil {
		return out, err
	}
	out.Country, out.Today, out.BirthKnown = c.Jurisdiction, clock.DateOf(v.Now().In(c.Location())), out.Patient.BirthDate != ""
	if s.o.Order != nil {
		if out.Waits, out.Waiting, err = s.o.Order(v, patient); err != nil {
			return out, err
		}
	}
	kept := map[string]int{} // by table: how many records stay
	for _, k := range s.o.Rooms {
		h, ok := k.(Holder)
		if !ok {
			continue
		}
		list, err := h.Held(v, patient)
		if err != nil {
			return out, err
		}
		for _, r := range list {
			if out.hold(r) {
				kept[r.Table]++
			}
		}
	}
	for _, k := range s.o.Rooms {
		all, err := k.Collect(v, patient)
		if err != nil {
			return out, err
		}
		n := 0
		for table, rows := range all {
			n += max(0, len(rows)-kept[table])
			if table == "message" {
				out.carried(rows)
			}
		}
		if n > 0 {
			out.Goes = append(out.Goes, Going{k.Name(), n})
		}
	}
	slices.SortStableFunc(out.Carried, func(a, b Carried) int { return strings.Compare(a.Carrier, b.Carrier) })
	return out, nil
}

// sum tells two draws apart: what is held until when, what it says, what was carried, and whether an order waits.
func (d *drawn) sum() (out [sha256.Size]byte, err error) {
	h := sha256.New()
	err = json.NewEncoder(h).Encode([]any{d.Holds, d.bodies, d.Carried, d.Waiting})
	h.Sum(out[:0])
	return out, err
}

// hold puts a record to the others of its kind and day, and says whether a law wants it kept at all.
func (d *drawn) hold(r law.Record) bool {
	last, source := law.KeptUntil(d.Country, r.Class, r.Day, d.Patient.BirthDate)
	if r.Until != "" {
		last, source = r.Until, law.LifeOf(d.Country, r.Class).Source
	}
	if last == "" || last < d.Today {
		return false
	}
	at := slices.IndexFunc(d.Holds, func(h Hold) bool { return h.Class == r.Class && h.Last == last })
	if at < 0 {
		at = len(d.Holds)
		d.Holds, d.bodies = append(d.Holds, Hold{Class: r.Class, Last: last, Source: source}), append(d.bodies, nil)
	}
	d.Holds[at].Number++
	if r.Body != nil {
		d.bodies[at], d.Holds[at].Sealed = append(d.bodies[at], r), true
	}
	return true
}

// carried counts the messages that left the house.
func (d *drawn) carried(rows []map[string]string) {
	for _, m := range rows {
		if !slices.Contains([]string{string(messaging.Sent), string(messaging.Unsure)}, m["state"]) {
			continue
		}
		at := slices.IndexFunc(d.Carried, func(c Carried) bool { return c.Carrier == m["channel"] })
		if at < 0 {
			at, d.Carried = len(d.Carried), append(d.Carried, Carried{Carrier: m["channel"]})
		}
		d.Carried[at].Number++
	}
}

// errWaits refuses an erasure that an order holds up.
func errWaits(until clock.Date) error {
	return fault.New(fault.Conflict, "fault.erasure_waits").With("Date", string(until))
}

// dayOf is the clinic's day.
func dayOf(at clock.Instant, zone *time.Location) clock.Date { return clock.DateOf(at.In(zone)) }
