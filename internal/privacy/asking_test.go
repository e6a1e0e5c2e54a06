package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/privacy"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/words"
)

// outside is a provider at the edge of the house; one of SMS erases what it took when it is asked.
type outside struct {
	name    string
	channel messaging.Channel
	n       int
	has     []string
	asked   []string
	says    func(what string) messaging.Forgotten
}

func (o *outside) Channel() messaging.Channel { return o.channel }
func (o *outside) Name() string               { return o.name }
func (o *outside) Provider() string           { return o.name }
func (o *outside) Check(map[string]string) ([]byte, string, string, error) {
	return []byte(`{}`), "+911234500000", "cret", nil
}
func (o *outside) Probe(context.Context, messaging.Connection) error { return nil }
func (o *outside) Send(_ context.Context, _ messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	o.n++
	o.has = append(o.has, fmt.Sprintf("%s-%d", o.name, o.n))
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: o.has[len(o.has)-1]}
}
func (o *outside) Read(_ context.Context, _ messaging.Connection, h messaging.Hook) (out []messaging.Event, _ messaging.Answer, err error) {
	return out, messaging.Answer{}, json.Unmarshal(h.Body, &out)
}
func (o *outside) Forgets(bool) bool { return o.channel == messaging.SMS }
func (o *outside) Keeps(bool) int {
	if o.channel == messaging.WhatsApp {
		return 30
	}
	return 0
}
func (o *outside) Forget(_ context.Context, _ messaging.Connection, what string, _ bool) messaging.Forgotten {
	o.asked = append(o.asked, what)
	got := messaging.Forgotten{Outcome: messaging.Absent}
	if slices.Contains(o.has, what) {
		got.Outcome = messaging.Accepted
	}
	if o.says != nil {
		got = o.says(what)
	}
	if got.Outcome == messaging.Accepted {
		o.has = slices.DeleteFunc(o.has, func(x string) bool { return x == what })
	}
	return got
}

// asking is a house of which two providers carry messages: one that erases when it is asked, and a mail server that takes no call.
type asking struct {
	*house
	b       *rig.Base
	texts   *outside
	mail    *outside
	letters *messaging.Service
	account messaging.Account
	rule    id.ID
	refused string // why the clinic lets nothing go to the texter
	shut    string // why the gate is closed to it
	log     bytes.Buffer
	n       int

	digested map[id.ID]bool
}

func askingHouse(t *testing.T, b *rig.Base) *asking {
	t.Helper()
	h := &asking{digested: map[id.ID]bool{}, house: open(t, b), b: b, texts: &outside{name: "texter", channel: messaging.SMS}, mail: &outside{name: "mailer", channel: messaging.Email}}
	book, err := words.Load()
	h.must(err)
	h.letters = messaging.New(b.DB, b.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{h.mail}, Accounts: []messaging.Provider{h.texts}, Public: "https://almirah.test", Sender: "clinic@almirah.test",
		Outside: messaging.Outside{Refused: func(_ clinics.Clinic, via, _ string) string {
			if via == "texter" {
				return h.refused
			}
			return ""
		}, Shut: func(string) string { return h.shut }}})
	h.account, err = h.letters.Connect(background, h.owner, "texter", map[string]string{}, true)
	h.must(err)
	h.o.Copies, h.o.Ask = h.letters.CopiesOf, h.letters.ForgetCopy
	h.s = privacy.New(b.DB, slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), h.o)
	h.Change(t, followup.Found)
	rules, err := followup.New(h.DB).Rules(background, h.owner)
	h.must(err)
	for _, r := range rules {
		if r.Kind == messaging.Booked {
			h.rule = r.ID
		}
	}
	return h
}

