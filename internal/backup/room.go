package backup

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"

	"filippo.io/age"
)

// Options are what the room is told.
type Options struct {
	DB          *store.DB
	Vault       *vault.Vault
	Clock       clock.Clock
	Log         *slog.Logger
	Who         access.Caller // the house's own, outside every clinic
	DatabaseURL string
	ServerURL   string         // of PostgreSQL, by a role that may copy the server and look over every fence; empty on SQLite
	KeystoreURL string         // to see that the key store is not in what is copied
	RootKey     string         // file of the root key, to see that a copy of the key store opens
	Keepers     []vault.Keeper // services that may have wrapped it
	Recipients  []string       // public keys; none: no backups are made
	First       Place          // nil: none
	Second      Place          // nil: a backup is then never complete
	Scratch     string         // folder for what is under way
	Version     string
	Hour        int    // of the day, UTC, at which the backup of the night is due
	Programs    string // folder of PostgreSQL's programs; looked for when empty

	// Sample opens some sealed records of a database that came back, and says how many it opened.
	Sample func(ctx context.Context, db *store.DB) (int, error)

	// Trial makes it a room for one backup that is made to be looked at and thrown away: nothing of it is marked as one of the deployment's backups, and Trial
	// is shown where it came back. nil for every other room.
	Trial func(ctx context.Context, back Back) error
}

// Back is a backup that came back in a folder of its own.
type Back struct {
	Folder string       // with the files that came back
	URL    string       // of the database, by the role that counts
	Keys   *vault.Vault // the copy of the key store that was made with it
}

// Room makes, keeps and looks over backups.
type Room struct {
	o    Options
	to   []age.Recipient
	mu   sync.Mutex // one backup at a time in this process
	last struct {
		sync.Mutex
		keys     string // what the key store looked like when it was copied last
		journal  int    // entries of the journal that was copied last; -1 for none
		log      map[string]time.Time
		receives bool      // this process runs the receiver of the server's log
		why      error     // that the receiver ended
		nobody   time.Time // since when no process receives the log; zero when one does
		named    time.Time
	}
}

// Say tells a person how far something is.
type Say func(format string, args ...any)

func quiet(string, ...any) {}

// New makes the room. It fails when a public key cannot be read.
func New(o Options) (*Room, error) {
	r := &Room{o: o}
	r.last.journal, r.last.log = -1, map[string]time.Time{}
	for _, one := range o.Recipients {
		k, err := age.ParseX25519Recipient(one)
		if err != nil {
			return nil, fmt.Errorf("backup: a public key cannot be read: %w", err)
		}
		r.to = append(r.to, k)
	}
	return r, nil
}

// On says whether backups are made at all.
func (r *Room) On() bool { return len(r.to) > 0 && r.o.First != nil }

// ErrOff means that nobody said to which key and place backups go.
var ErrOff = errors.New("backup: no backups are made: run `almirah backup key`, then set ALMIRAH_BACKUP_RECIPIENT and ALMIRAH_BACKUP_DIR (docs/backups.md)")

// ErrBusy means that another backup is under way.
var ErrBusy = errors.New("backup: another backup is under way")

// places are where backups lie, the first one first.
func (r *Room) places() []Place {
	var out []Place
	for _, p := range []Place{r.o.First, r.o.Second} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

// far is the place from which backups are looked over: the second, where there is one.
func (r *Room) far() Place {
	if r.o.Second != nil {
		return r.o.Second
	}
	return r.o.First
}

func (r *Room) now() time.Time { return r.o.Clock.Now().UTC() }

// newName names what is made now. What one process names later stands later in a list.
func (r *Room) newName() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails on the systems we run on
	r.last.Lock()
	defer r.last.Unlock()
	at := r.now()
	if !at.After(r.last.named) {
		at = r.last.named.Add(time.Microsecond)
	}
	r.last.named = at
	return at.Format(nameTime) + "-" + hex.EncodeToString(b[:])
}

// alone makes sure that of all processes one makes a backup.
func (r *Room) alone(ctx context.Context) (done func(), err error) {
	if !r.mu.TryLock() {
		return nil, ErrBusy
	}
	if r.o.ServerURL != "" {
		got, end, err := store.Alone(ctx, r.o.ServerURL)
		if err == nil && !got {
			err = ErrBusy
		}
		if err != nil {
			r.mu.Unlock()
			return nil, err
		}
		return func() { end(); r.mu.Unlock() }, nil
	}
	if err := os.MkdirAll(r.o.Scratch, 0o700); err != nil {
		r.mu.Unlock()
		return nil, fmt.Errorf("backup: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(r.o.Scratch, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			_ = f.Close()
			err = ErrBusy
		}
	}
	if err != nil {
		r.mu.Unlock()
		return nil, err
	}
	return func() { _ = f.Close(); r.mu.Unlock() }, nil
}

