package app

import (
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestPasskeyInABrowser: a new manager sets a passkey up in a real browser, with Chromium's own virtual authenticator, signs in by it with and
// without her password, and shows it again in the middle of an invitation, which goes on with what she typed.
func TestPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "passkeys", "step-up")
	h := openHouse(t, store.SQLite, Options{}, nil)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const mail = "key@sunrise.example.org"
	if err := h.Accounts.Invite(t.Context(), h.Owner, mail, access.Manager, id.Zero); err != nil {
		t.Fatal(err)
	}
	link := h.letter(t, mail, "/invitation?token=")
	site := strings.Replace(h.Server.URL, "127.0.0.1", "localhost", 1) // a passkey needs a name
	x := browser.Start(t).Tab(t, 360, 740)
	x.Passkeys(t)
	at := func(path string) {
		t.Helper()
		x.WaitFor(t, `location.pathname===`+"`"+path+"`"+` && document.readyState==="complete"`)
	}
	clean := func() {
		t.Helper()
		for _, v := range append(x.Axe(t, "../.."), x.Complaints()...) {
			t.Errorf("%s: %s", x.Path(t), v)
		}
		if wide := browser.Eval[bool](t, x, `document.documentElement.scrollWidth>innerWidth`); wide {
			t.Errorf("%s is wider than the window", x.Path(t))
		}
	}

	x.GoTo(t, site+link)
	x.Fill(t, `[name=person]`, "Key Keeper")
	x.Fill(t, `[name=job_title]`, "Manager")
	x.Fill(t, `[name=password]`, demoPassword)
	x.Click(t, `[name=password]+button`)
	if kind := browser.Eval[string](t, x, `document.querySelector("[name=password]").type`); kind != "text" {
		t.Error("the password cannot be looked at while it is typed")
	}
	x.Click(t, `[name=password]+button`)
	x.Click(t, `[name=terms]`)
	x.Follow(t, `form[action="/invitation"] button.go`)
	at("/second-factor")
	clean()
	x.Fill(t, `[name=passkey_name]`, "Test laptop")
	x.Follow(t, `form[data-make] button.go`)
	if text := x.Text(t); !strings.Contains(text, "Your recovery codes") {
		t.Fatalf("after the passkey: %.600s", text)
	}
	clean()
	x.Follow(t, `a.go`)
	at("/confidentiality")
	clean()
	x.Click(t, `[name=sure]`)
	x.Follow(t, `form[action="/confidentiality"] button.go`)
	at("/app")

	out := func() {
		t.Helper()
		browser.Eval[any](t, x, `document.querySelector('form[action="/sign-out"]').submit(),1`)
		at("/sign-in")
	}
	// By the passkey alone.
	out()
	clean()
	x.Follow(t, `form[data-passkey] button`)
	at("/app")
	// By the password and the passkey.
	out()
	x.Fill(t, `[name=email]`, mail)
	x.Fill(t, `form:not([hidden]) [name=password]`, demoPassword)
	x.Follow(t, `form[action="/sign-in"] button.go`)
	at("/sign-in/second")
	clean()
	x.Follow(t, `form[data-passkey] button`)
	at("/app")

	// In the middle of an invitation, eleven minutes later.
	x.GoTo(t, site+"/app/settings/staff")
	x.Fill(t, `[name=email]`, "typed@sunrise.example.org")
	browser.Eval[any](t, x, `document.querySelector("#f-role").value="assistant",1`)
	h.Fake.Move(11 * time.Minute)
	x.Follow(t, `form[action$="/invite"] button`)
	if text := x.Text(t); !strings.Contains(text, "Show once more that it is you") {
		t.Fatalf("the invitation was not interrupted: %.600s", text)
	}
	clean()
	x.Follow(t, `form[data-passkey] button`)
	at("/app/settings/staff")
	if text := x.Text(t); !strings.Contains(text, "typed@sunrise.example.org") {
		t.Errorf("the invitation did not go on: %.900s", text)
	}
	x.GoTo(t, site+"/second-factor")
	if text := x.Text(t); !strings.Contains(text, "Test laptop") {
		t.Errorf("her page does not list the passkey: %.600s", text)
	}
	clean()
}
