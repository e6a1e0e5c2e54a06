package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/billing"
	"almirah/internal/document"
	"almirah/internal/egress"
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
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/visits"
	"almirah/internal/web"
	"almirah/internal/words"

	"golang.org/x/mod/sumdb/tlog"
)

// rehouse opens the pages again over the same rooms, with what a test needs to be different.
func (o *office) rehouse(change func(d *web.Deps)) {
	o.t.Helper()
	book, err := words.Load()
	if err != nil {
		o.t.Fatal(err)
	}
	d := web.Deps{Programs: programs.New(o.DB, o.Log, programs.Options{Accounts: o.accounts}), DB: o.DB, Clinics: o.clinics, Accounts: o.accounts, Patients: o.people, Consent: o.consents, Policies: policies.New(o.DB), Desk: o.desk,
		Messages: messaging.New(o.DB, o.Log, messaging.Options{Book: book, Public: "https://almirah.test"}), Followup: followup.New(o.DB), Watch: oversight.New(o.DB), Insight: insight.New(o.DB, nil), Intake: intake.New(o.DB), Visits: visits.New(o.DB), Requests: requests.New(o.DB, o.Log, requests.Options{Book: book, Collect: func(*store.View, id.ID) (map[string][]map[string]string, error) { return nil, nil }}), Trouble: incidents.New(o.DB, o.Log, incidents.Options{Accounts: o.accounts, Clinics: o.clinics}), Lives: retention.New(o.DB, o.Log, retention.Options{Accounts: o.accounts}), Support: support.New(o.DB, o.Log, support.Options{Accounts: o.accounts, Clinics: o.clinics}), Scripts: prescriptions.New(o.DB, book, document.ThePress(), "https://almirah.test"), Bills: billing.New(o.DB, o.Log), Pay: billing.NewGateways(o.DB, o.Log, billing.GatewaysOptions{}), Press: document.ThePress(), Book: book, Clock: o.Clock, Log: o.Log,
		PublicURL: "https://almirah.test", Limit: func(*http.Request) time.Duration { return 0 }, Address: func(*http.Request) string { return "203.0.113.9" }, Erasure: privacy.New(o.DB, o.Log, privacy.Options{Vault: o.Vault}), ErasureKey: o.Vault.CertificateKey}
	change(&d)
	site, err := web.NewSite(d)
	if err != nil {
		o.t.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Mount(mux)
	o.handler = mux
}

func TestTrustPageSaysHowEachSentenceStands(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-from-register")
	o := openOffice(t)
	kept := []web.Kept{
		{Sentence: promise.Sentence{ID: "it-holds", Text: "It holds.", Sources: []string{"M1"}}, Status: "enforced", CheckedAt: o.Clock.Now()},
		{Sentence: promise.Sentence{ID: "it-broke", Text: "It broke.", Sources: []string{"B1"}}, Status: "broken", CheckedAt: o.Clock.Now()},
		{Sentence: promise.Sentence{ID: "not-built", Text: "It is to come.", Sources: []string{"H1"}, Applies: "where payments are on"}, Status: "not-yet"},
		{Sentence: promise.Sentence{ID: "by-people", Text: "People see to it.", Sources: []string{"I9"}}, Status: "human"},
		{Sentence: promise.Sentence{ID: "elsewhere", Text: "Not here.", Sources: []string{"Z9"}}, Status: "not-applicable"},
	}
	o.rehouse(func(d *web.Deps) {
		d.Promises = func(context.Context) []web.Kept { return kept }
		d.Processors = func() []egress.Processor {
			return []egress.Processor{{Name: "Post & Co", Purpose: "carries e-mail", Categories: []string{"e-mail address", "text"}, Region: "IN", Notes: "by contract"}}
		}
	})
	g := o.guest()
	body := wants(t, g.get("/trust"), 200, "It holds.", "It broke.", "It is to come.", "People see to it.", "Not here.", "where payments are on",
		"Post & Co", "e-mail address, text", "by contract", "__Host-session", "__Host-form", "__Host-pref", "What we cannot promise", "Who a patient is")
	for sentence, status := range map[string]string{"it-holds": "enforced", "it-broke": "broken", "not-built": "not-yet", "by-people": "human", "elsewhere": "not-applicable"} {
		_, row, _ := strings.Cut(body, `id="`+sentence+`"`)
		row, _, _ = strings.Cut(row, "</li>")
		if !strings.Contains(row, "b-"+status) {
			t.Errorf("%s is not marked %s: %s", sentence, status, row)
		}
	}
	for _, lang := range words.Languages() {
		g := o.guest()
		if body := wants(t, g.ask("GET", "/trust", nil, func(r *http.Request) { r.Header.Set("Accept-Language", lang.Code) }), 200); !strings.Contains(body, `lang="`+lang.Code+`"`) {
			t.Errorf("no policy page in %s", lang.Code)
		}
	}
	// The register itself, as it is: nothing of it is left out.
	kept = nil
	for _, s := range promise.Register {
		kept = append(kept, web.Kept{Sentence: s, Status: string(s.Kind)})
	}
	body = wants(t, g.get("/trust"), 200)
	for _, s := range promise.Register {
		if !strings.Contains(body, `id="`+s.ID+`"`) {
			t.Errorf("the page leaves %s out", s.ID)
		}
	}
}

func TestPolicyPageNamesTheClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-named")
	o := openOffice(t)
	policy := func(path string) *httptest.ResponseRecorder {
		return o.guest().ask("GET", path, nil, func(r *http.Request) { r.Header.Set("Accept-Language", "en") })
	}
	const page = "/app/settings/clinic"
	leads(t, o.owner.files(page, "logo", nil, profile(o.owner.version(page))...), page+"?done=saved")
	wants(t, policy("/c/desk/privacy"), 200, "How we handle your data", "Desk Clinic LLP", "1 Lake Road", "Mumbai 400001", "desk@example.org")
	// Whatever the booking page hides, somebody can be written to.
	leads(t, o.owner.send("/app/settings/public", "version", o.owner.version("/app/settings/public"), "slug", "desk"), "/app/settings/public?done=saved")
	wants(t, policy("/c/desk/privacy"), 200, "Desk Clinic LLP", "desk@example.org")
	wants(t, policy("/c/nobody/privacy"), 404)
	// Whoever runs the installation is named too, with an address for questions and for weaknesses that somebody found.
	wants(t, policy("/trust"), 200, "has not entered a name here yet", "!mailto:")
	o.rehouse(func(d *web.Deps) {
		d.Entity = web.Entity{Name: "Almirah Hosting LLP", Address: "7 Temple Street", Contact: "privacy@host.example"}
	})
	for _, path := range []string{"/trust", "/c/desk/privacy"} {
		wants(t, policy(path), 200, "Almirah Hosting LLP", "7 Temple Street", `href="mailto:privacy@host.example"`, "weakness in the security", "at most 12 hours")
	}
}

