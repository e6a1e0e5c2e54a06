package followup_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"

	"pgregory.net/rapid"
)

// visitor is somebody who comes: another one for each number, who agreed to everything unless said otherwise.
func (c *clinic) visit(n int, after time.Duration, purposes ...consent.Purpose) scheduling.Appointment {
	c.t.Helper()
	var given []consent.Choice
	for _, p := range purposes {
		given = append(given, consent.Choice{Purpose: p, Given: true})
	}
	r, err := c.desk.Book(background, accounts.Public(c.Clinic), scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: clock.At(rig.Start.Add(after)), Language: "en",
		Patient: patients.Draft{Name: "Asha Rao " + string(rune('a'+n)), Email: fmt.Sprintf("asha%d@example.org", n), BirthDate: "1980-02-03"}, Consents: given})
	if err != nil {
		c.t.Fatal(err)
	}
	return r.Appointment
}

var agreed = []consent.Purpose{consent.Followup, consent.Review}

// mark sets the status of an appointment at the desk, whatever its version.
func (c *clinic) mark(a scheduling.Appointment, to scheduling.Status) {
	c.t.Helper()
	now, err := c.desk.Open(background, c.As(access.FrontDesk), a.ID)
	if err == nil {
		_, err = c.desk.SetStatus(background, c.As(access.FrontDesk), a.ID, now.Version, to)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinic) rule(d followup.AfterDraft) id.ID {
	c.t.Helper()
	d.Channel, d.Active = messaging.Email, true
	if d.At == 0 {
		d.At = 10 * 60
	}
	if d.Kind == messaging.Review && d.Buffer == 0 {
		d.Buffer = followup.BufferDays
	}
	r, err := c.rules.AddAfter(background, c.As(access.Owner), d)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// at moves the clock to a wall clock time of the clinic so many days after the start, and ticks.
func (c *clinic) at(days int, hour, minute int) {
	c.t.Helper()
	y, m, d := rig.Start.In(mustZone(c.t)).Date()
	c.Clock.Set(time.Date(y, m, d+days, hour, minute, 0, 0, mustZone(c.t)))
	c.tick()
}

// written lists kind and state of what was written after visits, the newest first.
func (c *clinic) written() (out []string) {
	c.t.Helper()
	rows, err := c.messages.Recent(background, c.As(access.Owner), messaging.Filter{Limit: 200})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range rows {
		if (followup.Rule{Kind: r.Kind}).After() {
			out = append(out, string(r.Kind)+" "+string(r.State))
		}
	}
	return out
}

func (c *clinic) link(a scheduling.Appointment) access.Caller {
	return accounts.ForPatient(c.Clinic, a.Patient, id.New(c.Clock.Now()))
}

// done is a visit that has come to its end: booked, seen, and its events acted on.
func (c *clinic) done(n int, after time.Duration, purposes ...consent.Purpose) scheduling.Appointment {
	c.t.Helper()
	a := c.visit(n, after, purposes...)
	c.mark(a, scheduling.Arrived)
	c.mark(a, scheduling.Completed)
	c.Clock.Move(scheduling.Pause + time.Second)
	c.tick()
	return a
}

func TestEachKindGoesOutAtItsMoment(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "followups", "followups-by-rule")
	rig.Engines(t, func(t *testing.T, b *rig.Base) { // it is Monday, 09:30
		c := open(t, b)
		c.rule(followup.AfterDraft{Kind: messaging.Missed, Days: 1})
		c.rule(followup.AfterDraft{Kind: messaging.Visited, Days: 2, At: 12 * 60})
		c.rule(followup.AfterDraft{Kind: messaging.Recall, Days: 180, Service: c.service})
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1, At: 11 * 60})
		c.done(1, time.Hour, agreed...)
		missed := c.visit(2, 2*time.Hour, agreed...)
		c.mark(missed, scheduling.NoShow)
		c.at(1, 9, 59)
		c.want("on Tuesday before ten", c.written())
		c.at(1, 10, 0)
		c.want("at ten", c.written(), "followup.missed sent")
		c.at(1, 11, 0)
		c.want("at eleven", c.written(), "review sent", "followup.missed sent")
		c.at(2, 11, 59)
		c.at(2, 12, 0)
		c.want("on Wednesday at noon", c.written(), "followup.visit sent", "review sent", "followup.missed sent")
		c.at(180, 9, 59)
		c.want("a recall too early", c.written()[:1], "followup.visit sent")
		c.at(180, 10, 0)
		c.want("after half a year", c.written()[:1], "followup.recall sent")
		for day := 181; day < 190; day++ {
			c.at(day, 12, 0)
		}
		if n := len(c.written()); n != 4 {
			t.Errorf("%d messages, the last %q", n, c.written()[0])
		}
	})
}

