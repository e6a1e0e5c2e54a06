package archives_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	records "almirah/internal/visits"
	"almirah/internal/words"
)

// declared are the tables of the rooms that these tests fill, and of the room itself. What all rooms declare goes there and back in the tests of app.
func declared() []holdings.Table {
	return slices.Concat(clinics.Holdings(), patients.Holdings(), archives.Holdings())
}

type house struct {
	*rig.Base
	s      *archives.Service
	people *patients.Service
}

func open(t testing.TB, b *rig.Base) *house {
	t.Helper()
	return opened(t, b, nil)
}

// opened is open, with what makes resources of a standard.
func opened(t testing.TB, b *rig.Base, packing archives.Packing) *house {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	a := accounts.New(b.DB, b.Log, accounts.Options{Clinics: c, Book: book, PublicURL: "https://almirah.example.org"})
	s := archives.New(b.DB, b.Log, archives.Options{Clinics: c, Accounts: a, Book: book, Holdings: declared(), Operator: accounts.Operator(), Folder: filepath.Join(b.Dir, "exports"), Packing: packing,
		Worker: func(clinic id.ID) access.Caller { return b.In(clinic, access.System) },
		Undo: func(ctx context.Context, tx *store.Tx, one id.ID) error {
			tx.Housekeeping("a test's eraser")
			if err := (archives.Keeper{}).Erase(tx, one); err != nil {
				return err
			}
			if err := (patients.Keeper{}).Erase(tx, one); err != nil {
				return err
			}
			return b.Vault.Shred(ctx, tx.Clinic(), one, "test")
		}})
	return &house{Base: b, s: s, people: patients.New(b.DB, b.Log)}
}

