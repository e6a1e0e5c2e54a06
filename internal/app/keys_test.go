package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig/keyserver"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// TestKeysTurnUnderLoad: two houses serve one database and one key store, patients are entered, opened, searched and erased in both, and meanwhile every key is replaced,
// in both at once too. No read and no write fails; in the end everything hangs on current keys, and a house that starts then opens everybody.
func TestKeysTurnUnderLoad(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	turns := 2
	if os.Getenv("ALMIRAH_SOAK") != "" {
		turns = 40
	}
	engines(t, func(t *testing.T, engine store.Engine) {
		more := map[string]string{}
		if engine == store.Postgres {
			more["ALMIRAH_KEYSTORE_URL"] = pg.Database(t)
		}
		one := openHouse(t, engine, Options{}, more)
		two, err := Open(t.Context(), one.Config, one.Fake, silent(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = two.Close() })
		var stop atomic.Bool
		var acts, wrong atomic.Int64
		var mu sync.Mutex
		names := map[id.ID]string{}
		var wg sync.WaitGroup
		for i, h := range []*House{one.House, two} {
			wg.Go(func() {
				for n := 0; !stop.Load(); n++ {
					if err := workday(t.Context(), h, one, i, n, &mu, names); err != nil && wrong.Add(1) < 5 {
						t.Errorf("house %d: %v", i, err)
					}
					acts.Add(1)
				}
			})
		}
		for range turns {
			one.Fake.Move(time.Hour)
			if _, err := two.Vault.Turn(t.Context(), true, nil); err != nil {
				t.Error(err)
			}
		}
		var both sync.WaitGroup
		for _, h := range []*House{one.House, two} {
			both.Go(func() {
				if _, err := h.Vault.Turn(t.Context(), true, nil); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for range 200 {
			if acts.Load() >= 10 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		stop.Store(true)
		wg.Wait()
		if acts.Load() < 10 || wrong.Load() > 0 {
			t.Fatalf("%d acts, %d went wrong", acts.Load(), wrong.Load())
		}
		one.Fake.Move(time.Hour)
		if _, err := one.Vault.Turn(t.Context(), false, nil); err != nil {
			t.Fatal(err)
		}
		late, err := Open(t.Context(), one.Config, one.Fake, silent(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = late.Close() })
		s, err := late.Vault.Standing(t.Context())
		if err != nil || s.Unfinished || s.ClinicsOld+s.PeopleOld != 0 || s.Epochs != 1 || s.Waiting != 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		for p, name := range names {
			got, err := late.Patients.Open(t.Context(), one.Owner, p)
			if err != nil || got.Name != name {
				t.Fatalf("%q, %v; want %q", got.Name, err, name)
			}
		}
	})
}

// workday enters a patient in one house, opens her, finds her, and erases every fifth.
func workday(ctx context.Context, h *House, one *opened, house, n int, mu *sync.Mutex, names map[id.ID]string) error {
	name := fmt.Sprintf("Asha Number%d%c", n, 'A'+house)
	p, _, err := h.Patients.Add(ctx, one.Owner, patients.Draft{Name: name, Phone: fmt.Sprintf("+9199998%d%04d", house, n), Language: "en"}, true)
	if err != nil {
		return fmt.Errorf("adding: %w", err)
	}
	got, err := h.Patients.Open(ctx, one.Owner, p.ID)
	if err != nil || got.Name != name {
		return fmt.Errorf("opening: %q, %w", got.Name, err)
	}
	hits, err := h.Patients.Search(ctx, one.Owner, name, 8)
	if err != nil || len(hits) == 0 {
		return fmt.Errorf("searching: %d hits, %w", len(hits), err)
	}
	if n%5 == 4 {
		if err := h.DeletePatient(ctx, one.Owner, p.ID); err != nil {
			return fmt.Errorf("erasing: %w", err)
		}
		return nil
	}
	mu.Lock()
	names[p.ID] = name
	mu.Unlock()
	return nil
}

// said runs a verb and answers what it printed.
func (y *yesterday) said(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Command(t.Context(), args, func(name string) string { return y.set[name] }, &out, &out)
	return out.String(), err
}

// TestKeysDrill: an owner follows the paper: she prints the sheet, types it and the backups' key, and the drill opens the newest backup with them in a place of its own. A slip is told by its line, a
// sheet from before a change of the root key is refused, and the root key moves to a key service and back, all by verbs.
func TestKeysDrill(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-on-paper")
	promise.Proves(t, "keeper-asked")
	service := keyserver.Start(t)
	y := newYesterday(t, store.SQLite)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	y.set["ALMIRAH_VAULT_URL"], y.set["ALMIRAH_VAULT_KEY"], y.set["ALMIRAH_VAULT_TOKEN_FILE"] = service.URL, keyserver.Key, file("token", keyserver.Token)
	y.set["ALMIRAH_KMS_URL"], y.set["ALMIRAH_KMS_KEY"], y.set["ALMIRAH_KMS_REGION"] = service.URL, keyserver.KMSKey, "ap-south-1"
	y.set["ALMIRAH_KMS_KEY_ID"], y.set["ALMIRAH_KMS_SECRET"] = "AKIDEXAMPLE", "not in any print"
	must := func(args ...string) string {
		t.Helper()
		out, err := y.said(t, args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	typed := func(sheet string) string {
		var lines []string
		for line := range strings.Lines(sheet) {
			if strings.HasPrefix(line, "Line ") {
				lines = append(lines, strings.ToLower(line))
			}
		}
		return strings.Join(lines, "")
	}
	must("backup")
	sheet := typed(must("keys", "sheet"))
	paper, key := file("sheet", sheet), file("key", y.key)
	if out := must("keys", "drill", "--sheet", paper, "--key", key); !strings.Contains(out, "Both sheets are right") {
		t.Fatalf("the drill says %s", out)
	}
	if left, _ := filepath.Glob(filepath.Join(y.set["ALMIRAH_DATA"], "scratch", "sheet-*")); len(left) != 0 {
		t.Fatalf("the typed sheet is left behind: %v", left)
	}
	slip := []byte(sheet)
	at := bytes.LastIndexByte(bytes.TrimSpace(slip), ' ') + 1 // in the checksum of the second line
	slip[at] = map[bool]byte{true: '3', false: '2'}[slip[at] == '2']
	for _, verb := range [][]string{{"keys", "check", "--sheet", file("slip", string(slip))}, {"keys", "drill", "--sheet", file("slip", string(slip)), "--key", key}} {
		if out, err := y.said(t, verb...); !errors.Is(err, vault.ErrEscrow) || !strings.Contains(err.Error(), "line 2") {
			t.Fatalf("%v: %v\n%s", verb, err, out)
		}
	}
	for _, to := range []string{"vault", "kms"} {
		must("keys", "move", to)
		if out := must("keys", "status"); !strings.Contains(out, "kept by "+to+":") {
			t.Fatalf("status says %s", out)
		}
	}
	must("keys", "rotate")
	if out := must("config"); strings.Contains(out, "not in any print") || !strings.Contains(out, "ALMIRAH_KMS_SECRET=(set)") {
		t.Fatalf("the settings say %s", out)
	}
	fresh := typed(must("keys", "rotate", "root"))
	if fresh == sheet {
		t.Fatal("the sheet did not change")
	}
	if out, err := y.said(t, "keys", "drill", "--sheet", paper, "--key", key); !errors.Is(err, vault.ErrRootKeyMismatch) {
		t.Fatalf("the old sheet: %v\n%s", err, out)
	}
	// The newest backup's copy of the key store is from before; a new one comes with the next backup, or within the quarter of an hour.
	must("backup")
	must("keys", "drill", "--sheet", file("fresh", fresh), "--key", key)
	service.Away(true)
	if out, err := y.said(t, "keys", "status"); !errors.Is(err, vault.ErrKeeper) {
		t.Fatalf("started without the service: %v\n%s", err, out)
	}
	// Whoever lost the service types the sheet into the file.
	if err := os.WriteFile(y.set["ALMIRAH_KEYS"], []byte(fresh), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must("keys", "status"); !strings.Contains(out, "kept by a plain file") || strings.Contains(out, "never") {
		t.Fatalf("status says %s", out)
	}
}

// TestKeeperAwayIsSaid: while the key service does not answer, the house serves for the stated time and says that something is wrong; then it is not ready, and nothing opens.
func TestKeeperAwayIsSaid(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keeper-asked")
	service := keyserver.Start(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(keyserver.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_VAULT_URL": service.URL, "ALMIRAH_VAULT_KEY": keyserver.Key, "ALMIRAH_VAULT_TOKEN_FILE": token, "ALMIRAH_KEEPER_GRACE": "10m"})
	keepers, err := h.Config.Keeping.keepers(h.Gate, h.Clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Vault.MoveRootKey(t.Context(), keepers[0]); err != nil {
		t.Fatal(err)
	}
	ready := func() (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/readyz", nil)
		r.RemoteAddr = "127.0.0.1:999"
		h.Handler().ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	p, _, err := h.Patients.Add(t.Context(), h.Owner, patients.Draft{Name: "Asha Kept", Phone: "+919999910777", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	service.Away(true)
	h.Fake.Move(5 * time.Minute)
	if err := h.hear(t.Context()); !errors.Is(err, vault.ErrKeeper) {
		t.Fatal(err)
	}
	if status, said := ready(); status != http.StatusOK || !strings.Contains(said, "keys late the root key cannot be read") {
		t.Fatalf("%d %s", status, said)
	}
	if _, err := h.Patients.Open(t.Context(), h.Owner, p.ID); err != nil {
		t.Fatal(err)
	}
	h.Fake.Move(5*time.Minute + time.Second)
	if _, err := h.Patients.Open(t.Context(), h.Owner, p.ID); !errors.Is(err, vault.ErrKeeperAway) {
		t.Fatalf("opened after the stated time: %v", err)
	}
	if status, said := ready(); status != http.StatusServiceUnavailable || !strings.Contains(said, "keys bad") {
		t.Fatalf("%d %s", status, said)
	}
	if _, err := (probe{House: h.House}).keeperAsked(t.Context()); !errors.Is(err, vault.ErrKeeperAway) {
		t.Errorf("the look at the service: %v", err)
	}
	service.Away(false)
	if err := h.hear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Patients.Open(t.Context(), h.Owner, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := (probe{House: h.House}).keeperAsked(t.Context()); err != nil {
		t.Error(err)
	}
	if status, said := ready(); !strings.Contains(said, "keys ok") { // nobody writes the audit log's tree in this test, which is late by now
		t.Fatalf("%d %s", status, said)
	}
}