// told books for somebody, who gets a text and a mail.
func (h *asking) told() id.ID {
	h.t.Helper()
	h.n++
	n := h.n
	want := h.Booking(h.Providers[0], h.At(2, "09:00").Add(time.Duration(n)*30*time.Minute), n)
	want.Patient.Phone = fmt.Sprintf("+9198450770%02d", n)
	a := h.Booked(h.t, h.As(access.FrontDesk), want).Appointment
	h.Change(h.t, func(tx *store.Tx) error {
		for _, ch := range []messaging.Channel{messaging.SMS, messaging.Email} {
			if _, err := messaging.Send(tx, messaging.Letter{Patient: a.Patient, Appointment: a.ID, Rule: h.rule, Kind: messaging.Booked, Channel: ch, StartsAt: a.StartsAt, Provider: a.Provider}); err != nil {
				return err
			}
		}
		return nil
	})
	due, err := h.letters.DueMessages(background, h.work, 100)
	h.must(err)
	for _, m := range due {
		h.must(h.letters.Deliver(background, h.work, m))
	}
	return a.Patient
}

func (h *asking) erase(patient id.ID) id.ID {
	h.t.Helper()
	one, err := h.s.Erase(background, h.owner, patient, "deleted_by_clinic")
	h.must(err)
	return one
}

// stands is what carriers were asked of an erasure: "texter due 1".
func (h *asking) stands(one id.ID) string {
	h.t.Helper()
	e, err := h.s.Get(background, h.owner, one)
	h.must(err)
	var out []string
	for _, a := range e.Asked {
		for _, s := range []privacy.AskState{privacy.AskDone, privacy.AskAbsent, privacy.AskRefused, privacy.AskTerms, privacy.AskSent, privacy.AskLetter, privacy.AskDue} {
			if n := a.In(s); n > 0 {
				out = append(out, fmt.Sprint(a.Carrier, " ", s, " ", n))
			}
		}
	}
	return strings.Join(out, ", ")
}

// ask lets some time pass and the carriers be asked.
func (h *asking) ask(wait time.Duration) {
	h.t.Helper()
	h.b.Clock.Move(wait)
	h.must(h.s.AskCarriers(background, h.work))
}

func (h *asking) is(one id.ID, when, want string) {
	h.t.Helper()
	if got := h.stands(one); got != want {
		h.t.Errorf("%s: %q, not %q", when, got, want)
	}
}

// older puts back the database from before every erasure.
func (h *asking) older() {
	h.t.Helper()
	h.Change(h.t, func(tx *store.Tx) error {
		for _, text := range []string{`DELETE FROM erasure_ask WHERE clinic_id = $1`, `DELETE FROM erasure_carrier WHERE clinic_id = $1`, `DELETE FROM held_part WHERE clinic_id = $1`, `DELETE FROM erasure_hold WHERE clinic_id = $1`, `DELETE FROM erasure WHERE clinic_id = $1`} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	})
	h.must(h.s.Finish(background, h.work, 0))
}

func (h *asking) version() int64 {
	h.t.Helper()
	list, err := h.letters.Accounts(background, h.owner)
	h.must(err)
	for _, a := range list {
		if a.ID == h.account.ID {
			return a.Version
		}
	}
	return 0
}