// fill enters children with guardians, in several scripts; one of them is erased.
func (h *house) fill(t testing.TB, n int) {
	t.Helper()
	ctx := context.Background()
	names := []string{"Asha Rao", "मीरा शर्मा", "கவிதா ராஜன்", "ليلى حداد", "=1+1|x", "Zoë \"Q\" <b>"}
	who := h.As(access.Owner)
	for i := 0; i < n; i += 500 {
		err := h.DB.Change(ctx, who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
			var list []patients.Clean
			var wrong fault.Fields
			c, err := clinics.Get(&tx.View)
			if err != nil {
				return err
			}
			for j := i; j < min(i+500, n); j++ {
				one, ok := patients.Check(patients.Draft{Name: names[j%len(names)], Phone: "+9198" + pad(j), Email: "p" + pad(j) + "@example.org", BirthDate: "2019-02-0" + string(rune('1'+j%9)), Sex: "female", Address: "Street " + pad(j),
					Guardian: &patients.GuardianDraft{Name: "Guardian " + pad(j), Phone: "+9197" + pad(j), Relation: "mother"}, Source: patients.SourceDesk}, c, "2026-11-23", &wrong)
				if !ok {
					return wrong.Err()
				}
				list = append(list, one)
			}
			_, err = patients.EnterAll(tx, list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func pad(n int) string { return fmt.Sprintf("%08d", n) }

func (h *house) export(t testing.TB, clinic id.ID) ([]byte, archives.Made) {
	t.Helper()
	var b bytes.Buffer
	made, err := h.s.Export(context.Background(), h.In(clinic, access.System), &b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), made
}

func read(t testing.TB, archive []byte) *archives.Opened {
	t.Helper()
	o, err := archives.Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// size is how many patients go there and back.
func size() int {
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		return 50_000
	}
	return 900 // three batches
}

// TestLeavesAndArrives: from each engine to the other one. What arrives is the same, found again under the keys there, and sends nothing.
func TestLeavesAndArrives(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	other := map[store.Engine]store.Engine{store.SQLite: store.Postgres, store.Postgres: store.SQLite}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		from := open(t, b)
		from.fill(t, size())
		neighbour := from.Found(t, "neighbour") // whose rows stand beside, and stay
		archive, made := from.export(t, from.Clinic)
		if made.Unreadable != 0 || made.Rows < int64(2*size()) {
			t.Errorf("%d rows, %d unreadable", made.Rows, made.Unreadable)
		}
		if bytes.Contains(archive, neighbour[:]) {
			t.Error("another clinic is in it")
		}
		o := read(t, archive)
		to := open(t, rig.New(t, other[b.Engine], store.Options{}))
		if _, err := to.s.Import(ctx, o, archives.Arrival{}, nil); !errors.Is(err, archives.ErrUntrusted) || !strings.Contains(err.Error(), o.Fingerprint) {
			t.Errorf("without trust: %v", err)
		}
		if _, err := to.s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("the name is taken there: %v", err)
		}
		// It breaks off after a while, and nobody sees the half of it.
		cut, stop := context.WithCancel(ctx)
		n := 0
		if _, err := to.s.Import(cut, o, archives.Arrival{Trust: strings.ToLower(o.Fingerprint), Slug: "moved"}, func(p archives.Progress) {
			if n++; p.What == "guardian" {
				stop()
			}
		}); err == nil {
			t.Fatal("it did not break off")
		}
		if _, err := clinics.New(to.DB, to.Log, clinics.Options{Anyone: accounts.Public(id.Zero)}).BySlug(ctx, "moved"); !fault.Is(err, fault.NotFound) {
			t.Errorf("half a clinic can be seen: %v", err)
		}
		arrived, err := to.s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint, Slug: "moved"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if arrived.Canonical != made.Canonical || arrived.Rows != made.Rows {
			t.Errorf("arrived as %s with %d rows, left as %s with %d", arrived.Canonical, arrived.Rows, made.Canonical, made.Rows)
		}
		if _, again := to.export(t, from.Clinic); again.Canonical != made.Canonical {
			t.Errorf("left again as %s", again.Canonical)
		}
		if _, err := to.s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint, Slug: "moved"}, nil); !errors.Is(err, archives.ErrHere) {
			t.Errorf("brought in twice: %v", err)
		}
		owner := to.In(from.Clinic, access.Owner)
		found, err := to.people.Search(ctx, owner, "9198"+pad(7), 10)
		if err != nil || len(found) != 1 {
			t.Errorf("a patient is found by her number: %d, %v", len(found), err)
		}
		_, held, err := to.s.Runs(ctx, owner)
		if err != nil || !held {
			t.Errorf("messages are held: %v, %v", held, err)
		}
		if err := to.s.LetGo(ctx, owner); err != nil {
			t.Error(err)
		}
		if err := to.s.LetGo(ctx, owner); !fault.Is(err, fault.Conflict) {
			t.Errorf("let go twice: %v", err)
		}
	})
}

// TestATableThatIsLeftOutIsPassedOver: an archive that an older program wrote may hold a table that stays in its house by now. It arrives without that table, and everything else is
// compared; a table of which nothing is known is refused.
func TestATableThatIsLeftOutIsPassedOver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from := open(t, rig.New(t, store.SQLite, store.Options{}))
	from.fill(t, 30)
	archive, made := from.export(t, from.Clinic)
	for table, want := range map[string]error{"statutory_key": nil, "unheard_of": archives.ErrStrange} {
		o := read(t, archive)
		o.Tables = append(slices.Clone(o.Tables), archives.Counted{Table: table, Rows: 1, Digest: "of a row"})
		o.Canonical = archives.Canonical(o.Tables)
		to := open(t, rig.New(t, store.SQLite, store.Options{}))
		arrived, err := to.s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint, Slug: "moved"}, nil)
		if !errors.Is(err, want) || err == nil && arrived.Rows != made.Rows {
			t.Errorf("with %s: %d of %d rows, %v", table, arrived.Rows, made.Rows, err)
		}
	}
}

