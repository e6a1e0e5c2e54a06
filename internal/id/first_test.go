package id

import (
	"bytes"
	"testing"
	"time"
)

// TestFirstIsBeforeWhatWasMade: the first id of a moment of the past is before every id that was made since, also when newer ids were made already.
func TestFirstIsBeforeWhatWasMade(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
	one := New(now)
	first := First(now.Add(-time.Hour))
	if bytes.Compare(first[:], one[:]) >= 0 || !first.Time().Equal(now.Add(-time.Hour)) {
		t.Errorf("%s is not before %s", first, one)
	}
	if later := First(one.Time().Add(time.Hour)); bytes.Compare(later[:], one[:]) <= 0 {
		t.Errorf("%s is not after %s", later, one)
	}
}
