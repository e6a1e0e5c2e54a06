package messaging_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// spoken is a provider at the edge of this room: it takes every text, and what it reports is the news that the
// request holds. The real ones have their own tests.
type spoken struct{}

func (spoken) Channel() messaging.Channel { return messaging.SMS }
func (spoken) Name() string               { return "spoken" }
func (spoken) Provider() string           { return "spoken" }
func (spoken) Check(typed map[string]string) ([]byte, string, string, error) {
	return []byte(`{"secret":"` + typed["secret"] + `"}`), "+911234500000", "cret", nil
}
func (spoken) Probe(context.Context, messaging.Connection) error { return nil }
func (spoken) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "P" + m.ID.String()}
}
func (spoken) Read(_ context.Context, _ messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	var news []messaging.Event
	err := json.Unmarshal(h.Body, &news)
	return news, messaging.Answer{}, err
}

// ranks is the order of the contract, written down once more by hand.
var ranks = []messaging.Reached{"", messaging.ReachedAccepted, messaging.ReachedSent, messaging.ReachedFailed, messaging.ReachedDelivered, messaging.ReachedOpened, messaging.ReachedRead}

func rankOf(r messaging.Reached) int {
	for i, x := range ranks {
		if x == r {
			return i
		}
	}
	return -1
}

