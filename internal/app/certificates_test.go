package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/acme/autocert"

	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/oracle"
	"almirah/internal/store"
)

// ports are n ports of this machine that nobody uses.
func ports(t testing.TB, n int) (out []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// speaks says whether the server at the address shakes hands with a visitor who knows no newer TLS than version.
func speaks(at string, version uint16) error {
	c, err := tls.Dial("tcp", at, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version, InsecureSkipVerify: true, //nolint:gosec // who it is does not matter here
		CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}})
	if err != nil {
		return err
	}
	return c.Close()
}

// TestOldTLSIsRefused: the house shakes hands from TLS 1.2 on. Beside it stands a lax server with which the same visitor
// succeeds, so that it is the house that refuses and not the visitor who cannot.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "connections-in")
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	lax := httptest.NewUnstartedServer(hello)
	lax.Config.ErrorLog = quietLog()
	lax.TLS = &tls.Config{MinVersion: tls.VersionTLS10}
	lax.StartTLS()
	t.Cleanup(lax.Close)

	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	oracle.Oneself(t, cert, key)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	strict, err := secured(t.Context(), Config{TLSCert: cert, TLSKey: key}, ln, nil, silent())
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: hello, ReadHeaderTimeout: time.Second, ErrorLog: quietLog()}
	go func() { _ = srv.Serve(strict) }()
	t.Cleanup(func() { _ = srv.Close() })

	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		if err := speaks(lax.Listener.Addr().String(), version); err != nil {
			t.Errorf("the lax server refuses %s: %v", tls.VersionName(version), err)
		}
		if err := speaks(ln.Addr().String(), version); (err == nil) != want {
			t.Errorf("the house and %s: %v, want a handshake: %v", tls.VersionName(version), err, want)
		}
	}
}

// TestPlainLeadsToHTTPS: whoever comes by HTTP is sent to the same page by HTTPS, and a host that somebody made up is not repeated.
func TestPlainLeadsToHTTPS(t *testing.T) {
	t.Parallel()
	h := toHTTPS("https://clinic.example.org", autocert.HostWhitelist("clinic.example.org", "www.clinic.example.org"))
	for _, c := range []struct {
		method, host, path, want string
		status                   int
	}{
		{"GET", "clinic.example.org", "/c/sunrise?x=1", "https://clinic.example.org/c/sunrise?x=1", 308},
		{"GET", "WWW.clinic.example.org:80", "/", "https://www.clinic.example.org/", 308},
		{"GET", "evil.example", "/c/sunrise", "https://clinic.example.org/c/sunrise", 308},
		{"POST", "clinic.example.org", "/sign-in", "", 400},
		{"GET", "clinic.example.org", "/api/v1/clinics/sunrise", "", 400},
		{"GET", "clinic.example.org", "/hooks/whatsapp/x", "", 400},
	} {
		r := httptest.NewRequest(c.method, "http://"+c.host+c.path, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.want {
			t.Errorf("%s %s%s: %d to %q, want %d to %q", c.method, c.host, c.path, w.Code, w.Header().Get("Location"), c.status, c.want)
		}
	}
}

// TestCertifyingSettings: a setting that cannot work is named, with what to write instead.
func TestCertifyingSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  map[string]string
		want string // a part of the complaint; empty for none
	}{
		{map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org", "ALMIRAH_NAMES": "www.clinic.example.org, clinic.example.org"}, ""},
		{map[string]string{"ALMIRAH_TLS": "yes", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org"}, "write auto"},
		{map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "http://clinic.example.org"}, "must begin with https"},
		{map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://192.0.2.7"}, "must be a name"},
		{map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org", "ALMIRAH_TLS_CERT": "a", "ALMIRAH_TLS_KEY": "b"}, "but not both"},
		{map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org", "ALMIRAH_NAMES": "*.example.org"}, "ALMIRAH_NAMES"},
		{map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org", "ALMIRAH_TLS_DIRECTORY": "http://ca.example.org"}, "ALMIRAH_TLS_DIRECTORY"},
	} {
		got, err := FromEnv(func(k string) string { return c.set[k] })
		switch {
		case c.want == "" && (err != nil || len(got.Names) != 2):
			t.Errorf("%v: %v, names %v", c.set, err, got.Names)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: %v, want %q", c.set, err, c.want)
		}
	}
}

// TestReferenceCertificates: with Let's Encrypt's own test authority the house gets a certificate at the first visit, keeps it beside
// the root key for the next start, and asks for no name that is not its own.
func TestReferenceCertificates(t *testing.T) {
	t.Parallel()
	p := ports(t, 2)
	ca := oracle.Pebble(t, p[0], p[1])
	dir := t.TempDir()
	set := map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org", "ALMIRAH_NAMES": "book.example.org", "ALMIRAH_TLS_DIRECTORY": ca.Directory,
		"ALMIRAH_TLS_CA": ca.CAFile, "ALMIRAH_HTTP_ADDR": "127.0.0.1:" + strconv.Itoa(p[0]), "ALMIRAH_KEYS": filepath.Join(dir, "root.key"), "ALMIRAH_TLS_CONTACT": "operator@example.org"}
	c, err := FromEnv(func(k string) string { return set[k] })
	if err != nil {
		t.Fatal(err)
	}
	roots, err := c.Certifying.trust()
	if err != nil {
		t.Fatal(err)
	}
	files := autocert.DirCache(filepath.Join(dir, "certificates"))
	for start := range 2 {
		g := egress.New(processors(c), silent(), egress.WithAuthorities(certifierProcessor, roots))
		ctx, stop := context.WithCancel(t.Context())
		ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p[1]))
		if err != nil {
			t.Fatal(err)
		}
		strict, err := secured(ctx, c, ln, c.manager(g, files, autocert.HostWhitelist(c.Names...)), silent())
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }), ReadHeaderTimeout: time.Minute, ErrorLog: quietLog()}
		go func() { _ = srv.Serve(strict) }()
		visit := func(name string) error {
			d := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: ca.Roots(t), MinVersion: tls.VersionTLS12}}
			conn, err := d.DialContext(ctx, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			return conn.Close()
		}
		for _, name := range c.Names {
			if err := visit(name); err != nil {
				t.Errorf("start %d, %s: %v", start, name, err)
			}
		}
		var unknown *tls.CertificateVerificationError
		if err := visit("other.example.org"); err == nil || errors.As(err, &unknown) {
			t.Errorf("a name that is not ours: %v", err)
		}
		calls := int64(0)
		for _, u := range g.Usage() {
			calls += int64(u.Calls)
		}
		if start == 0 && calls == 0 || start == 1 && calls != 0 {
			t.Errorf("start %d: %d calls of the authority", start, calls)
		}
		stop()
		_ = srv.Close()
		for range 200 { // what was stopped lets go of its address in a moment
			l, err := net.Listen("tcp", c.Plain)
			if err == nil {
				_ = l.Close()
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	lines := strings.Join(c.certified(t.Context(), files), "\n")
	if strings.Count(lines, "certified until") != 2 {
		t.Errorf("doctor says %q", lines)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "certificates"))
	if err != nil || len(entries) < 3 {
		t.Fatalf("%d files beside the root key: %v", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %v", e.Name(), err)
		}
	}
}

