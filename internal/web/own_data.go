package web

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/requests"
)

// A patient's own page of her data: what is held, a copy of it, who looked, what she asked and was answered. What can be instant is done at once;
// everything is free of charge (promises request-free, request-copy-at-once, who-looked).

func ownDataRoutes() []Route {
	see, do := access.OwnRead, access.OwnChange
	return []Route{
		{Pattern: "GET /m/{token}/data", Door: Link, Right: see, Handle: ownData},
		{Pattern: "POST /m/{token}/data/copy", Door: Link, Right: do, Handle: ownCopyAsked},
		{Pattern: "GET /m/{token}/data/copy", Door: Link, Right: see, Handle: ownCopy},
		{Pattern: "GET /m/{token}/data/copy.json", Door: Link, Right: see, Handle: ownCopyFile},
		{Pattern: "GET /m/{token}/data/copy.zip", Door: Link, Right: see, Handle: ownCopyTaken},
		{Pattern: "GET /m/{token}/data/ask", Door: Link, Right: see, Handle: ownAsk},
		{Pattern: "POST /m/{token}/data/ask", Door: Link, Right: do, Handle: ownAsked},
		{Pattern: "POST /m/{token}/data/restrict", Door: Link, Right: do, Handle: ownRestrict},
		{Pattern: "POST /m/{token}/data/nominee", Door: Link, Right: do, Handle: ownNominee},
		{Pattern: "POST /m/{token}/data/statement", Door: Link, Right: do, Handle: ownStatement},
		{Pattern: "POST /m/{token}/data/contact", Door: Link, Right: do, Handle: ownContact},
		{Pattern: "POST /m/{token}/data/code", Door: Link, Right: do, Handle: ownCode},
		{Pattern: "POST /m/{token}/data/links", Door: Link, Right: do, Handle: ownLinksEnded},
		{Pattern: "GET /m/{token}/data/looked", Door: Link, Right: see, Handle: ownLooked},
		{Pattern: "GET /m/{token}/data/requests/{id}", Door: Link, Right: see, Handle: ownRequestShown},
		{Pattern: "POST /m/{token}/data/requests/{id}/back", Door: Link, Right: do, Handle: ownRequestBack},
		{Pattern: "GET /c/{slug}/privacy/request", Door: Clinic, Right: access.PublicRead, Handle: publicRequest},
		{Pattern: "POST /c/{slug}/privacy/request", Door: Clinic, Right: access.RequestAsk, Handle: publicRequested},
	}
}

// ownShell is what every page behind a link to somebody's data begins with.
func (s *Site) ownShell(v *Visit) Shell {
	sh := s.Shell(v)
	sh.Flash = done(v)
	return sh
}

func (v *Visit) ownPath(rest string) string { return "/m/" + v.PathValue("token") + "/data" + rest }

// OwnDataPage is /m/{token}/data, the page "own-data".
type OwnDataPage struct {
	Shell
	Token          string
	Back           bool // there is a page of an appointment to go back to
	Patient        string
	Child          bool
	Phone, Email   string // masked
	Held           []KeptRow
	Requests       []RequestRow
	Statements     []StatementRow
	NomineeName    string
	NomineeContact string
	NomineeSince   time.Time
	Restricted     bool
	Proving        string // the address that waits for its code, masked
	Authority      string
	Contact        string // typed
	NameTyped      string
	ContactTyped   string
	About, Words   string
}

// KeptRow is how much of one kind is held.
type KeptRow struct {
	Words string
	Count int
}

// StatementRow is what a person says of her data.
type StatementRow struct {
	ID, About, Words string
	At               time.Time
}

// Day is the day on which she said it.
func (r StatementRow) Day() clock.Date { return clock.DateOf(r.At) }

// RequestRow is a request in a list.
type RequestRow struct {
	ID, Kind, State, Outcome, Door string
	Name, PatientID                string
	Broken, Nameless               bool
	Came, Due                      time.Time
	Sure, Closes                   time.Time // while nobody knows who asks: by when that is made sure, and when it is closed otherwise
	Late, Unconfirmed, Told        bool
	Share                          int // of its time that has gone, in hundredths
}

// OnlyDay says that the day alone is known on which it came: it was written down afterwards, as of midnight.
func (r RequestRow) OnlyDay() bool { return r.Came.Hour() == 0 && r.Came.Minute() == 0 }

// CameDay is the day on which it came.
func (r RequestRow) CameDay() clock.Date { return clock.DateOf(r.Came) }

// askedWords are the words of a request as people read them: a correction is kept with what it is about in front, by the name that the room gives it.
func askedWords(v *Visit, r requests.Request) string {
	about, rest, ok := strings.Cut(r.Words, ": ")
	if r.Kind != law.Correction || !ok || !slices.Contains(requests.Abouts(), about) {
		return r.Words
	}
	return v.Tongue.Say("request.about."+about) + v.Tongue.Say("page.colon") + " " + rest
}

