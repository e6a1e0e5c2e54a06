package app

import "testing"

// The house gives back once when people stop asking, again when work that nobody asked for took much, and not while somebody asks.
func TestTheHouseRests(t *testing.T) {
	t.Parallel()
	p := pause{rested: true}
	for i, c := range []struct {
		asked      int64
		taken      uint64
		give, woke bool
	}{
		{0, 1 << 20, false, false},         // the start took little
		{0, restAgain, true, false},        // or much
		{1, restAgain + 1, false, true},    // somebody asks
		{5, 4 * restAgain, false, false},   // and goes on
		{5, 4 * restAgain, true, false},    // nobody asked since
		{5, 5*restAgain - 1, false, false}, // a little work
		{5, 5 * restAgain, true, false},    // a letter, a live look
		{5, 5*restAgain + 1, false, false}, // given back
		{6, 9 * restAgain, false, true},    // somebody asks again
		{6, 9*restAgain + 1, true, false},
	} {
		if give, woke := p.tick(c.asked, c.taken); give != c.give || woke != c.woke {
			t.Errorf("tick %d: gives back %t, woke %t; want %t, %t", i, give, woke, c.give, c.woke)
		}
	}
}
