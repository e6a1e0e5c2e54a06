package email

import (
	"encoding/base32"
	"errors"
	"strings"

	"almirah/internal/messaging/letter"
)

// ReplyToken names one thread in the address that answers go to: 128 random bits, which the
// caller makes and keeps. It says nothing about whose thread it is.
type ReplyToken [16]byte

// tokens are spelled without upper case, because mail servers may change it, and without the
// signs that look like others.
var tokens = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String is the 26 letters and digits of the token.
func (t ReplyToken) String() string { return tokens.EncodeToString(t[:]) }

var errReply = errors.New("email: not an address of a thread")

// ParseReplyToken reads what String writes, in any case. It fails with one error for everything
// else, also for a second spelling of the same bits, and does not repeat it.
func ParseReplyToken(s string) (ReplyToken, error) {
	s = strings.ToLower(s)
	b, err := tokens.DecodeString(s)
	if err != nil || len(b) != len(ReplyToken{}) || tokens.EncodeToString(b) != s {
		return ReplyToken{}, errReply
	}
	return ReplyToken(b), nil
}

// ReplyAddress is r.<token>@<domain>. It fails when the domain is no host name.
func ReplyAddress(t ReplyToken, domain string) (string, error) {
	a, err := letter.ReadAddress("r." + t.String() + "@" + domain)
	if err != nil {
		return "", errReply
	}
	return a.String(), nil
}

// ReadReplyAddress finds the token in an address that ReplyAddress made for the domain; it fails
// for every other address.
func ReadReplyAddress(address, domain string) (ReplyToken, error) {
	a, err := letter.ReadAddress(address)
	if err != nil {
		return ReplyToken{}, errReply
	}
	own, err := letter.ReadAddress("r@" + domain)
	if err != nil || !strings.EqualFold(a.Domain, own.Domain) || len(a.Local) < 2 || !strings.EqualFold(a.Local[:2], "r.") {
		return ReplyToken{}, errReply
	}
	return ParseReplyToken(a.Local[2:])
}
