package web

import (
	"net/http"
	"strconv"
	"strings"

	"almirah/internal/fault"
)

// said are the faults whose sentence says no more than the error page's own words.
var said = map[string]bool{"fault.not_found": true, "fault.forbidden": true, "fault.internal": true, "fault.sign_in_first": true}

// refuse answers a fault: a plain sentence to a script, the page of a link that has ended, or
// the one error page. It never shows more than the fault itself says.
func (s *Site) refuse(w http.ResponseWriter, v *Visit, route Route, f *fault.Fault) {
	status := StatusOf(f.Kind)
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if v.Header.Get("X-Fragment") != "" || v.Header.Get("X-CSRF") != "" {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(problemText(v, f) + "\n")) // a visitor who left needs no answer
		return
	}
	if v.Signed != nil { // the menu's forms go to doors that know the session
		v.csrf = []byte(v.Signed.CSRF)
	}
	sh := s.Shell(v)
	if sh.Person != nil { // the staff's own frame has a script
		w.Header().Set("Content-Security-Policy", policyStaff)
		sh.Nav = StaffNav("", 0, 0, v.offered)
		if f.Kind == fault.Conflict { // what stands in the way, with the way to it
			sh.Notices = s.standing(v)
		}
	}
	var err error
	switch {
	case f.Key == "fault.link_gone":
		sh.Person = nil
		w.Header().Set("Content-Security-Policy", policyPublic)
		err = s.views.Render(w, status, "link-gone", &LinkGonePage{Shell: sh, What: oneTimeLink(route)})
	case route.Door == Paper && f.Kind == fault.NotFound:
		err = s.views.Render(w, status, "paper-gone", &PaperGone{Shell: sh})
	case route.Door == Link && f.Kind == fault.NotFound:
		err = s.views.Render(w, status, "own-gone", &OwnGone{Shell: sh})
	case f.Key == "fault.form_expired":
		sh.Title = v.Tongue.Say("error.form.title")
		err = s.views.Render(w, status, "form-expired", &ErrorPage{Shell: sh, Code: status, Back: pageBefore(v)})
	case f.Key == "fault.cookies_blocked":
		sh.Title = v.Tongue.Say("error.cookies.title")
		err = s.views.Render(w, status, "cookies-blocked", &ErrorPage{Shell: sh, Code: status, Back: pageBefore(v)})
	default:
		if !said[f.Key] {
			sh.Alert = problemText(v, f)
		}
		page := &ErrorPage{Shell: sh, Code: status, RetryAfter: f.RetryAfter}
		if status >= http.StatusInternalServerError {
			page.Request = w.Header().Get("X-Request-Id")
		}
		if v.Method == http.MethodPost {
			page.Back = pageBefore(v)
		}
		err = s.views.Render(w, status, "error", page)
	}
	if err != nil { // the error page itself failed: words without a page are better than none
		s.Log.Error("error page", "request", w.Header().Get("X-Request-Id"), "route", route.Pattern, "error", err.Error())
		http.Error(w, problemText(v, f), status)
	}
}

// problemText is the fault in the visitor's language: its own sentence, or those of its wrong fields.
func problemText(v *Visit, f *fault.Fault) string {
	if len(f.Fields) == 0 {
		return v.Tongue.SayMap(f.Key, f.Args)
	}
	var out []string
	for _, x := range f.Fields {
		out = append(out, v.Tongue.SayMap(x.Key, x.Args))
	}
	return strings.Join(out, "\n")
}

// oneTimeLink says what kind of link a route opens, in the words of the page "link-gone".
func oneTimeLink(route Route) string {
	_, path, _ := strings.Cut(route.Pattern, " /")
	switch path {
	case "reset", "invitation", "setup":
		return path
	}
	return "verify"
}

// pageBefore is where the visitor came from, when that is a page of ours; the browser says so in Referer,
// of which only the path is taken.
func pageBefore(v *Visit) string {
	from := v.Header.Get("Referer")
	i := strings.Index(from, "://")
	if i < 0 {
		return ""
	}
	host, path, found := strings.Cut(from[i+3:], "/")
	if !found || host != v.Host {
		return ""
	}
	return back("/"+path, "")
}
