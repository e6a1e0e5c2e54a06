package app

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// TestNoKeyOfTheErasedOpens: a patient, somebody who worked at the clinic and a whole clinic are erased, and the backup of the day before comes back. They stay erased; each wrapped key that is
// found anywhere (in the key store's rows and files, in its log of writing, in its copies at both places, in the backups of the data) is tried with every key that still exists, the root key and those
// that such a key opens among them: none opens after the night and the two days for which copies live, and those of who stayed all do.
func TestNoKeyOfTheErasedOpens(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erased-for-good", "erasure-through-backups", "account-closing")
	engines(t, noKeyOpens)
}

func noKeyOpens(t *testing.T, engine store.Engine) {
	ctx := context.Background()
	y := newYesterday(t, engine)
	keysAt := y.Config.KeystoreURL
	stays, gone := y.book(t, y.House, 0).Patient, y.book(t, y.House, 2).Patient
	y.allergic(t, gone)
	left := y.left(t)
	closed, resident := y.anotherClinic(t)
	clinic := y.owner.Clinic()
	victims := map[string]quarry{"the erased patient": {"patient", clinic, gone}, "who worked here": {"patient", id.Zero, left}, "the closed clinic's patient": {"patient", closed, resident},
		"the closed clinic": {"clinic", closed, id.Zero}, "the closed clinic's data": {"data", closed, id.Zero}, "the closed clinic's index": {"index", closed, id.Zero}}
	controls := map[string]quarry{"who stays": {"patient", clinic, stays}, "the clinic": {"clinic", clinic, id.Zero}, "the clinic's data": {"data", clinic, id.Zero}, "the owner": {"patient", id.Zero, y.ownerPerson(t)}}
	hunted := slices.Collect(maps.Values(victims))
	hunted = append(hunted, controls["who stays"])
	both := maps.Clone(victims)
	maps.Copy(both, controls)
	hunt := func() *hunter { return newHunter(t, y.set["ALMIRAH_KEYS"]) }

	if _, err := y.Backups.Run(ctx, t.Logf); err != nil {
		t.Fatal(err)
	}
	x := hunt()
	x.tables(liveKeys(t, keysAt), "the key store")
	x.judge("before", nil, both)

	// The next day they go.
	y.time.Move(23 * time.Hour)
	if _, err := y.erase(ctx, y.owner, gone); err != nil {
		t.Fatal(err)
	}
	if err := y.eraseColleague(ctx, y.owner, left); err != nil {
		t.Fatal(err)
	}
	closeClinic(t, y.House, closed)
	y.journalOut(ctx)
	x = hunt()
	x.tables(liveKeys(t, keysAt), "the key store")
	if file, lite := strings.CutPrefix(keysAt, "sqlite://"); lite {
		x.files(file, hunted)
	}
	x.judge("at once, where they lived", victims, controls)
	// A copy from before, in the hands of who has the root key, opens them until it is deleted: the policy names the day. It shows that the hunt would find them.
	x = hunt()
	if copies, data := x.places(y.set["ALMIRAH_BACKUP_DIR"], y.key, hunted); copies == 0 || data == 0 {
		t.Fatalf("%d copies of the key store and %d of the data lie at the place", copies, data)
	}
	x.judge("a copy from before", nil, both)
	h := y.elsewhere(t)
	if err := h.Settle(ctx, t.Logf); err != nil {
		t.Fatal(err)
	}
	y.theyAreGone(t, h, gone, stays, left, closed)
	restored := strings.TrimPrefix(y.set["ALMIRAH_KEYSTORE_URL"], "sqlite://")
	x = hunt()
	x.tables(liveKeys(t, y.set["ALMIRAH_KEYSTORE_URL"]), "the restored key store")
	x.files(restored, hunted)
	x.judge("after the restore", victims, controls)

	// The night, and the two days for which copies of the key store live.
	y.time.Move(21 * time.Hour)
	if err := h.turnKeys(ctx, jobs.Platform()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.Backups.CopyKeys(ctx); err != nil {
			t.Fatal(err)
		}
		y.time.Move(25 * time.Hour)
		if err := h.Backups.Expire(ctx); err != nil {
			t.Fatal(err)
		}
	}
	x = hunt()
	x.tables(liveKeys(t, y.set["ALMIRAH_KEYSTORE_URL"]), "the restored key store")
	x.files(restored, hunted)
	for _, place := range []string{"ALMIRAH_BACKUP_DIR", "ALMIRAH_BACKUP_SECOND"} {
		if copies, data := x.places(y.set[place], y.key, hunted); copies == 0 || data == 0 {
			t.Errorf("%d copies of the key store and %d of the data lie at the place", copies, data)
		}
	}
	x.judge("three days later, everywhere", victims, controls)
	y.theyAreGone(t, h, gone, stays, left, closed)
}

