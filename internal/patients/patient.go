package patients

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Doors through which a person is entered. Anything but the desk is public: stricter rules hold.
const (
	SourceDesk   = "desk"
	SourceOnline = "online"
	SourceAPI    = "api"
)

// Sexes are what may be said about a patient's sex; saying nothing is always possible.
var Sexes = []string{"female", "male", "other"}

// Relations are what a guardian can be to a child.
var Relations = []string{"parent", "mother", "father", "guardian", "other"}

// MaxAddress and MaxNotes are in characters.
const (
	MaxAddress = 400
	MaxNotes   = 8000
)

// oldest is the greatest age in years that is taken for true.
const oldest = 130

// Draft is a person as typed into a form. Only the name is always needed.
type Draft struct {
	Name, Phone, Email, BirthDate, Language, Sex, Address string
	Guardian                                              *GuardianDraft
	Source                                                string // one of the Source constants
	adultAge                                              int    // of somebody who is here already, see Patient
}

// GuardianDraft is the adult who speaks for a child, as typed.
type GuardianDraft struct{ Name, Phone, Email, Relation string }

// Clean is a Draft that passed Check. Only Check makes one.
type Clean struct {
	name                         string
	phone                        contact.Phone
	email                        contact.Email
	birth                        clock.Date
	language, sex, address, door string
	minor                        bool
	guardian                     *Guardian
}

// Minor says whether the person is a child on the day of the check.
func (c Clean) Minor() bool { return c.minor }

// Language is the language in which the person is written to.
func (c Clean) Language() string { return c.language }

// Reachable says whether there is an address for the channel ("email", "sms", "whatsapp").
func (c Clean) Reachable(channel string) bool {
	if channel == "email" {
		return c.email != "" || c.guardian != nil && c.guardian.Email != ""
	}
	return c.phone != "" || c.guardian != nil && c.guardian.Phone != ""
}

// Typed are the number and the address by which the person is reached, as they were typed: her own, or her guardian's.
func (c Clean) Typed() (contact.Phone, contact.Email) {
	phone, email := c.phone, c.email
	if c.guardian != nil {
		phone, email = cmp.Or(phone, c.guardian.Phone), cmp.Or(email, c.guardian.Email)
	}
	return phone, email
}

// Guardian is an adult who speaks for a child.
type Guardian struct {
	ID       id.ID
	Name     string
	Phone    contact.Phone
	Email    contact.Email
	Relation string // one of Relations
	Broken   bool   // the row is there but cannot be opened
	Silent   bool   // told by Open: she spoke for the child, and not for the adult; her address is used for nothing

	since clock.Instant // entered
	adult clock.Instant // the desk said that she speaks for the adult; notSaid or fromList where nobody did
}

// Patient is one person, opened.
type Patient struct {
	ID        id.ID
	Name      string
	Phone     contact.Phone
	Email     contact.Email
	BirthDate clock.Date // empty when it is not known
	Language  string
	Sex       string
	Address   string
	Notes     string // only where notes are turned on and the caller may read them
	Source    string
	Minor     bool // a child when the record was last saved; MinorOn asks for a day
	AdultAge  int  // by the terms under which she is she decides for herself from this age; 0: the clinic's law alone says it
	Guardians []Guardian
	SeenAt    clock.Instant // when the person last booked or came
	CreatedAt clock.Instant
	Version   int64
	Moved     bool // this Change took an address off file by which she was reached; never set on one who is only read

	// Unreadable names the fields that are there and cannot be opened ("name", "phone" ...); Broken
	// says that there is one. A page shows such a field as unreadable, not as empty.
	Unreadable []string
	Broken     bool
	keyless    bool // nothing can be sealed for her any more
}

// MinorOn says whether the person is a child on the day, where childhood ends at age (see
// clinics.Clinic.MinorAge), or at the age of the terms under which she is if that is higher. Without a birth date the flag of the last save answers.
func (p Patient) MinorOn(day clock.Date, age int) bool {
	if p.BirthDate == "" {
		return p.Minor
	}
	return Age(p.BirthDate, day) < max(age, p.AdultAge)
}

// GuardianNamed finds the guardian with that name, however it is written; false when there is none.
func (p Patient) GuardianNamed(name string) (Guardian, bool) {
	for _, g := range p.Guardians {
		if !g.Broken && sameName(g.Name, name) {
			return g, true
		}
	}
	return Guardian{}, false
}

// unread says whether the field could not be opened.
func (p Patient) unread(field string) bool { return slices.Contains(p.Unreadable, field) }

// Age is the number of whole years from birth to the day. Who was born on 29 February is a year
// older on 1 March of an ordinary year.
func Age(birth, day clock.Date) int {
	n := day.Year() - birth.Year()
	if day.Month() < birth.Month() || day.Month() == birth.Month() && day.Day() < birth.Day() {
		n--
	}
	return n
}

