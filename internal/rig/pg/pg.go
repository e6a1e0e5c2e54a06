// Package pg starts a private PostgreSQL for tests out of the machine's own binaries: one
// server for each test process, on a unix socket inside a temporary folder of its own, run by
// an unprivileged user. It promises that no server outlives its test process, even one that
// was killed: a small shell stands beside the server and ends it when the pipe to the test
// process closes. Making a cluster costs seconds, so a finished one is kept as one tar file in
// the temporary folder, by version and by user.
package pg

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed keeper.sh
var keeper string

// errAbsent means that this machine has no PostgreSQL that could be started.
var errAbsent = errors.New("PostgreSQL is not installed")

// server is what must stay reachable while the test process lives: when the garbage collector
// closed the pipe, the keeper would end the server.
type server struct {
	admin string
	pipe  *os.File
}

// running is the one server of this process. It is the only state of this package, and a test
// process has no better owner for it.
var running = sync.OnceValues(func() (*server, error) { return start(memory()) })

// Start gives the URL of the superuser on the server of this test process, starting the server
// at the first call. It skips the test when PostgreSQL is not installed, and fails it instead
// when ALMIRAH_STRICT=1.
func Start(t testing.TB) (adminURL string) {
	t.Helper()
	s, err := running()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("ALMIRAH_STRICT") != "1":
		t.Skipf("PostgreSQL: %v; `make deps` installs it on Debian", err)
	case err != nil:
		t.Fatalf("PostgreSQL: %v", err)
	}
	return s.admin
}

// Database gives the URL of a fresh database owned by a fresh role that is neither superuser
// nor exempt from row-level security, but may create databases. Both are dropped, with every
// other database of that role, when the test ends.
func Database(t testing.TB) (databaseURL string) {
	t.Helper()
	return fresh(t, Start(t), "")
}

// Copy is Database with everything in it that fill put into the first one: fill runs once for each kind in a test process,
// and the copies, which belong to their own roles, are a tenth of its work where it makes many tables.
func Copy(t testing.TB, kind string, fill func(databaseURL string) error) (databaseURL string) {
	t.Helper()
	admin := Start(t)
	known, _ := originals.LoadOrStore(kind, &original{})
	o := known.(*original)
	o.once.Do(func() {
		name := "almirah_" + token()
		conn := dial(t, admin)
		defer conn.Close(context.Background())
		if o.err = birth(context.Background(), conn, name, token(), ""); o.err != nil {
			return
		}
		if o.err = fill(within(t, admin, name, "")); o.err != nil {
			return
		}
		// What its role owns is handed over in each copy; the database itself must not go with the first one.
		if _, o.err = conn.Exec(context.Background(), "ALTER DATABASE "+name+" OWNER TO postgres"); o.err == nil {
			o.name = name
		}
	})
	if o.err != nil {
		t.Fatalf("PostgreSQL: the database to be copied: %v", o.err)
	}
	if o.name == "" {
		t.Fatal("PostgreSQL: the database to be copied was not finished")
	}
	return fresh(t, admin, o.name)
}

// Small makes the role under which the program of a deployment works, in a database that Database or Copy made, and gives its address: it owns nothing, and
// has what the migrated schema's almirah_roles() gives to it. Whoever calls made the schema.
func Small(t testing.TB, ownerURL string) (smallURL string) {
	t.Helper()
	u, err := url.Parse(ownerURL)
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	database, secret := strings.Trim(u.Path, "/"), token()
	conn := dial(t, within(t, Start(t), database, "postgres"))
	defer conn.Close(context.Background())
	for _, text := range []string{
		fmt.Sprintf("CREATE ROLE %s_app LOGIN PASSWORD '%s' NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB", database, secret),
		fmt.Sprintf("REVOKE ALL ON DATABASE %s FROM PUBLIC", database),
		fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s_app", database, database),
		fmt.Sprintf("SET ROLE %s", database),
		"SELECT almirah_roles()",
	} {
		if _, err := conn.Exec(context.Background(), text); err != nil {
			t.Fatalf("PostgreSQL: the small role: %v", err)
		}
	}
	u.User = url.UserPassword(database+"_app", secret)
	return u.String()
}

type original struct {
	once sync.Once
	name string
	err  error
}

// originals are the databases of this process that are copied; they go with the server.
var originals sync.Map

func fresh(t testing.TB, admin, template string) string {
	t.Helper()
	name, secret := "almirah_"+token(), token()
	conn := dial(t, admin)
	defer conn.Close(context.Background())
	if err := birth(context.Background(), conn, name, secret, template); err != nil {
		t.Fatalf("PostgreSQL: making a database: %v", err)
	}
	t.Cleanup(func() { drop(t, admin, name) })
	if template != "" {
		own := dial(t, within(t, admin, name, "postgres"))
		defer own.Close(context.Background())
		if _, err := own.Exec(context.Background(), fmt.Sprintf("REASSIGN OWNED BY %s TO %s", template, name)); err != nil {
			t.Fatalf("PostgreSQL: handing a database over: %v", err)
		}
	}
	u, err := url.Parse(within(t, admin, name, name))
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	u.User = url.UserPassword(name, secret)
	return u.String()
}

