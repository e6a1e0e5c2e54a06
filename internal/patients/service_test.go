package patients

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"

	"pgregory.net/rapid"
)

var ctx = context.Background()

// add enters somebody new at the desk, whatever stands there.
func add(t testing.TB, b *rig.Base, d Draft) Patient { return addIn(t, b, b.Clinic, d) }

func addIn(t testing.TB, b *rig.Base, clinic id.ID, d Draft) Patient {
	t.Helper()
	p, _, err := New(b.DB, b.Log).Add(ctx, b.In(clinic, access.FrontDesk), d, true)
	if err != nil {
		t.Fatal(err)
	}
	b.Clock.Move(time.Second)
	return p
}

// change runs fn in a Change of the desk that records itself.
func change(t testing.TB, b *rig.Base, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := b.DB.Change(ctx, b.As(access.FrontDesk), access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test")
		return fn(tx)
	}); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, b *rig.Base, fn func(v *store.View) error) {
	t.Helper()
	if err := b.DB.View(ctx, b.As(access.FrontDesk), access.PatientRead, func(_ context.Context, v *store.View) error { return fn(v) }); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, b *rig.Base, text string, args ...any) int {
	t.Helper()
	n := 0
	view(t, b, func(v *store.View) error { return v.Row(text, args...).Scan(&n) })
	return n
}

func turnOn(t testing.TB, b *rig.Base, modules string) {
	t.Helper()
	change(t, b, func(tx *store.Tx) error {
		return tx.Must(`UPDATE clinic SET modules = $2 WHERE clinic_id = $1`, modules)
	})
}

