// Package id holds the one identifier that every row carries: a UUIDv7 made in Go,
// stored as 16 bytes. Version 7 keeps rows of one moment beside each other in an index,
// and making it here means that no engine has to hand out numbers.
package id

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// ID is a 16-byte identifier. The zero ID means "none" and is stored as NULL only
// where a column allows it through Null.
type ID [16]byte

// Zero is the ID of nothing.
var Zero ID

var (
	mu   sync.Mutex
	last uint64 // milliseconds<<12 | counter, so that ids of one process never go back
)

// New makes a UUIDv7 for the given moment. Two ids of one process are always in order.
func New(now time.Time) ID {
	var out ID
	if _, err := rand.Read(out[:]); err != nil {
		panic(fmt.Sprintf("id: no randomness: %v", err)) // crypto/rand never fails on the systems we run on
	}
	mu.Lock()
	v := uint64(now.UnixMilli()) << 12
	if v <= last {
		v = last + 1
	}
	last = v
	mu.Unlock()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v>>12)
	copy(out[:6], b[2:])
	out[6] = 0x70 | byte(v>>8)&0x0f
	out[7] = byte(v)
	out[8] = 0x80 | out[8]&0x3f
	return out
}

// First is before every id that is made at the moment or later, and behind every id of an earlier millisecond: a range of time is a range of ids. Where a
// clock was set back, ids are later than their moment and never earlier.
func First(at time.Time) (out ID) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(at.UnixMilli()))
	copy(out[:6], b[2:])
	return out
}

// Parse reads the 36-character form. It refuses anything else with an error that does
// not repeat the input, because the input may be a person's typing.
func Parse(s string) (ID, error) {
	var out ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return Zero, fmt.Errorf("id: not an identifier")
	}
	b, err := hex.DecodeString(s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil {
		return Zero, fmt.Errorf("id: not an identifier")
	}
	copy(out[:], b)
	return out, nil
}

// String is the 36-character form, lower case.
func (i ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], i[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], i[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], i[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], i[8:10])
	b[23] = '-'
	hex.Encode(b[24:], i[10:])
	return string(b[:])
}

// Time is the moment at which the id was made, to the millisecond. An id that was made right after others of the same moment may say a few
// milliseconds more.
func (i ID) Time() time.Time {
	var b [8]byte
	copy(b[2:], i[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:])))
}

// IsZero says whether the ID names nothing.
func (i ID) IsZero() bool { return i == Zero }

// Value stores the ID as 16 bytes, the zero ID too (columns are NOT NULL unless Null is used).
func (i ID) Value() (driver.Value, error) { return i[:], nil }

// Scan reads 16 bytes; NULL becomes the zero ID.
func (i *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i = Zero
		return nil
	case []byte:
		if len(v) != 16 {
			return fmt.Errorf("id: a column holds %d bytes, 16 are wanted", len(v))
		}
		copy(i[:], v)
		return nil
	}
	return fmt.Errorf("id: cannot read %T", src)
}

// MarshalText and UnmarshalText give JSON the 36-character form.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText refuses what Parse refuses.
func (i *ID) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err == nil {
		*i = v
	}
	return err
}

// Null stores the zero ID as NULL.
type Null ID

// Value is NULL for the zero ID.
func (n Null) Value() (driver.Value, error) {
	if ID(n) == Zero {
		return nil, nil
	}
	return n[:], nil
}
