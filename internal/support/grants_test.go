package support_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/factor"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/vault"
	"almirah/internal/words"
)

const password = "blue mango 47 tabla"

// house is a practice with its owner, and the people of the platform.
type house struct {
	*practice.Practice
	t        *testing.T
	accounts *accounts.Service
	support  *support.Service
	people   *patients.Service
	owner    accounts.SignedIn
	helper   accounts.SignedIn
	operator accounts.SignedIn
	apps     *factor.Phone
	mails    []string // "to: subject"
}

func (h *house) Send(_ context.Context, to, subject, text, _ string, _ id.ID, handOver func() error) string {
	if handOver() != nil {
		return accounts.Later
	}
	h.mails = append(h.mails, to+": "+subject+"\n"+text)
	return accounts.Accepted
}

func (h *house) collect() []string {
	h.t.Helper()
	h.mails = nil
	if _, err := h.accounts.SendDue(context.Background(), h.As(access.System), h, 100); err != nil {
		h.t.Fatal(err)
	}
	return h.mails
}

var here = accounts.Device{Agent: "test", Address: "203.0.113.9"}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Practice: practice.Open(t, b, 1), t: t}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	cs := clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	h.accounts = accounts.New(b.DB, b.Log, accounts.Options{Clinics: cs, Book: book, PublicURL: "https://almirah.test", Terms: "1", Idle: time.Hour})
	h.apps = &factor.Phone{DB: b.DB, Accounts: h.accounts, Clock: b.Clock}
	h.support = support.New(b.DB, b.Log, support.Options{Accounts: h.accounts, Clinics: cs})
	h.people = patients.New(b.DB, b.Log)
	h.enrol(h.As(access.Owner), "owner@example.org", access.Owner)
	h.owner = h.signIn("owner@example.org")
	return h
}

// platform adds the people of the platform.
func (h *house) platform() *house {
	h.t.Helper()
	h.helper, h.operator = h.helping("divya@example.org", access.Support), h.helping("omar@example.org", access.Operator)
	return h
}

