package support

import (
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// The bounds of a grant.
const (
	mostMinutes      = 240 // four hours
	leastMinutes     = 5
	emergencyMinutes = 60
	askedFor         = 24 * time.Hour // after which nobody can say yes any more
	longestReason    = 500
)

// The states of a grant. A running grant whose end has passed is over, whatever its state says: see Grant.Runs.
const (
	Asked     = "asked"
	Running   = "running"
	Refused   = "refused"
	Withdrawn = "withdrawn" // by who asked, or by the clock
	Ended     = "ended"
)

// Minutes are the lengths that a form offers.
var Minutes = []int{30, 60, 120, 240}

// Grant is one asking for access to a clinic, and what became of it.
type Grant struct {
	ID         id.ID
	Helper     id.ID
	HelperName string // empty when it cannot be opened
	Reason     string
	Scopes     access.Scope
	Patient    id.ID // with access.SeePatient, once it was given
	Minutes    int
	Emergency  bool
	State      string
	AskedAt    clock.Instant
	DecidedAt  clock.Instant
	DecidedBy  id.ID
	EndsAt     clock.Instant
	EndedAt    clock.Instant
	EndedBy    id.ID
	ReviewedAt clock.Instant
	ReviewedBy id.ID
}

// Runs says whether the grant opens anything at that moment.
func (g Grant) Runs(now clock.Instant) bool { return g.State == Running && now < g.EndsAt }

// Waits says whether an owner can still decide.
func (g Grant) Waits(now clock.Instant) bool {
	return g.State == Asked && now < g.AskedAt.Add(askedFor)
}

// Over is the moment at which the grant stopped to open anything; zero when it never did, or still does.
func (g Grant) Over(now clock.Instant) clock.Instant {
	switch {
	case g.EndedAt > 0:
		return g.EndedAt
	case g.EndsAt > 0 && now >= g.EndsAt:
		return g.EndsAt
	}
	return 0
}

// Lent is the grant as the caller carries it.
func (g Grant) Lent() access.Grant {
	return access.Grant{ID: g.ID, Scopes: g.Scopes, Patient: g.Patient}
}

// Wish is what somebody of support asks for.
type Wish struct {
	Reason    string
	Scopes    access.Scope
	Minutes   int
	Emergency bool // nobody of the clinic can be asked; an operator's alone
	Sure      bool // with Emergency: she has read that every owner is told at once
}

func (w *Wish) check() error {
	var f fault.Fields
	w.Reason = strings.Join(strings.Fields(w.Reason), " ")
	switch n := utf8.RuneCountInString(w.Reason); {
	case w.Reason == "":
		f.Add("reason", "field.why.needed")
	case n > longestReason:
		f.AddWith("reason", "field.reason.long", map[string]any{"Most": longestReason})
	case w.Emergency && len(strings.Fields(w.Reason)) < 2:
		f.Add("reason", "field.reason.two_words")
	}
	known := access.Scope(0)
	for _, s := range access.Scopes {
		known |= s
	}
	if w.Scopes == 0 || w.Scopes&^known != 0 {
		f.Add("scopes", "field.scopes.needed")
	}
	if w.Emergency {
		w.Minutes = emergencyMinutes
		if w.Scopes.Has(access.SeePatient) { // the clinic alone says whose record
			f.Add("scopes", "field.scopes.no_patient")
		}
		if !w.Sure {
			f.Add("sure", "field.sure.needed")
		}
	}
	if w.Minutes < leastMinutes || w.Minutes > mostMinutes {
		f.AddWith("minutes", "field.minutes.bounds", map[string]any{"Least": leastMinutes, "Most": mostMinutes})
	}
	return f.Err()
}
