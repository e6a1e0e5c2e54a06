package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// The last number of this one is how many entries get their place in one transaction.
	sqlPendingList = `SELECT leaf_id, clinic_id, body, commitment FROM audit_pending ORDER BY leaf_id LIMIT 500`
	pendingDelete  = `DELETE FROM audit_pending WHERE leaf_id IN `
	sqlTreeLast    = `SELECT COALESCE(MAX(position) + 1, 0) FROM audit_tree`
	sqlTreeAdd     = `INSERT INTO audit_tree (position, hash, clinic_id, leaf_id) VALUES ($1, $2, $3, $4)`
	treeHashes     = `SELECT position, hash FROM audit_tree WHERE position IN `
	sqlHeadAdd     = `INSERT INTO audit_head (size, root, at, signed) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO UPDATE SET at = excluded.at, signed = excluded.signed`
	sqlHeadLast    = `SELECT size, root, at, signed FROM audit_head ORDER BY size DESC LIMIT 1`
	sqlHeadThin    = `DELETE FROM audit_head WHERE size < $1 AND at >= $2`
	sqlKeyList     = `SELECT verifier FROM audit_key ORDER BY accepted_at`
	sqlKeyAdd      = `INSERT INTO audit_key (verifier, accepted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`
)

// sequencing is the PostgreSQL advisory lock under which the tree grows: one writer at a time.
const sequencing = `SELECT pg_advisory_xact_lock(4711, 1)`

// hashes reads the stored hashes of the tree within one passage.
type hashes struct{ p *Platform }

func (h hashes) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(positions))
	found := 0
	for part := range slices.Chunk(positions, Widest) {
		args, width := filled(part)
		rows, err := h.p.Query(treeHashes+In(1, width), args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var at int64
			var b []byte
			if err := rows.Scan(&at, &b); err != nil {
				rows.Close()
				return nil, err
			}
			if len(b) != tlog.HashSize {
				rows.Close()
				return nil, errors.New("store: a hash of the audit tree has the wrong length")
			}
			for i, p := range positions {
				if p == at {
					copy(out[i][:], b)
					found++
				}
			}
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return nil, err
		}
	}
	if found < len(positions) {
		return nil, errors.New("store: a hash of the audit tree is missing; run almirah audit verify")
	}
	return out, nil
}

// filled is Filled for positions.
func filled(positions []int64) (args []any, width int) {
	for _, w := range widths {
		if width = w; len(positions) <= w {
			break
		}
	}
	for i := range width {
		args = append(args, positions[min(i, len(positions)-1)])
	}
	return args, width
}

// ErrLogKey means that the key that signs the audit log here is not the one that signed it before. The text says what to do.
var ErrLogKey = errors.New("store: the audit log was signed by another key")

// Sequence gives waiting audit entries their place in the tree, at most 500 at a time, signs the new head, and
// answers how many it placed. ErrLogKey where this host has a key of its own; then nothing gets a place.
func (db *DB) Sequence(ctx context.Context, who access.Caller) (int, error) {
	signer, verifier, err := db.vault.LogSigner()
	if err != nil {
		return 0, err
	}
	placed := 0
	var given []byte
	err = db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		placed, given = 0, nil
		p.Housekeeping("the tree records the entries themselves")
		if db.engine == Postgres {
			if _, err := p.tx.s.exec(sequencing, nil); err != nil {
				return err
			}
		}
		if err := db.known(p, verifier); err != nil {
			return err
		}
		if err := db.continues(p, verifier); err != nil {
			return err
		}
		waiting, err := pending(p)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			given, err = resign(p, signer, verifier)
			return err
		}
		head, err := grow(p, waiting)
		if err != nil {
			return err
		}
		placed = len(waiting)
		given, err = give(p, head, signer)
		return err
	})
	if err == nil && given != nil {
		err = db.vault.KeepSignedHead(given)
	}
	return placed, err
}

// continues refuses to sign a log that is not the one that this host signed before: the newest checkpoint lies beside the key, outside the
// database, so that whoever can write every row gets no signature under a log that she wrote again or put back to yesterday.
func (db *DB) continues(p *Platform, verifier string) error {
	signed, err := db.vault.SignedHead()
	if err != nil || signed == nil {
		return err
	}
	seen, err := audit.ReadCheckpoint(signed, verifier)
	if err != nil {
		return nil // of an earlier key, which somebody replaced on purpose
	}
	var stored int64
	if err := p.Row(sqlTreeLast).Scan(&stored); err != nil {
		return err
	}
	size, err := audit.SizeOf(stored)
	if err != nil {
		return err
	}
	const advice = "run `almirah audit verify`; if a backup was put back on purpose, `almirah audit accept --restored` says so, and is an entry of its own"
	if size < seen.Size {
		return fmt.Errorf("%w: it had %d entries when it was signed last, and has %d; the first that is missing is entry %d; %s", audit.ErrRewritten, seen.Size, size, size, advice)
	}
	now, err := audit.HeadOf(seen.Size, hashes{p})
	if err == nil && now.Hash != seen.Hash {
		err = fmt.Errorf("%w: its first %d entries are not those that were signed; %s", audit.ErrRewritten, seen.Size, advice)
	}
	return err
}

