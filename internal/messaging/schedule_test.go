package messaging_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// schedule is a clinic on bad days: providers that take a message and say nothing, say no, ask to wait, refuse the
// account in mid-batch; reports twice, in any order, a week late; senders that are killed; patients who move, cancel
// and change their minds.
type schedule struct {
	*talk
	random *rand.Rand
	has    map[id.ID]int               // how often a provider has the message
	best   map[id.ID]messaging.Reached // the best that was reported of it
	owed   []report                    // reports that have not come yet
	told   []report                    // those that came, to be replayed
	booked []scheduling.Appointment
	calm   bool
	mortal bool // a sender may be killed: it runs as a process of its own
}

type report struct {
	channel messaging.Channel
	event   messaging.Event
}

// take is what a provider does with a message that was handed over.
func (x *schedule) take(c messaging.Channel) func(m messaging.Outgoing) messaging.Receipt {
	return func(m messaging.Outgoing) messaging.Receipt {
		theirs := "wamid." + m.To + "." + m.ID.String()
		accepted := messaging.Receipt{Outcome: messaging.Accepted, ProviderID: theirs}
		if x.calm {
			x.has[m.ID]++
			return accepted
		}
		r := accepted
		switch n := x.random.IntN(100); {
		case n < 8: // it has it, and its answer is lost
			r = messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}
		case n < 11:
			return messaging.Receipt{Outcome: messaging.Uncertain, Code: "timeout"}
		case n < 18:
			return messaging.Receipt{Outcome: messaging.Later, Code: "131056", Wait: 6 * time.Second}
		case n < 22:
			return messaging.Receipt{Outcome: messaging.Refused, Code: "131026", Elsewhere: true}
		case n < 24:
			return messaging.Receipt{Outcome: messaging.Refused, Code: "132001"}
		case n < 26:
			return messaging.Receipt{Outcome: messaging.Broken, Code: "190"}
		case n < 31 && !x.mortal:
		case n < 28:
			runtime.Goexit() // killed before the provider has it, after it was handed over
		case n < 31:
			x.has[m.ID]++
			x.reports(c, m, theirs)
			runtime.Goexit() // killed with the answer in its hand
		}
		x.has[m.ID]++
		x.reports(c, m, theirs)
		return r
	}
}

// reports makes what the provider will say of a message: some of it left out, some twice.
func (x *schedule) reports(c messaging.Channel, m messaging.Outgoing, theirs string) {
	for _, r := range []messaging.Reached{messaging.ReachedSent, messaging.ReachedDelivered, messaging.ReachedRead, messaging.ReachedFailed} {
		if x.random.IntN(3) == 0 || r == messaging.ReachedFailed && x.random.IntN(4) > 0 {
			continue
		}
		x.keys++
		e := messaging.Event{Kind: messaging.StateNews, Key: fmt.Sprint("report ", x.keys), At: clock.At(x.Clock.Now()), ProviderID: theirs, Message: m.ID, Reached: r, Code: "131026", Permanent: x.random.IntN(2) == 0}
		for range 1 + x.random.IntN(2) {
			x.owed = append(x.owed, report{c, e})
		}
		if rankOf(r) > rankOf(x.best[m.ID]) {
			x.best[m.ID] = r
		}
	}
}

// report brings some of the owed reports, in any order.
func (x *schedule) report(most int) {
	x.random.Shuffle(len(x.owed), func(i, j int) { x.owed[i], x.owed[j] = x.owed[j], x.owed[i] })
	n := min(most, len(x.owed))
	by := map[messaging.Channel][]messaging.Event{}
	for _, r := range x.owed[:n] {
		by[r.channel] = append(by[r.channel], r.event)
	}
	x.told = append(x.told, x.owed[:n]...)
	x.owed = x.owed[n:]
	for c, news := range by {
		x.hears(c, news...)
	}
}

// send delivers what is due, each message by a process that may be killed in it.
func (x *schedule) send() {
	x.t.Helper()
	due, err := x.messages.DueMessages(background, x.system, 200)
	if err != nil {
		x.t.Fatal(err)
	}
	x.mortal = true
	defer func() { x.mortal = false }()
	for _, m := range due {
		if !alive(func() {
			if err := x.messages.Deliver(background, x.system, m); err != nil {
				x.t.Error(err)
			}
		}) {
			x.Clock.Move(2*time.Minute + time.Second)
		}
	}
	// Its own process is alive; another takes over what the dead left.
	if err := x.fresh().Recover(background, x.system); err != nil {
		x.t.Fatal(err)
	}
	x.resume()
}

func (x *schedule) fresh() *messaging.Service {
	return messaging.New(x.DB, x.Log, messaging.Options{Book: x.book, Carriers: []messaging.Carrier{x.carrier}, Accounts: []messaging.Provider{x.whatsapp, x.sms, x.mail}, Public: "https://clinic.example", Sender: "post@clinic.example"})
}

// resume is the owner, who puts the accounts right.
func (x *schedule) resume() {
	x.t.Helper()
	list, err := x.messages.Accounts(background, x.owner)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, a := range list {
		if a.State == messaging.AccountPaused {
			if err := x.messages.SetAccount(background, x.owner, a.ID, a.Version, true); err != nil {
				x.t.Fatal(err)
			}
		}
	}
}

