package requests_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/words"
)

type house struct {
	*practice.Practice
	t      *testing.T
	s      *requests.Service
	people *patients.Service
	owner  access.Caller
	work   access.Caller
	erased []id.ID

	held    []id.ID         // whom an order holds
	before  func(who id.ID) // what happens between the look and the deletion
	doubted bool            // nobody believes the clock
}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Practice: practice.Open(t, b, 1), t: t, owner: b.As(access.Owner), work: b.As(access.System), people: patients.New(b.DB, b.Log)}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	h.s = requests.New(b.DB, b.Log, requests.Options{Book: book,
		Collect: func(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
			out, err := requests.Keeper{}.Collect(v, patient)
			if err != nil {
				return nil, err
			}
			more, err := patients.Keeper{}.Collect(v, patient)
			for k, rows := range more {
				out[k] = rows
			}
			return out, err
		},
		Believed: func(context.Context) (bool, error) { return !h.doubted, nil },
		Erase: func(ctx context.Context, who access.Caller, patient id.ID, still func(v *store.View) error) error {
			if h.before != nil {
				h.before(patient)
			}
			return b.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("deleted by a test")
				if err := still(&tx.View); err != nil {
					return err
				}
				if slices.Contains(h.held, patient) {
					return fault.New(fault.Conflict, "fault.erasure_waits")
				}
				h.erased = append(h.erased, patient)
				return requests.Keeper{}.Erase(tx, patient)
			})
		}})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) patient(name, email, phone string) (id.ID, access.Caller) {
	h.t.Helper()
	p, _, err := h.people.Add(context.Background(), h.owner, patients.Draft{Name: name, Email: email, Phone: phone, Language: "en"}, true)
	h.must(err)
	return p.ID, accounts.ForPatient(h.Clinic, p.ID, id.New(h.Clock.Now()))
}

func (h *house) get(one id.ID) requests.Case {
	h.t.Helper()
	c, err := h.s.Get(context.Background(), h.owner, one)
	h.must(err)
	return c
}

func wrong(t *testing.T, err error, fields ...string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		t.Fatalf("not refused: %v", err)
	}
	for _, want := range fields {
		if !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Name == want }) {
			t.Errorf("%s is not named: %v", want, f.Fields)
		}
	}
}

