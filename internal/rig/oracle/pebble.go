package oracle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Authority is Let's Encrypt's own test authority (pebble), on this machine, with a name server (pebble-challtestsrv) that
// says of every name that it is this machine. It asks at the two ports whether a name is ours, as the real one does.
type Authority struct {
	Directory string // the address to ask for certificates
	CAFile    string // PEM file with the root that the authority itself is trusted by
	manage    string
	client    *http.Client
}

// Pebble starts the authority. httpPort and tlsPort are where it looks for the answers to its questions. It runs where
// reference data are looked at (make check-reference): building it takes a while.
func Pebble(t testing.TB, httpPort, tlsPort int) *Authority {
	t.Helper()
	return PebbleFor(t, httpPort, tlsPort, 90*24*time.Hour)
}

// PebbleFor is Pebble with certificates that last so long.
func PebbleFor(t testing.TB, httpPort, tlsPort int, life time.Duration) *Authority {
	t.Helper()
	if os.Getenv("ALMIRAH_REFERENCE_DATA") == "" {
		t.Skip("pebble is asked by make check-reference")
	}
	root, dir := filepath.Join(folder(), "..", ".."), t.TempDir()
	build := exec.Command("go", "build", "-modfile="+filepath.Join(root, "tools", "go.mod"), "-o", dir, "github.com/letsencrypt/pebble/v2/cmd/pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("pebble cannot be built: %v\n%.800s", err, out)
	}
	p := freePorts(t, 4)
	a := &Authority{Directory: "https://" + p[0] + "/dir", CAFile: filepath.Join(dir, "root.pem"), manage: "https://" + p[1]}
	pool := Oneself(t, a.CAFile, filepath.Join(dir, "key.pem"))
	a.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": p[0], "managementListenAddress": p[1], "certificate": a.CAFile, "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": httpPort, "tlsPort": tlsPort, "profiles": map[string]any{"default": map[string]any{"description": "for tests", "validityPeriod": int(life / time.Second)}}, "externalAccountBindingRequired": false}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pebble.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	beside(t, nil, filepath.Join(dir, "pebble-challtestsrv"), "-management", p[3], "-dnsserver", p[2], "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "")
	said, _ := beside(t, []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=20"}, filepath.Join(dir, "pebble"), "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", p[2])
	for range 100 {
		if res, err := a.client.Get(a.Directory); err == nil {
			_ = res.Body.Close()
			return a
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("pebble did not start within ten seconds: %.800s", said.String())
	return nil
}

// Roots are what a browser would trust to trust the authority's certificates.
func (a *Authority) Roots(t testing.TB) *x509.CertPool {
	t.Helper()
	res, err := a.client.Get(a.manage + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(b) {
		t.Fatalf("no root of the authority: %v", err)
	}
	return pool
}

func freePorts(t testing.TB, n int) (out []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out
}

// beside runs a program until the test ends, keeps what it says, and tells when it ended by itself.
func beside(t testing.TB, more []string, name string, args ...string) (said *bytes.Buffer, ended chan struct{}) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), more...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); <-ended })
	return said, ended
}

// Oneself writes a certificate for this machine that vouches for itself.
func Oneself(t testing.TB, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	like := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "this machine"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, like, like, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(fmt.Errorf("a certificate for this machine: %w", err))
		}
	}
	leaf, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return pool
}
