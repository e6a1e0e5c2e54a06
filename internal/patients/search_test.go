package patients

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/vault"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		people := map[string]id.ID{}
		for _, d := range []Draft{
			{Name: "Asha Rao", Phone: "98765 43210", Email: "Asha.Rao@example.org"},
			{Name: "Ashok Kumar", Phone: "98765 43211"},
			{Name: "Ramesh Kumar", Phone: "98111 23210"},
			{Name: "José Núñez", Phone: "+34 612 345 678"},
			{Name: "सुनीता शर्मा", Phone: "98765 55555"},
			{Name: "தமிழ்ச்செல்வி", Phone: "98765 66666"},
			{Name: "محمد الأحمد", Phone: "98765 77777"},
			{Name: "Krishnamurthy Subramaniam", Phone: "98765 88888"},
			{Name: "Sinéad O'Connor", Phone: "98765 99999"},
		} {
			people[d.Name] = add(t, b, d).ID
		}
		for typed, want := range map[string][]string{
			"ash": {"Ashok Kumar", "Asha Rao"}, "ASH": {"Ashok Kumar", "Asha Rao"}, "rao": {"Asha Rao"}, "asha r": {"Asha Rao"}, "r asha": {"Asha Rao"},
			"kum": {"Ramesh Kumar", "Ashok Kumar"}, "ram kum": {"Ramesh Kumar"}, "r kumar": {"Ramesh Kumar"}, "kumar r": {"Ramesh Kumar"},
			"nunez": {"José Núñez"}, "jose": {"José Núñez"}, "सुनी": {"सुनीता शर्मा"}, "शर्मा": {"सुनीता शर्मा"}, "தமி": {"தமிழ்ச்செல்வி"}, "احمد": {"محمد الأحمد"}, "محم": {"محمد الأحمد"},
			"krishnamurthy": {"Krishnamurthy Subramaniam"}, "krishnamurt": {"Krishnamurthy Subramaniam"}, "krishnamurthi": nil, "connor": {"Sinéad O'Connor"}, "oconnor": {"Sinéad O'Connor"},
			"3210": {"Ramesh Kumar", "Asha Rao"}, "43210": {"Asha Rao"}, "9876543210": {"Asha Rao"}, "+91 98765-43210": {"Asha Rao"}, "09876543210": {"Asha Rao"}, "0091 9876543210": {"Asha Rao"},
			"٣٢١٠": {"Ramesh Kumar", "Asha Rao"}, "210": {"Ramesh Kumar", "Asha Rao"}, "21": nil, "0000": nil, "612345678": {"José Núñez"},
			"asha.rao@example.org": {"Asha Rao"}, "ASHA.RAO@EXAMPLE.ORG": {"Asha Rao"}, "asha.rao@": nil, "nobody@example.org": nil,
			"zz": nil, "": nil, "  ": nil, "%": nil, "' OR 1=1": nil, strings.Repeat("a", 5000): nil,
		} {
			hits, err := s.Search(ctx, desk, typed, 20)
			var got []string
			for _, h := range hits {
				got = append(got, h.Name)
				if h.ID != people[h.Name] {
					t.Errorf("%q: %s has another's id", typed, h.Name)
				}
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q (%v)", typed, got, want, err)
			}
		}
		hits, _ := s.Search(ctx, desk, "asha", 1)
		if len(hits) != 1 || strings.Contains(hits[0].Phone, "98765") || !strings.HasSuffix(hits[0].Phone, "3210") || strings.Contains(hits[0].Email, "asha") {
			t.Errorf("a list shows more than it needs: %+v", hits)
		}
		if hits, _ := s.Search(ctx, desk, "ash", 1); len(hits) != 1 {
			t.Errorf("limit 1 gave %d", len(hits))
		}
		// Who came last stands first.
		change(t, b, func(tx *store.Tx) error { return Touch(tx, people["Asha Rao"]) })
		if hits, _ := s.Search(ctx, desk, "ash", 5); len(hits) != 2 || hits[0].Name != "Asha Rao" {
			t.Errorf("%+v", hits)
		}
		if hits, err := s.Recent(ctx, desk, 2); err != nil || len(hits) != 2 || hits[0].Name != "Asha Rao" || hits[1].Name != "Sinéad O'Connor" {
			t.Errorf("%+v %v", hits, err)
		}
		if _, err := s.Search(ctx, b.As(access.Public), "asha", 5); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the public searches: %v", err)
		}
	})
}