// TestNobodyIsWrittenToWithoutConsent: a patient who did not agree, and one who agreed to something else.
func TestNobodyIsWrittenToWithoutConsent(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "followups")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.rule(followup.AfterDraft{Kind: messaging.Visited, Days: 1})
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1})
		c.done(1, time.Hour)
		c.done(2, 2*time.Hour, consent.Reminder)
		c.done(3, 3*time.Hour, consent.Review)
		c.at(1, 10, 0)
		c.want("written", c.written(), "review sent")
	})
}

// TestSilenceOneInstantBefore changes one thing while the message is as good as on its way: in the last minute before its moment.
func TestSilenceOneInstantBefore(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "followups-by-rule")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		for name, change := range map[string]func(c *clinic, a scheduling.Appointment){
			"nothing": func(*clinic, scheduling.Appointment) {},
			"withdrawn": func(c *clinic, a scheduling.Appointment) {
				for _, p := range agreed {
					if err := consent.New(c.DB, c.Log).Set(background, c.link(a), a.Patient, consent.Choice{Purpose: p}); err != nil {
						c.t.Fatal(err)
					}
				}
			},
			"restricted": func(c *clinic, a scheduling.Appointment) {
				if err := consent.New(c.DB, c.Log).SetRestriction(background, c.As(access.Owner), a.Patient, true); err != nil {
					c.t.Fatal(err)
				}
			},
			"undone": func(c *clinic, a scheduling.Appointment) { c.mark(a, scheduling.Arrived); c.mark(a, scheduling.Booked) },
			"missed": func(c *clinic, a scheduling.Appointment) { c.mark(a, scheduling.Arrived); c.mark(a, scheduling.NoShow) },
			"moved": func(c *clinic, a scheduling.Appointment) {
				c.raw(`UPDATE appointment SET occurrence = occurrence + 1 WHERE clinic_id = $1 AND id = $2`, a.ID)
			},
			"cancelled": func(c *clinic, a scheduling.Appointment) {
				c.raw(`UPDATE appointment SET status = 'cancelled' WHERE clinic_id = $1 AND id = $2`, a.ID)
			},
			"closed": func(c *clinic, _ scheduling.Appointment) {
				c.raw(`UPDATE clinic SET status = 'closed' WHERE clinic_id = $1`)
			},
			"paused": func(c *clinic, _ scheduling.Appointment) {
				list, _, err := c.rules.Afters(background, c.As(access.Owner))
				if err != nil {
					c.t.Fatal(err)
				}
				for _, r := range list {
					if err := c.rules.PauseAfter(background, c.As(access.Owner), r.ID, r.Version, true); err != nil {
						c.t.Fatal(err)
					}
				}
			},
		} {
			one := *b // a clinic of its own for each, in one house
			one.Clinic = b.Found(t, name)
			b.Clock.Set(rig.Start)
			c := open(t, &one)
			c.rule(followup.AfterDraft{Kind: messaging.Visited, Days: 1})
			c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1})
			c.rule(followup.AfterDraft{Kind: messaging.Recall, Days: 7, Service: c.service})
			a := c.done(1, time.Hour, agreed...)
			c.at(1, 9, 59)
			change(c, a)
			c.Clock.Move(time.Minute)
			c.tick()
			want := 0
			if name == "nothing" {
				want = 2
			}
			if got := c.written(); len(got) != want {
				t.Errorf("%s: %q", name, got)
			}
			c.at(7, 10, 0) // and what is due later is as silent
			if got := c.written(); name == "nothing" && len(got) != 3 || name != "nothing" && len(got) != 0 {
				t.Errorf("%s, a week later: %q", name, got)
			}
		}
	})
}