// lost is a carrier that never learns what became of a message.
type lost struct{}

func (lost) Channel() messaging.Channel { return messaging.Email }
func (lost) Name() string               { return "lost" }
func (lost) Send(_ context.Context, _ messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	return messaging.Receipt{Outcome: messaging.Uncertain}
}

func TestMessagesThatWaitForAPerson(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "dashboard-tells")
	o := openOffice(t)
	ctx := context.Background()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	post := messaging.New(o.DB, o.Log, messaging.Options{Book: book, Public: "https://almirah.test", Sender: "post@almirah.test", Carriers: []messaging.Carrier{lost{}}})
	o.rehouse(func(d *web.Deps) { d.Messages = post })
	r, err := o.desk.Book(ctx, o.owner.who, scheduling.Booking{Service: o.service.ID, Provider: o.providers[0].ID, StartsAt: o.at(tuesday, "10:00"), Language: "en",
		Patient: patients.Draft{Name: "Sunita Cardamom", Email: "sunita@example.org", Language: "en"}})
	if err != nil {
		t.Fatal(err)
	}
	a := r.Appointment
	var message id.ID
	err = o.DB.Change(ctx, o.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		message, err = messaging.Send(tx, messaging.Letter{Patient: a.Patient, Appointment: a.ID, Occurrence: a.Occurrence, Rule: tx.NewID(), Kind: messaging.Booked, Channel: messaging.Email, StartsAt: a.StartsAt, Provider: a.Provider})
		return err
	})
	if err != nil || message.IsZero() {
		t.Fatal(message, err)
	}
	one := "/app/messages/" + message.String()
	wants(t, o.owner.get("/app/messages"), 200, "Sunita Cardamom", "Confirmation of a booking", "Planned")
	wants(t, o.owner.get(one), 200, "Your booking", "Our own text", "The appointment needs it", "!sunita@example.org")
	wants(t, o.owner.send(one+"/settle", "as", "sent"), 409, "Somebody changed this") // it is not uncertain
	if err := post.Deliver(ctx, o.As(access.System), message); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app"), 200, "1 message: nobody knows whether it arrived", "/app/messages?state=uncertain", "!Nothing waits for you")
	wants(t, o.owner.get("/app/messages?state=uncertain"), 200, "Sunita Cardamom", "Nobody knows whether it arrived")
	wants(t, o.owner.get("/app/messages?state=sent"), 200, "!Sunita Cardamom")
	wants(t, o.owner.get("/app/messages?state=whatever"), 404)
	wants(t, o.owner.get("/app/settings"), 200, `<span class="n">1`)
	wants(t, o.owner.get(one), 200, "name=\"as\"")
	wants(t, o.as("billing").get(one), 200, "!name=\"as\"")
	wants(t, o.owner.send(one+"/settle"), 422)
	leads(t, o.owner.send(one+"/settle", "as", "sent"), one+"?done=settled")
	wants(t, o.owner.get(one), 200, "found out that it arrived", "!name=\"as\"")
	wants(t, o.owner.send(one+"/settle", "as", "again"), 409)
	wants(t, o.owner.get("/app/messages/"+id.New(o.Clock.Now()).String()), 404)
	wants(t, o.owner.get("/app/outbox"), 404) // this is no demo
}

