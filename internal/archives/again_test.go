package archives_test

import (
	"context"
	"errors"
	"testing"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/rig"
)

// TestBroughtInAgainAddsNobodyTwice: somebody whom nothing reaches is known by the name and the date of birth when the corrected sheet comes; two of them in one list
// stay two, and so does everybody of whom one of both is not known.
func TestBroughtInAgainAddsNobodyTwice(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, h := context.Background(), open(t, b)
		h.fill(t, 1)
		bring := func(text string, here, made int64) {
			t.Helper()
			l := h.lookOver(t, "Name,Phone,Birth,Guardian\n"+text)
			if err := errors.Join(h.s.Take(ctx, h.As(access.Owner), l.ID, l.Version), h.s.Work(ctx, h.As(access.System))); err != nil {
				t.Fatal(err)
			}
			if got := h.looked(t, l.ID); got.Made != made || l.Counts[archives.LineHere] != here {
				t.Errorf("%q: made %d, not %d; %v, not %d here", text, got.Made, made, l.Counts, here)
			}
		}
		text := "No Phone,,1950-02-03,\nTwin Name,,1950-02-03,\nTwin Name,,1950-02-03,\nWith Phone,+9196" + pad(2) + ",,\n"
		bring(text, 0, 4)
		bring(text, 4, 0)
		bring("Phone  No,,1950-02-03,\n", 1, 0)                 // the words in another order
		bring("No Phone,,1950-02-04,\n", 0, 1)                  // born on another day
		bring("No Phone,,,\n", 0, 1)                            // nothing says so
		bring("No Phone,+9196"+pad(3)+",1950-02-03,\n", 0, 1)   // reached now: somebody else may have the name
		bring("With Phone,+9196"+pad(2)+",1950-02-03,\n", 1, 0) // as ever
	})
}
