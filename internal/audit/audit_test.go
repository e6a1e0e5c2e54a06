package audit

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

// book is a small audit log as the database would keep it.
type book struct {
	size  int64
	nodes []Node
	leafs map[id.ID]Sequenced
	cells map[id.ID]Entry // the columns beside a leaf, where somebody edited them
	heads []Head
}

func (b *book) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(b.nodes)) {
			return nil, errors.New("no such position")
		}
		out[i] = b.nodes[x].Hash
	}
	return out, nil
}

// number makes ids that are the same in every run.
func number(n byte) id.ID { return id.ID{15: n} }

func entry(n int) Entry {
	return Entry{ID: id.ID{6: 0x70, 14: byte(n >> 8), 15: byte(n)}, Clinic: number(1 + byte(n%3)), At: clock.Instant(1_700_000_000_000_000 + int64(n)),
		Actor: number(9), Role: access.FrontDesk, Purpose: access.Care, Action: "book", Kind: "appointment", Subject: number(7), Patient: number(6)}
}

// write fills a log with n entries, given their place in bursts of the given sizes.
func write(t fataler, n int, bursts func() int) *book {
	b := &book{leafs: map[id.ID]Sequenced{}}
	for i := 0; i < n; {
		var leaves []Sequenced
		for k := max(1, bursts()); k > 0 && i < n; k-- {
			e := entry(i + 1)
			body, err := e.Body()
			if err != nil {
				t.Fatalf("body: %v", err)
			}
			l := Sequenced{Clinic: e.Clinic, ID: e.ID, Body: body, Commitment: Commit(bytes.Repeat([]byte{byte(i)}, SaltSize), []byte("details"))}
			leaves = append(leaves, l)
			b.leafs[l.ID] = l
			i++
		}
		nodes, head, err := Append(b.size, leaves, b)
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		b.nodes = append(b.nodes, nodes...)
		b.size += int64(len(leaves))
		b.heads = append(b.heads, head)
	}
	return b
}

type fataler interface{ Fatalf(string, ...any) }

