package store

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	sqlTreePage   = `SELECT position, hash, clinic_id, leaf_id FROM audit_tree WHERE position >= $1 ORDER BY position LIMIT 1000`
	sqlLeafGet    = `SELECT body, commitment, at, actor_id, role, action, kind, subject_id, patient_id, grant_id, session_id FROM audit_leaf WHERE clinic_id = $1 AND id = $2`
	sqlHeads      = `SELECT size, root, at, signed FROM audit_head ORDER BY size`
	sqlClinics    = `SELECT clinic_id FROM clinic_route ORDER BY clinic_id`
	sqlTreeOwners = `SELECT DISTINCT clinic_id FROM audit_tree WHERE clinic_id IS NOT NULL`
	sqlStrays     = `SELECT id FROM audit_leaf WHERE clinic_id = $1
		AND NOT EXISTS (SELECT 1 FROM audit_tree t WHERE t.leaf_id = audit_leaf.id)
		AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.leaf_id = audit_leaf.id) ORDER BY id LIMIT 1`
)

// VerifyAudit computes the audit tree again from its leaves and compares it with what is stored
// (and with the newest checkpoint that this host signed) and with the heads that somebody kept outside. It answers *audit.Broken for the first bad entry. progress is told now and then
// how many entries were looked at. It takes no lock: work goes on beside it.
func (db *DB) VerifyAudit(ctx context.Context, who access.Caller, kept []audit.Head, progress ...func(entries int64)) (audit.Report, error) {
	return db.verify(ctx, who, kept, true, progress)
}

// VerifyAuditOfCopy is VerifyAudit for a copy of the database, which stands where the log stood when it was made: the newest head that this
// host signed may be ahead of it. kept must be the heads of that moment.
func (db *DB) VerifyAuditOfCopy(ctx context.Context, who access.Caller, kept []audit.Head) (audit.Report, error) {
	return db.verify(ctx, who, kept, false, nil)
}

func (db *DB) verify(ctx context.Context, who access.Caller, kept []audit.Head, newest bool, progress []func(entries int64)) (audit.Report, error) {
	var out audit.Report
	_, own, err := db.vault.LogSigner()
	if err != nil {
		return out, err
	}
	err = db.look(ctx, who, func(p *Platform) error {
		heads, err := storedHeads(p, own)
		if err != nil {
			return err
		}
		if mine, err := db.vault.SignedHead(); err != nil {
			return err
		} else if !newest {
			// a copy
		} else if h, err := audit.ReadCheckpoint(mine, own); err == nil {
			heads = append(heads, h)
		}
		v := verification{p: p, progress: progress}
		out, err = audit.Verify(v.rows(), v.strays(), append(heads, kept...))
		return err
	})
	return out, err
}

// storedHeads reads the heads that were given out. Each must say what its checkpoint says, and the checkpoint must be signed by
// a key of the log.
func storedHeads(p *Platform, own string) ([]audit.Head, error) {
	keys, err := logKeys(p, own)
	if err != nil {
		return nil, err
	}
	rows, err := p.Query(sqlHeads)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []audit.Head
	var newest Signed
	for rows.Next() {
		var h Signed
		var root []byte
		if err := rows.Scan(&h.Size, &root, &h.At, &h.Note); err != nil {
			return nil, err
		}
		if len(root) != tlog.HashSize {
			return nil, errors.New("store: a head of the audit tree has the wrong length")
		}
		copy(h.Hash[:], root)
		if len(h.Note) > 0 && !signedBy(h, keys) {
			return nil, &audit.Broken{First: max(0, h.Size-1), Last: max(0, h.Size-1), Why: "the head over it is not what was signed, or not signed by a key of this log"}
		}
		out, newest = append(out, h.Head), h
	}
	if (len(newest.Note) > 0 || len(keys) > 1) && newest.Size > 0 && !signedBy(newest, []string{own}) {
		return nil, &audit.Broken{First: newest.Size - 1, Last: newest.Size - 1, Why: "the newest head is not signed by the key of this log"}
	}
	return out, rows.Err()
}

func signedBy(h Signed, keys []string) bool {
	for _, k := range keys {
		if said, err := audit.ReadCheckpoint(h.Note, k); err == nil {
			return said == h.Head
		}
	}
	return false
}

func logKeys(p *Platform, own string) ([]string, error) {
	keys := []string{own}
	rows, err := p.Query(sqlKeyList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// verification reads leaves of every clinic in one transaction. On PostgreSQL it names the
// clinic whose fence it looks over before each read; that is why it lives in this room.
type verification struct {
	p        *Platform
	at       id.ID
	progress []func(entries int64)
}

func (v *verification) enter(clinic id.ID) error {
	if v.p.tx.s.db.engine != Postgres || v.at == clinic {
		return nil
	}
	v.at = clinic
	return v.p.tx.s.pgSimple(v.p.tx.ctx, `SET LOCAL almirah.clinic = '\x`+hex.EncodeToString(clinic[:])+"'")
}

func (v *verification) rows() iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		from := int64(0)
		for entries := int64(0); ; {
			for _, tell := range v.progress {
				tell(entries)
			}
			page, err := v.page(from)
			if err != nil {
				yield(audit.Row{}, err)
				return
			}
			for _, r := range page {
				if !r.Leaf.IsZero() {
					entries++
					if err := v.leaf(&r); err != nil {
						yield(r, err)
						return
					}
				}
				if !yield(r, nil) {
					return
				}
				from = r.Position + 1
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

func (v *verification) page(from int64) ([]audit.Row, error) {
	rows, err := v.p.Query(sqlTreePage, from)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []audit.Row
	for rows.Next() {
		var r audit.Row
		var hash []byte
		if err := rows.Scan(&r.Position, &hash, &r.Clinic, &r.Leaf); err != nil {
			return nil, err
		}
		copy(r.Hash[:], hash)
		out = append(out, r)
	}
	return out, rows.Err()
}

func (v *verification) leaf(r *audit.Row) error {
	if err := v.enter(r.Clinic); err != nil {
		return err
	}
	rows, err := v.p.tx.s.query(sqlLeafGet, []any{r.Clinic, r.Leaf})
	c := audit.Entry{ID: r.Leaf, Clinic: r.Clinic}
	err = RowScanner{rows: rows, err: err}.Scan(&r.Body, &r.Commitment, &c.At, &c.Actor, &c.Role, &c.Action, &c.Kind, &c.Subject, &c.Patient, &c.Grant, &c.Session)
	if err == ErrNoRows {
		r.Body, r.Commitment = nil, nil
		return nil
	}
	r.Columns = c
	return err
}

func (v *verification) strays() iter.Seq2[id.ID, error] {
	return func(yield func(id.ID, error) bool) {
		owners := map[id.ID]bool{id.Zero: true}
		for _, text := range []string{sqlClinics, sqlTreeOwners} {
			rows, err := v.p.Query(text)
			if err != nil {
				yield(id.Zero, err)
				return
			}
			for rows.Next() {
				var c id.ID
				if err := rows.Scan(&c); err != nil {
					rows.Close()
					yield(id.Zero, err)
					return
				}
				owners[c] = true
			}
			rows.Close()
		}
		for c := range owners {
			if err := v.enter(c); err != nil {
				yield(id.Zero, err)
				return
			}
			rows, err := v.p.tx.s.query(sqlStrays, []any{c})
			var stray id.ID
			err = RowScanner{rows: rows, err: err}.Scan(&stray)
			if err == ErrNoRows {
				continue
			}
			if !yield(stray, err) || err != nil {
				return
			}
		}
	}
}
