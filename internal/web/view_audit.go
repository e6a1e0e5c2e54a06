package web

import (
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
)

// AuditShell is what the pages of the audit log share: which of them this is, how many findings wait, and whether the log stands still.
type AuditShell struct {
	Shell
	Tab       string // "log", "noticed", "reviews", "checks"
	Unsettled int
	Stuck     string // for how long entries have been waiting for their place, in the language of the page; empty: they do not
}

// Tabs are the pages of the audit log.
func (AuditShell) Tabs() []AuditTab {
	return []AuditTab{{"log", "/app/audit"}, {"noticed", "/app/audit/noticed"}, {"reviews", "/app/audit/reviews"}, {"checks", "/app/audit/checks"}}
}

// AuditTab is one page of the audit log.
type AuditTab struct{ Name, URL string }

// AuditPage is /app/audit, the page "audit".
type AuditPage struct {
	AuditShell
	Entries             []AuditEntry
	Who, What, Act      string // filters as typed
	From, To            string
	Patient, PatientID  string // the name of whom entries are about, or what was typed
	Hits                []PatientHit
	Choices             []AuditChoice // several patients are called so
	People, Kinds, Acts []Option
	Older               string // URL of the next page; empty: none
	CSV, Proofs         string // URLs of the files with the same entries
}

// AuditChoice is one of several patients who are called as was typed.
type AuditChoice struct {
	PatientHit
	URL string
}

// AuditEntry is one entry as a manager reads it.
type AuditEntry struct {
	At       time.Time
	Who      string
	Role     access.Role
	Words    string // in the language of the page: "Moved an appointment"
	Subject  string
	URL      string // of the subject; may be empty
	Changes  []AuditChange
	Listed   bool   // appeared in a list, as opposed to opened
	GrantURL string // of the grant under which somebody of support did it; empty otherwise
}

// AuditChange is one value before and after.
type AuditChange struct{ What, Old, New string }

// NoticedPage is /app/audit/noticed, the page "audit-noticed".
type NoticedPage struct {
	AuditShell
	Open, Settled []NoticedRow
	CanSettle     bool
	Words         string // as typed
	At            string // the finding whose form came back
}

// NoticedRow is one finding.
type NoticedRow struct {
	ID, Rule           string
	Day                clock.Date
	Who                string // who looked
	Patient, PatientID string // at whom; empty where it is about many
	Count, Usual       int
	Version            int64
	Own                bool   // it is about the reader, and somebody else has to settle it
	Log                string // URL of the entries
	By, Words          string // of a settled one
	At                 time.Time
}

// ReviewsOfLog is /app/audit/reviews, the page "audit-reviews".
type ReviewsOfLog struct {
	AuditShell
	CanSign         bool
	From, To, Words string // as typed
	Rows            []SignOffRow
}

// SignOffRow is one sign-off.
type SignOffRow struct {
	From, To           clock.Date
	Entries, Unsettled int
	By, Words          string
	At                 time.Time
}

// ChecksPage is /app/audit/checks, the page "audit-checks": what anybody needs who checks the log from outside.
type ChecksPage struct {
	AuditShell
	Head, Key, Public string // the newest head, the key that signs it, the address of this installation
	At                time.Time
	Mailed            bool
	Proofs            string
}
