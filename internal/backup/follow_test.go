package backup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// host is another process of the deployment on a machine of its own: the same places, another scratch folder.
func (p *saved) host(t *testing.T, scratch string) *Room {
	t.Helper()
	o := p.room.o
	o.Scratch = filepath.Join(p.base, scratch)
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const logSize = 1 << 20 // bytes of a file of the log in these tests

// writes has a host receive a file of the log as far as so many bytes.
func writes(t *testing.T, r *Room, name string, bytesOf int) {
	t.Helper()
	if err := os.MkdirAll(r.logDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	text := append(bytes.Repeat([]byte{7}, bytesOf), make([]byte, logSize-bytesOf)...)
	if err := os.WriteFile(filepath.Join(r.logDir(), name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAHostThatComesBackOverwritesNoLog: a host dies with a part of a file of the log, another one receives that file to its end and the next one. When the first is started again, what it has does
// not take the place of what is whole; nor does a shorter part take that of a longer one. A longer part and a full file do.
func TestAHostThatComesBackOverwritesNoLog(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	const first, second, third = "0000000100000000000000F0", "0000000100000000000000F1", "0000000100000000000000F2"
	lay := func(r *Room) {
		t.Helper()
		b.Clock.Move(time.Second)
		if _, err := r.copyLog(ctx); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(name string, bytesOf int) {
		t.Helper()
		for _, at := range []*Folder{p.first, p.second} {
			list, err := at.List(ctx, logFolder+name)
			if err != nil || len(list) != 1 {
				t.Errorf("%s lies %d times at %s: %v %v", name, len(list), at.Name(), list, err)
			}
			into := t.TempDir()
			if _, err := fetchLog(ctx, at, name, p.key, into); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(into, name))
			if got := len(bytes.TrimRight(text, "\x00")); err != nil || got != bytesOf || len(text) != logSize {
				t.Errorf("%s comes back from %s with %d of %d bytes, %v", name, at.Name(), got, bytesOf, err)
			}
		}
	}
	one, other := p.host(t, "one"), p.host(t, "other")
	writes(t, one, first+partialTail, 1000)
	lay(one)
	holds(first, 1000)
	writes(t, other, first, logSize)
	writes(t, other, second, logSize)
	writes(t, other, third+partialTail, 5000)
	lay(other)
	holds(first, logSize)

	one = p.host(t, "one") // started again
	writes(t, one, third+partialTail, 4000)
	lay(one)
	holds(first, logSize)
	holds(second, logSize)
	holds(third, 5000)
	writes(t, one, third+partialTail, 400_000)
	lay(one)
	holds(third, 400_000)
	if err := os.Rename(filepath.Join(one.logDir(), third+partialTail), filepath.Join(one.logDir(), third)); err != nil {
		t.Fatal(err)
	}
	writes(t, one, third, logSize)
	lay(one)
	holds(third, logSize)
	other = p.host(t, "other")
	lay(other)
	holds(third, logSize)
}

// follows has a host receive the log until the test ends, or it is told to stop.
func follows(t *testing.T, r *Room) (stop func()) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.Follow(ctx); close(ended) }()
	stop = func() { end(); <-ended }
	t.Cleanup(stop)
	return stop
}

// until waits for something that the server does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 400 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: not in twenty seconds", what)
}

func (p *saved) unfollowed(t *testing.T) {
	t.Cleanup(func() {
		if err := p.room.Unfollow(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestALogThatNobodyReceives: when for minutes no process receives the server's log, everybody who has to know is told; also when nobody says anything about it any more. All is well while one process
// receives and nothing is new, and another process that does not receive says nothing.
func TestALogThatNobodyReceives(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	p.unfollowed(t)
	wrong := func(want bool, when string) {
		t.Helper()
		s, err := p.room.State(ctx)
		if err != nil || slices.Contains(s.Wrong, WrongLog) != want || want && !s.Late() {
			t.Errorf("%s: %v %v", when, s.Wrong, err)
		}
	}
	p.run(t)
	p.room.o.Programs = "/nowhere"
	stop := follows(t, p.room)
	if err := p.room.CopyLog(ctx); err != nil {
		t.Errorf("at the beginning: %v", err)
	}
	wrong(false, "at the beginning")
	b.Clock.Move(unreceived)
	if err := p.room.CopyLog(ctx); err == nil || !strings.Contains(err.Error(), "nobody has received") {
		t.Errorf("nobody receives: %v", err)
	}
	wrong(true, "nobody receives")
	stop()

	p.room.o.Programs = ""
	follows(t, p.room)
	until(t, "somebody receives", func() bool {
		receives, err := p.room.received(ctx)
		return receives && err == nil
	})
	if err := p.room.CopyLog(ctx); err != nil {
		t.Fatal(err)
	}
	wrong(false, "somebody receives")
	other := p.host(t, "other")
	b.Clock.Move(lateLog + time.Minute)
	if err := other.CopyLog(ctx); err != nil {
		t.Errorf("a process that does not receive: %v", err)
	}
	wrong(true, "nobody has said anything for a while")
	until(t, "nothing is new", func() bool {
		n, err := p.room.copyLog(ctx)
		return n == 0 && err == nil
	})
	wrong(true, "still nobody has said anything")
	if err := p.room.CopyLog(ctx); err != nil {
		t.Fatal(err)
	}
	wrong(false, "nothing is new, and somebody receives")
}

// TestTheLogIsTakenOver: a host that was the receiver long ago, and has a part of a file that the server has thrown away since, takes over where the slot is; what it had is laid all the same.
func TestTheLogIsTakenOver(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	p.unfollowed(t)
	p.room.o.Clock = clock.System{}
	stop := follows(t, p.room)
	m := p.run(t)
	now, err := store.Server(ctx, p.room.o.ServerURL)
	if err != nil {
		t.Fatal(err)
	}
	p.received(t, now.LSN)
	stop()
	var at string
	for i := range 3 {
		p.add(t, 30+i)
		if err := ask(p.room.o.ServerURL, `SELECT CAST(pg_switch_wal() AS TEXT)`, &at); err != nil {
			t.Fatal(err)
		}
	}
	_ = ask(p.room.o.ServerURL, `CHECKPOINT`, &at) // it answers no row; what no slot needs the server then throws away

	p.room = p.host(t, "other")
	const stale = "000000010000000000000001"
	writes(t, p.room, stale+partialTail, 1000)
	follows(t, p.room)
	if now, err = store.Server(ctx, p.room.o.ServerURL); err != nil {
		t.Fatal(err)
	}
	p.received(t, now.LSN)
	items, err := p.first.List(ctx, logFolder)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, i := range items {
		if l := readLaid(i.Name); l.file >= m.LogFrom {
			files = append(files, l.file)
		}
	}
	next := m.LogFrom
	for _, f := range files {
		n, err := strconv.ParseUint(f[16:], 16, 32)
		if err != nil || f != next {
			t.Fatalf("%s is missing of %v (%v)", next, files, err)
		}
		next = fmt.Sprintf("%s%08X", f[:16], n+1)
	}
	if len(files) < 4 || !strings.Contains(items[0].Name, stale) {
		t.Errorf("at the places lie %v", items)
	}
	if left, err := filepath.Glob(filepath.Join(p.room.logDir(), "*", "*")); err != nil || len(left) != 0 {
		t.Errorf("what was set aside is still there: %v %v", left, err)
	}
}
