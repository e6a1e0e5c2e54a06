package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"

	"filippo.io/age"
)

// ErrThere means that something lies where the backup should go.
var ErrThere = errors.New("backup: there is data already")

// Restoring is what a restore needs to know. Nothing of the house is open while it runs.
type Restoring struct {
	From        []Place
	Which       string    // the name of a backup, or "latest"
	At          time.Time // the moment to come back to, on PostgreSQL; zero for as late as possible
	Key         age.Identity
	DatabaseURL string
	KeystoreURL string
	RootKey     string
	Keepers     []vault.Keeper // services that may have wrapped it
	Journal     string         // file of the shred journal; empty for beside the key store
	ServerURL   string         // of PostgreSQL: whose role counts
	OwnerURL    string         // of PostgreSQL: who owns the tables, where that is not the role of DatabaseURL
	Into        string         // of PostgreSQL: folder for the server that comes back
	Programs    string
	Scratch     string
	Force       bool
	Clock       clock.Clock
	Log         *slog.Logger
	Who         access.Caller
	Say         Say
}

// Restored is what came back.
type Restored struct {
	Backup    Manifest
	Place     string
	Rows      int64
	Destroyed int    // keys that the journal destroyed again
	Aside     string // where what was there before lies now; empty for nothing
	Server    string // folder of the PostgreSQL server that came back
	Log       int    // files of the server's log that it went through
	Took      time.Duration
}

func errForged(m Manifest) error {
	return fmt.Errorf("%w: the list of the backup %s was not written by this key store, or was changed since", ErrDamaged, m.Name)
}

// pick finds a backup: by its name, or the newest one (taken before the moment, where there is one) that is whole.
func pick(ctx context.Context, from []Place, which string, before time.Time) (Manifest, Place, error) {
	var failed []error
	seen := 0
	for _, p := range from {
		if p == nil {
			continue
		}
		list, err := Backups(ctx, p)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		for _, m := range list {
			seen++
			if which != "latest" && m.Name != which || !before.IsZero() && m.DoneAt.After(before) {
				continue
			}
			items, err := p.List(ctx, m.Data.Name)
			if err != nil || len(items) == 0 || items[0].Size != m.Data.Size {
				failed = append(failed, errors.Join(fmt.Errorf("%w: %s at %s is not there, or not whole", ErrDamaged, m.Data.Name, p.Name()), err))
				continue
			}
			return m, p, nil
		}
	}
	if len(failed) > 0 {
		return Manifest{}, nil, errors.Join(failed...)
	}
	names := make([]string, 0, len(from))
	for _, p := range from {
		if p != nil {
			names = append(names, p.Name())
		}
	}
	return Manifest{}, nil, fmt.Errorf("%w: among %d backups at %s there is none that fits %q", ErrAbsent, seen, strings.Join(slices.Compact(names), " and "), which)
}

// FileAt is the place and the name of a backup's file that somebody named by its path.
func FileAt(path string) (Place, string, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, "", fmt.Errorf("backup: %w", err)
	}
	p, err := NewFolder(filepath.Dir(filepath.Dir(whole)), "")
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(whole), sealedTail), manifestTail)
	return p, name, err
}

// Run puts a backup back: first the key store, where it is gone; then the newest journal, which destroys again the keys of everybody who was
// erased since; then the data, beside its place, where it is counted, brought to this version of the program, and marked as held; and
// only then it is moved to its place. ErrThere when data is there and Force is not set; with Force it is moved aside and never
// overwritten. ErrKey, ErrDamaged, ErrDiffers, ErrAbsent, and the errors of vault.Open.
func (o Restoring) Run(ctx context.Context) (Restored, error) {
	began := o.Clock.Now()
	if o.Say == nil {
		o.Say = quiet
	}
	if err := o.free(); err != nil {
		return Restored{}, err
	}
	m, at, err := pick(ctx, o.From, o.Which, o.At)
	if err != nil {
		return Restored{}, err
	}
	out := Restored{Backup: m, Place: at.Name()}
	if (m.Kind == KindSQLite) != strings.HasPrefix(o.DatabaseURL, "sqlite://") {
		return out, fmt.Errorf("%w: the backup is of %s, and ALMIRAH_DATABASE_URL names another kind of database", ErrDiffers, m.Kind)
	}
	if m.Kind == KindSQLite && !o.At.IsZero() {
		return out, errors.New("backup: a moment between two backups can be named for PostgreSQL only")
	}
	o.Say("restoring %s, taken %s, %s, from %s", m.Name, m.TakenAt.Format(time.RFC1123), size(m.Data.Size), at.Name())
	v, destroyed, err := o.keys(ctx, at, m)
	if err != nil {
		return out, err
	}
	defer v.Close()
	out.Destroyed = destroyed
	if m.Kind == KindSQLite {
		err = o.file(ctx, at, m, v, &out)
	} else {
		err = o.server(ctx, at, m, v, &out)
	}
	out.Took = o.Clock.Now().Sub(began)
	return out, err
}