// TestSearchIsAudited: one entry for each list of people, none for the same list soon after, and
// nothing that was typed.
func TestSearchIsAudited(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "looks-recorded")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		add(t, b, Draft{Name: "Asha Rao", Phone: "98765 43210"})
		add(t, b, Draft{Name: "Vikram Seth", Phone: "98765 43211"})
		lists := func() int {
			return count(t, b, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'list' AND kind = 'search'`)
		}
		for i, c := range []struct {
			typed string
			want  int
		}{{"asha", 1}, {"ash", 1}, {"3210", 1}, {"vikram", 2}, {"nobody", 3}, {"nothing", 3}, {"asha", 3}} {
			if _, err := s.Search(ctx, desk, c.typed, 5); err != nil {
				t.Fatal(err)
			}
			if n := lists(); n != c.want {
				t.Errorf("after search %d: %d entries, want %d", i, n, c.want)
			}
		}
		if _, err := s.Search(ctx, b.As(access.Owner), "asha", 5); err != nil || lists() != 4 {
			t.Errorf("another sign-in: %d, %v", lists(), err)
		}
	})
}

// TestBrokenRows: what cannot be opened is shown as such, and the others stay.
func TestBrokenRows(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		var out bytes.Buffer
		s, desk := New(b.DB, slog.New(slog.NewTextHandler(&out, nil))), b.As(access.FrontDesk)
		whole := add(t, b, Draft{Name: "Asha Rao", Phone: "98765 43210"})
		noName := add(t, b, Draft{Name: "Asha Patil", Phone: "98765 53210"})
		noPhone := add(t, b, Draft{Name: "Asha Menon", Phone: "98765 63210"})
		erased := add(t, b, Draft{Name: "Asha Nair", Phone: "98765 73210"})
		swapped := add(t, b, Draft{Name: "Asha Bose", Phone: "98765 83210"})
		change(t, b, func(tx *store.Tx) error {
			if err := tx.Must(`UPDATE patient SET name = $3 WHERE clinic_id = $1 AND id = $2`, noName.ID, []byte("rubbish, and long enough to be a sealed field")); err != nil {
				return err
			}
			if err := tx.Must(`UPDATE patient SET phone = $3 WHERE clinic_id = $1 AND id = $2`, noPhone.ID, []byte{1}); err != nil {
				return err
			}
			return tx.Must(`UPDATE patient SET name = (SELECT o.name FROM patient o WHERE o.clinic_id = $1 AND o.id = $3) WHERE clinic_id = $1 AND id = $2`, swapped.ID, whole.ID)
		})
		if err := b.Vault.Shred(ctx, b.Clinic, erased.ID, "a_test"); err != nil {
			t.Fatal(err)
		}
		ids := []id.ID{whole.ID, noName.ID, noPhone.ID, erased.ID, swapped.ID, b.Clinic}
		view(t, b, func(v *store.View) error {
			got, err := Names(v, ids)
			if err != nil || len(got) != 6 {
				t.Fatal(len(got), err)
			}
			for i, want := range []Name{{Text: "Asha Rao"}, {Broken: true}, {Text: "Asha Menon"}, {Broken: true}, {Broken: true}, {Broken: true}} {
				if got[ids[i]] != want {
					t.Errorf("name %d: %+v, want %+v", i, got[ids[i]], want)
				}
			}
			none, err := Names(v, nil)
			if len(none) != 0 {
				t.Error("names of nobody")
			}
			return err
		})
		broken := func(hits []Hit) (out []id.ID) {
			for _, h := range hits {
				if h.Broken {
					out = append(out, h.ID)
				}
			}
			slices.SortFunc(out, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
			return out
		}
		hits, err := s.Search(ctx, desk, "asha", 20)
		if err != nil || len(hits) != 5 || hits[0].ID != whole.ID || !slices.Equal(broken(hits), []id.ID{noName.ID, noPhone.ID, erased.ID, swapped.ID}) {
			t.Errorf("%+v %v", hits, err)
		}
		if hits, err := s.Recent(ctx, desk, 20); err != nil || len(hits) != 5 {
			t.Errorf("%+v %v", hits, err)
		}
		for p, want := range map[id.ID][]string{noName.ID: {"name"}, noPhone.ID: {"phone"}, erased.ID: {"name", "phone"}} {
			got, err := s.Open(ctx, desk, p)
			if err != nil || !got.Broken || !slices.Equal(got.Unreadable, want) {
				t.Errorf("%v %v, want %v", got.Unreadable, err, want)
			}
		}
		if _, err := s.Save(ctx, desk, erased.ID, Draft{Name: "Asha Nair"}, 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("writing about an erased person: %v", err)
		}
		// A field that does not open survives an edit of the others, and what it was found by too.
		if _, err := s.Save(ctx, desk, noPhone.ID, Draft{Name: "Asha Menon", Email: "menon@example.org"}, 1); err != nil {
			t.Fatal(err)
		}
		if n := count(t, b, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND id = $2 AND phone IS NOT NULL`, noPhone.ID); n != 1 {
			t.Error("an unreadable phone was wiped by an edit of the e-mail")
		}
		if hits, _ := s.Search(ctx, desk, "63210", 5); !slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == noPhone.ID }) {
			t.Errorf("she is not found any more: %+v", hits)
		}
		if text := out.String(); !strings.Contains(text, noName.ID.String()) || strings.Contains(text, "Asha") {
			t.Error("the log does not name the row, or names the person")
		}
	})
}

