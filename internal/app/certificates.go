package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"almirah/internal/egress"
)

// Certificates for a deployment that serves HTTPS by itself: asked for at an authority that speaks ACME (RFC 8555), for the names
// of the deployment, those that clinics have proven, and for no other, renewed thirty days before they end. The keys lie in the database,
// sealed, so that every node of the deployment has them (decisions 0046, 0053).

const (
	certifierProcessor = "certificates"
	letsEncrypt        = acme.LetsEncryptURL
)

// Certifying is what the settings ALMIRAH_TLS_* say about certificates that are asked for.
type Certifying struct {
	On          bool     // ALMIRAH_TLS=auto
	Directory   string   // ALMIRAH_TLS_DIRECTORY: the authority's directory; Let's Encrypt when nothing is said
	Contact     string   // ALMIRAH_TLS_CONTACT: address to which the authority may write
	Authorities string   // ALMIRAH_TLS_CA: file with the roots to trust when the authority is asked; the system's when empty
	Names       []string // the names to certify: of ALMIRAH_PUBLIC_URL, and ALMIRAH_NAMES
	Plain       string   // ALMIRAH_HTTP_ADDR: where plain HTTP is answered, with the authority's question or the way to HTTPS
}

// String says it in a line, for `almirah config`; there is nothing secret in it.
func (c Certifying) String() string {
	if !c.On {
		return ""
	}
	return "auto (" + strings.Join(c.Names, ", ") + ") by " + c.Directory
}

func (c *Config) certifying(or func(string, string) string, wrong func(string, string)) {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return // complained of already
	}
	c.Names = []string{strings.ToLower(u.Hostname())}
	for _, n := range strings.Split(or("ALMIRAH_NAMES", ""), ",") {
		n = strings.ToLower(strings.TrimSpace(n))
		switch {
		case n == "" || slices.Contains(c.Names, n):
		case strings.ContainsAny(n, "/:@* ") || !strings.Contains(n, "."):
			wrong("ALMIRAH_NAMES", "write the other names of this deployment, such as www.clinic.example.org, divided by commas")
		default:
			c.Names = append(c.Names, n)
		}
	}
	switch or("ALMIRAH_TLS", "") {
	case "":
		return
	case "auto":
		c.Certifying.On = true
	default:
		wrong("ALMIRAH_TLS", "write auto, to have certificates fetched, or leave it out")
	}
	c.Directory, c.Contact = or("ALMIRAH_TLS_DIRECTORY", letsEncrypt), or("ALMIRAH_TLS_CONTACT", "")
	c.Authorities, c.Plain = or("ALMIRAH_TLS_CA", ""), or("ALMIRAH_HTTP_ADDR", ":80")
	if d, err := url.Parse(c.Directory); err != nil || d.Scheme != "https" || d.Host == "" {
		wrong("ALMIRAH_TLS_DIRECTORY", "write the https:// address of the authority's directory")
	}
	if c.TLSCert != "" {
		wrong("ALMIRAH_TLS", "leave out ALMIRAH_TLS_CERT and ALMIRAH_TLS_KEY: certificates are fetched, or given, but not both")
	}
	if u.Scheme != "https" {
		wrong("ALMIRAH_TLS", "ALMIRAH_PUBLIC_URL must begin with https:// when certificates are fetched")
	}
	if net.ParseIP(u.Hostname()) != nil || !strings.Contains(u.Hostname(), ".") {
		wrong("ALMIRAH_TLS", "ALMIRAH_PUBLIC_URL must be a name that the authority can look up, such as https://clinic.example.org")
	}
}

// processor is the authority's line on the sub-processor list: it learns names of this deployment, and nothing of a clinic's people.
func (c Certifying) processor() (egress.Processor, bool) {
	if !c.On {
		return egress.Processor{}, false
	}
	p := egress.Processor{ID: certifierProcessor, Name: "Let's Encrypt (ISRG)", Purpose: "certifies the names under which this deployment answers, for HTTPS",
		Categories: []string{"host names of this deployment", "the operator's contact address"}, Region: "United States", Adapter: "certificates", Vital: true}
	d, err := url.Parse(c.Directory)
	if err != nil {
		return p, false
	}
	if c.Directory != letsEncrypt {
		p.Name, p.Region = d.Hostname(), "not stated"
	}
	p.Hosts = []string{hostOf(d)}
	p.Local = c.Authorities != "" // an authority of the operator's own stands in the operator's own network
	return p, true
}

