package pg

import (
	"bufio"
	"context"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestDatabaseRole: what the store proves about row-level security would be worth nothing
// if the role of the tests were exempt from it.
func TestDatabaseRole(t *testing.T) {
	t.Parallel()
	conn := dial(t, Database(t))
	defer conn.Close(context.Background())
	var super, bypass, createdb bool
	var fsync, own string
	err := conn.QueryRow(context.Background(),
		`SELECT rolsuper, rolbypassrls, rolcreatedb, current_setting('fsync'), current_database()
		   FROM pg_roles WHERE rolname = current_user`).Scan(&super, &bypass, &createdb, &fsync, &own)
	if err != nil {
		t.Fatal(err)
	}
	if super || bypass || !createdb || fsync != "on" || !strings.HasPrefix(own, "almirah_") {
		t.Fatalf("super %v, bypass %v, createdb %v, fsync %s, database %s", super, bypass, createdb, fsync, own)
	}
	if _, err := conn.Exec(context.Background(), "CREATE TABLE t (a BIGINT)"); err != nil {
		t.Fatalf("the owner cannot create a table: %v", err)
	}
}

// TestOneServer: two databases of one process live on one server.
func TestOneServer(t *testing.T) {
	t.Parallel()
	a, b := Database(t), Database(t)
	if a == b || !strings.Contains(a, query(t, b)) {
		t.Fatalf("not two databases on one server: %s and %s", a, b)
	}
}

// TestKilledTestLeavesNoServer starts this very test binary as a child that opens a server,
// kills it the hard way and waits for the server's folder to disappear.
func TestKilledTestLeavesNoServer(t *testing.T) {
	// not parallel: it kills a process that another test could mistake for its own
	if os.Getenv("ALMIRAH_RIG_CHILD") == "1" {
		os.Stdout.WriteString("URL " + Start(t) + "\n")
		time.Sleep(time.Minute)
		return
	}
	t.Parallel()
	Start(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledTestLeavesNoServer$")
	cmd.Env = append(os.Environ(), "ALMIRAH_RIG_CHILD=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var admin string
	for s := bufio.NewScanner(out); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "URL "); ok {
			admin = rest
			break
		}
	}
	if admin == "" || answers(admin) != nil {
		t.Fatalf("the child's server does not answer: %q", admin)
	}
	u, _ := url.Parse(admin)
	folder := u.Query().Get("host")
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for range 200 {
		if _, err := os.Stat(folder); os.IsNotExist(err) && answers(admin) != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server outlived a killed test by 10 s")
}

func query(t *testing.T, at string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return u.RawQuery
}
