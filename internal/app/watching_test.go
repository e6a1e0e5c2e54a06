package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

const watchToken = "0123456789abcdef0123456789abcdef"

// TestWatchingIsForOperators: measurements and the operator's page are for this machine and who knows the token; they are well-formed, name nobody, and show
// slow statements without their values and errors with the id of their request.
func TestWatchingIsForOperators(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "watched-by-operators")
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_WATCH_TOKEN": watchToken})
	h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	h.visitor().page(t, "/c/"+demoSlug)
	guesser := h.visitor()
	guesser.get(t, "/sign-in")
	guesser.submit(t, "/sign-in", url.Values{"email": {"nobody@example.org"}, "password": {"guess the first"}})
	outside := map[string]string{"X-Forwarded-For": "192.0.2.1"}
	for _, path := range []string{"/metrics", "/operate"} {
		for token, want := range map[string]int{"": 404, "Bearer ": 404, "Bearer 0123456789abcdef": 404, "Basic " + watchToken: 404, "Bearer " + watchToken: 200} {
			head := map[string]string{"X-Forwarded-For": "192.0.2.1"}
			if token != "" {
				head["Authorization"] = token
			}
			if a := h.visitor().do(t, "GET", path, nil, head); a.status != want {
				t.Errorf("%s with %q: %d", path, token, a.status)
			}
		}
	}
	a := h.visitor().get(t, "/metrics")
	if problems, err := promlint.New(strings.NewReader(a.body)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("the measurements: %v, %v", problems, err)
	}
	for _, want := range []string{"almirah_request_seconds_bucket", `almirah_requests_total{class="2xx",route="GET /c/{slug}`, "almirah_database_bytes", "almirah_work_oldest_seconds", "almirah_audit_pending", `almirah_disk_bytes{part="free"}`, "almirah_schema_version", "go_goroutines"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the measurements lack %s", want)
		}
	}
	h.slow.add("SELECT id FROM appointment WHERE clinic_id = $1", 400*time.Millisecond)
	h.Log.Error("page", "request", "abcdef0123456789", "route", "GET /app/day", "error", "store: SELECT: gone", "name", "Asha Rao")
	page := h.visitor().page(t, "/operate").body
	for _, want := range []string{"SELECT id FROM appointment", "abcdef0123456789", "GET /app/day", "Wrong password"} {
		if !strings.Contains(page, want) {
			t.Errorf("the operator's page lacks %q", want)
		}
	}
	for _, no := range []string{"Asha", "nobody@", "sunrise", h.Clinic.ID.String()} {
		if strings.Contains(page, no) || strings.Contains(a.body, no) {
			t.Errorf("what operators see holds %q", no)
		}
	}
	ready := h.visitor().do(t, "GET", "/readyz", nil, outside)
	if ready.status != 200 || !strings.HasPrefix(ready.body, "ready\n") || !strings.Contains(ready.body, "database ok") || !strings.Contains(ready.body, "schema ok") {
		t.Errorf("ready: %d %s", ready.status, ready.body)
	}
	// The schema of another program is not ready.
	h.behind(t, "DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)")
	if a := h.visitor().get(t, "/readyz"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "not ready") || !strings.Contains(a.body, "schema bad") {
		t.Errorf("with an old schema: %d %s", a.status, a.body)
	}
	if a := h.visitor().get(t, "/healthz"); a.status != 200 {
		t.Errorf("alive, and answers %d", a.status)
	}
}

// behind changes the data file behind the program's back.
func (h *opened) behind(t testing.TB, statement string) {
	t.Helper()
	file, err := sql.Open("sqlite", h.DB.Path())
	if err == nil {
		_, err = file.ExecContext(t.Context(), statement)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLogKeepsDeclaredFields: what nobody declared does not reach the log, however it is handed in.
func TestLogKeepsDeclaredFields(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "log-declared")
	var written bytes.Buffer
	log, kept := newLog(slog.NewJSONHandler(&written, nil), nil)
	log.Info("request", "route", "GET /app", "name", "Asha Rao")
	log.With("phone", "+919845010099", "clinic", "7").Warn("refused", slog.Group("patient", "email", "asha@example.org"))
	log.WithGroup("x").Error("lost", "error", "gone", "request", "r-1", "typed", "Asha Rao")
	for _, no := range []string{"Asha", "9845010099", "asha@"} {
		if strings.Contains(written.String(), no) {
			t.Errorf("the log holds %q:\n%s", no, written.String())
		}
	}
	for _, want := range []string{`"route":"GET /app"`, `"undeclared":"name"`, `"clinic":"7"`, `"error":"gone"`} {
		if !strings.Contains(written.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, written.String())
		}
	}
	list, all := kept.newest()
	if all != 1 || list[0].Request != "r-1" || list[0].What != "gone" {
		t.Errorf("kept: %+v", list)
	}
}

