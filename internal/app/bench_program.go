package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"almirah/internal/store"
)

// benchProgram is the key of programRow.
const benchProgram = "14"

// programRow is operation 14: the program itself, started on the large clinic's data as a
// deployment starts it. Cold start is until /readyz answers; idle memory is what it holds when it has
// served pages, free times and bookings, and the work that they left, letters and live looks, is done.
func (r *benchRun) programRow(ctx context.Context, engine store.Engine) ([]string, error) {
	b := r.large
	if err := errors.Join(b.server.Close(), b.House.Close()); err != nil {
		return nil, err
	}
	b.server, b.House.DB, b.House.Vault = nil, nil, nil
	var starts []time.Duration
	var lines []string
	for i := range r.plan.rounds {
		last := i == r.plan.rounds-1
		took, held, err := r.program(ctx, last)
		if err != nil {
			return nil, err
		}
		starts = append(starts, took)
		if last {
			lines = held
		}
	}
	start := median(starts)
	word := "ok"
	if start > time.Second {
		word = "MISSED"
	}
	r.rows = append(r.rows, benchRow{Op: "14", Engine: string(engine), P50: float64(start.Microseconds()), P99: float64(maxOf(starts).Microseconds())})
	return append([]string{fmt.Sprintf("14  cold start to the first /readyz: %d ms (goal 1000 ms: %s)", start.Milliseconds(), word)}, lines...), nil
}

func maxOf(list []time.Duration) (out time.Duration) {
	for _, d := range list {
		out = max(out, d)
	}
	return out
}

// program starts the binary once; busy makes it work before its memory is read.
func (r *benchRun) program(ctx context.Context, busy bool) (took time.Duration, held []string, err error) {
	b := r.large
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		return 0, nil, err
	}
	cmd := exec.CommandContext(ctx, r.plan.program, "serve")
	cmd.Env = append(os.Environ(), "ALMIRAH_ADDR="+addr, "ALMIRAH_DATA="+b.Config.Data, "ALMIRAH_DATABASE_URL="+b.Config.DatabaseURL, "ALMIRAH_KEYS="+b.Config.Keys,
		"ALMIRAH_KEYSTORE_URL="+b.Config.KeystoreURL, "ALMIRAH_PUBLIC_URL=http://"+addr, "ALMIRAH_PUBLIC_LIMIT=0", "ALMIRAH_LOG=error", "ALMIRAH_IDLE=1h", "ALMIRAH_SMTP_HOST=")
	var said strings.Builder
	cmd.Stderr = &said
	begun := r.meter.clock.Now()
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if werr := cmd.Wait(); err != nil {
			err = fmt.Errorf("%w: %v: %s", err, werr, said.String())
		}
	}()
	ready := &benchTarget{name: "the program", addr: addr, next: func(int64) string { return b.public("/readyz") }, status: http.StatusOK}
	for {
		if _, err = r.meter.round(ctx, ready, 1, time.Microsecond); err == nil {
			break
		}
		if r.meter.clock.Now().Sub(begun) > 30*time.Second {
			return 0, nil, err
		}
		time.Sleep(2 * time.Millisecond)
	}
	took = r.meter.clock.Now().Sub(begun)
	if !busy {
		return took, nil, nil
	}
	fresh, _ := memoryOf(cmd.Process.Pid) // missing where there is no /proc: the line below says so
	for _, op := range r.ops {
		t := &benchTarget{name: "the program", addr: addr, next: op.ours(b), status: op.status}
		if _, err := r.meter.round(ctx, t, max(op.clients, 4), 2*r.plan.each); err != nil {
			return took, nil, err
		}
	}
	loaded, _ := memoryOf(cmd.Process.Pid)
	if err := idleFor(ctx, cmd.Process.Pid, time.Duration(r.plan.rounds)*2*time.Second); err != nil {
		return took, nil, err
	}
	idle, known := memoryOf(cmd.Process.Pid)
	heap, err := r.heapOf(ctx, addr)
	if err != nil {
		return took, nil, err
	}
	if !known {
		return took, []string{"    memory: this system has no /proc to read it from"}, nil
	}
	word := "ok"
	if idle.resident >= 80<<10 {
		word = "MISSED"
	}
	return took, []string{fmt.Sprintf("    memory (resident): %d MiB after the start, %d MiB under load, %d MiB idle afterwards, of which %d MiB are the program file and %d MiB Go's heap (goal below 80 MiB: %s)",
		fresh.resident>>10, loaded.resident>>10, idle.resident>>10, idle.file>>10, heap>>20, word)}, nil
}

// heapOf asks the program for the size of its heap, in bytes; 0 when it does not say.
func (r *benchRun) heapOf(ctx context.Context, addr string) (int64, error) {
	w, err := r.meter.wire(ctx, addr, -1) // one of its own: those that worked were ended meanwhile
	if err != nil {
		return 0, err
	}
	if _, err := io.WriteString(w.conn, r.large.public("/metrics")); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	for _, line := range strings.Split(string(text), "\n") {
		if n, ok := strings.CutPrefix(line, "almirah_heap_bytes "); ok {
			bytes, _ := strconv.ParseFloat(n, 64) // a number, or 0
			return int64(bytes), nil
		}
	}
	return 0, err
}

// idleFor waits until a process has used less than a twentieth of a core for some time, two minutes at most.
func idleFor(ctx context.Context, pid int, some time.Duration) error {
	const tick = 10 * time.Millisecond // what Linux counts a process's time in
	most, end := time.NewTimer(2*time.Minute), time.NewTicker(some)
	defer most.Stop()
	defer end.Stop()
	for before := ticksOf(pid); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-most.C:
			return nil
		case <-end.C:
		}
		now := ticksOf(pid)
		if time.Duration(now-before)*tick < some/20 {
			return nil
		}
		before = now
	}
}

// ticksOf is the processor time that a process has used; 0 where the system does not say.
func ticksOf(pid int) int64 {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if errors.Join(err1, err2) != nil {
		return 0
	}
	return user + system
}

// memory is in KiB.
type memory struct{ resident, file int64 }

// memoryOf reads what a process holds; false where the system does not say.
func memoryOf(pid int) (m memory, known bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return m, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64) // other lines hold words
		switch name {
		case "VmRSS":
			m.resident = n
		case "RssFile":
			m.file = n
		}
	}
	return m, m.resident > 0
}
