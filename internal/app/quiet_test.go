package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/store"
)

// TestLiveLooksLeaveNoLines: what a live check asks of the house's own pages is in no log and in no measurement; what anybody else asks is.
func TestLiveLooksLeaveNoLines(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	counted := 0
	h := guard(http.NotFoundHandler(), true, clock.NewFake(morning), slog.New(slog.NewTextHandler(&lines, nil)), nil, func(*http.Request, int, time.Duration) { counted++ })
	r := httptest.NewRequest(http.MethodGet, "/nothing", nil)
	h.ServeHTTP(httptest.NewRecorder(), r.WithContext(egress.Looking(t.Context())))
	if lines.Len() > 0 || counted > 0 {
		t.Errorf("a look of our own was counted %d times and logged: %s", counted, lines.String())
	}
	if h.ServeHTTP(httptest.NewRecorder(), r); lines.Len() == 0 || counted != 1 {
		t.Errorf("a request was counted %d times, logged: %q", counted, lines.String())
	}
}

// TestWhatCannotBeSeenIsNotBroken: a look that finds the database busy or away is tried once more, and says nothing then; what was found before stands, for an hour.
func TestWhatCannotBeSeenIsNotBroken(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	const name = "delivery-metadata"
	tries := 0
	look := func(errs ...error) map[string]liveLook {
		tries = 0
		return map[string]liveLook{name: func(probe, context.Context) (string, error) {
			err := errs[min(tries, len(errs)-1)]
			tries++
			return "seen", err
		}}
	}
	stands := func(when, want string, looked int) {
		t.Helper()
		for _, k := range h.Promises(t.Context()) {
			if k.Probe == name && (k.Status != want || tries != looked) {
				t.Errorf("%s it is %q after %d looks, want %q after %d", when, k.Status, tries, want, looked)
			}
		}
	}
	busy := fmt.Errorf("looking: %w", store.ErrRetry)
	for _, x := range []struct {
		when, want string
		looked     int
		later      time.Duration
		looks      []error
	}{
		{"before it was seen", "enforced", 2, 0, []error{busy}},
		{"busy for a moment", "enforced", 2, time.Minute, []error{busy, nil}},
		{"busy for longer", "enforced", 2, time.Minute, []error{store.ErrGone}},
		{"late for 59 minutes", "enforced", 2, 58 * time.Minute, []error{context.DeadlineExceeded}},
		{"late for an hour", "broken", 2, time.Minute, []error{context.DeadlineExceeded}},
		{"seen again", "enforced", 1, time.Minute, []error{nil}},
		{"found broken", "broken", 1, time.Minute, []error{errors.New("two of them")}},
	} {
		h.Fake.Move(x.later)
		if err := h.lookAt(t.Context(), look(x.looks...)); err != nil {
			t.Fatal(err)
		}
		stands(x.when, x.want, x.looked)
	}
}
