// Package ha starts a PostgreSQL that survives the loss of a server, out of Debian's packages: three servers, each watched over by Patroni, and three of etcd, in
// which Patroni keeps who leads. Commits wait for a standby. Servers can be killed like a machine that loses its power, brought back, and started by hand
// behind Patroni's back, as somebody might who means well. It is for tests: everything listens on this machine alone and trusts whoever comes.
package ha

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Nodes is how many servers there are.
const Nodes = 3

// Cluster is three servers of PostgreSQL.
type Cluster struct {
	t       testing.TB
	dir     string
	bin     string
	who     *syscall.Credential
	etcd    [Nodes]port
	peers   [Nodes]port
	rest    [Nodes]port
	servers [Nodes]port
	agents  [Nodes]*exec.Cmd // Patroni
	all     []*exec.Cmd
	pipe    *os.File // its end tells the keeper that this process has ended
}

type port int

// missing says what this machine lacks; empty when everything is there.
func missing() string {
	var lacks []string
	for _, name := range []string{"patroni", "etcd"} {
		if _, err := exec.LookPath(name); err != nil {
			lacks = append(lacks, name)
		}
	}
	if programs() == "" {
		lacks = append(lacks, "PostgreSQL")
	}
	return strings.Join(lacks, ", ")
}

func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[0])
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// Start starts the servers and waits until one leads and another follows it synchronously. It skips the test where Patroni or etcd are not installed, and
// fails it instead under ALMIRAH_STRICT=1. Everything ends with the test.
func Start(t testing.TB) *Cluster {
	t.Helper()
	if lacks := missing(); lacks != "" {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatalf("this machine lacks %s; `make deps-ha` installs it on Debian", lacks)
		}
		t.Skipf("this machine lacks %s; `make deps-ha` installs it on Debian", lacks)
	}
	c := &Cluster{t: t, bin: programs()}
	var err error
	if c.dir, err = os.MkdirTemp("", "almirah-ha-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.end)
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal("PostgreSQL does not run as root, and there is no user postgres")
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		c.who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(c.dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range Nodes {
		c.etcd[i], c.peers[i], c.rest[i], c.servers[i] = free(t), free(t), free(t), free(t)
	}
	c.keep()
	for i := range Nodes {
		c.startEtcd(i)
	}
	for i := range Nodes {
		c.configure(i)
		c.Return(i)
	}
	c.Whole(2 * time.Minute)
	return c
}

// keep sees to it that no server outlives this process, even one that was killed: a small shell waits for the end of a pipe.
func (c *Cluster) keep() {
	c.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		c.t.Fatal(err)
	}
	const text = `cat >/dev/null; cd "$1" || exit 0; for f in data*/postmaster.pid; do [ -f "$f" ] && kill -9 "$(head -n 1 "$f")"; done; sleep 1; rm -rf "$1"`
	cmd := exec.Command("/bin/sh", "-c", text, "almirah-ha-keeper", c.dir)
	cmd.Stdin, cmd.Dir = read, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.who}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	read.Close()
	c.pipe = write
	go func() { _ = cmd.Wait() }()
}

func free(t testing.TB) port {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return port(l.Addr().(*net.TCPAddr).Port)
}

