package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/backup"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// filesIn counts the files in a folder and all that lie in it.
func filesIn(t *testing.T, folder string) (n int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTheSecondCopyAsksEveryClinic: a house that was opened and never started lays nothing at a place that a clinic forbids; a clinic that forbids it
// later is heard within minutes; and nothing is laid while one clinic cannot be asked.
func TestTheSecondCopyAsksEveryClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "region", "nobody-outside")
	engines(t, func(t *testing.T, engine store.Engine) {
		second := filepath.Join(t.TempDir(), "second")
		h := openHouse(t, engine, Options{}, map[string]string{"ALMIRAH_BACKUP_SECOND": second, "ALMIRAH_BACKUP_REGION": "United States"})
		v := vandalIn(t, h)
		folder, err := backup.NewFolder(second, "US")
		if err != nil {
			t.Fatal(err)
		}
		put := func() error {
			t.Helper()
			one := filepath.Join(t.TempDir(), "one")
			if err := os.WriteFile(one, []byte("a copy"), 0o600); err != nil {
				t.Fatal(err)
			}
			return barredPlace{folder, h.House}.Put(t.Context(), "data/one", one)
		}
		if err := put(); err != nil {
			t.Fatalf("where every clinic allows it: %v", err)
		}
		for _, choice := range []string{clinics.OutsideRegion, clinics.OutsideNobody} {
			v.write(t, `UPDATE clinic SET outside = '`+choice+`' WHERE clinic_id = {clinic}`) // as at another process, or in an archive that arrived
			h.Fake.Move(choicesFor)
			if err := put(); !errors.Is(err, errBarred) {
				t.Errorf("a clinic allows %s: %v", choice, err)
			}
			if found := h.goingAgainst(); len(found) != 1 || found[0].What != "backups" || found[0].Slug != h.Clinic.Slug {
				t.Errorf("the operator's page says %v", found)
			}
			v.write(t, `UPDATE clinic SET outside = 'anyone' WHERE clinic_id = {clinic}`)
			h.Fake.Move(choicesFor)
			if err := put(); err != nil {
				t.Errorf("where every clinic allows it again: %v", err)
			}
		}
		v.write(t, `UPDATE clinic_route SET opened_at = 0 WHERE clinic_id = {clinic}`) // it is only arriving, and its patients lie here
		v.write(t, `UPDATE clinic SET outside = 'region' WHERE clinic_id = {clinic}`)
		h.Fake.Move(choicesFor)
		if err := put(); !errors.Is(err, errBarred) {
			t.Errorf("a clinic that arrives: %v", err)
		}
		v.write(t, `UPDATE clinic SET outside = 'anyone' WHERE clinic_id = {clinic}`)
		v.write(t, `INSERT INTO pulse (clinic_id, counter, due_at) VALUES ({x:00000000000000000000000000000000}, 0, 0)`) // a clinic that cannot be asked
		h.Fake.Move(choicesFor)
		for range 2 {
			if err := put(); err == nil || errors.Is(err, errBarred) {
				t.Errorf("a clinic that cannot be asked: %v", err)
			}
		}
		v.write(t, `DELETE FROM pulse WHERE clinic_id = {x:00000000000000000000000000000000}`)
		if err := put(); err != nil {
			t.Errorf("when every clinic can be asked again: %v", err)
		}
	})
}

// TestTheVerbsAskEveryClinic: `almirah backup` and `almirah drill` make a house and never start it; they lay nothing where a clinic forbids it.
func TestTheVerbsAskEveryClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "region", "nobody-outside")
	dir := t.TempDir()
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_LOG": "error"}
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateRootKey(set["ALMIRAH_KEYS"]); err != nil {
		t.Fatal(err)
	}
	run := func(line string) (string, error) {
		var out, errs bytes.Buffer
		err := Command(t.Context(), strings.Fields(line), func(name string) string { return set[name] }, &out, &errs)
		return out.String() + errs.String(), err
	}
	choose := func(to string) {
		t.Helper()
		c, err := FromEnv(func(name string) string { return set[name] })
		if err != nil {
			t.Fatal(err)
		}
		h, err := Open(t.Context(), c, clock.NewFake(time.Now()), silent(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		owner, _, err := h.demoClinic(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mine, err := h.Clinics.Get(t.Context(), owner)
		if err == nil {
			err = h.Vendors.Choose(t.Context(), owner, to, mine.Version)
		}
		if err := errors.Join(err, h.Close()); err != nil {
			t.Fatal(err)
		}
	}
	choose(clinics.OutsideRegion)
	paper, err := run("backup key")
	if err != nil {
		t.Fatal(err)
	}
	set["ALMIRAH_BACKUP_RECIPIENT"] = regexp.MustCompile(`age1[a-z0-9]+`).FindString(paper)
	set["ALMIRAH_BACKUP_DIR"], set["ALMIRAH_BACKUP_SECOND"], set["ALMIRAH_BACKUP_REGION"] = filepath.Join(dir, "first"), filepath.Join(dir, "second"), "United States"
	for _, verb := range []string{"backup", "drill"} {
		if said, err := run(verb); !errors.Is(err, errBarred) {
			t.Errorf("almirah %s: %v\n%s", verb, err, said)
		}
		if n := filesIn(t, set["ALMIRAH_BACKUP_SECOND"]); n != 0 {
			t.Errorf("almirah %s laid %d files where the clinic forbids it", verb, n)
		}
	}
	set["ALMIRAH_BACKUP_REGION"] = "India"
	if said, err := run("backup"); filesIn(t, set["ALMIRAH_BACKUP_SECOND"]) == 0 {
		t.Errorf("where the clinic allows it: %v\n%s", err, said)
	}
}
