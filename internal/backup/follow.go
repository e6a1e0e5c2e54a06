package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/store"

	"filippo.io/age"
)

// PostgreSQL's own log, which turns the backup of a night into any moment since.

// slot is what the server keeps its log for. One receiver at a time has it: of several processes the first, and when that ends, the next.
func (r *Room) slot() string { return "almirah_log_" + r.database() }

// baseSlot is what the server keeps its log for while it is copied.
func (r *Room) baseSlot() string { return "almirah_base_" + r.database() }

// database is the name of our database, as a slot's name may hold it.
func (r *Room) database() string {
	u, err := url.Parse(r.o.ServerURL)
	if err != nil {
		return ""
	}
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, strings.ToLower(strings.Trim(u.Path, "/")))
}

const (
	tryAgain     = 10 * time.Second
	unreceived   = 5 * time.Minute // for as long nobody may receive the log before it is a failure: processes are started again, and take over from each other
	partialTail  = ".partial"
	passedFolder = "passed" // inside of logDir: what another process took over
)

var logName = regexp.MustCompile(`^([0-9A-F]{24}|[0-9A-F]{8}\.history)(\.partial)?$`)

// FollowsLog says whether the server's log is received: on PostgreSQL, when backups are made.
func (r *Room) FollowsLog() bool {
	return r.On() && r.o.ServerURL != "" && r.o.DB.Engine() == store.Postgres
}

func (r *Room) logDir() string { return filepath.Join(r.o.Scratch, "log") }