// TestAnArchiveOfAnOlderReleaseArrives: columns that came since are as an upgrade would have left them; what the archive says is compared as ever.
func TestAnArchiveOfAnOlderReleaseArrives(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	ctx := context.Background()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		from := open(t, b)
		from.fill(t, 30)
		archive, made := from.export(t, from.Clinic)
		o := read(t, archive)
		o.Older(t, "patient", "adult_age")
		to := open(t, rig.New(t, b.Engine, store.Options{}))
		arrived, err := to.s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint, Slug: "moved"}, nil)
		if err != nil || arrived.Rows != made.Rows || arrived.Canonical != o.Canonical {
			t.Errorf("%d of %d rows, %v", arrived.Rows, made.Rows, err)
		}
	})
}

// TestAnArrivalGoesOnFromItsLastStep: an import that broke off when everything was there but its name led nowhere is finished by the same command, or with another name. Its
// rows are not brought in twice.
func TestAnArrivalGoesOnFromItsLastStep(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-arrives")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		from := open(t, rig.New(t, store.SQLite, store.Options{}))
		from.fill(t, 10)
		archive, made := from.export(t, from.Clinic)
		o := read(t, archive)
		to := open(t, b)
		house := clinics.New(to.DB, to.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
		route := func(text string, args ...any) {
			err := to.DB.Across(ctx, accounts.Operator(), access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
				p.Housekeeping("a test's other clinic")
				_, err := p.Exec(text, args...)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		thief := id.New(to.Clock.Now())
		once := sync.OnceFunc(func() { route(`UPDATE clinic_route SET clinic_id = $2 WHERE slug = $1`, "moved", thief) })
		come := func(slug string) (archives.Made, error) {
			return to.s.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint, Slug: slug}, func(p archives.Progress) {
				if p.What == "guardian" {
					once()
				}
			})
		}
		if _, err := come("moved"); !fault.Is(err, fault.Invalid) {
			t.Fatalf("another clinic has its name by now: %v", err)
		}
		if _, err := come("moved"); !fault.Is(err, fault.Invalid) { // and still has
			t.Fatalf("begun again: %v", err)
		}
		if b.Engine == store.SQLite { // it waits no longer, and the same command finishes
			route(`UPDATE clinic_route SET clinic_id = $2 WHERE slug = $1`, "moved", from.Clinic)
		}
		slug := map[store.Engine]string{store.SQLite: "moved", store.Postgres: "moved-on"}[b.Engine]
		arrived, err := come(slug)
		if err != nil {
			t.Fatalf("it is not finished: %v", err)
		}
		if arrived.Canonical != made.Canonical || arrived.Rows != made.Rows || arrived.Slug != slug {
			t.Errorf("arrived as %+v", arrived)
		}
		if _, again := to.export(t, from.Clinic); again.Canonical != made.Canonical {
			t.Errorf("it is not the same: %s", again.Canonical)
		}
		if one, err := house.BySlug(ctx, slug); err != nil || one != from.Clinic {
			t.Errorf("its name leads to %v, %v", one, err)
		}
		if c, err := house.Get(ctx, to.In(from.Clinic, access.Owner)); err != nil || c.Slug != slug {
			t.Errorf("it calls itself %s: %v", c.Slug, err)
		}
		if _, err := come(slug); !errors.Is(err, archives.ErrHere) {
			t.Errorf("brought in twice: %v", err)
		}
	})
}