// known sees to it that the log is signed by one key only until somebody accepts another.
func (db *DB) known(p *Platform, verifier string) error {
	rows, err := p.Query(sqlKeyList)
	if err != nil {
		return err
	}
	defer rows.Close()
	var last string
	for rows.Next() {
		if err := rows.Scan(&last); err != nil {
			return err
		}
		if last == verifier {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if last != "" {
		return fmt.Errorf("%w: %s. Copy its file to %s, from another host or from where the root key is kept; when it is lost, run `almirah audit accept --key`, and tell everybody who keeps a checkpoint", ErrLogKey, last, db.vault.LogKeyFile())
	}
	rows.Close()
	_, err = p.Exec(sqlKeyAdd, verifier, p.Now())
	return err
}

// grow writes the waiting entries' hashes, and takes them off the waiting list.
func grow(p *Platform, waiting []audit.Sequenced) (audit.Head, error) {
	var stored int64
	if err := p.Row(sqlTreeLast).Scan(&stored); err != nil {
		return audit.Head{}, err
	}
	size, err := audit.SizeOf(stored)
	if err != nil {
		return audit.Head{}, err
	}
	nodes, head, err := audit.Append(size, waiting, hashes{p})
	if err != nil {
		return audit.Head{}, err
	}
	for _, n := range nodes {
		if err := p.later(sqlTreeAdd, n.Position, n.Hash[:], id.Null(n.Clinic), id.Null(n.Leaf)); err != nil {
			return audit.Head{}, err
		}
	}
	for part := range slices.Chunk(waiting, Widest) {
		ids := make([]id.ID, len(part))
		for i := range part {
			ids[i] = part[i].ID
		}
		args, width := Filled(ids)
		n, err := p.Exec(pendingDelete+In(1, width), args...)
		if err == nil && n != int64(len(ids)) {
			err = errors.New("store: an entry that waits for its place was taken away by somebody else")
		}
		if err != nil {
			return audit.Head{}, err
		}
	}
	return head, nil
}

// give signs a head and keeps it. Of the heads of one hour the last stays: whoever brings another is answered from the tree itself.
func give(p *Platform, head audit.Head, signer note.Signer) ([]byte, error) {
	head.At = p.Now()
	signed, err := audit.Sign(head, signer)
	if err != nil {
		return nil, err
	}
	if err := p.later(sqlHeadAdd, head.Size, head.Hash[:], head.At, signed); err != nil {
		return nil, err
	}
	const hour = clock.Instant(3_600_000_000)
	_, err = p.Exec(sqlHeadThin, head.Size, head.At-head.At%hour)
	return signed, err
}

// resign signs the newest head where nothing waits and it was not signed by this key: it is older than signing, or than the key.
func resign(p *Platform, signer note.Signer, verifier string) ([]byte, error) {
	last, err := lastHead(p)
	if err != nil || last.Size == 0 {
		return nil, err
	}
	if _, err := audit.ReadCheckpoint(last.Note, verifier); err == nil {
		return nil, nil
	}
	head, err := audit.HeadOf(last.Size, hashes{p})
	if err != nil || head.Hash != last.Hash {
		return nil, errors.Join(errors.New("store: the newest head of the audit log does not fit its tree; run almirah audit verify"), err)
	}
	return give(p, last.Head, signer)
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

// Signed is a head with the checkpoint in which it was given out; Note is empty where it is older than signing.
type Signed struct {
	audit.Head
	Note []byte
}

func lastHead(p *Platform) (Signed, error) {
	var h Signed
	var root []byte
	err := p.Row(sqlHeadLast).Scan(&h.Size, &root, &h.At, &h.Note)
	if err == ErrNoRows {
		return Signed{}, nil
	}
	if err == nil && len(root) != tlog.HashSize {
		return Signed{}, fmt.Errorf("store: the newest audit head has %d bytes", len(root))
	}
	copy(h.Hash[:], root)
	return h, err
}

// Head is the newest head of the audit tree; its size is zero before the first.
func (db *DB) Head(ctx context.Context, who access.Caller) (audit.Head, error) {
	h, err := db.Checkpoint(ctx, who)
	return h.Head, err
}