// rows is audit_tree LEFT JOIN audit_leaf.
func (b *book) rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, n := range b.nodes {
			r := Row{Node: n}
			if l, ok := b.leafs[n.Leaf]; ok && !n.Leaf.IsZero() {
				r.Body, r.Commitment = l.Body, l.Commitment
				if r.Columns, ok = b.cells[n.Leaf]; !ok {
					r.Columns, _ = ParseEntry(l.Body)
				}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// strays are the leaves without a place.
func (b *book) strays() iter.Seq2[id.ID, error] {
	return func(yield func(id.ID, error) bool) {
		placed := map[id.ID]bool{}
		for _, n := range b.nodes {
			placed[n.Leaf] = true
		}
		for leaf := range b.leafs {
			if !placed[leaf] && !yield(leaf, nil) {
				return
			}
		}
	}
}

func (b *book) verify(heads ...Head) (Report, error) { return Verify(b.rows(), b.strays(), heads) }

// place is the index in nodes of entry n (from 0).
func place(n int) int { return int(tlog.StoredHashIndex(0, int64(n))) }

// rebuild computes all stored hashes again over the leaves in the given order, as somebody with the whole database could.
func (b *book) rebuild(order []id.ID) {
	b.nodes, b.size = nil, 0
	for _, leaf := range order {
		nodes, _, err := Append(b.size, []Sequenced{b.leafs[leaf]}, b)
		if err != nil {
			panic(err)
		}
		b.nodes = append(b.nodes, nodes...)
		b.size++
	}
}

func (b *book) order() []id.ID {
	var out []id.ID
	for _, n := range b.nodes {
		if !n.Leaf.IsZero() {
			out = append(out, n.Leaf)
		}
	}
	return out
}

func TestAnUntouchedLogVerifies(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-tamper-evident")
	rapid.Check(t, func(t *rapid.T) {
		b := write(t, rapid.IntRange(0, 70).Draw(t, "entries"), func() int { return rapid.IntRange(1, 9).Draw(t, "burst") })
		rep, err := b.verify(b.heads...)
		if err != nil {
			t.Fatalf("an untouched log: %v", err)
		}
		if rep.Entries != b.size || rep.Heads != len(b.heads) {
			t.Fatalf("looked at %d entries and %d heads of %d and %d", rep.Entries, rep.Heads, b.size, len(b.heads))
		}
		if n := len(b.heads); n > 0 && rep.Head != b.heads[n-1] {
			t.Fatalf("head %v, want %v", rep.Head, b.heads[n-1])
		}
		if n, err := SizeOf(int64(len(b.nodes))); err != nil || n != b.size {
			t.Fatalf("SizeOf(%d) = %d, %v; want %d", len(b.nodes), n, err, b.size)
		}
	})
}

// tampered is one way to touch the log of n entries at entry k. It says whether a head that somebody kept is needed to see it.
type tampered struct {
	name      string
	needsHead bool
	do        func(b *book, k int)
	exact     bool // the bad entry is named exactly
}

var ways = []tampered{
	{"edit a leaf's body", false, func(b *book, k int) {
		l := b.leafs[entry(k+1).ID]
		e, _ := ParseEntry(l.Body)
		e.Actor = number(8)
		l.Body, _ = e.Body()
		b.leafs[l.ID] = l
	}, true},
	{"edit a commitment", false, func(b *book, k int) {
		l := b.leafs[entry(k+1).ID]
		l.Commitment = Commit(make([]byte, SaltSize), []byte("other details"))
		b.leafs[l.ID] = l
	}, true},
	{"edit a leaf and its own hash", false, func(b *book, k int) {
		l := b.leafs[entry(k+1).ID]
		e, _ := ParseEntry(l.Body)
		e.Action = "cancel"
		l.Body, _ = e.Body()
		b.leafs[l.ID] = l
		b.nodes[place(k)].Hash = tlog.RecordHash(Leaf(l.Body, l.Commitment))
	}, false},
	{"edit a column beside a leaf", false, func(b *book, k int) {
		e := entry(k + 1)
		e.Patient = number(5)
		b.cells = map[id.ID]Entry{e.ID: e}
	}, true},
	{"delete a leaf", false, func(b *book, k int) { delete(b.leafs, entry(k+1).ID) }, true},
	{"delete a leaf with its place", false, func(b *book, k int) {
		delete(b.leafs, entry(k+1).ID)
		b.nodes = slices.Delete(b.nodes, place(k), place(k)+1)
	}, true},
	{"swap two neighbours", false, func(b *book, k int) {
		i, j := place(k), place(k+1)
		b.nodes[i].Leaf, b.nodes[j].Leaf = b.nodes[j].Leaf, b.nodes[i].Leaf
		b.nodes[i].Clinic, b.nodes[j].Clinic = b.nodes[j].Clinic, b.nodes[i].Clinic
	}, true},
	{"swap two neighbours and their hashes", false, func(b *book, k int) {
		i, j := place(k), place(k+1)
		p, q := b.nodes[i].Position, b.nodes[j].Position
		b.nodes[i], b.nodes[j] = b.nodes[j], b.nodes[i]
		b.nodes[i].Position, b.nodes[j].Position = p, q
	}, false},
	{"insert a leaf without a place", false, func(b *book, _ int) {
		e := entry(900)
		body, _ := e.Body()
		b.leafs[e.ID] = Sequenced{e.Clinic, e.ID, body, Commit(NewSalt(), nil)}
	}, false},
	{"cut the places of the tail, keep its leaves", false, func(b *book, k int) { b.nodes = b.nodes[:place(k)] }, false},
	{"cut the tail with its leaves", true, func(b *book, k int) {
		for _, n := range b.nodes[place(k):] {
			delete(b.leafs, n.Leaf)
		}
		b.nodes = b.nodes[:place(k)]
	}, false},
	{"insert a leaf and write the tree again", true, func(b *book, k int) {
		e := entry(901)
		body, _ := e.Body()
		b.leafs[e.ID] = Sequenced{e.Clinic, e.ID, body, Commit(NewSalt(), nil)}
		b.rebuild(slices.Insert(b.order(), k, e.ID))
	}, false},
	{"take an entry out and write the tree again", true, func(b *book, k int) {
		order := slices.Delete(b.order(), k, k+1)
		delete(b.leafs, entry(k+1).ID)
		b.rebuild(order)
	}, false},
	{"change the order and write the tree again", true, func(b *book, k int) {
		order := b.order()
		order[k], order[k+1] = order[k+1], order[k]
		b.rebuild(order)
	}, false},
}

func TestEveryTouchIsFound(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-tamper-evident")
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(2, 40).Draw(t, "entries")
				k := rapid.IntRange(0, n-2).Draw(t, "entry") // never the last, so that it has a neighbour
				b := write(t, n, func() int { return rapid.IntRange(1, 9).Draw(t, "burst") })
				kept := b.heads[len(b.heads)-1]
				way.do(b, k)
				var bad *Broken
				if _, err := b.verify(kept); !errors.As(err, &bad) {
					t.Fatalf("with the kept head: %v", err)
				}
				if !way.needsHead {
					if _, err := b.verify(); !errors.As(err, &bad) {
						t.Fatalf("without a head: %v", err)
					}
				}
				if way.exact && (bad.First != int64(k) || bad.Last != int64(k)) {
					t.Fatalf("entry %d was touched, the verifier named %v", k, bad)
				}
				if !way.exact && way.name != "insert a leaf without a place" && (bad.First > int64(k) || bad.Last < int64(k)) {
					t.Fatalf("entry %d was touched, the verifier named %v", k, bad)
				}
			})
		})
	}
}