// sent counts the messages of a kind to a patient.
func (h *house) sent(kind string, patient id.ID) string {
	return h.Count(h.t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND kind = $2 AND patient_id = $3`, kind, patient)
}

// TestAskedAndAnswered: a complaint from her own page runs its clock; the owners are told at half, at four fifths and at the end, which opens an incident. It is
// refused only with a ground and a sentence, and the letter names the authority and that it is free; what was answered stays so. She is told.
func TestAskedAndAnswered(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock", "request-refusal", "request-in-writing", "request-authority")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		one, err := h.s.Ask(ctx, she, law.Complaint, "", "Somebody read my letter aloud.")
		h.must(err)
		again, err := h.s.Ask(ctx, she, law.Complaint, "", "Somebody read my letter aloud.")
		if h.must(err); again != one {
			t.Error("the same was asked twice")
		}
		c := h.get(one)
		if c.State != requests.Open || c.Proof != requests.OwnLink || c.ConfirmedAt == 0 || clock.DateOf(c.DueAt.In(h.Zone)) != h.Day(30) {
			t.Fatalf("%+v", c.Request)
		}
		told := 0
		work := func() {
			h.must(h.s.Work(ctx, h.work, func(_, what string) error {
				if what == requests.TellDue {
					told++
				}
				return nil
			}))
		}
		from := b.Clock.Now()
		for _, x := range []struct{ days, want int }{{10, 0}, {16, 1}, {17, 1}, {25, 2}, {31, 3}, {32, 3}} {
			b.Clock.Set(from.Add(time.Duration(x.days) * 24 * time.Hour))
			if work(); told != x.want {
				t.Errorf("after %d days the owners were told %d times", x.days, told)
			}
		}
		if n := h.Count(t, `SELECT COUNT(*) FROM incident WHERE clinic_id = $1 AND rule = 'late-answer'`); n != "1" {
			t.Errorf("%s incidents", n)
		}
		if _, late, _, err := h.s.Ahead(ctx, h.owner); err != nil || late != 1 {
			t.Errorf("%d late, %v", late, err)
		}
		wrong(t, h.s.Decide(ctx, h.owner, one, c.Version, requests.Decision{Outcome: requests.Refused}), "ground", "why")
		wrong(t, h.s.Decide(ctx, h.owner, one, c.Version, requests.Decision{Outcome: requests.Partly, Ground: "because", Why: "We do not want to."}), "ground")
		h.must(h.s.Decide(ctx, h.owner, one, c.Version, requests.Decision{Outcome: requests.Refused, Ground: requests.Accurate, Why: "Nobody was in the room but you."}))
		if c = h.get(one); c.ToldBy != "message" || h.sent("privacy.told", p) != "1" {
			t.Errorf("she was not told: %+v, %s", c.Request, h.sent("privacy.told", p))
		}
		_, letter, err := h.s.Answer(ctx, she, one)
		h.must(err)
		for _, want := range []string{"Nobody was in the room but you.", law.Complaints(law.India).Name, law.Complaints(law.India).Page, "costs you nothing", "it is right"} {
			if !strings.Contains(letter, want) {
				t.Errorf("the letter does not say %q:\n%s", want, letter)
			}
		}
		if err := h.s.Decide(ctx, h.owner, one, c.Version, requests.Decision{Outcome: requests.Granted}); !fault.Is(err, fault.Conflict) {
			t.Errorf("answered twice: %v", err)
		}
		err = b.DB.Change(ctx, h.owner, access.RequestAct, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test")
			_, err := tx.Exec(`UPDATE data_request SET outcome = 'granted' WHERE clinic_id = $1`)
			return err
		})
		if err == nil {
			t.Error("the database lets an answer be changed")
		}
		// She may take back what waits; what another patient asked is not hers.
		two, err := h.s.Ask(ctx, she, law.Objection, "", "No counting of my visits.")
		h.must(err)
		_, other := h.patient("Ravi Kumar", "ravi@example.org", "")
		if _, _, err := h.s.Answer(ctx, other, two); !fault.Is(err, fault.NotFound) {
			t.Errorf("another saw it: %v", err)
		}
		if err := h.s.TakeOwnBack(ctx, other, two); !fault.Is(err, fault.NotFound) {
			t.Errorf("another took it back: %v", err)
		}
		h.must(h.s.TakeOwnBack(ctx, she, two))
	})
}

// TestWhoAsksIsMadeSure: a letter waits, with its clock standing still, until staff say how they made sure by what is on file; an address that
// came with it proves nothing and gets nothing. A link goes to an address on file alone, and asking for one does the same whoever exists.
func TestWhoAsksIsMadeSure(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "")
		one, err := h.s.Take(ctx, b.As(access.FrontDesk), requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Contact: "thief@example.org", Words: "Send me all of it."})
		h.must(err)
		b.Clock.Move(5 * 24 * time.Hour) // longer than an answer may take once it is known who asks
		h.must(h.s.Work(ctx, h.work, func(string, string) error { return nil }))
		c := h.get(one)
		if c.State != requests.Received || c.Late(c.Now) || len(c.Alike) != 0 {
			t.Fatalf("%+v", c)
		}
		wrong(t, h.s.Decide(ctx, h.owner, one, c.Version, requests.Decision{Outcome: requests.Granted}), "outcome")
		wrong(t, h.s.Identify(ctx, h.owner, one, c.Version, p, "letter"), "proof")
		h.must(h.s.Identify(ctx, h.owner, one, c.Version, p, requests.OnFile))
		if c = h.get(one); c.State != requests.Open || c.Contact != "" || c.DueAt.Sub(clock.At(b.Clock.Now())) != 72*time.Hour {
			t.Errorf("known: %+v, due in %v", c.Request, c.DueAt.Sub(clock.At(b.Clock.Now())))
		}
		if h.sent("privacy.told", p) != "1" {
			t.Error("she was not told that it came")
		}
		public := h.Public()
		events := func() string {
			return h.Count(t, `SELECT COUNT(*) FROM event WHERE clinic_id = $1 AND kind = 'request.link-asked'`) + "/" + h.Count(t, `SELECT COUNT(*) FROM link_asked WHERE clinic_id = $1`)
		}
		for i, typed := range []string{"asha@example.org", "nobody@example.org", "thief@example.org", "+919845010077"} {
			h.must(h.s.AskLink(ctx, public, typed))
			if got, want := events(), string(rune('1'+i))+"/"+string(rune('1'+i)); got != want {
				t.Errorf("%s: %s questions and events, want %s", typed, got, want)
			}
		}
		wrong(t, h.s.AskLink(ctx, public, "who?"), "contact")
		h.answerAsked(ctx)
		b.Clock.Move(time.Minute)
		h.must(h.s.AskLink(ctx, public, "asha@example.org")) // again soon: one link in ten minutes
		h.answerAsked(ctx)
		if got := h.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND kind = 'privacy.link'`); got != "1" || h.sent("privacy.link", p) != "1" {
			t.Errorf("%s links were sent", got)
		}
		if got := h.Count(t, `SELECT COUNT(*) FROM link_asked WHERE clinic_id = $1`); got != "0" {
			t.Errorf("%s questions are still kept", got)
		}
		// What reached the operator is the clinic's, and whoever is on file is told.
		two, err := h.s.HandOver(ctx, h.work, law.Deletion, "ASHA@example.org", "Please delete all of it.")
		h.must(err)
		if c = h.get(two); c.Door != requests.ByOperator || c.State != requests.Received || len(c.Alike) != 1 || c.Alike[0].ID != p {
			t.Errorf("%+v", c)
		}
	})
}

