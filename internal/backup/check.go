package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"

	"filippo.io/age"
)

// Report is what a drill found: the backup came back, and this is how much it was and how long it took.
type Report struct {
	Backup  string    `json:"backup"`
	Place   string    `json:"place"` // from where it was fetched
	At      time.Time `json:"at"`
	Millis  int64     `json:"millis"` // from fetching to the last count
	Sealed  int64     `json:"sealed"` // bytes
	Plain   int64     `json:"plain"`  // bytes
	Tables  int       `json:"tables"`
	Rows    int64     `json:"rows"`
	Entries int64     `json:"entries"` // of the audit log, whose tree was computed again
	Root    string    `json:"root"`
	People  int       `json:"people"` // whose keys the copy of the key store was asked for, and has
	Opened  int       `json:"opened"` // sealed records that were opened with these keys
	Exact   bool      `json:"exact"`  // every table had the very number of rows; on a PostgreSQL server in use some move while it is copied
	Paper   bool      `json:"paper"`  // it was opened with the key from paper, not with the passing one
}

// ErrDiffers means that what came back is not what was copied.
var ErrDiffers = errors.New("backup: what comes back differs from what was copied")

// check fetches a backup and the key store's copy from a place, opens both in the folder, and compares: rows of each table, the audit
// log's entries, its tree and its head, a key for everybody, and some records opened. need is who needs a key; nil looks in what came back.
// root is the file of the root key, and empty for the one that serves.
func (r *Room) check(ctx context.Context, dir string, at Place, m Manifest, key age.Identity, need map[id.ID][]id.ID, root string, say Say) (Report, error) {
	began := r.now()
	out := Report{Backup: m.Name, Place: at.Name(), At: began, Sealed: m.Data.Size, Plain: m.Data.Plain}
	if root == "" {
		root = r.o.RootKey
	}
	v, err := r.checkKeys(ctx, dir, at, m, key, root)
	if err != nil {
		return out, err
	}
	defer v.Close()
	cameBack, stop, err := r.lay(ctx, filepath.Join(dir, "back"), at, m, key, say)
	if err != nil {
		return out, err
	}
	defer stop()
	found := map[id.ID][]id.ID{}
	survey, err := store.TakeSurvey(ctx, cameBack.survey, gather(found))
	if err != nil {
		return out, err
	}
	if need == nil || m.Kind != KindSQLite {
		need = found
	}
	if out.Exact, err = compare(m, survey); err != nil {
		return out, err
	}
	out.Tables, out.Entries, out.Root = len(survey.Tables), survey.Audit.Entries, survey.Audit.Root
	for _, n := range survey.Tables {
		out.Rows += n
	}
	say("%d rows of %d tables came back", out.Rows, out.Tables)
	for clinic, people := range need {
		lacking, err := v.Lacking(ctx, clinic, people)
		if err != nil {
			return out, err
		}
		if len(lacking) > 0 {
			return out, fmt.Errorf("%w: the copy of the key store lacks the keys of %d people", ErrDiffers, len(lacking))
		}
		out.People += len(people)
	}
	db, err := store.Open(ctx, cameBack.program, v, r.o.Clock, r.o.Log, store.Options{Readers: 2})
	if err != nil {
		return out, err
	}
	defer db.Close()
	if _, err := db.VerifyAuditOfCopy(ctx, r.o.Who, headOf(m.Before.Audit)); err != nil {
		return out, fmt.Errorf("%w: the audit log: %w", ErrDiffers, err)
	}
	if r.o.Sample != nil {
		if out.Opened, err = r.o.Sample(ctx, db); err != nil {
			return out, fmt.Errorf("%w: a record does not open: %w", ErrDiffers, err)
		}
	}
	say("the audit tree was computed again, and %d records opened", out.Opened)
	if r.o.Trial != nil {
		if err := r.o.Trial(ctx, Back{Folder: filepath.Join(dir, "back"), URL: cameBack.survey, Keys: v}); err != nil {
			return out, err
		}
	}
	out.Millis = r.now().Sub(began).Milliseconds()
	return out, nil
}

