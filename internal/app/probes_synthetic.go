package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// Live checks by the walks of the invented patient.

func probesOfWalks() map[string]liveLook {
	return map[string]liveLook{
		"synthetic-nightly":    probe.walkNightly,
		"synthetic-copy":       probe.walkCopy,
		"synthetic-gone":       probe.walkGone,
		"synthetic-round-trip": probe.walkRoundTrip,
		"synthetic-apart":      probe.walkApart,
	}
}

// walkOverdue is how long after a walk the next has begun.
const walkOverdue = 36 * time.Hour

// walkOff is the evidence where an operator switched the walks off: what is promised of them does not apply.
const walkOff = "the nightly walk is switched off here (ALMIRAH_CANARY_HOUR)"

// lastWalk is the last walk that ended; false when there is none yet.
func (p probe) lastWalk(ctx context.Context) (walkRow, bool, error) {
	list, err := p.walks(ctx, walksKept+2)
	for _, r := range list {
		if r.State == walkGood || r.State == walkBad {
			return r, true, err
		}
	}
	return walkRow{}, false, err
}

// steps says how the named steps of the last walk went.
func (p probe) steps(ctx context.Context, names ...string) (string, error) {
	last, there, err := p.lastWalk(ctx)
	switch {
	case err != nil:
		return "", err
	case !there && p.Config.Walking.Off:
		return walkOff, nil
	case !there:
		return "the first walk has not ended yet", nil
	}
	var said []string
	for _, name := range names {
		s, reached := last.step(name)
		if reached && s.State == stepBad {
			return "", fmt.Errorf("the walk of %s: %s: %s", last.BeganAt.Time().UTC().Format(time.DateTime), name, s.Words)
		}
		if !reached || s.State != stepGood {
			return "", fmt.Errorf("the walk of %s did not get as far as %s", last.BeganAt.Time().UTC().Format(time.DateTime), name)
		}
		said = append(said, name+": "+s.Words)
	}
	out := "walked on " + last.BeganAt.Time().UTC().Format(time.DateTime) + " UTC; " + strings.Join(said, "; ")
	if p.Config.Walking.Off {
		out += "; " + walkOff
	}
	return out, nil
}

func (p probe) walkNightly(ctx context.Context) (string, error) {
	list, err := p.walks(ctx, 1)
	if err != nil {
		return "", err
	}
	if !p.Config.Walking.Off && !p.House.Held() {
		began := p.openedAt
		if len(list) > 0 {
			began = list[0].AskedAt.Time()
		}
		if ago := p.Clock.Now().Sub(began); ago > walkOverdue && (p.started || len(list) > 0) {
			return "", fmt.Errorf("no walk was begun for %s", ago.Round(time.Hour))
		}
	}
	return p.steps(ctx, "clinic", "clear", "book", "confirm", "remind", "stop", "tidy")
}

func (p probe) walkCopy(ctx context.Context) (string, error) { return p.steps(ctx, "copy") }

func (p probe) walkRoundTrip(ctx context.Context) (string, error) { return p.steps(ctx, "archive") }

func (p probe) walkGone(ctx context.Context) (string, error) {
	out, err := p.steps(ctx, "erase", "keys", "backup", "search")
	if err != nil {
		return "", err
	}
	last, there, err := p.lastWalk(ctx)
	if err != nil || !there {
		return out, err
	}
	var looked, not []string
	for _, x := range last.Places {
		if x.Looked {
			looked = append(looked, x.Kind+" ("+x.Words+")")
		} else {
			not = append(not, x.Kind+" ("+x.Words+")")
		}
	}
	out += "; looked through: " + strings.Join(looked, ", ")
	if len(not) > 0 {
		out += "; not: " + strings.Join(not, ", ")
	}
	return out, nil
}

// What stands in the story of a message behind "sending" is the carrier that took it.
const sqlProbeLeft = `SELECT COUNT(*) FROM message_event WHERE clinic_id = $1 AND state = 'sending' AND code NOT LIKE 'local%'`

// walkApart asks for the pages of the clinic as anybody would, and looks whether anything left it.
func (p probe) walkApart(ctx context.Context) (string, error) {
	one, slug, err := p.canaryRoute(ctx)
	if err != nil {
		return "", err
	}
	if one.IsZero() {
		return "there is no such clinic yet", nil
	}
	for _, path := range []string{"/c/" + slug, "/c/" + slug + "/privacy", "/api/v1/clinics/" + slug + "/services"} {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusNotFound {
			return "", fmt.Errorf("a page of the invented patient's clinic answers %d to anybody", got.status)
		}
	}
	var left int64
	err = p.DB.View(ctx, jobs.ForClinic(one), access.Work, func(_ context.Context, v *store.View) error {
		return v.Row(sqlProbeLeft).Scan(&left)
	})
	if err == nil && left > 0 {
		err = fmt.Errorf("%d messages of the invented patient's clinic left this program", left)
	}
	for _, c := range p.clinics {
		if c == one {
			err = errors.Join(err, errors.New("the invented patient's clinic counts among the others"))
		}
	}
	return "its pages answer to nobody, nothing has left it, and it counts nowhere", err
}