// Clean takes away what a run that was killed left in the scratch folder: a copy may lie there that was not encrypted yet. It does nothing while
// another process is at work there.
func (r *Room) Clean(ctx context.Context) error {
	done, err := r.alone(ctx)
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer done()
	return r.sweep()
}

// sweep is Clean for who is alone.
func (r *Room) sweep() error {
	for _, name := range []string{"backup-*", "drill-*"} {
		left, err := filepath.Glob(filepath.Join(r.o.Scratch, name))
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		for _, dir := range left {
			if err := os.RemoveAll(dir); err != nil {
				return fmt.Errorf("backup: %w", err)
			}
		}
	}
	return nil
}

// mark keeps how something went, for the page and for whoever asks whether all is well.
func (r *Room) mark(ctx context.Context, kind string, failed error, report any) error {
	if r.o.Trial != nil {
		return failed
	}
	if failed != nil {
		report = struct {
			Error string `json:"error"`
		}{failed.Error()}
	}
	text, err := json.Marshal(report)
	if err == nil {
		err = r.o.DB.PutMark(context.WithoutCancel(ctx), r.o.Who, kind, failed == nil, string(text))
	}
	if failed != nil {
		r.o.Log.Error("backup: it failed", "part", kind, "error", failed.Error())
	}
	return errors.Join(failed, err)
}

// Run makes one backup now: it copies the data, then the key store, lays both at both places, fetches them back, opens and counts
// what came back, and only then writes the manifest. It is done when that is. ErrOff, ErrBusy. What a broken run leaves behind,
// Expire takes away.
func (r *Room) Run(ctx context.Context, say Say) (Manifest, error) {
	if !r.On() {
		return Manifest{}, ErrOff
	}
	done, err := r.alone(ctx)
	if err != nil {
		return Manifest{}, err
	}
	defer done()
	if err := r.sweep(); err != nil {
		return Manifest{}, err
	}
	if say == nil {
		say = quiet
	}
	m, err := r.run(ctx, say)
	err = r.mark(ctx, "backup", err, m)
	if err != nil {
		return m, err
	}
	return m, r.expire(ctx)
}

func (r *Room) run(ctx context.Context, say Say) (Manifest, error) {
	began := r.now()
	m := Manifest{Format: 1, Name: r.newName(), Kind: KindSQLite, Version: r.o.Version, TakenAt: began, ExpiresAt: began.Add(Keep), Recipients: r.o.Recipients}
	dir, err := r.scratch("backup-")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)

	// A second key, which lives as long as this function, so that what lies at the places can be opened again and looked over: the
	// machine has no other way to read its own backup, and after this it has none.
	passing, err := age.GenerateX25519Identity()
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	to := append([]age.Recipient{passing.Recipient()}, r.to...)

	sealed := filepath.Join(dir, "data.age")
	var need map[id.ID][]id.ID
	if r.o.DB.Engine() == store.SQLite {
		need, err = r.copyFile(ctx, dir, sealed, to, &m, say)
	} else {
		need, err = r.copyServer(ctx, sealed, to, &m, say)
	}
	if err != nil {
		return m, err
	}
	m.Data.Name = dataFolder + m.Name + sealedTail

	say("copying the key store")
	if m.Keys, m.KeysFile, err = r.copyKeys(ctx, dir, to, m.Name); err != nil {
		return m, err
	}
	for _, p := range r.places() {
		say("laying %s at %s", size(m.Data.Size), p.Name())
		if err := p.Put(ctx, m.Data.Name, sealed); err != nil {
			return m, err
		}
		m.Places = append(m.Places, p.Name())
	}
	if err := os.Remove(sealed); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	if m.Journal, err = r.copyJournal(ctx, dir); err != nil {
		return m, err
	}
	say("fetching it back from %s and opening it", r.far().Name())
	m.Checked, err = r.check(ctx, dir, r.far(), m, passing, need, "", say)
	if err != nil {
		return m, fmt.Errorf("the backup was made, but it does not come back: %w", err)
	}
	m.DoneAt = r.now()
	m.Stamp = r.o.Vault.Stamp("backup", m.text())
	for _, p := range r.places() {
		if err := putText(ctx, p, dataFolder+m.Name+manifestTail, m.pretty(), dir); err != nil {
			return m, err
		}
	}
	return m, r.mark(ctx, "drill", nil, m.Checked)
}

// scratch makes a folder for what is under way. Nobody else may read it: the copy lies there before it is encrypted.
func (r *Room) scratch(name string) (string, error) {
	if err := os.MkdirAll(r.o.Scratch, 0o700); err != nil {
		return "", fmt.Errorf("backup: %w", err)
	}
	dir, err := os.MkdirTemp(r.o.Scratch, name)
	if err != nil {
		return "", fmt.Errorf("backup: %w", err)
	}
	return dir, nil
}

