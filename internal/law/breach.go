package law

import (
	"time"

	"almirah/internal/clock"
)

// Who has to be told.
const (
	ToAuthority = "authority"
	ToPeople    = "people"
	ToMedia     = "media"
)

// Duty is one thing that a law asks after a breach. Its words are at incident.duty.<key> (what has to be done) and incident.duty.<key>.to (whom).
type Duty struct {
	Key    string
	To     string
	Hours  int    // from the moment at which the clinic knew; zero: see Days
	Days   int    // calendar days in the clinic's zone, the day of knowing not counted; the last one counts whole
	Ours   bool   // the law says "without delay" or "as soon as feasible"; the number is ours
	Least  int    // only from so many affected people on
	Most   int    // only up to so many; zero: no bound
	Risk   bool   // only where the breach is likely to harm the people: the decision says so
	Source string // where it stands
}

// duties are what each jurisdiction asks. The strictest moment counts: the clocks begin when it was noticed, not when somebody was certain.
// Rule 7 of the DPDP Rules 2025 comes into force in May 2027; it is followed already.
var duties = map[string][]Duty{
	India: {
		{Key: "in-cert", To: ToAuthority, Hours: 6, Source: "CERT-In directions of 28 April 2022, (ii), under section 70B(6) of the IT Act 2000"},
		{Key: "in-board", To: ToAuthority, Hours: 24, Ours: true, Source: "DPDP Act 2023, section 8(6); DPDP Rules 2025, rule 7(2)(a): without delay"},
		{Key: "in-people", To: ToPeople, Hours: 24, Ours: true, Source: "DPDP Act 2023, section 8(6); DPDP Rules 2025, rule 7(1): without delay"},
		{Key: "in-board-detail", To: ToAuthority, Hours: 72, Source: "DPDP Rules 2025, rule 7(2)(b)"},
	},
	EU: {
		{Key: "eu-authority", To: ToAuthority, Hours: 72, Source: "GDPR, article 33(1)"},
		{Key: "eu-people", To: ToPeople, Hours: 72, Ours: true, Risk: true, Source: "GDPR, article 34(1): without undue delay"},
	},
	Britain: {
		{Key: "gb-authority", To: ToAuthority, Hours: 72, Source: "UK GDPR, article 33(1)"},
		{Key: "gb-people", To: ToPeople, Hours: 72, Ours: true, Risk: true, Source: "UK GDPR, article 34(1): without undue delay"},
	},
	US: {
		{Key: "us-people", To: ToPeople, Days: 60, Source: "45 CFR 164.404(b)"},
		{Key: "us-hhs", To: ToAuthority, Days: 60, Least: 500, Source: "45 CFR 164.408(b)"},
		{Key: "us-hhs-year", To: ToAuthority, Days: -60, Most: 499, Source: "45 CFR 164.408(c): within 60 days after the end of the year"},
		{Key: "us-media", To: ToMedia, Days: 60, Least: 501, Source: "45 CFR 164.406"},
		{Key: "us-state", To: ToAuthority, Days: 30, Ours: true, Least: 501, Source: "state law, such as California Civil Code 1798.82(f): a sample of the letter to the Attorney General"},
	},
	Canada: {
		{Key: "ca-authority", To: ToAuthority, Hours: 72, Ours: true, Risk: true, Source: "PIPEDA, section 10.1(2): as soon as feasible"},
		{Key: "ca-people", To: ToPeople, Hours: 72, Ours: true, Risk: true, Source: "PIPEDA, section 10.1(6): as soon as feasible"},
	},
	Elsewhere: {
		{Key: "other-authority", To: ToAuthority, Hours: 72, Ours: true, Source: "the law of your country; the number is ours"},
		{Key: "other-people", To: ToPeople, Hours: 72, Ours: true, Risk: true, Source: "the law of your country; the number is ours"},
	},
}

// Duties are what the law of the place asks for a breach of so many people's data.
func Duties(place string, people int) []Duty {
	var out []Duty
	for _, d := range row(duties, place) {
		if people >= d.Least && (d.Most == 0 || people <= d.Most) {
			out = append(out, d)
		}
	}
	return out
}

// Due is the last moment for the duty, of an incident that was noticed then, in the clinic's zone. Hours are hours, whatever the clocks of the
// zone do meanwhile; days are the zone's own days.
func (d Duty) Due(aware clock.Instant, zone *time.Location) clock.Instant {
	switch {
	case d.Hours > 0:
		return aware.Add(time.Duration(d.Hours) * time.Hour)
	case d.Days < 0: // so many days after the end of the year in which it was noticed
		return clock.At(time.Date(aware.In(zone).Year()+1, time.January, 1-d.Days, 0, 0, 0, 0, zone)) - 1
	}
	return clock.At(clock.StartOfDay(clock.DateOf(aware.In(zone)).AddDays(d.Days+1), zone)) - 1
}
