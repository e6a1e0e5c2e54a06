package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"almirah/internal/fault"
)

// mostErrors is how many of the last errors the operator's page shows.
const mostErrors = 50

// trouble is one error of the log, for the operator's page.
type trouble struct {
	At                            time.Time
	Message, Route, Request, What string
}

// logbook stands before the log: it leaves out fields that nobody declared (see fault.LogFields), so that a field that was written in a hurry holds
// nobody's data, and keeps the last errors for the operator's page.
type logbook struct {
	slog.Handler
	kept     *keptErrors
	requests slog.Handler // takes the lines of requests instead; nil: they go where the rest goes
}

type keptErrors struct {
	mu   sync.Mutex
	list []trouble
	all  int64
	tap  atomic.Pointer[logTap] // looks through every line, while the invented patient walks
}

// newLog makes the log of a deployment out of the handler that writes it, and of the daybook where that takes the lines of requests.
func newLog(h slog.Handler, requests *daybook) (*slog.Logger, *keptErrors) {
	l := logbook{Handler: h, kept: &keptErrors{}}
	if requests != nil {
		l.requests = requests
	}
	return slog.New(l), l.kept
}

// requestLine is the message of the line that each request leaves (see guard).
const requestLine = "request"

// Enabled lets lines of requests through to the daybook, however quiet the rest is.
func (l logbook) Enabled(ctx context.Context, level slog.Level) bool {
	return l.Handler.Enabled(ctx, level) || l.requests != nil && level == slog.LevelInfo
}

// Handle writes a line, without what was not declared.
func (l logbook) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	t := trouble{At: r.Time, Message: r.Message}
	r.Attrs(func(a slog.Attr) bool {
		if !declared(a) {
			clean.AddAttrs(slog.String("undeclared", a.Key))
			return true
		}
		clean.AddAttrs(a)
		switch a.Key {
		case "route":
			t.Route = a.Value.String()
		case "request":
			t.Request = a.Value.String()
		case "error":
			t.What = a.Value.String()
		}
		return true
	})
	if r.Level >= slog.LevelError {
		l.kept.add(t)
	}
	if t := l.kept.tap.Load(); t != nil {
		line := tapped(clean)
		t.look(line)
	}
	if l.requests != nil && r.Message == requestLine {
		return l.requests.Handle(ctx, clean)
	}
	if !l.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, clean)
}

// declared says whether a field may stand in a line: its name is declared, and it is one plain value, not a box of others.
func declared(a slog.Attr) bool {
	if _, ok := fault.LogFields[a.Key]; !ok {
		return false
	}
	switch a.Value.Kind() {
	case slog.KindGroup, slog.KindLogValuer:
		return false
	case slog.KindAny:
		switch a.Value.Any().(type) {
		case error, fmt.Stringer, []string, nil:
			return true
		}
		return false
	}
	return true
}

// WithAttrs keeps the declared attributes.
func (l logbook) WithAttrs(all []slog.Attr) slog.Handler {
	var good []slog.Attr
	for _, a := range all {
		if declared(a) {
			good = append(good, a)
		}
	}
	return logbook{l.Handler.WithAttrs(good), l.kept, l.requests}
}

// WithGroup keeps the attributes where they are: a group would give them another name.
func (l logbook) WithGroup(string) slog.Handler { return l }

func (k *keptErrors) add(t trouble) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all++
	if k.list = append(k.list, t); len(k.list) > mostErrors {
		k.list = k.list[1:]
	}
}

// newest answers the kept errors, the newest first, and how many there were in all.
func (k *keptErrors) newest() ([]trouble, int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]trouble, 0, len(k.list))
	for i := len(k.list) - 1; i >= 0; i-- {
		out = append(out, k.list[i])
	}
	return out, k.all
}