// TestANumberThatIsNotOnFileProvesNothing: the desk says that a conversation from somebody's number is a patient's. What is asked in it waits until staff made sure who asks;
// what she writes from the number that is on file is hers at once.
func TestANumberThatIsNotOnFileProvesNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "+919845010001")
		desk := b.As(access.FrontDesk)
		strange := h.talk("+919845066666")
		if _, err := h.s.FromTalk(ctx, desk, strange, law.Deletion); !fault.Is(err, fault.Conflict) {
			t.Errorf("nobody said whose it is: %v", err)
		}
		own := h.talk("+919845010001")
		meant := func(thread id.ID) id.ID {
			into, err := messaging.New(b.DB, b.Log, messaging.Options{}).Meant(ctx, desk, thread, p)
			h.must(err)
			return into
		}
		traced := func(want int64) {
			t.Helper()
			h.must(b.DB.View(ctx, h.work, access.Work, func(_ context.Context, v *store.View) error {
				bad, looked, err := requests.Untraced(v, clock.At(b.Clock.Now().Add(-time.Hour)))
				if bad != want || looked == 0 {
					t.Errorf("%d of %d requests came from elsewhere, not %d", bad, looked, want)
				}
				return err
			}))
		}
		into := meant(own)
		b.Clock.Move(time.Second)
		one, err := h.s.FromTalk(ctx, desk, into, law.Correction)
		h.must(err)
		if c := h.get(one); c.State != requests.Open || c.Proof != requests.OnFile || c.Patient != p {
			t.Errorf("she wrote from the number that is on file: %+v", c.Request)
		}
		traced(0)
		meant(strange)
		two, err := h.s.FromTalk(ctx, desk, into, law.Deletion)
		h.must(err)
		c := h.get(two)
		if c.State != requests.Received || !c.Patient.IsZero() || c.Contact != "+919845066666" || c.Thread != into {
			t.Fatalf("a stranger's number is taken for hers: %+v", c.Request)
		}
		wrong(t, h.s.Decide(ctx, h.owner, two, c.Version, requests.Decision{Outcome: requests.Granted}), "outcome")
		if n := h.sent("privacy.told", p); n != "1" { // of the first alone
			t.Errorf("%s messages", n)
		}
		h.must(h.s.Identify(ctx, h.owner, two, c.Version, p, requests.OnFile)) // called back at the number on file
		// As it was before: what somebody's number asked is hers. The live look finds that.
		b.Clock.Move(time.Second)
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("a test")
			return tx.Must(`UPDATE data_request SET known_at = $3, proof = 'contact' WHERE clinic_id = $1 AND id = $2`, two, tx.Now())
		})
		traced(1)
	})
}

// talk is a conversation from a number of which nobody said yet whose it is.
func (h *house) talk(phone string) (thread id.ID) {
	h.t.Helper()
	h.Change(h.t, func(tx *store.Tx) error {
		tx.Housekeeping("a test")
		channel, peer := tx.NewID(), tx.NewID()
		thread = tx.NewID()
		if err := tx.Must(`INSERT INTO channel (clinic_id, id, kind, provider, sender, last4, state, agreed_by, agreed_text, state_at, created_at) VALUES ($1, $2, $3, 'test', '', '', 'revoked', $2, 1, $4, $4)`, channel, "sms", tx.Now()); err != nil {
			return err
		}
		if err := tx.Must(`INSERT INTO thread (clinic_id, id, wrote_at, last_at, created_at) VALUES ($1, $2, $3, $3, $3)`, thread, tx.Now()); err != nil {
			return err
		}
		from, err := json.Marshal(messaging.Sender{Phone: phone})
		if err != nil {
			return err
		}
		sealed, err := tx.Seal(vault.ClinicData, "correspondent", "address", peer, string(from))
		if err != nil {
			return err
		}
		return tx.Must(`INSERT INTO correspondent (clinic_id, channel_id, peer, thread_id, address, wrote_at) VALUES ($1, $2, $3, $4, $5, $6)`, channel, peer, thread, sealed, tx.Now())
	})
	return thread
}

// TestLatePaperworkStopsNoClock: what is written down days later, of somebody whom the desk knew, is due from the day on which it came. Only the time in which nobody knew
// who asks is added.
func TestLatePaperworkStopsNoClock(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "")
		took := func(n requests.Taken) requests.Case {
			n.Asker, n.Came, n.Words = requests.Self, h.Day(-10), "My name was called out loud."
			one, err := h.s.Take(ctx, h.owner, n)
			h.must(err)
			return h.get(one)
		}
		for _, kind := range []law.Request{law.Complaint, law.Access} {
			c := took(requests.Taken{Kind: kind, Door: requests.ByVisit, Patient: p, Proof: requests.MetHer})
			if want := requests.Due("IN", kind, clock.At(clock.StartOfDay(h.Day(-10), h.Zone)), 0, h.Zone); c.DueAt != want || c.State != requests.Open {
				t.Errorf("%s: due on %s, not on %s", kind, clock.DateOf(c.DueAt.In(h.Zone)), clock.DateOf(want.In(h.Zone)))
			}
		}
		c := took(requests.Taken{Kind: law.Complaint, Door: requests.ByLetter})
		b.Clock.Move(5 * 24 * time.Hour)
		h.must(h.s.Identify(ctx, h.owner, c.ID, c.Version, p, requests.OnFile))
		if c = h.get(c.ID); clock.DateOf(c.DueAt.In(h.Zone)) != h.Day(22) { // thirty days from the letter, and the week at most in which it is made sure who asks
			t.Errorf("once it is known who asks: due on %s", clock.DateOf(c.DueAt.In(h.Zone)))
		}
	})
}

