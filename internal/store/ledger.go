package store

import (
	"context"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"

	"golang.org/x/mod/sumdb/tlog"
)

// What others need to check the audit log: the newest checkpoint, proofs that it continues an older one, entries with their proofs, and
// whether entries wait too long for their place.

// look is Across for an operator who only reads: it takes no lock, and nobody waits for it.
func (db *DB) look(ctx context.Context, who access.Caller, fn func(p *Platform) error) error {
	if err := db.admit(ctx, who, access.PlatformOperate, true); err != nil {
		return err
	}
	s, err := db.begin(ctx, id.Zero, false)
	if err != nil {
		return err
	}
	defer s.rollback()
	p := &Platform{tx: &Tx{View: View{s: s, ctx: ctx, who: who, right: access.PlatformOperate, now: clock.At(db.clock.Now())}}, code: access.PlatformOperate}
	defer p.tx.close()
	return fn(p)
}

// Checkpoint is the newest head of the audit tree with its signature; its size is zero before the first.
func (db *DB) Checkpoint(ctx context.Context, who access.Caller) (Signed, error) {
	var h Signed
	err := db.look(ctx, who, func(p *Platform) (err error) {
		h, err = lastHead(p)
		return err
	})
	return h, err
}

// Growth proves that the log of to entries continues the log of from entries. It is fault.NotFound where the log never had so many.
func (db *DB) Growth(ctx context.Context, who access.Caller, from, to int64) (tlog.TreeProof, error) {
	var proof tlog.TreeProof
	err := db.look(ctx, who, func(p *Platform) error {
		last, err := lastHead(p)
		if err != nil {
			return err
		}
		if from < 1 || from > to || to > last.Size {
			return fault.Missing()
		}
		proof, err = tlog.ProveTree(to, from, hashes{p})
		return err
	})
	return proof, err
}

// Proven is an entry with its place in the tree and the proof that it has it.
type Proven struct {
	N     int64
	Leaf  []byte
	Proof tlog.RecordProof
	Nodes []tlog.Hash // in Everything: the stored hashes that the entry completes, its own first
}

const treeOf = `SELECT position, leaf_id FROM audit_tree WHERE leaf_id IN `

