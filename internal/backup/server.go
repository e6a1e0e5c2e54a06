package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"almirah/internal/id"
	"almirah/internal/store"

	"filippo.io/age"
)

// PostgreSQL is copied by its own programs, which must be on this machine: pg_basebackup for the server's files, pg_receivewal for its
// log. What comes back is a server's folder.

// errPrograms means that this machine lacks PostgreSQL's programs.
var errPrograms = errors.New("backup: PostgreSQL's own programs are not on this machine; on Debian, install postgresql-client and, to restore, postgresql of the server's version")

// program finds one of PostgreSQL's programs: of the version, where one is named, else the newest.
func program(folder, name, version string) (string, error) {
	if folder != "" {
		return filepath.Join(folder, name), nil
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		some, _ := filepath.Glob(filepath.Join(pattern, name))
		found = append(found, some...)
	}
	slices.SortFunc(found, func(a, b string) int { return major(b) - major(a) })
	for _, f := range found {
		if version == "" || strconv.Itoa(major(f)) == version {
			return f, nil
		}
	}
	if at, err := exec.LookPath(name); err == nil && version == "" {
		return at, nil
	}
	return "", fmt.Errorf("%w (%s %s)", errPrograms, name, version)
}

var digits = regexp.MustCompile(`\d+`)

func major(path string) int {
	n, _ := strconv.Atoi(digits.FindString(path))
	return n
}

// command makes a call of one of PostgreSQL's programs to a server: the password goes by the environment, where the list of processes does not show it.
func command(ctx context.Context, folder, name, address string, args ...string) (*exec.Cmd, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("backup: the address of PostgreSQL cannot be read")
	}
	password, _ := u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	path, err := program(folder, name, "")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-d", u.String(), "--no-password"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGPASSWORD="+password, "PGAPPNAME=almirah-backup")
	return cmd, nil
}

var startPoint = regexp.MustCompile(`log start point: ([0-9A-F]+)/([0-9A-F]+) on timeline (\d+)`)

// segment is the file of the server's log in which a position lies.
func segment(timeline, high, low string) string {
	t, _ := strconv.ParseUint(timeline, 10, 32)
	h, _ := strconv.ParseUint(high, 16, 32)
	l, _ := strconv.ParseUint(low, 16, 32)
	return fmt.Sprintf("%08X%08X%08X", t, h, l>>24)
}

// errTogether is why a server is not copied that has the key store too.
var errTogether = errors.New("backup: the key store lies on the same PostgreSQL server as the data. A backup of the server would carry the keys along for thirty days, and an erased person could come back. Move the key store to a server of its own, or to a file (ALMIRAH_KEYSTORE_URL; docs/postgresql.md)")

// copyServer makes a base backup of the whole server, encrypted as it comes.
func (r *Room) copyServer(ctx context.Context, sealed string, to []age.Recipient, m *Manifest, say Say) (map[id.ID][]id.ID, error) {
	if r.o.ServerURL == "" {
		return nil, errors.New("backup: say by ALMIRAH_BACKUP_DATABASE_URL which role copies PostgreSQL (docs/backups.md)")
	}
	if strings.HasPrefix(r.o.KeystoreURL, "postgres") {
		keys, err := store.Server(ctx, r.o.KeystoreURL)
		if err != nil {
			return nil, err
		}
		data, err := store.Server(ctx, r.o.ServerURL)
		if err != nil {
			return nil, err
		}
		if keys.System == data.System {
			return nil, errTogether
		}
	}
	m.Kind = KindBase
	var err error
	if m.Before, err = store.TakeSurvey(ctx, r.o.ServerURL, nil); err != nil {
		return nil, err
	}
	// The server must keep its log while it is copied: what was written meanwhile belongs to the copy.
	if err := store.KeepLog(ctx, r.o.ServerURL, r.baseSlot()); err != nil {
		return nil, fmt.Errorf("backup: the server does not keep its log: %w", err)
	}
	defer func() { _ = store.Unslot(context.WithoutCancel(ctx), r.o.ServerURL, r.baseSlot()) }()
	say("copying the server with %d rows of ours", m.Rows())
	cmd, err := command(ctx, r.o.Programs, "pg_basebackup", r.o.ServerURL, "-D", "-", "-Ft", "-X", "fetch", "-c", "fast", "-v")
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("backup: pg_basebackup: %w", err)
	}
	m.Data, err = seal(ctx, to, out, sealed)
	if ended := cmd.Wait(); ended != nil {
		return nil, errors.Join(fmt.Errorf("backup: pg_basebackup: %w: %s", ended, lastLines(said.String())), err)
	}
	if err != nil {
		return nil, err
	}
	point := startPoint.FindStringSubmatch(said.String())
	if point == nil {
		return nil, errors.New("backup: pg_basebackup does not say where its copy begins")
	}
	m.LogFrom = segment(point[3], point[1], point[2])
	need := map[id.ID][]id.ID{}
	after, err := store.TakeSurvey(ctx, r.o.ServerURL, gather(need))
	m.After = &after
	return need, err
}

func lastLines(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 600 {
		s = "..." + s[len(s)-600:]
	}
	return s
}

