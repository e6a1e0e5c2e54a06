package archives

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Form names the form of archives that this program writes. A reader that does not know a form says so.
const Form = "almirah archive 1"

// The names of the members that speak about the others. They stand at the end, because nobody knows a hash before its member is written.
const (
	manifestName  = "manifest.json"
	signatureName = "manifest.sig"
	schemaName    = "schema.json"
)

// Member is one file of an archive.
type Member struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes, unpacked
	SHA256 string `json:"sha256"` // hexadecimal
}

// About says which clinic an archive holds.
type About struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// Manifest is what an archive says of itself.
type Manifest struct {
	Form       string    `json:"form"`
	Clinic     About     `json:"clinic"`
	MadeAt     string    `json:"made_at"` // RFC 3339, UTC
	Key        string    `json:"key"`     // to check the signature with
	Canonical  string    `json:"canonical"`
	Unreadable int64     `json:"unreadable"` // fields that nobody could open: their key is destroyed
	Tables     []Counted `json:"tables"`
	Left       []Left    `json:"left_out"`
	Members    []Member  `json:"members"`
}

// What may be wrong with an archive. Their texts are for whoever moves a clinic.
var (
	ErrForged    = errors.New("archives: the signature does not fit: somebody changed this archive after it was made")
	ErrDamaged   = errors.New("archives: the archive is damaged or cut off")
	ErrUntrusted = errors.New("archives: nobody said that the key of this archive is to be trusted")
	ErrStrange   = errors.New("archives: this is no archive that this program can read")
)

// Fingerprint is what two people compare when an archive moves from one house to another: the first half of the SHA-256 of the key, in groups of
// four. It is the fingerprint of the key that signs the house's audit log, too. Empty for a text that is no key.
func Fingerprint(key string) string {
	_, rest, ok := strings.Cut(key, "+")
	if !ok {
		return ""
	}
	_, text, ok := strings.Cut(rest, "+")
	if !ok {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) < 2 {
		return ""
	}
	sum := sha256.Sum256(raw[1:])
	h := strings.ToUpper(hex.EncodeToString(sum[:16]))
	var parts []string
	for i := 0; i < len(h); i += 4 {
		parts = append(parts, h[i:i+4])
	}
	return strings.Join(parts, "-")
}

// plainFingerprint takes away what people type in between.
func plainFingerprint(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "", ":", "").Replace(s))
}

// signedText is what is signed: a form of its own, so that it can be taken for no checkpoint of the audit log, which the same key signs.
func signedText(form string, manifest []byte, canonical string) string {
	sum := sha256.Sum256(manifest)
	return form + "\nmanifest " + hex.EncodeToString(sum[:]) + "\ncanonical " + canonical + "\n"
}

func sign(m Manifest, s note.Signer) (text, signature []byte, err error) {
	text, err = json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, nil, fmt.Errorf("archives: %w", err)
	}
	signature, err = note.Sign(&note.Note{Text: signedText(m.Form, text, m.Canonical)}, s)
	if err != nil {
		return nil, nil, fmt.Errorf("archives: %w", err)
	}
	return text, signature, nil
}

// checkSignature reads a manifest that its key signed. Whether the key is to be trusted is another question.
func checkSignature(text, signature []byte) (Manifest, error) {
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&m); err != nil {
		return Manifest{}, ErrStrange
	}
	if m.Form != Form {
		return Manifest{}, fmt.Errorf("%w: its form is not %q. Take the newest release", ErrStrange, Form)
	}
	v, err := note.NewVerifier(m.Key)
	if err != nil {
		return Manifest{}, ErrForged
	}
	n, err := note.Open(signature, note.VerifierList(v))
	if err != nil || n.Text != signedText(m.Form, text, m.Canonical) {
		return Manifest{}, ErrForged
	}
	if Canonical(m.Tables) != m.Canonical {
		return Manifest{}, ErrForged
	}
	return m, nil
}