// birth makes a role and its database, both of the name.
func birth(ctx context.Context, conn *pgx.Conn, name, secret, template string) error {
	like := ""
	if template != "" {
		like = " TEMPLATE " + template + " STRATEGY FILE_COPY"
	}
	for _, sql := range []string{
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB", name, secret),
		fmt.Sprintf("CREATE DATABASE %s OWNER %s%s", name, name, like),
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// within is the address of a database for a role; the server trusts whoever reaches its socket. An empty role is the one of the name.
func within(t testing.TB, admin, name, role string) string {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	if role == "" {
		role = name
	}
	u.User, u.Path = url.User(role), "/"+name
	return u.String()
}

func dial(t testing.TB, at string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	return conn
}

// drop only complains: a test has its result by now, and the whole cluster goes soon anyway.
func drop(t testing.TB, admin, role string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Logf("PostgreSQL: tidying: %v", err)
		return
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(ctx, "SELECT d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1", role)
	if err != nil {
		t.Logf("PostgreSQL: tidying: %v", err)
		return
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Logf("PostgreSQL: tidying: %v", err)
		return
	}
	for _, n := range names {
		if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{n}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Logf("PostgreSQL: tidying: %v", err)
		}
	}
	for _, r := range []string{role + "_app", role + "_read", role + "_backup", role} {
		if _, err := conn.Exec(ctx, "DROP ROLE IF EXISTS "+pgx.Identifier{r}.Sanitize()); err != nil {
			t.Logf("PostgreSQL: tidying: %v", err)
		}
	}
}

func token() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails on the systems we run on
	return hex.EncodeToString(b[:])
}

func start(folder string) (*server, error) { return startWith(folder, "", 0, nil) }

// startWith starts a server with further options; prepare is told its folder and who runs it, before it starts.
func startWith(folder, later string, port int, prepare func(base string, who *syscall.Credential) ([]string, error)) (*server, error) {
	bin, version, err := binaries()
	if err != nil {
		return nil, err
	}
	who, uid, err := unprivileged()
	if err != nil {
		return nil, err
	}
	base, err := os.MkdirTemp(folder, "almirah-pg-")
	if err != nil {
		return nil, err
	}
	if who != nil {
		if err := os.Chown(base, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(filepath.Join(base, "log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	template := filepath.Join(os.TempDir(), fmt.Sprintf("almirah-pg-template-%s-%d.tar", version, uid))
	args := []string{"-c", keeper, "almirah-pg-keeper", base, bin, template, later}
	if prepare != nil {
		more, err := prepare(base, who)
		if err != nil {
			return nil, err
		}
		args = append(args, more...)
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = base
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=" + base, "TMPDIR=" + os.TempDir()}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = read, log, log
	// A session of its own: an interrupt at the terminal must reach the test, and only then the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: who}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	read.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	query := url.Values{"host": {base}, "sslmode": {"disable"}}
	if port > 0 {
		query.Set("port", strconv.Itoa(port))
	}
	admin := (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: query.Encode()}).String()
	deadline := time.After(90 * time.Second)
	for {
		err := answers(admin)
		if err == nil {
			return &server{admin: admin, pipe: write}, nil
		}
		select {
		case <-ended:
			return nil, fmt.Errorf("the server did not start: %s", tail(log))
		case <-deadline:
			write.Close()
			return nil, fmt.Errorf("the server did not answer within 90 s: %v: %s", err, tail(log))
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// memory is a folder in the machine's memory, where it has room for the databases of a test process: hundreds of them are made and
// dropped, each of hundreds of files, and on a disk that is most of what such a test costs. Empty means the temporary folder.
func memory() string {
	const folder, room = "/dev/shm", 4 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil || s.Bavail*uint64(s.Bsize) < room {
		return ""
	}
	return folder
}

func answers(at string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// tail reads through the open handle, because the keeper has removed the folder by then.
func tail(log *os.File) string {
	size, err := log.Seek(0, 2)
	if err != nil {
		return err.Error()
	}
	from := max(0, size-2000)
	b := make([]byte, size-from)
	n, _ := log.ReadAt(b, from)
	return strings.TrimSpace(string(b[:n]))
}

// unprivileged is who runs the server: PostgreSQL refuses to run as root. A nil credential
// means: the user who runs the test.
func unprivileged() (*syscall.Credential, int, error) {
	if os.Getuid() != 0 {
		return nil, os.Getuid(), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, int(uid), nil
		}
	}
	return nil, 0, fmt.Errorf("%w: no user but root could run it", errAbsent)
}

var number = regexp.MustCompile(`\d+(\.\d+)*`)

// binaries finds the folder of the newest server programs and their version.
func binaries() (folder, version string, err error) {
	var folders []string
	if p, err := exec.LookPath("initdb"); err == nil {
		if q, err := filepath.EvalSymlinks(p); err == nil {
			folders = append(folders, filepath.Dir(q))
		}
	}
	var packaged []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, _ := filepath.Glob(pattern)
		packaged = append(packaged, found...)
	}
	sort.Slice(packaged, func(i, j int) bool { return major(packaged[i]) > major(packaged[j]) })
	for _, f := range append(folders, packaged...) {
		if _, err := os.Stat(filepath.Join(f, "initdb")); err != nil {
			continue
		}
		out, err := exec.Command(filepath.Join(f, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		if v := number.FindString(string(out)); v != "" {
			return f, v, nil
		}
	}
	return "", "", errAbsent
}

func major(folder string) int {
	n, _ := strconv.Atoi(strings.Split(number.FindString(folder), ".")[0])
	return n
}
