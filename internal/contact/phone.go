package contact

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"almirah/internal/fault"
)

// Phone is a number in E.164 form, "+919876543210". The zero Phone is none.
type Phone string

// maxTyped bounds what is looked at at all, in bytes: no phone number is longer, however it is written.
const maxTyped = 120

// ParsePhone reads a number as people write it: spaces, dashes, dots, brackets, the digits of any
// script, with or without its country. region ("IN") is the country when none is written. The number
// must exist in its country's numbering plan. It fails with a fault of kind Invalid whose key belongs
// under the field: "field.phone.empty", "field.phone.country" (no country is known) or "field.phone.invalid".
func ParsePhone(raw, region string) (Phone, error) {
	typed, ok := phoneDigits(raw)
	switch {
	case !ok:
		return "", fault.New(fault.Invalid, "field.phone.invalid")
	case typed == "":
		return "", fault.New(fault.Invalid, "field.phone.empty")
	}
	region = strings.ToUpper(region)
	if typed[0] != '+' && !phonenumbers.GetSupportedRegions()[region] {
		return "", fault.New(fault.Invalid, "field.phone.country")
	}
	n, err := phonenumbers.Parse(typed, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return "", fault.New(fault.Invalid, "field.phone.invalid")
	}
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

// phoneDigits keeps the digits, as ASCII, and a leading plus. It is not ok when anything else than
// digits and the marks between them was typed: a letter is a mistake, not something to guess at.
func phoneDigits(raw string) (string, bool) {
	if len(raw) > maxTyped || !utf8.ValidString(raw) {
		return "", false
	}
	var b strings.Builder
	for _, r := range raw {
		d, isDigit := digit(r)
		switch {
		case isDigit:
			b.WriteByte(d)
		case r == '+' || r == '＋':
			if b.Len() > 0 {
				return "", false
			}
			b.WriteByte('+')
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r), strings.ContainsRune("().[]/·−", r):
			// Marks between digits. Address books put invisible direction marks (Cf) round what they copy.
		default:
			return "", false
		}
	}
	if b.String() == "+" {
		return "", false
	}
	return b.String(), true
}

// digit is the ASCII digit of a decimal digit of any script.
func digit(r rune) (byte, bool) {
	if r <= '9' {
		return byte(r), '0' <= r && r <= '9'
	}
	// Unicode keeps the ten digits of every script together and in order, and every range of the table
	// begins with a zero, so the distance from its beginning tells the value.
	if r <= 0xffff {
		for _, x := range unicode.Nd.R16 {
			if uint16(r) >= x.Lo && uint16(r) <= x.Hi {
				return '0' + byte((uint16(r)-x.Lo)%10), true
			}
		}
		return 0, false
	}
	for _, x := range unicode.Nd.R32 {
		if uint32(r) >= x.Lo && uint32(r) <= x.Hi {
			return '0' + byte((uint32(r)-x.Lo)%10), true
		}
	}
	return 0, false
}

// Masked is the number as it may be shown to others: "+91 •••• ••3210". Of a number so short that its
// last four digits are most of it, fewer are shown. It is "••••" for the zero Phone.
func (p Phone) Masked() string {
	n, err := phonenumbers.Parse(string(p), "ZZ")
	if err != nil {
		return "••••"
	}
	country := "+" + strconv.Itoa(int(n.GetCountryCode()))
	national := strings.TrimPrefix(string(p), country)
	shown := min(4, len(national)/2)
	if len(national) >= 7 {
		shown = 4
	}
	var b strings.Builder
	b.WriteString(country)
	for i := range len(national) - shown {
		if i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteString("•")
	}
	if (len(national)-shown)%4 == 0 {
		b.WriteByte(' ')
	}
	b.WriteString(national[len(national)-shown:])
	return b.String()
}

// National is the number as people in region write it: "098765 43210" at home, "+91 98765 43210" from
// elsewhere. It is the text itself when it is no number.
func (p Phone) National(region string) string {
	n, err := phonenumbers.Parse(string(p), "ZZ")
	if err != nil {
		return string(p)
	}
	if phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region)) == int(n.GetCountryCode()) {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// LastFour is the last four digits, or "" for the zero Phone.
func (p Phone) LastFour() string {
	if len(p) < 5 || p[0] != '+' {
		return ""
	}
	return string(p[len(p)-4:])
}

// LooksLikePhone says whether what was typed into a search is digits rather than a name, and returns the
// digits as ASCII without a plus: three or more of them and nothing but the marks between digits.
func LooksLikePhone(typed string) (digits string, ok bool) {
	d, ok := phoneDigits(typed)
	d = strings.TrimPrefix(d, "+")
	if !ok || len(d) < 3 {
		return "", false
	}
	return d, true
}

// Zones are the IANA zones in which the number may be, by its prefix (libphonenumber's map); none for a number
// that belongs to no place.
func (p Phone) Zones() []string {
	if p == "" {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(string(p))
	if err != nil || len(zones) == 1 && zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return nil
	}
	return zones
}
