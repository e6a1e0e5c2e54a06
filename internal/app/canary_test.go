package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"almirah/internal/canary"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/sms"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/web"
)

// mark makes a word that occurs nowhere else, in the form that a field takes.
func mark(kind string) string {
	const letters = "bcdfghjklmnpqrstvwxz"
	var b [14]byte
	_, _ = rand.Read(b[:])
	if kind == "phone" {
		for {
			_, _ = rand.Read(b[:8])
			w := []byte("+919")
			for _, x := range b[:9] {
				w = append(w, '0'+x%10)
			}
			if _, err := contact.ParsePhone(string(w), "IN"); err == nil {
				return string(w)
			}
		}
	}
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	w := string(b[:])
	switch kind {
	case "name":
		return "Z" + w
	case "email":
		return "z" + w + "@example.org"
	}
	return "z" + w
}

// marks are what was entered, by the column that it ends in. Behind the column may stand the door.
type marks map[string]string

func (m marks) as(kind string, columns ...string) string {
	w := mark(kind)
	for _, c := range columns {
		m[c] = w
	}
	return w
}

// unmarked are sealed or personal columns that take no free text: what they hold is one of a few
// values, or made by us. Each says why no mark can be entered.
var unmarked = map[string]string{
	"certificate.sealed":           "no certificate is fetched in the demo; domains.TestCertificatesAreSealed looks at the bytes",
	"closing.custodian":            "of a clinic that closes; privacy.TestWhatIsHeldOutlivesItsClinic looks at the bytes",
	"custody.answers":              "the same, once it has gone",
	"custody_part.body":            "what a law wants kept of it",
	"patient.sex":                  "one of three words",
	"patient_link.shown":           "an address is masked before it is sealed; scheduling.TestABookingIsNoProof looks at the bytes",
	"statutory_copy.body":          "made by us of what became of a message, 180 days later; messaging's tests look at the bytes",
	"patient.birth_date":           "a date; dates stand in every file",
	"patient.minor":                "one bit",
	"patient_token.bucket":         "16 bits of a keyed hash",
	"patient_gate.bucket":          "16 bits of a keyed hash, for the length of a transaction",
	"guardian.relation":            "one of a few words",
	"consent.purpose":              "a word of the register",
	"contact_proof.code":           "digits of ours, sealed",
	"consent.channel":              "a word of the register",
	"consent.given":                "one bit",
	"consent.notice_version":       "a number",
	"consent.language":             "a language",
	"consent.door":                 "a word of ours",
	"consent.guardian_id":          "an id",
	"consent.at":                   "a moment",
	"authenticator.name":           "what somebody calls a passkey; sealed as person.name is, which is marked",
	"authenticator.secret":         "random bits of ours, sealed",
	"authenticator.handle":         "a keyed hash",
	"recovery_code.code_hash":      "a hash of random bits of ours",
	"challenge.hash":               "a hash of random bits of ours",
	"challenge.body":               "random bits of ours, sealed",
	"known_device.mark":            "a hash of random bits of ours",
	"sign_in_event.kind":           "one of a few words",
	"sign_in_event.at":             "a moment",
	"session.csrf":                 "random bits of ours; opens nothing without the session",
	"invitation.email_token":       "a keyed hash of invitation.email, which is marked",
	"throttle.bucket":              "a keyed hash of person.email, which is marked",
	"message.passport":             "words of ours",
	"message.provider_sealed":      "made by the provider; whatsapp_test.go looks for one that holds a number",
	"post.theirs":                  "made by the provider, sealed as post.body is",
	"attached.theirs":              "made by the provider, sealed as attached.body is",
	"peer_bucket.bucket":           "16 bits of a keyed hash",
	"attached.about":               "the provider's words about a file, sealed as attached.body is; SMS gives a file no name",
	"correspondent.peer":           "a keyed hash of correspondent.address, which is marked",
	"oversight_finding.words":      "sealed as oversight_review.words is, which is marked; a finding needs a night to pass",
	"audit_detail.sealed":          "old and new values of everything that is marked here",
	"idempotency.request_hash":     "a hash",
	"prescription.signed_as":       "repeats provider.name, which is marked",
	"prescription.code_hash":       "a hash of random bits of ours",
	"prescription_link.token_hash": "a hash of random bits of ours",
	"encounter.vitals":             "numbers; numbers stand in every file",
	"confidentiality.signer":       "repeats person.name, which is marked",
	"encounter.signer":             "repeats provider.name, which is marked",
	"amendment.signer":             "repeats provider.name, which is marked",
	"invoice_hold.particulars":     "copied out of invoice.particulars, which is marked",
	"payment_request.url":          "made by the gateway; billing/cards_test.go looks for what gateways tell",
	"gateway_return.reason":        "typed where a gateway gives back; billing/cards_test.go looks for what is kept of it",
	"fraud_record.payment":         "the gateway's id of a payment; billing/cards_test.go looks for what gateways tell",
	"api_token.token_hash":         "a hash of random bits of ours",
	"api_token.used_from":          "the network of an address, by itself nobody's",
	"webhook_endpoint.secret":      "random bits of ours",
	"webhook_endpoint.old_secret":  "random bits of ours",
	"support_grant.helper_name":    "repeats person.name, which is marked",
	"canary_walk.marks":            "invented for the night; TestTheInventedPatientWalks looks whether they go with the walk",
	"gateway_account.credentials":  "connected by the owner; billing/cards_test.go and TestKeysAreSealedAndDestroyed look for them",
}

