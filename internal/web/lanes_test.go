package web

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestLay: no two cards that overlap share a place; every card lies within the column; a card
// that overlaps nobody is as wide as the column; the order of the cards does not matter.
func TestLay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 14).Draw(t, "n")
		cards := make([]DayCard, n)
		for i := range cards {
			cards[i] = DayCard{ID: fmt.Sprint(i), Row: rapid.IntRange(0, 60).Draw(t, "row"), Len: rapid.IntRange(1, 24).Draw(t, "len")}
		}
		readable := Lay(cards)
		end := func(c DayCard) int { return c.Row + max(c.Len, shortest) }
		for i, a := range cards {
			if a.Width < 1 || a.Column < 0 || a.Column+a.Width > Lanes {
				t.Fatalf("card %+v stands outside the column", a)
			}
			alone := true
			for j, b := range cards {
				if i == j || a.Row >= end(b) || b.Row >= end(a) {
					continue
				}
				alone = false
				if readable && a.Column < b.Column+b.Width && b.Column < a.Column+a.Width {
					t.Fatalf("%+v and %+v cover each other", a, b)
				}
			}
			if alone && a.Width != Lanes {
				// It may still belong to a group by way of others only if it overlaps one of them.
				t.Fatalf("%+v overlaps nobody and is narrow", a)
			}
		}
		turned := make([]DayCard, n)
		for i := range cards {
			turned[n-1-i] = DayCard{ID: cards[i].ID, Row: cards[i].Row, Len: cards[i].Len}
		}
		Lay(turned)
		for i := range cards {
			if cards[i].Column != turned[n-1-i].Column || cards[i].Width != turned[n-1-i].Width {
				t.Fatalf("the picture depends on the order: %+v, %+v", cards[i], turned[n-1-i])
			}
		}
	})
}

func TestLayOfTooMany(t *testing.T) {
	t.Parallel()
	cards := make([]DayCard, 14)
	for i := range cards {
		cards[i] = DayCard{ID: fmt.Sprint(i), Row: 3, Len: 3}
	}
	if Lay(cards) {
		t.Error("fourteen at once were called readable")
	}
	two := []DayCard{{ID: "a", Row: 0, Len: 6}, {ID: "b", Row: 3, Len: 3}, {ID: "c", Row: 6, Len: 3}}
	if !Lay(two) || two[0].Width != 6 || two[1].Column != 6 || two[2].Width != 12 {
		t.Errorf("laid out as %+v", two)
	}
}
