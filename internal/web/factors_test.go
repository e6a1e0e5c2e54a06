package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// TestWhatIsDangerousAsksAgain: eleven minutes after a factor was shown, every route that exports, changes roles or keys, closes or deletes stops
// and asks; the form goes on with what was typed once it is shown.
func TestWhatIsDangerousAsksAgain(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "step-up")
	o := openOffice(t)
	o.notes() // every module
	o.as(access.FrontDesk)
	const mail = "meera@example.org"
	g := o.guest()
	g.signIn(mail, password, "", "/app")
	g.get("/app/settings/staff")
	o.Clock.Move(10*time.Minute - time.Second)
	leads(t, g.post("", "/app/settings/staff/invite", "email", "early@example.org", "role", "front-desk"), "/app/settings/staff?done=invited")
	o.Clock.Move(2 * time.Second)

	// Every such route, and no other.
	asked := 0
	for _, r := range web.Routes() {
		method, path := o.address(r, "none")
		if r.Door != web.Staff || r.Right == "" || strings.HasSuffix(r.Pattern, "/live") {
			continue
		}
		must := access.AsksAgain(r.Right, method == http.MethodPost)
		if !must && method == http.MethodPost {
			continue
		}
		before := o.written()
		var w *httptest.ResponseRecorder
		if method == http.MethodPost {
			w = g.post("", path, "note", "typed by hand")
		} else {
			w = g.get(path)
		}
		page := w.Body.String()
		if got := w.Code == http.StatusForbidden && strings.Contains(page, `name="proof_code"`); got != must {
			t.Errorf("%s asks again: %v, want %v (%d)", r.Pattern, got, must, w.Code)
		}
		if !must {
			continue
		}
		asked++
		if method == http.MethodPost && (!strings.Contains(page, `name="note" value="typed by hand"`) || !strings.Contains(page, `action="`+path+`"`)) {
			t.Errorf("%s: what was typed is gone", r.Pattern)
		}
		if o.written() != before {
			t.Errorf("%s: something was done before a factor was shown", r.Pattern)
		}
	}
	if asked < 20 {
		t.Errorf("only %d routes ask again", asked)
	}

	// A form goes on from where it was interrupted; a wrong code keeps it too.
	first := g.jar[web.SessionCookie]
	wants(t, g.post("/app/settings/staff", "/app/settings/staff/invite", "email", "late@example.org", "role", "billing"), 403, `value="late@example.org"`, `value="billing"`, "Show once more")
	wants(t, g.post("", "/app/settings/staff/invite", "email", "late@example.org", "role", "billing", "proof_code", "12"), 422, `value="late@example.org"`, "#f-proof_code")
	leads(t, g.post("", "/app/settings/staff/invite", "email", "late@example.org", "role", "billing", "proof_code", o.apps.Code(t, mail)), "/app/settings/staff?done=invited")
	if g.jar[web.SessionCookie] == first {
		t.Error("showing a factor again did not change the session's value")
	}
	wants(t, g.get("/app/settings/staff"), 200, "late@example.org")

	// A file that leaves the house, by the page in between.
	o.Clock.Move(11 * time.Minute)
	const file = "/app/bills/ledger/ledger.csv?from=2026-11-01&to=2026-11-30"
	wants(t, g.get(file), 403, `action="/prove"`, `name="next" value="/app/bills/ledger/ledger.csv?from=2026-11-01`)
	leads(t, g.post("", "/prove", "next", file, "proof_code", o.apps.Code(t, mail)), file)
	if w := g.get(file); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("the file: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	// Our scripts are told in words, and do nothing.
	g.get("/app/me")
	o.Clock.Move(11 * time.Minute)
	wants(t, g.ask("POST", "/app/settings/staff/invite", pairs([]string{"csrf", g.token, "email", "x@example.org", "role", "billing"}), func(r *http.Request) { r.Header.Set("X-Fragment", "1") }), 403, "Show once more")

	// Somebody without a second factor shows her password before she sets one up late.
	d := o.guest()
	d.signIn("front-desk@example.org", "green mango 48 sitar", "", "/app")
	o.Clock.Move(11 * time.Minute)
	d.get("/second-factor")
	wants(t, d.post("", "/second-factor/app/begin"), 403, `name="proof_password"`)
	wants(t, d.post("", "/second-factor/app/begin", "proof_password", "not this one at all"), 422, "#f-proof_password")
	leads(t, d.post("", "/second-factor/app/begin", "proof_password", "green mango 48 sitar"), "/second-factor/app")
}

