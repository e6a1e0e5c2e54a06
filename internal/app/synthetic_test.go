package app

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// openWalking opens a house that works; its clock moves on to the moment of the reminder when the booking is confirmed.
func openWalking(t *testing.T, engine store.Engine, at func(step string, w *nightWalk)) *opened {
	t.Helper()
	h := openHouse(t, engine, Options{}, map[string]string{"ALMIRAH_CANARY_LOGS": t.TempDir()})
	h.canary.at = func(step string, w *nightWalk) {
		if step == "at confirm" { // nothing is on its way: her reminder falls due now
			h.Fake.Move(76 * time.Second)
		}
		if at != nil {
			at(step, w)
		}
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// walkNow has a walk be asked for and made, and answers what was written down of it.
func (h *opened) walkNow(t *testing.T) walkRow {
	t.Helper()
	if err := h.askWalk(t.Context(), asOperator(), true); err != nil {
		t.Fatal(err)
	}
	if err := h.walk(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	return h.lastWalk(t)
}

func (h *opened) lastWalk(t *testing.T) walkRow {
	t.Helper()
	list, err := h.walks(t.Context(), 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d walks, %v", len(list), err)
	}
	return list[0]
}

// looks runs the live checks of the walks and answers which are broken.
func (h *opened) walksBroken(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, look := range probesOfWalks() {
		words, err := look(probe{House: h.House}, t.Context())
		if err != nil {
			out[name] = err.Error()
		}
		t.Logf("%s: %s %v", name, words, err)
	}
	return out
}

// TestTheInventedPatientWalks takes the whole walk, on both engines, beside a clinic at work.
func TestTheInventedPatientWalks(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-nightly", "synthetic-copy", "synthetic-gone", "synthetic-round-trip", "synthetic-apart")
	engines(t, func(t *testing.T, engine store.Engine) {
		var marks walkMarks
		h := openWalking(t, engine, func(step string, w *nightWalk) {
			if step == "at book" {
				marks = w.marks
			}
		})
		r := h.walkNow(t)
		var gone []string
		for _, s := range r.Steps {
			gone = append(gone, s.Name)
			if s.State != stepGood {
				t.Errorf("the step %s: %s: %s", s.Name, s.State, s.Words)
			}
		}
		if r.State != walkGood || !slices.Equal(gone, []string{"clinic", "clear", "book", "confirm", "remind", "stop", "copy", "erase", "keys", "backup", "search", "archive", "tidy"}) {
			t.Errorf("the walk is %s, and went %v", r.State, gone)
		}
		// A house on PostgreSQL has no folder of data.
		want := map[string]bool{"database": true, "files": engine == store.SQLite, "keys": true, "log": true, "logs": true, "archive": true, "backup": engine == store.SQLite}
		for kind, looked := range want {
			if !slices.ContainsFunc(r.Places, func(p walkPlace) bool {
				return p.Kind == kind && p.Looked == looked && (p.Bytes > 0 || !looked || kind == "logs")
			}) {
				t.Errorf("the place %s (looked through: %v) is not among %+v", kind, looked, r.Places)
			}
		}
		if s, _ := r.step("archive"); !strings.Contains(s.Words, "arrived in an empty installation") || strings.Contains(s.Words, " 0 arrived") {
			t.Errorf("the archive: %s", s.Words)
		}
		if broken := h.walksBroken(t); len(broken) > 0 {
			t.Errorf("broken: %v", broken)
		}
		// What is kept of it names nobody, and her marks have gone with it.
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for what, mark := range marks.Her.List() {
			if mark == "" || strings.Contains(string(text), mark) {
				t.Errorf("her %s is kept with the walk, or there was none", what)
			}
		}
		var sealed []byte
		err = h.DB.Across(t.Context(), jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a test looks")
			return p.Row(`SELECT marks FROM canary_walk WHERE id = $1`, r.ID).Scan(&sealed)
		})
		if gone, e := h.Vault.Gone(t.Context(), id.Zero, r.ID); err != nil || e != nil || sealed != nil || !gone {
			t.Errorf("the marks are kept when the walk is over (%d bytes, key gone: %v), %v", len(sealed), gone, err)
		}
		if _, err := os.Stat(filepath.Join(h.scratchFolder(), "walk")); !os.IsNotExist(err) {
			t.Errorf("the folder of the walk is left: %v", err)
		}
		if n := len(h.canary.outbox.List()); n > 0 {
			t.Errorf("%d letters are left in memory", n)
		}
	})
}

// TestWhatIsLeftOfHerIsFound leaves something of her on purpose: in a table, in a file of the data, in a line of the log, in a file of logs. Each is named, and the sentence is broken.
func TestWhatIsLeftOfHerIsFound(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-gone")
	var logs string
	h := openWalking(t, store.SQLite, func(step string, w *nightWalk) {
		if step != "at erase" {
			return
		}
		left := w.marks
		err := w.h.DB.Across(context.Background(), jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a row that a test leaves")
			_, err := p.Exec(sqlProbeSet, "left-over", "enforced", "seen: "+left.Her.Email, p.Now())
			return err
		})
		if err != nil {
			t.Error(err)
		}
		for name, text := range map[string]string{filepath.Join(w.h.Config.Data, "draft.tmp"): "Dear " + left.Her.Name, filepath.Join(w.h.Config.Walking.Logs[0], "proxy.log"): "GET /?q=" + left.Her.Words} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Error(err)
			}
		}
		if err := os.WriteFile(filepath.Join(w.h.Config.Data, "keys.old"), left.Key, 0o600); err != nil {
			t.Error(err)
		}
		w.h.Log.Info("a line that a test leaves", "error", "no answer from "+left.Her.Phone)
		logs = w.h.Config.Walking.Logs[0]
	})
	r := h.walkNow(t)
	s, _ := r.step("search")
	if r.State != walkBad || s.State != stepBad {
		t.Fatalf("the walk is %s, its search %s: %s", r.State, s.State, s.Words)
	}
	for _, want := range []struct{ kind, name, found string }{
		{"database", "sqlite", "probe_result: her email"}, {"backup", "its tables", "probe_result: her email"},
		{"files", h.Config.Data, "draft.tmp: her name"}, {"files", h.Config.Data, "keys.old: her wrapped key"}, {"files", h.Config.Data, "almirah.db"},
		{"logs", logs, "proxy.log: her words"}, {"log", "this program", "a line: her phone"},
	} {
		if !slices.ContainsFunc(r.Places, func(p walkPlace) bool {
			return p.Kind == want.kind && p.Name == want.name && slices.ContainsFunc(p.Found, func(f string) bool { return strings.HasPrefix(f, want.found) })
		}) {
			t.Errorf("%s in %s %s is not found: %+v", want.found, want.kind, want.name, r.Places)
		}
	}
	broken := h.walksBroken(t)
	if broken["synthetic-gone"] == "" || broken["synthetic-copy"] != "" || broken["synthetic-nightly"] != "" {
		t.Errorf("broken: %v", broken)
	}
	if s, _ := r.step("tidy"); s.State != stepGood {
		t.Errorf("nobody is left behind: %s", s.Words)
	}
}

