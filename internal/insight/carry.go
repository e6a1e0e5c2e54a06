package insight

import "almirah/internal/clock"

// LeastGroup is the smallest group that is shown: fewer would speak of persons.
const LeastGroup = 5

// cell is one day of one series: how many cases it has, and what goes with them (minutes, an amount).
type cell struct {
	day    clock.Date
	cases  int64
	beside []int64
}

// carry gives back the days on which a group is complete. What is fewer than LeastGroup waits and is counted with the next days, until there are enough
// together; what is still too few at the end of a year is never shown. So each period that anybody asks for is a sum of whole groups, and
// so is the difference of any two periods: it is nothing, or at least LeastGroup. The days have to come in order, and
// from the first of January on: where a group ends must not hang on what is asked.
func carry(days []cell) []cell {
	var out []cell
	var waiting cell
	year := ""
	for _, d := range days {
		if y := string(d.day[:4]); y != year {
			year, waiting = y, cell{}
		}
		waiting.day, waiting.cases = d.day, waiting.cases+d.cases
		for i, n := range d.beside {
			if i == len(waiting.beside) {
				waiting.beside = append(waiting.beside, 0)
			}
			waiting.beside[i] += n
		}
		if waiting.cases >= LeastGroup {
			out = append(out, waiting)
			waiting = cell{}
		}
	}
	return out
}