// act is one thing that happens in a clinic.
func (x *schedule) act(n int) {
	x.t.Helper()
	one := func() scheduling.Appointment {
		o, err := x.desk.Open(background, x.owner, x.booked[x.random.IntN(len(x.booked))].ID)
		if err != nil {
			x.t.Fatal(err)
		}
		return o.Appointment
	}
	fine := func(err error) { // a race with the clock or with what happened before is no error here
		if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
			x.t.Fatal(err)
		}
	}
	switch k := x.random.IntN(10); {
	case k < 4 || len(x.booked) == 0:
		x.keys++
		phone, email := fmt.Sprintf("+9198%08d", x.keys), fmt.Sprintf("p%d@example.org", x.keys)
		at := x.Clock.Now().Sub(rig.Start).Truncate(30*time.Minute) + time.Duration(26+x.random.IntN(200))*time.Hour/2
		r, err := x.tryBook(fmt.Sprintf("Asha %s", letters(n)), phone, email, at)
		fine(err)
		if err == nil {
			x.booked = append(x.booked, r)
			if k < 3 {
				x.wishes(r.Patient, []messaging.Channel{messaging.WhatsApp, messaging.SMS, messaging.Email}[k])
			}
		}
	case k == 4:
		a := one()
		_, err := x.desk.Move(background, x.owner, a.ID, scheduling.Move{StartsAt: a.StartsAt.Add(time.Duration(1+x.random.IntN(40)) * 30 * time.Minute), Version: a.Version})
		fine(err)
	case k == 5:
		a := one()
		_, err := x.desk.Cancel(background, accounts.ForPatient(x.Clinic, a.Patient, id.New(x.Clock.Now())), a.ID, a.Version)
		fine(err)
	case k == 6:
		a := one()
		x.do(access.PatientWrite, x.owner, func(tx *store.Tx) error {
			err := consent.Record(tx, a.Patient, []consent.Choice{{Purpose: consent.Reminder, Given: x.random.IntN(2) == 0}}, consent.DoorDesk, "en", id.Zero)
			tx.Housekeeping("it was so already")
			return err
		})
	case k == 7:
		x.report(1 + x.random.IntN(12))
	default:
		x.Clock.Move(time.Duration(x.random.IntN(90)) * time.Minute)
	}
}

func letters(n int) string {
	return string([]byte{'A' + byte(n/676%26), 'a' + byte(n/26%26), 'a' + byte(n%26)}) + "a"
}

// TestBadDays follows thousands of messages through bad days: nothing is sent twice over one channel, nothing is lost
// without a row that a person can see, and how far each came is the best that was reported, in whatever order.
func TestBadDays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := &schedule{talk: talking(t, b), random: rand.New(rand.NewPCG(3, uint64(len(b.Engine)))), has: map[id.ID]int{}, best: map[id.ID]messaging.Reached{}}
		x.approves()
		x.whatsapp.answer, x.sms.answer, x.mail.answer = x.take(messaging.WhatsApp), x.take(messaging.SMS), x.take(messaging.Email)
		many := map[store.Engine]int{store.SQLite: 150, store.Postgres: 80}[b.Engine]
		if os.Getenv("ALMIRAH_SOAK") != "" {
			many = 10_000
		}
		for n := 0; len(x.has) < many && n < 20*many; n++ {
			x.act(n)
			x.plan()
			x.send()
		}
		x.calm = true
		for range 30 { // nothing new; what waits comes to its end, what was held back is told, and everything is told again
			x.Clock.Move(12 * time.Hour)
			x.plan()
			x.send()
			x.report(len(x.owed))
		}
		x.owed = append(x.owed, x.told[:min(len(x.told), 400)]...)
		x.report(len(x.owed))
		for range 1 + (len(x.told)+len(x.booked))/50 { // a tick acts on a hundred events at a time
			x.plan()
		}
		x.send()
		x.judge()
	})
}

// judge looks at every message of the clinic.
func (x *schedule) judge() {
	x.t.Helper()
	seen, states := map[string]id.ID{}, map[messaging.State]int{}
	of := map[id.ID]int{}
	for after := (messaging.Place{}); ; {
		list, err := x.messages.Recent(background, x.owner, messaging.Filter{After: after, Limit: 200})
		if err != nil {
			x.t.Fatal(err)
		}
		for _, m := range list {
			if after = m.Place(); m.Kind.Talk() {
				continue
			}
			o, err := x.messages.One(background, x.owner, m.ID)
			if err != nil {
				x.t.Fatal(err)
			}
			states[m.State]++
			of[m.Appointment]++
			key := o.Passport.IdempotencyKey
			if other, twice := seen[key]; twice && other != m.ID {
				x.t.Errorf("two messages with the key %s", key)
			}
			seen[key] = m.ID
			if x.has[m.ID] > 1 {
				x.t.Errorf("a provider has one message %d times", x.has[m.ID])
			}
			switch m.State {
			case messaging.Planned, messaging.Sending, messaging.HandingOver:
				x.t.Errorf("a message came to no end: %s because of %q, due %v", m.State, m.Reason, m.SendAt.Time())
			case messaging.Sent:
				if x.has[m.ID] == 0 {
					x.t.Errorf("a message says sent, and no provider has it")
				}
			case messaging.Dropped, messaging.Withdrawn, messaging.GivenUp:
				if x.has[m.ID] > 0 {
					x.t.Errorf("a message says %s, and a provider has it", m.State)
				}
			}
			if want := x.best[m.ID]; m.Reached != want {
				x.t.Errorf("a message is %q, and the best that was told is %q", m.Reached, want)
			}
		}
		if len(list) < 200 {
			break
		}
	}
	for _, a := range x.booked {
		if s := x.status(a); of[a.ID] == 0 && s != scheduling.Cancelled { // booked and cancelled before anybody was told is no news
			x.t.Errorf("an appointment that is %s has no message that anybody could see", s)
		}
	}
	x.t.Logf("soak: %d messages, %d with a provider, states %v", len(seen), len(x.has), states)
}
