package followup

import (
	"slices"
	"sort"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// Rule says that a kind of message goes out over a channel. A reminder goes out a span before
// the appointment, and what is written after a visit some days later, at an hour of the clinic's day. The
// others go out when the thing happens and cannot be switched off, because every booking is confirmed and
// every change told (promise C5).
type Rule struct {
	ID        id.ID
	Kind      messaging.Kind
	Channel   messaging.Channel
	Minutes   int // before the appointment; 0 for what goes out when it happens
	Active    bool
	CreatedAt clock.Instant
	Version   int64

	// Of a rule that writes after a visit.
	Days    int          // after the day of the visit
	At      clock.Minute // of the clinic's day
	Service id.ID        // zero for any
	Buffer  int          // days in which a patient is asked for a review once, whatever she came for
}

// Fixed says whether the rule belongs to booking itself and is not the clinic's to change.
func (r Rule) Fixed() bool { return r.Kind != messaging.Reminder && !r.After() }

// After says whether the rule writes after a visit, or after one that the patient missed.
func (r Rule) After() bool { return slices.Contains(AfterKinds(), r.Kind) }

// Bounds of a reminder rule.
const (
	LeastMinutes = 15
	MostMinutes  = 30 * 24 * 60
	MostRules    = 6 // reminders; more would be a nuisance
)

// Draft is a reminder rule as a clinic enters it.
type Draft struct {
	Channel messaging.Channel
	Minutes int
	Active  bool
}

// check finds every wrong field. others are the clinic's other reminder rules.
func (d Draft) check(others []Rule) error {
	var f fault.Fields
	if d.Channel != messaging.Email && d.Channel != messaging.SMS && d.Channel != messaging.WhatsApp {
		f.Add("channel", "field.required")
	}
	if d.Minutes < LeastMinutes || d.Minutes > MostMinutes {
		f.AddWith("minutes", "field.rule.minutes", map[string]any{"Least": LeastMinutes, "MostDays": MostMinutes / (24 * 60)})
	}
	n := 0
	for _, o := range others {
		if o.Kind != messaging.Reminder {
			continue
		}
		n++
		if o.Channel == d.Channel && o.Minutes == d.Minutes && !f.Has("minutes") {
			f.Add("minutes", "field.rule.twice")
		}
	}
	if n >= MostRules && !f.Has("minutes") {
		f.AddWith("minutes", "field.rule.many", map[string]any{"Most": MostRules})
	}
	return f.Err()
}

// standard are the rules of a new clinic: everything that happens is told at once, and a
// patient who wants reminders is reminded a day and two hours before.
func standard() []Rule {
	return []Rule{
		{Kind: messaging.Booked}, {Kind: messaging.Moved}, {Kind: messaging.Cancelled},
		{Kind: messaging.Reminder, Minutes: 24 * 60}, {Kind: messaging.Reminder, Minutes: 2 * 60},
	}
}

// due is one moment at which a rule falls due.
type due struct {
	at   clock.Instant
	rule Rule
}

// late is how far back a moment may lie that fell into the pause of a staff change.
const late = 10 * time.Minute

// moments works out when the rules remind of an appointment at start. known is since when the
// patient has known that time (zero when she is only just being told): a moment that passed is
// made up for only if she knew then, so that a booking at short notice is not followed by a
// reminder in the same minute. Two rules that meet at one moment and channel (both moved out of
// the night) remind once. zones are where she may be: the night is hers, not the clinic's. stood is
// when the rules were to remind of it so far, by rule: one that was made longer, so that its new moment
// has passed, reminds when it would have.
func moments(rules []Rule, start, known, now clock.Instant, stood map[id.ID]clock.Instant, zones []*time.Location, q messaging.Quiet) []due {
	sort.Slice(rules, func(i, j int) bool { return rules[i].Minutes > rules[j].Minutes })
	type meeting struct {
		at      clock.Instant
		channel messaging.Channel
	}
	met := map[meeting]bool{}
	var out []due
	for _, r := range rules {
		if r.Kind != messaging.Reminder || !r.Active || start <= now {
			continue
		}
		want := start.Add(-time.Duration(r.Minutes) * time.Minute)
		madeUp := known != 0 && known < want && r.CreatedAt < want && want >= now.Add(-late)
		var at clock.Instant
		ok := false
		if want >= now || madeUp {
			at, _, ok = q.FitAll(max(want, now), now, zones)
		}
		if was, there := stood[r.ID]; !ok && there {
			at, _, ok = q.FitAll(was, now, zones)
		}
		if !ok || met[meeting{at, r.Channel}] {
			continue
		}
		met[meeting{at, r.Channel}] = true
		out = append(out, due{at, r})
	}
	return out
}

// stale says whether a reminder has been held up for so long that it would mislead: less than
// half of its span is left.
func (r Rule) stale(start, now clock.Instant) bool {
	return start.Sub(now) < time.Duration(r.Minutes)*time.Minute/2
}
