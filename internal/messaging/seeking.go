package messaging

import (
	"strings"

	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Conversations with somebody who is on nobody's record are found by the number or address that wrote, as patients are:
// by buckets that many numbers share, so that whoever holds a copy of the database cannot confirm one.

const (
	sqlBucketAdd  = `INSERT INTO peer_bucket (clinic_id, bucket, thread_id) VALUES ($1, $2, $3) ON CONFLICT (clinic_id, bucket, thread_id) DO NOTHING`
	sqlBucketDrop = `DELETE FROM peer_bucket WHERE clinic_id = $1 AND thread_id = $2`
	sqlThreadFrom = `SELECT ` + threadColumns + ` FROM thread WHERE clinic_id = $1 AND patient_id IS NULL AND id IN (SELECT thread_id FROM peer_bucket WHERE clinic_id = $1 AND bucket = $2)
	ORDER BY last_at DESC, id DESC LIMIT 200`
)

// findable lets the conversation of somebody unknown be found by from where she wrote.
func findable(tx *store.Tx, thread id.ID, from Sender) error {
	r, err := tx.Ring()
	if err != nil {
		return err
	}
	add := func(kind, value string) error {
		if value == "" {
			return nil
		}
		_, err := tx.Exec(sqlBucketAdd, r.Bucket(kind, value), thread)
		return err
	}
	if err := add(vault.IndexPhone4, contact.Phone(from.Phone).LastFour()); err != nil {
		return err
	}
	return add(vault.IndexEmail, contact.Email(from.Address).Key())
}

// unknownFrom finds conversations with somebody unknown by what was typed: the end of a number, four digits at least, or a
// whole address. Anything else finds none.
func unknownFrom(v *store.View, typed string) ([]Summary, error) {
	typed = strings.TrimSpace(typed)
	r, err := v.Ring()
	if err != nil {
		return nil, err
	}
	var bucket int64
	var fits func(c correspondent) bool
	if digits, ok := contact.LooksLikePhone(typed); ok {
		tail := digits
		if len(digits) > 4 { // 0 and 00 before a number are ways of dialling
			tail = strings.TrimLeft(digits, "0")
		}
		if len(tail) < 4 {
			return nil, nil
		}
		bucket = r.Bucket(vault.IndexPhone4, tail[len(tail)-4:])
		fits = func(c correspondent) bool { return c.Phone != "" && strings.HasSuffix(c.Phone, tail) }
	} else {
		e, err := contact.ParseEmail(typed)
		if err != nil || e == "" {
			return nil, nil //nolint:nilerr // not typed to its end
		}
		bucket = r.Bucket(vault.IndexEmail, e.Key())
		fits = func(c correspondent) bool { return contact.Email(c.Address).Key() == e.Key() }
	}
	list, err := threads(v, sqlThreadFrom, bucket)
	if err != nil {
		return nil, err
	}
	var out []Summary
	for _, x := range list {
		people, err := correspondents(v, x.ID)
		if err != nil {
			return nil, err
		}
		for _, c := range people {
			if fits(c) {
				out = append(out, x)
				break
			}
		}
	}
	return out, nil
}