// TestARequestOfNobodyHasAClock: that it is made sure who asks has a week of its own, of which the owners are told and after which the clinic is late; more than that week is not added
// to the time for the answer. What nobody could make sure of is closed after ninety days, without the address that came with it, and ages from that day as an answer does.
func TestARequestOfNobodyHasAClock(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "")
		write := func() id.ID {
			one, err := h.s.Take(ctx, h.owner, requests.Taken{Kind: law.Complaint, Door: requests.ByLetter, Asker: requests.Self, Contact: "who@example.org", Words: "My letter was read aloud."})
			h.must(err)
			return one
		}
		known, unknown := write(), write()
		told := 0
		work := func() {
			h.must(h.s.Work(ctx, h.work, func(_, what string) error { told++; return nil }))
		}
		night := func() {
			h.Change(t, func(tx *store.Tx) error {
				tx.Housekeeping("the run of the night")
				_, err := requests.Keeper{Lives: law.Lives{Place: law.India}}.Due(tx)
				return err
			})
		}
		from := b.Clock.Now()
		for _, x := range []struct{ days, told, late int }{{3, 0, 0}, {4, 1, 0}, {6, 2, 0}, {8, 3, 2}, {20, 3, 2}} {
			b.Clock.Set(from.Add(time.Duration(x.days) * 24 * time.Hour))
			work()
			_, late, next, err := h.s.Ahead(ctx, h.owner)
			if h.must(err); told != x.told || late != x.late || next != clock.At(from.Add(7*24*time.Hour)) {
				t.Errorf("after %d days the owners were told %d times, %d are late, and the next is due on %v", x.days, told, late, next.Time())
			}
		}
		h.must(b.DB.View(ctx, h.work, access.Work, func(_ context.Context, v *store.View) error {
			late, _, err := requests.Overdue(v)
			if late != 2 {
				t.Errorf("the live check sees %d late ones", late)
			}
			return err
		}))
		if n := h.Count(t, `SELECT COUNT(*) FROM incident WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s incidents over letters of nobody", n)
		}
		c := h.get(known)
		h.must(h.s.Identify(ctx, h.owner, known, c.Version, p, requests.OnFile))
		if c = h.get(known); clock.DateOf(c.DueAt.In(h.Zone)) != clock.DateOf(from.Add(37*24*time.Hour).In(h.Zone)) {
			t.Errorf("nobody asked for twenty days, and the answer is due on %v", c.DueAt.In(h.Zone))
		}
		told = 0
		if work(); told != 1 { // its own clock is past its half
			t.Errorf("once it was known who asks, the owners were told %d times", told)
		}
		h.must(h.s.Decide(ctx, h.owner, known, c.Version, requests.Decision{Outcome: requests.Granted, Why: "We are sorry."}))
		b.Clock.Set(from.Add(90*24*time.Hour - time.Minute))
		if night(); h.get(unknown).State != requests.Received {
			t.Error("it was closed before its day")
		}
		b.Clock.Set(from.Add(95 * 24 * time.Hour)) // the machine was off for some nights
		night()
		c = h.get(unknown)
		if c.State != requests.Answered || c.Outcome != requests.Refused || c.Ground != requests.Unknown || c.Contact != "" || c.DecidedAt != clock.At(from.Add(90*24*time.Hour)) {
			t.Fatalf("after ninety days: %+v", c.Request)
		}
		if !strings.Contains(c.Letter, "we could not make sure who asks") {
			t.Errorf("its letter: %s", c.Letter)
		}
		if err := h.s.Identify(ctx, h.owner, unknown, c.Version, p, requests.OnFile); !fault.Is(err, fault.Conflict) {
			t.Errorf("it was closed, and then it is somebody's: %v", err)
		}
		for _, x := range []struct {
			days int
			want string
		}{{6*365 + 90, "1"}, {6*365 + 93, "0"}} {
			b.Clock.Set(from.Add(time.Duration(x.days) * 24 * time.Hour))
			night()
			if n := h.Count(t, `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1 AND ground = 'unknown'`); n != x.want {
				t.Errorf("after %d days %s are kept", x.days, n)
			}
		}
	})
}

// TestWhatSheAskedIsHers: staff change neither the kind nor the end of what she asked on her own page. What they wrote down themselves they may call by another name, which makes
// nobody wait longer, and close when she took it back, with a sentence; of both she is told.
func TestWhatSheAskedIsHers(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-refusal")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		own, err := h.s.Ask(ctx, she, law.Deletion, "", "")
		h.must(err)
		if err := h.s.SetKind(ctx, h.owner, own, 1, law.Access); !fault.Is(err, fault.Conflict) {
			t.Errorf("her deletion became something else: %v", err)
		}
		if err := h.s.TakeBack(ctx, h.owner, own, "She does not want it any more."); !fault.Is(err, fault.Conflict) {
			t.Errorf("staff took her deletion back: %v", err)
		}
		h.must(h.s.TakeOwnBack(ctx, she, own))
		if r, letter, err := h.s.Answer(ctx, she, own); err != nil || r.Closed() || !strings.Contains(letter, "It was taken back on") {
			t.Errorf("she took it back herself: %+v %s %v", r, letter, err)
		}
		one, err := h.s.Take(ctx, h.owner, requests.Taken{Kind: law.Access, Door: requests.ByVisit, Asker: requests.Self, Patient: p, Proof: requests.MetHer})
		h.must(err)
		was := h.get(one).DueAt
		b.Clock.Move(4 * 24 * time.Hour)
		if c := h.get(one); !c.Late(c.Now) {
			t.Fatal("72 hours have gone, and it is not late")
		}
		h.must(h.s.SetKind(ctx, h.owner, one, 1, law.Complaint))
		c := h.get(one)
		if c.Kind != law.Complaint || c.WasKind != law.Access || c.KindAt == 0 || c.DueAt != was || !c.Late(c.Now) {
			t.Errorf("another word for it, and she waits: %+v", c.Request)
		}
		if n := h.sent("privacy.told", p); n != "2" { // that it came, and that it is called something else now
			t.Errorf("%s messages", n)
		}
		wrong(t, h.s.TakeBack(ctx, h.owner, one, "No."), "back")
		h.must(h.s.TakeBack(ctx, h.owner, one, "She called: the copy has come."))
		if c = h.get(one); !c.Closed() || c.DecidedBy != h.owner.Actor() || c.ToldBy != "message" || h.sent("privacy.told", p) != "3" {
			t.Errorf("%+v, %s messages", c.Request, h.sent("privacy.told", p))
		}
		_, letter, err := h.s.Answer(ctx, she, one)
		h.must(err)
		for _, want := range []string{"Until", "See the data, and a copy", "She called: the copy has come.", "If that is not so", law.Complaints(law.India).Name} {
			if !strings.Contains(letter, want) {
				t.Errorf("the letter does not say %q:\n%s", want, letter)
			}
		}
		// Who has no address is told by hand.
		bare, _ := h.patient("Sita Verma", "", "")
		two, err := h.s.Take(ctx, h.owner, requests.Taken{Kind: law.Complaint, Door: requests.ByVisit, Asker: requests.Self, Patient: bare, Proof: requests.MetHer, Words: "My name was called out."})
		h.must(err)
		h.must(h.s.TakeBack(ctx, h.owner, two, "She said so at the desk."))
		if c := h.get(two); c.ToldAt != 0 || c.Letter == "" {
			t.Errorf("%+v", c.Request)
		}
		h.must(h.s.ToldByHand(ctx, h.owner, two))
	})
}

// answerAsked does what the journeys do with each question.
func (h *house) answerAsked(ctx context.Context) {
	h.t.Helper()
	var all []id.ID
	h.must(h.DB.View(ctx, h.work, access.Work, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(`SELECT id FROM link_asked WHERE clinic_id = $1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				return err
			}
			all = append(all, one)
		}
		return rows.Err()
	}))
	for _, one := range all {
		for range 2 {
			h.must(h.DB.Change(ctx, h.work, access.Work, func(_ context.Context, tx *store.Tx) error { return requests.SendLink(tx, one) }))
		}
	}
}