// raw changes rows behind the verbs, for what no verb does to a visit that is over.
func (c *clinic) raw(text string, args ...any) {
	c.t.Helper()
	c.do(access.ScheduleSettings, access.Owner, func(tx *store.Tx) error {
		tx.Housekeeping("a test prepares its case")
		return tx.Must(text, args...)
	})
}

// TestPlannedAndThenTakenBack has the message planned and waiting for its carrier when its ground falls away.
func TestPlannedAndThenTakenBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "followups-by-rule", "review-seldom")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.rule(followup.AfterDraft{Kind: messaging.Missed, Days: 1})
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1})
		seen := c.done(1, time.Hour, agreed...)
		missed := c.visit(2, 2*time.Hour, agreed...)
		c.mark(missed, scheduling.NoShow)
		c.Clock.Move(4 * time.Hour)
		c.tick()
		y, m, d := rig.Start.In(mustZone(t)).Date()
		c.Clock.Set(time.Date(y, m, d+1, 10, 0, 0, 0, mustZone(t)))
		c.do(access.Work, access.System, func(tx *store.Tx) error { _, err := followup.Due(tx, 100); return err })
		c.want("planned", slices.Sorted(slices.Values(c.written())), "followup.missed planned", "review planned")
		if err := c.rules.Give(background, c.link(seen), seen.ID, 1, "I waited for two hours."); err != nil {
			t.Fatal(err)
		}
		again, err := c.desk.Book(background, c.As(access.FrontDesk), scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: clock.At(rig.Start.Add(80 * time.Hour)), PatientID: missed.Patient})
		if err != nil || again.Appointment.Patient != missed.Patient {
			t.Fatal(err)
		}
		c.do(access.Work, access.System, func(tx *store.Tx) error { return followup.Plan(tx, again.Appointment.ID) })
		c.tick()
		c.want("taken back", slices.Sorted(slices.Values(c.written())), "followup.missed cancelled", "review cancelled")
	})
}

// TestReviewOnceAVisit marks visits at random and lets time pass at random; no visit is asked about twice, by whatever rule.
func TestReviewOnceAVisit(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "review-seldom")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1, Buffer: 1})
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 2, Buffer: 1})
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 3, At: 18 * 60, Buffer: 1})
		next := map[scheduling.Status][]scheduling.Status{scheduling.Booked: {scheduling.Arrived, scheduling.NoShow}, scheduling.Arrived: {scheduling.Booked, scheduling.Completed, scheduling.NoShow},
			scheduling.Completed: {scheduling.Arrived, scheduling.InProgress}, scheduling.InProgress: {scheduling.Arrived, scheduling.Completed}, scheduling.NoShow: {scheduling.Booked, scheduling.Arrived}}
		requests := func(visit id.ID) (got int) {
			t.Helper()
			rows, err := c.messages.Recent(background, c.As(access.Owner), messaging.Filter{Limit: 200})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.Kind == messaging.Review && r.Appointment == visit && r.State != messaging.Dropped && r.State != messaging.Withdrawn {
					got++
				}
			}
			return got
		}
		asked, n := 0, 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			c.Clock.Move(31 * time.Minute) // past the time of the visit before
			a := c.visit(n%20, c.Clock.Now().Truncate(30*time.Minute).Add(2*time.Hour).Sub(rig.Start), agreed...)
			at := scheduling.Booked
			for range rapid.IntRange(1, 10).Draw(rt, "steps") {
				if rapid.Bool().Draw(rt, "mark") {
					at = rapid.SampledFrom(next[at]).Draw(rt, "to")
					c.mark(a, at)
				}
				c.Clock.Move(time.Duration(rapid.IntRange(1, 30*60).Draw(rt, "minutes")) * time.Minute)
				c.tick()
			}
			got := requests(a.ID)
			asked += got
			if got > 1 {
				rt.Fatalf("the visit was asked about %d times", got)
			}
		})
		if asked == 0 {
			t.Error("nobody was asked about anything: this shows nothing")
		}
		// Where nothing happens the day of every rule comes.
		c.Clock.Move(31 * time.Minute)
		a := c.visit(n%20+1, c.Clock.Now().Truncate(30*time.Minute).Add(2*time.Hour).Sub(rig.Start), agreed...)
		c.mark(a, scheduling.Arrived)
		c.mark(a, scheduling.Completed)
		for range 5 {
			c.Clock.Move(24 * time.Hour)
			c.tick()
		}
		if got := requests(a.ID); got != 1 {
			t.Errorf("a visit after which nothing happened was asked about %d times", got)
		}
	})
}