// AboutChoices are what a correction or a statement can be about.
func (p *OwnDataPage) AboutChoices() []Option {
	return p.Choices("request.about.", p.About, requests.Abouts()...)
}

// tableWords names a table of a copy as people do.
func tableWords(v *Visit, table string) string {
	if key := "request.table." + table; v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return v.Tongue.Say("request.table.other")
}

func (s *Site) ownDataOf(v *Visit) (*OwnDataPage, error) {
	m, err := s.Requests.Mine(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	p := &OwnDataPage{Shell: s.ownShell(v), Token: v.PathValue("token"), Back: !v.Appointment.IsZero(), Patient: m.Name.Text, Child: m.Name.Minor, Phone: m.Phone, Email: m.Email, Restricted: m.Restricted,
		Authority: law.Complaints(m.Law).Page, About: "other"}
	counts, order := map[string]int{}, []string{}
	for _, h := range m.Held {
		w := tableWords(v, h.Table)
		if counts[w] == 0 {
			order = append(order, w)
		}
		counts[w] += h.Count
	}
	other := v.Tongue.Say("request.table.other")
	for _, w := range order {
		if w != other {
			p.Held = append(p.Held, KeptRow{w, counts[w]})
		}
	}
	if counts[other] > 0 {
		p.Held = append(p.Held, KeptRow{other, counts[other]})
	}
	for _, r := range m.Requests {
		p.Requests = append(p.Requests, requestRow(v, r, clock.At(s.Clock.Now())))
	}
	for _, x := range m.Statements {
		if x.EndedAt == 0 {
			p.Statements = append(p.Statements, StatementRow{x.ID.String(), x.About, x.Words, x.At.In(z)})
		}
	}
	if m.Nominee != nil {
		p.NomineeName, p.NomineeContact, p.NomineeSince = m.Nominee.Name, m.Nominee.Contact, m.Nominee.At.In(z)
	}
	if m.Proof != nil {
		p.Proving = m.Proof.Masked()
	}
	return p, nil
}

func requestRow(v *Visit, r requests.Request, now clock.Instant) RequestRow {
	z := v.Clinic.Location()
	row := RequestRow{ID: r.ID.String(), Kind: string(r.Kind), State: string(r.State), Outcome: string(r.Outcome), Door: string(r.Door), Came: r.CameAt.In(z), Late: r.Late(now), Unconfirmed: r.Unconfirmed(now), Told: r.ToldAt > 0}
	switch r.State {
	case requests.Open:
		row.Due = r.DueAt.In(z)
	case requests.Received:
		row.Sure, row.Closes = r.SureBy().In(z), r.ClosesAt().In(z)
	}
	if span := r.Next() - r.CameAt; span > 0 && !r.Over() {
		row.Share = int(min(100, max(0, (now-r.CameAt)*100/span)))
	}
	return row
}

func ownData(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.ownDataOf(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-data", page)
}

// didOwn goes back to the page of her data after something was done, or shows what was typed again.
func (s *Site) didOwn(w http.ResponseWriter, v *Visit, err error, word string) error {
	return s.answer(w, v, err, v.ownPath("?done="+word), "own-data", func() (Page, error) {
		page, err := s.ownDataOf(v)
		if err == nil {
			f := v.PostForm
			page.NameTyped, page.About, page.Words = f.Get("name"), f.Get("about"), f.Get("words")
			page.Contact, page.ContactTyped = f.Get("address"), f.Get("contact")
		}
		return page, err
	})
}

func ownCopyAsked(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := s.Requests.AskCopy(v.Context(), v.Who); err != nil {
		return err
	}
	http.Redirect(w, v.Request, v.ownPath("/copy"), http.StatusSeeOther)
	return nil
}

func ownCopy(s *Site, w http.ResponseWriter, v *Visit) error {
	c, err := s.Requests.Own(v.Context(), v.Who)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-copy", s.copyPage(v, s.ownShell(v), c))
}

func ownCopyFile(s *Site, w http.ResponseWriter, v *Visit) error {
	c, err := s.Requests.Own(v.Context(), v.Who)
	if err != nil {
		return err
	}
	file, err := c.JSON()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="my-data.json"`)
	_, err = w.Write(file)
	return err
}

// ownCopyTaken is the copy in the form in which another clinic's program takes her in, as a file: FHIR, sheets, her files and a page to read (promise own-copy-fhir). She is
// known by her link, as for the copy to read; that she took it is in the log.
func ownCopyTaken(s *Site, w http.ResponseWriter, v *Visit) error {
	if s.Archives == nil {
		return fault.Missing()
	}
	_, err := s.Archives.Person(v.Context(), v.Who, v.Who.Patient(), &delayed{w: w, name: "my-data.zip"})
	return err
}

// OwnAskPage is /m/{token}/data/ask, the page "own-ask".
type OwnAskPage struct {
	Shell
	Token, Kind, About, Words string
	Keep                      []KeepRow // what a deletion leaves, until when and why
	Authority                 string
	Page                      string
}

// KeepRow is a kind of data that the law keeps, and for how long.
type KeepRow struct{ Class, Years, Source string }

// AboutChoices are what a correction can be about.
func (p *OwnAskPage) AboutChoices() []Option {
	return p.Choices("request.about.", p.About, requests.Abouts()...)
}

var asks = map[law.Request]bool{law.Correction: true, law.Deletion: true, law.Objection: true, law.Complaint: true}

func (s *Site) ownAskPage(v *Visit, kind law.Request) (*OwnAskPage, error) {
	if !asks[kind] {
		return nil, fault.Missing()
	}
	a := law.Complaints(v.Clinic.Jurisdiction)
	p := &OwnAskPage{Shell: s.ownShell(v), Token: v.PathValue("token"), Kind: string(kind), About: "other", Authority: a.Name, Page: a.Page}
	if kind == law.Deletion {
		for _, c := range []law.Class{law.Clinical, law.Scripts, law.Invoices} {
			l := law.LifeOf(v.Clinic.Jurisdiction, c)
			if l.Floor.Years > 0 {
				p.Keep = append(p.Keep, KeepRow{string(c), number(l.Floor.Years), l.Source})
			}
		}
	}
	return p, nil
}

func ownAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.ownAskPage(v, law.Request(v.URL.Query().Get("kind")))
	if err != nil {
		return err
	}
	if _, err := s.Requests.Mine(v.Context(), v.Who); err != nil { // she is still here
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-ask", page)
}

func ownAsked(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	kind := law.Request(f.Get("kind"))
	one, err := s.Requests.Ask(v.Context(), v.Who, kind, f.Get("about"), f.Get("words"))
	return s.answer(w, v, err, v.ownPath("/requests/"+one.String()+"?done=request-asked"), "own-ask", func() (Page, error) {
		page, err := s.ownAskPage(v, kind)
		if err == nil {
			page.About, page.Words = f.Get("about"), f.Get("words")
		}
		return page, err
	})
}

func ownRestrict(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	on := v.PostForm.Get("on") == "1"
	word := "request-lifted"
	if on {
		word = "request-restricted"
	}
	return s.didOwn(w, v, s.Requests.Restrict(v.Context(), v.Who, on), word)
}

func ownNominee(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if v.PostForm.Get("end") == "1" {
		return s.didOwn(w, v, s.Requests.EndNomination(v.Context(), v.Who), "request-unnamed")
	}
	return s.didOwn(w, v, s.Requests.Nominate(v.Context(), v.Who, v.PostForm.Get("name"), v.PostForm.Get("contact")), "request-named")
}

func ownStatement(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if end := v.PostForm.Get("end"); end != "" {
		one, err := id.Parse(end)
		if err != nil {
			return fault.Missing()
		}
		return s.didOwn(w, v, s.Requests.EndStatement(v.Context(), v.Who, one), "request-unsaid")
	}
	return s.didOwn(w, v, s.Requests.State(v.Context(), v.Who, v.PostForm.Get("about"), v.PostForm.Get("words")), "request-said")
}

func ownContact(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if wait := s.Limit(v.Request); wait > 0 {
		return s.didOwn(w, v, slow(w, wait), "")
	}
	return s.didOwn(w, v, s.Requests.AskContact(v.Context(), v.Who, v.PostForm.Get("address")), "request-code")
}

func ownCode(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	return s.didOwn(w, v, s.Requests.ProveContact(v.Context(), v.Who, v.PostForm.Get("code")), "request-contact")
}

// ownLinksEnded ends every link to her page but the one by which she is here.
func ownLinksEnded(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	return s.didOwn(w, v, s.Desk.EndOwnLinks(v.Context(), v.Who), "request-links")
}

// slow is the answer to whoever asks too often from one address.
func slow(w http.ResponseWriter, wait time.Duration) error {
	f := fault.New(fault.TooMany, "fault.request_too_many")
	f.RetryAfter = int(wait/time.Second) + 1
	w.Header().Set("Retry-After", number(f.RetryAfter))
	return f
}

// OwnLookedPage is /m/{token}/data/looked, the page "own-looked".
type OwnLookedPage struct {
	Shell
	Token string
	Rows  []LookRow
	Older string
	Day   clock.Date // of the lists; empty: none are shown
	Today clock.Date
	Lists []LookRow
}

// LookRow is one entry of "who looked at my record".
type LookRow struct {
	At                time.Time
	Who, What, Reason string
	Own               bool // she did it herself
}

func (s *Site) lookRows(v *Visit, list []requests.Look) []LookRow {
	z := v.Clinic.Location()
	var names map[id.ID]string
	if s.StaffNames != nil && slices.ContainsFunc(list, func(l requests.Look) bool { return !l.Actor.IsZero() && l.Role != string(access.Patient) }) {
		names, _ = s.StaffNames(v.Context(), v.Who.Clinic()) // a name that cannot be had leaves the role
	}
	var out []LookRow
	for _, l := range list {
		r := LookRow{At: l.At.In(z), Who: logWord(v, "role.", l.Role), What: auditWords(v, l.Action, l.Kind) + " · " + logWord(v, "audit.kind.", l.Kind), Own: l.Role == string(access.Patient)}
		if n := names[l.Actor]; n != "" && !r.Own {
			r.Who = n + " (" + r.Who + ")"
		}
		if r.Own {
			r.Who = v.Tongue.Say("request.look.you")
		}
		if l.Purpose != "" {
			r.Reason = logWord(v, "request.purpose.", l.Purpose)
		}
		out = append(out, r)
	}
	return out
}

func ownLooked(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	var before id.ID
	if t := q.Get("before"); t != "" {
		b, err := hex.DecodeString(t)
		if err != nil || len(b) != len(before) {
			return fault.Missing()
		}
		copy(before[:], b)
	}
	list, err := s.Requests.Looked(v.Context(), v.Who, before)
	if err != nil {
		return err
	}
	p := &OwnLookedPage{Shell: s.ownShell(v), Token: v.PathValue("token"), Rows: s.lookRows(v, list), Today: s.today(v)}
	if len(list) == requests.MostLooks {
		last := list[len(list)-1].ID
		p.Older = v.ownPath("/looked?before=" + hex.EncodeToString(last[:]))
	}
	if t := q.Get("day"); t != "" {
		if p.Day, err = s.dayAsked(v, t); err != nil {
			return err
		}
		lists, err := s.Requests.OnLists(v.Context(), v.Who, p.Day)
		if err != nil {
			return err
		}
		p.Lists = s.lookRows(v, lists)
	}
	return s.views.Render(w, http.StatusOK, "own-looked", p)
}

// OwnRequestPage is one request of hers, the page "own-request".
type OwnRequestPage struct {
	Shell
	Token string
	RequestRow
	Words, Why, Letter string
	Longer             bool
	WasKind            string    // what staff wrote down at first
	KindAt             time.Time // when they changed it
	CanBack, HasCopy   bool
}

func (s *Site) ownRequestPage(v *Visit) (*OwnRequestPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	r, letter, err := s.Requests.Answer(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	p := &OwnRequestPage{Shell: s.ownShell(v), Token: v.PathValue("token"), RequestRow: requestRow(v, r, clock.At(s.Clock.Now())), Words: askedWords(v, r), Letter: letter, Longer: r.LongerAt > 0 && !r.Over(), CanBack: !r.Over(),
		HasCopy: r.State == requests.Answered && r.Outcome != requests.Refused && (r.Kind == law.Access || r.Kind == law.Portability)}
	if p.Longer {
		p.Why = r.Why
	}
	p.WasKind, p.KindAt = string(r.WasKind), v.inZone(r.KindAt)
	return p, nil
}

func ownRequestShown(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.ownRequestPage(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-request", page)
}

func ownRequestBack(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.answer(w, v, s.Requests.TakeOwnBack(v.Context(), v.Who, one), v.ownPath("/requests/"+one.String()+"?done=request-back"), "own-request", func() (Page, error) { return s.ownRequestPage(v) })
}

// PublicRequestPage is /c/{slug}/privacy/request, the page "public-request": a link for whoever lost hers. Its answer is the same whoever exists.
type PublicRequestPage struct {
	Shell
	Contact   string
	Sent      bool
	Authority string
	Page      string
}

func (s *Site) publicRequestPage(v *Visit) *PublicRequestPage {
	a := law.Complaints(v.Clinic.Jurisdiction)
	return &PublicRequestPage{Shell: s.Shell(v), Sent: v.URL.Query().Get("sent") == "1", Authority: a.Name, Page: a.Page}
}

func publicRequest(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "public-request", s.publicRequestPage(v))
}

func publicRequested(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	typed := v.PostForm.Get("contact")
	var err error
	if wait := s.Limit(v.Request); wait > 0 {
		err = slow(w, wait)
	} else {
		err = s.Requests.AskLink(v.Context(), v.Who, typed)
	}
	return s.answer(w, v, err, v.URL.Path+"?sent=1", "public-request", func() (Page, error) {
		p := s.publicRequestPage(v)
		p.Contact = typed
		return p, nil
	})
}