// TestAtOnce: what she may have at once she has: a copy, a restriction that stops every use, somebody who acts for her, a statement beside data that she
// contests, and an address that she proved by its code; a wrong code proves nothing, and the old address is told.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-copy-at-once", "request-statement", "request-restriction", "request-contact-proved")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		h.must(h.s.State(ctx, she, "health", "It was the left knee."))
		h.must(h.s.AskCopy(ctx, she))
		h.must(h.s.AskCopy(ctx, she))
		c, err := h.s.Own(ctx, she)
		h.must(err)
		file, err := c.JSON()
		h.must(err)
		for _, want := range []string{"Asha Verma", "asha@example.org", "It was the left knee.", `"looked"`, `"access"`} {
			if !strings.Contains(string(file), want) {
				t.Errorf("the copy has no %q", want)
			}
		}
		seen, err := h.s.StatementsOf(ctx, b.As(access.FrontDesk), p)
		if err != nil || len(seen) != 1 || seen[0].Words != "It was the left knee." {
			t.Errorf("staff see %+v, %v", seen, err)
		}
		h.must(h.s.Restrict(ctx, she, true))
		h.must(b.DB.View(ctx, h.owner, access.PatientRead, func(_ context.Context, v *store.View) error {
			for _, purpose := range []consent.Purpose{consent.Booking, consent.Reminder, consent.Figures} {
				if ok, why, err := consent.May(v, p, purpose, "email"); err != nil || ok || why != consent.ReasonRestricted {
					t.Errorf("%s: %v %s %v", purpose, ok, why, err)
				}
			}
			ok, _, err := consent.May(v, p, consent.Rights, "email") // the answer still reaches her
			if !ok {
				t.Error("she cannot be answered")
			}
			return err
		}))
		h.must(h.s.Nominate(ctx, she, "Omar Verma", "omar@example.org"))
		m, err := h.s.Mine(ctx, she)
		h.must(err)
		if !m.Restricted || m.Nominee == nil || m.Nominee.Name != "Omar Verma" || len(m.Requests) != 3 || slices.ContainsFunc(m.Requests, func(r requests.Request) bool { return r.State != requests.Answered || r.ToldAt == 0 }) {
			t.Errorf("%+v", m)
		}
		h.must(h.s.Restrict(ctx, she, false))
		if free, err := h.s.Mine(ctx, she); err != nil || free.Restricted {
			t.Errorf("it cannot be lifted: %v", err)
		}
		h.must(h.s.EndNomination(ctx, she))
		h.must(h.s.EndStatement(ctx, she, m.Statements[0].ID))

		wrong(t, h.s.AskContact(ctx, she, "nothing"), "contact")
		h.must(h.s.AskContact(ctx, she, "new@example.org"))
		code := h.code(ctx, p)
		for range 4 {
			wrong(t, h.s.ProveContact(ctx, she, "x"+code), "code")
		}
		if now, err := h.people.Open(ctx, h.owner, p); err != nil || now.Email != "asha@example.org" {
			t.Errorf("%s is on file without its code, %v", now.Email, err)
		}
		h.must(h.s.ProveContact(ctx, she, code))
		if now, err := h.people.Open(ctx, h.owner, p); err != nil || now.Email != "new@example.org" {
			t.Errorf("%s is on file, %v", now.Email, err)
		}
		wrong(t, h.s.ProveContact(ctx, she, code), "code")
		if n := h.sent("privacy.code", p); n != "2" { // the code, and the news to the address that was left
			t.Errorf("%s messages", n)
		}
		h.must(h.s.AskContact(ctx, she, "other@example.org"))
		code = h.code(ctx, p)
		for range 5 {
			wrong(t, h.s.ProveContact(ctx, she, "0"), "code")
		}
		wrong(t, h.s.ProveContact(ctx, she, code), "code")
	})
}

