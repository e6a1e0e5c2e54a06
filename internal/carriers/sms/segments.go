package sms

import "unicode/utf16"

// Encoding is how the network writes a text.
type Encoding string

// The encodings. One character outside GSM-7 turns the whole text into UCS-2, which more than
// halves what fits into a part.
const (
	GSM7 Encoding = "GSM-7" // 160 units, or 153 in each of several parts
	UCS2 Encoding = "UCS-2" // 70 units, or 67 in each of several parts
)

// Segments is what a text costs: a message of several parts is charged by the part.
type Segments struct {
	Encoding Encoding
	Parts    int // at least 1, also of the empty text
	Units    int // septets of GSM-7 (an escaped character is two) or UTF-16 units of UCS-2
	Left     int // units that still fit into the last part
}

// gsmBasic are the characters of GSM 03.38 that take one septet; gsmEscaped take two. Of letters
// with marks it has some and not others: Ç but not ç, à but not á, and no backtick at all.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmEscaped = "\f^{}\\[~]|€"
)

// septets is how many septets a character takes, 0 when GSM-7 has no such character.
func septets(r rune) int {
	// Nearly every text is decided by the first line; the tables are for the rest.
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ':
		return 1
	}
	for _, x := range gsmBasic {
		if x == r {
			return 1
		}
	}
	for _, x := range gsmEscaped {
		if x == r {
			return 2
		}
	}
	return 0
}

// units is how many UTF-16 units a character takes.
func units(r rune) int { return max(1, utf16.RuneLen(r)) }

// Count says in how many parts a text goes out. Neither an escaped character nor a surrogate
// pair is cut in two: where one does not fit, it begins the next part. Bytes that are not UTF-8
// count as the replacement character, which is what would be sent.
func Count(text string) Segments {
	s := Segments{Encoding: GSM7}
	cost, whole, each := septets, 160, 153
	for _, r := range text {
		if septets(r) == 0 {
			s.Encoding, cost, whole, each = UCS2, units, 70, 67
			break
		}
	}
	for _, r := range text {
		s.Units += cost(r)
	}
	if s.Units <= whole {
		s.Parts, s.Left = 1, whole-s.Units
		return s
	}
	s.Parts, s.Left = 1, each
	for _, r := range text {
		n := cost(r)
		if n > s.Left {
			s.Parts, s.Left = s.Parts+1, each
		}
		s.Left -= n
	}
	return s
}