// free says whether the data has where to go.
func (o Restoring) free() error {
	file, lite := strings.CutPrefix(o.DatabaseURL, "sqlite://")
	if lite {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 && !o.Force {
			return fmt.Errorf("%w at %s. Move it away, or say --force: it is then moved aside, not deleted", ErrThere, file)
		}
		return nil
	}
	if o.Into == "" {
		return errors.New("backup: say with --into FOLDER where the PostgreSQL server shall come back")
	}
	list, err := os.ReadDir(o.Into)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	if len(list) > 0 {
		return fmt.Errorf("%w in %s: name an empty folder", ErrThere, o.Into)
	}
	return nil
}

// keys brings the key store back where there is none, opens it by the root key, and replays the newest journal.
func (o Restoring) keys(ctx context.Context, at Place, m Manifest) (*vault.Vault, int, error) {
	file, err := newestKeys(ctx, at, m, o.Key)
	if err != nil {
		return nil, 0, err
	}
	r := &Room{o: Options{Clock: o.Clock}}
	err = putKeys(ctx, at, file, o.Key, o.KeystoreURL, r)
	switch {
	case errors.Is(err, vault.ErrOccupied):
		o.Say("the key store is there and stays")
	case err != nil:
		return nil, 0, err
	default:
		o.Say("the key store came back from %s", file.Name)
	}
	v, err := vault.Open(ctx, vault.Config{RootKeyFile: o.RootKey, StoreURL: o.KeystoreURL, JournalFile: o.Journal, Keepers: o.Keepers}, o.Clock)
	if err != nil {
		return nil, 0, err
	}
	fail := func(err error) (*vault.Vault, int, error) { return nil, 0, errors.Join(err, v.Close()) }
	if v.Fingerprint() != m.Keys.Fingerprint {
		return fail(fmt.Errorf("%w: the key store here is %s, and the backup needs %s. Put that one in its place, or restore to another machine", ErrDiffers, v.Fingerprint(), m.Keys.Fingerprint))
	}
	if !m.genuine(v) {
		return fail(errForged(m))
	}
	destroyed, err := o.journals(ctx, v)
	if err != nil {
		return fail(err)
	}
	var all int
	if all, err = v.WriteJournal(ctx, io.Discard); err != nil {
		return fail(err)
	}
	if all < m.Journal && !o.Force {
		return fail(fmt.Errorf("%w: the shred journal has %d entries, and there were %d when the backup was made: it was cut, and people who were erased would come back. Bring the newest journal, or say --force", ErrDiffers, all, m.Journal))
	}
	o.Say("the shred journal was replayed: %d entries, %d keys destroyed again", all, destroyed)
	return v, destroyed, nil
}

// journals replays the journals of all places: every copy that is there, because two processes may have written at once. Each is whole, so one that is sealed to a key that was not named is passed
// over when a newer one opens. Where it is the newest, somebody who was erased since could come back: ErrKey, unless Force is set.
func (o Restoring) journals(ctx context.Context, v *vault.Vault) (destroyed int, err error) {
	type shut struct {
		name, at string
		why      error
	}
	newest := "" // of those that open
	var passed []shut
	for _, p := range o.From {
		if p == nil {
			continue
		}
		items, err := p.List(ctx, journalFolder)
		if err != nil {
			return destroyed, err
		}
		for _, i := range items {
			var text bytes.Buffer
			err := unseal(ctx, p, File{Name: i.Name}, o.Key, &text)
			if errors.Is(err, ErrKey) {
				passed = append(passed, shut{i.Name, p.Name(), err})
				continue
			}
			if err != nil {
				return destroyed, err
			}
			_, again, err := v.TakeJournal(ctx, &text)
			destroyed += again
			if err != nil {
				return destroyed, err
			}
			newest = max(newest, i.Name)
		}
	}
	for _, s := range passed {
		if s.name > newest && !o.Force {
			return destroyed, fmt.Errorf("%w. It is newer than every copy of the shred journal that opens: without it, people who were erased would come back. Name the sheets of both keys, the old and the new (or say --force)", s.why)
		}
		o.Say("%s at %s is sealed to another key and was passed over", s.name, s.at)
	}
	return destroyed, nil
}

