package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/promise"
	"almirah/internal/rig/keyserver"
)

// keepersOf are both keepers, reaching one service.
func keepersOf(t *testing.T, at string, client Client) []Keeper {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(keyserver.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := NewTransit(client, TransitOptions{URL: at, Key: "almirah", TokenFile: token})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewKMS(client, clock.NewFake(noon), KMSOptions{URL: at, Region: "ap-south-1", Key: "1234abcd", KeyID: "AKIDEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return []Keeper{a, b}
}

// TestMovingBetweenKeepers: from the file to Vault, to KMS, through a change of the root key, and back to a file, on both engines: everything opens after each step, the file has
// nothing plain in it while a keeper wraps it, and without the keeper's settings nothing opens.
func TestMovingBetweenKeepers(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keeper-asked")
	onBoth(t, func(t *testing.T, at string) {
		s := keyserver.Start(t)
		keepers := keepersOf(t, s.URL, s.Client())
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at, Keepers: keepers}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 2)
		sealed := sealingAll(t, v, clinic, people)
		sheet, err := v.EscrowSheet(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		root, err := rootOf(t, cfg.RootKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		kept := func(name string) {
			t.Helper()
			text, err := os.ReadFile(cfg.RootKeyFile)
			if err != nil {
				t.Fatal(err)
			}
			if name != v.Keeper() || !strings.Contains(string(text), "keeper "+name) || strings.Contains(string(text), base64.StdEncoding.EncodeToString(root)) {
				t.Fatalf("the file of %s is %q", name, text)
			}
			onlyCurrent(t, cfg, clinic, sealed)
			bare := cfg
			bare.Keepers = nil
			if _, err := Open(t.Context(), bare, clock.NewFake(noon)); !errors.Is(err, ErrKeeper) {
				t.Fatalf("without the keeper: %v", err)
			}
		}
		for _, k := range keepers {
			if err := v.MoveRootKey(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			kept(k.Name())
			if again, err := v.EscrowSheet(t.Context()); err != nil || again != sheet {
				t.Fatalf("the sheet changed: %v", err)
			}
		}
		if err := v.RotateRootKey(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept(keepers[1].Name())
		if _, err := v.Turn(t.Context(), true, nil); err != nil {
			t.Fatal(err)
		}
		if again, err := v.EscrowSheet(t.Context()); err != nil || again == sheet {
			t.Fatalf("the sheet is the same after a change of the root key: %v", err)
		}
		s.Away(true)
		if err := v.MoveRootKey(t.Context(), nil); !errors.Is(err, ErrKeeper) {
			t.Fatalf("moved without the keeper: %v", err)
		}
		s.Away(false)
		if err := v.MoveRootKey(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if root, err := rootOf(t, cfg.RootKeyFile); err != nil || len(root) != keySize || v.Keeper() != "" {
			t.Fatal(err)
		}
		onlyCurrent(t, Config{RootKeyFile: cfg.RootKeyFile, StoreURL: at}, clinic, sealed)
	})
}

// TestAKeeperThatIsAway: while the keeper does not answer, fields open for the stated time, a process that starts does not, and then nothing opens until it answers again. A field
// costs no question to the keeper.
func TestAKeeperThatIsAway(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keeper-asked")
	onBoth(t, func(t *testing.T, at string) {
		s := keyserver.Start(t)
		keepers := keepersOf(t, s.URL, s.Client())
		clk := clock.NewFake(noon)
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at, Keepers: keepers, Grace: 30 * time.Minute}
		v, err := Open(t.Context(), cfg, clk)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		if err := v.MoveRootKey(t.Context(), keepers[0]); err != nil {
			t.Fatal(err)
		}
		clinic, people := clinicOf(t, v, 1)
		sealed := sealingAll(t, v, clinic, people)
		asked := s.Asks()
		for range 20 {
			r := ringOf(t, v, clinic)
			opens(t, r, nameOf(people[0]), sealed[people[0]], "Asha "+people[0].String())
		}
		if s.Asks() != asked {
			t.Fatal("a field asks the keeper")
		}
		s.Away(true)
		clk.Move(30 * time.Minute)
		if err := v.Hear(t.Context()); !errors.Is(err, ErrKeeper) {
			t.Fatalf("heard from nobody: %v", err)
		}
		opens(t, ringOf(t, v, clinic), nameOf(people[0]), sealed[people[0]], "Asha "+people[0].String())
		if _, err := Open(t.Context(), cfg, clk); !errors.Is(err, ErrKeeper) {
			t.Fatalf("started without the keeper: %v", err)
		}
		clk.Move(time.Second)
		if _, err := v.Ring(t.Context(), clinic); !errors.Is(err, ErrKeeperAway) || !fault.Is(err, fault.Unavailable) {
			t.Fatalf("opened after the stated time: %v", err)
		}
		if err := v.Check(t.Context()); !errors.Is(err, ErrKeeperAway) {
			t.Fatalf("the check says %v", err)
		}
		if silent, grace, ok := v.Heard(); !ok || silent != 30*time.Minute+time.Second || grace != 30*time.Minute {
			t.Fatalf("silent for %v of %v, %v", silent, grace, ok)
		}
		s.Away(false)
		if err := v.Hear(t.Context()); err != nil {
			t.Fatal(err)
		}
		opens(t, ringOf(t, v, clinic), nameOf(people[0]), sealed[people[0]], "Asha "+people[0].String())
		if err := v.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestKeepersAnswerBadly: whatever a keeper answers, it is an error that tells neither token nor key.
func TestKeepersAnswerBadly(t *testing.T) {
	t.Parallel()
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	for _, body := range []string{"", "{", "{}", `{"data":{"ciphertext":"x"}}`, "<html>", `{"errors":["s.token ` + base64.StdEncoding.EncodeToString(key) + `"]}`, `{"__type":"com.amazonaws.kms#AccessDeniedException"}`} {
		for _, status := range []int{200, 301, 400, 403, 404, 500, 503} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
			}))
			for _, k := range keepersOf(t, s.URL, s.Client()) {
				_, err := k.Wrap(t.Context(), key)
				if !errors.Is(err, ErrKeeper) || strings.Contains(err.Error(), "s.token") || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(key)) {
					t.Errorf("%s, %d %q: %v", k.Name(), status, body, err)
				}
			}
			s.Close()
		}
	}
	refused := keepersOf(t, "http://127.0.0.1:1", &http.Client{})
	for _, k := range refused {
		if _, err := k.Unwrap(context.Background(), key); !errors.Is(err, ErrKeeper) || strings.Contains(err.Error(), "/v1/") {
			t.Errorf("nobody there: %v", err)
		}
	}
}

// TestTheSheetIsTried: the present sheet is taken and noted, a line with a slip is named, and a sheet from before a change of the root key is refused.
func TestTheSheetIsTried(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-on-paper")
	onBoth(t, func(t *testing.T, at string) {
		v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: at})
		root, err := rootOf(t, v.rootPath())
		if err != nil {
			t.Fatal(err)
		}
		lines := escrowText(root)
		if s, err := v.Standing(t.Context()); err != nil || s.SheetAt != 0 || s.SheetFits {
			t.Fatalf("%+v, %v", s, err)
		}
		slip := []byte(lines[1])
		if slip[12] == '7' {
			slip[12] = '8'
		} else {
			slip[12] = '7'
		}
		if err := v.TakeSheet(t.Context(), lines[0]+"\n"+string(slip), true); !errors.Is(err, ErrEscrow) || !strings.Contains(err.Error(), "line 2") {
			t.Fatalf("a slip in the second line: %v", err)
		}
		if s, err := v.Standing(t.Context()); err != nil || s.SheetAt != 0 || s.DrillAt != 0 {
			t.Fatalf("a wrong sheet was noted: %+v, %v", s, err)
		}
		typed := strings.ToLower(strings.Join(lines, "\n"))
		if err := v.TakeSheet(t.Context(), typed, false); err != nil {
			t.Fatal(err)
		}
		if s, err := v.Standing(t.Context()); err != nil || s.SheetAt != clock.At(noon) || !s.SheetFits || s.DrillAt != 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		if err := v.RotateRootKey(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s, err := v.Standing(t.Context()); err != nil || s.SheetFits {
			t.Fatalf("the old sheet still counts: %+v, %v", s, err)
		}
		if err := v.TakeSheet(t.Context(), typed, false); !errors.Is(err, ErrRootKeyMismatch) {
			t.Fatalf("a sheet of the key before: %v", err)
		}
	})
}
