package messaging

import (
	"encoding/base64"
	"encoding/binary"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// Place is where a list goes on: behind one row, in the list's own order. What is made in one Change has one moment,
// so the moment alone would skip rows at the edge of a page. The zero Place is the list's beginning.
type Place struct {
	Rank int64 // rows of a lower rank come first
	At   clock.Instant
	ID   id.ID
}

// String is the place as it stands in an address.
func (p Place) String() string {
	b := binary.BigEndian.AppendUint64([]byte{byte(p.Rank)}, uint64(p.At))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID[:]...))
}

// ParsePlace reads what String wrote; anything else is the beginning.
func ParsePlace(s string) Place {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 25 {
		return Place{}
	}
	p := Place{Rank: int64(b[0]), At: clock.Instant(binary.BigEndian.Uint64(b[1:9]))}
	copy(p.ID[:], b[9:])
	return p
}