// trust are the roots that the authority itself is trusted by; nil for the system's.
func (c Certifying) trust() (*x509.CertPool, error) {
	if c.Authorities == "" {
		return nil, nil
	}
	b, err := os.ReadFile(c.Authorities)
	if err != nil {
		return nil, errors.Join(errors.New("ALMIRAH_TLS_CA: the file cannot be read"), err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New("ALMIRAH_TLS_CA: the file holds no certificate in PEM")
	}
	return pool, nil
}

// manager fetches and renews; its calls go through the one room that may dial out.
func (c Config) manager(gate *egress.Gate, cache autocert.Cache, names autocert.HostPolicy) *autocert.Manager {
	return &autocert.Manager{
		Prompt:     autocert.AcceptTOS, // ALMIRAH_TLS=auto says so; docs/install.md tells whose terms they are
		Cache:      cache,
		HostPolicy: names,
		Email:      c.Contact,
		Client:     &acme.Client{DirectoryURL: c.Directory, HTTPClient: gate.HTTPClient(certifierProcessor), UserAgent: "almirah"},
	}
}

// secured is the listener that speaks TLS, by a given certificate or by fetched ones; it is ln itself where neither is set.
func secured(ctx context.Context, c Config, ln net.Listener, m *autocert.Manager, log *slog.Logger) (net.Listener, error) {
	switch {
	case c.TLSCert != "":
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, errors.Join(errors.New("ALMIRAH_TLS_CERT: the certificate and its key cannot be read"), err)
		}
		t := ServerTLS()
		t.Certificates = []tls.Certificate{pair}
		return tls.NewListener(ln, t), nil
	case c.Certifying.On:
		plain, err := net.Listen("tcp", c.Plain)
		if err != nil {
			return nil, errors.Join(errors.New("ALMIRAH_HTTP_ADDR: this address cannot be listened on; the authority asks there whether the name is ours"), err)
		}
		srv := &http.Server{Handler: m.HTTPHandler(toHTTPS(c.PublicURL, m.HostPolicy)), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second,
			MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
		go func() { _ = srv.Serve(plain) }()
		context.AfterFunc(ctx, func() { _ = srv.Close() })
		go fetch(ctx, m, c.Names, log)
		t := ServerTLS()
		t.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := m.GetCertificate(hello)
			if err != nil && m.HostPolicy(hello.Context(), strings.ToLower(hello.ServerName)) == nil {
				log.Error("no certificate", "host", hello.ServerName, "error", err.Error())
			}
			return pair, err
		}
		t.NextProtos = append(t.NextProtos, acme.ALPNProto)
		return tls.NewListener(ln, t), nil
	}
	return ln, nil
}

// fetch has the certificates ready before anybody comes, and again an hour later where it failed: the operator reads of it at the
// start. A visitor before that asks for it herself.
func fetch(ctx context.Context, m *autocert.Manager, names []string, log *slog.Logger) {
	modern := tls.ClientHelloInfo{CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}}
	for {
		var left []string
		for _, n := range names {
			hello := modern
			hello.ServerName = n
			if _, err := m.GetCertificate(&hello); err != nil {
				log.Error("no certificate", "host", n, "error", err.Error())
				left = append(left, n)
			}
		}
		if names = left; len(names) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

// toHTTPS sends whoever comes by plain HTTP to the same place by HTTPS. Who names a host that is not ours is sent to the
// deployment's own address: what a request claims is never repeated.
func toHTTPS(public string, ours autocert.HostPolicy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A program that speaks plain HTTP is told so, and not led on: it would go on sending in the clear, and nobody would notice.
		program := strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/hooks/")
		if program || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "Please use https://", http.StatusBadRequest)
			return
		}
		to, host := public, hostOnly(r.Host)
		if ours(r.Context(), host) == nil {
			to = "https://" + host
			if u, err := url.Parse(public); err == nil && u.Port() != "" {
				to += ":" + u.Port()
			}
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, to+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// ServerTLS is how this house speaks TLS: 1.2 at least (promise M1), HTTP/1.1 and 2. The certificate is still to be set.
func ServerTLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
}

// certified says, for doctor, until when the certificate of each name lasts that was fetched.
func (c Config) certified(ctx context.Context, cache autocert.Cache) (lines []string) {
	for _, n := range c.Names {
		b, err := cache.Get(ctx, n)
		if err != nil {
			lines = append(lines, fmt.Sprintf("%s: no certificate was fetched yet; it is at the first visit by https://", n))
			continue
		}
		pair, err := tls.X509KeyPair(b, b)
		if err != nil || pair.Leaf == nil {
			lines = append(lines, n+": the fetched certificate cannot be read")
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: certified until %s", n, pair.Leaf.NotAfter.UTC().Format("2006-01-02")))
	}
	return lines
}
