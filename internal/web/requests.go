package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/requests"
)

// What people asked about their own data, as the staff see it: the most urgent first, each with its clock, who asks, and the answer.

func requestRoutes() []Route {
	take, see, act := access.RequestTake, access.RequestRead, access.RequestAct
	return append(ownDataRoutes(), []Route{
		{Pattern: "GET /app/requests", Door: Staff, Right: see, Handle: requestsPage},
		{Pattern: "POST /app/requests/names", Door: Staff, Right: act, Handle: requestNames},
		{Pattern: "GET /app/requests/new", Door: Staff, Right: take, Handle: requestNew},
		{Pattern: "POST /app/requests/new", Door: Staff, Right: take, Handle: requestTaken},
		{Pattern: "GET /app/requests/{id}", Door: Staff, Right: see, Handle: requestPage},
		{Pattern: "GET /app/requests/{id}/copy", Door: Staff, Right: act, Handle: requestCopy},
		{Pattern: "POST /app/requests/{id}/identify", Door: Staff, Right: act, Handle: requestIdentify},
		{Pattern: "POST /app/requests/{id}/kind", Door: Staff, Right: act, Handle: requestKind},
		{Pattern: "POST /app/requests/{id}/confirmed", Door: Staff, Right: act, Handle: requestConfirmed},
		{Pattern: "POST /app/requests/{id}/longer", Door: Staff, Right: act, Handle: requestLonger},
		{Pattern: "POST /app/requests/{id}/decide", Door: Staff, Right: act, Handle: requestDecide},
		{Pattern: "POST /app/requests/{id}/told", Door: Staff, Right: act, Handle: requestTold},
		{Pattern: "POST /app/requests/{id}/back", Door: Staff, Right: act, Handle: requestBack},
		{Pattern: "POST /app/inbox/{thread}/request", Door: Staff, Right: take, Handle: requestFromTalk},
		{Pattern: "GET /platform/requests", Door: Platform, Right: access.PlatformHelp, Handle: handOversPage},
		{Pattern: "POST /platform/requests", Door: Platform, Right: access.PlatformHelp, Handle: handedOver},
	}...)
}

// RequestsPage is /app/requests, the page "requests".
type RequestsPage struct {
	Shell
	Open, Over []RequestRow
	Young      []YoungRow
	Names      bool
	CanAct     bool
}

// YoungRow is a child for whom nobody speaks.
type YoungRow struct {
	PatientID, Name string
	Broken          bool
	Delete          time.Time
}

func requestsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Requests.List(v.Context(), v.Who)
	if err != nil {
		return err
	}
	p := &RequestsPage{Shell: s.staffShell(v, ""), CanAct: v.Who.May(access.RequestAct)}
	now, z := clock.At(s.Clock.Now()), v.Clinic.Location()
	for _, l := range list {
		r := requestRow(v, l.Request, now)
		r.Name, r.Broken, r.Nameless = l.Name.Text, l.Name.Broken, l.Patient.IsZero()
		if !l.Patient.IsZero() {
			r.PatientID = l.Patient.String()
		}
		if l.Over() {
			p.Over = append(p.Over, r)
		} else {
			p.Open = append(p.Open, r)
		}
	}
	young, err := s.Requests.Young(v.Context(), v.Who)
	if err != nil {
		return err
	}
	for _, y := range young {
		p.Young = append(p.Young, YoungRow{y.Patient.String(), y.Name.Text, y.Name.Broken, y.DeleteAt.In(z)})
	}
	if p.Names, err = s.Requests.ShowsNames(v.Context(), v.Who); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "requests", p)
}

func requestNames(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := s.Requests.ShowNames(v.Context(), v.Who, v.PostForm.Get("names") == "1"); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/requests?done=saved", http.StatusSeeOther)
	return nil
}

// RequestNewPage is /app/requests/new, the page "request-new": what came by letter or was said at the desk.
type RequestNewPage struct {
	Shell
	Patient, PatientID                             string // whose data; empty: nobody knows yet
	Kind, Door, Asker, Proof, Came, Contact, Words string
	Today                                          clock.Date
	CanSee                                         bool
}

// KindChoices are the kinds of requests.
func (p *RequestNewPage) KindChoices() []Option {
	return p.Choices("request.kind.", p.Kind, kindWords()...)
}

// DoorChoices are how it came.
func (p *RequestNewPage) DoorChoices() []Option {
	return p.Choices("request.door.", p.Door, string(requests.ByVisit), string(requests.ByLetter))
}

// AskerChoices are who asks.
func (p *RequestNewPage) AskerChoices() []Option {
	return p.Choices("request.asker.", p.Asker, "self", "guardian", "nominee")
}

