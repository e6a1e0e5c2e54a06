package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/canary"
	"almirah/internal/carriers/local"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The invented patient. Tests prove what the program did when it was built; her walk proves what this installation did last night. In a clinic of her own she books by the
// public door, is confirmed and reminded over carriers that lead nowhere, writes STOP, asks for her data, is erased, and is then searched for in everything that the
// program can read (decision 0062). Each walk uses marks that occur nowhere else.

// Walking is what a deployment is told about the walk.
type Walking struct {
	Off  bool     // ALMIRAH_CANARY_HOUR=off
	Hour int      // ALMIRAH_CANARY_HOUR: of the day, UTC, at which the walk of the night is due
	Logs []string // ALMIRAH_CANARY_LOGS: files or folders of logs that the walk looks through
}

// masked are these settings for people.
func (w Walking) masked() []string {
	hour := strconv.Itoa(w.Hour)
	if w.Off {
		hour = "off"
	}
	return []string{"ALMIRAH_CANARY_HOUR=" + hour, "ALMIRAH_CANARY_LOGS=" + strings.Join(w.Logs, ",")}
}

func (c *Config) walking(or func(string, string) string, wrong func(string, string)) {
	hour := or("ALMIRAH_CANARY_HOUR", "2")
	n, err := strconv.Atoi(hour)
	c.Walking.Hour, c.Walking.Off = n, hour == "off"
	if !c.Walking.Off && (err != nil || n < 0 || n > 23) {
		wrong("ALMIRAH_CANARY_HOUR", "write an hour of the day in UTC, from 0 to 23, or off")
	}
	for _, path := range strings.Split(or("ALMIRAH_CANARY_LOGS", ""), ",") {
		if path = strings.TrimSpace(path); path != "" {
			c.Walking.Logs = append(c.Walking.Logs, path)
		}
	}
}

const (
	walksKept  = 14               // as many are kept, with what was found
	walkBeat   = 20 * time.Second // how often a walk says that it is under way
	walkStale  = 5 * time.Minute  // after which one that says nothing has broken off
	walkAtMost = 2 * time.Hour
)

// canaryWalks is the house's part in the walks.
type canaryWalks struct {
	mu     sync.Mutex // one walk at a time in this process
	outbox *local.Outbox
	phones *local.Phones
	known  atomic.Pointer[id.ID] // the clinic, once it is there
	// at is called behind each step, and while something is waited for ("wait"); nil outside tests.
	at func(step string, w *nightWalk)
}

// loops are the carriers of the canary clinic: its messages go round in this process and end in its memory.
func (h *House) loops() (carriers []messaging.Carrier, accounts []messaging.Provider) {
	h.canary.outbox = &local.Outbox{}
	h.canary.phones = local.NewPhones(h.canary.outbox, h.Clock, h.report)
	return []messaging.Carrier{local.New(h.canary.outbox, h.Clock, messaging.Email)}, h.canary.phones.Providers()
}

// canaryClinic is the clinic of the invented patient; id.Zero when there is none yet.
func (h *House) canaryClinic(ctx context.Context) (id.ID, error) {
	if one := h.canary.known.Load(); one != nil {
		return *one, nil
	}
	one, _, err := h.canaryRoute(ctx)
	return one, err
}

func (h *House) canaryRoute(ctx context.Context) (one id.ID, slug string, err error) {
	err = h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("nothing is written")
		one, slug, err = clinics.CanaryOf(p)
		return err
	})
	if err == nil && !one.IsZero() {
		h.canary.known.Store(&one)
	}
	return one, slug, err
}

// butCanary is a chore of every clinic but that of the invented patient: she counts in no figure and pays for nothing.
func (h *House) butCanary(run func(context.Context, access.Caller) error) func(context.Context, access.Caller) error {
	return func(ctx context.Context, who access.Caller) error {
		one, err := h.canaryClinic(ctx)
		if err != nil || one == who.Clinic() {
			return err
		}
		return run(ctx, who)
	}
}

