package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
	"almirah/internal/vault"

	"filippo.io/age"
)

// saved is a clinic with patients whose backups go to two folders.
type saved struct {
	*rig.Base
	room          *Room
	key           *age.X25519Identity
	first, second *Folder
	people        []id.ID
	base          string // folder of this test, which PostgreSQL's user can reach
}

func open(t *testing.T, b *rig.Base) *saved {
	t.Helper()
	base, err := os.MkdirTemp("", "alm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if err := os.Chmod(base, 0o711); err != nil {
		t.Fatal(err)
	}
	p := &saved{Base: b, base: base}
	recipient, secret, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	// The key is read back from paper, as a person types it.
	if p.key, err = ParseKey(strings.ToLower(Sheet(recipient, secret, "28 November 2026"))); err != nil || p.key.String() != secret {
		t.Fatalf("the sheet is not read back: %v", err)
	}
	p.first, p.second = folder(t, filepath.Join(base, "first")), folder(t, filepath.Join(base, "second"))
	o := Options{DB: b.DB, Vault: b.Vault, Clock: b.Clock, Log: b.Log, Who: b.As(access.Operator), DatabaseURL: b.URL, KeystoreURL: "sqlite://" + filepath.Join(b.Dir, "keystore.db"),
		RootKey: filepath.Join(b.Dir, "root.key"), Recipients: []string{recipient}, First: p.first, Second: p.second, Scratch: filepath.Join(base, "scratch"), Version: "test", Hour: 20, Sample: p.sample}
	if b.Engine == store.Postgres {
		o.ServerURL = serverURL(t, b.URL)
	}
	if p.room, err = New(o); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		p.add(t, i)
	}
	return p
}