// ProofChoices are how it was made sure who asks.
func (p *RequestNewPage) ProofChoices() []Option {
	return append([]Option{{Label: p.Tongue.Say("request.proof.none"), On: p.Proof == ""}}, p.Choices("request.proof.", p.Proof, "met", "contact", "papers")...)
}

func kindWords() []string {
	var out []string
	for _, k := range law.Requests() {
		out = append(out, string(k))
	}
	return out
}

func (s *Site) requestNewPage(v *Visit, patient string) (*RequestNewPage, error) {
	p := &RequestNewPage{Shell: s.staffShell(v, ""), Kind: string(law.Access), Door: string(requests.ByVisit), Asker: "self", Today: s.today(v), Came: string(s.today(v)), CanSee: v.Who.May(access.RequestRead)}
	if patient == "" {
		return p, nil
	}
	one, err := id.Parse(patient)
	if err != nil {
		return nil, fault.Missing()
	}
	found, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	p.PatientID, p.Patient = patient, found.Name
	return p, nil
}

func requestNew(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.requestNewPage(v, v.URL.Query().Get("patient"))
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "request-new", page)
}

func requestTaken(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	n := requests.Taken{Kind: law.Request(f.Get("kind")), Door: requests.Door(f.Get("door")), Asker: requests.Asker(f.Get("asker")), Proof: requests.Proof(f.Get("proof")), Contact: f.Get("contact"), Words: f.Get("words")}
	n.Patient, _ = id.Parse(f.Get("patient"))
	if t := f.Get("came"); t != "" {
		d, err := clock.ParseDate(t)
		if err != nil {
			d = "9999-12-31"
		}
		n.Came = d
	}
	one, err := s.Requests.Take(v.Context(), v.Who, n)
	to := "/app/requests/new?done=request-taken"
	if v.Who.May(access.RequestRead) {
		to = "/app/requests/" + one.String() + "?done=request-taken"
	}
	return s.answer(w, v, err, to, "request-new", func() (Page, error) {
		page, err := s.requestNewPage(v, f.Get("patient"))
		if err == nil {
			page.Kind, page.Door, page.Asker, page.Proof, page.Came, page.Contact, page.Words = f.Get("kind"), f.Get("door"), f.Get("asker"), f.Get("proof"), f.Get("came"), f.Get("contact"), f.Get("words")
		}
		return page, err
	})
}

// RequestPage is one request, the page "request".
type RequestPage struct {
	Shell
	RequestRow
	Asker, Proof, ProvedBy, Law, Source   string
	Words, Contact, Ground, Why           string
	Reached                               []string
	Nominee, NomineeContact               string
	Guardians                             []string
	Statements                            []StatementRow
	Known, Confirmed, ConfirmDue          time.Time
	Longer, Decided, ToldAt, Erase        time.Time
	DecidedBy, ToldBy, Letter, Thread     string
	Alike                                 []PatientHit
	Find                                  string
	Found                                 []PatientHit
	Searched, CanLonger, CanAct, CanPrint bool
	NeedsReview, Hers, CanTell            bool
	WasKind                               string
	KindAt                                time.Time
	Version                               int64
	TypedOutcome, TypedGround             string
	TypedWhy, TypedProof, TypedLonger     string
	TypedBack, TypedNominee, TypedReach   string
	Stops                                 []Option // the uses that an objection can end; ticked: what was typed
	Reviewed                              bool
}

// KindChoices are the kinds of requests.
func (p *RequestPage) KindChoices() []Option {
	return p.Choices("request.kind.", p.Kind, kindWords()...)
}

// OutcomeChoices are the answers.
func (p *RequestPage) OutcomeChoices() []Option {
	if p.Kind == string(law.Deletion) { // which is done as a whole
		return p.Choices("request.outcome.", p.TypedOutcome, "granted", "refused")
	}
	return p.Choices("request.outcome.", p.TypedOutcome, "granted", "partly", "refused")
}

// GroundChoices are the grounds of a refusal.
func (p *RequestPage) GroundChoices() []Option {
	var all []string
	for _, g := range requests.Grounds() {
		all = append(all, string(g))
	}
	return append([]Option{{Label: p.Tongue.Say("request.ground.none"), On: p.TypedGround == ""}}, p.Choices("request.ground.", p.TypedGround, all...)...)
}

// ProofChoices are how it was made sure who asks.
func (p *RequestPage) ProofChoices() []Option {
	return p.Choices("request.proof.", p.TypedProof, "contact", "met", "papers")
}