// copyFile copies a SQLite database while it is written to, counts what is in the copy, and encrypts it.
func (r *Room) copyFile(ctx context.Context, dir, sealed string, to []age.Recipient, m *Manifest, say Say) (map[id.ID][]id.ID, error) {
	say("copying the database")
	file := filepath.Join(dir, "copy.db")
	if err := r.o.DB.CopyTo(ctx, file); err != nil {
		return nil, err
	}
	need := map[id.ID][]id.ID{}
	var err error
	if m.Before, err = store.TakeSurvey(ctx, "sqlite://"+file, gather(need)); err != nil {
		return nil, err
	}
	say("encrypting %d rows of %d tables", m.Rows(), len(m.Before.Tables))
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	if m.Data, err = seal(ctx, to, f, sealed); err != nil {
		return nil, err
	}
	return need, os.Remove(file)
}

// gather collects subjects by clinic.
func gather(into map[id.ID][]id.ID) func(clinic, person id.ID) error {
	return func(clinic, person id.ID) error {
		into[clinic] = append(into[clinic], person)
		return nil
	}
}

// copyKeys copies the key store and lays it at every place.
func (r *Room) copyKeys(ctx context.Context, dir string, to []age.Recipient, name string) (vault.KeySummary, File, error) {
	var sum vault.KeySummary
	from, in := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		var err error
		sum, err = r.o.Vault.CopyTo(ctx, in)
		failed <- err
		_ = in.CloseWithError(err)
	}()
	sealed := filepath.Join(dir, "keys.age")
	file, err := seal(ctx, to, from, sealed)
	_ = from.CloseWithError(err)
	if err := errors.Join(<-failed, err); err != nil {
		return sum, file, err
	}
	file.Name = keysFolder + name + sealedTail
	for _, p := range r.places() {
		if err := p.Put(ctx, file.Name, sealed); err != nil {
			return sum, file, err
		}
	}
	return sum, file, os.Remove(sealed)
}

// CopyKeys lays a copy of the key store at every place, unless nothing has changed in it since the last one.
func (r *Room) CopyKeys(ctx context.Context) error {
	if !r.On() {
		return nil
	}
	looks, err := r.o.Vault.Looks(ctx)
	if err != nil {
		return err
	}
	r.last.Lock()
	same := r.last.keys == looks
	r.last.Unlock()
	if same {
		return r.mark(ctx, "keys", nil, struct{}{}) // the copy that lies there is as good as a new one
	}
	dir, err := r.scratch("keys-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sum, _, err := r.copyKeys(ctx, dir, r.to, r.newName())
	if err = r.mark(ctx, "keys", err, sum); err == nil {
		r.last.Lock()
		r.last.keys = looks
		r.last.Unlock()
		err = r.thin(ctx, keysFolder)
	}
	return err
}

// CopyJournal lays the shred journal at every place, when it has grown since the last time. It is called after every erasure, and every
// minute, should a place not have answered.
func (r *Room) CopyJournal(ctx context.Context) error {
	if !r.On() {
		return nil
	}
	var text bytes.Buffer
	n, err := r.o.Vault.WriteJournal(ctx, &text)
	if err != nil {
		return r.mark(ctx, "journal", err, nil)
	}
	r.last.Lock()
	same := r.last.journal == n
	r.last.Unlock()
	if same {
		return nil
	}
	dir, err := r.scratch("journal-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err = r.copyJournal(ctx, dir); err == nil {
		err = r.thin(ctx, journalFolder)
	}
	return r.mark(ctx, "journal", err, struct {
		Entries int `json:"entries"`
	}{n})
}

func (r *Room) copyJournal(ctx context.Context, dir string) (int, error) {
	var text bytes.Buffer
	n, err := r.o.Vault.WriteJournal(ctx, &text)
	if err != nil {
		return n, err
	}
	sealed := filepath.Join(dir, "journal.age")
	if _, err := seal(ctx, r.to, &text, sealed); err != nil {
		return n, err
	}
	name := r.newName()
	for _, p := range r.places() {
		if err := p.Put(ctx, journalFolder+name+sealedTail, sealed); err != nil {
			return n, err
		}
	}
	r.last.Lock()
	r.last.journal = n
	r.last.Unlock()
	return n, os.Remove(sealed)
}

// Due says whether the backup of this night is still to be made.
func (r *Room) Due(ctx context.Context) (bool, error) {
	if !r.On() {
		return false, nil
	}
	marks, err := r.o.DB.Marks(ctx)
	if err != nil {
		return false, err
	}
	now := r.now()
	night := time.Date(now.Year(), now.Month(), now.Day(), r.o.Hour, 0, 0, 0, time.UTC)
	if night.After(now) {
		night = night.AddDate(0, 0, -1)
	}
	last := marks["backup"]
	// One that failed is tried again, but not at once.
	return last.GoodAt.Time().Before(night) && (last.At == 0 || last.At == last.GoodAt || now.Sub(last.At.Time()) >= 30*time.Minute), nil
}

// size is bytes for people.
func size(n int64) string {
	f, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, next
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + " " + unit
}