// server is a PostgreSQL server that came back into a folder.
type server struct {
	dir      string // "pgdata" and its socket are in it
	within   string // our own folder above it
	socket   string // folder of its socket
	programs string
	counting string // address of the server that was copied, by the role that counts
}

func (s server) data() string { return filepath.Join(s.dir, "pgdata") }

// address is an address of the server that was copied, turned to the socket of this one.
func (s server) address(of string) string {
	u, err := url.Parse(of)
	if err != nil {
		return of
	}
	out := url.URL{Scheme: "postgres", Path: u.Path, RawQuery: url.Values{"host": {s.socket}, "sslmode": {"disable"}}.Encode()}
	if u.User != nil {
		out.User = url.User(u.User.Username())
	}
	return out.String()
}

// unpack writes the server's files.
func (s server) unpack(ctx context.Context, at Place, m Manifest, key age.Identity) error {
	if err := os.Mkdir(s.data(), 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	from, in := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := unseal(ctx, at, m.Data, key, in)
		failed <- err
		_ = in.CloseWithError(err)
	}()
	err := untar(from, s.data())
	if err == nil {
		_, err = io.Copy(io.Discard, from)
	}
	_ = from.CloseWithError(err)
	if read := <-failed; read != nil && !errors.Is(read, io.ErrClosedPipe) {
		return read
	}
	return err
}

// untar unpacks files and folders; nothing may lead out of the folder.
func untar(from io.Reader, into string) error {
	t := tar.NewReader(from)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("backup: unpacking: %w", err)
		}
		name := filepath.Clean(filepath.FromSlash(strings.TrimPrefix(h.Name, "./")))
		if name == "." {
			continue
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("backup: the copy of the server names %q, which leads out of its folder", h.Name)
		}
		to := filepath.Join(into, name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(to, 0o700)
		case tar.TypeReg:
			err = unpackFile(t, to)
		default:
			err = fmt.Errorf("backup: the copy of the server has %q, which is neither file nor folder: tablespaces are not restored", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(from io.Reader, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// start runs the server on a socket in its folder until stop, and returns when it answers for writing. more are lines of its configuration,
// such as how far to recover.
func (s server) start(ctx context.Context, more []string) (stop func(), err error) {
	version, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION"))
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	path, err := program(s.programs, "postgres", strings.TrimSpace(string(version)))
	if err != nil {
		return nil, err
	}
	conf, hba, said := filepath.Join(s.dir, "recovery.conf"), filepath.Join(s.dir, "access.conf"), filepath.Join(s.dir, "server.log")
	lines := append([]string{"listen_addresses = ''", "hot_standby = off", "max_connections = 60", "timezone = 'UTC'", "hba_file = " + quoted(hba),
		"ident_file = " + quoted(filepath.Join(s.dir, "names.conf"))}, more...)
	for file, text := range map[string]string{conf: strings.Join(lines, "\n") + "\n", hba: "local all all trust\n", filepath.Join(s.dir, "names.conf"): ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
	}
	log, err := os.OpenFile(said, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	defer log.Close()
	who, err := unprivileged()
	if err == nil {
		err = give(s.dir, s.within, who)
	}
	if err == nil && s.socket != s.dir {
		err = give(s.socket, s.socket, who)
	}
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "-D", s.data(), "-k", s.socket, "-c", "config_file="+conf, "-c", "archive_mode=off", "-c", "ssl=off", "-c", "shared_preload_libraries=", "-c", "primary_conninfo=", "-c", "logging_collector=off", "-c", "log_destination=stderr")
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH"), "HOME=" + s.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: who}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("backup: the server that came back does not start: %w", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // its quick and clean way to end
		select {
		case <-ended:
		case <-time.After(60 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if s.socket != s.dir {
			_ = os.RemoveAll(s.socket)
		}
	}
	address := s.address(s.counting)
	for {
		p, err := store.Server(ctx, address)
		if err == nil && p.LSN != "" {
			return stop, nil
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(said)
			if strings.Contains(string(text), "recovery ended before configured recovery target was reached") {
				return nil, fmt.Errorf("%w: the server's log that was copied does not reach so far. Name an earlier moment, or none", ErrAbsent)
			}
			return nil, fmt.Errorf("backup: the server that came back ended: %s", lastLines(string(text)))
		case <-ctx.Done():
			stop()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// unprivileged is who runs the server when this program is run by root, whom PostgreSQL refuses; nil for ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, errors.New("backup: PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

// give hands a folder and what is in it to the server's user, and lets that user pass through our own folders above it, up to within.
func give(dir, within string, to *syscall.Credential) error {
	if to == nil {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(to.Uid), int(to.Gid))
	})
	for up := filepath.Dir(dir); err == nil && len(up) >= len(within) && strings.HasPrefix(up, within); up = filepath.Dir(up) {
		err = os.Chmod(up, 0o711) // to pass through, not to look in
	}
	return err
}

// placed says where the server's socket is. The path of a socket must be short: where the folder's is not, it lies elsewhere.
func (s server) placed() (server, error) {
	s.socket = s.dir
	if len(s.socket) <= 80 {
		return s, nil
	}
	short, err := os.MkdirTemp("", "almirah-")
	if err != nil {
		return s, fmt.Errorf("backup: %w", err)
	}
	s.socket = short
	return s, nil
}
