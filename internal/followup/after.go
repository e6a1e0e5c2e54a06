package followup

import (
	"context"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// AfterKinds are the kinds that are written after a visit, in the order of the page.
func AfterKinds() []messaging.Kind {
	return []messaging.Kind{messaging.Missed, messaging.Visited, messaging.Recall, messaging.Review}
}

// Bounds of a rule that writes after a visit.
const (
	EarliestAt = clock.Minute(8 * 60)     // the quiet hours end
	LatestAt   = clock.Minute(20*60 + 30) // half an hour before they begin
	MostAfter  = 20                       // rules of a clinic
	BufferDays = 90                       // unless the clinic chose otherwise
	mostBuffer = 730                      // days
	tardy      = 2                        // days that a visit marked late is made up for
	heldUp     = 3 * 24 * time.Hour       // longer than this the program stood still: the message would come out of the blue
	heldRecall = 30 * 24 * time.Hour      // a recall is no less true for coming late
)

// MostDays is how many days after the visit a rule of the kind may write.
func MostDays(k messaging.Kind) int {
	switch k {
	case messaging.Recall:
		return 1095
	case messaging.Visited:
		return 90
	}
	return 30
}

// AfterDraft is a rule as a clinic enters it.
type AfterDraft struct {
	Kind    messaging.Kind
	Channel messaging.Channel
	Days    int
	At      clock.Minute
	Service id.ID // zero for any; a recall names one
	Buffer  int   // of a review
	Active  bool
}

// Suggested are the rules that the house proposes: drafts, until somebody at the clinic switches them on. A recall is not among
// them, because only the clinic knows after what and when its patients should come again.
func Suggested(present []Rule) []AfterDraft {
	var out []AfterDraft
	for _, d := range []AfterDraft{
		{Kind: messaging.Missed, Channel: messaging.Email, Days: 1, At: 10 * 60},
		{Kind: messaging.Visited, Channel: messaging.Email, Days: 3, At: 10 * 60},
		{Kind: messaging.Review, Channel: messaging.Email, Days: 2, At: 11 * 60, Buffer: BufferDays},
	} {
		if !slices.ContainsFunc(present, func(r Rule) bool { return r.Kind == d.Kind }) {
			out = append(out, d)
		}
	}
	return out
}

// check finds every wrong field. others are the clinic's other rules; known says whether there is such a service.
func (d AfterDraft) check(others []Rule, known bool) error {
	var f fault.Fields
	if !slices.Contains(AfterKinds(), d.Kind) {
		f.Add("kind", "field.required")
	}
	if d.Channel != messaging.Email && d.Channel != messaging.SMS && d.Channel != messaging.WhatsApp {
		f.Add("channel", "field.required")
	}
	if d.Days < 1 || d.Days > MostDays(d.Kind) {
		f.AddWith("days", "field.after.days", map[string]any{"Most": MostDays(d.Kind)})
	}
	if d.At < EarliestAt || d.At > LatestAt {
		f.AddWith("at", "field.after.at", map[string]any{"From": EarliestAt.Clock(), "To": LatestAt.Clock()})
	}
	if d.Kind == messaging.Recall && d.Service.IsZero() || !d.Service.IsZero() && !known {
		f.Add("service", "field.after.service")
	}
	if d.Kind == messaging.Review && (d.Buffer < 1 || d.Buffer > mostBuffer) {
		f.AddWith("buffer", "field.after.buffer", map[string]any{"Most": mostBuffer})
	}
	n := 0
	for _, o := range others {
		if !o.After() {
			continue
		}
		n++
		if o.Kind == d.Kind && o.Channel == d.Channel && o.Days == d.Days && o.Service == d.Service && !f.Has("days") {
			f.Add("days", "field.after.twice")
		}
	}
	if n >= MostAfter && !f.Has("days") {
		f.AddWith("days", "field.after.many", map[string]any{"Most": MostAfter})
	}
	return f.Err()
}

func (r Rule) draft() AfterDraft {
	return AfterDraft{r.Kind, r.Channel, r.Days, r.At, r.Service, r.Buffer, r.Active}
}

const (
	sqlAfterAdd    = `INSERT INTO reminder_rule (clinic_id, id, kind, channel, days_after, at_minute, service_id, buffer_days, active, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlAfterChange = `UPDATE reminder_rule SET channel = $4, days_after = $5, at_minute = $6, service_id = $7, buffer_days = $8, active = $9, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND days_after > 0`
	sqlAfterRemove = `DELETE FROM reminder_rule WHERE clinic_id = $1 AND id = $2 AND version = $3 AND days_after > 0`
)

// AddAfter adds a rule and lays it over the visits whose moment is still to come. Wrong fields come back as a fault over all of them.
func (s *Service) AddAfter(ctx context.Context, who access.Caller, d AfterDraft) (id.ID, error) {
	var rule id.ID
	err := s.changeAfter(ctx, who, func(tx *store.Tx, all []Rule) (Rule, error) {
		if err := checked(&tx.View, d, all); err != nil {
			return Rule{}, err
		}
		rule = tx.NewID()
		_, err := tx.Exec(sqlAfterAdd, rule, string(d.Kind), string(d.Channel), d.Days, d.At, id.Null(d.Service), d.Buffer, d.Active, tx.Now())
		tx.Record(audit.Note{Action: "add", Kind: "followup-rule", Subject: rule, New: d})
		return Rule{ID: rule, Kind: d.Kind, Channel: d.Channel, Days: d.Days, At: d.At, Service: d.Service, Buffer: d.Buffer, Active: d.Active}, err
	})
	return rule, err
}

func checked(v *store.View, d AfterDraft, others []Rule) error {
	known := false
	if !d.Service.IsZero() {
		var err error
		if known, err = scheduling.Offers(v, d.Service); err != nil {
			return err
		}
	}
	return d.check(others, known)
}

// SaveAfter changes a rule (its kind stays) and lays it anew. version is the one that the writer saw; when the rule
// changed meanwhile it is fault.Conflict. A rule that is not there, or of another sort, is fault.NotFound.
func (s *Service) SaveAfter(ctx context.Context, who access.Caller, rule id.ID, d AfterDraft, version int64) error {
	return s.changeAfter(ctx, who, func(tx *store.Tx, all []Rule) (Rule, error) {
		old, others, err := pickAfter(all, rule)
		if err != nil {
			return old, err
		}
		d.Kind = old.Kind
		if err := checked(&tx.View, d, others); err != nil {
			return old, err
		}
		return old.with(d), written(tx, old, d, version, "change")
	})
}

// PauseAfter has a rule pause, or go on. What falls due in a pause does not go out later.
func (s *Service) PauseAfter(ctx context.Context, who access.Caller, rule id.ID, version int64, pause bool) error {
	return s.changeAfter(ctx, who, func(tx *store.Tx, all []Rule) (Rule, error) {
		old, _, err := pickAfter(all, rule)
		if err != nil {
			return old, err
		}
		d := old.draft()
		d.Active = !pause
		return old.with(d), written(tx, old, d, version, map[bool]string{true: "pause", false: "resume"}[pause])
	})
}

func (r Rule) with(d AfterDraft) Rule {
	r.Channel, r.Days, r.At, r.Service, r.Buffer, r.Active = d.Channel, d.Days, d.At, d.Service, d.Buffer, d.Active
	return r
}

func written(tx *store.Tx, old Rule, d AfterDraft, version int64, action string) error {
	n, err := tx.Exec(sqlAfterChange, old.ID, version, string(d.Channel), d.Days, d.At, id.Null(d.Service), d.Buffer, d.Active)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	tx.Record(audit.Note{Action: action, Kind: "followup-rule", Subject: old.ID, Old: old.draft(), New: d})
	return err
}

// RemoveAfter takes a rule away. What it has not asked for yet, it never will.
func (s *Service) RemoveAfter(ctx context.Context, who access.Caller, rule id.ID, version int64) error {
	return s.changeAfter(ctx, who, func(tx *store.Tx, all []Rule) (Rule, error) {
		old, _, err := pickAfter(all, rule)
		if err != nil {
			return old, err
		}
		n, err := tx.Exec(sqlAfterRemove, rule, version)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "remove", Kind: "followup-rule", Subject: rule, Old: old.draft()})
		old.Active = false
		return old, err
	})
}

func pickAfter(all []Rule, rule id.ID) (one Rule, others []Rule, err error) {
	err = fault.Missing()
	for _, r := range all {
		if r.ID == rule && r.After() {
			one, err = r, nil
			continue
		}
		others = append(others, r)
	}
	return one, others, err
}

func (s *Service) changeAfter(ctx context.Context, who access.Caller, fn func(tx *store.Tx, all []Rule) (Rule, error)) error {
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		all, err := Rules(&tx.View)
		if err != nil {
			return err
		}
		r, err := fn(tx, all)
		if err != nil {
			return err
		}
		return relay(tx, r)
	})
}

// After is a rule with the name of its service.
type After struct {
	Rule
	ServiceName string // empty for any
	Sent        map[messaging.State]int
}

// Afters lists the rules that write after visits, in the order of their kinds, with what each sent in the last 30 days.
func (s *Service) Afters(ctx context.Context, who access.Caller) (out []After, services []scheduling.Service, err error) {
	err = s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		all, err := Rules(v)
		if err != nil {
			return err
		}
		if services, err = scheduling.Services(v); err != nil {
			return err
		}
		names := map[id.ID]string{}
		for _, x := range services {
			names[x.ID] = x.Name
		}
		sent, err := messaging.SentByRules(v, v.Now().Add(-30*24*time.Hour))
		if err != nil {
			return err
		}
		for _, k := range AfterKinds() {
			for _, r := range all {
				if r.Kind == k {
					out = append(out, After{r, names[r.Service], sent[r.ID]})
				}
			}
		}
		return nil
	})
	return out, services, err
}

// Asks are the purposes beyond reminders for which the clinic would write to patients now, because a rule of them is on: who is
// asked for a consent is asked for what is really done.
func (s *Service) Asks(ctx context.Context, who access.Caller) ([]string, error) {
	var out []string
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		all, err := Rules(v)
		for _, r := range all {
			if p := string(messaging.PurposeOf(r.Kind)); r.After() && r.Active && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
		return err
	})
	slices.Sort(out)
	return out, err
}

// dayAt is the instant at which the clinic's clock shows m on the day; where the clocks jump over it, the first after the jump.
func dayAt(day clock.Date, m clock.Minute, zone *time.Location) clock.Instant {
	for ; m < 1440; m += 5 {
		if at := clock.Resolve(day, m, zone); len(at) > 0 {
			return clock.At(at[0])
		}
	}
	return clock.At(clock.StartOfDay(day.AddDays(1), zone))
}

// zoneOf is the clinic's zone, and whether the clinic has been closed.
func zoneOf(v *store.View) (*time.Location, bool, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, false, err
	}
	return c.Location(), c.Status != "open", nil
}
