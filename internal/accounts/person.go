package accounts

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/words"
)

// Person is somebody who signs in, with her fields opened. Phone and JobTitle are filled by Service.Person only.
type Person struct {
	ID        id.ID
	Name      string
	Email     string
	Phone     string // E.164
	JobTitle  string
	Language  string // empty: as the clinic
	Theme     string // "", "light", "dark", "contrast"
	Shortcuts bool
	Version   int64
}

// Membership is what a person is to a clinic.
type Membership struct {
	Clinic   id.ID
	Role     access.Role
	Provider id.ID // the practitioner that she is; zero for none
	Version  int64
}

// SignedIn is a person at the door, as one session shows her.
type SignedIn struct {
	Person    Person
	Clinic    id.ID       // zero until she chose one
	Role      access.Role // empty without a clinic
	Provider  id.ID
	Caller    access.Caller // without a clinic it holds the rights of the public
	CSRF      string        // for forms of this session
	SessionID id.ID
	Clinics   []Membership
	Expires   time.Time // the latest end of this session, whatever happens

	Has       bool          // she has a second factor
	Must      bool          // one of her clinics demands it of her
	Enrolling bool          // she must and has none: the session opens the set-up and nothing else, and Caller holds no right
	TermsFrom clock.Instant // from when the terms of use, whose text changed since she accepted them, are asked for; zero: they are not
	Outdated  bool          // that time has come: the session opens their page and nothing else, and Caller holds no right
	Unsigned  bool          // she works for somebody and has not signed the statement of confidentiality: the session opens that and nothing else, and Caller holds no right
	Proved    clock.Instant // when a factor was shown last
	level     int64
}

// Device is from where somebody came: the browser's own words and the network address.
type Device struct {
	Agent   string `json:"agent"`
	Address string `json:"address"`
	Mark    string `json:"-"` // what the browser was given at an earlier sign-in, to be recognised by
}

// Draft is a person as typed into a form. The country ("IN") reads phone numbers without a country of their own.
type Draft struct {
	Name, Email, Phone, JobTitle string
	Password                     string
	Language                     string
	Country                      string
	Terms                        string // the version of the terms that she accepted; empty: not accepted
	Clinic                       string // the clinic’s name, where there is one: no part of a password
}

// clean is a draft after the checks. email is empty where the form had none.
type clean struct {
	name, phone, job, language, password string
	email                                contact.Email
}

// check reads a draft. Every wrong field is named at once. full asks for phone and job title too, as a sign-up does; a person
// who is invited may leave them open.
func (s *Service) check(d Draft, full bool, f *fault.Fields) clean {
	var c clean
	var err error
	c.name, err = contact.CleanName(d.Name)
	under("name", err, f)
	c.email, err = contact.ParseEmail(d.Email)
	under("email", err, f)
	if full || strings.TrimSpace(d.Phone) != "" {
		var p contact.Phone
		p, err = contact.ParsePhone(d.Phone, d.Country)
		under("phone", err, f)
		c.phone = string(p)
	}
	c.job = jobTitle(d.JobTitle, full, f)
	c.language = language(d.Language)
	c.password = s.checkPassword(d.Password, []string{string(c.email), c.name, d.Clinic}, f)
	if d.Terms != s.o.Terms {
		f.Add("terms", "field.terms.required")
	}
	return c
}

func jobTitle(raw string, required bool, f *fault.Fields) string {
	s := strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	bad := func(r rune) bool {
		return unicode.IsControl(r) || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
	}
	switch {
	case s == "" && required:
		f.Add("job_title", "field.job_title.empty")
	case !utf8.ValidString(raw), utf8.RuneCountInString(s) > 80, strings.ContainsFunc(s, bad):
		f.Add("job_title", "field.job_title.invalid")
		return ""
	}
	return s
}

// language is the code if the house speaks it, else none.
func language(code string) string {
	for _, l := range words.Languages() {
		if l.Code == code {
			return code
		}
	}
	return ""
}

// under puts a contact's complaint under the field.
func under(field string, err error, f *fault.Fields) {
	var x *fault.Fault
	switch {
	case err == nil:
	case errors.As(err, &x):
		f.Add(field, x.Key)
	default:
		f.Add(field, "field."+field+".invalid")
	}
}

// addressKey is what an address is looked up by. What is no address at all has a key too, so that it is counted and
// answered like one that nobody has.
func addressKey(raw string) string {
	e, err := contact.ParseEmail(raw)
	if err != nil {
		if len(raw) > 300 {
			raw = raw[:300]
		}
		return "\x00odd\x00" + strings.ToLower(strings.TrimSpace(raw))
	}
	return e.Key()
}

// Network is the part of a network address that one household or one clinic shares: the whole IPv4 address, the first 64 bits
// of an IPv6 one.
func Network(address string) string {
	a, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, err := a.Prefix(64)
		if err != nil {
			return "unknown"
		}
		return p.String()
	}
	return a.String()
}

// text is the device as it is sealed: bounded, because a browser may say anything.
func (d Device) text() string {
	agent := []rune(strings.ToValidUTF8(d.Agent, ""))
	if len(agent) > 300 {
		agent = agent[:300]
	}
	if len(d.Address) > 60 {
		d.Address = d.Address[:60]
	}
	b, err := json.Marshal(Device{Agent: string(agent), Address: d.Address})
	if err != nil {
		return "{}"
	}
	return string(b)
}

func deviceOf(text string) Device {
	var d Device
	if json.Unmarshal([]byte(text), &d) != nil {
		return Device{}
	}
	return d
}

// StaffMember is one person of a clinic.
type StaffMember struct {
	Person   Person
	Role     access.Role
	Provider id.ID
	Since    clock.Instant
	Version  int64 // of the membership
	Broken   bool  // her fields cannot be opened
}

// Invited is an invitation that waits.
type Invited struct {
	ID      id.ID
	Email   string
	Role    access.Role
	By      id.ID
	Expires clock.Instant
}

// Place is one place where a person is signed in.
type Place struct {
	ID      id.ID
	Device  Device
	Clinic  id.ID
	Since   clock.Instant
	Seen    clock.Instant
	Current bool
}
