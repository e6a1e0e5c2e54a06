package disclosures_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/disclosures"
	"almirah/internal/fault"
	"almirah/internal/id"
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
	t           *testing.T
	s           *disclosures.Service
	asks, other access.Caller
}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Practice: practice.Open(t, b, 1), t: t}
	collect := func(v *store.View, patient id.ID, part disclosures.Part) (map[string][]map[string]string, error) {
		return map[string][]map[string]string{string(part): {{"of": patient.String()}}}, nil
	}
	texts := func(languages []string, d disclosures.Disclosure) (out []messaging.SecurityNotice) {
		for _, l := range languages {
			out = append(out, messaging.SecurityNotice{Language: l, Text: messaging.Text{Subject: "Given", Body: "{{.PatientName}}: " + d.Recipient}})
		}
		return out
	}
	h.s = disclosures.New(b.DB, disclosures.Options{Collect: collect, Texts: texts})
	now := b.Clock.Now()
	h.asks, h.other = rig.SignedIn(h.Clinic, id.New(now), id.New(now), access.Manager), rig.SignedIn(h.Clinic, id.New(now), id.New(now), access.Owner)
	return h
}

func (h *house) patient(n int) id.ID {
	h.t.Helper()
	p, _, err := patients.New(h.DB, h.Log).Add(context.Background(), h.other, practice.Person(n), true)
	if err != nil {
		h.t.Fatal(err)
	}
	return p.ID
}

func (h *house) draft(patient id.ID) disclosures.Draft {
	return disclosures.Draft{Patient: patient, Ground: disclosures.Court, Recipient: "District Court, invented", Reference: "DEMO-1", Why: "An order to know whether she was here.", Parts: []disclosures.Part{disclosures.Appointments, disclosures.Identity}}
}

func (h *house) ask(d disclosures.Draft) id.ID {
	h.t.Helper()
	one, err := h.s.Ask(context.Background(), h.asks, d)
	if err != nil {
		h.t.Fatal(err)
	}
	return one
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func is(t *testing.T, err error, kind fault.Kind, key, what string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != kind || key != "" && f.Key != key {
		t.Errorf("%s: %v, want %v %s", what, err, kind, key)
	}
}

// TestTwoPeopleGiveTheLeast: one writes it down, another decides, never the same, also not past the program; the file holds the named parts and no other, and cannot be had
// before, after a refusal, or for ever.
func TestTwoPeopleGiveTheLeast(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "disclosure-two-people", "disclosure-least")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		patient := h.patient(1)
		bad := disclosures.Draft{Patient: patient, Ground: "curious", Parts: []disclosures.Part{"everything"}, Gag: "2020-01-01"}
		_, err := h.s.Ask(ctx, h.asks, bad)
		var f *fault.Fault
		if !errors.As(err, &f) || len(f.Fields) != 6 {
			t.Errorf("an empty demand: %v", err)
		}
		_, err = h.s.Ask(ctx, h.asks, h.draft(id.New(b.Clock.Now())))
		is(t, err, fault.NotFound, "", "somebody who is not there")
		_, err = h.s.Ask(ctx, b.As(access.FrontDesk), h.draft(patient))
		is(t, err, fault.Forbidden, "", "the desk")
		one := h.ask(h.draft(patient))
		_, _, err = h.s.File(ctx, h.other, one)
		is(t, err, fault.Conflict, "fault.disclosure_not_yet", "the file before anybody agreed")
		is(t, h.s.Decide(ctx, h.asks, one, 1, true, ""), fault.Forbidden, "fault.disclosure_same", "whoever wrote it down")
		err = b.DB.Change(ctx, h.asks, access.DisclosureAct, func(_ context.Context, tx *store.Tx) error {
			tx.Record(audit.Note{Action: "decide", Kind: "disclosure", Subject: one})
			_, err := tx.Exec(`UPDATE disclosure SET state = 'approved', decided_by = asked_by WHERE clinic_id = $1 AND id = $2`, one)
			return err
		})
		if err == nil {
			t.Error("the database let one person ask and decide")
		}
		err = b.DB.Change(ctx, h.asks, access.DisclosureAct, func(_ context.Context, tx *store.Tx) error {
			tx.Record(audit.Note{Action: "decide", Kind: "disclosure", Subject: one})
			_, err := tx.Exec(`UPDATE disclosure SET state = 'given', given_at = $3 WHERE clinic_id = $1 AND id = $2`, one, tx.Now())
			return err
		})
		if err == nil {
			t.Error("the database let something be given that nobody decided")
		}
		is(t, h.s.Decide(ctx, h.other, one, 1, false, " "), fault.Invalid, "", "a refusal without a word")
		h.must(h.s.Decide(ctx, h.other, one, 1, true, ""))
		is(t, h.s.Decide(ctx, h.other, one, 1, false, "No"), fault.Conflict, "", "decided twice")
		_, parts, err := h.s.File(ctx, h.asks, one)
		h.must(err)
		if len(parts) != 2 || parts[0].Part != disclosures.Identity || parts[1].Part != disclosures.Appointments {
			t.Errorf("the file holds %+v", parts)
		}
		is(t, h.s.Drop(ctx, h.asks, one, 3), fault.Conflict, "", "dropped after it was given")
		b.Clock.Move(7 * 24 * time.Hour)
		_, _, err = h.s.File(ctx, h.asks, one)
		h.must(err)
		b.Clock.Move(time.Minute)
		_, _, err = h.s.File(ctx, h.asks, one)
		is(t, err, fault.Conflict, "fault.disclosure_over", "the file after a week")
		no := h.ask(h.draft(patient))
		h.must(h.s.Decide(ctx, h.other, no, 1, false, "The order names nobody."))
		_, _, err = h.s.File(ctx, h.other, no)
		is(t, err, fault.Conflict, "fault.disclosure_not_yet", "the file of a refused demand")
		dropped := h.ask(h.draft(patient))
		h.must(h.s.Drop(ctx, h.asks, dropped, 1))
		list, err := h.s.List(ctx, h.other)
		if err != nil || len(list) != 3 || list[0].Name.Text == "" {
			t.Errorf("the list: %+v %v", list, err)
		}
	})
}