// headOf is the head of the audit tree that a survey saw, for the verifier to find again.
func headOf(p store.AuditPoint) []audit.Head {
	root, err := hex.DecodeString(p.Root)
	var h audit.Head
	if err != nil || len(root) != len(h.Hash) || p.Size == 0 {
		return nil
	}
	h.Size = p.Size
	copy(h.Hash[:], root)
	return []audit.Head{h}
}

// checkKeys puts the copy of the key store that belongs to the backup, or a newer one, into a key store of its own and opens it by the root key in the file root.
func (r *Room) checkKeys(ctx context.Context, dir string, at Place, m Manifest, key age.Identity, root string) (*vault.Vault, error) {
	file, err := newestKeys(ctx, at, m, key)
	if err != nil {
		return nil, err
	}
	url := "sqlite://" + filepath.Join(dir, "keystore.db")
	if err := putKeys(ctx, at, file, key, url, r); err != nil {
		return nil, err
	}
	v, err := vault.Open(ctx, vault.Config{RootKeyFile: root, StoreURL: url, Keepers: r.o.Keepers}, r.o.Clock)
	if err != nil {
		return nil, err
	}
	if v.Fingerprint() != m.Keys.Fingerprint {
		return nil, errors.Join(fmt.Errorf("%w: the copy of the key store is of %s, the backup needs %s", ErrDiffers, v.Fingerprint(), m.Keys.Fingerprint), v.Close())
	}
	return v, nil
}

// newestKeys is the newest copy of the key store at a place that the key opens: keys are only ever added and destroyed, so it opens every older backup too. Where
// the key opens none, it is the one that it should have opened.
func newestKeys(ctx context.Context, at Place, m Manifest, key age.Identity) (File, error) {
	items, err := at.List(ctx, keysFolder)
	if err != nil {
		return File{}, err
	}
	if len(items) == 0 {
		return File{}, fmt.Errorf("%w: no copy of the key store is at %s; without it, no backup opens", ErrAbsent, at.Name())
	}
	var first File
	for _, i := range slices.Backward(items) {
		f := File{Name: i.Name}
		if f.Name == m.KeysFile.Name { // the backup's own, whose hash is known
			f = m.KeysFile
		}
		if first.Name == "" {
			first = f
		}
		fits, err := opens(ctx, at, f.Name, key)
		if err != nil {
			return File{}, err
		}
		if fits {
			return f, nil
		}
	}
	return first, nil
}

func putKeys(ctx context.Context, at Place, file File, key age.Identity, url string, r *Room) error {
	from, in := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := unseal(ctx, at, file, key, in)
		failed <- err
		_ = in.CloseWithError(err)
	}()
	err := vault.RestoreKeys(ctx, url, from, r.o.Clock)
	_, _ = io.Copy(io.Discard, from) // the hash is over all of it
	_ = from.CloseWithError(err)
	if read := <-failed; read != nil && !errors.Is(read, vault.ErrOccupied) && !errors.Is(read, io.ErrClosedPipe) {
		return read
	}
	return err
}

// back is where a database came back: two addresses, of the role that counts and of the role that the program has.
type back struct{ survey, program string }

// lay brings the data of a backup back into a folder that is not there yet: a file, or a server that runs there until stop.
func (r *Room) lay(ctx context.Context, dir string, at Place, m Manifest, key age.Identity, say Say) (back, func(), error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return back{}, nil, fmt.Errorf("backup: %w", err)
	}
	if m.Kind == KindSQLite {
		file := filepath.Join(dir, "almirah.db")
		url := "sqlite://" + file
		return back{url, url}, func() {}, unsealTo(ctx, at, m.Data, key, file)
	}
	s, err := server{dir: dir, within: r.o.Scratch, programs: r.o.Programs, counting: r.o.ServerURL}.placed()
	if err != nil {
		return back{}, nil, err
	}
	if err := s.unpack(ctx, at, m, key); err != nil {
		return back{}, nil, err
	}
	say("starting the server that came back")
	stop, err := s.start(ctx, []string{"fsync = off"}) // it is thrown away
	if err != nil {
		return back{}, nil, err
	}
	return back{s.address(r.o.ServerURL), s.address(r.o.DatabaseURL)}, stop, nil
}

