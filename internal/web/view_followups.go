package web

import (
	"strings"
	"time"

	"almirah/internal/clock"
)

// FollowupsSettings is /app/settings/followups, the page "settings-followups": what is written after a visit.
type FollowupsSettings struct {
	SettingsPage
	Rules       []FollowupRow
	Suggested   []FollowupRow
	Kinds       []string // for which a rule can be added
	URL         string   // of the clinic's public review page, as typed
	LinkVersion int64
}

// FollowupRow is one rule, or a suggestion of the house.
type FollowupRow struct {
	ID, Kind, Channel string
	Days, Buffer      int
	At                clock.Minute
	Service           string // empty for any
	On                bool
	Version           int64
	Sent              []StateCount // in the last 30 days
}

// Clock is the rule's hour as a field holds it.
func (r FollowupRow) Clock() string { return r.At.Clock() }

// FollowupSettings is /app/settings/followups/{id} and .../new, the page "settings-followup".
type FollowupSettings struct {
	SettingsPage
	ID, Kind string // the id is empty for a new rule
	Channel  string
	Channels []string
	Days, At string // as typed
	Buffer   string
	Services []Option
	Active   bool
	Language string // in which the words of the message are shown first
	Sent     []StateCount
	Tomorrow *FollowupReach
	Day      string // of the dry run, as typed
	Dry      *FollowupReach
}

// FollowupReach is whom a rule would write to on a day.
type FollowupReach struct {
	Day    clock.Date
	Visits int
	Count  int
	People []Reached // with names in the preview only
	Kept   []WhyCount
	More   bool
}

// Reached is a patient whom a rule would write to.
type Reached struct {
	ID, Name string
	Broken   bool
}

// WhyCount is how many are not written to for one reason.
type WhyCount struct {
	Key   string // catalogue key
	Count int
}

// ReviewsPage is /app/reviews, the page "reviews": what patients said of their visits.
type ReviewsPage struct {
	Shell
	Open  bool // complaints only that nobody has settled
	Rows  []ReviewRow
	Older string
}

// ReviewRow is what one patient said of one visit.
type ReviewRow struct {
	ID, Patient, PatientID string
	AppointmentID          string
	Stars                  int
	Words                  string
	Unread                 bool // the words cannot be opened
	Broken                 bool // the name cannot be opened
	At, Settled            time.Time
	WentOn, Complaint      bool
	Seen                   int64
}

// Drawn are the stars as they are drawn.
func (r ReviewRow) Drawn() string { return drawn(r.Stars) }

func drawn(stars int) string {
	stars = min(max(stars, 0), 5)
	return strings.Repeat("★", stars) + strings.Repeat("☆", 5-stars)
}

// OwnReview is /m/{token}/review, the page "own-review": a patient says how it was.
type OwnReview struct {
	Shell
	Token    string
	Booking  BookingCard
	Can      bool // she has been there
	Given    bool
	Changing bool // she says it anew
	Stars    int  // chosen or given; 0 for none
	Words    string
	Host     string // of the clinic's public review page; empty: none, or not yet
}

// Marks are the stars to choose from, the best first.
func (p *OwnReview) Marks() []int { return []int{5, 4, 3, 2, 1} }

// Drawn are stars as they are drawn.
func (p *OwnReview) Drawn(stars int) string { return drawn(stars) }

// Wrongly is what is wrong with the stars; empty for nothing.
func (p *OwnReview) Wrongly() string { return p.problem("stars") }

// OwnLeave is the page "own-leave": the patient goes on to a page of another company.
type OwnLeave struct {
	Shell
	Token     string
	Host, URL string
}

// ChannelChoices are the ways of sending to choose from.
func (p *FollowupSettings) ChannelChoices() []Option {
	return p.Choices("channel.", p.Channel, p.Channels...)
}
