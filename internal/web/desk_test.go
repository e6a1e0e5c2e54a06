package web_test

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/datamap"
	"almirah/internal/disclosures"
	"almirah/internal/document"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/insight"
	"almirah/internal/intake"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/prescriptions"
	"almirah/internal/privacy"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/rig/factor"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/subscription"
	"almirah/internal/support"
	"almirah/internal/visits"
	"almirah/internal/web"
	"almirah/internal/words"
)

// office is a clinic that is open for work, with its pages.
type office struct {
	*rig.Base
	t          *testing.T
	handler    http.Handler
	accounts   *accounts.Service
	clinics    *clinics.Service
	people     *patients.Service
	consents   *consent.Service
	desk       *scheduling.Desk
	messages   *messaging.Service
	plans      *subscription.Service // nil in a house in which nobody pays
	owner      visitor
	apps       *factor.Phone
	providers  []scheduling.Provider // two, nine to one and two to six on every weekday
	service    scheduling.Service    // a quarter of an hour
	statements atomic.Int64
	deleted    atomic.Int64
}

// visitor is somebody's browser.
type visitor struct {
	*office
	cookie string
	who    access.Caller
	token  string
}

const (
	password = "blue mango 47 tabla"
	terms    = "2026-11-01"
)

var browser = accounts.Device{Agent: "Firefox", Address: "203.0.113.9"}

func openOffice(t *testing.T) *office {
	t.Helper()
	return openOfficeWith(t, func(*office) []messaging.Provider { return nil })
}

// openOfficeWith is openOffice in a house that works with these providers of messages.
func openOfficeWith(t *testing.T, offered func(*office) []messaging.Provider) *office {
	t.Helper()
	return openOfficeIn(t, offered, nil)
}

