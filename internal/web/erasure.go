package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/privacy"
	"almirah/internal/requests"
)

// Erasures: what will go and what a law holds, before anything happens; what was held of whom until when, without a name; both certificates, for the clinic and for whoever has their
// address; and what a custodian opens (promises erasure-plan, held-to-custodian, erasure-certified, erasure-asked).

func erasureRoutes() []Route {
	see := access.ErasureRead
	return []Route{
		{Pattern: "GET /app/erasures", Door: Staff, Right: see, Handle: erasuresPage},
		{Pattern: "GET /app/erasures/{id}", Door: Staff, Right: see, Handle: erasurePage},
		{Pattern: "POST /app/erasures/{id}/held", Door: Staff, Right: access.HeldOpen, Handle: heldOpen},
		{Pattern: "GET /app/erasures/{id}/letter.txt", Door: Staff, Right: access.HeldOpen, Handle: letterFile},
		{Pattern: "POST /app/erasures/{id}/letter", Door: Staff, Right: access.HeldOpen, Handle: letterSent},
		{Pattern: "GET /c/{slug}/erased/{id}", Door: Clinic, Right: access.PublicRead, Handle: erasedPage},
		{Pattern: "GET /c/{slug}/erased/{id}/certificate", Door: Clinic, Right: access.PublicRead, Handle: certificateFile},
		{Pattern: "GET /app/settings/former/{person}", Door: Staff, Right: access.ClinicStaff, Handle: colleagueAsk},
		{Pattern: "POST /app/settings/former/{person}", Door: Staff, Right: access.ClinicStaff, Handle: colleagueErase},
		{Pattern: "GET /trust/erasure-key", Door: Open, Handle: erasureKey},
		{Pattern: "GET /trust/closed/{id}", Door: Open, Handle: closedCertificate},
	}
}

// PlanShown is what an erasure takes away and what stays.
type PlanShown struct {
	Goes       []Counted
	Held       []HeldRow
	Carried    []Counted
	NoBirth    bool // the birth date is not on record, so an adult's time counts
	Waits      bool
	WaitsUntil clock.Date
}

// Counted is a number of things of a kind, in the language of the page.
type Counted struct {
	What   string
	Number int
}

// HeldRow is what a law holds.
type HeldRow struct {
	ID, What, Source string
	Number           int
	Last             clock.Date
	Sealed           bool
	Given            bool // that something was given to others by law
	Noticed, Ended   time.Time
}

func (s *Site) planShown(v *Visit, p privacy.Plan) PlanShown {
	out := PlanShown{Held: heldRows(v, p.Holds), Carried: carriedRows(v, p.Carried), NoBirth: !p.BirthKnown && len(p.Holds) > 0, Waits: p.Waiting, WaitsUntil: p.Waits}
	for _, g := range p.Goes {
		out.Goes = append(out.Goes, Counted{v.Tongue.Say("erasure.room." + g.Room), g.Number})
	}
	slices.Reverse(out.Goes) // who she is stands first on the page, and goes last
	return out
}

func heldRows(v *Visit, holds []privacy.Hold) (out []HeldRow) {
	z := v.Clinic.Location()
	for _, h := range holds {
		r := HeldRow{ID: h.ID.String(), What: v.Tongue.Say("erasure.class." + string(h.Class)), Source: h.Source, Number: h.Number, Last: h.Last, Sealed: h.Sealed, Given: h.Class == law.Disclosures}
		if h.Noticed > 0 {
			r.Noticed = h.Noticed.In(z)
		}
		if h.Ended > 0 {
			r.Ended = h.Ended.In(z)
		}
		out = append(out, r)
	}
	return out
}

func carriedRows(v *Visit, list []privacy.Carried) (out []Counted) {
	for _, c := range list {
		out = append(out, Counted{v.Tongue.Say("channel." + c.Carrier), c.Number})
	}
	return out
}

// heldAhead tells those who lead the clinic what goes within two days.
func (s *Site) heldAhead(v *Visit, sh *Shell) {
	if !v.Who.May(access.ErasureRead) {
		return
	}
	list, err := s.Erasure.Ahead(v.Context(), v.Who)
	if err != nil {
		return
	}
	for _, n := range list {
		sh.Notices = append(sh.Notices, Notice{Text: v.Tongue.Say("erasure.ahead", "What", v.Tongue.Say("erasure.class."+string(n.Class)), "Date", v.Tongue.ShortDate(n.Last)),
			URL: "/app/erasures/" + n.Erasure.String(), Link: v.Tongue.Say("erasure.look")})
	}
}

