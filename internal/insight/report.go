package insight

import (
	"context"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Kind is one report.
type Kind string

// The reports.
const (
	Volume      Kind = "volume"
	Utilisation Kind = "utilisation"
	NoShows     Kind = "no-shows"
	Waiting     Kind = "waiting"
	Reminders   Kind = "reminders"
	Revenue     Kind = "revenue" // where the clinic turned billing on
	Sources     Kind = "sources"
)

// Kinds are the reports in the order of their page.
func Kinds() []Kind {
	return []Kind{Volume, Utilisation, NoShows, Waiting, Reminders, Revenue, Sources}
}

// ByProvider says whether the report can be looked at for one practitioner.
func (k Kind) ByProvider() bool { return k != Revenue && k != Sources }

// Step is how long the lines of a report are.
type Step string

// The steps.
const (
	Daily   Step = "day"
	Weekly  Step = "week" // from Monday on
	Monthly Step = "month"
)

// Steps are all steps, the shortest first.
func Steps() []Step { return []Step{Daily, Weekly, Monthly} }

// MaxDays is the longest period that a report covers, in days.
const MaxDays = 3 * 366

// mostLines is how many lines a report has at most: a longer one takes a longer step.
const mostLines = 62

// Ask is what somebody wants to see.
type Ask struct {
	Kind     Kind
	From, To clock.Date
	Step     Step  // empty: what suits the period
	Provider id.ID // zero: all
	Currency string
}

// Unit says what the numbers of a column are.
type Unit string

// The units.
const (
	Cases   Unit = "cases"
	Minutes Unit = "minutes"
	Percent Unit = "percent"
	Minor   Unit = "minor" // minor units of the report's currency
)

// None is what stands where there is nothing to divide by.
const None = -1

// Column is one column of a report.
type Column struct {
	Key   string // its words are at reports.col.<Key>
	Unit  Unit
	Drawn bool // stands in the picture, one upon the other
}

// Line is one step of the period.
type Line struct {
	From, To clock.Date // both days are in it; cut at the ends of the period
	Values   []int64    // as the columns
}

// Report is a table of counts.
type Report struct {
	Ask
	Columns    []Column
	Lines      []Line
	Total      []int64
	Currencies []string // of a report about money, the clinic's own first
	CountedTo  clock.Date
}

// Empty says whether there is nothing to show.
func (r Report) Empty() bool {
	return !slices.ContainsFunc(r.Total, func(n int64) bool { return n > 0 })
}

// check finds wrong fields, and settles the step.
func (a *Ask) check() error {
	var f fault.Fields
	switch {
	case !a.From.Valid():
		f.Add("from", "field.reports.day")
	case !a.To.Valid():
		f.Add("to", "field.reports.day")
	case a.To < a.From:
		f.Add("to", "field.reports.order")
	case a.From.DaysUntil(a.To) >= MaxDays:
		f.Add("from", "field.reports.long")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if !slices.Contains(Kinds(), a.Kind) || a.Step != "" && !slices.Contains(Steps(), a.Step) {
		return fault.Missing()
	}
	days := a.From.DaysUntil(a.To) + 1
	if a.Step == "" {
		a.Step = Daily
		if days > 31 {
			a.Step = Weekly
		}
		if days > 190 {
			a.Step = Monthly
		}
	}
	if a.Step == Daily && days > mostLines {
		a.Step = Weekly
	}
	if a.Step == Weekly && days > mostLines*7 {
		a.Step = Monthly
	}
	return nil
}

// lines are the steps of the period, empty.
func (a Ask) lines(columns int) []Line {
	var out []Line
	for from := a.From; from <= a.To; {
		to := from
		switch a.Step {
		case Weekly:
			to = from.AddDays((7 - int(from.Weekday())) % 7)
		case Monthly:
			for to.AddDays(1).Month() == from.Month() {
				to = to.AddDays(1)
			}
		}
		to = min(to, a.To)
		out = append(out, Line{from, to, make([]int64, columns)})
		from = to.AddDays(1)
	}
	return out
}

// Report makes a report. Its cost is that of the kept days from the first January of the period on. Wrong days come back as a fault over all of them;
// fault.NotFound for a report that there is not, and for one about money while billing is off.
func (s *Service) Report(ctx context.Context, who access.Caller, a Ask) (Report, error) {
	if err := a.check(); err != nil {
		return Report{Ask: a}, err
	}
	var out Report
	err := s.db.View(ctx, who, access.ReportRead, func(_ context.Context, v *store.View) (err error) {
		out, err = report(v, a)
		return err
	})
	return out, err
}

// ReportOf makes a report inside a passage of another room. Its faults are those of Report.
func ReportOf(v *store.View, a Ask) (Report, error) {
	if err := a.check(); err != nil {
		return Report{Ask: a}, err
	}
	return report(v, a)
}

func report(v *store.View, a Ask) (Report, error) {
	out := Report{Ask: a}
	c, err := clinics.Get(v)
	if err != nil {
		return out, err
	}
	if a.Kind == Revenue && !c.Has(clinics.ModuleBilling) {
		return out, fault.Missing()
	}
	if out.CountedTo, _, err = progress(v); err != nil {
		return out, err
	}
	first := a.From[:4] + "-01-01" // where a group ends hangs on the year alone
	switch a.Kind {
	case Revenue:
		err = out.money(v, c, first)
	case Sources:
		err = out.doors(v, first)
	default:
		err = out.days(v, first)
	}
	return out, err
}

// series is one run of days of which groups are made, and how a group falls into the columns: Column 0 is none.
type series struct {
	cells []cell
	add   func(values []int64, c cell)
}

// fill lays the whole groups of every series into their lines.
func (r *Report) fill(columns []Column, all []series, settle func(values []int64)) {
	r.Columns, r.Lines, r.Total = columns, r.lines(len(columns)), make([]int64, len(columns))
	for _, s := range all {
		at := 0
		for _, c := range carry(s.cells) {
			if c.day < r.From || c.day > r.To {
				continue
			}
			for r.Lines[at].To < c.day {
				at++
			}
			s.add(r.Lines[at].Values, c)
			s.add(r.Total, c)
		}
	}
	if settle == nil {
		return
	}
	for i := range r.Lines {
		settle(r.Lines[i].Values)
	}
	settle(r.Total)
}

// share is part of whole in whole percent; None of nothing.
func share(part, whole int64) int64 {
	if whole <= 0 {
		return None
	}
	return (part*100 + whole/2) / whole
}

// days makes the reports about practitioners' days.
func (r *Report) days(v *store.View, first clock.Date) error {
	columns, measures, settle := measured(r.Kind)
	var all []series
	var of id.ID
	err := each(v, sqlDays, func(rows *store.Rows) error {
		d, err := scanDay(rows)
		if err != nil || !r.Provider.IsZero() && d.Provider != r.Provider {
			return err
		}
		if of != d.Provider || len(all) == 0 {
			of = d.Provider
			for _, m := range measures {
				all = append(all, series{add: m.add})
			}
		}
		for i, m := range measures {
			s := &all[len(all)-len(measures)+i]
			c := m.of(d)
			c.day = d.Day
			s.cells = append(s.cells, c)
		}
		return nil
	}, first, r.To)
	if err != nil {
		return err
	}
	r.fill(columns, all, settle)
	return nil
}

// measure takes one series out of days.
type measure struct {
	of  func(d Day) cell
	add func(values []int64, c cell)
}

// into adds a group's cases to columns.
func into(columns ...int) func([]int64, cell) {
	return func(values []int64, c cell) {
		for _, i := range columns {
			values[i] += c.cases
		}
	}
}

func measured(k Kind) (columns []Column, list []measure, settle func([]int64)) {
	cases := func(of func(d Day) int64, columns ...int) measure {
		return measure{func(d Day) cell { return cell{cases: of(d)} }, into(columns...)}
	}
	attended := func(d Day) int64 { return d.Attended }
	missed := func(d Day) int64 { return d.Missed }
	switch k {
	case Volume:
		return []Column{{"booked", Cases, false}, {"attended", Cases, true}, {"missed", Cases, true}, {"cancelled", Cases, true}, {"unmarked", Cases, true}},
			[]measure{cases(attended, 0, 1), cases(missed, 0, 2), cases(func(d Day) int64 { return d.Cancelled }, 0, 3), cases(func(d Day) int64 { return d.Unmarked }, 0, 4)}, nil
	case Utilisation:
		return []Column{{"claimed", Minutes, false}, {"offered", Minutes, false}, {"used", Percent, true}},
			[]measure{{func(d Day) cell {
				return cell{cases: d.Attended + d.Missed + d.Unmarked, beside: []int64{d.ClaimedMinutes, d.OfferedMinutes}}
			}, func(values []int64, c cell) { values[0], values[1] = values[0]+c.beside[0], values[1]+c.beside[1] }}},
			func(values []int64) { values[2] = share(values[0], values[1]) }
	case NoShows:
		return []Column{{"over", Cases, false}, {"missed", Cases, false}, {"missed_share", Percent, true}},
			[]measure{cases(attended, 0), cases(missed, 0, 1)}, func(values []int64) { values[2] = share(values[1], values[0]) }
	case Waiting:
		waits := func(n, minutes func(d Day) int64, column int) measure {
			return measure{func(d Day) cell { return cell{cases: n(d), beside: []int64{minutes(d)}} }, func(values []int64, c cell) {
				values[0], values[column], values[3] = values[0]+c.cases, values[column]+c.cases, values[3]+c.beside[0]
			}}
		}
		return []Column{{"waited", Cases, false}, {"soon", Cases, false}, {"late", Cases, false}, {"average", Minutes, true}},
			[]measure{waits(func(d Day) int64 { return d.Soon }, func(d Day) int64 { return d.SoonMinutes }, 1), waits(func(d Day) int64 { return d.Late }, func(d Day) int64 { return d.LateMinutes }, 2)},
			func(values []int64) {
				if values[0] == 0 {
					values[3] = None
					return
				}
				values[3] = (values[3] + values[0]/2) / values[0]
			}
	default: // Reminders
		return []Column{{"reminded", Cases, false}, {"delivered", Cases, false}, {"confirmed", Cases, true}, {"arrived_only", Cases, true}, {"sent_only", Cases, true}, {"confirmed_share", Percent, false}},
			[]measure{cases(func(d Day) int64 { return d.ToldBoth }, 0, 1, 2), cases(func(d Day) int64 { return d.ToldDelivered }, 0, 1, 3),
				cases(func(d Day) int64 { return d.ToldConfirmed }, 0, 2), cases(func(d Day) int64 { return d.ToldOnly }, 0, 4)},
			func(values []int64) { values[5] = share(values[2], values[0]) }
	}
}

// doors makes the report of where bookings come from.
func (r *Report) doors(v *store.View, first clock.Date) error {
	columns := []Column{{"online", Cases, true}, {"desk", Cases, true}, {"api", Cases, true}, {"other", Cases, true}}
	cells := map[int][]cell{}
	err := each(v, sqlSources, func(rows *store.Rows) error {
		var day clock.Date
		var door string
		var n int64
		if err := rows.Scan(&day, &door, &n); err != nil {
			return err
		}
		at := slices.IndexFunc(columns, func(c Column) bool { return c.Key == door })
		if at < 0 {
			at = len(columns) - 1
		}
		cells[at] = append(cells[at], cell{day: day, cases: n})
		return nil
	}, first, r.To)
	if err != nil {
		return err
	}
	var all []series
	for at := range columns {
		slices.SortStableFunc(cells[at], func(a, b cell) int { return strings.Compare(string(a.day), string(b.day)) }) // several doors are "other"
		all = append(all, series{cells[at], into(at)})
	}
	r.fill(columns, all, nil)
	return nil
}

// methods are the ways of paying, in the order of the table.
var methods = []string{"cash", "upi", "card", "bank", "online"}

// money makes the report of what came in, in one currency.
func (r *Report) money(v *store.View, c clinics.Clinic, first clock.Date) error {
	cells := map[purse][]cell{}
	r.Currencies = []string{c.Currency}
	var taxes []string
	err := each(v, sqlMoney, func(rows *store.Rows) error {
		var p purse
		var x sum
		if err := rows.Scan(&p.day, &p.kind, &p.part, &p.currency, &x.cases, &x.amount); err != nil {
			return err
		}
		if !slices.Contains(r.Currencies, p.currency) {
			r.Currencies = append(r.Currencies, p.currency)
		}
		day := p.day
		p.day = ""
		cells[p] = append(cells[p], cell{day: day, cases: x.cases, beside: []int64{x.amount}})
		return nil
	}, first, r.To)
	if err != nil {
		return err
	}
	if r.Currency == "" {
		r.Currency = c.Currency
	}
	if !slices.Contains(r.Currencies, r.Currency) {
		return fault.Missing()
	}
	for p := range cells {
		if (p.kind == kindTax || p.kind == kindTaxBack) && p.currency == r.Currency && !slices.Contains(taxes, p.part) {
			taxes = append(taxes, p.part)
		}
	}
	slices.Sort(taxes)
	columns := []Column{{"received", Minor, false}}
	for _, m := range methods {
		columns = append(columns, Column{"paid_" + m, Minor, true})
	}
	back, billed := len(columns), len(columns)+1
	columns = append(columns, Column{"returned", Minor, false}, Column{"billed", Minor, false})
	for _, t := range taxes {
		columns = append(columns, Column{"tax_" + t, Minor, false})
	}
	var all []series
	sums := func(kind, part string, sign int64, at ...int) {
		all = append(all, series{cells[purse{kind: kind, part: part, currency: r.Currency}], func(values []int64, c cell) {
			for _, i := range at {
				values[i] += sign * c.beside[0]
			}
		}})
	}
	for i, m := range methods {
		sums(kindPaid, m, 1, 0, 1+i)
		sums(kindRefunded, m, 1, back)
	}
	sums(kindInvoiced, "", 1, billed)
	sums(kindCredited, "", -1, billed)
	for i, t := range taxes {
		sums(kindTax, t, 1, billed+1+i)
		sums(kindTaxBack, t, -1, billed+1+i)
	}
	r.fill(columns, all, nil)
	return nil
}