// openOfficeIn is openOfficeWith in a house in which clinics pay; nil for one in which nobody does.
func openOfficeIn(t *testing.T, offered func(*office) []messaging.Provider, plans func(*office) *subscription.Service) *office {
	t.Helper()
	ctx := context.Background()
	o := &office{t: t}
	o.Base = rig.New(t, store.SQLite, store.Options{Watch: func(string, []any) { o.statements.Add(1) }, Paid: plans != nil})
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	o.clinics = clinics.New(o.DB, o.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	o.accounts = accounts.New(o.DB, o.Log, accounts.Options{Clinics: o.clinics, Book: book, PublicURL: "https://almirah.test", Terms: terms, Idle: time.Hour})
	if err := o.accounts.KeepDocuments(t.Context(), accounts.Operator(), accounts.Document{Kind: accounts.DocumentPolicy, Text: policies.Sentences()}); err != nil {
		t.Fatal(err)
	}
	o.apps = &factor.Phone{DB: o.DB, Accounts: o.accounts, Clock: o.Clock}
	o.people, o.consents, o.desk = patients.New(o.DB, o.Log), consent.New(o.DB, o.Log), scheduling.New(o.DB, o.Log)
	o.messages = messaging.New(o.DB, o.Log, messaging.Options{Book: book, Public: "https://almirah.test", Accounts: offered(o)})
	if plans != nil {
		o.plans = plans(o)
	}
	erasing := privacy.New(o.DB, o.Log, privacy.Options{Vault: o.Vault, Rooms: []privacy.Room{messaging.Keeper{}, followup.Keeper{}, billing.Keeper{}, prescriptions.Keeper{}, visits.Keeper{}, intake.Keeper{}, scheduling.Keeper{}, consent.Keeper{}, patients.Keeper{}}})
	site, err := web.NewSite(web.Deps{Plans: o.plans, DB: o.DB, Clinics: o.clinics, Accounts: o.accounts, Patients: o.people, Consent: o.consents, Policies: policies.New(o.DB), Desk: o.desk,
		Messages: o.messages, Followup: followup.New(o.DB), Watch: oversight.New(o.DB), Archives: archives.New(o.DB, o.Log, archives.Options{Clinics: o.clinics, Accounts: o.accounts, Book: book, Operator: accounts.Operator(), Folder: filepath.Join(o.Dir, "exports")}), Insight: insight.New(o.DB, nil), Intake: intake.New(o.DB), Visits: visits.New(o.DB), Programs: programs.New(o.DB, o.Log, programs.Options{Accounts: o.accounts}), Requests: requests.New(o.DB, o.Log, requests.Options{Book: book, Collect: func(*store.View, id.ID) (map[string][]map[string]string, error) { return nil, nil }}), Trouble: incidents.New(o.DB, o.Log, incidents.Options{Accounts: o.accounts, Clinics: o.clinics}), Given: disclosures.New(o.DB, disclosures.Options{}), Lives: retention.New(o.DB, o.Log, retention.Options{Accounts: o.accounts}), Support: support.New(o.DB, o.Log, support.Options{Accounts: o.accounts, Clinics: o.clinics}), Scripts: prescriptions.New(o.DB, book, document.ThePress(), "https://almirah.test"), Bills: billing.New(o.DB, o.Log), Pay: billing.NewGateways(o.DB, o.Log, billing.GatewaysOptions{}), Press: document.ThePress(), Book: book, Clock: o.Clock, Log: o.Log,
		Map: datamap.New(o.DB, oversight.New(o.DB), nil, func() []datamap.Party { return nil }),
		ClinicMap: func(context.Context, access.Caller, *words.Tongue) (datamap.Record, error) {
			return datamap.Record{}, nil
		},
		HouseMap:  func(context.Context, *words.Tongue, int) (datamap.Record, error) { return datamap.Record{}, nil },
		PublicURL: "https://almirah.test", Limit: func(*http.Request) time.Duration { return 0 }, Address: func(*http.Request) string { return "203.0.113.9" },
		Erasure: erasing, ErasureKey: o.Vault.CertificateKey, Close: func(ctx context.Context, who access.Caller, patient id.ID) (id.ID, error) {
			o.deleted.Add(1)
			return erasing.Erase(ctx, who, patient, "deleted_by_clinic")
		}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Mount(mux)
	o.handler = mux
	o.found(ctx)
	return o
}

// found lets the first owner in, who opens the clinic.
func (o *office) found(ctx context.Context) {
	o.t.Helper()
	fail := func(err error) {
		if err != nil {
			o.t.Helper()
			o.t.Fatal(err)
		}
	}
	link, err := o.accounts.FirstOwnerLink(ctx, true)
	fail(err)
	st, err := o.accounts.SetUp(ctx, link, accounts.Draft{Name: "Meera Shah", Email: "meera@example.org", Phone: "+919876543210", JobTitle: "Owner", Password: password, Terms: terms, Language: "en"}, browser)
	fail(err)
	in, err := o.accounts.Session(ctx, st.Cookie)
	fail(err)
	c, err := o.accounts.OpenOwnClinic(ctx, in, clinics.Opening{Slug: "desk", Profile: clinics.Profile{Name: "Desk Clinic", Zone: "Asia/Kolkata", Country: "IN", Jurisdiction: "IN", Region: "IN",
		Currency: "INR", Languages: []string{"en", "hi"}, Address: "1 Lake Road", Phone: "+919876543210"}})
	fail(err)
	o.Clinic = c.ID
	st, err = o.accounts.ChooseClinic(ctx, st.Cookie, c.ID)
	fail(err)
	o.owner = o.visitor(o.apps.Enrol(o.t, st.Cookie))
	var w scheduling.Weekly
	for d := range w {
		w[d] = []scheduling.Interval{{From: 9 * 60, To: 13 * 60}, {From: 14 * 60, To: 18 * 60}}
	}
	for i, name := range []string{"Dr Nair", "Dr <b>Iyer</b>"} {
		p, err := o.desk.AddProvider(ctx, o.owner.who, scheduling.Provider{Name: name, Online: true, Weekly: w, Position: i})
		fail(err)
		o.providers = append(o.providers, p)
	}
	o.service, err = o.desk.AddService(ctx, o.owner.who, scheduling.Service{Name: "Consultation", Minutes: 15, Online: true, Providers: []id.ID{o.providers[0].ID, o.providers[1].ID}})
	fail(err)
}

// visitor is whoever holds the cookie, with a token for her forms.
func (o *office) visitor(cookie string) visitor {
	o.t.Helper()
	in, err := o.accounts.Session(context.Background(), cookie)
	if err != nil {
		o.t.Fatal(err)
	}
	v := visitor{office: o, cookie: cookie, who: in.Caller}
	page := v.get("/app")
	m := regexp.MustCompile(`<meta name="csrf" content="([^"]+)"`).FindStringSubmatch(page.Body.String())
	if m == nil {
		o.t.Fatalf("no form token on the dashboard (%d): %s", page.Code, page.Body)
	}
	v.token = m[1]
	return v
}

// postman keeps the mails that the accounts room sends.
type postman struct{ texts []string }

func (p *postman) Send(_ context.Context, _, _, text, _ string, _ id.ID, handOver func() error) string {
	if err := handOver(); err != nil {
		return accounts.Later
	}
	p.texts = append(p.texts, text)
	return accounts.Accepted
}

// as invites somebody with the role, who accepts.
func (o *office) as(role access.Role) visitor {
	o.t.Helper()
	ctx := context.Background()
	if err := o.accounts.Invite(ctx, o.owner.who, string(role)+"@example.org", role, id.Zero); err != nil {
		o.t.Fatal(err)
	}
	post := &postman{}
	if _, err := o.accounts.SendDue(ctx, o.As(access.System), post, 10); err != nil {
		o.t.Fatal(err)
	}
	m := regexp.MustCompile(`invitation\?token=([A-Za-z0-9_-]+)`).FindStringSubmatch(strings.Join(post.texts, "\n"))
	if m == nil {
		o.t.Fatal("no invitation was mailed")
	}
	st, err := o.accounts.AcceptInvitation(ctx, m[1], accounts.Draft{Name: "Person " + string(role), Phone: "+919876543200", JobTitle: "Staff", Password: "green mango 48 sitar", Terms: terms, Language: "en"}, browser, "")
	if err != nil {
		o.t.Fatal(err)
	}
	return o.visitor(o.apps.Finish(o.t, string(role)+"@example.org", st).Cookie)
}

func (v visitor) ask(method, path string, form url.Values, script bool, change ...func(*http.Request)) *httptest.ResponseRecorder {
	path, _, _ = strings.Cut(path, "#") // a browser keeps the fragment to itself
	var r *http.Request
	if form != nil {
		if !script {
			form.Set("csrf", v.token)
		}
		r = httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = httptest.NewRequest(method, path, nil)
	}
	if script {
		r.Header.Set("X-Fragment", "1")
		r.Header.Set("X-CSRF", v.token)
	}
	r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: v.cookie})
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	return w
}

func (v visitor) get(path string) *httptest.ResponseRecorder  { return v.ask("GET", path, nil, false) }
func (v visitor) part(path string) *httptest.ResponseRecorder { return v.ask("GET", path, nil, true) }

// send posts a form as a browser does, do as our script does.
func (v visitor) send(path string, form ...string) *httptest.ResponseRecorder {
	return v.ask("POST", path, pairs(form), false)
}

func (v visitor) do(path string, form ...string) *httptest.ResponseRecorder {
	return v.ask("POST", path, pairs(form), true)
}

// seek sends a form of search, and follows to the page that it leads to; nothing of what was typed may stand in the address.
func (v visitor) seek(to string, form ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	w := v.send("/app/seek", append(form, "to", to)...)
	next := w.Header().Get("Location")
	typed := pairs(form).Get("q") + pairs(form).Get("find")
	if len(typed) < 4 { // as short a text may stand in anything
		typed = ""
	}
	if w.Code != http.StatusSeeOther || typed != "" && strings.Contains(next, url.QueryEscape(typed)) {
		v.t.Fatalf("a search of %s leads with %d to %q", to, w.Code, next)
	}
	return v.get(next)
}

func pairs(list []string) url.Values {
	out := url.Values{}
	for i := 0; i+1 < len(list); i += 2 {
		out.Add(list[i], list[i+1])
	}
	return out
}

// wants fails unless the answer has the status and holds each of the texts (or, with a leading !, does not).
func wants(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) string {
	t.Helper()
	body := w.Body.String()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %.1500s", w.Code, status, body)
	}
	said := html.UnescapeString(body)
	for _, x := range texts {
		if no, ok := strings.CutPrefix(x, "!"); ok {
			if strings.Contains(said, no) {
				t.Errorf("the page holds %q and should not", no)
			}
		} else if !strings.Contains(said, x) {
			t.Errorf("the page does not hold %q: %.3000s", x, said)
		}
	}
	return body
}