func (h *house) enrol(by access.Caller, mail string, role access.Role) {
	h.t.Helper()
	d := accounts.Draft{Name: "Meera " + strings.ToUpper(mail[:1]), Email: mail, Password: password, Terms: "1", Language: "en"}
	if err := h.accounts.Enrol(context.Background(), by, d, role); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) signIn(mail string) accounts.SignedIn {
	h.t.Helper()
	st, err := h.accounts.SignIn(context.Background(), mail, password, here, "")
	if err != nil {
		h.t.Fatal(err)
	}
	in, err := h.accounts.Session(context.Background(), h.apps.Finish(h.t, mail, st).Cookie)
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

// helping adds somebody of the platform, who chooses her password by the link and signs in.
func (h *house) helping(mail string, role access.Role) accounts.SignedIn {
	h.t.Helper()
	ctx := context.Background()
	link, err := h.accounts.AddHelper(ctx, accounts.Operator(), "Divya Menon", mail, "en", role)
	if err != nil {
		h.t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	if err := h.accounts.ResetPassword(ctx, token, password); err != nil {
		h.t.Fatal(err)
	}
	return h.signIn(mail)
}

func (h *house) ask(in accounts.SignedIn, scopes access.Scope, minutes int) id.ID {
	h.t.Helper()
	one, err := h.support.Ask(context.Background(), in, h.Clinic, support.Wish{Reason: "Ticket: nothing prints", Scopes: scopes, Minutes: minutes})
	if err != nil {
		h.t.Fatal(err)
	}
	return one
}

func is(t *testing.T, err error, k fault.Kind, key, what string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != k || key != "" && f.Key != key {
		t.Errorf("%s: %v", what, err)
	}
}

// seen tries to pass by the right and says what came of it.
func (h *house) seen(who access.Caller, right access.Right) error {
	return h.DB.View(context.Background(), who, right, func(context.Context, *store.View) error { return nil })
}

func TestAGrantFromAskingToItsEnd(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-by-grant", "support-logged")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b).platform()
		ctx := context.Background()
		two := access.SeeSettings | access.SeeCalendar
		h.collect()
		one := h.ask(h.helper, two, 60)
		if got := h.collect(); len(got) != 1 || !strings.HasPrefix(got[0], "owner@example.org: ") || strings.Contains(got[0], "nothing prints") {
			t.Errorf("the owners get %q", got)
		}
		_, err := h.support.Ask(ctx, h.helper, h.Clinic, support.Wish{Reason: "again", Scopes: two, Minutes: 60})
		is(t, err, fault.Conflict, "fault.asked_already", "asking twice")
		is(t, h.support.Enter(ctx, h.helper, h.Clinic, one), fault.Forbidden, "fault.grant_over", "entering before the clinic said yes")
		h.enrol(h.owner.Caller, "manager@example.org", access.Manager)
		manager := h.signIn("manager@example.org")
		is(t, h.support.Approve(ctx, manager.Caller, one, id.Zero), fault.Forbidden, "", "a manager lets in")
		is(t, h.support.Approve(ctx, h.owner.Caller, one, h.Providers[0]), fault.Invalid, "", "a patient's record that nobody asked for")
		if err := h.support.Approve(ctx, h.owner.Caller, one, id.Zero); err != nil {
			t.Fatal(err)
		}
		is(t, h.support.Approve(ctx, h.owner.Caller, one, id.Zero), fault.Conflict, "fault.grant_gone", "letting in twice")
		ahead, now, err := h.support.Ahead(ctx, manager.Caller)
		if err != nil || len(ahead) != 1 || !ahead[0].Runs(now) || ahead[0].HelperName != "Divya Menon" || ahead[0].EndsAt.Sub(now) != time.Hour {
			t.Errorf("everybody sees %+v, %v", ahead, err)
		}
		if err := h.support.Enter(ctx, h.helper, h.Clinic, one); err != nil {
			t.Fatal(err)
		}
		is(t, h.support.Enter(ctx, h.operator, h.Clinic, one), fault.NotFound, "", "another helper's grant")
		who, _, seated, err := h.support.Seat(ctx, h.helper)
		if err != nil || !seated {
			t.Fatal(err)
		}
		// What was lent opens; nothing else does, and nothing can be changed.
		for _, row := range access.Table {
			if strings.HasPrefix(string(row.Right), "platform.") {
				continue
			}
			lent := slices.Contains([]access.Right{access.PublicRead, access.ClinicRead, access.ClinicSettings, access.ScheduleSettings, access.ScheduleRead, access.SupportAsk}, row.Right)
			if err := h.seen(who, row.Right); lent != (err == nil) {
				t.Errorf("%s under the grant: %v", row.Right, err)
			}
			err := h.DB.Change(ctx, who, row.Right, func(_ context.Context, tx *store.Tx) error { tx.Housekeeping("a test"); return nil })
			if row.Right != access.SupportAsk && err == nil {
				t.Errorf("a helper changes something by %s", row.Right)
			}
		}
		b.Clock.Move(time.Hour - time.Microsecond)
		if err := h.seen(who, access.ScheduleRead); err != nil {
			t.Errorf("an instant before its end: %v", err)
		}
		b.Clock.Move(time.Microsecond)
		is(t, h.seen(who, access.ScheduleRead), fault.Forbidden, "fault.grant_over", "at its end")
		if _, _, _, err := h.support.Seat(ctx, h.helper); err == nil {
			t.Error("a helper is seated when the clock has ended it")
		}
		h.Change(t, func(tx *store.Tx) error { _, err := support.Keeper{}.Due(tx); return err })
		// Everything is in the clinic's own log, under her name and the grant's id.
		g, acts, _, err := h.support.Grant(ctx, h.owner.Caller, one)
		if err != nil || g.State != support.Ended || len(acts) != 1 {
			t.Errorf("the grant afterwards: %+v, %v, %v", g, acts, err)
		}
		rows := h.Rows(t, `SELECT action, role FROM audit_leaf WHERE clinic_id = $1 AND kind = 'grant' ORDER BY id`)
		if want := "[[ask-access support] [let-in owner] [enter support] [access-ran-out owner]]"; fmt.Sprint(rows) != want {
			t.Errorf("the clinic's log: %v, want %s", rows, want)
		}
	})
}