// TestSheIsToldWhatWasGiven: at once where the law lets it, by itself after the day until which it forbids it, and her own copy and her own log tell nothing before; what she
// may know goes with her, and what the clinic has to prove stays for six years.
func TestSheIsToldWhatWasGiven(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "disclosure-told")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		free, silent := h.patient(1), h.patient(2)
		give := func(patient id.ID, gag clock.Date) id.ID {
			t.Helper()
			d := h.draft(patient)
			if gag != "" {
				d.Gag, d.GagWhy = gag, "The order forbids it."
			}
			one := h.ask(d)
			h.must(h.s.Decide(ctx, h.other, one, 1, true, ""))
			_, _, err := h.s.File(ctx, h.other, one)
			h.must(err)
			return one
		}
		letters := func() string {
			return h.Count(t, `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND kind = 'security.notice'`)
		}
		named := func(patient id.ID) string {
			return h.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'disclosure' AND patient_id = $2`, patient)
		}
		copied := func(patient id.ID) (n int) {
			h.must(b.DB.View(ctx, h.other, access.PatientRead, func(_ context.Context, v *store.View) error {
				rows, err := disclosures.Keeper{}.Collect(v, patient)
				n = len(rows["disclosure"])
				return err
			}))
			return n
		}
		give(free, "")
		if letters() != "1" || copied(free) != 1 || named(free) != "1" {
			t.Errorf("given to whom the law lets know: %s letters, %d in her copy, %s in her log", letters(), copied(free), named(free))
		}
		today := clock.DateOf(b.Clock.Now().In(h.Zone))
		secret := give(silent, today.AddDays(3))
		h.must(h.s.TellDue(ctx, b.As(access.System)))
		is(t, h.s.ToldByHand(ctx, h.other, secret), fault.Conflict, "fault.disclosure_not_yet", "told by hand while it is forbidden")
		if letters() != "1" || copied(silent) != 0 || named(silent) != "0" {
			t.Errorf("while it is forbidden: %s letters, %d in her copy, %s in her log", letters(), copied(silent), named(silent))
		}
		_, err := h.s.List(ctx, h.other)
		h.must(err)
		book, err := words.Load()
		h.must(err)
		asked := requests.New(b.DB, b.Log, requests.Options{Book: book})
		on := func(patient id.ID) int {
			lists, err := asked.OnLists(ctx, accounts.ForPatient(b.Clinic, patient, id.New(b.Clock.Now())), today)
			h.must(err)
			return len(slices.DeleteFunc(lists, func(l requests.Look) bool { return l.Kind != "disclosure" }))
		}
		if on(free) != 1 || on(silent) != 0 {
			t.Errorf("on the list of demands: %d for whom may know, %d for whom must not", on(free), on(silent))
		}
		b.Clock.Set(clock.StartOfDay(today.AddDays(4), h.Zone).Add(-time.Minute))
		h.must(h.s.TellDue(ctx, b.As(access.System)))
		if letters() != "1" {
			t.Error("told on the last day on which it is forbidden")
		}
		b.Clock.Set(clock.StartOfDay(today.AddDays(4), h.Zone).Add(time.Minute))
		for range 2 {
			h.must(h.s.TellDue(ctx, b.As(access.System)))
		}
		if letters() != "2" || copied(silent) != 1 || named(silent) != "1" {
			t.Errorf("after that day: %s letters, %d in her copy, %s in her log", letters(), copied(silent), named(silent))
		}
		h.must(b.DB.Change(ctx, h.other, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return disclosures.Keeper{}.Erase(tx, free) }))
		list, err := h.s.List(ctx, h.other)
		if err != nil || len(list) != 2 || !strings.Contains(list[0].Recipient+list[1].Recipient, "District Court") {
			t.Errorf("after an erasure: %+v %v", list, err)
		}
		due := func() string {
			h.must(b.DB.Change(ctx, b.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
				_, err := disclosures.Keeper{}.Due(tx)
				return err
			}))
			return h.Count(t, `SELECT COUNT(*) FROM disclosure WHERE clinic_id = $1`)
		}
		b.Clock.Set(clock.StartOfDay(today.AddYears(6), h.Zone).Add(-time.Hour))
		if n := due(); n != "2" {
			t.Errorf("%s are left before six years", n)
		}
		b.Clock.Set(clock.StartOfDay(today.AddYears(6).AddDays(2), h.Zone))
		if n := due(); n != "0" {
			t.Errorf("%s are left after six years", n)
		}
	})
}

// TestWhomNothingReachesKeepsNoOtherWaiting: people without an address, who are told by somebody's hand, do not keep the newer ones from being told.
func TestWhomNothingReachesKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := open(t, b), context.Background()
	give := func(patient id.ID, gag clock.Date) {
		t.Helper()
		d := h.draft(patient)
		if gag != "" {
			d.Gag, d.GagWhy = gag, "The order forbids it."
		}
		one := h.ask(d)
		h.must(h.s.Decide(ctx, h.other, one, 1, true, ""))
		_, _, err := h.s.File(ctx, h.other, one)
		h.must(err)
	}
	today := clock.DateOf(b.Clock.Now().In(h.Zone))
	long, short := h.patient(1), h.patient(2)
	give(long, today.AddDays(300))
	h.Change(t, func(tx *store.Tx) error { // as many more as the law lets nobody tell yet
		tx.Housekeeping("a test writes many demands")
		for range 250 {
			one := tx.NewID()
			recipient, err := tx.Seal(vault.ClinicData, "disclosure", "recipient", one, "District Court, invented")
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO disclosure (clinic_id, id, patient_id, ground, parts, recipient, reference, why, gag, gag_why, state, asked_by, asked_at, decided_by, decided_at, words, given_at, told_at, told_by, version)
				SELECT clinic_id, $2, patient_id, ground, parts, $4, NULL, NULL, gag, NULL, state, asked_by, asked_at, decided_by, decided_at, NULL, given_at, told_at, told_by, version FROM disclosure WHERE clinic_id = $1 AND patient_id = $3 LIMIT 1`, one, long, recipient); err != nil {
				return err
			}
		}
		return nil
	})
	give(short, today.AddDays(1))
	b.Clock.Set(clock.StartOfDay(today.AddDays(2), h.Zone).Add(time.Minute))
	h.must(h.s.TellDue(ctx, b.As(access.System)))
	if n := h.Count(t, `SELECT COUNT(*) FROM disclosure WHERE clinic_id = $1 AND patient_id = $2 AND told_at > 0`, short); n != "1" {
		t.Error("she was not told: those before her cannot be, and stood in her way")
	}
}

// TestWhoJoinedAfterDecidesNothing: whoever joined the clinic after a demand was written down does not decide about it: she may be the one who wrote it, under another address.
func TestWhoJoinedAfterDecidesNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "disclosure-two-people")
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := open(t, b), context.Background()
	one := h.ask(h.draft(h.patient(1)))
	joined := clock.At(b.Clock.Now().Add(time.Minute))
	s := disclosures.New(b.DB, disclosures.Options{Here: func(context.Context, access.Caller) (clock.Instant, error) { return joined, nil }})
	is(t, s.Decide(ctx, h.other, one, 1, true, ""), fault.Forbidden, "fault.second_too_new", "who joined after it")
	joined = clock.At(b.Clock.Now().Add(-time.Minute))
	h.must(s.Decide(ctx, h.other, one, 1, true, ""))
}
