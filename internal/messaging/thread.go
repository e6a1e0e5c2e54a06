package messaging

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
)

// Window is how long after a person wrote a provider lets the clinic answer in its own words; after it
// only an approved template opens the conversation again (WhatsApp's customer service window).
const Window = 24 * time.Hour

// Box says which conversations are listed.
type Box string

// The boxes.
const (
	BoxOpen   Box = "open"   // nobody has closed them: unread first
	BoxMine   Box = "mine"   // assigned to the reader
	BoxUnread Box = "unread" // somebody wrote, and nobody has looked
	BoxDone   Box = "done"
)

// Boxes are all boxes, in the order of the page.
func Boxes() []Box { return []Box{BoxOpen, BoxMine, BoxUnread, BoxDone} }

// ThreadState is whether a conversation waits for anybody.
type ThreadState string

// The states of a conversation. What is written to a closed one opens it again.
const (
	ThreadOpen ThreadState = "open"
	ThreadDone ThreadState = "done"
)

// Summary is one conversation as the inbox lists it. A patient has one, over every channel; what came from
// a number that is not one patient's alone stands in a conversation of its own until somebody says who is meant.
type Summary struct {
	ID       id.ID
	Patient  id.ID         // zero until it is known who wrote
	Name     patients.Name // of the patient
	From     string        // who wrote, masked, where no patient is known; empty when it was not kept
	State    ThreadState
	Assigned id.ID // person who looks after it; zero for nobody
	Unread   int
	Channel  Channel // of the last line
	LastAt   clock.Instant
	WroteAt  clock.Instant // when the patient last wrote; zero for never
	Snippet  string        // beginning of the last thing that she wrote, where it is still kept
	Version  int64
}

// Line is one line of a conversation.
type Line struct {
	ID      id.ID
	Way     string // one of the ways below
	Kind    string // what an automatic message tells, or what a patient did: "button.confirm", "stop", "media.image"
	Channel Channel
	At      clock.Instant
	Author  id.ID      // person who wrote an answer or a note
	Text    string     // empty when it was not kept
	Kept    bool       // Text is what was said; otherwise it has been deleted, or never was kept
	Again   bool       // Text was rendered once more from its template: the links in it are left out
	Message id.ID      // its delivery; zero for what was heard and for notes
	Files   []Attached // what came beside the words

	State     State
	Reason    string
	Reached   Reached
	ReachedAt clock.Instant
}

// The ways of a line.
const (
	LineIn   = "in"   // the patient wrote
	LineOut  = "out"  // somebody of the clinic answered
	LineAuto = "auto" // a rule of the clinic's sent it
	LineNote = "note" // a private note of the clinic's
)

// Route is a channel by which this conversation can be answered.
type Route struct {
	Channel  Channel
	To       string        // masked
	Free     bool          // an answer in the clinic's own words may go now
	Until    clock.Instant // when that ends; zero for never
	Template string        // the text of the approved template that opens the conversation again, where Free is false; empty when there is none
	Language string        // of Template
	Reason   string        // why nothing can go: one of the words below; empty when something can
}

// Why a route is closed; words of the catalogue at inbox.route.<word>.
const (
	RoutePaused   = "channel-paused"
	RouteWindow   = "window-closed" // and no template is approved
	RouteTemplate = "needs-template"
)

// Thread is one conversation, opened.
type Thread struct {
	Summary
	Lines      []Line          // the oldest first; at most the last 200
	Candidates []patients.Name // who is reached where the writer is, while no patient is known: a family shares a phone
	IDs        []id.ID         // of Candidates
	Routes     []Route         // the one by which the patient last wrote first
	Content    Content         // how long the clinic keeps what is said
	Days       int
}

// AnswerDraft is what somebody of the clinic sends in a conversation.
type AnswerDraft struct {
	Channel  Channel
	Text     string // of the clinic's own words; not looked at with Template
	Template bool   // send the approved template that opens the conversation again
	Key      string // names this answer: pressing twice sends once
	Shown    id.ID  // the newest line of hers that was seen; zero: nobody says so, and what was there when the answer began counts as seen
}

// Canned is a reply that the clinic has ready.
type Canned struct {
	ID      id.ID
	Title   string
	Body    string
	Version int64
}

// Content is how long a clinic keeps what is said in conversations.
type Content string

// The choices (F3, F4). The default keeps nothing: state and time only.
const (
	ContentNone Content = "none"
	ContentDays Content = "days"
	ContentFull Content = "full" // as long as the conversation itself
)

// Setting is how a clinic converses.
type Setting struct {
	Content Content
	Days    int       // of ContentDays: 1 to 365
	Ways    []Channel // in which order a patient without a wish of her own is written to; empty: each rule's own channel
	Opens   bool      // e-mail tells whether it was opened (F8); off unless the clinic turns it on
	Version int64
}

// Bounds of what is typed in a conversation, in characters.
const (
	MaxAnswer = 1000
	MaxNote   = 2000
	MaxCanned = 50 // replies a clinic can have ready
)
