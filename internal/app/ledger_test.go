package app

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// acts makes an entry in the clinic's log and gives it its place.
func (h *opened) acts(t testing.TB) {
	t.Helper()
	err := h.DB.Change(t.Context(), h.Owner, access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "change", Kind: "clinic", Subject: tx.Clinic()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.Sequence(t.Context(), h.DB); err != nil {
		t.Fatal(err)
	}
}

// TestWitnessOfAnotherHost: another computer keeps the newest checkpoint over the public addresses, and refuses a log that was written again.
func TestWitnessOfAnotherHost(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-checked-elsewhere")
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.acts(t)
	state := filepath.Join(t.TempDir(), "witness.txt")
	look := func(more ...string) (string, error) {
		t.Helper()
		var out, errs bytes.Buffer
		err := Command(t.Context(), append([]string{"audit", "witness", "--url", h.Server.URL, "--state", state, "--local"}, more...), func(string) string { return "" }, &out, &errs)
		return out.String(), err
	}
	said, err := look()
	if err != nil || !strings.Contains(said, "almirah-log-") {
		t.Fatalf("the first look: %q, %v", said, err)
	}
	for range 3 {
		h.acts(t)
		if said, err = look(); err != nil {
			t.Fatalf("a log that grew: %v", err)
		}
	}
	head, err := h.DB.Head(t.Context(), accounts.Operator())
	if err != nil || strings.TrimSpace(said) != head.String() {
		t.Errorf("it keeps %q, the head is %v (%v)", said, head, err)
	}
	if _, err := look("--key", "almirah-log-other+1+AQ"); err == nil {
		t.Error("another key is taken")
	}
	// What the witness keeps is met by the verifier at home.
	w, err := readWitness(state)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := keptHeads([]string{"--witness", state, "--head", head.String()}, readWitness)
	if err != nil || len(kept) != 2 || kept[0].Hash != head.Hash {
		t.Errorf("kept heads %v, %v", kept, err)
	}
	// Somebody shows an older log as if it were the newest, signed by the same key.
	signer, _, err := h.Vault.LogSigner()
	if err != nil {
		t.Fatal(err)
	}
	older, err := audit.Sign(audit.Head{Size: head.Size - 1, Hash: head.Hash, At: head.At}, signer)
	if err != nil {
		t.Fatal(err)
	}
	forged := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(older) }))
	defer forged.Close()
	var out bytes.Buffer
	err = Command(t.Context(), []string{"audit", "witness", "--url", forged.URL, "--state", state, "--local"}, func(string) string { return "" }, &out, &out)
	if err == nil || !strings.Contains(err.Error(), "WRITTEN AGAIN") {
		t.Fatalf("a log that was put back: %v", err)
	}
	again, err := readWitness(state)
	if err != nil || again.String() != w.String() {
		t.Error("the witness gave up what it kept")
	}
	if proof, err := os.ReadFile(state + ".rewritten"); err != nil || !bytes.Equal(proof, older) {
		t.Errorf("the proof is not kept: %v", err)
	}
	// Without --local nothing is reached inside one's own network.
	if err := Command(t.Context(), []string{"audit", "witness", "--url", h.Server.URL, "--state", state}, func(string) string { return "" }, &out, &out); err == nil {
		t.Error("an address of the own network was reached")
	}
}

// TestEntriesThatWaitAreSaid: the service is not ready, and whoever leads the clinic reads why.
func TestEntriesThatWaitAreSaid(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-not-stuck")
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.acts(t)
	ready := func() int {
		t.Helper()
		res, err := http.Get(h.Server.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if got := ready(); got != 200 {
		t.Fatalf("ready is %d", got)
	}
	// The key is gone: entries are written and wait.
	if err := os.WriteFile(h.Vault.LogHeadFile(), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := h.DB.Change(t.Context(), h.Owner, access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "change", Kind: "clinic", Subject: tx.Clinic()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	some, since, err := h.DB.Waits(t.Context(), accounts.Operator())
	if err != nil || !some {
		t.Fatalf("nothing waits: %v", err)
	}
	for since <= entriesWait { // ids of one process never go back: another test whose clock runs ahead pulls them along
		h.Fake.Move(time.Hour)
		if _, since, err = h.DB.Waits(t.Context(), accounts.Operator()); err != nil {
			t.Fatal(err)
		}
	}
	if got := ready(); got != 503 {
		t.Errorf("ready is %d though entries wait", got)
	}
	owner := h.signIn(t, ownerMail)
	for _, path := range []string{"/app", "/app/audit"} {
		if a := owner.get(t, path); !strings.Contains(a.body, "have been waiting for their place") {
			t.Errorf("%s does not say so", path)
		}
	}
	if a := h.signIn(t, deskMail).get(t, "/app"); strings.Contains(a.body, "have been waiting for their place") {
		t.Error("the front desk reads it")
	}
	if err := os.Remove(h.Vault.LogHeadFile()); err != nil {
		t.Fatal(err)
	}
	if err := jobs.Sequence(t.Context(), h.DB); err != nil {
		t.Fatal(err)
	}
	if got := ready(); got != 200 {
		t.Errorf("ready is %d though nothing waits any more", got)
	}
}
