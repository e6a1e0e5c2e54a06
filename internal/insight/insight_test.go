package insight_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

var ctx = context.Background()

// clinic is a practice whose past is invented row by row, and a plain count of it beside.
type clinic struct {
	*practice.Practice
	t       *testing.T
	s       *insight.Service
	random  *rand.Rand
	people  []id.ID
	child   map[id.ID]bool
	out     map[id.ID]bool // objected
	visits  []*visit
	adult   bool // children are not counted
	last    clock.Date
	offered int
}

type visit struct {
	id, patient, provider id.ID
	day, booked           clock.Date
	status, door          string
	begins                clock.Instant
	minutes               int
	wait                  int // minutes; -1: no stamps
	told                  int // 0: no reminder; 1: sent; 2: it arrived
	confirmed             bool
}

var statuses = []string{"completed", "completed", "completed", "in-progress", "arrived", "no-show", "cancelled", "booked", "confirmed"}

func open(t *testing.T, b *rig.Base, people int) *clinic {
	t.Helper()
	c := &clinic{Practice: practice.Open(t, b, 3), t: t, s: insight.New(b.DB, nil), random: rand.New(rand.NewPCG(7, 11)), child: map[id.ID]bool{}, out: map[id.ID]bool{}, adult: true, offered: 8 * 60}
	c.write(func(tx *store.Tx) error {
		for i := range people {
			p := tx.NewID()
			c.people, c.child[p] = append(c.people, p), i%9 == 4
			if _, err := tx.Exec(`INSERT INTO patient (clinic_id, id, name, minor, created_at) VALUES ($1, $2, $3, $4, $5)`, p, []byte{1}, c.child[p], tx.Now()); err != nil {
				return err
			}
		}
		// The practitioners are here since long ago.
		_, err := tx.Exec(`UPDATE provider SET created_at = $2 WHERE clinic_id = $1`, tx.Now().Add(-900*24*time.Hour))
		return err
	})
	c.last = clock.DateOf(b.Clock.Now().In(c.Zone))
	return c
}

func (c *clinic) write(fn func(tx *store.Tx) error) { c.t.Helper(); c.Change(c.t, fn) }

