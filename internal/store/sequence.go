package store

import (
	"context"
	"errors"
	"fmt"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	sqlPendingList   = `SELECT leaf_id, clinic_id, body, commitment FROM audit_pending ORDER BY leaf_id LIMIT 500`
	sqlPendingDelete = `DELETE FROM audit_pending WHERE leaf_id = $1`
	sqlTreeLast      = `SELECT COALESCE(MAX(position) + 1, 0) FROM audit_tree`
	sqlTreeAdd       = `INSERT INTO audit_tree (position, hash, clinic_id, leaf_id) VALUES ($1, $2, $3, $4)`
	sqlTreeHash      = `SELECT hash FROM audit_tree WHERE position = $1`
	sqlHeadAdd       = `INSERT INTO audit_head (size, root, at) VALUES ($1, $2, $3)`
	sqlHeadLast      = `SELECT size, root, at FROM audit_head ORDER BY size DESC LIMIT 1`
)

// sequencing is the PostgreSQL advisory lock under which the tree grows: one writer at a time.
const sequencing = `SELECT pg_advisory_xact_lock(4711, 1)`

// hashes reads the stored hashes of the tree within one passage.
type hashes struct{ p *Platform }

func (h hashes) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(positions))
	for i, at := range positions {
		var b []byte
		if err := h.p.Row(sqlTreeHash, at).Scan(&b); err != nil {
			return nil, err
		}
		if len(b) != tlog.HashSize {
			return nil, errors.New("store: a hash of the audit tree has the wrong length")
		}
		copy(out[i][:], b)
	}
	return out, nil
}

// Sequence gives waiting audit entries their place in the tree, at most 500 at a time, and
// answers how many it placed.
func (db *DB) Sequence(ctx context.Context, who access.Caller) (int, error) {
	placed := 0
	err := db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		placed = 0
		if db.engine == Postgres {
			if _, err := p.tx.s.exec(sequencing, nil); err != nil {
				return err
			}
		}
		waiting, err := pending(p)
		if err != nil || len(waiting) == 0 {
			return err
		}
		var stored int64
		if err := p.Row(sqlTreeLast).Scan(&stored); err != nil {
			return err
		}
		size, err := audit.SizeOf(stored)
		if err != nil {
			return err
		}
		nodes, head, err := audit.Append(size, waiting, hashes{p})
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if _, err := p.Exec(sqlTreeAdd, n.Position, n.Hash[:], id.Null(n.Clinic), id.Null(n.Leaf)); err != nil {
				return err
			}
			if n.Leaf.IsZero() {
				continue
			}
			if err := p.Must(sqlPendingDelete, n.Leaf); err != nil {
				return err
			}
		}
		if _, err := p.Exec(sqlHeadAdd, head.Size, head.Hash[:], p.Now()); err != nil {
			return err
		}
		p.Housekeeping("the tree records the entries themselves")
		placed = len(waiting)
		return nil
	})
	return placed, err
}

func pending(p *Platform) ([]audit.Sequenced, error) {
	rows, err := p.Query(sqlPendingList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []audit.Sequenced
	for rows.Next() {
		var s audit.Sequenced
		if err := rows.Scan(&s.ID, &s.Clinic, &s.Body, &s.Commitment); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Head is the newest head of the audit tree; its size is zero before the first.
func (db *DB) Head(ctx context.Context, who access.Caller) (audit.Head, error) {
	var h audit.Head
	err := db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		var root []byte
		err := p.Row(sqlHeadLast).Scan(&h.Size, &root, &h.At)
		if err == ErrNoRows {
			return nil
		}
		if err == nil && len(root) != tlog.HashSize {
			return fmt.Errorf("store: the newest audit head has %d bytes", len(root))
		}
		copy(h.Hash[:], root)
		return err
	})
	return h, err
}
