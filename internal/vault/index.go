package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// What a bucket or a token is made of. The caller brings the value into its one form first
// (E.164, lower case, folded prefix): the vault compares bytes.
const (
	IndexPhone  = "phone"  // a whole number, E.164
	IndexPhone4 = "phone4" // its last four digits
	IndexEmail  = "email"  // a whole address
	IndexName   = "name"   // a prefix of a name
	IndexSignIn = "signin" // an address that somebody signs in with
	IndexPeer   = "peer"   // who writes to the clinic: a number, an address or a provider's id of a person
	IndexReport = "report" // a provider's id of a message or of a report, which may hold a number
)

// indexNumber is stored with every bucket: a number never changes its meaning.
func indexNumber(kind string) (int64, bool) {
	switch kind {
	case IndexPhone:
		return 1, true
	case IndexPhone4:
		return 2, true
	case IndexEmail:
		return 3, true
	case IndexName:
		return 4, true
	case IndexSignIn:
		return 5, true
	case IndexPeer:
		return 6, true
	case IndexReport:
		return 7, true
	}
	return 0, false
}

// Bucket gives the bucket in which the value is looked for: the number of the kind times 65,536,
// plus 16 bits of an HMAC under the clinic's index key. Many values share a bucket on purpose, so
// that whoever holds a copy of the database cannot confirm a guess; the caller opens what a
// bucket holds and compares. It panics for a kind that is not listed, and after Close.
func (r *Ring) Bucket(kind, value string) int64 {
	number, sum := r.mac('b', kind, value)
	return number<<16 | int64(binary.BigEndian.Uint16(sum[:2]))
}

// Token gives 16 bytes that only this value gives, for look-ups that must be exact. It panics as
// Bucket does.
func (r *Ring) Token(kind, value string) []byte {
	_, sum := r.mac('t', kind, value)
	return sum[:16]
}

// mac mixes in the use, so that a bucket is never the beginning of a token.
func (r *Ring) mac(use byte, kind, value string) (int64, []byte) {
	number, ok := indexNumber(kind)
	if !ok {
		panic("vault: this kind of index is not in the list of index.go") // neither argument is repeated: one may be a person's
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		panic("vault: a ring was used after Close")
	}
	if r.index == nil {
		r.index = hmac.New(sha256.New, r.keys.index)
	}
	r.index.Reset()
	r.index.Write([]byte{use, byte(number)})
	r.index.Write([]byte(value))
	return number, r.index.Sum(make([]byte, 0, sha256.Size))
}
