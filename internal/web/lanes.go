package web

import "sort"

// Lanes is into how many sub-columns a provider's column is cut. Twelve can be shared evenly
// by 1, 2, 3, 4, 6 and 12 appointments that stand side by side.
const Lanes = 12

// shortest is the height in rows that a card needs to be read and hit: 15 minutes, 24 pixels.
const shortest = 3

// Lay places cards side by side where they overlap: it sets Column and Width of each.
// Cards that overlap nobody are as wide as the column. Cards are handled in order of start, the
// longer first, so that the picture does not change with the order of the database. It
// answers false when more than twelve overlap, which then share the last lane.
func Lay(cards []DayCard) bool {
	order := make([]int, len(cards))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := cards[order[a]], cards[order[b]]
		if x.Row != y.Row {
			return x.Row < y.Row
		}
		if x.Len != y.Len {
			return x.Len > y.Len
		}
		return x.ID < y.ID
	})
	readable := true
	var group []int // cards that overlap each other, directly or by way of others
	var ends []int  // the row in which each lane of the group is free again
	last := 0
	close := func() {
		width := share(len(ends))
		for _, i := range group {
			lane := min(cards[i].Column, Lanes-1)
			cards[i].Width = width
			cards[i].Column = min(lane*width, Lanes-width)
		}
		if len(ends) > Lanes {
			readable = false
		}
		group, ends = group[:0], ends[:0]
	}
	for _, i := range order {
		if len(group) > 0 && cards[i].Row >= last {
			close()
		}
		lane := len(ends)
		for l, end := range ends {
			if end <= cards[i].Row {
				lane = l
				break
			}
		}
		end := cards[i].Row + max(cards[i].Len, shortest)
		if lane == len(ends) {
			ends = append(ends, end)
		} else {
			ends[lane] = end
		}
		if len(group) == 0 || end > last {
			last = end
		}
		cards[i].Column = lane
		group = append(group, i)
	}
	close()
	return readable
}

// share is the width of each of n lanes.
func share(n int) int {
	for _, parts := range []int{1, 2, 3, 4, 6} {
		if n <= parts {
			return Lanes / parts
		}
	}
	return 1
}