// code reads the newest code where it is sealed.
func (h *house) code(ctx context.Context, p id.ID) (code string) {
	h.t.Helper()
	h.must(h.DB.View(ctx, h.work, access.Work, func(_ context.Context, v *store.View) error {
		var one id.ID
		var sealed []byte
		err := v.Row(`SELECT id, code FROM contact_proof WHERE clinic_id = $1 AND patient_id = $2 AND code IS NOT NULL ORDER BY id DESC LIMIT 1`, p).Scan(&one, &sealed)
		if err == nil {
			code, err = v.Unseal(p, "contact_proof", "code", one, sealed)
		}
		return err
	}))
	return code
}

// TestWhoLooked: she sees who opened and changed her record, with role and purpose, by name only where the clinic shows names; appearing in a list is told
// apart; nobody else's entries are among them, and her own looking is one.
func TestWhoLooked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "who-looked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		other, _ := h.patient("Ravi Kumar", "ravi@example.org", "")
		desk := b.As(access.FrontDesk)
		for _, one := range []id.ID{p, other, other} {
			_, err := h.people.Open(ctx, desk, one)
			h.must(err)
		}
		h.must(b.DB.View(ctx, desk, access.ScheduleRead, func(_ context.Context, v *store.View) error {
			v.Listed("day", "today", []id.ID{other, p})
			return nil
		}))
		looks, err := h.s.Looked(ctx, she, id.Zero)
		h.must(err)
		var did []string
		for _, l := range looks {
			did = append(did, l.Role+" "+l.Action+" "+l.Kind+" "+l.Purpose)
			if !l.Actor.IsZero() {
				t.Error("staff are named though the clinic does not show names")
			}
		}
		if want := []string{"front-desk open patient care", "owner add patient running"}; !slices.Equal(did, want) {
			t.Errorf("%q, want %q", did, want)
		}
		h.must(h.s.ShowNames(ctx, h.owner, true))
		looks, err = h.s.Looked(ctx, she, id.Zero)
		h.must(err)
		if len(looks) != 3 || looks[0].Role != string(access.Patient) || looks[1].Actor != desk.Actor() {
			t.Errorf("%+v", looks)
		}
		lists, err := h.s.OnLists(ctx, she, h.Day(0))
		if err != nil || len(lists) != 1 || lists[0].Kind != "day" || lists[0].Role != "front-desk" {
			t.Errorf("%+v, %v", lists, err)
		}
		if lists, err = h.s.OnLists(ctx, she, h.Day(-1)); err != nil || len(lists) != 0 {
			t.Errorf("yesterday: %+v, %v", lists, err)
		}
		older, err := h.s.Looked(ctx, she, looks[1].ID)
		if err != nil || len(older) != 1 || older[0].Action != "add" {
			t.Errorf("%+v, %v", older, err)
		}
	})
}

