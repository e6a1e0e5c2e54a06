package web

import (
	"fmt"
	"net/http"
	"time"

	"almirah/internal/fault"
)

// The operator's page. It shows no clinic and nobody: sizes, times, the texts of statements without their values, and errors by kind.

// How a check stands.
const (
	WatchGood = "ok"
	WatchLate = "late" // somebody should look; requests are served
	WatchBad  = "bad"  // nothing can be served
)

// WatchCheck is one thing that has to be well.
type WatchCheck struct{ Name, State, Words string }

// SlowRow is a statement that took long.
type SlowRow struct {
	Statement             string
	Count, Longest, Total int // milliseconds
}

// ErrorRow is an error of the log.
type ErrorRow struct {
	At                            time.Time
	Message, Route, Request, What string
}

// SignInRow is how often something of a kind happened at the sign-ins of the deployment, and how often of that at an address nobody has.
type SignInRow struct {
	Kind       string
	All, Empty int
}

// OperatePage is /operate, the page "operate".
type OperatePage struct {
	Shell
	Inside                      bool // shown to an operator who signed in
	Checks                      []WatchCheck
	Disk, Free, Database        int64 // bytes; Disk 0: not known
	Clinics, Due, Pending, Kept int
	Oldest                      time.Duration
	Broken                      []string    // ids of promises that do not hold
	SignIns                     []SignInRow // of the last day
	Slow                        []SlowRow
	SlowAll                     int64
	SlowAfter                   int // milliseconds
	Errors                      []ErrorRow
	ErrorsAll                   int
}

// Size is a number of bytes as people read it.
func (p *OperatePage) Size(n int64) string {
	unit := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for ; f >= 1000 && i < len(unit)-1; i++ {
		f /= 1000
	}
	if i == 0 || f >= 100 {
		return fmt.Sprintf("%.0f %s", f, unit[i])
	}
	return fmt.Sprintf("%.1f %s", f, unit[i])
}

// FreeShare is how much of the disk is free, in percent.
func (p *OperatePage) FreeShare() int {
	if p.Disk == 0 {
		return 0
	}
	return int(p.Free * 100 / p.Disk)
}

// Waited is how long the oldest work has been due.
func (p *OperatePage) Waited() string { return p.Oldest.String() }

// Operate answers with the operator's page. Who may see it the caller has looked at.
func (s *Site) Operate(w http.ResponseWriter, r *http.Request, p *OperatePage) {
	theme, tongue := s.preference(r, "", nil)
	p.Shell = NewShell(r, tongue, theme, "")
	w.Header().Set("Content-Security-Policy", policyPublic)
	if err := s.views.Render(w, http.StatusOK, "operate", p); err != nil {
		s.Log.Error("operator's page", "error", err.Error())
		http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
	}
}

// platformLook has every live check look now, and stores what they find (promise broken-is-an-incident).
func platformLook(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.LookNow == nil {
		return fault.Missing()
	}
	if err := s.LookNow(v.Context()); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/platform/operate?done=looked#promises", http.StatusSeeOther)
	return nil
}

// platformOperate is the same page for an operator who signed in, with her second factor; nobody else of the platform has the right.
func platformOperate(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.Operating == nil {
		return fault.Missing()
	}
	p := s.Operating(v.Context())
	p.Shell, p.Inside = s.platformShell(v, "platform.operate"), true
	return s.views.Render(w, http.StatusOK, "operate", p)
}