// crowd enters n people, a third of whom share a first name; the statements are the room's own.
func crowd(t testing.TB, b *rig.Base, from, n int) {
	t.Helper()
	c := india()
	for start := from; start < from+n; start += 100 {
		change(t, b, func(tx *store.Tx) error {
			for i := start; i < min(start+100, from+n); i++ {
				name := fmt.Sprintf("%s %s%c", []string{"Anjali", "Bharat", "Chitra"}[i%3], []string{"Desai", "Ekbote", "Fernandes", "Gaikwad", "Hegde"}[i%5], 'a'+rune(i%26))
				var f fault.Fields
				clean, ok := Check(Draft{Name: name, Phone: fmt.Sprintf("98%08d", i*7919%100000000), Source: SourceDesk}, c, "2026-11-23", &f)
				if !ok {
					return f.Err()
				}
				if _, _, err := Ensure(tx, clean, false); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// TestSearchCostsTheSame: the number of statements does not grow with the clinic, nor with what is found.
func TestSearchCostsTheSame(t *testing.T) {
	t.Parallel()
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			var ran atomic.Int64
			b := rig.New(t, e, store.Options{Watch: func(text string, _ []any) {
				if !strings.Contains(text, "audit_") {
					ran.Add(1)
				}
			}})
			s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
			target := add(t, b, Draft{Name: "Zubin Mehta", Phone: "99999 12345"})
			cost := func(do func()) int64 { before := ran.Load(); do(); return ran.Load() - before }
			search := func(typed string) int64 {
				return cost(func() {
					if hits, err := s.Search(ctx, desk, typed, 20); err != nil || len(hits) == 0 {
						t.Errorf("%q: %d hits, %v", typed, len(hits), err)
					}
				})
			}
			var few, many [5]int64
			measure := func(out *[5]int64) {
				for i, typed := range []string{"zub", "mehta z", "2345"} {
					out[i] = search(typed)
					q, _ := ask(typed)
					var others int64
					view(t, b, func(v *store.View) error {
						bucket, err := v.Bucket(q.ways[0][0].kind, q.ways[0][0].value)
						if err != nil {
							return err
						}
						return v.Row(`SELECT COUNT(*) FROM patient_token WHERE clinic_id = $1 AND bucket = $2 AND patient_id <> $3`, bucket, target.ID).Scan(&others)
					})
					if others > 0 && out[i] <= 8 {
						t.Logf("%q: %d others are in its bucket by chance: %d statements", typed, others, out[i])
						out[i] = 1
					}
				}
				out[3] = cost(func() { _, _ = s.Recent(ctx, desk, 20) })
				out[4] = cost(func() {
					if p, err := s.Open(ctx, desk, target.ID); err != nil || p.Name != "Zubin Mehta" {
						t.Error(err)
					}
				})
			}
			crowd(t, b, 0, 100)
			measure(&few)
			crowd(t, b, 100, 900)
			measure(&many)
			if few != many || many != [5]int64{1, 1, 1, 1, 3} {
				t.Errorf("statements with 100 patients %v, with 1,000 %v", few, many)
			}
			// Everybody's name: bounded, and recent visitors are among the hits.
			seen := firstOf(t, b, "Anjali Desaia")
			b.Clock.Move(time.Minute)
			change(t, b, func(tx *store.Tx) error { return Touch(tx, seen) })
			if n := search("anj"); n > 8 {
				t.Errorf("a common beginning costs %d statements", n)
			}
			hits, _ := s.Search(ctx, desk, "anj", 20)
			if len(hits) != 20 || hits[0].Name != "Anjali Desaia" {
				t.Errorf("%d hits, first %q", len(hits), hits[0].Name)
			}
			// Two words are looked up together, so that the one among many is found.
			if hits, err := s.Search(ctx, desk, "anjali desaia", 100); err != nil || len(hits) == 0 {
				t.Errorf("%d %v", len(hits), err)
			}
			var ids []id.ID
			view(t, b, func(v *store.View) error {
				rows, err := v.Query(`SELECT id FROM patient WHERE clinic_id = $1 LIMIT 500`)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var p id.ID
					if err := rows.Scan(&p); err != nil {
						return err
					}
					ids = append(ids, p)
				}
				return rows.Err()
			})
			for n, want := range map[int]int{1: 1, 5: 1, 120: 1, 256: 1, 500: 2} {
				view(t, b, func(v *store.View) error {
					before := v.Statements()
					got, err := Names(v, ids[:n])
					if len(got) != n || v.Statements()-before != want {
						t.Errorf("%d names: %d, by %d statements", n, len(got), v.Statements()-before)
					}
					for _, x := range got {
						if x.Broken {
							t.Fatal("a name is broken")
						}
					}
					return err
				})
			}
		})
	}
}

func firstOf(t testing.TB, b *rig.Base, name string) (out id.ID) {
	t.Helper()
	hits, err := New(b.DB, b.Log).Search(ctx, b.As(access.FrontDesk), name, 100)
	if err != nil || len(hits) == 0 {
		t.Fatal(len(hits), err)
	}
	return hits[len(hits)-1].ID
}

// TestNothingStandsOpen searches every stored byte for what was entered, raw, in hex and in base64 (M2).
func TestNothingStandsOpen(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		turnOn(t, b, "scheduling,notes")
		s := New(b.DB, b.Log)
		d := Draft{Name: "Zephyrine Qvortrup", Phone: "98761 23457", Email: "zephyrine.q@example.org", BirthDate: "2014-07-19", Address: "77 Xylophone Lane",
			Guardian: &GuardianDraft{Name: "Wolfgara Qvortrup", Phone: "98761 23458", Email: "wolfgara.q@example.org"}}
		p := add(t, b, d)
		if err := s.SaveNotes(ctx, b.As(access.Practitioner), p.ID, "likes marzipan trombones", 1); err != nil {
			t.Fatal(err)
		}
		d.Address = "78 Xylophone Lane"
		if _, err := s.Save(ctx, b.As(access.FrontDesk), p.ID, d, 2); err != nil {
			t.Fatal(err)
		}
		for _, typed := range []string{"zephyrine", "9876123457", "zephyrine.q@example.org", "qvortrup wolf"} {
			if _, err := s.Search(ctx, b.As(access.FrontDesk), typed, 5); err != nil {
				t.Fatal(err)
			}
		}
		stored := everyByte(t, b)
		open := func(mark string) bool {
			m := []byte(mark)
			low := bytes.ToLower(stored)
			return plainly(low, string(bytes.ToLower(m)), b.Engine == store.Postgres) || bytes.Contains(low, []byte(hex.EncodeToString(m))) || bytes.Contains(stored, []byte(base64.StdEncoding.EncodeToString(m)[:len(m)]))
		}
		for _, mark := range []string{"Zephyrine", "Qvortrup", "9876123457", "23457", "zephyrine.q", "2014-07-19", "Xylophone", "Wolfgara", "9876123458", "wolfgara.q", "marzipan"} {
			if open(mark) {
				t.Errorf("%q stands open", mark)
			}
		}
		// What is not sealed is found, so the search can find.
		change(t, b, func(tx *store.Tx) error {
			return tx.Must(`UPDATE patient SET source = 'trombone-control' WHERE clinic_id = $1 AND id = $2`, p.ID)
		})
		if stored = everyByte(t, b); !open("trombone-control") {
			t.Error("the search finds nothing at all")
		}
		change(t, b, func(tx *store.Tx) error {
			return tx.Must(`UPDATE patient SET source = '23457' WHERE clinic_id = $1 AND id = $2`, p.ID)
		})
		if stored = everyByte(t, b); !open("23457") {
			t.Error("the search finds no few digits")
		}
	})
}

