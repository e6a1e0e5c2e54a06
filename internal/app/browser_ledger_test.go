package app

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
	"almirah/internal/web"
)

// TestTheBrowserIsAWitness: an owner's browser keeps the newest checkpoint, goes along while the log grows, and says so on every page when
// the log no longer continues it, until she begins again.
func TestTheBrowserIsAWitness(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-browser-witness")
	b := browser.Start(t)
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.acts(t)
	x := h.tab(t, b, h.signIn(t, ownerMail), 1366)
	kept := func() string {
		t.Helper()
		return browser.Eval[string](t, x, `localStorage.getItem("`+web.LogStorage+`")??""`)
	}
	until := func(what string, is func() bool) {
		t.Helper()
		for range 200 {
			if is() {
				return
			}
			time.Sleep(25 * time.Millisecond)
		}
		t.Fatalf("%s; the browser keeps %s", what, kept())
	}
	alarm := func() string {
		return browser.Eval[string](t, x, `document.querySelector("#ledger-alarm")?.textContent??""`)
	}
	x.GoTo(t, h.Server.URL+"/app")
	until("nothing is kept", func() bool { return strings.Contains(kept(), "almirah-log-") })
	for range 3 {
		h.acts(t)
		head, err := h.DB.Head(t.Context(), accounts.Operator())
		if err != nil {
			t.Fatal(err)
		}
		x.GoTo(t, h.Server.URL+"/app/audit/checks")
		until("the log grew and the browser does not go along", func() bool {
			return browser.Eval[string](t, x, `document.querySelector("[data-ledger-kept]").textContent`) != "" && strings.Contains(kept(), head.Hash.String())
		})
		if a := alarm(); a != "" {
			t.Fatalf("a log that grew: %s", a)
		}
	}
	// What the browser saw earlier is not what the log shows now: the log was written again in between.
	signer, key, err := h.Vault.LogSigner()
	if err != nil {
		t.Fatal(err)
	}
	head, err := h.DB.Head(t.Context(), accounts.Operator())
	if err != nil {
		t.Fatal(err)
	}
	seen := head
	seen.Size--
	seen.Hash[5] ^= 1
	signed, err := audit.Sign(seen, signer)
	if err != nil {
		t.Fatal(err)
	}
	note, err := json.Marshal(map[string]any{"note": string(signed), "key": key, "at": 1})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(string(note))
	if err != nil {
		t.Fatal(err)
	}
	browser.Eval[bool](t, x, `(localStorage.setItem("`+web.LogStorage+`",`+string(text)+`),true)`)
	for _, path := range []string{"/app/audit/checks", "/app", "/app/patients"} {
		x.GoTo(t, h.Server.URL+path)
		until("no alarm on "+path, func() bool { return strings.Contains(alarm(), "was changed after the fact") })
	}
	x.GoTo(t, h.Server.URL+"/app/audit/checks")
	until("she cannot begin again", func() bool {
		return browser.Eval[bool](t, x, `(()=>{const b=document.querySelector("[data-ledger-reset]");if(!b||b.hidden||!b.onclick)return false;b.click();return true})()`)
	})
	until("the alarm stays", func() bool { return alarm() == "" && strings.Contains(kept(), head.Hash.String()) })
}
