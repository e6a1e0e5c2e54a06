package followup

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// MostShown is how many visits one look ahead goes through.
const MostShown = 300

// Reach is whom a rule would write to on a day, as things stand now.
type Reach struct {
	Day    clock.Date
	Visits int // that the rule looks at
	People []Reached
	Kept   map[Why]int // the others, by what keeps the rule from writing
	More   bool        // there are more visits than one look goes through
}

// Reached is one patient who would get a message. Her name is there only in a preview with names.
type Reached struct {
	Patient, Appointment id.ID
	Name                 patients.Name
}

// Outlook says whom the rule would write to on the day: a dry run, in which nothing is planned. With names it is a list of patients, which is
// one entry of the audit log; without, it is counts only. A rule that pauses is looked at as if it were on.
func (s *Service) Outlook(ctx context.Context, who access.Caller, rule id.ID, day clock.Date, names bool) (Reach, error) {
	out := Reach{Day: day, Kept: map[Why]int{}}
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		all, err := Rules(v)
		if err != nil {
			return err
		}
		r, _, err := pickAfter(all, rule)
		if err != nil {
			return err
		}
		zone, _, err := zoneOf(v)
		if err != nil {
			return err
		}
		visits, err := visitsOf(v, r, day, zone)
		if err != nil {
			return err
		}
		if len(visits) > MostShown {
			visits, out.More = visits[:MostShown], true
		}
		var ids []id.ID
		for _, one := range visits {
			f, err := scheduling.FactsOf(v, one)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if !r.Service.IsZero() && r.Service != f.Service {
				continue
			}
			out.Visits++
			_, why, err := kept(v, r, f.Appointment)
			if err != nil {
				return err
			}
			if why != "" {
				out.Kept[why]++
				continue
			}
			out.People = append(out.People, Reached{Patient: f.Patient, Appointment: one})
			ids = append(ids, f.Patient)
		}
		if !names || len(ids) == 0 {
			return nil
		}
		called, err := patients.Names(v, ids)
		if err != nil {
			return err
		}
		for i := range out.People {
			out.People[i].Name = called[out.People[i].Patient]
		}
		v.Listed("followup", r.ID.String()+" "+string(day), ids)
		return nil
	})
	return out, err
}
