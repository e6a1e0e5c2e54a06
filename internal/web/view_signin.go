package web

import (
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
)

// SignInPage is /sign-in, the page "sign-in". A refused sign-in comes back with Alert set.
type SignInPage struct {
	Shell
	Email string
	Next  string // where to go afterwards: a path of ours
	Demos []DemoSignIn
	Open  bool // new clinics may sign up

	PasskeyName string // the host name for which passkeys are made; empty where there are none
}

// DemoSignIn is a sign-in of the demo, printed on the page so that a visitor can try it.
type DemoSignIn struct {
	Role            access.Role
	Email, Password string
}

// SignUpPage is /sign-up, the page "sign-up"; and /setup?token=, the page "setup", for the first owner.
type SignUpPage struct {
	Shell
	Token       string // of the setup link
	OwnName     string
	Email       string
	Phone       string
	JobTitle    string
	ClinicName  string
	Zone        string
	Country     string
	Zones       []Option
	Countries   []Option
	TermsDate   string // version of the terms, printed beside the checkbox
	Terms       bool
	LanguageNow string
}

// CheckMailPage is the page "check-mail": What is "verify" or "reset". It never says whether the address is known.
type CheckMailPage struct {
	Shell
	What  string
	Email string // as typed
}

// VerifyPage is /verify?token=, the page "verify": a button, so that a mail scanner that opens links verifies nothing.
type VerifyPage struct {
	Shell
	Token string
}

// ForgotPage is /forgot, the page "forgot".
type ForgotPage struct {
	Shell
	Email string
}

// ResetPage is /reset?token=, the page "reset".
type ResetPage struct {
	Shell
	Token string
}

// LinkGonePage is the page "link-gone": a one-time link that was used, or is too old.
type LinkGonePage struct {
	Shell
	What string // "verify", "reset", "invitation", "setup"
}

// InvitationPage is /invitation?token=, the page "invitation".
type InvitationPage struct {
	Shell
	Token      string
	ClinicName string
	Role       access.Role
	InvitedBy  string
	Email      string
	Known      bool // the address has an account: she signs in with her password, no new one is asked
	OwnName    string
	Phone      string
	JobTitle   string
	TermsDate  string
	Expires    time.Time
}

// ChooseClinicPage is /choose-clinic, the page "choose-clinic".
type ChooseClinicPage struct {
	Shell
	Clinics []ClinicChoice
	Next    string
}

// MePage is /app/me, the page "me".
type MePage struct {
	Shell
	PersonName, Email, Phone, JobTitle string
	Language                           string // code, empty: as the clinic
	ThemeNow                           string // "", "light", "dark", "contrast"
	Keys                               bool
	Version                            int64 // of the account
	Sessions                           []SessionRow
	Lists                              accounts.ListChoices // which letters she wants
	Strong                             bool                 // she has a second factor
}

// SessionRow is one place where the person is signed in.
type SessionRow struct {
	ID      string
	Device  string // browser and system, from the user agent
	Address string // network address
	Since   time.Time
	Seen    time.Time
	Current bool
}

// TermsPage is /terms, the page "terms": the terms that sign-up records the acceptance of.
type TermsPage struct {
	Shell
	Version    string
	Paragraphs []string // in the language of the page, or English where there is no other
}

// ErrorPage is the page "error": Code is 401, 403, 404, 409, 422, 429, 500 or 503. Alert may hold the fault's own sentence.
type ErrorPage struct {
	Shell
	Code       int
	RetryAfter int    // seconds, for 429
	Request    string // id to tell the operator; empty where nothing went wrong on our side
	Back       string
}

// Heading and Text are the catalogue keys of the page's words.
func (p *ErrorPage) Heading() string { return "error." + p.code() + ".title" }

// Text is the catalogue key of what to do.
func (p *ErrorPage) Text() string { return "error." + p.code() + ".text" }

func (p *ErrorPage) code() string {
	switch p.Code {
	case 401, 403, 404, 409, 422, 429, 503:
		return string([]byte{byte('0' + p.Code/100), byte('0' + p.Code/10%10), byte('0' + p.Code%10)})
	}
	return "500"
}
