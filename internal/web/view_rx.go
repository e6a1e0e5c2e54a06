package web

import (
	"time"

	"almirah/internal/clock"
)

// RxPage is /app/patients/{id}/prescriptions/new, and /app/prescriptions/{id} of a draft, the page "rx-edit": a sheet as it is written.
type RxPage struct {
	Shell
	ID, PatientID string
	Version       int64 // of the sheet; 0 before it was saved
	Patient, Age  string
	Sex           string
	Allergies     []RxAllergy
	NoneKnown     bool // somebody asked, and she knows of none
	NotAsked      bool // nobody asked about allergies yet
	Encounter     string
	Replaces      string
	Rows          []RxRow // as typed, and blank ones behind them
	Advice        string
	Spoken        []Option
	Remote        bool
	Live          *RxLive
	Sets          []RxSet
	Last          string // her last signed sheet, to be copied; empty for none
	CanSign       bool
	Met           bool   // what was typed was not saved, because somebody else saved or signed the sheet meanwhile
	WhyNot        string // why whoever writes cannot sign, in the language of the page
	WhereURL      string // where that is put right; empty: nowhere for this person
}

func (p *RxPage) inner() []*Shell { return []*Shell{&p.Live.Shell} }

// RxAllergy is what the patient must not be given.
type RxAllergy struct {
	Substance, Severity, Reaction string
	Broken                        bool
}

// RxSet is a favourite.
type RxSet struct {
	ID, Letters, Title string
	Lines              []string
}

// RxRow is one drug as typed. N counts from 1.
type RxRow struct {
	N                                        int
	Drug, Strength, Form, Route              string
	Dose, Days, Timing, Note                 string
	DrugError, DoseError, DaysError, NoteErr string
	Timings                                  []Option
}

// RxLive is the fragment "rx-live": what a script shows anew while a sheet is written.
type RxLive struct {
	Shell
	Version   int64
	Said      []RxSaid
	Warnings  []RxWarning
	Unchecked string // catalogue key of why nothing was checked; empty: it was
	Seen      bool
	DemoList  bool
	List      string // title of the list of warnings in use; empty for the house's own
	Any       bool   // there are drugs
}

// RxSaid is what the patient reads of one drug.
type RxSaid struct {
	N                     int
	Line, Words, Quantity string
}

// RxWarning is something to think about before signing.
type RxWarning struct {
	N                  int
	Key, Kind, A, B    string
	Severity, Sentence string
	Needs, Told        bool
	Reason, Error      string
}

// RxHits is the fragment "rx-hits": drugs and favourites that the letters find.
type RxHits struct {
	Shell
	Query  string
	Sets   []RxSet
	Hits   []RxHit
	Broken bool
}

// RxHit is one drug in one strength.
type RxHit struct {
	Generic, Strength, Form, Route, Food, Brand string
	Restricted                                  bool
}

// RxSheet is /app/prescriptions/{id} of a signed sheet, the page "rx", and its print view, the page "rx-print".
type RxSheet struct {
	Shell
	ID, PatientID  string
	Encounter      string // the visit that it was written in; empty for none, and for who is not of the clinic
	Patient, Age   string
	Sex            string
	Day            clock.Date
	Head           []string // of the clinic as it was: its name first
	Signer         string
	Qualified      string
	Registration   string
	Rows           []RxLine
	Advice         string
	Remote         bool
	Language       string // of the instructions
	Cancelled      time.Time
	Replaced       string // id of the sheet that replaced it
	Reason         string
	Broken         bool
	Unchecked      string // catalogue key; empty: it was checked
	DemoList       bool
	List           string
	Warnings       []RxWarning // with their reasons
	Shares         []RxShare
	Channels       []Option
	Agreed         bool // she has agreed to be sent links already
	Days           int  // how long a new link lasts
	CanWrite       bool
	CanEnd         bool
	CanShare       bool
	VerifyURL      string
	Letters, Named string // of the form of a favourite, as typed
	Why            string // of the form that cancels, as typed
}

// RxLine is one drug of a signed sheet.
type RxLine struct{ Line, Dose, Words, Quantity, Note string }

// RxShare is one link.
type RxShare struct {
	ID, Channel string
	At, Until   time.Time
	Revoked     time.Time
	Live        bool
	Opened      int
	OpenedAt    time.Time
}

// RxSetsPage is /app/favourites, the page "rx-sets".
type RxSetsPage struct {
	Shell
	Sets []RxSet
}

// RxOfPatient is one sheet on the patient's page.
type RxOfPatient struct {
	ID, State string
	At        time.Time
	Lines     []string
	Broken    bool
}

// OwnPaper is /r/{token}, the page "own-paper": a patient's own prescription behind a link that ends.
type OwnPaper struct {
	Shell
	Token string
	Sheet RxSheet
	Until time.Time
}

func (p *OwnPaper) inner() []*Shell { return []*Shell{&p.Sheet.Shell} }

// PaperGone is the page "paper-gone": the link has ended, was taken back, or never was.
type PaperGone struct{ Shell }

// GenuinePage is /v/{code}, the page "genuine": whether a paper is genuine.
type GenuinePage struct {
	Shell
	Known                    bool
	Day                      clock.Date
	By, Signer, Registration string // the clinic, and who signed
	Cancelled                bool
}

// DrugsSettings is /app/settings/drugs, the page "settings-drugs".
type DrugsSettings struct {
	SettingsPage
	Lists     []DrugListCard
	Aliases   []DrugAlias
	Brand     string // as typed
	Generic   string
	Days      string
	Papers    []Option
	PaperSeen int64 // version of how sheets are printed
}

// DrugListCard is one of the two lists in use.
type DrugListCard struct {
	Kind    string // "drugs" or "warnings"
	Name    string // empty for the house's own
	Lines   int
	Since   time.Time
	Demo    bool
	Broken  bool
	Typed   string
	Columns string // what its CSV has
}

// DrugAlias is a brand by which the clinic calls a generic.
type DrugAlias struct{ Brand, Generic string }
