package insight

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/law"
	"almirah/internal/policies"
	"almirah/internal/store"
)

// Service is this room's verbs for the doors.
type Service struct {
	db    *store.DB
	lives func(v *store.View) (law.Lives, error)
	uses  uses
}

// New makes the service. lives is how long the clinic keeps what is counted; nil: as long as its law usually says.
func New(db *store.DB, lives func(v *store.View) (law.Lives, error)) *Service {
	return &Service{db: db, lives: lives}
}

// Setting is what a clinic lets be counted. Everything is off until the owner switches it on; children are counted from the beginning where the law
// does not speak against it.
type Setting struct {
	Features bool // which parts of the program its staff use, how often, and how fast they answer
	Visitors bool // how often its public pages are looked at, by kind of device
	Children bool // visits of children stand in the reports
	Version  int64
}

// counts are what is counted, as the terms call it.
func (s Setting) counts() []string {
	var out []string
	for _, x := range []struct {
		on   bool
		name string
	}{{s.Features, policies.CountsUse}, {s.Visitors, policies.CountsVisitors}, {s.Children, policies.CountsChildren}} {
		if x.on {
			out = append(out, x.name)
		}
	}
	return out
}

// CountsNow are what the clinic lets be counted, for whoever says how it stands.
func CountsNow(v *store.View) ([]string, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	s, err := setting(v, c)
	return s.counts(), err
}

// setting reads the clinic's choices; version 0: it has made none.
func setting(v *store.View, c clinics.Clinic) (Setting, error) {
	s := Setting{Children: c.Jurisdiction != "IN"} // India's law forbids following what children do, and the stricter reading is where a clinic begins
	return s, each(v, sqlSetting, func(rows *store.Rows) error { return rows.Scan(&s.Features, &s.Visitors, &s.Children, &s.Version) })
}

// Setting reads what the clinic lets be counted.
func (s *Service) Setting(ctx context.Context, who access.Caller) (Setting, error) {
	var out Setting
	err := s.db.View(ctx, who, access.ReportRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err == nil {
			out, err = setting(v, c)
		}
		return err
	})
	return out, err
}

// SaveSetting changes what is counted. What is switched off is deleted at once, and whether children are counted holds for earlier days too: they are
// counted anew within the hour. fault.Conflict when somebody else changed it meanwhile.
func (s *Service) SaveSetting(ctx context.Context, who access.Caller, to Setting) error {
	return s.db.Change(ctx, who, access.ReportSettings, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		was, err := setting(&tx.View, c)
		if err != nil {
			return err
		}
		if to.Version != was.Version {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		var n int64
		if was.Version == 0 {
			n, err = tx.Exec(sqlSettingAdd, to.Features, to.Visitors, to.Children, tx.Now())
		} else {
			n, err = tx.Exec(sqlSettingSet, was.Version, to.Features, to.Visitors, to.Children, tx.Now())
		}
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err != nil {
			return err
		}
		if to.Children != was.Children {
			if _, err := tx.Exec(sqlProgressDrop); err != nil {
				return err
			}
		}
		if err := forget(tx, !to.Features, !to.Visitors, never); err != nil {
			return err
		}
		if _, err := policies.Move(tx, func(t *policies.Terms) { t.Analytics = to.counts() }); err != nil {
			return err
		}
		to.Version, was.Version = 0, 0
		tx.Record(audit.Note{Action: "change", Kind: "insight-setting", Subject: tx.Clinic(), Old: was, New: to})
		return nil
	})
}

// Bookings are how many appointments were booked on a day through one door: "online", "desk", "api".
type Bookings struct {
	Day   clock.Date
	Door  string
	Count int64
}

// Payments are what was paid on a day by one method, in minor units of a currency.
type Payments struct {
	Day              clock.Date
	Method, Currency string
	Count, Amount    int64
}

// Past are days as another program counted them.
type Past struct {
	Days     []Day
	Bookings []Bookings
	Payments []Payments
	Billed   []Payments // without tax; no method
}

// Takeover writes days as another program counted them, from before the clinic came here. What is counted here replaces them. Payments need
// the module for billing.
func (s *Service) Takeover(ctx context.Context, who access.Caller, past Past) error {
	return s.db.Change(ctx, who, access.ReportSettings, func(_ context.Context, tx *store.Tx) error {
		for _, d := range past.Days {
			if err := putDay(tx, d); err != nil {
				return err
			}
		}
		for _, b := range past.Bookings {
			if _, err := tx.Exec(sqlSourcePut, b.Day, b.Door, b.Count); err != nil {
				return err
			}
		}
		for _, p := range past.Payments {
			if _, err := tx.Exec(sqlMoneyPut, p.Day, kindPaid, p.Method, p.Currency, p.Count, p.Amount); err != nil {
				return err
			}
		}
		for _, p := range past.Billed {
			if _, err := tx.Exec(sqlMoneyPut, p.Day, kindInvoiced, "", p.Currency, p.Count, p.Amount); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "take-over", Kind: "insight-day", Subject: tx.Clinic(), New: len(past.Days)})
		return nil
	})
}
