package archives

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math/big"
	"strings"
	"unicode/utf8"

	"almirah/internal/id"
	"almirah/internal/store"
)

// A line of the native form is one row as JSON: its columns in the order of their names, ids as they are written, other bytes in base64, and a
// sealed field as an object that says what it held, whose key sealed it and in which place. A column that is empty
// (NULL) is left out.
type line map[string]any

// cell is an opened field. Of and Row are "=column" where the value of a column says it, "clinic" for the clinic's own key, or an id.
type cell struct {
	Text  *string `json:"t,omitempty"`
	Bytes *string `json:"b,omitempty"` // base64, where it is no text
	Of    string  `json:"of,omitempty"`
	Row   string  `json:"row,omitempty"`
	As    string  `json:"as,omitempty"`   // the name under which it was sealed, where that is not the column's
	Gone  bool    `json:"gone,omitempty"` // nobody can open it any more
}

func (c cell) plain() ([]byte, error) {
	switch {
	case c.Text != nil:
		return []byte(*c.Text), nil
	case c.Bytes != nil:
		return base64.StdEncoding.DecodeString(*c.Bytes)
	}
	return nil, nil
}

func cellOf(plain []byte) cell {
	if utf8.Valid(plain) {
		s := string(plain)
		return cell{Text: &s}
	}
	s := base64.StdEncoding.EncodeToString(plain)
	return cell{Bytes: &s}
}

// text writes the line: keys sorted, nothing escaped that need not be.
func (l line) text() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any(l)); err != nil {
		return nil, fmt.Errorf("archives: %w", err)
	}
	return b.Bytes(), nil // with the line's end
}

const inBase64 = "base64:"

// bytesText writes bytes that stand open: an id as ids are written, anything else in base64.
func bytesText(b []byte) string {
	if len(b) == len(id.ID{}) {
		var one id.ID
		copy(one[:], b)
		return one.String()
	}
	return inBase64 + base64.StdEncoding.EncodeToString(b)
}

func textBytes(s string) ([]byte, error) {
	if rest, ok := strings.CutPrefix(s, inBase64); ok {
		b, err := base64.StdEncoding.DecodeString(rest)
		if b == nil {
			b = []byte{}
		}
		return b, err
	}
	one, err := id.Parse(s)
	return one[:], err
}

// value reads a value that stands open, of the kind that the table has for it.
func value(f store.Field, raw json.RawMessage) (any, error) {
	bad := fmt.Errorf("a value of %s is of another kind", f.Name)
	switch f.Kind {
	case store.FieldText:
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil, bad
		}
		return s, nil
	case store.FieldNumber:
		var n int64
		if json.Unmarshal(raw, &n) != nil {
			return nil, bad
		}
		return n, nil
	case store.FieldFlag:
		var y bool
		if json.Unmarshal(raw, &y) != nil {
			return nil, bad
		}
		return y, nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, bad
	}
	b, err := textBytes(s)
	if err != nil {
		return nil, bad
	}
	return b, nil
}

// digest adds up the rows of one table: the sum of the SHA-512 of each line, so that the order in which an engine gives rows says nothing, and how
// many there were. It tells two copies of honest data apart; who wrote an archive is what its signature tells.
type digest struct {
	sum  big.Int
	rows int64
	h    hash.Hash
}

var wrap = new(big.Int).Lsh(big.NewInt(1), 512)

func (d *digest) add(text []byte) {
	if d.h == nil {
		d.h = sha512.New()
	}
	d.h.Reset()
	d.h.Write(text)
	var n big.Int
	n.SetBytes(d.h.Sum(nil))
	d.sum.Add(&d.sum, &n)
	if d.sum.Cmp(wrap) >= 0 {
		d.sum.Sub(&d.sum, wrap)
	}
	d.rows++
}

func (d *digest) text() string { return fmt.Sprintf("%0128x", &d.sum) }

// Counted is how many rows of a table an archive carries, and what they add up to.
type Counted struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"`
}

// Canonical is the one hash of a whole clinic: over the tables that have rows, by name. It is the same on both engines and in every house.
func Canonical(list []Counted) string {
	h := sha256.New()
	for _, c := range list {
		if c.Rows > 0 {
			fmt.Fprintf(h, "%s %d %s\n", c.Table, c.Rows, c.Digest)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
