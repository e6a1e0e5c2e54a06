package followup

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Service is this room's verbs for the settings page.
type Service struct{ db *store.DB }

// New makes the service.
func New(db *store.DB) *Service { return &Service{db: db} }

// Found gives a new clinic the standard rules, in the Change that opens it.
func Found(tx *store.Tx) error {
	for _, r := range standard() {
		if _, err := tx.Exec(sqlRuleAdd, tx.NewID(), string(r.Kind), string(messaging.Email), r.Minutes, true, tx.Now()); err != nil {
			return err
		}
	}
	tx.Record(audit.Note{Action: "found", Kind: "reminder-rule", Subject: tx.Clinic(), New: len(standard())})
	return nil
}

// Rules lists the clinic's rules.
func (s *Service) Rules(ctx context.Context, who access.Caller) ([]Rule, error) {
	var out []Rule
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		var err error
		out, err = Rules(v)
		return err
	})
	return out, err
}

// Rule reads one rule, for whoever sees the message that it asked for; found is false when it was taken away.
func (s *Service) Rule(ctx context.Context, who access.Caller, rule id.ID) (r Rule, found bool, err error) {
	err = s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		all, err := Rules(v)
		if i := slices.IndexFunc(all, func(x Rule) bool { return x.ID == rule }); err == nil && i >= 0 {
			r, found = all[i], true
		}
		return err
	})
	return r, found, err
}

// Add adds a reminder rule and lays it over every appointment ahead. Wrong fields come back as
// a fault over all of them.
func (s *Service) Add(ctx context.Context, who access.Caller, d Draft) (id.ID, error) {
	var rule id.ID
	err := s.change(ctx, who, func(tx *store.Tx, all []Rule) error {
		if err := d.check(all); err != nil {
			return err
		}
		rule = tx.NewID()
		_, err := tx.Exec(sqlRuleAdd, rule, string(messaging.Reminder), string(d.Channel), d.Minutes, d.Active, tx.Now())
		tx.Record(audit.Note{Action: "add", Kind: "reminder-rule", Subject: rule, New: d})
		return err
	})
	return rule, err
}

// Save changes a reminder rule and lays the rules anew over every appointment ahead. version is
// the one that the writer saw; when the rule changed meanwhile it is fault.Conflict. A rule that
// is fixed, or not there, is fault.NotFound.
func (s *Service) Save(ctx context.Context, who access.Caller, rule id.ID, d Draft, version int64) error {
	return s.change(ctx, who, func(tx *store.Tx, all []Rule) error {
		old, others, err := pick(all, rule)
		if err != nil {
			return err
		}
		if err := d.check(others); err != nil {
			return err
		}
		n, err := tx.Exec(sqlRuleChange, rule, version, string(d.Channel), d.Minutes, d.Active)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change", Kind: "reminder-rule", Subject: rule, Old: Draft{old.Channel, old.Minutes, old.Active}, New: d})
		return nil
	})
}

// Remove takes a reminder rule away. Its reminders that have not gone out do not go out.
func (s *Service) Remove(ctx context.Context, who access.Caller, rule id.ID, version int64) error {
	return s.change(ctx, who, func(tx *store.Tx, all []Rule) error {
		old, _, err := pick(all, rule)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlRuleRemove, rule, version)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "remove", Kind: "reminder-rule", Subject: rule, Old: Draft{old.Channel, old.Minutes, old.Active}})
		return nil
	})
}

func pick(all []Rule, rule id.ID) (one Rule, others []Rule, err error) {
	err = fault.Missing()
	for _, r := range all {
		if r.ID == rule && r.Kind == messaging.Reminder {
			one, err = r, nil
			continue
		}
		others = append(others, r)
	}
	return one, others, err
}

func (s *Service) change(ctx context.Context, who access.Caller, fn func(tx *store.Tx, all []Rule) error) error {
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		all, err := Rules(&tx.View)
		if err != nil {
			return err
		}
		if err := fn(tx, all); err != nil {
			return err
		}
		return replan(tx)
	})
}

// replan lays the rules over everything ahead. Its cost is that of the appointments ahead, not
// of the past. What has fallen due already and only waits for its tick is left as it is.
func replan(tx *store.Tx) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	rules, err := Rules(&tx.View)
	if err != nil {
		return err
	}
	stood, err := standing(&tx.View, sqlDueAhead, tx.Now())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(sqlDueClear, tx.Now()); err != nil {
		return err
	}
	zone := c.Location()
	list, err := everythingAhead(&tx.View, clock.DateOf(tx.Now().In(zone)))
	if err != nil {
		return err
	}
	round := messaging.NewRound(&tx.View)
	for _, a := range list {
		round.To(a.patient)
	}
	for _, a := range list {
		zones, err := round.Where(a.patient, a.start)
		if err != nil {
			return err
		}
		// A rule that is new does not remind at once of what is near already.
		for _, d := range moments(rules, a.start, 0, tx.Now(), stood[visit{a.id, a.occurrence}], zones, messaging.Night()) {
			if err := add(tx, d, a.id, a.occurrence); err != nil {
				return err
			}
		}
	}
	return nil
}

// RemindOnce makes one reminder the clinic's only one, in the Change of the clinic's own work: the walk of the canary clinic, which cannot wait for a day.
func RemindOnce(tx *store.Tx, d Draft) error {
	all, err := Rules(&tx.View)
	if err != nil {
		return err
	}
	if err := d.check(nil); err != nil {
		return err
	}
	for _, r := range all {
		if r.Kind != messaging.Reminder {
			continue
		}
		if _, err := tx.Exec(sqlRuleRemove, r.ID, r.Version); err != nil {
			return err
		}
	}
	rule := tx.NewID()
	tx.Record(audit.Note{Action: "add", Kind: "reminder-rule", Subject: rule, New: d})
	_, err = tx.Exec(sqlRuleAdd, rule, string(messaging.Reminder), string(d.Channel), d.Minutes, d.Active, tx.Now())
	return err
}