func TestWhatIsSeenIsLoggedUnderTheGrant(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-logged", "support-by-grant")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b).platform()
		ctx := context.Background()
		r := h.Booked(t, h.Public(), h.Booking(h.Providers[0], h.At(1, "10:00"), 1))
		other := h.Booked(t, h.Public(), h.Booking(h.Providers[0], h.At(1, "11:00"), 2))
		one := h.ask(h.helper, access.SeeCalendar|access.SeePatient, 30)
		is(t, h.support.Approve(ctx, h.owner.Caller, one, id.Zero), fault.Invalid, "", "whose record is not said")
		if err := h.support.Approve(ctx, h.owner.Caller, one, r.Appointment.Patient); err != nil {
			t.Fatal(err)
		}
		if err := h.support.Enter(ctx, h.helper, h.Clinic, one); err != nil {
			t.Fatal(err)
		}
		who, _, _, err := h.support.Seat(ctx, h.helper)
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(time.Minute)
		cal, err := h.Desk.Days(ctx, who, h.Day(1), h.Day(1), id.Zero)
		if err != nil {
			t.Fatal(err)
		}
		// The keys of nobody but the patient who was named are in her reach.
		for _, e := range cal.Days[0].Columns[0].Entries {
			if named := e.Patient == r.Appointment.Patient; named == (e.Name.Text == "") {
				t.Errorf("the calendar shows %+v of %v", e.Name, e.Patient)
			}
		}
		if p, err := h.people.Open(ctx, who, r.Appointment.Patient); err != nil || p.Name == "" || p.Broken {
			t.Errorf("the record that was named: %+v, %v", p, err)
		}
		if p, err := h.people.Open(ctx, who, other.Appointment.Patient); err == nil && (p.Name != "" || p.Email != "" || p.Phone != "") {
			t.Errorf("a record that was not named: %+v", p)
		}
		err = h.DB.View(ctx, who, access.PatientRead, func(_ context.Context, v *store.View) error {
			_, err := v.Seal(other.Appointment.Patient, "patient", "name", other.Appointment.Patient, "x")
			return err
		})
		if !errors.Is(err, vault.ErrWithheld) {
			t.Errorf("the ring of a helper: %v", err)
		}
		_, acts, _, err := h.support.Grant(ctx, h.owner.Caller, one)
		if err != nil || len(acts) < 3 {
			t.Fatalf("under the grant: %+v, %v", acts, err)
		}
		rows := h.Rows(t, `SELECT DISTINCT actor_id FROM audit_leaf WHERE clinic_id = $1 AND grant_id = $2`, one)
		if len(rows) != 1 {
			t.Errorf("who acted under the grant: %v", rows)
		}
		for range 5 {
			if n, err := b.DB.Sequence(ctx, accounts.Operator()); err != nil || n == 0 {
				break
			}
		}
		if _, err := b.DB.VerifyAudit(ctx, accounts.Operator(), nil); err != nil {
			t.Errorf("the audit log: %v", err)
		}
		// Erasing her ends it.
		err = b.DB.Change(ctx, h.As(access.Owner), access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
			return support.Keeper{}.Erase(tx, r.Appointment.Patient)
		})
		if err != nil {
			t.Fatal(err)
		}
		is(t, h.seen(who, access.PatientRead), fault.Forbidden, "fault.grant_over", "after she was erased")
	})
}

