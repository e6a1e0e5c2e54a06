package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"almirah/internal/fault"
	"almirah/internal/messaging/letter"
)

// DKIM says how letters are signed (RFC 6376), so that a receiver can tell that they are ours and
// that nobody changed them on the way. The zero value signs nothing: many mail servers sign
// themselves.
type DKIM struct {
	Domain   string // that signs; the sender's own, or one above it
	Selector string // names the key: <selector>._domainkey.<domain> in the DNS
	KeyFile  string // PEM: RSA of at least 2048 bits, or Ed25519
}

var selector = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid; nil when
// all is well or nothing is set. It reads the key file.
func (d DKIM) Validate() error {
	if d == (DKIM{}) {
		return nil
	}
	var wrong fault.Fields
	if !letter.HostName(d.Domain) || !strings.Contains(d.Domain, ".") {
		wrong.Add("dkim_domain", "field.mail.dkim_domain.invalid")
	}
	if len(d.Selector) > 100 || !selector.MatchString(d.Selector) {
		wrong.Add("dkim_selector", "field.mail.dkim_selector.invalid")
	}
	if _, err := d.key(); err != nil {
		wrong.Add("dkim_key", "field.mail.dkim_key.invalid")
	}
	return wrong.Err()
}

// String is where the key's other half stands in the DNS; "(none)" when nothing is signed.
func (d DKIM) String() string {
	if d == (DKIM{}) {
		return "(none)"
	}
	return d.Selector + "._domainkey." + d.Domain
}

// Record is what has to stand in the DNS as TXT: its name and its text. It fails as Validate does.
func (d DKIM) Record() (name, text string, err error) {
	if err := d.Validate(); err != nil {
		return "", "", err
	}
	key, err := d.key()
	if err != nil {
		return "", "", err
	}
	name = d.String()
	switch public := key.Public().(type) {
	case ed25519.PublicKey: // RFC 8463: the bare key
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), err
	}
}

var errKey = errors.New("email: the DKIM key file cannot be read, or holds no RSA key of 2048 bits or more and no Ed25519 key")

// key reads the key file. The one error says what it should hold, and nothing of what it does.
func (d DKIM) key() (crypto.Signer, error) {
	text, err := os.ReadFile(d.KeyFile)
	if err != nil {
		return nil, errKey
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errKey
	}
	var parsed any
	if block.Type == "RSA PRIVATE KEY" {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, errKey
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() >= 2048 {
			return key, nil
		}
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, errKey
}

// signedFields are the fields that the signature covers. RFC 8058 wants both of the unsubscribe
// fields in it. A name that stands once more than the letter has the field (a field that is
// missing counts as none) says that there is no other: who adds a second From, or a
// List-Unsubscribe of his own, breaks the signature.
func signedFields() []string {
	return []string{"From", "From", "To", "To", "Subject", "Subject", "Date", "Date", "Message-ID", "Reply-To", "Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Type",
		"Content-Transfer-Encoding", "Content-Language", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post"}
}

// stamp signs a letter: relaxed/relaxed, because mail servers fold lines anew.
type stamp struct{ options dkim.SignOptions }

// stamp reads the key; nil when letters are not signed.
func (d DKIM) stamp() (*stamp, error) {
	if d == (DKIM{}) {
		return nil, nil
	}
	key, err := d.key()
	if err != nil {
		return nil, err
	}
	return &stamp{dkim.SignOptions{Domain: d.Domain, Selector: d.Selector, Signer: key, Hash: crypto.SHA256, HeaderKeys: signedFields(),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}}, nil
}

// on answers the letter with its signature before it.
func (s *stamp) on(raw []byte) ([]byte, error) {
	if s == nil {
		return raw, nil
	}
	options := s.options
	w, err := dkim.NewSigner(&options)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(w, bytes.NewReader(raw))
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return append([]byte(w.Signature()), raw...), nil
}
