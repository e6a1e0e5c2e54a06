package web

import (
	"time"

	"almirah/internal/clock"
)

// InboxList is a list of conversations, as /app/inbox shows it and as it stands beside an opened one.
type InboxList struct {
	Box     string // open, mine, unread, done
	Query   string // searched for; empty for everybody
	Sought  string // the same, sealed
	Boxes   []BoxLink
	Rows    []TalkRow
	Older   string    // address of older ones; empty: none
	Now     time.Time // by the house's clock
	Counter int64     // of the clinic's changes, when the list was read
	RowsURL string    // where a script fetches the list anew
}

// BoxLink is one box of the inbox.
type BoxLink struct {
	Box, URL string
	Current  bool
}

// TalkRow is one conversation in the list.
type TalkRow struct {
	ID, URL  string
	Name     string // of the patient; empty while nobody knows who wrote
	From     string // who wrote, masked, where no patient is known
	Broken   bool   // the name cannot be opened
	Channel  string
	At       time.Time
	Day      clock.Date
	Today    bool
	Unread   int
	Snippet  string
	Assigned string // name of whoever looks after it
	Mine     bool
	Done     bool
	Until    time.Time // an answer in the clinic's own words may go until then; zero: the channel knows no such end, or it is over
	Tomorrow bool      // Until is on another day than today
	Shut     bool      // it is over
	Current  bool      // it is the one that is open
	Stamp    string    // another one when something in it changed
}

// InboxPage is /app/inbox, the page "inbox", and its list alone, the fragment "inbox-rows".
type InboxPage struct {
	Shell
	InboxList
}

// ThreadPage is /app/inbox/{thread}, the page "thread", and the fragment "thread-live".
type ThreadPage struct {
	Shell
	InboxList
	ID, Name, From, PatientID string
	Broken                    bool
	Done                      bool
	Version                   int64
	Days                      []TalkDay
	Pending                   bool // some line is still on its way
	Prev, Next, Back          string
	Link                      string // this page, with its list

	Routes     []RouteChoice
	Text, Key  string
	Shown      string // the line of the patient's that came last; empty: none
	Canned     []CannedReply
	NoteTyped  string
	NoteOpen   bool
	Assigned   string // name of whoever looks after it
	Mine       bool
	Me         string // id of the reader
	Staff      []Option
	CanWrite   bool
	Card       TalkCard
	Candidates []PatientHit // who is reached where the writer is
	Find       string
	Searched   bool
	Found      []PatientHit
	CanAdd     bool
	Keeps      string // how long what is said is kept, in the language of the page
}

// Linked says that it is known who the patient is.
func (p *ThreadPage) Linked() bool { return p.PatientID != "" }

// Shut says that nothing can be written in the clinic's own words by any channel.
func (p *ThreadPage) Shut() bool {
	for _, r := range p.Routes {
		if r.Free {
			return false
		}
	}
	return true
}

// TalkCard is what stands about the patient beside her conversation.
type TalkCard struct {
	Next    *BookingCard // her next appointment
	Wish    string       // the channel she wishes; empty: she said none
	CanBook bool
}

// TalkDay is the lines of one day.
type TalkDay struct {
	Date  clock.Date
	Today bool
	Lines []TalkLine
}

// TalkLine is one line of a conversation.
type TalkLine struct {
	ID, Way   string // in, out, auto, note
	New       bool   // the patient wrote it, and nobody had opened it
	Who       string // who wrote; empty for the patient of the page and for what a rule sent
	Mine      bool
	What      string // what a rule sent, or what a patient did, in the language of the page
	Channel   string
	At        time.Time
	Text      string
	Kept      bool
	Again     bool
	Files     []TalkFile
	MessageID string
	State     string // a state's word: how far it came, where that says more than that it was sent
	StateAt   time.Time
	Why       string
	Bad       bool
}

// TalkFile is a file that a patient sent, in the language of the page.
type TalkFile struct {
	ID, Kind string // Kind: "Picture", "Voice message"
	Name     string // as she called it; empty for none
	Size     string // of one that is kept
	URL      string // where staff can take it; empty for one that is not kept, and on the patient's own page
	State    string // a state of messaging's
	Why      string // why it cannot be taken, and what to do
	Own      string // what the patient is told of it
}

// Out says that the line went to the patient.
func (l TalkLine) Out() bool { return l.Way == "out" || l.Way == "auto" }

// RouteChoice is one channel to answer by.
type RouteChoice struct {
	Channel, To  string
	On           bool
	Free         bool
	Until        time.Time
	UntilToday   bool
	Template     string
	Lang, Dir    string // of Template
	Reason, Todo string // why nothing can go and what to do, in the language of the page
}

// CannedReply is a reply that the clinic has ready.
type CannedReply struct {
	ID, Title, Body string
	Version         int64
	Wrong           bool // its form shows the page's problems
}

// ConversationSettings is /app/settings/conversations, the page "settings-conversations".
type ConversationSettings struct {
	SettingsPage
	Content string
	Days    string // as typed
	Ways    []WayChoice
	Opens   bool
	AskSure bool // more would be kept than now: it asks once more
	Canned  []CannedReply
	Fresh   CannedReply
	Most    int // replies that a clinic can have
}

// WayChoice is one place in the order of channels.
type WayChoice struct {
	Name    string
	Place   int
	Options []Option
}

// CannedField is the field "title" or "body" of a reply's form; several such forms stand on the page.
func (p *ConversationSettings) CannedField(c CannedReply, name string) Field {
	value, f := c.Title, Field{}
	if name == "body" {
		value = c.Body
	}
	f = p.Field(name, "canned."+name, value).Unmarked()
	if name == "body" {
		f = f.Text(3)
		f.Max = 1000
	}
	if !c.Wrong {
		f.Error = ""
	}
	if c.ID != "" && !c.Wrong {
		f = f.On(c.ID)
	}
	return f
}

// Full says that the clinic has as many replies ready as it can.
func (p *ConversationSettings) Full() bool { return len(p.Canned) >= p.Most }

// WishForm is a patient's wish of a channel, on her page and on her own.
type WishForm struct {
	Wish    string
	Choices []Option // empty: the clinic can write by one way only, so there is nothing to choose
}