// ErasuresPage is /app/erasures, the page "erasures".
type ErasuresPage struct {
	Shell
	Rows []ErasureRow
}

// ErasureRow is one erasure in the list.
type ErasureRow struct {
	ID            string
	At            time.Time
	By            string
	Open          int
	Last          clock.Date
	First, Second bool
}

func erasuresPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Erasure.List(v.Context(), v.Who)
	if err != nil {
		return err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &ErasuresPage{Shell: s.staffShell(v, "")}
	for _, e := range list {
		r := ErasureRow{ID: e.ID.String(), At: e.At.In(v.Clinic.Location()), By: people[e.By], Open: e.Open(), First: e.FirstAt > 0, Second: e.SecondAt > 0}
		for _, h := range e.Holds {
			if h.Ended == 0 {
				r.Last = max(r.Last, h.Last)
			}
		}
		page.Rows = append(page.Rows, r)
	}
	return s.views.Render(w, http.StatusOK, "erasures", page)
}

// ErasurePage is /app/erasures/{id}, the page "erasure", and /c/{slug}/erased/{id}, the page "erased".
type ErasurePage struct {
	Shell
	ID, Slug, By  string
	At            time.Time
	Held          []HeldRow
	Carried       []Counted
	Askings       []AskedRow
	First, Second time.Time // when the certificates were issued; zero while they were not
	Goes          time.Time // when the last backup from before is deleted; zero when none is left, or nobody knows
	Elsewhere     bool      // the house from which the clinic moved in gives certificate two
	Address       string    // of the public page
	Fingerprint   string
	CanOpen       bool
	Reason, Asked string // what a custodian typed, and for which hold
	Opened        []OpenedRecord
}

// AskedRow is what one carrier was asked to erase, and how it stands.
type AskedRow struct {
	Carrier string // as people know it
	Key     string // of its rows
	Number  int
	States  []AskedLine
	Letter  string // what the clinic writes to it, without the ids; empty when nothing is left to write, or the reader may not open them
	Waiting int    // things that the letter speaks of
}

// AskedLine is how some of it stands.
type AskedLine struct {
	What, Why string // in the language of the page; Why is empty where there is nothing more to say
	State     privacy.AskState
	Number    int
	At        time.Time // of what is over: when
}

// askStates are the states in the order of the page.
var askStates = []privacy.AskState{privacy.AskDone, privacy.AskAbsent, privacy.AskTerms, privacy.AskRefused, privacy.AskSent, privacy.AskDue, privacy.AskLetter}

