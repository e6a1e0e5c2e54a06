package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"almirah/internal/fault"
	"almirah/internal/words"
)

// preference reads theme and language: the visitor's cookie, then her account, then the
// clinic's languages met by what her browser asks for. One cookie holds both and is set only
// when she chooses (promise A19, A20).
func (s *Site) preference(r *http.Request, account string, clinic []string) (theme string, t *words.Tongue) {
	lang := ""
	if c, err := r.Cookie(PreferenceCookie); err == nil {
		for _, part := range strings.Split(c.Value, "|") {
			k, v, _ := strings.Cut(part, ":")
			switch {
			case k == "theme" && slices.Contains(themes, v):
				theme = v
			case k == "lang":
				lang = v
			}
		}
	}
	first := ""
	if len(clinic) > 0 {
		first = clinic[0]
	}
	return theme, s.Book.Match(lang, account, first, r.Header.Get("Accept-Language"))
}

var themes = []string{"light", "dark", "contrast"}

// setPreference stores the choice for a year.
func setPreference(w http.ResponseWriter, theme, lang string) {
	var parts []string
	if slices.Contains(themes, theme) {
		parts = append(parts, "theme:"+theme)
	}
	if slices.ContainsFunc(words.Languages(), func(l words.Language) bool { return l.Code == lang }) {
		parts = append(parts, "lang:"+lang)
	}
	c := &http.Cookie{Name: PreferenceCookie, Value: strings.Join(parts, "|"), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int((365 * 24 * time.Hour).Seconds())}
	if len(parts) == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// chooseLanguage answers any page's ?lang=xx: it remembers the choice and shows the page without it.
func (s *Site) chooseLanguage(w http.ResponseWriter, v *Visit) {
	q := v.URL.Query()
	setPreference(w, v.Theme, q.Get("lang"))
	q.Del("lang")
	to := url.URL{Path: v.URL.Path, RawQuery: q.Encode()}
	http.Redirect(w, v.Request, shortPath(v.Request, to.RequestURI()), http.StatusSeeOther)
}

// back is where a form may send the visitor afterwards: a path of this site and nothing else.
func back(to, otherwise string) string {
	u, err := url.Parse(to)
	if err != nil || to == "" || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\r\n") || strings.HasPrefix(u.Path, "//") {
		return otherwise
	}
	return u.RequestURI()
}

// form parses the posted form; an oversized one is a fault and loses nothing.
func (v *Visit) form() error {
	if err := v.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return fault.New(fault.Invalid, "fault.form_large")
		}
		return fault.New(fault.Invalid, "fault.form_unreadable").Because(err)
	}
	_ = legible(v.Form)
	_ = legible(v.PostForm)
	return nil
}

// legible replaces bytes that are no text, and says whether there were any. No browser sends them from a page of ours,
// PostgreSQL refuses them, and a page that holds them is shown as rubbish.
func legible(fields url.Values) (changed bool) {
	for _, list := range fields {
		for i, x := range list {
			list[i] = strings.ToValidUTF8(x, "\ufffd")
			changed = changed || list[i] != x
		}
	}
	return changed
}