// TestCarriersAreAsked: who carried messages of somebody erased is asked to erase them until there is an answer, or the clinic has the letter to send; each answer stands in the record, the ids go with
// it, and an older database finds what was still to be asked and does not ask again for what is over.
func TestCarriersAreAsked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-asked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := askingHouse(t, b)
		// Who got nothing has nothing to be asked for.
		who, _, err := h.folk.Add(background, h.owner, patients.Draft{Name: "Nobody Wrote", Phone: "+919845077099", Language: "en"}, true)
		h.must(err)
		h.is(h.erase(who.ID), "without a message", "")
		h.ask(0)
		// One is asked until there is an answer.
		first := h.erase(h.told())
		h.is(first, "after the erasure", "mailer letter 1, texter due 1")
		h.texts.says = func(string) messaging.Forgotten { return messaging.Forgotten{Outcome: messaging.Later, Code: "503"} }
		h.ask(0)
		h.is(first, "without an answer", "mailer letter 1, texter due 1")
		h.ask(30 * time.Second)
		if len(h.texts.asked) != 1 {
			t.Errorf("it is asked %d times in a minute", len(h.texts.asked))
		}
		h.older()
		h.is(first, "after a restore", "mailer letter 1, texter due 1")
		h.texts.says = nil
		h.ask(time.Hour)
		h.is(first, "answered", "mailer letter 1, texter done 1")
		if len(h.texts.has) != 0 || len(h.texts.asked) != 2 {
			t.Errorf("%v is there after %v", h.texts.has, h.texts.asked)
		}
		// An older database from before the erasure does not ask again, nor does one from before the answer.
		h.older()
		h.is(first, "after a restore from before", "mailer letter 1, texter done 1")
		h.Change(t, func(tx *store.Tx) error { // the row as it stood before the answer
			var one, erasure, account id.ID
			var since int64
			if err := tx.Row(`SELECT id, erasure_id, account_id, asked_at FROM erasure_ask WHERE clinic_id = $1 AND carrier = 'texter'`).Scan(&one, &erasure, &account, &since); err != nil {
				return err
			}
			if _, err := tx.Exec(`DELETE FROM erasure_ask WHERE clinic_id = $1 AND id = $2`, one); err != nil {
				return err
			}
			_, err := tx.Exec(`INSERT INTO erasure_ask (clinic_id, id, erasure_id, carrier, account_id, what, state, due_at, asked_at, state_at) VALUES ($1, $2, $3, 'texter', $4, $5, 'due', 0, $6, $6)`, one, erasure, account, []byte("sealed"), since)
			return err
		})
		h.must(h.s.Finish(background, h.work, 0))
		h.is(first, "after a restore from before the answer", "mailer letter 1, texter done 1")
		h.ask(time.Hour)
		if len(h.texts.asked) != 2 {
			t.Errorf("it is asked again for what is over: %v", h.texts.asked)
		}
		// The other takes no call: the clinic has a letter with the ids, which go when it was sent.
		l, err := h.s.Letter(background, h.owner, first, "mailer")
		if h.must(err); l.Number != 1 || !slices.Equal(l.IDs, h.mail.has) || !strings.Contains(l.Text(), h.mail.has[0]) {
			t.Errorf("the letter: %+v", l)
		}
		if _, err := h.s.Letter(background, h.As(access.FrontDesk), first, "mailer"); err == nil {
			t.Error("the front desk reads it")
		}
		if err := h.s.LetterSent(background, h.owner, first, "mailer", 2); err == nil {
			t.Error("a letter about more than there is was sent")
		}
		h.must(h.s.LetterSent(background, h.owner, first, "mailer", 1))
		h.is(first, "sent", "mailer sent 1, texter done 1")
		if n := h.Count(t, `SELECT COUNT(*) FROM erasure_ask WHERE clinic_id = $1 AND what IS NOT NULL`); n != "0" {
			t.Errorf("%s ids are left", n)
		}
		if _, err := h.s.Letter(background, h.owner, first, "mailer"); err == nil {
			t.Error("there is a letter still")
		}
		h.older()
		h.is(first, "after one more restore", "mailer sent 1, texter done 1")
		// A refusal is one; what is not there is told from what was erased.
		h.texts.says = func(string) messaging.Forgotten { return messaging.Forgotten{Outcome: messaging.Refused, Code: "405"} }
		second := h.erase(h.told())
		h.ask(0)
		h.is(second, "refused", "mailer letter 1, texter refused 1")
		h.texts.says, h.texts.has = nil, nil
		third := h.told()
		h.texts.has = nil
		third = h.erase(third)
		h.ask(0)
		h.is(third, "gone there", "mailer letter 1, texter absent 1")
		e, err := h.s.Get(background, h.owner, third)
		if h.must(err); !strings.Contains(e.First, "Copies at texter, 1 messages and files: 1 are being asked for, without an answer yet.") {
			t.Errorf("certificate one: %s", e.First)
		}
		// How one ended stays so, and nothing of it is in a log.
		if err := h.DB.Change(background, h.work, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("somebody makes it up")
			_, err := tx.Exec(`UPDATE erasure_ask SET state = 'done' WHERE clinic_id = $1 AND state = 'refused'`)
			return err
		}); err == nil {
			t.Error("a refusal becomes an erasure")
		}
		for _, word := range []string{"texter-", "mailer-", "+9198450770"} {
			if strings.Contains(h.log.String(), word) {
				t.Errorf("%q is in the log: %s", word, h.log.String())
			}
		}
	})
}