// TestNoMarkIsFoundInTheFiles enters a random mark into every personal field through the
// pages that people use, and then searches everything that the program wrote.
func TestNoMarkIsFoundInTheFiles(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sealed-at-rest", "request-log")
	engines(t, func(t *testing.T, engine store.Engine) {
		logs, m := &lockedBuffer{}, marks{}
		var failed atomic.Int32
		tw := sms.StartTwilio(t, sms.Account{Token: m.as("", "channel.credentials") + "0123456789abcdef"}, clock.NewFake(morning))
		h := openLogging(t, engine, Options{Wrap: func(c messaging.Carrier) messaging.Carrier { return &failing{Carrier: c, times: &failed} }},
			slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})), map[string]string{"ALMIRAH_TWILIO_URL": tw.URL()})
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		boss := h.signIn(t, ownerMail)
		boss.fill(t, "/app/settings/modules/notes", "/app/settings/modules/notes", url.Values{"turn": {"on"}})
		boss.fill(t, "/app/settings/conversations", "/app/settings/conversations", url.Values{"content": {"full"}, "sure": {"1"}}) // before the first patient, who would have to agree first
		h.enterMarks(t, m)
		h.enterTexts(t, m, tw)
		h.enterCare(t, m)
		h.until(t, "a job fails and the others send", func() bool { return failed.Load() > 0 && len(h.Outbox.List()) > 4 })
		h.enterFeedback(t, m)
		h.enterBills(t, m)
		h.enterPapers(t, m)
		h.enterSupport(t, m)
		h.enterHeld(t, m)
		h.enterTrouble(t, m)
		h.enterList(t, m)
		h.enterDemand(t, m)
		h.enterPrograms(t, m)
		checkMarked(t, m)
		if engine == store.SQLite {
			h.copiesAreTheirs(t)
		}
		h.Fake.Move(4 * time.Minute) // what the desk did is told now
		h.until(t, "the log of the failed job", func() bool { return bytes.Contains(logs.Bytes(), []byte("a job panicked")) })

		files := map[string][]byte{}
		readTree(t, h.Dir, "open: ", files) // with the log of writing beside the database
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h.readClosed(t, engine, files)
		if engine == store.Postgres {
			dumpPostgres(t, h.Config.DatabaseURL, files)
			readCluster(t, h.Config.DatabaseURL, files)
		}
		for name, part := range map[string]string{"log of requests": `"route":"POST /c/{slug}/book"`, "log at debug level": `"level":"ERROR"`} {
			if !bytes.Contains(logs.Bytes(), []byte(part)) {
				t.Errorf("the %s was not captured", name)
			}
		}
		files["the log"] = logs.Bytes()
		checkFiles(t, files, engine)
		for column, where := range find(files, m) {
			t.Errorf("the mark of %s stands in %s", column, strings.Join(where, ", "))
		}
		control(t, h, engine)
	})
}

