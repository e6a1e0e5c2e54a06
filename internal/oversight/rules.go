package oversight

import (
	"slices"
	"strings"
	"unicode"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
)

// Rule is one thing that the daily examination looks for.
type Rule string

// The rules.
const (
	Namesake Rule = "namesake" // she opened the record of somebody who bears her family name and has no visit near that day
	Volume   Rule = "volume"   // she opened far more records than she usually does
	Night    Rule = "night"    // she opened records at night, while nobody worked
	Outside  Rule = "outside"  // somebody from outside the clinic, or with emergency access, opened records
)

// Rules are the rules in the order in which pages name them.
func Rules() []Rule { return []Rule{Outside, Namesake, Night, Volume} }

// Threshold is one number of the rules with where it comes from.
type Threshold struct {
	Name   string
	Value  int
	Source string
}

// The names of the thresholds.
const (
	nearDays     = "near-days"     // a visit so many days before or after explains why a record was opened
	commonShare  = "common-share"  // a family name that one of so many patients opened that day bears is common here: only the whole name counts
	volumeLeast  = "volume-least"  // fewer records than this on one day are never unusual
	volumeTimes  = "volume-times"  // so many times the median of her own days is unusual
	volumeDays   = "volume-days"   // her own last days that are looked at
	volumeKnown  = "volume-known"  // so many of them must be known first
	nightFrom    = "night-from"    // the hour at which the night begins
	nightTo      = "night-to"      // the hour at which it ends
	nightMargin  = "night-margin"  // minutes before and after the clinic's hours that still count as hours
	nightLeast   = "night-least"   // fewer records than this at night are not listed
	mostNames    = "most-names"    // namesakes of one person on one day that are listed
	mostEntries  = "most-entries"  // entries of one day that are examined
	mostDaysBack = "most-days"     // days that one run catches up
	keepCounts   = "keep-counts"   // days for which counts of a person are kept
	keepFindings = "keep-findings" // days for which settled findings are kept
)

// Thresholds are all numbers of the rules. No law and no standard names such numbers (45 CFR 164.308(a)(1)(ii)(D) asks for a regular review of
// who looked, and leaves the how to the clinic); each says what it rests on.
var Thresholds = []Threshold{
	{nearDays, 30, "ours: letters, results and bills come within a month of a visit"},
	{commonShare, 20, "ours: one in twenty; more would list every Sharma and every Smith each day"},
	{volumeLeast, 30, "ours: two appointments an hour through a day and their neighbours in the list"},
	{volumeTimes, 3, "ours: three times one's own median; a colleague's absence doubles a day"},
	{volumeDays, 28, "ours: four weeks, so that each day of the week is there four times"},
	{volumeKnown, 5, "ours: a week of work, so that a new member of staff is not listed on her second day"},
	{nightFrom, 21, "ours: as the quiet hours of messages"},
	{nightTo, 6, "ours"},
	{nightMargin, 120, "ours: writing up after the last visit"},
	{nightLeast, 3, "ours: one record may be an emergency call"},
	{mostNames, 5, "ours: the sixth says nothing that five have not said"},
	{mostEntries, 50_000, "ours: a bounded read; ten times the busiest demo clinic's day"},
	{mostDaysBack, 7, "ours: a bounded read; older days are caught up with the next run"},
	{keepCounts, 90, "what volume-days needs, and a quarter to look back"},
	{keepFindings, 730, "requirements, section 2, line 13: audit 12 to 24 months"},
}

// limit is the value of a threshold.
func limit(name string) int {
	i := slices.IndexFunc(Thresholds, func(t Threshold) bool { return t.Name == name })
	return Thresholds[i].Value
}

// look is one record that somebody opened.
type look struct {
	at             clock.Instant
	actor, patient id.ID
	role           access.Role
	action         string
}

// dayOf is what the rules are given of one day.
type dayOf struct {
	looks    []look
	minute   func(clock.Instant) clock.Minute // of the clinic's day
	open     bool                             // somebody works on such a day
	from, to clock.Minute                     // from when to when
	staff    map[id.ID]string                 // names
	patients map[id.ID]string                 // names of those who were opened
	near     map[id.ID]bool                   // patients with a visit near the day
	usual    map[id.ID][]int                  // how many records each opened on her earlier days
}

// noticed is what a rule found.
type noticed struct {
	rule            Rule
	person, patient id.ID
	count, usual    int
}