func TestReviewBufferAndComplaint(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "review-seldom")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1, Buffer: 30})
		day := 24 * time.Hour
		c.done(1, time.Hour, agreed...)
		c.at(1, 10, 0)
		c.want("the first visit", c.written(), "review sent")
		c.done(1, 3*day, agreed...)
		c.at(4, 10, 0)
		c.want("the second, three days later", c.written(), "review sent")
		third := c.done(1, 32*day, agreed...)
		c.at(33, 10, 0)
		c.want("the third, after the buffer", c.written(), "review sent", "review sent")
		if err := c.rules.Give(background, c.link(third), third.ID, followup.Low, "The stairs were steep."); err != nil {
			t.Fatal(err)
		}
		c.done(1, 70*day, agreed...)
		c.at(71, 10, 0)
		c.want("with a complaint", c.written(), "review sent", "review sent")
		said, err := c.rules.Said(background, c.As(access.FrontDesk), true, 0, 10)
		if err != nil || len(said) != 1 || said[0].Words != "The stairs were steep." || !said[0].Complaint() || said[0].Name.Text == "" {
			t.Fatalf("%+v %v", said, err)
		}
		if err := c.rules.Settle(background, c.As(access.Billing), said[0].ID, said[0].GivenAt); !fault.Is(err, fault.Forbidden) {
			t.Errorf("billing settles: %v", err)
		}
		if err := c.rules.Settle(background, c.As(access.FrontDesk), said[0].ID, said[0].GivenAt-1); !fault.Is(err, fault.Conflict) {
			t.Errorf("settling what was not seen: %v", err)
		}
		if err := c.rules.Settle(background, c.As(access.FrontDesk), said[0].ID, said[0].GivenAt); err != nil {
			t.Fatal(err)
		}
		c.done(1, 110*day, agreed...)
		c.at(111, 10, 0)
		c.want("after it was settled", c.written(), "review sent", "review sent", "review sent")
	})
}

func TestNobodyIsRecalledWhoComesAnyway(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "followups-by-rule")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		rule := c.rule(followup.AfterDraft{Kind: messaging.Recall, Days: 30, Service: c.service})
		day := 24 * time.Hour
		c.done(1, time.Hour, agreed...)   // has an appointment ahead when the month is over
		c.done(2, 2*time.Hour, agreed...) // came again after a week
		c.done(3, 3*time.Hour, agreed...)
		c.done(2, 7*day, agreed...)
		c.visit(1, 40*day)
		c.at(29, 9, 0)
		reach, err := c.rules.Outlook(background, c.As(access.Owner), rule, clock.DateOf(c.Clock.Now().In(mustZone(t))).AddDays(1), true)
		if err != nil || len(reach.People) != 1 || reach.People[0].Name.Text != "Asha Rao d" || !maps.Equal(reach.Kept, map[followup.Why]int{followup.WhyComes: 1, followup.WhyNewer: 1}) {
			t.Fatalf("tomorrow: %+v %v", reach, err)
		}
		c.at(30, 10, 0)
		c.want("after a month", c.written(), "followup.recall sent")
		c.at(37, 10, 0)
		c.want("a month after the later visit", c.written(), "followup.recall sent", "followup.recall sent")
	})
}