// TestCarriersThatCannotBeAsked: nobody is dialled while the gate is closed to a carrier, the account is paused, or the clinic is held; after a week a person writes. Without an account, or where
// the clinic lets nothing go there, a person writes at once. The second certificate waits for the answers, and names them.
func TestCarriersThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-asked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := askingHouse(t, b)
		people := []id.ID{h.told(), h.told(), h.told(), h.told()}
		h.shut = "contract-ended"
		shut := h.erase(people[0])
		h.ask(0)
		h.ask(2 * time.Hour)
		h.is(shut, "with the gate closed", "mailer letter 1, texter due 1")
		e, err := h.s.Get(background, h.owner, shut)
		if h.must(err); e.Asked[1].Lines[0].Code != "contract-ended" {
			t.Errorf("it is not said why: %+v", e.Asked)
		}
		h.shut = ""
		h.must(h.letters.SetAccount(background, h.owner, h.account.ID, h.version(), false))
		h.ask(2 * time.Hour)
		h.is(shut, "with the account paused", "mailer letter 1, texter due 1")
		h.backups, h.copies = time.Time{}, false
		h.b.Clock.Move(26 * time.Hour)
		_, err = h.Vault.Turn(background, false, nil)
		h.must(err)
		h.must(h.s.Work(background, h.work))
		if e, err = h.s.Get(background, h.owner, shut); err != nil || e.SecondAt > 0 {
			t.Errorf("certificate two does not wait: %v, %s", err, e.Second)
		}
		h.ask(5 * 24 * time.Hour)
		h.ask(24 * time.Hour)
		h.is(shut, "after a week", "mailer letter 1, texter letter 1")
		if len(h.texts.asked) != 0 {
			t.Errorf("it was dialled for %v", h.texts.asked)
		}
		h.must(h.s.LetterSent(background, h.owner, shut, "mailer", 1))
		h.must(h.s.Work(background, h.work))
		e, err = h.s.Get(background, h.owner, shut)
		h.must(err)
		for _, says := range []string{"Copies at mailer, 1 messages and files: 1 it was asked by letter to erase.", "Copies at texter, 1 messages and files: 1 have to be asked for by letter, which the clinic sends."} {
			if !strings.Contains(e.Second, says) {
				t.Errorf("certificate two lacks %q: %s", says, e.Second)
			}
		}
		h.must(h.letters.SetAccount(background, h.owner, h.account.ID, h.version(), true))
		// The clinic came from another house: nothing leaves before its owner lets go.
		held := func(yes bool) {
			h.Change(t, func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE clinic SET held = $2 WHERE clinic_id = $1`, yes)
				return err
			})
		}
		one := h.erase(people[1])
		held(true)
		h.ask(0)
		h.is(one, "while the clinic is held", "mailer letter 1, texter due 1")
		held(false)
		// The clinic allows nobody there.
		h.refused = "nobody"
		h.ask(2 * time.Hour)
		h.is(one, "where the clinic allows nobody", "mailer letter 1, texter letter 1")
		if len(h.texts.asked) != 0 {
			t.Errorf("it was dialled for %v", h.texts.asked)
		}
		h.refused = ""
		// A carrier that never answers is written to after a week.
		h.texts.says = func(string) messaging.Forgotten {
			return messaging.Forgotten{Outcome: messaging.Later, Code: "timeout"}
		}
		deaf := h.erase(people[2])
		for range 12 {
			h.ask(24 * time.Hour)
		}
		h.is(deaf, "after a week without an answer", "mailer letter 1, texter letter 1")
		if n := len(h.texts.asked); n < 6 || n > 9 {
			t.Errorf("it was asked %d times", n)
		}
		// No account is left.
		revoked := h.erase(people[3])
		h.must(h.letters.Revoke(background, h.owner, h.account.ID, h.version()))
		h.ask(0)
		h.is(revoked, "without an account", "mailer letter 1, texter letter 1")
		// A letter says by which sender the carrier knows the clinic.
		l, err := h.s.Letter(background, h.owner, revoked, "texter")
		if h.must(err); len(l.Senders) != 1 || l.Senders[0] != h.account.Sender || !strings.Contains(l.Text(), "texter-4") {
			t.Errorf("the letter: %+v", l)
		}
		// In the end all of it goes with the erasures that it belongs to.
		for _, wait := range []time.Duration{26 * time.Hour, 26 * time.Hour, 7 * 366 * 24 * time.Hour} {
			h.b.Clock.Move(wait)
			_, err = h.Vault.Turn(background, false, nil)
			h.must(err)
			h.must(h.s.Work(background, h.work))
		}
		if n := h.Count(t, `SELECT COUNT(*) FROM erasure_ask WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s requests are left of erasures whose time is over", n)
		}
	})
}