func (s *Site) requestOf(v *Visit) (*RequestPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	c, err := s.Requests.Get(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	at := v.inZone
	p := &RequestPage{Shell: s.staffShell(v, ""), RequestRow: requestRow(v, c.Request, c.Now), Asker: string(c.Asker), Proof: string(c.Proof), ProvedBy: names[c.ProvedBy], Law: c.Law, Source: law.AnswerTo(c.Law, c.Kind).Source,
		Words: askedWords(v, c.Request), Contact: c.Contact, Ground: string(c.Ground), Why: c.Why, Reached: c.Reached, Guardians: c.Guardians, Known: at(c.KnownAt), Confirmed: at(c.ConfirmedAt), ConfirmDue: at(c.ConfirmDue), Longer: at(c.LongerAt),
		Decided: at(c.DecidedAt), ToldAt: at(c.ToldAt), Erase: at(c.EraseAt), DecidedBy: names[c.DecidedBy], ToldBy: c.ToldBy, Letter: c.Letter, Version: c.Version, CanAct: v.Who.May(access.RequestAct), CanLonger: c.CanTakeLonger(c.Now),
		TypedOutcome: "granted", TypedProof: "contact", Find: v.typed("find")}
	p.Name, p.Broken, p.Nameless = c.Name.Text, c.Name.Broken, c.Patient.IsZero()
	if !c.Patient.IsZero() {
		p.PatientID = c.Patient.String()
	}
	if !c.Thread.IsZero() {
		p.Thread = c.Thread.String()
	}
	copied := c.Kind == law.Access || c.Kind == law.Portability
	if c.Kind == law.Objection {
		for _, x := range consent.Opposable() {
			p.Stops = append(p.Stops, Option{Value: string(x), Label: v.Tongue.Say("consent.purpose." + string(x))})
		}
	}
	p.Hers, p.CanTell, p.WasKind, p.KindAt = c.Hers(), !c.Patient.IsZero() && c.ToldAt == 0 && (c.State == requests.Answered || c.Closed()), string(c.WasKind), at(c.KindAt)
	p.NeedsReview = copied && c.Asker != requests.Self
	p.CanPrint = copied && c.State == requests.Answered && c.Outcome != requests.Refused && !c.Patient.IsZero()
	if c.Nominee != nil {
		p.Nominee, p.NomineeContact = c.Nominee.Name, c.Nominee.Contact
	}
	for _, x := range c.Statements {
		if x.EndedAt == 0 {
			p.Statements = append(p.Statements, StatementRow{x.ID.String(), x.About, x.Words, x.At.In(z)})
		}
	}
	for _, h := range c.Alike {
		p.Alike = append(p.Alike, PatientHit{ID: h.ID.String(), Name: h.Name.Text, Broken: h.Name.Broken})
	}
	if p.Nameless && len([]rune(p.Find)) >= 2 && v.Who.May(access.PatientSearch) {
		hits, err := s.Patients.Search(v.Context(), v.Who, p.Find, mostFound)
		if err != nil {
			return nil, err
		}
		p.Searched, p.Found = true, hitsOf(v, hits)
	}
	return p, nil
}

func requestPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.requestOf(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "request", page)
}

func requestCopy(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	c, err := s.Requests.ForRequest(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "request-copy", s.copyPage(v, s.staffShell(v, ""), c))
}

// actOn does one thing about the request of the address and goes back to it, or shows what was typed again.
func (s *Site) actOn(w http.ResponseWriter, v *Visit, word string, do func(ctx context.Context, one id.ID, version int64) error) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.answer(w, v, do(v.Context(), one, typedVersion(v, 0)), "/app/requests/"+one.String()+"?done="+word, "request", func() (Page, error) {
		p, err := s.requestOf(v)
		if err == nil {
			f := v.PostForm
			for field, to := range map[string]*string{"outcome": &p.TypedOutcome, "ground": &p.TypedGround, "why": &p.TypedWhy, "proof": &p.TypedProof, "back": &p.TypedBack, "longer": &p.TypedLonger, "nominee": &p.TypedNominee, "reach": &p.TypedReach} {
				if f.Has(field) {
					*to = f.Get(field)
				}
			}
			p.Reviewed = f.Get("reviewed") == "1"
			for i := range p.Stops {
				p.Stops[i].On = slices.Contains(f["stops"], p.Stops[i].Value)
			}
		}
		return p, err
	})
}

func requestIdentify(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "request-known", func(ctx context.Context, one id.ID, version int64) error {
		patient, _ := id.Parse(v.PostForm.Get("patient"))
		return s.Requests.Identify(ctx, v.Who, one, version, patient, requests.Proof(v.PostForm.Get("proof")))
	})
}

func requestKind(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "saved", func(ctx context.Context, one id.ID, version int64) error {
		return s.Requests.SetKind(ctx, v.Who, one, version, law.Request(v.PostForm.Get("kind")))
	})
}

