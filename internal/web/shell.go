package web

import (
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/words"
)

// Shell is what every page has around its own matter. Handlers fill it by NewShell and add
// what they know; Render settles the rest.
type Shell struct {
	Tongue *words.Tongue // the page's language
	Theme  string        // "" follows the device; "light", "dark", "contrast"
	Title  string        // in the language of the page; empty takes the sentence "title.<page>"
	CSRF   string        // hidden in every POST form, and sent by our scripts
	Gzip   bool          // the visitor accepts gzip
	Path   string        // path and query of this page, for the language links

	Clinic  *ClinicHead // nil on pages that belong to no clinic
	Person  *PersonHead // nil unless somebody is signed in
	Nav     []NavItem
	Notices []Notice // things that this person must know; shown on top

	Flash    string    // what was just done, in the language of the page
	Alert    string    // why the page could not do what was asked, in the language of the page
	Problems []Problem // wrong fields

	Help    string    // where the help for this page is; empty: there is none
	Watched []Watched // who of support looks at the clinic now; on top of everything, with the button that ends it

	Demo bool // this is the demo: the menu offers the outbox
}

// ClinicHead is the clinic as the top of a page shows it.
type ClinicHead struct {
	Name, Slug string
	LogoURL    string // empty: the name alone
	BrandURL   string // a small stylesheet with the clinic's own colour (see BrandCSS); empty: ours
	Address    []string
	Phone      string
	Email      string
	LegalName  string
	Own        bool // the page is shown at the clinic's own host name
}

// PersonHead is who is signed in.
type PersonHead struct {
	Name    string
	Role    access.Role
	Clinics []ClinicChoice // more than one: the menu offers the others
	Keys    bool           // single-letter shortcuts are on
	Helper  bool           // somebody of support or an operator: no search, nothing to book
}

// Watched is somebody of support who looks at the clinic now.
type Watched struct {
	ID, Name  string
	Until     time.Time
	Emergency bool
}

// ClinicChoice is one clinic of a person who works in several.
type ClinicChoice struct {
	ID      string
	Name    string
	Role    access.Role
	Current bool
}

// NavItem is one word of the menu.
type NavItem struct {
	Key     string // catalogue key
	URL     string
	Current bool
	Count   int // shown when not zero
}

// Notice is a thing to know, with an optional place to go.
type Notice struct {
	Text, URL, Link string // in the language of the page
	Grave           bool
}

// Problem is a wrong field: the sentence, and the id of the input to jump to.
type Problem struct {
	Field   string // the form's field name
	Message string // in the language of the page
}

// Target is the id of the input that the error summary links to.
func (p Problem) Target() string {
	if p.Field == "birth" {
		return "f-birth_day"
	}
	return "f-" + p.Field
}

// LanguageLink is one language that the page is offered in.
type LanguageLink struct {
	Code, Name, URL string
	Current         bool
}

// NewShell starts the shell of a page that answers r.
func NewShell(r *http.Request, t *words.Tongue, theme, csrf string) Shell {
	return Shell{Tongue: t, Theme: theme, CSRF: csrf, Path: shown(r),
		Gzip: strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && ownRequest(r)}
}

// ownRequest says whether the browser states that no other site caused the request. Only then is a page compressed: whoever can make somebody's browser ask
// for a page with a text of his choice in it, and watch the length of the answer, would learn from compression what else stands there (BREACH).
func ownRequest(r *http.Request) bool {
	from := r.Header.Get("Sec-Fetch-Site")
	return from == "same-origin" || from == "none"
}

func (s *Shell) shell() *Shell { return s }

// settle fills what a handler left open.
func (s *Shell) settle(book *words.Book, name string) {
	if s.Tongue == nil {
		s.Tongue = book.Tongue("en")
	}
	if s.Title == "" && s.Tongue.Has("title."+name) {
		s.Title = s.Tongue.Say("title." + name)
	}
}

// Lang and Dir are for <html>.
func (s *Shell) Lang() string { return s.Tongue.Lang() }

// Dir is the direction of the page's script.
func (s *Shell) Dir() string { return s.Tongue.Dir() }

// Wrong says whether the page reports a problem, which its title then says first.
func (s *Shell) Wrong() bool { return len(s.Problems) > 0 || s.Alert != "" }

// Languages are the links that show this page in the other languages. The handler of any
// page understands ?lang=xx: it sets the preference cookie and comes back without it.
func (s *Shell) Languages() []LanguageLink {
	var out []LanguageLink
	sep := "?"
	if strings.Contains(s.Path, "?") {
		sep = "&"
	}
	for _, l := range words.Languages() {
		out = append(out, LanguageLink{l.Code, l.Name, s.Path + sep + "lang=" + l.Code, l.Code == s.Lang()})
	}
	return out
}

// StaffNav is the menu of the staff pages. current is the key of the word to mark; waiting is
// how many messages want a person, unread how many conversations nobody has looked at; may says which rights the person holds.
func StaffNav(current string, waiting, unread int, may func(access.Right) bool) []NavItem {
	all := []struct {
		key, url string
		right    access.Right
		count    int
	}{
		{"nav.home", "/app", access.ClinicRead, 0},
		{"nav.day", "/app/day", access.ScheduleRead, 0},
		{"nav.week", "/app/week", access.ScheduleRead, 0},
		{"nav.patients", "/app/patients", access.PatientSearch, 0},
		{"nav.bills", "/app/bills", access.BillRead, 0},
		{"nav.inbox", "/app/inbox", access.InboxRead, unread},
		{"nav.messages", "/app/messages", access.MessageRead, waiting},
		{"nav.reports", "/app/reports", access.ReportRead, 0},
		{"nav.settings", "/app/settings", access.ClinicRead, 0},
	}
	var out []NavItem
	for _, n := range all {
		if may(n.right) {
			out = append(out, NavItem{n.key, n.url, n.key == current, n.count})
		}
	}
	return out
}

// Zipped says that the visitor accepts gzip.
func (s *Shell) Zipped() { s.Gzip = true }
