package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// logged makes n more entries, a few of which get their place at a time.
func logged(t *testing.T, b *rig.Base, n int) {
	t.Helper()
	ctx := context.Background()
	for i := range n {
		if err := b.DB.Change(ctx, b.As(access.Owner), access.ScheduleSettings, addOne("x", true, nil)); err != nil {
			t.Fatal(err)
		}
		if i%3 == 2 || i == n-1 {
			if _, err := b.DB.Sequence(ctx, b.As(access.Operator)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestHeadsAreSigned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, op := context.Background(), b.As(access.Operator)
		logged(t, b, 7)
		_, key, err := b.Vault.LogSigner()
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.DB.Checkpoint(ctx, op)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := audit.ReadCheckpoint(c.Note, key); err != nil || h != c.Head || h.Size < 8 {
			t.Fatalf("the newest head %v is given out as %v (%v)", c.Head, h, err)
		}
		for from := int64(1); from <= c.Size; from++ {
			if _, err := b.DB.Growth(ctx, op, from, c.Size); err != nil {
				t.Fatalf("growth from %d: %v", from, err)
			}
		}
		if _, err := b.DB.Growth(ctx, op, 1, c.Size+1); err == nil {
			t.Error("a log that is not there yet is proved")
		}
		// The key is in no database, and its file is nobody else's.
		text, err := os.ReadFile(b.Vault.LogKeyFile())
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(b.Vault.LogKeyFile())
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if !strings.Contains(string(text), "PRIVATE+KEY") {
			t.Error("the file holds no key")
		}
		// A head without its signature is signed when somebody looks, and another key signs nothing until somebody accepted it.
		admin := everything(t, b)
		must(t, admin, `UPDATE audit_head SET signed = NULL`)
		if some, _, err := b.DB.Waits(ctx, op); err != nil || !some {
			t.Errorf("an unsigned head does not wait: %v", err)
		}
		if _, err := b.DB.Sequence(ctx, op); err != nil {
			t.Fatal(err)
		}
		if some, since, err := b.DB.Waits(ctx, op); err != nil || some || since != 0 {
			t.Errorf("something waits: %v %v %v", some, since, err)
		}
		must(t, admin, `UPDATE audit_key SET verifier = 'almirah-log-other+1+AQ'`)
		if err := b.DB.Change(ctx, b.As(access.Owner), access.ScheduleSettings, addOne("x", true, nil)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.DB.Sequence(ctx, op); !errors.Is(err, store.ErrLogKey) {
			t.Fatalf("a key that nobody accepted signs: %v", err)
		}
		if _, err := b.DB.AcceptKey(ctx, op); err != nil {
			t.Fatal(err)
		}
		if n, err := b.DB.Sequence(ctx, op); err != nil || n != 2 { // the act, and that the key was accepted
			t.Fatalf("placed %d: %v", n, err)
		}
		if _, err := b.DB.VerifyAudit(ctx, op, nil); err != nil {
			t.Fatal(err)
		}
	})
}

func must(t *testing.T, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// forger is somebody who owns the database: no trigger and no row-level security binds her. What she lacks is the key and what others kept.
type forger struct {
	t      *testing.T
	db     *sql.DB
	engine store.Engine
}

var logTables = []string{"audit_leaf", "audit_detail", "audit_pending", "audit_tree", "audit_head"}

func newForger(t *testing.T, b *rig.Base) forger {
	t.Helper()
	f := forger{t, everything(t, b), b.Engine}
	if b.Engine == store.Postgres {
		for _, table := range logTables {
			must(t, f.db, `ALTER TABLE `+table+` DISABLE TRIGGER ALL`)
		}
	} else {
		for _, trigger := range []string{"audit_leaf_no_update", "audit_leaf_no_delete", "audit_tree_no_update", "audit_tree_no_delete"} {
			must(t, f.db, `DROP TRIGGER `+trigger)
		}
	}
	return f
}

// keep copies the log away under a name; back puts it back.
func (f forger) keep(name string) {
	for _, table := range logTables {
		must(f.t, f.db, `CREATE TABLE `+name+`_`+table+` AS SELECT * FROM `+table)
	}
}

func (f forger) back(name string) {
	for _, table := range logTables {
		must(f.t, f.db, `DELETE FROM `+table)
		must(f.t, f.db, `INSERT INTO `+table+` SELECT * FROM `+name+`_`+table)
	}
}

// leafAt is the leaf with the number n, and its position in the tree.
func (f forger) leafAt(n int64) (leaf []byte, position int64) {
	f.t.Helper()
	position = tlog.StoredHashIndex(0, n)
	if err := f.db.QueryRow(`SELECT leaf_id FROM audit_tree WHERE position = $1`, position).Scan(&leaf); err != nil {
		f.t.Fatal(err)
	}
	return leaf, position
}

// again writes the whole tree again over the leaves in the given order, with a head signed by a key of her own.
func (f forger) again(leaves [][]byte) {
	f.t.Helper()
	var all []audit.Sequenced
	for _, l := range leaves {
		var s audit.Sequenced
		copy(s.ID[:], l)
		var clinic []byte
		if err := f.db.QueryRow(`SELECT clinic_id, body, commitment FROM audit_leaf WHERE id = $1`, l).Scan(&clinic, &s.Body, &s.Commitment); err != nil {
			f.t.Fatal(err)
		}
		copy(s.Clinic[:], clinic)
		all = append(all, s)
	}
	nodes, head, err := audit.Append(0, all, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	must(f.t, f.db, `DELETE FROM audit_tree`)
	must(f.t, f.db, `DELETE FROM audit_head`)
	for _, n := range nodes {
		must(f.t, f.db, `INSERT INTO audit_tree (position, hash, clinic_id, leaf_id) VALUES ($1, $2, $3, $4)`, n.Position, n.Hash[:], id.Null(n.Clinic), id.Null(n.Leaf))
	}
	private, _, err := note.GenerateKey(rand.Reader, "almirah-log-forged")
	if err != nil {
		f.t.Fatal(err)
	}
	by, err := note.NewSigner(private)
	if err != nil {
		f.t.Fatal(err)
	}
	signed, err := audit.Sign(head, by)
	if err != nil {
		f.t.Fatal(err)
	}
	must(f.t, f.db, `INSERT INTO audit_head (size, root, at, signed) VALUES ($1, $2, 1, $3)`, head.Size, head.Hash[:], signed)
}

func (f forger) order(size int64) [][]byte {
	var out [][]byte
	for n := range size {
		leaf, _ := f.leafAt(n)
		out = append(out, leaf)
	}
	return out
}

// TestWhoeverOwnsTheDatabaseIsCaught: edit, delete, insert, reorder, cut the tail, write everything again, put the whole database back to
// yesterday, all as superuser. The verifier names the first bad entry, and a witness with an old checkpoint takes nothing of it.
func TestWhoeverOwnsTheDatabaseIsCaught(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-signed")
	promise.Proves(t, "audit-checked-elsewhere")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, op := context.Background(), b.As(access.Operator)
		_, key, err := b.Vault.LogSigner()
		if err != nil {
			t.Fatal(err)
		}
		logged(t, b, 6)
		f := newForger(t, b)
		f.keep("yesterday")
		yesterday, err := b.DB.Head(ctx, op)
		if err != nil {
			t.Fatal(err)
		}
		logged(t, b, 5)
		today, err := b.DB.Checkpoint(ctx, op)
		if err != nil {
			t.Fatal(err)
		}
		f.keep("today")
		order := f.order(today.Size)
		const k = 3
		leaf, position := f.leafAt(k)
		next, nextPosition := f.leafAt(k + 1)
		for _, way := range []struct {
			name  string
			first int64 // the first bad entry
			do    func()
		}{
			{"an entry is edited", k, func() {
				var body []byte
				if err := f.db.QueryRow(`SELECT body FROM audit_leaf WHERE id = $1`, leaf).Scan(&body); err != nil {
					t.Fatal(err)
				}
				must(t, f.db, `UPDATE audit_leaf SET body = $1 WHERE id = $2`, bytes.Replace(body, []byte(`"role":"owner"`), []byte(`"role":"system"`), 1), leaf)
			}},
			{"the column beside it is edited", k, func() { must(t, f.db, `UPDATE audit_leaf SET actor_id = $1 WHERE id = $2`, order[0], leaf) }},
			{"another act is committed to", k, func() {
				must(t, f.db, `UPDATE audit_leaf SET commitment = $1 WHERE id = $2`, audit.Commit(audit.NewSalt(), nil), leaf)
			}},
			{"an entry is deleted", k, func() { must(t, f.db, `DELETE FROM audit_leaf WHERE id = $1`, leaf) }},
			{"an entry is deleted with its place", k, func() {
				must(t, f.db, `DELETE FROM audit_leaf WHERE id = $1`, leaf)
				must(t, f.db, `DELETE FROM audit_tree WHERE position = $1`, position)
			}},
			{"an entry is put in", today.Size, func() {
				must(t, f.db, `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment) SELECT clinic_id, $1, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment FROM audit_leaf WHERE id = $2`, bytes.Repeat([]byte{9}, 16), leaf)
			}},
			{"two are swapped", k, func() {
				must(t, f.db, `UPDATE audit_tree SET leaf_id = NULL WHERE position = $1`, position)
				must(t, f.db, `UPDATE audit_tree SET leaf_id = $1 WHERE position = $2`, leaf, nextPosition)
				must(t, f.db, `UPDATE audit_tree SET leaf_id = $1 WHERE position = $2`, next, position)
			}},
			{"the tail is cut off", yesterday.Size, func() {
				cut := tlog.StoredHashCount(yesterday.Size)
				must(t, f.db, `DELETE FROM audit_leaf WHERE id IN (SELECT leaf_id FROM audit_tree WHERE position >= $1)`, cut)
				must(t, f.db, `DELETE FROM audit_tree WHERE position >= $1`, cut)
				must(t, f.db, `DELETE FROM audit_head WHERE size > $1`, yesterday.Size)
			}},
			{"the whole database is put back to yesterday", yesterday.Size, func() { f.back("yesterday") }},
			{"one is taken out and everything written again", -1, func() {
				must(t, f.db, `DELETE FROM audit_leaf WHERE id = $1`, leaf)
				f.again(append(append([][]byte{}, order[:k]...), order[k+1:]...))
			}},
			{"the order is changed and everything written again", -1, func() {
				other := append([][]byte{}, order...)
				other[k], other[k+1] = other[k+1], other[k]
				f.again(other)
			}},
		} {
			way.do()
			// On this host the newest checkpoint lies beside the key; elsewhere somebody kept an older one.
			for _, where := range []string{"here", "elsewhere"} {
				var kept []audit.Head
				if where == "elsewhere" {
					kept = []audit.Head{yesterday, today.Head}
					if err := b.Vault.KeepSignedHead(nil); err != nil {
						t.Fatal(err)
					}
				}
				var bad *audit.Broken
				_, err := b.DB.VerifyAudit(ctx, op, kept)
				if !errors.As(err, &bad) {
					t.Errorf("%s, %s: the verifier says %v", way.name, where, err)
				} else if way.first >= 0 && (bad.First > way.first || bad.Last < way.first) {
					t.Errorf("%s, %s: entry %d is bad, the verifier names %v", way.name, where, way.first, bad)
				}
			}
			// A witness with yesterday's checkpoint, or today's, takes nothing that does not continue it.
			shown, err := b.DB.Checkpoint(ctx, op)
			if err != nil {
				t.Fatal(err)
			}
			if shown.Head != today.Head {
				w := audit.Witness{Key: key, Note: today.Note}
				proof, _ := b.DB.Growth(ctx, op, min(today.Size, shown.Size), shown.Size)
				if err := w.See(shown.Note, proof); !errors.Is(err, audit.ErrRewritten) && !errors.Is(err, audit.ErrCheckpoint) {
					t.Errorf("%s: a witness says %v", way.name, err)
				}
			}
			f.back("today")
			if err := b.Vault.KeepSignedHead(today.Note); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.DB.VerifyAudit(ctx, op, []audit.Head{yesterday, today.Head}); err != nil {
			t.Fatalf("the log as it was: %v", err)
		}
		// Destroying what the entries told leaves the log as it is: whoever is erased takes her details along.
		must(t, f.db, `DELETE FROM audit_detail`)
		if _, err := b.DB.VerifyAudit(ctx, op, []audit.Head{yesterday, today.Head}); err != nil {
			t.Fatalf("without details: %v", err)
		}
	})
}

// TestARewrittenLogIsNotSigned: whoever owns the database gets no signature of this host under a log that she wrote again.
func TestARewrittenLogIsNotSigned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, op := context.Background(), b.As(access.Operator)
		logged(t, b, 4)
		f := newForger(t, b)
		f.keep("yesterday")
		logged(t, b, 4)
		f.keep("today")
		now, err := b.DB.Head(ctx, op)
		if err != nil {
			t.Fatal(err)
		}
		order := f.order(now.Size)
		if len(order) < 4 { // not a panic, which would end the other proofs of this room with it
			t.Fatalf("%d entries have their place, want 4", len(order))
		}
		for name, do := range map[string]func(){
			"put back to yesterday": func() { f.back("yesterday") },
			"written again": func() {
				order[2], order[3] = order[3], order[2]
				f.again(order)
			},
		} {
			do()
			must(t, f.db, `UPDATE audit_head SET signed = NULL`)
			before, err := b.DB.Head(ctx, op)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // with and without an entry that waits
				if _, err := b.DB.Sequence(ctx, op); !errors.Is(err, audit.ErrRewritten) {
					t.Errorf("%s: %v", name, err)
				}
				if err := b.DB.Change(ctx, b.As(access.Owner), access.ScheduleSettings, addOne("x", true, nil)); err != nil {
					t.Fatal(err)
				}
			}
			if after, err := b.DB.Checkpoint(ctx, op); err != nil || after.Head != before || len(after.Note) > 0 {
				t.Errorf("%s: the head is now %v %q (%v)", name, after.Head, after.Note, err)
			}
			f.back("today")
			if _, err := b.DB.Sequence(ctx, op); err != nil {
				t.Fatalf("%s, and as it was: %v", name, err)
			}
		}
		// Whoever put back a backup on purpose says so, and that is an entry.
		f.back("yesterday")
		if err := b.DB.AcceptHistory(ctx, op); err != nil {
			t.Fatal(err)
		}
		if n, err := b.DB.Sequence(ctx, op); err != nil || n != 1 {
			t.Fatalf("after a restore: %d, %v", n, err)
		}
		if _, err := b.DB.VerifyAudit(ctx, op, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// TestEntriesAreProved: each entry of a clinic is proved by itself, and everything can be handed out in order.
func TestEntriesAreProved(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx, op := context.Background(), b.As(access.Operator)
		logged(t, b, 9)
		leaves := map[id.ID][]byte{}
		n := int64(0)
		last, err := b.DB.Everything(ctx, op, func(_ store.Signed, p store.Proven) error {
			if p.N != n || len(p.Nodes) == 0 || p.Nodes[0] != tlog.RecordHash(p.Leaf) {
				return fmt.Errorf("entry %d is handed out as %d with %d hashes", n, p.N, len(p.Nodes))
			}
			n++
			body, _, _ := bytes.Cut(p.Leaf, []byte{'\n'})
			e, err := audit.ParseEntry(body)
			leaves[e.ID] = p.Leaf
			return err
		})
		if err != nil || n != last.Size || n < 10 {
			t.Fatalf("%d entries of %d: %v", n, last.Size, err)
		}
		before := int64(-1)
		got, err := b.DB.Prove(ctx, op, leaves, func(c store.Signed, p store.Proven) error {
			if p.N <= before {
				return fmt.Errorf("entry %d stands behind %d", p.N, before)
			}
			before = p.N
			return audit.CheckEntry(p.Proof, c.Head, p.N, p.Leaf)
		})
		if err != nil || before != got.Size-1 {
			t.Fatalf("the last is %d of %d: %v", before, got.Size, err)
		}
	})
}