func TestOutboxOfTheDemo(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.rehouse(func(d *web.Deps) {
		d.Demo = true
		d.DemoLogins = []web.DemoLogin{{Email: "demo@example.org", Password: "four tame parrots 12", Role: "front-desk"}}
		d.Outbox = func() []web.Delivered {
			return []web.Delivered{{ID: "m9", Channel: "email", To: "ravi@example.org", Subject: "Another clinic's", At: o.Clock.Now()}, {ID: "m1", Account: true, Channel: "email", To: "asha@example.org", ToName: "Asha", From: "Desk Clinic", Subject: "Booked", Text: "See you.\nhttps://almirah.test/m/abcdefghijklmnopqrstuvwxyz\n",
				ICS: "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n", At: o.Clock.Now()}}
		}
	})
	wants(t, o.owner.get("/app/outbox"), 200, "asha@example.org", "See you.", `href="https://almirah.test/m/abcdefghijklmnopqrstuvwxyz"`, "/app/outbox/calendar/m1", "!ravi@example.org")
	w := o.owner.get("/app/outbox/calendar/m1")
	if wants(t, w, 200, "METHOD:REQUEST"); w.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Errorf("the calendar file is %s", w.Header().Get("Content-Type"))
	}
	wants(t, o.owner.get("/app/outbox/calendar/m2"), 404)
	wants(t, o.guest().get("/app/outbox"), 303)
	wants(t, o.guest().get("/sign-in"), 200, "demo@example.org", "four tame parrots 12", "Front desk")
}

