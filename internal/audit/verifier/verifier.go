// Package verifier checks an exported part of the audit log and nothing else: it reads one file, opens no database and shares no code with
// the program that wrote the file but golang.org/x/mod (note for signatures, tlog for the hashes of RFC 6962). It is small, so that it can be
// read in one sitting, and docs/audit.md describes the file, so that anybody may write another. The promise audit-checked-elsewhere rests on it.
package verifier

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Format is the first word of every exported file.
const Format = "almirah-audit/1"

// First is the first line of the file.
type First struct {
	Format     string `json:"format"`
	Key        string `json:"key"`        // the public key of the log, as note writes it
	Checkpoint string `json:"checkpoint"` // the signed note over all entries of the log
	Clinic     string `json:"clinic"`     // whose entries these are; empty for all of them
}

// Line is one entry. Proof is the path from the entry to the checkpoint (RFC 6962, section 2.1.1), lowest hash first; a file with every entry
// of the log needs none: it has the hashes that the log itself keeps, those of the subtrees that the entry completes, its own first.
type Line struct {
	N     int64       `json:"n"`
	Leaf  []byte      `json:"leaf"`
	Proof []tlog.Hash `json:"proof,omitempty"`
	Nodes []tlog.Hash `json:"nodes,omitempty"`
}

// Last is the last line, by which a file that was cut off is known.
type Last struct {
	End     bool  `json:"end"`
	Entries int64 `json:"entries"`
}

// Known is what whoever checks the file already knows. Both may be empty; then the file is only checked against itself.
type Known struct {
	Key  string // the log's public key
	Head string // "SIZE HASH", of a head that was kept; checked only in a file with every entry
}

// Report says what was found good.
type Report struct {
	Entries  int64
	Size     int64  // of the log at the checkpoint
	Head     string // "SIZE HASH"
	Key      string
	Complete bool // the file holds every entry of the log, in order
}

// Bad is the first bad entry of a file; N counts the log's entries from 0 and is -1 where the whole file is bad.
type Bad struct {
	N   int64
	Why string
}

// Error names the entry.
func (b *Bad) Error() string {
	if b.N < 0 {
		return b.Why
	}
	return "entry " + strconv.FormatInt(b.N, 10) + ": " + b.Why
}

func bad(n int64, why string, args ...any) error { return &Bad{n, fmt.Sprintf(why, args...)} }

// longest is how many bytes a line may have.
const longest = 1 << 20

// Check reads the file to its end. It answers *Bad for what is wrong with the file, or the error of the reader.
func Check(file io.Reader, known Known) (Report, error) {
	in := bufio.NewScanner(file)
	in.Buffer(make([]byte, 64<<10), longest)
	if !in.Scan() {
		return Report{}, errors.Join(bad(-1, "the file is empty"), in.Err())
	}
	var first First
	if json.Unmarshal(in.Bytes(), &first) != nil || first.Format != Format {
		return Report{}, bad(-1, "the first line is not that of an exported audit log (%s)", Format)
	}
	if known.Key != "" && known.Key != first.Key {
		return Report{}, bad(-1, "the file is signed by the key %s, and not by %s", first.Key, known.Key)
	}
	c := &checking{rep: Report{Key: first.Key, Complete: true}, clinic: first.Clinic, last: -1}
	var err error
	if c.rep.Size, c.root, err = checkpoint(first); err != nil {
		return Report{}, err
	}
	c.rep.Head = fmt.Sprintf("%d %s", c.rep.Size, c.root)
	if err := c.know(known.Head); err != nil {
		return c.rep, err
	}
	for in.Scan() {
		if c.ended {
			return c.rep, bad(-1, "something stands behind the last line")
		}
		if err := c.line(in.Bytes()); err != nil {
			return c.rep, err
		}
	}
	if err := in.Err(); err != nil {
		return c.rep, err
	}
	return c.rep, c.close()
}