// askedRows are what carriers were asked. people are the names of those who may have sent a letter; nil where nobody is named.
func askedRows(v *Visit, list []privacy.Asked, people map[id.ID]string) (out []AskedRow) {
	for _, a := range list {
		r := AskedRow{Carrier: carrierName(v, a.Carrier), Key: a.Carrier, Number: a.In(), Waiting: a.In(privacy.AskLetter)}
		for _, state := range askStates {
			for _, l := range a.Lines {
				if l.State != state {
					continue
				}
				days, _ := strconv.Atoi(l.Code) // of the state that has some
				x := AskedLine{What: v.Tongue.Say("erasure.ask."+string(state), "Days", days), Why: askedWhy(v, l), State: state, Number: l.Number, At: l.At.In(v.Clinic.Location())}
				if name := people[l.By]; state == privacy.AskSent && name != "" {
					x.Why = v.Tongue.Say("erasure.ask.by", "Name", name)
				}
				if n := len(r.States); n > 0 && r.States[n-1].What == x.What && r.States[n-1].Why == x.Why { // another answer, and the same to a reader
					last := &r.States[n-1]
					last.Number, last.At = last.Number+x.Number, later(last.At, x.At)
					continue
				}
				r.States = append(r.States, x)
			}
		}
		out = append(out, r)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// askedWhy says why nobody is asked, or why a person has to write; empty where the state says it all.
func askedWhy(v *Visit, l privacy.AskedLine) string {
	if l.State != privacy.AskDue && l.State != privacy.AskLetter {
		return ""
	}
	word := l.Code
	if strings.HasPrefix(word, messaging.ReasonOutside) {
		word = "outside"
	}
	if key := "erasure.ask.why." + word; word != "" && v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return ""
}

// carrierName is the name of a carrier as the page of the channels has it.
func carrierName(v *Visit, carrier string) string {
	for _, key := range []string{"erasure.carrier." + carrier, "channel.provider." + carrier} {
		if v.Tongue.Has(key) {
			return v.Tongue.Say(key)
		}
	}
	return carrier
}

// letterFile gives the letter to a carrier with the ids in it, as a text file.
func letterFile(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	l, err := s.Erasure.Letter(v.Context(), v.Who, one, v.URL.Query().Get("carrier"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="letter.txt"`)
	_, err = w.Write([]byte(l.Text()))
	return err
}

// letterSent marks the letter to a carrier as sent.
func letterSent(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(v.PostForm.Get("number"))
	if err != nil {
		return fault.Missing()
	}
	err = s.Erasure.LetterSent(v.Context(), v.Who, one, v.PostForm.Get("carrier"), number)
	return s.answer(w, v, err, "/app/erasures/"+one.String()+"?done=saved", "erasure", func() (Page, error) { return s.staffErasure(v) })
}

// OpenedRecord is one record that a custodian opened.
type OpenedRecord struct {
	What   string
	Day    clock.Date
	Fields []RecordField
}

// RecordField is a name and what stands under it, as people read them.
type RecordField struct{ Name, Text string }

// ReasonFor is the field of a hold: what was typed stays at the one that it was typed for.
func (p *ErasurePage) ReasonFor(hold string) Field {
	if hold == p.Asked {
		return p.Field("reason", "erasure.reason", p.Reason).Text(2).Needed().Most(500)
	}
	f := p.Field("reason", "erasure.reason", "").Text(2).Needed().Most(500).On(hold)
	f.Error = ""
	return f
}

func (s *Site) erasure(v *Visit, e privacy.Erasure, sh Shell) *ErasurePage {
	z := v.Clinic.Location()
	page := &ErasurePage{Shell: sh, ID: e.ID.String(), Slug: v.Clinic.Slug, At: e.At.In(z), Held: heldRows(v, e.Holds), Carried: carriedRows(v, e.Carried), CanOpen: v.Who.May(access.HeldOpen)}
	if e.FirstAt > 0 {
		page.First = e.FirstAt.In(z)
	}
	if e.SecondAt > 0 {
		page.Second = e.SecondAt.In(z)
	} else if e.Elsewhere {
		page.Elsewhere = true
	} else if t, err := s.Erasure.Goes(v.Context(), e); err == nil && !t.IsZero() { // a place that does not answer spoils no page
		page.Goes = t.In(z)
	}
	page.Address = s.reach(v) + "/c/" + v.Clinic.Slug + "/erased/" + page.ID
	if key, err := s.ErasureKey(); err == nil {
		page.Fingerprint = privacy.Fingerprint(key)
	}
	return page
}

// letters puts the letters, without the ids, beside the carriers that need one.
func (page *ErasurePage) letters(v *Visit) {
	for i := range page.Askings {
		if r := &page.Askings[i]; r.Waiting > 0 && page.CanOpen {
			r.Letter = privacy.Letter{Carrier: r.Key, To: privacy.CarrierName(r.Key), Clinic: v.Clinic.Name, Day: clock.DateOf(page.At), Number: r.Waiting}.Text()
		}
	}
}

func (s *Site) staffErasure(v *Visit) (*ErasurePage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	e, err := s.Erasure.Get(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := s.erasure(v, e, s.staffShell(v, ""))
	page.By = people[e.By]
	page.Askings = askedRows(v, e.Asked, people)
	page.letters(v)
	return page, nil
}

func erasurePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.staffErasure(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "erasure", page)
}

// heldOpen shows what is held to a custodian who said why. It is shown in the answer itself, and at no address.
func heldOpen(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.staffErasure(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	hold, err := id.Parse(v.PostForm.Get("hold"))
	if err != nil {
		return fault.Missing()
	}
	erasure, _ := pathID(v)
	page.Reason, page.Asked = strings.TrimSpace(v.PostForm.Get("reason")), hold.String()
	got, err := s.Erasure.OpenHeld(v.Context(), v.Who, erasure, hold, page.Reason)
	if refusal(err) {
		return s.views.Render(w, report(w, page.shell(), err), "erasure", page)
	}
	if err != nil {
		return err
	}
	page.Reason = ""
	if v.PostForm.Get("as") == "file" {
		text, err := json.MarshalIndent(got.Records, "", "  ")
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Disposition", `attachment; filename="held-records.json"`)
		_, err = w.Write(text)
		return err
	}
	for _, r := range got.Records {
		o := OpenedRecord{What: v.Tongue.Say("erasure.table." + r.Table), Day: r.Day}
		for _, name := range requests.Columns(r.Body) { // as on a copy for the person; the numbers by which the program knows an entry stand in the file
			if _, err := id.Parse(r.Body[name]); err == nil {
				continue
			}
			f := RecordField{copyField(v, name), copySaid(v, r.Table, name, r.Body[name])}
			if strings.HasSuffix(name, "_base64") {
				f.Text = v.Tongue.Say("erasure.in_file")
			}
			o.Fields = append(o.Fields, f)
		}
		page.Opened = append(page.Opened, o)
	}
	return s.views.Render(w, http.StatusOK, "erasure", page)
}

func (s *Site) publicErasure(v *Visit) (privacy.Erasure, error) {
	one, err := pathID(v)
	if err != nil {
		return privacy.Erasure{}, err
	}
	return s.Erasure.Public(v.Context(), v.Who, one)
}

func erasedPage(s *Site, w http.ResponseWriter, v *Visit) error {
	e, err := s.publicErasure(v)
	if err != nil {
		return err
	}
	page := s.erasure(v, e, s.Shell(v))
	page.Askings = askedRows(v, e.Asked, nil)
	return s.views.Render(w, http.StatusOK, "erased", page)
}

// certificateFile gives a certificate as a file: number 1 or 2, as text, or as JSON when that is asked for.
func certificateFile(s *Site, w http.ResponseWriter, v *Visit) error {
	e, err := s.publicErasure(v)
	if err != nil {
		return err
	}
	number, said := "1", e.First
	if v.URL.Query().Get("number") == "2" {
		number, said = "2", e.Second
	}
	if said == "" {
		return fault.Missing()
	}
	c, err := privacy.Read([]byte(said))
	if err != nil {
		return err
	}
	kind, ending, body := "text/plain; charset=utf-8", "txt", c.Text()
	if v.URL.Query().Get("as") == "json" {
		kind, ending, body = "application/json", "json", c.JSON()
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="erasure-certificate-%s.%s"`, number, ending))
	_, err = w.Write(body)
	return err
}

// erasureKey publishes the key that signs certificates, with its fingerprint and how to check one.
// closedCertificate is the certificate of a clinic that has gone: what was destroyed, what is held until when, and who answers for it (promise closing-holds).
func closedCertificate(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	c, err := s.Erasure.Closed(v.Context(), one)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write(c.Text())
	return err
}

func erasureKey(s *Site, w http.ResponseWriter, _ *Visit) error {
	key, err := s.ErasureKey()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = fmt.Fprintf(w, "The key that signs certificates of erasure here (Ed25519, base64):\n%s\n\nIts fingerprint (the first 16 bytes of SHA-256 of the key):\n%s\n\nTo check a certificate, on any machine, without a network:\nalmirah verify-certificate FILE\nIt prints the fingerprint of the key that signed; compare it with the one above.\n",
		base64.StdEncoding.EncodeToString(key), privacy.Fingerprint(key))
	return err
}

// ColleagueErasePage is /app/settings/former/{person}, the page "colleague-erase".
type ColleagueErasePage struct {
	Shell
	ID, Name  string
	Elsewhere bool
}

func (s *Site) colleague(v *Visit) (*ColleagueErasePage, id.ID, error) {
	one, err := id.Parse(v.PathValue("person"))
	if err != nil {
		return nil, one, fault.Missing()
	}
	f, err := s.Accounts.Former(v.Context(), v.Who, one)
	if err != nil {
		return nil, one, err
	}
	return &ColleagueErasePage{Shell: s.staffShell(v, ""), ID: one.String(), Name: f.Name, Elsewhere: f.Elsewhere}, one, nil
}

func colleagueAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	page, _, err := s.colleague(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "colleague-erase", page)
}

func colleagueErase(s *Site, w http.ResponseWriter, v *Visit) error {
	page, one, err := s.colleague(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	if v.PostForm.Get("sure") == "" {
		var f fault.Fields
		f.Add("sure", "field.sure.needed")
		err = f.Err()
	} else {
		err = s.EraseColleague(v.Context(), v.Who, one)
	}
	return s.answer(w, v, err, "/app/settings/staff?done=colleague_erased", "colleague-erase", func() (Page, error) { return page, nil })
}
