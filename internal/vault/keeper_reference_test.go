package vault

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	program "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"almirah/internal/clock"
)

// TestReferenceKeepers: the root key is wrapped and opened by other people's programs: the transit engine of HashiCorp Vault itself, and local-kms, which speaks as AWS KMS does. It is
// run by make check-keepers alone, because fetching and building them takes minutes.
func TestReferenceKeepers(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALMIRAH_CHECK_KEEPERS") == "" {
		t.Skip("other programs are looked at by make check-keepers")
	}
	bin := t.TempDir()
	for name, of := range map[string]string{"keepers": ".", "local-kms": "github.com/nsmithuk/local-kms"} {
		build := program.Command("go", "build", "-o", filepath.Join(bin, name), of)
		build.Dir = filepath.Join("..", "..", "tools", "keepers")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s cannot be built: %v\n%s", name, err, out)
		}
	}
	dir := t.TempDir()
	token, seed := filepath.Join(dir, "token"), filepath.Join(dir, "seed.yaml")
	const key = "bc436485-5092-42b8-92a3-0aa8b93536dc"
	for file, text := range map[string]string{token: "s.token", seed: "Keys:\n  Symmetric:\n    Aes:\n      - Metadata:\n          KeyId: " + key +
		"\n        BackingKeys:\n          - 5cdaead27fe7da2de47945d73cd6d79e36494e73802f3cd3869f1d2cb0b5d7a9\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	engine := program.Command(filepath.Join(bin, "keepers"))
	in, err := engine.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	address := started(t, engine, true)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	service := program.Command(filepath.Join(bin, "local-kms"))
	service.Env = append(os.Environ(), fmt.Sprint("PORT=", port), "KMS_DATA_PATH="+dir, "KMS_SEED_PATH="+seed, "KMS_REGION=ap-south-1", "KMS_ACCOUNT_ID=111122223333")
	started(t, service, false)
	client := &http.Client{Timeout: 10 * time.Second}
	a, err := NewTransit(client, TransitOptions{URL: address, Key: "almirah", TokenFile: token})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewKMS(client, clock.System{}, KMSOptions{URL: fmt.Sprint("http://127.0.0.1:", port), Region: "ap-south-1", Key: key, KeyID: "AKIDEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	root := newKey()
	for _, k := range []Keeper{a, b} {
		var wrapped []byte
		for range 100 {
			if wrapped, err = k.Wrap(t.Context(), root); err == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := k.Unwrap(t.Context(), wrapped)
		if err != nil || string(again) != string(root) || strings.Contains(string(wrapped), string(root)) {
			t.Fatalf("%s: %v", k.Name(), err)
		}
		for i := range wrapped {
			if i > len(wrapped)-40 && i < len(wrapped)-4 && i%5 == 0 { // the head of local-kms's answer names the key, which it was told anyway
				bad := append([]byte(nil), wrapped...)
				bad[i] ^= 1
				if got, err := k.Unwrap(t.Context(), bad); err == nil && string(got) == string(root) {
					t.Errorf("%s: a changed byte %d is not noticed", k.Name(), i)
				}
			}
		}
	}
	// What was wrapped for something else by the same key does not open.
	other := &transit{client, TransitOptions{URL: address, Mount: "transit", Key: "almirah", TokenFile: token}}
	if x, err := other.ask(t.Context(), "encrypt", transitRequest{Plaintext: "eA==", Associated: "eQ=="}); err != nil {
		t.Fatal(err)
	} else if _, err := a.Unwrap(t.Context(), []byte(x.Ciphertext)); err == nil {
		t.Error("vault: a wrapping for another purpose opens")
	}
	bad := b.(*kms)
	q := bad.request()
	q.Plaintext, q.Context = root, map[string]string{"purpose": "other"}
	if x, err := bad.ask(t.Context(), "Encrypt", q); err != nil {
		t.Fatal(err)
	} else if _, err := b.Unwrap(t.Context(), x.Ciphertext); err == nil {
		t.Error("kms: a wrapping for another purpose opens")
	}
	// Vault's own key is rotated: what was wrapped before still opens, and the moves of a vault go through both.
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + t.TempDir() + "/k.db", Keepers: []Keeper{a, b}}
	v := opening(t, cfg)
	clinic, people := clinicOf(t, v, 2)
	sealed := sealingAll(t, v, clinic, people)
	for _, k := range cfg.Keepers {
		if err := v.MoveRootKey(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if k == a {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/v1/transit/keys/almirah/rotate", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Vault-Token", "s.token")
			if resp, err := client.Do(r); err != nil || resp.StatusCode/100 != 2 {
				t.Fatalf("Vault's key could not be rotated: %v, %v", resp, err)
			}
		}
		onlyCurrent(t, cfg, clinic, sealed)
		if err := v.RotateRootKey(t.Context()); err != nil {
			t.Fatal(err)
		}
		onlyCurrent(t, cfg, clinic, sealed)
		t.Logf("%s: wraps, opens, refuses what was changed or wrapped for another purpose, and the vault moves through it", k.Name())
	}
}

// started starts a program that ends with the test, and answers the first line that it prints, where one is waited for.
func started(t *testing.T, cmd *program.Cmd, wait bool) string {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out io.Reader
	var err error
	if wait {
		if out, err = cmd.StdoutPipe(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if !wait {
		return ""
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