// plainly says whether a mark lies there as it is. PostgreSQL's rows are text with bytes in hex, in which five digits may come together by chance: a
// few digits count there where they stand by themselves, as a column of their own would show them.
func plainly(stored []byte, mark string, hexes bool) bool {
	if hexes && len(mark) < 8 && strings.Trim(mark, "0123456789") == "" {
		return regexp.MustCompile(`(^|[^0-9a-f])` + mark + `([^0-9a-f]|$)`).Match(stored)
	}
	return bytes.Contains(stored, []byte(mark))
}

// everyByte is the files of SQLite as they lie there, log and key store too, or every row of every
// table of PostgreSQL as text (bytes in hex).
func everyByte(t *testing.T, b *rig.Base) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := filepath.WalkDir(b.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := os.ReadFile(path)
		out.Write(file)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if b.Engine == store.SQLite {
		return out.Bytes()
	}
	schema, err := b.DB.Schema(ctx)
	if err != nil {
		t.Fatal(err)
	}
	conn := b.Bare(t)
	for table := range schema {
		rows, err := conn.QueryContext(ctx, `SELECT x::text FROM "`+table+`" x`)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			out.WriteString(text)
			n++
		}
		rows.Close()
		if table == "patient" && n == 0 {
			t.Fatal("no patient was read: the search would say nothing")
		}
	}
	return out.Bytes()
}