// growing are the tables that only grow: the database itself refuses to delete from them.
var growing = []string{"audit_leaf", "audit_tree", "subscription_invoice"}

// passing are the tables that are filled by each act and emptied within seconds or an hour.
var passing = []string{"audit_pending", "audit_seen", "event"}

// leeway is by how many rows a table of so many may have had more or less in between than before and after, while rows come and go in it.
func leeway(rows int64) int64 { return rows/10 + 100 }

// compare holds what came back beside what was counted. On SQLite every table must have the very number of rows. A PostgreSQL server goes on
// while it is copied: every table must be there, those that only grow must lie between what was counted before and after, and the others no further away from that than their leeway. Of those through
// which rows only pass no number says anything; what proves everything beyond numbers is the audit tree, which is computed again, and everybody's key.
func compare(m Manifest, got store.Survey) (exact bool, err error) {
	exact = true
	after := m.Before
	if m.After != nil {
		after = *m.After
	}
	if got.Schema != m.Before.Schema {
		return false, fmt.Errorf("%w: schema %d came back, %d was copied", ErrDiffers, got.Schema, m.Before.Schema)
	}
	var wrong []string
	for name, n := range m.Before.Tables {
		now, there := got.Tables[name]
		low, high := min(n, after.Tables[name]), max(n, after.Tables[name])
		within := low <= now && now <= high
		exact = exact && low == high && within
		if m.After != nil && !slices.Contains(growing, name) {
			within = slices.Contains(passing, name) || low-leeway(low) <= now && now <= high+leeway(high)
		}
		if !there || !within {
			wrong = append(wrong, fmt.Sprintf("%s has %d rows, %d to %d were copied", name, now, low, high))
		}
	}
	for name := range got.Tables {
		if _, known := m.Before.Tables[name]; !known {
			wrong = append(wrong, name+" was not there")
		}
	}
	if exact && got.Audit != m.Before.Audit {
		wrong = append(wrong, fmt.Sprintf("the audit log ends with entry %s and head %d, not with %s and %d", got.Audit.Last, got.Audit.Size, m.Before.Audit.Last, m.Before.Audit.Size))
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return false, fmt.Errorf("%w: %s", ErrDiffers, strings.Join(wrong, "; "))
	}
	return exact, nil
}

// Drill restores a backup to a place of its own and compares it, with the key from paper. which is a name, or "latest". It changes nothing of what serves.
func (r *Room) Drill(ctx context.Context, which string, key age.Identity, say Say) (Report, error) {
	return r.DrillBy(ctx, which, key, "", say)
}

// DrillBy is Drill by the root key in another file than the one that serves: one into which somebody typed the escrow sheet.
func (r *Room) DrillBy(ctx context.Context, which string, key age.Identity, root string, say Say) (Report, error) {
	if r.o.First == nil {
		return Report{}, ErrOff
	}
	done, err := r.alone(ctx)
	if err != nil {
		return Report{}, err
	}
	defer done()
	if say == nil {
		say = quiet
	}
	out, err := r.drill(ctx, which, key, root, say)
	out.Paper = true
	return out, errors.Join(r.mark(ctx, "drill", err, out), r.mark(ctx, "paper", err, out))
}

func (r *Room) drill(ctx context.Context, which string, key age.Identity, root string, say Say) (Report, error) {
	m, at, err := pick(ctx, []Place{r.far(), r.o.First}, which, time.Time{})
	if err != nil {
		return Report{}, err
	}
	if !m.genuine(r.o.Vault) {
		return Report{}, errForged(m)
	}
	dir, err := r.scratch("drill-")
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(dir)
	say("restoring %s of %s from %s, in a folder of its own", m.Name, m.TakenAt.Format(time.DateTime), at.Name())
	return r.check(ctx, dir, at, m, key, nil, root, say)
}