func TestAddOpenSave(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk, doctor := New(b.DB, b.Log), b.As(access.FrontDesk), b.As(access.Practitioner)
		d := Draft{Name: "Asha Rao", Phone: "98765 43210", Email: "Asha@Example.org", BirthDate: "1984-03-15", Sex: "female", Address: "12 Hill Road\nPune"}
		p, existed, err := s.Add(ctx, desk, d, false)
		if err != nil || existed {
			t.Fatal(existed, err)
		}
		if _, existed, err = s.Add(ctx, desk, d, false); err != nil || !existed {
			t.Fatal("pressed twice, made twice:", err)
		}
		if q, existed, err := s.Add(ctx, desk, d, true); err != nil || existed || q.ID == p.ID {
			t.Fatal("said to be another person, and was not made:", err)
		}
		got, err := s.Open(ctx, desk, p.ID)
		if err != nil || got.Name != "Asha Rao" || got.Phone != "+919876543210" || got.Email != "Asha@example.org" || got.BirthDate != "1984-03-15" || got.Address != d.Address ||
			got.Sex != "female" || got.Language != "en" || got.Source != SourceDesk || got.Version != 1 || got.Broken || got.Minor {
			t.Fatalf("%+v %v", got, err)
		}
		if n := count(t, b, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'open' AND kind = 'patient' AND patient_id = $2`, p.ID); n != 1 {
			t.Errorf("opening wrote %d entries", n)
		}
		d.Phone, d.Name = "98765 43219", "Asha Rao-Iyer"
		if _, err := s.Save(ctx, desk, p.ID, d, 7); !fault.Is(err, fault.Conflict) {
			t.Errorf("a version never seen: %v", err)
		}
		saved, err := s.Save(ctx, desk, p.ID, d, 1)
		if err != nil || saved.Version != 2 {
			t.Fatal(saved.Version, err)
		}
		if _, err := s.Save(ctx, desk, p.ID, d, 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("a lost race: %v", err)
		}
		if same, err := s.Save(ctx, desk, p.ID, d, 2); err != nil || same.Version != 2 {
			t.Errorf("saving nothing new made a version: %d %v", same.Version, err)
		}
		if _, err := s.Save(ctx, desk, p.ID, Draft{Name: "", Phone: "x"}, 2); len(wrongIn(err)) != 2 {
			t.Errorf("wrong fields: %v", err)
		}
		for typed, want := range map[string]bool{"3210": false, "3219": true, "iyer": true, "asha": true} {
			hits, err := s.Search(ctx, desk, typed, 20)
			found := slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == p.ID })
			if err != nil || found != want {
				t.Errorf("after the change %q finds her: %v %v", typed, found, err)
			}
		}
		// Buckets: exactly what a person with these fields has, whether entered so or changed so.
		var have map[int64]bool
		view(t, b, func(v *store.View) error {
			var err error
			have, err = readTokens(v, p.ID)
			if err != nil {
				return err
			}
			want, err := buckets(v, tokens(saved))
			if err != nil {
				return err
			}
			if len(want) != len(have) {
				t.Errorf("%d buckets, want %d", len(have), len(want))
			}
			return nil
		})

		if err := s.SaveNotes(ctx, doctor, p.ID, "prefers mornings", 2); !fault.Is(err, fault.NotFound) {
			t.Errorf("notes without the module: %v", err)
		}
		turnOn(t, b, "scheduling,notes")
		if err := s.SaveNotes(ctx, desk, p.ID, "prefers mornings", 2); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the front desk wrote notes: %v", err)
		}
		if err := s.SaveNotes(ctx, doctor, p.ID, "prefers mornings", 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("an old version: %v", err)
		}
		if err := s.SaveNotes(ctx, doctor, p.ID, "prefers mornings", 2); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Open(ctx, doctor, p.ID); got.Notes != "prefers mornings" || got.Version != 3 {
			t.Errorf("%q %d", got.Notes, got.Version)
		}
		if got, _ := s.Open(ctx, desk, p.ID); got.Notes != "" {
			t.Error("the front desk reads notes")
		}
		turnOn(t, b, "scheduling")
		if got, _ := s.Open(ctx, doctor, p.ID); got.Notes != "" {
			t.Error("notes are shown though the module is off")
		}

		other := b.Found(t, "second")
		there := b.In(other, access.Owner)
		if _, err := s.Open(ctx, there, p.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic: %v", err)
		}
		if _, err := s.Save(ctx, there, p.ID, d, 3); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic: %v", err)
		}
		if hits, err := s.Search(ctx, there, "asha", 20); err != nil || len(hits) > 0 {
			t.Errorf("another clinic finds %d, %v", len(hits), err)
		}
	})
}

func TestGuardians(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		d := Draft{Name: "Tara Rao", BirthDate: "2015-01-02", Guardian: &GuardianDraft{Name: "Meena Rao", Phone: "98765 43211", Relation: "mother"}}
		p, _, err := s.Add(ctx, desk, d, false)
		if err != nil || !p.Minor || len(p.Guardians) != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		for _, typed := range []string{"3211", "9876543211", "098765 43211", "+91 98765 43211", "tar"} {
			if hits, err := s.Search(ctx, desk, typed, 5); err != nil || len(hits) != 1 || hits[0].ID != p.ID || !hits[0].Minor || hits[0].BirthYear != 2015 {
				t.Errorf("%q finds %+v %v", typed, hits, err)
			}
		}
		view(t, b, func(v *store.View) error {
			phone, email, lang, err := Contact(v, p.ID)
			if phone != "+919876543211" || email != "" || lang != "en" {
				t.Errorf("a child is reached at %q %q %q", phone, email, lang)
			}
			return err
		})
		// The same child by the same mother is found again; the grandmother is added beside.
		d.Guardian.Name = "meena rao"
		if q, existed, err := s.Add(ctx, desk, d, false); err != nil || !existed || q.ID != p.ID || len(q.Guardians) != 1 {
			t.Fatalf("%v %v %d", existed, err, len(q.Guardians))
		}
		d.Guardian = &GuardianDraft{Name: "Sita Rao", Phone: "98765 43211", Email: "sita@example.org"}
		q, _, err := s.Add(ctx, desk, d, false)
		if err != nil || q.ID != p.ID || len(q.Guardians) != 2 {
			t.Fatalf("%v %d", err, len(q.Guardians))
		}
		if g, ok := q.GuardianNamed("SITA RAO"); !ok || g.Email != "sita@example.org" {
			t.Error("the second guardian is not found by name")
		}
		if hits, _ := s.Search(ctx, desk, "sita@EXAMPLE.org", 5); len(hits) != 1 {
			t.Error("the child is not found by her guardian's address")
		}
		now, _ := s.Open(ctx, desk, p.ID)
		if err := s.RemoveGuardian(ctx, desk, p.ID, now.Guardians[1].ID, now.Version); err != nil {
			t.Fatal(err)
		}
		if hits, _ := s.Search(ctx, desk, "sita@example.org", 5); len(hits) != 0 {
			t.Error("the child is found by a guardian who is gone")
		}
		now, _ = s.Open(ctx, desk, p.ID)
		if err := s.RemoveGuardian(ctx, desk, p.ID, now.Guardians[0].ID, now.Version); !fault.Is(err, fault.Conflict) {
			t.Errorf("a child without a guardian: %v", err)
		}
		// Correcting the child leaves the guardian alone.
		if now, err = s.Save(ctx, desk, p.ID, Draft{Name: "Tara M Rao", BirthDate: "2015-01-03"}, now.Version); err != nil || len(now.Guardians) != 1 || !now.Minor {
			t.Fatalf("%+v %v", now, err)
		}
		c := india()
		isMinor := func() (is bool) {
			view(t, b, func(v *store.View) (err error) { is, err = IsMinor(v, p.ID, c); return err })
			return is
		}
		if !isMinor() {
			t.Error("a child is none")
		}
		b.Clock.Set(time.Date(2033, 1, 2, 18, 29, 0, 0, time.UTC)) // 23:59 on the eve in India
		if !isMinor() {
			t.Error("a child on the eve of her birthday is none")
		}
		b.Clock.Move(2 * time.Minute)
		if isMinor() {
			t.Error("a grown-up is a child: the flag of the last save answered, not the birth date")
		}
	})
}

// ensure is Ensure by a public door.
func ensure(b *rig.Base, db *store.DB, d Draft) (p Patient, existed bool, err error) {
	err = db.Change(ctx, b.As(access.Public), access.PublicBook, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test that books nothing")
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		clean, ok := Check(d, c, clock.DateOf(tx.Now().Time()), &f)
		if !ok {
			return f.Err()
		}
		p, existed, err = Ensure(tx, clean, true)
		return err
	})
	return p, existed, err
}

// TestEnsureFindsTheSamePerson compares Ensure with the rule said plainly: the same name (however
// written), an address in common, and no birth dates that differ.
func TestEnsureFindsTheSamePerson(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		type known struct {
			id           id.ID
			name         int
			phone, email string
			birth        string
		}
		names := [][]string{{"Asha Rao", "ASHA RAO", "Rao Asha", "Asha  Rao"}, {"Vikram Rao", "vikram rao"}, {"सुनील"}, {"सुनीला"}, {"José Díaz", "Jose Diaz"}}
		phones := []string{"", "98765 43210", "98765 43211"}
		emails := []string{"", "family@example.org", "other@example.org"}
		births := []string{"", "1984-03-15", "1960-01-01"}
		var people []known
		rapid.Check(t, func(rt *rapid.T) {
			n := rapid.IntRange(0, len(names)-1).Draw(rt, "name")
			d := Draft{Name: rapid.SampledFrom(names[n]).Draw(rt, "spelling"), Phone: rapid.SampledFrom(phones).Draw(rt, "phone"), Email: rapid.SampledFrom(emails).Draw(rt, "email"),
				BirthDate: rapid.SampledFrom(births).Draw(rt, "birth"), Source: SourceOnline}
			if d.Phone == "" && d.Email == "" {
				return
			}
			p, existed, err := ensure(b, b.DB, d)
			if err != nil {
				rt.Fatal(err)
			}
			var fit []id.ID
			for _, k := range people {
				if k.name == n && (d.Phone != "" && k.phone == d.Phone || d.Email != "" && k.email == d.Email) && (d.BirthDate == "" || k.birth == "" || k.birth == d.BirthDate) {
					fit = append(fit, k.id)
				}
			}
			if existed != (len(fit) > 0) || existed && !slices.Contains(fit, p.ID) {
				rt.Fatalf("existed %v, but %d fit", existed, len(fit))
			}
			if !existed {
				people = append(people, known{p.ID, n, d.Phone, d.Email, d.BirthDate})
			}
		})
		if len(people) < 8 {
			t.Fatalf("only %d people were made: the test says nothing", len(people))
		}
		if n := count(t, b, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1`); n != len(people) {
			t.Errorf("%d rows, %d people", n, len(people))
		}
		if n := count(t, b, `SELECT COUNT(*) FROM patient_gate WHERE clinic_id = $1`); n != 0 {
			t.Errorf("%d rows stayed in the gate", n)
		}
	})
}