// failing is a carrier that breaks down with what it was given in its hands, once.
type failing struct {
	messaging.Carrier
	times *atomic.Int32
}

func (f *failing) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if m.Calendar != nil && f.times.Add(1) == 1 {
		panic("cannot write to " + m.To + ": " + m.Text)
	}
	return f.Carrier.Send(ctx, m, handOver)
}

type lockedBuffer struct {
	sync.Mutex
	b bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) Bytes() []byte {
	l.Lock()
	defer l.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// enterMarks fills every form with marks.
func (h *opened) enterMarks(t *testing.T, m marks) {
	t.Helper()
	s := h.signIn(t, demoPeople[0].email)
	s.agent = m.as("", "session.device")
	s.renew(t)
	m["session.token_hash (owner)"] = s.cookies[web.SessionCookie]

	s.fill(t, "/app/settings/clinic", "/app/settings/clinic", url.Values{"contact_name": {m.as("name", "clinic.contact")}})
	s.fill(t, "/app/account/agreements/terms", "/app/account/agreements/terms", url.Values{"signer": {m.as("name", "agreement.signer")}, "capacity": {m.as("", "agreement.capacity")}, "sure": {"1"}})
	s.shows(t, "/app/account", m["agreement.signer"], m["agreement.capacity"])
	s.fill(t, "/app/me", "/app/me", url.Values{"person": {m.as("name", "person.name (me)")}, "phone": {m.as("phone", "person.phone (me)")}, "job_title": {m.as("", "person.job_title (me)")}})
	s.fill(t, "/app/settings/providers/new", "/app/settings/providers/new", url.Values{"provider_name": {m.as("name", "provider.name")}, "qualification": {m.as("", "provider.qualification")},
		"registration": {m.as("", "provider.registration_no")}, "about": {m.as("", "provider.about")}})
	p := "/app/settings/providers/" + h.Practice.providers[0].ID.String()
	s.fill(t, p+"/hours", p+"/leave", url.Values{"leave_from": {"2027-03-01"}, "leave_to": {"2027-03-02"}, "leave_words": {m.as("", "leave.reason")}})

	s.fill(t, "/app/audit/reviews", "/app/audit/reviews", url.Values{"from": {"2026-11-23"}, "to": {"2026-11-24"}, "words": {m.as("", "oversight_review.words")}})
	s.shows(t, "/app/audit/reviews", m["oversight_review.words"])

	h.enterPeople(t, s, m)
	h.enterPatients(t, s, m)

	// What somebody looks for, and what goes wrong, is in nobody's log either.
	for _, path := range []string{"/app/patients/" + m["patient.name"],
		"/c/" + m["patient.address"], "/m/" + m["patient.notes"], "/sign-in?next=/" + m["patient.name"]} {
		s.get(t, path)
	}
	s.submit(t, "/app/search", url.Values{"q": {m["patient.name"]}})
	s.seek(t, "/app/patients", url.Values{"q": {m["patient.email"]}})
	s.seek(t, "/app/book", url.Values{"q": {m["patient.phone"]}})
	stranger := h.visitor()
	stranger.get(t, "/sign-in")
	stranger.submit(t, "/sign-in", url.Values{"email": {m["person.email"]}, "password": {m.as("", "person.password (wrong)")}})
	stranger.get(t, "/forgot")
	stranger.post(t, "/forgot", url.Values{"email": {m["person.email"]}})
	m["one_time_link.token_hash (reset)"] = queryOf(h.letter(t, m["person.email"], "/reset?token=")).Get("token")
}

// enterPeople signs somebody up, and somebody in by invitation.
func (h *opened) enterPeople(t *testing.T, owner *visitor, m marks) {
	t.Helper()
	password := m.as("", "person.password") + " " + m.as("", "person.password (second word)")
	person := url.Values{"person": {m.as("name", "person.name")}, "email": {m.as("email", "person.email", "person.email_token")}, "phone": {m.as("phone", "person.phone")},
		"job_title": {m.as("", "person.job_title")}, "password": {password}, "clinic_name": {"Lotus Clinic"}, "country": {"IN"}, "zone": {"Asia/Kolkata"}, "terms": {TermsVersion}}
	v := h.newcomer(t, person, "lotus")
	m["one_time_link.token_hash"] = queryOf(h.letter(t, v.email, "/verify?token=")).Get("token")
	m["session.token_hash"] = v.cookies[web.SessionCookie]

	invited := m.as("email", "invitation.email", "outgoing_mail.body")
	owner.fill(t, "/app/settings/staff", "/app/settings/staff/invite", url.Values{"email": {invited}, "role": {"front-desk"}})
	link := h.letter(t, invited, "/invitation?token=")
	m["invitation.token_hash"] = queryOf(link).Get("token")
	g := h.visitor()
	g.fill(t, link, "/invitation", url.Values{"person": {m.as("name", "person.name (invited)")}, "phone": {m.as("phone", "person.phone (invited)")},
		"job_title": {m.as("", "person.job_title (invited)")}, "password": {password}, "terms": {TermsVersion}})
	g.promise(t)
	g.shows(t, "/app/me", m["person.name (invited)"], m["person.phone (invited)"], m["person.job_title (invited)"], invited)
	owner.fill(t, "/app/settings/staff", "/app/settings/staff/invite", url.Values{"email": {m.as("email", "invitation.email (waiting)")}, "role": {"billing"}})
	owner.shows(t, "/app/settings/staff", m["invitation.email (waiting)"], m["person.name (me)"], m["person.job_title (invited)"])
	owner.shows(t, "/app/me", m["session.device"], m["person.phone (me)"])
	owner.shows(t, "/app/settings/clinic", m["clinic.contact"])
	owner.shows(t, "/app/settings/providers/"+h.Practice.providers[0].ID.String()+"/hours", m["leave.reason"])
}

// enterPatients books through every door.
func (h *opened) enterPatients(t *testing.T, s *visitor, m marks) {
	t.Helper()
	// Online, for a child.
	own := h.bookOnline(t, m)
	m["patient_link.token_hash"] = strings.TrimPrefix(own, "/m/")
	child := h.visitor()
	child.page(t, own+"/change")
	child.page(t, own+"/appointment.ics")

	// By the programming interface. Its answer holds the link, and is kept for a repeated request.
	body := h.bookingBody(h.slotsOf(t, "any")[3]["starts_at"], m.as("name", "patient.name (api)"), m.as("email", "patient.email (api)"))
	got := h.api(t, "POST", "/bookings", m.as("", "idempotency.key_hash"), body)
	if got.status != http.StatusCreated {
		t.Fatalf("booking by the interface: %d %s", got.status, got.raw)
	}
	link, _ := got.body["manage_url"].(string)
	m["idempotency.answer"] = link[strings.LastIndex(link, "/")+1:]

	// At the desk: somebody with everything.
	a := s.fill(t, "/app/patients/new", "/app/patients/new", url.Values{"name": {m.as("name", "patient.name (desk)")}, "phone": {m.as("phone", "patient.phone")}, "email": {m.as("email", "patient.email (desk)")},
		"address": {m.as("", "patient.address")}, "birth_day": {"7"}, "birth_month": {"8"}, "birth_year": {"1971"}, "sex": {"female"}, "consent": {"reminder"}})
	patient := pathOf(a.head.Get("Location"))
	if c, err := h.Clinics.Get(t.Context(), h.Owner); err != nil {
		t.Fatal(err)
	} else if c.Has(clinics.ModuleNotes) {
		s.fill(t, patient, patient+"/notes", url.Values{"note": {m.as("", "patient.notes")}})
	}
	s.shows(t, patient, m["patient.name (desk)"], m["patient.phone"], m["patient.email (desk)"], m["patient.address"], m["patient.notes"])
	one := strings.TrimPrefix(patient, "/app/patients/")

	provider := h.Practice.providers[1].ID.String()
	at := h.slotsOf(t, provider)[2]["starts_at"].(string)
	book := url.Values{"patient": {one}, "service": {h.Practice.services[0].ID.String()}, "provider": {provider}, "starts_at": {at}, "note": {m.as("", "appointment.note (desk)")}, "key": {"k-1"}}
	a = s.post(t, "/app/appointments", book)
	first := "/app/appointments/" + queryOf(a.head.Get("Location")).Get("appointment")
	// Over it, on purpose, somebody new.
	book = url.Values{"patient": {""}, "name": {m.as("name", "patient.name (overbooked)")}, "phone": {m.as("phone", "patient.phone (overbooked)")}, "service": {h.Practice.services[0].ID.String()},
		"provider": {provider}, "starts_at": {at}, "insist": {"1"}, "reason": {m.as("", "appointment.overbook_reason")}, "key": {"k-2"}}
	a = s.post(t, "/app/appointments", book)
	over := "/app/appointments/" + queryOf(a.head.Get("Location")).Get("appointment")
	s.shows(t, over, m["appointment.overbook_reason"], m["patient.name (overbooked)"])
	s.shows(t, first, m["appointment.note (desk)"])
	version := s.page(t, over).form(t, over+"/cancel").Get("version")
	s.post(t, over+"/cancel", url.Values{"why": {m.as("", "appointment.note (cancelled)")}, "version": {version}})
	s.shows(t, over, m["appointment.note (cancelled)"])
	s.shows(t, "/app/audit", m["patient.name (desk)"])
}

// enterFeedback has somebody come, after everybody was told of the bookings, and say how it was.
func (h *opened) enterFeedback(t *testing.T, m marks) {
	t.Helper()
	been := h.sent(t, m["idempotency.answer"])
	h.arrives(t, h.Owner, been)
	h.visitor().fill(t, been+"/review", been+"/review", url.Values{"stars": {"1"}, "words": {m.as("", "feedback.words")}})
	h.signIn(t, demoPeople[0].email).shows(t, "/app/reviews", m["feedback.words"])
}

// shows opens a page and looks for the words on it: a mark that never arrived would prove nothing.
func (v *visitor) shows(t testing.TB, path string, words ...string) {
	t.Helper()
	body := v.page(t, path).body
	tight := strings.ReplaceAll(body, " ", "")
	for _, w := range words {
		if !strings.Contains(body, w) && !strings.Contains(tight, w) && !strings.Contains(tight, "&#43;"+strings.TrimPrefix(w, "+")) {
			t.Errorf("%s does not show %q, which was entered", path, w)
		}
	}
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

// bookOnline books from the public page, step by step, and answers the patient's own address.
func (h *opened) bookOnline(t testing.TB, m marks) string {
	t.Helper()
	v := h.visitor()
	service := h.Practice.services[0].ID.String()
	slots := h.slotsOf(t.(*testing.T), "any")
	at := slots[0]["starts_at"].(string)
	v.page(t, "/c/sunrise")
	v.page(t, "/c/sunrise/book?service="+service)
	v.page(t, "/c/sunrise/book?service="+service+"&provider=any")
	form := v.page(t, "/c/sunrise/book?service="+service+"&provider=any&at="+url.QueryEscape(at)).form(t, "/c/sunrise/book")
	for name, x := range map[string]string{"whom": "other", "name": m.as("name", "patient.name"), "email": m.as("email", "patient.email"), "birth_day": "3", "birth_month": "4", "birth_year": "2019",
		"guardian_name": m.as("name", "guardian.name"), "guardian_email": m.as("email", "guardian.email"), "guardian_phone": m.as("phone", "guardian.phone"), "guardian_kin": "parent",
		"note": m.as("", "appointment.note"), "consent": "reminder"} {
		form.Set(name, x)
	}
	a := v.post(t, "/c/sunrise/book", form)
	to := a.head.Get("Location")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(to, "/m/") {
		t.Fatalf("booking online: %d %s", a.status, problems(a.body))
	}
	if got := v.get(t, to); got.status != http.StatusOK || !strings.Contains(got.body, m["patient.name"]) {
		t.Fatalf("the receipt: %d %s", got.status, problems(got.body))
	}
	return strings.SplitN(to, "?", 2)[0]
}

func checkMarked(t *testing.T, m marks) {
	t.Helper()
	for _, table := range Holdings() {
		for _, c := range table.Columns {
			name := table.Name + "." + c.Name
			switch {
			case !c.Sealed && !c.Personal():
			case m[name] == "" && unmarked[name] == "":
				t.Errorf("%s is personal, and this test enters no mark into it: enter one in enterMarks, or say in unmarked why none can be", name)
			case m[name] != "" && unmarked[name] != "":
				t.Errorf("%s is marked: take it out of unmarked", name)
			}
		}
	}
}

func readTree(t *testing.T, dir, before string, files map[string][]byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // the database keeps files that come and go
		}
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil {
			files[before+filepath.Base(path)] = b
		} else if os.IsNotExist(err) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readClosed reads the files of a house that was closed, before and after SQLite moved its log
// of writing into the database.
func (h *opened) readClosed(t *testing.T, engine store.Engine, files map[string][]byte) {
	t.Helper()
	readTree(t, h.Dir, "closed: ", files)
	if engine == store.SQLite {
		db, err := sql.Open("sqlite", h.DB.Path())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	readTree(t, h.Dir, "", files)
}

// checkFiles makes sure that what has to be searched is there.
func checkFiles(t *testing.T, files map[string][]byte, engine store.Engine) {
	t.Helper()
	want := []string{"the log", "keystore.db", "open: keystore.db"}
	if engine == store.SQLite {
		want = append(want, "almirah.db", "open: almirah.db", "open: almirah.db-wal", "open: jobs.db", "jobs.db")
	} else {
		want = append(want, "table public.patient", "table public.audit_detail", "table jobs.river_job", "cluster pg_wal")
	}
	for _, name := range want {
		if len(files[name]) == 0 {
			t.Errorf("%s is not there to be searched; there are %v", name, names(files))
		}
	}
	jobs := slices.Concat(files["open: jobs.db"], files["open: jobs.db-wal"], files["jobs.db"], files["table jobs.river_job"])
	if !bytes.Contains(jobs, []byte("deliver")) || !bytes.Contains(jobs, []byte("panic")) {
		t.Error("the job that failed on purpose is not among the jobs that are searched")
	}
}

func names(files map[string][]byte) (out []string) {
	for n := range files {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// dumpPostgres reads every row of every table as the engine holds it, the queue's too: as values and as text.
func dumpPostgres(t *testing.T, address string, files map[string][]byte) {
	t.Helper()
	ctx := context.Background()
	db, err := pgx.Connect(ctx, pastFences(t, address))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	rows, err := db.Query(ctx, `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var out bytes.Buffer
		r, err := db.Query(ctx, `SELECT x, CAST(x AS TEXT) FROM `+table+` x`)
		if err != nil {
			t.Fatal(err)
		}
		for r.Next() {
			for _, v := range r.RawValues() {
				out.Write(v)
				out.WriteByte('\n')
			}
		}
		if r.Close(); r.Err() != nil {
			t.Fatal(r.Err())
		}
		files["table "+table] = out.Bytes()
	}
}

// readCluster reads the server's own files: the database's, and its log of writing.
func readCluster(t *testing.T, address string, files map[string][]byte) {
	t.Helper()
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var dir, oid string
	if err := admin.QueryRow(ctx, `SELECT current_setting('data_directory'), CAST(oid AS TEXT) FROM pg_database WHERE datname = $1`, strings.TrimPrefix(u.Path, "/")).Scan(&dir, &oid); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(ctx, `CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{"cluster base": filepath.Join(dir, "base", oid), "cluster pg_wal": filepath.Join(dir, "pg_wal")} {
		parts := map[string][]byte{}
		readTree(t, folder, "", parts)
		for _, p := range parts {
			files[name] = append(files[name], p...)
		}
	}
}

// find looks for every spelling of every mark in every file, in one pass over each, and answers
// where each mark was found.
func find(files map[string][]byte, m marks) map[string][]string {
	type needle struct{ column, how, form string }
	byStart := map[[6]byte][]needle{}
	var begins [1 << 16]bool
	for column, w := range m {
		for how, form := range canary.Forms(w) {
			var k [6]byte
			copy(k[:], form)
			byStart[k] = append(byStart[k], needle{column, how, form})
			begins[int(k[0])<<8|int(k[1])] = true
		}
	}
	out := map[string][]string{}
	for name, b := range files {
		for i := 0; i+6 <= len(b); i++ {
			if !begins[int(b[i])<<8|int(b[i+1])] {
				continue
			}
			for _, n := range byStart[[6]byte(b[i:i+6])] {
				if at := name + " (" + n.how + ")"; bytes.HasPrefix(b[i:], []byte(n.form)) && !slices.Contains(out[n.column], at) {
					out[n.column] = append(out[n.column], at)
				}
			}
		}
	}
	return out
}

// control shows that the search finds what is there: marks in columns that are not sealed, in
// every file and spelling that is searched.
func control(t *testing.T, h *opened, engine store.Engine) {
	t.Helper()
	again, err := Open(context.Background(), h.Config, clock.NewFake(h.Fake.Now()), silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := marks{}
	open := m.as("", "service.name")
	enc := m.as("", "service.about")
	_, err = again.Desk.AddService(context.Background(), h.Owner, scheduling.Service{Name: open, About: hex.EncodeToString([]byte(enc)) + " x" + base64.StdEncoding.EncodeToString([]byte("ab"+enc)), Minutes: 15})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	readTree(t, h.Dir, "open: ", files)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	h.readClosed(t, engine, files)
	want := []string{"almirah.db", "open: almirah.db-wal"}
	if engine == store.Postgres {
		dumpPostgres(t, h.Config.DatabaseURL, files)
		readCluster(t, h.Config.DatabaseURL, files)
		want = []string{"table public.service", "cluster base", "cluster pg_wal"}
	}
	line, _ := json.Marshal(map[string]string{"said": open})
	files["a line of a log"] = line
	got := find(files, m)
	for _, name := range append(want, "a line of a log") {
		if !slices.ContainsFunc(got["service.name"], func(s string) bool { return strings.HasPrefix(s, name+" (as it is") }) {
			t.Errorf("the search does not find an open mark in %s, so it proves nothing; it found it in %v", name, got["service.name"])
		}
	}
	for _, how := range []string{"hex", "base64"} {
		if !slices.ContainsFunc(got["service.about"], func(s string) bool { return strings.Contains(s, how) }) {
			t.Errorf("the search does not find a mark as %s, so it proves nothing; it found it in %v", how, got["service.about"])
		}
	}
}

// pastFences is the address of the same database for the superuser, for whom no fence stands.
func pastFences(t testing.TB, address string) string {
	t.Helper()
	where, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := url.Parse(pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	admin.Path = where.Path
	return admin.String()
}
