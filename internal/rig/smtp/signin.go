package smtp

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"

	gosmtp "github.com/emersion/go-smtp"
)

// login is the server's side of LOGIN: two questions.
type login struct {
	check func(user, password string) error
	step  int
	user  string
}

// Next asks for the name, then for the password.
func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		if response != nil {
			return nil, false, errors.New("no first answer was asked for")
		}
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.check(l.user, string(response))
	}
	return nil, false, errors.New("too many answers")
}

// scram is the server's side of RFC 5802 without channel binding.
type scram struct {
	hash           func() hash.Hash
	user, password string
	check          func(user, password string) error
	step           int
	nonce          string
	salt           []byte
	bare, first    string
}

const scramRounds = 4096

func newScram(mechanism, user, password string, check func(user, password string) error) *scram {
	s := &scram{hash: sha256.New, user: user, password: password, check: check, salt: make([]byte, 16)}
	if mechanism == "SCRAM-SHA-1" {
		s.hash = sha1.New
	}
	rand.Read(s.salt)
	return s
}

func (s *scram) mac(key []byte, message string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}

// Next answers the client's first message, checks its proof and shows its own signature.
func (s *scram) Next(response []byte) ([]byte, bool, error) {
	if response == nil {
		return []byte{}, false, nil
	}
	s.step++
	switch s.step {
	case 1:
		bare, ok := strings.CutPrefix(string(response), "n,,")
		parts := strings.Split(bare, ",")
		if !ok || len(parts) != 2 || parts[0] != "n="+s.user || !strings.HasPrefix(parts[1], "r=") {
			return nil, false, gosmtp.ErrAuthFailed
		}
		s.bare, s.nonce = bare, strings.TrimPrefix(parts[1], "r=")+rand.Text()
		s.first = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(s.salt), scramRounds)
		return []byte(s.first), false, nil
	case 2:
		without, proof, ok := strings.Cut(string(response), ",p=")
		if !ok || without != "c=biws,r="+s.nonce {
			return nil, false, gosmtp.ErrAuthFailed
		}
		got, err := base64.StdEncoding.DecodeString(proof)
		if err != nil {
			return nil, false, gosmtp.ErrAuthFailed
		}
		salted, err := pbkdf2.Key(s.hash, s.password, s.salt, scramRounds, s.hash().Size())
		if err != nil {
			return nil, false, err
		}
		message := s.bare + "," + s.first + "," + without
		client := s.mac(salted, "Client Key")
		stored := s.hash()
		stored.Write(client)
		want := s.mac(stored.Sum(nil), message)
		for i := range want {
			want[i] ^= client[i]
		}
		if !hmac.Equal(got, want) {
			return nil, false, gosmtp.ErrAuthFailed
		}
		return []byte("v=" + base64.StdEncoding.EncodeToString(s.mac(s.mac(salted, "Server Key"), message))), false, nil
	}
	return nil, true, s.check(s.user, s.password)
}