func TestPublicDoorChangesNobody(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := add(t, b, Draft{Name: "Asha Rao", Phone: "98765 43210"})
		q, existed, err := ensure(b, b.DB, Draft{Name: "Asha Rao", Phone: "98765 43210", Email: "thief@example.org", BirthDate: "1984-03-15", Source: SourceOnline})
		if err != nil || !existed || q.ID != p.ID || q.Email != "" || q.BirthDate != "" {
			t.Fatalf("%+v %v", q, err)
		}
		view(t, b, func(v *store.View) error {
			if _, email, _, err := Contact(v, p.ID); email != "" || err != nil {
				t.Errorf("a public door put an address on record: %v", err)
			}
			return nil
		})
		// Nor by the way round over a guardian, to whom messages go where she has no address: neither hers, nor a child's.
		kid := add(t, b, Draft{Name: "Kiran Rao", BirthDate: "2018-03-04", Guardian: &GuardianDraft{Name: "Asha Rao", Phone: "98765 43210", Relation: "mother"}})
		for _, d := range []Draft{{Name: "Asha Rao", Phone: "98765 43210"}, {Name: "Kiran Rao", Phone: "98765 43210", BirthDate: "2018-03-04"}} {
			for _, door := range []string{SourceOnline, SourceAPI} {
				d.Source, d.Guardian = door, &GuardianDraft{Name: "Some Body", Phone: "98450 11111", Email: "thief@example.org"}
				if _, existed, err := ensure(b, b.DB, d); err != nil || !existed {
					t.Fatal(existed, err)
				}
			}
		}
		view(t, b, func(v *store.View) error {
			for _, one := range []id.ID{p.ID, kid.ID} {
				if phone, email, _, err := Contact(v, one); email != "" || phone != "+919876543210" || err != nil {
					t.Errorf("a guardian of a public door is written to: %v", err)
				}
			}
			email, _ := contact.ParseEmail("thief@example.org")
			if found, err := Reached(v, "", email); len(found) != 0 || err != nil {
				t.Errorf("%d are reached by an address of a public door: %v", len(found), err)
			}
			if all, err := Guardians(v, p.ID); len(all) != 0 || err != nil {
				t.Errorf("an adult got a guardian by a public door: %v %v", all, err)
			}
			if all, err := Guardians(v, kid.ID); len(all) != 2 || err != nil {
				t.Errorf("who spoke for the child is not kept: %v %v", all, err)
			}
			return nil
		})
		// The desk, who sees the person, fills what was empty and overwrites nothing.
		r, existed, err := New(b.DB, b.Log).Add(ctx, b.As(access.FrontDesk), Draft{Name: "Asha Rao", Phone: "98765 43210", Email: "asha@example.org"}, false)
		if err != nil || !existed || r.Email != "asha@example.org" || r.Version != 2 {
			t.Fatalf("%+v %v", r, err)
		}
		if hits, _ := New(b.DB, b.Log).Search(ctx, b.As(access.FrontDesk), "asha@example.org", 5); len(hits) != 1 {
			t.Error("the address that the desk added finds nobody")
		}
	})
}

