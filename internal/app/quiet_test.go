package app

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/egress"
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
