package web

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/backup"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/datamap"
	"almirah/internal/disclosures"
	"almirah/internal/document"
	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/insight"
	"almirah/internal/intake"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/prescriptions"
	"almirah/internal/privacy"
	"almirah/internal/programs"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/subscription"
	"almirah/internal/support"
	"almirah/internal/support/help"
	"almirah/internal/vendors"
	"almirah/internal/visits"
	"almirah/internal/words"
)

// Deps are the rooms that pages show, and what they need to know of the deployment.
type Deps struct {
	DB       *store.DB
	Clinics  *clinics.Service
	Accounts *accounts.Service
	Patients *patients.Service
	Consent  *consent.Service
	Policies *policies.Service
	Desk     *scheduling.Desk
	Messages *messaging.Service
	Followup *followup.Service
	Bills    *billing.Service
	Pay      *billing.Gateways
	Press    *document.Press // makes papers
	Scripts  *prescriptions.Service
	Plans    *subscription.Service // nil, or without plans: nobody pays here
	Intake   *intake.Service
	Visits   *visits.Service
	Watch    *oversight.Service
	Insight  *insight.Service
	Support  *support.Service
	Domains  *domains.Service
	Vendors  *vendors.Service // nil: nothing is on file and nothing is counted
	Trouble  *incidents.Service
	Given    *disclosures.Service
	Requests *requests.Service
	Lives    *retention.Service
	Programs *programs.Service
	Archives *archives.Service
	Map      *datamap.Service
	Book     *words.Book
	Clock    clock.Clock
	Log      *slog.Logger

	PublicURL      string                                                                                                     // without a slash at the end
	Demo           bool                                                                                                       // shows the outbox and the demo's sign-ins
	DemoCode       func(email string, used int64) string                                                                      // the present code of a demo’s person, later than the last that was used; nil outside the demo
	DemoLogins     []DemoLogin                                                                                                // on the sign-in page of the demo only
	Outbox         func() []Delivered                                                                                         // messages of the local carriers, newest first; nil outside the demo
	Received       func() []Received                                                                                          // what the demo's own program was told, newest first; nil outside the demo
	Phones         *DemoPhones                                                                                                // of the demo's patients; nil outside the demo
	Processors     func() []egress.Processor                                                                                  // the sub-processor list, which is the egress allow-list
	Promises       func(ctx context.Context) []Kept                                                                           // every sentence with the last result of its probe
	Spells         func(ctx context.Context, probe string) ([]Spell, error)                                                   // how a probe's looks came out, the newest spell first
	LookNow        func(ctx context.Context) error                                                                            // has every probe look; nil: not told
	Limit          func(r *http.Request) time.Duration                                                                        // how long a booking from this address must wait
	ClinicMap      func(ctx context.Context, who access.Caller, t *words.Tongue) (datamap.Record, error)                      // a clinic's record of processing
	HouseMap       func(ctx context.Context, t *words.Tongue, most int) (datamap.Record, error)                               // that of whoever runs the installation
	Entity         Entity                                                                                                     // who runs this installation
	Ledger         Ledger                                                                                                     // the tree of the audit log
	Address        func(r *http.Request) string                                                                               // the visitor's network address, behind known proxies
	Backups        func(ctx context.Context) (backup.State, error)                                                            // how the backups stand; nil: none are made
	BackupsNow     func() backup.State                                                                                        // the same as it was a moment ago, which costs nothing
	Release        func(ctx context.Context, who access.Caller) error                                                         // lets leave what is held after a restore
	Walks          func(ctx context.Context) (*WalkPage, error)                                                               // how the walks of the invented patient went; nil: there are none
	WalkNow        func(ctx context.Context, who access.Caller) error                                                         // asks for a walk; fault.Conflict while one is under way
	Alone          func(ctx context.Context) bool                                                                             // one clinic has the house for itself
	Operating      func(ctx context.Context) *OperatePage                                                                     // how the deployment stands, for its operators; nil: not told
	TellClinics    func(ctx context.Context, who access.Caller, incident id.ID) (int, error)                                  // opens an incident of a processor in each clinic that used it
	HandOver       func(ctx context.Context, slug string, kind law.Request, contact, words string) (clinic string, err error) // gives a clinic what a person asked the operator, and answers its name
	StaffNames     func(ctx context.Context, clinic id.ID) (map[id.ID]string, error)                                          // of those who work in a clinic
	Close          func(ctx context.Context, who access.Caller, patient id.ID) (id.ID, error)                                 // erases a patient in every room; the erasure
	Erasure        *privacy.Service
	EraseColleague func(ctx context.Context, who access.Caller, person id.ID) error // erases somebody who worked at the clinic
	ErasureKey     func() (ed25519.PublicKey, error)                                // to check certificates of erasure with
}

