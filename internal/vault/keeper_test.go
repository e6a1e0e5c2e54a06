package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/promise"
)

// service stands in for Vault's transit engine and for AWS KMS, by their documented requests and answers. The independent counterparts are in
// keeper_reference_test.go.
type service struct {
	*httptest.Server
	away atomic.Bool
	asks atomic.Int64
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	key := newKey()
	c, err := subtle.NewAESGCM(key)
	if err != nil {
		t.Fatal(err)
	}
	say := func(w http.ResponseWriter, status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	vault := func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Plaintext, Ciphertext string
			Associated            []byte `json:"associated_data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost {
			say(w, 400, map[string][]string{"errors": {"bad request"}})
			return
		}
		if r.Header.Get("X-Vault-Token") != "s.token" {
			say(w, 403, map[string][]string{"errors": {"permission denied"}})
			return
		}
		switch r.URL.Path {
		case "/v1/transit/encrypt/almirah":
			plain, _ := base64.StdEncoding.DecodeString(q.Plaintext)
			b, _ := c.Encrypt(plain, q.Associated)
			say(w, 200, map[string]any{"data": map[string]any{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(b), "key_version": 1}})
		case "/v1/transit/decrypt/almirah":
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Ciphertext, "vault:v1:"))
			plain, err := c.Decrypt(b, q.Associated)
			if err != nil {
				say(w, 400, map[string][]string{"errors": {"cipher: message authentication failed"}})
				return
			}
			say(w, 200, map[string]any{"data": map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)}})
		default:
			say(w, 404, map[string][]string{"errors": {}})
		}
	}
	kms := func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			KeyID                     string `json:"KeyId"`
			Plaintext, CiphertextBlob []byte
			EncryptionContext         map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
			!strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") {
			say(w, 400, map[string]string{"__type": "IncompleteSignatureException"})
			return
		}
		if q.KeyID != "1234abcd" {
			say(w, 400, map[string]string{"__type": "NotFoundException"})
			return
		}
		bound := fmt.Appendf(nil, "%v", q.EncryptionContext)
		switch r.Header.Get("X-Amz-Target") {
		case "TrentService.Encrypt":
			b, _ := c.Encrypt(q.Plaintext, bound)
			say(w, 200, map[string]any{"CiphertextBlob": b, "KeyId": "arn:aws:kms:ap-south-1:111122223333:key/1234abcd"})
		case "TrentService.Decrypt":
			plain, err := c.Decrypt(q.CiphertextBlob, bound)
			if err != nil {
				say(w, 400, map[string]string{"__type": "InvalidCiphertextException"})
				return
			}
			say(w, 200, map[string]any{"Plaintext": plain, "KeyId": "arn:aws:kms:ap-south-1:111122223333:key/1234abcd"})
		default:
			say(w, 400, map[string]string{"__type": "UnknownOperationException"})
		}
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asks.Add(1)
		switch {
		case s.away.Load():
			w.WriteHeader(503)
		case strings.HasPrefix(r.URL.Path, "/v1/"):
			vault(w, r)
		default:
			kms(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// keepersOf are both keepers, reaching one service.
func keepersOf(t *testing.T, at string, client Client) []Keeper {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s.token\n"), 0o600); err != nil {
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
		s := newService(t)
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
		s.away.Store(true)
		if err := v.MoveRootKey(t.Context(), nil); !errors.Is(err, ErrKeeper) {
			t.Fatalf("moved without the keeper: %v", err)
		}
		s.away.Store(false)
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
		s := newService(t)
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
		asked := s.asks.Load()
		for range 20 {
			r := ringOf(t, v, clinic)
			opens(t, r, nameOf(people[0]), sealed[people[0]], "Asha "+people[0].String())
		}
		if s.asks.Load() != asked {
			t.Fatal("a field asks the keeper")
		}
		s.away.Store(true)
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
		s.away.Store(false)
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
