package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"almirah/internal/clock"
	"almirah/internal/egress"
)

// benchTarget is one server under measurement and the requests that it gets.
type benchTarget struct {
	name   string
	addr   string
	next   func(n int64) string // the n-th request, whole, as it goes over the wire
	status int
	count  atomic.Int64
}

// sample is one round of one target.
type sample struct {
	took    []time.Duration // sorted
	elapsed time.Duration
	cpu     time.Duration // of this process: server, engine (SQLite) and client together
	bytes   int64         // of the largest of the last answers' bodies
}

func (s sample) at(share float64) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	return s.took[min(len(s.took)-1, int(share*float64(len(s.took))))]
}

func (s sample) rps() float64 {
	if s.elapsed == 0 {
		return 0
	}
	return float64(len(s.took)) / s.elapsed.Seconds()
}

// meter asks over kept-alive loopback connections.
type meter struct {
	clock clock.Clock
	mu    sync.Mutex
	wires map[string]*wire // by address and number of the client
}

func newMeter() *meter { return &meter{clock: clock.System{}, wires: map[string]*wire{}} }

func (m *meter) close() {
	for _, w := range m.wires {
		_ = w.conn.Close()
	}
}

// wire is one connection. It reads answers with as little work as possible, because what the
// client spends is added to both sides and would flatter the ratio.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func (m *meter) wire(ctx context.Context, addr string, client int) (*wire, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := fmt.Sprintf("%s %d", addr, client)
	if w, ok := m.wires[key]; ok {
		return w, nil
	}
	gate := egress.New([]egress.Processor{{ID: "bench", Name: "this program", Purpose: "measures itself", Categories: []string{"invented data"}, Region: "here", Hosts: []string{addr}, Local: true}},
		slog.New(slog.NewTextHandler(io.Discard, nil)))
	conn, err := gate.DialContext("bench")(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	w := &wire{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	m.wires[key] = w
	return w, nil
}

// ask sends one request and reads the whole answer. keep holds the body's beginning for messages.
func (w *wire) ask(request string) (status int, size int64, keep string, err error) {
	if _, err := io.WriteString(w.conn, request); err != nil {
		return 0, 0, "", err
	}
	res, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return 0, 0, "", err
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		keep = string(b)
	}
	size, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, size, keep, err
}

// round asks the target for as long as d with so many clients at once.
func (m *meter) round(ctx context.Context, t *benchTarget, clients int, d time.Duration) (sample, error) {
	var out sample
	var mu sync.Mutex
	var group sync.WaitGroup
	var failed error
	begun, cpu := m.clock.Now(), cpuTime()
	until := begun.Add(d)
	for c := range clients {
		w, err := m.wire(ctx, t.addr, c)
		if err != nil {
			return out, err
		}
		group.Go(func() {
			var took []time.Duration
			var bytes int64
			var err error
			for at := m.clock.Now(); err == nil && at.Before(until) && ctx.Err() == nil; {
				request := t.next(t.count.Add(1) - 1)
				from := m.clock.Now()
				var status int
				var said string
				status, bytes, said, err = w.ask(request)
				at = m.clock.Now()
				took = append(took, at.Sub(from))
				if err == nil && status != t.status {
					line, _, _ := strings.Cut(request, "\r\n")
					err = fmt.Errorf("%s answered %d to %s: %s", t.name, status, line, said)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out.took = append(out.took, took...)
			out.bytes = max(out.bytes, bytes) // a client whose turn came too late asked for nothing
			if err != nil && failed == nil {
				failed = fmt.Errorf("bench: %w", err)
			}
		})
	}
	group.Wait()
	out.elapsed, out.cpu = m.clock.Now().Sub(begun), cpuTime()-cpu
	slices.Sort(out.took)
	if failed == nil {
		failed = ctx.Err()
	}
	return out, failed
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// fsyncTime is the median of appending 4 KiB and having the disk acknowledge it.
func fsyncTime(dir string, clk clock.Clock, times int) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	var took []time.Duration
	for range times {
		from := clk.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, clk.Now().Sub(from))
	}
	return median(took), nil
}

func median[T interface{ ~int64 | ~float64 }](list []T) T {
	if len(list) == 0 {
		return 0
	}
	s := slices.Clone(list)
	slices.Sort(s)
	return s[len(s)/2]
}