// Entity is who runs the installation, for the policy pages (promise R8). What is not configured is empty.
type Entity struct{ Name, Address, Contact, Security string }

// DemoLogin is one of the demo's people.
type DemoLogin struct{ Email, Password, Role string }

// Delivered is one message that a local carrier took.
type Delivered struct {
	ID, Channel, To, ToName, From, Subject, Text, HTML, UnsubscribeURL string
	ICS                                                                string
	Account                                                            bool // a letter about somebody's account, of no clinic
	At                                                                 time.Time
}

// Kept is one sentence of the policy with how it stands.
type Kept struct {
	promise.Sentence
	Status    string // enforced, human, not-yet, broken, not-applicable
	Evidence  string
	CheckedAt time.Time // zero: never
	Since     time.Time // since when it stands so, as far as looks of a probe tell; zero: no probe looked
}

// Spell is a time in which each look of a probe came out the same.
type Spell struct {
	Status, Evidence string // "enforced" or "broken"; what the last look of the spell said
	Since, Last      time.Time
	Times            int
}

// Site answers the pages.
type Site struct {
	Deps
	views  *Views
	assets http.Handler
	origin *http.CrossOriginProtection
	help   *help.Shelf

	boards  boards    // the dashboards that were last opened
	follows following // whose pages are told of changes
	seats   browsers  // which browsers use a sign-in
}

// NewSite opens the pages. It fails when the templates or the assets cannot be read.
func NewSite(d Deps) (*Site, error) {
	c, err := carried()
	if err != nil {
		return nil, err
	}
	return &Site{Deps: d, views: c.views, assets: c.assets, origin: http.NewCrossOriginProtection(), help: c.help}, nil
}

// cargo is what every page is made of and the program carries in itself: nothing of a clinic.
type cargo struct {
	assets http.Handler
	views  *Views
	help   *help.Shelf
}

// carried reads the cargo, once a process.
var carried = sync.OnceValues(func() (c cargo, err error) {
	book, err := words.Load()
	if err != nil {
		return c, err
	}
	var address func(string) string
	if c.assets, address, err = Assets(); err != nil {
		return c, err
	}
	if c.views, err = NewViews(book, address); err != nil {
		return c, err
	}
	c.help, err = help.Load()
	return c, err
})

// Door says how a visitor comes in, and so who the caller is.
type Door int

// The doors.
const (
	Open     Door = iota // belongs to no clinic: sign-in, the trust page
	Clinic               // /c/{slug}: anyone, in that clinic
	Link                 // /m/{token}: a patient by her own link
	Paper                // /r/{token}: a patient by a link to one paper
	Staff                // /app: somebody who signed in and works in a clinic
	Person               // somebody who signed in, whatever the clinic
	Platform             // /platform: somebody of the platform, in no clinic
)