func folder(t *testing.T, path string) *Folder {
	t.Helper()
	f, err := NewFolder(path, "IN")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// serverURL is the database by the role that copies the server.
func serverURL(t *testing.T, database string) string {
	t.Helper()
	admin, err := url.Parse(pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	admin.Path = d.Path
	return admin.String()
}

func (p *saved) add(t testing.TB, i int) {
	t.Helper()
	x, _, err := patients.New(p.DB, p.Log).Add(context.Background(), p.As(access.FrontDesk), patients.Draft{Name: fmt.Sprintf("Asha Rao %c%c", 'A'+i/26, 'a'+i%26), Phone: fmt.Sprintf("98765 4%04d", i)}, true)
	if err != nil {
		t.Fatal(err)
	}
	p.people = append(p.people, x.ID)
}

// sample opens everybody's record.
func (p *saved) sample(ctx context.Context, db *store.DB) (int, error) {
	n := 0
	for _, one := range p.people {
		x, err := patients.New(db, p.Log).Open(ctx, p.As(access.FrontDesk), one)
		if err != nil {
			return n, err
		}
		if !strings.HasPrefix(x.Name, "Asha Rao") {
			return n, fmt.Errorf("opened as %q", x.Name)
		}
		n++
	}
	return n, nil
}

func (p *saved) run(t testing.TB) Manifest {
	t.Helper()
	say := func(format string, args ...any) {
		t.Logf(format, args...)
		if !strings.HasPrefix(format, "copying the server") {
			return
		}
		if slot, err := store.SlotOf(context.Background(), p.room.o.ServerURL, p.room.baseSlot()); err != nil || slot.File == "" {
			t.Errorf("the server keeps nothing of its log while it is copied: %v", err)
		}
	}
	m, err := p.room.Run(context.Background(), say)
	// The server is that of all tests: one that drops its database while the server is copied ends the copy. A house's own night tries again in half an hour.
	for range 3 {
		if err == nil || !strings.Contains(err.Error(), "COPY stream ended") {
			break
		}
		m, err = p.room.Run(context.Background(), say)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// elsewhere is a restore to another machine: nothing is there but the places, the root key and the key from paper.
func (p *saved) elsewhere(t testing.TB) Restoring {
	t.Helper()
	dir, err := os.MkdirTemp(p.base, "other-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	o := Restoring{From: []Place{p.first, p.second}, Which: "latest", Key: p.key, DatabaseURL: "sqlite://" + filepath.Join(dir, "data", "almirah.db"), KeystoreURL: "sqlite://" + filepath.Join(dir, "keys", "keystore.db"),
		RootKey: filepath.Join(p.Dir, "root.key"), Clock: p.Clock, Log: p.Log, Who: p.As(access.Operator), Say: t.Logf}
	if p.Engine == store.Postgres {
		o.DatabaseURL, o.ServerURL, o.Into = p.URL, p.room.o.ServerURL, filepath.Join(dir, "pg")
	}
	return o
}

// serve opens what came back, as the program would.
func (p *saved) serve(t testing.TB, o Restoring, r Restored) (*store.DB, *vault.Vault) {
	t.Helper()
	v, err := vault.Open(context.Background(), vault.Config{RootKeyFile: o.RootKey, StoreURL: o.KeystoreURL}, p.Clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	at := o.DatabaseURL
	if p.Engine == store.Postgres {
		s, err := server{dir: o.Into, within: o.Into + "/", counting: o.ServerURL}.placed()
		if err != nil {
			t.Fatal(err)
		}
		stop, err := s.start(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		at = s.address(o.DatabaseURL)
	}
	db, err := store.Open(context.Background(), at, v, p.Clock, p.Log, store.Options{Readers: 2, Writers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, v
}

// TestABackupComesBack: a backup is made while people work, its bytes tell nothing, it is looked over before it counts, and it comes
// back on another machine with every record, from places, root key and paper alone. Who was erased after it was made stays erased. What
// came back is held.
func TestABackupComesBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups")
	promise.Proves(t, "backups-unreadable")
	promise.Proves(t, "erased-in-backups")
	promise.Proves(t, "restore-drill")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		p := open(t, b)
		var busy atomic.Bool
		busy.Store(true)
		worked := make(chan int)
		go func() {
			n := 0
			for ; busy.Load() && n < 200; n++ {
				_ = b.DB.PutMark(ctx, b.As(access.Operator), fmt.Sprint("busy-", n%7), true, "{}")
			}
			worked <- n
		}()
		began := time.Now()
		m := p.run(t)
		t.Logf("the backup took %s", time.Since(began))
		busy.Store(false)
		if n := <-worked; n == 0 {
			t.Error("nobody could work while the backup was made")
		}
		if !m.Complete() || m.Checked.Opened != len(p.people) || m.Checked.People < len(p.people) || m.Checked.Rows == 0 || m.Checked.Entries == 0 {
			t.Errorf("the backup was not looked over: %+v", m.Checked)
		}
		p.sealedAt(t, p.first, m)
		p.sealedAt(t, p.second, m)

		// An erasure after the backup; its journal goes to the places at once.
		gone := p.people[3]
		if err := b.Vault.Shred(ctx, b.Clinic, gone, "erasure_request"); err != nil {
			t.Fatal(err)
		}
		if err := p.room.CopyJournal(ctx); err != nil {
			t.Fatal(err)
		}

		o := p.elsewhere(t)
		r, err := o.Run(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if r.Destroyed != 1 || r.Rows == 0 {
			t.Errorf("came back: %+v", r)
		}
		db, v := p.serve(t, o, r)
		held, ok, err := db.Held(ctx)
		if err != nil || !ok || held.Backup != m.Name {
			t.Errorf("what came back is not held: %+v %v %v", held, ok, err)
		}
		for i, one := range p.people {
			x, err := patients.New(db, p.Log).Open(ctx, p.As(access.FrontDesk), one)
			switch {
			case one == gone && err == nil && x.Name != "":
				t.Errorf("an erased person came back as %q", x.Name)
			case one != gone && (err != nil || x.Name == ""):
				t.Errorf("patient %d did not come back: %v", i, err)
			}
		}
		ring, err := v.Ring(ctx, b.Clinic)
		if err != nil {
			t.Fatal(err)
		}
		defer ring.Close()
		if _, err := ring.Seal(vault.Cell{Subject: gone, Table: "patient", Column: "name", Row: gone}, []byte("x")); !errors.Is(err, vault.ErrShredded) {
			t.Errorf("the erased person's key came back: %v", err)
		}
		if _, err := db.VerifyAudit(ctx, p.As(access.Operator), headOf(m.Before.Audit)); err != nil {
			t.Errorf("the audit log: %v", err)
		}
		// It never overwrites.
		if _, err := o.Run(ctx); !errors.Is(err, ErrThere) {
			t.Errorf("a second restore over the first: %v", err)
		}
	})
}

// sealedAt looks for what must not stand in a place: names, and SQLite's own first bytes.
func (p *saved) sealedAt(t *testing.T, at *Folder, m Manifest) {
	t.Helper()
	items, err := at.List(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, i := range items {
		found = found || i.Name == m.Data.Name
		text, err := os.ReadFile(filepath.Join(at.Name(), i.Name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(i.Name, sealedTail) && !bytes.HasPrefix(text, []byte("age-encryption.org/v1\n")) {
			t.Errorf("%s is not encrypted", i.Name)
		}
		for _, mark := range []string{"Asha", "SQLite format", "sunrise", "almirah key store copy"} {
			if bytes.Contains(text, []byte(mark)) {
				t.Errorf("%s shows %q", i.Name, mark)
			}
		}
	}
	if !found {
		t.Errorf("%s has no %s", at.Name(), m.Data.Name)
	}
}

// TestGoneAfterThirtyDays: one instant before its thirty days are over a backup is there, at that instant it is gone from the disks and
// from the lists of both places. The newest copy of the key store stays; older ones go after two days.
func TestGoneAfterThirtyDays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups-thirty-days")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	m := p.run(t)
	taken := b.Clock.Now()
	lies := func(at *Folder) (files, listed, keys int) {
		t.Helper()
		items, err := at.List(ctx, dataFolder)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Backups(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		k, err := at.List(ctx, keysFolder)
		if err != nil {
			t.Fatal(err)
		}
		return len(items), len(list), len(k)
	}
	b.Clock.Set(taken.Add(Keep - time.Microsecond))
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	for _, at := range []*Folder{p.first, p.second} {
		if files, listed, keys := lies(at); files != 2 || listed != 1 || keys != 1 {
			t.Fatalf("an instant before: %d files, %d listed, %d copies of the key store", files, listed, keys)
		}
	}
	// What a broken run left has no manifest, and goes too.
	stray := filepath.Join(p.second.Name(), dataFolder, taken.Add(-time.Hour).Format(nameTime)+"-00000000.age")
	if err := os.WriteFile(stray, []byte("age-encryption.org/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Clock.Set(taken.Add(Keep))
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	for _, at := range []*Folder{p.first, p.second} {
		if files, listed, keys := lies(at); files != 0 || listed != 0 || keys != 1 {
			t.Errorf("after thirty days: %d files, %d listed, %d copies of the key store", files, listed, keys)
		}
	}
	if _, err := p.elsewhere(t).Run(ctx); !errors.Is(err, ErrAbsent) {
		t.Errorf("it can still be restored: %v", err)
	}
	// Copies of the key store: the newest stays, the others go after two days.
	for i := range 3 {
		p.add(t, 20+i)
		if err := p.room.CopyKeys(ctx); err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(25 * time.Hour)
	}
	if err := p.room.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, keys := lies(p.first); keys != 1 {
		t.Errorf("%d copies of the key store after two days", keys)
	}
	if due, err := p.room.Due(ctx); err != nil || !due {
		t.Errorf("after days without one, no backup is due: %v %v", due, err)
	}
	// A run that was killed left an open copy: it goes.
	killed := filepath.Join(p.room.o.Scratch, "backup-123")
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(killed, "copy.db"), []byte("SQLite format 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.room.Clean(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed run left is still there: %v", err)
	}
	if again := p.run(t); again.Name == m.Name {
		t.Error("the same name twice")
	}
	if due, err := p.room.Due(ctx); err != nil || due {
		t.Errorf("a backup is due just after one: %v %v", due, err)
	}
}

// TestWrongKeyAndDamagedFile: the wrong key is refused, a damaged or missing file is named, a forged list is refused, and a cut journal too. Nothing is put in place then.
func TestWrongKeyAndDamagedFile(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups-unreadable")
	promise.Proves(t, "erased-in-backups")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	m := p.run(t)
	refused := func(what string, o Restoring, want error, says string) {
		t.Helper()
		_, err := o.Run(ctx)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(strings.TrimPrefix(o.DatabaseURL, "sqlite://")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something was put in place (%v)", what, err)
		}
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	o := p.elsewhere(t)
	o.Key = other
	refused("another key", o, ErrKey, m.KeysFile.Name)

	file := filepath.Join(p.first.Name(), m.Data.Name)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put := func(file string, text []byte) {
		t.Helper()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bad := bytes.Clone(whole)
	bad[len(bad)/2] ^= 1
	put(file, bad)
	refused("one bit", p.elsewhere(t), ErrDamaged, m.Data.Name)
	put(file, whole[:len(whole)-100])
	if r, err := p.elsewhere(t).Run(ctx); err != nil || r.Place != p.second.Name() {
		t.Errorf("a file that was cut off, with a whole one at the other place: from %s, %v", r.Place, err)
	}
	only := p.elsewhere(t)
	only.From = []Place{p.first}
	refused("cut off, and no other place", only, ErrDamaged, m.Data.Name)
	put(file, whole)

	list := filepath.Join(p.first.Name(), dataFolder, m.Name+manifestTail)
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	put(list, bytes.Replace(text, []byte(`"format": 1`), []byte(`"format": 2`), 1))
	only = p.elsewhere(t)
	only.From = []Place{p.first}
	refused("a changed list", only, ErrDamaged, m.Name)
	put(list, text)

	// Somebody is erased, then a backup is made, then the journal disappears at the places: the erased would come back out of an older copy.
	if err := b.Vault.Shred(ctx, b.Clinic, p.people[0], "erasure_request"); err != nil {
		t.Fatal(err)
	}
	p.people = p.people[1:]
	earlier, err := p.first.List(ctx, keysFolder)
	if err != nil {
		t.Fatal(err)
	}
	b.Clock.Move(time.Hour)
	p.run(t)
	for _, at := range []*Folder{p.first, p.second} {
		for _, under := range []string{journalFolder, keysFolder} {
			items, err := at.List(ctx, under)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				if i.Name != earlier[len(earlier)-1].Name {
					_ = at.Delete(ctx, i.Name)
				}
			}
		}
	}
	refused("a journal that was cut", p.elsewhere(t), ErrDiffers, "journal")
	if _, err := ParseRecipients("AGE-SECRET-KEY-1XXXX"); err == nil {
		t.Error("a private key was taken for a setting")
	}
	slip := []byte(p.key.String())
	slip[30] = map[bool]byte{true: 'Q', false: 'P'}[slip[30] == 'P']
	if _, err := ParseKey(string(slip)); !errors.Is(err, ErrKey) {
		t.Errorf("a slip of the pen: %v", err)
	}
}

// TestAMomentInBetween: on PostgreSQL the data comes back as it was at a moment between two backups, out of the server's own log.
func TestAMomentInBetween(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "restore-drill")
	b := rig.New(t, store.Postgres, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	p.room.o.Clock = clock.System{} // the server knows its own time only
	follow, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { p.room.Follow(follow); close(ended) }()
	t.Cleanup(func() {
		end()
		<-ended
		if err := p.room.Unfollow(ctx); err != nil {
			t.Error(err)
		}
	})
	p.run(t)
	for i := range 5 {
		p.add(t, 30+i)
	}
	before, err := store.Server(ctx, p.room.o.ServerURL)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	for i := range 7 {
		p.add(t, 40+i)
	}
	after, err := store.Server(ctx, p.room.o.ServerURL)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.room.CopyKeys(ctx); err != nil {
		t.Fatal(err)
	}
	p.received(t, after.LSN)
	came := func(at time.Time) int {
		o := p.elsewhere(t)
		o.At = at
		r, err := o.Run(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if r.Log == 0 {
			t.Error("no log came back")
		}
		db, _ := p.serve(t, o, r)
		n := 0
		for _, one := range p.people {
			if _, err := patients.New(db, p.Log).Open(ctx, p.As(access.FrontDesk), one); err == nil {
				n++
			}
		}
		return n
	}
	if n := came(before.At.Time()); n != 12+5 {
		t.Errorf("%d patients at the moment, 17 were there", n)
	}
	if os.Getenv("ALMIRAH_SOAK") == "" { // each restore starts a server and recovers it
		return
	}
	if n := came(time.Time{}); n != 12+5+7 {
		t.Errorf("%d patients at the end, 24 were there", n)
	}
	o := p.elsewhere(t)
	o.At = after.At.Time().Add(time.Hour)
	if _, err := o.Run(ctx); !errors.Is(err, ErrAbsent) {
		t.Errorf("a moment that the log does not reach: %v", err)
	}
}

// received waits until the log is at the places as far as the position.
func (p *saved) received(t *testing.T, lsn string) {
	t.Helper()
	high, low, _ := strings.Cut(lsn, "/")
	for range 200 {
		time.Sleep(50 * time.Millisecond)
		if err := p.room.CopyLog(context.Background()); err != nil {
			t.Fatal(err)
		}
		var flushed bool
		text := fmt.Sprintf(`SELECT COALESCE(bool_and(restart_lsn >= '%s/%s'), false) FROM pg_replication_slots WHERE slot_name = '%s'`, high, low, p.room.slot())
		if err := ask(p.room.o.ServerURL, text, &flushed); err != nil {
			t.Fatal(err)
		}
		if flushed {
			time.Sleep(50 * time.Millisecond)
			if err := p.room.CopyLog(context.Background()); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the log was not received in ten seconds")
}

// TestTheSpansAreThoseOfThePolicy: what the policy page says in days stands here once more, so that neither changes without the other.
func TestTheSpansAreThoseOfThePolicy(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups-thirty-days")
	if Keep != 30*24*time.Hour || KeepKeys > 48*time.Hour {
		t.Errorf("backups are kept %s, copies of the key store %s", Keep, KeepKeys)
	}
}

// TestADrillFindsWhatIsWrong: a drill with the key from paper says that all is well, and does not when a row is missing, when a key is, or when the audit
// log was written anew.
func TestADrillFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "restore-drill")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	m := p.run(t)
	r, err := p.room.Drill(ctx, "latest", p.key, nil)
	if err != nil || !r.Paper || !r.Exact || r.Opened != len(p.people) || r.Rows != m.Rows() {
		t.Fatalf("%+v %v", r, err)
	}
	marks, err := b.DB.Marks(ctx)
	if err != nil || marks["paper"].GoodAt == 0 || marks["drill"].GoodAt == 0 {
		t.Errorf("the drill was not written down: %+v %v", marks, err)
	}
	// The same name and list with other data: as if the copy had gone wrong. The list is stamped as the house would stamp it.
	wrong := func(what string, change func(m *Manifest)) {
		t.Helper()
		x := m
		x.Before.Tables = map[string]int64{}
		for k, v := range m.Before.Tables {
			x.Before.Tables[k] = v
		}
		change(&x)
		x.Stamp = b.Vault.Stamp("backup", x.text())
		for _, at := range []*Folder{p.first, p.second} {
			if err := putText(ctx, at, dataFolder+m.Name+manifestTail, x.pretty(), p.base); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.room.Drill(ctx, "latest", p.key, nil); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// The log went on since, and this host signed its newer head: the copy stands where the log stood.
	p.add(t, 90)
	p.people = p.people[:len(p.people)-1] // she is not in the copy
	if n, err := b.DB.Sequence(ctx, b.As(access.Operator)); err != nil || n == 0 {
		t.Fatalf("%d entries got their place: %v", n, err)
	}
	if _, err := p.room.Drill(ctx, "latest", p.key, nil); err != nil {
		t.Errorf("a clinic that went on working: %v", err)
	}
	wrong("a row less", func(m *Manifest) { m.Before.Tables["patient"]++ })
	wrong("a table less", func(m *Manifest) { m.Before.Tables["another"] = 0 })
	wrong("another end of the audit log", func(m *Manifest) { m.Before.Audit.Last = strings.Repeat("00", 16) })
	wrong("another key store", func(m *Manifest) { m.Keys.Fingerprint = "0000-0000-0000-0000" })
}