// rebuilt writes an archive again with other members.
func rebuilt(t testing.TB, archive []byte, change func(name string, text []byte) (string, []byte, bool)) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name, text, keep := change(f.Name, text)
		if !keep {
			continue
		}
		m, err := w.Create(name)
		if err == nil {
			_, err = m.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestChangedArchivesAreRefused: whatever somebody does to an archive on its way, it is refused before a row of it is believed.
func TestChangedArchivesAreRefused(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-signed")
	h := open(t, rig.New(t, store.SQLite, store.Options{}))
	h.fill(t, 30)
	archive, _ := h.export(t, h.Clinic)
	stranger := open(t, rig.New(t, store.SQLite, store.Options{}))
	_, key, err := stranger.Vault.LogSigner()
	if err != nil {
		t.Fatal(err)
	}
	same := func(name string, text []byte) (string, []byte, bool) { return name, text, true }
	for name, change := range map[string]func(name string, text []byte) (string, []byte, bool){
		"a row was changed": func(name string, text []byte) (string, []byte, bool) {
			if name == "native/patient.ndjson" {
				text = bytes.Replace(text, []byte("Asha"), []byte("Usha"), 1)
			}
			return name, text, true
		},
		"a row was taken away": func(name string, text []byte) (string, []byte, bool) {
			if name == "native/patient.ndjson" {
				text = text[bytes.IndexByte(text, '\n')+1:]
			}
			return name, text, true
		},
		"a member was taken away": func(name string, text []byte) (string, []byte, bool) { return name, text, name != "readme.txt" },
		"a member has another name": func(name string, text []byte) (string, []byte, bool) {
			return strings.Replace(name, "readme.txt", "readme2.txt", 1), text, true
		},
		"a member leads out of its folder": func(name string, text []byte) (string, []byte, bool) {
			return strings.Replace(name, "readme.txt", "../../etc/readme.txt", 1), text, true
		},
		"a member has an absolute name": func(name string, text []byte) (string, []byte, bool) {
			return strings.Replace(name, "readme.txt", "/readme.txt", 1), text, true
		},
		"a member leads out by backslashes": func(name string, text []byte) (string, []byte, bool) {
			return strings.Replace(name, "readme.txt", `..\readme.txt`, 1), text, true
		},
		"the manifest says something else": func(name string, text []byte) (string, []byte, bool) {
			if name == "manifest.json" {
				text = bytes.Replace(text, []byte("Clinic sunrise"), []byte("Clinic sunset"), 1)
			}
			return name, text, true
		},
		"the hash was changed": func(name string, text []byte) (string, []byte, bool) {
			if name == "manifest.json" {
				var m archives.Manifest
				if json.Unmarshal(text, &m) != nil {
					t.Fatal("no manifest")
				}
				m.Canonical = strings.Repeat("0", 64)
				text, _ = json.Marshal(m)
			}
			return name, text, true
		},
		"somebody else's key": func(name string, text []byte) (string, []byte, bool) {
			if name == "manifest.json" {
				var m archives.Manifest
				if json.Unmarshal(text, &m) != nil {
					t.Fatal("no manifest")
				}
				m.Key = key
				text, _ = json.Marshal(m)
			}
			return name, text, true
		},
		"no signature": func(name string, text []byte) (string, []byte, bool) { return name, text, name != "manifest.sig" },
		"another form": func(name string, text []byte) (string, []byte, bool) {
			return name, bytes.ReplaceAll(text, []byte("almirah archive 1"), []byte("almirah archive 9")), true
		},
		"it is blown up": func(name string, text []byte) (string, []byte, bool) {
			if name == "readme.txt" {
				text = make([]byte, 64<<20)
			}
			return name, text, true
		},
	} {
		bad := rebuilt(t, archive, change)
		_, err := archives.Open(bytes.NewReader(bad), int64(len(bad)), nil)
		if !errors.Is(err, archives.ErrForged) && !errors.Is(err, archives.ErrDamaged) && !errors.Is(err, archives.ErrStrange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := rebuilt(t, archive, same)
	read(t, good) // packed anew is the same archive
	for _, n := range []int{0, 1, 100, len(archive) / 2, len(archive) - 1} {
		if _, err := archives.Open(bytes.NewReader(archive[:n]), int64(n), nil); err == nil {
			t.Errorf("cut off after %d bytes, and read", n)
		}
	}
	more := rebuilt(t, archive, same)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	z, _ := zip.NewReader(bytes.NewReader(more), int64(len(more)))
	for _, f := range z.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Create("native/more.ndjson"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := archives.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), nil); err == nil {
		t.Error("a member that nobody signed for is taken")
	}
	o := read(t, archive)
	if _, err := stranger.s.Import(context.Background(), o, archives.Arrival{Trust: archives.Fingerprint(key), Slug: "elsewhere"}, nil); !errors.Is(err, archives.ErrUntrusted) {
		t.Errorf("another key was vouched for: %v", err)
	}
}

// TestAnArchiveIsFetchedOnce: sealed while it waits, for a day, for one download.
func TestAnArchiveIsFetchedOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-once")
	h := open(t, rig.New(t, store.SQLite, store.Options{}))
	h.fill(t, 40)
	ctx := context.Background()
	owner, work := h.As(access.Owner), h.As(access.System)
	file := func(run id.ID) string { return filepath.Join(h.Dir, "exports", run.String()+".1.sealed") }
	run, err := h.s.Ask(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Ask(ctx, owner); !fault.Is(err, fault.Conflict) {
		t.Errorf("two at once: %v", err)
	}
	if _, err := h.s.Fetch(ctx, owner, run); !fault.Is(err, fault.NotFound) {
		t.Errorf("fetched before it is ready: %v", err)
	}
	if err := h.s.Make(ctx, work); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(file(run))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("native/patient.ndjson")) {
		t.Error("it lies open on the disk")
	}
	f, err := h.s.Fetch(ctx, owner, run)
	if err != nil {
		t.Fatal(err)
	}
	if f.Write(broken{}) == nil {
		t.Error("a download that broke off counts")
	}
	if f, err = h.s.Fetch(ctx, owner, run); err != nil {
		t.Fatalf("begun again: %v", err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != f.Size {
		t.Errorf("%d bytes, %d were said", b.Len(), f.Size)
	}
	read(t, b.Bytes())
	if _, err := h.s.Fetch(ctx, owner, run); !fault.Is(err, fault.NotFound) {
		t.Errorf("fetched twice: %v", err)
	}
	if _, err := os.Stat(file(run)); err == nil {
		t.Error("it was fetched and is still there")
	}
	again, err := h.s.Ask(ctx, owner)
	if err == nil {
		err = h.s.Make(ctx, work)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.Clock.Move(archives.Waits)
	if _, err := h.s.Fetch(ctx, owner, again); !fault.Is(err, fault.NotFound) {
		t.Errorf("fetched after its day: %v", err)
	}
	if err := h.s.Expire(ctx, work); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file(again)); err == nil {
		t.Error("its day is over and it is still there")
	}
	for _, role := range []access.Role{access.Manager, access.Practitioner, access.FrontDesk, access.Billing, access.Patient} {
		if _, err := h.s.Ask(ctx, h.As(role)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s may take the clinic along: %v", role, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("the line broke") }

// FuzzOpen: whatever somebody hands in as an archive, it is refused or read, and nothing falls over.
func FuzzOpen(f *testing.F) {
	h := open(f, rig.New(f, store.SQLite, store.Options{}))
	h.fill(f, 3)
	archive, _ := h.export(f, h.Clinic)
	f.Add(archive)
	f.Add(archive[:len(archive)/2])
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := archives.Open(bytes.NewReader(raw), int64(len(raw)), nil)
		if err == nil && o.Fingerprint == "" {
			t.Error("an archive without a key is read")
		}
	})
}

// slow is whoever reads a copy: while it comes, the rest of the house must be able to read.
type slow struct {
	bytes.Buffer
	look func() error
	err  error
}

func (s *slow) Write(p []byte) (int, error) {
	s.err = errors.Join(s.err, s.look())
	return s.Buffer.Write(p)
}

// TestWhoReadsSlowlyKeepsNobodyWaiting: a patient's copy is made in one passage and handed out behind it: whoever takes it slowly holds no connection to the database. Nothing of
// it stays in the folder.
func TestWhoReadsSlowlyKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{Readers: 1})
	h := open(t, b)
	h.fill(t, 1)
	ctx, owner := context.Background(), h.As(access.Owner)
	found, err := h.people.Search(ctx, owner, "9800000000", 5)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	w := &slow{look: func() error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return b.DB.View(ctx, owner, access.ClinicRead, func(context.Context, *store.View) error { return nil })
	}}
	if _, err := h.s.Person(ctx, owner, found[0].ID, w); err != nil || w.err != nil {
		t.Fatalf("%v; meanwhile: %v", err, w.err)
	}
	if _, err := zip.NewReader(bytes.NewReader(w.Bytes()), int64(w.Len())); err != nil {
		t.Error(err)
	}
	if list, err := os.ReadDir(filepath.Join(b.Dir, "exports")); err != nil || len(list) != 0 {
		t.Errorf("%d files stay: %v", len(list), err)
	}
}

// TestTwoProcessesMakeNobodyTwice: two processes that work on the same list at once make each patient once.
func TestTwoProcessesMakeNobodyTwice(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		owner, work := h.As(access.Owner), h.As(access.System)
		text := "Name,Phone\n"
		for i := range 250 {
			text += "Person " + pad(i) + ",+9198" + pad(i) + "\n"
		}
		list, err := h.s.Bring(ctx, owner, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		both := func() {
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					if err := h.s.Work(ctx, work); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		l, err := h.s.List(ctx, owner, list)
		if err == nil {
			err = h.s.Look(ctx, owner, list, l.Columns, archives.DayFirst, false, l.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		both()
		if l, err = h.s.List(ctx, owner, list); err == nil {
			err = h.s.Take(ctx, owner, list, l.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		both()
		var n int
		if err := b.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT COUNT(*) FROM patient WHERE clinic_id = $1`).Scan(&n)
		}); err != nil || n != 250 {
			t.Errorf("%d patients of 250 lines: %v", n, err)
		}
		if l, err = h.s.List(ctx, owner, list); err != nil || l.State != archives.ListDone || l.Made != 250 {
			t.Errorf("%s, %d made: %v", l.State, l.Made, err)
		}
	})
}

// meanwhile packs nothing, and does something while an archive is made: when every table was written, before the last ones are read.
type meanwhile struct{ do func() }

func (*meanwhile) Kinds() []archives.Kind {
	return []archives.Kind{{Type: "Patient", Table: "patient"}}
}
func (m *meanwhile) Pack(archives.Kind, archives.Row, []archives.Row, archives.Surroundings) ([]any, error) {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return nil, nil
}

// fetched asks nobody: it makes what was asked for, and fetches it.
func (h *house) fetched(t testing.TB, run id.ID) *archives.Opened {
	t.Helper()
	ctx, owner := context.Background(), h.As(access.Owner)
	if err := h.s.Make(ctx, h.As(access.System)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	f, err := h.s.Fetch(ctx, owner, run)
	if err == nil {
		err = f.Write(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != f.Size {
		t.Errorf("%d bytes, %d were said: it is another one's", b.Len(), f.Size)
	}
	return read(t, b.Bytes())
}

// TestWhoIsErasedIsInNoArchive: an archive of the clinic that is being made when somebody is erased is begun again without her, whether or not its maker tells how far it is meanwhile.
func TestWhoIsErasedIsInNoArchive(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-by-law-alone")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		m := &meanwhile{}
		h, ctx, owner := opened(t, b, m), context.Background(), b.As(access.Owner)
		h.fill(t, 12)
		for i, pause := range []time.Duration{0, time.Minute} {
			run, err := h.s.Ask(ctx, owner)
			if err != nil {
				t.Fatal(err)
			}
			m.do = func() {
				if err := h.s.TakeAway(ctx, h.As(access.System), []id.ID{h.patient(t, "98"+pad(i))}); err != nil {
					t.Fatal(err)
				}
				h.Clock.Move(pause)
			}
			o := h.fetched(t, run)
			for _, c := range o.Tables {
				if c.Table == "patient" && c.Rows != int64(11-i) {
					t.Errorf("after a pause of %v the archive holds %d patients of %d", pause, c.Rows, 11-i)
				}
			}
			if o.Unreadable != 0 {
				t.Errorf("%d fields are left of her", o.Unreadable)
			}
		}
		if list, err := os.ReadDir(filepath.Join(b.Dir, "exports")); err != nil || len(list) != 0 {
			t.Errorf("%d files stay: %v", len(list), err)
		}
	})
}

// TestTwoMakersOfOneArchive: when a maker stood still for so long that another began, the archive is the other's, whole, and the first gives up.
func TestTwoMakersOfOneArchive(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		m := &meanwhile{}
		slow, other, ctx := opened(t, b, m), open(t, b), context.Background()
		slow.fill(t, 12)
		run, err := slow.s.Ask(ctx, slow.As(access.Owner))
		if err != nil {
			t.Fatal(err)
		}
		m.do = func() {
			b.Clock.Move(11 * time.Minute)
			slow.fill(t, 30)
			if err := other.s.Make(ctx, b.As(access.System)); err != nil {
				t.Error(err)
			}
		}
		for _, c := range slow.fetched(t, run).Tables {
			if c.Table == "patient" && c.Rows != 42 {
				t.Errorf("%d patients of 42: it is the first one's", c.Rows)
			}
		}
		if list, err := os.ReadDir(filepath.Join(b.Dir, "exports")); err != nil || len(list) != 0 {
			t.Errorf("%d files stay: %v", len(list), err)
		}
	})
}

// TestWhoMakesAnArchiveTellsOfEachPiece: a clinic of many files and appointments is told of piece by piece, so that nobody takes who makes its archive for dead and begins again.
func TestWhoMakesAnArchiveTellsOfEachPiece(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "export-once")
	b := rig.New(t, store.SQLite, store.Options{})
	v, ctx := visits(t, b, 1), context.Background()
	for n := 1; n <= 3; n++ {
		v.Booked(t, v.As(access.FrontDesk), v.Booking(v.Providers[0], v.At(1, "09:00").Add(time.Duration(n)*time.Hour), n))
	}
	desk := clinics.New(b.DB, b.Log, clinics.Options{})
	now, err := desk.Get(ctx, v.As(access.Owner))
	if err == nil {
		err = desk.SetModules(ctx, v.As(access.Owner), []string{clinics.ModuleClinical}, now.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	paper := append([]byte("%PDF-1.4\n%"), bytes.Repeat([]byte("x"), 1<<20)...) // five pieces
	if _, err := records.New(b.DB).AddFile(ctx, v.As(access.Owner), v.h.patient(t, "9800000000"), id.Zero, "scan.pdf", append(paper, "\n%%EOF\n"...)); err != nil {
		t.Fatal(err)
	}
	s := archives.New(b.DB, b.Log, archives.Options{Clinics: desk, Accounts: accounts.New(b.DB, b.Log, accounts.Options{Clinics: desk, PublicURL: "https://almirah.example.org"}), Operator: accounts.Operator(),
		Holdings: append(declared(), slices.Concat(scheduling.Holdings(), records.Holdings())...)})
	told := map[string]int{}
	if _, err := s.Export(ctx, v.As(access.System), io.Discard, func(p archives.Progress) {
		told[p.Step]++
		b.Clock.Move(time.Second)
	}); err != nil {
		t.Fatal(err)
	}
	if told["calendar"] < 3 || told["files"] < 5 {
		t.Errorf("three appointments and five pieces of a file: %v", told)
	}
}

// patient is who is reached at a number.
func (h *house) patient(t testing.TB, phone string) id.ID {
	t.Helper()
	found, err := h.people.Search(context.Background(), h.As(access.Owner), phone, 5)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0].ID
}
