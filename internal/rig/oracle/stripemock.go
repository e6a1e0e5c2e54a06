package oracle

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// StripeMock serves Stripe's own description of its interface and checks every request against it. It answers the address, without a slash at its end. It runs where
// reference data are looked at (make check-reference): building it takes a while.
func StripeMock(t testing.TB) string {
	t.Helper()
	if os.Getenv("ALMIRAH_REFERENCE_DATA") == "" {
		t.Skip("stripe-mock is asked by make check-reference")
	}
	root := filepath.Join(folder(), "..", "..")
	bin := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.Command("go", "build", "-modfile="+filepath.Join(root, "tools", "go.mod"), "-o", bin, "github.com/stripe/stripe-mock")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("stripe-mock cannot be built: %v\n%.800s", err, out)
	}
	ports := freePorts(t, 2)
	// Without -strict-version-check: its description is a few months newer than the library's pin.
	said, ended := beside(t, nil, bin, "-http-addr", ports[0], "-https-addr", ports[1])
	at := "http://" + ports[0]
	for range 300 {
		select {
		case <-ended:
			t.Fatalf("stripe-mock ended: %.800s", said.String())
		case <-time.After(100 * time.Millisecond):
		}
		if res, err := http.Get(at + "/"); err == nil {
			_ = res.Body.Close()
			return at
		}
	}
	t.Fatal("stripe-mock did not start within half a minute")
	return ""
}