// quietLog drops what a server complains of when handshakes fail on purpose.
func quietLog() *log.Logger { return slog.NewLogLogger(silent().Handler(), slog.LevelError) }

// TestReferenceNodesShareCertificates: one node asks for a certificate, the authority asks the other whether the name is ours and is answered, and
// that one shows the certificate. It is renewed before its end, and the new one lies where every node finds it. Nothing of it lies in a file.
func TestReferenceNodesShareCertificates(t *testing.T) {
	t.Parallel()
	const shared = "book.sunrise-clinic.org"
	p := ports(t, 2)
	ca := oracle.PebbleFor(t, p[0], p[1], 45*time.Second)
	b := rig.New(t, store.SQLite, store.Options{})
	set := map[string]string{"ALMIRAH_TLS": "auto", "ALMIRAH_PUBLIC_URL": "https://clinic.example.org", "ALMIRAH_TLS_DIRECTORY": ca.Directory, "ALMIRAH_TLS_CA": ca.CAFile,
		"ALMIRAH_HTTP_ADDR": "127.0.0.1:" + strconv.Itoa(p[0]), "ALMIRAH_KEYS": filepath.Join(b.Dir, "root.key")}
	c, err := FromEnv(func(k string) string { return set[k] })
	if err != nil {
		t.Fatal(err)
	}
	roots, err := c.Certifying.trust()
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string]*domains.Service{}
	node := func(name string, db *store.DB) *autocert.Manager {
		rooms[name] = domains.New(db, silent(), domains.Options{})
		g := egress.New(processors(c), silent(), egress.WithAuthorities(certifierProcessor, roots))
		return c.manager(g, sealedCache{rooms[name], autocert.DirCache(filepath.Join(t.TempDir(), "none"))}, autocert.HostWhitelist("clinic.example.org", shared))
	}
	first, second := node("first", b.DB), node("second", b.Open(t, store.Options{}))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p[1]))
	if err != nil {
		t.Fatal(err)
	}
	strict, err := secured(ctx, c, ln, first, silent())
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: quietLog()}
	go func() { _ = srv.Serve(strict) }()
	t.Cleanup(func() { _ = srv.Close() })

	second.HTTPHandler(nil) // it may be asked by HTTP, too
	hello := &tls.ClientHelloInfo{ServerName: shared, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256}, SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}}
	got, err := second.GetCertificate(hello)
	if err != nil {
		t.Fatalf("the node that nobody can ask gets no certificate: %v", err)
	}
	serial := got.Leaf.SerialNumber.String()
	d := tls.Dialer{Config: &tls.Config{ServerName: shared, RootCAs: ca.Roots(t), MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		t.Fatalf("the other node does not show it: %v", err)
	}
	_ = conn.Close()
	kept := func() string {
		data, there, err := rooms["first"].Certificate(ctx, shared)
		if err != nil || !there {
			t.Fatalf("the certificate is not kept: %v", err)
		}
		pair, err := tls.X509KeyPair(data, data)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.String()
	}
	until := time.Now().Add(time.Minute)
	for kept() == serial && time.Now().Before(until) {
		time.Sleep(100 * time.Millisecond)
	}
	if kept() == serial {
		t.Error("a certificate whose end is near is not renewed")
	}
	if at, err := rooms["first"].CertifiedUntil(ctx, shared); err != nil || at == 0 {
		t.Errorf("its end is not known: %v", err)
	}
}