// grow adds n random appointments on the days from..to before today, with their log and reminders.
func (c *clinic) grow(n, from, to int) {
	c.t.Helper()
	for n > 0 {
		some := min(n, 2000)
		n -= some
		c.write(func(tx *store.Tx) error {
			for range some {
				if err := c.one(tx, from+c.random.IntN(to-from+1)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (c *clinic) one(tx *store.Tx, ago int) error {
	r := c.random
	v := &visit{id: tx.NewID(), patient: c.people[r.IntN(len(c.people))], provider: c.Providers[r.IntN(3)], day: c.Day(-ago), status: statuses[r.IntN(len(statuses))],
		door: []string{"online", "desk", "api", "link"}[r.IntN(4)], minutes: 15 * (1 + r.IntN(3)), wait: r.IntN(40) - 5, told: r.IntN(3), confirmed: r.IntN(2) == 0}
	at := c.At(-ago, fmt.Sprintf("%02d:%02d", 9+r.IntN(7), 15*r.IntN(4)))
	v.begins, v.booked = at, c.Day(-ago-2)
	c.visits = append(c.visits, v)
	end := at.Add(time.Duration(v.minutes) * time.Minute)
	if _, err := tx.Exec(`INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, v.id, v.patient, v.provider, c.Service, at, end, at, end, v.day, v.status, v.door, at.Add(-48*time.Hour)); err != nil {
		return err
	}
	log := func(at clock.Instant, action string) error {
		_, err := tx.Exec(`INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, starts_at, provider_id, status) VALUES ($1, $2, $3, $4, $5, 'front-desk', $6, $7, $8)`,
			v.id, tx.NewID(), at, action, v.begins, v.provider, action)
		return err
	}
	if err := log(at.Add(-48*time.Hour), "book"); err != nil {
		return err
	}
	if v.told > 0 {
		reached := map[int]string{1: "", 2: "delivered"}[v.told]
		if _, err := tx.Exec(`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, reached, send_at, state_at, created_at)
			VALUES ($1, $2, $3, $4, 0, $5, 'reminder', 'email', $6, $7, 'reminder', 'en', 'sent', $8, $9, $9, $9)`, tx.NewID(), v.patient, v.id, tx.NewID(), at, []byte{1}, reached, at.Add(-24*time.Hour)); err != nil {
			return err
		}
	}
	if v.confirmed {
		if err := log(at.Add(-20*time.Hour), "confirmed"); err != nil {
			return err
		}
	}
	if v.wait >= 0 {
		if err := log(at, "arrived"); err != nil {
			return err
		}
		return log(at.Add(time.Duration(v.wait)*time.Minute), "in-progress")
	}
	return nil
}

// want counts the invented visits in the plainest way.
func (c *clinic) want() map[string]insight.Day {
	out := map[string]insight.Day{}
	first := c.last
	for _, v := range c.visits {
		first = min(first, v.day)
	}
	for d := first; d <= c.last; d = d.AddDays(1) {
		for _, p := range c.Providers {
			out[string(d)+p.String()] = insight.Day{Day: d, Provider: p, OfferedMinutes: int64(c.offered)}
		}
	}
	for _, v := range c.visits {
		if c.out[v.patient] || c.adult && c.child[v.patient] {
			continue
		}
		k := string(v.day) + v.provider.String()
		d := out[k]
		came := v.status == "completed" || v.status == "in-progress" || v.status == "arrived"
		if came {
			d.Attended++
		}
		if v.status == "no-show" {
			d.Missed++
		}
		if v.status == "cancelled" {
			d.Cancelled++
		} else {
			d.ClaimedMinutes += int64(v.minutes)
		}
		if v.status == "booked" || v.status == "confirmed" {
			d.Unmarked++
		}
		if came && v.status != "arrived" && v.wait >= 0 {
			if v.wait <= 15 {
				d.Soon, d.SoonMinutes = d.Soon+1, d.SoonMinutes+int64(v.wait)
			} else {
				d.Late, d.LateMinutes = d.Late+1, d.LateMinutes+int64(v.wait)
			}
		}
		switch {
		case v.told == 2 && v.confirmed:
			d.ToldBoth++
		case v.told == 2:
			d.ToldDelivered++
		case v.told == 1 && v.confirmed:
			d.ToldConfirmed++
		case v.told == 1:
			d.ToldOnly++
		}
		out[k] = d
	}
	return out
}

// agree compares what is kept with the plain count.
func (c *clinic) agree(when string) {
	c.t.Helper()
	if err := c.s.Work(ctx, c.As(access.System)); err != nil {
		c.t.Fatal(err)
	}
	want := c.want()
	rows := c.Rows(c.t, `SELECT day, provider_id, attended, missed, cancelled, unmarked, claimed_minutes, offered_minutes, soon, soon_minutes, late, late_minutes, told_both, told_delivered, told_confirmed, told_only
		FROM insight_day WHERE clinic_id = $1 ORDER BY day`)
	if len(rows) != len(want) {
		c.t.Errorf("%s: %d days are kept, %d were wanted", when, len(rows), len(want))
	}
	bad := 0
	for _, d := range want {
		line := fmt.Sprint([]int64{d.Attended, d.Missed, d.Cancelled, d.Unmarked, d.ClaimedMinutes, d.OfferedMinutes, d.Soon, d.SoonMinutes, d.Late, d.LateMinutes, d.ToldBoth, d.ToldDelivered, d.ToldConfirmed, d.ToldOnly})
		found := ""
		for _, r := range rows {
			if r[0] == string(d.Day) && r[1] == fmt.Sprint(d.Provider[:]) {
				found = "[" + strings.Join(r[2:], " ") + "]"
			}
		}
		if found != line {
			if bad++; bad < 4 {
				c.t.Errorf("%s: %s: kept %s, counted %s", when, d.Day, found, line)
			}
		}
	}
	sources := map[string]int{}
	for _, v := range c.visits {
		if !c.out[v.patient] && !(c.adult && c.child[v.patient]) && v.booked >= c.first() {
			sources[string(v.booked)+v.door]++
		}
	}
	kept := c.Rows(c.t, `SELECT day, door, booked FROM insight_source WHERE clinic_id = $1`)
	for _, r := range kept {
		if fmt.Sprint(sources[r[0]+r[1]]) != r[2] {
			c.t.Errorf("%s: bookings of %s through %s: kept %s, counted %d", when, r[0], r[1], r[2], sources[r[0]+r[1]])
		}
	}
	if len(kept) != len(sources) {
		c.t.Errorf("%s: bookings of %d days and doors are kept, %d were counted", when, len(kept), len(sources))
	}
}

func (c *clinic) first() clock.Date {
	first := c.last
	for _, v := range c.visits {
		first = min(first, v.day)
	}
	return first
}

func soak() bool { return os.Getenv("ALMIRAH_SOAK") != "" }

// TestKeptCountsEqualADirectCount invents a clinic's past, lets the house count it, changes it in every way that an old day can change, and compares each time.
func TestKeptCountsEqualADirectCount(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reports-counted", "figures-objection")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 40)
		n := 300
		if soak() {
			n = 6000
		}
		c.grow(n, 0, 40)
		c.agree("at first")
		before := c.Count(t, `SELECT counter FROM pulse WHERE clinic_id = $1`)
		c.agree("a second time")
		if after := c.Count(t, `SELECT counter FROM pulse WHERE clinic_id = $1`); after > before && len(after) == len(before) {
			t.Logf("counting again moved the clinic's counter from %s to %s", before, after)
		}
		// The desk marks an old day late, and moves an appointment from one old day to another.
		late, moved := c.visits[0], c.visits[1]
		late.status = "no-show"
		left := moved.day
		moved.day = c.Day(-25)
		if left == moved.day {
			moved.day = c.Day(-26)
		}
		c.write(func(tx *store.Tx) error {
			if err := tx.Must(`UPDATE appointment SET status = 'no-show' WHERE clinic_id = $1 AND id = $2`, late.id); err != nil {
				return err
			}
			if err := tx.Must(`UPDATE appointment SET day = $3 WHERE clinic_id = $1 AND id = $2`, moved.id, moved.day); err != nil {
				return err
			}
			for _, v := range []*visit{late, moved} {
				if _, err := tx.Exec(`INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, starts_at, provider_id, status) VALUES ($1, $2, $3, $4, $5, 'front-desk', $6, $7, 'booked')`,
					v.id, tx.NewID(), tx.Now(), map[*visit]string{late: "no-show", moved: "reschedule"}[v], v.begins, v.provider); err != nil {
					return err
				}
			}
			return nil
		})
		moved.wait = -1 // what was stamped before it was moved tells nothing any more
		c.agree("after old days were changed")
		// One objects, one stops every use of her data; both leave the days behind too.
		for i, p := range []id.ID{c.people[0], c.people[1]} {
			c.out[p] = true
			c.write(func(tx *store.Tx) error {
				if i == 0 {
					return consent.Record(tx, p, []consent.Choice{{Purpose: consent.Figures}}, consent.DoorDesk, "en", id.Zero)
				}
				return consent.Restrict(tx, p, true, consent.DoorDesk)
			})
		}
		c.agree("after two objected")
		c.write(func(tx *store.Tx) error { return consent.Restrict(tx, c.people[1], false, consent.DoorDesk) })
		delete(c.out, c.people[1])
		c.agree("after one came back")
		// Children, where the clinic decides so.
		set, err := c.s.Setting(ctx, c.As(access.Owner))
		if err != nil || set.Children {
			t.Fatalf("in India children are not counted at first: %+v, %v", set, err)
		}
		set.Children, c.adult = true, false
		if err := c.s.SaveSetting(ctx, c.As(access.Owner), set); err != nil {
			t.Fatal(err)
		}
		c.agree("with children")
		// A week later; the practitioners now work half as long, and their old days stay what they were.
		c.Clock.Move(7 * 24 * time.Hour)
		c.last = c.Day(0)
		c.agree("a week later")
	})
}

// TestWhoObjectsTakesHerRefundsAlong: money that went back to her on a day on which nothing else of hers happened leaves the figures of that day, too.
func TestWhoObjectsTakesHerRefundsAlong(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "figures-objection")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 4)
		she := c.people[0]
		c.people = c.people[1:]
		c.grow(20, 0, 40)
		paid, refunded := c.Day(-30), c.Day(-20) // older than what is counted again anyway
		c.write(func(tx *store.Tx) error {
			if err := tx.Must(`UPDATE clinic SET modules = 'scheduling,billing' WHERE clinic_id = $1`); err != nil {
				return err
			}
			for _, p := range []id.ID{she, c.people[0]} {
				payment := tx.NewID()
				if _, err := tx.Exec(`INSERT INTO payment (clinic_id, id, source, external_id, method, amount, currency, patient_id, received_at, booked_at, day, advance, refunded)
					VALUES ($1, $2, 'desk', $3, 'cash', 500, 'INR', $4, $5, $5, $6, 300, 200)`, payment, payment.String(), p, tx.Now(), paid); err != nil {
					return err
				}
				if _, err := tx.Exec(`INSERT INTO refund (clinic_id, id, payment_id, source, external_id, method, amount, currency, returned_at, booked_at, day)
					VALUES ($1, $2, $3, 'desk', $4, 'cash', 200, 'INR', $5, $5, $6)`, tx.NewID(), payment, payment.String(), tx.Now(), refunded); err != nil {
					return err
				}
			}
			return nil
		})
		money := func(want string) {
			t.Helper()
			if err := c.s.Work(ctx, c.As(access.System)); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(c.Rows(t, `SELECT day, cases, amount FROM insight_money WHERE clinic_id = $1 ORDER BY day`)); got != want {
				t.Errorf("kept: %s, counted: %s", got, want)
			}
		}
		money(fmt.Sprintf("[[%s 2 1000] [%s 2 400]]", paid, refunded))
		c.write(func(tx *store.Tx) error {
			return consent.Record(tx, she, []consent.Choice{{Purpose: consent.Figures}}, consent.DoorDesk, "en", id.Zero)
		})
		money(fmt.Sprintf("[[%s 1 500] [%s 1 200]]", paid, refunded))
	})
}

// TestYearOpensQuickly has a year of a large clinic counted; the report reads the kept days alone.
func TestYearOpensQuickly(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 200)
		n := 400
		if soak() {
			n = 100_000
		}
		c.grow(n, 0, 360)
		if err := c.s.Work(ctx, c.As(access.System)); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		for _, k := range insight.Kinds() {
			if k == insight.Revenue {
				continue
			}
			r, err := c.s.Report(ctx, c.As(access.Owner), insight.Ask{Kind: k, From: c.Day(-364), To: c.Day(0)})
			if err != nil || r.Step != insight.Monthly || len(r.Lines) < 12 || r.Empty() {
				t.Errorf("%s: %d lines by %s, %v", k, len(r.Lines), r.Step, err)
			}
		}
		if took := time.Since(begun); soak() && took > 3*time.Second {
			t.Errorf("six reports of a year of %d appointments took %v", n, took)
		} else {
			t.Logf("six reports of a year of %d appointments: %v", n, took)
		}
	})
}

// TestReportsTellNoFewer asks the reports for many periods and practitioners: what they show, and what is left when one is taken from another, is nothing or a group.
func TestReportsTellNoFewer(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "counts-only")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 30)
		c.grow(150, 0, 30)
		if err := c.s.Work(ctx, c.As(access.System)); err != nil {
			t.Fatal(err)
		}
		for _, k := range []insight.Kind{insight.Volume, insight.Reminders, insight.Waiting, insight.NoShows, insight.Sources} {
			for _, provider := range []id.ID{id.Zero, c.Providers[0]} {
				var before []int64
				for to := -30; to <= 0; to++ {
					r, err := c.s.Report(ctx, c.As(access.Owner), insight.Ask{Kind: k, From: c.Day(-30), To: c.Day(to), Provider: provider, Step: insight.Daily})
					if err != nil {
						t.Fatal(err)
					}
					sum := make([]int64, len(r.Total))
					for _, l := range r.Lines {
						for i, n := range l.Values {
							if r.Columns[i].Unit != insight.Cases {
								continue
							}
							sum[i] += n
							if n > 0 && n < insight.LeastGroup {
								t.Errorf("%s: %s shows %d of %s", k, l.From, n, r.Columns[i].Key)
							}
						}
					}
					for i, n := range sum {
						if r.Columns[i].Unit != insight.Cases {
							continue
						}
						if n != r.Total[i] {
							t.Errorf("%s: the lines of %s come to %d, the total is %d", k, r.Columns[i].Key, n, r.Total[i])
						}
						if before != nil && n-before[i] != 0 && n-before[i] < insight.LeastGroup {
							t.Errorf("%s: one more day, %s, tells of %d of %s", k, r.To, n-before[i], r.Columns[i].Key)
						}
					}
					before = sum
				}
			}
		}
		for role, kind := range map[access.Role]fault.Kind{access.FrontDesk: fault.Forbidden, access.Billing: fault.Forbidden, access.Practitioner: fault.Forbidden, access.Public: fault.Forbidden} {
			if _, err := c.s.Report(ctx, c.As(role), insight.Ask{Kind: insight.Volume, From: c.Day(-5), To: c.Day(0)}); !fault.Is(err, kind) {
				t.Errorf("%s: %v", role, err)
			}
		}
		if _, err := c.s.Report(ctx, c.As(access.Owner), insight.Ask{Kind: insight.Revenue, From: c.Day(-5), To: c.Day(0)}); !fault.Is(err, fault.NotFound) {
			t.Errorf("money where billing is off: %v", err)
		}
		for _, a := range []insight.Ask{{From: "x", To: c.Day(0)}, {From: c.Day(0), To: c.Day(-1)}, {From: c.Day(-1200), To: c.Day(0)}} {
			a.Kind = insight.Volume
			if _, err := c.s.Report(ctx, c.As(access.Owner), a); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s to %s: %v", a.From, a.To, err)
			}
		}
	})
}

// TestWhatCanBeCountedNoMoreStays: the messages and the booking log of old days are deleted in their time. Whoever objects then is taken out of the visits of these days, and what was
// counted of reminders, of waiting and of where bookings came from stays as it was: it is not counted anew from what is no longer there.
func TestWhatCanBeCountedNoMoreStays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reports-counted")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b, 12)
		c.grow(80, 440, 460)
		c.grow(80, 240, 260)
		c.grow(40, 100, 110)
		c.agree("at first")
		old := c.want()
		const figures = `SELECT day, provider_id, soon, soon_minutes, late, late_minutes, told_both, told_delivered, told_confirmed, told_only FROM insight_day WHERE clinic_id = $1 AND day < '%s' ORDER BY day, provider_id`
		waited, told := fmt.Sprintf(strings.ReplaceAll(figures, ", told_both, told_delivered, told_confirmed, told_only", ""), c.Day(-300)), fmt.Sprintf(strings.ReplaceAll(figures, ", soon, soon_minutes, late, late_minutes", ""), c.Day(-200))
		doors := fmt.Sprintf(`SELECT day, door, booked FROM insight_source WHERE clinic_id = $1 AND day < '%s' ORDER BY day, door`, c.Day(-300))
		before := [][][]string{c.Rows(t, waited), c.Rows(t, told), c.Rows(t, doors)}
		lives := law.Lives{Place: "IN", Zone: c.Zone}
		c.write(func(tx *store.Tx) error {
			if _, err := (messaging.Keeper{Lives: lives}).Due(tx); err != nil {
				return err
			}
			_, err := scheduling.Keeper{Lives: lives}.Due(tx)
			return err
		})
		if n, m := c.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1`), c.Count(t, `SELECT COUNT(*) FROM booking_log WHERE clinic_id = $1`); n == "0" || m == "0" || m >= fmt.Sprint(3*200) {
			t.Fatalf("%s messages and %s lines of the log are left", n, m)
		}
		c.out[c.people[0]] = true
		c.write(func(tx *store.Tx) error {
			return consent.Record(tx, c.people[0], []consent.Choice{{Purpose: consent.Figures}}, consent.DoorDesk, "en", id.Zero)
		})
		same := func(when string) {
			t.Helper()
			if err := c.s.Work(ctx, c.As(access.System)); err != nil {
				t.Fatal(err)
			}
			after := [][][]string{c.Rows(t, waited), c.Rows(t, told), c.Rows(t, doors)}
			for i, what := range []string{"how long patients waited", "what reminders did", "where bookings came from"} {
				if len(before[i]) < 10 || !reflect.DeepEqual(before[i], after[i]) {
					t.Errorf("%s: %s is counted anew from what is gone:\n%v\n%v", when, what, before[i], after[i])
				}
			}
			kept := map[string]string{}
			for _, r := range c.Rows(t, `SELECT day, provider_id, attended, missed, cancelled, unmarked FROM insight_day WHERE clinic_id = $1`) {
				kept[r[0]+r[1]] = strings.Join(r[2:], " ")
			}
			for _, d := range c.want() {
				if got, want := kept[string(d.Day)+fmt.Sprint(d.Provider[:])], fmt.Sprint(d.Attended, d.Missed, d.Cancelled, d.Unmarked); got != want {
					t.Errorf("%s: of %s %q visits are kept, and %q are to be counted", when, d.Day, got, want)
				}
			}
		}
		same("after she objected")
		if len(old) == 0 || reflect.DeepEqual(old, c.want()) {
			t.Error("she had no visit")
		}
		set, err := c.s.Setting(ctx, c.As(access.Owner))
		if err != nil {
			t.Fatal(err)
		}
		set.Children, c.adult = true, false
		if err := c.s.SaveSetting(ctx, c.As(access.Owner), set); err != nil {
			t.Fatal(err)
		}
		same("with children")
	})
}
