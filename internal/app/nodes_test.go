package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"almirah/internal/promise"
	"almirah/internal/rig/pg"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Several processes of the program serve one database behind a proxy that asks each in turn: no request is bound to the process that answered the last.

const nodeChild = "ALMIRAH_TEST_NODE" // set in a child that serves

// serving is the child: what the program's main does.
func serving() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := Command(ctx, []string{"serve"}, os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

type node struct {
	addr  string
	env   []string
	cmd   *exec.Cmd
	ended chan error // holds how the process ended, once it has
	said  bytes.Buffer
	ready atomic.Bool
}

func (n *node) start(t *testing.T) {
	t.Helper()
	n.cmd = exec.Command(os.Args[0], "-test.run=^$")
	n.cmd.Env = append(append(os.Environ(), n.env...), nodeChild+"=1", "ALMIRAH_ADDR="+n.addr, "ALMIRAH_LOG=warn")
	n.said.Reset()
	n.cmd.Stdout, n.cmd.Stderr = io.Discard, &n.said
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan<- error) { ended <- cmd.Wait() }(n.cmd, n.ended)
	for end := time.Now().Add(3 * time.Minute); !n.ready.Load(); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-n.ended:
			n.ended <- err
			t.Fatalf("a process ended when it should have begun: %v: %s", err, n.said.String())
		default:
		}
		if time.Now().After(end) {
			n.kill()
			t.Fatalf("a process is not ready after three minutes: %s", n.said.String())
		}
	}
}

// kill leaves nothing of the process, whatever became of it.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	n.ended <- <-n.ended
}

// end tells the process to end, as a supervisor does.
func (n *node) end(t *testing.T) {
	t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := <-n.ended
	n.ended <- err
	if err != nil {
		t.Errorf("a process that was told to end: %v %s", err, n.said.String())
	}
}

// balancer asks each process in turn that says that it is ready, as docs/postgresql.md has it set up: two looks that fail in a row take a process out,
// one that succeeds takes it in, and a request whose connection was refused goes to the next.
type balancer struct {
	*httptest.Server
	nodes []*node
	turn  atomic.Int64
	all   sync.WaitGroup
	stop  chan struct{}
	mu    sync.Mutex
	told  []string // when each process was taken in or out, and what it had said
}

// again marks, in a request's context, that its process could not be reached.
type again struct{}

func balance(t *testing.T, nodes []*node) *balancer {
	t.Helper()
	b := &balancer{nodes: nodes, stop: make(chan struct{})}
	proxies := map[*node]*httputil.ReverseProxy{}
	for _, n := range nodes {
		to := &url.URL{Scheme: "http", Host: n.addr}
		proxies[n] = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
			ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
				if refused := (*net.OpError)(nil); errors.As(err, &refused) && refused.Op == "dial" {
					r.Context().Value(again{}).(*atomic.Bool).Store(true) // nothing was sent
					return
				}
				http.Error(w, fmt.Sprintf("the balancer: %v", err), http.StatusBadGateway)
			}}
		b.all.Go(func() {
			client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			for failed := 0; ; {
				began := time.Now()
				res, err := client.Get("http://" + n.addr + "/readyz")
				said := fmt.Sprint(err)
				if err == nil {
					x, _ := io.ReadAll(res.Body)
					said = fmt.Sprintf("%d %s", res.StatusCode, strings.ReplaceAll(string(x), "\n", "; "))
					res.Body.Close()
				}
				if err == nil && res.StatusCode == http.StatusOK {
					failed = 0
				} else {
					failed++
				}
				ready := failed == 0 || failed == 1 && n.ready.Load()
				if n.ready.Swap(ready) != ready {
					b.mu.Lock()
					b.told = append(b.told, fmt.Sprintf("%s %s ready %t after %v: %s", began.Format("05.000"), n.addr, ready, time.Since(began), said))
					b.mu.Unlock()
				}
				select {
				case <-b.stop:
					return
				case <-time.After(200 * time.Millisecond): // a real balancer asks more rarely
				}
			}
		})
	}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := int(b.turn.Add(1))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for i := range nodes {
			n := nodes[(first+i)%len(nodes)]
			if !n.ready.Load() {
				continue
			}
			var refused atomic.Bool
			one := r.WithContext(context.WithValue(r.Context(), again{}, &refused))
			one.Body = io.NopCloser(bytes.NewReader(body))
			w.Header().Set("X-Node", n.addr)
			if proxies[n].ServeHTTP(w, one); !refused.Load() {
				return
			}
		}
		http.Error(w, "nobody is ready", http.StatusBadGateway)
	}))
	t.Cleanup(func() {
		b.Server.Close()
		close(b.stop)
		b.all.Wait()
	})
	return b
}

// crowd sends requests at a steady rate, whether or not the last was answered.
type crowd struct {
	t      *testing.T
	at     string
	client http.Client
	rig    *killRig
	slots  []scheduling.Slot
	share  int // one in so many books
	next   atomic.Int64
	mu     sync.Mutex
	count  map[string]int // answers by what was asked
	failed []string
	nodes  map[string]int // how many each process answered
}

