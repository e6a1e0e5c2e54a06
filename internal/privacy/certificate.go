package privacy

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A certificate says what was erased, what a law holds, and what is left in old copies, and it is signed. Each of its fields has a sum, and the sums are signed, so that whoever
// checks it learns what was changed. It names nobody: the person is a key's id, of which only the key store can say whose it was.

const certificateFormat = "almirah certificate of erasure 1"

// ofClosing is the number of a certificate of a whole clinic that has gone.
const ofClosing = 0

// ErrCertificate means that a certificate was not issued as it is; the text says what is wrong with it.
var ErrCertificate = errors.New("the certificate is not genuine")

// Certificate is one certificate of erasure. Its fields are in the order in which they are written.
type Certificate struct {
	Format      string            `json:"format"`
	ID          string            `json:"id"`     // of the erasure; both certificates have the same
	Number      int               `json:"number"` // 1: the live systems are clean; 2: nothing older can bring the data back; 0: of a whole clinic that has gone
	Clinic      string            `json:"clinic"` // its name as it was then
	Subject     string            `json:"subject"`
	ErasedAt    time.Time         `json:"erased_at"`
	IssuedAt    time.Time         `json:"issued_at"`
	Says        []string          `json:"says"`
	Held        []CertifiedHold   `json:"held"`
	AuditHead   string            `json:"audit_head"`
	Key         string            `json:"key"`
	Fingerprint string            `json:"fingerprint"`
	Sums        map[string]string `json:"sums"`
	Signature   string            `json:"signature"`
}

// CertifiedHold is what a law holds.
type CertifiedHold struct {
	What   string `json:"what"`
	Number int    `json:"number"`
	Until  string `json:"until"`
	Law    string `json:"law"`
	How    string `json:"how"`
}

// fields are the texts that are summed: every field but the sums and the signature.
func (c Certificate) fields() (map[string][]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for name, x := range raw {
		if name != "sums" && name != "signature" {
			out[name] = x
		}
	}
	return out, nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// signed is the text that is signed.
func (c Certificate) signed() []byte {
	var b bytes.Buffer
	b.WriteString(certificateFormat + "\n")
	for _, name := range slices.Sorted(maps.Keys(c.Sums)) {
		fmt.Fprintf(&b, "%s %s\n", name, c.Sums[name])
	}
	return b.Bytes()
}

// Fingerprint is the short form of a public key, in groups of four, as it is published.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	text := hex.EncodeToString(sum[:16])
	var out []string
	for part := range slices.Chunk([]byte(text), 4) {
		out = append(out, string(part))
	}
	return strings.Join(out, "-")
}

// sealedBy fills in the key, the sums and the signature.
func (c Certificate) sealedBy(key ed25519.PublicKey, sign func([]byte) ([]byte, error)) (Certificate, error) {
	c.Format, c.Key, c.Fingerprint = certificateFormat, base64.StdEncoding.EncodeToString(key), Fingerprint(key)
	all, err := c.fields()
	if err != nil {
		return c, err
	}
	c.Sums = map[string]string{}
	for name, text := range all {
		c.Sums[name] = sumOf(text)
	}
	signature, err := sign(c.signed())
	c.Signature = base64.StdEncoding.EncodeToString(signature)
	return c, err
}

// JSON is the certificate as it is given away.
func (c Certificate) JSON() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(c) // texts, numbers and moments only
	return b.Bytes()
}

// beneath stands between the readable text and the certificate itself.
const beneath = "\nThe certificate itself. Check this whole file with: almirah verify-certificate FILE\n\n"

// Text is the certificate to read, with the certificate itself beneath, so that this file can be checked as it is.
func (c Certificate) Text() []byte {
	var b strings.Builder
	if c.Number == ofClosing {
		b.WriteString("CERTIFICATE OF CLOSING\n\n")
	} else {
		fmt.Fprintf(&b, "CERTIFICATE OF ERASURE, number %d of 2\n\n", c.Number)
	}
	fmt.Fprintf(&b, "Erasure      %s\nBy           %s\nSubject      %s\n             (the id of the destroyed key; it names nobody)\nErased       %s\nIssued       %s\n\n", c.ID, c.Clinic, c.Subject,
		c.ErasedAt.Format(time.RFC1123), c.IssuedAt.Format(time.RFC1123))
	for _, s := range c.Says {
		b.WriteString(s + "\n")
	}
	b.WriteString("\n")
	if len(c.Held) == 0 {
		b.WriteString("Nothing is held.\n")
	}
	for _, h := range c.Held {
		fmt.Fprintf(&b, "Held by law until %s: %s (%d). %s\n    %s\n", h.Until, h.What, h.Number, h.How, h.Law)
	}
	fmt.Fprintf(&b, "\nNewest entry of the audit log then: %s\nFingerprint of the key that signed this: %s\nCompare it with the one that is published at /trust/erasure-key.\n", c.AuditHead, c.Fingerprint)
	b.WriteString(beneath)
	b.Write(c.JSON())
	return []byte(b.String())
}

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCertificate, fmt.Sprintf(format, args...))
}

// Read checks a certificate, as JSON or as text, and answers it. Nothing else is needed for it: the key is in it, and whose key that is its published fingerprint says. ErrCertificate
// says what is wrong.
func Read(file []byte) (Certificate, error) {
	body := file
	_, after, prose := bytes.Cut(file, []byte(beneath))
	if prose {
		body = after
	}
	var c Certificate
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, wrong("it is no certificate, or a part of it is missing: %v", err)
	}
	if c.Format != certificateFormat {
		return c, wrong("the field format is not %q", certificateFormat)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(c.Key)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return c, wrong("the field key is no public key")
	}
	if c.Fingerprint != Fingerprint(key) {
		return c, wrong("the field fingerprint is not that of the key: one of the two was changed")
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(c.Signature)
	if err != nil || !ed25519.Verify(key, c.signed(), signature) {
		return c, wrong("the signature does not fit the sums: a sum, the key or the signature was changed")
	}
	all, err := c.fields()
	if err != nil {
		return c, err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if c.Sums[name] != sumOf(all[name]) {
			return c, wrong("the field %s was changed", name)
		}
	}
	if len(c.Sums) != len(all) {
		return c, wrong("a field is missing")
	}
	issued := c.JSON()
	if prose {
		issued = c.Text()
	}
	if line, same := firstOdd(file, issued); !same {
		return c, wrong("line %d is not as it was issued", line)
	}
	return c, nil
}

// firstOdd is the first line at which two texts differ.
func firstOdd(a, b []byte) (line int, same bool) {
	if bytes.Equal(a, b) {
		return 0, true
	}
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return i + 1, false
		}
	}
	return min(len(x), len(y)) + 1, false
}
