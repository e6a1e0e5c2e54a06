package backup

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"almirah/internal/clock"
	"almirah/internal/store"
)

// How late something may be before everybody who has to know is told.
const (
	lateBackup  = 26 * time.Hour // one a night, and two hours for it
	lateKeys    = 26 * time.Hour
	lateJournal = time.Hour // a place that does not answer
	lateLog     = 15 * time.Minute
	latePaper   = 92 * 24 * time.Hour
)

// What can be wrong with backups. They are words of the catalogue: backup.wrong.<word>.
const (
	WrongOff     = "off"     // none are made
	WrongLate    = "late"    // the last good one is too old
	WrongFailed  = "failed"  // the last try failed
	WrongKeys    = "keys"    // the key store was not copied
	WrongJournal = "journal" // the shred journal was not copied
	WrongLog     = "log"     // PostgreSQL's log is not received or not copied
	WrongSecond  = "second"  // there is no second place
	WrongPlace   = "place"   // a place does not answer
	WrongPaper   = "paper"   // nobody tried the key from paper for a quarter
)

// State is how the backups stand, for the page of settings, the banner and whoever watches.
type State struct {
	On        bool
	Last      Manifest // the last good one; its name is empty when there was none
	LastAt    time.Time
	TriedAt   time.Time // the last try
	Error     string    // why the last try failed; empty when it did not
	Drill     Report    // of the last good drill
	DrillAt   time.Time // zero: never
	PaperAt   time.Time // the last time that the key from paper opened one; zero: never
	KeysAt    time.Time
	JournalAt time.Time
	LogAt     time.Time
	Shelves   []Shelf
	Wrong     []string // what somebody must see to, the gravest first; empty when all is well
	Held      *store.Restoration
}

// Overdue says whether a good backup is overdue or none is made at all.
func (s State) Overdue() bool {
	for _, w := range s.Wrong {
		switch w {
		case WrongOff, WrongLate, WrongFailed, WrongKeys:
			return true
		}
	}
	return false
}

// Late says whether more would be lost than has to be: a good backup is overdue, or what changed since the last one is not copied.
func (s State) Late() bool { return s.Overdue() || slices.Contains(s.Wrong, WrongLog) }

// logFrom is the last good moment of the server's log: before there is one, that of the first backup, with which the log begins.
func (s State) logFrom() time.Time {
	if s.LogAt.IsZero() {
		return s.LastAt
	}
	return s.LogAt
}

// State reads how the backups stand.
func (r *Room) State(ctx context.Context) (State, error) {
	s := State{On: r.On()}
	marks, err := r.o.DB.Marks(ctx)
	if err != nil {
		return s, err
	}
	held, ok, err := r.o.DB.Held(ctx)
	if err != nil {
		return s, err
	}
	if ok {
		s.Held = &held
	}
	at := func(i clock.Instant) time.Time {
		if i == 0 {
			return time.Time{}
		}
		return i.Time()
	}
	b := marks["backup"]
	s.LastAt, s.TriedAt = at(b.GoodAt), at(b.At)
	failed := b.At != b.GoodAt
	if failed {
		var why struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal([]byte(b.Report), &why)
		s.Error = why.Error
	} else {
		_ = json.Unmarshal([]byte(b.Report), &s.Last)
	}
	if d := marks["drill"]; d.At == d.GoodAt {
		_ = json.Unmarshal([]byte(d.Report), &s.Drill)
	}
	s.DrillAt, s.PaperAt = at(marks["drill"].GoodAt), at(marks["paper"].GoodAt)
	s.KeysAt, s.JournalAt, s.LogAt = at(max(marks["keys"].GoodAt, b.GoodAt)), at(max(marks["journal"].GoodAt, b.GoodAt)), at(marks["log"].GoodAt)
	_ = json.Unmarshal([]byte(marks["places"].Report), &s.Shelves)
	s.Wrong = r.wrong(s, marks, failed)
	return s, nil
}

func (r *Room) wrong(s State, marks map[string]store.Mark, failed bool) []string {
	if !s.On {
		return []string{WrongOff}
	}
	now := r.now()
	var out []string
	is := func(bad bool, what string) {
		if bad {
			out = append(out, what)
		}
	}
	is(s.LastAt.IsZero() && !s.TriedAt.IsZero() || !s.LastAt.IsZero() && now.Sub(s.LastAt) > lateBackup, WrongLate)
	is(failed, WrongFailed)
	is(!s.KeysAt.IsZero() && now.Sub(s.KeysAt) > lateKeys, WrongKeys)
	j := marks["journal"]
	is(j.At != j.GoodAt && now.Sub(s.JournalAt) > lateJournal, WrongJournal)
	l := marks["log"]
	is(l.At != l.GoodAt || r.FollowsLog() && !s.LastAt.IsZero() && now.Sub(s.logFrom()) > lateLog, WrongLog)
	is(r.o.Second == nil, WrongSecond)
	for _, shelf := range s.Shelves {
		if shelf.Error != "" {
			is(true, WrongPlace)
			break
		}
	}
	is(!s.LastAt.IsZero() && now.Sub(s.PaperAt) > latePaper, WrongPaper)
	return out
}