// run starts a program that ends with this process, or with the test.
func (c *Cluster) run(log, name string, args ...string) *exec.Cmd {
	c.t.Helper()
	out, err := os.OpenFile(filepath.Join(c.dir, log), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, out
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.who, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.all = append(c.all, cmd)
	return cmd
}

func (c *Cluster) startEtcd(i int) {
	at := func(p port) string { return fmt.Sprintf("http://127.0.0.1:%d", p) }
	var members []string
	for n := range Nodes {
		members = append(members, fmt.Sprintf("e%d=%s", n, at(c.peers[n])))
	}
	c.run(fmt.Sprintf("etcd%d.log", i), "etcd", "--name", fmt.Sprintf("e%d", i), "--data-dir", filepath.Join(c.dir, fmt.Sprintf("etcd%d", i)),
		"--listen-client-urls", at(c.etcd[i]), "--advertise-client-urls", at(c.etcd[i]), "--listen-peer-urls", at(c.peers[i]), "--initial-advertise-peer-urls", at(c.peers[i]),
		"--initial-cluster", strings.Join(members, ","), "--initial-cluster-state", "new", "--initial-cluster-token", "almirah")
}

// configure writes Patroni's settings: those of docs/postgresql.md, but for the ports, and for the trust that only a test may give.
func (c *Cluster) configure(i int) {
	var hosts []string
	for n := range Nodes {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", c.etcd[n]))
	}
	text := fmt.Sprintf(`scope: almirah
name: n%d
restapi: {listen: "127.0.0.1:%d", connect_address: "127.0.0.1:%d"}
etcd3: {hosts: "%s"}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    maximum_lag_on_failover: 1048576
    primary_start_timeout: 0
    synchronous_mode: true
    synchronous_mode_strict: true
    synchronous_node_count: 1
    ignore_slots: [{name: almirah_log_almirah, type: physical}, {name: almirah_base_almirah, type: physical}]
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {wal_level: replica, hot_standby: "on", wal_log_hints: "on", max_wal_senders: 10, max_replication_slots: 10, max_connections: 150, shared_buffers: 64MB, synchronous_commit: "on", fsync: "on", wal_retrieve_retry_interval: 1s}
  initdb: [{encoding: UTF8}, {locale: C.UTF-8}, data-checksums]
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication replicator 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:%d"
  connect_address: "127.0.0.1:%d"
  data_dir: %s
  bin_dir: %s
  pgpass: %s
  authentication: {superuser: {username: postgres}, replication: {username: replicator}, rewind: {username: postgres}}
  parameters: {unix_socket_directories: %s}
tags: {nofailover: false, noloadbalance: false, clonefrom: false, nosync: false}
watchdog: {mode: "off"}
`, i, c.rest[i], c.rest[i], strings.Join(hosts, ","), c.servers[i], c.servers[i], c.data(i), c.bin, filepath.Join(c.dir, fmt.Sprintf("pgpass%d", i)), c.dir)
	if err := os.WriteFile(c.settings(i), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cluster) data(i int) string { return filepath.Join(c.dir, fmt.Sprintf("data%d", i)) }
func (c *Cluster) settings(i int) string {
	return filepath.Join(c.dir, fmt.Sprintf("patroni%d.yml", i))
}

// Return starts Patroni on a node, which starts its server and lets it follow whoever leads.
func (c *Cluster) Return(i int) {
	c.t.Helper()
	c.agents[i] = c.run(fmt.Sprintf("patroni%d.log", i), "patroni", c.settings(i))
}

// Kill takes a node away as a power cut does: Patroni and the server are killed, and write nothing any more.
func (c *Cluster) Kill(i int) {
	c.t.Helper()
	if a := c.agents[i]; a != nil {
		_ = a.Process.Kill()
		_ = a.Wait()
		c.agents[i] = nil
	}
	c.killServer(i)
}

// KillServer kills the server of a node; its Patroni lives on.
func (c *Cluster) KillServer(i int) { c.killServer(i) }

func (c *Cluster) killServer(i int) {
	pid := c.postmaster(i)
	if pid == 0 {
		return
	}
	// The server's processes end when their postmaster is gone; the next start must not find their memory in use.
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for range 200 {
		if !c.alive(i) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Log("ha: processes of a killed server are still there after 10 s")
}

func (c *Cluster) postmaster(i int) int {
	b, err := os.ReadFile(filepath.Join(c.data(i), "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(first))
	if pid <= 0 || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

func (c *Cluster) alive(i int) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", c.servers[i]), 200*time.Millisecond)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// Astray starts the server of a killed node by hand, without Patroni: it takes itself for the primary that it was. It ends with stop.
func (c *Cluster) Astray(i int) (stop func()) {
	c.t.Helper()
	cmd := c.run(fmt.Sprintf("astray%d.log", i), filepath.Join(c.bin, "postgres"), "-D", c.data(i))
	for range 200 {
		if conn, err := pgx.Connect(context.Background(), c.One(i, "postgres")); err == nil {
			_ = conn.Close(context.Background())
			return func() {
				_ = cmd.Process.Signal(syscall.SIGQUIT)
				_ = cmd.Wait()
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("ha: the server of node %d does not start by hand: %s", i, c.Log(fmt.Sprintf("astray%d.log", i)))
	return nil
}

// State is a node as Patroni sees it.
type State struct {
	Node     int
	Role     string // "master" or "leader", "replica", "sync_standby"
	State    string // "running", "streaming"
	Timeline int
}

// States asks Patroni on any node that lives.
func (c *Cluster) States() ([]State, error) {
	client := http.Client{Timeout: 2 * time.Second}
	err := errors.New("ha: no node answers")
	for i := range Nodes {
		var res *http.Response
		if res, err = client.Get(fmt.Sprintf("http://127.0.0.1:%d/cluster", c.rest[i])); err != nil {
			continue
		}
		var said struct {
			Members []struct {
				Name, Role, State string
				Timeline          int
			}
		}
		err = json.NewDecoder(res.Body).Decode(&said)
		res.Body.Close()
		if err != nil {
			continue
		}
		var out []State
		for _, m := range said.Members {
			n, _ := strconv.Atoi(strings.TrimPrefix(m.Name, "n"))
			out = append(out, State{n, m.Role, m.State, m.Timeline})
		}
		return out, nil
	}
	return nil, err
}

// Leader is the node that leads now; -1 when none does.
func (c *Cluster) Leader() int {
	list, _ := c.States()
	for _, s := range list {
		if (s.Role == "leader" || s.Role == "master") && s.State == "running" {
			return s.Node
		}
	}
	return -1
}

// Whole waits until every node is there: one leads, one follows synchronously, one follows.
func (c *Cluster) Whole(within time.Duration) {
	c.t.Helper()
	var list []State
	var err error
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		list, err = c.States()
		leads, sync, follows := 0, 0, 0
		for _, s := range list {
			switch {
			case (s.Role == "leader" || s.Role == "master") && s.State == "running":
				leads++
			case s.Role == "sync_standby" && (s.State == "running" || s.State == "streaming"):
				sync++
			case s.Role == "replica" && (s.State == "running" || s.State == "streaming"):
				follows++
			}
		}
		if leads == 1 && sync == 1 && follows == Nodes-2 {
			return
		}
	}
	c.t.Fatalf("ha: the servers are not whole after %s: %+v %v\n%s", within, list, err, c.Log("patroni0.log"))
}

// One is the address of one server, for the superuser.
func (c *Cluster) One(i int, database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable&connect_timeout=2", c.servers[i], database)
}

// Knows waits until a server has heard of a database.
func (c *Cluster) Knows(i int, database string) {
	c.t.Helper()
	for range 200 {
		if conn, err := pgx.Connect(context.Background(), c.One(i, database)); err == nil {
			_ = conn.Close(context.Background())
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("ha: node %d does not know the database %s", i, database)
}

// Address is the address of whichever server leads, with first at the head of the list.
func (c *Cluster) Address(role, database string, first int) string {
	var hosts []string
	for i := range Nodes {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", c.servers[(first+i)%Nodes]))
	}
	return fmt.Sprintf("postgres://%s@%s/%s?target_session_attrs=read-write&connect_timeout=5&sslmode=disable", role, strings.Join(hosts, ","), database)
}

// Log is the end of a log.
func (c *Cluster) Log(name string) string {
	b, _ := os.ReadFile(filepath.Join(c.dir, name))
	return string(b[max(0, len(b)-3000):])
}

func (c *Cluster) end() {
	for i := range Nodes {
		c.Kill(i)
	}
	for _, cmd := range c.all {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if c.t.Failed() && os.Getenv("ALMIRAH_KEEP") != "" {
		c.t.Logf("ha: kept in %s", c.dir)
		return
	}
	_ = os.RemoveAll(c.dir)
	_ = c.pipe.Close()
}