// TestDeletionIsDone: what staff decide is done: use stops at once, she is told, and the deletion follows when the confirmation has left.
// Nothing about her stays in the request, which stays as proof.
func TestDeletionIsDone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-in-writing")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		one, err := h.s.Ask(ctx, she, law.Deletion, "", "")
		h.must(err)
		h.must(h.s.Decide(ctx, h.owner, one, 1, requests.Decision{Outcome: requests.Granted}))
		work := func() { h.must(h.s.Work(ctx, h.work, func(string, string) error { return nil })) }
		if work(); len(h.erased) != 0 || h.sent("privacy.told", p) != "1" {
			t.Errorf("deleted before she was told: %v", h.erased)
		}
		b.Clock.Move(16 * time.Minute)
		if work(); !slices.Equal(h.erased, []id.ID{p}) {
			t.Errorf("deleted: %v", h.erased)
		}
		if c := h.get(one); !c.Patient.IsZero() || c.Outcome != requests.Granted {
			t.Errorf("%+v", c.Request)
		}
		if work(); len(h.erased) != 1 {
			t.Error("deleted twice")
		}
		b.Clock.Move(7 * 366 * 24 * time.Hour)
		h.Change(t, func(tx *store.Tx) error { _, err := requests.Keeper{}.Due(tx); return err })
		if n := h.Count(t, `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s requests are kept for more than six years", n)
		}
	})
}

// TestYoungDataGoes: a child for whom nobody speaks is found, the owners are told once, and after a fortnight the data is deleted, unless a guardian was added.
func TestYoungDataGoes(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "young-data-deleted")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		child := func(name string) patients.Patient {
			p, _, err := h.people.Add(ctx, h.owner, patients.Draft{Name: name, BirthDate: "2019-02-03", Language: "en", Guardian: &patients.GuardianDraft{Name: "Mother", Phone: "+919845010099", Relation: "mother"}}, true)
			h.must(err)
			return p
		}
		late, kept, lone, saved := child("Late Child"), child("Kept Child"), child("Lone Child"), child("Saved Child")
		h.must(b.DB.Change(ctx, h.owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error { // as an import, or another law, would leave them
			tx.Housekeeping("a test takes guardians away")
			for _, p := range []id.ID{late.ID, lone.ID, saved.ID} {
				if _, err := tx.Exec(`DELETE FROM guardian WHERE clinic_id = $1 AND patient_id = $2`, p); err != nil {
					return err
				}
			}
			return nil
		}))
		told := 0
		work := func() {
			h.must(h.s.Work(ctx, h.work, func(_, what string) error {
				if what == requests.TellYoung {
					told++
				}
				return nil
			}))
		}
		work()
		work()
		list, err := h.s.Young(ctx, h.owner)
		if err != nil || len(list) != 3 || told != 1 {
			t.Fatalf("%+v, told %d times, %v", list, told, err)
		}
		_, err = h.people.Save(ctx, h.owner, saved.ID, patients.Draft{Name: saved.Name, BirthDate: "2019-02-03", Language: "en", Guardian: &patients.GuardianDraft{Name: "Father", Phone: "+919845010098", Relation: "father"}}, saved.Version)
		h.must(err)
		b.Clock.Move(requests.YoungFor - time.Minute)
		if work(); len(h.erased) != 0 {
			t.Errorf("deleted too early: %v", h.erased)
		}
		b.Clock.Move(2 * time.Minute)
		h.doubted = true
		if work(); len(h.erased) != 0 {
			t.Errorf("deleted under a clock that nobody believes: %v", h.erased)
		}
		for held, want := range map[bool]int{false: 2, true: 0} { // the child who still waits, unless an order of two people keeps her
			h.must(b.DB.View(ctx, h.owner, access.RequestRead, func(_ context.Context, v *store.View) error {
				n, err := requests.Overstayed(v, clock.At(b.Clock.Now()), func(id.ID) (bool, error) { return held, nil })
				if err == nil && n != want {
					t.Errorf("held %t: %d stay too long, not %d", held, n, want)
				}
				return err
			}))
		}
		h.doubted = false
		told = 0
		h.must(b.DB.Change(ctx, h.work, access.Work, func(_ context.Context, tx *store.Tx) error { // a database of before: who speaks for them since is not in it
			tx.Housekeeping("a restore")
			return requests.AfterRestore(tx)
		}))
		work()
		b.Clock.Move(requests.YoungFor - time.Minute)
		if work(); len(h.erased) != 0 || told != 1 {
			t.Errorf("after a restore %v were deleted, and the clinic was told %d times", h.erased, told)
		}
		b.Clock.Move(2 * time.Minute)
		h.before = func(p id.ID) { // while the deletion is on its way, somebody speaks for her
			h.before = nil
			_, err := h.people.Save(ctx, h.owner, p, patients.Draft{Name: late.Name, BirthDate: "2019-02-03", Language: "en", Guardian: &patients.GuardianDraft{Name: "Aunt", Phone: "+919845010097", Relation: "mother"}}, late.Version)
			h.must(err)
		}
		if work(); !slices.Equal(h.erased, []id.ID{lone.ID}) {
			t.Errorf("deleted %v, not %v alone; %v has a guardian", h.erased, lone.ID, kept.ID)
		}
	})
}

// TestOneWhoIsHeldKeepsNoOtherWaiting: where an order holds the deletion of one child up, the others are deleted all the same, and nothing is reported as failed.
func TestOneWhoIsHeldKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := open(t, b), context.Background()
	var lone []id.ID
	for _, name := range []string{"First Child", "Second Child"} {
		p, _, err := h.people.Add(ctx, h.owner, patients.Draft{Name: name, BirthDate: "2019-02-03", Language: "en", Guardian: &patients.GuardianDraft{Name: "Mother", Phone: "+919845010099", Relation: "mother"}}, true)
		h.must(err)
		lone = append(lone, p.ID)
	}
	h.Change(t, func(tx *store.Tx) error {
		tx.Housekeeping("a test takes guardians away")
		_, err := tx.Exec(`DELETE FROM guardian WHERE clinic_id = $1`)
		return err
	})
	work := func() error { return h.s.Work(ctx, h.work, func(string, string) error { return nil }) }
	h.must(work())
	b.Clock.Move(requests.YoungFor + time.Minute)
	list, err := h.s.Young(ctx, h.owner)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	h.held = []id.ID{list[0].Patient}
	h.must(work())
	if !slices.Equal(h.erased, []id.ID{list[1].Patient}) {
		t.Errorf("deleted %v of %v", h.erased, lone)
	}
}

// TestManyWhoAreHeldKeepNoOtherWaiting: more deletions than are read at once are held up by orders, and the one behind them is done all the same. What is held up the letter
// says, until when and not why; what is not, and is not done, the live check finds.
func TestManyWhoAreHeldKeepNoOtherWaiting(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-in-writing")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		var last, one id.ID
		var she access.Caller
		for i := range 25 {
			var err error
			if last, she = h.patient("Asha Verma "+strings.Repeat("a", i+1), fmt.Sprintf("asha%d@example.org", i), ""); i < 24 {
				h.held = append(h.held, last)
			}
			one, err = h.s.Ask(ctx, she, law.Deletion, "", "")
			h.must(err)
			h.must(h.s.Decide(ctx, h.owner, one, 1, requests.Decision{Outcome: requests.Granted}))
		}
		undone := func(want int64) {
			t.Helper()
			h.must(b.DB.View(ctx, h.work, access.Work, func(_ context.Context, v *store.View) error {
				bad, _, err := requests.Undone(v, clock.At(b.Clock.Now().Add(-24*time.Hour)))
				if bad != want {
					t.Errorf("%d deletions are not done, not %d", bad, want)
				}
				return err
			}))
		}
		b.Clock.Move(26 * time.Hour)
		undone(25)
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("a test lays a hold")
			for _, p := range h.held {
				if err := tx.Must(`INSERT INTO legal_hold (clinic_id, id, patient_id, state, until, asked_by, asked_at, approved_by, approved_at) VALUES ($1, $2, $3, 'held', '2027-03-31', $2, $4, $3, $4)`, tx.NewID(), p, tx.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		undone(1)
		h.must(h.s.Work(ctx, h.work, func(string, string) error { return nil }))
		if !slices.Equal(h.erased, []id.ID{last}) {
			t.Errorf("deleted %d, not the one behind those who are held", len(h.erased))
		}
		undone(0)
		if err := h.s.Work(ctx, h.work, func(string, string) error { return nil }); err != nil || len(h.erased) != 1 {
			t.Errorf("again: %v, %d", err, len(h.erased))
		}
		held := accounts.ForPatient(h.Clinic, h.held[0], id.New(b.Clock.Now()))
		m, err := h.s.Mine(ctx, held)
		h.must(err)
		_, letter, err := h.s.Answer(ctx, held, m.Requests[0].ID)
		if h.must(err); !strings.Contains(letter, "31 March 2027") && !strings.Contains(letter, "31 Mar 2027") || strings.Contains(letter, "shortly") {
			t.Errorf("an order holds it up, and the letter says:\n%s", letter)
		}
	})
}

// TestOnePersonHidesNobody: one person cannot fill the clinic's list; what she took back makes room.
func TestOnePersonHidesNobody(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := open(t, b), context.Background()
	_, she := h.patient("Asha Verma", "asha@example.org", "")
	var last id.ID
	var err error
	n := 0
	for ; n < 60 && err == nil; n++ {
		var one id.ID
		if one, err = h.s.Ask(ctx, she, law.Complaint, "", "Complaint number "+strings.Repeat("i", n+1)); err == nil {
			last = one
		}
	}
	if !fault.Is(err, fault.Conflict) || n != 21 {
		t.Fatalf("after %d: %v", n, err)
	}
	h.must(h.s.TakeOwnBack(ctx, she, last))
	_, err = h.s.Ask(ctx, she, law.Complaint, "", "One more complaint.")
	h.must(err)
}

// TestAnswersGoWithTheRunOfTheNight: what was answered six years ago stays until the clinic's own run takes it away, of which owners are told before: the room's own work,
// every few minutes, takes nothing.
func TestAnswersGoWithTheRunOfTheNight(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		_, she := h.patient("Asha Verma", "asha@example.org", "")
		h.must(h.s.AskCopy(ctx, she))
		b.Clock.Move(6*366*24*time.Hour + 48*time.Hour)
		h.must(h.s.Work(ctx, h.work, func(string, string) error { return nil }))
		if n := h.Count(t, `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1`); n != "1" {
			t.Fatalf("%s answers are left: they went past the run of the night", n)
		}
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("the run of the night")
			_, err := requests.Keeper{Lives: law.Lives{Place: law.India}}.Due(tx)
			return err
		})
		if n := h.Count(t, `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s answers are left by the run of the night", n)
		}
	})
}