// TestRevokedAtOnce: the stream of somebody on another server ends within the second in which she is taken out, has her role raised without a
// second factor, or signs out everywhere.
func TestRevokedAtOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "revoked-at-once")
	o := openOffice(t)
	ctx := context.Background()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	db := o.Base.Open(t, store.Options{})
	there := clinics.New(db, o.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	site, err := web.NewSite(web.Deps{DB: db, Clinics: there, Accounts: accounts.New(db, o.Log, accounts.Options{Clinics: there, Book: book, PublicURL: "https://almirah.test", Terms: terms, Idle: time.Hour}), Book: book, Clock: o.Clock, Log: o.Log})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	staff := func(who visitor) (id.ID, int64) {
		t.Helper()
		list, _, err := o.accounts.Staff(ctx, o.owner.who)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Person.ID == who.who.Actor() {
				return m.Person.ID, m.Version
			}
		}
		t.Fatal("she does not work here")
		return id.Zero, 0
	}
	taken, raised, leaving := o.as(access.FrontDesk), o.as(access.Assistant), o.as(access.Practitioner)
	for _, x := range []struct {
		what string
		who  visitor
		do   func(v visitor) error
	}{
		{"taken out of the clinic", taken, func(v visitor) error {
			person, version := staff(v)
			return o.accounts.EndMembership(ctx, o.owner.who, person, version)
		}},
		{"made a manager without a second factor", raised, func(v visitor) error {
			person, version := staff(v)
			return o.accounts.SetRole(ctx, o.owner.who, person, access.Manager, version)
		}},
		{"signed out everywhere", leaving, func(v visitor) error {
			in, err := o.accounts.Session(ctx, v.cookie)
			if err == nil {
				_, err = o.accounts.SignOutEverywhere(ctx, in)
			}
			return err
		}},
	} {
		stays, goes := o.owner.watch(t, server, ""), x.who.watch(t, server, "")
		_, ok := stays.next("id: ", 5*time.Second)
		if _, ok2 := goes.next("id: ", 5*time.Second); !ok || !ok2 {
			t.Fatal("the streams do not begin")
		}
		if err := x.do(x.who); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		over := func() bool {
			for {
				select {
				case _, open := <-goes.lines:
					if !open {
						return true
					}
				default:
					return false
				}
			}
		}
		if !o.Within(t, time.Second, over) {
			t.Fatalf("%s: her stream is open after a second", x.what)
		}
		t.Logf("%s: ended after %v", x.what, time.Since(began).Round(time.Millisecond))
		if _, ok := stays.next("event: change", 3*time.Second); !ok {
			t.Errorf("%s: the owner's stream went with it", x.what)
		}
		stays.stop()
		if _, err := o.accounts.Session(ctx, x.who.cookie); x.who.who != raised.who && err == nil {
			t.Errorf("%s: her session still opens", x.what)
		}
	}
}

// TestAnOwnerSeesWhatWentWrong on the page about signing in, where she also says what is asked; nobody else opens it.
func TestAnOwnerSeesWhatWentWrong(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sign-in-signals")
	o := openOffice(t)
	const page = "/app/settings/sign-in"
	desk, manager := o.as(access.FrontDesk), o.as(access.Manager)
	for _, v := range []visitor{desk, manager} {
		wants(t, v.get(page), 403)
	}
	wants(t, o.owner.get(page), 200, "Second factor changed", "!Person front-desk")
	for range 3 {
		wants(t, o.guest().post("/sign-in", "/sign-in", "email", "front-desk@example.org", "password", "wrong wrong wrong wrong"), 401)
	}
	wants(t, o.guest().post("/sign-in", "/sign-in", "email", "nobody@example.org", "password", "wrong wrong wrong wrong"), 401)
	g := o.guest()
	g.signIn("front-desk@example.org", "green mango 48 sitar", "", "/app") // from a browser without a mark
	body := wants(t, o.owner.get(page), 200, "Person front-desk", "Sign-in from a new browser", "!203.0.113.9", "!nobody@example.org")
	if n := strings.Count(body, "Wrong password"); n != 4 { // the row, and three times
		t.Errorf("the page says %d times that a password was wrong", n)
	}
	wants(t, o.owner.send(page, "idle", "90", "everybody", "1", "version", "0"), 422, "#f-idle", `value="90"`)
	leads(t, o.owner.send(page, "idle", "30", "everybody", "1", "version", "0"), page+"?done=saved")
	leads(t, desk.get("/app"), "/second-factor")
	wants(t, o.owner.send(page, "idle", "", "version", "0"), 409)
	leads(t, g.get("/app/day"), "/second-factor")
	g.enrol("front-desk@example.org")
	wants(t, g.get("/app/day"), 200)

	// A colleague who lost her phone; her password alone sets up a new one.
	person, version := "", ""
	if m := strings.Split(o.owner.get("/app/settings/staff").Body.String(), "/app/settings/staff/"); len(m) > 1 {
		for _, x := range m[1:] {
			if strings.Contains(x, "Person front-desk") && strings.Contains(x, "/second-factor") || strings.HasPrefix(x[36:], "/second-factor") && strings.Contains(x, "front-desk") {
				person = x[:36]
				version = versionOf.FindStringSubmatch(x)[1]
			}
		}
	}
	if person == "" {
		t.Fatal("the page offers no way to reset the second factor")
	}
	leads(t, o.owner.send("/app/settings/staff/"+person+"/second-factor", "version", version), "/app/settings/staff?done=factors-reset")
	leads(t, g.get("/app"), "/sign-in?next=%2Fapp")
	again := o.guest()
	again.signIn("front-desk@example.org", "green mango 48 sitar", "", "/second-factor")
}
