package insight

import (
	"fmt"
	"slices"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live checks ask of this room. The kept counts are held against a count that is written otherwise: by days alone, in one statement each, and
// without the code that keeps them.

const (
	// Who objected to the figures, or stopped every use of her data, counts nowhere.
	sqlLookAllowed = `SELECT a.day, COUNT(*), COUNT(CASE WHEN p.minor THEN 1 END) FROM appointment a JOIN patient p ON p.clinic_id = a.clinic_id AND p.id = a.patient_id WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3
	AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = a.clinic_id AND c.patient_id = a.patient_id AND (c.purpose = 'figures' AND NOT c.given OR c.purpose = 'restriction' AND c.given)
	AND NOT EXISTS (SELECT 1 FROM consent n WHERE n.clinic_id = c.clinic_id AND n.patient_id = c.patient_id AND n.purpose = c.purpose AND n.at > c.at)) GROUP BY a.day`
	sqlLookKept   = `SELECT day, CAST(SUM(attended + missed + cancelled + unmarked) AS BIGINT) FROM insight_day WHERE clinic_id = $1 AND day >= $2 AND day <= $3 GROUP BY day`
	sqlLookErased = `SELECT COUNT(*) FROM erasure WHERE clinic_id = $1 AND erased_at >= $2`
)

// checked is a settled day: what is kept of it, and what a count of the appointments gives.
type checked struct{ kept, all, children int64 }

// settled are the days from ten to four days ago that are counted and on which nothing was changed since: what is younger, or was touched, is counted again
// by the hourly work.
func settled(v *store.View, c clinics.Clinic) (map[clock.Date]*checked, error) {
	today := clock.DateOf(v.Now().In(c.Location()))
	counted, _, err := progress(v)
	if err != nil {
		return nil, err
	}
	var first clock.Date
	if err := each(v, sqlFirstDay, func(rows *store.Rows) error { return rows.Scan(&first) }); err != nil || first == "" {
		return nil, err
	}
	due, err := dueDays(v, c, today)
	if err != nil {
		return nil, err
	}
	from, to := max(first, today.AddDays(-manyDays)), today.AddDays(-fewDays-1)
	out := map[clock.Date]*checked{}
	for d := from; d <= to; d = d.AddDays(1) {
		if counted == today && !slices.Contains(due, d) { // otherwise the work has to catch up first
			out[d] = &checked{}
		}
	}
	err = each(v, sqlLookKept, func(rows *store.Rows) error {
		var d clock.Date
		var n int64
		err := rows.Scan(&d, &n)
		if x := out[d]; x != nil {
			x.kept = n
		}
		return err
	}, from, to)
	if err != nil {
		return nil, err
	}
	return out, each(v, sqlLookAllowed, func(rows *store.Rows) error {
		var d clock.Date
		var all, children int64
		err := rows.Scan(&d, &all, &children)
		if x := out[d]; x != nil {
			x.all, x.children = all, children
		}
		return err
	}, from, to)
}

// Looked is what a live check of the sentence finds in the clinic's figures: how many days it compared, and an error that says what is wrong. Whoever
// was erased since stays in the counts of her days, in which nobody is named. A sentence that this room does not keep is looked at in nothing.
func Looked(v *store.View, sentence string) (int64, error) {
	if sentence != "reports-counted" && sentence != "figures-objection" {
		return 0, nil
	}
	c, err := clinics.Get(v)
	if err != nil {
		return 0, err
	}
	days, err := settled(v, c)
	if err != nil {
		return 0, err
	}
	set, err := setting(v, c)
	if err != nil {
		return 0, err
	}
	var erased int64
	if err := v.Row(sqlLookErased, v.Now().Add(-60*24*time.Hour)).Scan(&erased); err != nil {
		return 0, err
	}
	for d, x := range days {
		most := x.all
		if !set.Children {
			most -= x.children
		}
		switch {
		case sentence == "reports-counted" && x.kept < x.all-x.children:
			return 0, fmt.Errorf("of %s %d visits are kept in the figures, and a count of the appointments gives %d", d, x.kept, x.all-x.children)
		case sentence == "figures-objection" && x.kept > most && erased == 0:
			return 0, fmt.Errorf("of %s %d visits are kept in the figures, and only %d are of patients who may be counted", d, x.kept, most)
		}
	}
	return int64(len(days)), nil
}