// at is an instant on the clinic's clock.
func (o *office) at(day clock.Date, wall string) clock.Instant {
	o.t.Helper()
	m, err := clock.ParseMinute(wall)
	z, err2 := time.LoadLocation("Asia/Kolkata")
	if err != nil || err2 != nil {
		o.t.Fatal(err, err2)
	}
	return clock.At(clock.Resolve(day, m, z)[0])
}

const (
	monday  = clock.Date("2026-11-23") // the day on which every test begins, at half past nine
	tuesday = clock.Date("2026-11-24")
)

// booked books through the room, for tests of what comes after.
func (o *office) booked(name, phone string, provider int, day clock.Date, wall string) scheduling.Appointment {
	o.t.Helper()
	r, err := o.desk.Book(context.Background(), o.owner.who, scheduling.Booking{Service: o.service.ID, Provider: o.providers[provider].ID, StartsAt: o.at(day, wall),
		Patient: patients.Draft{Name: name, Phone: phone, Language: "en"}, Language: "en"})
	if err != nil {
		o.t.Fatal(err)
	}
	return r.Appointment
}

func rfc(i clock.Instant) string { return i.Time().Format(time.RFC3339) }

// now reads the appointment as it is.
func (o *office) now(a scheduling.Appointment) scheduling.Appointment {
	o.t.Helper()
	x, err := o.desk.Open(context.Background(), o.owner.who, a.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return x.Appointment
}

func version(a scheduling.Appointment) string { return number(a.Version) }