// checkpoint opens the signed note: name of the log, number of entries, hash over them.
func checkpoint(f First) (size int64, root tlog.Hash, err error) {
	v, err := note.NewVerifier(f.Key)
	if err != nil {
		return 0, root, bad(-1, "the key in the first line is damaged")
	}
	n, err := note.Open([]byte(f.Checkpoint), note.VerifierList(v))
	if err != nil {
		return 0, root, bad(-1, "the checkpoint is not signed by the key in the first line")
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != v.Name() {
		return 0, root, bad(-1, "the signed note is no checkpoint of this log")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || size < 0 {
		return 0, root, bad(-1, "the checkpoint names no number of entries")
	}
	if root, err = tlog.ParseHash(lines[2]); err != nil {
		return 0, root, bad(-1, "the checkpoint names no hash")
	}
	return size, root, nil
}

type checking struct {
	rep    Report
	root   tlog.Hash
	clinic string
	last   int64 // the number of the entry before
	ended  bool

	left []subtree // complete subtrees over the entries so far, widest first; used while the file is complete

	keptSize int64 // of a head that was kept; zero for none
	keptHash tlog.Hash
	met      bool
}

type subtree struct {
	hash  tlog.Hash
	width int64
}

// know reads a head that was kept.
func (c *checking) know(head string) error {
	if head == "" {
		return nil
	}
	size, hash, _ := strings.Cut(strings.TrimSpace(head), " ")
	n, err := strconv.ParseInt(size, 10, 64)
	h, herr := tlog.ParseHash(hash)
	if err != nil || herr != nil || n < 1 {
		return bad(-1, "a kept head is a number, a space and a hash")
	}
	c.keptSize, c.keptHash = n, h
	if n > c.rep.Size {
		return bad(c.rep.Size, "missing: the kept head counts %d entries, the log has %d", n, c.rep.Size)
	}
	return nil
}

func (c *checking) line(b []byte) error {
	var l struct {
		Line
		Last
	}
	if json.Unmarshal(b, &l) != nil {
		return bad(c.last+1, "the line cannot be read")
	}
	if l.End {
		if l.Entries != c.rep.Entries {
			return bad(-1, "the file says that it has %d entries, and has %d", l.Entries, c.rep.Entries)
		}
		c.ended = true
		return nil
	}
	switch {
	case l.N <= c.last:
		return bad(l.N, "it stands behind entry %d: the order was changed", c.last)
	case l.N >= c.rep.Size:
		return bad(l.N, "the checkpoint counts only %d entries", c.rep.Size)
	}
	c.rep.Complete = c.rep.Complete && l.N == c.last+1
	c.last = l.N
	if err := c.own(l.Line); err != nil {
		return err
	}
	h := tlog.RecordHash(l.Leaf)
	if l.Proof != nil {
		if tlog.CheckRecord(l.Proof, c.rep.Size, c.root, l.N, h) != nil {
			return bad(l.N, "it is not the entry that the checkpoint was signed over: it was edited, or stands in another's place")
		}
	} else if !c.rep.Complete && c.rep.Size > 1 {
		return bad(l.N, "it has no proof, and an entry before it is missing")
	}
	c.rep.Entries++
	return c.grow(h, l.Nodes)
}

// own looks into the leaf: an entry, a line end, a commitment of 32 bytes.
func (c *checking) own(l Line) error {
	body, commitment, found := bytes.Cut(l.Leaf, []byte{'\n'})
	var e struct {
		Version int    `json:"v"`
		Clinic  string `json:"clinic"`
	}
	if !found || len(commitment) != 32 || json.Unmarshal(body, &e) != nil || e.Version < 1 {
		return bad(l.N, "it is no entry")
	}
	if c.clinic != "" && e.Clinic != c.clinic {
		return bad(l.N, "it belongs to another clinic")
	}
	return nil
}

// grow puts the hash into the tree that is computed while no entry is left out, and compares it with the hashes that the log kept.
func (c *checking) grow(h tlog.Hash, kept []tlog.Hash) error {
	if !c.rep.Complete {
		return nil
	}
	if len(kept) > 0 && kept[0] != h {
		return bad(c.last, "it was edited, or another stands in its place")
	}
	s := subtree{h, 1}
	for k, i := len(c.left), 1; k > 0 && c.left[k-1].width == s.width; k, i = k-1, i+1 {
		s = subtree{tlog.NodeHash(c.left[k-1].hash, s.hash), s.width * 2}
		c.left = c.left[:k-1]
		if len(kept) > 0 && (i >= len(kept) || kept[i] != s.hash) {
			return bad(c.last+1-s.width, "from here to entry %d one was edited, moved, added or taken out", c.last)
		}
	}
	c.left = append(c.left, s)
	if c.keptSize == c.last+1 {
		if c.met = c.head() == c.keptHash; !c.met {
			return bad(c.last, "up to here the entries do not give the head that was kept: one of them was changed, added or taken out")
		}
	}
	return nil
}

// head is the hash over the entries so far (RFC 6962, section 2.1).
func (c *checking) head() tlog.Hash {
	h := c.left[len(c.left)-1].hash
	for k := len(c.left) - 2; k >= 0; k-- {
		h = tlog.NodeHash(c.left[k].hash, h)
	}
	return h
}

func (c *checking) close() error {
	if !c.ended {
		return bad(c.last+1, "the file was cut off here: its last line is missing")
	}
	c.rep.Complete = c.rep.Complete && c.rep.Entries == c.rep.Size
	switch {
	case !c.rep.Complete && c.clinic == "":
		return bad(c.last+1, "missing: the file should hold all %d entries of the log", c.rep.Size)
	case c.rep.Complete && c.rep.Size > 0 && c.head() != c.root:
		return bad(-1, "the entries do not give the hash that was signed: one of them was edited, moved, added or taken out")
	case c.keptSize > 0 && !c.rep.Complete:
		return bad(-1, "a kept head can only be compared in a file with every entry of the log")
	case c.keptSize > 0 && !c.met:
		return bad(-1, "the kept head was not met")
	}
	return nil
}
