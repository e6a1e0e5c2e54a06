package domains

import (
	"time"

	"almirah/internal/clock"
)

// What was wrong with a name when it was last looked up.
const (
	NoName     = "no-name"     // it leads nowhere
	Elsewhere  = "elsewhere"   // it leads to another server, or to others too
	NoProof    = "no-proof"    // the record with the proof is not there
	WrongProof = "wrong-proof" // it says something else
	NoAnswer   = "no-answer"   // no name server answered: nothing is known
	Taken      = "taken"       // another clinic has proven it
)

const (
	again      = 6 * time.Hour       // a name that works is looked up
	soon       = time.Hour           // one that stopped to work is
	eager      = 15 * time.Minute    // one that was claimed lately is
	eagerFor   = 3 * 24 * time.Hour  // this long
	patience   = 24 * time.Hour      // in which name servers that do not answer change nothing
	letGo      = 3 * 24 * time.Hour  // after which a name that leads elsewhere, or has lost its proof, is served no longer
	longAbsent = 14 * 24 * time.Hour // after which one is of which nothing is known
	claimLife  = 30 * 24 * time.Hour // a claim that was never proven
)

// Domain is a clinic's own host name, as it stands.
type Domain struct {
	Host, Proof                              string
	Claimed, Proven, Checked, Failing, dueAt clock.Instant // Proven is zero while it is not; Failing is since when it does not work
	Problem                                  string        // of the last look; empty: none
	Found                                    string        // the addresses to which it led then, if not to us
	Version                                  int64
}

// ForLinks says whether messages' links begin with the name now.
func (d Domain) ForLinks(now clock.Instant) bool {
	return d.Proven > 0 && (d.Failing == 0 || d.Problem == NoAnswer && now < d.Failing.Add(patience))
}

// LetGo is when the name is served no longer unless it works again; zero while it works.
func (d Domain) LetGo() clock.Instant {
	switch {
	case d.Proven == 0 || d.Failing == 0:
		return 0
	case d.Problem == NoAnswer:
		return d.Failing.Add(longAbsent)
	}
	return d.Failing.Add(letGo)
}

// stale says whether nobody proved the claim in its time.
func (d Domain) stale(now clock.Instant) bool {
	return d.Proven == 0 && now >= d.Claimed.Add(claimLife)
}

// seen is the domain after a look that found the problem, or none.
func (d Domain) seen(now clock.Instant, problem, found string) Domain {
	d.Checked, d.Problem, d.Found = now, problem, found
	switch {
	case problem == "":
		if d.Proven == 0 {
			d.Proven = now
		}
		d.Failing, d.dueAt = 0, now.Add(again)
	case d.Proven == 0:
		d.dueAt = now.Add(again)
		if now < d.Claimed.Add(eagerFor) {
			d.dueAt = now.Add(eager)
		}
	default:
		if d.Failing == 0 {
			d.Failing = now
		}
		d.dueAt = now.Add(soon)
		if now >= d.LetGo() {
			d.Proven, d.Failing, d.Claimed = 0, 0, now // a claim like any other again
		}
	}
	return d
}