// TestWhatSheSentIsAskedFor: what a patient wrote, and the files that she sent, are asked for as well, the files before the message that they came with; also what came before it was known who writes.
func TestWhatSheSentIsAskedFor(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-asked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := askingHouse(t, b)
		hear := func(key, phone, theirs string, media ...messaging.Media) {
			t.Helper()
			body, err := json.Marshal([]messaging.Event{{Kind: messaging.MessageNews, Key: key, ProviderID: theirs, From: messaging.Sender{Phone: phone}, Text: "My knee hurts", Media: media}})
			h.must(err)
			_, err = h.letters.Hear(background, accounts.Public(h.Clinic), "texter", h.account.ID, messaging.Hook{Body: body})
			h.must(err)
			h.must(h.digest())
		}
		patient := h.told()
		hear("k1", "+919845077001", "in-1", messaging.Media{ID: "in-1/file", ContentType: "image/jpeg"})
		hear("k2", "+919845099999", "in-2", messaging.Media{ID: "in-2/file", ContentType: "image/jpeg"})
		list, err := h.letters.Inbox(background, h.As(access.FrontDesk), messaging.InboxFilter{Box: messaging.BoxOpen})
		h.must(err)
		for _, x := range list {
			if x.Patient.IsZero() {
				_, err := h.letters.Meant(background, h.As(access.FrontDesk), x.ID, patient)
				h.must(err)
			}
		}
		h.texts.has = append(h.texts.has, "in-1", "in-1/file", "in-2", "in-2/file")
		busy := true
		h.texts.says = func(what string) messaging.Forgotten {
			if busy && what == "in-2/file" {
				return messaging.Forgotten{Outcome: messaging.Later, Code: "429"}
			}
			return messaging.Forgotten{Outcome: messaging.Accepted}
		}
		one := h.erase(patient)
		h.is(one, "after the erasure", "mailer letter 1, texter due 5")
		h.ask(0)
		h.is(one, "with a file that has to wait", "mailer letter 1, texter done 1, texter due 4")
		busy = false
		h.ask(time.Hour)
		h.is(one, "in the end", "mailer letter 1, texter done 5")
		if len(h.texts.has) != 0 {
			t.Errorf("%v is left there", h.texts.has)
		}
		// Nothing of the invented patient's clinic is anywhere, and nobody is dialled for it.
		h.Change(t, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE clinic SET canary = $2 WHERE clinic_id = $1`, true)
			return err
		})
		h.must(h.DB.View(background, h.work, access.Work, func(_ context.Context, v *store.View) error {
			got, err := h.letters.CopiesOf(v, h.told())
			if len(got) > 0 {
				t.Errorf("of the canary clinic: %+v", got)
			}
			return err
		}))
		if f, err := h.letters.ForgetCopy(background, h.work, h.account.ID, "x", false); err != nil || f.Asked {
			t.Errorf("of the canary clinic: %+v %v", f, err)
		}
	})
}

// digest acts on everything that was heard.
func (h *asking) digest() error {
	return h.DB.Change(background, h.work, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("what was heard is acted on")
		list, err := store.IDs(&tx.View, `SELECT id FROM heard WHERE clinic_id = $1 AND done_at = 0`)
		for _, one := range list {
			if err == nil && !h.digested[one] {
				h.digested[one] = true
				err = messaging.Digest(tx, one, 0)
			}
		}
		return err
	})
}
