package insight

import (
	"testing"

	"almirah/internal/clock"
	"almirah/internal/promise"

	"pgregory.net/rapid"
)

// TestNoDifferenceTellsOfFewer: whichever two periods are asked for, one taken from the other leaves nothing or a whole group, with its minutes.
func TestNoDifferenceTellsOfFewer(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "counts-only")
	rapid.Check(t, func(t *rapid.T) {
		var days []cell
		day := clock.Date("2026-11-20")
		for range rapid.IntRange(0, 80).Draw(t, "days") {
			n := int64(rapid.SampledFrom([]int{0, 0, 1, 2, 3, 4, 5, 9, 40}).Draw(t, "cases"))
			days = append(days, cell{day: day, cases: n, beside: []int64{n * 10}})
			day = day.AddDays(rapid.IntRange(1, 3).Draw(t, "gap"))
		}
		groups := carry(days)
		sum := func(from, to clock.Date) (cases, beside int64) {
			for _, g := range groups {
				if g.day >= from && g.day <= to {
					cases, beside = cases+g.cases, beside+g.beside[0]
				}
			}
			return cases, beside
		}
		var all, shown int64
		for _, d := range days {
			all += d.cases
		}
		first := clock.Date("2026-11-01")
		for _, g := range groups {
			shown += g.cases
			if g.cases < LeastGroup || g.beside[0] != g.cases*10 {
				t.Fatalf("a group of %d with %d", g.cases, g.beside[0])
			}
		}
		if missing := all - shown; missing < 0 || missing >= 2*LeastGroup { // at most one rest for each of two years
			t.Fatalf("%d of %d are shown", shown, all)
		}
		a, b := first.AddDays(rapid.IntRange(0, 250).Draw(t, "a")), first.AddDays(rapid.IntRange(0, 250).Draw(t, "b"))
		one, _ := sum(first, a)
		other, _ := sum(first, b)
		if d := one - other; d != 0 && d > -LeastGroup && d < LeastGroup {
			t.Fatalf("to %s and to %s differ by %d", a, b, d)
		}
	})
}