func TestEndedByAPress(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-visible")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b).platform()
		ctx := context.Background()
		one := h.ask(h.helper, access.SeeSettings, 240)
		if err := h.support.Approve(ctx, h.owner.Caller, one, id.Zero); err != nil {
			t.Fatal(err)
		}
		who, _, _, err := func() (access.Caller, support.Grant, bool, error) {
			if err := h.support.Enter(ctx, h.helper, h.Clinic, one); err != nil {
				return access.Caller{}, support.Grant{}, false, err
			}
			return h.support.Seat(ctx, h.helper)
		}()
		if err != nil {
			t.Fatal(err)
		}
		other := b.Open(t, store.Options{}) // another process
		if err := other.View(ctx, who, access.ClinicRead, func(context.Context, *store.View) error { return nil }); err != nil {
			t.Fatal(err)
		}
		h.enrol(h.owner.Caller, "desk@example.org", access.FrontDesk)
		desk := h.signIn("desk@example.org")
		if err := h.support.End(ctx, desk.Caller, one); err != nil {
			t.Fatal(err)
		}
		for name, db := range map[string]*store.DB{"here": b.DB, "at another process": other} {
			err := db.View(ctx, who, access.ClinicRead, func(context.Context, *store.View) error { return nil })
			is(t, err, fault.Forbidden, "fault.grant_over", "ended, "+name)
		}
		if ahead, _, err := h.support.Ahead(ctx, desk.Caller); err != nil || len(ahead) != 0 {
			t.Errorf("the bar still shows %+v, %v", ahead, err)
		}
		// Nothing makes a decided grant longer or wider, and nothing makes it run again.
		for _, text := range []string{`UPDATE support_grant SET ends_at = ends_at + 1 WHERE clinic_id = $1 AND id = $2`, `UPDATE support_grant SET scopes = 7 WHERE clinic_id = $1 AND id = $2`,
			`UPDATE support_grant SET state = 'running' WHERE clinic_id = $1 AND id = $2`, `UPDATE support_grant SET minutes = 239 WHERE clinic_id = $1 AND id = $2`} {
			err := b.DB.Change(ctx, h.As(access.Owner), access.SupportGrant, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("a test")
				_, err := tx.Exec(text, one)
				return err
			})
			if err == nil {
				t.Errorf("the database takes %s", text)
			}
		}
	})
}

func TestAGrantHasItsBounds(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-by-grant")
	b := rig.New(t, store.SQLite, store.Options{})
	h := open(t, b).platform()
	ctx := context.Background()
	for name, w := range map[string]support.Wish{
		"without a reason":    {Scopes: access.SeeSettings, Minutes: 60},
		"for five hours":      {Reason: "why", Scopes: access.SeeSettings, Minutes: 241},
		"for no time":         {Reason: "why", Scopes: access.SeeSettings},
		"for nothing":         {Reason: "why", Minutes: 60},
		"for what is unknown": {Reason: "why", Scopes: 64, Minutes: 60},
	} {
		_, err := h.support.Ask(ctx, h.helper, h.Clinic, w)
		is(t, err, fault.Invalid, "", name)
	}
	_, err := h.support.Ask(ctx, h.owner, h.Clinic, support.Wish{Reason: "why", Scopes: access.SeeSettings, Minutes: 60})
	is(t, err, fault.Forbidden, "", "somebody who helps nobody")
	one := h.ask(h.helper, access.SeeSettings, 240)
	b.Clock.Move(24 * time.Hour)
	is(t, h.support.Approve(ctx, h.owner.Caller, one, id.Zero), fault.Conflict, "fault.grant_gone", "an asking of yesterday")
	// Whoever joins a clinic helps no more.
	h.enrol(h.owner.Caller, "both@example.org", access.Assistant)
	_, err = h.accounts.AddHelper(ctx, accounts.Operator(), "Both", "both@example.org", "en", access.Support)
	is(t, err, fault.Invalid, "", "somebody of a clinic helps")
}