func TestABitAnywhereInTheTreeIsFound(t *testing.T) {
	t.Parallel()
	b := write(t, 21, func() int { return 4 })
	for i := range b.nodes {
		for _, bit := range []int{0, 17, 31} {
			b.nodes[i].Hash[bit] ^= 4
			var bad *Broken
			if _, err := b.verify(); !errors.As(err, &bad) {
				t.Fatalf("position %d, byte %d: %v", i, bit, err)
			}
			b.nodes[i].Hash[bit] ^= 4
		}
	}
}

func TestProofs(t *testing.T) {
	t.Parallel()
	b := write(t, 37, func() int { return 5 })
	head := b.heads[len(b.heads)-1]
	for n := range int64(37) {
		l := b.leafs[entry(int(n)+1).ID]
		p, err := ProveEntry(head, n, b)
		if err != nil {
			t.Fatalf("entry %d: %v", n, err)
		}
		if err := CheckEntry(p, head, n, Leaf(l.Body, l.Commitment)); err != nil {
			t.Fatalf("entry %d: %v", n, err)
		}
		if CheckEntry(p, head, n, Leaf(l.Body, make([]byte, 32))) == nil {
			t.Fatalf("entry %d: the proof holds for another leaf", n)
		}
	}
	for _, earlier := range b.heads {
		p, err := ProveGrowth(earlier, head, b)
		if err != nil {
			t.Fatalf("from %d: %v", earlier.Size, err)
		}
		if err := CheckGrowth(p, earlier, head); err != nil {
			t.Fatalf("from %d: %v", earlier.Size, err)
		}
		forged := earlier
		forged.Hash[3] ^= 1
		if CheckGrowth(p, forged, head) == nil {
			t.Fatalf("from %d: a forged head is continued", earlier.Size)
		}
	}
	back, err := ParseHead(head.String())
	if err != nil || back != head {
		t.Fatalf("ParseHead(%q) = %v, %v", head, back, err)
	}
}

func TestALeafHoldsNoFreeText(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-no-person-in-a-leaf")
	for name, spoil := range map[string]func(*Entry){
		"a name as action":    func(e *Entry) { e.Action = "Asha Rao" },
		"a phone as kind":     func(e *Entry) { e.Kind = "+919812345678" },
		"an address as role":  func(e *Entry) { e.Role = "asha@example.org" },
		"no purpose":          func(e *Entry) { e.Purpose = "" },
		"a sentence as kind":  func(e *Entry) { e.Kind = "has a cough" },
		"no subject":          func(e *Entry) { e.Subject = id.Zero },
		"a very long action":  func(e *Entry) { e.Action = strings.Repeat("a", longest+1) },
		"letters of a script": func(e *Entry) { e.Action = "आशा" },
	} {
		e := entry(1)
		spoil(&e)
		if body, err := e.Body(); err == nil {
			t.Errorf("%s was written: %s", name, body)
		} else if strings.Contains(err.Error(), "Asha") {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
	}
}

func TestEntryHasOneSpelling(t *testing.T) {
	t.Parallel()
	body, err := entry(5).Body()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := ParseEntry(body); err != nil || e != entry(5) {
		t.Fatalf("ParseEntry = %+v, %v", e, err)
	}
	for name, other := range map[string]string{
		"a space":          strings.Replace(string(body), ":", ": ", 1),
		"a second value":   string(body) + string(body),
		"an unknown field": strings.Replace(string(body), "}", `,"x":1}`, 1),
		"another version":  strings.Replace(string(body), `"v":1`, `"v":2`, 1),
		"a repeated field": strings.Replace(string(body), "}", `,"kind":"appointment"}`, 1),
		"capital letters":  strings.Replace(string(body), `"kind"`, `"Kind"`, 1),
	} {
		if _, err := ParseEntry([]byte(other)); err == nil {
			t.Errorf("%s: accepted %s", name, other)
		}
	}
}

func TestCommitments(t *testing.T) {
	t.Parallel()
	n := Note{Action: "change-role", Kind: "membership", Subject: number(3), Old: map[string]string{"role": "front-desk"}, New: map[string]string{"role": "manager"}}
	details, err := n.Details()
	if err != nil {
		t.Fatal(err)
	}
	salt := NewSalt()
	c := Commit(salt, details)
	if !Keeps(c, salt, details) {
		t.Error("the commitment does not keep its own details")
	}
	if Keeps(c, NewSalt(), details) || Keeps(c, salt, append(details, ' ')) || Keeps(c, nil, details) {
		t.Error("the commitment keeps something else")
	}
	if bytes.Equal(Commit(NewSalt(), details), c) {
		t.Error("two salts give one commitment: equal details could be recognised")
	}
}

func FuzzParseEntry(f *testing.F) {
	body, _ := entry(5).Body()
	f.Add(body)
	f.Add([]byte(`{"v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEntry(b)
		if err != nil {
			return
		}
		again, err := e.Body()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q was read, but is written as %q (%v)", b, again, err)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	f.Add("3 " + tlog.Hash{1}.String())
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHead(s)
		if err != nil {
			return
		}
		if again, err := ParseHead(h.String()); err != nil || again != h {
			t.Fatalf("%q: %v, %v", s, again, err)
		}
	})
}