// TestAlikeIsReadByItsKeys: PostgreSQL finds whoever may be the same person through her few buckets, and does not walk the register, although it plans the
// statement before it knows the numbers. A booking asks this.
func TestAlikeIsReadByItsKeys(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	crowd(t, b, 0, 1000)
	conn := b.Bare(t)
	for _, text := range []string{`ANALYZE patient`, `ANALYZE patient_token`, `SET plan_cache_mode = force_generic_plan`, `PREPARE alike AS ` + sqlListedAlike} {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	var keys []int64
	view(t, b, func(v *store.View) (err error) {
		keys, err = buckets(v, []token{{vault.IndexPhone, "+919800007919"}, {vault.IndexPhone4, "7919"}})
		return err
	})
	rows, err := conn.QueryContext(ctx, fmt.Sprintf(`EXPLAIN (ANALYZE, TIMING OFF) EXECUTE alike('\x%x', %d, %d, %[2]d, %[2]d, %[2]d, 60)`, b.Clinic[:], keys[0], keys[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	looked, plan := 0, ""
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
		for _, m := range regexp.MustCompile(`(?:actual rows=|Removed by [A-Za-z ]+: )(\d+)`).FindAllStringSubmatch(line, -1) {
			n, _ := strconv.Atoi(m[1]) // digits
			looked = max(looked, n)
		}
	}
	if err := rows.Err(); err != nil || looked < 1 || looked > 50 {
		t.Errorf("%d rows of 1,000 at one step: %v\n%s", looked, err, plan)
	}
}
