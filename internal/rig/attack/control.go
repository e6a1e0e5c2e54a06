package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the engine of the statement that can be broken out of
)

// plainClient talks to servers on this machine, whoever signed their certificate, and shows redirects instead of following them.
var plainClient = &http.Client{
	Timeout:       time.Minute,
	Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // the authority is one of the moment
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// weak is a server with one hole of each kind that the tools must find: a statement put together from what was typed, a text that becomes markup, an address
// that is followed anywhere, and a file that is opened by whatever name is given.
func weak(dir string) (at *url.URL, stop func(), err error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "weak.db"))
	if err != nil {
		return nil, nil, err
	}
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS person (id INTEGER, name TEXT); DELETE FROM person; INSERT INTO person VALUES (1, 'asha'), (2, 'ravi')`); err != nil {
		return nil, nil, err
	}
	shared := filepath.Join(dir, "shared")
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(shared, "welcome.txt"), []byte("welcome"), 0o644); err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><html><head><title>weak</title></head><body>"+body+"</body></html>")
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(w, `<a href="/find?name=asha">find</a> <a href="/greet?name=asha">greet</a> <a href="/go?to=/">go</a> <a href="/read?file=welcome.txt">read</a>`)
	})
	mux.HandleFunc("GET /find", func(w http.ResponseWriter, r *http.Request) {
		rows, err := db.QueryContext(r.Context(), "SELECT id, name FROM person WHERE name = '"+r.URL.Query().Get("name")+"'") // the hole
		if err != nil {
			http.Error(w, "sqlite3.OperationalError: "+err.Error(), http.StatusInternalServerError)
			return
		}
		defer rows.Close()
		body := "<ul>"
		for rows.Next() {
			var n, name any
			if rows.Scan(&n, &name) == nil {
				body += fmt.Sprintf("<li>%v %v</li>", n, name)
			}
		}
		page(w, body+"</ul>")
	})
	mux.HandleFunc("GET /greet", func(w http.ResponseWriter, r *http.Request) {
		page(w, "<p>Hello "+r.URL.Query().Get("name")+"</p>") // the hole
	})
	mux.HandleFunc("GET /go", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to")) // the hole
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("GET /read", func(w http.ResponseWriter, r *http.Request) {
		b, err := os.ReadFile(shared + "/" + r.URL.Query().Get("file")) // the hole
		if err != nil {
			http.Error(w, "no such file", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(b)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}, func() { _ = srv.Close(); _ = db.Close() }, nil
}

// lax is a server that still speaks TLS 1.0 and ciphers of those days, under a certificate that it signed itself.
func lax(dir string) (at string, stop func(), err error) {
	cert, key := filepath.Join(dir, "lax.pem"), filepath.Join(dir, "lax.key")
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", nil, err
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0)}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, own.Public(), own)
	if err != nil {
		return "", nil, err
	}
	if err := writePEM(cert, key, own, der); err != nil {
		return "", nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return "", nil, err
	}
	var all []uint16
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		all = append(all, c.ID)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, CipherSuites: all}) //nolint:gosec // so that the tool has something to find
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	go func() { _ = srv.Serve(l) }()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	return "localhost:" + port, func() { _ = srv.Close() }, nil
}

// certify writes a certificate for localhost by an authority of the moment, made as public authorities make theirs (90 days, a P-256 key, where its revocation
// can be asked for), so that the one thing wrong with it is that nobody knows the authority.
func certify(cert, key string) error {
	root, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	authority := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Authority of the moment"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 6, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 89),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true, CRLDistributionPoints: []string{"http://crl.example.org/1.crl"},
		OCSPServer: []string{"http://ocsp.example.org/"}}
	above, err := x509.CreateCertificate(rand.Reader, authority, authority, root.Public(), root)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, own.Public(), root)
	if err != nil {
		return err
	}
	return writePEM(cert, key, own, der, above)
}

func writePEM(cert, key string, own any, chain ...[]byte) error {
	var out []byte
	for _, der := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	if err := os.WriteFile(cert, out, 0o644); err != nil {
		return err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return err
	}
	return os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600)
}
