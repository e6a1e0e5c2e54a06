package app

import (
	"encoding/json"
	"testing"

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
	const kept, alarm = `(localStorage.getItem("` + web.LogStorage + `")??"")`, `(document.querySelector("#ledger-alarm")?.textContent??"")`
	x.GoTo(t, h.Server.URL+"/app")
	x.WaitFor(t, kept+`.includes("almirah-log-")`)
	for range 3 {
		h.acts(t)
		head, err := h.DB.Head(t.Context(), accounts.Operator())
		if err != nil {
			t.Fatal(err)
		}
		x.GoTo(t, h.Server.URL+"/app/audit/checks")
		// The log grew, and the browser goes along.
		x.WaitFor(t, `document.querySelector("[data-ledger-kept]").textContent&&`+kept+`.includes("`+head.Hash.String()+`")`)
		if a := browser.Eval[string](t, x, alarm); a != "" {
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
		x.WaitFor(t, alarm+`.includes("was changed after the fact")`)
	}
	x.GoTo(t, h.Server.URL+"/app/audit/checks")
	// She begins again: the page is loaded anew, and nothing is said any more.
	x.WaitFor(t, `document.querySelector("[data-ledger-reset]")?.onclick`)
	x.Follow(t, "[data-ledger-reset]")
	x.WaitFor(t, `!`+alarm+`&&`+kept+`.includes("`+head.Hash.String()+`")`)
}