// TestReportsInAnyOrder tells the fates of many texts in random order, in batches, twice, some before the sending was
// written down and some a week later: each ends as far as the best report says, and every message stays one.
func TestReportsInAnyOrder(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sms-fate")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		s.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: s.book, Carriers: []messaging.Carrier{s.carrier}, Accounts: []messaging.Provider{spoken{}}, Public: "https://clinic.example", Sender: "post@clinic.example"})
		owner := b.As(access.Owner)
		account, err := s.messages.Connect(t.Context(), owner, "spoken", map[string]string{"secret": "a secret"}, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.messages.SaveSetting(t.Context(), owner, messaging.Setting{Content: messaging.ContentNone, Opens: true, Version: 1}); err != nil {
			t.Fatal(err)
		}
		const many = 24
		for i := range many {
			_, err := s.desk.Book(t.Context(), accounts.Public(s.Clinic), scheduling.Booking{Service: s.service, Provider: s.provider, StartsAt: clock.At(rig.Start.Add(time.Duration(48+i) * time.Hour)), Language: "en",
				Patient: patients.Draft{Name: fmt.Sprintf("Person %c%c", 'A'+i/26, 'a'+i%26), Phone: fmt.Sprintf("+9198450100%02d", i), BirthDate: "1980-02-03"}})
			if err != nil {
				t.Fatal(err)
			}
		}
		s.tick()
		list, err := s.messages.Recent(t.Context(), owner, messaging.Filter{Limit: 100})
		if err != nil || len(list) != many {
			t.Fatalf("%v, %d messages", err, len(list))
		}
		chance := rand.New(rand.NewPCG(7, 11))
		want := map[id.ID]messaging.Reached{}
		var news []messaging.Event
		for _, m := range list {
			for _, r := range ranks[1:] {
				if chance.IntN(3) == 0 {
					continue
				}
				e := messaging.Event{Kind: messaging.StateNews, Key: m.ID.String() + string(r), ProviderID: "P" + m.ID.String(), Reached: r, Code: "30003", At: clock.At(b.Clock.Now())}
				if chance.IntN(4) == 0 {
					e.Message = m.ID
				}
				news = append(news, e)
				if rankOf(r) > rankOf(want[m.ID]) {
					want[m.ID] = r
				}
			}
		}
		news = append(news, messaging.Event{Kind: messaging.StateNews, Key: "nobody's", ProviderID: "Pnobody", Reached: messaging.ReachedRead}, messaging.Event{Kind: messaging.Unknown, Key: "strange", Raw: []byte("{}")})
		news = append(news, news[:len(news)/3]...)
		chance.Shuffle(len(news), func(i, j int) { news[i], news[j] = news[j], news[i] })
		for len(news) > 0 {
			n := min(1+chance.IntN(9), len(news))
			body, err := json.Marshal(news[:n])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.messages.Hear(t.Context(), accounts.Public(s.Clinic), "spoken", account.ID, messaging.Hook{Body: body}); err != nil {
				t.Fatal(err)
			}
			if news = news[n:]; chance.IntN(2) == 0 {
				s.tick()
			}
			if chance.IntN(10) == 0 {
				b.Clock.Move(24 * time.Hour)
			}
		}
		for range 3 {
			b.Clock.Move(15 * time.Minute)
			s.tick()
		}
		got := map[id.ID]messaging.Reached{}
		state := map[id.ID]messaging.State{}
		err = b.DB.View(t.Context(), owner, access.MessageRead, func(_ context.Context, v *store.View) error {
			rows, err := v.Query(`SELECT id, reached, state FROM message WHERE clinic_id = $1`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var m id.ID
				var r messaging.Reached
				var st messaging.State
				if err := rows.Scan(&m, &r, &st); err != nil {
					return err
				}
				got[m], state[m] = r, st
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		for m := range got {
			wanted := messaging.Sent
			if want[m] == messaging.ReachedFailed {
				wanted = messaging.Rejected
			}
			if got[m] != want[m] || state[m] != wanted {
				t.Errorf("a message is %q and %s, %q and %s are wanted", got[m], state[m], want[m], wanted)
			}
		}
		var kept int
		err = b.DB.View(t.Context(), owner, access.MessageRead, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT COUNT(*) FROM heard WHERE clinic_id = $1 AND event IS NOT NULL`).Scan(&kept)
		})
		if err != nil || kept != 0 {
			t.Errorf("%v, %d reports are still kept", err, kept)
		}
	})
}

// TestWhatSomebodyWroteIsForgottenAfterADay: the text of an answer that nobody dealt with goes after a day; that somebody wrote stays to
// be seen. Deleting the patient takes it away at once.
func TestWhatSomebodyWroteIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "answers-a-day")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		s.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: s.book, Carriers: []messaging.Carrier{s.carrier}, Accounts: []messaging.Provider{spoken{}}, Public: "https://clinic.example", Sender: "post@clinic.example"})
		owner := b.As(access.Owner)
		account, err := s.messages.Connect(t.Context(), owner, "spoken", map[string]string{"secret": "a secret"}, true)
		if err != nil {
			t.Fatal(err)
		}
		var people []id.ID
		for i, phone := range []string{"+919845010001", "+919845010002"} {
			r, err := s.desk.Book(t.Context(), accounts.Public(s.Clinic), scheduling.Booking{Service: s.service, Provider: s.provider, StartsAt: clock.At(rig.Start.Add(time.Duration(48+i) * time.Hour)), Language: "en",
				Patient: patients.Draft{Name: "Asha Ra" + phone[12:], Phone: phone, BirthDate: "1980-02-03"}})
			if err != nil {
				t.Fatal(err)
			}
			people = append(people, r.Appointment.Patient)
			body, err := json.Marshal([]messaging.Event{{Kind: messaging.MessageNews, Key: phone, From: messaging.Sender{Phone: phone}, Text: "Where are you?"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.messages.Hear(t.Context(), accounts.Public(s.Clinic), "spoken", account.ID, messaging.Hook{Body: body}); err != nil {
				t.Fatal(err)
			}
		}
		s.tick()
		look := func(want ...string) {
			t.Helper()
			left, err := s.messages.Inbox(t.Context(), owner, messaging.InboxFilter{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range left {
				got = append(got, a.Snippet)
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
				t.Errorf("the conversations begin %q, %q are wanted", got, want)
			}
		}
		look("Where are you?", "Where are you?")
		s.do(access.PatientDelete, owner, func(tx *store.Tx) error { return messaging.Keeper{}.Erase(tx, people[0]) })
		look("Where are you?")
		expire := func() {
			s.do(access.Work, s.system, func(tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
		}
		b.Clock.Move(24*time.Hour - time.Minute)
		expire()
		look("Where are you?")
		b.Clock.Move(2 * time.Minute)
		expire()
		look("")
	})
}