func TestAnEmergencyTellsEveryOwnerFirst(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-emergency")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b).platform()
		ctx := context.Background()
		h.enrol(h.owner.Caller, "second@example.org", access.Owner)
		h.collect()
		wish := support.Wish{Reason: "Bookings fail", Scopes: access.SeeSettings, Minutes: 240, Emergency: true, Sure: true}
		_, err := h.support.Ask(ctx, h.helper, h.Clinic, wish)
		is(t, err, fault.Forbidden, "", "support in an emergency")
		for name, w := range map[string]support.Wish{
			"one word":    {Reason: "Urgent", Scopes: access.SeeSettings, Emergency: true, Sure: true},
			"unsure":      {Reason: "Bookings fail", Scopes: access.SeeSettings, Emergency: true},
			"a patient's": {Reason: "Bookings fail", Scopes: access.SeePatient, Emergency: true, Sure: true},
		} {
			_, err := h.support.Ask(ctx, h.operator, h.Clinic, w)
			is(t, err, fault.Invalid, "", name)
		}
		if got := h.collect(); len(got) != 0 {
			t.Errorf("mails of what did not happen: %q", got)
		}
		one, err := h.support.Ask(ctx, h.operator, h.Clinic, wish)
		if err != nil {
			t.Fatal(err)
		}
		got := h.collect()
		slices.Sort(got)
		if len(got) != 2 || !strings.HasPrefix(got[0], "owner@") || !strings.HasPrefix(got[1], "second@") || !strings.Contains(got[0], "emergency") {
			t.Errorf("the owners get %q", got)
		}
		if err := h.support.Enter(ctx, h.operator, h.Clinic, one); err != nil {
			t.Fatal(err)
		}
		who, g, _, err := h.support.Seat(ctx, h.operator)
		if err != nil || !g.Emergency || who.Purpose() != access.Emergency {
			t.Fatalf("%+v, %v", g, err)
		}
		b.Clock.Move(time.Hour)
		is(t, h.seen(who, access.ClinicRead), fault.Forbidden, "fault.grant_over", "after an hour")
		ahead, _, err := h.support.Ahead(ctx, h.owner.Caller)
		if err != nil || len(ahead) != 1 || ahead[0].ReviewedAt != 0 {
			t.Errorf("what an owner has to look back at: %+v, %v", ahead, err)
		}
		if err := h.support.Review(ctx, h.owner.Caller, one); err != nil {
			t.Fatal(err)
		}
		if ahead, _, _ = h.support.Ahead(ctx, h.owner.Caller); len(ahead) != 0 {
			t.Errorf("after she looked back: %+v", ahead)
		}
		if rows := h.Rows(t, `SELECT body FROM audit_leaf WHERE clinic_id = $1 AND action = 'enter'`); len(rows) != 1 || !strings.Contains(fmt.Sprint(rows), strings.Trim(fmt.Sprint([]byte(`"purpose":"emergency"`)), "[]")) {
			t.Errorf("the log does not mark the emergency: %v", rows)
		}
	})
}

// TestNobodyOfThePlatformHoldsARight enumerates every right: without a grant a helper and an operator open nothing of a clinic, whatever they claim.
func TestNobodyOfThePlatformHoldsARight(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-by-grant")
	b := rig.New(t, store.SQLite, store.Options{})
	h := open(t, b).platform()
	ctx := context.Background()
	asked := h.ask(h.helper, access.SeeSettings|access.SeeCalendar, 60) // not let in
	for name, in := range map[string]accounts.SignedIn{"support": h.helper, "operator": h.operator} {
		outside, err := h.accounts.Helper(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		none, err := h.accounts.HelperIn(ctx, in, h.Clinic, access.Grant{}, false)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := h.accounts.HelperIn(ctx, in, h.Clinic, access.Grant{ID: asked, Scopes: 7, Patient: h.Providers[0]}, true)
		if err != nil {
			t.Fatal(err)
		}
		waits, err := h.accounts.HelperIn(ctx, in, h.Clinic, access.Grant{ID: asked, Scopes: access.SeeSettings | access.SeeCalendar}, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range access.Table {
			if strings.HasPrefix(string(row.Right), "platform.") || row.Right == access.SupportAsk {
				continue
			}
			for how, who := range map[string]access.Caller{"outside": outside, "without a grant": none, "under one that is not let in": waits, "with more than she asked for": claims} {
				if err := h.seen(who, row.Right); err == nil {
					t.Errorf("%s, %s, opens a clinic by %s", name, how, row.Right)
				}
			}
		}
	}
	if err := h.accounts.EndHelper(ctx, accounts.Operator(), h.helper.Person.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.accounts.Helper(ctx, h.helper)
	is(t, err, fault.Forbidden, "", "somebody who was let go")
	is(t, h.accounts.EndHelper(ctx, accounts.Operator(), h.operator.Person.ID), fault.Conflict, "fault.last_operator", "the last operator")
}
