package app

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almirah/internal/backup"
	"almirah/internal/clock"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// TestWhoAskedStandsInTheSealedLogAlone: where the operator chose so, the sealed log says from which address, with which browser and in which language was
// asked; without the choice it does not, and no other log does with it.
func TestWhoAskedStandsInTheSealedLogAlone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-log-visitor")
	recipient, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := backup.ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for choice, want := range map[string][3]string{"on": {"127.0.0.1", "Firefox, Android", "hi"}, "off": {}} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "requests")
			var elsewhere bytes.Buffer
			h := openLogging(t, store.SQLite, Options{}, slog.New(slog.NewJSONHandler(&elsewhere, nil)),
				map[string]string{"ALMIRAH_REQUEST_LOG": folder, "ALMIRAH_REQUEST_LOG_RECIPIENT": recipient, "ALMIRAH_REQUEST_LOG_VISITOR": choice})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.Server.URL+"/trust", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("User-Agent", "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0")
			r.Header.Set("Accept-Language", "hi-IN, en;q=0.5")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := answer.Body.Close(); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			for range 200 { // a line is written once its answer has left
				h.daybook.flush()
				if sealed, err := os.ReadFile(filepath.Join(folder, "requests-2026-11-24.age")); err == nil {
					if _, err := openRequests(sealed, key, &out); err != nil {
						t.Fatal(err)
					}
					break
				}
				time.Sleep(25 * time.Millisecond)
			}
			var x struct{ Route, Address, Browser, Language string }
			if err := json.Unmarshal(out.Bytes(), &x); err != nil || x.Route != "GET /trust" || [3]string{x.Address, x.Browser, x.Language} != want {
				t.Errorf("the sealed log says %s, %v", out.String(), err)
			}
			if s := elsewhere.String(); strings.Contains(s, "127.0.0.1") || strings.Contains(s, "Firefox") || strings.Contains(s, "undeclared") {
				t.Errorf("the other log holds something of it: %s", s)
			}
		})
	}
	for _, set := range []map[string]string{{"ALMIRAH_REQUEST_LOG_VISITOR": "on"}, {"ALMIRAH_REQUEST_LOG_VISITOR": "perhaps"}} {
		if _, err := FromEnv(func(k string) string { return set[k] }); err == nil || !strings.Contains(err.Error(), "ALMIRAH_REQUEST_LOG_VISITOR") {
			t.Errorf("%v: %v", set, err)
		}
	}
}

// TestTheRequestLogEnds: where the program keeps the log of requests, its lines lie in a file of their day and nowhere else, nobody reads them without the key from paper, and
// the file stays up to its last day and no longer.
func TestTheRequestLogEnds(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-log-life")
	recipient, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "requests")
	set := map[string]string{"ALMIRAH_REQUEST_LOG": folder, "ALMIRAH_REQUEST_LOG_RECIPIENT": recipient}
	empty, err := Open(t.Context(), settingsIn(t, filepath.Join(dir, "empty"), store.SQLite, set), clock.NewFake(morning), silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if life, err := empty.requestLife(t.Context()); err != nil || life != (law.Span{Days: 180}) {
		t.Errorf("without a clinic the log lives %+v, %v", life, err)
	}
	if err := empty.Close(); err != nil {
		t.Error(err)
	}

	var elsewhere bytes.Buffer
	h := openLogging(t, store.SQLite, Options{}, slog.New(slog.NewJSONHandler(&elsewhere, nil)), set)
	v := h.visitor()
	v.page(t, "/c/"+demoSlug)
	h.Fake.Move(20 * time.Hour) // into the next day
	v.page(t, "/trust")
	h.daybook.flush()
	read := func(day string) (routes []string) {
		t.Helper()
		file := filepath.Join(folder, "requests-"+day+".age")
		sealed, err := os.ReadFile(file)
		for range 200 { // a line is written once its answer has left
			if err == nil {
				break
			}
			time.Sleep(25 * time.Millisecond)
			h.daybook.flush()
			sealed, err = os.ReadFile(file)
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(sealed), "GET ") || strings.Contains(string(sealed), "route") {
			t.Errorf("the file of %s lies open", day)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file of %s may be read by others: %v", day, err)
		}
		key := filepath.Join(dir, "key")
		if err := os.WriteFile(key, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := &console{get: func(string) string { return "" }, out: &out, err: &out}
		if err := c.requestLog(t.Context(), []string{file, "--key", key}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			var x struct{ Time, Msg, Route string }
			if err := json.Unmarshal([]byte(line), &x); err != nil || x.Msg != "request" || !strings.HasPrefix(x.Time, day) {
				t.Errorf("a line of %s: %v: %s", day, err, line)
			}
			routes = append(routes, x.Route)
		}
		_, other, err := backup.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := backup.ParseKey(other)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openRequests(sealed, wrong, &out); err == nil {
			t.Error("another key opens it")
		}
		return routes
	}
	if got := read("2026-11-24"); len(got) != 1 || got[0] != "GET /c/{slug}" {
		t.Errorf("the first day holds %q", got)
	}
	if got := read("2026-11-25"); len(got) != 1 || got[0] != "GET /trust" {
		t.Errorf("the second day holds %q", got)
	}
	if strings.Contains(elsewhere.String(), `"route"`) {
		t.Errorf("lines of requests went elsewhere too: %s", elsewhere.String())
	}

	// The demo's clinic is in India: a year, to the day.
	there := func(when string, want ...clock.Date) {
		t.Helper()
		if err := h.endRequests(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := h.daybook.days()
		if err != nil || len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%s there are %v, %v", when, got, err)
		}
	}
	h.Fake.Move(time.Date(2027, 11, 24, 23, 0, 0, 0, time.UTC).Sub(h.Fake.Now()))
	there("on the last day", "2026-11-24", "2026-11-25")
	h.Fake.Move(2 * time.Hour)
	there("on the day after", "2026-11-25")
	// Elsewhere 180 days.
	for _, c := range []struct {
		day  clock.Date
		left int
	}{{clock.Date("2026-11-25").AddDays(179), 1}, {clock.Date("2026-11-25").AddDays(180), 1}, {clock.Date("2026-11-25").AddDays(181), 0}} {
		if err := h.daybook.over(c.day, law.LifeOf(law.EU, law.AccessLog).Usual); err != nil {
			t.Fatal(err)
		}
		if all, err := h.daybook.days(); err != nil || len(all) != c.left {
			t.Errorf("on %s there are %v, %v", c.day, all, err)
		}
	}
	if _, err := FromEnv(func(k string) string { return map[string]string{"ALMIRAH_REQUEST_LOG": folder}[k] }); err == nil || !strings.Contains(err.Error(), "ALMIRAH_REQUEST_LOG_RECIPIENT") {
		t.Errorf("without a key: %v", err)
	}
}
