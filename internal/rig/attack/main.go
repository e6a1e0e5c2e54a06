// Command attack turns other people's tools against a house of our own on this machine: sqlmap (statements), wapiti (pages and forms), testssl (the
// connection) and the crawl with naughty strings. Beside the house stands a weak server with one hole of each kind, and a tool that does not find its hole
// there proves nothing by its silence: then the run fails, as it does when a tool finds something in the house. `make attack` builds and starts it;
// docs/attacks.md says what is looked for and how. ALMIRAH_SOAK=1 looks longer: every form, more payloads.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// finding is something that a tool says is wrong.
type finding struct{ Tool, Where, What string }

// run is one attack, with where its files lie and what came of it.
type run struct {
	bin  string // the program under attack
	dir  string // for the house's data, the tools' sessions and reports
	deep bool   // ALMIRAH_SOAK=1
	only []string

	found  []finding // in the house
	blind  []string  // controls that were not found: the tool is no witness
	notes  []string  // what was left out, and why
	begun  time.Time
	report *os.File
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := attack(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

// parts are the parts of an attack, in their order; ATTACK="sqlmap testssl" chooses some.
var parts = []struct {
	name, tool string
	do         func(*run, context.Context) error
}{
	{"sqlmap", "sqlmap", (*run).statements},
	{"wapiti", "wapiti", (*run).pages},
	{"testssl", "testssl", (*run).connection},
	{"strings", "go", (*run).strings},
}

func attack(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("name the program to attack, such as: attack bin/almirah [sqlmap|wapiti|testssl|strings ...]")
	}
	bin, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	out := filepath.Join("out", "attack")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "almirah-attack-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := &run{bin: bin, dir: dir, deep: os.Getenv("ALMIRAH_SOAK") == "1", only: args[1:], begun: time.Now()}
	if r.report, err = os.Create(filepath.Join(out, "report.txt")); err != nil {
		return err
	}
	defer r.report.Close()
	for _, p := range parts {
		if len(r.only) > 0 && !slices.Contains(r.only, p.name) {
			r.notes = append(r.notes, p.name+" was left out on demand")
			continue
		}
		if _, err := exec.LookPath(p.tool); err != nil {
			if os.Getenv("ALMIRAH_STRICT") == "1" {
				return fmt.Errorf("%s is not here: run make deps-attack", p.tool)
			}
			r.notes = append(r.notes, "SKIPPED "+p.name+": the tool is not here; make deps-attack installs it on Debian")
			continue
		}
		r.say("== %s", p.name)
		if err := p.do(r, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return r.verdict()
}

// verdict prints what was found, and fails when that is anything, or when a control was not.
func (r *run) verdict() error {
	for _, n := range r.notes {
		r.say("note: %s", n)
	}
	for _, f := range r.found {
		r.say("FOUND by %s: %s: %s", f.Tool, f.Where, f.What)
	}
	for _, b := range r.blind {
		r.say("BLIND: %s", b)
	}
	took := time.Since(r.begun).Round(time.Second)
	if n := len(r.found) + len(r.blind); n > 0 {
		return fmt.Errorf("%d findings in the house and %d controls that were not found, in %s; the report is in out/attack", len(r.found), len(r.blind), took)
	}
	r.say("attack: every control was found and the house is clean, in %s", took)
	return nil
}

// say writes a line for whoever watches, and into the report.
func (r *run) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	fmt.Print(line)
	_, _ = r.report.WriteString(line)
}

// tool runs a program until it ends or its time is over, and answers what it printed. How it ended is the caller's to judge from that: these tools end with
// odd codes.
func (r *run) tool(ctx context.Context, limit time.Duration, name string, args ...string) (said string, whole bool) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.WaitDelay = r.dir, 5*time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), "HOME="+r.dir, "COLUMNS=200", "LC_ALL=C.UTF-8")
	b, _ := cmd.CombinedOutput()
	return string(b), ctx.Err() == nil
}

// house starts the demo and answers its address and how it is ended. Over TLS it gets a certificate by an authority of the moment.
func (r *run) house(ctx context.Context, overTLS bool) (at *url.URL, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	at = &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	env := []string{"ALMIRAH_ADDR=" + at.Host, "ALMIRAH_DATA=" + filepath.Join(r.dir, "data"), "ALMIRAH_KEYS=" + filepath.Join(r.dir, "keys", "root.key"), "ALMIRAH_PUBLIC_LIMIT=0", "ALMIRAH_PROXIES=127.0.0.1/32", "ALMIRAH_IDLE=1h",
		"ALMIRAH_SECURITY_CONTACT=mailto:security@example.org"}
	if overTLS {
		at.Scheme, at.Host = "https", fmt.Sprintf("localhost:%d", port)
		cert, key := filepath.Join(r.dir, "cert.pem"), filepath.Join(r.dir, "key.pem")
		if err := certify(cert, key); err != nil {
			return nil, nil, err
		}
		env = append(env, "ALMIRAH_TLS_CERT="+cert, "ALMIRAH_TLS_KEY="+key)
	}
	env = append(env, "ALMIRAH_PUBLIC_URL="+at.String())
	cmd := exec.CommandContext(ctx, r.bin, "serve", "--demo")
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.dir, append(os.Environ(), env...), 20*time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	log, err := os.Create(filepath.Join(r.dir, fmt.Sprintf("house-%d.log", port)))
	if err != nil {
		return nil, nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		_ = log.Close()
	}
	begun := time.Now()
	for end := begun.Add(5 * time.Minute); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if res, err := plainClient.Get(at.String() + "/healthz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == 200 {
				r.say("the house answers at %s after %s", at, time.Since(begun).Round(time.Second))
				return at, stop, nil
			}
		}
	}
	stop()
	return nil, nil, fmt.Errorf("the house did not answer within five minutes; see %s", log.Name())
}

// strings types naughty texts into every field, by the tests that do so in the house's own process and in a browser.
func (r *run) strings(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-timeout", "30m", "-run", "^(TestTheCrawlSeesWhatGotOut|TestNaughtyStrings|TestNaughtyStringsByTheInterface|TestHostileTextRunsNothing)$", "./internal/app")
	cmd.Env = append(os.Environ(), "ALMIRAH_SOAK=0")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	control := false
	lines := bufio.NewScanner(io.TeeReader(pipe, r.report))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l := strings.TrimSpace(lines.Text())
		control = control || strings.HasPrefix(l, "--- PASS: TestTheCrawlSeesWhatGotOut")
		if strings.HasPrefix(l, "--- SKIP") {
			r.notes = append(r.notes, "strings: "+l)
		}
		if strings.HasPrefix(l, "--- FAIL") {
			r.found = append(r.found, finding{"the crawl", l, "see the report"})
		}
	}
	if err := cmd.Wait(); err != nil && len(r.found) == 0 {
		r.found = append(r.found, finding{"the crawl", "go test", err.Error()})
	}
	if !control {
		r.blind = append(r.blind, "the crawl with naughty strings does not see what got out of its place")
	}
	return nil
}