// TestTheLookAheadIsTheMoment: whom the preview names for tomorrow is whom the rule writes to, and the others are counted by what keeps it.
func TestTheLookAheadIsTheMoment(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		rule := c.rule(followup.AfterDraft{Kind: messaging.Review, Days: 1})
		owner := b.As(access.Owner)
		c.done(1, time.Hour, agreed...)
		c.done(2, 2*time.Hour)
		c.visit(3, 3*time.Hour, agreed...)
		said := c.done(4, 4*time.Hour, agreed...)
		if err := c.rules.Give(background, c.link(said), said.ID, 5, ""); err != nil {
			t.Fatal(err)
		}
		child, err := c.desk.Book(background, accounts.Public(c.Clinic), scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: clock.At(rig.Start.Add(5 * time.Hour)), Language: "en",
			Patient: patients.Draft{Name: "Tara Rao", BirthDate: "2018-02-03", Guardian: &patients.GuardianDraft{Name: "Meena Rao", Email: "meena@example.org", Relation: "mother"}}, Consents: []consent.Choice{{Purpose: consent.Followup, Given: true}}})
		if err != nil {
			t.Fatal(err)
		}
		c.mark(child.Appointment, scheduling.Arrived)
		c.Clock.Move(6 * time.Hour)
		c.tick()
		tomorrow := clock.DateOf(c.Clock.Now().In(mustZone(t))).AddDays(1)
		reach, err := c.rules.Outlook(background, owner, rule, tomorrow, false)
		if err != nil || reach.Visits != 5 || len(reach.People) != 1 || reach.People[0].Name.Text != "" ||
			!maps.Equal(reach.Kept, map[followup.Why]int{followup.WhyConsent: 2, followup.WhyNotOver: 1, followup.WhyAnswered: 1}) {
			t.Fatalf("%+v %v", reach, err)
		}
		c.at(1, 10, 0)
		c.want("written", c.written(), "review sent")
		list, _, err := c.rules.Afters(background, owner)
		if err != nil || len(list) != 1 || list[0].Sent[messaging.Sent] != 1 {
			t.Errorf("the history: %+v %v", list, err)
		}
	})
}

func TestRulesAfterVisitsAreLaidAnew(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		owner := b.As(access.Owner)
		c.done(1, time.Hour, agreed...)
		rule := c.rule(followup.AfterDraft{Kind: messaging.Visited, Days: 3})
		c.at(2, 12, 0)
		d := followup.AfterDraft{Kind: messaging.Visited, Channel: messaging.Email, Days: 4, At: 10 * 60, Active: true}
		if err := c.rules.SaveAfter(background, owner, rule, d, 1); err != nil {
			t.Fatal(err)
		}
		c.at(3, 12, 0)
		c.want("the old day", c.written())
		if err := c.rules.PauseAfter(background, owner, rule, 2, true); err != nil {
			t.Fatal(err)
		}
		if err := c.rules.PauseAfter(background, owner, rule, 2, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("a lost race: %v", err)
		}
		if err := c.rules.PauseAfter(background, owner, rule, 3, false); err != nil {
			t.Fatal(err)
		}
		c.at(4, 10, 0)
		c.want("the new day", c.written(), "followup.visit sent")
		if err := c.rules.RemoveAfter(background, owner, rule, 4); err != nil {
			t.Fatal(err)
		}
		if err := c.rules.Remove(background, owner, rule, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("a rule that is gone: %v", err)
		}
		for name, bad := range map[string]followup.AfterDraft{
			"kind": {Kind: messaging.Reminder, Days: 1, At: 600}, "days": {Kind: messaging.Visited, Days: 0, At: 600}, "at": {Kind: messaging.Visited, Days: 1, At: 22 * 60},
			"service": {Kind: messaging.Recall, Days: 100, At: 600}, "buffer": {Kind: messaging.Review, Days: 1, At: 600},
		} {
			bad.Channel = messaging.Email
			_, err := c.rules.AddAfter(background, owner, bad)
			f, ok := err.(*fault.Fault)
			if !ok || len(f.Fields) != 1 || f.Fields[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.rules.AddAfter(background, b.As(access.FrontDesk), d); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the desk makes rules: %v", err)
		}
		if got := followup.Suggested(nil); len(got) != 3 || got[0].Active {
			t.Errorf("%+v", got)
		}
	})
}