// realClinics are the clinics that have something due until then, but for that of the invented patient.
func (h *House) realClinics(ctx context.Context, until clock.Instant, most int) ([]id.ID, error) {
	list, err := h.DB.Due(ctx, jobs.Platform(), until, most+1)
	if err != nil {
		return nil, err
	}
	invented, err := h.canaryClinic(ctx)
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for _, c := range list {
		if c != invented && len(out) < most {
			out = append(out, c)
		}
	}
	return out, nil
}

// walkWhenDue begins the walk of the night, or one that somebody asked for. It is no job of the queue: a walk takes longer than a job may. A walk whose process died is
// cleaned up by the next.
func (h *House) walkWhenDue(ctx context.Context, _ access.Caller) error {
	if h.Held() {
		return nil
	}
	last, err := h.walks(ctx, 1)
	if err != nil {
		return err
	}
	asked := len(last) > 0 && last[0].State == walkAsked
	if !asked {
		if h.Config.Walking.Off || !h.walkDue(last) {
			return nil
		}
		if err := h.askWalk(ctx, jobs.Platform(), false); err != nil {
			return err
		}
	}
	h.walkBehind()
	return nil
}

// walkDue says whether the walk of this night is still to be begun. The first is due in the first night; in the demo at once.
func (h *House) walkDue(last []walkRow) bool {
	now := h.Clock.Now().UTC()
	night := time.Date(now.Year(), now.Month(), now.Day(), h.Config.Walking.Hour, 0, 0, 0, time.UTC)
	if night.After(now) {
		night = night.AddDate(0, 0, -1)
	}
	if len(last) == 0 {
		return h.Config.Demo || h.openedAt.Before(night)
	}
	return last[0].AskedAt.Time().Before(night)
}

// walkBehind has the walk that was asked for go on behind whoever asked.
func (h *House) walkBehind() {
	h.making.Add(1)
	go func() {
		defer h.making.Done()
		ctx, cancel := context.WithTimeout(h.lives, walkAtMost)
		defer cancel()
		if err := h.walk(ctx, func(string, ...any) {}); err != nil && !errors.Is(err, errWalking) {
			h.Log.Error("the walk of the invented patient broke off", "error", err.Error())
		}
	}()
}

// errWalking says that a walk is under way already, or that none was asked for.
var errWalking = errors.New("app: a walk of the invented patient is under way, or none was asked for")

// walk takes the walk that was asked for from its first step to its last. Its error says that it could not be written down; a step that failed is a result.
func (h *House) walk(ctx context.Context, say func(string, ...any)) error {
	if !h.canary.mu.TryLock() {
		return errWalking
	}
	defer h.canary.mu.Unlock()
	w := &nightWalk{h: h, say: say}
	ok, err := w.take(ctx)
	if err == nil && !ok {
		err = errWalking
	}
	if err != nil {
		return err
	}
	beating, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.beat(beating)
	}()
	w.goOn(ctx)
	stop()
	<-ended
	if ctx.Err() != nil { // the house closes: the next walk cleans up
		return ctx.Err()
	}
	return w.end(context.WithoutCancel(ctx))
}

// nightWalk is one walk under way.
type nightWalk struct {
	h   *House
	id  id.ID
	say func(string, ...any)

	clinic  id.ID
	slug    string
	scratch string
	service string

	mu     sync.Mutex // over what is written down
	steps  []walkStep
	places []walkPlace
	marks  walkMarks
	older  []walkMarks // of walks that broke off

	her, other stroller
	lines      *logTap
}

// walkMarks are what a walk has to remember until it ends, sealed.
type walkMarks struct {
	Her     canary.Marks `json:"her"`
	Other   canary.Marks `json:"other"`
	Witness string       `json:"witness"` // a mark that stands open in the database: where it is not found, nothing was looked through
	Key     []byte       `json:"key"`     // her key as it was wrapped
}

// stroller is one of the two who walk.
type stroller struct {
	patient, appointment id.ID
	token                string
	name                 []byte // her name as it was sealed
}

// cell is where her name is sealed.
func (p stroller) cell() vault.Cell {
	return vault.Cell{Subject: p.patient, Table: "patient", Column: "name", Row: p.patient}
}