// TestOnePersonInARace: twenty doors, in two processes where the engine allows, enter the same new person.
func TestOnePersonInARace(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		dbs := []*store.DB{b.DB}
		if b.Engine == store.Postgres {
			dbs = append(dbs, b.Open(t, store.Options{Readers: 4, Writers: 10}))
		}
		for round := range 4 {
			var wg sync.WaitGroup
			got, made := make([]id.ID, 20), make([]bool, 20)
			start := make(chan struct{})
			for i := range 20 {
				wg.Go(func() {
					// The same person by another spelling, and by phone, e-mail or both.
					d := Draft{Name: []string{"Asha Rao", "rao asha"}[i%2], Phone: fmt.Sprintf("98765 4320%d", round), Source: SourceOnline}
					if i%3 == 0 {
						d.Email = fmt.Sprintf("asha%d@example.org", round)
					}
					<-start
					p, existed, err := ensure(b, dbs[i%len(dbs)], d)
					if err != nil {
						t.Error(err)
					}
					got[i], made[i] = p.ID, !existed
				})
			}
			close(start)
			wg.Wait()
			n := 0
			for i := range got {
				if made[i] {
					n++
				}
				if got[i] != got[0] {
					t.Errorf("round %d: door %d has another person", round, i)
				}
			}
			if rows := count(t, b, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1`); n != 1 || rows != round+1 {
				t.Fatalf("round %d: %d made, %d rows", round, n, rows)
			}
		}
	})
}

func TestLikelyDuplicates(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		lakshmi := add(t, b, Draft{Name: "Lakshmi Iyer", Phone: "98765 43210", BirthDate: "1984-03-15"})
		ravi := add(t, b, Draft{Name: "Ravi Iyer", Phone: "98765 43210"})
		add(t, b, Draft{Name: "Lakshmi Menon", Phone: "98111 43210", BirthDate: "1990-01-01"})
		add(t, b, Draft{Name: "Somebody Else", Phone: "98222 99999", BirthDate: "1984-03-15"})
		check := func(d Draft, want ...id.ID) []Likeness {
			t.Helper()
			got, err := s.LikelyDuplicates(ctx, desk, d)
			if err != nil {
				t.Fatal(err)
			}
			var ids []id.ID
			for _, l := range got {
				ids = append(ids, l.ID)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("%+v: %v, want %v", d, ids, want)
			}
			return got
		}
		got := check(Draft{Name: "Laxmi Iyer", Phone: "98765 43210", BirthDate: "1984-03-15"}, lakshmi.ID, ravi.ID)
		if l := got[0]; !l.SameName || !l.SamePhone || !l.SameBirth || l.SameEmail || l.Name != "Lakshmi Iyer" || l.Phone == "+919876543210" {
			t.Errorf("%+v", l)
		}
		check(Draft{Name: "Laxmi Iyer", BirthDate: "1984-03-15"}, lakshmi.ID)           // name and birth date
		check(Draft{Name: "Laxmi Iyer", Phone: "90000 43210"}, lakshmi.ID)              // name and last digits
		check(Draft{Name: "Lakshmi Iyer", Phone: "98"})                                 // a name alone is no likeness
		check(Draft{Name: "Gopal Nair", BirthDate: "1984-03-15", Phone: "90000 43211"}) // a birth date alone neither
		if n := count(t, b, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1`); n != 4 {
			t.Errorf("%d people: looking has merged or made somebody", n)
		}
	})
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := add(t, b, Draft{Name: "Tara Rao", BirthDate: "2015-01-02", Guardian: &GuardianDraft{Name: "Meena Rao", Phone: "98765 43211"}})
		stays := add(t, b, Draft{Name: "Tara Roy", Phone: "98765 43212"})
		view(t, b, func(v *store.View) error {
			got, err := Keeper{}.Collect(v, p.ID)
			if err != nil || got["patient"][0]["name"] != "Tara Rao" || got["patient"][0]["minor"] != "yes" || got["guardian"][0]["name"] != "Meena Rao" {
				t.Errorf("%v %v", got, err)
			}
			none, err := Keeper{}.Collect(v, b.Clinic)
			if len(none) != 0 {
				t.Error("somebody who is not there has rows")
			}
			return err
		})
		change(t, b, func(tx *store.Tx) error { return Keeper{}.Erase(tx, p.ID) })
		if err := b.Vault.Shred(ctx, b.Clinic, p.ID, "a_test"); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{`SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND id = $2`, `SELECT COUNT(*) FROM guardian WHERE clinic_id = $1 AND patient_id = $2`, `SELECT COUNT(*) FROM patient_token WHERE clinic_id = $1 AND patient_id = $2`} {
			if n := count(t, b, text, p.ID); n != 0 {
				t.Errorf("%d rows stay: %s", n, text)
			}
		}
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		if hits, err := s.Search(ctx, desk, "tara", 5); err != nil || len(hits) != 1 || hits[0].ID != stays.ID {
			t.Errorf("%v %v", hits, err)
		}
		if _, err := s.Open(ctx, desk, p.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		change(t, b, func(tx *store.Tx) error {
			n, err := Keeper{}.Due(tx)
			if n != 0 {
				t.Error("somebody aged")
			}
			return err
		})
	})
}

