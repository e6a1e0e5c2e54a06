package audit

import (
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/id"
)

// Row is one row of audit_tree with the leaf that it names. Body is nil when the row names a leaf that is not there. Columns is the
// entry as the leaf's own columns tell it: pages look things up by them, so they must say what the body says.
type Row struct {
	Node
	Body, Commitment []byte
	Columns          Entry
}

// Broken is the first bad entry that Verify found. First and Last count entries from 0 and are equal when the entry is
// known exactly; Leaf is zero when the entry is gone or not known.
type Broken struct {
	First, Last int64
	Leaf        id.ID
	Why         string
}

// Error names the entry for the person who runs `almirah audit verify`.
func (b *Broken) Error() string {
	where := fmt.Sprintf("entry %d", b.First)
	if b.Last > b.First {
		where = fmt.Sprintf("an entry from %d to %d", b.First, b.Last)
	}
	if !b.Leaf.IsZero() {
		where += " (" + b.Leaf.String() + ")"
	}
	return "audit: " + where + ": " + b.Why
}

// Report says what Verify looked at.
type Report struct {
	Entries int64 // entries that have a place in the tree
	Head    Head  // the head over them, computed from the leaves alone
	Heads   int   // kept heads that were confirmed
}

// Verify computes the whole tree again from the leaves and compares it with the stored hashes and with heads that were kept.
//
// rows are audit_tree LEFT JOIN audit_leaf ORDER BY position. strays are the ids of leaves that have no place in the tree and are not
// pending. heads are those of audit_head and those that people bring. It returns *Broken for the first bad entry, or the
// error of an iterator. It needs memory for one path of the tree, however long the log is.
func Verify(rows iter.Seq2[Row, error], strays iter.Seq2[id.ID, error], heads []Head) (Report, error) {
	heads = slices.Clone(heads)
	slices.SortStableFunc(heads, func(a, b Head) int { return int(min(1, max(-1, a.Size-b.Size))) })
	v := verifier{heads: heads}
	for len(v.heads) > 0 && v.heads[0].Size == 0 { // an empty head says nothing
		v.heads = v.heads[1:]
	}
	for row, err := range rows {
		if err != nil {
			return v.report(), err
		}
		if b := v.row(row); b != nil {
			return v.report(), b
		}
	}
	if len(v.want) > 0 {
		return v.report(), &Broken{First: v.want[0].first, Last: v.want[0].last, Why: "the tree was cut here: a hash over it is missing"}
	}
	if len(v.heads) > 0 {
		h := v.heads[len(v.heads)-1]
		return v.report(), &Broken{First: v.good, Last: v.size, Why: fmt.Sprintf("missing: a kept head counts %d entries, the log has %d; its tail was cut off, or entries were taken out since the last head that still holds", h.Size, v.size)}
	}
	for leaf, err := range strays {
		if err != nil {
			return v.report(), err
		}
		return v.report(), &Broken{First: v.size, Last: v.size, Leaf: leaf, Why: "has no place in the tree and waits for none: it was put in later, or its place was cut off"}
	}
	return v.report(), nil
}

type wanted struct {
	hash        tlog.Hash
	first, last int64 // the entries under the hash
}

type verifier struct {
	size      int64 // entries seen
	position  int64
	left      []subtree // complete subtrees, widest first
	want      []wanted  // stored hashes that must follow the last entry's own
	heads     []Head    // not yet reached, smallest first
	confirmed int
	good      int64 // size of the last confirmed head
}

type subtree struct {
	hash  tlog.Hash
	width int64
}

func (v *verifier) report() Report {
	return Report{Entries: v.size, Head: v.head(), Heads: v.confirmed}
}

func (v *verifier) row(r Row) *Broken {
	expected := v.position
	v.position++
	if len(v.want) > 0 {
		w := v.want[0]
		v.want = v.want[1:]
		if r.Position != expected {
			return &Broken{First: w.first, Last: w.last, Why: "a hash over it is missing from the tree"}
		}
		if r.Hash != w.hash {
			return &Broken{First: w.first, Last: w.last, Why: "the hash over it does not fit its entries: one was edited, moved, added or taken out"}
		}
		return v.reach()
	}
	n := v.size
	if r.Position != expected {
		return &Broken{First: n, Last: n, Why: "missing from the tree"}
	}
	if r.Body == nil {
		return &Broken{First: n, Last: n, Leaf: r.Leaf, Why: "the leaf was deleted"}
	}
	h := tlog.RecordHash(Leaf(r.Body, r.Commitment))
	if h != r.Hash {
		return &Broken{First: n, Last: n, Leaf: r.Leaf, Why: "the leaf was edited, or another leaf stands in its place"}
	}
	e, err := ParseEntry(r.Body)
	switch {
	case err != nil:
		return &Broken{First: n, Last: n, Leaf: r.Leaf, Why: "the leaf cannot be read: " + err.Error()}
	case e.ID != r.Leaf || e.Clinic != r.Clinic:
		return &Broken{First: n, Last: n, Leaf: r.Leaf, Why: "the row names another leaf than the one that it hashes"}
	case !e.told(r.Columns):
		return &Broken{First: n, Last: n, Leaf: r.Leaf, Why: "the columns beside the leaf were edited: they do not say what the leaf says"}
	}
	v.size++
	s := subtree{h, 1}
	for k := len(v.left); k > 0 && v.left[k-1].width == s.width; k-- {
		s = subtree{tlog.NodeHash(v.left[k-1].hash, s.hash), s.width * 2}
		v.left = v.left[:k-1]
		v.want = append(v.want, wanted{s.hash, v.size - s.width, v.size - 1})
	}
	v.left = append(v.left, s)
	return v.reach()
}

// told says whether the columns tell the entry. There is no column for the purpose.
func (e Entry) told(columns Entry) bool {
	columns.Purpose = e.Purpose
	return e == columns
}

// reach compares the computed head with the kept heads of this size, once the stored hashes of the entry are complete.
func (v *verifier) reach() *Broken {
	if len(v.want) > 0 {
		return nil
	}
	for len(v.heads) > 0 && v.heads[0].Size == v.size {
		if v.heads[0].Hash != v.head().Hash {
			return &Broken{First: v.good, Last: v.size - 1, Why: fmt.Sprintf("the log was written again: its first %d entries do not give the head that was kept", v.size)}
		}
		v.good, v.heads = v.size, v.heads[1:]
		v.confirmed++
	}
	return nil
}

func (v *verifier) head() Head {
	if len(v.left) == 0 {
		return Head{}
	}
	h := v.left[len(v.left)-1].hash
	for k := len(v.left) - 2; k >= 0; k-- {
		h = tlog.NodeHash(v.left[k].hash, h)
	}
	return Head{Size: v.size, Hash: h}
}