func (c *crowd) ask(what string, r *http.Request, want int) []byte {
	res, err := c.client.Do(r)
	var body []byte
	status := 0
	if err == nil {
		body, err = io.ReadAll(res.Body)
		res.Body.Close()
		status = res.StatusCode
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[what]++
	if err == nil {
		c.nodes[res.Header.Get("X-Node")]++
	}
	if err != nil || status != want {
		c.failed = append(c.failed, fmt.Sprintf("%s: %d %v %.120s", what, status, err, body))
		return nil
	}
	return body
}

func (c *crowd) get(what, path string) []byte {
	r, err := http.NewRequest(http.MethodGet, c.at+path, nil)
	if err != nil {
		c.t.Error(err)
		return nil
	}
	return c.ask(what, r, http.StatusOK)
}

func (c *crowd) one(n int) {
	const clinic = "/api/v1/clinics/" + demoSlug
	kind := n % 5
	if kind == 0 && n%c.share != 0 {
		kind = 1
	}
	switch kind {
	case 0: // somebody books, and looks at her own page at once, which another process shows
		s := c.slots[int(c.next.Add(1))%len(c.slots)]
		body, _ := json.Marshal(map[string]any{"service": c.rig.service.ID, "provider": s.Provider, "starts_at": s.StartsAt.Time().Format(time.RFC3339),
			"patient": map[string]any{"name": fmt.Sprintf("Crowd %d", n), "email": fmt.Sprintf("crowd%d@example.org", n), "birth_date": "1980-01-02"}, "consents": []string{"reminder"}})
		r, err := http.NewRequest(http.MethodPost, c.at+clinic+"/bookings", bytes.NewReader(body))
		if err != nil {
			c.t.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", fmt.Sprintf("crowd-%d", n))
		var made struct {
			ManageURL string `json:"manage_url"`
		}
		if json.Unmarshal(c.ask("book", r, http.StatusCreated), &made) == nil {
			if u, err := url.Parse(made.ManageURL); err == nil {
				c.get("own page", u.Path)
			}
		}
	case 1:
		day := c.slots[n%len(c.slots)].StartsAt.Time().Format(time.DateOnly)
		c.get("free times", fmt.Sprintf("%s/slots?service=%s&provider=any&from=%s&to=%s", clinic, c.rig.service.ID, day, day))
	case 2:
		c.get("clinic", clinic)
	case 3:
		c.get("page", "/c/"+demoSlug)
	case 4:
		c.get("sign-in", "/sign-in")
	}
}

// apart leaves of the slots those that do not overlap, each with its provider.
func apart(list []scheduling.Slot) (out []scheduling.Slot) {
	until := map[string]scheduling.Slot{}
	for _, s := range list {
		p := s.Provider.String()
		if last, ok := until[p]; !ok || s.StartsAt >= last.EndsAt {
			out, until[p] = append(out, s), s
		}
	}
	return out
}

// TestARollingRestartFailsNobody: two processes behind a proxy are restarted one after the other, as an upgrade does, while people book and look. Nobody is refused, what
// was booked at one process is shown by the other, and both reach the database through a pooler in transaction mode under the small role.
func TestARollingRestartFailsNobody(t *testing.T) {
	// not parallel: two processes, a pooler and a crowd on a machine that a hundred other tests share are late for reasons of the machine
	promise.Proves(t, "upgrade-unseen")
	k := newKillRig(t, store.Postgres)
	rate, rounds, drain, share := 40, 1, "3s", 5
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		// As docs/postgresql.md says. Ten thousand clinics with thirty bookings in the eight hours of a day are ten bookings a second: one request in twenty.
		rate, rounds, drain, share = 200, 3, "10s", 20
	}
	pooled := pg.Pooled(t, k.house.Config.DatabaseURL)
	var nodes []*node
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, &node{addr: l.Addr().String(), env: slices.Concat(k.env, []string{"ALMIRAH_PUBLIC_LIMIT=0", "ALMIRAH_DRAIN=" + drain, "ALMIRAH_DATABASE_URL=" + pooled})})
		l.Close()
	}
	b := balance(t, nodes)
	for _, n := range nodes {
		n.start(t)
		t.Cleanup(n.kill)
	}
	c := &crowd{t: t, at: b.URL, rig: k, slots: apart(k.slots), share: share, count: map[string]int{}, nodes: map[string]int{},
		client: http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	stop, asked := make(chan struct{}), sync.WaitGroup{}
	asked.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				asked.Go(func() { c.one(n) })
			}
		}
	})
	begun := time.Now()
	time.Sleep(500 * time.Millisecond)
	for range rounds {
		for _, n := range nodes {
			n.end(t)
			n.start(t)
		}
	}
	time.Sleep(500 * time.Millisecond)
	close(stop)
	asked.Wait()
	took := time.Since(begun)
	all := 0
	for _, n := range c.count {
		all += n
	}
	if len(c.failed) > 0 {
		kinds := map[string]int{}
		for _, f := range c.failed {
			kinds[f]++
		}
		for _, n := range nodes {
			t.Logf("%s said: %.2000s", n.addr, n.said.String())
		}
		b.mu.Lock()
		t.Errorf("%d of %d requests failed: %v\nThe processes were taken in and out:\n%s", len(c.failed), all, kinds, strings.Join(b.told, "\n"))
		b.mu.Unlock()
	}
	if len(c.nodes) < 2 || c.count["own page"] == 0 || c.count["own page"] < c.count["book"]/2 {
		t.Errorf("the test proves nothing: %v, answered by %v", c.count, c.nodes)
	}
	t.Logf("soak: %d requests in %.1f s (%.0f a second) over %d restarts, %d failed", all, took.Seconds(), float64(all)/took.Seconds(), 2*rounds, len(c.failed))
}