// The outcomes of a step.
const (
	stepGood    = "good"
	stepBad     = "bad"
	stepSkipped = "skipped" // a step before it failed, without which it cannot be gone
	stepRunning = "running"
)

// walkStep is how one step went. Its words name nobody.
type walkStep struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Words  string `json:"words"`
	Millis int64  `json:"millis"`
}

// found is what the search found, as an error that names places and never a mark.
type found struct{ what []string }

// Error lists it.
func (f found) Error() string { return "found: " + strings.Join(f.what, "; ") }

// goOn goes the steps. Whatever one of them finds, the last ones are gone all the same: nobody is left behind.
func (w *nightWalk) goOn(ctx context.Context) {
	lost := false // without a patient there is nothing to go on with
	for _, s := range w.path() {
		if ctx.Err() != nil {
			return
		}
		if lost && s.name != "tidy" {
			w.note(walkStep{Name: s.name, State: stepSkipped})
			continue
		}
		w.note(walkStep{Name: s.name, State: stepRunning})
		began := w.h.Clock.Now()
		words, err := w.try(ctx, s)
		one := walkStep{Name: s.name, State: stepGood, Words: words, Millis: w.h.Clock.Now().Sub(began).Milliseconds()}
		if err != nil {
			one.State, one.Words = stepBad, walkWords(err)
			lost = lost || s.needed
		}
		if len(w.hers().In([]byte(one.Words))) > 0 { // what is kept names nobody, whatever an error says
			one.Words = "what went wrong names her, and is not kept"
		}
		w.note(one)
		w.say("%-8s %-8s %6d ms  %s", one.Name, one.State, one.Millis, one.Words)
		w.now("at " + s.name)
		if err := w.write(ctx); err != nil && ctx.Err() == nil {
			w.h.Log.Error("how far the walk of the invented patient is could not be written down", "error", err.Error())
		}
	}
}

// try goes one step. One that breaks down is a step that failed.
func (w *nightWalk) try(ctx context.Context, s walkPath) (words string, err error) {
	defer func() {
		if recover() != nil { // what it had in its hands may be hers
			err = errors.New("it broke down")
		}
	}()
	return s.do(ctx)
}

// now calls the seam of the tests.
func (w *nightWalk) now(step string) {
	if w.h.canary.at != nil {
		w.h.canary.at(step, w)
	}
}

// walkWords are an error for the page. A fault says its key; whatever else, what it is.
func walkWords(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		out := f.Key
		for _, x := range f.Fields {
			out += " " + x.Name + ":" + x.Key
		}
		return out
	}
	return err.Error()
}

// note writes a step into the list, over its own entry when it has begun.
func (w *nightWalk) note(s walkStep) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.steps); n > 0 && w.steps[n-1].Name == s.Name {
		w.steps[n-1] = s
		return
	}
	w.steps = append(w.steps, s)
}

// await waits for something that others of the house do.
func (w *nightWalk) await(ctx context.Context, what string, most time.Duration, look func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	t := time.NewTicker(walkLook)
	defer t.Stop()
	for {
		ok, err := look()
		if ok && err == nil {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		w.now("wait")
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s", what, most)
		case <-t.C:
		}
	}
}

// walkLook is how often it is looked whether what is waited for has come.
const walkLook = 100 * time.Millisecond

// eraseInvented erases somebody of the canary clinic, in every room.
func (h *House) eraseInvented(ctx context.Context, who access.Caller, patient id.ID) (id.ID, error) {
	return h.Erasure.EraseBy(ctx, who, access.Work, patient, "walk_of_the_canary")
}

// askForWalk is the operator's: a walk begins at once where the house works, and within a minute otherwise.
func (h *House) askForWalk(ctx context.Context, who access.Caller) error {
	if h.Held() {
		return fault.New(fault.Conflict, "fault.canary.held")
	}
	if err := h.askWalk(ctx, who, true); err != nil {
		return err
	}
	if h.started {
		h.walkBehind()
	}
	return nil
}

// asOperator is who runs the deployment, for the rights of the platform.
func asOperator() access.Caller { return accounts.Operator() }
