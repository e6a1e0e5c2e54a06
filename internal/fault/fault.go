// Package fault names the ways in which work can fail and what may be said about each to
// whom. A fault carries a catalogue key, never a person's data: what a person typed stays in
// the form that she sees, and what went wrong inside stays in the cause, which is only logged
// by its kind.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the family of a failure. Doors turn it into a status; nobody else may.
type Kind string

// The kinds, and the HTTP status that the doors give each.
const (
	Invalid         Kind = "invalid"         // 422: a field is wrong; Fields says which
	NotFound        Kind = "not-found"       // 404: is not there, or is not yours to see
	Conflict        Kind = "conflict"        // 409: somebody was first; nothing was changed
	Unauthenticated Kind = "unauthenticated" // 401: sign in first
	Forbidden       Kind = "forbidden"       // 403: inside your own clinic, but not for your role
	TooMany         Kind = "too-many"        // 429: RetryAfter says when
	Unavailable     Kind = "unavailable"     // 503: try again
	Internal        Kind = "internal"        // 500: ours; the cause is logged, never shown
)

// Field is one wrong field: its name in the form, and the catalogue key of the sentence that says what to do.
type Field struct {
	Name string
	Key  string
	Args map[string]any
}

// Fault is a failure that a door can tell a person about.
type Fault struct {
	Kind       Kind
	Key        string         // catalogue key of the sentence, such as "fault.slot_taken"
	Args       map[string]any // values for the sentence: times, names of services; never a patient's data
	Fields     []Field
	RetryAfter int // seconds, for TooMany
	cause      error
}

// Error is for logs: kind and key only.
func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Kind, f.Key)
	for _, x := range f.Fields {
		fmt.Fprintf(&b, " [%s: %s]", x.Name, x.Key)
	}
	if f.cause != nil {
		fmt.Fprintf(&b, ": %v", f.cause)
	}
	return b.String()
}

// Unwrap is the cause.
func (f *Fault) Unwrap() error { return f.cause }

// New makes a fault of a kind with the sentence at key.
func New(k Kind, key string) *Fault { return &Fault{Kind: k, Key: key} }

// With adds a value for the sentence.
func (f *Fault) With(name string, v any) *Fault {
	if f.Args == nil {
		f.Args = map[string]any{}
	}
	f.Args[name] = v
	return f
}

// Because keeps the cause for the log.
func (f *Fault) Because(err error) *Fault { f.cause = err; return f }

// Missing is the one answer to "not there" and to "not yours".
func Missing() *Fault { return New(NotFound, "fault.not_found") }

// Fields collects wrong fields; Err is nil while there are none.
type Fields struct{ list []Field }

// Add records that the field is wrong and why.
func (f *Fields) Add(name, key string) { f.list = append(f.list, Field{Name: name, Key: key}) }

// AddWith is Add with values for the sentence.
func (f *Fields) AddWith(name, key string, args map[string]any) {
	f.list = append(f.list, Field{Name: name, Key: key, Args: args})
}

// Has says whether the field was already found wrong.
func (f *Fields) Has(name string) bool {
	for _, x := range f.list {
		if x.Name == name {
			return true
		}
	}
	return false
}

// Err is the fault over all wrong fields, or nil.
func (f *Fields) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	return &Fault{Kind: Invalid, Key: "fault.invalid", Fields: f.list}
}

// KindOf finds the kind of an error; what is no Fault is Internal.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}

// Is says whether err is a fault of the kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
