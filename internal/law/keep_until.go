package law

import (
	"time"

	"almirah/internal/clock"
)

// grownUp is the age from which nobody is a child to any of the rows that keep a child's records longer.
const grownUp = 18

// Record is something about a patient that a law may want kept after she asked to be erased: what a room's keeper tells of it.
type Record struct {
	Class Class
	Table string            // where it stands
	Day   clock.Date        // of the treatment, the signature, the sale: from which the time runs
	Until clock.Date        // the last day, where the room knows it already; empty for that of the table
	Stays bool              // the room keeps it where it is, without what is not asked for: an issued invoice
	Body  map[string]string // what it says, as it is copied out; nil where nothing has to be kept aside
}

// KeptUntil is the last day for which the law of the place wants a record of the class kept that is of the day, and where that stands. A child's time is counted from her
// birth, so birth is what is on record and no day that somebody typed for the purpose; it is empty where nobody knows it. Empty when no law wants it kept.
func KeptUntil(place string, c Class, day, birth clock.Date) (clock.Date, string) {
	life := LifeOf(place, c)
	if life.Floor.IsZero() || day == "" {
		return "", ""
	}
	last := life.Floor.Day(day)
	if birth != "" && life.ChildAge > 0 && day < birth.AddYears(grownUp) {
		last = max(last, birth.AddYears(life.ChildAge+life.ChildYears))
	}
	return last, life.Source
}

// Signed are the lines of a table, as a room's keeper copies them out, that somebody signed: what nobody signed is no record.
func Signed(c Class, table string, lines []map[string]string, zone *time.Location) []Record {
	var out []Record
	for _, line := range lines {
		if at, err := time.Parse(time.RFC3339, line["signed"]); err == nil {
			out = append(out, Record{Class: c, Table: table, Day: clock.DateOf(at.In(zone)), Body: line})
		}
	}
	return out
}
