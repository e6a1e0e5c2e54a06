package web

import (
	"html/template"
	"time"

	"almirah/internal/clock"
)

// ProofCard is what a page says of the factors that can be shown.
type ProofCard struct {
	App         bool   // a code of an app
	Codes       bool   // a recovery code
	PasskeyName string // the host name of the passkeys; empty where she has none
	DemoCode    string // the app's present code, in the demo only
}

// SecondPage is /sign-in/second, the page "second": the password was right, and the second factor is asked for.
type SecondPage struct {
	Shell
	ProofCard
	Next string
}

// KeptField is one field of the form that waits.
type KeptField struct{ Name, Value string }

// ProvePage is the page "prove", which comes in place of an act that asks for a factor shortly before. Kept holds what was typed.
type ProvePage struct {
	Shell
	ProofCard
	Action   string // where the form goes that waits
	Kept     []KeptField
	Password bool // she has no second factor: her password is asked for
	Files    bool // files came with the form; they have to be chosen again
}

// FactorsPage is /second-factor, the page "factors".
type FactorsPage struct {
	Shell
	Enrolling   bool // she has to set one up before anything else opens
	Must        bool
	Factors     []FactorRow
	CodesLeft   int
	PasskeyName string
	Home        bool // she works for a clinic now: there is a desk to go back to
}

// FactorRow is one second factor.
type FactorRow struct {
	ID, Kind, Name string
	Made           clock.Date
	Used           time.Time
}

// AppPage is /second-factor/app, the page "factor-app".
type AppPage struct {
	Shell
	Picture  template.URL // the QR code as a data address, made by ourselves
	Secret   string       // in groups of four
	Email    string
	DemoCode string
}

// CodesPage is the page "factor-codes": recovery codes, shown once.
type CodesPage struct {
	Shell
	Codes []string
	Email string
	Day   clock.Date
}

// SignInSettings is /app/settings/sign-in, the page "settings-sign-in".
type SignInSettings struct {
	SettingsPage
	Everybody bool
	Idle      string // minutes as typed; empty: the house's
	House     int    // minutes
	Days      int    // how far back the signals go
	Counts    []SignalCount
	Signals   []SignalRow
}

// SignalCount is how often something happened.
type SignalCount struct {
	Kind   string
	Count  int
	Latest time.Time // zero: never
}

// SignalRow is one thing that happened.
type SignalRow struct {
	Kind, Who string
	At        time.Time
}