func requestConfirmed(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "saved", func(ctx context.Context, one id.ID, _ int64) error { return s.Requests.Confirmed(ctx, v.Who, one) })
}

func requestLonger(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "request-longer", func(ctx context.Context, one id.ID, version int64) error {
		return named("longer", s.Requests.TakeLonger(ctx, v.Who, one, version, v.PostForm.Get("longer")))
	})
}

// named says of the one field of a form what the room says of a value that it calls otherwise, so that it does not stand at another form's field of the room's name.
func named(field string, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i := range out.Fields {
		out.Fields[i].Name = field
	}
	return &out
}

func requestDecide(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "request-answered", func(ctx context.Context, one id.ID, version int64) error {
		f := v.PostForm
		return s.Requests.Decide(ctx, v.Who, one, version, requests.Decision{Outcome: requests.Outcome(f.Get("outcome")), Ground: requests.Ground(f.Get("ground")), Why: f.Get("why"), Reviewed: f.Get("reviewed") == "1", Stops: stops(v), Nominee: f.Get("nominee"), Reach: f.Get("reach")})
	})
}

// stops are the uses that were ticked.
func stops(v *Visit) (out []consent.Purpose) {
	for _, p := range v.PostForm["stops"] {
		out = append(out, consent.Purpose(p))
	}
	return out
}

func requestTold(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "saved", func(ctx context.Context, one id.ID, _ int64) error { return s.Requests.ToldByHand(ctx, v.Who, one) })
}

func requestBack(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.actOn(w, v, "request-back", func(ctx context.Context, one id.ID, _ int64) error {
		return s.Requests.TakeBack(ctx, v.Who, one, v.PostForm.Get("back"))
	})
}

// requestFromTalk makes a request of a conversation by one press.
func requestFromTalk(s *Site, w http.ResponseWriter, v *Visit) error {
	thread, err := pathThread(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	one, err := s.Requests.FromTalk(v.Context(), v.Who, thread, law.Request(v.PostForm.Get("kind")))
	to := "/app/inbox/" + thread.String() + "?done=request-taken"
	if v.Who.May(access.RequestRead) {
		to = "/app/requests/" + one.String() + "?done=request-taken"
	}
	return s.answer(w, v, err, to, "thread", func() (Page, error) { return s.thread(v) })
}

// RequestChoices are what a conversation can turn out to be.
func (p *ThreadPage) RequestChoices() []Option {
	return p.Choices("request.kind.", string(law.Access), kindWords()...)
}

// requestsAhead is what waits for an answer, for the dashboard.
func (s *Site) requestsAhead(v *Visit, page *DashboardPage) error {
	if !v.Who.May(access.RequestRead) {
		return nil
	}
	n, late, next, err := s.Requests.Ahead(v.Context(), v.Who)
	if err != nil || n == 0 {
		return err
	}
	words := v.Tongue.Say("request.waits", "Count", n)
	switch {
	case late > 0:
		words = v.Tongue.Say("request.waits_late", "Count", late)
	case next > 0:
		words += " " + v.Tongue.Say("request.waits_next", "Due", whenSaid(v, next))
	}
	page.Waiting = append(page.Waiting, WaitingItem{Words: words, URL: "/app/requests", Grave: late > 0})
	return nil
}

// HandOversPage is /platform/requests, the page "platform-requests": what reached the operator and belongs to a clinic.
type HandOversPage struct {
	Shell
	Slug, Kind, Contact, Words string
	Reply                      string // what the person is answered
}

// KindChoices are the kinds of requests.
func (p *HandOversPage) KindChoices() []Option {
	return p.Choices("request.kind.", p.Kind, kindWords()...)
}

func handOversPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "platform-requests", &HandOversPage{Shell: s.staffShell(v, ""), Kind: string(law.Access)})
}

func handedOver(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	p := &HandOversPage{Shell: s.staffShell(v, ""), Slug: f.Get("slug"), Kind: f.Get("kind"), Contact: f.Get("contact"), Words: f.Get("words")}
	name, err := s.HandOver(v.Context(), p.Slug, law.Request(p.Kind), p.Contact, p.Words)
	if err != nil {
		if !refusal(err) {
			return err
		}
		return s.views.Render(w, report(w, &p.Shell, err), "platform-requests", p)
	}
	p.Reply = p.Tongue.Say("request.operator.reply", "Clinic", name, "Page", s.PublicURL+"/c/"+p.Slug+"/privacy/request")
	p.Slug, p.Contact, p.Words = "", "", ""
	return s.views.Render(w, http.StatusOK, "platform-requests", p)
}