// left is somebody who worked at the clinic and works nowhere here any more.
func (y *yesterday) left(t *testing.T) id.ID {
	t.Helper()
	h := &opened{House: y.House}
	one, err := id.Parse(h.former(t, y.owner, "yesterday"))
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func (y *yesterday) ownerPerson(t *testing.T) id.ID {
	t.Helper()
	people, _, err := y.Accounts.Staff(t.Context(), y.owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range people {
		if m.Role == access.Owner {
			return m.Person.ID
		}
	}
	t.Fatal("nobody owns the clinic")
	return id.Zero
}

// anotherClinic opens a clinic with a patient in it.
func (y *yesterday) anotherClinic(t *testing.T) (clinic, patient id.ID) {
	t.Helper()
	ctx := t.Context()
	c, err := y.Clinics.Open(ctx, accounts.Operator(), benchOpening("leaving"), func(_ context.Context, tx *store.Tx, _ clinics.Clinic) error { return followup.Found(tx) })
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := y.Patients.Add(ctx, y.ownerOf(c.ID), patients.Draft{Name: "Leela Larch", Phone: "+919999910123", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, p.ID
}

func (y *yesterday) ownerOf(clinic id.ID) access.Caller { return anOwner(y.House, clinic) }

func anOwner(h *House, clinic id.ID) access.Caller {
	return access.Mint(clinic, id.New(h.Clock.Now()), id.Zero, id.New(h.Clock.Now()), access.Owner, access.Running)
}

// closeClinic closes a clinic, and has it destroyed by the word of two owners: of none of its tables a row is left.
func closeClinic(t *testing.T, h *House, clinic id.ID) {
	t.Helper()
	ctx := context.Background()
	one, two := anOwner(h, clinic), anOwner(h, clinic)
	if err := h.Lives.Beat(ctx, jobs.Platform()); err != nil {
		t.Fatal(err)
	}
	if err := h.Lives.Close(ctx, one, false); err != nil {
		t.Fatal(err)
	}
	for _, who := range []access.Caller{one, two} {
		x, _, err := h.Lives.ClosingOf(ctx, who)
		if err == nil {
			err = h.Lives.Now(ctx, who, x.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Lives.WatchClosing(ctx, jobs.ForClinic(clinic)); err != nil {
		t.Fatal(err)
	}
	if gone, err := h.Vault.ClinicGone(ctx, clinic); err != nil || !gone {
		t.Fatalf("the clinic is there: %v, %v", gone, err)
	}
	noRowOf(t, h, clinic)
}

// noRowOf looks that no table of clinics has a row of the clinic.
func noRowOf(t *testing.T, h *House, clinic id.ID) {
	t.Helper()
	err := h.DB.View(context.Background(), jobs.ForClinic(clinic), access.Work, func(_ context.Context, v *store.View) error {
		for _, table := range clinicTables() {
			if table == "statutory_copy" && h.DB.Engine() == store.Postgres {
				continue // the house's own role cannot read it
			}
			var n int
			if err := v.Row(`SELECT COUNT(*) FROM ` + table + ` WHERE clinic_id = $1`).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				t.Errorf("%d rows of a closed clinic are in %s", n, table)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// theyAreGone looks that of the erased nothing is there, and that who stays is.
func (y *yesterday) theyAreGone(t *testing.T, h *House, gone, stays, left, closed id.ID) {
	t.Helper()
	ctx := t.Context()
	if p, err := h.Patients.Open(ctx, y.owner, stays); err != nil || p.Name == "" {
		t.Errorf("who stays cannot be read: %q, %v", p.Name, err)
	}
	if _, err := h.Patients.Open(ctx, y.owner, gone); !fault.Is(err, fault.NotFound) {
		t.Errorf("the erased patient is back: %v", err)
	}
	if _, err := h.Clinics.BySlug(ctx, "leaving"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the closed clinic is back: %v", err)
	}
	if _, err := h.Vault.Ring(ctx, closed); !errors.Is(err, vault.ErrUnknownClinic) {
		t.Errorf("the closed clinic's keys are back: %v", err)
	}
	if err := h.Vault.OpenClinic(ctx, closed); !errors.Is(err, vault.ErrShredded) {
		t.Errorf("the closed clinic gets new keys: %v", err)
	}
	noRowOf(t, h, closed)
	err := h.DB.Across(ctx, rig.SignedIn(id.Zero, id.New(y.time.Now()), id.Zero, access.Operator), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a test looks")
		for _, text := range []string{`SELECT COUNT(*) FROM membership WHERE person_id = $1`, `SELECT COUNT(*) FROM person WHERE id = $1 AND name IS NOT NULL`, `SELECT COUNT(*) FROM session WHERE person_id = $1`} {
			var n int
			if err := p.Row(text, left).Scan(&n); err != nil {
				return err
			}
			if n > 0 && !strings.Contains(text, "membership") {
				t.Errorf("of who worked here something is back: %s", text)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if gone, err := h.Vault.Gone(ctx, id.Zero, left); err != nil || !gone {
		t.Errorf("the key of who worked here is back: %v, %v", gone, err)
	}
}

// TestNoKeyOnAKeyServerOpens: the key store is on a PostgreSQL server. Once somebody was erased and a clinic closed, none of their keys opens in its tables; after the night none does in the pages
// of its files either, dead rows among them, whatever key of today is tried.
func TestNoKeyOnAKeyServerOpens(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erased-for-good")
	ctx := t.Context()
	at, root := pg.Database(t), filepath.Join(t.TempDir(), "root.key")
	if _, err := vault.CreateRootKey(root); err != nil {
		t.Fatal(err)
	}
	clk := clock.NewFake(morning)
	v, err := vault.Open(ctx, vault.Config{RootKeyFile: root, StoreURL: at}, clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	clinic, closed, gone, stays, resident := id.New(morning), id.New(morning), id.New(morning), id.New(morning), id.New(morning)
	for _, x := range []struct{ clinic, who id.ID }{{clinic, gone}, {clinic, stays}, {closed, resident}} {
		if err := v.OpenClinic(ctx, x.clinic); err != nil {
			t.Fatal(err)
		}
		if err := v.AddSubjects(ctx, x.clinic, x.who); err != nil {
			t.Fatal(err)
		}
	}
	victims := map[string]quarry{"the erased patient": {"patient", clinic, gone}, "the closed clinic": {"clinic", closed, id.Zero}, "the closed clinic's patient": {"patient", closed, resident}, "the closed clinic's data": {"data", closed, id.Zero}}
	controls := map[string]quarry{"who stays": {"patient", clinic, stays}, "the clinic": {"clinic", clinic, id.Zero}}
	both := maps.Clone(victims)
	maps.Copy(both, controls)
	hunted := slices.Collect(maps.Values(both))
	db := liveKeys(t, at)
	hunt := func(pages bool) *hunter {
		x := newHunter(t, root)
		x.tables(db, "the tables")
		for _, table := range []string{"epoch_key", "clinic_key", "retired_key", "patient_key"} {
			if b := pagesOf(t, db, table); pages {
				x.raw(b, "the pages of "+table, hunted)
				if table == "epoch_key" {
					x.epochs(b, "the pages of "+table)
				}
			}
		}
		return x
	}
	hunt(false).judge("before", nil, both)
	clk.Move(time.Hour)
	if err := v.Shred(ctx, clinic, gone, "erasure_request"); err != nil {
		t.Fatal(err)
	}
	if err := v.ShredClinic(ctx, closed, "clinic_closed"); err != nil {
		t.Fatal(err)
	}
	hunt(false).judge("at once, in the tables", victims, controls)
	// A dead row of a page still has what opens until the night, which is why the policy names a date; it shows that the hunt in pages finds what is there.
	hunt(true).judge("at once, in the pages", nil, map[string]quarry{"the erased patient": victims["the erased patient"], "who stays": controls["who stays"]})
	clk.Move(21 * time.Hour)
	if _, err := v.Turn(ctx, false, nil); err != nil {
		t.Fatal(err)
	}
	hunt(true).judge("after the night, in the pages", victims, controls)
}

// pagesOf are the bytes of a table's file.
func pagesOf(t *testing.T, db *sql.DB, table string) []byte {
	t.Helper()
	if _, err := db.Exec(`CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
	var dir, path string
	if err := db.QueryRow(`SELECT current_setting('data_directory'), pg_relation_filepath($1)`, table).Scan(&dir, &path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
