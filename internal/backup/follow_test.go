package backup

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

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