// TestAWalkThatWasBrokenOffIsCleanedUp: a house that closes in the middle of a walk leaves a patient, sealed marks and files; the next walk erases her, ends the old one and looks for its
// marks too. And a walk that does not begin is noticed.
func TestAWalkThatWasBrokenOffIsCleanedUp(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-nightly", "synthetic-gone")
	first := true
	var old walkMarks
	ctx, stop := context.WithCancel(t.Context())
	h := openWalking(t, store.SQLite, func(step string, w *nightWalk) {
		switch {
		case step == "at book" && first:
			old = w.marks
			first = false
			stop()
		case step == "at erase":
			if err := os.WriteFile(filepath.Join(w.h.Config.Data, "draft.tmp"), []byte(old.Other.Name), 0o600); err != nil {
				t.Error(err)
			}
		}
	})
	if err := h.askWalk(t.Context(), asOperator(), true); err != nil {
		t.Fatal(err)
	}
	if err := h.walk(ctx, t.Logf); err == nil {
		t.Fatal("the walk went on in a house that closes")
	}
	if r := h.lastWalk(t); r.State != walkRunning {
		t.Fatalf("what broke off is %s", r.State)
	}
	if err := h.askWalk(t.Context(), asOperator(), true); err == nil {
		t.Error("a walk is asked for while another says that it is under way")
	}
	h.Fake.Move(walkStale + time.Minute)
	r := h.walkNow(t)
	if s, _ := r.step("clear"); !strings.HasPrefix(s.Words, "2 people") {
		t.Errorf("cleared: %s", s.Words)
	}
	if !slices.ContainsFunc(r.Places, func(p walkPlace) bool {
		return p.Kind == "files" && slices.ContainsFunc(p.Found, func(f string) bool { return strings.Contains(f, "of a walk that broke off") })
	}) {
		t.Errorf("what the walk that broke off had entered is not looked for: %+v", r.Places)
	}
	all, err := h.walks(t.Context(), 5)
	if err != nil || len(all) != 2 || all[1].State != walkBrokenOff {
		t.Fatalf("%+v, %v", all, err)
	}
	people, err := (&nightWalk{h: h.House, clinic: *h.canary.known.Load()}).people(t.Context())
	if err != nil || len(people) > 0 {
		t.Errorf("%d people are left, %v", len(people), err)
	}

	if err := h.Jobs.Stop(t.Context()); err != nil { // the chore would begin the walk that is due
		t.Fatal(err)
	}
	h.Config.Walking.Off = false
	if broken := h.walksBroken(t); broken["synthetic-nightly"] != "" {
		t.Errorf("called broken: %s", broken["synthetic-nightly"])
	}
	h.Fake.Move(35 * time.Hour)
	if broken := h.walksBroken(t); broken["synthetic-nightly"] != "" {
		t.Errorf("called overdue too early: %s", broken["synthetic-nightly"])
	}
	if list, err := h.walks(t.Context(), 1); err != nil || !h.walkDue(list) {
		t.Errorf("the walk of the night is not due, %v", err)
	}
	h.Fake.Move(time.Hour + time.Minute)
	if broken := h.walksBroken(t); !strings.Contains(broken["synthetic-nightly"], "no walk was begun") {
		t.Errorf("an overdue walk is not noticed: %q", broken["synthetic-nightly"])
	}
}