// TestRequestsHaveOneID: a proxy of our own names a request, a stranger does not; the same id is in the answer, in the log and on the error page.
func TestRequestsHaveOneID(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "log-declared")
	ours := proxied([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for _, c := range []struct {
		from, given string
		kept        bool
	}{{"10.1.2.3:9", "edge-0123456789", true}, {"192.0.2.9:9", "edge-0123456789", false}, {"10.1.2.3:9", "short", false}, {"10.1.2.3:9", "a name of Asha Rao", false}, {"10.1.2.3:9", strings.Repeat("a", 65), false}} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = c.from
		r.Header.Set(RequestHeader, c.given)
		if got := requestID(r, ours); (got == c.given) != c.kept || len(got) < 8 {
			t.Errorf("%s from %s became %s", c.given, c.from, got)
		}
	}
	var written bytes.Buffer
	h := openLogging(t, store.SQLite, Options{}, slog.New(slog.NewJSONHandler(&written, nil)), nil)
	owner := h.signIn(t, ownerMail)
	h.Fake.Move(time.Second)
	h.behind(t, "ALTER TABLE appointment RENAME TO elsewhere")
	a := owner.get(t, "/app/day")
	one := a.head.Get(RequestHeader)
	if a.status != 500 || one == "" || !strings.Contains(a.body, one) {
		t.Fatalf("the error page: %d, id %q: %.400s", a.status, one, a.body)
	}
	found := 0
	for _, line := range strings.Split(written.String(), "\n") {
		var x struct{ Msg, Request string }
		if json.Unmarshal([]byte(line), &x) == nil && x.Request == one && (x.Msg == "page" || x.Msg == "request") {
			found++
		}
	}
	if found != 2 {
		t.Errorf("the log tells of the request in %d lines", found)
	}
}

// TestOperatorsPageInABrowser looks at the page in two languages.
func TestOperatorsPageInABrowser(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.slow.add("SELECT id FROM appointment WHERE clinic_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, provider_id", 400*time.Millisecond)
	h.Log.Error("page", "request", "abcdef0123456789", "route", "GET /app/day", "error", "store: SELECT a.id: gone")
	b := browser.Start(t)
	for _, l := range []look{{1366, "en", "light"}, {360, "ar", "dark"}} {
		w := &walker{h: h, b: b, look: l, in: map[string]*visitor{}, tabs: map[string]*browser.Tab{}}
		x := w.open(t, stop{path: "/operate"})
		for _, wrong := range append(x.Axe(t, "../.."), x.Complaints()...) {
			t.Errorf("%s: %s", l, wrong)
		}
		if wide := browser.Eval[bool](t, x, `document.documentElement.scrollWidth > innerWidth`); wide {
			t.Errorf("%s: wider than the window", l)
		}
	}
}

// TestABusyHouseIsNotABrokenOne: a database that answers nothing does not take a house away that was well a moment ago; something broken does, at once. What could
// not be looked at in time while the database answers takes nothing away.
func TestABusyHouseIsNotABrokenOne(t *testing.T) {
	t.Parallel()
	var l lastGood
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		found  health
		after  time.Duration
		called bool
	}{
		{found: health{silent: true}, called: true}, // it was never well
		{after: time.Second},
		{found: health{silent: true}, after: stillGood - time.Second},
		{found: health{silent: true}, after: time.Second, called: true}, // for too long
		{after: time.Second},
		{found: health{bad: true}, after: time.Second, called: true}, // broken is broken
		{found: health{bad: true, silent: true}, after: time.Second, called: true},
	} {
		now = now.Add(c.after)
		if got := l.count(c.found, now); got != c.called {
			t.Errorf("look %d: called bad: %v", i, got)
		}
	}
	h := openHouse(t, store.SQLite, Options{}, nil)
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if list, _, found := h.checks(past); found.bad || !found.silent {
		t.Errorf("a look without time: %+v %+v", found, list)
	}
}