// Prove proves of each of the leaves that it is in the checkpoint, in the order of their places. A leaf that has no place yet is left out.
// The checkpoint is the newest; leaves maps ids to the bytes of the leaf.
func (db *DB) Prove(ctx context.Context, who access.Caller, leaves map[id.ID][]byte, each func(Signed, Proven) error) (Signed, error) {
	var last Signed
	err := db.look(ctx, who, func(p *Platform) (err error) {
		if last, err = lastHead(p); err != nil {
			return err
		}
		ids := make([]id.ID, 0, len(leaves))
		for leaf := range leaves {
			ids = append(ids, leaf)
		}
		places := map[int64]id.ID{}
		err = Each(ids, func(args []any, width int) error {
			rows, err := p.Query(treeOf+In(1, width), args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var at int64
				var leaf id.ID
				if err := rows.Scan(&at, &leaf); err != nil {
					return err
				}
				if _, n := tlog.SplitStoredHashIndex(at); n < last.Size {
					places[n] = leaf
				}
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
		kept := &remembered{from: hashes{p}, have: map[int64]tlog.Hash{}}
		for _, n := range sorted(places) {
			proof, err := audit.ProveEntry(last.Head, n, kept)
			if err != nil {
				return err
			}
			if proof == nil {
				proof = tlog.RecordProof{}
			}
			if err := each(last, Proven{N: n, Leaf: leaves[places[n]], Proof: proof}); err != nil {
				return err
			}
		}
		return nil
	})
	return last, err
}

// remembered asks for a hash once: proofs of neighbours share most of theirs.
type remembered struct {
	from tlog.HashReader
	have map[int64]tlog.Hash
}

func (r *remembered) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	var ask []int64
	for _, p := range positions {
		if _, ok := r.have[p]; !ok {
			ask = append(ask, p)
		}
	}
	if len(ask) > 0 {
		got, err := r.from.ReadHashes(ask)
		if err != nil {
			return nil, err
		}
		for i, p := range ask {
			r.have[p] = got[i]
		}
	}
	out := make([]tlog.Hash, len(positions))
	for i, p := range positions {
		out[i] = r.have[p]
	}
	return out, nil
}

// Everything hands out every entry of the log under its newest checkpoint, in order, whatever clinic it belongs to. It is for whoever runs
// the installation; a leaf holds no personal datum.
func (db *DB) Everything(ctx context.Context, who access.Caller, each func(Signed, Proven) error) (Signed, error) {
	var last Signed
	err := db.look(ctx, who, func(p *Platform) (err error) {
		if last, err = lastHead(p); err != nil {
			return err
		}
		v := verification{p: p}
		var one *Proven
		n := int64(0)
		for row, err := range v.rows() {
			switch {
			case err != nil:
				return err
			case row.Leaf.IsZero():
				if one != nil {
					one.Nodes = append(one.Nodes, row.Hash)
				}
				continue
			case one != nil:
				if err := each(last, *one); err != nil {
					return err
				}
			}
			if one = nil; n == last.Size { // it came after the checkpoint
				return nil
			}
			one = &Proven{N: n, Leaf: audit.Leaf(row.Body, row.Commitment), Nodes: []tlog.Hash{row.Hash}}
			n++
		}
		if one != nil {
			return each(last, *one)
		}
		return nil
	})
	return last, err
}

const (
	sqlWaiting  = `SELECT leaf_id FROM audit_pending ORDER BY leaf_id LIMIT 1`
	sqlUnsigned = `SELECT COUNT(*) FROM audit_head WHERE signed IS NULL AND size = (SELECT MAX(size) FROM audit_head)`
)

// Waits says whether entries wait for their place, or the newest head for its signature, and how long the oldest entry has waited.
func (db *DB) Waits(ctx context.Context, who access.Caller) (some bool, since time.Duration, err error) {
	err = db.look(ctx, who, func(p *Platform) error {
		var oldest id.ID
		err := p.Row(sqlWaiting).Scan(&oldest)
		if err == nil {
			some, since = true, max(0, db.clock.Now().Sub(oldest.Time()))
			return nil
		}
		if err != ErrNoRows {
			return err
		}
		var unsigned int
		err = p.Row(sqlUnsigned).Scan(&unsigned)
		some = unsigned > 0
		return err
	})
	return some, since, err
}

// AcceptKey lets the key that this host has sign the log from now on, beside those that signed it before. Somebody decides that, because it
// is what a forger would want, too; so it is an entry of the log itself.
func (db *DB) AcceptKey(ctx context.Context, who access.Caller) (verifier string, err error) {
	if _, verifier, err = db.vault.LogSigner(); err != nil {
		return "", err
	}
	err = db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		n, err := p.Exec(sqlKeyAdd, verifier, p.Now())
		if err == nil && n > 0 {
			p.Record(audit.Note{Action: "accept-key", Kind: "audit", Subject: p.NewID(), New: verifier})
		}
		return err
	})
	return verifier, err
}

// AcceptHistory lets the log go on from what the database holds now, although it is not what this host signed last: a backup was put back on
// purpose. It is an entry of the log, and witnesses see that their checkpoints are not continued.
func (db *DB) AcceptHistory(ctx context.Context, who access.Caller) error {
	err := db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		p.Record(audit.Note{Action: "accept-restored", Kind: "audit", Subject: p.NewID()})
		return nil
	})
	if err != nil {
		return err
	}
	return db.vault.KeepSignedHead(nil)
}

func sorted(places map[int64]id.ID) []int64 {
	out := make([]int64, 0, len(places))
	for n := range places {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