// Route is one address: how one comes in, by which right, and who answers.
type Route struct {
	Pattern string // "GET /app/day"
	Door    Door
	Right   access.Right // empty at the doors Open and Person
	// Module is the module that the clinic must have turned on: where it is off there is no such page, for no role (promise A18).
	Module string
	// OneClick marks the unsubscribe address that mail programs call: no cookie, no token but
	// the one in the address (RFC 8058).
	OneClick bool
	// Quiet marks what a page asks for by itself, without its reader: it does not keep the session alive.
	Quiet bool
	// Enrol marks what is open to somebody who has to set up a second factor first: the set-up itself, and the way out.
	Enrol bool
	// Sign marks what is open to somebody who has to sign the statement of confidentiality first: the statement itself.
	Sign bool
	// Again marks what asks for a factor shortly before although it has no right of a clinic; see access.AsksAgain for the others.
	Again bool
	// Script lets the page of a door without a clinic load our scripts: a passkey needs one.
	Script bool
	// Lent is what a grant must hold to open the page to somebody of support; zero: no grant opens it (see lentPages).
	Lent access.Scope
	// Body is how many bytes a form may have, for the few that carry a file; zero: the house's limit.
	Body   int64
	Handle func(s *Site, w http.ResponseWriter, v *Visit) error
}

// Visit is one request with who makes it.
type Visit struct {
	*http.Request
	Tongue      *words.Tongue
	Theme       string
	Who         access.Caller
	Signed      *accounts.SignedIn // nil unless somebody signed in
	Appointment id.ID              // of a patient's link; at the door Paper the share that it opens
	Clinic      clinics.Clinic     // at the doors Clinic, Link, Paper and Staff
	cards       []string           // the fields in which the number of a payment card stood; nothing of this request is written
	csrf        []byte             // the secret behind this visitor's form tokens
	body        int64              // how many bytes its form may have
	lent        support.Grant      // under which somebody of support looks at a clinic; zero for everyone else
}

