package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
)

// Version is the version of the leaf's form. Older leaves keep theirs for ever.
const Version = 1

// Actions that the doorway itself writes. Rooms name their own, such as "book" or "change-role".
const (
	ActionOpen = "open" // one record was opened
	ActionList = "list" // a list was shown; its details hold a Seen
)

// Note is what a room says about a write that it just made. Old and New are sealed; both may be nil.
type Note struct {
	Action, Kind string // lower-case words with hyphens, such as "reschedule" and "appointment"
	Subject      id.ID  // what was written or read
	Patient      id.ID  // whose key seals the details; zero for what is the clinic's own
	Old, New     any
}

// Withheld is the day of a list of people who may not be told that they stand on it: while a law forbids it, their own pages leave it out.
const Withheld = "withheld"

// Seen is the detail of a list: which day or search kind, and who appeared in it.
type Seen struct {
	Day string  `json:"day"`
	IDs []id.ID `json:"ids"`
}

// Entry is what a leaf says: who did what to which record, when, as what and what for. Every field is an identifier or
// one word of a closed vocabulary, so that no leaf can carry a name.
type Entry struct {
	ID      id.ID
	Clinic  id.ID // zero for the platform's own entries
	At      clock.Instant
	Actor   id.ID // zero for the public and for our own jobs
	Role    access.Role
	Purpose access.Purpose
	Action  string
	Kind    string
	Subject id.ID
	Patient id.ID // whom the act concerns, so that "who looked at me" cannot lose an entry unseen; zero for nobody
	Grant   id.ID // under which grant of the clinic somebody of support did it; zero for everyone else
	Session id.ID // by which sign-in, or by which link of a patient, so that what a stolen one saw can be told; zero for jobs and the public
}

// canonical is the one JSON form of an entry; the order of its fields is the order of the bytes.
type canonical struct {
	Version int    `json:"v"`
	ID      id.ID  `json:"id"`
	Clinic  id.ID  `json:"clinic"`
	At      int64  `json:"at"` // microseconds since 1970, UTC
	Actor   id.ID  `json:"actor"`
	Role    string `json:"role"`
	Purpose string `json:"purpose"`
	Action  string `json:"action"`
	Kind    string `json:"kind"`
	Subject id.ID  `json:"subject"`
	Patient id.ID  `json:"patient"`
	Grant   *id.ID `json:"grant,omitempty"`
	Session *id.ID `json:"session,omitempty"`
}

var word = regexp.MustCompile(`^[a-z][a-z0-9]*([._-][a-z0-9]+)*$`)

// longest is how many bytes a word of an entry may have.
const longest = 40

// Body is the canonical JSON of the entry. It fails when the entry has no id or no subject, or when role, purpose, action or
// kind is not a lower-case word: free text has no place in a leaf, because a leaf can never be erased.
func (e Entry) Body() ([]byte, error) {
	if e.ID.IsZero() || e.Subject.IsZero() || e.At.IsZero() {
		return nil, errors.New("audit: an entry needs an id, a moment and a subject")
	}
	for _, w := range []struct{ field, is string }{{"role", string(e.Role)}, {"purpose", string(e.Purpose)}, {"action", e.Action}, {"kind", e.Kind}} {
		if len(w.is) > longest || !word.MatchString(w.is) {
			// The value is not repeated: what is no word may be somebody's name.
			return nil, fmt.Errorf("audit: the %s of an entry must be one lower-case word of at most %d letters", w.field, longest)
		}
	}
	var grant, session *id.ID
	if !e.Grant.IsZero() {
		grant = &e.Grant
	}
	if !e.Session.IsZero() {
		session = &e.Session
	}
	return json.Marshal(canonical{Version, e.ID, e.Clinic, int64(e.At), e.Actor, string(e.Role), string(e.Purpose), e.Action, e.Kind, e.Subject, e.Patient, grant, session})
}

// ParseEntry reads what Body wrote. It refuses every other spelling of the same entry, so that two different leaves never mean the same.
func ParseEntry(body []byte) (Entry, error) {
	var c canonical
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Entry{}, errors.New("audit: the leaf is not an entry")
	}
	if _, err := d.Token(); err != io.EOF {
		return Entry{}, errors.New("audit: the leaf goes on after its entry")
	}
	if c.Version != Version {
		return Entry{}, fmt.Errorf("audit: the leaf has version %d, this program knows %d", c.Version, Version)
	}
	e := Entry{c.ID, c.Clinic, clock.Instant(c.At), c.Actor, access.Role(c.Role), access.Purpose(c.Purpose), c.Action, c.Kind, c.Subject, c.Patient, id.Zero, id.Zero}
	if c.Grant != nil {
		e.Grant = *c.Grant
	}
	if c.Session != nil {
		e.Session = *c.Session
	}
	again, err := e.Body()
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(again, body) {
		return Entry{}, errors.New("audit: the leaf is not in its canonical form")
	}
	return e, nil
}

// SaltSize is the length of a salt in bytes.
const SaltSize = 32

// NewSalt makes the salt of one entry's commitment. It is kept sealed beside the details and goes when they go.
func NewSalt() []byte {
	s := make([]byte, SaltSize)
	_, _ = rand.Read(s) // crypto/rand never returns an error
	return s
}

// Details is what the note says beyond the entry, as the bytes that are committed to and sealed. It fails when Old or New cannot be written as JSON.
func (n Note) Details() ([]byte, error) {
	return json.Marshal(struct {
		Old any `json:"old"`
		New any `json:"new"`
	}{n.Old, n.New})
}

// SaysBoth says whether details, with their salt before them, hold what was there before as well as what is there now.
func SaysBoth(salted []byte) bool {
	var said struct{ Old, New json.RawMessage }
	if len(salted) < SaltSize || json.Unmarshal(salted[SaltSize:], &said) != nil {
		return false
	}
	there := func(b json.RawMessage) bool { return len(b) > 0 && string(b) != "null" && string(b) != `""` }
	return there(said.Old) && there(said.New)
}

// Commit is the salted commitment to the details: HMAC-SHA256 under the salt, 32 bytes. Without the salt it says nothing
// about the details, not even to somebody who can guess them.
func Commit(salt, details []byte) []byte {
	m := hmac.New(sha256.New, salt)
	m.Write(details)
	return m.Sum(nil)
}

// Keeps says whether the commitment is the one to these details.
func Keeps(commitment, salt, details []byte) bool {
	return len(salt) == SaltSize && hmac.Equal(commitment, Commit(salt, details))
}

// Leaf is the bytes that the tree hashes for one entry: the body, a line end (canonical JSON holds none) and the commitment.
func Leaf(body, commitment []byte) []byte {
	out := make([]byte, 0, len(body)+1+len(commitment))
	out = append(out, body...)
	out = append(out, '\n')
	return append(out, commitment...)
}
