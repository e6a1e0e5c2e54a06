package accounts

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// secretSize is the length of a session's or a link's secret value in bytes: 256 bits.
const secretSize = 32

// spelling is the one spelling of a secret value; Strict, so that no second text gives the same bytes.
var spelling = base64.RawURLEncoding.Strict()

// newSecret makes a secret value, as text for a cookie or a link, and its hash for the table.
func newSecret() (text string, hash []byte) {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	sum := sha256.Sum256(b)
	return spelling.EncodeToString(b), sum[:]
}

// secretHash is the hash of a secret value as it came back; false when it is none: cut off, made longer, or spelled otherwise.
func secretHash(text string) (secret, hash []byte, ok bool) {
	if len(text) != spelling.EncodedLen(secretSize) {
		return nil, nil, false
	}
	b, err := spelling.DecodeString(text)
	if err != nil || len(b) != secretSize {
		return nil, nil, false
	}
	sum := sha256.Sum256(b)
	return b, sum[:], true
}

// csrfOf is the session's token for forms. It needs the cookie and what is stored, so that neither a copy of the table nor a page
// that can set other cookies gives it away.
func csrfOf(secret, stored []byte) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("almirah/csrf/1"))
	m.Write(stored)
	return spelling.EncodeToString(m.Sum(nil))
}

// CheckCSRF says whether a form brought the session's token. It takes the same time for every wrong one.
func (in SignedIn) CheckCSRF(token string) bool {
	return in.CSRF != "" && subtle.ConstantTimeCompare([]byte(in.CSRF), []byte(token)) == 1
}