// Mount adds every page to mux.
func (s *Site) Mount(mux *http.ServeMux) {
	mux.Handle("GET "+AssetPath, s.assets)
	for _, r := range Routes() {
		mux.HandleFunc(r.Pattern, func(w http.ResponseWriter, req *http.Request) { s.serve(w, req, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		s.serve(w, req, Route{Door: Open, Handle: func(*Site, http.ResponseWriter, *Visit) error { return fault.Missing() }})
	})
}

// maxForm is how many bytes a form may have; a logo is the largest thing in one.
const maxForm = 1 << 20

// policy is the content security policy of every page: our own files and nothing else, no
// script written into a page, no frame round it. Public pages load no script at all.
const (
	policyStaff  = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	policyPublic = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func (s *Site) serve(w http.ResponseWriter, r *http.Request, route Route) {
	h := w.Header()
	h.Set("Content-Security-Policy", policyPublic)
	if route.Door == Staff || route.Door == Platform || route.Script {
		h.Set("Content-Security-Policy", policyStaff)
	}
	h.Set("Cache-Control", "no-store")
	body := max(maxForm, route.Body)
	r.Body = http.MaxBytesReader(w, r.Body, body)
	v := &Visit{Request: r, body: body}
	v.guardQuery()
	r = v.Request
	v.Theme, v.Tongue = s.preference(r, "", nil)
	begun := clock.At(s.Clock.Now())
	err := s.enter(w, v, route)
	if err == nil && v.Method == http.MethodGet && v.URL.Query().Has("lang") {
		s.chooseLanguage(w, v)
		return
	}
	var again *proofNeeded
	switch {
	case errors.As(err, &again):
		err = s.askProof(w, v, again)
	case err != nil:
	case len(v.cards) > 0 && v.Method != http.MethodGet:
		err = s.answerWithoutCards(w, v, route)
	default:
		err = route.Handle(s, w, v)
	}
	if err != nil {
		s.fail(w, v, route, err)
		return
	}
	s.counted(v, route, begun)
}

// enter finds out who comes, and checks the form's token before anything is done.
func (s *Site) enter(w http.ResponseWriter, v *Visit, route Route) error {
	unsafe := v.Method != http.MethodGet && v.Method != http.MethodHead
	if unsafe && !route.OneClick {
		if err := s.origin.Check(v.Request); err != nil {
			return fault.New(fault.Forbidden, "fault.form_expired").Because(err)
		}
	}
	if err := s.identify(w, v, route); err != nil {
		return err
	}
	if route.Module != "" && !v.Clinic.Has(route.Module) {
		return fault.Missing()
	}
	if unsafe && !route.OneClick {
		if err := v.checkToken(); err != nil {
			return err
		}
	}
	if unsafe {
		if err := v.guardForm(); err != nil {
			return err
		}
	}
	if v.Who.Helps() {
		return v.lends(route)
	}
	if route.Right != "" && !v.Who.May(route.Right) {
		if v.Who.Role() == access.Booker {
			return fault.New(fault.Forbidden, "fault.booking_link")
		}
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	return s.freshly(w, v, route, unsafe)
}

func (s *Site) identify(w http.ResponseWriter, v *Visit, route Route) error {
	ctx := v.Context()
	switch route.Door {
	case Clinic:
		c, err := s.Clinics.BySlug(ctx, v.PathValue("slug"))
		if err != nil {
			return err
		}
		v.Who = accounts.Public(c)
	case Link:
		who, appointment, err := s.Desk.Enter(ctx, v.PathValue("token"))
		if err != nil {
			return err
		}
		v.Who, v.Appointment = who, appointment
	case Paper:
		who, share, err := s.Scripts.Enter(ctx, v.PathValue("token"))
		if err != nil {
			return err
		}
		v.Who, v.Appointment = who, share
	case Staff, Person, Platform:
		return s.identifyPerson(v, route)
	case Open:
		if signed, err := s.session(v, false); err == nil && !signed.Enrolling && !signed.Shut() {
			v.Signed = &signed
		}
		v.formSecret(w)
		return nil
	}
	var err error
	if v.Clinic, err = s.Clinics.Get(ctx, v.Who); err != nil {
		return err
	}
	if at, own := ownHost(ctx); own && at.Clinic != v.Clinic.ID {
		v.Clinic = clinics.Clinic{}
		return fault.Missing() // another clinic's page, or a link to one, is not shown at this one's name
	}
	v.Theme, v.Tongue = s.preference(v.Request, "", v.Clinic.Languages)
	v.formSecret(w)
	return nil
}

func (s *Site) identifyPerson(v *Visit, route Route) error {
	signed, err := s.session(v, route.Quiet)
	if err != nil {
		return err
	}
	if signed.Enrolling && !route.Enrol {
		return fault.New(fault.Unauthenticated, "fault.enrol_first")
	}
	if signed.Unsigned && !route.Enrol && !route.Sign {
		return fault.New(fault.Unauthenticated, "fault.confidential_first")
	}
	if signed.Outdated && !route.Enrol && !route.Sign {
		return fault.New(fault.Unauthenticated, "fault.terms_first")
	}
	v.Signed, v.csrf = &signed, []byte(signed.CSRF)
	v.Theme, v.Tongue = s.preference(v.Request, signed.Person.Language, nil)
	if v.Theme == "" {
		v.Theme = signed.Person.Theme
	}
	switch {
	case route.Door == Person:
		return nil
	case route.Door == Platform:
		v.Who, err = s.Accounts.Helper(v.Context(), signed)
		return err
	case signed.Clinic.IsZero():
		if err := s.seat(v, signed); err != nil {
			return err
		}
	default:
		v.Who = signed.Caller
		s.watchBrowser(v)
	}
	if v.Clinic, err = s.Clinics.Get(v.Context(), v.Who); err != nil {
		return err
	}
	v.Theme, v.Tongue = s.preference(v.Request, signed.Person.Language, v.Clinic.Languages)
	if v.Theme == "" {
		v.Theme = signed.Person.Theme
	}
	return nil
}

func (s *Site) session(v *Visit, quiet bool) (accounts.SignedIn, error) {
	c, err := v.Cookie(SessionCookie)
	if err != nil {
		return accounts.SignedIn{}, fault.New(fault.Unauthenticated, "fault.sign_in_first")
	}
	if quiet {
		return s.Accounts.Glance(v.Context(), c.Value)
	}
	return s.Accounts.Session(v.Context(), c.Value)
}

// Shell starts the page of this visit.
func (s *Site) Shell(v *Visit) Shell {
	sh := NewShell(v.Request, v.Tongue, v.Theme, v.token())
	sh.Problems = v.problemsOfCards()
	if v.Clinic.Slug != "" {
		sh.Clinic = s.clinicHead(v)
	}
	if v.Signed != nil && !v.Signed.Enrolling && !v.Signed.Shut() {
		p := v.Signed.Person
		sh.Person = &PersonHead{Name: p.Name, Role: v.Signed.Role, Keys: p.Shortcuts, Helper: v.Who.Helps() || v.Who.May(access.PlatformHelp)}
		if v.Clinic.Slug != "" && !sh.Person.Helper {
			sh.Help = help.For(v.URL.Path)
		}
		if len(v.Signed.Clinics) > 1 {
			// The names of her other clinics are a read of their own, for the few who work in several.
			if choices, err := s.Accounts.Choices(v.Context(), *v.Signed); err == nil {
				for _, c := range choices {
					sh.Person.Clinics = append(sh.Person.Clinics, ClinicChoice{ID: c.Clinic.String(), Name: c.Name, Role: c.Role, Current: c.Current})
				}
			}
		}
	}
	return sh
}

func (s *Site) clinicHead(v *Visit) *ClinicHead {
	c := v.Clinic
	h := &ClinicHead{Name: c.Name, Slug: c.Slug, LegalName: c.LegalEntity}
	_, h.Own = ownHost(v.Context())
	for _, l := range strings.Split(c.Address, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			h.Address = append(h.Address, l)
		}
	}
	if c.ShowPhone {
		h.Phone = c.Phone
	}
	if c.ShowEmail {
		h.Email = c.Email
	}
	if c.LogoType != "" {
		h.LogoURL = h.Path() + "/logo?v=" + fingerprint(c.LogoType+c.Colour, c.Version)
	}
	if c.Colour != "" {
		h.BrandURL = h.Path() + "/brand.css?v=" + fingerprint(c.Colour, 0)
	}
	return h
}

// fail is the one place where a fault becomes a page.
func (s *Site) fail(w http.ResponseWriter, v *Visit, route Route, err error) {
	var f *fault.Fault
	if !errors.As(err, &f) {
		if errors.Is(err, context.Canceled) {
			return // nobody waits for the answer any more
		}
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			f = fault.New(fault.Invalid, "fault.form_large")
		} else {
			s.Log.Error("page", "request", w.Header().Get("X-Request-Id"), "route", route.Pattern, "error", err.Error())
			f = fault.New(fault.Internal, "fault.internal")
			if errors.Is(err, store.ErrGone) { // a failover: whether it was saved is not known
				f = fault.New(fault.Unavailable, "fault.gone")
			}
		}
	}
	if f.Kind == fault.Forbidden && !egress.Looks(v.Context()) { // who wanted what she may not: ids alone, as everywhere in the log
		var person, clinic string
		if v.Signed != nil {
			person, clinic = v.Signed.Person.ID.String(), v.Who.Clinic().String()
		}
		s.Log.Warn("refused", "request", w.Header().Get("X-Request-Id"), "route", route.Pattern, "fault", f.Key, "subject", person, "clinic", clinic)
	}
	if f.Kind == fault.Unauthenticated && v.Method == http.MethodGet && v.Header.Get("X-Fragment") == "" {
		to := "/sign-in?next=" + url.QueryEscape(v.URL.RequestURI())
		switch f.Key {
		case "fault.choose_clinic":
			to = "/choose-clinic"
		case "fault.second_factor":
			to = "/sign-in/second?next=" + url.QueryEscape(v.URL.RequestURI())
		case "fault.enrol_first":
			to = "/second-factor"
		case "fault.confidential_first":
			to = "/confidentiality"
		case "fault.terms_first":
			to = "/terms/changed"
		}
		http.Redirect(w, v.Request, to, http.StatusSeeOther)
		return
	}
	s.refuse(w, v, route, f)
}