// Follow receives the server's log until ctx ends. What it receives CopyLog encrypts and lays at the places.
func (r *Room) Follow(ctx context.Context) {
	if !r.FollowsLog() {
		return
	}
	for ctx.Err() == nil {
		err := r.receive(ctx)
		r.last.Lock()
		r.last.receives, r.last.why = false, err
		r.last.Unlock()
		if err != nil && ctx.Err() == nil {
			r.o.Log.Warn("backup: the server's log is not received by this process just now", "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
}

// received says whether this process receives the server's log. That another one does is as well; that nobody does is an error when it lasts.
func (r *Room) received(ctx context.Context) (bool, error) {
	at, err := store.SlotOf(ctx, r.o.ServerURL, r.slot())
	now := r.now()
	r.last.Lock()
	defer r.last.Unlock()
	if err == nil && at.Active {
		r.last.nobody = time.Time{}
		return r.last.receives, nil
	}
	if r.last.nobody.IsZero() {
		r.last.nobody = now
	}
	if now.Sub(r.last.nobody) < unreceived {
		return false, nil
	}
	return false, errors.Join(fmt.Errorf("backup: nobody has received the server's log since %s", r.last.nobody.Format(time.DateTime)), err, r.last.why)
}

// setAside takes what the slot has passed out of the receiver's way: its program goes on behind the newest file that lies in its folder, and on a host that was not the receiver for a while the
// server has long thrown away what follows that one. Without such files the program asks the slot (a server of version 15 or newer does). They are not deleted, because they may not lie at
// the places yet: CopyLog does both.
func (r *Room) setAside(ctx context.Context) error {
	entries, err := os.ReadDir(r.logDir())
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	at, err := store.SlotOf(ctx, r.o.ServerURL, r.slot())
	if err != nil {
		return err
	}
	if at.File == "" || !at.Tells {
		return nil
	}
	const timeline = 8 // digits in front of the position
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), partialTail)
		if !logName.MatchString(e.Name()) || strings.HasSuffix(name, ".history") || name[timeline:] >= at.File[timeline:] {
			continue
		}
		to := filepath.Join(r.logDir(), passedFolder)
		if err := errors.Join(os.MkdirAll(to, 0o700), os.Rename(filepath.Join(r.logDir(), e.Name()), filepath.Join(to, e.Name()))); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}

func (r *Room) receive(ctx context.Context) error {
	if err := os.MkdirAll(r.logDir(), 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := r.receiver(ctx, "--create-slot", "--if-not-exists"); err != nil {
		return err
	}
	if err := r.setAside(ctx); err != nil {
		return err
	}
	r.last.Lock()
	r.last.receives = true
	r.last.Unlock()
	return r.receiver(ctx, "-D", r.logDir(), "--no-loop", "--synchronous")
}

// receiver runs the server's own program for our slot until it ends.
func (r *Room) receiver(ctx context.Context, args ...string) error {
	cmd, err := command(ctx, r.o.Programs, "pg_receivewal", r.o.ServerURL, append([]string{"--slot=" + r.slot()}, args...)...)
	if err != nil {
		return err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it then closes its file as it should be
	cmd.WaitDelay = 10 * time.Second
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("backup: pg_receivewal: %w: %s", err, lastLines(said.String()))
	}
	return nil
}

// CopyLog encrypts what was received of the server's log and lays it at every place: full files, and the one that is being written as far
// as it goes. It says that all is well also when nothing is new and this process receives; it fails when nobody does for a while.
func (r *Room) CopyLog(ctx context.Context) error {
	if !r.FollowsLog() {
		return nil
	}
	n, err := r.copyLog(ctx)
	if err == nil {
		var receives bool
		if receives, err = r.received(ctx); err == nil && !receives && n == 0 {
			return nil // another process does, and says so itself
		}
	}
	return r.mark(ctx, "log", err, struct {
		Files int `json:"files"`
	}{n})
}

func (r *Room) copyLog(ctx context.Context) (n int, err error) {
	for _, dir := range []string{filepath.Join(r.logDir(), passedFolder), r.logDir()} {
		laid, err := r.copyLogOf(ctx, dir, dir != r.logDir())
		n += laid
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// copyLogOf lays what is new in a folder, and removes what the folder need not hold any more: everything that lies at the places where passed, otherwise the full files
// but the newest.
func (r *Room) copyLogOf(ctx context.Context, dir string, passed bool) (n int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	newest := ""
	for _, e := range entries {
		if logName.MatchString(e.Name()) && !strings.HasSuffix(e.Name(), partialTail) && !strings.HasSuffix(e.Name(), ".history") {
			newest = e.Name()
		}
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !logName.MatchString(e.Name()) {
			continue
		}
		r.last.Lock()
		seen := r.last.log[e.Name()]
		r.last.Unlock()
		if !seen.Equal(info.ModTime()) {
			f, err := os.Open(filepath.Join(dir, e.Name()))
			if errors.Is(err, os.ErrNotExist) {
				continue // a part became full meanwhile, and has another name now
			}
			if err != nil {
				return n, fmt.Errorf("backup: %w", err)
			}
			if err := errors.Join(r.putLog(ctx, f), f.Close()); err != nil {
				return n, err
			}
			n++
			r.last.Lock()
			r.last.log[e.Name()] = info.ModTime()
			r.last.Unlock()
		}
		// The newest full file stays: it tells the receiver where it was, should the slot be lost.
		if whole := strings.TrimSuffix(e.Name(), partialTail); passed || whole == e.Name() && e.Name() < newest {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
				return n, fmt.Errorf("backup: %w", err)
			}
		}
	}
	return n, nil
}

// laidLog is a file of the log that lies at a place. Its name tells what it is, from when, and of a part how long it is.
type laidLog struct {
	name   string // at the place
	file   string // the server's name for it
	part   bool
	length int64 // bytes of a part that the server has written; zero where the name does not tell
}

func readLaid(name string) laidLog {
	file, rest, _ := strings.Cut(strings.TrimPrefix(name, logFolder), "@")
	l := laidLog{name: name, file: strings.TrimSuffix(file, partialTail)}
	l.part = l.file != file
	if words := strings.Split(strings.TrimSuffix(rest, sealedTail), "-"); len(words) == 3 {
		l.length, _ = strconv.ParseInt(words[2], 10, 64)
	}
	return l
}

// better says whether a restore takes this one rather than the other one of the same file: a full one before a part, the longer part, and then the newer.
func (l laidLog) better(than laidLog) bool {
	switch {
	case l.part != than.part:
		return than.part
	case l.part && l.length != than.length:
		return l.length > than.length
	}
	return l.name > than.name
}

// writtenOf is how many bytes of a part the server has written: what follows is zeros.
func writtenOf(f *os.File) (int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	chunk := make([]byte, 256<<10)
	for err == nil && end > 0 {
		from := max(0, end-int64(len(chunk)))
		n, failed := f.ReadAt(chunk[:end-from], from)
		if failed != nil && !errors.Is(failed, io.EOF) {
			return 0, failed
		}
		if used := len(bytes.TrimRight(chunk[:n], "\x00")); used > 0 {
			return from + int64(used), nil
		}
		end = from
	}
	return 0, err
}

// putLog lays one file of the log at every place and takes away the copies of the same file that are worse. A part is not laid where the full file lies, or a longer part: a host that
// comes back has parts of what another host received to the end meanwhile.
func (r *Room) putLog(ctx context.Context, f *os.File) error {
	name, length := filepath.Base(f.Name()), ""
	if strings.HasSuffix(name, partialTail) {
		n, err := writtenOf(f)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		length = "-" + strconv.FormatInt(n, 10)
	}
	laid := readLaid(logFolder + name + "@" + r.newName() + length + sealedTail)
	dir, err := r.scratch("log-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sealed := filepath.Join(dir, "log.age")
	for _, p := range r.places() {
		there, err := p.List(ctx, logFolder+laid.file)
		if err != nil {
			return err
		}
		if laid.part && slices.ContainsFunc(there, func(i Item) bool { o := readLaid(i.Name); return !o.part || o.length >= laid.length && o.length > 0 }) {
			continue
		}
		if _, err := os.Stat(sealed); err != nil {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return fmt.Errorf("backup: %w", err)
			}
			if _, err := seal(ctx, r.to, f, sealed); err != nil {
				return err
			}
		}
		if err := p.Put(ctx, laid.name, sealed); err != nil {
			return err
		}
		if there, err = p.List(ctx, logFolder+laid.file); err != nil {
			return err
		}
		for _, i := range there {
			if o := readLaid(i.Name); o.file == laid.file && laid.better(o) {
				if err := p.Delete(ctx, i.Name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tidyLog deletes what is older than the oldest backup needs, and whatever is older than a backup may be.
func tidyLog(ctx context.Context, b *broom, first string, now time.Time) error {
	items, err := b.at.Kept(ctx, logFolder)
	if err != nil {
		return err
	}
	for _, i := range items {
		name, _, _ := strings.Cut(strings.TrimPrefix(i.Name, logFolder), "@")
		at, ok := momentOf(i.Name)
		unneeded := first != "" && !strings.Contains(name, ".history") && strings.TrimSuffix(name, partialTail) < first
		if ok && (unneeded || now.Sub(at) >= Keep) {
			b.delete(ctx, i.Name)
		}
	}
	return nil
}

// fetchLog brings the log from a file on into a folder, as the server wants to find it. It answers how many files there are.
func fetchLog(ctx context.Context, at Place, from string, key age.Identity, into string) (int, error) {
	items, err := at.List(ctx, logFolder)
	if err != nil {
		return 0, err
	}
	best := map[string]laidLog{} // by the server's name for it
	for _, i := range items {
		l := readLaid(i.Name)
		if !logName.MatchString(l.file) || l.file < from && !strings.HasSuffix(l.file, ".history") {
			continue
		}
		if have, ok := best[l.file]; !ok || l.better(have) {
			best[l.file] = l
		}
	}
	names := make([]string, 0, len(best))
	for whole := range best {
		names = append(names, whole)
	}
	slices.Sort(names)
	for _, whole := range names {
		if err := unsealTo(ctx, at, File{Name: best[whole].name}, key, filepath.Join(into, whole)); err != nil {
			return 0, err
		}
	}
	return len(names), nil
}

// Unfollow gives the server's slot up, for when backups end: the server would otherwise keep its log for ever.
func (r *Room) Unfollow(ctx context.Context) error { return store.Unslot(ctx, r.o.ServerURL, r.slot()) }

// recovery are the lines that have a server recover from a folder of its log, to a moment or to its end.
func recovery(folder string, to time.Time) []string {
	out := []string{"restore_command = " + quoted(`cp "`+filepath.Join(folder, "%f")+`" "%p"`), "recovery_target_action = 'promote'", "recovery_target_timeline = 'latest'"}
	if !to.IsZero() {
		out = append(out, "recovery_target_time = "+quoted(clock.At(to).Time().Format("2006-01-02 15:04:05.999999+00")))
	}
	return out
}
