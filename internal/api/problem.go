package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"almirah/internal/fault"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Status is the HTTP status of a kind of fault.
func Status(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

type fieldOut struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

type problemOut struct {
	Type   string     `json:"type"`
	Title  string     `json:"title"`
	Status int        `json:"status"`
	Code   string     `json:"code"`
	Errors []fieldOut `json:"errors,omitempty"`
}

// problem is the one place where an error becomes an answer. What went wrong inside is logged
// by its kind and never shown.
func (a *API) problem(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault.Fault
	if !errors.As(err, &f) {
		a.log.Error("api", "request", w.Header().Get("X-Request-Id"), "route", r.Pattern, "error", err.Error())
		f = fault.New(fault.Internal, "fault.internal")
		if errors.Is(err, store.ErrGone) { // a failover: whether it was saved is not known, and the same key asks again without doing it twice
			f = fault.New(fault.Unavailable, "fault.gone")
			f.RetryAfter = 2
		}
	}
	t := a.book.Match("", "", "", r.Header.Get("Accept-Language"))
	out := problemOut{Type: "about:blank", Title: say(t, f.Key, f.Args), Status: Status(f.Kind), Code: f.Key}
	for _, x := range f.Fields {
		out.Errors = append(out.Errors, fieldOut{x.Name, say(t, x.Key, x.Args)})
	}
	if f.Kind == fault.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Bearer realm="almirah"`)
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	body, merr := json.Marshal(out)
	if merr != nil {
		body = []byte(`{"type":"about:blank","title":"Internal error","status":500}`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", t.Lang())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(out.Status)
	_, _ = w.Write(body)
}

func say(t *words.Tongue, key string, args map[string]any) string {
	flat := make([]any, 0, 2*len(args))
	for k, v := range args {
		flat = append(flat, k, v)
	}
	return t.Say(key, flat...)
}
