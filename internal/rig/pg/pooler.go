package pg

import (
	"context"
	"fmt"
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

// Pooled puts a pgbouncer in transaction mode in front of the server of this test process, with four connections for everybody, and gives the address through it: a program
// that counts on keeping its connection from one transaction to the next fails there. It skips the test where pgbouncer is not installed, and fails it under ALMIRAH_STRICT=1.
func Pooled(t testing.TB, address string) (pooled string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatal("pgbouncer is not installed; `make deps` installs it on Debian")
		}
		t.Skip("pgbouncer is not installed; `make deps` installs it on Debian")
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	who, _, err := unprivileged()
	if err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	dir, err := os.MkdirTemp("", "almirah-pooler-")
	if err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	password, _ := u.User.Password()
	port := free(t)
	settings := fmt.Sprintf(`[databases]
* = host=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = plain
auth_file = %s
pool_mode = transaction
default_pool_size = 4
max_client_conn = 400
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
`, u.Query().Get("host"), port, filepath.Join(dir, "users"))
	for name, text := range map[string]string{"pgbouncer.ini": settings, "users": fmt.Sprintf("%q %q\n", u.User.Username(), password), "log": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatalf("pgbouncer: %v", err)
		}
		if who != nil {
			_ = os.Chown(filepath.Join(dir, name), int(who.Uid), int(who.Gid))
		}
	}
	if who != nil {
		_ = os.Chown(dir, int(who.Uid), int(who.Gid))
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	defer log.Close()
	cmd := exec.Command(program, filepath.Join(dir, "pgbouncer.ini"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: who, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	ended, over := make(chan error, 1), make(chan struct{})
	go func() { ended <- cmd.Wait(); close(over) }()
	t.Cleanup(func() {
		select {
		case err := <-ended: // whoever reads of refused connections should read why
			said, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Errorf("pgbouncer ended by itself: %v: %s", err, strings.TrimSpace(string(said)))
		default:
			_ = cmd.Process.Kill()
			<-over
		}
	})
	out := url.URL{Scheme: "postgres", User: u.User, Host: fmt.Sprintf("127.0.0.1:%d", port), Path: u.Path, RawQuery: "sslmode=disable&default_query_exec_mode=exec"}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(25 * time.Millisecond) {
		conn, err := pgx.Connect(context.Background(), out.String())
		if err == nil {
			_ = conn.Close(context.Background())
			return out.String()
		}
		if time.Now().After(end) {
			said, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("pgbouncer does not answer: %v: %s", err, strings.TrimSpace(string(said)))
		}
	}
}
