package web

import (
	"fmt"
	"net/http"
	"time"

	"almirah/internal/fault"
)

// WalkPage is /platform/walks, the page "platform-walks": how the walks of the invented patient went. It names nobody, for there is nobody.
type WalkPage struct {
	Shell
	Off   bool // the walk of each night is switched off
	Hour  int  // of the day, UTC, at which it begins
	Held  bool // the database came back from a backup: nobody walks
	Waits bool // one was asked for and has not begun
	Walks []WalkRow
}

// Newest is the walk under way, or the last one; nil before the first.
func (p *WalkPage) Newest() *WalkRow {
	if len(p.Walks) == 0 {
		return nil
	}
	return &p.Walks[0]
}

// Earlier are the walks before it.
func (p *WalkPage) Earlier() []WalkRow {
	if len(p.Walks) == 0 {
		return nil
	}
	return p.Walks[1:]
}

// WalkRow is one walk.
type WalkRow struct {
	State  string // running, good, bad, broken-off
	ByHand bool
	Began  time.Time
	Took   time.Duration // zero while it is under way
	Steps  []WalkStep
	Places []WalkPlace
}

// Badge is the colour of its state.
func (r WalkRow) Badge() string { return walkBadge(r.State) }

// Length is how long it took.
func (r WalkRow) Length() string { return tookWords(r.Took) }

// WalkStep is how one step went.
type WalkStep struct {
	Name, State, Words string
	Took               time.Duration
}

// Badge is the colour of its state.
func (s WalkStep) Badge() string { return walkBadge(s.State) }

// Length is how long it took.
func (s WalkStep) Length() string { return tookWords(s.Took) }

// WalkPlace is a place in which she was searched for, or that could not be looked through.
type WalkPlace struct {
	Kind, Name, Words string
	Looked            bool
	Bytes             int64
	Found             []string
}

// Size is how much was looked through.
func (p WalkPlace) Size() string { return (&OperatePage{}).Size(p.Bytes) }

// State is what came of it.
func (p WalkPlace) State() string {
	switch {
	case len(p.Found) > 0:
		return "found"
	case p.Looked:
		return "clean"
	}
	return "missed"
}

// Badge is the colour of its state.
func (p WalkPlace) Badge() string { return walkBadge(p.State()) }

func walkBadge(state string) string {
	switch state {
	case "good", "clean":
		return "enforced"
	case "bad", "found", "broken-off":
		return "broken"
	}
	return "not-yet"
}

// tookWords is a time as an operator reads it.
func tookWords(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func (s *Site) platformWalks(v *Visit) (*WalkPage, error) {
	if s.Walks == nil {
		return nil, fault.Missing()
	}
	page, err := s.Walks(v.Context())
	if err != nil {
		return nil, err
	}
	page.Shell = s.platformShell(v, "platform.walks")
	return page, nil
}

func platformWalks(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.platformWalks(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-walks", page)
}

// platformWalkNow asks for a walk.
func platformWalkNow(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if s.WalkNow == nil {
		return fault.Missing()
	}
	return s.answer(w, v, s.WalkNow(v.Context(), v.Who), "/platform/walks?done=walk-asked", "platform-walks", func() (Page, error) { return s.platformWalks(v) })
}