// TestNoPlaceForAFee: no column of a request can hold money, the database refuses a refusal without a ground, and no room that bills, books or counts
// money names the tables or the room of requests.
func TestNoPlaceForAFee(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-free")
	money := regexp.MustCompile(`fee|price|amount|cost|charge|currency|paid|invoice|payment`)
	for _, table := range requests.Holdings() {
		for _, c := range table.Columns {
			if money.MatchString(c.Name) {
				t.Errorf("%s.%s is a place for a fee", table.Name, c.Name)
			}
		}
	}
	for _, room := range []string{"billing", "subscription", "scheduling", "insight"} {
		files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(room, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"data_request", "data_statement", `"almirah/internal/requests"`} {
				if strings.Contains(string(text), word) {
					t.Errorf("%s knows %s", f, word)
				}
			}
		}
	}
}

// TestTakenLonger: only where the law knows it, once, in time, with a reason that is told.
func TestTakenLonger(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-clock")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, she := h.patient("Asha Verma", "asha@example.org", "")
		one, err := h.s.Ask(ctx, she, law.Correction, "name", "It is Aasha.")
		h.must(err)
		if err := h.s.TakeLonger(ctx, h.owner, one, 1, "The doctor is away."); !fault.Is(err, fault.Conflict) {
			t.Errorf("India knows no longer time: %v", err)
		}
		cs := clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
		c, err := cs.Get(ctx, h.owner)
		h.must(err)
		under := c.Profile()
		under.Jurisdiction = law.EU
		h.must(cs.Save(ctx, h.owner, under, c.Version))
		if got := h.get(one); got.Law != law.India {
			t.Errorf("its clock changed to %s", got.Law)
		}
		two, err := h.s.Ask(ctx, she, law.Correction, "birth", "It was 1984.")
		h.must(err)
		wrong(t, h.s.TakeLonger(ctx, h.owner, two, 1, "No."), "why")
		was := h.get(two).DueAt
		h.must(h.s.TakeLonger(ctx, h.owner, two, 1, "The doctor is away until Monday."))
		if got := h.get(two); got.DueAt <= was || got.Why != "The doctor is away until Monday." || h.sent("privacy.told", p) != "1" {
			t.Errorf("%+v", got.Request)
		}
		if err := h.s.TakeLonger(ctx, h.owner, two, 2, "And once more, please."); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
	})
}