// file brings a SQLite database back.
func (o Restoring) file(ctx context.Context, at Place, m Manifest, v *vault.Vault, out *Restored) error {
	file := strings.TrimPrefix(o.DatabaseURL, "sqlite://")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	draft := file + ".restoring"
	for _, tail := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(draft + tail); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("backup: %w", err)
		}
	}
	o.Say("decrypting")
	if err := unsealTo(ctx, at, m.Data, o.Key, draft); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	url := "sqlite://" + draft
	need := map[id.ID][]id.ID{}
	survey, err := store.TakeSurvey(ctx, url, gather(need))
	if err != nil {
		return err
	}
	if _, err := compare(m, survey); err != nil {
		return err
	}
	if out.Rows, err = o.whole(ctx, v, need, survey); err != nil {
		return err
	}
	if err := o.hold(ctx, url, v, m); err != nil {
		return err
	}
	if err := store.Fold(ctx, draft); err != nil {
		return err
	}
	if err := o.aside(file, m.Name, out); err != nil {
		return err
	}
	if err := os.Rename(draft, file); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncFolder(filepath.Dir(file))
}

// whole looks whether everybody's key is there, and counts the rows.
func (o Restoring) whole(ctx context.Context, v *vault.Vault, need map[id.ID][]id.ID, s store.Survey) (rows int64, err error) {
	missing := 0
	for clinic, people := range need {
		lacking, err := v.Lacking(ctx, clinic, people)
		if err != nil {
			return 0, err
		}
		missing += len(lacking)
	}
	if missing > 0 && !o.Force {
		return 0, fmt.Errorf("%w: the key store has no keys of %d people of this backup, so their records would stay closed. Bring a newer copy of the key store, or say --force", ErrDiffers, missing)
	}
	for _, n := range s.Tables {
		rows += n
	}
	o.Say("%d rows of %d tables came back, as many as were copied", rows, len(s.Tables))
	return rows, nil
}

// hold brings the database to this version of the program and marks it as held.
func (o Restoring) hold(ctx context.Context, url string, v *vault.Vault, m Manifest) error {
	db, err := store.Open(ctx, url, v, o.Clock, o.Log, store.Options{Readers: 1, Writers: 2})
	if err != nil {
		return err
	}
	_, _, err = db.Migrate(ctx, nil)
	if err == nil {
		taken := m.TakenAt
		if !o.At.IsZero() {
			taken = o.At
		}
		err = db.NoteRestoration(ctx, o.Who, m.Name, clock.At(taken))
	}
	return errors.Join(err, db.Close())
}

// aside moves away what lies where the database goes.
func (o Restoring) aside(file, name string, out *Restored) error {
	for _, tail := range []string{"", "-wal", "-shm"} {
		to := file + ".before-" + name + tail
		err := os.Rename(file+tail, to)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if tail == "" {
			out.Aside = to
			o.Say("what was there lies now at %s", to)
		}
	}
	return nil
}

// server brings a PostgreSQL server back into its folder: the base, then its log up to the moment.
func (o Restoring) server(ctx context.Context, at Place, m Manifest, v *vault.Vault, out *Restored) error {
	into, err := filepath.Abs(o.Into)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	s, err := server{dir: into, within: into + "/", programs: o.Programs, counting: o.ServerURL}.placed()
	if err != nil {
		return err
	}
	log := filepath.Join(into, "log")
	if err := os.MkdirAll(log, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	o.Say("unpacking the server")
	if err := s.unpack(ctx, at, m, o.Key); err != nil {
		return err
	}
	if out.Log, err = fetchLog(ctx, at, m.LogFrom, o.Key, log); err != nil {
		return err
	}
	var more []string
	if out.Log > 0 || !o.At.IsZero() {
		more = recovery(log, o.At)
		if err := os.WriteFile(filepath.Join(s.data(), "recovery.signal"), nil, 0o600); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	o.Say("going through %d files of the server's log", out.Log)
	stop, err := s.start(ctx, more)
	if err != nil {
		return err
	}
	defer stop()
	need := map[id.ID][]id.ID{}
	survey, err := store.TakeSurvey(ctx, s.address(o.ServerURL), gather(need))
	if err != nil {
		return err
	}
	if out.Rows, err = o.whole(ctx, v, need, survey); err != nil {
		return err
	}
	out.Server = s.data()
	if o.OwnerURL != "" { // the program's own role may change no table
		if err := o.upgrade(ctx, s.address(o.OwnerURL)); err != nil {
			return err
		}
	}
	return o.hold(ctx, s.address(o.DatabaseURL), v, m)
}

// upgrade brings the tables of what came back to this version of the program, as their owner.
func (o Restoring) upgrade(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url, nil, o.Clock, o.Log, store.Options{Readers: 1, Writers: 2})
	if err != nil {
		return err
	}
	_, _, err = db.Migrate(ctx, nil)
	return errors.Join(err, db.Close())
}