// TestWhatIsSaid: first to the clinic, and then in public, offered alike whatever was said.
func TestWhatIsSaid(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "feedback-first")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		owner := b.As(access.Owner)
		for _, bad := range []string{"http://reviews.example.com", "javascript:alert(1)", "https://localhost", "https://a:b@reviews.example.com", "reviews.example.com", "https://reviews.example.com/a b"} {
			if err := c.rules.SetPublicLink(background, owner, bad, 0); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s was taken: %v", bad, err)
			}
		}
		const public = "https://reviews.example.com/sunrise"
		if err := c.rules.SetPublicLink(background, owner, public, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.rules.SetPublicLink(background, owner, "", 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("a lost race: %v", err)
		}
		early := c.visit(9, 9*time.Hour)
		if err := c.rules.Give(background, c.link(early), early.ID, 5, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("before she has been there: %v", err)
		}
		for stars := 1; stars <= 5; stars++ {
			a := c.done(stars, time.Duration(stars)*time.Hour)
			who := c.link(a)
			if _, err := c.rules.Follow(background, who, a.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("in public before the clinic knows: %v", err)
			}
			if err := c.rules.Give(background, who, a.ID, stars, "So it was."); err != nil {
				t.Fatal(err)
			}
			o, err := c.rules.Own(background, who, a.ID)
			if err != nil || !o.Given || o.Said.Stars != stars || o.Said.Words != "So it was." || o.Public != public {
				t.Errorf("%d stars: %+v %v", stars, o, err)
			}
			if to, err := c.rules.Follow(background, who, a.ID); err != nil || to != public {
				t.Errorf("%d stars: %q %v", stars, to, err)
			}
			if o, _ = c.rules.Own(background, who, a.ID); o.Said.FollowedAt == 0 {
				t.Error("that she went on is not kept")
			}
			if err := c.rules.Give(background, c.link(early), a.ID, 5, ""); !fault.Is(err, fault.NotFound) {
				t.Errorf("of somebody else's visit: %v", err)
			}
		}
		if n, err := c.rules.Complaints(background, owner); err != nil || n != followup.Low {
			t.Errorf("%d complaints, %v", n, err)
		}
		var gone followup.Feedback
		all, err := c.rules.Said(background, owner, false, 0, 10)
		if err != nil || len(all) != 5 {
			t.Fatalf("%d, %v", len(all), err)
		}
		gone = all[0]
		c.do(access.PatientDelete, access.Owner, func(tx *store.Tx) error {
			copied, err := followup.Keeper{}.Collect(&tx.View, gone.Patient)
			if err != nil || len(copied["feedback"]) != 1 || copied["feedback"][0]["words"] != "So it was." {
				t.Errorf("%v %v", copied, err)
			}
			return followup.Keeper{}.Erase(tx, gone.Patient)
		})
		second := b.In(b.Found(t, "second"), access.Owner)
		if err := c.rules.Settle(context.Background(), second, all[4].ID, all[4].GivenAt); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic's: %v", err)
		}
		if all, err = c.rules.Said(background, owner, false, 0, 10); err != nil || len(all) != 4 {
			t.Errorf("%d are left, %v", len(all), err)
		}
		c.Clock.Move(3 * 365 * 24 * time.Hour)
		c.do(access.Work, access.System, func(tx *store.Tx) error {
			if n, err := (followup.Keeper{}).Due(tx); err != nil || n != 4 {
				t.Errorf("%d went, %v", n, err)
			}
			return nil
		})
	})
}