// Check reads a draft as the clinic's rules have it on that day. Every wrong field is added to f,
// and then the answer is false; nothing was written yet. A door that is not the desk must give a
// phone number or an e-mail address. A child by the clinic's jurisdiction needs a guardian (I5).
func Check(d Draft, c clinics.Clinic, today clock.Date, f *fault.Fields) (Clean, bool) {
	// Its own list, so that another room's wrong fields do not make this draft wrong.
	own := &fault.Fields{}
	out := Clean{door: door(d.Source)}
	out.name = cleanName(d.Name, "name", own)
	out.phone = cleanPhone(d.Phone, "phone", c.Country, own)
	out.email = cleanEmail(d.Email, "email", own)
	out.birth = cleanBirth(d.BirthDate, today, own)
	out.address = cleanText(d.Address, "address", MaxAddress, own)
	out.language = d.Language
	if out.language == "" && len(c.Languages) > 0 {
		out.language = c.Languages[0]
	}
	if !slices.Contains(c.Languages, out.language) {
		own.Add("language", "field.language.not_offered")
	}
	if out.sex = d.Sex; d.Sex != "" && !slices.Contains(Sexes, d.Sex) {
		own.Add("sex", "field.sex.unknown")
	}
	out.minor = out.birth != "" && Age(out.birth, today) < max(c.MinorAge(), d.adultAge)
	if d.Guardian != nil && *d.Guardian != (GuardianDraft{}) {
		out.guardian = cleanGuardian(*d.Guardian, c.Country, own)
	} else if out.minor {
		own.Add("guardian_name", "field.guardian.needed")
	}
	if out.door != SourceDesk && !out.Reachable("email") && !out.Reachable("sms") && !own.Has("phone") && !own.Has("email") && !own.Has("guardian_phone") && !own.Has("guardian_email") {
		own.Add("phone", "field.contact.either")
	}
	return out, handOn(own, f)
}

// handOn hands the wrong fields on; true when there are none.
func handOn(own, f *fault.Fields) bool {
	var bad *fault.Fault
	if !errors.As(own.Err(), &bad) {
		return true
	}
	for _, x := range bad.Fields {
		f.AddWith(x.Name, x.Key, x.Args)
	}
	return false
}

func door(source string) string {
	switch source {
	case SourceDesk, SourceAPI:
		return source
	}
	return SourceOnline // the strictest
}

func cleanGuardian(d GuardianDraft, country string, f *fault.Fields) *Guardian {
	g := &Guardian{adult: notSaid,
		Name:     cleanName(d.Name, "guardian_name", f),
		Phone:    cleanPhone(d.Phone, "guardian_phone", country, f),
		Email:    cleanEmail(d.Email, "guardian_email", f),
		Relation: d.Relation,
	}
	if g.Relation == "" {
		g.Relation = "guardian"
	}
	if !slices.Contains(Relations, g.Relation) {
		f.Add("guardian_relation", "field.guardian.relation")
	}
	return g
}

// because adds the sentence that another room found for the field.
func because(err error, field string, f *fault.Fields) {
	var bad *fault.Fault
	if errors.As(err, &bad) {
		f.AddWith(field, bad.Key, bad.Args)
		return
	}
	f.Add(field, "field.patient.unreadable")
}

func cleanName(raw, field string, f *fault.Fields) string {
	name, err := contact.CleanName(raw)
	if err != nil {
		because(err, field, f)
	}
	return name
}

func cleanPhone(raw, field, country string, f *fault.Fields) contact.Phone {
	if strings.TrimSpace(raw) == "" {
		return ""
	}
	p, err := contact.ParsePhone(raw, country)
	if err != nil {
		because(err, field, f)
	}
	return p
}

func cleanEmail(raw, field string, f *fault.Fields) contact.Email {
	if strings.TrimSpace(raw) == "" {
		return ""
	}
	e, err := contact.ParseEmail(raw)
	if err != nil {
		because(err, field, f)
	}
	return e
}

func cleanBirth(raw string, today clock.Date, f *fault.Fields) clock.Date {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return ""
	}
	d, err := clock.ParseDate(raw)
	switch {
	case err != nil:
		f.Add("birth_date", "field.birth_date.invalid")
	case d > today:
		f.Add("birth_date", "field.birth_date.future")
	case Age(d, today) > oldest:
		f.Add("birth_date", "field.birth_date.too_old")
	default:
		return d
	}
	return ""
}

// cleanText reads free text: lines are kept, control characters and marks that turn the direction
// of a page are refused.
func cleanText(raw, field string, longest int, f *fault.Fields) string {
	text := strings.TrimSpace(strings.ReplaceAll(raw, "\r\n", "\n"))
	if utf8.RuneCountInString(text) > longest {
		f.AddWith(field, "field.patient.text_long", map[string]any{"Max": longest})
		return ""
	}
	for _, r := range text {
		if r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' {
			f.Add(field, "field.patient.characters")
			return ""
		}
	}
	return text
}
