package pg

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Private is a server of one test's own, which can be reached over TCP as one on another machine is.
type Private struct {
	Admin string // address of the superuser, by the socket
	Port  int
	Roots string // file with the certificate that the server's is signed by: it names "localhost" and no address
	t     testing.TB
}

// Options of a private server.
type Options struct {
	Later    bool     // it stands after a failover: its timeline is higher than that of another
	Plain    bool     // it speaks no TLS
	Settings []string // "name=value"
}

// Own starts a private server. Over TCP it takes passwords, and unless it is Plain only those that come by TLS. It skips the test where
// PostgreSQL is not installed, and fails it under ALMIRAH_STRICT=1.
func Own(t testing.TB, o Options) *Private {
	t.Helper()
	p := &Private{t: t, Port: free(t), Roots: filepath.Join(t.TempDir(), "roots.pem")}
	later := ""
	if o.Later {
		later = "later"
		o.Settings = append(o.Settings, "restore_command=/bin/false")
	}
	s, err := startWith(memory(), later, p.Port, func(base string, who *syscall.Credential) ([]string, error) {
		kind := "host"
		settings := append([]string{"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", p.Port), "hba_file=" + filepath.Join(base, "hba"), "password_encryption=scram-sha-256"}, o.Settings...)
		if !o.Plain {
			kind = "hostssl"
			settings = append(settings, "ssl=on", "ssl_cert_file="+filepath.Join(base, "cert.pem"), "ssl_key_file="+filepath.Join(base, "key.pem"))
			if err := certify(base, p.Roots); err != nil {
				return nil, err
			}
		}
		hba := "local all all trust\n" + kind + " all all 127.0.0.1/32 scram-sha-256\nlocal replication all trust\n" + kind + " replication all 127.0.0.1/32 scram-sha-256\n"
		if err := os.WriteFile(filepath.Join(base, "hba"), []byte(hba), 0o600); err != nil {
			return nil, err
		}
		if who != nil {
			for _, name := range []string{"hba", "cert.pem", "key.pem"} {
				if err := os.Chown(filepath.Join(base, name), int(who.Uid), int(who.Gid)); err != nil && !errors.Is(err, os.ErrNotExist) {
					return nil, err
				}
			}
		}
		var args []string
		for _, s := range settings {
			args = append(args, "-c", s)
		}
		return args, nil
	})
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("ALMIRAH_STRICT") != "1":
		t.Skipf("PostgreSQL: %v; `make deps` installs it on Debian", err)
	case err != nil:
		t.Fatalf("PostgreSQL: %v", err)
	}
	p.Admin = s.admin
	t.Cleanup(func() { _ = s.pipe.Close() })
	if o.Later {
		p.leads()
	}
	return p
}

// leads waits until the server leads: one that stands after a failover answers before it may write.
func (p *Private) leads() {
	p.t.Helper()
	conn := dial(p.t, p.Admin)
	defer conn.Close(context.Background())
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var follows bool
		if err := conn.QueryRow(context.Background(), `SELECT pg_is_in_recovery()`).Scan(&follows); err != nil {
			p.t.Fatalf("PostgreSQL: %v", err)
		}
		if !follows {
			return
		}
		if time.Now().After(end) {
			p.t.Fatal("PostgreSQL: the server after the failover does not lead within a minute")
		}
	}
}

func free(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// certify makes an authority and a certificate for "localhost" that it signed.
func certify(base, roots string) error {
	mine, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test's authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	root, err := x509.CreateCertificate(rand.Reader, ca, ca, &mine.PublicKey, mine)
	if err != nil {
		return err
	}
	theirs, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	cert, err := x509.CreateCertificate(rand.Reader, leaf, ca, &theirs.PublicKey, mine)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(theirs)
	if err != nil {
		return err
	}
	for file, block := range map[string]*pem.Block{roots: {Type: "CERTIFICATE", Bytes: root}, filepath.Join(base, "cert.pem"): {Type: "CERTIFICATE", Bytes: cert}, filepath.Join(base, "key.pem"): {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Database makes a role and a database of the name in a private server, and gives the role's password. The role is neither superuser nor exempt from
// row-level security.
func (p *Private) Database(name string) (password string) {
	p.t.Helper()
	password = token()
	conn := dial(p.t, p.Admin)
	defer conn.Close(context.Background())
	if err := birth(context.Background(), conn, name, password, ""); err != nil {
		p.t.Fatalf("PostgreSQL: making a database: %v", err)
	}
	return password
}

// Run runs statements as the superuser in a database.
func (p *Private) Run(database string, texts ...string) {
	p.t.Helper()
	conn := dial(p.t, within(p.t, p.Admin, database, "postgres"))
	defer conn.Close(context.Background())
	for _, text := range texts {
		if _, err := conn.Exec(context.Background(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
			p.t.Fatalf("PostgreSQL: %s: %v", strings.Fields(text)[0], err)
		}
	}
}

// Script runs psql as the superuser, connected to the database, as a handbook tells an operator to, and gives the role that it names passwords.
func (p *Private) Script(database, text string, roles ...string) (passwords map[string]string) {
	p.t.Helper()
	u, err := url.Parse(within(p.t, p.Admin, database, "postgres"))
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command("psql", "-X", "-q", u.String())
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("psql: %v\n%s", err, out)
	}
	passwords = map[string]string{}
	for _, r := range roles {
		passwords[r] = token()
		p.Run(database, fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", pgx.Identifier{r}.Sanitize(), passwords[r]))
	}
	return passwords
}

// Reopen starts a server on a folder that a restore left, and gives the address of the superuser. It ends with the test.
func Reopen(t testing.TB, data string) (admin string) {
	t.Helper()
	bin, _, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	who, _, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	base, err := os.MkdirTemp("", "almirah-pg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	hba := filepath.Join(base, "hba")
	if err := os.WriteFile(hba, []byte("local all all trust\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if who != nil {
		for _, name := range []string{base, hba} {
			if err := os.Chown(name, int(who.Uid), int(who.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", base, "-c", "listen_addresses=", "-c", "hba_file="+hba, "-c", "timezone=UTC")
	cmd.Dir, cmd.Stdout, cmd.Stderr = base, &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: who, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
	})
	admin = (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: url.Values{"host": {base}, "sslmode": {"disable"}}.Encode()}).String()
	for end := time.Now().Add(30 * time.Second); answers(admin) != nil; time.Sleep(25 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("PostgreSQL does not start on what was restored: %s", said.String())
		}
	}
	return admin
}

// Address is how a program on another machine reaches a database: by TCP, at "localhost" or at "127.0.0.1", with the parameters.
func (p *Private) Address(host, role, password, database string, query ...string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: fmt.Sprintf("%s:%d", host, p.Port), Path: "/" + database, RawQuery: strings.Join(query, "&")}
	return u.String()
}
