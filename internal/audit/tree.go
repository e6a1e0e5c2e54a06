package audit

import (
	"errors"
	"fmt"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// Head is the hash over the first Size entries: whoever keeps it can later tell whether any of them was touched.
type Head struct {
	Size int64
	Hash tlog.Hash
	At   clock.Instant // when it was given out; no part of the proof
}

// String is the form that is mailed, printed and shown: "12034 7Zk...=".
func (h Head) String() string { return fmt.Sprintf("%d %s", h.Size, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	var size int64
	var hash, rest string
	if n, _ := fmt.Sscanf(s+" .", "%d %s %s", &size, &hash, &rest); n != 3 || rest != "." || size < 0 {
		return Head{}, errors.New("audit: a head is a number, a space and a hash, such as the one in the mail to the clinic")
	}
	h, err := tlog.ParseHash(hash)
	if err != nil {
		return Head{}, errors.New("audit: the hash of the head is damaged")
	}
	return Head{Size: size, Hash: h}, nil
}

// Sequenced is a leaf that is to get a place in the tree.
type Sequenced struct {
	Clinic, ID       id.ID
	Body, Commitment []byte
}

// Node is one row of audit_tree. Leaf and Clinic are zero for a hash over several entries.
type Node struct {
	Position     int64
	Hash         tlog.Hash
	Clinic, Leaf id.ID
}

// SizeOf turns the number of stored hashes (the last position plus one) into the number of entries. It fails when no tree
// has that number of hashes, which means that the table was cut inside an entry.
func SizeOf(stored int64) (int64, error) {
	// StoredHashCount grows with n and lies between n and 2n.
	n := int64(sort.Search(int(stored)+1, func(n int) bool { return tlog.StoredHashCount(int64(n)) >= stored }))
	if tlog.StoredHashCount(n) != stored {
		return 0, fmt.Errorf("audit: %d stored hashes belong to no tree; run audit verify", stored)
	}
	return n, nil
}

// Append gives the leaves their places after the first size entries and returns the rows to insert and the new head (without its moment). hashes
// reads what is stored; it fails when hashes fails, and then nothing may be inserted.
func Append(size int64, leaves []Sequenced, hashes tlog.HashReader) ([]Node, Head, error) {
	r := &grown{stored: hashes, first: tlog.StoredHashCount(size)}
	for i, l := range leaves {
		made, err := tlog.StoredHashes(size+int64(i), Leaf(l.Body, l.Commitment), r)
		if err != nil {
			return nil, Head{}, fmt.Errorf("audit: reading the tree: %w", err)
		}
		for j, h := range made {
			n := Node{Position: r.first + int64(len(r.nodes)), Hash: h}
			if j == 0 {
				n.Clinic, n.Leaf = l.Clinic, l.ID
			}
			r.nodes = append(r.nodes, n)
		}
	}
	head, err := HeadOf(size+int64(len(leaves)), r)
	return r.nodes, head, err
}

// grown reads the stored hashes and, after them, those that are about to be stored.
type grown struct {
	stored tlog.HashReader
	first  int64
	nodes  []Node
}

func (g *grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var old, at []int64
	for i, x := range indexes {
		switch n := x - g.first; {
		case n < 0:
			old, at = append(old, x), append(at, int64(i))
		case n < int64(len(g.nodes)):
			out[i] = g.nodes[n].Hash
		default:
			return nil, fmt.Errorf("audit: no hash at position %d", x)
		}
	}
	if len(old) > 0 {
		found, err := g.stored.ReadHashes(old)
		if err != nil {
			return nil, err
		}
		if len(found) != len(old) {
			return nil, fmt.Errorf("audit: %d hashes were asked for, %d came", len(old), len(found))
		}
		for i, h := range found {
			out[at[i]] = h
		}
	}
	return out, nil
}

// HeadOf is the head over the first size entries. The empty tree has the zero hash.
func HeadOf(size int64, hashes tlog.HashReader) (Head, error) {
	if size == 0 {
		return Head{}, nil
	}
	h, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return Head{}, fmt.Errorf("audit: reading the tree: %w", err)
	}
	return Head{Size: size, Hash: h}, nil
}

// ProveEntry proves to the holder of the head that entry n (counted from 0) is in it. CheckEntry checks the proof with nothing else at hand.
func ProveEntry(head Head, n int64, hashes tlog.HashReader) (tlog.RecordProof, error) {
	return tlog.ProveRecord(head.Size, n, hashes)
}

// CheckEntry is nil when the proof shows that the leaf is entry n of the head.
func CheckEntry(p tlog.RecordProof, head Head, n int64, leaf []byte) error {
	return tlog.CheckRecord(p, head.Size, head.Hash, n, tlog.RecordHash(leaf))
}

// ProveGrowth proves to the holder of an earlier head that the later one continues it: nothing was changed, only added.
func ProveGrowth(earlier, later Head, hashes tlog.HashReader) (tlog.TreeProof, error) {
	return tlog.ProveTree(later.Size, earlier.Size, hashes)
}

// CheckGrowth is nil when the proof shows that later continues earlier.
func CheckGrowth(p tlog.TreeProof, earlier, later Head) error {
	return tlog.CheckTree(p, later.Size, later.Hash, earlier.Size, earlier.Hash)
}