// TestTheCanaryClinicIsApart opens the clinic and looks for it by every way that others have.
func TestTheCanaryClinicIsApart(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-apart")
	h := openHouse(t, store.SQLite, Options{}, nil)
	w := &nightWalk{h: h.House}
	if _, err := w.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/c/" + w.slug, "/c/" + w.slug + "/book", "/c/" + w.slug + "/privacy", "/api/v1/clinics/" + w.slug, "/api/v1/clinics/" + w.slug + "/slots"} {
		if got := h.visitor().get(t, path); got.status != 404 {
			t.Errorf("%s answers %d to anybody", strings.ReplaceAll(path, w.slug, "{slug}"), got.status)
		}
	}
	if c, err := h.Clinics.Get(t.Context(), accounts.Public(w.clinic)); err != nil || !c.Canary {
		t.Errorf("the clinic does not know what it is: %+v, %v", c, err)
	}
	if yes, err := h.alone(t.Context()); err != nil || !yes {
		t.Errorf("beside her clinic the only one is not alone, %v", err)
	}
	list, err := h.sample(t.Context())
	if err != nil || slices.Contains(list, w.clinic) {
		t.Errorf("her clinic is among those that are probed, %v", err)
	}
	_, operator := h.helping(t)
	who, err := h.Accounts.Helper(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	named, err := h.Support.Clinics(t.Context(), who, "")
	if err != nil || len(named) != 1 || named[0].Slug == w.slug {
		t.Errorf("the clinics that support sees: %+v, %v", named, err)
	}
	if n := h.operating(t.Context()).Clinics; n != 1 {
		t.Errorf("the operator's page counts %d clinics", n)
	}
	ran := 0
	for _, c := range []id.ID{w.clinic, h.Clinic.ID} {
		if err := h.butCanary(func(context.Context, access.Caller) error { ran++; return nil })(t.Context(), jobs.ForClinic(c)); err != nil {
			t.Fatal(err)
		}
	}
	if ran != 1 {
		t.Errorf("what counts and bills ran for %d of the two clinics", ran)
	}
	if words, err := (probe{House: h.House}).walkApart(t.Context()); err != nil {
		t.Errorf("the probe: %s %v", words, err)
	}
}