func TestMessageTexts(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const page = "/app/settings/messages/reminder/hi"
	wants(t, o.owner.get("/app/settings/messages"), 200, "Reminder", "Confirmation", "हिन्दी", "!your words")
	was := o.owner.version(page)
	w := o.owner.send(page, "version", was, "subject", "", "body", "Come, {{.Nobody}}", "do", "save")
	wants(t, w, 422, "#f-subject", "#f-body", "Come, {{.Nobody}}")
	w = o.owner.send(page, "version", was, "subject", "About your diabetes", "body", "Come to {{.ClinicName}}: {{.ManageURL}}", "do", "preview")
	wants(t, w, 200, "Come to Desk Clinic", "The text may be about health")
	wants(t, o.owner.get("/app/settings/messages"), 200, "!your words")
	leads(t, o.owner.send(page, "version", was, "subject", "See you", "body", "Come to {{.ClinicName}}", "do", "save"), page+"?done=saved")
	wants(t, o.owner.get(page), 200, "Come to {{.ClinicName}}", "Come to Desk Clinic", "no link with which")
	wants(t, o.owner.get("/app/settings/messages"), 200, "your words")
	wants(t, o.owner.send(page, "version", was, "subject", "Slow", "body", "Slow {{.ManageURL}}", "do", "save"), 409, "Somebody changed this", "Slow {{.ManageURL}}")
	leads(t, o.owner.send(page, "version", o.owner.version(page), "do", "ours"), page+"?done=saved")
	wants(t, o.owner.get("/app/settings/messages"), 200, "!your words")
	wants(t, o.owner.get("/app/settings/messages/reminder/xx"), 404)
	wants(t, o.owner.get("/app/settings/messages/invoice/en"), 404)
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Mohan Sandal", "+919811198104", 0, tuesday, "10:00")
	edit := "/app/settings/services/" + o.service.ID.String()
	leads(t, o.owner.send(edit, "version", o.owner.version(edit), "service_name", "Long talk", "minutes", "30", "providers", o.providers[0].ID.String()), "/app/settings/services?done=saved")
	body := wants(t, o.owner.get("/app/audit"), 200, "Meera Shah", "Mohan Sandal", "Booked", "Changed", "<s><bdi>Consultation</bdi></s> <bdi>Long talk</bdi>", "/app/appointments/"+a.ID.String())
	if strings.Contains(body, o.providers[0].ID.String()+"</bdi>") {
		t.Error("an id is shown as a change")
	}
	wants(t, o.owner.get("/app/audit?what=service"), 200, "Long talk", "!Mohan Sandal")
	wants(t, o.owner.get("/app/audit?what=appointment&day=2026-11-23"), 200, "Mohan Sandal")
	wants(t, o.owner.get("/app/audit?what=appointment&day=2026-11-22"), 200, "No entries match")
	wants(t, o.owner.get("/app/audit?who="+o.owner.who.Actor().String()), 200, "Long talk")
	wants(t, o.owner.get("/app/audit?who="+id.New(o.Clock.Now()).String()), 200, "No entries match")
	for _, bad := range []string{"who=x", "what=secrets", "day=31.12.", "before=x"} {
		wants(t, o.owner.get("/app/audit?"+bad), 404)
	}
	// The newest head is there to be kept.
	o.rehouse(func(d *web.Deps) {
		d.Ledger = web.Ledger{Key: func() string { return "log+1+key" }, Checkpoint: func(context.Context) (store.Signed, error) {
			return store.Signed{Head: audit.Head{Size: 7, Hash: tlog.Hash{1}}}, nil
		}}
	})
	wants(t, o.owner.get("/app/audit/checks"), 200, "7 AQAAAA", "Newest head", "log+1+key")
	// That the log was read is in the log.
	wants(t, o.owner.get("/app/audit?what=audit"), 200, "appeared in a list")
	// More than one page.
	for range 60 {
		o.owner.get("/app/appointments/" + a.ID.String())
	}
	body = wants(t, o.owner.get("/app/audit?what=appointment"), 200, "Older")
	_, older, _ := strings.Cut(body, `href="/app/audit?before=`)
	older, _, _ = strings.Cut(older, `"`)
	wants(t, o.owner.get("/app/audit?before="+strings.ReplaceAll(older, "&amp;", "&")), 200, "Booked", "!Older")
	// A patient who is gone leaves her entries, and nothing of her in them.
	if err := o.Vault.Shred(context.Background(), o.Clinic, a.Patient, "test"); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app/audit?what=appointment"), 200, "!Mohan Sandal", "Appointment")
}