// TestWhoCameOfAgeSpeaksThroughHerOwnLink: the guardian on record speaks through it until the day before her birthday.
func TestWhoCameOfAgeSpeaksThroughHerOwnLink(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		var zone *time.Location
		view(t, b, func(v *store.View) error {
			c, err := clinics.Get(v)
			zone = c.Location()
			return err
		})
		p := add(t, b, Draft{Name: "Mira Rao", BirthDate: b.Clock.Now().In(zone).AddDate(-18, 0, 1).Format(time.DateOnly), Guardian: &GuardianDraft{Name: "Asha Rao", Phone: "+919876543201"}})
		for i, want := range []id.ID{p.Guardians[0].ID, id.Zero} {
			got, err := New(b.DB, b.Log).OwnGuardian(ctx, accounts.ForPatient(b.Clinic, p.ID, id.Zero))
			if err != nil || got != want {
				t.Errorf("day %d: %v, not %v: %v", i, got, want, err)
			}
			b.Clock.Move(24 * time.Hour)
		}
	})
}

// TestALanguageThatWasDroppedMayStay: the clinic has given up the patient's language since. What else is saved of her is saved; nobody is given a language that is not offered.
func TestALanguageThatWasDroppedMayStay(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		offered := func(list string) {
			change(t, b, func(tx *store.Tx) error {
				return tx.Must(`UPDATE clinic SET languages = $2 WHERE clinic_id = $1`, list)
			})
		}
		offered("en,hi")
		p := add(t, b, Draft{Name: "Asha Rao", Phone: "+919876543201", Language: "hi"})
		offered("en")
		d := Draft{Name: "Asha Rao", Phone: "+919876543202", Language: "hi"}
		saved, err := s.Save(ctx, desk, p.ID, d, p.Version)
		if err != nil || saved.Language != "hi" || saved.Phone != "+919876543202" {
			t.Fatalf("%+v, %v", saved, err)
		}
		d.Language = "ta"
		if _, err := s.Save(ctx, desk, p.ID, d, saved.Version); len(wrongIn(err)) != 1 {
			t.Errorf("a new one that is not offered: %v", err)
		}
		d.Language = "en"
		if saved, err = s.Save(ctx, desk, p.ID, d, saved.Version); err != nil || saved.Language != "en" {
			t.Fatalf("one that is offered: %+v, %v", saved, err)
		}
		d.Language = "hi"
		if _, err := s.Save(ctx, desk, p.ID, d, saved.Version); len(wrongIn(err)) != 1 {
			t.Errorf("back to the one that was dropped: %v", err)
		}
	})
}
