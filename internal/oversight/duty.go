package oversight

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// What software cannot do, people have to do again and again: read the data map, practise an incident, look at who may sign in. A program can
// know when each was done last, and say so when it is too long ago (promises M15, M16, I9, S7).

const (
	sqlDutyAdd   = `INSERT INTO duty_done (id, kind, day, by_id, report, at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlDutyLast  = `SELECT id, kind, day, by_id, report, at FROM duty_done ORDER BY day DESC, at DESC, id DESC LIMIT $1`
	sqlDutyBegan = `SELECT COALESCE(MIN(opened_at), 0) FROM clinic_route WHERE opened_at > 0 AND NOT canary`
)

// mostDone is how many signatures the page shows, and how far back the last of a kind is looked for.
const mostDone = 500

// longestReport is how long the note of where a report lies may be, in characters.
const longestReport = 200

// Duty is something that people have to look at again within a span.
type Duty struct {
	Kind   string   // its words are at duty.<kind> and duty.<kind>.why
	Every  law.Span // at the latest so long after the last time
	Source string   // what asks for it; ours where no law in force does
}

// Duties are all of them, in the order of the page. The proposal for the HIPAA Security Rule (90 FR 898) is not in force; it is followed already.
func Duties() []Duty {
	return []Duty{
		{"data-map", law.Span{Months: 12}, "GDPR, article 30 and 24(1); 45 CFR 164.316(b)(2)(iii)"},
		{"risks", law.Span{Months: 12}, "45 CFR 164.308(a)(1)(ii)(A); GDPR, article 35(11); DPDP Rules 2025, rule 13"},
		{"people", law.Span{Months: 6}, "45 CFR 164.308(a)(3)(ii)(B); ours: twice a year"},
		{"vendors", law.Span{Months: 12}, "45 CFR 164.308(b); GDPR, article 28(1)"},
		{"incident-drill", law.Span{Months: 12}, "45 CFR 164.308(a)(7)(ii)(D); ours: once a year"},
		{"keys-drill", law.Span{Months: 12}, "45 CFR 164.308(a)(7)(ii)(D); ours: once a year, from the paper"},
		{"scan", law.Span{Months: 6}, "90 FR 898, proposed 45 CFR 164.312(h)(2)(i): every six months"},
		{"penetration", law.Span{Months: 12}, "90 FR 898, proposed 45 CFR 164.312(h)(2)(iii): every twelve months"},
		{"training", law.Span{Months: 12}, "45 CFR 164.308(a)(5)(i)"},
	}
}

// Done is one signature under a duty.
type Done struct {
	ID     id.ID
	Kind   string
	Day    clock.Date // when it was done, as she said
	By     id.ID      // who signed
	Report string     // where its report lies; never anything about a person
	At     clock.Instant
}

// DutyState is a duty with how it stands.
type DutyState struct {
	Duty
	Last Done       // zero: never
	Due  clock.Date // by when it has to be done again
	Late bool
	Soon bool // within thirty days
}

// standing puts the signatures to the duties. began is when the installation began to hold data; without that nothing is due.
func standing(done []Done, began, today clock.Date) []DutyState {
	var out []DutyState
	for _, d := range Duties() {
		s := DutyState{Duty: d}
		from := began
		if i := slices.IndexFunc(done, func(x Done) bool { return x.Kind == d.Kind }); i >= 0 {
			s.Last, from = done[i], done[i].Day
		}
		if from != "" {
			s.Due = d.Every.Day(from)
			s.Late, s.Soon = today > s.Due, today <= s.Due && today.AddDays(30) >= s.Due
		}
		out = append(out, s)
	}
	return out
}

// DutyStates is how everything that people have to look at regularly stands, and what was signed, the newest first.
func (s *Service) DutyStates(ctx context.Context, who access.Caller) (states []DutyState, all []Done, err error) {
	err = s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the calendar of reviews is read")
		rows, err := p.Query(sqlDutyLast, mostDone)
		if err != nil {
			return err
		}
		defer rows.Close()
		all = nil
		for rows.Next() {
			var d Done
			if err := rows.Scan(&d.ID, &d.Kind, &d.Day, &d.By, &d.Report, &d.At); err != nil {
				return err
			}
			all = append(all, d)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		var opened clock.Instant
		if err := p.Row(sqlDutyBegan).Scan(&opened); err != nil {
			return err
		}
		var began clock.Date
		if opened > 0 {
			began = clock.DateOf(opened.Time())
		}
		states = standing(all, began, clock.DateOf(p.Now().Time()))
		return nil
	})
	return states, all, err
}

// SignDuty says that a duty was done on a day, and where its report lies. It cannot be taken back; a mistake is mended by another signature.
// fault.Invalid names "kind", "day" or "report".
func (s *Service) SignDuty(ctx context.Context, who access.Caller, kind, day, report string) error {
	var wrong fault.Fields
	report = strings.Join(strings.Fields(report), " ")
	if !slices.ContainsFunc(Duties(), func(d Duty) bool { return d.Kind == kind }) {
		wrong.Add("kind", "field.kind.needed")
	}
	done, err := clock.ParseDate(strings.TrimSpace(day))
	today := clock.DateOf(s.db.Clock().Now())
	switch {
	case err != nil:
		wrong.Add("day", "field.duty.day")
	case done > today:
		wrong.Add("day", "field.duty.ahead")
	case done < today.AddDays(-400):
		wrong.Add("day", "field.duty.old")
	}
	if n := utf8.RuneCountInString(report); n == 0 || n > longestReport {
		wrong.AddWith("report", "field.duty.report", map[string]any{"Most": longestReport})
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformReview, func(_ context.Context, p *store.Platform) error {
		one := p.NewID()
		p.Record(audit.Note{Action: "sign", Kind: "duty", Subject: one, New: map[string]any{"kind": kind, "day": done, "report": report}})
		_, err := p.Exec(sqlDutyAdd, one, kind, done, who.Actor(), report, p.Now())
		return err
	})
}