// opened counts the patients whose records each person opened.
func (d dayOf) opened() map[id.ID]map[id.ID]bool {
	out := map[id.ID]map[id.ID]bool{}
	for _, l := range d.looks {
		if l.actor.IsZero() || l.patient.IsZero() {
			continue
		}
		if out[l.actor] == nil {
			out[l.actor] = map[id.ID]bool{}
		}
		out[l.actor][l.patient] = true
	}
	return out
}

// notice applies every rule to a day. It is pure.
func notice(d dayOf) []noticed {
	var out []noticed
	by := d.opened()
	outside, night := map[id.ID]map[id.ID]bool{}, map[id.ID]map[id.ID]bool{}
	put := func(m map[id.ID]map[id.ID]bool, l look) {
		if m[l.actor] == nil {
			m[l.actor] = map[id.ID]bool{}
		}
		m[l.actor][l.patient] = true
	}
	for _, l := range d.looks {
		outer := l.role == access.Operator || l.role == access.Support
		if l.action == "break-glass" || outer && !l.patient.IsZero() {
			put(outside, l)
		} else if !l.actor.IsZero() && !l.patient.IsZero() && d.nightly(l.at) {
			put(night, l)
		}
	}
	for _, p := range people(outside) {
		out = append(out, noticed{rule: Outside, person: p, count: len(outside[p])})
	}
	common := d.commonNames()
	for _, p := range people(by) {
		out = append(out, d.namesakes(p, by[p], common)...)
	}
	for _, p := range people(night) {
		if n := len(night[p]); n >= limit(nightLeast) {
			out = append(out, noticed{rule: Night, person: p, count: n})
		}
	}
	for _, p := range people(by) {
		n, usual, known := len(by[p]), median(d.usual[p]), len(d.usual[p]) >= limit(volumeKnown)
		if known && n >= limit(volumeLeast) && n > limit(volumeTimes)*usual {
			out = append(out, noticed{rule: Volume, person: p, count: n, usual: usual})
		}
	}
	return out
}

func (d dayOf) nightly(at clock.Instant) bool {
	m := d.minute(at)
	if int(m) >= limit(nightTo)*60 && int(m) < limit(nightFrom)*60 {
		return false
	}
	margin := clock.Minute(limit(nightMargin))
	return !d.open || m < d.from-margin || m >= d.to+margin
}

// namesakes are those whose record p opened, who bear her family name, and who had no visit near the day.
func (d dayOf) namesakes(p id.ID, opened map[id.ID]bool, common map[string]bool) []noticed {
	whole, family := nameParts(d.staff[p])
	if family == "" {
		return nil
	}
	var out []noticed
	for _, patient := range sortedIDs(opened) {
		theirs, theirFamily := nameParts(d.patients[patient])
		same := theirs == whole || theirFamily == family && !common[family]
		if same && theirs != "" && !d.near[patient] && len(out) < limit(mostNames) {
			out = append(out, noticed{rule: Namesake, person: p, patient: patient, count: 1})
		}
	}
	return out
}

// commonNames are family names that many of the day's patients bear.
func (d dayOf) commonNames() map[string]bool {
	count := map[string]int{}
	for _, name := range d.patients {
		_, family := nameParts(name)
		count[family]++
	}
	out := map[string]bool{}
	for family, n := range count {
		out[family] = n >= 3 && n*limit(commonShare) > len(d.patients)
	}
	return out
}

// nameParts is a name in small letters without marks between, and its last word, which is the family name where there is one. A last word
// of one letter is an initial and no family name.
func nameParts(name string) (whole, family string) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r)
	})
	if len(words) == 0 {
		return "", ""
	}
	whole = strings.Join(words, " ")
	if last := words[len(words)-1]; len(words) > 1 && len([]rune(last)) > 1 {
		family = last
	}
	return whole, family
}

func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

func people(m map[id.ID]map[id.ID]bool) []id.ID {
	out := make([]id.ID, 0, len(m))
	for p := range m {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b id.ID) int { return strings.Compare(string(a[:]), string(b[:])) })
	return out
}

func sortedIDs(m map[id.ID]bool) []id.ID {
	out := make([]id.ID, 0, len(m))
	for p := range m {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b id.ID) int { return strings.Compare(string(a[:]), string(b[:])) })
	return out
}
