package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/api"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/money"
	"almirah/internal/prescriptions"
	"almirah/internal/rig/razorpay"
	"almirah/internal/rig/sms"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/web"
)

// place is a clinic with at least one of everything that has an id.
type place struct {
	h      *opened
	twilio *sms.Twilio
	slug   string
	owner  *visitor
	who    access.Caller
	ids    map[string]string // by kind
	token  string            // of a patient's own link, as her confirmation carries it
	booked string            // of the link that the booking answered
	been   string            // of the link of one who was there
	keys   *razorpay.Server  // a gateway at which the clinic has an account with keys
	paper  string            // token of a link to a prescription
	at     string            // a free time of its first provider
	api    string            // a token that opens all that one can
}

// twoPlaces are two clinics of one house, with everything in them. Nothing works in the background any more.
func twoPlaces(t *testing.T, engine store.Engine) (a, b *place) {
	t.Helper()
	return twoPlacesLogging(t, engine, silent())
}

// twoPlacesLogging is twoPlaces with ears.
func twoPlacesLogging(t *testing.T, engine store.Engine, log *slog.Logger) (a, b *place) {
	t.Helper()
	return twoPlacesSet(t, engine, log, Options{}, nil)
}

// twoPlacesSet is twoPlaces in a house with other settings.
func twoPlacesSet(t *testing.T, engine store.Engine, log *slog.Logger, o Options, more map[string]string) (a, b *place) {
	t.Helper()
	twilio := sms.StartTwilio(t, sms.Account{}, clock.NewFake(morning))
	keys := razorpay.Start(t, razorpay.Options{Clock: clock.NewFake(morning)})
	set := map[string]string{"ALMIRAH_TWILIO_URL": twilio.URL(), "ALMIRAH_RAZORPAY_URL": keys.URL()}
	maps.Copy(set, more)
	h := openLogging(t, engine, o, log, set)
	if err := h.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	a = &place{h: h, twilio: twilio, keys: keys, slug: "sunrise", owner: h.signIn(t, demoPeople[0].email)}
	b = &place{h: h, twilio: twilio, keys: keys, slug: "lotus", owner: h.newcomer(t, url.Values{"person": {"Leela Lotus"}, "email": {"leela@lotus.example.org"}, "phone": {"+91 98450 12345"}, "job_title": {"owner"},
		"password": {demoPassword}, "clinic_name": {"Lotus Clinic"}, "country": {"IN"}, "zone": {"Asia/Kolkata"}, "terms": {TermsVersion}}, "lotus")}
	a.fill(t, h.Practice)
	in, err := h.Accounts.Session(t.Context(), b.owner.cookies[web.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	practice, err := h.demoPractice(t.Context(), in.Caller)
	if err != nil {
		t.Fatal(err)
	}
	b.fill(t, practice)
	h.Fake.Move(6 * time.Minute) // what is younger is not compared yet
	a.differ(t)
	b.differ(t)
	if err := h.Jobs.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// fill puts one of everything into the clinic, through its pages, and notes the ids.
func (p *place) fill(t *testing.T, practice demoPractice) {
	t.Helper()
	h, s := p.h, p.owner
	in, err := h.Accounts.Session(t.Context(), s.cookies[web.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	p.who = in.Caller
	provider, service := practice.providers[0], practice.services[0]
	p.ids = map[string]string{"clinic": p.who.Clinic().String(), "provider": provider.ID.String(), "other provider": practice.providers[1].ID.String(), "service": service.ID.String()}
	if err := h.Accounts.Enrol(t.Context(), p.who, demoDraft("Some Body", "somebody@"+p.slug+".example.org", "desk"), access.FrontDesk); err != nil {
		t.Fatal(err)
	}
	second := h.visitor() // a second session of the owner
	second.email = s.email
	second.renew(t)
	s.fill(t, "/app/settings/modules/notes", "/app/settings/modules/notes", url.Values{"turn": {"on"}})
	s.fill(t, "/app/account/agreements/terms", "/app/account/agreements/terms", url.Values{"signer": {"Some Owner"}, "capacity": {"owner"}, "sure": {"1"}})
	s.fill(t, "/app/settings/staff", "/app/settings/staff/invite", url.Values{"email": {"waiting@" + p.slug + ".example.org"}, "role": {"billing"}})
	s.fill(t, "/app/settings/closures", "/app/settings/closures", url.Values{"leave_from": {"2027-01-26"}, "leave_words": {"Republic Day"}})
	page := "/app/settings/providers/" + p.ids["provider"]
	s.fill(t, page+"/hours", page+"/leave", url.Values{"leave_from": {"2027-03-01"}, "leave_to": {"2027-03-02"}, "leave_words": {"away"}})
	s.fill(t, page+"/hours", page+"/changes", url.Values{"change_date": {"2026-12-24"}, "change_from1": {"10:00"}, "change_to1": {"12:00"}})

	// What is said is kept, so that what is sent beside it is fetched. It is chosen before the first patient: whoever was here before would have to agree first.
	s.fill(t, "/app/settings/conversations", "/app/settings/conversations", url.Values{"content": {"full"}, "sure": {"1"}})
	free := p.json(t, "GET", fmt.Sprintf("/slots?service=%s&provider=%s&from=2026-11-25&to=2026-11-26", p.ids["service"], p.ids["provider"]), "", "")
	slots := free["items"].([]any)
	body := h.bookingBody(slots[0].(map[string]any)["starts_at"], "Asha Marigold", "asha@"+p.slug+".example.org")
	made := p.json(t, "POST", "/bookings", "k-"+p.slug, strings.ReplaceAll(body, h.Practice.services[0].ID.String(), p.ids["service"]))
	link, _ := made["manage_url"].(string)
	p.at = slots[5].(map[string]any)["starts_at"].(string)
	p.booked = link[strings.LastIndex(link, "/")+1:]
	p.token = strings.TrimPrefix(h.letter(t, "asha@"+p.slug+".example.org", "/m/"), "/m/")
	p.retire(t, practice.providers[len(practice.providers)-1])
	p.connect(t)
	p.follow(t, slots[8].(map[string]any)["starts_at"])
	p.care(t)
	p.bill(t)
	p.collect(t)
	p.prescribe(t)
	p.notice(t)
	p.helped(t)
	p.integrated(t)
}

// notice gives the clinic something that the rules of its log noticed.
func (p *place) notice(t *testing.T) {
	t.Helper()
	one := id.New(p.h.Clock.Now())
	person, err := id.Parse(p.ids["person"])
	if err != nil {
		t.Fatal(err)
	}
	err = p.h.DB.Change(t.Context(), p.who, access.AuditReview, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("as the rules write it")
		_, err := tx.Exec(`INSERT INTO oversight_finding (clinic_id, id, rule, day, person_id, count, usual, found_at) VALUES ($1, $2, 'night', '2026-11-23', $3, 4, 0, $4)`, one, person, tx.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["finding"] = one.String()
}

// prescribe gives the clinic a draft, a signed sheet with a link, and a favourite.
func (p *place) prescribe(t *testing.T) {
	t.Helper()
	r, err := p.h.Desk.Roster(t.Context(), p.who)
	if err == nil {
		err = p.h.prescribe(t.Context(), p.who, demoPractice{r.Providers, r.Services})
	}
	patient, bad := id.Parse(p.ids["patient"])
	if err != nil || bad != nil {
		t.Fatal(err, bad)
	}
	visit, bad := id.Parse(p.ids["visit"])
	if bad != nil {
		t.Fatal(bad)
	}
	draft := func() prescriptions.Draft {
		return prescriptions.Draft{ID: id.New(p.h.Fake.Now()), Patient: patient, Encounter: visit, Language: "en", Rows: []prescriptions.Row{{Generic: "Zinc", Strength: "20 mg", Form: "tablet", Dose: "101", Days: 3}}}
	}
	s, err := p.h.Scripts.Sign(t.Context(), p.who, draft(), r.Providers[0].ID, false)
	if err != nil {
		t.Fatal(err)
	}
	next := draft()
	next.Replaces = s.ID
	d, err := p.h.Scripts.Save(t.Context(), p.who, next, id.Zero)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.h.Scripts.AddSet(t.Context(), p.who, s.ID, "z", "Zinc"); err != nil {
		t.Fatal(err)
	}
	sets, err := p.h.Scripts.Sets(t.Context(), p.who)
	if err != nil || len(sets) != 1 {
		t.Fatalf("%d favourites, %v", len(sets), err)
	}
	share, err := p.h.Scripts.Send(t.Context(), p.who, s.ID, "email", true)
	if err == nil {
		err = p.h.DB.Change(t.Context(), p.who, access.RxShare, func(_ context.Context, tx *store.Tx) (err error) {
			tx.Housekeeping("a link for the sweep")
			p.paper, err = prescriptions.NewLink(tx, share.ID)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	p.ids["draft sheet"], p.ids["sheet"], p.ids["share"], p.ids["favourite"] = d.ID.String(), s.ID.String(), share.ID.String(), sets[0].ID.String()
}

// bill gives the clinic an invoice that was paid, of the patient of the link, and an advance.
func (p *place) bill(t *testing.T) {
	t.Helper()
	c, err := p.h.Clinics.Get(t.Context(), p.who)
	if err == nil {
		err = p.h.Clinics.SetModules(t.Context(), p.who, append(c.Modules, clinics.ModuleBilling), c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	who, _, err := p.h.Desk.Enter(t.Context(), p.token)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := p.h.Bills.Setting(t.Context(), p.who)
	if err == nil {
		set.UPIID = "clinic@upi"
		err = p.h.Bills.SaveSetting(t.Context(), p.who, set)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, out, err := p.h.Bills.IssueAndTake(t.Context(), p.who, id.Zero, billing.InvoiceDraft{Patient: who.Patient(), Lines: []billing.LineDraft{{Words: "Visit", Class: money.Exempt, Quantity: 1, Price: 50000}}}, 0, billing.Pay{Method: billing.Cash, Amount: 40000})
	if err != nil {
		t.Fatal(err)
	}
	ahead, err := p.h.Bills.TakeAdvance(t.Context(), p.who, who.Patient(), billing.Pay{Method: billing.UPI, Amount: 5000})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["invoice"], p.ids["payment"], p.ids["advance"] = d.ID.String(), out.Payment.String(), ahead.Payment.String()
	p.payOnline(t, who, d.ID)
}

// payOnline gives the clinic an account at a gateway, a payment that was asked for, and a difference of the books.
func (p *place) payOnline(t *testing.T, patient access.Caller, invoice id.ID) {
	t.Helper()
	list, err := p.h.Pay.Accounts(t.Context(), p.who)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		a, err := p.h.Pay.Connect(t.Context(), p.who, "demo", map[string]string{}, true)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	r, err := p.h.Pay.Ask(t.Context(), patient, invoice, func(id.ID) string { return p.h.Config.PublicURL })
	if err != nil {
		t.Fatal(err)
	}
	p.ids["gateway"], p.ids["request"] = list[0].ID.String(), r.ID.String()
	// Somebody pays what was never asked for here, on a page whose reports nobody signs with the clinic's secret.
	page, err := p.h.bank.Open(t.Context(), billing.Till{Provider: "demo", Credentials: []byte(`{"secret":"not the clinic's"}`), HookURL: p.h.hookURL(p.who.Clinic(), list[0].ID, "demo")},
		billing.Ask{Reference: "elsewhere-" + p.slug, Amount: 700, Currency: "INR", Description: "elsewhere", ExpiresAt: clock.At(p.h.Fake.Now().Add(time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	if a := p.h.visitor().send(t, "POST", strings.TrimPrefix(page.URL, p.h.Server.URL), strings.NewReader("act=pay"), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}); a.status != http.StatusBadGateway {
		t.Fatalf("a report that is not signed by the clinic's secret was taken: %s", a)
	}
	p.keyed(t, p.keys)
	p.paidOnline(t, patient)
}

// differ compares the books of the clinic's account with those of the bank, which has a payment that nobody here asked for.
func (p *place) differ(t *testing.T) {
	t.Helper()
	account, err := id.Parse(p.ids["gateway"])
	if err == nil {
		err = p.h.Pay.Check(t.Context(), p.who, account)
	}
	list, _, bad := p.h.Pay.Differences(t.Context(), p.who)
	if err != nil || bad != nil || len(list) != 1 {
		t.Fatalf("%s: %d differences, %v, %v", p.slug, len(list), err, bad)
	}
	p.ids["difference"] = list[0].ID.String()
}

// follow gives the clinic a rule of what is written after a visit, and somebody who has been there and said how it was.
func (p *place) follow(t *testing.T, at any) {
	t.Helper()
	p.owner.post(t, "/app/settings/followups/new", url.Values{"kind": {"visit"}, "channel": {"email"}, "days": {"3"}, "at": {"10:00"}, "active": {"1"}})
	body := p.h.bookingBody(at, "Ravi Earlier", "ravi@"+p.slug+".example.org")
	made := p.json(t, "POST", "/bookings", "f-"+p.slug, strings.ReplaceAll(body, p.h.Practice.services[0].ID.String(), p.ids["service"]))
	link, _ := made["manage_url"].(string)
	token := link[strings.LastIndex(link, "/")+1:]
	_, one, err := p.h.Desk.Enter(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	now, err := p.h.Desk.Open(t.Context(), p.who, one)
	if err == nil {
		_, err = p.h.Desk.SetStatus(t.Context(), p.who, one, now.Version, scheduling.Arrived)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.been = strings.TrimPrefix(p.h.sent(t, token), "/m/")
	p.h.visitor().fill(t, "/m/"+p.been+"/review", "/m/"+p.been+"/review", url.Values{"stars": {"2"}, "words": {"Slow."}})
}

// connect gives the clinic an account of its own, over which somebody writes to it.
func (p *place) connect(t *testing.T) {
	t.Helper()
	account := p.twilio.Account()
	p.owner.fill(t, "/app/settings/channels", "/app/settings/channels/twilio", url.Values{"account_sid": {account.SID}, "auth_token": {account.Token}, "from": {"+14155550100"}, "agreed": {"1"}})
	list, err := p.h.Messages.Accounts(t.Context(), p.who)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s has %d accounts, %v", p.slug, len(list), err)
	}
	// And one at a provider that approves texts, with one that it approved.
	p.owner.fill(t, "/app/settings/channels", "/app/settings/channels/local-whatsapp", url.Values{"number": {"+919999900010"}, "agreed": {"1"}})
	both, err := p.h.Messages.Accounts(t.Context(), p.who)
	if err != nil || len(both) != 2 {
		t.Fatalf("%s has %d accounts, %v", p.slug, len(both), err)
	}
	for _, a := range both {
		if a.Channel == messaging.WhatsApp {
			p.owner.fill(t, "/app/settings/channels/"+a.ID.String()+"/texts", "/app/settings/channels/"+a.ID.String()+"/texts", url.Values{"ask": {"reminder.en"}})
		}
	}
	calls := p.twilio.Sends(list[0].HookURL, "+919845012399", "+14155550100", "", map[string][]byte{"application/pdf": []byte("%PDF-1.7 a report")})
	for _, c := range append(calls, p.twilio.Writes(list[0].HookURL, "+919845012399", "+14155550100", "May I come at five?", "", sms.Story{})...) {
		r, err := sms.Post(t.Context(), http.DefaultClient, c, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s hears nothing: %s", p.slug, r.Status)
		}
	}
	p.h.until(t, "what was written is in the inbox", func() bool {
		list, err := p.h.Messages.Inbox(t.Context(), p.who, messaging.InboxFilter{})
		return err == nil && len(list) > 0
	})
	p.h.until(t, "what came beside it is fetched", func() bool {
		list, err := p.h.Messages.Inbox(t.Context(), p.who, messaging.InboxFilter{})
		if err != nil || len(list) == 0 {
			return false
		}
		talk, err := p.h.Messages.OpenThread(t.Context(), p.who, list[0].ID)
		return err == nil && slices.ContainsFunc(talk.Lines, func(l messaging.Line) bool {
			return len(l.Files) > 0 && l.Files[0].State == messaging.MediaKept
		})
	})
	p.owner.fill(t, "/app/settings/conversations", "/app/settings/conversations/replies", url.Values{"title": {"Lift"}, "body": {"There is a lift."}})
}

// collect notes an id of each kind out of the rows themselves.
func (p *place) collect(t *testing.T) {
	t.Helper()
	pick := func(kind, table string, rows map[string][][]any, want func(get func(column string) string) bool) {
		t.Helper()
		columns := columnsOf(t, table)
		for _, r := range rows[table] {
			get := func(column string) string { return asText(r[slices.Index(columns, column)]) }
			if want(get) {
				var one id.ID
				copy(one[:], get(map[bool]string{true: "person_id", false: "id"}[table == "membership"]))
				p.ids[kind] = one.String()
				return
			}
		}
		t.Fatalf("%s has no %s", p.slug, kind)
	}
	any := func(func(string) string) bool { return true }
	clinic, actor := p.who.Clinic(), p.who.Actor()
	rows, platform := p.h.rows(t, p.who), p.h.platformRows(t)
	pick("visit", "encounter", rows, func(get func(string) string) bool { // whose it is and when it was, for what asks for both
		for kind, column := range map[string]string{"patient": "patient_id", "appointment": "appointment_id"} {
			var one id.ID
			copy(one[:], get(column))
			p.ids[kind] = one.String()
		}
		return true
	})
	pick("message", "message", rows, any)
	pick("account", "channel", rows, func(get func(string) string) bool { return get("provider") == "local-whatsapp" })
	pick("approval", "approval", rows, any)
	pick("thread", "thread", rows, any)
	pick("attached", "attached", rows, any)
	pick("reply", "canned", rows, any)
	pick("feedback", "feedback", rows, any)
	pick("followup", "reminder_rule", rows, func(get func(string) string) bool { return get("kind") == string(messaging.Visited) })
	for kind, table := range map[string]string{"aside": "encounter_aside", "health": "health", "file": "file", "visit template": "visit_template", "form": "intake_form"} {
		pick(kind, table, rows, any)
	}
	pick("leave", "leave", rows, any)
	pick("signed", "agreement", rows, any)
	pick("closure", "closure", rows, any)
	pick("rule", "reminder_rule", rows, func(get func(string) string) bool { return get("kind") == string(messaging.Reminder) })
	pick("invitation", "invitation", platform, func(get func(string) string) bool {
		return get("clinic_id") == string(clinic[:]) && get("used_at") == "0"
	})
	pick("person", "membership", platform, func(get func(string) string) bool {
		return get("clinic_id") == string(clinic[:]) && get("person_id") != string(actor[:])
	})
	pick("factor", "authenticator", platform, func(get func(string) string) bool { return get("person_id") == string(actor[:]) })
	current := p.who.Session()
	pick("session", "session", platform, func(get func(string) string) bool {
		return get("person_id") == string(actor[:]) && get("id") != string(current[:])
	})
}

// json asks the programming interface of the clinic.
func (p *place) json(t *testing.T, method, path, key, body string) map[string]any {
	t.Helper()
	a := p.h.visitor().send(t, method, "/api/v1/clinics/"+p.slug+path, strings.NewReader(body), map[string]string{"Content-Type": "application/json", "Idempotency-Key": key})
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return out
}

// pathKinds say what each parameter of an address is: a kind of id, or, behind "=", one fixed word.
var pathKinds = map[string]string{
	"/app/appointments/{id}":                       "appointment",
	"/trust/{id}":                                  "=clinic-apart",
	"/documents/{digest}":                          "=" + TermsVersion,
	"/app/patients/{id}":                           "patient",
	"/app/audit/noticed/{id}":                      "finding",
	"/app/me/sessions/{session}":                   "session",
	"/app/settings/staff/invitations/{invitation}": "invitation",
	"/app/settings/staff/{person}":                 "person",
	"/c/{slug}/privacy/versions/{n}":               "=1",
	"/second-factor/{factor}":                      "factor",
	"/app/settings/providers/{id}":                 "provider",
	"/app/settings/providers/{id}/changes/{day}":   "=2026-12-24",
	"/app/settings/providers/{id}/leave/{leave}":   "leave",
	"/app/settings/closures/{closure}":             "closure",
	"/app/settings/services/{id}":                  "service",
	"/app/settings/messages/{kind}":                "=reminder",
	"/app/settings/messages/{kind}/{language}":     "=en",
	"/app/settings/channels/{provider}":            "=twilio",
	"/app/settings/channels/{id}":                  "account",
	"/app/inbox/{thread}":                          "thread",
	"/app/inbox/{thread}/files/{file}":             "attached",
	"/app/settings/conversations/replies/{reply}":  "reply",
	"/app/settings/channels/{id}/texts/{text}":     "approval",
	"/app/reviews/{id}":                            "feedback",
	"/app/settings/export/{id}":                    "export",
	"/app/settings/import/{id}":                    "list",
	"/app/settings/followups/{id}":                 "followup",
	"/app/visits/{id}":                             "visit",
	"/app/visits/{id}/asides/{aside}":              "aside",
	"/app/patients/{id}/health/{row}":              "health",
	"/app/files/{id}":                              "file",
	"/app/settings/visits/{id}":                    "visit template",
	"/app/settings/intake/{id}":                    "form",
	"/m/{token}/intake/{form}":                     "form",
	"/app/messages/{id}":                           "message",
	"/app/bills/{id}":                              "invoice",
	"/app/settings/payments/{provider}":            "=demo",
	"/app/settings/payments/{id}":                  "gateway",
	"/m/{token}/pay/{id}":                          "request",
	"/c/{slug}/paid/{id}":                          "request",
	"/app/bills/{id}/receipts/{payment}":           "payment",
	"/app/bills/payments/{id}":                     "advance",
	"/m/{token}/bills/{id}":                        "invoice",
	"/m/{token}/bills/{id}/receipts/{payment}":     "payment",
	"/app/outbox/calendar/{id}":                    "message",
	"/app/outbox/phone/{phone}":                    "=AAAA", // no row stands behind it: demo_phones_test.go asks with another clinic's
	"/app/settings/modules/{module}":               "=notes",
	"/app/account/agreements/{kind}":               "=terms",
	"/app/account/signed/{id}":                     "signed",
	"/app/account/invoices/{invoice}":              "=1", // nobody pays here: plan_test.go of the pages asks for one
	"/app/help/{topic}":                            "=book",
	"/app/settings/tokens/{id}":                    "program token",
	"/app/settings/webhooks/{id}":                  "webhook",
	"/api/v1/appointments/{id}":                    "appointment",
	"/api/v1/patients/{id}":                        "patient",
	"/api/v1/invoices/{id}":                        "invoice",
	"/app/support/{id}":                            "ticket",
	"/app/incidents/{id}":                          "incident",
	"/app/disclosures/{id}":                        "disclosure",
	"/app/requests/{id}":                           "data request",
	"/m/{token}/data/requests/{id}":                "own request",
	"/app/settings/former/{person}":                "former",
	"/app/erasures/{id}":                           "erasure",
	"/c/{slug}/erased/{id}":                        "erasure",
	"/trust/closed/{id}":                           "erasure",
	"/platform/incidents/{id}":                     "platform incident",
	"/app/settings/retention/holds/{id}":           "hold",
	"/platform/suspensions/{id}":                   "suspension",
	"/app/support/access/{id}":                     "grant",
	"/platform/tickets/{id}":                       "ticket",
	"/platform/clinics/{id}":                       "clinic",
	"/platform/notices/{id}":                       "service notice",
	"/platform/helpers/{id}":                       "person",
	"/c/{slug}":                                    "slug",
	"/api/v1/clinics/{slug}":                       "slug",
	"/m/{token}":                                   "token",
	"/r/{token}":                                   "paper",
	"/v/{code}":                                    "=AAAA", // no clinic stands behind it: browser_rx_test.go asks with wrong codes
	"/app/prescriptions/{id}":                      "sheet",
	"/app/prescriptions/{id}/links/{share}":        "share",
	"/app/favourites/{id}":                         "favourite",
	"/app/settings/drugs/lists/{list}":             "=drugs",
	"/hooks/{provider}":                            "=twilio",
	"/hooks/{provider}/{channel}":                  "=AAAA", // no sign-in stands behind it: sms_test.go asks with wrong signatures
}

// otherKinds are the addresses whose parameter is another thing than pathKinds says of its place.
var otherKinds = map[string]string{
	"/app/requests/{id}/back":     "written request",
	"/app/requests/{id}/copy":     "copied request",
	"/app/requests/{id}/identify": "unknown request",
	"/app/requests/{id}/kind":     "written request",
	"/app/requests/{id}/told":     "copied request",
	"/app/bills/{id}/settle":      "difference",
	"/app/bills/{id}/compare":     "gateway",

	"/app/bills/{id}/online-back":         "online invoice",
	"/app/settings/payments/{id}/keys":    "keyed account",
	"/app/settings/providers/{id}/return": "retired",
}

// kindOf says what the parameter of a route is that stands at the end of the prefix; false when nobody knows.
func kindOf(pattern, prefix string) (string, bool) {
	_, path, _ := strings.Cut(pattern, " ")
	if kind, own := otherKinds[path]; own && strings.HasSuffix(prefix, "}") {
		return kind, true
	}
	kind, known := pathKinds[prefix]
	return kind, known
}

// sent is what goes with a route: the fields of its form (or, for GET, of its address) with
// right values. "{kind}" stands for an id of the clinic, "{new}" for one that nobody has. Fields that hold an id are exactly
// those; a field that a page offers with an id and that is not here fails the sweep.
var sent = map[string]map[string]string{
	"GET /app/day":                                            {"day": "2026-11-25", "provider": "{provider}", "appointment": "{appointment}"},
	"GET /app/day/column":                                     {"day": "2026-11-25", "provider": "{provider}"},
	"GET /app/day/columns":                                    {"day": "2026-11-25"},
	"GET /app/week":                                           {"from": "2026-11-25", "provider": "{provider}"},
	"GET /app/book":                                           {"day": "2026-11-25", "service": "{service}", "provider": "{provider}", "patient": "{patient}"},
	"GET /app/free":                                           {"day": "2026-11-25", "service": "{service}", "provider": "{provider}", "patient": "{patient}"},
	"POST /app/search":                                        {"q": "asha"},
	"POST /app/seek":                                          {"to": "/app/audit", "find": "asha", "who": "{person}", "patient": "{patient}"},
	"GET /app/audit":                                          {"who": "{person}", "patient": "{patient}"},
	"POST /app/audit/noticed/{id}/settle":                     {"version": "1", "words": "She asked me before."},
	"POST /app/audit/reviews":                                 {"from": "2026-11-23", "to": "2026-11-24", "words": "All is well."},
	"POST /app/audit/mail":                                    {"mail": "1"},
	"GET /c/{slug}/book":                                      {"service": "{service}", "provider": "{provider}"},
	"POST /c/{slug}/book":                                     {"service": "{service}", "provider": "{provider}", "starts_at": "{at}", "whom": "self", "name": "Ravi Teak", "email": "ravi@example.org", "birth_day": "1", "birth_month": "2", "birth_year": "1980", "key": "{key}"},
	"POST /app/appointments":                                  {"service": "{service}", "provider": "{provider}", "patient": "{patient}", "starts_at": "{at}", "key": "{key}"},
	"POST /app/appointments/{id}/move":                        {"provider": "{other provider}", "starts_at": "{at}", "version": "1"},
	"POST /app/appointments/{id}/status":                      {"to": "confirm", "version": "1"},
	"POST /app/appointments/{id}/cancel":                      {"version": "1", "why": "moved away"},
	"POST /app/appointments/{id}/note":                        {"note": "by the window", "version": "1"},
	"POST /app/patients/new":                                  {"name": "Ravi Teak", "phone": "+91 98450 12345", "language": "en"},
	"POST /app/patients/{id}":                                 {"part": "identity", "name": "Ravi Teak", "email": "ravi@example.org", "version": "1", "language": "en"},
	"POST /app/patients/{id}/consents":                        {"consent": "reminder"},
	"POST /app/patients/{id}/terms":                           {"version": "3", "answer": "yes"},
	"POST /m/{token}/terms":                                   {"version": "3", "answer": "yes"},
	"POST /app/settings/privacy":                              {"remainder": "0"},
	"POST /confidentiality":                                   {"version": "0", "sure": "1"},
	"POST /app/patients/{id}/notes":                           {"note": "likes mornings", "version": "1"},
	"POST /app/patients/{id}/delete":                          {"sure": "1", "version": "1"},
	"POST /app/settings/sign-in":                              {"idle": "30", "version": "0"},
	"POST /app/settings/outside":                              {"outside": "anyone", "version": "1"},
	"POST /app/settings/import/{id}/look":                     {"column-0": "name", "column-1": "phone", "order": "dmy", "version": "1"},
	"POST /app/settings/import/{id}/take":                     {"version": "1"},
	"POST /app/settings/import/{id}/undo":                     {"version": "1"},
	"POST /app/settings/domain":                               {"host": "book.other-clinic.org"},
	"POST /app/me":                                            {"person": "Anjali Mehta", "phone": "+91 99999 00001", "job_title": "owner", "version": "1"},
	"POST /app/me/preferences":                                {"language": "hi", "theme": "dark", "version": "1"},
	"POST /app/me/password":                                   {"password": demoPassword, "new_password": "another steel cupboard"},
	"POST /app/settings/clinic":                               {"clinic_name": "Other", "country": "IN", "zone": "Asia/Kolkata", "jurisdiction": "IN", "region": "IN", "currency": "INR", "languages": "en", "version": "1"},
	"POST /app/settings/public":                               {"open": "1", "version": "2"},
	"POST /app/settings/modules/{module}":                     {"turn": "on", "version": "1"},
	"POST /app/account/agreements/{kind}":                     {"signer": "Some Owner", "capacity": "owner", "sure": "1", "text": "0"},
	"POST /app/account/pay":                                   {"plan": "solo", "term": "month"},
	"POST /app/account/closing":                               {"turn": "leave", "sure": "1"},
	"POST /app/settings/retention/holds/{id}":                 {"turn": "end", "version": "1"},
	"POST /app/patients/{id}/hold":                            {"reason": "Another letter of the court", "until": "2026-12-24"},
	"POST /platform/suspensions":                              {"clinic": "sunrise", "ground": "spam", "reason": "Messages to people who are no patients."},
	"POST /platform/suspensions/{id}":                         {"turn": "lift", "version": "1"},
	"POST /app/settings/staff/invite":                         {"email": "new@example.org", "role": "front-desk"},
	"POST /app/settings/staff/{person}/role":                  {"role": "assistant", "version": "1"},
	"POST /app/settings/staff/{person}/end":                   {"version": "1"},
	"POST /app/settings/providers/new":                        {"provider_name": "Dr New", "services": "{service}", "account": "{person}"},
	"POST /app/settings/providers/{id}":                       {"provider_name": "Dr Changed", "services": "{service}", "account": "{person}", "version": "1"},
	"POST /app/settings/providers/{id}/retire":                {"choice": "move", "to": "{other provider}", "version": "1"},
	"POST /app/settings/providers/{id}/hours":                 {"from-1": "09:00", "to-1": "12:00", "version": "1"},
	"POST /app/settings/providers/{id}/changes":               {"change_date": "2026-12-31", "change_from1": "10:00", "change_to1": "12:00"},
	"POST /app/settings/providers/{id}/leave":                 {"leave_from": "2027-04-01", "leave_words": "away"},
	"POST /app/settings/closures":                             {"leave_from": "2027-05-01", "leave_words": "May Day"},
	"POST /app/settings/services/new":                         {"service_name": "New", "minutes": "15", "providers": "{provider}"},
	"POST /app/settings/services/{id}":                        {"service_name": "Changed", "minutes": "15", "providers": "{provider}", "version": "1"},
	"POST /app/settings/booking":                              {"notice_hours": "2", "horizon_days": "30", "step": "15", "version": "2"},
	"POST /app/settings/reminders":                            {"rule": "{rule}", "remove": "{rule}"},
	"POST /app/appointments/{id}/visit":                       {"to": "with", "version": "1"},
	"POST /app/visits/{id}":                                   {"complaint": "Cough", "version": "1", "tab": "00000000000000000000000000000001", "template": "{visit template}", "do": "template"},
	"POST /app/visits/{id}/sign":                              {"complaint": "Cough", "version": "1", "tab": "00000000000000000000000000000001"},
	"POST /app/visits/{id}/amend":                             {"part": "plan", "reason": "later", "text": "Rest"},
	"POST /app/codes":                                         {"find": "cough"},
	"POST /app/patients/{id}/health":                          {"kind": "allergy", "substance": "Dust"},
	"POST /app/patients/{id}/health/{row}/end":                {"kind": "allergy"},
	"POST /app/settings/visits/new":                           {"name": "Mine", "speciality": "general", "findings": "Chest:"},
	"POST /app/settings/visits/{id}":                          {"name": "Mine", "speciality": "general", "findings": "Chest:", "version": "1"},
	"POST /app/settings/intake/new":                           {"kind": "consent", "title": "Photos", "text": "I agree.", "service": "{service}"},
	"POST /app/settings/intake/{id}":                          {"kind": "consent", "title": "Photos", "text": "I agree.", "service": "{service}", "version": "1"},
	"POST /m/{token}/intake/{form}":                           {"do": "sign", "signed_name": "Asha", "agreed": "1"},
	"POST /app/messages/{id}/settle":                          {"as": "sent"},
	"POST /app/reviews/{id}/settle":                           {"seen": "1"},
	"GET /app/settings/followups/new":                         {"kind": "recall"},
	"GET /app/settings/followups/{id}":                        {"day": "2026-12-01"},
	"POST /app/settings/followups/new":                        {"kind": "recall", "channel": "email", "days": "180", "at": "10:00", "service": "{service}"},
	"POST /app/settings/followups/{id}":                       {"channel": "email", "days": "4", "at": "10:00", "service": "{service}", "version": "1"},
	"POST /app/settings/followups/{id}/state":                 {"to": "pause", "version": "1"},
	"POST /app/settings/followups/{id}/remove":                {"version": "1"},
	"POST /app/settings/followups/link":                       {"url": "https://reviews.example.com/x", "version": "0"},
	"POST /m/{token}/review":                                  {"stars": "4", "words": "So it was."},
	"GET /app/help":                                           {"q": "book"},
	"GET /app/support/access/{id}":                            {"whose": "asha"},
	"GET /m/{token}/data/ask":                                 {"kind": "deletion"},
	"POST /m/{token}/data/ask":                                {"kind": "complaint", "words": "It was read aloud."},
	"POST /m/{token}/data/restrict":                           {"on": "1"},
	"POST /m/{token}/data/nominee":                            {"name": "Omar", "contact": "omar@example.org"},
	"POST /m/{token}/data/statement":                          {"about": "health", "words": "It was the left one.", "end": "{statement}"},
	"POST /m/{token}/data/contact":                            {"address": "new@example.org"},
	"POST /m/{token}/data/code":                               {"code": "000000"},
	"POST /c/{slug}/privacy/request":                          {"contact": "asha@example.org"},
	"POST /app/requests/names":                                {"names": "1"},
	"GET /app/requests/new":                                   {"patient": "{patient}"},
	"POST /app/requests/new":                                  {"kind": "access", "door": "visit", "asker": "self", "patient": "{patient}", "proof": "met", "words": "All of it."},
	"POST /app/requests/{id}/identify":                        {"patient": "{patient}", "proof": "met", "version": "1"},
	"POST /app/requests/{id}/kind":                            {"kind": "complaint", "version": "1"},
	"POST /app/requests/{id}/longer":                          {"longer": "The doctor is away.", "version": "1"},
	"POST /app/requests/{id}/decide":                          {"outcome": "granted", "version": "1"},
	"POST /app/inbox/{thread}/request":                        {"kind": "access"},
	"POST /platform/requests":                                 {"slug": "nowhere", "kind": "access", "contact": "asha@example.org", "words": "She wants it."},
	"GET /app/incidents/{id}/form.txt":                        {"duty": "in-cert"},
	"POST /app/erasures/{id}/held":                            {"hold": "{hold}", "reason": "A court asked"},
	"POST /app/erasures/{id}/letter":                          {"carrier": "msg91", "number": "1"},
	"GET /app/erasures/{id}/letter.txt":                       {"carrier": "msg91"},
	"POST /app/settings/former/{person}":                      {"sure": "1"},
	"POST /app/incidents":                                     {"rule": "other", "words": "A letter lay in the street."},
	"GET /app/disclosures/new":                                {"patient": "{patient}"},
	"POST /app/disclosures/new":                               {"patient": "{patient}", "ground": "court", "recipient": "District Court", "reference": "4711", "why": "By order of the court.", "parts": "identity", "gag": "2027-01-31", "gag_why": "The same order."},
	"POST /app/disclosures/{id}/decide":                       {"to": "no", "words": "The order names nobody.", "version": "1"},
	"POST /app/disclosures/{id}/drop":                         {"version": "1"},
	"POST /app/incidents/{id}/scope":                          {"person": "{person}", "session": "{sign-in}", "from": "2026-11-23T08:00", "version": "2"},
	"POST /app/incidents/{id}/confirm":                        {"version": "1"},
	"POST /app/incidents/{id}/contain":                        {"how": "end"},
	"POST /app/incidents/{id}/decide":                         {"notifiable": "yes", "why": "A stranger saw names.", "version": "2"},
	"POST /app/incidents/{id}/handed":                         {"duty": "in-cert", "words": "By mail, 4711"},
	"POST /app/incidents/{id}/note":                           {"words": "And again."},
	"POST /app/incidents/{id}/notice":                         {"subject_en": "Your data", "body_en": "Dear patient"},
	"POST /app/incidents/{id}/told":                           {"line": "{affected line}"},
	"POST /app/incidents/{id}/close":                          {"lessons": "Tablets lock themselves.", "version": "2"},
	"POST /platform/incidents":                                {"processor": "", "from": "2026-11-23T08:00", "to": "2026-11-23T09:00", "words": "A disk was left in a train."},
	"POST /platform/incidents/{id}/close":                     {"lessons": "Disks are encrypted.", "version": "1"},
	"POST /app/settings/tokens":                               {"name": "Website", "scopes": "calendar.read", "days": "90"},
	"POST /app/settings/webhooks":                             {"url": "https://hooks.example.org/in", "events": "patient.created"},
	"POST /app/settings/webhooks/{id}":                        {"events": "patient.created", "version": "1"},
	"POST /app/settings/webhooks/{id}/secret":                 {"version": "1"},
	"POST /app/settings/webhooks/{id}/state":                  {"to": "off", "version": "1"},
	"POST /app/settings/webhooks/{id}/replay":                 {"delivery": "{delivery}"},
	"POST /app/settings/webhooks/{id}/remove":                 {"version": "1"},
	"GET /api/v1/slots":                                       {"service": "{service}", "provider": "{provider}", "from": "2026-11-25", "to": "2026-11-26"},
	"GET /api/v1/appointments":                                {"from": "2026-11-24", "to": "2026-11-26"},
	"POST /api/v1/appointments":                               {"service": "{service}", "provider": "{provider}", "starts_at": "{at}", "patient": "{patient}"},
	"POST /api/v1/appointments/{id}/move":                     {"provider": "{other provider}", "starts_at": "{at}", "version": "1"},
	"POST /api/v1/appointments/{id}/cancel":                   {"version": "1"},
	"POST /api/v1/patients/search":                            {"q": "asha"},
	"POST /api/v1/patients":                                   {"name": "Ravi Teak", "email": "ravi@example.org"},
	"PATCH /api/v1/patients/{id}":                             {"phone": "+91 98200 12345", "version": "1"},
	"POST /app/support":                                       {"kind": "question", "subject": "The printer", "words": "It prints twice.", "page": "/app/bills"},
	"POST /app/support/{id}/say":                              {"words": "And again."},
	"POST /app/support/{id}/state":                            {"to": "closed"},
	"POST /app/support/access/{id}/approve":                   {"patient": "{patient}"},
	"POST /app/hand-over":                                     {"step": "offer", "to": "{person}", "stays_as": "manager"},
	"POST /app/me/lists":                                      {"list": "product"},
	"POST /platform/tickets/{id}/say":                         {"words": "Which one?"},
	"POST /platform/tickets/{id}/state":                       {"to": "closed"},
	"POST /platform/clinics/{id}/ask":                         {"reason": "a ticket", "scopes": "settings", "minutes": "60"},
	"POST /platform/clinics/{id}/enter":                       {"grant": "{grant}"},
	"POST /platform/clinics/{id}/end":                         {"grant": "{grant}"},
	"POST /platform/notices":                                  {"kind": "planned", "starts": "2026-12-01T02:00", "hours": "2", "title_en": "Work", "words_en": "A little."},
	"POST /terms/changed":                                     {"terms": TermsVersion},
	"POST /platform/datamap":                                  {"map": "of nobody", "sure": "1"},
	"POST /platform/duties":                                   {"kind": "people", "day": "2026-11-01", "report": "shelf 4"},
	"POST /platform/vendors":                                  {"party": "post", "signed": "2026-11-01", "safeguard": "none", "reviewed": "2026-11-01"},
	"POST /platform/helpers":                                  {"person": "Divya", "email": "divya@example.org", "role": "support"},
	"POST /choose-clinic":                                     {"clinic": "{clinic}"},
	"GET /app/bills":                                          {"box": "all"},
	"GET /app/bills/new":                                      {"appointment": "{appointment}", "patient": "{patient}"},
	"POST /app/bills/new":                                     {"appointment": "{appointment}", "patient": "{patient}", "lines": "1", "words.0": "Visit", "price.0": "500", "quantity.0": "1", "service.0": "{service}", "offer": "{service}", "shown": "50000", "act": "paid.cash", "key": "{new}"},
	"POST /app/bills/{id}":                                    {"appointment": "{appointment}", "patient": "{patient}", "lines": "1", "words.0": "Visit", "price.0": "500", "quantity.0": "1", "service.0": "{service}", "offer": "{service}", "act": "save", "version": "1", "key": "{new}"},
	"POST /app/bills/{id}/discard":                            {"version": "1"},
	"POST /app/bills/{id}/pay":                                {"method": "cash", "amount": "100", "key": "{new}"},
	"POST /app/bills/{id}/use":                                {"payment": "{advance}"},
	"POST /app/bills/{id}/credit":                             {"credit": "1", "reason": "wrong", "key": "{new}"},
	"POST /app/bills/{id}/return":                             {"payment": "{payment}", "amount_back": "1", "method_back": "cash", "reason_back": "wrong", "key": "{new}"},
	"POST /app/bills/{id}/online-back":                        {"payment_online": "{online payment}", "key_online": "{new}", "amount_online": "100", "reason_online": "wrong"},
	"POST /app/settings/payments/{id}/state":                  {"to": "pause", "version": "1"},
	"POST /app/settings/payments/{provider}":                  {"agreed": "1"},
	"POST /app/bills/payments/{id}/keep":                      {"patient": "{patient}"},
	"POST /app/bills/payments/{id}/use":                       {"invoice": "{invoice}"},
	"POST /app/bills/close":                                   {"counted.cash": "0", "counted.upi": "0", "counted.card": "0", "counted.bank": "0", "note.cash": "x", "note.upi": "x", "note.card": "x", "note.bank": "x"},
	"GET /app/bills/ledger":                                   {"from": "2026-11-01", "to": "2026-11-30"},
	"POST /app/patients/{id}/advance":                         {"advance": "100", "method": "cash"},
	"POST /app/settings/billing":                              {"scheme": "none", "prefix": "INV", "credit_prefix": "CN", "round_to": "1", "version": "0"},
	"POST /app/settings/billing/services":                     {"services": "5", "free.0": "7", "service.0": "{service}", "class.0": "exempt", "service.1": "{service}", "class.1": "exempt", "service.2": "{service}", "class.2": "exempt", "service.3": "{service}", "class.3": "exempt", "service.4": "{service}", "class.4": "exempt"},
	"GET /m/{token}/change":                                   {"provider": "{provider}"},
	"POST /m/{token}/change":                                  {"starts_at": "{at}", "version": "1"},
	"POST /m/{token}/cancel":                                  {"version": "1"},
	"POST /m/{token}/consents":                                {"consent": "reminder"},
	"POST /sign-in":                                           {"email": "owner@sunrise.example.org", "password": demoPassword},
	"POST /sign-up":                                           {"person": "New One", "email": "new@example.org", "phone": "+91 98450 12345", "job_title": "x", "password": demoPassword, "terms": TermsVersion},
	"POST /forgot":                                            {"email": "owner@sunrise.example.org"},
	"POST /open-clinic":                                       {"clinic_name": "One More", "country": "IN", "zone": "Asia/Kolkata"},
	"GET /api/v1/clinics/{slug}/slots":                        {"service": "{service}", "provider": "{provider}", "from": "2026-11-25", "to": "2026-11-26"},
	"POST /api/v1/clinics/{slug}/bookings":                    {"service": "{service}", "provider": "{provider}", "starts_at": "{at}"},
	"POST /app/settings/channels/{provider}":                  {"account_sid": "AC1", "auth_token": "x", "from": "+14155550100"},
	"POST /app/settings/channels/{id}/state":                  {"to": "pause", "version": "1"},
	"POST /app/settings/channels/{id}/keys":                   {"version": "1", "number": "+91 98765 43210"},
	"POST /app/settings/channels/{id}/revoke":                 {"version": "1"},
	"POST /app/settings/messages/{kind}/{language}":           {"subject": "Hello", "body": "{{.When}} {{.Manage}}", "do": "save", "version": "0"},
	"GET /app/inbox":                                          {"q": "asha"},
	"POST /app/inbox/{thread}/answer":                         {"channel": "sms", "text": "Yes, do.", "insert": "{reply}", "key": "{key}"},
	"POST /app/inbox/{thread}/note":                           {"note": "comes by bus"},
	"POST /app/inbox/{thread}/assign":                         {"person": "{person}", "version": "1"},
	"POST /app/inbox/{thread}/state":                          {"to": "done", "version": "1"},
	"POST /app/inbox/{thread}/meant":                          {"patient": "{patient}"},
	"POST /app/patients/{id}/channel":                         {"channel": "sms"},
	"POST /m/{token}/channel":                                 {"channel": "sms"},
	"POST /app/settings/conversations":                        {"content": "none", "version": "1"},
	"POST /app/settings/conversations/replies":                {"title": "Bus", "body": "Take the bus."},
	"POST /app/settings/conversations/replies/{reply}":        {"title": "Bus", "body": "Take the bus.", "version": "1"},
	"POST /app/settings/conversations/replies/{reply}/remove": {"version": "1"},
	"POST /app/settings/channels/{id}/texts":                  {"ask": "recall.en"},
	"GET /app/patients/{id}/prescriptions/new":                {"encounter": "{visit}", "copy": "{sheet}", "set": "{favourite}", "replaces": "{sheet}"},
	"POST /app/patients/{id}/prescriptions":                   {"id": "{draft sheet}", "encounter": "{visit}", "replaces": "{sheet}", "version": "1", "drug-1": "Zinc", "dose-1": "101", "days-1": "3", "language": "en", "do": "save"},
	"GET /app/drugs":                                          {"q": "par"},
	"POST /app/prescriptions/{id}/drop":                       {"version": "1"},
	"POST /app/prescriptions/{id}/cancel":                     {"reason": "a mistake"},
	"POST /app/prescriptions/{id}/send":                       {"channel": "email"},
	"POST /app/prescriptions/{id}/favourite":                  {"letters": "q", "title": "Once more"},
	"POST /app/settings/drugs/brands":                         {"brand": "Zincol", "generic": "Zinc"},
	"POST /app/settings/drugs/paper":                          {"days": "5", "paper": "A4", "version": "0"},
}

// parameters of a pattern, each as the part of the pattern that ends in it.
func parameters(pattern string) (out []string) {
	_, path, _ := strings.Cut(pattern, " ")
	prefix := ""
	for _, part := range strings.Split(path, "/")[1:] {
		prefix += "/" + part
		if strings.HasPrefix(part, "{") && part != "{$}" {
			out = append(out, prefix)
		}
	}
	return out
}

// request is one request: what stands in each place for an id.
type request struct {
	pattern string
	place   *place
	put     map[string]string // by "path <prefix>" or "field <name>": instead of the clinic's own
}

// idsOfRoute are the places of a route in which an id stands, with the kind of each.
func idsOfRoute(t testing.TB, pattern string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, p := range parameters(pattern) {
		kind, known := kindOf(pattern, p)
		if !known {
			t.Errorf("%s: the sweep does not know what %s is: add it to pathKinds", pattern, p)
			continue
		}
		if !strings.HasPrefix(kind, "=") && kind != "slug" && kind != "token" && kind != "paper" {
			out["path "+p] = kind
		}
	}
	for field, value := range sent[pattern] {
		if strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "{{") && value != "{at}" && value != "{key}" && value != "{new}" {
			out["field "+field] = strings.Trim(value, "{}")
		}
	}
	return out
}

// target is the address with ids in it, and the fields.
func (r request) target() (method, path string, fields url.Values) {
	method, pattern, _ := strings.Cut(r.pattern, " ")
	prefix := ""
	for _, part := range strings.Split(pattern, "/")[1:] {
		prefix += "/" + part
		kind, _ := kindOf(r.pattern, prefix)
		switch x, put := r.put["path "+prefix]; {
		case put:
			part = x
		case part == "{$}":
			part = ""
		case strings.HasPrefix(kind, "="):
			part = kind[1:]
		case kind == "slug":
			part = r.place.slug
		case kind == "token":
			part = r.place.token
		case kind == "paper":
			part = r.place.paper
		case kind != "":
			part = r.place.ids[kind]
		}
		path += "/" + part
	}
	fields = url.Values{}
	for field, value := range sent[r.pattern] {
		switch {
		case value == "{at}":
			value = r.place.at
		case value == "{key}":
			value = mark("")
		case value == "{new}":
			value = r.place.h.anyID().String()
		case strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "{{"):
			value = r.place.ids[strings.Trim(value, "{}")]
		}
		if x, ok := r.put["field "+field]; ok {
			value = x
		}
		fields.Set(field, value)
	}
	return method, path, fields
}

// by lets the visitor make the request. GET takes the fields into the address.
func (r request) by(t testing.TB, v *visitor, head map[string]string) answered {
	t.Helper()
	method, path, fields := r.target()
	if strings.HasPrefix(path, "/api/v1/") && !strings.HasPrefix(path, "/api/v1/clinics/") && !strings.HasSuffix(path, ".json") {
		head = with(with(head, "Authorization", "Bearer "+r.place.api), "Idempotency-Key", mark(""))
		if method == "GET" {
			return v.do(t, method, path+"?"+fields.Encode(), nil, head)
		}
		body := map[string]any{}
		for k := range fields {
			if body[k] = fields.Get(k); k == "version" {
				body[k] = 1
			}
		}
		text, _ := json.Marshal(body)
		return v.send(t, method, path, strings.NewReader(string(text)), with(head, "Content-Type", "application/json"))
	}
	if strings.HasPrefix(path, "/api/") && method == "POST" {
		body, _ := json.Marshal(map[string]any{"service": fields.Get("service"), "provider": fields.Get("provider"), "starts_at": fields.Get("starts_at"),
			"patient": map[string]any{"name": "Ravi Teak", "email": "ravi@example.org", "birth_date": "1980-01-02"}})
		return v.send(t, method, path, strings.NewReader(string(body)), with(with(head, "Content-Type", "application/json"), "Idempotency-Key", mark("")))
	}
	if method == "GET" {
		if len(fields) > 0 {
			path += "?" + fields.Encode()
		}
		return v.do(t, method, path, nil, head)
	}
	if _, own := fields["csrf"]; !own {
		fields.Set("csrf", v.token)
	}
	return v.do(t, method, path, fields, head)
}

// allRoutes are the patterns of all routes, of pages and of the programming interface.
func allRoutes() (out []string) {
	for _, r := range web.Routes() {
		out = append(out, r.Pattern)
	}
	for _, r := range api.Routes() {
		out = append(out, r.Pattern)
	}
	return out
}

// unlooked are tables that a mere look may write to, and so are left out when it is asked
// whether anything changed.
var unlooked = map[string]string{
	"audit_leaf":    "looking at a patient is written down",
	"audit_detail":  "as audit_leaf",
	"audit_seen":    "as audit_leaf",
	"audit_pending": "as audit_leaf",
	"session":       "keeps when it was last used",
	"throttle":      "counts tries",
	"pulse":         "wakes the house; holds nothing else",
	"chore_tour":    "how far the house's own chores are",
}

// state is a fingerprint of all rows of the clinics, table by table, and of the platform.
func (h *opened) state(t testing.TB, who ...access.Caller) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(whose string, all map[string][][]any) {
		for table, rows := range all {
			if unlooked[table] != "" {
				continue
			}
			sum := sha256.New()
			for _, r := range rows {
				fmt.Fprintln(sum, rowText(r))
			}
			out[whose+table] = fmt.Sprintf("%d rows %x", len(rows), sum.Sum(nil)[:8])
		}
	}
	for i, w := range who {
		add(fmt.Sprintf("clinic %d: ", i+1), h.rows(t, w))
	}
	add("", h.platformRows(t))
	return out
}

// differs names the tables in which two states differ.
func differs(a, b map[string]string) (out []string) {
	for table := range a {
		if a[table] != b[table] {
			out = append(out, table+" ("+a[table]+", then "+b[table]+")")
		}
	}
	slices.Sort(out)
	return out
}
